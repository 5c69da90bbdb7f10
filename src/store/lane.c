/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane.c - a lane's two threads.
 *
 * The sealer owns both readers and the keys' writer, the committer the data's
 * writer; groups and items go from hand to hand, and queues are where.
 *
 *	WRITING --a commit without an answer--> IN DOUBT
 *	   ^---------- asked, and read anew ---------'
 *
 * In doubt the committer writes nothing and leaves its connection to the
 * sealer, who asks the database what became of the commit and has what is in
 * memory of that tenant read anew.
 */
#include "store/pipeline_int.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/queue.h"

/* So long nothing came: time to copy the log back. */
#define IDLE_MS 100
#define WIPE_AGAIN_NS INT64_C(1000000000)
#define DOUBT_MEMORY  ((size_t)512 << 20)
#define NO_DOUBT      (-1)

static void run_sealer(void *);
static struct taken take_items(struct lane *, struct group *, bool *);
static bool settle_doubt(struct lane *);
static enum err read_anew(struct lane *, struct ctx *, int64_t);
static void run_committer(void *);
static void write_one(struct lane *, struct group *);
static bool is_in_doubt(struct lane *);

void
lane_open(struct lane *l, struct pipeline *p, size_t number)
{
	struct store *store = p->conf.store;

	l->pipeline = p;
	l->number = number;
	l->sched = sched_open(GROUPS * BATCH_MAX, store_spans(store));
	l->free = queue_open(GROUPS);
	l->ready = queue_open(GROUPS);
	atomic_store(&l->doubt, NO_DOUBT);
	for (size_t i = 0; i < GROUPS; i++) {
		l->group[i].arena = arena_open(GROUP_BYTES_MAX);
		must(queue_try_put(l->free, &l->group[i]));
	}
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		l->writer[k] = db_open_writer(store, k, number);
		l->reader[k] = db_open_reader(store, k);
		/* What a crash left of the log may hold what was deleted before it. */
		atomic_store(&l->wipe[k], !db_empty_log(l->writer[k]));
	}
	l->sealer = thread_start("sealer", run_sealer, l);
	l->committer = thread_start("writer", run_committer, l);
}

void
lane_end(struct lane *l)
{
	sched_end(l->sched);
}

void
lane_close(struct lane *l)
{
	thread_join(l->sealer);
	thread_join(l->committer);
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		db_close(l->reader[k]);
		db_close(l->writer[k]);
	}
	for (size_t i = 0; i < GROUPS; i++)
		arena_close(l->group[i].arena);
	queue_close(l->free);
	queue_close(l->ready);
	sched_close(l->sched);
}

/* --- the sealer ------------------------------------------------------------- */

static void
run_sealer(void *arg)
{
	struct lane *l = arg;
	bool is_idle = true;
	void *taken;

	while (queue_take(l->free, &taken, 1, -1) == 1) {
		struct group *g = taken;

		if (take_items(l, g, &is_idle).n == 0)
			break;
		group_form(g, l->pipeline->conf.world);
		db_checkpoint_often(
		    l->writer[DB_KEYS], sched_is_mixed(l->sched));
		if (settle_doubt(l)) {
			g->memory = atomic_load(&l->memory);
			group_seal(l, g);
		} else {
			group_away(g);
		}
		/* There is room for every group in both. */
		must(queue_try_put(group_settle(l, g) ? l->ready : l->free, g));
	}
	queue_end(l->ready);
}

/* Waits for items; none: the pipeline closes and everybody is answered. */
static struct taken
take_items(struct lane *l, struct group *g, bool *is_idle)
{
	struct taken t;

	for (;;) {
		bool may_rest = settle_doubt(l) && *is_idle;

		t = sched_take(
		    l->sched, g->item, BATCH_MAX, may_rest ? -1 : IDLE_MS);
		if (t.n > 0 || t.is_end)
			break;
		*is_idle = *is_idle || lane_checkpoint(l, DB_KEYS, true);
	}
	*is_idle = false;
	g->n = t.n;
	g->is_alone = t.is_alone;
	return t;
}

/* False: nobody can tell yet. */
static bool
settle_doubt(struct lane *l)
{
	int64_t tenant = atomic_load(&l->doubt);
	struct ctx cx = { 0 };
	enum err err;

	if (tenant == NO_DOUBT)
		return true;
	cx.arena = arena_open(DOUBT_MEMORY);
	cx.now_ms = clock_now_ms();
	err = read_anew(l, &cx, tenant);
	arena_close(cx.arena);
	if (err != OK && err != l->doubt_stays)
		log_event(LOG_ERROR, "doubt_stays", LOG_NUM("tenant", tenant),
		    LOG_WORD("code", err_info(err)->code));
	l->doubt_stays = err;
	if (err != OK)
		return false;
	log_event(LOG_INFO, "doubt_settled", LOG_NUM("tenant", tenant));
	atomic_fetch_add(&l->memory, 1);
	atomic_store(&l->doubt, NO_DOUBT);
	return true;
}

/* A write begins when it is known how the one before ended, and not sooner. */
static enum err
read_anew(struct lane *l, struct ctx *cx, int64_t tenant)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;
	struct tx *tx = tx_begin(l->writer[DB_DATA], cx);
	bool is_known = !tx_is_lost(tx);

	tx_rollback(tx);
	if (!is_known)
		return ERR_AWAY;
	if (conf->read_anew == NULL)
		return OK;
	return conf->read_anew(conf->world, l->number, cx, (uint32_t)tenant);
}

/* --- the committer ---------------------------------------------------------- */

static void
run_committer(void *arg)
{
	struct lane *l = arg;
	bool is_idle = true;

	for (;;) {
		/* Asked first: nothing comes after the end. */
		bool is_ended = queue_ended(l->ready);
		void *taken;

		if (queue_take(l->ready, &taken, 1, is_idle ? -1 : IDLE_MS) ==
		    1) {
			write_one(l, taken);
			must(queue_try_put(l->free, taken));
			is_idle = false;
			continue;
		}
		if (is_ended)
			return;
		is_idle = is_idle || is_in_doubt(l) ||
		    lane_checkpoint(l, DB_DATA, true);
	}
}

static void
write_one(struct lane *l, struct group *g)
{
	/* Sealed by what was in memory, which may have been out of date. */
	if (is_in_doubt(l) || g->memory != atomic_load(&l->memory)) {
		group_away(g);
		group_answer(l, g);
		return;
	}
	db_checkpoint_often(l->writer[DB_DATA], sched_is_mixed(l->sched));
	group_write(l, g);
}

static bool
is_in_doubt(struct lane *l)
{
	return atomic_load(&l->doubt) != NO_DOUBT;
}

void
lane_doubt(struct lane *l, uint32_t tenant)
{
	log_event(LOG_WARN, "commit_in_doubt", LOG_NUM("tenant", tenant),
	    LOG_NUM("lane", l->number));
	atomic_store(&l->doubt, tenant);
	sched_call(l->sched);
}

bool
lane_checkpoint(struct lane *l, enum db_kind kind, bool is_idle)
{
	int64_t now = clock_mono_ns();

	if (!atomic_load(&l->wipe[kind])) {
		db_checkpoint(l->writer[kind], is_idle);
		return true;
	}
	/* Behind a long reader each try stalls the writer: not at every commit. */
	if (!is_idle && now < l->wipe_next_ns[kind]) {
		db_checkpoint(l->writer[kind], is_idle);
		return false;
	}
	if (fault_here("before-empty"))
		fatal("before-empty, as USHER_FAULT asks");
	if (!db_empty_log(l->writer[kind])) {
		l->wipe_next_ns[kind] = now + WIPE_AGAIN_NS;
		return false;
	}
	atomic_store(&l->wipe[kind], false);
	return true;
}

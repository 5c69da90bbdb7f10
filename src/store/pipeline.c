/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - the door to the pipeline and its two threads.
 *
 * The sealer owns both readers and the keys' writer, the committer the data's
 * writer; groups and items go from hand to hand, and queues are where.
 */
#include "store/pipeline_int.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/queue.h"

/* So long nothing came: time to copy the log back. */
#define IDLE_MS 100
#define WIPE_AGAIN_NS INT64_C(1000000000)

struct asker {
	struct lock *lock; /* guards is_done */
	bool	     is_done;
};

static void run_sealer(void *);
static struct taken take_items(struct pipeline *, struct group *, bool *);
static void run_committer(void *);
static enum err put(struct pipeline *, struct item *, enum item_class, bool);
static void wake_asker(struct item *);

struct pipeline *
pipeline_open(const struct pipeline_conf *conf)
{
	struct pipeline *p = heap_alloc(1, sizeof(*p));

	p->conf = *conf;
	p->sched = sched_open(GROUPS * BATCH_MAX);
	p->free = queue_open(GROUPS);
	p->ready = queue_open(GROUPS);
	for (size_t i = 0; i < GROUPS; i++) {
		p->group[i].arena = arena_open(GROUP_BYTES_MAX);
		must(queue_try_put(p->free, &p->group[i]));
	}
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		p->writer[k] = db_open_writer(conf->store, k);
		p->reader[k] = db_open_reader(conf->store, k);
		/* What a crash left of the log may hold what was deleted before it. */
		atomic_store(&p->wipe[k], !db_empty_log(p->writer[k]));
	}
	p->sealer = thread_start("sealer", run_sealer, p);
	p->committer = thread_start("writer", run_committer, p);
	return p;
}

void
pipeline_close(struct pipeline *p)
{
	if (p == NULL)
		return;
	sched_end(p->sched);
	thread_join(p->sealer);
	thread_join(p->committer);
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		db_close(p->reader[k]);
		db_close(p->writer[k]);
	}
	for (size_t i = 0; i < GROUPS; i++)
		arena_close(p->group[i].arena);
	queue_close(p->free);
	queue_close(p->ready);
	sched_close(p->sched);
	heap_free(p);
}

/* --- the sealer ------------------------------------------------------------- */

static void
run_sealer(void *arg)
{
	struct pipeline *p = arg;
	bool is_idle = true;
	void *taken;

	while (queue_take(p->free, &taken, 1, -1) == 1) {
		struct group *g = taken;

		if (take_items(p, g, &is_idle).n == 0)
			break;
		group_form(g, p->conf.world);
		db_checkpoint_often(
		    p->writer[DB_KEYS], sched_is_mixed(p->sched));
		group_seal(p, g);
		/* There is room for every group in both. */
		must(queue_try_put(group_settle(p, g) ? p->ready : p->free, g));
	}
	queue_end(p->ready);
}

/* Waits for items; none: the pipeline closes and everybody is answered. */
static struct taken
take_items(struct pipeline *p, struct group *g, bool *is_idle)
{
	struct taken t;

	for (;;) {
		t = sched_take(
		    p->sched, g->item, BATCH_MAX, *is_idle ? -1 : IDLE_MS);
		if (t.n > 0 || t.is_end)
			break;
		*is_idle = *is_idle || pipeline_checkpoint(p, DB_KEYS, true);
	}
	*is_idle = false;
	g->n = t.n;
	g->is_alone = t.is_alone;
	return t;
}

/* --- the committer ---------------------------------------------------------- */

static void
run_committer(void *arg)
{
	struct pipeline *p = arg;
	bool is_idle = true;

	for (;;) {
		/* Asked first: nothing comes after the end. */
		bool is_ended = queue_ended(p->ready);
		void *taken;

		if (queue_take(p->ready, &taken, 1, is_idle ? -1 : IDLE_MS) ==
		    1) {
			db_checkpoint_often(
			    p->writer[DB_DATA], sched_is_mixed(p->sched));
			group_write(p, taken);
			must(queue_try_put(p->free, taken));
			is_idle = false;
			continue;
		}
		if (is_ended)
			return;
		is_idle = is_idle || pipeline_checkpoint(p, DB_DATA, true);
	}
}

bool
pipeline_checkpoint(struct pipeline *p, enum db_kind kind, bool is_idle)
{
	int64_t now = clock_mono_ns();

	if (!atomic_load(&p->wipe[kind])) {
		db_checkpoint(p->writer[kind], is_idle);
		return true;
	}
	/* Behind a long reader each try stalls the writer: not at every commit. */
	if (!is_idle && now < p->wipe_next_ns[kind]) {
		db_checkpoint(p->writer[kind], is_idle);
		return false;
	}
	if (fault_here("before-empty"))
		fatal("before-empty, as USHER_FAULT asks");
	if (!db_empty_log(p->writer[kind])) {
		p->wipe_next_ns[kind] = now + WIPE_AGAIN_NS;
		return false;
	}
	atomic_store(&p->wipe[kind], false);
	return true;
}

void
pipeline_wipe(struct pipeline *p)
{
	atomic_store(&p->wipe[DB_DATA], true);
	atomic_store(&p->wipe[DB_KEYS], true);
}

/* --- the door --------------------------------------------------------------- */

enum err
pipeline_submit(struct pipeline *p, struct item *item, enum item_class class)
{
	return put(p, item, class, false);
}

static enum err
put(struct pipeline *p, struct item *item, enum item_class class, bool waits)
{
	const struct queue_max max =
	    p->conf.queue_max(p->conf.world, item->tenant);
	const struct sched_way way = { class, { max.tenant, max.client },
		waits };
	struct fair_load load;

	item->tries = 0;
	/* Once it is put, the item is no longer ours. */
	switch (sched_put(p->sched, item, &way, &load)) {
	case PUT_DONE:
		return OK;
	case PUT_TENANT_FULL:
		p->refused_tenant++;
		return queue_refuse(
		    item->cx, MSG_STORE_QUEUE, &max, &load, false);
	case PUT_CLIENT_FULL:
		p->refused_client++;
		return queue_refuse(
		    item->cx, MSG_STORE_QUEUE_CLIENT, &max, &load, true);
	default:
		return fail(item->cx, ERR_LIMITED, MSG_STORE_CLOSING, "");
	}
}

enum err
queue_refuse(struct ctx *cx, enum msg msg, const struct queue_max *max,
    const struct fair_load *load, bool is_clients)
{
	size_t value = is_clients ? max->client : max->tenant;
	size_t n = is_clients ? load->client : load->tenant;

	return fail(cx, ERR_LIMITED, msg, "",
	    is_clients ? max->client_name : max->tenant_name,
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", value)),
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", n)));
}

struct fair_load
pipeline_load(struct pipeline *p, const struct fair_key *key)
{
	return sched_load(p->sched, key);
}

enum err
pipeline_do(struct pipeline *p, struct item *item, enum item_class class)
{
	struct asker a = { .lock = lock_open() };
	enum err err;

	item->done = wake_asker;
	item->owner = &a;
	err = put(p, item, class, true);
	if (err == OK) {
		lock_take(a.lock);
		while (!a.is_done)
			lock_wait(a.lock, -1);
		lock_give(a.lock);
		err = item->err;
	}
	lock_close(a.lock);
	return err;
}

static void
wake_asker(struct item *item)
{
	struct asker *a = item->owner;

	lock_take(a->lock);
	a->is_done = true;
	lock_wake(a->lock);
	lock_give(a->lock);
}

void
pipeline_counts(struct pipeline *p, struct pipeline_count *out)
{
	*out = (struct pipeline_count) {
		.commits = atomic_load(&p->commits),
		.items = atomic_load(&p->items),
		.batches_replayed = atomic_load(&p->replayed),
		.again = atomic_load(&p->again),
		.keys_commits = atomic_load(&p->keys_commits),
		.refused_tenant = atomic_load(&p->refused_tenant),
		.refused_client = atomic_load(&p->refused_client),
	};
	for (size_t c = 0; c <= ITEM_BULK; c++) {
		out->depth_of[c] = sched_depth(p->sched, (enum item_class)c);
		out->depth += out->depth_of[c];
	}
}

void
pipeline_health(
    struct pipeline *p, int64_t late_ms, struct pipeline_health *out)
{
	int64_t now = clock_mono_ns();

	*out = (struct pipeline_health) { 0 };
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		int64_t since = atomic_load(&p->health[k].since_ns);

		out->has_failed |= atomic_load(&p->health[k].has_failed);
		out->is_late |=
		    since != 0 && now - since > late_ms * INT64_C(1000000);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stages.c - a group's way through its stages.
 *
 * A stage that fails for a batch fails for one of its items: the group is
 * rolled back and every item tried alone, from prepare() on.  Then the culprit
 * has its error and the others succeed, still in one commit.
 */
#include "store/pipeline_int.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/metric.h"

#include "core/actor.h"

static void read_and_want(struct lane *, struct group *);
static void keep(struct lane *, struct group *);
static enum err keep_part(struct part *, struct tx *);
static struct vault_call *call_open(struct lane *, struct group *);
static void call_run(struct lane *, struct group *, struct vault_call *);
static void tell_committed(struct group *);
static void tell_some(struct group *, bool last);
static void lose(struct lane *, struct group *, struct tx *, enum err);
static void about(struct group *, struct tx *);
static enum err admit(struct lane *, struct group *, struct tx *);
static bool is_fenced(const struct group *);
static void leave(struct lane *, const struct group *, const struct tx *, bool);
static size_t insert(int64_t *, size_t, int64_t);
static size_t items_of(const struct group *);
static enum err commit(struct lane *, struct tx *, enum db_kind);
static enum err write_parts(struct group *, struct tx *);
static enum err write_some(struct group *, struct tx *, bool);
static enum err write_part(struct part *, struct tx *);
static enum err write_alone(struct part *, struct tx *);

static bool reads(const struct use_case *);
static bool keeps(const struct use_case *);
static bool any_part(const struct group *, bool (*)(const struct use_case *));

void
group_seal(struct lane *l, struct group *g)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;

	if (conf->await != NULL)
		conf->await(conf->world, g->tenant);
	if (any_part(g, reads))
		read_and_want(l, g);
	if (any_part(g, keeps))
		keep(l, g);
}

static bool
reads(const struct use_case *u)
{
	return u->prepare != NULL || u->want != NULL;
}

static bool
keeps(const struct use_case *u)
{
	return u->keep != NULL;
}

/* Some part that has not failed is one of WHICH. */
static bool
any_part(const struct group *g, bool (*which)(const struct use_case *))
{
	for (size_t i = 0; i < g->npart; i++)
		if (g->part[i].err == OK && which(g->part[i].batch.use_case))
			return true;
	return false;
}

/* Keys are committed before data, so the data's snapshot comes first. */
static void
read_and_want(struct lane *l, struct group *g)
{
	struct tx *data = tx_begin(l->reader[DB_DATA], &g->cx);
	struct tx *keys = tx_begin(l->reader[DB_KEYS], &g->cx);
	struct vault_call *call = call_open(l, g);
	bool is_away;

	about(g, data);
	about(g, keys);
	is_away = tx_may_repeat(data) || tx_may_repeat(keys);
	for (size_t i = 0; i < g->npart; i++) {
		struct part *part = &g->part[i];
		const struct use_case *u = part->batch.use_case;

		tx_switch(data, &part->cx);
		tx_switch(keys, &part->cx);
		/* It would wait for ids, which last as long as a lease. */
		if (is_away)
			part->err =
			    fail(&part->cx, ERR_AWAY, MSG_STORE_AWAY, "");
		else if (u->prepare != NULL)
			part->err = u->prepare(&part->batch, data, keys, call);
	}
	call_run(l, g, call);
	call = call_open(l, g);
	for (size_t i = 0; i < g->npart; i++) {
		struct part *part = &g->part[i];
		const struct use_case *u = part->batch.use_case;

		tx_switch(data, &part->cx);
		if (part->err == OK && u->want != NULL)
			part->err = u->want(&part->batch, data, call);
	}
	for (size_t i = 0; i < g->npart; i++)
		g->part[i].may_repeat = g->part[i].err != OK &&
		    (tx_may_repeat(data) || tx_may_repeat(keys));
	tx_end(keys);
	tx_end(data);
	call_run(l, g, call);
}

static struct vault_call *
call_open(struct lane *l, struct group *g)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;
	struct vault_call *call = NULL;

	if (conf->call_init != NULL)
		conf->call_init(conf->world, &call, g->arena);
	return call;
}

static void
call_run(struct lane *l, struct group *g, struct vault_call *call)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;
	enum err err = OK;

	if (call != NULL)
		err = conf->call_run(conf->world, l->number, &g->cx, call);
	if (err != OK)
		group_fail(g, err);
}

static void
keep(struct lane *l, struct group *g)
{
	struct tx *tx = tx_begin(l->writer[DB_KEYS], &g->cx);
	enum err err;

	about(g, tx);
	for (size_t i = 0; i < g->npart; i++) {
		struct part *part = &g->part[i];

		tx_switch(tx, &part->cx);
		if (part->err == OK && part->batch.use_case->keep != NULL)
			part->err = keep_part(part, tx);
		if (!tx_is_lost(tx))
			continue;
		part->err = OK;
		break;
	}
	tx_switch(tx, &g->cx);
	err = commit(l, tx, DB_KEYS);
	if (err != OK)
		lose(l, g, tx, err);
	else
		l->keys_commits++;
	lane_checkpoint(l, DB_KEYS, false);
}

static enum err
keep_part(struct part *part, struct tx *tx)
{
	enum err err;

	TRY(tx_savepoint(tx));
	err = part->batch.use_case->keep(&part->batch, tx);
	if (err == OK)
		err = tx_keep(tx);
	if (err != OK)
		tx_undo(tx);
	return err;
}

void
group_write(struct lane *l, struct group *g)
{
	struct tx *tx = tx_begin(l->writer[DB_DATA], &g->cx);
	bool is_known;
	enum err err;

	about(g, tx);
	atomic_store(&l->health[DB_DATA].since_ns, clock_mono_ns());
	metric_observe(METRIC_BATCH, 0, items_of(g));
	err = admit(l, g, tx);
	if (g->is_stale) {
		tx_rollback(tx);
		atomic_store(&l->health[DB_DATA].since_ns, 0);
		group_again(l, g);
		return;
	}
	if (err == OK)
		err = write_parts(g, tx);
	tx_switch(tx, &g->cx);
	if (err == OK) {
		err = commit(l, tx, DB_DATA);
	} else {
		tx_rollback(tx);
		atomic_store(&l->health[DB_DATA].since_ns, 0);
	}
	is_known = err != ERR_UNKNOWN || tx_is_there(tx);
	if (err == OK || tx_is_there(tx))
		tell_committed(g);
	leave(l, g, tx, err == OK || tx_is_there(tx));
	if (err != OK && err != ERR_ROLLED_BACK && !tx_is_lost(tx)) {
		group_replay(l, g);
		return;
	}
	if (err == OK)
		l->commits++;
	else
		lose(l, g, tx, err);
	if (!is_known)
		lane_doubt(l, g->tenant);
	group_answer(l, g);
	/* In doubt the connection is no more ours. */
	if (is_known)
		lane_checkpoint(l, DB_DATA, false);
}

/*
 * The row of its tenant is locked: what is in memory of it must be what is
 * stored, and who acts under a lease must still have it.
 */
static enum err
admit(struct lane *l, struct group *g, struct tx *tx)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;
	bool has_fence;
	int64_t fence = 0;

	g->is_admitted = g->is_stale = false;
	if (conf->admit == NULL)
		return OK;
	has_fence = is_fenced(g);
	if (has_fence)
		TRY(lease_hold(tx, LEASE_CLOCK, &fence));
	TRY(conf->admit(conf->world, tx, g->tenant, &g->is_stale));
	g->is_admitted = !g->is_stale;
	if (has_fence && g->is_admitted)
		group_fence(l, g, fence);
	return OK;
}

static bool
is_fenced(const struct group *g)
{
	bool is = false;

	for (size_t i = 0; i < g->npart; i++)
		for (size_t j = 0; j < g->part[i].batch.n; j++)
			is |= g->part[i].batch.item[j]->fence != 0;
	return is;
}

static void
leave(struct lane *l, const struct group *g, const struct tx *tx,
    bool is_committed)
{
	const struct pipeline_conf *conf = &l->pipeline->conf;

	if (g->is_admitted)
		conf->leave(conf->world, tx, g->tenant, is_committed);
}

/* In the order in which they were written. */
static void
tell_committed(struct group *g)
{
	tell_some(g, false);
	tell_some(g, true);
}

static void
tell_some(struct group *g, bool last)
{
	for (size_t i = 0; i < g->npart; i++) {
		struct part *part = &g->part[i];
		const struct use_case *u = part->batch.use_case;

		if (part->err == OK && part->batch.n > 0 &&
		    u->comes_last == last && u->committed != NULL)
			u->committed(&part->batch);
	}
}

/* All of it failed, and no single item is to blame. */
static void
lose(struct lane *l, struct group *g, struct tx *tx, enum err err)
{
	atomic_store(&l->health[tx->db->kind].has_failed,
	    err != ERR_BUSY && err != ERR_ROLLED_BACK);
	for (size_t i = 0; i < g->npart; i++)
		if (g->part[i].err == OK)
			g->part[i].may_repeat = tx_may_repeat(tx);
	group_fail(g, err);
}

/* The tenants of its items; a node's or the operator's may be about any. */
static void
about(struct group *g, struct tx *tx)
{
	int64_t tenant[BATCH_MAX];
	size_t n = 0;
	bool is_all = false;

	for (size_t i = 0; i < g->npart; i++) {
		const struct batch *b = &g->part[i].batch;

		for (size_t j = 0; j < b->n; j++) {
			const struct item *item = b->item[j];
			const struct actor *a = item->cx->actor;

			is_all |= a == NULL || a->kind == ACTOR_NODE ||
			    a->kind == ACTOR_OPERATOR;
			n = insert(tenant, n, item->tenant);
		}
	}
	tx_tenants(tx, tenant, n, is_all);
}

/* In order, each once; how many then. */
static size_t
insert(int64_t *list, size_t n, int64_t v)
{
	size_t at = n;

	while (at > 0 && list[at - 1] > v)
		at--;
	if (at > 0 && list[at - 1] == v)
		return n;
	memmove(list + at + 1, list + at, (n - at) * sizeof(*list));
	list[at] = v;
	return n + 1;
}

/* Who was answered before has left. */
static size_t
items_of(const struct group *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->npart; i++)
		n += g->part[i].batch.n;
	return n;
}

/* Tells how it goes to whoever watches. */
static enum err
commit(struct lane *l, struct tx *tx, enum db_kind kind)
{
	struct commit_health *health = &l->health[kind];
	int64_t begun = clock_mono_ns();
	enum err err;

	atomic_store(&health->since_ns, begun);
	err = tx_commit(tx);
	if (err == OK)
		atomic_store(&health->has_failed, false);
	atomic_store(&health->since_ns, 0);
	metric_add(err == OK ? METRIC_COMMITS : METRIC_FAILED_COMMITS,
	    kind == DB_DATA ? DATABASE_DATA : DATABASE_KEYS, 1);
	if (kind == DB_DATA)
		metric_observe(METRIC_COMMIT_SECONDS, 0,
		    (uint64_t)(clock_mono_ns() - begun));
	return err;
}

/* An error, which G's ctx then tells, is the whole group's. */
static enum err
write_parts(struct group *g, struct tx *tx)
{
	int64_t now_ms = clock_now_ms();

	for (size_t i = 0; i < g->npart; i++)
		g->part[i].cx.now_ms = now_ms;
	TRY(write_some(g, tx, false));
	return write_some(g, tx, true);
}

static enum err
write_some(struct group *g, struct tx *tx, bool last)
{
	bool is_alone = g->is_alone || g->n == 1;

	for (size_t i = 0; i < g->npart; i++) {
		struct part *part = &g->part[i];
		enum err err;

		if (part->batch.n == 0 ||
		    part->batch.use_case->comes_last != last)
			continue;
		tx_switch(tx, &part->cx);
		err = is_alone ? write_alone(part, tx) : write_part(part, tx);
		if (err == OK || (is_alone && !tx_is_lost(tx))) {
			part->err = err;
			continue;
		}
		g->cx.fault = part->cx.fault;
		return err;
	}
	return OK;
}

static enum err
write_alone(struct part *part, struct tx *tx)
{
	enum err err;

	TRY(tx_savepoint(tx));
	err = write_part(part, tx);
	if (err == OK)
		err = tx_keep(tx);
	if (err != OK)
		tx_undo(tx);
	return err;
}

static enum err
write_part(struct part *part, struct tx *tx)
{
	const struct use_case *u = part->batch.use_case;

	if (u->load != NULL)
		TRY(u->load(&part->batch, tx));
	if (u->decide != NULL)
		u->decide(&part->batch);
	if (u->save != NULL)
		TRY(u->save(&part->batch, tx));
	return OK;
}

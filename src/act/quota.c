/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.c - changing how many seats a pool has.  Up: those who wait are served
 * in the same commit.  Below usage: refused, with how many seats are in the
 * way.
 *
 * Quotas are changed rarely and each may serve a whole list: they are decided
 * one after the other, each loaded on what the one before saved.
 */
#include "act/act_int.h"

struct setting_quota {		/* also the gate's callback argument */
	struct ctx	       *cx;
	const struct realm     *realm;
	const struct pool_info *info;
	struct pools		pools;
	struct change_list	changes;
	struct logbook	       *book;
	int64_t			served;
};

static enum err load(struct tx *, struct setting_quota *,
    const struct quota_in *);
static enum err check_reach(struct ctx *, const struct realm *,
    const struct pool_info *);
static struct pool *pool_row(struct setting_quota *);
static void served(void *, const struct seat *, const struct wait *);

enum err
quota_set(struct ctx *cx, struct tx *tx, const struct realm *realm,
    const struct quota_in *in, struct logbook *book, struct quota_out *out)
{
	struct setting_quota q = { .cx = cx, .realm = realm, .book = book };
	struct sight sight;
	struct entry e;
	int64_t before;
	size_t at;

	q.info = catalogue_pool_slug(realm->catalogue, in->pool);
	sight_of(cx, realm, &sight);
	if (q.info == NULL || !sees_pool(&sight, q.info))
		return fail(cx, ERR_NOT_FOUND, MSG_POOL_UNKNOWN, "pool",
		    str_z(cx->arena, in->pool));
	TRY(check_reach(cx, realm, q.info));
	TRY(load(tx, &q, in));
	at = book->line.n;
	before = pool_row(&q)->quota;
	TRY(gate_quota(cx, &q.pools.gate, q.info->id, in->quota,
	    &q.changes));
	if (pool_row(&q)->quota != before) {
		pool_row(&q)->version++;
		e = entry_by(cx, ACTION_POOL_CHANGED, SUBJECT_POOL,
		    q.info->id);
		e.change = q.changes.change;
		e.nchange = q.changes.n;
		logbook_insert(book, at, realm->tenant, &e, NULL);
	}
	TRY(pools_save(tx, &q.pools));
	if (out != NULL)
		*out = (struct quota_out) { *pool_row(&q), q.served };
	return OK;
}

/* A quota is changed by whose scope holds everybody it is for: all of its organisation, or all. */
static enum err
check_reach(struct ctx *cx, const struct realm *realm,
    const struct pool_info *pool)
{
	const struct organisation *of =
	    catalogue_organisation(realm->catalogue, pool->organisation);
	struct held all = { RIGHT_BIT(RIGHT_POOL_WRITE), NULL };
	struct filter *people;

	if (cx->actor->scope == NULL)
		return OK;
	if (of != NULL) {
		must(filter_compile(cx, str_fmt(cx->arena,
		    "organization eq \"%.*s\"", STR_ARG(of->slug)),
		    FILTER_RULE, false, &people) == OK);
		all.scope = people;
	}
	if (actor_covers(cx->arena, cx->actor, &all))
		return OK;
	return fail(cx, ERR_DENIED, MSG_ACCESS_BEYOND, "pool");
}

static enum err
load(struct tx *tx, struct setting_quota *q, const struct quota_in *in)
{
	struct pool key = { .tenant = q->realm->tenant, .id = q->info->id };
	struct pools_need need = { &q->info->product, 1, &q->info->id, 1, 1 };
	struct rows rows;
	const struct pool *row;

	TRY(store_load(tx, &POOL, &key, 1, 2, 0, &rows));
	must(rows.n == 1);
	row = rows.row;
	if (in->if_version != -1 && in->if_version != row->version)
		return fail(q->cx, ERR_STALE, MSG_POOL_STALE, "If-Match");
	/* Some waiters may be passed over: more than can be served. */
	if (in->quota > row->quota)
		need.waiters = (size_t)(in->quota - row->quota) * 2 + 64;
	q->changes.arena = tx_ctx(tx)->arena;
	TRY(pools_load(tx, q->realm, &need, &q->pools));
	q->pools.gate.served = served;
	q->pools.gate.served_arg = q;
	return OK;
}

static struct pool *
pool_row(struct setting_quota *q)
{
	struct gate *g = &q->pools.gate;

	for (size_t i = 0; i < g->npool; i++)
		if (g->pool[i].id == q->info->id)
			return &g->pool[i];
	bug("the pool was not loaded");
}

static void
served(void *arg, const struct seat *seat, const struct wait *wait)
{
	struct setting_quota *q = arg;

	q->served++;
	log_served(q->cx, q->book, &q->pools, seat, wait);
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct logbook book = { .arena = tx_ctx(tx)->arena };
		struct quota_out *out =
		    arena_alloc(it->cx->arena, sizeof(*out));
		const struct realm *realm;

		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err == OK)
			it->err = quota_set(it->cx, tx, realm, it->in, &book,
			    out);
		if (it->err == OK)
			TRY(logbook_save(&book, tx));
		it->out = out;
	}
	return OK;
}

const struct use_case pool_quota = { .name = "pool_quota", .save = save };

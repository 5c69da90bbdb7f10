/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.c - the pools and waiting lists of one tenant, loaded for a batch and
 * saved after it.  What happens to them in between is core/seat.h's.
 */
#include "act/act_int.h"

#include <stdlib.h>

#define PERSONS_A_TIME 500
#define PERSONS_MEM    (256 << 20)

static enum err load_pools(struct tx *, const struct pools_need *,
    struct pools *);
static enum err load_waiters(struct tx *, const struct pools_need *,
    struct pools *);
static enum err load_counts(struct tx *, const struct pools_need *,
    struct pools *);
static enum err add_waiters(struct tx *, const struct wait *, size_t,
    struct pools *);
static size_t first_of_each(struct wait_pool *, size_t);
static int by_rank(const void *, const void *);
static int by_pool(const void *, const void *);
static int by_waiter(const void *, const void *);
static void add_waiter(struct pools *, const struct wait *,
    const struct person *);

enum err
pools_load(struct tx *tx, const struct realm *realm,
    const struct pools_need *need, struct pools *out)
{
	struct ctx *cx = tx_ctx(tx);

	out->realm = realm;
	out->fx.arena = cx->arena;
	out->gate = (struct gate) {
		.arena = cx->arena,
		.catalogue = realm->catalogue,
		.names = realm->names,
		.tenant = realm->tenant,
		.now_ms = cx->now_ms,
		.fx = &out->fx,
	};
	TRY(load_pools(tx, need, out));
	return load_waiters(tx, need, out);
}

static enum err
load_pools(struct tx *tx, const struct pools_need *need, struct pools *out)
{
	LIST(struct pool) key = { 0 };
	struct arena *arena = tx_ctx(tx)->arena;
	struct rows rows;

	/* Neither needs the other's rows. */
	for (size_t i = 0; i < need->nproduct; i++) {
		const struct product *p = catalogue_product(
		    out->realm->catalogue, need->product[i]);
		struct pool row = { .tenant = out->realm->tenant };

		for (size_t j = 0; p != NULL && j < p->npool; j++) {
			row.id = p->pool[j];
			list_add(arena, &key, row);
		}
	}
	TRY(store_load_later(tx, &POOL, key.v, key.n, 2, 0, &rows));
	TRY(load_counts(tx, need, out));
	out->gate.pool = rows.row;
	out->gate.npool = rows.n;
	out->gate.is_touched = arena_array(arena, rows.n + 1, sizeof(bool));
	return OK;
}

static enum err
load_counts(struct tx *tx, const struct pools_need *need, struct pools *out)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct wait_count *key =
	    arena_array(arena, need->nproduct + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < need->nproduct; i++) {
		key[i].tenant = out->realm->tenant;
		key[i].product = need->product[i];
	}
	TRY(store_load(tx, &WAIT_COUNT, key, need->nproduct, 2, 0, &rows));
	out->count.v = rows.row;
	out->count.n = out->count.cap = rows.n;
	return OK;
}

/*
 * Waiters stand once for each pool; they are wanted once, in the order in
 * which they are served: (rank, since).
 */
static enum err
load_waiters(struct tx *tx, const struct pools_need *need, struct pools *out)
{
	struct arena *arena = tx_ctx(tx)->arena;
	size_t n;
	struct wait_pool *at = arena_array(arena, need->nfreeing + 1,
	    sizeof(*at));
	struct rows places, waits;
	struct wait *wait_key;

	if (need->nfreeing == 0)
		return OK;
	for (size_t i = 0; i < need->nfreeing; i++) {
		at[i].tenant = out->realm->tenant;
		at[i].pool = need->freeing[i];
	}
	TRY(store_load(tx, &WAIT_POOL, at, need->nfreeing, 2, need->waiters,
	    &places));
	n = first_of_each(places.row, places.n);
	at = places.row;
	qsort(at, n, sizeof(*at), by_rank);
	wait_key = arena_array(arena, n + 1, sizeof(*wait_key));
	for (size_t i = 0; i < n; i++) {
		wait_key[i].tenant = at[i].tenant;
		wait_key[i].product = at[i].product;
		wait_key[i].person = at[i].person;
	}
	TRY(store_load(tx, &WAIT, wait_key, n, 3, 0, &waits));
	must(waits.n == n);
	for (size_t i = 0; i < n; i += PERSONS_A_TIME)
		TRY(add_waiters(tx, &((struct wait *)waits.row)[i],
		    n - i < PERSONS_A_TIME ? n - i : PERSONS_A_TIME, out));
	return OK;
}

/* Of each person only the facts are kept: a list may be as long as a town. */
static enum err
add_waiters(struct tx *tx, const struct wait *wait, size_t n,
    struct pools *out)
{
	struct ctx *cx = tx_ctx(tx), own = *cx;
	struct person *key;
	struct rows persons;
	enum err err;

	own.arena = arena_open(PERSONS_MEM);
	key = arena_array(own.arena, n, sizeof(*key));
	for (size_t i = 0; i < n; i++) {
		key[i].tenant = wait[i].tenant;
		key[i].id = wait[i].person;
	}
	tx_switch(tx, &own);
	err = store_load(tx, &PERSON, key, n, 2, 0, &persons);
	tx_switch(tx, cx);
	must(err != OK || persons.n == n);
	for (size_t i = 0; err == OK && i < n; i++)
		add_waiter(out, &wait[i], &((struct person *)persons.row)[i]);
	arena_close(own.arena);
	return err;
}

static void
add_waiter(struct pools *out, const struct wait *wait,
    const struct person *person)
{
	struct gate *g = &out->gate;
	struct waiter *w;

	if (g->nwaiter == g->capwaiter)
		list_grow(g->arena, (void **)&g->waiter, &g->capwaiter,
		    sizeof(*g->waiter), g->nwaiter);
	w = &g->waiter[g->nwaiter++];
	w->wait = *wait;
	person_facts(person, &w->facts);
	w->today = order_today(out->realm, person->site, g->now_ms);
}

/* Sorts PLACE so that each (product, person) stands once, in front; how many. */
static size_t
first_of_each(struct wait_pool *place, size_t n)
{
	size_t kept = 0;

	qsort(place, n, sizeof(*place), by_waiter);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || place[i].product != place[kept - 1].product
		    || place[i].person != place[kept - 1].person)
			place[kept++] = place[i];
	return kept;
}

static int
by_waiter(const void *a, const void *b)
{
	const struct wait_pool *x = a, *y = b;

	if (x->product != y->product)
		return x->product < y->product ? -1 : 1;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return 0;
}

static int
by_rank(const void *a, const void *b)
{
	const struct wait_pool *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return by_waiter(a, b);
}

enum err
pools_save(struct tx *tx, struct pools *w)
{
	struct effects *fx = &w->fx;
	struct gate *g = &w->gate;
	size_t n = 0;
	struct pool *touched = arena_array(g->arena, g->npool + 1,
	    sizeof(*touched));

	for (size_t i = 0; i < g->npool; i++)
		if (g->is_touched[i])
			touched[n++] = g->pool[i];
	/* Where rows are locked, everybody locks them in one order. */
	if (n > 1)
		qsort(touched, n, sizeof(*touched), by_pool);
	TRY(store_save(tx, &POOL, touched, n, NULL));
	TRY(store_drop(tx, &SEAT, fx->seat_end, fx->nseat_end, 3, NULL));
	TRY(store_drop(tx, &WAIT, fx->wait_end, fx->nwait_end, 3, NULL));
	TRY(store_drop(tx, &WAIT_POOL, fx->wait_pool_end, fx->nwait_pool_end,
	    6, NULL));
	TRY(store_drop(tx, &GRANT, fx->grant_end, fx->ngrant_end, 4, NULL));
	TRY(store_save(tx, &SEAT, fx->seat_put, fx->nseat_put, NULL));
	TRY(store_save(tx, &WAIT, fx->wait_put, fx->nwait_put, NULL));
	TRY(store_save(tx, &WAIT_POOL, fx->wait_pool_put, fx->nwait_pool_put,
	    NULL));
	TRY(store_save(tx, &GRANT, fx->grant_put, fx->ngrant_put, NULL));
	TRY(store_save(tx, &SEAT_PAST, fx->seat_past, fx->nseat_past, NULL));
	TRY(store_save(tx, &GRANT_PAST, fx->grant_past, fx->ngrant_past,
	    NULL));
	return store_save(tx, &WAIT_COUNT, w->count.v, w->count.n, NULL);
}

static int
by_pool(const void *a, const void *b)
{
	const struct pool *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void
pools_waiting(struct pools *w, const struct wait *wait, int64_t by)
{
	struct wait_count row = { w->realm->tenant, wait->product,
		wait->organisation, 9 - wait->priority, by };

	for (size_t i = 0; i < w->count.n; i++) {
		struct wait_count *c = &w->count.v[i];

		if (c->product == row.product && c->rank == row.rank
		    && c->organisation == row.organisation) {
			c->waiting += by;
			return;
		}
	}
	list_add(w->gate.arena, &w->count, row);
}

int64_t
pools_position(const struct pools *w, const struct wait *wait)
{
	int64_t before = 0;

	for (size_t i = 0; i < w->count.n; i++)
		if (w->count.v[i].product == wait->product
		    && w->count.v[i].organisation == wait->organisation
		    && w->count.v[i].rank <= 9 - wait->priority)
			before += w->count.v[i].waiting;
	return before;
}

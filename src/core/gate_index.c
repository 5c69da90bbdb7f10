/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate_index.c - what the gate knows beside the rows: pools by id, each with
 * its waiting list, and waiters by person and product.
 *
 * A waiter that waits no more stays where it is, marked; so a list is only
 * ever added to, and its head moves on.
 */
#include <stdlib.h>
#include <string.h>

#include "core/gate_int.h"

#define NOWHERE SIZE_MAX

static void index_pools(struct gate *, struct gate_index *);
static size_t pool_place(struct gate *, int64_t);
static void waiter_line_up(struct gate *, size_t);
static uint32_t *waiter_slot(struct gate *, int64_t, int64_t);
static void slots_make(struct gate *, size_t);
static void line_insert(struct gate *, struct line *, size_t);
static int waiter_cmp(const struct waiter *, const struct waiter *);
static int cmp_pool_at(const void *, const void *);

const struct filter *
gate_rule(struct gate *g, const struct product *product)
{
	struct gate_index *x = gate_index_of(g);
	size_t i = (size_t)(product - g->catalogue->product);

	if (product->grant != NULL && x->rule[i] == NULL)
		x->rule[i] = filter_bind(g->arena, product->grant, &g->names);
	return x->rule[i];
}

struct gate_index *
gate_index_of(struct gate *g)
{
	if (g->index != NULL)
		return g->index;
	g->index = arena_alloc(g->arena, sizeof(*g->index));
	g->index->rule = arena_array(
	    g->arena, g->catalogue->nproduct + 1, sizeof(*g->index->rule));
	index_pools(g, g->index);
	slots_make(g, g->nwaiter);
	for (size_t i = 0; i < g->nwaiter; i++)
		waiter_line_up(g, i);
	return g->index;
}

static void
index_pools(struct gate *g, struct gate_index *x)
{
	x->by_id = arena_array(g->arena, g->npool + 1, sizeof(*x->by_id));
	x->pool = arena_array(g->arena, g->npool + 1, sizeof(*x->pool));
	for (size_t i = 0; i < g->npool; i++) {
		const struct pool_info *info =
		    catalogue_pool(g->catalogue, g->pool[i].id);

		x->by_id[i] = (struct pool_at) { g->pool[i].id, i };
		x->pool[i].info = info;
		if (info != NULL)
			x->pool[i].product =
			    catalogue_product(g->catalogue, info->product);
	}
	qsort(x->by_id, g->npool, sizeof(*x->by_id), cmp_pool_at);
}

static size_t
pool_place(struct gate *g, int64_t id)
{
	const struct gate_index *x = gate_index_of(g);
	size_t from = 0, to = g->npool;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (x->by_id[mid].id == id)
			return x->by_id[mid].at;
		if (id < x->by_id[mid].id)
			to = mid;
		else
			from = mid + 1;
	}
	return NOWHERE;
}

size_t
gate_pool_at(struct gate *g, int64_t id)
{
	size_t at = pool_place(g, id);

	must(at != NOWHERE);
	return at;
}

struct waiter *
gate_waiter(struct gate *g, int64_t person, int64_t product)
{
	uint32_t at;

	(void)gate_index_of(g);
	at = *waiter_slot(g, person, product);
	return at != 0 ? &g->waiter[at - 1] : NULL;
}

void
gate_waiter_add(struct gate *g, const struct waiter *w)
{
	struct waiter *more;

	if (g->nwaiter == g->capwaiter) {
		g->capwaiter = g->nwaiter == 0 ? 16 : 2 * g->nwaiter;
		more = arena_array(g->arena, g->capwaiter, sizeof(*more));
		if (g->nwaiter > 0)
			memcpy(more, g->waiter, g->nwaiter * sizeof(*more));
		g->waiter = more;
	}
	g->waiter[g->nwaiter++] = *w;
	if (2 * g->nwaiter > gate_index_of(g)->nslot)
		slots_make(g, g->nwaiter);
	waiter_line_up(g, g->nwaiter - 1);
}

/* Into the list of each of its pools (of none while barred), and to where it is found. */
static void
waiter_line_up(struct gate *g, size_t i)
{
	const struct waiter *w = &g->waiter[i];
	int64_t pool[WAIT_POOLS_MAX];
	size_t n = wait_pools_unpack(&w->wait, pool);

	for (size_t p = 0; p < n; p++) {
		size_t at = pool_place(g, pool[p]);

		if (at != NOWHERE)
			line_insert(g, &g->index->pool[at].line, i);
	}
	*waiter_slot(g, w->wait.person, w->wait.product) = (uint32_t)i + 1;
}

static uint32_t *
waiter_slot(struct gate *g, int64_t person, int64_t product)
{
	const struct gate_index *x = gate_index_of(g);
	uint64_t h = ((uint64_t)person ^ (uint64_t)product << 40) *
	    UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 20) & (x->nslot - 1);

	while (x->slot[i] != 0) {
		const struct wait *w = &g->waiter[x->slot[i] - 1].wait;

		if (w->person == person && w->product == product)
			break;
		i = (i + 1) & (x->nslot - 1);
	}
	return &x->slot[i];
}

/* Room for twice N waiters; those of the old slots are put in again. */
static void
slots_make(struct gate *g, size_t n)
{
	struct gate_index *x = g->index;
	uint32_t *old = x->slot;
	size_t nold = x->nslot;

	for (x->nslot = 64; x->nslot < 4 * n;)
		x->nslot *= 2;
	x->slot = arena_array(g->arena, x->nslot, sizeof(*x->slot));
	for (size_t i = 0; i < nold; i++) {
		const struct wait *w;

		if (old[i] == 0)
			continue;
		w = &g->waiter[old[i] - 1].wait;
		*waiter_slot(g, w->person, w->product) = old[i];
	}
}

/* Mostly at the end: who joins is younger than all of its priority. */
static void
line_insert(struct gate *g, struct line *line, size_t i)
{
	size_t from = line->head, to = line->n;

	if (line->n == line->cap) {
		uint32_t *more;

		line->cap = line->cap == 0 ? 16 : 2 * line->cap;
		more = arena_array(g->arena, line->cap, sizeof(*more));
		if (line->n > 0)
			memcpy(more, line->at, line->n * sizeof(*more));
		line->at = more;
	}
	while (from < to) {
		size_t mid = (from + to) / 2;

		if (waiter_cmp(&g->waiter[line->at[mid]], &g->waiter[i]) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	memmove(&line->at[from + 1], &line->at[from],
	    (line->n - from) * sizeof(*line->at));
	line->at[from] = (uint32_t)i;
	line->n++;
}

/* Higher priority first, then age. */
static int
waiter_cmp(const struct waiter *a, const struct waiter *b)
{
	if (a->wait.priority != b->wait.priority)
		return a->wait.priority > b->wait.priority ? -1 : 1;
	return (a->wait.since > b->wait.since) -
	    (a->wait.since < b->wait.since);
}

static int
cmp_pool_at(const void *a, const void *b)
{
	const struct pool_at *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * census.c - the seats of all tenants, counted by the clock now and then, for
 * whoever asks.  Pools stand singly up to a number; with more of them each
 * tenant has its sum, and with more tenants than that there is one sum.
 */
#include "act/world_int.h"

#include <string.h>

#include "base/clock.h"

#define ROWS_MAX   1000
#define PAGE	   1000
#define KEPT_BYTES (16 << 20)
#define PAGE_BYTES (16 << 20)
/* It may take a hundredth of the time. */
#define REST	   100

enum grain { BY_POOL, BY_TENANT, IN_ALL };

struct census {
	struct arena	 *arena;	/* of the names, too */
	enum grain	  grain;
	struct census_row row[ROWS_MAX];
	size_t		  n, pools;
};

static enum err walk(struct census *, struct db *, const struct table *,
    void (*each)(struct census *, const void *));
static void add_pool(struct census *, const void *);
static void add_wait(struct census *, const void *);
static void add(struct census *, struct census_row);
static struct census_row *find(struct census *, const struct census_row *);
static void coarsen(struct census *);
static void name_rows(struct world *, struct census *);

void
census_take(struct world *w, struct db *data)
{
	int64_t begun = clock_mono_ns();
	struct census *c = w->census_spare, *before;

	if (begun < w->census_due_ns)
		return;
	if (c == NULL)
		c = heap_alloc(1, sizeof(*c));
	*c = (struct census) { .arena = arena_open(KEPT_BYTES) };
	if (walk(c, data, &POOL, add_pool) == OK &&
	    walk(c, data, &WAIT_COUNT, add_wait) == OK) {
		name_rows(w, c);
		lock_take(w->census_lock);
		before = w->census;
		w->census = c;
		lock_give(w->census_lock);
		c = before;
	}
	if (c != NULL)
		arena_close(c->arena);
	w->census_spare = c;
	w->census_due_ns = begun + (clock_mono_ns() - begun) * REST;
}

void
census_close(struct world *w)
{
	if (w->census != NULL)
		arena_close(w->census->arena);
	heap_free(w->census);
	heap_free(w->census_spare);
}

/* Every row of TABLE, a page at a time. */
static enum err
walk(struct census *c, struct db *data, const struct table *table,
    void (*each)(struct census *, const void *))
{
	struct ctx cx = { .arena = arena_open(PAGE_BYTES) };
	char *from = heap_alloc(1, table->row_size);
	struct tx *tx = tx_begin_all(data, &cx);
	struct rows rows = { .n = PAGE };
	enum err err = OK;
	bool is_first = true;

	while (err == OK && rows.n == PAGE) {
		arena_reset(cx.arena);
		err = store_page(tx, table, from, 0, is_first, PAGE, &rows);
		is_first = false;
		for (size_t i = 0; err == OK && i < rows.n; i++) {
			const char *row = rows.row;

			row += i * table->row_size;
			each(c, row);
			memcpy(from, row, table->row_size);
		}
	}
	tx_end(tx);
	heap_free(from);
	arena_close(cx.arena);
	return err;
}

static void
add_pool(struct census *c, const void *row)
{
	const struct pool *p = row;

	c->pools++;
	add(c,
	    (struct census_row) { .tenant = (uint32_t)p->tenant,
		.product_id = p->product,
		.pool_id = p->id,
		.quota = p->quota,
		.held = p->held,
		.assigned = p->assigned });
}

static void
add_wait(struct census *c, const void *row)
{
	const struct wait_count *w = row;

	if (w->waiting > 0)
		add(c,
		    (struct census_row) { .tenant = (uint32_t)w->tenant,
			.product_id = w->product,
			.waiting = w->waiting });
}

static void
add(struct census *c, struct census_row row)
{
	struct census_row *to;

	if (c->grain >= BY_TENANT)
		row.product_id = row.pool_id = 0;
	if (c->grain >= IN_ALL)
		row.tenant = 0;
	to = find(c, &row);
	if (to == NULL) {
		coarsen(c);
		add(c, row);
		return;
	}
	to->quota += row.quota;
	to->held += row.held;
	to->assigned += row.assigned;
	to->waiting += row.waiting;
}

/* The row of ROW's keys, made if there is none; NULL: no room. */
static struct census_row *
find(struct census *c, const struct census_row *row)
{
	for (size_t i = c->n; i-- > 0;) {
		struct census_row *r = &c->row[i];

		if (r->tenant == row->tenant && r->pool_id == row->pool_id &&
		    r->product_id == row->product_id)
			return r;
	}
	if (c->n == ROWS_MAX)
		return NULL;
	c->row[c->n] = (struct census_row) { .tenant = row->tenant,
		.product_id = row->product_id,
		.pool_id = row->pool_id };
	return &c->row[c->n++];
}

/* In place: a row moves to where it is, or before it. */
static void
coarsen(struct census *c)
{
	size_t n = c->n;

	must(c->grain < IN_ALL);
	c->grain++;
	c->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct census_row row = c->row[i];

		add(c, row);
	}
}

/* Slugs are of the catalogue in force, which the arena then holds. */
static void
name_rows(struct world *w, struct census *c)
{
	struct ctx cx = { .arena = c->arena };
	const struct realm *realm = NULL;

	for (size_t i = 0; i < c->n && c->grain == BY_POOL; i++) {
		struct census_row *r = &c->row[i];
		const struct product *product;
		const struct pool_info *pool;

		if ((realm == NULL || realm->tenant != r->tenant) &&
		    world_realm(w, &cx, r->tenant, &realm) != OK)
			continue;
		product = catalogue_product(realm->catalogue, r->product_id);
		pool = catalogue_pool(realm->catalogue, r->pool_id);
		if (product != NULL)
			r->product = product->slug;
		if (pool != NULL)
			r->pool = pool->slug;
	}
}

size_t
world_census(struct world *w, struct arena *arena, struct census_row **out,
    size_t *pools)
{
	const struct census *c;
	size_t n = 0;

	*out = NULL;
	*pools = 0;
	lock_take(w->census_lock);
	c = w->census;
	if (c != NULL) {
		n = c->n;
		*pools = c->pools;
		*out = arena_copy(arena, c->row, n * sizeof(**out));
		for (size_t i = 0; i < n; i++) {
			(*out)[i].product = str_copy(arena, c->row[i].product);
			(*out)[i].pool = str_copy(arena, c->row[i].pool);
		}
	}
	lock_give(w->census_lock);
	return n;
}

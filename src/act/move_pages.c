/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_pages.c - all rows of a table, whatever they are, a page at a time; and
 * their one form in bytes.
 */
#include "act/move_int.h"

#include <string.h>

#include "base/buf.h"

#define PAGE_MEMORY  (INT64_C(1) << 30)
#define ROWS_FIRST   16
#define ROWS_MOST    8192
#define BYTES_LEAST  (1 << 20)	/* a smaller page is followed by one of more rows */
#define BYTES_MOST   (8 << 20)

static void adapt(struct pages *);
static size_t bytes_of(const struct table *, const void *row);

void
pages_open(struct pages *p, struct tx *tx, const struct table *t,
    const void *from, size_t nprefix, bool is_after)
{
	*p = (struct pages) { .tx = tx,
		.table = t,
		.cx = tx_ctx(tx),
		.page = *tx_ctx(tx),
		.arena = { arena_open(PAGE_MEMORY), arena_open(PAGE_MEMORY) },
		.nprefix = nprefix,
		.limit = ROWS_FIRST,
		.from = heap_alloc(1, t->row_size),
		.is_first = !is_after };
	memcpy(p->from, from, t->row_size);
}

/* Two arenas take turns: the last row's strings are the next page's start. */
enum err
pages_next(struct pages *p)
{
	enum err err;

	if (p->is_last) {
		p->rows.n = 0;
		return OK;
	}
	p->turn = !p->turn;
	p->page.arena = p->arena[p->turn];
	arena_reset(p->page.arena);
	tx_switch(p->tx, &p->page);
	err = store_page(p->tx, p->table, p->from, p->nprefix, p->is_first,
	    p->limit, &p->rows);
	tx_switch(p->tx, p->cx);
	if (err != OK) {
		fault_copy(p->cx, &p->page);
		return err;
	}
	p->is_first = false;
	p->is_last = p->rows.n < p->limit;
	if (p->rows.n > 0)
		adapt(p);
	return OK;
}

void
pages_close(struct pages *p)
{
	arena_close(p->arena[0]);
	arena_close(p->arena[1]);
	heap_free(p->from);
}

static void
adapt(struct pages *p)
{
	const struct table *t = p->table;
	const char *row = p->rows.row;
	size_t bytes = 0;

	memcpy(p->from, row + (p->rows.n - 1) * t->row_size, t->row_size);
	for (size_t i = 0; i < p->rows.n; i++)
		bytes += bytes_of(t, row + i * t->row_size);
	if (bytes < BYTES_LEAST && p->limit < ROWS_MOST)
		p->limit *= 2;
	else if (bytes > BYTES_MOST && p->limit > 1)
		p->limit /= 2;
}

static size_t
bytes_of(const struct table *t, const void *row)
{
	size_t n = t->row_size;

	for (size_t i = 0; i < t->ncolumn; i++)
		if (t->column[i].is_bytes)
			n += row_bytes(&t->column[i], row).n;
	return n;
}

void
row_encode(struct buf *b, const struct table *t, const void *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes)
			buf_lp(b, row_bytes(c, row));
		else
			buf_u64(b, (uint64_t)row_int(c, row));
	}
	must(!b->over);
}

bool
row_decode(struct str bytes, const struct table *t, void *row, size_t n)
{
	struct cursor in = { bytes, false };

	for (size_t i = 0; i < n && !in.bad; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes) {
			struct str s = get_lp(&in);

			memcpy((char *)row + c->offset, &s, sizeof(s));
		} else {
			row_set_int(c, row, (int64_t)get_u64(&in));
		}
	}
	return get_end(&in);
}

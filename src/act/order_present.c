/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_present.c - how many of each source's people have not left, in the
 * commit that brings them or lets them go.
 */
#include "act/order_int.h"

static void ask_for(int64_t tenant, int64_t source,
    struct present_row *key, size_t *n);
static struct present_row stored(struct order_batch *, const struct person *);
static struct present_row *row_of(struct present_row *, size_t,
    const struct person *);

/* Of those who are there, and of those who come. */
enum err
present_load(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = b->state;
	size_t n = 0;
	struct present_row *key =
	    arena_array(ob->arena, b->n + ob->subject.n, sizeof(*key));

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			ask_for(b->item[i]->tenant,
			    order_state(b->item[i])->in->source, key, &n);
	for (size_t i = 0; i < ob->subject.n; i++)
		ask_for(ob->subject.v[i]->row.tenant,
		    ob->subject.v[i]->row.source, key, &n);
	return store_load_later(tx, &PRESENT, key, n, 2, 0, &ob->present);
}

/* A batch has few sources: whoever follows is mostly of the one before. */
static void
ask_for(int64_t tenant, int64_t source, struct present_row *key, size_t *n)
{
	for (size_t i = *n; i > 0; i--)
		if (key[i - 1].tenant == tenant && key[i - 1].source == source)
			return;
	key[(*n)++] =
	    (struct present_row) { .tenant = tenant, .source = source };
}

enum err
present_save(struct order_batch *ob, struct tx *tx)
{
	LIST(struct present_row) count = { 0 };

	for (size_t i = 0; i < ob->subject.n; i++) {
		const struct subject *sub = ob->subject.v[i];
		int by = is_present(&sub->row) - sub->was_present;
		struct present_row *row;

		if (!sub->is_dirty || by == 0)
			continue;
		row = row_of(count.v, count.n, &sub->row);
		if (row == NULL) {
			list_add(ob->arena, &count, stored(ob, &sub->row));
			row = &count.v[count.n - 1];
		}
		row->persons += by;
	}
	return store_save_later(tx, &PRESENT, count.v, count.n, NULL);
}

static struct present_row
stored(struct order_batch *ob, const struct person *p)
{
	const struct present_row *row =
	    row_of(ob->present.row, ob->present.n, p);

	return row != NULL ? *row
			   : (struct present_row) { p->tenant, p->source, 0 };
}

static struct present_row *
row_of(struct present_row *row, size_t n, const struct person *p)
{
	for (size_t i = 0; i < n; i++)
		if (row[i].tenant == p->tenant && row[i].source == p->source)
			return &row[i];
	return NULL;
}

int64_t
present_count(const struct order_batch *ob, int64_t tenant, int64_t source)
{
	const struct person of = { .tenant = tenant, .source = source };
	const struct present_row *row =
	    row_of(ob->present.row, ob->present.n, &of);

	return row != NULL ? row->persons : 0;
}

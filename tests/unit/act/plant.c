/* SPDX-License-Identifier: Apache-2.0 */
#include "plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROWS_MAX 100000

struct planted {
	const struct table *table;
	const void	   *row;
	size_t		    n;
	bool		    is_drop;
};

static enum err
put(struct planted *p, enum db_kind kind, struct tx *tx)
{
	bool *stale = arena_array(tx_ctx(tx)->arena, p->n, sizeof(*stale));

	if (p->table->db != kind)
		return OK;
	if (p->is_drop)
		return store_drop(tx, p->table, p->row, p->n, p->table->nkey,
		    NULL);
	TRY(store_save(tx, p->table, p->row, p->n, stale));
	for (size_t i = 0; i < p->n; i++)
		assert_false(stale[i]);
	return OK;
}

static enum err
keep(struct batch *b, struct tx *keys)
{
	return put(b->item[0]->in, DB_KEYS, keys);
}

static enum err
save(struct batch *b, struct tx *tx)
{
	return put(b->item[0]->in, DB_DATA, tx);
}

static const struct use_case plant = { .name = "plant", .keep = keep,
	.save = save };

enum err
plant_try(struct rig *r, const struct table *t, const void *row)
{
	struct planted p = { t, row, 1, false };
	void *out;

	return rig_do(r, &plant, &p, &out);
}

void
plant_all(struct rig *r, const struct table *t, const void *rows, size_t n)
{
	struct planted p = { t, rows, n, false };
	void *out;

	assert_int_equal(rig_do(r, &plant, &p, &out), OK);
}

void
plant_put(struct rig *r, const struct table *t, const void *row)
{
	assert_int_equal(plant_try(r, t, row), OK);
}

void
plant_drop(struct rig *r, const struct table *t, const void *row)
{
	struct planted p = { t, row, 1, true };
	void *out;

	assert_int_equal(rig_do(r, &plant, &p, &out), OK);
}

static enum err
read_all(struct reader *reader, struct ctx *cx, const void *in, void **out)
{
	const struct table *t = in;
	struct rows *rows = arena_alloc(cx->arena, sizeof(*rows));
	char *from = arena_alloc(cx->arena, t->row_size);
	int64_t tenant = cx->actor->tenant;

	memcpy(from, &tenant, sizeof(tenant));
	*out = rows;
	return store_page(t->db == DB_DATA ? reader->data : reader->keys, t,
	    from, 1, true, ROWS_MAX, rows);
}

struct rows
plant_rows(struct rig *r, const struct table *t)
{
	struct rows *rows;

	assert_int_equal(rig_query(r, read_all, t, &rows), OK);
	return *rows;
}

size_t
plant_count(struct rig *r, const struct table *t)
{
	return plant_rows(r, t).n;
}

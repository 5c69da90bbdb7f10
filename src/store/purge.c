/* SPDX-License-Identifier: Apache-2.0 */
/*
 * purge.c - all rows of a tenant, table by table, some at a time.
 */
#include "store/store_int.h"

static enum err purge_table(struct tx *, const struct table *, int64_t tenant,
    size_t limit, int64_t *gone);
static void *before_all(struct arena *, const struct table *, int64_t tenant);

const struct table *const *
store_tables(void)
{
	return tables;
}

bool
table_stays(const struct table *t)
{
	return t == &TENANT || t == &TENANT_GONE || t == &MOVE ||
	    t == &MOVE_KEYS;
}

enum err
tenant_purge(struct tx *tx, int64_t tenant, size_t limit, int64_t *gone)
{
	size_t n = 0;
	enum err err = OK;

	*gone = 0;
	while (tables[n] != NULL)
		n++;
	/* Whoever keeps some of it drops it all. */
	tx_quiet(tx, true);
	tx->db->store->engine->wipe(tx->db, true);
	while (err == OK && n-- > 0 && *gone < (int64_t)limit)
		if (tables[n]->db == tx->db->kind && !table_stays(tables[n]))
			err = purge_table(
			    tx, tables[n], tenant, limit - (size_t)*gone, gone);
	tx->db->store->engine->wipe(tx->db, false);
	tx_quiet(tx, false);
	return err;
}

/* Only the keys are read: rows can be long. */
static enum err
purge_table(struct tx *tx, const struct table *t, int64_t tenant, size_t limit,
    int64_t *gone)
{
	struct table keys = *t;
	const void *from = before_all(tx->cx->arena, t, tenant);
	struct rows rows;
	int64_t n = 0;

	/* One row at most. */
	if (t->nkey == 1) {
		TRY(store_drop(tx, t, from, 1, 1, &n));
		*gone += n;
		return OK;
	}
	keys.ncolumn = t->nkey;
	TRY(store_page(tx, &keys, from, 1, false, limit, &rows));
	TRY(store_drop(tx, t, rows.row, rows.n, t->nkey, &n));
	*gone += n;
	if (rows.n == limit)
		return OK;
	/* Whatever stands before the first key that was asked for. */
	TRY(store_drop(tx, t, from, 1, 1, &n));
	*gone += n;
	return OK;
}

/* The least that the columns of a key can hold. */
static void *
before_all(struct arena *arena, const struct table *t, int64_t tenant)
{
	void *row = arena_alloc(arena, t->row_size);

	row_set_int(&t->column[0], row, tenant);
	for (size_t i = 1; i < t->nkey; i++)
		if (!t->column[i].is_bytes)
			row_set_int(&t->column[i], row,
			    -(INT64_C(1) << (8 * t->column[i].size - 2)) * 2);
	return row;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql.c - the statements that every table has, made from its declaration.
 * Parameters are numbered in the order of the columns, so that a row binds in
 * one pass.
 */
#include "store/store_int.h"

static void insert_values(struct buf *, const struct table *);
static void on_conflict(struct buf *, const struct table *);
static void key_columns(struct buf *, const struct table *);
static void prefix_equals(struct buf *, const struct table *, size_t);

void
sql_insert(struct buf *b, const struct table *t)
{
	buf_fmt(b, "INSERT INTO %s (", t->name);
	sql_columns(b, t, "");
	buf_z(b, ") VALUES (");
	insert_values(b, t);
	buf_z(b, ")");
	on_conflict(b, t);
}

static void
insert_values(struct buf *b, const struct table *t)
{
	size_t version = SIZE_MAX;

	if (t->when_exists == EXISTS_VERSIONED)
		version = table_version(t);
	for (size_t i = 0; i < t->ncolumn; i++)
		buf_fmt(b, "%s$%zu%s", i == 0 ? "" : ", ", i + 1,
		    i == version ? " + 1" : "");
}

static void
on_conflict(struct buf *b, const struct table *t)
{
	if (t->when_exists == EXISTS_FAILS)
		return;
	buf_z(b, " ON CONFLICT (");
	key_columns(b, t);
	if (t->when_exists != EXISTS_REPLACES || t->nkey == t->ncolumn) {
		buf_z(b, ") DO NOTHING");
		return;
	}
	buf_z(b, ") DO UPDATE SET ");
	for (size_t i = t->nkey; i < t->ncolumn; i++)
		buf_fmt(b, "%s%s = excluded.%s", i == t->nkey ? "" : ", ",
		    t->column[i].name, t->column[i].name);
}

void
sql_update(struct buf *b, const struct table *t)
{
	size_t version = table_version(t);

	buf_fmt(b, "UPDATE %s SET ", t->name);
	for (size_t i = t->nkey; i < t->ncolumn; i++)
		buf_fmt(b, "%s%s = $%zu%s", i == t->nkey ? "" : ", ",
		    t->column[i].name, i + 1, i == version ? " + 1" : "");
	prefix_equals(b, t, t->nkey);
	buf_fmt(b, " AND version = $%zu", version + 1);
}

void
sql_select(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_z(b, "SELECT ");
	sql_columns(b, t, "");
	buf_fmt(b, " FROM %s", t->name);
	prefix_equals(b, t, nprefix);
	buf_z(b, " ORDER BY ");
	key_columns(b, t);
	buf_fmt(b, " LIMIT $%zu", nprefix + 1);
}

void
sql_page(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_z(b, "SELECT ");
	sql_columns(b, t, "");
	buf_fmt(b, " FROM %s", t->name);
	prefix_equals(b, t, nprefix);
	must(nprefix < t->nkey);
	buf_z(b, nprefix == 0 ? " WHERE (" : " AND (");
	for (size_t i = nprefix; i < t->nkey; i++)
		buf_fmt(b, "%s%s", i == nprefix ? "" : ", ", t->column[i].name);
	buf_z(b, ") > (");
	for (size_t i = nprefix; i < t->nkey; i++)
		buf_fmt(b, "%s$%zu", i == nprefix ? "" : ", ", i + 1);
	buf_z(b, ") ORDER BY ");
	key_columns(b, t);
	buf_fmt(b, " LIMIT $%zu", t->nkey + 1);
}

void
sql_count(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_fmt(b, "SELECT count(*) FROM %s", t->name);
	prefix_equals(b, t, nprefix);
}

void
sql_delete(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_fmt(b, "DELETE FROM %s", t->name);
	prefix_equals(b, t, nprefix);
}

void
sql_columns(struct buf *b, const struct table *t, const char *prefix)
{
	for (size_t i = 0; i < t->ncolumn; i++)
		buf_fmt(
		    b, "%s%s%s", i == 0 ? "" : ", ", prefix, t->column[i].name);
}

void
sql_in(struct buf *b, const struct tx *tx, size_t n)
{
	const char *const *in = tx->db->store->engine->in_list;

	buf_fmt(b, "%s$%zu%s", in[0], n, in[1]);
}

const char *
sql_end(struct buf *b)
{
	buf_u8(b, 0);
	must(!b->over);
	return b->p;
}

static void
key_columns(struct buf *b, const struct table *t)
{
	for (size_t i = 0; i < t->nkey; i++)
		buf_fmt(b, "%s%s", i == 0 ? "" : ", ", t->column[i].name);
}

static void
prefix_equals(struct buf *b, const struct table *t, size_t nprefix)
{
	for (size_t i = 0; i < nprefix; i++)
		buf_fmt(b, "%s%s = $%zu", i == 0 ? " WHERE " : " AND ",
		    t->column[i].name, i + 1);
}

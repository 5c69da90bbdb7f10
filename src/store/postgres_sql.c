/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_sql.c - a table's statements over whole arrays: one statement does
 * what SQLite's does row by row.
 */
#include "store/postgres_int.h"

/* No table has a column of this name. */
#define PLACE "ordinal_"

static void names(struct buf *, const struct table *, size_t,
    const char *prefix);
static void values(struct buf *, const struct table *);
static void arrays(struct buf *, const struct table *, size_t, bool is_counted);
static void same_key(struct buf *, const struct table *, size_t);
static void on_conflict(struct buf *, const struct table *);

void
pg_insert(struct buf *b, const struct table *t)
{
	buf_fmt(b, "INSERT INTO %s (", t->name);
	names(b, t, t->ncolumn, "");
	buf_z(b, ") SELECT ");
	values(b, t);
	buf_z(b, " FROM ");
	arrays(b, t, t->ncolumn, false);
	on_conflict(b, t);
}

/* Of several rows with one key the first is stored. */
void
pg_insert_told(struct buf *b, const struct table *t)
{
	buf_z(b, "WITH n AS (SELECT * FROM ");
	arrays(b, t, t->ncolumn, true);
	buf_fmt(b, "), done AS (INSERT INTO %s (", t->name);
	names(b, t, t->ncolumn, "");
	buf_z(b, ") SELECT ");
	values(b, t);
	buf_z(b, " FROM n ORDER BY " PLACE);
	on_conflict(b, t);
	buf_z(b, " RETURNING ");
	names(b, t, t->nkey, "");
	buf_z(b, ") SELECT min(n." PLACE ") FROM n JOIN done USING (");
	names(b, t, t->nkey, "");
	buf_z(b, ") GROUP BY ");
	names(b, t, t->nkey, "n.");
}

void
pg_update(struct buf *b, const struct table *t)
{
	size_t version = table_version(t);

	buf_fmt(b, "UPDATE %s AS t SET ", t->name);
	for (size_t i = t->nkey; i < t->ncolumn; i++)
		buf_fmt(b, "%s%s = n.%s%s", i == t->nkey ? "" : ", ",
		    t->column[i].name, t->column[i].name,
		    i == version ? " + 1" : "");
	buf_z(b, " FROM ");
	arrays(b, t, t->ncolumn, true);
	same_key(b, t, t->nkey);
	buf_z(b, " AND t.version = n.version RETURNING n." PLACE);
}

/*
 * A limit keeps the inner query from being dissolved into a join: each key
 * costs a walk of the index, whatever the planner believes of the table.
 */
void
pg_select(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_z(b, "SELECT n." PLACE ", ");
	names(b, t, t->ncolumn, "found.");
	buf_z(b, " FROM ");
	arrays(b, t, nprefix, true);
	buf_z(b, " CROSS JOIN LATERAL (SELECT ");
	names(b, t, t->ncolumn, "t.");
	buf_fmt(b, " FROM %s AS t", t->name);
	same_key(b, t, nprefix);
	buf_z(b, " ORDER BY ");
	names(b, t, t->nkey, "t.");
	buf_fmt(b, " LIMIT $%zu) AS found ORDER BY n." PLACE ", ", nprefix + 1);
	names(b, t, t->nkey, "found.");
}

void
pg_delete(struct buf *b, const struct table *t, size_t nprefix)
{
	buf_fmt(b, "DELETE FROM %s AS t USING ", t->name);
	arrays(b, t, nprefix, false);
	same_key(b, t, nprefix);
}

static void
names(struct buf *b, const struct table *t, size_t n, const char *prefix)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(
		    b, "%s%s%s", i == 0 ? "" : ", ", prefix, t->column[i].name);
}

static void
values(struct buf *b, const struct table *t)
{
	size_t version = SIZE_MAX;

	if (t->when_exists == EXISTS_VERSIONED)
		version = table_version(t);
	for (size_t i = 0; i < t->ncolumn; i++)
		buf_fmt(b, "%sn.%s%s", i == 0 ? "" : ", ", t->column[i].name,
		    i == version ? " + 1" : "");
}

/* Rows n, from one array a column; of no column at all there is one row. */
static void
arrays(struct buf *b, const struct table *t, size_t n, bool is_counted)
{
	if (n == 0) {
		buf_z(b, "(VALUES (1::BIGINT)) AS n (" PLACE ")");
		return;
	}
	buf_z(b, "unnest(");
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%s$%zu", i == 0 ? "" : ", ", i + 1);
	buf_fmt(b, ")%s AS n (", is_counted ? " WITH ORDINALITY" : "");
	names(b, t, n, "");
	buf_z(b, is_counted ? ", " PLACE ")" : ")");
}

static void
same_key(struct buf *b, const struct table *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fmt(b, "%st.%s = n.%s", i == 0 ? " WHERE " : " AND ",
		    t->column[i].name, t->column[i].name);
}

static void
on_conflict(struct buf *b, const struct table *t)
{
	if (t->when_exists == EXISTS_FAILS)
		return;
	buf_z(b, " ON CONFLICT (");
	names(b, t, t->nkey, "");
	if (t->when_exists != EXISTS_REPLACES || t->nkey == t->ncolumn) {
		buf_z(b, ") DO NOTHING");
		return;
	}
	buf_z(b, ") DO UPDATE SET ");
	for (size_t i = t->nkey; i < t->ncolumn; i++)
		buf_fmt(b, "%s%s = excluded.%s", i == t->nkey ? "" : ", ",
		    t->column[i].name, t->column[i].name);
}

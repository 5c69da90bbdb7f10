/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.c - the reads that are more than a key prefix, except those by filter.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

static const char *text_of(struct tx *, const struct table *, const char *);
static int by_time(const void *, const void *);

enum err
wait_position(
    struct tx *tx, const struct wait_pool *key, size_t n, int64_t *before)
{
	for (size_t i = 0; i < n; i++) {
		struct arg arg[] = { ARG_OF_INT(key[i].tenant),
			ARG_OF_INT(key[i].pool), ARG_OF_INT(key[i].rank),
			ARG_OF_INT(key[i].since) };
		struct query q = { &NUMBER,
			"SELECT count(*) FROM wait_pool WHERE tenant = $1"
			" AND pool = $2 AND (rank, since) < ($3, $4)",
			arg, COUNT(arg) };
		struct rows rows;

		TRY(store_query(tx, &q, &rows));
		before[i] = ((struct number *)rows.row)->n;
	}
	return OK;
}

/*
 * Leaps from each hour to the next: a walk of the index for each, whatever it
 * holds.  Of a row that lies between two, PostgreSQL without statistics expects
 * many, and walks; of `tenant = $1` it expects few, and reads all there are.
 * SQLite compares a column as a row only with what has no type, hence the +.
 */
enum err
idempotency_slots(
    struct tx *tx, int64_t tenant, int64_t from, size_t limit, struct rows *out)
{
	struct arg arg[] = { ARG_OF_INT(tenant), ARG_OF_INT(from),
		ARG_OF_INT((int64_t)limit), ARG_OF_INT(INT64_MAX) };
	struct query q = { &NUMBER,
		"WITH RECURSIVE s(slot) AS (SELECT (SELECT slot"
		" FROM idempotency WHERE (tenant, slot) >= ($1, $2)"
		" AND (tenant, slot) <= ($1, $4)"
		" ORDER BY tenant, slot LIMIT 1) UNION ALL SELECT (SELECT"
		" i.slot FROM idempotency AS i WHERE (i.tenant, i.slot) >"
		" ($1, +s.slot) AND (i.tenant, i.slot) <= ($1, $4)"
		" ORDER BY i.tenant, i.slot LIMIT 1)"
		" FROM s WHERE s.slot IS NOT NULL)"
		" SELECT slot FROM s WHERE slot IS NOT NULL LIMIT $3",
		arg, COUNT(arg) };

	return store_query_later(tx, &q, out);
}

/*
 * Tenant by tenant, for time comes second in the key; so no more than LIMIT
 * rows of each are read, however much is due.
 */
enum err
due_list(struct tx *tx, int64_t now_ms, size_t limit, struct rows *due)
{
	struct arg arg[] = { ARG_OF_INT(0), ARG_OF_INT(now_ms),
		ARG_OF_INT((int64_t)limit) };
	struct query tenants = { &NUMBER,
		"SELECT tenant FROM tenant WHERE state = 1", NULL, 0 };
	struct query q = { &DUE, NULL, arg, COUNT(arg) };
	struct row_sink sink;
	struct rows ids, page;

	q.text = text_of(tx, &DUE,
	    " WHERE tenant = $1 AND due_ms <= $2 ORDER BY due_ms, id LIMIT $3");
	TRY(store_query(tx, &tenants, &ids));
	sink_open(&sink, tx->cx->arena, &DUE, due, limit);
	for (size_t i = 0; i < ids.n; i++) {
		const struct due_row *row;

		arg[0].number = ((struct number *)ids.row)[i].n;
		TRY(store_query(tx, &q, &page));
		row = page.row;
		for (size_t j = 0; j < page.n; j++)
			*(struct due_row *)sink_add(&sink, 0) = row[j];
	}
	if (due->n > 0)
		qsort(due->row, due->n, sizeof(struct due_row), by_time);
	if (due->n > limit)
		due->n = limit;
	return OK;
}

static int
by_time(const void *a, const void *b)
{
	const struct due_row *x = a, *y = b;

	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->tenant > y->tenant) - (x->tenant < y->tenant);
}

enum err
due_next(struct tx *tx, int64_t *ms)
{
	struct arg none[] = { ARG_OF_INT(INT64_MAX) };
	struct query q = { &NUMBER,
		"SELECT coalesce(min((SELECT min(d.due_ms) FROM due d"
		" WHERE d.tenant = t.tenant)), $1) FROM tenant t",
		none, COUNT(none) };
	struct rows rows;

	TRY(store_query(tx, &q, &rows));
	*ms = ((struct number *)rows.row)->n;
	return OK;
}

enum err
source_ref_page(
    struct tx *tx, const struct source_ref_page *page, struct rows *refs)
{
	struct arg arg[] = { ARG_OF_INT(page->tenant), ARG_OF_INT(page->source),
		ARG_OF_BYTES(page->after), ARG_OF_INT((int64_t)page->limit) };
	struct query q = { &SOURCE_REF, NULL, arg, COUNT(arg) };

	q.text = text_of(tx, &SOURCE_REF,
	    " WHERE tenant = $1 AND source = $2 AND key > $3 AND state = 1"
	    " ORDER BY key LIMIT $4");
	return store_query(tx, &q, refs);
}

enum err
key_list(struct tx *keys, int64_t tenant, int64_t after_person,
    int64_t before_ms, size_t limit, struct rows *out)
{
	struct arg arg[] = { ARG_OF_INT(tenant), ARG_OF_INT(after_person),
		ARG_OF_INT(before_ms), ARG_OF_INT((int64_t)limit - 1),
		ARG_OF_INT(INT64_MAX) };
	struct query q = { &PERSON_KEY, NULL, arg, COUNT(arg) };

	must(limit > 0);
	q.text = text_of(keys, &PERSON_KEY,
	    " WHERE tenant = $1 AND person > $2 AND created_ms < $3"
	    " AND person <= coalesce((SELECT k.person FROM person_key k"
	    " WHERE k.tenant = $1 AND k.person > $2 AND k.created_ms < $3"
	    " ORDER BY k.person LIMIT 1 OFFSET $4), $5)"
	    " ORDER BY person, version");
	return store_query(keys, &q, out);
}

enum err
person_count_source(
    struct tx *tx, int64_t tenant, int64_t source, int64_t *active)
{
	struct arg arg[] = { ARG_OF_INT(tenant), ARG_OF_INT(source),
		ARG_OF_INT(LIFE_ACTIVE) };
	struct query q = { &NUMBER,
		"SELECT count(*) FROM person WHERE tenant = $1 AND source = $2"
		" AND lifecycle = $3 AND blocks = 0",
		arg, COUNT(arg) };
	struct rows rows;

	TRY(store_query(tx, &q, &rows));
	*active = ((struct number *)rows.row)->n;
	return OK;
}

enum err
id_last(struct tx *tx, int64_t tenant, int64_t *id)
{
#define OF(table) "SELECT max(id) AS id FROM " table " WHERE tenant = $1"
#define AND	  " UNION ALL "
	struct arg arg[] = { ARG_OF_INT(tenant) };
	struct query q = { &NUMBER,
		"SELECT coalesce(max(id), 0) FROM ("
		OF("person") AND OF("source") AND OF("onboarding") AND
		OF("token") AND OF("import") AND OF("access_log") AND
		OF("job") AND OF("seat_past") AND OF("grant_past") AND
		OF("contract_past") AND OF("block_past") AND
		OF("person_group") ") AS last",
		arg, COUNT(arg) };
	struct rows rows;

	TRY(store_query(tx, &q, &rows));
	*id = ((struct number *)rows.row)->n;
	return OK;
#undef OF
#undef AND
}

/* "SELECT every column FROM t" and REST. */
static const char *
text_of(struct tx *tx, const struct table *t, const char *rest)
{
	struct buf b;

	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT ");
	sql_columns(&b, t, "");
	buf_fmt(&b, " FROM %s%s", t->name, rest);
	return sql_end(&b);
}

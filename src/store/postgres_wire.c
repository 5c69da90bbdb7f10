/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_wire.c - numbers, bytes and arrays of them as PostgreSQL sends and
 * receives them in binary: big-endian, each element after its length.
 */
#include "store/postgres_int.h"

#include <string.h>

#define PARAM_MAX ((size_t)1 << 30)

/* From the catalogue of every PostgreSQL: pg_type.dat. */
enum {
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_TEXT = 25,
	OID_BYTEA_ARRAY = 1001,
	OID_INT8_ARRAY = 1016,
	OID_XID8 = 5069
};

static void add(struct pg_params *, Oid, struct str, bool is_binary);
static void put_array(struct buf *, Oid, size_t);
static void put_int(struct buf *, int64_t);
static struct str number(struct arena *, uint64_t);

struct pg_params *
params_new(struct arena *arena, size_t cap)
{
	struct pg_params *p = arena_alloc(arena, sizeof(*p));

	p->cap = cap;
	p->type = arena_array(arena, cap, sizeof(*p->type));
	p->value = arena_array(arena, cap, sizeof(*p->value));
	p->length = arena_array(arena, cap, sizeof(*p->length));
	p->format = arena_array(arena, cap, sizeof(*p->format));
	return p;
}

void
params_int(struct arena *arena, struct pg_params *p, int64_t v)
{
	add(p, OID_INT8, number(arena, (uint64_t)v), true);
}

void
params_xid(struct arena *arena, struct pg_params *p, uint64_t v)
{
	add(p, OID_XID8, number(arena, v), true);
}

void
params_bytes(struct pg_params *p, struct str v)
{
	/* Without a pointer it would be NULL. */
	add(p, OID_BYTEA, v.n > 0 ? v : (struct str) { "", 0 }, true);
}

void
params_text(struct pg_params *p, const char *v)
{
	add(p, OID_TEXT, str_of(v), false);
}

static void
add(struct pg_params *p, Oid type, struct str v, bool is_binary)
{
	must(p->n < p->cap && v.n <= PARAM_MAX);
	p->type[p->n] = type;
	p->value[p->n] = v.p;
	p->length[p->n] = (int)v.n;
	p->format[p->n++] = is_binary;
}

static struct str
number(struct arena *arena, uint64_t v)
{
	char *p = arena_alloc(arena, sizeof(v));

	for (size_t i = 0; i < sizeof(v); i++)
		p[i] = (char)(v >> (8 * (sizeof(v) - 1 - i)));
	return (struct str) { p, sizeof(v) };
}

void
params_ints(
    struct arena *arena, struct pg_params *p, const int64_t *v, size_t n)
{
	struct buf b;

	buf_init(&b, arena, 20 + n * 12);
	put_array(&b, OID_INT8, n);
	for (size_t i = 0; i < n; i++)
		put_int(&b, v[i]);
	must(!b.over);
	add(p, OID_INT8_ARRAY, buf_view(&b), true);
}

void
params_rows(struct arena *arena, struct pg_params *p, const struct table *t,
    const char *const *row, size_t n, size_t ncolumn)
{
	for (size_t i = 0; i < ncolumn; i++) {
		const struct column *c = &t->column[i];
		struct buf b;

		buf_init(&b, arena, PARAM_MAX);
		put_array(&b, c->is_bytes ? OID_BYTEA : OID_INT8, n);
		for (size_t j = 0; j < n; j++) {
			if (c->is_bytes)
				buf_lp(&b, row_bytes(c, row[j]));
			else
				put_int(&b, row_int(c, row[j]));
		}
		must(!b.over);
		add(p, c->is_bytes ? OID_BYTEA_ARRAY : OID_INT8_ARRAY,
		    buf_view(&b), true);
	}
}

/* One dimension, no NULL, numbered from 1. */
static void
put_array(struct buf *b, Oid type, size_t n)
{
	buf_u32(b, n > 0);
	buf_u32(b, 0);
	buf_u32(b, type);
	if (n == 0)
		return;
	buf_u32(b, (uint32_t)n);
	buf_u32(b, 1);
}

static void
put_int(struct buf *b, int64_t v)
{
	buf_u32(b, sizeof(v));
	buf_u64(b, (uint64_t)v);
}

int64_t
result_int(const PGresult *r, int row, int column)
{
	const uint8_t *p = (const uint8_t *)PQgetvalue(r, row, column);
	int n = PQgetlength(r, row, column);
	uint64_t v = 0;

	/* Whatever counts or takes the larger is as wide as its columns. */
	must(n == sizeof(v) && !PQgetisnull(r, row, column));
	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

void
result_row(
    struct row_sink *sink, const PGresult *r, int at, int from, size_t key)
{
	const struct table *t = sink->table;
	char *row = sink_add(sink, key);

	must((size_t)PQnfields(r) == (size_t)from + t->ncolumn);
	for (size_t i = 0; i < t->ncolumn; i++) {
		const struct column *c = &t->column[i];
		int column = from + (int)i;
		struct str v;

		if (!c->is_bytes) {
			row_set_int(c, row, result_int(r, at, column));
			continue;
		}
		v = (struct str) { PQgetvalue(r, at, column),
			(size_t)PQgetlength(r, at, column) };
		v = v.n > 0 ? str_copy(sink->arena, v) : STR("");
		memcpy(row + c->offset, &v, sizeof(v));
	}
}

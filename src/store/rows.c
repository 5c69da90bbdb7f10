/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - fields of a row by their column, and arrays of rows that grow.
 */
#include "store/store_int.h"

#include <string.h>

#define FIRST_ROWS 16

/* A table stands after those it references: they are filled in this order, and emptied backwards. */
const struct table *const tables[] = {
	&TENANT, &TENANT_GONE, &DICTIONARY, &CATALOGUE, &TOKEN, &LOG, &CHECKPOINT,
	&ACCESS_LOG,
	&PERSON, &CONTRACT, &CONTRACT_PAST, &BLOCK, &BLOCK_PAST, &ROLE,
	&ROLE_PAST, &IX_UNIQUE,
	&IX_SEARCH, &SOURCE, &SOURCE_REF, &PRESENT,
	&GROUP, &GROUP_NAME, &MEMBER, &MEMBER_OF,
	&REMOVED, &REMOVAL_HOUR, &REMOVAL_GUARD,
	&POOL, &SEAT, &SEAT_PAST, &WAIT, &WAIT_POOL, &WAIT_COUNT, &GRANT,
	&GRANT_PAST,
	&RESOURCE, &RESOURCE_COUNT,
	&CLIENT, &NET, &SESSION, &LOGIN, &RECOVERY, &THROTTLE, &ACTIVATION,
	&ONBOARDING, &CHECK_ROW, &OPEN_CHECKS,
	&IDEMPOTENCY, &DUE, &LEASE, &NOTICE, &IMPORT, &JOB,
	&QUEUE_STATE, &DEPLOYMENT, &MOVE,
	&PERSON_KEY, &TENANT_KEY, &MOVE_KEYS,
	NULL
};

static const struct column number_column[] = {
	{ "n", false, offsetof(struct number, n), sizeof(int64_t) }
};
const struct table NUMBER = { .name = "number", .column = number_column,
	.ncolumn = 1, .row_size = sizeof(struct number) };

int64_t
row_int(const struct column *c, const void *row)
{
	const char *at = (const char *)row + c->offset;
	int64_t wide;
	int32_t word;
	int16_t half;
	int8_t byte;

	switch (c->size) {
	case sizeof(wide):
		memcpy(&wide, at, sizeof(wide));
		return wide;
	case sizeof(word):
		memcpy(&word, at, sizeof(word));
		return word;
	case sizeof(half):
		memcpy(&half, at, sizeof(half));
		return half;
	default:
		memcpy(&byte, at, sizeof(byte));
		return byte;
	}
}

void
row_set_int(const struct column *c, void *row, int64_t v)
{
	char *at = (char *)row + c->offset;
	int32_t word = (int32_t)v;
	int16_t half = (int16_t)v;
	int8_t byte = (int8_t)v;
	const void *from = c->size == sizeof(v) ? (const void *)&v
	    : c->size == sizeof(word)		? (const void *)&word
	    : c->size == sizeof(half)		? (const void *)&half
						: (const void *)&byte;

	memcpy(at, from, c->size);
	if (row_int(c, row) != v)
		fatal("a number in column %s is too large", c->name);
}

struct str
row_bytes(const struct column *c, const void *row)
{
	struct str s;

	memcpy(&s, (const char *)row + c->offset, sizeof(s));
	return s;
}

struct arg
row_arg(const struct column *c, const void *row)
{
	if (c->is_bytes)
		return ARG_OF_BYTES(row_bytes(c, row));
	return ARG_OF_INT(row_int(c, row));
}

size_t
table_version(const struct table *t)
{
	size_t i = t->nkey;

	while (i < t->ncolumn && strcmp(t->column[i].name, "version") != 0)
		i++;
	must(i < t->ncolumn);
	return i;
}

void
sink_open(struct row_sink *s, struct arena *arena, const struct table *t,
    struct rows *out, size_t expected)
{
	*s = (struct row_sink) { arena, t, out, expected };
	*out = (struct rows) { 0 };
	out->row = arena_array(arena, s->cap, t->row_size);
	out->key = arena_array(arena, s->cap, sizeof(*out->key));
}

void *
sink_add(struct row_sink *s, size_t key)
{
	struct rows *out = s->out;
	size_t size = s->table->row_size;

	if (out->n == s->cap) {
		struct rows old = *out;

		s->cap = s->cap < FIRST_ROWS ? FIRST_ROWS : s->cap * 2;
		out->row = arena_array(s->arena, s->cap, size);
		out->key = arena_array(s->arena, s->cap, sizeof(*out->key));
		if (old.n > 0) {
			memcpy(out->row, old.row, old.n * size);
			memcpy(out->key, old.key, old.n * sizeof(*old.key));
		}
	}
	out->key[out->n] = key;
	return (char *)out->row + out->n++ * size;
}

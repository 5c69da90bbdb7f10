/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effects.c - the row changes of a batch, kept so that "ends first, then puts"
 * gives the tables: a key is among the puts once, and not when it ended later.
 */
#include "core/seat.h"

#include <string.h>

/* The tables whose rows come and go; the past ones only grow. */
enum kind { KIND_SEAT = 1, KIND_WAIT, KIND_WAIT_POOL, KIND_GRANT };

struct key {
	enum kind kind;
	int64_t	  part[4];
};

struct slot {
	struct key key;		/* kind 0: never used */
	size_t	   at;		/* its place among the puts; GONE: none */
};

#define GONE SIZE_MAX

struct effect_index {
	struct slot *slot;	/* open addressing; a power of two */
	size_t	     n, cap;
};

/* One of the arrays of struct effects. */
struct list {
	void  **row;
	size_t *n, *cap, size;
	struct key (*key)(const void *);	/* of a row; NULL for the past */
};

static void list_put(struct effects *, const struct list *, const void *);
static void list_take_back(struct effects *, const struct list *,
    const void *);
static void list_add(struct arena *, const struct list *, const void *);
static struct slot *slot_of(struct effects *, struct key);
static struct slot *probe(const struct effect_index *, const struct key *);
static void index_grow(struct effects *);
static uint64_t key_hash(const struct key *);
static struct key seat_key(const void *);
static struct key wait_key(const void *);
static struct key wait_pool_key(const void *);
static struct key grant_key(const void *);

#define LIST(fx, name, key) \
	((struct list) { (void **)&(fx)->name, &(fx)->n##name, \
	    &(fx)->cap##name, sizeof(*(fx)->name), key })

#define PUT_AND_END(name, type) \
	void effect_##name##_put(struct effects *fx, const type *row) \
	{ \
		list_put(fx, &LIST(fx, name##_put, name##_key), row); \
	} \
	void effect_##name##_end(struct effects *fx, const type *row) \
	{ \
		list_take_back(fx, &LIST(fx, name##_put, name##_key), row); \
		list_add(fx->arena, &LIST(fx, name##_end, NULL), row); \
	}

#define PAST(name, type) \
	void effect_##name(struct effects *fx, const type *row) \
	{ \
		list_add(fx->arena, &LIST(fx, name, NULL), row); \
	}

PUT_AND_END(seat, struct seat)
PUT_AND_END(wait, struct wait)
PUT_AND_END(wait_pool, struct wait_pool)
PUT_AND_END(grant, struct grant)
PAST(seat_past, struct seat_past)
PAST(grant_past, struct grant_past)

static void
list_put(struct effects *fx, const struct list *list, const void *row)
{
	struct slot *s = slot_of(fx, list->key(row));

	if (s->at != GONE) {
		memcpy(
		    (char *)*list->row + s->at * list->size, row, list->size);
		return;
	}
	s->at = *list->n;
	list_add(fx->arena, list, row);
}

/* The last row moves into the gap. */
static void
list_take_back(struct effects *fx, const struct list *list, const void *row)
{
	size_t at = slot_of(fx, list->key(row))->at;
	char *gap, *last;

	if (at == GONE)
		return;
	gap = (char *)*list->row + at * list->size;
	last = (char *)*list->row + --*list->n * list->size;
	memmove(gap, last, list->size);
	slot_of(fx, list->key(gap))->at = at;
	slot_of(fx, list->key(row))->at = GONE;
}

static void
list_add(struct arena *arena, const struct list *list, const void *row)
{
	void *more;

	if (*list->n == *list->cap) {
		*list->cap = *list->cap == 0 ? 16 : 2 * *list->cap;
		more = arena_array(arena, *list->cap, list->size);
		if (*list->n > 0)
			memcpy(more, *list->row, *list->n * list->size);
		*list->row = more;
	}
	memcpy((char *)*list->row + *list->n * list->size, row, list->size);
	++*list->n;
}

static struct key
seat_key(const void *row)
{
	const struct seat *s = row;

	return (struct key) { KIND_SEAT, { s->tenant, s->product, s->person } };
}

static struct key
wait_key(const void *row)
{
	const struct wait *w = row;

	return (struct key) { KIND_WAIT, { w->tenant, w->product, w->person } };
}

static struct key
wait_pool_key(const void *row)
{
	const struct wait_pool *w = row;

	/* since is an id: it names person and product */
	return (struct key) { KIND_WAIT_POOL,
		{ w->tenant, w->pool, w->rank, w->since } };
}

static struct key
grant_key(const void *row)
{
	const struct grant *g = row;

	return (struct key) { KIND_GRANT,
		{ g->tenant, g->person, g->product, g->reason } };
}

/* The slot of KEY, made if it is new. */
static struct slot *
slot_of(struct effects *fx, struct key key)
{
	struct slot *s;

	if (fx->index == NULL || 2 * fx->index->n >= fx->index->cap)
		index_grow(fx);
	s = probe(fx->index, &key);
	if (s->key.kind == 0) {
		*s = (struct slot) { key, GONE };
		fx->index->n++;
	}
	return s;
}

static struct slot *
probe(const struct effect_index *index, const struct key *key)
{
	size_t mask = index->cap - 1;
	size_t i = (size_t)key_hash(key) & mask;

	while (index->slot[i].key.kind != 0 &&
	    (index->slot[i].key.kind != key->kind ||
		memcmp(index->slot[i].key.part, key->part, sizeof(key->part)) !=
		    0))
		i = (i + 1) & mask;
	return &index->slot[i];
}

static void
index_grow(struct effects *fx)
{
	struct effect_index old = { 0 };

	if (fx->index == NULL)
		fx->index = arena_alloc(fx->arena, sizeof(*fx->index));
	old = *fx->index;
	fx->index->cap = old.cap == 0 ? 64 : 2 * old.cap;
	fx->index->slot =
	    arena_array(fx->arena, fx->index->cap, sizeof(*old.slot));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slot[i].key.kind != 0)
			*probe(fx->index, &old.slot[i].key) = old.slot[i];
}

static uint64_t
key_hash(const struct key *key)
{
	uint64_t h = key->kind;

	for (size_t i = 0; i < COUNT(key->part); i++) {
		h = (h ^ (uint64_t)key->part[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

void
change_add(struct change_list *list, enum change_kind kind, int64_t object,
    int64_t in, int64_t before, int64_t after)
{
	struct change change = { kind, object, in, before, after };
	struct list all = { (void **)&list->change, &list->n, &list->cap,
		sizeof(change), NULL };

	list_add(list->arena, &all, &change);
}

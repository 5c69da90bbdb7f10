/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effects.c - the row changes of a batch, kept so that "ends first, then puts"
 * gives the tables: a key is among the puts once, and not when it ended later.
 */
#include "core/seat.h"

#include <string.h>

/* What names a row of a table. */
struct key {
	int64_t part[4];
};

/* Where a key stands among the puts.  A key that ended leaves its slot GONE. */
struct slot {
	uint32_t at;		/* place + 1; 0: never used */
	uint32_t tag;		/* the upper half of the key's hash */
};

#define GONE UINT32_MAX

struct places {
	struct slot *slot;	/* open addressing; a power of two */
	size_t	     used, cap;
};

struct effect_index {
	struct places seat_put, wait_put, wait_pool_put, grant_put;
};

/* One of the arrays of struct effects; KEY and PLACES only of a put. */
struct list {
	void  **row;
	size_t *n, *cap, size;
	struct key (*key)(const void *);
	struct places *places;
};

static void list_put(struct arena *, const struct list *, const void *);
static void list_take_back(const struct list *, const void *);
static void list_add(struct arena *, const struct list *, const void *);
static struct effect_index *index_of(struct effects *);
static void *row_at(const struct list *, size_t);
static struct slot *find(const struct list *, const void *);
static void place(const struct list *, size_t);
static void places_make(struct arena *, const struct list *);
static uint64_t key_hash(const struct key *);
static struct key seat_key(const void *);
static struct key wait_key(const void *);
static struct key wait_pool_key(const void *);
static struct key grant_key(const void *);

#define PUTS(fx, name, key) \
	((struct list) { (void **)&(fx)->name, &(fx)->n##name, \
	    &(fx)->cap##name, sizeof(*(fx)->name), key, \
	    &index_of(fx)->name })
#define ROWS(fx, name) \
	((struct list) { (void **)&(fx)->name, &(fx)->n##name, \
	    &(fx)->cap##name, sizeof(*(fx)->name), NULL, NULL })

#define PUT_AND_END(name, type) \
	void effect_##name##_put(struct effects *fx, const type *row) \
	{ \
		list_put(fx->arena, &PUTS(fx, name##_put, name##_key), row); \
	} \
	void effect_##name##_end(struct effects *fx, const type *row) \
	{ \
		list_take_back(&PUTS(fx, name##_put, name##_key), row); \
		list_add(fx->arena, &ROWS(fx, name##_end), row); \
	}

#define PAST(name, type) \
	void effect_##name(struct effects *fx, const type *row) \
	{ \
		list_add(fx->arena, &ROWS(fx, name), row); \
	}

PUT_AND_END(seat, struct seat)
PUT_AND_END(wait, struct wait)
PUT_AND_END(wait_pool, struct wait_pool)
PUT_AND_END(grant, struct grant)
PAST(seat_past, struct seat_past)
PAST(grant_past, struct grant_past)

static struct effect_index *
index_of(struct effects *fx)
{
	if (fx->index == NULL)
		fx->index = arena_alloc(fx->arena, sizeof(*fx->index));
	return fx->index;
}

static void
list_put(struct arena *arena, const struct list *list, const void *row)
{
	struct slot *s = find(list, row);

	if (s != NULL) {
		memcpy(row_at(list, s->at - 1), row, list->size);
		return;
	}
	list_add(arena, list, row);
	if (2 * list->places->used >= list->places->cap)
		places_make(arena, list);
	else
		place(list, *list->n - 1);
}

/* The last row moves into the gap. */
static void
list_take_back(const struct list *list, const void *row)
{
	struct slot *gap = find(list, row), *last;
	void *from;

	if (gap == NULL)
		return;
	from = row_at(list, *list->n - 1);
	last = find(list, from);
	memmove(row_at(list, gap->at - 1), from, list->size);
	last->at = gap->at;
	gap->at = GONE;
	--*list->n;
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
	memcpy(row_at(list, *list->n), row, list->size);
	++*list->n;
}

static struct key
seat_key(const void *row)
{
	const struct seat *s = row;

	return (struct key) { { s->tenant, s->product, s->person } };
}

static struct key
wait_key(const void *row)
{
	const struct wait *w = row;

	return (struct key) { { w->tenant, w->product, w->person } };
}

static struct key
wait_pool_key(const void *row)
{
	const struct wait_pool *w = row;

	/* since is an id: it names person and product */
	return (struct key) { { w->tenant, w->pool, w->rank, w->since } };
}

static struct key
grant_key(const void *row)
{
	const struct grant *g = row;

	return (struct key) { { g->tenant, g->person, g->product, g->reason } };
}

static void *
row_at(const struct list *list, size_t i)
{
	return (char *)*list->row + i * list->size;
}

/* The slot of ROW's key; NULL: it is not among the puts. */
static struct slot *
find(const struct list *list, const void *row)
{
	const struct places *p = list->places;
	struct key key = list->key(row), other;
	uint64_t hash = key_hash(&key);

	if (p->cap == 0)
		return NULL;
	for (size_t i = (size_t)hash & (p->cap - 1); p->slot[i].at != 0;
	     i = (i + 1) & (p->cap - 1)) {
		if (p->slot[i].at == GONE || p->slot[i].tag != hash >> 32)
			continue;
		other = list->key(row_at(list, p->slot[i].at - 1));
		if (memcmp(&key, &other, sizeof(key)) == 0)
			return &p->slot[i];
	}
	return NULL;
}

/* Row I, whose key is new, into a free slot. */
static void
place(const struct list *list, size_t i)
{
	struct places *p = list->places;
	struct key key = list->key(row_at(list, i));
	uint64_t hash = key_hash(&key);
	size_t at = (size_t)hash & (p->cap - 1);

	while (p->slot[at].at != 0)
		at = (at + 1) & (p->cap - 1);
	p->slot[at] = (struct slot) { (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	p->used++;
}

/* Places all rows anew; what is GONE is forgotten. */
static void
places_make(struct arena *arena, const struct list *list)
{
	struct places *p = list->places;

	for (p->cap = 64; p->cap < 4 * *list->n;)
		p->cap *= 2;
	p->slot = arena_array(arena, p->cap, sizeof(*p->slot));
	p->used = 0;
	for (size_t i = 0; i < *list->n; i++)
		place(list, i);
}

static uint64_t
key_hash(const struct key *key)
{
	uint64_t h = 0;

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
		sizeof(change), NULL, NULL };

	list_add(list->arena, &all, &change);
}

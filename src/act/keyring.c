/* SPDX-License-Identifier: Apache-2.0 */
#include "act/keyring.h"

#include <string.h>

#define FIRST 64

static size_t place_hash(const struct keyring *, const uint8_t hash[32]);
static size_t place_id(const struct keyring *, int64_t id);
static void insert(struct credential **, size_t n, size_t at,
    struct credential *);
static void delete(struct credential **, size_t n, size_t at);

struct credential *
keyring_hash(const struct keyring *k, const uint8_t hash[32])
{
	size_t at = place_hash(k, hash);

	if (at == k->n || memcmp(k->by_hash[at]->hash, hash, 32) != 0)
		return NULL;
	return k->by_hash[at];
}

struct credential *
keyring_id(const struct keyring *k, int64_t id)
{
	size_t at = place_id(k, id);

	return at < k->n && k->by_id[at]->id == id ? k->by_id[at] : NULL;
}

/* The first whose hash is not smaller. */
static size_t
place_hash(const struct keyring *k, const uint8_t hash[32])
{
	size_t from = 0, to = k->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (memcmp(k->by_hash[middle]->hash, hash, 32) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static size_t
place_id(const struct keyring *k, int64_t id)
{
	size_t from = 0, to = k->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (k->by_id[middle]->id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

void
keyring_put(struct keyring *k, const struct credential *c)
{
	struct credential *own = heap_alloc(1, sizeof(*own));

	must(keyring_hash(k, c->hash) == NULL);
	must(keyring_id(k, c->id) == NULL);
	if (k->n == k->cap) {
		k->cap = k->cap == 0 ? FIRST : k->cap * 2;
		k->by_hash = heap_grow(
		    k->by_hash, k->cap, sizeof(struct credential *));
		k->by_id =
		    heap_grow(k->by_id, k->cap, sizeof(struct credential *));
	}
	*own = *c;
	insert(k->by_hash, k->n, place_hash(k, c->hash), own);
	insert(k->by_id, k->n, place_id(k, c->id), own);
	k->n++;
}

static void
insert(struct credential **v, size_t n, size_t at, struct credential *c)
{
	memmove(v + at + 1, v + at, (n - at) * sizeof(struct credential *));
	v[at] = c;
}

void
keyring_drop(struct keyring *k, struct credential *c)
{
	delete(k->by_hash, k->n, place_hash(k, c->hash));
	delete(k->by_id, k->n, place_id(k, c->id));
	k->n--;
	arena_close(c->arena);
	heap_free(c);
}

static void
delete(struct credential **v, size_t n, size_t at)
{
	memmove(v + at, v + at + 1, (n - at - 1) * sizeof(struct credential *));
}

void
keyring_close(struct keyring *k)
{
	while (k->n > 0)
		keyring_drop(k, k->by_id[k->n - 1]);
	heap_free(k->by_hash);
	heap_free(k->by_id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyset.c - a small hash set of 256-bit keys.  The keys are outputs of a
 * keyed hash, so their first bytes are as good a hash as any.
 */
#include "act/act_int.h"

#include <string.h>

struct slot {
	unsigned kind;
	uint8_t	 key[32];
	void	*value;
};

struct keyset {
	struct slot *slot;
	size_t	     mask, n;
};

static struct slot *probe(const struct keyset *, unsigned, const void *);

struct keyset *
keyset_open(struct arena *arena, size_t max)
{
	struct keyset *set = arena_alloc(arena, sizeof(*set));
	size_t size = 16;

	while (size < max * 2)
		size *= 2;
	set->slot = arena_array(arena, size, sizeof(*set->slot));
	set->mask = size - 1;
	return set;
}

void *
keyset_find(const struct keyset *set, unsigned kind, const void *key32)
{
	return probe(set, kind, key32)->value;
}

void
keyset_put(struct keyset *set, unsigned kind, const void *key32, void *value)
{
	struct slot *slot = probe(set, kind, key32);

	must(value != NULL);
	if (slot->value == NULL) {
		must(++set->n <= set->mask);
		slot->kind = kind;
		memcpy(slot->key, key32, sizeof(slot->key));
	}
	slot->value = value;
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *
probe(const struct keyset *set, unsigned kind, const void *key32)
{
	uint64_t start;

	memcpy(&start, key32, sizeof(start));
	for (size_t i = (size_t)start + kind;; i++) {
		struct slot *slot = &set->slot[i & set->mask];

		if (slot->value == NULL || (slot->kind == kind
		    && memcmp(slot->key, key32, sizeof(slot->key)) == 0))
			return slot;
	}
}

struct str
digest_of(struct arena *arena, struct str text)
{
	struct hash *digest = arena_alloc(arena, sizeof(*digest));

	sha256(text, digest);
	return (struct str) { (const char *)digest->bytes,
		sizeof(digest->bytes) };
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dictionary.c - organisational strings as integers: two open hash tables
 * (by canonical text, by id) over one array of words.  Texts live in an arena
 * until the dictionary closes, so what dictionary_text() gives stays valid.
 */
#include <string.h>

#include "base/arena.h"
#include "base/canon.h"
#include "base/queue.h"

#include "core/catalogue.h"

#define TEXTS_MAX   ((size_t)1 << 30) /* beyond full, for what is under way */
#define SCRATCH_MAX ((size_t)1 << 20)

struct word {
	int64_t	   id;
	struct str key, text;
};

struct dictionary {
	struct lock  *lock;	/* guards everything below */
	struct arena *texts;	/* keys and texts of the words */
	struct arena *scratch;	/* of one look-up */
	struct word  *word;
	size_t	      nword;
	uint32_t     *by_key, *by_id; /* place in word + 1; 0: free */
	size_t	      nslot;	/* of each; a power of two, at least twice nword */
};

static struct str key_of(struct dictionary *, struct str);
static uint32_t *key_slot(struct dictionary *, struct str);
static uint32_t *id_slot(struct dictionary *, int64_t);
static void make_room(struct dictionary *);
static uint64_t text_hash(struct str);

struct dictionary *
dictionary_open(void)
{
	struct dictionary *d = heap_alloc(1, sizeof(*d));

	d->lock = lock_open();
	d->texts = arena_open(TEXTS_MAX);
	d->scratch = arena_open(SCRATCH_MAX);
	make_room(d);
	return d;
}

void
dictionary_close(struct dictionary *d)
{
	if (d == NULL)
		return;
	heap_free(d->word);
	heap_free(d->by_key);
	heap_free(d->by_id);
	arena_close(d->scratch);
	arena_close(d->texts);
	lock_close(d->lock);
	heap_free(d);
}

int64_t
dictionary_find(struct dictionary *d, struct str value)
{
	int64_t id = 0;
	uint32_t at;

	lock_take(d->lock);
	at = *key_slot(d, key_of(d, value));
	if (at != 0)
		id = d->word[at - 1].id;
	lock_give(d->lock);
	return id;
}

struct str
dictionary_text(struct dictionary *d, int64_t id)
{
	struct str text = { 0 };
	uint32_t at;

	lock_take(d->lock);
	at = *id_slot(d, id);
	if (at != 0)
		text = d->word[at - 1].text;
	lock_give(d->lock);
	return text;
}

int64_t
dictionary_add(struct dictionary *d, int64_t id, struct str value)
{
	struct str key;
	uint32_t *slot;

	must(id > 0);
	lock_take(d->lock);
	make_room(d);
	key = key_of(d, value);
	slot = key_slot(d, key);
	if (*slot == 0) {
		must(*id_slot(d, id) == 0);
		d->word[d->nword++] = (struct word) { id,
			str_copy(d->texts, key), str_copy(d->texts, value) };
		*slot = *id_slot(d, id) = (uint32_t)d->nword;
	}
	id = d->word[*slot - 1].id;
	lock_give(d->lock);
	return id;
}

size_t
dictionary_count(struct dictionary *d)
{
	size_t n;

	lock_take(d->lock);
	n = d->nword;
	lock_give(d->lock);
	return n;
}

bool
dictionary_is_full(struct dictionary *d)
{
	bool is_full;

	lock_take(d->lock);
	is_full = arena_used(d->texts) > DICTIONARY_BYTES_MAX;
	lock_give(d->lock);
	return is_full;
}

/* Valid until the next look-up.  What has no canonical form stands for itself. */
static struct str
key_of(struct dictionary *d, struct str value)
{
	struct str key;

	arena_reset(d->scratch);
	return canon_key(d->scratch, value, &key) ? key : value;
}

static uint32_t *
key_slot(struct dictionary *d, struct str key)
{
	size_t i = (size_t)text_hash(key) & (d->nslot - 1);

	while (d->by_key[i] != 0 && !str_eq(d->word[d->by_key[i] - 1].key, key))
		i = (i + 1) & (d->nslot - 1);
	return &d->by_key[i];
}

static uint32_t *
id_slot(struct dictionary *d, int64_t id)
{
	uint64_t hash = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(hash >> 32) & (d->nslot - 1);

	while (d->by_id[i] != 0 && d->word[d->by_id[i] - 1].id != id)
		i = (i + 1) & (d->nslot - 1);
	return &d->by_id[i];
}

/* For one word more. */
static void
make_room(struct dictionary *d)
{
	if (2 * (d->nword + 1) <= d->nslot)
		return;
	d->nslot = d->nslot == 0 ? 256 : 2 * d->nslot;
	d->word = heap_grow(d->word, d->nslot / 2, sizeof(*d->word));
	heap_free(d->by_key);
	heap_free(d->by_id);
	d->by_key = heap_alloc(d->nslot, sizeof(*d->by_key));
	d->by_id = heap_alloc(d->nslot, sizeof(*d->by_id));
	for (size_t i = 0; i < d->nword; i++) {
		*key_slot(d, d->word[i].key) = (uint32_t)i + 1;
		*id_slot(d, d->word[i].id) = (uint32_t)i + 1;
	}
}

/* FNV-1a. */
static uint64_t
text_hash(struct str s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return h ^ (h >> 32);
}

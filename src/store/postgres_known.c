/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_known.c - the statements that a session has been told, by their
 * texts: told once, each is neither read nor planned again.
 */
#include "store/postgres_int.h"

#include <stdio.h>
#include <string.h>

/* Both powers of two; a writer has some eighty. */
#define TEXTS_MAX 256
#define SLOTS	  (2 * TEXTS_MAX)
#define NAME_SIZE 32

struct known_text {
	char  *text;
	Oid   *type;		/* of its parameters */
	size_t ntype;
	bool   is_told;		/* in this session */
	char   name[NAME_SIZE];
};

struct known {
	struct known_text *slot[SLOTS];	/* open addressing by the text */
	size_t		   n;
};

static uint64_t hash_of(const char *, const struct pg_params *);
static size_t slot_of(const struct known *, const char *,
    const struct pg_params *);
static bool is_same(const struct known_text *, const char *,
    const struct pg_params *);
static void add(struct known *, size_t, const char *,
    const struct pg_params *);

struct known *
known_open(void)
{
	return heap_alloc(1, sizeof(struct known));
}

void
known_close(struct known *k)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if (k->slot[i] == NULL)
			continue;
		heap_free(k->slot[i]->text);
		heap_free(k->slot[i]->type);
		heap_free(k->slot[i]);
	}
	heap_free(k);
}

void
known_forget(struct known *k)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (k->slot[i] != NULL)
			k->slot[i]->is_told = false;
}

struct known_text *
known_find(struct known *k, const char *text, const struct pg_params *p)
{
	size_t at = slot_of(k, text, p);

	if (k->slot[at] == NULL && k->n < TEXTS_MAX)
		add(k, at, text, p);
	return k->slot[at];
}

static uint64_t
hash_of(const char *text, const struct pg_params *p)
{
	uint64_t h = 14695981039346656037U;

	for (const char *c = text; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 1099511628211U;
	for (size_t i = 0; i < p->n; i++)
		h = (h ^ p->type[i]) * 1099511628211U;
	return h;
}

static size_t
slot_of(const struct known *k, const char *text, const struct pg_params *p)
{
	uint64_t h = hash_of(text, p);
	size_t at = (size_t)(h ^ h >> 32) & (SLOTS - 1);

	while (k->slot[at] != NULL && !is_same(k->slot[at], text, p))
		at = (at + 1) & (SLOTS - 1);
	return at;
}

static bool
is_same(const struct known_text *t, const char *text, const struct pg_params *p)
{
	return t->ntype == p->n && strcmp(t->text, text) == 0 &&
	    memcmp(t->type, p->type, p->n * sizeof(*p->type)) == 0;
}

static void
add(struct known *k, size_t at, const char *text, const struct pg_params *p)
{
	struct known_text *t = heap_alloc(1, sizeof(*t));
	size_t size = strlen(text) + 1;

	t->text = heap_alloc(size, 1);
	memcpy(t->text, text, size);
	t->ntype = p->n;
	t->type = heap_alloc(p->n + 1, sizeof(*t->type));
	memcpy(t->type, p->type, p->n * sizeof(*p->type));
	/* In a session that is another's after all the name is no other text's. */
	must(snprintf(t->name, sizeof(t->name), "usher_%016llx",
		 (unsigned long long)hash_of(text, p)) > 0);
	k->slot[at] = t;
	k->n++;
}

const char *
known_name(const struct known_text *t)
{
	return t->name;
}

bool
known_told(struct known_text *t, bool is_told)
{
	bool was = t->is_told;

	t->is_told = is_told;
	return was;
}

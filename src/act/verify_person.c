/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_person.c - what hangs on a person: the wrapped key, the index entries
 * that lead to them, the references of their sources, blocks and open checks.
 */
#include "act/verify_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

#include "act/resource_int.h"

static enum err check_persons(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_present(struct verifying *, struct ctx *,
    const struct rows *);
static void check_uncounted(struct verifying *, const struct knowns *,
    enum msg);
static void wrong_count(struct verifying *, struct arena *, enum msg,
    const struct known *, int64_t said);
static enum err check_roles(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_keys(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_resources(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_counted(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_index(struct verifying *, struct ctx *,
    const struct index_change *, size_t n);
static struct index_change keys_of(struct ctx *, int64_t id, struct str keys);
static enum err check_index_size(struct verifying *, const struct table *,
    int64_t belong);
static enum err check_refs(struct verifying *, struct ctx *,
    const struct rows *);
static int by_key(const void *, const void *);
static enum err check_blocks(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_open(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_noted(struct verifying *, struct ctx *,
    const struct rows *);

enum err
verify_persons(struct verifying *v)
{
	TRY(walk(v, &PERSON, check_persons));
	TRY(walk(v, &PRESENT, check_present));
	check_uncounted(v, &v->present, MSG_VERIFY_PRESENT);
	TRY(walk(v, &ROLE, check_roles));
	TRY(walk(v, &RESOURCE, check_resources));
	TRY(walk(v, &RESOURCE_COUNT, check_counted));
	check_uncounted(v, &v->resources, MSG_VERIFY_RESOURCES);
	TRY(check_index_size(v, &IX_UNIQUE, v->unique));
	TRY(check_index_size(v, &IX_SEARCH, v->search));
	TRY(walk(v, &SOURCE_REF, check_refs));
	TRY(walk(v, &ONBOARDING, check_open));
	return walk(v, &OPEN_CHECKS, check_noted);
}

static enum err
check_persons(struct verifying *v, struct ctx *cx, const struct rows *persons)
{
	struct index_change *keys = arena_array(cx->arena, persons->n,
	    sizeof(*keys));

	for (size_t i = 0; i < persons->n; i++) {
		const struct person *p =
		    &((struct person *)persons->row)[i];

		compare(v, cx->arena, &(struct known) {
		    .kind = CHANGE_LIFECYCLE, .subject = p->id,
		    .value = (int64_t)p->lifecycle });
		keys[i] = keys_of(cx, p->id, p->keys);
		if (p->lifecycle < LIFE_LEFT)
			known_at(&v->present, &(struct known) {
			    .object = p->source })->value++;
	}
	v->out->persons += (int64_t)persons->n;
	TRY(check_index(v, cx, keys, persons->n));
	TRY(check_blocks(v, cx, persons));
	return check_keys(v, cx, persons);
}

static enum err
check_present(struct verifying *v, struct ctx *cx, const struct rows *counts)
{
	for (size_t i = 0; i < counts->n; i++) {
		const struct present_row *c =
		    &((struct present_row *)counts->row)[i];
		struct known *k = known_at(&v->present, &(struct known) {
		    .object = c->source });

		k->is_seen = true;
		if (k->value != c->persons)
			wrong_count(v, cx->arena, MSG_VERIFY_PRESENT, k,
			    c->persons);
	}
	return OK;
}

/* No row counts them. */
static void
check_uncounted(
    struct verifying *v, const struct knowns *counted, enum msg what)
{
	for (size_t i = 0; i < counted->nslot; i++) {
		const struct known *k = &counted->slot[i];

		if (k->is_used && !k->is_seen && k->value != 0)
			wrong_count(v, v->cx->arena, what, k, 0);
	}
}

/* Of resources the subject is their type. */
static void
wrong_count(struct verifying *v, struct arena *arena, enum msg what,
    const struct known *k, int64_t said)
{
	const struct declared_type *type =
	    catalogue_type(v->realm->catalogue, k->subject);

	found(v, what, ARGS(id_text(arena, k->object),
	    number_text(arena, said), number_text(arena, k->value),
	    type != NULL ? type->name : id_text(arena, k->subject)));
}

static enum err
check_roles(struct verifying *v, struct ctx *cx, const struct rows *roles)
{
	for (size_t i = 0; i < roles->n; i++) {
		const struct role_row *r = &((struct role_row *)roles->row)[i];

		compare(v, cx->arena, &(struct known) { .kind = CHANGE_ROLE,
		    .subject = r->person, .object = r->id, .in = r->role,
		    .value = r->state });
	}
	return OK;
}

/* Without its wrapped key a record can never be opened again. */
static enum err
check_keys(struct verifying *v, struct ctx *cx, const struct rows *persons)
{
	const struct person *p = persons->row;
	struct key_row *key = arena_array(cx->arena, persons->n,
	    sizeof(*key));
	bool *is_there = arena_array(cx->arena, persons->n,
	    sizeof(*is_there));
	struct rows rows;

	for (size_t i = 0; i < persons->n; i++) {
		key[i].tenant = p[i].tenant;
		key[i].person = p[i].id;
		key[i].version = p[i].key_version;
	}
	TRY(store_load(v->r->keys, &PERSON_KEY, key, persons->n, 3, 0,
	    &rows));
	for (size_t i = 0; i < rows.n; i++)
		is_there[rows.key[i]] =
		    ((struct key_row *)rows.row)[i].state != KEY_DESTROYED;
	for (size_t i = 0; i < persons->n; i++)
		if (!is_there[i] && p[i].lifecycle != LIFE_DELETED)
			found(v, MSG_VERIFY_KEY,
			    ARGS(id_text(cx->arena, p[i].id)));
	return OK;
}

/* --- the blind index ------------------------------------------------------------------ */

static enum err
check_resources(struct verifying *v, struct ctx *cx,
    const struct rows *resources)
{
	const struct resource_row *r = resources->row;
	struct index_change *keys = arena_array(cx->arena, resources->n,
	    sizeof(*keys));

	for (size_t i = 0; i < resources->n; i++) {
		compare(v, cx->arena,
		    &(struct known) { .kind = CHANGE_RESOURCE,
			.subject = r[i].id,
			.object = r[i].type,
			.in = resource_digest(&r[i]),
			.value = r[i].version });
		keys[i] = keys_of(cx, r[i].id, r[i].keys);
		known_at(&v->resources,
		    &(struct known) {
			.subject = r[i].type, .object = r[i].source })
		    ->value++;
	}
	return check_index(v, cx, keys, resources->n);
}

static enum err
check_counted(struct verifying *v, struct ctx *cx, const struct rows *counts)
{
	for (size_t i = 0; i < counts->n; i++) {
		const struct resource_count_row *c =
		    &((struct resource_count_row *)counts->row)[i];
		struct known *k = known_at(&v->resources,
		    &(struct known) {
			.subject = c->type, .object = c->source });

		k->is_seen = true;
		if (k->value != c->resources)
			wrong_count(v, cx->arena, MSG_VERIFY_RESOURCES, k,
			    c->resources);
	}
	return OK;
}

/* Of N persons or resources. */
static enum err
check_index(struct verifying *v, struct ctx *cx,
    const struct index_change *keys, size_t n)
{
	size_t total = 0, at = 0;
	bool *is_there;

	for (size_t i = 0; i < n; i++)
		total += keys[i].nput;
	is_there = arena_array(cx->arena, total, sizeof(*is_there));
	TRY(index_leads(v->r->data, v->realm->tenant, keys, n, is_there));
	for (size_t i = 0; i < n; i++) {
		int64_t missing = 0;

		for (size_t j = 0; j < keys[i].nput; j++, at++) {
			bool is_search = keys[i].put[j].kind == 0;

			missing += !is_there[at];
			v->search += is_there[at] && is_search;
			v->unique += is_there[at] && !is_search;
		}
		if (missing > 0)
			found(v, MSG_VERIFY_INDEX,
			    ARGS(id_text(cx->arena, keys[i].person),
			    number_text(cx->arena, missing)));
	}
	return OK;
}

/* Each once. */
static struct index_change
keys_of(struct ctx *cx, int64_t id, struct str keys)
{
	const struct index_key *packed;
	size_t n = index_unpack(cx->arena, keys, &packed), kept = 0;
	struct index_key *key = arena_copy(cx->arena, packed,
	    n * sizeof(*key));

	if (n > 0)
		qsort(key, n, sizeof(*key), by_key);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_key(&key[kept - 1], &key[i]) != 0)
			key[kept++] = key[i];
	return (struct index_change) { .person = id, .put = key,
		.nput = kept };
}

static int
by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct index_key));
}

/* Entries that no person's record names would lead a search astray. */
static enum err
check_index_size(struct verifying *v, const struct table *t, int64_t belong)
{
	int64_t tenant[8] = { v->realm->tenant }, n;

	must(t->row_size <= sizeof(tenant));
	TRY(store_count(v->r->data, t, tenant, 1, &n));
	if (n != belong)
		found(v, MSG_VERIFY_INDEX_STRAY,
		    ARGS(number_text(v->cx->arena, n - belong)));
	return OK;
}

/* --- sources ----------------------------------------------------------------------------- */

static enum err
check_refs(struct verifying *v, struct ctx *cx, const struct rows *refs)
{
	const struct source_ref *ref = refs->row;
	struct person *key = arena_array(cx->arena, refs->n, sizeof(*key));
	bool *is_there = arena_array(cx->arena, refs->n, sizeof(*is_there));
	struct rows rows;

	for (size_t i = 0; i < refs->n; i++) {
		key[i].tenant = ref[i].tenant;
		key[i].id = ref[i].person;
	}
	TRY(store_load(v->r->data, &PERSON, key, refs->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		is_there[rows.key[i]] = true;
	for (size_t i = 0; i < refs->n; i++)
		if (!is_there[i])
			found(v, MSG_VERIFY_REF,
			    ARGS(id_text(cx->arena, ref[i].person)));
	return OK;
}

/* --- blocks and open checks ---------------------------------------------------------------- */

/* The bits of the person's row, the rows of the blocks, and the log. */
static enum err
check_blocks(struct verifying *v, struct ctx *cx, const struct rows *persons)
{
	const struct person *p = persons->row;
	struct block *key = arena_array(cx->arena, persons->n, sizeof(*key));
	unsigned *bits = arena_array(cx->arena, persons->n, sizeof(*bits));
	struct rows rows;

	for (size_t i = 0; i < persons->n; i++) {
		key[i].tenant = p[i].tenant;
		key[i].person = p[i].id;
	}
	TRY(store_load(v->r->data, &BLOCK, key, persons->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct block *b = &((struct block *)rows.row)[i];

		if (b->kind > 0 && b->kind < BLOCK_COUNT)
			bits[rows.key[i]] |= 1u << b->kind;
		compare(v, cx->arena, &(struct known) { .kind = CHANGE_BLOCK,
		    .subject = b->person, .object = (int64_t)b->kind,
		    .value = 1 });
	}
	for (size_t i = 0; i < persons->n; i++)
		if (bits[i] != p[i].blocks)
			found(v, MSG_VERIFY_BLOCKS,
			    ARGS(id_text(cx->arena, p[i].id)));
	return OK;
}

/* An open onboarding is found by its person. */
static enum err
check_open(struct verifying *v, struct ctx *cx, const struct rows *onboardings)
{
	const struct onboarding_row *row = onboardings->row;
	struct open_row *key = arena_array(cx->arena, onboardings->n,
	    sizeof(*key));
	int64_t *noted = arena_array(cx->arena, onboardings->n,
	    sizeof(*noted));
	struct rows rows;

	for (size_t i = 0; i < onboardings->n; i++) {
		key[i].tenant = row[i].tenant;
		key[i].person = row[i].person;
	}
	TRY(store_load(v->r->data, &OPEN_CHECKS, key, onboardings->n, 2, 0,
	    &rows));
	for (size_t i = 0; i < rows.n; i++)
		noted[rows.key[i]] =
		    ((struct open_row *)rows.row)[i].onboarding;
	for (size_t i = 0; i < onboardings->n; i++)
		if (row[i].state == ONBOARDING_OPEN && noted[i] != row[i].id)
			found(v, MSG_VERIFY_OPEN_CHECKS,
			    ARGS(id_text(cx->arena, row[i].person)));
	return OK;
}

/* And what is found so is open: else seats would be held for nothing. */
static enum err
check_noted(struct verifying *v, struct ctx *cx, const struct rows *noted)
{
	const struct open_row *row = noted->row;
	struct onboarding_row *key = arena_array(cx->arena, noted->n,
	    sizeof(*key));
	bool *is_right = arena_array(cx->arena, noted->n, sizeof(*is_right));
	struct rows rows;

	for (size_t i = 0; i < noted->n; i++) {
		key[i].tenant = row[i].tenant;
		key[i].id = row[i].onboarding;
	}
	TRY(store_load(v->r->data, &ONBOARDING, key, noted->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct onboarding_row *o =
		    &((struct onboarding_row *)rows.row)[i];

		is_right[rows.key[i]] = o->state == ONBOARDING_OPEN
		    && o->person == row[rows.key[i]].person;
	}
	for (size_t i = 0; i < noted->n; i++)
		if (!is_right[i])
			found(v, MSG_VERIFY_OPEN_CHECKS,
			    ARGS(id_text(cx->arena, row[i].person)));
	return OK;
}

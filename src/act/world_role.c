/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_role.c - the roles of persons in memory, so that who somebody is and
 * what they may is known without a read; and the actor that follows from them.
 */
#include "act/world_int.h"

#include <string.h>

#define PAGE	   1000
#define SCOPE_MAX  (1u << 20)

static size_t first_of(const struct world *, uint32_t tenant, int64_t person);
static size_t place_of(const struct world *, const struct role_row *,
    bool *found);
static int compare(const struct role_slot *, uint32_t tenant, int64_t person,
    int64_t id);

void
world_role_set(struct world *w, const struct role_row *row,
    const struct filter *scope)
{
	struct role_slot slot = {
		.tenant = (uint32_t)row->tenant,
		.person = row->person,
		.held = { row->id, row->role, (enum role_state)row->state,
			NULL, row->since_ms, row->until_ms, row->author },
	};
	size_t at;
	bool found;

	if (scope != NULL) {
		slot.arena = arena_open(SCOPE_MAX);
		slot.held.scope = filter_for(slot.arena, scope, 0);
	}
	lock_take(w->mu);
	at = place_of(w, row, &found);
	if (found) {
		if (w->role[at].arena != NULL)
			arena_close(w->role[at].arena);
	} else {
		if (w->nrole == w->caprole) {
			w->caprole = 2 * w->caprole + 16;
			w->role = heap_grow(
			    w->role, w->caprole, sizeof(*w->role));
		}
		memmove(w->role + at + 1, w->role + at,
		    (w->nrole - at) * sizeof(*w->role));
		w->nrole++;
	}
	w->role[at] = slot;
	lock_give(w->mu);
}

void
world_role_drop(struct world *w, const struct role_row *row)
{
	size_t at;
	bool found;

	lock_take(w->mu);
	at = place_of(w, row, &found);
	if (found) {
		if (w->role[at].arena != NULL)
			arena_close(w->role[at].arena);
		w->nrole--;
		memmove(w->role + at, w->role + at + 1,
		    (w->nrole - at) * sizeof(*w->role));
	}
	lock_give(w->mu);
}

bool
world_has_roles(struct world *w, uint32_t tenant)
{
	const struct realm_slot *slot;
	size_t at;
	bool has;

	lock_take(w->mu);
	at = first_of(w, tenant, 0);
	slot = realm_find(w, tenant);
	has = (at < w->nrole && w->role[at].tenant == tenant)
	    || (slot != NULL && slot->has_roles);
	lock_give(w->mu);
	return has;
}

size_t
world_roles_count(struct world *w, uint32_t tenant)
{
	size_t n;

	lock_take(w->mu);
	n = first_of(w, tenant, INT64_MAX) - first_of(w, tenant, 0);
	lock_give(w->mu);
	return n;
}

void
world_roles_come(struct world *w, uint32_t tenant)
{
	struct realm_slot *slot;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		slot->has_roles = true;
	lock_give(w->mu);
}

const struct filter *
world_role_scope(struct world *w, struct arena *arena,
    const struct role_row *row)
{
	const struct filter *scope = NULL;
	size_t at;
	bool found;

	lock_take(w->mu);
	at = place_of(w, row, &found);
	if (found && w->role[at].held.scope != NULL)
		scope = filter_for(arena, w->role[at].held.scope, 0);
	lock_give(w->mu);
	return scope;
}

size_t
world_roles_of(struct world *w, struct arena *arena, uint32_t tenant,
    int64_t person, struct role_held **out)
{
	size_t at, n = 0;

	lock_take(w->mu);
	at = first_of(w, tenant, person);
	while (at + n < w->nrole && w->role[at + n].tenant == tenant
	    && w->role[at + n].person == person)
		n++;
	*out = arena_array(arena, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct role_held *h = &(*out)[i];

		*h = w->role[at + i].held;
		if (h->scope != NULL)
			h->scope = filter_for(arena, h->scope, 0);
	}
	lock_give(w->mu);
	return n;
}

size_t
world_role_holders(struct world *w, struct arena *arena, uint32_t tenant,
    int64_t now_ms, struct role_holder **out)
{
	size_t from, to, n = 0;

	lock_take(w->mu);
	from = to = first_of(w, tenant, 0);
	while (to < w->nrole && w->role[to].tenant == tenant)
		to++;
	*out = arena_array(arena, to - from + 1, sizeof(**out));
	for (size_t i = from; i < to; i++) {
		const struct role_slot *slot = &w->role[i];

		if (role_counts(&slot->held, now_ms)
		    && slot->held.scope == NULL)
			(*out)[n++] = (struct role_holder) { slot->held.role,
				slot->person };
	}
	lock_give(w->mu);
	return n;
}

enum err
world_person_actor(struct world *w, struct ctx *cx, uint32_t tenant,
    int64_t person, struct actor *out)
{
	const struct realm *realm;
	struct role_held *held;
	size_t n;

	TRY(world_realm(w, cx, tenant, &realm));
	if (realm->state != TENANT_ACTIVE)
		return fail(cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "");
	n = world_roles_of(w, cx->arena, tenant, person, &held);
	out->kind = ACTOR_PERSON;
	out->tenant = tenant;
	out->id = out->person = person;
	actor_of_roles(cx->arena, realm->catalogue, person, held, n,
	    cx->now_ms, out);
	return OK;
}

/* --- at start ---------------------------------------------------------------------------- */

enum err
world_read_roles(struct world *w, struct ctx *cx, struct tx *tx,
    uint32_t tenant, const struct opener *opener)
{
	struct role_row from = { .tenant = tenant };
	struct rows rows;
	bool is_first = true;

	do {
		TRY(store_page(tx, &ROLE, &from, 1, is_first, PAGE, &rows));
		TRY(world_put_roles(w, cx, &rows, opener));
		if (rows.n > 0)
			from = ((struct role_row *)rows.row)[rows.n - 1];
		is_first = false;
	} while (rows.n == PAGE);
	return OK;
}

enum err
world_put_roles(struct world *w, struct ctx *cx, const struct rows *rows,
    const struct opener *opener)
{
	const struct role_row *row = rows->row;
	const struct text_out **scope = arena_array(cx->arena, rows->n + 1,
	    sizeof(const struct text_out *));
	struct vault_call call;
	size_t asked = 0;

	vault_call_init(&call, cx->arena);
	call.capability = &opener->capability;
	for (size_t i = 0; i < rows->n; i++) {
		call.tenant = (uint32_t)row[i].tenant;
		if (row[i].scope.n == 0)
			continue;
		scope[i] = vault_text_open(&call, PURPOSE_NAME, row[i].id,
		    row[i].scope);
		asked++;
	}
	if (asked > 0)
		TRY(vault_run(opener->vault, cx, &call));
	for (size_t i = 0; i < rows->n; i++) {
		struct filter *filter = NULL;

		if (scope[i] != NULL && scope[i]->err != OK)
			return fail(cx, ERR_SEALED, MSG_WORLD_KEYS, "vault");
		/* It was compiled before it was stored. */
		if (scope[i] != NULL)
			must(filter_compile(cx, scope[i]->text, FILTER_RULE,
			    false, &filter) == OK);
		world_role_set(w, &row[i], filter);
	}
	return OK;
}

/* --- the sorted array -------------------------------------------------------------------- */

static size_t
first_of(const struct world *w, uint32_t tenant, int64_t person)
{
	size_t from = 0, to = w->nrole;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare(&w->role[middle], tenant, person, 0) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static size_t
place_of(const struct world *w, const struct role_row *row, bool *found)
{
	uint32_t tenant = (uint32_t)row->tenant;
	size_t at = first_of(w, tenant, row->person);

	while (at < w->nrole
	    && compare(&w->role[at], tenant, row->person, row->id) < 0)
		at++;
	*found = at < w->nrole
	    && compare(&w->role[at], tenant, row->person, row->id) == 0;
	return at;
}

static int
compare(const struct role_slot *slot, uint32_t tenant, int64_t person,
    int64_t id)
{
	if (slot->tenant != tenant)
		return slot->tenant < tenant ? -1 : 1;
	if (slot->person != person)
		return slot->person < person ? -1 : 1;
	return (slot->held.id > id) - (slot->held.id < id);
}

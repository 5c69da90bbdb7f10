/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_tenant.c - how a tenant stands, in memory: whether anybody may act in
 * it, what it may have at most, and that it is gone.
 */
#include "act/world_int.h"

#include <string.h>

static void drop_roles(struct world *, uint32_t tenant);
static void drop_notes(struct world *, uint32_t tenant);
static void drop_credentials(struct world *, uint32_t tenant);

void
world_tenant_state(struct world *w, uint32_t tenant, enum tenant_state state)
{
	struct realm_slot *slot;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL) {
		slot->state = state;
		slot->passed = (struct due_row) { 0 };
	}
	w->has_ends |= state == TENANT_DELETING;
	lock_wake(w->mu);
	lock_give(w->mu);
}

enum err
world_is_active(struct world *w, struct ctx *cx, uint32_t tenant)
{
	const struct realm_slot *slot;
	bool is_active;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	is_active = slot != NULL && slot->state == TENANT_ACTIVE;
	lock_give(w->mu);
	if (!is_active)
		return fail(cx, ERR_CONFLICT, MSG_TENANT_SUSPENDED, "");
	return OK;
}

void
world_tenant_limit(
    struct world *w, uint32_t tenant, enum tenant_limit kind, int64_t most)
{
	struct realm_slot *slot;

	must(kind < LIMIT_COUNT);
	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		slot->most[kind] = most;
	lock_give(w->mu);
}

int64_t
world_persons(struct world *w, uint32_t tenant)
{
	const struct realm_slot *slot;
	int64_t n = 0;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		n = slot->persons;
	lock_give(w->mu);
	return n;
}

void
world_persons_set(struct world *w, uint32_t tenant, int64_t n)
{
	struct realm_slot *slot;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		slot->persons = n;
	lock_give(w->mu);
}

enum tenant_state
world_state_of(struct world *w, uint32_t tenant)
{
	const struct realm_slot *slot;
	enum tenant_state state = 0;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		state = slot->state;
	lock_give(w->mu);
	return state;
}

void
world_persons_add(struct world *w, uint32_t tenant, int64_t n)
{
	struct realm_slot *slot;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		slot->persons += n;
	lock_give(w->mu);
}

/* --- gone --------------------------------------------------------------------------- */

void
world_tenant_drop(struct world *w, uint32_t tenant)
{
	struct realm_slot slot = { 0 };
	struct realm_slot *at;

	lock_take(w->mu);
	at = realm_find(w, tenant);
	if (at != NULL) {
		slot = *at;
		w->nrealm--;
		memmove(at, at + 1,
		    (size_t)(w->realm + w->nrealm - at) * sizeof(*at));
	}
	drop_credentials(w, tenant);
	drop_roles(w, tenant);
	drop_notes(w, tenant);
	lock_wake(w->mu);
	lock_give(w->mu);
	for (int q = WORK_QUEUE_NONE + 1; q < WORK_QUEUE_END; q++)
		queues_set(w->queues, &(struct queue_row) { .tenant = tenant,
		    .queue = q, .state = QUEUE_RUNNING }, STR(""));
	if (slot.edition != NULL)
		realm_release(&slot);
}

/* Actors under way still use the scopes of tokens and clients: those stay, for nobody. */
static void
drop_credentials(struct world *w, uint32_t tenant)
{
	for (size_t i = w->keyring.n; i-- > 0;) {
		struct credential *c = w->keyring.by_id[i];

		if (c->tenant != tenant)
			continue;
		c->revoked_ms = 1;
		if (c->kind == CREDENTIAL_SESSION)
			keyring_drop(&w->keyring, c);
	}
}

static void
drop_roles(struct world *w, uint32_t tenant)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->nrole; i++) {
		if (w->role[i].tenant != tenant)
			w->role[kept++] = w->role[i];
		else if (w->role[i].arena != NULL)
			arena_close(w->role[i].arena);
	}
	w->nrole = kept;
}

/* Capabilities for it are of no use, and who read what is gone with the log of it. */
static void
drop_notes(struct world *w, uint32_t tenant)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->naccess; i++)
		if (w->access[i].row.tenant != tenant)
			w->access[kept++] = w->access[i];
	w->naccess = kept;
	kept = 0;
	for (size_t i = 0; i < w->nminted; i++)
		if (w->minted[i].tenant != tenant)
			w->minted[kept++] = w->minted[i];
	w->nminted = kept;
	kept = 0;
	for (size_t i = 0; i < w->nfail; i++)
		if (w->fail[i].tenant != tenant)
			w->fail[kept++] = w->fail[i];
	w->nfail = kept;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_anew.c - a commit had no answer: what is in memory of its tenant is
 * read anew before the next one.  What is stored is put over it, and what is
 * stored no more is dropped; nobody who asks meanwhile finds it empty.
 */
#include "act/world_int.h"

#include <string.h>

struct held_keys {
	struct session_row *session;
	struct role_row	   *role;
	size_t		    nsession, nrole;
};

static enum err put_anew(struct world *, struct vault *, struct ctx *,
    struct tx *, uint32_t tenant);
static void find_held(struct world *, struct arena *, uint32_t tenant,
    struct held_keys *);
static enum err drop_sessions(struct world *, struct tx *,
    const struct held_keys *);
static enum err drop_roles(struct world *, struct tx *,
    const struct held_keys *);

enum err
world_anew(void *world, size_t lane, struct ctx *cx, uint32_t tenant)
{
	struct world *w = world;
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct tx *tx = tx_begin_all(db, cx);
	enum err err =
	    put_anew(w, w->vault[CHANNEL_SEALER + lane], cx, tx, tenant);

	tx_end(tx);
	db_close(db);
	return err;
}

/* A tenant that is not there was not made after all; tenant 0 is the deployment. */
static enum err
put_anew(struct world *w, struct vault *vault, struct ctx *cx, struct tx *tx,
    uint32_t tenant)
{
	struct tenant_row key = { .tenant = tenant };
	struct held_keys held;
	struct rows rows;

	if (tenant == 0)
		return deployment_read(w, tx);
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	if (rows.n == 0)
		return OK;
	find_held(w, cx->arena, tenant, &held);
	TRY(world_read_anew(w, vault, cx, tx, rows.row));
	TRY(drop_sessions(w, tx, &held));
	return drop_roles(w, tx, &held);
}

static void
find_held(struct world *w, struct arena *arena, uint32_t tenant,
    struct held_keys *out)
{
	*out = (struct held_keys) { 0 };
	lock_take(w->mu);
	out->session =
	    arena_array(arena, w->keyring.n + 1, sizeof(*out->session));
	for (size_t i = 0; i < w->keyring.n; i++) {
		const struct credential *c = w->keyring.by_id[i];

		if (c->kind == CREDENTIAL_SESSION && c->tenant == tenant)
			out->session[out->nsession++] =
			    (struct session_row) { .tenant = tenant,
				    .person = c->person,
				    .id = c->id };
	}
	out->role = arena_array(arena, w->nrole + 1, sizeof(*out->role));
	for (size_t i = 0; i < w->nrole; i++)
		if (w->role[i].tenant == tenant)
			out->role[out->nrole++] =
			    (struct role_row) { .tenant = tenant,
				    .person = w->role[i].person,
				    .id = w->role[i].held.id };
	lock_give(w->mu);
}

static enum err
drop_sessions(struct world *w, struct tx *tx, const struct held_keys *held)
{
	struct rows rows;
	size_t at = 0;

	TRY(store_load(
	    tx, &SESSION, held->session, held->nsession, 3, 0, &rows));
	for (size_t i = 0; i < held->nsession; i++) {
		const struct session_row *s = &held->session[i];

		if (at < rows.n && rows.key[at] == i)
			at++;
		else
			world_sessions_end(
			    w, (uint32_t)s->tenant, s->person, s->id, 0);
	}
	return OK;
}

static enum err
drop_roles(struct world *w, struct tx *tx, const struct held_keys *held)
{
	struct rows rows;
	size_t at = 0;

	TRY(store_load(tx, &ROLE, held->role, held->nrole, 3, 0, &rows));
	for (size_t i = 0; i < held->nrole; i++)
		if (at < rows.n && rows.key[at] == i)
			at++;
		else
			world_role_drop(w, &held->role[i]);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_anew.c - what is in memory of a tenant is read anew: all of it after a
 * commit that had no answer, and what notices name after commits of other
 * servers.  What is stored is put over it, and what is stored no more is
 * dropped; nobody who asks meanwhile finds it empty.  Nothing of ours is
 * written of the tenant while this goes on.
 */
#include "act/world_int.h"

#include <string.h>

/* Different subjects of one kind. */
struct subjects {
	int64_t *v;
	size_t	 n, cap;
	bool	 is_all;	/* whatever there is */
};

/* What memory had before. */
struct held_keys {
	struct session_row *session;
	struct role_row	   *role;
	size_t		    nsession, nrole;
};

static enum err put_all(struct world *, struct vault *, struct ctx *,
    struct tx *, uint32_t tenant);
static void collect(struct ctx *, const struct notice_row *, size_t,
    struct subjects[NOTICE_END]);
static bool has(const struct subjects *, int64_t);
static enum err put_words(struct world *, struct ctx *, struct tx *,
    const struct opener *, const struct subjects *);
static enum err put_catalogue(struct world *, struct ctx *, struct tx *,
    const struct opener *);
static enum err put_tokens(struct world *, struct tx *, const struct opener *,
    const struct subjects[NOTICE_END], enum credential_kind);
static enum err put_persons(struct world *, struct ctx *, struct tx *,
    const struct opener *, const struct subjects[NOTICE_END]);
static void find_held(struct world *, struct arena *, uint32_t tenant,
    const struct subjects[NOTICE_END], struct held_keys *);
static enum err drop_sessions(struct world *, struct tx *,
    const struct held_keys *);
static enum err drop_roles(struct world *, struct tx *,
    const struct held_keys *);

/* --- all -------------------------------------------------------------------- */

enum err
world_anew(void *world, size_t lane, struct ctx *cx, uint32_t tenant)
{
	struct world *w = world;
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct tx *tx;
	enum err err;

	if (w->node != NULL)
		node_hold(w->node, tenant);
	tx = tx_begin_all(db, cx);
	err = put_all(w, w->vault[CHANNEL_SEALER + lane], cx, tx, tenant);
	if (w->node != NULL)
		node_release(w->node, err == OK ? tx : NULL, tenant);
	tx_end(tx);
	db_close(db);
	return err;
}

/* A tenant that is not there was not made after all; tenant 0 is the deployment. */
static enum err
put_all(struct world *w, struct vault *vault, struct ctx *cx, struct tx *tx,
    uint32_t tenant)
{
	struct tenant_row key = { .tenant = tenant };
	const struct subjects all[NOTICE_END] = {
		[NOTICE_SESSION].is_all = true, [NOTICE_ROLE].is_all = true
	};
	struct held_keys held;
	struct rows rows;

	if (tenant == 0)
		return deployment_read(w, tx, deployment_sets(w));
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	if (rows.n == 0)
		return OK;
	find_held(w, cx->arena, tenant, all, &held);
	TRY(world_read_anew(w, vault, cx, tx, rows.row));
	TRY(drop_sessions(w, tx, &held));
	return drop_roles(w, tx, &held);
}

/* --- what notices name ------------------------------------------------------ */

enum err
world_anew_noticed(struct world *w, struct ctx *cx, struct tx *tx,
    const struct mark *mark, const struct notice_list *notices)
{
	uint32_t tenant = (uint32_t)mark->tenant;
	struct subjects of[NOTICE_END] = { 0 };
	struct held_keys held;
	struct opener opener;

	if (!world_opener(w, w->vault[CHANNEL_NODE], tenant, &opener))
		return OK;
	collect(cx, notices->row, notices->n, of);
	find_held(w, cx->arena, tenant, of, &held);
	TRY(put_words(w, cx, tx, &opener, &of[NOTICE_WORD]));
	if (of[NOTICE_CATALOGUE].n > 0)
		TRY(put_catalogue(w, cx, tx, &opener));
	if (of[NOTICE_LIMIT].n > 0)
		TRY(world_read_limits(w, tx, tenant));
	TRY(put_tokens(w, tx, &opener, of, CREDENTIAL_TOKEN));
	TRY(put_tokens(w, tx, &opener, of, CREDENTIAL_CLIENT));
	TRY(put_persons(w, cx, tx, &opener, of));
	TRY(drop_sessions(w, tx, &held));
	TRY(drop_roles(w, tx, &held));
	if (of[NOTICE_QUEUE].n > 0)
		TRY(world_read_queues(w, cx, tx, &opener));
	world_persons_set(w, tenant, mark->persons);
	if (world_state_of(w, tenant) != (enum tenant_state)mark->state)
		world_tenant_state(w, tenant, (enum tenant_state)mark->state);
	return OK;
}

static void
collect(struct ctx *cx, const struct notice_row *notice, size_t n,
    struct subjects of[NOTICE_END])
{
	for (size_t i = 0; i < n; i++) {
		struct subjects *s;

		/* A later program's, of what we keep nothing. */
		if (notice[i].kind <= 0 || notice[i].kind >= NOTICE_END)
			continue;
		s = &of[notice[i].kind];
		if (notice[i].subject == 0)
			s->is_all = true;
		else if (!has(s, notice[i].subject))
			list_add(cx->arena, s, notice[i].subject);
	}
}

static bool
has(const struct subjects *s, int64_t subject)
{
	for (size_t i = s->n; i-- > 0;)
		if (s->v[i] == subject)
			return true;
	return false;
}

static enum err
put_words(struct world *w, struct ctx *cx, struct tx *tx,
    const struct opener *opener, const struct subjects *s)
{
	struct rows rows;

	if (s->n == 0)
		return OK;
	TRY(word_list(tx, opener->tenant, s->v, s->n, &rows));
	return rows.n == 0 ? OK : world_read_words(w, cx, &rows, opener);
}

static enum err
put_catalogue(
    struct world *w, struct ctx *cx, struct tx *tx, const struct opener *opener)
{
	struct tenant_row key = { .tenant = opener->tenant };
	struct rows rows;

	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	return rows.n == 0 ? OK
			   : world_read_catalogue(w, cx, tx, rows.row, opener);
}

static enum err
put_tokens(struct world *w, struct tx *tx, const struct opener *opener,
    const struct subjects of[NOTICE_END], enum credential_kind kind)
{
	const bool is_token = kind == CREDENTIAL_TOKEN;
	const struct subjects *s = &of[is_token ? NOTICE_TOKEN : NOTICE_CLIENT];
	struct token_row *key =
	    arena_array(tx_ctx(tx)->arena, s->n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < s->n; i++) {
		key[i].tenant = opener->tenant;
		key[i].id = s->v[i];
	}
	TRY(store_load(
	    tx, is_token ? &TOKEN : &CLIENT, key, s->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		TRY(world_read_token(
		    w, tx, &((struct token_row *)rows.row)[i], opener, kind));
	return OK;
}

/* Roles and sessions of the persons that are named. */
static enum err
put_persons(struct world *w, struct ctx *cx, struct tx *tx,
    const struct opener *opener, const struct subjects of[NOTICE_END])
{
	const struct subjects *r = &of[NOTICE_ROLE], *s = &of[NOTICE_SESSION];
	struct role_row *role = arena_array(cx->arena, r->n + 1, sizeof(*role));
	struct session_row *session =
	    arena_array(cx->arena, s->n + 1, sizeof(*session));
	struct rows rows;

	for (size_t i = 0; i < r->n; i++)
		role[i] = (struct role_row) { .tenant = opener->tenant,
			.person = r->v[i] };
	for (size_t i = 0; i < s->n; i++)
		session[i] = (struct session_row) { .tenant = opener->tenant,
			.person = s->v[i] };
	TRY(store_load(tx, &ROLE, role, r->n, 2, 0, &rows));
	TRY(world_put_roles(w, cx, &rows, opener));
	TRY(store_load(tx, &SESSION, session, s->n, 2, 0, &rows));
	return world_read_sessions(w, tx, &rows);
}

/* --- what is stored no more ------------------------------------------------- */

static void
find_held(struct world *w, struct arena *arena, uint32_t tenant,
    const struct subjects of[NOTICE_END], struct held_keys *out)
{
	const struct subjects *r = &of[NOTICE_ROLE], *s = &of[NOTICE_SESSION];

	*out = (struct held_keys) { 0 };
	if (!r->is_all && !s->is_all && r->n + s->n == 0)
		return;
	lock_take(w->mu);
	out->session =
	    arena_array(arena, w->keyring.n + 1, sizeof(*out->session));
	for (size_t i = 0; (s->is_all || s->n > 0) && i < w->keyring.n; i++) {
		const struct credential *c = w->keyring.by_id[i];

		if (c->kind == CREDENTIAL_SESSION && c->tenant == tenant &&
		    (s->is_all || has(s, c->person)))
			out->session[out->nsession++] =
			    (struct session_row) { .tenant = tenant,
				    .person = c->person,
				    .id = c->id };
	}
	out->role = arena_array(arena, w->nrole + 1, sizeof(*out->role));
	for (size_t i = 0; (r->is_all || r->n > 0) && i < w->nrole; i++)
		if (w->role[i].tenant == tenant &&
		    (r->is_all || has(r, w->role[i].person)))
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
	bool *is_open;

	TRY(store_load(
	    tx, &SESSION, held->session, held->nsession, 3, 0, &rows));
	TRY(sessions_open(tx, held->session, held->nsession, &is_open));
	for (size_t i = 0; i < held->nsession; i++) {
		const struct session_row *s = &held->session[i];

		if (at < rows.n && rows.key[at] == i)
			at++;
		else
			is_open[i] = false;
		if (!is_open[i])
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

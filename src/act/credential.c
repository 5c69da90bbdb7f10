/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.c - who is behind a request: API tokens, clients, sessions.
 *
 * A token is 256 random bits, looked up by its SHA-256: whoever reads the
 * memory or the table cannot use it, and no vault call is needed (MODEL.md 2).
 * A signed access token names the session it belongs to, which is asked for
 * here each time: its signature says who it was made for, not that it is good.
 */
#include "act/world_int.h"

#include "act/jwt.h"
#include "act/login.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#define MINUTE_MS INT64_C(60000)
#define PART_MAX  1000		/* last uses of one commit */

static bool is_live(struct world *, const struct credential *, int64_t now);
static bool is_welcome(struct world *, struct credential *,
    const struct actor *);
static void enter(struct world *, struct credential *, struct actor *);
static enum err refuse(struct ctx *);
static enum err refuse_client(struct ctx *);
static enum err complete(struct world *, struct ctx *, struct actor *,
    uint64_t rights);
static enum err by_access_token(struct world *, struct ctx *, struct str,
    struct actor *);
static uint64_t most_of(const struct actor *);
static bool is_of(const struct credential *, const struct jwt *);
static void sessions_seen(struct world *, const struct rows *);

/* --- what is known ---------------------------------------------------------------- */

void
world_token_set(struct world *w, enum credential_kind kind,
    const struct token_row *row, const struct token_reach *reach)
{
	struct credential c = {
		.kind = kind,
		.arena = arena_open(1 << 20),
		.tenant = (uint32_t)row->tenant,
		.id = row->id,
		.family = row->family,
		.source = row->source,
		.created_ms = row->created_ms,
		.expires_ms = row->expires_ms,
		.revoked_ms = row->revoked_ms,
		.rights = (uint64_t)row->rights,
		.seen_ms = row->last_used_ms,
		.kept_ms = row->last_used_ms,
		.nnet = reach->nnet,
	};
	struct ctx cx = { .arena = c.arena };
	struct credential *at;

	must(row->hash.n == sizeof(c.hash));
	memcpy(c.hash, row->hash.p, sizeof(c.hash));
	if (c.nnet > 0)
		c.net = arena_copy(
		    c.arena, reach->net, c.nnet * sizeof(*c.net));
	/* It was compiled before it was stored. */
	if (reach->scope.n > 0)
		must(filter_compile(&cx, str_copy(cx.arena, reach->scope),
		    FILTER_RULE, false, &c.scope) == OK);
	lock_take(w->mu);
	at = keyring_hash(&w->keyring, c.hash);
	if (at != NULL) {
		/* Actors under way still use the old scope: it is kept. */
		at->revoked_ms = c.revoked_ms;
		at->expires_ms = c.expires_ms;
	} else {
		keyring_put(&w->keyring, &c);
	}
	lock_give(w->mu);
	if (at != NULL)
		arena_close(c.arena);
}

void
world_session_set(struct world *w, const struct session_row *row)
{
	struct credential c = {
		.kind = CREDENTIAL_SESSION,
		.tenant = (uint32_t)row->tenant,
		.id = row->id,
		.person = row->person,
		.created_ms = row->created_ms,
		.expires_ms = row->expires_ms,
		.factors = (unsigned)row->factors,
		.factor_ms = row->factor_ms,
		.seen_ms = row->seen_ms,
		.kept_ms = row->seen_ms,
	};
	struct credential *at;

	must(row->hash.n == sizeof(c.hash));
	memcpy(c.hash, row->hash.p, sizeof(c.hash));
	lock_take(w->mu);
	at = keyring_hash(&w->keyring, c.hash);
	if (at == NULL) {
		keyring_put(&w->keyring, &c);
	} else {
		at->expires_ms = c.expires_ms;
		at->factors = c.factors;
		at->factor_ms = c.factor_ms;
		if (at->seen_ms < c.seen_ms)
			at->seen_ms = c.seen_ms;
	}
	lock_give(w->mu);
}

void
world_sessions_end(struct world *w, uint32_t tenant, int64_t person,
    int64_t session, int64_t except)
{
	lock_take(w->mu);
	for (size_t i = w->keyring.n; i-- > 0;) {
		struct credential *c = w->keyring.by_id[i];

		if (c->kind == CREDENTIAL_SESSION && c->tenant == tenant
		    && c->person == person && c->id != except
		    && (session == 0 || c->id == session))
			keyring_drop(&w->keyring, c);
	}
	lock_give(w->mu);
}

bool
world_token_held(
    struct world *w, uint32_t tenant, int64_t id, struct held *out)
{
	const struct credential *c;
	bool is_there;

	lock_take(w->mu);
	c = keyring_id(&w->keyring, id);
	is_there = c != NULL && c->tenant == tenant
	    && c->kind != CREDENTIAL_SESSION;
	if (is_there)
		*out = (struct held) { c->rights, c->scope };
	lock_give(w->mu);
	return is_there;
}

int64_t
world_token_used(struct world *w, uint32_t tenant, int64_t id)
{
	const struct credential *c;
	int64_t used = 0;

	lock_take(w->mu);
	c = keyring_id(&w->keyring, id);
	if (c != NULL && c->tenant == tenant)
		used = c->seen_ms;
	lock_give(w->mu);
	return used;
}

int64_t
world_token_source(struct world *w, uint32_t tenant, int64_t token)
{
	const struct credential *c;
	int64_t source = 0;

	lock_take(w->mu);
	c = keyring_id(&w->keyring, token);
	if (c != NULL && c->tenant == tenant)
		source = c->source;
	lock_give(w->mu);
	return source;
}

size_t
world_sessions(struct world *w, struct arena *arena, const struct actor *actor,
    struct session_view **out)
{
	struct session_view *v;
	size_t n = 0;

	lock_take(w->mu);
	*out = v = arena_array(arena, w->keyring.n + 1, sizeof(*v));
	for (size_t i = 0; i < w->keyring.n && actor->person != 0; i++) {
		const struct credential *c = w->keyring.by_id[i];

		if (c->kind != CREDENTIAL_SESSION || c->tenant != actor->tenant
		    || c->person != actor->person
		    || !is_live(w, c, clock_now_ms()))
			continue;
		v[n++] = (struct session_view) { c->id, c->created_ms,
			c->factor_ms, c->seen_ms, c->expires_ms, c->factors,
			c->id == actor->session };
	}
	lock_give(w->mu);
	return n;
}

struct str
session_csrf(struct arena *arena, struct str secret)
{
	struct hash hash;

	sha256(str_fmt(arena, "usher csrf %.*s", STR_ARG(secret)), &hash);
	return str_base64url(
	    arena, (struct str) { (const char *)hash.bytes, 32 });
}

/* --- who asks ----------------------------------------------------------------------- */

enum err
world_authenticate(
    struct world *w, struct ctx *cx, struct str token, struct actor *out)
{
	struct credential *c;
	struct hash hash;
	bool is_good;

	if (str_find(token, '.') < token.n)
		return by_access_token(w, cx, token, out);
	sha256(token, &hash);
	lock_take(w->mu);
	c = keyring_hash(&w->keyring, hash.bytes);
	is_good = c != NULL && c->kind == CREDENTIAL_TOKEN
	    && is_welcome(w, c, out);
	if (is_good)
		enter(w, c, out);
	lock_give(w->mu);
	return is_good ? OK : refuse(cx);
}

enum err
world_session(
    struct world *w, struct ctx *cx, struct str secret, struct actor *out)
{
	struct credential *c;
	struct hash hash;
	bool is_good;

	sha256(secret, &hash);
	lock_take(w->mu);
	c = keyring_hash(&w->keyring, hash.bytes);
	is_good = c != NULL && c->kind == CREDENTIAL_SESSION
	    && is_welcome(w, c, out);
	if (is_good)
		enter(w, c, out);
	lock_give(w->mu);
	return is_good ? complete(w, cx, out, most_of(out)) : refuse(cx);
}

/* What an activation opened is for the person's own account (C6), until a password is given. */
static uint64_t
most_of(const struct actor *actor)
{
	return (actor->factors & (FACTOR_PASSWORD | FACTOR_PASSKEY)) != 0
	    ? UINT64_MAX : RIGHT_BIT(RIGHT_SELF);
}

/* The secret is looked up, the id must be its own: a wrong one of either says no more. */
enum err
world_client(struct world *w, struct ctx *cx, struct str id,
    struct str secret, struct actor *out)
{
	struct credential *c;
	struct hash hash;
	int64_t number;
	bool is_good;

	if (!id_decode(id, &number))
		return refuse_client(cx);
	sha256(secret, &hash);
	lock_take(w->mu);
	c = keyring_hash(&w->keyring, hash.bytes);
	is_good = c != NULL && c->kind == CREDENTIAL_CLIENT
	    && c->id == number && is_welcome(w, c, out);
	if (is_good)
		enter(w, c, out);
	lock_give(w->mu);
	return is_good ? OK : refuse_client(cx);
}

static enum err
refuse_client(struct ctx *cx)
{
	return fail(cx, ERR_UNAUTHENTICATED, MSG_OAUTH_CLIENT, "client_id");
}

/* What the token says it may is the most; what its holder may now is what counts. */
static enum err
by_access_token(
    struct world *w, struct ctx *cx, struct str token, struct actor *out)
{
	struct token_key key[TOKEN_KEYS];
	const struct jwt_keys keys = { w->issuer, key, TOKEN_KEYS };
	struct credential *c;
	struct jwt jwt;
	bool is_good;

	world_token_keys(w, key);
	TRY(jwt_read(cx, &keys, token, clock_now_ms(), &jwt));
	lock_take(w->mu);
	c = keyring_id(&w->keyring, jwt.session);
	is_good = c != NULL && is_of(c, &jwt) && is_welcome(w, c, out);
	if (is_good)
		enter(w, c, out);
	lock_give(w->mu);
	if (!is_good)
		return refuse(cx);
	out->factors |= FACTOR_TOKEN;
	return complete(w, cx, out, jwt.rights | RIGHT_BIT(RIGHT_SELF));
}

static bool
is_of(const struct credential *c, const struct jwt *jwt)
{
	if (c->tenant != jwt->tenant)
		return false;
	if (c->kind == CREDENTIAL_CLIENT)
		return c->id == jwt->client && c->id == jwt->subject;
	return c->kind == CREDENTIAL_SESSION && c->person == jwt->subject
	    && jwt->client == 0;
}

static enum err
refuse(struct ctx *cx)
{
	return fail(cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "Authorization");
}

/* mu held. */
static bool
is_welcome(struct world *w, struct credential *c, const struct actor *actor)
{
	int64_t now = clock_now_ms();

	if (!is_live(w, c, now))
		return false;
	if (c->nnet > 0 && !net_has(c->net, c->nnet, actor->address))
		return false;
	c->seen_ms = now;
	return true;
}

static bool
is_live(struct world *w, const struct credential *c, int64_t now)
{
	const struct realm_slot *realm = realm_find(w, c->tenant);
	int64_t idle;

	if (realm == NULL || realm->state != TENANT_ACTIVE || c->revoked_ms != 0
	    || (c->expires_ms != 0 && c->expires_ms <= now))
		return false;
	if (c->kind != CREDENTIAL_SESSION)
		return true;
	idle = realm->edition->catalogue->setting[SETTING_SESSION_IDLE];
	return now - c->seen_ms < idle * MINUTE_MS;
}

static void
enter(struct world *w, struct credential *c, struct actor *out)
{
	(void)w;
	out->tenant = c->tenant;
	if (c->kind == CREDENTIAL_SESSION) {
		out->kind = ACTOR_PERSON;
		out->id = out->person = c->person;
		out->session = c->id;
		out->factors = c->factors;
		out->factor_ms = c->factor_ms;
		return;
	}
	out->kind = ACTOR_CLIENT;
	out->id = c->id;
	out->family = c->family;
	out->rights = c->rights | RIGHT_BIT(RIGHT_SELF);
	out->scope = c->scope;
	out->factors = FACTOR_TOKEN;
}

/* A person's rights are looked up now, and are at most RIGHTS. */
static enum err
complete(struct world *w, struct ctx *cx, struct actor *out, uint64_t rights)
{
	struct held *held;

	if (out->kind == ACTOR_PERSON) {
		TRY(world_person_actor(w, cx, out->tenant, out->person, out));
		held = arena_copy(
		    cx->arena, out->held, out->nheld * sizeof(*held));
		for (size_t i = 0; i < out->nheld; i++)
			held[i].rights &= rights;
		out->held = held;
	}
	out->rights &= rights;
	return OK;
}

/* --- keys of access tokens ------------------------------------------------------------ */

struct str
world_issuer(const struct world *w)
{
	return w->issuer;
}

void
world_token_keys(struct world *w, struct token_key out[TOKEN_KEYS])
{
	lock_take(w->mu);
	memcpy(out, w->token_key, sizeof(w->token_key));
	lock_give(w->mu);
}

enum err
token_keys_read(struct world *w, struct ctx *cx)
{
	struct token_key key[TOKEN_KEYS];

	TRY(vault_token_keys(w->vault[CHANNEL_CLOCK], cx, key));
	lock_take(w->mu);
	memcpy(w->token_key, key, sizeof(key));
	lock_give(w->mu);
	return OK;
}

/* --- last uses -------------------------------------------------------------------------- */

struct use {
	int64_t		     tenant, person, id, seen_ms;
	enum credential_kind kind;
};

static enum err
save_use(struct tx *tx, const struct use *u)
{
	struct token_row token = { .tenant = u->tenant, .id = u->id };
	struct session_row session = { .tenant = u->tenant,
		.person = u->person, .id = u->id };
	const struct table *table =
	    u->kind == CREDENTIAL_TOKEN ? &TOKEN : &CLIENT;
	struct rows rows;

	if (u->kind == CREDENTIAL_SESSION) {
		TRY(store_load(tx, &SESSION, &session, 1, 3, 0, &rows));
		if (rows.n == 0
		    || ((struct session_row *)rows.row)->seen_ms >= u->seen_ms)
			return OK;
		((struct session_row *)rows.row)->seen_ms = u->seen_ms;
		return store_save(tx, &SESSION, rows.row, 1, NULL);
	}
	TRY(store_load(tx, table, &token, 1, 2, 0, &rows));
	if (rows.n == 0)
		return OK;
	((struct token_row *)rows.row)->last_used_ms = u->seen_ms;
	return store_save(tx, table, rows.row, 1, NULL);
}

/* Of one tenant, whose row is locked: nobody changes meanwhile what is saved as it was loaded. */
static enum err
uses_save(struct batch *b, struct tx *tx)
{
	tx_quiet(tx, true);
	for (size_t i = 0; i < b->n; i++) {
		const struct share *in = b->item[i]->in;

		for (size_t j = 0; j < in->n; j++)
			TRY(save_use(tx, (const struct use *)in->row + j));
	}
	tx_quiet(tx, false);
	return OK;
}

static const struct use_case uses = { .name = "uses", .save = uses_save };

/* Not with each request: once a minute, those that were used since. */
void
uses_write(struct world *w)
{
	size_t n;

	w->kept_ms = clock_mono_ns() / 1000000;
	do {
		struct arena *arena = arena_open(16 << 20);
		struct use *use = arena_array(arena, PART_MAX, sizeof(*use));

		n = 0;
		lock_take(w->mu);
		for (size_t i = 0; i < w->keyring.n && n < PART_MAX; i++) {
			struct credential *c = w->keyring.by_id[i];

			if (c->seen_ms == c->kept_ms)
				continue;
			c->kept_ms = c->seen_ms;
			use[n++] = (struct use) { c->tenant, c->person,
				c->id, c->seen_ms, c->kind };
		}
		lock_give(w->mu);
		/* What is not stored now is stored with the next use. */
		if (shares_write(w, &uses, NULL,
			&(struct row_list) {
			    use, n, sizeof(*use), 0, NULL }) > 0)
			n = 0;
		arena_close(arena);
	} while (n == PART_MAX);
}

/* A session is idle when no server saw it: those that this one has not seen for a minute are looked up. */
void
uses_read(struct world *w, struct db *data)
{
	const int64_t since_ms = clock_now_ms() - MINUTE_MS;
	int64_t last = 0;
	size_t n;

	do {
		struct arena *arena = arena_open(16 << 20);
		struct ctx cx = { .arena = arena };
		struct session_row *key =
		    arena_array(arena, PART_MAX, sizeof(*key));
		struct tx *tx;
		struct rows rows = { 0 };

		n = 0;
		lock_take(w->mu);
		for (size_t i = 0; i < w->keyring.n && n < PART_MAX; i++) {
			const struct credential *c = w->keyring.by_id[i];

			if (c->id <= last || c->kind != CREDENTIAL_SESSION
			    || c->seen_ms >= since_ms)
				continue;
			key[n++] = (struct session_row) { .tenant = c->tenant,
				.person = c->person, .id = c->id };
			last = c->id;
		}
		lock_give(w->mu);
		tx = tx_begin_all(data, &cx);
		if (store_load(tx, &SESSION, key, n, 3, 0, &rows) == OK)
			sessions_seen(w, &rows);
		tx_end(tx);
		arena_close(arena);
	} while (n == PART_MAX);
}

static void
sessions_seen(struct world *w, const struct rows *rows)
{
	const struct session_row *row = rows->row;

	lock_take(w->mu);
	for (size_t i = 0; i < rows->n; i++) {
		struct credential *c = keyring_id(&w->keyring, row[i].id);

		if (c != NULL && c->seen_ms < row[i].seen_ms)
			c->seen_ms = c->kept_ms = row[i].seen_ms;
	}
	lock_give(w->mu);
}

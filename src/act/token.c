/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - API tokens and OAuth clients (made, rotated, revoked), and the
 * sources they bring persons as.
 *
 * A secret is shown once.  Nobody grants a right they do not hold.
 */
#include "act/world_int.h"

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

#include "core/net.h"
#include "core/role.h"

#define LABEL_CHARS 100

/* What differs between the two. */
static const struct flavour {
	enum credential_kind kind;
	const struct table  *table;
	enum action	     created, revoked;
	enum subject_kind    subject;
} flavours[] = {
	[false] = { CREDENTIAL_TOKEN, &TOKEN, ACTION_TOKEN_CREATED, ACTION_TOKEN_REVOKED, SUBJECT_TOKEN },
	[true] = { CREDENTIAL_CLIENT, &CLIENT, ACTION_CLIENT_CREATED, ACTION_CLIENT_REVOKED, SUBJECT_CLIENT },
};

struct token_state {
	int64_t		       id, source_id, most;
	uint64_t	       rights;
	struct hash	       hash;
	struct net	      *net;
	size_t		       nnet;
	const struct text_out *label, *scope, *source;
	const struct index_out *source_key;
	struct token_row       row;
	struct token_out      *out;
	/* of a rotation */
	struct token_row       old;
	struct str	       scope_text;
};

static enum err check_token(struct item *, const struct realm *,
    struct token_state *);
static enum err check_rights(struct item *, const struct realm *,
    struct token_state *);
static enum err check_nets(struct item *, struct token_state *);
static enum err check_reach(struct ctx *, uint64_t rights,
    const struct filter *scope);
static void make_secret(struct item *, struct token_state *, bool is_client);
static enum err save_token(struct item *, struct tx *, struct logbook *);
static enum err save_nets(struct tx *, const struct token_state *);
static enum err find_own(struct world *, struct item *, struct tx *,
    const struct token_revoke_in *, struct token_row **);
static enum err count_tokens(struct item *, struct tx *, int64_t except);
static enum err ensure_source(struct item *, struct tx *,
    const struct text_out *name, const struct index_out *key,
    struct source_row *);

enum err
check_fresh(struct ctx *cx)
{
	const struct actor *a = cx->actor;

	if (a->session == 0 || cx->now_ms - a->factor_ms <= FRESH_MS)
		return OK;
	return fail(cx, ERR_DENIED, MSG_LOGIN_STEP_UP, "");
}

/* --- making one ---------------------------------------------------------------- */

static enum err
create_want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct token_in *in = it->in;
		struct token_state *s =
		    arena_alloc(it->cx->arena, sizeof(*s));
		const struct realm *realm;

		it->state = s;
		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err == OK)
			it->err = check_token(it, realm, s);
		if (it->err != OK)
			continue;
		make_secret(it, s, in->is_client);
		s->most = in->is_client ? 0 : realm->most[LIMIT_TOKENS];
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		s->source_key = vault_index(call,
		    source_name_value(it->cx->arena, in->source), 1);
		s->source_id = id_new();
		s->source = vault_text_seal(call, PURPOSE_NAME, s->source_id,
		    in->source);
		s->label = vault_text_seal(call, PURPOSE_NAME, s->id,
		    in->label);
		if (in->scope.n > 0)
			s->scope = vault_text_seal(call, PURPOSE_NAME, s->id,
			    in->scope);
	}
	return OK;
}

static enum err
check_token(
    struct item *it, const struct realm *realm, struct token_state *s)
{
	const struct token_in *in = it->in;
	struct filter *scope = NULL;
	struct str stored;

	TRY(check_fresh(it->cx));
	if (in->label.n == 0
	    || !canon_store(it->cx->arena, in->label, LABEL_CHARS, &stored))
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_LABEL, "label");
	if (in->source.n == 0
	    || !canon_store(it->cx->arena, in->source, LABEL_CHARS, &stored))
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_LABEL, "source");
	TRY(check_rights(it, realm, s));
	TRY(check_nets(it, s));
	if (in->expires_ms != 0 && in->expires_ms <= it->cx->now_ms)
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_EXPIRY,
		    "expires");
	if (in->scope.n > 0)
		TRY(filter_compile(it->cx, in->scope, FILTER_RULE, false,
		    &scope));
	if (scope != NULL && filter_has_me(scope))
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_ME, "scope");
	return check_reach(it->cx, s->rights, scope);
}

static enum err
check_rights(
    struct item *it, const struct realm *realm, struct token_state *s)
{
	const struct token_in *in = it->in;
	struct role role;

	s->rights = in->rights;
	if (in->role.n > 0) {
		if (!role_named(realm->catalogue, in->role, &role))
			return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_ROLE,
			    "role", str_z(it->cx->arena, in->role));
		s->rights |= role.rights;
	}
	if (s->rights == 0)
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_NO_RIGHT,
		    "rights");
	if ((s->rights & ~rights_of_tenant()) != 0)
		return fail(it->cx, ERR_DENIED, MSG_TOKEN_RIGHTS, "rights");
	return OK;
}

static enum err
check_nets(struct item *it, struct token_state *s)
{
	const struct token_in *in = it->in;

	s->net = arena_array(it->cx->arena, in->nnet + 1, sizeof(*s->net));
	s->nnet = in->nnet;
	for (size_t i = 0; i < in->nnet; i++)
		if (!net_parse(in->net[i], &s->net[i]))
			return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_NET,
			    "addresses", str_z(it->cx->arena, in->net[i]));
	return OK;
}

/* Within what the actor holds, right by right. */
static enum err
check_reach(struct ctx *cx, uint64_t rights, const struct filter *scope)
{
	const struct actor *actor = cx->actor;
	const struct held given = { rights, scope };

	if (actor->kind == ACTOR_OPERATOR)
		return OK;
	if ((rights & ~actor->rights) != 0)
		return fail(cx, ERR_DENIED, MSG_TOKEN_RIGHTS, "rights");
	if (!actor_covers(cx->arena, actor, &given))
		return fail(cx, ERR_DENIED, MSG_TOKEN_SCOPE, "scope");
	return OK;
}

/* A prefix for scanners, the tenant, 256 random bits. */
static void
make_secret(struct item *it, struct token_state *s, bool is_client)
{
	uint8_t secret[32];
	struct str text;

	random_bytes(secret, sizeof(secret));
	text = str_base64url(it->cx->arena,
	    (struct str) { (char *)secret, sizeof(secret) });
	s->id = id_new();
	s->out = arena_alloc(it->cx->arena, sizeof(*s->out));
	s->out->id = s->id;
	s->out->token = str_fmt(it->cx->arena, "usher_%s_%u_%.*s",
	    is_client ? "secret" : "api", it->tenant, STR_ARG(text));
	sha256(s->out->token, &s->hash);
}

static enum err
create_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			TRY(save_token(b->item[i], tx, &book));
	return logbook_save(&book, tx);
}

static enum err
save_token(struct item *it, struct tx *tx, struct logbook *book)
{
	struct token_state *s = it->state;
	const struct token_in *in = it->in;
	const struct flavour *f = &flavours[in->is_client];
	struct source_row source;
	struct entry e;

	TRY(s->label->err);
	TRY(s->scope != NULL ? s->scope->err : OK);
	TRY(count_tokens(it, tx, 0));
	if (it->err != OK)
		return OK;
	source.id = s->source_id;
	source.kind = 2;
	TRY(ensure_source(it, tx, s->source, s->source_key, &source));
	s->row = (struct token_row) {
		.tenant = it->tenant,
		.id = s->id,
		.hash = { (char *)s->hash.bytes, 32 },
		.rights = (int64_t)s->rights,
		.label = s->label->text,
		.scope = s->scope != NULL ? s->scope->text : STR(""),
		.source = source.id,
		.created_ms = it->cx->now_ms,
		.expires_ms = in->expires_ms,
		.author = it->cx->actor->id,
	};
	s->out->expires_ms = in->expires_ms;
	TRY(store_save(tx, f->table, &s->row, 1, NULL));
	TRY(save_nets(tx, s));
	e = entry_by(it->cx, f->created, f->subject, s->id);
	logbook_add(book, it->tenant, &e, NULL);
	it->out = s->out;
	return OK;
}

static enum err
save_nets(struct tx *tx, const struct token_state *s)
{
	struct arena *a = tx_ctx(tx)->arena;
	struct net_row *row = arena_array(a, s->nnet + 1, sizeof(*row));

	for (size_t i = 0; i < s->nnet; i++) {
		uint8_t *bytes = arena_alloc(a, NET_BYTES);

		net_pack(&s->net[i], bytes);
		row[i] = (struct net_row) { s->row.tenant, s->id,
			{ (char *)bytes, NET_BYTES } };
	}
	return store_save(tx, &NET, row, s->nnet, NULL);
}

/* Those that can still be used count, but EXCEPT; those of this batch are in the transaction. */
static enum err
count_tokens(struct item *it, struct tx *tx, int64_t except)
{
	const struct token_state *s = it->state;
	struct token_row key = { .tenant = it->tenant };
	const struct token_row *row;
	struct rows rows;
	int64_t n = 0;

	if (s->most == 0)
		return OK;
	TRY(store_load(tx, &TOKEN, &key, 1, 1, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		n += row[i].id != except && row[i].revoked_ms == 0
		    && (row[i].expires_ms == 0
		    || row[i].expires_ms > it->cx->now_ms);
	if (n >= s->most)
		it->err = fail(it->cx, ERR_FULL, MSG_TENANT_TOKENS, "token",
		    str_z(it->cx->arena, str_fmt(it->cx->arena, "%lld",
		    (long long)s->most)));
	return OK;
}

static void
create_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct token_state *s = b->item[i]->state;
		const struct token_in *in = b->item[i]->in;

		if (b->item[i]->err == OK)
			world_token_set(b->world, flavours[in->is_client].kind,
			    &s->row, &(struct token_reach) {
			    in->scope, s->net, s->nnet });
	}
}

const struct use_case token_create = {
	.name = "token_create",
	.want = create_want,
	.save = create_save,
	.committed = create_committed,
};

/* --- revoking one -------------------------------------------------------------- */

/* What is not within the actor's own rights and scope is not there. */
static enum err
find_own(struct world *w, struct item *it, struct tx *tx,
    const struct token_revoke_in *which, struct token_row **out)
{
	struct token_row key = { .tenant = it->tenant, .id = which->token };
	struct held held;
	struct rows rows;

	TRY(store_load(tx, flavours[which->is_client].table, &key, 1, 2, 0,
	    &rows));
	if (rows.n == 0
	    || !world_token_held(w, it->tenant, which->token, &held)
	    || check_reach(it->cx, held.rights, held.scope) != OK)
		return fail(it->cx, ERR_NOT_FOUND, MSG_TOKEN_UNKNOWN,
		    which->is_client ? "client" : "token");
	*out = rows.row;
	return OK;
}

static enum err
revoke_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct token_revoke_in *in = it->in;
		const struct flavour *f = &flavours[in->is_client];
		struct token_row *row;
		struct entry e = entry_by(it->cx, f->revoked, f->subject,
		    in->token);

		it->err = find_own(b->world, it, tx, in, &row);
		if (it->err != OK)
			continue;
		it->out = it->state = row;
		if (row->revoked_ms != 0)
			continue;
		row->revoked_ms = it->cx->now_ms;
		TRY(store_save(tx, f->table, row, 1, NULL));
		logbook_add(&book, it->tenant, &e, NULL);
	}
	return logbook_save(&book, tx);
}

static void
revoke_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct token_revoke_in *in = b->item[i]->in;

		if (b->item[i]->err == OK)
			world_token_set(b->world, flavours[in->is_client].kind,
			    b->item[i]->state, &(struct token_reach) { 0 });
	}
}

const struct use_case token_revoke = {
	.name = "token_revoke",
	.save = revoke_save,
	.committed = revoke_committed,
};

/* --- rotating one -------------------------------------------------------------- */

/* Label and scope are sealed for one id: they are opened to be sealed for another. */
static enum err
rotate_prepare(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	(void)keys;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct token_rotate_in *in = it->in;
		struct token_state *s =
		    arena_alloc(it->cx->arena, sizeof(*s));
		const struct realm *realm;
		struct token_row *row;

		it->state = s;
		it->err = check_fresh(it->cx);
		if (it->err == OK)
			it->err = find_own(b->world, it, data,
			    &(struct token_revoke_in) { in->token, false },
			    &row);
		if (it->err == OK)
			it->err = world_realm(b->world, it->cx, it->tenant,
			    &realm);
		if (it->err != OK)
			continue;
		s->old = *row;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		s->label = vault_text_open(call, PURPOSE_NAME, row->id,
		    str_copy(it->cx->arena, row->label));
		if (row->scope.n > 0)
			s->scope = vault_text_open(call, PURPOSE_NAME,
			    row->id, str_copy(it->cx->arena, row->scope));
	}
	return OK;
}

static enum err
rotate_want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct token_state *s = it->state;
		const struct realm *realm;

		if (it->err != OK)
			continue;
		TRY(s->label->err);
		TRY(s->scope != NULL ? s->scope->err : OK);
		TRY(world_realm(b->world, it->cx, it->tenant, &realm));
		make_secret(it, s, false);
		s->most = realm->most[LIMIT_TOKENS];
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		s->scope_text = s->scope != NULL ? s->scope->text : STR("");
		s->label = vault_text_seal(call, PURPOSE_NAME, s->id,
		    s->label->text);
		if (s->scope != NULL)
			s->scope = vault_text_seal(call, PURPOSE_NAME, s->id,
			    s->scope_text);
	}
	return OK;
}

static enum err
rotate_one(struct item *it, struct tx *tx, struct logbook *book)
{
	const struct token_rotate_in *in = it->in;
	struct token_state *s = it->state;
	const int64_t now = it->cx->now_ms, end = now + in->overlap_ms;
	struct token_row key = { .tenant = it->tenant, .id = in->token };
	struct net_row nets = { .tenant = it->tenant, .holder = in->token };
	struct token_row *row;
	struct rows rows;
	struct entry e;

	TRY(store_load(tx, &TOKEN, &key, 1, 2, 0, &rows));
	row = rows.row;
	if (rows.n == 0 || row->revoked_ms != 0
	    || (row->expires_ms != 0 && row->expires_ms <= now))
		return fail(it->cx, ERR_CONFLICT, MSG_TOKEN_ENDED, "token");
	/* Until the overlap is over the tenant has one more. */
	TRY(count_tokens(it, tx, in->overlap_ms == 0 ? in->token : 0));
	if (it->err != OK)
		return it->err;
	TRY(store_load(tx, &NET, &nets, 1, 2, 0, &rows));
	s->net = arena_array(it->cx->arena, rows.n + 1, sizeof(*s->net));
	s->nnet = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		must(net_unpack(
		    ((struct net_row *)rows.row)[i].net, &s->net[i]));
	s->row = *row;
	s->row.id = s->id;
	s->row.hash = (struct str) { (char *)s->hash.bytes, 32 };
	s->row.label = s->label->text;
	s->row.scope = s->scope != NULL ? s->scope->text : STR("");
	s->row.created_ms = now;
	s->row.last_used_ms = 0;
	s->row.author = it->cx->actor->id;
	s->row.family = row->family != 0 ? row->family : row->id;
	if (row->expires_ms != 0)
		s->row.expires_ms = now + row->expires_ms - row->created_ms;
	if (row->expires_ms == 0 || row->expires_ms > end)
		row->expires_ms = end;
	s->out->expires_ms = s->row.expires_ms;
	s->old = *row;
	TRY(store_save(tx, &TOKEN, row, 1, NULL));
	TRY(store_save(tx, &TOKEN, &s->row, 1, NULL));
	TRY(save_nets(tx, s));
	e = entry_by(it->cx, ACTION_TOKEN_ROTATED, SUBJECT_TOKEN, in->token);
	logbook_add(book, it->tenant, &e, NULL);
	e = entry_by(it->cx, ACTION_TOKEN_CREATED, SUBJECT_TOKEN, s->id);
	logbook_add(book, it->tenant, &e, NULL);
	it->out = s->out;
	return OK;
}

static enum err
rotate_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct token_state *s = it->state;

		if (it->err != OK)
			continue;
		TRY(s->label->err);
		TRY(s->scope != NULL ? s->scope->err : OK);
		it->err = rotate_one(it, tx, &book);
		if (it->err != OK && it->err != ERR_CONFLICT
		    && it->cx->fault.msg != MSG_TENANT_TOKENS)
			return it->err;
	}
	return logbook_save(&book, tx);
}

static void
rotate_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct token_state *s = b->item[i]->state;

		if (b->item[i]->err != OK)
			continue;
		world_token_set(b->world, CREDENTIAL_TOKEN, &s->old,
		    &(struct token_reach) { 0 });
		world_token_set(b->world, CREDENTIAL_TOKEN, &s->row,
		    &(struct token_reach) { s->scope_text, s->net, s->nnet });
	}
}

const struct use_case token_rotate = {
	.name = "token_rotate",
	.prepare = rotate_prepare,
	.want = rotate_want,
	.save = rotate_save,
	.committed = rotate_committed,
};

/* --- sources -------------------------------------------------------------------- */

enum err
source_find(struct tx *tx, uint32_t tenant, struct str name_key,
    struct source_row *out, bool *found)
{
	struct source_row from = { .tenant = tenant };
	struct rows rows;

	*found = false;
	TRY(store_load(tx, &SOURCE, &from, 1, 1, 0, &rows));
	for (size_t i = 0; i < rows.n && !*found; i++) {
		const struct source_row *row =
		    &((struct source_row *)rows.row)[i];

		*found = str_eq(row->name_key, name_key);
		if (*found)
			*out = *row;
	}
	return OK;
}

static enum err
ensure_source(struct item *it, struct tx *tx, const struct text_out *name,
    const struct index_out *key, struct source_row *row)
{
	struct source_row fresh = {
		.tenant = it->tenant,
		.id = row->id,
		.kind = row->kind,
		.created_ms = it->cx->now_ms,
	};
	bool found;

	TRY(name->err);
	TRY(key->err);
	fresh.name = name->text;
	fresh.name_key = (struct str) { (const char *)key->key->bytes, 32 };
	TRY(source_find(tx, it->tenant, fresh.name_key, row, &found));
	if (found)
		return OK;
	*row = fresh;
	return store_save(tx, &SOURCE, row, 1, NULL);
}

const struct index_value *
source_name_value(struct arena *arena, struct str name)
{
	const struct index_value value = { INDEX_SOURCE_REF,
		str_fmt(arena, "name/%.*s", STR_ARG(name)) };

	return arena_copy(arena, &value, sizeof(value));
}

struct source_state {
	int64_t		       id;
	const struct text_out *name;
	const struct index_out *key;
};

static enum err
source_want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct source_in *in = it->in;
		struct source_state *s =
		    arena_alloc(it->cx->arena, sizeof(*s));
		const struct realm *realm;

		it->state = s;
		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err != OK)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		s->id = id_new();
		s->key = vault_index(call,
		    source_name_value(it->cx->arena, in->name), 1);
		s->name = vault_text_seal(call, PURPOSE_NAME, s->id,
		    in->name);
	}
	return OK;
}

static enum err
source_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct source_state *s = it->state;
		const struct source_in *in = it->in;
		struct source_row row = { .id = s->id, .kind = in->kind };
		struct source_out *out =
		    arena_alloc(it->cx->arena, sizeof(*out));

		if (it->err != OK)
			continue;
		TRY(ensure_source(it, tx, s->name, s->key, &row));
		out->id = row.id;
		it->out = out;
	}
	return OK;
}

const struct use_case source_ensure = {
	.name = "source_ensure",
	.want = source_want,
	.save = source_save,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - API tokens (made, revoked) and the sources they bring persons as.
 *
 * A token is shown once.  Nobody grants a right they do not hold.
 */
#include "act/world_int.h"

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

#define LABEL_CHARS 100

struct token_state {
	int64_t		       id, source_id;
	struct hash	       hash;
	const struct text_out *label, *scope, *source;
	const struct index_out *source_key;
	struct token_row       row;
	struct token_out      *out;
};

static enum err check_token(struct item *);
static void make_secret(struct item *, struct token_state *);
static enum err save_token(struct item *, struct tx *, struct logbook *);
static enum err find_source(struct tx *, uint32_t tenant, struct str name_key,
    struct source_row *, bool *found);
static enum err ensure_source(struct item *, struct tx *,
    const struct text_out *name, const struct index_out *key,
    struct source_row *);

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
		struct index_value *name =
		    arena_alloc(it->cx->arena, sizeof(*name));
		const struct realm *realm;

		it->state = s;
		it->err = check_token(it);
		if (it->err == OK)
			it->err = world_realm(b->world, it->cx, it->tenant,
			    &realm);
		if (it->err != OK)
			continue;
		make_secret(it, s);
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		*name = (struct index_value) { INDEX_SOURCE_REF,
			str_fmt(it->cx->arena, "name/%.*s",
			STR_ARG(in->source)) };
		s->source_key = vault_index(call, name, 1);
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
check_token(struct item *it)
{
	const struct token_in *in = it->in;
	const struct actor *actor = it->cx->actor;
	struct filter *scope;
	struct str stored;

	if (in->label.n == 0
	    || !canon_store(it->cx->arena, in->label, LABEL_CHARS, &stored))
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_LABEL, "label");
	if (in->source.n == 0
	    || !canon_store(it->cx->arena, in->source, LABEL_CHARS, &stored))
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_LABEL, "source");
	if (in->rights == 0)
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_NO_RIGHT,
		    "rights");
	if (actor->kind != ACTOR_OPERATOR
	    && (in->rights & ~actor->rights) != 0)
		return fail(it->cx, ERR_DENIED, MSG_TOKEN_RIGHTS, "rights");
	if ((in->rights & ~rights_of_tenant()) != 0)
		return fail(it->cx, ERR_DENIED, MSG_TOKEN_RIGHTS, "rights");
	/* A narrower scope cannot be proved yet; the same one can. */
	if (actor->scope != NULL
	    && !str_eq(in->scope, filter_text(actor->scope)))
		return fail(it->cx, ERR_DENIED, MSG_TOKEN_SCOPE, "scope");
	if (in->expires_ms != 0 && in->expires_ms <= it->cx->now_ms)
		return fail(it->cx, ERR_BAD_INPUT, MSG_TOKEN_EXPIRY,
		    "expires");
	if (in->scope.n > 0)
		return filter_compile(it->cx, in->scope, FILTER_RULE, false,
		    &scope);
	return OK;
}

/* "usher_api_" for scanners, the tenant, 256 random bits. */
static void
make_secret(struct item *it, struct token_state *s)
{
	uint8_t secret[32];
	struct str text;

	random_bytes(secret, sizeof(secret));
	text = str_base64url(it->cx->arena,
	    (struct str) { (char *)secret, sizeof(secret) });
	s->id = id_new();
	s->out = arena_alloc(it->cx->arena, sizeof(*s->out));
	s->out->id = s->id;
	s->out->token = str_fmt(it->cx->arena, "usher_api_%u_%.*s",
	    it->tenant, STR_ARG(text));
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
	struct source_row source;
	struct entry e;

	TRY(s->label->err);
	TRY(s->scope != NULL ? s->scope->err : OK);
	source.id = s->source_id;
	source.kind = 2;
	TRY(ensure_source(it, tx, s->source, s->source_key, &source));
	s->row = (struct token_row) {
		.tenant = it->tenant,
		.id = s->id,
		.hash = { (char *)s->hash.bytes, 32 },
		.rights = (int64_t)in->rights,
		.label = s->label->text,
		.scope = s->scope != NULL ? s->scope->text : STR(""),
		.source = source.id,
		.created_ms = it->cx->now_ms,
		.expires_ms = in->expires_ms,
		.author = it->cx->actor->id,
	};
	TRY(store_save(tx, &TOKEN, &s->row, 1, NULL));
	e = entry_by(it->cx, ACTION_TOKEN_CREATED, SUBJECT_TOKEN, s->id);
	logbook_add(book, it->tenant, &e, NULL);
	it->out = s->out;
	return OK;
}

static void
create_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct token_state *s = b->item[i]->state;
		const struct token_in *in = b->item[i]->in;

		if (b->item[i]->err == OK)
			world_token_set(b->world, &s->row, in->scope);
	}
}

const struct use_case token_create = {
	.name = "token_create",
	.want = create_want,
	.save = create_save,
	.committed = create_committed,
};

/* --- revoking one -------------------------------------------------------------- */

static enum err
revoke_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct token_revoke_in *in = it->in;
		struct token_row key = { .tenant = it->tenant,
			.id = in->token };
		struct token_row *row;
		struct rows rows;
		struct entry e = entry_by(it->cx, ACTION_TOKEN_REVOKED,
		    SUBJECT_TOKEN, in->token);

		TRY(store_load(tx, &TOKEN, &key, 1, 2, 0, &rows));
		if (rows.n == 0) {
			it->err = fail(it->cx, ERR_NOT_FOUND,
			    MSG_TOKEN_UNKNOWN, "token");
			continue;
		}
		row = rows.row;
		it->out = it->state = row;
		if (row->revoked_ms != 0)
			continue;
		row->revoked_ms = it->cx->now_ms;
		TRY(store_save(tx, &TOKEN, row, 1, NULL));
		logbook_add(&book, it->tenant, &e, NULL);
	}
	return logbook_save(&book, tx);
}

static void
revoke_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			world_token_set(b->world, b->item[i]->state,
			    STR(""));
}

const struct use_case token_revoke = {
	.name = "token_revoke",
	.save = revoke_save,
	.committed = revoke_committed,
};

/* --- sources -------------------------------------------------------------------- */

/* Finds a source by the keyed hash of its name among the tenant's. */
static enum err
find_source(struct tx *tx, uint32_t tenant, struct str name_key,
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
	TRY(find_source(tx, it->tenant, fresh.name_key, row, &found));
	if (found)
		return OK;
	*row = fresh;
	return store_save(tx, &SOURCE, row, 1, NULL);
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
		struct index_value *name =
		    arena_alloc(it->cx->arena, sizeof(*name));
		const struct realm *realm;

		it->state = s;
		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err != OK)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		s->id = id_new();
		*name = (struct index_value) { INDEX_SOURCE_REF,
			str_fmt(it->cx->arena, "name/%.*s",
			STR_ARG(in->name)) };
		s->key = vault_index(call, name, 1);
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

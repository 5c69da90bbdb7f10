/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c - API tokens: listed without their secret, made, revoked.
 */
#include "api/api_int.h"

#define LABEL_MAX     400
#define RIGHTS_MAX    64

struct token_body {
	struct str   label, scope, source;
	struct texts rights;
	int64_t	     expires_ms;
};

static const struct member token_members[] = {
	{ "label", MEMBER_TEXT, offsetof(struct token_body, label), 1, LABEL_MAX, true },
	{ "rights", MEMBER_TEXTS, offsetof(struct token_body, rights), 1, RIGHTS_MAX, true },
	{ "scope", MEMBER_TEXT, offsetof(struct token_body, scope), 0, FILTER_TEXT_MAX, false },
	{ "source", MEMBER_TEXT, offsetof(struct token_body, source), 0, LABEL_MAX, false },
	{ "expires", MEMBER_TIME, offsetof(struct token_body, expires_ms), 0, 0, false },
};
static const struct member_table token_table = { token_members, COUNT(token_members), "" };

static void put_token(struct js_out *, const struct token_view *);

static void
list_encode(struct call *c)
{
	const struct tokens_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_token(&c->js, &out->token[i]);
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
put_token(struct js_out *js, const struct token_view *v)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->row.id);
	js_key(js, "label");
	js_put_str(js, v->label);
	put_rights(js, "rights", (uint64_t)v->row.rights);
	put_text_or_null(js, "scope", v->scope);
	js_key(js, "created");
	js_put_time(js, v->row.created_ms);
	js_key(js, "expires");
	js_put_time(js, v->row.expires_ms);
	js_key(js, "revoked");
	js_put_time(js, v->row.revoked_ms);
	js_key(js, "last_used");
	js_put_time(js, v->row.last_used_ms);
	js_close_object(js);
}

/* Persons of clients that name no source of their own come from "api". */
static enum err
create_decode(struct call *c, void **in)
{
	struct token_body body = { .source = STR("api") };
	struct token_in *token = arena_alloc(c->cx->arena, sizeof(*token));

	TRY(body_decode(c, &token_table, &body));
	for (size_t i = 0; i < body.rights.n; i++) {
		enum right right = right_parse(body.rights.v[i]);

		if (right == RIGHT_NONE)
			return fail(c->cx, ERR_BAD_INPUT, MSG_API_NO_RIGHT,
			    "rights", str_z(c->cx->arena, body.rights.v[i]));
		token->rights |= RIGHT_BIT(right);
	}
	token->label = body.label;
	token->scope = body.scope;
	token->source = body.source.n > 0 ? body.source : STR("api");
	token->expires_ms = body.expires_ms;
	*in = token;
	return OK;
}

void
token_made_encode(struct call *c)
{
	const struct token_out *out = c->out;

	c->reply.status = 201;
	js_open_object(&c->js);
	js_key(&c->js, "id");
	js_put_id(&c->js, out->id);
	js_key(&c->js, "token");
	js_put_str(&c->js, out->token);
	js_close_object(&c->js);
}

static enum err
revoke_decode(struct call *c, void **in)
{
	struct token_revoke_in *revoke =
	    arena_alloc(c->cx->arena, sizeof(*revoke));

	*in = revoke;
	return param_id(c, 0, MSG_TOKEN_UNKNOWN, "token", &revoke->token);
}

static void
revoke_encode(struct call *c)
{
	const struct token_row *row = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "id");
	js_put_id(&c->js, row->id);
	js_key(&c->js, "revoked");
	js_put_time(&c->js, row->revoked_ms);
	js_close_object(&c->js);
}

static const struct field token_fields[] = {
	{ "id", "id", "" },
	{ "label", "text", "" },
	{ "rights", "[Right]", "" },
	{ "scope", "text?", "The filter of the persons it sees; null: all." },
	{ "created", "time", "" },
	{ "expires", "time?", "" },
	{ "revoked", "time?", "" },
	{ "last_used", "time?", "" },
	{ 0 }
};

static const struct field order_fields[] = {
	{ "rights", "[Right]", "" },
	{ "scope", "", "A filter of the persons it shall see." },
	{ "source", "", "Where its persons come from; api if absent." },
	{ "expires", "", "Never, if absent." },
	{ 0 }
};

static const struct field made_fields[] = {
	{ "id", "id", "" },
	{ "token", "text", "Shown this once." },
	{ 0 }
};

static const struct field revoked_fields[] = {
	{ "id", "id", "" },
	{ "revoked", "time", "" },
	{ 0 }
};

const struct shape token_shapes[] = {
	{ .name = "Token", .text = "An API token, without its secret.", .field = token_fields },
	{ .name = "TokenOrder", .text = "A token to be made.", .field = order_fields, .members = &token_table },
	{ .name = "TokenMade", .text = "A new token.", .field = made_fields },
	{ .name = "TokenRevoked", .text = "A token that opens nothing any more.", .field = revoked_fields },
	{ 0 }
};

const struct route token_routes[] = {
	{ GET, "/api/v1/tokens", RIGHT_TOKEN_READ, 0, false, QUERY(tokens_list, NULL, list_encode, .reply = "[Token]"),
	    "List API tokens" },
	{ POST, "/api/v1/tokens", RIGHT_TOKEN_WRITE, SMALL_BODY_MAX, false,
	    WRITE(token_create, create_decode, token_made_encode, .body = "TokenOrder", .reply = "TokenMade",
		.traits = CREATES), "Make an API token" },
	{ DELETE, "/api/v1/tokens/{token}", RIGHT_TOKEN_WRITE, 0, false,
	    WRITE(token_revoke, revoke_decode, revoke_encode, .reply = "TokenRevoked"), "Revoke an API token" },
	{ 0 }
};

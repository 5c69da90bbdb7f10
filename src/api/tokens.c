/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c - API tokens and OAuth clients: listed without their secret, made,
 * rotated, revoked.
 */
#include "api/api_int.h"

#define LABEL_MAX     400
#define RIGHTS_MAX    64

#define OVERLAP_MAX   (7 * 24 * 60)
#define MINUTE_MS     INT64_C(60000)

struct token_body {
	struct str   label, role, scope, source;
	struct texts rights, addresses;
	int64_t	     expires_ms;
};

static const struct member token_members[] = {
	{ "label", MEMBER_TEXT, offsetof(struct token_body, label), 1, LABEL_MAX, true },
	{ "rights", MEMBER_TEXTS, offsetof(struct token_body, rights), 1, RIGHTS_MAX, false },
	{ "role", MEMBER_TEXT, offsetof(struct token_body, role), 1, LABEL_MAX, false },
	{ "addresses", MEMBER_TEXTS, offsetof(struct token_body, addresses), 0, NETS_MAX, false },
	{ "scope", MEMBER_TEXT, offsetof(struct token_body, scope), 0, FILTER_TEXT_MAX, false },
	{ "source", MEMBER_TEXT, offsetof(struct token_body, source), 0, LABEL_MAX, false },
	{ "expires", MEMBER_TIME, offsetof(struct token_body, expires_ms), 0, 0, false },
};
static const struct member_table token_table = { token_members, COUNT(token_members), "" };

static const bool tokens = false, clients = true;

static void put_token(struct js_out *, const struct token_view *);
static enum err make_decode(struct call *, bool is_client, void **in);
static enum err end_decode(struct call *, bool is_client, void **in);

static enum err
tokens_decode(struct call *c, void **in)
{
	*in = arena_copy(c->cx->arena, &tokens, sizeof(tokens));
	return OK;
}

static enum err
clients_decode(struct call *c, void **in)
{
	*in = arena_copy(c->cx->arena, &clients, sizeof(clients));
	return OK;
}

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
	js_key(js, "addresses");
	js_open_array(js);
	for (size_t i = 0; i < v->nnet; i++)
		js_put_str(js, v->net[i]);
	js_close_array(js);
	js_key(js, "author");
	js_put_id(js, v->row.author);
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

static enum err
create_decode(struct call *c, void **in)
{
	return make_decode(c, false, in);
}

static enum err
client_decode(struct call *c, void **in)
{
	return make_decode(c, true, in);
}

/* Persons of clients that name no source of their own come from "api". */
static enum err
make_decode(struct call *c, bool is_client, void **in)
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
	if (body.rights.n > 0 && body.role.n > 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_ONE_OF, "role",
		    "role", "rights");
	token->is_client = is_client;
	token->label = body.label;
	token->role = body.role;
	token->scope = body.scope;
	token->source = body.source.n > 0 ? body.source : STR("api");
	token->expires_ms = body.expires_ms;
	token->net = body.addresses.v;
	token->nnet = body.addresses.n;
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
	js_key(&c->js, "expires");
	js_put_time(&c->js, out->expires_ms);
	js_close_object(&c->js);
}

static void
client_made_encode(struct call *c)
{
	const struct token_out *out = c->out;

	c->reply.status = 201;
	js_open_object(&c->js);
	js_key(&c->js, "id");
	js_put_id(&c->js, out->id);
	js_key(&c->js, "secret");
	js_put_str(&c->js, out->token);
	js_key(&c->js, "expires");
	js_put_time(&c->js, out->expires_ms);
	js_close_object(&c->js);
}

struct rotate_body {
	int64_t overlap;
};

static const struct member rotate_members[] = {
	{ "overlap", MEMBER_INT, offsetof(struct rotate_body, overlap), 0, OVERLAP_MAX, false },
};
static const struct member_table rotate_table = { rotate_members, COUNT(rotate_members), "" };

/* The old one is good for an hour, if nothing else is said. */
static enum err
rotate_decode(struct call *c, void **in)
{
	struct token_rotate_in *rotate =
	    arena_alloc(c->cx->arena, sizeof(*rotate));
	struct rotate_body body = { .overlap = 60 };

	TRY(param_id(c, 0, MSG_TOKEN_UNKNOWN, "token", &rotate->token));
	TRY(body_decode(c, &rotate_table, &body));
	rotate->overlap_ms = body.overlap * MINUTE_MS;
	*in = rotate;
	return OK;
}

static enum err
revoke_decode(struct call *c, void **in)
{
	return end_decode(c, false, in);
}

static enum err
client_revoke_decode(struct call *c, void **in)
{
	return end_decode(c, true, in);
}

static enum err
end_decode(struct call *c, bool is_client, void **in)
{
	struct token_revoke_in *revoke =
	    arena_alloc(c->cx->arena, sizeof(*revoke));

	revoke->is_client = is_client;
	*in = revoke;
	return param_id(c, 0, MSG_TOKEN_UNKNOWN,
	    is_client ? "client" : "token", &revoke->token);
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
	{ "addresses", "[text]", "Nets it may come from; none: any." },
	{ "author", "id?", "Who made it; null: the operator." },
	{ "created", "time", "" },
	{ "expires", "time?", "" },
	{ "revoked", "time?", "" },
	{ "last_used", "time?", "" },
	{ 0 }
};

static const struct field order_fields[] = {
	{ "rights", "[Right]", "" },
	{ "role", "", "Its rights, instead." },
	{ "addresses", "", "Nets it may come from, such as 192.0.2.0/24; any if absent." },
	{ "scope", "", "A filter of the persons it shall see." },
	{ "source", "", "Where its persons come from; api if absent." },
	{ "expires", "", "Never, if absent." },
	{ 0 }
};

static const struct field made_fields[] = {
	{ "id", "id", "" },
	{ "token", "text", "Shown this once." },
	{ "expires", "time?", "" },
	{ 0 }
};

static const struct field client_made_fields[] = {
	{ "id", "id", "The client_id." },
	{ "secret", "text", "Shown this once." },
	{ "expires", "time?", "" },
	{ 0 }
};

static const struct field rotate_fields[] = {
	{ "overlap", "", "Minutes that the old one is good for still; 60 if absent." },
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
	{ .name = "TokenRotation", .text = "How a token is replaced.", .field = rotate_fields,
	    .members = &rotate_table },
	{ .name = "ClientMade", .text = "A new OAuth client.", .field = client_made_fields },
	{ .name = "TokenRevoked", .text = "A token that opens nothing any more.", .field = revoked_fields },
	{ 0 }
};

const struct route token_routes[] = {
	{ GET, "/api/v1/tokens", RIGHT_TOKEN_READ, 0, false,
	    QUERY(tokens_list, tokens_decode, list_encode, .reply = "[Token]"), "List API tokens" },
	{ POST, "/api/v1/tokens", RIGHT_TOKEN_WRITE, SMALL_BODY_MAX, false,
	    WRITE(token_create, create_decode, token_made_encode, .body = "TokenOrder", .reply = "TokenMade",
		.traits = CREATES), "Make an API token" },
	{ POST, "/api/v1/tokens/{token}/rotate", RIGHT_TOKEN_WRITE, SMALL_BODY_MAX, false,
	    WRITE(token_rotate, rotate_decode, token_made_encode, .body = "TokenRotation", .reply = "TokenMade",
		.traits = CREATES),
	    "Replace an API token; the old one ends a little later" },
	{ DELETE, "/api/v1/tokens/{token}", RIGHT_TOKEN_WRITE, 0, false,
	    WRITE(token_revoke, revoke_decode, revoke_encode, .reply = "TokenRevoked"), "Revoke an API token" },
	{ GET, "/api/v1/clients", RIGHT_TOKEN_READ, 0, false,
	    QUERY(tokens_list, clients_decode, list_encode, .reply = "[Token]"), "List OAuth clients" },
	{ POST, "/api/v1/clients", RIGHT_TOKEN_WRITE, SMALL_BODY_MAX, false,
	    WRITE(token_create, client_decode, client_made_encode, .body = "TokenOrder", .reply = "ClientMade",
		.traits = CREATES), "Make an OAuth client" },
	{ DELETE, "/api/v1/clients/{client}", RIGHT_TOKEN_WRITE, 0, false,
	    WRITE(token_revoke, client_revoke_decode, revoke_encode, .reply = "TokenRevoked"),
	    "Revoke an OAuth client and its access tokens" },
	{ 0 }
};

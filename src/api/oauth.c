/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth.c - OAuth 2.0 client credentials (RFC 6749 4.4), the keys that access
 * tokens are checked with (RFC 7517), and where all this is (RFC 8414).
 */
#include "api/api_int.h"

#define BASIC_MAX 1024

/* RFC 6749 5.2: what an error is called there. */
static const struct {
	enum err    err;
	int	    status;
	const char *name;
} errors[] = {
	{ ERR_UNAUTHENTICATED, 401, "invalid_client" },
	{ ERR_DENIED,	       400, "invalid_scope" },
	{ ERR_CONFLICT,	       400, "unsupported_grant_type" },
	{ ERR_BAD_INPUT,       400, "invalid_request" },
	{ ERR_LIMITED,	       429, "temporarily_unavailable" },
	{ ERR_SEALED,	       503, "temporarily_unavailable" },
};

static enum err basic(struct call *, struct client_grant *, bool *found);
static enum err field(struct call *, const char *name, struct str *out);
static enum err scope(struct call *, struct client_grant *);

static enum err
token_decode(struct call *c, void **in)
{
	struct client_grant *grant = arena_alloc(c->cx->arena, sizeof(*grant));
	struct str type, id, secret;
	bool is_basic;

	*in = grant;
	TRY(field(c, "grant_type", &type));
	TRY(field(c, "client_id", &id));
	TRY(field(c, "client_secret", &secret));
	if (type.n == 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_OAUTH_REQUEST,
		    "grant_type", "grant_type");
	if (!str_eq(type, STR("client_credentials")))
		return fail(c->cx, ERR_CONFLICT, MSG_OAUTH_GRANT, "grant_type");
	TRY(basic(c, grant, &is_basic));
	/* RFC 6749 2.3: not more than one way in a request. */
	if (is_basic && secret.p != NULL)
		return fail(c->cx, ERR_BAD_INPUT, MSG_OAUTH_REQUEST,
		    "client_secret", "client_secret");
	if (is_basic && id.p != NULL && !str_eq(id, grant->client))
		return fail(c->cx, ERR_BAD_INPUT, MSG_OAUTH_REQUEST,
		    "client_id", "client_id");
	if (!is_basic) {
		grant->client = id;
		grant->secret = secret;
	}
	return scope(c, grant);
}

static enum err
field(struct call *c, const char *name, struct str *out)
{
	if (!form_field(c->cx->arena, c->rq->body, name, out))
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_OAUTH_REQUEST, name, name);
	return OK;
}

/* RFC 6749 2.3.1: each part is encoded as in a form before base64. */
static enum err
basic(struct call *c, struct client_grant *grant, bool *found)
{
	struct str text = request_header(c->rq, "authorization");
	struct str scheme, pair, id;
	struct arena *a = c->cx->arena;

	*found = text.p != NULL;
	if (text.p == NULL)
		return OK;
	scheme = str_cut(&text, ' ');
	if (!str_eq_nocase(scheme, STR("Basic")) || text.n > BASIC_MAX ||
	    !str_unbase64(a, str_trim(text), &pair) || !str_utf8(pair))
		return fail(c->cx, ERR_UNAUTHENTICATED, MSG_OAUTH_CLIENT,
		    "Authorization");
	id = str_cut(&pair, ':');
	if (pair.p == NULL ||
	    !form_field(a, str_fmt(a, "v=%.*s", STR_ARG(id)), "v",
		&grant->client) ||
	    !form_field(a, str_fmt(a, "v=%.*s", STR_ARG(pair)), "v",
		&grant->secret))
		return fail(c->cx, ERR_UNAUTHENTICATED, MSG_OAUTH_CLIENT,
		    "Authorization");
	return OK;
}

/* Names of rights, separated by spaces. */
static enum err
scope(struct call *c, struct client_grant *grant)
{
	struct str text;

	TRY(field(c, "scope", &text));
	while (text.p != NULL) {
		struct str name = str_cut(&text, ' ');
		enum right right = right_parse(name);

		if (name.n == 0)
			continue;
		if (right == RIGHT_NONE || right == RIGHT_PUBLIC)
			return fail(
			    c->cx, ERR_DENIED, MSG_OAUTH_SCOPE, "scope");
		grant->rights |= RIGHT_BIT(right);
	}
	return OK;
}

static void
token_encode(struct call *c)
{
	const struct access_out *out = c->out;
	struct buf b;

	buf_init(&b, c->cx->arena, RIGHT_COUNT * 64);
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if ((out->rights & RIGHT_BIT(r)) != 0)
			buf_fmt(&b, "%s%s", b.n > 0 ? " " : "",
			    right_name((enum right)r));
	js_open_object(&c->js);
	js_key(&c->js, "access_token");
	js_put_str(&c->js, out->token);
	js_key(&c->js, "token_type");
	js_put_z(&c->js, "Bearer");
	js_key(&c->js, "expires_in");
	js_put_int(&c->js, out->seconds);
	js_key(&c->js, "scope");
	js_put_str(&c->js, buf_view(&b));
	js_close_object(&c->js);
	call_header(c, "Pragma", STR("no-cache"));
}

static void
token_refuse(struct call *c, enum err err)
{
	const struct fault *f = &c->cx->fault;
	const char *name = "server_error";

	problem_count(c->cx, err);
	c->reply.status = err_info(err)->http;
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].err == err) {
			c->reply.status = errors[i].status;
			name = errors[i].name;
		}
	js_open_object(&c->js);
	js_key(&c->js, "error");
	js_put_z(&c->js, name);
	if (f->msg != MSG_NONE) {
		js_key(&c->js, "error_description");
		js_put_str(&c->js,
		    msg_text(c->cx->arena, f->msg, c->cx->lang, f->args));
	}
	js_close_object(&c->js);
	if (err == ERR_UNAUTHENTICATED)
		call_header(c, "WWW-Authenticate",
		    STR("Basic realm=\"usher\", charset=\"UTF-8\""));
	if (err_info(err)->may_retry)
		call_header(c, "Retry-After", STR("1"));
}

static void
keys_encode(struct call *c)
{
	struct token_key key[TOKEN_KEYS];
	struct js_out *js = &c->js;

	world_token_keys(c->world, key);
	js_open_object(js);
	js_key(js, "keys");
	js_open_array(js);
	for (size_t i = 0; i < TOKEN_KEYS; i++) {
		js_open_object(js);
		js_key(js, "kty");
		js_put_z(js, "OKP");
		js_key(js, "crv");
		js_put_z(js, "Ed25519");
		js_key(js, "use");
		js_put_z(js, "sig");
		js_key(js, "alg");
		js_put_z(js, "EdDSA");
		js_key(js, "kid");
		js_put_str(js, (struct str) { key[i].kid, TOKEN_KID });
		js_key(js, "x");
		js_put_str(js, str_base64url(c->cx->arena,
		    (struct str) { (char *)key[i].public, 32 }));
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

static void
put_list(struct js_out *js, const char *name, const char *const *v, size_t n)
{
	js_key(js, name);
	js_open_array(js);
	for (size_t i = 0; i < n; i++)
		js_put_z(js, v[i]);
	js_close_array(js);
}

static void
server_encode(struct call *c)
{
	static const char *const grants[] = { "client_credentials" };
	static const char *const methods[] = { "client_secret_basic",
		"client_secret_post" };
	static const char *const none[1];
	const struct str issuer = world_issuer(c->world);
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "issuer");
	js_put_str(js, issuer);
	js_key(js, "token_endpoint");
	js_put_str(js, str_fmt(c->cx->arena, "%.*s/oauth/token",
	    STR_ARG(issuer)));
	js_key(js, "jwks_uri");
	js_put_str(js, str_fmt(c->cx->arena, "%.*s/.well-known/jwks.json",
	    STR_ARG(issuer)));
	put_list(js, "grant_types_supported", grants, COUNT(grants));
	put_list(js, "response_types_supported", none, 0);
	put_list(js, "token_endpoint_auth_methods_supported", methods,
	    COUNT(methods));
	put_rights(js, "scopes_supported", rights_of_tenant());
	js_close_object(js);
}

static const struct field token_fields[] = {
	{ "access_token", "text", "" },
	{ "token_type", "text", "Bearer." },
	{ "expires_in", "int", "Seconds." },
	{ "scope", "text", "Names of rights." },
	{ 0 }
};

static const struct field error_fields[] = {
	{ "error", "text", "RFC 6749 5.2." },
	{ "error_description", "text-", "" },
	{ 0 }
};

static const struct field keys_fields[] = {
	{ "keys", "[AccessKey]", "" },
	{ 0 }
};

static const struct field key_fields[] = {
	{ "kty", "text", "OKP." },
	{ "crv", "text", "Ed25519." },
	{ "use", "text", "sig." },
	{ "alg", "text", "EdDSA." },
	{ "kid", "text", "" },
	{ "x", "text", "The key, base64url." },
	{ 0 }
};

static const struct field server_fields[] = {
	{ "issuer", "uri", "" },
	{ "token_endpoint", "uri", "" },
	{ "jwks_uri", "uri", "" },
	{ "grant_types_supported", "[text]", "" },
	{ "response_types_supported", "[text]", "" },
	{ "token_endpoint_auth_methods_supported", "[text]", "" },
	{ "scopes_supported", "[Right]", "" },
	{ 0 }
};

const struct shape oauth_shapes[] = {
	{ .name = "ClientGrant", .text = "grant_type=client_credentials, and scope for fewer rights (RFC 6749 4.4).",
	    .media = "application/x-www-form-urlencoded" },
	{ .name = "AccessToken", .text = "A signed access token.", .field = token_fields },
	{ .name = "OAuthError", .text = "No access token.", .field = error_fields },
	{ .name = "AccessKeys", .text = "A JWK Set (RFC 7517).", .field = keys_fields },
	{ .name = "AccessKey", .text = "One of its keys.", .field = key_fields },
	{ .name = "AccessServer", .text = "RFC 8414.", .field = server_fields },
	{ 0 }
};

static const struct route_work token = {
	.kind = WORK_QUERY, .run = client_access, .decode = token_decode, .encode = token_encode,
	.refuse = token_refuse, .body = "ClientGrant", .reply = "AccessToken", .refusal = "OAuthError",
	.errors = ERR_BIT(UNAUTHENTICATED),
};

const struct route oauth_routes[] = {
	{ POST, "/oauth/token", RIGHT_PUBLIC, SMALL_BODY_MAX, false, &token, "An access token for an OAuth client" },
	{ GET, "/.well-known/jwks.json", RIGHT_PUBLIC, 0, false, LOCAL(keys_encode, .reply = "AccessKeys"),
	    "The keys that access tokens are checked with" },
	{ GET, "/.well-known/oauth-authorization-server", RIGHT_PUBLIC, 0, false,
	    LOCAL(server_encode, .reply = "AccessServer"), "Where access tokens are given" },
	{ 0 }
};

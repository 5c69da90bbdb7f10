/* SPDX-License-Identifier: Apache-2.0 */
#include "act/jwt.h"

#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/js.h"

#include "audit/note.h"

#define SECOND_MS   1000
#define CLAIMS_MAX  8192
#define SKEW_S	    60	/* a clock that was set back meanwhile */

static bool read_head(struct ctx *, const struct jwt_keys *, struct str,
    const struct token_key **);
static bool read_claims(struct ctx *, const struct jwt_keys *, struct str,
    int64_t now_s, struct jwt *);
static bool part(struct arena *, struct str text, struct str *out);
static struct str member(const struct js *, const char *name);
static bool is_member(const struct js *, const char *name, struct str value);
static bool number(const struct js *, const char *name, int64_t *);
static bool id_member(const struct js *, const char *name, int64_t *);
static void put_rights(struct js_out *, uint64_t rights);
static uint64_t rights_of(struct str scope);

struct str
jwt_claims(struct arena *a, const struct jwt *t)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, a, CLAIMS_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	js_key(&js, "iss");
	js_put_str(&js, t->issuer);
	js_key(&js, "aud");
	js_put_str(&js, t->issuer);
	js_key(&js, "sub");
	js_put_id(&js, t->subject);
	if (t->client != 0) {
		js_key(&js, "client_id");
		js_put_id(&js, t->client);
	}
	js_key(&js, "tenant");
	js_put_int(&js, t->tenant);
	js_key(&js, "sid");
	js_put_id(&js, t->session);
	js_key(&js, "jti");
	js_put_id(&js, t->id);
	js_key(&js, "scope");
	put_rights(&js, t->rights);
	if (t->persons.n > 0) {
		js_key(&js, "persons");
		js_put_str(&js, t->persons);
	}
	js_key(&js, "iat");
	js_put_int(&js, t->issued_ms / SECOND_MS);
	js_key(&js, "exp");
	js_put_int(&js, t->issued_ms / SECOND_MS + JWT_SECONDS);
	js_close_object(&js);
	must(!b.over);
	return buf_view(&b);
}

static void
put_rights(struct js_out *js, uint64_t rights)
{
	char text[RIGHT_COUNT * 32];
	struct buf b = { .p = text, .cap = sizeof(text), .max = sizeof(text) };

	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if ((rights & RIGHT_BIT(r)) != 0)
			buf_fmt(&b, "%s%s", b.n > 0 ? " " : "",
			    right_name((enum right)r));
	js_put_str(js, buf_view(&b));
}

/* --- reading ---------------------------------------------------------------------- */

enum err
jwt_read(struct ctx *cx, const struct jwt_keys *keys, struct str text,
    int64_t now_ms, struct jwt *out)
{
	struct arena *a = cx->arena;
	struct str left = text, head = str_cut(&left, '.');
	struct str claims = str_cut(&left, '.'), signature;
	const struct token_key *key;
	bool ok;

	*out = (struct jwt) { 0 };
	ok = text.n <= JWT_BYTES_MAX && left.p != NULL &&
	    str_find(left, '.') == left.n && part(a, left, &signature) &&
	    read_head(cx, keys, head, &key) &&
	    signature_check(key->public,
		str_sub(text, 0, head.n + 1 + claims.n), signature) &&
	    read_claims(cx, keys, claims, now_ms / SECOND_MS, out);
	if (ok)
		return OK;
	return fail(cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "Authorization");
}

/* Exactly the head that the vault writes; what it does not know, we do not either. */
static bool
read_head(struct ctx *cx, const struct jwt_keys *keys, struct str text,
    const struct token_key **key)
{
	const struct js *js;
	struct str json, kid;

	*key = NULL;
	if (!part(cx->arena, text, &json) || js_parse(cx, json, &js) != OK ||
	    js_type(js) != JS_OBJECT || js_count(js) != 3 ||
	    !is_member(js, "alg", STR("EdDSA")) ||
	    !is_member(js, "typ", STR("at+jwt")))
		return false;
	kid = member(js, "kid");
	for (size_t i = 0; i < keys->n; i++)
		if (str_eq(kid, (struct str) { keys->key[i].kid, TOKEN_KID }))
			*key = &keys->key[i];
	return *key != NULL;
}

static bool
read_claims(struct ctx *cx, const struct jwt_keys *keys, struct str text,
    int64_t now_s, struct jwt *out)
{
	int64_t tenant, issued, expires;
	const struct js *js;
	struct str json;

	if (!part(cx->arena, text, &json) || js_parse(cx, json, &js) != OK ||
	    js_type(js) != JS_OBJECT)
		return false;
	if (!is_member(js, "iss", keys->issuer) ||
	    !is_member(js, "aud", keys->issuer) ||
	    !number(js, "tenant", &tenant) || !number(js, "iat", &issued) ||
	    !number(js, "exp", &expires))
		return false;
	if (tenant <= 0 || tenant > UINT32_MAX || expires <= now_s ||
	    expires > issued + JWT_SECONDS || issued > now_s + SKEW_S)
		return false;
	if (!id_member(js, "sub", &out->subject) ||
	    !id_member(js, "sid", &out->session) ||
	    !id_member(js, "jti", &out->id))
		return false;
	if (js_get(js, "client_id") != NULL &&
	    !id_member(js, "client_id", &out->client))
		return false;
	out->issuer = keys->issuer;
	out->tenant = (uint32_t)tenant;
	out->rights = rights_of(member(js, "scope"));
	out->persons = member(js, "persons");
	out->issued_ms = issued * SECOND_MS;
	return true;
}

/* Base64url has one spelling for each value: another one is no token of ours. */
static bool
part(struct arena *a, struct str text, struct str *out)
{
	return text.n > 0 && str_unbase64url(a, text, out) &&
	    str_eq(str_base64url(a, *out), text);
}

static struct str
member(const struct js *js, const char *name)
{
	const struct js *v = js_get(js, name);

	if (v == NULL || js_type(v) != JS_STRING)
		return STR("");
	return js_str(v);
}

static bool
is_member(const struct js *js, const char *name, struct str value)
{
	return value.n > 0 && str_eq(member(js, name), value);
}

static bool
number(const struct js *js, const char *name, int64_t *out)
{
	const struct js *v = js_get(js, name);

	if (v == NULL || js_type(v) != JS_INT)
		return false;
	*out = js_int(v);
	return *out >= 0 && *out < INT64_C(1) << 40;
}

static bool
id_member(const struct js *js, const char *name, int64_t *out)
{
	return id_decode(member(js, name), out);
}

static uint64_t
rights_of(struct str scope)
{
	uint64_t rights = 0;

	while (scope.p != NULL) {
		enum right r = right_parse(str_cut(&scope, ' '));

		if (r > RIGHT_PUBLIC)
			rights |= RIGHT_BIT(r);
	}
	return rights;
}

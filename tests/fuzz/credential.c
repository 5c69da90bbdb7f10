/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: api act audit_tree core base.  What a request brings to say who it is
 * from.  The first byte chooses: Authorization, Cookie, a form, the whole text
 * of an access token (which nobody signed, so none is taken), or its claims,
 * which are signed here to be looked at.
 */
#include "api/api_int.h"

#include <openssl/evp.h>

#include "act/jwt.h"

#include "fuzz.h"

enum { AS_BEARER, AS_COOKIE, AS_FORM, AS_TOKEN, AS_CLAIMS, AS_COUNT };

#define HEAD \
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\"," \
	"\"typ\":\"at+jwt\"}"
#define NOW_MS INT64_C(1800000000000)

static void
header(struct str text)
{
	must(bearer_of(text).n <= JWT_BYTES_MAX);
}

static void
cookie(struct str text)
{
	struct str secret;

	if (cookie_of(text, &secret))
		must(secret.n > 0 && str_find(secret, ';') == secret.n);
}

static void
form(struct ctx *cx, struct str text)
{
	static const char *const names[] = { "grant_type", "client_id",
		"client_secret", "scope" };
	struct str value;

	for (size_t i = 0; i < COUNT(names); i++)
		if (form_field(cx->arena, text, names[i], &value))
			must(str_utf8(value));
}

static void
token(struct ctx *cx, struct str text)
{
	static const struct token_key key[TOKEN_KEYS] = {
		{ { "abcdefghijklmnop" }, { 1 } },
		{ { "0123456789abcdef" }, { 2 } },
	};
	const struct jwt_keys keys = { STR("https://id.example"), key,
		TOKEN_KEYS };
	struct jwt jwt;

	must(jwt_read(cx, &keys, text, 1, &jwt) == ERR_UNAUTHENTICATED);
}

/* Whatever is taken has a tenant, a session, and an end that is not far. */
static void
claims(struct ctx *cx, struct str text)
{
	static const uint8_t seed[32] = { 7 };
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	EVP_MD_CTX *sign = EVP_MD_CTX_new();
	struct token_key key = { { "abcdefghijklmnop" }, { 0 } };
	const struct jwt_keys keys = { STR("https://id.example"), &key, 1 };
	uint8_t signature[64];
	size_t n = sizeof(key.public), nsignature = sizeof(signature);
	struct jwt jwt;
	struct str whole = str_fmt(cx->arena, "%.*s.%.*s",
	    STR_ARG(str_base64url(cx->arena, STR(HEAD))),
	    STR_ARG(str_base64url(cx->arena, text)));

	must(pair != NULL && sign != NULL &&
	    EVP_PKEY_get_raw_public_key(pair, key.public, &n) == 1 &&
	    EVP_DigestSignInit(sign, NULL, NULL, NULL, pair) == 1 &&
	    EVP_DigestSign(sign, signature, &nsignature,
		(const uint8_t *)whole.p, whole.n) == 1);
	whole = str_fmt(cx->arena, "%.*s.%.*s", STR_ARG(whole),
	    STR_ARG(str_base64url(cx->arena,
		(struct str) { (char *)signature, sizeof(signature) })));
	if (jwt_read(cx, &keys, whole, NOW_MS, &jwt) == OK)
		must(jwt.tenant > 0 && jwt.session > 0 && jwt.subject > 0 &&
		    jwt.issued_ms > NOW_MS - 2 * JWT_SECONDS * 1000);
	EVP_MD_CTX_free(sign);
	EVP_PKEY_free(pair);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct str text = { (const char *)p + 1, n > 0 ? n - 1 : 0 };

	switch (n > 0 ? p[0] % AS_COUNT : AS_COUNT) {
	case AS_BEARER:
		header(text);
		break;
	case AS_COOKIE:
		cookie(text);
		break;
	case AS_FORM:
		form(&cx, text);
		break;
	case AS_TOKEN:
		token(&cx, text);
		break;
	case AS_CLAIMS:
		claims(&cx, text);
		break;
	default:
		break;
	}
	fuzz_close(&cx);
	return 0;
}

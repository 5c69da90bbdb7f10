/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt_test.c - of many tokens that are almost right none is taken (S-T12,
 * RFC 8725), and the one that is right is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/id.h"

#include "act/jwt.h"

#define NOW_S 1800000000
#define HEAD \
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\"," \
	"\"typ\":\"at+jwt\"}"
#define ID    "03AGZZTBC0000"
#define CLAIMS(iss, aud, tenant, iat, exp) \
	"{\"iss\":" iss ",\"aud\":" aud ",\"sub\":\"" ID "\"," \
	"\"client_id\":\"" ID "\",\"tenant\":" tenant "," \
	"\"sid\":\"" ID "\",\"jti\":\"" ID "\"," \
	"\"scope\":\"self person.read\",\"iat\":" iat ",\"exp\":" exp "}"
#define US    "\"https://id.example\""
#define GOOD  CLAIMS(US, US, "3", "1800000000", "1800000600")

static struct arena *arena;
static EVP_PKEY *own, *other;
static struct token_key key[TOKEN_KEYS];
static struct jwt_keys keys;
static size_t tried;

static EVP_PKEY *
pair_of(uint8_t seed, uint8_t public[32])
{
	const uint8_t bytes[32] = { seed };
	size_t n = 32;
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, bytes, sizeof(bytes));

	assert_non_null(pair);
	assert_int_equal(EVP_PKEY_get_raw_public_key(pair, public, &n), 1);
	return pair;
}

static int
open_keys(void **state)
{
	uint8_t unknown[32];

	(void)state;
	arena = arena_open(64 << 20);
	own = pair_of(1, key[0].public);
	memcpy(key[0].kid, "abcdefghijklmnop", TOKEN_KID);
	memcpy(key[1].kid, "ponmlkjihgfedcba", TOKEN_KID);
	other = pair_of(2, key[1].public);
	EVP_PKEY_free(pair_of(3, unknown));
	memcpy(key[2].kid, "0000000000000000", TOKEN_KID);
	keys = (struct jwt_keys) { STR("https://id.example"), key, TOKEN_KEYS };
	tried = 0;
	return 0;
}

static int
close_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(own);
	EVP_PKEY_free(other);
	arena_close(arena);
	return 0;
}

static struct str
b64(struct str s)
{
	return str_base64url(arena, s);
}

static struct str
unsigned_of(const char *head, const char *claims)
{
	return str_fmt(arena, "%.*s.%.*s", STR_ARG(b64(str_of(head))),
	    STR_ARG(b64(str_of(claims))));
}

static struct str
signed_by(EVP_PKEY *pair, struct str text)
{
	EVP_MD_CTX *sign = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t n = sizeof(signature);

	assert_int_equal(EVP_DigestSignInit(sign, NULL, NULL, NULL, pair), 1);
	assert_int_equal(EVP_DigestSign(sign, signature, &n,
			     (const uint8_t *)text.p, text.n),
	    1);
	EVP_MD_CTX_free(sign);
	return str_fmt(arena, "%.*s.%.*s", STR_ARG(text),
	    STR_ARG(b64((struct str) { (char *)signature, n })));
}

static bool
is_taken(struct str token, struct jwt *out)
{
	struct ctx cx = { .arena = arena };

	tried++;
	if (jwt_read(&cx, &keys, token, NOW_S * INT64_C(1000), out) == OK)
		return true;
	/* Whatever was wrong, it is told alike. */
	assert_int_equal(cx.fault.msg, MSG_WORLD_TOKEN);
	return false;
}

static void
refused(struct str token)
{
	struct jwt jwt;

	if (is_taken(token, &jwt))
		print_error("taken: %.*s\n", STR_ARG(token));
	assert_false(is_taken(token, &jwt));
	tried--;
}

static void
the_right_one_is_taken(void **state)
{
	struct jwt jwt;
	int64_t id;

	(void)state;
	assert_true(is_taken(signed_by(own, unsigned_of(HEAD, GOOD)), &jwt));
	assert_true(id_decode(STR(ID), &id));
	assert_int_equal(jwt.tenant, 3);
	assert_int_equal(jwt.subject, id);
	assert_int_equal(jwt.client, id);
	assert_int_equal(jwt.session, id);
	assert_int_equal(jwt.rights,
	    RIGHT_BIT(RIGHT_SELF) | RIGHT_BIT(RIGHT_PERSON_READ));
}

static void
what_is_made_is_read_back(void **state)
{
	const struct jwt in = { .issuer = STR("https://id.example"),
		.tenant = 9, .subject = 11, .session = 12, .id = 13,
		.rights = rights_of_tenant(), .persons = STR("site eq \"ber\""),
		.issued_ms = NOW_S * INT64_C(1000) };
	struct jwt out;

	(void)state;
	assert_true(is_taken(
	    signed_by(own, str_fmt(arena, "%.*s.%.*s",
		STR_ARG(b64(STR(HEAD))),
		STR_ARG(b64(jwt_claims(arena, &in))))), &out));
	assert_int_equal(out.tenant, 9);
	assert_int_equal(out.subject, 11);
	assert_int_equal(out.client, 0);
	assert_int_equal(out.session, 12);
	assert_true(out.rights == in.rights);
	assert_true(str_eq(out.persons, in.persons));
}

/* Signed with the right key, and still not ours. */
static const char *const heads[] = {
	"{\"alg\":\"none\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"None\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"HS256\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"ES256\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"RS256\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"Ed25519\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"eddsa\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":[\"EdDSA\"],\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"JWT\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"AT+JWT\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"ponmlkjihgfedcba\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"0000000000000000\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"../../dev/null\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"' OR 1=1 --\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":0,\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmno\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnopq\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"crit\":[\"exp\"]}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"jku\":\"https://evil.example\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"jwk\":{}}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"x5u\":\"x\"}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"b64\":false}",
	"{\"alg\":\"EdDSA\",\"kid\":\"abcdefghijklmnop\",\"typ\":\"at+jwt\",\"zip\":\"DEF\"}",
	"[]", "null", "\"EdDSA\"", "{", "", "{}",
};

#define BEGIN "{\"iss\":" US ",\"aud\":" US ","
#define SUB   "\"sub\":\"" ID "\","
#define SID   "\"sid\":\"" ID "\","
#define JTI   "\"jti\":\"" ID "\","
#define TIMES "\"tenant\":3,\"iat\":1800000000,\"exp\":1800000600}"

static const char *const claims[] = {
	CLAIMS("\"https://evil.example\"", US, "3", "1800000000", "1800000600"),
	CLAIMS("\"https://id.example/\"", US, "3", "1800000000", "1800000600"),
	CLAIMS("\"\"", US, "3", "1800000000", "1800000600"),
	CLAIMS("null", US, "3", "1800000000", "1800000600"),
	CLAIMS("[" US "]", US, "3", "1800000000", "1800000600"),
	CLAIMS(US, "\"https://evil.example\"", "3", "1800000000", "1800000600"),
	CLAIMS(US, "[" US ",\"x\"]", "3", "1800000000", "1800000600"),
	CLAIMS(US, "null", "3", "1800000000", "1800000600"),
	CLAIMS(US, US, "0", "1800000000", "1800000600"),
	CLAIMS(US, US, "-1", "1800000000", "1800000600"),
	CLAIMS(US, US, "4294967296", "1800000000", "1800000600"),
	CLAIMS(US, US, "\"3\"", "1800000000", "1800000600"),
	CLAIMS(US, US, "3.0", "1800000000", "1800000600"),
	CLAIMS(US, US, "null", "1800000000", "1800000600"),
	CLAIMS(US, US, "3", "1799999400", "1800000000"),
	CLAIMS(US, US, "3", "1799999000", "1799999600"),
	CLAIMS(US, US, "3", "1800000000", "1800000601"),
	CLAIMS(US, US, "3", "1800000000", "1900000000"),
	CLAIMS(US, US, "3", "1800000061", "1800000661"),
	CLAIMS(US, US, "3", "null", "1800000600"),
	CLAIMS(US, US, "3", "1800000000", "null"),
	CLAIMS(US, US, "3", "1800000000", "\"1800000600\""),
	CLAIMS(US, US, "3", "1800000000", "1e99"),
	CLAIMS(US, US, "3", "1800000000", "9223372036854775807"),
	CLAIMS(US, US, "3", "-1", "599"),
	"{}", "[]", "null", "", "{", GOOD GOOD, GOOD " x",
	BEGIN TIMES,
	BEGIN SUB JTI TIMES,
	BEGIN SUB "\"sid\":\"x\"," JTI TIMES,
	BEGIN "\"sub\":7," SID JTI TIMES,
	BEGIN "\"iss\":" US "," SUB SID JTI TIMES,
	BEGIN SUB "\"client_id\":\"x\"," SID JTI TIMES,
};

static void
heads_and_claims(void)
{
	for (size_t i = 0; i < COUNT(heads); i++) {
		refused(signed_by(own, unsigned_of(heads[i], GOOD)));
		refused(str_fmt(arena, "%.*s.",
		    STR_ARG(unsigned_of(heads[i], GOOD))));
	}
	for (size_t i = 0; i < COUNT(claims); i++)
		refused(signed_by(own, unsigned_of(HEAD, claims[i])));
}

/* RFC 8725 2.1: the public key taken for a secret of HMAC. */
static void
confusion(void)
{
	static const char *const algorithms[] = { "HS256", "HS384", "HS512",
		"EdDSA" };
	uint8_t mac[64];
	unsigned n;

	for (size_t i = 0; i < COUNT(algorithms); i++) {
		struct str head = str_fmt(arena,
		    "{\"alg\":\"%s\",\"kid\":\"abcdefghijklmnop\","
		    "\"typ\":\"at+jwt\"}", algorithms[i]);
		struct str text = unsigned_of(str_z(arena, head), GOOD);

		HMAC(EVP_sha256(), key[0].public, 32, (const uint8_t *)text.p,
		    text.n, mac, &n);
		refused(str_fmt(arena, "%.*s.%.*s", STR_ARG(text),
		    STR_ARG(b64((struct str) { (char *)mac, n }))));
		HMAC(EVP_sha512(), key[0].public, 32, (const uint8_t *)text.p,
		    text.n, mac, &n);
		refused(str_fmt(arena, "%.*s.%.*s", STR_ARG(text),
		    STR_ARG(b64((struct str) { (char *)mac, n }))));
	}
	refused(signed_by(other, unsigned_of(HEAD, GOOD)));
}

/* Cut anywhere, a bit changed anywhere, dots more or fewer, another spelling. */
static void
damage(void)
{
	const struct str good = signed_by(own, unsigned_of(HEAD, GOOD));
	struct str two = good;

	for (size_t n = 0; n < good.n; n += 7)
		refused(str_sub(good, 0, n));
	for (size_t i = 0; i < good.n; i += 5) {
		char *bad = arena_copy(arena, good.p, good.n);

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		refused((struct str) { bad, good.n });
	}
	refused(str_fmt(arena, "%.*s.", STR_ARG(good)));
	refused(str_fmt(arena, ".%.*s", STR_ARG(good)));
	refused(str_fmt(arena, "%.*s=", STR_ARG(good)));
	refused(str_fmt(arena, "%.*s ", STR_ARG(good)));
	refused(str_fmt(arena, "%.*s.%.*s", STR_ARG(good), STR_ARG(good)));
	str_cut(&two, '.');
	refused(two);
	refused(STR(""));
	refused(STR("."));
	refused(STR(".."));
	refused(STR("..."));
}

static void
none_of_two_hundred_that_are_almost_right_is_taken(void **state)
{
	(void)state;
	heads_and_claims();
	confusion();
	damage();
	print_message("%zu tokens\n", tried);
	assert_true(tried >= 200);
}

/* A server that has no name takes nobody's tokens, not those without one. */
static void
without_an_issuer_none_is_taken(void **state)
{
	(void)state;
	keys.issuer = STR("");
	refused(signed_by(own, unsigned_of(HEAD,
	    CLAIMS("\"\"", "\"\"", "3", "1800000000", "1800000600"))));
	refused(signed_by(own, unsigned_of(HEAD,
	    "{" SUB SID JTI TIMES)));
}

static void
one_that_is_long_is_not_looked_at(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, arena, 1 << 20);
	buf_z(&b, "{\"x\":\"");
	while (b.n < JWT_BYTES_MAX)
		buf_u8(&b, 'x');
	buf_z(&b, "\"}");
	refused(signed_by(own,
	    unsigned_of(HEAD, str_z(arena, buf_view(&b)))));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_keys, close_keys)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(the_right_one_is_taken),
		FRESH(what_is_made_is_read_back),
		FRESH(none_of_two_hundred_that_are_almost_right_is_taken),
		FRESH(without_an_issuer_none_is_taken),
		FRESH(one_that_is_long_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

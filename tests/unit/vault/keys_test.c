/* SPDX-License-Identifier: Apache-2.0 */
/* keys_test.c - every tenant has keys of its own, and they come back whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "vault/keys.h"

static struct crypt crypt;
static struct keys keys;

static int
open_keys(void **state)
{
	crypt_open(&crypt);
	keys_open(&keys, &crypt);
	keys_make(&keys);
	return keys_tenant_make(&keys, 9) && keys_tenant_make(&keys, 2) &&
		keys_tenant_make(&keys, 5)
	    ? 0
	    : -1;
}

static int
close_keys(void **state)
{
	keys_close(&keys);
	crypt_close(&crypt);
	return 0;
}

static struct key256
index_of(uint32_t tenant, enum index_kind kind, const char *value)
{
	const struct index_value v = { kind, str_of(value) };
	struct key256 key;

	keys_index(&keys, keys_tenant(&keys, tenant), &v, &key);
	return key;
}

static void
a_tenant_is_found_and_an_unknown_one_is_not(void **state)
{
	static const uint32_t known[] = { 2, 5, 9 }, unknown[] = { 0, 3, 10 };

	for (size_t i = 0; i < COUNT(known); i++)
		assert_int_equal(
		    keys_tenant(&keys, known[i])->tenant, known[i]);
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_null(keys_tenant(&keys, unknown[i]));
}

static void
equal_mail_addresses_of_two_tenants_are_unrelated(void **state)
{
	struct key256 one = index_of(2, INDEX_EMAIL, "zoe@example.org");
	struct key256 two = index_of(5, INDEX_EMAIL, "zoe@example.org");
	struct key256 again = index_of(2, INDEX_EMAIL, "zoe@example.org");

	assert_memory_equal(&one, &again, sizeof(one));
	assert_memory_not_equal(&one, &two, sizeof(one));
}

static void
kinds_and_values_do_not_meet(void **state)
{
	struct key256 name = index_of(2, INDEX_USER_NAME, "zoe");

	for (enum index_kind kind = INDEX_EMAIL; kind < INDEX_COUNT; kind++) {
		struct key256 other = index_of(2, kind, "zoe");

		assert_memory_not_equal(&name, &other, 6);
	}
	for (const char *const *v =
		 (const char *const[]) { "Zoe", "zo", "", NULL };
	     *v != NULL; v++) {
		struct key256 other = index_of(2, INDEX_USER_NAME, *v);

		assert_memory_not_equal(&name, &other, 6);
	}
}

static void
a_search_key_has_48_bits(void **state)
{
	static const uint8_t zero[26];
	struct key256 search = index_of(2, INDEX_SEARCH, "zoe");
	struct key256 full = index_of(2, INDEX_EXTERNAL_ID, "zoe");

	assert_memory_equal(search.bytes + 6, zero, sizeof(zero));
	assert_memory_not_equal(search.bytes, zero, 6);
	assert_memory_not_equal(full.bytes + 6, zero, sizeof(zero));
}

static void
keys_come_back_from_their_encoding(void **state)
{
	const struct tenant_keys *t = keys_tenant(&keys, 5);
	struct key256 before = index_of(5, INDEX_EMAIL, "zoe@example.org"),
		      after;
	const struct index_value v = { INDEX_EMAIL, STR("zoe@example.org") };
	struct secret bytes;
	struct keys copy;

	keys_encode(&keys, &bytes);
	keys_open(&copy, &crypt);
	assert_true(keys_decode(&copy, secret_view(&bytes)));
	assert_int_equal(copy.n, 3);
	assert_memory_equal(copy.deployment, keys.deployment, 16);
	assert_memory_equal(copy.log_public, keys.log_public, 32);
	assert_memory_equal(keys_tenant(&copy, 5)->text, t->text, KEY_BYTES);
	assert_int_equal(kek_newest(keys_tenant(&copy, 5))->id, t->kek[0].id);
	keys_index(&copy, keys_tenant(&copy, 5), &v, &after);
	assert_memory_equal(&before, &after, sizeof(after));
	keys_close(&copy);
	secret_close(&bytes);
}

static void
a_cut_encoding_is_refused(void **state)
{
	struct secret bytes;

	keys_encode(&keys, &bytes);
	for (size_t n = 0; n < bytes.n; n++) {
		struct keys copy;

		keys_open(&copy, &crypt);
		assert_false(
		    keys_decode(&copy, str_sub(secret_view(&bytes), 0, n)));
		keys_close(&copy);
	}
	secret_close(&bytes);
}

static void
an_older_epoch_is_found_by_its_id(void **state)
{
	struct tenant_keys t = { .nkek = 2 };

	t.kek[0] = (struct kek) { .id = 10, .epoch = 1, .state = KEK_UNWRAPS };
	t.kek[1] = (struct kek) { .id = 20, .epoch = 2, .state = KEK_WRAPS };
	assert_int_equal(kek_newest(&t)->epoch, 2);
	assert_int_equal(kek_by_id(&t, 10)->epoch, 1);
	assert_int_equal(kek_by_id(&t, 20)->epoch, 2);
	assert_null(kek_by_id(&t, 30));
}

static void
a_dropped_tenant_takes_its_indexes_along(void **state)
{
	struct key256 before = index_of(9, INDEX_EMAIL, "zoe"), after;

	keys_tenant_drop(&keys, 9);
	assert_null(keys_tenant(&keys, 9));
	assert_non_null(keys_tenant(&keys, 5));
	assert_true(keys_tenant_make(&keys, 9));
	after = index_of(9, INDEX_EMAIL, "zoe");
	assert_memory_not_equal(&before, &after, sizeof(after));
}

static void
the_log_key_signs_what_its_public_half_checks(void **state)
{
	const struct str text = STR("a checkpoint");
	uint8_t signature[64];

	keys_sign(&keys, text, signature);
	assert_int_equal(crypto_sign_verify_detached(signature,
			     (const uint8_t *)text.p, text.n, keys.log_public),
	    0);
	assert_int_not_equal(
	    crypto_sign_verify_detached(signature, (const uint8_t *)text.p,
		text.n - 1, keys.log_public),
	    0);
}

static void
each_month_has_a_token_key_that_the_month_before_announced(void **state)
{
	const int64_t month = TOKEN_KEY_DAYS * INT64_C(86400000);
	const int64_t now = 700 * month;
	const struct str text = STR("a token");
	struct token_key key, next, before;
	uint8_t signature[64];

	keys_token_key(&keys, now, 0, &key);
	keys_token_key(&keys, now, 1, &next);
	assert_memory_not_equal(&key, &next, sizeof(key));
	keys_token_key(&keys, now + month - 1, 0, &before);
	assert_memory_equal(&key, &before, sizeof(key));
	keys_token_key(&keys, now + month, 0, &before);
	assert_memory_equal(&next, &before, sizeof(key));
	keys_token_key(&keys, now + month, -1, &before);
	assert_memory_equal(&key, &before, sizeof(key));
	keys_token_sign(&keys, now, text, signature);
	assert_int_equal(crypto_sign_verify_detached(signature,
			     (const uint8_t *)text.p, text.n, key.public),
	    0);
	assert_memory_not_equal(key.public, keys.log_public, 32);
}

/* Form 1 stands in the folders of before; it had no root of token keys. */
static void
keys_of_the_first_form_get_a_root_of_token_keys(void **state)
{
	struct keys back;
	struct secret bytes;
	struct token_key key;

	keys_encode(&keys, &bytes);
	bytes.p[0] = 1;
	memmove(bytes.p + 1 + 16 + KEY_BYTES, bytes.p + 1 + 16 + 2 * KEY_BYTES,
	    bytes.n - (1 + 16 + 2 * KEY_BYTES));
	keys_open(&back, &crypt);
	assert_true(keys_decode(&back,
	    (struct str) { (char *)bytes.p, bytes.n - KEY_BYTES }));
	assert_true(back.is_older);
	assert_memory_equal(back.log_public, keys.log_public, 32);
	assert_int_equal(back.n, keys.n);
	keys_token_key(&back, 1, 0, &key);
	secret_close(&bytes);
	keys_close(&back);
}

static void
the_table_of_tenants_has_an_end(void **state)
{
	uint32_t tenant = 100;

	while (keys.n < TENANTS_MAX)
		assert_true(keys_tenant_make(&keys, tenant++));
	assert_false(keys_tenant_make(&keys, tenant));
	assert_null(keys_tenant(&keys, tenant));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_keys, close_keys)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_tenant_is_found_and_an_unknown_one_is_not),
		FRESH(equal_mail_addresses_of_two_tenants_are_unrelated),
		FRESH(kinds_and_values_do_not_meet),
		FRESH(a_search_key_has_48_bits),
		FRESH(keys_come_back_from_their_encoding),
		FRESH(a_cut_encoding_is_refused),
		FRESH(an_older_epoch_is_found_by_its_id),
		FRESH(a_dropped_tenant_takes_its_indexes_along),
		FRESH(the_log_key_signs_what_its_public_half_checks),
		FRESH(each_month_has_a_token_key_that_the_month_before_announced),
		FRESH(keys_of_the_first_form_get_a_root_of_token_keys),
		FRESH(the_table_of_tenants_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

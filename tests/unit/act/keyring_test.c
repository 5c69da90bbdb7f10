/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_test.c - credentials are found by their secret and by their id. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "act/keyring.h"

#define MANY 1000

static struct credential
numbered(int64_t n)
{
	struct credential c = { .kind = CREDENTIAL_TOKEN,
		.id = n * 7919 % MANY + 1 };

	for (size_t i = 0; i < sizeof(c.hash); i++)
		c.hash[i] = (uint8_t)((uint64_t)(n * 40503 + 17) >> (i % 8));
	memcpy(c.hash + 8, &n, sizeof(n));
	return c;
}

static void
what_was_put_is_found_until_it_is_dropped(void **state)
{
	struct keyring k = { 0 };

	(void)state;
	for (int64_t n = 0; n < MANY; n++) {
		struct credential c = numbered(n);

		assert_null(keyring_hash(&k, c.hash));
		assert_null(keyring_id(&k, c.id));
		keyring_put(&k, &c);
	}
	assert_int_equal(k.n, MANY);
	for (int64_t n = 0; n < MANY; n += 2) {
		struct credential c = numbered(n);

		keyring_drop(&k, keyring_id(&k, c.id));
	}
	for (int64_t n = 0; n < MANY; n++) {
		struct credential c = numbered(n);
		struct credential *at = keyring_hash(&k, c.hash);

		assert_ptr_equal(at, keyring_id(&k, c.id));
		if (n % 2 == 0) {
			assert_null(at);
			continue;
		}
		assert_non_null(at);
		assert_int_equal(at->id, c.id);
		assert_memory_equal(at->hash, c.hash, sizeof(c.hash));
	}
	assert_null(keyring_id(&k, 0));
	assert_null(keyring_id(&k, MANY + 1));
	keyring_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found_until_it_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

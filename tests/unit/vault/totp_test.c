/* SPDX-License-Identifier: Apache-2.0 */
/* totp_test.c - the vectors of RFC 6238 appendix B, and of RFC 4648. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

#include "vault/totp.h"

static const uint8_t *const seed = (const uint8_t *)"12345678901234567890";

static void
codes_are_those_of_the_rfc(void **state)
{
	/* The RFC shows eight digits; ours are the last six of them. */
	static const struct {
		int64_t	 second;
		uint32_t code;
	} vector[] = {
		{ 59, 94287082 },
		{ 1111111109, 7081804 },
		{ 1111111111, 14050471 },
		{ 1234567890, 89005924 },
		{ 2000000000, 69279037 },
		{ 20000000000, 65353130 },
	};

	for (size_t i = 0; i < COUNT(vector); i++)
		assert_int_equal(totp_code(seed, vector[i].second / 30),
		    vector[i].code % TOTP_CODES);
}

static void
a_seed_is_shown_in_base32(void **state)
{
	char secret[TOTP_SECRET];

	totp_secret(seed, secret);
	assert_memory_equal(
	    secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", sizeof(secret));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(a_seed_is_shown_in_base32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

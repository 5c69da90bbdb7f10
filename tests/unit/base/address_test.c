/* SPDX-License-Identifier: Apache-2.0 */
/* address_test.c - addresses as bytes, and what counts as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"

static void
an_address_is_the_same_however_it_comes(void **state)
{
	const uint8_t v4[4] = { 192, 0, 2, 7 };
	uint8_t a[ADDRESS_BYTES], b[ADDRESS_BYTES], c[ADDRESS_BYTES];
	bool is_v4;

	(void)state;
	assert_true(address_parse(STR("192.0.2.7"), a, &is_v4));
	assert_true(is_v4);
	assert_true(address_parse(STR("::ffff:192.0.2.7"), b, &is_v4));
	assert_false(is_v4);
	address_of_v4(v4, c);
	assert_memory_equal(a, b, sizeof(a));
	assert_memory_equal(a, c, sizeof(a));
	assert_true(address_is_v4(a));
	assert_false(address_parse(STR("localhost"), a, &is_v4));
	assert_false(address_parse(STR(""), a, &is_v4));
}

static void
a_mask_keeps_the_first_bits(void **state)
{
	uint8_t a[ADDRESS_BYTES], b[ADDRESS_BYTES];
	bool is_v4;

	(void)state;
	assert_true(address_parse(STR("2001:db8:ffff::1"), a, &is_v4));
	assert_true(address_parse(STR("2001:db8:fe00::"), b, &is_v4));
	address_mask(a, 128);
	assert_int_equal(a[15], 1);
	address_mask(a, 39);
	assert_memory_equal(a, b, sizeof(a));
	address_mask(a, 0);
	memset(b, 0, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
}

/* Whoever has one IPv6 address has 2^64 of them. */
static void
neighbours_count_as_one_where_one_may_be_all(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned bits;
		bool are_one;
	} cases[] = {
		{ "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", 64, true },
		{ "2001:db8::1", "2001:db8:0:1::1", 64, false },
		{ "192.0.2.7", "192.0.2.6", 128, false },
		{ "192.0.2.7", "::ffff:192.0.2.7", 128, true },
		{ "::ffff:192.0.2.7", "::ffff:192.0.2.6", 128, false },
	};
	uint8_t a[ADDRESS_BYTES], b[ADDRESS_BYTES];
	bool is_v4;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		print_message("%s %s\n", cases[i].a, cases[i].b);
		assert_true(address_parse(str_of(cases[i].a), a, &is_v4));
		assert_true(address_parse(str_of(cases[i].b), b, &is_v4));
		assert_int_equal(address_counted(a), cases[i].bits);
		assert_int_equal(address_counted(b), cases[i].bits);
		assert_int_equal(
		    memcmp(a, b, sizeof(a)) == 0, cases[i].are_one);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_the_same_however_it_comes),
		cmocka_unit_test(a_mask_keeps_the_first_bits),
		cmocka_unit_test(neighbours_count_as_one_where_one_may_be_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

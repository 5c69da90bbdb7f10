/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"

static struct arena *a;

static int
open_arena(void **state)
{
	(void)state;
	a = arena_open(1 << 20);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void
views_compare_cut_and_trim(void **state)
{
	const struct str none = { NULL, 0 };
	struct str s = STR("a;b;;c");

	(void)state;
	assert_true(str_eq(str_of(NULL), none));
	assert_true(str_eq(none, STR("")));
	assert_false(str_eq(STR("a"), STR("b")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_true(str_eq_nocase(STR("Content-Type"), STR("content-tYPE")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_false(str_eq_nocase(STR("a"), STR("aa")));
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
	assert_int_equal(str_cmp(none, STR("")), 0);
	assert_true(str_starts(STR("/api/v1"), STR("/api/")));
	assert_false(str_starts(STR("/ap"), STR("/api/")));
	assert_true(str_starts(none, none));
	assert_true(str_ends(STR("a.csv"), STR(".csv")));
	assert_false(str_ends(STR("sv"), STR(".csv")));
	assert_int_equal(str_find(STR("a=b"), '='), 1);
	assert_int_equal(str_find(STR("ab"), '='), 2);
	assert_int_equal(str_find(none, '='), 0);
	assert_str(str_sub(STR("hello"), 1, 3), "ell");
	assert_str(str_sub(STR("hello"), 4, SIZE_MAX), "o");
	assert_str(str_sub(STR("hello"), 9, 1), "");
	assert_str(str_trim(STR(" \t\r\n a b \v\f")), "a b");
	assert_str(str_trim(STR("  ")), "");

	assert_str(str_cut(&s, ';'), "a");
	assert_str(str_cut(&s, ';'), "b");
	assert_str(str_cut(&s, ';'), "");
	assert_non_null(s.p);
	assert_str(str_cut(&s, ';'), "c");
	assert_null(s.p);
	assert_str(str_cut(&s, ';'), "");
	s = STR("a;");
	str_cut(&s, ';');
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
}

static void
cut_a_nul(void *arg)
{
	(void)arg;
	str_z(a, STR("a\0b"));
}

static void
copies_and_formats_live_in_the_arena(void **state)
{
	char text[] = "ana";
	struct str copy = str_copy(a, str_of(text));

	(void)state;
	text[0] = 'x';
	assert_str(copy, "ana");
	assert_string_equal(str_z(a, STR("bo")), "bo");
	assert_string_equal(str_z(a, (struct str) { NULL, 0 }), "");
	assert_str(str_fmt(a, "%d seats of %s", 3, "mail"), "3 seats of mail");
	assert_str(str_fmt(a, "%s", ""), "");
	assert_bug(child(cut_a_nul, NULL), "str.c");
}

static void
numbers_are_decimal_whole_and_in_range(void **state)
{
	static const struct {
		const char *text;
		bool is_ok;
		int64_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "007", true, 7 },
		{ "-12", true, -12 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "0x1", false, 0 },
		{ "--1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = 0;

		assert_int_equal(
		    str_int(str_of(cases[i].text), &got), cases[i].is_ok);
		assert_true(got == cases[i].want);
	}
}

static void
only_well_formed_utf8_passes(void **state)
{
	static const struct {
		struct str text;
		bool is_ok;
	} cases[] = {
		{ { "", 0 }, true },
		{ { "plain and longer than eight bytes", 33 }, true },
		{ { "J\xc3\xbcrgen", 7 }, true },
		{ { "\xe2\x82\xac\xf0\x9f\x98\x80", 7 }, true },
		{ { "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10 }, true },
		{ { "\0", 1 }, false },
		{ { "12345678\0", 9 }, false },
		{ { "1234\0008901", 9 }, false },
		{ { "\x80", 1 }, false },
		{ { "\xc0\x80", 2 }, false },
		{ { "\xc1\xbf", 2 }, false },
		{ { "\xc3", 1 }, false },
		{ { "\xc3(", 2 }, false },
		{ { "\xe0\x9f\xbf", 3 }, false },
		{ { "\xe2\x82", 2 }, false },
		{ { "\xe2\x82(", 3 }, false },
		{ { "\xed\xa0\x80", 3 }, false },
		{ { "\xf0\x8f\xbf\xbf", 4 }, false },
		{ { "\xf4\x90\x80\x80", 4 }, false },
		{ { "\xf5\x80\x80\x80", 4 }, false },
		{ { "\xff", 1 }, false },
		{ { "1234567\xfe", 8 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (str_utf8(cases[i].text) != cases[i].is_ok)
			print_error("case %zu\n", i);
		assert_int_equal(str_utf8(cases[i].text), cases[i].is_ok);
	}
}

static void
every_byte_survives_hex_and_base64(void **state)
{
	char bytes[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	for (size_t n = 0; n <= 256; n++) {
		struct str s = { bytes, n }, back;

		assert_true(str_unhex(a, str_hex(a, s), &back));
		assert_true(str_eq(s, back));
		assert_true(str_unbase64(a, str_base64(a, s), &back));
		assert_true(str_eq(s, back));
		assert_true(str_unbase64url(a, str_base64url(a, s), &back));
		assert_true(str_eq(s, back));
	}
	assert_str(str_hex(a, STR("\x01\xfe")), "01fe");
	assert_str(str_base64(a, STR("\xfb\xff")), "+/8=");
	assert_str(str_base64(a, STR("a")), "YQ==");
	assert_str(str_base64url(a, STR("\xfb\xff")), "-_8");
	assert_str(str_base64(a, STR("")), "");
}

static void
a_value_has_one_text_only(void **state)
{
	static const char *const bad64[] = { "YQ", "YQ=", "YQ===", "Y", "YR==",
		"YWI", "YWJ=", "Y Q=", "YQ==\n", "-_8=", "=", "====", "YQ=a" };
	static const char *const bad_url[] = { "YQ==", "Y", "YR", "YWJ", "+/8",
		"YQ " };
	static const char *const bad_hex[] = { "0", "0g", "g0", "0x", " 1" };
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(bad64); i++)
		assert_false(str_unbase64(a, str_of(bad64[i]), &out));
	for (size_t i = 0; i < COUNT(bad_url); i++)
		assert_false(str_unbase64url(a, str_of(bad_url[i]), &out));
	assert_false(str_unbase64url(a, STR("YQ\0A"), &out));
	for (size_t i = 0; i < COUNT(bad_hex); i++)
		assert_false(str_unhex(a, str_of(bad_hex[i]), &out));
	assert_true(str_unhex(a, STR("aBcD"), &out));
	assert_str(out, "\xab\xcd");
}

static void
secrets_are_equal_only_to_themselves(void **state)
{
	(void)state;
	assert_true(str_eq_secret(STR("secret"), STR("secret")));
	assert_false(str_eq_secret(STR("secret"), STR("secreT")));
	assert_false(str_eq_secret(STR("Secret"), STR("secret")));
	assert_false(str_eq_secret(STR("secret"), STR("secre")));
	assert_true(str_eq_secret(STR(""), (struct str) { NULL, 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_compare_cut_and_trim),
		cmocka_unit_test(copies_and_formats_live_in_the_arena),
		cmocka_unit_test(numbers_are_decimal_whole_and_in_range),
		cmocka_unit_test(only_well_formed_utf8_passes),
		cmocka_unit_test(every_byte_survives_hex_and_base64),
		cmocka_unit_test(a_value_has_one_text_only),
		cmocka_unit_test(secrets_are_equal_only_to_themselves),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

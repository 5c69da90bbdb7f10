/* SPDX-License-Identifier: Apache-2.0 */
/* password_test.c - which passwords may be chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "core/password.h"

static enum msg
why_not(const char *password, bool has_totp)
{
	static const struct str own[] = { { "Ana María López", 17 },
		{ "ana.lopez@example.com", 21 }, { "acme-gmbh", 9 } };
	struct arena *a = arena_open(1 << 20);
	struct ctx cx = { .arena = a };
	const struct password_wish w = { str_of(password), has_totp, own,
		COUNT(own) };
	enum msg msg = MSG_NONE;

	if (password_check_new(&cx, &w) != OK)
		msg = cx.fault.msg;
	arena_close(a);
	return msg;
}

static void
length_is_what_counts(void **state)
{
	(void)state;
	assert_int_equal(why_not("seven ducks swi", false), MSG_NONE);
	assert_int_equal(why_not("seven ducks sw", false), MSG_PASSWORD_SHORT);
	assert_int_equal(why_not("gnu7fish", true), MSG_NONE);
	assert_int_equal(why_not("gnufish", true), MSG_PASSWORD_SHORT);
	/* Characters, not bytes; and no rule about kinds of them. */
	assert_int_equal(why_not("äöüäößéèêëçñøåæ", false), MSG_NONE);
	assert_int_equal(why_not("äöüäößéèêëçñøå", false), MSG_PASSWORD_SHORT);
	assert_int_equal(why_not("019283746556473", false), MSG_NONE);
}

static void
long_ones_are_taken_up_to_a_limit(void **state)
{
	char text[PASSWORD_CHARS_MAX + 2] = { 0 };

	(void)state;
	for (size_t i = 0; i < PASSWORD_CHARS_MAX; i++)
		text[i] = (char)('a' + i * i % 23);
	assert_int_equal(why_not(text, false), MSG_NONE);
	text[PASSWORD_CHARS_MAX] = 'x';
	assert_int_equal(why_not(text, false), MSG_PASSWORD_FORM);
	assert_int_equal(why_not("", false), MSG_PASSWORD_FORM);
	assert_int_equal(why_not("\xff\xff no text at all", false),
	    MSG_PASSWORD_FORM);
}

static void
what_anybody_would_try_is_refused(void **state)
{
	static const char *const bad[] = { "password", "Password1", "baseball",
		"aaaaaaaa", "abcabcabcabc", "12345678", "87654321", "abcdefgh",
		"67890123", "ABABABAB" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(why_not(bad[i], true), MSG_PASSWORD_COMMON);
	}
	assert_int_equal(
	    why_not("aaaaaaaaaaaaaaaaaaaa", false), MSG_PASSWORD_COMMON);
}

static void
ones_own_name_is_no_password(void **state)
{
	static const char *const bad[] = { "lopez2026", "MARÍA123", "xlópezx12",
		"acme-gmbh1", "example.com", "gmbh2026", "ana.lopez@acme" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		print_message("%s\n", bad[i]);
		assert_int_equal(why_not(bad[i], true), MSG_PASSWORD_OWN);
	}
	/* With enough beside it, it may stand in one. */
	assert_int_equal(why_not("lopez keeps seven ducks", false), MSG_NONE);
	/* Short words are in everything. */
	assert_int_equal(why_not("bananas7", true), MSG_NONE);
}

static void
two_spellings_are_one_password(void **state)
{
	struct arena *a = arena_open(1 << 16);
	struct str one, two;

	(void)state;
	assert_true(password_form(a, STR("caf\xc3\xa9"), &one));
	assert_true(password_form(a, STR("cafe\xcc\x81"), &two));
	assert_true(str_eq(one, two));
	assert_true(password_form(a, STR(" A  b "), &one));
	assert_true(str_eq(one, STR(" A  b ")));
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_what_counts),
		cmocka_unit_test(long_ones_are_taken_up_to_a_limit),
		cmocka_unit_test(what_anybody_would_try_is_refused),
		cmocka_unit_test(ones_own_name_is_no_password),
		cmocka_unit_test(two_spellings_are_one_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

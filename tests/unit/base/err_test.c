/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/err.h"

static void
every_error_has_its_row(void **state)
{
	(void)state;
	assert_string_equal(err_info(OK)->code, "ok");
	assert_int_equal(err_info(OK)->http, 200);
	assert_int_equal(err_info(OK)->cli, 0);
	assert_string_equal(err_info(ERR_BUSY)->code, "busy");
	assert_int_equal(err_info(ERR_FULL)->http, 507);
	for (enum err e = ERR_BAD_INPUT; e < ERR_COUNT; e++) {
		const struct err_info *info = err_info(e);

		assert_true(info->code[0] != '\0');
		assert_in_range(info->http, 400, 599);
		assert_in_range(info->cli, 2, 69);
		for (enum err other = OK; other < e; other++) {
			assert_string_not_equal(
			    info->code, err_info(other)->code);
			assert_int_not_equal(info->cli, err_info(other)->cli);
		}
	}
}

static void
the_best_language_is_picked(void **state)
{
	static const struct {
		const char *header;
		enum lang want;
	} cases[] = {
		{ "", LANG_EN },
		{ "de", LANG_DE },
		{ "DE-ch", LANG_DE },
		{ "fr-CA,en;q=0.5", LANG_FR },
		{ "en;q=0.5, nl;q=0.8", LANG_NL },
		{ "es, nl;q=0.3, de;q=0.299", LANG_NL },
		{ "de;q=0, fr;q=0.001", LANG_FR },
		{ "de;q=0", LANG_EN },
		{ "es, it", LANG_EN },
		{ "*", LANG_EN },
		{ "*;q=0.5, fr;q=0.4", LANG_EN },
		{ "nl ; q=0.9 , de; Q=1.000", LANG_DE },
		{ "de;q=x, fr;q=0.2", LANG_FR },
		{ "de;q=1.5, fr;q=0.2", LANG_FR },
		{ "den, frx, fr", LANG_FR },
		{ "de_DE.UTF-8", LANG_DE },
		{ "nl_BE@euro", LANG_NL },
		{ "fr.UTF-8", LANG_FR },
		{ "C", LANG_EN },
		{ "POSIX", LANG_EN },
		{ ",,;;,", LANG_EN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (lang_pick(str_of(cases[i].header)) != cases[i].want)
			print_error("%s\n", cases[i].header);
		assert_int_equal(
		    lang_pick(str_of(cases[i].header)), cases[i].want);
	}
	assert_int_equal(lang_pick(str_of(NULL)), LANG_EN);
	assert_string_equal(lang_code(LANG_DE), "de");
	assert_string_equal(lang_code(LANG_NL), "nl");
}

/* Bit i: {i} is in the text. */
static unsigned
places_in(const char *text)
{
	unsigned places = 0;

	for (const char *p = text; (p = strchr(p, '{')) != NULL; p++)
		if (p[1] >= '0' && p[1] <= '3' && p[2] == '}')
			places |= 1u << (p[1] - '0');
	return places;
}

static void
every_message_says_the_same_in_four_languages(void **state)
{
	static const struct str args[4] = { { "{0}", 3 }, { "{1}", 3 },
		{ "{2}", 3 }, { "{3}", 3 } };
	struct arena *a = arena_open(1 << 20);

	(void)state;
	for (enum msg m = MSG_NONE + 1; m < MSG_COUNT; m++) {
		unsigned want = 0;
		bool is_fault = true;

		for (enum lang l = LANG_EN; l < LANG_COUNT; l++) {
			struct str text = msg_text(a, m, l, args);
			struct str remedy = msg_remedy(a, m, l, args);
			unsigned places = places_in(str_z(a, text)) |
			    places_in(str_z(a, remedy));

			if (l == LANG_EN) {
				want = places;
				is_fault = remedy.n > 0;
			}
			if (text.n == 0 || places != want)
				print_error(
				    "%s in %s\n", msg_name(m), lang_code(l));
			assert_true(text.n > 0);
			assert_int_equal(remedy.n > 0, is_fault);
			assert_true(str_utf8(text) && str_utf8(remedy));
			assert_int_equal(places, want);
		}
		assert_true(strlen(msg_name(m)) > 0);
		arena_reset(a);
	}
	arena_close(a);
}

static void
arguments_take_their_places(void **state)
{
	const struct str args[4] = { STR("7"), STR("{0}"), STR(""), STR("x") };
	struct arena *a = arena_open(1 << 16);

	(void)state;
	assert_str(msg_text(a, MSG_JSON_SYNTAX, LANG_EN, args),
	    "The JSON is not well formed at line 7, column {0}.");
	assert_str(msg_remedy(a, MSG_OPTION_RANGE, LANG_DE, args),
	    "Geben Sie eine Zahl von  bis x an.");
	assert_str(msg_text(a, MSG_NONE, LANG_FR, args), "");
	assert_string_equal(msg_name(MSG_JSON_SYNTAX), "JSON_SYNTAX");
	assert_string_equal(msg_name(MSG_NONE), "NONE");
	arena_close(a);
}

static void
a_number_chooses_between_one_and_many(void **state)
{
	static const struct {
		const char *n;
		enum lang lang;
		const char *text;
	} cases[] = {
		{ "0", LANG_EN, "0 seats" },
		{ "1", LANG_EN, "1 seat" },
		{ "2", LANG_EN, "2 seats" },
		{ "11", LANG_EN, "11 seats" },
		{ "0", LANG_DE, "0 Pl\xc3\xa4tze" },
		{ "1", LANG_DE, "1 Platz" },
		{ "0", LANG_FR, "0 place" },
		{ "1", LANG_FR, "1 place" },
		{ "2", LANG_FR, "2 places" },
		{ "1", LANG_NL, "1 plaats" },
		{ "3", LANG_NL, "3 plaatsen" },
	};
	struct arena *a = arena_open(1 << 16);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct str args[4] = { str_of(cases[i].n) };

		assert_str(msg_text(a, MSG_SAY_SEATS_ALL, cases[i].lang, args),
		    cases[i].text);
	}
	arena_close(a);
}

static enum err
try_it(enum err err)
{
	TRY(err);
	return ERR_FULL;
}

static void
a_failure_is_recorded_once_with_copies(void **state)
{
	struct ctx cx = { .arena = arena_open(1 << 16) };
	char arg[] = "12";

	(void)state;
	assert_int_equal(
	    fail(&cx, ERR_STALE, MSG_JSON_SYNTAX, "name", arg, "34"),
	    ERR_STALE);
	arg[0] = 'x';
	assert_int_equal(cx.fault.err, ERR_STALE);
	assert_int_equal(cx.fault.msg, MSG_JSON_SYNTAX);
	assert_str(cx.fault.field, "name");
	assert_str(cx.fault.args[0], "12");
	assert_str(cx.fault.args[1], "34");
	assert_str(cx.fault.args[2], "");

	/* Nothing of an earlier one shows through. */
	assert_int_equal(fail(&cx, ERR_FULL, MSG_YAML_TAG, NULL), ERR_FULL);
	assert_str(cx.fault.field, "");
	assert_str(cx.fault.args[0], "");
	arena_close(cx.arena);

	assert_int_equal(try_it(OK), ERR_FULL);
	assert_int_equal(try_it(ERR_DENIED), ERR_DENIED);
}

static void
without_an_arena_the_code_is_kept(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	assert_int_equal(fail(&cx, ERR_FULL, MSG_YAML_TAG, "f", "a"), ERR_FULL);
	assert_int_equal(cx.fault.err, ERR_FULL);
	assert_str(cx.fault.args[0], "");
}

static void
fail_with_five(void *arg)
{
	struct ctx *cx = arg;

	fail(cx, ERR_FULL, MSG_YAML_TAG, "f", "1", "2", "3", "4", "5");
}

static void
five_arguments_are_a_bug(void **state)
{
	struct ctx cx = { 0 };

	(void)state;
	assert_bug(child(fail_with_five, &cx), "err.c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_its_row),
		cmocka_unit_test(the_best_language_is_picked),
		cmocka_unit_test(every_message_says_the_same_in_four_languages),
		cmocka_unit_test(arguments_take_their_places),
		cmocka_unit_test(a_number_chooses_between_one_and_many),
		cmocka_unit_test(a_failure_is_recorded_once_with_copies),
		cmocka_unit_test(without_an_arena_the_code_is_kept),
		cmocka_unit_test(five_arguments_are_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

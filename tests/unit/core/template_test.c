/* SPDX-License-Identifier: Apache-2.0 */
/* template_test.c - what templates make of values, and what is no template. */
#include "attr_try.h"

#include "base/clock.h"

#include "core/catalogue.h"
#include "core/template.h"

/* The names of the tests: each stands for one value. */
static const struct {
	const char *name, *value;
} known[] = {
	{ "Vorname", "Bj\u00f6rn" },
	{ "Nachname", " M\u00fcller-L\u00dcdenscheidt\t" },
	{ "E-Mail", "Anna@EXAMPLE.org" },
	{ "Stra\u00dfe", "Stra\u00dfe 1" },
	{ "Eintritt", " 01.02.2026 " },
	{ "Leer", "" },
	{ "Cost Center", "4711" },
	{ "Zerlegt", "E\u0301tienne" },
	{ "Familie", "\U0001f468\u200d\U0001f469\u200d\U0001f467x" },
	{ "Name", "\u0141ukasz \u00d8rsted \u0152uvre \u0130" },
	{ "Kyrillisch", "\u0418\u0432\u0430\u043d" },
	{ "Steuer", "a\x01z" },
	{ "Kaputt", "a\xff" },
	{ "Gro\u00df", "\u0131\u0250\u017f\u1e9e" },
};

static int
resolve(const void *arg, struct str name)
{
	(void)arg;
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq(name, str_of(known[i].name)))
			return (int)i;
	return -1;
}

static struct str
value(const void *arg, int name)
{
	(void)arg;
	return str_of(known[name].value);
}

static const struct template_env env = { value, NULL, { "dd.mm.yyyy", 10 } };

static struct template *
compiled(const char *text)
{
	struct template *t;

	if (template_compile(&cx, str_of(text), resolve, NULL, &t) != OK)
		wrong("%s: %s", text, msg_name(cx.fault.msg));
	return t;
}

static const struct {
	const char *template, *text;
} texts[] = {
	{ "", "" },
	{ "ACME", "ACME" },
	{ "{Vorname}", "Bj\u00f6rn" },
	{ "{ Vorname }", "Bj\u00f6rn" },
	{ "{Leer}", "" },
	{ "{Cost Center}", "4711" },
	{ "{Stra\u00dfe}", "Stra\u00dfe 1" },
	{ "<{Nachname}>", "< M\u00fcller-L\u00dcdenscheidt\t>" },
	{ "<{Nachname|trim}>", "<M\u00fcller-L\u00dcdenscheidt>" },
	{ "{Nachname|trim|lower}", "m\u00fcller-l\u00fcdenscheidt" },
	{ "{Nachname| trim | upper }", "M\u00dcLLER-L\u00dcDENSCHEIDT" },
	{ "{E-Mail|lower}", "anna@example.org" },
	{ "{Stra\u00dfe|lower}", "stra\u00dfe 1" },
	{ "{Gro\u00df|upper}", "I\u2c6fS\u1e9e" },
	{ "{Vorname|first}", "B" },
	{ "{Vorname|first|lower}.{Nachname|trim|ascii}",
	  "b.mueller-luedenscheidt" },
	{ "{Leer|first}", "" },
	{ "{Zerlegt|first}", "E\u0301" },
	{ "{Familie|first}",
	  "\U0001f468\u200d\U0001f469\u200d\U0001f467" },
	{ "{Vorname|ascii}", "bjoern" },
	{ "{Vorname|ascii|upper}", "BJOERN" },
	{ "{Stra\u00dfe|ascii}", "strasse 1" },
	{ "{Name|ascii}", "lukasz orsted oeuvre i" },
	{ "{Kyrillisch|ascii}", "\u0438\u0432\u0430\u043d" },
	{ "{Leer|ascii|lower|upper|trim}", "" },
	{ "{Eintritt|date}", "2026-02-01" },
	{ "{Leer|date}", "" },
	{ "{Vorname|concat: }{Nachname|trim}",
	  "Bj\u00f6rn M\u00fcller-L\u00dcdenscheidt" },
	{ "{Leer|concat: }x", "x" },
	{ "{Vorname|concat:::a}", "Bj\u00f6rn::a" },
	{ "{{{Leer}}}", "{}" },
	{ "a{{b}}c", "a{b}c" },
	{ "{{n}}", "{n}" },
	{ "{Vorname|first|lower|upper|lower|upper|lower|upper|lower}", "b" },
	{ "x{n}y", "xy" },
	{ "{ n }", "" },
};

static void
templates_make_texts(void **state)
{
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct template *t = compiled(texts[i].template);

		if (template_run(&cx, t, &env, &out, 1) != OK)
			wrong("%s: %s", texts[i].template,
			    msg_name(cx.fault.msg));
		assert_str(out, texts[i].text);
	}
}

static void
the_number_is_nothing_then_two_then_three(void **state)
{
	struct template *t = compiled("{Vorname|ascii}{n}@x");
	struct str out[10];

	(void)state;
	assert_true(template_has_number(t));
	assert_int_equal(template_run(&cx, t, &env, out, 10), OK);
	assert_str(out[0], "bjoern@x");
	assert_str(out[1], "bjoern2@x");
	assert_str(out[2], "bjoern3@x");
	assert_str(out[9], "bjoern10@x");
	assert_int_equal(template_run(&cx, compiled("{n}"), &env, out, 2), OK);
	assert_str(out[0], "");
	assert_str(out[1], "2");
	assert_false(template_has_number(compiled("{Vorname}n")));
}

static void
the_first_name_is_told(void **state)
{
	(void)state;
	assert_str(
	    template_first_name(compiled("x{n}{E-Mail}{Vorname}")), "E-Mail");
	assert_str(template_first_name(compiled("x{n}")), "");
}

#define MANY(x) x x x x x x x x x x x x x x x x

static const struct {
	const char *template;
	enum msg    why;
	const char *arg;
} bad[] = {
	{ "{", MSG_TEMPLATE_BRACE, "1" },
	{ "}", MSG_TEMPLATE_BRACE, "1" },
	{ "abc{Vorname", MSG_TEMPLATE_BRACE, "4" },
	{ "abc}", MSG_TEMPLATE_BRACE, "4" },
	{ "{Vorname}}", MSG_TEMPLATE_BRACE, "10" },
	{ "{}", MSG_TEMPLATE_NAME, "" },
	{ "{ }", MSG_TEMPLATE_NAME, "" },
	{ "{|trim}", MSG_TEMPLATE_NAME, "" },
	{ "{vorname}", MSG_TEMPLATE_NAME, "vorname" },
	{ "{a{b}", MSG_TEMPLATE_NAME, "a{b" },
	{ "{N}", MSG_TEMPLATE_NAME, "N" },
	{ "{Vorname|}", MSG_TEMPLATE_FILTER, "" },
	{ "{Vorname||trim}", MSG_TEMPLATE_FILTER, "" },
	{ "{Vorname|Trim}", MSG_TEMPLATE_FILTER, "Trim" },
	{ "{Vorname|exec}", MSG_TEMPLATE_FILTER, "exec" },
	{ "{Vorname|trim:x}", MSG_TEMPLATE_ARGUMENT, "trim" },
	{ "{Vorname|trim:}", MSG_TEMPLATE_ARGUMENT, "trim" },
	{ "{Vorname|date:dd}", MSG_TEMPLATE_ARGUMENT, "date" },
	{ "{Vorname|concat}", MSG_TEMPLATE_ARGUMENT, "concat" },
	{ "{Vorname|concat:}", MSG_TEMPLATE_ARGUMENT, "concat" },
	{ "{Vorname|trim|trim|trim|trim|trim|trim|trim|trim|trim}",
	  MSG_TEMPLATE_FILTERS, "8" },
	{ "{n}{n}", MSG_TEMPLATE_NUMBER, "" },
	{ "{n|trim}", MSG_TEMPLATE_NUMBER, "" },
	{ MANY("{Vorname}") MANY("{Vorname}") "x", MSG_TEMPLATE_LONG,
	  "1024" },
	{ MANY(MANY("1234")) "5", MSG_TEMPLATE_LONG, "1024" },
};

static void
what_is_no_template_is_refused(void **state)
{
	struct template *t;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (template_compile(
			&cx, str_of(bad[i].template), resolve, NULL, &t) == OK)
			wrong("taken: %s", bad[i].template);
		assert_refused_at(
		    ERR_BAD_INPUT, bad[i].why, "template", __FILE__, __LINE__);
		assert_str(cx.fault.args[0], bad[i].arg);
	}
	compiled(MANY("{Vorname}") MANY("{Vorname}"));
	compiled(MANY(MANY("1234")));
}

static const struct {
	const char *template, *name;
	enum msg    why;
} misfits[] = {
	{ "{Vorname|date}", "Vorname", MSG_DATE_FORM },
	{ "x{Vorname}{Stra\u00dfe|date}", "Stra\u00dfe", MSG_DATE_FORM },
	{ "{Steuer|ascii}", "Steuer", MSG_TEMPLATE_TEXT },
	{ "{Kaputt|lower}", "Kaputt", MSG_TEMPLATE_TEXT },
	{ "{Kaputt|upper}", "Kaputt", MSG_TEMPLATE_TEXT },
	{ "{Kaputt|ascii}", "Kaputt", MSG_TEMPLATE_TEXT },
};

static void
a_value_that_does_not_fit_is_named(void **state)
{
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(misfits); i++)
		assert_refused_at(
		    template_run(
			&cx, compiled(misfits[i].template), &env, &out, 1),
		    misfits[i].why, misfits[i].name, __FILE__, __LINE__);
	/* Broken only after the first character: nobody looks there. */
	assert_int_equal(
	    template_run(&cx, compiled("{Steuer|first}"), &env, &out, 1), OK);
	assert_str(out, "a");
}

static struct str
huge(const void *arg, int name)
{
	(void)name;
	return *(const struct str *)arg;
}

static void
a_text_has_a_length(void **state)
{
	struct str a = { memset(arena_alloc(cx.arena, 40000), 'a', 40000),
		32768 }, out;
	struct template_env big = { huge, &a, { "", 0 } };

	(void)state;
	assert_int_equal(
	    template_run(&cx, compiled("{Vorname}{Vorname}"), &big, &out, 1),
	    OK);
	assert_int_equal(out.n, 65536);
	a.n++;
	assert_refused(
	    template_run(&cx, compiled("{Vorname}{Vorname}"), &big, &out, 1),
	    TEMPLATE_OUTPUT, "Vorname");
}

static const struct {
	const char *form, *text, *day;	/* NULL: refused */
} dates[] = {
	{ "dd.mm.yyyy", "23.11.2026", "2026-11-23" },
	{ "DD.MM.YYYY", "23.11.2026", "2026-11-23" },
	{ "dd.mm.yyyy", "31.12.9999", "9999-12-31" },
	{ "dd.mm.yyyy", "29.02.2024", "2024-02-29" },
	{ "dd.mm.yyyy", "29.02.2026", NULL },
	{ "dd.mm.yyyy", "1.2.2026", NULL },
	{ "dd.mm.yyyy", "01.02.26", NULL },
	{ "dd.mm.yyyy", "01.02.20266", NULL },
	{ "dd.mm.yyyy", "01/02/2026", NULL },
	{ "dd.mm.yyyy", " 01.02.2026", NULL },
	{ "dd.mm.yyyy", "00.00.0000", NULL },
	{ "dd.mm.yyyy", "32.01.2026", NULL },
	{ "dd.mm.yyyy", "01.13.2026", NULL },
	{ "dd.mm.yyyy", "", NULL },
	{ "dd.mm.yyyy", "01.02.", NULL },
	{ "dd.mm.yyyy", "-1.02.2026", NULL },
	{ "d.m.yyyy", "1.2.2026", "2026-02-01" },
	{ "d.m.yyyy", "01.02.2026", "2026-02-01" },
	{ "d.m.yyyy", "001.2.2026", NULL },
	{ "d.m.yyyy", ".2.2026", NULL },
	{ "d.m.yyyy", "1.2.26", NULL },
	{ "dd/mm/yyyy", "23/11/2026", "2026-11-23" },
	{ "dd/mm/yyyy", "11/23/2026", NULL },
	{ "mm/dd/yyyy", "11/23/2026", "2026-11-23" },
	{ "mm/dd/yyyy", "23/11/2026", NULL },
	{ "yyyy-mm-dd", "2026-11-23", "2026-11-23" },
	{ "yyyy-mm-dd", "2026-1-2", NULL },
	{ "yyyymmdd", "20261123", "2026-11-23" },
	{ "yyyymmdd", "2026112", NULL },
	{ "yyyymmdd", "202611231", NULL },
	{ "yyyymmdd", "2026-11-23", NULL },
	{ "ddmmyyyy", "23112026", NULL },
	{ "", "", NULL },
};

static void
dates_are_read_in_the_form_of_the_file(void **state)
{
	int32_t day;

	(void)state;
	for (size_t i = 0; i < COUNT(dates); i++) {
		enum err err = date_in_form(
		    &cx, str_of(dates[i].form), str_of(dates[i].text), &day);

		if ((err == OK) != (dates[i].day != NULL))
			wrong("%s %s", dates[i].form, dates[i].text);
		if (err == OK) {
			assert_true(date_form_is_known(str_of(dates[i].form)));
			assert_str(date_text(cx.arena, day), dates[i].day);
			continue;
		}
		assert_refused(err, DATE_FORM, "");
		assert_str(cx.fault.args[0], dates[i].form);
	}
	assert_false(date_form_is_known(STR("ddmmyyyy")));
	assert_false(date_form_is_known(STR("")));
}

static void
user_names_are_made_of_attributes(void **state)
{
	static const struct {
		const char *name;
		int want;
	} names[] = {
		{ "givenName", A_GIVEN_NAME },
		{ "familyname", A_FAMILY_NAME },
		{ "name.givenName", A_GIVEN_NAME },
		{ "employeeNumber", A_EMPLOYEE_NUMBER },
		{ "department", A_DEPARTMENT },
		{ "vorname", -1 },
		{ "", -1 },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaaaaaa",
		    -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(
		    user_name_attribute(NULL, str_of(names[i].name)),
		    names[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_make_texts),
		cmocka_unit_test(the_number_is_nothing_then_two_then_three),
		cmocka_unit_test(the_first_name_is_told),
		cmocka_unit_test(what_is_no_template_is_refused),
		cmocka_unit_test(a_value_that_does_not_fit_is_named),
		cmocka_unit_test(a_text_has_a_length),
		cmocka_unit_test(dates_are_read_in_the_form_of_the_file),
		cmocka_unit_test(user_names_are_made_of_attributes),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

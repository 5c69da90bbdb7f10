/* SPDX-License-Identifier: Apache-2.0 */
/* filter_compile_test.c - what a filter becomes, and what is refused and where. */
#include "filter_try.h"

static void
the_program_is_the_tree_in_postfix_order(void **state)
{
	static const struct filter_node want[] = {
		{ F_EQ, A_ACTIVE, ATTR_BOOL, { "", 0 }, 1, false, 0, NULL },
		{ F_EQ, A_SITE, ATTR_STRING,
		    { "b\"\\/\xc3\xbc\xf0\x9f\x98\x80", 10 }, 0, false, 0, NULL },
		{ F_LT, A_START, ATTR_DATE, { "", 0 }, DAY_BIAS - 14, true, 0, NULL },
		{ F_NOT, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_AND, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_ANY_CONTRACT, 0, 0, { "", 0 }, 0, false, 4, NULL },
		{ F_PR, A_LIFECYCLE, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_NOT, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_AND, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_OR, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_GE, A_END, ATTR_DATE, { "", 0 }, DAY_BIAS + TODAY, false,
		    0, NULL },
		{ F_OR, 0, 0, { "", 0 }, 0, false, 0, NULL },
		{ F_NE, A_CERTIFICATION, ATTR_INT, { "denied", 6 }, CERT_DENIED,
		    false, 0, NULL },
		{ F_OR, 0, 0, { "", 0 }, 0, false, 0, NULL },
	};
	const struct filter_node *node;
	size_t n;

	(void)state;
	node = filter_nodes(
	    compiled("active eq true or any contract(site eq "
		     "\"b\\\"\\\\\\/\\u00FC\\ud83d\\uDE00\" and not (start lt "
		     "now-2w)) "
		     "and lifecycle eq null or end ge \"2026-11-23\" or "
		     "certification ne \"denied\"",
		FILTER_RULE),
	    &n);
	assert_int_equal(n, COUNT(want));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(node[i].op, want[i].op);
		assert_int_equal(node[i].attribute, want[i].attribute);
		assert_int_equal(node[i].type, want[i].type);
		assert_true(str_eq(node[i].text, want[i].text));
		assert_int_equal(node[i].number, want[i].number);
		assert_int_equal(node[i].is_relative, want[i].is_relative);
		assert_int_equal(node[i].nodes, want[i].nodes);
	}
}

static void
an_address_may_be_of_an_element(void **state)
{
	const struct filter_node *node;
	size_t n;

	(void)state;
	node = filter_nodes(compiled("site eq \"ber\" and emails[type eq "
	    "\"work\" and primary eq true].value eq \"a@x\"",
	    FILTER_SCIM), &n);
	assert_int_equal(n, 3);
	assert_int_equal(node[1].op, F_EQ);
	assert_int_equal(node[1].attribute, A_EMAIL_VALUE);
	assert_str(node[1].text, "a@x");
	assert_str(node[1].element->type, "work");
	assert_true(node[1].element->is_primary);
	node = filter_nodes(
	    compiled("emails[value eq \"a\"]", FILTER_SCIM), &n);
	assert_int_equal(n, 1);
	assert_int_equal(node[0].element->type.n, 0);
	assert_false(node[0].element->is_primary);
}

/* Where it goes wrong is counted in characters, from 1. */
static const struct {
	const char *filter;
	enum msg    why;
	const char *at, *what;
} bad[] = {
	{ "", MSG_FILTER_ATTRIBUTE, "1", "" },
	{ "   ", MSG_FILTER_ATTRIBUTE, "4", "" },
	{ "()", MSG_FILTER_ATTRIBUTE, "2", ")" },
	{ "\"site\" eq \"a\"", MSG_FILTER_ATTRIBUTE, "1", "\"" },
	{ "= \"a\"", MSG_FILTER_ATTRIBUTE, "1", "=" },
	{ "site", MSG_FILTER_OPERATOR, "5", "" },
	{ "site and title pr", MSG_FILTER_OPERATOR, "6", "and" },
	{ "site = \"a\"", MSG_FILTER_OPERATOR, "6", "=" },
	{ "site eqq \"a\"", MSG_FILTER_OPERATOR, "6", "eqq" },
	{ "site eq", MSG_FILTER_VALUE, "8", "" },
	{ "site eq ", MSG_FILTER_VALUE, "9", "" },
	{ "site eq ber", MSG_FILTER_VALUE, "9", "ber" },
	{ "site eq 'ber'", MSG_FILTER_VALUE, "9", "'" },
	{ "site eq 17", MSG_FILTER_VALUE, "9", "17" },
	{ "site eq -1.5", MSG_FILTER_VALUE, "9", "-1.5" },
	{ "active eq True", MSG_FILTER_VALUE, "11", "True" },
	{ "site eq \"ber", MSG_FILTER_STRING, "13", "" },
	{ "site eq \"", MSG_FILTER_STRING, "10", "" },
	{ "site eq \"b\\x\"", MSG_FILTER_STRING, "11", "\\" },
	{ "site eq \"b\\", MSG_FILTER_STRING, "11", "\\" },
	{ "site eq \"b\\\"", MSG_FILTER_STRING, "13", "" },
	{ "site eq \"b\tc\"", MSG_FILTER_STRING, "11", "\t" },
	{ "site eq \"\\u0000\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\u00g0\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\u00\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\ud83d\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\ud83dx\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\ud83d\\u0041\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq \"\\ude00\"", MSG_FILTER_STRING, "10", "\\" },
	{ "site eq\"ber\"", MSG_FILTER_SPACE, "8", "\"" },
	{ "site eq \"ber\"and title pr", MSG_FILTER_SPACE, "14", "a" },
	{ "site eq \"ber\"\"x\"", MSG_FILTER_SPACE, "14", "\"" },
	{ "active eq true,", MSG_FILTER_SPACE, "15", "," },
	{ "site eq \"M\u00fcnchen\" x", MSG_FILTER_END, "19", "x" },
	{ "site pr title pr", MSG_FILTER_END, "9", "title" },
	{ "site pr)", MSG_FILTER_END, "8", ")" },
	{ "site pr and", MSG_FILTER_ATTRIBUTE, "12", "" },
	{ "site pr or or title pr", MSG_FILTER_UNKNOWN, "12", "or" },
	{ "and site pr", MSG_FILTER_UNKNOWN, "1", "and" },
	{ "site pr andtitle pr", MSG_FILTER_END, "9", "andtitle" },
	{ "(site pr", MSG_FILTER_CLOSE, "9", "" },
	{ "(site pr title pr)", MSG_FILTER_CLOSE, "10", "title" },
	{ "((site pr)", MSG_FILTER_CLOSE, "11", "" },
	{ "not site pr", MSG_FILTER_OPEN, "5", "site" },
	{ "not", MSG_FILTER_OPEN, "4", "" },
	{ "frobnicate pr", MSG_FILTER_UNKNOWN, "1", "frobnicate" },
	{ "site pr and s\u00efte pr", MSG_FILTER_UNKNOWN, "13", "s\u00efte" },
	{ "name pr", MSG_FILTER_UNKNOWN, "1", "name" },
	{ "urn:x:site pr", MSG_FILTER_SEALED, "1", "urn:x:site" },
	{ "urn:ietf:params:scim:schemas:core:2.0:User: pr",
	    MSG_FILTER_UNKNOWN, "1",
	    "urn:ietf:params:scim:schemas:core:2.0:User:" },
	{ "site[type eq \"a\"]", MSG_FILTER_VALUE_PATH, "1", "site" },
	{ "title pr and manager[value pr]", MSG_FILTER_VALUE_PATH, "14",
	    "manager" },
	{ "emails[type eq \"work\"]", MSG_FILTER_SEALED, "1", "emails" },
	{ "emails[value ne \"a\"]", MSG_FILTER_SEALED, "1", "emails" },
	{ "emails[value eq \"a\" or value eq \"b\"]", MSG_FILTER_SEALED,
	    "1", "emails" },
	{ "emails[value eq \"a\" and value eq \"b\"]", MSG_FILTER_SEALED,
	    "1", "emails" },
	{ "emails[not (value eq \"a\")]", MSG_FILTER_SEALED, "1", "emails" },
	{ "emails[value eq \"a\" and display eq \"b\"]", MSG_FILTER_SEALED,
	    "1", "emails" },
	{ "emails[value eq \"a\" and primary eq false]", MSG_FILTER_SEALED,
	    "1", "emails" },
	{ "emails[value eq true]", MSG_FILTER_NOT_TEXT, "17", "emails" },
	{ "phoneNumbers[value eq \"1\"]", MSG_FILTER_SEALED, "1",
	    "phoneNumbers" },
	{ "emails.value[x pr]", MSG_FILTER_SEALED, "1", "emails.value" },
	/* Sealed: everything but eq on what has an index, and sw on names. */
	{ "userName ne \"a\"", MSG_FILTER_SEALED, "1", "userName" },
	{ "externalId sw \"a\"", MSG_FILTER_SEALED, "1", "externalId" },
	{ "userName co \"a\"", MSG_FILTER_SEALED, "1", "userName" },
	{ "userName gt \"a\"", MSG_FILTER_SEALED, "1", "userName" },
	{ "userName pr", MSG_FILTER_SEALED, "1", "userName" },
	{ "emails pr", MSG_FILTER_SEALED, "1", "emails" },
	{ "emails.type eq \"work\"", MSG_FILTER_SEALED, "1", "emails.type" },
	{ "phoneNumbers eq \"1\"", MSG_FILTER_SEALED, "1", "phoneNumbers" },
	{ "name.middleName eq \"M\"", MSG_FILTER_SEALED, "1",
	    "name.middleName" },
	{ "name.familyName ne \"M\"", MSG_FILTER_SEALED, "1",
	    "name.familyName" },
	{ "site pr and nickName eq \"M\"", MSG_FILTER_SEALED, "13",
	    "nickName" },
	{ "birthDate lt \"2000-01-01\"", MSG_FILTER_SEALED, "1",
	    "birthDate" },
	{ "userName eq true", MSG_FILTER_NOT_TEXT, "13", "userName" },
	{ "userName eq null", MSG_FILTER_NOT_TEXT, "13", "userName" },
	{ "userName eq \"a\\u202e\"", MSG_FILTER_NO_NAME, "13", "userName" },
	{ "site eq true", MSG_FILTER_NOT_TEXT, "9", "site" },
	{ "site eq \"a\\n\"", MSG_FILTER_NO_NAME, "9", "site" },
	{ "site gt null", MSG_FILTER_NULL, "6", "gt" },
	{ "start le null", MSG_FILTER_NULL, "7", "le" },
	{ "start eq \"23.11.2026\"", MSG_FILTER_NOT_DATE, "10", "start" },
	{ "start eq \"2026-02-29\"", MSG_FILTER_NOT_DATE, "10", "start" },
	{ "start eq \"2026-11-23T00:00:00Z\"", MSG_FILTER_NOT_DATE, "10",
	    "start" },
	{ "start eq true", MSG_FILTER_NOT_DATE, "10", "start" },
	{ "start co \"2026\"", MSG_FILTER_MISFIT, "7", "start" },
	{ "end sw \"2026\"", MSG_FILTER_MISFIT, "5", "end" },
	{ "active eq \"true\"", MSG_FILTER_NOT_BOOL, "11", "active" },
	{ "active gt true", MSG_FILTER_MISFIT, "8", "active" },
	{ "active co true", MSG_FILTER_MISFIT, "8", "active" },
	{ "lifecycle eq \"retired\"", MSG_FILTER_LIFECYCLE, "14",
	    "lifecycle" },
	{ "lifecycle eq \"new\"", MSG_FILTER_LIFECYCLE, "14", "lifecycle" },
	{ "lifecycle eq true", MSG_FILTER_LIFECYCLE, "14", "lifecycle" },
	{ "lifecycle sw \"a\"", MSG_FILTER_MISFIT, "11", "lifecycle" },
	{ "certification eq \"active\"", MSG_FILTER_CERTIFICATION, "18",
	    "certification" },
	{ "manager eq \"10000017\"", MSG_FILTER_NOT_PERSON, "12", "manager" },
	{ "manager eq \"0000000000000\"", MSG_FILTER_NOT_PERSON, "12",
	    "manager" },
	{ "manager eq false", MSG_FILTER_NOT_PERSON, "12", "manager" },
	{ "manager gt \"0000000000001\"", MSG_FILTER_MISFIT, "9", "manager" },
}, bad_scim[] = {
	{ "start lt now", MSG_FILTER_RULE_ONLY, "10", "now" },
	{ "start lt now+5d", MSG_FILTER_RULE_ONLY, "10", "now+5d" },
	{ "any contract(site pr)", MSG_FILTER_RULE_ONLY, "1", "any" },
	{ "site pr and all contract(site pr)", MSG_FILTER_RULE_ONLY, "13",
	    "all" },
}, bad_rule[] = {
	{ "start lt now+", MSG_FILTER_NOW, "10", "now+" },
	{ "start lt now+d", MSG_FILTER_NOW, "10", "now+d" },
	{ "start lt now+5", MSG_FILTER_NOW, "10", "now+5" },
	{ "start lt now+5m", MSG_FILTER_NOW, "10", "now+5m" },
	{ "start lt now5d", MSG_FILTER_NOW, "10", "now5d" },
	{ "start lt now*5d", MSG_FILTER_SPACE, "13", "*" },
	{ "start lt now+-5d", MSG_FILTER_NOW, "10", "now+-5d" },
	{ "start lt now++5d", MSG_FILTER_NOW, "10", "now++5d" },
	{ "start lt now+5.5d", MSG_FILTER_NOW, "10", "now+5.5d" },
	{ "start lt now+100000d", MSG_FILTER_NOW, "10", "now+100000d" },
	{ "start lt nowhere", MSG_FILTER_NOW, "10", "nowhere" },
	{ "start lt now +5d", MSG_FILTER_END, "14", "+5d" },
	{ "start lt \"now\"", MSG_FILTER_NOT_DATE, "10", "start" },
	{ "site eq now", MSG_FILTER_NOT_TEXT, "9", "site" },
	{ "active eq now", MSG_FILTER_NOT_BOOL, "11", "active" },
	{ "any (site pr)", MSG_FILTER_CONTRACT, "5", "any" },
	{ "all", MSG_FILTER_CONTRACT, "4", "all" },
	{ "any contracts(site pr)", MSG_FILTER_CONTRACT, "5", "any" },
	{ "any contract site pr", MSG_FILTER_OPEN, "14", "site" },
	{ "any contract(site pr", MSG_FILTER_CLOSE, "21", "" },
	{ "any contract(all contract(site pr))", MSG_FILTER_NESTED, "14",
	    "all" },
	{ "any contract(site pr and (any contract(site pr)))",
	    MSG_FILTER_NESTED, "27", "any" },
	{ "any contract(active eq true)", MSG_FILTER_NOT_CONTRACT, "14",
	    "active" },
	{ "any contract(lifecycle eq \"left\")", MSG_FILTER_NOT_CONTRACT,
	    "14", "lifecycle" },
	{ "any contract(certification pr)", MSG_FILTER_NOT_CONTRACT, "14",
	    "certification" },
	{ "any contract(userType pr)", MSG_FILTER_NOT_CONTRACT, "14",
	    "userType" },
	{ "any contract(userName eq \"a\")", MSG_FILTER_SEALED, "14",
	    "userName" },
};

static void
assert_bad(const char *filter, enum filter_dialect dialect, enum msg why,
    const char *const args[2])
{
	struct filter *f;

	if (filter_compile(&cx, str_of(filter), dialect, true, &f) == OK)
		wrong("taken: %s", filter);
	if (cx.fault.msg != why)
		wrong("%s: %s", filter, msg_name(cx.fault.msg));
	assert_int_equal(cx.fault.err, ERR_BAD_INPUT);
	assert_str(cx.fault.field, "filter");
	if (!str_eq(cx.fault.args[0], str_of(args[0])))
		print_error("%s\n", filter);
	assert_str(cx.fault.args[0], args[0]);
	assert_str(cx.fault.args[1], args[1]);
}

static void
what_is_wrong_is_named_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *const args[] = { bad[i].at, bad[i].what };

		assert_bad(bad[i].filter, FILTER_SCIM, bad[i].why, args);
		assert_bad(bad[i].filter, FILTER_RULE, bad[i].why, args);
	}
	for (size_t i = 0; i < COUNT(bad_scim); i++) {
		const char *const args[] = { bad_scim[i].at,
			bad_scim[i].what };

		assert_bad(
		    bad_scim[i].filter, FILTER_SCIM, bad_scim[i].why, args);
		compiled(bad_scim[i].filter, FILTER_RULE);
	}
	for (size_t i = 0; i < COUNT(bad_rule); i++) {
		const char *const args[] = { bad_rule[i].at,
			bad_rule[i].what };

		assert_bad(
		    bad_rule[i].filter, FILTER_RULE, bad_rule[i].why, args);
	}
}

static void
sealed_attributes_are_for_lists_only(void **state)
{
	static const char *const filters[] = { "userName eq \"a\"",
		"externalId eq \"a\"", "emails eq \"a@b\"",
		"emails.value eq \"a@b\"",
		"site pr and not (userName eq \"a\")" };
	struct filter *f;

	(void)state;
	for (size_t i = 0; i < COUNT(filters); i++) {
		struct str s = str_of(filters[i]);

		assert_int_equal(
		    filter_compile(&cx, s, FILTER_SCIM, true, &f), OK);
		assert_refused(filter_compile(&cx, s, FILTER_SCIM, false, &f),
		    FILTER_SEALED, "filter");
		assert_refused(filter_compile(&cx, s, FILTER_RULE, false, &f),
		    FILTER_SEALED, "filter");
	}
}

static void
a_filter_has_a_depth_a_size_and_a_length(void **state)
{
	const char *const at17[] = { "17", "(" };
	const char *const at85[] = { "85", "(" };
	const char *ands, *long_name;
	struct filter *f;

	(void)state;
	compiled(nested(16, "(", "site pr", ")"), FILTER_SCIM);
	assert_bad(nested(17, "(", "site pr", ")"), FILTER_SCIM,
	    MSG_FILTER_DEEP, at17);
	compiled(nested(16, "not (", "site pr", ")"), FILTER_SCIM);
	assert_bad(nested(17, "not (", "site pr", ")"), FILTER_SCIM,
	    MSG_FILTER_DEEP, at85);
	/* 50 comparisons and 49 connectives; one more not makes 100. */
	ands = nested(49, "site pr and ", "site pr", "");
	compiled(ands, FILTER_SCIM);
	compiled(nested(1, "not (", ands, ")"), FILTER_SCIM);
	assert_refused(filter_compile(&cx,
			   str_of(nested(50, "site pr and ", "site pr", "")),
			   FILTER_SCIM, false, &f),
	    FILTER_NODES, "filter");
	assert_refused(
	    filter_compile(&cx, str_of(nested(2, "not (", ands, ")")),
		FILTER_SCIM, false, &f),
	    FILTER_NODES, "filter");
	long_name = nested(4096 - 7, " ", "site pr", "");
	compiled(long_name, FILTER_SCIM);
	assert_refused(
	    filter_compile(&cx, str_of(nested(1, " ", long_name, "")),
		FILTER_SCIM, false, &f),
	    FILTER_LONG, "filter");
	assert_refused(filter_compile(&cx, STR("site eq \"\xff\""), FILTER_SCIM,
			   false, &f),
	    ATTR_UTF8, "filter");
	assert_refused(
	    filter_compile(&cx,
		str_of(nested(1, "site eq \"", nested(257, "a", "", ""), "\"")),
		FILTER_SCIM, false, &f),
	    FILTER_NO_NAME, "filter");
	assert_refused(filter_compile(&cx, (struct str) { "site\0pr", 7 },
			   FILTER_SCIM, false, &f),
	    ATTR_UTF8, "filter");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_is_the_tree_in_postfix_order),
		cmocka_unit_test(an_address_may_be_of_an_element),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(sealed_attributes_are_for_lists_only),
		cmocka_unit_test(a_filter_has_a_depth_a_size_and_a_length),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

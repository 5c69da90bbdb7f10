/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_logic_test.c - which filter lies within which, told by examples and
 * by random pairs that are tried on everybody there can be.
 */
#include "filter_try.h"

#include "core/actor.h"
#include "core/person.h"

#define ME 7

/* Ids of a small tenant: "a" is 1, "b" 2; "one" is another name of "a". */
static int64_t
find(const void *arg, enum attribute a, struct str value)
{
	(void)arg;
	(void)a;
	return str_eq(value, STR("a")) || str_eq(value, STR("one")) ? 1
	    : str_eq(value, STR("b"))				    ? 2
								    : 0;
}

static struct str
text(const void *arg, enum attribute a, int64_t id)
{
	(void)arg;
	(void)a;
	return id == 1 ? STR("a") : id == 2 ? STR("b") : STR("");
}

static const struct filter_names names = { find, text, NULL };

static const struct filter *
rule(const char *s)
{
	struct filter *f;

	if (filter_compile(&cx, str_of(s), FILTER_RULE, false, &f) != OK)
		wrong("%s: %s", s, msg_name(cx.fault.msg));
	return f;
}

static void
what_lies_within_what(void **state)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
		{ "site eq \"a\"", "site eq \"a\"", true },
		{ "site eq \"A\"", "site eq \"a\"", true },
		{ "site eq \"a\"", "site eq \"a\" or site eq \"b\"", true },
		{ "site eq \"a\" or site eq \"b\"", "site eq \"a\"", false },
		{ "site eq \"a\" and title eq \"x\"", "site eq \"a\"", true },
		{ "site eq \"a\"", "site eq \"a\" and title eq \"x\"", false },
		{ "site eq \"a\"", "site pr", true },
		{ "site pr", "site eq \"a\"", false },
		{ "not (site pr)", "site ne \"a\"", true },
		{ "not (site pr)", "site eq \"a\"", false },
		{ "site eq null", "not (site eq \"b\")", true },
		{ "site eq \"a\"", "site ne \"b\"",
		    false }, /* may be one site */
		{ "active eq true", "active ne false", true },
		{ "active eq true", "active eq false", false },
		{ "lifecycle eq \"left\"", "lifecycle ne \"active\"", true },
		{ "manager eq me", "manager eq me", true },
		{ "manager eq me", "manager pr", true },
		{ "id eq me", "manager eq me", false },
		{ "start lt now", "start lt now", true },
		{ "start lt now", "start lt now+1d", false },
		{ "any contract(site eq \"a\")", "any contract(site eq \"a\")",
		    true },
		{ "any contract(site eq \"a\")", "all contract(site eq \"a\")",
		    false },
		{ "any contract(site eq \"a\")", "site eq \"a\"", false },
		{ "not (site eq \"a\" or title pr)", "not (title pr)", true },
		{ "not (site eq \"a\" and title pr)", "not (title pr)", false },
		{ "(site eq \"a\" or site eq \"b\") and title eq \"x\"",
		    "site eq \"b\" or site eq \"a\"", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool is = filter_implies(rule(cases[i].a), rule(cases[i].b));

		if (is != cases[i].want)
			print_error("%s => %s\n", cases[i].a, cases[i].b);
		assert_int_equal(is, cases[i].want);
	}
}

static uint32_t seed = 1;

static unsigned
dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static struct str
random_text(unsigned depth)
{
	static const char *const leaf[] = { "site eq \"a\"", "site eq \"b\"",
		"site ne \"a\"", "site pr", "site eq \"one\"", "title eq \"a\"",
		"title ne \"b\"", "title eq null", "active eq true",
		"active eq false", "manager eq me", "manager pr",
		"lifecycle eq \"active\"", "lifecycle ne \"left\"",
		"any contract(site eq \"a\")", "all contract(site pr)",
		"site co \"a\"", "active pr", "id eq me" };
	unsigned what = depth == 0 ? 0 : dice(6);
	struct str left, right;

	if (what < 2)
		return str_of(leaf[dice(COUNT(leaf))]);
	left = random_text(depth - 1);
	if (what == 2)
		return str_fmt(cx.arena, "not (%.*s)", STR_ARG(left));
	right = random_text(depth - 1);
	return str_fmt(cx.arena, "(%.*s) %s (%.*s)", STR_ARG(left),
	    what == 3 ? "and" : "or", STR_ARG(right));
}

/* Whoever there can be, of the values that the filters speak of. */
static bool
holds_for_everybody(const struct filter *a, const struct filter *b)
{
	for (unsigned i = 0; i < 3 * 3 * 2 * 2 * 4 * 3 * 2; i++) {
		struct facts facts = { 0 }, contract = { 0 };
		struct filter_subject s = { &facts, &contract, i & 1, 0, 0 };
		unsigned n = i >> 1;

		FACT(&facts, SITE) = n % 3;
		n /= 3;
		FACT(&facts, TITLE) = n % 3;
		n /= 3;
		FACT(&facts, ACTIVE) = n % 2;
		n /= 2;
		FACT(&facts, MANAGER) = n % 2 ? ME : 0;
		n /= 2;
		FACT(&facts, LIFECYCLE) = 1 + n % 4;
		n /= 4;
		FACT(&contract, SITE) = n % 3;
		FACT(&facts, ID) = i % 5 ? ME + 1 : ME;
		if (filter_match(a, &names, &s) && !filter_match(b, &names, &s))
			return false;
	}
	return true;
}

static void
what_is_shown_is_so(void **state)
{
	size_t nshown = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct ctx outer = cx;
		const struct filter *a, *b;

		cx.arena = arena_open(1 << 20);
		a = rule(str_z(cx.arena, random_text(3)));
		b = rule(str_z(cx.arena, random_text(3)));
		if (filter_implies(a, b)) {
			nshown++;
			if (!holds_for_everybody(filter_for(cx.arena, a, ME),
				filter_for(cx.arena, b, ME)))
				wrong("%.*s\n=> %.*s", STR_ARG(filter_text(a)),
				    STR_ARG(filter_text(b)));
		}
		assert_true(filter_implies(a,
		    filter_any(
			cx.arena, (const struct filter *[]) { b, a }, 2)));
		arena_close(cx.arena);
		cx = outer;
	}
	assert_true(nshown > 500);
}

static void
me_is_nobody_until_somebody_acts(void **state)
{
	const struct filter *f = rule("manager eq me");
	struct facts facts = { 0 };
	struct filter_subject s = { &facts, NULL, 0, 0, 0 };

	(void)state;
	FACT(&facts, MANAGER) = ME;
	assert_true(filter_has_me(f));
	assert_false(filter_has_me(rule("manager pr")));
	assert_false(filter_match(f, &names, &s));
	assert_false(filter_match(filter_for(cx.arena, f, 0), &names, &s));
	assert_false(filter_match(filter_for(cx.arena, f, 8), &names, &s));
	assert_true(filter_match(filter_for(cx.arena, f, ME), &names, &s));
}

/* What is kept for somebody outlives the request that brought it. */
static void
a_copy_stands_by_itself(void **state)
{
	struct ctx outer = cx;
	const struct filter *copy;

	(void)state;
	cx.arena = arena_open(1 << 16);
	copy = filter_for(outer.arena,
	    rule(str_z(cx.arena, STR("site eq \"a\" and title co \"b\""))), 0);
	arena_close(cx.arena);
	cx = outer;
	assert_true(filter_implies(copy, rule("site eq \"a\"")));
	assert_true(filter_implies(copy, rule("title co \"b\"")));
}

/* However many ways there are for it to be true. */
static void
a_filter_lies_within_itself(void **state)
{
	struct buf b;
	const struct filter *f, *other;

	(void)state;
	buf_init(&b, cx.arena, 4096);
	for (int i = 0; i < 9; i++)
		buf_fmt(&b,
		    "%s(title eq \"t%d\" or any contract(site eq \"s%d\"))",
		    i > 0 ? " and " : "", i, i);
	f = rule(str_z(cx.arena, buf_view(&b)));
	assert_true(filter_implies(f, f));
	assert_true(filter_implies(f, rule(str_z(cx.arena, filter_text(f)))));
	buf_z(&b, " and (title eq \"x\" or title eq \"y\")");
	other = rule(str_z(cx.arena, buf_view(&b)));
	assert_false(filter_implies(f, other));
	assert_false(
	    filter_implies(filter_for(cx.arena, rule("manager eq me"), 7),
		filter_for(cx.arena, rule("manager eq me"), 8)));
}

static void
what_it_asks_for_must_be_readable(void **state)
{
	uint64_t reads = RIGHT_BIT(RIGHT_PERSON_READ);

	(void)state;
	assert_int_equal(filter_hidden(rule("site eq \"a\""), 0), A_SITE);
	assert_int_equal(filter_hidden(rule("site eq \"a\""), reads), A_COUNT);
	assert_int_equal(filter_hidden(rule("active eq true and "
					    "not (any contract(title pr))"),
			     0),
	    A_ACTIVE);
	assert_int_equal(
	    filter_hidden(rule("any contract(title pr)"), 0), A_TITLE);
}

static void
who_can_be_meant(void **state)
{
	static const struct {
		const char *filter;
		int64_t site;
		bool want;
	} cases[] = {
		{ "site eq \"a\"", 1, true },
		{ "site eq \"a\"", 2, false },
		{ "site eq \"a\"", 0, false },
		{ "site eq \"a\" and title pr", 1, true },
		{ "site eq \"a\" and title pr", 2, false },
		{ "site eq \"a\" or title pr", 2, true },
		{ "not (site eq \"a\")", 1, false },
		{ "not (site eq \"a\")", 0, true },
		{ "site eq \"nobody\"", 2, false },
		{ "any contract(site eq \"a\")", 2, true },
		{ "site co \"a\"", 0, false },
		{ "site co \"a\"", 2, true },
		{ "site pr", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (filter_is_possible(rule(cases[i].filter), &names, A_SITE,
			cases[i].site) != cases[i].want)
			wrong("%s at %lld", cases[i].filter,
			    (long long)cases[i].site);
	}
}

static void
assert_rest(const char *filter, const struct filter *rest, const char *want)
{
	const struct filter_node *is = NULL, *shall = NULL;
	size_t n = 0, m = 0;

	if (rest != NULL)
		is = filter_nodes(rest, &n);
	if (want[0] != '\0')
		shall = filter_nodes(compiled(want, FILTER_SCIM), &m);
	if (n != m)
		wrong("%s: %zu nodes beside it, not %zu", filter, n, m);
	for (size_t i = 0; i < n; i++)
		if (is[i].op != shall[i].op ||
		    is[i].attribute != shall[i].attribute ||
		    is[i].number != shall[i].number)
			wrong("%s: node %zu beside it", filter, i);
}

static void
what_an_index_can_be_asked_for(void **state)
{
	static const struct {
		const char *filter, *rest; /* NULL: nothing */
	} cases[] = {
		{ "userName eq \"x\"", "" },
		{ "userName sw \"x\"", "" },
		{ "userName eq \"x\" and active eq true", "active eq true" },
		{ "active eq true and userName eq \"x\"", "active eq true" },
		{ "active eq true and userName eq \"x\" and title pr",
		    "active eq true and title pr" },
		{ "userName eq \"x\" and (title pr or site pr)",
		    "title pr or site pr" },
		{ "title pr and (not (site pr) and (userName eq \"x\" and"
		  " (title pr or active eq false)))",
		    "title pr and not (site pr) and (title pr or active eq"
		    " false)" },
		{ "not (not (userName eq \"x\"))", NULL },
		{ "not (userName eq \"x\")", NULL },
		{ "userName eq \"x\" or title pr", NULL },
		{ "title pr and (userName eq \"x\" or site pr)", NULL },
		{ "userName eq \"x\" and emails.value eq \"y\"", NULL },
		{ "active eq true", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct filter *rest;
		const struct filter_node *node = filter_anchor(cx.arena,
		    compiled(cases[i].filter, FILTER_SCIM), &rest);

		if ((node == NULL) != (cases[i].rest == NULL))
			wrong("%s: %s", cases[i].filter,
			    node == NULL ? "none" : "one");
		if (node == NULL)
			continue;
		assert_int_equal(node->attribute, A_USER_NAME);
		assert_rest(cases[i].filter, rest, cases[i].rest);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_within_what),
		cmocka_unit_test(what_an_index_can_be_asked_for),
		cmocka_unit_test(what_is_shown_is_so),
		cmocka_unit_test(me_is_nobody_until_somebody_acts),
		cmocka_unit_test(a_copy_stands_by_itself),
		cmocka_unit_test(a_filter_lies_within_itself),
		cmocka_unit_test(what_it_asks_for_must_be_readable),
		cmocka_unit_test(who_can_be_meant),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_eval_test.c - what matches; and random filters against an evaluator
 * that is too simple to be wrong.
 */
#include "filter_try.h"

#include "base/canon.h"
#include "base/clock.h"

/* The names of a small tenant: ids are places in this list, from 1. */
static const char *const dictionary[] = { "ber", "muc", "Sales", "Sales EU",
	"M\u00fcnchen", "\u00c5rhus \u00d8st", "R&D", "A" };

/* The same as it sorts and compares, written out by hand. */
static const char *const canonical[] = { "ber", "muc", "sales", "sales eu",
	"m\u00fcnchen", "\u00e5rhus \u00f8st", "r&d", "a" };

static int finds; /* how often it was asked */

static int64_t
find(const void *arg, enum attribute a, struct str value)
{
	struct str key;

	(void)arg;
	(void)a;
	finds++;
	assert_true(canon_key(cx.arena, value, &key));
	for (size_t i = 0; i < COUNT(canonical); i++)
		if (str_eq(key, str_of(canonical[i])))
			return (int64_t)i + 1;
	return 0;
}

static struct str
text(const void *arg, enum attribute a, int64_t id)
{
	(void)arg;
	(void)a;
	if (id < 1 || id > (int64_t)COUNT(dictionary))
		return STR("");
	return str_of(dictionary[id - 1]);
}

static const struct filter_names names = { find, text, NULL };

/* Ana, at ber in Sales EU, active; also at muc in R&D until yesterday. */
static struct facts ana, contracts[2];
static struct filter_subject subject = { .facts = &ana, .contract = contracts,
	.ncontract = 2, .today = TODAY };

static void
meet_ana(void)
{
	memset(contracts, 0, sizeof(contracts));
	FACT(&contracts[0], SITE) = 1;
	FACT(&contracts[0], DEPARTMENT) = 4;
	FACT(&contracts[0], START) = TODAY - 100 + DAY_BIAS;
	FACT(&contracts[1], SITE) = 2;
	FACT(&contracts[1], DEPARTMENT) = 7;
	FACT(&contracts[1], START) = TODAY - 500 + DAY_BIAS;
	FACT(&contracts[1], END) = TODAY - 1 + DAY_BIAS;
	ana = contracts[0];
	FACT(&ana, MANAGER) = 1;
	FACT(&ana, SOURCE) = 8;
	FACT(&ana, LIFECYCLE) = LIFE_ACTIVE;
	FACT(&ana, CERTIFICATION) = CERT_NEW;
	FACT(&ana, ACTIVE) = 1;
}

static const struct {
	const char *filter;
	bool	    matches;
} matches[] = {
	{ "site eq \"ber\"", true },
	{ "site eq \"BER\"", true },
	{ "SITE Eq \" ber\"", true },
	{ "site eq \"muc\"", false },
	{ "site eq \"nowhere\"", false },
	{ "site ne \"ber\"", false },
	{ "site ne \"muc\"", true },
	{ "site ne \"nowhere\"", true },
	{ "site pr", true },
	{ "title pr", false },
	{ "title eq \"\"", false },
	{ "title ne \"\"", true },
	{ "title eq \"Sales\"", false },
	{ "title ne \"Sales\"", true },
	{ "title eq null", true },
	{ "title ne null", false },
	{ "site eq null", false },
	{ "site ne null", true },
	{ "not (title pr)", true },
	{ "department co \"les e\"", true },
	{ "department co \"LES E\"", true },
	{ "department co \"\"", true },
	{ "department co \"xyz\"", false },
	{ "title co \"\"", false },
	{ "department sw \"sales\"", true },
	{ "department sw \"ales\"", false },
	{ "department sw \"Sales EU and more\"", false },
	{ "department ew \"eu\"", true },
	{ "department ew \"e\"", false },
	{ "department gt \"sales\"", true },
	{ "department gt \"sales eu\"", false },
	{ "department ge \"sales eu\"", true },
	{ "department lt \"sales f\"", true },
	{ "department le \"sales eu\"", true },
	{ "department le \"sales\"", false },
	{ "title gt \"\"", false },
	{ "title lt \"z\"", false },
	{ "active eq true", true },
	{ "active eq false", false },
	{ "active ne true", false },
	{ "active pr", true },
	{ "active eq null", false },
	{ "lifecycle eq \"active\"", true },
	{ "lifecycle eq \"Active\"", true },
	{ "lifecycle ne \"left\"", true },
	{ "lifecycle eq \"deleted\"", false },
	{ "lifecycle pr", true },
	{ "certification eq \"new\"", true },
	{ "certification eq \"certified\"", false },
	{ "certification ne \"denied\"", true },
	{ "manager eq \"0000000000001\"", true },
	{ "manager eq \"0000000000002\"", false },
	{ "manager ne \"0000000000002\"", true },
	{ "manager pr", true },
	{ "manager.value eq \"0000000000001\"", true },
	{ "source eq \"a\"", true },
	{ "start eq \"2026-08-15\"", true },
	{ "start ne \"2026-08-15\"", false },
	{ "start lt \"2026-08-16\"", true },
	{ "start lt \"2026-08-15\"", false },
	{ "start le \"2026-08-15\"", true },
	{ "start gt \"2026-08-14\"", true },
	{ "start gt \"2026-08-15\"", false },
	{ "start ge \"2026-08-15\"", true },
	{ "start ge \"2026-08-16\"", false },
	{ "start pr", true },
	{ "end pr", false },
	{ "end gt \"0000-01-01\"", false },
	{ "end lt \"9999-12-31\"", false },
	{ "end ne \"2026-01-01\"", true },
	{ "end eq null or end gt \"2026-11-23\"", true },
	/* and binds more tightly than or, on either side. */
	{ "site pr or site pr and title pr", true },
	{ "(site pr or site pr) and title pr", false },
	{ "title pr and site pr or site pr", true },
	{ "title pr and (site pr or site pr)", false },
	{ "not (site pr) or site pr", true },
	{ "not (site pr or site pr)", false },
	{ "not (not (site pr))", true },
	{ "NOT(title pr) AND ((site pr))", true },
	{ " \t\r\n( site   pr )\n", true },
	{ "urn:ietf:params:scim:schemas:core:2.0:User:title pr", false },
	{ "URN:ietf:params:scim:schemas:core:2.0:user:active eq true", true },
	{ "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	  "department sw \"sales\"", true },
	{ "site eq \"\\u0062e\\u0072\"", true },
	/* What only the store can answer is not true here. */
	{ "userName eq \"ana\"", false },
	{ "externalId eq \"x\"", false },
	{ "emails eq \"a@b\"", false },
	{ "emails.value eq \"a@b\"", false },
	{ "userName eq \"ana\" or site pr", true },
}, rules[] = {
	{ "start le now", true },
	{ "start lt now-100d", false },
	{ "start le now-100d", true },
	{ "start eq now-100d", true },
	{ "start ge now-99d", false },
	{ "start gt now-101d", true },
	{ "start gt now-15w", true },
	{ "start gt now-14w", false },
	{ "start lt NOW+0d", true },
	{ "start lt now+99999d", true },
	{ "start gt now-99999w", true },
	{ "end lt now", false },
	{ "any contract(site eq \"muc\")", true },
	{ "any contract(site eq \"muc\" and department eq \"sales eu\")",
	  false },
	{ "any contract(site eq \"ber\" and department eq \"sales eu\")",
	  true },
	{ "any contract(end lt now)", true },
	{ "any contract ( end eq now-1d )", true },
	{ "any contract(not (end pr))", true },
	{ "any contract(title pr)", false },
	{ "all contract(site pr)", true },
	{ "all contract(site eq \"ber\")", false },
	{ "all contract(site eq \"ber\" or end lt now)", true },
	{ "ALL CONTRACT(start le now)", true },
	{ "not (any contract(title pr)) and all contract(site pr)", true },
	{ "site eq \"ber\" and any contract(site eq \"muc\") and "
	  "not (site eq \"muc\")", true },
};

static void
assert_matches(const char *filter, enum filter_dialect dialect, bool want)
{
	struct filter *f = compiled(filter, dialect);
	struct filter *bound = filter_bind(cx.arena, f, &names);

	if (filter_match(f, &names, &subject) != want)
		wrong("%s: not %d", filter, want);
	if (filter_match(bound, &names, &subject) != want)
		wrong("%s, bound: not %d", filter, want);
	assert_str(filter_text(f), filter);
	assert_str(filter_text(bound), filter);
}

static void
filters_say_what_they_say(void **state)
{
	(void)state;
	meet_ana();
	for (size_t i = 0; i < COUNT(matches); i++) {
		assert_matches(
		    matches[i].filter, FILTER_SCIM, matches[i].matches);
		assert_matches(
		    matches[i].filter, FILTER_RULE, matches[i].matches);
	}
	for (size_t i = 0; i < COUNT(rules); i++)
		assert_matches(rules[i].filter, FILTER_RULE, rules[i].matches);
}

static void
all_of_no_contracts_is_true_and_any_is_false(void **state)
{
	struct filter_subject nobody = { .facts = &ana };

	(void)state;
	meet_ana();
	assert_true(filter_match(
	    compiled("all contract(title pr)", FILTER_RULE), &names, &nobody));
	assert_false(filter_match(
	    compiled("any contract(site pr)", FILTER_RULE), &names, &nobody));
}

static void
the_inactive_are_active_eq_false(void **state)
{
	struct facts none = { 0 };
	struct filter_subject nobody = { .facts = &none };

	(void)state;
	assert_true(filter_match(
	    compiled("active eq false", FILTER_SCIM), &names, &nobody));
	assert_false(filter_match(
	    compiled("active eq true", FILTER_SCIM), &names, &nobody));
	assert_true(
	    filter_match(compiled("active pr", FILTER_SCIM), &names, &nobody));
}

static void
without_names_no_name_is_known(void **state)
{
	(void)state;
	meet_ana();
	assert_false(filter_match(
	    compiled("site eq \"ber\"", FILTER_SCIM), NULL, &subject));
	assert_true(filter_match(
	    compiled("site ne \"ber\"", FILTER_SCIM), NULL, &subject));
	assert_false(filter_match(
	    compiled("site sw \"b\"", FILTER_SCIM), NULL, &subject));
	assert_true(
	    filter_match(compiled("site pr", FILTER_SCIM), NULL, &subject));
}

static void
a_bound_filter_asks_for_no_name_again(void **state)
{
	struct filter *f =
	    compiled("site eq \"ber\" and (department ne "
		     "\"nowhere\" or any contract(site eq \"muc\"))",
		FILTER_RULE);
	struct filter *bound = filter_bind(cx.arena, f, &names);
	const struct filter_node *node;
	size_t n;

	(void)state;
	meet_ana();
	finds = 0;
	assert_true(filter_match(bound, &names, &subject));
	assert_int_equal(finds, 0);
	assert_true(filter_match(bound, NULL, &subject));
	assert_true(filter_match(f, &names, &subject));
	assert_int_not_equal(finds, 0);
	node = filter_nodes(bound, &n);
	assert_int_equal(n, 6);
	assert_int_equal(node[0].type, ATTR_INT);
	assert_int_equal(node[0].number, 1);
	assert_str(node[0].text, "ber");
	assert_int_equal(node[1].type, ATTR_INT);
	assert_int_equal(node[1].number, -1);
}

static void
binding_leaves_sealed_literals_to_the_store(void **state)
{
	struct filter *f = compiled("userName eq \"ber\"", FILTER_SCIM);
	const struct filter_node *node;
	size_t n;

	(void)state;
	node = filter_nodes(filter_bind(cx.arena, f, &names), &n);
	assert_int_equal(n, 1);
	assert_int_equal(node[0].attribute, A_USER_NAME);
	assert_int_equal(node[0].type, ATTR_STRING);
	assert_str(node[0].text, "ber");
}

static void
a_filter_outlives_the_arena_it_was_compiled_in_once_it_is_bound(void **state)
{
	struct ctx other = { .arena = arena_open(1 << 20) };
	char typed[] = "department sw \"sales\" and site eq \"ber\"";
	struct filter *f, *bound;

	(void)state;
	meet_ana();
	assert_int_equal(
	    filter_compile(&other, str_of(typed), FILTER_SCIM, false, &f), OK);
	memset(typed, 'x', sizeof(typed) - 1);
	bound = filter_bind(cx.arena, f, &names);
	arena_close(other.arena);
	assert_true(filter_match(bound, &names, &subject));
	assert_str(
	    filter_text(bound), "department sw \"sales\" and site eq \"ber\"");
}

static void
the_deepest_filter_still_fits_the_stack(void **state)
{
	const char *deep =
	    nested(16, "title pr or site pr and (", "site pr", ")");
	struct filter *f;

	(void)state;
	meet_ana();
	assert_true(
	    filter_match(compiled(deep, FILTER_SCIM), &names, &subject));
	f = compiled(nested(16, "title pr or site pr and (", "title pr", ")"),
	    FILTER_SCIM);
	assert_false(filter_match(f, &names, &subject));
}

/* --- random trees --------------------------------------------------- */

/* A condition as the property test makes it. */
struct tree {
	enum filter_op	   op;
	enum attribute	   a;
	int		   value;	/* dictionary place, day from today, state, 0/1 */
	bool		   is_relative;
	const struct tree *left, *right;
};

static uint64_t seed;

static unsigned
dice(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

static const struct tree *
random_comparison(bool in_contract)
{
	static const enum attribute attributes[] = { A_SITE, A_DEPARTMENT,
		A_TITLE, A_ORGANIZATION, A_START, A_END, A_MANAGER, A_ACTIVE,
		A_LIFECYCLE, A_CERTIFICATION };
	static const enum filter_op all[] = { F_EQ, F_NE, F_PR, F_GT, F_GE,
		F_LT, F_LE, F_CO, F_SW, F_EW };
	struct tree *t = arena_alloc(cx.arena, sizeof(*t));

	t->a = attributes[dice(in_contract ? 7 : 10)];
	if (t->a < A_MANAGER) {
		t->op = all[dice(10)];
		t->value = (int)dice(COUNT(dictionary) + 1);
	} else if (t->a == A_START || t->a == A_END) {
		t->op = all[dice(7)];
		t->value = (int)dice(7) - 3;
		t->is_relative = dice(2);
	} else {
		t->op = all[dice(3)];
		t->value = t->a == A_ACTIVE ? (int)dice(2) : 1 + (int)dice(3);
	}
	return t;
}

static const struct tree *
random_tree(unsigned depth, bool in_contract)
{
	struct tree *t;
	unsigned what = dice(10);

	if (depth == 0 || what < 3)
		return random_comparison(in_contract);
	t = arena_alloc(cx.arena, sizeof(*t));
	t->op = what < 6 ? F_AND : what < 8 ? F_OR : F_NOT;
	if (!in_contract && what == 9) {
		t->op = dice(2) ? F_ANY_CONTRACT : F_ALL_CONTRACT;
		in_contract = true;
	}
	t->left = random_tree(depth - 1, in_contract);
	if (t->op == F_AND || t->op == F_OR)
		t->right = random_tree(depth - 1, in_contract);
	return t;
}

static const char *const op_names[] = { [F_EQ] = "eq", [F_NE] = "Ne",
	[F_CO] = "co", [F_SW] = "SW", [F_EW] = "ew", [F_GT] = "gt",
	[F_GE] = "ge", [F_LT] = "lt", [F_LE] = "le", [F_PR] = "pr" };

static struct str
printed_value(const struct tree *t)
{
	if (t->a < A_MANAGER)
		return str_fmt(cx.arena, "\"%s\"",
		    t->value == 0 ? "nobody" : dictionary[t->value - 1]);
	if (t->is_relative)
		return str_fmt(cx.arena, "now%+dd", t->value);
	if (t->a == A_START || t->a == A_END)
		return str_fmt(cx.arena, "\"%.*s\"",
		    STR_ARG(date_text(cx.arena, TODAY + t->value)));
	if (t->a == A_MANAGER)
		return str_fmt(cx.arena, "\"000000000000%d\"", t->value);
	if (t->a == A_ACTIVE)
		return t->value ? STR("true") : STR("false");
	return str_fmt(cx.arena, "\"%s\"",
	    t->a == A_LIFECYCLE
		? lifecycle_name((enum lifecycle)t->value)
		: certification_name((enum certification)t->value));
}

/* Parentheses only where they must be, and now and then. */
static struct str
printed(const struct tree *t, enum filter_op around)
{
	struct str left, right, s;

	if (t->op < F_PR)
		return str_fmt(cx.arena, "%s %s %.*s", attr_info(t->a)->path,
		    op_names[t->op], STR_ARG(printed_value(t)));
	if (t->op == F_PR)
		return str_fmt(cx.arena, "%s pr", attr_info(t->a)->path);
	left = printed(t->left, t->op);
	if (t->op == F_NOT)
		return str_fmt(
		    cx.arena, "not%s(%.*s)", dice(2) ? " " : "", STR_ARG(left));
	if (t->op == F_ANY_CONTRACT || t->op == F_ALL_CONTRACT)
		return str_fmt(cx.arena, "%s contract(%.*s)",
		    t->op == F_ANY_CONTRACT ? "any" : "All", STR_ARG(left));
	right = printed(t->right, t->op);
	s = str_fmt(cx.arena, "%.*s %s %.*s", STR_ARG(left),
	    t->op == F_AND ? "and" : "OR", STR_ARG(right));
	if ((t->op == F_OR && around == F_AND) || dice(8) == 0)
		s = str_fmt(cx.arena, "( %.*s)", STR_ARG(s));
	return s;
}

static bool
naive_text(enum filter_op op, int64_t v, int literal)
{
	const char *is = v == 0 ? "" : canonical[v - 1];
	const char *want = literal == 0 ? "nobody" : canonical[literal - 1];
	size_t n = strlen(is), m = strlen(want);
	int order = strcmp(is, want);

	if (op == F_NE)
		return v == 0 || order != 0;
	if (v == 0)
		return false;
	return op == F_EQ ? order == 0
	    : op == F_GT  ? order > 0
	    : op == F_GE  ? order >= 0
	    : op == F_LT  ? order < 0
	    : op == F_LE  ? order <= 0
	    : op == F_CO  ? strstr(is, want) != NULL
	    : op == F_SW  ? strncmp(is, want, m) == 0
			  : n >= m && strcmp(is + n - m, want) == 0;
}

static bool
naive_number(enum filter_op op, int64_t v, int64_t literal)
{
	if (op == F_EQ)
		return v == literal;
	if (op == F_NE)
		return v != literal;
	return v != 0 &&
	    (op == F_GT		 ? v > literal
		    : op == F_GE ? v >= literal
		    : op == F_LT ? v < literal
				 : v <= literal);
}

static bool
naive(const struct tree *t, const struct facts *facts,
    const struct filter_subject *s)
{
	int64_t v = t->a >= A_ORG_FIRST ? facts->v[t->a - A_ORG_FIRST] : 0;
	bool is_day = t->a == A_START || t->a == A_END;

	switch (t->op) {
	case F_AND:
		return naive(t->left, facts, s) && naive(t->right, facts, s);
	case F_OR:
		return naive(t->left, facts, s) || naive(t->right, facts, s);
	case F_NOT:
		return !naive(t->left, facts, s);
	case F_ANY_CONTRACT:
		for (size_t i = 0; i < s->ncontract; i++)
			if (naive(t->left, &s->contract[i], s))
				return true;
		return false;
	case F_ALL_CONTRACT:
		for (size_t i = 0; i < s->ncontract; i++)
			if (!naive(t->left, &s->contract[i], s))
				return false;
		return true;
	case F_PR:
		return t->a == A_ACTIVE || v != 0;
	default:
		if (t->a < A_MANAGER)
			return naive_text(t->op, v, t->value);
		return naive_number(
		    t->op, v, is_day ? TODAY + DAY_BIAS + t->value : t->value);
	}
}

static void
random_facts(struct facts *f)
{
	for (size_t i = 0; i < FACT_COUNT; i++)
		f->v[i] = dice(COUNT(dictionary) + 1);
	FACT(f, START) = dice(4) ? TODAY + DAY_BIAS - 3 + (int)dice(7) : 0;
	FACT(f, END) = dice(2) ? TODAY + DAY_BIAS - 3 + (int)dice(7) : 0;
	FACT(f, MANAGER) = dice(4);
	FACT(f, ACTIVE) = dice(2);
	FACT(f, LIFECYCLE) = 1 + dice(4);
	FACT(f, CERTIFICATION) = 1 + dice(3);
}

static void
random_filters_agree_with_a_naive_evaluator(void **state)
{
	size_t ntrue = 0, nall = 0;

	(void)state;
	seed = 0x9e3779b97f4a7c15;
	for (int i = 0; i < 4000; i++) {
		struct ctx outer = cx;
		struct facts facts, more[3];
		const struct tree *tree;
		struct str s;
		struct filter *f, *bound;

		cx.arena = arena_open(1 << 24);
		tree = random_tree(dice(5), false);
		s = printed(tree, F_OR);
		if (s.n > FILTER_TEXT_MAX) {
			arena_close(cx.arena);
			cx = outer;
			continue;
		}
		f = compiled(str_z(cx.arena, s), FILTER_RULE);
		bound = filter_bind(cx.arena, f, &names);
		for (int j = 0; j < 8; j++) {
			struct filter_subject who = { .facts = &facts,
				.contract = more, .ncontract = dice(4),
				.today = TODAY };
			bool want;

			random_facts(&facts);
			for (size_t k = 0; k < COUNT(more); k++)
				random_facts(&more[k]);
			want = naive(tree, &facts, &who);
			ntrue += want;
			nall++;
			if (filter_match(f, &names, &who) != want ||
			    filter_match(bound, &names, &who) != want)
				wrong("%.*s: not %d", STR_ARG(s), want);
		}
		arena_close(cx.arena);
		cx = outer;
	}
	/* Neither always true nor always false, or nothing was tried. */
	assert_true(ntrue > nall / 5 && ntrue < nall / 5 * 4);
	assert_true(nall > 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_say_what_they_say),
		cmocka_unit_test(all_of_no_contracts_is_true_and_any_is_false),
		cmocka_unit_test(the_inactive_are_active_eq_false),
		cmocka_unit_test(without_names_no_name_is_known),
		cmocka_unit_test(a_bound_filter_asks_for_no_name_again),
		cmocka_unit_test(binding_leaves_sealed_literals_to_the_store),
		cmocka_unit_test(
		    a_filter_outlives_the_arena_it_was_compiled_in_once_it_is_bound),
		cmocka_unit_test(the_deepest_filter_still_fits_the_stack),
		cmocka_unit_test(random_filters_agree_with_a_naive_evaluator),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* filter_tree_test.c - what stands in a filter, whatever its names mean. */
#include "filter_try.h"

#include "core/filter_tree.h"

static const char *const op_names[] = { "eq", "ne", "co", "sw", "ew", "gt",
	"ge", "lt", "le", "pr", "and", "or", "not", "any", "all", "[]" };

static struct str
literal_text(const struct literal *l)
{
	static const char *const words[] = { [LIT_TRUE] = "true",
		[LIT_FALSE] = "false", [LIT_NULL] = "null", [LIT_ME] = "me" };

	if (l->kind == LIT_TEXT)
		return str_fmt(cx.arena, "'%.*s'", STR_ARG(l->text));
	if (l->kind == LIT_NUMBER)
		return l->text;
	if (l->kind == LIT_DAYS)
		return str_fmt(cx.arena, "%+dd", (int)l->days);
	return str_of(words[l->kind]);
}

/* The nodes in their order, separated by bars. */
static struct str
nodes_text(const struct filter_tree *tree)
{
	struct buf b;

	buf_init(&b, cx.arena, 65536);
	for (size_t i = 0; i < tree->n; i++) {
		const struct tree_node *node = &tree->node[i];

		buf_z(&b, i > 0 ? "|" : "");
		if (node->name.n > 0)
			buf_fmt(&b, "%.*s ", STR_ARG(node->name));
		buf_z(&b, op_names[node->op]);
		if (node->nodes > 0)
			buf_fmt(&b, "%d", (int)node->nodes);
		if (node->op < F_PR) {
			buf_z(&b, " ");
			buf_str(&b, literal_text(&node->literal));
		}
	}
	return buf_view(&b);
}

static const struct {
	const char *filter, *nodes;
} trees[] = {
	{ "a eq \"x\"", "a eq 'x'" },
	{ "a EQ \"x\"", "a eq 'x'" },
	{ "A.b ne \"\\\"\\u00e9\\n\"", "A.b ne '\"\u00e9\n'" },
	{ "a pr", "a pr" },
	{ "a eq true and b eq false or c eq null",
	    "a eq true|b eq false|and|c eq null|or" },
	{ "a pr or b pr and c pr", "a pr|b pr|c pr|and|or" },
	{ "(a pr or b pr) and not (c pr)", "a pr|b pr|or|c pr|not|and" },
	{ "a gt 0 and b le -1.5e+3", "a gt 0|b le -1.5e+3|and" },
	{ "urn:x:2.0:User:a.b sw \"x\"", "urn:x:2.0:User:a.b sw 'x'" },
	{ "emails[type eq \"work\"]", "type eq 'work'|emails []1" },
	{ "emails[type eq \"work\" and not (value co \"@x\")] or a pr",
	    "type eq 'work'|value co '@x'|not|and|emails []4|a pr|or" },
	{ "not (emails[ type eq \"work\" ])",
	    "type eq 'work'|emails []1|not" },
	/* What the grammar has not, and Entra ID sends. */
	{ "emails[type eq \"work\"].value eq \"a\" and b pr",
	    "type eq 'work'|value eq 'a'|and|emails []3|b pr|and" },
	{ "not (a[b pr or c pr].d pr)", "b pr|c pr|or|d pr|and|a []5|not" },
	{ "x$ref-y_z pr", "x$ref-y_z pr" },
	{ "$ref eq \"a\"", "$ref eq 'a'" },
};

static const struct {
	const char *filter;
	enum msg    why;
	const char *at, *what;
} bad[] = {
	{ "a eq 01", MSG_FILTER_VALUE, "6", "01" },
	{ "a eq 1.", MSG_FILTER_VALUE, "6", "1." },
	{ "a eq .5", MSG_FILTER_VALUE, "6", ".5" },
	{ "a eq 1e", MSG_FILTER_VALUE, "6", "1e" },
	{ "a eq +1", MSG_FILTER_VALUE, "6", "+1" },
	{ "a eq -", MSG_FILTER_VALUE, "6", "-" },
	{ "a eq me", MSG_FILTER_RULE_ONLY, "6", "me" },
	{ "a[b pr", MSG_FILTER_BRACKET, "7", "" },
	{ "a[b pr)", MSG_FILTER_BRACKET, "7", ")" },
	{ "a[(b pr]", MSG_FILTER_CLOSE, "8", "]" },
	{ "a[]", MSG_FILTER_ATTRIBUTE, "3", "]" },
	{ "a[b[c pr]]", MSG_FILTER_ELEMENT, "4", "[" },
	{ "a[b eq \"x\"]]", MSG_FILTER_END, "12", "]" },
	{ "b eq \"x\"]", MSG_FILTER_SPACE, "9", "]" },
	{ "a[b pr].c", MSG_FILTER_OPERATOR, "10", "" },
	{ "a[b pr].", MSG_FILTER_ATTRIBUTE, "9", "" },
	{ "a[b pr]. c pr", MSG_FILTER_ATTRIBUTE, "9", " " },
	{ "a[b pr].c[d pr]", MSG_FILTER_OPERATOR, "10", "[" },
	{ "a[b pr].c eq \"x\"]", MSG_FILTER_SPACE, "17", "]" },
	{ "[b pr]", MSG_FILTER_ATTRIBUTE, "1", "[" },
	{ "a [b pr]", MSG_FILTER_OPERATOR, "3", "[" },
};

static void
nodes_stand_in_postfix_order(void **state)
{
	struct filter_tree tree;

	(void)state;
	for (size_t i = 0; i < COUNT(trees); i++) {
		if (filter_tree_parse(
			&cx, str_of(trees[i].filter), FILTER_SCIM, &tree) != OK)
			wrong(
			    "%s: %s", trees[i].filter, msg_name(cx.fault.msg));
		assert_str(nodes_text(&tree), trees[i].nodes);
	}
	assert_int_equal(
	    filter_tree_parse(&cx,
		STR("a lt now-2w and any contract(b eq me and c lt now)"),
		FILTER_RULE, &tree),
	    OK);
	assert_str(
	    nodes_text(&tree), "a lt -14d|b eq me|c lt +0d|and|any3|and");
	assert_false(tree.node[0].in_contract);
	assert_true(tree.node[1].in_contract && tree.node[2].in_contract);
}

static void
an_element_says_what_is_inside(void **state)
{
	struct filter_tree tree;

	(void)state;
	assert_int_equal(
	    filter_tree_parse(
		&cx, STR("a pr and b[c pr] and d pr"), FILTER_SCIM, &tree),
	    OK);
	assert_false(tree.node[0].in_element);
	assert_true(tree.node[1].in_element);
	assert_false(tree.node[4].in_element);
	assert_int_equal(tree.node[2].name_at, 9);
}

static void
what_is_wrong_is_named(void **state)
{
	struct filter_tree tree;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (filter_tree_parse(
			&cx, str_of(bad[i].filter), FILTER_SCIM, &tree) == OK)
			wrong("taken: %s", bad[i].filter);
		if (cx.fault.msg != bad[i].why)
			wrong("%s: %s", bad[i].filter, msg_name(cx.fault.msg));
		assert_str(cx.fault.args[0], bad[i].at);
		assert_str(cx.fault.args[1], bad[i].what);
	}
}

static const struct {
	const char *path, *name, *nodes, *sub;
} paths[] = {
	{ "userName", "userName", NULL, "" },
	{ " name.familyName ", "name.familyName", NULL, "" },
	{ "urn:x:2.0:User", "urn:x:2.0:User", NULL, "" },
	{ "emails[type eq \"work\"]", "emails", "type eq 'work'", "" },
	{ "urn:x:2.0:User:emails[a pr or b pr].value",
	    "urn:x:2.0:User:emails", "a pr|b pr|or", "value" },
	{ "members[value eq \"a]b\"]", "members", "value eq 'a]b'", "" },
};

static const struct {
	const char *path;
	enum msg    why;
	const char *at;
} bad_paths[] = {
	{ "", MSG_FILTER_ATTRIBUTE, "1" },
	{ "  ", MSG_FILTER_ATTRIBUTE, "1" },
	{ "a b", MSG_FILTER_PATH_END, "2" },
	{ "a eq \"b\"", MSG_FILTER_PATH_END, "2" },
	{ "a[b pr].", MSG_FILTER_ATTRIBUTE, "9" },
	{ "a[b pr]c", MSG_FILTER_PATH_END, "8" },
	{ "a[b pr].c[d pr]", MSG_FILTER_PATH_END, "10" },
	{ "a[b pr", MSG_FILTER_BRACKET, "7" },
	{ "a[]", MSG_FILTER_ATTRIBUTE, "3" },
	{ "[a pr]", MSG_FILTER_ATTRIBUTE, "1" },
	{ "a[b pr] and c pr", MSG_FILTER_PATH_END, "8" },
};

static void
a_path_names_what_is_changed(void **state)
{
	struct filter_path path;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		if (filter_path_parse(&cx, str_of(paths[i].path), &path) != OK)
			wrong("%s: %s", paths[i].path, msg_name(cx.fault.msg));
		assert_str(path.name, paths[i].name);
		assert_str(path.sub, paths[i].sub);
		assert_int_equal(path.has_filter, paths[i].nodes != NULL);
		if (path.has_filter)
			assert_str(nodes_text(&path.filter), paths[i].nodes);
	}
	for (size_t i = 0; i < COUNT(bad_paths); i++) {
		if (filter_path_parse(&cx, str_of(bad_paths[i].path), &path) ==
		    OK)
			wrong("taken: %s", bad_paths[i].path);
		if (cx.fault.msg != bad_paths[i].why)
			wrong("%s: %s", bad_paths[i].path,
			    msg_name(cx.fault.msg));
		assert_str(cx.fault.args[0], bad_paths[i].at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_stand_in_postfix_order),
		cmocka_unit_test(an_element_says_what_is_inside),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_path_names_what_is_changed),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

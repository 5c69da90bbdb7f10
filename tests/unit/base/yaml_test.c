/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/yaml.h"

static struct ctx cx;

static int
open_arena(void **state)
{
	(void)state;
	cx.arena = arena_open(1 << 28);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(cx.arena);
	return 0;
}

static const struct js *
parse(const char *text)
{
	const struct js *v = NULL;

	assert_int_equal(yaml_parse(&cx, str_of(text), &v), OK);
	assert_non_null(v);
	return v;
}

static void
a_catalogue_is_read_with_its_lines(void **state)
{
	const struct js *v = parse("\xef\xbb\xbf# catalogue\n"
				   "sites:\n"
				   "  berlin: { country: DE, zone: UTC }\n"
				   "  lyon:\n"
				   "    country: FR\n"
				   "    cap: 90\n"
				   "products:\n"
				   "- name: mail\n"
				   "  quota: [1, 2,\n"
				   "    3]\n"
				   "- name: >\n"
				   "    folded\n"
				   "    text\n"
				   "empty:\n");
	const struct js *sites = js_get(v, "sites");
	const struct js *products = js_get(v, "products");
	struct str key;

	(void)state;
	assert_int_equal(js_count(v), 3);
	assert_int_equal(js_line(v), 2);
	assert_int_equal(js_line(sites), 3);
	assert_str(js_str(js_get(js_get(sites, "berlin"), "country")), "DE");
	assert_int_equal(js_int(js_get(js_get(sites, "lyon"), "cap")), 90);
	assert_int_equal(js_line(js_get(js_get(sites, "lyon"), "cap")), 6);
	assert_int_equal(js_count(products), 2);
	assert_int_equal(
	    js_line(js_at(js_get(js_at(products, 0), "quota"), 2)), 10);
	assert_str(js_str(js_get(js_at(products, 1), "name")), "folded text\n");
	assert_int_equal(js_type(js_get(v, "empty")), JS_NULL);
	js_member(v, 2, &key);
	assert_str(key, "empty");
}

/* Plain scalars, and what they are. */
static const struct {
	const char  *text;
	enum js_type type;
	int64_t	     number;
} scalars[] = {
	{ "", JS_NULL, 0 },
	{ "~", JS_NULL, 0 },
	{ "null", JS_NULL, 0 },
	{ "Null", JS_NULL, 0 },
	{ "NULL", JS_NULL, 0 },
	{ "nULL", JS_STRING, 0 },
	{ "true", JS_BOOL, 1 },
	{ "True", JS_BOOL, 1 },
	{ "TRUE", JS_BOOL, 1 },
	{ "false", JS_BOOL, 0 },
	{ "False", JS_BOOL, 0 },
	{ "FALSE", JS_BOOL, 0 },
	/* Norway is no boolean. */
	{ "no", JS_STRING, 0 },
	{ "NO", JS_STRING, 0 },
	{ "yes", JS_STRING, 0 },
	{ "on", JS_STRING, 0 },
	{ "y", JS_STRING, 0 },
	{ "0", JS_INT, 0 },
	{ "-0", JS_INT, 0 },
	{ "+12", JS_INT, 12 },
	{ "-12", JS_INT, -12 },
	{ "0x1F", JS_INT, 31 },
	{ "0o17", JS_INT, 15 },
	{ "9223372036854775807", JS_INT, INT64_MAX },
	{ "-9223372036854775808", JS_INT, INT64_MIN },
	{ "00123", JS_STRING, 0 },
	{ "-007", JS_STRING, 0 },
	{ "0x", JS_STRING, 0 },
	{ "0xg", JS_STRING, 0 },
	{ "0o8", JS_STRING, 0 },
	{ "-0x1", JS_STRING, 0 },
	{ "1_000", JS_STRING, 0 },
	{ "12:30", JS_STRING, 0 },
	{ "2026-11-23", JS_STRING, 0 },
	{ "-", JS_STRING, 0 },
	{ "+", JS_STRING, 0 },
	{ "1.5", JS_REAL, 1 },
	{ "-1.5e3", JS_REAL, -1500 },
	{ "1E2", JS_REAL, 100 },
	{ ".5", JS_REAL, 0 },
	{ "5.", JS_REAL, 5 },
	{ "1e", JS_STRING, 0 },
	{ "1e+", JS_STRING, 0 },
	{ ".", JS_STRING, 0 },
	{ "1.5.1", JS_STRING, 0 },
	{ "01.5", JS_STRING, 0 },
	{ ".inf", JS_STRING, 0 },
	{ ".nan", JS_STRING, 0 },
	{ "1e999", JS_STRING, 0 },
	{ "'12'", JS_STRING, 0 },
	{ "\"true\"", JS_STRING, 0 },
	{ "''", JS_STRING, 0 },
};

static void
plain_scalars_follow_the_core_schema(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scalars); i++) {
		const struct js *v = parse(
		    scalars[i].text[0] == '-' && scalars[i].text[1] == '\0'
			? "[\"-\"]"
			: str_fmt(cx.arena, "[ %s ]", scalars[i].text).p);

		if (scalars[i].text[0] == '\0')
			v = parse("a:");
		v = js_type(v) == JS_ARRAY ? js_at(v, 0) : js_get(v, "a");
		if (js_type(v) != scalars[i].type)
			print_error("%s is type %d\n", scalars[i].text,
			    (int)js_type(v));
		assert_int_equal(js_type(v), scalars[i].type);
		if (js_type(v) == JS_BOOL)
			assert_int_equal(js_bool(v), scalars[i].number);
		if (js_type(v) == JS_INT)
			assert_true(js_int(v) == scalars[i].number);
		if (js_type(v) == JS_REAL)
			assert_true((int64_t)js_real(v) == scalars[i].number);
	}
	assert_str(js_str(js_at(parse("[00123, 'a']"), 0)), "00123");
}

static void
an_empty_text_is_null(void **state)
{
	static const char *const empty[] = { "", "\n\n", "# nothing\n",
		"\xef\xbb\xbf" };

	(void)state;
	for (size_t i = 0; i < COUNT(empty); i++)
		assert_int_equal(js_type(parse(empty[i])), JS_NULL);
	assert_int_equal(js_type(parse("--- {}\n...\n")), JS_OBJECT);
	assert_int_equal(js_int(parse("42")), 42);
}

static void
what_is_not_in_the_safe_subset_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text;
		enum msg msg;
		const char *line, *column;
	} cases[] = {
		{ "a: &x 1\n", MSG_YAML_ANCHOR, "1", "4" },
		{ "a: &x [1]\n", MSG_YAML_ANCHOR, "1", "4" },
		{ "a: &x {b: 1}\n", MSG_YAML_ANCHOR, "1", "4" },
		{ "&x a: 1\n", MSG_YAML_ANCHOR, "1", "1" },
		{ "a: *x\n", MSG_YAML_ANCHOR, "1", "4" },
		{ "*x : 1\n", MSG_YAML_ANCHOR, "1", "1" },
		{ "a: !!str 1\n", MSG_YAML_TAG, "1", "4" },
		{ "a: ! 1\n", MSG_YAML_TAG, "1", "4" },
		{ "a: !!python/object x\n", MSG_YAML_TAG, "1", "4" },
		{ "!t a: 1\n", MSG_YAML_TAG, "1", "1" },
		{ "a: !t [1]\n", MSG_YAML_TAG, "1", "4" },
		{ "--- 1\n--- 2\n", MSG_YAML_DOCUMENTS, "2", "1" },
		{ "a: 1\nb: 2\na: 3\n", MSG_YAML_DUPLICATE_KEY, "3", "1" },
		{ "x: {a: 1, 'a': 2}\n", MSG_YAML_DUPLICATE_KEY, "1", "11" },
		{ "[a]: 1\n", MSG_YAML_KEY, "1", "1" },
		{ "? {a: 1}\n: 2\n", MSG_YAML_KEY, "1", "3" },
		{ "a: 99999999999999999999\n", MSG_YAML_NUMBER, "1", "4" },
		{ "a: 9223372036854775808\n", MSG_YAML_NUMBER, "1", "4" },
		{ "a: 0xffffffffffffffff\n", MSG_YAML_NUMBER, "1", "4" },
		{ "a: [1\n", MSG_YAML_SYNTAX, "2", "1" },
		{ "a: 'x\n", MSG_YAML_SYNTAX, "2", "1" },
		{ "a: b: c\n", MSG_YAML_SYNTAX, "1", "5" },
		{ "a:\n\t- b\n", MSG_YAML_SYNTAX, "2", "1" },
		{ "a: @x\n", MSG_YAML_SYNTAX, "1", "4" },
		{ "a: x\x01y\n", MSG_YAML_CHARACTER, NULL, NULL },
		{ "a: \xff\n", MSG_YAML_ENCODING, NULL, NULL },
		{ "a:\n  b: \"x\\0y\"\n", MSG_YAML_CHARACTER, "2", "6" },
		{ "\"x\\x00\": 1\n", MSG_YAML_CHARACTER, "1", "1" },
		{ "- \"\\u0000\"\n", MSG_YAML_CHARACTER, "1", "3" },
	};
	const struct js *v = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
		    yaml_parse(&cx, str_of(cases[i].text), &v), ERR_BAD_INPUT);
		assert_null(v);
		if (cx.fault.msg != cases[i].msg)
			print_error(
			    "case %zu: %s\n", i, msg_name(cx.fault.msg));
		assert_int_equal(cx.fault.msg, cases[i].msg);
		if (cases[i].line == NULL)
			continue;
		if (!str_eq(cx.fault.args[1], str_of(cases[i].column)))
			print_error("case %zu\n", i);
		assert_str(cx.fault.args[0], cases[i].line);
		assert_str(cx.fault.args[1], cases[i].column);
	}
	assert_int_equal(yaml_parse(&cx, STR("a: \0\n"), &v), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_YAML_ENCODING);
}

static struct str
nested(size_t n)
{
	char *p = arena_alloc(cx.arena, 2 * n);

	memset(p, '[', n);
	memset(p + n, ']', n);
	return (struct str) { p, 2 * n };
}

static void
depth_and_size_have_an_end(void **state)
{
	const struct js *v = NULL;
	char *big;

	(void)state;
	assert_int_equal(yaml_parse(&cx, nested(JS_DEPTH_MAX), &v), OK);
	assert_int_equal(
	    yaml_parse(&cx, nested(JS_DEPTH_MAX + 1), &v), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_YAML_TOO_DEEP);
	assert_str(cx.fault.args[1], "33");
	assert_int_equal(yaml_parse(&cx, nested(5000), &v), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_YAML_TOO_DEEP);

	big = arena_alloc(cx.arena, (4 << 20) + 1);
	memset(big, '\n', (4 << 20) + 1);
	assert_int_equal(
	    yaml_parse(&cx, (struct str) { big, 4 << 20 }, &v), OK);
	assert_int_equal(
	    yaml_parse(&cx, (struct str) { big, (4 << 20) + 1 }, &v),
	    ERR_TOO_LARGE);
	assert_int_equal(cx.fault.msg, MSG_YAML_TOO_LARGE);
}

/* A list of N empty values: what takes the most memory for its text (S-T15). */
static struct str
list_of(size_t n, const char *value)
{
	struct buf b;

	buf_init(&b, cx.arena, 1 << 20);
	buf_z(&b, "[");
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%s", i > 0 ? "," : "", value);
	buf_z(&b, "]");
	assert_false(b.over);
	return buf_view(&b);
}

static void
values_are_counted_before_they_take_memory(void **state)
{
	static const char *const values[] = { "0", "[]", "{}", "\"\"" };
	const struct js *v;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		v = NULL;
		arena_reset(cx.arena);
		assert_int_equal(yaml_parse(&cx,
				     list_of(JS_VALUES_MAX / 2 - 1, values[i]),
				     &v),
		    OK);
		assert_int_equal(js_count(v), JS_VALUES_MAX / 2 - 1);
		v = NULL;
		assert_int_equal(
		    yaml_parse(&cx, list_of(JS_VALUES_MAX + 1, values[i]), &v),
		    ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, MSG_YAML_TOO_MANY);
		assert_null(v);
	}
}

/* Who parses texts of clients has an arena that is large enough for any (S-T15). */
static void
nothing_takes_more_than_300_times_its_length(void **state)
{
	static const char *const values[] = { "0", "[a]", "{a: }", "[[[[a]]]]",
		"{a: {a: {a: }}}" };
	const struct js *v;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct str text;
		size_t before;

		arena_reset(cx.arena);
		text = list_of(20000, values[i]);
		before = arena_used(cx.arena);
		assert_int_equal(yaml_parse(&cx, text, &v), OK);
		assert_true(arena_used(cx.arena) - before < 300 * text.n);
	}
}

static void
many_keys_are_compared_quickly(void **state)
{
	const struct js *v = NULL;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1 << 20);
	for (int i = 0; i < 50000; i++)
		buf_fmt(&b, "k%d:\n", i);
	assert_int_equal(yaml_parse(&cx, buf_view(&b), &v), OK);
	assert_int_equal(js_count(v), 50000);
	buf_z(&b, "k7:\n");
	assert_int_equal(yaml_parse(&cx, buf_view(&b), &v), ERR_BAD_INPUT);
	assert_str(cx.fault.args[0], "50001");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalogue_is_read_with_its_lines),
		cmocka_unit_test(plain_scalars_follow_the_core_schema),
		cmocka_unit_test(an_empty_text_is_null),
		cmocka_unit_test(
		    what_is_not_in_the_safe_subset_is_named_with_its_place),
		cmocka_unit_test(depth_and_size_have_an_end),
		cmocka_unit_test(values_are_counted_before_they_take_memory),
		cmocka_unit_test(nothing_takes_more_than_300_times_its_length),
		cmocka_unit_test(many_keys_are_compared_quickly),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

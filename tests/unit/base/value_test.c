/* SPDX-License-Identifier: Apache-2.0 */
/* value_test.c - JSON that is changed stays what it was where nobody changed it. */
#include "../core/attr_try.h"

#include "base/value.h"

static struct value *
read_value(const char *text)
{
	const struct js *js;

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("no JSON: %s", text);
	return value_of(cx.arena, js);
}

static void
assert_value(const struct value *v, const char *want)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, cx.arena, 65536);
	js_begin(&js, &b);
	value_write(&js, v);
	assert_str(buf_view(&b), want);
}

static void
what_is_read_is_written(void **state)
{
	static const char *const texts[] = { "null", "true", "false", "0",
		"-17", "1.5", "\"a\\\"b\"", "[]", "{}",
		"[1,[2,{}],\"x\"]", "{\"a\":{\"b\":[null]},\"c\":false}" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct value *v = read_value(texts[i]);

		assert_value(v, texts[i]);
		assert_value(value_copy(cx.arena, v), texts[i]);
		assert_true(value_eq(v, value_copy(cx.arena, v)));
	}
}

static void
members_are_found_without_case_and_replaced_in_place(void **state)
{
	struct value *v = read_value("{\"a\":1,\"Bc\":2,\"d\":3}");

	(void)state;
	assert_int_equal(value_get(v, STR("bC"))->number, 2);
	assert_null(value_get(v, STR("b")));
	assert_null(value_get(value_get(v, STR("a")), STR("a")));
	assert_null(value_get(NULL, STR("a")));
	value_put(v, STR("bc"), value_text(cx.arena, STR("x")));
	assert_value(v, "{\"a\":1,\"bc\":\"x\",\"d\":3}");
	value_put(v, STR("d"), value_bool(cx.arena, true));
	value_put(v, STR("e"), value_int(cx.arena, 5));
	assert_value(v, "{\"a\":1,\"bc\":\"x\",\"d\":true,\"e\":5}");
	value_put(v, STR("A"), value_array(cx.arena));
	assert_value(v, "{\"A\":[],\"bc\":\"x\",\"d\":true,\"e\":5}");
	assert_str(value_get_text(v, STR("bc")), "x");
	assert_int_equal(value_get_text(v, STR("d")).n, 0);
}

static void
what_is_dropped_leaves_no_hole(void **state)
{
	struct value *v = read_value("{\"a\":1,\"b\":2,\"c\":3}");
	struct value *list = read_value("[1,2,3]");

	(void)state;
	value_drop_name(v, STR("C"));
	value_drop_name(v, STR("nobody"));
	value_put(v, STR("d"), value_object(cx.arena));
	assert_value(v, "{\"a\":1,\"b\":2,\"d\":{}}");
	value_drop_name(v, STR("a"));
	value_drop_name(v, STR("b"));
	value_drop_name(v, STR("d"));
	assert_value(v, "{}");
	value_put(v, STR("e"), value_int(cx.arena, 1));
	assert_int_equal(value_count(v), 1);
	value_drop(list, list->last);
	value_drop(list, v);
	value_add(list, value_int(cx.arena, 4));
	assert_value(list, "[1,2,4]");
	assert_int_equal(value_count(list), 3);
}

static void
a_copy_is_changed_by_itself(void **state)
{
	struct value *v = read_value("{\"a\":[{\"b\":1}]}");
	struct value *copy = value_copy(cx.arena, v);

	(void)state;
	value_put(
	    value_get(copy, STR("a"))->first, STR("b"), value_int(cx.arena, 2));
	assert_value(v, "{\"a\":[{\"b\":1}]}");
	assert_false(value_eq(v, copy));
}

static void
equal_is_what_says_the_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_equal;
	} pairs[] = {
		{ "{\"a\":1,\"b\":2}", "{\"B\":2,\"A\":1}", true },
		{ "{\"a\":1}", "{\"a\":1,\"b\":2}", false },
		{ "{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false },
		{ "[1,2]", "[2,1]", false },
		{ "[1]", "[1,2]", false },
		{ "[1,2]", "[1]", false },
		{ "\"a\"", "\"A\"", false },
		{ "1", "\"1\"", false },
		{ "1.5", "1.5", true },
		{ "1.5", "2.5", false },
		{ "true", "false", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		if (value_eq(read_value(pairs[i].a), read_value(pairs[i].b)) !=
		    pairs[i].is_equal)
			wrong("%s and %s", pairs[i].a, pairs[i].b);
}

static void
nothing_in_it_is_empty(void **state)
{
	static const char *const empty[] = { "null", "\"\"", "[]", "{}",
		"[null]", "{\"a\":{\"b\":[]},\"c\":\"\"}" };
	static const char *const full[] = { "false", "0", "0.5", "\"x\"",
		"[null,0]", "{\"a\":null,\"b\":false}" };

	(void)state;
	for (size_t i = 0; i < COUNT(empty); i++)
		assert_true(value_is_empty(read_value(empty[i])));
	for (size_t i = 0; i < COUNT(full); i++)
		assert_false(value_is_empty(read_value(full[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_written),
		cmocka_unit_test(
		    members_are_found_without_case_and_replaced_in_place),
		cmocka_unit_test(what_is_dropped_leaves_no_hole),
		cmocka_unit_test(a_copy_is_changed_by_itself),
		cmocka_unit_test(equal_is_what_says_the_same),
		cmocka_unit_test(nothing_in_it_is_empty),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

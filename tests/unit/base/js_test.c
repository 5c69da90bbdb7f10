/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/js.h"
#include "base/yaml.h"

static struct ctx cx;

static int
open_arena(void **state)
{
	(void)state;
	cx.arena = arena_open(1 << 26);
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

	assert_int_equal(js_parse(&cx, str_of(text), &v), OK);
	assert_non_null(v);
	return v;
}

static void
every_type_is_read(void **state)
{
	const struct js *v = parse("{\"a\":null,\"b\":[true,false],"
				   "\"c\":-9223372036854775808,\"d\":1.5e3,"
				   "\"e\":\"\\u00fc\\n\\\"\",\"\":{},"
				   "\"f\":[]}");
	struct str key;

	(void)state;
	assert_int_equal(js_type(v), JS_OBJECT);
	assert_int_equal(js_count(v), 7);
	assert_int_equal(js_type(js_get(v, "a")), JS_NULL);
	assert_int_equal(js_count(js_get(v, "b")), 2);
	assert_true(js_bool(js_at(js_get(v, "b"), 0)));
	assert_false(js_bool(js_at(js_get(v, "b"), 1)));
	assert_true(js_int(js_get(v, "c")) == INT64_MIN);
	assert_true(js_real(js_get(v, "d")) == 1500.0);
	assert_int_equal(js_type(js_get(v, "d")), JS_REAL);
	assert_str(js_str(js_get(v, "e")), "ü\n\"");
	assert_int_equal(js_type(js_get(v, "")), JS_OBJECT);
	assert_int_equal(js_count(js_get(v, "f")), 0);
	assert_null(js_get(v, "g"));
	assert_null(js_get(js_get(v, "b"), "a"));
	assert_int_equal(js_count(js_get(v, "a")), 0);
	assert_int_equal(js_line(v), 0);

	/* Members come in the order of the text. */
	assert_int_equal(js_type(js_member(v, 5, &key)), JS_OBJECT);
	assert_str(key, "");
	js_member(v, 6, &key);
	assert_str(key, "f");

	assert_int_equal(js_int(parse(" 7 ")), 7);
	assert_true(js_real(parse("7")) == 7.0);
	assert_str(js_str(parse("\"x\"")), "x");
}

static void
what_is_wrong_is_named_with_its_place(void **state)
{
	static const struct {
		struct str text;
		enum msg msg;
		const char *line, *column;
	} cases[] = {
		{ { "", 0 }, MSG_JSON_UNFINISHED, "1", "1" },
		{ { "{", 1 }, MSG_JSON_UNFINISHED, "1", "1" },
		{ { "{\"a\":", 5 }, MSG_JSON_UNFINISHED, "1", "5" },
		{ { "\"abc", 4 }, MSG_JSON_UNFINISHED, "1", "4" },
		{ { "{\n \"a\": x}", 10 }, MSG_JSON_SYNTAX, "2", "7" },
		{ { "[1,]", 4 }, MSG_JSON_SYNTAX, "1", "4" },
		{ { "{'a':1}", 7 }, MSG_JSON_SYNTAX, "1", "2" },
		{ { "[01]", 4 }, MSG_JSON_SYNTAX, "1", "2" },
		{ { "[1] 2", 5 }, MSG_JSON_TRAILING, "1", "5" },
		{ { "{\"a\":1,\n\"a\":2}", 14 }, MSG_JSON_DUPLICATE_KEY, "2",
		    "3" },
		{ { "[\"\xff\"]", 5 }, MSG_JSON_ENCODING, "1", "2" },
		{ { "[\"\xed\xa0\x80\"]", 7 }, MSG_JSON_ENCODING, "1", "2" },
		{ { "[\"\\ud800\"]", 10 }, MSG_JSON_SYNTAX, "1", "9" },
		{ { "[\"\\u0000\"]", 10 }, MSG_JSON_NUL, "1", "9" },
		{ { "{\"a\\u0000\":1}", 13 }, MSG_JSON_NUL, "1", "10" },
		{ { "[9223372036854775808]", 21 }, MSG_JSON_NUMBER, "1", "20" },
		{ { "[1e999]", 7 }, MSG_JSON_NUMBER, "1", "6" },
		{ { "[\"a\0b\"]", 7 }, MSG_JSON_SYNTAX, "1", "3" },
		{ { "\xef\xbb\xbf{}", 5 }, MSG_JSON_SYNTAX, "1", "1" },
	};
	const struct js *v = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str column;

		assert_int_equal(
		    js_parse(&cx, cases[i].text, &v), ERR_BAD_INPUT);
		assert_null(v);
		column = cx.fault.args[1];
		if (cx.fault.msg != cases[i].msg ||
		    !str_eq(column, str_of(cases[i].column)))
			print_error("case %zu: %s column %.*s\n", i,
			    msg_name(cx.fault.msg), STR_ARG(column));
		assert_int_equal(cx.fault.msg, cases[i].msg);
		assert_str(cx.fault.args[0], cases[i].line);
		assert_str(column, cases[i].column);
	}
}

/* N lists in each other. */
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
	assert_int_equal(js_parse(&cx, nested(JS_DEPTH_MAX), &v), OK);
	v = NULL;
	assert_int_equal(
	    js_parse(&cx, nested(JS_DEPTH_MAX + 1), &v), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_JSON_TOO_DEEP);
	assert_str(cx.fault.args[0], "1");
	assert_str(cx.fault.args[1], "33");
	assert_int_equal(js_parse(&cx, nested(100000), &v), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_JSON_TOO_DEEP);
	/* Brackets in text do not count for the place. */
	assert_int_equal(js_parse(&cx,
			     str_fmt(cx.arena, "{\"[\\\"[\":\n%.*s}",
				 STR_ARG(nested(JS_DEPTH_MAX))),
			     &v),
	    ERR_BAD_INPUT);
	assert_str(cx.fault.args[0], "2");
	assert_str(cx.fault.args[1], "32");

	big = arena_alloc(cx.arena, JS_TEXT_MAX + 1);
	memset(big, ' ', JS_TEXT_MAX + 1);
	big[0] = '7';
	assert_int_equal(
	    js_parse(&cx, (struct str) { big, JS_TEXT_MAX }, &v), OK);
	assert_int_equal(js_int(v), 7);
	assert_int_equal(
	    js_parse(&cx, (struct str) { big, JS_TEXT_MAX + 1 }, &v),
	    ERR_TOO_LARGE);
	assert_int_equal(cx.fault.msg, MSG_JSON_TOO_LARGE);
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
		assert_int_equal(
		    js_parse(
			&cx, list_of(JS_VALUES_MAX / 2 - 1, values[i]), &v),
		    OK);
		assert_int_equal(js_count(v), JS_VALUES_MAX / 2 - 1);
		v = NULL;
		assert_int_equal(
		    js_parse(&cx, list_of(JS_VALUES_MAX + 1, values[i]), &v),
		    ERR_TOO_LARGE);
		assert_int_equal(cx.fault.msg, MSG_JSON_TOO_MANY);
		assert_null(v);
	}
	/* Commas and brackets in text are text. */
	v = parse(str_z(cx.arena,
	    str_fmt(cx.arena, "\"\\\"%.*s\"",
		STR_ARG(list_of(JS_VALUES_MAX + 1, "0")))));
	assert_int_equal(js_type(v), JS_STRING);
}

static void
ask_bool(void *v)
{
	(void)js_bool(v);
}

static void
ask_int(void *v)
{
	(void)js_int(v);
}

static void
ask_real(void *v)
{
	(void)js_real(v);
}

static void
ask_str(void *v)
{
	(void)js_str(v);
}

static void
ask_first(void *v)
{
	js_at(v, 0);
}

static void
ask_member(void *v)
{
	struct str key;

	js_member(v, 0, &key);
}

static void
asking_for_another_type_is_a_bug(void **state)
{
	void (*const asks[])(void *) = { ask_bool, ask_int, ask_real, ask_str,
		ask_first, ask_member };
	void *empty = (void *)(uintptr_t)parse("[]");

	(void)state;
	for (size_t i = 0; i < COUNT(asks); i++)
		assert_bug(child(asks[i], empty), "js.c");
}

static void
write_everything(struct js_out *o)
{
	js_open_object(o);
	js_key(o, "z");
	js_open_array(o);
	js_put_int(o, 0);
	js_put_int(o, INT64_MIN);
	js_put_int(o, INT64_MAX);
	js_put_real(o, 1.5);
	js_put_bool(o, true);
	js_put_bool(o, false);
	js_put_null(o);
	js_open_object(o);
	js_close_object(o);
	js_open_array(o);
	js_close_array(o);
	js_put_z(o, "x");
	js_close_array(o);
	js_key_str(o, STR("a\"b"));
	js_put_str(o, STR("q\"\\\b\f\n\r\t\x01\x1f\x7fü/"));
	js_key(o, "id");
	js_put_id(o, 33);
	js_key(o, "none");
	js_put_id(o, 0);
	js_key(o, "at");
	js_put_time(o, 1795414567123);
	js_key(o, "never");
	js_put_time(o, 0);
	js_key(o, "day");
	js_put_date(o, 20780);
	js_key(o, "empty");
	js_put_str(o, (struct str) { NULL, 0 });
	js_close_object(o);
}

static void
what_is_written_is_compact_and_in_order(void **state)
{
	struct js_out o;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 4096);
	js_begin(&o, &b);
	js_open_array(&o);
	write_everything(&o);
	js_put_raw(&o, STR("[1]"));
	js_close_array(&o);
	assert_str(buf_view(&b),
	    "[{\"z\":[0,-9223372036854775808,9223372036854775807,1.5,true,"
	    "false,null,{},[],\"x\"],\"a\\\"b\":\"q\\\"\\\\\\b\\f\\n\\r\\t"
	    "\\u0001\\u001f\x7fü/\",\"id\":\"0000000000011\",\"none\":null,"
	    "\"at\":\"2026-11-23T06:16:07.123Z\",\"never\":null,"
	    "\"day\":\"2026-11-23\",\"empty\":\"\"},[1]]");
}

static void
assert_same(const struct js *a, const struct js *b)
{
	assert_int_equal(js_type(a), js_type(b));
	assert_int_equal(js_count(a), js_count(b));
	if (js_type(a) == JS_STRING)
		assert_true(str_eq(js_str(a), js_str(b)));
	else if (js_type(a) == JS_INT)
		assert_true(js_int(a) == js_int(b));
	else if (js_type(a) == JS_REAL)
		assert_true(js_real(a) == js_real(b));
	else if (js_type(a) == JS_BOOL)
		assert_true(js_bool(a) == js_bool(b));
	for (size_t i = 0; i < js_count(a); i++) {
		struct str key, same;

		if (js_type(a) == JS_ARRAY) {
			assert_same(js_at(a, i), js_at(b, i));
			continue;
		}
		assert_same(js_member(a, i, &key), js_member(b, i, &same));
		assert_true(str_eq(key, same));
	}
}

/* Longer than a level's first room, and deeper than what may be parsed. */
static void
a_tree_is_what_the_text_would_be(void **state)
{
	const struct js *tree, *parsed;
	struct js_out o[2];
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1 << 20);
	js_begin(&o[0], &b);
	js_begin_tree(&o[1], cx.arena);
	for (size_t i = 0; i < 2; i++) {
		js_open_array(&o[i]);
		for (size_t j = 0; j < 100; j++)
			write_everything(&o[i]);
		js_close_array(&o[i]);
	}
	tree = js_end_tree(&o[1]);
	assert_int_equal(js_parse(&cx, buf_view(&b), &parsed), OK);
	assert_same(tree, parsed);
	js_begin_tree(&o[1], cx.arena);
	for (size_t i = 0; i < 2 * JS_DEPTH_MAX; i++)
		js_open_array(&o[1]);
	for (size_t i = 0; i < 2 * JS_DEPTH_MAX; i++)
		js_close_array(&o[1]);
	assert_int_equal(js_count(js_end_tree(&o[1])), 1);
}

static void
every_byte_that_is_written_is_read_back(void **state)
{
	char text[127];
	struct js_out o;
	struct buf b;
	const struct js *v;

	(void)state;
	for (int i = 0; i < 127; i++)
		text[i] = (char)(i + 1);
	buf_init(&b, cx.arena, 4096);
	js_begin(&o, &b);
	js_put_str(&o, (struct str) { text, sizeof(text) });
	assert_int_equal(js_parse(&cx, buf_view(&b), &v), OK);
	assert_true(str_eq(js_str(v), (struct str) { text, sizeof(text) }));
}

static void
an_object_can_be_seen_without_one_member(void **state)
{
	const struct js *v = parse("{\"a\":1,\"b\":[2],\"c\":3}");
	const struct js *rest = js_without(cx.arena, v, "b");
	struct str key;

	(void)state;
	assert_int_equal(js_count(rest), 2);
	assert_null(js_get(rest, "b"));
	assert_int_equal(js_int(js_member(rest, 1, &key)), 3);
	assert_str(key, "c");
	assert_int_equal(js_count(v), 3);
	assert_int_equal(js_count(js_without(cx.arena, v, "d")), 3);
	assert_ptr_equal(
	    js_without(cx.arena, js_get(v, "b"), "b"), js_get(v, "b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(depth_and_size_have_an_end),
		cmocka_unit_test(values_are_counted_before_they_take_memory),
		cmocka_unit_test(asking_for_another_type_is_a_bug),
		cmocka_unit_test(an_object_can_be_seen_without_one_member),
		cmocka_unit_test(what_is_written_is_compact_and_in_order),
		cmocka_unit_test(a_tree_is_what_the_text_would_be),
		cmocka_unit_test(every_byte_that_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

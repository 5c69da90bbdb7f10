/* SPDX-License-Identifier: Apache-2.0 */
/* listing_test.c - tables that stand straight, and are safe to look at. */
#include "usher/listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct ctx cx;

static int
set_up(void **state)
{
	(void)state;
	cx = (struct ctx) { .arena = arena_open(64u << 20) };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_close(cx.arena);
	return 0;
}

static const struct js *
parse(const char *json)
{
	const struct js *js;

	assert_int_equal(js_parse(&cx, str_of(json), &js), OK);
	return js;
}

static void
assert_text(const struct buf *b, const char *want)
{
	if (!str_eq(buf_view(b), str_of(want)))
		print_error(
		    "got:\n%.*s\nnot:\n%s\n", STR_ARG(buf_view(b)), want);
	assert_true(str_eq(buf_view(b), str_of(want)));
}

static const struct listing_column columns[] = {
	{ MSG_HEAD_NAME, "name.familyName", false },
	{ MSG_HEAD_SEATS, "seats", true },
	{ MSG_HEAD_SITE, "site", false },
};

static void
columns_are_as_wide_as_what_stands_in_them(void **state)
{
	struct listing l = LISTING(columns);
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 65536);
	listing_write(&l, &cx,
	    parse(
		"[{\"name\":{\"familyName\":\"M\xc3\xbcller\"},"
		"\"seats\":7,\"site\":\"ber\"},"
		"{\"name\":{\"familyName\":\"\xe6\x9d\x8e\"},\"seats\":1234567,"
		"\"site\":null},{}]"),
	    &b);
	assert_text(&b,
	    "NAME      SEATS  SITE\n"
	    "M\xc3\xbcller        7  ber\n"
	    "\xe6\x9d\x8e      1234567  -\n"
	    "-             -  -\n");
}

static void
a_later_page_keeps_the_widths_and_has_no_head(void **state)
{
	struct listing l = LISTING(columns);
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 65536);
	listing_write(&l, &cx,
	    parse("[{\"name\":{\"familyName\":\"Abcdef\"},\"seats\":1}]"), &b);
	buf_clear(&b);
	listing_write(&l, &cx,
	    parse("[{\"name\":{\"familyName\":\"X\"},\"seats\":22}]"), &b);
	assert_text(&b, "X          22  -\n");
	buf_clear(&b);
	listing_write(&l, &cx, NULL, &b);
	assert_text(&b, "");
}

static void
headings_and_truth_are_in_the_readers_language(void **state)
{
	struct listing l = LISTING(columns);
	struct buf b;

	(void)state;
	cx.lang = LANG_DE;
	buf_init(&b, cx.arena, 65536);
	listing_write(&l, &cx,
	    parse("[{\"name\":{\"familyName\":\"X\"},\"seats\":1,"
		  "\"site\":true}]"),
	    &b);
	assert_text(&b,
	    "NAME  PL\xc3\x84TZE  STANDORT\n"
	    "X          1  ja\n");
	cx.lang = LANG_EN;
}

static const struct {
	const char *text;
	size_t	    indent;
	const char *wrapped; /* without the indent */
} wraps[] = {
	{ "", 0, "" },
	{ "short", 70, "short" },
	{ "ends just so", 68, "ends just so" },
	{ "ends one later", 67, "ends one\nlater" },
	{ "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\x9f\xc3\xa9", 74, "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\x9f\xc3\xa9" },
	{ "kept\xc2\xa0together", 72, "kept\xc2\xa0together" },
	{ "a wordthatdoesnotfitinanyline", 60, "a\nwordthatdoesnotfitinanyline" },
};

static void
lines_break_between_words_before_the_last_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wraps); i++) {
		struct str rest = str_of(wraps[i].wrapped);
		struct str want = str_cut(&rest, '\n');
		struct buf b;

		if (rest.p != NULL)
			want = str_fmt(cx.arena, "%.*s\n%*s%.*s", STR_ARG(want),
			    (int)wraps[i].indent, "", STR_ARG(rest));
		buf_init(&b, cx.arena, 65536);
		text_wrap(&b, str_of(wraps[i].text), wraps[i].indent);
		assert_text(&b, str_z(cx.arena, want));
	}
}

static void
an_object_is_shown_by_the_paths_of_its_members(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 65536);
	listing_object(&cx,
	    parse("{\"id\":\"0A\",\"name\":{\"familyName\":\"X\"},"
		  "\"emails\":[{\"value\":\"a@b\"},{\"value\":\"c@d\"}],"
		  "\"rights\":[\"x\",\"y\"],\"none\":[],\"empty\":{},"
		  "\"ok\":true,\"ratio\":0.5}"),
	    &b);
	assert_text(&b,
	    "id               0A\n"
	    "name.familyName  X\n"
	    "emails[1].value  a@b\n"
	    "emails[2].value  c@d\n"
	    "rights           x, y\n"
	    "none             -\n"
	    "empty            -\n"
	    "ok               yes\n"
	    "ratio            0.5\n");
}

/* What a terminal would act upon, and what would turn the direction of text. */
static const char *const unsafe[] = {
	"\"\\u001b[2J\"", "\"\\n\"", "\"\\r\"", "\"\\t\"", "\"\\u007f\"",
	"\"\\u009b31m\"", "\"\\u202e\"", "\"\\u2066\"", "\"\\u200f\"",
	"\"\\u061c\"", "\"\\u2028\"",
};

static void
nothing_that_a_terminal_would_act_upon_is_printed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unsafe); i++) {
		struct str cell = listing_cell(&cx, parse(unsafe[i]));

		assert_true(str_starts(cell, STR("\xef\xbf\xbd")));
	}
	assert_true(str_eq(listing_cell(&cx, parse("{\"a\\u001b\":\"b\\n\"}")),
	    STR("a\xef\xbf\xbd b\xef\xbf\xbd")));
	assert_true(str_eq(listing_cell(&cx, NULL), STR("-")));
}

static void
width_is_what_a_terminal_shows(void **state)
{
	(void)state;
	assert_int_equal(text_width(STR("")), 0);
	assert_int_equal(text_width(STR("abc")), 3);
	assert_int_equal(text_width(STR("M\xc3\xbcller")), 6);
	assert_int_equal(text_width(STR("u\xcc\x88")), 1);    /* combining */
	assert_int_equal(text_width(STR("\xe6\x9d\x8e")), 2); /* wide */
	assert_int_equal(text_width(STR("\xff")), 1);	      /* no UTF-8 */
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(columns_are_as_wide_as_what_stands_in_them),
		TEST(a_later_page_keeps_the_widths_and_has_no_head),
		TEST(headings_and_truth_are_in_the_readers_language),
		TEST(lines_break_between_words_before_the_last_column),
		TEST(an_object_is_shown_by_the_paths_of_its_members),
		TEST(nothing_that_a_terminal_would_act_upon_is_printed),
		TEST(width_is_what_a_terminal_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/csv.h"

static struct arena *a;

static int
open_arena(void **state)
{
	(void)state;
	a = arena_open(1 << 28);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

/* A record as one line: "line|raw length|error@field|field|field|…". */
static void
put_record(struct buf *b, const struct csv_record *r)
{
	buf_fmt(b, "%lld|%zu|%s@%zu", (long long)r->line, r->raw.n,
	    msg_name(r->error), r->error_field);
	for (size_t i = 0; i < r->n; i++) {
		buf_u8(b, '|');
		buf_str(b, r->field[i]);
	}
	buf_u8(b, '\n');
}

static void
drain(struct csv *c, struct buf *b)
{
	struct csv_record r;

	while (csv_next(c, &r))
		put_record(b, &r);
}

/* All records of TEXT, fed in pieces of so many bytes (0: first and rest). */
static struct str
records(struct str text, size_t piece, bool is_1252)
{
	struct csv *c = csv_open(0, is_1252);
	struct buf b;

	buf_init(&b, a, 1 << 20);
	for (size_t i = 0; i < text.n; i += piece) {
		csv_feed(c, str_sub(text, i, piece), false);
		drain(c, &b);
	}
	csv_feed(c, STR(""), true);
	drain(c, &b);
	csv_close(c);
	return buf_view(&b);
}

/* The same, fed in two pieces cut at AT, and the end told with the second. */
static struct str
records_cut(struct str text, size_t at, bool is_1252)
{
	struct csv *c = csv_open(0, is_1252);
	struct buf b;

	buf_init(&b, a, 1 << 20);
	csv_feed(c, str_sub(text, 0, at), false);
	drain(c, &b);
	csv_feed(c, str_sub(text, at, text.n), true);
	drain(c, &b);
	csv_close(c);
	return buf_view(&b);
}

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static const struct nasty {
	struct str  text;
	bool	    is_1252;
	const char *want;
} nasty[] = {
	{ TEXT(""), false, "" },
	{ TEXT("\n\r\n\r"), false, "" },
	{ TEXT("a"), false, "1|1|NONE@0|a\n" },
	{ TEXT("a,b\n1,2\n"), false, "1|3|NONE@0|a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("a,b\r\n1,2"), false, "1|3|NONE@0|a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("a,b\r1,2\r"), false, "1|3|NONE@0|a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("\n\r\n\n;a;b\n\r\n;;\n"), false, "4|4|NONE@0||a|b\n6|2|NONE@0|||\n" },
	/* A BOM, and what only begins like one. */
	{ TEXT("\xef\xbb\xbf" "a;b\n1;2\n"), false, "1|3|NONE@0|a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("\xef\xbb\xbf"), false, "" },
	{ TEXT("\xef\xbb" "a,b\n1,2\n"), false, "1|5|CSV_ENCODING@0|\xef\xbb" "a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("\xef\xbc\x9d,b\n"), false, "1|5|NONE@0|\xef\xbc\x9d|b\n" },
	{ TEXT("\xef"), false, "1|1|CSV_ENCODING@0|\xef\n" },
	{ TEXT("\xef\xef\xbb\xbf,b"), false, "1|6|CSV_ENCODING@0|\xef\xef\xbb\xbf|b\n" },
	/* The separator is the most frequent outside of quotes. */
	{ TEXT("\"a,b,c\";d\n1;2\n"), false, "1|9|NONE@0|a,b,c|d\n2|3|NONE@0|1|2\n" },
	{ TEXT("a\tb|c\td\n1\t2\t3\n"), false, "1|7|NONE@0|a|b|c|d\n2|5|NONE@0|1|2|3\n" },
	{ TEXT("a|b\n1|2\n"), false, "1|3|NONE@0|a|b\n2|3|NONE@0|1|2\n" },
	{ TEXT("a;b,c\n1,2\n"), false, "1|5|NONE@0|a;b|c\n2|3|NONE@0|1|2\n" },
	/* Quotes: doubled, empty, around separators and all line ends. */
	{ TEXT("a,b\n\"\",\"\"\"\"\n\"x,\"\"y\"\"\",\"1\r\n2\r3\n4\"\n5,6\n"), false,
	    "1|3|NONE@0|a|b\n2|7|NONE@0||\"\n3|20|NONE@0|x,\"y\"|1\r\n2\r3\n4\n7|3|NONE@0|5|6\n" },
	{ TEXT("a,b\n\"\r\n\r\n\",\"\n\n\"\n\"\r\r\",x\r\n5,6\n"), false,
	    "1|3|NONE@0|a|b\n2|11|NONE@0|\r\n\r\n|\n\n\n7|6|NONE@0|\r\r|x\n10|3|NONE@0|5|6\n" },
	{ TEXT("a,b\n1,\"x\""), false, "1|3|NONE@0|a|b\n2|5|NONE@0|1|x\n" },
	/* Stray quotes: the line is lost, the next is not. */
	{ TEXT("a,b\n1,x\"y\n2,3\n"), false, "1|3|NONE@0|a|b\n2|5|CSV_STRAY_QUOTE@1|1\n3|3|NONE@0|2|3\n" },
	{ TEXT("a,b\n\"x\"y,\"1\"\r\n2,3\n"), false, "1|3|NONE@0|a|b\n2|8|CSV_STRAY_QUOTE@0\n3|3|NONE@0|2|3\n" },
	{ TEXT("a,b\n \"x\",1\n2,3"), false, "1|3|NONE@0|a|b\n2|6|CSV_STRAY_QUOTE@0\n3|3|NONE@0|2|3\n" },
	{ TEXT("a,b\n\"x\n1,\"y\n2,3\n"), false, "1|3|NONE@0|a|b\n2|7|CSV_STRAY_QUOTE@0\n4|3|NONE@0|2|3\n" },
	{ TEXT("a,b\n1,x\"\n"), false, "1|3|NONE@0|a|b\n2|4|CSV_STRAY_QUOTE@1|1\n" },
	{ TEXT("a,b\n1,x\""), false, "1|3|NONE@0|a|b\n2|4|CSV_STRAY_QUOTE@1|1\n" },
	/* A quote that is never closed takes all with it. */
	{ TEXT("a,b\n1,\"x\n2,3\n4,5\n"), false, "1|3|NONE@0|a|b\n2|13|CSV_OPEN_QUOTE@1|1\n" },
	{ TEXT("a,b\n\""), false, "1|3|NONE@0|a|b\n2|1|CSV_OPEN_QUOTE@0\n" },
	/* Not as many fields as the header. */
	{ TEXT("a,b\n1\n1,2,3\n1,2\n,\n1,"), false,
	    "1|3|NONE@0|a|b\n2|1|CSV_FIELD_COUNT@1|1\n3|5|CSV_FIELD_COUNT@2|1|2|3\n4|3|NONE@0|1|2\n5|1|NONE@0||\n"
	    "6|2|NONE@0|1|\n" },
	/* Text. */
	{ TEXT("n,o\nJ\xc3\xbcrgen,\xe2\x82\xac\n\xc3,x\nx,\xed\xa0\x80\n1,2\n"), false,
	    "1|3|NONE@0|n|o\n2|11|NONE@0|J\xc3\xbcrgen|\xe2\x82\xac\n3|3|CSV_ENCODING@0|\xc3|x\n"
	    "4|5|CSV_ENCODING@1|x|\xed\xa0\x80\n5|3|NONE@0|1|2\n" },
	{ TEXT("a,b\n1,\"\xc3\xbc\"\"\"\n\"\xff\",2\n"), false,
	    "1|3|NONE@0|a|b\n2|8|NONE@0|1|\xc3\xbc\"\n3|5|CSV_ENCODING@0|\xff|2\n" },
	/* Windows-1252: a field of each length, and a byte it does not have. */
	{ TEXT("n;o\nJ\xfcrgen;\x80\n\x8a;\x81\n1;2\n"), true,
	    "1|3|NONE@0|n|o\n2|11|NONE@0|Jürgen|€\n3|4|CSV_ENCODING@1|Š|\x81\n4|3|NONE@0|1|2\n" },
	/* A BOM knows better. */
	{ TEXT("\xef\xbb\xbfn;o\nJ\xc3\xbcrgen;1\n"), true, "1|3|NONE@0|n|o\n2|9|NONE@0|Jürgen|1\n" },
	{ TEXT("\xef\xbb;o\n"), true, "1|6|NONE@0|ï»|o\n" },
};

static void
nasty_files_are_read_right_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(nasty); i++) {
		const struct nasty *f = &nasty[i];

		if (!str_eq(records(f->text, SIZE_MAX / 2, f->is_1252),
			str_of(f->want)))
			print_error("file %zu\n", i);
		assert_str(records(f->text, SIZE_MAX / 2, f->is_1252), f->want);
		for (size_t cut = 0; cut <= f->text.n; cut++)
			assert_str(
			    records_cut(f->text, cut, f->is_1252), f->want);
		for (size_t piece = 1; piece <= f->text.n; piece++)
			assert_str(
			    records(f->text, piece, f->is_1252), f->want);
	}
}

static void
nul_is_found(void **state)
{
	const struct str text = STR("a,b\n1,x\0y\n\0,2\n3,4\n");
	const struct str want = STR("1|3|NONE@0|a|b\n"
				    "2|5|CSV_NUL@1|1|x\0y\n"
				    "3|3|CSV_NUL@0|\0|2\n"
				    "4|3|NONE@0|3|4\n");

	(void)state;
	for (size_t piece = 1; piece <= text.n; piece++)
		assert_true(str_eq(records(text, piece, false), want));
}

/* Texts of a few bytes that mean something, in every order. */
static void
every_short_text_reads_the_same_in_one_piece_and_in_many(void **state)
{
	static const char bytes[] = "a\",\n\r";
	char text[6];

	(void)state;
	for (int n = 0; n < 5 * 5 * 5 * 5 * 5 * 5; n++) {
		struct str s = { text, sizeof(text) }, whole;
		int left = n;

		for (size_t i = 0; i < sizeof(text); i++) {
			text[i] = bytes[left % 5];
			left /= 5;
		}
		whole = records(s, sizeof(text), false);
		assert_true(str_eq(whole, records(s, 1, false)));
		assert_true(str_eq(whole, records(s, 4, false)));
		arena_reset(a);
	}
}

/* "a,b", a record of N bytes made by FILL, and "1,2". */
static struct str
long_file(size_t n, const char *front, const char *back)
{
	struct buf b;

	buf_init(&b, a, 1 << 20);
	buf_z(&b, "a,b\n");
	buf_z(&b, front);
	while (b.n < 4 + n - strlen(back))
		buf_u8(&b, b.n % 61 == 60 && front[2] == '"' ? '\n' : 'x');
	buf_z(&b, back);
	buf_z(&b, "\n1,2\n");
	return buf_view(&b);
}

static void
a_record_that_is_too_long_is_told_and_passed_over(void **state)
{
	static const struct {
		size_t n;
		const char *front, *back;
		enum msg msg;
		size_t field;
	} cases[] = {
		{ CSV_RECORD_MAX, "1,", "", MSG_NONE, 0 },
		{ CSV_RECORD_MAX + 1, "1,", "", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX + 2, "1,", "", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX + 3, "1,", "", MSG_CSV_TOO_LONG, 1 },
		{ 3 * CSV_RECORD_MAX, "1,", ",2", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX, "1,\"", "\"", MSG_NONE, 0 },
		{ CSV_RECORD_MAX + 1, "1,\"", "\"", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX + 2, "1,\"", "\"", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX + 3, "1,\"", "\"", MSG_CSV_TOO_LONG, 1 },
		{ 2 * CSV_RECORD_MAX, "1,\"", "\"", MSG_CSV_TOO_LONG, 1 },
		/* What ails it first is what is told. */
		{ CSV_RECORD_MAX + 1, "1,x\"", "", MSG_CSV_STRAY_QUOTE, 1 },
		{ 2 * CSV_RECORD_MAX, "1,x\"", "", MSG_CSV_STRAY_QUOTE, 1 },
		{ 2 * CSV_RECORD_MAX, "1,", "\"", MSG_CSV_TOO_LONG, 1 },
		{ CSV_RECORD_MAX, "1,", "x\"", MSG_CSV_STRAY_QUOTE, 1 },
	};
	static const size_t pieces[] = { SIZE_MAX / 2, 4096, 1000, 65536, 65541,
		65542, 65543 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text =
		    long_file(cases[i].n, cases[i].front, cases[i].back);
		struct str whole = records(text, SIZE_MAX / 2, false);
		struct str left = whole, head;

		str_cut(&left, '\n');
		head = str_fmt(a, "2|%d|%s@%zu|1",
		    (int)(cases[i].n < CSV_RECORD_MAX ? cases[i].n
						      : CSV_RECORD_MAX),
		    msg_name(cases[i].msg), cases[i].field);
		if (!str_starts(left, head))
			print_error("case %zu: %.40s\n", i, left.p);
		assert_true(str_starts(left, head));
		/* The next record is whole, and its line is right. */
		assert_true(str_ends(whole, STR("|3|NONE@0|1|2\n")));
		for (size_t k = 0; k < COUNT(pieces); k++)
			assert_true(
			    str_eq(whole, records(text, pieces[k], false)));
		arena_reset(a);
	}
}

static void
lines_are_counted_through_what_is_passed_over(void **state)
{
	struct csv *c = csv_open(',', false);
	struct csv_record r;
	int64_t want = 3;

	(void)state;
	csv_feed(c, STR("a,b\n1,\""), false);
	assert_true(csv_next(c, &r));
	for (int i = 0; i < 100000; i++, want++) {
		csv_feed(c, STR("\r\n"), false);
		assert_false(csv_next(c, &r));
	}
	csv_feed(c, STR("\"\r\n1,2\n"), true);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.error, MSG_CSV_TOO_LONG);
	assert_int_equal(r.line, 2);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.line, want);
	assert_int_equal(r.error, MSG_NONE);
	assert_false(csv_next(c, &r));
	csv_close(c);
}

static void
fields_have_a_maximum(void **state)
{
	struct csv *c = csv_open(';', false);
	struct csv_record r;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 16);
	for (int i = 1; i < CSV_FIELDS_MAX; i++)
		buf_u8(&b, ';');
	buf_z(&b, "\nx");
	for (int i = 0; i < CSV_FIELDS_MAX; i++)
		buf_u8(&b, ';');
	csv_feed(c, buf_view(&b), true);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.n, CSV_FIELDS_MAX);
	assert_int_equal(r.error, MSG_NONE);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.n, CSV_FIELDS_MAX);
	assert_int_equal(r.error, MSG_CSV_TOO_MANY_FIELDS);
	assert_int_equal(r.error_field, CSV_FIELDS_MAX);
	assert_str(r.field[0], "x");
	csv_close(c);
	csv_close(NULL);
}

static void
a_separator_that_was_named_is_used(void **state)
{
	struct csv *c = csv_open('|', false);
	struct csv_record r;

	(void)state;
	csv_feed(c, STR("a,b;c|d\n"), true);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.n, 2);
	assert_int_equal(csv_separator(c), '|');
	csv_close(c);

	/* A header without end decides by what can be held of it. */
	c = csv_open(0, false);
	for (int i = 0; i < CSV_RECORD_MAX / 4; i++) {
		csv_feed(c, STR("abc;"), false);
		if (i + 1 < CSV_RECORD_MAX / 4 && i % 1000 == 0)
			assert_false(csv_next(c, &r));
	}
	assert_false(csv_next(c, &r));
	assert_int_equal(csv_separator(c), ';');
	csv_close(c);
}

static void
what_is_written_is_quoted_and_defused(void **state)
{
	static const struct {
		const char *field;
		bool defuse;
		const char *want;
	} cases[] = {
		{ "", false, "" },
		{ "plain", true, "plain" },
		{ "a;b", false, "\"a;b\"" },
		{ "a,b", false, "a,b" },
		{ "say \"x\"", false, "\"say \"\"x\"\"\"" },
		{ "\"", false, "\"\"\"\"" },
		{ "a\nb", false, "\"a\nb\"" },
		{ "a\rb", false, "\"a\rb\"" },
		{ " a", false, "\" a\"" },
		{ "=1+1", false, "=1+1" },
		{ "=1+1", true, "'=1+1" },
		{ "+49 30", true, "'+49 30" },
		{ "-5", true, "'-5" },
		{ "@x", true, "'@x" },
		{ "\tx", true, "\"'\tx\"" },
		{ "\rx", true, "\"'\rx\"" },
		{ "=a;\"b\"", true, "\"'=a;\"\"b\"\"\"" },
		{ "\xef\xbc\x9d"
		  "1",
		    true,
		    "'\xef\xbc\x9d"
		    "1" },
		{ "\xef\xbc\x8b"
		  "1",
		    true,
		    "'\xef\xbc\x8b"
		    "1" },
		{ "\xef\xbc\x8d"
		  "1",
		    true,
		    "'\xef\xbc\x8d"
		    "1" },
		{ "\xef\xbc\xa0"
		  "1",
		    true,
		    "'\xef\xbc\xa0"
		    "1" },
		{ "a=b", true, "a=b" },
		{ "'=1", true, "'=1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;

		buf_init(&b, a, 100);
		csv_write(&b, str_of(cases[i].field), ';', cases[i].defuse);
		assert_str(buf_view(&b), cases[i].want);
	}
}

static void
what_was_written_is_read_back(void **state)
{
	static const char *const fields[] = { "a", "", "b;\"c\"\r\n", " x ",
		"\"\"", "Jürgen", "\n" };
	struct csv *c = csv_open(';', false);
	struct csv_record r;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1000);
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (i > 0)
			buf_u8(&b, ';');
		csv_write(&b, str_of(fields[i]), ';', false);
	}
	csv_feed(c, buf_view(&b), true);
	assert_true(csv_next(c, &r));
	assert_int_equal(r.n, COUNT(fields));
	for (size_t i = 0; i < COUNT(fields); i++)
		assert_str(r.field[i], fields[i]);
	csv_close(c);
}

static void
feed_after_end(void *arg)
{
	csv_feed(arg, STR(""), true);
	csv_feed(arg, STR("x"), false);
}

static void
feeding_after_the_end_is_a_bug(void **state)
{
	struct csv *c = csv_open(0, false);

	(void)state;
	assert_bug(child(feed_after_end, c), "csv.c");
	csv_close(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    nasty_files_are_read_right_however_they_are_cut),
		cmocka_unit_test(nul_is_found),
		cmocka_unit_test(
		    every_short_text_reads_the_same_in_one_piece_and_in_many),
		cmocka_unit_test(
		    a_record_that_is_too_long_is_told_and_passed_over),
		cmocka_unit_test(lines_are_counted_through_what_is_passed_over),
		cmocka_unit_test(fields_have_a_maximum),
		cmocka_unit_test(a_separator_that_was_named_is_used),
		cmocka_unit_test(what_is_written_is_quoted_and_defused),
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(feeding_after_the_end_is_a_bug),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

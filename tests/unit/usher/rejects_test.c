/* SPDX-License-Identifier: Apache-2.0 */
/* rejects_test.c - refused rows come back as they stood, with the reason. */
#include "usher/rejects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define OWN ";usher_line;usher_column;usher_reason;usher_remedy\n"

/* Feeds FILE in pieces of EACH bytes. */
static void
copy(const char *file, size_t each, bool is_1252, struct rejects *r,
    struct buf *out)
{
	struct csv *csv = csv_open(0, is_1252);
	struct str left = str_of(file);

	while (left.n > 0) {
		csv_feed(csv, str_sub(left, 0, each), left.n <= each);
		rejects_copy(r, csv, out);
		left = str_sub(left, each, left.n);
	}
	csv_close(csv);
}

static const struct reject two[] = {
	{ 3, { "Ort", 3 }, { "=no; such", 9 }, { "say \"x\"", 7 } },
	{ 5, { "", 0 }, { "late", 4 }, { "", 0 } },
};

static const struct {
	const char	    *file;
	const struct reject *reject;
	size_t		     n;
	const char	    *want;
	int64_t		     written;
} cases[] = {
	/* Quoted line breaks, separators and quotes are kept; only our columns are defused. */
	{ "Name;Ort\nA;B\n\"=C;\nD\";\"\"\"E\"\"\"\nF;G\n", two, 2,
	  "Name;Ort" OWN
	  "\"=C;\nD\";\"\"\"E\"\"\";3;Ort;\"'=no; such\";\"say \"\"x\"\"\"\n"
	  "F;G;5;;late;\n", 2 },
	/* A BOM is not the header's; a comma is kept as the separator. */
	{ "\xef\xbb\xbfName,Ort\r\n1,2\r\n3,4\r\n", two, 1,
	  "Name,Ort,usher_line,usher_column,usher_reason,usher_remedy\n"
	  "3,4,3,Ort,'=no; such,\"say \"\"x\"\"\"\n", 1 },
	/* Lines that are no longer there are passed over. */
	{ "Name;Ort\nA;B\n", two, 2, "Name;Ort" OWN, 0 },
	/* A broken row is kept as it stood. */
	{ "Name;Ort\nA;B\nC\nD;E\n", two, 1, "Name;Ort" OWN "C;3;Ort;\"'=no; such\";\"say \"\"x\"\"\"\n", 1 },
	/* A file of rejects: the new reasons take the place of the old. */
	{ "Name;Ort" OWN "A;B;9;;old;old\n\"C;c\";D;9;;old;old\n", two, 1,
	  "Name;Ort" OWN "\"C;c\";D;3;Ort;\"'=no; such\";\"say \"\"x\"\"\"\n", 1 },
};

static void
refused_rows_are_copied_with_their_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t each = 1; each < 70; each += 17) {
			struct rejects r = { .row = cases[i].reject,
				.n = cases[i].n };
			struct buf b;

			buf_init(&b, NULL, 65536);
			copy(cases[i].file, each, false, &r, &b);
			if (!str_eq(buf_view(&b), str_of(cases[i].want)))
				print_error("case %zu:\n%.*s", i,
				    STR_ARG(buf_view(&b)));
			assert_true(
			    str_eq(buf_view(&b), str_of(cases[i].want)));
			assert_int_equal(r.written, cases[i].written);
			buf_fini(&b);
		}
}

static void
several_reasons_of_one_row_stand_in_it_together(void **state)
{
	const struct reject same[] = {
		{ 2, STR("a"), STR("one"), STR("do") },
		{ 2, STR("b"), STR("two"), STR("try") },
	};
	struct rejects r = { .row = same, .n = 2 };
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 65536);
	copy("Name;Ort\nA;B\nC;D\n", 100, false, &r, &b);
	assert_true(str_eq(buf_view(&b),
	    STR("Name;Ort" OWN "A;B;2;a / b;one / two;do / try\n")));
	buf_fini(&b);
}

static void
windows_1252_becomes_utf_8(void **state)
{
	const struct reject first[] = { { 2, STR(""), STR("x"), STR("y") } };
	struct rejects r = { .row = first, .n = 1 };
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 65536);
	copy("Name;Ort\nM\xfcller;\x80\n", 100, true, &r, &b);
	assert_true(str_eq(buf_view(&b),
	    STR("Name;Ort" OWN "M\xc3\xbcller;\xe2\x82\xac;2;;x;y\n")));
	buf_fini(&b);
}

static void
the_report_is_read_by_line(void **state)
{
	struct arena *arena = arena_open(1u << 20);
	struct ctx cx = { .arena = arena };
	const struct js *report;
	struct reject *row;
	size_t n;

	(void)state;
	assert_int_equal(
	    js_parse(&cx,
		STR("{\"rejects\":[{\"line\":9,\"column\":null,\"reason\":"
		    "\"r\","
		    "\"remedy\":\"m\"},{\"line\":2,\"column\":\"c\"}]}"),
		&report),
	    OK);
	row = rejects_of(arena, report, &n);
	assert_int_equal(n, 2);
	assert_int_equal(row[0].line, 2);
	assert_true(str_eq(row[0].column, STR("c")));
	assert_int_equal(row[1].line, 9);
	assert_int_equal(row[1].column.n, 0);
	assert_true(str_eq(row[1].remedy, STR("m")));
	assert_int_equal(js_parse(&cx, STR("{}"), &report), OK);
	rejects_of(arena, report, &n);
	assert_int_equal(n, 0);
	arena_close(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_rows_are_copied_with_their_reasons),
		cmocka_unit_test(
		    several_reasons_of_one_row_stand_in_it_together),
		cmocka_unit_test(windows_1252_becomes_utf_8),
		cmocka_unit_test(the_report_is_read_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* progress_test.c - percent, rate and time left are arithmetic. */
#include "usher/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "usher/listing.h"

#define S INT64_C(1000000000)

static const struct {
	int64_t		   done, total, took_ns;
	enum progress_unit unit;
	size_t		   width;
	const char	  *line;
	int64_t		   left_s;
} cases[] = {
	{ 0, 100, 0, PROGRESS_BYTES, 0, "x   0 %", -1 },
	{ 1, 100, S / 4, PROGRESS_BYTES, 0, "x   1 %", -1 },
	{ 0, 100, S, PROGRESS_BYTES, 0, "x   0 %  0.0 MB/s", -1 },
	{ 50000000, 100000000, 5 * S, PROGRESS_BYTES, 0, "x  50 %  10.0 MB/s  0:05 left", 5 },
	{ 1000000, 100000000, 5 * S, PROGRESS_BYTES, 0, "x   1 %  0.2 MB/s  8:15 left", 495 },
	{ 1000, 1000000, 60 * S, PROGRESS_COUNT, 0, "x   0 %  17/s  16:39:00 left", 59940 },
	{ 999, 1000, S, PROGRESS_COUNT, 0, "x  99 %  999/s  0:00 left", 0 },
	{ 100, 100, S, PROGRESS_COUNT, 0, "x 100 %  100/s", 0 },
	{ 0, 0, 0, PROGRESS_COUNT, 0, "x 100 %", 0 },
	{ 120, 100, S, PROGRESS_COUNT, 0, "x 100 %  120/s", 0 },
	{ 50, 100, S / 4, PROGRESS_COUNT, 27, "x [========        ]  50 %", -1 },
	{ 100, 100, S / 4, PROGRESS_COUNT, 22, "x [===========] 100 %", 0 },
	{ 50, 100, S / 4, PROGRESS_COUNT, 15, "x  50 %", -1 },
};

static void
each_line_says_how_far_how_fast_and_how_long_still(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct progress p = { .what = STR("x"),
			.left = STR("left"),
			.sign = STR("."),
			.bytes = STR("MB/s"),
			.done = cases[i].done,
			.total = cases[i].total,
			.unit = cases[i].unit,
			.started_ns = 7 * S };
		struct buf b;

		buf_init(&b, NULL, 4096);
		progress_line(&p, 7 * S + cases[i].took_ns, cases[i].width, &b);
		if (!str_eq(buf_view(&b), str_of(cases[i].line)))
			print_error(
			    "case %zu: \"%.*s\"\n", i, STR_ARG(buf_view(&b)));
		assert_true(str_eq(buf_view(&b), str_of(cases[i].line)));
		assert_int_equal(progress_left_s(&p, 7 * S + cases[i].took_ns),
		    cases[i].left_s);
		buf_fini(&b);
	}
}

static void
a_line_is_never_wider_than_the_terminal_nor_its_bar_than_a_bar_should_be(
    void **state)
{
	const struct progress p = { .what = STR("v\xc3\xa9rification"),
		.left = STR("restant"),
		.done = 5,
		.total = 10 };

	(void)state;
	for (size_t width = 40; width < 300; width++) {
		struct buf b;

		buf_init(&b, NULL, 4096);
		progress_line(&p, 10 * S, width, &b);
		assert_true(text_width(buf_view(&b)) <= width);
		assert_true(b.n < 100);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_line_says_how_far_how_fast_and_how_long_still),
		cmocka_unit_test(
		    a_line_is_never_wider_than_the_terminal_nor_its_bar_than_a_bar_should_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

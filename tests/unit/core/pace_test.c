/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace_test.c - a burst at once, then so many a second, whoever asks how often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pace.h"

#define START_MS 5000000

static const struct pace_limit limit = { 50, 250 };

/* Of those who come every STEP_MS, how many may until END_MS. */
static int64_t
taken(struct pace *p, int64_t start_ms, int64_t end_ms, int64_t step_ms)
{
	int64_t n = 0;

	for (int64_t t = start_ms; t < end_ms; t += step_ms)
		n += pace_take(p, &limit, t) == 0;
	return n;
}

static void
a_burst_comes_at_once_and_then_the_rate(void **state)
{
	struct pace p = { 0 };
	int64_t n = 0;

	(void)state;
	while (pace_take(&p, &limit, START_MS) == 0)
		n++;
	assert_int_equal(n, 250);
	/* Then one comes every millisecond, twenty times what it may. */
	assert_int_equal(taken(&p, START_MS + 1, START_MS + 10001, 1), 500);
}

static void
the_wait_is_just_long_enough(void **state)
{
	static const int64_t rates[] = { 1, 3, 7, 50, 999, 1000, 5000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct pace_limit l = { rates[i], 1 };
		struct pace p = { 0 };
		int64_t wait;

		assert_int_equal(pace_take(&p, &l, START_MS), 0);
		wait = pace_take(&p, &l, START_MS);
		assert_in_range(wait, 1, 1000);
		if (wait > 1)
			assert_true(pace_take(&p, &l, START_MS + wait - 1) > 0);
		assert_int_equal(pace_take(&p, &l, START_MS + wait), 0);
	}
}

static void
who_is_refused_pays_nothing(void **state)
{
	struct pace patient = { 0 }, hasty = { 0 };

	(void)state;
	assert_int_equal(taken(&patient, START_MS, START_MS + 60000, 20), 3000);
	/* Ten times as many come, and the burst and the rate get in. */
	assert_int_equal(
	    taken(&hasty, START_MS, START_MS + 60000, 2), 250 + 2999);
}

static void
a_clock_that_goes_back_brings_nothing(void **state)
{
	struct pace p = { 0 };

	(void)state;
	assert_int_equal(taken(&p, START_MS, START_MS + 1, 1), 1);
	p.milli = 0;
	assert_true(pace_take(&p, &limit, START_MS - 100000) > 0);
	assert_true(pace_take(&p, &limit, START_MS + 19) > 0);
	assert_int_equal(pace_take(&p, &limit, START_MS + 20), 0);
}

static void
a_limit_that_is_changed_counts_at_once(void **state)
{
	const struct pace_limit none = { 0, 250 }, less = { 50, 10 };
	struct pace p = { 0 };

	(void)state;
	assert_int_equal(pace_take(&p, &none, START_MS), 0);
	assert_int_equal(pace_take(&p, &limit, START_MS), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pace_take(&p, &less, START_MS), 0);
	assert_true(pace_take(&p, &less, START_MS) > 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pace_take(&p, &none, START_MS), 0);
}

static void
its_load_is_shown(void **state)
{
	struct pace p = { 0 };

	(void)state;
	assert_int_equal(pace_taken(&p, &limit, START_MS), 0);
	assert_int_equal(pace_came(&p, START_MS), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pace_take(&p, &limit, START_MS), 0);
	assert_int_equal(pace_taken(&p, &limit, START_MS), 100);
	assert_int_equal(pace_taken(&p, &limit, START_MS + 1000), 50);
	assert_int_equal(pace_taken(&p, &limit, START_MS + 2000), 0);
	/* The second that runs is not over. */
	assert_int_equal(pace_came(&p, START_MS + 999), 0);
	assert_int_equal(pace_came(&p, START_MS + 1000), 100);
	assert_int_equal(pace_came(&p, START_MS + 2000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_comes_at_once_and_then_the_rate),
		cmocka_unit_test(the_wait_is_just_long_enough),
		cmocka_unit_test(who_is_refused_pays_nothing),
		cmocka_unit_test(a_clock_that_goes_back_brings_nothing),
		cmocka_unit_test(a_limit_that_is_changed_counts_at_once),
		cmocka_unit_test(its_load_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

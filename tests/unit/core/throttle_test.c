/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle_test.c - never faster than allowed, never slower than needed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include "core/deployment.h"
#include "core/throttle.h"

static const struct throttle_limits standard = {
	.rate = { 150, 50, 250 },
	.batch = 100,
	.window_ms = 100,
	.attempts = 3,
	.backoff_ms = 5000,
	.depth_pause = 1000,
	.retry_percent = 2,
};

/* The empty catalogue has every default. */
static struct throttle_limits
limits_of(enum work_queue queue)
{
	int64_t setting[SETTING_COUNT];

	for (int s = 0; s < SETTING_COUNT; s++)
		setting[s] = setting_info((enum setting)s)->fallback;
	return throttle_limits(
	    setting, deployment_info(DEPLOYMENT_GLOBAL_CAP)->fallback, queue);
}

static void
the_defaults_are_those_that_were_asked_for(void **state)
{
	struct throttle_limits l = limits_of(WORK_QUEUE_DELIVERY);

	(void)state;
	assert_int_equal(l.rate[THROTTLE_QUEUE], 150);
	assert_int_equal(l.rate[THROTTLE_TENANT], 50);
	assert_int_equal(l.rate[THROTTLE_GLOBAL], 250);
	assert_int_equal(l.batch, 100);
	assert_int_equal(l.window_ms, 100);
	assert_int_equal(l.attempts, 3);
	assert_int_equal(l.backoff_ms, 5000);
	assert_int_equal(l.retry_percent, 2);
	assert_int_equal(l.depth_pause, 10000);
	assert_int_equal(setting_info(SETTING_THROTTLE_BATCH)->min, 50);
	assert_int_equal(setting_info(SETTING_THROTTLE_BATCH)->max, 200);
	l = limits_of(WORK_QUEUE_REGISTRATION);
	assert_int_equal(l.depth_pause, 1000);
	/* What is taken in is bounded, not slowed down. */
	l = limits_of(WORK_QUEUE_IMPORT);
	for (int i = 0; i < THROTTLE_LEVELS; i++)
		assert_int_equal(l.rate[i], 0);
	assert_int_equal(l.depth_pause, 2000000);
}

static void
queues_have_names(void **state)
{
	(void)state;
	for (enum work_queue q = WORK_QUEUE_NONE + 1; q < WORK_QUEUE_END; q++)
		assert_int_equal(
		    work_queue_parse(str_of(work_queue_name(q))), q);
	assert_int_equal(work_queue_parse(STR("none")), WORK_QUEUE_NONE);
	assert_int_equal(work_queue_parse(STR("imports")), WORK_QUEUE_NONE);
	assert_int_equal(deployment_parse(STR("throttle.global_cap")),
	    DEPLOYMENT_GLOBAL_CAP);
	assert_int_equal(
	    deployment_parse(STR("throttle.rate")), DEPLOYMENT_COUNT);
}

/* --- rates ----------------------------------------------------------------- */

/*
 * Asking for MANY every STEP_MS over a minute: never more than the rate allows
 * from any moment on, and in all as much as it allows.
 */
static void
run_rate(int64_t rate, int64_t window_ms, int64_t step_ms)
{
	struct throttle_limits l = { .rate = { rate, 0, 0 },
		.window_ms = window_ms };
	struct bucket b = { 0 };
	struct bucket *const all[] = { &b, NULL, NULL };
	const int64_t end = 60000, burst = rate * window_ms + 999;
	int64_t made = 0;

	for (int64_t t = 0; t <= end; t += step_ms) {
		made += (int64_t)throttle_take(&l, all, 1000 + t, 1000000);
		assert_true(made <= (rate * t + burst) / 1000);
	}
	/* A step longer than a window loses what would not fit. */
	if (step_ms <= window_ms)
		assert_true(made >= rate * end / 1000);
}

static void
no_more_than_the_rate_and_no_less(void **state)
{
	static const int64_t rates[] = { 1, 3, 7, 50, 150, 250, 999, 100000 };
	static const int64_t windows[] = { 10, 100, 1000 };
	static const int64_t steps[] = { 1, 7, 10, 100, 1500 };

	(void)state;
	for (size_t r = 0; r < COUNT(rates); r++)
		for (size_t w = 0; w < COUNT(windows); w++)
			for (size_t s = 0; s < COUNT(steps); s++)
				run_rate(rates[r], windows[w], steps[s]);
}

/* Six tenants want as much as they can get for a minute. */
static void
the_least_of_the_three_levels_counts(void **state)
{
	struct bucket queue[6] = { 0 }, tenant[6] = { 0 }, global = { 0 };
	size_t made[6] = { 0 }, all = 0;

	(void)state;
	for (int64_t t = 1; t <= 60000; t += 10)
		for (size_t i = 0; i < 6; i++) {
			struct bucket *const b[] = { &queue[i], &tenant[i],
				&global };
			/* Whose turn is first changes. */
			size_t n = throttle_take(
			    &standard, b, t, i == (size_t)t / 10 % 6 ? 9 : 1);

			made[i] += n;
			all += n;
		}
	assert_in_range(all, 250 * 60 - 250, 250 * 60 + 25);
	for (size_t i = 0; i < 6; i++)
		assert_true(made[i] <= 50 * 60 + 5);
}

static void
what_one_level_refuses_costs_the_others_nothing(void **state)
{
	struct bucket queue = { 0 }, tenant = { 0 }, global = { 0, 1, true };
	struct bucket *const b[] = { &queue, &tenant, &global };

	(void)state;
	assert_int_equal(throttle_take(&standard, b, 1, 5), 0);
	assert_int_equal(queue.milli, 15999);
	assert_int_equal(tenant.milli, 5999);
	assert_int_equal(throttle_take(&standard, b, 5, 5), 1);
	assert_int_equal(queue.milli, 14999);
	assert_int_equal(tenant.milli, 4999);
}

static void
the_wait_is_just_long_enough(void **state)
{
	(void)state;
	for (int64_t rate = 1; rate <= 1200; rate++) {
		struct throttle_limits l = { .rate = { rate, 0, 0 },
			.window_ms = 100 };
		struct bucket b = { 0 };
		struct bucket *const all[] = { &b, NULL, NULL };
		const struct bucket *const seen[] = { &b, NULL, NULL };
		int64_t now = 5, wait;

		assert_int_equal(throttle_wait_ms(&l, seen, now), 0);
		while (throttle_take(&l, all, now, 1000) > 0)
			continue;
		wait = throttle_wait_ms(&l, seen, now);
		assert_true(wait > 0);
		assert_int_equal(throttle_take(&l, all, now + wait - 1, 1), 0);
		assert_int_equal(throttle_take(&l, all, now + wait, 1), 1);
	}
}

/* A setting that was changed counts at once; a clock that goes back brings nothing. */
static void
limits_may_change_and_clocks_go_back(void **state)
{
	struct throttle_limits l = { .rate = { 100, 0, 0 },
		.window_ms = 1000 };
	struct bucket b = { 0 };
	struct bucket *const all[] = { &b, NULL, NULL };

	(void)state;
	assert_int_equal(throttle_take(&l, all, 1000, 10), 10);
	l.rate[0] = 5;
	assert_int_equal(throttle_take(&l, all, 1000, 100), 5);
	assert_int_equal(throttle_take(&l, all, 500, 100), 0);
	assert_int_equal(throttle_take(&l, all, 1000, 100), 0);
	l.rate[0] = 1000;
	assert_int_equal(throttle_take(&l, all, 1100, 1000), 100);
	assert_int_equal(throttle_take(&l, all, 900, 1000), 0);
}

/* --- windows ------------------------------------------------------------------ */

static void
a_batch_shrinks_in_a_spike_and_comes_back(void **state)
{
	static const struct {
		int64_t size;
		struct window w;
		int64_t want;
	} rows[] = {
		{ 100, { 0, 0, 0 }, 100 },    /* nothing to do */
		{ 100, { 500, 100, 0 }, 75 }, /* a spike */
		{ 75, { 500, 75, 0 }, 57 },
		{ 57, { 500, 57, 0 }, 50 }, /* no further */
		{ 50, { 500, 50, 0 }, 50 },
		{ 100, { 0, 99, 1 }, 75 }, /* something failed */
		{ 60, { 10, 20, 0 }, 70 }, /* calm: back to what is set */
		{ 95, { 10, 20, 0 }, 100 },
		{ 100, { 100, 120, 0 }, 110 }, /* whole batches go well */
		{ 195, { 0, 200, 0 }, 200 }, { 200, { 0, 300, 0 }, 200 },
		{ 200, { 0, 10, 0 }, 190 }, { 105, { 0, 10, 0 }, 100 },
		{ 90, { 80, 10, 0 },
		    100 }, /* more came than went, but little */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    batch_next(rows[i].size, 100, &rows[i].w), rows[i].want);
	for (int64_t set = BATCH_LEAST; set <= BATCH_MOST; set++)
		for (int64_t size = BATCH_LEAST; size <= BATCH_MOST; size++)
			for (int64_t k = 0; k < 8; k++) {
				struct window w = { (k & 1) * 1000,
					(k & 2) * 500, (k & 4) };

				assert_in_range(batch_next(size, set, &w),
				    BATCH_LEAST, BATCH_MOST);
			}
}

static void
windows_close_one_after_the_other(void **state)
{
	struct meter m = { 0 };

	(void)state;
	assert_int_equal(meter_batch(&m, &standard), 100);
	assert_int_equal(meter_rate_milli(&m, 5000), -1);
	meter_add(&m, &standard, 5000, &(struct window) { 1000, 0, 0 });
	meter_add(&m, &standard, 5099, &(struct window) { 0, 7, 0 });
	assert_int_equal(m.last.came, 0);
	meter_add(&m, &standard, 5100, &(struct window) { 0, 1, 0 });
	assert_int_equal(m.last.came, 1000);
	assert_int_equal(m.last.went, 7);
	assert_int_equal(m.now.went, 1);
	assert_int_equal(meter_batch(&m, &standard), 75);
	/* Windows in which nothing happened begin where they would have. */
	meter_add(&m, &standard, 5477, &(struct window) { 0, 2, 0 });
	assert_int_equal(m.start_ms, 5400);
	assert_int_equal(m.last.went, 1);
	assert_int_equal(meter_batch(&m, &standard), 85);
}

static void
the_rate_is_that_of_the_last_seconds(void **state)
{
	struct meter m = { 0 };

	(void)state;
	/* 40 a second for 20 seconds … */
	for (int64_t t = 0; t < 20000; t += 25)
		meter_add(
		    &m, &standard, 7000 + t, &(struct window) { 0, 1, 0 });
	assert_in_range(meter_rate_milli(&m, 26999), 39500, 41000);
	/* … then nothing: it falls, and in the end it is not known any more. */
	assert_in_range(meter_rate_milli(&m, 31999), 19000, 21500);
	assert_int_equal(meter_rate_milli(&m, 36999), -1);
	/* Too short to tell. */
	m = (struct meter) { 0 };
	meter_add(&m, &standard, 7000, &(struct window) { 0, 100, 0 });
	assert_int_equal(meter_rate_milli(&m, 7900), -1);
	assert_int_equal(meter_rate_milli(&m, 8000), 100000);
}

/* --- pausing, retries, forecast -------------------------------------------------- */

static void
depth_pauses_once_and_a_hand_releases(void **state)
{
	static const struct {
		enum queue_state state;
		int64_t depth;
		enum queue_state want;
	} rows[] = {
		{ QUEUE_RUNNING, 999, QUEUE_RUNNING },
		{ QUEUE_RUNNING, 1000, QUEUE_PAUSED },
		{ QUEUE_PAUSED, 0, QUEUE_PAUSED },
		{ QUEUE_PAUSED, 5000, QUEUE_PAUSED },
		{ QUEUE_RELEASED, 5000, QUEUE_RELEASED },
		{ QUEUE_RELEASED, 1000, QUEUE_RELEASED },
		{ QUEUE_RELEASED, 999, QUEUE_RUNNING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(
		    queue_watch(rows[i].state, rows[i].depth, 1000),
		    rows[i].want);
}

static void
the_forecast_is_depth_by_rate(void **state)
{
	(void)state;
	assert_int_equal(queue_forecast_s(0, -1), 0);
	assert_int_equal(queue_forecast_s(10, -1), -1);
	assert_int_equal(queue_forecast_s(10, 0), -1);
	assert_int_equal(queue_forecast_s(500, 50000), 10);
	assert_int_equal(queue_forecast_s(501, 50000), 11);
	assert_int_equal(queue_forecast_s(1, 3000000), 1);
}

static void
waits_double_to_their_limit_and_attempts_end(void **state)
{
	struct throttle_limits l = standard;

	(void)state;
	assert_int_equal(retry_wait_ms(&l, 1, 0), 500);
	assert_int_equal(retry_wait_ms(&l, 2, 0), 1000);
	assert_int_equal(retry_wait_ms(&l, 3, 0), -1);
	l.attempts = 100;
	assert_int_equal(retry_wait_ms(&l, 4, 0), 4000);
	assert_int_equal(retry_wait_ms(&l, 5, 0), 5000);
	assert_int_equal(retry_wait_ms(&l, 99, 0), 5000);
	for (uint32_t dice = 0; dice < 10000; dice++)
		assert_in_range(retry_wait_ms(&l, 5, dice), 2500, 5000);
}

static void
two_percent_are_no_storm_yet(void **state)
{
	(void)state;
	assert_false(is_retry_storm(&standard, 0, 0));
	assert_false(is_retry_storm(&standard, 2, 100));
	assert_true(is_retry_storm(&standard, 3, 100));
	assert_true(is_retry_storm(&standard, 21, 1000));
	assert_false(is_retry_storm(&standard, 20, 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_that_were_asked_for),
		cmocka_unit_test(queues_have_names),
		cmocka_unit_test(no_more_than_the_rate_and_no_less),
		cmocka_unit_test(the_least_of_the_three_levels_counts),
		cmocka_unit_test(
		    what_one_level_refuses_costs_the_others_nothing),
		cmocka_unit_test(the_wait_is_just_long_enough),
		cmocka_unit_test(limits_may_change_and_clocks_go_back),
		cmocka_unit_test(a_batch_shrinks_in_a_spike_and_comes_back),
		cmocka_unit_test(windows_close_one_after_the_other),
		cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
		cmocka_unit_test(depth_pauses_once_and_a_hand_releases),
		cmocka_unit_test(the_forecast_is_depth_by_rate),
		cmocka_unit_test(waits_double_to_their_limit_and_attempts_end),
		cmocka_unit_test(two_percent_are_no_storm_yet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

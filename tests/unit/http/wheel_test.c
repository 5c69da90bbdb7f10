/* SPDX-License-Identifier: Apache-2.0 */
/* wheel_test.c - deadlines come when they are due and never before. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "http/http_int.h"

#define START (INT64_C(1000000) * TICK_NS)

static struct loop *loop;
static struct timer timers[8];
static size_t lates;
static const struct timer *last;
static struct timer *to_clear;

static int
set_up(void **state)
{
	(void)state;
	loop = heap_alloc(1, sizeof(*loop));
	loop->now_ns = START;
	loop->tick = START / TICK_NS;
	loop->next_tick = INT64_MAX;
	memset(timers, 0, sizeof(timers));
	lates = 0;
	last = NULL;
	to_clear = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	heap_free(loop);
	return 0;
}

static void
late(struct timer *t)
{
	assert_true(t->due_ns <= loop->now_ns);
	lates++;
	last = t;
	if (to_clear != NULL)
		timer_clear(to_clear);
}

/* Lets the time pass in steps of one tick. */
static void
pass(int64_t ticks)
{
	for (int64_t i = 0; i < ticks; i++) {
		loop->now_ns += TICK_NS;
		timers_run(loop, late);
	}
}

static void
no_timer_means_no_waking(void **state)
{
	(void)state;
	assert_int_equal(timers_wait_ms(loop), -1);
	pass(10);
	assert_int_equal(lates, 0);
}

static void
a_timer_runs_once_at_its_tick(void **state)
{
	static const int64_t after[] = { 1, 2, 100, WHEEL_SLOTS - 2,
		WHEEL_SLOTS - 1, WHEEL_SLOTS, WHEEL_SLOTS + 1, 3000 };

	(void)state;
	for (size_t i = 0; i < COUNT(after); i++) {
		lates = 0;
		timer_set(
		    loop, &timers[0], loop->now_ns + after[i] * TICK_NS + 1);
		pass(after[i]);
		assert_int_equal(lates, 0);
		pass(1);
		assert_int_equal(lates, 1);
		pass(WHEEL_SLOTS + 2);
		assert_int_equal(lates, 1);
	}
}

static void
the_wait_reaches_to_the_next_timer(void **state)
{
	(void)state;
	timer_set(loop, &timers[0], START + 10 * TICK_NS);
	timer_set(loop, &timers[1], START + 3 * TICK_NS);
	assert_int_equal(
	    timers_wait_ms(loop), (4 * TICK_NS + MS_NS - 1) / MS_NS);
	pass(4);
	assert_int_equal(lates, 1);
	assert_ptr_equal(last, &timers[1]);
	assert_int_equal(
	    timers_wait_ms(loop), (7 * TICK_NS + MS_NS - 1) / MS_NS);
	pass(7);
	assert_int_equal(lates, 2);
	assert_int_equal(timers_wait_ms(loop), -1);
}

static void
a_timer_moved_on_waits_longer(void **state)
{
	(void)state;
	timer_set(loop, &timers[0], START + 3 * TICK_NS);
	timer_set(loop, &timers[0], START + 50 * TICK_NS);
	pass(50);
	assert_int_equal(lates, 0);
	pass(1);
	assert_int_equal(lates, 1);
}

static void
a_timer_moved_forward_runs_sooner(void **state)
{
	(void)state;
	timer_set(loop, &timers[0], START + 400 * TICK_NS);
	timer_set(loop, &timers[0], START + 2 * TICK_NS);
	pass(3);
	assert_int_equal(lates, 1);
}

static void
a_timer_taken_back_does_not_run(void **state)
{
	(void)state;
	timer_set(loop, &timers[0], START + 3 * TICK_NS);
	timer_set(loop, &timers[0], 0);
	timer_set(loop, &timers[1], START + 3 * TICK_NS);
	timer_clear(&timers[1]);
	timer_clear(&timers[1]);
	pass(10);
	assert_int_equal(lates, 0);
}

static void
a_late_timer_may_clear_another_of_its_tick(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		timer_set(loop, &timers[i], START + 3 * TICK_NS);
	/* The slot runs the newest first. */
	to_clear = &timers[1];
	pass(5);
	assert_int_equal(lates, 2);
	assert_ptr_equal(last, &timers[0]);
}

static void
a_long_stop_loses_no_timer(void **state)
{
	static const int64_t stops[] = { WHEEL_SLOTS - 2, WHEEL_SLOTS - 1,
		WHEEL_SLOTS, WHEEL_SLOTS + 1, 100 * WHEEL_SLOTS };

	(void)state;
	for (size_t i = 0; i < COUNT(stops); i++) {
		int64_t now = loop->now_ns;

		lates = 0;
		for (size_t k = 0; k < COUNT(timers); k++)
			timer_set(loop, &timers[k],
			    now + (int64_t)(1 + k * 63) * TICK_NS);
		/* One that is not due must not turn for ever in its slot. */
		timer_set(loop, &timers[0], now + 200 * stops[i] * TICK_NS);
		loop->now_ns += stops[i] * TICK_NS;
		timers_run(loop, late);
		pass(1);
		assert_int_equal(lates, COUNT(timers) - 1);
		timer_clear(&timers[0]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    no_timer_means_no_waking, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_timer_runs_once_at_its_tick, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    the_wait_reaches_to_the_next_timer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_timer_moved_on_waits_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_timer_moved_forward_runs_sooner, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_timer_taken_back_does_not_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_late_timer_may_clear_another_of_its_tick, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_long_stop_loses_no_timer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

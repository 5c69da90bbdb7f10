/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/queue.h"

#define ITEMS 5000

static int items[4];

static void
what_goes_in_first_comes_out_first_and_no_more_fits(void **state)
{
	struct queue *q = queue_open(3);
	void *got[4];

	(void)state;
	/* Several rounds, so that the ring wraps. */
	for (int round = 0; round < 5; round++) {
		assert_true(queue_try_put(q, &items[0]));
		assert_true(queue_put(q, &items[1]));
		assert_true(queue_try_put(q, &items[2]));
		assert_false(queue_try_put(q, &items[3]));
		assert_int_equal(queue_depth(q), 3);
		assert_int_equal(queue_take(q, got, 2, 0), 2);
		assert_ptr_equal(got[0], &items[0]);
		assert_ptr_equal(got[1], &items[1]);
		assert_int_equal(queue_take(q, got, 4, -1), 1);
		assert_ptr_equal(got[0], &items[2]);
		assert_int_equal(queue_take(q, got, 4, 0), 0);
		assert_int_equal(queue_take(q, got, 4, 1), 0);
	}
	queue_close(q);
	queue_close(NULL);
}

static void
an_ended_queue_takes_nothing_and_gives_what_it_has(void **state)
{
	struct queue *q = queue_open(3);
	void *got[4];

	(void)state;
	assert_true(queue_try_put(q, &items[0]));
	assert_false(queue_ended(q));
	queue_end(q);
	assert_true(queue_ended(q));
	assert_false(queue_try_put(q, &items[1]));
	assert_false(queue_put(q, &items[1]));
	assert_int_equal(queue_take(q, got, 4, -1), 1);
	assert_int_equal(queue_take(q, got, 4, -1), 0);
	queue_close(q);
}

/* Two threads that put and two that take; every item is seen once. */
static struct queue *shared;
static _Atomic int seen[ITEMS];
static int numbers[ITEMS];
static _Atomic int next_number;

static void
put_some(void *arg)
{
	int i;

	(void)arg;
	while ((i = atomic_fetch_add(&next_number, 1)) < ITEMS)
		if (!queue_put(shared, &numbers[i]))
			return;
}

static void
take_all(void *arg)
{
	void *got[7];
	size_t n;

	while ((n = queue_take(shared, got, COUNT(got), -1)) > 0)
		for (size_t i = 0; i < n; i++) {
			atomic_fetch_add(&seen[(int *)got[i] - numbers], 1);
			++*(int *)arg;
		}
}

static void
many_threads_lose_and_double_nothing(void **state)
{
	struct thread *putters[2], *takers[2];
	int taken[2] = { 0, 0 };

	(void)state;
	shared = queue_open(5);
	for (size_t i = 0; i < 2; i++) {
		takers[i] = thread_start(
		    "a taker with a long name", take_all, &taken[i]);
		putters[i] = thread_start("putter", put_some, NULL);
	}
	thread_join(putters[0]);
	thread_join(putters[1]);
	queue_end(shared);
	thread_join(takers[0]);
	thread_join(takers[1]);
	for (size_t i = 0; i < ITEMS; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(taken[0] + taken[1], ITEMS);
	queue_close(shared);
}

static void
put_until_ended(void *arg)
{
	while (queue_put(shared, &items[0]))
		;
	*(bool *)arg = true;
}

static void
the_end_wakes_those_who_wait_for_room(void **state)
{
	bool has_ended = false;
	struct thread *t;

	(void)state;
	shared = queue_open(2);
	t = thread_start("putter", put_until_ended, &has_ended);
	while (queue_depth(shared) < 2)
		clock_sleep_ms(1);
	queue_end(shared);
	thread_join(t);
	assert_true(has_ended);
	queue_close(shared);
}

struct gate {
	struct lock *lock;
	bool	     is_open; /* guarded by lock */
	int	     passed;
};

static void
wait_at_gate(void *arg)
{
	struct gate *g = arg;

	lock_take(g->lock);
	while (!g->is_open)
		assert_true(lock_wait(g->lock, -1));
	g->passed++;
	lock_give(g->lock);
}

static void
a_lock_wakes_all_who_wait_on_it(void **state)
{
	struct gate g = { .lock = lock_open() };
	struct thread *threads[3];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		threads[i] = thread_start("gate", wait_at_gate, &g);
	lock_take(g.lock);
	assert_int_equal(g.passed, 0);
	assert_false(lock_wait(g.lock, 1));
	g.is_open = true;
	lock_wake(g.lock);
	lock_give(g.lock);
	for (size_t i = 0; i < COUNT(threads); i++)
		thread_join(threads[i]);
	assert_int_equal(g.passed, 3);
	lock_close(g.lock);
	lock_close(NULL);
}

static void
open_empty(void *arg)
{
	(void)arg;
	queue_open(0);
}

static void
a_queue_without_room_is_a_bug(void **state)
{
	(void)state;
	assert_bug(child(open_empty, NULL), "queue.c");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_goes_in_first_comes_out_first_and_no_more_fits),
		cmocka_unit_test(
		    an_ended_queue_takes_nothing_and_gives_what_it_has),
		cmocka_unit_test(many_threads_lose_and_double_nothing),
		cmocka_unit_test(the_end_wakes_those_who_wait_for_room),
		cmocka_unit_test(a_lock_wakes_all_who_wait_on_it),
		cmocka_unit_test(a_queue_without_room_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/queue.h"

#define PER_THREAD 20000

static void
ids_only_grow_over_clock_steps_and_full_sequences(void **state)
{
	int64_t last = 0, start = ID_EPOCH_MS + 1000;

	(void)state;
	id_node_set(1023);
	assert_int_equal(id_node(), 1023);
	clock_set(start);
	/* More than a sequence has: it borrows from the ms that follow. */
	for (int i = 0; i < 10000; i++) {
		int64_t id = id_new();

		assert_true(id > last);
		assert_true(id_ms(id) >= start && id_ms(id) <= start + 2);
		assert_int_equal(id >> 12 & 1023, 1023);
		last = id;
	}
	clock_set(start - 500);
	for (int i = 0; i < 10; i++) {
		int64_t id = id_new();

		assert_true(id > last);
		last = id;
	}
	/* Even a clock before the epoch makes ids. */
	clock_set(1);
	assert_true(id_new() > last);
	clock_set(start + 10000);
	last = id_new();
	assert_true(id_ms(last) == start + 10000);
	assert_int_equal(last & 4095, 0);
	id_node_set(0);
}

static void
what_was_stored_stays_below(void **state)
{
	int64_t now = ID_EPOCH_MS + 50000, stored;

	(void)state;
	clock_set(now);
	stored = (now + 777 - ID_EPOCH_MS) << 22 | 5 << 12 | 17;
	id_raise(stored);
	assert_true(id_new() > stored);
	assert_true(id_ms(id_new()) == now + 778);
	/* What is lower already changes nothing, from before the epoch either. */
	id_raise(1);
	assert_true(id_ms(id_at(0)) == 0 && id_ms(id_at(now)) == now);
	id_raise(id_at(0));
	assert_true(id_ms(id_new()) == now + 778);
	clock_set(0);
}

static void
set_node_too_large(void *arg)
{
	(void)arg;
	id_node_set(1024);
}

static void
a_node_has_ten_bits(void **state)
{
	(void)state;
	assert_bug(child(set_node_too_large, NULL), "id.c");
}

static void
make_ids(void *arg)
{
	int64_t *ids = arg;

	for (int i = 0; i < PER_THREAD; i++)
		ids[i] = id_new();
}

static int
id_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
threads_never_make_the_same_id(void **state)
{
	int64_t *ids = heap_alloc(4 * PER_THREAD, sizeof(*ids));
	struct thread *threads[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		threads[i] =
		    thread_start("ids", make_ids, ids + i * PER_THREAD);
	for (size_t i = 0; i < 4; i++) {
		thread_join(threads[i]);
		for (size_t k = 1; k < PER_THREAD; k++)
			assert_true(ids[i * PER_THREAD + k] >
			    ids[i * PER_THREAD + k - 1]);
	}
	qsort(ids, 4 * PER_THREAD, sizeof(*ids), id_order);
	for (size_t i = 1; i < 4 * PER_THREAD; i++)
		assert_true(ids[i] > ids[i - 1]);
	heap_free(ids);
}

static void
the_wire_form_keeps_value_and_order(void **state)
{
	static const int64_t cases[] = { 1, 31, 32, 4096, INT64_C(1) << 22,
		INT64_C(0x123456789abcdef), INT64_MAX - 1, INT64_MAX };
	struct arena *a = arena_open(1 << 16);
	struct str before = STR("0000000000000");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text = id_text(a, cases[i]);
		int64_t back = 0;

		assert_true(id_decode(text, &back));
		assert_true(back == cases[i]);
		assert_true(str_cmp(text, before) > 0);
		before = text;
	}
	assert_str(id_text(a, 1), "0000000000001");
	assert_str(id_text(a, INT64_MAX), "7ZZZZZZZZZZZZ");
	arena_close(a);
}

static void
only_the_strict_wire_form_is_read(void **state)
{
	static const char *const bad[] = { "", "0000000000000",
		"000000000001", "00000000000001", "8000000000000",
		"Z000000000000", "000000000000I", "000000000000L",
		"000000000000O", "000000000000U", "000000000000i",
		"000000000000u", "000000000 001", "000000000000-",
		"-000000000001", "00000000000\xc3\xbc" };
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	int64_t id;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(id_decode(str_of(bad[i]), &id));
	for (int i = 1; i < 32; i++) {
		char text[] = "0000000000000";

		text[12] = letters[i];
		assert_true(id_decode(str_of(text), &id));
		assert_int_equal(id, i);
		if (letters[i] >= 'A')
			text[12] = (char)(letters[i] | 0x20);
		assert_true(id_decode(str_of(text), &id));
		assert_int_equal(id, i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    ids_only_grow_over_clock_steps_and_full_sequences),
		cmocka_unit_test(what_was_stored_stays_below),
		cmocka_unit_test(a_node_has_ten_bits),
		cmocka_unit_test(threads_never_make_the_same_id),
		cmocka_unit_test(the_wire_form_keeps_value_and_order),
		cmocka_unit_test(only_the_strict_wire_form_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

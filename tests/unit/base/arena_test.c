/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"

#define MIB (1024 * 1024)

static int order[8];
static size_t n_freed;

static void
note(void *object)
{
	order[n_freed++] = *(int *)object;
}

static bool
is_zero(const void *p, size_t n)
{
	const char *at = p;

	for (size_t i = 0; i < n; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static void
memory_is_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 17, 1000, 16384, 16385,
		100000, 3, 2 * MIB, 5 };
	struct arena *a = arena_open(8 * MIB);
	char *p[COUNT(sizes)];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			p[i] = arena_alloc(a, sizes[i]);
			assert_non_null(p[i]);
			assert_int_equal(
			    (uintptr_t)p[i] % _Alignof(max_align_t), 0);
			assert_true(is_zero(p[i], sizes[i]));
			memset(p[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(p[i][k], i + 1);
		arena_reset(a);
	}
	arena_close(a);
}

static void
a_reset_arena_hands_out_its_first_block_again(void **state)
{
	struct arena *a = arena_open(MIB);
	char *first = arena_alloc(a, 100);

	(void)state;
	assert_true(arena_used(a) >= 100);
	arena_alloc(a, 100000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_ptr_equal(arena_alloc(a, 100), first);
	arena_close(a);
}

static void
what_several_take_is_counted_together(void **state)
{
	struct arena *a = arena_open(MIB), *b = arena_open(MIB);
	_Atomic size_t total = 0;

	(void)state;
	arena_count(a, &total);
	arena_count(b, &total);
	arena_alloc(a, 100);
	assert_true(total == 0);
	arena_alloc(a, 100000);
	arena_alloc(b, 200000);
	assert_true(total >= 300000);
	arena_reset(b);
	assert_true(total >= 100000 && total < 300000);
	arena_close(a);
	arena_close(b);
	assert_true(total == 0);
}

static void
what_was_deferred_runs_last_first_and_once(void **state)
{
	struct arena *a = arena_open(MIB);
	int one = 1, two = 2, three = 3;

	(void)state;
	n_freed = 0;
	arena_defer(a, note, &one);
	arena_defer(a, note, &two);
	arena_reset(a);
	assert_int_equal(n_freed, 2);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
	arena_defer(a, note, &three);
	arena_close(a);
	assert_int_equal(n_freed, 3);
	assert_int_equal(order[2], 3);
	arena_close(NULL);
}

static void
copies_are_copies(void **state)
{
	struct arena *a = arena_open(MIB);
	char text[] = "ana";
	char *copy = arena_copy(a, text, sizeof(text));

	(void)state;
	text[0] = 'x';
	assert_string_equal(copy, "ana");
	assert_non_null(arena_copy(a, NULL, 0));
	assert_true(is_zero(arena_array(a, 3, 7), 21));
	arena_close(a);
}

static void
take_too_much(void *arg)
{
	struct arena *a = arena_open(1000);

	arena_alloc(a, 500);
	arena_alloc(a, *(size_t *)arg);
}

static void
take_overflowing(void *arg)
{
	arena_array(arena_open(MIB), SIZE_MAX / 2, *(size_t *)arg);
}

static void
grow_overflowing(void *arg)
{
	heap_grow(NULL, SIZE_MAX / 2, *(size_t *)arg);
}

static void
grow_past_everything(void *arg)
{
	(void)arg;
	heap_alloc(SIZE_MAX - 3, 1);
}

static void
asking_for_too_much_is_fatal(void **state)
{
	size_t past = 501, whole = SIZE_MAX, three = 3;

	(void)state;
	assert_fatal(child(take_too_much, &past), "1000 bytes");
	assert_fatal(child(take_too_much, &whole), "1000 bytes");
	assert_fatal(child(take_overflowing, &three), "too many");
	assert_fatal(child(grow_overflowing, &three), "too many");
	assert_fatal(child(grow_past_everything, NULL), "too many");
}

static void
the_heap_is_zeroed_also_where_it_grows(void **state)
{
	char *p = heap_alloc(10, 10);

	(void)state;
	assert_true(is_zero(p, 100));
	memset(p, 1, 100);
	p = heap_grow(p, 5, 10);
	p = heap_grow(p, 50, 10);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(p[i], 1);
	assert_true(is_zero(p + 50, 450));
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	heap_free(p);
	heap_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(a_reset_arena_hands_out_its_first_block_again),
		cmocka_unit_test(what_several_take_is_counted_together),
		cmocka_unit_test(what_was_deferred_runs_last_first_and_once),
		cmocka_unit_test(copies_are_copies),
		cmocka_unit_test(asking_for_too_much_is_fatal),
		cmocka_unit_test(the_heap_is_zeroed_also_where_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"
#include "base/buf.h"

static void
what_was_written_is_read_back(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct arena *const homes[] = { a, NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(homes); i++) {
		struct cursor c = { .bad = false };
		struct buf b;

		buf_init(&b, homes[i], 10000);
		buf_u8(&b, 0xfe);
		buf_u16(&b, 0x1234);
		buf_u32(&b, 0xdeadbeef);
		buf_u64(&b, 0x0102030405060708);
		buf_lp(&b, STR("Ana"));
		buf_lp(&b, STR(""));
		buf_fmt(&b, "%s-%d", "x", 42);
		buf_z(&b, "!");
		assert_int_equal(b.n, 1 + 2 + 4 + 8 + 7 + 4 + 4 + 1);
		assert_int_equal((unsigned char)b.p[1], 0x12);
		assert_int_equal((unsigned char)b.p[7], 0x01);

		c.left = buf_view(&b);
		assert_int_equal(get_u8(&c), 0xfe);
		assert_int_equal(get_u16(&c), 0x1234);
		assert_int_equal(get_u32(&c), 0xdeadbeef);
		assert_true(get_u64(&c) == 0x0102030405060708);
		assert_str(get_lp(&c), "Ana");
		assert_str(get_lp(&c), "");
		assert_false(get_end(&c));
		assert_str(get_bytes(&c, 5), "x-42!");
		assert_true(get_end(&c));
		buf_fini(&b);
		assert_int_equal(b.n, 0);
		assert_null(b.p);
	}
	arena_close(a);
}

static void
a_read_past_the_end_is_bad_and_stays_so(void **state)
{
	struct cursor c = { STR("\0\0\0\5abc"), false };

	(void)state;
	assert_str(get_lp(&c), "");
	assert_true(c.bad);
	assert_int_equal(get_u8(&c), 0);
	assert_str(get_bytes(&c, 0), "");
	assert_false(get_end(&c));
	c = (struct cursor) { STR("abc"), false };
	assert_int_equal(get_u32(&c), 0);
	assert_true(c.bad);
	c = (struct cursor) { { NULL, 0 }, false };
	assert_true(get_end(&c));
	assert_int_equal(get_u64(&c), 0);
	assert_true(c.bad);
}

static void
past_its_ceiling_it_drops_and_says_so(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 5);
	buf_z(&b, "abc");
	buf_z(&b, "def");
	assert_true(b.over);
	/* Nothing may follow a gap. */
	buf_u8(&b, 'g');
	assert_null(buf_reserve(&b, 0));
	buf_fmt(&b, "%d", 1);
	assert_str(buf_view(&b), "abc");
	buf_clear(&b);
	assert_false(b.over);
	buf_fmt(&b, "%s", "12345");
	assert_false(b.over);
	assert_str(buf_view(&b), "12345");
	buf_clear(&b);
	buf_fmt(&b, "%s", "123456");
	assert_true(b.over);
	assert_int_equal(b.n, 0);
	buf_fini(&b);

	buf_init(&b, NULL, 0);
	buf_bytes(&b, NULL, 0);
	assert_false(b.over);
	buf_u8(&b, 1);
	assert_true(b.over);
	buf_fini(&b);
}

static void
it_grows_to_its_ceiling_and_keeps_every_byte(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct arena *const homes[] = { a, NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(homes); i++) {
		struct buf b;

		buf_init(&b, homes[i], 3001);
		for (int k = 0; k < 1000; k++)
			buf_fmt(&b, "%03d", k);
		buf_u8(&b, 'x');
		assert_false(b.over);
		assert_int_equal(b.n, 3001);
		assert_memory_equal(b.p + 2991, "997998999x", 10);
		buf_drop(&b, 2991);
		assert_str(buf_view(&b), "997998999x");
		buf_drop(&b, 10);
		buf_drop(&b, 0);
		assert_int_equal(b.n, 0);
		memset(buf_reserve(&b, 3001), 'y', 3001);
		b.n += 3001;
		assert_null(buf_reserve(&b, 1));
		buf_fini(&b);
	}
	arena_close(a);
}

static void
drop_too_much(void *arg)
{
	buf_drop(arg, 2);
}

static void
dropping_more_than_there_is_is_a_bug(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 10);
	buf_u8(&b, 1);
	assert_bug(child(drop_too_much, &b), "buf.c");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(a_read_past_the_end_is_bad_and_stays_so),
		cmocka_unit_test(past_its_ceiling_it_drops_and_says_so),
		cmocka_unit_test(it_grows_to_its_ceiling_and_keeps_every_byte),
		cmocka_unit_test(dropping_more_than_there_is_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* frame_test.c - frames come back as they were written; nothing else is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/frame.h"

static const struct frame sample = {
	.op = OP_TEXT_SEAL, .request = 0x0102030405060708, .tenant = 0xa0b0c0d0,
	.capability = { { 1, 2, 3 } }, .purpose = PURPOSE_NAME,
};

static struct str
written(struct arena *a, const struct frame *f, struct str body)
{
	struct buf b;
	size_t begin;

	buf_init(&b, a, FRAME_MAX);
	begin = frame_begin(&b, f);
	buf_str(&b, body);
	frame_end(&b, begin);
	return buf_view(&b);
}

static void
the_head_has_the_order_of_the_model(void **state)
{
	static const uint8_t want[] = { 0, 0, 0, FRAME_HEAD + 2, FRAME_VERSION,
		OP_TEXT_SEAL, 1, 2, 3, 4, 5, 6, 7, 8, 0xa0, 0xb0, 0xc0, 0xd0, 1, 2,
		3 };
	struct arena *a = arena_open(1 << 20);
	struct str bytes = written(a, &sample, STR("hi"));

	assert_int_equal(bytes.n, FRAME_HEAD + 2);
	assert_memory_equal(bytes.p, want, sizeof(want));
	assert_int_equal(bytes.p[FRAME_HEAD - 1], PURPOSE_NAME);
	arena_close(a);
}

static void
a_frame_comes_back_with_what_follows_it_left(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str bytes = written(a, &sample, STR("hi"));
	struct frame f;
	char room[512];
	struct str two;

	memcpy(room, bytes.p, bytes.n);
	memcpy(room + bytes.n, "rest", 4);
	two = (struct str) { room, bytes.n + 4 };
	assert_int_equal(frame_take(&two, &f), FRAME_WHOLE);
	assert_true(str_eq(two, STR("rest")));
	assert_true(str_eq(f.body, STR("hi")));
	assert_int_equal(f.op, sample.op);
	assert_int_equal(f.request, sample.request);
	assert_int_equal(f.tenant, sample.tenant);
	assert_int_equal(f.purpose, sample.purpose);
	assert_memory_equal(
	    &f.capability, &sample.capability, sizeof(f.capability));
	arena_close(a);
}

static void
every_cut_asks_for_more_and_takes_nothing(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str bytes = written(a, &sample, STR("hi"));
	struct frame f;

	for (size_t n = 0; n < bytes.n; n++) {
		struct str cut = str_sub(bytes, 0, n);

		assert_int_equal(frame_take(&cut, &f), FRAME_MORE);
		assert_int_equal(cut.n, n);
	}
	arena_close(a);
}

/* One byte of a good frame set to what no frame has there. */
static void
malformed_heads_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} cases[] = {
		{ 0, 1 },	       /* 16 MiB */
		{ 1, 1 },	       /* more than 64 KiB */
		{ 3, FRAME_HEAD - 1 }, /* less than a head */
		{ 4, FRAME_VERSION + 1 },
		{ 5, OP_NONE },
		{ 5, OP_COUNT },
		{ 5, 255 },
		{ FRAME_HEAD - 1, PURPOSE_COUNT },
		{ FRAME_HEAD - 1, 255 },
	};
	struct arena *a = arena_open(1 << 20);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str bytes = written(a, &sample, STR("hi"));
		struct frame f;

		((char *)bytes.p)[cases[i].at] = (char)cases[i].value;
		assert_int_equal(frame_take(&bytes, &f), FRAME_BAD);
	}
	arena_close(a);
}

static void
an_answer_has_a_body_only_when_it_is_ok(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct answer answer;
	struct str bytes;
	struct buf b;
	size_t begin;

	buf_init(&b, a, FRAME_MAX);
	begin = answer_begin(&b, &sample);
	buf_z(&b, "text");
	answer_end(&b, begin, STATUS_OK);
	begin = answer_begin(&b, &sample);
	buf_z(&b, "text");
	answer_end(&b, begin, STATUS_DENIED);
	bytes = buf_view(&b);

	assert_int_equal(answer_take(&bytes, &answer), FRAME_WHOLE);
	assert_int_equal(answer.status, STATUS_OK);
	assert_int_equal(answer.request, sample.request);
	assert_true(str_eq(answer.body, STR("text")));
	assert_int_equal(answer_take(&bytes, &answer), FRAME_WHOLE);
	assert_int_equal(answer.status, STATUS_DENIED);
	assert_int_equal(answer.body.n, 0);
	assert_int_equal(bytes.n, 0);

	/* Its status lies in the last byte of the head. */
	bytes = str_sub(buf_view(&b), 0, ANSWER_HEAD + 4);
	((char *)bytes.p)[ANSWER_HEAD - 1] = STATUS_DENIED;
	assert_int_equal(answer_take(&bytes, &answer), FRAME_BAD);
	bytes = str_sub(buf_view(&b), 0, ANSWER_HEAD + 4);
	((char *)bytes.p)[ANSWER_HEAD - 1] = (char)STATUS_COUNT;
	assert_int_equal(answer_take(&bytes, &answer), FRAME_BAD);
	arena_close(a);
}

static void
an_answer_that_outgrows_a_frame_becomes_too_large(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct answer answer;
	struct str bytes;
	struct buf b;
	size_t begin;

	buf_init(&b, a, 2 * FRAME_MAX);
	begin = answer_begin(&b, &sample);
	assert_non_null(buf_reserve(&b, FRAME_MAX));
	b.n += FRAME_MAX;
	answer_end(&b, begin, STATUS_OK);
	bytes = buf_view(&b);
	assert_int_equal(answer_take(&bytes, &answer), FRAME_WHOLE);
	assert_int_equal(answer.status, STATUS_TOO_LARGE);
	assert_int_equal(bytes.n, 0);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_has_the_order_of_the_model),
		cmocka_unit_test(a_frame_comes_back_with_what_follows_it_left),
		cmocka_unit_test(every_cut_asks_for_more_and_takes_nothing),
		cmocka_unit_test(malformed_heads_are_refused),
		cmocka_unit_test(an_answer_has_a_body_only_when_it_is_ok),
		cmocka_unit_test(
		    an_answer_that_outgrows_a_frame_becomes_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

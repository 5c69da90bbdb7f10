/* SPDX-License-Identifier: Apache-2.0 */
/* trace_test.c - which traceparents are taken, and what becomes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/trace.h"

#define ID     "0123456789abcdef0123456789abcdef"
#define PARENT "fedcba9876543210"

static const struct {
	const char *value;
	bool	    is_valid, is_sampled;
} values[] = {
	{ "00-" ID "-" PARENT "-00", true, false },
	{ "00-" ID "-" PARENT "-01", true, true },
	{ "00-" ID "-" PARENT "-fe", true, false },
	{ "00-" ID "-" PARENT "-ff", true, true },
	/* of a later version: what is behind is not known */
	{ "01-" ID "-" PARENT "-01", true, true },
	{ "fe-" ID "-" PARENT "-01-more", true, true },
	{ "fe-" ID "-" PARENT "-01.more", false, false },
	{ "00-" ID "-" PARENT "-01-more", false, false },
	{ "ff-" ID "-" PARENT "-01", false, false },
	/* nobody's */
	{ "00-00000000000000000000000000000000-" PARENT "-01", false, false },
	{ "00-" ID "-0000000000000000-01", false, false },
	/* of another form */
	{ "", false, false },
	{ "00", false, false },
	{ "00-" ID "-" PARENT, false, false },
	{ "00-" ID "-" PARENT "-", false, false },
	{ "00-" ID "-" PARENT "-0", false, false },
	{ "00-" ID "-" PARENT "-001", false, false },
	{ "00-" ID "-" PARENT "-0g", false, false },
	{ "0-0" ID "-" PARENT "-00", false, false },
	{ "00_" ID "-" PARENT "-00", false, false },
	{ "00-0123456789ABCDEF0123456789abcdef-" PARENT "-00", false, false },
	{ " 0-" ID "-" PARENT "-00", false, false },
	{ "00-" ID " " PARENT "-00", false, false },
};

static void
what_is_valid_is_taken_and_the_rest_leaves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		const struct trace before = { .id = { 7 }, .span = { 8 } };
		struct trace t = before;

		if (trace_decode(str_of(values[i].value), &t) !=
		    values[i].is_valid)
			fail_msg("%s", values[i].value);
		if (!values[i].is_valid) {
			assert_memory_equal(&t, &before, sizeof(t));
			continue;
		}
		assert_true(t.is_given);
		assert_int_equal(t.is_sampled, values[i].is_sampled);
		assert_int_equal(t.id[0], 0x01);
		assert_int_equal(t.id[15], 0xef);
		assert_int_equal(t.parent[0], 0xfe);
		assert_int_equal(t.parent[7], 0x10);
		assert_int_equal(t.span[0], 8);
	}
}

/* The callers's trace, our span; flags that we do not know are not passed on. */
static void
what_is_made_of_it_is_valid_again(void **state)
{
	struct trace t = { .span = { 0, 0, 0, 0, 0, 0, 0xab, 1 } }, again = t;
	char text[TRACE_TEXT];

	(void)state;
	assert_true(trace_decode(STR("00-" ID "-" PARENT "-ff"), &t));
	trace_encode(&t, text);
	assert_memory_equal(
	    text, "00-" ID "-000000000000ab01-01", sizeof(text));
	assert_true(trace_decode((struct str) { text, sizeof(text) }, &again));
	assert_memory_equal(again.id, t.id, sizeof(t.id));
	assert_memory_equal(again.parent, t.span, sizeof(t.span));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_valid_is_taken_and_the_rest_leaves_nothing),
		cmocka_unit_test(what_is_made_of_it_is_valid_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

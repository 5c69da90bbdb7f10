/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/clock.h"

static const char *self; /* our own executable, to be started anew */

static void
the_clock_runs_and_can_be_stopped(void **state)
{
	int64_t before = clock_mono_ns();

	(void)state;
	/* No machine that runs this stands before 2025. */
	assert_true(clock_now_ms() > INT64_C(1735689600000));
	clock_sleep_ms(2);
	assert_true(clock_mono_ns() - before >= 2000000);
	clock_sleep_ms(0);
	clock_sleep_ms(-5);

	clock_set(42);
	assert_int_equal(clock_now_ms(), 42);
	assert_int_equal(clock_now_ms(), 42);
	clock_set(0);
	assert_true(clock_now_ms() > INT64_C(1735689600000));
}

/* Starts this program again with USHER_NOW set; it then tells the time. */
static void
start_at(void *now)
{
	setenv("USHER_NOW", now, 1);
	execl(self, self, "tell", (char *)NULL);
}

static void
the_environment_sets_the_clock(void **state)
{
	char right[] = "1795414567123", wrong[] = "tomorrow";

	(void)state;
	assert_string_equal(child(start_at, right).said, "1795414567123");
	assert_fatal(child(start_at, wrong), "USHER_NOW");
}

static void
chance_fills_every_byte(void **state)
{
	unsigned char p[300], seen[256] = { 0 };
	int different = 0;

	(void)state;
	memset(p, 0, sizeof(p));
	random_bytes(p, 299);
	assert_int_equal(p[299], 0);
	for (size_t i = 0; i < 299; i++)
		different += seen[p[i]]++ == 0;
	/* 299 draws of 256 show about 176 values; under 100 is no accident. */
	assert_true(different > 100);
	random_bytes(p, 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_clock_runs_and_can_be_stopped),
		cmocka_unit_test(the_environment_sets_the_clock),
		cmocka_unit_test(chance_fills_every_byte),
	};

	self = argv[0];
	if (argc > 1) {
		fprintf(stderr, "%lld", (long long)clock_now_ms());
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/arena.h"
#include "base/clock.h"

static void
every_day_of_ten_thousand_years_comes_back(void **state)
{
	int32_t day, want = -719528;

	(void)state;
	for (int y = 0; y <= 9999; y++) {
		for (int m = 1; m <= 12; m++) {
			for (int d = 1; d <= 31; d++) {
				char text[DATE_TEXT], wish[16];

				if (!date_make(y, m, d, &day)) {
					assert_true(d > 28);
					continue;
				}
				/* Each day follows the one before. */
				assert_int_equal(day, want++);
				if (y % 97 != 0)
					continue;
				date_encode(day, text);
				snprintf(wish, sizeof(wish), "%04d-%02d-%02d",
				    y, m, d);
				assert_memory_equal(text, wish, DATE_TEXT);
			}
		}
	}
	assert_int_equal(want, 2932897);
	assert_true(date_make(1970, 1, 1, &day));
	assert_int_equal(day, 0);
	assert_true(date_make(2026, 11, 23, &day));
	assert_int_equal(day, 20780);
}

static void
dates_that_do_not_exist_are_refused(void **state)
{
	static const char *const bad[] = { "", "2026-11-2", "2026-11-233",
		"2026-13-01", "2026-00-01", "2026-01-00", "2026-02-29",
		"2100-02-29", "2026-04-31", "2026/11/23", "2026-11/23",
		"20261123xx", "x026-11-23", "2026-1x-23", "2026-11- 3",
		"-026-11-23", "23.11.2026" };
	int32_t day;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(date_parse(str_of(bad[i]), &day));
	assert_true(date_parse(STR("2000-02-29"), &day));
	assert_true(date_parse(STR("2024-02-29"), &day));
	assert_int_equal(day, 19782);
	assert_false(date_make(10000, 1, 1, &day));
	assert_false(date_make(-1, 1, 1, &day));
}

static void
instants_are_read_as_rfc_3339_has_them(void **state)
{
	static const struct {
		const char *text;
		bool is_ok;
		int64_t want;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", true, 0 },
		{ "1969-12-31T23:59:59.999Z", true, -1 },
		{ "2026-11-23T06:16:07.123Z", true, 1795414567123 },
		{ "2026-11-23t06:16:07.123z", true, 1795414567123 },
		{ "2026-11-23T07:16:07.123+01:00", true, 1795414567123 },
		{ "2026-11-22T23:46:07.123-06:30", true, 1795414567123 },
		{ "2026-11-23T06:16:07.123999999Z", true, 1795414567123 },
		{ "2026-11-23T06:16:07.1Z", true, 1795414567100 },
		{ "2026-11-23T06:16:07", false, 0 },
		{ "2026-11-23 06:16:07Z", false, 0 },
		{ "2026-11-23T24:00:00Z", false, 0 },
		{ "2026-11-23T23:60:00Z", false, 0 },
		{ "2026-11-23T23:59:60Z", false, 0 },
		{ "2026-02-30T00:00:00Z", false, 0 },
		{ "2026-11-23T06:16:07.Z", false, 0 },
		{ "2026-11-23T06:16:07.1234567891Z", false, 0 },
		{ "2026-11-23T06:16:07+0100", false, 0 },
		{ "2026-11-23T06:16:07+24:00", false, 0 },
		{ "2026-11-23T06:16:07+01:60", false, 0 },
		{ "2026-11-23T06:16:07*01:00", false, 0 },
		{ "2026-11-23T06:16:07ZZ", false, 0 },
		{ "2026-11-23T06-16:07Z", false, 0 },
		{ "2026-11-23T06:16-07Z", false, 0 },
		{ "2026-11-23T0x:16:07Z", false, 0 },
		{ "", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = 0;

		if (time_parse(str_of(cases[i].text), &got) != cases[i].is_ok)
			print_error("%s\n", cases[i].text);
		assert_int_equal(
		    time_parse(str_of(cases[i].text), &got), cases[i].is_ok);
		assert_true(got == cases[i].want);
	}
}

static void
instants_are_written_and_read_back(void **state)
{
	static const int64_t cases[] = { 0, -1, 1, 86399999, 86400000,
		-62167219200000, 1795414567123, 253402300799999 };
	struct arena *a = arena_open(1 << 16);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t back;

		assert_true(time_parse(time_text(a, cases[i]), &back));
		assert_true(back == cases[i]);
	}
	assert_str(time_text(a, 1795414567123), "2026-11-23T06:16:07.123Z");
	assert_str(date_text(a, 20780), "2026-11-23");
	/* Past four digits there is no text; the nearest stands for it. */
	assert_str(time_text(a, INT64_MIN), "0000-01-01T00:00:00.000Z");
	assert_str(time_text(a, INT64_MAX), "9999-12-31T23:59:59.999Z");
	assert_str(date_text(a, INT32_MIN), "0000-01-01");
	assert_str(date_text(a, INT32_MAX), "9999-12-31");
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_ten_thousand_years_comes_back),
		cmocka_unit_test(dates_that_do_not_exist_are_refused),
		cmocka_unit_test(instants_are_read_as_rfc_3339_has_them),
		cmocka_unit_test(instants_are_written_and_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

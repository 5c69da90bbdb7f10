/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include <time.h>

#include "base/queue.h"
#include "base/zone.c" /* its decoder is reached by no other door */

#define HOUR_MS INT64_C(3600000)

static int64_t
instant(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse(str_of(text), &ms));
	return ms;
}

static int32_t
day_of(const char *text)
{
	int32_t day = 0;

	assert_true(date_parse(str_of(text), &day));
	return day;
}

static void
a_day_begins_when_its_zone_says(void **state)
{
	static const struct {
		const char *zone, *day, *begins;
	} cases[] = {
		{ "UTC", "2026-11-23", "2026-11-23T00:00:00Z" },
		{ "Europe/Berlin", "2026-11-23", "2026-11-22T23:00:00Z" },
		{ "Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z" },
		{ "Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z" },
		{ "Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z" },
		{ "Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z" },
		{ "Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z" },
		/* 2040: no file has transitions there, the rule must. */
		{ "Europe/Berlin", "2040-01-15", "2040-01-14T23:00:00Z" },
		{ "Europe/Berlin", "2040-03-25", "2040-03-24T23:00:00Z" },
		{ "Europe/Berlin", "2040-03-26", "2040-03-25T22:00:00Z" },
		{ "Europe/Berlin", "2040-10-28", "2040-10-27T22:00:00Z" },
		{ "Europe/Berlin", "2040-10-29", "2040-10-28T23:00:00Z" },
		{ "Europe/Berlin", "2040-12-31", "2040-12-30T23:00:00Z" },
		{ "Europe/Paris", "2039-07-01", "2039-06-30T22:00:00Z" },
		{ "Europe/Amsterdam", "2050-06-01", "2050-05-31T22:00:00Z" },
		{ "Europe/London", "2040-07-01", "2040-06-30T23:00:00Z" },
		/* Negative daylight saving: winter is the exception. */
		{ "Europe/Dublin", "2040-01-01", "2040-01-01T00:00:00Z" },
		{ "Europe/Dublin", "2040-07-01", "2040-06-30T23:00:00Z" },
		/* The southern half: summer over the new year. */
		{ "Australia/Sydney", "2040-01-01", "2039-12-31T13:00:00Z" },
		{ "Australia/Sydney", "2040-07-01", "2040-06-30T14:00:00Z" },
		{ "America/New_York", "2040-07-04", "2040-07-04T04:00:00Z" },
		{ "Asia/Kolkata", "2026-01-01", "2025-12-31T18:30:00Z" },
		{ "Asia/Kathmandu", "2040-01-01", "2039-12-31T18:15:00Z" },
		{ "Africa/Casablanca", "2200-01-01", "2199-12-31T23:00:00Z" },
		{ "Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z" },
		{ "America/St_Johns", "2026-01-01", "2026-01-01T03:30:00Z" },
		{ "Asia/Tokyo", "1960-01-01", "1959-12-31T15:00:00Z" },
		{ "Europe/Berlin", "1850-01-01", "1849-12-31T23:06:32Z" },
		/* Midnight is skipped: the day begins an hour late. */
		{ "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z" },
		{ "Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z" },
		/* Midnight comes twice: at 24:00 it is 23:00 again. */
		{ "America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z" },
		/* A whole day is skipped: it begins where the next does. */
		{ "Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z" },
		{ "Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z" },
		{ "Etc/GMT+5", "2026-01-01", "2026-01-01T05:00:00Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str zone = str_of(cases[i].zone);
		int64_t ms = 0;

		assert_true(zone_midnight(zone, day_of(cases[i].day), &ms));
		if (ms != instant(cases[i].begins))
			print_error("%s %s: %lld s off\n", cases[i].zone,
			    cases[i].day,
			    (long long)(ms - instant(cases[i].begins)) / 1000);
		assert_true(ms == instant(cases[i].begins));
	}
}

/* The C library's answer for the same instant. */
static int32_t
day_by_libc(int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	int32_t day;

	assert_non_null(localtime_r(&t, &tm));
	assert_true(
	    date_make(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, &day));
	return day;
}

static void
we_agree_with_the_c_library_hour_by_hour(void **state)
{
	static const char *const names[] = { "Europe/Berlin", "Europe/Dublin",
		"America/New_York", "Australia/Lord_Howe", "Asia/Tehran",
		"America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia",
		"America/Nuuk", "Africa/Cairo", "Asia/Gaza", "UTC" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		int64_t from = instant("1990-01-01T00:30:00Z");
		int64_t to = instant("2090-01-01T00:00:00Z");

		setenv("TZ", names[i], 1);
		tzset();
		/* A prime number of hours meets every hour of the day. */
		for (int64_t ms = from; ms < to; ms += 31 * HOUR_MS) {
			int32_t day = 0;

			assert_true(zone_day(str_of(names[i]), ms, &day));
			assert_int_equal(day, day_by_libc(ms));
		}
	}
}

static void
a_day_is_in_itself_from_its_first_to_its_last_ms(void **state)
{
	static const char *const names[] = { "Europe/Berlin", "Europe/London",
		"America/New_York", "Australia/Sydney", "Asia/Kolkata" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct str zone = str_of(names[i]);

		for (int32_t day = 20000; day < 27000; day++) {
			int64_t begins = 0, next = 0;
			int32_t first = 0, last = 0;

			assert_true(zone_midnight(zone, day, &begins));
			assert_true(zone_midnight(zone, day + 1, &next));
			assert_true(next - begins >= 23 * HOUR_MS &&
			    next - begins <= 25 * HOUR_MS);
			assert_true(zone_day(zone, begins, &first));
			assert_true(zone_day(zone, next - 1, &last));
			assert_int_equal(first, day);
			assert_int_equal(last, day);
		}
	}
}

static void
what_is_no_zone_is_refused(void **state)
{
	static const char *const bad[] = { "", "/", "Europe", "Europe/",
		"/Europe/Berlin", "Europe//Berlin", "../zoneinfo/UTC",
		"Europe/../UTC", "./UTC", "Europe/Atlantis", "zone.tab",
		"tzdata.zi", "Europe/Berlin ", "Europe\\Berlin",
		"right/Europe/Berlin/x", "leapseconds",
		("A0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789") };
	int32_t day;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (zone_day(str_of(bad[i]), 0, &day))
			print_error("took %s\n", bad[i]);
		assert_false(zone_day(str_of(bad[i]), 0, &day));
		assert_false(zone_midnight(str_of(bad[i]), 0, &ms));
	}
	assert_false(zone_day(STR("UTC\0x"), 0, &day));
	/* Zones that count leap seconds are not ours. */
	assert_false(zone_day(STR("right/Europe/Berlin"), 0, &day));
}

/* Decodes BYTES and asks it what it is good for; tells whether it was taken. */
static bool
try_decode(struct str bytes)
{
	static const int64_t seconds[] = { INT64_MIN / 1000, -1, 0, 1700000000,
		2220000000, INT64_MAX / 1000 };
	struct zone *z = heap_alloc(1, sizeof(*z));
	bool is_taken = decode(z, bytes);

	for (size_t i = 0; is_taken && i < COUNT(seconds); i++)
		assert_true(span_at(z, seconds[i]).until > seconds[i]);
	heap_free(z->at);
	heap_free(z->offset_s);
	heap_free(z);
	return is_taken;
}

static void
a_damaged_file_is_refused_or_harmless(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str file;
	char *bytes;

	(void)state;
	assert_true(
	    file_read(a, "/usr/share/zoneinfo/Europe/Berlin", 1 << 16, &file));
	assert_true(try_decode(file));
	/* The footer comes last, so no part of a file is a file. */
	for (size_t n = 0; n < file.n; n++) {
		char *part = heap_alloc(n, 1);

		memcpy(part, file.p, n);
		assert_false(try_decode((struct str) { part, n }));
		heap_free(part);
	}
	bytes = arena_copy(a, file.p, file.n);
	for (size_t i = 0; i < file.n; i++) {
		static const unsigned char flips[] = { 0x01, 0x80, 0xff };

		for (size_t k = 0; k < COUNT(flips); k++) {
			bytes[i] = (char)(file.p[i] ^ flips[k]);
			(void)try_decode((struct str) { bytes, file.n });
		}
		bytes[i] = file.p[i];
	}
	arena_close(a);
}

/* What a made-up file of two changes says; the rest of it is always right. */
struct made {
	char	magic;
	uint8_t version;
	int	leaps, types;
	int64_t first, second; /* when the changes are */
	uint8_t type;	       /* of the second */
	int32_t offset_s;      /* of type 1 */
	char	end;
	bool	is_steady; /* no changes at all */
};

static struct str
make_file(struct buf *b, const struct made *m)
{
	buf_clear(b);
	for (int block = 0; block < 2; block++) {
		buf_fmt(b, "%cZif%c%015d", m->magic, m->version, 0);
		buf_u32(b, 0);
		buf_u32(b, 0);
		buf_u32(b, block == 0 ? 0 : (uint32_t)m->leaps);
		buf_u32(b, block == 0 || m->is_steady ? 0 : 2);
		buf_u32(b, block == 0 ? 0 : (uint32_t)m->types);
		buf_u32(b, 0);
	}
	if (!m->is_steady) {
		buf_u64(b, (uint64_t)m->first);
		buf_u64(b, (uint64_t)m->second);
		buf_u8(b, 1);
		buf_u8(b, m->type);
	}
	for (int i = 0; i < m->types; i++) {
		buf_u32(b, i == 1 ? (uint32_t)m->offset_s : 0);
		buf_u16(b, 0);
	}
	for (int i = 0; i < 12 * m->leaps; i++)
		buf_u8(b, 0);
	buf_fmt(b, "%cUTC0\n", m->end);
	return buf_view(b);
}

static void
each_part_of_a_file_is_checked(void **state)
{
	static const struct {
		struct made file;
		bool is_ok;
	} cases[] = {
		{ { 'T', '2', 0, 2, 100, 200, 0, 3600, '\n', false }, true },
		{ { 'T', '3', 0, 2, -100, 200, 1, -3600, '\n', false }, true },
		{ { 'T', '2', 0, 2, 100, 101, 1, 26 * 3600 - 1, '\n', false },
		    true },
		{ { 'T', '2', 0, 2, 100, 101, 1, 1 - 25 * 3600, '\n', false },
		    true },
		{ { 'T', '2', 0, 1, 0, 0, 0, 0, '\n', true }, true },
		{ { 'T', '2', 0, 0, 0, 0, 0, 0, '\n', true }, false },
		{ { 'X', '2', 0, 2, 100, 200, 0, 3600, '\n', false }, false },
		{ { 'T', '1', 0, 2, 100, 200, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 1, 2, 100, 200, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 0, 100, 200, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 257, 100, 200, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 2, 100, 100, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 2, 200, 100, 0, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 2, 100, 200, 2, 3600, '\n', false }, false },
		{ { 'T', '2', 0, 2, 100, 200, 0, 26 * 3600, '\n', false },
		    false },
		{ { 'T', '2', 0, 2, 100, 200, 0, -25 * 3600, '\n', false },
		    false },
		{ { 'T', '2', 0, 2, 100, 200, 0, 3600, 'x', false }, false },
	};
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 10000);
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (try_decode(make_file(&b, &cases[i].file)) != cases[i].is_ok)
			print_error("case %zu\n", i);
		assert_int_equal(
		    try_decode(make_file(&b, &cases[i].file)), cases[i].is_ok);
	}
	buf_fini(&b);
}

static void
footers_are_read_to_the_last_byte(void **state)
{
	static const struct {
		const char *text;
		bool is_ok, has_dst;
		int std_s, dst_s;
	} cases[] = {
		{ "", true, false, 0, 0 },
		{ "UTC0", true, false, 0, 0 },
		{ "EST5EDT,M3.2.0,M11.1.0", true, true, -18000, -14400 },
		{ "<+0330>-3:30", true, false, 12600, 0 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", true, true, 3600, 0 },
		{ "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true, true, -10800,
		    -7200 },
		{ "A-1B", false, false, 0, 0 },
		{ "AAA-1:30:15BBB,J60/2:30,365/167:59:59", true, true, 5415,
		    9015 },
		{ "AAA", false, false, 0, 0 },
		{ "AAA25", false, false, 0, 0 },
		{ "AAA1:60", false, false, 0, 0 },
		{ "AAA1:00:60", false, false, 0, 0 },
		{ "AAA1:", false, false, 0, 0 },
		{ "<+03-3", false, false, 0, 0 },
		{ "<>3", false, false, 0, 0 },
		{ "AAA1BBB", false, false, 0, 0 },
		{ "AAA1BBB2x", false, false, 0, 0 },
		{ "AAA1BBB,M3.2.0", false, false, 0, 0 },
		{ "AAA1BBB,M13.2.0,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M0.2.0,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.6.0,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.0.0,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.2.7,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.2,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,J0,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,366,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.2.0/168,M1.1.1", false, false, 0, 0 },
		{ "AAA1BBB,M3.2.0,M1.1.1 ", false, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct footer f = { .is_set = false };

		if (footer(&f, str_of(cases[i].text)) != cases[i].is_ok)
			print_error("%s\n", cases[i].text);
		f = (struct footer) { .is_set = false };
		assert_int_equal(
		    footer(&f, str_of(cases[i].text)), cases[i].is_ok);
		if (!cases[i].is_ok)
			continue;
		assert_int_equal(f.has_dst, cases[i].has_dst);
		assert_int_equal(f.std_s, cases[i].std_s);
		assert_int_equal(f.dst_s, cases[i].dst_s);
	}
}

static void
rules_strike_on_their_day(void **state)
{
	static const struct {
		struct rule rule;
		int year;
		const char *day;
	} cases[] = {
		{ { RULE_MONTH, 3, 5, 0, 0 }, 2040, "2040-03-25" },
		{ { RULE_MONTH, 3, 1, 0, 0 }, 2026, "2026-03-01" },
		{ { RULE_MONTH, 2, 5, 0, 0 }, 2032, "2032-02-29" },
		{ { RULE_MONTH, 12, 5, 4, 0 }, 2026, "2026-12-31" },
		{ { RULE_JULIAN, 0, 0, 1, 0 }, 2026, "2026-01-01" },
		{ { RULE_JULIAN, 0, 0, 59, 0 }, 2028, "2028-02-28" },
		{ { RULE_JULIAN, 0, 0, 60, 0 }, 2028, "2028-03-01" },
		{ { RULE_JULIAN, 0, 0, 60, 0 }, 2027, "2027-03-01" },
		{ { RULE_JULIAN, 0, 0, 365, 0 }, 2028, "2028-12-31" },
		{ { RULE_ZERO, 0, 0, 0, 0 }, 2026, "2026-01-01" },
		{ { RULE_ZERO, 0, 0, 59, 0 }, 2028, "2028-02-29" },
		{ { RULE_ZERO, 0, 0, 365, 0 }, 2028, "2028-12-31" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(rule_second(&cases[i].rule, cases[i].year),
		    day_of(cases[i].day) * DAY_S);
}

static void
summer_all_year_has_no_gap(void **state)
{
	struct footer f = { .is_set = false };

	(void)state;
	/* RFC 8536 3.3.1: "permanent daylight saving time". */
	assert_true(footer(&f, STR("EST5EDT,0/0,J365/25")));
	for (int64_t at = 4102444800; at < 4102444800 + 800 * DAY_S; at += 900)
		assert_int_equal(footer_span(&f, at).offset_s, -4 * 3600);
}

static void
ask_often(void *arg)
{
	static const char *const names[] = { "Europe/Rome", "Europe/Oslo",
		"Europe/Madrid", "Europe/Vienna" };

	for (int i = 0; i < 400; i++) {
		int32_t day;

		if (!zone_day(str_of(names[i % 4]),
			instant("2026-06-30T22:00:00Z"), &day) ||
		    day != day_of("2026-07-01"))
			*(bool *)arg = false;
	}
}

static void
threads_may_ask_for_the_same_new_zone(void **state)
{
	struct thread *threads[4];
	bool is_right[4] = { true, true, true, true };

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		threads[i] = thread_start("zone", ask_often, &is_right[i]);
	for (size_t i = 0; i < COUNT(threads); i++) {
		thread_join(threads[i]);
		assert_true(is_right[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_may_ask_for_the_same_new_zone),
		cmocka_unit_test(a_day_begins_when_its_zone_says),
		cmocka_unit_test(we_agree_with_the_c_library_hour_by_hour),
		cmocka_unit_test(
		    a_day_is_in_itself_from_its_first_to_its_last_ms),
		cmocka_unit_test(what_is_no_zone_is_refused),
		cmocka_unit_test(a_damaged_file_is_refused_or_harmless),
		cmocka_unit_test(each_part_of_a_file_is_checked),
		cmocka_unit_test(footers_are_read_to_the_last_byte),
		cmocka_unit_test(rules_strike_on_their_day),
		cmocka_unit_test(summer_all_year_has_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

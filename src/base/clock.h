/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - the only place that knows what time it is, and the only source of
 * chance.  Tests may set the time.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

int64_t clock_now_ms(void);	/* ms UTC since 1970; wall time, may step */
int64_t clock_mono_ns(void);	/* never steps; for deadlines and durations */
void clock_sleep_ms(int64_t);

/* Tests: from now on clock_now_ms() answers NOW (0 = the real clock again).  USHER_NOW=ms in the environment does the same at start. */
void clock_set(int64_t now_ms);

/* N bytes from getrandom(2); fatal() if there are none. */
void random_bytes(void *p, size_t n);

/* Dates: days since 1970-01-01, proleptic Gregorian. */
bool date_parse(struct str iso_8601, int32_t *day) USE_RESULT;		/* "2026-11-23" */
bool date_make(int year, int month, int day_of_month, int32_t *day) USE_RESULT;
struct str date_text(struct arena *, int32_t day);			/* "2026-11-23" */
struct str time_text(struct arena *, int64_t ms);			/* "2026-11-23T06:16:07.123Z" */
bool time_parse(struct str rfc3339, int64_t *ms) USE_RESULT;

/* The same texts without an arena; no NUL.  Years outside 0 … 9999 give the nearest instant inside. */
#define DATE_TEXT 10
#define TIME_TEXT 24
void date_encode(int32_t day, char text[DATE_TEXT]);
void time_encode(int64_t ms, char text[TIME_TEXT]);

/*
 * The calendar day at instant MS in ZONE, a name under /usr/share/zoneinfo
 * such as "Europe/Berlin".  Zones are read once and kept.  false: no such zone.
 */
bool zone_day(struct str zone, int64_t ms, int32_t *day) USE_RESULT;
/* The instant at which DAY begins in ZONE: midnight, or later where midnight is skipped. */
bool zone_midnight(struct str zone, int32_t day, int64_t *ms) USE_RESULT;

#endif

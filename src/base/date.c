/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/arena.h"

#define DAY_MS	     INT64_C(86400000)
#define DAYS_PER_ERA 146097 /* 400 years */

/* Of the years 0000 and 9999, the ends of what four digits can say. */
#define DAY_LEAST (-719528)
#define DAY_MOST  2932896

struct civil {
	int year, month, day;
};

static int days_in_month(int, int);
static struct civil civil_of(int32_t);
static bool digits(struct str, size_t, size_t, int *);
static bool fraction(struct str *, int *);
static bool zone_offset(struct str, int *);
static void put_digits(char *, int, size_t);

bool
date_make(int year, int month, int day, int32_t *out)
{
	int y, era, year_of_era, day_of_year;

	if (year < 0 || year > 9999 || month < 1 || month > 12)
		return false;
	if (day < 1 || day > days_in_month(year, month))
		return false;
	/* Years that begin in March, so that the leap day comes last. */
	y = (month <= 2 ? year - 1 : year) + 400;
	era = y / 400;
	year_of_era = y % 400;
	day_of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	*out = (era - 1) * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static struct civil
civil_of(int32_t day)
{
	int from_march = day + 719468 + DAYS_PER_ERA;
	int era = from_march / DAYS_PER_ERA;
	int d = from_march % DAYS_PER_ERA;
	int y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int of_year = d - (365 * y + y / 4 - y / 100);
	int m = (5 * of_year + 2) / 153;
	struct civil c = { y + (era - 1) * 400, m < 10 ? m + 3 : m - 9,
		of_year - (153 * m + 2) / 5 + 1 };

	if (c.month <= 2)
		c.year++;
	return c;
}

bool
date_parse(struct str text, int32_t *day)
{
	int y, m, d;

	if (text.n != DATE_TEXT || text.p[4] != '-' || text.p[7] != '-')
		return false;
	if (!digits(text, 0, 4, &y) || !digits(text, 5, 2, &m) ||
	    !digits(text, 8, 2, &d))
		return false;
	return date_make(y, m, d, day);
}

static bool
digits(struct str s, size_t from, size_t n, int *out)
{
	int value = 0;

	if (from + n > s.n)
		return false;
	for (size_t i = from; i < from + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = 10 * value + (s.p[i] - '0');
	}
	*out = value;
	return true;
}

/* RFC 3339 5.6.  A leap second is refused: our instants have none. */
bool
time_parse(struct str text, int64_t *out)
{
	int hour, minute, second, ms, offset_s;
	int32_t day;

	if (text.n < 20 || !date_parse(str_sub(text, 0, DATE_TEXT), &day))
		return false;
	if ((text.p[10] != 'T' && text.p[10] != 't') || text.p[13] != ':' ||
	    text.p[16] != ':')
		return false;
	if (!digits(text, 11, 2, &hour) || !digits(text, 14, 2, &minute) ||
	    !digits(text, 17, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	text = str_sub(text, 19, text.n);
	if (!fraction(&text, &ms) || !zone_offset(text, &offset_s))
		return false;
	second += (hour * 60 + minute) * 60 - offset_s;
	*out = day * DAY_MS + second * INT64_C(1000) + ms;
	return true;
}

/* Takes ".123" off the front: one to nine digits, of which three count. */
static bool
fraction(struct str *text, int *ms)
{
	size_t n = 1;
	int unit = 100;

	*ms = 0;
	if (text->n == 0 || text->p[0] != '.')
		return true;
	while (n < text->n && text->p[n] >= '0' && text->p[n] <= '9') {
		*ms += (text->p[n] - '0') * unit;
		unit /= 10;
		n++;
	}
	*text = str_sub(*text, n, text->n);
	return n >= 2 && n <= 10;
}

static bool
zone_offset(struct str text, int *seconds)
{
	int hour, minute;

	*seconds = 0;
	if (str_eq_nocase(text, STR("Z")))
		return true;
	if (text.n != 6 || text.p[3] != ':' ||
	    (text.p[0] != '+' && text.p[0] != '-'))
		return false;
	if (!digits(text, 1, 2, &hour) || !digits(text, 4, 2, &minute) ||
	    hour > 23 || minute > 59)
		return false;
	*seconds = (hour * 60 + minute) * (text.p[0] == '-' ? -60 : 60);
	return true;
}

void
date_encode(int32_t day, char text[DATE_TEXT])
{
	struct civil c;

	if (day < DAY_LEAST)
		day = DAY_LEAST;
	if (day > DAY_MOST)
		day = DAY_MOST;
	c = civil_of(day);
	put_digits(text, c.year, 4);
	text[4] = '-';
	put_digits(text + 5, c.month, 2);
	text[7] = '-';
	put_digits(text + 8, c.day, 2);
}

static void
put_digits(char *p, int value, size_t n)
{
	while (n-- > 0) {
		p[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void
time_encode(int64_t ms, char text[TIME_TEXT])
{
	int64_t day;
	int left;

	if (ms < DAY_LEAST * DAY_MS)
		ms = DAY_LEAST * DAY_MS;
	if (ms >= (DAY_MOST + 1) * DAY_MS)
		ms = (DAY_MOST + 1) * DAY_MS - 1;
	day = ms / DAY_MS - (ms % DAY_MS < 0);
	left = (int)(ms - day * DAY_MS);

	date_encode((int32_t)day, text);
	text[10] = 'T';
	put_digits(text + 11, left / 3600000, 2);
	text[13] = ':';
	put_digits(text + 14, left / 60000 % 60, 2);
	text[16] = ':';
	put_digits(text + 17, left / 1000 % 60, 2);
	text[19] = '.';
	put_digits(text + 20, left % 1000, 3);
	text[23] = 'Z';
}

struct str
date_text(struct arena *a, int32_t day)
{
	char *text = arena_alloc(a, DATE_TEXT);

	date_encode(day, text);
	return (struct str) { text, DATE_TEXT };
}

struct str
time_text(struct arena *a, int64_t ms)
{
	char *text = arena_alloc(a, TIME_TEXT);

	time_encode(ms, text);
	return (struct str) { text, TIME_TEXT };
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time zones from the system's TZif files (RFC 8536), version 2 and later.
 *
 * A file says when each offset began, and in its footer, as a POSIX TZ text,
 * by which rule that goes on for ever after.  Files are foreign bytes: every
 * length is checked before it is used.
 */
#include "base/clock.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io.h"

#define FOLDER	   "/usr/share/zoneinfo/"
#define NAME_MOST  64
#define FILE_MOST  (64 * 1024)
#define DAY_S	   INT64_C(86400)
#define YEAR_S	   INT64_C(31556952) /* the mean one */
#define FOREVER	   INT64_MAX

/* "M3.5.0/2": the day, and its local second, on which the time changes. */
struct rule {
	enum { RULE_MONTH, RULE_JULIAN, RULE_ZERO } kind;
	int month, week, day; /* JULIAN and ZERO use day only */
	int second;
};

/* A footer such as "CET-1CEST,M3.5.0,M10.5.0/3"; offsets are east of UTC. */
struct footer {
	bool	    is_set, has_dst;
	int	    std_s, dst_s;
	struct rule start, end;
};

struct zone {
	struct zone  *next;
	char	      name[NAME_MOST + 1];
	int32_t	      first_s; /* before the first change */
	size_t	      n;
	int64_t	     *at; /* when, in seconds since 1970, ascending */
	int32_t	     *offset_s; /* and what from then on */
	struct footer footer;
};

/* The time for which one offset holds. */
struct span {
	int32_t offset_s;
	int64_t until; /* the first second after it, or FOREVER */
};

/* The counts of a TZif header, in the order of the file. */
struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER; /* guards zones */
static struct zone *zones;			       /* never freed */

static const struct zone *zone_find(struct str);
static const struct zone *lookup(struct str);
static const struct zone *enter(struct zone *);
static bool is_name(struct str);
static struct zone *zone_read(struct str);
static bool decode(struct zone *, struct str);
static bool header(struct cursor *, struct counts *);
static bool data(struct zone *, struct cursor *, const struct counts *);
static bool footer(struct footer *, struct str);
static bool abbreviation(struct str *);
static bool number(struct str *, int *);
static bool clock_time(struct str *, int, int *);
static bool rule(struct str *, struct rule *);
static bool accept(struct str *, char);
static struct span span_at(const struct zone *, int64_t);
static struct span footer_span(const struct footer *, int64_t);
static int64_t rule_second(const struct rule *, int);
static int64_t floor_div(int64_t, int64_t);

bool
zone_day(struct str name, int64_t ms, int32_t *day)
{
	const struct zone *z = zone_find(name);
	int64_t second = floor_div(ms, 1000);

	if (z == NULL)
		return false;
	*day = (int32_t)floor_div(second + span_at(z, second).offset_s, DAY_S);
	return true;
}

bool
zone_midnight(struct str name, int32_t day, int64_t *ms)
{
	const struct zone *z = zone_find(name);
	int64_t local = day * DAY_S, at, begins;

	if (z == NULL)
		return false;
	/*
	 * Walk the offsets from a day and a bit before: the day begins in the
	 * first that reaches its midnight, or with it, if midnight is skipped.
	 */
	for (at = local - DAY_S - DAY_S / 2;;) {
		struct span s = span_at(z, at);

		begins = local - s.offset_s > at ? local - s.offset_s : at;
		if (begins < s.until)
			break;
		at = s.until;
	}
	*ms = begins * 1000;
	return true;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static const struct zone *
zone_find(struct str name)
{
	const struct zone *z;
	struct zone *fresh;

	if (!is_name(name))
		return NULL;
	z = lookup(name);
	if (z != NULL)
		return z;
	/* No lock is held while the file is read. */
	fresh = zone_read(name);
	return fresh == NULL ? NULL : enter(fresh);
}

/* Letters, digits, + - _ in parts between single slashes: no way out. */
static bool
is_name(struct str name)
{
	bool was_slash = true;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '/' ? was_slash
			     : c == '\0' ||
			    strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789+-_",
				c) == NULL)
			return false;
		was_slash = c == '/';
	}
	return !was_slash && name.n <= NAME_MOST;
}

static const struct zone *
lookup(struct str name)
{
	const struct zone *z;

	if (pthread_mutex_lock(&mu) != 0)
		fatal("lock");
	for (z = zones; z != NULL; z = z->next)
		if (str_eq(name, str_of(z->name)))
			break;
	if (pthread_mutex_unlock(&mu) != 0)
		fatal("unlock");
	return z;
}

/* FRESH, or the same zone if another thread was quicker. */
static const struct zone *
enter(struct zone *fresh)
{
	struct zone *z;

	if (pthread_mutex_lock(&mu) != 0)
		fatal("lock");
	for (z = zones; z != NULL; z = z->next)
		if (strcmp(z->name, fresh->name) == 0)
			break;
	if (z == NULL) {
		fresh->next = zones;
		zones = fresh;
	}
	if (pthread_mutex_unlock(&mu) != 0)
		fatal("unlock");
	if (z == NULL)
		return fresh;
	heap_free(fresh->at);
	heap_free(fresh->offset_s);
	heap_free(fresh);
	return z;
}

static struct zone *
zone_read(struct str name)
{
	struct arena *a = arena_open(1024 * 1024);
	struct zone *z = heap_alloc(1, sizeof(*z));
	struct str bytes, path = str_fmt(a, FOLDER "%.*s", STR_ARG(name));

	memcpy(z->name, name.p, name.n);
	if (!file_read(a, path.p, FILE_MOST, &bytes) || !decode(z, bytes)) {
		heap_free(z->at);
		heap_free(z->offset_s);
		heap_free(z);
		z = NULL;
	}
	arena_close(a);
	return z;
}

static bool
decode(struct zone *z, struct str bytes)
{
	struct cursor c = { .left = bytes };
	struct counts n;
	struct str tz;

	/* The first block is for readers with 32-bit times. */
	if (!header(&c, &n))
		return false;
	get_bytes(&c,
	    (size_t)n.time * 5 + n.type * 6 + n.chars + n.leap * 8 + n.isstd +
		n.isut);
	/* Zones that count leap seconds ("right/…") do not tell our time. */
	if (!header(&c, &n) || n.type == 0 || n.leap != 0)
		return false;
	if (!data(z, &c, &n))
		return false;
	get_bytes(&c, (size_t)n.chars + n.isstd + n.isut);
	if (get_u8(&c) != '\n' || c.bad)
		return false;
	tz = str_cut(&c.left, '\n');
	return c.left.p != NULL && footer(&z->footer, tz);
}

static bool
header(struct cursor *c, struct counts *n)
{
	struct str magic = get_bytes(c, 4);
	uint8_t version = get_u8(c);

	get_bytes(c, 15);
	n->isut = get_u32(c);
	n->isstd = get_u32(c);
	n->leap = get_u32(c);
	n->time = get_u32(c);
	n->type = get_u32(c);
	n->chars = get_u32(c);
	return !c->bad && str_eq(magic, STR("TZif")) && version >= '2' &&
	    n->isut <= FILE_MOST && n->isstd <= FILE_MOST &&
	    n->leap <= FILE_MOST && n->time <= FILE_MOST && n->type <= 256 &&
	    n->chars <= FILE_MOST;
}

static bool
data(struct zone *z, struct cursor *c, const struct counts *n)
{
	struct cursor times = { get_bytes(c, (size_t)n->time * 8), false };
	struct cursor index = { get_bytes(c, n->time), false };
	struct cursor types = { get_bytes(c, (size_t)n->type * 6), false };
	int32_t offset_s[256] = { 0 };

	if (c->bad)
		return false;
	for (size_t i = 0; i < n->type; i++) {
		offset_s[i] = (int32_t)get_u32(&types);
		get_bytes(&types, 2);
		/* RFC 8536 3.2: more than -25 and less than 26 hours. */
		if (offset_s[i] <= -25 * 3600 || offset_s[i] >= 26 * 3600)
			return false;
	}
	z->first_s = offset_s[0];
	z->n = n->time;
	z->at = heap_alloc(n->time, sizeof(z->at[0]));
	z->offset_s = heap_alloc(n->time, sizeof(z->offset_s[0]));
	for (size_t i = 0; i < n->time; i++) {
		uint8_t type = get_u8(&index);

		z->at[i] = (int64_t)get_u64(&times);
		if (type >= n->type || (i > 0 && z->at[i] <= z->at[i - 1]))
			return false;
		z->offset_s[i] = offset_s[type];
	}
	return true;
}

/* POSIX TZ: std offset [dst [offset], start, end]; west is positive there. */
static bool
footer(struct footer *f, struct str tz)
{
	int west;

	if (tz.n == 0)
		return true;
	f->is_set = true;
	if (!abbreviation(&tz) || !clock_time(&tz, 24, &west))
		return false;
	f->std_s = -west;
	if (tz.n == 0)
		return true;
	f->has_dst = true;
	if (!abbreviation(&tz))
		return false;
	f->dst_s = f->std_s + 3600;
	if (tz.n > 0 && tz.p[0] != ',') {
		if (!clock_time(&tz, 24, &west))
			return false;
		f->dst_s = -west;
	}
	return accept(&tz, ',') && rule(&tz, &f->start) && accept(&tz, ',') &&
	    rule(&tz, &f->end) && tz.n == 0;
}

/* "CET" or "<+03>". */
static bool
abbreviation(struct str *tz)
{
	size_t n = 0;

	if (accept(tz, '<')) {
		size_t close = str_find(*tz, '>');

		*tz = str_sub(*tz, close, tz->n);
		return close > 0 && accept(tz, '>');
	}
	while (n < tz->n && ((tz->p[n] | 0x20) >= 'a') &&
	    ((tz->p[n] | 0x20) <= 'z'))
		n++;
	*tz = str_sub(*tz, n, tz->n);
	return n >= 3;
}

static bool
accept(struct str *tz, char c)
{
	if (tz->n == 0 || tz->p[0] != c)
		return false;
	*tz = str_sub(*tz, 1, tz->n);
	return true;
}

static bool
number(struct str *tz, int *out)
{
	size_t n = 0;

	*out = 0;
	while (n < tz->n && n < 4 && tz->p[n] >= '0' && tz->p[n] <= '9')
		*out = 10 * *out + (tz->p[n++] - '0');
	*tz = str_sub(*tz, n, tz->n);
	return n > 0;
}

/* [+-]hh[:mm[:ss]] */
static bool
clock_time(struct str *tz, int hour_most, int *seconds)
{
	bool is_negative = accept(tz, '-');
	int hour, minute = 0, second = 0;

	if (!is_negative)
		(void)accept(tz, '+');
	if (!number(tz, &hour) || hour > hour_most)
		return false;
	if (accept(tz, ':')) {
		if (!number(tz, &minute) || minute > 59)
			return false;
		if (accept(tz, ':') && (!number(tz, &second) || second > 59))
			return false;
	}
	*seconds = (hour * 60 + minute) * 60 + second;
	if (is_negative)
		*seconds = -*seconds;
	return true;
}

/* "Mm.w.d", "Jn" or "n", each with "/time" or two o'clock. */
static bool
rule(struct str *tz, struct rule *r)
{
	bool is_ok;

	r->second = 2 * 3600;
	if (accept(tz, 'M')) {
		r->kind = RULE_MONTH;
		is_ok = number(tz, &r->month) && accept(tz, '.') &&
		    number(tz, &r->week) && accept(tz, '.') &&
		    number(tz, &r->day) && r->month >= 1 && r->month <= 12 &&
		    r->week >= 1 && r->week <= 5 && r->day <= 6;
	} else {
		r->kind = accept(tz, 'J') ? RULE_JULIAN : RULE_ZERO;
		is_ok = number(tz, &r->day) && r->day <= 365 &&
		    (r->kind == RULE_ZERO || r->day >= 1);
	}
	if (!is_ok)
		return false;
	return !accept(tz, '/') || clock_time(tz, 167, &r->second);
}

static struct span
span_at(const struct zone *z, int64_t second)
{
	size_t low = 0, high = z->n;
	struct span s;

	/* How many changes have happened by now. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->at[middle] <= second)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n && z->footer.is_set)
		return footer_span(&z->footer, second);
	s.offset_s = low == 0 ? z->first_s : z->offset_s[low - 1];
	s.until = low == z->n ? FOREVER : z->at[low];
	return s;
}

static struct span
footer_span(const struct footer *f, int64_t second)
{
	int year = 1970 + (int)floor_div(second, YEAR_S);
	struct span s = { f->std_s, FOREVER };
	int64_t since = INT64_MIN;

	if (!f->has_dst)
		return s;
	/* The year is a guess; its neighbours have the changes around it. */
	for (int y = year - 1; y <= year + 1; y++) {
		int64_t starts = rule_second(&f->start, y) - f->std_s;
		int64_t ends = rule_second(&f->end, y) - f->dst_s;

		if (ends <= second && ends > since) {
			since = ends;
			s.offset_s = f->std_s;
		}
		/* Summer time all year ends when it starts again. */
		if (starts <= second && starts >= since) {
			since = starts;
			s.offset_s = f->dst_s;
		}
		if (starts > second && starts < s.until)
			s.until = starts;
		if (ends > second && ends < s.until)
			s.until = ends;
	}
	return s;
}

/* When the rule strikes in YEAR, in local seconds since 1970. */
static int64_t
rule_second(const struct rule *r, int year)
{
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	int32_t first = 0, next = 0, day;
	int week_day;

	if (year < 1 || year > 9998)
		year = 9998;
	if (r->kind != RULE_MONTH) {
		must(date_make(year, 1, 1, &first));
		day = first + r->day;
		/* J60 is 1 March in every year: 29 February is not counted. */
		if (r->kind == RULE_JULIAN && !(is_leap && r->day >= 60))
			day--;
		return day * DAY_S + r->second;
	}
	must(date_make(year, r->month, 1, &first));
	must(date_make(year + r->month / 12, r->month % 12 + 1, 1, &next));
	/* 1970-01-01 was a Thursday. */
	week_day = (int)(first + 4 - 7 * floor_div(first + 4, 7));
	day = first + (r->day - week_day + 7) % 7 + 7 * (r->week - 1);
	while (day >= next)
		day -= 7;
	return day * DAY_S + r->second;
}

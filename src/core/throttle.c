/* SPDX-License-Identifier: Apache-2.0 */
#include "core/throttle.h"

#define MILLI	       1000
#define BATCH_STEP     10
#define BACKOFF_MS     500	/* after the first failure */
#define RATE_LEAST_MS  1000	/* sooner a rate says nothing */
#define DOUBLINGS_MAX  20

static const char *const names[] = {
	[WORK_QUEUE_NONE] = "none",
#define X(id, name) [WORK_QUEUE_##id] = name,
	WORK_QUEUES(X)
#undef X
};

static int64_t bucket_room(const struct throttle_limits *, int64_t);
static int64_t bucket_milli(const struct throttle_limits *,
    const struct bucket *, enum throttle_level, int64_t);
static void count_second(struct meter *, int64_t, int64_t);

const char *
work_queue_name(enum work_queue q)
{
	must(q < WORK_QUEUE_END);
	return names[q];
}

enum work_queue
work_queue_parse(struct str name)
{
	for (enum work_queue q = WORK_QUEUE_NONE + 1; q < WORK_QUEUE_END; q++)
		if (str_eq(name, str_of(names[q])))
			return q;
	return WORK_QUEUE_NONE;
}

struct throttle_limits
throttle_limits(
    const int64_t s[SETTING_COUNT], int64_t global_cap, enum work_queue q)
{
	static const enum setting depth_pause[] = {
		[WORK_QUEUE_DELIVERY] = SETTING_DELIVERY_DEPTH,
		[WORK_QUEUE_REGISTRATION] = SETTING_REGISTRATION_DEPTH,
		[WORK_QUEUE_IMPORT] = SETTING_IMPORT_DEPTH,
	};
	struct throttle_limits l = {
		.batch = s[SETTING_THROTTLE_BATCH],
		.window_ms = s[SETTING_THROTTLE_WINDOW],
		.attempts = s[SETTING_THROTTLE_ATTEMPTS],
		.backoff_ms = s[SETTING_THROTTLE_BACKOFF],
		.retry_percent = s[SETTING_THROTTLE_RETRIES],
	};

	must(q > WORK_QUEUE_NONE && q < WORK_QUEUE_END);
	l.depth_pause = s[depth_pause[q]];
	if (q != WORK_QUEUE_IMPORT) {
		l.rate[THROTTLE_QUEUE] = s[SETTING_THROTTLE_RATE];
		l.rate[THROTTLE_TENANT] = s[SETTING_THROTTLE_TENANT_CAP];
		l.rate[THROTTLE_GLOBAL] = global_cap;
	}
	return l;
}

/* --- rates ----------------------------------------------------------------------- */

size_t
throttle_take(const struct throttle_limits *l,
    struct bucket *const bucket[THROTTLE_LEVELS], int64_t now_ms, size_t want)
{
	size_t n = want;

	for (int i = 0; i < THROTTLE_LEVELS; i++) {
		int64_t milli;

		if (l->rate[i] == 0)
			continue;
		milli =
		    bucket_milli(l, bucket[i], (enum throttle_level)i, now_ms);
		*bucket[i] = (struct bucket) { milli,
			bucket[i]->is_used && bucket[i]->at_ms > now_ms
			    ? bucket[i]->at_ms
			    : now_ms,
			true };
		if ((size_t)(milli / MILLI) < n)
			n = (size_t)(milli / MILLI);
	}
	for (int i = 0; i < THROTTLE_LEVELS; i++)
		if (l->rate[i] != 0)
			bucket[i]->milli -= (int64_t)n * MILLI;
	return n;
}

int64_t
throttle_wait_ms(const struct throttle_limits *l,
    const struct bucket *const bucket[THROTTLE_LEVELS], int64_t now_ms)
{
	int64_t longest = 0;

	for (int i = 0; i < THROTTLE_LEVELS; i++) {
		int64_t lacks, wait;

		if (l->rate[i] == 0)
			continue;
		lacks = MILLI -
		    bucket_milli(l, bucket[i], (enum throttle_level)i, now_ms);
		wait = lacks <= 0 ? 0 : (lacks + l->rate[i] - 1) / l->rate[i];
		if (wait > longest)
			longest = wait;
	}
	return longest;
}

/* One call a second is one thousandth a millisecond; now is not before. */
static int64_t
bucket_milli(const struct throttle_limits *l, const struct bucket *b,
    enum throttle_level level, int64_t now_ms)
{
	int64_t room = bucket_room(l, l->rate[level]);
	int64_t passed = now_ms - b->at_ms;

	if (!b->is_used || passed > room)
		return room;
	if (passed > 0 && b->milli + passed * l->rate[level] < room)
		return b->milli + passed * l->rate[level];
	/* A limit that was lowered counts at once. */
	return passed > 0 || b->milli > room ? room : b->milli;
}

static int64_t
bucket_room(const struct throttle_limits *l, int64_t rate)
{
	return rate * l->window_ms + MILLI - 1;
}

/* --- batches and windows --------------------------------------------------------- */

void
meter_add(struct meter *m, const struct throttle_limits *l, int64_t now_ms,
    const struct window *w)
{
	if (m->first_ms == 0) {
		m->first_ms = m->start_ms = now_ms;
		m->batch = l->batch;
	}
	if (now_ms - m->start_ms >= l->window_ms) {
		m->batch = batch_next(m->batch, l->batch, &m->now);
		m->last = m->now;
		m->now = (struct window) { 0, 0, 0 };
		m->start_ms = now_ms - (now_ms - m->start_ms) % l->window_ms;
	}
	m->now.came += w->came;
	m->now.went += w->went;
	m->now.failed += w->failed;
	if (w->went > 0)
		count_second(m, now_ms, w->went);
}

static void
count_second(struct meter *m, int64_t now_ms, int64_t went)
{
	int64_t second = now_ms / 1000;
	size_t at = (size_t)(second % METER_SECONDS);

	if (m->second[at] != second) {
		m->second[at] = second;
		m->went[at] = 0;
	}
	m->went[at] += went;
}

int64_t
meter_batch(const struct meter *m, const struct throttle_limits *l)
{
	return m->batch == 0 ? l->batch : m->batch;
}

int64_t
meter_rate_milli(const struct meter *m, int64_t now_ms)
{
	int64_t second = now_ms / 1000, sum = 0;
	/* The oldest of these seconds is a whole one, the present is not. */
	int64_t took = (METER_SECONDS - 1) * 1000 + now_ms % 1000;

	if (now_ms - m->first_ms < took)
		took = now_ms - m->first_ms;
	for (size_t i = 0; i < METER_SECONDS; i++)
		if (m->second[i] > second - METER_SECONDS &&
		    m->second[i] <= second)
			sum += m->went[i];
	if (m->first_ms == 0 || sum == 0 || took < RATE_LEAST_MS)
		return -1;
	return sum * MILLI * 1000 / took;
}

int64_t
batch_next(int64_t size, int64_t set, const struct window *w)
{
	int64_t next = size;

	if (w->failed > 0 || (w->came > size && w->came > 2 * w->went))
		next -= size / 4;
	else if (w->went >= size)
		next += BATCH_STEP;
	else if (size < set)
		next = size + BATCH_STEP < set ? size + BATCH_STEP : set;
	else if (size > set)
		next = size - BATCH_STEP > set ? size - BATCH_STEP : set;
	if (next < BATCH_LEAST)
		return BATCH_LEAST;
	return next > BATCH_MOST ? BATCH_MOST : next;
}

/* --- pausing, retries, forecast ---------------------------------------------------- */

enum queue_state
queue_watch(enum queue_state state, int64_t depth, int64_t depth_pause)
{
	if (state == QUEUE_RUNNING && depth >= depth_pause)
		return QUEUE_PAUSED;
	if (state == QUEUE_RELEASED && depth < depth_pause)
		return QUEUE_RUNNING;
	return state;
}

int64_t
queue_forecast_s(int64_t depth, int64_t rate_milli)
{
	if (depth == 0)
		return 0;
	if (rate_milli <= 0)
		return -1;
	return (depth * MILLI + rate_milli - 1) / rate_milli;
}

int64_t
retry_wait_ms(const struct throttle_limits *l, int64_t failed, uint32_t dice)
{
	int64_t wait = BACKOFF_MS;

	must(failed > 0);
	if (failed >= l->attempts)
		return -1;
	wait <<= failed - 1 < DOUBLINGS_MAX ? failed - 1 : DOUBLINGS_MAX;
	if (wait > l->backoff_ms)
		wait = l->backoff_ms;
	return wait - dice % (wait / 2 + 1);
}

bool
is_retry_storm(const struct throttle_limits *l, int64_t retries, int64_t all)
{
	return retries * 100 > all * l->retry_percent;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * throttle.h - how fast a queue may work, when it stops, and when it will be
 * done.  A queue holds work for something outside, or work that is not urgent:
 * deliveries to targets, registrations of the public, rows of imports.
 *
 * Pure: time is an argument, in ms of a clock that does not go back (one that
 * does brings nothing); the same input always gives the same answer.
 *
 *	RUNNING --depth reaches the threshold--> PAUSED
 *	RUNNING --by hand--> PAUSED --by hand--> RELEASED
 *	RELEASED --depth falls below the threshold--> RUNNING
 *
 * RELEASED runs, and is not paused again for a depth that somebody has seen.
 */
#ifndef CORE_THROTTLE_H
#define CORE_THROTTLE_H

#include "core/catalogue.h"

/* The numbers stand in rows and logs: new ones go to the end. */
#define WORK_QUEUES(X) \
	X(DELIVERY,	"delivery") \
	X(REGISTRATION, "registration") \
	X(IMPORT,	"import")

enum work_queue {
	WORK_QUEUE_NONE,
#define X(id, name) WORK_QUEUE_##id,
	WORK_QUEUES(X)
#undef X
	WORK_QUEUE_END
};

const char *work_queue_name(enum work_queue);
enum work_queue work_queue_parse(struct str);	/* WORK_QUEUE_NONE: unknown */

/* --- limits ------------------------------------------------------------------- */

#define BATCH_LEAST 50
#define BATCH_MOST  200

/* Calls a second to what is outside: of a queue, of a tenant over its queues, of the whole deployment. */
enum throttle_level { THROTTLE_QUEUE, THROTTLE_TENANT, THROTTLE_GLOBAL, THROTTLE_LEVELS };

struct throttle_limits {
	int64_t rate[THROTTLE_LEVELS];	/* 0: it is not throttled */
	int64_t batch, window_ms;
	int64_t attempts, backoff_ms;	/* the longest wait between two attempts */
	int64_t depth_pause;
	int64_t retry_percent;
};

/* Of QUEUE under this catalogue.  An import is bounded by its batches and its depth, not by a rate. */
struct throttle_limits throttle_limits(const int64_t setting[SETTING_COUNT], int64_t global_cap, enum work_queue);

/* --- rates ---------------------------------------------------------------------- */

/* Calls that may be made, in thousandths, as of AT_MS.  All zero: full at its first use. */
struct bucket {
	int64_t milli, at_ms;
	bool	is_used;
};

/*
 * How many of WANT calls may be made now, by all three levels; they count as
 * made.  A bucket holds what one window brings, and a part of a call.
 */
size_t throttle_take(const struct throttle_limits *, struct bucket *const bucket[THROTTLE_LEVELS], int64_t now_ms, size_t want);
/* How long until one call may be made; 0: now. */
int64_t throttle_wait_ms(const struct throttle_limits *, const struct bucket *const bucket[THROTTLE_LEVELS], int64_t now_ms);

/* --- batches and windows ---------------------------------------------------------- */

struct window {
	int64_t came, went, failed;
};

#define METER_SECONDS 10

/* What came and went in this window and the last, and over the last seconds. */
struct meter {
	int64_t	      start_ms, first_ms;	/* first_ms 0: nothing came yet */
	struct window now, last;
	int64_t	      batch;	/* of the next batch; 0: as it is set */
	int64_t	      second[METER_SECONDS], went[METER_SECONDS];	/* by second % METER_SECONDS */
};

/* Closes windows that are over, and counts into the one that runs. */
void meter_add(struct meter *, const struct throttle_limits *, int64_t now_ms, const struct window *);
/* The size of the next batch. */
int64_t meter_batch(const struct meter *, const struct throttle_limits *);
/* Done a second, in thousandths, over the last seconds; -1: not known yet, or nothing was done. */
int64_t meter_rate_milli(const struct meter *, int64_t now_ms);
/*
 * The size after a window: a quarter less when much more came than went or
 * something failed, ten more while all goes well and a whole batch was done,
 * else back towards what is set; BATCH_LEAST … BATCH_MOST.
 */
int64_t batch_next(int64_t size, int64_t set, const struct window *);

/* --- pausing, retries, forecast ----------------------------------------------------- */

/* These stand in rows. */
enum queue_state { QUEUE_RUNNING = 1, QUEUE_PAUSED, QUEUE_RELEASED };

enum queue_state queue_watch(enum queue_state, int64_t depth, int64_t depth_pause);
/* Seconds until DEPTH is done at this rate, rounded up; -1: unknown. */
int64_t queue_forecast_s(int64_t depth, int64_t rate_milli);
/* The wait after FAILED attempts, doubling from half a second; DICE takes up to half of it away.  -1: no further attempt. */
int64_t retry_wait_ms(const struct throttle_limits *, int64_t failed, uint32_t dice);
/* More of ALL were retries than may be. */
bool is_retry_storm(const struct throttle_limits *, int64_t retries, int64_t all);

#endif

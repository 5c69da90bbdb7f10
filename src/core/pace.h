/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace.h - how many requests a second somebody may send, and how many of them
 * at once: a token bucket.
 *
 * Pure: time is an argument, in ms of a clock that does not go back; a request
 * that comes with an earlier time than one before it is as late as that one.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace_limit {
	int64_t rate;	/* requests a second; 0: there is no limit */
	int64_t burst;	/* so many at once; at least 1 */
};

/* All zero: nobody came yet, and the whole burst may. */
struct pace {
	int64_t milli, at_ms;		/* requests that may come, in thousandths */
	int64_t second, came, last;	/* in this second, and in the one before */
	bool	is_used;
};

/* 0: one more may come, and is counted; else in how many ms one may. */
int64_t pace_take(struct pace *, const struct pace_limit *, int64_t now_ms);
/* How much of the burst is taken. */
int64_t pace_taken(const struct pace *, const struct pace_limit *, int64_t now_ms);
/* How many came in the last whole second. */
int64_t pace_came(const struct pace *, int64_t now_ms);

#endif

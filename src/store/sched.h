/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.h - what waits to be sealed, and who comes next.
 *
 * There is a fair queue (base/fair.h) for each class.  Interactive items go
 * before bulk ones, but while both wait every BULK_EVERY-th slot is bulk's, so
 * that an import ends under any load.  Items that come back for another try go
 * before everything new.
 *
 * How long everybody waits is how long a batch takes.  So while several
 * tenants come, none has more than SHARE_MIXED items of each class in one: who
 * asks little is answered nearly as if the others were not there, and who asks
 * much pays for it with some of the throughput that large batches have.
 *
 * Where a batch may be of one tenant only, tenants take turns batch by batch,
 * in the same order.  A transaction then costs its round trips, however little
 * is in it; so a share is SHARE_ALONE.
 */
#ifndef STORE_SCHED_H
#define STORE_SCHED_H

#include "store/pipeline.h"

#define BULK_EVERY  8
#define SHARE_MIXED 8
#define SHARE_ALONE 32

struct sched;

/* RETRY_MAX: items that may come back at once; SPANS: a batch may be of several tenants. */
struct sched *sched_open(size_t retry_max, bool spans);
void sched_close(struct sched *);

struct sched_way {
	enum item_class	 class;
	struct fair_load max;	/* how many of one class may wait */
	bool		 waits;	/* for room */
};

enum sched_put { PUT_DONE, PUT_CLIENT_FULL, PUT_TENANT_FULL, PUT_ENDED };
/* Once it is put, the item is no longer the caller's.  LOAD: if it was not, what waits. */
enum sched_put sched_put(struct sched *, struct item *, const struct sched_way *, struct fair_load *load);
/* No more puts. */
void sched_end(struct sched *);

struct taken {
	size_t n;
	bool   is_alone;	/* each is to be tried by itself */
	bool   is_end;		/* ended, and every item was answered */
};
/* Waits up to WAIT_MS (-1: for ever), then takes what is there, at most MAX. */
struct taken sched_take(struct sched *, struct item **items, size_t max, int64_t wait_ms);

/* Nothing is taken for so long: whatever comes would fail like what was there. */
void sched_rest(struct sched *, int64_t ms);
/* Whoever waits to take comes back with nothing. */
void sched_call(struct sched *);
/* These were taken and come back, in this order: to be batched again, or each by itself. */
void sched_retry(struct sched *, struct item *const *items, size_t n, bool is_alone);
/* N items that were taken have been answered. */
void sched_answered(struct sched *, size_t n);
/* Several tenants came, in the last second. */
bool sched_is_mixed(struct sched *);
/* What waits in the class of which most does. */
struct fair_load sched_load(struct sched *, const struct fair_key *);
/* Items of a class that wait to be taken. */
size_t sched_depth(struct sched *, enum item_class);

#endif

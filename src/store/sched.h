/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched.h - what waits to be sealed, and who comes next.
 *
 * Each tenant has a ring for each class; tenants take turns, item by item.
 * Interactive items go before bulk ones, but while both wait every
 * BULK_EVERY-th slot is bulk's, so that an import ends under any load.
 * Items that come back for another try go before everything new.
 */
#ifndef STORE_SCHED_H
#define STORE_SCHED_H

#include "store/pipeline.h"

#define BULK_EVERY 8

struct sched;

/* TENANT_MAX: queued items of one tenant and class.  RETRY_MAX: items that may come back at once. */
struct sched *sched_open(size_t tenant_max, size_t retry_max);
void sched_close(struct sched *);

enum sched_put { PUT_DONE, PUT_FULL, PUT_ENDED };
/* With WAITS it waits for room. */
enum sched_put sched_put(struct sched *, struct item *, enum item_class, bool waits);
/* No more puts. */
void sched_end(struct sched *);

struct taken {
	size_t n;
	bool   is_alone;	/* each is to be tried by itself */
	bool   is_end;		/* ended, and every item was answered */
};
/* Waits up to WAIT_MS (-1: for ever), then takes what is there, at most MAX. */
struct taken sched_take(struct sched *, struct item **items, size_t max, int64_t wait_ms);

/* These were taken and come back, in this order: to be batched again, or each by itself. */
void sched_retry(struct sched *, struct item *const *items, size_t n, bool is_alone);
/* N items that were taken have been answered. */
void sched_answered(struct sched *, size_t n);
/* Items of a class that wait to be taken. */
size_t sched_depth(struct sched *, enum item_class);

#endif

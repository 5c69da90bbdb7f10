/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate_int.h - between the gate (gate.c, gate_index.c, seat.c) and the decision
 * about a person (decide.c).
 */
#ifndef CORE_GATE_INT_H
#define CORE_GATE_INT_H

#include "core/seat.h"

/* A waiting list: places in gate.waiter, by (rank, since). */
struct line {
	uint32_t *at;
	size_t	  head, n, cap;	/* before head nobody waits any more */
};

/* Beside gate.pool[i]. */
struct gate_pool {
	const struct pool_info *info;	/* NULL: gone from the catalogue */
	const struct product   *product;
	const struct filter    *eligibility;	/* bound when first asked for */
	struct line		line;
};

struct pool_at {
	int64_t id;
	size_t	at;
};

struct gate_index {
	struct pool_at	     *by_id;	/* sorted */
	struct gate_pool     *pool;
	const struct filter **rule;	/* beside catalogue.product; bound when first asked for */
	uint32_t	     *slot;	/* by (person, product): the newest place in gate.waiter, + 1 */
	size_t		      nslot;	/* a power of two */
};

/* Made at the first call. */
struct gate_index *gate_index_of(struct gate *);
/* Place of a pool in gate.pool.  It must be loaded: passing over one that was forgotten would give its people other people's seats. */
size_t gate_pool_at(struct gate *, int64_t id);
/* What the batch knows of a waiter, also when it waits no more; NULL: nothing. */
struct waiter *gate_waiter(struct gate *, int64_t person, int64_t product);
/* Copies it into its place of each list; earlier pointers to waiters are void. */
void gate_waiter_add(struct gate *, const struct waiter *);
/* What PRODUCT is granted by, bound to the gate's names for this batch; NULL: by no rule. */
const struct filter *gate_rule(struct gate *, const struct product *);

bool has_grant(const struct holding *, enum grant_reason);
void grant_give(struct gate *, struct holding *, const struct grant *, struct change_list *);
void grant_end(struct gate *, struct holding *, enum grant_reason, struct change_list *);

#endif

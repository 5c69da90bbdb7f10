/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair.h - a queue that no one can fill for the others: tenants take turns,
 * item by item, and so do the clients of a tenant at each of its turns.
 *
 * What one client puts keeps its order.  Not locked: its owner's lock guards
 * it.  Memory is that of what waits; who has nothing waiting has no place.
 */
#ifndef BASE_FAIR_H
#define BASE_FAIR_H

#include "base/base.h"

struct fair;

/* Whose item it is: a tenant, and in it an actor's kind and id. */
struct fair_key {
	uint32_t tenant;
	int	 kind;
	int64_t	 client;
};

struct fair_load {
	size_t tenant, client;
};

struct fair *fair_open(void);
/* Must be empty. */
void fair_close(struct fair *);

/* A client is refused before its tenant: it is the smaller of the two. */
enum fair_put { FAIR_DONE, FAIR_CLIENT_FULL, FAIR_TENANT_FULL };
/* MAX: how many may wait. */
enum fair_put fair_put(struct fair *, const struct fair_key *, struct fair_load max, void *item) USE_RESULT;
/* How many wait. */
struct fair_load fair_load(const struct fair *, const struct fair_key *);
size_t fair_depth(const struct fair *);

/* From here on each tenant's share is counted anew. */
void fair_round(struct fair *);
/* The next one's item, of a tenant that had less than SHARE since fair_round(); NULL: there is none. */
void *fair_take(struct fair *, size_t share);
/* The same of this tenant only, which then has had its turn. */
void *fair_take_of(struct fair *, uint32_t tenant, size_t share);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_seat.c - pools, seats, waiting lists and grants, present and past.
 */
#include "store/table.h"

#define C(field) COLUMN(pool, field)
static const struct column pool[] = {
	C(tenant), C(id), C(product), C(quota), C(held), C(assigned),
	C(version)
};
#undef C
const struct table POOL = TABLE("pool", DB_DATA, pool, 2, pool, EXISTS_REPLACES);

#define C(field) COLUMN(seat, field)
static const struct column seat[] = {
	C(tenant), C(product), C(person), C(pool), C(state), C(since_ms),
	C(expires_ms), C(onboarding)
};
#undef C
const struct table SEAT = TABLE("seat", DB_DATA, seat, 3, seat, EXISTS_REPLACES);

#define C(field) COLUMN(seat_past, field)
static const struct column seat_past[] = {
	C(tenant), C(id), C(product), C(person), C(pool), C(since_ms),
	C(until_ms), C(reason)
};
#undef C
const struct table SEAT_PAST = TABLE("seat_past", DB_DATA, seat_past, 2, seat_past, EXISTS_FAILS);

#define C(field) COLUMN(wait, field)
static const struct column wait[] = {
	C(tenant), C(product), C(person), C(priority), C(since), C(onboarding),
	C(organisation), C(pools)
};
#undef C
const struct table WAIT = TABLE("wait", DB_DATA, wait, 3, wait, EXISTS_REPLACES);

#define C(field) COLUMN(wait_pool, field)
static const struct column wait_pool[] = {
	C(tenant), C(pool), C(rank), C(since), C(person), C(product)
};
#undef C
const struct table WAIT_POOL = TABLE("wait_pool", DB_DATA, wait_pool, 6, wait_pool, EXISTS_STAYS);

#define C(field) COLUMN(wait_count, field)
static const struct column wait_count[] = {
	C(tenant), C(product), C(organisation), C(rank), C(waiting)
};
#undef C
const struct table WAIT_COUNT = TABLE("wait_count", DB_DATA, wait_count, 4, wait_count, EXISTS_REPLACES);

/* GRANT alone is a reserved word of PostgreSQL. */
#define C(field) COLUMN(grant, field)
static const struct column grant[] = {
	C(tenant), C(person), C(product), C(reason), C(origin), C(since_ms),
	C(until_ms)
};
#undef C
const struct table GRANT = TABLE("grant_now", DB_DATA, grant, 4, grant, EXISTS_REPLACES);

#define C(field) COLUMN(grant_past, field)
static const struct column grant_past[] = {
	C(tenant), C(id), C(person), C(product), C(reason), C(origin),
	C(since_ms), C(until_ms)
};
#undef C
const struct table GRANT_PAST = TABLE("grant_past", DB_DATA, grant_past, 2, grant_past, EXISTS_FAILS);

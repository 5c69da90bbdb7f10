/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.c - the words for seats, and what one person holds of one product.
 */
#include "core/seat.h"

#include "base/buf.h"
#include "base/id.h"

#include "core/gate_int.h"

static const char *const seat_states[] = {
	[SEAT_NONE] = "none",
	[SEAT_HELD] = "held",
	[SEAT_ASSIGNED] = "assigned",
};

static const char *const grant_reasons[GRANT_REASON_COUNT] = {
	[GRANT_REQUEST] = "request",
	[GRANT_RULE] = "rule",
	[GRANT_DIRECT] = "direct",
	[GRANT_GROUP] = "group",
};

static const char *const seat_ends[] = {
	[SEAT_END_RELEASED] = "released",
	[SEAT_END_LEFT] = "left",
	[SEAT_END_RULE] = "rule",
	[SEAT_END_EXPIRED] = "expired",
	[SEAT_END_CHECK] = "check",
	[SEAT_END_ROLE] = "role",
	[SEAT_END_MOVED] = "moved",
	[SEAT_END_BLOCKED] = "blocked",
	[SEAT_END_GROUP] = "group",
};

static const char *const outcomes[] = {
	[OUTCOME_ASSIGNED] = "assigned",
	[OUTCOME_HELD] = "held",
	[OUTCOME_QUEUED] = "queued",
	[OUTCOME_REFUSED] = "refused",
};

const char *
seat_state_name(enum seat_state state)
{
	must(state < COUNT(seat_states));
	return seat_states[state];
}

const char *
grant_reason_name(enum grant_reason reason)
{
	must(reason < GRANT_REASON_COUNT && grant_reasons[reason] != NULL);
	return grant_reasons[reason];
}

const char *
seat_end_name(enum seat_end end)
{
	must(end < COUNT(seat_ends) && seat_ends[end] != NULL);
	return seat_ends[end];
}

const char *
outcome_name(enum outcome outcome)
{
	must(outcome < COUNT(outcomes) && outcomes[outcome] != NULL);
	return outcomes[outcome];
}

/* --- what one person holds --------------------------------------------------------- */

bool
has_grant(const struct holding *h, enum grant_reason reason)
{
	return (h->grants & 1u << reason) != 0;
}

void
grant_give(struct gate *g, struct holding *h, const struct grant *grant,
    struct change_list *changes)
{
	h->grants |= 1u << grant->reason;
	h->grant[grant->reason] = *grant;
	effect_grant_put(g->fx, grant);
	change_add(changes, CHANGE_GRANT, h->product, grant->reason, 0, 1);
}

void
grant_end(struct gate *g, struct holding *h, enum grant_reason reason,
    struct change_list *changes)
{
	const struct grant *grant = &h->grant[reason];
	struct grant_past past = {
		.tenant = grant->tenant,
		.id = id_new(),
		.person = grant->person,
		.product = grant->product,
		.reason = reason,
		.origin = grant->origin,
		.since_ms = grant->since_ms,
		.until_ms = g->now_ms,
	};

	effect_grant_end(g->fx, grant);
	effect_grant_past(g->fx, &past);
	h->grants &= ~(1u << reason);
	change_add(changes, CHANGE_GRANT, h->product, reason, 1, 0);
}

void
holding_end(struct gate *g, struct holding *h, enum seat_end end,
    struct change_list *changes)
{
	for (int r = GRANT_REQUEST; r < GRANT_REASON_COUNT; r++)
		if (has_grant(h, (enum grant_reason)r))
			grant_end(g, h, (enum grant_reason)r, changes);
	gate_end(g, h, end, changes);
}

/* --- the pools of a wait ------------------------------------------------------------ */

struct str
wait_pools_pack(struct arena *arena, const int64_t *pool, size_t n)
{
	struct buf b;

	buf_init(&b, arena, n * sizeof(*pool));
	for (size_t i = 0; i < n; i++)
		buf_u64(&b, (uint64_t)pool[i]);
	return buf_view(&b);
}

size_t
wait_pools_unpack(const struct wait *wait, int64_t pool[WAIT_POOLS_MAX])
{
	struct cursor c = { .left = wait->pools };
	size_t n = wait->pools.n / sizeof(*pool);

	must(n <= WAIT_POOLS_MAX && n * sizeof(*pool) == wait->pools.n);
	for (size_t i = 0; i < n; i++)
		pool[i] = (int64_t)get_u64(&c);
	return n;
}

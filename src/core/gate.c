/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.c - the seat gate.
 *
 * Two facts make one pass enough.  A pool is of one product, so what happens
 * to one product never changes what another can give.  And a seat that comes
 * free is given on at once, so nobody waits who could be served: whoever finds
 * a seat free takes it from nobody.
 */
#include "base/id.h"

#include "core/gate_int.h"

#define MINUTE_MS 60000
#define NOWHERE	  SIZE_MAX

/* What one request may be given. */
struct choice {
	int64_t pool[WAIT_POOLS_MAX];	/* that may serve it, best first; as far as looked at */
	size_t	n;
	size_t	free;			/* place of the first with a seat, or NOWHERE */
	int	priority;
};

static enum msg choose(struct gate *, const struct seat_request *,
    const struct holding *, struct choice *);
static bool is_eligible(struct gate *, struct gate_pool *,
    const struct facts *, int32_t);
static int64_t seats_free(const struct pool *, const struct product *,
    int64_t, int);
static void seat_told(const struct holding *, struct outcome_row *);
static void give(struct gate *, const struct seat_request *,
    const struct choice *, struct holding *, struct change_list *);
static struct seat seat_make(struct gate *, size_t, const struct seat *);
static int64_t hold_until(const struct gate *);
static void queue(struct gate *, const struct seat_request *,
    const struct choice *, struct holding *, struct change_list *);
static void wait_leave(struct gate *, struct holding *, struct change_list *);
static void wait_pools_drop(struct gate *, const struct wait *);
static void seat_leave(struct gate *, struct holding *, enum seat_end,
    struct change_list *);
static void remember(struct gate *, int64_t, int64_t, const struct seat *);
static void serve(struct gate *, size_t);
static struct waiter *next_served(struct gate *, size_t);
static void waiter_serve(struct gate *, size_t, struct waiter *);

/* --- asking for a seat ---------------------------------------------------------------- */

void
gate_take(struct gate *g, const struct seat_request *rq, struct holding *h,
    struct outcome_row *out, struct change_list *changes)
{
	struct choice choice;
	enum msg why;

	must(h->product == rq->product);
	must(!rq->must_hold || rq->onboarding != 0);
	*out = (struct outcome_row) { .product = rq->product };
	gate_refresh(g, rq->person, h);
	if (h->seat.state != SEAT_NONE) {
		seat_told(h, out);
		return;
	}
	why = choose(g, rq, h, &choice);
	if (why == MSG_NONE) {
		give(g, rq, &choice, h, changes);
		seat_told(h, out);
		return;
	}
	if (why == MSG_SEAT_FULL && !rq->must_not_wait) {
		queue(g, rq, &choice, h, changes);
		out->outcome = OUTCOME_QUEUED;
		out->pool = choice.n > 0 ? choice.pool[0] : 0;
		out->reason = MSG_SEAT_QUEUED;
		return;
	}
	if (why != MSG_SEAT_FULL && h->wait.since != 0)
		wait_leave(g, h, changes);
	out->outcome = OUTCOME_REFUSED;
	out->reason = why;
}

enum msg
gate_refusal(struct gate *g, const struct seat_request *rq,
    const struct holding *holding)
{
	struct holding h = *holding;
	struct choice choice;

	gate_refresh(g, rq->person, &h);
	if (h.seat.state != SEAT_NONE)
		return MSG_NONE;
	return choose(g, rq, &h, &choice);
}

/* MSG_NONE: a seat of choice->free.  MSG_SEAT_FULL: one of choice->pool (of none while barred), later. */
static enum msg
choose(struct gate *g, const struct seat_request *rq, const struct holding *h,
    struct choice *choice)
{
	const struct product *product =
	    catalogue_product(g->catalogue, rq->product);
	struct gate_index *x = gate_index_of(g);
	size_t n;

	choice->n = 0;
	choice->free = NOWHERE;
	choice->priority = rq->priority;
	if (h->wait.since != 0 && h->wait.priority > rq->priority)
		choice->priority = (int)h->wait.priority;
	if (product == NULL)
		return MSG_SEAT_NO_POOL;
	if (product->role_required.n > 0 && !rq->has_role)
		return MSG_SEAT_ROLE;
	if (!catalogue_may_have(
		g->catalogue, FACT(rq->facts, ORGANIZATION), rq->product))
		return MSG_SEAT_ORGANISATION;
	if (rq->is_barred)
		return h->wait.since != 0 ? MSG_SEAT_FULL : MSG_SEAT_BLOCKED;
	n = catalogue_pools_for(
	    g->catalogue, rq->product, rq->facts, choice->pool, WAIT_POOLS_MAX);
	for (size_t i = 0; i < n && choice->free == NOWHERE; i++) {
		size_t at = gate_pool_at(g, choice->pool[i]);

		if (!is_eligible(g, &x->pool[at], rq->facts, rq->today))
			continue;
		choice->pool[choice->n++] = choice->pool[i];
		if (seats_free(&g->pool[at], product,
			g->catalogue->setting[SETTING_CAP_PASS_PRIORITY],
			choice->priority) > 0)
			choice->free = at;
	}
	if (choice->n == 0)
		return MSG_SEAT_NO_POOL;
	return choice->free == NOWHERE ? MSG_SEAT_FULL : MSG_NONE;
}

/* A role that the product requires, who waits has: losing it ends the wait. */
static bool
is_eligible(struct gate *g, struct gate_pool *p, const struct facts *facts,
    int32_t today)
{
	struct filter_subject subject = { facts, facts, 1, g->now_ms, today };

	if (p->info == NULL ||
	    !catalogue_pool_serves(
		g->catalogue, p->info, FACT(facts, ORGANIZATION)))
		return false;
	if (p->info->eligibility == NULL)
		return true;
	if (p->eligibility == NULL)
		p->eligibility =
		    filter_bind(g->arena, p->info->eligibility, &g->names);
	return filter_match(p->eligibility, &g->names, &subject);
}

int64_t
pool_free(const struct gate *g, const struct pool *pool, int priority)
{
	const struct pool_info *info = catalogue_pool(g->catalogue, pool->id);

	if (info == NULL || info->is_reserve)
		return 0;
	return seats_free(pool, catalogue_product(g->catalogue, info->product),
	    g->catalogue->setting[SETTING_CAP_PASS_PRIORITY], priority);
}

static int64_t
seats_free(const struct pool *pool, const struct product *product, int64_t pass,
    int priority)
{
	int64_t reserve = pool->quota * (100 - product->cap_percent) / 100;
	int64_t usable = priority >= pass ? pool->quota : pool->quota - reserve;
	int64_t left = usable - pool->held - pool->assigned;

	return left > 0 ? left : 0;
}

static void
seat_told(const struct holding *h, struct outcome_row *out)
{
	bool is_held = h->seat.state == SEAT_HELD;

	out->outcome = is_held ? OUTCOME_HELD : OUTCOME_ASSIGNED;
	out->reason = is_held ? MSG_SEAT_HELD : MSG_NONE;
	out->pool = h->seat.pool;
}

static void
give(struct gate *g, const struct seat_request *rq, const struct choice *choice,
    struct holding *h, struct change_list *changes)
{
	struct seat seat = {
		.product = rq->product,
		.person = rq->person,
		.onboarding = rq->onboarding,
		.expires_ms = rq->hold_until_ms,
	};

	if (!rq->must_hold) {
		seat.onboarding = h->wait.onboarding;
		seat.expires_ms = hold_until(g);
	}
	if (h->wait.since != 0)
		wait_leave(g, h, changes);
	h->seat = seat_make(g, choice->free, &seat);
	change_add(changes, CHANGE_SEAT, rq->product, h->seat.pool, SEAT_NONE,
	    h->seat.state);
	remember(g, rq->person, rq->product, &h->seat);
}

/* Like WANTED, of the pool AT; held if it waits for the checks of an onboarding. */
static struct seat
seat_make(struct gate *g, size_t at, const struct seat *wanted)
{
	struct seat seat = *wanted;
	struct pool *pool = &g->pool[at];

	seat.tenant = g->tenant;
	seat.pool = pool->id;
	seat.since_ms = g->now_ms;
	if (seat.onboarding != 0) {
		seat.state = SEAT_HELD;
		pool->held++;
	} else {
		seat.state = SEAT_ASSIGNED;
		seat.expires_ms = 0;
		pool->assigned++;
	}
	g->is_touched[at] = true;
	effect_seat_put(g->fx, &seat);
	return seat;
}

static int64_t
hold_until(const struct gate *g)
{
	return g->now_ms +
	    g->catalogue->setting[SETTING_HOLD_MINUTES] * MINUTE_MS;
}

/* --- waiting --------------------------------------------------------------------------- */

/* Into the list, or to another place in it; the age stays. */
static void
queue(struct gate *g, const struct seat_request *rq,
    const struct choice *choice, struct holding *h, struct change_list *changes)
{
	struct wait old = h->wait;
	struct waiter *before = gate_waiter(g, rq->person, rq->product);
	struct waiter new = { .facts = *rq->facts, .today = rq->today };
	bool is_waiting = old.since != 0;

	new.wait = (struct wait) {
		.tenant = g->tenant,
		.product = rq->product,
		.person = rq->person,
		.priority = choice->priority,
		.since = is_waiting ? old.since : id_new(),
		.onboarding = rq->must_hold ? rq->onboarding : old.onboarding,
		.organisation = FACT(rq->facts, ORGANIZATION),
		.pools = wait_pools_pack(g->arena, choice->pool, choice->n),
	};
	if (is_waiting &&
	    old.priority == new.wait.priority &&old.onboarding ==
		new.wait.onboarding &&old.organisation ==
		new.wait.organisation &&str_eq(old.pools, new.wait.pools))
		return;
	if (is_waiting)
		wait_pools_drop(g, &old);
	if (is_waiting && before != NULL)
		before->is_over = true;

	h->wait = new.wait;
	effect_wait_put(g->fx, &h->wait);
	for (size_t i = 0; i < choice->n; i++)
		effect_wait_pool_put(g->fx,
		    &(struct wait_pool) { g->tenant, choice->pool[i],
			9 - h->wait.priority, h->wait.since, h->wait.person,
			h->wait.product });
	gate_waiter_add(g, &new);
	change_add(changes, CHANGE_WAIT, rq->product, 0,
	    is_waiting ? 1 + old.priority : 0, 1 + h->wait.priority);
}

static void
wait_leave(struct gate *g, struct holding *h, struct change_list *changes)
{
	struct waiter *w = gate_waiter(g, h->wait.person, h->product);

	effect_wait_end(g->fx, &h->wait);
	wait_pools_drop(g, &h->wait);
	if (w != NULL)
		w->is_over = true;
	change_add(
	    changes, CHANGE_WAIT, h->product, 0, 1 + h->wait.priority, 0);
	h->wait = (struct wait) { 0 };
}

static void
wait_pools_drop(struct gate *g, const struct wait *w)
{
	int64_t pool[WAIT_POOLS_MAX];
	size_t n = wait_pools_unpack(w, pool);

	for (size_t i = 0; i < n; i++)
		effect_wait_pool_end(g->fx,
		    &(struct wait_pool) { g->tenant, pool[i], 9 - w->priority,
			w->since, w->person, w->product });
}

/* --- ending, confirming, resizing --------------------------------------------------------- */

void
gate_end(struct gate *g, struct holding *h, enum seat_end end,
    struct change_list *changes)
{
	int64_t person = h->wait.since != 0 ? h->wait.person : h->seat.person;

	gate_refresh(g, person, h);
	if (h->seat.state != SEAT_NONE)
		seat_leave(g, h, end, changes);
	else if (h->wait.since != 0)
		wait_leave(g, h, changes);
}

void
gate_stand_aside(struct gate *g, const struct seat_request *rq,
    struct holding *h, struct change_list *changes)
{
	const struct choice none = { .free = NOWHERE, .priority = rq->priority };

	gate_refresh(g, rq->person, h);
	if (h->seat.state == SEAT_NONE)
		return;
	seat_leave(g, h, SEAT_END_BLOCKED, changes);
	queue(g, rq, &none, h, changes);
}

static void
seat_leave(struct gate *g, struct holding *h, enum seat_end end,
    struct change_list *changes)
{
	struct seat seat = h->seat;
	size_t at = gate_pool_at(g, seat.pool);
	struct seat_past past = {
		.tenant = g->tenant,
		.id = id_new(),
		.product = seat.product,
		.person = seat.person,
		.pool = seat.pool,
		.since_ms = seat.since_ms,
		.until_ms = g->now_ms,
		.reason = end,
	};

	effect_seat_end(g->fx, &seat);
	effect_seat_past(g->fx, &past);
	if (seat.state == SEAT_HELD)
		g->pool[at].held--;
	else
		g->pool[at].assigned--;
	g->is_touched[at] = true;
	change_add(changes, CHANGE_SEAT, seat.product, seat.pool, seat.state,
	    SEAT_NONE);
	h->seat = (struct seat) { 0 };
	remember(g, seat.person, seat.product, &h->seat);
	serve(g, at);
}

void
gate_confirm(struct gate *g, struct holding *h, struct change_list *changes)
{
	int64_t person = h->wait.since != 0 ? h->wait.person : h->seat.person;
	struct waiter *w = gate_waiter(g, person, h->product);
	size_t at;

	gate_refresh(g, person, h);
	if (h->wait.since != 0 && h->wait.onboarding != 0) {
		h->wait.onboarding = 0;
		effect_wait_put(g->fx, &h->wait);
		if (w != NULL)
			w->wait.onboarding = 0;
	}
	if (h->seat.state != SEAT_HELD)
		return;
	at = gate_pool_at(g, h->seat.pool);
	g->pool[at].held--;
	g->pool[at].assigned++;
	g->is_touched[at] = true;
	h->seat.state = SEAT_ASSIGNED;
	h->seat.expires_ms = h->seat.onboarding = 0;
	effect_seat_put(g->fx, &h->seat);
	change_add(changes, CHANGE_SEAT, h->product, h->seat.pool, SEAT_HELD,
	    SEAT_ASSIGNED);
	remember(g, person, h->product, &h->seat);
}

enum err
gate_quota(struct ctx *cx, struct gate *g, int64_t pool_id, int64_t quota,
    struct change_list *changes)
{
	size_t at = gate_pool_at(g, pool_id);
	struct pool *pool = &g->pool[at];
	int64_t used = pool->held + pool->assigned;
	struct arena *arena = cx->arena;
	const char *text =
	    str_z(arena, str_fmt(arena, "%lld", (long long)quota));

	if (quota < 0 || quota > QUOTA_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_POOL_QUOTA, "quota", text,
		    LIMIT_TEXT(QUOTA_MAX));
	if (quota < used)
		return fail(cx, ERR_CONFLICT, MSG_POOL_BELOW_USAGE, "quota",
		    text,
		    str_z(arena,
			str_fmt(arena, "%lld", (long long)(used - quota))));
	if (quota == pool->quota)
		return OK;
	change_add(
	    changes, CHANGE_QUOTA, pool->id, pool->product, pool->quota, quota);
	pool->quota = quota;
	g->is_touched[at] = true;
	serve(g, at);
	return OK;
}

/* --- serving waiters ------------------------------------------------------------------------ */

static void
serve(struct gate *g, size_t at)
{
	struct waiter *w;

	while ((w = next_served(g, at)) != NULL)
		waiter_serve(g, at, w);
}

/* The first of pool AT's list that may have one of its seats now. */
static struct waiter *
next_served(struct gate *g, size_t at)
{
	struct gate_pool *p = &gate_index_of(g)->pool[at];
	struct line *line = &p->line;

	while (line->head < line->n && g->waiter[line->at[line->head]].is_over)
		line->head++;
	for (size_t i = line->head; i < line->n; i++) {
		struct waiter *w = &g->waiter[line->at[i]];

		if (w->is_over)
			continue;
		/* whoever comes after has no higher priority */
		if (p->info == NULL ||
		    seats_free(&g->pool[at], p->product,
			g->catalogue->setting[SETTING_CAP_PASS_PRIORITY],
			(int)w->wait.priority) == 0)
			return NULL;
		if (is_eligible(g, p, &w->facts, w->today))
			return w;
	}
	return NULL;
}

static void
waiter_serve(struct gate *g, size_t at, struct waiter *w)
{
	struct wait wait = w->wait;
	struct seat wanted = {
		.product = wait.product,
		.person = wait.person,
		.onboarding = wait.onboarding,
		.expires_ms = hold_until(g),
	};

	effect_wait_end(g->fx, &wait);
	wait_pools_drop(g, &wait);
	w->is_over = true;
	w->seat = wanted = seat_make(g, at, &wanted);
	if (g->served != NULL)
		g->served(g->served_arg, &wanted, &wait);
}

/* --- what the batch did to a waiter ---------------------------------------------------------- */

void
gate_refresh(struct gate *g, int64_t person, struct holding *h)
{
	const struct waiter *w = gate_waiter(g, person, h->product);

	if (w == NULL)
		return;
	h->wait = w->is_over ? (struct wait) { 0 } : w->wait;
	h->seat = w->is_over ? w->seat : (struct seat) { 0 };
}

/* A former waiter's seat changed: other copies of its holding must learn of it. */
static void
remember(
    struct gate *g, int64_t person, int64_t product, const struct seat *seat)
{
	struct waiter *w = gate_waiter(g, person, product);

	if (w != NULL)
		w->seat = *seat;
}

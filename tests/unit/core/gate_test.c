/* SPDX-License-Identifier: Apache-2.0 */
/* gate_test.c - who gets a seat of which pool, who waits, and who is served when one comes free. */
#include "gate_try.h"

/* --- who gets what ------------------------------------------------------------------ */

struct used {
	const char *pool;
	int64_t	    seats;
};

static const struct take_case {
	const char  *what, *product, *site;
	int	     priority;
	bool	     is_design;
	struct used  used[4];
	enum outcome outcome;
	const char  *pool;
	enum msg     reason;
} takes[] = {
	{ "own site", "mail", "ber", 5, false, { { 0 } }, OUTCOME_ASSIGNED, "ber", MSG_NONE },
	{ "own site, the better pool", "mail", "ber", 5, true, { { 0 } }, OUTCOME_ASSIGNED, "design", MSG_NONE },
	{ "own site, the better pool is full", "mail", "ber", 5, true, { { "design", 1 } }, OUTCOME_ASSIGNED, "ber",
	    MSG_NONE },
	{ "own site, the last below the cap", "mail", "ber", 5, false, { { "ber", 17 } }, OUTCOME_ASSIGNED, "ber",
	    MSG_NONE },
	{ "at the cap: fail-over", "mail", "ber", 5, false, { { "ber", 18 } }, OUTCOME_ASSIGNED, "muc", MSG_NONE },
	{ "priority 6 does not pass the cap", "mail", "ber", 6, false, { { "ber", 18 } }, OUTCOME_ASSIGNED, "muc",
	    MSG_NONE },
	{ "priority 7 passes the cap", "mail", "ber", 7, false, { { "ber", 18 } }, OUTCOME_ASSIGNED, "ber", MSG_NONE },
	{ "priority 9 takes the last seat", "mail", "ber", 9, false, { { "ber", 19 } }, OUTCOME_ASSIGNED, "ber",
	    MSG_NONE },
	{ "a full pool has nothing for priority 9 either", "mail", "ber", 9, false, { { "ber", 20 } }, OUTCOME_ASSIGNED,
	    "muc", MSG_NONE },
	{ "a pool under 10 has no reserve", "mail", "muc", 0, false, { { "muc", 8 } }, OUTCOME_ASSIGNED, "muc",
	    MSG_NONE },
	{ "fail-over full: global", "mail", "ber", 5, false, { { "ber", 18 }, { "muc", 9 } }, OUTCOME_ASSIGNED,
	    "global", MSG_NONE },
	{ "no fail-over the other way", "mail", "muc", 5, false, { { "muc", 9 } }, OUTCOME_ASSIGNED, "global",
	    MSG_NONE },
	{ "a site without a pool: global", "mail", "vie", 5, false, { { 0 } }, OUTCOME_ASSIGNED, "global", MSG_NONE },
	{ "no site: global", "mail", "", 5, false, { { 0 } }, OUTCOME_ASSIGNED, "global", MSG_NONE },
	{ "global at the cap: the list, never the reserve", "mail", "vie", 5, false, { { "global", 9 } },
	    OUTCOME_QUEUED, "global", MSG_SEAT_QUEUED },
	{ "all full: the list of the own site first", "mail", "ber", 5, false, { { "ber", 18 }, { "muc", 9 },
	    { "global", 9 } }, OUTCOME_QUEUED, "ber", MSG_SEAT_QUEUED },
	{ "all full, priority 9 waits too", "mail", "ber", 9, false, { { "ber", 20 }, { "muc", 9 }, { "global", 10 } },
	    OUTCOME_QUEUED, "ber", MSG_SEAT_QUEUED },
	{ "a cap of 50 %", "cad", "ber", 5, true, { { "cad", 2 } }, OUTCOME_QUEUED, "cad", MSG_SEAT_QUEUED },
	{ "a cap of 50 %, passed", "cad", "ber", 8, true, { { "cad", 3 } }, OUTCOME_ASSIGNED, "cad", MSG_NONE },
	{ "not eligible", "cad", "ber", 9, false, { { 0 } }, OUTCOME_REFUSED, "", MSG_SEAT_NO_POOL },
	{ "eligible, but of another site", "cad", "muc", 9, true, { { 0 } }, OUTCOME_REFUSED, "", MSG_SEAT_NO_POOL },
	{ "a role is required", "sec", "ber", 9, false, { { 0 } }, OUTCOME_REFUSED, "", MSG_SEAT_ROLE },
	{ "only a reserve", "bare", "ber", 9, false, { { 0 } }, OUTCOME_REFUSED, "", MSG_SEAT_NO_POOL },
};

static void
seats_are_given_in_order(void **state)
{
	for (size_t i = 0; i < COUNT(takes); i++) {
		const struct take_case *t = &takes[i];
		struct asker *a;
		enum msg refusal;

		assert_int_equal(drop(state), 0);
		assert_int_equal(fresh(state), 0);
		for (size_t u = 0; u < COUNT(t->used) && t->used[u].pool; u++) {
			pool(t->used[u].pool)->assigned = t->used[u].seats / 2;
			pool(t->used[u].pool)->held =
			    t->used[u].seats - t->used[u].seats / 2;
		}
		a = asker(t->product, t->site, t->priority);
		if (t->is_design)
			FACT(&a->facts, DEPARTMENT) = DESIGN;
		refusal = gate_refusal(&w.g, &a->rq, &a->h);
		assert_int_equal(w.g.fx->nseat_put + w.g.fx->nwait_put, 0);
		if (take(a) != t->outcome || a->out.reason != t->reason ||
		    strcmp(pool_slug(w.c, a->out.pool), t->pool) != 0)
			wrong("%s: %s of \"%s\", %s", t->what,
			    outcome_name(a->out.outcome),
			    pool_slug(w.c, a->out.pool),
			    msg_name(a->out.reason));
		assert_int_equal(refusal,
		    t->reason == MSG_SEAT_QUEUED ? MSG_SEAT_FULL : t->reason);
		assert_int_equal(
		    w.changes.n, t->outcome == OUTCOME_REFUSED ? 0 : 1);
	}
}

static void
an_unknown_product_is_refused(void **state)
{
	struct asker *a = asker("mail", "ber", 5);

	(void)state;
	a->rq.product = a->h.product = 4711;
	assert_int_equal(take(a), OUTCOME_REFUSED);
	assert_int_equal(a->out.reason, MSG_SEAT_NO_POOL);
}

static void
free_seats_depend_on_the_priority(void **state)
{
	(void)state;
	pool("ber")->held = 10;
	pool("ber")->assigned = 9;
	assert_int_equal(pool_free(&w.g, pool("ber"), 6), 0);
	assert_int_equal(pool_free(&w.g, pool("ber"), 7), 1);
	pool("ber")->assigned = 2;
	assert_int_equal(pool_free(&w.g, pool("ber"), 0), 6);
	assert_int_equal(pool_free(&w.g, pool("ber"), 9), 8);
	assert_int_equal(pool_free(&w.g, pool("muc"), 0), 9);
	assert_int_equal(pool_free(&w.g, pool("spare"), 9), 0);
	assert_int_equal(
	    pool_free(&w.g, &(struct pool) { .id = 999, .quota = 5 }, 9), 0);
}

/* --- waiting ------------------------------------------------------------------------ */

static void
fill(const char *product, const char *site, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    taken(product, site, 9)->out.outcome, OUTCOME_ASSIGNED);
}

static void
who_waits_stands_in_the_list_of_each_pool(void **state)
{
	struct asker *a;
	const struct effects *fx = w.g.fx;

	(void)state;
	fill("mail", "ber", 39);
	a = taken("mail", "ber", 3);
	assert_waits(a, 3);
	assert_int_equal(fx->nwait_put, 1);
	assert_int_equal(fx->wait_put[0].priority, 3);
	assert_int_equal(fx->wait_put[0].onboarding, 0);
	assert_int_equal(fx->nwait_pool_put, 3);
	for (size_t i = 0; i < 3; i++) {
		static const char *const pools[] = { "ber", "muc", "global" };
		const struct wait_pool *p = &fx->wait_pool_put[i];

		assert_int_equal(p->tenant, 1);
		assert_int_equal(p->pool, pool(pools[i])->id);
		assert_int_equal(p->rank, 6);
		assert_int_equal(p->since, a->h.wait.since);
		assert_int_equal(p->person, a->rq.person);
		assert_int_equal(p->product, a->rq.product);
	}
	assert_change(
	    0, (struct change) { CHANGE_WAIT, a->rq.product, 0, 0, 4 });
	assert_int_equal(w.changes.n, 1);
	assert_int_equal(take(a), OUTCOME_QUEUED);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(fx->nwait_put, 1);
	assert_int_equal(fx->nwait_pool_end, 0);
}

static void
a_freed_seat_goes_to_the_first_by_priority_and_age(void **state)
{
	struct asker *holder = taken("one", "ber", 5);
	struct asker *other = taken("one", "ber", 5);
	struct asker *low = taken("one", "ber", 4);
	struct asker *old = taken("one", "ber", 5);
	struct asker *young = taken("one", "ber", 5);
	struct asker *global = taken("one", "vie", 5);

	(void)state;
	assert_int_equal(other->out.pool, pool("one-global")->id);
	assert_waits(low, 2);
	assert_waits(global, 1);
	end(holder, SEAT_END_LEFT);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(w.served[0].person, old->rq.person);
	assert_int_equal(w.served[0].pool, pool("one-ber")->id);
	assert_int_equal(w.served[0].state, SEAT_ASSIGNED);
	assert_int_equal(w.served_wait[0].since, old->h.wait.since);
	assert_int_equal(pool("one-ber")->assigned, 1);
	/* its rows in the lists of both pools are gone */
	assert_int_equal(w.g.fx->nwait_end, 1);
	assert_int_equal(w.g.fx->nwait_pool_end, 2);

	/* the pool of another site's people serves in the same order */
	end(other, SEAT_END_LEFT);
	assert_int_equal(w.served[1].person, young->rq.person);
	gate_refresh(&w.g, young->rq.person, &young->h);
	assert_int_equal(young->h.seat.pool, pool("one-global")->id);
	end(young, SEAT_END_LEFT);
	assert_int_equal(w.served[2].person, global->rq.person);
	assert_int_equal(take(old), OUTCOME_ASSIGNED);
	end(old, SEAT_END_LEFT);
	assert_int_equal(w.served[3].person, low->rq.person);
	assert_int_equal(w.nserved, 4);
}

static void
a_waiter_below_the_pass_priority_is_served_below_the_cap_only(void **state)
{
	struct asker *holder[20];
	struct asker *low, *high;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		holder[i] = taken("mail", "ber", 9);
	fill("mail", "muc", 19);
	low = taken("mail", "ber", 6);
	high = taken("mail", "ber", 7);
	assert_waits(low, 3);
	assert_waits(high, 3);
	end(holder[0], SEAT_END_LEFT);
	assert_int_equal(w.served[0].person, high->rq.person);
	end(holder[1], SEAT_END_LEFT);
	end(holder[2], SEAT_END_LEFT);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(pool("ber")->assigned, 18);
	end(holder[3], SEAT_END_LEFT);
	assert_int_equal(w.nserved, 2);
	assert_int_equal(w.served[1].person, low->rq.person);
	assert_int_equal(pool("ber")->assigned, 18);
}

static void
a_raised_priority_keeps_the_age(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *first = taken("one", "vie", 6);
	struct asker *second = taken("one", "vie", 5);
	int64_t since = second->h.wait.since;

	(void)state;
	second->rq.priority = 6;
	assert_int_equal(take(second), OUTCOME_QUEUED);
	assert_int_equal(second->h.wait.since, since);
	assert_int_equal(second->h.wait.priority, 6);
	assert_change(
	    0, (struct change) { CHANGE_WAIT, second->rq.product, 0, 6, 7 });
	assert_int_equal(w.g.fx->nwait_put, 2);
	assert_int_equal(w.g.fx->nwait_pool_put, 2);
	assert_int_equal(w.g.fx->nwait_pool_end, 1);
	assert_int_equal(w.g.fx->wait_pool_end[0].rank, 4);

	/* asking for less changes nothing */
	second->rq.priority = 0;
	assert_int_equal(take(second), OUTCOME_QUEUED);
	assert_int_equal(w.changes.n, 0);

	/* the same priority: first is younger by priority, but older by age */
	end(holder, SEAT_END_LEFT);
	assert_int_equal(w.served[0].person, first->rq.person);
	first->rq.priority = 9;
	assert_int_equal(take(first), OUTCOME_ASSIGNED);
	end(first, SEAT_END_LEFT);
	assert_int_equal(w.served[1].person, second->rq.person);
}

static void
a_raised_priority_may_pass_the_cap_at_once(void **state)
{
	struct asker *a;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		(void)taken("mail", "vie", 5);
	a = taken("mail", "vie", 5);
	assert_waits(a, 1);
	a->rq.priority = 7;
	assert_int_equal(gate_refusal(&w.g, &a->rq, &a->h), MSG_NONE);
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(a->h.wait.since, 0);
	assert_int_equal(w.g.fx->nwait_end, 1);
	assert_int_equal(w.g.fx->nwait_put, 0);
	assert_int_equal(w.g.fx->nwait_pool_put, 0);
	assert_change(
	    0, (struct change) { CHANGE_WAIT, a->rq.product, 0, 6, 0 });
	assert_change(1,
	    (struct change) { CHANGE_SEAT, a->rq.product, pool("global")->id,
		SEAT_NONE, SEAT_ASSIGNED });
}

static void
who_was_moved_up_is_served_once(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *a = taken("one", "vie", 5);
	struct asker *b = taken("one", "vie", 1);

	(void)state;
	a->rq.priority = 6;
	(void)take(a);
	end(holder, SEAT_END_LEFT);
	end(a, SEAT_END_LEFT);
	assert_int_equal(w.nserved, 2);
	assert_int_equal(w.served[0].person, a->rq.person);
	assert_int_equal(w.served[1].person, b->rq.person);
}

static void
a_waiter_can_leave_the_list(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *first = taken("one", "vie", 5);
	struct asker *second = taken("one", "vie", 5);

	(void)state;
	end(first, SEAT_END_RELEASED);
	assert_int_equal(first->h.wait.since, 0);
	assert_change(
	    0, (struct change) { CHANGE_WAIT, first->rq.product, 0, 6, 0 });
	assert_int_equal(w.g.fx->nseat_past, 0);
	assert_int_equal(w.g.fx->nwait_put, 1);
	end(first, SEAT_END_RELEASED);
	assert_int_equal(w.changes.n, 0);
	end(holder, SEAT_END_LEFT);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(w.served[0].person, second->rq.person);
	/* and come back, behind the others */
	assert_int_equal(take(first), OUTCOME_QUEUED);
	assert_true(first->h.wait.since > second->h.wait.since);
}

static void
a_served_waiter_is_found_under_its_old_holding(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *a = taken("one", "vie", 5);
	struct holding copy = a->h;

	(void)state;
	end(holder, SEAT_END_LEFT);
	assert_int_equal(a->h.seat.state, SEAT_NONE);
	assert_int_equal(gate_refusal(&w.g, &a->rq, &a->h), MSG_NONE);
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(a->out.pool, pool("one-global")->id);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(a->h.wait.since, 0);
	/* a copy that nobody told ends the same seat, once */
	gate_end(&w.g, &copy, SEAT_END_RELEASED, &w.changes);
	assert_int_equal(w.changes.n, 1);
	end(a, SEAT_END_RELEASED);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(w.g.fx->nseat_past, 2);
	assert_int_equal(pool("one-global")->assigned, 0);
}

static void
who_waits_for_checks_is_served_a_held_seat(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *a = asker("one", "vie", 5);
	struct asker *b = asker("one", "vie", 5);
	int64_t until = w.g.now_ms + INT64_C(1440) * 60000;
	struct holding copy;

	(void)state;
	a->rq.must_hold = b->rq.must_hold = true;
	a->rq.onboarding = 70;
	b->rq.onboarding = 71;
	assert_int_equal(take(a), OUTCOME_QUEUED);
	assert_int_equal(take(b), OUTCOME_QUEUED);
	w.changes.n = 0;
	gate_confirm(&w.g, &b->h, &w.changes);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(b->h.wait.onboarding, 0);
	end(holder, SEAT_END_LEFT);
	assert_int_equal(w.served[0].person, a->rq.person);
	assert_int_equal(w.served[0].state, SEAT_HELD);
	assert_int_equal(w.served[0].onboarding, 70);
	assert_int_equal(w.served[0].expires_ms, until);
	assert_int_equal(pool("one-global")->held, 1);
	copy = a->h;
	gate_confirm(&w.g, &copy, &w.changes);
	assert_int_equal(copy.seat.state, SEAT_ASSIGNED);
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	end(a, SEAT_END_CHECK);
	assert_int_equal(w.served[1].person, b->rq.person);
	assert_int_equal(w.served[1].state, SEAT_ASSIGNED);
}

static void
without_waiting_a_full_pool_refuses(void **state)
{
	struct asker *holder = taken("one", "vie", 5);
	struct asker *a = asker("one", "vie", 5);

	(void)state;
	(void)holder;
	a->rq.must_not_wait = true;
	assert_int_equal(take(a), OUTCOME_REFUSED);
	assert_int_equal(a->out.reason, MSG_SEAT_FULL);
	assert_int_equal(a->out.pool, 0);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(w.g.fx->nwait_put, 0);
	/* and who waits already goes on waiting */
	a->rq.must_not_wait = false;
	(void)take(a);
	a->rq.must_not_wait = true;
	assert_int_equal(take(a), OUTCOME_REFUSED);
	assert_true(a->h.wait.since != 0);
}

static void
a_waiter_who_moves_waits_for_other_pools(void **state)
{
	struct asker *ber = taken("one", "ber", 5);
	struct asker *global = taken("one", "ber", 5);
	struct asker *a = taken("one", "vie", 5);
	struct asker *b = taken("one", "vie", 5);

	(void)state;
	FACT(&b->facts, SITE) = site_id(w.c, "ber");
	assert_int_equal(take(b), OUTCOME_QUEUED);
	assert_waits(b, 2);
	assert_int_equal(b->out.pool, pool("one-ber")->id);
	assert_change(
	    0, (struct change) { CHANGE_WAIT, b->rq.product, 0, 6, 6 });
	end(global, SEAT_END_LEFT);
	assert_int_equal(w.served[0].person, a->rq.person);
	end(ber, SEAT_END_LEFT);
	assert_int_equal(w.served[1].person, b->rq.person);
}

static void
who_moves_to_a_free_seat_gets_it(void **state)
{
	struct asker *global = taken("one", "vie", 5);
	struct asker *a = taken("one", "vie", 5);

	(void)state;
	(void)global;
	FACT(&a->facts, SITE) = site_id(w.c, "ber");
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(a->out.pool, pool("one-ber")->id);
	assert_int_equal(w.g.fx->nwait_end, 1);
}

static void
a_wait_that_no_pool_can_serve_ends(void **state)
{
	struct asker *a = asker("cad", "ber", 5);

	(void)state;
	FACT(&a->facts, DEPARTMENT) = DESIGN;
	pool("cad")->assigned = 4;
	assert_int_equal(take(a), OUTCOME_QUEUED);
	FACT(&a->facts, DEPARTMENT) = SALES;
	assert_int_equal(take(a), OUTCOME_REFUSED);
	assert_int_equal(a->out.reason, MSG_SEAT_NO_POOL);
	assert_int_equal(a->h.wait.since, 0);
	assert_int_equal(w.changes.n, 1);
	assert_int_equal(w.g.fx->nwait_put, 0);
	assert_int_equal(w.g.fx->nwait_end, 1);
}

static void
eligibility_is_checked_again_when_served(void **state)
{
	struct wait_pool first;
	struct asker *holder = asker("cad", "ber", 9);
	struct asker *a = asker("cad", "ber", 9), *b = asker("cad", "ber", 8);
	struct waiter loaded[2] = { 0 };

	(void)state;
	FACT(&holder->facts, DEPARTMENT) = FACT(&a->facts, DEPARTMENT) =
	    FACT(&b->facts, DEPARTMENT) = DESIGN;
	pool("cad")->assigned = 3;
	assert_int_equal(take(holder), OUTCOME_ASSIGNED);
	(void)take(a);
	(void)take(b);
	first = w.g.fx->wait_pool_put[0];
	assert_int_equal(first.person, a->rq.person);

	/* the next batch: A has changed department, and nobody has asked yet */
	loaded[0] = (struct waiter) { .wait = b->h.wait, .facts = b->facts };
	loaded[1] = (struct waiter) { .wait = a->h.wait, .facts = a->facts };
	FACT(&loaded[1].facts, DEPARTMENT) = SALES;
	w.g.index = NULL;
	w.g.waiter = loaded;
	w.g.nwaiter = w.g.capwaiter = 2;
	end(holder, SEAT_END_LEFT);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(w.served[0].person, b->rq.person);
}

static void
loaded_waiters_are_served_in_order_whatever_their_order(void **state)
{
	static const struct {
		int64_t priority, since;
	} rows[] = { { 5, 30 }, { 9, 50 }, { 5, 10 }, { 0, 1 }, { 9, 40 } };
	static const int64_t want[] = { 4, 1, 2, 0, 3 };
	int64_t id = pool("one-global")->id;
	struct waiter *loaded = arena_array(cx.arena, 5, sizeof(*loaded));

	(void)state;
	for (size_t i = 0; i < 5; i++)
		loaded[i].wait = (struct wait) { .tenant = 1,
			.product = product_id(w.c, "one"),
			.person = 500 + (int64_t)i,
			.priority = rows[i].priority,
			.since = rows[i].since,
			.pools = wait_pools_pack(cx.arena, &id, 1) };
	w.g.waiter = loaded;
	w.g.nwaiter = w.g.capwaiter = 5;
	pool("one-global")->quota = 0;
	assert_int_equal(gate_quota(&cx, &w.g, id, 2, &w.changes), OK);
	assert_int_equal(w.nserved, 2);
	assert_int_equal(gate_quota(&cx, &w.g, id, 9, &w.changes), OK);
	assert_int_equal(w.nserved, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(w.served[i].person, 500 + want[i]);
	assert_int_equal(pool("one-global")->assigned, 5);
}

/* --- quotas ---------------------------------------------------------------------------- */

static void
a_quota_below_usage_is_refused_with_what_is_in_the_way(void **state)
{
	struct pool *p = pool("ber");

	(void)state;
	p->held = 3;
	p->assigned = 4;
	assert_int_equal(
	    gate_quota(&cx, &w.g, p->id, 5, &w.changes), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_POOL_BELOW_USAGE);
	assert_str(cx.fault.field, "quota");
	assert_str(cx.fault.args[0], "5");
	assert_str(cx.fault.args[1], "2");
	assert_refused(
	    gate_quota(&cx, &w.g, p->id, -1, &w.changes), POOL_QUOTA, "quota");
	assert_refused(
	    gate_quota(&cx, &w.g, p->id, INT64_C(1000000001), &w.changes),
	    POOL_QUOTA, "quota");
	assert_int_equal(p->quota, 20);
	assert_false(is_touched("ber"));
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(gate_quota(&cx, &w.g, p->id, 7, &w.changes), OK);
	assert_int_equal(p->quota, 7);
	assert_true(is_touched("ber"));
	assert_change(
	    0, (struct change) { CHANGE_QUOTA, p->id, p->product, 20, 7 });
	w.changes.n = 0;
	assert_int_equal(gate_quota(&cx, &w.g, p->id, 7, &w.changes), OK);
	assert_int_equal(w.changes.n, 0);
}

static void
a_raised_quota_serves_as_many_as_fit_below_the_cap(void **state)
{
	struct asker *a[8];

	(void)state;
	fill("mail", "vie", 10);
	for (size_t i = 0; i < 8; i++)
		a[i] = taken("mail", "vie", i == 7 ? 9 : 2);
	assert_int_equal(
	    gate_quota(&cx, &w.g, pool("global")->id, 15, &w.changes), OK);
	/* reserve 1: one for the priority, and three more up to 14 */
	assert_int_equal(w.nserved, 4);
	assert_int_equal(w.served[0].person, a[7]->rq.person);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(w.served[i + 1].person, a[i]->rq.person);
	assert_int_equal(pool("global")->assigned, 14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(seats_are_given_in_order),
		TEST(an_unknown_product_is_refused),
		TEST(free_seats_depend_on_the_priority),
		TEST(who_waits_stands_in_the_list_of_each_pool),
		TEST(a_freed_seat_goes_to_the_first_by_priority_and_age),
		TEST(
		    a_waiter_below_the_pass_priority_is_served_below_the_cap_only),
		TEST(a_raised_priority_keeps_the_age),
		TEST(a_raised_priority_may_pass_the_cap_at_once),
		TEST(who_was_moved_up_is_served_once),
		TEST(a_waiter_can_leave_the_list),
		TEST(a_served_waiter_is_found_under_its_old_holding),
		TEST(who_waits_for_checks_is_served_a_held_seat),
		TEST(without_waiting_a_full_pool_refuses),
		TEST(a_waiter_who_moves_waits_for_other_pools),
		TEST(who_moves_to_a_free_seat_gets_it),
		TEST(a_wait_that_no_pool_can_serve_ends),
		TEST(eligibility_is_checked_again_when_served),
		TEST(loaded_waiters_are_served_in_order_whatever_their_order),
		TEST(a_quota_below_usage_is_refused_with_what_is_in_the_way),
		TEST(a_raised_quota_serves_as_many_as_fit_below_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

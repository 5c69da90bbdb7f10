/* SPDX-License-Identifier: Apache-2.0 */
/* seat_test.c - every transition of a seat, and what one person holds. */
#include "gate_try.h"

/* --- transitions ------------------------------------------------------------------- */

static void
taking_writes_one_seat_and_counts_it(void **state)
{
	struct asker *a = taken("mail", "ber", 5);
	const struct seat *put = w.g.fx->seat_put;

	(void)state;
	assert_int_equal(w.g.fx->nseat_put, 1);
	assert_int_equal(put->tenant, 1);
	assert_int_equal(put->product, a->rq.product);
	assert_int_equal(put->person, a->rq.person);
	assert_int_equal(put->pool, pool("ber")->id);
	assert_int_equal(put->state, SEAT_ASSIGNED);
	assert_int_equal(put->since_ms, w.g.now_ms);
	assert_int_equal(put->expires_ms, 0);
	assert_int_equal(put->onboarding, 0);
	assert_int_equal(pool("ber")->assigned, 1);
	assert_int_equal(pool("ber")->held, 0);
	assert_true(is_touched("ber"));
	assert_false(is_touched("muc"));
	assert_change(0,
	    (struct change) { CHANGE_SEAT, a->rq.product, pool("ber")->id,
		SEAT_NONE, SEAT_ASSIGNED });
}

static void
asking_again_has_no_effect(void **state)
{
	struct asker *a = taken("mail", "ber", 5);

	(void)state;
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(a->out.pool, pool("ber")->id);
	a->rq.priority = 9;
	a->rq.must_hold = true;
	a->rq.onboarding = 7;
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(gate_refusal(&w.g, &a->rq, &a->h), MSG_NONE);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(w.g.fx->nseat_put, 1);
	assert_int_equal(pool("ber")->assigned, 1);
}

static void
a_seat_is_held_while_a_check_is_open_and_then_assigned(void **state)
{
	struct asker *a = asker("mail", "ber", 5);

	(void)state;
	a->rq.must_hold = true;
	a->rq.onboarding = 77;
	assert_int_equal(take(a), OUTCOME_HELD);
	assert_int_equal(a->out.reason, MSG_SEAT_HELD);
	assert_int_equal(pool("ber")->held, 1);
	assert_int_equal(pool("ber")->assigned, 0);
	assert_int_equal(a->h.seat.expires_ms, a->rq.hold_until_ms);
	assert_int_equal(a->h.seat.onboarding, 77);
	assert_int_equal(take(a), OUTCOME_HELD);
	assert_int_equal(w.g.fx->nseat_put, 1);

	w.changes.n = 0;
	gate_confirm(&w.g, &a->h, &w.changes);
	assert_int_equal(a->h.seat.state, SEAT_ASSIGNED);
	assert_int_equal(pool("ber")->held, 0);
	assert_int_equal(pool("ber")->assigned, 1);
	assert_change(0,
	    (struct change) { CHANGE_SEAT, a->rq.product, pool("ber")->id,
		SEAT_HELD, SEAT_ASSIGNED });
	/* still one row of this key, as it is to be stored */
	assert_int_equal(w.g.fx->nseat_put, 1);
	assert_int_equal(w.g.fx->seat_put[0].state, SEAT_ASSIGNED);
	assert_int_equal(w.g.fx->seat_put[0].expires_ms, 0);
	assert_int_equal(w.g.fx->seat_put[0].onboarding, 0);

	w.changes.n = 0;
	gate_confirm(&w.g, &a->h, &w.changes);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
}

static void
confirming_nothing_has_no_effect(void **state)
{
	struct asker *a = asker("mail", "ber", 5);

	(void)state;
	gate_confirm(&w.g, &a->h, &w.changes);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(w.g.fx->nseat_put + w.g.fx->nwait_put, 0);
}

static void
an_ended_seat_becomes_past(void **state)
{
	struct asker *a = taken("mail", "ber", 5);
	struct asker *held = asker("mail", "ber", 5);
	const struct seat_past *past;

	(void)state;
	held->rq.must_hold = true;
	held->rq.onboarding = 5;
	(void)take(held);
	w.g.now_ms += 1000;
	end(a, SEAT_END_RELEASED);
	assert_int_equal(a->h.seat.state, SEAT_NONE);
	assert_change(0,
	    (struct change) { CHANGE_SEAT, a->rq.product, pool("ber")->id,
		SEAT_ASSIGNED, SEAT_NONE });
	end(held, SEAT_END_EXPIRED);
	assert_change(0,
	    (struct change) { CHANGE_SEAT, a->rq.product, pool("ber")->id,
		SEAT_HELD, SEAT_NONE });
	assert_int_equal(pool("ber")->assigned, 0);
	assert_int_equal(pool("ber")->held, 0);
	assert_int_equal(w.g.fx->nseat_past, 2);
	past = w.g.fx->seat_past;
	assert_int_equal(past->person, a->rq.person);
	assert_int_equal(past->pool, pool("ber")->id);
	assert_int_equal(past->until_ms - past->since_ms, 1000);
	assert_int_equal(past[0].reason, SEAT_END_RELEASED);
	assert_int_equal(past[1].reason, SEAT_END_EXPIRED);
	assert_true(past[0].id != past[1].id);
	/* taken and ended in one batch: nothing is left to put */
	assert_int_equal(w.g.fx->nseat_put, 0);
	assert_int_equal(w.g.fx->nseat_end, 2);

	end(a, SEAT_END_RELEASED);
	assert_int_equal(w.changes.n, 0);
	assert_int_equal(w.g.fx->nseat_past, 2);
	assert_int_equal(take(a), OUTCOME_ASSIGNED);
	assert_int_equal(w.g.fx->nseat_put, 1);
}

/* --- holdings and words ------------------------------------------------------------ */

static void
pools_of_a_wait_survive_packing(void **state)
{
	int64_t pool[WAIT_POOLS_MAX], back[WAIT_POOLS_MAX];
	struct wait wait = { 0 };

	(void)state;
	for (size_t i = 0; i < WAIT_POOLS_MAX; i++)
		pool[i] = INT64_C(0x0102030405060708) * (int64_t)i + 1;
	for (size_t n = 0; n <= WAIT_POOLS_MAX; n++) {
		wait.pools = wait_pools_pack(cx.arena, pool, n);
		assert_int_equal(wait.pools.n, n * 8);
		assert_int_equal(wait_pools_unpack(&wait, back), n);
		assert_memory_equal(back, pool, n * sizeof(*pool));
	}
	/* the same bytes on every machine */
	wait.pools = wait_pools_pack(cx.arena, (int64_t[]) { 258 }, 1);
	assert_memory_equal(wait.pools.p, "\0\0\0\0\0\0\1\2", 8);
}

static void
a_holding_ends_with_all_its_grants(void **state)
{
	struct asker *a = taken("mail", "ber", 5);

	(void)state;
	for (int r = GRANT_REQUEST; r <= GRANT_DIRECT; r += 2) {
		a->h.grants |= 1u << r;
		a->h.grant[r] = (struct grant) { .tenant = 1,
			.person = a->rq.person,
			.product = a->rq.product,
			.reason = (enum grant_reason)r,
			.origin = 40 + r,
			.since_ms = 5 };
	}
	w.changes.n = 0;
	holding_end(&w.g, &a->h, SEAT_END_RELEASED, &w.changes);
	assert_int_equal(a->h.grants, 0);
	assert_int_equal(a->h.seat.state, SEAT_NONE);
	assert_int_equal(w.changes.n, 3);
	assert_change(0,
	    (struct change) {
		CHANGE_GRANT, a->rq.product, GRANT_REQUEST, 1, 0 });
	assert_change(1,
	    (struct change) {
		CHANGE_GRANT, a->rq.product, GRANT_DIRECT, 1, 0 });
	assert_int_equal(w.g.fx->ngrant_end, 2);
	assert_int_equal(w.g.fx->ngrant_past, 2);
	assert_int_equal(w.g.fx->grant_past[1].origin, 43);
	assert_int_equal(w.g.fx->grant_past[1].since_ms, 5);
	assert_int_equal(w.g.fx->grant_past[1].until_ms, w.g.now_ms);
	w.changes.n = 0;
	holding_end(&w.g, &a->h, SEAT_END_RELEASED, &w.changes);
	assert_int_equal(w.changes.n, 0);
}

static void
every_word_is_told(void **state)
{
	(void)state;
	assert_string_equal(seat_state_name(SEAT_NONE), "none");
	assert_string_equal(seat_state_name(SEAT_HELD), "held");
	assert_string_equal(seat_state_name(SEAT_ASSIGNED), "assigned");
	assert_string_equal(grant_reason_name(GRANT_REQUEST), "request");
	assert_string_equal(grant_reason_name(GRANT_RULE), "rule");
	assert_string_equal(grant_reason_name(GRANT_DIRECT), "direct");
	assert_string_equal(seat_end_name(SEAT_END_RELEASED), "released");
	assert_string_equal(seat_end_name(SEAT_END_CHECK), "check");
	assert_string_equal(outcome_name(OUTCOME_ASSIGNED), "assigned");
	assert_string_equal(outcome_name(OUTCOME_REFUSED), "refused");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(taking_writes_one_seat_and_counts_it),
		TEST(asking_again_has_no_effect),
		TEST(a_seat_is_held_while_a_check_is_open_and_then_assigned),
		TEST(confirming_nothing_has_no_effect),
		TEST(an_ended_seat_becomes_past),
		TEST(pools_of_a_wait_survive_packing),
		TEST(a_holding_ends_with_all_its_grants),
		TEST(every_word_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

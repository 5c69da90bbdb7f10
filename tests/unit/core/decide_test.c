/* SPDX-License-Identifier: Apache-2.0 */
/* decide_test.c - joiners, movers, leavers: what becomes of a person, and what that does to others. */
#include "decide_try.h"

/* --- joiners ---------------------------------------------------------------------------- */

static void
a_joiner_gets_what_was_asked_for_and_what_the_rules_give(void **state)
{
	struct life *p = person("ber", DESIGN);
	const struct change *first;
	const struct grant *put = NULL;

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_true(p->m.is_changed);
	assert_int_equal(p->row.lifecycle, LIFE_ACTIVE);
	assert_int_equal(p->row.site, site_id(w.c, "ber"));
	assert_int_equal(p->row.start_day, DAY(-100));
	assert_true(p->contract[0].is_primary);
	assert_int_equal(p->m.noutcome, 3);
	assert_outcome(p, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	assert_outcome(p, 1, "cad", OUTCOME_ASSIGNED, MSG_NONE);
	assert_outcome(p, 2, "mail", OUTCOME_ASSIGNED, MSG_NONE);
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_string_equal(holds(p, "cad"), "R seat");
	assert_string_equal(holds(p, "mail"), "R seat");
	first = p->m.changes.change;
	assert_int_equal(first->kind, CHANGE_LIFECYCLE);
	assert_int_equal(first->before, 0);
	assert_int_equal(first->after, LIFE_ACTIVE);
	assert_int_equal(changes(p, CHANGE_CERTIFICATION), 1);
	assert_int_equal(changes(p, CHANGE_SEAT), 3);
	assert_int_equal(changes(p, CHANGE_GRANT), 3);
	assert_int_equal(w.g.fx->ngrant_put, 3);
	put = &of(p, "wiki")->grant[GRANT_REQUEST];
	assert_int_equal(put->origin, 900);
	assert_int_equal(put->person, p->row.id);
	assert_int_equal(put->since_ms, w.g.now_ms);
	put = &of(p, "cad")->grant[GRANT_RULE];
	assert_int_equal(put->origin, w.c->version);
}

static void
deciding_again_changes_nothing(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			wants(p, 0, "wiki");
		assert_int_equal(move(p), OK);
		assert_false(p->m.is_changed);
		assert_int_equal(p->m.changes.n, 0);
		assert_int_equal(p->m.noutcome, i);
		assert_int_equal(w.g.fx->nseat_put, 3);
		assert_int_equal(w.g.fx->ngrant_put, 3);
	}
	assert_outcome(p, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
}

static void
a_future_starter_gets_only_what_was_asked_for_until_the_day(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	p->contract[0].start_day = DAY(3);
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_PENDING);
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_int_equal(p->m.noutcome, 1);
	assert_int_equal(used("mail"), 0);

	p->m.today = TODAY + 3;
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_ACTIVE);
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_string_equal(holds(p, "cad"), "R seat");
	assert_int_equal(p->m.noutcome, 2);
}

static void
open_checks_hold_every_seat(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	p->row.certification = CERT_NEW;
	p->row.blocks = 1u << BLOCK_NEW;
	p->m.has_open_checks = true;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "wiki", OUTCOME_HELD, MSG_SEAT_HELD);
	assert_outcome(p, 1, "cad", OUTCOME_HELD, MSG_SEAT_HELD);
	assert_string_equal(holds(p, "mail"), "R held");
	assert_int_equal(of(p, "mail")->seat.onboarding, 900);
	assert_int_equal(
	    of(p, "mail")->seat.expires_ms, w.g.now_ms + INT64_C(1440) * 60000);
	assert_int_equal(changes(p, CHANGE_BLOCK), 1);
}

static void
what_is_refused_leaves_no_grant(void **state)
{
	struct life *p = person("vie", DESIGN);

	(void)state;
	p->contract[0].title = OFFICER;
	wants(p, 0, "sec");
	assert_int_equal(move(p), OK);
	assert_int_equal(p->m.noutcome, 3);
	assert_outcome(p, 0, "sec", OUTCOME_REFUSED, MSG_SEAT_ROLE);
	assert_outcome(p, 1, "cad", OUTCOME_REFUSED, MSG_SEAT_NO_POOL);
	assert_outcome(p, 2, "mail", OUTCOME_ASSIGNED, MSG_NONE);
	assert_string_equal(holds(p, "sec"), "");
	assert_string_equal(holds(p, "cad"), "");
	assert_int_equal(w.g.fx->ngrant_put, 1);
}

static void
a_queued_product_has_its_grant(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *second = joined("ber", DESIGN);

	(void)state;
	(void)first;
	assert_outcome(second, 0, "cad", OUTCOME_QUEUED, MSG_SEAT_QUEUED);
	assert_string_equal(holds(second, "cad"), "R wait");
}

static void
any_contract_counts_for_a_rule(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	p->contract[1] = (struct contract) {
		.id = 2, .department = SALES, .start_day = DAY(-200)
	};
	p->ncontract = 2;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "tele"), "R seat");
	assert_int_equal(p->row.department, DESIGN);
}

static void
a_product_asked_for_twice_or_given_by_rule_too_is_told_once(void **state)
{
	struct life *p = person("ber", SALES);

	(void)state;
	wants(p, 0, "mail");
	wants(p, 1, "wiki");
	wants(p, 2, "wiki");
	assert_int_equal(move(p), OK);
	assert_int_equal(p->m.noutcome, 4);
	assert_outcome(p, 2, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	assert_outcome(p, 3, "tele", OUTCOME_ASSIGNED, MSG_NONE);
	assert_string_equal(holds(p, "mail"), "QR seat");
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_int_equal(used("wiki"), 1);
	assert_int_equal(used("mail"), 1);
}

/* --- movers ------------------------------------------------------------------------------ */

static void
a_mover_who_loses_the_rule_gives_the_seat_back(void **state)
{
	struct life *p = joined("ber", DESIGN);
	struct life *waits = joined("ber", DESIGN);

	(void)state;
	p->contract[0].department = SALES;
	assert_int_equal(move(p), OK);
	assert_true(p->m.is_changed);
	assert_string_equal(holds(p, "cad"), "");
	assert_string_equal(holds(p, "tele"), "R seat");
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_int_equal(w.g.fx->nseat_past, 1);
	assert_int_equal(w.g.fx->seat_past[0].reason, SEAT_END_RULE);
	assert_int_equal(w.g.fx->ngrant_past, 1);
	assert_int_equal(w.g.fx->grant_past[0].reason, GRANT_RULE);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(w.served[0], waits->row.id);
	assert_string_equal(holds(waits, "cad"), "R seat");
}

static void
who_was_served_meanwhile_is_decided_on_as_it_stands(void **state)
{
	struct life *p = joined("ber", DESIGN);
	struct life *waits = joined("ber", DESIGN);

	(void)state;
	p->contract[0].end_day = DAY(-1);
	assert_int_equal(move(p), OK);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(move(waits), OK);
	assert_false(waits->m.is_changed);
	assert_int_equal(waits->m.holding[0].product, product_id(w.c, "cad"));
	assert_int_equal(waits->m.holding[0].seat.state, SEAT_ASSIGNED);
	assert_int_equal(waits->m.holding[0].wait.since, 0);
}

static void
a_seat_that_ended_under_another_copy_is_missed(void **state)
{
	struct life *p = joined("ber", DESIGN);
	struct life *served = joined("ber", DESIGN);
	struct holding copy;

	(void)state;
	p->contract[0].end_day = DAY(-1);
	assert_int_equal(move(p), OK);
	copy = *of(served, "cad");
	assert_int_equal(copy.seat.state, SEAT_ASSIGNED);
	gate_end(&w.g, &copy, SEAT_END_RELEASED, &served->m.changes);
	assert_int_equal(used("cad-ber"), 0);
	assert_int_equal(move(served), OK);
	assert_int_equal(used("cad-ber"), 1);
	assert_true(served->m.is_changed);
}

static void
an_older_wait_knows_nothing_of_new_checks(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *p = joined("ber", DESIGN);

	(void)state;
	p->m.has_open_checks = true;
	assert_int_equal(move(p), OK);
	assert_false(p->m.is_changed);
	assert_int_equal(of(p, "cad")->wait.onboarding, 0);
	first->contract[0].end_day = DAY(-1);
	assert_int_equal(move(first), OK);
	assert_string_equal(holds(p, "cad"), "R seat");
}

static void
a_mover_keeps_a_seat_that_was_asked_for_too(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	wants(p, 0, "cad");
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "QR seat");
	p->contract[0].department = 0;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "Q seat");
	assert_int_equal(w.g.fx->nseat_past, 0);
	assert_int_equal(changes(p, CHANGE_GRANT), 1);
	assert_int_equal(changes(p, CHANGE_SEAT), 0);
}

static void
asking_while_the_rule_is_lost_hands_the_seat_over(void **state)
{
	struct life *p = joined("ber", DESIGN);
	struct life *waits = joined("ber", DESIGN);

	(void)state;
	p->contract[0].department = 0;
	wants(p, 0, "cad");
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "Q seat");
	assert_string_equal(holds(waits, "cad"), "R wait");
}

static void
what_is_not_wanted_any_more_goes_but_for_what_is_given(void **state)
{
	struct life *p = person("ber", DESIGN);
	struct life *waits;

	(void)state;
	wants(p, 0, "wiki");
	wants(p, 1, "cad");
	assert_int_equal(move(p), OK);
	waits = joined("ber", DESIGN);
	p->m.wants_no_other = true;
	wants(p, 0, "mail");
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "wiki"), "");
	assert_string_equal(holds(p, "cad"), "R seat");
	assert_string_equal(holds(p, "mail"), "QR seat");
	assert_string_equal(holds(waits, "cad"), "R wait");
	assert_int_equal(w.g.fx->seat_past[0].reason, SEAT_END_RELEASED);
	/* who says no more about it loses no more */
	p->m.wants_no_other = false;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "QR seat");
	p->m.wants_no_other = true;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_int_equal(p->m.changes.n, 1);
}

static void
what_stays_wanted_waits_where_it_stood(void **state)
{
	struct life *p = person("ber", 0);
	struct life *other = person("ber", 0);
	int64_t since;

	(void)state;
	wants(person("ber", 0), 0, "cad");
	wants(other, 0, "cad");
	assert_int_equal(move(other), OK);
	wants(p, 0, "cad");
	p->want[0].priority = 2;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "Q wait");
	assert_int_equal(of(p, "cad")->wait.priority, 2);
	since = of(p, "cad")->wait.since;
	p->m.wants_no_other = true;
	wants(p, 0, "wiki");
	wants(p, 1, "cad");
	assert_int_equal(move(p), OK);
	assert_outcome(p, 1, "cad", OUTCOME_QUEUED, MSG_SEAT_QUEUED);
	assert_int_equal(of(p, "cad")->wait.priority, 2);
	assert_int_equal(of(p, "cad")->wait.since, since);
	assert_string_equal(holds(p, "wiki"), "Q seat");
}

static void
what_a_rule_gives_from_now_on_keeps_its_seat(void **state)
{
	struct life *p = person("ber", 0);
	struct life *waits;

	(void)state;
	wants(p, 0, "cad");
	assert_int_equal(move(p), OK);
	waits = joined("ber", DESIGN);
	p->contract[0].department = DESIGN;
	p->m.wants_no_other = true;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "R seat");
	assert_int_equal(w.g.fx->nseat_past, 0);
	/* and what nothing gives is served to who waits */
	p->m.wants_no_other = false;
	p->contract[0].department = 0;
	wants(p, 0, "cad");
	assert_int_equal(move(p), OK);
	p->m.wants_no_other = true;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "");
	assert_string_equal(holds(waits, "cad"), "R seat");
}

static void
a_waiter_who_loses_the_rule_waits_no_more(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *p = joined("ber", DESIGN);

	(void)state;
	p->contract[0].department = 0;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "");
	first->contract[0].end_day = DAY(-1);
	assert_int_equal(move(first), OK);
	assert_int_equal(w.nserved, 0);
}

static void
a_waiter_who_moves_is_served_at_the_new_site(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *p = joined("ber", DESIGN);

	(void)state;
	(void)first;
	p->contract[0].site = site_id(w.c, "muc");
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "R seat");
	assert_int_equal(of(p, "cad")->seat.pool, pool_id(w.c, "cad-muc"));
	assert_int_equal(p->m.noutcome, 0);
	/* a seat that is held already stays where it is */
	p->contract[0].site = site_id(w.c, "ber");
	assert_int_equal(move(p), OK);
	assert_int_equal(of(p, "cad")->seat.pool, pool_id(w.c, "cad-muc"));
}

static void
a_waiter_who_moves_where_no_pool_is_loses_wait_and_grant(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *p = joined("ber", DESIGN);

	(void)state;
	(void)first;
	p->contract[0].site = site_id(w.c, "vie");
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "");
	assert_int_equal(w.g.fx->nwait_put, 0);
	assert_int_equal(w.g.fx->nwait_end, 1);
}

static void
a_seat_that_was_released_by_hand_comes_back_with_its_rule(void **state)
{
	struct life *p = joined("ber", SALES);

	(void)state;
	gate_end(&w.g, of(p, "mail"), SEAT_END_RELEASED, &p->m.changes);
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_int_equal(p->m.noutcome, 0);
	/* and a bare grant without a rule goes */
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	gate_end(&w.g, of(p, "wiki"), SEAT_END_RELEASED, &p->m.changes);
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "wiki"), "");
	assert_true(p->m.is_changed);
}

/* --- leavers ------------------------------------------------------------------------------- */

static void
a_leaver_returns_everything(void **state)
{
	struct life *p = person("ber", DESIGN);
	struct life *waits;

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	waits = joined("ber", DESIGN);
	p->contract[0].end_day = DAY(-1);
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_LEFT);
	for (size_t i = 0; i < p->m.nholding; i++) {
		assert_int_equal(p->m.holding[i].grants, 0);
		assert_int_equal(p->m.holding[i].seat.state, SEAT_NONE);
		assert_int_equal(p->m.holding[i].wait.since, 0);
	}
	assert_int_equal(w.g.fx->nseat_past, 3);
	assert_int_equal(w.g.fx->seat_past[0].reason, SEAT_END_LEFT);
	assert_int_equal(w.served[0], waits->row.id);
	assert_int_equal(used("wiki"), 0);
	assert_int_equal(used("mail"), 1);
	assert_int_equal(changes(p, CHANGE_LIFECYCLE), 1);
	assert_int_equal(changes(p, CHANGE_SEAT), 3);
	assert_int_equal(changes(p, CHANGE_GRANT), 3);
}

static void
the_last_day_is_worked(void **state)
{
	struct life *p = person("ber", SALES);

	(void)state;
	p->contract[0].end_day = DAY(0);
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "R seat");
	p->m.today++;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "");
}

static void
who_has_left_gets_nothing(void **state)
{
	struct life *p = person("ber", SALES);

	(void)state;
	p->contract[0].end_day = DAY(-1);
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "wiki", OUTCOME_REFUSED, MSG_SEAT_LEFT);
	assert_int_equal(p->m.noutcome, 1);
	assert_int_equal(w.g.fx->nseat_put, 0);
}

static void
a_rehired_person_gets_again_what_the_rules_give(void **state)
{
	struct life *p = person("ber", SALES);

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	p->contract[0].end_day = DAY(-1);
	assert_int_equal(move(p), OK);
	p->contract[1] = (struct contract) {
		.id = 2, .start_day = DAY(0), .department = SALES
	};
	p->ncontract = 2;
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_ACTIVE);
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_string_equal(holds(p, "wiki"), "");
	assert_true(p->contract[1].is_primary);
	assert_false(p->contract[0].is_primary);
}

static void
a_person_without_contracts_stays_until_told(void **state)
{
	struct life *p = person("ber", SALES);

	(void)state;
	p->ncontract = 0;
	p->row.site = site_id(w.c, "muc");
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_ACTIVE);
	assert_int_equal(p->row.site, site_id(w.c, "muc"));
	assert_string_equal(holds(p, "mail"), "R seat");
	p->row.lifecycle = LIFE_LEFT;
	assert_int_equal(move(p), OK);
	assert_int_equal(p->row.lifecycle, LIFE_LEFT);
	assert_string_equal(holds(p, "mail"), "");
}

/* --- states -------------------------------------------------------------------------------- */

static void
a_block_freezes_and_takes_nothing(void **state)
{
	struct life *p = joined("ber", SALES);

	(void)state;
	p->m.today = TODAY;
	p->before = p->row;
	p->row.blocks = 1u << BLOCK_INCIDENT;
	p->m.before = &p->before;
	p->m.after = p->row;
	p->m.changes = (struct change_list) { 0 };
	assert_int_equal(person_decide(&cx, &w.g, &p->m), OK);
	assert_int_equal(p->m.changes.n, 1);
	assert_int_equal(p->m.changes.change[0].kind, CHANGE_BLOCK);
	assert_int_equal(p->m.changes.change[0].object, BLOCK_INCIDENT);
	assert_int_equal(p->m.changes.change[0].after, 1);
	assert_string_equal(holds(p, "mail"), "R seat");
}

static void
block(struct life *p, enum block_kind kind, bool is_on)
{
	p->row.blocks = is_on ? 1u << kind : 0;
	assert_int_equal(move(p), OK);
}

static void
a_block_by_hand_gives_back_where_it_shall(void **state)
{
	struct life *p = joined("ber", DESIGN), *waits;

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	waits = joined("ber", DESIGN);
	assert_string_equal(holds(waits, "cad"), "R wait");

	/* As it is unless the tenant says otherwise. */
	block(p, BLOCK_MANUAL, true);
	assert_string_equal(holds(p, "cad"), "R seat");
	block(p, BLOCK_MANUAL, false);
	((struct catalogue *)w.c)->setting[SETTING_SEAT_BLOCK_RETURNS] = 1;
	block(p, BLOCK_RISK, true);
	assert_string_equal(holds(p, "cad"), "R seat");
	block(p, BLOCK_RISK, false);

	/* Whoever waits is served; the other seats come back at once. */
	w.nserved = 0;
	block(p, BLOCK_MANUAL, true);
	assert_string_equal(holds(p, "cad"), "R wait");
	assert_string_equal(holds(p, "wiki"), "Q wait");
	assert_string_equal(holds(waits, "cad"), "R seat");
	assert_int_equal(w.nserved, 1);
	assert_int_equal(used("wiki"), 0);
	assert_int_equal(w.g.fx->seat_past[0].reason, SEAT_END_BLOCKED);
	/* However often they are looked at. */
	assert_int_equal(move(p), OK);
	assert_int_equal(p->m.changes.n, 0);
	block(p, BLOCK_MANUAL, false);
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_string_equal(holds(p, "cad"), "R wait");
	gate_end(&w.g, of(waits, "cad"), SEAT_END_RELEASED, &waits->m.changes);
	assert_string_equal(holds(p, "cad"), "R seat");
}

static void
who_is_denied_gets_nothing_by_rule(void **state)
{
	struct life *p = joined("ber", SALES);

	(void)state;
	p->row.certification = CERT_DENIED;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "mail"), "");
	assert_int_equal(used("mail"), 0);
}

static void
any_value_of_the_row_is_a_change(void **state)
{
	struct life *p = joined("ber", SALES);
	struct person base = p->row;
	const struct {
		void *at;
		size_t size;
	} field[] = {
#define F(name) { &p->m.after.name, sizeof(p->m.after.name) }
		F(no_inheritance),
		F(source),
		F(key_version),
		F(record_version),
		F(country),
		F(language),
		F(user_type),
#undef F
	};

	(void)state;
	for (size_t i = 0; i <= COUNT(field) + 1; i++) {
		p->m.before = &base;
		p->m.after = base;
		p->m.changes = (struct change_list) { 0 };
		if (i < COUNT(field))
			*(unsigned char *)field[i].at ^= 1;
		else if (i == COUNT(field))
			p->m.after.sealed = STR("x");
		assert_int_equal(person_decide(&cx, &w.g, &p->m), OK);
		assert_int_equal(p->m.is_changed, i <= COUNT(field));
		assert_int_equal(p->m.changes.n, 0);
	}
}

static void
changes_of_the_caller_are_kept(void **state)
{
	struct life *p = joined("ber", SALES);

	(void)state;
	p->before = p->row;
	p->m.before = &p->before;
	p->m.changes = (struct change_list) { .arena = cx.arena };
	change_add(&p->m.changes, CHANGE_CONTRACT, 5, 6, 0, 1);
	assert_int_equal(person_decide(&cx, &w.g, &p->m), OK);
	assert_int_equal(p->m.changes.n, 1);
	assert_true(p->m.is_changed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_joiner_gets_what_was_asked_for_and_what_the_rules_give),
		TEST(deciding_again_changes_nothing),
		TEST(
		    a_future_starter_gets_only_what_was_asked_for_until_the_day),
		TEST(open_checks_hold_every_seat),
		TEST(what_is_refused_leaves_no_grant),
		TEST(a_queued_product_has_its_grant),
		TEST(any_contract_counts_for_a_rule),
		TEST(
		    a_product_asked_for_twice_or_given_by_rule_too_is_told_once),
		TEST(a_mover_who_loses_the_rule_gives_the_seat_back),
		TEST(who_was_served_meanwhile_is_decided_on_as_it_stands),
		TEST(a_seat_that_ended_under_another_copy_is_missed),
		TEST(an_older_wait_knows_nothing_of_new_checks),
		TEST(a_mover_keeps_a_seat_that_was_asked_for_too),
		TEST(asking_while_the_rule_is_lost_hands_the_seat_over),
		TEST(what_is_not_wanted_any_more_goes_but_for_what_is_given),
		TEST(what_stays_wanted_waits_where_it_stood),
		TEST(what_a_rule_gives_from_now_on_keeps_its_seat),
		TEST(a_waiter_who_loses_the_rule_waits_no_more),
		TEST(a_waiter_who_moves_is_served_at_the_new_site),
		TEST(a_waiter_who_moves_where_no_pool_is_loses_wait_and_grant),
		TEST(a_seat_that_was_released_by_hand_comes_back_with_its_rule),
		TEST(a_leaver_returns_everything),
		TEST(the_last_day_is_worked),
		TEST(who_has_left_gets_nothing),
		TEST(a_rehired_person_gets_again_what_the_rules_give),
		TEST(a_person_without_contracts_stays_until_told),
		TEST(a_block_freezes_and_takes_nothing),
		TEST(a_block_by_hand_gives_back_where_it_shall),
		TEST(who_is_denied_gets_nothing_by_rule),
		TEST(any_value_of_the_row_is_a_change),
		TEST(changes_of_the_caller_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

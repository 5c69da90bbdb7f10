/* SPDX-License-Identifier: Apache-2.0 */
/* block_test.c - who is blocked keeps what they hold and gains nothing; and what open checks hold. */
#include "decide_try.h"

#define MANUAL (1u << BLOCK_MANUAL)

static void
a_blocked_person_keeps_and_gains_nothing(void **state)
{
	struct life *p = joined("ber", DESIGN);

	(void)state;
	p->row.blocks = MANUAL;
	p->contract[1] = (struct contract) {
		.id = 2, .department = SALES, .start_day = DAY(-10)
	};
	p->ncontract = 2;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_int_equal(p->m.noutcome, 1);
	assert_outcome(p, 0, "wiki", OUTCOME_REFUSED, MSG_SEAT_BLOCKED);
	assert_string_equal(holds(p, "mail"), "R seat");
	assert_string_equal(holds(p, "tele"), "");
	assert_string_equal(holds(p, "wiki"), "");
	assert_int_equal(used("wiki"), 0);

	/* the last block is lifted: rules give what is due */
	p->row.blocks = 0;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "tele"), "R seat");
}

static void
asking_for_what_one_has_is_told(void **state)
{
	struct life *p = person("ber", 0);

	(void)state;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	p->row.blocks = MANUAL;
	wants(p, 0, "wiki");
	wants(p, 1, "mail");
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	/* held by rule; a reason of its own would be a gain */
	assert_outcome(p, 1, "mail", OUTCOME_REFUSED, MSG_SEAT_BLOCKED);
	assert_string_equal(holds(p, "mail"), "R seat");
}

static void
a_blocked_person_loses_what_rules_take(void **state)
{
	struct life *p = joined("ber", DESIGN);

	(void)state;
	p->row.blocks = MANUAL;
	p->contract[0].department = 0;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "cad"), "");
	assert_string_equal(holds(p, "mail"), "R seat");
}

static void
a_blocked_waiter_is_passed_over_and_keeps_the_age(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *second = joined("ber", DESIGN);
	struct life *third = joined("ber", DESIGN);
	int64_t since = of(second, "cad")->wait.since;

	(void)state;
	second->row.blocks = MANUAL;
	assert_int_equal(move(second), OK);
	assert_string_equal(holds(second, "cad"), "R wait");
	assert_int_equal(of(second, "cad")->wait.pools.n, 0);
	first->contract[0].end_day = DAY(-1);
	assert_int_equal(move(first), OK);
	assert_int_equal(w.nserved, 1);
	assert_int_equal(w.served[0], third->row.id);
	assert_string_equal(holds(second, "cad"), "R wait");

	/* asking again while blocked changes nothing */
	assert_int_equal(move(second), OK);
	assert_false(second->m.is_changed);

	/* back in the line, as old as before */
	second->row.blocks = 0;
	assert_int_equal(move(second), OK);
	assert_int_equal(of(second, "cad")->wait.since, since);
	assert_int_equal(of(second, "cad")->wait.pools.n, sizeof(int64_t));
	third->contract[0].end_day = DAY(-1);
	assert_int_equal(move(third), OK);
	assert_int_equal(w.served[1], second->row.id);
	assert_string_equal(holds(second, "cad"), "R seat");
}

static void
a_lifted_block_finds_a_seat_that_is_free(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *second = joined("ber", DESIGN);

	(void)state;
	second->row.blocks = MANUAL;
	assert_int_equal(move(second), OK);
	first->contract[0].end_day = DAY(-1);
	assert_int_equal(move(first), OK);
	assert_int_equal(w.nserved, 0);
	assert_int_equal(used("cad-ber"), 0);
	second->row.blocks = 0;
	assert_int_equal(move(second), OK);
	assert_string_equal(holds(second, "cad"), "R seat");
}

static void
all_or_nothing_is_nothing_for_who_is_blocked(void **state)
{
	struct life *p = joined("ber", DESIGN);

	(void)state;
	p->row.blocks = MANUAL;
	p->m.all_or_nothing = true;
	wants(p, 0, "mail");
	assert_int_equal(move(p), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_ONBOARD_ALL_OR_NOTHING);
}

static void
what_rules_give_under_open_checks_is_held_as_long_as_they(void **state)
{
	struct life *p = joined("ber", 0);

	(void)state;
	p->m.has_open_checks = true;
	p->m.onboarding = 77;
	p->m.hold_until_ms = w.g.now_ms + 5;
	p->contract[0].department = DESIGN;
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "cad", OUTCOME_HELD, MSG_SEAT_HELD);
	assert_int_equal(of(p, "cad")->seat.onboarding, 77);
	assert_int_equal(of(p, "cad")->seat.expires_ms, w.g.now_ms + 5);
	/* what was assigned before stays so */
	assert_string_equal(holds(p, "mail"), "R seat");
}

/* --- foreseen ----------------------------------------------------------------------- */

/* Takes what a later catalogue says of the rules. */
static void
foresee(struct life *p)
{
	p->before = p->row;
	p->m.before = &p->before;
	p->m.after = p->row;
	p->m.contract = p->contract;
	p->m.ncontract = p->ncontract;
	p->m.changes = (struct change_list) { 0 };
	rules_foresee(&cx, &w.g, &p->m);
}

static void
rules_are_foreseen_without_a_line(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *second = joined("ber", 0);
	size_t nwaiter = w.g.nwaiter;

	(void)state;
	second->contract[0].department = DESIGN;
	second->row.department = DESIGN;
	foresee(second);
	assert_int_equal(second->m.noutcome, 1);
	assert_outcome(second, 0, "cad", OUTCOME_REFUSED, MSG_SEAT_FULL);
	assert_int_equal(second->m.changes.n, 0);
	assert_int_equal(w.g.nwaiter, nwaiter);

	first->contract[0].department = 0;
	first->row.department = 0;
	foresee(first);
	assert_int_equal(first->m.noutcome, 0);
	assert_int_equal(changes(first, CHANGE_GRANT), 1);
	assert_int_equal(changes(first, CHANGE_SEAT), 1);

	/* the seat that would come free counts for the next */
	foresee(second);
	assert_outcome(second, 0, "cad", OUTCOME_ASSIGNED, MSG_NONE);

	first->row.lifecycle = LIFE_LEFT;
	foresee(first);
	assert_int_equal(first->m.changes.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_blocked_person_keeps_and_gains_nothing),
		TEST(asking_for_what_one_has_is_told),
		TEST(a_blocked_person_loses_what_rules_take),
		TEST(a_blocked_waiter_is_passed_over_and_keeps_the_age),
		TEST(a_lifted_block_finds_a_seat_that_is_free),
		TEST(all_or_nothing_is_nothing_for_who_is_blocked),
		TEST(what_rules_give_under_open_checks_is_held_as_long_as_they),
		TEST(rules_are_foreseen_without_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

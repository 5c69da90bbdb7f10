/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block_test.c - blocks, put and lifted by hand and by checks that ended badly;
 * and what rules give while checks are open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "audit/log.h"

#include "plant.h"

#define DAY INT64_C(86400000)

/* Somebody of sales, to whom the rig's rule gives a seat of "all". */
static struct order *
seller(struct rig *r, const char *ref, const char *products)
{
	struct order *o = rig_onboard(r, ref, "ber", products);

	((struct contract_in *)o->contract)->department = STR("sales");
	return o;
}

static enum err
ordered(struct rig *r, struct order o, struct order_out **out)
{
	return rig_do(r, &person_order, &o, out);
}

static struct order_out *
done(struct rig *r, struct order o)
{
	return rig_onboarded(r, arena_copy(r->arena, &o, sizeof(o)));
}

static struct order
block(int64_t person, enum block_kind kind)
{
	return (struct order) { .kind = ORDER_BLOCK,
		.person = person,
		.block = kind,
		.if_version = -1,
		.body = STR("{\"reason\":\"badge stolen\"}") };
}

static struct order
unblock(int64_t person, enum block_kind kind)
{
	struct order o = block(person, kind);

	o.kind = ORDER_UNBLOCK;
	return o;
}

static struct order
check(int64_t onboarding, bool passed)
{
	return (struct order) { .kind = ORDER_CHECK,
		.check = CHECK_MANUAL,
		.check_passed = passed,
		.onboarding = onboarding };
}

static const struct blocks_out *
blocks(struct rig *r, int64_t person)
{
	struct blocks_out *out;

	assert_int_equal(rig_query(r, blocks_show, &person, &out), OK);
	return out;
}

static void
assert_blocked(struct rig *r, int64_t person, enum block_kind kind,
    enum block_reason reason)
{
	const struct blocks_out *out = blocks(r, person);

	assert_int_equal(out->n, 1);
	assert_int_equal(out->block[0].kind, kind);
	assert_int_equal(out->block[0].reason, reason);
}

/* The seat that PERSON has now of the only product there are seats of. */
static enum seat_state
seat_of(struct rig *r, int64_t person)
{
	struct rows rows = plant_rows(r, &SEAT);

	for (size_t i = 0; i < rows.n; i++)
		if (((struct seat *)rows.row)[i].person == person)
			return ((struct seat *)rows.row)[i].state;
	return SEAT_NONE;
}

static void
decide_again(struct rig *r, int64_t person)
{
	done(r, (struct order) { .kind = ORDER_CLOCK, .person = person });
}

/* --- by hand -------------------------------------------------------------------------- */

static void
a_block_is_put_and_lifted_once(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"))->person;
	struct order_out *first, *again;
	const struct block_past *past;
	struct log_row *row;
	struct rows log;
	struct entry e;

	first = done(r, block(ana, BLOCK_MANUAL));
	assert_true(first->is_changed);
	assert_blocked(r, ana, BLOCK_MANUAL, BLOCK_BY_HAND);
	assert_int_equal(blocks(r, ana)->block[0].author, 7);
	assert_int_equal(blocks(r, ana)->version, first->version);
	assert_int_equal(seat_of(r, ana), SEAT_ASSIGNED);
	log = plant_rows(r, &LOG);
	row = &((struct log_row *)log.row)[log.n - 1];
	assert_true(entry_decode(r->arena, row->entry, &e));
	assert_int_equal(e.action, ACTION_PERSON_BLOCKED);
	assert_int_equal(e.nchange, 1);
	assert_int_equal(e.change[0].kind, CHANGE_BLOCK);
	assert_int_equal(e.change[0].object, BLOCK_MANUAL);
	assert_int_equal(e.key_version, 1);
	assert_true(e.sealed.n > 0);

	again = done(r, block(ana, BLOCK_MANUAL));
	assert_false(again->is_changed);
	assert_int_equal(again->version, first->version);
	assert_int_equal(plant_count(r, &LOG), log.n);

	first = done(r, unblock(ana, BLOCK_MANUAL));
	assert_true(first->is_changed);
	assert_int_equal(blocks(r, ana)->n, 0);
	assert_int_equal(plant_count(r, &BLOCK_PAST), 1);
	past = plant_rows(r, &BLOCK_PAST).row;
	assert_int_equal(past->person, ana);
	assert_int_equal(past->author, 7);
	assert_true(past->until_ms >= past->since_ms && past->since_ms > 0);
	assert_false(done(r, unblock(ana, BLOCK_MANUAL))->is_changed);
	assert_int_equal(plant_count(r, &BLOCK_PAST), 1);
}

static void
a_block_is_put_on_the_version_that_stands(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	struct order o = block(ana, BLOCK_MANUAL);
	struct order_out *out;

	o.if_version = blocks(r, ana)->version + 1;
	assert_int_equal(ordered(r, o, &out), ERR_STALE);
	assert_int_equal(blocks(r, ana)->n, 0);
	o.if_version--;
	assert_int_equal(ordered(r, o, &out), OK);
	assert_int_equal(
	    ordered(r, block(12345, BLOCK_MANUAL), &out), ERR_NOT_FOUND);
}

static void
kinds_that_others_answer_for_are_refused(void **state)
{
	static const struct {
		enum block_kind kind;
		enum msg put, lift;
	} want[] = {
		{ BLOCK_NEW, MSG_BLOCK_NEW, MSG_BLOCK_NEW },
		{ BLOCK_DENIED, MSG_BLOCK_DENIED, MSG_BLOCK_DENIED },
		{ BLOCK_INCIDENT, MSG_BLOCK_INCIDENT, MSG_BLOCK_INCIDENT },
		{ BLOCK_RISK, MSG_BLOCK_RISK, MSG_NONE },
	};
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	struct order_out *out;

	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(
		    ordered(r, block(ana, want[i].kind), &out), ERR_DENIED);
		assert_int_equal(r->cx.fault.msg, want[i].put);
		assert_int_equal(ordered(r, unblock(ana, want[i].kind), &out),
		    want[i].lift == MSG_NONE ? OK : ERR_DENIED);
		assert_int_equal(r->cx.fault.msg, want[i].lift);
	}
	assert_int_equal(blocks(r, ana)->n, 0);
}

static void
a_lifted_block_gives_what_is_due_at_once(void **state)
{
	struct rig *r = *state;
	struct order_out *ana = rig_onboarded(r, seller(r, "ana", ""));
	struct order_out *out;

	done(r, block(ana->person, BLOCK_MANUAL));
	done(r,
	    (struct order) { .kind = ORDER_RELEASE,
		.nproduct = 1,
		.person = ana->person,
		.product = &STR("all") });
	decide_again(r, ana->person);
	assert_int_equal(seat_of(r, ana->person), SEAT_NONE);
	out = done(r,
	    (struct order) { .kind = ORDER_TAKE,
		.nproduct = 1,
		.person = ana->person,
		.product = &STR("cad") });
	assert_int_equal(out->seat[0].outcome, OUTCOME_REFUSED);
	assert_int_equal(out->seat[0].reason, MSG_SEAT_BLOCKED);
	done(r, unblock(ana->person, BLOCK_MANUAL));
	assert_int_equal(seat_of(r, ana->person), SEAT_ASSIGNED);
}

static void
a_blocked_waiter_is_not_served(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", "cad"))->person;
	int64_t bo =
	    rig_onboarded(r, rig_onboard(r, "bo", "ber", "cad"))->person;
	int64_t cy =
	    rig_onboarded(r, rig_onboard(r, "cy", "ber", "cad"))->person;
	struct order release = { .kind = ORDER_RELEASE, .nproduct = 1,
		.person = ana, .product = &STR("cad") };

	done(r, block(bo, BLOCK_MANUAL));
	assert_int_equal(plant_count(r, &WAIT), 2);
	rig_verify(r);
	done(r, release);
	assert_int_equal(seat_of(r, bo), SEAT_NONE);
	assert_int_equal(seat_of(r, cy), SEAT_ASSIGNED);
	assert_int_equal(plant_count(r, &WAIT), 1);
	done(r, unblock(bo, BLOCK_MANUAL));
	release.person = cy;
	done(r, release);
	assert_int_equal(seat_of(r, bo), SEAT_ASSIGNED);
}

static void
a_client_may_block_whom_the_scope_then_hides(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	struct filter *scope;

	assert_int_equal(filter_compile(&r->cx, STR("active eq true"),
			     FILTER_RULE, false, &scope),
	    OK);
	r->actor.scope = scope;
	done(r, block(ana, BLOCK_MANUAL));
	r->actor.scope = NULL;
	assert_blocked(r, ana, BLOCK_MANUAL, BLOCK_BY_HAND);
}

/* --- by checks ------------------------------------------------------------------------ */

static void
a_failed_check_blocks(void **state)
{
	struct rig *r = *state;
	struct order *o = seller(r, "ana", "cad");
	struct order_out *ana;

	o->manual_check = true;
	ana = rig_onboarded(r, o);
	assert_int_equal(ana->nseat, 2);
	assert_int_equal(ana->seat[1].outcome, OUTCOME_HELD);
	done(r, check(ana->onboarding, false));
	assert_blocked(r, ana->person, BLOCK_MANUAL, BLOCK_CHECK_FAILED);
	assert_int_equal(plant_count(r, &SEAT), 0);
	assert_int_equal(plant_count(r, &OPEN_CHECKS), 0);
	decide_again(r, ana->person);
	assert_int_equal(plant_count(r, &SEAT), 0);
	done(r, unblock(ana->person, BLOCK_MANUAL));
	assert_int_equal(plant_count(r, &SEAT), 1);
	assert_int_equal(seat_of(r, ana->person), SEAT_ASSIGNED);
}

static void
each_kind_of_check_blocks_by_its_own(void **state)
{
	static const struct {
		enum check_kind check;
		enum block_kind block;
	} want[] = {
		{ CHECK_ROLE, 0 },
		{ CHECK_RISK, BLOCK_RISK },
		{ CHECK_ATTESTATION, BLOCK_DENIED },
	};
	struct rig *r = *state;

	for (size_t i = 0; i < COUNT(want); i++) {
		struct order *o = rig_onboard(r,
		    str_z(r->arena, str_fmt(r->arena, "p%zu", i)), "ber", "");
		struct check_row row;
		struct order_out *out;
		struct order c;

		o->manual_check = true;
		out = rig_onboarded(r, o);
		row = (struct check_row) { r->acme, out->onboarding,
			(int64_t)want[i].check, CHECK_OPEN, 1, 0, 0 };
		plant_put(r, &CHECK_ROW, &row);
		c = check(out->onboarding, false);
		c.check = want[i].check;
		done(r, c);
		assert_int_equal(blocks(r, out->person)->n, want[i].block != 0);
		if (want[i].block != 0)
			assert_blocked(
			    r, out->person, want[i].block, BLOCK_CHECK_FAILED);
		if (want[i].block == BLOCK_RISK)
			done(r, unblock(out->person, BLOCK_RISK));
	}
	assert_int_equal(plant_count(r, &BLOCK), 1);
}

static void
an_expired_check_blocks(void **state)
{
	struct rig *r = *state;
	struct order *o = seller(r, "ana", "cad");
	struct order_out *ana;

	clock_set(INT64_C(1900000000000));
	o->manual_check = true;
	ana = rig_onboarded(r, o);
	clock_set(INT64_C(1900000000000) + 2 * DAY);
	done(r,
	    (struct order) { .kind = ORDER_EXPIRE,
		.onboarding = ana->onboarding,
		.person = ana->person });
	assert_blocked(r, ana->person, BLOCK_MANUAL, BLOCK_CHECK_EXPIRED);
	decide_again(r, ana->person);
	assert_int_equal(plant_count(r, &SEAT), 0);
	clock_set(0);
}

/* --- while checks are open ------------------------------------------------------------- */

/* Moves the person to sales, whom a rule gives a seat. */
static void
move_to_sales(struct rig *r, int64_t person)
{
	struct contract_in *c = arena_alloc(r->arena, sizeof(*c));

	*c = (struct contract_in) { .site = STR("ber"),
		.department = STR("sales") };
	done(r,
	    (struct order) { .kind = ORDER_CHANGE,
		.person = person,
		.source = 1,
		.contract = c,
		.ncontract = 1,
		.has_contracts = true,
		.if_version = -1,
		.body = STR("{}") });
}

static void
what_rules_give_meanwhile_is_held(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct order_out *ana;
	const struct seat *seat;
	const struct onboarding_row *row;

	o->manual_check = true;
	ana = rig_onboarded(r, o);
	assert_int_equal(plant_count(r, &SEAT), 0);
	move_to_sales(r, ana->person);
	seat = plant_rows(r, &SEAT).row;
	row = plant_rows(r, &ONBOARDING).row;
	assert_int_equal(seat_of(r, ana->person), SEAT_HELD);
	assert_int_equal(seat->onboarding, ana->onboarding);
	assert_int_equal(seat->expires_ms, row->expires_ms);
	rig_verify(r);
	done(r, check(ana->onboarding, true));
	assert_int_equal(seat_of(r, ana->person), SEAT_ASSIGNED);
	assert_int_equal(blocks(r, ana->person)->n, 0);
	assert_int_equal(plant_count(r, &OPEN_CHECKS), 0);
}

static void
what_was_held_meanwhile_goes_with_the_check(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct order_out *ana, *out;

	o->manual_check = true;
	ana = rig_onboarded(r, o);
	move_to_sales(r, ana->person);
	out = done(r,
	    (struct order) { .kind = ORDER_TAKE,
		.nproduct = 1,
		.person = ana->person,
		.product = &STR("cad") });
	assert_int_equal(out->seat[0].outcome, OUTCOME_HELD);
	assert_int_equal(plant_count(r, &SEAT), 3);
	done(r, check(ana->onboarding, false));
	assert_int_equal(plant_count(r, &SEAT), 0);
}

/* --- verify ---------------------------------------------------------------------------- */

static bool
finds(struct rig *r, enum msg what)
{
	struct seats_verdict *v;
	bool is_found = false;

	assert_int_equal(rig_long(r, seats_verify, NULL, &v), OK);
	for (size_t i = 0; i < v->nfault; i++)
		is_found |= v->fault[i].what == what;
	return is_found;
}

static void
damage_to_blocks_is_found(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	struct block row = { r->acme, ana, BLOCK_RISK, BLOCK_BY_HAND, 7, 1 };
	struct block mine;

	plant_put(r, &BLOCK, &row);
	assert_true(finds(r, MSG_VERIFY_REPLAY_BLOCK));
	assert_true(finds(r, MSG_VERIFY_BLOCKS));
	plant_drop(r, &BLOCK, &row);
	done(r, block(ana, BLOCK_MANUAL));
	rig_verify(r);
	mine = *(struct block *)plant_rows(r, &BLOCK).row;
	plant_drop(r, &BLOCK, &mine);
	assert_true(finds(r, MSG_VERIFY_REPLAY_BLOCK));
	assert_true(finds(r, MSG_VERIFY_BLOCKS));
	plant_put(r, &BLOCK, &mine);
}

static void
damage_to_open_checks_is_found(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct open_row row;

	o->manual_check = true;
	rig_onboarded(r, o);
	row = *(struct open_row *)plant_rows(r, &OPEN_CHECKS).row;
	plant_drop(r, &OPEN_CHECKS, &row);
	assert_true(finds(r, MSG_VERIFY_OPEN_CHECKS));
	row.onboarding++;
	plant_put(r, &OPEN_CHECKS, &row);
	assert_true(finds(r, MSG_VERIFY_OPEN_CHECKS));
	row.onboarding--;
	plant_put(r, &OPEN_CHECKS, &row);
	row.person++;
	plant_put(r, &OPEN_CHECKS, &row);
	assert_true(finds(r, MSG_VERIFY_OPEN_CHECKS));
	plant_drop(r, &OPEN_CHECKS, &row);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_block_is_put_and_lifted_once),
		TEST(a_block_is_put_on_the_version_that_stands),
		TEST(kinds_that_others_answer_for_are_refused),
		TEST(a_lifted_block_gives_what_is_due_at_once),
		TEST(a_blocked_waiter_is_not_served),
		TEST(a_client_may_block_whom_the_scope_then_hides),
		TEST(a_failed_check_blocks),
		TEST(each_kind_of_check_blocks_by_its_own),
		TEST(an_expired_check_blocks),
		TEST(what_rules_give_meanwhile_is_held),
		TEST(what_was_held_meanwhile_goes_with_the_check),
		TEST(damage_to_blocks_is_found),
		TEST(damage_to_open_checks_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* order_test.c - orders about persons, end to end below the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static void
a_person_comes_once_however_often_asked(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail,cad");
	struct order_out *first = rig_onboarded(r, o), *again;

	assert_true(first->is_new);
	assert_int_equal(first->nseat, 2);
	assert_int_equal(first->seat[0].outcome, OUTCOME_ASSIGNED);
	assert_true(str_eq(first->seat[0].pool, STR("mail-ber")));
	assert_true(str_eq(first->seat[1].pool, STR("cad-global")));

	again = rig_onboarded(r, o);
	assert_true(again->was_repeated);
	assert_int_equal(again->person, first->person);
	assert_int_equal(again->onboarding, first->onboarding);
	assert_int_equal(again->nseat, 2);
	assert_true(str_eq(again->seat[1].pool, STR("cad-global")));

	o->idempotency_key = STR("another key");
	again = rig_onboarded(r, o);
	assert_true(again->was_repeated);
	assert_int_equal(again->person, first->person);
	assert_int_equal(rig_assigned(r, "mail-ber"), 1);
}

static void
a_key_for_another_request_is_refused(void **state)
{
	struct rig *r = *state;
	struct order *a = rig_onboard(r, "ana", "ber", "mail");
	struct order *b = rig_onboard(r, "bo", "ber", "mail");
	struct order_out *out;

	rig_onboarded(r, a);
	b->idempotency_key = a->idempotency_key;
	assert_int_equal(rig_do(r, &person_order, b, &out), ERR_KEY_REUSED);
	b->idempotency_key = STR("own");
	b->doc = a->doc;
	assert_int_equal(rig_do(r, &person_order, b, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_TAKEN);
}

static void
seats_overflow_then_wait_then_are_served_in_order(void **state)
{
	struct rig *r = *state;
	struct order_out *out[6];
	static const char *const names[] = { "p0", "p1", "p2", "p3", "p4",
		"p5" };
	struct order release = { .kind = ORDER_RELEASE,
		.product = &STR("mail"), .nproduct = 1 };
	struct quota_in up = { STR("mail-global"), 2, -1 };
	struct quota_out *quota;
	struct order_out *gone;

	for (size_t i = 0; i < 6; i++) {
		struct order *o = rig_onboard(r, names[i], "ber", "mail");

		if (i == 5)
			o->priority = 9;
		out[i] = rig_onboarded(r, o);
	}
	assert_true(str_eq(out[1]->seat[0].pool, STR("mail-ber")));
	assert_true(str_eq(out[2]->seat[0].pool, STR("mail-global")));
	assert_int_equal(out[3]->seat[0].outcome, OUTCOME_QUEUED);
	assert_int_equal(out[3]->seat[0].position, 1);
	assert_int_equal(out[4]->seat[0].position, 2);
	assert_int_equal(out[5]->seat[0].position, 1);
	rig_verify(r);

	release.person = out[0]->person;
	assert_int_equal(rig_do(r, &person_order, &release, &gone), OK);
	assert_int_equal(rig_assigned(r, "mail-ber"), 2);
	assert_int_equal(rig_do(r, &person_order, &release, &gone),
	    ERR_NOT_FOUND);
	rig_verify(r);

	assert_int_equal(rig_do(r, &pool_quota, &up, &quota), OK);
	assert_int_equal(quota->served, 1);
	assert_int_equal(quota->pool.assigned, 2);
	up.quota = 1;
	assert_int_equal(rig_do(r, &pool_quota, &up, &quota), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_POOL_BELOW_USAGE);
}

static void
all_or_nothing_leaves_no_trace(void **state)
{
	struct rig *r = *state;
	struct order *o;
	struct order_out *out;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "cad"));
	o = rig_onboard(r, "bo", "ber", "mail,cad");
	o->all_or_nothing = true;
	assert_int_equal(rig_do(r, &person_order, o, &out), ERR_CONFLICT);
	assert_int_equal(rig_assigned(r, "mail-ber"), 0);
	o->all_or_nothing = false;
	out = rig_onboarded(r, o);
	assert_true(out->is_new);
	assert_int_equal(out->seat[1].outcome, OUTCOME_QUEUED);
}

static void
a_rule_gives_and_takes(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct contract_in *c = (struct contract_in *)o->contract;
	struct order change = { .kind = ORDER_CHANGE, .source = 1,
		.has_contracts = true, .contract = c, .ncontract = 1,
		.if_version = -1, .priority = 5 };
	struct order_out *out;

	c->department = STR("Vertrieb");
	out = rig_onboarded(r, o);
	assert_int_equal(out->nseat, 2);
	assert_true(str_eq(out->seat[1].product, STR("all")));
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	rig_verify(r);

	change.person = out->person;
	c->department = STR("Lager");
	rig_onboarded(r, &change);
	assert_int_equal(rig_assigned(r, "all-global"), 0);
	assert_int_equal(rig_assigned(r, "mail-ber"), 1);
	change.if_version = 1;
	assert_int_equal(rig_do(r, &person_order, &change, &out), ERR_STALE);
}

#define STREETS 40

/* A document with N bytes of addresses that all begin with WORD. */
static struct doc
with_addresses(struct rig *r, struct doc doc, const char *word, size_t n)
{
	struct attr *attr = arena_array(r->arena, doc.n + STREETS,
	    sizeof(*attr));
	size_t kept = 0;

	for (size_t i = 0; i < doc.n; i++)
		if (doc.attr[i].id < A_ADDRESS_STREET)
			attr[kept++] = doc.attr[i];
	for (uint16_t i = 0; i < STREETS; i++)
		attr[kept++] = (struct attr) { A_ADDRESS_STREET, i,
			str_fmt(r->arena, "%s %0*u", word,
			(int)(n / STREETS), i) };
	return (struct doc) { attr, kept };
}

static struct str
body_like(struct rig *r, const struct doc *doc)
{
	return str_fmt(r->arena, "{\"body\":%.*s}",
	    STR_ARG(doc_canonical(r->arena, doc)));
}

/* Whoever could be made with so much can be changed: a little, and all of it. */
static void
a_large_person_can_be_changed(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct order change = { .kind = ORDER_CHANGE, .source = 1,
		.if_version = -1, .priority = 5 };
	struct person_view *v;
	struct order_out *out;

	o->doc = with_addresses(r, o->doc, "old", 22000);
	o->body = body_like(r, &o->doc);
	change.person = rig_onboarded(r, o)->person;

	assert_int_equal(doc_set(&r->cx, &change.doc, STR("nickName"),
	    STR("Ani")), OK);
	change.body = body_like(r, &change.doc);
	rig_onboarded(r, &change);
	change.doc = with_addresses(r, (struct doc) { 0 }, "new", 22000);
	change.body = body_like(r, &change.doc);
	rig_onboarded(r, &change);
	assert_int_equal(rig_query(r, person_show, &change.person, &v), OK);
	assert_true(str_starts(doc_get(&v->doc, A_ADDRESS_STREET, 3),
	    STR("new ")));
	assert_true(str_eq(doc_get(&v->doc, A_NICK_NAME, 0), STR("Ani")));

	/* What no entry could hold with what comes later is refused. */
	o = rig_onboard(r, "bo", "ber", "mail");
	o->doc = with_addresses(r, o->doc, "old", 22000);
	o->body = (struct str) { memset(arena_alloc(r->arena, 45000), 'x',
	    45000), 45000 };
	assert_int_equal(rig_do(r, &person_order, o, &out), ERR_TOO_LARGE);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_RECORD);
}

static void
a_check_holds_the_seat_until_it_is_decided(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "cad");
	struct order check = { .kind = ORDER_CHECK, .check = CHECK_MANUAL,
		.check_passed = true, .priority = 5 };
	struct order_out *out;

	o->manual_check = true;
	out = rig_onboarded(r, o);
	assert_int_equal(out->state, ONBOARDING_OPEN);
	assert_int_equal(out->seat[0].outcome, OUTCOME_HELD);
	assert_int_equal(rig_assigned(r, "cad-global"), 0);
	check.onboarding = out->onboarding;
	rig_onboarded(r, &check);
	assert_int_equal(rig_assigned(r, "cad-global"), 1);
	assert_int_equal(rig_do(r, &person_order, &check, &out),
	    ERR_CONFLICT);
}

static void
a_user_name_is_made_where_none_comes(void **state)
{
	struct rig *r = *state;
	static const char *const want[] = { "a.mueller", "a.mueller2",
		"a.mueller3" };

	for (size_t i = 0; i < COUNT(want); i++) {
		struct order *o = rig_onboard(r, want[i], "ber", "mail");
		struct order_out *out;
		struct person_view *v;

		o->doc.n = 0;
		assert_int_equal(doc_set(&r->cx, &o->doc,
		    STR("name.familyName"), STR("Müller")), OK);
		assert_int_equal(doc_set(&r->cx, &o->doc,
		    STR("name.givenName"), STR("Ana")), OK);
		out = rig_onboarded(r, o);
		assert_int_equal(rig_query(r, person_show, &out->person, &v),
		    OK);
		assert_true(str_eq(doc_get(&v->doc, A_USER_NAME, 0),
		    str_of(want[i])));
	}
}

static void
the_world_survives_a_restart(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct order_out *first = rig_onboarded(r, o);

	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(rig_onboarded(r, o)->person, first->person);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(a_person_comes_once_however_often_asked),
		T(a_key_for_another_request_is_refused),
		T(seats_overflow_then_wait_then_are_served_in_order),
		T(all_or_nothing_leaves_no_trace),
		T(a_rule_gives_and_takes),
		T(a_large_person_can_be_changed),
		T(a_check_holds_the_seat_until_it_is_decided),
		T(a_user_name_is_made_where_none_comes),
		T(the_world_survives_a_restart),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

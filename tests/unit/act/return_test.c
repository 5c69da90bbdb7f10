/* SPDX-License-Identifier: Apache-2.0 */
/*
 * return_test.c - whom a source let go comes back when it brings them again,
 * as the same person; nobody else does, and nobody comes back twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "plant.h"

#define SOURCE 41

static struct order *
bring(struct rig *r, const char *ref, const char *products)
{
	struct order *o = rig_onboard(r, ref, "ber", products);

	o->source = SOURCE;
	o->may_return = true;
	o->idempotency_key = STR("");
	return o;
}

static enum err
ordered(struct rig *r, struct order o, struct order_out **out)
{
	return rig_do(r, &person_order,
	    arena_copy(r->arena, &o, sizeof(o)), out);
}

static int64_t
come(struct rig *r, const char *ref)
{
	return rig_onboarded(r, bring(r, ref, "mail"))->person;
}

static void
go(struct rig *r, int64_t person)
{
	const struct order remove = { .kind = ORDER_REMOVE, .source = SOURCE,
		.person = person, .if_version = -1 };
	struct order_out *out;

	assert_int_equal(ordered(r, remove, &out), OK);
	assert_int_equal(out->lifecycle, LIFE_LEFT);
}

static const struct person_view *
shown(struct rig *r, int64_t person)
{
	struct person_view *v;

	assert_int_equal(rig_query(r, person_show, &person, &v), OK);
	return v;
}

static bool
has(const struct person_view *v, enum attribute a, const char *value)
{
	return str_eq(doc_get(&v->doc, a, 0), str_of(value));
}

/* --- who comes back ------------------------------------------------------------------- */

static void
the_same_reference_is_the_same_person(void **state)
{
	struct rig *r = *state;
	int64_t ana = come(r, "ana");
	struct order *again;
	struct order_out *out;

	assert_int_equal(rig_assigned(r, "mail-ber"), 1);
	go(r, ana);
	assert_int_equal(rig_assigned(r, "mail-ber"), 0);
	again = bring(r, "ana", "mail");
	again->doc = (struct doc) { 0 };
	assert_int_equal(doc_set(&r->cx, &again->doc, STR("userName"),
	    STR("user.ana")), OK);
	assert_int_equal(doc_set(&r->cx, &again->doc, STR("nickName"),
	    STR("An")), OK);
	out = rig_onboarded(r, again);
	assert_int_equal(out->person, ana);
	assert_false(out->was_repeated);
	assert_int_equal(out->lifecycle, LIFE_ACTIVE);
	assert_int_equal(out->seat[0].outcome, OUTCOME_ASSIGNED);
	assert_int_equal(rig_assigned(r, "mail-ber"), 1);
	/* As they were sent now, and nothing of what was there before. */
	assert_true(has(shown(r, ana), A_NICK_NAME, "An"));
	assert_true(has(shown(r, ana), A_FAMILY_NAME, ""));
	assert_int_equal(shown(r, ana)->ncontract, 1);
	assert_int_equal(shown(r, ana)->contract[0].end_day, 0);
	/* Who is there again is in the way again. */
	assert_true(rig_onboarded(r, bring(r, "ana", ""))->was_repeated);
}

static void
a_user_name_is_enough(void **state)
{
	struct rig *r = *state;
	int64_t ana = come(r, "ana");
	struct order *again = bring(r, "ana", "");
	struct order_out *out;

	go(r, ana);
	again->ref = STR("");
	again->ncontract = 0;
	again->has_contracts = false;
	out = rig_onboarded(r, again);
	assert_int_equal(out->person, ana);
	assert_int_equal(out->lifecycle, LIFE_ACTIVE);
	assert_int_equal(shown(r, ana)->ncontract, 0);
	/* Not of who is there. */
	again->person = 0;
	assert_int_equal(ordered(r, *again, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_TAKEN);
}

static void
another_reference_is_one_more(void **state)
{
	struct rig *r = *state;
	int64_t ana = come(r, "ana");
	struct order *again = bring(r, "ana", "");

	go(r, ana);
	again->ref = STR("ana-2");
	assert_int_equal(rig_onboarded(r, again)->person, ana);
	go(r, ana);
	assert_int_equal(rig_onboarded(r, bring(r, "ana", ""))->person, ana);
}

static void
a_block_by_hand_ends(void **state)
{
	struct rig *r = *state;
	struct order disable = { .kind = ORDER_CHANGE, .source = SOURCE,
		.if_version = -1, .active = -1 };
	struct order *again;
	struct order_out *out;

	disable.person = come(r, "ana");
	assert_int_equal(ordered(r, disable, &out), OK);
	go(r, disable.person);
	rig_onboarded(r, bring(r, "ana", ""));
	assert_int_equal(plant_count(r, &BLOCK), 0);

	assert_int_equal(ordered(r, disable, &out), OK);
	go(r, disable.person);
	again = bring(r, "ana", "");
	again->active = -1;
	rig_onboarded(r, again);
	assert_int_equal(plant_count(r, &BLOCK), 1);

	/* By whoever may lift it. */
	go(r, disable.person);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_PERSON_BLOCK);
	rig_onboarded(r, bring(r, "ana", ""));
	assert_int_equal(plant_count(r, &BLOCK), 1);
	r->actor.rights = rights_of_tenant();
}

static void
who_comes_back_is_not_gone(void **state)
{
	struct rig *r = *state;
	int64_t ana = come(r, "ana");

	go(r, ana);
	assert_int_equal(plant_count(r, &REMOVED), 1);
	rig_onboarded(r, bring(r, "ana", ""));
	assert_int_equal(plant_count(r, &REMOVED), 0);
}

/* --- who does not ----------------------------------------------------------------------- */

static void
nobody_takes_anothers(void **state)
{
	struct rig *r = *state;
	struct order *other = bring(r, "ana", "");
	struct order_out *out;

	go(r, come(r, "ana"));
	other->source = SOURCE + 1;
	assert_int_equal(ordered(r, *other, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_TAKEN);
	/* A new login name needs the right to write one. */
	other = bring(r, "ana", "");
	assert_int_equal(doc_set(&r->cx, &other->doc, STR("userName"),
	    STR("ana.new")), OK);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_PERSON_LOGIN_WRITE);
	assert_int_equal(ordered(r, *other, &out), ERR_DENIED);
	r->actor.rights = rights_of_tenant();
	/* Where it is not asked for, it does not happen. */
	other = bring(r, "ana", "");
	other->may_return = false;
	assert_true(rig_onboarded(r, other)->was_repeated);
}

static void
nobody_comes_back_twice(void **state)
{
	struct rig *r = *state;
	struct item item[4] = { 0 };
	struct ctx cx[4];
	int64_t ana = come(r, "ana");
	size_t back = 0;

	go(r, ana);
	for (size_t i = 0; i < COUNT(item); i++) {
		cx[i] = (struct ctx) { .arena = arena_open(64 << 20),
			.actor = &r->actor, .now_ms = clock_now_ms(),
			.request_id = STR("0123456789abcdef") };
		item[i] = (struct item) { .cx = &cx[i],
			.use_case = &person_order, .tenant = r->acme,
			.in = bring(r, "ana", "") };
	}
	pipeline_do_all(world_pipeline(r->world), item, COUNT(item),
	    ITEM_INTERACTIVE);
	for (size_t i = 0; i < COUNT(item); i++) {
		const struct order_out *out = item[i].out;

		back += item[i].err == OK && !out->was_repeated;
		assert_true(item[i].err == OK || item[i].err == ERR_CONFLICT);
		arena_close(cx[i].arena);
	}
	assert_int_equal(back, 1);
	assert_int_equal(plant_count(r, &PERSON), 1);
}

/* --- the reference is changed ---------------------------------------------------------- */

static struct order
rename_to(struct rig *r, int64_t person, const char *ref)
{
	static const enum attribute gone[] = { A_EXTERNAL_ID };
	struct order o = { .kind = ORDER_CHANGE, .source = SOURCE,
		.person = person, .if_version = -1, .body = str_of(ref) };

	if (ref[0] == '\0') {
		o.removed = gone;
		o.nremoved = 1;
	} else {
		assert_int_equal(doc_set(&r->cx, &o.doc, STR("externalId"),
		    str_of(ref)), OK);
	}
	return o;
}

static enum err
renamed(struct rig *r, int64_t person, const char *ref)
{
	struct order_out *out;

	return ordered(r, rename_to(r, person, ref), &out);
}

static int64_t
come_known(struct rig *r, const char *ref)
{
	struct order *o = bring(r, ref, "");

	assert_int_equal(doc_set(&r->cx, &o->doc, STR("externalId"),
	    str_of(ref)), OK);
	return rig_onboarded(r, o)->person;
}

static void
a_reference_is_changed_and_the_old_one_is_free(void **state)
{
	struct rig *r = *state;
	struct order *again;
	int64_t ana = come_known(r, "ana"), bo = come_known(r, "bo"), cy;

	assert_int_equal(renamed(r, ana, "bo"), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_EXISTS);
	assert_true(has(shown(r, ana), A_EXTERNAL_ID, "ana"));
	assert_int_equal(renamed(r, ana, "new"), OK);
	assert_true(has(shown(r, ana), A_EXTERNAL_ID, "new"));
	assert_int_equal(plant_count(r, &SOURCE_REF), 2);
	again = bring(r, "cy", "");
	again->ref = STR("new");
	assert_int_equal(rig_onboarded(r, again)->person, ana);
	again = bring(r, "cy", "");
	again->ref = STR("ana");
	cy = rig_onboarded(r, again)->person;
	assert_true(cy != ana && cy != bo);
	/* Taken away, and given where there was none. */
	assert_int_equal(renamed(r, bo, ""), OK);
	assert_true(has(shown(r, bo), A_EXTERNAL_ID, ""));
	assert_int_equal(plant_count(r, &SOURCE_REF), 2);
	assert_int_equal(renamed(r, bo, "late"), OK);
	assert_int_equal(plant_count(r, &SOURCE_REF), 3);
}

static void
a_reference_is_its_sources_to_change(void **state)
{
	struct rig *r = *state;
	struct order o = rename_to(r, come_known(r, "ana"), "new");
	struct order_out *out;

	o.source = SOURCE + 1;
	assert_int_equal(ordered(r, o, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_API_REF_FIXED);
}

/* A file finds its people by what it has, and misses nobody by what it has not. */
static void
a_files_reference_stays(void **state)
{
	struct rig *r = *state;
	int64_t ana = come_known(r, "ana");
	struct source_ref *ref = plant_rows(r, &SOURCE_REF).row;

	ref->row = STR("01234567890123456789012345678901");
	plant_put(r, &SOURCE_REF, ref);
	assert_int_equal(renamed(r, ana, "new"), OK);
	assert_int_equal(plant_count(r, &SOURCE_REF), 2);
	assert_int_equal(rig_onboarded(r, bring(r, "ana", ""))->person, ana);
}

/* One of two, whoever is decided first. */
static void
a_reference_is_given_once_in_a_batch(void **state)
{
	struct rig *r = *state;
	struct ctx cx[2];
	struct item item[2] = { 0 };
	struct order o[2] = { rename_to(r, come_known(r, "ana"), "new"),
		rename_to(r, come_known(r, "bo"), "new") };
	size_t given = 0;

	for (size_t i = 0; i < COUNT(item); i++) {
		cx[i] = (struct ctx) { .arena = arena_open(64 << 20),
			.actor = &r->actor, .now_ms = clock_now_ms(),
			.request_id = STR("0123456789abcdef") };
		item[i] = (struct item) { .cx = &cx[i],
			.use_case = &person_order, .tenant = r->acme,
			.in = &o[i] };
	}
	pipeline_do_all(world_pipeline(r->world), item, COUNT(item),
	    ITEM_INTERACTIVE);
	for (size_t i = 0; i < COUNT(item); i++) {
		given += item[i].err == OK;
		assert_true(item[i].err == OK || item[i].err == ERR_CONFLICT);
		arena_close(cx[i].arena);
	}
	assert_int_equal(given, 1);
	assert_int_equal(plant_count(r, &SOURCE_REF), 2);
}

int
main(void)
{
#define A_TEST(f) \
	cmocka_unit_test_setup_teardown(f, rig_set_up, rig_verify_tear_down)
	const struct CMUnitTest tests[] = {
		A_TEST(the_same_reference_is_the_same_person),
		A_TEST(a_user_name_is_enough),
		A_TEST(another_reference_is_one_more),
		A_TEST(a_block_by_hand_ends),
		A_TEST(who_comes_back_is_not_gone),
		A_TEST(nobody_takes_anothers),
		A_TEST(nobody_comes_back_twice),
		A_TEST(a_reference_is_changed_and_the_old_one_is_free),
		A_TEST(a_reference_is_its_sources_to_change),
		A_TEST(a_files_reference_stays),
		A_TEST(a_reference_is_given_once_in_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

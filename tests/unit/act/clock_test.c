/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_test.c - what only time brings.  The clock is set, and the world's own
 * clock thread is woken to look at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "act/world_int.h"

#include "plant.h"

#define NOTICES 12000
#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)
#define PATIENCE 600		/* tries of 25 ms: only a broken world needs them all */

/* A Monday, 09:00 in Berlin. */
static int64_t start_ms;

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	assert_true(time_parse(STR("2026-11-23T08:00:00.000Z"), &start_ms));
	clock_set(start_ms);
	rig_open(r);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	rig_verify(r);
	rig_close(r);
	heap_free(r);
	clock_set(0);
	return 0;
}

/* --- waiting for the clock thread ------------------------------------------------- */

/* Its next second is now. */
static void
tick(struct rig *r)
{
	lock_take(r->world->mu);
	lock_wake(r->world->mu);
	lock_give(r->world->mu);
	clock_sleep_ms(25);
}

static struct person *
person_row(struct rig *r, int64_t id)
{
	struct rows rows = plant_rows(r, &PERSON);

	for (size_t i = 0; i < rows.n; i++)
		if (((struct person *)rows.row)[i].id == id)
			return &((struct person *)rows.row)[i];
	return NULL;
}

static void
becomes(struct rig *r, int64_t person, enum lifecycle wanted)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (person_row(r, person)->lifecycle == wanted)
			return;
		tick(r);
	}
	assert_int_equal(person_row(r, person)->lifecycle, wanted);
}

static void
count_becomes(struct rig *r, const struct table *t, size_t wanted)
{
	for (int i = 0; i < PATIENCE && plant_count(r, t) != wanted; i++)
		tick(r);
	assert_int_equal(plant_count(r, t), wanted);
}

/* The clock has looked at everything that is due now: it signs after that. */
static void
clock_has_passed(struct rig *r)
{
	struct world_count before, now;
	void *out;

	world_counts(r->world, &before);
	now = before;
	/* Something to sign, for it to be seen. */
	assert_int_equal(rig_long(r, backup_make, NULL, &out), OK);
	for (int i = 0; i < PATIENCE && now.checkpoints < before.checkpoints
	    + 2; i++) {
		tick(r);
		world_counts(r->world, &now);
	}
	assert_true(now.checkpoints >= before.checkpoints + 2);
}

/* The hourly work of one tenant, as the clock does it; how many keys went. */
static int64_t
housekept(struct rig *r)
{
	struct housekeeping_in in = { .now_ms = clock_now_ms() };
	struct housekeeping_out *out;
	int64_t keys = 0;

	do {
		assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
		keys += out->keys;
		in.after = out->next;
	} while (in.after != 0);
	return keys;
}

static struct order *
with_days(struct rig *r, const char *ref, const char *from, const char *to)
{
	struct order *o = rig_onboard(r, ref, "ber", "cad");
	struct contract_in *c = (struct contract_in *)o->contract;

	c->start = str_of(from);
	c->end = str_of(to);
	return o;
}

/* --- days ---------------------------------------------------------------------------- */

static void
a_future_starter_begins_on_the_day(void **state)
{
	struct rig *r = *state;
	struct order *o = with_days(r, "ana", "2026-11-25", "");
	struct order_out *out;

	((struct contract_in *)o->contract)->department = STR("Vertrieb");
	out = rig_onboarded(r, o);
	assert_int_equal(out->lifecycle, LIFE_PENDING);
	assert_int_equal(rig_assigned(r, "all-global"), 0);
	/* 2026-11-25 begins in Berlin at 23:00 UTC of the day before. */
	clock_set(start_ms + DAY + 15 * HOUR - 1);
	clock_has_passed(r);
	assert_int_equal(person_row(r, out->person)->lifecycle, LIFE_PENDING);
	clock_set(start_ms + DAY + 15 * HOUR);
	becomes(r, out->person, LIFE_ACTIVE);
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	count_becomes(r, &DUE, 0);
}

static void
the_last_day_is_worked_and_then_the_seat_goes_on(void **state)
{
	struct rig *r = *state;
	struct order_out *ana = rig_onboarded(r,
	    with_days(r, "ana", "2020-01-01", "2026-11-24"));
	struct order_out *bo = rig_onboarded(r,
	    with_days(r, "bo", "2020-01-01", ""));
	const struct seat *seat;

	assert_int_equal(ana->lifecycle, LIFE_ACTIVE);
	assert_int_equal(bo->seat[0].outcome, OUTCOME_QUEUED);
	clock_set(start_ms + DAY + 15 * HOUR - 1);
	clock_has_passed(r);
	assert_int_equal(person_row(r, ana->person)->lifecycle, LIFE_ACTIVE);
	clock_set(start_ms + DAY + 15 * HOUR);
	becomes(r, ana->person, LIFE_LEFT);
	assert_int_equal(plant_count(r, &SEAT), 1);
	seat = plant_rows(r, &SEAT).row;
	assert_int_equal(seat->person, bo->person);
	assert_int_equal(plant_count(r, &SEAT_PAST), 1);
	assert_int_equal(plant_count(r, &WAIT), 0);
}

/* The end of one contract changes nothing, but the clock must still come for the other. */
static void
a_day_without_effect_does_not_hide_the_next(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct contract_in c[2] = {
		{ .key = STR("a"), .site = STR("ber"),
		    .start = STR("2020-01-01"), .end = STR("2026-11-25") },
		{ .key = STR("b"), .site = STR("ber"),
		    .start = STR("2021-01-01"), .end = STR("2026-11-30") },
	};
	struct order_out *out;

	o->contract = c;
	o->ncontract = 2;
	out = rig_onboarded(r, o);
	clock_set(start_ms + 4 * DAY);
	clock_has_passed(r);
	assert_int_equal(person_row(r, out->person)->lifecycle, LIFE_ACTIVE);
	clock_set(start_ms + 8 * DAY);
	becomes(r, out->person, LIFE_LEFT);
	count_becomes(r, &DUE, 0);
}

static void
a_day_that_came_while_the_world_stood_still_is_made_good(void **state)
{
	struct rig *r = *state;
	struct order_out *ana = rig_onboarded(r,
	    with_days(r, "ana", "2020-01-01", "2026-11-24"));
	struct order_out *bo = rig_onboarded(r,
	    with_days(r, "bo", "2026-12-01", ""));

	rig_stop(r);
	clock_set(start_ms + 30 * DAY);
	assert_int_equal(rig_start(r, false), OK);
	becomes(r, ana->person, LIFE_LEFT);
	becomes(r, bo->person, LIFE_ACTIVE);
	count_becomes(r, &DUE, 0);
}

static void
a_day_is_noted_once_however_often_things_change(void **state)
{
	struct rig *r = *state;
	struct order *o = with_days(r, "ana", "2020-01-01", "2026-12-24");
	struct order_out *out = rig_onboarded(r, o);
	struct order change = { .kind = ORDER_CHANGE, .source = 1,
		.person = out->person, .if_version = -1, .priority = 5 };

	for (int i = 0; i < 3; i++) {
		change.doc = (struct doc) { 0 };
		assert_int_equal(doc_set(&r->cx, &change.doc,
		    STR("nickName"), str_fmt(r->arena, "A%d", i)), OK);
		rig_onboarded(r, &change);
	}
	assert_int_equal(plant_count(r, &DUE), 1);
}

/* --- held seats ------------------------------------------------------------------------ */

static void
a_held_seat_expires_and_goes_to_who_waits(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "cad");
	struct order_out *ana, *bo;
	struct onboarding_view *v;
	struct order check = { .kind = ORDER_CHECK, .check = CHECK_MANUAL,
		.check_passed = true, .priority = 5 };
	const struct seat *seat;

	o->manual_check = true;
	ana = rig_onboarded(r, o);
	bo = rig_onboarded(r, rig_onboard(r, "bo", "ber", "cad"));
	assert_int_equal(ana->seat[0].outcome, OUTCOME_HELD);
	assert_int_equal(bo->seat[0].outcome, OUTCOME_QUEUED);
	clock_set(start_ms + DAY - 1);
	clock_has_passed(r);
	assert_int_equal(plant_count(r, &WAIT), 1);
	clock_set(start_ms + DAY);
	count_becomes(r, &WAIT, 0);
	seat = plant_rows(r, &SEAT).row;
	assert_int_equal(plant_count(r, &SEAT), 1);
	assert_int_equal(seat->person, bo->person);
	assert_int_equal(seat->state, SEAT_ASSIGNED);
	assert_int_equal(rig_query(r, onboarding_show, &ana->onboarding, &v),
	    OK);
	assert_int_equal(v->row.state, ONBOARDING_EXPIRED);
	assert_int_equal(v->check[0].state, CHECK_FAILED);
	assert_int_equal(v->nnow, 0);
	check.onboarding = ana->onboarding;
	assert_int_equal(rig_do(r, &person_order, &check, &bo), ERR_CONFLICT);
	/* She is still a person, only without a seat. */
	assert_int_equal(person_row(r, ana->person)->lifecycle, LIFE_ACTIVE);
}

static void
a_check_that_was_passed_in_time_is_not_undone(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "cad");
	struct order check = { .kind = ORDER_CHECK, .check = CHECK_MANUAL,
		.check_passed = true, .priority = 5 };

	o->manual_check = true;
	check.onboarding = rig_onboarded(r, o)->onboarding;
	rig_onboarded(r, &check);
	clock_set(start_ms + 2 * DAY);
	count_becomes(r, &DUE, 0);
	assert_int_equal(rig_assigned(r, "cad-global"), 1);
}

/* --- housekeeping ----------------------------------------------------------------------- */

static void
answers_are_repeated_for_a_day(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct order_out *first = rig_onboarded(r, o), *again;

	clock_set(start_ms + 23 * HOUR);
	housekept(r);
	assert_int_equal(plant_count(r, &IDEMPOTENCY), 1);
	again = rig_onboarded(r, o);
	assert_true(again->was_repeated);
	assert_int_equal(again->onboarding, first->onboarding);
	clock_set(start_ms + 26 * HOUR);
	housekept(r);
	assert_int_equal(plant_count(r, &IDEMPOTENCY), 0);
	/* The key may mean something else now; the reference is still known. */
	o->body = STR("another body");
	again = rig_onboarded(r, o);
	assert_true(again->was_repeated);
	assert_int_equal(again->person, first->person);
	assert_int_equal(plant_count(r, &IDEMPOTENCY), 1);
}

static enum err
tell(struct batch *b, struct tx *tx)
{
	const struct notice_row *row = b->item[0]->in;

	return store_save(tx, &NOTICE, row, NOTICES, NULL);
}

/* More than one transaction drops, and some that somebody may still read. */
static void
notices_are_swept_until_no_old_one_is_left(void **state)
{
	static const struct use_case told = { .name = "told", .save = tell };
	struct rig *r = *state;
	struct housekeeping_in in = { clock_now_ms(), 0, false };
	struct housekeeping_out *out;
	struct notice_row *row = arena_array(r->arena, NOTICES, sizeof(*row));
	void *none;

	for (int64_t i = 0; i < NOTICES; i++)
		row[i] = (struct notice_row) { .tenant = r->acme, .seq = i,
			.kind = NOTICE_TOKEN,
			.at_ms = in.now_ms - (i < NOTICES - 3 ? 2 : 0) * HOUR };
	assert_int_equal(rig_do(r, &told, row, &none), OK);
	assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
	assert_true(out->has_notices);
	in.is_notices = true;
	assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
	assert_false(out->has_notices);
	assert_int_equal(plant_count(r, &NOTICE), 3);
}

static void
the_clock_keeps_house_by_itself(void **state)
{
	struct rig *r = *state;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	clock_set(start_ms + 26 * HOUR);
	count_becomes(r, &IDEMPOTENCY, 0);
}

static void
keys_of_nobody_are_swept_after_a_day_and_only_then(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "bo", "ber", "cad");
	struct order_out *out;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "cad"));
	o->all_or_nothing = true;
	assert_int_equal(rig_do(r, &person_order, o, &out), ERR_CONFLICT);
	assert_int_equal(plant_count(r, &PERSON), 1);
	assert_int_equal(plant_count(r, &PERSON_KEY), 2);
	clock_set(start_ms + DAY - 1000);
	assert_int_equal(housekept(r), 0);
	assert_int_equal(plant_count(r, &PERSON_KEY), 2);
	clock_set(start_ms + DAY + 1000);
	/* Whoever is first, the clock or this. */
	housekept(r);
	count_becomes(r, &PERSON_KEY, 1);
	rig_verify(r);
	clock_set(start_ms + 50 * DAY);
	assert_int_equal(housekept(r), 0);
	assert_int_equal(plant_count(r, &PERSON_KEY), 1);
}

/* More keys than are looked at in one go, and the orphan is the last of them. */
static void
the_sweep_reaches_the_last_key(void **state)
{
	struct rig *r = *state;
	struct key_row key = { .tenant = r->acme, .version = 1,
		.state = KEY_ACTIVE, .created_ms = start_ms,
		.wrapped = STR("opaque") };
	int64_t ana;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "cad"));
	ana = ((struct key_row *)plant_rows(r, &PERSON_KEY).row)->person;
	for (int i = 1; i <= 1001; i++) {
		key.person = i;
		plant_put(r, &PERSON_KEY, &key);
	}
	key.person = ana + 1;
	plant_put(r, &PERSON_KEY, &key);
	assert_int_equal(plant_count(r, &PERSON_KEY), 1003);
	clock_set(start_ms + 2 * DAY);
	housekept(r);
	count_becomes(r, &PERSON_KEY, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_future_starter_begins_on_the_day),
		T(the_last_day_is_worked_and_then_the_seat_goes_on),
		T(a_day_without_effect_does_not_hide_the_next),
		T(a_day_that_came_while_the_world_stood_still_is_made_good),
		T(a_day_is_noted_once_however_often_things_change),
		T(a_held_seat_expires_and_goes_to_who_waits),
		T(a_check_that_was_passed_in_time_is_not_undone),
		T(answers_are_repeated_for_a_day),
		T(notices_are_swept_until_no_old_one_is_left),
		T(the_clock_keeps_house_by_itself),
		T(keys_of_nobody_are_swept_after_a_day_and_only_then),
		T(the_sweep_reaches_the_last_key),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

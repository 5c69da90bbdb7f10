/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_test.c - a client lets no more of its people go within a day than the
 * settings or an administrator say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "audit/log.h"

#include "plant.h"

#define PEOPLE 12
#define HOUR   INT64_C(3600000)

struct company {
	struct rig *rig;
	int64_t	    source, person[PEOPLE];
};

static enum err
put_settings(struct rig *r, const char *settings)
{
	struct catalogue_in in = { .text = str_fmt(r->arena,
	    "%ssettings: { %s }\n", rig_catalogue, settings) };
	struct catalogue_out *out;

	return rig_long(r, catalogue_put, &in, &out);
}

static void
open_company(struct rig *r, const char *settings, struct company *c)
{
	struct source_in in = { STR("entra"), 2 };
	struct source_out *source;

	assert_int_equal(put_settings(r, settings), OK);
	assert_int_equal(rig_do(r, &source_ensure, &in, &source), OK);
	c->rig = r;
	c->source = source->id;
	for (size_t i = 0; i < PEOPLE; i++) {
		struct order *o = rig_onboard(r,
		    str_z(r->arena, str_fmt(r->arena, "p%zu", i)), "ber", "");

		o->source = c->source;
		c->person[i] = rig_onboarded(r, o)->person;
	}
}

static struct order
removal(const struct company *c, size_t i)
{
	return (struct order) { .kind = ORDER_REMOVE, .source = c->source,
		.person = c->person[i], .if_version = -1 };
}

static struct order
active(const struct company *c, size_t i, int how)
{
	return (struct order) { .kind = ORDER_CHANGE, .source = c->source,
		.person = c->person[i], .if_version = -1, .active = how };
}

static enum err
ordered(const struct company *c, struct order o)
{
	struct order_out *out;

	return rig_do(c->rig, &person_order,
	    arena_copy(c->rig->arena, &o, sizeof(o)), &out);
}

static void
assert_stopped(const struct company *c, struct order o)
{
	assert_int_equal(ordered(c, o), ERR_CONFLICT);
	assert_int_equal(c->rig->cx.fault.msg, MSG_GUARD_REMOVALS);
}

static size_t
noted(struct rig *r, enum action action, struct entry *last)
{
	struct rows log = plant_rows(r, &LOG);
	size_t n = 0;

	for (size_t i = 0; i < log.n; i++) {
		struct entry e;

		assert_true(entry_decode(r->arena,
		    ((struct log_row *)log.row)[i].entry, &e));
		if (e.action != action)
			continue;
		*last = e;
		n++;
	}
	return n;
}

static size_t
who_left(struct rig *r)
{
	struct rows rows = plant_rows(r, &PERSON);
	size_t n = 0;

	for (size_t i = 0; i < rows.n; i++)
		n += ((struct person *)rows.row)[i].lifecycle == LIFE_LEFT;
	return n;
}

/* --- what counts --------------------------------------------------------------------- */

static void
nobody_goes_above_the_least(void **state)
{
	struct rig *r = *state;
	struct company c;
	struct entry e;

	open_company(r, "client.removals_least: 2", &c);
	assert_int_equal(ordered(&c, removal(&c, 0)), OK);
	assert_int_equal(ordered(&c, active(&c, 1, -1)), OK);
	assert_stopped(&c, removal(&c, 2));
	assert_stopped(&c, active(&c, 3, -1));
	assert_true(str_eq(r->cx.fault.args[0], STR("2")));
	assert_true(str_eq(r->cx.fault.args[1], STR("2")));
	assert_int_equal(who_left(r), 1);
	assert_int_equal(plant_count(r, &BLOCK), 1);

	/* Once, however often it is tried, and who may go is what it says. */
	assert_int_equal(noted(r, ACTION_REMOVALS_STOPPED, &e), 1);
	assert_int_equal(e.subject_kind, SUBJECT_SOURCE);
	assert_int_equal(e.subject, c.source);
	assert_int_equal(e.change[0].kind, CHANGE_REMOVALS);
	assert_int_equal(e.change[0].before, 2);
	assert_int_equal(e.change[0].after, 2);

	/* Nothing else is in their way. */
	assert_int_equal(ordered(&c, active(&c, 1, 1)), OK);
}

static void
a_share_of_many_may_go(void **state)
{
	struct rig *r = *state;
	struct company c;

	/* Of twelve, of whom those who left are still counted. */
	open_company(r,
	    "client.removals_least: 0, client.removals_percent: 25", &c);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ordered(&c, removal(&c, i)), OK);
	assert_stopped(&c, removal(&c, 3));
}

static void
contracts_that_end_count(void **state)
{
	struct rig *r = *state;
	struct contract_in over = { .site = STR("ber"),
		.start = STR("2020-01-01"), .end = STR("2020-12-31") };
	struct order end = { .kind = ORDER_CHANGE, .if_version = -1,
		.has_contracts = true, .contract = &over, .ncontract = 1 };
	struct company c;

	open_company(r, "client.removals_least: 1", &c);
	end.source = c.source;
	end.person = c.person[0];
	assert_int_equal(ordered(&c, end), OK);
	assert_int_equal(who_left(r), 1);
	end.person = c.person[1];
	assert_stopped(&c, end);
	/* Who only moves does not go. */
	over.end = STR("");
	assert_int_equal(ordered(&c, end), OK);
}

/* Else a client would have all of its people go at midnight. */
static void
an_end_that_soon_comes_counts(void **state)
{
	struct rig *r = *state;
	char day[DATE_TEXT];
	struct contract_in soon = { .site = STR("ber"),
		.start = STR("2020-01-01"), .end = { day, sizeof(day) } };
	struct order end = { .kind = ORDER_CHANGE, .if_version = -1,
		.has_contracts = true, .contract = &soon, .ncontract = 1 };
	int32_t today = (int32_t)(clock_now_ms() / 86400000);
	struct company c;

	open_company(r, "client.removals_least: 1", &c);
	end.source = c.source;
	end.person = c.person[0];
	date_encode(today + 2, day);
	assert_int_equal(ordered(&c, end), OK);
	assert_int_equal(who_left(r), 0);
	end.person = c.person[1];
	assert_stopped(&c, end);
	/* What is further off somebody has time to see. */
	date_encode(today + 30, day);
	assert_int_equal(ordered(&c, end), OK);
}

static void
who_comes_back_makes_room(void **state)
{
	struct rig *r = *state;
	struct company c;

	open_company(r, "client.removals_least: 1", &c);
	assert_int_equal(ordered(&c, active(&c, 0, -1)), OK);
	assert_stopped(&c, active(&c, 1, -1));
	assert_int_equal(ordered(&c, active(&c, 0, 1)), OK);
	assert_int_equal(ordered(&c, active(&c, 1, -1)), OK);
	/* Disabled, then removed: one person went. */
	assert_int_equal(ordered(&c, removal(&c, 1)), OK);
	assert_stopped(&c, active(&c, 2, -1));
	assert_int_equal(plant_count(r, &REMOVED), 1);
}

static void
who_acts_by_hand_is_not_counted(void **state)
{
	struct rig *r = *state;
	struct company c;

	open_company(r, "client.removals_least: 0, client.removals_percent: 0",
	    &c);
	assert_stopped(&c, active(&c, 0, -1));
	r->actor.kind = ACTOR_PERSON;
	assert_int_equal(ordered(&c, active(&c, 0, -1)), OK);
	assert_int_equal(plant_count(r, &REMOVED), 0);
}

/* --- at once, later, elsewhere ------------------------------------------------------------ */

static void
no_more_go_at_once(void **state)
{
	struct rig *r = *state;
	struct item item[PEOPLE] = { 0 };
	struct order order[PEOPLE];
	struct ctx cx[PEOPLE];
	struct company c;
	size_t went = 0;

	open_company(r, "client.removals_least: 5", &c);
	for (size_t i = 0; i < PEOPLE; i++) {
		order[i] = removal(&c, i);
		cx[i] = (struct ctx) { .arena = r->arena, .actor = &r->actor,
			.now_ms = clock_now_ms(),
			.request_id = STR("0123456789abcdef") };
		cx[i].arena = arena_open(64 << 20);
		item[i] = (struct item) { .cx = &cx[i],
			.use_case = &person_order, .tenant = r->acme,
			.in = &order[i] };
	}
	pipeline_do_all(world_pipeline(r->world), item, PEOPLE,
	    ITEM_INTERACTIVE);
	for (size_t i = 0; i < PEOPLE; i++) {
		went += item[i].err == OK;
		assert_true(item[i].err == OK
		    || cx[i].fault.msg == MSG_GUARD_REMOVALS);
		arena_close(cx[i].arena);
	}
	assert_int_equal(went, 5);
	assert_int_equal(who_left(r), 5);
}

static void
a_restart_forgets_nothing(void **state)
{
	struct rig *r = *state;
	struct company c;

	open_company(r, "client.removals_least: 1", &c);
	assert_int_equal(ordered(&c, removal(&c, 0)), OK);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_stopped(&c, removal(&c, 1));
}

static void
yesterday_is_over(void **state)
{
	struct rig *r = *state;
	struct removal_hour hour;
	struct company c;

	open_company(r, "client.removals_least: 1", &c);
	assert_int_equal(ordered(&c, removal(&c, 0)), OK);
	hour = *(struct removal_hour *)plant_rows(r, &REMOVAL_HOUR).row;
	plant_drop(r, &REMOVAL_HOUR, &hour);
	hour.hour -= 23;
	plant_put(r, &REMOVAL_HOUR, &hour);
	assert_stopped(&c, removal(&c, 1));
	plant_drop(r, &REMOVAL_HOUR, &hour);
	hour.hour -= 3;
	plant_put(r, &REMOVAL_HOUR, &hour);
	assert_int_equal(ordered(&c, removal(&c, 1)), OK);
	/* What counts no more is not kept. */
	assert_int_equal(plant_count(r, &REMOVAL_HOUR), 1);
}

/* --- by an administrator ------------------------------------------------------------------ */

static enum err
allow(struct rig *r, const char *source, int64_t n, const char *reason,
    struct removals_out **out)
{
	struct removals_in in = { str_of(source), n, str_of(reason) };

	return rig_do(r, &removals_allow,
	    arena_copy(r->arena, &in, sizeof(in)), out);
}

static void
an_administrator_lets_more_go(void **state)
{
	struct rig *r = *state;
	struct removals_out *out;
	struct removal_guard guard;
	struct company c;
	struct entry e;

	open_company(r, "client.removals_least: 1", &c);
	assert_int_equal(ordered(&c, removal(&c, 0)), OK);
	assert_stopped(&c, removal(&c, 1));
	assert_int_equal(allow(r, "entra", 3, "", &out), ERR_BAD_INPUT);
	assert_int_equal(allow(r, "okta", 3, "why", &out), ERR_NOT_FOUND);
	assert_int_equal(r->cx.fault.msg, MSG_SOURCE_UNKNOWN);
	assert_int_equal(allow(r, "entra", 3, "Lyon closes", &out), OK);
	assert_int_equal(out->allowed, 3);
	assert_int_equal(out->gone, 1);
	assert_int_equal(noted(r, ACTION_GUARD_OVERRIDDEN, &e), 1);
	assert_int_equal(e.subject, c.source);
	assert_true(e.sealed.n > 0);

	assert_int_equal(ordered(&c, removal(&c, 1)), OK);
	assert_int_equal(ordered(&c, removal(&c, 2)), OK);
	assert_stopped(&c, removal(&c, 3));
	/* What was allowed anew is noted anew. */
	assert_int_equal(noted(r, ACTION_REMOVALS_STOPPED, &e), 2);

	/* A day later it is as before. */
	guard = *(struct removal_guard *)plant_rows(r, &REMOVAL_GUARD).row;
	guard.allowed = 9;
	plant_put(r, &REMOVAL_GUARD, &guard);
	assert_int_equal(ordered(&c, removal(&c, 3)), OK);
	guard.until_ms = clock_now_ms() - HOUR;
	plant_put(r, &REMOVAL_GUARD, &guard);
	assert_stopped(&c, removal(&c, 4));
}

int
main(void)
{
#define A_TEST(f) \
	cmocka_unit_test_setup_teardown(f, rig_set_up, rig_verify_tear_down)
	const struct CMUnitTest tests[] = {
		A_TEST(nobody_goes_above_the_least),
		A_TEST(a_share_of_many_may_go),
		A_TEST(contracts_that_end_count),
		A_TEST(an_end_that_soon_comes_counts),
		A_TEST(who_comes_back_makes_room),
		A_TEST(who_acts_by_hand_is_not_counted),
		A_TEST(no_more_go_at_once),
		A_TEST(a_restart_forgets_nothing),
		A_TEST(yesterday_is_over),
		A_TEST(an_administrator_lets_more_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_test.c - roles of persons: given, approved and ended as orders, known in
 * memory after a restart, over with their time and with their person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "act/world_int.h"

#include "rig.h"

static struct order
role_order(enum order_kind kind, int64_t person)
{
	return (struct order) { .kind = kind, .person = person,
		.reason = STR("for the test"), .body = STR("{}") };
}

static int64_t
given(struct rig *r, int64_t person, const char *role, const char *scope)
{
	struct order o = role_order(ORDER_ROLE_GIVE, person);
	struct order_out *out;

	o.role = str_of(role);
	o.scope = str_of(scope);
	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
	assert_true(out->role_grant != 0);
	return out->role_grant;
}

static enum err
ended(struct rig *r, int64_t person, int64_t grant)
{
	struct order o = role_order(ORDER_ROLE_END, person);
	struct order_out *out;

	o.role_grant = grant;
	return rig_do(r, &person_order, &o, &out);
}

static struct actor
actor_of(struct rig *r, int64_t person)
{
	struct actor a = { 0 };

	r->cx.now_ms = clock_now_ms();
	assert_int_equal(world_person_actor(r->world, &r->cx, r->acme, person,
	    &a), OK);
	return a;
}

static void
what_a_person_may_is_known_after_a_restart(void **state)
{
	struct rig *r = *state;
	int64_t ana = rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))
	    ->person;
	int64_t hr = given(r, ana, "hr", "site eq \"ber\"");
	const struct filter *scope;

	assert_true(actor_of(r, ana + 1).rights == RIGHT_BIT(RIGHT_SELF));
	for (int i = 0; i < 2; i++) {
		struct actor a = actor_of(r, ana);

		assert_true(actor_may(&a, RIGHT_IMPORT_RUN));
		assert_true(actor_scope(r->arena, &a, RIGHT_IMPORT_RUN,
		    &scope));
		assert_true(str_eq(filter_text(scope),
		    STR("site eq \"ber\"")));
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
	}
	assert_int_equal(ended(r, ana, hr), OK);
	assert_int_equal(ended(r, ana, hr), ERR_NOT_FOUND);
	assert_true(actor_of(r, ana).rights == RIGHT_BIT(RIGHT_SELF));
	rig_verify(r);
}

static void
the_last_administrator_of_a_tenant_stays(void **state)
{
	struct rig *r = *state;
	int64_t ana = rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))
	    ->person;
	int64_t bo = rig_onboarded(r, rig_onboard(r, "bo", "ber", ""))->person;
	int64_t first = given(r, ana, "tenant-administrator", "");
	int64_t second = given(r, bo, "tenant-administrator", "");

	assert_int_equal(ended(r, ana, first), OK);
	assert_int_equal(ended(r, bo, second), ERR_CONFLICT);
	rig_verify(r);
}

/* Who has gone holds nothing, and what they held stands in the past. */
static void
who_leaves_loses_every_role(void **state)
{
	struct rig *r = *state;
	struct order *came = rig_onboard(r, "ana", "ber", "");
	int64_t ana = rig_onboarded(r, came)->person;
	struct order o = { .kind = ORDER_LEAVE, .person = ana,
		.source = came->source };
	struct page_in page = { .person = ana, .limit = 100 };
	struct roles_out *roles;
	struct order_out *out;

	given(r, ana, "hr", "");
	given(r, ana, "auditor", "");
	assert_int_equal(rig_query(r, roles_held_list, &page, &roles), OK);
	assert_int_equal(roles->n, 2);
	assert_true(str_eq(roles->role[0].reason, STR("for the test")));
	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
	assert_int_equal(out->lifecycle, LIFE_LEFT);
	assert_int_equal(rig_query(r, roles_held_list, &page, &roles), OK);
	assert_int_equal(roles->n, 0);
	assert_true(actor_of(r, ana).rights == RIGHT_BIT(RIGHT_SELF));
	rig_verify(r);
}

/* A request that waited a minute stands in the log where and when it was done. */
static void
an_entry_is_of_when_it_became_so(void **state)
{
	struct rig *r = *state;
	struct ctx cx = { .arena = r->arena, .actor = &r->actor,
		.now_ms = clock_now_ms() - 60000 };
	struct order *o = rig_onboard(r, "late", "ber", "");
	struct item it = { .cx = &cx, .use_case = &person_order,
		.tenant = r->acme, .in = o };
	struct page_in page = { .after = -1, .limit = 500 };
	struct events_out *out;

	assert_int_equal(pipeline_do(world_pipeline(r->world), &it,
	    ITEM_INTERACTIVE), OK);
	assert_int_equal(rig_query(r, events_list, &page, &out), OK);
	assert_true(out->n > 0);
	assert_true(out->event[out->n - 1].entry.time_ms
	    > clock_now_ms() - 30000);
}

static int
open_rig(void **state)
{
	static struct rig rig;

	rig_open(&rig);
	*state = &rig;
	return 0;
}

static int
close_rig(void **state)
{
	rig_close(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_a_person_may_is_known_after_a_restart, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(
		    the_last_administrator_of_a_tenant_stays, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(who_leaves_loses_every_role,
		    open_rig, close_rig),
		cmocka_unit_test_setup_teardown(
		    an_entry_is_of_when_it_became_so, open_rig, close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

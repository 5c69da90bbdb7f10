/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anew_test.c - memory of a tenant, read anew: it is as it is stored, whatever
 * it was before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "act/login.h"
#include "act/world_int.h"

#include "rig.h"

static void
read_anew(struct rig *r, uint32_t tenant)
{
	/* The sealer, whose channel this is, has nothing to do. */
	r->cx.fault = (struct fault) { 0 };
	assert_int_equal(world_anew(r->world, 0, &r->cx, tenant), OK);
}

static int64_t
given(struct rig *r, int64_t person, const char *role)
{
	struct order o = { .kind = ORDER_ROLE_GIVE, .person = person,
		.reason = STR("for the test"), .body = STR("{}"),
		.role = str_of(role), .scope = STR("site eq \"ber\"") };
	struct order_out *out;

	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
	return out->role_grant;
}

static size_t
sessions_of(struct rig *r, int64_t person)
{
	const struct actor a = { .kind = ACTOR_PERSON, .tenant = r->acme,
		.person = person };
	struct session_view *v;

	return world_sessions(r->world, r->arena, &a, &v);
}

static void
what_is_in_memory_is_as_it_is_stored(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	int64_t persons = world_persons(w, r->acme);
	struct role_row role = { .tenant = r->acme, .person = ana };
	struct session_row session = { .tenant = r->acme, .person = ana,
		.id = 5, .hash = STR("01234567890123456789012345678901"),
		.seen_ms = clock_now_ms(), .created_ms = clock_now_ms(),
		.factor_ms = clock_now_ms(), .expires_ms = INT64_MAX };
	const struct realm *realm;
	struct role_held *held;

	role.id = given(r, ana, "hr");
	assert_int_equal(world_roles_of(w, r->arena, r->acme, ana, &held), 1);
	role.role = held->role;
	/* What a commit took away, and what it brought. */
	world_role_drop(w, &role);
	world_role_set(w,
	    &(struct role_row) { .tenant = r->acme,
		.person = ana,
		.id = role.id + 1,
		.role = role.role,
		.state = ROLE_ACTIVE },
	    NULL);
	world_session_set(w, &session);
	assert_int_equal(sessions_of(r, ana), 1);
	world_tenant_limit(w, r->acme, LIMIT_PERSONS, 3);
	world_persons_add(w, r->acme, 4);
	world_tenant_state(w, r->acme, TENANT_SUSPENDED);
	world_catalogue_set(w, r->acme, STR("{\"catalogue\":1}"), 9);

	read_anew(r, r->acme);
	assert_int_equal(world_roles_of(w, r->arena, r->acme, ana, &held), 1);
	assert_int_equal(held->id, role.id);
	assert_non_null(held->scope);
	assert_int_equal(sessions_of(r, ana), 0);
	assert_int_equal(world_persons(w, r->acme), persons);
	assert_int_equal(world_realm(w, &r->cx, r->acme, &realm), OK);
	assert_int_equal(realm->state, TENANT_ACTIVE);
	assert_int_equal(realm->most[LIMIT_PERSONS], 0);
	assert_int_equal(realm->catalogue->version, 1);
	/* And it works. */
	rig_onboarded(r, rig_onboard(r, "bo", "muc", "mail"));
	rig_verify(r);
}

/* Twice is as once. */
static void
who_is_there_stays(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"))->person;
	const struct realm *before, *after;
	struct role_held *held;

	given(r, ana, "hr");
	assert_int_equal(world_realm(w, &r->cx, r->acme, &before), OK);
	read_anew(r, r->acme);
	read_anew(r, r->acme);
	assert_int_equal(world_realm(w, &r->cx, r->acme, &after), OK);
	assert_ptr_equal(before->catalogue, after->catalogue);
	assert_ptr_equal(before->dictionary, after->dictionary);
	assert_int_equal(world_roles_of(w, r->arena, r->acme, ana, &held), 1);
	rig_verify(r);
}

/* Its making had no answer, but it was made. */
static void
a_tenant_that_memory_does_not_know_comes_in(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t persons;

	rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	persons = world_persons(w, r->acme);
	world_tenant_drop(w, r->acme);
	assert_int_equal(world_tenant_named(w, STR("acme")), 0);
	read_anew(r, r->acme);
	assert_int_equal(world_tenant_named(w, STR("acme")), r->acme);
	assert_int_equal(world_persons(w, r->acme), persons);
	rig_onboarded(r, rig_onboard(r, "bo", "muc", "mail"));
	rig_verify(r);
	/* One that was not made after all is nobody's fault. */
	read_anew(r, 4711);
}

/* Its keys were destroyed, and what says so had no answer. */
static void
a_tenant_that_has_ended_is_dropped(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;

	r->cx.fault = (struct fault) { 0 };
	assert_int_equal(
	    vault_tenant_end(w->vault[CHANNEL_SEALER], &r->cx, r->other), OK);
	read_anew(r, r->other);
	read_anew(r, r->other);
	assert_int_equal(world_tenant_named(w, STR("other")), 0);
	rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
}

static void
settings_of_the_deployment_are_read_too(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t stored = world_deployment(w, DEPLOYMENT_TENANT_QUEUED);

	atomic_store(&w->deployment[DEPLOYMENT_TENANT_QUEUED], stored + 1);
	read_anew(r, 0);
	assert_int_equal(world_deployment(w, DEPLOYMENT_TENANT_QUEUED), stored);
}

/* --- several servers --------------------------------------------------------- */

static struct session_row
a_session(const struct rig *r, int64_t person, int64_t id, const char *hash)
{
	return (struct session_row) { .tenant = r->acme,
		.person = person,
		.id = id,
		.hash = str_of(hash),
		.seen_ms = clock_now_ms(),
		.created_ms = clock_now_ms(),
		.factor_ms = clock_now_ms(),
		.expires_ms = INT64_MAX };
}

static enum err
save_session(struct batch *b, struct tx *tx)
{
	return store_save(tx, &SESSION, b->item[0]->in, 1, NULL);
}

static void
stored(struct rig *r, struct session_row *row)
{
	static const struct use_case save = { .name = "session",
		.save = save_session };
	struct item it = { .cx = &r->cx,
		.use_case = &save,
		.tenant = r->acme,
		.in = row };

	assert_int_equal(
	    pipeline_do(world_pipeline(r->world), &it, ITEM_BULK), OK);
}

/* What notices name is as it is stored; of the others nobody asks. */
static void
what_is_noticed_is_read_and_nothing_else(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	int64_t bo = rig_onboarded(r, rig_onboard(r, "bo", "ber", ""))->person;
	struct session_row gone = a_session(r, ana, 5,
	    "01234567890123456789012345678901");
	struct session_row there = a_session(r, ana, 6,
	    "11234567890123456789012345678901");
	struct session_row unasked = a_session(r, bo, 7,
	    "21234567890123456789012345678901");
	struct notice_row notice[] = {
		{ .tenant = r->acme, .kind = NOTICE_SESSION, .subject = ana },
		{ .tenant = r->acme, .kind = NOTICE_SESSION, .subject = ana },
		{ .tenant = r->acme, .kind = NOTICE_ROLE, .subject = ana },
		/* A later program's. */
		{ .tenant = r->acme, .kind = NOTICE_END + 7, .subject = 1 },
	};
	struct notice_list list = { notice, COUNT(notice) };
	struct mark mark = { .tenant = r->acme, .state = TENANT_ACTIVE,
		.persons = 77 };
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct role_row role = { .tenant = r->acme, .person = ana };
	const struct realm *realm;
	struct role_held *held;
	struct tx *tx;

	role.id = given(r, ana, "hr");
	world_role_drop(w, &role);
	stored(r, &there);
	world_session_set(w, &gone);
	world_session_set(w, &unasked);
	tx = tx_begin_all(db, &r->cx);
	assert_int_equal(world_anew_noticed(w, &r->cx, tx, &mark, &list), OK);
	tx_end(tx);
	assert_int_equal(sessions_of(r, ana), 1);
	assert_int_equal(sessions_of(r, bo), 1);
	assert_int_equal(world_roles_of(w, r->arena, r->acme, ana, &held), 1);
	assert_int_equal(held->id, role.id);
	assert_int_equal(world_persons(w, r->acme), 77);
	/* A subject that is not known means all of them. */
	notice[0].subject = 0;
	list.n = 1;
	tx = tx_begin_all(db, &r->cx);
	assert_int_equal(world_anew_noticed(w, &r->cx, tx, &mark, &list), OK);
	tx_end(tx);
	assert_int_equal(sessions_of(r, ana), 1);
	assert_int_equal(sessions_of(r, bo), 0);
	mark.state = TENANT_SUSPENDED;
	list.n = 0;
	tx = tx_begin_all(db, &r->cx);
	assert_int_equal(world_anew_noticed(w, &r->cx, tx, &mark, &list), OK);
	tx_end(tx);
	assert_int_equal(world_realm(w, &r->cx, r->acme, &realm), OK);
	assert_int_equal(realm->state, TENANT_SUSPENDED);
	db_close(db);
}

/* Used at another server, it is not idle here. */
static void
when_others_saw_a_session_is_known(void **state)
{
	struct rig *r = *state;
	struct world *w = r->world;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	struct session_row row = a_session(r, ana, 5,
	    "01234567890123456789012345678901");
	const struct actor a = { .kind = ACTOR_PERSON, .tenant = r->acme,
		.person = ana };
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct session_view *v;

	stored(r, &row);
	row.seen_ms -= 3600000;
	world_session_set(w, &row);
	assert_int_equal(world_sessions(w, r->arena, &a, &v), 0);
	row.seen_ms += 3600000;
	uses_read(w, db);
	assert_int_equal(world_sessions(w, r->arena, &a, &v), 1);
	assert_int_equal(v->seen_ms, row.seen_ms);
	db_close(db);
}

#define FRESH(name) \
	cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(what_is_in_memory_is_as_it_is_stored),
		FRESH(who_is_there_stays),
		FRESH(a_tenant_that_memory_does_not_know_comes_in),
		FRESH(a_tenant_that_has_ended_is_dropped),
		FRESH(settings_of_the_deployment_are_read_too),
		FRESH(what_is_noticed_is_read_and_nothing_else),
		FRESH(when_others_saw_a_session_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

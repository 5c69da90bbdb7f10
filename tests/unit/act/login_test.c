/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_test.c - what is used once is used once, and a token that our own key
 * signed is worth no more than what it names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

#include "act/jwt.h"
#include "act/login.h"
#include "act/world_int.h"
#include "plant.h"

static int
open_rig(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	rig_open(r);
	*state = r;
	return 0;
}

static int
close_rig(void **state)
{
	rig_close(*state);
	heap_free(*state);
	return 0;
}

static int64_t
somebody(struct rig *r)
{
	return rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
}

static struct login *
login_of(struct rig *r, int64_t person)
{
	struct login *l = arena_alloc(r->arena, sizeof(*l));

	l->tenant = r->acme;
	l->person = person;
	l->session = id_new();
	l->secret = str_fmt(r->arena, "secret-%lld", (long long)l->session);
	l->factors = FACTOR_PASSWORD;
	l->expires_ms = clock_now_ms() + 3600000;
	return l;
}

static enum err
opened(struct rig *r, const struct login *l)
{
	void *out;

	return rig_do(r, &session_open, l, &out);
}

static enum err
entered(struct rig *r, struct str secret, struct actor *out)
{
	*out = (struct actor) { 0 };
	return world_session(r->world, &r->cx, secret, out);
}

static void
a_step_is_used_up_by_the_first(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *first = login_of(r, ana), *second = login_of(r, ana);
	struct login *older = login_of(r, ana), *newer = login_of(r, ana);
	struct actor actor;

	first->step = second->step = 100;
	older->step = 99;
	newer->step = 101;
	assert_int_equal(opened(r, first), OK);
	assert_int_equal(opened(r, second), ERR_UNAUTHENTICATED);
	assert_int_equal(opened(r, older), ERR_UNAUTHENTICATED);
	assert_int_equal(opened(r, newer), OK);
	assert_int_equal(entered(r, first->secret, &actor), OK);
	assert_int_equal(actor.person, ana);
	assert_int_equal(actor.session, first->session);
	assert_int_equal(
	    entered(r, second->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &SESSION), 2);
}

static void
a_session_stays_over_a_restart_and_an_ended_one_does_not(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *stays = login_of(r, ana), *goes = login_of(r, ana);
	struct session_end_in end = { .session = goes->session };
	struct actor actor, before = r->actor;
	void *out;

	assert_int_equal(opened(r, stays), OK);
	assert_int_equal(opened(r, goes), OK);
	assert_int_equal(entered(r, goes->secret, &r->actor), OK);
	assert_int_equal(rig_do(r, &session_end, &end, &out), OK);
	assert_int_equal(
	    rig_do(r, &session_end, &end, &out), ERR_NOT_FOUND);
	r->actor = before;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(entered(r, stays->secret, &actor), OK);
		assert_int_equal(
		    entered(r, goes->secret, &actor), ERR_UNAUTHENTICATED);
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
	}
}

static void
who_is_blocked_opens_no_session(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *l = login_of(r, ana), *nobody = login_of(r, 1);
	struct person row;

	row = *(struct person *)plant_rows(r, &PERSON).row;
	assert_int_equal(row.id, ana);
	assert_true(person_may_login(&row));
	row.blocks = 1u << BLOCK_INCIDENT;
	assert_false(person_may_login(&row));
	row.blocks = 0;
	row.certification = CERT_DENIED;
	assert_false(person_may_login(&row));
	plant_put(r, &PERSON, &row);
	assert_int_equal(opened(r, l), ERR_UNAUTHENTICATED);
	assert_int_equal(opened(r, nobody), ERR_UNAUTHENTICATED);
}

static void
what_is_over_goes(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r), now = clock_now_ms();
	const struct throttle_row tries[] = {
		{ r->acme, STR("old-old-old-old-old-old-old-old-"), 3, 0,
		    now - TRIES_KEPT_MS - 1 },
		{ r->acme, STR("new-new-new-new-new-new-new-new-"), 3, 0, now },
	};
	struct housekeeping_in in = { now + 1800000, 0 };
	struct login *stays = login_of(r, ana), *goes = login_of(r, ana);
	struct activation *a;
	void *out;

	goes->expires_ms = now + 60000;
	assert_int_equal(opened(r, stays), OK);
	assert_int_equal(opened(r, goes), OK);
	assert_int_equal(rig_do(r, &activation_renew, &ana, &a), OK);
	for (size_t i = 0; i < COUNT(tries); i++)
		plant_put(r, &THROTTLE, &tries[i]);
	assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
	assert_int_equal(plant_count(r, &SESSION), 1);
	assert_int_equal(plant_count(r, &THROTTLE), 1);
	assert_int_equal(plant_count(r, &ACTIVATION), 1);
	in.now_ms = a->expires_ms;
	assert_int_equal(rig_do(r, &housekeeping, &in, &out), OK);
	assert_int_equal(plant_count(r, &SESSION), 0);
	assert_int_equal(plant_count(r, &ACTIVATION), 0);
}

/* What ended since the backup must not come back with it. */
static void
a_log_that_is_continued_ends_all_sessions(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	const struct continued_in in = { r->acme, 1, STR("a checkpoint") };
	struct login *l = login_of(r, ana);
	struct activation *a;
	struct actor actor;
	void *out;

	assert_int_equal(opened(r, l), OK);
	assert_int_equal(rig_do(r, &activation_renew, &ana, &a), OK);
	assert_int_equal(entered(r, l->secret, &actor), OK);
	assert_int_equal(rig_do(r, &log_continue, &in, &out), OK);
	assert_int_equal(entered(r, l->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &SESSION), 0);
	assert_int_equal(plant_count(r, &ACTIVATION), 0);
}

/* --- signed by our own key -------------------------------------------------------- */

static enum err
sign(struct reader *rd, struct ctx *cx, const void *in, void **out)
{
	struct jwt *jwt = arena_copy(cx->arena, in, sizeof(*jwt));
	struct str *text = arena_alloc(cx->arena, sizeof(*text));

	*out = text;
	return access_sign(rd, cx, jwt, text);
}

static enum err
taken(struct rig *r, const struct jwt *jwt, struct actor *out)
{
	struct str *token;

	assert_int_equal(rig_query(r, sign, jwt, &token), OK);
	*out = (struct actor) { 0 };
	return world_authenticate(r->world, &r->cx, *token, out);
}

static void
a_signed_token_is_what_its_session_is_now(void **state)
{
	struct rig *r = *state;
	const struct token_in in = { .is_client = true, .label = STR("c"),
		.source = STR("api"), .rights = RIGHT_BIT(RIGHT_PERSON_READ) };
	struct token_revoke_in end = { .is_client = true };
	struct token_out *client;
	int64_t ana = somebody(r);
	struct login *l = login_of(r, ana);
	struct jwt jwt = { .tenant = r->acme, .rights = rights_of_tenant() };
	struct jwt bad;
	struct actor actor;
	void *out;

	assert_int_equal(rig_do(r, &token_create, &in, &client), OK);
	assert_int_equal(opened(r, l), OK);
	jwt.subject = jwt.client = jwt.session = client->id;
	assert_int_equal(taken(r, &jwt, &actor), OK);
	/* It says it may everything; its client may read persons. */
	assert_int_equal(actor.rights,
	    RIGHT_BIT(RIGHT_PERSON_READ) | RIGHT_BIT(RIGHT_SELF));
	bad = jwt;
	bad.tenant = r->other;
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	bad = jwt;
	bad.session = l->session;
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	bad = jwt;
	bad.session = id_new();
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	bad = jwt;
	bad.subject = ana;
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	bad = jwt;
	bad.client = 0;
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	/* A person's: the subject is whose session it is. */
	bad = (struct jwt) { .tenant = r->acme, .subject = ana,
		.session = l->session, .rights = rights_of_tenant() };
	assert_int_equal(taken(r, &bad, &actor), OK);
	assert_int_equal(actor.person, ana);
	assert_int_equal(actor.rights, RIGHT_BIT(RIGHT_SELF));
	bad.subject = client->id;
	assert_int_equal(taken(r, &bad, &actor), ERR_UNAUTHENTICATED);
	end.token = client->id;
	assert_int_equal(rig_do(r, &token_revoke, &end, &out), OK);
	assert_int_equal(taken(r, &jwt, &actor), ERR_UNAUTHENTICATED);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_step_is_used_up_by_the_first),
		FRESH(a_session_stays_over_a_restart_and_an_ended_one_does_not),
		FRESH(who_is_blocked_opens_no_session),
		FRESH(what_is_over_goes),
		FRESH(a_log_that_is_continued_ends_all_sessions),
		FRESH(a_signed_token_is_what_its_session_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
#include "logins.h"

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
	assert_int_equal(opens(r, first), OK);
	assert_int_equal(opens(r, second), ERR_UNAUTHENTICATED);
	assert_int_equal(opens(r, older), ERR_UNAUTHENTICATED);
	assert_int_equal(opens(r, newer), OK);
	assert_int_equal(enters(r, first->secret, &actor), OK);
	assert_int_equal(actor.person, ana);
	assert_int_equal(actor.session, first->session);
	assert_int_equal(
	    enters(r, second->secret, &actor), ERR_UNAUTHENTICATED);
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

	assert_int_equal(opens(r, stays), OK);
	assert_int_equal(opens(r, goes), OK);
	assert_int_equal(enters(r, goes->secret, &r->actor), OK);
	assert_int_equal(rig_do(r, &session_end, &end, &out), OK);
	assert_int_equal(
	    rig_do(r, &session_end, &end, &out), ERR_NOT_FOUND);
	r->actor = before;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(enters(r, stays->secret, &actor), OK);
		assert_int_equal(
		    enters(r, goes->secret, &actor), ERR_UNAUTHENTICATED);
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
	assert_int_equal(opens(r, l), ERR_UNAUTHENTICATED);
	assert_int_equal(opens(r, nobody), ERR_UNAUTHENTICATED);
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
	struct housekeeping_in in = { .now_ms = now + 1800000 };
	struct login *stays = login_of(r, ana), *goes = login_of(r, ana);
	struct activation *a;
	void *out;

	goes->expires_ms = now + 60000;
	assert_int_equal(opens(r, stays), OK);
	assert_int_equal(opens(r, goes), OK);
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

	assert_int_equal(opens(r, l), OK);
	assert_int_equal(rig_do(r, &activation_renew, &ana, &a), OK);
	assert_int_equal(enters(r, l->secret, &actor), OK);
	assert_int_equal(rig_do(r, &log_continue, &in, &out), OK);
	assert_int_equal(enters(r, l->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &SESSION), 0);
	assert_int_equal(plant_count(r, &ACTIVATION), 0);
}

/* --- how many -------------------------------------------------------------------- */

#define SESSIONS 50

static void
of_too_many_sessions_the_longest_unused_ends(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *l[SESSIONS + 2], *step;
	struct activation *a;
	struct actor actor, before = r->actor;

	for (size_t i = 0; i < COUNT(l); i++)
		l[i] = login_of(r, ana);
	for (size_t i = 0; i < SESSIONS; i++)
		assert_int_equal(opens(r, l[i]), OK);
	assert_int_equal(plant_count(r, &SESSION), SESSIONS);
	/* The first one is at work: the second is it that ends. */
	clock_sleep_ms(2);
	assert_int_equal(enters(r, l[0]->secret, &actor), OK);
	assert_int_equal(opens(r, l[SESSIONS]), OK);
	assert_int_equal(plant_count(r, &SESSION), SESSIONS);
	assert_int_equal(enters(r, l[0]->secret, &actor), OK);
	assert_int_equal(
	    enters(r, l[1]->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(enters(r, l[2]->secret, &actor), OK);
	/* What an activation begins counts too: of the others the fourth is next. */
	assert_int_equal(rig_do(r, &activation_renew, &ana, &a), OK);
	l[SESSIONS + 1]->is_activation = true;
	l[SESSIONS + 1]->activation = a->hash;
	l[SESSIONS + 1]->factors = FACTOR_TOKEN;
	assert_int_equal(opens(r, l[SESSIONS + 1]), OK);
	assert_int_equal(plant_count(r, &SESSION), SESSIONS);
	assert_int_equal(
	    enters(r, l[3]->secret, &actor), ERR_UNAUTHENTICATED);
	/* A step-up takes the place of its own. */
	assert_int_equal(enters(r, l[4]->secret, &r->actor), OK);
	step = login_of(r, ana);
	step->is_step_up = true;
	step->expires_ms++;
	assert_int_equal(opens(r, step), OK);
	r->actor = before;
	assert_int_equal(step->expires_ms, l[4]->expires_ms);
	assert_int_equal(plant_count(r, &SESSION), SESSIONS);
	assert_int_equal(enters(r, l[5]->secret, &actor), OK);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(
	    enters(r, l[1]->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(enters(r, step->secret, &actor), OK);
}

/* --- tries ----------------------------------------------------------------------- */

/* One as USER_NAME at TENANT_NAME, from ADDRESS. */
static struct login *
try_of(struct rig *r, const char *tenant_name, const char *user_name,
    const char *address)
{
	struct login *l = arena_alloc(r->arena, sizeof(*l));
	struct login_in *in = arena_alloc(r->arena, sizeof(*in));

	in->password = STR("x");
	in->user_name = str_of(user_name);
	l->in = in;
	l->tenant_name = str_of(tenant_name);
	if (strcmp(tenant_name, "acme") == 0)
		l->tenant = r->acme;
	r->actor.address = str_of(address);
	return l;
}

static enum err
tried(struct rig *r, struct login *l)
{
	void *out;

	return rig_do(r, &login_try, l, &out);
}

static struct login *
counted(struct rig *r, const char *tenant_name, const char *user_name,
    const char *address)
{
	struct login *l = try_of(r, tenant_name, user_name, address);

	assert_int_equal(tried(r, l), OK);
	return l;
}

static bool
same(const struct key256 *a, const struct key256 *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* T34: who varies the spelling of a name learns nothing of whether somebody has it. */
static void
spellings_of_a_name_are_counted_as_one(void **state)
{
	static const char *const known[] = { "user.ana", "User.Ana",
		" USER.ANA ", "user.ana  ", "uSer.ana" };
	static const char *const unknown[] = { "user.zed", "User.Zed",
		" USER.ZED ", "user.zed  ", "uSer.zed" };
	struct rig *r = *state;
	int64_t ana = somebody(r);

	for (size_t i = 0; i < COUNT(known); i++) {
		assert_int_equal(
		    counted(r, "acme", known[i], "192.0.2.1")->person, ana);
		assert_int_equal(
		    counted(r, "acme", unknown[i], "192.0.2.1")->person, 0);
	}
	assert_int_equal(tried(r, try_of(r, "acme", "useR.ana", "192.0.2.1")),
	    ERR_LIMITED);
	assert_int_equal(tried(r, try_of(r, "acme", "useR.zed", "192.0.2.1")),
	    ERR_LIMITED);
	assert_int_equal(tried(r, try_of(r, "acme", "user.bo", "192.0.2.1")),
	    OK);
	/* Nobody can have such a name: one key is as good as many. */
	assert_int_equal(
	    counted(r, "acme", "\001", "192.0.2.1")->person, 0);
}

static void
tries_at_no_tenant_are_counted_beside_those_at_one(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *here = counted(r, "acme", "user.ana", "192.0.2.1");
	struct login *zed = counted(r, "acme", "user.zed", "192.0.2.1");
	struct login *none = counted(r, "no", "user.ana", "192.0.2.1");
	struct login *other = counted(r, "none", "user.ana", "192.0.2.1");

	assert_int_equal(here->person, ana);
	assert_int_equal(none->person, 0);
	assert_true(same(&here->address, &zed->address));
	assert_false(same(&here->account, &none->account));
	assert_false(same(&here->address, &none->address));
	assert_false(same(&none->account, &other->account));
	assert_true(same(&none->address, &other->address));
	assert_false(same(&zed->account,
	    &counted(r, "no", "user.zed", "192.0.2.1")->account));
}

static void
tries_from_one_net_of_64_bits_are_of_one_address(void **state)
{
	struct rig *r = *state;
	struct login *a = counted(r, "acme", "a", "2001:db8::1");
	struct login *b = counted(r, "acme", "b", "2001:db8::f:f:f:f");
	struct login *c = counted(r, "acme", "c", "2001:db8:0:1::1");
	struct login *v4 = counted(r, "acme", "d", "192.0.2.1");
	struct login *mapped = counted(r, "acme", "e", "::ffff:192.0.2.1");
	struct login *next = counted(r, "acme", "f", "192.0.2.2");

	assert_true(same(&a->address, &b->address));
	assert_false(same(&a->address, &c->address));
	assert_true(same(&v4->address, &mapped->address));
	assert_false(same(&v4->address, &next->address));
}

static void
what_was_not_looked_at_is_not_counted(void **state)
{
	struct rig *r = *state;
	struct login *l[6];
	struct rows rows;
	void *out;

	somebody(r);
	for (size_t i = 0; i < COUNT(l); i++)
		l[i] = try_of(r, "acme", "user.ana", "192.0.2.1");
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(tried(r, l[0]), OK);
		assert_int_equal(rig_do(r, &login_back, l[0], &out), OK);
	}
	rows = plant_rows(r, &THROTTLE);
	assert_int_equal(rows.n, 2);
	for (size_t i = 0; i < rows.n; i++)
		assert_int_equal(((struct throttle_row *)rows.row)[i].tries, 0);
	/* Nothing is given back that is not there. */
	assert_int_equal(rig_do(r, &login_back, l[0], &out), OK);
	/* Five are under way; the first finds no room, so there is one more. */
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(tried(r, l[i]), OK);
	assert_int_equal(tried(r, l[5]), ERR_LIMITED);
	assert_int_equal(rig_do(r, &login_back, l[0], &out), OK);
	assert_int_equal(tried(r, l[5]), OK);
	assert_int_equal(tried(r, l[0]), ERR_LIMITED);
}

/* --- what somebody signs in with -------------------------------------------------- */

/* The vault took its time, and somebody ended the session meanwhile. */
static void
an_ended_session_sets_nothing(void **state)
{
	const struct login_change password = {
		.verifier = STR("v") };
	const struct login_change totp = { .totp_next = STR("t") };
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *stays = login_of(r, ana), *goes = login_of(r, ana);
	struct session_end_in end = { .session = goes->session };
	struct actor actor;
	void *out;

	assert_int_equal(opens(r, stays), OK);
	assert_int_equal(opens(r, goes), OK);
	assert_int_equal(enters(r, goes->secret, &r->actor), OK);
	assert_int_equal(rig_do(r, &session_end, &end, &out), OK);
	assert_int_equal(rig_do(r, &login_set, &password, &out),
	    ERR_UNAUTHENTICATED);
	assert_int_equal(
	    rig_do(r, &login_set, &totp, &out), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &LOGIN), 0);
	assert_int_equal(enters(r, stays->secret, &actor), OK);
	r->actor = actor;
	assert_int_equal(rig_do(r, &login_set, &password, &out), OK);
	assert_int_equal(plant_count(r, &LOGIN), 1);
}

static void
a_password_ends_an_open_activation(void **state)
{
	const struct login_change totp = { .totp_next = STR("t") };
	const struct login_change password = {
		.verifier = STR("v") };
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *l = login_of(r, ana), *late = login_of(r, ana);
	struct activation *a;
	void *out;

	assert_int_equal(opens(r, l), OK);
	renewed(r, ana, &a);
	assert_int_equal(enters(r, l->secret, &r->actor), OK);
	assert_int_equal(rig_do(r, &login_set, &totp, &out), OK);
	assert_int_equal(plant_count(r, &ACTIVATION), 1);
	assert_int_equal(rig_do(r, &login_set, &password, &out), OK);
	assert_int_equal(plant_count(r, &ACTIVATION), 0);
	late->is_activation = true;
	late->activation = a->hash;
	assert_int_equal(opens(r, late), ERR_UNAUTHENTICATED);
}

/* Whoever has the token alone must not come by the codes of who has them. */
static void
codes_are_replaced_by_who_has_shown_one(void **state)
{
	const struct login_change next = { .totp_next = STR("u") };
	static const struct {
		unsigned factors;
		enum err first, later;
	} cases[] = {
		{ FACTOR_TOKEN, OK, ERR_DENIED },
		{ FACTOR_PASSWORD, OK, ERR_DENIED },
		{ FACTOR_TOKEN | FACTOR_TOTP, OK, OK },
		{ FACTOR_PASSWORD | FACTOR_TOTP, OK, OK },
	};
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login_row row = { .tenant = r->acme, .person = ana,
		.totp_next = STR("t") };
	const struct login_change confirmed = { .confirmed = row.totp_next };
	const struct str code = STR("123456");
	void *out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct login *l = login_of(r, ana);

		l->factors = cases[i].factors;
		row.totp = STR("");
		plant_put(r, &LOGIN, &row);
		assert_int_equal(opens(r, l), OK);
		assert_int_equal(enters(r, l->secret, &r->actor), OK);
		assert_int_equal(
		    rig_do(r, &login_set, &next, &out), cases[i].first);
		assert_int_equal(
		    rig_query(r, totp_new, NULL, &out), cases[i].first);
		row.totp = STR("old");
		plant_put(r, &LOGIN, &row);
		assert_int_equal(
		    rig_do(r, &login_set, &next, &out), cases[i].later);
		assert_int_equal(
		    rig_query(r, totp_new, NULL, &out), cases[i].later);
		plant_put(r, &LOGIN, &row);
		assert_int_equal(
		    rig_do(r, &login_set, &confirmed, &out), cases[i].later);
		if (cases[i].later == ERR_DENIED)
			assert_int_equal(
			    rig_query(r, totp_confirm, &code, &out),
			    ERR_DENIED);
	}
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
	assert_int_equal(opens(r, l), OK);
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

#define FRESH(test) \
	cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_step_is_used_up_by_the_first),
		FRESH(a_session_stays_over_a_restart_and_an_ended_one_does_not),
		FRESH(who_is_blocked_opens_no_session),
		FRESH(what_is_over_goes),
		FRESH(a_log_that_is_continued_ends_all_sessions),
		FRESH(of_too_many_sessions_the_longest_unused_ends),
		FRESH(spellings_of_a_name_are_counted_as_one),
		FRESH(tries_at_no_tenant_are_counted_beside_those_at_one),
		FRESH(tries_from_one_net_of_64_bits_are_of_one_address),
		FRESH(what_was_not_looked_at_is_not_counted),
		FRESH(an_ended_session_sets_nothing),
		FRESH(a_password_ends_an_open_activation),
		FRESH(codes_are_replaced_by_who_has_shown_one),
		FRESH(a_signed_token_is_what_its_session_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

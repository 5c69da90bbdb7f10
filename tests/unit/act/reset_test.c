/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reset_test.c - what others do to how somebody signs in: what they gave to
 * begin with ends when more depends on it, and lost codes are reset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

#include "act/login.h"
#include "act/world_int.h"
#include "logins.h"

/* --- more depends on it ------------------------------------------------------------ */

static void
a_role_ends_what_was_given_to_begin_with(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *signed_in = login_of(r, ana), *begun = login_of(r, ana);
	struct order o = { .kind = ORDER_ROLE_GIVE, .person = ana,
		.role = STR("hr"), .reason = STR("for the test"),
		.body = STR("{}") };
	struct activation *a;
	struct actor actor;
	struct order_out *out;

	renewed(r, ana, &a);
	begun->is_activation = true;
	begun->activation = a->hash;
	begun->factors = FACTOR_TOKEN;
	assert_int_equal(opens(r, begun), OK);
	assert_int_equal(opens(r, signed_in), OK);
	renewed(r, ana, &a);
	assert_int_equal(plant_count(r, &ACTIVATION), 1);
	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
	assert_int_equal(plant_count(r, &ACTIVATION), 0);
	assert_int_equal(enters(r, signed_in->secret, &actor), OK);
	assert_int_equal(
	    enters(r, begun->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &SESSION), 1);
	/* One that is made with the role in sight is good. */
	renewed(r, ana, &a);
	assert_int_equal(plant_count(r, &ACTIVATION), 1);
}

/* What another use case has saved in the same transaction, before. */
static enum err
give_and_renew(struct batch *b, struct tx *tx)
{
	const struct item *it = b->item[0];
	struct role_row row = { .tenant = it->tenant,
		.person = *(const int64_t *)it->in,
		.id = 1,
		.role = ROLE_ID(ROLE_TENANT_ADMINISTRATOR),
		.state = ROLE_ACTIVE };

	TRY(store_save(tx, &ROLE, &row, 1, NULL));
	return activation_renew.save(b, tx);
}

static void
a_role_counts_before_its_commit(void **state)
{
	static const struct use_case both = {
		.name = "give_and_renew", .save = give_and_renew
	};
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct actor before = r->actor;
	struct activation *a;

	r->actor = (struct actor) { .kind = ACTOR_CLIENT, .tenant = r->acme,
		.id = 7, .rights = RIGHT_BIT(RIGHT_PERSON_LOGIN_WRITE) };
	assert_int_equal(rig_do(r, &activation_renew, &ana, &a), OK);
	assert_int_equal(rig_do(r, &both, &ana, &a), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_HOLDER);
	r->actor = before;
}

static void
put_roles(struct rig *r, const char *roles, bool is_dry)
{
	const struct catalogue_in in = {
		.text = str_fmt(r->arena, "%s%s", rig_catalogue, roles),
		.is_dry = is_dry };
	struct catalogue_out *out;

	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
}

/* What a catalogue adds to a role is given to all who hold it. */
static void
a_role_that_grows_ends_what_was_given_to_begin_with(void **state)
{
	static const char small[] =
	    "roles: { clerk: { name: C }, other: { name: O } }";
	static const char grown[] = "roles: { clerk: { name: C,"
	    " rights: [person.read] }, other: { name: O } }";
	static const char shrunk[] =
	    "roles: { clerk: { name: D }, other: { name: O } }";
	struct rig *r = *state;
	int64_t ana = somebody(r);
	int64_t bo = rig_onboarded(r, rig_onboard(r, "bo", "ber", ""))->person;
	struct login *signed_in = login_of(r, ana), *begun = login_of(r, ana);
	struct order give = { .kind = ORDER_ROLE_GIVE, .person = ana,
		.role = STR("clerk"), .reason = STR("for the test"),
		.body = STR("{}") };
	struct activation *a;
	struct actor actor;
	struct order_out *out;

	put_roles(r, small, false);
	assert_int_equal(rig_do(r, &person_order, &give, &out), OK);
	give.person = bo;
	give.role = STR("other");
	assert_int_equal(rig_do(r, &person_order, &give, &out), OK);
	renewed(r, bo, &a);
	renewed(r, ana, &a);
	begun->is_activation = true;
	begun->activation = a->hash;
	begun->factors = FACTOR_TOKEN;
	assert_int_equal(opens(r, begun), OK);
	assert_int_equal(opens(r, signed_in), OK);
	renewed(r, ana, &a);
	put_roles(r, grown, true);
	assert_int_equal(plant_count(r, &ACTIVATION), 2);
	assert_int_equal(enters(r, begun->secret, &actor), OK);
	put_roles(r, grown, false);
	assert_int_equal(enters(r, signed_in->secret, &actor), OK);
	assert_int_equal(
	    enters(r, begun->secret, &actor), ERR_UNAUTHENTICATED);
	assert_int_equal(plant_count(r, &SESSION), 1);
	/* The other's stays. */
	assert_int_equal(plant_count(r, &ACTIVATION), 1);
	/* Less is no reason, and who begins now was given it all. */
	renewed(r, ana, &a);
	put_roles(r, shrunk, false);
	assert_int_equal(plant_count(r, &ACTIVATION), 2);
}

/* --- lost ---------------------------------------------------------------------------- */

/* What a person may lose, planted: a seed, one to be confirmed, and a recovery code. */
static void
plant_codes(struct rig *r, int64_t person, const char *totp, const char *next,
    bool has_recovery)
{
	const struct login_row login = { .tenant = r->acme, .person = person,
		.verifier = STR("v"), .totp = str_of(totp),
		.totp_next = str_of(next), .totp_ms = 1, .last_step = 7 };
	const struct recovery_row code = { r->acme, person,
		STR("hash-hash-hash-hash-hash-hash-ha") };

	plant_put(r, &LOGIN, &login);
	if (has_recovery)
		plant_put(r, &RECOVERY, &code);
}

static struct actor
holder_of(struct rig *r, uint64_t rights)
{
	return (struct actor) { .kind = ACTOR_CLIENT, .tenant = r->acme,
		.id = 7, .rights = rights };
}

static void
a_reset_ends_all_but_the_password(void **state)
{
	static const struct {
		const char *totp, *next;
		bool has_recovery;
		enum err want;
	} cases[] = {
		{ "t", "n", true, OK },
		{ "t", "", false, OK },
		{ "", "n", false, OK },
		{ "", "", true, OK },
		{ "", "", false, ERR_NOT_FOUND },
	};
	struct rig *r = *state;
	int64_t ana = somebody(r), nobody = 1;
	const struct actor desk = holder_of(r, rights_of_tenant());
	struct login *other = login_of(r,
	    rig_onboarded(r, rig_onboard(r, "bo", "ber", ""))->person);
	struct login_row row;
	struct totp_reset *out;
	struct actor actor;

	r->actor = desk;
	assert_int_equal(opens(r, other), OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct login *l = login_of(r, ana), *late = login_of(r, ana);
		struct activation *a;
		bool is_reset = cases[i].want == OK;

		plant_codes(r, ana, cases[i].totp, cases[i].next,
		    cases[i].has_recovery);
		l->was = STR("v");
		l->was_totp = str_of(cases[i].totp);
		l->factors |= FACTOR_TOTP;
		assert_int_equal(opens(r, l), OK);
		renewed(r, ana, &a);
		assert_int_equal(
		    rig_do(r, &totp_reset, &ana, &out), cases[i].want);
		row = *(struct login_row *)plant_rows(r, &LOGIN).row;
		assert_true(str_eq(row.verifier, STR("v")));
		assert_int_equal(row.totp.n + row.totp_next.n, 0);
		assert_int_equal(plant_count(r, &RECOVERY), 0);
		assert_int_equal(plant_count(r, &ACTIVATION), !is_reset);
		assert_int_equal(plant_count(r, &SESSION), 1 + !is_reset);
		assert_int_equal(enters(r, l->secret, &actor),
		    is_reset ? ERR_UNAUTHENTICATED : OK);
		late->is_activation = true;
		late->activation = a->hash;
		if (is_reset)
			assert_int_equal(out->sessions, 1);
		if (is_reset)
			assert_int_equal(
			    opens(r, late), ERR_UNAUTHENTICATED);
	}
	assert_int_equal(enters(r, other->secret, &actor), OK);
	assert_int_equal(
	    rig_do(r, &totp_reset, &nobody, &out), ERR_NOT_FOUND);
}

/* A code that was found right before the reset opens nothing after it. */
static void
a_code_under_way_is_worth_nothing_after_a_reset(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct login *l = login_of(r, ana);
	struct totp_reset *out;

	plant_codes(r, ana, "t", "", false);
	l->was = STR("v");
	l->was_totp = STR("t");
	l->step = 100;
	assert_int_equal(rig_do(r, &totp_reset, &ana, &out), OK);
	assert_int_equal(opens(r, l), ERR_UNAUTHENTICATED);
}

/* T5: as much as a new activation, it makes somebody able to be the person. */
static void
who_holds_less_than_the_person_resets_nothing(void **state)
{
	struct rig *r = *state;
	const struct order o = { .kind = ORDER_ROLE_GIVE,
		.person = somebody(r), .role = STR("hr"),
		.reason = STR("for the test"), .body = STR("{}") };
	struct actor desk = holder_of(r, rights_of_tenant());
	struct filter *berlin, *lyon;
	struct order_out *given;
	struct totp_reset *out;

	assert_int_equal(filter_compile(&r->cx, STR("site eq \"ber\""),
	    FILTER_RULE, false, &berlin), OK);
	assert_int_equal(filter_compile(&r->cx, STR("site eq \"lyo\""),
	    FILTER_RULE, false, &lyon), OK);
	r->actor = desk;
	assert_int_equal(rig_do(r, &person_order, &o, &given), OK);
	plant_codes(r, o.person, "t", "", false);
	r->actor.scope = lyon;
	assert_int_equal(
	    rig_do(r, &totp_reset, &o.person, &out), ERR_NOT_FOUND);
	r->actor.scope = berlin;
	assert_int_equal(
	    rig_do(r, &totp_reset, &o.person, &out), ERR_DENIED);
	r->actor = holder_of(r, RIGHT_BIT(RIGHT_PERSON_LOGIN_WRITE));
	assert_int_equal(
	    rig_do(r, &totp_reset, &o.person, &out), ERR_DENIED);
	r->actor = desk;
	assert_int_equal(rig_do(r, &totp_reset, &o.person, &out), OK);
}

/* A session that found no codes is no way around those there are now. */
static void
ones_own_codes_are_reset_by_who_has_shown_one(void **state)
{
	struct rig *r = *state;
	int64_t ana = somebody(r);
	struct actor own = { .kind = ACTOR_PERSON, .tenant = r->acme,
		.id = ana, .person = ana, .session = 9,
		.rights = rights_of_tenant(), .factors = FACTOR_PASSWORD,
		.factor_ms = clock_now_ms() };
	struct totp_reset *out;

	plant_codes(r, ana, "t", "", true);
	r->actor = own;
	assert_int_equal(rig_do(r, &totp_reset, &ana, &out), ERR_DENIED);
	r->actor.factors |= FACTOR_TOTP;
	r->actor.factor_ms -= 3600000;
	assert_int_equal(rig_do(r, &totp_reset, &ana, &out), ERR_DENIED);
	assert_int_equal(plant_count(r, &RECOVERY), 1);
	r->actor.factor_ms = own.factor_ms;
	assert_int_equal(rig_do(r, &totp_reset, &ana, &out), OK);
}

#define FRESH(test) \
	cmocka_unit_test_setup_teardown(test, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_role_ends_what_was_given_to_begin_with),
		FRESH(a_role_counts_before_its_commit),
		FRESH(a_role_that_grows_ends_what_was_given_to_begin_with),
		FRESH(a_reset_ends_all_but_the_password),
		FRESH(a_code_under_way_is_worth_nothing_after_a_reset),
		FRESH(who_holds_less_than_the_person_resets_nothing),
		FRESH(ones_own_codes_are_reset_by_who_has_shown_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_test.c - what a new version of the catalogue does to people who
 * are there already.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "plant.h"

/* The rig's catalogue with OLD replaced by NEW. */
static struct str
with(struct rig *r, struct str text, const char *old, const char *new)
{
	size_t at = 0;

	while (!str_starts(str_sub(text, at, text.n), str_of(old))) {
		at++;
		assert_true(at < text.n);
	}
	return str_fmt(r->arena, "%.*s%s%.*s", (int)at, text.p, new,
	    (int)(text.n - at - strlen(old)), text.p + at + strlen(old));
}

static struct str
changed(struct rig *r, const char *old, const char *new)
{
	return with(r, str_of(rig_catalogue), old, new);
}

static enum err
apply(struct rig *r, struct catalogue_in in, struct catalogue_out **out)
{
	return rig_long(r, catalogue_put, &in, out);
}

static struct catalogue_out *
applied(struct rig *r, struct str text)
{
	struct catalogue_in in = { .text = text, .allow_removals = true,
		.reason = STR("test") };
	struct catalogue_out *out;
	enum err err = apply(r, in, &out);

	if (err != OK)
		print_error("%s %.*s\n", msg_name(r->cx.fault.msg),
		    STR_ARG(r->cx.fault.field));
	assert_int_equal(err, OK);
	rig_verify(r);
	return out;
}

static struct order_out *
onboarded(struct rig *r, const char *ref, const char *site,
    const char *products)
{
	return rig_onboarded(r, rig_onboard(r, ref, site, products));
}

static void
a_new_pool_serves_who_waits(void **state)
{
	struct rig *r = *state;
	struct catalogue_out *out;

	onboarded(r, "ana", "ber", "cad");
	onboarded(r, "bo", "ber", "cad");
	onboarded(r, "cy", "muc", "cad");
	assert_int_equal(plant_count(r, &WAIT), 2);
	out = applied(r, changed(r, "pools:\n", "pools:\n"
	    "  cad-ber: { product: cad, site: ber, quota: 1 }\n"));
	assert_true(out->is_changed);
	assert_int_equal(out->version, 2);
	assert_int_equal(out->added, 1);
	assert_int_equal(out->regranted, 3);
	assert_int_equal(rig_assigned(r, "cad-ber"), 1);
	assert_int_equal(plant_count(r, &WAIT), 1);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(rig_assigned(r, "cad-ber"), 1);
}

static void
a_declared_quota_serves_who_waits_and_keeps_what_was_bought(void **state)
{
	struct rig *r = *state;
	struct quota_in bought = { STR("mail-ber"), 7, -1 };
	struct quota_out *quota;
	struct str slug = STR("mail-ber");
	struct pool_view *v;

	onboarded(r, "ana", "ber", "cad");
	onboarded(r, "bo", "ber", "cad");
	assert_int_equal(rig_do(r, &pool_quota, &bought, &quota), OK);
	applied(r, changed(r, "product: cad, quota: 1",
	    "product: cad, quota: 2"));
	assert_int_equal(rig_assigned(r, "cad-global"), 2);
	assert_int_equal(plant_count(r, &WAIT), 0);
	assert_int_equal(rig_query(r, pool_show, &slug, &v), OK);
	assert_int_equal(v->row.quota, 7);
}

/* Only sites' pools are left; who waits there may not be served from the global one. */
static void
an_empty_pool_goes_and_its_list_with_it(void **state)
{
	struct rig *r = *state;
	struct str text = changed(r, "mail-global: { product: mail, quota: 1 }",
	    "mail-global: { product: mail, quota: 0 }");

	applied(r, text);
	onboarded(r, "p0", "ber", "mail");
	onboarded(r, "p1", "ber", "mail");
	onboarded(r, "p2", "ber", "mail");
	onboarded(r, "p3", "muc", "mail");
	assert_int_equal(plant_count(r, &WAIT), 2);
	assert_int_equal(plant_count(r, &WAIT_POOL), 3);
	applied(r, with(r, text,
	    "  mail-global: { product: mail, quota: 0 }\n", ""));
	/* p3 has no pool any more. */
	assert_int_equal(plant_count(r, &WAIT), 1);
	assert_int_equal(plant_count(r, &WAIT_POOL), 1);
	assert_int_equal(plant_count(r, &GRANT), 3);
}

static void
a_pool_with_seats_stays_and_so_does_everything_else(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .allow_removals = true,
		.reason = STR("cheaper") };
	struct catalogue_out *out;
	size_t entries;

	onboarded(r, "p0", "ber", "mail");
	entries = plant_count(r, &LOG);
	in.text = with(r, changed(r,
	    "  mail-ber: { product: mail, site: ber, quota: 2 }\n", ""),
	    "quota: 5", "quota: 50");
	assert_int_equal(apply(r, in, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_POOL);
	assert_true(str_eq(r->cx.fault.args[0], STR("mail-ber")));
	in.text = changed(r, "site: ber, quota: 2", "site: ber, quota: 0");
	assert_int_equal(apply(r, in, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_POOL_BELOW_USAGE);
	assert_int_equal(plant_count(r, &LOG), entries);
	assert_int_equal(plant_count(r, &POOL), 4);
	assert_int_equal(plant_count(r, &CATALOGUE), 1);
	assert_int_equal(rig_assigned(r, "mail-ber"), 1);
}

static void
removals_want_to_be_meant(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r,
	    "  all-global: { product: all, quota: 5 }\n", "") };
	struct catalogue_out *out;

	assert_int_equal(apply(r, in, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_REMOVALS);
	assert_true(str_eq(r->cx.fault.args[0], STR("1")));
	assert_true(str_eq(r->cx.fault.args[1], STR("pools.all-global")));
	in.allow_removals = true;
	assert_int_equal(apply(r, in, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_REASON);
	in.reason = STR("not used");
	assert_int_equal(apply(r, in, &out), OK);
	assert_int_equal(out->removed, 1);
	assert_int_equal(plant_count(r, &POOL), 3);
}

static void
a_dry_run_says_what_it_would_do(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true, .text = changed(r,
	    "pools:\n", "pools:\n"
	    "  cad-ber: { product: cad, site: ber, quota: 1 }\n") };
	struct catalogue_out *out;
	size_t entries = plant_count(r, &LOG);

	assert_int_equal(apply(r, in, &out), OK);
	assert_int_equal(out->added, 1);
	assert_true(out->is_changed);
	assert_int_equal(out->regranted, 0);
	assert_int_equal(plant_count(r, &LOG), entries);
	assert_int_equal(plant_count(r, &POOL), 4);
	in.text = changed(r, "quota: 5", "quota: many");
	assert_int_equal(apply(r, in, &out), ERR_BAD_INPUT);
	in.text = changed(r, "zone: Europe/Berlin",
	    "zone: Europe/Atlantis");
	assert_int_equal(apply(r, in, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_NO_ZONE);
}

static void
the_same_document_is_no_new_version(void **state)
{
	struct rig *r = *state;
	struct catalogue_out *out;
	size_t entries = plant_count(r, &LOG);

	out = applied(r, str_of(rig_catalogue));
	assert_false(out->is_changed);
	assert_int_equal(out->version, 1);
	assert_int_equal(plant_count(r, &LOG), entries);
	assert_int_equal(plant_count(r, &CATALOGUE), 1);
}

static void
a_changed_rule_gives_and_takes(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct order *p = rig_onboard(r, "bo", "muc", "");

	((struct contract_in *)o->contract)->department = STR("Vertrieb");
	((struct contract_in *)p->contract)->department = STR("Lager");
	rig_onboarded(r, o);
	rig_onboarded(r, p);
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	applied(r, changed(r, "department eq \"sales\"",
	    "site eq \"muc\""));
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	assert_int_equal(plant_count(r, &SEAT_PAST), 1);
	applied(r, changed(r, " and department eq \"sales\"", ""));
	assert_int_equal(rig_assigned(r, "all-global"), 2);
}

static void
who_is_no_longer_eligible_waits_no_more(void **state)
{
	struct rig *r = *state;

	onboarded(r, "ana", "ber", "cad");
	onboarded(r, "bo", "ber", "cad");
	onboarded(r, "cy", "muc", "cad");
	assert_int_equal(plant_count(r, &WAIT), 2);
	applied(r, changed(r, "{ product: cad, quota: 1 }",
	    "{ product: cad, quota: 1, eligibility: 'site eq \"muc\"' }"));
	assert_int_equal(plant_count(r, &WAIT), 1);
	/* Who sits stays seated. */
	assert_int_equal(rig_assigned(r, "cad-global"), 1);
}

static void
a_product_that_goes_ends_its_waits(void **state)
{
	struct rig *r = *state;
	struct str text = changed(r, "{ product: cad, quota: 1 }",
	    "{ product: cad, quota: 0 }");

	applied(r, text);
	onboarded(r, "ana", "ber", "cad");
	assert_int_equal(plant_count(r, &WAIT), 1);
	text = with(r, text, "  cad-global: { product: cad, quota: 0 }\n",
	    "");
	applied(r, with(r, text, "  cad: { name: CAD }\n", ""));
	assert_int_equal(plant_count(r, &WAIT), 0);
	assert_int_equal(plant_count(r, &GRANT), 0);
	assert_int_equal(plant_count(r, &GRANT_PAST), 1);
}

static void
what_is_renamed_keeps_its_seats(void **state)
{
	struct rig *r = *state;
	struct catalogue_out *out;

	onboarded(r, "ana", "ber", "cad");
	out = applied(r, changed(r, "cad-global: { product: cad, quota: 1 }",
	    "cad-world: { was: cad-global, product: cad, quota: 3 }"));
	assert_int_equal(out->removed, 0);
	assert_int_equal(rig_assigned(r, "cad-world"), 1);
	onboarded(r, "bo", "ber", "cad");
	assert_int_equal(rig_assigned(r, "cad-world"), 2);
}

/* The process ended between the new version and the last person: the same document again makes it good. */
static void
what_broke_off_is_made_good_by_applying_again(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .allow_removals = true,
		.reason = STR("test") };
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct catalogue_out *out;
	struct seats_verdict *v;

	((struct contract_in *)o->contract)->department = STR("Vertrieb");
	rig_onboarded(r, o);
	applied(r, changed(r, "product: mail, quota: 1",
	    "product: mail, quota: 0"));
	onboarded(r, "p0", "ber", "mail");
	onboarded(r, "p1", "ber", "mail");
	onboarded(r, "p2", "ber", "mail");
	assert_int_equal(plant_count(r, &WAIT), 1);
	in.text = with(r, changed(r,
	    "  mail-global: { product: mail, quota: 1 }\n", ""),
	    "department eq \"sales\"", "site eq \"muc\"");
	assert_int_equal(rig_do(r, &catalogue_apply, &in, &out), OK);
	assert_true(out->is_changed);
	assert_int_equal(rig_assigned(r, "all-global"), 1);
	assert_int_equal(rig_long(r, seats_verify, NULL, &v), OK);
	assert_false(v->is_whole);
	assert_int_equal(v->fault[0].what, MSG_VERIFY_WAIT_PLACE);

	out = applied(r, in.text);
	assert_false(out->is_changed);
	assert_int_equal(out->regranted, 4);
	assert_int_equal(rig_assigned(r, "all-global"), 0);
}

/* Who declares may see less than whom it concerns. */
static void
a_scope_does_not_keep_people_from_a_new_rule(void **state)
{
	struct rig *r = *state;
	struct filter *scope;

	onboarded(r, "ana", "ber", "mail");
	onboarded(r, "bo", "muc", "mail");
	assert_int_equal(filter_compile(&r->cx, STR("site eq \"ber\""),
	    FILTER_RULE, false, &scope), OK);
	r->actor.scope = scope;
	applied(r, changed(r, " and department eq \"sales\"", ""));
	r->actor.scope = NULL;
	assert_int_equal(rig_assigned(r, "all-global"), 2);
}

/* More people than a page of them, everybody decided anew. */
static void
everybody_is_decided_anew(void **state)
{
	struct rig *r = *state;
	struct catalogue_out *out;

	applied(r, changed(r, "{ product: cad, quota: 1 }",
	    "{ product: cad, quota: 0 }"));
	for (int i = 0; i < 520; i++)
		onboarded(r, str_z(r->arena, str_fmt(r->arena, "p%d", i)),
		    "ber", "cad");
	assert_int_equal(plant_count(r, &WAIT), 520);
	out = applied(r, changed(r, "{ product: cad, quota: 1 }",
	    "{ product: cad, quota: 510 }"));
	assert_int_equal(out->regranted, 520);
	/* A tenth is for those with priority. */
	assert_int_equal(rig_assigned(r, "cad-global"), 459);
	assert_int_equal(plant_count(r, &WAIT), 61);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(a_new_pool_serves_who_waits),
		T(a_declared_quota_serves_who_waits_and_keeps_what_was_bought),
		T(an_empty_pool_goes_and_its_list_with_it),
		T(a_pool_with_seats_stays_and_so_does_everything_else),
		T(removals_want_to_be_meant),
		T(a_dry_run_says_what_it_would_do),
		T(the_same_document_is_no_new_version),
		T(a_changed_rule_gives_and_takes),
		T(who_is_no_longer_eligible_waits_no_more),
		T(a_product_that_goes_ends_its_waits),
		T(what_is_renamed_keeps_its_seats),
		T(what_broke_off_is_made_good_by_applying_again),
		T(a_scope_does_not_keep_people_from_a_new_rule),
		T(everybody_is_decided_anew),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

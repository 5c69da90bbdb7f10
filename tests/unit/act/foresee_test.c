/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foresee_test.c - what a catalogue would do to people is counted before it is
 * in force, and stopped if more would lose a seat than the guard lets pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "audit/log.h"

#include "plant.h"

static const char base[] =
    "catalogue: 1\n"
    "departments: { sales: {}, it: {} }\n"
    "products:\n"
    "  crm: { cap: 100, grant: 'department eq \"sales\"' }\n"
    "  mail: { cap: 100, grant: 'active eq true' }\n"
    "  wiki: { cap: 100 }\n"
    "pools:\n"
    "  crm: { product: crm, quota: 3 }\n"
    "  mail: { product: mail, quota: 9 }\n"
    "  wiki: { product: wiki, quota: 2 }\n"
    "settings: { catalogue.losses_least: 1, catalogue.losses_percent: 0 }\n";

static enum err
put(struct rig *r, struct catalogue_in in, struct catalogue_out **out)
{
	return rig_long(r, catalogue_put, &in, out);
}

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));
	struct catalogue_in in = { .text = str_of(base),
		.allow_removals = true, .reason = STR("test") };
	struct catalogue_out *out;

	rig_open(r);
	assert_int_equal(put(r, in, &out), OK);
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
	return 0;
}

/* TEXT with OLD replaced by NEW. */
static struct str
with(struct rig *r, struct str text, const char *old, const char *new)
{
	const char *all = str_z(r->arena, text), *at = strstr(all, old);

	assert_non_null(at);
	return str_fmt(
	    r->arena, "%.*s%s%s", (int)(at - all), all, new, at + strlen(old));
}

static struct str
changed(struct rig *r, const char *old, const char *new)
{
	return with(r, str_of(base), old, new);
}

static int64_t
joined(struct rig *r, const char *ref, const char *department,
    const char *products)
{
	struct order *o = rig_onboard(r, ref, "", products);

	((struct contract_in *)o->contract)->department = str_of(department);
	return rig_onboarded(r, o)->person;
}

static void
assert_line(
    const struct catalogue_out *out, size_t i, struct foresight_line want)
{
	const struct foresight_line *got = &out->sight.line[i];

	assert_true(i < out->sight.nline);
	assert_true(str_eq(got->product, want.product));
	assert_int_equal(got->seats, want.seats);
	assert_int_equal(got->grants_gained, want.grants_gained);
	assert_int_equal(got->grants_lost, want.grants_lost);
	assert_int_equal(got->seats_gained, want.seats_gained);
	assert_int_equal(got->seats_lost, want.seats_lost);
}

static void
a_dry_run_counts_who_gains_and_who_loses(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true };
	struct catalogue_out *out, *done;
	size_t entries;

	joined(r, "s0", "sales", "");
	joined(r, "s1", "sales", "crm");
	for (int i = 0; i < 4; i++)
		joined(
		    r, str_z(r->arena, str_fmt(r->arena, "i%d", i)), "it", "");
	entries = plant_count(r, &LOG);
	in.text = changed(r, "department eq \"sales\"", "department eq \"it\"");
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(out->sight.persons, 6);
	assert_int_equal(out->sight.holders, 6);
	assert_int_equal(out->sight.will_gain, 4);
	/* s1 asked for it, too, and keeps the seat */
	assert_int_equal(out->sight.will_lose, 1);
	assert_int_equal(out->sight.losses_allowed, 1);
	assert_false(out->sight.is_stopped);
	assert_int_equal(out->sight.nline, 1);
	/* one seat comes free, one was; the others wait */
	assert_line(
	    out, 0, (struct foresight_line) { STR("crm"), 2, 4, 2, 2, 1 });
	assert_int_equal(plant_count(r, &LOG), entries);
	assert_int_equal(rig_assigned(r, "crm"), 2);

	/* and that is what happens */
	in.is_dry = false;
	assert_int_equal(put(r, in, &done), OK);
	assert_line(
	    done, 0, (struct foresight_line) { STR("crm"), 2, 4, 2, 2, 1 });
	assert_int_equal(rig_assigned(r, "crm"), 3);
	assert_int_equal(plant_count(r, &WAIT), 2);
}

static void
a_new_pool_and_a_new_quota_count(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true };
	struct catalogue_out *out;

	for (int i = 0; i < 4; i++)
		joined(
		    r, str_z(r->arena, str_fmt(r->arena, "i%d", i)), "it", "");
	in.text = changed(r, "  wiki: { cap: 100 }\n",
	    "  wiki: { cap: 100, grant: 'active eq true' }\n");
	assert_int_equal(put(r, in, &out), OK);
	assert_line(
	    out, 0, (struct foresight_line) { STR("wiki"), 0, 4, 0, 2, 0 });
	in.text = changed(r, "  wiki: { cap: 100 }\npools:\n",
	    "  wiki: { cap: 100, grant: 'active eq true' }\npools:\n"
	    "  wiki-more: { product: wiki, quota: 1 }\n");
	assert_int_equal(put(r, in, &out), OK);
	assert_line(
	    out, 0, (struct foresight_line) { STR("wiki"), 0, 4, 0, 3, 0 });
}

static void
more_losses_than_the_guard_lets_pass_are_stopped(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r,
	    "'active eq true'", "'department eq \"it\"'") };
	struct catalogue_out *out;
	struct rows rows;
	struct entry e;
	size_t entries;

	joined(r, "s0", "sales", "");
	joined(r, "s1", "sales", "");
	joined(r, "i0", "it", "");
	entries = plant_count(r, &LOG);

	in.is_dry = true;
	assert_int_equal(put(r, in, &out), OK);
	assert_true(out->sight.is_stopped);
	assert_int_equal(out->sight.will_lose, 2);
	in.is_dry = false;
	assert_int_equal(put(r, in, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_LOSSES);
	assert_true(str_eq(r->cx.fault.args[0], STR("2")));
	assert_true(str_eq(r->cx.fault.args[1], STR("1")));
	assert_true(str_eq(r->cx.fault.args[2], STR("mail 2/3")));
	assert_int_equal(plant_count(r, &LOG), entries);
	assert_int_equal(rig_assigned(r, "mail"), 3);

	in.allow_losses = 2;
	assert_int_equal(put(r, in, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_LOSSES_REASON);
	in.reason = STR("sales moves away");
	r->actor.rights &= ~RIGHT_BIT(RIGHT_GUARD_OVERRIDE);
	assert_int_equal(put(r, in, &out), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_GUARD);
	r->actor.rights |= RIGHT_BIT(RIGHT_GUARD_OVERRIDE);
	in.allow_losses = 1;
	assert_int_equal(put(r, in, &out), ERR_CONFLICT);
	assert_int_equal(plant_count(r, &LOG), entries);

	in.allow_losses = 2;
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(rig_assigned(r, "mail"), 1);
	rows = plant_rows(r, &LOG);
	assert_true(entry_decode(
	    r->arena, ((struct log_row *)rows.row)[entries].entry, &e));
	assert_int_equal(e.action, ACTION_GUARD_OVERRIDDEN);
	assert_int_equal(e.subject_kind, SUBJECT_CATALOGUE);
	assert_int_equal(e.subject, out->version);
	assert_true(e.sealed.n > 0);

	/* in force already: nothing to ask about */
	in.allow_losses = 0;
	assert_int_equal(put(r, in, &out), OK);
	assert_false(out->is_changed);
	assert_int_equal(out->sight.persons, 0);
}

/* Nobody has a role of their own here, so who has a seat would lose it. */
static void
a_role_that_a_product_will_require_takes_seats(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true, .text = changed(r,
	    "crm: { cap: 100, ", "crm: { cap: 100, role: auditor, ") };
	struct catalogue_out *out;

	joined(r, "s0", "sales", "");
	joined(r, "s1", "sales", "crm");
	assert_int_equal(put(r, in, &out), OK);
	assert_line(
	    out, 0, (struct foresight_line) { STR("crm"), 2, 0, 2, 0, 2 });
	assert_true(out->sight.is_stopped);
	in.is_dry = false;
	in.allow_losses = 2;
	in.reason = STR("test");
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(rig_assigned(r, "crm"), 0);
}

/* Few of all, and most of one product. */
static void
each_product_has_the_guard_too(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r,
	    "settings: { catalogue.losses_least: 1, "
	    "catalogue.losses_percent: 0 }",
	    "settings: { catalogue.losses_least: 0, "
	    "catalogue.losses_percent: 50 }") };
	struct catalogue_out *out;

	assert_int_equal(put(r, in, &out), OK);
	joined(r, "s0", "sales", "");
	for (int i = 0; i < 5; i++)
		joined(
		    r, str_z(r->arena, str_fmt(r->arena, "i%d", i)), "it", "");
	in.is_dry = true;
	in.text =
	    with(r, in.text, "department eq \"sales\"", "title eq \"none\"");
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(out->sight.will_lose, 1);
	assert_int_equal(out->sight.losses_allowed, 3);
	assert_true(out->sight.is_stopped);
	in.allow_losses = 1;
	in.reason = STR("test");
	assert_int_equal(put(r, in, &out), OK);
	assert_false(out->sight.is_stopped);
}

static void
a_catalogue_does_not_lift_its_own_guard(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = str_fmt(r->arena,
	    "catalogue: 1\n"
	    "departments: { sales: {}, it: {} }\n"
	    "products:\n"
	    "  crm: { cap: 100, grant: 'department eq \"sales\"' }\n"
	    "  mail: { cap: 100 }\n"
	    "  wiki: { cap: 100 }\n"
	    "pools:\n"
	    "  crm: { product: crm, quota: 3 }\n"
	    "  mail: { product: mail, quota: 9 }\n"
	    "  wiki: { product: wiki, quota: 2 }\n"
	    "settings: { catalogue.losses_least: 1000 }\n"),
		.allow_removals = true, .reason = STR("test") };
	struct catalogue_out *out;

	joined(r, "s0", "sales", "");
	joined(r, "s1", "sales", "");
	assert_int_equal(put(r, in, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_LOSSES);
}

static void
why_something_was_removed_is_logged(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r, ", it: {}", ""),
		.allow_removals = true, .reason = STR("no IT any more") };
	struct catalogue_out *out;
	size_t entries = plant_count(r, &LOG);
	struct rows rows;
	struct entry e;

	assert_int_equal(put(r, in, &out), OK);
	rows = plant_rows(r, &LOG);
	assert_true(entry_decode(
	    r->arena, ((struct log_row *)rows.row)[entries].entry, &e));
	assert_int_equal(e.action, ACTION_GUARD_OVERRIDDEN);
	assert_true(e.sealed.n > 0);
	assert_int_equal(rows.n, entries + 2);
}

/* Who goes from one share into another has the seat on; who finds that one full loses it. */
static void
a_partner_that_overflows_no_more_is_foreseen(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r, "products:\n",
		"organisations: { acme: { overflow: true } }\nproducts:\n") };
	struct catalogue_out *out;

	assert_int_equal(put(r, in, &out), OK);
	for (int i = 0; i < 2; i++) {
		struct order *o =
		    rig_onboard(r, i == 0 ? "a0" : "a1", "", "wiki");

		((struct contract_in *)o->contract)->organization = STR("acme");
		assert_int_equal(
		    rig_onboarded(r, o)->seat[0].outcome, OUTCOME_ASSIGNED);
	}
	in.text = with(r, in.text, "{ overflow: true }", "{}");
	in.text = with(r, in.text, "  mail: { product",
	    "  wiki-acme: "
	    "{ product: wiki, organisation: acme, quota: 1 }\n"
	    "  mail-acme: { product: mail, organisation: acme, quota: 9 }\n"
	    "  mail: { product");
	in.is_dry = true;
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(out->sight.will_lose, 1);
	assert_int_equal(out->sight.nline, 1);
	assert_line(out, 0,
	    (struct foresight_line) {
		.product = STR("wiki"), .seats = 2, .seats_lost = 1 });
	in.is_dry = false;
	assert_int_equal(put(r, in, &out), OK);
}

/* What was foreseen from another version is not applied. */
static void
what_was_foreseen_from_another_version_is_not_applied(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = changed(r, "quota: 9", "quota: 8"),
		.is_foreseen = true, .foreseen_from = 1 };
	struct catalogue_out *out;

	assert_int_equal(rig_do(r, &catalogue_apply, &in, &out), ERR_BUSY);
	assert_int_equal(r->cx.fault.msg, MSG_CATALOGUE_RACE);
	in.foreseen_from = 2;
	assert_int_equal(rig_do(r, &catalogue_apply, &in, &out), OK);
}

/* Blocked people gain nothing, leavers count no more. */
static void
only_who_may_gain_is_counted(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true,
		.text = changed(r, "department eq \"sales\"",
		    "active eq true") };
	struct order order = { .kind = ORDER_BLOCK, .block = BLOCK_MANUAL,
		.if_version = -1, .body = STR("{}") };
	struct order leave = { .kind = ORDER_CHANGE, .if_version = -1,
		.source = 1, .has_contracts = true, .ncontract = 1,
		.body = STR("{}") };
	struct contract_in ended = { .start = STR("2020-01-01"),
		.end = STR("2020-12-31") };
	struct catalogue_out *out;

	joined(r, "i0", "it", "");
	order.person = joined(r, "i1", "it", "");
	rig_onboarded(r, &order);
	leave.person = joined(r, "i2", "it", "");
	leave.contract = &ended;
	rig_onboarded(r, &leave);
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(out->sight.will_gain, 1);
	assert_int_equal(out->sight.holders, 2);
}

/* More people than are looked at together. */
static void
pages_count_on(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .is_dry = true, .text = changed(r,
	    "  wiki: { cap: 100 }\n",
	    "  wiki: { cap: 100, grant: 'active eq true' }\n") };
	struct catalogue_out *out;

	for (int i = 0; i < 520; i++)
		joined(
		    r, str_z(r->arena, str_fmt(r->arena, "p%d", i)), "it", "");
	assert_int_equal(put(r, in, &out), OK);
	assert_int_equal(out->sight.persons, 520);
	assert_int_equal(out->sight.holders, 9);
	assert_line(
	    out, 0, (struct foresight_line) { STR("wiki"), 0, 520, 0, 2, 0 });
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dry_run_counts_who_gains_and_who_loses),
		TEST(a_new_pool_and_a_new_quota_count),
		TEST(more_losses_than_the_guard_lets_pass_are_stopped),
		TEST(a_role_that_a_product_will_require_takes_seats),
		TEST(each_product_has_the_guard_too),
		TEST(a_catalogue_does_not_lift_its_own_guard),
		TEST(why_something_was_removed_is_logged),
		TEST(a_partner_that_overflows_no_more_is_foreseen),
		TEST(what_was_foreseen_from_another_version_is_not_applied),
		TEST(only_who_may_gain_is_counted),
		TEST(pages_count_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

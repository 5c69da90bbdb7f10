/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_role_test.c - roles as groups: who has one is a member, and orders
 * about members give and end it, each on what the one before left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/filter.h"
#include "core/role.h"

#include "act/group.h"
#include "act/world_int.h"

#include "plant.h"
#include "together.h"

#define AUDITOR STR("role-auditor")

static int64_t
person(struct rig *r, const char *ref)
{
	return rig_onboarded(r, rig_onboard(r, ref, "ber", ""))->person;
}

static struct group_order
change_of(const int64_t *join, size_t njoin, const int64_t *part, size_t npart)
{
	return (struct group_order) { .kind = GROUP_CHANGE,
		.role = AUDITOR,
		.join = join,
		.njoin = njoin,
		.part = part,
		.npart = npart,
		.if_version = -1 };
}

static void
expect(struct rig *r, struct group_order o, enum err err)
{
	struct group_out *out;

	assert_int_equal(rig_do(r, &group_order, &o, &out), err);
}

static const struct group_view *
shown_of(struct rig *r, struct str role)
{
	struct groups_in in = { .role = role, .has_members = true };
	struct group_view *v;

	assert_int_equal(rig_query(r, group_show, &in, &v), OK);
	return v;
}

static const struct group_view *
shown(struct rig *r)
{
	return shown_of(r, AUDITOR);
}

static struct roles_out *
roles_of(struct rig *r, int64_t who)
{
	struct page_in page = { .person = who, .limit = 100 };
	struct roles_out *roles;

	assert_int_equal(rig_query(r, roles_held_list, &page, &roles), OK);
	return roles;
}

static void
members_have_the_role(void **state)
{
	struct rig *r = *state;
	const int64_t who[3] = { person(r, "a"), person(r, "b"),
		person(r, "c") };
	struct group_order all = change_of(&who[2], 1, NULL, 0);
	const struct group_view *v;
	int64_t grant;

	expect(r, change_of(who, 2, NULL, 0), OK);
	v = shown(r);
	assert_int_equal(v->nmember, 2);
	assert_int_equal(v->member[0], who[0]);
	assert_int_equal(v->row.version, -1);
	grant = roles_of(r, who[0])->role[0].row.id;
	expect(r, change_of(who, 1, &who[1], 1), OK);
	assert_int_equal(shown(r)->nmember, 1);
	assert_int_equal(roles_of(r, who[0])->role[0].row.id, grant);
	assert_int_equal(roles_of(r, who[1])->n, 0);
	all.replaces = true;
	expect(r, all, OK);
	assert_int_equal(shown(r)->nmember, 1);
	assert_int_equal(shown(r)->member[0], who[2]);
	rig_verify(r);
}

static void
one_who_cannot_come_keeps_all_out(void **state)
{
	struct rig *r = *state;
	const int64_t who[2] = { person(r, "a"), 1 };
	struct group_order o = change_of(who, 1, NULL, 0);

	expect(r, change_of(who, 2, NULL, 0), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_MEMBER);
	assert_int_equal(roles_of(r, who[0])->n, 0);
	o.if_version = 1;
	expect(r, o, ERR_STALE);
	o = change_of(who, 1, NULL, 0);
	o.kind = GROUP_REMOVE;
	expect(r, o, ERR_DENIED);
	o = change_of(who, 1, NULL, 0);
	o.name = STR("Auditors");
	expect(r, o, ERR_BAD_INPUT);
	o.name = STR("AUDITOR");
	r->actor.rights &= ~RIGHT_BIT(RIGHT_AUDIT_READ);
	expect(r, o, ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ACCESS_BEYOND);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_GRANT);
	expect(r, o, ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_GIVES);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_READ);
	expect(r, o, ERR_NOT_FOUND);
	r->actor.rights = rights_of_tenant();
	r->actor.person = who[0];
	expect(r, o, ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ACCESS_OWN);
	r->actor.person = 0;
	expect(r, o, OK);
	assert_int_equal(roles_of(r, who[0])->n, 1);
}

/* Of many members a request may change few. */
static void
a_request_changes_so_many(void **state)
{
	struct rig *r = *state;
	struct group_order all;
	int64_t who[GROUP_NOW_MAX + 1];

	for (size_t i = 0; i < COUNT(who); i++)
		who[i] =
		    person(r, str_z(r->arena, str_fmt(r->arena, "p%zu", i)));
	expect(r, change_of(who, COUNT(who), NULL, 0), ERR_TOO_LARGE);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_ROLE_STEP);
	expect(r, change_of(who, GROUP_NOW_MAX, NULL, 0), OK);
	expect(r, change_of(who, COUNT(who), NULL, 0), OK);
	assert_int_equal(shown(r)->nmember, COUNT(who));
	all = change_of(&who[1], COUNT(who) - 1, NULL, 0);
	all.replaces = true;
	expect(r, all, OK);
	assert_int_equal(shown(r)->nmember, COUNT(who) - 1);
	assert_int_equal(roles_of(r, who[0])->n, 0);
}

/*
 * All of one commit, whose grants were read before: the second finds the role
 * given, the third a grant to end that nobody had read.
 */
static void
orders_follow_each_other(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a");
	const struct group_order join = change_of(&who, 1, NULL, 0),
				 part = change_of(NULL, 0, &who, 1);
	struct item *item[3] = {
		together_item(r, &group_order, &join),
		together_item(r, &group_order, &join),
		together_item(r, &group_order, &part),
	};

	/* The later ones were asked earlier. */
	for (size_t i = 0; i < COUNT(item); i++)
		item[i]->cx->now_ms -= (int64_t)i;
	together_do(r, item, COUNT(item));
	for (size_t i = 0; i < COUNT(item); i++)
		assert_int_equal(item[i]->err, OK);
	assert_int_equal(roles_of(r, who)->n, 0);
	assert_int_equal(plant_count(r, &ROLE_PAST), 1);
	rig_verify(r);
}

/*
 * Both of one commit: what is over some people only is not in memory yet when
 * the role's members change.
 */
static void
a_scope_is_waited_for(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a");
	const struct order give = { .kind = ORDER_ROLE_GIVE,
		.person = who,
		.role = STR("reviewer"),
		.scope = STR("site eq \"ber\""),
		.reason = STR("r"),
		.body = STR("{}") };
	const struct group_order join = change_of(&who, 1, NULL, 0);
	struct item *item[2] = {
		together_item(r, &person_order, &give),
		together_item(r, &group_order, &join),
	};

	together_do(r, item, COUNT(item));
	for (size_t i = 0; i < COUNT(item); i++)
		assert_int_equal(item[i]->err, OK);
	assert_int_equal(roles_of(r, who)->n, 2);
	assert_int_equal(shown(r)->nmember, 1);
	rig_verify(r);
}

static void
declare(struct rig *r, const char *groups)
{
	struct catalogue_in in = { .allow_losses = 1000,
		.reason = STR("for the test"),
		.allow_removals = true };
	struct catalogue_out *out;

	in.text = str_fmt(r->arena, "%sgroups: %s\n", rig_catalogue, groups);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
}

static int64_t
staff(struct rig *r)
{
	struct group_order make = { .kind = GROUP_MAKE, .name = STR("Staff") };
	struct group_out *out;

	declare(r, "{ x: { name: Staff, roles: [auditor] } }");
	assert_int_equal(rig_do(r, &group_order, &make, &out), OK);
	return out->group;
}

static struct group_order
into(int64_t group, const int64_t *who)
{
	return (struct group_order) { .kind = GROUP_CHANGE,
		.group = group,
		.join = who,
		.njoin = 1,
		.if_version = -1 };
}

/* The first role of all, and a group that would give it, in one commit. */
static void
a_group_sees_the_first_role(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a");
	const struct group_order by_hand = change_of(&who, 1, NULL, 0),
				 join = into(staff(r), &who);
	struct item *item[2] = {
		together_item(r, &group_order, &by_hand),
		together_item(r, &group_order, &join),
	};

	/* The later ones were asked earlier. */
	item[1]->cx->now_ms--;
	together_do(r, item, COUNT(item));
	for (size_t i = 0; i < COUNT(item); i++)
		assert_int_equal(item[i]->err, OK);
	assert_int_equal(roles_of(r, who)->n, 1);
	rig_verify(r);
}

/* Who would have it by a group all the same is not said to have lost it. */
static void
what_a_group_gives_does_not_end(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a"), group = staff(r);
	struct group_order part = change_of(NULL, 0, &who, 1);

	expect(r, change_of(&who, 1, NULL, 0), OK);
	expect(r, into(group, &who), OK);
	expect(r, part, ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_HELD_BY);
	assert_int_equal(roles_of(r, who)->n, 1);
	assert_int_equal(roles_of(r, who)->role[0].row.in_group, 0);
	part.replaces = true;
	part.npart = 0;
	expect(r, part, ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_HELD_BY);
	/* A group of no source is not told to one. */
	part.source = ((struct person *)plant_rows(r, &PERSON).row)->source;
	assert_true(part.source != 0);
	expect(r, part, ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_HELD);
	rig_verify(r);
}

/* A group of people who are out of reach is no more than an id of nobody. */
static void
a_group_out_of_reach_is_not_told(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a"), group = staff(r);
	struct group_order make = { .kind = GROUP_MAKE,
		.name = STR("g"),
		.join = &group,
		.njoin = 1 };
	struct filter *scope;

	expect(r, into(group, &who), OK);
	expect(r, make, ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_NESTED);
	assert_int_equal(filter_compile(&r->cx, STR("site eq \"muc\""),
			     FILTER_RULE, false, &scope),
	    OK);
	r->actor.scope = scope;
	expect(r, make, ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_MEMBER);
	r->actor.scope = NULL;
}

/* Who says who stays says it of those whose role they may read. */
static void
who_is_not_shown_stays(void **state)
{
	struct rig *r = *state;
	const int64_t who[2] = { person(r, "a"),
		rig_onboarded(r, rig_onboard(r, "b", "muc", ""))->person };
	struct held held[2] = {
		{ rights_of_tenant() & ~RIGHT_BIT(RIGHT_ROLE_READ), NULL },
		{ RIGHT_BIT(RIGHT_ROLE_READ), NULL },
	};
	struct group_order both = change_of(who, 2, NULL, 0), none = both,
			   second = change_of(&who[1], 1, NULL, 0);
	const struct str role = STR("role-reviewer");
	struct filter *scope;

	both.role = none.role = second.role = role;
	none.njoin = 0;
	expect(r, both, OK);
	assert_int_equal(filter_compile(&r->cx, STR("site eq \"ber\""),
			     FILTER_RULE, false, &scope),
	    OK);
	held[1].scope = scope;
	r->actor.held = held;
	r->actor.nheld = 2;
	assert_int_equal(shown_of(r, role)->nmember, 1);
	none.replaces = true;
	expect(r, none, OK);
	assert_int_equal(shown_of(r, role)->nmember, 0);
	/* Who has it comes as who has it. */
	expect(r, second, OK);
	r->actor.nheld = 0;
	assert_int_equal(plant_count(r, &ROLE_PAST), 1);
	assert_int_equal(shown_of(r, role)->nmember, 1);
	assert_int_equal(shown_of(r, role)->member[0], who[1]);
	rig_verify(r);
}

/* However many have the role of whom nothing is told. */
static void
who_is_not_told_does_not_count(void **state)
{
	struct rig *r = *state;
	const int64_t who = person(r, "a");
	struct role_row row = { .tenant = r->acme, .person = who + 1,
		.id = 1, .role = ROLE_ID(ROLE_AUDITOR), .state = ROLE_ACTIVE };

	expect(r, change_of(&who, 1, NULL, 0), OK);
	for (size_t i = 0; i < GROUP_SHOWN_MAX; i++) {
		world_role_set(r->world, &row, NULL);
		row.person++;
	}
	assert_int_equal(shown(r)->nmember, 1);
}

/* Of the roles there are more than are read together. */
static void
roles_are_read_page_by_page(void **state)
{
	struct rig *r = *state;
	const int64_t who[2] = { person(r, "a"), person(r, "b") };
	struct role_row row[2100];
	struct group_order none = change_of(NULL, 0, NULL, 0);

	for (size_t i = 0; i < COUNT(row); i++)
		row[i] = (struct role_row) { .tenant = r->acme,
			.person = who[0],
			.id = (int64_t)i + 1,
			.role = ROLE_ID(ROLE_HR),
			.state = ROLE_ACTIVE };
	plant_all(r, &ROLE, row, COUNT(row));
	expect(r, change_of(&who[1], 1, NULL, 0), OK);
	none.replaces = true;
	expect(r, none, OK);
	assert_int_equal(shown(r)->nmember, 0);
	assert_int_equal(plant_count(r, &ROLE), COUNT(row));
}

/* Places of roles are behind the ids of groups, whichever way the list goes. */
static void
roles_stand_behind_groups(void **state)
{
	struct rig *r = *state;
	struct group_order make = { .kind = GROUP_MAKE, .name = STR("g") };
	struct groups_in in = { .limit = 1 };
	struct groups_out *out;
	int64_t total, seen = 0;

	expect(r, make, OK);
	for (int way = 0; way < 2; way++) {
		in.is_descending = way == 1;
		in.after = 0;
		seen = 0;
		do {
			assert_int_equal(
			    rig_query(r, groups_list, &in, &out), OK);
			assert_int_equal(out->n, 1);
			total = out->total;
			seen++;
			assert_int_equal(out->group[0].role.p == NULL,
			    seen == (way == 0 ? 1 : total));
			in.after = out->next;
		} while (out->next != 0);
		assert_int_equal(seen, total);
	}
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_READ);
	assert_int_equal(rig_query(r, groups_list, &in, &out), OK);
	assert_int_equal(out->total, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    members_have_the_role, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    one_who_cannot_come_keeps_all_out, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_request_changes_so_many, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    orders_follow_each_other, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_scope_is_waited_for, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_group_sees_the_first_role, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_a_group_gives_does_not_end, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_group_out_of_reach_is_not_told, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    who_is_not_shown_stays, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    who_is_not_told_does_not_count, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    roles_are_read_page_by_page, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    roles_stand_behind_groups, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_test.c - groups as orders: made, joined, left and removed, within what
 * the actor reaches; who leaves is in none; the tables say one thing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "core/filter.h"

#include "act/group.h"

#include "plant.h"

static int64_t
person(struct rig *r, const char *ref, int64_t source)
{
	struct order *o = rig_onboard(r, ref, "ber", "");

	o->source = source;
	return rig_onboarded(r, o)->person;
}

static enum err
do_group(struct rig *r, struct group_order o, struct group_out **out)
{
	struct group_order *in = arena_copy(r->arena, &o, sizeof(o));

	if (in->if_version == 0)
		in->if_version = -1;
	return rig_do(r, &group_order, in, out);
}

static int64_t
made(struct rig *r, const char *name, int64_t source)
{
	struct group_out *out;

	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_MAKE,
				 .name = str_of(name),
				 .source = source },
			     &out),
	    OK);
	assert_int_equal(out->version, 1);
	return out->group;
}

static struct group_out *
joined(struct rig *r, int64_t group, const int64_t *who, size_t n)
{
	struct group_out *out;

	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = group,
				 .join = who,
				 .njoin = n },
			     &out),
	    OK);
	return out;
}

static const struct group_view *
shown(struct rig *r, int64_t group)
{
	struct groups_in in = { .group = group, .has_members = true };
	struct group_view *v;

	assert_int_equal(rig_query(r, group_show, &in, &v), OK);
	return v;
}

static struct groups_out *
listed(struct rig *r, struct groups_in in)
{
	struct groups_out *out;

	if (in.limit == 0)
		in.limit = 100;
	in.type = STR("group");
	assert_int_equal(rig_query(r, groups_list, &in, &out), OK);
	return out;
}

static void
people_come_and_go(void **state)
{
	struct rig *r = *state;
	int64_t who[3] = { person(r, "a", 1), person(r, "b", 1),
		person(r, "c", 1) };
	int64_t g = made(r, "Sales", 0);
	struct group_out *out = joined(r, g, who, 2);

	assert_int_equal(out->joined, 2);
	assert_int_equal(out->version, 2);
	/* Again: nothing happens. */
	out = joined(r, g, who, 2);
	assert_int_equal(out->joined, 0);
	assert_int_equal(out->version, 2);
	assert_int_equal(out->log_seq, 0);
	assert_int_equal(shown(r, g)->nmember, 2);
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g,
				 .join = &who[2],
				 .njoin = 1,
				 .part = &who[0],
				 .npart = 1 },
			     &out),
	    OK);
	assert_int_equal(shown(r, g)->member[0], who[1]);
	assert_int_equal(shown(r, g)->member[1], who[2]);
	assert_int_equal(shown(r, g)->row.members, 2);
	/* All at once. */
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g,
				 .join = &who[0],
				 .njoin = 1,
				 .replaces = true },
			     &out),
	    OK);
	assert_int_equal(out->joined, 1);
	assert_int_equal(out->parted, 2);
	assert_int_equal(shown(r, g)->nmember, 1);
	rig_verify(r);
	assert_int_equal(
	    do_group(r,
		(struct group_order) { .kind = GROUP_REMOVE, .group = g },
		&out),
	    OK);
	assert_int_equal(plant_count(r, &GROUP), 0);
	assert_int_equal(plant_count(r, &GROUP_NAME), 0);
	assert_int_equal(plant_count(r, &MEMBER), 0);
	assert_int_equal(plant_count(r, &MEMBER_OF), 0);
	assert_int_equal(
	    do_group(r,
		(struct group_order) { .kind = GROUP_REMOVE, .group = g },
		&out),
	    ERR_NOT_FOUND);
	rig_verify(r);
}

static void
a_name_is_one_groups(void **state)
{
	struct rig *r = *state;
	int64_t g = made(r, "Sales", 0), other;
	struct group_out *out;

	assert_int_equal(do_group(r,
			     (struct group_order) {
				 .kind = GROUP_MAKE, .name = STR(" sALES ") },
			     &out),
	    ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_TAKEN);
	assert_int_equal(do_group(r,
			     (struct group_order) {
				 .kind = GROUP_MAKE, .name = STR("Auditor") },
			     &out),
	    ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_ROLE);
	assert_int_equal(
	    do_group(r,
		(struct group_order) { .kind = GROUP_MAKE, .name = STR(" ") },
		&out),
	    ERR_BAD_INPUT);
	/* Its own name in another spelling, then another one: the first is free. */
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g,
				 .name = STR("SALES"),
				 .external_id = STR("x1") },
			     &out),
	    OK);
	assert_true(str_eq(shown(r, g)->name, STR("SALES")));
	assert_true(str_eq(shown(r, g)->external_id, STR("x1")));
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_MAKE,
				 .name = STR("Two"),
				 .external_id = STR("x1") },
			     &out),
	    ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_REF_TAKEN);
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g,
				 .name = STR("Field"),
				 .external_id = STR("") },
			     &out),
	    OK);
	other = made(r, "sales", 0);
	assert_int_equal(listed(r, (struct groups_in) { .name = STR("SALES") })
			     ->group[0]
			     .row.id,
	    other);
	assert_int_equal(
	    listed(r, (struct groups_in) { .external_id = STR("x1") })->n, 0);
	assert_int_equal(plant_count(r, &GROUP_NAME), 2);
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g,
				 .name = STR("Late"),
				 .if_version = 1 },
			     &out),
	    ERR_STALE);
	rig_verify(r);
}

static void
a_source_has_its_own_groups_and_people(void **state)
{
	struct rig *r = *state;
	int64_t mine = person(r, "a", 1), theirs = person(r, "b", 2);
	int64_t g = made(r, "Mine", 1), other = made(r, "Theirs", 2);
	struct groups_in in = { .group = other, .source = 1 };
	struct group_view *v;
	struct group_out *out;
	struct group_order o = { .kind = GROUP_CHANGE, .group = other,
		.source = 1, .name = STR("Taken") };

	assert_int_equal(do_group(r, o, &out), ERR_NOT_FOUND);
	assert_int_equal(rig_query(r, group_show, &in, &v), ERR_NOT_FOUND);
	o = (struct group_order) { .kind = GROUP_CHANGE,
		.group = g,
		.source = 1,
		.join = &theirs,
		.njoin = 1 };
	assert_int_equal(do_group(r, o, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_MEMBER);
	/* Nor by who reaches both. */
	o.source = 0;
	assert_int_equal(do_group(r, o, &out), ERR_BAD_INPUT);
	/* A group that is not theirs is nobody; one that is, is a group. */
	o.source = 1;
	o.join = &other;
	assert_int_equal(do_group(r, o, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_MEMBER);
	o.join = &g;
	assert_int_equal(do_group(r, o, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_NESTED);
	joined(r, g, &mine, 1);
	assert_int_equal(
	    listed(r, (struct groups_in) { .source = 1 })->total, 1);
	assert_int_equal(
	    listed(r, (struct groups_in) { .source = 1, .name = STR("Theirs") })
		->n,
	    0);
	rig_verify(r);
}

static void
who_leaves_is_in_no_group(void **state)
{
	struct rig *r = *state;
	int64_t who[2] = { person(r, "a", 1), person(r, "b", 1) };
	int64_t g[2] = { made(r, "One", 0), made(r, "Two", 0) };
	struct order o = { .kind = ORDER_LEAVE, .person = who[0],
		.source = 1 };
	struct order_out *left;
	struct group_out *out;

	joined(r, g[0], who, 2);
	joined(r, g[1], who, 1);
	assert_int_equal(rig_do(r, &person_order, &o, &left), OK);
	assert_int_equal(left->lifecycle, LIFE_LEFT);
	assert_int_equal(shown(r, g[0])->row.members, 1);
	assert_int_equal(shown(r, g[0])->row.version, 3);
	assert_int_equal(shown(r, g[1])->nmember, 0);
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_CHANGE,
				 .group = g[1],
				 .join = who,
				 .njoin = 1 },
			     &out),
	    ERR_BAD_INPUT);
	rig_verify(r);
}

static void
lists_come_in_pages(void **state)
{
	struct rig *r = *state;
	int64_t a = person(r, "a", 1), g[5];
	struct groups_out *out;

	for (size_t i = 0; i < COUNT(g); i++) {
		g[i] = made(r, str_z(r->arena, str_fmt(r->arena, "g%zu", i)),
		    i == 1 ? 2 : 0);
		if (i % 2 == 0)
			joined(r, g[i], &a, 1);
	}
	out = listed(r, (struct groups_in) { .first = 2, .limit = 2 });
	assert_int_equal(out->total, 5);
	assert_int_equal(out->n, 2);
	assert_int_equal(out->group[0].row.id, g[1]);
	out = listed(r, (struct groups_in) { .limit = 2 });
	assert_int_equal(out->next, g[1]);
	out = listed(r, (struct groups_in) { .limit = 9, .after = g[1] });
	assert_int_equal(out->n, 3);
	assert_int_equal(out->next, 0);
	out = listed(r, (struct groups_in) { .member = a, .limit = 2 });
	assert_int_equal(out->total, 3);
	assert_int_equal(out->n, 2);
	assert_int_equal(out->next, g[2]);
	assert_int_equal(
	    listed(r, (struct groups_in) { .group = g[2], .member = a })->n, 1);
	assert_int_equal(
	    listed(r, (struct groups_in) { .group = g[3], .member = a })->n, 0);
}

/* Of empty ones, those of the source that is asked for; here: of none. */
static void
groups_are_of_whom_one_sees(void **state)
{
	struct rig *r = *state;
	int64_t a = person(r, "a", 1), b, g[4];
	struct groups_in in = { 0 };
	struct group_out *changed;
	struct groups_out *out;
	struct group_view *v;
	struct filter *scope;

	b = rig_onboarded(r, rig_onboard(r, "b", "muc", ""))->person;
	g[0] = made(r, "Here", 0);
	g[1] = made(r, "There", 0);
	g[2] = made(r, "Empty", 0);
	g[3] = made(r, "Empty of another", 2);
	(void)joined(r, g[0], (int64_t[]) { a, b }, 2);
	(void)joined(r, g[1], &b, 1);
	assert_int_equal(filter_compile(&r->cx, STR("site eq \"ber\""),
			     FILTER_RULE, false, &scope),
	    OK);
	r->actor.scope = scope;
	out = listed(r, (struct groups_in) { .first = 1 });
	assert_int_equal(out->total, 2);
	assert_int_equal(out->group[0].row.id, g[0]);
	assert_int_equal(out->group[1].row.id, g[2]);
	out = listed(r, (struct groups_in) { .is_descending = true });
	assert_int_equal(out->total, 2);
	for (size_t i = 0; i < COUNT(g); i++) {
		const enum err want = i % 2 == 0 ? OK : ERR_NOT_FOUND;

		in.group = g[i];
		assert_int_equal(rig_query(r, group_show, &in, &v), want);
		assert_int_equal(
		    do_group(r,
			(struct group_order) {
			    .kind = GROUP_CHANGE, .group = g[i], .part = &a },
			&changed),
		    want);
	}
	r->actor.scope = NULL;
	assert_int_equal(listed(r, (struct groups_in) { 0 })->total, 4);
}

static void
order_done(struct item *it)
{
	(void)it;
}

/* Two who add the same, and one who adds whoever leaves meanwhile. */
static void
what_happens_at_once_happens_once(void **state)
{
	struct rig *r = *state;
	int64_t who[2] = { person(r, "a", 1), person(r, "b", 1) };
	int64_t g = made(r, "All", 0);
	struct group_order join = { .kind = GROUP_CHANGE, .group = g,
		.join = &who[0], .njoin = 1, .if_version = -1 },
	    add = { .kind = GROUP_CHANGE, .group = g, .join = &who[1],
		.njoin = 1, .if_version = -1 };
	struct order leave = { .kind = ORDER_LEAVE, .person = who[1],
		.source = 1 };
	struct item item[4] = {
		{ .use_case = &group_order, .in = &join },
		{ .use_case = &person_order, .in = &leave },
		{ .use_case = &group_order, .in = &join },
		{ .use_case = &group_order, .in = &add },
	};
	const struct group_out *first, *second;
	struct ctx cx[COUNT(item)];

	for (size_t i = 0; i < COUNT(item); i++) {
		cx[i] = (struct ctx) { .arena = arena_open(16 << 20),
			.actor = &r->actor,
			.now_ms = clock_now_ms() };
		item[i].cx = &cx[i];
		item[i].tenant = r->acme;
		item[i].done = order_done;
	}
	pipeline_do_all(
	    world_pipeline(r->world), item, COUNT(item), ITEM_INTERACTIVE);
	assert_int_equal(item[0].err, OK);
	assert_int_equal(item[1].err, OK);
	assert_int_equal(item[2].err, OK);
	assert_true(item[3].err == OK || item[3].err == ERR_BAD_INPUT);
	first = item[0].out;
	second = item[2].out;
	assert_int_equal(first->joined + second->joined, 1);
	assert_int_equal(shown(r, g)->nmember, 1);
	assert_int_equal(shown(r, g)->row.members, 1);
	rig_verify(r);
	for (size_t i = 0; i < COUNT(item); i++)
		arena_close(cx[i].arena);
}

/* The rig's catalogue with an entry for a group. */
static struct catalogue_out *
declared(struct rig *r, const char *groups, bool is_dry)
{
	struct catalogue_in in = { .is_dry = is_dry, .allow_losses = 1000,
		.reason = STR("for the test"), .allow_removals = true };
	struct catalogue_out *out;

	in.text = str_fmt(r->arena, "%sgroups: %s\n", rig_catalogue, groups);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
	return out;
}

static void
what_a_catalogue_would_give_is_foreseen(void **state)
{
	struct rig *r = *state;
	int64_t who[2] = { person(r, "a", 1), person(r, "b", 1) };
	int64_t g = made(r, "Staff", 0);
	struct catalogue_out *out;

	joined(r, g, who, 2);
	out = declared(r, "{ x: { name: STAFF, products: [mail] } }", true);
	assert_int_equal(out->sight.will_gain, 2);
	assert_int_equal(rig_assigned(r, "mail-ber"), 0);
	out = declared(r, "{ x: { name: STAFF, products: [mail] } }", false);
	assert_int_equal(out->sight.will_gain, 2);
	assert_int_equal(rig_assigned(r, "mail-ber"), 2);
	out = declared(r, "{ x: { name: Other, products: [mail] } }", true);
	assert_int_equal(out->sight.will_lose, 2);
	(void)declared(r, "{ x: { name: Other, products: [mail] } }", false);
	assert_int_equal(rig_assigned(r, "mail-ber"), 0);
	/* Its entry is the one of its name from then on. */
	(void)made(r, "other", 0);
	assert_true(
	    ((struct group_row *)plant_rows(r, &GROUP).row)[1].gives != 0);
	rig_verify(r);
}

static void
a_group_gives_only_what_its_adder_could(void **state)
{
	struct rig *r = *state;
	int64_t a = person(r, "a", 1), g;
	struct group_out *out;

	(void)declared(r, "{ x: { name: Staff, products: [mail] } }", false);
	g = made(r, "Staff", 0);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ONBOARD);
	assert_int_equal(
	    do_group(r,
		(struct group_order) {
		    .kind = GROUP_CHANGE, .group = g, .join = &a, .njoin = 1 },
		&out),
	    ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_GIVES);
	assert_int_equal(plant_count(r, &MEMBER), 0);
	r->actor.rights |= RIGHT_BIT(RIGHT_ONBOARD);
	out = joined(r, g, &a, 1);
	assert_int_equal(out->ntold, 1);
	assert_int_equal(out->told[0].person, a);
	assert_int_equal(out->told[0].seat.outcome, OUTCOME_ASSIGNED);
	/* Taking back gives nobody anything. */
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ONBOARD);
	assert_int_equal(
	    do_group(r,
		(struct group_order) { .kind = GROUP_REMOVE, .group = g },
		&out),
	    OK);
	r->actor.rights |= RIGHT_BIT(RIGHT_ONBOARD);
	assert_int_equal(rig_assigned(r, "mail-ber"), 0);
	rig_verify(r);
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
a_role_of_a_group_goes_with_it(void **state)
{
	struct rig *r = *state;
	int64_t who[2] = { person(r, "a", 1), person(r, "b", 1) }, g;
	struct order by_hand = { .kind = ORDER_ROLE_GIVE, .person = who[1],
		.role = STR("auditor"), .reason = STR("x"),
		.body = STR("{}") };
	struct order end = { .kind = ORDER_ROLE_END, .person = who[0],
		.reason = STR("x"), .body = STR("{}") };
	struct order_out *out;
	struct group_out *done;
	struct actor a = { 0 };

	(void)declared(r, "{ x: { name: Staff, roles: [auditor] } }", false);
	g = made(r, "Staff", 0);
	assert_int_equal(rig_do(r, &person_order, &by_hand, &out), OK);
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_GRANT);
	assert_int_equal(
	    do_group(r,
		(struct group_order) {
		    .kind = GROUP_CHANGE, .group = g, .join = who, .njoin = 2 },
		&done),
	    ERR_DENIED);
	r->actor.rights |= RIGHT_BIT(RIGHT_ROLE_GRANT);
	(void)joined(r, g, who, 2);
	assert_int_equal(roles_of(r, who[0])->n, 1);
	assert_true(str_eq(roles_of(r, who[0])->role[0].reason, STR("Staff")));
	assert_int_equal(roles_of(r, who[1])->n, 1);
	assert_true(str_eq(roles_of(r, who[1])->role[0].reason, STR("x")));
	r->cx.now_ms = clock_now_ms();
	assert_int_equal(
	    world_person_actor(r->world, &r->cx, r->acme, who[0], &a), OK);
	assert_true(actor_may(&a, RIGHT_AUDIT_READ));
	end.role_grant = roles_of(r, who[0])->role[0].row.id;
	assert_int_equal(rig_do(r, &person_order, &end, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_GROUP_HELD);
	assert_int_equal(
	    do_group(r,
		(struct group_order) {
		    .kind = GROUP_CHANGE, .group = g, .part = who, .npart = 2 },
		&done),
	    OK);
	assert_int_equal(roles_of(r, who[0])->n, 0);
	assert_int_equal(roles_of(r, who[1])->n, 1);
	/* And with what the catalogue says. */
	(void)joined(r, g, who, 1);
	assert_int_equal(roles_of(r, who[0])->n, 1);
	(void)declared(r, "{ x: { name: Staff } }", false);
	assert_int_equal(roles_of(r, who[0])->n, 0);
	(void)declared(r, "{ x: { name: Staff, roles: [hr] } }", false);
	assert_int_equal(roles_of(r, who[0])->n, 1);
	rig_verify(r);
}

static enum err
renamed(struct rig *r, int64_t g, const char *name, const int64_t *part)
{
	struct group_out *out;

	return do_group(r,
	    (struct group_order) { .kind = GROUP_CHANGE,
		.group = g,
		.name = str_of(name),
		.part = part,
		.npart = part != NULL },
	    &out);
}

static void
nobody_gives_themselves_a_role_by_a_groups_name(void **state)
{
	struct rig *r = *state;
	int64_t me = person(r, "me", 1), you = person(r, "you", 1), g[2];
	static const char *const more[] = { "", ", hr" };
	struct catalogue_in in = { 0 };
	struct catalogue_out *put;
	struct group_out *out;

	(void)declared(r, "{ x: { name: Staff, roles: [auditor] } }", false);
	g[0] = made(r, "Mine", 0);
	g[1] = made(r, "Yours", 0);
	(void)joined(r, g[0], (int64_t[]) { me, you }, 2);
	(void)joined(r, g[1], &you, 1);
	r->actor.person = me;
	assert_int_equal(renamed(r, g[0], "Staff", NULL), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ACCESS_OWN);
	assert_int_equal(do_group(r,
			     (struct group_order) { .kind = GROUP_MAKE,
				 .name = STR("Staff"),
				 .join = &me,
				 .njoin = 1 },
			     &out),
	    ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_ACCESS_OWN);
	/* Others' may be called so, and one's own when one goes. */
	assert_int_equal(renamed(r, g[1], "Staff", NULL), OK);
	assert_int_equal(roles_of(r, you)->n, 1);
	assert_int_equal(renamed(r, g[1], "Yours", NULL), OK);
	assert_int_equal(renamed(r, g[0], "Staff", &me), OK);
	assert_int_equal(roles_of(r, me)->n, 0);
	assert_int_equal(roles_of(r, you)->n, 1);
	/* Nor by what the catalogue says of a group in which one is. */
	r->actor.person = 0;
	(void)joined(r, g[0], &me, 1);
	r->actor.person = me;
	for (size_t i = 0; i < COUNT(more); i++) {
		in.text = str_fmt(r->arena,
		    "%sgroups: { x: { name: Staff, roles: [auditor%s] } }\n",
		    rig_catalogue, more[i]);
		assert_int_equal(rig_long(r, catalogue_put, &in, &put),
		    i == 0 ? OK : ERR_DENIED);
	}
	assert_int_equal(r->cx.fault.msg, MSG_ACCESS_OWN);
	assert_int_equal(roles_of(r, me)->n, 1);
	(void)declared(r, "{ x: { name: Staff } }", false);
	assert_int_equal(roles_of(r, me)->n, 0);
	rig_verify(r);
}

static void
a_catalogue_gives_no_role_beyond_its_author(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = str_fmt(r->arena,
	    "%sgroups: { x: { roles: [hr] } }\n", rig_catalogue) };
	struct catalogue_out *out;

	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_GRANT);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), ERR_DENIED);
	assert_true(str_eq(r->cx.fault.field, STR("roles.hr.groups")));
	r->actor.rights |= RIGHT_BIT(RIGHT_ROLE_GRANT);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
	/* What stands is not asked about. */
	r->actor.rights &= ~RIGHT_BIT(RIGHT_ROLE_GRANT);
	in.text = str_fmt(r->arena,
	    "%sgroups: { x: { roles: [hr], products: [mail] } }\n",
	    rig_catalogue);
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
}

/* So many that the clock decides of them: all the same. */
static void
of_many_the_clock_decides(void **state)
{
	struct rig *r = *state;
	int64_t who[GROUP_NOW_MAX + 1], g;

	(void)declared(r, "{ x: { name: Staff, products: [mail] } }", false);
	g = made(r, "Staff", 0);
	for (size_t i = 0; i < COUNT(who); i++)
		who[i] =
		    person(r, str_z(r->arena, str_fmt(r->arena, "p%zu", i)), 1);
	assert_int_equal(joined(r, g, who, COUNT(who))->ntold, 0);
	while (plant_count(r, &GRANT) < COUNT(who))
		clock_sleep_ms(20);
	assert_int_equal(rig_assigned(r, "mail-ber"), 2);
	assert_int_equal(rig_assigned(r, "mail-global"), 1);
	assert_int_equal(plant_count(r, &WAIT), COUNT(who) - 3);
	rig_verify(r);
}

/* Groups that are too large to go together go one after the other. */
static void
large_groups_go_one_by_one(void **state)
{
	struct rig *r = *state;
	struct group_order gone[4];
	struct item item[COUNT(gone)];
	struct ctx cx[COUNT(gone)];
	struct group_row *row;

	for (size_t i = 0; i < COUNT(gone); i++)
		(void)made(r, str_z(r->arena, str_fmt(r->arena, "g%zu", i)), 0);
	row = plant_rows(r, &GROUP).row;
	for (size_t i = 0; i < COUNT(gone); i++) {
		row[i].members = 3 * GROUP_MEMBERS_MAX / 2;
		plant_put(r, &GROUP, &row[i]);
		gone[i] = (struct group_order) { .kind = GROUP_REMOVE,
			.group = row[i].id,
			.if_version = -1 };
		cx[i] = (struct ctx) { .arena = arena_open(16 << 20),
			.actor = &r->actor,
			.now_ms = clock_now_ms() };
		item[i] = (struct item) { .cx = &cx[i],
			.use_case = &group_order,
			.tenant = r->acme,
			.in = &gone[i],
			.done = order_done };
	}
	pipeline_do_all(world_pipeline(r->world), item, 2, ITEM_INTERACTIVE);
	assert_int_equal(item[0].err, OK);
	assert_int_equal(item[1].err, OK);
	pipeline_do_all(
	    world_pipeline(r->world), item + 2, 2, ITEM_INTERACTIVE);
	assert_int_equal(plant_count(r, &GROUP), 0);
	for (size_t i = 0; i < COUNT(gone); i++)
		arena_close(cx[i].arena);
}

static bool
finds(struct rig *r, enum msg what)
{
	struct seats_verdict *v;

	assert_int_equal(rig_long(r, seats_verify, NULL, &v), OK);
	for (size_t i = 0; i < v->nfault; i++)
		if (v->fault[i].what == what)
			return true;
	return false;
}

static void
what_does_not_fit_is_found(void **state)
{
	struct rig *r = *state;
	int64_t who[2] = { person(r, "a", 1), person(r, "b", 1) };
	int64_t g = made(r, "All", 0);
	struct member_row stray = { r->acme, g, who[1], 1, 0 };
	struct group_row *row;

	joined(r, g, who, 1);
	rig_verify(r);
	plant_drop(r, &MEMBER_OF, plant_rows(r, &MEMBER_OF).row);
	assert_true(finds(r, MSG_VERIFY_MEMBER_OF));
	plant_put(r, &MEMBER, &stray);
	assert_true(finds(r, MSG_VERIFY_REPLAY_MEMBER));
	assert_true(finds(r, MSG_VERIFY_GROUP));
	row = plant_rows(r, &GROUP).row;
	row->members++;
	plant_drop(r, &MEMBER, &stray);
	plant_put(r, &GROUP, row);
	assert_true(finds(r, MSG_VERIFY_GROUP));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    large_groups_go_one_by_one, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_role_of_a_group_goes_with_it, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    nobody_gives_themselves_a_role_by_a_groups_name,
		    rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    groups_are_of_whom_one_sees, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_catalogue_gives_no_role_beyond_its_author, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_a_catalogue_would_give_is_foreseen, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_group_gives_only_what_its_adder_could, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    of_many_the_clock_decides, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    people_come_and_go, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_name_is_one_groups, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    a_source_has_its_own_groups_and_people, rig_set_up,
		    rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    who_leaves_is_in_no_group, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    lists_come_in_pages, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_does_not_fit_is_found, rig_set_up, rig_tear_down),
		cmocka_unit_test_setup_teardown(
		    what_happens_at_once_happens_once, rig_set_up,
		    rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

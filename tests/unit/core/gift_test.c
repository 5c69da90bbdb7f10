/* SPDX-License-Identifier: Apache-2.0 */
/* gift_test.c - what groups give: said by the catalogue, held beside rules and requests, taken back alone. */
#include "decide_try.h"

#include "core/role.h"

#define DOCUMENT(groups) \
	"catalogue: 1\n" \
	"products: { mail: {}, crm: {} }\n" \
	"groups:\n" groups

static void
a_group_goes_out_and_in_again(void **state)
{
	const struct catalogue *a =
	    catalogue_of(DOCUMENT("  staff: { name: 'All Staff', products: "
				  "[mail, crm], roles: [hr] }\n"
				  "  none: {}\n"));
	const struct group_info *staff =
	    catalogue_group_named(cx.arena, a, STR(" all  STAFF"));
	struct catalogue *b;
	const struct js *js;

	(void)state;
	assert_non_null(staff);
	assert_ptr_equal(catalogue_group(a, staff->id), staff);
	assert_int_equal(staff->nproduct, 2);
	assert_int_equal(staff->product[0], product_id(a, "mail"));
	assert_int_equal(staff->nrole, 1);
	assert_int_equal(staff->role[0], ROLE_ID(ROLE_HR));
	assert_non_null(catalogue_group_named(cx.arena, a, STR("none")));
	assert_null(catalogue_group_named(cx.arena, a, STR("staff")));
	assert_null(catalogue_group(a, 0));
	assert_int_equal(
	    yaml_parse(&cx, catalogue_export(cx.arena, a), &js), OK);
	assert_int_equal(catalogue_decode(&cx, js, a, false, &b), OK);
	assert_true(str_eq(a->canonical, b->canonical));
	assert_int_equal(js_parse(&cx, a->canonical, &js), OK);
	assert_int_equal(catalogue_decode(&cx, js, NULL, true, &b), OK);
	assert_true(str_eq(a->canonical, b->canonical));
}

static void
what_groups_say_is_checked(void **state)
{
	static const struct {
		const char *text;
		enum msg msg;
	} wrong[] = {
		{ DOCUMENT("  a: { products: [wiki] }\n"),
		    MSG_CATALOGUE_UNKNOWN },
		{ DOCUMENT("  a: { name: X }\n  b: { name: x }\n"),
		    MSG_CATALOGUE_NAME_TWICE },
		{ DOCUMENT("  a: { quota: 1 }\n"), MSG_CATALOGUE_KEY },
		{ DOCUMENT("  a: { roles: [wiki] }\n"), MSG_CATALOGUE_UNKNOWN },
		{ DOCUMENT("  a: { roles: [tenant-administrator] }\n"),
		    MSG_CATALOGUE_GROUP_ROLE },
		{ DOCUMENT("  a: { roles: [manager] }\n"),
		    MSG_CATALOGUE_GROUP_ROLE },
		{ DOCUMENT("  a: { roles: [hr] }\nroles: { hr: { two_persons: "
			   "true } }\n"),
		    MSG_CATALOGUE_GROUP_ROLE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct catalogue *c;
		const struct js *js;

		assert_int_equal(
		    yaml_parse(&cx, str_of(wrong[i].text), &js), OK);
		assert_int_equal(
		    catalogue_decode(&cx, js, NULL, false, &c), ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, wrong[i].msg);
	}
}

static void
a_group_that_changes_is_told(void **state)
{
	const struct catalogue *a =
	    catalogue_of(DOCUMENT("  staff: { products: [mail] }\n"));
	const struct catalogue *b =
	    catalogue_of(DOCUMENT("  staff: { products: [crm] }\n"));
	const struct catalogue *none =
	    catalogue_of("catalogue: 1\nproducts: { mail: {}, crm: {} }\n");
	struct catalogue_diff diff;

	(void)state;
	catalogue_compare(cx.arena, a, b, &diff);
	assert_int_equal(diff.changed, 1);
	catalogue_compare(cx.arena, a, none, &diff);
	assert_int_equal(diff.removed, 1);
	assert_true(str_eq(diff.removed_text, STR("groups.staff")));
	assert_null(strstr(str_z(cx.arena, none->canonical), "groups"));
}

/* --- what becomes of a person -------------------------------------------------- */

static void
gives(struct life *p, struct gift *gift, size_t n)
{
	p->m.gift = gift;
	p->m.ngift = n;
}

static void
what_a_group_gives_ends_with_it(void **state)
{
	struct gift gift = { product_id(w.c, "wiki"), 77 };
	struct life *p = joined("ber", SALES);

	(void)state;
	gives(p, &gift, 1);
	assert_int_equal(move(p), OK);
	assert_int_equal(of(p, "wiki")->grant[GRANT_GROUP].origin, 77);
	assert_outcome(p, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	gives(p, &gift, 1);
	assert_int_equal(move(p), OK);
	assert_false(p->m.is_changed);
	gives(p, NULL, 0);
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "wiki"), "");
	assert_int_equal(
	    w.g.fx->seat_past[w.g.fx->nseat_past - 1].reason, SEAT_END_GROUP);
}

/* Its own reason alone ends: what was asked for stays, and so does what another group gives. */
static void
only_what_came_by_it_goes(void **state)
{
	struct gift gift[2] = { { product_id(w.c, "wiki"), 77 },
		{ product_id(w.c, "wiki"), 78 } };
	struct life *p = joined("ber", SALES);
	size_t past;

	(void)state;
	gives(p, gift, 2);
	assert_int_equal(move(p), OK);
	past = w.g.fx->nseat_past;
	gives(p, &gift[1], 1);
	assert_int_equal(move(p), OK);
	assert_int_equal(of(p, "wiki")->grant[GRANT_GROUP].origin, 78);
	assert_int_equal(w.g.fx->nseat_past, past);
	wants(p, 0, "wiki");
	gives(p, &gift[1], 1);
	assert_int_equal(move(p), OK);
	gives(p, NULL, 0);
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_int_equal(w.g.fx->nseat_past, past);
}

/* From a rule to a group, without the seat coming free between. */
static void
a_seat_goes_from_a_rule_to_a_group(void **state)
{
	struct gift gift = { product_id(w.c, "cad"), 77 };
	struct life *p = joined("ber", DESIGN);
	struct life *waits = joined("ber", DESIGN);

	(void)state;
	p->contract[0].department = SALES;
	gives(p, &gift, 1);
	assert_int_equal(move(p), OK);
	assert_int_equal(of(p, "cad")->seat.state, SEAT_ASSIGNED);
	assert_int_equal(of(p, "cad")->grants, 1u << GRANT_GROUP);
	assert_int_equal(w.nserved, 0);
	(void)waits;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_group_goes_out_and_in_again),
		TEST(what_groups_say_is_checked),
		TEST(a_group_that_changes_is_told),
		TEST(what_a_group_gives_ends_with_it),
		TEST(only_what_came_by_it_goes),
		TEST(a_seat_goes_from_a_rule_to_a_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* role_change_test.c - which catalogues give people more, and who may apply them. */
#include "attr_try.h"

#include "base/yaml.h"

#include "core/filter.h"
#include "core/role.h"

#define B(name) RIGHT_BIT(RIGHT_##name)

/* Products and roles before and after; an actor with RIGHTS is refused for FIELD, or not. */
static const struct change {
	const char *what;
	const char *before, *after;
	uint64_t    rights;
	const char *field;
} changes[] = {
	{ "nothing", "roles: { a: { name: A, rights: [person.read] } }",
	    "roles: { a: { name: A, rights: [person.read] } }", 0, NULL },
	{ "a new role", "", "roles: { a: { name: A, rights: [audit.read] } }", 0, NULL },
	{ "a role less", "roles: { a: { name: A, rights: [audit.read], two_persons: true, excludes: [hr] } }", "", 0,
	    NULL },
	{ "fewer rights", "roles: { a: { name: A, rights: [audit.read, person.read] } }",
	    "roles: { a: { name: A, rights: [person.read] } }", 0, NULL },
	{ "more rights", "roles: { a: { name: A, rights: [person.read] } }",
	    "roles: { a: { name: A, rights: [person.read, seat.write] } }", B(PERSON_READ), "roles.a.rights" },
	{ "more rights, held", "roles: { a: { name: A, rights: [person.read] } }",
	    "roles: { a: { name: A, rights: [person.read, seat.write] } }", B(SEAT_WRITE), NULL },
	{ "others instead", "roles: { a: { name: A, rights: [person.read] } }",
	    "roles: { a: { name: A, rights: [audit.read] } }", B(PERSON_READ), "roles.a.rights" },
	{ "more rights under another name", "roles: { a: { name: A, rights: [person.read] } }",
	    "roles: { b: { name: A, was: a, rights: [seat.write] } }", B(PERSON_READ), "roles.b.rights" },

	{ "one person instead of two", "roles: { a: { name: A, rights: [seat.write], two_persons: true } }",
	    "roles: { a: { name: A, rights: [seat.write] } }", B(ROLE_GRANT), "roles.a.two_persons" },
	{ "one person, who may not give roles", "roles: { a: { name: A, rights: [seat.write], two_persons: true } }",
	    "roles: { a: { name: A, rights: [seat.write] } }", B(SEAT_WRITE), "roles.a.two_persons" },
	{ "one person, who may", "roles: { a: { name: A, rights: [seat.write], two_persons: true } }",
	    "roles: { a: { name: A, rights: [seat.write] } }", B(SEAT_WRITE) | B(ROLE_GRANT), NULL },
	{ "two instead of one", "roles: { a: { name: A, rights: [seat.write] } }",
	    "roles: { a: { name: A, rights: [seat.write], two_persons: true } }", 0, NULL },
	{ "of a built-in role", "roles: { auditor: { name: Auditor, two_persons: true } }", "", B(ROLE_GRANT),
	    "roles.auditor.two_persons" },

	{ "a pair less",
	    "roles: { a: { name: A, rights: [seat.write], excludes: [b] }, b: { name: B, rights: [pool.write] } }",
	    "roles: { a: { name: A, rights: [seat.write] }, b: { name: B, rights: [pool.write] } }",
	    B(SEAT_WRITE) | B(ROLE_GRANT), "roles.a.excludes" },
	{ "a pair less, of who has both",
	    "roles: { a: { name: A, rights: [seat.write], excludes: [b] }, b: { name: B, rights: [pool.write] } }",
	    "roles: { a: { name: A, rights: [seat.write] }, b: { name: B, rights: [pool.write] } }",
	    B(SEAT_WRITE) | B(POOL_WRITE) | B(ROLE_GRANT), NULL },
	{ "a pair told the other way", "roles: { a: { name: A, excludes: [b] }, b: { name: B } }",
	    "roles: { a: { name: A }, b: { name: B, excludes: [a] } }", 0, NULL },
	{ "a pair under other names", "roles: { a: { name: A, excludes: [b] }, b: { name: B } }",
	    "roles: { a: { name: A, excludes: [c] }, c: { name: B, was: b } }", 0, NULL },
	{ "a pair of which one is gone", "roles: { a: { name: A, excludes: [b] }, b: { name: B } }",
	    "roles: { a: { name: A } }", 0, NULL },
	{ "a pair with a built-in role", "roles: { hr: { name: HR, excludes: [auditor] } }", "", B(ROLE_GRANT),
	    "roles.hr.excludes" },
	{ "another pair",
	    "roles: { a: { name: A, excludes: [b] }, b: { name: B, rights: [seat.read] }, c: { name: C } }",
	    "roles: { a: { name: A, excludes: [c] }, b: { name: B, rights: [seat.read] }, c: { name: C } }",
	    B(ROLE_GRANT), "roles.a.excludes" },

	{ "a product for everybody", "roles: { a: { name: A } }\nproducts: { p: { name: P, role: a } }",
	    "roles: { a: { name: A } }\nproducts: { p: { name: P } }", B(CATALOGUE_WRITE), "roles.a.products" },
	{ "a product for everybody, by who gives roles",
	    "roles: { a: { name: A } }\nproducts: { p: { name: P, role: a } }",
	    "roles: { a: { name: A } }\nproducts: { p: { name: P } }", B(ROLE_GRANT), NULL },
	{ "a product for others", "roles: { a: { name: A, rights: [seat.write] }, b: { name: B } }\n"
	    "products: { p: { name: P, role: a } }",
	    "roles: { a: { name: A, rights: [seat.write] }, b: { name: B } }\n"
	    "products: { p: { name: P, role: b } }", B(ROLE_GRANT), "roles.a.products" },
	{ "the same role under another name", "roles: { a: { name: A } }\nproducts: { p: { name: P, role: a } }",
	    "roles: { b: { name: A, was: a } }\nproducts: { p: { name: P, role: b } }", 0, NULL },
	{ "a product that asks for a role now", "products: { p: { name: P } }",
	    "products: { p: { name: P, role: auditor } }", 0, NULL },
	{ "a product that is no more", "roles: { a: { name: A } }\nproducts: { p: { name: P, role: a } }",
	    "roles: { a: { name: A } }", 0, NULL },
};

static struct catalogue *
decoded(const char *text, const struct catalogue *before)
{
	struct catalogue *c = NULL;
	const struct js *js;
	struct str whole = str_fmt(cx.arena, "catalogue: 1\n%s\n", text);

	if (yaml_parse(&cx, whole, &js) != OK ||
	    catalogue_decode(&cx, js, before, false, &c) != OK)
		wrong("%s: %s at %.*s", text, msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field));
	return c;
}

static void
who_may_give_people_more_by_a_catalogue(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const struct change *ch = &changes[i];
		struct catalogue *before = decoded(ch->before, NULL);
		struct catalogue *after = decoded(ch->after, before);
		struct actor a = { .rights = ch->rights };
		enum err err;

		cx.actor = &a;
		cx.fault = (struct fault) { 0 };
		err = roles_may_become(&cx, before, after);
		if ((err == OK) != (ch->field == NULL) ||
		    (ch->field != NULL &&
			(err != ERR_DENIED ||
			    cx.fault.msg != MSG_ACCESS_BEYOND ||
			    !str_eq(cx.fault.field, str_of(ch->field)))))
			wrong("%s: %d %.*s", ch->what, err,
			    STR_ARG(cx.fault.field));
		a.rights = rights_of_tenant();
		assert_int_equal(roles_may_become(&cx, before, after), OK);
	}
}

static struct catalogue *
role_with(const char *members, const struct catalogue *before)
{
	return decoded(str_z(cx.arena,
			   str_fmt(cx.arena,
			       "roles: { a: { name: A, %s } }", members)),
	    before);
}

static void
who_holds_a_role_comes_to_more(void **state)
{
	static const struct {
		const char *before, *after;
		bool grows;
	} cases[] = {
		{ "rights: [seat.read]", "rights: [seat.read, seat.write]", true },
		{ "rights: [seat.read]", "rights: [seat.write]", true },
		{ "rights: []", "rights: [seat.write]", true },
		{ "rights: [seat.read]", "rights: [seat.read]", false },
		{ "rights: [seat.read, seat.write]", "rights: [seat.read]", false },
		{ "two_persons: true", "two_persons: false", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct catalogue *before = role_with(cases[i].before, NULL);
		struct catalogue *after = role_with(cases[i].after, before);
		struct catalogue *none = decoded("sites: {}", before);
		struct role role;

		assert_true(role_named(before, STR("a"), &role));
		if (role_grows(before, after, role.id) != cases[i].grows)
			wrong("%s, %s", cases[i].before, cases[i].after);
		assert_false(role_grows(none, after, role.id));
		assert_false(role_grows(before, none, role.id));
		assert_false(role_grows(before, after, ROLE_ID(ROLE_HR)));
	}
}

/* What is held over some is not given to everybody who holds a role. */
static void
it_must_be_held_over_everybody(void **state)
{
	struct catalogue *before = decoded(changes[4].before, NULL);
	struct catalogue *after = decoded(changes[4].after, before);
	struct filter *some;
	struct held held[2] = { { B(CATALOGUE_WRITE), NULL },
		{ B(SEAT_WRITE), NULL } };
	struct actor a = { .rights = rights_of_tenant(), .held = held, .nheld = 2 };

	(void)state;
	cx.actor = &a;
	assert_int_equal(roles_may_become(&cx, before, after), OK);
	assert_int_equal(filter_compile(&cx, STR("active eq true"), FILTER_RULE,
			     false, &some),
	    OK);
	held[1].scope = some;
	assert_int_equal(roles_may_become(&cx, before, after), ERR_DENIED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_give_people_more_by_a_catalogue),
		cmocka_unit_test(who_holds_a_role_comes_to_more),
		cmocka_unit_test(it_must_be_held_over_everybody),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

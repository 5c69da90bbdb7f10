/* SPDX-License-Identifier: Apache-2.0 */
/* actor_test.c - the closed list of rights, and who has which. */
#include "attr_try.h"

#include "core/actor.h"
#include "core/filter.h"

static const char *const right_id[RIGHT_COUNT] = {
#define X(name, wire, over) [RIGHT_##name] = #name,
	RIGHTS(X)
#undef X
};

static void
every_right_has_a_name_of_its_own_that_is_read_back(void **state)
{
	(void)state;
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++) {
		const char *name = right_name((enum right)r);

		assert_true(strlen(name) > 0);
		if (r > RIGHT_PUBLIC)
			assert_string_equal(msg_name(right_msg((enum right)r)) +
				strlen("RIGHT_"),
			    right_id[r]);
		assert_int_equal(right_parse(str_of(name)), r);
	}
	assert_string_equal(right_name(RIGHT_NONE), "none");
	assert_string_equal(right_name(RIGHT_PUBLIC), "public");
}

static void
an_unknown_right_is_none(void **state)
{
	static const char *const words[] = { "", "none", "public", "person",
		"person.rea", "person.readx", "PERSON.READ" };

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++)
		assert_int_equal(right_parse(str_of(words[i])), RIGHT_NONE);
}

static void
tenant_and_operator_share_only_self(void **state)
{
	uint64_t both = rights_of_tenant() & rights_of_operator();

	(void)state;
	assert_int_equal(both, RIGHT_BIT(RIGHT_SELF));
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		assert_true(
		    (rights_of_tenant() | rights_of_operator()) & RIGHT_BIT(r));
	assert_true(rights_of_operator() & RIGHT_BIT(RIGHT_OPERATE));
	assert_true(rights_of_operator() & RIGHT_BIT(RIGHT_TENANT_WRITE));
	assert_true(rights_of_operator() & RIGHT_BIT(RIGHT_TENANT_READ));
}

static void
an_actor_may_what_its_rights_say_and_nothing_else(void **state)
{
	struct actor reader = { .kind = ACTOR_CLIENT, .tenant = 1,
		.rights = RIGHT_BIT(RIGHT_PERSON_READ)
		    | RIGHT_BIT(RIGHT_NONE) };

	(void)state;
	assert_true(actor_may(&reader, RIGHT_PERSON_READ));
	assert_false(actor_may(&reader, RIGHT_PERSON_WRITE));
	assert_false(actor_may(&reader, RIGHT_NONE));
	assert_false(actor_may(&reader, RIGHT_COUNT));
	assert_true(actor_may(&reader, RIGHT_PUBLIC));
}

static void
without_an_actor_only_the_public_is_open(void **state)
{
	(void)state;
	for (int r = RIGHT_NONE; r < RIGHT_COUNT; r++)
		assert_int_equal(
		    actor_may(NULL, (enum right)r), r == RIGHT_PUBLIC);
}

static void
every_kind_of_actor_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(actor_kind_name(ACTOR_PERSON), "person");
	assert_string_equal(actor_kind_name(ACTOR_CLIENT), "client");
	assert_string_equal(actor_kind_name(ACTOR_NODE), "node");
	assert_string_equal(actor_kind_name(ACTOR_OPERATOR), "operator");
}

static const struct filter *
rule(const char *text)
{
	struct filter *f;

	assert_int_equal(
	    filter_compile(&cx, str_of(text), FILTER_RULE, false, &f), OK);
	return f;
}

/* Reads everybody at ber and muc, writes only at muc. */
static struct actor
two_grants(struct held held[2])
{
	held[0] = (struct held) { RIGHT_BIT(RIGHT_PERSON_READ),
		rule("site eq \"ber\"") };
	held[1] = (struct held) { RIGHT_BIT(RIGHT_PERSON_READ) |
		    RIGHT_BIT(RIGHT_PERSON_WRITE),
		rule("site eq \"muc\"") };
	return (struct actor) { .kind = ACTOR_PERSON,
		.tenant = 1,
		.rights = held[0].rights | held[1].rights,
		.held = held,
		.nheld = 2 };
}

static void
each_right_has_its_own_scope(void **state)
{
	struct held held[2];
	struct actor a = two_grants(held);
	const struct filter *scope;

	(void)state;
	assert_int_equal(actor_enter(&cx, &a, RIGHT_PERSON_WRITE), OK);
	assert_str(filter_text(a.scope), "site eq \"muc\"");
	assert_int_equal(actor_enter(&cx, &a, RIGHT_PERSON_READ), OK);
	assert_str(
	    filter_text(a.scope), "(site eq \"ber\") or (site eq \"muc\")");
	assert_int_equal(actor_enter(&cx, &a, RIGHT_POOL_READ), ERR_DENIED);
	assert_int_equal(cx.fault.msg, MSG_API_RIGHT);
	assert_false(actor_scope(cx.arena, &a, RIGHT_POOL_READ, &scope));

	/* over a part of the tenant, what is about the whole means nothing */
	held[0].rights |= RIGHT_BIT(RIGHT_CATALOGUE_READ);
	a.rights |= held[0].rights;
	assert_int_equal(
	    actor_enter(&cx, &a, RIGHT_CATALOGUE_READ), ERR_DENIED);
	assert_int_equal(cx.fault.msg, MSG_API_RIGHT_WHOLE);

	held[0].scope = NULL;
	assert_int_equal(actor_enter(&cx, &a, RIGHT_CATALOGUE_READ), OK);
	assert_true(actor_scope(cx.arena, &a, RIGHT_PERSON_READ, &scope));
	assert_null(scope);
	assert_true(actor_scope(cx.arena, &a, RIGHT_PERSON_WRITE, &scope));
	assert_non_null(scope);
}

static void
nobody_covers_more_than_they_hold(void **state)
{
	static const struct {
		uint64_t rights;
		const char *scope;
		bool want;
	} cases[] = {
		{ RIGHT_BIT(RIGHT_PERSON_READ), "site eq \"ber\"", true },
		{ RIGHT_BIT(RIGHT_PERSON_READ),
		    "site eq \"muc\" or site eq \"ber\"", true },
		{ RIGHT_BIT(RIGHT_PERSON_READ), "site eq \"ber\" and title pr",
		    true },
		{ RIGHT_BIT(RIGHT_PERSON_READ), NULL, false },
		{ RIGHT_BIT(RIGHT_PERSON_READ), "site pr", false },
		{ RIGHT_BIT(RIGHT_PERSON_WRITE), "site eq \"ber\"", false },
		{ RIGHT_BIT(RIGHT_PERSON_WRITE), "site eq \"muc\"", true },
		{ RIGHT_BIT(RIGHT_PERSON_READ) | RIGHT_BIT(RIGHT_PERSON_WRITE),
		    "site eq \"ber\"", false },
		{ RIGHT_BIT(RIGHT_POOL_READ), "site eq \"muc\"", false },
		{ 0, NULL, true },
	};
	struct held held[2];
	struct actor a = two_grants(held);
	struct actor everything = { .rights = rights_of_tenant() };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct held given = { cases[i].rights, cases[i].scope != NULL
			? rule(cases[i].scope) : NULL };

		assert_int_equal(
		    actor_covers(cx.arena, &a, &given), cases[i].want);
		assert_true(actor_covers(cx.arena, &everything, &given));
	}
}

static void
rights_over_somebody_are_those_whose_scope_they_are_in(void **state)
{
	struct held held[2];
	struct actor a = two_grants(held);
	struct actor plain = { .rights = 12, .scope = rule("active eq true") };
	struct facts facts = { 0 };
	struct filter_subject s = { &facts, NULL, 0, 0, 0 };

	(void)state;
	assert_true(actor_rights_over(&a, NULL, &s) == 0);
	assert_true(actor_rights_over(&plain, NULL, &s) == 0);
	FACT(&facts, ACTIVE) = 1;
	assert_true(actor_rights_over(&plain, NULL, &s) == 12);
	held[1].scope = rule("active eq true");
	assert_true(actor_rights_over(&a, NULL, &s) == held[1].rights);
	held[0].scope = NULL;
	held[0].rights = 1;
	a.rights |= 1;
	assert_true(actor_rights_over(&a, NULL, &s) == (held[1].rights | 1));
	/* A credential may carry less than its person holds. */
	a.rights = RIGHT_BIT(RIGHT_PERSON_READ);
	assert_true(actor_rights_over(&a, NULL, &s) == a.rights);
	assert_false(actor_may(&a, RIGHT_PERSON_WRITE));
}

/* What is about the whole tenant is held over everybody or not at all. */
static void
a_right_over_the_whole_means_nothing_under_a_scope(void **state)
{
	static const enum right whole[] = { RIGHT_SEAT_VERIFY, RIGHT_CATALOGUE_READ,
		RIGHT_CATALOGUE_WRITE, RIGHT_GUARD_OVERRIDE,
		RIGHT_AUDIT_READ, RIGHT_TENANT_READ, RIGHT_TENANT_WRITE, RIGHT_OPERATE,
		RIGHT_QUEUE_READ, RIGHT_QUEUE_MANAGE, RIGHT_RESOURCE_READ,
		RIGHT_RESOURCE_WRITE };
	struct actor scoped = { .rights = UINT64_MAX,
		.scope = rule("active eq true") };
	struct held held[2] = { { UINT64_MAX, rule("title pr") },
		{ RIGHT_BIT(RIGHT_AUDIT_READ), NULL } };
	struct actor both = { .rights = UINT64_MAX, .held = held, .nheld = 2 };
	struct facts facts = { 0 };
	struct filter_subject s = { &facts, NULL, 0, 0, 0 };
	struct held given = { RIGHT_BIT(RIGHT_PERSON_READ) |
		    RIGHT_BIT(RIGHT_AUDIT_READ),
		NULL };
	struct actor reader = { .rights = RIGHT_BIT(RIGHT_PERSON_READ) };

	(void)state;
	FACT(&facts, ACTIVE) = FACT(&facts, TITLE) = 1;
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++) {
		uint64_t bit = RIGHT_BIT(r);
		bool is_whole = false;

		for (size_t i = 0; i < COUNT(whole); i++)
			is_whole |= whole[i] == (enum right)r;
		assert_int_equal(right_is_whole((enum right)r), is_whole);
		assert_int_equal(actor_may(&scoped, (enum right)r), !is_whole);
		cx.fault = (struct fault) { 0 };
		assert_int_equal(actor_enter(&cx, &scoped, (enum right)r),
		    is_whole ? ERR_DENIED : OK);
		assert_int_equal(
		    cx.fault.msg, is_whole ? MSG_API_RIGHT_WHOLE : MSG_NONE);
		assert_int_equal(
		    (actor_rights_over(&scoped, NULL, &s) & bit) == 0,
		    is_whole);
		assert_int_equal(actor_may(&both, (enum right)r),
		    !is_whole || r == RIGHT_AUDIT_READ);
	}
	/* So it need not be held to be given under one. */
	assert_false(actor_covers(cx.arena, &reader, &given));
	given.scope = rule("title pr");
	assert_true(actor_covers(cx.arena, &reader, &given));
}

static void
everybody_sees_what_is_their_own(void **state)
{
	struct actor client = { .id = 9, .rights = RIGHT_BIT(RIGHT_SELF) };
	struct actor ana = client;
	struct facts facts = { 0 };
	struct filter_subject s = { &facts, NULL, 0, 0, 0 };
	uint64_t own =
	    RIGHT_BIT(RIGHT_PERSON_READ) | RIGHT_BIT(RIGHT_PERSON_PRIVATE_READ);

	(void)state;
	ana.person = 9;
	assert_true((actor_sees(&client, NULL, &s) & own) == 0);
	assert_true((actor_sees(&ana, NULL, &s) & own) == 0);
	FACT(&facts, ID) = 9;
	assert_true((actor_sees(&client, NULL, &s) & own) == 0);
	assert_true((actor_sees(&ana, NULL, &s) & own) == own);
	assert_true((actor_rights_over(&ana, NULL, &s) & own) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_right_has_a_name_of_its_own_that_is_read_back),
		cmocka_unit_test(an_unknown_right_is_none),
		cmocka_unit_test(tenant_and_operator_share_only_self),
		cmocka_unit_test(
		    an_actor_may_what_its_rights_say_and_nothing_else),
		cmocka_unit_test(without_an_actor_only_the_public_is_open),
		cmocka_unit_test(every_kind_of_actor_has_a_name),
		cmocka_unit_test(each_right_has_its_own_scope),
		cmocka_unit_test(nobody_covers_more_than_they_hold),
		cmocka_unit_test(
		    rights_over_somebody_are_those_whose_scope_they_are_in),
		cmocka_unit_test(
		    a_right_over_the_whole_means_nothing_under_a_scope),
		cmocka_unit_test(everybody_sees_what_is_their_own),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

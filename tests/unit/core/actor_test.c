/* SPDX-License-Identifier: Apache-2.0 */
/* actor_test.c - the closed list of rights, and who has which. */
#include "attr_try.h"

#include "core/actor.h"

static void
every_right_has_a_name_of_its_own_that_is_read_back(void **state)
{
	(void)state;
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++) {
		const char *name = right_name((enum right)r);

		assert_true(strlen(name) > 0);
		assert_true(strlen(right_text((enum right)r)) > 0);
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
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* caps_test.c - capabilities hold what they were minted with, for a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vault/caps.h"

#define MINUTE (INT64_C(60) * 1000000000)
#define DAY    (24 * 60 * MINUTE)
#define NOW    (5 * DAY)

static struct crypt crypt;
static struct caps caps;

static const struct grant_in wanted = {
	.tenant = 7, .actor = 1001, .open_per_minute = 3, .seal_per_minute = 5
};

static int
open_caps(void **state)
{
	crypt_open(&crypt);
	caps_open(&caps, &crypt);
	return 0;
}

static int
close_caps(void **state)
{
	caps_close(&caps);
	crypt_close(&crypt);
	return 0;
}

static void
a_minted_capability_says_what_was_granted(void **state)
{
	struct capability c;
	struct grant_in g;

	caps_mint(&caps, &wanted, NOW, &c);
	assert_true(caps_check(&caps, &c, NOW, &g));
	assert_int_equal(g.tenant, wanted.tenant);
	assert_int_equal(g.actor, wanted.actor);
	assert_int_equal(g.open_per_minute, wanted.open_per_minute);
	assert_int_equal(g.seal_per_minute, wanted.seal_per_minute);
	assert_false(caps_is_boot(&c));
}

static void
every_changed_bit_forges_and_is_refused(void **state)
{
	struct capability c;
	struct grant_in g;

	caps_mint(&caps, &wanted, NOW, &c);
	for (size_t bit = 0; bit < sizeof(c) * 8; bit++) {
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(caps_check(&caps, &c, NOW, &g));
		c.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(caps_check(&caps, &c, NOW, &g));
}

static void
it_ends_after_a_day(void **state)
{
	struct capability c;
	struct grant_in g;

	caps_mint(&caps, &wanted, NOW, &c);
	assert_true(caps_check(&caps, &c, NOW + DAY - 1, &g));
	assert_false(caps_check(&caps, &c, NOW + DAY, &g));
}

static void
that_of_another_process_is_refused(void **state)
{
	static struct caps before;
	struct capability c;
	struct grant_in g;

	caps_open(&before, &crypt);
	caps_mint(&before, &wanted, NOW, &c);
	assert_true(caps_check(&before, &c, NOW, &g));
	assert_false(caps_check(&caps, &c, NOW, &g));
	caps_close(&before);
}

static void
the_boot_capability_is_no_minted_one(void **state)
{
	const struct capability boot = { { 0 } };
	struct grant_in g;

	assert_true(caps_is_boot(&boot));
	assert_false(caps_check(&caps, &boot, 0, &g));
}

static void
a_budget_ends_and_the_next_minute_has_a_new_one(void **state)
{
	static const enum spending want[] = { SPEND_WITHIN, SPEND_WITHIN,
		SPEND_WITHIN, SPEND_FIRST_OVER, SPEND_OVER };

	for (size_t i = 0; i < COUNT(want); i++)
		assert_int_equal(
		    caps_spend_open(&caps, &wanted, NOW, 1), want[i]);
	assert_int_equal(caps_spend_seal(&caps, &wanted, NOW, 5), SPEND_WITHIN);
	assert_int_equal(
	    caps_spend_seal(&caps, &wanted, NOW, 1), SPEND_FIRST_OVER);
	assert_int_equal(
	    caps_spend_open(&caps, &wanted, NOW + MINUTE, 1), SPEND_WITHIN);
}

static void
two_capabilities_of_one_actor_share_the_budget(void **state)
{
	struct grant_in other = wanted, same = wanted;

	other.actor++;
	same.open_per_minute = 4;
	assert_int_equal(
	    caps_spend_open(&caps, &wanted, NOW + DAY, 3), SPEND_WITHIN);
	assert_int_equal(
	    caps_spend_open(&caps, &same, NOW + DAY, 1), SPEND_WITHIN);
	assert_int_equal(
	    caps_spend_open(&caps, &same, NOW + DAY, 1), SPEND_FIRST_OVER);
	assert_int_equal(
	    caps_spend_open(&caps, &other, NOW + DAY, 3), SPEND_WITHIN);
}

static void
actors_past_the_table_are_refused_not_forgotten(void **state)
{
	struct grant_in g = wanted;
	size_t refused = 0;

	for (g.actor = 1; g.actor <= 3 * BUDGETS_MAX; g.actor++)
		if (caps_spend_open(&caps, &g, NOW + 2 * DAY, 1) !=
		    SPEND_WITHIN)
			refused++;
	assert_true(refused >= 2 * BUDGETS_MAX);
	/* Whoever has a row keeps it. */
	g.actor = 1;
	assert_int_equal(
	    caps_spend_open(&caps, &g, NOW + 2 * DAY, 2), SPEND_WITHIN);
	assert_int_equal(
	    caps_spend_open(&caps, &g, NOW + 2 * DAY, 1), SPEND_FIRST_OVER);
}

static void
no_capability_is_larger_than_the_ceilings(void **state)
{
	const struct grant_in all = { .tenant = 7, .actor = 2,
		.open_per_minute = UINT32_MAX, .seal_per_minute = UINT32_MAX };
	struct capability c;
	struct grant_in g;

	caps_mint(&caps, &all, NOW, &c);
	assert_true(caps_check(&caps, &c, NOW, &g));
	assert_int_equal(g.open_per_minute, OPEN_CEILING);
	assert_int_equal(g.seal_per_minute, SEAL_CEILING);
	caps.open_ceiling = 10;
	caps_mint(&caps, &all, NOW, &c);
	assert_true(caps_check(&caps, &c, NOW, &g));
	assert_int_equal(g.open_per_minute, 10);
	caps.open_ceiling = OPEN_CEILING;
}

/* A front that asks for one capability after the other reads no faster. */
static void
many_actors_of_a_tenant_open_no_more_than_two(void **state)
{
	const int64_t now = NOW + 3 * DAY;
	struct grant_in g = { .tenant = 7 };
	uint64_t opened = 0;

	caps.open_ceiling = 10;
	for (g.actor = 1; g.actor <= 50; g.actor++) {
		struct capability c;
		struct grant_in got = g;

		got.open_per_minute = UINT32_MAX;
		caps_mint(&caps, &got, now, &c);
		assert_true(caps_check(&caps, &c, now, &got));
		while (caps_spend_open(&caps, &got, now, 1) == SPEND_WITHIN)
			opened++;
	}
	assert_int_equal(opened, 20);
	/* Another tenant has its own; and there is a next minute. */
	g = (struct grant_in) {
		.tenant = 8, .actor = 1, .open_per_minute = 10
	};
	assert_int_equal(caps_spend_open(&caps, &g, now, 10), SPEND_WITHIN);
	g.tenant = 7;
	assert_int_equal(
	    caps_spend_open(&caps, &g, now + MINUTE, 10), SPEND_WITHIN);
	caps.open_ceiling = OPEN_CEILING;
}

static void
texts_are_counted_by_themselves(void **state)
{
	const int64_t now = NOW + 4 * DAY;

	assert_int_equal(
	    caps_spend_text(&caps, &wanted, now, TEXT_CEILING), SPEND_WITHIN);
	assert_int_equal(
	    caps_spend_text(&caps, &wanted, now, 1), SPEND_FIRST_OVER);
	assert_int_equal(caps_spend_open(&caps, &wanted, now, 3), SPEND_WITHIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minted_capability_says_what_was_granted),
		cmocka_unit_test(every_changed_bit_forges_and_is_refused),
		cmocka_unit_test(it_ends_after_a_day),
		cmocka_unit_test(that_of_another_process_is_refused),
		cmocka_unit_test(the_boot_capability_is_no_minted_one),
		cmocka_unit_test(
		    a_budget_ends_and_the_next_minute_has_a_new_one),
		cmocka_unit_test(
		    two_capabilities_of_one_actor_share_the_budget),
		cmocka_unit_test(
		    actors_past_the_table_are_refused_not_forgotten),
		cmocka_unit_test(no_capability_is_larger_than_the_ceilings),
		cmocka_unit_test(many_actors_of_a_tenant_open_no_more_than_two),
		cmocka_unit_test(texts_are_counted_by_themselves),
	};

	return cmocka_run_group_tests(tests, open_caps, close_caps);
}

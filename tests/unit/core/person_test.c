/* SPDX-License-Identifier: Apache-2.0 */
/* person_test.c - contracts and days give the lifecycle and the primary contract. */
#include "attr_try.h"

#include "core/person.h"

#define TODAY 20000
#define DAY(n) ((n) == OPEN ? 0 : (n) + TODAY + DAY_BIAS)
#define OPEN   INT64_MIN

/* A contract by its days, counted from today. */
struct span {
	int64_t start, end;
};

static struct contract
contract_of(struct span s)
{
	return (struct contract) { .start_day = DAY(s.start),
		.end_day = DAY(s.end) };
}

static const struct life_case {
	const char    *what;
	enum lifecycle before;
	size_t	       n;
	struct span    contract[3];
	enum lifecycle want;
	int64_t	       next;	/* days from today; OPEN: none */
} lives[] = {
	{ "new, without contracts",	       0,	     0, { { 0, 0 } },			     LIFE_ACTIVE,
	     OPEN },
	{ "left stays left without contracts", LIFE_LEFT,    0, { { 0,
	    0 } },			     LIFE_LEFT,	   OPEN },
	{ "pending, its contract taken back",  LIFE_PENDING, 0, { { 0, 0 } },			     LIFE_ACTIVE,
	     OPEN },
	{ "deleted stays deleted",	       LIFE_DELETED, 0, { { 0, 0 } },			     LIFE_DELETED,
	    OPEN },
	{ "deleted, even with a contract",     LIFE_DELETED, 1, { { -5, 5 } },			     LIFE_DELETED, 6 },
	{ "running",			       LIFE_ACTIVE,  1, { { -5, 5 } },			     LIFE_ACTIVE,  6 },
	{ "open at both ends",		       0,	     1, { { OPEN, OPEN } },		     LIFE_ACTIVE,
	     OPEN },
	{ "since ever, ending",		       0,	     1, { { OPEN, 0 } },		     LIFE_ACTIVE,  1 },
	{ "first day",			       LIFE_PENDING, 1, { { 0, 5 } },			     LIFE_ACTIVE,  6 },
	{ "the day before",		       0,	     1, { { 1, 5 } },			     LIFE_PENDING, 1 },
	{ "last day is worked",		       LIFE_ACTIVE,  1, { { -5, 0 } },			     LIFE_ACTIVE,  1 },
	{ "the day after",		       LIFE_ACTIVE,  1, { { -5,
	    -1 } },			     LIFE_LEFT,	   OPEN },
	{ "a single day",		       0,	     1, { { 0, 0 } },			     LIFE_ACTIVE,  1 },
	{ "one ended, one running",	       LIFE_ACTIVE,  2, { { -9, -1 }, { -5, OPEN } },	     LIFE_ACTIVE,
	     OPEN },
	{ "one ended, one to come",	       LIFE_LEFT,    2, { { -9, -1 }, { 3, 9 } },	     LIFE_PENDING, 3 },
	{ "running and to come",	       LIFE_ACTIVE,  2, { { 3, 9 }, { -9, 1 } },	     LIFE_ACTIVE,  2 },
	{ "rehired today",		       LIFE_LEFT,    2, { { -9, -3 }, { 0, OPEN } },	     LIFE_ACTIVE,
	     OPEN },
	{ "called off before it began",	       LIFE_PENDING, 1, { { 9,
	    3 } },			     LIFE_LEFT,	   OPEN },
	{ "called off in the past",	       LIFE_PENDING, 1, { { -3,
	    -9 } },			     LIFE_LEFT,	   OPEN },
	{ "one called off, one to come",       LIFE_PENDING, 2, { { 2, 1 }, { 4, OPEN } },	     LIFE_PENDING, 4 },
	{ "all ended",			       LIFE_ACTIVE,  3, { { -9, -7 }, { -8, -1 }, { -3, -2 } }, LIFE_LEFT,
	     OPEN },
};

static void
contracts_and_the_day_give_the_lifecycle(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lives); i++) {
		const struct life_case *l = &lives[i];
		struct contract c[3];
		enum lifecycle got;
		int32_t next;

		for (size_t j = 0; j < l->n; j++)
			c[j] = contract_of(l->contract[j]);
		got = lifecycle_on(l->before, c, l->n, TODAY);
		if (got != l->want)
			wrong("%s: %s", l->what, lifecycle_name(got));
		next = lifecycle_next(c, l->n, TODAY);
		if (next != (l->next == OPEN ? INT32_MAX : TODAY + l->next))
			wrong("%s: next is %d", l->what, next - TODAY);
	}
}

static void
between_two_turns_the_lifecycle_stays(void **state)
{
	struct contract c[3] = { contract_of((struct span) { -20, -11 }),
		contract_of((struct span) { -4, 3 }),
		contract_of((struct span) { 10, OPEN }) };
	int32_t day = TODAY - 40;
	int turns = 0;

	(void)state;
	while (day != INT32_MAX) {
		int32_t next = lifecycle_next(c, 3, day);
		enum lifecycle life = lifecycle_on(0, c, 3, day);

		assert_true(next > day);
		for (int32_t d = day; d < next && d < TODAY + 40; d++)
			assert_int_equal(lifecycle_on(0, c, 3, d), life);
		turns++;
		day = next;
	}
	assert_int_equal(turns, 6);
}

static const struct primary_case {
	const char *what;
	size_t	    n;
	struct span contract[3];
	size_t	    want;
} primaries[] = {
	{ "running before to come and ended", 3, { { 5, 9 }, { -9, 9 }, { -9, -1 } },	    1 },
	{ "to come before ended",	      2, { { -9, -1 }, { 5, 9 } },		    1 },
	{ "called off counts as ended",	      2, { { 5, 4 }, { 2, 9 } },		    1 },
	{ "the latest start",		      3, { { -9, 9 }, { -2, 9 }, { -5, OPEN } },    1 },
	{ "the latest start, to come",	      2, { { 3, 9 }, { 7, 9 } },		    1 },
	{ "among equals the smallest id",     3, { { -3, 1 }, { -3, 9 }, { -3, OPEN } },    2 },
	{ "the only one",		      1, { { -3, -1 } },			    0 },
};

static void
one_contract_is_primary(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(primaries); i++) {
		const struct primary_case *p = &primaries[i];
		struct contract c[3];

		for (size_t j = 0; j < p->n; j++) {
			c[j] = contract_of(p->contract[j]);
			c[j].id = 100 - (int64_t)j;
			c[j].is_primary = true;
		}
		if (contract_primary(c, p->n, TODAY) != p->want)
			wrong("%s", p->what);
		for (size_t j = 0; j < p->n; j++)
			assert_int_equal(c[j].is_primary, j == p->want);
	}
}

static const struct contract full = {
	.id = 5, .source = 11, .site = 1, .department = 2, .title = 3,
	.cost_center = 4, .division = 5, .organization = 6, .manager = 7,
	.start_day = DAY(-9), .end_day = DAY(9)
};

static void
a_person_takes_the_values_of_the_primary_contract(void **state)
{
	struct person p = { .site = 99, .country = 8, .language = 9,
		.user_type = 10, .source = 12 };
	struct contract c[2] = { contract_of((struct span) { -9, -5 }), full };
	struct facts f;

	(void)state;
	person_take_primary(&p, c, 2, TODAY);
	person_facts(&p, &f);
	assert_int_equal(FACT(&f, SITE), 1);
	assert_int_equal(FACT(&f, DEPARTMENT), 2);
	assert_int_equal(FACT(&f, TITLE), 3);
	assert_int_equal(FACT(&f, COST_CENTER), 4);
	assert_int_equal(FACT(&f, DIVISION), 5);
	assert_int_equal(FACT(&f, ORGANIZATION), 6);
	assert_int_equal(FACT(&f, MANAGER), 7);
	assert_int_equal(FACT(&f, COUNTRY), 8);
	assert_int_equal(FACT(&f, LANGUAGE), 9);
	assert_int_equal(FACT(&f, USER_TYPE), 10);
	assert_int_equal(FACT(&f, SOURCE), 12);
	assert_int_equal(FACT(&f, START), DAY(-9));
	assert_int_equal(FACT(&f, END), DAY(9));

	person_take_primary(&p, NULL, 0, TODAY);
	assert_int_equal(p.site, 0);
	assert_int_equal(p.manager, 0);
	assert_int_equal(p.start_day, 0);
	assert_int_equal(p.country, 8);
}

static void
a_contract_has_facts_of_its_own(void **state)
{
	struct facts f;

	(void)state;
	contract_facts(&full, &f);
	assert_int_equal(FACT(&f, SITE), 1);
	assert_int_equal(FACT(&f, MANAGER), 7);
	assert_int_equal(FACT(&f, END), DAY(9));
	assert_int_equal(FACT(&f, SOURCE), 11);
	assert_int_equal(FACT(&f, ACTIVE), 0);
	assert_int_equal(FACT(&f, LIFECYCLE), 0);
}

static void
enabled_is_active_and_without_a_block(void **state)
{
	struct facts f;

	(void)state;
	for (int life = LIFE_PENDING; life <= LIFE_DELETED; life++)
		for (int kind = 0; kind < BLOCK_COUNT; kind++) {
			struct person p = { .lifecycle = (enum lifecycle)life,
				.certification = CERT_NEW,
				.blocks = kind == 0 ? 0 : 1u << kind };
			bool want = life == LIFE_ACTIVE && kind == 0;

			assert_int_equal(person_is_enabled(&p), want);
			person_facts(&p, &f);
			assert_int_equal(FACT(&f, ACTIVE), want);
			assert_int_equal(FACT(&f, LIFECYCLE), life);
			assert_int_equal(FACT(&f, CERTIFICATION), CERT_NEW);
		}
}

static void
contracts_that_cannot_be_are_refused(void **state)
{
	struct contract c[51];

	(void)state;
	for (int i = 0; i < 51; i++) {
		c[i] = contract_of((struct span) { -9, 9 });
		c[i].id = i + 1;
	}
	assert_int_equal(contracts_check(&cx, c, 50), OK);
	assert_int_equal(contracts_check(&cx, NULL, 0), OK);
	assert_refused(contracts_check(&cx, c, 51), CONTRACT_MANY, "contracts");
	c[2].end_day = c[2].start_day;
	assert_int_equal(contracts_check(&cx, c, 3), OK);
	c[2].end_day--;
	assert_refused(
	    contracts_check(&cx, c, 3), CONTRACT_END, "contracts[2].end");
	c[2].end_day = 0;
	c[2].id = c[0].id;
	assert_refused(
	    contracts_check(&cx, c, 3), CONTRACT_TWICE, "contracts[2]");
}

static void
every_state_has_its_word(void **state)
{
	(void)state;
	assert_string_equal(lifecycle_name(LIFE_PENDING), "pending");
	assert_string_equal(lifecycle_name(LIFE_DELETED), "deleted");
	assert_string_equal(certification_name(CERT_CERTIFIED), "certified");
	assert_string_equal(certification_name(CERT_DENIED), "denied");
	for (int k = BLOCK_NEW; k < BLOCK_COUNT; k++)
		assert_non_null(block_kind_name((enum block_kind)k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contracts_and_the_day_give_the_lifecycle),
		cmocka_unit_test(between_two_turns_the_lifecycle_stays),
		cmocka_unit_test(one_contract_is_primary),
		cmocka_unit_test(
		    a_person_takes_the_values_of_the_primary_contract),
		cmocka_unit_test(a_contract_has_facts_of_its_own),
		cmocka_unit_test(enabled_is_active_and_without_a_block),
		cmocka_unit_test(contracts_that_cannot_be_are_refused),
		cmocka_unit_test(every_state_has_its_word),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fair_test.c - nobody waits longer than the turns of the others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fair.h"

#define WIDE   ((struct fair_load) { SIZE_MAX, SIZE_MAX })
#define STEPS  200000
#define OWNERS 12

/* An item of these tests: whose it is, and its number in his line. */
struct thing {
	struct fair_key key;
	size_t		number;
};

static void *
thing_new(uint32_t tenant, int64_t client, size_t number)
{
	struct thing *t = heap_alloc(1, sizeof(*t));

	*t = (struct thing) { { tenant, 2, client }, number };
	return t;
}

static enum fair_put
put(struct fair *f, uint32_t tenant, int64_t client, struct fair_load max)
{
	struct thing *t = thing_new(tenant, client, 0);
	enum fair_put result = fair_put(f, &t->key, max, t);

	if (result != FAIR_DONE)
		heap_free(t);
	return result;
}

static struct thing
take(struct fair *f)
{
	struct thing *t = fair_take(f, SIZE_MAX), copy;

	assert_non_null(t);
	copy = *t;
	heap_free(t);
	return copy;
}

static void
drain(struct fair *f)
{
	while (fair_depth(f) > 0)
		take(f);
	fair_close(f);
}

static void
each_bound_is_told_apart(void **state)
{
	const struct fair_load max = { 3, 2 };
	struct fair *f = fair_open();
	struct fair_load load;

	(void)state;
	assert_int_equal(put(f, 1, 1, max), FAIR_DONE);
	assert_int_equal(put(f, 1, 1, max), FAIR_DONE);
	assert_int_equal(put(f, 1, 1, max), FAIR_CLIENT_FULL);
	assert_int_equal(put(f, 1, 2, max), FAIR_DONE);
	assert_int_equal(put(f, 1, 2, max), FAIR_TENANT_FULL);
	assert_int_equal(put(f, 2, 1, max), FAIR_DONE);
	load = fair_load(f, &(struct fair_key) { 1, 2, 1 });
	assert_int_equal(load.tenant, 3);
	assert_int_equal(load.client, 2);
	/* Another kind of actor with the same number is another client. */
	load = fair_load(f, &(struct fair_key) { 1, 1, 1 });
	assert_int_equal(load.client, 0);
	take(f);
	assert_int_equal(put(f, 1, 1, max), FAIR_DONE);
	drain(f);
}

static void
a_share_is_counted_from_round_to_round(void **state)
{
	struct fair *f = fair_open();
	struct thing *t;
	size_t of[3] = { 0, 0, 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(put(f, 1, i % 2, WIDE), FAIR_DONE);
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(f, 2, 7, WIDE), FAIR_DONE);
	fair_round(f);
	while ((t = fair_take(f, 4)) != NULL) {
		of[t->key.tenant]++;
		heap_free(t);
	}
	assert_int_equal(of[1], 4);
	assert_int_equal(of[2], 3);
	assert_null(fair_take(f, 4));
	assert_int_equal(fair_depth(f), 6);
	fair_round(f);
	t = fair_take(f, 4);
	assert_non_null(t);
	heap_free(t);
	drain(f);
}

/* What a plain model of it knows: how many each client put and got. */
struct model {
	size_t put[OWNERS], got[OWNERS], since[OWNERS];
	size_t n;
};

static uint32_t
dice(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/*
 * Owner i is client i % 3 of tenant i / 3 of four.  Whoever waits is served
 * within as many turns as there are tenants with items, times clients of his.
 */
static void
anybody_is_served_within_the_turns_of_the_others(void **state)
{
	struct fair *f = fair_open();
	struct model m = { 0 };
	uint64_t seed = 42;

	(void)state;
	for (size_t step = 0; step < STEPS; step++) {
		size_t who = dice(&seed) % 3 == 0 ? 0 : dice(&seed) % OWNERS;
		struct thing *t;

		if (dice(&seed) % 2 == 0 && m.n < 500) {
			t = thing_new((uint32_t)(who / 3), (int64_t)(who % 3),
			    m.put[who]++);
			assert_int_equal(
			    fair_put(f, &t->key, WIDE, t), FAIR_DONE);
			m.n++;
			continue;
		}
		t = fair_take(f, SIZE_MAX);
		assert_int_equal(t == NULL, m.n == 0);
		if (t == NULL)
			continue;
		m.n--;
		who = t->key.tenant * 3 + (size_t)t->key.client;
		/* In his order, and nobody is forgotten meanwhile. */
		assert_int_equal(t->number, m.got[who]++);
		heap_free(t);
		m.since[who] = 0;
		for (size_t i = 0; i < OWNERS; i++)
			if (m.put[i] == m.got[i])
				m.since[i] = 0;
			else
				assert_true(++m.since[i] <= OWNERS);
		assert_int_equal(fair_depth(f), m.n);
	}
	drain(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_is_told_apart),
		cmocka_unit_test(a_share_is_counted_from_round_to_round),
		cmocka_unit_test(
		    anybody_is_served_within_the_turns_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

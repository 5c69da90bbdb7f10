/* SPDX-License-Identifier: Apache-2.0 */
/* watch_test.c - readiness and the census of a real world. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/metric.h"

#include "rig.h"

#define PATIENCE 400	/* looks, STEP_MS apart: about forty seconds */
#define STEP_MS	 100

static struct rig rig;

static int
open_rig(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
close_rig(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* Looks until the check is as WANTED. */
static bool
becomes(enum readiness what, bool wanted)
{
	bool is_ready[READY_COUNT];

	for (int i = 0; i < PATIENCE; i++) {
		world_readiness(rig.world, is_ready);
		if (is_ready[what] == wanted)
			return true;
		clock_sleep_ms(STEP_MS);
	}
	return false;
}

static void
a_world_that_is_well_is_ready(void **state)
{
	struct vault_state vault;

	(void)state;
	for (enum readiness r = 0; r < READY_COUNT; r++) {
		assert_true(becomes(r, true));
		assert_true(strlen(readiness_name(r)) > 0);
	}
	for (int i = 0; i < PATIENCE; i++) {
		world_vault_state(rig.world, &vault);
		if (vault.has_keys)
			break;
		clock_sleep_ms(STEP_MS);
	}
	assert_true(vault.has_keys);
	assert_true(vault.memory > 0);
	assert_true(vault.descriptors >= WORLD_CHANNELS);
}

/* It is let go on before anybody gives up waiting for it. */
static void
a_vault_that_stopped_is_seen_and_seen_again(void **state)
{
	(void)state;
	assert_int_equal(kill(rig.vault, SIGSTOP), 0);
	assert_true(becomes(READY_VAULT, false));
	assert_int_equal(kill(rig.vault, SIGCONT), 0);
	assert_true(becomes(READY_VAULT, true));
}

/* The sums of the rows that are about this pool or, "" , that are waits. */
static struct census_row
census_of(const char *pool)
{
	struct census_row sum = { 0 }, *row;
	size_t pools, n;

	n = world_census(rig.world, rig.arena, &row, &pools);
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(row[i].pool, str_of(pool)))
			continue;
		assert_int_equal(row[i].tenant, rig.acme);
		sum.product = row[i].product;
		sum.quota += row[i].quota;
		sum.assigned += row[i].assigned;
		sum.waiting += row[i].waiting;
	}
	return sum;
}

/* Everybody who has a seat or waits for one. */
static int64_t
taken(void)
{
	return census_of("cad-global").assigned + census_of("").waiting;
}

static void
seats_are_counted_by_pool_and_waits_by_product(void **state)
{
	int64_t new = metric_read(METRIC_ONBOARDINGS, ONBOARDED_NEW);
	int64_t again = metric_read(METRIC_ONBOARDINGS, ONBOARDED_REPEATED);
	int64_t queued = metric_read(
	    METRIC_OUTCOMES, OUTCOME_QUEUED - OUTCOME_ASSIGNED);
	int64_t quota, wanted = 0;
	struct order *o = NULL;
	char ref[16];

	(void)state;
	for (int i = 0; i < PATIENCE && census_of("cad-global").quota == 0; i++)
		clock_sleep_ms(STEP_MS);
	quota = census_of("cad-global").quota;
	assert_true(quota > 0);
	for (; wanted < quota + 3; wanted++) {
		snprintf(ref, sizeof(ref), "w%d", (int)wanted);
		o = rig_onboard(&rig, ref, "ber", "cad");
		rig_onboarded(&rig, o);
	}
	/* The same once more is not one more. */
	rig_onboarded(&rig, o);
	assert_int_equal(metric_read(METRIC_ONBOARDINGS, ONBOARDED_NEW) - new,
	    wanted);
	assert_int_equal(
	    metric_read(METRIC_ONBOARDINGS, ONBOARDED_REPEATED) - again, 1);
	assert_true(metric_read(METRIC_OUTCOMES,
			OUTCOME_QUEUED - OUTCOME_ASSIGNED) - queued > 0);
	for (int i = 0; i < PATIENCE && taken() < wanted; i++)
		clock_sleep_ms(STEP_MS);
	assert_int_equal(census_of("cad-global").assigned,
	    rig_assigned(&rig, "cad-global"));
	assert_int_equal(taken(), wanted);
	assert_true(str_eq(census_of("cad-global").product, STR("cad")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_world_that_is_well_is_ready, open_rig, close_rig),
		cmocka_unit_test_setup_teardown(
		    a_vault_that_stopped_is_seen_and_seen_again, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(
		    seats_are_counted_by_pool_and_waits_by_product, open_rig,
		    close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

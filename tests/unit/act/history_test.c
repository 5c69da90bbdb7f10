/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_test.c - what a server acknowledged is known after a restart, and
 * when a log is shorter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/tree.h"

#include "act/world_int.h"

struct fixture {
	char		dir[64], file[96];
	struct history *history;
};

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/usher-history-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->file, sizeof(f->file), "%s/acknowledged", f->dir);
	f->history = history_open(f->dir);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	history_close(f->history);
	unlink(f->file);
	rmdir(f->dir);
	heap_free(f);
	return 0;
}

static void
restarted(struct fixture *f)
{
	history_close(f->history);
	f->history = history_open(f->dir);
}

/* A commit after which TENANT's log has SIZE entries. */
static void
acknowledged(struct fixture *f, int64_t tenant, int64_t size)
{
	uint8_t bytes[FRONTIER_BYTES_MAX];
	struct frontier tree = { 0 };
	struct log_end end = { .tenant = tenant,
		.size = size,
		.entry = STR("an entry") };
	struct hash leaf;

	tree_leaf(end.entry, &leaf);
	for (int64_t i = 0; i < size; i++)
		frontier_append(&tree, &leaf);
	end.frontier =
	    (struct str) { (char *)bytes, frontier_encode(&tree, bytes) };
	history_note(f->history, &end, 1);
}

static bool
is_short(struct fixture *f, int64_t tenant, int64_t origin, int64_t size)
{
	const struct mark mark = { .tenant = tenant,
		.state = TENANT_ACTIVE,
		.log_origin = origin,
		.log_size = size };

	return history_is_short(f->history, &mark);
}

static void
what_was_acknowledged_is_known_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct mark ends = { .tenant = 1, .state = TENANT_DELETING };

	assert_false(is_short(f, 1, 0, 0));
	acknowledged(f, 1, 3);
	acknowledged(f, 2, 7);
	/* Of one commit another may tell first. */
	acknowledged(f, 2, 6);
	for (int i = 0; i < 2; i++) {
		assert_true(is_short(f, 1, 0, 2));
		assert_false(is_short(f, 1, 0, 3));
		assert_false(is_short(f, 1, 0, 4));
		assert_true(is_short(f, 2, 0, 6));
		assert_false(is_short(f, 3, 0, 0));
		/* An operator accepted a loss: a later origin counts anew. */
		assert_false(is_short(f, 1, 1, 1));
		/* Of a tenant that ends nothing need be there. */
		assert_false(history_is_short(f->history, &ends));
		restarted(f);
	}
}

/* Under load there is always something that a snapshot has not. */
static void
what_is_committed_after_a_snapshot_is_not_missing_in_it(void **state)
{
	struct fixture *f = *state;
	struct arena *arena = arena_open(1 << 20);
	struct mark mark = { .tenant = 2, .log_size = 4 };
	const struct ends *ends;

	/* Their order is not that of their tenants. */
	acknowledged(f, 3, 1);
	acknowledged(f, 2, 4);
	acknowledged(f, 1, 9);
	ends = history_ends(f->history, arena);
	acknowledged(f, 2, 5);
	acknowledged(f, 4, 1);
	mark.state = TENANT_ACTIVE;
	assert_true(history_is_short(f->history, &mark));
	assert_false(ends_short(ends, &mark));
	mark.log_size = 3;
	assert_true(ends_short(ends, &mark));
	mark.tenant = 4;
	mark.log_size = 0;
	assert_false(ends_short(ends, &mark));
	arena_close(arena);
}

/* Nothing is synced but each second: what was not is no promise. */
static void
it_is_written_when_told(void **state)
{
	struct fixture *f = *state;

	acknowledged(f, 1, 3);
	assert_int_not_equal(access(f->file, F_OK), 0);
	history_write(f->history);
	assert_int_equal(access(f->file, F_OK), 0);
}

static void
what_is_whole_of_a_damaged_file_counts(void **state)
{
	struct fixture *f = *state;
	FILE *file;

	acknowledged(f, 1, 3);
	history_write(f->history);
	file = fopen(f->file, "a");
	assert_non_null(file);
	assert_true(fputs("2 0 9 not-a-hash\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	restarted(f);
	assert_true(is_short(f, 1, 0, 2));
	assert_false(is_short(f, 2, 0, 1));
}

static void
the_first_loss_stays_until_it_is_accepted(void **state)
{
	struct fixture *f = *state;
	struct loss loss;

	assert_false(history_loss(f->history, &loss));
	history_lose(f->history, &(struct loss) { 1, 0, 4, 9 });
	history_lose(f->history, &(struct loss) { 2, 0, 1, 2 });
	assert_true(history_loss(f->history, &loss));
	assert_int_equal(loss.tenant, 1);
	assert_int_equal(loss.from, 4);
	assert_int_equal(loss.to, 9);
	assert_true(is_short(f, 1, 0, 8));
	/* Neither of what is lost nor of anybody else is anything written. */
	assert_true(history_refuses(f->history, 1));
	assert_true(history_refuses(f->history, 3));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_acknowledged_is_known_after_a_restart),
		CASE(what_is_committed_after_a_snapshot_is_not_missing_in_it),
		CASE(it_is_written_when_told),
		CASE(what_is_whole_of_a_damaged_file_counts),
		CASE(the_first_loss_stays_until_it_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

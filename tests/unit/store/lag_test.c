/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag_test.c - small checkpoints whose sync is put off: the log grows while
 * they lag, begins anew after them, and a loss of power at any moment loses
 * nothing that was committed.
 */
#include "place.h"

#include <stdio.h>
#include <unistd.h>

#include "store/sqlite_int.h"

#define ROW_BYTES 400000	/* some hundred pages of log */
#define ROUNDS	  12

struct fixture {
	struct place  place, kept, after;
	struct ctx    cx;
	struct store *store;
	struct db    *data;
	int64_t	      committed;
};

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	place_open(&f->place);
	disk_watch(&f->kept);
	f->cx.arena = arena_open((size_t)1 << 28);
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->data = db_open_writer(f->store, DB_DATA, 0);
	db_checkpoint_often(f->data, true);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	disk_hold(false);
	disk_lie(false);
	db_close(f->data);
	store_close(f->store);
	disk_unwatch();
	place_close(&f->place);
	arena_close(f->cx.arena);
	heap_free(f);
	return 0;
}

static struct sqlite_db *
db_of(struct fixture *f)
{
	return (struct sqlite_db *)f->data;
}

/* Commits until about so many more pages are in the log, and copies back as the pipeline does. */
static void
work(struct fixture *f, int pages)
{
	struct arena *arena = arena_open(1 << 22);
	struct ctx cx = { .arena = arena };

	for (int i = 0; i < pages / 100; i++) {
		struct log_row row = { .tenant = 1, .seq = f->committed,
			.entry = str_fmt(arena, "%*d", ROW_BYTES, 1) };
		struct tx *tx = tx_begin(f->data, &cx);

		assert_int_equal(store_save(tx, &LOG, &row, 1, NULL), OK);
		assert_int_equal(tx_commit(tx), OK);
		f->committed++;
		db_checkpoint(f->data, false);
		arena_reset(arena);
	}
	arena_close(arena);
}

/* All entries are there after a loss of power now; of the database's unsynced pages none or all were kept. */
static bool
survives(struct fixture *f, bool keeps_unsynced)
{
	static const char *const files[] = { "keys.db", "usher.db",
		"usher.db-wal" };
	struct ctx cx = { .arena = arena_open((size_t)1 << 28) };
	struct store *store;
	struct place after;
	int64_t n = 0;
	bool is_whole;

	place_open(&after);
	for (size_t i = 0; i < COUNT(files); i++)
		disk_give(files[i], &after);
	if (keeps_unsynced)
		place_copy(&f->place, &after, "usher.db");
	is_whole = store_open(&cx, after.url, &store) == OK;
	if (is_whole) {
		struct db *reader = db_open_reader(store, DB_DATA);
		struct log_row first = { .tenant = 1 };
		struct tx *tx = tx_begin(reader, &cx);

		is_whole = store_count(tx, &LOG, &first, 1, &n) == OK &&
		    n == f->committed;
		tx_end(tx);
		db_close(reader);
		is_whole = is_whole && store_check(&cx, store, DB_DATA) == OK;
		store_close(store);
	}
	place_close(&after);
	arena_close(cx.arena);
	return is_whole;
}

static void
the_log_begins_anew_when_nothing_lags(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *db = db_of(f);
	int most = 0;

	for (int n = 0; n < 5 * LOG_PAGES_OFTEN / 2; n += LOG_PAGES_STEP) {
		work(f, LOG_PAGES_STEP);
		lag_settle(db->lag);
		if (db->log_pages > most)
			most = db->log_pages;
	}
	assert_in_range(most, LOG_PAGES_OFTEN - LOG_PAGES_STEP,
	    LOG_PAGES_OFTEN + 2 * LOG_PAGES_STEP);
	assert_true(db->log_pages < most);
}

static void
the_log_is_not_begun_anew_while_something_lags(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *db = db_of(f);

	disk_hold(true);
	work(f, LOG_PAGES_OFTEN + 3 * LOG_PAGES_STEP);
	assert_false(lag_is_none(db->lag));
	assert_true(db->log_pages > LOG_PAGES_OFTEN + 2 * LOG_PAGES_STEP);
	disk_hold(false);
	lag_settle(db->lag);
	work(f, 3 * LOG_PAGES_STEP);
	assert_true(db->log_pages < LOG_PAGES_OFTEN);
}

static void
nothing_is_lost_with_the_power(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < ROUNDS; i++) {
		disk_hold(i % 3 != 0);
		work(f, i % 7 * 200);
		assert_true(survives(f, i % 2 != 0));
	}
	disk_hold(false);
}

/* The same must see what a disk loses that only said that it synced. */
static void
a_disk_that_lies_is_found(void **state)
{
	struct fixture *f = *state;
	bool is_whole = true;

	disk_lie(true);
	for (int i = 0; i < 4 && is_whole; i++) {
		work(f, LOG_PAGES_OFTEN / 2);
		is_whole = survives(f, false);
	}
	assert_false(is_whole);
}

/* What was not copied stays in the log, and is copied when there is room. */
static void
a_full_disk_leaves_the_log_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *db = db_of(f);

	/* Not often: all of it waits for one checkpoint. */
	db_checkpoint_often(f->data, false);
	work(f, LOG_PAGES_STEP);
	for (int i = 0; i < 2; i++) {
		/* In small steps, and all at once. */
		db_checkpoint_often(f->data, i == 0);
		db->step_at = 0;
		db->restart_at = i == 0 ? LOG_PAGES_CAP : 0;
		disk_set_full(true);
		assert_false(db_checkpoint(f->data, false));
		assert_false(db_checkpoint(f->data, true));
		disk_set_full(false);
		assert_int_equal(db->log_copied, 0);
		assert_true(survives(f, false));
		assert_true(survives(f, true));
	}
	assert_true(db_checkpoint(f->data, true));
	assert_int_equal(db->log_copied, db->log_pages);
	assert_true(survives(f, false));
}

/* A writer that closes deletes its log. */
static void
closing_waits_for_what_lags(void **state)
{
	struct fixture *f = *state;

	disk_hold(true);
	work(f, 2 * LOG_PAGES_STEP);
	assert_false(lag_is_none(db_of(f)->lag));
	disk_hold(false);
	assert_true(db_empty_log(f->data));
	assert_true(lag_is_none(db_of(f)->lag));
	assert_int_equal(db_of(f)->log_pages, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_log_begins_anew_when_nothing_lags),
		CASE(the_log_is_not_begun_anew_while_something_lags),
		CASE(nothing_is_lost_with_the_power),
		CASE(a_disk_that_lies_is_found),
		CASE(a_full_disk_leaves_the_log_as_it_is),
		CASE(closing_waits_for_what_lags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

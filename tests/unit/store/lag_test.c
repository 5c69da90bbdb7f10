/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag_test.c - small checkpoints whose sync is put off: the log grows while
 * they lag, begins anew after them, and a loss of power at any moment loses
 * nothing that was committed.
 */
#include "place.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_int.h"

#define ROW_BYTES 400000	/* some hundred pages of log */
#define ROUNDS	  12
#define PAUSE_US	  200000

struct fixture {
	struct place  place, kept;
	bool	      is_watched;
	bool	      had_log;	/* at the end of the pause */
	struct ctx    cx;
	struct store *store;
	struct db    *data;
	int64_t	      committed;
};

static struct fixture *
new_fixture(bool is_watched)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	place_open(&f->place);
	f->is_watched = is_watched;
	if (is_watched)
		disk_watch(&f->kept);
	f->cx.arena = arena_open((size_t)1 << 28);
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->data = db_open_writer(f->store, DB_DATA, 0);
	db_checkpoint_often(f->data, true);
	return f;
}

static int
set_up(void **state)
{
	*state = new_fixture(false);
	return 0;
}

/* With a copy of every file at every sync, which takes its time. */
static int
set_up_watched(void **state)
{
	*state = new_fixture(true);
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	disk_hold(false);
	disk_lie(false);
	if (f->data != NULL)
		db_close(f->data);
	store_close(f->store);
	if (f->is_watched)
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

static bool survive(struct fixture *, bool, bool);

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
	return survive(f, keeps_unsynced, true);
}

/* All is in the database itself: the log was deleted, or cut. */
static bool
survives_without_log(struct fixture *f)
{
	return survive(f, false, false);
}

static bool
survive(struct fixture *f, bool keeps_unsynced, bool has_log)
{
	static const char *const files[] = { "keys.db", "usher.db",
		"usher.db-wal" };
	struct ctx cx = { .arena = arena_open((size_t)1 << 28) };
	struct store *store;
	struct place after;
	int64_t n = 0;
	bool is_whole;

	place_open(&after);
	for (size_t i = 0; i < COUNT(files) - !has_log; i++)
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
		/* Or a quick syncer would let it begin anew earlier. */
		disk_hold(true);
		work(f, LOG_PAGES_STEP);
		disk_hold(false);
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

/*
 * Held and not, and in the end long enough for the log to begin anew; a commit
 * more or less, so that a step may come last or not.
 */
static void
nothing_is_lost_with_the_power(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *db = db_of(f);
	int nanew = 0;

	for (int i = 0; i < ROUNDS; i++) {
		bool is_long = i == ROUNDS / 2;
		int before = db->log_pages;

		disk_hold(!is_long && i % 3 != 0);
		work(f,
		    is_long ? LOG_PAGES_OFTEN + 2 * LOG_PAGES_STEP - before
			    : i % 5 * 100);
		nanew += db->log_pages < before;
		assert_true(survives(f, i % 2 != 0));
	}
	assert_true(nanew > 0);
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

/* Whoever waits for the syncer leaves the log alone until now. */
static void *
release(void *arg)
{
	struct fixture *f = arg;
	char path[128];
	struct stat log;

	usleep(PAUSE_US);
	place_path(&f->place, "usher.db-wal", path);
	f->had_log = stat(path, &log) == 0 && log.st_size > 0;
	disk_hold(false);
	return NULL;
}

/* An odd number of commits, so that a step copied the last; it is not synced before a pause is over. */
static pthread_t
lag_for_a_while(struct fixture *f)
{
	pthread_t thread;

	disk_hold(true);
	work(f, LOG_PAGES_STEP + LOG_PAGES_STEP / 2);
	assert_int_equal(db_of(f)->log_copied, db_of(f)->log_pages);
	assert_false(lag_is_none(db_of(f)->lag));
	assert_int_equal(pthread_create(&thread, NULL, release, f), 0);
	return thread;
}

/* A writer that closes deletes its log. */
static void
closing_waits_for_what_lags(void **state)
{
	struct fixture *f = *state;
	pthread_t thread = lag_for_a_while(f);

	db_close(f->data);
	store_close(f->store);
	f->data = NULL;
	f->store = NULL;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(f->had_log);
	assert_true(survives_without_log(f));
}

static void
emptying_waits_for_what_lags(void **state)
{
	struct fixture *f = *state;
	pthread_t thread = lag_for_a_while(f);
	bool is_empty = db_empty_log(f->data);

	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(is_empty && f->had_log);
	assert_int_equal(db_of(f)->log_pages, 0);
	assert_true(survives_without_log(f));
}

#define CASE(f)	   cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define WATCHED(f) cmocka_unit_test_setup_teardown(f, set_up_watched, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_log_begins_anew_when_nothing_lags),
		CASE(the_log_is_not_begun_anew_while_something_lags),
		WATCHED(nothing_is_lost_with_the_power),
		WATCHED(a_disk_that_lies_is_found),
		WATCHED(a_full_disk_leaves_the_log_as_it_is),
		WATCHED(closing_waits_for_what_lags),
		WATCHED(emptying_waits_for_what_lags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

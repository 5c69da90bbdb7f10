/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_test.c - what is SQLite's alone: its files, its parameters, its
 * errors, and USHER_FAULT at its commits.
 *
 *	sqlite_test fault FOLDER	commits thrice and tells how that
 *					went (run by itself)
 */
#include "place.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite_int.h"

struct fixture {
	struct place  place;
	struct ctx    cx;
	struct store *store;
	struct db    *data;
};

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	place_open(&f->place);
	f->cx.arena = arena_open((size_t)1 << 28);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->data != NULL)
		db_close(f->data);
	store_close(f->store);
	place_close(&f->place);
	arena_close(f->cx.arena);
	heap_free(f);
	return 0;
}

static void
open_store(struct fixture *f)
{
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->data = db_open_writer(f->store, DB_DATA, 0);
}

static void
close_store(struct fixture *f)
{
	db_close(f->data);
	store_close(f->store);
	f->data = NULL;
	f->store = NULL;
}

/* Not by store/: as a stranger would. */
static void
tamper(struct fixture *f, const char *file, const char *sql)
{
	char path[128];
	sqlite3 *conn;

	place_path(&f->place, file, path);
	assert_int_equal(sqlite3_open(path, &conn), SQLITE_OK);
	assert_int_equal(sqlite3_exec(conn, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(conn), SQLITE_OK);
}

static void
overwrite(struct fixture *f, const char *file, long at, const char *bytes)
{
	char path[128];
	FILE *out;

	place_path(&f->place, file, path);
	out = fopen(path, "r+");
	assert_non_null(out);
	assert_int_equal(fseek(out, at, SEEK_SET), 0);
	assert_int_equal(fputs(bytes, out) < 0, 0);
	assert_int_equal(fclose(out), 0);
}

static void
assert_refused(struct fixture *f, enum err err, enum msg msg)
{
	struct store *s = NULL;

	assert_int_equal(store_open(&f->cx, f->place.url, &s), err);
	assert_int_equal(f->cx.fault.msg, msg);
	assert_null(s);
}

/* --- files ------------------------------------------------------------------ */

static void
files_are_for_their_owner_only(void **state)
{
	static const char *const files[] = { "usher.db", "keys.db", "lock",
		"usher.db-wal" };
	struct fixture *f = *state;
	struct stat st;
	char path[128];

	assert_int_equal(rmdir(f->place.url), 0);
	open_store(f);
	assert_int_equal(stat(f->place.url, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	for (size_t i = 0; i < COUNT(files); i++) {
		place_path(&f->place, files[i], path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void
the_engine_tells_its_version(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	assert_true(str_eq(store_engine(f->cx.arena, f->store),
	    str_fmt(f->cx.arena, "SQLite %s", sqlite3_libversion())));
}

static void
a_place_that_is_no_folder_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	char path[128];

	place_path(&f->place, "file", path);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(store_open(&f->cx, path, &s), ERR_BAD_INPUT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_FOLDER);
	place_path(&f->place, "no/folder", path);
	assert_int_equal(store_open(&f->cx, path, &s), ERR_BAD_INPUT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_FOLDER);
	assert_null(s);
}

static void
a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	close_store(f);
	tamper(f, "keys.db", "PRAGMA user_version = 999");
	assert_refused(f, ERR_CONFLICT, MSG_STORE_NEWER);
	tamper(f, "keys.db", "PRAGMA user_version = 3");
	open_store(f);
}

static void
a_database_of_others_is_refused(void **state)
{
	struct fixture *f = *state;
	char data[128], keys[128];

	tamper(f, "usher.db", "CREATE TABLE t (a)");
	assert_refused(f, ERR_CONFLICT, MSG_STORE_FOREIGN);
	place_path(&f->place, "usher.db", data);
	place_path(&f->place, "keys.db", keys);
	assert_int_equal(unlink(data), 0);
	/* Ours, but in each other's place. */
	open_store(f);
	close_store(f);
	assert_int_equal(rename(data, keys), 0);
	assert_refused(f, ERR_CONFLICT, MSG_STORE_FOREIGN);
}

static void
a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	close_store(f);
	overwrite(f, "usher.db", 0, "this is not the head of a database");
	assert_refused(f, ERR_CONFLICT, MSG_STORE_DAMAGED);
}

static void
a_check_finds_damage_inside(void **state)
{
	struct fixture *f = *state;
	struct log_row row = { 1, 1, STR("entry") };
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	for (row.seq = 0; row.seq < 2000; row.seq++)
		assert_int_equal(store_save(tx, &LOG, &row, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
	close_store(f);
	tamper(f, "usher.db",
	    "PRAGMA writable_schema = ON;"
	    "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM"
	    " sqlite_schema WHERE name = 'job') WHERE name = 'due'");
	open_store(f);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), ERR_CONFLICT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_DAMAGED);
	assert_int_equal(store_check(&f->cx, f->store, DB_KEYS), OK);
}

/* --- statements ------------------------------------------------------------- */

static int64_t
ask(struct tx *tx, const char *text, const struct arg *arg, size_t narg)
{
	struct query q = { &NUMBER, text, arg, narg };
	struct rows rows;

	assert_int_equal(store_query(tx, &q, &rows), OK);
	assert_int_equal(rows.n, 1);
	return ((struct number *)rows.row)->n;
}

/* SQLite numbers $2 before $1 here, for it comes first. */
static void
parameters_are_bound_by_their_number(void **state)
{
	static const struct arg arg[] = { { .kind = ARG_INT, .number = 1 },
		{ .kind = ARG_INT, .number = 20 },
		{ .kind = ARG_INT, .number = 300 } };
	struct fixture *f = *state;
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(ask(tx, "SELECT $2 * 1000 - $1", arg, 2), 19999);
	assert_int_equal(ask(tx, "SELECT $3 - $2 * $1 + $3", arg, 3), 580);
	tx_rollback(tx);
}

static void
more_texts_than_are_kept_still_run(void **state)
{
	struct fixture *f = *state;
	struct arg arg = { .kind = ARG_INT, .number = 7 };
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 200; i++) {
			struct str text =
			    str_fmt(f->cx.arena, "SELECT %d + $1", i);

			assert_int_equal(
			    ask(tx, str_z(f->cx.arena, text), &arg, 1), i + 7);
		}
	tx_rollback(tx);
}

/* How SQLite goes about the kept statement that has PART: a line for each step. */
static const char *
plan_of(struct fixture *f, const char *part)
{
	sqlite3 *conn = ((struct sqlite_db *)f->data)->conn;
	sqlite3_stmt *kept = NULL, *steps;
	struct buf b;

	do {
		kept = sqlite3_next_stmt(conn, kept);
		assert_non_null(kept);
	} while (strstr(sqlite3_sql(kept), part) == NULL);
	buf_init(&b, f->cx.arena, 4096);
	assert_int_equal(
	    sqlite3_prepare_v2(conn,
		str_z(f->cx.arena,
		    str_fmt(f->cx.arena, "EXPLAIN QUERY PLAN %s",
			sqlite3_sql(kept))),
		-1, &steps, NULL),
	    SQLITE_OK);
	while (sqlite3_step(steps) == SQLITE_ROW)
		buf_fmt(&b, "%s\n", sqlite3_column_text(steps, 3));
	assert_int_equal(sqlite3_finalize(steps), SQLITE_OK);
	return str_z(f->cx.arena, buf_view(&b));
}

/* Whom a word leads to are looked up; nobody walks all to look at each. */
static void
what_a_word_leads_to_is_found_by_its_key(void **state)
{
	static const char *const part[] = { "ORDER BY p.id LIMIT", "p.id DESC",
		"ORDER BY r.id LIMIT", "r.id DESC" };
	static const struct index_key word = { 0 };
	struct fixture *f = *state;
	const char *plan[COUNT(part)];
	const struct filter_names names = { 0 };
	struct person_query q = { .tenant = 1,
		.names = &names,
		.limit = 500,
		.word = &word };
	struct resource_page page = { .tenant = 1,
		.type = 2,
		.limit = 500,
		.word = &word };
	struct rows rows;
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	for (int back = 0; back < 2; back++) {
		q.is_descending = page.is_descending = back == 1;
		assert_int_equal(person_list(tx, &q, &rows), OK);
		assert_int_equal(resource_page(tx, &page, &rows), OK);
	}
	for (size_t i = 0; i < COUNT(part); i++)
		plan[i] = plan_of(f, part[i]);
	tx_rollback(tx);
	for (size_t i = 0; i < COUNT(part); i++)
		assert_non_null(strstr(plan[i], "=? AND id=?)"));
}

static void
a_list_of_integers_is_one_parameter(void **state)
{
	static const int64_t list[] = { INT64_MIN, -1, 0, 5, INT64_MAX };
	struct fixture *f = *state;
	struct arg arg[] = { { .kind = ARG_INT },
		{ .kind = ARG_LIST, .list = list, .n = COUNT(list) } };
	struct tx *tx;
	struct buf b;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	buf_init(&b, f->cx.arena, SQL_MAX);
	buf_z(&b, "SELECT $1 ");
	sql_in(&b, tx, 2);
	sql_end(&b);
	for (size_t i = 0; i < COUNT(list); i++) {
		arg[0].number = list[i];
		assert_int_equal(ask(tx, b.p, arg, 2), 1);
	}
	arg[0].number = 4;
	assert_int_equal(ask(tx, b.p, arg, 2), 0);
	arg[1].n = 0;
	assert_int_equal(ask(tx, b.p, arg, 2), 0);
	tx_rollback(tx);
}

static void
a_reader_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *reader;

	open_store(f);
	reader = (struct sqlite_db *)db_open_reader(f->store, DB_DATA);
	assert_int_equal(
	    sqlite3_exec(reader->conn, "DELETE FROM due", NULL, NULL, NULL),
	    SQLITE_READONLY);
	db_close(&reader->base);
}

static void
a_log_at_its_cap_is_begun_anew(void **state)
{
	struct fixture *f = *state;
	struct due_row row = { .tenant = 1 };
	struct ctx other = { .arena = f->cx.arena };
	struct sqlite_db *db;
	struct db *reader;
	struct tx *old, *tx;
	int pages;

	open_store(f);
	db = (struct sqlite_db *)f->data;
	reader = db_open_reader(f->store, DB_DATA);
	db->restart_at = 1;
	assert_true(db_checkpoint(f->data, false));
	db->restart_at = 5;
	old = tx_begin(reader, &other);
	for (row.id = 0; row.id < 20; row.id++) {
		tx = tx_begin(f->data, &f->cx);
		assert_int_equal(store_save(tx, &DUE, &row, 1, NULL), OK);
		assert_int_equal(tx_commit(tx), OK);
	}
	pages = db->log_pages;
	assert_true(pages >= 20);
	/* A reader is in the way: not now, and not again at the next commit. */
	assert_false(db_checkpoint(f->data, false));
	assert_true(db->restart_at > pages);
	tx_end(old);
	db->restart_at = pages;
	assert_true(db_checkpoint(f->data, false));
	assert_int_equal(db->restart_at, LOG_PAGES_CAP);
	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &row, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_true(db->log_pages < pages);
	db_close(reader);
}

/* --- the log ------------------------------------------------------------------ */

static void
save_entries(struct tx *tx, int64_t n)
{
	struct str bytes = str_fmt(tx_ctx(tx)->arena, "%2000d", 1);
	struct log_row row = { .tenant = 1, .entry = bytes };

	for (row.seq = 0; row.seq < n; row.seq++)
		assert_int_equal(store_save(tx, &LOG, &row, 1, NULL), OK);
}

static int64_t
count_entries(struct fixture *f)
{
	struct db *reader = db_open_reader(f->store, DB_DATA);
	struct tx *tx = tx_begin(reader, &f->cx);
	int64_t n;

	assert_int_equal(store_count(tx, &LOG, NULL, 0, &n), OK);
	tx_end(tx);
	db_close(reader);
	return n;
}

static void
a_commit_is_written_in_large_pieces(void **state)
{
	struct fixture *f = *state;
	struct sqlite_db *db;
	struct tx *tx;
	size_t before;
	int pages;

	open_store(f);
	db = (struct sqlite_db *)f->data;
	tx = tx_begin(f->data, &f->cx);
	save_entries(tx, 1000);
	before = disk_writes();
	pages = db->log_pages;
	assert_int_equal(tx_commit(tx), OK);
	assert_true(db->log_pages - pages >= 500);
	assert_true(disk_writes() - before < 100);
	assert_int_equal(count_entries(f), 1000);
}

/* What the cache does not hold goes to the log before it is known whether it stays. */
static void
a_long_transaction_reads_what_it_wrote_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct log_row key = { .tenant = 1, .seq = 3 };
	struct rows rows;
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	save_entries(tx, 40000);
	assert_int_equal(store_load(tx, &LOG, &key, 1, 2, 0, &rows), OK);
	assert_int_equal(rows.n, 1);
	assert_int_equal(((struct log_row *)rows.row)->entry.n, 2000);
	assert_int_equal(count_entries(f), 0);
	tx_rollback(tx);
	assert_int_equal(count_entries(f), 0);

	tx = tx_begin(f->data, &f->cx);
	save_entries(tx, 50);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(count_entries(f), 50);
	close_store(f);
	open_store(f);
	assert_int_equal(count_entries(f), 50);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
}

/* --- a full disk, a broken one ------------------------------------------------ */

static const struct due_row due = { .tenant = 1, .id = 1 };

static int64_t
count_due(struct fixture *f)
{
	struct db *reader = db_open_reader(f->store, DB_DATA);
	struct tx *tx = tx_begin(reader, &f->cx);
	int64_t n;

	assert_int_equal(store_count(tx, &DUE, NULL, 0, &n), OK);
	tx_end(tx);
	db_close(reader);
	return n;
}

static void
a_commit_on_a_full_disk_stores_nothing(void **state)
{
	struct fixture *f = *state;
	struct tx *tx;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	disk_set_full(true);
	assert_int_equal(tx_commit(tx), ERR_FULL);
	disk_set_full(false);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(count_due(f), 0);

	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(count_due(f), 1);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
}

/* More rows than the cache holds are written before the commit. */
static enum err
save_until_refused(struct tx *tx)
{
	struct str bytes = str_fmt(tx_ctx(tx)->arena, "%2000d", 1);
	struct log_row row = { .tenant = 1, .entry = bytes };
	enum err err = OK;

	for (row.seq = 0; err == OK && row.seq < 40000; row.seq++)
		err = store_save(tx, &LOG, &row, 1, NULL);
	return err;
}

static void
a_transaction_that_met_a_full_disk_is_lost(void **state)
{
	struct fixture *f = *state;
	struct tx *tx;
	struct rows got;

	open_store(f);
	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	assert_int_equal(tx_savepoint(tx), OK);
	disk_set_full(true);
	assert_int_equal(save_until_refused(tx), ERR_FULL);
	disk_set_full(false);
	tx_undo(tx);
	/* Nothing may go in that would then stand alone. */
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), ERR_FULL);
	assert_int_equal(store_load(tx, &DUE, &due, 1, 3, 0, &got), ERR_FULL);
	assert_int_equal(store_drop(tx, &DUE, &due, 1, 3, NULL), ERR_FULL);
	assert_int_equal(tx_savepoint(tx), ERR_FULL);
	assert_int_equal(tx_commit(tx), ERR_FULL);
	assert_int_equal(count_due(f), 0);

	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(count_due(f), 1);
}

static void
a_copy_on_a_full_disk_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	char path[128];

	open_store(f);
	place_path(&f->place, "copy", path);
	disk_set_full(true);
	assert_int_equal(store_copy(&f->cx, f->store, DB_DATA, path), ERR_FULL);
	disk_set_full(false);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(store_copy(&f->cx, f->store, DB_DATA, path), OK);
	assert_int_equal(unlink(path), 0);
}

/* The kernel may have dropped the pages: to try again would lie. */
static void
a_failed_sync_ends_the_process(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct tx *tx;

		open_store(f);
		tx = tx_begin(f->data, &f->cx);
		must(store_save(tx, &DUE, &due, 1, NULL) == OK);
		disk_set_broken(true);
		_exit(tx_commit(tx) == OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	open_store(f);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
}

/* --- USHER_FAULT -------------------------------------------------------------- */

/* Commits a key, then three rows; exits with a bit for each row that failed. */
static int
run_faults(const char *url)
{
	struct fixture f = { .cx.arena = arena_open(1 << 24) };
	struct key_row key = { .tenant = 1, .person = 1 };
	struct due_row row = due;
	int failed = 0;
	struct db *keys;
	struct tx *tx;

	must(snprintf(f.place.url, sizeof(f.place.url), "%s", url) > 0);
	open_store(&f);
	keys = db_open_writer(f.store, DB_KEYS, 0);
	tx = tx_begin(keys, &f.cx);
	must(store_save(tx, &PERSON_KEY, &key, 1, NULL) == OK);
	must(tx_commit(tx) == OK);
	for (row.id = 1; row.id <= 3; row.id++) {
		enum err err;

		tx = tx_begin(f.data, &f.cx);
		must(store_save(tx, &DUE, &row, 1, NULL) == OK);
		err = tx_commit(tx);
		must(err == OK || err == ERR_FULL);
		failed |= (err != OK) << row.id;
	}
	db_close(keys);
	close_store(&f);
	arena_close(f.cx.arena);
	return failed;
}

static const struct fault_case {
	const char *fault;
	bool	    is_killed;
	int	    status;
	int64_t	    keys, rows;
} fault_cases[] = {
	{ "none:1", false, 0, 1, 3 },
	{ "commit:3", false, 1 << 2, 1, 2 },
	{ "commit:2+", false, 14, 1, 0 },
	{ "kill-after-keys:1", true, SIGKILL, 1, 0 },
	{ "kill-before-commit:2", true, SIGKILL, 1, 1 },
	{ "kill-after-commit:2", true, SIGKILL, 1, 2 },
	{ "after-commit:2", false, 70, 1, 2 },
};

static void
faults_strike_where_they_are_asked_for(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(fault_cases); i++) {
		const struct fault_case *c = &fault_cases[i];
		struct db *keys;
		struct tx *tx;
		int64_t n;
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			setenv("USHER_FAULT", c->fault, 1);
			execl("/proc/self/exe", "sqlite_test", "fault",
			    f->place.url, (char *)NULL);
			_exit(99);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(WIFSIGNALED(status), c->is_killed);
		assert_int_equal(
		    c->is_killed ? WTERMSIG(status) : WEXITSTATUS(status),
		    c->status);
		open_store(f);
		keys = db_open_writer(f->store, DB_KEYS, 0);
		tx = tx_begin(keys, &f->cx);
		assert_int_equal(store_count(tx, &PERSON_KEY, NULL, 0, &n), OK);
		assert_int_equal(n, c->keys);
		tx_rollback(tx);
		db_close(keys);
		assert_int_equal(count_due(f), c->rows);
		close_store(f);
		place_close(&f->place);
		place_open(&f->place);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(files_are_for_their_owner_only),
		CASE(the_engine_tells_its_version),
		CASE(a_place_that_is_no_folder_is_refused),
		CASE(a_newer_schema_is_refused),
		CASE(a_database_of_others_is_refused),
		CASE(a_damaged_file_is_refused),
		CASE(a_check_finds_damage_inside),
		CASE(parameters_are_bound_by_their_number),
		CASE(more_texts_than_are_kept_still_run),
		CASE(what_a_word_leads_to_is_found_by_its_key),
		CASE(a_list_of_integers_is_one_parameter),
		CASE(a_reader_cannot_write),
		CASE(a_log_at_its_cap_is_begun_anew),
		CASE(a_commit_is_written_in_large_pieces),
		CASE(a_long_transaction_reads_what_it_wrote_and_leaves_nothing),
		CASE(a_commit_on_a_full_disk_stores_nothing),
		CASE(a_transaction_that_met_a_full_disk_is_lost),
		CASE(a_copy_on_a_full_disk_leaves_nothing_behind),
		CASE(a_failed_sync_ends_the_process),
		CASE(faults_strike_where_they_are_asked_for),
	};

	if (argc == 3 && strcmp(argv[1], "fault") == 0)
		return run_faults(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

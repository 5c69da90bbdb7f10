/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate_test.c - databases as older programs made them: their own tables,
 * from the texts of their own migrations, with a row in each.
 */
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "store/sqlite_int.h"

#define OURS "0x55736864"	/* what a database of data says that it is */

static const struct word words[] = {
	{ "int", "INTEGER" },
	{ "blob", "BLOB" },
	{ "strict", "STRICT" },
	{ "clustered", "STRICT, WITHOUT ROWID" },
};

struct fixture {
	struct place place;
	struct ctx   cx;
	sqlite3	    *conn;	/* not by store/: as an older program would */
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

	place_close(&f->place);
	arena_close(f->cx.arena);
	heap_free(f);
	return 0;
}

static void
open_file(struct fixture *f)
{
	char path[128];

	place_path(&f->place, "usher.db", path);
	assert_int_equal(sqlite3_open(path, &f->conn), SQLITE_OK);
}

static void
close_file(struct fixture *f)
{
	assert_int_equal(sqlite3_close(f->conn), SQLITE_OK);
}

static void
run(struct fixture *f, const char *text)
{
	char *why = NULL;

	(void)sqlite3_exec(f->conn, text, NULL, NULL, &why);
	assert_string_equal(why != NULL ? why : "", "");
}

/* The one text that TEXT gives. */
static const char *
ask(struct fixture *f, const char *text)
{
	sqlite3_stmt *s;
	struct str out;

	(void)sqlite3_prepare_v2(f->conn, text, -1, &s, NULL);
	assert_string_equal(sqlite3_errmsg(f->conn), "not an error");
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	out = str_of((const char *)sqlite3_column_text(s, 0));
	out = str_copy(f->cx.arena, out);
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	return str_z(f->cx.arena, out);
}

/* Every table and index, word by word. */
static const char *
schema(struct fixture *f)
{
	return ask(f,
	    "SELECT group_concat(type || ' ' || name || ' ' || tbl_name ||"
	    " ' ' || ifnull(sql, ''), x'0a') FROM"
	    " (SELECT * FROM sqlite_schema ORDER BY type, name)");
}

/* The database of a program that knew the migrations up to LAST. */
static void
make_old(struct fixture *f, int last)
{
	struct buf b;

	open_file(f);
	for (const struct migration *m = migrations; m->text != NULL; m++)
		for (const char *const *t = m->text;
		     m->db == DB_DATA && m->version <= last && *t != NULL;
		     t++) {
			buf_init(&b, f->cx.arena, SQL_MAX);
			migration_text(&b, *t, words, COUNT(words));
			run(f, sql_end(&b));
		}
	run(f,
	    str_z(f->cx.arena,
		str_fmt(f->cx.arena,
		    "PRAGMA application_id = " OURS
		    "; PRAGMA user_version = %d",
		    last)));
}

/* A row in every table: each number 1, but a quota that is enough for that. */
static void
fill(struct fixture *f)
{
	run(f,
	    ask(f,
		"SELECT group_concat(text, ';') FROM"
		" (SELECT 'INSERT INTO ' || m.name || ' VALUES (' ||"
		" group_concat(CASE WHEN c.name = 'quota' THEN '2'"
		" WHEN c.type = 'BLOB' THEN 'x''0a''' ELSE '1' END) || ')'"
		" AS text FROM sqlite_schema AS m,"
		" pragma_table_info(m.name) AS c"
		" WHERE m.type = 'table' GROUP BY m.name)"));
}

/* The query that gives all there is in the tables and columns of now. */
static const char *
contents_query(struct fixture *f)
{
	return ask(f,
	    "SELECT 'SELECT group_concat(row, x''0a'') FROM (' ||"
	    " group_concat('SELECT ''' || t || ': '' || ' || columns ||"
	    " ' AS row FROM ' || t, ' UNION ALL ') || ')' FROM"
	    " (SELECT m.name AS t, group_concat('hex(' || c.name || ')',"
	    " ' || '','' || ') AS columns FROM sqlite_schema AS m,"
	    " pragma_table_info(m.name) AS c"
	    " WHERE m.type = 'table' GROUP BY m.name ORDER BY m.name)");
}

static struct store *
open_store(struct fixture *f)
{
	struct store *s = NULL;

	assert_int_equal(store_open(&f->cx, f->place.url, &s), OK);
	return s;
}

/*
 * From each version there ever was: all rows stay, with all that was in their
 * columns, and the tables are those of a new database.
 */
static void
every_older_schema_takes_its_rows_along(void **state)
{
	struct fixture *f = *state;
	const char *wanted, *query, *was;
	struct store *s;

	store_close(open_store(f));
	open_file(f);
	wanted = schema(f);
	close_file(f);
	assert_true(migration_last(DB_DATA) > 1);
	for (int last = 1; last < migration_last(DB_DATA); last++) {
		place_close(&f->place);
		place_open(&f->place);
		make_old(f, last);
		fill(f);
		query = contents_query(f);
		was = ask(f, query);
		assert_non_null(strstr(was, "\nperson: 31,31,31,"));
		close_file(f);
		s = open_store(f);
		assert_int_equal(store_check(&f->cx, s, DB_DATA), OK);
		store_close(s);
		open_file(f);
		assert_string_equal(schema(f), wanted);
		assert_string_equal(ask(f, query), was);
		close_file(f);
	}
}

/* What open checks are found by, and among whom somebody waits, was not there. */
static void
what_the_first_schema_had_open_is_found(void **state)
{
	static const struct wait_count waiting = { 1, 7, 0, 4, 3 };
	struct fixture *f = *state;
	struct wait_count count = { .tenant = 1 };
	struct open_row key = { .tenant = 1 };
	struct wait wait = { .tenant = 1 };
	const struct open_row *row;
	struct store *s;
	struct db *data;
	struct rows rows;
	struct tx *tx;

	make_old(f, 1);
	run(f,
	    "INSERT INTO onboarding VALUES"
	    " (1, 10, 100, 0, 0, 1, 5, 0, 0, 0, 0, 77, x''),"
	    " (1, 11, 101, 0, 0, 2, 5, 0, 0, 0, 0, 0, x'');"
	    " INSERT INTO wait VALUES (1, 7, 100, 4, 5, 0, x'');"
	    " INSERT INTO wait_count VALUES (1, 7, 4, 3)");
	close_file(f);
	s = open_store(f);
	data = db_open_writer(s, DB_DATA, 0);
	tx = tx_begin(data, &f->cx);
	assert_int_equal(
	    store_load(tx, &OPEN_CHECKS, &key, 1, 1, 0, &rows), OK);
	assert_int_equal(rows.n, 1);
	row = rows.row;
	assert_int_equal(row->person, 100);
	assert_int_equal(row->onboarding, 10);
	assert_int_equal(row->expires_ms, 77);
	assert_int_equal(store_load(tx, &WAIT, &wait, 1, 1, 0, &rows), OK);
	assert_int_equal(rows.n, 1);
	assert_int_equal(((struct wait *)rows.row)->organisation, 0);
	assert_int_equal(
	    store_load(tx, &WAIT_COUNT, &count, 1, 1, 0, &rows), OK);
	assert_int_equal(rows.n, 1);
	assert_memory_equal(rows.row, &waiting, sizeof(waiting));
	tx_rollback(tx);
	db_close(data);
	store_close(s);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_older_schema_takes_its_rows_along),
		CASE(what_the_first_schema_had_open_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

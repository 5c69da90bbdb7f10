/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_server.c - what only an engine with a server has: tenants that cannot
 * see each other, errors that come late, connections that end.
 */
#include <string.h>

#include "core/actor.h"

#include "store/store_int.h"

#include "store_contract.h"

static const struct due_row rows[] = { { .tenant = 1, .due_ms = 1, .id = 1 },
	{ .tenant = 2, .due_ms = 1, .id = 1 },
	{ .tenant = 3, .due_ms = 1, .id = 1 } };

static int64_t
seen(struct tx *tx)
{
	int64_t n;

	assert_int_equal(store_count(tx, &DUE, NULL, 0, &n), OK);
	return n;
}

static void
a_reader_sees_its_actors_tenant(void **state)
{
	struct fixture *f = *state;
	struct actor actor = { .tenant = 2, .kind = ACTOR_PERSON };
	struct ctx cx = { .arena = f->arena };
	struct tx *tx;

	save_all(f, &DUE, rows, COUNT(rows));
	tx = tx_begin(f->reader, &cx);
	assert_int_equal(seen(tx), 0);
	tx_end(tx);
	cx.actor = &actor;
	tx = tx_begin(f->reader, &cx);
	assert_int_equal(seen(tx), 1);
	tx_end(tx);
	actor.kind = ACTOR_NODE;
	tx = tx_begin(f->reader, &cx);
	assert_int_equal(seen(tx), 3);
	tx_end(tx);
}

static void
a_transaction_sees_the_tenants_it_named(void **state)
{
	struct fixture *f = *state;
	const int64_t some[] = { 1, 3 };
	struct tx *tx;
	int64_t gone;

	save_all(f, &DUE, rows, COUNT(rows));
	tx = tx_begin(f->data, &f->cx);
	assert_int_equal(seen(tx), 0);
	tx_tenants(tx, some, 2, false);
	assert_int_equal(seen(tx), 2);
	assert_int_equal(store_drop(tx, &DUE, rows, COUNT(rows), 3, &gone), OK);
	assert_int_equal(gone, 2);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(count_rows(f, &DUE, &rows[1], 1), 1);
}

/* The error of a save that nobody waited for is told by whatever comes next. */
static void
a_late_error_is_told_once_and_undone(void **state)
{
	struct fixture *f = *state;
	struct log_row row = { 1, 1, STR("entry") };
	struct tx *tx;
	int64_t n;

	save_one(f, &LOG, &row);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_int_equal(store_save(tx, &LOG, &row, 1, NULL), OK);
	assert_int_equal(store_count(tx, &LOG, &row, 1, &n), ERR_CONFLICT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_EXISTS);
	assert_true(str_eq(f->cx.fault.args[0], STR("log")));
	tx_undo(tx);
	assert_int_equal(store_count(tx, &LOG, &row, 1, &n), OK);
	assert_int_equal(n, 1);
	/* So does a commit, and then nothing is stored. */
	assert_int_equal(store_save(tx, &DUE, rows, 1, NULL), OK);
	assert_int_equal(store_save(tx, &LOG, &row, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), ERR_CONFLICT);
	assert_false(tx_may_repeat(tx));
	assert_int_equal(count_rows(f, &DUE, rows, 1), 0);
}

static void
a_connection_that_ends_costs_its_transaction_only(void **state)
{
	struct fixture *f = *state;
	struct tx *tx;
	int64_t n;

	save_one(f, &DUE, &rows[0]);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &rows[1], 1, NULL), OK);
	assert_int_equal(store_count(tx, &DUE, NULL, 0, &n), OK);
	end_sessions();
	assert_int_equal(store_count(tx, &DUE, NULL, 0, &n), ERR_AWAY);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_AWAY);
	assert_true(tx_may_repeat(tx));
	tx_rollback(tx);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &rows[2], 1, NULL), OK);
	end_sessions();
	assert_int_equal(tx_commit(tx), ERR_AWAY);
	assert_true(tx_may_repeat(tx));
	/* The idle reader's ended too. */
	assert_int_equal(count_rows(f, &DUE, rows, 1), 1);
	assert_int_equal(count_rows(f, &DUE, &rows[1], 1), 0);
	save_one(f, &DUE, &rows[2]);
	assert_int_equal(count_rows(f, &DUE, &rows[2], 1), 1);
}

/* As if a pooler had put another session behind the same connection. */
static void
a_session_that_forgets_is_told_no_more(void **state)
{
	struct fixture *f = *state;
	struct query forget = { &NUMBER, "DEALLOCATE ALL", NULL, 0 };
	struct due_row row[] = {
		{ .tenant = 1, .due_ms = 1 },
		{ .tenant = 1, .due_ms = 2 },
		{ .tenant = 1, .due_ms = 3 },
		{ .tenant = 1, .due_ms = 4 },
	};

	for (size_t i = 0; i < 2; i++)
		save_one(f, &DUE, &row[i]);
	for (size_t i = 0; i < 2; i++) {
		struct tx *tx = tx_begin_all(f->data, &f->cx);

		assert_int_equal(store_query(tx, &forget, NULL), OK);
		assert_int_equal(
		    store_save(tx, &DUE, &row[2 + i], 1, NULL), OK);
		/* The first time it was told of this table. */
		assert_int_equal(tx_commit(tx), i == 0 ? ERR_AWAY : OK);
		assert_true(i != 0 || tx_may_repeat(tx));
	}
	assert_int_equal(count_rows(f, &DUE, &row[2], 2), 0);
	assert_int_equal(count_rows(f, &DUE, &row[3], 2), 1);
}

static void
copies_are_left_to_the_server(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    store_copy(&f->cx, f->store, DB_DATA, "/nowhere"), ERR_CONFLICT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_NO_COPY);
}

/* Where data is, keys do not go; and a password is never quoted. */
static void
a_url_that_cannot_be_used_is_refused(void **state)
{
	static const struct {
		const char *url;
		enum err err;
		enum msg msg;
	} bad[] = {
		{ "postgresql://u:secret@[h/d", ERR_BAD_INPUT, MSG_STORE_URL },
		{ "postgresql://u:secret@127.0.0.1/", ERR_BAD_INPUT,
		    MSG_STORE_URL },
		{ "postgresql://u:secret@127.0.0.1:1/d", ERR_AWAY,
		    MSG_STORE_CONNECT },
		{ "postgresql://u:secret@127.0.0.1:1/d "
		  "postgresql://u:secret@127.0.0.1:1/d",
		    ERR_BAD_INPUT, MSG_STORE_ONE_DATABASE },
	};
	struct fixture *f = *state;
	struct store *s = NULL;

	for (size_t i = 0; i < COUNT(bad); i++) {
		f->cx.fault = (struct fault) { 0 };
		assert_int_equal(
		    store_open(&f->cx, bad[i].url, &s), bad[i].err);
		assert_int_equal(f->cx.fault.msg, bad[i].msg);
		for (size_t a = 0; a < COUNT(f->cx.fault.args); a++)
			assert_false(f->cx.fault.args[a].n > 0 &&
			    memmem(f->cx.fault.args[a].p, f->cx.fault.args[a].n,
				"secret", 6) != NULL);
	}
}

/* What it tells of itself is what counts for our connections. */
static void
a_server_tells_by_what_it_keeps_a_commit(void **state)
{
	static const char *const names[] = { "fsync", "full_page_writes",
		"synchronous_commit", "synchronous_standby_names",
		"wal_level" };
	struct fixture *f = *state;
	struct db_setting *told;
	size_t n;

	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		assert_int_equal(
		    store_settings(&f->cx, f->store, k, &told, &n), OK);
		assert_int_equal(n, COUNT(names));
		for (size_t i = 0; i < n; i++)
			assert_string_equal(told[i].name, names[i]);
		assert_true(str_eq(told[0].value, STR("on")));
		assert_true(str_eq(told[4].value, STR("replica")));
	}
}

int
run_server_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_reader_sees_its_actors_tenant),
		CASE(a_transaction_sees_the_tenants_it_named),
		CASE(a_late_error_is_told_once_and_undone),
		CASE(a_connection_that_ends_costs_its_transaction_only),
		CASE(a_session_that_forgets_is_told_no_more),
		CASE(copies_are_left_to_the_server),
		CASE(a_url_that_cannot_be_used_is_refused),
		CASE(a_server_tells_by_what_it_keeps_a_commit),
	};

	return cmocka_run_group_tests_name("store server", tests, NULL, NULL);
}

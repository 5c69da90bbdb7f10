/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_shared.c - what only a database has that several servers share: what
 * one changes is told to the others, and leases.
 */
#include <string.h>

#include "store/store_int.h"

#include "store_contract.h"

static const struct tenant_row acme = { .tenant = 1, .state = 1 };
static const struct token_row token = { .tenant = 1, .id = 77 };

static struct mark
mark(struct fixture *f)
{
	const int64_t tenant = 1;
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows rows;

	assert_int_equal(mark_list(tx, &tenant, 1, &rows), OK);
	assert_int_equal(rows.n, 1);
	tx_end(tx);
	return *(struct mark *)rows.row;
}

static struct tx *
writing(struct fixture *f)
{
	static const int64_t tenant = 1;
	struct tx *tx = tx_begin(f->data, &f->cx);

	tx_tenants(tx, &tenant, 1, false);
	return tx;
}

static void
what_servers_keep_is_told_with_its_change(void **state)
{
	struct fixture *f = *state;
	struct notice_row key = { .tenant = 1 };
	const struct notice_row *notice;
	struct rows rows;
	struct tx *tx;

	save_one(f, &TENANT, &acme);
	assert_int_equal(mark(f).change_seq, 0);
	tx = writing(f);
	assert_int_equal(store_save(tx, &TOKEN, &token, 1, NULL), OK);
	assert_int_equal(store_save(tx, &TOKEN, &token, 1, NULL), OK);
	assert_true(tx_has_told(tx, 1));
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(mark(f).change_seq, 1);
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(store_load(tx, &NOTICE, &key, 1, 1, 0, &rows), OK);
	tx_end(tx);
	assert_int_equal(rows.n, 1);
	notice = rows.row;
	assert_int_equal(notice->seq, 1);
	assert_int_equal(notice->kind, NOTICE_TOKEN);
	assert_int_equal(notice->subject, 77);
}

static void
what_nobody_keeps_and_what_comes_to_nothing_is_not(void **state)
{
	struct fixture *f = *state;
	const struct due_row due = { .tenant = 1, .due_ms = 5, .id = 5 };
	struct tx *tx;

	save_one(f, &TENANT, &acme);
	tx = writing(f);
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	tx_quiet(tx, true);
	assert_int_equal(store_save(tx, &TOKEN, &token, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	tx = writing(f);
	assert_int_equal(store_drop(tx, &TOKEN, &token, 1, 2, NULL), OK);
	tx_rollback(tx);
	assert_int_equal(mark(f).change_seq, 0);
}

static void
persons_are_counted_as_they_are_stored(void **state)
{
	struct fixture *f = *state;
	struct person p[] = { a_person(1, 10), a_person(1, 11),
		a_person(1, 11) };
	bool stale[COUNT(p)];
	struct tx *tx;

	save_one(f, &TENANT, &acme);
	tx = writing(f);
	assert_int_equal(store_save(tx, &PERSON, p, COUNT(p), stale), OK);
	assert_true(stale[2]);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(mark(f).persons, 2);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(mark_count(tx), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(mark(f).persons, 2);
	assert_int_equal(mark(f).change_seq, 1);
}

static void
the_end_of_a_log_is_known_unless_something_was_undone(void **state)
{
	struct fixture *f = *state;
	struct tenant_row longer = acme;
	const struct log_row entry = { .tenant = 1, .seq = 0,
		.entry = STR("entry") };
	const struct log_end *end;
	struct tx *tx;

	longer.log_size = 1;
	longer.frontier = STR("frontier");
	save_one(f, &TENANT, &acme);
	tx = writing(f);
	assert_int_equal(store_save(tx, &LOG, &entry, 1, NULL), OK);
	assert_int_equal(store_save(tx, &TENANT, &longer, 1, NULL), OK);
	assert_int_equal(tx_log_ends(tx, &end), 1);
	assert_int_equal(end->size, 1);
	assert_true(str_eq(end->entry, STR("entry")));
	assert_true(str_eq(end->frontier, STR("frontier")));
	assert_int_equal(tx_savepoint(tx), OK);
	tx_undo(tx);
	assert_int_equal(tx_log_ends(tx, &end), 0);
	tx_rollback(tx);
}

/* Prolonging waits for nobody who writes under the lease; taking it does. */
static void
a_lease_that_is_written_under_has_one_holder(void **state)
{
	struct fixture *f = *state;
	struct lease_row lease = { .name = LEASE_CLOCK, .holder = 1,
		.fence = 4, .until_ms = 1 };
	struct ctx cx = { .arena = f->arena };
	struct db *side = db_open_side(f->store);
	struct tx *tx, *other;
	int64_t fence, ms;

	assert_true(store_is_shared(f->store));
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(lease_turn(tx), OK);
	assert_int_equal(lease_now(tx, &ms), OK);
	assert_true(ms > INT64_C(1700000000000));
	assert_int_equal(lease_hold(tx, LEASE_CLOCK, &fence), OK);
	assert_int_equal(fence, 0);
	assert_int_equal(store_save(tx, &LEASE, &lease, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(lease_hold(tx, LEASE_CLOCK, &fence), OK);
	assert_int_equal(fence, 4);
	other = tx_begin_all(side, &cx);
	lease.until_ms = 2;
	assert_int_equal(store_save(other, &LEASE, &lease, 1, NULL), OK);
	assert_int_equal(tx_commit(other), OK);
	assert_int_equal(tx_commit(tx), OK);
	other = tx_begin_all(side, &cx);
	assert_int_equal(lease_lock(other, LEASE_CLOCK), OK);
	tx_rollback(other);
	db_close(side);
}

/* Nobody who stands still keeps the others from their leases. */
static void
whoever_has_the_turn_and_stands_still_loses_it(void **state)
{
	struct fixture *f = *state;
	struct query q = { &NUMBER,
		"SELECT setting::bigint FROM pg_settings"
		" WHERE name = 'idle_in_transaction_session_timeout'",
		NULL, 0 };
	struct ctx cx = { .arena = f->arena };
	struct db *side = db_open_side(f->store);
	struct rows rows;
	struct tx *tx, *other;

	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(lease_turn(tx), OK);
	assert_int_equal(store_query(tx, &q, &rows), OK);
	assert_int_equal(((struct number *)rows.row)->n, 3000);
	other = tx_begin_all(side, &cx);
	assert_int_equal(lease_turn(other), OK);
	assert_int_equal(tx_commit(other), OK);
	assert_int_equal(tx_commit(tx), ERR_AWAY);
	db_close(side);
}

/* So a server that is at work is not taken for one that is silent. */
static void
no_statement_takes_as_long_as_a_silent_server_may(void **state)
{
	struct fixture *f = *state;
	struct query q = { &NUMBER,
		"SELECT setting::bigint FROM pg_settings"
		" WHERE name = 'statement_timeout'",
		NULL, 0 };
	struct db *db[] = { f->data, f->reader };
	struct rows rows;
	struct tx *tx;

	for (size_t i = 0; i < COUNT(db); i++) {
		tx = tx_begin_all(db[i], &f->cx);
		assert_int_equal(store_query(tx, &q, &rows), OK);
		assert_int_equal(((struct number *)rows.row)->n, 25000);
		if (db[i] == f->data)
			tx_rollback(tx);
		else
			tx_end(tx);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
run_shared_tests(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(what_servers_keep_is_told_with_its_change),
		CASE(what_nobody_keeps_and_what_comes_to_nothing_is_not),
		CASE(persons_are_counted_as_they_are_stored),
		CASE(the_end_of_a_log_is_known_unless_something_was_undone),
		CASE(a_lease_that_is_written_under_has_one_holder),
		CASE(whoever_has_the_turn_and_stands_still_loses_it),
		CASE(no_statement_takes_as_long_as_a_silent_server_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

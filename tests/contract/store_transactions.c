/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_transactions.c - what is kept, what is undone, what is refused, and
 * what is there after the process was killed.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/queue.h"

#include "store_contract.h"

static const struct due_row due = { .tenant = 3, .due_ms = 5, .id = 8 };

static bool
has_due(struct fixture *f, const struct due_row *row)
{
	return count_rows(f, &DUE, row, 3) == 1;
}

static void
what_was_committed_is_there_after_opening_again(void **state)
{
	struct fixture *f = *state;
	struct key_row key = { .tenant = 3, .person = 4, .version = 1,
		.wrapped = STR("wrapped") };
	struct tx *tx;
	struct rows got;

	save_one(f, &DUE, &due);
	save_one(f, &PERSON_KEY, &key);
	close_fixture(f);
	open_fixture(f);
	assert_true(has_due(f, &due));
	tx = tx_begin_all(f->keys, &f->cx);
	assert_int_equal(store_load(tx, &PERSON_KEY, &key, 1, 3, 0, &got), OK);
	assert_int_equal(got.n, 1);
	assert_true(str_eq(((struct key_row *)got.row)->wrapped, key.wrapped));
	tx_rollback(tx);
}

static void
a_rollback_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct tx *tx = tx_begin_all(f->data, &f->cx);

	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	tx_rollback(tx);
	assert_false(has_due(f, &due));
}

static void
a_savepoint_undoes_only_what_came_after_it(void **state)
{
	struct fixture *f = *state;
	struct due_row row[4] = { due, due, due, due };
	struct tx *tx = tx_begin_all(f->data, &f->cx);

	for (int i = 0; i < 4; i++)
		row[i].id = i;
	assert_int_equal(store_save(tx, &DUE, &row[0], 1, NULL), OK);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_int_equal(store_save(tx, &DUE, &row[1], 1, NULL), OK);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_int_equal(store_save(tx, &DUE, &row[2], 1, NULL), OK);
	assert_int_equal(tx_keep(tx), OK);
	tx_undo(tx);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_int_equal(store_save(tx, &DUE, &row[3], 1, NULL), OK);
	assert_int_equal(tx_keep(tx), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_true(has_due(f, &row[0]));
	assert_false(has_due(f, &row[1]));
	assert_false(has_due(f, &row[2]));
	assert_true(has_due(f, &row[3]));
}

static void
a_reader_sees_the_moment_it_began(void **state)
{
	struct fixture *f = *state;
	struct ctx other = { .arena = f->arena };
	struct tx *reader = tx_begin_all(f->reader, &other);
	int64_t n;

	save_one(f, &DUE, &due);
	assert_int_equal(store_count(reader, &DUE, &due, 3, &n), OK);
	assert_int_equal(n, 0);
	tx_end(reader);
	reader = tx_begin_all(f->reader, &other);
	assert_int_equal(store_count(reader, &DUE, &due, 3, &n), OK);
	assert_int_equal(n, 1);
	tx_end(reader);
}

static void
a_reader_does_not_see_what_is_not_committed(void **state)
{
	struct fixture *f = *state;
	struct ctx other = { .arena = f->arena };
	struct tx *tx = tx_begin_all(f->data, &f->cx), *reader;
	int64_t n;

	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	reader = tx_begin_all(f->reader, &other);
	assert_int_equal(store_count(reader, &DUE, &due, 3, &n), OK);
	assert_int_equal(n, 0);
	tx_end(reader);
	tx_rollback(tx);
}

static void
rows_go_to_the_arena_of_the_ctx_switched_to(void **state)
{
	struct fixture *f = *state;
	struct ctx other = { .arena = arena_open(1 << 20) };
	struct tx *tx;
	struct rows got;

	save_one(f, &DUE, &due);
	tx = tx_begin_all(f->reader, &f->cx);
	tx_switch(tx, &other);
	assert_ptr_equal(tx_ctx(tx), &other);
	assert_int_equal(store_load(tx, &DUE, &due, 1, 3, 0, &got), OK);
	assert_int_equal(got.n, 1);
	assert_true(arena_used(other.arena) >= sizeof(due));
	tx_end(tx);
	arena_close(other.arena);
}

/* --- constraints ------------------------------------------------------------ */

struct refusal {
	const char	   *what;
	const struct table *table;
	enum msg	    msg;
	union {
		struct pool	  pool;
		struct wait_count count;
		struct present_row present;
		struct resource_count_row resources;
		struct removal_hour removals;
		struct seat	  seat;
		struct contract	  contract;
		struct block	  block;
		struct grant	  grant;
		struct wait	  wait;
		struct index_row  index;
		struct group_row  group;
		struct group_name_row name;
		struct member_row member;
		struct member_of_row member_of;
	} row;
};

/* There are person, pool and group 1 of tenant 1, and all 2 of tenant 2. */
static const struct refusal refusals[] = {
	{ "more held and assigned than the quota", &POOL, MSG_STORE_CHECK,
	    { .pool = { 1, 5, 1, .quota = 9, .held = 4, .assigned = 6 } } },
	{ "fewer held than none", &POOL, MSG_STORE_CHECK,
	    { .pool = { 1, 5, 1, .quota = 9, .held = -1, .assigned = 6 } } },
	{ "fewer assigned than none", &POOL, MSG_STORE_CHECK,
	    { .pool = { 1, 5, 1, .quota = 9, .held = 4, .assigned = -1 } } },
	{ "an old pool overfilled", &POOL, MSG_STORE_CHECK,
	    { .pool = { 1, 1, 1, .quota = 1, .held = 1, .assigned = 1 } } },
	{ "fewer waiting than none", &WAIT_COUNT, MSG_STORE_CHECK,
	    { .count = { 1, 1, 0, 1, -1 } } },
	{ "fewer present than none", &PRESENT, MSG_STORE_CHECK,
	    { .present = { 1, 1, -1 } } },
	{ "fewer resources than none", &RESOURCE_COUNT, MSG_STORE_CHECK,
	    { .resources = { 1, 1, 1, -1 } } },
	{ "fewer removed than none", &REMOVAL_HOUR, MSG_STORE_CHECK,
	    { .removals = { 1, 1, 1, -1, 0 } } },
	{ "a seat of nobody", &SEAT, MSG_STORE_REFERENCE,
	    { .seat = { 1, 1, .person = 2, .pool = 1 } } },
	{ "a seat of no pool", &SEAT, MSG_STORE_REFERENCE,
	    { .seat = { 1, 1, .person = 1, .pool = 2 } } },
	{ "a contract of nobody", &CONTRACT, MSG_STORE_REFERENCE,
	    { .contract = { 1, .person = 2 } } },
	{ "a block of nobody", &BLOCK, MSG_STORE_REFERENCE,
	    { .block = { 1, .person = 2 } } },
	{ "a grant of nobody", &GRANT, MSG_STORE_REFERENCE,
	    { .grant = { 1, .person = 2 } } },
	{ "nobody waiting", &WAIT, MSG_STORE_REFERENCE,
	    { .wait = { 1, 1, .person = 2 } } },
	{ "a group of fewer than none", &GROUP, MSG_STORE_CHECK,
	    { .group = { 1, 5, .members = -1 } } },
	{ "a name of no group", &GROUP_NAME, MSG_STORE_REFERENCE,
	    { .name = { 1, { "staff", 5 }, 2 } } },
	{ "a name that is a group's", &GROUP_NAME, MSG_STORE_EXISTS,
	    { .name = { 1, { "all", 3 }, 1 } } },
	{ "a member of no group", &MEMBER, MSG_STORE_REFERENCE,
	    { .member = { 1, .in_group = 2, .person = 1 } } },
	{ "a member who is nobody", &MEMBER, MSG_STORE_REFERENCE,
	    { .member = { 1, .in_group = 1, .person = 2 } } },
	{ "in a group without being its member", &MEMBER_OF,
	    MSG_STORE_REFERENCE,
	    { .member_of = { 1, .in_group = 1, .person = 1 } } },
	{ "a key that is somebody's", &IX_UNIQUE, MSG_STORE_EXISTS,
	    { .index = { 1, 1, 1, { "key", 3 }, 2 } } },
};

static void
a_broken_rule_is_refused_and_can_be_undone(void **state)
{
	struct fixture *f = *state;
	struct person person[] = { a_person(1, 1), a_person(2, 2) };
	struct pool pool[] = { { 1, 1, 1, .quota = 1 },
		{ 2, 2, 1, .quota = 1 } };
	struct index_row index = { 1, 1, 1, { "key", 3 }, 1 };
	struct group_row group[] = { { 1, 1, .members = 0 },
		{ 2, 2, .members = 0 } };
	struct group_name_row name = { 1, STR("all"), 1 };
	bool stale[2];
	struct tx *tx;

	save_all(f, &PERSON, person, 2);
	save_all(f, &POOL, pool, 2);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &GROUP, group, 2, stale), OK);
	assert_false(stale[0] || stale[1]);
	assert_int_equal(tx_commit(tx), OK);
	save_one(f, &GROUP_NAME, &name);
	save_one(f, &IX_UNIQUE, &index);
	tx = tx_begin_all(f->data, &f->cx);
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];

		f->cx.fault = (struct fault) { 0 };
		assert_int_equal(tx_savepoint(tx), OK);
		print_message("%s\n", r->what);
		assert_refused(tx,
		    store_save(tx, r->table, &r->row, 1,
			r->table->when_exists == EXISTS_VERSIONED ? stale
								  : NULL));
		assert_int_equal(f->cx.fault.msg, r->msg);
		assert_true(
		    str_eq(f->cx.fault.args[0], str_of(r->table->name)));
	}
	assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_true(has_due(f, &due));
}

static void
what_others_refer_to_cannot_be_dropped(void **state)
{
	struct fixture *f = *state;
	struct person person = a_person(1, 1);
	struct pool pool = { 1, 1, 1, .quota = 1 };
	struct seat seat = { 1, 1, 1, .pool = 1 };
	struct tx *tx;

	save_one(f, &PERSON, &person);
	save_one(f, &POOL, &pool);
	save_one(f, &SEAT, &seat);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_refused(tx, store_drop(tx, &POOL, &pool, 1, 2, NULL));
	assert_int_equal(f->cx.fault.msg, MSG_STORE_REFERENCE);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_refused(tx, store_drop(tx, &PERSON, &person, 1, 2, NULL));
	assert_int_equal(store_drop(tx, &SEAT, &seat, 1, 3, NULL), OK);
	assert_int_equal(store_drop(tx, &POOL, &pool, 1, 2, NULL), OK);
	assert_int_equal(store_drop(tx, &PERSON, &person, 1, 2, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
}

static void
a_group_knows_its_people_and_a_person_their_groups(void **state)
{
	struct fixture *f = *state;
	struct person person[] = { a_person(1, 1), a_person(1, 2) };
	struct group_row group[] = { { 1, 7, .members = 2 },
		{ 1, 8, .members = 1 } };
	struct member_row member[] = { { 1, 7, 1, 5, 0 }, { 1, 7, 2, 5, 0 },
		{ 1, 8, 2, 5, 0 } };
	struct member_row again = { 1, 7, 2, 6, 0 }, key = { 1, 7, 1, 0, 0 };
	struct member_row gone[] = { key, { 1, 8, 1, 0, 0 } };
	struct member_of_row of = { 1, 2, 0 };
	bool stale[2], was_in[3];
	struct rows got;
	struct tx *tx;
	int64_t n;

	save_all(f, &PERSON, person, 2);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &GROUP, group, 2, stale), OK);
	assert_int_equal(members_add(tx, member, 3, was_in), OK);
	assert_false(was_in[0] || was_in[1] || was_in[2]);
	assert_int_equal(members_add(tx, &again, 1, stale), OK);
	assert_true(stale[0]);
	assert_int_equal(store_load(tx, &MEMBER_OF, &of, 1, 2, 0, &got), OK);
	assert_int_equal(got.n, 2);
	assert_int_equal(((struct member_of_row *)got.row)[1].in_group, 8);
	assert_int_equal(store_page(tx, &MEMBER, &key, 2, false, 9, &got), OK);
	assert_int_equal(got.n, 1);
	assert_int_equal(((struct member_row *)got.row)->since_ms, 5);
	group[0].version = 9;
	assert_int_equal(store_save(tx, &GROUP, group, 1, stale), OK);
	assert_true(stale[0]);
	assert_int_equal(tx_savepoint(tx), OK);
	assert_refused(tx, store_drop(tx, &MEMBER, &key, 1, 3, NULL));
	assert_int_equal(tx_savepoint(tx), OK);
	assert_refused(tx, store_drop(tx, &GROUP, &group[1], 1, 2, NULL));
	assert_int_equal(members_drop(tx, gone, 2, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(count_rows(f, &MEMBER_OF, &of, 1), 2);
	assert_int_equal(count_rows(f, &MEMBER, &key, 1), 2);
}

/* --- whole databases -------------------------------------------------------- */

static void
a_store_is_opened_by_one_server_only(void **state)
{
	struct fixture *f = *state;
	struct store *second = NULL;

	assert_int_equal(store_open(&f->cx, f->url, &second), ERR_CONFLICT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_IN_USE);
	assert_null(second);
	close_fixture(f);
	assert_int_equal(store_open(&f->cx, f->url, &second), OK);
	store_close(second);
}

static void
a_url_of_no_engine_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;

	assert_int_equal(
	    store_open(&f->cx, "other://host/usher", &s), ERR_BAD_INPUT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_URL);
	assert_int_equal(store_open(&f->cx, "", &s), ERR_BAD_INPUT);
	assert_null(s);
}

static void
the_log_is_copied_back_when_nothing_else_is_to_do(void **state)
{
	struct fixture *f = *state;
	struct due_row row = due;
	struct tx *reader;
	struct ctx other = { .arena = f->arena };

	assert_true(db_checkpoint(f->data, true));
	reader = tx_begin_all(f->reader, &other);
	for (row.id = 0; row.id < 20; row.id++)
		save_one(f, &DUE, &row);
	/* Not while a reader needs the past; nor under load before the cap. */
	assert_false(db_checkpoint(f->data, true));
	assert_false(db_checkpoint(f->data, false));
	tx_end(reader);
	save_one(f, &DUE, &row);
	assert_true(db_checkpoint(f->data, true));
	assert_int_equal(count_rows(f, &DUE, &row, 1), 21);
	save_one(f, &DUE, &due);
	assert_int_equal(count_rows(f, &DUE, &row, 1), 21);
}

static void
a_whole_store_passes_its_own_check(void **state)
{
	struct fixture *f = *state;

	save_one(f, &DUE, &due);
	assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
	assert_int_equal(store_check(&f->cx, f->store, DB_KEYS), OK);
}

/* The copy runs while the writer is in the middle of a transaction. */
static void
a_copy_is_one_moment_of_a_store_in_use(void **state)
{
	static const char *const file[] = { [DB_DATA] = "usher.db",
		[DB_KEYS] = "keys.db" };
	struct fixture *f = *state, copy = { .arena = f->arena,
		.cx = { .arena = f->arena } };
	struct due_row late = due;
	char path[2][300];
	struct tx *tx;

	late.id++;
	save_one(f, &DUE, &due);
	fresh_url(copy.url, sizeof(copy.url));
	assert_int_equal(mkdir(copy.url, 0700), 0);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &DUE, &late, 1, NULL), OK);
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		must(snprintf(path[k], sizeof(path[k]), "%s/%s", copy.url,
			 file[k]) > 0);
		assert_int_equal(
		    store_copy(&copy.cx, f->store, k, path[k]), OK);
	}
	assert_int_equal(tx_commit(tx), OK);
	assert_int_equal(store_copy(&copy.cx, f->store, DB_DATA, path[DB_DATA]),
	    ERR_CONFLICT);
	assert_int_equal(copy.cx.fault.msg, MSG_STORE_COPY);

	open_fixture(&copy);
	assert_int_equal(store_check(&copy.cx, copy.store, DB_DATA), OK);
	assert_true(has_due(&copy, &due));
	assert_false(has_due(&copy, &late));
	close_fixture(&copy);
	remove_url(copy.url);
	assert_true(has_due(f, &late));
}

struct copying {
	struct fixture *f;
	char		path[300];
	enum err	err;
};

static void
run_copy(void *arg)
{
	struct copying *c = arg;
	struct ctx cx = { .arena = arena_open(1 << 20) };

	c->err = store_copy(&cx, c->f->store, DB_DATA, c->path);
	arena_close(cx.arena);
}

static void
the_writer_goes_on_while_a_copy_is_made(void **state)
{
	struct fixture *f = *state, copy = { .arena = f->arena,
		.cx = { .arena = f->arena } };
	struct copying c = { .f = f };
	struct due_row row[2] = { due, due };
	struct thread *thread;
	int64_t n;

	fresh_url(copy.url, sizeof(copy.url));
	assert_int_equal(mkdir(copy.url, 0700), 0);
	must(snprintf(c.path, sizeof(c.path), "%s/usher.db", copy.url) > 0);
	thread = thread_start("copy", run_copy, &c);
	for (int i = 0; i < 100; i++) {
		row[0].id = 2 * i;
		row[1].id = 2 * i + 1;
		save_all(f, &DUE, row, 2);
	}
	thread_join(thread);
	assert_int_equal(c.err, OK);
	open_fixture(&copy);
	n = count_rows(&copy, &DUE, &due, 1);
	assert_int_equal(n % 2, 0);
	assert_true(n <= 200);
	close_fixture(&copy);
	remove_url(copy.url);
}

/* --- killed ----------------------------------------------------------------- */

enum moment {
	KILL_BEGUN,
	KILL_SAVED,
	KILL_UNDONE,
	KILL_DROPPED,
	KILL_COMMITTED,
	KILL_NEXT_BEGUN,
	MOMENTS
};

static void
die_at(enum moment now, enum moment when)
{
	if (now == when)
		kill(getpid(), SIGKILL);
}

/* Replaces row 1 by row 2, and dies on the way. */
static void
replace_and_die(const char *url, enum moment when)
{
	struct fixture f = { .arena = arena_open(1 << 24) };
	struct due_row one = due, two = due, three = due;
	struct tx *tx;

	two.id++;
	three.id += 2;
	f.cx.arena = f.arena;
	must(snprintf(f.url, sizeof(f.url), "%s", url) > 0);
	open_fixture(&f);
	tx = tx_begin_all(f.data, &f.cx);
	die_at(KILL_BEGUN, when);
	must(store_save(tx, &DUE, &two, 1, NULL) == OK);
	die_at(KILL_SAVED, when);
	must(tx_savepoint(tx) == OK);
	must(store_save(tx, &DUE, &three, 1, NULL) == OK);
	tx_undo(tx);
	die_at(KILL_UNDONE, when);
	must(store_drop(tx, &DUE, &one, 1, 3, NULL) == OK);
	die_at(KILL_DROPPED, when);
	must(tx_commit(tx) == OK);
	die_at(KILL_COMMITTED, when);
	tx = tx_begin_all(f.data, &f.cx);
	must(store_save(tx, &DUE, &three, 1, NULL) == OK);
	die_at(KILL_NEXT_BEGUN, when);
	_exit(0);
}

static void
a_killed_process_leaves_all_of_a_transaction_or_nothing(void **state)
{
	struct fixture *f = *state;
	struct due_row two = due, three = due;

	two.id++;
	three.id += 2;
	for (enum moment when = KILL_BEGUN; when < MOMENTS; when++) {
		bool is_done = when >= KILL_COMMITTED;
		struct tx *tx = tx_begin_all(f->data, &f->cx);
		int status;
		pid_t child;

		assert_int_equal(store_drop(tx, &DUE, &due, 1, 1, NULL), OK);
		assert_int_equal(store_save(tx, &DUE, &due, 1, NULL), OK);
		assert_int_equal(tx_commit(tx), OK);
		close_fixture(f);
		child = fork();
		assert_true(child >= 0);
		if (child == 0)
			replace_and_die(f->url, when);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
		open_fixture(f);
		assert_int_equal(has_due(f, &due), !is_done);
		assert_int_equal(has_due(f, &two), is_done);
		assert_false(has_due(f, &three));
		assert_int_equal(store_check(&f->cx, f->store, DB_DATA), OK);
	}
}

int
run_transaction_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_committed_is_there_after_opening_again),
		CASE(a_rollback_leaves_nothing),
		CASE(a_savepoint_undoes_only_what_came_after_it),
		CASE(a_reader_sees_the_moment_it_began),
		CASE(a_reader_does_not_see_what_is_not_committed),
		CASE(rows_go_to_the_arena_of_the_ctx_switched_to),
		CASE(a_broken_rule_is_refused_and_can_be_undone),
		CASE(what_others_refer_to_cannot_be_dropped),
		CASE(a_group_knows_its_people_and_a_person_their_groups),
		CASE(a_url_of_no_engine_is_refused),
		CASE(a_whole_store_passes_its_own_check),
		CASE(a_killed_process_leaves_all_of_a_transaction_or_nothing),
	};

	return cmocka_run_group_tests_name(
	    "store transactions", tests, NULL, NULL);
}

int
run_file_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_store_is_opened_by_one_server_only),
		CASE(the_log_is_copied_back_when_nothing_else_is_to_do),
		CASE(a_copy_is_one_moment_of_a_store_in_use),
		CASE(the_writer_goes_on_while_a_copy_is_made),
	};

	return cmocka_run_group_tests_name("store files", tests, NULL, NULL);
}

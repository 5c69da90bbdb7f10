/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_test.c - a world moved from one folder into another: all of it, however
 * often it is broken off, and nothing that was changed on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

#include "act/move_int.h"

#include "plant.h"

#define PEOPLE	 40
#define BREAKS	 10
#define BROKEN	 7	/* exit of a run that was broken off */

/* The rig is stopped; its vault runs alone. */
struct scene {
	struct rig	r;
	char		to_dir[80];
	int		fd[RIG_CHANNELS];
	struct move_conf conf;
	struct move_out	out;
};

static void
open_stores(struct scene *s)
{
	assert_int_equal(store_open(&s->r.cx, s->r.dir, &s->conf.from), OK);
	assert_int_equal(store_open(&s->r.cx, s->to_dir, &s->conf.to), OK);
}

static void
close_stores(struct scene *s)
{
	store_close(s->conf.to);
	store_close(s->conf.from);
}

static void
stop(struct scene *s)
{
	rig_stop(&s->r);
	rig_vault(&s->r, s->fd);
	open_stores(s);
}

static void
start(struct scene *s)
{
	close_stores(s);
	for (size_t i = 0; i < RIG_CHANNELS; i++)
		close(s->fd[i]);
	rig_vault_ends(&s->r);
	assert_int_equal(rig_start(&s->r, false), OK);
}

static int
setup(void **state)
{
	struct scene *s = heap_alloc(1, sizeof(*s));
	char name[16];

	rig_open(&s->r);
	snprintf(s->to_dir, sizeof(s->to_dir), "%s/to", s->r.dir);
	for (int i = 0; i < PEOPLE; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		rig_onboarded(
		    &s->r, rig_onboard(&s->r, name, "ber", "mail,cad"));
	}
	s->conf = (struct move_conf) { .data_dir = s->r.dir,
		.vault_fd = s->fd,
		.nvault = WORLD_CHANNELS };
	stop(s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	start(s);
	rig_close(&s->r);
	heap_free(s);
	return 0;
}

static enum err
run(struct scene *s)
{
	s->r.cx.fault = (struct fault) { 0 };
	return move_run(&s->r.cx, &s->conf, &s->out);
}

static void
assert_refused(struct scene *s, enum msg msg)
{
	assert_int_equal(run(s), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, msg);
}

/* --- all of it -------------------------------------------------------------------- */

static void
everything_comes_and_is_verified(void **state)
{
	struct scene *s = *state;

	assert_int_equal(run(s), OK);
	assert_int_equal(s->out.had, 0);
	assert_int_equal(s->out.tenants, 2);
	assert_int_equal(s->out.persons, PEOPLE);
	assert_int_equal(s->out.seats, 4);
	assert_true(s->out.entries > PEOPLE);
	assert_true(s->out.checkpoints >= 2);
	assert_true(s->out.rows > 10 * PEOPLE);
	for (size_t i = 0; i < s->out.ntable; i++)
		if (strcmp(s->out.table[i].name, "person_key") == 0)
			assert_int_equal(s->out.table[i].rows, PEOPLE);
	assert_int_equal(move_whole(&s->r.cx, s->conf.to), OK);
	assert_refused(s, MSG_MOVE_DONE_BEFORE);
}

/* A version that grows on the way would refuse the next change. */
static void
a_row_comes_as_it_was(void **state)
{
	struct scene *s = *state;
	struct person from = { .tenant = s->r.acme };
	struct rows rows[2];

	assert_int_equal(run(s), OK);
	for (int i = 0; i < 2; i++) {
		struct db *db =
		    db_open_reader(i == 0 ? s->conf.from : s->conf.to, DB_DATA);
		struct tx *tx = tx_begin_all(db, &s->r.cx);

		assert_int_equal(
		    store_page(tx, &PERSON, &from, 1, true, 1000, &rows[i]),
		    OK);
		tx_end(tx);
		db_close(db);
		assert_int_equal(rows[i].n, PEOPLE);
	}
	for (size_t i = 0; i < PEOPLE; i++)
		assert_int_equal(((struct person *)rows[0].row)[i].version,
		    ((struct person *)rows[1].row)[i].version);
}

/* What a server finds where the last run ended. */
static void
a_move_back_brings_the_same(void **state)
{
	struct scene *s = *state;
	struct store *first = s->conf.from;
	const struct move_table *there;
	char back[96];

	assert_int_equal(run(s), OK);
	there = s->out.table;
	snprintf(back, sizeof(back), "%s/back", s->r.dir);
	s->conf.from = s->conf.to;
	assert_int_equal(store_open(&s->r.cx, back, &s->conf.to), OK);
	assert_int_equal(run(s), OK);
	for (size_t i = 0; i < s->out.ntable; i++) {
		assert_int_equal(s->out.table[i].rows, there[i].rows);
		assert_memory_equal(s->out.table[i].digest.bytes,
		    there[i].digest.bytes, sizeof(there[i].digest.bytes));
	}
	store_close(s->conf.to);
	s->conf.to = s->conf.from;
	s->conf.from = first;
}

/* --- broken off ---------------------------------------------------------------------- */

struct breaking {
	int steps;	/* that are left */
};

static void
break_off(void *arg, enum move_phase phase, int64_t done, int64_t total)
{
	struct breaking *b = arg;

	(void)phase;
	(void)done;
	(void)total;
	if (b->steps-- == 0)
		_exit(BROKEN);
}

/* In a process of its own, which ends after so many steps; its exit. */
static int
run_steps(struct scene *s, int steps)
{
	struct breaking b = { steps };
	int status;
	pid_t pid;

	close_stores(s);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		open_stores(s);
		s->conf.step = break_off;
		s->conf.step_arg = &b;
		_exit(run(s) == OK ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	open_stores(s);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
what_is_broken_off_goes_on(void **state)
{
	struct scene *s = *state;
	int runs = 0, exit;

	/* The first step of each is before its first page. */
	while ((exit = run_steps(s, 2)) == BROKEN && runs < BREAKS) {
		assert_int_equal(
		    move_whole(&s->r.cx, s->conf.to), ERR_CONFLICT);
		assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_UNFINISHED);
		runs++;
	}
	assert_int_equal(exit, BROKEN);
	assert_int_equal(run(s), OK);
	assert_true(s->out.had > 0 && s->out.had < s->out.rows);
	assert_int_equal(s->out.persons, PEOPLE);
}

static void
what_is_broken_off_is_not_served(void **state)
{
	struct scene *s = *state;
	struct world_conf conf = { .vault_fd = s->fd,
		.nvault = RIG_CHANNELS,
		.data_dir = s->to_dir };
	struct world *world;

	assert_int_equal(run_steps(s, 3), BROKEN);
	conf.store = s->conf.to;
	assert_int_equal(world_open(&s->r.cx, &conf, &world), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_UNFINISHED);
	/* Nor moved on from there. */
	conf.store = s->conf.from;
	s->conf.from = s->conf.to;
	s->conf.to = conf.store;
	assert_refused(s, MSG_MOVE_UNFINISHED);
	s->conf.to = s->conf.from;
	s->conf.from = conf.store;
}

/* --- refused ------------------------------------------------------------------------- */

static void
a_source_that_was_served_meanwhile_is_another(void **state)
{
	struct scene *s = *state;

	assert_int_equal(run_steps(s, 3), BROKEN);
	start(s);
	rig_onboarded(&s->r, rig_onboard(&s->r, "late", "muc", "mail"));
	stop(s);
	assert_refused(s, MSG_MOVE_OTHER);
}

static void
save(struct scene *s, struct store *store, const struct table *t,
    const void *row, bool is_drop)
{
	struct db *db = db_open_writer(store, t->db, 0);
	struct tx *tx = tx_begin_all(db, &s->r.cx);

	assert_int_equal(is_drop ? store_drop(tx, t, row, 1, t->nkey, NULL)
				 : store_save(tx, t, row, 1, NULL),
	    OK);
	assert_int_equal(tx_commit(tx), OK);
	db_close(db);
}

static void
a_store_with_anything_in_it_is_refused(void **state)
{
	struct scene *s = *state;
	struct deployment_row setting = { 0, STR("x"), 1 };
	struct key_row key = { .tenant = 9, .person = 9, .version = 1 };

	save(s, s->conf.to, &PERSON_KEY, &key, false);
	assert_refused(s, MSG_MOVE_FULL);
	assert_true(str_eq(s->r.cx.fault.args[0], STR("person_key")));
	save(s, s->conf.to, &PERSON_KEY, &key, true);
	save(s, s->conf.to, &DEPLOYMENT, &setting, false);
	assert_refused(s, MSG_MOVE_FULL);
	save(s, s->conf.to, &DEPLOYMENT, &setting, true);
	assert_int_equal(run(s), OK);
}

static void
nothing_is_no_source(void **state)
{
	struct scene *s = *state;
	struct store *from = s->conf.from;

	s->conf.from = s->conf.to;
	s->conf.to = from;
	assert_refused(s, MSG_MOVE_NOTHING);
	s->conf.to = s->conf.from;
	s->conf.from = from;
}

/* --- changed on the way ------------------------------------------------------------------ */

static void
copy_only(struct scene *s, struct move *m)
{
	*m = (struct move) { .conf = &s->conf, .cx = &s->r.cx, .out = &s->out };
	assert_int_equal(move_begin(m), OK);
	assert_int_equal(move_copy(m), OK);
	move_end(m);
}

static struct pool
a_pool(struct scene *s)
{
	struct pool from = { .tenant = s->r.acme };
	struct db *db = db_open_reader(s->conf.from, DB_DATA);
	struct tx *tx = tx_begin_all(db, &s->r.cx);
	struct rows rows;

	assert_int_equal(store_page(tx, &POOL, &from, 1, true, 1, &rows), OK);
	assert_int_equal(rows.n, 1);
	from = *(struct pool *)rows.row;
	tx_end(tx);
	db_close(db);
	return from;
}

static void
only_the_end_lets_it_be_served(void **state)
{
	struct scene *s = *state;
	struct move m = { .conf = &s->conf, .cx = &s->r.cx, .out = &s->out };

	assert_int_equal(move_begin(&m), OK);
	assert_int_equal(move_copy(&m), OK);
	assert_int_equal(move_whole(&s->r.cx, s->conf.to), ERR_CONFLICT);
	assert_int_equal(move_finish(&m), OK);
	assert_int_equal(move_whole(&s->r.cx, s->conf.to), OK);
	move_end(&m);
}

static void
a_changed_row_is_found(void **state)
{
	struct scene *s = *state;
	struct pool pool;
	struct move m;

	copy_only(s, &m);
	assert_int_equal(move_compare(&m), OK);
	pool = a_pool(s);
	pool.quota++;
	save(s, s->conf.to, &POOL, &pool, false);
	assert_int_equal(move_compare(&m), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_DIFFERS);
	assert_true(str_eq(s->r.cx.fault.args[0], STR("pool")));
	/* Also by a run that goes on. */
	assert_refused(s, MSG_MOVE_DIFFERS);
	pool.quota--;
	save(s, s->conf.to, &POOL, &pool, false);
	assert_int_equal(run(s), OK);
}

static void
a_missing_row_is_found(void **state)
{
	struct scene *s = *state;
	const struct deployment_row setting = { 0, STR("of-later"), 1 };
	struct move m;

	save(s, s->conf.from, &DEPLOYMENT, &setting, false);
	copy_only(s, &m);
	save(s, s->conf.to, &DEPLOYMENT, &setting, true);
	assert_int_equal(move_compare(&m), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_COUNT);
	assert_true(str_eq(s->r.cx.fault.args[0], STR("deployment_setting")));
	assert_true(str_eq(s->r.cx.fault.args[1], STR("0")));
	assert_true(str_eq(s->r.cx.fault.args[2], STR("1")));
}

static void
seats_that_do_not_fit_are_found(void **state)
{
	struct scene *s = *state;
	struct pool pool = a_pool(s);

	pool.quota += 7;
	save(s, s->conf.from, &POOL, &pool, false);
	assert_refused(s, MSG_MOVE_SEATS);
	assert_true(str_eq(s->r.cx.fault.args[0], STR("acme")));
	assert_true(s->r.cx.fault.args[1].n > 0);
	assert_int_equal(move_whole(&s->r.cx, s->conf.to), ERR_CONFLICT);
}

static struct checkpoint_row
a_checkpoint(struct scene *s)
{
	struct checkpoint_row row = { .tenant = s->r.acme };
	struct db *db = db_open_reader(s->conf.from, DB_DATA);
	struct tx *tx = tx_begin_all(db, &s->r.cx);
	struct rows rows;

	assert_int_equal(
	    store_page(tx, &CHECKPOINT, &row, 1, true, 1, &rows), OK);
	assert_int_equal(rows.n, 1);
	row = *(struct checkpoint_row *)rows.row;
	tx_end(tx);
	db_close(db);
	return row;
}

/* Signed, but of another size; beyond the end; and not signed. */
static void
a_checkpoint_that_is_not_of_this_log_is_found(void **state)
{
	struct scene *s = *state;
	struct checkpoint_row row = a_checkpoint(s);
	char *note = arena_copy(s->r.arena, row.note.p, row.note.n);
	struct move m;

	copy_only(s, &m);
	assert_int_equal(move_verify(&m, s->conf.to, true), OK);
	row.seq++;
	save(s, s->conf.to, &CHECKPOINT, &row, false);
	assert_int_equal(move_verify(&m, s->conf.to, true), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_ROOT);
	save(s, s->conf.to, &CHECKPOINT, &row, true);
	row.seq += 1000000;
	save(s, s->conf.to, &CHECKPOINT, &row, false);
	assert_int_equal(move_verify(&m, s->conf.to, true), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_ROOT);
	save(s, s->conf.to, &CHECKPOINT, &row, true);
	row.seq -= 1000001;
	note[row.note.n - 4] ^= 1;
	row.note.p = note;
	save(s, s->conf.to, &CHECKPOINT, &row, false);
	assert_int_equal(move_verify(&m, s->conf.to, true), ERR_CONFLICT);
	assert_int_equal(s->r.cx.fault.msg, MSG_MOVE_ROOT);
}

/* --- bytes ------------------------------------------------------------------------------- */

static void
a_row_of_any_table_is_read_back(void **state)
{
	(void)state;
	for (const struct table *const *t = store_tables(); *t != NULL; t++) {
		char row[512] = { 0 }, read[512] = { 0 }, cut[512];
		const struct str text = STR("text");
		struct buf b;

		assert_true((*t)->row_size <= sizeof(row));
		for (size_t i = 0; i < (*t)->ncolumn; i++) {
			const struct column *c = &(*t)->column[i];

			if (c->is_bytes)
				memcpy(row + c->offset, &text, sizeof(text));
			else
				row_set_int(c, row, c->size == 1 ? 1 : -1);
		}
		buf_init(&b, NULL, 4096);
		row_encode(&b, *t, row, (*t)->ncolumn);
		assert_true(row_decode(buf_view(&b), *t, read, (*t)->ncolumn));
		assert_false(row_decode(
		    (struct str) { b.p, b.n - 1 }, *t, cut, (*t)->ncolumn));
		for (size_t i = 0; i < (*t)->ncolumn; i++) {
			const struct column *c = &(*t)->column[i];

			if (!c->is_bytes)
				assert_int_equal(
				    row_int(c, row), row_int(c, read));
		}
		buf_fini(&b);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(everything_comes_and_is_verified),
		CASE(a_row_comes_as_it_was),
		CASE(a_move_back_brings_the_same),
		CASE(what_is_broken_off_goes_on),
		CASE(what_is_broken_off_is_not_served),
		CASE(a_source_that_was_served_meanwhile_is_another),
		CASE(a_store_with_anything_in_it_is_refused),
		CASE(nothing_is_no_source),
		CASE(only_the_end_lets_it_be_served),
		CASE(a_changed_row_is_found),
		CASE(a_missing_row_is_found),
		CASE(seats_that_do_not_fit_are_found),
		CASE(a_checkpoint_that_is_not_of_this_log_is_found),
		cmocka_unit_test(a_row_of_any_table_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

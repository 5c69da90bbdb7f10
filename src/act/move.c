/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.c - how a move begins, is found again, and ends.
 */
#include "act/move_int.h"

#include <string.h>

#include "base/clock.h"

/* What every start of a server and everything that it does leaves a trace in. */
static const struct table *const telling[] = { &TENANT, &LEASE };

/* Of one database and those who work on it: who serves the target begins them anew. */
static const struct table *const left[] = { &LEASE, &NOTICE, &TENANT_KEY, &MOVE,
	&MOVE_KEYS };

/* Until a server that was killed has no lease any more; none is longer. */
#define LEASE_WAIT_MS 15000
#define LEASE_LOOK_MS 200

static enum err run(struct move *);
static void list_tables(struct move *);
static bool is_left(const struct table *);
static enum err await_idle(struct move *, struct store *);
static enum err read_leases(struct ctx *, struct store *, int64_t *until_ms,
    int64_t *left_ms);
static enum err tell_source(struct move *);
static enum err find(struct move *);
static enum err read_state(struct ctx *, struct store *, enum db_kind,
    struct move_row *);
static enum err check_empty(struct move *, enum db_kind);
static enum err note(struct move *, enum db_kind, const struct move_row *);

enum err
move_run(struct ctx *cx, const struct move_conf *conf, struct move_out *out)
{
	struct move m = { .conf = conf, .cx = cx, .out = out };
	enum err err;

	*out = (struct move_out) { 0 };
	err = run(&m);
	move_end(&m);
	return err;
}

static enum err
run(struct move *m)
{
	TRY(move_begin(m));
	/* Before hours of copying: what cannot be served there cannot be here. */
	TRY(move_verify(m, m->conf->from, false));
	TRY(move_copy(m));
	TRY(move_compare(m));
	TRY(move_verify(m, m->conf->to, true));
	return move_finish(m);
}

enum err
move_whole(struct ctx *cx, struct store *store)
{
	struct move_row row;

	TRY(read_state(cx, store, DB_DATA, &row));
	if (row.state == MOVE_UNDER_WAY)
		return fail(cx, ERR_CONFLICT, MSG_MOVE_UNFINISHED, "store");
	return OK;
}

/* --- beginning -------------------------------------------------------------- */

enum err
move_begin(struct move *m)
{
	list_tables(m);
	TRY(move_whole(m->cx, m->conf->from));
	TRY(await_idle(m, m->conf->from));
	TRY(await_idle(m, m->conf->to));
	TRY(tell_source(m));
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		TRY(read_state(m->cx, m->conf->to, k, &m->state[k]));
	return find(m);
}

/* A server that works prolongs its lease; that of one that was killed ends. */
static enum err
await_idle(struct move *m, struct store *store)
{
	int64_t first_ms, until_ms, left_ms;

	if (!store_is_shared(store))
		return OK;
	TRY(read_leases(m->cx, store, &first_ms, &left_ms));
	until_ms = first_ms;
	while (
	    left_ms > 0 && left_ms <= LEASE_WAIT_MS && until_ms == first_ms) {
		clock_sleep_ms(LEASE_LOOK_MS);
		TRY(read_leases(m->cx, store, &until_ms, &left_ms));
	}
	if (left_ms > 0)
		return fail(m->cx, ERR_CONFLICT, MSG_MOVE_SERVED, "store");
	return OK;
}

/* UNTIL_MS: of the one that holds longest. */
static enum err
read_leases(
    struct ctx *cx, struct store *store, int64_t *until_ms, int64_t *left_ms)
{
	struct db *db = db_open_reader(store, DB_DATA);
	struct tx *tx = tx_begin_all(db, cx);
	const struct lease_row *row;
	struct rows rows = { 0 };
	int64_t now_ms = 0;
	enum err err = lease_now(tx, &now_ms);

	*until_ms = 0;
	if (err == OK)
		err = lease_nodes(tx, &rows);
	row = rows.row;
	for (size_t i = 0; err == OK && i < rows.n; i++)
		if (row[i].until_ms > *until_ms)
			*until_ms = row[i].until_ms;
	*left_ms = *until_ms - now_ms;
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
tell_source(struct move *m)
{
	struct move_table told[COUNT(telling)] = { 0 };
	struct move_side side = { .store = m->conf->from,
		.table = telling,
		.n = COUNT(telling),
		.out = told,
		.cx = m->cx };
	uint8_t both[sizeof(struct hash) * COUNT(telling)];

	move_digest(&side);
	TRY(side.err);
	if (told[0].rows == 0)
		return fail(m->cx, ERR_CONFLICT, MSG_MOVE_NOTHING, "store");
	for (size_t i = 0; i < COUNT(told); i++)
		memcpy(both + i * sizeof(struct hash), told[i].digest.bytes,
		    sizeof(struct hash));
	sha256((struct str) { (const char *)both, sizeof(both) }, &m->source);
	return OK;
}

/* The data's note is made first and says what is; so the keys' may be missing. */
static enum err
find(struct move *m)
{
	const struct str source = { (const char *)m->source.bytes,
		sizeof(m->source.bytes) };
	const struct move_row fresh = { .state = MOVE_UNDER_WAY,
		.source = source,
		.started_ms = clock_now_ms() };

	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		const struct move_row *row = &m->state[k];

		if (row->state != 0 && !str_eq(row->source, source))
			return fail(m->cx, ERR_CONFLICT, MSG_MOVE_OTHER, "to");
		if (row->state == 0)
			TRY(check_empty(m, k));
	}
	if (m->state[DB_DATA].state == MOVE_DONE)
		return fail(m->cx, ERR_CONFLICT, MSG_MOVE_DONE_BEFORE, "to");
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		m->writer[k] = db_open_writer(m->conf->to, k, 0);
		if (m->state[k].state == 0)
			TRY(note(m, k, &fresh));
	}
	return OK;
}

/* State 0: there is none. */
static enum err
read_state(struct ctx *cx, struct store *store, enum db_kind kind,
    struct move_row *out)
{
	struct db *db = db_open_reader(store, kind);
	struct tx *tx = tx_begin_all(db, cx);
	struct rows rows = { 0 };
	enum err err;

	*out = (struct move_row) { 0 };
	err = store_load(tx, move_table(kind), out, 1, 1, 0, &rows);
	if (err == OK && rows.n == 1)
		*out = *(struct move_row *)rows.row;
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
check_empty(struct move *m, enum db_kind kind)
{
	struct db *db = db_open_reader(m->conf->to, kind);
	struct tx *tx = tx_begin_all(db, m->cx);
	enum err err = OK;

	for (size_t i = 0; err == OK && i < m->ntable; i++) {
		const struct table *t = m->table[i];
		void *from = arena_alloc(m->cx->arena, t->row_size);
		struct rows rows;

		if (t->db != kind)
			continue;
		err = store_page(tx, t, from, 0, true, 1, &rows);
		if (err == OK && rows.n > 0)
			err = fail(
			    m->cx, ERR_CONFLICT, MSG_MOVE_FULL, "to", t->name);
	}
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
note(struct move *m, enum db_kind kind, const struct move_row *row)
{
	struct tx *tx = tx_begin_all(m->writer[kind], m->cx);
	enum err err = store_save(tx, move_table(kind), row, 1, NULL);

	if (err != OK) {
		tx_rollback(tx);
		return err;
	}
	m->state[kind] = *row;
	return tx_commit(tx);
}

/* --- the end ------------------------------------------------------------------ */

/* The data's note is the one that counts, so it comes last. */
enum err
move_finish(struct move *m)
{
	for (enum db_kind k = DB_KEYS + 1; k-- > DB_DATA;) {
		struct move_row row;

		TRY(read_state(m->cx, m->conf->to, k, &row));
		row.state = MOVE_DONE;
		row.ended_ms = clock_now_ms();
		TRY(note(m, k, &row));
	}
	return OK;
}

void
move_end(struct move *m)
{
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		db_close(m->writer[k]);
		m->writer[k] = NULL;
	}
}

static void
list_tables(struct move *m)
{
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		for (const struct table *const *t = store_tables(); *t != NULL;
		     t++) {
			if ((*t)->db != k || is_left(*t))
				continue;
			must(m->ntable < COUNT(m->table));
			m->table[m->ntable++] = *t;
		}
}

static bool
is_left(const struct table *t)
{
	for (size_t i = 0; i < COUNT(left); i++)
		if (left[i] == t)
			return true;
	return false;
}

const struct table *
move_table(enum db_kind kind)
{
	return kind == DB_DATA ? &MOVE : &MOVE_KEYS;
}

void
move_step(
    const struct move *m, enum move_phase phase, int64_t done, int64_t total)
{
	if (m->conf->step != NULL)
		m->conf->step(m->conf->step_arg, phase, done, total);
}

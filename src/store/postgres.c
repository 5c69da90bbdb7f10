/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres.c - transactions and rows of the PostgreSQL engine: a table's rows
 * go out and keys come in as arrays, one statement for all.
 *
 * SQLite does the rows of a call one after the other.  Where that makes a
 * difference, so does this: a row with a key that the call has had before takes
 * the earlier one's place or, if its version counts, begins a statement of its
 * own.
 */
#include "store/postgres_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define TENANT_ROWS \
	"SELECT tenant FROM tenant WHERE tenant = ANY ($1)" \
	" ORDER BY tenant FOR UPDATE"
/* A statement that takes so long is ended by the server itself, before it counts as silent (postgres_link.c). */
#define REACH \
	"SELECT set_config('usher.tenant', $1, true)," \
	" set_config('statement_timeout', '25s', true)"
/*
 * A server that stands still in the middle of a transaction must not keep the
 * others from its tenants.  A plan is made once, perhaps for an empty table,
 * and kept: it must walk an index all the same.
 */
#define REACH_WRITER \
	REACH ", set_config('idle_in_transaction_session_timeout'," \
	      " '10s', true), set_config('enable_seqscan', 'off', true)," \
	      " set_config('jit', 'off', true)"
#define XID	     "SELECT pg_current_xact_id()"
#define DOUBT_TRIES  4
#define DOUBT_MS     250
#define TENANT_TEXT  21

/* Rows of one call without two of one key. */
struct run {
	const char **row;
	size_t	     n;
	size_t	    *at;	/* each one's place in the call */
};

static enum err begin(struct tx *);
static enum err take_snapshot(struct tx *);
static enum err lock_tenants(struct tx *, const struct reach *);
static enum err commit(struct tx *);
static enum err unknown(struct tx *);
static enum err roll_back(struct tx *);
static enum err undo(struct tx *);
static enum err keep(struct tx *);
static enum err ready(struct tx *);
static enum err say(struct tx *, const char *text);
static enum err ask(struct tx *, const struct pg_statement *, PGresult **);
static enum err save_run(struct tx *, const struct table *, const struct run *,
    bool *);
static enum err save_all(struct tx *, const struct table *, const struct run *);
static enum err save_told(struct tx *, const struct table *,
    const struct run *, bool *, void (*)(struct buf *, const struct table *));
static struct pg_wait *wait_for(struct tx *, const struct table *,
    struct rows *, size_t);
static enum err save_versions(struct tx *, const struct table *,
    const struct run *, bool *);
static size_t next_run(struct arena *, const struct table *, const char *,
    size_t n, struct run *);
static size_t place_of(const struct table *, const struct run *, const char *,
    size_t *, size_t);
static uint64_t key_hash(const struct table *, const char *);
static bool same_key(const struct table *, const char *, const char *);
static const char *text_for(struct pg_db *, const struct table *,
    void (*)(struct buf *, const struct table *));
static struct pg_params *key_params(struct pg_db *, const struct key_set *,
    size_t);

/* --- transactions ----------------------------------------------------------- */

enum err
pg_step(struct tx *tx, enum tx_step step)
{
	arena_reset(PG_DB(tx)->scratch);
	switch (step) {
	case TX_BEGIN:
		return begin(tx);
	case TX_COMMIT:
		return commit(tx);
	case TX_ROLLBACK:
		return roll_back(tx);
	case TX_SAVE_POINT:
		TRY(ready(tx));
		return say(tx, "SAVEPOINT step");
	case TX_UNDO:
		return undo(tx);
	case TX_KEEP:
		return keep(tx);
	}
	bug("a step that is none");
}

/* A writer's BEGIN goes out with what follows it. */
static enum err
begin(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);
	bool is_there = false;

	db->has_begun = db->has_failed = db->has_snapshot = false;
	db->xid = 0;
	link_clear(db);
	/* Whatever became of it, nothing is written before that is known. */
	if (db->doubt != 0)
		(void)link_ask_doubt(db, &is_there);
	if (db->doubt != 0 && db->conn != NULL)
		return link_doubtful(tx);
	if (db->doubt != 0 || !link_ready(db))
		return link_away(tx);
	if (!db->base.is_writer)
		return say(tx,
		    "BEGIN ISOLATION LEVEL REPEATABLE READ, "
		    "READ ONLY");
	TRY(say(tx, "BEGIN ISOLATION LEVEL READ COMMITTED"));
	if (db->base.kind == DB_DATA)
		TRY(link_send(tx,
		    &(struct pg_statement) { .text = XID, .is_xid = true }));
	return OK;
}

/*
 * A reader's snapshot is of the moment when it begins, for what is read from
 * the other database must come after; so this waits.  A connection that ended
 * while it was idle shows itself here.
 */
static enum err
take_snapshot(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);

	db->has_snapshot = true;
	return link_settle(tx, NULL);
}

enum err
pg_reach(struct tx *tx, const struct reach *reach)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_params *p = params_new(db->scratch, 1);
	struct buf b;

	buf_init(&b, db->scratch, 8 + reach->n * TENANT_TEXT);
	if (reach->is_all)
		buf_z(&b, "all");
	for (size_t i = 0; !reach->is_all && i < reach->n; i++)
		buf_fmt(&b, "%s%lld", i == 0 ? "" : ",",
		    (long long)reach->tenant[i]);
	params_text(p, sql_end(&b));
	TRY(ready(tx));
	TRY(link_send(tx,
	    &(struct pg_statement) {
		.text = db->base.is_writer ? REACH_WRITER : REACH,
		.params = p }));
	if (!db->base.is_writer)
		return db->has_snapshot ? OK : take_snapshot(tx);
	if (db->base.kind == DB_DATA && reach->n > 0)
		return lock_tenants(tx, reach);
	return OK;
}

/* In the order of their numbers, so that two writers never wait for each other. */
static enum err
lock_tenants(struct tx *tx, const struct reach *reach)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_params *p = params_new(db->scratch, 1);

	params_ints(db->scratch, p, reach->tenant, reach->n);
	return link_send(tx,
	    &(struct pg_statement) {
		.text = TENANT_ROWS, .params = p, .table = &TENANT });
}

static enum err
commit(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);
	enum err err = ready(tx);

	link_forget(db);
	/* Without its number nobody could ask what became of it. */
	if (err == OK && db->base.kind == DB_DATA && db->xid == 0)
		err = link_settle(tx, NULL);
	/* A COMMIT that waits for its standby is never cancelled. */
	if (err == OK)
		err = say(tx, "SET LOCAL statement_timeout = 0");
	if (err == OK)
		err = say(tx, "COMMIT");
	if (err == OK)
		err = link_commit(tx);
	if (err == ERR_UNKNOWN)
		return unknown(tx);
	if (err != OK)
		(void)roll_back(tx);
	return err;
}

/* A commit without an answer.  Wrapped keys may be written twice. */
static enum err
unknown(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);

	if (db->was_warned && db->conn != NULL) {
		tx->is_there = true;
		return fail(tx->cx, ERR_UNKNOWN, MSG_STORE_UNKNOWN, "");
	}
	if (db->base.kind == DB_KEYS)
		return link_away(tx);
	db->doubt = db->xid;
	for (int i = 0; i < DOUBT_TRIES && db->doubt != 0; i++) {
		if (!link_ask_doubt(db, &tx->is_there))
			clock_sleep_ms(DOUBT_MS);
		else if (!tx->is_there)
			return link_away(tx);
	}
	return fail(tx->cx, ERR_UNKNOWN, MSG_STORE_UNKNOWN, "");
}

/* Nobody waits for it: the next transaction takes the answer. */
static enum err
roll_back(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);

	if (db->conn == NULL || !db->has_begun)
		return OK;
	db->has_begun = false;
	link_forget(db);
	/* What failed before would keep it from being done. */
	link_flush(db);
	if (db->conn != NULL)
		(void)say(tx, "ROLLBACK");
	link_flush(db);
	return OK;
}

static enum err
undo(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);
	const struct fault why = tx->cx->fault;

	link_forget(db);
	/* An error among what is undone is undone with it. */
	if (db->npending > 0 && link_settle(tx, NULL) != OK && tx->is_lost)
		return OK;
	tx->cx->fault = why;
	db->has_failed = false;
	(void)say(tx, "ROLLBACK TO SAVEPOINT step");
	(void)say(tx, "RELEASE SAVEPOINT step");
	return OK;
}

static enum err
keep(struct tx *tx)
{
	TRY(ready(tx));
	link_forget(PG_DB(tx));
	if (PG_DB(tx)->npending > 0)
		TRY(link_settle(tx, NULL));
	return say(tx, "RELEASE SAVEPOINT step");
}

/* After a failure the server takes nothing but an undo. */
static enum err
ready(struct tx *tx)
{
	const struct pg_db *db = PG_DB(tx);

	if (db->has_failed)
		return fail(tx->cx, ERR_CONFLICT, db->why, "", db->what);
	return OK;
}

static enum err
say(struct tx *tx, const char *text)
{
	PG_DB(tx)->has_begun = true;
	return link_send(tx, &(struct pg_statement) { .text = text });
}

static enum err
ask(struct tx *tx, const struct pg_statement *s, PGresult **out)
{
	TRY(ready(tx));
	TRY(link_send(tx, s));
	return link_settle(tx, out);
}

/* Waits only where somebody waits for an answer. */
enum err
pg_settle(struct tx *tx)
{
	return PG_DB(tx)->nwait == 0 ? ready(tx) : link_settle(tx, NULL);
}

/* --- saving ----------------------------------------------------------------- */

enum err
pg_save(struct tx *tx, const struct table *t, const void *rows, size_t n,
    bool *stale)
{
	struct arena *scratch = PG_DB(tx)->scratch;
	const char *row = rows;
	struct run run;

	arena_reset(scratch);
	if (stale != NULL)
		memset(stale, 0, n * sizeof(*stale));
	for (size_t done = 0; done < n;) {
		size_t taken = next_run(
		    scratch, t, row + done * t->row_size, n - done, &run);

		TRY(ready(tx));
		TRY(save_run(tx, t, &run, stale == NULL ? NULL : stale + done));
		done += taken;
	}
	return OK;
}

static enum err
save_run(
    struct tx *tx, const struct table *t, const struct run *run, bool *stale)
{
	bool may_stay = t->when_exists == EXISTS_STAYS ||
	    (t->when_exists == EXISTS_REPLACES && t->nkey == t->ncolumn);

	if (t->when_exists == EXISTS_VERSIONED)
		return save_versions(tx, t, run, stale);
	if (may_stay && stale != NULL)
		return save_told(tx, t, run, stale, pg_insert_told);
	return save_all(tx, t, run);
}

/* What comes of it, a later call tells. */
static enum err
save_all(struct tx *tx, const struct table *t, const struct run *run)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_params *p = params_new(db->scratch, t->ncolumn);

	params_rows(db->scratch, p, t, run->row, run->n, t->ncolumn);
	return link_send(tx,
	    &(struct pg_statement) {
		.text = text_for(db, t, pg_insert), .params = p, .table = t });
}

/* The statement gives the ordinals of what was stored; the others are stale. */
static enum err
save_told(struct tx *tx, const struct table *t, const struct run *run,
    bool *stale, void (*text)(struct buf *, const struct table *))
{
	struct pg_db *db = PG_DB(tx);
	struct pg_params *p = params_new(db->scratch, t->ncolumn);
	struct pg_wait *w;

	if (run->n == 0)
		return OK;
	params_rows(db->scratch, p, t, run->row, run->n, t->ncolumn);
	for (size_t i = 0; i < run->n; i++)
		stale[run->at[i]] = true;
	w = arena_alloc(tx->cx->arena, sizeof(*w));
	w->has_place = true;
	w->stale = stale;
	w->at = arena_copy(tx->cx->arena, run->at, run->n * sizeof(*run->at));
	return link_send(tx,
	    &(struct pg_statement) { .text = text_for(db, t, text),
		.params = p,
		.table = t,
		.wait = w });
}

/* Those that must not exist, then those that must be as they were read. */
static enum err
save_versions(
    struct tx *tx, const struct table *t, const struct run *all, bool *stale)
{
	struct arena *scratch = PG_DB(tx)->scratch;
	const struct column *version = &t->column[table_version(t)];
	struct run part[2] = { { 0 }, { 0 } };

	for (int k = 0; k < 2; k++) {
		part[k].row = arena_array(scratch, all->n, sizeof(char *));
		part[k].at = arena_array(scratch, all->n, sizeof(size_t));
	}
	for (size_t i = 0; i < all->n; i++) {
		struct run *r = &part[row_int(version, all->row[i]) != 0];

		r->row[r->n] = all->row[i];
		r->at[r->n++] = all->at[i];
	}
	TRY(save_told(tx, t, &part[0], stale, pg_insert_told));
	return save_told(tx, t, &part[1], stale, pg_update);
}

/* As many rows as one statement can take; how many those are of the call. */
static size_t
next_run(struct arena *scratch, const struct table *t, const char *rows,
    size_t n, struct run *run)
{
	bool is_any =
	    t->when_exists == EXISTS_FAILS || t->when_exists == EXISTS_STAYS;
	size_t size = 2, *slot = NULL, i;

	while (size < n * 2)
		size *= 2;
	if (!is_any)
		slot = arena_array(scratch, size, sizeof(*slot));
	run->row = arena_array(scratch, n, sizeof(char *));
	run->at = arena_array(scratch, n, sizeof(size_t));
	run->n = 0;
	for (i = 0; i < n; i++) {
		const char *row = rows + i * t->row_size;
		size_t place = run->n;

		if (!is_any)
			place = place_of(t, run, row, slot, size);
		if (place < run->n && t->when_exists == EXISTS_VERSIONED)
			break;
		run->row[place] = row;
		run->at[place] = i;
		run->n += place == run->n;
	}
	return i;
}

/* Where the run has this key, or its end.  Open addressing; 0 is free. */
static size_t
place_of(const struct table *t, const struct run *run, const char *row,
    size_t *slot, size_t size)
{
	size_t h = key_hash(t, row) & (size - 1);

	while (slot[h] != 0) {
		if (same_key(t, run->row[slot[h] - 1], row))
			return slot[h] - 1;
		h = (h + 1) & (size - 1);
	}
	slot[h] = run->n + 1;
	return run->n;
}

static uint64_t
key_hash(const struct table *t, const char *row)
{
	uint64_t h = 14695981039346656037U;

	for (size_t i = 0; i < t->nkey; i++) {
		const struct column *c = &t->column[i];
		struct str bytes;

		if (!c->is_bytes) {
			h = (h ^ (uint64_t)row_int(c, row)) * 1099511628211U;
			h ^= h >> 29;
			continue;
		}
		bytes = row_bytes(c, row);
		for (size_t j = 0; j < bytes.n; j++)
			h = (h ^ (uint8_t)bytes.p[j]) * 1099511628211U;
	}
	return h ^ h >> 32;
}

static bool
same_key(const struct table *t, const char *a, const char *b)
{
	for (size_t i = 0; i < t->nkey; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes ? !str_eq(row_bytes(c, a), row_bytes(c, b))
				: row_int(c, a) != row_int(c, b))
			return false;
	}
	return true;
}

static const char *
text_for(struct pg_db *db, const struct table *t,
    void (*text)(struct buf *, const struct table *))
{
	struct buf b;

	buf_init(&b, db->scratch, SQL_MAX);
	text(&b, t);
	return sql_end(&b);
}

/* --- loading and dropping --------------------------------------------------- */

static struct pg_params *
key_params(struct pg_db *db, const struct key_set *k, size_t more)
{
	const struct table *t = k->table;
	struct pg_params *p = params_new(db->scratch, k->nprefix + more);
	const char **row = arena_array(db->scratch, k->n, sizeof(*row));

	for (size_t i = 0; i < k->n; i++)
		row[i] = k->row + i * t->row_size;
	params_rows(db->scratch, p, t, row, k->n, k->nprefix);
	return p;
}

enum err
pg_load(struct tx *tx, const struct key_set *k, struct rows *out)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_wait *w = wait_for(tx, k->table, out, k->n);
	struct pg_params *p;
	struct buf b;

	arena_reset(db->scratch);
	TRY(ready(tx));
	if (k->n == 0)
		return OK;
	must(k->nprefix > 0 || k->n == 1);
	p = key_params(db, k, 1);
	params_int(
	    db->scratch, p, k->limit > 0 ? (int64_t)k->limit : INT64_MAX);
	buf_init(&b, db->scratch, SQL_MAX);
	pg_select(&b, k->table, k->nprefix);
	w->has_place = true;
	return link_send(tx,
	    &(struct pg_statement) { .text = sql_end(&b),
		.params = p,
		.table = k->table,
		.wait = w });
}

/* Its rows are there after a settle. */
static struct pg_wait *
wait_for(struct tx *tx, const struct table *t, struct rows *out, size_t n)
{
	struct pg_wait *w = arena_alloc(tx->cx->arena, sizeof(*w));

	sink_open(&w->sink, tx->cx->arena, t, out, n);
	return w;
}

enum err
pg_drop(struct tx *tx, const struct key_set *k, int64_t *count)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_statement s = { .table = k->table };
	struct buf b;
	PGresult *r;

	arena_reset(db->scratch);
	TRY(ready(tx));
	if (k->n == 0)
		return OK;
	s.params = key_params(db, k, 0);
	buf_init(&b, db->scratch, SQL_MAX);
	pg_delete(&b, k->table, k->nprefix);
	s.text = sql_end(&b);
	if (count == NULL)
		return link_send(tx, &s);
	TRY(ask(tx, &s, &r));
	*count += strtoll(PQcmdTuples(r), NULL, 10);
	PQclear(r);
	return OK;
}

enum err
pg_query(struct tx *tx, const struct query *q, struct rows *out)
{
	struct pg_db *db = PG_DB(tx);
	struct pg_params *p;
	struct pg_wait *w = NULL;

	arena_reset(db->scratch);
	TRY(ready(tx));
	p = params_new(db->scratch, q->narg);
	for (size_t i = 0; i < q->narg; i++) {
		const struct arg *a = &q->arg[i];

		if (a->kind == ARG_INT)
			params_int(db->scratch, p, a->number);
		else if (a->kind == ARG_BYTES)
			params_bytes(p, a->bytes);
		else
			params_ints(db->scratch, p, a->list, a->n);
	}
	if (out != NULL)
		w = wait_for(tx, q->into, out, 0);
	return link_send(tx,
	    &(struct pg_statement) {
		.text = q->text, .params = p, .table = q->into, .wait = w });
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite.c - statements of the SQLite engine: prepared once a connection, rows
 * bound and read by the table's columns.
 *
 * SQLite takes $2 for a name and numbers parameters by their first appearance,
 * so every parameter is bound where sqlite3_bind_parameter_index() says it is.
 */
#include "store/sqlite_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLAN_BUCKETS 64
#define TEXTS	     64

enum op { OP_INSERT, OP_UPDATE, OP_SELECT, OP_DELETE };

/* The statement for one operation on a table by so many key columns. */
struct plan {
	struct plan	   *next;
	const struct table *table;
	enum op		    op;
	size_t		    nprefix;
	struct stmt	    stmt;
};

struct text_plan {
	char	   *text;
	struct stmt stmt;
};

static struct stmt *plan(struct sqlite_db *, const struct table *, enum op,
    size_t);
static struct stmt prepare(struct sqlite_db *, const char *);
static void finalize(struct stmt *);
static struct stmt *text_stmt(struct sqlite_db *, const char *);
static void bind_columns(struct stmt *, const struct table *, size_t,
    const char *);
static void bind_int(struct stmt *, size_t, int64_t);
static void bind_bytes(struct stmt *, size_t, struct str);
static void bind_list(struct stmt *, size_t, const struct arg *,
    struct arena *);
static enum err run(struct tx *, struct stmt *, const struct table *);
static enum err collect(struct tx *, struct stmt *, struct row_sink *, size_t);
static void read_row(struct sqlite_db *, struct stmt *, struct row_sink *,
    size_t);
static enum err trouble(struct tx *, const struct table *, int);
static enum err refused(struct ctx *, const struct table *, int);

static bool copy_some(struct sqlite_db *);
static bool is_copied(struct sqlite_db *, int, int, int);

static struct sqlite_db *
db_of(const struct tx *tx)
{
	return (struct sqlite_db *)tx->db;
}

/* --- transactions ----------------------------------------------------------- */

/* By enum tx_step; a reader's snapshot is taken when it begins, not at its first read. */
static const struct {
	const char *writer[2], *reader[2];
} step_texts[] = {
	[TX_BEGIN] = { { "BEGIN IMMEDIATE" },
	    { "BEGIN", "SELECT count(*) FROM sqlite_schema WHERE false" } },
	[TX_COMMIT] = { { "COMMIT" }, { NULL } },
	[TX_ROLLBACK] = { { "ROLLBACK" }, { "ROLLBACK" } },
	[TX_SAVE_POINT] = { { "SAVEPOINT step" }, { NULL } },
	[TX_UNDO] = { { "ROLLBACK TO step", "RELEASE step" }, { NULL } },
	[TX_KEEP] = { { "RELEASE step" }, { NULL } },
};

enum err
sqlite_step(struct tx *tx, enum tx_step step)
{
	struct sqlite_db *db = db_of(tx);
	const char *const *text = db->base.is_writer ? step_texts[step].writer
						     : step_texts[step].reader;

	/* SQLite has rolled back by itself when there was no space. */
	if (step == TX_ROLLBACK && sqlite3_get_autocommit(db->conn))
		return OK;
	for (size_t i = 0; i < COUNT(step_texts[step].writer); i++) {
		int code =
		    text[i] == NULL ? SQLITE_OK : sqlite_run(db, text[i]);

		if (code == SQLITE_OK)
			continue;
		TRY(trouble(tx, NULL, code));
	}
	return OK;
}

int
sqlite_run(struct sqlite_db *db, const char *text)
{
	struct stmt *s = text_stmt(db, text);

	while (sqlite3_step(s->s) == SQLITE_ROW)
		continue;
	return sqlite3_reset(s->s);
}

bool
sqlite_checkpoint(struct db *base, bool is_idle)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	int mode =
	    is_idle ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
	int code, in_log, copied;

	if (is_idle ? db->log_copied == db->log_pages
		    : db->log_pages < db->restart_at)
		return is_idle || (base->is_often && copy_some(db));
	lag_settle(db->lag);
	code =
	    sqlite3_wal_checkpoint_v2(db->conn, NULL, mode, &in_log, &copied);
	if (!is_copied(db, code, in_log, copied)) {
		/* Do not ask again at every commit. */
		if (!is_idle)
			db->restart_at = db->log_pages + LOG_PAGES_CAP / 8;
		return false;
	}
	db->restart_at = LOG_PAGES_CAP;
	if (!is_idle)
		db->log_pages = db->step_at = 0;
	db->log_copied = db->log_pages;
	return true;
}

/*
 * A small step.  It is synced at once only where the log has grown long and
 * nothing lags: by then nearly everything has been, and the log begins anew.
 * It does so, too, after a step that was put off and copied all of it, if the
 * syncer is through before the next commit writes its first frame.
 */
static bool
copy_some(struct sqlite_db *db)
{
	bool is_last = db->log_pages >= LOG_PAGES_OFTEN && lag_is_none(db->lag);
	int code, in_log, copied;

	if (db->log_pages < db->step_at)
		return false;
	db->step_at = db->log_pages + LOG_PAGES_STEP;
	lag_defer(db->lag, !is_last);
	code = sqlite3_wal_checkpoint_v2(
	    db->conn, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
	lag_defer(db->lag, false);
	if (!is_copied(db, code, in_log, copied))
		return false;
	db->log_copied = db->log_pages;
	return is_last;
}

/*
 * All of the log; false: a reader is in the way, or the disk is full.  What is
 * in the log stays there then, whole.
 */
static bool
is_copied(struct sqlite_db *db, int code, int in_log, int copied)
{
	if (code == SQLITE_BUSY || code == SQLITE_FULL)
		return false;
	if (code != SQLITE_OK)
		sqlite_fatal(db->conn, code);
	return copied >= in_log;
}

bool
sqlite_empty_log(struct db *base)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	int code;

	lag_settle(db->lag);
	code = sqlite3_wal_checkpoint_v2(
	    db->conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (!is_copied(db, code, 0, 0))
		return false;
	db->log_pages = db->log_copied = db->step_at = 0;
	db->restart_at = LOG_PAGES_CAP;
	return true;
}

/* The keys' database does so always. */
void
sqlite_wipe(struct db *base, bool is_on)
{
	struct sqlite_db *db = (struct sqlite_db *)base;
	int code;

	if (base->kind == DB_KEYS)
		return;
	code = sqlite_run(db,
	    is_on ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = OFF");
	if (code != SQLITE_OK)
		sqlite_fatal(db->conn, code);
}

/* --- rows ------------------------------------------------------------------- */

enum err
sqlite_save(struct tx *tx, const struct table *t, const void *rows, size_t n,
    bool *stale)
{
	struct sqlite_db *db = db_of(tx);
	bool is_versioned = t->when_exists == EXISTS_VERSIONED;
	struct stmt *insert = plan(db, t, OP_INSERT, 0), *update = NULL;
	const struct column *version = NULL;

	if (is_versioned) {
		update = plan(db, t, OP_UPDATE, 0);
		version = &t->column[table_version(t)];
	}
	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * t->row_size;
		struct stmt *s = insert;

		if (is_versioned && row_int(version, row) != 0)
			s = update;
		bind_columns(s, t, t->ncolumn, row);
		TRY(run(tx, s, t));
		if (stale != NULL)
			stale[i] = sqlite3_changes(db->conn) == 0;
	}
	return OK;
}

enum err
sqlite_load(struct tx *tx, const struct key_set *k, struct rows *out)
{
	const struct table *t = k->table;
	struct stmt *s = plan(db_of(tx), t, OP_SELECT, k->nprefix);
	struct row_sink sink;

	sink_open(&sink, tx->cx->arena, t, out, k->n);
	bind_int(s, k->nprefix, k->limit > 0 ? (int64_t)k->limit : INT64_MAX);
	for (size_t i = 0; i < k->n; i++) {
		bind_columns(s, t, k->nprefix, k->row + i * t->row_size);
		TRY(collect(tx, s, &sink, i));
	}
	return OK;
}

enum err
sqlite_drop(struct tx *tx, const struct key_set *k, int64_t *count)
{
	const struct table *t = k->table;
	struct sqlite_db *db = db_of(tx);
	struct stmt *s = plan(db, t, OP_DELETE, k->nprefix);

	for (size_t i = 0; i < k->n; i++) {
		bind_columns(s, t, k->nprefix, k->row + i * t->row_size);
		TRY(run(tx, s, t));
		if (count != NULL)
			*count += sqlite3_changes64(db->conn);
	}
	return OK;
}

enum err
sqlite_query(struct tx *tx, const struct query *q, struct rows *out)
{
	struct stmt *s = text_stmt(db_of(tx), q->text);
	struct row_sink sink;

	for (size_t i = 0; i < q->narg; i++) {
		const struct arg *a = &q->arg[i];

		if (a->kind == ARG_INT)
			bind_int(s, i, a->number);
		else if (a->kind == ARG_BYTES)
			bind_bytes(s, i, a->bytes);
		else
			bind_list(s, i, a, tx->cx->arena);
	}
	sink_open(&sink, tx->cx->arena, q->into, out, 0);
	return collect(tx, s, &sink, 0);
}

static void
bind_columns(struct stmt *s, const struct table *t, size_t n, const char *row)
{
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes)
			bind_bytes(s, i, row_bytes(c, row));
		else
			bind_int(s, i, row_int(c, row));
	}
}

static void
bind_int(struct stmt *s, size_t i, int64_t v)
{
	must(i < s->n && s->at[i] > 0);
	must(sqlite3_bind_int64(s->s, s->at[i], v) == SQLITE_OK);
}

/* The bytes stay with the caller: they are read by the step that follows. */
static void
bind_bytes(struct stmt *s, size_t i, struct str v)
{
	const char *p = v.n > 0 ? v.p : ""; /* NULL would bind NULL */

	must(i < s->n && s->at[i] > 0);
	must(sqlite3_bind_blob64(s->s, s->at[i], p, v.n, SQLITE_STATIC) ==
	    SQLITE_OK);
}

/* A list goes in as JSON: see sqlite_engine.in_list. */
static void
bind_list(struct stmt *s, size_t i, const struct arg *a, struct arena *arena)
{
	struct buf b;

	buf_init(&b, arena, 2 + a->n * 21);
	buf_z(&b, "[");
	for (size_t j = 0; j < a->n; j++)
		buf_fmt(&b, "%s%lld", j == 0 ? "" : ",", (long long)a->list[j]);
	buf_z(&b, "]");
	must(!b.over && i < s->n && s->at[i] > 0);
	must(sqlite3_bind_text64(s->s, s->at[i], b.p, b.n, SQLITE_STATIC,
		 SQLITE_UTF8) == SQLITE_OK);
}

static enum err
run(struct tx *tx, struct stmt *s, const struct table *t)
{
	int code = sqlite3_step(s->s);

	must(code != SQLITE_ROW);
	code = sqlite3_reset(s->s);
	return code == SQLITE_OK ? OK : trouble(tx, t, code);
}

static enum err
collect(struct tx *tx, struct stmt *s, struct row_sink *sink, size_t key)
{
	int code;

	while (sqlite3_step(s->s) == SQLITE_ROW)
		read_row(db_of(tx), s, sink, key);
	code = sqlite3_reset(s->s);
	return code == SQLITE_OK ? OK : trouble(tx, sink->table, code);
}

static void
read_row(
    struct sqlite_db *db, struct stmt *s, struct row_sink *sink, size_t key)
{
	const struct table *t = sink->table;
	char *row = sink_add(sink, key);

	for (size_t i = 0; i < t->ncolumn; i++) {
		const struct column *c = &t->column[i];
		struct str v;

		if (!c->is_bytes) {
			row_set_int(c, row, sqlite3_column_int64(s->s, (int)i));
			continue;
		}
		v.p = sqlite3_column_blob(s->s, (int)i);
		v.n = (size_t)sqlite3_column_bytes(s->s, (int)i);
		if (v.p == NULL && sqlite3_errcode(db->conn) == SQLITE_NOMEM)
			sqlite_fatal(db->conn, SQLITE_NOMEM);
		v = v.n > 0 ? str_copy(sink->arena, v) : STR("");
		memcpy(row + c->offset, &v, sizeof(v));
	}
}

/* --- what goes wrong -------------------------------------------------------- */

/* What CODE means to the caller.  T may be NULL. */
static enum err
trouble(struct tx *tx, const struct table *t, int code)
{
	struct sqlite_db *db = db_of(tx);

	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return refused(tx->cx, t, code);
	case SQLITE_FULL:
		tx->is_lost = true;
		tx->lost = ERR_FULL;
		tx->why = MSG_STORE_FULL;
		if (!sqlite3_get_autocommit(db->conn) &&
		    sqlite_run(db, "ROLLBACK") != SQLITE_OK)
			sqlite_fatal(db->conn, SQLITE_FULL);
		return fail(tx->cx, ERR_FULL, MSG_STORE_FULL, "");
	default:
		sqlite_fatal(db->conn, code);
	}
}

static enum err
refused(struct ctx *cx, const struct table *t, int code)
{
	static const struct {
		int code;
		enum msg msg;
	} reason[] = {
		{ SQLITE_CONSTRAINT_PRIMARYKEY, MSG_STORE_EXISTS },
		{ SQLITE_CONSTRAINT_UNIQUE, MSG_STORE_UNIQUE },
		{ SQLITE_CONSTRAINT_CHECK, MSG_STORE_CHECK },
		{ SQLITE_CONSTRAINT_FOREIGNKEY, MSG_STORE_REFERENCE },
	};
	const char *name = t != NULL ? t->name : "";

	for (size_t i = 0; i < COUNT(reason); i++)
		if (reason[i].code == code)
			return fail(cx, ERR_CONFLICT, reason[i].msg, "", name);
	/* NOT NULL and types: no row struct can say that. */
	fatal("constraint %d of table %s", code, name);
}

void
sqlite_fatal(sqlite3 *conn, int code)
{
	errno = conn != NULL ? sqlite3_system_errno(conn) : 0;
	fatal("sqlite: %s (%d)", sqlite3_errstr(code),
	    conn != NULL ? sqlite3_extended_errcode(conn) : code);
}

/* --- prepared statements ------------------------------------------------------ */

void
statements_open(struct sqlite_db *db)
{
	db->plan = heap_alloc(PLAN_BUCKETS, sizeof(struct plan *));
	db->text = heap_alloc(TEXTS, sizeof(struct text_plan));
}

void
statements_close(struct sqlite_db *db)
{
	for (size_t i = 0; i < PLAN_BUCKETS; i++) {
		struct plan *p;

		while ((p = db->plan[i]) != NULL) {
			db->plan[i] = p->next;
			finalize(&p->stmt);
			heap_free(p);
		}
	}
	for (size_t i = 0; i < TEXTS; i++) {
		finalize(&db->text[i].stmt);
		heap_free(db->text[i].text);
	}
	heap_free(db->plan);
	heap_free(db->text);
}

static struct stmt *
plan(struct sqlite_db *db, const struct table *t, enum op op, size_t nprefix)
{
	size_t hash = ((uintptr_t)t >> 5) + (size_t)op * 17 + nprefix * 5;
	struct plan **chain = &db->plan[hash % PLAN_BUCKETS];
	struct plan *p = *chain;
	struct arena *scratch;
	struct buf b;

	while (p != NULL &&
	    (p->table != t || p->op != op || p->nprefix != nprefix))
		p = p->next;
	if (p != NULL)
		return &p->stmt;

	scratch = arena_open(4 * SQL_MAX);
	buf_init(&b, scratch, SQL_MAX);
	if (op == OP_INSERT)
		sql_insert(&b, t);
	else if (op == OP_UPDATE)
		sql_update(&b, t);
	else if (op == OP_SELECT)
		sql_select(&b, t, nprefix);
	else
		sql_delete(&b, t, nprefix);
	p = heap_alloc(1, sizeof(*p));
	*p = (struct plan) { *chain, t, op, nprefix, prepare(db, sql_end(&b)) };
	*chain = p;
	arena_close(scratch);
	return &p->stmt;
}

/* The texts of filters have no end; the oldest makes room. */
static struct stmt *
text_stmt(struct sqlite_db *db, const char *text)
{
	struct text_plan *p;
	size_t n = strlen(text) + 1;

	for (size_t i = 0; i < TEXTS; i++) {
		p = &db->text[i];
		if (p->text != NULL && strcmp(p->text, text) == 0)
			return &p->stmt;
	}
	p = &db->text[db->text_next++ % TEXTS];
	finalize(&p->stmt);
	heap_free(p->text);
	p->text = heap_alloc(n, 1);
	memcpy(p->text, text, n);
	p->stmt = prepare(db, p->text);
	return &p->stmt;
}

/* A text of ours that SQLite does not take is a bug. */
static struct stmt
prepare(struct sqlite_db *db, const char *text)
{
	struct stmt s = { 0 };
	int code = sqlite3_prepare_v3(
	    db->conn, text, -1, SQLITE_PREPARE_PERSISTENT, &s.s, NULL);
	char name[16];

	if (code == SQLITE_ERROR)
		fatal("sqlite: %s: %s", sqlite3_errmsg(db->conn), text);
	if (code != SQLITE_OK)
		sqlite_fatal(db->conn, code);
	s.n = (size_t)sqlite3_bind_parameter_count(s.s);
	s.at = heap_alloc(s.n, sizeof(*s.at));
	for (size_t i = 0; i < s.n; i++) {
		must(snprintf(name, sizeof(name), "$%zu", i + 1) > 0);
		s.at[i] = sqlite3_bind_parameter_index(s.s, name);
		must(s.at[i] > 0);
	}
	return s;
}

static void
finalize(struct stmt *s)
{
	sqlite3_finalize(s->s);
	heap_free(s->at);
	*s = (struct stmt) { 0 };
}

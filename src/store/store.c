/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the door: chooses the engine, keeps the rules of the interface,
 * and hands on.
 */
#include "store/store.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/io.h"

#include "core/actor.h"

#include "store/store_int.h"

#define LANES_A_CORE 2

static const struct engine *const engines[] = { &sqlite_engine,
	&postgres_engine };

static enum err engine_of(struct ctx *, const char *url,
    const struct engine **);
static enum err check_call(struct tx *, const struct table *, size_t);
static enum err step(struct tx *, enum tx_step);
static struct tx *begin(struct db *, struct ctx *);
static enum err lost(struct tx *);
static void fault_point(const char *);

enum err
store_open(struct ctx *cx, const char *url, struct store **out)
{
	const struct engine *engine;

	TRY(engine_of(cx, url, &engine));
	return engine->open(cx, url, out);
}

enum err
store_peers(struct ctx *cx, const char *url, struct store_peers *out)
{
	const struct engine *engine;

	*out = (struct store_peers) { 0 };
	TRY(engine_of(cx, url, &engine));
	return engine->peers != NULL ? engine->peers(cx, url, out) : OK;
}

static enum err
engine_of(struct ctx *cx, const char *url, const struct engine **out)
{
	for (size_t i = 0; i < COUNT(engines); i++)
		if (engines[i]->serves(url)) {
			*out = engines[i];
			return OK;
		}
	return fail(cx, ERR_BAD_INPUT, MSG_STORE_URL, "url");
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < LANES_MAX; i++)
		must(!s->is_taken[i][DB_DATA] && !s->is_taken[i][DB_KEYS]);
	s->engine->close(s);
}

/* A lane waits about half of its time, for round trips and syncs. */
size_t
store_lanes(const char *url, size_t wish)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = 1;

	for (size_t i = 0; i < COUNT(engines); i++)
		if (engines[i]->serves(url))
			most = engines[i]->lanes;
	if (wish == 0)
		wish = LANES_A_CORE * (cores > 0 ? (size_t)cores : 1);
	return wish < most ? wish : most;
}

bool
store_spans(const struct store *s)
{
	return s->engine->spans;
}

struct db *
db_open_writer(struct store *s, enum db_kind kind, size_t lane)
{
	must(lane < s->engine->lanes);
	must(!atomic_exchange(&s->is_taken[lane][kind], true));
	return s->writer[lane][kind];
}

struct db *
db_open_reader(struct store *s, enum db_kind kind)
{
	return s->engine->connect(s, kind);
}

struct db *
db_open_side(struct store *s)
{
	struct db *db = s->engine->connect_side(s);

	db->is_side = true;
	return db;
}

uint64_t
store_connects(const struct store *s)
{
	return atomic_load(&s->connects);
}

bool
store_is_shared(const struct store *s)
{
	return s->engine->connect_side != NULL;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	must(!db->tx.is_open);
	if (db->is_writer && !db->is_side)
		must(atomic_exchange(
		    &db->store->is_taken[db->lane][db->kind], false));
	else
		db->store->engine->disconnect(db);
}

/* --- transactions ----------------------------------------------------------- */

/* Who asks says what may be seen; nobody sees nothing. */
struct tx *
tx_begin(struct db *db, struct ctx *cx)
{
	struct tx *tx = begin(db, cx);
	const struct actor *a = cx->actor;
	const int64_t tenant = a != NULL ? a->tenant : 0;

	if (!db->is_writer)
		tx_tenants(tx, &tenant, a != NULL,
		    a != NULL &&
			(a->kind == ACTOR_OPERATOR || a->kind == ACTOR_NODE));
	return tx;
}

struct tx *
tx_begin_all(struct db *db, struct ctx *cx)
{
	struct tx *tx = begin(db, cx);

	tx_tenants(tx, NULL, 0, true);
	return tx;
}

static struct tx *
begin(struct db *db, struct ctx *cx)
{
	struct tx *tx = &db->tx;

	must(!tx->is_open);
	*tx = (struct tx) { .db = db, .cx = cx, .is_open = true };
	if (step(tx, TX_BEGIN) != OK)
		must(tx->is_lost);
	return tx;
}

void
tx_tenants(struct tx *tx, const int64_t *tenant, size_t n, bool is_all)
{
	const struct reach reach = { tenant, n, is_all };
	const struct engine *engine = tx->db->store->engine;

	must(tx->is_open);
	for (size_t i = 1; i < n; i++)
		must(tenant[i - 1] < tenant[i]);
	if (engine->reach != NULL && !tx->is_lost &&
	    engine->reach(tx, &reach) != OK)
		must(tx->is_lost);
}

enum err
tx_commit(struct tx *tx)
{
	enum err err;

	must(tx->is_open && tx->db->is_writer && tx->depth == 0);
	if (!tx->is_lost && fault_here("commit")) {
		tx->is_lost = true;
		tx->lost = ERR_FULL;
		tx->why = MSG_STORE_FULL;
	}
	if (tx->is_lost) {
		tx_rollback(tx);
		return lost(tx);
	}
	err = notice_tell(tx);
	if (err != OK) {
		tx_rollback(tx);
		return err;
	}
	if (tx->db->kind == DB_DATA)
		fault_point("before-commit");
	err = step(tx, TX_COMMIT);
	tx->is_open = false;
	tx->is_lost |= err == ERR_UNKNOWN;
	if (err == OK)
		fault_point(
		    tx->db->kind == DB_DATA ? "after-commit" : "after-keys");
	return err;
}

/* Such a point is for USHER_FAULT=kill-NAME only. */
static void
fault_point(const char *name)
{
	if (fault_here(name))
		fatal("%s, as USHER_FAULT asks", name);
}

void
tx_rollback(struct tx *tx)
{
	must(tx->is_open && tx->db->is_writer);
	must(step(tx, TX_ROLLBACK) == OK);
	tx->is_open = false;
}

void
tx_end(struct tx *tx)
{
	must(tx->is_open && !tx->db->is_writer);
	must(step(tx, TX_ROLLBACK) == OK);
	tx->is_open = false;
}

struct tx *
tx_renew(struct tx *tx)
{
	tx_end(tx);
	return tx_begin(tx->db, tx->cx);
}

struct ctx *
tx_ctx(struct tx *tx)
{
	return tx->cx;
}

void
tx_switch(struct tx *tx, struct ctx *cx)
{
	tx->cx = cx;
}

enum err
tx_savepoint(struct tx *tx)
{
	must(tx->is_open && tx->db->is_writer);
	if (tx->is_lost)
		return lost(tx);
	TRY(step(tx, TX_SAVE_POINT));
	tx->depth++;
	return OK;
}

void
tx_undo(struct tx *tx)
{
	must(tx->is_open && tx->depth > 0);
	tx->depth--;
	notice_undone(tx);
	if (!tx->is_lost)
		must(step(tx, TX_UNDO) == OK);
}

enum err
tx_keep(struct tx *tx)
{
	must(tx->is_open && tx->depth > 0);
	if (tx->is_lost)
		return lost(tx);
	TRY(step(tx, TX_KEEP));
	tx->depth--;
	notice_kept(tx);
	return OK;
}

bool
tx_is_lost(const struct tx *tx)
{
	return tx->is_lost;
}

bool
tx_may_repeat(const struct tx *tx)
{
	return tx->is_lost && tx->may_repeat;
}

bool
tx_is_there(const struct tx *tx)
{
	return tx->is_there;
}

/* The transaction is over, though the caller may not know it yet. */
static enum err
lost(struct tx *tx)
{
	return fail(tx->cx, tx->lost, tx->why, "");
}

static enum err
step(struct tx *tx, enum tx_step s)
{
	return tx->db->store->engine->step(tx, s);
}

void
db_checkpoint_often(struct db *db, bool is_often)
{
	db->is_often = is_often;
}

bool
db_checkpoint(struct db *db, bool is_idle)
{
	must(db->is_writer && !db->tx.is_open);
	return db->store->engine->checkpoint(db, is_idle);
}

bool
db_empty_log(struct db *db)
{
	must(db->is_writer && !db->tx.is_open);
	return db->store->engine->empty_log(db);
}

/* --- rows ------------------------------------------------------------------- */

enum err
store_load(struct tx *tx, const struct table *t, const void *keys, size_t n,
    size_t nprefix, size_t limit, struct rows *out)
{
	TRY(store_load_later(tx, t, keys, n, nprefix, limit, out));
	return store_settle(tx);
}

enum err
store_load_later(struct tx *tx, const struct table *t, const void *keys,
    size_t n, size_t nprefix, size_t limit, struct rows *out)
{
	struct key_set set = { t, keys, n, nprefix, limit };

	TRY(check_call(tx, t, nprefix));
	return tx->db->store->engine->load(tx, &set, out);
}

enum err
store_settle(struct tx *tx)
{
	const struct engine *engine = tx->db->store->engine;

	must(tx->is_open);
	if (tx->is_lost)
		return lost(tx);
	return engine->settle != NULL ? engine->settle(tx) : OK;
}

enum err
store_save(struct tx *tx, const struct table *t, const void *rows, size_t n,
    bool *stale)
{
	TRY(store_save_later(tx, t, rows, n, stale));
	return stale != NULL ? store_settle(tx) : OK;
}

enum err
store_save_later(struct tx *tx, const struct table *t, const void *rows,
    size_t n, bool *stale)
{
	TRY(check_call(tx, t, 0));
	must(tx->db->is_writer);
	must(stale != NULL || n == 0 || t->when_exists != EXISTS_VERSIONED);
	TRY(tx->db->store->engine->save(tx, t, rows, n, stale));
	/* What is told of them hangs on what was stored. */
	if (stale != NULL && notice_heeds(tx, t))
		TRY(store_settle(tx));
	notice_saved(tx, t, rows, n, stale);
	return OK;
}

enum err
store_drop(struct tx *tx, const struct table *t, const void *keys, size_t n,
    size_t nprefix, int64_t *count)
{
	struct key_set set = { t, keys, n, nprefix, 0 };

	TRY(check_call(tx, t, nprefix));
	must(tx->db->is_writer && nprefix > 0);
	if (count != NULL)
		*count = 0;
	TRY(tx->db->store->engine->drop(tx, &set, count));
	notice_dropped(tx, t, keys, n, nprefix);
	return OK;
}

enum err
store_page(struct tx *tx, const struct table *t, const void *from,
    size_t nprefix, bool is_first, size_t limit, struct rows *out)
{
	struct arg arg[16];
	struct query q = { .into = t, .arg = arg, .narg = t->nkey + 1 };
	struct buf b;

	if (is_first)
		return store_load(tx, t, from, 1, nprefix, limit, out);
	TRY(check_call(tx, t, nprefix));
	must(q.narg <= COUNT(arg));
	for (size_t i = 0; i < t->nkey; i++)
		arg[i] = row_arg(&t->column[i], from);
	arg[t->nkey] = ARG_OF_INT(limit > 0 ? (int64_t)limit : INT64_MAX);
	buf_init(&b, tx->cx->arena, SQL_MAX);
	sql_page(&b, t, nprefix);
	q.text = sql_end(&b);
	return store_query(tx, &q, out);
}

enum err
store_count(struct tx *tx, const struct table *t, const void *key,
    size_t nprefix, int64_t *out)
{
	struct arg arg[16];
	struct query q = { .into = &NUMBER, .arg = arg, .narg = nprefix };
	struct rows rows;
	struct buf b;

	TRY(check_call(tx, t, nprefix));
	must(q.narg <= COUNT(arg));
	for (size_t i = 0; i < nprefix; i++)
		arg[i] = row_arg(&t->column[i], key);
	buf_init(&b, tx->cx->arena, SQL_MAX);
	sql_count(&b, t, nprefix);
	q.text = sql_end(&b);
	TRY(store_query(tx, &q, &rows));
	*out = ((struct number *)rows.row)->n;
	return OK;
}

/* A table of the other database, or more key columns than there are, is a bug. */
static enum err
check_call(struct tx *tx, const struct table *t, size_t nprefix)
{
	must(tx->is_open);
	must(t->db == tx->db->kind);
	must(nprefix <= t->nkey);
	return tx->is_lost ? lost(tx) : OK;
}

enum err
store_query(struct tx *tx, const struct query *q, struct rows *out)
{
	TRY(store_query_later(tx, q, out));
	return store_settle(tx);
}

enum err
store_query_later(struct tx *tx, const struct query *q, struct rows *out)
{
	must(tx->is_open && q->narg <= ARGS_MAX);
	if (tx->is_lost)
		return lost(tx);
	return tx->db->store->engine->query(tx, q, out);
}

/* --- whole databases -------------------------------------------------------- */

enum err
store_copy(struct ctx *cx, struct store *s, enum db_kind kind, const char *path)
{
	return s->engine->copy(cx, s, kind, path);
}

enum err
store_check(struct ctx *cx, struct store *s, enum db_kind kind)
{
	return s->engine->check(cx, s, kind);
}

enum err
store_settings(struct ctx *cx, struct store *s, enum db_kind kind,
    struct db_setting **out, size_t *n)
{
	*out = NULL;
	*n = 0;
	return s->engine->settings != NULL
	    ? s->engine->settings(cx, s, kind, out, n)
	    : OK;
}

struct str
store_engine(struct arena *arena, const struct store *s)
{
	return str_fmt(arena, "%s %s", s->engine->title, s->engine->version());
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"

#include <stdatomic.h>
#include <string.h>

#include "base/queue.h"

#define PENDING_MAX 1000

struct engine_db {
	struct db   base;
	struct row  row[PENDING_MAX];
	size_t	    n;
	bool	    is_in_doubt;
	_Atomic int users;
};

static enum err
lose(struct tx *tx, enum failure failure)
{
	tx->is_lost = tx->may_repeat = true;
	tx->lost = failure == IN_THE_WAY ? ERR_BUSY : ERR_AWAY;
	tx->why = failure == IN_THE_WAY ? MSG_STORE_BUSY : MSG_STORE_AWAY;
	return fail(tx->cx, tx->lost, tx->why, "");
}

/* Whether it fails now; then how is in OUT. */
static bool
is_due(struct tx *tx, enum moment moment, enum failure *out)
{
	struct engine_store *s = (struct engine_store *)tx->db->store;
	bool is;

	lock_take(s->lock);
	is = s->n > 0 && s->moment == moment &&
	    (s->lane < 0 || (size_t)s->lane == tx->db->lane);
	if (is) {
		s->n--;
		*out = s->failure;
	}
	lock_give(s->lock);
	return is;
}

static bool
still_in_doubt(struct engine_db *db)
{
	struct engine_store *s = (struct engine_store *)db->base.store;

	lock_take(s->lock);
	if (s->doubt > 0)
		s->doubt--;
	else
		db->is_in_doubt = false;
	lock_give(s->lock);
	return db->is_in_doubt;
}

static enum moment
moment_of(const struct tx *tx, enum moment data)
{
	return (enum moment)(data + (tx->db->kind == DB_KEYS));
}

static enum err
begin(struct tx *tx)
{
	struct engine_db *db = (struct engine_db *)tx->db;
	enum failure failure;

	/* One thread at a time. */
	must(atomic_fetch_add(&db->users, 1) == 0);
	db->n = 0;
	if (db->is_in_doubt && still_in_doubt(db))
		return lose(tx, GONE);
	if (is_due(tx, moment_of(tx, db->base.is_writer ? AT_BEGIN : AT_READ),
		&failure))
		return lose(tx, failure);
	return OK;
}

static void
keep_rows(struct engine_db *db)
{
	struct engine_store *s = (struct engine_store *)db->base.store;

	lock_take(s->lock);
	for (size_t i = 0; i < db->n; i++) {
		must(s->nrow < ROWS_MAX);
		s->row[s->nrow++] = db->row[i];
	}
	lock_give(s->lock);
}

static enum err
commit(struct tx *tx)
{
	struct engine_db *db = (struct engine_db *)tx->db;
	enum failure failure;

	must(atomic_fetch_sub(&db->users, 1) == 1);
	if (!is_due(tx, moment_of(tx, AT_COMMIT), &failure)) {
		keep_rows(db);
		return OK;
	}
	if (failure == GONE || failure == IN_THE_WAY)
		return lose(tx, failure);
	if (failure != UNKNOWN_NOT_DONE)
		keep_rows(db);
	db->is_in_doubt = failure != WARNED;
	tx->is_there = failure == WARNED;
	return fail(tx->cx, ERR_UNKNOWN, MSG_STORE_UNKNOWN, "");
}

static enum err
step(struct tx *tx, enum tx_step what)
{
	struct engine_db *db = (struct engine_db *)tx->db;

	switch (what) {
	case TX_BEGIN:
		return begin(tx);
	case TX_COMMIT:
		return commit(tx);
	case TX_ROLLBACK:
		must(atomic_fetch_sub(&db->users, 1) == 1);
		return OK;
	default:
		return OK;
	}
}

static enum err
reach(struct tx *tx, const struct reach *r)
{
	/* A write is about one tenant. */
	must(!tx->db->is_writer || r->n <= 1);
	return OK;
}

static enum err
save(struct tx *tx, const struct table *t, const void *rows, size_t n,
    bool *stale)
{
	struct engine_db *db = (struct engine_db *)tx->db;
	enum failure failure;

	(void)stale;
	if (n > 0 && is_due(tx, moment_of(tx, AT_SAVE), &failure))
		return lose(tx, failure);
	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * t->row_size;

		must(db->n < PENDING_MAX);
		/* The first two columns of every table. */
		db->row[db->n] = (struct row) { .lane = db->base.lane };
		memcpy(&db->row[db->n++], row, 2 * sizeof(int64_t));
	}
	return OK;
}

static enum err
load(struct tx *tx, const struct key_set *k, struct rows *out)
{
	enum failure failure;

	(void)k;
	*out = (struct rows) { 0 };
	if (tx->db->is_writer && is_due(tx, AT_LOAD, &failure))
		return lose(tx, failure);
	return OK;
}

static enum err
query(struct tx *tx, const struct query *q, struct rows *out)
{
	struct engine_store *s = (struct engine_store *)tx->db->store;
	struct number *answer = arena_alloc(tx->cx->arena, sizeof(*answer));

	must(q->into == &NUMBER);
	answer->n = s->answer;
	*out = (struct rows) { .row = answer, .n = 1 };
	return OK;
}

static bool
nothing_to_do(struct db *db, bool is_idle)
{
	(void)is_idle;
	/* Whoever does this has the connection, too. */
	must(atomic_load(&((struct engine_db *)db)->users) == 0);
	return true;
}

static bool
no_log(struct db *db)
{
	(void)db;
	return true;
}

static struct db *
connect_to(struct store *base, enum db_kind kind)
{
	struct engine_db *db = heap_alloc(1, sizeof(*db));

	db->base = (struct db) { .store = base, .kind = kind };
	return &db->base;
}

static void
disconnect(struct db *db)
{
	heap_free(db);
}

static struct engine engine = {
	.title = "Memory",
	.lanes = LANES_MAX,
	.connect = connect_to,
	.disconnect = disconnect,
	.step = step,
	.reach = reach,
	.save = save,
	.load = load,
	.query = query,
	.checkpoint = nothing_to_do,
	.empty_log = no_log,
};

struct engine_store *
engine_open(bool spans)
{
	struct engine_store *s = heap_alloc(1, sizeof(*s));

	engine.spans = spans;
	s->base.engine = &engine;
	s->lock = lock_open();
	s->lane = -1;
	for (size_t i = 0; i < LANES_MAX; i++)
		for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
			struct db *db = connect_to(&s->base, k);

			db->is_writer = true;
			db->lane = i;
			s->base.writer[i][k] = db;
		}
	return s;
}

void
engine_close(struct engine_store *s)
{
	for (size_t i = 0; i < LANES_MAX; i++)
		for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
			must(!s->base.is_taken[i][k]);
			disconnect(s->base.writer[i][k]);
		}
	lock_close(s->lock);
	heap_free(s);
}

void
engine_fails(struct engine_store *s, enum moment moment, enum failure failure,
    unsigned n)
{
	lock_take(s->lock);
	s->moment = moment;
	s->failure = failure;
	s->n = n;
	lock_give(s->lock);
}

size_t
engine_rows(struct engine_store *s, int64_t tenant, int64_t id)
{
	size_t n = 0;

	lock_take(s->lock);
	for (size_t i = 0; i < s->nrow; i++)
		n += s->row[i].tenant == tenant && s->row[i].id == id;
	lock_give(s->lock);
	return n;
}

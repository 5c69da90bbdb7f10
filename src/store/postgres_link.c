/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_link.c - one connection: its pipeline, its end, and what the
 * database's errors mean to the caller.
 *
 * A connection that is lost costs its transaction and nothing else: the next
 * one connects again, not more often than the back-off allows.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#include "store/postgres_int.h"

#define SCRATCH_MAX   ((size_t)4 << 30)
#define BACK_OFF_MS   50
#define SILENCE_MS    30000
#define BACK_OFF_MAX  2000
/* A pooler, which lends sessions, cannot give the process of one in its greeting. */
#define PID	      "SELECT pg_backend_pid()::bigint"
#define FORGOTTEN     "26000"	/* no statement of this name … */
#define KNOWN	      "42P05"	/* … or another's */
#define XID_STATUS    "SELECT pg_xact_status($1)"
#define BEYOND	      "22023"	/* what it says of a number in the future */

/* What came out of a settle. */
struct answers {
	PGresult *last;		/* of the last statement, if it succeeded */
	PGresult *error;	/* the first */
	const struct table *table;	/* the error's */
	bool	  is_lost;	/* the connection */
};

static void drop(struct pg_db *);
static void ask_process(struct pg_db *);
static void back_off(struct pg_db *);
static bool has_ended(PGconn *);
static void notice(void *, const PGresult *);
static void tell(const struct pg_db *, enum log_level, const char *);
static bool send_params(struct pg_db *, const struct pg_statement *);
static void pend(struct pg_db *, struct pg_pending);
static void collect(struct pg_db *, struct answers *);
static bool await(struct pg_db *);
static void take_result(struct pg_db *, const struct pg_pending *, PGresult *,
    struct answers *);
static void take_rows(struct pg_wait *, const PGresult *);
static enum err conclude(struct tx *, struct answers *, PGresult **);
static bool is_of_connection(const char *state);
static enum err lose(struct tx *, enum err, enum msg, bool may_repeat);
static enum err refuse(struct tx *, const PGresult *, const struct table *);
static enum msg reason_of(const PGresult *, const char *state);
static PGresult *ask_status(struct pg_db *);
static bool is_beyond(const PGresult *error);

struct pg_db *
link_new(struct pg_place *place)
{
	struct pg_db *db = heap_alloc(1, sizeof(*db));

	db->place = place;
	db->scratch = arena_open(SCRATCH_MAX);
	return db;
}

void
link_free(struct pg_db *db)
{
	drop(db);
	if (db->known != NULL)
		known_close(db->known);
	heap_free(db->pending);
	arena_close(db->scratch);
	heap_free(db);
}

/* --- connecting ------------------------------------------------------------- */

bool
link_ready(struct pg_db *db)
{
	int64_t now_ms = clock_mono_ns() / 1000000;

	/* It may have ended while nobody looked, or be as silent as another that was given up since. */
	if (db->conn != NULL &&
	    (has_ended(db->conn) ||
		db->heard_ms < atomic_load(&db->place->silent_ms)))
		drop(db);
	if (db->conn != NULL)
		return true;
	/* Unless somebody else has found it back meanwhile. */
	if (now_ms < db->next_ms &&
	    atomic_load(&db->place->answered_ms) <= db->failed_ms)
		return false;
	db->conn = PQconnectdbParams((const char *const *)db->place->word,
	    (const char *const *)db->place->value, 0);
	if (db->conn == NULL)
		fatal("no memory for a connection");
	if (PQstatus(db->conn) != CONNECTION_OK ||
	    PQsetnonblocking(db->conn, 1) != 0 ||
	    PQenterPipelineMode(db->conn) != 1) {
		back_off(db);
		return false;
	}
	PQsetNoticeReceiver(db->conn, notice, db);
	if (db->base.is_writer && db->base.kind == DB_DATA)
		db->base.store->connects++;
	if (db->was_away)
		tell(db, LOG_INFO, "database_back");
	db->was_away = false;
	db->back_off_ms = db->next_ms = 0;
	db->heard_ms = clock_mono_ns() / 1000000;
	atomic_store(&db->place->answered_ms, db->heard_ms);
	db->npending = 0;
	if (db->base.is_writer)
		ask_process(db);
	return true;
}

/*
 * The server names its process in its greeting, and a pooler makes a name up.
 * Where both are the same the session stays, and what it is told it knows.
 */
static void
ask_process(struct pg_db *db)
{
	if (db->known == NULL)
		db->known = known_open();
	known_forget(db->known);
	db->is_own = false;
	if (atomic_load(&db->place->is_shared))
		return;
	if (PQsendQueryParams(db->conn, PID, 0, NULL, NULL, NULL, NULL, 1) !=
	    1) {
		drop(db);
		return;
	}
	pend(db, (struct pg_pending) { .is_pid = true });
	/* Its transaction ends here, or the next could not choose its kind. */
	link_flush(db);
}

static void
back_off(struct pg_db *db)
{
	drop(db);
	db->back_off_ms *= 2;
	if (db->back_off_ms == 0)
		db->back_off_ms = BACK_OFF_MS;
	if (db->back_off_ms > BACK_OFF_MAX)
		db->back_off_ms = BACK_OFF_MAX;
	db->failed_ms = clock_mono_ns() / 1000000;
	db->next_ms = db->failed_ms + db->back_off_ms;
	if (!db->was_away)
		tell(db, LOG_ERROR, "database_away");
	db->was_away = true;
}

/* What it said as it went is read first, its end after that. */
static bool
has_ended(PGconn *conn)
{
	return PQconsumeInput(conn) == 0 || PQconsumeInput(conn) == 0 ||
	    PQstatus(conn) != CONNECTION_OK;
}

/*
 * A warning during COMMIT says that it stands here and perhaps nowhere else
 * (S-F2).  Its words are in the server's language, so any warning counts.
 */
static void
notice(void *arg, const PGresult *r)
{
	struct pg_db *db = arg;
	const char *severity =
	    PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity != NULL && strcmp(severity, "WARNING") == 0)
		db->was_warned = true;
}

static void
tell(const struct pg_db *db, enum log_level level, const char *event)
{
	log_event(level, event,
	    LOG_WORD("database", db->base.kind == DB_DATA ? "data" : "keys"),
	    LOG_NUM("writer", db->base.is_writer));
}

static void
drop(struct pg_db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->npending = db->nwait = 0;
}

/* --- the pipeline ----------------------------------------------------------- */

enum err
link_send(struct tx *tx, const struct pg_statement *s)
{
	struct pg_db *db = PG_DB(tx);
	const struct pg_params *p = s->params;
	int sent;

	if (db->conn == NULL)
		return link_away(tx);
	sent = p == NULL
	    ? PQsendQueryParams(db->conn, s->text, 0, NULL, NULL, NULL, NULL, 1)
	    : send_params(db, s);
	if (sent != 1)
		return link_away(tx);
	pend(db,
	    (struct pg_pending) {
		.table = s->table, .wait = s->wait, .is_xid = s->is_xid });
	return OK;
}

/* True: it is on its way. */
static bool
send_params(struct pg_db *db, const struct pg_statement *s)
{
	const struct pg_params *p = s->params;
	struct known_text *t =
	    db->is_own ? known_find(db->known, s->text, p) : NULL;

	if (t == NULL)
		return PQsendQueryParams(db->conn, s->text, (int)p->n, p->type,
			   p->value, p->length, p->format, 1) == 1;
	if (!known_told(t, true)) {
		if (PQsendPrepare(db->conn, known_name(t), s->text, (int)p->n,
			p->type) != 1)
			return false;
		pend(db, (struct pg_pending) { .table = s->table, .told = t });
	}
	return PQsendQueryPrepared(db->conn, known_name(t), (int)p->n, p->value,
		   p->length, p->format, 1) == 1;
}

static void
pend(struct pg_db *db, struct pg_pending p)
{
	if (db->npending == db->cap) {
		db->cap = db->cap == 0 ? 64 : db->cap * 2;
		db->pending =
		    heap_grow(db->pending, db->cap, sizeof(*db->pending));
	}
	db->pending[db->npending++] = p;
	db->nwait += p.wait != NULL;
}

void
link_forget(struct pg_db *db)
{
	for (size_t i = 0; db->nwait > 0 && i < db->npending; i++)
		db->pending[i].wait = NULL;
	db->nwait = 0;
}

void
link_flush(struct pg_db *db)
{
	if (db->conn == NULL)
		return;
	if (PQpipelineSync(db->conn) != 1) {
		drop(db);
		return;
	}
	pend(db, (struct pg_pending) { .is_end = true });
}

void
link_clear(struct pg_db *db)
{
	struct answers a = { 0 };

	if (db->conn == NULL || db->npending == 0)
		return;
	link_forget(db);
	collect(db, &a);
	PQclear(a.last);
	PQclear(a.error);
}

enum err
link_settle(struct tx *tx, PGresult **out)
{
	struct pg_db *db = PG_DB(tx);
	struct answers a = { 0 };

	link_flush(db);
	if (db->conn == NULL)
		return link_away(tx);
	collect(db, &a);
	return conclude(tx, &a, out);
}

enum err
link_commit(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);
	struct answers a = { 0 };

	db->was_warned = false;
	link_flush(db);
	if (db->conn != NULL)
		collect(db, &a);
	/* Done though the connection ended, or not done though it did not. */
	if (a.last != NULL && strcmp(PQcmdStatus(a.last), "COMMIT") == 0) {
		PQclear(a.last);
		PQclear(a.error);
		return db->was_warned ? ERR_UNKNOWN : OK;
	}
	if (a.error != NULL && !a.is_lost)
		return conclude(tx, &a, NULL);
	PQclear(a.last);
	PQclear(a.error);
	return ERR_UNKNOWN;
}

/* Reads the answer to everything that is pending. */
static void
collect(struct pg_db *db, struct answers *a)
{
	size_t n = db->npending;

	for (size_t i = 0; i < n; i++) {
		const struct pg_pending *p = &db->pending[i];
		PGresult *r = await(db) ? PQgetResult(db->conn) : NULL;

		if (r == NULL) {
			a->is_lost = true;
			break;
		}
		if (p->is_end) {
			a->is_lost |= PQresultStatus(r) != PGRES_PIPELINE_SYNC;
			PQclear(r);
			if (a->is_lost)
				break;
			continue;
		}
		take_result(db, p, r, a);
		if (a->is_lost || PQstatus(db->conn) != CONNECTION_OK) {
			a->is_lost = true;
			break;
		}
		/* What ends a statement comes with its last answer. */
		r = PQgetResult(db->conn);
		a->is_lost = r != NULL;
		PQclear(r);
		if (a->is_lost)
			break;
	}
	db->npending = db->nwait = 0;
	db->heard_ms = clock_mono_ns() / 1000000;
	if (a->is_lost) {
		tell(db, LOG_WARN, "database_lost");
		drop(db);
	}
}

/*
 * What is not sent yet goes out meanwhile.  A server that neither says nor
 * takes anything for so long is as good as gone: no statement takes longer,
 * since the server ends it (postgres.c), and a host that is away TCP tells of.
 * Only the end of the connection bounds a COMMIT that waits for its standby
 * (S-F2).
 */
static bool
await(struct pg_db *db)
{
	struct pollfd fd = { .fd = PQsocket(db->conn) };

	while (PQisBusy(db->conn)) {
		int left = PQflush(db->conn), n;

		if (left < 0)
			return false;
		fd.events = (short)(left > 0 ? POLLIN | POLLOUT : POLLIN);
		n = poll(&fd, 1, SILENCE_MS);
		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody else need wait as long for the same. */
		if (n == 0)
			atomic_store(
			    &db->place->silent_ms, clock_mono_ns() / 1000000);
		if (n <= 0 || PQconsumeInput(db->conn) == 0)
			return false;
	}
	return true;
}

static void
take_result(struct pg_db *db, const struct pg_pending *p, PGresult *r,
    struct answers *a)
{
	const char *state;

	if (p->told != NULL && PQresultStatus(r) != PGRES_COMMAND_OK)
		(void)known_told(p->told, false);
	switch (PQresultStatus(r)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		if (p->is_xid)
			db->xid = (uint64_t)result_int(r, 0, 0);
		if (p->is_pid) {
			/* Nobody's answer: what follows it may have failed. */
			db->is_own =
			    result_int(r, 0, 0) == PQbackendPID(db->conn);
			break;
		}
		if (p->wait != NULL)
			take_rows(p->wait, r);
		PQclear(a->last);
		a->last = r;
		return;
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
		state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
		if (state == NULL || is_of_connection(state))
			a->is_lost = true;
		if (a->error != NULL)
			break;
		a->error = r;
		a->table = p->table;
		return;
	}
	PQclear(r);
}

static void
take_rows(struct pg_wait *w, const PGresult *r)
{
	int n = PQntuples(r);

	for (int i = 0; i < n; i++) {
		size_t place =
		    w->has_place ? (size_t)result_int(r, i, 0) - 1 : 0;

		if (w->stale != NULL)
			w->stale[w->at[place]] = false;
		else
			result_row(&w->sink, r, i, w->has_place, place);
	}
}

/* After these the server closes it, or is not one that writes. */
static bool
is_of_connection(const char *state)
{
	static const char *const states[] = { "08", "57P", "25006", "25P03" };

	for (size_t i = 0; i < COUNT(states); i++)
		if (strncmp(state, states[i], strlen(states[i])) == 0)
			return true;
	return false;
}

static enum err
conclude(struct tx *tx, struct answers *a, PGresult **out)
{
	enum err err = OK;

	if (a->is_lost)
		err = link_away(tx);
	else if (a->error != NULL)
		err = refuse(tx, a->error, a->table);
	PQclear(a->error);
	if (err == OK && out != NULL) {
		*out = a->last;
		return OK;
	}
	PQclear(a->last);
	return err;
}

/* --- what goes wrong -------------------------------------------------------- */

/* The transaction comes to nothing; only a rollback is left. */
static enum err
lose(struct tx *tx, enum err err, enum msg msg, bool may_repeat)
{
	tx->is_lost = true;
	tx->lost = err;
	tx->why = msg;
	tx->may_repeat = may_repeat;
	return fail(tx->cx, err, msg, "");
}

enum err
link_doubtful(struct tx *tx)
{
	return lose(tx, ERR_AWAY, MSG_STORE_AWAY, true);
}

enum err
link_away(struct tx *tx)
{
	struct pg_db *db = PG_DB(tx);

	drop(db);
	return lose(tx, ERR_AWAY, MSG_STORE_AWAY, true);
}

static enum err
refuse(struct tx *tx, const PGresult *r, const struct table *t)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	struct pg_db *db = PG_DB(tx);
	enum msg msg;

	/* Another transaction was in the way, or somebody cancelled a statement of ours. */
	if (strncmp(state, "40", 2) == 0 || strcmp(state, "55P03") == 0 ||
	    strcmp(state, "57014") == 0)
		return lose(tx, ERR_BUSY, MSG_STORE_BUSY, true);
	if (strcmp(state, "53100") == 0)
		return lose(tx, ERR_FULL, MSG_STORE_FULL, false);
	if (strncmp(state, "53", 2) == 0)
		return lose(tx, ERR_AWAY, MSG_STORE_AWAY, true);
	if (strcmp(state, FORGOTTEN) == 0 || strcmp(state, KNOWN) == 0) {
		atomic_store(&db->place->is_shared, true);
		return link_away(tx);
	}
	msg = reason_of(r, state);
	/* A text of ours that it does not take, a row of another tenant: bugs. */
	if (msg == MSG_NONE)
		fatal("postgresql: %s %s (table %s)", state,
		    PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
		    t != NULL ? t->name : "none");
	db->has_failed = true;
	db->why = msg;
	db->what = t != NULL ? t->name : "";
	return fail(tx->cx, ERR_CONFLICT, msg, "", db->what);
}

static enum msg
reason_of(const PGresult *r, const char *state)
{
	static const struct {
		const char *state;
		enum msg msg;
	} reason[] = {
		{ "23505", MSG_STORE_UNIQUE },
		{ "23514", MSG_STORE_CHECK },
		{ "23503", MSG_STORE_REFERENCE },
	};
	const char *name = PQresultErrorField(r, PG_DIAG_CONSTRAINT_NAME);

	for (size_t i = 0; i < COUNT(reason); i++) {
		if (strcmp(state, reason[i].state) != 0)
			continue;
		/* A primary key's own name; made again, it has a number. */
		if (i == 0 && name != NULL && strstr(name, "_pkey") != NULL)
			return MSG_STORE_EXISTS;
		return reason[i].msg;
	}
	return MSG_NONE;
}

/* --- a commit whose answer was lost ------------------------------------------ */

bool
link_ask_doubt(struct pg_db *db, bool *is_there)
{
	PGresult *r;
	const char *word;
	bool is_known;

	if (!link_ready(db))
		return false;
	r = ask_status(db);
	if (r == NULL)
		return false;
	word = PQgetvalue(r, 0, 0);
	*is_there = strcmp(word, "committed") == 0;
	is_known = *is_there || strcmp(word, "aborted") == 0;
	/* NULL, that is empty: so long ago that nobody remembers. */
	if (is_known || word[0] == '\0')
		db->doubt = 0;
	PQclear(r);
	return is_known;
}

static PGresult *
ask_status(struct pg_db *db)
{
	struct pg_params *p = params_new(db->scratch, 1);
	struct answers a = { 0 };

	params_xid(db->scratch, p, db->doubt);
	if (PQsendQueryParams(db->conn, XID_STATUS, 1, p->type, p->value,
		p->length, p->format, 1) != 1) {
		drop(db);
		return NULL;
	}
	pend(db, (struct pg_pending) { 0 });
	link_flush(db);
	if (db->conn != NULL)
		collect(db, &a);
	/* A number beyond its own: it is another server, or an older one. */
	if (a.error != NULL && !a.is_lost && is_beyond(a.error))
		db->doubt = 0;
	PQclear(a.error);
	return a.last;
}

/* Any other error says nothing of it. */
static bool
is_beyond(const PGresult *error)
{
	const char *state = PQresultErrorField(error, PG_DIAG_SQLSTATE);

	return state != NULL && strcmp(state, BEYOND) == 0;
}

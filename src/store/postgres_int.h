/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_int.h - the PostgreSQL engine's files: postgres.c runs transactions
 * and statements, postgres_link.c keeps a connection and says what its
 * troubles mean, postgres_known.c what its session was told, postgres_sql.c writes the texts, postgres_wire.c the binary
 * forms, postgres_url.c reads the URL, postgres_open.c opens, migrates and
 * checks.
 *
 * Statements go out in libpq's pipeline mode; only a settle waits, and then for
 * all before it.  So an error may show itself later than the statement that
 * made it, but never later than the savepoint or the commit that follows.
 *
 * No setting and no lock is left in a session from one transaction to the next:
 * a pooler may give each another session.  Prepared statements are, where the
 * session is seen to be a connection's own.
 */
#ifndef STORE_POSTGRES_INT_H
#define STORE_POSTGRES_INT_H

#include <libpq-fe.h>

#include "store/store_int.h"

/* How one of the two databases is reached; SHOWN is for people, without a password. */
struct pg_place {
	char **word, **value;	/* as PQconnectdbParams() takes them */
	char  *shown;
	_Atomic int64_t answered_ms;	/* when somebody of us last got a connection */
	_Atomic int64_t silent_ms;	/* when one was last given up for its silence */
	_Atomic bool	is_shared;	/* a session forgot what it was told: somebody stands between */
};

struct pg_store {
	struct store	base;
	struct pg_place place[2];	/* by enum db_kind */
};

/* Where an answer goes that comes later: rows, or which of the rows saved are stale. */
struct pg_wait {
	struct row_sink sink;
	bool		has_place;	/* which key a row belongs to stands before its columns */
	bool	       *stale;		/* instead of rows: all true until answered */
	const size_t   *at;		/* the place of each by its ordinal */
};

/* What is still to be answered: a statement, or the end of a part of the pipeline. */
struct pg_pending {
	const struct table *table;	/* whose statement it is, for its errors */
	struct pg_wait	   *wait;	/* NULL: nobody waits for it */
	bool		    is_end;
	bool		    is_xid;	/* tells the transaction's number */
	bool		    is_pid;	/* tells which process it is */
	struct known_text  *told;	/* only tells the session of it */
};

struct pg_db {
	struct db	   base;
	struct pg_place	  *place;
	PGconn		  *conn;	/* NULL: none at present */
	struct arena	  *scratch;	/* of one statement */
	struct known	  *known;	/* a writer's; a reader tells its session nothing */
	bool		   is_own;	/* the session is this connection's, and nobody else's */
	struct pg_pending *pending;
	size_t		   npending, cap, nwait;	/* of them, waited for */
	int64_t		   failed_ms, next_ms, back_off_ms;	/* when it could not connect, and may try again */
	int64_t		   heard_ms;	/* when it last answered */
	bool		   was_away;
	/* Of the present transaction: */
	bool		   has_begun;	/* BEGIN was sent */
	bool		   has_snapshot;	/* a reader */
	bool		   has_failed;	/* a statement; only an undo or a rollback is left */
	enum msg	   why;
	const char	  *what;	/* the table it failed for */
	uint64_t	   xid;		/* 0: not known */
	bool		   was_warned;	/* during COMMIT */
	uint64_t	   doubt;	/* a transaction whose end nobody knows; 0: none */
};

/* Parameters of one statement, in binary. */
struct pg_params {
	size_t	     n, cap;
	Oid	    *type;
	const char **value;
	int	    *length, *format;
};

struct pg_statement {
	const char	       *text;
	const struct pg_params *params;	/* NULL: none */
	const struct table     *table;	/* may be NULL */
	struct pg_wait	       *wait;	/* may be NULL */
	bool			is_xid;
};

#define PG_DB(tx) ((struct pg_db *)(tx)->db)

/* --- postgres_link.c --- */

struct pg_db *link_new(struct pg_place *);
void link_free(struct pg_db *);
/* Connects where there is no connection; false: nobody answers, or not yet again. */
bool link_ready(struct pg_db *);
/* Queues a statement; what became of it, the next link_settle() tells. */
enum err link_send(struct tx *, const struct pg_statement *) USE_RESULT;
/* Waits for everything queued.  OUT, if wanted: what the last statement gave; the caller clears it. */
enum err link_settle(struct tx *, PGresult **out) USE_RESULT;
/* The same, the last statement being COMMIT: a connection that is lost now leaves it unknown. */
enum err link_commit(struct tx *) USE_RESULT;
/* Nobody waits any more; what is queued is answered all the same. */
void link_forget(struct pg_db *);
/* Takes and forgets what the last transaction left unanswered. */
void link_clear(struct pg_db *);
/* The transaction comes to nothing, for there is no connection. */
enum err link_away(struct tx *) USE_RESULT;
/* Nothing is written before a doubt is over; the connection is kept, to ask again. */
enum err link_doubtful(struct tx *) USE_RESULT;
/* Sends what is queued, and leaves the answers to the next settle; errors are nobody's. */
void link_flush(struct pg_db *);
/* Finds out what became of the transaction in doubt; false: nobody can tell yet. */
bool link_ask_doubt(struct pg_db *, bool *is_there);

/* --- postgres_known.c --- */

struct known *known_open(void);
void known_close(struct known *);
/* The session is another: it was told nothing. */
void known_forget(struct known *);
/* NULL: too many already. */
struct known_text *known_find(struct known *, const char *text, const struct pg_params *);
const char *known_name(const struct known_text *);
/* Notes whether the session was told; whether it was before. */
bool known_told(struct known_text *, bool is_told);

/* --- postgres_wire.c --- */

struct pg_params *params_new(struct arena *, size_t cap);
void params_int(struct arena *, struct pg_params *, int64_t);
void params_bytes(struct pg_params *, struct str);
void params_text(struct pg_params *, const char *);
void params_xid(struct arena *, struct pg_params *, uint64_t);
void params_ints(struct arena *, struct pg_params *, const int64_t *, size_t n);
/* The first NCOLUMN columns of N rows, an array each. */
void params_rows(struct arena *, struct pg_params *, const struct table *, const char *const *row, size_t n, size_t ncolumn);
int64_t result_int(const PGresult *, int row, int column);
/* The row's columns from column FROM of the result on. */
void result_row(struct row_sink *, const PGresult *, int row, int from, size_t key);

/* --- postgres_sql.c --- */

/* Each reads its rows from arrays, $1 … by column. */
void pg_insert(struct buf *, const struct table *);
/* Gives the ordinals of the rows that were stored. */
void pg_insert_told(struct buf *, const struct table *);
void pg_update(struct buf *, const struct table *);
/* The ordinal first, then the columns; the limit is the next parameter. */
void pg_select(struct buf *, const struct table *, size_t nprefix);
void pg_delete(struct buf *, const struct table *, size_t nprefix);

/* --- postgres.c --- */

enum err pg_step(struct tx *, enum tx_step);
enum err pg_reach(struct tx *, const struct reach *);
enum err pg_save(struct tx *, const struct table *, const void *rows, size_t n, bool *stale);
enum err pg_load(struct tx *, const struct key_set *, struct rows *);
enum err pg_drop(struct tx *, const struct key_set *, int64_t *count);
enum err pg_query(struct tx *, const struct query *, struct rows *);
enum err pg_settle(struct tx *);

/* --- postgres_url.c --- */

/* Of both databases: "URL" or "URL-OF-DATA URL-OF-KEYS". */
enum err url_read(struct ctx *, const char *url, struct pg_place place[2]) USE_RESULT;
/* Where both are. */
enum err url_peers(struct ctx *, const char *url, struct store_peers *) USE_RESULT;
void place_free(struct pg_place *);

#endif

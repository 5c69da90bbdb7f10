/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the only door to the databases: connections, transactions, and
 * set-wise loading and saving driven by one declaration a table.
 *
 * The plural is the primitive: every call takes an array, one item is an array
 * of one.  Everything is read by a prefix of the primary key, so that there
 * are no secondary indexes to keep.  Two databases: data (usher.db) and the
 * wrapped keys (keys.db).  With SQLite one connection does all writes and all
 * checkpoints of each (S-F3); with PostgreSQL each lane has its own.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"

struct store;	/* where the databases are, and which engine */
struct db;	/* one connection; one thread uses it at a time */
struct tx;	/* a write transaction, or a reader's snapshot */

enum db_kind { DB_DATA, DB_KEYS };

/*
 * URL: a folder (SQLite, both files in it), or postgresql://… of the data; the
 * keys are then in the database NAME_keys with the role USER_keys, or where a
 * second URL after a space says.  Makes and migrates what is missing.
 * ERR_CONFLICT: newer schema than this program, damaged, or in use.
 */
enum err store_open(struct ctx *, const char *url, struct store **out) USE_RESULT;
void store_close(struct store *);

/* Where a process that opens URL must be allowed to connect. */
#define STORE_PORTS 8
struct store_peers {
	bool	 connects;	/* at all */
	bool	 is_remote;	/* not only to Unix sockets */
	bool	 asks_names;	/* of a name server */
	uint16_t port[STORE_PORTS];
	size_t	 nport;
};
/* ERR_BAD_INPUT: no engine takes the URL. */
enum err store_peers(struct ctx *, const char *url, struct store_peers *) USE_RESULT;

/*
 * Of how many lanes a pipeline over URL is (pipeline.h): WISH, if its engine
 * takes as many; 0: as the engine thinks best.
 */
#define LANES_MAX 8
size_t store_lanes(const char *url, size_t wish);
/* A write may be about any tenants together; else it is about one at a time. */
bool store_spans(const struct store *);
/* Other servers may have the databases open as well. */
bool store_is_shared(const struct store *);

/* How often a connection that writes the data was made: after another one it may be another server. */
uint64_t store_connects(const struct store *);

/* The writing connection is one per database and lane; asking twice is a bug. */
struct db *db_open_writer(struct store *, enum db_kind, size_t lane);
struct db *db_open_reader(struct store *, enum db_kind);
/* One more that writes the data, beside the lanes'; shared databases only. */
struct db *db_open_side(struct store *);
void db_close(struct db *);

/*
 * CX's arena receives what is loaded.  Writers change what they say in
 * tx_tenants(), and lock it.  Readers: a snapshot until tx_end(), of the rows
 * that CX's actor may be about: its tenant's, or everybody's for the operator
 * and the node.  Without a database every later call is ERR_AWAY.
 */
struct tx *tx_begin(struct db *, struct ctx *);
/* It sees everybody's rows: for what no actor asked for, as start and clock. */
struct tx *tx_begin_all(struct db *, struct ctx *);
/* What the transaction is about from now on: N tenants, whose rows are locked if it writes, in the order of their numbers; IS_ALL: it sees the others too. */
void tx_tenants(struct tx *, const int64_t *tenant, size_t n, bool is_all);
/*
 * Durable when it returns OK; one fsync.  An I/O error is fatal() (S-F3: never
 * retried).  ERR_FULL: no space, nothing was stored.  ERR_UNKNOWN: nobody can
 * say.  Any other: an earlier save or drop failed, nothing was stored.
 */
enum err tx_commit(struct tx *) USE_RESULT;
/* It failed as a whole, and not for what it was asked: no space, no database, an end that nobody knows. */
bool tx_is_lost(const struct tx *);
/* After a transaction that failed: it came to nothing by no fault of its own, and all of it may be done again. */
bool tx_may_repeat(const struct tx *);
/* After ERR_UNKNOWN: it is stored here, but perhaps not where it must be to last. */
bool tx_is_there(const struct tx *);
void tx_rollback(struct tx *);
void tx_end(struct tx *);		/* of a reader */
struct tx *tx_renew(struct tx *);	/* a reader's snapshot of now, instead of this one; again of what its actor may be about */
struct ctx *tx_ctx(struct tx *);
/* What is saved from now on is in no server's memory, though its table is one that they keep; or it is again. */
void tx_quiet(struct tx *, bool);
/* The transaction told the other servers that something of TENANT changed. */
bool tx_has_told(const struct tx *, int64_t tenant);
/* The end of each log that it made longer, and the last entry; as long as the arenas live in which they were saved.  None after an undo. */
struct log_end {
	int64_t	   tenant, origin, size;
	struct str frontier, entry;
};
size_t tx_log_ends(const struct tx *, const struct log_end **out);
/* CX of a transaction that serves several batches or pages in turn. */
void tx_switch(struct tx *, struct ctx *);
/* Nested: for replaying a batch one by one inside its transaction. */
enum err tx_savepoint(struct tx *) USE_RESULT;
void tx_undo(struct tx *);		/* back to the savepoint, and forgets it */
/* Forgets the savepoint.  An error is that of a save or drop since: it stands, and must be undone. */
enum err tx_keep(struct tx *) USE_RESULT;

/*
 * In idle moments and at a cap of pages, on the writer's own connection; true
 * if the log was reset.  See PERFORMANCE.md (traps): RESTART at the cap.
 */
bool db_checkpoint(struct db *, bool is_idle);
/* Many short checkpoints, synced on the side, instead of few long ones: less throughput, but nobody waits long for one. */
void db_checkpoint_often(struct db *, bool);
/* Copies all of the log back and cuts it to nothing, so that no old page is left in it; false: a reader is in the way, or there is no space. */
bool db_empty_log(struct db *);

/* --- tables ---------------------------------------------------------------------- */

/* Column types are C types of the row struct: any integer, enum or bool, or struct str (a blob or text). */
struct column {
	const char *name;
	bool	    is_bytes;
	size_t	    offset, size;
};

enum when_exists {
	EXISTS_FAILS,		/* ERR_CONFLICT (MSG_STORE_EXISTS names the table) */
	EXISTS_REPLACES,	/* the other columns take the new values */
	EXISTS_STAYS,		/* the stored row stays */
	EXISTS_VERSIONED	/* replaces if the stored version is the row's, and stores one more; else stale.  Version 0: must not exist, else stale */
};

struct table {
	const char	    *name;
	enum db_kind	     db;
	const struct column *column;	/* key columns first, tenant the very first */
	size_t		     ncolumn, nkey;
	size_t		     row_size;
	enum when_exists     when_exists;
};

struct rows {
	void   *row;	/* array of the table's row struct */
	size_t	n;
	size_t *key;	/* key[i]: which of the keys asked for row i belongs to */
};

/*
 * All rows whose first NPREFIX key columns equal those of one of the N keys
 * (row structs with these fields filled), in key order for each key, at most
 * LIMIT for each (0: all).  Strings are copied to the arena.
 */
enum err store_load(struct tx *, const struct table *, const void *keys, size_t n, size_t nprefix, size_t limit, struct rows *out) USE_RESULT;

/*
 * The same, but the rows are there only after store_settle(), or after whatever
 * waits for an answer on the way: what does not need each other's rows is asked
 * for together, and waited for once.  OUT stays where it is until then, in the
 * batch's arena.
 */
enum err store_load_later(struct tx *, const struct table *, const void *keys, size_t n, size_t nprefix, size_t limit, struct rows *out) USE_RESULT;
enum err store_settle(struct tx *) USE_RESULT;

/*
 * Saves N rows.  STALE (may be NULL unless versioned) gets a flag for each
 * row: nothing was written, the version is another or the row stayed.  The
 * caller's row keeps its version.  ERR_CONFLICT: a constraint was violated; the
 * transaction must be rolled back or undone to its savepoint.  Where no STALE
 * is wanted the error may come from a later call instead, tx_keep() or
 * tx_commit() at the latest; of a drop that counts nothing too.
 */
enum err store_save(struct tx *, const struct table *, const void *rows, size_t n, bool *stale) USE_RESULT;

/* The same; STALE and the error are known after store_settle() only. */
enum err store_save_later(struct tx *, const struct table *, const void *rows, size_t n, bool *stale) USE_RESULT;

/* Deletes by the first NPREFIX key columns; how many went, if wanted. */
enum err store_drop(struct tx *, const struct table *, const void *keys, size_t n, size_t nprefix, int64_t *count) USE_RESULT;

/*
 * One page in key order: rows whose first NPREFIX key columns equal FROM's and
 * whose whole key is greater than FROM's (or, with IS_FIRST, any).  NPREFIX is
 * less than the whole key; 0: of all tenants.
 */
enum err store_page(struct tx *, const struct table *, const void *from, size_t nprefix, bool is_first, size_t limit, struct rows *out) USE_RESULT;

/* How many rows have this key prefix; for verify and reports only, it walks them. */
enum err store_count(struct tx *, const struct table *, const void *key, size_t nprefix, int64_t *out) USE_RESULT;

/* A consistent copy of a database while it is in use, then synced.  PATH must not exist. */
enum err store_copy(struct ctx *, struct store *, enum db_kind, const char *path) USE_RESULT;
/* The engine's own check of the file, every page. */
enum err store_check(struct ctx *, struct store *, enum db_kind) USE_RESULT;
/*
 * By what the database's server keeps a commit, in its own words and as they
 * are for us: what was set for our role counts.  SQLite's have none.
 */
struct db_setting { const char *name; struct str value; };
enum err store_settings(struct ctx *, struct store *, enum db_kind, struct db_setting **out, size_t *n) USE_RESULT;
/* The engine and its version, for people: "SQLite 3.40.1". */
struct str store_engine(struct arena *, const struct store *);

#endif

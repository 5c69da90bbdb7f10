/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_int.h - what the files of store/ share: the engine behind the door,
 * one value an engine, and the few SQL texts that both understand.
 *
 * SQL is written once, for both engines, with $1, $2 … as parameters.  What
 * the engines spell differently is a word of this header, never a second text.
 */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include "base/buf.h"
#include "store/rows.h"
#include "store/store.h"

/* A parameter of a query. */
struct arg {
	enum { ARG_INT, ARG_BYTES, ARG_LIST } kind;
	int64_t	       number;
	struct str     bytes;
	const int64_t *list;	/* of integers: see sql_in() */
	size_t	       n;
};

#define ARG_OF_INT(value)   ((struct arg) { .kind = ARG_INT, .number = (value) })
#define ARG_OF_BYTES(value) ((struct arg) { .kind = ARG_BYTES, .bytes = (value) })
#define ARGS_MAX 512

/* A text whose result columns are those of INTO, in order. */
struct query {
	const struct table *into;
	const char	   *text;
	const struct arg   *arg;
	size_t		    narg;
};

/* Key rows of a table, and how much of them counts. */
struct key_set {
	const struct table *table;
	const char	   *row;	/* N structs of table->row_size bytes */
	size_t		    n, nprefix;
	size_t		    limit;	/* for each; 0: all */
};

enum tx_step { TX_BEGIN, TX_COMMIT, TX_ROLLBACK, TX_SAVE_POINT, TX_UNDO, TX_KEEP };

struct tx {
	struct db  *db;
	struct ctx *cx;
	bool	    is_open;
	bool	    is_lost;	/* the engine gave the transaction up: only a rollback is left */
	enum err    lost;	/* what every call says from then on */
	enum msg    why;
	bool	    may_repeat, is_there;
	bool	    is_quiet;
	struct told *told;	/* of a shared database: what the others must know; the arena's of who began it */
	unsigned    depth;	/* savepoints */
};

/* Whose rows a transaction is about. */
struct reach {
	const int64_t *tenant;	/* in order, each once */
	size_t	       n;
	bool	       is_all;	/* TENANT is what it changes, but it sees everybody's */
};

struct db {
	struct store *store;
	enum db_kind  kind;
	bool	      is_writer;
	size_t	      lane;	/* a writer's */
	bool	      is_side;	/* a writer, of no lane */
	bool	      is_often;	/* checkpoints */
	struct tx     tx;
};

struct store {
	const struct engine *engine;
	struct db	    *writer[LANES_MAX][2]; /* by enum db_kind; open as long as the store is */
	_Atomic bool	     is_taken[LANES_MAX][2];
	_Atomic uint64_t     connects;	/* of the data's writers */
};

/* Each engine's structs begin with struct store and struct db. */
struct engine {
	const char *title;	/* for people */
	size_t	    lanes;	/* at most */
	bool	    spans;	/* a transaction may be about several tenants */
	const char *(*version)(void);
	const char *in_list[2];	/* what stands before and after a parameter that holds a list of integers */

	bool	 (*serves)(const char *url);
	enum err (*open)(struct ctx *, const char *url, struct store **out);
	/* NULL: it connects nowhere. */
	enum err (*peers)(struct ctx *, const char *url, struct store_peers *);
	void	 (*close)(struct store *);
	/* A reader; the writers, two for each lane, are the store's. */
	struct db *(*connect)(struct store *, enum db_kind);
	/* A writer of the data; NULL: the databases are this process's alone. */
	struct db *(*connect_side)(struct store *);
	void	 (*disconnect)(struct db *);

	/* TX_BEGIN that fails loses the transaction; TX_KEEP may tell the error of an earlier save or drop, then the savepoint stands. */
	enum err (*step)(struct tx *, enum tx_step);
	/* NULL: whoever has the connection sees everything, and writes alone. */
	enum err (*reach)(struct tx *, const struct reach *);
	enum err (*save)(struct tx *, const struct table *, const void *rows, size_t n, bool *stale);
	enum err (*load)(struct tx *, const struct key_set *, struct rows *);
	enum err (*drop)(struct tx *, const struct key_set *, int64_t *count);	/* COUNT, if wanted, is added to */
	enum err (*query)(struct tx *, const struct query *, struct rows *);
	/* What load, query and save were asked is answered; NULL: each answers at once. */
	enum err (*settle)(struct tx *);

	bool	 (*checkpoint)(struct db *, bool is_idle);
	bool	 (*empty_log)(struct db *);
	void	 (*wipe)(struct db *, bool is_on);	/* what is deleted is overwritten */
	enum err (*copy)(struct ctx *, struct store *, enum db_kind, const char *path);
	enum err (*check)(struct ctx *, struct store *, enum db_kind);
	/* NULL: no server, no settings. */
	enum err (*settings)(struct ctx *, struct store *, enum db_kind, struct db_setting **out, size_t *n);
};

extern const struct engine sqlite_engine, postgres_engine;

/* Runs Q and collects what it gives.  On a shared database OUT may be NULL: nobody waits, and an error comes later, as that of a save. */
enum err store_query(struct tx *, const struct query *, struct rows *) USE_RESULT;
/* The same, answered by store_settle(). */
enum err store_query_later(struct tx *, const struct query *, struct rows *) USE_RESULT;

/* --- sql.c: texts made from a table's declaration --------------------------------- */

/* INSERT with the table's rule for a row that exists. */
void sql_insert(struct buf *, const struct table *);
/* EXISTS_VERSIONED: UPDATE of the row that still has its version; parameters as in sql_insert(). */
void sql_update(struct buf *, const struct table *);
/* SELECT by the first NPREFIX key columns, $1 …; the limit is the next parameter. */
void sql_select(struct buf *, const struct table *, size_t nprefix);
/* The same, and the whole key greater than $1 … $nkey; then the limit. */
void sql_page(struct buf *, const struct table *, size_t nprefix);
void sql_count(struct buf *, const struct table *, size_t nprefix);
void sql_delete(struct buf *, const struct table *, size_t nprefix);
/* "a, b, c" with PREFIX before each. */
void sql_columns(struct buf *, const struct table *, const char *prefix);
/* "IN …": the integers of the list in parameter $N, as the engine of the transaction says it. */
void sql_in(struct buf *, const struct tx *, size_t n);
/* " AND ID IN …": to which a search key leads; the tenant is $1, the others are parameters EPOCH and WORD (index.c). */
void sql_has_word(struct buf *, const char *id, size_t epoch, size_t word);
int64_t index_word(const struct index_key *);
/* The text, ended; a text that did not fit is a bug. */
const char *sql_end(struct buf *);
#define SQL_MAX 65536

/* --- rows.c ----------------------------------------------------------------------- */

/* Every table of both databases; ends with NULL. */
extern const struct table *const tables[];
extern const struct table IX_UNIQUE_STAYS;

/* Column I of ROW as a parameter. */
struct arg row_arg(const struct column *, const void *row);
/* Place of the column `version`. */
size_t table_version(const struct table *);

/* What a query gives that counts. */
struct number {
	int64_t n;
};
extern const struct table NUMBER;

/* Rows being collected in an arena. */
struct row_sink {
	struct arena	   *arena;
	const struct table *table;
	struct rows	   *out;
	size_t		    cap;
};
void sink_open(struct row_sink *, struct arena *, const struct table *, struct rows *out, size_t expected);
/* Room for one more, which belongs to key KEY. */
void *sink_add(struct row_sink *, size_t key);

/* --- notice.c --------------------------------------------------------------------- */

/* Whether it must be known which rows of it were stored before notice_saved(). */
bool notice_heeds(struct tx *, const struct table *);
/* Rows that were saved (but for those that are STALE, if it is there), or whose first NPREFIX key columns were dropped. */
void notice_saved(struct tx *, const struct table *, const void *rows, size_t n, const bool *stale);
void notice_dropped(struct tx *, const struct table *, const void *keys, size_t n, size_t nprefix);
/* What was saved since the savepoint that is no more is undone, or stays. */
void notice_undone(struct tx *);
void notice_kept(struct tx *);
/* Before the commit: writes them down. */
enum err notice_tell(struct tx *) USE_RESULT;

/* --- migrate.c -------------------------------------------------------------------- */

struct migration {
	enum db_kind	   db;
	int		   version;
	const char *const *text;	/* statements, ended by NULL */
};
extern const struct migration migrations[];
/* The schema this program wants. */
int migration_last(enum db_kind);

/* What an engine calls the words of the migrations. */
struct word {
	const char *word, *means;
};
/* TEXT with each @word replaced; an unknown one is a bug. */
void migration_text(struct buf *, const char *text, const struct word *, size_t nword);

#endif

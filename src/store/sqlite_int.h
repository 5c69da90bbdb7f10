/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_int.h - the SQLite engine's files: sqlite.c runs statements,
 * sqlite_file.c opens, migrates, copies and checks the files, sqlite_vfs.c and
 * sqlite_lag.c write and sync those of the writers.
 */
#ifndef STORE_SQLITE_INT_H
#define STORE_SQLITE_INT_H

#include <sqlite3.h>

#include "store/store_int.h"

/* A folder with usher.db, keys.db and a lock that only one server holds. */
struct sqlite_store {
	struct store base;
	char	    *folder;
	char	    *path[2];	/* by enum db_kind */
	int	     lock_fd;
};

/* A prepared statement; at[i] is where parameter $(i + 1) stands in it. */
struct stmt {
	sqlite3_stmt *s;
	int	     *at;
	size_t	      n;
};

struct lag;
struct plan;
struct text_plan;

struct sqlite_db {
	struct db	  base;
	sqlite3		 *conn;
	struct plan	**plan;	/* what tables need, made once; chains by hash */
	struct text_plan *text;	/* the last few texts of queries */
	size_t		  text_next;
	int		  log_pages, log_copied; /* writer: of the write-ahead log */
	int		  restart_at, step_at;
	struct lag	 *lag;	/* writer */
};

/* --- sqlite.c --- */

void statements_open(struct sqlite_db *);
void statements_close(struct sqlite_db *);
/* Runs TEXT, which gives no rows; SQLite's code. */
int sqlite_run(struct sqlite_db *, const char *text);

enum err sqlite_step(struct tx *, enum tx_step);
enum err sqlite_save(struct tx *, const struct table *, const void *rows, size_t n, bool *stale);
enum err sqlite_load(struct tx *, const struct key_set *, struct rows *);
enum err sqlite_drop(struct tx *, const struct key_set *, int64_t *count);
enum err sqlite_query(struct tx *, const struct query *, struct rows *);
bool sqlite_checkpoint(struct db *, bool is_idle);
bool sqlite_empty_log(struct db *);
void sqlite_wipe(struct db *, bool is_on);
/* The machine is out of something, or the file is damaged. */
void sqlite_fatal(sqlite3 *, int code) NO_RETURN;

/* --- sqlite_lag.c --- */

/* PATH exists, and outlives every connection to it but the lag. */
struct lag *lag_open(const char *path);
/* When nothing is left to sync. */
void lag_close(struct lag *);
/* From now on syncs of the writer's checkpoints are put off, or not. */
void lag_defer(struct lag *, bool);
/* There is something to sync; false: not put off, the caller syncs. */
bool lag_add(struct lag *) USE_RESULT;
/* All that was put off is on the disk. */
bool lag_is_none(struct lag *);
/* Waits until it is. */
void lag_settle(struct lag *);

/* --- sqlite_vfs.c --- */

/* The name of the VFS of writers.  The first call, which registers it, is before any thread starts. */
const char *sqlite_writer_vfs(void);
/* Of this writer's database. */
void sqlite_put_off(sqlite3 *, struct lag *);

/* Pages of the write-ahead log at which it is restarted even under load (PERFORMANCE.md). */
#define LOG_PAGES_CAP 64000
/* The same where checkpoints are often, and how many it then copies back at a time. */
#define LOG_PAGES_OFTEN 6000
#define LOG_PAGES_STEP 200

#endif

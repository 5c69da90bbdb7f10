/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_file.c - the files of the SQLite engine: a folder, its lock, two
 * databases, their schema, copies and checks.
 *
 * SQLite before 3.51.3 can damage a database when two connections write or
 * checkpoint at once (S-F3).  So one process holds the folder, one connection
 * of it writes and checkpoints each database, and readers do neither, not
 * even when they close.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#include "store/sqlite_int.h"

#define BUSY_MS_WRITER 50	/* how long a restart of the log waits for readers */
#define BUSY_MS_READER 5000

static const struct {
	const char *file;
	int	    application_id; /* "Ushd", "Ushk" */
	const char *pragmas;	    /* of the writer */
} databases[] = {
	[DB_DATA] = { "usher.db", 0x55736864,
	    "PRAGMA cache_size = -32768; PRAGMA secure_delete = OFF" },
	/* A wrapped key that was erased must be gone from the file. */
	[DB_KEYS] = { "keys.db", 0x5573686b,
	    "PRAGMA cache_size = -8192; PRAGMA secure_delete = ON" },
};

static const char both_pragmas[] =
    "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
    "PRAGMA mmap_size = 0;";
static const char writer_pragmas[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON;";
static const char reader_pragmas[] =
    "PRAGMA query_only = ON; PRAGMA cache_size = -4096;";

static const struct word words[] = {
	{ "int", "INTEGER" },
	{ "blob", "BLOB" },
	{ "strict", "STRICT" },
	{ "clustered", "STRICT, WITHOUT ROWID" },
};

static enum err open_folder(struct ctx *, struct sqlite_store *, const char *);
static enum err open_lock(struct ctx *, struct sqlite_store *);
static enum err open_writer(struct ctx *, struct sqlite_store *, enum db_kind);
static void close_store(struct store *);
static struct sqlite_db *connect_file(struct sqlite_store *, enum db_kind,
    bool, int *);
static void disconnect(struct db *);
static int set_up(struct sqlite_db *);
static int count_pages(void *, sqlite3 *, const char *, int);
static enum err migrate(struct ctx *, struct sqlite_db *);
static int run_migration(struct ctx *, struct sqlite_db *,
    const struct migration *);
static int read_number(struct sqlite_db *, const char *, int *);
static enum err cannot_open(struct ctx *, struct sqlite_db *, int);
static int copy_pages(struct sqlite_db *, const char *);
static int read_verdict(struct sqlite_db *, const char *, bool *);
static char *join(const char *, const char *);
static void sync_path(const char *, int);

static bool
serves(const char *url)
{
	return url[0] != '\0' && strstr(url, "://") == NULL;
}

static enum err
open_store(struct ctx *cx, const char *url, struct store **out)
{
	struct sqlite_store *s;
	enum err err;
	int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

	/* Misuse: it is running already, from an earlier store. */
	must(code == SQLITE_OK || code == SQLITE_MISUSE);
	(void)sqlite_writer_vfs();
	s = heap_alloc(1, sizeof(*s));
	s->base.engine = &sqlite_engine;
	s->lock_fd = -1;
	err = open_folder(cx, s, url);
	if (err == OK)
		err = open_lock(cx, s);
	for (enum db_kind k = DB_DATA; err == OK && k <= DB_KEYS; k++)
		err = open_writer(cx, s, k);
	if (err != OK)
		close_store(&s->base);
	else
		*out = &s->base;
	return err;
}

static enum err
open_folder(struct ctx *cx, struct sqlite_store *s, const char *url)
{
	struct stat st;

	s->folder = join(url, "");
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		s->path[k] = join(url, databases[k].file);
	if (mkdir(url, 0700) == 0)
		sync_path(s->folder, O_DIRECTORY);
	else if (errno != EEXIST)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_FOLDER, "url", url,
		    strerror(errno));
	if (stat(url, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_FOLDER, "url", url,
		    strerror(ENOTDIR));
	return OK;
}

/* The kernel lets go of it when we die, however we die. */
static enum err
open_lock(struct ctx *cx, struct sqlite_store *s)
{
	char *path = join(s->folder, "lock");
	int error = 0;

	s->lock_fd =
	    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0 || flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
		error = errno;
	heap_free(path);
	if (error == EWOULDBLOCK)
		return fail(
		    cx, ERR_CONFLICT, MSG_STORE_IN_USE, "url", s->folder);
	if (error != 0)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_FOLDER, "url",
		    s->folder, strerror(error));
	return OK;
}

static enum err
open_writer(struct ctx *cx, struct sqlite_store *s, enum db_kind kind)
{
	int code, fd;
	struct sqlite_db *db;

	/* SQLite would let everybody read it. */
	fd = open(
	    s->path[kind], O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_FOLDER, "url",
		    s->path[kind], strerror(errno));
	close(fd);
	db = connect_file(s, kind, true, &code);
	s->base.writer[0][kind] = &db->base;
	if (code != SQLITE_OK)
		return cannot_open(cx, db, code);
	return migrate(cx, db);
}

static void
close_store(struct store *base)
{
	struct sqlite_store *s = (struct sqlite_store *)base;

	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		if (base->writer[0][k] != NULL)
			disconnect(base->writer[0][k]);
		heap_free(s->path[k]);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	heap_free(s->folder);
	heap_free(s);
}

/* --- connections ------------------------------------------------------------ */

static struct db *
connect_reader(struct store *base, enum db_kind kind)
{
	int code;
	struct sqlite_db *db =
	    connect_file((struct sqlite_store *)base, kind, false, &code);

	if (code != SQLITE_OK)
		sqlite_fatal(db->conn, code);
	return &db->base;
}

/* The connection, and in *CODE how that went. */
static struct sqlite_db *
connect_file(
    struct sqlite_store *s, enum db_kind kind, bool is_writer, int *code)
{
	struct sqlite_db *db = heap_alloc(1, sizeof(*db));

	db->base = (struct db) {
		.store = &s->base, .kind = kind, .is_writer = is_writer
	};
	db->restart_at = LOG_PAGES_CAP;
	if (is_writer)
		db->lag = lag_open(s->path[kind]);
	statements_open(db);
	*code = sqlite3_open_v2(s->path[kind], &db->conn,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
	    is_writer ? sqlite_writer_vfs() : NULL);
	if (db->conn == NULL)
		sqlite_fatal(NULL, *code);
	if (*code == SQLITE_OK)
		*code = set_up(db);
	return db;
}

static int
set_up(struct sqlite_db *db)
{
	sqlite3 *c = db->conn;
	bool is_writer = db->base.is_writer;
	int code;

	must(sqlite3_extended_result_codes(c, 1) == SQLITE_OK);
	must(sqlite3_busy_timeout(
		 c, is_writer ? BUSY_MS_WRITER : BUSY_MS_READER) == SQLITE_OK);
	must(sqlite3_db_config(c, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ==
	    SQLITE_OK);
	must(sqlite3_db_config(c, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
		 is_writer ? 0 : 1, NULL) == SQLITE_OK);
	code = sqlite3_exec(c, both_pragmas, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code =
		    sqlite3_exec(c, is_writer ? writer_pragmas : reader_pragmas,
			NULL, NULL, NULL);
	if (code == SQLITE_OK && is_writer) {
		code = sqlite3_exec(
		    c, databases[db->base.kind].pragmas, NULL, NULL, NULL);
		sqlite3_wal_hook(c, count_pages, db);
		sqlite_put_off(c, db->lag);
	}
	return code;
}

static int
count_pages(void *arg, sqlite3 *conn, const char *name, int pages)
{
	struct sqlite_db *db = arg;

	must(conn == db->conn && strcmp(name, "main") == 0);
	/* It began anew after what was copied. */
	if (pages < db->log_pages) {
		db->log_copied = db->step_at = 0;
		db->restart_at = LOG_PAGES_CAP;
	}
	db->log_pages = pages;
	return SQLITE_OK;
}

static void
disconnect(struct db *base)
{
	struct sqlite_db *db = (struct sqlite_db *)base;

	statements_close(db);
	/* Closing a writer deletes its log. */
	if (db->lag != NULL)
		lag_settle(db->lag);
	must(sqlite3_close(db->conn) == SQLITE_OK);
	lag_close(db->lag);
	heap_free(db);
}

/* --- the schema ------------------------------------------------------------- */

static enum err
migrate(struct ctx *cx, struct sqlite_db *db)
{
	int version = 0, id = 0, ntables = 0, code;
	enum db_kind kind = db->base.kind;

	code = read_number(db, "PRAGMA user_version", &version);
	if (code == SQLITE_OK)
		code = read_number(db, "PRAGMA application_id", &id);
	if (code == SQLITE_OK)
		code = read_number(
		    db, "SELECT count(*) FROM sqlite_schema", &ntables);
	if (code != SQLITE_OK)
		return cannot_open(cx, db, code);
	if (id != databases[kind].application_id && (id != 0 || ntables != 0))
		return fail(cx, ERR_CONFLICT, MSG_STORE_FOREIGN, "url",
		    databases[kind].file);
	if (version > migration_last(kind))
		return fail(cx, ERR_CONFLICT, MSG_STORE_NEWER, "url",
		    databases[kind].file);
	for (const struct migration *m = migrations; m->text != NULL; m++) {
		if (m->db != kind || m->version <= version)
			continue;
		code = run_migration(cx, db, m);
		if (code != SQLITE_OK)
			return cannot_open(cx, db, code);
	}
	return OK;
}

/* All of a migration, or nothing. */
static int
run_migration(struct ctx *cx, struct sqlite_db *db, const struct migration *m)
{
	int code = sqlite_run(db, "BEGIN IMMEDIATE");
	struct buf b;

	for (const char *const *t = m->text; code == SQLITE_OK && *t; t++) {
		buf_init(&b, cx->arena, SQL_MAX);
		migration_text(&b, *t, words, COUNT(words));
		code = sqlite3_exec(db->conn, sql_end(&b), NULL, NULL, NULL);
	}
	buf_init(&b, cx->arena, SQL_MAX);
	buf_fmt(&b, "PRAGMA user_version = %d; PRAGMA application_id = %d",
	    m->version, databases[m->db].application_id);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->conn, sql_end(&b), NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite_run(db, "COMMIT");
	if (!sqlite3_get_autocommit(db->conn))
		must(sqlite_run(db, "ROLLBACK") == SQLITE_OK);
	return code;
}

static int
read_number(struct sqlite_db *db, const char *text, int *out)
{
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(db->conn, text, -1, &s, NULL);

	if (code != SQLITE_OK)
		return code;
	if (sqlite3_step(s) == SQLITE_ROW)
		*out = sqlite3_column_int(s, 0);
	return sqlite3_finalize(s);
}

static enum err
cannot_open(struct ctx *cx, struct sqlite_db *db, int code)
{
	const char *file = databases[db->base.kind].file;

	switch (code & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return fail(cx, ERR_CONFLICT, MSG_STORE_DAMAGED, "url", file);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(cx, ERR_CONFLICT, MSG_STORE_IN_USE, "url", file);
	case SQLITE_FULL:
		return fail(cx, ERR_FULL, MSG_STORE_FULL, "");
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return fail(cx, ERR_BAD_INPUT, MSG_STORE_FOLDER, "url", file,
		    sqlite3_errstr(code));
	default:
		sqlite_fatal(db->conn, code);
	}
}

/* --- copies and checks ------------------------------------------------------ */

static enum err
copy(struct ctx *cx, struct store *base, enum db_kind kind, const char *path)
{
	struct sqlite_db *from;
	int code, fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(cx, ERR_CONFLICT, MSG_STORE_COPY, "path", path,
		    strerror(errno));
	close(fd);
	from = (struct sqlite_db *)connect_reader(base, kind);
	code = copy_pages(from, path);
	disconnect(&from->base);
	if (code == SQLITE_OK) {
		sync_path(path, 0);
		return OK;
	}
	unlink(path);
	if (code == SQLITE_FULL)
		return fail(cx, ERR_FULL, MSG_STORE_FULL, "path");
	return fail(cx, ERR_CONFLICT, MSG_STORE_COPY, "path", path,
	    sqlite3_errstr(code));
}

/* One step reads one snapshot, however long it takes; the writer goes on. */
static int
copy_pages(struct sqlite_db *from, const char *path)
{
	sqlite3 *to = NULL;
	sqlite3_backup *b = NULL;
	int code = sqlite3_open_v2(
	    path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(to,
		    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
		    NULL, NULL);
	if (code == SQLITE_OK) {
		b = sqlite3_backup_init(to, "main", from->conn, "main");
		code = b == NULL ? sqlite3_errcode(to) : SQLITE_OK;
	}
	if (code == SQLITE_OK) {
		int finished;

		code = sqlite3_backup_step(b, -1);
		finished = sqlite3_backup_finish(b);
		code = code == SQLITE_DONE ? finished : code;
	}
	must(sqlite3_close(to) == SQLITE_OK);
	return code;
}

static enum err
check(struct ctx *cx, struct store *base, enum db_kind kind)
{
	struct sqlite_db *db = (struct sqlite_db *)connect_reader(base, kind);
	bool is_whole = true;
	int code = read_verdict(db, "PRAGMA integrity_check(1)", &is_whole);

	if (code == SQLITE_OK && is_whole)
		code = read_verdict(db, "PRAGMA foreign_key_check", &is_whole);
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_CORRUPT)
		sqlite_fatal(db->conn, code);
	disconnect(&db->base);
	if (code == SQLITE_OK && is_whole)
		return OK;
	return fail(
	    cx, ERR_CONFLICT, MSG_STORE_DAMAGED, "", databases[kind].file);
}

/* Any row but "ok" is a complaint. */
static int
read_verdict(struct sqlite_db *db, const char *text, bool *is_whole)
{
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(db->conn, text, -1, &s, NULL);

	if (code != SQLITE_OK)
		return code;
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *word = (const char *)sqlite3_column_text(s, 0);

		if (word == NULL || strcmp(word, "ok") != 0)
			*is_whole = false;
	}
	return sqlite3_finalize(s);
}

/* --- paths ------------------------------------------------------------------ */

/* "folder/name"; the folder alone if NAME is empty. */
static char *
join(const char *folder, const char *name)
{
	size_t n = strlen(folder) + strlen(name) + 2;
	char *path = heap_alloc(n, 1);

	must(snprintf(path, n, "%s%s%s", folder, name[0] != '\0' ? "/" : "",
		 name) > 0);
	return path;
}

/* The file or folder PATH and the folder it stands in. */
static void
sync_path(const char *path, int flags)
{
	char *folder = join(path, "");
	char *slash = strrchr(folder, '/');
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

	if (fd < 0)
		fatal("a file just written cannot be opened");
	fd_sync(fd);
	close(fd);
	if (slash != NULL)
		slash[slash == folder] = '\0';
	fd = open(
	    slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fatal("the folder of a file just written cannot be opened");
	fd_sync(fd);
	close(fd);
	heap_free(folder);
}

const struct engine sqlite_engine = {
	.title = "SQLite",
	.lanes = 1,
	.spans = true,
	.version = sqlite3_libversion,
	.in_list = { "IN (SELECT value FROM json_each(", "))" },
	.serves = serves,
	.open = open_store,
	.close = close_store,
	.connect = connect_reader,
	.disconnect = disconnect,
	.step = sqlite_step,
	.save = sqlite_save,
	.load = sqlite_load,
	.drop = sqlite_drop,
	.query = sqlite_query,
	.checkpoint = sqlite_checkpoint,
	.empty_log = sqlite_empty_log,
	.wipe = sqlite_wipe,
	.copy = copy,
	.check = check,
};

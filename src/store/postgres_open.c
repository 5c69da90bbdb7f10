/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgres_open.c - opening, migrating and checking the two databases of the
 * PostgreSQL engine.
 *
 * Every table lets a transaction see the rows of the tenants that it names and
 * no others (SET LOCAL usher.tenant), its owner included: a second net under
 * the WHERE of every statement.
 */
#include "store/postgres_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One server migrates at a time; the number says Usher. */
#define LOCK	  "SELECT pg_advisory_xact_lock(5571386463)"
#define ALL	  "SELECT set_config('usher.tenant', 'all', true)"
#define HAS_TABLE "SELECT to_regclass('usher_schema') IS NOT NULL"
#define HAS_OTHERS \
	"SELECT count(*) FROM pg_class WHERE relkind = 'r'" \
	" AND relnamespace = current_schema()::regnamespace"
#define MAKE_TABLE \
	"CREATE TABLE IF NOT EXISTS usher_schema (" \
	"kind BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)"
#define DATA_VERSION "SELECT version FROM usher_schema WHERE kind = 0"
#define KEYS_VERSION "SELECT version FROM usher_schema WHERE kind = 1"
#define FREE_TABLES \
	"SELECT relname FROM pg_class WHERE relkind = 'r'" \
	" AND relnamespace = current_schema()::regnamespace" \
	" AND relname <> 'usher_schema' AND NOT relforcerowsecurity"
#define POLICY \
	"CREATE POLICY tenants ON %s USING (" \
	"(SELECT current_setting('usher.tenant', true)) = 'all' OR " \
	"tenant = ANY ((SELECT string_to_array(nullif(" \
	"current_setting('usher.tenant', true), 'all'), ','))::bigint[]))"
/* A superuser, or who was let past them, is bound by no policy. */
#define IS_FREE \
	"SELECT rolsuper OR rolbypassrls FROM pg_roles" \
	" WHERE rolname = current_user"
/* What a commit is worth. */
#define IS_LAX \
	"SELECT current_setting('fsync') = 'off'" \
	" OR current_setting('full_page_writes') = 'off'" \
	" OR current_setting('synchronous_commit') = 'off'"
#define KEPT_BY \
	"SELECT name, setting FROM pg_settings WHERE name IN (" \
	"'fsync', 'full_page_writes', 'synchronous_commit'," \
	" 'synchronous_standby_names', 'wal_level') ORDER BY name"
#define IS_OPEN \
	"SELECT count(*) FROM pg_class c WHERE relkind = 'r'" \
	" AND relnamespace = current_schema()::regnamespace" \
	" AND relname <> 'usher_schema' AND (NOT relforcerowsecurity" \
	" OR NOT relrowsecurity OR NOT EXISTS (SELECT 1 FROM pg_policy" \
	" WHERE polrelid = c.oid))"

static const struct word words[] = {
	{ "int", "BIGINT" },
	{ "blob", "BYTEA" },
	{ "strict", "" },
	{ "clustered", "" },
};

/* A connection of its own, for the length of the opening or a check. */
struct setup {
	struct ctx	      *cx;
	enum db_kind	       kind;
	const struct pg_place *place;
	PGconn		      *conn;
};

static _Atomic int server_version; /* of the last that was opened */

static void close_store(struct store *);
static enum err set_up(struct setup *);
static enum err connect_to(struct setup *);
static enum err check_server(struct setup *);
static enum err migrate(struct setup *);
static enum err read_version(struct setup *, int *);
static enum err run_migration(struct setup *, const struct migration *);
static enum err guard_tables(struct setup *);
static enum err run(struct setup *, const char *, PGresult **);
static enum err run_fmt(struct setup *, const char *, ...) PRINTF_LIKE(2, 3);
static enum err ask_bool(struct setup *, const char *, bool *);
static enum err ask_number(struct setup *, const char *, int64_t *);
static enum err cannot(struct setup *, const PGresult *);
static void disconnect(struct db *);
static struct db *connect_link(struct store *, enum db_kind, bool);
static enum err read_all(struct setup *);

static bool
serves(const char *url)
{
	return strncmp(url, "postgresql://", 13) == 0 ||
	    strncmp(url, "postgres://", 11) == 0;
}

static const char *
version(void)
{
	static char text[24];

	must(snprintf(text, sizeof(text), "%d.%d", server_version / 10000,
		 server_version % 10000) > 0);
	return text;
}

static enum err
open_store(struct ctx *cx, const char *url, struct store **out)
{
	struct pg_store *s = heap_alloc(1, sizeof(*s));
	enum err err;

	s->base.engine = &postgres_engine;
	err = url_read(cx, url, s->place);
	for (enum db_kind k = DB_DATA; err == OK && k <= DB_KEYS; k++) {
		struct setup u = { cx, k, &s->place[k], NULL };

		err = set_up(&u);
		PQfinish(u.conn);
	}
	if (err != OK) {
		close_store(&s->base);
		return err;
	}
	for (size_t i = 0; i < LANES_MAX; i++)
		for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
			s->base.writer[i][k] = connect_link(&s->base, k, true);
			s->base.writer[i][k]->lane = i;
		}
	*out = &s->base;
	return OK;
}

static void
close_store(struct store *base)
{
	struct pg_store *s = (struct pg_store *)base;

	for (size_t i = 0; i < LANES_MAX && base->writer[i][0] != NULL; i++)
		for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
			disconnect(base->writer[i][k]);
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		place_free(&s->place[k]);
	heap_free(s);
}

/* --- connections ------------------------------------------------------------ */

static struct db *
connect_link(struct store *base, enum db_kind kind, bool is_writer)
{
	struct pg_store *s = (struct pg_store *)base;
	struct pg_db *db = link_new(&s->place[kind]);

	db->base =
	    (struct db) { .store = base, .kind = kind, .is_writer = is_writer };
	return &db->base;
}

static struct db *
connect_reader(struct store *base, enum db_kind kind)
{
	return connect_link(base, kind, false);
}

static struct db *
connect_side(struct store *base)
{
	return connect_link(base, DB_DATA, true);
}

static void
disconnect(struct db *base)
{
	link_free((struct pg_db *)base);
}

/* --- opening ---------------------------------------------------------------- */

static enum err
set_up(struct setup *u)
{
	TRY(connect_to(u));
	TRY(check_server(u));
	return migrate(u);
}

static void
say_nothing(void *none, const PGresult *notice)
{
	(void)none;
	(void)notice;
}

static enum err
connect_to(struct setup *u)
{
	u->conn = PQconnectdbParams((const char *const *)u->place->word,
	    (const char *const *)u->place->value, 0);
	if (u->conn == NULL)
		fatal("no memory for a connection");
	if (PQstatus(u->conn) != CONNECTION_OK)
		return cannot(u, NULL);
	PQsetNoticeReceiver(u->conn, say_nothing, NULL);
	server_version = PQserverVersion(u->conn);
	if (server_version < 150000)
		return fail(u->cx, ERR_BAD_INPUT, MSG_STORE_OLD_SERVER, "store",
		    u->place->shown, version());
	return OK;
}

/* What makes a commit last and keeps tenants apart must be on. */
static enum err
check_server(struct setup *u)
{
	bool is_free = false, is_lax = false;

	TRY(ask_bool(u, IS_FREE, &is_free));
	if (is_free)
		return fail(u->cx, ERR_BAD_INPUT, MSG_STORE_ROLE, "store",
		    u->place->shown);
	TRY(ask_bool(u, IS_LAX, &is_lax));
	if (is_lax)
		return fail(u->cx, ERR_BAD_INPUT, MSG_STORE_LAX, "store",
		    u->place->shown);
	return OK;
}

/* All that is missing in one transaction, under a lock: all of it, or nothing. */
static enum err
migrate(struct setup *u)
{
	int version = 0;

	TRY(run(u, "BEGIN", NULL));
	TRY(run(u, LOCK, NULL));
	TRY(run(u, ALL, NULL));
	TRY(read_version(u, &version));
	if (version > migration_last(u->kind))
		return fail(u->cx, ERR_CONFLICT, MSG_STORE_NEWER, "store",
		    u->place->shown);
	for (const struct migration *m = migrations; m->text != NULL; m++)
		if (m->db == u->kind && m->version > version)
			TRY(run_migration(u, m));
	if (version < migration_last(u->kind))
		TRY(guard_tables(u));
	return run(u, "COMMIT", NULL);
}

/* 0: nothing is there.  The keys' database is not the data's, nor anybody else's. */
static enum err
read_version(struct setup *u, int *version)
{
	bool is_ours = false;
	int64_t ntables = 0, found = 0;

	TRY(ask_bool(u, HAS_TABLE, &is_ours));
	TRY(ask_number(u, HAS_OTHERS, &ntables));
	if (!is_ours && ntables == 0)
		return run(u, MAKE_TABLE, NULL);
	if (is_ours)
		TRY(ask_number(u,
		    u->kind == DB_DATA ? DATA_VERSION : KEYS_VERSION, &found));
	if (found == 0)
		return fail(u->cx, ERR_CONFLICT, MSG_STORE_FOREIGN, "store",
		    u->place->shown);
	*version = (int)found;
	return OK;
}

static enum err
run_migration(struct setup *u, const struct migration *m)
{
	struct buf b;

	for (const char *const *t = m->text; *t != NULL; t++) {
		buf_init(&b, u->cx->arena, SQL_MAX);
		migration_text(&b, *t, words, COUNT(words));
		TRY(run(u, sql_end(&b), NULL));
	}
	return run_fmt(u,
	    "INSERT INTO usher_schema (kind, version) VALUES (%d, %d)"
	    " ON CONFLICT (kind) DO UPDATE SET version = excluded.version",
	    m->db, m->version);
}

static enum err
guard_tables(struct setup *u)
{
	PGresult *r;
	enum err err = run(u, FREE_TABLES, &r);

	TRY(err);
	for (int i = 0; err == OK && i < PQntuples(r); i++) {
		const char *name = PQgetvalue(r, i, 0);

		err = run_fmt(u, POLICY, name);
		if (err == OK)
			err = run_fmt(u,
			    "ALTER TABLE %s ENABLE ROW LEVEL SECURITY,"
			    " FORCE ROW LEVEL SECURITY",
			    name);
	}
	PQclear(r);
	return err;
}

/* --- statements ------------------------------------------------------------- */

/* TEXT; OUT, if wanted: what it gave, which the caller clears. */
static enum err
run(struct setup *u, const char *text, PGresult **out)
{
	PGresult *r = PQexec(u->conn, text);
	ExecStatusType status = PQresultStatus(r);
	enum err err = OK;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		err = cannot(u, r);
	if (err == OK && out != NULL)
		*out = r;
	else
		PQclear(r);
	return err;
}

static enum err
run_fmt(struct setup *u, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	must((size_t)vsnprintf(text, sizeof(text), fmt, ap) < sizeof(text));
	va_end(ap);
	return run(u, text, NULL);
}

static enum err
ask_bool(struct setup *u, const char *text, bool *out)
{
	PGresult *r;

	TRY(run(u, text, &r));
	*out = PQntuples(r) == 1 && PQgetvalue(r, 0, 0)[0] == 't';
	PQclear(r);
	return OK;
}

static enum err
ask_number(struct setup *u, const char *text, int64_t *out)
{
	PGresult *r;

	TRY(run(u, text, &r));
	*out = PQntuples(r) == 1 ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	PQclear(r);
	return OK;
}

/* R may be NULL: it was the connecting. */
static enum err
cannot(struct setup *u, const PGresult *r)
{
	const char *state =
	    r != NULL ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *why = PQerrorMessage(u->conn);

	if (state != NULL && strcmp(state, "53100") == 0)
		return fail(u->cx, ERR_FULL, MSG_STORE_FULL, "");
	/* A table that is damaged says so when it is read. */
	if (state != NULL && strncmp(state, "XX", 2) == 0)
		return fail(u->cx, ERR_CONFLICT, MSG_STORE_DAMAGED, "",
		    u->place->shown);
	return fail(u->cx, ERR_AWAY, MSG_STORE_CONNECT, "store",
	    u->place->shown, str_z(u->cx->arena, str_trim(str_of(why))));
}

/* --- the rest --------------------------------------------------------------- */

static bool
nothing_to_copy_back(struct db *db, bool is_idle)
{
	(void)db;
	(void)is_idle;
	return true;
}

static bool
no_log(struct db *db)
{
	(void)db;
	return true;
}

/* Vacuuming and the age of its own backups are the database's. */
static void
no_wipe(struct db *db, bool is_on)
{
	(void)db;
	(void)is_on;
}

/* A copy made from here would be worse than the database's own. */
static enum err
no_copy(struct ctx *cx, struct store *base, enum db_kind kind, const char *path)
{
	const struct pg_store *s = (const struct pg_store *)base;

	(void)path;
	return fail(
	    cx, ERR_CONFLICT, MSG_STORE_NO_COPY, "", s->place[kind].shown);
}

/* Every value of every row can be read, and no table lets tenants see each other. */
static enum err
check(struct ctx *cx, struct store *base, enum db_kind kind)
{
	struct pg_store *s = (struct pg_store *)base;
	struct setup u = { cx, kind, &s->place[kind], NULL };
	int64_t open = 0;
	enum err err = connect_to(&u);

	if (err == OK)
		err = check_server(&u);
	if (err == OK)
		err = ask_number(&u, IS_OPEN, &open);
	if (err == OK && open > 0)
		err = fail(cx, ERR_CONFLICT, MSG_STORE_OPEN_TABLE, "",
		    s->place[kind].shown);
	if (err == OK)
		err = read_all(&u);
	PQfinish(u.conn);
	return err;
}

static enum err
read_all(struct setup *u)
{
	TRY(run(u, "BEGIN READ ONLY", NULL));
	TRY(run(u, ALL, NULL));
	for (size_t i = 0; tables[i] != NULL; i++)
		if (tables[i]->db == u->kind)
			TRY(run_fmt(u,
			    "SELECT sum(octet_length(t::text)) FROM %s t",
			    tables[i]->name));
	return run(u, "COMMIT", NULL);
}

static enum err
settings(struct ctx *cx, struct store *base, enum db_kind kind,
    struct db_setting **out, size_t *n)
{
	struct pg_store *s = (struct pg_store *)base;
	struct setup u = { cx, kind, &s->place[kind], NULL };
	PGresult *r = NULL;
	enum err err = connect_to(&u);

	if (err == OK)
		err = run(&u, KEPT_BY, &r);
	if (err == OK) {
		*n = (size_t)PQntuples(r);
		*out = arena_array(cx->arena, *n + 1, sizeof(**out));
	}
	for (size_t i = 0; err == OK && i < *n; i++) {
		struct str name = str_of(PQgetvalue(r, (int)i, 0));

		(*out)[i] = (struct db_setting) { str_z(cx->arena, name),
			str_copy(cx->arena, str_of(PQgetvalue(r, (int)i, 1))) };
	}
	PQclear(r);
	PQfinish(u.conn);
	return err;
}

const struct engine postgres_engine = {
	.title = "PostgreSQL",
	.lanes = LANES_MAX,
	.version = version,
	.in_list = { "= ANY (", ")" },
	.serves = serves,
	.open = open_store,
	.peers = url_peers,
	.close = close_store,
	.connect = connect_reader,
	.connect_side = connect_side,
	.disconnect = disconnect,
	.step = pg_step,
	.reach = pg_reach,
	.save = pg_save,
	.load = pg_load,
	.drop = pg_drop,
	.query = pg_query,
	.settle = pg_settle,
	.checkpoint = nothing_to_copy_back,
	.empty_log = no_log,
	.wipe = no_wipe,
	.copy = no_copy,
	.check = check,
	.settings = settings,
};

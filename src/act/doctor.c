/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - what an administrator would want to know before it hurts: each
 * row one check, with what was found and what to do.
 */
#include "act/world_int.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"

#include "act/query.h"

#define ROWS_MAX    16
#define SKEW_MS	    5000	/* how far the clock may stand behind the newest entry */
#define LAG_MAX	    100000	/* entries that are not signed yet */
#define FREE_LEAST  (INT64_C(1) << 30)
#define MIB	    (INT64_C(1) << 20)

struct visit {			/* of the doctor */
	struct reader	  *r;
	struct ctx	  *cx;
	struct doctor_row *row;
	size_t		   n;
	int64_t		   bytes;	/* of both databases */
};

typedef enum err (*check)(struct visit *);

static enum err check_data(struct visit *);
static enum err check_keys(struct visit *);
static enum err check_engine(struct visit *);
static enum err check_files(struct visit *);
static enum err check_space(struct visit *);
static enum err check_vault(struct visit *);
static enum err check_confinement(struct visit *);
static enum err check_heads(struct visit *);
static enum err check_clock(struct visit *);
static const struct doctor_setting *settings(struct visit *, size_t *n);

static const check checks[] = {
	check_data, check_keys, check_engine, check_files, check_space,
	check_vault, check_confinement, check_heads, check_clock,
};
_Static_assert(COUNT(checks) <= ROWS_MAX, "a row each");

enum err
doctor_run(struct reader *r, struct ctx *cx, const void *none, void **result)
{
	struct doctor_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct visit v = { .r = r, .cx = cx };

	(void)none;
	v.row = arena_array(cx->arena, ROWS_MAX, sizeof(*v.row));
	for (size_t i = 0; i < COUNT(checks); i++)
		TRY(checks[i](&v));
	out->setting = settings(&v, &out->nsetting);
	out->row = v.row;
	out->n = v.n;
	*result = out;
	return OK;
}

static void
is_well(struct visit *v, const char *what, struct str found)
{
	v->row[v->n++] = (struct doctor_row) { what, true, found, STR("") };
}

static void
is_ill(struct visit *v, const char *what, enum msg msg,
    const struct str args[4])
{
	struct ctx *cx = v->cx;

	v->row[v->n++] = (struct doctor_row) { what, false,
		msg_text(cx->arena, msg, cx->lang, args),
		msg_remedy(cx->arena, msg, cx->lang, args) };
}

#define ARGS(...) ((const struct str[4]) { __VA_ARGS__ })

static struct str
found(struct visit *v, enum msg msg, uint64_t n)
{
	return msg_text(v->cx->arena, msg, v->cx->lang,
	    ARGS(str_fmt(v->cx->arena, "%llu", (unsigned long long)n)));
}

/* --- databases --------------------------------------------------------------------- */

static enum err
check_database(struct visit *v, enum db_kind kind, const char *what,
    const char *file)
{
	struct ctx own = *v->cx;
	struct stat st;
	struct str path = str_fmt(v->cx->arena, "%s/%s", v->r->world->data_dir,
	    file);

	if (store_check(&own, world_store(v->r->world), kind) != OK) {
		if (own.fault.msg == MSG_STORE_DAMAGED)
			is_ill(v, what, MSG_DOCTOR_DAMAGED,
			    ARGS(str_of(file)));
		else
			is_ill(v, what, own.fault.msg, own.fault.args);
		return OK;
	}
	/* On a server there is no file, and its size is the server's matter. */
	if (stat(str_z(v->cx->arena, path), &st) != 0) {
		is_well(v, what,
		    store_engine(v->cx->arena, world_store(v->r->world)));
		return OK;
	}
	v->bytes += st.st_size;
	is_well(v, what, str_fmt(v->cx->arena, "%lld MiB",
	    (long long)(st.st_size / MIB)));
	return OK;
}

/* A server that does not answer has none: its row says so. */
static const struct doctor_setting *
settings(struct visit *v, size_t *n)
{
	static const char *const names[] = { "data", "keys" };
	struct store *store = world_store(v->r->world);
	struct doctor_setting *all;
	struct db_setting *some[2];
	size_t nsome[2], at = 0;

	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		struct ctx own = *v->cx;

		if (store_settings(&own, store, k, &some[k], &nsome[k]) != OK)
			nsome[k] = 0;
	}
	all = arena_array(v->cx->arena, nsome[0] + nsome[1] + 1, sizeof(*all));
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		for (size_t i = 0; i < nsome[k]; i++)
			all[at++] = (struct doctor_setting) { names[k],
				some[k][i] };
	*n = at;
	return all;
}

static enum err
check_data(struct visit *v)
{
	return check_database(v, DB_DATA, "data", "usher.db");
}

static enum err
check_keys(struct visit *v)
{
	return check_database(v, DB_KEYS, "keys", "keys.db");
}

/* SQLite before 3.51.3 may damage a database that two connections write; ours has one writer. */
static enum err
check_engine(struct visit *v)
{
	is_well(v, "engine", store_engine(v->cx->arena,
	    world_store(v->r->world)));
	return OK;
}

/* --- the folder ----------------------------------------------------------------------- */

static enum err
check_files(struct visit *v)
{
	static const char *const files[] = { ".", "usher.db", "usher.db-wal",
		"keys.db", "keys.db-wal", "backups" };

	for (size_t i = 0; i < COUNT(files); i++) {
		struct str path = str_fmt(v->cx->arena, "%s/%s",
		    v->r->world->data_dir, files[i]);
		struct stat st;

		if (stat(str_z(v->cx->arena, path), &st) != 0
		    || (st.st_mode & 077) == 0)
			continue;
		is_ill(v, "files", MSG_DOCTOR_MODE, ARGS(path,
		    str_fmt(v->cx->arena, "%04o",
		    (unsigned)st.st_mode & 07777)));
		return OK;
	}
	is_well(v, "files", str_of(v->r->world->data_dir));
	return OK;
}

/* A backup needs as much again. */
static enum err
check_space(struct visit *v)
{
	struct statvfs st;
	int64_t least = v->bytes * 2 > FREE_LEAST ? v->bytes * 2 : FREE_LEAST;
	int64_t bytes;
	struct str text;

	if (statvfs(v->r->world->data_dir, &st) != 0)
		fatal("the data folder cannot be asked for its space");
	bytes = (int64_t)(st.f_bavail * st.f_frsize);
	text = str_fmt(v->cx->arena, "%lld MiB", (long long)(bytes / MIB));
	if (bytes < least)
		is_ill(v, "space", MSG_DOCTOR_SPACE, ARGS(text,
		    str_fmt(v->cx->arena, "%lld MiB",
		    (long long)(least / MIB))));
	else
		is_well(v, "space", text);
	return OK;
}

/* --- the vault -------------------------------------------------------------------------- */

static enum err
check_vault(struct visit *v)
{
	struct vault_state state;

	TRY(vault_status(v->r->vault, v->cx, &state));
	if (!state.has_keys)
		is_ill(v, "vault", MSG_WORLD_SEALED, ARGS(STR("")));
	else if (state.alarms > 0)
		is_ill(v, "vault", MSG_DOCTOR_ALARMS,
		    ARGS(str_fmt(v->cx->arena, "%llu",
		    (unsigned long long)state.alarms)));
	else
		is_well(v, "vault",
		    found(v, MSG_FOUND_TENANTS, state.tenants));
	return OK;
}

static enum err
check_confinement(struct visit *v)
{
	struct vault_state state;

	TRY(vault_status(v->r->vault, v->cx, &state));
	if (IS_SANITIZED)
		is_well(v, "confinement", found(v, MSG_FOUND_SANITIZER, 0));
	else if (state.is_confined && state.is_undumpable && state.is_locked)
		is_well(v, "confinement", found(v, MSG_FOUND_CONFINED, 0));
	else
		is_ill(v, "confinement", MSG_DOCTOR_CONFINEMENT,
		    ARGS(str_trim(str_fmt(v->cx->arena, "%s%s%s",
		    state.is_confined ? "" : "seccomp ",
		    state.is_undumpable ? "" : "dumpable ",
		    state.is_locked ? "" : "mlock"))));
	return OK;
}

/* --- the logs --------------------------------------------------------------------------- */

static struct str
number(struct visit *v, int64_t n)
{
	return str_fmt(v->cx->arena, "%lld", (long long)n);
}

/* What the vault signed must be there, and what is there signed soon. */
static enum err
check_heads(struct visit *v)
{
	struct world_count count;
	struct tenant_row from = { 0 };
	const struct tenant_row *row;
	struct loss loss;
	struct rows rows;
	int64_t lag = 0;
	bool agrees;

	if (node_history(v->r->world) != NULL
	    && history_loss(node_history(v->r->world), &loss)) {
		is_ill(v, "log", MSG_LOSS_FOUND,
		    ARGS(number(v, loss.tenant), number(v, loss.from),
		    number(v, loss.to - 1), number(v, loss.origin)));
		return OK;
	}
	world_counts(v->r->world, &count);
	agrees = !count.log_alarm;
	TRY(store_page(v->r->data, &TENANT, &from, 0, true, 100000, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		struct log_head head;
		int64_t behind;

		TRY(vault_log_head(v->r->vault, v->cx, (uint32_t)row[i].tenant,
		    &head));
		/* The head is younger than this snapshot: it may be ahead by what came since. */
		agrees &= head.origin == row[i].log_origin;
		behind = row[i].log_size - (int64_t)head.size;
		lag = behind > lag ? behind : lag;
	}
	if (!agrees)
		is_ill(v, "log", MSG_DOCTOR_LOG, ARGS(STR("")));
	else if (lag > LAG_MAX)
		is_ill(v, "log", MSG_DOCTOR_LAG,
		    ARGS(str_fmt(v->cx->arena, "%lld", (long long)lag)));
	else
		is_well(v, "log",
		    found(v, MSG_FOUND_CHECKPOINTS, count.checkpoints));
	return OK;
}

/* Entries and ids carry the time: a clock behind them would tell untruths. */
static enum err
check_clock(struct visit *v)
{
	struct tenant_row from = { 0 };
	struct str now = time_text(v->cx->arena, clock_now_ms());
	int64_t newest = 0;
	struct rows rows;

	TRY(store_page(v->r->data, &TENANT, &from, 0, true, 100000, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct tenant_row *t =
		    &((struct tenant_row *)rows.row)[i];
		struct log_row key = { .tenant = t->tenant,
			.seq = LOG_SEQ(t->log_origin, t->log_size - 1) };
		struct rows last;
		struct entry e;

		TRY(store_load(v->r->data, &LOG, &key, 1, 2, 0, &last));
		if (last.n == 1 && entry_decode(v->cx->arena,
		    ((struct log_row *)last.row)->entry, &e)
		    && e.time_ms > newest)
			newest = e.time_ms;
	}
	if (newest > clock_now_ms() + SKEW_MS)
		is_ill(v, "clock", MSG_DOCTOR_CLOCK, ARGS(now,
		    time_text(v->cx->arena, newest)));
	else
		is_well(v, "clock", now);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - is everything as it should be?  First what can be seen without a
 * server: files, modes, owners, room.  Then what the server says of itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "usher/commands.h"
#include "usher/doctor_int.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/spawn.h"

#define FOUND_MAX  65536
#define OTHERS	   077
#define ROOM_LEAST (UINT64_C(256) << 20)

/*
 * What must stand in the data directory, and who may read it; a database not
 * if it is a server's.
 */
static const struct part {
	const char *name;
	mode_t	    type;
	bool	    is_database;
} parts[] = {
	{ "", S_IFDIR, false },
	{ "usher.db", S_IFREG, true },
	{ "keys.db", S_IFREG, true },
	{ "vault", S_IFDIR, false },
	{ "vault/master.key", S_IFREG, false },
	{ "vault/kek.store", S_IFREG, false },
	{ "operator.sock", S_IFSOCK, false },
};

/*
 * What is looked at, here and by the server.  Programs get the name, people
 * the text; what has no row, such as a path, is its own name.
 */
static const struct {
	const char *name;
	enum msg    text;
} whats[] = {
	{ "free room", MSG_WHAT_ROOM },
	{ "server", MSG_WHAT_SERVER },
	{ "data", MSG_WHAT_DATA },
	{ "keys", MSG_WHAT_KEYS },
	{ "engine", MSG_WHAT_ENGINE },
	{ "files", MSG_WHAT_FILES },
	{ "space", MSG_WHAT_SPACE },
	{ "vault", MSG_WHAT_VAULT },
	{ "confinement", MSG_WHAT_CONFINEMENT },
	{ "log", MSG_WHAT_LOG },
	{ "clock", MSG_WHAT_CLOCK },
};

static enum err doctor(struct cli *);
static void check_part(struct cli *, struct findings *, const char *name,
    mode_t type);
static void check_room(struct cli *, struct findings *);
static void check_program(struct cli *, struct findings *);
static bool ask(struct cli *, const struct js **answer);
static void check_server(struct findings *, bool is_alive,
    const struct js *answer);
static void add_items(struct findings *, const struct js *answer);

static const struct option options[] = {
	{ "quick", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_QUICK },
	{ "vault", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT },
	{ "patroni", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_PATRONI },
	{ "patroni-version", OPTION_TEXT, NULL, 0, 0, false,
	  MSG_FLAG_PATRONI_VERSION },
};

const struct command doctor_commands[] = {
	{ "doctor", NULL, doctor, "", 0, 0, OPTIONS(options),
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_DOCTOR,
	  "  usher doctor --data /var/lib/usher\n"
	  "  usher doctor --quick\n"
	  "  usher doctor --patroni /etc/patroni/config.yml"
	  " --patroni-version 4.0.4\n",
	  NULL, false },
};
const size_t doctor_command_count = COUNT(doctor_commands);

static enum err
doctor(struct cli *cli)
{
	static const struct listing_column columns[] = {
		{ MSG_HEAD_WHAT, "what", false },
		{ MSG_HEAD_OK, "ok", false },
		{ MSG_HEAD_FOUND, "found", false },
		{ MSG_HEAD_REMEDY, "remedy", false },
	};
	const struct js *answer, *told, *items;
	struct findings f = { .cli = cli };
	bool is_alive, is_remote;

	/* What programs read is the same everywhere. */
	if (cli->is_json)
		cli->cx.lang = LANG_EN;
	is_alive = ask(cli, &answer);
	is_remote = member_items(answer, "settings", &items) > 0;
	body_open(cli, &f.body);
	js_key(&f.body.js, "items");
	js_open_array(&f.body.js);
	for (size_t i = 0; i < COUNT(parts); i++)
		if (!(is_remote && parts[i].is_database))
			check_part(cli, &f, parts[i].name, parts[i].type);
	check_room(cli, &f);
	check_program(cli, &f);
	TRY(patroni_check_file(&f));
	check_server(&f, is_alive, answer);
	js_close_array(&f.body.js);
	cli->last = body_close(&f.body);
	TRY(js_parse(&cli->cx, cli->last, &told));
	if (!cli_told(cli) && member_items(told, "items", &items) > 0)
		table_print(cli, &LISTING(columns), items);
	if (f.bad == 0)
		return OK;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_DOCTOR, "",
	    str_z(cli->cx.arena, str_fmt(cli->cx.arena, "%zu", f.bad)));
}

void
findings_add(struct findings *f, struct str what, bool is_ok, struct str found,
    struct str remedy)
{
	struct js_out *js = &f->body.js;

	f->bad += !is_ok;
	js_open_object(js);
	js_key(js, "what");
	js_put_str(js, findings_what(f, what));
	js_key(js, "ok");
	js_put_bool(js, is_ok);
	js_key(js, "found");
	js_put_str(js, found);
	js_key(js, "remedy");
	if (is_ok)
		js_put_null(js);
	else
		js_put_str(js, remedy);
	js_close_object(js);
}

struct str
findings_what(const struct findings *f, struct str name)
{
	for (size_t i = 0; i < COUNT(whats); i++)
		if (!f->cli->is_json && str_eq(name, str_of(whats[i].name)))
			return findings_text(f, whats[i].text);
	return name;
}

struct str
findings_text(const struct findings *f, enum msg msg)
{
	return cli_msg(f->cli, msg, NO_ARGS);
}

/* --- without a server --------------------------------------------------------------- */

static void
check_part(struct cli *cli, struct findings *f, const char *name, mode_t type)
{
	struct arena *a = cli->cx.arena;
	struct str folder = cli_text(cli, "data");
	struct str path = str_fmt(
	    a, "%.*s%s%s", STR_ARG(folder), name[0] != '\0' ? "/" : "", name);
	struct stat st;

	if (lstat(str_z(a, path), &st) != 0)
		findings_add(f, path, false,
		    str_of(errno_text(&cli->cx, errno)),
		    findings_text(f, MSG_DO_RESTORE));
	else if ((st.st_mode & S_IFMT) != type)
		findings_add(f, path, false, findings_text(f, MSG_FOUND_KIND),
		    findings_text(f, MSG_DO_MOVE));
	else
		findings_add(f, path, (st.st_mode & OTHERS) == 0,
		    cli_msg(cli, MSG_FOUND_MODE,
			ARGS(str_fmt(a, "%04o", st.st_mode & 07777),
			    cli_number(cli, st.st_uid))),
		    findings_text(f, MSG_DO_CHMOD));
}

static void
check_room(struct cli *cli, struct findings *f)
{
	const char *path = cli_z(cli, "data");
	struct statvfs s;
	uint64_t room;

	if (statvfs(path, &s) != 0)
		return;
	room = (uint64_t)s.f_bavail * s.f_frsize;
	findings_add(f, STR("free room"), room >= ROOM_LEAST,
	    str_fmt(
		cli->cx.arena, "%llu MiB", (unsigned long long)(room >> 20)),
	    findings_text(f, MSG_DO_FREE));
}

static void
check_program(struct cli *cli, struct findings *f)
{
	const char *path = "usher-vault";
	bool is_there = spawn_vault_program(cli, &path) == OK;

	findings_add(f, STR("usher-vault"), is_there, str_of(path),
	    findings_text(f, MSG_DO_INSTALL));
}

/* --- what the server says ------------------------------------------------------------ */

/* Whether it answers, which is a finding, not how the command ends; ANSWER is NULL if it was asked no more. */
static bool
ask(struct cli *cli, const struct js **answer)
{
	bool is_quick = cli_bool(cli, "quick");
	struct call call = { .method = GET,
		.path = is_quick ? STR("/operator/v1/healthz")
				 : STR("/operator/v1/doctor"),
		.timeout_ms = is_quick ? 0 : CALL_LONG_MS };
	bool is_alive = cli_ask(cli, &call, answer) == OK;

	cli->exit = 0;
	cli->problem = STR("");
	if (!is_alive || is_quick)
		*answer = NULL;
	return is_alive;
}

static void
check_server(struct findings *f, bool is_alive, const struct js *answer)
{
	findings_add(f, STR("server"), is_alive,
	    findings_text(f, is_alive ? MSG_FOUND_ANSWERS : MSG_FOUND_SILENT),
	    findings_text(f, MSG_DO_START));
	if (answer == NULL)
		return;
	add_items(f, answer);
	patroni_check_settings(f, answer);
}

static void
add_items(struct findings *f, const struct js *answer)
{
	const struct js *items;
	size_t n = member_items(answer, "items", &items);

	for (size_t i = 0; i < n; i++) {
		const struct js *item = js_at(items, i);
		struct js_out *js = &f->body.js;

		f->bad += !member_bool(item, "ok");
		js_open_object(js);
		js_key(js, "what");
		js_put_str(js, findings_what(f, member_text(item, "what")));
		js_key(js, "ok");
		js_put_bool(js, member_bool(item, "ok"));
		js_key(js, "found");
		js_put_str(js, member_text(item, "found"));
		js_key(js, "remedy");
		js_put_str(js, member_text(item, "remedy"));
		js_close_object(js);
	}
}

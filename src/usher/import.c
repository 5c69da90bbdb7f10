/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.c - a source's file, sent twice: the first pass says what would
 * happen and lets guards stop it, the second does it.  The file is never
 * stored on its way.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/yaml.h"

#include "core/import.h"

#include "usher/commands.h"
#include "usher/input.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/progress.h"
#include "usher/rejects.h"

#define MAP_MAX	     (256u << 10)
#define BUSY_MS	     INT64_C(3600000)	/* the last rows may take the server a while */
#define REMOVALS_MAX 100000000

/* A run on its way. */
struct run {
	const char	  *path, *map_path, *rejects_path;
	struct str	   map_text, source, id, digest;
	struct import_map *map;
	int64_t		   size;
	int64_t		   began_ns;
};

/* The file as a pass sends it. */
struct sending {
	int		fd;
	struct progress bar;
	/* To see how the run stands, meanwhile. */
	struct cli     *cli;
	struct client  *aside;
	struct arena   *arena;
	struct str	run_path;
	bool		is_paused;	/* and it was said */
};

static enum err import(struct cli *);
static bool has_work(const struct js *);
static enum err prepare(struct cli *, struct run *);
static enum err read_map(struct cli *, struct run *);
static enum err check_file(struct cli *, struct run *);
static enum err open_run(struct cli *, struct run *);
static enum err pass(struct cli *, const struct run *, const char *what,
    const struct js **report);
static bool is_waiting(void *);
static ssize_t read_file(void *, void *, size_t);
static enum err report_rejects(struct cli *, const struct run *,
    const struct js *report);
static void print_report(struct cli *, const struct run *, const struct js *);
static struct str column(struct cli *, int64_t);
static struct str duration(struct cli *, const struct run *, int64_t rows);
static enum err stopped(struct cli *, const struct run *, const struct js *);

static const struct option options[] = {
	{ "source", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SOURCE },
	{ "map", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_MAP },
	{ "dry-run", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_IMPORT_DRY_RUN },
	{ "partial", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_PARTIAL },
	{ "allow-removals", OPTION_INT, "0", 0, REMOVALS_MAX, false, MSG_FLAG_IMPORT_ALLOW_REMOVALS },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_REASON },
	{ "rejects", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_REJECTS },
};

const struct command import_commands[] = {
	{ "import", NULL, import, "FILE", 1, 1, OPTIONS(options),
	  DOOR_API, RIGHT_IMPORT_RUN, MSG_HELP_IMPORT,
	  "  usher import hr.csv --source hr --map hr-map.yaml --dry-run\n"
	  "  usher import hr.csv --source hr --map hr-map.yaml\n"
	  "  usher import hr.csv.rejects.csv --source hr --map hr-map.yaml --partial\n"
	  "  usher import hr.csv --source hr --map hr-map.yaml \\\n"
	  "      --allow-removals 312 --reason 'The plant in Lyon was sold'\n", NULL, false },
};
const size_t import_command_count = COUNT(import_commands);

static enum err
import(struct cli *cli)
{
	struct run run = { .began_ns = clock_mono_ns() };
	const struct js *report;

	TRY(prepare(cli, &run));
	TRY(open_run(cli, &run));
	TRY(pass(cli, &run, "scan", &report));
	if (has_work(report) && !cli_bool(cli, "dry-run")) {
		run.digest = member_text(report, "digest");
		TRY(pass(cli, &run, "rows", &report));
	}
	if (!cli_told(cli))
		print_report(cli, &run, report);
	TRY(report_rejects(cli, &run, report));
	if (member_bool(report, "stopped"))
		return stopped(cli, &run, report);
	return OK;
}

/* The same file again needs no second pass. */
static bool
has_work(const struct js *report)
{
	return !member_bool(report, "stopped") &&
	    member_int(report, "added") + member_int(report, "changed") +
		member_int(report, "removed") >
	    0;
}

/* --- before ----------------------------------------------------------------------- */

static enum err
prepare(struct cli *cli, struct run *run)
{
	struct arena *a = cli->cx.arena;

	run->path = cli->word[0];
	TRY(cli_need(cli, "map"));
	if (cli_int(cli, "allow-removals") > 0)
		TRY(cli_need(cli, "reason"));
	TRY(read_map(cli, run));
	TRY(check_file(cli, run));
	run->rejects_path = cli_z(cli, "rejects");
	if (run->rejects_path == NULL)
		run->rejects_path =
		    str_z(a, str_fmt(a, "%s.rejects.csv", run->path));
	return OK;
}

/* The server reads the map again; here it says how the file is written. */
static enum err
read_map(struct cli *cli, struct run *run)
{
	const struct js *yaml;

	run->map_path = cli_z(cli, "map");
	TRY(input_whole(cli, "map", run->map_path, MAP_MAX, &run->map_text));
	TRY(yaml_parse(&cli->cx, run->map_text, &yaml));
	TRY(import_map_decode(&cli->cx, yaml, &run->map));
	run->source = cli_text(cli, "source");
	if (run->source.n == 0)
		run->source = import_map_source(run->map);
	return OK;
}

/* It is read twice, so a pipe will not do. */
static enum err
check_file(struct cli *cli, struct run *run)
{
	struct stat st;

	if (stat(run->path, &st) != 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "FILE",
		    run->path, errno_text(&cli->cx, errno));
	if (!S_ISREG(st.st_mode))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_NOT_FILE, "FILE",
		    run->path);
	run->size = st.st_size;
	return OK;
}

static enum err
open_run(struct cli *cli, struct run *run)
{
	struct call call = { .method = POST, .path = STR("/api/v1/imports") };
	const struct js *opened;
	struct body body;

	body_open(cli, &body);
	body_text(&body, "source", run->source);
	body_text(&body, "map", run->map_text);
	body_text(&body, "reason", cli_text(cli, "reason"));
	js_key(&body.js, "allow_removals");
	js_put_int(&body.js, cli_int(cli, "allow-removals"));
	js_key(&body.js, "dry_run");
	js_put_bool(&body.js, cli_bool(cli, "dry-run"));
	js_key(&body.js, "partial");
	js_put_bool(&body.js, cli_bool(cli, "partial"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &opened));
	run->id = member_text(opened, "id");
	return OK;
}

/* --- the passes -------------------------------------------------------------------- */

static enum err
pass(struct cli *cli, const struct run *run, const char *what,
    const struct js **report)
{
	bool is_first = run->digest.n == 0;
	struct sending s = { .fd = open(run->path, O_RDONLY | O_CLOEXEC),
		.cli = cli,
		.arena = cli_arena(cli),
		.run_path = cli_path(cli, "/api/v1/imports/", run->id, "") };
	struct call call = { .method = PUT,
		.content_type = "text/csv",
		.read = read_file,
		.read_arg = &s,
		.timeout_ms = BUSY_MS,
		.silent = is_first ? NULL : is_waiting,
		.silent_arg = &s };
	struct buf path;
	enum err err;

	if (s.fd < 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "FILE",
		    run->path, errno_text(&cli->cx, errno));
	query_open(cli, &path, "/api/v1/imports/");
	url_encode(&path, run->id);
	buf_fmt(&path, "/%s", what);
	query_add(&path, "digest", run->digest);
	call.path = buf_view(&path);
	progress_begin(&s.bar, cli,
	    is_first ? MSG_SAY_CHECKING : MSG_SAY_IMPORTING, run->size,
	    PROGRESS_BYTES);
	err = cli_ask(cli, &call, report);
	progress_end(&s.bar);
	client_close(s.aside);
	close(s.fd);
	return err;
}

/* The run may stand still because the queue is paused: that is said, once. */
static bool
is_waiting(void *arg)
{
	struct sending *s = arg;
	struct ctx cx = { .arena = s->arena, .lang = s->cli->cx.lang };
	const struct call call = { .method = GET, .path = s->run_path };
	const struct js *run;
	struct answer answer;
	bool was_paused = s->is_paused;

	arena_reset(s->arena);
	s->is_paused = false;
	if ((s->aside == NULL && cli_connect(s->cli, &s->aside) != OK) ||
	    client_call(s->aside, &cx, &call, &answer) != OK ||
	    js_parse(&cx, answer.body, &run) != OK)
		return false;
	s->is_paused = member_bool(run, "paused");
	if (s->is_paused && !was_paused) {
		cli_note(s->cli, MSG_SAY_QUEUE_PAUSED,
		    ARGS(member_text(run, "paused_why")));
		cli_note(s->cli, MSG_SAY_QUEUE_GOES_ON,
		    ARGS(STR("usher queue resume import --reason \"…\"")));
	}
	return s->is_paused;
}

static ssize_t
read_file(void *arg, void *p, size_t max)
{
	struct sending *s = arg;
	ssize_t n;

	do
		n = read(s->fd, p, max);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		progress_add(&s->bar, n);
	return n;
}

/* --- what happened ------------------------------------------------------------------ */

/* A dry run has nothing given, and its time says nothing. */
static void
print_report(struct cli *cli, const struct run *run, const struct js *r)
{
	bool is_done = !cli_bool(cli, "dry-run") && !member_bool(r, "stopped");
	struct str assigned =
	    column(cli, member_int(member_of(r, "seats"), "assigned"));
	struct str queued =
	    cli_number(cli, member_int(member_of(r, "seats"), "queued"));
	const struct labelled lines[] = {
		{ MSG_SAY_ADDED, column(cli, member_int(r, "added")) },
		{ MSG_SAY_CHANGED, column(cli, member_int(r, "changed")) },
		{ MSG_SAY_UNCHANGED, column(cli, member_int(r, "unchanged")) },
		{ MSG_SAY_REMOVED, column(cli, member_int(r, "removed")) },
		{ MSG_SAY_DISABLED, column(cli, member_int(r, "disabled")) },
		{ MSG_SAY_REJECTED, column(cli, member_int(r, "rejected")) },
		{ MSG_SAY_SEATS,
		    cli_msg(cli, MSG_SAY_SEATS_GIVEN, ARGS(assigned, queued)) },
		{ MSG_SAY_TOOK, duration(cli, run, member_int(r, "rows")) },
	};

	cli_say(cli, is_done ? MSG_SAY_IMPORT : MSG_SAY_IMPORT_DRY,
	    ARGS(cli_number(cli, member_int(r, "rows")),
		cli_number(cli, member_int(r, "persons"))));
	labelled_print(
	    cli, 2, lines, is_done ? COUNT(lines) : COUNT(lines) - 2);
}

static struct str
column(struct cli *cli, int64_t n)
{
	return str_fmt(cli->cx.arena, "%8" PRId64, n);
}

static struct str
duration(struct cli *cli, const struct run *run, int64_t rows)
{
	double took = (double)(clock_mono_ns() - run->began_ns) / 1e9;
	double rate = took > 0 ? (double)rows / took : 0;
	struct str seconds = cli_tenths(cli, took);

	return cli_msg(cli, MSG_SAY_RATE,
	    ARGS(str_fmt(cli->cx.arena, "%8.*s", STR_ARG(seconds)),
		cli_number(cli, (int64_t)(rate + 0.5))));
}

static enum err
report_rejects(struct cli *cli, const struct run *run, const struct js *r)
{
	const struct rejects_file file = { .from = run->path,
		.to = run->rejects_path,
		.separator = import_map_separator(run->map),
		.is_windows_1252 = import_map_windows_1252(run->map) };
	struct rejects rejects = { 0 };

	rejects.row = rejects_of(cli->cx.arena, r, &rejects.n);
	if (rejects.n == 0)
		return OK;
	TRY(rejects_write(cli, &file, &rejects));
	cli_note(cli, MSG_SAY_REJECTS,
	    ARGS(cli_number(cli, rejects.written), str_of(run->rejects_path)));
	if (member_int(r, "rejected") > rejects.written)
		cli_note(cli, MSG_SAY_REJECTS_MORE, NO_ARGS);
	cli_note(cli, MSG_SAY_REJECTS_NEXT,
	    ARGS(str_fmt(cli->cx.arena,
		"usher import %s --source %.*s --map %s --partial",
		run->rejects_path, STR_ARG(run->source), run->map_path)));
	return OK;
}

/* A guard's answer is a conflict: the same command again ends the same. */
static enum err
stopped(struct cli *cli, const struct run *run, const struct js *r)
{
	int64_t gone = member_int(r, "removed") + member_int(r, "disabled");
	struct arena *a = cli->cx.arena;
	const char *command = str_z(a,
	    str_fmt(a,
		"usher import %s --source %.*s --map %s "
		"--allow-removals %" PRId64 " --reason \"…\"",
		run->path, STR_ARG(run->source), run->map_path, gone));

	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_IMPORT_STOPPED,
	    "allow-removals", str_z(a, str_fmt(a, "%" PRId64, gone)),
	    str_z(a, str_fmt(a, "%" PRId64, member_int(r, "removals_allowed"))),
	    command);
}

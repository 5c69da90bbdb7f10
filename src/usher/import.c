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
};

static enum err import(struct cli *);
static bool has_work(const struct js *);
static enum err prepare(struct cli *, struct run *);
static enum err read_map(struct cli *, struct run *);
static enum err check_file(struct cli *, struct run *);
static enum err open_run(struct cli *, struct run *);
static enum err pass(struct cli *, const struct run *, const char *what,
    const struct js **report);
static ssize_t read_file(void *, void *, size_t);
static enum err report_rejects(struct cli *, const struct run *,
    const struct js *report);
static void print_report(struct cli *, const struct run *, const struct js *);
static enum err stopped(struct cli *, const struct run *, const struct js *);

static const struct option options[] = {
	{ "source", OPTION_TEXT, NULL, 0, 0, false, "whose file it is (default: what the map says)" },
	{ "map", OPTION_PATH, NULL, 0, 0, false, "how its columns become persons, as YAML" },
	{ "dry-run", OPTION_BOOL, "false", 0, 0, false, "only the first pass: say what would happen" },
	{ "partial", OPTION_BOOL, "false", 0, 0, false, "a part, such as corrected rows: nobody is removed" },
	{ "allow-removals", OPTION_INT, "0", 0, REMOVALS_MAX, false, "let so many go, this once; needs --reason" },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, "why removals are right; it is logged" },
	{ "rejects", OPTION_PATH, NULL, 0, 0, false, "where rejected rows go (default: FILE.rejects.csv)" },
};

const struct command import_commands[] = {
	{ "import", NULL, import, "FILE", 1, 1, OPTIONS(options),
	  DOOR_API, RIGHT_IMPORT_RUN, "import a source's CSV file, such as an HR export",
	  "The file is the whole truth of its source: persons in it are added or changed,\n"
	  "those gone from it leave.  It is sent twice: the first pass counts, and stops\n"
	  "before anyone is touched if more would go than the guard allows; the second\n"
	  "applies.  The same file again changes nothing.\n"
	  "\n"
	  "Rows that are wrong are left out; the others go in.  They are written to a CSV\n"
	  "file with the reason beside each; correct them there and import that file with\n"
	  "--partial.\n"
	  "\n"
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
	return !member_bool(report, "stopped")
	    && member_int(report, "added") + member_int(report, "changed")
	    + member_int(report, "removed") > 0;
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
		    run->path, strerror(errno));
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
	struct sending s = { .fd = open(run->path, O_RDONLY | O_CLOEXEC) };
	struct call call = { .method = PUT,
		.content_type = "text/csv",
		.read = read_file,
		.read_arg = &s,
		.timeout_ms = BUSY_MS };
	struct buf path;
	enum err err;

	if (s.fd < 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "FILE",
		    run->path, strerror(errno));
	query_open(cli, &path, "/api/v1/imports/");
	url_encode(&path, run->id);
	buf_fmt(&path, "/%s", what);
	query_add(&path, "digest", run->digest);
	call.path = buf_view(&path);
	progress_begin(&s.bar, is_first ? "checking" : "importing", run->size,
	    PROGRESS_BYTES, cli->is_json);
	err = cli_ask(cli, &call, report);
	progress_end(&s.bar);
	close(s.fd);
	return err;
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

static void
print_report(struct cli *cli, const struct run *run, const struct js *r)
{
	static const char *const counts[] = { "added", "changed", "unchanged",
		"removed", "disabled", "rejected" };
	bool is_done = !cli_bool(cli, "dry-run") && !member_bool(r, "stopped");
	double took = (double)(clock_mono_ns() - run->began_ns) / 1e9;
	const struct js *seats = member_of(r, "seats");

	cli_say(cli, "%" PRId64 " rows, %" PRId64 " persons%s",
	    member_int(r, "rows"), member_int(r, "persons"),
	    is_done ? "" : "; nothing was changed, this would be:");
	for (size_t i = 0; i < COUNT(counts); i++)
		cli_say(cli, "  %-10s %8" PRId64, counts[i],
		    member_int(r, counts[i]));
	if (!is_done)
		return;
	cli_say(cli, "  %-10s %8" PRId64 " assigned, %" PRId64 " queued",
	    "seats", member_int(seats, "assigned"),
	    member_int(seats, "queued"));
	cli_say(cli, "  %-10s %8.1f s, %.0f rows/s", "took", took,
	    took > 0 ? (double)member_int(r, "rows") / took : 0);
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
	cli_note(cli,
	    "%" PRId64 " rejected rows are in %s, each with its reason.",
	    rejects.written, run->rejects_path);
	if (member_int(r, "rejected") > rejects.written)
		cli_note(cli, "There are more: correct these first.");
	cli_note(cli,
	    "Correct them there, then:\n"
	    "  usher import %s --source %.*s --map %s --partial",
	    run->rejects_path, STR_ARG(run->source), run->map_path);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - the log: shown, exported for strangers, verified without us.
 */
#include "audit/log.h"

#include "usher/audit_pages.h"
#include "usher/commands.h"
#include "usher/events.h"
#include "usher/input.h"
#include "usher/member.h"
#include "usher/progress.h"
#include "usher/tempdir.h"

#define NOTE_MAX 65536

/* What an export is checked against. */
struct trust {
	struct str key, origin, older;
};

static enum err audit_export(struct cli *);
static enum err audit_verify(struct cli *);
static enum err write_entries(struct cli *, struct log_end *,
    struct tile_writer *);
static enum err read_trust(struct cli *, struct trust *);
static enum err verify_server(struct cli *, struct trust *);
static enum err verify_folder(struct cli *, const char *dir,
    const struct trust *);
static enum err tell(struct cli *, const struct verdict *);

#define OPTION_NUMBER \
	{ "number", OPTION_INT, "-1", -1, 1048575, false, \
	  MSG_FLAG_NUMBER }

static const struct option list_options[] = {
	EVENT_OPTIONS,
};
static const struct option verify_options[] = {
	{ "key", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_KEY },
	{ "origin", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ORIGIN },
	OPTION_NUMBER,
	{ "extends", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_EXTENDS },
};
static const struct option export_options[] = {
	OPTION_NUMBER,
};

const struct command audit_commands[] = {
	{ "audit", "list", events_show, "", 0, 0, OPTIONS(list_options),
	  DOOR_API, RIGHT_EVENT_READ, MSG_HELP_AUDIT_LIST,
	  "  usher audit list --after 5000\n", NULL, false },
	{ "audit", "verify", audit_verify, "[DIR]", 0, 1, OPTIONS(verify_options),
	  DOOR_API, RIGHT_AUDIT_READ, MSG_HELP_AUDIT_VERIFY,
	  "  usher audit verify\n"
	  "  usher audit verify export --key 'usher-…+1f2e3d4c+AS…'\n"
	  "  usher audit verify export --key 'usher-…' --extends 2026-10/checkpoint\n", NULL, false },
	{ "audit", "export", audit_export, "DIR", 1, 1, OPTIONS(export_options),
	  DOOR_API, RIGHT_AUDIT_READ, MSG_HELP_AUDIT_EXPORT,
	  "  usher audit export 2026-11\n"
	  "  usher audit verify 2026-11 --key 'usher-…+1f2e3d4c+AS…'\n", NULL, false },
};
const size_t audit_command_count = COUNT(audit_commands);

/* --- export ---------------------------------------------------------------------- */

static enum err
audit_export(struct cli *cli)
{
	struct log_end end;

	TRY(log_export(cli, cli->word[0], cli_int(cli, "number"), &end));
	cli_say(cli, MSG_SAY_LOG_EXPORTED,
	    ARGS(cli_number(cli, (int64_t)end.size), end.origin,
		str_of(cli->word[0])));
	cli_say(cli, MSG_SAY_LOG_KEY, ARGS(end.vkey));
	return OK;
}

enum err
log_export(
    struct cli *cli, const char *dir, int64_t number, struct log_end *end)
{
	struct tile_writer *w;

	TRY(log_end_find(cli, number, end));
	TRY(tile_writer_open(&cli->cx, dir, &w));
	TRY(write_entries(cli, end, w));
	return tile_writer_close(&cli->cx, w, end->note, end->vkey);
}

static enum err
write_entries(struct cli *cli, struct log_end *end, struct tile_writer *w)
{
	struct log_pages pages;
	struct progress bar;
	enum err err = OK;

	progress_begin(
	    &bar, cli, MSG_SAY_EXPORTING, (int64_t)end->size, PROGRESS_COUNT);
	log_pages_open(cli, end, &pages);
	while (err == OK && pages.at < end->size) {
		const struct str *entry;
		size_t n;

		err = log_pages_next(cli, &pages, &entry, &n);
		for (size_t i = 0; err == OK && i < n; i++)
			err = tile_writer_add(&cli->cx, w, entry[i]);
		progress_add(&bar, (int64_t)n);
	}
	progress_end(&bar);
	return err;
}

/* --- verify ---------------------------------------------------------------------- */

static enum err
audit_verify(struct cli *cli)
{
	struct trust trust;

	TRY(read_trust(cli, &trust));
	if (cli->nword == 0)
		return verify_server(cli, &trust);
	TRY(cli_need(cli, "key"));
	return verify_folder(cli, cli->word[0], &trust);
}

static enum err
read_trust(struct cli *cli, struct trust *trust)
{
	const char *older = cli_z(cli, "extends");

	*trust = (struct trust) { .key = cli_text(cli, "key"),
		.origin = cli_text(cli, "origin") };
	if (older == NULL)
		return OK;
	return input_whole(cli, "extends", older, NOTE_MAX, &trust->older);
}

static enum err
verify_server(struct cli *cli, struct trust *trust)
{
	struct log_end end;
	const char *dir;
	enum err err;

	TRY(tempdir_make(cli, &dir));
	err = log_export(cli, dir, cli_int(cli, "number"), &end);
	if (err == OK && trust->key.n == 0) {
		trust->key = end.vkey;
		cli_say(cli, MSG_SAY_SERVER_KEY, ARGS(end.vkey));
	}
	if (err == OK)
		err = verify_folder(cli, dir, trust);
	tempdir_remove(dir);
	return err;
}

static enum err
verify_folder(struct cli *cli, const char *dir, const struct trust *trust)
{
	struct verdict verdict;

	TRY(log_verify_dir(&cli->cx, dir, trust->key, trust->origin, &verdict));
	if (verdict.is_whole && trust->older.n > 0)
		TRY(log_verify_extends(
		    &cli->cx, dir, trust->key, trust->older, &verdict));
	return tell(cli, &verdict);
}

static enum err
tell(struct cli *cli, const struct verdict *v)
{
	struct str root = str_hex(cli->cx.arena,
	    (struct str) { (const char *)v->root.bytes, sizeof(v->root) });
	struct body body;

	body_open(cli, &body);
	js_key(&body.js, "whole");
	js_put_bool(&body.js, v->is_whole);
	js_key(&body.js, "size");
	js_put_int(&body.js, (int64_t)v->size);
	body_text(&body, "root", v->is_whole ? root : STR(""));
	body_text(&body, "why", v->why);
	if (v->at != ENTRY_UNKNOWN && !v->is_whole) {
		js_key(&body.js, "entry");
		js_put_int(&body.js, (int64_t)v->at);
	}
	cli->last = body_close(&body);
	if (!cli_told(cli) && v->is_whole)
		cli_say(cli, MSG_SAY_LOG_WHOLE,
		    ARGS(cli_number(cli, (int64_t)v->size), root));
	if (v->is_whole)
		return OK;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_LOG_BROKEN, "",
	    str_z(cli->cx.arena, v->why),
	    v->at == ENTRY_UNKNOWN ? "-"
				   : str_z(cli->cx.arena,
					 str_fmt(cli->cx.arena, "%llu",
					     (unsigned long long)v->at)));
}

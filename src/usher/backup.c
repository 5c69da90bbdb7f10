/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err backup_create(struct cli *);
static struct str path_and_bytes(struct cli *, struct str path, int64_t bytes);

const struct command backup_commands[] = {
	{ "backup", NULL, backup_create, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_BACKUP,
	  "  usher backup\n"
	  "  usher key export --out keys.archive\n"
	  "  usher help restore\n", NULL, false },
};
const size_t backup_command_count = COUNT(backup_commands);

static enum err
backup_create(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = STR("/operator/v1/backup"),
		.timeout_ms = CALL_LONG_MS };
	const struct js *made;

	TRY(cli_ask(cli, &call, &made));
	if (cli_told(cli))
		return OK;
	const struct labelled lines[] = {
		{ MSG_SAY_DATA,
		    path_and_bytes(cli, member_text(made, "data"),
			member_int(made, "data_bytes")) },
		{ MSG_SAY_KEYS,
		    path_and_bytes(cli, member_text(made, "keys"),
			member_int(made, "keys_bytes")) },
	};
	labelled_print(cli, 0, lines, COUNT(lines));
	cli_say(cli, MSG_SAY_BACKUP_MOVE, NO_ARGS);
	return OK;
}

static struct str
path_and_bytes(struct cli *cli, struct str path, int64_t bytes)
{
	return str_fmt(cli->cx.arena, "%.*s  %.*s", STR_ARG(path),
	    STR_ARG(cli_count(cli, MSG_SAY_BYTES, bytes)));
}

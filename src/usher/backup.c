/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/member.h"

static enum err backup_create(struct cli *);

const struct command backup_commands[] = {
	{ "backup", NULL, backup_create, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_OPERATE, "copy the databases while the server runs",
	  "Makes two files in the folder backups of the data directory: the data, and the\n"
	  "keys of its records.  Neither can be read alone, nor both without the vault's\n"
	  "keys, which `usher key export` puts into a third file.  Keep the three apart.\n"
	  "\n"
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
	cli_say(cli, "data  %.*s  %lld bytes",
	    STR_ARG(member_text(made, "data")),
	    (long long)member_int(made, "data_bytes"));
	cli_say(cli, "keys  %.*s  %lld bytes",
	    STR_ARG(member_text(made, "keys")),
	    (long long)member_int(made, "keys_bytes"));
	cli_say(cli, "Move each to a place of its own.");
	return OK;
}

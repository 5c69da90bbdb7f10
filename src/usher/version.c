/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "usher/commands.h"

static enum err version_show(struct cli *);

const struct command version_commands[] = {
	{ "version", NULL, version_show, "", 0, 0, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, "tell which version this is",
	  "The version of this program; `GET /api/v1/version` tells the server's.\n"
	  "\n"
	  "  usher version\n", NULL, false },
};
const size_t version_command_count = COUNT(version_commands);

static enum err
version_show(struct cli *cli)
{
	if (cli->is_json)
		puts("{\"version\":\"" USHER_VERSION "\"}");
	cli_say(cli, "usher %s", USHER_VERSION);
	return OK;
}

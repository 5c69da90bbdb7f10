/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"

static enum err version_show(struct cli *);

const struct command version_commands[] = {
	{ "version", NULL, version_show, "", 0, 0, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_VERSION,
	  "  usher version\n", NULL, false },
};
const size_t version_command_count = COUNT(version_commands);

static enum err
version_show(struct cli *cli)
{
	struct body body;

	body_open(cli, &body);
	body_text(&body, "version", STR(USHER_VERSION));
	cli->last = body_close(&body);
	if (!cli_told(cli))
		cli_print(cli, STR("usher " USHER_VERSION));
	return OK;
}

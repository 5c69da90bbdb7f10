/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

static enum err right_list(struct cli *);

const struct command right_commands[] = {
	{ "right", "list", right_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_SELF, MSG_HELP_RIGHT_LIST,
	  "  usher right list\n", NULL, false },
};
const size_t right_command_count = COUNT(right_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_RIGHT, "right", false },
	{ MSG_HEAD_WHOLE, "whole", false },
	{ MSG_HEAD_ALLOWS, "text", false },
};

static enum err
right_list(struct cli *cli)
{
	return list_whole(
	    cli, STR("/api/v1/rights"), LISTING(columns), MSG_SAY_NO_ROLES);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.c - the API description, without a server. */
#include <stdio.h>

#include "api/api.h"
#include "usher/commands.h"

static enum err openapi_show(struct cli *);

const struct command openapi_commands[] = {
	{ "openapi", NULL, openapi_show, "", 0, 0, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_OPENAPI,
	  "  usher openapi > usher.json\n", NULL, false },
};
const size_t openapi_command_count = COUNT(openapi_commands);

static enum err
openapi_show(struct cli *cli)
{
	struct str lacks;
	struct str text = api_description(cli->cx.arena, &lacks);

	printf("%.*s\n", STR_ARG(text));
	return OK;
}

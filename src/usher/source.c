/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

#define REMOVALS_MAX 100000000

static enum err source_allow(struct cli *);

static const struct option allow_options[] = {
	{ "removals", OPTION_INT, NULL, 0, REMOVALS_MAX, false, MSG_FLAG_SOURCE_REMOVALS },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SOURCE_REASON },
};

const struct command source_commands[] = {
	{ "source", "allow", source_allow, "SOURCE", 1, 1, OPTIONS(allow_options),
	  DOOR_API, RIGHT_GUARD_OVERRIDE, MSG_HELP_SOURCE_ALLOW,
	  "  usher source allow entra --removals 400 --reason \"the Lyon site closes\"\n", NULL, false },
};
const size_t source_command_count = COUNT(source_commands);

static enum err
source_allow(struct cli *cli)
{
	struct call call = { .method = POST, .path = STR("/api/v1/removals") };
	const struct js *removals;
	struct body body;

	TRY(cli_need(cli, "removals"));
	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "source", str_of(cli->word[0]));
	js_key(&body.js, "allow");
	js_put_int(&body.js, cli_int(cli, "removals"));
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &removals));
	if (!cli_told(cli))
		object_print(cli, removals);
	return OK;
}

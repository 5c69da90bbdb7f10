/* SPDX-License-Identifier: Apache-2.0 */
/* loss.c - an operator goes on with a database that has lost something. */
#include "usher/commands.h"
#include "usher/member.h"

static enum err loss_accept(struct cli *);

const struct command loss_commands[] = {
	{ "loss", "accept", loss_accept, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_LOSS_ACCEPT,
	  "  usher doctor\n"
	  "  usher loss accept\n", NULL, false },
};
const size_t loss_command_count = COUNT(loss_commands);

static struct str
number(struct cli *cli, const struct js *loss, const char *name)
{
	return str_fmt(
	    cli->cx.arena, "%lld", (long long)member_int(loss, name));
}

static enum err
loss_accept(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = STR("/operator/v1/loss-accept"),
		.timeout_ms = CALL_LONG_MS };
	const struct js *loss;

	TRY(cli_ask(cli, &call, &loss));
	if (cli_told(cli))
		return OK;
	cli_say(cli, MSG_SAY_LOSS,
	    ARGS(number(cli, loss, "tenant"), number(cli, loss, "from"),
		number(cli, loss, "to"), number(cli, loss, "origin")));
	return OK;
}

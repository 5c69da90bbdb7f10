/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err queue_list(struct cli *);
static enum err queue_pause(struct cli *);
static enum err queue_resume(struct cli *);
static enum err queue_set(struct cli *, const char *verb);

static const struct option reason_options[] = {
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, "why; it is shown and logged" },
};

const struct command queue_commands[] = {
	{ "queue", "list", queue_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_QUEUE_READ, "show the work queues, and how much you may ask for at once",
	  "DEPTH is what waits, RATE what was done a second lately, FORECAST the seconds\n"
	  "until nothing waits.  Below stand the bounds that you are under, and how much of\n"
	  "them is taken: at a bound requests are refused with `limited`.\n"
	  "\n"
	  "  usher queue list\n", NULL, false },
	{ "queue", "pause", queue_pause, "QUEUE", 1, 1, OPTIONS(reason_options),
	  DOOR_API, RIGHT_QUEUE_MANAGE, "stop a queue after its present batch",
	  "QUEUE is delivery, registration or import.  An import that is under way waits,\n"
	  "and goes on when the queue is resumed.  A pause stays over a restart.\n"
	  "\n"
	  "  usher queue pause import --reason \"the HR system is moving\"\n", NULL, false },
	{ "queue", "resume", queue_resume, "QUEUE", 1, 1, OPTIONS(reason_options),
	  DOOR_API, RIGHT_QUEUE_MANAGE, "let a queue go on",
	  "A queue that was paused because it was too deep is not paused again until its\n"
	  "depth was below the threshold once.\n"
	  "\n"
	  "  usher queue resume import --reason \"checked: they are that many\"\n", NULL, false },
};
const size_t queue_command_count = COUNT(queue_commands);

static const struct listing_column columns[] = {
	{ "QUEUE", "queue", false },
	{ "STATE", "state", false },
	{ "DEPTH", "depth", true },
	{ "PAUSES AT", "depth_pause", true },
	{ "RATE", "rate", true },
	{ "FORECAST", "forecast_s", true },
	{ "BATCH", "window.batch", true },
	{ "BY", "by", false },
	{ "SINCE", "since", false },
	{ "REASON", "reason", false },
};

static const struct listing_column bound_columns[] = {
	{ "BOUND", "bound", false },
	{ "VALUE", "value", true },
	{ "LOAD", "load", true },
};

static enum err
queue_list(struct cli *cli)
{
	struct listing queues = LISTING(columns);
	struct listing bounds = LISTING(bound_columns);
	const struct js *found;

	TRY(cli_get(cli, STR("/api/v1/queues"), &found));
	if (cli_told(cli))
		return OK;
	table_print(cli, &queues, member_of(found, "items"));
	cli_say(cli, "%s", "");
	table_print(cli, &bounds, member_of(found, "bounds"));
	return OK;
}

static enum err
queue_pause(struct cli *cli)
{
	return queue_set(cli, "/pause");
}

static enum err
queue_resume(struct cli *cli)
{
	return queue_set(cli, "/resume");
}

static enum err
queue_set(struct cli *cli, const char *verb)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/api/v1/queues/", str_of(cli->word[0]),
		    verb) };
	const struct js *queue;
	struct body body;

	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &queue));
	if (!cli_told(cli))
		object_print(cli, queue);
	return OK;
}

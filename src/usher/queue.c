/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err queue_list(struct cli *);
static enum err queue_pause(struct cli *);
static enum err queue_resume(struct cli *);
static enum err queue_set(struct cli *, const char *verb);

static const struct option reason_options[] = {
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_QUEUE_REASON },
};

const struct command queue_commands[] = {
	{ "queue", "list", queue_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_QUEUE_READ, MSG_HELP_QUEUE_LIST,
	  "  usher queue list\n", NULL, false },
	{ "queue", "pause", queue_pause, "QUEUE", 1, 1, OPTIONS(reason_options),
	  DOOR_API, RIGHT_QUEUE_MANAGE, MSG_HELP_QUEUE_PAUSE,
	  "  usher queue pause import --reason \"the HR system is moving\"\n", NULL, false },
	{ "queue", "resume", queue_resume, "QUEUE", 1, 1, OPTIONS(reason_options),
	  DOOR_API, RIGHT_QUEUE_MANAGE, MSG_HELP_QUEUE_RESUME,
	  "  usher queue resume import --reason \"checked: they are that many\"\n", NULL, false },
};
const size_t queue_command_count = COUNT(queue_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_QUEUE, "queue", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_DEPTH, "depth", true },
	{ MSG_HEAD_PAUSES_AT, "depth_pause", true },
	{ MSG_HEAD_RATE, "rate", true },
	{ MSG_HEAD_FORECAST, "forecast_s", true },
	{ MSG_HEAD_BATCH, "window.batch", true },
	{ MSG_HEAD_BY, "by", false },
	{ MSG_HEAD_SINCE, "since", false },
	{ MSG_HEAD_REASON, "reason", false },
};

static const struct listing_column bound_columns[] = {
	{ MSG_HEAD_BOUND, "bound", false },
	{ MSG_HEAD_VALUE, "value", true },
	{ MSG_HEAD_LOAD, "load", true },
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
	cli_print(cli, STR(""));
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

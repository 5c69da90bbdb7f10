/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

static enum err setting_list(struct cli *);
static enum err setting_set(struct cli *);

const struct command setting_commands[] = {
	{ "setting", "list", setting_list, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_SETTING_LIST,
	  "  usher setting list --data /var/lib/usher\n", NULL, false },
	{ "setting", "set", setting_set, "SETTING VALUE", 2, 2, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_SETTING_SET,
	  "  usher setting set throttle.global_cap 400\n", NULL, false },
};
const size_t setting_command_count = COUNT(setting_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_SETTING, "setting", false },
	{ MSG_HEAD_VALUE, "value", true },
	{ MSG_HEAD_DEFAULT, "default", true },
	{ MSG_HEAD_LEAST, "min", true },
	{ MSG_HEAD_MOST, "max", true },
};

static enum err
setting_list(struct cli *cli)
{
	return list_whole(
	    cli, STR("/operator/v1/settings"), LISTING(columns),
	    MSG_SAY_NO_SETTING);
}

static enum err
setting_set(struct cli *cli)
{
	struct call call = { .method = PUT,
		.path = cli_path(cli, "/operator/v1/settings/",
		    str_of(cli->word[0]), "") };
	struct listing settings = LISTING(columns);
	const struct js *found;
	struct body body;
	int64_t value;

	if (!str_int(str_of(cli->word[1]), &value))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_NUMBER, "VALUE",
		    cli->word[1]);
	body_open(cli, &body);
	js_key(&body.js, "value");
	js_put_int(&body.js, value);
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &found));
	if (!cli_told(cli))
		table_print(cli, &settings, js_get(found, "items"));
	return OK;
}

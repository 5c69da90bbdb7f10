/* SPDX-License-Identifier: Apache-2.0 */
/* oauth_client.c - OAuth clients, whose secret is exchanged for access tokens. */
#include "base/clock.h"

#include "usher/commands.h"
#include "usher/hand.h"
#include "usher/list.h"

#define DAY_MS INT64_C(86400000)

static enum err client_create(struct cli *);
static enum err client_list(struct cli *);
static enum err client_revoke(struct cli *);

static const struct option create_options[] = {
	{ "label", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_LABEL },
	{ "rights", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_RIGHTS },
	{ "role", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TOKEN_ROLE },
	{ "scope", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SCOPE },
	{ "addresses", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ADDRESSES },
	{ "source", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TOKEN_SOURCE },
	{ "days", OPTION_INT, "365", 1, 3650, false, MSG_FLAG_DAYS },
	OPTION_OUT,
};

const struct command client_commands[] = {
	{ "client", "create", client_create, "", 0, 0, OPTIONS(create_options),
	  DOOR_API, RIGHT_TOKEN_WRITE, MSG_HELP_CLIENT_CREATE,
	  "  usher client create --label Payroll --rights person.read --out payroll.secret\n"
	  "  usher client list\n", NULL, false },
	{ "client", "list", client_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_TOKEN_READ, MSG_HELP_CLIENT_LIST,
	  "  usher client list\n", NULL, false },
	{ "client", "revoke", client_revoke, "CLIENT-ID", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_TOKEN_WRITE, MSG_HELP_CLIENT_REVOKE,
	  "  usher client revoke 0D4K2M8Q0G001\n", NULL, false },
};
const size_t client_command_count = COUNT(client_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_ID, "id", false },
	{ MSG_HEAD_LABEL, "label", false },
	{ MSG_HEAD_EXPIRES, "expires", false },
	{ MSG_HEAD_REVOKED, "revoked", false },
	{ MSG_HEAD_SCOPE, "scope", false },
	{ MSG_HEAD_RIGHTS, "rights", false },
};

static enum err
client_create(struct cli *cli)
{
	static const struct hand hand = { "id", "secret", MSG_SAY_CLIENT };
	int64_t until = cli->cx.now_ms + cli_int(cli, "days") * DAY_MS;
	struct call call = { .method = POST, .path = STR("/api/v1/clients") };
	struct body body;

	TRY(cli_need(cli, "label"));
	if (!cli_has(cli, "role"))
		TRY(cli_need(cli, "rights"));
	body_open(cli, &body);
	body_list(&body, "rights", cli_text(cli, "rights"));
	body_list(&body, "addresses", cli_text(cli, "addresses"));
	body_text(&body, "role", cli_text(cli, "role"));
	body_text(&body, "scope", cli_text(cli, "scope"));
	body_text(&body, "source", cli_text(cli, "source"));
	body_text(&body, "label", cli_text(cli, "label"));
	body_text(&body, "expires", time_text(cli->cx.arena, until));
	call.body = body_close(&body);
	return hand_over(cli, &call, &hand);
}

static enum err
client_list(struct cli *cli)
{
	return list_whole(
	    cli, STR("/api/v1/clients"), LISTING(columns), MSG_SAY_NO_CLIENTS);
}

static enum err
client_revoke(struct cli *cli)
{
	struct call call = { .method = DELETE,
		.path = cli_path(
		    cli, "/api/v1/clients/", str_of(cli->word[0]), "") };
	const struct js *answer;

	TRY(cli_ask(cli, &call, &answer));
	if (!cli_told(cli))
		cli_say(cli, MSG_SAY_REVOKED, NO_ARGS);
	return OK;
}

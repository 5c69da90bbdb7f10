/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - API tokens. */
#include "base/clock.h"

#include "usher/commands.h"
#include "usher/hand.h"
#include "usher/list.h"

#define DAY_MS INT64_C(86400000)

static enum err token_bootstrap(struct cli *);
static enum err token_create(struct cli *);
static enum err token_list(struct cli *);
static enum err token_revoke(struct cli *);
static enum err token_rotate(struct cli *);
static enum err make(struct cli *, struct call *, struct body *);

static const struct hand token_hand = { "id", "token", MSG_SAY_TOKEN };

#define OPTION_DAYS \
	{ "days", OPTION_INT, "365", 1, 3650, false, \
	  MSG_FLAG_DAYS }

static const struct option bootstrap_options[] = {
	{ "tenant", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TENANT },
	{ "label", OPTION_TEXT, "bootstrap", 0, 0, false, MSG_FLAG_LABEL },
	OPTION_DAYS,
	OPTION_OUT,
};
static const struct option create_options[] = {
	{ "label", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_LABEL },
	{ "rights", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_RIGHTS },
	{ "role", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TOKEN_ROLE },
	{ "scope", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SCOPE },
	{ "addresses", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ADDRESSES },
	{ "source", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TOKEN_SOURCE },
	OPTION_DAYS,
	OPTION_OUT,
};
static const struct option rotate_options[] = {
	{ "overlap", OPTION_INT, "60", 0, 10080, false, MSG_FLAG_OVERLAP },
	OPTION_OUT,
};

const struct command token_commands[] = {
	{ "token", "bootstrap", token_bootstrap, "", 0, 0, OPTIONS(bootstrap_options),
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_TOKEN_BOOTSTRAP,
	  "  usher token bootstrap --tenant acme --out acme.token\n"
	  "  export USHER_TOKEN_FILE=acme.token\n", NULL, false },
	{ "token", "create", token_create, "", 0, 0, OPTIONS(create_options),
	  DOOR_API, RIGHT_TOKEN_WRITE, MSG_HELP_TOKEN_CREATE,
	  "  usher token create --label 'HR import' --rights import.run --out hr.token\n"
	  "  usher token create --label Lyon --rights person.read,seat.read \\\n"
	  "      --scope 'site eq \"lyo\"' --days 30 --out lyon.token\n", NULL, false },
	{ "token", "list", token_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_TOKEN_READ, MSG_HELP_TOKEN_LIST,
	  "  usher token list\n", NULL, false },
	{ "token", "rotate", token_rotate, "TOKEN-ID", 1, 1, OPTIONS(rotate_options),
	  DOOR_API, RIGHT_TOKEN_WRITE, MSG_HELP_TOKEN_ROTATE,
	  "  usher token rotate 0D4K2M8Q0G001 --overlap 1440 --out hr.token.new\n", NULL, false },
	{ "token", "revoke", token_revoke, "TOKEN-ID", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_TOKEN_WRITE, MSG_HELP_TOKEN_REVOKE,
	  "  usher token revoke 0D4K2M8Q0G001\n", NULL, false },
};
const size_t token_command_count = COUNT(token_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_ID, "id", false },
	{ MSG_HEAD_LABEL, "label", false },
	{ MSG_HEAD_EXPIRES, "expires", false },
	{ MSG_HEAD_REVOKED, "revoked", false },
	{ MSG_HEAD_SCOPE, "scope", false },
	{ MSG_HEAD_RIGHTS, "rights", false },
};

static enum err
token_bootstrap(struct cli *cli)
{
	struct call call = { .method = POST };
	struct body body;

	TRY(cli_need(cli, "tenant"));
	call.path = cli_path(
	    cli, "/operator/v1/tenants/", cli_text(cli, "tenant"), "/token");
	body_open(cli, &body);
	return make(cli, &call, &body);
}

static enum err
token_create(struct cli *cli)
{
	struct call call = { .method = POST, .path = STR("/api/v1/tokens") };
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
	return make(cli, &call, &body);
}

static enum err
make(struct cli *cli, struct call *call, struct body *body)
{
	int64_t until = cli->cx.now_ms + cli_int(cli, "days") * DAY_MS;

	body_text(body, "label", cli_text(cli, "label"));
	body_text(body, "expires", time_text(cli->cx.arena, until));
	call->body = body_close(body);
	return hand_over(cli, call, &token_hand);
}

static enum err
token_rotate(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/api/v1/tokens/", str_of(cli->word[0]),
		    "/rotate") };
	struct body body;

	body_open(cli, &body);
	js_key(&body.js, "overlap");
	js_put_int(&body.js, cli_int(cli, "overlap"));
	call.body = body_close(&body);
	return hand_over(cli, &call, &token_hand);
}

static enum err
token_list(struct cli *cli)
{
	return list_whole(
	    cli, STR("/api/v1/tokens"), LISTING(columns), MSG_SAY_NO_TOKENS);
}

static enum err
token_revoke(struct cli *cli)
{
	struct call call = { .method = DELETE,
		.path = cli_path(
		    cli, "/api/v1/tokens/", str_of(cli->word[0]), "") };
	const struct js *answer;

	TRY(cli_ask(cli, &call, &answer));
	if (!cli_told(cli))
		cli_say(cli, MSG_SAY_REVOKED, NO_ARGS);
	return OK;
}

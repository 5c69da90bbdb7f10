/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

#define WAITS_SHOWN "20"

static enum err pool_list(struct cli *);
static enum err pool_show(struct cli *);
static enum err pool_quota(struct cli *);
static enum err show_waits(struct cli *, struct str product);

static const struct option list_options[] = {
	{ "product", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_POOL_PRODUCT },
};
static const struct option quota_options[] = {
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_POOL_IF_MATCH },
};

const struct command pool_commands[] = {
	{ "pool", "list", pool_list, "", 0, 0, OPTIONS(list_options),
	  DOOR_API, RIGHT_POOL_READ, MSG_HELP_POOL_LIST,
	  "  usher pool list\n"
	  "  usher pool list --product mail\n", NULL, false },
	{ "pool", "show", pool_show, "POOL", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_POOL_READ, MSG_HELP_POOL_SHOW,
	  "  usher pool show mail-ber\n", NULL, false },
	{ "pool", "quota", pool_quota, "POOL SEATS", 2, 2, OPTIONS(quota_options),
	  DOOR_API, RIGHT_POOL_WRITE, MSG_HELP_POOL_QUOTA,
	  "  usher pool quota mail-ber 250\n", NULL, false },
};
const size_t pool_command_count = COUNT(pool_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_POOL, "slug", false },
	{ MSG_HEAD_PRODUCT, "product", false },
	{ MSG_HEAD_SITE, "site", false },
	{ MSG_HEAD_QUOTA, "quota", true },
	{ MSG_HEAD_HELD, "held", true },
	{ MSG_HEAD_ASSIGNED, "assigned", true },
	{ MSG_HEAD_FREE, "free", true },
	{ MSG_HEAD_RESERVE, "reserve", false },
	{ MSG_HEAD_WAITING, "waiting", true },
};

static const struct listing_column wait_columns[] = {
	{ MSG_HEAD_POSITION, "position", true },
	{ MSG_HEAD_PERSON, "person", false },
	{ MSG_HEAD_PRIORITY, "priority", true },
	{ MSG_HEAD_SINCE, "since", false },
};

static enum err
pool_list(struct cli *cli)
{
	struct buf path;

	query_open(cli, &path, "/api/v1/pools");
	query_add(&path, "product", cli_text(cli, "product"));
	return list_whole(
	    cli, buf_view(&path), LISTING(columns), MSG_SAY_NO_POOLS);
}

static enum err
pool_show(struct cli *cli)
{
	const struct js *pool;

	TRY(cli_get(cli,
	    cli_path(cli, "/api/v1/pools/", str_of(cli->word[0]), ""), &pool));
	if (cli_told(cli))
		return OK;
	object_print(cli, pool);
	if (member_int(pool, "waiting") == 0)
		return OK;
	return show_waits(cli, member_text(pool, "product"));
}

static enum err
show_waits(struct cli *cli, struct str product)
{
	struct str path = cli_path(
	    cli, "/api/v1/products/", product, "/waits?limit=" WAITS_SHOWN);

	cli_print(cli, STR(""));
	cli_say(cli, MSG_SAY_FIRST_IN_LINE, ARGS(product));
	return list_whole(
	    cli, path, LISTING(wait_columns), MSG_SAY_NO_WAIT_NOW);
}

static enum err
pool_quota(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/pools/", str_of(cli->word[0]), "");
	struct call call = { .method = PATCH, .path = path };
	const struct js *pool;
	struct body body;
	int64_t seats;

	if (!str_int(str_of(cli->word[1]), &seats))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_NUMBER, "SEATS",
		    cli->word[1]);
	body_open(cli, &body);
	js_key(&body.js, "quota");
	js_put_int(&body.js, seats);
	call.body = body_close(&body);
	TRY(cli_if_match(cli, &call));
	TRY(cli_ask(cli, &call, &pool));
	if (cli_told(cli))
		return OK;
	object_print(cli, pool);
	return OK;
}

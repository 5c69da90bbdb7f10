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
	{ "product", OPTION_TEXT, NULL, 0, 0, false, "only the pools of this product" },
};
static const struct option quota_options[] = {
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, "only if this is still the pool's version" },
};

const struct command pool_commands[] = {
	{ "pool", "list", pool_list, "", 0, 0, OPTIONS(list_options),
	  DOOR_API, RIGHT_POOL_READ, "list pools with their seats and who waits",
	  "A pool is a number of seats of one product, for a site or for all.  A reserve\n"
	  "is a third party's and never assigned from.\n"
	  "\n"
	  "  usher pool list\n"
	  "  usher pool list --product mail\n", NULL, false },
	{ "pool", "show", pool_show, "POOL", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_POOL_READ, "show one pool, and who waits for its product",
	  "POOL is its slug in the catalogue.\n"
	  "\n"
	  "  usher pool show mail-ber\n", NULL, false },
	{ "pool", "quota", pool_quota, "POOL SEATS", 2, 2, OPTIONS(quota_options),
	  DOOR_API, RIGHT_POOL_WRITE, "change how many seats a pool has",
	  "More seats are given to those who wait, at once.  Fewer than are in use are\n"
	  "refused, with how many seats are in the way.\n"
	  "\n"
	  "  usher pool quota mail-ber 250\n", NULL, false },
};
const size_t pool_command_count = COUNT(pool_commands);

static const struct listing_column columns[] = {
	{ "POOL", "slug", false },
	{ "PRODUCT", "product", false },
	{ "SITE", "site", false },
	{ "QUOTA", "quota", true },
	{ "HELD", "held", true },
	{ "ASSIGNED", "assigned", true },
	{ "FREE", "free", true },
	{ "RESERVE", "reserve", false },
	{ "WAITING", "waiting", true },
};

static const struct listing_column wait_columns[] = {
	{ "POSITION", "position", true },
	{ "PERSON", "person", false },
	{ "PRIORITY", "priority", true },
	{ "SINCE", "since", false },
};

static enum err
pool_list(struct cli *cli)
{
	struct buf path;

	query_open(cli, &path, "/api/v1/pools");
	query_add(&path, "product", cli_text(cli, "product"));
	return list_whole(
	    cli, buf_view(&path), LISTING(columns), "There are no pools.");
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

	cli_say(cli, "\nFirst in the line for %.*s:", STR_ARG(product));
	return list_whole(
	    cli, path, LISTING(wait_columns), "Nobody waits any more.");
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

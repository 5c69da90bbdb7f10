/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

static enum err product_list(struct cli *);
static enum err product_show(struct cli *);

const struct command product_commands[] = {
	{ "product", "list", product_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, MSG_HELP_PRODUCT_LIST,
	  "  usher product list\n", NULL, false },
	{ "product", "show", product_show, "PRODUCT", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, MSG_HELP_PRODUCT_SHOW,
	  "  usher product show mail\n", NULL, false },
};
const size_t product_command_count = COUNT(product_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_PRODUCT, "slug", false },
	{ MSG_HEAD_NAME, "name", false },
	{ MSG_HEAD_QUOTA, "quota", true },
	{ MSG_HEAD_HELD, "held", true },
	{ MSG_HEAD_ASSIGNED, "assigned", true },
	{ MSG_HEAD_WAITING, "waiting", true },
};

static enum err
product_list(struct cli *cli)
{
	return list_whole(cli, STR("/api/v1/products"), LISTING(columns),
	    MSG_SAY_NO_PRODUCTS);
}

static enum err
product_show(struct cli *cli)
{
	return object_show(
	    cli, cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), ""));
}

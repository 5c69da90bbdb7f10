/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

static enum err product_list(struct cli *);
static enum err product_show(struct cli *);

const struct command product_commands[] = {
	{ "product", "list", product_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, "list products with their seats and who waits",
	  "QUOTA is the sum over the product's pools; HELD seats are kept while checks\n"
	  "are open, ASSIGNED ones are given.\n"
	  "\n"
	  "  usher product list\n", NULL, false },
	{ "product", "show", product_show, "PRODUCT", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, "show one product",
	  "PRODUCT is its slug in the catalogue.\n"
	  "\n"
	  "  usher product show mail\n", NULL, false },
};
const size_t product_command_count = COUNT(product_commands);

static const struct listing_column columns[] = {
	{ "PRODUCT", "slug", false },
	{ "NAME", "name", false },
	{ "QUOTA", "quota", true },
	{ "HELD", "held", true },
	{ "ASSIGNED", "assigned", true },
	{ "WAITING", "waiting", true },
};

static enum err
product_list(struct cli *cli)
{
	return list_whole(cli, STR("/api/v1/products"), LISTING(columns),
	    "The catalogue has no products.");
}

static enum err
product_show(struct cli *cli)
{
	return object_show(
	    cli, cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), ""));
}

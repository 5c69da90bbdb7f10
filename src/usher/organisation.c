/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"

static enum err organisation_list(struct cli *);
static enum err organisation_show(struct cli *);

const struct command organisation_commands[] = {
	{ "organisation", "list", organisation_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, MSG_HELP_ORGANISATION_LIST,
	  "  usher organisation list\n", NULL, false },
	{ "organisation", "show", organisation_show, "ORGANISATION", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PRODUCT_READ, MSG_HELP_ORGANISATION_SHOW,
	  "  usher organisation show acme\n", NULL, false },
};
const size_t organisation_command_count = COUNT(organisation_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_ORGANISATION, "slug", false },
	{ MSG_HEAD_NAME, "name", false },
	{ MSG_HEAD_OVERFLOW, "overflow", false },
	{ MSG_HEAD_PRODUCTS, "products", false },
};

static enum err
organisation_list(struct cli *cli)
{
	return list_whole(cli, STR("/api/v1/organisations"), LISTING(columns),
	    MSG_SAY_NO_ORGANISATIONS);
}

static enum err
organisation_show(struct cli *cli)
{
	return object_show(cli,
	    cli_path(cli, "/api/v1/organisations/", str_of(cli->word[0]), ""));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err tenant_list(struct cli *);
static enum err tenant_create(struct cli *);

const struct command tenant_commands[] = {
	{ "tenant", "list", tenant_list, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_READ, "list tenants",
	  "LOG ENTRIES is the size of the tenant's log.\n"
	  "\n"
	  "  usher tenant list --data /var/lib/usher\n", NULL, false },
	{ "tenant", "create", tenant_create, "NAME", 1, 1, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, "make a tenant, with keys and a log of its own",
	  "NAME has lower-case letters, digits and hyphens.  Make its first token next:\n"
	  "\n"
	  "  usher tenant create acme\n"
	  "  usher token bootstrap --tenant acme --out acme.token\n", NULL, false },
};
const size_t tenant_command_count = COUNT(tenant_commands);

static const struct listing_column columns[] = {
	{ "TENANT", "tenant", true },
	{ "NAME", "name", false },
	{ "STATE", "state", false },
	{ "CREATED", "created", false },
	{ "LOG ENTRIES", "log_size", true },
};

static enum err
tenant_list(struct cli *cli)
{
	return list_whole(cli, STR("/operator/v1/tenants"), LISTING(columns),
	    "There are no tenants; `usher tenant create NAME` makes one.");
}

static enum err
tenant_create(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = STR("/operator/v1/tenants") };
	const struct js *tenant;
	struct body body;

	body_open(cli, &body);
	body_text(&body, "name", str_of(cli->word[0]));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &tenant));
	if (!cli_told(cli))
		cli_say(cli, "Tenant %lld, %s, is there.",
		    (long long)member_int(tenant, "tenant"), cli->word[0]);
	return OK;
}

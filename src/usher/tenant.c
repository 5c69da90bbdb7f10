/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err tenant_list(struct cli *);
static enum err tenant_create(struct cli *);

const struct command tenant_commands[] = {
	{ "tenant", "list", tenant_list, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_READ, MSG_HELP_TENANT_LIST,
	  "  usher tenant list --data /var/lib/usher\n", NULL, false },
	{ "tenant", "create", tenant_create, "NAME", 1, 1, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, MSG_HELP_TENANT_CREATE,
	  "  usher tenant create acme\n"
	  "  usher token bootstrap --tenant acme --out acme.token\n", NULL, false },
};
const size_t tenant_command_count = COUNT(tenant_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_TENANT, "tenant", true },
	{ MSG_HEAD_NAME, "name", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_CREATED, "created", false },
	{ MSG_HEAD_LOG_ENTRIES, "log_size", true },
};

static enum err
tenant_list(struct cli *cli)
{
	return list_whole(cli, STR("/operator/v1/tenants"), LISTING(columns),
	    MSG_SAY_NO_TENANTS);
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
		cli_say(cli, MSG_SAY_TENANT,
		    ARGS(cli_number(cli, member_int(tenant, "tenant")),
			str_of(cli->word[0])));
	return OK;
}

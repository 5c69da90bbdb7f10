/* SPDX-License-Identifier: Apache-2.0 */
/* tenant.c - what the operator does with tenants. */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/tenant_export.h"

static enum err tenant_list(struct cli *);
static enum err tenant_create(struct cli *);
static enum err tenant_suspend(struct cli *);
static enum err tenant_resume(struct cli *);
static enum err tenant_limit(struct cli *);
static enum err tenant_delete(struct cli *);
static enum err set_state(struct cli *, const char *verb, enum msg told);
static void put_limit(struct cli *, struct body *, const char *option,
    const char *member);
static struct str limit_text(struct cli *, const struct js *, const char *,
    enum msg none);

static const struct option reason_options[] = {
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TENANT_REASON },
};
static const struct option limit_options[] = {
	{ "persons", OPTION_INT, "-1", -1, INT64_MAX, false, MSG_FLAG_LIMIT_PERSONS },
	{ "tokens", OPTION_INT, "-1", -1, INT64_MAX, false, MSG_FLAG_LIMIT_TOKENS },
	{ "catalogue-bytes", OPTION_INT, "-1", -1, INT64_MAX, false, MSG_FLAG_LIMIT_CATALOGUE },
	{ "rate", OPTION_INT, "-1", -1, 1000000, false, MSG_FLAG_LIMIT_RATE },
	{ "burst", OPTION_INT, "-1", -1, 1000000, false, MSG_FLAG_LIMIT_BURST },
};
static const struct option export_options[] = {
	{ "out", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_TENANT_OUT },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TENANT_REASON },
};
static const struct option delete_options[] = {
	{ "confirm", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TENANT_CONFIRM },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TENANT_REASON },
};

const struct command tenant_commands[] = {
	{ "tenant", "list", tenant_list, "", 0, 0, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_READ, MSG_HELP_TENANT_LIST,
	  "  usher tenant list --data /var/lib/usher\n", NULL, false },
	{ "tenant", "create", tenant_create, "NAME", 1, 1, NO_OPTIONS,
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, MSG_HELP_TENANT_CREATE,
	  "  usher tenant create acme\n"
	  "  usher token bootstrap --tenant acme --out acme.token\n", NULL, false },
	{ "tenant", "suspend", tenant_suspend, "NAME", 1, 1, OPTIONS(reason_options),
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, MSG_HELP_TENANT_SUSPEND,
	  "  usher tenant suspend acme --reason 'contract ended'\n", NULL, false },
	{ "tenant", "resume", tenant_resume, "NAME", 1, 1, OPTIONS(reason_options),
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, MSG_HELP_TENANT_RESUME,
	  "  usher tenant resume acme --reason 'contract renewed'\n", NULL, false },
	{ "tenant", "limit", tenant_limit, "NAME", 1, 1, OPTIONS(limit_options),
	  DOOR_OPERATOR, RIGHT_TENANT_WRITE, MSG_HELP_TENANT_LIMIT,
	  "  usher tenant limit acme --persons 5000 --tokens 20\n"
	  "  usher tenant limit acme --rate 50 --burst 250\n"
	  "  usher tenant limit acme\n", NULL, false },
	{ "tenant", "export", tenant_export, "NAME", 1, 1, OPTIONS(export_options),
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_TENANT_EXPORT,
	  "  usher tenant export acme --out acme-2026-11 --reason 'moves to its own server'\n"
	  "  usher audit verify acme-2026-11/log/0 --key 'usher-…'\n", NULL, false },
	{ "tenant", "delete", tenant_delete, "NAME", 1, 1, OPTIONS(delete_options),
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_TENANT_DELETE,
	  "  usher tenant suspend acme --reason 'contract ended'\n"
	  "  usher tenant export acme --out acme-2026-11 --reason 'for the customer'\n"
	  "  usher tenant delete acme --confirm acme --reason 'contract ended'\n", NULL, false },
};
const size_t tenant_command_count = COUNT(tenant_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_TENANT, "tenant", true },
	{ MSG_HEAD_NAME, "name", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_CREATED, "created", false },
	{ MSG_HEAD_PERSONS, "persons", true },
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

/* --- suspend, resume ---------------------------------------------------------------- */

static enum err
tenant_suspend(struct cli *cli)
{
	return set_state(cli, "/suspend", MSG_SAY_TENANT_SUSPENDED);
}

static enum err
tenant_resume(struct cli *cli)
{
	return set_state(cli, "/resume", MSG_SAY_TENANT_ACTIVE);
}

static enum err
set_state(struct cli *cli, const char *verb, enum msg told)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/operator/v1/tenants/",
		    str_of(cli->word[0]), verb) };
	const struct js *tenant;
	struct body body;

	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &tenant));
	if (!cli_told(cli))
		cli_say(cli, told, ARGS(str_of(cli->word[0])));
	return OK;
}

/* --- limits ------------------------------------------------------------------------- */

static enum err
tenant_limit(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/operator/v1/tenants/",
		    str_of(cli->word[0]), "/limits") };
	const struct js *tenant, *limits;
	struct body body;

	body_open(cli, &body);
	put_limit(cli, &body, "persons", "persons");
	put_limit(cli, &body, "tokens", "tokens");
	put_limit(cli, &body, "catalogue-bytes", "catalogue_bytes");
	put_limit(cli, &body, "rate", "rate");
	put_limit(cli, &body, "burst", "burst");
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &tenant));
	if (cli_told(cli))
		return OK;
	limits = member_of(tenant, "limits");
	const struct labelled lines[] = {
		{ MSG_SAY_LIMIT_PERSONS,
		    str_fmt(cli->cx.arena, "%.*s / %.*s",
			STR_ARG(cli_number(cli, member_int(tenant, "persons"))),
			STR_ARG(limit_text(
			    cli, limits, "persons", MSG_SAY_LIMIT_NONE))) },
		{ MSG_SAY_LIMIT_TOKENS,
		    limit_text(cli, limits, "tokens", MSG_SAY_LIMIT_NONE) },
		{ MSG_SAY_LIMIT_CATALOGUE,
		    limit_text(
			cli, limits, "catalogue_bytes", MSG_SAY_LIMIT_NONE) },
		{ MSG_SAY_LIMIT_RATE,
		    limit_text(cli, limits, "rate", MSG_SAY_LIMIT_OF_ALL) },
		{ MSG_SAY_LIMIT_BURST,
		    limit_text(cli, limits, "burst", MSG_SAY_LIMIT_OF_ALL) },
	};
	labelled_print(cli, 0, lines, COUNT(lines));
	return OK;
}

static void
put_limit(
    struct cli *cli, struct body *body, const char *option, const char *member)
{
	int64_t most = cli_int(cli, option);

	if (most < 0)
		return;
	js_key(&body->js, member);
	js_put_int(&body->js, most);
}

static struct str
limit_text(
    struct cli *cli, const struct js *limits, const char *name, enum msg none)
{
	int64_t most = limits != NULL ? member_int(limits, name) : 0;

	return most > 0 ? cli_number(cli, most) : cli_msg(cli, none, NO_ARGS);
}

/* --- delete ------------------------------------------------------------------------- */

static enum err
tenant_delete(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/operator/v1/tenants/",
		    str_of(cli->word[0]), "/delete"),
		.timeout_ms = CALL_LONG_MS };
	const struct js *gone;
	struct body body;

	TRY(cli_need(cli, "confirm"));
	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "confirm", cli_text(cli, "confirm"));
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &gone));
	if (cli_told(cli))
		return OK;
	cli_say(cli, MSG_SAY_TENANT_DELETED, ARGS(str_of(cli->word[0])));
	cli_print(cli, STR(""));
	cli_print(cli, member_text(gone, "checkpoint"));
	cli_say(cli, MSG_SAY_LOG_KEY, ARGS(member_text(gone, "vkey")));
	cli_say(cli, MSG_SAY_TENANT_BACKUPS, NO_ARGS);
	return OK;
}

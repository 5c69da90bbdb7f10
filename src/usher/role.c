/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.c - roles, who holds them, and giving, approving and ending one.
 */
#include "base/clock.h"

#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/role.h"

#define DAY_MS INT64_C(86400000)

static enum err role_list(struct cli *);
static enum err role_holders(struct cli *);
static enum err role_give(struct cli *);
static enum err role_approve(struct cli *);
static enum err role_end(struct cli *);
static enum err put_time(struct cli *, struct body *, const char *option,
    int64_t of_day_ms);
static struct str grant_path(struct cli *, const char *what);
static enum err send(struct cli *, struct call *);

static const struct option holders_options[] = {
	LIST_OPTIONS,
};
static const struct option give_options[] = {
	{ "scope", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ROLE_SCOPE },
	{ "since", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SINCE },
	{ "until", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_UNTIL },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ROLE_REASON },
};
static const struct option end_options[] = {
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ROLE_REASON },
};

const struct command role_commands[] = {
	{ "role", "list", role_list, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_ROLE_READ, MSG_HELP_ROLE_LIST,
	  "  usher role list\n", NULL, false },
	{ "role", "holders", role_holders, "", 0, 0, OPTIONS(holders_options),
	  DOOR_API, RIGHT_ROLE_READ, MSG_HELP_ROLE_HOLDERS,
	  "  usher role holders --all\n", NULL, false },
	{ "role", "give", role_give, "PERSON ROLE", 2, 2, OPTIONS(give_options),
	  DOOR_API, RIGHT_ROLE_GRANT, MSG_HELP_ROLE_GIVE,
	  "  usher role give 0D4K2M8Q0G001 hr --reason 'Joins the HR department'\n"
	  "  usher role give 0D4K2M8Q0G001 partner-administrator \\\n"
	  "      --scope 'organization eq \"acme\"' --until 2027-06-30 --reason 'Acme asks'\n", NULL, false },
	{ "role", "approve", role_approve, "PERSON GRANT", 2, 2, NO_OPTIONS,
	  DOOR_API, RIGHT_ROLE_GRANT, MSG_HELP_ROLE_APPROVE,
	  "  usher role approve 0D4K2M8Q0G001 0D4K2M8Q0G00Z\n", NULL, false },
	{ "role", "end", role_end, "PERSON GRANT", 2, 2, OPTIONS(end_options),
	  DOOR_API, RIGHT_ROLE_GRANT, MSG_HELP_ROLE_END,
	  "  usher role end 0D4K2M8Q0G001 0D4K2M8Q0G00Z --reason 'Leaves the project'\n", NULL, false },
};
const size_t role_command_count = COUNT(role_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_ROLE, "role", false },
	{ MSG_HEAD_NAME, "name", false },
	{ MSG_HEAD_TWO_PERSONS, "two_persons", false },
	{ MSG_HEAD_EXCLUDES, "excludes", false },
	{ MSG_HEAD_SCOPE, "scope", false },
	{ MSG_HEAD_RIGHTS, "rights", false },
};

static const struct listing_column held_columns[] = {
	{ MSG_HEAD_GRANT, "id", false },
	{ MSG_HEAD_PERSON, "person", false },
	{ MSG_HEAD_ROLE, "role", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_SINCE, "since", false },
	{ MSG_HEAD_EXPIRES, "until", false },
	{ MSG_HEAD_SCOPE, "scope", false },
	{ MSG_HEAD_REASON, "reason", false },
};

static enum err
role_list(struct cli *cli)
{
	return list_whole(
	    cli, STR("/api/v1/roles"), LISTING(columns), MSG_SAY_NO_ROLES);
}

static enum err
role_holders(struct cli *cli)
{
	struct list list = { .path = "/api/v1/role-grants",
		.listing = LISTING(held_columns),
		.empty = MSG_SAY_NO_ROLES };

	return list_show(cli, &list);
}

enum err
roles_of_person(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), "/roles");

	return list_whole(cli, path, LISTING(held_columns), MSG_SAY_NO_ROLES);
}

static enum err
role_give(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/api/v1/persons/",
		    str_of(cli->word[0]), "/roles") };
	struct body body;

	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "role", str_of(cli->word[1]));
	body_text(&body, "scope", cli_text(cli, "scope"));
	TRY(put_time(cli, &body, "since", 0));
	TRY(put_time(cli, &body, "until", DAY_MS));
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	return send(cli, &call);
}

/* A day alone is the instant so far into it, in UTC; else the time as it is written. */
static enum err
put_time(
    struct cli *cli, struct body *body, const char *option, int64_t of_day_ms)
{
	struct str text = cli_text(cli, option);
	int32_t day;
	int64_t ms;

	if (text.n == 0)
		return OK;
	if (date_parse(text, &day))
		ms = (int64_t)day * DAY_MS + of_day_ms;
	else if (!time_parse(text, &ms))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_DAY, option,
		    str_z(cli->cx.arena, text));
	body_text(body, option, time_text(cli->cx.arena, ms));
	return OK;
}

static enum err
role_approve(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = grant_path(cli, "/approve"),
		.body = STR("{}") };

	return send(cli, &call);
}

static enum err
role_end(struct cli *cli)
{
	struct call call = { .method = POST, .path = grant_path(cli, "/end") };
	struct body body;

	TRY(cli_need(cli, "reason"));
	body_open(cli, &body);
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	return send(cli, &call);
}

static struct str
grant_path(struct cli *cli, const char *what)
{
	struct str head =
	    cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), "/roles/");

	return cli_path(
	    cli, str_z(cli->cx.arena, head), str_of(cli->word[1]), what);
}

/* What the person holds then. */
static enum err
send(struct cli *cli, struct call *call)
{
	const struct js *answer, *items;

	TRY(cli_ask(cli, call, &answer));
	if (cli_told(cli))
		return OK;
	if (member_items(answer, "items", &items) > 0)
		table_print(cli, &LISTING(held_columns), items);
	else
		cli_note(cli, MSG_SAY_NO_ROLES, NO_ARGS);
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/hand.h"
#include "usher/input.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/person_flags.h"
#include "usher/role.h"

#define PERSON_MAX (1u << 20)

static enum err person_list(struct cli *);
static enum err person_show(struct cli *);
static enum err person_create(struct cli *);
static enum err person_change(struct cli *);
static enum err person_seats(struct cli *);
static enum err person_block(struct cli *);
static enum err person_unblock(struct cli *);
static enum err send_block(struct cli *, enum method, struct str kind);
static enum err person_activate(struct cli *);
static enum err person_reset_codes(struct cli *);
static enum err person_body(struct cli *, struct str *out);
static void write_removals(struct js_out *, struct str members);
static enum err send_person(struct cli *, struct call *);

static const struct option list_options[] = {
	{ "filter", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_FILTER },
	{ "search", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_SEARCH },
	LIST_OPTIONS,
};
static const struct option create_options[] = {
	{ "file", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_PERSON_FILE },
	PERSON_OPTIONS
};
static const struct option change_options[] = {
	{ "file", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_PERSON_PATCH },
	{ "remove", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_REMOVE },
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_PERSON_IF_MATCH },
	PERSON_OPTIONS
};

static const struct option block_options[] = {
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_BLOCK_REASON },
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_PERSON_IF_MATCH },
};
static const struct option unblock_options[] = {
	{ "kind", OPTION_TEXT, "manual", 0, 0, false, MSG_FLAG_BLOCK_KIND },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_BLOCK_REASON },
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_PERSON_IF_MATCH },
};
static const struct option activate_options[] = { OPTION_OUT };

const struct command person_commands[] = {
	{ "person", "list", person_list, "", 0, 0, OPTIONS(list_options),
	  DOOR_API, RIGHT_PERSON_READ, MSG_HELP_PERSON_LIST,
	  "  usher person list\n"
	  "  usher person list --filter 'site eq \"ber\" and lifecycle eq \"active\"' --all\n"
	  "  usher person list --search müller\n"
	  "  usher person list --filter 'userName eq \"ana.silva\"' --json\n", NULL, false },
	{ "person", "show", person_show, "PERSON", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PERSON_READ, MSG_HELP_PERSON_SHOW,
	  "  usher person show 0D4K2M8Q0G001\n", NULL, false },
	{ "person", "create", person_create, "", 0, 0, OPTIONS(create_options),
	  DOOR_API, RIGHT_PERSON_WRITE, MSG_HELP_PERSON_CREATE,
	  "  usher person create --given-name Ana --family-name Silva --site ber\n"
	  "  usher person create --file ana.json\n", NULL, false },
	{ "person", "change", person_change, "PERSON", 1, 1, OPTIONS(change_options),
	  DOOR_API, RIGHT_PERSON_WRITE, MSG_HELP_PERSON_CHANGE,
	  "  usher person change 0D4K2M8Q0G001 --department Sales --remove title\n"
	  "  echo '{\"end\":\"2026-12-31\"}' | usher person change 0D4K2M8Q0G001 --file -\n", NULL, false },
	{ "person", "seats", person_seats, "PERSON", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PERSON_READ, MSG_HELP_PERSON_SEATS,
	  "  usher person seats 0D4K2M8Q0G001\n", NULL, false },
	{ "person", "roles", roles_of_person, "PERSON", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_ROLE_READ, MSG_HELP_PERSON_ROLES,
	  "  usher person roles 0D4K2M8Q0G001\n", NULL, false },
	{ "person", "block", person_block, "PERSON", 1, 1, OPTIONS(block_options),
	  DOOR_API, RIGHT_PERSON_BLOCK, MSG_HELP_PERSON_BLOCK,
	  "  usher person block 0D4K2M8Q0G001 --reason 'Badge reported stolen'\n", NULL, false },
	{ "person", "unblock", person_unblock, "PERSON", 1, 1, OPTIONS(unblock_options),
	  DOOR_API, RIGHT_PERSON_BLOCK, MSG_HELP_PERSON_UNBLOCK,
	  "  usher person unblock 0D4K2M8Q0G001 --reason 'New badge issued'\n"
	  "  usher person unblock 0D4K2M8Q0G001 --kind risk --reason 'Reviewed'\n", NULL, false },
	{ "person", "activate", person_activate, "PERSON", 1, 1, OPTIONS(activate_options),
	  DOOR_API, RIGHT_ONBOARD, MSG_HELP_PERSON_ACTIVATE,
	  "  usher person activate 0D4K2M8Q0G001 --out ana.activation\n", NULL, false },
	{ "person", "reset-codes", person_reset_codes, "PERSON", 1, 1, NO_OPTIONS,
	  DOOR_API, RIGHT_PERSON_LOGIN_WRITE, MSG_HELP_PERSON_RESET_CODES,
	  "  usher person reset-codes 0D4K2M8Q0G001\n", NULL, false },
};
const size_t person_command_count = COUNT(person_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_ID, "id", false },
	{ MSG_HEAD_USER_NAME, "userName", false },
	{ MSG_HEAD_LAST_NAME, "name.familyName", false },
	{ MSG_HEAD_FIRST_NAME, "name.givenName", false },
	{ MSG_HEAD_LIFECYCLE, "lifecycle", false },
	{ MSG_HEAD_SITE, "site", false },
	{ MSG_HEAD_DEPARTMENT, "department", false },
};

static const struct listing_column seat_columns[] = {
	{ MSG_HEAD_PRODUCT, "product", false },
	{ MSG_HEAD_POOL, "pool", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_SINCE, "since", false },
	{ MSG_HEAD_EXPIRES, "expires", false },
};

static const struct listing_column block_columns[] = {
	{ MSG_HEAD_BLOCK, "kind", false },
	{ MSG_HEAD_PUT_BY, "reason", false },
	{ MSG_HEAD_SINCE, "since", false },
	{ MSG_HEAD_AUTHOR, "author", false },
};

static const struct listing_column wait_columns[] = {
	{ MSG_HEAD_WAITS_FOR, "product", false },
	{ MSG_HEAD_POSITION, "position", true },
	{ MSG_HEAD_PRIORITY, "priority", true },
	{ MSG_HEAD_SINCE, "since", false },
};

static enum err
person_list(struct cli *cli)
{
	struct list list = { .path = "/api/v1/persons",
		.listing = LISTING(columns),
		.filter = cli_text(cli, "filter"),
		.search = cli_text(cli, "search"),
		.empty = MSG_SAY_NO_PERSON };

	list.is_search = list.filter.n > 0 || list.search.n > 0;
	if (list.is_search)
		list.path = "/api/v1/persons/.search";
	return list_show(cli, &list);
}

static enum err
person_show(struct cli *cli)
{
	return object_show(
	    cli, cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), ""));
}

static enum err
person_create(struct cli *cli)
{
	struct call call = { .method = POST, .path = STR("/api/v1/persons") };

	TRY(person_body(cli, &call.body));
	return send_person(cli, &call);
}

static enum err
person_change(struct cli *cli)
{
	struct call call = { .method = PATCH,
		.path = cli_path(
		    cli, "/api/v1/persons/", str_of(cli->word[0]), "") };

	TRY(person_body(cli, &call.body));
	TRY(cli_if_match(cli, &call));
	return send_person(cli, &call);
}

/* The file as it is, or what the flags say. */
static enum err
person_body(struct cli *cli, struct str *out)
{
	const char *file = cli_z(cli, "file");
	bool may_remove = cli->command->most > 0;
	struct str removed = may_remove ? cli_text(cli, "remove") : STR("");
	bool has_flags = person_has_flags(cli) || removed.n > 0;
	struct body body;

	if (has_flags == (file != NULL))
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE_OR_FLAGS, "file");
	if (file != NULL)
		return input_whole(cli, "file", file, PERSON_MAX, out);
	body_open(cli, &body);
	person_members(cli, &body.js);
	write_removals(&body.js, removed);
	*out = body_close(&body);
	return OK;
}

/* RFC 7396: null removes. */
static void
write_removals(struct js_out *js, struct str members)
{
	if (members.n == 0)
		return;
	while (members.p != NULL) {
		js_key_str(js, str_trim(str_cut(&members, ',')));
		js_put_null(js);
	}
}

static enum err
send_person(struct cli *cli, struct call *call)
{
	const struct js *person;

	TRY(cli_ask(cli, call, &person));
	if (!cli_told(cli))
		object_print(cli, person);
	return OK;
}

static enum err
person_seats(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), "/seats");
	const struct js *answer, *items, *waits;
	size_t n;

	TRY(cli_get(cli, path, &answer));
	if (cli_told(cli))
		return OK;
	n = member_items(answer, "items", &items);
	if (n > 0)
		table_print(cli, &LISTING(seat_columns), items);
	else
		cli_note(cli, MSG_SAY_NO_SEATS, NO_ARGS);
	if (member_items(answer, "waits", &waits) > 0)
		table_print(cli, &LISTING(wait_columns), waits);
	return OK;
}

static enum err
person_block(struct cli *cli)
{
	return send_block(cli, PUT, STR("manual"));
}

static enum err
person_unblock(struct cli *cli)
{
	return send_block(cli, DELETE, cli_text(cli, "kind"));
}

/* The version is that of the person, which stands beside all their blocks. */
static enum err
send_block(struct cli *cli, enum method method, struct str kind)
{
	struct str all =
	    cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), "/blocks");
	struct str head = str_fmt(cli->cx.arena, "%.*s/", STR_ARG(all));
	struct call call = { .method = method, .path = all };
	const struct js *answer, *items;
	struct body body;

	TRY(cli_need(cli, "reason"));
	TRY(cli_if_match(cli, &call));
	call.path = cli_path(cli, str_z(cli->cx.arena, head), kind, "");
	body_open(cli, &body);
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &answer));
	if (cli_told(cli))
		return OK;
	if (member_items(answer, "items", &items) > 0)
		table_print(cli, &LISTING(block_columns), items);
	else
		cli_say(cli, MSG_SAY_NOT_BLOCKED, NO_ARGS);
	return OK;
}

static enum err
person_activate(struct cli *cli)
{
	static const struct hand hand = { "person", "activation",
		MSG_SAY_ACTIVATION };
	struct call call = { .method = POST,
		.body = STR("{}"),
		.path = cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]),
		    "/activation") };

	return hand_over(cli, &call, &hand);
}

static enum err
person_reset_codes(struct cli *cli)
{
	struct call call = { .method = DELETE,
		.path = cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]),
		    "/totp") };
	const struct js *answer;

	TRY(cli_ask(cli, &call, &answer));
	if (!cli_told(cli))
		cli_say(cli, MSG_SAY_CODES_RESET,
		    ARGS(member_text(answer, "person"),
			str_fmt(cli->cx.arena, "%lld",
			    (long long)member_int(answer, "sessions"))));
	return OK;
}

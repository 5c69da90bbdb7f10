/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

#define LINE_MAX 4096

static enum err seat_list(struct cli *);
static enum err seat_waits(struct cli *);
static enum err seat_request(struct cli *);
static enum err seat_release(struct cli *);
static enum err seat_verify(struct cli *);
static void print_counts(struct cli *, const struct js *verdict);
static void print_faults(struct cli *, const struct js *verdict);

static const struct option list_options[] = {
	LIST_OPTIONS,
};
static const struct option request_options[] = {
	{ "product", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_PRODUCT },
	{ "priority", OPTION_INT, "5", 0, 9, false, MSG_FLAG_PRIORITY },
	{ "all-or-nothing", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_SEAT_ALL_OR_NOTHING },
};

const struct command seat_commands[] = {
	{ "seat", "list", seat_list, "PRODUCT", 1, 1, OPTIONS(list_options),
	  DOOR_API, RIGHT_SEAT_READ, MSG_HELP_SEAT_LIST,
	  "  usher seat list mail\n"
	  "  usher seat list mail --all --json\n", NULL, false },
	{ "seat", "waits", seat_waits, "PRODUCT", 1, 1, OPTIONS(list_options),
	  DOOR_API, RIGHT_SEAT_READ, MSG_HELP_SEAT_WAITS,
	  "  usher seat waits mail\n", NULL, false },
	{ "seat", "request", seat_request, "PERSON", 1, 1, OPTIONS(request_options),
	  DOOR_API, RIGHT_ONBOARD, MSG_HELP_SEAT_REQUEST,
	  "  usher seat request 0D4K2M8Q0G001 --product mail,erp\n", NULL, false },
	{ "seat", "release", seat_release, "PERSON PRODUCT", 2, 2, NO_OPTIONS,
	  DOOR_API, RIGHT_SEAT_WRITE, MSG_HELP_SEAT_RELEASE,
	  "  usher seat release 0D4K2M8Q0G001 mail\n", NULL, false },
	{ "seat", "verify", seat_verify, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_SEAT_VERIFY, MSG_HELP_SEAT_VERIFY,
	  "  usher seat verify\n", NULL, false },
};
const size_t seat_command_count = COUNT(seat_commands);

static const struct listing_column seat_columns[] = {
	{ MSG_HEAD_PERSON, "person", false },
	{ MSG_HEAD_POOL, "pool", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_SINCE, "since", false },
	{ MSG_HEAD_EXPIRES, "expires", false },
};

static const struct listing_column wait_columns[] = {
	{ MSG_HEAD_POSITION, "position", true },
	{ MSG_HEAD_PERSON, "person", false },
	{ MSG_HEAD_PRIORITY, "priority", true },
	{ MSG_HEAD_SINCE, "since", false },
};

static enum err
seat_list(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), "/seats");
	struct list list = { .path = str_z(cli->cx.arena, path),
		.listing = LISTING(seat_columns),
		.empty = MSG_SAY_NO_HOLDER };

	return list_show(cli, &list);
}

static enum err
seat_waits(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), "/waits");
	struct list list = { .path = str_z(cli->cx.arena, path),
		.listing = LISTING(wait_columns),
		.empty = MSG_SAY_NO_WAIT };

	return list_show(cli, &list);
}

static enum err
seat_request(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = cli_path(cli, "/api/v1/persons/",
		    str_of(cli->word[0]), "/seats") };
	const struct js *answer, *seats;
	struct body body;

	TRY(cli_need(cli, "product"));
	body_open(cli, &body);
	body_list(&body, "products", cli_text(cli, "product"));
	js_key(&body.js, "priority");
	js_put_int(&body.js, cli_int(cli, "priority"));
	js_key(&body.js, "all_or_nothing");
	js_put_bool(&body.js, cli_bool(cli, "all-or-nothing"));
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &answer));
	member_items(answer, "seats", &seats);
	if (!cli_told(cli))
		told_print(cli, seats);
	return OK;
}

static enum err
seat_release(struct cli *cli)
{
	struct str head =
	    cli_path(cli, "/api/v1/persons/", str_of(cli->word[0]), "/seats/");
	struct call call = { .method = DELETE,
		.path = cli_path(cli, str_z(cli->cx.arena, head),
		    str_of(cli->word[1]), "") };
	const struct js *answer;

	TRY(cli_ask(cli, &call, &answer));
	if (!cli_told(cli))
		cli_say(cli, MSG_SAY_RELEASED, NO_ARGS);
	return OK;
}

static enum err
seat_verify(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = STR("/api/v1/seats/verify"),
		.timeout_ms = CALL_LONG_MS };
	const struct js *v;

	TRY(cli_ask(cli, &call, &v));
	if (!cli_told(cli)) {
		print_counts(cli, v);
		print_faults(cli, v);
	}
	if (member_bool(v, "whole"))
		return OK;
	cli->is_silent = cli->is_json;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_SEATS_FAULTY, "");
}

static void
print_counts(struct cli *cli, const struct js *verdict)
{
	static const struct {
		enum msg text;
		const char *member;
	} counts[] = {
		{ MSG_SAY_PERSONS, "persons" },
		{ MSG_SAY_SEATS_ALL, "seats" },
		{ MSG_SAY_WAITS, "waits" },
		{ MSG_SAY_POOLS, "pools" },
		{ MSG_SAY_ENTRIES, "entries" },
	};
	struct buf line;

	buf_init(&line, cli->cx.arena, LINE_MAX);
	for (size_t i = 0; i < COUNT(counts); i++) {
		buf_z(&line, i > 0 ? ", " : "");
		buf_str(&line,
		    cli_count(cli, counts[i].text,
			member_int(verdict, counts[i].member)));
	}
	cli_print(cli, buf_view(&line));
}

static void
print_faults(struct cli *cli, const struct js *verdict)
{
	static const struct listing_column columns[] = {
		{ MSG_HEAD_FAULT, "message", false },
		{ MSG_HEAD_WHAT, "text", false },
	};
	const struct js *faults;

	if (member_items(verdict, "faults", &faults) > 0)
		table_print(cli, &LISTING(columns), faults);
	else if (member_bool(verdict, "whole"))
		cli_say(cli, MSG_SAY_ALL_FIT, NO_ARGS);
}

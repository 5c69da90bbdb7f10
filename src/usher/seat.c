/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/commands.h"
#include "usher/list.h"
#include "usher/member.h"

static enum err seat_list(struct cli *);
static enum err seat_waits(struct cli *);
static enum err seat_request(struct cli *);
static enum err seat_release(struct cli *);
static enum err seat_verify(struct cli *);
static void print_faults(struct cli *, const struct js *verdict);

static const struct option list_options[] = {
	LIST_OPTIONS,
};
static const struct option request_options[] = {
	{ "product", OPTION_TEXT, NULL, 0, 0, false, "the products wanted, separated by commas" },
	{ "priority", OPTION_INT, "5", 0, 9, false, "9 is most urgent; from 7 on the cap may be passed" },
	{ "all-or-nothing", OPTION_BOOL, "false", 0, 0, false, "take none unless all can be had at once" },
};

const struct command seat_commands[] = {
	{ "seat", "list", seat_list, "PRODUCT", 1, 1, OPTIONS(list_options),
	  DOOR_API, RIGHT_SEAT_READ, "list who holds a seat of a product",
	  "Seats are held (a check is open) or assigned.\n"
	  "\n"
	  "  usher seat list mail\n"
	  "  usher seat list mail --all --json\n", NULL, false },
	{ "seat", "waits", seat_waits, "PRODUCT", 1, 1, OPTIONS(list_options),
	  DOOR_API, RIGHT_SEAT_READ, "list who waits for a product, first in line first",
	  "The line is ordered by priority, then by how long somebody waits.\n"
	  "\n"
	  "  usher seat waits mail\n", NULL, false },
	{ "seat", "request", seat_request, "PERSON", 1, 1, OPTIONS(request_options),
	  DOOR_API, RIGHT_ONBOARD, "ask for seats for a person who is there",
	  "Tells for each product whether it was assigned, held, queued or refused.\n"
	  "\n"
	  "  usher seat request 0D4K2M8Q0G001 --product mail,erp\n", NULL, false },
	{ "seat", "release", seat_release, "PERSON PRODUCT", 2, 2, NO_OPTIONS,
	  DOOR_API, RIGHT_SEAT_WRITE, "take a person's seat or place in the line back",
	  "The seat goes to the first in the line in the same moment.\n"
	  "\n"
	  "  usher seat release 0D4K2M8Q0G001 mail\n", NULL, false },
	{ "seat", "verify", seat_verify, "", 0, 0, NO_OPTIONS,
	  DOOR_API, RIGHT_SEAT_VERIFY, "recompute every invariant of seats, and replay the log",
	  "Counts every seat, wait and pool anew from their rows, and what the log says\n"
	  "must be there.  Ends with status 5 if anything does not fit.\n"
	  "\n"
	  "  usher seat verify\n", NULL, false },
};
const size_t seat_command_count = COUNT(seat_commands);

static const struct listing_column seat_columns[] = {
	{ "PERSON", "person", false },
	{ "POOL", "pool", false },
	{ "STATE", "state", false },
	{ "SINCE", "since", false },
	{ "EXPIRES", "expires", false },
};

static const struct listing_column wait_columns[] = {
	{ "POSITION", "position", true },
	{ "PERSON", "person", false },
	{ "PRIORITY", "priority", true },
	{ "SINCE", "since", false },
};

static enum err
seat_list(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), "/seats");
	struct list list = { .path = str_z(cli->cx.arena, path),
		.listing = LISTING(seat_columns),
		.empty = "Nobody holds a seat." };

	return list_show(cli, &list);
}

static enum err
seat_waits(struct cli *cli)
{
	struct str path =
	    cli_path(cli, "/api/v1/products/", str_of(cli->word[0]), "/waits");
	struct list list = { .path = str_z(cli->cx.arena, path),
		.listing = LISTING(wait_columns),
		.empty = "Nobody waits." };

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
		cli_say(cli, "Released.");
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
		cli_say(cli,
		    "%lld persons, %lld seats, %lld waits, %lld pools, "
		    "%lld log entries",
		    (long long)member_int(v, "persons"),
		    (long long)member_int(v, "seats"),
		    (long long)member_int(v, "waits"),
		    (long long)member_int(v, "pools"),
		    (long long)member_int(v, "entries"));
		print_faults(cli, v);
	}
	if (member_bool(v, "whole"))
		return OK;
	cli->is_silent = cli->is_json;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_SEATS_FAULTY, "");
}

static void
print_faults(struct cli *cli, const struct js *verdict)
{
	static const struct listing_column columns[] = {
		{ "FAULT", "message", false },
		{ "WHAT", "text", false },
	};
	const struct js *faults;

	if (member_items(verdict, "faults", &faults) > 0)
		table_print(cli, &LISTING(columns), faults);
	else if (member_bool(verdict, "whole"))
		cli_say(cli, "All of them fit.");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onboard.c - a person and the seats they want, in one step; or many from a
 * file, each on its own.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#include "usher/commands.h"
#include "usher/input.h"
#include "usher/list.h"
#include "usher/member.h"
#include "usher/person_flags.h"
#include "usher/report.h"

#define BATCH_ITEMS 1000
#define BATCH_BYTES (7u << 20)	/* the server takes 8 MiB */
#define KEY_BYTES   16
#define LINE_TEXT   24
#define SMALL_ROOM  65536

/* Lines on their way to the server, and how all of them fared. */
struct batch {
	struct input   in;
	struct buf     body;
	struct arena  *scratch;			/* of one batch */
	int64_t	       line[BATCH_ITEMS];	/* of the file */
	size_t	       n;
	struct listing listing;
	int64_t	       done, refused;
	enum err       first;		/* refusal */
};

static enum err onboard(struct cli *);
static enum err onboard_one(struct cli *);
static enum err onboard_file(struct cli *, const char *path);
static void write_onboarding(struct cli *, struct body *);
static struct str key_of(struct cli *);
static void print_onboarding(struct cli *, const struct js *);
static enum err add_line(struct cli *, struct batch *, struct str line);
static void begin_item(struct cli *, struct batch *, struct str object,
    bool has_key);
static enum err flush(struct cli *, struct batch *);
static void tell(struct cli *, struct batch *, const struct js *items);
static void write_row(struct cli *, struct js_out *, int64_t line,
    const struct js *item);
static struct str seats_text(struct cli *, const struct js *body);
static enum err finish(struct cli *, const struct batch *);

static const struct option options[] = {
	{ "file", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_FILE },
	{ "key", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ONBOARD_KEY },
	{ "key-prefix", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_KEY_PREFIX },
	{ "product", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_PRODUCT },
	{ "priority", OPTION_INT, "5", 0, 9, false, MSG_FLAG_PRIORITY },
	{ "all-or-nothing", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ALL_OR_NOTHING },
	{ "check", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_CHECK },
	PERSON_OPTIONS
};

const struct command onboard_commands[] = {
	{ "onboard", NULL, onboard, "", 0, 0, OPTIONS(options),
	  DOOR_API, RIGHT_ONBOARD, MSG_HELP_ONBOARD,
	  "  usher onboard --given-name Ana --family-name Silva --site ber --product mail\n"
	  "  usher onboard --file new.jsonl --key-prefix november\n"
	  "  echo '{\"key\":\"k1\",\"person\":{\"userName\":\"ana\"},\"products\":[\"mail\"]}' |\n"
	  "      usher onboard --file -\n", NULL, false },
};
const size_t onboard_command_count = COUNT(onboard_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_LINE, "line", true },
	{ MSG_HEAD_STATUS, "status", true },
	{ MSG_HEAD_PERSON, "person", false },
	{ MSG_HEAD_STATE, "state", false },
	{ MSG_HEAD_SEATS, "seats", false },
};

static enum err
onboard(struct cli *cli)
{
	const char *file = cli_z(cli, "file");

	if ((file != NULL) == person_has_flags(cli))
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE_OR_FLAGS, "file");
	return file != NULL ? onboard_file(cli, file) : onboard_one(cli);
}

/* --- one ------------------------------------------------------------------------------ */

static enum err
onboard_one(struct cli *cli)
{
	struct call call = { .method = POST,
		.path = STR("/api/v1/onboardings"),
		.header = { { STR("Idempotency-Key"), key_of(cli) } },
		.nheader = 1 };
	const struct js *answer;
	struct body body;

	body_open(cli, &body);
	write_onboarding(cli, &body);
	call.body = body_close(&body);
	TRY(cli_ask(cli, &call, &answer));
	if (!cli_told(cli))
		print_onboarding(cli, answer);
	return OK;
}

static struct str
key_of(struct cli *cli)
{
	char chance[KEY_BYTES];

	if (cli_has(cli, "key"))
		return cli_text(cli, "key");
	random_bytes(chance, sizeof(chance));
	return str_hex(cli->cx.arena, (struct str) { chance, sizeof(chance) });
}

static void
write_onboarding(struct cli *cli, struct body *body)
{
	struct js_out *js = &body->js;

	js_key(js, "person");
	js_open_object(js);
	person_members(cli, js);
	js_close_object(js);
	body_list(body, "products", cli_text(cli, "product"));
	js_key(js, "priority");
	js_put_int(js, cli_int(cli, "priority"));
	js_key(js, "all_or_nothing");
	js_put_bool(js, cli_bool(cli, "all-or-nothing"));
	js_key(js, "check");
	js_put_bool(js, cli_bool(cli, "check"));
}

static void
print_onboarding(struct cli *cli, const struct js *answer)
{
	const struct js *seats;

	cli_say(cli,
	    member_bool(answer, "repeated") ? MSG_SAY_ONBOARDING_THERE
					    : MSG_SAY_ONBOARDING,
	    ARGS(member_text(answer, "id"), member_text(answer, "person"),
		member_text(answer, "state")));
	if (member_items(answer, "seats", &seats) > 0)
		told_print(cli, seats);
}

/* --- many ----------------------------------------------------------------------------- */

static enum err
onboard_file(struct cli *cli, const char *path)
{
	struct batch *b = arena_alloc(cli->cx.arena, sizeof(*b));
	struct arena *own = cli->cx.arena;
	struct str line;
	enum err err;

	b->listing = LISTING(columns);
	b->scratch = cli_arena(cli);
	TRY(input_open(cli, path, &b->in));
	buf_init(&b->body, NULL, BATCH_BYTES + INPUT_LINE_MAX + SMALL_ROOM);
	cli->cx.arena = b->scratch;
	while ((err = input_line(cli, &b->in, &line)) == OK && line.p != NULL) {
		err = add_line(cli, b, line);
		if (err != OK)
			break;
	}
	if (err == OK)
		err = flush(cli, b);
	cli->cx.arena = own;
	input_close(&b->in);
	buf_fini(&b->body);
	TRY(err);
	return finish(cli, b);
}

/* Looked at here, so that one bad line does not spoil a thousand. */
static enum err
add_line(struct cli *cli, struct batch *b, struct str line)
{
	struct ctx cx = { .arena = cli->cx.arena };
	struct str object = str_trim(line);
	const struct js *js;
	char number[LINE_TEXT];
	bool has_key;

	if (object.n == 0)
		return OK;
	snprintf(number, sizeof(number), "%" PRId64, b->in.line);
	if (js_parse(&cx, object, &js) != OK || js_type(js) != JS_OBJECT)
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_LINE_JSON, "file", number);
	has_key = member_text(js, "key").n > 0;
	if (!has_key && !cli_has(cli, "key-prefix"))
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_LINE_KEY, "file", number);
	begin_item(cli, b, object, has_key);
	b->line[b->n++] = b->in.line;
	if (b->n == BATCH_ITEMS || b->body.n > BATCH_BYTES)
		return flush(cli, b);
	return OK;
}

/* The line as it is, with a key put in front if it has none. */
static void
begin_item(struct cli *cli, struct batch *b, struct str object, bool has_key)
{
	struct str rest = str_trim(str_sub(object, 1, object.n));
	struct str prefix = cli_text(cli, "key-prefix");
	struct js_out js;

	buf_z(&b->body, b->n == 0 ? "{\"items\":[" : ",");
	if (has_key) {
		buf_str(&b->body, object);
		return;
	}
	js_begin(&js, &b->body);
	buf_z(&b->body, "{\"key\":");
	js_put_str(&js,
	    str_fmt(
		cli->cx.arena, "%.*s-%" PRId64, STR_ARG(prefix), b->in.line));
	buf_z(&b->body, str_eq(rest, STR("}")) ? "" : ",");
	buf_str(&b->body, rest);
}

static enum err
flush(struct cli *cli, struct batch *b)
{
	struct call call = { .method = POST,
		.path = STR("/api/v1/onboardings/batch") };
	const struct js *answer, *items;

	if (b->n == 0)
		return OK;
	buf_z(&b->body, "]}");
	must(!b->body.over);
	call.body = buf_view(&b->body);
	TRY(cli_ask(cli, &call, &answer));
	if (member_items(answer, "items", &items) != b->n)
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_ANSWER, "server", "items");
	tell(cli, b, items);
	arena_reset(b->scratch);
	b->n = 0;
	buf_clear(&b->body);
	return OK;
}

static void
tell(struct cli *cli, struct batch *b, const struct js *items)
{
	const struct js *rows;
	struct js_out js;
	struct buf table;

	buf_init(&table, cli->cx.arena, BATCH_BYTES);
	js_begin(&js, &table);
	js_open_array(&js);
	for (size_t i = 0; i < b->n; i++) {
		const struct js *item = js_at(items, i);
		const struct js *error = member_of(item, "error");

		write_row(cli, &js, b->line[i], item);
		b->done += error == NULL;
		b->refused += error != NULL;
		if (error != NULL && b->first == OK)
			b->first = problem_err(error);
	}
	js_close_array(&js);
	if (!cli_told(cli) && js_parse(&cli->cx, buf_view(&table), &rows) == OK)
		table_print(cli, &b->listing, rows);
}

static void
write_row(
    struct cli *cli, struct js_out *js, int64_t line, const struct js *item)
{
	const struct js *body = member_of(item, "body");
	const struct js *error = member_of(item, "error");

	js_open_object(js);
	js_key(js, "line");
	js_put_int(js, line);
	js_key(js, "status");
	js_put_int(js, member_int(item, "status"));
	js_key(js, "person");
	js_put_str(js, member_text(body, "person"));
	js_key(js, "state");
	js_put_str(
	    js, error != NULL ? STR("refused") : member_text(body, "state"));
	js_key(js, "seats");
	js_put_str(js,
	    error != NULL ? member_text(error, "title")
			  : seats_text(cli, body));
	js_close_object(js);
}

/* "mail assigned, erp queued" */
static struct str
seats_text(struct cli *cli, const struct js *body)
{
	const struct js *seats;
	size_t n = member_items(body, "seats", &seats);
	struct buf b;

	buf_init(&b, cli->cx.arena, SMALL_ROOM);
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%s%.*s %.*s", i > 0 ? ", " : "",
		    STR_ARG(member_text(js_at(seats, i), "product")),
		    STR_ARG(member_text(js_at(seats, i), "outcome")));
	return buf_view(&b);
}

static enum err
finish(struct cli *cli, const struct batch *b)
{
	struct str refused = cli_number(cli, b->refused);

	cli_note(
	    cli, MSG_SAY_ONBOARDED, ARGS(cli_number(cli, b->done), refused));
	if (b->refused == 0)
		return OK;
	return fail(&cli->cx, b->first, MSG_CLI_REFUSED, "file",
	    str_z(cli->cx.arena, refused));
}

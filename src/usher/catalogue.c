/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "usher/commands.h"
#include "usher/input.h"
#include "usher/list.h"
#include "usher/member.h"

#define CATALOGUE_MAX (4u << 20)
#define LOSSES_MAX    100000000

static enum err catalogue_apply(struct cli *);
static enum err catalogue_export(struct cli *);
static struct str apply_path(struct cli *);
static void print_sight(struct cli *, const struct js *answer);
static enum err sight_verdict(struct cli *, const struct js *answer);

static const struct option apply_options[] = {
	{ "dry-run", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_DRY_RUN },
	{ "allow-removals", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ALLOW_REMOVALS },
	{ "allow-losses", OPTION_INT, "0", 0, LOSSES_MAX, false, MSG_FLAG_ALLOW_LOSSES },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_CATALOGUE_REASON },
	{ "if-match", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_IF_MATCH },
};
static const struct option export_options[] = {
	{ "out", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_OUT },
};

const struct command catalogue_commands[] = {
	{ "catalogue", "apply", catalogue_apply, "FILE", 1, 1, OPTIONS(apply_options),
	  DOOR_API, RIGHT_CATALOGUE_WRITE, MSG_HELP_CATALOGUE_APPLY,
	  "  usher catalogue apply catalogue.yaml --dry-run\n"
	  "  usher catalogue apply catalogue.yaml\n"
	  "  usher catalogue apply less.yaml --allow-removals --reason 'Lyon is closed'\n"
	  "  usher catalogue apply less.yaml --allow-losses 40 --reason 'Sales leaves'\n", NULL, false },
	{ "catalogue", "export", catalogue_export, "", 0, 0, OPTIONS(export_options),
	  DOOR_API, RIGHT_CATALOGUE_READ, MSG_HELP_CATALOGUE_EXPORT,
	  "  usher catalogue export > catalogue.yaml\n", NULL, false },
};
const size_t catalogue_command_count = COUNT(catalogue_commands);

static enum err
catalogue_apply(struct cli *cli)
{
	struct call call = { .method = PUT,
		.path = apply_path(cli),
		.content_type = "application/yaml",
		.timeout_ms = CALL_LONG_MS };
	const struct js *answer;

	TRY(input_whole(cli, "FILE", cli->word[0], CATALOGUE_MAX, &call.body));
	if (cli_has(cli, "if-match"))
		TRY(cli_if_match(cli, &call));
	TRY(cli_ask(cli, &call, &answer));
	if (cli_told(cli))
		return sight_verdict(cli, answer);
	cli_say(cli,
	    cli_bool(cli, "dry-run") ? MSG_SAY_CATALOGUE_DRY
				     : MSG_SAY_CATALOGUE,
	    ARGS(cli_number(cli, member_int(answer, "version")),
		cli_number(cli, member_int(answer, "added")),
		cli_number(cli, member_int(answer, "changed")),
		cli_number(cli, member_int(answer, "removed"))));
	print_sight(cli, answer);
	return sight_verdict(cli, answer);
}

static const struct listing_column sight_columns[] = {
	{ MSG_HEAD_PRODUCT, "product", false },
	{ MSG_HEAD_SEATS, "seats", true },
	{ MSG_HEAD_WILL_GAIN, "will_gain", true },
	{ MSG_HEAD_WILL_LOSE, "will_lose", true },
	{ MSG_HEAD_SEATS_GAINED, "seats_gained", true },
	{ MSG_HEAD_SEATS_LOST, "seats_lost", true },
};

/* What the rules do to people. */
static void
print_sight(struct cli *cli, const struct js *answer)
{
	const struct js *products;

	if (member_items(answer, "products", &products) > 0)
		table_print(cli, &LISTING(sight_columns), products);
}

/* A dry run that the guard would stop says so. */
static enum err
sight_verdict(struct cli *cli, const struct js *answer)
{
	struct arena *arena = cli->cx.arena;

	if (!member_bool(answer, "stopped"))
		return OK;
	cli->is_silent = cli->is_json;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_CATALOGUE_STOPPED,
	    "catalogue",
	    str_z(arena,
		str_fmt(arena, "%lld",
		    (long long)member_int(answer, "will_lose"))));
}

static struct str
apply_path(struct cli *cli)
{
	struct buf path;

	query_open(cli, &path, "/api/v1/catalogue");
	if (cli_bool(cli, "dry-run"))
		query_add(&path, "dry", STR("1"));
	if (cli_bool(cli, "allow-removals"))
		query_add(&path, "allow_removals", STR("1"));
	if (cli_int(cli, "allow-losses") > 0)
		query_add(&path, "allow_losses",
		    str_fmt(cli->cx.arena, "%lld",
			(long long)cli_int(cli, "allow-losses")));
	query_add(&path, "reason", cli_text(cli, "reason"));
	return buf_view(&path);
}

static enum err
catalogue_export(struct cli *cli)
{
	struct call call = { .method = GET, .path = STR("/api/v1/catalogue") };
	const char *out = cli_z(cli, "out");
	struct answer answer;

	if (out != NULL)
		TRY(output_check(cli, "out", out));
	TRY(cli_call(cli, &call, &answer));
	if (out != NULL)
		return output_new(cli, "out", out, answer.body);
	fwrite(answer.body.p, 1, answer.body.n, stdout);
	return OK;
}

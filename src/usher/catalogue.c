/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "usher/commands.h"
#include "usher/input.h"
#include "usher/member.h"

#define CATALOGUE_MAX (4u << 20)

static enum err catalogue_apply(struct cli *);
static enum err catalogue_export(struct cli *);
static struct str apply_path(struct cli *);

static const struct option apply_options[] = {
	{ "dry-run", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_DRY_RUN },
	{ "allow-removals", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ALLOW_REMOVALS },
	{ "reason", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_REASON },
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
	  "  usher catalogue apply less.yaml --allow-removals --reason 'Lyon is closed'\n", NULL, false },
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
		return OK;
	cli_say(cli,
	    cli_bool(cli, "dry-run") ? MSG_SAY_CATALOGUE_DRY
				     : MSG_SAY_CATALOGUE,
	    ARGS(cli_number(cli, member_int(answer, "version")),
		cli_number(cli, member_int(answer, "added")),
		cli_number(cli, member_int(answer, "changed")),
		cli_number(cli, member_int(answer, "removed"))));
	return OK;
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

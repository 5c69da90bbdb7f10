/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - from the words of a command line to its command, and how that ended. */
#include "usher/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "usher/help.h"
#include "usher/report.h"

#define ARENA_MAX (1024u << 20)

const struct option global_options[] = {
	{ "server", OPTION_TEXT, "http://127.0.0.1:8420", 0, 0, false, MSG_FLAG_SERVER },
	{ "data", OPTION_PATH, "/var/lib/usher", 0, 0, false, MSG_FLAG_DATA },
	{ "token-file", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_TOKEN_FILE },
	{ "timeout", OPTION_INT, "60", 1, 86400, false, MSG_FLAG_TIMEOUT },
	{ "json", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_JSON },
	{ "help", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_HELP },
};
const size_t global_option_count = COUNT(global_options);

/* Noun and verb where they stand among global options. */
struct words {
	const char *noun, *verb;
	bool	    wants_help;
};

static enum lang locale_lang(void);
static struct words find_words(int argc, char **argv);
static bool takes_next(const char *flag);
static enum err dispatch(struct cli *, int argc, char **argv);
static enum err teach(struct cli *, const struct words *);
static enum err prepare(struct cli *, size_t used, int argc, char **argv);
static enum err load_options(struct cli *, int *argc, char **argv);
static enum err check_words(struct cli *);
static int finish(struct cli *, enum err);
static void close_arena(void *);

int
cli_main(int argc, char **argv)
{
	struct cli cli = { 0 };
	enum err err;
	int code;

	cli.cx.arena = arena_open(ARENA_MAX);
	cli.cx.now_ms = clock_now_ms();
	cli.cx.lang = locale_lang();
	err = dispatch(&cli, argc, argv);
	code = finish(&cli, err);
	client_close(cli.client);
	arena_close(cli.cx.arena);
	return code;
}

static enum err
dispatch(struct cli *cli, int argc, char **argv)
{
	struct words w = find_words(argc, argv);
	size_t used = 1;

	if (w.noun != NULL)
		cli->command = command_find(w.noun, w.verb, &used);
	if (cli->command == NULL)
		return teach(cli, &w);
	TRY(prepare(cli, used, argc, argv));
	if (!cli_bool(cli, "help"))
		return cli->command->run(cli);
	help_command(cli, cli->command);
	return OK;
}

/* Half a command is an error, but one that help cures. */
static enum err
teach(struct cli *cli, const struct words *w)
{
	if (!w->wants_help)
		cli->exit = err_info(ERR_BAD_INPUT)->cli;
	if (w->noun != NULL)
		return help_topic(cli, w->noun, w->verb);
	help_overview(cli, w->wants_help ? stdout : stderr);
	return OK;
}

/* The locale of messages, as setlocale(3) would find it. */
static enum lang
locale_lang(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *value = secure_getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return lang_pick(str_of(value));
	}
	return LANG_EN;
}

static struct words
find_words(int argc, char **argv)
{
	struct words w = { 0 };

	for (int i = 1; i < argc && w.verb == NULL; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			argv[i] = "--help";
			w.wants_help = true;
		} else if (strcmp(argv[i], "--") == 0)
			break;
		else if (strncmp(argv[i], "--", 2) == 0)
			i += takes_next(argv[i] + 2);
		else if (w.noun == NULL)
			w.noun = argv[i];
		else
			w.verb = argv[i];
	}
	return w;
}

/* A global option whose value is the next word. */
static bool
takes_next(const char *flag)
{
	for (size_t i = 0; i < global_option_count; i++)
		if (strcmp(global_options[i].name, flag) == 0)
			return global_options[i].type != OPTION_BOOL;
	return false;
}

/* --- before the command ------------------------------------------------------ */

static enum err
prepare(struct cli *cli, size_t used, int argc, char **argv)
{
	TRY(load_options(cli, &argc, argv));
	cli->word = argv + 1 + used;
	cli->nword = (size_t)argc - 1 - used;
	cli->is_json = cli_bool(cli, "json");
	return cli_bool(cli, "help") ? OK : check_words(cli);
}

/* The command's options before the global ones. */
static enum err
load_options(struct cli *cli, int *argc, char **argv)
{
	const struct command *c = cli->command;
	size_t n = c->noption + global_option_count;
	struct option *all = arena_array(cli->cx.arena, n, sizeof(*all));
	struct conf *conf;

	for (size_t i = 0; i < n; i++)
		all[i] = i < c->noption ? c->option[i]
					: global_options[i - c->noption];
	TRY(conf_load(&cli->cx, all, n, c->config, argc, argv, &conf));
	cli->conf = conf;
	return OK;
}

static enum err
check_words(struct cli *cli)
{
	const struct command *c = cli->command;
	struct str name;

	if (cli->nword >= c->least && cli->nword <= c->most)
		return OK;
	name = command_name(cli->cx.arena, c);
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_WORDS, "",
	    str_z(cli->cx.arena, name), c->words);
}

/* --- after it ----------------------------------------------------------------- */

static int
finish(struct cli *cli, enum err err)
{
	if (err != OK)
		report_failure(cli, err);
	/* What was printed must have arrived: a full disk is no success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && err == OK) {
		const char *why = errno_text(&cli->cx, errno);
		struct str what = cli_msg(cli, MSG_SAY_OUTPUT, NO_ARGS);

		err = fail(&cli->cx, ERR_FULL, MSG_CLI_WRITE, "",
		    str_z(cli->cx.arena, what), why);
		report_failure(cli, err);
	}
	if (cli->exit != 0)
		return cli->exit;
	return err_info(err)->cli;
}

/* --- options ------------------------------------------------------------------ */

struct str
cli_text(const struct cli *cli, const char *option)
{
	return conf_text(cli->conf, option);
}

const char *
cli_z(struct cli *cli, const char *option)
{
	struct str s = conf_text(cli->conf, option);

	return s.n == 0 ? NULL : str_z(cli->cx.arena, s);
}

int64_t
cli_int(const struct cli *cli, const char *option)
{
	return conf_int(cli->conf, option);
}

bool
cli_bool(const struct cli *cli, const char *option)
{
	return conf_bool(cli->conf, option);
}

bool
cli_has(const struct cli *cli, const char *option)
{
	return conf_text(cli->conf, option).n > 0;
}

enum err
cli_need(struct cli *cli, const char *option)
{
	if (cli_has(cli, option))
		return OK;
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_NEEDS, option, option);
}

/* --- printing ------------------------------------------------------------------ */

void
cli_say(const struct cli *cli, enum msg msg, const struct str args[4])
{
	cli_print(cli, cli_msg(cli, msg, args));
}

void
cli_note(const struct cli *cli, enum msg msg, const struct str args[4])
{
	if (cli->is_json)
		return;
	/* Both may go to one place, and then in this order. */
	fflush(stdout);
	fprintf(stderr, "%.*s\n", STR_ARG(cli_msg(cli, msg, args)));
}

void
cli_print(const struct cli *cli, struct str line)
{
	if (!cli->is_json)
		printf("%.*s\n", STR_ARG(line));
}

struct str
cli_msg(const struct cli *cli, enum msg msg, const struct str args[4])
{
	return msg_text(cli->cx.arena, msg, cli->cx.lang, args);
}

struct str
cli_number(const struct cli *cli, int64_t n)
{
	return str_fmt(cli->cx.arena, "%" PRId64, n);
}

struct str
cli_tenths(const struct cli *cli, double n)
{
	struct str all = str_fmt(cli->cx.arena, "%.1f", n), left = all;
	struct str whole = str_cut(&left, '.');

	return str_fmt(cli->cx.arena, "%.*s%.*s%.*s", STR_ARG(whole),
	    STR_ARG(cli_msg(cli, MSG_SAY_DECIMAL_SIGN, NO_ARGS)),
	    STR_ARG(left));
}

struct str
cli_count(const struct cli *cli, enum msg msg, int64_t n)
{
	return cli_msg(cli, msg, ARGS(cli_number(cli, n)));
}

struct arena *
cli_arena(struct cli *cli)
{
	struct arena *arena = arena_open(ARENA_MAX);

	arena_defer(cli->cx.arena, close_arena, arena);
	return arena;
}

static void
close_arena(void *arena)
{
	arena_close(arena);
}

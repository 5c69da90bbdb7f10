/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/help.h"

#include <string.h>

#include "usher/commands.h"

#define NAME_WIDTH 20

static enum err help_show(struct cli *);
static enum err unknown(struct cli *, const char *noun, const char *verb);
static void print_summary(FILE *, const struct command *);
static void print_options(const struct option *, size_t n);
static bool print_noun(const char *noun);
static const char *value_of(const struct option *);

const struct command help_commands[] = {
	{ "help", NULL, help_show, "[NOUN [VERB]]", 0, 2, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, "explain the commands",
	  "Shows all commands, those of a noun, or one with its options.\n"
	  "\n"
	  "  usher help\n"
	  "  usher help seat\n"
	  "  usher help seat release\n", NULL, false },
};
const size_t help_command_count = COUNT(help_commands);

static enum err
help_show(struct cli *cli)
{
	return help_topic(cli, cli->nword > 0 ? cli->word[0] : NULL,
	    cli->nword > 1 ? cli->word[1] : NULL);
}

enum err
help_topic(struct cli *cli, const char *noun, const char *verb)
{
	size_t used;
	const struct command *c;

	if (noun == NULL) {
		help_overview(stdout);
		return OK;
	}
	c = command_find(noun, verb, &used);
	if (c != NULL)
		help_command(cli, c);
	else if (verb != NULL || !print_noun(noun))
		return unknown(cli, noun, verb);
	return OK;
}

static enum err
unknown(struct cli *cli, const char *noun, const char *verb)
{
	struct str name = str_fmt(cli->cx.arena, "%s%s%s", noun,
	    verb != NULL ? " " : "", verb != NULL ? verb : "");

	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_COMMAND, "",
	    str_z(cli->cx.arena, name));
}

void
help_overview(FILE *out)
{
	fputs("usage: usher [OPTIONS] NOUN [VERB] [WORDS] [OPTIONS]\n\n"
	      "Usher shows every new person to their seat.\n\n",
	    out);
	for (size_t i = 0; i < command_count(); i++)
		if (!command_at(i)->is_hidden)
			print_summary(out, command_at(i));
	fputs("\n`usher NOUN VERB --help` explains a command.\n"
	      "USHER_SERVER, USHER_TOKEN_FILE and USHER_DATA in the "
	      "environment stand for --server,\n"
	      "--token-file and --data; so does USHER_NAME for any --name.\n",
	    out);
}

static void
print_summary(FILE *out, const struct command *c)
{
	size_t n = strlen(c->noun) + (c->verb ? strlen(c->verb) + 1 : 0);

	fprintf(out, "  %s%s%s%*s%s\n", c->noun, c->verb != NULL ? " " : "",
	    c->verb != NULL ? c->verb : "",
	    (int)(n < NAME_WIDTH ? NAME_WIDTH - n : 1), "", c->summary);
}

static bool
print_noun(const char *noun)
{
	bool is_noun = false;

	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		if (c->is_hidden || strcmp(c->noun, noun) != 0)
			continue;
		print_summary(stdout, c);
		is_noun = true;
	}
	return is_noun;
}

void
help_command(struct cli *cli, const struct command *c)
{
	printf("usage: usher %.*s%s%s%s\n\n%c%s.\n\n%s\n",
	    STR_ARG(command_name(cli->cx.arena, c)),
	    c->words[0] != '\0' ? " " : "", c->words,
	    c->noption > 0 ? " [OPTIONS]" : "", c->summary[0] - ('a' - 'A'),
	    c->summary + 1, c->help);
	print_options(c->option, c->noption);
	if (c->door != DOOR_NONE) {
		puts("Options of every command:");
		print_options(global_options, global_option_count);
	}
	if (c->right > RIGHT_PUBLIC)
		printf("It needs the right %s: %.*s.\n", right_name(c->right),
		    STR_ARG(msg_text(cli->cx.arena, right_msg(c->right),
		    cli->cx.lang, (const struct str[4]) { { 0 } })));
	if (c->door == DOOR_OPERATOR)
		puts("It goes through the operator's socket in the data "
		     "directory, on the server's machine.");
}

static void
print_options(const struct option *option, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &option[i];

		printf("  --%s%s\n\t%s", o->name, value_of(o), o->help);
		if (o->type == OPTION_INT)
			printf(" (%lld to %lld)", (long long)o->min,
			    (long long)o->max);
		if (o->fallback != NULL && o->type != OPTION_BOOL)
			printf(" (default %s)", o->fallback);
		putchar('\n');
	}
	if (n > 0)
		putchar('\n');
}

static const char *
value_of(const struct option *o)
{
	static const char *const values[] = {
		[OPTION_TEXT] = " TEXT",
		[OPTION_INT] = " N",
		[OPTION_BOOL] = "",
		[OPTION_PATH] = " PATH",
	};

	return values[o->type];
}

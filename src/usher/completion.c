/* SPDX-License-Identifier: Apache-2.0 */
/* completion.c - the command table as a completion script. */
#include <stdio.h>
#include <string.h>

#include "usher/commands.h"

static enum err completion_bash(struct cli *);
static void print_verbs(const char *noun);
static void print_words(const struct command *);
static bool is_first_of_noun(size_t at);

const struct command completion_commands[] = {
	{ "completion", "bash", completion_bash, "", 0, 0, NO_OPTIONS,
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_COMPLETION_BASH,
	  "  usher completion bash > /etc/bash_completion.d/usher\n"
	  "  source <(usher completion bash)\n", NULL, false },
};
const size_t completion_command_count = COUNT(completion_commands);

static enum err
completion_bash(struct cli *cli)
{
	(void)cli;
	puts("_usher()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
	     "\tcase \"${COMP_CWORD}:${COMP_WORDS[1]}\" in");
	fputs("\t1:*) words=\"", stdout);
	for (size_t i = 0; i < command_count(); i++)
		if (is_first_of_noun(i))
			printf("%s ", command_at(i)->noun);
	puts("\" ;;");
	for (size_t i = 0; i < command_count(); i++)
		if (is_first_of_noun(i) && command_at(i)->verb != NULL)
			print_verbs(command_at(i)->noun);
	puts("\tesac\n"
	     "\tif [ -z \"$words\" ]; then\n"
	     "\tcase \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in");
	for (size_t i = 0; i < command_count(); i++)
		if (!command_at(i)->is_hidden)
			print_words(command_at(i));
	puts("\tesac\n\tfi\n"
	     "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
	     "complete -o default -F _usher usher");
	return OK;
}

static bool
is_first_of_noun(size_t at)
{
	const struct command *c = command_at(at);

	return !c->is_hidden &&
	    (at == 0 || strcmp(command_at(at - 1)->noun, c->noun) != 0);
}

static void
print_verbs(const char *noun)
{
	printf("\t2:%s) words=\"", noun);
	for (size_t i = 0; i < command_count(); i++)
		if (strcmp(command_at(i)->noun, noun) == 0)
			printf("%s ", command_at(i)->verb);
	puts("\" ;;");
}

static void
print_words(const struct command *c)
{
	printf("\t\"%s %s\"*) words=\"", c->noun, c->verb ? c->verb : "");
	for (size_t i = 0; i < c->noption; i++)
		printf("--%s ", c->option[i].name);
	for (size_t i = 0; i < global_option_count; i++)
		printf("--%s ", global_options[i].name);
	puts("\" ;;");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - all commands, noun by noun, and how they are found. */
#include "usher/commands.h"

#include <string.h>

static const struct {
	const struct command *row;
	const size_t	     *n;
} nouns[] = {
#define X(noun) { noun##_commands, &noun##_command_count },
	COMMAND_NOUNS(X)
#undef X
};

size_t
command_count(void)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT(nouns); i++)
		n += *nouns[i].n;
	return n;
}

const struct command *
command_at(size_t at)
{
	size_t i = 0;

	while (at >= *nouns[i].n)
		at -= *nouns[i++].n;
	return &nouns[i].row[at];
}

const struct command *
command_find(const char *noun, const char *verb, size_t *used)
{
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		*used = c->verb == NULL ? 1 : 2;
		if (strcmp(c->noun, noun) != 0)
			continue;
		if (c->verb == NULL ||
		    (verb != NULL && strcmp(c->verb, verb) == 0))
			return c;
	}
	return NULL;
}

struct str
command_name(struct arena *arena, const struct command *c)
{
	return str_fmt(arena, "%s%s%s", c->noun, c->verb != NULL ? " " : "",
	    c->verb != NULL ? c->verb : "");
}

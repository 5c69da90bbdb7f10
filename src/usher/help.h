/* SPDX-License-Identifier: Apache-2.0 */
/* help.h - what the command rows say about themselves. */
#ifndef USHER_HELP_H
#define USHER_HELP_H

#include <stdio.h>

#include "usher/cli.h"

/* All nouns, one line a command. */
void help_overview(struct cli *, FILE *);
void help_command(struct cli *, const struct command *);
/* The overview (no NOUN), a noun's commands, or one command.  ERR_BAD_INPUT: no such. */
enum err help_topic(struct cli *, const char *noun, const char *verb) USE_RESULT;

#endif

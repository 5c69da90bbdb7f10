/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - the nouns, in the order help shows them.  NOUN.c holds the
 * rows NOUN_commands with their functions (of `client` oauth_client.c: client.c
 * asks the server).
 *
 * To add a command: a row in NOUN.c (a new noun also here and in meson.build)
 * and what people read of it in base/messages/, in four languages:
 *
 *	HELP_NOUN_VERB	help.def	summary, and paragraphs where a fault has its remedy
 *	FLAG_OPTION	flag.def	an option; commands may share one
 *	HEAD_TITLE	say.def		a heading of a table, in capitals
 *	SAY_THING	say.def		a line, for cli_say() and cli_note()
 *
 * Examples stand in the row, for they are the same in every language; so are
 * words in capitals, flags, slugs and what --json prints.  tool/tidy.py refuses
 * words that are printed from anywhere else.  tool/reference.py makes the
 * reference of the English ones.
 */
#ifndef USHER_COMMANDS_H
#define USHER_COMMANDS_H

#include "usher/cli.h"

#define COMMAND_NOUNS(X) \
	X(serve) X(front) X(import) X(onboard) X(person) X(product) X(pool) X(organisation) X(seat) X(source) X(queue) \
	X(catalogue) X(event) X(audit) X(right) X(role) X(token) X(client) X(tenant) X(setting) X(backup) X(restore) X(migrate) \
	X(key) X(loss) X(doctor) X(top) X(help) X(openapi) X(version) X(completion)

#define X(noun) \
	extern const struct command noun##_commands[]; \
	extern const size_t noun##_command_count;
COMMAND_NOUNS(X)
#undef X

#endif

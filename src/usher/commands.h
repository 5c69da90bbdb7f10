/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.h - the nouns, in the order help shows them.  NOUN.c holds the
 * rows NOUN_commands with their functions.
 */
#ifndef USHER_COMMANDS_H
#define USHER_COMMANDS_H

#include "usher/cli.h"

#define COMMAND_NOUNS(X) \
	X(serve) X(front) X(import) X(onboard) X(person) X(product) X(pool) X(seat) X(catalogue) X(event) X(audit) \
	X(token) X(tenant) X(backup) X(restore) X(key) X(doctor) X(help) X(version) X(completion)

#define X(noun) \
	extern const struct command noun##_commands[]; \
	extern const size_t noun##_command_count;
COMMAND_NOUNS(X)
#undef X

#endif

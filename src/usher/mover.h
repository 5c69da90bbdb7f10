/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mover.h - front, when it moves instead of serving: the user of the databases
 * does it, confined as always, and the command that started it waits.
 */
#ifndef USHER_MOVER_H
#define USHER_MOVER_H

#include "usher/cli.h"

struct mover_conf {
	const char *from, *to;	/* URLs or folders */
	const char *data_dir;
	const int  *vault_fd;	/* WORLD_CHANNELS */
};

/* Moves all, shows how far it is, and tells what came of it. */
enum err mover_run(struct cli *, const struct mover_conf *) USE_RESULT;

#endif

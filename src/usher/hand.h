/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hand.h - what is shown once: into a new file that only its owner can read
 * (--out), or where standard output goes, never into a command line.
 */
#ifndef USHER_HAND_H
#define USHER_HAND_H

#include "usher/cli.h"

struct hand {
	const char *id, *secret;	/* members of the server's answer */
	enum msg    told;		/* {0} the id, {1} the file */
};

/* CALL is made, and what its answer shows once is handed over. */
enum err hand_over(struct cli *, const struct call *, const struct hand *) USE_RESULT;

#define OPTION_OUT \
	{ "out", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_TOKEN_OUT }

#endif

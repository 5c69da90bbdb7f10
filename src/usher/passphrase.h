/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passphrase.h - a secret that a person knows: from a file or typed without
 * echo, never from a command line or the environment; wiped after use.
 */
#ifndef USHER_PASSPHRASE_H
#define USHER_PASSPHRASE_H

#include "usher/cli.h"

#define PASSPHRASE_LEAST 12
#define PASSPHRASE_MOST	 1024

struct passphrase {
	char   text[PASSPHRASE_MOST + 2];
	size_t n;
};

/* From the file that option passphrase-file names (- is standard input), else typed; TWICE when it is new. */
enum err passphrase_read(struct cli *, bool twice, struct passphrase *) USE_RESULT;
void passphrase_wipe(struct passphrase *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data.h - the data directory: who owns it, who holds it.
 *
 *	usher.db keys.db lock	the databases (store/)
 *	vault/			the vault's own; another user's, where there is one
 *	backups/		what `usher backup` makes
 *	operator.sock		the operator's door
 */
#ifndef USHER_DATA_H
#define USHER_DATA_H

#include "usher/cli.h"
#include "usher/spawn.h"

struct data {
	const char    *path;		/* absolute */
	int	       fd;		/* of the folder; its lock is held by all who have it open */
	struct account front, vault;	/* set if we are root and these users exist */
};

/*
 * Makes the folder (0700) and its folder vault where they are missing, gives
 * them to their users, and takes the lock, waiting WAIT_MS for the processes
 * of a server that was killed.  ERR_CONFLICT: another server holds it.
 */
enum err data_open(struct cli *, int64_t wait_ms, struct data *) USE_RESULT;
void data_close(struct data *);

/* "PATH/NAME" */
const char *data_file(struct cli *, const struct data *, const char *name);
/* Copies FROM to a new file NAME (mode 0600, OWNER's), synced. */
enum err data_put(struct cli *, const struct data *, const char *from, const char *name, const struct account *owner) USE_RESULT;

/*
 * The URL in OPTION, NULL if there is none.  It may hold a password: what
 * others can see of our words and variables is blotted out, and no child but
 * front gets it.  ERR_BAD_INPUT: not one of databases on a server.
 */
enum err data_store(struct cli *, const char *option, const char **url) USE_RESULT;

#define FRONT_USER "usher"
#define VAULT_USER "usher-vault"

#endif

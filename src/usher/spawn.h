/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h - starting the other processes: fork and exec, with exactly the
 * descriptors and variables they need, as the user they should be, dying with
 * their parent.
 */
#ifndef USHER_SPAWN_H
#define USHER_SPAWN_H

#include <sys/types.h>

#include "usher/cli.h"

#define SPAWN_FDS  32
#define SPAWN_ARGS 20

/* Who a process runs as; the present user unless IS_SET. */
struct account {
	bool  is_set;
	uid_t uid;
	gid_t gid;
};

struct spawn {
	const char    *program;
	const char    *argv[SPAWN_ARGS + 1];
	int	       fd[SPAWN_FDS];	/* kept open, under the same numbers */
	size_t	       nfd;
	int	       stdin_fd;	/* becomes its standard input; 0: the present one */
	const char    *folder;		/* it starts there; NULL: here */
	struct account account;
	int	       death_signal;	/* when we die; 0: none */
};

/* The id of the new process; fatal() if there can be none. */
pid_t spawn_start(const struct spawn *);
/* Waits for it: its exit status, 128 + N if signal N ended it. */
int spawn_wait(pid_t);
int spawn_status(int wait_status);

/* N as text in ROOM, for argv. */
const char *spawn_number(char room[12], int n);

/* Our own executable, and usher-vault: option vault, beside us, or in ../vault. */
enum err spawn_self(struct cli *, const char **path) USE_RESULT;
enum err spawn_vault_program(struct cli *, const char **path) USE_RESULT;

#endif

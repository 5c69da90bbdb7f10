/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a real usher-vault with its folder, and this side's channels.
 */
#ifndef TEST_VAULT_RIG_H
#define TEST_VAULT_RIG_H

#include <sys/types.h>

#include "base/err.h"

#include "vault/vault.h"

#define RIG_CHANNELS 2
#define ACME	     7u
#define OTHER	     8u

struct rig {
	char		  dir[64];
	pid_t		  pid;
	int		  fd[RIG_CHANNELS];
	struct vault	 *vault; /* over fd[0]; fd[1] stays raw */
	struct arena	 *arena;
	struct ctx	  cx;
	struct capability acme, other;
};

/* A new folder; rig_start() starts the process in it. */
void rig_open(struct rig *);
void rig_start(struct rig *);
/* With keys for ACME and OTHER and a capability for each. */
void rig_start_ready(struct rig *);
/* Closes the channels; the vault's exit status, -1 if a signal ended it. */
int rig_stop(struct rig *);
void rig_close(struct rig *);	/* stops and removes the folder */

struct str rig_path(struct rig *, const char *file);
/* `usher-vault --recover`: its exit status. */
int rig_recover(struct rig *, struct str archive, struct str passphrase);

/* N bytes that depend on SEED. */
struct str rig_text(struct rig *, size_t n, unsigned seed);


/* The program was built with a sanitizer, so there is no seccomp. */
bool rig_is_sanitized(void);

#endif

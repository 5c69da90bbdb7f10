/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - moves bytes between the channels and serve().
 *
 * One thread, one poll.  A channel whose answers are not read is not read
 * either, so what it holds is bounded; the client always reads, so neither
 * side can wait for the other for ever.
 */
#ifndef VAULT_LOOP_H
#define VAULT_LOOP_H

#include "vault/serve.h"

#define CHANNELS_MAX 64

/* Serves the N channels until all have closed, or STOP_FD (a signalfd) reads. */
void loop_run(struct server *, const int *fd, size_t n, int stop_fd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.h - what the vault gives up before it reads its first frame.
 *
 * Each step degrades: a machine that refuses one is told in the log and in
 * vault_status(), and the vault still runs.
 */
#ifndef VAULT_CONFINE_H
#define VAULT_CONFINE_H

#include "base/base.h"

/* Before keys are read: dies with its parent; no core dump, no ptrace, no new rights. */
bool confine_memory(void) USE_RESULT;
/* Closes every descriptor above standard error but those N. */
void confine_descriptors(const int *keep, size_t n);
/* After everything is open: only the system calls that serving needs. */
bool confine_calls(void) USE_RESULT;

#endif

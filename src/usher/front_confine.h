/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front_confine.h - what front gives up before it reads its first request.
 * Each step degrades: what a machine refuses is told in the log.
 */
#ifndef USHER_FRONT_CONFINE_H
#define USHER_FRONT_CONFINE_H

#include "store/store.h"

/* No core dump with personal data in it, no new rights, as many descriptors as we may have. */
bool front_confine_memory(void) USE_RESULT;
/* No other program, no socket but local ones, no other's memory; before threads start.  PEERS: where the store is, and nowhere else. */
bool front_confine_calls(const struct store_peers *) USE_RESULT;
/* How many descriptors there may be. */
size_t front_descriptors(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id.h - time-ordered 63-bit ids: 41 bit ms since 2026-01-01 · 10 bit node ·
 * 12 bit sequence (MODEL.md 1).  On the wire 13 characters of Crockford
 * base32.  An id is not a secret.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/str.h"

#define ID_TEXT 13
#define ID_EPOCH_MS INT64_C(1767225600000)	/* 2026-01-01T00:00:00Z */

/* This node's leased number, 0 … 1023; set once before the first id_new(). */
void id_node_set(unsigned node);
unsigned id_node(void);

/* Larger than every id this node made before, over clock steps too.  Safe from any thread. */
int64_t id_new(void);

/* From now on ids are larger than ID: at start, with the largest one stored, for the clock may have stepped back while we were down. */
void id_raise(int64_t id);

/*
 * Ids are of instants before MS, until it is set later: whoever asks meanwhile
 * waits.  A server with a leased number keeps what it promised so, however long
 * it stood still.
 */
void id_limit_set(int64_t ms);
/* The instant of the latest id, or to which ids were raised. */
int64_t id_latest_ms(void);

/* The instant an id was made, ms UTC. */
int64_t id_ms(int64_t id);

/* The first id of an instant. */
int64_t id_at(int64_t ms);

void id_encode(int64_t id, char text[ID_TEXT]);
struct str id_text(struct arena *, int64_t id);
/* Strict: 13 characters, upper or lower case, no I L O U, value > 0 and within 63 bits. */
bool id_decode(struct str text, int64_t *id) USE_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.h - the Merkle tree of RFC 6962 section 2.1 as a frontier.
 *
 * The frontier is the roots of the perfect subtrees that make up a tree of
 * `size` leaves, largest first: one for each bit set in size.  It is all that
 * is needed to append and to give the root; it stands on the tenant's row.
 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

#include "base/str.h"

struct hash {
	uint8_t bytes[32];
};

#define TREE_LEVELS 40

struct frontier {
	uint64_t    size;
	struct hash node[TREE_LEVELS];	/* node[i] covers the i-th set bit of size from the top */
};

void sha256(struct str bytes, struct hash *out);
void tree_leaf(struct str entry, struct hash *out);		/* SHA-256(0x00 || entry) */
void tree_node(const struct hash *left, const struct hash *right, struct hash *out); /* SHA-256(0x01 || l || r) */

void frontier_append(struct frontier *, const struct hash *leaf);
void frontier_root(const struct frontier *, struct hash *root);	/* of no leaves: SHA-256("") */

#define FRONTIER_BYTES_MAX (8 + 32 * TREE_LEVELS)

size_t frontier_encode(const struct frontier *, uint8_t out[FRONTIER_BYTES_MAX]);	/* bytes written */
bool frontier_decode(struct str, struct frontier *) USE_RESULT;				/* false: malformed */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwt.h - access tokens: RFC 9068 in the one form that we make (RFC 8725).
 *
 * The algorithm belongs to the key: EdDSA with Ed25519, nothing else exists.
 * A kid is looked up among our keys; it is no path, no address, no query.
 */
#ifndef ACT_JWT_H
#define ACT_JWT_H

#include "core/actor.h"
#include "vault/vault.h"

#define JWT_BYTES_MAX	4096
#define JWT_SECONDS	600	/* how long one is good */

struct jwt {
	struct str issuer;	/* of the audience too: what we issue is for us */
	uint32_t   tenant;
	int64_t	   subject;	/* client or person */
	int64_t	   client;	/* 0: none, the token is a person's own */
	int64_t	   session;	/* what it ends with: a session, or the client itself */
	int64_t	   id;
	uint64_t   rights;	/* at most these */
	struct str persons;	/* the scope they are over, for who reads it; empty: everybody */
	int64_t	   issued_ms;
};

/* The claims, for vault_token_sign(). */
struct str jwt_claims(struct arena *, const struct jwt *);

/*
 * Checks TEXT at NOW_MS and fills OUT.  One answer for whatever is wrong:
 * ERR_UNAUTHENTICATED.
 */
struct jwt_keys { struct str issuer; const struct token_key *key; size_t n; };
enum err jwt_read(struct ctx *, const struct jwt_keys *, struct str text, int64_t now_ms, struct jwt *out) USE_RESULT;

#endif

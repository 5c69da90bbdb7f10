/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the credentials that a front knows, in memory: API tokens,
 * OAuth clients, sessions.  Found by the SHA-256 of their secret or by id.
 *
 * A credential is asked for with every request, so that what ended ends at the
 * next one.  The world's lock guards it.
 */
#ifndef ACT_KEYRING_H
#define ACT_KEYRING_H

#include "core/filter.h"
#include "core/net.h"

enum credential_kind { CREDENTIAL_TOKEN = 1, CREDENTIAL_CLIENT, CREDENTIAL_SESSION };

struct credential {
	enum credential_kind kind;
	uint8_t		     hash[32];
	uint32_t	     tenant;
	int64_t		     id;
	int64_t		     person;	/* whose session; 0 of the others */
	int64_t		     family;	/* as its row says */
	int64_t		     source, created_ms, expires_ms, revoked_ms;
	uint64_t	     rights;	/* of token and client */
	struct filter	    *scope;	/* the same; actors under way use it, so these stay until the end */
	const struct net    *net;
	size_t		     nnet;
	struct arena	    *arena;	/* of scope and nets; NULL: none */
	unsigned	     factors;	/* of a session */
	int64_t		     factor_ms;
	int64_t		     seen_ms, kept_ms;	/* last use, and as it is stored */
};

struct keyring {
	struct credential **by_hash, **by_id;	/* sorted */
	size_t		    n, cap;
};

struct credential *keyring_hash(const struct keyring *, const uint8_t hash[32]);
struct credential *keyring_id(const struct keyring *, int64_t id);
/* Takes a copy; neither its hash nor its id is there. */
void keyring_put(struct keyring *, const struct credential *);
/* Frees it. */
void keyring_drop(struct keyring *, struct credential *);
void keyring_close(struct keyring *);

#endif

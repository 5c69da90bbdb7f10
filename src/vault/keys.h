/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.h - every key the vault holds, in guarded memory.
 *
 * A tenant has key-encryption keys by epoch (the newest wraps, older ones only
 * unwrap), a text key and a root for its blind indexes.  The deployment has its
 * random id, the Ed25519 key that signs its logs, and the root of those that
 * sign access tokens.
 */
#ifndef VAULT_KEYS_H
#define VAULT_KEYS_H

#include "vault/crypt.h"
#include "vault/vault.h"

#define TENANTS_MAX 4096
#define KEKS_MAX    16

enum kek_state {
	KEK_WRAPS = 1,		/* the newest: wraps and unwraps */
	KEK_UNWRAPS,		/* waits for its wrapped keys to be wrapped anew */
	KEK_STATE_COUNT
};

struct kek {
	uint8_t	       key[KEY_BYTES];
	uint64_t       id;	/* random; stands in what it wrapped */
	int64_t	       created_ms;
	uint32_t       epoch;
	enum kek_state state;
};

struct tenant_keys {
	uint8_t	   text[KEY_BYTES], index[KEY_BYTES];
	uint64_t   text_id;
	uint32_t   tenant, index_epoch;
	bool	   is_hidden;		/* keys_encode() passes it over */
	size_t	   nkek;
	struct kek kek[KEKS_MAX];	/* oldest first */
};

struct root_keys {
	uint8_t master[KEY_BYTES];	/* the file master.key */
	uint8_t log_seed[KEY_BYTES];
	uint8_t log_key[64];		/* made from log_seed */
	uint8_t token_root[KEY_BYTES];
};

struct keys {
	struct crypt	    *crypt;
	char		    *dir;	/* NULL: in memory only */
	struct secret	     root_memory;
	struct root_keys    *root;
	uint8_t		     deployment[16], log_public[32];
	struct tenant_keys **tenant;	/* by tenant number */
	struct secret	    *tenant_memory; /* in the same order */
	size_t		     n;
	struct mac	     index[INDEX_COUNT]; /* keyed for index_tenant */
	uint32_t	     index_tenant[INDEX_COUNT];
	bool		     is_indexed[INDEX_COUNT];
	bool		     is_older;	/* decoded from a form without some key, which was made: to be stored */
};

/* No keys yet; then keys_make() or the store (store.h) fills it. */
void keys_open(struct keys *, struct crypt *);
void keys_close(struct keys *);

/* A new deployment: random id, log key and master key, no tenant. */
void keys_make(struct keys *);

const struct tenant_keys *keys_tenant(const struct keys *, uint32_t tenant);
/* Random keys for a tenant that has none; false: the table is full. */
bool keys_tenant_make(struct keys *, uint32_t tenant) USE_RESULT;
void keys_tenant_drop(struct keys *, uint32_t tenant);
/* Whether it is left out of what is stored. */
void keys_tenant_hide(struct keys *, uint32_t tenant, bool is_hidden);

const struct kek *kek_newest(const struct tenant_keys *);
const struct kek *kek_by_id(const struct tenant_keys *, uint64_t id);

/* The blind index of VALUE for a tenant that has keys. */
void keys_index(struct keys *, const struct tenant_keys *,
    const struct index_value *, struct key256 *out);

/* Ed25519 over TEXT with the log's key. */
void keys_sign(const struct keys *, struct str text, uint8_t signature[64]);

/*
 * Signs TEXT with the key of access tokens that NOW_MS is in the time of; or
 * only tells which it is.  AGE -1 … 1: the one before, this one, the next.
 */
void keys_token_key(const struct keys *, int64_t now_ms, int age, struct token_key *);
void keys_token_sign(const struct keys *, int64_t now_ms, struct str text,
    uint8_t signature[64]);

/*
 * One tenant's keys as bytes, and back: in place of others that it has.  false:
 * they are not of TENANT, and nothing has changed.
 */
void keys_tenant_encode(const struct tenant_keys *, struct secret *out);
bool keys_tenant_decode(struct keys *, uint32_t tenant, struct str) USE_RESULT;
/* What tenants' keys are sealed under for the other vaults of the deployment: all have its root. */
void keys_share(const struct keys *, uint8_t key[KEY_BYTES]);

/* All keys but the master key as bytes, in memory that keys_encode() opens. */
void keys_encode(const struct keys *, struct secret *out);
bool keys_decode(struct keys *, struct str) USE_RESULT;

#endif

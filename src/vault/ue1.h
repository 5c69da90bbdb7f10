/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ue1.h - the one way anything is encrypted (SECURITY.md 5.2).
 *
 *	salt = HMAC-SHA256(K_hedge, random32 || SHA-256(ctx || text))
 *	okm  = HKDF-SHA256(K, salt, "usher/ue1" || suite || ctx, 64)
 *	ct   = AES-256-GCM(okm[0..32), nonce 0, aad = ctx, pad(text))
 *	blob = suite(1) || key id(8) || salt(32) || okm[32..64) || ct || tag(16)
 *
 * A key of its own for each message makes nonces needless; the commitment,
 * checked first, ties the blob to one key; the context is bound twice.
 */
#ifndef VAULT_UE1_H
#define VAULT_UE1_H

#include "vault/crypt.h"

#define UE1_SUITE    1
#define UE1_OVERHEAD (1 + 8 + 32 + 32 + 16)

struct ue1_key {
	const uint8_t *bytes;	/* KEY_BYTES of them */
	uint64_t       id;	/* stands in the blob, in clear */
};

/*
 * What a text is and whose: it opens only under the same.  FIELD and NUMBER
 * are one field of the construction: "record" of version 3, "key" of epoch 2.
 */
struct ue1_context {
	const char    *purpose, *field;
	const uint8_t *deployment;	/* 16 bytes */
	uint32_t       tenant;
	int64_t	       user, number, key_version;
};

/* A blob in memory that may be written. */
struct ue1_blob {
	uint8_t *p;
	size_t	 n;
};

/*
 * Text is preceded by its length and padded with zeros to 32, 64, 128 … 4,096
 * bytes, then to whole KiB, so that a text of 60 KB still fits in a frame.
 */
size_t ue1_size(size_t text);

/* Writes ue1_size(text.n) bytes to OUT. */
void ue1_seal(struct crypt *, const struct ue1_key *,
    const struct ue1_context *, struct str text, uint8_t *out);

/*
 * Decrypts BLOB over itself and sets it to the text in it.  false: not this
 * key, this context or this content, and what BLOB holds then tells nothing.
 */
bool ue1_open(struct crypt *, const struct ue1_key *,
    const struct ue1_context *, struct ue1_blob *) USE_RESULT;

/* The key id in BLOB, to find the key by; false: too short to be one. */
bool ue1_key_id(struct str blob, uint64_t *id) USE_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypt.h - HMAC-SHA256, key derivation and chance, over contexts of libcrypto
 * that are made once: making them costs more than using them.
 *
 * One thread uses a crypt.  libcrypto running out of memory is fatal().
 */
#ifndef VAULT_CRYPT_H
#define VAULT_CRYPT_H

#include <openssl/evp.h>

#include "base/str.h"

#include "vault/secret.h"

#define KEY_BYTES 32

/* A keyed HMAC, ready to be used any number of times. */
struct mac {
	EVP_MD_CTX *inner, *outer;
};

struct crypt {
	EVP_MD	       *sha256;
	EVP_CIPHER     *gcm;
	EVP_MD_CTX     *work;
	EVP_CIPHER_CTX *seal, *open;
	struct mac	extract, expand;	/* HKDF's */
	struct mac	hedge;			/* K_hedge of SECURITY.md 5.2 */
	struct secret	chance;			/* random bytes fetched ahead … */
	size_t		chance_left;		/* … and how many are unused */
};

void crypt_open(struct crypt *);
void crypt_close(struct crypt *);

void mac_open(struct mac *);
void mac_close(struct mac *);
void mac_key(struct crypt *, struct mac *, struct str key);
/* HMAC of N pieces, one after the other. */
void mac_make(struct crypt *, const struct mac *, const struct str *piece,
    size_t n, uint8_t out[32]);

/* SHA-256 of N pieces. */
void digest_make(struct crypt *, const struct str *piece, size_t n,
    uint8_t out[32]);

/* HKDF-SHA256 (RFC 5869) with 64 bytes of output. */
void hkdf(struct crypt *, struct str key, struct str salt, struct str info,
    uint8_t out[64]);

/* The key with this LABEL and NUMBER below KEY; every use has a label of its own. */
void key_derive(struct crypt *, const uint8_t key[KEY_BYTES], const char *label,
    uint64_t number, uint8_t out[KEY_BYTES]);

/* Random bytes without a system call for each; they are used once. */
void chance(struct crypt *, void *out, size_t n);

#endif

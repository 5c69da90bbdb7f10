/* SPDX-License-Identifier: Apache-2.0 */
/* crypt.c - see crypt.h; the standard calls in their cheapest order. */
#include "vault/crypt.h"

#include <string.h>

#include "base/clock.h"

#define BLOCK	     64
#define HASH	     32
#define CHANCE_BYTES 4096

static void worked(int);
static void pad(struct crypt *, EVP_MD_CTX *, const uint8_t key[BLOCK],
    uint8_t with);

void
crypt_open(struct crypt *c)
{
	uint8_t key[KEY_BYTES];

	*c = (struct crypt) { 0 };
	/* No configuration file may put another provider below us. */
	worked(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL));
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	c->work = EVP_MD_CTX_new();
	c->seal = EVP_CIPHER_CTX_new();
	c->open = EVP_CIPHER_CTX_new();
	worked(c->sha256 != NULL && c->gcm != NULL && c->work != NULL &&
	    c->seal != NULL && c->open != NULL);
	/* From here on only keys change: naming the cipher again costs. */
	worked(EVP_EncryptInit_ex2(c->seal, c->gcm, NULL, NULL, NULL));
	worked(EVP_DecryptInit_ex2(c->open, c->gcm, NULL, NULL, NULL));
	mac_open(&c->extract);
	mac_open(&c->expand);
	mac_open(&c->hedge);
	secret_open(&c->chance, CHANCE_BYTES);
	chance(c, key, sizeof(key));
	mac_key(c, &c->hedge, (struct str) { (char *)key, sizeof(key) });
	secret_wipe(key, sizeof(key));
}

void
crypt_close(struct crypt *c)
{
	mac_close(&c->extract);
	mac_close(&c->expand);
	mac_close(&c->hedge);
	secret_close(&c->chance);
	EVP_CIPHER_CTX_free(c->seal);
	EVP_CIPHER_CTX_free(c->open);
	EVP_MD_CTX_free(c->work);
	EVP_CIPHER_free(c->gcm);
	EVP_MD_free(c->sha256);
}

static void
worked(int ok)
{
	if (ok != 1)
		fatal("libcrypto");
}

void
mac_open(struct mac *m)
{
	m->inner = EVP_MD_CTX_new();
	m->outer = EVP_MD_CTX_new();
	worked(m->inner != NULL && m->outer != NULL);
}

/* Freeing a context wipes it. */
void
mac_close(struct mac *m)
{
	EVP_MD_CTX_free(m->inner);
	EVP_MD_CTX_free(m->outer);
	*m = (struct mac) { 0 };
}

void
mac_key(struct crypt *c, struct mac *m, struct str key)
{
	uint8_t block[BLOCK] = { 0 };

	/* RFC 2104 hashes longer keys; ours never are. */
	must(key.n <= BLOCK);
	if (key.n > 0)
		memcpy(block, key.p, key.n);
	pad(c, m->inner, block, 0x36);
	pad(c, m->outer, block, 0x5c);
	secret_wipe(block, sizeof(block));
}

static void
pad(struct crypt *c, EVP_MD_CTX *ctx, const uint8_t key[BLOCK], uint8_t with)
{
	uint8_t block[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ with;
	worked(EVP_DigestInit_ex2(ctx, c->sha256, NULL));
	worked(EVP_DigestUpdate(ctx, block, BLOCK));
	secret_wipe(block, sizeof(block));
}

void
mac_make(struct crypt *c, const struct mac *m, const struct str *piece,
    size_t n, uint8_t out[32])
{
	uint8_t inner[HASH];

	worked(EVP_MD_CTX_copy_ex(c->work, m->inner));
	for (size_t i = 0; i < n; i++)
		worked(EVP_DigestUpdate(c->work, piece[i].p, piece[i].n));
	worked(EVP_DigestFinal_ex(c->work, inner, NULL));
	worked(EVP_MD_CTX_copy_ex(c->work, m->outer));
	worked(EVP_DigestUpdate(c->work, inner, HASH));
	worked(EVP_DigestFinal_ex(c->work, out, NULL));
	secret_wipe(inner, sizeof(inner));
}

void
digest_make(struct crypt *c, const struct str *piece, size_t n, uint8_t out[32])
{
	worked(EVP_DigestInit_ex2(c->work, c->sha256, NULL));
	for (size_t i = 0; i < n; i++)
		worked(EVP_DigestUpdate(c->work, piece[i].p, piece[i].n));
	worked(EVP_DigestFinal_ex(c->work, out, NULL));
}

void
hkdf(struct crypt *c, struct str key, struct str salt, struct str info,
    uint8_t out[64])
{
	const struct str first = { (char *)out, HASH };
	uint8_t prk[HASH];

	mac_key(c, &c->extract, salt);
	mac_make(c, &c->extract, &key, 1, prk);
	mac_key(c, &c->expand, (struct str) { (char *)prk, HASH });
	mac_make(c, &c->expand, (struct str[]) { info, STR("\1") }, 2, out);
	mac_make(c, &c->expand, (struct str[]) { first, info, STR("\2") }, 3,
	    out + HASH);
	secret_wipe(prk, sizeof(prk));
}

void
key_derive(struct crypt *c, const uint8_t key[KEY_BYTES], const char *label,
    uint64_t number, uint8_t out[KEY_BYTES])
{
	const struct str root = { (const char *)key, KEY_BYTES };
	uint8_t okm[64];
	char text[64];
	struct buf info = { .p = text, .cap = sizeof(text), .max = sizeof(text) };

	buf_z(&info, "usher/kdf/");
	buf_lp(&info, str_of(label));
	buf_u64(&info, number);
	must(!info.over);
	hkdf(c, root, STR(""), buf_view(&info), okm);
	memcpy(out, okm, KEY_BYTES);
	secret_wipe(okm, sizeof(okm));
}

void
chance(struct crypt *c, void *out, size_t n)
{
	uint8_t *p;

	must(n <= CHANCE_BYTES);
	if (c->chance_left < n) {
		random_bytes(c->chance.p, CHANCE_BYTES);
		c->chance_left = CHANCE_BYTES;
	}
	p = c->chance.p + c->chance_left - n;
	memcpy(out, p, n);
	secret_wipe(p, n);
	c->chance_left -= n;
}

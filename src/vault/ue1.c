/* SPDX-License-Identifier: Apache-2.0 */
/* ue1.c - see ue1.h. */
#include "vault/ue1.h"

#include <string.h>

#define AT_KEY_ID 1
#define AT_SALT	  (AT_KEY_ID + 8)
#define AT_COMMIT (AT_SALT + 32)
#define AT_TEXT	  (AT_COMMIT + 32)
#define TAG	  16
#define LENGTH	  4		/* of the text, before it */
#define SMALLEST  32
#define DOUBLING  4096		/* powers of two up to here, then whole STEPs */
#define STEP	  1024
#define INFO_MAX  192
#define SCHEMA	  1		/* of the context below */

static const uint8_t nonce[12];	/* zero: the key is for one message */
static const uint8_t zeros[DOUBLING];

/* "usher/ue1" || suite || ctx, of which ctx alone is the additional data. */
struct info {
	char	    bytes[INFO_MAX];
	struct str  all, ctx;
};

static size_t padded(size_t);
static void info_make(const struct ue1_context *, struct info *);
static void hedged_salt(struct crypt *, struct str ctx, struct str text,
    uint8_t salt[32]);
static void encrypt(struct crypt *, const uint8_t key[32], struct str ctx,
    struct str text, uint8_t *out);
static bool decrypt(struct crypt *, const uint8_t key[32], struct str ctx,
    struct ue1_blob *);
static bool unpad(struct ue1_blob *);
static void worked(int);

size_t
ue1_size(size_t text)
{
	return UE1_OVERHEAD + padded(LENGTH + text);
}

static size_t
padded(size_t n)
{
	size_t size = SMALLEST;

	if (n > DOUBLING)
		return (n + STEP - 1) / STEP * STEP;
	while (size < n)
		size *= 2;
	return size;
}

void
ue1_seal(struct crypt *c, const struct ue1_key *key,
    const struct ue1_context *context, struct str text, uint8_t *out)
{
	const struct str k = { (const char *)key->bytes, KEY_BYTES };
	const struct str salt = { (char *)out + AT_SALT, 32 };
	struct info info;
	uint8_t okm[64];

	must(text.n < UINT32_MAX / 2);
	info_make(context, &info);
	out[0] = UE1_SUITE;
	for (size_t i = 0; i < 8; i++)
		out[AT_KEY_ID + i] = (uint8_t)(key->id >> (56 - 8 * i));
	hedged_salt(c, info.ctx, text, out + AT_SALT);
	hkdf(c, k, salt, info.all, okm);
	memcpy(out + AT_COMMIT, okm + 32, 32);
	encrypt(c, okm, info.ctx, text, out + AT_TEXT);
	secret_wipe(okm, sizeof(okm));
}

/*
 * Every part has a fixed size or its length before it, so no two contexts give
 * the same bytes.
 */
static void
info_make(const struct ue1_context *x, struct info *info)
{
	struct buf b = { .p = info->bytes, .cap = INFO_MAX, .max = INFO_MAX };
	size_t fixed;

	buf_z(&b, "usher/ue1");
	buf_u8(&b, UE1_SUITE);
	fixed = b.n;
	buf_lp(&b, str_of(x->purpose));
	buf_lp(&b, (struct str) { (const char *)x->deployment, 16 });
	buf_u32(&b, 4);
	buf_u32(&b, x->tenant);
	buf_u32(&b, 8);
	buf_u64(&b, (uint64_t)x->user);
	buf_u32(&b, (uint32_t)strlen(x->field) + 8);
	buf_z(&b, x->field);
	buf_u64(&b, (uint64_t)x->number);
	buf_u64(&b, (uint64_t)x->key_version);
	buf_u32(&b, SCHEMA);
	must(!b.over);
	info->all = buf_view(&b);
	info->ctx = str_sub(info->all, fixed, b.n - fixed);
}

static void
hedged_salt(struct crypt *c, struct str ctx, struct str text, uint8_t salt[32])
{
	uint8_t in[64];

	chance(c, in, 32);
	digest_make(c, (struct str[]) { ctx, text }, 2, in + 32);
	mac_make(
	    c, &c->hedge, &(struct str) { (char *)in, sizeof(in) }, 1, salt);
}

static void
encrypt(struct crypt *c, const uint8_t key[32], struct str ctx, struct str text,
    uint8_t *out)
{
	const size_t n = text.n, zero = padded(LENGTH + n) - LENGTH - n;
	const uint8_t length[LENGTH] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n };
	EVP_CIPHER_CTX *x = c->seal;
	int done;

	worked(EVP_EncryptInit_ex2(x, NULL, key, nonce, NULL));
	worked(EVP_EncryptUpdate(
	    x, NULL, &done, (const uint8_t *)ctx.p, (int)ctx.n));
	worked(EVP_EncryptUpdate(x, out, &done, length, LENGTH));
	if (n > 0)
		worked(EVP_EncryptUpdate(
		    x, out + LENGTH, &done, (const uint8_t *)text.p, (int)n));
	if (zero > 0)
		worked(EVP_EncryptUpdate(
		    x, out + LENGTH + n, &done, zeros, (int)zero));
	out += LENGTH + n + zero;
	worked(EVP_EncryptFinal_ex(x, out, &done));
	worked(EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, TAG, out));
}

bool
ue1_open(struct crypt *c, const struct ue1_key *key,
    const struct ue1_context *context, struct ue1_blob *blob)
{
	const struct str k = { (const char *)key->bytes, KEY_BYTES };
	struct str bytes = { (char *)blob->p, blob->n }, commit;
	struct info info;
	uint8_t okm[64];
	uint64_t id;
	bool ok;

	if (!ue1_key_id(bytes, &id) || id != key->id)
		return false;
	info_make(context, &info);
	hkdf(c, k, str_sub(bytes, AT_SALT, 32), info.all, okm);
	commit = (struct str) { (char *)okm + 32, 32 };
	ok = str_eq_secret(commit, str_sub(bytes, AT_COMMIT, 32)) &&
	    decrypt(c, okm, info.ctx, blob);
	secret_wipe(okm, sizeof(okm));
	return ok;
}

bool
ue1_key_id(struct str blob, uint64_t *id)
{
	struct cursor c = { .left = blob };

	if (blob.n < UE1_OVERHEAD + SMALLEST || get_u8(&c) != UE1_SUITE)
		return false;
	*id = get_u64(&c);
	return true;
}

static bool
decrypt(struct crypt *c, const uint8_t key[32], struct str ctx,
    struct ue1_blob *blob)
{
	struct ue1_blob text = { blob->p + AT_TEXT, blob->n - UE1_OVERHEAD };
	EVP_CIPHER_CTX *x = c->open;
	int done;
	bool ok;

	worked(EVP_DecryptInit_ex2(x, NULL, key, nonce, NULL));
	worked(EVP_DecryptUpdate(
	    x, NULL, &done, (const uint8_t *)ctx.p, (int)ctx.n));
	worked(EVP_DecryptUpdate(x, text.p, &done, text.p, (int)text.n));
	worked(EVP_CIPHER_CTX_ctrl(
	    x, EVP_CTRL_AEAD_SET_TAG, TAG, text.p + text.n));
	ok =
	    EVP_DecryptFinal_ex(x, text.p + text.n, &done) == 1 && unpad(&text);
	if (!ok) {
		secret_wipe(blob->p, blob->n);
		return false;
	}
	*blob = text;
	return true;
}

/* The length must be the one that gives this padding, and the padding zeros. */
static bool
unpad(struct ue1_blob *text)
{
	struct cursor c = { .left = { (char *)text->p, text->n } };
	uint32_t n = get_u32(&c);

	if (c.bad || n > c.left.n || padded(LENGTH + (size_t)n) != text->n)
		return false;
	for (size_t i = n; i < c.left.n; i++)
		if (c.left.p[i] != 0)
			return false;
	*text = (struct ue1_blob) { text->p + LENGTH, n };
	return true;
}

static void
worked(int ok)
{
	if (ok != 1)
		fatal("libcrypto");
}

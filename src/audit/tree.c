/* SPDX-License-Identifier: Apache-2.0 */
/* tree.c - hashing, and the frontier of a tree that only grows. */
#include "audit/tree.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define SIZE_MAX_LEAVES ((UINT64_C(1) << TREE_LEVELS) - 1)

/*
 * A digest context costs five times a small hash to make, so each thread keeps
 * one; libcrypto frees it when the thread ends.
 */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static CRYPTO_THREAD_LOCAL kept;
static EVP_MD *md;

static void digest(uint8_t prefix, const struct str *part, size_t n,
    struct hash *out);
static EVP_MD_CTX *digest_ctx(void);
static void digest_once(void);
static void digest_free(void *);
static size_t nodes_of(uint64_t size);
static uint64_t read_u64(const uint8_t *);

#define NO_PREFIX 0xff
#define LEAF	  0x00
#define NODE	  0x01

void
sha256(struct str bytes, struct hash *out)
{
	digest(NO_PREFIX, &bytes, 1, out);
}

void
tree_leaf(struct str entry, struct hash *out)
{
	digest(LEAF, &entry, 1, out);
}

void
tree_node(const struct hash *left, const struct hash *right, struct hash *out)
{
	const struct str part[] = {
		{ (const char *)left->bytes, sizeof(left->bytes) },
		{ (const char *)right->bytes, sizeof(right->bytes) },
	};

	digest(NODE, part, COUNT(part), out);
}

void
frontier_append(struct frontier *f, const struct hash *leaf)
{
	size_t n = nodes_of(f->size);

	must(f->size < SIZE_MAX_LEAVES);
	f->node[n] = *leaf;
	/* Each trailing one of size is a full subtree that pairs up with it. */
	for (uint64_t bits = f->size; (bits & 1) != 0; bits >>= 1, n--)
		tree_node(&f->node[n - 1], &f->node[n], &f->node[n - 1]);
	f->size++;
}

void
frontier_root(const struct frontier *f, struct hash *root)
{
	size_t n = nodes_of(f->size);

	if (n == 0) {
		sha256(STR(""), root);
		return;
	}
	*root = f->node[n - 1];
	for (size_t i = n - 1; i-- > 0;)
		tree_node(&f->node[i], root, root);
}

size_t
frontier_encode(const struct frontier *f, uint8_t out[FRONTIER_BYTES_MAX])
{
	size_t n = nodes_of(f->size);

	must(f->size <= SIZE_MAX_LEAVES);
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(f->size >> (56 - 8 * i));
	memcpy(out + 8, f->node, n * sizeof(f->node[0]));
	return 8 + n * sizeof(f->node[0]);
}

bool
frontier_decode(struct str bytes, struct frontier *out)
{
	struct frontier f = { 0 };
	size_t n;

	if (bytes.n < 8)
		return false;
	f.size = read_u64((const uint8_t *)bytes.p);
	if (f.size > SIZE_MAX_LEAVES)
		return false;
	n = nodes_of(f.size);
	if (bytes.n != 8 + n * sizeof(f.node[0]))
		return false;
	memcpy(f.node, bytes.p + 8, n * sizeof(f.node[0]));
	*out = f;
	return true;
}

static void
digest(uint8_t prefix, const struct str *part, size_t n, struct hash *out)
{
	EVP_MD_CTX *ctx = digest_ctx();
	int ok = EVP_DigestInit_ex2(ctx, NULL, NULL);

	if (prefix != NO_PREFIX)
		ok &= EVP_DigestUpdate(ctx, &prefix, 1);
	for (size_t i = 0; i < n; i++)
		ok &= EVP_DigestUpdate(ctx, part[i].p, part[i].n);
	ok &= EVP_DigestFinal_ex(ctx, out->bytes, NULL);
	must(ok == 1);
}

static EVP_MD_CTX *
digest_ctx(void)
{
	EVP_MD_CTX *ctx;

	if (CRYPTO_THREAD_run_once(&once, digest_once) != 1 || md == NULL)
		fatal("SHA-256 of libcrypto");
	ctx = CRYPTO_THREAD_get_local(&kept);
	if (ctx != NULL)
		return ctx;
	ctx = EVP_MD_CTX_new();
	if (ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    CRYPTO_THREAD_set_local(&kept, ctx) != 1)
		fatal("a SHA-256 context");
	return ctx;
}

static void
digest_once(void)
{
	if (CRYPTO_THREAD_init_local(&kept, digest_free) == 1)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void
digest_free(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static size_t
nodes_of(uint64_t size)
{
	return (size_t)__builtin_popcountll(size);
}

static uint64_t
read_u64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

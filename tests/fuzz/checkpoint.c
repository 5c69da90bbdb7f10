/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint.c - notes, verifier keys and stored frontiers.  The first byte
 * says what the others are:
 *
 *	n  a whole note		 s  a text, to be signed with the right key
 *	v  a verifier key	 f  a frontier
 *
 * Whatever is accepted is written back as it was.
 */
#include "audit/note.h"

#include <string.h>

#include <openssl/evp.h>

#include "fuzz.h"

static struct arena *arena;
static EVP_PKEY *key;
static struct verifier verifier;

static void
begin(void)
{
	uint8_t seed[32], public_key[32];
	size_t n = sizeof(public_key);

	arena = arena_open(16 * 1024 * 1024);
	memset(seed, 0x5a, sizeof(seed));
	key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	must(EVP_PKEY_get_raw_public_key(key, public_key, &n) == 1);
	verifier_init(&verifier, STR("test/audit"), public_key);
}

static struct str
signed_note(struct str text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t n = sizeof(signature);

	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
	must(EVP_DigestSign(
		 ctx, signature, &n, (const uint8_t *)text.p, text.n) == 1);
	EVP_MD_CTX_free(ctx);
	return note_sign(arena, text, &verifier, signature);
}

static void
try_note(struct str note)
{
	struct checkpoint c;
	const char *why;
	bool ok = note_check(arena, note, &verifier, STR(""), &c, &why);

	must(ok == (why[0] == '\0'));
	if (ok)
		must(str_starts(note, checkpoint_text(arena, &c)));
}

static void
try_key(struct str text)
{
	struct verifier v;

	if (verifier_parse(arena, text, &v))
		must(str_eq(verifier_text(arena, &v), text));
}

static void
try_frontier(struct str bytes)
{
	uint8_t again[FRONTIER_BYTES_MAX];
	struct frontier f;
	struct hash root;
	size_t n;

	if (!frontier_decode(bytes, &f))
		return;
	n = frontier_encode(&f, again);
	must(str_eq((struct str) { (const char *)again, n }, bytes));
	frontier_root(&f, &root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str bytes;

	if (n == 0)
		return 0;
	if (arena == NULL)
		begin();
	arena_reset(arena);
	bytes = (struct str) { (const char *)p + 1, n - 1 };
	if (p[0] == 'n')
		try_note(bytes);
	else if (p[0] == 's')
		try_note(signed_note(bytes));
	else if (p[0] == 'v')
		try_key(bytes);
	else if (p[0] == 'f')
		try_frontier(bytes);
	return 0;
}

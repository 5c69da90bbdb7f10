/* SPDX-License-Identifier: Apache-2.0 */
/* note.c - the text of checkpoints, strictly: one text, one encoding. */
#include "audit/note.h"

#include <inttypes.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"

#define ED25519		    0x01	/* signature type of C2SP signed-note */
#define SIGNATURE_BYTES	    64
#define NOTE_BYTES_MAX	    65536
#define NOTE_SIGNATURES_MAX 16		/* the log's own and its witnesses' */
#define DASH		    "\xe2\x80\x94 " /* U+2014, space */

static bool text_parse(struct arena *, struct str *left, struct checkpoint *,
    struct str *text);
static bool size_parse(struct str, uint64_t *);
static bool signatures_check(struct arena *, struct str lines, struct str text,
    const struct verifier *, const char **why);
static bool signature_parse(struct arena *, struct str line, struct str *name,
    struct str *bytes);
static bool is_name(struct str);
static bool unbase64(struct arena *, struct str text, struct str *out);
static struct str next_line(struct str *left);

void
verifier_init(struct verifier *v, struct str name, const uint8_t public_key[32])
{
	char bytes[256 + 2 + 32];
	struct hash hash;

	must(is_name(name));
	memcpy(bytes, name.p, name.n);
	bytes[name.n] = '\n';
	bytes[name.n + 1] = ED25519;
	memcpy(bytes + name.n + 2, public_key, 32);
	sha256((struct str) { bytes, name.n + 2 + 32 }, &hash);

	v->name = name;
	memcpy(v->hash, hash.bytes, sizeof(v->hash));
	memcpy(v->public_key, public_key, 32);
}

bool
verifier_parse(struct arena *a, struct str vkey, struct verifier *out)
{
	struct str left = vkey, key;
	struct str name = str_cut(&left, '+');

	str_cut(&left, '+');
	if (!is_name(name) || !unbase64(a, left, &key) || key.n != 1 + 32 ||
	    key.p[0] != ED25519)
		return false;
	verifier_init(out, name, (const uint8_t *)key.p + 1);
	return str_eq(verifier_text(a, out), vkey);
}

struct str
verifier_text(struct arena *a, const struct verifier *v)
{
	char key[1 + 32] = { ED25519 };
	struct str hash, base64;

	memcpy(key + 1, v->public_key, 32);
	hash = str_hex(a, (struct str) { (const char *)v->hash, 4 });
	base64 = str_base64(a, (struct str) { key, sizeof(key) });
	return str_fmt(a, "%.*s+%.*s+%.*s", STR_ARG(v->name), STR_ARG(hash),
	    STR_ARG(base64));
}

struct str
checkpoint_text(struct arena *a, const struct checkpoint *c)
{
	const struct str bytes = { (const char *)c->root.bytes, 32 };
	struct str root = str_base64(a, bytes);

	return str_fmt(a, "%.*s\n%" PRIu64 "\n%.*s\n", STR_ARG(c->origin),
	    c->size, STR_ARG(root));
}

struct str
note_sign(struct arena *a, struct str text, const struct verifier *v,
    const uint8_t signature[64])
{
	char bytes[4 + SIGNATURE_BYTES];
	struct str base64;

	memcpy(bytes, v->hash, 4);
	memcpy(bytes + 4, signature, SIGNATURE_BYTES);
	base64 = str_base64(a, (struct str) { bytes, sizeof(bytes) });
	return str_fmt(a, "%.*s\n" DASH "%.*s %.*s\n", STR_ARG(text),
	    STR_ARG(v->name), STR_ARG(base64));
}

bool
note_check(struct arena *a, struct str note, const struct verifier *v,
    struct str origin, struct checkpoint *out, const char **why)
{
	struct str left = note, text;
	struct checkpoint c;

	*why = "it is not a checkpoint in the one form that is allowed";
	if (note.n > NOTE_BYTES_MAX || !text_parse(a, &left, &c, &text))
		return false;
	if (!signatures_check(a, left, text, v, why))
		return false;
	*why = "it is the checkpoint of another log";
	if (origin.n > 0 && !str_eq(origin, c.origin))
		return false;
	*out = c;
	*why = "";
	return true;
}

/* Takes the three lines and the empty one off LEFT. */
static bool
text_parse(
    struct arena *a, struct str *left, struct checkpoint *c, struct str *text)
{
	const char *start = left->p;
	struct str size, root, bytes;

	c->origin = next_line(left);
	size = next_line(left);
	root = next_line(left);
	if (!is_name(c->origin) || !size_parse(size, &c->size) ||
	    !unbase64(a, root, &bytes) || bytes.n != sizeof(c->root))
		return false;
	memcpy(c->root.bytes, bytes.p, sizeof(c->root));
	*text = (struct str) { start, (size_t)(left->p - start) };
	if (left->n == 0 || left->p[0] != '\n')
		return false;
	*left = str_sub(*left, 1, left->n - 1);
	return true;
}

/* Decimal, no sign, no leading zero, no more than a tree can hold. */
static bool
size_parse(struct str s, uint64_t *size)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 13 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = 10 * v + (uint64_t)(s.p[i] - '0');
	}
	*size = v;
	return v < UINT64_C(1) << TREE_LEVELS;
}

/*
 * Every line must be well formed, and exactly one of them V's, which must be
 * right.  Lines of keys we do not know are witnesses' (C2SP signed-note).
 */
static bool
signatures_check(struct arena *a, struct str lines, struct str text,
    const struct verifier *v, const char **why)
{
	const struct str hash = { (const char *)v->hash, sizeof(v->hash) };
	struct str name, bytes;
	size_t n = 0, ours = 0;

	for (; lines.n > 0; n++) {
		*why = "it has a malformed signature line";
		if (n == NOTE_SIGNATURES_MAX ||
		    !signature_parse(a, next_line(&lines), &name, &bytes))
			return false;
		if (!str_eq(name, v->name) ||
		    !str_eq(str_sub(bytes, 0, 4), hash))
			continue;
		*why = "its signature is wrong";
		ours++;
		if (!signature_check(v->public_key, text,
			str_sub(bytes, 4, bytes.n - 4)))
			return false;
	}
	*why = ours == 0 ? "it is not signed with the trusted key"
			 : "it is signed twice with one key";
	return ours == 1;
}

static bool
signature_parse(
    struct arena *a, struct str line, struct str *name, struct str *bytes)
{
	const struct str dash = STR(DASH);

	if (!str_starts(line, dash))
		return false;
	line = str_sub(line, dash.n, line.n - dash.n);
	*name = str_cut(&line, ' ');
	return is_name(*name) && unbase64(a, line, bytes) && bytes->n > 4;
}

bool
signature_check(
    const uint8_t public[32], struct str text, struct str signature)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	bool ok;

	if (signature.n != SIGNATURE_BYTES)
		return false;
	key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, public, 32);
	ctx = EVP_MD_CTX_new();
	if (key == NULL || ctx == NULL)
		fatal("an Ed25519 context of libcrypto");
	ok = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, (const uint8_t *)signature.p, signature.n,
		(const uint8_t *)text.p, text.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

/* Of a key or a log: printable ASCII without space and plus, 256 at most. */
static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '+')
			return false;
	return s.n > 0 && s.n <= 256;
}

/* Only the text that encoding would give, so no bit of it is free. */
static bool
unbase64(struct arena *a, struct str text, struct str *out)
{
	return str_unbase64(a, text, out) && str_eq(str_base64(a, *out), text);
}

/* The line before the next newline; one that does not end in it is empty. */
static struct str
next_line(struct str *left)
{
	size_t n = str_find(*left, '\n');
	struct str line = { left->p, n };

	if (n == left->n) {
		*left = (struct str) { 0 };
		return (struct str) { 0 };
	}
	*left = str_sub(*left, n + 1, left->n - n - 1);
	return line;
}

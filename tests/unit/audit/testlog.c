/* SPDX-License-Identifier: Apache-2.0 */
#include "testlog.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/io.h"

#include "core/actor.h"

static struct str make_entry(struct arena *, size_t i);
static EVP_PKEY *private_key(const struct testlog *);
static void remove_own(struct testlog *);
static int remove_one(const char *, const struct stat *, int, struct FTW *);
static char *below(struct testlog *, const char *dir, const char *path);

struct testlog *
testlog_open(size_t n)
{
	struct arena *a = arena_open(1024 * 1024 * 1024);
	struct testlog *t = arena_alloc(a, sizeof(*t));
	/* In memory where that is possible: syncing costs nothing. */
	char shm[] = "/dev/shm/usher-audit-XXXXXX";
	char tmp[] = "/tmp/usher-audit-XXXXXX";
	uint8_t public_key[32];
	size_t size = sizeof(public_key);
	EVP_PKEY *key;

	t->arena = t->cx.arena = a;
	memset(t->seed, 0x5a, sizeof(t->seed));
	key = private_key(t);
	must(EVP_PKEY_get_raw_public_key(key, public_key, &size) == 1);
	EVP_PKEY_free(key);
	verifier_init(&t->key, STR("test/audit"), public_key);
	t->vkey = verifier_text(a, &t->key);
	t->folder =
	    str_copy(a, str_of(mkdtemp(shm) != NULL ? shm : mkdtemp(tmp)));
	must(t->folder.n > 0);
	t->own = true;

	t->n = n;
	t->entry = arena_array(a, n + 1, sizeof(*t->entry));
	for (size_t i = 0; i < n; i++)
		t->entry[i] = make_entry(a, i);
	t->note = testlog_note(t, TEST_ORIGIN, t->entry, n);
	return t;
}

void
testlog_close(struct testlog *t)
{
	remove_own(t);
	arena_close(t->arena);
}

void
testlog_move(struct testlog *t, const char *folder)
{
	remove_own(t);
	t->own = false;
	t->folder = str_copy(t->arena, str_of(folder));
}

const char *
testlog_folder(struct testlog *t)
{
	return str_z(t->arena,
	    str_fmt(t->arena, "%.*s/%u", STR_ARG(t->folder), t->nfolder++));
}

struct str
testlog_note(
    struct testlog *t, const char *origin, const struct str *entry, size_t n)
{
	struct checkpoint c = { .origin = str_of(origin), .size = n };
	struct frontier f = { 0 };
	struct hash leaf;

	for (size_t i = 0; i < n; i++) {
		tree_leaf(entry[i], &leaf);
		frontier_append(&f, &leaf);
	}
	frontier_root(&f, &c.root);
	return testlog_sign(t, checkpoint_text(t->arena, &c));
}

struct str
testlog_sign(struct testlog *t, struct str text)
{
	EVP_PKEY *key = private_key(t);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t n = sizeof(signature);

	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
	must(EVP_DigestSign(
		 ctx, signature, &n, (const uint8_t *)text.p, text.n) == 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return note_sign(t->arena, text, &t->key, signature);
}

const char *
testlog_export(
    struct testlog *t, const struct str *entry, size_t n, struct str note)
{
	const char *dir = testlog_folder(t);
	struct tile_writer *w;

	must(tile_writer_open(&t->cx, dir, &w) == OK);
	for (size_t i = 0; i < n; i++)
		must(tile_writer_add(&t->cx, w, entry[i]) == OK);
	must(tile_writer_close(&t->cx, w, note, t->vkey) == OK);
	return dir;
}

struct str
file_get(struct testlog *t, const char *dir, const char *path)
{
	struct str s;

	must(file_read(t->arena, below(t, dir, path), 32 * 1024 * 1024, &s));
	return s;
}

void
file_put(struct testlog *t, const char *dir, const char *path, struct str s)
{
	char *file = below(t, dir, path), *p = file;
	FILE *f;

	while ((p = strchr(p + 1, '/')) != NULL) {
		*p = '\0';
		must(mkdir(file, 0700) == 0 || errno == EEXIST);
		*p = '/';
	}
	f = fopen(file, "wb");
	must(f != NULL && fwrite(s.p, 1, s.n, f) == s.n && fclose(f) == 0);
}

struct str
flipped(struct arena *a, struct str bytes, size_t bit)
{
	char *p = arena_copy(a, bytes.p, bytes.n);

	must(bit < 8 * bytes.n);
	p[bit / 8] = (char)(p[bit / 8] ^ 1 << bit % 8);
	return (struct str) { p, bytes.n };
}

void
tamper(struct testlog *t, const char *dir, const struct tamper *how)
{
	char *path = below(t, dir, how->path);
	char *aside = below(t, dir, "../aside");
	struct str s = { 0 };
	char *more;

	if (how->how < FOLDER)
		s = file_get(t, dir, how->path);
	switch (how->how) {
	case FLIP:
		file_put(t, dir, how->path, flipped(t->arena, s, how->n));
		return;
	case CUT:
		must(how->n <= s.n);
		file_put(t, dir, how->path, str_sub(s, 0, s.n - how->n));
		return;
	case GROW:
		more = arena_alloc(t->arena, s.n + 1);
		memcpy(more, s.p, s.n);
		file_put(t, dir, how->path, (struct str) { more, s.n + 1 });
		return;
	case MOVE:
	case COPY:
		file_put(t, dir, how->to, s);
		must(how->how == COPY || remove(path) == 0);
		return;
	case DROP:
		must(remove(path) == 0);
		return;
	case FOLDER:
		must(mkdir(path, 0700) == 0);
		return;
	case LINK:
		must(rename(path, aside) == 0 && symlink(aside, path) == 0);
		return;
	}
}

/* Some with digests, some with changes, some with a sealed part. */
static struct str
make_entry(struct arena *a, size_t i)
{
	const struct str text = STR("sixteen byte id!"
				    "thirty-two bytes of a digest here");
	const struct change change[] = {
		{ CHANGE_SEAT, 7, 3, 0, 1 + (int64_t)i },
		{ CHANGE_WAIT, -1, 0, 1, 0 },
	};
	struct entry e = {
		.time_ms = 1795000000000 + (int64_t)i * 40 - (i % 3) * 1000,
		.node = 1,
		.request_id = str_sub(text, 0, i % 5 == 0 ? 0 : 16),
		.actor_kind = ACTOR_CLIENT,
		.actor = 1000 + (int64_t)i,
		.factors = FACTOR_TOKEN,
		.action = (enum action)(1 + i % (ACTION_COUNT - 1)),
		.subject_kind =
		    (enum subject_kind)(1 + i % (SUBJECT_COUNT - 1)),
		.subject = (int64_t)i,
		.after = str_sub(text, 16, i % 8 == 1 ? 32 : 0),
		.change = change,
		.nchange = i % 10 == 3 ? i % 20 / 10 + 1 : 0,
		.sealed = str_sub(text, 0, i % 6 == 2 ? 1 + i % 40 : 0),
	};

	e.key_version = e.sealed.n > 0;
	return entry_encode(a, &e);
}

static EVP_PKEY *
private_key(const struct testlog *t)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, t->seed, sizeof(t->seed));

	must(key != NULL);
	return key;
}

static void
remove_own(struct testlog *t)
{
	if (t->own)
		must(nftw(str_z(t->arena, t->folder), remove_one, 16,
			 FTW_DEPTH | FTW_PHYS) == 0);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw; /* nftw's signature */
	return remove(path);
}

static char *
below(struct testlog *t, const char *dir, const char *path)
{
	return str_z(t->arena, str_fmt(t->arena, "%s/%s", dir, path));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* archive.c - all keys under a passphrase, and a folder from them. */
#include "vault/store_int.h"

#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/clock.h"

#define MAGIC	       "usher-keys-1\n"
#define PASSES_MAX     16
#define MEMORY_KIB_MAX (1u << 20)

/* 128 MiB, three passes: below a second, and far above OWASP's least. */
const struct archive_cost archive_cost = { .passes = 3, .memory_kib = 128 << 10 };

static const uint8_t no_deployment[16];

static const struct ue1_context archive_context = {
	.purpose = "keys", .field = "archive", .deployment = no_deployment,
};

static bool unseal(struct crypt *, struct str archive, struct str passphrase,
    struct secret *text);
static bool lay(struct crypt *, const char *dir, struct str text);
static bool is_empty(const char *dir);

bool
archive_key(struct str passphrase, const uint8_t salt[ARCHIVE_SALT],
    const struct archive_cost *cost, uint8_t key[KEY_BYTES])
{
	_Static_assert(ARCHIVE_SALT == crypto_pwhash_SALTBYTES, "salt");

	return crypto_pwhash(key, KEY_BYTES, passphrase.p, passphrase.n, salt,
		   cost->passes, (size_t)cost->memory_kib << 10,
		   crypto_pwhash_ALG_ARGON2ID13) == 0;
}

void
archive_make(const struct keys *k, const struct heads *h,
    const uint8_t key[KEY_BYTES], const uint8_t salt[ARCHIVE_SALT],
    struct buf *out)
{
	struct secret keys, text;
	struct buf heads, b;

	buf_init(&heads, NULL, ARCHIVE_MAX / 2);
	heads_encode(h, &heads);
	must(!heads.over);
	keys_encode(k, &keys);
	secret_open(&text, 4 + keys.n + 4 + heads.n);
	b = secret_buf(&text);
	buf_lp(&b, secret_view(&keys));
	buf_lp(&b, buf_view(&heads));
	must(!b.over);

	buf_z(out, MAGIC);
	buf_u32(out, archive_cost.passes);
	buf_u32(out, archive_cost.memory_kib);
	buf_bytes(out, salt, ARCHIVE_SALT);
	store_seal(k->crypt, key, &archive_context, buf_view(&b), out);
	must(!out->over);

	secret_close(&keys);
	secret_close(&text);
	buf_fini(&heads);
}

bool
archive_restore(struct crypt *c, const char *dir, struct str archive,
    struct str passphrase, const char **why)
{
	struct secret text;
	bool ok;

	*why = "folder_has_keys";
	if (!is_empty(dir))
		return false;
	*why = "archive_or_passphrase";
	if (!unseal(c, archive, passphrase, &text))
		return false;
	*why = "disk_or_archive";
	ok = lay(c, dir, secret_view(&text));
	secret_close(&text);
	return ok;
}

static bool
is_empty(const char *dir)
{
	const char *const files[] = { MASTER_FILE, STORE_FILE, HEADS_FILE };
	struct stat st;
	bool empty = true;

	for (size_t i = 0; i < COUNT(files); i++) {
		char *path = store_path(dir, files[i]);

		if (lstat(path, &st) == 0)
			empty = false;
		heap_free(path);
	}
	return empty;
}

/* The costs are the archive's, within what a machine can bear. */
static bool
unseal(struct crypt *c, struct str archive, struct str passphrase,
    struct secret *text)
{
	struct cursor in = { .left = archive };
	struct archive_cost cost;
	struct str salt;
	uint8_t key[KEY_BYTES];
	bool ok;

	if (!str_eq(get_bytes(&in, sizeof(MAGIC) - 1), STR(MAGIC)))
		return false;
	cost.passes = get_u32(&in);
	cost.memory_kib = get_u32(&in);
	salt = get_bytes(&in, ARCHIVE_SALT);
	if (in.bad || cost.passes > PASSES_MAX ||
	    cost.memory_kib > MEMORY_KIB_MAX)
		return false;
	ok = archive_key(passphrase, (const uint8_t *)salt.p, &cost, key) &&
	    store_unseal(c, key, &archive_context, in.left, text);
	secret_wipe(key, sizeof(key));
	return ok;
}

static bool
lay(struct crypt *c, const char *dir, struct str text)
{
	struct cursor in = { .left = text };
	struct str bytes = get_lp(&in), heads_bytes = get_lp(&in);
	struct keys keys;
	struct heads heads;
	struct buf records;
	bool ok;

	keys_open(&keys, c);
	heads_open(&heads, c);
	buf_init(&records, NULL, HEADS_FILE_MAX);
	/* A master key of its own: the old one may be why we are here. */
	random_bytes(keys.root->master, KEY_BYTES);
	store_heads_key(&keys, &heads);
	ok = get_end(&in) && keys_decode(&keys, bytes) &&
	    heads_decode(&heads, heads_bytes);
	if (ok) {
		heads_records(&heads, &records);
		keys.dir = store_path(dir, "");
		ok = !records.over &&
		    store_write(&keys, dir, buf_view(&records));
	}
	buf_fini(&records);
	heads_close(&heads);
	keys_close(&keys);
	return ok;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - keys on disk: the folder's three files. */
#include "vault/store.h"
#include "vault/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"

static const uint8_t no_deployment[16];

static bool folder_is_ours(const char *dir);
static bool is_new(const char *dir);
static bool make(struct keys *, const char *dir, const char **why);
static bool load(struct keys *, const char *dir, const char **why);
static bool master_load(struct keys *, const char *path, const char **why);
static bool keys_unseal(struct keys *, struct str blob);
static void overwrite(int fd);

/* What stands in the blob is what makes the deployment known, so no context. */
static const struct ue1_context store_context = {
	.purpose = "keys", .field = "store", .deployment = no_deployment,
};

bool
store_load(struct keys *k, struct heads *h, const char *dir, const char **why)
{
	char *path = store_path(dir, HEADS_FILE);
	bool ok;

	k->dir = heap_alloc(strlen(dir) + 1, 1);
	memcpy(k->dir, dir, strlen(dir));
	*why = "folder_is_not_ours";
	ok = folder_is_ours(dir) &&
	    (is_new(dir) ? make(k, dir, why) : load(k, dir, why));
	if (ok) {
		*why = "heads_missing";
		store_heads_key(k, h);
		ok = heads_load(h, path);
	}
	heap_free(path);
	return ok;
}

void
store_heads_key(const struct keys *k, struct heads *h)
{
	uint8_t key[KEY_BYTES];

	key_derive(k->crypt, k->root->master, "heads", 0, key);
	heads_key(h, key);
	secret_wipe(key, sizeof(key));
}

char *
store_path(const char *dir, const char *file)
{
	const size_t n = strlen(dir) + 1 + strlen(file) + 1;
	char *path = heap_alloc(n, 1);

	snprintf(path, n, "%s/%s", dir, file);
	return path;
}

/* Nobody else may put files in it. */
static bool
folder_is_ours(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_uid == geteuid() || st.st_uid == 0) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/*
 * kek.store is written last, so a folder without it, whose log of heads is
 * missing or empty, never sealed anything: a first start that was cut short.
 */
static bool
is_new(const char *dir)
{
	char *store = store_path(dir, STORE_FILE);
	char *heads = store_path(dir, HEADS_FILE);
	struct stat st;
	bool is_first = stat(store, &st) != 0 && errno == ENOENT;

	if (is_first && stat(heads, &st) == 0)
		is_first = st.st_size == 0;
	else
		is_first = is_first && errno == ENOENT;
	heap_free(store);
	heap_free(heads);
	return is_first;
}

static bool
make(struct keys *k, const char *dir, const char **why)
{
	char *path = store_path(dir, MASTER_FILE);
	struct stat st;
	bool ok;

	keys_make(k);
	/* A master key may have been laid there beforehand. */
	ok = stat(path, &st) != 0 || master_load(k, path, why);
	if (ok) {
		*why = "disk";
		ok = store_write(k, dir, STR(""));
	}
	heap_free(path);
	return ok;
}

bool
store_write(const struct keys *k, const char *dir, struct str heads)
{
	const struct str master = { (char *)k->root->master, KEY_BYTES };
	char *key = store_path(dir, MASTER_FILE);
	char *log = store_path(dir, HEADS_FILE);
	bool ok = file_replace(key, master, 0600) &&
	    file_replace(log, heads, 0600) && store_save(k);

	heap_free(key);
	heap_free(log);
	return ok;
}

bool
store_save(const struct keys *k)
{
	struct secret text;
	struct buf blob;
	char *path;
	bool ok;

	if (k->dir == NULL)
		return true;
	path = store_path(k->dir, STORE_FILE);
	buf_init(&blob, NULL, ARCHIVE_MAX);
	keys_encode(k, &text);
	store_seal(k->crypt, k->root->master, &store_context,
	    secret_view(&text), &blob);
	ok = !blob.over && file_replace(path, buf_view(&blob), 0600);
	secret_close(&text);
	buf_fini(&blob);
	heap_free(path);
	return ok;
}

bool
store_forget(struct keys *k, uint32_t tenant)
{
	int old = -1;

	if (k->dir != NULL) {
		char *path = store_path(k->dir, STORE_FILE);

		old = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		heap_free(path);
	}
	keys_tenant_hide(k, tenant, true);
	if (!store_save(k)) {
		keys_tenant_hide(k, tenant, false);
		if (old >= 0)
			close(old);
		return false;
	}
	keys_tenant_drop(k, tenant);
	if (old >= 0)
		overwrite(old);
	return true;
}

/* The file has no name any more; what it held is not left on the disk for whoever has the master key. */
static void
overwrite(int fd)
{
	static const char zeros[4096];
	struct stat st;

	if (fstat(fd, &st) != 0)
		fatal("the old kek.store");
	for (off_t left = st.st_size; left > 0;) {
		size_t n =
		    left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);

		if (!fd_write_all(fd, (struct str) { zeros, n }))
			fatal("the old kek.store");
		left -= (off_t)n;
	}
	fd_sync(fd);
	close(fd);
}

void
store_seal(struct crypt *c, const uint8_t key[KEY_BYTES],
    const struct ue1_context *context, struct str text, struct buf *out)
{
	const struct ue1_key k = { key, 0 };
	const size_t n = ue1_size(text.n);
	char *p = buf_reserve(out, n);

	if (p == NULL)
		return;
	ue1_seal(c, &k, context, text, (uint8_t *)p);
	out->n += n;
}

bool
store_unseal(struct crypt *c, const uint8_t key[KEY_BYTES],
    const struct ue1_context *context, struct str blob, struct secret *text)
{
	const struct ue1_key k = { key, 0 };
	struct ue1_blob in;

	if (blob.n == 0)
		return false;
	secret_open(text, blob.n);
	memcpy(text->p, blob.p, blob.n);
	in = (struct ue1_blob) { text->p, text->n };
	if (!ue1_open(c, &k, context, &in)) {
		secret_close(text);
		return false;
	}
	memmove(text->p, in.p, in.n);
	text->n = in.n;
	return true;
}

static bool
load(struct keys *k, const char *dir, const char **why)
{
	struct arena *a = arena_open(ARCHIVE_MAX + (1 << 20));
	char *key = store_path(dir, MASTER_FILE);
	char *path = store_path(dir, STORE_FILE);
	struct str blob;
	bool ok = master_load(k, key, why);

	if (ok) {
		*why = "store_missing";
		ok = file_read(a, path, ARCHIVE_MAX, &blob);
	}
	if (ok) {
		*why = "store_altered";
		ok = keys_unseal(k, blob);
	}
	if (ok && k->is_older) {
		*why = "disk";
		ok = store_save(k);
	}
	heap_free(key);
	heap_free(path);
	arena_close(a);
	return ok;
}

/* A master key that others can read is no key any more. */
static bool
master_load(struct keys *k, const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool ok;

	*why = "master_missing";
	if (fd < 0)
		return false;
	*why = "master_exposed";
	ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) == 0 &&
	    (st.st_uid == geteuid() || st.st_uid == 0);
	if (ok) {
		*why = "master_altered";
		ok = st.st_size == KEY_BYTES &&
		    fd_read_all(fd, k->root->master, KEY_BYTES);
	}
	close(fd);
	return ok;
}

static bool
keys_unseal(struct keys *k, struct str blob)
{
	struct secret text;
	bool ok;

	if (!store_unseal(
		k->crypt, k->root->master, &store_context, blob, &text))
		return false;
	ok = keys_decode(k, secret_view(&text));
	secret_close(&text);
	return ok;
}

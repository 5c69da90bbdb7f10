/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.c - verifies an export on disk: first that no file is too many, then
 * bundle by bundle every byte of every file.  Memory is bounded by one bundle
 * and one folder's names.
 */
#include "audit/log_int.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"

#define NOTE_FILE_MAX (64 * 1024)
#define NAMES_MAX     4096	/* in one folder; the format needs 2,001 */
#define DEPTH_MAX     8
#define NAMES_BYTES   (NAMES_MAX * 8192)
#define BUNDLE_MEMORY (128 * 1024 * 1024)

/* The folder being verified. */
struct folder {
	struct check  check;
	const char   *dir;
	char	      full[PATH_MAX];	/* the path being looked at */
	struct tiles  tiles;
	struct arena *scratch;	/* of one bundle */
	struct str    entry[TILE_WIDTH];
};

/* The names in one folder, sorted, as paths below the export. */
struct names {
	struct arena *arena;
	const char   *path[NAMES_MAX];
	size_t	      n;
};

static enum err verify(struct ctx *, struct folder *, struct str vkey,
    struct str origin, struct str older);
static enum err open_folder(struct ctx *, const char *dir);
static bool begin(struct ctx *, struct folder *, struct str origin,
    struct str older);
static void verify_names(struct folder *, const char *path, int depth);
static bool list(struct folder *, const char *path, struct names *);
static int by_bytes(const void *, const void *);
static void verify_name(struct folder *, const char *path, int depth);
static bool is_expected(const struct folder *, const char *path);
static void verify_line(struct folder *, const char *path, struct str want,
    const char *why);
static void verify_bundles(struct folder *);
static void verify_bundle(struct folder *, const struct tile *);
static bool split(struct folder *, const struct tile *, struct str bytes);
static enum err verify_tile(void *, const struct tile *, const struct hash *);
static bool file_load(struct folder *, struct arena *, const char *path,
    size_t max, struct str *out);
static mode_t kind_of(struct folder *, const char *path);
static const char *full_path(struct folder *, const char *path);
static const char *shown(struct folder *, const char *path);

enum err
log_verify_dir(struct ctx *cx, const char *dir, struct str vkey,
    struct str origin, struct verdict *out)
{
	struct folder *f = arena_alloc(cx->arena, sizeof(*f));

	f->dir = dir;
	f->check.out = out;
	return verify(cx, f, vkey, origin, STR(""));
}

enum err
log_verify_extends(struct ctx *cx, const char *dir, struct str vkey,
    struct str older_note, struct verdict *out)
{
	struct folder *f = arena_alloc(cx->arena, sizeof(*f));

	f->dir = dir;
	f->check.out = out;
	return verify(cx, f, vkey, STR(""), older_note);
}

static enum err
verify(struct ctx *cx, struct folder *f, struct str vkey, struct str origin,
    struct str older)
{
	struct verifier key;
	struct checkpoint *c = &f->check.now;

	if (!verifier_parse(cx->arena, vkey, &key))
		return fail(cx, ERR_BAD_INPUT, MSG_AUDIT_VKEY, "vkey");
	TRY(open_folder(cx, f->dir));

	f->check.arena = cx->arena;
	f->check.key = &key;
	f->tiles.emit = verify_tile;
	f->tiles.arg = f;
	f->scratch = arena_open(BUNDLE_MEMORY);
	if (begin(cx, f, origin, older)) {
		verify_names(f, "", 0);
		verify_line(f, "vkey", vkey, "it is not the trusted key");
		verify_line(f, "origin", c->origin,
		    "it is not the origin of the checkpoint");
		verify_bundles(f);
	}
	arena_close(f->scratch);
	return OK;
}

static enum err
open_folder(struct ctx *cx, const char *dir)
{
	DIR *d = opendir(dir);

	if (d == NULL)
		return fail(cx, ERR_NOT_FOUND, MSG_AUDIT_FOLDER, "folder", dir,
		    strerror(errno));
	closedir(d);
	return OK;
}

/* The checkpoints stay while the verification runs: OLDER empty is none. */
static bool
begin(struct ctx *cx, struct folder *f, struct str origin, struct str older)
{
	struct checkpoint *c = arena_alloc(cx->arena, sizeof(*c));
	struct str note;

	*f->check.out = (struct verdict) { .at = ENTRY_UNKNOWN };
	return file_load(f, cx->arena, "checkpoint", NOTE_FILE_MAX, &note) &&
	    check_begin(&f->check, note, origin) &&
	    (older.n == 0 || check_begin_older(&f->check, older, c));
}

/* Every name below PATH must be of a file that belongs there. */
static void
verify_names(struct folder *f, const char *path, int depth)
{
	struct arena *a = arena_open(NAMES_BYTES);
	struct names *names = arena_alloc(a, sizeof(*names));

	names->arena = a;
	if (!list(f, path, names))
		finding(&f->check, ENTRY_UNKNOWN,
		    "%s: the folder cannot be read or holds too many names",
		    shown(f, path));
	else if (names->n == 0)
		finding(&f->check, ENTRY_UNKNOWN, "%s: the folder is empty",
		    shown(f, path));
	for (size_t i = 0; i < names->n && !check_failed(&f->check); i++)
		verify_name(f, names->path[i], depth);
	arena_close(a);
}

static bool
list(struct folder *f, const char *path, struct names *names)
{
	DIR *d = opendir(full_path(f, path));
	struct dirent *e;
	struct str s;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL && names->n < NAMES_MAX) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		s = path[0] == '\0'
		    ? str_of(e->d_name)
		    : str_fmt(names->arena, "%s/%s", path, e->d_name);
		names->path[names->n++] = str_z(names->arena, s);
	}
	closedir(d);
	qsort(names->path, names->n, sizeof(names->path[0]), by_bytes);
	return names->n < NAMES_MAX;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
verify_name(struct folder *f, const char *path, int depth)
{
	mode_t kind = kind_of(f, path);

	if (kind == S_IFDIR && depth < DEPTH_MAX)
		verify_names(f, path, depth + 1);
	else if (!is_expected(f, path))
		finding(&f->check, ENTRY_UNKNOWN,
		    "%s: it does not belong to a log of %" PRIu64 " entries",
		    shown(f, path), f->check.now.size);
}

static bool
is_expected(const struct folder *f, const char *path)
{
	static const char *const names[] = { "checkpoint", "origin", "vkey" };
	struct tile t;

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(path, names[i]) == 0)
			return true;
	return tile_path_parse(str_of(path), &t) &&
	    tile_belongs(&t, f->check.now.size);
}

static void
verify_line(
    struct folder *f, const char *path, struct str want, const char *why)
{
	struct str s;

	if (check_failed(&f->check) ||
	    !file_load(f, f->scratch, path, NOTE_FILE_MAX, &s))
		return;
	if (!str_eq(s, str_fmt(f->scratch, "%.*s\n", STR_ARG(want))))
		finding(&f->check, ENTRY_UNKNOWN, "%s: %s", path, why);
}

static void
verify_bundles(struct folder *f)
{
	struct tile t = { .level = TILE_ENTRIES };
	uint64_t left = f->check.now.size;

	for (; left > 0 && !check_failed(&f->check); t.n++) {
		t.width = left < TILE_WIDTH ? (size_t)left : TILE_WIDTH;
		left -= t.width;
		arena_reset(f->scratch);
		verify_bundle(f, &t);
	}
	check_end(&f->check);
}

/* The hashes first: a changed entry is told as such, not by what it became. */
static void
verify_bundle(struct folder *f, const struct tile *t)
{
	char path[TILE_PATH_MAX];
	struct hash leaf;
	struct str bytes;

	tile_path(t, path);
	if (!file_load(f, f->scratch, path, BUNDLE_BYTES_MAX, &bytes) ||
	    !split(f, t, bytes))
		return;
	for (size_t i = 0; i < t->width; i++) {
		check_leaf(&f->check, f->entry[i], &leaf);
		must(tiles_add(&f->tiles, &leaf) == OK);
	}
	if (f->check.frontier.size == f->check.now.size)
		must(tiles_end(&f->tiles) == OK);
	for (size_t i = 0; i < t->width && !check_failed(&f->check); i++)
		check_form(
		    &f->check, f->scratch, t->n * TILE_WIDTH + i, f->entry[i]);
}

static bool
split(struct folder *f, const struct tile *t, struct str bytes)
{
	struct cursor c = { .left = bytes };
	char path[TILE_PATH_MAX];
	uint64_t at = t->n * TILE_WIDTH;

	tile_path(t, path);
	for (size_t i = 0; i < t->width && !c.bad; i++, at++)
		f->entry[i] = get_bytes(&c, get_u16(&c));
	if (c.bad)
		finding(&f->check, at - 1, "%s: it ends within entry %" PRIu64,
		    path, at - 1);
	else if (!get_end(&c))
		finding(
		    &f->check, at - 1, "%s: bytes follow its last entry", path);
	return !check_failed(&f->check);
}

static enum err
verify_tile(void *folder, const struct tile *t, const struct hash *hash)
{
	struct folder *f = folder;
	char path[TILE_PATH_MAX];
	uint64_t at = ENTRY_UNKNOWN;
	struct str s;
	size_t i = 0;

	tile_path(t, path);
	if (check_failed(&f->check) ||
	    !file_load(f, f->scratch, path, TILE_WIDTH * sizeof(*hash), &s))
		return OK;
	if (s.n != t->width * sizeof(*hash)) {
		finding(&f->check, at, "%s: its length is wrong", path);
		return OK;
	}
	while (i < t->width &&
	    memcmp(s.p + i * sizeof(*hash), &hash[i], sizeof(*hash)) == 0)
		i++;
	if (i == t->width)
		return OK;
	if (t->level == 0)
		at = t->n * TILE_WIDTH + i;
	finding(&f->check, at,
	    "%s: hash %zu is not the one that the entries "
	    "give",
	    path, i);
	return OK;
}

static bool
file_load(struct folder *f, struct arena *a, const char *path, size_t max,
    struct str *out)
{
	mode_t kind = kind_of(f, path);
	const char *why = "it is not a plain file";

	if (kind == S_IFREG) {
		if (file_read(a, full_path(f, path), max, out))
			return true;
		why = errno == EFBIG ? "its length is wrong"
				     : "it cannot be read";
	} else if (kind == 0) {
		why = "the file is missing";
	}
	finding(&f->check, ENTRY_UNKNOWN, "%s: %s", path, why);
	return false;
}

/* 0 if there is nothing. */
static mode_t
kind_of(struct folder *f, const char *path)
{
	struct stat st;

	if (lstat(full_path(f, path), &st) != 0)
		return 0;
	return st.st_mode & S_IFMT;
}

/* Of no use to the kernel when too long. */
static const char *
full_path(struct folder *f, const char *path)
{
	int n = snprintf(f->full, sizeof(f->full), "%s/%s", f->dir, path);

	return n > 0 && (size_t)n < sizeof(f->full) ? f->full : "";
}

/* A stranger's file name must not play with the reader's terminal. */
static const char *
shown(struct folder *f, const char *path)
{
	char *s = str_z(f->scratch, str_sub(str_of(path), 0, 200));

	for (char *p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
	return s[0] != '\0' ? s : ".";
}

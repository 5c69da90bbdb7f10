/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.c - verifies an export on disk: first that no file is too many, then
 * bundle by bundle every byte of every file.  Memory is bounded by one bundle.
 */
#include "audit/log_int.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io.h"

#define NOTE_FILE_MAX (64 * 1024)
#define NAMES_MAX     4096	/* in one folder; the format needs 2,001 */
#define DEPTH_MAX     8
#define SCRATCH_MAX   (128 * 1024 * 1024)

struct folder {
	struct check  check;
	const char   *dir;
	struct tiles  tiles;
	struct arena *scratch;	/* of one bundle */
	struct str    entry[TILE_WIDTH];
};

/* A name below the export, and what it is. */
struct name {
	const char *path;
	bool	    is_folder, is_file;
};

static enum err verify(struct ctx *, struct folder *, struct str vkey,
    struct str origin, struct str older_note);
static bool older_checked(struct folder *, struct str note,
    struct checkpoint *);
static void verify_files(struct folder *);
static void verify_names(struct folder *, const char *path, int depth);
static void verify_name(struct folder *, const struct name *, int depth);
static bool list(struct folder *, const char *path, struct name *names,
    size_t *n);
static void name_of(struct folder *, const char *path, const char *name,
    struct name *);
static int by_path(const void *, const void *);
static bool is_expected(struct folder *, struct str path);
static void verify_line(struct folder *, const char *path, struct str want,
    const char *why);
static void verify_bundle(struct folder *, uint64_t n);
static bool split(struct folder *, const char *path, struct str bytes,
    const struct tile *);
static enum err verify_tile(void *, const struct tile *, const struct hash *);
static bool read_file(struct folder *, struct arena *, const char *path,
    size_t max, struct str *out);
static const char *printable(struct arena *, const char *path);

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

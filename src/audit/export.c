/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export.c - writes an export.  The checkpoint comes last, after everything it
 * speaks of is on the disk, so a broken export is never taken for a whole one.
 */
#include "audit/log_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#define FOLDER_MODE 0700
#define FILE_MODE   0600

struct tile_writer {
	struct ctx	*cx;		/* of the call that runs now */
	const char	*dir;
	int		 fd;		/* of dir */
	struct tiles	 tiles;
	struct frontier	 frontier;
	struct buf	 bundle;	/* entries of the bundle being filled */
};

static enum err folder_make(struct ctx *, const char *dir, int *fd);
static bool folder_empty(int fd);
static void folder_close(void *);
static enum err put_tile(void *, const struct tile *, const struct hash *);
static enum err put_bundle(struct tile_writer *);
static enum err put_note(struct tile_writer *, struct str note,
    const struct checkpoint *);
static enum err put_line(struct tile_writer *, const char *path, struct str);
static enum err put_file(struct tile_writer *, const char *path, struct str);
static int file_make(struct tile_writer *, const char *path);
static bool folders_make(int fd, const char *path);
static enum err failed(struct ctx *, const char *path);

enum err
tile_writer_open(struct ctx *cx, const char *dir, struct tile_writer **out)
{
	struct tile_writer *w = arena_alloc(cx->arena, sizeof(*w));

	TRY(folder_make(cx, dir, &w->fd));
	arena_defer(cx->arena, folder_close, w);
	w->dir = str_z(cx->arena, str_of(dir));
	w->tiles.emit = put_tile;
	w->tiles.arg = w;
	buf_init(&w->bundle, cx->arena, BUNDLE_BYTES_MAX);
	*out = w;
	return OK;
}

enum err
tile_writer_add(struct ctx *cx, struct tile_writer *w, struct str entry)
{
	struct hash leaf;

	if (entry.n > ENTRY_BYTES_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_AUDIT_ENTRY_LARGE, "entry");

	w->cx = cx;
	buf_u16(&w->bundle, (uint16_t)entry.n);
	buf_str(&w->bundle, entry);
	tree_leaf(entry, &leaf);
	frontier_append(&w->frontier, &leaf);
	if (w->frontier.size % TILE_WIDTH == 0)
		TRY(put_bundle(w));
	return tiles_add(&w->tiles, &leaf);
}

enum err
tile_writer_close(
    struct ctx *cx, struct tile_writer *w, struct str note, struct str vkey)
{
	struct verifier v;
	struct checkpoint c;
	struct hash root;
	const char *why;

	w->cx = cx;
	if (!verifier_parse(cx->arena, vkey, &v))
		return fail(cx, ERR_BAD_INPUT, MSG_AUDIT_VKEY, "vkey");
	if (!note_check(cx->arena, note, &v, STR(""), &c, &why))
		return fail(
		    cx, ERR_CONFLICT, MSG_AUDIT_NOTE, "checkpoint", why);
	frontier_root(&w->frontier, &root);
	if (c.size != w->frontier.size ||
	    memcmp(&c.root, &root, sizeof(root)) != 0)
		return fail(cx, ERR_CONFLICT, MSG_AUDIT_NOTE, "checkpoint",
		    "it does not fit the entries");

	if (w->frontier.size % TILE_WIDTH != 0)
		TRY(put_bundle(w));
	TRY(tiles_end(&w->tiles));
	TRY(put_line(w, "vkey", vkey));
	return put_note(w, note, &c);
}

static enum err
folder_make(struct ctx *cx, const char *dir, int *fd)
{
	if (mkdir(dir, FOLDER_MODE) != 0 && errno != EEXIST)
		return failed(cx, dir);
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return failed(cx, dir);
	if (folder_empty(*fd))
		return OK;
	close(*fd);
	return fail(cx, ERR_CONFLICT, MSG_AUDIT_NOT_EMPTY, "folder", dir);
}

static bool
folder_empty(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fdopendir(again);
	size_t n = 0;

	if (d == NULL)
		fatal("reading a folder");
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n <= 2; /* . and .. */
}

static void
folder_close(void *writer)
{
	close(((struct tile_writer *)writer)->fd);
}

static enum err
put_tile(void *writer, const struct tile *t, const struct hash *hash)
{
	const struct str bytes = { (const char *)hash, t->width * sizeof(*hash) };
	char path[TILE_PATH_MAX];

	tile_path(t, path);
	return put_file(writer, path, bytes);
}

static enum err
put_bundle(struct tile_writer *w)
{
	uint64_t last = w->frontier.size - 1;
	struct tile t = { TILE_ENTRIES, last / TILE_WIDTH,
		(size_t)(last % TILE_WIDTH) + 1 };
	char path[TILE_PATH_MAX];

	tile_path(&t, path);
	TRY(put_file(w, path, buf_view(&w->bundle)));
	buf_clear(&w->bundle);
	return OK;
}

static enum err
put_note(struct tile_writer *w, struct str note, const struct checkpoint *c)
{
	struct str path = str_fmt(w->cx->arena, "%s/checkpoint", w->dir);

	TRY(put_line(w, "origin", c->origin));
	if (syncfs(w->fd) != 0)
		return failed(w->cx, w->dir);
	if (!file_replace(str_z(w->cx->arena, path), note, FILE_MODE))
		return failed(w->cx, "checkpoint");
	return OK;
}

static enum err
put_line(struct tile_writer *w, const char *path, struct str text)
{
	return put_file(
	    w, path, str_fmt(w->cx->arena, "%.*s\n", STR_ARG(text)));
}

static enum err
put_file(struct tile_writer *w, const char *path, struct str bytes)
{
	int fd = file_make(w, path);
	bool ok;

	if (fd < 0)
		return failed(w->cx, path);
	ok = fd_write_all(fd, bytes);
	if (close(fd) != 0 || !ok)
		return failed(w->cx, path);
	return OK;
}

/* The folders above PATH mostly exist. */
static int
file_make(struct tile_writer *w, const char *path)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = openat(w->fd, path, flags, FILE_MODE);

	if (fd >= 0 || errno != ENOENT || !folders_make(w->fd, path))
		return fd;
	return openat(w->fd, path, flags, FILE_MODE);
}

static bool
folders_make(int fd, const char *path)
{
	char folder[TILE_PATH_MAX];

	for (size_t i = 0; path[i] != '\0'; i++) {
		folder[i] = '\0';
		if (path[i] == '/' && mkdirat(fd, folder, FOLDER_MODE) != 0 &&
		    errno != EEXIST)
			return false;
		folder[i] = path[i];
	}
	return true;
}

/* What errno says about PATH. */
static enum err
failed(struct ctx *cx, const char *path)
{
	static const struct {
		int number;
		enum err err;
	} table[] = {
		{ ENOSPC, ERR_FULL },
		{ EDQUOT, ERR_FULL },
		{ ENOENT, ERR_NOT_FOUND },
		{ ENOTDIR, ERR_NOT_FOUND },
		{ EEXIST, ERR_CONFLICT },
	};
	const char *text = strerror(errno);
	enum err err = ERR_DENIED;

	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].number == errno)
			err = table[i].err;
	return fail(cx, err, MSG_AUDIT_WRITE, "folder", path, text);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#include "usher/reason.h"

#define DEPTH_MAX 8

struct walk {
	struct ctx *cx;
	const char *dir;
	enum err  (*file)(void *arg, const char *name);
	void	   *arg;
};

struct names {
	const char **v;
	size_t	     n, cap;
};

static enum err walk_below(const struct walk *, const char *below, int depth);
static bool read_names(const struct walk *, const char *below,
    struct names *);
static void add_name(const struct walk *, struct names *, const char *below,
    const char *);
static int by_bytes(const void *, const void *);
static const char *path_of(const struct walk *, const char *name);
static enum err failed(struct ctx *, const char *path, int error);

enum err
folder_walk(struct ctx *cx, const char *dir,
    enum err (*file)(void *arg, const char *name), void *arg)
{
	const struct walk w = { cx, dir, file, arg };

	return walk_below(&w, "", 0);
}

static enum err
walk_below(const struct walk *w, const char *below, int depth)
{
	struct names names = { 0 };

	if (depth > DEPTH_MAX)
		return failed(w->cx, path_of(w, below), ELOOP);
	if (!read_names(w, below, &names))
		return failed(w->cx, path_of(w, below), errno);
	for (size_t i = 0; i < names.n; i++) {
		const char *path = path_of(w, names.v[i]);
		struct stat st;

		if (lstat(path, &st) != 0)
			return failed(w->cx, path, errno);
		TRY(S_ISDIR(st.st_mode) ? walk_below(w, names.v[i], depth + 1)
					: w->file(w->arg, names.v[i]));
	}
	return folder_sync(w->cx, path_of(w, below));
}

/* As paths below the folder that is walked; errno says why not. */
static bool
read_names(const struct walk *w, const char *below, struct names *names)
{
	DIR *d = opendir(path_of(w, below));
	struct dirent *entry;
	int error;

	if (d == NULL)
		return false;
	errno = 0;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.')
			add_name(w, names, below, entry->d_name);
		errno = 0;
	}
	error = errno;
	closedir(d);
	errno = error;
	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), by_bytes);
	return error == 0;
}

static void
add_name(const struct walk *w, struct names *names, const char *below,
    const char *name)
{
	struct arena *a = w->cx->arena;

	if (names->n == names->cap) {
		const char **had = names->v;

		names->cap = names->cap == 0 ? 64 : 2 * names->cap;
		names->v = arena_array(a, names->cap, sizeof(*names->v));
		if (names->n > 0)
			memcpy(names->v, had, names->n * sizeof(*had));
	}
	names->v[names->n++] = str_z(
	    a, str_fmt(a, "%s%s%s", below, below[0] != '\0' ? "/" : "", name));
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
path_of(const struct walk *w, const char *name)
{
	struct arena *a = w->cx->arena;

	return str_z(a, str_fmt(a, "%s/%s", w->dir, name));
}

enum err
folder_sync(struct ctx *cx, const char *path)
{
	bool is_synced;

	TRY(folder_sync_allowed(cx, path, &is_synced));
	return is_synced ? OK : failed(cx, path, EACCES);
}

enum err
folder_sync_allowed(struct ctx *cx, const char *path, bool *is_synced)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*is_synced = fd >= 0 || errno != EACCES;
	if (!*is_synced)
		return OK;
	if (fd < 0)
		return failed(cx, path, errno);
	fd_sync(fd);
	close(fd);
	return OK;
}

static enum err
failed(struct ctx *cx, const char *path, int error)
{
	return fail(
	    cx, ERR_FULL, MSG_CLI_WRITE, "out", path, errno_text(cx, error));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define PIECE	 (64 * 1024)
#define STALL_MS 8000

/* What USHER_FAULT asks for; set before main(), then only `seen` changes. */
static struct {
	bool		is_set, is_kill, is_stall, every;
	char		name[32];
	int64_t		from;
	_Atomic int64_t seen;
} wanted;

static void read_environment(void) __attribute__((constructor));
static bool read_all(int, struct buf *);
static bool write_new(const char *, struct str, unsigned);
static void sync_folder(const char *);

bool
file_read(struct arena *a, const char *path, size_t max, struct str *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error = 0;
	struct stat st;
	struct buf b;

	if (fd < 0)
		return false;
	buf_init(&b, a, max);
	if (fstat(fd, &st) != 0)
		error = errno;
	else if (S_ISDIR(st.st_mode))
		error = EISDIR;
	else if (st.st_size > 0 && buf_reserve(&b, (size_t)st.st_size) == NULL)
		error = EFBIG;
	else if (!read_all(fd, &b))
		error = errno;
	close(fd);
	errno = error;
	*out = buf_view(&b);
	return error == 0;
}

/* Reads to the end, whatever size fstat told: /proc says 0, a log grows. */
static bool
read_all(int fd, struct buf *b)
{
	for (;;) {
		size_t room = b->cap - b->n;
		char beyond;
		ssize_t got;

		if (room == 0 && b->n < b->max) {
			room = b->max - b->n < PIECE ? b->max - b->n : PIECE;
			must(buf_reserve(b, room) != NULL);
		}
		got = read(fd, room == 0 ? &beyond : b->p + b->n,
		    room == 0 ? 1 : room);
		if (got == 0)
			return true;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (room == 0) {
			errno = EFBIG;
			return false;
		}
		b->n += (size_t)got;
	}
}

bool
file_replace(const char *path, struct str bytes, unsigned mode)
{
	char *new_path = heap_alloc(strlen(path) + sizeof(".new"), 1);
	bool done;

	memcpy(new_path, path, strlen(path));
	memcpy(new_path + strlen(path), ".new", sizeof(".new"));
	done = write_new(new_path, bytes, mode) && rename(new_path, path) == 0;
	if (done) {
		sync_folder(path);
	} else {
		int error = errno;

		unlink(new_path);
		errno = error;
	}
	heap_free(new_path);
	return done;
}

static bool
write_new(const char *path, struct str bytes, unsigned mode)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, mode & 07777);
	bool done;

	if (fd < 0)
		return false;
	/* An old PATH.new may have had other rights, and umask took some. */
	done = fchmod(fd, mode & 07777) == 0 && fd_write_all(fd, bytes);
	if (done)
		fd_sync(fd);
	return close(fd) == 0 && done;
}

static void
sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = heap_alloc(strlen(path) + 2, 1);
	int fd;

	/* With its slash, so that the root is no special case. */
	if (slash == NULL)
		memcpy(folder, ".", 1);
	else
		memcpy(folder, path, (size_t)(slash - path) + 1);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fatal("the folder of a file just renamed cannot be opened");
	fd_sync(fd);
	close(fd);
	heap_free(folder);
}

bool
fd_write_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
	return true;
}

bool
fd_read_all(int fd, void *p, size_t n)
{
	char *at = p;

	while (n > 0) {
		ssize_t got = read(fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENODATA;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

void
fd_sync(int fd)
{
	int result;

	if (fault_here("sync")) {
		errno = EIO;
		fatal("sync, as USHER_FAULT asks");
	}
	do
		result = fsync(fd);
	while (result != 0 && errno == EINTR);
	if (result != 0)
		fatal("sync");
}

static void
read_environment(void)
{
	struct str name, count = str_of(secure_getenv("USHER_FAULT"));

	if (count.n == 0)
		return;
	name = str_cut(&count, ':');
	wanted.is_kill = str_starts(name, STR("kill-"));
	wanted.is_stall = str_starts(name, STR("stall-"));
	if (wanted.is_kill || wanted.is_stall)
		name = str_sub(name, wanted.is_kill ? 5 : 6, name.n);
	wanted.every = str_ends(count, STR("+"));
	if (wanted.every)
		count.n--;
	/* A misspelt fault would make every test pass. */
	if (name.n == 0 || name.n >= sizeof(wanted.name) ||
	    !str_int(count, &wanted.from) || wanted.from < 1)
		fatal("USHER_FAULT is not name:n or name:n+");
	memcpy(wanted.name, name.p, name.n);
	wanted.is_set = true;
}

bool
fault_here(const char *name)
{
	int64_t nth;
	bool is_hit;

	if (!wanted.is_set || strcmp(name, wanted.name) != 0)
		return false;
	nth = atomic_fetch_add(&wanted.seen, 1) + 1;
	is_hit = nth == wanted.from || (wanted.every && nth > wanted.from);
	if (is_hit && wanted.is_kill)
		kill(getpid(), SIGKILL);
	if (is_hit && wanted.is_stall)
		clock_sleep_ms(STALL_MS);
	return is_hit && !wanted.is_stall;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic bool is_full, is_broken, is_held, is_lying;
static _Atomic size_t nwrite;
static struct place *_Atomic kept;
static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER; /* of the kept files */

static void keep(int);
static bool is_first_thread(void);

void
place_open(struct place *p)
{
	snprintf(p->url, sizeof(p->url), "/tmp/usher-store-XXXXXX");
	assert_non_null(mkdtemp(p->url));
}

void
place_path(const struct place *p, const char *file, char *path)
{
	assert_in_range(snprintf(path, 128, "%s/%s", p->url, file), 1, 127);
}

void
place_close(const struct place *p)
{
	DIR *dir = opendir(p->url);
	struct dirent *entry;
	char path[128];

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		place_path(p, entry->d_name, path);
		assert_int_equal(unlink(path), 0);
	}
	closedir(dir);
	assert_int_equal(rmdir(p->url), 0);
}

void
place_copy(const struct place *from, const struct place *to, const char *file)
{
	char source[128], target[128], piece[4096];
	FILE *in, *out;
	size_t n;

	place_path(from, file, source);
	place_path(to, file, target);
	in = fopen(source, "r");
	out = fopen(target, "w");
	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
		assert_int_equal(fwrite(piece, 1, n, out), n);
	fclose(in);
	fclose(out);
}

void
disk_set_full(bool full)
{
	is_full = full;
}

void
disk_set_broken(bool broken)
{
	is_broken = broken;
}

size_t
disk_writes(void)
{
	return nwrite;
}

/* These stand before the C library's. */
ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	if (is_full) {
		errno = ENOSPC;
		return -1;
	}
	nwrite++;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

int
fdatasync(int fd)
{
	int code;

	if (is_broken) {
		errno = EIO;
		return -1;
	}
	while (is_held && !is_first_thread())
		usleep(1000);
	if (is_lying && !is_first_thread())
		return 0;
	code = (int)syscall(SYS_fdatasync, fd);
	if (kept != NULL)
		keep(fd);
	return code;
}

/* --- a loss of power ------------------------------------------------------------ */

void
disk_watch(struct place *to)
{
	place_open(to);
	kept = to;
}

void
disk_unwatch(void)
{
	struct place *place = kept;

	kept = NULL;
	place_close(place);
}

void
disk_give(const char *file, const struct place *to)
{
	pthread_mutex_lock(&keeping);
	place_copy(kept, to, file);
	pthread_mutex_unlock(&keeping);
}

void
disk_hold(bool hold)
{
	is_held = hold;
}

void
disk_lie(bool lie)
{
	is_lying = lie;
}

static bool
is_first_thread(void)
{
	return syscall(SYS_gettid) == getpid();
}

/* A write that another thread makes meanwhile may be in it or not, as on a disk. */
static void
keep(int fd)
{
	static char piece[1 << 16];
	char name[128], path[128], link[64];
	ssize_t n;
	off_t at = 0;
	FILE *copy;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	assert_in_range(n, 1, sizeof(name) - 1);
	name[n] = '\0';
	pthread_mutex_lock(&keeping);
	place_path(kept, strrchr(name, '/') + 1, path);
	copy = fopen(path, "w");
	assert_non_null(copy);
	while ((n = pread(fd, piece, sizeof(piece), at)) > 0) {
		assert_int_equal(fwrite(piece, 1, (size_t)n, copy), n);
		at += n;
	}
	fclose(copy);
	pthread_mutex_unlock(&keeping);
}

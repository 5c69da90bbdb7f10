/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic bool is_full, is_broken;
static _Atomic size_t nwrite;

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
	if (is_broken) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

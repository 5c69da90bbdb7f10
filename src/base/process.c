/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"

#define PATH_ROOM 64
#define OWN_MAX	  256

static void path_of(int pid, const char *name, char path[PATH_ROOM]);

int64_t
process_memory(int pid)
{
	char path[PATH_ROOM], text[128];
	struct str left, field;
	int64_t pages;
	ssize_t n;
	int fd;

	path_of(pid, "statm", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text));
	close(fd);
	left = (struct str) { text, n > 0 ? (size_t)n : 0 };
	/* "total resident …", in pages */
	str_cut(&left, ' ');
	field = left.p != NULL ? str_cut(&left, ' ') : STR("");
	return str_int(field, &pages) ? pages * sysconf(_SC_PAGESIZE) : -1;
}

static void
path_of(int pid, const char *name, char path[PATH_ROOM])
{
	if (pid == 0)
		snprintf(path, PATH_ROOM, "/proc/self/%s", name);
	else
		snprintf(path, PATH_ROOM, "/proc/%d/%s", pid, name);
}

int64_t
process_descriptors(int pid)
{
	char path[PATH_ROOM];
	int64_t n = 0;
	DIR *folder;

	path_of(pid, "fd", path);
	folder = opendir(path);
	if (folder == NULL)
		return -1;
	for (struct dirent *e; (e = readdir(folder)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(folder);
	/* The one that looks is not counted. */
	return pid == 0 ? n - 1 : n;
}

int64_t
process_own_descriptors(void)
{
	int64_t n = 0;

	for (int fd = 0; fd < OWN_MAX; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* folder_test.c - no file is passed over, and every folder is synced. */
#include "usher/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"

#define NOBODY 65534	/* uid and gid */
#define MANY 5000	/* more than a folder of tiles ever has */

struct fixture {
	struct ctx  cx;
	char	    dir[64];
	const char *last;
	size_t	    n;
	bool	    is_sorted;
	enum err    err;	/* what each file ends with */
};

/* Folders that were synced; stands before the C library's. */
static struct {
	ino_t  folder[16];
	size_t n;
} synced;

int
fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		assert_true(synced.n < COUNT(synced.folder));
		synced.folder[synced.n++] = st.st_ino;
	}
	return (int)syscall(SYS_fsync, fd);
}

static bool
is_synced(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	for (size_t i = 0; i < synced.n; i++)
		if (synced.folder[i] == st.st_ino)
			return true;
	return false;
}

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	f->cx.arena = arena_open(64 << 20);
	f->is_sorted = true;
	snprintf(f->dir, sizeof(f->dir), "/tmp/usher-folder-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	synced.n = 0;
	*state = f;
	return 0;
}

static const char *
below(struct fixture *f, const char *name)
{
	return str_z(f->cx.arena, str_fmt(f->cx.arena, "%s/%s", f->dir, name));
}

static enum err
take_away(void *arg, const char *name)
{
	return unlink(below(arg, name)) == 0 ? OK : ERR_FULL;
}

static int
tear_down(void **state)
{
	static const char *const folders[] = { "a/deep", "a", "b", "" };
	struct fixture *f = *state;

	assert_int_equal(folder_walk(&f->cx, f->dir, take_away, f), OK);
	for (size_t i = 0; i < COUNT(folders); i++)
		(void)rmdir(below(f, folders[i]));
	arena_close(f->cx.arena);
	heap_free(f);
	return 0;
}

static void
make(struct fixture *f, const char *name)
{
	int fd = open(below(f, name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static enum err
count(void *arg, const char *name)
{
	struct fixture *f = arg;

	f->is_sorted &= f->last == NULL || strcmp(f->last, name) < 0;
	f->last = name;
	f->n++;
	return f->err;
}

static void
every_file_of_a_large_folder_is_there(void **state)
{
	struct fixture *f = *state;
	char name[16];

	for (int i = MANY; i-- > 0;) {
		snprintf(name, sizeof(name), "x%d", i);
		make(f, name);
	}
	assert_int_equal(folder_walk(&f->cx, f->dir, count, f), OK);
	assert_int_equal(f->n, MANY);
	assert_true(f->is_sorted);
}

static void
every_folder_is_synced(void **state)
{
	static const char *const folders[] = { "a", "a/deep", "b" };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(folders); i++)
		assert_int_equal(mkdir(below(f, folders[i]), 0700), 0);
	make(f, "a/deep/file");
	make(f, "c");
	assert_int_equal(folder_walk(&f->cx, f->dir, count, f), OK);
	assert_int_equal(f->n, 2);
	assert_true(is_synced(f->dir));
	for (size_t i = 0; i < COUNT(folders); i++)
		assert_true(is_synced(below(f, folders[i])));
}

static void
what_cannot_be_read_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    folder_walk(&f->cx, below(f, "none"), count, f), ERR_FULL);
	assert_int_equal(f->cx.fault.msg, MSG_CLI_WRITE);
	assert_int_equal(folder_sync(&f->cx, below(f, "none")), ERR_FULL);
	make(f, "file");
	f->err = ERR_CONFLICT;
	assert_int_equal(folder_walk(&f->cx, f->dir, count, f), ERR_CONFLICT);
}

/* Root may read everything: it becomes somebody else meanwhile. */
static void
what_one_may_only_write_to_is_told(void **state)
{
	struct fixture *f = *state;
	bool is_root = geteuid() == 0, is_synced;

	if (is_root) {
		assert_int_equal(chown(f->dir, NOBODY, NOBODY), 0);
		assert_int_equal(seteuid(NOBODY), 0);
	}
	assert_int_equal(folder_sync_allowed(&f->cx, f->dir, &is_synced), OK);
	assert_true(is_synced);
	assert_int_equal(chmod(f->dir, 0300), 0);
	synced.n = 0;
	assert_int_equal(folder_sync_allowed(&f->cx, f->dir, &is_synced), OK);
	assert_false(is_synced);
	assert_int_equal(synced.n, 0);
	assert_int_equal(folder_sync(&f->cx, f->dir), ERR_FULL);
	assert_int_equal(
	    folder_sync_allowed(&f->cx, below(f, "none"), &is_synced),
	    ERR_FULL);
	assert_int_equal(chmod(f->dir, 0700), 0);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_file_of_a_large_folder_is_there),
		CASE(every_folder_is_synced),
		CASE(what_cannot_be_read_is_an_error),
		CASE(what_one_may_only_write_to_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

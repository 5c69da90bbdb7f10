/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"

static struct arena *a;
static const char *self; /* our own executable, to be started anew */
static char folder[64];

static int
open_all(void **state)
{
	(void)state;
	a = arena_open(1 << 24);
	snprintf(folder, sizeof(folder), "/tmp/usher-io-XXXXXX");
	return mkdtemp(folder) == NULL;
}

static int
close_all(void **state)
{
	(void)state;
	arena_close(a);
	return rmdir(folder);
}

static const char *
in_folder(const char *name)
{
	return str_fmt(a, "%s/%s", folder, name).p;
}

static void
a_file_is_replaced_whole_and_read_whole(void **state)
{
	const char *path = in_folder("data");
	char *big = arena_alloc(a, 300000);
	struct str out;
	struct stat st;

	(void)state;
	assert_true(file_replace(path, STR("one"), 0600));
	assert_true(file_read(a, path, 3, &out));
	assert_str(out, "one");

	memset(big, 'b', 300000);
	assert_true(file_replace(path, (struct str) { big, 300000 }, 0640));
	assert_true(file_read(a, path, 300000, &out));
	assert_int_equal(out.n, 300000);
	assert_memory_equal(out.p, big, 300000);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(access(in_folder("data.new"), F_OK), -1);

	errno = 0;
	assert_false(file_read(a, path, 299999, &out));
	assert_int_equal(errno, EFBIG);

	assert_true(file_replace(path, STR(""), 0600));
	assert_true(file_read(a, path, 0, &out));
	assert_int_equal(out.n, 0);
	assert_int_equal(unlink(path), 0);
}

static void
what_cannot_be_read_says_why(void **state)
{
	struct str out;

	(void)state;
	assert_false(file_read(a, in_folder("none"), 10, &out));
	assert_int_equal(errno, ENOENT);
	assert_false(file_read(a, folder, 10, &out));
	assert_int_equal(errno, EISDIR);
	/* A file whose size the system does not tell beforehand. */
	assert_true(file_read(a, "/proc/self/status", 1 << 20, &out));
	assert_true(out.n > 100);
	assert_false(file_read(a, "/proc/self/status", 100, &out));
	assert_int_equal(errno, EFBIG);
}

static void
what_cannot_be_replaced_stays(void **state)
{
	const char *path = in_folder("kept");
	struct str out;

	(void)state;
	assert_false(file_replace(in_folder("none/x"), STR("x"), 0600));
	assert_int_equal(errno, ENOENT);
	/* PATH is a folder: the rename fails, and nothing is left behind. */
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(file_replace(path, STR("x"), 0600));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access(in_folder("kept.new"), F_OK), -1);
	assert_int_equal(rmdir(path), 0);
	/* Nobody may have us write through a link. */
	assert_true(file_replace(path, STR("old"), 0600));
	assert_int_equal(symlink(path, in_folder("kept.new")), 0);
	assert_false(file_replace(path, STR("new"), 0600));
	assert_int_equal(errno, ELOOP);
	assert_true(file_read(a, path, 10, &out));
	assert_str(out, "old");
	assert_int_equal(unlink(path), 0);
}

static void
descriptors_are_read_and_written_whole(void **state)
{
	char got[4];
	int p[2], full;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_true(fd_write_all(p[1], STR("abcdef")));
	assert_true(fd_read_all(p[0], got, 4));
	assert_memory_equal(got, "abcd", 4);
	close(p[1]);
	assert_false(fd_read_all(p[0], got, 4));
	assert_int_equal(errno, ENODATA);
	assert_memory_equal(got, "ef", 2);
	close(p[0]);
	assert_false(fd_read_all(-1, got, 1));
	assert_int_equal(errno, EBADF);
	full = open("/dev/full", O_WRONLY);
	assert_false(fd_write_all(full, STR("x")));
	assert_int_equal(errno, ENOSPC);
	assert_true(fd_write_all(full, STR("")));
	close(full);
}

static void
sync_nothing(void *arg)
{
	(void)arg;
	fd_sync(-1);
}

static void
a_failed_sync_is_fatal(void **state)
{
	(void)state;
	assert_fatal(child(sync_nothing, NULL), "Bad file descriptor");
}

/* Starts this program again with USHER_FAULT; it then passes fault points. */
static void
start_with(void *fault)
{
	setenv("USHER_FAULT", fault, 1);
	execl(self, self, "pass", (char *)NULL);
}

static int
pass_faults(void)
{
	for (int i = 0; i < 4; i++)
		fprintf(
		    stderr, "%d%d", fault_here("commit"), fault_here("vault"));
	fd_sync(STDERR_FILENO);
	return 0;
}

static void
faults_come_when_they_were_ordered(void **state)
{
	static const struct {
		const char *fault, *said;
	} cases[] = {
		{ "commit:3", "00001000" },
		{ "commit:3+", "00001010" },
		{ "vault:1+", "01010101" },
		{ "read:1", "00000000" },
	};
	struct ending end;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		end = child(start_with, (void *)(uintptr_t)cases[i].fault);
		assert_memory_equal(end.said, cases[i].said, 8);
	}
	end = child(start_with, "kill-vault:2");
	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGKILL);
	assert_string_equal(end.said, "00");
	assert_fatal(child(start_with, "sync:1"), "USHER_FAULT");
	assert_false(fault_here("commit"));
}

static void
a_misspelt_fault_is_fatal(void **state)
{
	static const char *const bad[] = { "commit", "commit:", "commit:0",
		"commit:x", ":1", "commit:+", "commit:-1", "kill-:1",
		"a-name-that-is-far-too-long-to-be-any:1" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_fatal(child(start_with, (void *)(uintptr_t)bad[i]),
		    "USHER_FAULT");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_replaced_whole_and_read_whole),
		cmocka_unit_test(what_cannot_be_read_says_why),
		cmocka_unit_test(what_cannot_be_replaced_stays),
		cmocka_unit_test(descriptors_are_read_and_written_whole),
		cmocka_unit_test(a_failed_sync_is_fatal),
		cmocka_unit_test(faults_come_when_they_were_ordered),
		cmocka_unit_test(a_misspelt_fault_is_fatal),
	};

	self = argv[0];
	if (argc > 1)
		return pass_faults();
	return cmocka_run_group_tests(tests, open_all, close_all);
}

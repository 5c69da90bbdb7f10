/* SPDX-License-Identifier: Apache-2.0 */
/*
 * try.h - what the tests of base/ share: cmocka, comparing a str, and a child
 * process for whatever ends the process that does it.
 */
#ifndef TEST_BASE_TRY_H
#define TEST_BASE_TRY_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"

#define assert_str(s, want) assert_str_at((s), (want), __FILE__, __LINE__)

static inline void
assert_str_at(struct str s, const char *want, const char *file, int line)
{
	if (!str_eq(s, str_of(want)))
		print_error("got \"%.*s\", not \"%s\"\n", STR_ARG(s), want);
	_assert_true(str_eq(s, str_of(want)), "str_eq(s, want)", file, line);
}

/* How a child ended that ran RUN(ARG), and what it wrote to standard error. */
struct ending {
	int    status;
	char   said[8192];
	size_t n;
};

static inline struct ending
child(void (*run)(void *), void *arg)
{
	struct ending end = { .n = 0 };
	int pipes[2];
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit) { 0, 0 });
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		run(arg);
		_exit(0);
	}
	close(pipes[1]);
	while ((got = read(pipes[0], end.said + end.n,
		    sizeof(end.said) - 1 - end.n)) > 0)
		end.n += (size_t)got;
	end.said[end.n] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &end.status, 0), pid);
	return end;
}

static inline void
assert_fatal(struct ending end, const char *said)
{
	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 70);
	assert_non_null(strstr(end.said, "\"event\":\"fatal\""));
	assert_non_null(strstr(end.said, said));
}

static inline void
assert_bug(struct ending end, const char *said)
{
	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGABRT);
	assert_non_null(strstr(end.said, "\"event\":\"bug\""));
	assert_non_null(strstr(end.said, said));
}

#endif

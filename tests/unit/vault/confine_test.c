/* SPDX-License-Identifier: Apache-2.0 */
/* confine_test.c - what a confined process can do no more. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/queue.h"

#include "vault/confine.h"

#define UNCONFINED 2	/* exit status: this build or machine has no seccomp */

static int
in_child(bool (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(!confine_calls() ? UNCONFINED : body() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool
socket_is_denied(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM &&
	    socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM;
}

static bool
exec_is_denied(void)
{
	return execl("/bin/true", "true", (char *)NULL) < 0 && errno == EPERM;
}

static bool
fork_is_denied(void)
{
	return fork() < 0 && errno == EPERM;
}

static bool
code_is_denied(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
	    errno == EPERM;
}

static bool
others_cannot_be_signalled(void)
{
	return kill(getppid(), 0) < 0 && errno == EPERM &&
	    kill(getpid(), 0) == 0;
}

static void
note(void *arg)
{
	*(bool *)arg = true;
}

static bool
work_goes_on(void)
{
	bool has_run = false;
	void *p = heap_alloc(1 << 20, 1);
	uint8_t chance[16];

	random_bytes(chance, sizeof(chance));
	thread_join(thread_start("test", note, &has_run));
	heap_free(p);
	return has_run && clock_mono_ns() > 0;
}

static void
seccomp_denies_what_the_vault_never_needs(void **state)
{
	static bool (*const bodies[])(void) = { work_goes_on, socket_is_denied,
		exec_is_denied, fork_is_denied, code_is_denied,
		others_cannot_be_signalled };

	for (size_t i = 0; i < COUNT(bodies); i++) {
		int status = in_child(bodies[i]);

		if (status == UNCONFINED)
			skip();
		assert_int_equal(status, 0);
	}
}

static bool
memory_is_closed(void)
{
	struct rlimit limit;

	return confine_memory() && prctl(PR_GET_DUMPABLE) == 0 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
	    getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0;
}

static void
no_core_no_ptrace_no_new_rights(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(memory_is_closed() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
only_the_named_descriptors_stay_open(void **state)
{
	pid_t pid;
	int status;

	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int kept = open("/dev/null", O_RDONLY);
		int dropped = open("/dev/null", O_RDONLY);

		confine_descriptors(&kept, 1);
		_exit(fcntl(kept, F_GETFD) >= 0 &&
			    fcntl(dropped, F_GETFD) < 0 &&
			    fcntl(STDERR_FILENO, F_GETFD) >= 0
			? 0
			: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp_denies_what_the_vault_never_needs),
		cmocka_unit_test(no_core_no_ptrace_no_new_rights),
		cmocka_unit_test(only_the_named_descriptors_stay_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

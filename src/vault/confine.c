/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c - prctl, rlimit and seccomp. */
#include "vault/confine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/log.h"

/*
 * Files and channels that are open, the vault's own files, memory, time,
 * chance, and threads.  No socket, no exec, no fork, no ptrace.
 */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64), SCMP_SYS(writev),
	SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(close), SCMP_SYS(fcntl), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate), SCMP_SYS(fchmod), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(geteuid),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

static bool add_rules(scmp_filter_ctx);
static bool denied(const char *what);

bool
confine_memory(void)
{
	const struct rlimit none = { 0, 0 };
	bool ok = true;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		denied("pdeathsig");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		denied("no_new_privs");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		ok = denied("rlimit_core");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		ok = denied("dumpable");
	return ok;
}

static bool
denied(const char *what)
{
	log_event(LOG_WARN, "confinement_missing", LOG_WORD("what", what),
	    LOG_NUM("errno", errno));
	return false;
}

void
confine_descriptors(const int *keep, size_t n)
{
	struct rlimit limit;
	int end = 65536;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < (rlim_t)end)
		end = (int)limit.rlim_cur;
	for (int fd = STDERR_FILENO + 1; fd < end; fd++) {
		bool is_kept = false;

		for (size_t i = 0; i < n; i++)
			is_kept = is_kept || keep[i] == fd;
		if (!is_kept)
			close(fd);
	}
}

bool
confine_calls(void)
{
	scmp_filter_ctx filter;
	bool ok;

	if (IS_SANITIZED)
		return false;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return denied("seccomp");
	/* Without the log of denials it is still a filter. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	ok = add_rules(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok || denied("seccomp");
}

/*
 * Threads but no processes: clone3 hides its flags behind a pointer, so it
 * "does not exist" and libc falls back to clone, whose flags can be seen.
 */
static bool
add_rules(scmp_filter_ctx f)
{
	const struct scmp_arg_cmp thread =
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
	const struct scmp_arg_cmp no_code =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp set_name =
	    SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0);
	const struct scmp_arg_cmp itself =
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	int bad = 0;

	for (size_t i = 0; i < COUNT(allowed); i++)
		bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
	bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);
	bad |=
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_code);
	bad |=
	    seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, set_name);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, itself);
	bad |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, itself);
	return bad == 0;
}

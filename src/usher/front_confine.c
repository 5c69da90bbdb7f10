/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/front_confine.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/base.h"
#include "base/log.h"

/* linux/landlock.h of Linux 6.7 */
#define LANDLOCK_CONNECT_TCP UINT64_C(2)
#define LANDLOCK_NET_PORT    2
#define NAME_PORT	     53
#define TYPE_MASK	     15	/* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/*
 * Front parses what strangers send, so what a stranger would like to call next
 * is denied: another program, an outgoing connection, another process, the
 * kernel's odd corners.  SQLite and libc keep everything else.
 */
static const int denied_calls[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(bind), SCMP_SYS(listen),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
	SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid),
	SCMP_SYS(setregid), SCMP_SYS(setresuid), SCMP_SYS(setresgid),
	SCMP_SYS(setgroups), SCMP_SYS(capset), SCMP_SYS(personality),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(mknod), SCMP_SYS(mknodat),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(swapon), SCMP_SYS(swapoff),
	SCMP_SYS(reboot), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
	SCMP_SYS(sethostname), SCMP_SYS(acct), SCMP_SYS(iopl), SCMP_SYS(ioperm),
};

static bool add_rules(scmp_filter_ctx, const struct store_peers *);
static int deny_sockets(scmp_filter_ctx, const struct store_peers *);
static int deny_types(scmp_filter_ctx, uint64_t family, bool asks_names);
static bool confine_ports(const struct store_peers *);
static bool allow_port(int ruleset, uint16_t port);
static bool refused(const char *what);

bool
front_confine_memory(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit files;
	bool ok = true;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			refused("rlimit_nofile");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		ok = refused("no_new_privs");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		ok = refused("rlimit_core");
	/* Sanitizers look into their own process from outside. */
	if (!IS_SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		ok = refused("dumpable");
	return ok;
}

static bool
refused(const char *what)
{
	log_event(LOG_WARN, "confinement_missing", LOG_WORD("what", what),
	    LOG_NUM("errno", errno));
	return false;
}

size_t
front_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return 1024;
	return files.rlim_cur;
}

bool
front_confine_calls(const struct store_peers *peers)
{
	scmp_filter_ctx filter;
	bool ok;

	if (IS_SANITIZED)
		return false;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return refused("seccomp");
	/* Without the log of denials it is still a filter. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	if (peers->is_remote && !confine_ports(peers))
		refused("landlock");
	ok = add_rules(filter, peers) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok || refused("seccomp");
}

/*
 * Threads but no processes: clone3 hides its flags behind a pointer, so it
 * "does not exist" and libc falls back to clone, whose flags can be seen.
 */
static bool
add_rules(scmp_filter_ctx f, const struct store_peers *peers)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	const struct scmp_arg_cmp process =
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);
	const struct scmp_arg_cmp code =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
	int bad = 0;

	for (size_t i = 0; i < COUNT(denied_calls); i++)
		bad |= seccomp_rule_add(f, no, denied_calls[i], 0);
	bad |= seccomp_rule_add(f, no, SCMP_SYS(clone), 1, process);
	bad |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	bad |= seccomp_rule_add(f, no, SCMP_SYS(mmap), 1, code);
	bad |= seccomp_rule_add(f, no, SCMP_SYS(mprotect), 1, code);
	bad |= deny_sockets(f, peers);
	return bad == 0;
}

/* A rule cannot name one argument twice, so families are denied one by one. */
static int
deny_sockets(scmp_filter_ctx f, const struct store_peers *peers)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	const struct scmp_arg_cmp others = { 0, SCMP_CMP_GT, AF_INET6, 0 };
	int bad = seccomp_rule_add(f, no, SCMP_SYS(socket), 1, others);

	if (!peers->connects)
		bad |= seccomp_rule_add(f, no, SCMP_SYS(connect), 0);
	for (uint64_t family = 0; family <= AF_INET6; family++) {
		const struct scmp_arg_cmp one = { 0, SCMP_CMP_EQ, family, 0 };

		if (peers->is_remote &&
		    (family == AF_INET || family == AF_INET6))
			bad |= deny_types(f, family, peers->asks_names);
		else if (family != AF_UNIX)
			bad |=
			    seccomp_rule_add(f, no, SCMP_SYS(socket), 1, one);
	}
	return bad;
}

/*
 * Streams lead to the database.  Datagrams, whose ports nobody looks at, only
 * where a name must be asked for: names change while front runs, so it asks
 * itself, at each new connection.
 */
static int
deny_types(scmp_filter_ctx f, uint64_t family, bool asks_names)
{
	int bad = 0;

	for (uint64_t type = 0; type <= TYPE_MASK; type++) {
		const struct scmp_arg_cmp of = { 0, SCMP_CMP_EQ, family, 0 };
		const struct scmp_arg_cmp one = { 1, SCMP_CMP_MASKED_EQ,
			TYPE_MASK, type };

		if (type == SOCK_STREAM || (type == SOCK_DGRAM && asks_names))
			continue;
		bad |= seccomp_rule_add(
		    f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 2, of, one);
	}
	return bad;
}

/*
 * The kernel's own filter cannot look at an address; Landlock can, at its port
 * (since Linux 6.7).  Headers and libc are older than that.
 */
static bool
confine_ports(const struct store_peers *peers)
{
	const struct {
		uint64_t fs, net;
	} handled = { 0, LANDLOCK_CONNECT_TCP };
	int ruleset = (int)syscall(
	    SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	bool ok = ruleset >= 0;

	for (size_t i = 0; ok && i < peers->nport; i++)
		ok = allow_port(ruleset, peers->port[i]);
	if (ok && peers->asks_names)
		ok = allow_port(ruleset, NAME_PORT);
	if (ok)
		ok = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (ruleset >= 0)
		close(ruleset);
	return ok;
}

static bool
allow_port(int ruleset, uint16_t port)
{
	const struct {
		uint64_t allowed, port;
	} rule = { LANDLOCK_CONNECT_TCP, port };

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_NET_PORT, &rule,
		   0) == 0;
}

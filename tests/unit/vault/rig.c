/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"

static const char *program(void);
static int ended(pid_t);
static int fd_with(struct str bytes);

void
rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/usher-vault-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->arena = arena_open(512u << 20);
	r->cx.arena = r->arena;
}

static const char *
program(void)
{
	const char *path = getenv("USHER_VAULT");

	assert_non_null(path);
	return path;
}

void
rig_start(struct rig *r)
{
	int pair[RIG_CHANNELS][2];
	char fds[32];

	for (size_t i = 0; i < RIG_CHANNELS; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair[i]),
		    0);
		r->fd[i] = pair[i][0];
	}
	snprintf(fds, sizeof(fds), "%d,%d", pair[0][1], pair[1][1]);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		for (size_t i = 0; i < RIG_CHANNELS; i++)
			fcntl(pair[i][1], F_SETFD, 0);
		execl(program(), "usher-vault", r->dir, fds, (char *)NULL);
		_exit(127);
	}
	for (size_t i = 0; i < RIG_CHANNELS; i++)
		close(pair[i][1]);
	r->vault = vault_connect(r->fd[0]);
}

void
rig_start_ready(struct rig *r)
{
	struct grant_in in = { .actor = 1, .open_per_minute = 1000000,
		.seal_per_minute = 1000000 };

	rig_start(r);
	assert_int_equal(vault_tenant_new(r->vault, &r->cx, ACME), OK);
	assert_int_equal(vault_tenant_new(r->vault, &r->cx, OTHER), OK);
	in.tenant = ACME;
	assert_int_equal(vault_grant(r->vault, &r->cx, &in, &r->acme), OK);
	in.tenant = OTHER;
	assert_int_equal(vault_grant(r->vault, &r->cx, &in, &r->other), OK);
}

int
rig_stop(struct rig *r)
{
	int status;

	if (r->pid == 0)
		return 0;
	vault_close(r->vault);
	if (r->fd[1] >= 0)
		close(r->fd[1]);
	status = ended(r->pid);
	r->pid = 0;
	return status;
}

static int
ended(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
rig_close(struct rig *r)
{
	static const char *const files[] = { "master.key", "kek.store",
		"heads.log", "master.key.new", "kek.store.new", "heads.log.new" };

	rig_stop(r);
	for (size_t i = 0; i < COUNT(files); i++) {
		struct str path = rig_path(r, files[i]);

		unlink(path.p);
	}
	assert_int_equal(rmdir(r->dir), 0);
	arena_close(r->arena);
}

struct str
rig_path(struct rig *r, const char *file)
{
	struct str path = str_fmt(r->arena, "%s/%s", r->dir, file);

	return str_of(str_z(r->arena, path));
}

int
rig_recover(struct rig *r, struct str archive, struct str passphrase)
{
	const int from = fd_with(archive), secret = fd_with(passphrase);
	char from_text[16], secret_text[16];
	pid_t pid;

	snprintf(from_text, sizeof(from_text), "%d", from);
	snprintf(secret_text, sizeof(secret_text), "%d", secret);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(program(), "usher-vault", "--recover", r->dir, from_text,
		    secret_text, (char *)NULL);
		_exit(127);
	}
	close(from);
	close(secret);
	return ended(pid);
}

/* An unlinked file that holds BYTES, at its start. */
static int
fd_with(struct str bytes)
{
	char path[] = "/tmp/usher-vault-fd-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	assert_true(fd_write_all(fd, bytes));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

struct str
rig_text(struct rig *r, size_t n, unsigned seed)
{
	char *p = arena_alloc(r->arena, n + 1);

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		p[i] = (char)(seed >> 16);
	}
	return (struct str) { p, n };
}

bool
rig_is_sanitized(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

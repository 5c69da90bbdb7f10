/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

#define EXIT_NO_EXEC 127
#define ENV_MAX	     64

/*
 * What a child may know of our environment, by the beginning of the name: an
 * operator's shell holds secrets that are no business of theirs (S-T36).
 */
static const char *const env_kept[] = {
	"USHER_", "PGPASSFILE=", "TZ=", "TMPDIR=", "LANG=", "LC_", "GCOV_", "LLVM_PROFILE_FILE=",
	"ASAN_OPTIONS=", "LSAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS=",
};

static bool is_kept(const char *);
static void keep_environment(char *kept[ENV_MAX + 1]);
static void become(const struct spawn *, pid_t parent) NO_RETURN;
static bool set_account(const struct account *);
static void give_up(const char *what) NO_RETURN;

pid_t
spawn_start(const struct spawn *s)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fatal("fork");
	if (pid == 0)
		become(s, parent);
	return pid;
}

static void
become(const struct spawn *s, pid_t parent)
{
	char *kept[ENV_MAX + 1];
	sigset_t none;

	for (size_t i = 0; i < s->nfd; i++)
		if (fcntl(s->fd[i], F_SETFD, 0) != 0)
			give_up("descriptor");
	if (s->stdin_fd > 0 && dup2(s->stdin_fd, STDIN_FILENO) < 0)
		give_up("standard input");
	if (s->folder != NULL && chdir(s->folder) != 0)
		give_up("folder");
	if (s->account.is_set && !set_account(&s->account))
		give_up("user");
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		give_up("signal mask");
	/* Another user's process forgets this, so it comes after. */
	if (s->death_signal != 0 &&
	    prctl(PR_SET_PDEATHSIG, s->death_signal) != 0)
		give_up("death signal");
	if (getppid() != parent)
		_exit(EXIT_NO_EXEC);
	keep_environment(kept);
	execve(s->program, (char *const *)s->argv, kept);
	give_up(s->program);
}

static void
keep_environment(char *kept[ENV_MAX + 1])
{
	size_t n = 0;

	for (char **v = environ; *v != NULL && n < ENV_MAX; v++)
		if (is_kept(*v))
			kept[n++] = *v;
	kept[n] = NULL;
}

static bool
is_kept(const char *variable)
{
	for (size_t i = 0; i < COUNT(env_kept); i++)
		if (strncmp(variable, env_kept[i], strlen(env_kept[i])) == 0)
			return true;
	return false;
}

static bool
set_account(const struct account *a)
{
	return setgroups(0, NULL) == 0 &&
	    setresgid(a->gid, a->gid, a->gid) == 0 &&
	    setresuid(a->uid, a->uid, a->uid) == 0;
}

/* In the child, before there is a log. */
static void
give_up(const char *what)
{
	fprintf(stderr, "usher: %s: %s\n", what, strerror(errno));
	_exit(EXIT_NO_EXEC);
}

int
spawn_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fatal("waitpid");
	return spawn_status(status);
}

int
spawn_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

const char *
spawn_number(char room[12], int n)
{
	snprintf(room, 12, "%d", n);
	return room;
}

/* --- where programs are ------------------------------------------------------------ */

enum err
spawn_self(struct cli *cli, const char **path)
{
	char *room = arena_alloc(cli->cx.arena, PATH_MAX);
	ssize_t n = readlink("/proc/self/exe", room, PATH_MAX - 1);

	if (n <= 0)
		return fail(&cli->cx, ERR_FULL, MSG_CLI_FILE, "",
		    "/proc/self/exe", errno_text(&cli->cx, errno));
	*path = room;
	return OK;
}

enum err
spawn_vault_program(struct cli *cli, const char **path)
{
	static const char *const places[] = { "usher-vault",
		"../vault/usher-vault" };
	const char *self, *named = cli_z(cli, "vault");

	if (named != NULL) {
		/* Absolute, for the child starts in a folder of its own. */
		*path = realpath(named, arena_alloc(cli->cx.arena, PATH_MAX));
		if (*path != NULL && access(*path, X_OK) == 0)
			return OK;
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_VAULT_PROGRAM,
		    "vault", named);
	}
	TRY(spawn_self(cli, &self));
	for (size_t i = 0; i < COUNT(places); i++) {
		size_t folder = (size_t)(strrchr(self, '/') - self) + 1;

		*path = str_z(cli->cx.arena,
		    str_fmt(
			cli->cx.arena, "%.*s%s", (int)folder, self, places[i]));
		if (access(*path, X_OK) == 0)
			return OK;
	}
	return fail(
	    &cli->cx, ERR_BAD_INPUT, MSG_CLI_VAULT_PROGRAM, "vault", *path);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#include "act/world.h"

#define URL_MAX 512
#define FRONT_END_MS 15000	/* it drains for ten seconds, then closes the store */
#define VAULT_END_MS 3000
#define MS	     INT64_C(1000000)
#define FDS_TEXT     128

/* Both ends of the channels, and of the pipe on which front says it is ready. */
struct lines {
	int  front[WORLD_CHANNELS_MAX], vault[WORLD_CHANNELS_MAX];
	size_t n;
	int  ready[2];
	char front_text[FDS_TEXT], vault_text[FDS_TEXT];
};

static void open_lines(struct lines *, size_t lanes);
static void close_lines(struct lines *);
static void write_fds(const int *fd, size_t n, char text[FDS_TEXT]);
static pid_t start_vault(const struct pair_conf *, const struct lines *);
static pid_t start_front(const struct pair_conf *, const struct lines *);
static pid_t start_with_store(const struct pair_conf *, const struct spawn *);
static bool reap(struct pair *);
static bool read_signals(struct pair *, int fd);
static bool read_ready(struct pair *);
static void forget_ready(struct pair *);
static bool has_ended(const struct pair *, enum child);
static void await(struct pair *, int signal_fd, enum child, int64_t wait_ms);
static void signal_child(const struct pair *, enum child, int signal);

int
signals_open(void)
{
	sigset_t seen, blocked;
	int fd;

	sigemptyset(&seen);
	sigaddset(&seen, SIGTERM);
	sigaddset(&seen, SIGINT);
	sigaddset(&seen, SIGCHLD);
	/* A terminal that closes is no reason for a server to end. */
	blocked = seen;
	sigaddset(&blocked, SIGHUP);
	/* Nor is a log that nobody reads any more. */
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signals");
	fd = signalfd(-1, &seen, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("signalfd");
	return fd;
}

/* --- start ------------------------------------------------------------------------ */

void
pair_start(const struct pair_conf *conf, struct pair *p)
{
	struct lines l;

	/* Whoever was told of a store says so to front, and to nobody else. */
	unsetenv("USHER_STORE");
	unsetenv("USHER_TO");
	open_lines(&l, conf->lanes);
	*p = (struct pair) { .must_stop = p->must_stop };
	p->pid[VAULT] = start_vault(conf, &l);
	p->pid[FRONT] = start_front(conf, &l);
	p->ready_fd = l.ready[0];
	close_lines(&l);
}

static void
open_lines(struct lines *l, size_t lanes)
{
	l->n = WORLD_CHANNELS + (lanes > 0 ? lanes : 1);
	must(l->n <= WORLD_CHANNELS_MAX);
	for (size_t i = 0; i < l->n; i++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) !=
		    0)
			fatal("socketpair");
		l->front[i] = ends[0];
		l->vault[i] = ends[1];
	}
	if (pipe2(l->ready, O_CLOEXEC | O_NONBLOCK) != 0)
		fatal("pipe");
	write_fds(l->front, l->n, l->front_text);
	write_fds(l->vault, l->n, l->vault_text);
}

/* Ours, so that each side sees the other's end of life. */
static void
close_lines(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++) {
		close(l->front[i]);
		close(l->vault[i]);
	}
	close(l->ready[1]);
}

static void
write_fds(const int *fd, size_t n, char text[FDS_TEXT])
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(
		    text + at, FDS_TEXT - at, i > 0 ? ",%d" : "%d", fd[i]);
}

static pid_t
start_vault(const struct pair_conf *conf, const struct lines *l)
{
	char folder[4096], ceiling[12];
	struct spawn s = { .program = conf->vault_program,
		.argv = { "usher-vault", ".", l->vault_text,
		    conf->open_ceiling == 0 ? NULL
		    : spawn_number(ceiling, conf->open_ceiling) },
		.nfd = l->n,
		.stdin_fd = conf->data->fd,
		.folder = folder,
		.account = conf->data->vault,
		.death_signal = SIGTERM };

	memcpy(s.fd, l->vault, l->n * sizeof(*s.fd));
	snprintf(folder, sizeof(folder), "%s/vault", conf->data->path);
	return spawn_start(&s);
}

/*
 * Without state of its own it may die at any moment; so when we do, it does.
 * Every flag is said, so that nothing in the environment says it instead.
 */
static pid_t
start_front(const struct pair_conf *conf, const struct lines *l)
{
	const int fds[] = { conf->listen_fd, conf->operator_fd,
		conf->management_fd, l->ready[1] };
	char text[COUNT(fds)][12], loops[32], ended[2][32], file[4096];
	char url[URL_MAX];
	struct spawn s = { .program = conf->self,
		.argv = { "usher", "front", conf->data->path,
		    spawn_number(text[0], fds[0]),
		    spawn_number(text[1], fds[1]),
		    spawn_number(text[2], fds[2]),
		    spawn_number(text[3], fds[3]), l->front_text, loops,
		    ended[0], ended[1], file,
		    conf->accept_rollback ? "--accept-rollback=true"
					  : "--accept-rollback=false",
		    conf->logs_access ? "--access-log=true"
				      : "--access-log=false",
		    conf->is_management_local ? "--management-local=true"
					      : "--management-local=false", url,
		    conf->is_json ? "--json=true" : "--json=false",
		    conf->to == NULL ? "--to=" : NULL },
		.nfd = l->n,
		.stdin_fd = conf->data->fd,
		.account = conf->data->front,
		.death_signal = SIGKILL };

	_Static_assert(
	    WORLD_CHANNELS_MAX + COUNT(fds) <= SPAWN_FDS, "room for all");
	memcpy(s.fd, l->front, l->n * sizeof(*s.fd));
	for (size_t i = 0; i < COUNT(fds); i++)
		if (fds[i] >= 0)
			s.fd[s.nfd++] = fds[i];
	snprintf(loops, sizeof(loops), "--loops=%d", conf->loops);
	snprintf(ended[0], sizeof(ended[0]), "--front-ended=%lld",
	    (long long)conf->restarts[FRONT]);
	snprintf(ended[1], sizeof(ended[1]), "--vault-ended=%lld",
	    (long long)conf->restarts[VAULT]);
	snprintf(file, sizeof(file), "--access-log-file=%s",
	    conf->access_file != NULL ? conf->access_file : "");
	snprintf(url, sizeof(url), "--url=%.*s", STR_ARG(conf->url));
	return start_with_store(conf, &s);
}

/* What the command line says, everybody can read; and the vault need not know either. */
static pid_t
start_with_store(const struct pair_conf *conf, const struct spawn *s)
{
	pid_t pid;

	if ((conf->store != NULL &&
		setenv("USHER_STORE", conf->store, 1) != 0) ||
	    (conf->to != NULL && setenv("USHER_TO", conf->to, 1) != 0))
		fatal("setenv");
	pid = spawn_start(s);
	if (conf->store != NULL)
		unsetenv("USHER_STORE");
	if (conf->to != NULL)
		unsetenv("USHER_TO");
	return pid;
}

/* --- wait ------------------------------------------------------------------------- */

enum pair_event
pair_wait(struct pair *p, int signal_fd, int64_t wait_ms)
{
	int64_t until = clock_mono_ns() + wait_ms * MS;

	for (;;) {
		struct pollfd fd[] = { { .fd = signal_fd, .events = POLLIN },
			{ .fd = p->ready_fd, .events = POLLIN } };
		int64_t left = (until - clock_mono_ns()) / MS;

		if (p->must_stop && !p->is_ending)
			return PAIR_STOP;
		if (wait_ms >= 0 && left <= 0)
			return PAIR_LATE;
		if (poll(fd, COUNT(fd), wait_ms < 0 ? -1 : (int)left) < 0 &&
		    errno != EINTR)
			fatal("poll");
		if (read_signals(p, signal_fd))
			return PAIR_ENDED;
		if (p->ready_fd >= 0 && fd[1].revents != 0 && read_ready(p))
			return PAIR_READY;
	}
}

/* true: one of ours has ended. */
static bool
read_signals(struct pair *p, int fd)
{
	struct signalfd_siginfo s;
	bool has_ended = false;

	while (read(fd, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo == SIGCHLD)
			has_ended = reap(p) || has_ended;
		else
			p->must_stop = true;
	}
	return has_ended;
}

/* Its word, or the end of it before it could say one. */
static bool
read_ready(struct pair *p)
{
	char byte;

	p->is_ready = read(p->ready_fd, &byte, 1) == 1;
	forget_ready(p);
	return p->is_ready;
}

static void
forget_ready(struct pair *p)
{
	if (p->ready_fd >= 0)
		close(p->ready_fd);
	p->ready_fd = -1;
}

static bool
reap(struct pair *p)
{
	bool is_ours = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (enum child c = FRONT; c < CHILD_COUNT; c++)
			if (p->pid[c] == pid) {
				p->pid[c] = 0;
				p->status[c] = spawn_status(status);
				is_ours = true;
			}
	return is_ours;
}

/* --- end -------------------------------------------------------------------------- */

void
pair_end(struct pair *p, int signal_fd)
{
	p->is_ending = true;
	signal_child(p, FRONT, SIGTERM);
	await(p, signal_fd, FRONT, FRONT_END_MS);
	if (!has_ended(p, FRONT))
		log_event(LOG_ERROR, "front_did_not_end",
		    LOG_NUM("after_ms", FRONT_END_MS));
	signal_child(p, FRONT, SIGKILL);
	/* It ends by itself when its channels have closed. */
	await(p, signal_fd, VAULT, VAULT_END_MS);
	pair_kill(p, signal_fd);
}

void
pair_kill(struct pair *p, int signal_fd)
{
	p->is_ending = true;
	signal_child(p, FRONT, SIGKILL);
	await(p, signal_fd, FRONT, VAULT_END_MS);
	/* What it has signed may still be on its way to the disk, also if it was stopped. */
	signal_child(p, VAULT, SIGTERM);
	signal_child(p, VAULT, SIGCONT);
	await(p, signal_fd, VAULT, VAULT_END_MS);
	signal_child(p, VAULT, SIGKILL);
	await(p, signal_fd, VAULT, VAULT_END_MS);
	forget_ready(p);
}

static bool
has_ended(const struct pair *p, enum child c)
{
	return p->pid[c] == 0;
}

static void
await(struct pair *p, int signal_fd, enum child c, int64_t wait_ms)
{
	int64_t until = clock_mono_ns() + wait_ms * MS;

	while (!has_ended(p, c) && clock_mono_ns() < until)
		pair_wait(p, signal_fd, (until - clock_mono_ns()) / MS + 1);
}

static void
signal_child(const struct pair *p, enum child c, int signal)
{
	if (p->pid[c] > 0)
		kill(p->pid[c], signal);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - usher-vault, the process that holds the keys.
 *
 *	usher-vault DIR FD[,FD...] [OPEN-CEILING]
 *	usher-vault --recover DIR ARCHIVE-FD PASSPHRASE-FD
 *
 * Started by exec with stream sockets; ends when the last of them has closed.
 * OPEN-CEILING is how many records one capability may open a minute (caps.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

#include "vault/confine.h"
#include "vault/loop.h"
#include "vault/store.h"

#define EXIT_USAGE  64		/* sysexits.h */
#define READ_PIECE  65536

static int serve_main(const char *dir, const char *fds, const char *ceiling);
static int recover_main(const char *dir, const char *archive, const char *pass);
static int usage(void);
static bool fds_parse(struct str, int fd[CHANNELS_MAX], size_t *n);
static bool fd_parse(struct str, int *fd);
static bool is_channel(int fd);
static int stop_open(void);
static struct str line_of(const struct buf *);
static bool read_whole(int fd, struct buf *);

int
main(int argc, char **argv)
{
	log_open("vault", LOG_INFO);
	if (argc == 3 || argc == 4)
		return serve_main(argv[1], argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "--recover") == 0)
		return recover_main(argv[2], argv[3], argv[4]);
	return usage();
}

static int
usage(void)
{
	log_event(LOG_ERROR, "usage",
	    LOG_WORD("is",
		"usher-vault DIR FD[,FD...] [OPEN-CEILING] or "
		"usher-vault --recover DIR ARCHIVE-FD PASSPHRASE-FD"));
	return EXIT_USAGE;
}

static int
serve_main(const char *dir, const char *fds, const char *ceiling)
{
	struct server *s;
	int64_t most = OPEN_CEILING;
	int fd[CHANNELS_MAX], stop;
	size_t n;

	if (!fds_parse(str_of(fds), fd, &n))
		return usage();
	if (ceiling != NULL &&
	    (!str_int(str_of(ceiling), &most) || most < 1 || most > UINT32_MAX))
		return usage();
	confine_descriptors(fd, n);
	s = heap_alloc(1, sizeof(*s));
	umask(077);
	stop = stop_open();
	server_open(s);
	s->caps.open_ceiling = (uint32_t)most;
	s->state.is_undumpable = confine_memory();
	s->export.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->export.wake_fd < 0)
		fatal("eventfd");
	s->hasher.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->hasher.wake_fd < 0)
		fatal("eventfd");
	server_load(s, dir);
	s->state.is_confined = confine_calls();
	log_event(LOG_INFO, "vault_started", LOG_NUM("channels", n),
	    LOG_NUM("tenants", s->keys.n),
	    LOG_NUM("has_keys", s->state.has_keys),
	    LOG_NUM("open_ceiling", s->caps.open_ceiling),
	    LOG_NUM("confined", s->state.is_confined),
	    LOG_NUM("undumpable", s->state.is_undumpable),
	    LOG_NUM("locked", secret_is_locked()));
	loop_run(s, fd, n, stop);
	server_close(s);
	heap_free(s);
	return 0;
}

/* "3,4,7": distinct stream sockets, made nonblocking. */
static bool
fds_parse(struct str text, int fd[CHANNELS_MAX], size_t *n)
{
	for (*n = 0; text.p != NULL; (*n)++) {
		if (*n == CHANNELS_MAX ||
		    !fd_parse(str_cut(&text, ','), &fd[*n]) ||
		    !is_channel(fd[*n]))
			return false;
		for (size_t i = 0; i < *n; i++)
			if (fd[i] == fd[*n])
				return false;
	}
	return true;
}

static bool
fd_parse(struct str text, int *fd)
{
	int64_t n;

	if (!str_int(text, &n) || n <= STDERR_FILENO || n > 65535)
		return false;
	*fd = (int)n;
	return true;
}

static bool
is_channel(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/*
 * SIGTERM ends in order.  SIGINT reaches the whole terminal group while front
 * still needs us: it says when it is done by closing its channels.
 */
static int
stop_open(void)
{
	sigset_t blocked, stop;
	int fd;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	stop = blocked;
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) != 0)
		fatal("sigprocmask");
	fd = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("signalfd");
	return fd;
}

static int
recover_main(const char *dir, const char *archive_fd, const char *pass_fd)
{
	const char *why = "unreadable";
	struct crypt c;
	struct buf archive, text;
	struct secret pass;
	int from, secret_from;
	bool ok;

	if (!fd_parse(str_of(archive_fd), &from) ||
	    !fd_parse(str_of(pass_fd), &secret_from))
		return usage();
	umask(077);
	if (!confine_memory())
		log_event(LOG_WARN, "recovering", LOG_NUM("undumpable", 0));
	crypt_open(&c);
	secret_open(&pass, PASSPHRASE_MAX + 1);
	text = secret_buf(&pass);
	buf_init(&archive, NULL, ARCHIVE_MAX);
	ok = read_whole(from, &archive) && read_whole(secret_from, &text);
	if (ok)
		ok = archive_restore(
		    &c, dir, buf_view(&archive), line_of(&text), &why);
	secret_close(&pass);
	buf_fini(&archive);
	crypt_close(&c);
	if (!ok)
		log_event(LOG_ERROR, "not_recovered", LOG_WORD("why", why));
	else
		log_event(LOG_INFO, "keys_recovered", LOG_NUM("done", 1));
	return ok ? 0 : err_info(ERR_BAD_INPUT)->cli;
}

/* A passphrase is what stands before the line's end, if it has one. */
static struct str
line_of(const struct buf *b)
{
	struct str line = buf_view(b);

	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	return line;
}

/* false: unreadable, or more than B takes. */
static bool
read_whole(int fd, struct buf *b)
{
	for (;;) {
		size_t room =
		    b->max - b->n < READ_PIECE ? b->max - b->n : READ_PIECE;
		char *p = buf_reserve(b, room);
		ssize_t n;

		if (room == 0 || p == NULL)
			return false;
		n = read(fd, p, room);
		if (n < 0 && errno != EINTR)
			return false;
		if (n == 0)
			return true;
		b->n += n > 0 ? (size_t)n : 0;
	}
}

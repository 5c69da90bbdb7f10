/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.c - listening sockets.  Until there is TLS, none that another machine
 * can reach.
 */
#include "http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

/* An address as bind() wants it. */
struct place {
	union {
		struct sockaddr	    any;
		struct sockaddr_in  v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un  un;
	};
	socklen_t n;
};

static bool parse(struct ctx *, struct str, struct place *);
static bool parse_port(struct str, in_port_t *);
static bool is_loopback(const struct place *);
static enum err open_at(struct ctx *, const struct place *, const char *,
    int *);
static enum err failed(struct ctx *, int, const char *, const char *);
static enum err clear_path(struct ctx *, const struct place *);
static bool has_listener(const struct place *);

enum err
http_listen(struct ctx *cx, struct str address, int *fd)
{
	const int one = 1;
	struct place at = { 0 };
	char text[64];

	snprintf(text, sizeof(text), "%.*s", STR_ARG(address));
	if (!parse(cx, address, &at))
		return fail(
		    cx, ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS, "listen", text);
	if (!is_loopback(&at))
		return fail(cx, ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK,
		    "listen", text);
	*fd = socket(
	    at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* Accepted sockets inherit these; replies are whole, so waiting for more helps nobody. */
	if (*fd < 0 ||
	    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		return failed(cx, *fd, "listen", text);
	return open_at(cx, &at, text, fd);
}

enum err
http_listen_local(struct ctx *cx, const char *path, unsigned mode, int *fd)
{
	struct place at = { .n = sizeof(at.un) };
	char most[24];

	must(mode == 0600 || mode == 0660);
	snprintf(most, sizeof(most), "%zu", sizeof(at.un.sun_path) - 1);
	if (path[0] == '\0' || strlen(path) >= sizeof(at.un.sun_path))
		return fail(cx, ERR_BAD_INPUT, MSG_HTTP_SOCKET_PATH, "socket",
		    path, most);
	at.un.sun_family = AF_UNIX;
	memcpy(at.un.sun_path, path, strlen(path) + 1);
	TRY(clear_path(cx, &at));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The socket's own mode becomes the file's: at no moment is it wider. */
	if (*fd < 0 || fchmod(*fd, mode) != 0)
		return failed(cx, *fd, "socket", path);
	TRY(open_at(cx, &at, path, fd));
	/* For what the umask took; whoever owns the folder may have laid a link. */
	if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0)
		return failed(cx, *fd, "socket", path);
	return OK;
}

/* "127.0.0.1:8420" or "[::1]:8420" */
static bool
parse(struct ctx *cx, struct str text, struct place *at)
{
	struct str host, port = text;

	if (str_find(text, '\0') != text.n)
		return false;
	if (str_starts(text, STR("["))) {
		port = str_sub(text, 1, text.n - 1);
		host = str_cut(&port, ']');
		at->v6.sin6_family = AF_INET6;
		at->n = sizeof(at->v6);
		return str_starts(port, STR(":")) &&
		    parse_port(str_sub(port, 1, port.n), &at->v6.sin6_port) &&
		    inet_pton(AF_INET6, str_z(cx->arena, host),
			&at->v6.sin6_addr) == 1;
	}
	host = str_cut(&port, ':');
	at->v4.sin_family = AF_INET;
	at->n = sizeof(at->v4);
	return parse_port(port, &at->v4.sin_port) &&
	    inet_pton(AF_INET, str_z(cx->arena, host), &at->v4.sin_addr) == 1;
}

static bool
parse_port(struct str text, in_port_t *port)
{
	int64_t n;

	if (text.n == 0 || text.n > 5 || text.p[0] == '-' ||
	    !str_int(text, &n) || n > UINT16_MAX)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

static bool
is_loopback(const struct place *at)
{
	if (at->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&at->v6.sin6_addr);
	return ntohl(at->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static enum err
open_at(struct ctx *cx, const struct place *at, const char *text, int *fd)
{
	const char *field = at->any.sa_family == AF_UNIX ? "socket" : "listen";

	if (bind(*fd, &at->any, at->n) == 0 && listen(*fd, BACKLOG) == 0)
		return OK;
	return failed(cx, *fd, field, text);
}

/* Says why, by errno, and closes FD. */
static enum err
failed(struct ctx *cx, int fd, const char *field, const char *text)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (error == EADDRINUSE)
		return fail(
		    cx, ERR_CONFLICT, MSG_HTTP_LISTEN_IN_USE, field, text);
	return fail(cx, ERR_BAD_INPUT, MSG_HTTP_LISTEN_FAILED, field, text,
	    strerror(error));
}

/* A socket that nobody listens on any more is what a killed server leaves; anything else stays. */
static enum err
clear_path(struct ctx *cx, const struct place *at)
{
	const char *path = at->un.sun_path;
	struct stat st;
	char most[24];

	if (lstat(path, &st) != 0)
		return OK;
	snprintf(most, sizeof(most), "%zu", sizeof(at->un.sun_path) - 1);
	if (!S_ISSOCK(st.st_mode))
		return fail(cx, ERR_BAD_INPUT, MSG_HTTP_SOCKET_PATH, "socket",
		    path, most);
	if (has_listener(at))
		return fail(
		    cx, ERR_CONFLICT, MSG_HTTP_LISTEN_IN_USE, "socket", path);
	if (unlink(path) != 0)
		return failed(cx, -1, "socket", path);
	return OK;
}

static bool
has_listener(const struct place *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 &&
	    (connect(fd, &at->any, at->n) == 0 || errno != ECONNREFUSED);

	if (fd >= 0)
		close(fd);
	return has;
}

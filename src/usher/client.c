/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define HEAD_OUT_MAX 16384
#define KEPT_MAX     65536
#define PIECE	     65536
#define CHUNK_HEAD   6		/* "ffff\r\n" is the longest of a piece */
#define SCHEME	     "http://"

struct client {
	struct arena *arena;		/* holds the texts */
	struct str  address, host;	/* host: as the Host header names it */
	struct str  token;
	enum lang   lang;
	int64_t	    timeout_ms;
	union {
		struct sockaddr	    any;
		struct sockaddr_in  v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un  un;
	} at;
	socklen_t   at_size;
	int	    fd;			/* -1: not connected */
	bool	    is_unreachable;
};

/* One call under way. */
struct exchange {
	struct client	  *client;
	struct ctx	  *cx;
	const struct call *call;
	int64_t		   timeout_ms;
	bool		   is_sent;	/* something went out: it may have been done */
	bool		   is_cut;	/* answered before all of the body was sent */
	struct buf	   in;
};

static bool read_address(struct ctx *, struct client *);
static bool read_tcp(struct ctx *, struct client *, struct str);
static bool read_port(struct str, in_port_t *);
static enum err attempt(struct exchange *, struct answer *);
static bool was_left(int fd);
static enum err connect_to(struct exchange *);
static enum err unreachable(struct exchange *, int error);
static enum err lost(struct exchange *);
static enum err slow(struct exchange *);
static enum err wait_for(struct exchange *, short events, short *got);
static enum err send_head(struct exchange *);
static enum err send_stream(struct exchange *);
static enum err send_bytes(struct exchange *, struct str, int flags);
static enum err send_failed(struct exchange *);
static enum err receive(struct exchange *, struct answer *);
static enum err malformed(struct exchange *, enum msg why);
static enum err receive_more(struct exchange *);
static void hang_up(struct client *);

enum err
client_open(struct ctx *cx, const struct client_conf *conf, struct client **out)
{
	struct client *c = heap_alloc(1, sizeof(*c));

	*c = (struct client) { .arena = arena_open(KEPT_MAX),
		.lang = conf->lang,
		.timeout_ms = conf->timeout_ms,
		.fd = -1 };
	c->address = str_copy(c->arena, conf->address);
	c->token = str_copy(c->arena, conf->token);
	if (!read_address(cx, c)) {
		client_close(c);
		return fail(cx, ERR_BAD_INPUT, MSG_CLI_ADDRESS, "server",
		    str_z(cx->arena, conf->address));
	}
	*out = c;
	return OK;
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	hang_up(c);
	arena_close(c->arena);
	heap_free(c);
}

bool
client_is_unreachable(const struct client *c)
{
	return c->is_unreachable;
}

static bool
read_address(struct ctx *cx, struct client *c)
{
	struct str a = c->address;

	if (str_starts(a, STR(SCHEME))) {
		a = str_sub(a, sizeof(SCHEME) - 1, a.n);
		if (str_ends(a, STR("/")))
			a.n--;
		c->host = a;
		return read_tcp(cx, c, a);
	}
	c->host = STR("localhost");
	c->at.un.sun_family = AF_UNIX;
	c->at_size = sizeof(c->at.un);
	if (a.p == NULL || a.n == 0 || a.n >= sizeof(c->at.un.sun_path) ||
	    str_find(a, '\0') < a.n || str_find(a, '/') == a.n ||
	    memmem(a.p, a.n, "://", 3) != NULL)
		return false;
	memcpy(c->at.un.sun_path, a.p, a.n);
	return true;
}

/* Loopback only: there is no TLS yet, and a token travels. */
static bool
read_tcp(struct ctx *cx, struct client *c, struct str port)
{
	struct str host;

	if (str_starts(port, STR("["))) {
		port = str_sub(port, 1, port.n);
		host = str_cut(&port, ']');
		c->at.v6.sin6_family = AF_INET6;
		c->at_size = sizeof(c->at.v6);
		return str_starts(port, STR(":")) &&
		    read_port(str_sub(port, 1, port.n), &c->at.v6.sin6_port) &&
		    inet_pton(AF_INET6, str_z(cx->arena, host),
			&c->at.v6.sin6_addr) == 1 &&
		    IN6_IS_ADDR_LOOPBACK(&c->at.v6.sin6_addr);
	}
	host = str_cut(&port, ':');
	if (str_eq(host, STR("localhost")))
		host = STR("127.0.0.1");
	c->at.v4.sin_family = AF_INET;
	c->at_size = sizeof(c->at.v4);
	return read_port(port, &c->at.v4.sin_port) &&
	    str_find(host, '\0') == host.n &&
	    inet_pton(AF_INET, str_z(cx->arena, host), &c->at.v4.sin_addr) ==
	    1 &&
	    ntohl(c->at.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool
read_port(struct str text, in_port_t *port)
{
	int64_t n;

	if (text.n == 0 || text.n > 5 || !str_int(text, &n) || n < 1 ||
	    n > UINT16_MAX)
		return false;
	*port = htons((uint16_t)n);
	return true;
}

/* --- a call ----------------------------------------------------------------- */

enum err
client_call(struct client *c, struct ctx *cx, const struct call *call,
    struct answer *out)
{
	struct exchange x = { .client = c, .cx = cx, .call = call };
	enum err err;

	x.timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : c->timeout_ms;
	buf_init(&x.in, cx->arena, ANSWER_HEAD_MAX + ANSWER_BODY_MAX);
	c->is_unreachable = false;
	err = attempt(&x, out);
	/* Nothing arrived, and asking again harms nobody. */
	if (err == ERR_UNKNOWN && call->method == GET && x.in.n == 0 &&
	    cx->fault.msg == MSG_CLI_LOST) {
		hang_up(c);
		err = attempt(&x, out);
	}
	if (err != OK || out->ends || x.is_cut)
		hang_up(c);
	return err;
}

static enum err
attempt(struct exchange *x, struct answer *out)
{
	struct client *c = x->client;

	if (c->fd >= 0 && was_left(c->fd))
		hang_up(c);
	if (c->fd < 0)
		TRY(connect_to(x));
	TRY(send_head(x));
	if (x->call->read != NULL)
		TRY(send_stream(x));
	return receive(x, out);
}

/* The server ended a connection that was idle, or says what nobody asked. */
static bool
was_left(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static enum err
connect_to(struct exchange *x)
{
	struct client *c = x->client;
	const int one = 1;
	int error = 0;
	socklen_t n = sizeof(error);
	short got;

	c->fd = socket(
	    c->at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return unreachable(x, errno);
	if (c->at.any.sa_family != AF_UNIX)
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, &c->at.any, c->at_size) == 0)
		return OK;
	if (errno != EINPROGRESS)
		return unreachable(x, errno);
	if (wait_for(x, POLLOUT, &got) != OK)
		return unreachable(x, ETIMEDOUT);
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	return error == 0 ? OK : unreachable(x, error);
}

static enum err
unreachable(struct exchange *x, int error)
{
	x->client->is_unreachable = true;
	return fail(x->cx, ERR_TARGET, MSG_CLI_UNREACHABLE, "server",
	    str_z(x->cx->arena, x->client->address), errno_text(x->cx, error));
}

/* Nobody took the request, or nobody knows. */
static enum err
lost(struct exchange *x)
{
	if (!x->is_sent)
		return unreachable(x, ECONNRESET);
	return fail(x->cx, ERR_UNKNOWN, MSG_CLI_LOST, "server");
}

static enum err
slow(struct exchange *x)
{
	struct str s =
	    str_fmt(x->cx->arena, "%lld", (long long)(x->timeout_ms / 1000));

	return fail(
	    x->cx, ERR_UNKNOWN, MSG_CLI_SLOW, "server", str_z(x->cx->arena, s));
}

static enum err
wait_for(struct exchange *x, short events, short *got)
{
	struct pollfd p = { .fd = x->client->fd, .events = events };
	int64_t until = clock_mono_ns() + x->timeout_ms * INT64_C(1000000);
	int n;

	do {
		int64_t left = (until - clock_mono_ns()) / 1000000;
		bool asks = x->call->silent != NULL && left > SILENT_MS;

		n = poll(&p, 1,
		    asks	   ? SILENT_MS
			: left > 0 ? (int)left
				   : 0);
		if (n == 0 && asks) {
			if (x->call->silent(x->call->silent_arg))
				until = clock_mono_ns() +
				    x->timeout_ms * INT64_C(1000000);
			continue;
		}
		if (n >= 0 || errno != EINTR)
			break;
	} while (true);
	*got = p.revents;
	return n > 0 ? OK : slow(x);
}

/* --- sending ---------------------------------------------------------------- */

static enum err
send_head(struct exchange *x)
{
	const struct call *call = x->call;
	struct buf b;

	buf_init(&b, x->cx->arena, HEAD_OUT_MAX);
	buf_fmt(&b,
	    "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: usher/%s\r\n"
	    "Accept-Language: %s\r\n",
	    method_name(call->method), STR_ARG(call->path),
	    STR_ARG(x->client->host), USHER_VERSION,
	    lang_code(x->client->lang));
	if (x->client->token.n > 0)
		buf_fmt(&b, "Authorization: Bearer %.*s\r\n",
		    STR_ARG(x->client->token));
	for (size_t i = 0; i < call->nheader; i++)
		buf_fmt(&b, "%.*s: %.*s\r\n", STR_ARG(call->header[i].name),
		    STR_ARG(call->header[i].value));
	if (call->body.n > 0 || call->read != NULL)
		buf_fmt(&b, "Content-Type: %s\r\n",
		    call->content_type != NULL ? call->content_type
					       : "application/json");
	if (call->read != NULL)
		buf_z(&b, "Transfer-Encoding: chunked\r\n");
	else if (call->body.n > 0 || call->method != GET)
		buf_fmt(&b, "Content-Length: %zu\r\n", call->body.n);
	buf_z(&b, "\r\n");
	if (b.over)
		return fail(x->cx, ERR_TOO_LARGE, MSG_CLI_HEAD, "");
	TRY(send_bytes(x, buf_view(&b), call->body.n > 0 ? MSG_MORE : 0));
	return send_bytes(x, call->body, 0);
}

/* The body in chunks, until its end or an early answer. */
static enum err
send_stream(struct exchange *x)
{
	char *piece = arena_alloc(x->cx->arena, CHUNK_HEAD + PIECE + 2);
	char head[CHUNK_HEAD + 1];
	ssize_t n;

	do {
		struct str chunk;
		size_t nhead;

		n = x->call->read(
		    x->call->read_arg, piece + CHUNK_HEAD, PIECE - 1);
		if (n < 0)
			return fail(x->cx, ERR_BAD_INPUT, MSG_CLI_BODY, "file",
			    errno_text(x->cx, errno));
		/* The size stands right before its bytes: one write a chunk. */
		nhead =
		    (size_t)snprintf(head, sizeof(head), "%zx\r\n", (size_t)n);
		chunk.p = memcpy(piece + CHUNK_HEAD - nhead, head, nhead);
		chunk.n = nhead + (size_t)n + 2;
		memcpy(piece + CHUNK_HEAD + n, "\r\n", 2);
		if (n > 0 && was_left(x->client->fd))
			x->is_cut = true;
		else
			TRY(send_bytes(x, chunk, 0));
	} while (n > 0 && !x->is_cut);
	return OK;
}

/* All of it, unless the server answers before: then it wants no more. */
static enum err
send_bytes(struct exchange *x, struct str s, int flags)
{
	while (s.n > 0 && !x->is_cut) {
		short got;
		ssize_t n = send(x->client->fd, s.p, s.n, flags | MSG_NOSIGNAL);

		if (n >= 0) {
			x->is_sent = true;
			s = str_sub(s, (size_t)n, s.n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return send_failed(x);
		TRY(wait_for(x, POLLIN | POLLOUT, &got));
		x->is_cut = (got & POLLIN) != 0;
	}
	return OK;
}

/* Refused early and closed: the answer may still be there to read. */
static enum err
send_failed(struct exchange *x)
{
	if (!x->is_sent)
		return lost(x);
	x->is_cut = true;
	return OK;
}

/* --- receiving -------------------------------------------------------------- */

static enum err
receive(struct exchange *x, struct answer *out)
{
	enum msg why;
	size_t head;

	while ((head = answer_head_length(buf_view(&x->in))) == 0) {
		if (x->in.n > ANSWER_HEAD_MAX)
			return malformed(x, MSG_BAD_HEAD);
		TRY(receive_more(x));
	}
	/* Copied: the buffer moves while the body comes. */
	if (!answer_head(x->cx->arena,
		str_copy(x->cx->arena, str_sub(buf_view(&x->in), 0, head)), out,
		&why))
		return malformed(x, why);
	while (x->in.n < head + out->length)
		TRY(receive_more(x));
	if (x->in.n > head + out->length)
		return malformed(x, MSG_BAD_TAIL);
	out->body = str_sub(buf_view(&x->in), head, out->length);
	return OK;
}

static enum err
malformed(struct exchange *x, enum msg why)
{
	struct str text = msg_text(
	    x->cx->arena, why, x->cx->lang, (const struct str[4]) { { 0 } });

	return fail(x->cx, ERR_BAD_INPUT, MSG_CLI_ANSWER, "server",
	    str_z(x->cx->arena, text));
}

static enum err
receive_more(struct exchange *x)
{
	char *p = buf_reserve(&x->in, PIECE);
	short got;
	ssize_t n;

	if (p == NULL)
		return malformed(x, MSG_BAD_SIZE);
	for (;;) {
		n = recv(x->client->fd, p, PIECE, 0);
		if (n > 0) {
			x->in.n += (size_t)n;
			return OK;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return lost(x);
		TRY(wait_for(x, POLLIN, &got));
	}
}

static void
hang_up(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "testserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

#define QUEUE_MAX 4096
#define IN_MAX	  65536

static struct server *self;	/* what the door's callbacks serve; one at a time */

static void on_loop(struct request *, const char *);
static void to_worker(struct request *);
static void hello(struct request *);
static void big(struct request *);
static void who(struct request *);
static void evil(struct request *);
static void empty(struct request *);
static void echo(struct request *);
static void eager(struct request *);
static void later(struct request *);
static void hold(struct request *);
static void count(struct request *);
static void early(struct request *);

/* What a route's work points to. */
struct work {
	void (*serve)(struct request *);
	void (*work)(struct request *);	/* on the worker */
	bool is_secret;
};

static const struct work hello_work = { hello, NULL, false };
static const struct work big_work = { big, NULL, false };
static const struct work who_work = { who, NULL, false };
static const struct work evil_work = { evil, NULL, false };
static const struct work empty_work = { empty, NULL, false };
static const struct work echo_work = { echo, NULL, false };
static const struct work eager_work = { eager, NULL, false };
static const struct work later_work = { to_worker, later, false };
static const struct work hold_work = { to_worker, hold, false };
static const struct work count_work = { to_worker, count, false };
static const struct work early_work = { to_worker, early, false };
static const struct work secret_work = { hello, NULL, true };

static const struct route routes[] = {
	{ GET, "/hello", 0, 0, false, &hello_work, "" },
	{ GET, "/later", 0, 0, false, &later_work, "" },
	{ GET, "/hold", 0, 0, false, &hold_work, "" },
	{ GET, "/big", 0, 0, false, &big_work, "" },
	{ GET, "/who", 0, 0, false, &who_work, "" },
	{ GET, "/evil", 0, 0, false, &evil_work, "" },
	{ GET, "/empty", 0, 0, false, &empty_work, "" },
	{ POST, "/echo", 0, 65536, false, &echo_work, "" },
	{ POST, "/count", 0, 16 * 1024 * 1024, true, &count_work, "" },
	{ POST, "/small", 0, 100, true, &count_work, "" },
	{ POST, "/early", 0, 16 * 1024 * 1024, true, &early_work, "" },
	{ POST, "/eager", 0, 16 * 1024 * 1024, true, &eager_work, "" },
	{ GET, "/secret", 0, 0, false, &secret_work, "" },
	{ POST, "/secret", 0, 1024 * 1024, false, &secret_work, "" },
	{ 0 }
};

static enum err
route(struct request *rq, struct str *allow)
{
	rq->route = router_find(
	    self->router, rq->method, rq->path, rq->param, allow, rq->cx.arena);
	if (rq->route != NULL)
		return OK;
	if (allow->n > 0)
		return fail(&rq->cx, ERR_BAD_INPUT, MSG_HTTP_METHOD, "",
		    method_name(rq->method), str_z(rq->cx.arena, *allow));
	return fail(&rq->cx, ERR_NOT_FOUND, MSG_HTTP_NO_SUCH_PATH, "");
}

static enum err
admit(struct request *rq)
{
	const struct work *w = rq->route->work;

	if (w->is_secret)
		return fail(
		    &rq->cx, ERR_UNAUTHENTICATED, MSG_HTTP_NO_SUCH_PATH, "");
	must(rq->body_most <= rq->route->body_max);
	atomic_fetch_add(&self->let_in, 1);
	return OK;
}

static void
let_go(const struct request *rq)
{
	must(rq->cx.request_id.n == 16);
	atomic_fetch_add(&self->let_go, 1);
}

static void
serve(struct request *rq)
{
	const struct work *w = rq->route->work;

	must(rq->route->streams || rq->body.n <= rq->route->body_max);
	w->serve(rq);
}

/* The name of the message and its first argument. */
static void
refuse(struct request *rq, enum err err, struct reply *reply)
{
	must(rq->cx.fault.err == err);
	reply->content_type = "application/problem+json";
	reply->body = str_fmt(rq->cx.arena, "%s(%.*s)",
	    msg_name(rq->cx.fault.msg), STR_ARG(rq->cx.fault.args[0]));
	/* In whose form it is refused would follow from it. */
	reply->header[reply->nheader++] =
	    (struct header) { STR("X-Path"), str_sub(rq->path, 0, 64) };
}

static void
ended(const struct request *rq, int status, size_t bytes)
{
	must(rq->cx.request_id.n == 16);
	lock_take(self->lock);
	self->ended++;
	self->last_status = status;
	self->last_bytes = bytes;
	lock_wake(self->lock);
	lock_give(self->lock);
}

static void
on_loop(struct request *rq, const char *text)
{
	struct reply reply = { .status = 200, .content_type = "text/plain",
		.body = str_of(text) };

	http_reply(rq, &reply);
}

static void
to_worker(struct request *rq)
{
	must(queue_try_put(self->queue, rq));
}

static void
hello(struct request *rq)
{
	on_loop(rq, "hello");
}

static void
who(struct request *rq)
{
	on_loop(rq,
	    rq->is_operator ? "operator" : str_z(rq->cx.arena, rq->address));
}

static void
big(struct request *rq)
{
	int64_t n;
	struct reply reply = { .status = 200 };

	must(str_int(request_query(rq, "n"), &n));
	reply.body =
	    (struct str) { arena_alloc(rq->cx.arena, (size_t)n), (size_t)n };
	http_reply(rq, &reply);
}

static void
evil(struct request *rq)
{
	struct reply reply = { .status = 200, .nheader = 1,
		.header[0] = { STR("X-Evil"), STR("a\r\nSet-Cookie: b\x7f") } };

	http_reply(rq, &reply);
}

static void
empty(struct request *rq)
{
	struct reply reply = { .status = 204 };

	http_reply(rq, &reply);
}

static void
echo(struct request *rq)
{
	struct reply reply = { .status = 200, .content_type = "text/plain",
		.body = rq->body };

	http_reply(rq, &reply);
}

static void
eager(struct request *rq)
{
	on_loop(rq, "eager");
}

static void
later(struct request *rq)
{
	on_loop(rq, str_z(rq->cx.arena, request_query(rq, "id")));
}

static void
wait_release(void)
{
	lock_take(self->lock);
	self->held++;
	lock_wake(self->lock);
	while (self->released == 0)
		lock_wait(self->lock, -1);
	self->released--;
	lock_give(self->lock);
}

static void
hold(struct request *rq)
{
	wait_release();
	on_loop(rq, "held");
}

static void
early(struct request *rq)
{
	on_loop(rq, "early");
}

/* "bytes sum", or "gone" if the stream broke. */
static void
count(struct request *rq)
{
	unsigned char piece[8192];
	uint64_t n = 0, sum = 0;
	ssize_t got;

	wait_release();
	while ((got = http_body_read(rq, piece, sizeof(piece))) > 0)
		for (ssize_t i = 0; i < got; i++)
			sum = sum * 31 + piece[i] + ++n % 7;
	on_loop(rq,
	    got < 0 ? "gone"
		    : str_fmt(rq->cx.arena, "%llu %llu%c",
			  (unsigned long long)n, (unsigned long long)sum, '\0')
			  .p);
}

static void
run_worker(void *arg)
{
	struct server *s = arg;
	void *items[8];
	size_t n;

	while ((n = queue_take(s->queue, items, COUNT(items), -1)) > 0)
		for (size_t i = 0; i < n; i++) {
			struct request *rq = items[i];
			const struct work *w = rq->route->work;

			w->work(rq);
		}
}

/* A listener, with buffers too small to hide an unbounded reader. */
static int
listen_at(struct ctx *cx, const char *address, int *port)
{
	const int small = 64 * 1024;
	struct sockaddr_storage at;
	socklen_t n = sizeof(at);
	int fd;

	if (http_listen(cx, str_of(address), &fd) != OK)
		return -1;
	assert_int_equal(getsockname(fd, (void *)&at, &n), 0);
	*port = ntohs(((struct sockaddr_in *)&at)->sin_port);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	return fd;
}

static int64_t
either(int64_t given, int64_t otherwise)
{
	return given != 0 ? given : otherwise;
}

struct server *
server_open(const struct limits *limits)
{
	static const struct route *const tables[] = { routes };
	struct server *s = heap_alloc(1, sizeof(*s));
	struct ctx cx = { .arena = arena_open(64 * 1024) };
	struct http_conf conf = {
		.fd = s->fd,
		.operator_uid = 65533,
		.loops = (size_t)either((int64_t)limits->loops, 2),
		.connections_max =
		    (size_t)either((int64_t)limits->connections_max, 1000),
		.head_ms = either(limits->head_ms, 30000),
		.body_ms = either(limits->body_ms, 30000),
		.idle_ms = either(limits->idle_ms, 30000),
		.drain_ms = either(limits->drain_ms, 30000),
		.door = { route, admit, serve, refuse, ended, let_go },
	};

	self = s;
	s->fd[0] = listen_at(&cx, "127.0.0.1:0", &s->port);
	s->fd[1] = listen_at(&cx, "[::1]:0", &s->port6);
	assert_true(s->fd[0] >= 0);
	conf.nfd = s->fd[1] >= 0 ? 2 : 1;
	snprintf(s->operator_path, sizeof(s->operator_path),
	    "/tmp/usher-test-%d.sock", getpid());
	assert_int_equal(
	    http_listen_local(&cx, s->operator_path, 0600, &s->operator_fd),
	    OK);
	conf.operator_fd = s->operator_fd;
	s->router = router_open(tables, COUNT(tables));
	s->lock = lock_open();
	s->queue = queue_open(QUEUE_MAX);
	s->worker = thread_start("worker", run_worker, s);
	s->http = http_open(&conf);
	arena_close(cx.arena);
	return s;
}

void
server_close(struct server *s)
{
	if (s->http != NULL)
		http_close(s->http);
	queue_end(s->queue);
	thread_join(s->worker);
	/* Each that was admitted, whatever became of it. */
	assert_int_equal(s->let_go, s->let_in);
	queue_close(s->queue);
	router_close(s->router);
	lock_close(s->lock);
	for (size_t i = 0; i < COUNT(s->fd); i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
	close(s->operator_fd);
	unlink(s->operator_path);
	heap_free(s);
	self = NULL;
}

void
server_release(struct server *s, size_t n)
{
	lock_take(s->lock);
	s->released += n;
	lock_wake(s->lock);
	lock_give(s->lock);
}

void
server_wait_held(struct server *s, size_t n)
{
	lock_take(s->lock);
	while (s->held < n)
		lock_wait(s->lock, -1);
	lock_give(s->lock);
}

void
server_wait_ended(struct server *s, size_t n)
{
	lock_take(s->lock);
	while (s->ended < n)
		lock_wait(s->lock, -1);
	lock_give(s->lock);
}

void
server_wait_open(struct server *s, size_t n)
{
	struct http_count counts;

	for (;;) {
		http_counts(s->http, &counts);
		if (counts.open == n)
			return;
		clock_sleep_ms(1);
	}
}

void
server_wait_bytes(struct server *s, size_t n)
{
	struct http_count counts;

	for (;;) {
		http_counts(s->http, &counts);
		if (counts.bytes_in >= n)
			return;
		clock_sleep_ms(1);
	}
}

struct client
client_open(const struct server *s)
{
	return client_open_from(s, "127.0.0.1");
}

static int
open_socket(int family)
{
	/* Against hanging for ever when something is broken; no test waits for it. */
	const struct timeval limit = { .tv_sec = 60 };
	const int small = 64 * 1024;
	int fd = socket(family, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	return fd;
}

struct client
client_new(void)
{
	return (struct client) { .fd = open_socket(AF_INET),
		.in = heap_alloc(IN_MAX, 1) };
}

void
client_connect(struct client *c, const struct server *s, const char *from)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, from, &at.sin_addr), 1);
	assert_int_equal(bind(c->fd, (void *)&at, sizeof(at)), 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)s->port);
	assert_int_equal(connect(c->fd, (void *)&at, sizeof(at)), 0);
}

struct client
client_open_from(const struct server *s, const char *address)
{
	struct client c = client_new();

	client_connect(&c, s, address);
	return c;
}

struct client
client_open6(const struct server *s)
{
	struct client c = { .fd = open_socket(AF_INET6) };
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)s->port6) };

	assert_int_equal(connect(c.fd, (void *)&at, sizeof(at)), 0);
	c.in = heap_alloc(IN_MAX, 1);
	return c;
}

void
client_close(struct client *c)
{
	close(c->fd);
	heap_free(c->in);
}

void
client_send(struct client *c, const char *text)
{
	client_send_n(c, text, strlen(text));
}

void
client_send_n(struct client *c, const void *p, size_t n)
{
	const char *at = p;
	ssize_t sent;

	for (; n > 0; at += sent, n -= (size_t)sent) {
		sent = send(c->fd, at, n, MSG_NOSIGNAL);
		assert_true(sent > 0);
	}
}

/* Adds what comes to c->in; false at the end. */
static bool
more(struct client *c)
{
	ssize_t n = recv(c->fd, c->in + c->n, IN_MAX - c->n, 0);

	if (n < 0)
		print_error("recv: %s\n", strerror(errno));
	assert_true(n >= 0);
	c->n += (size_t)n;
	return n > 0;
}

static void
drop(struct client *c, size_t n)
{
	memmove(c->in, c->in + n, c->n - n);
	c->n -= n;
}

static size_t
length_of(const struct answer *a, bool no_body)
{
	const char *length = answer_header(a, "Content-Length");

	if (no_body || a->status == 100 || a->status == 204) {
		assert_true(no_body || length == NULL);
		return 0;
	}
	assert_non_null(length);
	return strtoul(length, NULL, 10);
}

void
client_read(struct client *c, struct answer *a, bool no_body)
{
	char *end;
	size_t head, have;

	while ((end = memmem(c->in, c->n, "\r\n\r\n", 4)) == NULL)
		assert_true(more(c));
	head = (size_t)(end - c->in) + 4;
	assert_true(head < sizeof(a->head));
	memcpy(a->head, c->in, head);
	a->head[head] = '\0';
	drop(c, head);
	assert_int_equal(strncmp(a->head, "HTTP/1.1 ", 9), 0);
	a->status = (int)strtol(a->head + 9, NULL, 10);
	a->n = length_of(a, no_body);
	a->body = heap_alloc(a->n + 1, 1);
	for (have = 0;; assert_true(more(c))) {
		size_t n = a->n - have < c->n ? a->n - have : c->n;

		memcpy(a->body + have, c->in, n);
		drop(c, n);
		have += n;
		if (have == a->n)
			return;
	}
}

void
answer_done(struct answer *a)
{
	heap_free(a->body);
}

void
client_expect(struct client *c, int status, const char *body)
{
	struct answer a;

	client_read(c, &a, false);
	if (a.status != status || (body != NULL && strcmp(a.body, body) != 0))
		print_error(
		    "%d %s instead of %d %s\n", a.status, a.body, status, body);
	assert_int_equal(a.status, status);
	if (body != NULL)
		assert_string_equal(a.body, body);
	answer_done(&a);
}

void
client_expect_end(struct client *c)
{
	assert_false(more(c));
	assert_int_equal(c->n, 0);
}

const char *
answer_header(const struct answer *a, const char *name)
{
	static _Thread_local char value[1024];
	size_t n = strlen(name);

	for (const char *p = a->head; (p = strstr(p, "\r\n")) != NULL;) {
		p += 2;
		if (strncasecmp(p, name, n) != 0 || p[n] != ':')
			continue;
		snprintf(value, sizeof(value), "%.*s",
		    (int)strcspn(p + n + 2, "\r"), p + n + 2);
		return value;
	}
	return NULL;
}

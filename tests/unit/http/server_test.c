/* SPDX-License-Identifier: Apache-2.0 */
/* server_test.c - what goes over the wire, with a real server. */
#include "testserver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"

static struct server *s;

static int
set_up(void **state)
{
	(void)state;
	s = server_open(&(struct limits) { 0 });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	server_close(s);
	return 0;
}

static void
a_connection_serves_one_request_after_the_other(void **state)
{
	struct client c = client_open(s);

	(void)state;
	for (int i = 0; i < 5; i++) {
		client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
		client_expect(&c, 200, "hello");
		client_send(&c, "GET /later?id=7 HTTP/1.1\r\n" H "\r\n");
		client_expect(&c, 200, "7");
		client_send(&c,
		    "POST /echo HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc");
		client_expect(&c, 200, "abc");
		client_send(&c,
		    "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: "
		    "chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n");
		client_expect(&c, 200, "xyz");
	}
	client_close(&c);
}

static void
every_reply_has_its_headers(void **state)
{
	struct client c = client_open(s);
	struct answer a;
	char id[64];

	(void)state;
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	assert_string_equal(answer_header(&a, "Cache-Control"), "no-store");
	assert_string_equal(
	    answer_header(&a, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(answer_header(&a, "Content-Type"), "text/plain");
	assert_string_equal(answer_header(&a, "Content-Length"), "5");
	assert_null(answer_header(&a, "Connection"));
	assert_int_equal(strlen(answer_header(&a, "Date")), 29);
	snprintf(id, sizeof(id), "%s", answer_header(&a, "Request-Id"));
	assert_int_equal(strlen(id), 32);
	answer_done(&a);

	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	assert_string_not_equal(answer_header(&a, "Request-Id"), id);
	answer_done(&a);

	client_send(&c,
	    "GET /hello HTTP/1.1\r\n" H "traceparent: "
	    "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\n\r\n");
	client_read(&c, &a, false);
	assert_string_equal(answer_header(&a, "Request-Id"),
	    "0123456789abcdef0123456789abcdef");
	assert_memory_equal(answer_header(&a, "Traceresponse"),
	    "00-0123456789abcdef0123456789abcdef-", 36);
	assert_string_not_equal(answer_header(&a, "Traceresponse"),
	    "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01");
	answer_done(&a);

	/* What is no traceparent is no reason to refuse. */
	client_send(&c,
	    "GET /hello HTTP/1.1\r\n" H "traceparent: x\r\n"
	    "traceparent: y\r\n\r\n");
	client_read(&c, &a, false);
	assert_int_equal(a.status, 200);
	assert_null(answer_header(&a, "Traceresponse"));
	answer_done(&a);
	client_close(&c);
}

static void
a_reply_header_cannot_be_split(void **state)
{
	struct client c = client_open(s);
	struct answer a;

	(void)state;
	client_send(&c, "GET /evil HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	assert_string_equal(answer_header(&a, "X-Evil"), "a??Set-Cookie: b?");
	assert_null(answer_header(&a, "Set-Cookie"));
	answer_done(&a);
	client_close(&c);
}

static void
head_and_no_content_have_no_body(void **state)
{
	struct client c = client_open(s);
	struct answer a;

	(void)state;
	client_send(&c, "HEAD /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, true);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_header(&a, "Content-Length"), "5");
	answer_done(&a);
	client_send(&c, "HEAD /nothing HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, true);
	assert_int_equal(a.status, 404);
	answer_done(&a);
	client_send(&c, "GET /empty HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 204, "");
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "hello");
	client_close(&c);
}

static void
fifty_pipelined_requests_are_answered_in_order(void **state)
{
	struct client c = client_open(s);
	struct buf b;
	char want[32];

	(void)state;
	buf_init(&b, NULL, 65536);
	for (int i = 0; i < 50; i++) {
		if (i % 3 == 0)
			buf_fmt(
			    &b, "GET /later?id=a%d HTTP/1.1\r\n" H "\r\n", i);
		else if (i % 3 == 1)
			buf_fmt(&b,
			    "POST /echo HTTP/1.1\r\n" H
			    "Content-Length: 3\r\n\r\nb%02d",
			    i);
		else
			buf_fmt(&b, "GET /hello HTTP/1.1\r\n" H "\r\n");
	}
	client_send_n(&c, b.p, b.n);
	for (int i = 0; i < 50; i++) {
		snprintf(want, sizeof(want),
		    i % 3 == 0	     ? "a%d"
			: i % 3 == 1 ? "b%02d"
				     : "hello",
		    i);
		client_expect(&c, 200, want);
	}
	buf_fini(&b);
	client_close(&c);
}

static void
more_pipelined_requests_than_replies_may_wait_are_all_answered(void **state)
{
	struct client c = client_open(s);
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 1024 * 1024);
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_send_n(&c, b.p, b.n);
	for (int i = 0; i < 1000; i++)
		client_expect(&c, 200, "hello");
	buf_fini(&b);
	client_close(&c);
}

static void
a_request_byte_by_byte_is_a_request(void **state)
{
	static const char text[] =
	    "POST /echo HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0\r\n\r\n";
	struct client c = client_open(s);

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		client_send_n(&c, text + i, 1);
	client_expect(&c, 200, "hi");
	client_close(&c);
}

#define POST_ECHO "POST /echo HTTP/1.1\r\n" H
#define CHUNKED	  "Transfer-Encoding: chunked\r\n"

/* Each closes the connection after its answer. */
static const struct {
	const char *bytes;
	int	    status;
	const char *body;
} refusals[] = {
	{ "GET / HTTP/1.1\r\n\r\n", 400, "HTTP_HOST(Host)" },
	{ "GET / HTTP/1.1\n", 400, "HTTP_LINE_END()" },
	{ "GET /a%2fb HTTP/1.1\r\n" H "\r\n", 400, "HTTP_PATH()" },
	{ "GET /?a=1&a=2 HTTP/1.1\r\n" H "\r\n", 400, "HTTP_QUERY_TWICE(a)" },
	{ "GET / HTTP/1.0\r\n", 505, "HTTP_VERSION()" },
	{ "OPTIONS / HTTP/1.1\r\n", 501, "HTTP_METHOD_UNKNOWN()" },
	{ "GET http://a/ HTTP/1.1\r\n", 400, "HTTP_TARGET()" },
	{ POST_ECHO "Content-Encoding: gzip\r\n", 415, "HTTP_ENCODING(Content-Encoding)" },
	{ POST_ECHO "Expect: x\r\n", 417, "HTTP_EXPECT(Expect)" },
	{ POST_ECHO "Content-Length: 1\r\nContent-Length: 1\r\n", 400, "HTTP_FIELD_TWICE(Content-Length)" },
	{ POST_ECHO "Content-Length: 1\r\n" CHUNKED "\r\n", 400, "HTTP_FRAMING(Content-Length)" },
	{ POST_ECHO "Content-Length: 65537\r\n\r\n", 413, "HTTP_BODY_TOO_LARGE(65536)" },
	{ POST_ECHO "Expect: 100-continue\r\nContent-Length: 65537\r\n\r\n", 413, "HTTP_BODY_TOO_LARGE(65536)" },
	{ "GET /hello HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\n", 400, "HTTP_NO_BODY()" },
	{ "POST /secret HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\n123", 401, "HTTP_NO_SUCH_PATH()" },
	{ "POST /nothing HTTP/1.1\r\n" H CHUNKED "\r\n3\r\n123\r\n", 404, "HTTP_NO_SUCH_PATH()" },
	{ "POST /secret HTTP/1.1\r\n" H CHUNKED "\r\nx", 400, "HTTP_CHUNK()" },
	{ POST_ECHO CHUNKED "\r\n0\r\nA: b\r\n\r\n", 400, "HTTP_TRAILER()" },
	{ POST_ECHO CHUNKED "\r\n1\r\nab", 400, "HTTP_CHUNK()" },
};

static void
a_malformed_request_is_answered_and_the_connection_closed(void **state)
{
	struct answer a;
	struct http_count counts;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct client c = client_open(s);

		client_send(&c, refusals[i].bytes);
		client_read(&c, &a, false);
		if (a.status != refusals[i].status)
			print_error(
			    "%s: %d %s\n", refusals[i].bytes, a.status, a.body);
		assert_int_equal(a.status, refusals[i].status);
		assert_string_equal(a.body, refusals[i].body);
		assert_string_equal(answer_header(&a, "Connection"), "close");
		assert_string_equal(answer_header(&a, "Content-Type"),
		    "application/problem+json");
		answer_done(&a);
		client_expect_end(&c);
		client_close(&c);
	}
	http_counts(s->http, &counts);
	assert_int_equal(counts.requests, 0);
	assert_int_equal(counts.refused_heads, 11);
	assert_int_equal(counts.connections, COUNT(refusals));
}

static void
nothing_after_a_malformed_request_is_served(void **state)
{
	struct client c = client_open(s);

	(void)state;
	client_send(&c,
	    "POST /echo HTTP/1.1\r\n" H
	    "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	    "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 400, "HTTP_FRAMING(Content-Length)");
	client_expect_end(&c);
	client_close(&c);
}

static void
a_whole_request_that_is_refused_keeps_the_connection(void **state)
{
	struct client c = client_open(s);
	struct answer a;

	(void)state;
	client_send(&c, "GET /nothing HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 404, "HTTP_NO_SUCH_PATH()");
	client_send(
	    &c, "POST /secret HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc");
	client_expect(&c, 401, "HTTP_NO_SUCH_PATH()");
	client_send(&c,
	    "PUT /nothing HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	    "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 404, "HTTP_NO_SUCH_PATH()");
	client_expect(&c, 200, "hello");
	client_send(&c, "DELETE /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	assert_int_equal(a.status, 405);
	assert_string_equal(a.body, "HTTP_METHOD(DELETE)");
	assert_string_equal(answer_header(&a, "Allow"), "GET, HEAD");
	answer_done(&a);
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "hello");
	client_close(&c);
}

static void
what_could_be_read_of_a_path_is_told_to_the_door(void **state)
{
	static const struct {
		const char *text, *path;
		int	    status;
	} cases[] = {
		{ "PURGE /a/b?c=d HTTP/1.1\r\n", "/a/b", 501 },
		{ "GET /a/b HTTP/1.0\r\n", "/a/b", 505 },
		{ "GET /a/b HTTP\r\n", "/a/b", 400 },
		{ "GET /a/b HTTP/1.1\n", "/a/b", 400 },
		{ "GE\"T /a/b HTTP/1.1\r\n", "/a/b", 400 },
		{ "GET /a%2fb HTTP/1.1\r\nBad\r\n", "/a", 400 },
		{ "GET /a/b HTTP/1.1\r\n\r\n", "/a/b", 400 },
		{ "GET /a/b HTTP/1.1\r\n" H "Expect: x\r\n", "/a/b", 417 },
		{ "GET /a/b HTTP/1.1\r\n" H "Content-Encoding: gzip\r\n",
		    "/a/b", 415 },
		{ "POST /echo HTTP/1.1\r\n" H
		  "Transfer-Encoding: chunked\r\n\r\nx\r\n",
		    "/echo", 400 },
		{ "GET http://h/a/b HTTP/1.1\r\n", "", 400 },
		{ "GET /a\"b HTTP/1.1\r\n", "", 400 },
		{ "GET\r\n", "", 400 },
	};
	struct answer a;
	struct client c;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		c = client_open(s);
		client_send(&c, cases[i].text);
		client_read(&c, &a, false);
		assert_int_equal(a.status, cases[i].status);
		assert_string_equal(
		    answer_header(&a, "X-Path"), cases[i].path);
		answer_done(&a);
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
a_huge_header_and_a_huge_line_are_refused(void **state)
{
	struct client c = client_open(s);
	struct answer a;
	struct buf b;

	(void)state;
	buf_init(&b, NULL, 1024 * 1024);
	buf_z(&b, "GET /hello HTTP/1.1\r\n" H "X: ");
	for (int i = 0; i < 40000; i++)
		buf_z(&b, "a");
	client_send_n(&c, b.p, b.n);
	client_expect(&c, 431, "HTTP_HEAD_TOO_LARGE()");
	client_expect_end(&c);
	client_close(&c);

	c = client_open(s);
	b.n = 0;
	buf_z(&b, "GET /");
	for (int i = 0; i < 9000; i++)
		buf_z(&b, "a");
	client_send_n(&c, b.p, b.n);
	client_expect(&c, 414, "HTTP_LINE_TOO_LONG()");
	client_expect_end(&c);
	client_close(&c);

	/* What there was of the path may have come in pieces. */
	c = client_open(s);
	b.n = 0;
	buf_z(&b, "e?x=");
	for (int i = 0; i < 9000; i++)
		buf_z(&b, "a");
	client_send(&c, "GET /som");
	client_send_n(&c, b.p, b.n);
	client_read(&c, &a, false);
	assert_int_equal(a.status, 414);
	assert_string_equal(answer_header(&a, "X-Path"), "/some");
	answer_done(&a);
	client_expect_end(&c);
	client_close(&c);
	buf_fini(&b);
}

static void
a_chunked_body_over_the_limit_is_refused_on_the_way(void **state)
{
	struct client c = client_open(s);
	char piece[4096 + 8] = "1000\r\n";

	(void)state;
	memset(piece + 6, 'a', 4096);
	memcpy(piece + 6 + 4096, "\r\n", 2);
	client_send(&c,
	    "POST /echo HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 17; i++)
		client_send_n(&c, piece, sizeof(piece));
	client_expect(&c, 413, "HTTP_BODY_TOO_LARGE(65536)");
	client_expect_end(&c);
	client_close(&c);
}

static void
a_client_that_asks_is_told_to_continue(void **state)
{
	struct client c = client_open(s);

	(void)state;
	client_send(&c,
	    "POST /echo HTTP/1.1\r\n" H
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	client_expect(&c, 100, NULL);
	client_send(&c, "hi");
	client_expect(&c, 200, "hi");
	/* Behind another one, and with nothing to wait for. */
	client_send(&c,
	    "GET /later?id=1 HTTP/1.1\r\n" H "\r\n"
	    "POST /echo HTTP/1.1\r\n" H
	    "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
	    "POST /echo HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n");
	client_expect(&c, 200, "1");
	client_expect(&c, 100, NULL);
	client_expect(&c, 200, "hi");
	client_expect(&c, 200, "");
	client_close(&c);
}

static void
a_client_that_closes_its_side_is_still_answered(void **state)
{
	static const char *const requests[] = {
		"GET /hello HTTP/1.1\r\n" H "\r\n",
		"GET /later?id=hello HTTP/1.1\r\n" H "\r\n",
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct client c = client_open(s);

		client_send(&c, requests[i]);
		client_send(&c, requests[i]);
		assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
		client_expect(&c, 200, "hello");
		client_expect(&c, 200, "hello");
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
a_request_cut_short_is_refused(void **state)
{
	static const char *const requests[] = {
		"GET /hel",
		"GET /hello HTTP/1.1\r\n" H,
		"POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell",
		"POST /echo HTTP/1.1\r\n" H
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct client c = client_open(s);

		client_send(&c, requests[i]);
		assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
		client_expect(&c, 400, "HTTP_CUT_SHORT()");
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
a_client_that_says_close_gets_it(void **state)
{
	struct client c = client_open(s);
	struct answer a;

	(void)state;
	client_send(&c,
	    "GET /hello HTTP/1.1\r\n" H "Connection: close\r\n\r\n"
	    "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	assert_int_equal(a.status, 200);
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_done(&a);
	client_expect_end(&c);
	client_close(&c);
}

static void
a_large_reply_arrives_whole(void **state)
{
	struct client c = client_open(s);
	struct answer a;

	(void)state;
	client_send(&c,
	    "GET /big?n=3000000 HTTP/1.1\r\n" H "\r\nGET /hello HTTP/1.1\r\n" H
	    "\r\n");
	client_read(&c, &a, false);
	assert_int_equal(a.n, 3000000);
	for (size_t i = 0; i < a.n; i++)
		assert_true(a.body[i] == '\0');
	answer_done(&a);
	client_expect(&c, 200, "hello");
	server_wait_ended(s, 2);
	client_close(&c);
}

static void
a_reply_to_someone_who_left_is_dropped(void **state)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct client c = client_open(s);

	(void)state;
	client_send(&c, "GET /hold HTTP/1.1\r\n" H "\r\n");
	server_wait_held(s, 1);
	setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&c);
	server_wait_open(s, 0);
	server_release(s, 1);
	server_wait_ended(s, 1);
	assert_int_equal(s->last_status, 200);
	assert_int_equal(s->last_bytes, 0);
}

static void
the_door_hears_of_each_end(void **state)
{
	struct client c = client_open(s);
	struct answer a;
	size_t n;

	(void)state;
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_read(&c, &a, false);
	n = strlen(a.head) + a.n;
	answer_done(&a);
	server_wait_ended(s, 1);
	assert_int_equal(s->last_status, 200);
	assert_int_equal(s->last_bytes, n);
	client_send(&c, "GET /hello HTTP/1.0\r\n\r\n");
	client_expect(&c, 505, NULL);
	server_wait_ended(s, 2);
	assert_int_equal(s->last_status, 505);
	client_close(&c);
}

static struct client
open_local(void)
{
	struct client c = { .fd = socket(AF_UNIX, SOCK_STREAM, 0) };
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	memcpy(at.sun_path, s->operator_path, strlen(s->operator_path) + 1);
	assert_int_equal(connect(c.fd, (void *)&at, sizeof(at)), 0);
	c.in = heap_alloc(65536, 1);
	return c;
}

static void
the_operator_comes_by_the_socket(void **state)
{
	struct client c = open_local();

	(void)state;
	client_send(&c, "GET /who HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "operator");
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	client_expect_end(&c);
	client_close(&c);
	c = client_open(s);
	client_send(&c, "GET /who HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "127.0.0.1");
	client_close(&c);
}

static void
a_peer_may_come_by_ipv6(void **state)
{
	struct client c;

	(void)state;
	if (s->port6 == 0)
		skip();
	c = client_open6(s);
	client_send(&c, "GET /who HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "::1");
	client_close(&c);
}

/* In a process of its own: 1 if UID is let in, 0 if it meets the end. */
static int
let_in(uid_t uid)
{
	static const char request[] = "GET /who HTTP/1.1\r\n" H "\r\n";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char c;
	int status;
	pid_t pid;

	memcpy(at.sun_path, s->operator_path, strlen(s->operator_path) + 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (setgroups(0, NULL) != 0 || setresuid(uid, uid, uid) != 0 ||
		    connect(fd, (void *)&at, sizeof(at)) != 0)
			_exit(2);
		if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
			_exit(0);
		_exit(recv(fd, &c, 1, 0) == 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
strangers_are_turned_away_from_the_socket(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	/* The folder's mode is not what keeps them out here. */
	assert_int_equal(chmod(s->operator_path, 0666), 0);
	assert_int_equal(let_in(65534), 0);
	assert_int_equal(let_in(65533), 1);
	assert_int_equal(let_in(0), 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_connection_serves_one_request_after_the_other),
		TEST(every_reply_has_its_headers),
		TEST(a_reply_header_cannot_be_split),
		TEST(head_and_no_content_have_no_body),
		TEST(fifty_pipelined_requests_are_answered_in_order),
		TEST(
		    more_pipelined_requests_than_replies_may_wait_are_all_answered),
		TEST(a_request_byte_by_byte_is_a_request),
		TEST(a_malformed_request_is_answered_and_the_connection_closed),
		TEST(nothing_after_a_malformed_request_is_served),
		TEST(a_whole_request_that_is_refused_keeps_the_connection),
		TEST(what_could_be_read_of_a_path_is_told_to_the_door),
		TEST(a_huge_header_and_a_huge_line_are_refused),
		TEST(a_chunked_body_over_the_limit_is_refused_on_the_way),
		TEST(a_client_that_asks_is_told_to_continue),
		TEST(a_client_that_closes_its_side_is_still_answered),
		TEST(a_request_cut_short_is_refused),
		TEST(a_client_that_says_close_gets_it),
		TEST(a_large_reply_arrives_whole),
		TEST(a_reply_to_someone_who_left_is_dropped),
		TEST(the_door_hears_of_each_end),
		TEST(the_operator_comes_by_the_socket),
		TEST(a_peer_may_come_by_ipv6),
		TEST(strangers_are_turned_away_from_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

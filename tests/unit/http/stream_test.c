/* SPDX-License-Identifier: Apache-2.0 */
/* stream_test.c - bodies that flow to another thread. */
#include "testserver.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"

#include "http/http_int.h"

#define UPLOAD (8 * 1024 * 1024)

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

/* Byte I of the upload, and what the worker makes of the first N. */
static unsigned char
byte_at(uint64_t i)
{
	return (unsigned char)(i * 7 + i / 251);
}

static const char *
want_count(uint64_t n)
{
	static char text[64];
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum = sum * 31 + byte_at(i) + (i + 1) % 7;
	snprintf(text, sizeof(text), "%llu %llu", (unsigned long long)n,
	    (unsigned long long)sum);
	return text;
}

/* Sends bytes FROM up to TO; returns where it had to stop because nobody read. */
static uint64_t
send_range(struct client *c, uint64_t from, uint64_t to, int patience_ms)
{
	unsigned char piece[16384];
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	while (from < to) {
		size_t n =
		    to - from < sizeof(piece) ? to - from : sizeof(piece);
		ssize_t sent;

		if (poll(&p, 1, patience_ms) == 0)
			return from;
		for (size_t i = 0; i < n; i++)
			piece[i] = byte_at(from + i);
		sent = send(c->fd, piece, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0)
			from += (uint64_t)sent;
		else
			assert_int_equal(errno, EAGAIN);
	}
	return from;
}

static void
an_upload_waits_for_a_slow_reader_in_bounded_memory(void **state)
{
	struct client c = client_open(s);
	struct http_count counts;
	char head[200];
	uint64_t at;

	(void)state;
	snprintf(head, sizeof(head),
	    "POST /count HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n", UPLOAD);
	client_send(&c, head);
	server_wait_held(s, 1);
	/* Nobody reads: it stops, and what came in fits ring and scratch. */
	at = send_range(&c, 0, UPLOAD, 300);
	assert_true(at < UPLOAD);
	http_counts(s->http, &counts);
	assert_in_range(counts.bytes_in, STREAM_MAX,
	    STREAM_MAX + SCRATCH_MAX + sizeof(head));
	server_release(s, 1);
	assert_int_equal(send_range(&c, at, UPLOAD, 60000), UPLOAD);
	client_expect(&c, 200, want_count(UPLOAD));
	/* The connection goes on. */
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "hello");
	client_close(&c);
}

/* Its last byte takes the last of the room, and nothing comes after it. */
static void
an_upload_that_just_fills_the_ring_ends(void **state)
{
	struct client c = client_open(s);
	struct http_count counts;
	char head[200];

	(void)state;
	snprintf(head, sizeof(head),
	    "POST /count HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n",
	    STREAM_MAX);
	client_send(&c, head);
	assert_int_equal(send_range(&c, 0, STREAM_MAX, 60000), STREAM_MAX);
	do
		http_counts(s->http, &counts);
	while (counts.bytes_in < STREAM_MAX + strlen(head));
	server_release(s, 1);
	client_expect(&c, 200, want_count(STREAM_MAX));
	client_close(&c);
}

static void
a_chunked_upload_flows_as_well(void **state)
{
	struct client c = client_open(s);
	char line[32];
	uint64_t at = 0;

	(void)state;
	server_release(s, 1);
	client_send(&c,
	    "POST /count HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n");
	for (uint64_t n = 1; at < UPLOAD / 8; at += n, n = n * 3 % 50021) {
		snprintf(line, sizeof(line), "%llx\r\n", (unsigned long long)n);
		client_send(&c, line);
		assert_int_equal(send_range(&c, at, at + n, 60000), at + n);
		client_send(&c, "\r\n");
	}
	client_send(&c, "0\r\n\r\nGET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, want_count(at));
	client_expect(&c, 200, "hello");
	client_close(&c);
}

static void
an_empty_stream_ends_at_once(void **state)
{
	struct client c = client_open(s);

	(void)state;
	server_release(s, 3);
	client_send(&c,
	    "POST /count HTTP/1.1\r\n" H "\r\n"
	    "POST /count HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"
	    "POST /count HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	    "POST /eager HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"
	    "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, want_count(0));
	client_expect(&c, 200, want_count(0));
	client_expect(&c, 200, want_count(0));
	client_expect(&c, 200, "eager");
	client_expect(&c, 200, "hello");
	client_close(&c);
}

static void
a_client_that_asks_may_stream(void **state)
{
	struct client c = client_open(s);

	(void)state;
	client_send(&c,
	    "POST /count HTTP/1.1\r\n" H
	    "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	client_expect(&c, 100, NULL);
	assert_int_equal(send_range(&c, 0, 5, 60000), 5);
	server_release(s, 1);
	client_expect(&c, 200, want_count(5));
	client_close(&c);
}

/* Whether the answer comes from the worker or from the loop itself. */
static void
an_answer_before_the_end_closes_the_connection(void **state)
{
	static const char *const paths[] = { "early", "eager" };
	struct answer a;
	char head[200];

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct client c = client_open(s);

		snprintf(head, sizeof(head),
		    "POST /%s HTTP/1.1\r\n" H "Content-Length: %d\r\n\r\n",
		    paths[i], UPLOAD);
		client_send(&c, head);
		send_range(&c, 0, 100000, 0);
		client_read(&c, &a, false);
		assert_int_equal(a.status, 200);
		assert_string_equal(a.body, paths[i]);
		assert_string_equal(answer_header(&a, "Connection"), "close");
		answer_done(&a);
		/* What still comes is thrown away, not answered with a reset. */
		send_range(&c, 100000, 600000, 0);
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
a_stream_over_its_limit_ends_for_its_reader(void **state)
{
	struct client c = client_open(s);

	(void)state;
	client_send(
	    &c, "POST /small HTTP/1.1\r\n" H "Content-Length: 101\r\n\r\n");
	client_expect(&c, 413, "HTTP_BODY_TOO_LARGE(100)");
	client_expect_end(&c);
	client_close(&c);

	c = client_open(s);
	client_send(&c,
	    "POST /small HTTP/1.1\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n64\r\n");
	send_range(&c, 0, 100, 60000);
	client_send(&c, "\r\n1\r\na");
	server_wait_held(s, 1);
	server_release(s, 1);
	client_expect(&c, 413, "HTTP_BODY_TOO_LARGE(100)");
	client_expect_end(&c);
	client_close(&c);
}

/* The worker hears -1 and answers "gone"; the client is told what was wrong. */
static void
a_broken_stream_is_answered_with_the_reason(void **state)
{
	static const struct {
		const char *body, *want;
	} bodies[] = {
		{ "3\r\nabcd", "HTTP_CHUNK()" },
		{ "3\r\nabc\r\n0\r\nX: y\r\n\r\n", "HTTP_TRAILER()" },
		{ "x", "HTTP_CHUNK()" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct client c = client_open(s);

		server_release(s, 1);
		client_send(&c,
		    "POST /count HTTP/1.1\r\n" H
		    "Transfer-Encoding: chunked\r\n\r\n");
		client_send(&c, bodies[i].body);
		client_expect(&c, 400, bodies[i].want);
		client_expect_end(&c);
		client_close(&c);
	}
}

static void
a_stream_cut_short_ends_for_its_reader(void **state)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct client c = client_open(s);

	(void)state;
	server_release(s, 2);
	client_send(
	    &c, "POST /count HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell");
	assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
	client_expect(&c, 400, "HTTP_CUT_SHORT()");
	client_expect_end(&c);
	client_close(&c);

	c = client_open(s);
	client_send(
	    &c, "POST /count HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhell");
	server_wait_held(s, 2);
	setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&c);
	server_wait_ended(s, 2);
	assert_int_equal(s->last_bytes, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_upload_waits_for_a_slow_reader_in_bounded_memory),
		TEST(an_upload_that_just_fills_the_ring_ends),
		TEST(a_chunked_upload_flows_as_well),
		TEST(an_empty_stream_ends_at_once),
		TEST(a_client_that_asks_may_stream),
		TEST(an_answer_before_the_end_closes_the_connection),
		TEST(a_stream_over_its_limit_ends_for_its_reader),
		TEST(a_broken_stream_is_answered_with_the_reason),
		TEST(a_stream_cut_short_ends_for_its_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* limits_test.c - deadlines, caps, and the end of the server. */
#include "testserver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

#include "http/http_int.h"

/* Closes S and waits for its last reply in the client's stead. */
static void
run_close(void *arg)
{
	struct server *s = arg;

	http_close(s->http);
}

static uint64_t
slow_closed(const struct server *s)
{
	struct http_count counts;

	http_counts(s->http, &counts);
	return counts.slow_closed;
}

static void
a_slow_head_is_ended(void **state)
{
	struct server *s = server_open(&(struct limits) { .head_ms = 100 });
	struct client slow = client_open(s), steady = client_open(s);
	struct answer a;

	(void)state;
	client_send(&slow, "GET /hello HTTP/1.1\r\nHo");
	/* Bytes that trickle in do not buy time. */
	for (int i = 0; i < 200 && slow_closed(s) < 2; i++) {
		send(steady.fd, "G", 1, MSG_NOSIGNAL);
		clock_sleep_ms(5);
	}
	client_read(&slow, &a, false);
	assert_int_equal(a.status, 408);
	assert_string_equal(a.body, "HTTP_SLOW()");
	assert_string_equal(answer_header(&a, "X-Path"), "/hello");
	answer_done(&a);
	client_expect_end(&slow);
	client_expect(&steady, 408, "HTTP_SLOW()");
	assert_int_equal(slow_closed(s), 2);
	client_close(&slow);
	client_close(&steady);
	server_close(s);
}

static void
a_connection_that_never_speaks_is_ended(void **state)
{
	struct server *s = server_open(&(struct limits) { .head_ms = 50 });
	struct client c = client_open(s);

	(void)state;
	client_expect_end(&c);
	assert_int_equal(slow_closed(s), 0);
	client_close(&c);
	server_close(s);
}

static void
an_idle_connection_is_ended_without_a_word(void **state)
{
	struct server *s = server_open(&(struct limits) { .idle_ms = 100 });
	struct client c = client_open(s);

	(void)state;
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "hello");
	client_expect_end(&c);
	assert_int_equal(slow_closed(s), 0);
	client_close(&c);
	server_close(s);
}

static void
a_body_that_stops_is_ended(void **state)
{
	struct server *s = server_open(&(struct limits) { .body_ms = 100 });
	struct client c = client_open(s);

	(void)state;
	client_send(
	    &c, "POST /echo HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhe");
	client_expect(&c, 408, "HTTP_SLOW()");
	client_expect_end(&c);
	client_close(&c);

	c = client_open(s);
	server_release(s, 1);
	client_send(
	    &c, "POST /count HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhe");
	client_expect(&c, 408, "HTTP_SLOW()");
	client_expect_end(&c);
	assert_int_equal(slow_closed(s), 2);
	client_close(&c);
	server_close(s);
}

/* A byte each time the deadline would pass: alive, but below the least rate. */
static void
a_body_that_trickles_is_ended(void **state)
{
	struct server *s = server_open(&(struct limits) { .body_ms = 300 });
	struct client c = client_open(s);

	(void)state;
	client_send(
	    &c, "POST /echo HTTP/1.1\r\n" H "Content-Length: 50000\r\n\r\n");
	for (int i = 0; i < 2000 && slow_closed(s) == 0; i++) {
		send(c.fd, "x", 1, MSG_NOSIGNAL);
		clock_sleep_ms(20);
	}
	client_expect(&c, 408, "HTTP_SLOW()");
	client_close(&c);
	server_close(s);
}

/* The worker's own slowness is not held against the client. */
static void
a_client_is_not_blamed_for_a_slow_worker(void **state)
{
	struct server *s = server_open(&(struct limits) { .body_ms = 150 });
	struct client c = client_open(s);
	static char body[600 * 1024];

	(void)state;
	client_send(&c, "GET /hold HTTP/1.1\r\n" H "\r\n");
	server_wait_held(s, 1);
	clock_sleep_ms(400);
	server_release(s, 1);
	client_expect(&c, 200, "held");

	client_send(
	    &c, "POST /count HTTP/1.1\r\n" H "Content-Length: 614400\r\n\r\n");
	server_wait_held(s, 2);
	/* More than ring, scratch and the kernel's buffers could hide for long. */
	client_send_n(&c, body, 300 * 1024);
	clock_sleep_ms(400);
	server_release(s, 1);
	client_send_n(&c, body + 300 * 1024, 300 * 1024);
	client_expect(&c, 200, NULL);
	assert_int_equal(slow_closed(s), 0);
	client_close(&c);
	server_close(s);
}

static void
a_client_that_does_not_read_is_ended(void **state)
{
	struct server *s = server_open(&(struct limits) { .body_ms = 100 });
	struct client c = client_open(s);

	(void)state;
	client_send(&c, "GET /big?n=20000000 HTTP/1.1\r\n" H "\r\n");
	server_wait_ended(s, 1);
	server_wait_open(s, 0);
	assert_int_equal(slow_closed(s), 1);
	assert_int_equal(s->last_status, 200);
	assert_in_range(s->last_bytes, 1, 19999999);
	client_close(&c);
	server_close(s);
}

static void
a_client_that_reads_slowly_gets_its_reply(void **state)
{
	struct server *s = server_open(&(struct limits) { .body_ms = 500 });
	struct client c = client_open(s);
	size_t got = 0, want = 600000;
	ssize_t n;

	(void)state;
	client_send(
	    &c, "GET /big?n=600000 HTTP/1.1\r\n" H "Connection: close\r\n\r\n");
	while ((n = recv(c.fd, c.in, 16384, 0)) > 0) {
		got += (size_t)n;
		clock_sleep_ms(30);
	}
	assert_int_equal(n, 0);
	assert_true(got > want);
	assert_int_equal(slow_closed(s), 0);
	client_close(&c);
	server_close(s);
}

static void
a_client_that_sends_and_never_reads_is_not_read_for_ever(void **state)
{
	static const char request[] = "GET /big?n=60000 HTTP/1.1\r\n" H "\r\n";
	struct server *s = server_open(&(struct limits) { .body_ms = 300 });
	struct client c = client_open(s);
	struct http_count counts;

	(void)state;
	while (send(c.fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0)
		;
	http_counts(s->http, &counts);
	/* The kernel's buffers and what may wait, far from all that was asked for. */
	assert_in_range(counts.requests, 2, 400);
	server_wait_open(s, 0);
	assert_int_equal(slow_closed(s), 1);
	client_close(&c);
	server_close(s);
}

static void
connections_are_capped(void **state)
{
	struct server *s =
	    server_open(&(struct limits) { .connections_max = 8 });
	struct client c[8], more;

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++) {
		c[i] = client_open(s);
		client_send(&c[i], "GET /hello HTTP/1.1\r\n" H "\r\n");
		client_expect(&c[i], 200, "hello");
	}
	more = client_open(s);
	client_expect(&more, 503, "");
	client_expect_end(&more);
	client_close(&more);
	client_close(&c[0]);
	server_wait_open(s, 7);
	c[0] = client_open(s);
	client_send(&c[0], "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c[0], 200, "hello");
	for (size_t i = 0; i < COUNT(c); i++)
		client_close(&c[i]);
	server_close(s);
}

static void
one_address_gets_a_quarter(void **state)
{
	struct server *s =
	    server_open(&(struct limits) { .connections_max = 400 });
	struct client c[100], more;

	(void)state;
	for (size_t i = 0; i < COUNT(c); i++)
		c[i] = client_open(s);
	server_wait_open(s, COUNT(c));
	more = client_open(s);
	client_expect(&more, 503, "");
	client_close(&more);
	more = client_open_from(s, "127.0.0.2");
	client_send(&more, "GET /who HTTP/1.1\r\n" H "\r\n");
	client_expect(&more, 200, "127.0.0.2");
	client_close(&more);
	for (size_t i = 0; i < COUNT(c); i++)
		client_close(&c[i]);
	server_close(s);
}

static unsigned
slot(const struct server *s, int family, const char *text)
{
	struct sockaddr_storage peer = { .ss_family = (sa_family_t)family };
	void *at = family == AF_INET6
	    ? (void *)&((struct sockaddr_in6 *)&peer)->sin6_addr
	    : (void *)&((struct sockaddr_in *)&peer)->sin_addr;

	assert_int_equal(inet_pton(family, text, at), 1);
	return address_slot(s->http, &peer);
}

static bool
is_one(const struct server *s, const char *a, const char *b)
{
	return slot(s, AF_INET6, a) == slot(s, AF_INET6, b);
}

/* Who has one IPv6 address has 2^64 of them, all with one share of the connections. */
static void
a_net_of_64_bits_is_one_address(void **state)
{
	struct server *s = server_open(&(struct limits) { 0 });

	(void)state;
	/* Two slots of 16384 may be one by chance: all three pairs hardly. */
	assert_true(is_one(s, "2001:db8::1", "2001:db8::2"));
	assert_true(is_one(s, "2001:db8::1", "2001:db8::f:f:f:f"));
	assert_false(is_one(s, "2001:db8::1", "2001:db8:0:1::1") &&
	    is_one(s, "2001:db8::1", "2001:db8:0:2::1") &&
	    is_one(s, "2001:db8::1", "2001:db8:0:3::1"));
	assert_int_equal(slot(s, AF_INET, "192.0.2.7"),
	    slot(s, AF_INET6, "::ffff:192.0.2.7"));
	assert_false(is_one(s, "::ffff:192.0.2.7", "::ffff:192.0.2.6") &&
	    is_one(s, "::ffff:192.0.2.7", "::ffff:192.0.2.5") &&
	    is_one(s, "::ffff:192.0.2.7", "::ffff:192.0.2.4"));
	server_close(s);
}

/* No descriptor above the ones there are, or as before. */
static void
limit_descriptors(bool is_tight)
{
	static struct rlimit before;
	struct rlimit tight;

	if (!is_tight) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
		return;
	}
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	tight = before;
	tight.rlim_cur = (rlim_t)dup(0);
	close((int)tight.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
}

static void
a_shortage_of_descriptors_is_waited_out(void **state)
{
	struct server *s = server_open(&(struct limits) { 0 });
	struct client c = client_new();
	struct http_count counts;

	(void)state;
	limit_descriptors(true);
	client_connect(&c, s, "127.0.0.1");
	clock_sleep_ms(30);
	http_counts(s->http, &counts);
	limit_descriptors(false);
	assert_int_equal(counts.connections, 0);
	client_send(&c, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&c, 200, "hello");
	client_close(&c);
	server_close(s);
}

static void
a_graceful_end_answers_what_is_under_way(void **state)
{
	struct server *s = server_open(&(struct limits) { 0 });
	struct client held = client_open(s), idle = client_open(s),
		      half = client_open(s);
	struct thread *closing;
	struct answer a;

	(void)state;
	client_send(&half, "GET /hel");
	server_wait_bytes(s, strlen("GET /hel"));
	client_send(&idle, "GET /hello HTTP/1.1\r\n" H "\r\n");
	client_expect(&idle, 200, "hello");
	client_send(&held,
	    "GET /hold HTTP/1.1\r\n" H "\r\nGET /hello HTTP/1.1\r\n" H "\r\n");
	server_wait_held(s, 1);
	closing = thread_start("closing", run_close, s);
	client_expect_end(&idle);
	client_send(&half, "lo HTTP/1.1\r\n" H "\r\n");
	client_read(&half, &a, false);
	assert_string_equal(a.body, "hello");
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_done(&a);
	client_expect_end(&half);
	server_release(s, 1);
	client_read(&held, &a, false);
	assert_string_equal(a.body, "held");
	assert_string_equal(answer_header(&a, "Connection"), "close");
	answer_done(&a);
	client_expect_end(&held);
	client_close(&held);
	thread_join(closing);
	s->http = NULL;
	client_close(&idle);
	client_close(&half);
	server_close(s);
}

static void
a_graceful_end_does_not_wait_for_ever(void **state)
{
	struct server *s = server_open(&(struct limits) { .drain_ms = 100 });
	struct client half = client_open(s), held = client_open(s),
		      stream = client_open(s);
	struct thread *closing;

	static const char head[] = "GET /hel",
			  body[] = "POST /count HTTP/1.1\r\n" H
				   "Content-Length: 5\r\n\r\nhe",
			  whole[] = "GET /later?id=1 HTTP/1.1\r\n" H "\r\n";

	(void)state;
	client_send(&stream, body);
	server_wait_held(s, 1);
	client_send(&half, head);
	client_send(&held, whole);
	server_wait_bytes(s, strlen(head) + strlen(body) + strlen(whole));
	closing = thread_start("closing", run_close, s);
	client_expect_end(&half);
	client_expect_end(&held);
	client_expect_end(&stream);
	/* Their holder may answer only now; the loops wait for that. */
	server_release(s, 1);
	thread_join(closing);
	s->http = NULL;
	assert_int_equal(s->ended, 2);
	client_close(&half);
	client_close(&held);
	client_close(&stream);
	server_close(s);
}

static void
an_end_without_connections_is_immediate(void **state)
{
	(void)state;
	for (size_t loops = 1; loops <= 4; loops++)
		server_close(server_open(&(struct limits) { .loops = loops }));
}

#define CLIENTS	 16
#define REQUESTS 100

struct crowd {
	struct server *s;
	int	       number;
	int	       good;
};

/* Each of a crowd asks and hears exactly its own answers. */
static void
run_client(void *arg)
{
	struct crowd *me = arg;
	struct client c = client_open(me->s);
	struct answer a;
	char text[200];

	for (int i = 0; i < REQUESTS; i++) {
		snprintf(text, sizeof(text),
		    "GET /later?id=%d-%d HTTP/1.1\r\n" H
		    "\r\nGET /hello HTTP/1.1\r\n" H "\r\n",
		    me->number, i);
		client_send(&c, text);
		client_read(&c, &a, false);
		snprintf(text, sizeof(text), "%d-%d", me->number, i);
		me->good += strcmp(a.body, text) == 0;
		answer_done(&a);
		client_read(&c, &a, false);
		me->good += strcmp(a.body, "hello") == 0;
		answer_done(&a);
	}
	client_close(&c);
}

static void
answers_from_another_thread_reach_their_askers(void **state)
{
	struct server *s = server_open(&(struct limits) { .loops = 3 });
	struct thread *thread[CLIENTS];
	struct crowd crowd[CLIENTS];
	struct http_count counts;

	(void)state;
	for (int i = 0; i < CLIENTS; i++) {
		crowd[i] = (struct crowd) { s, i, 0 };
		thread[i] = thread_start("client", run_client, &crowd[i]);
	}
	for (int i = 0; i < CLIENTS; i++) {
		thread_join(thread[i]);
		assert_int_equal(crowd[i].good, 2 * REQUESTS);
	}
	server_wait_ended(s, 2 * CLIENTS * REQUESTS);
	http_counts(s->http, &counts);
	assert_int_equal(counts.requests, 2 * CLIENTS * REQUESTS);
	assert_int_equal(counts.connections, CLIENTS);
	assert_true(counts.bytes_out > counts.bytes_in);
	server_close(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_head_is_ended),
		cmocka_unit_test(a_connection_that_never_speaks_is_ended),
		cmocka_unit_test(an_idle_connection_is_ended_without_a_word),
		cmocka_unit_test(a_body_that_stops_is_ended),
		cmocka_unit_test(a_body_that_trickles_is_ended),
		cmocka_unit_test(a_client_is_not_blamed_for_a_slow_worker),
		cmocka_unit_test(a_client_that_does_not_read_is_ended),
		cmocka_unit_test(a_client_that_reads_slowly_gets_its_reply),
		cmocka_unit_test(
		    a_client_that_sends_and_never_reads_is_not_read_for_ever),
		cmocka_unit_test(connections_are_capped),
		cmocka_unit_test(one_address_gets_a_quarter),
		cmocka_unit_test(a_net_of_64_bits_is_one_address),
		cmocka_unit_test(a_shortage_of_descriptors_is_waited_out),
		cmocka_unit_test(a_graceful_end_answers_what_is_under_way),
		cmocka_unit_test(a_graceful_end_does_not_wait_for_ever),
		cmocka_unit_test(an_end_without_connections_is_immediate),
		cmocka_unit_test(
		    answers_from_another_thread_reach_their_askers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

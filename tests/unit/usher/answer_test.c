/* SPDX-License-Identifier: Apache-2.0 */
/* answer_test.c - a response head is exactly what RFC 9112 says, or refused. */
#include "usher/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define LENGTH	"Content-Length: 0\r\n"

static const struct {
	const char *head;
	enum msg    why;	/* MSG_NONE: it is good */
} heads[] = {
	{ OK_LINE LENGTH "\r\n", MSG_NONE },
	{ "HTTP/1.1 200 \r\n" LENGTH "\r\n", MSG_NONE },
	{ "HTTP/1.1 503 Not now\r\ncontent-length:  17 \r\n\r\n", MSG_NONE },
	{ "HTTP/1.1 204 No Content\r\n\r\n", MSG_NONE },
	{ "HTTP/1.1 304 Not Modified\r\nETag: \"3\"\r\n\r\n", MSG_NONE },
	{ "HTTP/1.0 200 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/2 200 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "http/1.1 200 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 200\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1  200 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 20 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 2000 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 100 Continue\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 600 What\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 2x0 OK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 200 O\nK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ "HTTP/1.1 200 O\rK\r\n" LENGTH "\r\n", MSG_BAD_STATUS_LINE },
	{ OK_LINE " folded: x\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "X: a\r\n b\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "X : a\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "no colon\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE ": empty\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "X: a\nY: b\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "X: a\rb\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "X: \x7f\r\n" LENGTH "\r\n", MSG_BAD_HEADER_LINE },
	{ OK_LINE "\r\n", MSG_BAD_LENGTH },
	{ OK_LINE LENGTH LENGTH "\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: -1\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: +1\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: 1, 1\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: 0x1\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: \r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: 99999999999\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Content-Length: 99999999999999999999\r\n\r\n", MSG_BAD_LENGTH },
	{ OK_LINE "Transfer-Encoding: chunked\r\n\r\n", MSG_BAD_CODING },
	{ OK_LINE "transfer-encoding: chunked\r\n" LENGTH "\r\n", MSG_BAD_CODING },
	{ OK_LINE "Content-Encoding: gzip\r\n" LENGTH "\r\n", MSG_BAD_CODING },
};

static void
each_head_is_taken_or_refused_for_its_reason(void **state)
{
	struct arena *arena = arena_open(1u << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		enum msg why = MSG_NONE;
		struct answer a;
		bool ok = answer_head(arena, str_of(heads[i].head), &a, &why);

		if (ok != (heads[i].why == MSG_NONE))
			print_error("head %zu: %s\n", i, heads[i].head);
		assert_int_equal(ok, heads[i].why == MSG_NONE);
		if (!ok)
			assert_int_equal(why, heads[i].why);
	}
	arena_close(arena);
}

static void
what_a_head_says_can_be_read(void **state)
{
	struct arena *arena = arena_open(1u << 20);
	struct str head = STR("HTTP/1.1 412 Precondition Failed\r\n"
			      "Content-Length: 12\r\nETag:\t\"9\" \r\n"
			      "Connection: CLOSE\r\n\r\n");
	enum msg why;
	struct answer a;

	(void)state;
	assert_true(answer_head(arena, head, &a, &why));
	assert_int_equal(a.status, 412);
	assert_int_equal(a.length, 12);
	assert_true(a.ends);
	assert_true(str_eq(answer_header(&a, "etag"), STR("\"9\"")));
	assert_null(answer_header(&a, "location").p);
	arena_close(arena);
}

static void
a_reply_without_content_has_no_length_whatever_it_says(void **state)
{
	struct arena *arena = arena_open(1u << 20);
	struct str head =
	    STR("HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n");
	enum msg why;
	struct answer a;

	(void)state;
	assert_true(answer_head(arena, head, &a, &why));
	assert_int_equal(a.length, 0);
	assert_false(a.ends);
	arena_close(arena);
}

static void
more_headers_than_there_is_room_for_are_refused(void **state)
{
	struct arena *arena = arena_open(1u << 20);
	struct answer a;
	enum msg why;

	(void)state;
	for (size_t n = ANSWER_HEADERS_MAX - 1; n <= ANSWER_HEADERS_MAX; n++) {
		struct buf b;

		buf_init(&b, arena, 65536);
		buf_z(&b, OK_LINE LENGTH);
		for (size_t i = 0; i < n; i++)
			buf_z(&b, "X: y\r\n");
		buf_z(&b, "\r\n");
		assert_int_equal(answer_head(arena, buf_view(&b), &a, &why),
		    n < ANSWER_HEADERS_MAX);
	}
	arena_close(arena);
}

static void
a_head_ends_with_its_empty_line(void **state)
{
	(void)state;
	assert_int_equal(answer_head_length(STR("")), 0);
	assert_int_equal(answer_head_length(STR("HTTP/1.1 200 OK\r\n")), 0);
	assert_int_equal(answer_head_length(STR("A\r\n\r")), 0);
	assert_int_equal(answer_head_length(STR("A\n\nB")), 0);
	assert_int_equal(answer_head_length(STR("A\r\n\r\nbody\r\n\r\n")), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_head_is_taken_or_refused_for_its_reason),
		cmocka_unit_test(what_a_head_says_can_be_read),
		cmocka_unit_test(
		    a_reply_without_content_has_no_length_whatever_it_says),
		cmocka_unit_test(
		    more_headers_than_there_is_room_for_are_refused),
		cmocka_unit_test(a_head_ends_with_its_empty_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

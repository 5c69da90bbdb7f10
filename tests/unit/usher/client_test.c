/* SPDX-License-Identifier: Apache-2.0 */
/* client_test.c - a strict client of servers that are not. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELLO \
	"HTTP/1.1 200 OK\r\nETag: \"7\"\r\nContent-Length: 5\r\n\r\nhello"

static struct ctx cx;
static struct client *client;

static int
set_up(void **state)
{
	(void)state;
	cx = (struct ctx) { .arena = arena_open(256u << 20) };
	client = NULL;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	client_close(client);
	arena_close(cx.arena);
	return 0;
}

static void
open_client(const char *address, int64_t timeout_ms)
{
	const struct client_conf conf = { .address = str_of(address),
		.token = STR("secret"),
		.lang = LANG_NL,
		.timeout_ms = timeout_ms };

	assert_int_equal(client_open(&cx, &conf, &client), OK);
}

static enum err
ask(enum method method, struct answer *answer)
{
	const struct call call = { .method = method, .path = STR("/x") };

	return client_call(client, &cx, &call, answer);
}

static const struct {
	const char *address;
	bool	    is_good;
} addresses[] = {
	{ "http://127.0.0.1:8420", true },
	{ "http://127.9.9.9:1/", true },
	{ "http://localhost:8420", true },
	{ "http://[::1]:8420", true },
	{ "/run/usher/operator.sock", true },
	{ "data/operator.sock", true },
	{ "", false },
	{ "operator.sock", false },
	{ "https://127.0.0.1:8420", false },
	{ "http://127.0.0.1", false },
	{ "http://127.0.0.1:", false },
	{ "http://127.0.0.1:0", false },
	{ "http://127.0.0.1:65536", false },
	{ "http://127.0.0.1:-1", false },
	{ "http://127.0.0.1:84x", false },
	{ "http://127.0.0.1:8420/api", false },
	{ "http://10.0.0.1:8420", false },
	{ "http://[::2]:8420", false },
	{ "http://[::1]8420", false },
	{ "http://usher.example:8420", false },
	{ "http://user@127.0.0.1:8420", false },
	{ "/a/path/that/is/longer/than/a/socket/may/have/because/somebody/thought/"
	  "that/folders/cost/nothing/at/all/operator.sock", false },
};

static void
only_this_machine_is_talked_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		const struct client_conf conf = { .address = str_of(
						      addresses[i].address) };
		enum err err = client_open(&cx, &conf, &client);

		if ((err == OK) != addresses[i].is_good)
			print_error("%s\n", addresses[i].address);
		assert_int_equal(
		    err, addresses[i].is_good ? OK : ERR_BAD_INPUT);
		if (err == OK)
			client_close(client);
		client = NULL;
	}
}

static void
a_connection_is_used_again_and_says_who_asks(void **state)
{
	char sent[RUN_TEXT];
	struct answer a;

	(void)state;
	open_client(run_server((const char *[]) { HELLO, HELLO, NULL }), 5000);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(GET, &a), OK);
		assert_int_equal(a.status, 200);
		assert_true(str_eq(a.body, STR("hello")));
		assert_true(str_eq(answer_header(&a, "etag"), STR("\"7\"")));
	}
	run_read(run_path("requests"), sent);
	HAS(sent, "GET /x HTTP/1.1\r\nHost: 127.0.0.1:");
	HAS(sent, "Accept-Language: nl\r\n");
	HAS(sent, "Authorization: Bearer secret\r\n");
	run_server_end();
}

static void
a_connection_that_was_closed_meanwhile_is_opened_anew(void **state)
{
	struct answer a;

	(void)state;
	open_client(
	    run_server((const char *[]) { "!" HELLO, HELLO, NULL }), 5000);
	assert_int_equal(ask(POST, &a), OK);
	/* Not said to close, yet closed: a POST must not be lost by it. */
	while (ask(POST, &a) != OK)
		assert_int_equal(cx.fault.msg, MSG_CLI_LOST);
	assert_true(str_eq(a.body, STR("hello")));
	run_server_end();
}

static void
what_may_be_repeated_is_sent_again_once(void **state)
{
	struct answer a;

	(void)state;
	open_client(run_server((const char *[]) { "", HELLO, NULL }), 5000);
	assert_int_equal(ask(GET, &a), OK);
	run_server_end();
}

static void
what_may_have_been_done_is_not_sent_again(void **state)
{
	struct answer a;

	(void)state;
	open_client(run_server((const char *[]) { "", HELLO, NULL }), 5000);
	assert_int_equal(ask(POST, &a), ERR_UNKNOWN);
	assert_int_equal(cx.fault.msg, MSG_CLI_LOST);
	assert_false(client_is_unreachable(client));
	run_server_end();
}

static const struct {
	const char *reply;
	enum msg    msg;
} broken[] = {
	{ "!HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", MSG_CLI_LOST },
	{ "!HTTP/1.1 200 OK\r\nContent-Le", MSG_CLI_LOST },
	{ "!HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", MSG_CLI_ANSWER },
	{ "!HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", MSG_CLI_ANSWER },
	{ "!SSH-2.0-OpenSSH_9.2\r\n\r\n", MSG_CLI_ANSWER },
};

static void
a_broken_answer_is_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct answer a;

		open_client(
		    run_server((const char *[]) { broken[i].reply, NULL }),
		    5000);
		assert_int_not_equal(ask(POST, &a), OK);
		assert_int_equal(cx.fault.msg, broken[i].msg);
		client_close(client);
		client = NULL;
		run_server_end();
	}
}

static void
a_silent_server_is_not_waited_for_for_ever(void **state)
{
	struct answer a;

	(void)state;
	/* It waits for a body that never comes whole. */
	open_client(run_server((const char *[]) { HELLO, NULL }), 50);
	const struct call call = { .method = GET,
		.path = STR("/"),
		.header = { { STR("Content-Length"), STR("10") } },
		.nheader = 1 };
	assert_int_equal(client_call(client, &cx, &call, &a), ERR_UNKNOWN);
	assert_int_equal(cx.fault.msg, MSG_CLI_SLOW);
	run_server_end();
}

static void
nobody_there_is_told_apart(void **state)
{
	struct answer a;

	(void)state;
	open_client(run_path("nobody.sock"), 1000);
	assert_int_equal(ask(POST, &a), ERR_TARGET);
	assert_int_equal(cx.fault.msg, MSG_CLI_UNREACHABLE);
	assert_true(client_is_unreachable(client));
}

/* --- streams ----------------------------------------------------------------------- */

struct source {
	size_t left, asked;
	bool   fails;
};

static ssize_t
give(void *arg, void *p, size_t max)
{
	struct source *s = arg;
	size_t n = s->left < max ? s->left : max;

	s->asked++;
	if (s->fails && s->left == 0)
		return -1;
	memset(p, 'a', n);
	s->left -= n;
	return (ssize_t)n;
}

static enum err
stream(struct source *s, struct answer *a)
{
	const struct call call = { .method = PUT,
		.path = STR("/x"),
		.content_type = "text/csv",
		.read = give,
		.read_arg = s };

	return client_call(client, &cx, &call, a);
}

static void
a_stream_goes_in_chunks(void **state)
{
	struct source s = { .left = 70000 };
	char sent[RUN_TEXT];
	struct answer a;

	(void)state;
	open_client(run_server((const char *[]) { HELLO, NULL }), 5000);
	assert_int_equal(stream(&s, &a), OK);
	run_read(run_path("requests"), sent);
	HAS(sent, "Content-Type: text/csv\r\n");
	HAS(sent, "Transfer-Encoding: chunked\r\n\r\nffff\r\naaaa");
	HAS_NOT(sent, "Content-Length");
	run_server_end();
}

static void
an_answer_that_comes_early_ends_the_stream(void **state)
{
	struct source s = { .left = (size_t)1 << 40 };
	struct answer a;

	(void)state;
	open_client(
	    run_server((const char *[]) {
		"/HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}",
		NULL }),
	    5000);
	assert_int_equal(stream(&s, &a), OK);
	assert_int_equal(a.status, 403);
	assert_true(s.left > 0);
	run_server_end();
}

static void
a_stream_that_breaks_here_is_not_ended_there(void **state)
{
	struct source s = { .left = 100, .fails = true };
	char sent[RUN_TEXT];
	struct answer a;

	(void)state;
	open_client(run_server((const char *[]) { HELLO, NULL }), 5000);
	assert_int_equal(stream(&s, &a), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_CLI_BODY);
	run_server_end();
	run_read(run_path("requests"), sent);
	HAS_NOT(sent, "\r\n0\r\n\r\n");
}

static void
a_head_too_long_to_send_is_refused_here(void **state)
{
	char *path = calloc(1, 20001);
	struct answer a;

	(void)state;
	memset(path, 'x', 20000);
	open_client(run_server((const char *[]) { HELLO, NULL }), 5000);
	const struct call call = { .method = GET, .path = str_of(path) };
	assert_int_equal(client_call(client, &cx, &call, &a), ERR_TOO_LARGE);
	free(path);
	run_server_end();
}

static int
clean(void **state)
{
	(void)state;
	run_folder_remove();
	return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(only_this_machine_is_talked_to),
		TEST(a_connection_is_used_again_and_says_who_asks),
		TEST(a_connection_that_was_closed_meanwhile_is_opened_anew),
		TEST(what_may_be_repeated_is_sent_again_once),
		TEST(what_may_have_been_done_is_not_sent_again),
		TEST(a_broken_answer_is_no_answer),
		TEST(a_silent_server_is_not_waited_for_for_ever),
		TEST(nobody_there_is_told_apart),
		TEST(a_stream_goes_in_chunks),
		TEST(an_answer_that_comes_early_ends_the_stream),
		TEST(a_stream_that_breaks_here_is_not_ended_there),
		TEST(a_head_too_long_to_send_is_refused_here),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}

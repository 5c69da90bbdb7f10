/* SPDX-License-Identifier: Apache-2.0 */
/* listen_test.c - where it listens, and where it refuses to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/http.h"

static char folder[] = "/tmp/usher-listen-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *
in_folder(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const struct {
	const char *address;
	enum err    err;
	enum msg    msg;
} addresses[] = {
	{ "127.0.0.1:0", OK, MSG_NONE },
	{ "127.8.9.10:0", OK, MSG_NONE },
	{ "[::1]:0", OK, MSG_NONE },
	{ "0.0.0.0:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "10.0.0.1:8420", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "128.0.0.1:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "126.255.255.255:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "255.255.255.255:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "[::]:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "[::2]:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "[fe80::1]:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "[::ffff:10.0.0.1]:0", ERR_BAD_INPUT, MSG_HTTP_LISTEN_LOOPBACK },
	{ "", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1:", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1:x", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1:-1", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1:65536", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.0.0.1:000080", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "127.1:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "0x7f000001:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "localhost:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ ":80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "8420", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "::1:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "[::1]", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "[::1]80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "[::1:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "[::1%lo]:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
	{ "[127.0.0.1]:80", ERR_BAD_INPUT, MSG_HTTP_LISTEN_ADDRESS },
};

static bool
has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	struct sockaddr_in6 at = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool has = fd >= 0 && bind(fd, (void *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void
it_listens_on_loopback_and_nowhere_else(void **state)
{
	struct ctx cx = { .arena = arena_open(64 * 1024) };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		int fd = -1;
		enum err err;

		if (addresses[i].err == OK && addresses[i].address[0] == '[' &&
		    !has_ipv6())
			continue;
		err = http_listen(&cx, str_of(addresses[i].address), &fd);
		if (err != addresses[i].err)
			print_error("%s\n", addresses[i].address);
		assert_int_equal(err, addresses[i].err);
		if (err == OK) {
			assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
			continue;
		}
		assert_int_equal(cx.fault.msg, addresses[i].msg);
		assert_true(str_eq(cx.fault.field, STR("listen")));
		assert_true(
		    str_eq(cx.fault.args[0], str_of(addresses[i].address)));
	}
	assert_int_equal(
	    http_listen(&cx, STR("127.0.0.1:80\0:1"), &(int) { 0 }),
	    ERR_BAD_INPUT);
	arena_close(cx.arena);
}

static void
an_address_in_use_is_named(void **state)
{
	struct ctx cx = { .arena = arena_open(64 * 1024) };
	struct sockaddr_in at;
	socklen_t n = sizeof(at);
	int first, second;
	struct str address;

	(void)state;
	assert_int_equal(http_listen(&cx, STR("127.0.0.1:0"), &first), OK);
	assert_int_equal(getsockname(first, (void *)&at, &n), 0);
	address = str_fmt(cx.arena, "127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(http_listen(&cx, address, &second), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_HTTP_LISTEN_IN_USE);
	assert_true(str_eq(cx.fault.args[0], address));
	close(first);
	arena_close(cx.arena);
}

static void
a_local_socket_has_exactly_its_mode(void **state)
{
	static const unsigned modes[] = { 0600, 0660 };
	struct ctx cx = { .arena = arena_open(64 * 1024) };
	struct stat st;
	int fd;

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(
		    http_listen_local(&cx, in_folder("s"), modes[i], &fd), OK);
		assert_int_equal(stat(in_folder("s"), &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_mode & 07777, modes[i]);
		close(fd);
		/* It stays behind, as after a kill, and the next one takes its place. */
	}
	unlink(in_folder("s"));
	arena_close(cx.arena);
}

static void
a_local_socket_takes_no_ones_place(void **state)
{
	struct ctx cx = { .arena = arena_open(64 * 1024) };
	int first, second, file;

	(void)state;
	assert_int_equal(
	    http_listen_local(&cx, in_folder("s"), 0600, &first), OK);
	assert_int_equal(http_listen_local(&cx, in_folder("s"), 0600, &second),
	    ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_HTTP_LISTEN_IN_USE);
	close(first);
	unlink(in_folder("s"));

	file = open(in_folder("f"), O_CREAT | O_WRONLY, 0600);
	assert_true(file >= 0);
	close(file);
	assert_int_equal(http_listen_local(&cx, in_folder("f"), 0600, &second),
	    ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_HTTP_SOCKET_PATH);
	assert_int_equal(access(in_folder("f"), F_OK), 0);
	unlink(in_folder("f"));
	arena_close(cx.arena);
}

static void
a_local_path_that_cannot_be_is_refused(void **state)
{
	struct ctx cx = { .arena = arena_open(64 * 1024) };
	char path[109];
	int fd;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(
	    http_listen_local(&cx, path, 0600, &fd), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_HTTP_SOCKET_PATH);
	assert_true(str_eq(cx.fault.args[1], STR("107")));
	assert_int_equal(http_listen_local(&cx, "", 0600, &fd), ERR_BAD_INPUT);
	assert_int_equal(http_listen_local(&cx, in_folder("no/s"), 0600, &fd),
	    ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_HTTP_LISTEN_FAILED);
	assert_true(str_eq(cx.fault.args[1], STR("No such file or directory")));
	arena_close(cx.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_listens_on_loopback_and_nowhere_else),
		cmocka_unit_test(an_address_in_use_is_named),
		cmocka_unit_test(a_local_socket_has_exactly_its_mode),
		cmocka_unit_test(a_local_socket_takes_no_ones_place),
		cmocka_unit_test(a_local_path_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* client_test.c - what happens when one of the two sides misbehaves. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/io.h"

#include "vault/frame.h"

#define FATAL 70	/* base.h */

static struct rig rig;

static int
start(void **state)
{
	rig_open(&rig);
	rig_start_ready(&rig);
	return 0;
}

static int
stop(void **state)
{
	rig_close(&rig);
	return 0;
}

/* The vault closed its end; nothing but that is to be read. */
static bool
has_ended(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 0;
}

static void
a_garbage_frame_ends_its_peer_and_no_other(void **state)
{
	static const struct str garbage[] = {
		{ "\xff\xff\xff\xff", 4 },
		{ "\0\0\0\0", 4 },
		{ "GET / HTTP/1.1\r\n\r\n", 18 },
	};
	struct vault_state st;

	for (size_t i = 0; i < COUNT(garbage); i++) {
		assert_true(fd_write_all(rig.fd[1], garbage[i]));
		assert_true(has_ended(rig.fd[1]));
		assert_int_equal(vault_status(rig.vault, &rig.cx, &st), OK);
		assert_int_equal(rig_stop(&rig), 0);
		rig_start(&rig);
	}
}

static void
a_frame_in_single_bytes_is_answered(void **state)
{
	struct frame f = { .op = OP_STATUS, .request = 9 };
	struct answer answer;
	struct str bytes, one;
	char room[256];
	struct buf b;
	ssize_t n;

	buf_init(&b, rig.arena, FRAME_MAX);
	frame_end(&b, frame_begin(&b, &f));
	for (size_t i = 0; i < b.n; i++) {
		one = str_sub(buf_view(&b), i, 1);
		assert_true(fd_write_all(rig.fd[1], one));
	}
	n = read(rig.fd[1], room, sizeof(room));
	assert_true(n > 0);
	bytes = (struct str) { room, (size_t)n };
	assert_int_equal(answer_take(&bytes, &answer), FRAME_WHOLE);
	assert_int_equal(answer.request, 9);
	assert_int_equal(answer.status, STATUS_OK);
	assert_int_equal(bytes.n, 0);
}

static void
the_vault_ends_when_all_channels_are_closed(void **state)
{
	struct vault_state st;

	close(rig.fd[1]);
	rig.fd[1] = -1;
	assert_int_equal(vault_status(rig.vault, &rig.cx, &st), OK);
	assert_int_equal(rig_stop(&rig), 0);
}

static void
the_vault_ends_in_order_on_sigterm_and_ignores_sigint(void **state)
{
	struct vault_state st;
	int status;

	assert_int_equal(kill(rig.pid, SIGINT), 0);
	assert_int_equal(vault_status(rig.vault, &rig.cx, &st), OK);
	assert_int_equal(kill(rig.pid, SIGTERM), 0);
	assert_int_equal(waitpid(rig.pid, &status, 0), rig.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	rig.pid = 0;
	vault_close(rig.vault);
	close(rig.fd[1]);
}

static void
a_vault_without_its_keys_says_so_and_nothing_else(void **state)
{
	const struct grant_in in = { .tenant = ACME };
	struct capability c;
	struct vault_call call;
	struct vault_state st;

	assert_int_equal(rig_stop(&rig), 0);
	assert_int_equal(chmod(rig_path(&rig, "master.key").p, 0644), 0);
	rig_start(&rig);
	assert_int_equal(vault_status(rig.vault, &rig.cx, &st), OK);
	assert_false(st.has_keys);
	assert_int_equal(vault_grant(rig.vault, &rig.cx, &in, &c), ERR_SEALED);
	assert_int_equal(rig.cx.fault.msg, MSG_VAULT_SEALED);

	vault_call_init(&call, rig.arena);
	call.capability = &rig.acme;
	call.tenant = ACME;
	vault_text_seal(&call, PURPOSE_NAME, 1, STR("x"));
	assert_int_equal(vault_run(rig.vault, &rig.cx, &call), ERR_SEALED);
}

/* What a false vault answers to the first frame it gets. */
struct lie {
	struct answer answer;
	uint8_t	      version;
	bool	      closes;
};

static void
ask_status(void *arg)
{
	struct vault *v = vault_connect(*(int *)arg);
	struct vault_state st;
	struct ctx cx = { .arena = arena_open(1 << 20) };

	_exit(vault_status(v, &cx, &st) == OK ? 0 : 1);
}

static int
exit_of_client_told(const struct lie *lie)
{
	struct str body = rig_text(&rig, 80, 1);
	struct frame f = { .op = lie->answer.op, .request = lie->answer.request };
	char room[512];
	int pair[2], status;
	pid_t pid;
	struct buf b;
	size_t at;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(pair[1]);
		ask_status(&pair[0]);
	}
	close(pair[0]);
	assert_true(read(pair[1], room, sizeof(room)) == FRAME_HEAD);
	buf_init(&b, rig.arena, FRAME_MAX);
	at = answer_begin(&b, &f);
	buf_str(&b, lie->answer.body.n > 0 ? lie->answer.body : body);
	answer_end(&b, at, lie->answer.status);
	b.p[4] = (char)lie->version;
	if (!lie->closes)
		assert_true(fd_write_all(pair[1], buf_view(&b)));
	close(pair[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_wrong_answer_ends_the_client(void **state)
{
	static const struct lie lies[] = {
		{ { OP_STATUS, 2, STATUS_OK, { 0 } }, FRAME_VERSION, false },
		{ { OP_GRANT, 1, STATUS_OK, { 0 } }, FRAME_VERSION, false },
		{ { OP_STATUS, 1, STATUS_OK, { 0 } }, FRAME_VERSION + 1,
		    false },
		{ { OP_STATUS, 1, STATUS_OK, { "short", 5 } }, FRAME_VERSION,
		    false },
		{ { OP_STATUS, 1, STATUS_OK, { 0 } }, FRAME_VERSION, true },
	};
	const struct lie truth = { { OP_STATUS, 1, STATUS_OK, { 0 } },
		FRAME_VERSION, false };

	assert_int_equal(exit_of_client_told(&truth), 0);
	for (size_t i = 0; i < COUNT(lies); i++)
		assert_int_equal(exit_of_client_told(&lies[i]), FATAL);
}

static int
exit_of_vault(const char *dir, const char *fds)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		execl(getenv("USHER_VAULT"), "usher-vault", dir, fds,
		    (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
wrong_descriptors_are_refused_at_start(void **state)
{
	static const char *const fds[] = { "", "x", "1", "900", "3,3", "3,",
		"-4" };

	for (size_t i = 0; i < COUNT(fds); i++)
		assert_int_equal(exit_of_vault(rig.dir, fds[i]), 64);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_garbage_frame_ends_its_peer_and_no_other),
		FRESH(a_frame_in_single_bytes_is_answered),
		FRESH(the_vault_ends_when_all_channels_are_closed),
		FRESH(the_vault_ends_in_order_on_sigterm_and_ignores_sigint),
		FRESH(a_vault_without_its_keys_says_so_and_nothing_else),
		FRESH(a_wrong_answer_ends_the_client),
		FRESH(wrong_descriptors_are_refused_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* process_test.c - what the parent does: starting, watching, confining, telling. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/queue.h"

#include "usher/data.h"
#include "usher/front_confine.h"
#include "usher/notify.h"
#include "usher/pair.h"

#define SHELL "/bin/sh"
#define WAIT  "exec sleep 100"

static struct cli cli;

static int
set_up(void **state)
{
	(void)state;
	cli = (struct cli) { .cx = { .arena = arena_open(1u << 20) } };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_close(cli.cx.arena);
	return 0;
}

static void
a_process_has_what_it_was_given(void **state)
{
	const char *out = run_path("said");
	int fd = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int closed = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char number[12], script[256], text[RUN_TEXT];

	(void)state;
	snprintf(script, sizeof(script),
	    "pwd >&%s; readlink /proc/self/fd/0 >&%s; "
	    "test -e /proc/self/fd/%d && echo leaked >&%s; exit 7",
	    spawn_number(number, fd), number, closed, number);
	struct spawn s = { .program = SHELL,
		.argv = { "sh", "-c", script },
		.fd = { fd },
		.nfd = 1,
		.stdin_fd = fd,
		.folder = "/usr" };
	assert_int_equal(spawn_wait(spawn_start(&s)), 7);
	run_read(out, text);
	HAS(text, "/usr\n");
	HAS(text, "/said");
	HAS_NOT(text, "leaked");
	close(fd);
	close(closed);
}

static void
a_process_knows_little_of_our_environment(void **state)
{
	struct spawn s = { .program = SHELL,
		.argv = { "sh", "-c", "test -z \"$CLOUD_SECRET\" && "
				      "test -z \"$LD_AUDIT\" && "
				      "test \"$USHER_SPAWNED\" = kept && "
				      "test \"$TZ\" = UTC" } };

	(void)state;
	setenv("CLOUD_SECRET", "x", 1);
	setenv("LD_AUDIT", "x", 1);
	setenv("USHER_SPAWNED", "kept", 1);
	setenv("TZ", "UTC", 1);
	assert_int_equal(spawn_wait(spawn_start(&s)), 0);
	unsetenv("CLOUD_SECRET");
	unsetenv("LD_AUDIT");
	unsetenv("USHER_SPAWNED");
	unsetenv("TZ");
}

static void
how_a_process_ended_is_one_number(void **state)
{
	struct spawn kill_self = { .program = SHELL,
		.argv = { "sh", "-c", "kill -9 $$" } };
	struct spawn nothing = { .program = "/nowhere", .argv = { "x" } };
	struct spawn nowhere = { .program = SHELL,
		.argv = { "sh", "-c", "exit 0" },
		.folder = "/nowhere" };

	(void)state;
	assert_int_equal(spawn_wait(spawn_start(&kill_self)), 128 + SIGKILL);
	assert_int_equal(spawn_wait(spawn_start(&nothing)), 127);
	assert_int_equal(spawn_wait(spawn_start(&nowhere)), 127);
}

static void
a_process_can_become_another_user_for_good(void **state)
{
	struct spawn s = { .program = SHELL,
		.argv = { "sh", "-c", "test $(id -u) = 65534 && "
				      "test $(id -G) = 65534" },
		.account = { true, 65534, 65534 } };

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(spawn_wait(spawn_start(&s)), 0);
}

/* --- the pair ------------------------------------------------------------------------ */

/* Programs that stand for front and vault; each sees what the real ones get. */
static void
start(struct pair *p, const char *front, const char *vault)
{
	static struct data data;
	static struct pair_conf conf;
	char front_text[512], vault_text[512];

	snprintf(front_text, sizeof(front_text), "#!/bin/sh\n%s\n", front);
	snprintf(vault_text, sizeof(vault_text), "#!/bin/sh\n%s\n", vault);
	mkdir(run_path("vault"), 0700);
	data = (struct data) { .path = run_folder(),
		.fd = open(run_folder(), O_RDONLY | O_CLOEXEC) };
	conf =
	    (struct pair_conf) { .self = run_file("front.sh", front_text, 0700),
		    .vault_program = run_file("vault.sh", vault_text, 0700),
		    .data = &data,
		    .listen_fd = -1,
		    .operator_fd = -1,
		    .management_fd = -1,
		    .loops = 3,
		    .restarts = { [FRONT] = 2, [VAULT] = 1 },
		    .access_file = "/x",
		    .accept_rollback = true,
		    .url = STR("https://id.example"),
		    .logs_access = true };
	pair_start(&conf, p);
	close(data.fd);
}

/* Words: front DIR LISTEN-FD OPERATOR-FD MANAGEMENT-FD READY-FD VAULT-FDS. */
#define READY "printf 1 >/proc/self/fd/$6; "

static void
front_says_when_it_is_ready_and_both_are_ended(void **state)
{
	struct pair p = { 0 };
	int fd = signals_open();

	(void)state;
	start(&p, READY WAIT, WAIT);
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_READY);
	assert_true(p.is_ready);
	assert_int_equal(pair_wait(&p, fd, 1), PAIR_LATE);
	pair_end(&p, fd);
	assert_int_equal(p.pid[FRONT], 0);
	assert_int_equal(p.pid[VAULT], 0);
	assert_int_equal(p.status[FRONT], 128 + SIGTERM);
	close(fd);
}

static void
an_end_before_it_was_ready_is_an_end(void **state)
{
	struct pair p = { 0 };
	int fd = signals_open();

	(void)state;
	start(&p, "exit 14", WAIT);
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_ENDED);
	assert_false(p.is_ready);
	assert_int_equal(p.pid[FRONT], 0);
	assert_int_equal(p.status[FRONT], 14);
	pair_kill(&p, fd);
	assert_int_equal(p.pid[VAULT], 0);
	/* The next pair of the same parent is watched alike. */
	start(&p, WAIT, "exit 3");
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_ENDED);
	assert_int_equal(p.status[VAULT], 3);
	pair_kill(&p, fd);
	assert_int_equal(p.status[FRONT], 128 + SIGKILL);
	close(fd);
}

static void
a_signal_to_stop_is_not_forgotten(void **state)
{
	struct pair p = { 0 };
	int fd = signals_open();

	(void)state;
	start(&p, WAIT, WAIT);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_STOP);
	pair_kill(&p, fd);
	start(&p, WAIT, WAIT);
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_STOP);
	pair_end(&p, fd);
	close(fd);
}

static void
front_is_told_everything_by_its_words(void **state)
{
	struct pair p = { 0 };
	int fd = signals_open();
	char text[RUN_TEXT], script[256];

	(void)state;
	snprintf(script, sizeof(script), "echo \"$@\" >%s; " READY WAIT,
	    run_path("words"));
	start(&p, script, WAIT);
	assert_int_equal(pair_wait(&p, fd, 20000), PAIR_READY);
	pair_end(&p, fd);
	close(fd);
	run_read(run_path("words"), text);
	HAS(text, "front ");
	HAS(text, " -1 -1 -1 ");
	HAS(text,
	    " --loops=3 --front-ended=2 --vault-ended=1 "
	    "--access-log-file=/x --accept-rollback=true "
	    "--access-log=true --management-local=false "
	    "--url=https://id.example --json=false --to=\n");
}

/* --- the data directory ----------------------------------------------------------------- */

static void
name_data(const char *path)
{
	static const struct option options[] = {
		{ "data", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_DATA },
	};
	static char usher[] = "usher", flag[512];
	char *argv[] = { usher, flag, NULL };
	struct conf *conf;
	int argc = 2;

	snprintf(flag, sizeof(flag), "--data=%s", path);
	assert_int_equal(conf_load(&cli.cx, options, COUNT(options), NULL,
			     &argc, argv, &conf),
	    OK);
	cli.conf = conf;
}

static void
open_data(const char *path, enum err want, enum msg msg)
{
	struct data data;

	name_data(path);
	assert_int_equal(data_open(&cli, 1, &data), want);
	if (want != OK)
		assert_int_equal(cli.cx.fault.msg, msg);
	data_close(&data);
}

static void
the_data_directory_is_made_for_us_alone(void **state)
{
	const char *path = run_path("data");
	struct stat st;

	(void)state;
	umask(0);
	open_data(path, OK, MSG_NONE);
	umask(022);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(run_path("data/vault"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	open_data(path, OK, MSG_NONE);
	assert_int_equal(chmod(run_path("data/vault"), 0750), 0);
	open_data(path, ERR_DENIED, MSG_CLI_DATA_MODE);
	assert_int_equal(chmod(run_path("data/vault"), 0700), 0);
	assert_int_equal(chmod(path, 0701), 0);
	open_data(path, ERR_DENIED, MSG_CLI_DATA_MODE);
	open_data(run_file("file", "x", 0600), ERR_BAD_INPUT, MSG_CLI_DATA);
	open_data("/nowhere/at/all", ERR_BAD_INPUT, MSG_CLI_DATA);
}

/* Front owns the folder around it: what front lays there must not lead root elsewhere. */
static void
the_folder_of_the_vault_is_no_link(void **state)
{
	const char *path = run_path("linked"), *link = run_path("linked/vault");

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mkdir(run_path("target"), 0700), 0);
	assert_int_equal(symlink(run_path("target"), link), 0);
	open_data(path, ERR_BAD_INPUT, MSG_CLI_DATA);
	assert_int_equal(unlink(link), 0);
	open_data(path, OK, MSG_NONE);
}

static void
a_folder_of_somebody_else_is_refused(void **state)
{
	const char *path = run_path("foreign");
	const char *vault = run_path("foreign/vault");

	(void)state;
	if (geteuid() != 0)
		skip();
	open_data(path, OK, MSG_NONE);
	assert_int_equal(chown(vault, 65534, 65534), 0);
	open_data(path, ERR_DENIED, MSG_CLI_DATA_OWNER);
	assert_int_equal(chown(vault, 0, 0), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	open_data(path, ERR_DENIED, MSG_CLI_DATA_OWNER);
}

static void
whoever_has_the_folder_open_holds_it(void **state)
{
	const char *path = run_path("held");
	struct spawn s = { .program = SHELL, .argv = { "sh", "-c", WAIT } };
	struct data data;
	pid_t pid;

	(void)state;
	name_data(path);
	assert_int_equal(data_open(&cli, 1, &data), OK);
	open_data(path, ERR_CONFLICT, MSG_CLI_DATA_IN_USE);
	/* A child that inherits it holds it after we are gone. */
	s.stdin_fd = data.fd;
	pid = spawn_start(&s);
	data_close(&data);
	open_data(path, ERR_CONFLICT, MSG_CLI_DATA_IN_USE);
	assert_int_equal(kill(pid, SIGKILL), 0);
	spawn_wait(pid);
	open_data(path, OK, MSG_NONE);
}

/* --- confinement and notices -------------------------------------------------------------- */

static void
do_nothing(void *arg)
{
	*(bool *)arg = true;
}

static const struct store_peers nowhere;

/* In a child: its exit status names the first thing that was not as it should be. */
static int
try_confined(void)
{
	bool has_run = false;
	char *const argv[] = { NULL };

	if (!front_confine_memory())
		return 1;
	if (!front_confine_calls(&nowhere))
		return 99;
	if (execv(SHELL, argv) != -1 || errno != EPERM)
		return 2;
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 3;
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		return 4;
	if (fork() != -1)
		return 5;
	thread_join(thread_start("x", do_nothing, &has_run));
	return has_run ? 0 : 6;
}

static void
front_runs_no_program_and_calls_nobody(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(try_confined());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Sanitizers need what it takes away. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Landlock's version, as the kernel tells it. */
static bool
has_port_rules(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 4;
}

static int
try_to_connect(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int error;

	if (fd < 0)
		return errno;
	error =
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ? 0 : errno;
	close(fd);
	return error;
}

static bool
is_denied(int type)
{
	static const int family[] = { AF_INET, AF_INET6 };
	bool is = true;

	for (size_t i = 0; i < COUNT(family); i++)
		is &= socket(family[i], type | SOCK_CLOEXEC, 0) == -1 &&
		    errno == EPERM;
	return is;
}

/* Who must ask for a name may send datagrams, and nothing else. */
static int
try_names(void)
{
	const struct store_peers peers = { .connects = true,
		.is_remote = true,
		.asks_names = true,
		.port = { 2 },
		.nport = 1 };

	if (!front_confine_memory())
		return 1;
	if (!front_confine_calls(&peers))
		return 99;
	if (socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0)
		return 2;
	return is_denied(SOCK_RAW) ? 0 : 3;
}

/* Nothing listens on either port. */
static int
try_database(void)
{
	const struct store_peers peers = { .connects = true,
		.is_remote = true,
		.port = { 2 },
		.nport = 1 };

	if (!front_confine_memory())
		return 1;
	if (!front_confine_calls(&peers))
		return 99;
	if (try_to_connect(2) != ECONNREFUSED)
		return 2;
	if (socket(AF_NETLINK, SOCK_RAW, 0) != -1 || errno != EPERM)
		return 3;
	if (!is_denied(SOCK_DGRAM) || !is_denied(SOCK_RAW))
		return 5;
	/* Before Linux 6.7 nobody looks at ports. */
	if (try_to_connect(3) != EACCES)
		return has_port_rules() ? 4 : 98;
	return 0;
}

static void
try_in_child(int (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) >= 98)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
front_calls_its_database_only(void **state)
{
	(void)state;
	try_in_child(try_database);
}

static void
front_sends_datagrams_for_names_only(void **state)
{
	(void)state;
	try_in_child(try_names);
}

static void
only_names_are_asked_for(void **state)
{
	static const struct {
		const char *url;
		bool is_remote, asks_names;
	} of[] = {
		{ "postgresql://usher@db.example/usher", true, true },
		{ "postgresql://usher@192.0.2.1,192.0.2.2/usher", true, false },
		{ "postgresql://usher@[2001:db8::1]/usher", true, false },
		{ "postgresql://usher@192.0.2.1,db.example/usher", true, true },
		{ "postgresql://usher@db.example/usher?hostaddr=192.0.2.1",
		    true, false },
		{ "postgresql://usher@192.0.2.1.example/usher", true, true },
		{ "postgresql://usher@/usher?host=/run/postgresql", false,
		    false },
	};
	struct ctx cx = { .arena = arena_open(1 << 20) };

	(void)state;
	for (size_t i = 0; i < COUNT(of); i++) {
		struct store_peers peers;

		assert_int_equal(store_peers(&cx, of[i].url, &peers), OK);
		assert_int_equal(peers.is_remote, of[i].is_remote);
		assert_int_equal(peers.asks_names, of[i].asks_names);
	}
	arena_close(cx.arena);
}

static void
systemd_is_told_where_it_asks(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[32] = "";

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", run_path("notify"));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	notify("READY=1");
	assert_int_equal(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(text, "READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	close(fd);
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
		TEST(a_process_has_what_it_was_given),
		TEST(a_process_knows_little_of_our_environment),
		TEST(how_a_process_ended_is_one_number),
		TEST(a_process_can_become_another_user_for_good),
		TEST(front_says_when_it_is_ready_and_both_are_ended),
		TEST(an_end_before_it_was_ready_is_an_end),
		TEST(a_signal_to_stop_is_not_forgotten),
		TEST(front_is_told_everything_by_its_words),
		TEST(the_data_directory_is_made_for_us_alone),
		TEST(the_folder_of_the_vault_is_no_link),
		TEST(a_folder_of_somebody_else_is_refused),
		TEST(whoever_has_the_folder_open_holds_it),
		TEST(front_runs_no_program_and_calls_nobody),
		TEST(front_calls_its_database_only),
		TEST(front_sends_datagrams_for_names_only),
		TEST(only_names_are_asked_for),
		TEST(systemd_is_told_where_it_asks),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}

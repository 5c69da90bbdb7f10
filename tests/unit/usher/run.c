/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static pid_t server_pid;

static void become(const char *const *words);
static int remove_one(const char *, const struct stat *, int, struct FTW *);
static void serve(int listener, const char *const *replies);
static void answer(int fd, const char *reply);
static void finish(int fd);
static size_t read_request(int fd, FILE *kept, bool head_only);
static bool is_whole(const char *text, size_t n, bool head_only);

void
run_usher(struct ran *r, const char *const *words)
{
	const char *out = run_path("out");

	run_usher_to(r, out, words);
	run_read(out, r->out);
}

int
run_usher_to(struct ran *r, const char *out, const char *const *words)
{
	const char *err = run_path("err");
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		assert_non_null(freopen(out, "w", stdout));
		assert_non_null(freopen(err, "w", stderr));
		become(words);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	r->code =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	run_read(err, r->err);
	return r->code;
}

/* Copies that stay: a command line may be rearranged. */
static void
become(const char *const *words)
{
	static char text[64][4096];
	char *argv[64] = { text[0] };
	int argc = 1, code;

	snprintf(text[0], sizeof(text[0]), "usher");
	for (; words[argc - 1] != NULL; argc++) {
		argv[argc] = text[argc];
		snprintf(text[argc], sizeof(text[0]), "%s", words[argc - 1]);
	}
	code = cli_main(argc, argv);
	exit(code);
}

/* --- files ------------------------------------------------------------------------ */

const char *
run_folder(void)
{
	if (folder[0] == '\0') {
		snprintf(folder, sizeof(folder), "/tmp/usher-unit-XXXXXX");
		assert_non_null(mkdtemp(folder));
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("USHER_SERVER");
		unsetenv("USHER_TOKEN_FILE");
		unsetenv("USHER_DATA");
	}
	return folder;
}

void
run_folder_remove(void)
{
	if (folder[0] != '\0')
		nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

const char *
run_path(const char *name)
{
	static char room[8][128];
	static size_t at;
	char *path = room[at++ % COUNT(room)];

	snprintf(path, sizeof(room[0]), "%s/%s", run_folder(), name);
	return path;
}

const char *
run_file(const char *name, const char *text, unsigned mode)
{
	const char *path = run_path(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

void
run_read(const char *path, char text[RUN_TEXT])
{
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, RUN_TEXT - 1, f);
	text[n] = '\0';
	fclose(f);
}

/* --- a server --------------------------------------------------------------------- */

const char *
run_server(const char *const *replies)
{
	static char url[64];
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	run_file("requests", "", 0600);
	setenv("USHER_SERVER", url, 1);
	setenv("USHER_TOKEN_FILE",
	    run_file("token", "usher_api_1_secret\n", 0600), 1);
	fflush(NULL);
	server_pid = fork();
	assert_true(server_pid >= 0);
	if (server_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd, replies);
		_exit(0);
	}
	close(fd);
	return url;
}

void
run_server_end(void)
{
	kill(server_pid, SIGKILL);
	waitpid(server_pid, NULL, 0);
	unsetenv("USHER_SERVER");
	unsetenv("USHER_TOKEN_FILE");
}

static void
serve(int listener, const char *const *replies)
{
	FILE *kept = fopen(run_path("requests"), "w");
	int fd = -1;

	signal(SIGPIPE, SIG_IGN);
	for (; *replies != NULL; replies++) {
		const char *reply = *replies;
		bool is_early = reply[0] == '/';
		bool ends = is_early || reply[0] == '!' || reply[0] == '\0';

		while (fd < 0 || read_request(fd, kept, is_early) == 0) {
			close(fd);
			fd = accept(listener, NULL, NULL);
		}
		reply += ends && reply[0] != '\0';
		answer(fd, reply);
		if (ends) {
			finish(fd);
			fd = -1;
		}
	}
	for (;;)
		close(accept(listener, NULL, NULL));
}

static void
answer(int fd, const char *reply)
{
	const char *body = strchr(reply, '{');
	int status = body == reply ? 200 : (int)strtol(reply, NULL, 10);

	if (status == 0)
		dprintf(fd, "%s", reply);
	else
		dprintf(fd,
		    "HTTP/1.1 %d So\r\nETag: \"7\"\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    status, strlen(body), body);
}

/* Closing on bytes that were not read would take the answer back. */
static void
finish(int fd)
{
	char rest[4096];

	shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof(rest)) > 0)
		continue;
	close(fd);
}

static size_t
read_request(int fd, FILE *kept, bool head_only)
{
	static char text[1u << 20];
	size_t n = 0;

	text[0] = '\0';
	while (!is_whole(text, n, head_only)) {
		ssize_t got = read(fd, text + n, sizeof(text) - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
	}
	fwrite(text, 1, n, kept);
	fputc('\n', kept);
	fflush(kept);
	return n;
}

static bool
is_whole(const char *text, size_t n, bool head_only)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");
	size_t head;

	if (end == NULL || head_only)
		return end != NULL;
	head = (size_t)(end - text) + 4;
	if (length != NULL && length < end)
		return n >= head + strtoul(length + 16, NULL, 10);
	if (strstr(text, "chunked") != NULL)
		return strstr(end, "\r\n0\r\n\r\n") != NULL;
	return true;
}

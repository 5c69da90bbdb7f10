/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front.c - the process that serves: the store, the use cases, the doors.
 * Started by the parent with sockets and channels that are open already.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

#include "act/queues.h"
#include "api/api.h"
#include "http/http.h"
#include "scim/scim.h"
#include "store/store.h"

#include "usher/commands.h"
#include "usher/front_confine.h"
#include "usher/mover.h"
#include "usher/reason.h"

#define CONNECTIONS_MAX 10000
#define MANAGERS_MAX	256
#define OWN_DESCRIPTORS 256	/* databases, channels, loops, an export */
#define LOOPS_MAX	64
#define SECOND_MS	INT64_C(1000)

/* What the parent opened: words of the command line, by number. */
struct handed {
	int  listen, operator, management, ready;
	int  vault[WORLD_CHANNELS_MAX];
	size_t nvault;
};

static enum err front(struct cli *);
static enum err confine(struct cli *, const char *url, const char *to);
static bool read_handed(struct cli *, struct handed *);
static bool read_fd(struct str, int least, int *fd);
static bool read_channels(struct str, struct handed *);
static int stop_open(void);
static enum err serve_until(struct cli *, const struct handed *,
    struct store *, int stop_fd);
static struct http *open_doors(struct cli *, const struct handed *,
    struct world *);
static struct http *open_management(struct cli *, const struct handed *,
    const struct http *, struct world *);
static enum err open_access_log(struct cli *);
static size_t loops(const struct cli *);
static void say_ready(int fd);
static void note_silence(void *);
static void wait_for_end(int stop_fd, int lost_fd);

static const struct option options[] = {
	{ "loops", OPTION_INT, "0", 0, LOOPS_MAX, false, MSG_FLAG_LOOPS },
	{ "accept-rollback", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ACCEPT_ROLLBACK },
	{ "store", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_STORE },
	{ "to", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TO },
	{ "url", OPTION_TEXT, "http://127.0.0.1:8420", 0, 0, false, MSG_FLAG_URL },
	{ "access-log", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ACCESS_LOG },
	{ "access-log-file", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ACCESS_LOG_FILE },
	{ "management-local", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_MANAGEMENT_LOCAL },
	{ "front-ended", OPTION_INT, "0", 0, INT32_MAX, false, MSG_FLAG_FRONT_ENDED },
	{ "vault-ended", OPTION_INT, "0", 0, INT32_MAX, false, MSG_FLAG_VAULT_ENDED },
};

const struct command front_commands[] = {
	{ "front", NULL, front, "DIR LISTEN-FD OPERATOR-FD MANAGEMENT-FD READY-FD VAULT-FDS", 6, 6, OPTIONS(options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_FRONT,
	  "", NULL, true },
};
const size_t front_command_count = COUNT(front_commands);

static enum err
front(struct cli *cli)
{
	struct handed handed = { 0 };
	int stop_fd = stop_open();
	const char *url, *to = cli_z(cli, "to");
	struct store *store;
	enum err err;

	log_open("front", to == NULL ? LOG_INFO : LOG_WARN);
	if (!read_handed(cli, &handed))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_WORDS, "", "front",
		    cli->command->words);
	/* Only the environment says it: whoever lists processes need not know. */
	url = cli_has(cli, "store") ? cli_z(cli, "store") : cli->word[0];
	TRY(confine(cli, url, to));
	if (to != NULL)
		return mover_run(cli,
		    &(struct mover_conf) {
			url, to, cli->word[0], handed.vault });
	err = store_open(&cli->cx, url, &store);
	if (err == OK)
		err = serve_until(cli, &handed, store, stop_fd);
	/* What is half open ends with the process. */
	if (err != OK)
		log_event(LOG_ERROR, "not_started",
		    LOG_WORD("why", msg_name(cli->cx.fault.msg)));
	else
		store_close(store);
	return err;
}

/* One of two stores is files: whoever moves connects to no more than who serves. */
static enum err
confine(struct cli *cli, const char *url, const char *to)
{
	struct store_peers peers, others = { 0 };
	bool is_undumpable = front_confine_memory(), is_confined;

	TRY(store_peers(&cli->cx, url, &peers));
	if (to != NULL)
		TRY(store_peers(&cli->cx, to, &others));
	must(!peers.connects || !others.connects);
	is_confined = front_confine_calls(others.connects ? &others : &peers);
	log_event(LOG_INFO, "front_started", LOG_NUM("confined", is_confined),
	    LOG_NUM("undumpable", is_undumpable),
	    LOG_NUM("descriptors", front_descriptors()));
	return OK;
}

/* Threads inherit the mask.  Ctrl-C reaches us too, but the parent says when. */
static int
stop_open(void)
{
	sigset_t blocked, stop;
	int fd;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	blocked = stop;
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &blocked, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("signal mask");
	fd = signalfd(-1, &stop, SFD_CLOEXEC);
	if (fd < 0)
		fatal("signalfd");
	return fd;
}

static bool
read_handed(struct cli *cli, struct handed *h)
{
	return read_fd(str_of(cli->word[1]), -1, &h->listen) &&
	    read_fd(str_of(cli->word[2]), -1, &h->operator) &&
	    read_fd(str_of(cli->word[3]), -1, &h->management) &&
	    read_fd(str_of(cli->word[4]), STDERR_FILENO + 1, &h->ready) &&
	    read_channels(str_of(cli->word[5]), h);
}

/* -1, where allowed, is none. */
static bool
read_fd(struct str text, int least, int *fd)
{
	int64_t n;

	if (!str_int(text, &n) || n < least || n > 65535)
		return false;
	*fd = (int)n;
	return n < 0 || fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* As many as the parent found right for the store. */
static bool
read_channels(struct str text, struct handed *h)
{
	while (text.p != NULL && h->nvault < COUNT(h->vault))
		if (!read_fd(str_cut(&text, ','), STDERR_FILENO + 1,
			&h->vault[h->nvault++]))
			return false;
	return text.p == NULL && h->nvault > WORLD_CHANNELS;
}

/* --- serving ------------------------------------------------------------------------ */

static enum err
serve_until(
    struct cli *cli, const struct handed *h, struct store *store, int stop_fd)
{
	int lost_fd = eventfd(0, EFD_CLOEXEC);
	const struct world_conf conf = { .store = store,
		.vault_fd = h->vault,
		.nvault = h->nvault,
		.data_dir = cli->word[0],
		.vault_silent = note_silence,
		.vault_silent_arg = &lost_fd,
		.issuer = cli_text(cli, "url"),
		.accept_rollback = cli_bool(cli, "accept-rollback") };
	bool has_doors = h->listen >= 0;
	struct http *http = NULL, *management = NULL;
	struct world *world;

	if (lost_fd < 0)
		fatal("eventfd");
	TRY(open_access_log(cli));
	TRY(world_open(&cli->cx, &conf, &world));
	if (has_doors)
		http = open_doors(cli, h, world);
	if (h->management >= 0)
		management = open_management(cli, h, http, world);
	say_ready(h->ready);
	wait_for_end(stop_fd, lost_fd);
	/* Imports that wait for a paused queue hold requests. */
	world_ending(world);
	log_event(LOG_INFO, "draining", LOG_NUM("at_most_s", 10));
	api_stopping();
	/* Those who hold requests answer them first, then rest. */
	if (has_doors) {
		http_close(http);
		api_close();
	}
	if (management != NULL) {
		http_close(management);
		api_manage_close();
	}
	world_close(world);
	return OK;
}

static struct http *
open_doors(struct cli *cli, const struct handed *h, struct world *world)
{
	const struct api_conf api = { .world = world,
		.logs_access = cli_bool(cli, "access-log"),
		.wing = &scim_wing };
	size_t most = front_descriptors();
	struct http_conf conf = { .fd = &h->listen,
		.nfd = 1,
		.operator_fd = h->operator,
		.operator_uid = geteuid(),
		.loops = loops(cli),
		.connections_max = CONNECTIONS_MAX,
		.head_ms = 10 * SECOND_MS,
		.body_ms = 30 * SECOND_MS,
		.idle_ms = 60 * SECOND_MS,
		.drain_ms = 10 * SECOND_MS,
		.door = *api_door(&api) };

	if (most < CONNECTIONS_MAX + OWN_DESCRIPTORS)
		conf.connections_max = most > 2 * OWN_DESCRIPTORS
		    ? most - OWN_DESCRIPTORS
		    : OWN_DESCRIPTORS;
	return http_open(&conf);
}

/* One loop of its own: whatever the others do, it answers. */
static struct http *
open_management(struct cli *cli, const struct handed *h,
    const struct http *http, struct world *world)
{
	const struct api_manage_conf api = { .world = world,
		.http = http,
		.restarts = { cli_int(cli, "front-ended"),
		    cli_int(cli, "vault-ended") } };
	bool is_local = cli_bool(cli, "management-local");
	struct http_conf conf = { .fd = &h->management,
		.nfd = is_local ? 0 : 1,
		.operator_fd = is_local ? h->management : -1,
		.operator_uid = geteuid(),
		.loops = 1,
		.connections_max = MANAGERS_MAX,
		.head_ms = 10 * SECOND_MS,
		.body_ms = 30 * SECOND_MS,
		.idle_ms = 60 * SECOND_MS,
		.drain_ms = SECOND_MS,
		.door = *api_manage_door(&api) };

	return http_open(&conf);
}

/* Where somebody else may not write, nobody would be told. */
static enum err
open_access_log(struct cli *cli)
{
	const char *path = cli_z(cli, "access-log-file");

	if (log_open_access(path))
		return OK;
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_WRITE, "access-log-file",
	    path, errno_text(&cli->cx, errno));
}

static size_t
loops(const struct cli *cli)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = cli_int(cli, "loops");

	if (n == 0)
		n = cores > 0 ? cores : 1;
	return n < LOOPS_MAX ? (size_t)n : LOOPS_MAX;
}

static void
say_ready(int fd)
{
	if (write(fd, "1", 1) != 1)
		log_event(LOG_WARN, "parent_not_told", LOG_NUM("errno", errno));
	close(fd);
}

/* On the thread that asked the vault; the parent starts us and it again. */
static void
note_silence(void *arg)
{
	const int *lost_fd = arg;
	const uint64_t one = 1;

	log_event(LOG_ERROR, "vault_silent", LOG_NUM("lost", 1));
	if (write(*lost_fd, &one, sizeof(one)) != sizeof(one))
		fatal("eventfd");
}

/* The parent says when, or the vault is silent. */
static void
wait_for_end(int stop_fd, int lost_fd)
{
	struct pollfd fd[] = { { .fd = stop_fd, .events = POLLIN },
		{ .fd = lost_fd, .events = POLLIN } };

	while (poll(fd, COUNT(fd), -1) < 0)
		if (errno != EINTR)
			fatal("poll");
}

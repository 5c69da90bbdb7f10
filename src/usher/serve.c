/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - `usher serve`, the parent: opens what needs rights, starts front
 * and vault, watches them, and does nothing else.  It owns no data and never
 * parses what a client sends.
 *
 * A pair of which one ended by itself is started again, for the listening
 * sockets stay open here meanwhile: clients wait a moment instead of being
 * refused, which a supervisor from outside cannot give them.  It is done
 * loudly and not for ever: more than --restarts in a minute, or a front that
 * says why it cannot start, ends the parent too, and the supervisor decides.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#include "store/store.h"

#include "usher/commands.h"
#include "usher/data.h"
#include "usher/notify.h"
#include "usher/pair.h"

#define LISTEN_AGAIN_MS 20
#define LOCK_WAIT_MS 2000	/* for the children of a parent that was killed */
#define MINUTE_MS    60000
#define RESTARTS_MAX 1000
#define BACK_OFF_MS  100
#define BACK_OFF_MAX 1000
#define EXIT_CRASHED 70		/* as fatal() */

struct parent {
	struct cli	*cli;
	struct data	 data;
	struct pair_conf conf;
	struct pair	 pair;
	int		 signal_fd;
	int64_t		 crash_ms[RESTARTS_MAX];	/* the newest, as a ring */
	size_t		 crashes;
	int64_t		 back_off_ms;
};

static enum err serve(struct cli *);
static enum err open_doors(struct parent *);
static enum err open_management(struct parent *);
static void note_end(struct parent *);
static void say_confinement(const struct parent *);
static void watch(struct parent *);
static bool start_again(struct parent *);
static void log_ends(const struct pair *);
static bool is_too_often(struct parent *);
static void back_off(struct parent *);

static const struct option options[] = {
	{ "listen", OPTION_TEXT, "127.0.0.1:8420", 0, 0, false, MSG_FLAG_LISTEN },
	{ "config", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_CONFIG },
	{ "store", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_STORE },
	{ "vault", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT },
	{ "loops", OPTION_INT, "0", 0, 64, false, MSG_FLAG_LOOPS },
	{ "writers", OPTION_INT, "0", 0, LANES_MAX, false, MSG_FLAG_WRITERS },
	{ "restarts", OPTION_INT, "5", 0, RESTARTS_MAX, false, MSG_FLAG_RESTARTS },
	{ "open-ceiling", OPTION_INT, "240000", 1, 100000000, false, MSG_FLAG_OPEN_CEILING },
	{ "management", OPTION_TEXT, MANAGEMENT, 0, 0, false, MSG_FLAG_MANAGEMENT },
	{ "url", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_URL },
	{ "access-log", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ACCESS_LOG },
	{ "access-log-file", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_ACCESS_LOG_FILE },
};

const struct command serve_commands[] = {
	{ "serve", NULL, serve, "", 0, 0, OPTIONS(options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_SERVE,
	  "  usher serve --data /var/lib/usher\n"
	  "  usher tenant create acme --data /var/lib/usher\n"
	  "  usher token bootstrap --tenant acme --out acme.token --data /var/lib/usher\n",
	  "/etc/usher/usher.conf", false },
};
const size_t serve_command_count = COUNT(serve_commands);

static enum err
serve(struct cli *cli)
{
	struct parent *p = arena_alloc(cli->cx.arena, sizeof(*p));
	const char *store = NULL;

	log_open("parent", LOG_INFO);
	p->cli = cli;
	TRY(data_store(cli, "store", &store));
	p->conf = (struct pair_conf) { .data = &p->data,
		.loops = (int)cli_int(cli, "loops"),
		.open_ceiling = (int)cli_int(cli, "open-ceiling"),
		.management_fd = -1,
		.store = store,
		.lanes = store == NULL
		    ? 1
		    : store_lanes(store, (size_t)cli_int(cli, "writers")),
		.access_file = cli_z(cli, "access-log-file"),
		.logs_access = cli_bool(cli, "access-log") ||
		    cli_has(cli, "access-log-file"),
		.url = cli_text(cli, "url") };
	if (p->conf.url.n == 0)
		p->conf.url = str_fmt(cli->cx.arena, "http://%.*s",
		    STR_ARG(cli_text(cli, "listen")));
	TRY(spawn_self(cli, &p->conf.self));
	TRY(spawn_vault_program(cli, &p->conf.vault_program));
	TRY(data_open(cli, LOCK_WAIT_MS, &p->data));
	TRY(open_doors(p));
	p->signal_fd = signals_open();
	say_confinement(p);
	watch(p);
	unlink(data_file(cli, &p->data, "operator.sock"));
	if (p->conf.is_management_local)
		unlink(cli_z(cli, "management"));
	return OK;
}

static enum err
open_doors(struct parent *p)
{
	struct cli *cli = p->cli;
	int64_t until_ns = clock_mono_ns() + LOCK_WAIT_MS * INT64_C(1000000);
	enum err err;

	/* Who held the lock may be closing its doors just now: the lock goes first. */
	while ((err = http_listen(&cli->cx, cli_text(cli, "listen"),
		    &p->conf.listen_fd)) == ERR_CONFLICT &&
	    clock_mono_ns() < until_ns) {
		cli->cx.fault = (struct fault) { 0 };
		clock_sleep_ms(LISTEN_AGAIN_MS);
	}
	TRY(err);
	TRY(http_listen_local(&cli->cx,
	    data_file(cli, &p->data, "operator.sock"), 0600,
	    &p->conf.operator_fd));
	return open_management(p);
}

/* A path has a slash, an address has none. */
static enum err
open_management(struct parent *p)
{
	struct cli *cli = p->cli;
	struct str at = cli_text(cli, "management");
	enum err err;

	if (at.n == 0)
		return OK;
	p->conf.is_management_local = str_find(at, '/') < at.n;
	err = p->conf.is_management_local
	    ? http_listen_local(&cli->cx, str_z(cli->cx.arena, at), 0600,
		  &p->conf.management_fd)
	    : http_listen(&cli->cx, at, &p->conf.management_fd);
	if (err != OK)
		cli->cx.fault.field = STR("management");
	return err;
}

static void
say_confinement(const struct parent *p)
{
	bool is_root = geteuid() == 0;

	log_event(LOG_INFO, "starting", LOG_NUM("root", is_root),
	    LOG_NUM("own_users", p->data.front.is_set));
	if (is_root && !p->data.front.is_set)
		log_event(LOG_WARN, "confinement_missing",
		    LOG_WORD("what",
			"users usher and usher-vault do not exist; "
			"everything runs as root"));
}

/* --- the watch --------------------------------------------------------------------- */

static void
watch(struct parent *p)
{
	pair_start(&p->conf, &p->pair);
	for (;;) {
		switch (pair_wait(&p->pair, p->signal_fd, -1)) {
		case PAIR_READY:
			p->back_off_ms = 0;
			log_event(
			    LOG_INFO, "ready", LOG_NUM("crashes", p->crashes));
			notify("READY=1");
			break;
		case PAIR_STOP:
			notify("STOPPING=1");
			log_event(LOG_INFO, "stopping",
			    LOG_NUM("crashes", p->crashes));
			pair_end(&p->pair, p->signal_fd);
			log_event(LOG_INFO, "stopped",
			    LOG_NUM("front", p->pair.status[FRONT]),
			    LOG_NUM("vault", p->pair.status[VAULT]));
			return;
		case PAIR_ENDED:
			if (!start_again(p))
				return;
			break;
		case PAIR_LATE:
			break;
		}
	}
}

/* false: it is over, and cli->exit says how. */
static bool
start_again(struct parent *p)
{
	bool was_ready = p->pair.is_ready;
	int front;

	/* Who ended first, before the other is made to. */
	log_ends(&p->pair);
	note_end(p);
	front = p->pair.pid[FRONT] == 0 ? p->pair.status[FRONT] : 0;
	pair_kill(&p->pair, p->signal_fd);
	/* It has said why; the reason will not go away by itself. */
	if (!was_ready && front > 0 && front <= EXIT_UNREACHABLE) {
		p->cli->exit = front;
		return false;
	}
	if (is_too_often(p)) {
		log_event(
		    LOG_ERROR, "giving_up", LOG_NUM("crashes", p->crashes));
		p->cli->exit = EXIT_CRASHED;
		return false;
	}
	back_off(p);
	/* A fault that a test asked for has happened; it is not asked for again. */
	unsetenv("USHER_FAULT");
	log_event(LOG_WARN, "restarting", LOG_NUM("crashes", p->crashes));
	pair_start(&p->conf, &p->pair);
	return true;
}

static void
log_ends(const struct pair *pair)
{
	static const char *const names[] = { [FRONT] = "front",
		[VAULT] = "vault" };

	for (enum child c = FRONT; c < CHILD_COUNT; c++)
		if (pair->pid[c] == 0)
			log_event(LOG_ERROR, "child_ended",
			    LOG_WORD("child", names[c]),
			    LOG_NUM("status", pair->status[c]));
}

/*
 * Whose fault it was: the vault ends in order when front has, and front when
 * the vault has gone or is silent.
 */
static void
note_end(struct parent *p)
{
	const struct pair *pair = &p->pair;
	bool is_vaults = pair->pid[VAULT] == 0 && pair->status[VAULT] != 0;

	if (is_vaults || (pair->pid[FRONT] == 0 && pair->status[FRONT] == 0))
		p->conf.restarts[VAULT]++;
	else
		p->conf.restarts[FRONT]++;
}

static bool
is_too_often(struct parent *p)
{
	size_t most = (size_t)cli_int(p->cli, "restarts");
	int64_t now = clock_mono_ns() / 1000000, oldest;

	if (most == 0)
		return true;
	oldest = p->crash_ms[p->crashes % most];
	p->crash_ms[p->crashes % most] = now;
	return p->crashes++ >= most && now - oldest < MINUTE_MS;
}

/* At once the first time; a pair that does not even get ready waits longer each time. */
static void
back_off(struct parent *p)
{
	int64_t wait = p->back_off_ms;

	p->back_off_ms = wait == 0 ? BACK_OFF_MS : wait * 2;
	if (p->back_off_ms > BACK_OFF_MAX)
		p->back_off_ms = BACK_OFF_MAX;
	/* A signal to stop stays, and is heard after the start. */
	pair_wait(&p->pair, p->signal_fd, wait);
}

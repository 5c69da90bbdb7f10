/* SPDX-License-Identifier: Apache-2.0 */
/*
 * top.c - `usher top`: a live view of what the management listener tells, once
 * a second, until q.  On a terminal only; else one frame, or a line of JSON.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"

#include "usher/commands.h"
#include "usher/frame.h"

#define SECOND_MS   1000
#define MS_NS	    INT64_C(1000000)
#define FRAME_MAX   (1 << 20)
#define WIDTH	    80
#define HEIGHT	    24
#define SIDE_MAX    1000
#define SCREEN_ON   "\033[?1049h\033[?25l"
#define SCREEN_OFF  "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H\033[2J"

struct top {
	struct cli	*cli;
	struct client	*client;
	/* Two looks and the frame, each look in an arena of its own. */
	struct arena	*arena[2], *scratch;
	size_t		 newest;
	struct looks	 looks;
	struct frame_view view;
	struct termios	 before;
	int		 signal_fd;
};

static enum err top_show(struct cli *);
static enum err connect_to(struct top *);
static enum err look(struct top *);
static enum err look_twice(struct top *);
static enum err show_once(struct top *);
static enum err go_on_in_json(struct top *);
static enum err go_on(struct top *);
static struct str why_lost(struct top *);
static void terminal_begin(struct top *);
static void terminal_end(struct top *);
static void draw(struct top *);
static bool wait_second(struct top *, bool *is_over);
static bool read_key(struct top *, bool *is_over);
static void measure(struct top *);
static size_t side(const char *name, size_t otherwise);
static enum err write_json(struct top *);

static const struct option options[] = {
	{ "management", OPTION_TEXT, MANAGEMENT, 0, 0, false, MSG_FLAG_MANAGEMENT_AT },
	{ "once", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ONCE },
};

const struct command top_commands[] = {
	{ "top", NULL, top_show, "", 0, 0, OPTIONS(options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_TOP,
	  "  usher top\n"
	  "  usher top --once --json\n"
	  "  usher top --management /run/usher/management.sock\n", NULL, false },
};
const size_t top_command_count = COUNT(top_commands);

static enum err
top_show(struct cli *cli)
{
	struct top *t = arena_alloc(cli->cx.arena, sizeof(*t));
	bool is_terminal =
	    isatty(STDOUT_FILENO) == 1 && isatty(STDIN_FILENO) == 1;

	t->cli = cli;
	t->arena[0] = cli_arena(cli);
	t->arena[1] = cli_arena(cli);
	t->scratch = cli_arena(cli);
	t->view.lang = cli->cx.lang;
	t->view.address = cli_text(cli, "management");
	TRY(connect_to(t));
	TRY(look_twice(t));
	if (cli_bool(cli, "once") || (!is_terminal && !cli->is_json))
		return show_once(t);
	return cli->is_json ? go_on_in_json(t) : go_on(t);
}

/* --- looking ------------------------------------------------------------------ */

static enum err
connect_to(struct top *t)
{
	struct cli *cli = t->cli;
	struct client_conf conf = { .lang = cli->cx.lang,
		.timeout_ms = cli_int(cli, "timeout") * SECOND_MS };
	struct str at = t->view.address;

	conf.address = str_find(at, '/') < at.n
	    ? at
	    : str_fmt(cli->cx.arena, "http://%.*s", STR_ARG(at));
	TRY(client_open(&cli->cx, &conf, &cli->client));
	t->client = cli->client;
	return OK;
}

/* What was the newest look is then the one before. */
static enum err
look(struct top *t)
{
	const struct call call = { .method = GET,
		.path = STR("/metrics"),
		.header = { { STR("Accept"),
		    STR("application/openmetrics-text") } },
		.nheader = 1 };
	struct cli *cli = t->cli;
	struct arena *own = cli->cx.arena, *mine = t->arena[!t->newest];
	struct figures figures;
	struct answer answer;
	enum err err;

	/* Where the look before lay is free, even if this one fails. */
	t->looks.before = t->looks.now;
	arena_reset(mine);
	cli->cx.arena = mine;
	cli->cx.fault = (struct fault) { 0 };
	err = client_call(t->client, &cli->cx, &call, &answer);
	cli->cx.arena = own;
	if (err != OK && client_is_unreachable(t->client))
		cli->exit = EXIT_UNREACHABLE;
	TRY(err);
	if (answer.status != 200 || !figures_read(mine, answer.body, &figures))
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_TOP_NOT_METRICS,
		    "management", str_z(own, t->view.address));
	figures.taken_ns = clock_mono_ns();
	cli->exit = 0;
	t->looks.now = figures;
	t->newest = !t->newest;
	return OK;
}

static enum err
look_twice(struct top *t)
{
	TRY(look(t));
	clock_sleep_ms(SECOND_MS);
	return look(t);
}

/* --- without a terminal --------------------------------------------------------- */

static enum err
show_once(struct top *t)
{
	struct buf b;

	if (t->cli->is_json)
		return write_json(t);
	measure(t);
	buf_init(&b, t->scratch, FRAME_MAX);
	frame_write(t->scratch, &t->looks, &t->view, &b);
	printf("%.*s\n", STR_ARG(buf_view(&b)));
	return OK;
}

static enum err
write_json(struct top *t)
{
	struct buf b;

	arena_reset(t->scratch);
	buf_init(&b, t->scratch, FRAME_MAX);
	frame_json(t->scratch, &t->looks, &b);
	printf("%.*s\n", STR_ARG(buf_view(&b)));
	return OK;
}

static enum err
go_on_in_json(struct top *t)
{
	for (;;) {
		TRY(write_json(t));
		/* Why, is told where commands end. */
		if (fflush(stdout) != 0)
			return OK;
		clock_sleep_ms(SECOND_MS);
		TRY(look(t));
	}
}

/* --- on a terminal -------------------------------------------------------------- */

/* A server that is gone may come back: the last figures stay meanwhile. */
static enum err
go_on(struct top *t)
{
	bool is_over = false;

	t->view.is_terminal = true;
	terminal_begin(t);
	while (!is_over) {
		draw(t);
		if (!wait_second(t, &is_over) || is_over)
			continue;
		t->view.lost = STR("");
		if (look(t) != OK)
			t->view.lost = why_lost(t);
	}
	terminal_end(t);
	t->cli->exit = 0;
	return OK;
}

/* In the arena of the look that failed: it stays until the next. */
static struct str
why_lost(struct top *t)
{
	const struct fault *fault = &t->cli->cx.fault;

	return msg_text(
	    t->arena[!t->newest], fault->msg, t->view.lang, fault->args);
}

static void
terminal_begin(struct top *t)
{
	struct termios raw;
	sigset_t seen;

	sigemptyset(&seen);
	sigaddset(&seen, SIGINT);
	sigaddset(&seen, SIGTERM);
	sigaddset(&seen, SIGHUP);
	sigaddset(&seen, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &seen, NULL) != 0)
		fatal("signals");
	t->signal_fd = signalfd(-1, &seen, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->signal_fd < 0 || tcgetattr(STDIN_FILENO, &t->before) != 0)
		fatal("the terminal");
	raw = t->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ON, stdout);
}

static void
terminal_end(struct top *t)
{
	fputs(SCREEN_OFF, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
	close(t->signal_fd);
}

/* In one write, so that nothing flickers. */
static void
draw(struct top *t)
{
	struct buf b;

	measure(t);
	arena_reset(t->scratch);
	buf_init(&b, t->scratch, FRAME_MAX);
	buf_z(&b, SCREEN_HOME);
	frame_write(t->scratch, &t->looks, &t->view, &b);
	fwrite(b.p, 1, b.n, stdout);
	fflush(stdout);
}

/* true: the second is over; false: draw again, or *IS_OVER. */
static bool
wait_second(struct top *t, bool *is_over)
{
	int64_t due = t->looks.now.taken_ns + SECOND_MS * MS_NS;
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = t->signal_fd, .events = POLLIN } };
	struct signalfd_siginfo s;
	int64_t left = (due - clock_mono_ns()) / MS_NS;

	/* Who does not answer is asked once a second all the same. */
	if (left <= 0)
		left = t->view.lost.n > 0 ? SECOND_MS : 0;
	if (poll(p, COUNT(p), (int)left) == 0)
		return true;
	while (read(t->signal_fd, &s, sizeof(s)) == sizeof(s))
		if (s.ssi_signo != SIGWINCH)
			*is_over = true;
	if (p[0].revents != 0)
		return read_key(t, is_over);
	return false;
}

static bool
read_key(struct top *t, bool *is_over)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	/* The terminal is gone. */
	if (n <= 0)
		*is_over = true;
	for (ssize_t i = 0; i < n; i++) {
		if (keys[i] == 'q' || keys[i] == 'Q')
			*is_over = true;
		else if (keys[i] == 'h' || keys[i] == '?')
			t->view.explains = !t->view.explains;
	}
	return false;
}

static void
measure(struct top *t)
{
	struct winsize size = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		size = (struct winsize) { 0 };
	t->view.width = size.ws_col > 0 ? size.ws_col : side("COLUMNS", WIDTH);
	t->view.height = size.ws_row > 0 ? size.ws_row : side("LINES", HEIGHT);
}

static size_t
side(const char *name, size_t otherwise)
{
	int64_t n;

	if (!str_int(str_of(secure_getenv(name)), &n) || n < 1 || n > SIDE_MAX)
		return otherwise;
	return (size_t)n;
}

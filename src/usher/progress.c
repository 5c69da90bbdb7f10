/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#include "usher/listing.h"

#define SECOND_NS   INT64_C(1000000000)
#define REDRAW_NS   (SECOND_NS / 10)
#define LINE_NS	    (10 * SECOND_NS)	/* between plain lines */
#define WARM_UP_NS  (SECOND_NS / 2)	/* before that the rate says nothing */
#define LINE_ROOM   512
#define BAR_MAX	    40
#define BAR_MIN	    10
#define WIDTH_USUAL 80

static void show(struct progress *, int64_t now_ns);
static int64_t percent(const struct progress *);
static void write_rate(const struct progress *, double rate, struct buf *);
static void write_megabytes(
    const struct progress *, int64_t tenths, struct buf *);
static void write_bar(const struct progress *, size_t cells, struct buf *);
static void write_left(const struct progress *, int64_t seconds, struct buf *);
static size_t terminal_width(void);

void
progress_begin(struct progress *p, const struct cli *cli, enum msg what,
    int64_t total, enum progress_unit unit)
{
	*p = (struct progress) { .what = cli_msg(cli, what, NO_ARGS),
		.left = cli_msg(cli, MSG_SAY_LEFT, NO_ARGS),
		.sign = cli_msg(cli, MSG_SAY_DECIMAL_SIGN, NO_ARGS),
		.bytes = cli_msg(cli, MSG_SAY_MEGABYTES, NO_ARGS),
		.total = total,
		.unit = unit,
		.started_ns = clock_mono_ns(),
		.is_terminal = isatty(STDERR_FILENO) == 1,
		.is_quiet = cli->is_json };
	p->shown_ns = p->started_ns;
}

void
progress_add(struct progress *p, int64_t units)
{
	int64_t now = clock_mono_ns();

	p->done += units;
	if (now - p->shown_ns < (p->is_terminal ? REDRAW_NS : LINE_NS))
		return;
	show(p, now);
}

void
progress_end(struct progress *p)
{
	show(p, clock_mono_ns());
	if (p->is_terminal && !p->is_quiet)
		fputc('\n', stderr);
}

static void
show(struct progress *p, int64_t now_ns)
{
	struct buf b;

	p->shown_ns = now_ns;
	if (p->is_quiet)
		return;
	buf_init(&b, NULL, LINE_ROOM);
	progress_line(p, now_ns, p->is_terminal ? terminal_width() : 0, &b);
	fprintf(stderr, p->is_terminal ? "\r\033[K%.*s" : "%.*s\n",
	    STR_ARG(buf_view(&b)));
	fflush(stderr);
	buf_fini(&b);
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WIDTH_USUAL;
	return size.ws_col;
}

/* "checking [=====     ]  52 %  18.2 MB/s  0:07 left" */
void
progress_line(
    const struct progress *p, int64_t now_ns, size_t width, struct buf *out)
{
	int64_t took = now_ns - p->started_ns,
		left = progress_left_s(p, now_ns);
	size_t around = 4, bar = 0;
	struct buf tail;

	buf_init(&tail, NULL, LINE_ROOM);
	buf_fmt(&tail, " %3" PRId64 " %%", percent(p));
	if (took >= WARM_UP_NS)
		write_rate(p, (double)p->done / ((double)took / 1e9), &tail);
	if (left >= 0 && p->done < p->total)
		write_left(p, left, &tail);
	buf_str(out, p->what);
	around += text_width(p->what) + text_width(buf_view(&tail));
	if (width > around + BAR_MIN)
		bar = width - around;
	write_bar(p, bar < BAR_MAX ? bar : BAR_MAX, out);
	buf_str(out, buf_view(&tail));
	buf_fini(&tail);
}

static void
write_rate(const struct progress *p, double rate, struct buf *out)
{
	if (p->unit == PROGRESS_BYTES)
		write_megabytes(p, (int64_t)(rate / 1e5 + 0.5), out);
	else
		buf_fmt(out, "  %.0f/s", rate);
}

static void
write_megabytes(const struct progress *p, int64_t tenths, struct buf *out)
{
	buf_fmt(out, "  %" PRId64 "%.*s%" PRId64 " %.*s", tenths / 10,
	    STR_ARG(p->sign), tenths % 10, STR_ARG(p->bytes));
}

static int64_t
percent(const struct progress *p)
{
	if (p->total <= 0 || p->done >= p->total)
		return 100;
	return (int64_t)((double)p->done * 100 / (double)p->total);
}

static void
write_bar(const struct progress *p, size_t cells, struct buf *out)
{
	size_t full = cells * (size_t)percent(p) / 100;

	if (cells == 0)
		return;
	buf_z(out, " [");
	for (size_t i = 0; i < cells; i++)
		buf_u8(out, i < full ? '=' : ' ');
	buf_u8(out, ']');
}

static void
write_left(const struct progress *p, int64_t s, struct buf *out)
{
	if (s >= 3600)
		buf_fmt(out, "  %" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600,
		    s / 60 % 60, s % 60);
	else
		buf_fmt(out, "  %" PRId64 ":%02" PRId64, s / 60, s % 60);
	buf_u8(out, ' ');
	buf_str(out, p->left);
}

int64_t
progress_left_s(const struct progress *p, int64_t now_ns)
{
	double took = (double)(now_ns - p->started_ns) / 1e9;

	if (p->done >= p->total)
		return 0;
	if (now_ns - p->started_ns < WARM_UP_NS || p->done <= 0)
		return -1;
	return (int64_t)(took * (double)(p->total - p->done) / (double)p->done +
	    0.5);
}

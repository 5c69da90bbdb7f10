/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - one window of figures, row by row. */
#include "usher/frame.h"

#include "usher/frame_int.h"
#include "usher/listing.h"

#define GAP 2

static void cell(struct frame *, struct str);
static void title(struct frame *);
static void put_up(struct frame *);
static void put_rows(struct frame *);
static void explain(struct frame *);
static enum msg word_at(size_t);
static void footer(struct frame *);
static size_t label_width(const struct frame *);
static void requests(struct frame *);
static void onboardings(struct frame *);
static void outcomes(struct frame *);
static void queue(struct frame *);
static void commits(struct frame *);
static void vault(struct frame *);
static void contention(struct frame *);
static void limited(struct frame *);
static void log_state(struct frame *);
static void processes(struct frame *);

/* Most important first: a low window shows the first ones. */
static const struct row {
	enum msg label;
	void   (*fill)(struct frame *);
} rows[] = {
	{ MSG_TOP_REQUESTS, requests },
	{ MSG_TOP_ONBOARDINGS, onboardings },
	{ MSG_TOP_OUTCOMES, outcomes },
	{ MSG_TOP_QUEUE, queue },
	{ MSG_TOP_COMMITS, commits },
	{ MSG_TOP_VAULT, vault },
	{ MSG_TOP_LIMITED, limited },
	{ MSG_TOP_CONTENTION, contention },
	{ MSG_TOP_LOG, log_state },
	{ MSG_TOP_PROCESSES, processes },
};

/* What h explains beside the rows. */
static const enum msg explained[] = {
	MSG_TOP_IN_FLIGHT, MSG_TOP_ERRORS, MSG_TOP_REPEATED, MSG_TOP_REFUSED, MSG_TOP_ASSIGNED, MSG_TOP_HELD,
	MSG_TOP_WAITING, MSG_TOP_INTERACTIVE, MSG_TOP_BULK, MSG_TOP_READS, MSG_TOP_ITEMS, MSG_TOP_FAILED,
	MSG_TOP_RESTARTS, MSG_TOP_ALARMS, MSG_TOP_CHECKPOINTS, MSG_TOP_TENANTS, MSG_TOP_ROUTE, MSG_TOP_POOL,
	MSG_TOP_TENANT, MSG_TOP_QUOTA, MSG_TOP_UP,
};

void
frame_write(struct arena *arena, const struct looks *looks,
    const struct frame_view *view, struct buf *out)
{
	struct frame f = { .arena = arena, .looks = looks, .view = view,
		.out = out };

	f.left = view->height;
	/* The last line says what keys do. */
	if (view->is_terminal && f.left > 2)
		f.left--;
	title(&f);
	if (view->explains)
		explain(&f);
	else
		put_rows(&f);
	if (view->is_terminal && view->height > 2)
		footer(&f);
}

/* --- lines and cells ---------------------------------------------------------- */

bool
frame_line(struct frame *f)
{
	if (f->left == 0)
		return false;
	f->left--;
	if (f->has_lines)
		buf_z(f->out, "\n");
	f->has_lines = true;
	f->used = 0;
	f->is_full = false;
	return true;
}

/* Whole, or the line has ended. */
static void
cell(struct frame *f, struct str text)
{
	size_t gap = f->used > 0 ? GAP : 0, width = text_width(text);

	if (f->is_full || f->used + gap + width > f->view->width) {
		f->is_full = true;
		return;
	}
	frame_space(f, gap);
	buf_str(f->out, text);
	f->used += width;
}

void
frame_space(struct frame *f, size_t n)
{
	f->used += n;
	while (n-- > 0)
		buf_z(f->out, " ");
}

void
frame_cut(struct frame *f, struct str text)
{
	while (text.n > 0 && f->used + text_width(text) > f->view->width)
		do
			text.n--;
		while (text.n > 0 && (text.p[text.n] & 0xc0) == 0x80);
	buf_str(f->out, text);
	f->used += text_width(text);
}

struct str
frame_word(const struct frame *f, enum msg msg)
{
	const struct str none[4] = { { "", 0 }, { "", 0 }, { "", 0 },
		{ "", 0 } };

	return msg_text(f->arena, msg, f->view->lang, none);
}

static void
mark(struct frame *f, const char *how)
{
	if (f->view->is_terminal)
		buf_z(f->out, how);
}

/* --- the title ----------------------------------------------------------------- */

static void
title(struct frame *f)
{
	const struct frame_view *v = f->view;
	struct str failed = frame_failed(f->arena, &f->looks->now);
	const struct str args[4] = { failed, { "", 0 }, { "", 0 }, { "", 0 } };
	const struct str why[4] = { v->lost, { "", 0 }, { "", 0 }, { "", 0 } };

	if (!frame_line(f))
		return;
	mark(f, failed.n > 0 || v->lost.n > 0 ? REVERSE : BOLD);
	if (v->lost.n > 0)
		frame_cut(f, msg_text(f->arena, MSG_TOP_LOST, v->lang, why));
	else if (failed.n > 0)
		frame_cut(
		    f, msg_text(f->arena, MSG_TOP_NOT_READY, v->lang, args));
	else
		frame_cut(f, frame_word(f, MSG_TOP_READY));
	mark(f, PLAIN);
	cell(f,
	    str_fmt(f->arena, "usher %.*s",
		STR_ARG(frame_version(&f->looks->now))));
	put_up(f);
	cell(f, v->address);
}

static void
put_up(struct frame *f)
{
	double up = figures_sum(&f->looks->now, "usher_uptime_seconds", "");
	int64_t s = (int64_t)up;

	cell(f,
	    str_fmt(f->arena, "%.*s %lldd %02d:%02d:%02d",
		STR_ARG(frame_word(f, MSG_TOP_UP)), (long long)(s / 86400),
		(int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60)));
}

static void
footer(struct frame *f)
{
	f->left = 1;
	frame_line(f);
	frame_cut(f, frame_word(f, MSG_TOP_KEYS));
}

/* --- the rows ------------------------------------------------------------------- */

static void
put_rows(struct frame *f)
{
	size_t width = label_width(f);

	for (size_t i = 0; i < COUNT(rows) && frame_line(f); i++) {
		struct str label = frame_word(f, rows[i].label);

		mark(f, BOLD);
		frame_cut(f, label);
		mark(f, PLAIN);
		if (f->used < width)
			frame_space(f, width - f->used);
		rows[i].fill(f);
	}
	frame_tables(f);
}

/* Of the widest label, if that leaves most of the window. */
static size_t
label_width(const struct frame *f)
{
	size_t width = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = text_width(frame_word(f, rows[i].label));

		width = n > width ? n : width;
	}
	return width * 3 < f->view->width ? width : 0;
}

/* The words of the window, and what to make of them. */
static void
explain(struct frame *f)
{
	const struct str none[4] = { { "", 0 }, { "", 0 }, { "", 0 },
		{ "", 0 } };
	size_t width = 0;

	for (size_t i = 0; i < COUNT(rows) + COUNT(explained); i++) {
		size_t n = text_width(frame_word(f, word_at(i)));

		width = n > width ? n : width;
	}
	for (size_t i = 0; i < COUNT(rows) + COUNT(explained); i++) {
		if (!frame_line(f))
			return;
		mark(f, BOLD);
		frame_cut(f, frame_word(f, word_at(i)));
		mark(f, PLAIN);
		if (f->used < width + GAP)
			frame_space(f, width + GAP - f->used);
		frame_cut(
		    f, msg_remedy(f->arena, word_at(i), f->view->lang, none));
	}
}

static enum msg
word_at(size_t i)
{
	return i < COUNT(rows) ? rows[i].label : explained[i - COUNT(rows)];
}

/* --- cells of the rows ------------------------------------------------------------ */

static void
named(struct frame *f, enum msg msg, struct str value)
{
	cell(f,
	    str_fmt(f->arena, "%.*s %.*s", STR_ARG(frame_word(f, msg)),
		STR_ARG(value)));
}

static void
rate(struct frame *f, double per_second)
{
	cell(f,
	    str_fmt(f->arena, "%.*s/s",
		STR_ARG(frame_number(f->arena, per_second))));
}

static void
times(struct frame *f, const char *histogram)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = { { "p50", 0.5 }, { "p99", 0.99 } };

	for (size_t i = 0; i < COUNT(quantiles); i++)
		cell(f,
		    str_fmt(f->arena, "%s %.*s", quantiles[i].name,
			STR_ARG(frame_seconds(f->arena,
			    looks_quantile(
				f->looks, histogram, "", quantiles[i].q)))));
}

static void
count(struct frame *f, enum msg msg, const char *name, const char *part)
{
	named(f, msg,
	    frame_number(f->arena, figures_sum(&f->looks->now, name, part)));
}

static void
requests(struct frame *f)
{
	double all = looks_rate(f->looks, REQUESTS "_count", "");
	double bad = looks_rate(f->looks, REQUESTS "_count", "\"4xx\"") +
	    looks_rate(f->looks, REQUESTS "_count", "\"5xx\"");

	rate(f, all);
	times(f, REQUESTS);
	count(f, MSG_TOP_IN_FLIGHT, "usher_http_requests_in_flight", "");
	named(f, MSG_TOP_ERRORS, frame_share(f->arena, bad, all));
}

static void
onboardings(struct frame *f)
{
	const char *name = "usher_onboardings_total";
	double all = looks_rate(f->looks, name, "");

	rate(f, looks_rate(f->looks, name, "\"new\""));
	named(f, MSG_TOP_REPEATED,
	    frame_share(
		f->arena, looks_rate(f->looks, name, "\"repeated\""), all));
	named(f, MSG_TOP_REFUSED,
	    frame_share(
		f->arena, looks_rate(f->looks, name, "\"refused\""), all));
}

static void
outcomes(struct frame *f)
{
	static const struct {
		enum msg msg;
		const char *part;
	} kinds[] = {
		{ MSG_TOP_ASSIGNED, "\"assigned\"" },
		{ MSG_TOP_HELD, "\"held\"" },
		{ MSG_TOP_WAITING, "\"queued\"" },
		{ MSG_TOP_REFUSED, "\"refused\"" },
	};

	for (size_t i = 0; i < COUNT(kinds); i++)
		named(f, kinds[i].msg,
		    frame_number(f->arena,
			looks_rate(
			    f->looks, "usher_outcomes_total", kinds[i].part)));
}

static void
queue(struct frame *f)
{
	const char *name = "usher_queue_depth";

	count(f, MSG_TOP_INTERACTIVE, name, "\"interactive\"");
	count(f, MSG_TOP_BULK, name, "\"bulk\"");
	count(f, MSG_TOP_READS, name, "\"read\"");
}

static void
commits(struct frame *f)
{
	double all = looks_rate(f->looks, "usher_batch_items_count", "");
	double failed =
	    figures_sum(&f->looks->now, "usher_commits_failed_total", "");

	rate(f, looks_rate(f->looks, "usher_commits_total", "\"data\""));
	times(f, "usher_commit_duration_seconds");
	if (all > 0)
		named(f, MSG_TOP_ITEMS,
		    frame_number(f->arena,
			looks_rate(f->looks, "usher_batch_items_sum", "") /
			    all));
	if (failed > 0)
		named(f, MSG_TOP_FAILED, frame_number(f->arena, failed));
}

static void
vault(struct frame *f)
{
	rate(f,
	    looks_rate(f->looks, "usher_vault_round_trip_seconds_count", ""));
	times(f, "usher_vault_round_trip_seconds");
	count(f, MSG_TOP_RESTARTS, "usher_restarts_total", "");
	count(f, MSG_TOP_ALARMS, "usher_vault_alarms_total", "");
}

/* By the names that the metric has for them. */
static void
by_label(struct frame *f, const char *name, const char *label)
{
	const struct figures *now = &f->looks->now;
	char part[100];

	for (size_t i = 0; i < now->n; i++) {
		struct str value = figure_label(&now->v[i], label);
		double r;

		if (!str_eq(now->v[i].name, str_of(name)) || value.p == NULL)
			continue;
		frame_part(part, sizeof(part), label, value);
		r = looks_rate(f->looks, name, part);
		if (r > 0)
			cell(f,
			    str_fmt(f->arena, "%.*s %.*s", STR_ARG(value),
				STR_ARG(frame_number(f->arena, r))));
	}
}

static void
contention(struct frame *f)
{
	rate(f, looks_rate(f->looks, "usher_contention_total", ""));
	by_label(f, "usher_contention_total", "kind");
}

static void
limited(struct frame *f)
{
	rate(f, looks_rate(f->looks, "usher_limited_total", ""));
	by_label(f, "usher_limited_total", "limit");
}

static void
log_state(struct frame *f)
{
	count(f, MSG_TOP_CHECKPOINTS, "usher_checkpoints_signed_total", "");
	count(f, MSG_TOP_ALARMS, "usher_log_alarm", "");
	count(f, MSG_TOP_TENANTS, "usher_tenants", "");
}

static void
processes(struct frame *f)
{
	static const char *const names[] = { "parent", "front", "vault" };
	char part[100];

	for (size_t i = 0; i < COUNT(names); i++) {
		double bytes, fds;

		frame_part(part, sizeof(part), "process", str_of(names[i]));
		bytes = figures_sum(&f->looks->now,
		    "usher_process_resident_memory_bytes", part);
		fds = figures_sum(
		    &f->looks->now, "usher_process_open_descriptors", part);
		cell(f,
		    str_fmt(f->arena, "%s %.0f MB %.0f fd", names[i],
			bytes / 1e6, fds));
	}
}

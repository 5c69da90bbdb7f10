/* SPDX-License-Identifier: Apache-2.0 */
/* frame_table.c - the busiest routes and the fullest pools, and how numbers look. */
#include "usher/frame_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usher/listing.h"

#define LINES_MAX  500	/* of a table, before the fullest are chosen */
#define COLUMNS	   6
#define NAME_LEAST 24
#define CELL	   10
#define PART_ROOM  600

/* A line of a table: a name, and cells at its right. */
struct entry {
	struct str name, cell[COLUMNS];
	double	   weight;	/* the heaviest come first */
};

struct table {
	struct str   title, head[COLUMNS];
	size_t	     ncolumn;
	struct entry entry[LINES_MAX];
	size_t	     n;
};

static void find_routes(struct frame *, struct table *);
static void find_pools(struct frame *, struct table *);
static bool is_known(const struct table *, struct str name);
static void put_table(struct frame *, struct table *, size_t lines);
static void put_right(struct frame *, struct str);
static int by_weight(const void *, const void *);

/* Half of the lines each, an empty one and a head before them. */
void
frame_tables(struct frame *f)
{
	struct table *t = arena_alloc(f->arena, sizeof(*t));
	size_t half = f->left / 2;

	find_routes(f, t);
	if (half >= 3)
		put_table(f, t, half - 2);
	memset(t, 0, sizeof(*t));
	find_pools(f, t);
	if (f->left >= 3)
		put_table(f, t, f->left - 2);
}

static void
find_routes(struct frame *f, struct table *t)
{
	static const char *const titles[] = { "/s", "p50", "p99", "4xx",
		"5xx" };
	const struct figures *now = &f->looks->now;
	char part[PART_ROOM];

	t->title = frame_word(f, MSG_TOP_ROUTE);
	t->ncolumn = COUNT(titles);
	for (size_t i = 0; i < COUNT(titles); i++)
		t->head[i] = str_of(titles[i]);
	for (size_t i = 0; i < now->n && t->n < LINES_MAX; i++) {
		struct str method = figure_label(&now->v[i], "method");
		struct str route = figure_label(&now->v[i], "route");
		struct entry e = { .name = str_fmt(f->arena, "%.*s %.*s",
			STR_ARG(method), STR_ARG(route)) };
		size_t n;

		if (!str_eq(now->v[i].name, STR(REQUESTS "_count")) ||
		    is_known(t, e.name))
			continue;
		n = (size_t)snprintf(part, sizeof(part),
		    "method=\"%.*s\",route=\"%.*s\"", STR_ARG(method),
		    STR_ARG(route));
		if (n + sizeof(",status=\"4xx\"") > sizeof(part))
			continue;
		e.weight = looks_rate(f->looks, REQUESTS "_count", part);
		e.cell[0] = frame_number(f->arena, e.weight);
		e.cell[1] = frame_seconds(
		    f->arena, looks_quantile(f->looks, REQUESTS, part, 0.5));
		e.cell[2] = frame_seconds(
		    f->arena, looks_quantile(f->looks, REQUESTS, part, 0.99));
		for (size_t c = 3; c < COUNT(titles); c++) {
			snprintf(part + n, sizeof(part) - n, ",status=\"%s\"",
			    titles[c]);
			e.cell[c] = frame_number(f->arena,
			    figures_sum(now, REQUESTS "_count", part));
		}
		t->entry[t->n++] = e;
	}
}

static bool
is_known(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->entry[i].name, name))
			return true;
	return false;
}

static void
find_pools(struct frame *f, struct table *t)
{
	static const enum msg titles[] = { MSG_TOP_TENANT, MSG_TOP_ASSIGNED,
		MSG_TOP_HELD, MSG_TOP_WAITING, MSG_TOP_QUOTA };
	const struct figures *now = &f->looks->now;
	char part[PART_ROOM];

	t->title = frame_word(f, MSG_TOP_POOL);
	t->ncolumn = COUNT(titles);
	for (size_t i = 0; i < COUNT(titles); i++)
		t->head[i] = frame_word(f, titles[i]);
	for (size_t i = 0; i < now->n && t->n < LINES_MAX; i++) {
		const struct figure *q = &now->v[i];
		struct str tenant = figure_label(q, "tenant");
		struct str product = figure_label(q, "product");
		struct str pool = figure_label(q, "pool");
		struct entry e = { .name = pool.n > 0 ? pool : STR("*") };
		double value[3];
		const char *states[] = { "assigned", "held", "waiting" };

		if (!str_eq(q->name, STR("usher_pool_quota")))
			continue;
		for (size_t s = 0; s < COUNT(states); s++) {
			/* Who waits, waits for a product. */
			bool waits = s == 2;

			snprintf(part, sizeof(part),
			    "tenant=\"%.*s\",product=\"%.*s\",pool=\"%.*s\","
			    "state=\"%s\"",
			    STR_ARG(tenant), STR_ARG(product),
			    waits ? 0 : (int)pool.n, pool.p, states[s]);
			value[s] = figures_sum(now, "usher_seats", part);
			e.cell[s + 1] = frame_number(f->arena, value[s]);
		}
		e.cell[0] = tenant;
		e.cell[4] = frame_number(f->arena, q->value);
		e.weight =
		    q->value > 0 ? (value[0] + value[1]) / q->value : value[2];
		t->entry[t->n++] = e;
	}
}

/* As many columns as leave room for names. */
static void
put_table(struct frame *f, struct table *t, size_t lines)
{
	size_t columns = t->ncolumn, width;

	while (columns > 0 && f->view->width < NAME_LEAST + columns * CELL)
		columns--;
	width = f->view->width > columns * CELL
	    ? f->view->width - columns * CELL
	    : 0;
	qsort(t->entry, t->n, sizeof(t->entry[0]), by_weight);
	frame_line(f);
	for (size_t i = 0; i <= t->n && i <= lines && frame_line(f); i++) {
		const struct str *cell =
		    i == 0 ? t->head : t->entry[i - 1].cell;
		struct str name = i == 0 ? t->title : t->entry[i - 1].name;

		while (text_width(name) > width)
			name.n--;
		frame_cut(f, name);
		if (columns > 0 && f->used < width)
			frame_space(f, width - f->used);
		for (size_t c = 0; c < columns; c++)
			put_right(f, cell[c]);
	}
}

static void
put_right(struct frame *f, struct str text)
{
	size_t width = text_width(text);

	if (width > CELL - 1) {
		text.n = CELL - 1;
		while (text.n > 0 && (text.p[text.n] & 0xc0) == 0x80)
			text.n--;
		width = text_width(text);
	}
	frame_space(f, CELL - width);
	frame_cut(f, text);
}

static int
by_weight(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return str_cmp(x->name, y->name);
}

/* --- how they look -------------------------------------------------------------- */

struct str
frame_number(struct arena *a, double v)
{
	if (v >= 1e7)
		return str_fmt(a, "%.1fM", v / 1e6);
	if (v >= 1e5)
		return str_fmt(a, "%.0fk", v / 1e3);
	if (v >= 10 || v == (double)(int64_t)v)
		return str_fmt(a, "%.0f", v);
	return str_fmt(a, "%.1f", v);
}

struct str
frame_seconds(struct arena *a, double s)
{
	if (s < 0)
		return STR("-");
	if (s >= 1)
		return str_fmt(a, "%.1f s", s);
	if (s >= 0.01)
		return str_fmt(a, "%.0f ms", s * 1e3);
	return str_fmt(a, "%.1f ms", s * 1e3);
}

struct str
frame_share(struct arena *a, double part, double all)
{
	return str_fmt(a, "%.1f %%", all > 0 ? 100 * part / all : 0);
}

void
frame_part(char *text, size_t size, const char *label, struct str value)
{
	snprintf(text, size, "%s=\"%.*s\"", label, STR_ARG(value));
}

struct str
frame_failed(struct arena *a, const struct figures *f)
{
	struct str all = STR("");

	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].name, STR("usher_ready")) &&
		    f->v[i].value == 0)
			all = str_fmt(a, "%.*s%s%.*s", STR_ARG(all),
			    all.n > 0 ? ", " : "",
			    STR_ARG(figure_label(&f->v[i], "check")));
	return all;
}

struct str
frame_version(const struct figures *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].name, STR("usher_build_info")))
			return figure_label(&f->v[i], "version");
	return STR("");
}

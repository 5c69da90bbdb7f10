/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIGURES_MAX 50000
#define NUMBER_MAX  40
#define BOUNDS_MAX  40
#define NAME_ROOM   100

/* What a histogram's bounds saw between two looks. */
struct spread {
	double bound[BOUNDS_MAX], below[BOUNDS_MAX];
	size_t n;
};

/* Which buckets, and whether they count or are taken away. */
struct asked {
	const char *histogram, *part;
	double	    sign;
};

static bool read_line(struct str, struct figure *);
static bool read_number(struct str, double *);
static bool is_about(const struct figure *, const char *name, const char *part);
static void add_buckets(struct spread *, const struct figures *,
    const struct asked *);
static double between(const struct spread *, size_t at, double rank);

bool
figures_read(struct arena *arena, struct str text, struct figures *out)
{
	size_t lines = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines > FIGURES_MAX || !str_ends(text, STR("# EOF\n")))
		return false;
	out->v = arena_array(arena, lines, sizeof(*out->v));
	out->n = 0;
	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');

		if (str_starts(line, STR("#")))
			continue;
		if (!read_line(line, &out->v[out->n++]))
			return false;
	}
	return out->n > 0;
}

/* name{label="value"} 1.5 */
static bool
read_line(struct str line, struct figure *f)
{
	size_t space = line.n;
	struct str head;

	while (space > 0 && line.p[space - 1] != ' ')
		space--;
	if (space == 0 || !read_number(str_sub(line, space, line.n), &f->value))
		return false;
	head = str_sub(line, 0, space - 1);
	f->name = str_cut(&head, '{');
	f->labels = STR("");
	if (head.p == NULL)
		return f->name.n > 0;
	if (!str_ends(head, STR("}")))
		return false;
	f->labels = str_sub(head, 0, head.n - 1);
	return f->name.n > 0;
}

static bool
read_number(struct str s, double *out)
{
	char text[NUMBER_MAX], *end;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	*out = strtod(text, &end);
	return *end == '\0';
}

double
figures_sum(const struct figures *f, const char *name, const char *part)
{
	double sum = 0;

	for (size_t i = 0; i < f->n; i++)
		if (is_about(&f->v[i], name, part))
			sum += f->v[i].value;
	return sum;
}

static bool
is_about(const struct figure *f, const char *name, const char *part)
{
	return str_eq(f->name, str_of(name)) &&
	    (part[0] == '\0' ||
		memmem(f->labels.p, f->labels.n, part, strlen(part)) != NULL);
}

double
looks_rate(const struct looks *l, const char *name, const char *part)
{
	double grown = figures_sum(&l->now, name, part) -
	    figures_sum(&l->before, name, part);
	double seconds = (double)(l->now.taken_ns - l->before.taken_ns) / 1e9;

	return grown > 0 && seconds > 0 ? grown / seconds : 0;
}

double
looks_quantile(
    const struct looks *l, const char *histogram, const char *part, double q)
{
	struct spread s = { .n = 0 };
	double all;

	add_buckets(&s, &l->now, &(struct asked) { histogram, part, 1 });
	add_buckets(&s, &l->before, &(struct asked) { histogram, part, -1 });
	all = s.n > 0 ? s.below[s.n - 1] : 0;
	if (all <= 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (s.below[i] >= q * all)
			return between(&s, i, q * all);
	return -1;
}

/* All series together: their bounds are the same, and ascend. */
static void
add_buckets(
    struct spread *s, const struct figures *f, const struct asked *asked)
{
	char name[NAME_ROOM];
	double bound;

	snprintf(name, sizeof(name), "%s_bucket", asked->histogram);
	for (size_t i = 0; i < f->n; i++) {
		size_t at = 0;

		if (!is_about(&f->v[i], name, asked->part) ||
		    !read_number(figure_label(&f->v[i], "le"), &bound))
			continue;
		while (at < s->n && s->bound[at] < bound)
			at++;
		if (at == s->n && s->n < BOUNDS_MAX)
			s->bound[s->n++] = bound;
		if (at < s->n && !(s->bound[at] > bound))
			s->below[at] += asked->sign * f->v[i].value;
	}
}

/* Inside a bucket values are taken to be spread evenly; above the last bound nothing is known but that. */
static double
between(const struct spread *s, size_t at, double rank)
{
	double from = at > 0 ? s->bound[at - 1] : 0;
	double under = at > 0 ? s->below[at - 1] : 0;

	if (at + 1 == s->n)
		return from;
	return from +
	    (s->bound[at] - from) * (rank - under) / (s->below[at] - under);
}

struct str
figure_label(const struct figure *f, const char *name)
{
	struct str left = f->labels;

	while (left.p != NULL && left.n > 0) {
		struct str key = str_cut(&left, '=');
		struct str value;

		if (left.n < 2)
			break;
		left = str_sub(left, 1, left.n);
		value = str_cut(&left, '"');
		if (str_eq(key, str_of(name)))
			return value;
		/* The comma. */
		if (left.p != NULL)
			left = str_sub(left, 1, left.n);
	}
	return (struct str) { NULL, 0 };
}

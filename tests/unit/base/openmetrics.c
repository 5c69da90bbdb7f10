/* SPDX-License-Identifier: Apache-2.0 */
#include "openmetrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define wrong(line) (print_error("%.*s\n", STR_ARG(line)), fail())

/* The family whose samples are being read. */
struct family {
	struct str name, type, unit;
	bool	   has_help;
};

/* What may stand behind a family's name in a sample's, by type. */
static const struct {
	const char *type, *tail[4];
} tails[] = {
	{ "gauge", { "" } },
	{ "counter", { "_total" } },
	{ "info", { "_info" } },
	{ "histogram", { "_bucket", "_count", "_sum" } },
};

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && s.p[i] != '_' &&
		    (i == 0 || s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return s.n > 0;
}

static void
read_what(struct str line, struct samples *out, struct family *f)
{
	struct str rest = str_sub(line, 2, line.n);
	struct str what = str_cut(&rest, ' '), name = str_cut(&rest, ' ');

	if (!is_name(name) || rest.n == 0)
		wrong(line);
	if (str_eq(what, STR("TYPE"))) {
		for (size_t i = 0; i < out->n; i++)
			if (str_eq(out->v[i].family, name))
				wrong(line);
		*f = (struct family) { .name = name, .type = rest };
		out->families++;
	} else if (!str_eq(name, f->name) || f->has_help) {
		wrong(line);
	} else if (str_eq(what, STR("UNIT"))) {
		if (f->unit.n > 0 || !str_ends(name, rest))
			wrong(line);
		f->unit = rest;
	} else if (str_eq(what, STR("HELP"))) {
		f->has_help = true;
	} else {
		wrong(line);
	}
}

static bool
may_be_named(const struct family *f, struct str name)
{
	if (!str_starts(name, f->name))
		return false;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		for (size_t j = 0; j < 4 && tails[i].tail[j] != NULL; j++)
			if (str_eq(f->type, str_of(tails[i].type)) &&
			    str_eq(str_sub(name, f->name.n, name.n),
				str_of(tails[i].tail[j])))
				return true;
	return false;
}

/* name="value",… up to the brace; where it stands. */
static size_t
labels_end(struct str line, size_t at)
{
	for (;;) {
		struct str rest = str_sub(line, at, line.n);
		struct str name = str_cut(&rest, '=');

		if (!is_name(name) || rest.n == 0 || rest.p[0] != '"')
			wrong(line);
		at += name.n + 2;
		while (at < line.n && line.p[at] != '"') {
			if (line.p[at] == '\\' &&
			    (at + 1 == line.n ||
				strchr("\\\"n", line.p[at + 1]) == NULL))
				wrong(line);
			at += line.p[at] == '\\' ? 2 : 1;
		}
		at++;
		if (at < line.n && line.p[at] == '}')
			return at;
		if (at >= line.n || line.p[at] != ',')
			wrong(line);
		at++;
	}
}

static double
read_value(struct str line, struct str text)
{
	char z[64], *end;
	double v;

	if (text.n == 0 || text.n >= sizeof(z))
		wrong(line);
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	v = strtod(z, &end);
	if (*end != '\0' || (z[0] != '-' && (z[0] < '0' || z[0] > '9')))
		wrong(line);
	return v;
}

static void
read_sample(struct str line, struct samples *out, const struct family *f)
{
	size_t brace = str_find(line, '{'), space = str_find(line, ' ');
	struct sample *s = &out->v[out->n];

	assert_true(out->n < SAMPLES_MAX);
	*s = (struct sample) { .family = f->name };
	s->name = str_sub(line, 0, brace < space ? brace : space);
	s->labels = STR("");
	if (brace < space) {
		size_t end = labels_end(line, brace + 1);

		s->labels = str_sub(line, brace + 1, end - brace - 1);
		space = end + 1;
	}
	if (!f->has_help || !may_be_named(f, s->name) || space >= line.n ||
	    line.p[space] != ' ')
		wrong(line);
	s->value = read_value(line, str_sub(line, space + 1, line.n));
	if (!str_eq(f->type, STR("gauge")) && s->value < 0)
		wrong(line);
	for (size_t i = 0; i < out->n; i++)
		if (str_eq(out->v[i].name, s->name) &&
		    str_eq(out->v[i].labels, s->labels))
			wrong(line);
	out->n++;
}

/* Bounds and counts of a histogram grow up to +Inf, which is the count. */
static void
check_histograms(const struct samples *all)
{
	double bound = -1, count = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->v[i];
		const char *le = memmem(s->labels.p, s->labels.n, "le=\"", 4);

		if (!str_ends(s->name, STR("_bucket")))
			continue;
		assert_non_null(le);
		if (strtod(le + 4, NULL) <= bound || s->value < count)
			wrong(s->labels);
		bound = strtod(le + 4, NULL);
		count = s->value;
		if (strncmp(le + 4, "+Inf\"", 5) != 0)
			continue;
		assert_true(i + 2 < all->n);
		assert_true(str_ends(all->v[i + 1].name, STR("_count")));
		assert_true(all->v[i + 1].value == s->value);
		assert_true(str_ends(all->v[i + 2].name, STR("_sum")));
		bound = -1;
		count = 0;
	}
	assert_true(bound < 0);
}

void
openmetrics_read(struct str text, struct samples *out)
{
	struct family f = { 0 };
	struct str line;

	out->n = out->families = 0;
	assert_true(str_ends(text, STR("\n# EOF\n")));
	assert_true(str_utf8(text));
	for (;;) {
		line = str_cut(&text, '\n');
		if (str_eq(line, STR("# EOF")))
			break;
		if (str_starts(line, STR("# ")))
			read_what(line, out, &f);
		else
			read_sample(line, out, &f);
	}
	assert_int_equal(text.n, 0);
	check_histograms(out);
}

double
openmetrics_value(
    const struct samples *all, const char *name, const char *labels)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i].name, str_of(name)) &&
		    str_eq(all->v[i].labels, str_of(labels)))
			return all->v[i].value;
	print_error("there is no %s{%s}\n", name, labels);
	fail();
	return -1;
}

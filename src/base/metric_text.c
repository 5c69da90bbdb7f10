/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define NUMBER	  32

static const char *const types[] = {
	[METRIC_INFO] = "info",
	[METRIC_GAUGE] = "gauge",
	[METRIC_COUNTER] = "counter",
	[METRIC_HISTOGRAM] = "histogram",
};

static const char *tail_of(const struct exposition *, bool of_sample);
static void put_what(struct exposition *, const char *what, const char *text);
static void put_sample(struct exposition *, const char *tail,
    const struct str *label, const char *le, const char *value);
static void put_label(struct buf *, bool *has_some, struct str, struct str);
static void put_histogram(struct exposition *, const struct str *, size_t);
static void seconds_text(int64_t ns, char text[NUMBER]);
static struct str names_of(const struct exposition *);

bool
exposition_wants_open_metrics(struct str accept)
{
	while (accept.p != NULL) {
		struct str type = str_cut(&accept, ',');
		struct str bare = str_trim(str_cut(&type, ';'));

		if (str_eq_nocase(bare, STR("application/openmetrics-text")))
			return true;
	}
	return false;
}

const char *
exposition_content_type(bool is_open_metrics)
{
	return is_open_metrics
	    ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	    : "text/plain; version=0.0.4; charset=utf-8";
}

void
exposition_begin(struct exposition *x, struct buf *out, bool is_open_metrics)
{
	*x = (struct exposition) { out, is_open_metrics, METRIC_COUNT };
}

void
exposition_end(struct exposition *x)
{
	if (x->is_open_metrics)
		buf_z(x->out, "# EOF\n");
}

void
exposition_metric(struct exposition *x, enum metric m)
{
	const struct metric_info *info = metric_info(m);

	x->metric = m;
	/* The older format knows no info. */
	put_what(x, "TYPE",
	    info->type == METRIC_INFO && !x->is_open_metrics
		? "gauge"
		: types[info->type]);
	if (x->is_open_metrics && info->unit[0] != '\0')
		put_what(x, "UNIT", info->unit);
	put_what(x, "HELP", info->help);
}

static void
put_what(struct exposition *x, const char *what, const char *text)
{
	buf_fmt(x->out, "# %s %s%s %s\n", what, metric_info(x->metric)->name,
	    tail_of(x, false), text);
}

/* In the older format a metric is called what its samples are. */
static const char *
tail_of(const struct exposition *x, bool of_sample)
{
	if (!of_sample && x->is_open_metrics)
		return "";
	switch (metric_info(x->metric)->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	default:
		return "";
	}
}

void
exposition_number(struct exposition *x, const struct str *label, int64_t n)
{
	char text[NUMBER];

	snprintf(text, sizeof(text), "%" PRId64, n);
	put_sample(x, tail_of(x, true), label, NULL, text);
}

void
exposition_seconds(struct exposition *x, const struct str *label, int64_t ns)
{
	char text[NUMBER];

	seconds_text(ns, text);
	put_sample(x, tail_of(x, true), label, NULL, text);
}

static void
seconds_text(int64_t ns, char text[NUMBER])
{
	must(ns >= 0);
	snprintf(text, NUMBER, "%" PRId64 ".%09" PRId64, ns / SECOND_NS,
	    ns % SECOND_NS);
}

void
exposition_series(struct exposition *x, const struct str *label, size_t series)
{
	if (metric_info(x->metric)->type == METRIC_HISTOGRAM)
		put_histogram(x, label, series);
	else
		exposition_number(x, label, metric_read(x->metric, series));
}

static void
put_histogram(struct exposition *x, const struct str *label, size_t series)
{
	struct histogram h;
	char text[NUMBER];

	metric_read_histogram(x->metric, series, &h);
	for (size_t i = 0; i <= h.n; i++) {
		snprintf(text, sizeof(text), "%" PRIu64, h.below[i]);
		put_sample(
		    x, "_bucket", label, i < h.n ? h.bound[i] : "+Inf", text);
	}
	put_sample(x, "_count", label, NULL, text);
	if (h.is_time)
		seconds_text((int64_t)h.sum, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64, h.sum);
	put_sample(x, "_sum", label, NULL, text);
}

void
exposition_counted(struct exposition *x)
{
	const struct metric_info *info = metric_info(x->metric);
	struct str label = { NULL, 0 };

	for (size_t i = 0; i < info->series; i++) {
		if (info->labels[0] != '\0') {
			label = exposition_label(x, i);
			must(label.p != NULL);
		}
		exposition_series(x, &label, i);
	}
}

struct str
exposition_label(const struct exposition *x, size_t n)
{
	struct str values = str_of(metric_info(x->metric)->labels);

	str_cut(&values, '=');
	while (n-- > 0 && values.p != NULL)
		str_cut(&values, ',');
	return values.p != NULL ? str_cut(&values, ',') : values;
}

/* --- a sample ---------------------------------------------------------------- */

static void
put_sample(struct exposition *x, const char *tail, const struct str *label,
    const char *le, const char *value)
{
	struct str names = names_of(x);
	bool has_some = false;
	size_t n = 0;

	buf_z(x->out, metric_info(x->metric)->name);
	buf_z(x->out, tail);
	while (names.p != NULL)
		put_label(x->out, &has_some, str_cut(&names, ' '), label[n++]);
	if (le != NULL)
		put_label(x->out, &has_some, STR("le"), str_of(le));
	buf_fmt(x->out, "%s %s\n", has_some ? "}" : "", value);
}

/* "tenant pool"; p NULL: none. */
static struct str
names_of(const struct exposition *x)
{
	struct str labels = str_of(metric_info(x->metric)->labels);
	struct str names = str_cut(&labels, '=');

	return names.n > 0 ? names : (struct str) { NULL, 0 };
}

static void
put_label(struct buf *b, bool *has_some, struct str name, struct str value)
{
	buf_z(b, *has_some ? "," : "{");
	*has_some = true;
	buf_str(b, name);
	buf_z(b, "=\"");
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\n')
			buf_z(b, "\\n");
		else if (c == '\\' || c == '"')
			buf_fmt(b, "\\%c", c);
		else
			buf_bytes(b, &c, 1);
	}
	buf_z(b, "\"");
}

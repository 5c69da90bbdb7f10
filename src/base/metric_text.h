/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_text.h - the exposition: metrics as OpenMetrics 1.0 text, or as the
 * older text format (version 0.0.4) for who does not ask for that.
 *
 * Every metric is told once, with all its samples, in the order of the table.
 */
#ifndef BASE_METRIC_TEXT_H
#define BASE_METRIC_TEXT_H

#include "base/metric.h"

#define METRIC_LABELS_MAX 4

struct exposition {
	struct buf *out;
	bool	    is_open_metrics;
	enum metric metric;	/* whose samples are being told */
};

/* What the Accept header (p NULL: none) asks for. */
bool exposition_wants_open_metrics(struct str accept);
const char *exposition_content_type(bool is_open_metrics);

void exposition_begin(struct exposition *, struct buf *, bool is_open_metrics);
void exposition_end(struct exposition *);

/* What it is: type, unit, meaning.  Its samples follow. */
void exposition_metric(struct exposition *, enum metric);
/* A value; as many labels as the table names, in its order. */
void exposition_number(struct exposition *, const struct str *label, int64_t);
void exposition_seconds(struct exposition *, const struct str *label, int64_t ns);
/* A series that was counted, a histogram with all its buckets. */
void exposition_series(struct exposition *, const struct str *label, size_t series);
/* All series of a metric whose values the table lists, or that has no labels. */
void exposition_counted(struct exposition *);
/* The Nth value that the table lists for the metric's label; p NULL: there are fewer. */
struct str exposition_label(const struct exposition *, size_t n);

#endif

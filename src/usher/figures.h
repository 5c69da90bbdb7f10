/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.h - what /metrics told, and what changed between two looks at it.
 */
#ifndef USHER_FIGURES_H
#define USHER_FIGURES_H

#include "base/arena.h"
#include "base/str.h"

struct figure {
	struct str name, labels;	/* labels as they stand, without braces */
	double	   value;
};

/* One look. */
struct figures {
	struct figure *v;
	size_t	       n;
	int64_t	       taken_ns;
};

/* Reads an exposition; views of TEXT.  false: it is none. */
bool figures_read(struct arena *, struct str text, struct figures *out) USE_RESULT;

/* Two looks, the second some time after the first. */
struct looks {
	struct figures before, now;
};

/* The sum of the samples NAME whose labels have PART ("class=\"bulk\"", "" for all). */
double figures_sum(const struct figures *, const char *name, const char *part);
/* How much that grew in a second; 0 after a restart. */
double looks_rate(const struct looks *, const char *name, const char *part);
/* The value that a share Q of what a histogram saw between the looks does not pass; -1: it saw nothing. */
double looks_quantile(const struct looks *, const char *histogram, const char *part, double q);

/* The value of a label of ours, which needs no escapes; p NULL: it has none of that name. */
struct str figure_label(const struct figure *, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openmetrics.h - a strict reader of expositions, for tests: it fails the test
 * at the first byte that OpenMetrics 1.0 would not have there.
 */
#ifndef TEST_BASE_OPENMETRICS_H
#define TEST_BASE_OPENMETRICS_H

#include "base/arena.h"
#include "base/str.h"

#define SAMPLES_MAX 4096

struct sample {
	struct str family, name, labels;	/* labels as they stand, without braces */
	double	   value;
};

struct samples {
	struct sample v[SAMPLES_MAX];
	size_t	      n, families;
};

/* Reads all of TEXT. */
void openmetrics_read(struct str text, struct samples *);
/* The value of the sample NAME with exactly these labels ("" none); fails the test if there is none. */
double openmetrics_value(const struct samples *, const char *name, const char *labels);

#endif

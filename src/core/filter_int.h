/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_int.h - between filter_compile.c, which makes the nodes, and
 * filter_eval.c, which runs them.
 */
#ifndef CORE_FILTER_INT_H
#define CORE_FILTER_INT_H

#include "core/filter.h"

/* What a literal of an attribute is, and so which operators fit. */
enum filter_kind {
	KIND_TEXT   = 1,	/* a name with an id */
	KIND_DATE   = 2,
	KIND_BOOL   = 4,
	KIND_STATE  = 8,	/* lifecycle, certification */
	KIND_PERSON = 16	/* a person's id */
};

enum filter_kind filter_kind(enum attribute);

/* Over NODE (postfix, correct by construction), which the filter keeps. */
struct filter *filter_make(struct arena *, struct str text,
    struct filter_node *node, size_t n);

#endif

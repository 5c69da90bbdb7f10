/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_try.h - what the two tests of filters share: compiling one that must
 * be right, and writing one that is deep.
 */
#ifndef TEST_CORE_FILTER_TRY_H
#define TEST_CORE_FILTER_TRY_H

#include "attr_try.h"

#include "core/filter.h"
#include "core/person.h"

#define TODAY 20780 /* 2026-11-23 */

static inline struct filter *
compiled(const char *filter, enum filter_dialect dialect)
{
	struct filter *f;

	if (filter_compile(&cx, str_of(filter), dialect, true, &f) != OK)
		wrong("%s: %s at %.*s", filter, msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.args[0]));
	return f;
}

/* OPEN, N times, then INNER, then CLOSE as often. */
static inline const char *
nested(size_t n, const char *open, const char *inner, const char *close)
{
	struct str s = str_of(inner);

	for (size_t i = 0; i < n; i++)
		s = str_fmt(cx.arena, "%s%.*s%s", open, STR_ARG(s), close);
	return str_z(cx.arena, s);
}

#endif

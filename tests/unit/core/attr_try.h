/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr_try.h - what the tests of attributes, documents, filters, templates and
 * import maps share: a context, comparing a str, and JSON in one line.
 */
#ifndef TEST_CORE_ATTR_TRY_H
#define TEST_CORE_ATTR_TRY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"

#include "core/attr.h"

/* cmocka's wrong() is fail(), which is ours (err.h). */
#define wrong(...) (print_error(__VA_ARGS__), print_error("\n"), _fail(__FILE__, __LINE__))
#define assert_str(s, want) assert_str_at((s), (want), __FILE__, __LINE__)
/* The call is refused as bad input, for this reason and field. */
#define assert_refused(call, why, at) \
	assert_refused_at((call), MSG_##why, (at), __FILE__, __LINE__)

static struct ctx cx;

static inline int
open_ctx(void **state)
{
	(void)state;
	cx = (struct ctx) { .arena = arena_open(1 << 28) };
	return 0;
}

static inline int
close_ctx(void **state)
{
	(void)state;
	arena_close(cx.arena);
	return 0;
}

static inline void
assert_str_at(struct str s, const char *want, const char *file, int line)
{
	if (!str_eq(s, str_of(want)))
		print_error("got \"%.*s\", not \"%s\"\n", STR_ARG(s), want);
	_assert_true(str_eq(s, str_of(want)), "str_eq(s, want)", file, line);
}

static inline void
assert_refused_at(enum err err, enum msg why, const char *field,
    const char *file, int line)
{
	if (err == OK || cx.fault.msg != why)
		print_error("%s at \"%.*s\", not %s\n",
		    err == OK ? "OK" : msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field), msg_name(why));
	_assert_int_equal(err, ERR_BAD_INPUT, file, line);
	_assert_int_equal(cx.fault.msg, why, file, line);
	assert_str_at(cx.fault.field, field, file, line);
}

static inline const struct js *
json(const char *text)
{
	const struct js *js;

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("not JSON: %s", text);
	return js;
}

static inline struct doc
doc_of(const char *text)
{
	struct doc doc, org;

	if (doc_decode(&cx, json(text), &doc, &org) != OK)
		wrong("%s: %s at %.*s", text, msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field));
	return doc;
}

#endif

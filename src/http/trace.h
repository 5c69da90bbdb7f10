/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - the trace that a request belongs to (W3C Trace Context, level 1).
 *
 * A caller's `traceparent` is taken over if it is valid; anything else is as
 * if it had not been sent, and the request begins a trace of its own.  What is
 * done for the request is a span, a child of the caller's.
 */
#ifndef HTTP_TRACE_H
#define HTTP_TRACE_H

#include "base/str.h"

#define TRACE_ID   16
#define TRACE_SPAN 8
#define TRACE_TEXT 55	/* "00-" 32 digits "-" 16 digits "-01" */

struct trace {
	uint8_t id[TRACE_ID];		/* also the request's id */
	uint8_t span[TRACE_SPAN];	/* ours */
	uint8_t parent[TRACE_SPAN];	/* the caller's, if IS_GIVEN */
	bool	is_sampled, is_given;
};

/* Takes id, parent and flag of a header's value.  false: it is not valid, and the trace stays as it was. */
bool trace_decode(struct str value, struct trace *);
/* As the header that a call made for this request would carry; no NUL. */
void trace_encode(const struct trace *, char text[TRACE_TEXT]);
/* Digits of N bytes, lower case; no NUL. */
void trace_hex(const uint8_t *bytes, size_t n, char *text);

#endif

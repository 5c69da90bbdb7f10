/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: http base.  What is no traceparent changes nothing; what is one is in
 * what goes on from it, which is one again.
 */
#include <string.h>

#include "http/trace.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct trace before = { .id = { 1 }, .span = { 2 } };
	struct trace given = before, again = before;
	char text[TRACE_TEXT];

	if (!trace_decode((struct str) { (const char *)p, n }, &given)) {
		must(memcmp(&given, &before, sizeof(given)) == 0);
		return 0;
	}
	must(n >= TRACE_TEXT && given.is_given);
	must(memcmp(given.span, before.span, TRACE_SPAN) == 0);
	trace_encode(&given, text);
	must(memcmp(text + 3, p + 3, 2 * TRACE_ID) == 0);
	must(trace_decode((struct str) { text, sizeof(text) }, &again));
	must(memcmp(again.id, given.id, TRACE_ID) == 0);
	must(memcmp(again.parent, given.span, TRACE_SPAN) == 0);
	must(again.is_sampled == given.is_sampled);
	return 0;
}

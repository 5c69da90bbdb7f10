/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trace.h"

#include <string.h>

#define SAMPLED 1

static const char form[] =
    "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
_Static_assert(sizeof(form) - 1 == TRACE_TEXT, "a digit for each x");

/* Where the fields begin. */
enum { AT_VERSION = 0, AT_ID = 3, AT_PARENT = 36, AT_FLAGS = 53 };

static bool has_form(struct str);
static bool bytes_at(struct str, size_t at, uint8_t *out, size_t n);
static int digit(char);

/*
 * Later versions may have more behind what this one has, after a hyphen; ff is
 * no version.  All zero is no id.
 */
bool
trace_decode(struct str value, struct trace *t)
{
	struct trace given = *t;
	uint8_t version, flags;

	if (!has_form(value))
		return false;
	bytes_at(value, AT_VERSION, &version, 1);
	bytes_at(value, AT_FLAGS, &flags, 1);
	if (version == 0xff || (version == 0 && value.n != TRACE_TEXT) ||
	    (value.n > TRACE_TEXT && value.p[TRACE_TEXT] != '-'))
		return false;
	if (!bytes_at(value, AT_ID, given.id, TRACE_ID) ||
	    !bytes_at(value, AT_PARENT, given.parent, TRACE_SPAN))
		return false;
	given.is_sampled = (flags & SAMPLED) != 0;
	given.is_given = true;
	*t = given;
	return true;
}

static bool
has_form(struct str s)
{
	if (s.n < TRACE_TEXT)
		return false;
	for (size_t i = 0; i < TRACE_TEXT; i++)
		if (form[i] == 'x' ? digit(s.p[i]) < 0 : s.p[i] != form[i])
			return false;
	return true;
}

/* false: they are all zero. */
static bool
bytes_at(struct str s, size_t at, uint8_t *out, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++) {
		out[i] = (uint8_t)(digit(s.p[at + 2 * i]) << 4 |
		    digit(s.p[at + 2 * i + 1]));
		any |= out[i];
	}
	return any != 0;
}

/* Lower case only. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void
trace_encode(const struct trace *t, char text[TRACE_TEXT])
{
	const uint8_t version = 0, flags = t->is_sampled ? SAMPLED : 0;

	memset(text, '-', TRACE_TEXT);
	trace_hex(&version, 1, text + AT_VERSION);
	trace_hex(t->id, TRACE_ID, text + AT_ID);
	trace_hex(t->span, TRACE_SPAN, text + AT_PARENT);
	trace_hex(&flags, 1, text + AT_FLAGS);
}

void
trace_hex(const uint8_t *bytes, size_t n, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
}

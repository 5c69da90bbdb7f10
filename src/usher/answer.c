/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/answer.h"

#include <string.h>

static bool read_status(struct str line, int *status);
static bool read_header(struct str line, struct header *);
static bool read_framing(struct answer *, enum msg *why);
static bool read_length(struct str text, size_t *length);
static bool is_token(struct str);
static bool is_text(struct str);
static bool next_line(struct str *head, struct str *line);

size_t
answer_head_length(struct str bytes)
{
	const char *end =
	    bytes.n == 0 ? NULL : memmem(bytes.p, bytes.n, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - bytes.p) + 4;
}

bool
answer_head(
    struct arena *arena, struct str head, struct answer *out, enum msg *why)
{
	struct header *header =
	    arena_array(arena, ANSWER_HEADERS_MAX, sizeof(*header));
	struct str line;

	*out = (struct answer) { .header = header };
	*why = MSG_BAD_STATUS_LINE;
	if (!next_line(&head, &line) || !read_status(line, &out->status))
		return false;
	*why = MSG_BAD_HEADER_LINE;
	for (;;) {
		if (!next_line(&head, &line))
			return false;
		if (line.n == 0)
			break;
		if (out->nheader == ANSWER_HEADERS_MAX ||
		    !read_header(line, &header[out->nheader++]))
			return false;
	}
	return head.n == 0 && read_framing(out, why);
}

/* Up to CR LF; a CR or LF elsewhere is found when the line is read. */
static bool
next_line(struct str *head, struct str *line)
{
	const char *end = memmem(head->p, head->n, "\r\n", 2);

	if (end == NULL)
		return false;
	*line = str_sub(*head, 0, (size_t)(end - head->p));
	*head = str_sub(*head, line->n + 2, head->n);
	return true;
}

/* "HTTP/1.1 200 OK"; the reason may be empty, its space may not. */
static bool
read_status(struct str line, int *status)
{
	struct str digits = str_sub(line, 9, 3);
	int64_t n;

	if (!str_starts(line, STR("HTTP/1.1 ")) || digits.n != 3 ||
	    digits.p[0] < '2' || digits.p[0] > '5' || !str_int(digits, &n) ||
	    line.n < 13 || line.p[12] != ' ')
		return false;
	*status = (int)n;
	return is_text(str_sub(line, 13, line.n));
}

static bool
read_header(struct str line, struct header *header)
{
	size_t colon = str_find(line, ':');

	if (colon == line.n)
		return false;
	header->name = str_sub(line, 0, colon);
	header->value = str_trim(str_sub(line, colon + 1, line.n));
	return is_token(header->name) && is_text(header->value);
}

/* Which bytes are the body, and whether the connection ends after it. */
static bool
read_framing(struct answer *a, enum msg *why)
{
	size_t lengths = 0;

	for (size_t i = 0; i < a->nheader; i++) {
		const struct header *h = &a->header[i];

		*why = MSG_BAD_CODING;
		if (str_eq_nocase(h->name, STR("transfer-encoding")) ||
		    str_eq_nocase(h->name, STR("content-encoding")))
			return false;
		*why = MSG_BAD_LENGTH;
		if (str_eq_nocase(h->name, STR("content-length")) &&
		    (lengths++ > 0 || !read_length(h->value, &a->length)))
			return false;
		if (str_eq_nocase(h->name, STR("connection")) &&
		    str_eq_nocase(h->value, STR("close")))
			a->ends = true;
	}
	if (a->status == 204 || a->status == 304) {
		a->length = 0;
		return true;
	}
	*why = MSG_BAD_LENGTH;
	return lengths == 1;
}

/* Digits only. */
static bool
read_length(struct str text, size_t *length)
{
	int64_t n;

	if (text.n == 0 || text.p[0] < '0' || text.p[0] > '9' ||
	    !str_int(text, &n) || n > ANSWER_BODY_MAX)
		return false;
	*length = (size_t)n;
	return true;
}

/* RFC 9110 5.6.2. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';

		if (!is_letter && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return s.n > 0;
}

/* No control characters but the tab. */
static bool
is_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

struct str
answer_header(const struct answer *a, const char *name)
{
	for (size_t i = 0; i < a->nheader; i++)
		if (str_eq_nocase(a->header[i].name, str_of(name)))
			return a->header[i].value;
	return (struct str) { 0 };
}

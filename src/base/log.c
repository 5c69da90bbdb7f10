/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

/* A pipe takes this much in one piece, so lines of two processes never mix. */
#define LINE_MAX_BYTES 2048

/* A line being made; allocates nothing, for it must work when memory is out. */
struct line {
	char   p[LINE_MAX_BYTES];
	size_t n;
};

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn",
	[LOG_ERROR] = "error"
};

/* Written by log_open() before there are threads. */
static const char *speaker = "usher";
static enum log_level from = LOG_INFO;

static void put(struct line *, const char *, size_t);
static void put_quoted(struct line *, const char *);
static void put_field(struct line *, const struct log_field *);

void
log_open(const char *process, enum log_level least)
{
	speaker = process;
	from = least;
}

void
log_fields(enum log_level level, const char *event, const struct log_field *f,
    size_t n)
{
	int error = errno;
	struct line line = { .n = 0 };
	char now[TIME_TEXT];
	ssize_t written;

	if (level < from)
		return;
	time_encode(clock_now_ms(), now);
	put(&line, "{\"time\":\"", 9);
	put(&line, now, sizeof(now));
	put(&line, "\",\"level\":", 10);
	put_quoted(&line, level_names[level]);
	put(&line, ",\"process\":", 11);
	put_quoted(&line, speaker);
	put(&line, ",\"event\":", 9);
	put_quoted(&line, event);
	for (size_t i = 0; i < n; i++)
		put_field(&line, &f[i]);
	put(&line, "}\n", 2);

	/* Who cannot be told cannot be told that either. */
	do
		written = write(STDERR_FILENO, line.p, line.n);
	while (written < 0 && errno == EINTR);
	errno = error;
}

/* A field that does not fit whole is left out; the last brace always fits. */
static void
put_field(struct line *line, const struct log_field *f)
{
	size_t before = line->n;
	char number[24];
	int n;

	put(line, ",", 1);
	put_quoted(line, f->name);
	put(line, ":", 1);
	if (f->word == NULL) {
		n = snprintf(
		    number, sizeof(number), "%lld", (long long)f->number);
		put(line, number, (size_t)n);
	} else if (strcmp(f->word, "\1id") == 0) {
		id_encode(f->number, number);
		put(line, "\"", 1);
		put(line, number, ID_TEXT);
		put(line, "\"", 1);
	} else {
		put_quoted(line, f->word);
	}
	if (line->n > sizeof(line->p) - 2)
		line->n = before;
}

static void
put(struct line *line, const char *p, size_t n)
{
	if (n > sizeof(line->p) - line->n) {
		line->n = sizeof(line->p);
		return;
	}
	memcpy(line->p + line->n, p, n);
	line->n += n;
}

static void
put_quoted(struct line *line, const char *z)
{
	char escape[8];

	put(line, "\"", 1);
	for (; *z != '\0'; z++) {
		unsigned char c = (unsigned char)*z;

		if (c == '"' || c == '\\') {
			put(line, "\\", 1);
			put(line, z, 1);
		} else if (c < 0x20) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			put(line, escape, 6);
		} else {
			put(line, z, 1);
		}
	}
	put(line, "\"", 1);
}

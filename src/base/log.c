/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"

/* A pipe takes this much in one piece, so lines of two processes never mix. */
#define LINE_MAX_BYTES 2048
#define LOOK_NS	       INT64_C(1000000000)

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

struct fields {
	const struct log_field *v;
	size_t			n;
};

/* Where requests are told of; path NULL: on standard error. */
static struct {
	const char     *path;
	int	        fd;
	_Atomic int64_t look_ns;	/* when to look again whether it was moved */
} access_log = { .fd = STDERR_FILENO };

static void make(struct line *, enum log_level, const char *,
    const struct fields *);
static void tell(int, const struct line *);
static int open_access(void);
static void follow_access(void);
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
	struct line line;

	if (level < from)
		return;
	make(&line, level, event, &(struct fields) { f, n });
	tell(STDERR_FILENO, &line);
}

static void
make(struct line *line, enum log_level level, const char *event,
    const struct fields *fields)
{
	char now[TIME_TEXT];

	line->n = 0;
	time_encode(clock_now_ms(), now);
	put(line, "{\"time\":\"", 9);
	put(line, now, sizeof(now));
	put(line, "\",\"level\":", 10);
	put_quoted(line, level_names[level]);
	put(line, ",\"process\":", 11);
	put_quoted(line, speaker);
	put(line, ",\"event\":", 9);
	put_quoted(line, event);
	for (size_t i = 0; i < fields->n; i++)
		put_field(line, &fields->v[i]);
	put(line, "}\n", 2);
}

/* Who cannot be told cannot be told that either. */
static void
tell(int fd, const struct line *line)
{
	int error = errno;
	ssize_t written;

	do
		written = write(fd, line->p, line->n);
	while (written < 0 && errno == EINTR);
	errno = error;
}

/* --- the access log --------------------------------------------------------------- */

bool
log_open_access(const char *path)
{
	if (path == NULL)
		return true;
	access_log.path = path;
	access_log.fd = open_access();
	return access_log.fd >= 0;
}

static int
open_access(void)
{
	return open(
	    access_log.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

void
log_access_fields(const char *event, const struct log_field *f, size_t n)
{
	struct line line;

	if (access_log.path != NULL)
		follow_access();
	make(&line, LOG_INFO, event, &(struct fields) { f, n });
	tell(access_log.fd, &line);
}

/*
 * Once a second one thread looks whether the path still leads to the file.
 * The new one takes the old one's number: nobody writes to neither.
 */
static void
follow_access(void)
{
	int64_t now = clock_mono_ns(), due = atomic_load(&access_log.look_ns);
	struct stat at, held;
	int fd;

	if (now < due ||
	    !atomic_compare_exchange_strong(
		&access_log.look_ns, &due, now + LOOK_NS))
		return;
	if (fstat(access_log.fd, &held) != 0 ||
	    (stat(access_log.path, &at) == 0 && at.st_ino == held.st_ino &&
		at.st_dev == held.st_dev))
		return;
	fd = open_access();
	if (fd < 0)
		return;
	dup3(fd, access_log.fd, O_CLOEXEC);
	close(fd);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one JSON line an event on standard error, never with personal data.
 *
 * The API takes typed fields, not formats, so that nothing a person typed can
 * slip in: numbers, ids, and words that stand in the source.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
	const char *name;
	const char *word;	/* a literal or a name from a table; NULL: the number counts */
	int64_t	    number;
};

#define LOG_NUM(name, value)  ((struct log_field) { (name), NULL, (int64_t)(value) })
#define LOG_WORD(name, value) ((struct log_field) { (name), (value), 0 })
/* An id, shown in its wire form. */
#define LOG_ID(name, value)   ((struct log_field) { (name), "\1id", (int64_t)(value) })

#define log_event(level, event, ...) \
	log_fields(level, event, (const struct log_field[]) { __VA_ARGS__ }, \
	    sizeof((const struct log_field[]) { __VA_ARGS__ }) / sizeof(struct log_field))

void log_fields(enum log_level, const char *event, const struct log_field *, size_t n);

/*
 * The access log: a line for each request, on standard error like the others,
 * or (PATH not NULL) appended to a file of its own, which is opened anew when
 * somebody has moved it.  Once, before there are threads; false: errno says why.
 */
bool log_open_access(const char *path) USE_RESULT;
#define log_access(event, ...) \
	log_access_fields(event, (const struct log_field[]) { __VA_ARGS__ }, \
	    sizeof((const struct log_field[]) { __VA_ARGS__ }) / sizeof(struct log_field))
void log_access_fields(const char *event, const struct log_field *, size_t n);

/* Who is speaking ("front", "vault"), stamped on each line, and from which level on. */
void log_open(const char *process, enum log_level least);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - files that a command reads or makes: whole, line by line, and
 * secrets that only their owner may read.
 */
#ifndef USHER_INPUT_H
#define USHER_INPUT_H

#include "usher/cli.h"

#include "base/buf.h"

/* The whole of PATH ("-": standard input), at most MAX bytes.  OPTION is at fault if it cannot be read. */
enum err input_whole(struct cli *, const char *option, const char *path, size_t max, struct str *out) USE_RESULT;

#define INPUT_LINE_MAX (1u << 20)

struct input {
	const char *path;
	int	    fd;
	struct buf  buf;	/* read and not yet taken */
	size_t	    taken;
	int64_t	    line;	/* of the line that was given last, from 1 */
	bool	    is_end;
};

enum err input_open(struct cli *, const char *path, struct input *) USE_RESULT;
/* The next line without its end, valid until the next call; p == NULL at the end. */
enum err input_line(struct cli *, struct input *, struct str *out) USE_RESULT;
void input_close(struct input *);

/*
 * Makes PATH with mode 0600 and TEXT in it.  ERR_CONFLICT: it exists already,
 * for what it holds may be needed.
 */
enum err output_new(struct cli *, const char *option, const char *path, struct str text) USE_RESULT;
/* Before the text is there: an error after it was made would lose it. */
enum err output_check(struct cli *, const char *option, const char *path) USE_RESULT;

#endif

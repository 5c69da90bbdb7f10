/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_int.h - a frame being written: lines of cells, each whole or left out.
 */
#ifndef USHER_FRAME_INT_H
#define USHER_FRAME_INT_H

#include "usher/frame.h"

#define REQUESTS "usher_http_request_duration_seconds"
#define BOLD	 "\033[1m"
#define REVERSE	 "\033[7m"
#define PLAIN	 "\033[0m"

struct frame {
	struct arena		*arena;
	const struct looks	*looks;
	const struct frame_view *view;
	struct buf		*out;
	size_t			 left;	/* lines that there may still be */
	size_t			 used;	/* columns of the present one */
	bool			 has_lines, is_full;
};

/* The next line; false: there is no more room. */
bool frame_line(struct frame *);
/* So much of it as fits. */
void frame_cut(struct frame *, struct str);
void frame_space(struct frame *, size_t n);
struct str frame_word(const struct frame *, enum msg);

/* Routes and pools, in the lines that are left. */
void frame_tables(struct frame *);

/* "12.3k", "1.2 ms" (negative: "-"), "3.4 %" */
struct str frame_number(struct arena *, double);
struct str frame_seconds(struct arena *, double);
struct str frame_share(struct arena *, double part, double all);
/* LABEL="VALUE", as it stands among labels. */
void frame_part(char *text, size_t size, const char *label, struct str value);
/* The checks that fail, with commas; which version it is. */
struct str frame_failed(struct arena *, const struct figures *);
struct str frame_version(const struct figures *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - what `usher top` shows: the figures of two looks, as lines that
 * fit a window, or as JSON.  Pure: no terminal, no clock.
 *
 * What does not fit is left out from the end, a cell or a line at a time, so
 * that a small window shows the first things whole.
 */
#ifndef USHER_FRAME_H
#define USHER_FRAME_H

#include "base/buf.h"
#include "base/err.h"

#include "usher/figures.h"

struct frame_view {
	size_t	    width, height;
	enum lang   lang;
	struct str  address;
	struct str  lost;		/* why there is no answer now; empty: there is */
	bool	    explains;		/* the lines instead of the figures */
	bool	    is_terminal;	/* bold and reversed, and what keys do */
};

/* At most HEIGHT lines of at most WIDTH columns, each ended by a newline but the last. */
void frame_write(struct arena *, const struct looks *, const struct frame_view *, struct buf *);
void frame_json(struct arena *, const struct looks *, struct buf *);

#endif

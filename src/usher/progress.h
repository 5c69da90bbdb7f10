/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - how far a long command is: a bar that is drawn over on a
 * terminal, a line now and then elsewhere.  Always on standard error.
 */
#ifndef USHER_PROGRESS_H
#define USHER_PROGRESS_H

#include "usher/cli.h"

#include "base/buf.h"

enum progress_unit { PROGRESS_BYTES, PROGRESS_COUNT };

struct progress {
	struct str  what;	/* "checking" */
	struct str  left, sign, bytes;	/* "left", the decimal sign, "MB/s" */
	int64_t	    done, total;
	enum progress_unit unit;
	int64_t	    started_ns, shown_ns;
	bool	    is_terminal, is_quiet;
};

/* TOTAL units are ahead; with --json nothing is shown. */
void progress_begin(struct progress *, const struct cli *, enum msg what, int64_t total, enum progress_unit);
void progress_add(struct progress *, int64_t units);
/* Leaves the last state on a line of its own. */
void progress_end(struct progress *);

/* Pure: what stands on the line at NOW; as wide as WIDTH columns at most, 0 without a bar. */
void progress_line(const struct progress *, int64_t now_ns, size_t width, struct buf *);
/* Seconds that are left at the mean rate so far; -1: not known yet. */
int64_t progress_left_s(const struct progress *, int64_t now_ns);

#endif

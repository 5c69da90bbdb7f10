/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejects.h - the rows that an import refused, as they stood, with the reason
 * beside them: to be corrected and imported again.
 */
#ifndef USHER_REJECTS_H
#define USHER_REJECTS_H

#include "usher/cli.h"

#include "base/csv.h"

struct reject {
	int64_t	   line;
	struct str column, reason, remedy;
};

/* From the report's list, by line. */
struct reject *rejects_of(struct arena *, const struct js *report, size_t *n);

/* Where a copy stands: rows ahead, and whether the header was written. */
struct rejects {
	const struct reject *row;
	size_t		     n, at;
	bool		     has_head;
	size_t		     fields;	/* of the header without columns of ours; 0: all, as they stood */
	int64_t		     written;
};

/*
 * Appends the whole records that CSV has: the header, and those rejected, each
 * as it stood (quoted line breaks too) and with the columns usher_line,
 * usher_column, usher_reason, usher_remedy, in the file's own separator.  Where
 * the file is one of these itself, the new columns take the place of the old.
 */
void rejects_copy(struct rejects *, struct csv *, struct buf *out);

struct rejects_file {
	const char *from, *to;
	char	    separator;		/* 0: find it */
	bool	    is_windows_1252;	/* what is written is UTF-8 with a BOM */
};

/* Replaces the file TO (mode 0600); how many rows it has. */
enum err rejects_write(struct cli *, const struct rejects_file *, struct rejects *) USE_RESULT;

#endif

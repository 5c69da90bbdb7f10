/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_pages.h - the raw entries of one log, page after page, up to the
 * checkpoint that was the newest when it began.
 *
 * A tenant's log is a row of origins, one more after each accepted rollback;
 * each is a tree of its own.  An entry's number on the wire is origin << 40 |
 * index.
 */
#ifndef USHER_AUDIT_PAGES_H
#define USHER_AUDIT_PAGES_H

#include "usher/cli.h"

/* Where an export ends. */
struct log_end {
	int64_t	   number;	/* of the origin */
	struct str origin, vkey, note;
	uint64_t   size;	/* what the note signs */
};

/* NUMBER -1: the present origin.  Waits a little for the newest entries to be signed.  ERR_NOT_FOUND: nothing is signed. */
enum err log_end_find(struct cli *, int64_t number, struct log_end *) USE_RESULT;

/* Writes the entries of origin NUMBER (-1: the present one) as tiles below folder DIR, with their checkpoint, and shows how far it is. */
enum err log_export(struct cli *, const char *dir, int64_t number, struct log_end *) USE_RESULT;

struct log_pages {
	const struct log_end *end;
	struct arena	     *arena;	/* of the present page */
	uint64_t	      at;	/* index of the next entry */
};

void log_pages_open(struct cli *, const struct log_end *, struct log_pages *);
/* The next entries, valid until the next call. */
enum err log_pages_next(struct cli *, struct log_pages *, const struct str **entry, size_t *n) USE_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h - what the server answered, as a table for people: aligned by the
 * width that characters have on a terminal, and safe to print on one.
 */
#ifndef USHER_LISTING_H
#define USHER_LISTING_H

#include "base/buf.h"
#include "base/js.h"

#define LISTING_COLUMNS_MAX 12

struct listing_column {
	enum msg    title;
	const char *member;	/* of an item: "pool", "name.familyName" */
	bool	    is_right;	/* numbers */
};

/* A table that comes in pages: later pages keep the widths of the first. */
struct listing {
	const struct listing_column *column;
	size_t			     n;
	size_t			     width[LISTING_COLUMNS_MAX];
	bool			     has_head;
};

#define LISTING(columns) ((struct listing) { .column = (columns), .n = COUNT(columns) })

/* Appends a row for each of ITEMS (an array), after the head if it is the first page. */
void listing_write(struct listing *, const struct ctx *, const struct js *items, struct buf *);
/* Appends a line for each member of OBJECT, nested ones by their path. */
void listing_object(const struct ctx *, const struct js *object, struct buf *);

/*
 * VALUE in one line: lists with commas, absent and null as "-", no control
 * characters and none that turn the direction of text.
 */
struct str listing_cell(const struct ctx *, const struct js *value);
/* Columns on a terminal; TEXT is UTF-8. */
size_t text_width(struct str text);
/* TEXT with spaces after it until it is WIDTH columns wide. */
struct str text_padded(struct arena *, struct str text, size_t width);
/*
 * Appends TEXT, from the column INDENT on, where the line stands already; what
 * does not fit into TEXT_COLUMNS goes into lines below, indented as far.
 */
void text_wrap(struct buf *, struct str text, size_t indent);
#define TEXT_COLUMNS 80

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h - a list of the server, page after page, as a table or as JSON.
 */
#ifndef USHER_LIST_H
#define USHER_LIST_H

#include "usher/cli.h"
#include "usher/listing.h"

/* Rows for a list command's options. */
#define LIST_OPTIONS \
	{ "limit", OPTION_INT, "100", 1, 500, false, "how many rows to show" }, \
	{ "cursor", OPTION_TEXT, NULL, 0, 0, false, "go on after this row; the last line of a page names it" }, \
	{ "all", OPTION_BOOL, "false", 0, 0, false, "every page" }

struct list {
	const char	 *path;		/* without limit and cursor */
	struct listing	  listing;
	bool		  is_search;	/* filter and word go in a body: they may be personal */
	struct str	  filter, search;
	const char	 *empty;	/* what to say when there is nothing */
};

enum err list_show(struct cli *, struct list *) USE_RESULT;

/* A list that comes whole, without pages. */
enum err list_whole(struct cli *, struct str path, struct listing, const char *empty) USE_RESULT;

/* Tables and objects of an answer, for people. */
void table_print(struct cli *, struct listing *, const struct js *items);
void object_print(struct cli *, const struct js *);
/* Gets PATH and prints the object there. */
enum err object_show(struct cli *, struct str path) USE_RESULT;
/* What became of each product asked for. */
void told_print(struct cli *, const struct js *seats);

#endif

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
	{ "limit", OPTION_INT, "100", 1, 500, false, MSG_FLAG_LIST_LIMIT }, \
	{ "cursor", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_CURSOR }, \
	{ "all", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ALL }

struct list {
	const char	 *path;		/* without limit and cursor */
	struct listing	  listing;
	bool		  is_search;	/* filter and word go in a body: they may be personal */
	struct str	  filter, search;
	enum msg	  empty;	/* what to say when there is nothing */
};

enum err list_show(struct cli *, struct list *) USE_RESULT;

/* A list that comes whole, without pages. */
enum err list_whole(struct cli *, struct str path, struct listing, enum msg empty) USE_RESULT;

/* Lines of a report: what, and behind it how much. */
struct labelled {
	enum msg   label;
	struct str text;
};

/* A line for each, INDENT spaces before it; the texts stand below one another. */
void labelled_print(struct cli *, size_t indent, const struct labelled *, size_t n);

/* Tables and objects of an answer, for people. */
void table_print(struct cli *, struct listing *, const struct js *items);
void object_print(struct cli *, const struct js *);
/* Gets PATH and prints the object there. */
enum err object_show(struct cli *, struct str path) USE_RESULT;
/* What became of each product asked for. */
void told_print(struct cli *, const struct js *seats);

#endif

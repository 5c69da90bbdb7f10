/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.h - a resource of a type that the catalogue declares (decision
 * 0022): made, changed and removed by one kind of order, and read.
 *
 * Its values are what extension.h says, its own schema's among them.  Whose
 * resources an order or a query reaches says SOURCE: those that it made, and no
 * others; 0: all.
 */
#ifndef ACT_RESOURCE_H
#define ACT_RESOURCE_H

#include "act/act.h"

#define RESOURCES_MAX 1000000	/* of one type in a tenant */

enum resource_kind { RESOURCE_MAKE = 1, RESOURCE_CHANGE, RESOURCE_REMOVE };

struct resource_order {
	enum resource_kind kind;
	int64_t		   type;
	int64_t		   id;		/* CHANGE, REMOVE */
	int64_t		   source;
	int64_t		   version;	/* CHANGE: that BEFORE was read from; REMOVE: -1: any */
	struct str	   external_id;	/* the source's own key; empty: none */
	struct str	   before, values; /* MAKE, CHANGE: canonical (extension_decode) */
	bool		   has_new_ref;	/* CHANGE: it had no key of the source's before */
	struct str	   body;	/* as it came, for the log */
};

struct resource_out { int64_t id, version; };	/* as it is then */

extern const struct use_case resource_order;	/* in: struct resource_order, out: struct resource_out */

/* --- reading ----------------------------------------------------------------- */

struct resource_view {
	struct resource_row row;
	struct str	    external_id, values;	/* opened */
};

/* Of one resource, or of a list: at most one of id, external_id and path is given. */
struct resources_in {
	int64_t	   type, source;
	int64_t	   id;			/* 0: any */
	struct str external_id;		/* p NULL: whatever */
	struct str path, value;		/* a declared attribute's; p NULL: none */
	int64_t	   after, first;	/* as of struct page_in */
	size_t	   limit;
	bool	   is_descending;	/* from the newest on */
};
struct resources_out { const struct resource_view *resource; size_t n; int64_t next, total; };

/* OUT: the struct resource_view of in->id.  ERR_NOT_FOUND. */
enum err resource_show(struct reader *, struct ctx *, const void *resources_in, void **resource_view) USE_RESULT;
enum err resources_list(struct reader *, struct ctx *, const void *resources_in, void **resources_out) USE_RESULT;

#endif

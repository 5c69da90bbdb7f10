/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_int.h - between the files that read persons: those that are found by
 * an index (query_find.c), and all else (query_person.c).
 */
#ifndef ACT_QUERY_INT_H
#define ACT_QUERY_INT_H

#include "act/world_int.h"

#include "act/query.h"

#define SEARCH_WALK 500	/* rows that are read at once */

/* How an index is asked for persons, and what is left to be done with them. */
struct finding {
	const struct filter_node *node;	/* the comparison; NULL: no index can */
	const struct filter	 *rest;	/* what must hold beside; NULL: nothing */
	bool			  is_one;	/* only one can have it */
	const struct catalogue	 *catalogue;	/* of a declared attribute: what declares it */
	struct str		  key;		/* and what it is found by (extension.h) */
};

/* Which comparison of FILTER an index answers for PAGE. */
void find_open(struct arena *, const struct page_in *, const struct filter *, struct finding *);
/* ERR_BAD_INPUT: of what is compared no index knows who has it; or they are too many. */
enum err find_rows(struct reader *, struct ctx *, const struct realm *, const struct page_in *, struct finding *, struct rows *) USE_RESULT;
/* An index of words has more than what was asked for: those for whom it holds, and how many. */
size_t find_exact(struct ctx *, const struct finding *, struct person_view *, size_t n);

/* query_person.c; index_of() is what groups and resources are found by, too */
enum err index_of(struct reader *, struct ctx *, enum index_kind, struct str value, struct index_key *out) USE_RESULT;
enum err load_ids(struct reader *, const struct realm *, const int64_t *id, size_t n, struct rows *) USE_RESULT;
enum err scoped(struct reader *, struct ctx *, const struct realm *, struct rows *) USE_RESULT;
enum err search_persons(struct reader *, const struct realm *, const struct page_in *, const struct index_key *, size_t n, struct rows *) USE_RESULT;
/* query_product.c: what the persons of a page hold and await, if it is asked for. */
enum err products_add(struct reader *, struct ctx *, const struct realm *, const struct page_in *, struct person_view *, size_t n) USE_RESULT;

struct str first_letters(struct str);
bool has_first_letters(struct str);

#endif

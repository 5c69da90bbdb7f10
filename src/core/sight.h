/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.h - what an actor can see of the catalogue.
 *
 * A scope is over persons; from it follows the rest.  An organisation is seen
 * by whose scope may hold people of it; a pool by who sees its organisation, or,
 * where it is nobody's, by whose scope may hold people it serves; a product by
 * who sees a pool of it.  What is not seen is not there: 404, in no list, in no
 * count.  How many hold or await what is seen is told to whose scope holds
 * everybody it is for: to others it would tell of people they do not see.  Who
 * has no scope sees everything.
 */
#ifndef CORE_SIGHT_H
#define CORE_SIGHT_H

#include "core/catalogue.h"

struct sight {
	const struct catalogue *catalogue;
	bool			sees_all;
	bool			sees_nobodys;	/* people of no organisation */
	const int64_t	       *organisation;	/* that are seen; ids, ascending */
	size_t			n;
	struct kinds	       *kinds;	/* of people: of whom it was asked already */
	const struct filter    *scope;
};

/* SCOPE may be NULL: everything. */
void sight_open(struct sight *, struct arena *, const struct catalogue *, const struct filter_names *, const struct filter *scope);

/* 0: people of none. */
bool sees_organisation(const struct sight *, int64_t organisation);
bool sees_pool(const struct sight *, const struct pool_info *);
bool sees_product(const struct sight *, const struct product *);

/* Whether everybody is seen whom a pool is for, or who is of an organisation (0: of none); names count as written, by slug.  False also: it cannot be shown. */
bool holds_pool(const struct sight *, const struct pool_info *);
bool holds_organisation(const struct sight *, int64_t organisation);

/* Whoever is in the scope is of this organisation; NULL: of several, or of none. */
const struct organisation *sight_only(const struct sight *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - a filter over the elements of a multi-valued attribute: what
 * `emails[type eq "work"]` chooses (RFC 7644 sections 3.4.2.2 and 3.5.2).
 *
 * Texts are compared without case unless the attribute says otherwise; what is
 * absent is ne to everything, as in core/filter.h.  True and false may be
 * written as texts, in any case: clients do.
 */
#ifndef SCIM_MATCH_H
#define SCIM_MATCH_H

#include "core/filter_tree.h"

#include "scim/schema.h"
#include "base/value.h"

/* Every name in FILTER is a part of ATTR, or `value` if it has none.  ERR_BAD_INPUT (MSG_SCIM_PATH). */
enum err scim_match_check(struct ctx *, const struct scim_attr *, const struct filter_tree *) USE_RESULT;

/* Pure and total. */
bool scim_matches(struct arena *, const struct scim_attr *, const struct filter_tree *, const struct value *element);

/* What an element refers to that has no value, but an address: the id at its end; empty: it is not so. */
struct str scim_referred(const struct value *element);

#endif

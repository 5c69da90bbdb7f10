/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entitlement.h - the entitlements of a User: the products that somebody asked
 * for by name, by their slugs.  What rules and groups give is not among them:
 * that comes and goes by itself.  Whatever somebody has stands among the
 * licences of Usher's extension.
 */
#ifndef SCIM_ENTITLEMENT_H
#define SCIM_ENTITLEMENT_H

#include "act/act.h"
#include "act/query.h"
#include "base/value.h"

#define ENTITLEMENTS "entitlements"
#define LICENCES     "licences"

/* Into USER, of the products that were read with the person, for whoever sees their seats. */
void entitlements_put(struct arena *, struct value *user, const struct person_view *);
/* What came of an order, into the place of what was read of the same products. */
void licences_put_told(struct ctx *, struct value *user, const struct order_out *);

/* Whether a PATCH may be about them: some name or text in it says so. */
bool entitlements_are_named(const struct value *body);
/* Whether the body of a User has them, be they none: else a PUT leaves them as they are. */
bool entitlements_are_sent(const struct value *body);

/* What USER asks for, into the order; BEFORE (NULL: nobody) has some of it.  ERR_BAD_INPUT: too many new ones. */
enum err entitlements_order(struct ctx *, const struct value *before, const struct value *user, struct order *) USE_RESULT;
/* The same, if that is not what was asked for BEFORE: then the order says that this is all. */
enum err entitlements_change(struct ctx *, const struct value *before, const struct value *after, struct order *) USE_RESULT;

#endif

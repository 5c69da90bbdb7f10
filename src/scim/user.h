/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.h - a person as a SCIM User, and a User as what is to become of a person.
 *
 * Both ways lead over the native person object, so that what is read, what is
 * hidden and what is checked is said once: here its members only change places.
 */
#ifndef SCIM_USER_H
#define SCIM_USER_H

#include "act/query.h"
#include "scim/patch.h"

/* NATIVE is a person as put_person() writes it; BASE is what addresses begin with. */
struct value *scim_user_of(struct arena *, const struct scim_resource *, const struct value *native, struct str base);

/* Who reads it is told of the groups that were read with the person. */
void scim_user_put_groups(struct arena *, struct value *user, const struct person_view *, struct str base);

/*
 * What makes AFTER of BEFORE: a merge-patch of the native object, and what is
 * to become of `active`: -1 no more, 1 again, 0 as it is.  Of what only the
 * server sets nothing is in it, nor of entitlements (entitlement.h).
 */
struct value *scim_user_change(struct arena *, const struct scim_resource *, const struct value *before, const struct value *after, int *active);

/*
 * RFC 7644 section 3.5.1: what a PUT leaves out is gone, but for what its
 * client may not know of: extensions that it does not name, and externalId,
 * stay as they are in BEFORE; of a User active, too (and entitlements, see there).
 */
void scim_keep(struct arena *, const struct scim_resource *, const struct value *before, struct value *after);
void scim_user_keep(struct arena *, const struct scim_resource *, const struct value *before, struct value *after);

#endif

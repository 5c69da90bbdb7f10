/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.h - a body of SCIM as an order about a group, and a filter as what is
 * asked of groups.
 *
 * A PATCH is not laid over the group as it is: each operation says who comes or
 * goes, so that it costs by those it names, however many are in.
 */
#ifndef SCIM_GROUP_H
#define SCIM_GROUP_H

#include "act/group.h"
#include "scim/patch.h"

/*
 * What of POST (MAKE) or PUT (CHANGE) BODY says; members that a PUT leaves out
 * stay as they are.  O has its kind.  IS_STRICT: unknown schemas are refused.
 */
enum err scim_group_decode(struct ctx *, const struct value *body, bool is_strict, struct group_order *o) USE_RESULT;
enum err scim_group_patch(struct ctx *, const struct value *body, struct group_order *o) USE_RESULT;

/*
 * A conjunction of `eq` over id, displayName, externalId, type and one member
 * (`members[value eq "…"]`, `members.value eq`, `members eq`).  ERR_BAD_INPUT:
 * anything else.
 */
enum err scim_group_filter(struct ctx *, struct str filter, struct groups_in *) USE_RESULT;

#endif

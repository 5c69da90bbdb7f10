/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_group.c - what a group looks like: RFC 7643 section 4.2, and which
 * kind of group it is here.
 */
#include "scim/schema.h"

#define RW SCIM_READ_WRITE, SCIM_DEFAULT
#define RO SCIM_READ_ONLY, SCIM_DEFAULT

static const struct scim_attr member_parts[] = {
	{ "value", SCIM_STRING, SCIM_REQUIRED | SCIM_EXACT, SCIM_IMMUTABLE, SCIM_DEFAULT, "The id of a user.", NULL,
	    NULL },
	{ "$ref", SCIM_REFERENCE, SCIM_EXACT, SCIM_IMMUTABLE, SCIM_DEFAULT, "The user's address.", "User", NULL },
	{ "type", SCIM_STRING, 0, SCIM_IMMUTABLE, SCIM_DEFAULT, "Groups have users in them, and no groups.", "User",
	    NULL },
	{ 0 }
};

static const struct scim_attr group_attrs[] = {
	{ "displayName", SCIM_STRING, SCIM_REQUIRED | SCIM_UNIQUE, RW, "What the group is called.", NULL, NULL },
	{ "members", SCIM_COMPLEX, SCIM_MULTI, RW, "Who is in the group.", NULL, member_parts },
	{ 0 }
};

static const struct scim_attr licence_parts[] = {
	{ "member", SCIM_STRING, SCIM_EXACT, RO, "Whose it is.", NULL, NULL },
	{ "value", SCIM_STRING, SCIM_EXACT, RO, "The product's slug.", NULL, NULL },
	{ "outcome", SCIM_STRING, 0, RO, "What came of giving it.", "assigned held queued refused", NULL },
	{ "pool", SCIM_STRING, SCIM_EXACT, RO, "The pool it came from, or is first awaited from.", NULL, NULL },
	{ "position", SCIM_INTEGER, 0, RO, "In the waiting list, from 1.", NULL, NULL },
	{ "reason", SCIM_STRING, 0, RO, "Why it is not assigned.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr usher_attrs[] = {
	{ "type", SCIM_STRING, 0, RO, "Whether it is a group of people, or a role.", "group role", NULL },
	{ "licences", SCIM_COMPLEX, SCIM_MULTI, RO, "What the change gave to those who came.", NULL, licence_parts },
	{ 0 }
};

const struct scim_schema scim_group = { SCIM_GROUP, "Group", "People under one name.", group_attrs };
const struct scim_schema scim_usher_group = { SCIM_USHER_GROUP, "UsherGroup", "What kind of group it is.",
	usher_attrs };

const struct scim_resource scim_group_resource = { "Group", "/Groups", "People under one name.", &scim_group,
	{ &scim_usher_group } };

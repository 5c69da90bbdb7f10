/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project.h - which attributes of a resource are returned (RFC 7644 section
 * 3.9): `attributes` says which, `excludedAttributes` which not.  What is
 * returned always stays; what is returned on request only was named, or
 * stands in the change that is answered (RFC 7643 section 7).
 */
#ifndef SCIM_PROJECT_H
#define SCIM_PROJECT_H

#include "scim/schema.h"
#include "base/value.h"

#define PROJECT_NAMES_MAX 100

struct projection {
	bool	    excludes;
	struct str *name;
	size_t	    n;	/* 0: all that is returned by default */
	/* Of the answer to a change: what was sent, and of a PATCH what was there before. */
	struct value	   *sent;
	const struct value *was;
};

/* Names separated by commas; p == NULL: none were sent.  ERR_BAD_INPUT: both, or too many. */
enum err project_parse(struct ctx *, struct str attributes, struct str excluded, struct projection *) USE_RESULT;
/* The same of lists, as a search request has them; NULL: none. */
enum err project_lists(struct ctx *, const struct value *attributes, const struct value *excluded, struct projection *) USE_RESULT;

/* Whether anything of ATTR, an attribute of the resource itself, is returned; SUB: whether that part of it is. */
bool project_shows(const struct scim_resource *, const struct projection *, const char *attr, const char *sub);

/* Whether ATTR, which is returned on request only, was requested. */
bool project_asks(const struct scim_resource *, const struct projection *, struct str attr);

/* ATTR of an extension counts as sent: the change made it. */
void project_add_sent(struct arena *, struct projection *, const char *extension, const char *attr);

/* Takes out of a resource what is not to be returned.  Names that it does not have name nothing. */
void project(struct arena *, const struct scim_resource *, const struct projection *, struct value *);

#endif

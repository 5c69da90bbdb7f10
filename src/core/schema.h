/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - what a resource looks like (RFC 7643 section 7), as data:
 * attributes, schemas and resource types.
 *
 * Built-in ones are constant tables (scim/); an operator's are made from the
 * catalogue, where they live.  Whoever reads them cannot tell which is which.
 */
#ifndef CORE_SCHEMA_H
#define CORE_SCHEMA_H

#include "base/str.h"

enum scim_type { SCIM_STRING, SCIM_BOOLEAN, SCIM_INTEGER, SCIM_DECIMAL, SCIM_DATE_TIME, SCIM_REFERENCE, SCIM_COMPLEX };
enum scim_mutability { SCIM_READ_WRITE, SCIM_READ_ONLY, SCIM_IMMUTABLE };
enum scim_returned { SCIM_DEFAULT, SCIM_ALWAYS, SCIM_REQUEST };

#define SCIM_MULTI    1u
#define SCIM_REQUIRED 2u
#define SCIM_EXACT    4u	/* compared with case */
#define SCIM_UNIQUE   8u	/* one resource of the tenant has it */
#define SCIM_SEARCH   16u	/* who has a value is found by it */

struct scim_attr {
	const char	      *name;
	enum scim_type	       type;
	unsigned	       flags;
	enum scim_mutability   mutability;
	enum scim_returned     returned;
	const char	      *text;		/* what it is, in English */
	/* Usual values, separated by spaces; NULL: none.  Of a reference: what it may lead to; NULL: anything. */
	const char	      *canonical;
	const struct scim_attr *sub;		/* of a complex one; ends with name NULL */
};

struct scim_schema {
	const char	       *id, *name, *text;
	const struct scim_attr *attr;	/* ends with name NULL */
};

#define SCIM_EXTENSIONS_MAX 16

struct scim_resource {
	const char		 *name, *path, *text;
	const struct scim_schema *schema;
	const struct scim_schema *extension[SCIM_EXTENSIONS_MAX];	/* ends with NULL */
};

/* By name without case; NULL: there is none. */
const struct scim_attr *scim_attr_find(const struct scim_attr *, struct str name);

/* "dateTime", "readWrite" and "default", as /Schemas and the catalogue call them. */
const char *scim_type_name(enum scim_type);
const char *scim_mutability_name(enum scim_mutability);
const char *scim_returned_name(enum scim_returned);

#endif

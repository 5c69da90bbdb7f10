/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h - what a resource looks like (RFC 7643 section 7): schemas and
 * resource types are data.
 *
 * The same tables are published by /Schemas and /ResourceTypes and say what a
 * path means and what may be written.  Type and number of what a person has
 * are core/attr.h's; here stands what SCIM says beside that.
 */
#ifndef SCIM_SCHEMA_H
#define SCIM_SCHEMA_H

#include "base/err.h"
#include "base/js.h"

#include "core/schema.h"

#define SCIM_USER	"urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define SCIM_USHER	"urn:ietf:params:scim:schemas:extension:usher:2.0:User"

#define SCIM_GROUP	 "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_USHER_GROUP "urn:ietf:params:scim:schemas:extension:usher:2.0:Group"

#define SCIM_CONFIG	   "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
#define SCIM_RESOURCE_TYPE "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define SCIM_SCHEMA	   "urn:ietf:params:scim:schemas:core:2.0:Schema"

extern const struct scim_schema scim_user, scim_enterprise, scim_usher, scim_group, scim_usher_group;
extern const struct scim_resource scim_user_resource, scim_group_resource;

/* Those of what describes the server itself; ends with id NULL. */
extern const struct scim_schema scim_server_schemas[];

/* What every resource has beside its schema (RFC 7643 section 3.1); ends with name NULL. */
extern const struct scim_attr scim_common[];

/* Whether it is none of the built-in ones. */
bool scim_is_declared(const struct scim_schema *);
/* Built-in ones; NULL after the last. */
const struct scim_schema *scim_schema_at(size_t i);
const struct scim_resource *scim_resource_at(size_t i);

/* What a name means: of `emails.value` ATTR is emails and SUB is value. */
struct scim_target {
	const struct scim_schema *extension;	/* NULL: of the resource itself */
	const struct scim_attr	 *attr;		/* NULL: the whole extension */
	const struct scim_attr	 *sub;		/* NULL: the whole attribute */
};

/*
 * NAME with or without a URN (RFC 7644 section 3.10), without case.  False:
 * the resource has no such attribute.
 */
bool scim_resolve(const struct scim_resource *, struct str name, struct scim_target *) USE_RESULT;

/* As /Schemas and /ResourceTypes show them; BASE is what their addresses begin with. */
void scim_schema_write(struct js_out *, struct arena *, const struct scim_schema *, struct str base);
void scim_resource_write(struct js_out *, struct arena *, const struct scim_resource *, struct str base);

#endif

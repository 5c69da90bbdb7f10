/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_server.c - what the server's descriptions of itself look like: RFC
 * 7643 sections 5, 6 and 7, and RFC 9865 section 4.  All of them are read only.
 */
#include "scim/schema.h"

#define RO SCIM_READ_ONLY, SCIM_DEFAULT
#define MUST_HAVE(more) (SCIM_REQUIRED | (more))

/* --- what the server can (section 5) ------------------------------------------------ */

#define SUPPORTED \
	{ "supported", SCIM_BOOLEAN, MUST_HAVE(0), RO, \
	    "Whether the server can do that.", NULL, NULL }

static const struct scim_attr feature_parts[] = { SUPPORTED, { 0 } };

static const struct scim_attr bulk_parts[] = {
	SUPPORTED,
	{ "maxOperations", SCIM_INTEGER, MUST_HAVE(0), RO, "Operations in one request at most.", NULL, NULL },
	{ "maxPayloadSize", SCIM_INTEGER, MUST_HAVE(0), RO, "Bytes of one request at most.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr filter_parts[] = {
	SUPPORTED,
	{ "maxResults", SCIM_INTEGER, MUST_HAVE(0), RO, "Resources in one answer at most.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr pagination_parts[] = {
	{ "cursor", SCIM_BOOLEAN, MUST_HAVE(0), RO, "Whether lists go on by a cursor.", NULL, NULL },
	{ "index", SCIM_BOOLEAN, MUST_HAVE(0), RO, "Whether lists go on by startIndex.", NULL, NULL },
	{ "defaultPaginationMethod", SCIM_STRING, 0, RO, "How, if nothing is said.", "index cursor", NULL },
	{ "defaultPageSize", SCIM_INTEGER, 0, RO, "Resources in one answer, if nothing is said.", NULL, NULL },
	{ "maxPageSize", SCIM_INTEGER, 0, RO, "Resources in one answer at most.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr scheme_parts[] = {
	{ "type", SCIM_STRING, MUST_HAVE(0), RO, "The scheme.",
	    "oauth oauth2 oauthbearertoken httpbasic httpdigest", NULL },
	{ "name", SCIM_STRING, MUST_HAVE(0), RO, "What it is called.", NULL, NULL },
	{ "description", SCIM_STRING, MUST_HAVE(0), RO, "What it is.", NULL, NULL },
	{ "specUri", SCIM_REFERENCE, SCIM_EXACT, RO, "Where it is specified.", "external", NULL },
	{ 0 }
};

static const struct scim_attr config_attrs[] = {
	{ "patch", SCIM_COMPLEX, MUST_HAVE(0), RO, "Changes by PATCH.", NULL, feature_parts },
	{ "bulk", SCIM_COMPLEX, MUST_HAVE(0), RO, "Many operations in one request.", NULL, bulk_parts },
	{ "filter", SCIM_COMPLEX, MUST_HAVE(0), RO, "Filters of lists.", NULL, filter_parts },
	{ "changePassword", SCIM_COMPLEX, MUST_HAVE(0), RO, "Passwords that clients set.", NULL, feature_parts },
	{ "sort", SCIM_COMPLEX, MUST_HAVE(0), RO, "Lists in an order.", NULL, feature_parts },
	{ "etag", SCIM_COMPLEX, MUST_HAVE(0), RO, "Versions of resources.", NULL, feature_parts },
	{ "pagination", SCIM_COMPLEX, 0, RO, "How lists go on.", NULL, pagination_parts },
	{ "authenticationSchemes", SCIM_COMPLEX, MUST_HAVE(SCIM_MULTI), RO, "How clients authenticate.", NULL,
	    scheme_parts },
	{ 0 }
};

/* --- which resources there are (section 6) ------------------------------------------- */

static const struct scim_attr extension_parts[] = {
	{ "schema", SCIM_REFERENCE, MUST_HAVE(SCIM_EXACT), RO, "The id of the extension's schema.", "uri", NULL },
	{ "required", SCIM_BOOLEAN, MUST_HAVE(0), RO, "Whether each resource has it.", NULL, NULL },
	{ 0 }
};

static const struct scim_attr type_attrs[] = {
	{ "id", SCIM_STRING, 0, SCIM_READ_ONLY, SCIM_ALWAYS, "The name once more.", NULL, NULL },
	{ "name", SCIM_STRING, MUST_HAVE(0), RO, "What resources have as meta.resourceType.", NULL, NULL },
	{ "description", SCIM_STRING, 0, RO, "What resources of it are.", NULL, NULL },
	{ "endpoint", SCIM_REFERENCE, MUST_HAVE(SCIM_EXACT), RO, "Where they are, below the base URI.", "uri", NULL },
	{ "schema", SCIM_REFERENCE, MUST_HAVE(SCIM_EXACT), RO, "The id of their schema.", "uri", NULL },
	{ "schemaExtensions", SCIM_COMPLEX, SCIM_MULTI, RO, "What they may have beside that.", NULL, extension_parts },
	{ 0 }
};

/* --- what they look like (section 7) ------------------------------------------------- */

#define TYPES	   "string boolean decimal integer dateTime reference complex"
#define MUTABILITY "readOnly readWrite immutable writeOnly"
#define RETURNED   "always never default request"
#define UNIQUENESS "none server global"
#define PART(name, type, flags, text, canonical) \
	{ name, SCIM_##type, flags, RO, text, canonical, NULL }
#define CHARACTERISTICS \
	PART("name", STRING, MUST_HAVE(SCIM_EXACT), \
	    "What the attribute is called.", NULL), \
	PART("type", STRING, MUST_HAVE(0), "What its values are.", TYPES), \
	PART("multiValued", BOOLEAN, MUST_HAVE(0), \
	    "Whether it has several.", NULL), \
	PART("description", STRING, SCIM_EXACT, "What it is.", NULL), \
	PART("required", BOOLEAN, 0, "Whether it must be there.", NULL), \
	PART("canonicalValues", STRING, SCIM_MULTI | SCIM_EXACT, \
	    "Usual values.", NULL), \
	PART("caseExact", BOOLEAN, 0, "Whether case matters.", NULL), \
	PART("mutability", STRING, SCIM_EXACT, \
	    "Who may change it, and when.", MUTABILITY), \
	PART("returned", STRING, SCIM_EXACT, "When it is shown.", RETURNED), \
	PART("uniqueness", STRING, SCIM_EXACT, \
	    "Whether several may have it.", UNIQUENESS), \
	PART("referenceTypes", STRING, SCIM_MULTI | SCIM_EXACT, \
	    "What it leads to.", NULL)

static const struct scim_attr sub_parts[] = { CHARACTERISTICS, { 0 } };

/* The only attribute whose parts have parts. */
static const struct scim_attr attribute_parts[] = {
	CHARACTERISTICS,
	{ "subAttributes", SCIM_COMPLEX, SCIM_MULTI, RO, "What a complex attribute consists of.", NULL, sub_parts },
	{ 0 }
};

static const struct scim_attr schema_attrs[] = {
	{ "id", SCIM_STRING, MUST_HAVE(0), SCIM_READ_ONLY, SCIM_ALWAYS, "The URN of the schema.", NULL, NULL },
	{ "name", SCIM_STRING, 0, RO, "What the schema is called.", NULL, NULL },
	{ "description", SCIM_STRING, 0, RO, "What it describes.", NULL, NULL },
	{ "attributes", SCIM_COMPLEX, MUST_HAVE(SCIM_MULTI), RO, "The attributes of the schema.", NULL,
	    attribute_parts },
	{ 0 }
};

const struct scim_schema scim_server_schemas[] = {
	{ SCIM_CONFIG, "Service Provider Configuration", "What the server can.", config_attrs },
	{ SCIM_RESOURCE_TYPE, "ResourceType", "A kind of resource.", type_attrs },
	{ SCIM_SCHEMA, "Schema", "What resources look like.", schema_attrs },
	{ 0 }
};

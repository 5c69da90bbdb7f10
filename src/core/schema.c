/* SPDX-License-Identifier: Apache-2.0 */
#include "core/schema.h"

static const char *const types[] = {
	[SCIM_STRING] = "string",
	[SCIM_BOOLEAN] = "boolean",
	[SCIM_INTEGER] = "integer",
	[SCIM_DECIMAL] = "decimal",
	[SCIM_DATE_TIME] = "dateTime",
	[SCIM_REFERENCE] = "reference",
	[SCIM_COMPLEX] = "complex",
};

static const char *const mutabilities[] = {
	[SCIM_READ_WRITE] = "readWrite",
	[SCIM_READ_ONLY] = "readOnly",
	[SCIM_IMMUTABLE] = "immutable",
};

static const char *const returneds[] = {
	[SCIM_DEFAULT] = "default",
	[SCIM_ALWAYS] = "always",
	[SCIM_REQUEST] = "request",
};

const char *
scim_type_name(enum scim_type type)
{
	return types[type];
}

const char *
scim_mutability_name(enum scim_mutability mutability)
{
	return mutabilities[mutability];
}

const char *
scim_returned_name(enum scim_returned returned)
{
	return returneds[returned];
}

const struct scim_attr *
scim_attr_find(const struct scim_attr *attr, struct str name)
{
	for (; attr != NULL && attr->name != NULL; attr++)
		if (str_eq_nocase(name, str_of(attr->name)))
			return attr;
	return NULL;
}

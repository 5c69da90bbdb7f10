/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_int.h - what the two halves of the API description share: openapi.c
 * writes the routes, openapi_schema.c what they take and tell.
 */
#ifndef API_OPENAPI_INT_H
#define API_OPENAPI_INT_H

#include "api/api_int.h"

struct openapi {
	struct js_out *js;
	struct arena  *arena;
	struct buf    *lacks;	/* a line for each thing that nobody described */
	const char    *where;	/* what is being written, for those lines */
};

/* WHAT is missing at the place being written; DO says how to add it. */
void openapi_lacks(struct openapi *, const char *what, const char *do_this);

void put_pair(struct openapi *, const char *key, const char *text);
/* {"$ref": "#/components/SECTION/NAME"} */
void put_ref(struct openapi *, const char *section, struct str name);
/* The schema of a type as in struct field, with a description unless TEXT is empty. */
void put_type(struct openapi *, const char *type, const char *text);
/* The schema of what a shape's name, or [NAME], stands for. */
void put_reply_type(struct openapi *, const char *reply);
/* NULL: there is none. */
const struct shape *shape_find(struct str name);
/* One route, under its method. */
void put_operation(struct openapi *, const struct route *);
/* "components.schemas", all of them. */
void put_schemas(struct openapi *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * declared.c - what a realm's resources look like: what is built in, and what
 * its catalogue declares.
 */
#include "scim/scim_int.h"

const struct scim_resource *
scim_users_of(struct arena *arena, const struct realm *realm)
{
	const struct catalogue *c = realm->catalogue;
	struct scim_resource *r;
	size_t n = 0;

	if (c->nschema == 0)
		return &scim_user_resource;
	r = arena_copy(arena, &scim_user_resource, sizeof(*r));
	while (r->extension[n] != NULL)
		n++;
	for (size_t i = 0; i < c->nschema; i++) {
		must(n < SCIM_EXTENSIONS_MAX - 1);
		if (!c->schema[i].is_of_resources)
			r->extension[n++] = &c->schema[i].schema;
	}
	return r;
}

const struct scim_schema *
scim_schema_of(const struct realm *realm, size_t i)
{
	const struct scim_schema *server = scim_server_schemas;
	size_t n = 0;

	while (scim_schema_at(n) != NULL)
		n++;
	if (i < n)
		return scim_schema_at(i);
	i -= n;
	if (i < realm->catalogue->nschema)
		return &realm->catalogue->schema[i].schema;
	for (i -= realm->catalogue->nschema; i > 0 && server->id != NULL; i--)
		server++;
	return server->id != NULL ? server : NULL;
}

const struct scim_resource *
scim_resource_of(struct arena *arena, const struct realm *realm, size_t i)
{
	const struct scim_resource *r = scim_resource_at(i);
	size_t n = 0;

	if (r != NULL)
		return r == &scim_user_resource ? scim_users_of(arena, realm)
						: r;
	while (scim_resource_at(n) != NULL)
		n++;
	return i - n < realm->catalogue->ntype
	    ? &realm->catalogue->type[i - n].resource
	    : NULL;
}

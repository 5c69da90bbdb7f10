/* SPDX-License-Identifier: Apache-2.0 */
/*
 * discovery.c - what a client asks first (RFC 7644 section 4): what the server
 * can, which resources there are and what they look like.  All of it is
 * generated from the tables that requests are read by.
 */
#include "scim/scim_int.h"

#include "scim/bulk_plan.h"

/* What is announced; a feature is turned on with the step that brings it. */
static const struct {
	const char *name;
	bool	    is_supported;
} features[] = {
	{ "patch", true },
	{ "changePassword", false },
	{ "sort", true },
	{ "etag", true },
};

static const struct {
	const char *type, *name, *text, *spec;
} schemes[] = {
	{ "oauthbearertoken", "Bearer token",
	    "An API token of the tenant, or an access token that a client got for its secret.",
	    "https://www.rfc-editor.org/info/rfc6750" },
};

static void put_feature(struct js_out *, const char *, bool);
static void put_pagination(struct js_out *);

/* A page that holds everything there is. */
static const struct scim_page whole = { .in = { .first = 1 } };

struct str
scim_base(const struct call *c)
{
	return str_fmt(
	    c->cx->arena, "%.*s" SCIM_PATH, STR_ARG(world_issuer(c->world)));
}

/* Where what describes the server is found. */
static struct str
described_at(const struct call *c, const char *path, const char *name)
{
	return str_fmt(
	    c->cx->arena, "%.*s%s%s", STR_ARG(scim_base(c)), path, name);
}

static void
config_encode(struct call *c)
{
	struct js_out *js = &c->js;

	c->reply.content_type = SCIM_MEDIA;
	call_header(c, "Content-Location",
	    described_at(c, "/ServiceProviderConfig", ""));
	js_open_object(js);
	js_key(js, "schemas");
	js_open_array(js);
	js_put_z(js, SCIM_CONFIG);
	js_close_array(js);
	for (size_t i = 0; i < COUNT(features); i++) {
		put_feature(js, features[i].name, features[i].is_supported);
		js_close_object(js);
	}
	put_feature(js, "bulk", true);
	js_key(js, "maxOperations");
	js_put_int(js, BULK_OPERATIONS_MAX);
	js_key(js, "maxPayloadSize");
	js_put_int(js, BULK_BYTES_MAX);
	js_close_object(js);
	put_feature(js, "filter", true);
	js_key(js, "maxResults");
	js_put_int(js, PAGE_MAX);
	js_close_object(js);
	put_pagination(js);
	js_key(js, "authenticationSchemes");
	js_open_array(js);
	for (size_t i = 0; i < COUNT(schemes); i++) {
		js_open_object(js);
		js_key(js, "type");
		js_put_z(js, schemes[i].type);
		js_key(js, "name");
		js_put_z(js, schemes[i].name);
		js_key(js, "description");
		js_put_z(js, schemes[i].text);
		js_key(js, "specUri");
		js_put_z(js, schemes[i].spec);
		js_close_object(js);
	}
	js_close_array(js);
	js_key(js, "meta");
	js_open_object(js);
	js_key(js, "resourceType");
	js_put_z(js, "ServiceProviderConfig");
	js_key(js, "location");
	js_put_str(js, described_at(c, "/ServiceProviderConfig", ""));
	js_close_object(js);
	js_close_object(js);
}

/* The object stays open for what the feature says beside that. */
static void
put_feature(struct js_out *js, const char *name, bool is_supported)
{
	js_key(js, name);
	js_open_object(js);
	js_key(js, "supported");
	js_put_bool(js, is_supported);
}

/* RFC 9865 section 4.  A cursor is a place in the order of ids, and does not end. */
static void
put_pagination(struct js_out *js)
{
	js_key(js, "pagination");
	js_open_object(js);
	js_key(js, "cursor");
	js_put_bool(js, true);
	js_key(js, "index");
	js_put_bool(js, true);
	js_key(js, "defaultPaginationMethod");
	js_put_z(js, "index");
	js_key(js, "defaultPageSize");
	js_put_int(js, SCIM_COUNT_IF_NONE);
	js_key(js, "maxPageSize");
	js_put_int(js, PAGE_MAX);
	js_close_object(js);
}

/* RFC 7644 section 4: what describes the server is not filtered. */
static enum err
whole_decode(struct call *c, void **in)
{
	*in = NULL;
	if (request_query(c->rq, "filter").p != NULL)
		return fail(c->cx, ERR_DENIED, MSG_SCIM_DISCOVERY, "filter");
	return OK;
}

static void
schemas_encode(struct call *c)
{
	const struct realm *realm = call_realm(c);
	const struct scim_schema *s;
	size_t n = 0;

	if (realm == NULL)
		return;
	while (scim_schema_of(realm, n) != NULL)
		n++;
	scim_list_begin(c, &whole, (int64_t)n, n, 0);
	for (size_t i = 0; (s = scim_schema_of(realm, i)) != NULL; i++)
		scim_schema_write(&c->js, c->cx->arena, s, scim_base(c));
	scim_list_end(c);
}

static void
resources_encode(struct call *c)
{
	const struct realm *realm = call_realm(c);
	const struct scim_resource *r;
	struct arena *arena = c->cx->arena;
	size_t n = 0;

	if (realm == NULL)
		return;
	while (scim_resource_of(arena, realm, n) != NULL)
		n++;
	scim_list_begin(c, &whole, (int64_t)n, n, 0);
	for (size_t i = 0; (r = scim_resource_of(arena, realm, i)) != NULL; i++)
		scim_resource_write(&c->js, c->cx->arena, r, scim_base(c));
	scim_list_end(c);
}

static enum err
schema_decode(struct call *c, void **in)
{
	const struct realm *realm;
	const struct scim_schema *s;

	TRY(whole_decode(c, in));
	TRY(world_realm(c->world, c->cx, c->cx->actor->tenant, &realm));
	for (size_t i = 0; (s = scim_schema_of(realm, i)) != NULL; i++)
		if (str_eq_nocase(c->rq->param[0], str_of(s->id))) {
			c->kept = *in = (void *)(uintptr_t)s;
			return OK;
		}
	return fail(c->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
}

static void
schema_encode(struct call *c)
{
	c->reply.content_type = SCIM_MEDIA;
	call_header(c, "Content-Location",
	    described_at(
		c, "/Schemas/", ((const struct scim_schema *)c->kept)->id));
	scim_schema_write(&c->js, c->cx->arena, c->kept, scim_base(c));
}

static enum err
resource_decode(struct call *c, void **in)
{
	struct arena *arena = c->cx->arena;
	const struct scim_resource *r;
	const struct realm *realm;

	TRY(whole_decode(c, in));
	TRY(world_realm(c->world, c->cx, c->cx->actor->tenant, &realm));
	for (size_t i = 0; (r = scim_resource_of(arena, realm, i)) != NULL; i++)
		if (str_eq_nocase(c->rq->param[0], str_of(r->name))) {
			c->kept = *in = (void *)(uintptr_t)r;
			return OK;
		}
	return fail(c->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
}

static void
resource_encode(struct call *c)
{
	c->reply.content_type = SCIM_MEDIA;
	call_header(c, "Content-Location",
	    described_at(c, "/ResourceTypes/",
		((const struct scim_resource *)c->kept)->name));
	scim_resource_write(&c->js, c->cx->arena, c->kept, scim_base(c));
}

#define ASK(decode_, encode_) \
	WORK(.kind = WORK_LOCAL, .decode = (decode_), .encode = (encode_), \
	    .query = "*")

const struct route scim_routes[] = {
	{ GET, SCIM_PATH "/ServiceProviderConfig", RIGHT_SELF, 0, false, ASK(whole_decode, config_encode),
	    "What the server can" },
	{ GET, SCIM_PATH "/Schemas", RIGHT_SELF, 0, false, ASK(whole_decode, schemas_encode),
	    "What resources look like" },
	{ GET, SCIM_PATH "/Schemas/{schema}", RIGHT_SELF, 0, false, ASK(schema_decode, schema_encode),
	    "One schema" },
	{ GET, SCIM_PATH "/ResourceTypes", RIGHT_SELF, 0, false, ASK(whole_decode, resources_encode),
	    "Which resources there are" },
	{ GET, SCIM_PATH "/ResourceTypes/{type}", RIGHT_SELF, 0, false, ASK(resource_decode, resource_encode),
	    "One kind of resource" },
	{ 0 }
};

static const struct route *const tables[] = { scim_routes, scim_bulk_routes,
	scim_user_routes, scim_group_routes, scim_resource_routes, NULL };

const struct api_wing scim_wing = { SCIM_ROOT, SCIM_MEDIA " application/json", tables, scim_refuse, scim_missing };

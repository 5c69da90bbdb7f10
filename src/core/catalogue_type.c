/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_type.c - the catalogue's section "resource_types": kinds of
 * resources that an operator declares over schemas of its own (decision 0022).
 */
#include <string.h>

#include "base/js.h"

#include "core/catalogue_int.h"

#define DESCRIPTION_MAX 500
#define ENDPOINT_MAX	64
#define DEFAULT_TEXT	"Declared in the catalogue."

/* What means something already, as a name or in addresses. */
static const char *const built_in[] = { "User", "Users", "Group", "Groups",
	"Me", "Bulk", "Schema", "Schemas", "ResourceType", "ResourceTypes",
	"ServiceProviderConfig", "ServiceProviderConfigs" };

static enum err fill_endpoint(struct decoder *, const struct row_in *,
    struct declared_type *);
static enum err check_free(struct decoder *, const struct row_in *,
    const struct declared_type *);
static bool is_word(struct str);
static enum err fill_schemas(struct decoder *, const struct row_in *,
    struct declared_type *);
static enum err schema_named(struct decoder *, const struct row_in *,
    const char *key, struct str slug, const struct scim_schema **);
static void put_type(const struct catalogue *, const struct declared_type *,
    int64_t id, struct js_out *);
static struct str slug_of(const struct catalogue *,
    const struct scim_schema *);

enum err
catalogue_fill_type(struct decoder *d, const struct row_in *in, void *row)
{
	static const char *const needed[] = { "endpoint", "schema", NULL };
	struct declared_type *type = row;
	struct arena *arena = d->cx->arena;
	struct str text = STR(DEFAULT_TEXT);

	TRY(need_keys(d, in, needed));
	TRY(get_name(d, in, &type->name));
	TRY(get_text(d, in, "text", DESCRIPTION_MAX, &text));
	type->resource.name = str_z(arena, type->name);
	type->resource.text = str_z(arena, text);
	TRY(fill_endpoint(d, in, type));
	TRY(check_free(d, in, type));
	return fill_schemas(d, in, type);
}

static enum err
fill_endpoint(
    struct decoder *d, const struct row_in *in, struct declared_type *type)
{
	struct str path = { 0 };

	TRY(get_text(d, in, "endpoint", ENDPOINT_MAX, &path));
	if (path.p[0] != '/' || !is_word(str_sub(path, 1, path.n)))
		return refuse(d, in, "endpoint", MSG_CATALOGUE_ENDPOINT, path);
	type->resource.path = str_z(d->cx->arena, path);
	return OK;
}

static enum err
check_free(struct decoder *d, const struct row_in *in,
    const struct declared_type *type)
{
	struct str path = str_of(type->resource.path);

	if (!is_word(type->name))
		return refuse(
		    d, in, "name", MSG_CATALOGUE_ENDPOINT, type->name);
	for (size_t i = 0; i < COUNT(built_in); i++) {
		struct str taken = str_of(built_in[i]);

		if (str_eq_nocase(type->name, taken))
			return refuse(
			    d, in, "name", MSG_CATALOGUE_TYPE_TAKEN, taken);
		if (str_eq_nocase(str_sub(path, 1, path.n), taken))
			return refuse(d, in, "endpoint",
			    MSG_CATALOGUE_TYPE_TAKEN, taken);
	}
	for (const struct declared_type *t = d->out->type; t < type; t++) {
		if (str_eq_nocase(type->name, t->name))
			return refuse(
			    d, in, "name", MSG_CATALOGUE_TYPE_TAKEN, t->slug);
		if (str_eq_nocase(path, str_of(t->resource.path)))
			return refuse(d, in, "endpoint",
			    MSG_CATALOGUE_TYPE_TAKEN, t->slug);
	}
	return OK;
}

static bool
is_word(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z') &&
		    (i == 0 || !(s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 0 && s.n < ENDPOINT_MAX;
}

static enum err
fill_schemas(
    struct decoder *d, const struct row_in *in, struct declared_type *type)
{
	struct scim_resource *r = &type->resource;
	const struct declared_type *before = NULL;
	struct str slug = { 0 };
	const struct js *list;

	TRY(get_slug(d, in, "schema", &slug));
	TRY(schema_named(d, in, "schema", slug, &r->schema));
	if (d->previous != NULL && !d->is_stored)
		before = catalogue_type(d->previous, type->id);
	if (before != NULL &&
	    strcmp(before->resource.schema->id, r->schema->id) != 0)
		return refuse(d, in, "schema", MSG_CATALOGUE_FIXED,
		    slug_of(d->previous, before->resource.schema));
	TRY(get_list(d, in, "extensions", SCIM_EXTENSIONS_MAX - 1, &list));
	for (size_t i = 0; list != NULL && i < js_count(list); i++) {
		slug = js_str(js_at(list, i));
		TRY(schema_named(d, in, "extensions", slug, &r->extension[i]));
		for (size_t j = 0; j < i; j++)
			if (r->extension[j] == r->extension[i])
				return refuse(d, in, "extensions",
				    MSG_CATALOGUE_TYPE_TAKEN, slug);
		if (r->extension[i] == r->schema)
			return refuse(d, in, "extensions",
			    MSG_CATALOGUE_TYPE_TAKEN, slug);
	}
	return OK;
}

/* Only one that is of resources. */
static enum err
schema_named(struct decoder *d, const struct row_in *in, const char *key,
    struct str slug, const struct scim_schema **out)
{
	const struct declared_schema *s = catalogue_row(
	    d->out->schema, d->out->nschema, sizeof(*s), slug);

	if (s == NULL)
		return refuse_unknown(d, in, key, slug, "schemas");
	if (!s->is_of_resources)
		return refuse(d, in, key, MSG_CATALOGUE_TYPE_SCHEMA, slug);
	*out = &s->schema;
	return OK;
}

/* --- looking up --------------------------------------------------------------------- */

const struct declared_type *
catalogue_type(const struct catalogue *c, int64_t id)
{
	for (size_t i = 0; i < c->ntype; i++)
		if (c->type[i].id == id)
			return &c->type[i];
	return NULL;
}

const struct declared_type *
catalogue_type_at(const struct catalogue *c, struct str endpoint)
{
	for (size_t i = 0; i < c->ntype; i++)
		if (str_eq(endpoint, str_of(c->type[i].resource.path + 1)))
			return &c->type[i];
	return NULL;
}

static struct str
slug_of(const struct catalogue *c, const struct scim_schema *schema)
{
	for (size_t i = 0; i < c->nschema; i++)
		if (&c->schema[i].schema == schema)
			return c->schema[i].slug;
	bug("a schema of no catalogue");
}

/* --- out ---------------------------------------------------------------------------- */

void
catalogue_json_types(const struct catalogue *c, struct js_out *o)
{
	if (c->ntype == 0)
		return;
	js_key(o, "resource_types");
	js_open_object(o);
	for (size_t i = 0; i < c->ntype; i++) {
		js_key_str(o, c->type[i].slug);
		put_type(c, &c->type[i], c->type[i].id, o);
	}
	js_close_object(o);
}

/* YAML reads JSON, and a type is one line of it. */
void
catalogue_yaml_types(const struct catalogue *c, struct buf *b)
{
	if (c->ntype == 0)
		return;
	buf_z(b, "\nresource_types:\n");
	for (size_t i = 0; i < c->ntype; i++) {
		struct js_out o;

		buf_fmt(b, "  \"%.*s\": ", STR_ARG(c->type[i].slug));
		js_begin(&o, b);
		put_type(c, &c->type[i], 0, &o);
		buf_z(b, "\n");
	}
}

static void
put_type(const struct catalogue *c, const struct declared_type *t, int64_t id,
    struct js_out *o)
{
	const struct scim_resource *r = &t->resource;

	js_open_object(o);
	js_key(o, "endpoint");
	js_put_z(o, r->path);
	if (r->extension[0] != NULL) {
		js_key(o, "extensions");
		js_open_array(o);
		for (size_t i = 0; r->extension[i] != NULL; i++)
			js_put_str(o, slug_of(c, r->extension[i]));
		js_close_array(o);
	}
	if (id != 0) {
		js_key(o, "id");
		js_put_int(o, id);
	}
	js_key(o, "name");
	js_put_str(o, t->name);
	js_key(o, "schema");
	js_put_str(o, slug_of(c, r->schema));
	if (strcmp(r->text, DEFAULT_TEXT) != 0) {
		js_key(o, "text");
		js_put_z(o, r->text);
	}
	js_close_object(o);
}

bool
catalogue_same_type(const void *before, const void *after)
{
	const struct declared_type *a = before, *b = after;
	const struct scim_resource *x = &a->resource, *y = &b->resource;
	size_t i = 0;

	while (x->extension[i] != NULL && y->extension[i] != NULL &&
	    strcmp(x->extension[i]->id, y->extension[i]->id) == 0)
		i++;
	return x->extension[i] == y->extension[i] && str_eq(a->slug, b->slug) &&
	    str_eq(a->name, b->name) && strcmp(x->path, y->path) == 0 &&
	    strcmp(x->text, y->text) == 0 &&
	    strcmp(x->schema->id, y->schema->id) == 0;
}

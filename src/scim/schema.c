/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/schema.h"

static const struct scim_resource *const resources[] = { &scim_user_resource,
	&scim_group_resource };
static const struct scim_schema *const schemas[] = { &scim_user,
	&scim_enterprise, &scim_usher, &scim_group, &scim_usher_group };

static bool strip_urn(const char *urn, struct str *name);
static bool resolve_in(const struct scim_attr *, struct str,
    struct scim_target *);
static void put_attrs(struct js_out *, const char *,
    const struct scim_attr *);
static void put_attr(struct js_out *, const struct scim_attr *);
static void put_words(struct js_out *, const char *, struct str);
static void put_flag(struct js_out *, const char *, bool);
static void put_word(struct js_out *, const char *, const char *);
static void put_meta(struct js_out *, struct arena *, const char *kind,
    struct str base, struct str path);

const struct scim_schema *
scim_schema_at(size_t i)
{
	return i < COUNT(schemas) ? schemas[i] : NULL;
}

const struct scim_resource *
scim_resource_at(size_t i)
{
	return i < COUNT(resources) ? resources[i] : NULL;
}

bool
scim_is_declared(const struct scim_schema *schema)
{
	const struct scim_schema *s;

	for (size_t i = 0; (s = scim_schema_at(i)) != NULL; i++)
		if (s == schema)
			return false;
	return true;
}

/* --- names ----------------------------------------------------------------------- */

bool
scim_resolve(
    const struct scim_resource *r, struct str name, struct scim_target *out)
{
	*out = (struct scim_target) { NULL, NULL, NULL };
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str rest = name;

		if (!strip_urn(r->extension[i]->id, &rest))
			continue;
		out->extension = r->extension[i];
		return rest.n == 0 ||
		    resolve_in(r->extension[i]->attr, rest, out);
	}
	if (strip_urn(r->schema->id, &name) && name.n == 0)
		return false;
	return resolve_in(scim_common, name, out) ||
	    resolve_in(r->schema->attr, name, out);
}

/* Takes URN and the colon after it off NAME; "" is left of the URN alone. */
static bool
strip_urn(const char *urn, struct str *name)
{
	struct str id = str_of(urn), rest;

	if (!str_eq_nocase(str_sub(*name, 0, id.n), id))
		return false;
	rest = str_sub(*name, id.n, name->n);
	if (rest.n == 1 || (rest.n > 0 && rest.p[0] != ':'))
		return false;
	*name = str_sub(rest, 1, rest.n);
	return true;
}

static bool
resolve_in(
    const struct scim_attr *attrs, struct str name, struct scim_target *out)
{
	struct str sub = name, head = str_cut(&sub, '.');

	out->attr = scim_attr_find(attrs, head);
	if (out->attr == NULL || sub.p == NULL)
		return out->attr != NULL;
	out->sub = scim_attr_find(out->attr->sub, sub);
	return out->sub != NULL;
}

/* --- as they are published --------------------------------------------------------- */

void
scim_schema_write(struct js_out *js, struct arena *arena,
    const struct scim_schema *s, struct str base)
{
	js_open_object(js);
	put_words(js, "schemas", STR(SCIM_SCHEMA));
	put_word(js, "id", s->id);
	put_word(js, "name", s->name);
	put_word(js, "description", s->text);
	put_attrs(js, "attributes", s->attr);
	put_meta(
	    js, arena, "Schema", base, str_fmt(arena, "/Schemas/%s", s->id));
	js_close_object(js);
}

static void
put_attrs(struct js_out *js, const char *key, const struct scim_attr *attr)
{
	js_key(js, key);
	js_open_array(js);
	for (; attr->name != NULL; attr++)
		put_attr(js, attr);
	js_close_array(js);
}

static void
put_attr(struct js_out *js, const struct scim_attr *a)
{
	const bool is_reference = a->type == SCIM_REFERENCE;

	js_open_object(js);
	put_word(js, "name", a->name);
	put_word(js, "type", scim_type_name(a->type));
	put_flag(js, "multiValued", (a->flags & SCIM_MULTI) != 0);
	put_word(js, "description", a->text);
	put_flag(js, "required", (a->flags & SCIM_REQUIRED) != 0);
	if (a->canonical != NULL && !is_reference)
		put_words(js, "canonicalValues", str_of(a->canonical));
	if (is_reference || a->type == SCIM_STRING)
		put_flag(js, "caseExact", (a->flags & SCIM_EXACT) != 0);
	put_word(js, "mutability", scim_mutability_name(a->mutability));
	put_word(js, "returned", scim_returned_name(a->returned));
	put_word(js, "uniqueness",
	    (a->flags & SCIM_UNIQUE) != 0 ? "server" : "none");
	if (is_reference)
		put_words(js, "referenceTypes",
		    a->canonical != NULL ? str_of(a->canonical)
					 : STR("external uri"));
	if (a->sub != NULL)
		put_attrs(js, "subAttributes", a->sub);
	js_close_object(js);
}

void
scim_resource_write(struct js_out *js, struct arena *arena,
    const struct scim_resource *r, struct str base)
{
	js_open_object(js);
	put_words(js, "schemas", STR(SCIM_RESOURCE_TYPE));
	put_word(js, "id", r->name);
	put_word(js, "name", r->name);
	put_word(js, "endpoint", r->path);
	put_word(js, "description", r->text);
	put_word(js, "schema", r->schema->id);
	js_key(js, "schemaExtensions");
	js_open_array(js);
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		js_open_object(js);
		put_word(js, "schema", r->extension[i]->id);
		put_flag(js, "required", false);
		js_close_object(js);
	}
	js_close_array(js);
	put_meta(js, arena, "ResourceType", base,
	    str_fmt(arena, "/ResourceTypes/%s", r->name));
	js_close_object(js);
}

/* WORDS are separated by spaces. */
static void
put_words(struct js_out *js, const char *key, struct str words)
{
	js_key(js, key);
	js_open_array(js);
	while (words.n > 0)
		js_put_str(js, str_cut(&words, ' '));
	js_close_array(js);
}

static void
put_flag(struct js_out *js, const char *key, bool is_so)
{
	js_key(js, key);
	js_put_bool(js, is_so);
}

static void
put_word(struct js_out *js, const char *key, const char *word)
{
	js_key(js, key);
	js_put_z(js, word);
}

static void
put_meta(struct js_out *js, struct arena *arena, const char *kind,
    struct str base, struct str path)
{
	js_key(js, "meta");
	js_open_object(js);
	put_word(js, "resourceType", kind);
	js_key(js, "location");
	js_put_str(
	    js, str_fmt(arena, "%.*s%.*s", STR_ARG(base), STR_ARG(path)));
	js_close_object(js);
}

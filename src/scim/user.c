/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/user.h"

#include <string.h>

#include "base/id.h"

#include "scim/entitlement.h"

static void move_members(struct arena *, const struct scim_attr *,
    const struct value *native, struct value *to);
static struct value *member_of(struct arena *, const struct scim_attr *,
    const struct value *native);
static void add_meta(struct arena *, const struct value *native,
    struct str base, struct value *user);
static void add_schemas(struct arena *, const struct scim_resource *,
    struct value *user);
static void differ(struct arena *, const struct scim_attr *,
    const struct value *before, const struct value *after,
    struct value *out);
static void keep_language(struct arena *, struct value *native);
static void differ_declared(struct arena *, const struct scim_schema *,
    const struct value *before, const struct value *after,
    struct value *out);
static struct value *patch_of(struct arena *, const struct scim_attr *,
    const struct value *before, const struct value *after);
static struct value *native_of(struct arena *, const struct scim_attr *,
    const struct value *before, const struct value *after);
static void keep_one(struct arena *, struct str name,
    const struct value *before, struct value *after);
static bool is_true(const struct value *);

/* Where natively stands what schemas of the catalogue add. */
#define EXTENSIONS "extensions"
#define LANGUAGE   "preferredLanguage"

/* What the native object calls otherwise. */
static const struct {
	const char *scim, *native;
} names[] = {
	{ "active", "enabled" },
};

static struct str
native_name(const char *scim)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(names[i].scim, scim) == 0)
			return str_of(names[i].native);
	return str_of(scim);
}

/* --- out --------------------------------------------------------------------- */

struct value *
scim_user_of(struct arena *arena, const struct scim_resource *r,
    const struct value *native, struct str base)
{
	struct value *user = value_object(arena), *id, *ref;

	value_put(user, STR("schemas"), value_array(arena));
	id = value_text(arena, value_get_text(native, STR("id")));
	value_put(user, STR("id"), id);
	ref = value_get(native, STR("externalId"));
	if (ref != NULL)
		value_put(user, STR("externalId"), value_copy(arena, ref));
	move_members(arena, r->schema->attr, native, user);
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		const struct value *from = native;
		struct value *part = value_object(arena);

		if (scim_is_declared(r->extension[i]))
			from = value_get(value_get(native, STR(EXTENSIONS)),
			    str_of(r->extension[i]->id));
		move_members(arena, r->extension[i]->attr, from, part);
		if (part->first != NULL)
			value_put(user, str_of(r->extension[i]->id), part);
	}
	if (value_get(user, str_of(SCIM_ENTERPRISE)) != NULL) {
		struct value *manager = value_get(
		    value_get(user, str_of(SCIM_ENTERPRISE)), STR("manager"));

		if (manager != NULL)
			value_put(manager, STR("$ref"),
			    value_text(arena,
				str_fmt(arena, "%.*s/Users/%.*s", STR_ARG(base),
				    STR_ARG(value_get_text(
					manager, STR("value"))))));
	}
	add_schemas(arena, r, user);
	add_meta(arena, native, base, user);
	return user;
}

static void
move_members(struct arena *arena, const struct scim_attr *attr,
    const struct value *native, struct value *to)
{
	for (; attr->name != NULL; attr++) {
		struct value *v = member_of(arena, attr, native);

		if (v != NULL && !value_is_empty(v))
			value_put(to, str_of(attr->name), v);
	}
}

/* The manager's id is a text natively, and a complex attribute in SCIM. */
static struct value *
member_of(struct arena *arena, const struct scim_attr *attr,
    const struct value *native)
{
	const struct value *v = value_get(native, native_name(attr->name));
	struct value *made;

	if (v == NULL || attr->type != SCIM_COMPLEX || v->type != JS_STRING)
		return v != NULL ? value_copy(arena, v) : NULL;
	made = value_object(arena);
	value_put(made, STR("value"), value_text(arena, v->text));
	return made;
}

static void
add_schemas(struct arena *arena, const struct scim_resource *r,
    struct value *user)
{
	struct value *list = value_get(user, STR("schemas"));

	value_add(list, value_text(arena, str_of(r->schema->id)));
	for (size_t i = 0; r->extension[i] != NULL; i++)
		if (value_get(user, str_of(r->extension[i]->id)) != NULL)
			value_add(list,
			    value_text(arena, str_of(r->extension[i]->id)));
}

static void
add_meta(struct arena *arena, const struct value *native, struct str base,
    struct value *user)
{
	const struct value *version = value_get(native, STR("version"));
	struct str id = value_get_text(native, STR("id"));
	struct value *meta = value_object(arena);

	value_put(meta, STR("resourceType"),
	    value_text(arena, str_of(scim_user_resource.name)));
	value_put(meta, STR("created"),
	    value_text(arena, value_get_text(native, STR("created"))));
	value_put(meta, STR("lastModified"),
	    value_text(arena, value_get_text(native, STR("changed"))));
	value_put(meta, STR("location"),
	    value_text(arena,
		str_fmt(arena, "%.*s/Users/%.*s", STR_ARG(base), STR_ARG(id))));
	if (version != NULL)
		value_put(meta, STR("version"),
		    value_text(arena,
			str_fmt(
			    arena, "\"%lld\"", (long long)version->number)));
	value_put(user, STR("meta"), meta);
}

void
scim_user_put_groups(struct arena *arena, struct value *user,
    const struct person_view *v, struct str base)
{
	struct value *list = value_array(arena);
	const bool is_read = (v->rights & RIGHT_BIT(RIGHT_PERSON_READ)) != 0;

	for (size_t i = 0; is_read && i < v->ngroup; i++) {
		const bool is_role = v->group[i].role.p != NULL;
		const struct str id = is_role
		    ? v->group[i].role
		    : id_text(arena, v->group[i].id);
		struct value *group = value_object(arena);

		value_put(group, STR("value"), value_text(arena, id));
		value_put(group, STR("$ref"),
		    value_text(arena,
			str_fmt(arena, "%.*s/Groups/%.*s", STR_ARG(base),
			    STR_ARG(id))));
		value_put(group, STR("display"),
		    value_text(arena, v->group[i].name));
		/* A role may come by a group, or by itself. */
		if (!is_role)
			value_put(group, STR("type"),
			    value_text(arena, STR("direct")));
		value_add(list, group);
	}
	if (list->first != NULL)
		value_put(user, STR("groups"), list);
}

/* --- in ------------------------------------------------------------------------ */

struct value *
scim_user_change(struct arena *arena, const struct scim_resource *r,
    const struct value *before, const struct value *after, int *active)
{
	const struct value *was = value_get(before, STR("active"));
	const struct value *is = value_get(after, STR("active"));
	struct value *out = value_object(arena);

	differ(arena, scim_common, before, after, out);
	differ(arena, r->schema->attr, before, after, out);
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str id = str_of(r->extension[i]->id);
		const struct value *was_of = value_get(before, id);
		const struct value *is_of = value_get(after, id);

		if (scim_is_declared(r->extension[i]))
			differ_declared(arena, r->extension[i], was_of, is_of,
			    out);
		else
			differ(arena, r->extension[i]->attr, was_of, is_of,
			    out);
	}
	value_drop_name(out, STR("enabled"));
	value_drop_name(out, STR(ENTITLEMENTS));
	keep_language(arena, out);
	*active = 0;
	if (is != NULL &&
	    (was == NULL ? !is_true(is) : is_true(is) != is_true(was)))
		*active = is_true(is) ? 1 : -1;
	return out;
}

/*
 * RFC 7643 section 4.1.1: it is written as in Accept-Language, "de-CH,
 * en;q=0.8", and some write a locale, "de_CH".  A person has one language: the
 * first choice.
 */
static void
keep_language(struct arena *arena, struct value *native)
{
	struct value *v = value_get(native, STR(LANGUAGE));
	struct str tag;
	char *p;

	if (v == NULL || v->type != JS_STRING)
		return;
	tag = lang_tag(v->text);
	p = arena_copy(arena, tag.p, tag.n);
	for (size_t i = 0; i < tag.n; i++)
		if (p[i] == '_')
			p[i] = '-';
	value_put(native, STR(LANGUAGE),
	    tag.n > 0 ? value_text(arena, (struct str) { p, tag.n })
		      : value_null(arena));
}

/* Natively they stand together, by URN. */
static void
differ_declared(struct arena *arena, const struct scim_schema *schema,
    const struct value *before, const struct value *after, struct value *out)
{
	struct value *all = value_get(out, STR(EXTENSIONS));
	struct value *of = value_object(arena);

	for (const struct scim_attr *a = schema->attr; a->name != NULL; a++) {
		struct str name = str_of(a->name);
		const struct value *was = value_get(before, name);
		const struct value *is = value_get(after, name);

		if (a->mutability == SCIM_READ_ONLY ||
		    (was == NULL ? is == NULL
				 : is != NULL && value_eq(was, is)))
			continue;
		value_put(of, name, patch_of(arena, a, was, is));
	}
	if (of->first == NULL)
		return;
	if (all == NULL) {
		all = value_object(arena);
		value_put(out, STR(EXTENSIONS), all);
	}
	value_put(all, str_of(schema->id), of);
}

static void
differ(struct arena *arena, const struct scim_attr *attr,
    const struct value *before, const struct value *after, struct value *out)
{
	for (; attr->name != NULL; attr++) {
		struct str name = str_of(attr->name);
		const struct value *was = value_get(before, name);
		const struct value *is = value_get(after, name);
		struct value *made;

		if (attr->mutability == SCIM_READ_ONLY ||
		    str_eq(name, STR("schemas")) ||
		    (was == NULL ? is == NULL
				 : is != NULL && value_eq(was, is)))
			continue;
		made = native_of(arena, attr, was, is);
		value_put(out, native_name(attr->name), made);
	}
}

/* Of a merge-patch; what has but a value is that, natively. */
static struct value *
native_of(struct arena *arena, const struct scim_attr *attr,
    const struct value *before, const struct value *after)
{
	if (after != NULL && attr->type == SCIM_COMPLEX &&
	    (attr->flags & SCIM_MULTI) == 0 &&
	    scim_attr_find(attr->sub, STR("value")) != NULL)
		return value_text(arena, value_get_text(after, STR("value")));
	return patch_of(arena, attr, before, after);
}

/*
 * A part of a complex attribute that is gone is null, and one that is as it was
 * is left out: what was made of other parts is made anew with these.
 */
static struct value *
patch_of(struct arena *arena, const struct scim_attr *attr,
    const struct value *before, const struct value *after)
{
	struct value *made;

	if (after == NULL)
		return value_null(arena);
	made = value_copy(arena, after);
	if (attr->type != SCIM_COMPLEX || (attr->flags & SCIM_MULTI) != 0)
		return made;
	for (const struct value *v = before != NULL ? before->first : NULL;
	     v != NULL; v = v->next) {
		const struct value *is = value_get(after, v->name);

		if (is == NULL)
			value_put(made, v->name, value_null(arena));
		else if (value_eq(is, v))
			value_drop_name(made, v->name);
	}
	return made;
}

void
scim_user_keep(struct arena *arena, const struct scim_resource *r,
    const struct value *before, struct value *after)
{
	scim_keep(arena, r, before, after);
	keep_one(arena, STR("active"), before, after);
}

void
scim_keep(struct arena *arena, const struct scim_resource *r,
    const struct value *before, struct value *after)
{
	keep_one(arena, STR("externalId"), before, after);
	for (size_t i = 0; r->extension[i] != NULL; i++)
		keep_one(arena, str_of(r->extension[i]->id), before, after);
}

static void
keep_one(struct arena *arena, struct str name, const struct value *before,
    struct value *after)
{
	const struct value *was = value_get(before, name);

	if (was != NULL && value_get(after, name) == NULL)
		value_put(after, name, value_copy(arena, was));
}

static bool
is_true(const struct value *v)
{
	return v->type == JS_BOOL && v->is_true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/project.h"

#include <string.h>

static enum err check_one(struct ctx *, bool, bool);
static enum err check_list(struct ctx *, const char *, const struct value *,
    bool *has);
static enum err add_name(struct ctx *, struct projection *, struct str);
static void keep_named(struct arena *, const struct scim_resource *,
    const struct projection *, struct value *);
static void copy_named(struct arena *, const struct scim_resource *,
    struct str, const struct value *from, struct value *to);
static void copy_part(struct arena *, const struct scim_target *,
    const struct value *from, struct value *to);
static void drop_named(const struct scim_resource *, struct str,
    struct value *);
static void keep_always(struct arena *, const struct scim_attr *,
    const struct value *from, struct value *to);
static void drop_unasked(const struct scim_resource *,
    const struct scim_schema *, const struct projection *, struct value *);
static bool is_asked(const struct scim_resource *, const struct projection *,
    const struct scim_attr *);
static bool is_sent(const struct projection *, const struct value *sent,
    const struct value *was, struct str attr);
static bool is_always(const struct scim_attr *, struct str);

enum err
project_parse(struct ctx *cx, struct str attributes, struct str excluded,
    struct projection *out)
{
	struct str list = attributes.p != NULL ? attributes : excluded;

	*out = (struct projection) { .excludes = attributes.p == NULL };
	TRY(check_one(cx, attributes.p != NULL, excluded.p != NULL));
	while (list.p != NULL)
		TRY(add_name(cx, out, str_trim(str_cut(&list, ','))));
	return OK;
}

enum err
project_lists(struct ctx *cx, const struct value *attributes,
    const struct value *excluded, struct projection *out)
{
	const struct value *list;
	bool has, hasnt;

	TRY(check_list(cx, "attributes", attributes, &has));
	TRY(check_list(cx, "excludedAttributes", excluded, &hasnt));
	*out = (struct projection) { .excludes = !has };
	TRY(check_one(cx, has, hasnt));
	list = has ? attributes : excluded;
	for (const struct value *v = has || hasnt ? list->first : NULL;
	     v != NULL; v = v->next)
		TRY(add_name(cx, out, str_trim(v->text)));
	return OK;
}

/* HAS: there is a list of texts; null is none. */
static enum err
check_list(
    struct ctx *cx, const char *name, const struct value *list, bool *has)
{
	bool is_list = true;

	*has = list != NULL && list->type != JS_NULL;
	if (*has)
		is_list = list->type == JS_ARRAY;
	for (const struct value *v = *has && is_list ? list->first : NULL;
	     v != NULL; v = v->next)
		is_list &= v->type == JS_STRING;
	return is_list
	    ? OK
	    : fail(cx, ERR_BAD_INPUT, MSG_SCIM_TYPE, name, name, "string");
}

static enum err
check_one(struct ctx *cx, bool has, bool hasnt)
{
	if (!has || !hasnt)
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_API_ONE_OF, "attributes",
	    "attributes", "excludedAttributes");
}

static enum err
add_name(struct ctx *cx, struct projection *p, struct str name)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq_nocase(p->name[i], name))
			return OK;
	if (name.n == 0)
		return OK;
	if (p->name == NULL)
		p->name =
		    arena_array(cx->arena, PROJECT_NAMES_MAX, sizeof(*p->name));
	if (p->n == PROJECT_NAMES_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_JSON_TOO_MANY, "attributes");
	p->name[p->n++] = name;
	return OK;
}

void
project(struct arena *arena, const struct scim_resource *r,
    const struct projection *p, struct value *v)
{
	if (p->n > 0 && !p->excludes)
		keep_named(arena, r, p, v);
	for (size_t i = 0; p->excludes && i < p->n; i++)
		drop_named(r, p->name[i], v);
	drop_unasked(r, r->schema, p, v);
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str id = str_of(r->extension[i]->id);
		const struct value *holder = value_get(v, id);

		drop_unasked(r, r->extension[i], p, v);
		if (holder != NULL && value_is_empty(holder))
			value_drop_name(v, id);
	}
}

/* What is returned on request only, and was neither named nor sent. */
static void
drop_unasked(const struct scim_resource *r, const struct scim_schema *schema,
    const struct projection *p, struct value *v)
{
	const struct value *sent = p->sent, *was = p->was;

	if (schema != r->schema) {
		v = value_get(v, str_of(schema->id));
		sent = value_get(sent, str_of(schema->id));
		was = value_get(was, str_of(schema->id));
	}
	for (const struct scim_attr *a = schema->attr;
	     v != NULL && a->name != NULL; a++)
		if (a->returned == SCIM_REQUEST && !is_asked(r, p, a) &&
		    !is_sent(p, sent, was, str_of(a->name)))
			value_drop_name(v, str_of(a->name));
}

static bool
is_asked(const struct scim_resource *r, const struct projection *p,
    const struct scim_attr *attr)
{
	struct scim_target t;

	for (size_t i = 0; !p->excludes && i < p->n; i++)
		if (scim_resolve(r, p->name[i], &t) && t.attr == attr)
			return true;
	return false;
}

/* Of a PATCH: what is not as it was. */
static bool
is_sent(const struct projection *p, const struct value *sent,
    const struct value *was, struct str attr)
{
	const struct value *is = value_get(sent, attr);
	const struct value *had = value_get(was, attr);

	return p->excludes && is != NULL &&
	    (had == NULL || !value_eq(is, had));
}

void
project_add_sent(struct arena *arena, struct projection *p,
    const char *extension, const char *attr)
{
	struct value *holder = value_get(p->sent, str_of(extension));

	if (p->sent == NULL)
		p->sent = value_object(arena);
	if (holder == NULL) {
		holder = value_object(arena);
		value_put(p->sent, str_of(extension), holder);
	}
	value_put(holder, str_of(attr), value_bool(arena, true));
}

bool
project_asks(const struct scim_resource *r, const struct projection *p,
    struct str attr)
{
	struct scim_target t;

	return scim_resolve(r, attr, &t) && is_asked(r, p, t.attr);
}

bool
project_shows(const struct scim_resource *r, const struct projection *p,
    const char *attr, const char *sub)
{
	struct scim_target t;

	for (size_t i = 0; i < p->n; i++) {
		if (!scim_resolve(r, p->name[i], &t) || t.extension != NULL ||
		    strcmp(t.attr->name, attr) != 0)
			continue;
		if (t.sub == NULL || (sub != NULL
			? strcmp(t.sub->name, sub) == 0 : !p->excludes))
			return !p->excludes;
	}
	return p->n == 0 || p->excludes;
}

static void
keep_named(struct arena *arena, const struct scim_resource *r,
    const struct projection *p, struct value *v)
{
	const struct value *from = value_copy(arena, v);

	v->first = v->last = NULL;
	for (const struct value *m = from->first; m != NULL; m = m->next)
		if (is_always(scim_common, m->name))
			value_put(v, m->name, value_copy(arena, m));
	keep_always(arena, r->schema->attr, from, v);
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str id = str_of(r->extension[i]->id);
		struct value *part = value_object(arena);

		keep_always(
		    arena, r->extension[i]->attr, value_get(from, id), part);
		if (part->first != NULL)
			value_put(v, id, part);
	}
	for (size_t i = 0; i < p->n; i++)
		copy_named(arena, r, p->name[i], from, v);
}

static void
keep_always(struct arena *arena, const struct scim_attr *attr,
    const struct value *from, struct value *to)
{
	for (; attr->name != NULL; attr++) {
		const struct value *v = value_get(from, str_of(attr->name));

		if (v != NULL && attr->returned == SCIM_ALWAYS)
			value_put(
			    to, str_of(attr->name), value_copy(arena, v));
	}
}

static void
copy_named(struct arena *arena, const struct scim_resource *r, struct str name,
    const struct value *from, struct value *to)
{
	struct scim_target target;
	struct value *part;
	struct str id;

	if (!scim_resolve(r, name, &target))
		return;
	if (target.extension == NULL) {
		copy_part(arena, &target, from, to);
		return;
	}
	id = str_of(target.extension->id);
	from = value_get(from, id);
	if (from == NULL)
		return;
	if (target.attr == NULL) {
		value_put(to, id, value_copy(arena, from));
		return;
	}
	part = value_get(to, id);
	if (part == NULL)
		part = value_object(arena);
	copy_part(arena, &target, from, part);
	if (part->first != NULL)
		value_put(to, id, part);
}

/* Parts that were asked for one by one stand together. */
static void
copy_part(struct arena *arena, const struct scim_target *t,
    const struct value *from, struct value *to)
{
	struct str name = str_of(t->attr->name);
	const struct value *v = value_get(from, name);
	const struct value *of;
	struct value *made = value_get(to, name), *into;
	bool is_multi;

	if (v == NULL)
		return;
	if (t->sub == NULL) {
		value_put(to, name, value_copy(arena, v));
		return;
	}
	is_multi = v->type == JS_ARRAY;
	if (made == NULL) {
		made = is_multi ? value_array(arena) : value_object(arena);
		for (of = v->first; is_multi && of != NULL; of = of->next)
			value_add(made, value_object(arena));
		value_put(to, name, made);
	}
	into = is_multi ? made->first : made;
	for (of = is_multi ? v->first : v; of != NULL && into != NULL;
	     of = is_multi ? of->next : NULL) {
		const struct value *m = value_get(of, str_of(t->sub->name));

		if (m != NULL)
			value_put(
			    into, str_of(t->sub->name), value_copy(arena, m));
		into = into->next;
	}
}

static void
drop_named(const struct scim_resource *r, struct str name, struct value *v)
{
	struct value *holder = v, *whole;
	struct scim_target target;

	if (!scim_resolve(r, name, &target) ||
	    (target.attr != NULL && target.attr->returned == SCIM_ALWAYS))
		return;
	if (target.extension != NULL)
		holder = value_get(v, str_of(target.extension->id));
	if (holder == NULL)
		return;
	if (target.attr == NULL) {
		for (const struct scim_attr *a = target.extension->attr;
		     a->name != NULL; a++)
			if (a->returned != SCIM_ALWAYS)
				value_drop_name(holder, str_of(a->name));
		if (holder->first == NULL)
			value_drop(v, holder);
		return;
	}
	whole = value_get(holder, str_of(target.attr->name));
	if (whole == NULL || target.sub == NULL) {
		value_drop_name(holder, str_of(target.attr->name));
		return;
	}
	if (whole->type == JS_OBJECT)
		value_drop_name(whole, str_of(target.sub->name));
	for (struct value *e = whole->type == JS_ARRAY ? whole->first : NULL;
	     e != NULL; e = e->next)
		value_drop_name(e, str_of(target.sub->name));
}

static bool
is_always(const struct scim_attr *attr, struct str name)
{
	attr = scim_attr_find(attr, name);
	return attr != NULL && attr->returned == SCIM_ALWAYS;
}

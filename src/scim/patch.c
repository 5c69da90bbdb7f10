/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/patch.h"

#include <stdio.h>

#include "scim/coerce.h"
#include "scim/match.h"
#include "scim/spare.h"

enum verb { ADD = 1, REPLACE, REMOVE };

static const struct {
	const char *name;
	enum verb   verb;
} verbs[] = {
	{ "add", ADD },
	{ "replace", REPLACE },
	{ "remove", REMOVE },
};

/* One operation on its way, and what its path means. */
struct change {
	struct ctx		   *cx;
	const struct scim_resource *resource;
	struct value		   *to;		/* the whole resource */
	enum verb		    verb;
	struct str		    path;	/* as it was written */
	struct filter_path	    at;
	struct scim_target	    target;
	struct value		   *holder;	/* of the attribute; NULL: it is not there */
	const struct value	   *value;	/* NULL: none was sent */
	bool			    is_body;	/* of POST or PUT: what the server sets is passed over */
};

static bool is_known(const struct scim_resource *, struct str);
static bool names_urn(const struct value *, const char *);
static enum err apply(struct change *, const struct value *);
static enum err apply_members(struct change *, struct str,
    const struct value *);
static enum err apply_path(struct change *, struct str, const struct value *);
static enum err apply_extension(struct change *);
static struct value *holder_of(const struct change *);
static enum err check_mutable(const struct change *, bool *);
static const struct value *present(const struct change *);
static enum err apply_whole(struct change *);
static enum err put_elements(struct change *);
static struct value *add_element(struct value *, struct value *);
static void add_elements(struct value *, struct value *);
static void merge(struct value *, struct value *);
static void take_elements(struct change *);
static enum err apply_part(struct change *);
static enum err set_part(struct change *, struct value *, struct value *);
static enum err apply_chosen(struct change *);
static enum err change_chosen(struct change *, struct value *,
    struct value *);
static enum err make_chosen(struct change *, struct value *);
static bool is_conjunction(const struct filter_tree *);
static struct value *element_of(struct change *);
static void only_primary(struct arena *, struct value *,
    const struct value *);
static enum err check_primary(struct change *, const struct value *);
static enum err refuse_path(const struct change *, enum msg);
static void drop_empty(const struct scim_resource *, struct value *);
static enum err check_required(struct ctx *, const struct scim_resource *,
    const struct value *, enum msg);
static bool is_true(const struct value *);

enum err
scim_patch(struct ctx *cx, const struct scim_resource *resource,
    const struct value *before, const struct js *body, struct value **out)
{
	struct change c = { .cx = cx, .resource = resource };
	const struct value *operations = NULL;

	TRY(scim_operations(cx, value_of(cx->arena, body), &operations));
	c.to = value_copy(cx->arena, before);
	for (const struct value *v = operations->first; v != NULL; v = v->next)
		TRY(apply(&c, v));
	TRY(check_required(cx, resource, c.to, MSG_SCIM_TAKEN_AWAY));
	drop_empty(resource, c.to);
	*out = c.to;
	return OK;
}

enum err
scim_decode(struct ctx *cx, const struct scim_resource *resource,
    const struct value *body, bool is_strict, struct value **out)
{
	struct change c = { .cx = cx, .resource = resource, .verb = ADD,
		.is_body = true };
	const struct value *schemas = value_get(body, STR("schemas"));

	if (body->type != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "");
	if (!names_urn(schemas, resource->schema->id))
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS, "schemas",
		    resource->schema->id);
	for (const struct value *v = schemas->first; is_strict && v != NULL;
	     v = v->next)
		if (v->type != JS_STRING || !is_known(resource, v->text))
			return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS,
			    "schemas", resource->schema->id);
	c.to = value_object(cx->arena);
	for (const struct value *v = body->first; v != NULL; v = v->next)
		if (!str_eq_nocase(v->name, STR("schemas")))
			TRY(apply_path(&c, v->name, v));
	TRY(check_required(cx, resource, c.to, MSG_SCIM_REQUIRED));
	drop_empty(resource, c.to);
	*out = c.to;
	return OK;
}

static bool
is_known(const struct scim_resource *r, struct str urn)
{
	bool is = str_eq_nocase(urn, str_of(r->schema->id));

	for (size_t i = 0; r->extension[i] != NULL; i++)
		is |= str_eq_nocase(urn, str_of(r->extension[i]->id));
	return is;
}

enum err
scim_operations(
    struct ctx *cx, const struct value *body, const struct value **operations)
{
	char most[24];

	if (body->type != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "");
	if (!names_urn(value_get(body, STR("schemas")), SCIM_PATCH_OP))
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS, "schemas",
		    SCIM_PATCH_OP);
	*operations = value_get(body, STR("Operations"));
	if (*operations != NULL && (*operations)->type == JS_ARRAY &&
	    value_count(*operations) <= SCIM_OPERATIONS_MAX)
		return OK;
	snprintf(most, sizeof(most), "%d", SCIM_OPERATIONS_MAX);
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_OPERATIONS, "Operations", most);
}

static bool
names_urn(const struct value *list, const char *urn)
{
	if (list == NULL || list->type != JS_ARRAY)
		return false;
	for (const struct value *v = list->first; v != NULL; v = v->next)
		if (v->type == JS_STRING && str_eq_nocase(v->text, str_of(urn)))
			return true;
	return false;
}

static enum err
apply(struct change *c, const struct value *operation)
{
	const struct value *path = value_get(operation, STR("path"));
	const struct value *value = value_get(operation, STR("value"));
	struct str name = value_get_text(operation, STR("op"));

	c->verb = 0;
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eq_nocase(name, str_of(verbs[i].name)))
			c->verb = verbs[i].verb;
	if (c->verb == 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_OP, "op",
		    str_z(c->cx->arena, name));
	if (path != NULL && path->type != JS_STRING && path->type != JS_NULL)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_TYPE, "path", "path",
		    "string");
	if (c->verb != REMOVE && value == NULL)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_NO_VALUE, "value");
	if (path != NULL && path->text.n > 0)
		return apply_path(c, path->text, value);
	if (c->verb == REMOVE)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_NO_PATH, "path");
	if (value->type != JS_OBJECT)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_NO_VALUE, "value");
	return apply_members(c, (struct str) { NULL, 0 }, value);
}

/*
 * Each member of VALUE under its name, which belongs to URN if there is one.
 * Some clients write the schemas of an extension into it.
 */
static enum err
apply_members(struct change *c, struct str urn, const struct value *value)
{
	for (const struct value *v = value->first; v != NULL; v = v->next) {
		struct str name = v->name;

		if (urn.n > 0)
			name = str_fmt(c->cx->arena, "%.*s:%.*s", STR_ARG(urn),
			    STR_ARG(name));
		if (str_eq_nocase(v->name, STR("schemas")) &&
		    (urn.n == 0 ||
			!scim_resolve(c->resource, name, &c->target)))
			continue;
		TRY(apply_path(c, name, v));
	}
	return OK;
}

static enum err
apply_path(struct change *c, struct str path, const struct value *value)
{
	enum err err = filter_path_parse(c->cx, path, &c->at);
	bool is_same;

	if (err != OK) {
		c->cx->fault.field = STR("path");
		return err;
	}
	c->path = path;
	c->value = value;
	if (!scim_resolve(c->resource, c->at.name, &c->target))
		return spare_name(c->resource, c->at.name)
		    ? OK
		    : refuse_path(c, MSG_SCIM_PATH);
	if (c->target.attr == NULL)
		return apply_extension(c);
	if (c->at.sub.n > 0) {
		c->target.sub = scim_attr_find(c->target.attr->sub, c->at.sub);
		if (c->target.sub == NULL)
			return spare_part(&c->target, c->at.sub)
			    ? OK
			    : refuse_path(c, MSG_SCIM_PATH);
	}
	c->holder = holder_of(c);
	TRY(check_mutable(c, &is_same));
	if (is_same)
		return OK;
	if (c->at.has_filter)
		return apply_chosen(c);
	return c->target.sub != NULL ? apply_part(c) : apply_whole(c);
}

/* What the server sets stays, whoever removes the rest. */
static enum err
apply_extension(struct change *c)
{
	const struct scim_schema *schema = c->target.extension;
	struct value *holder = holder_of(c);

	if (c->at.has_filter)
		return refuse_path(c, MSG_SCIM_PATH_FILTER);
	if (c->verb != REMOVE && c->value->type == JS_OBJECT)
		return apply_members(c, str_of(schema->id), c->value);
	if (c->verb != REMOVE && !value_is_empty(c->value))
		return refuse_path(c, MSG_SCIM_NO_VALUE);
	for (const struct scim_attr *a = schema->attr;
	     c->verb != ADD && holder != NULL && a->name != NULL; a++)
		if (a->mutability != SCIM_READ_ONLY)
			value_drop_name(holder, str_of(a->name));
	return OK;
}

/* An extension that is not there is made for what is put into it. */
static struct value *
holder_of(const struct change *c)
{
	struct value *holder;
	struct str id;

	if (c->target.extension == NULL)
		return c->to;
	id = str_of(c->target.extension->id);
	holder = value_get(c->to, id);
	if (holder == NULL && c->verb != REMOVE) {
		holder = value_object(c->cx->arena);
		value_put(c->to, id, holder);
	}
	return holder;
}

/* IS_SAME: it is the server's, and was sent as it is, or is not heeded. */
static enum err
check_mutable(const struct change *c, bool *is_same)
{
	const struct scim_attr *attr = c->target.attr, *sub = c->target.sub;
	enum scim_mutability m = attr->mutability;
	const struct value *now = present(c);

	*is_same = false;
	if (sub != NULL && m == SCIM_READ_WRITE)
		m = sub->mutability;
	if (m == SCIM_READ_WRITE)
		return OK;
	*is_same = c->verb == REMOVE ? now == NULL
				     : now != NULL && value_eq(now, c->value);
	*is_same |= c->is_body && m == SCIM_READ_ONLY;
	if (*is_same || (m == SCIM_IMMUTABLE && now == NULL))
		return OK;
	return refuse_path(
	    c, m == SCIM_READ_ONLY ? MSG_SCIM_READ_ONLY : MSG_SCIM_IMMUTABLE);
}

/* What stands where the path leads; all of a list, of whose elements it names a part. */
static const struct value *
present(const struct change *c)
{
	const struct value *v =
	    value_get(c->holder, str_of(c->target.attr->name));

	if (c->target.sub == NULL || v == NULL || v->type == JS_ARRAY)
		return v;
	return value_get(v, str_of(c->target.sub->name));
}

/* --- a whole attribute ------------------------------------------------------------ */

static enum err
apply_whole(struct change *c)
{
	const struct scim_attr *attr = c->target.attr;
	struct str name = str_of(attr->name);
	struct value *now = value_get(c->holder, name), *made;
	bool is_multi = (attr->flags & SCIM_MULTI) != 0;
	bool is_merged = attr->type == SCIM_COMPLEX && !is_multi && now != NULL;

	if (c->holder == NULL)
		return OK;
	if (c->verb == REMOVE && is_multi && c->value != NULL &&
	    !value_is_empty(c->value)) {
		take_elements(c);
		return OK;
	}
	if (c->verb == REMOVE ||
	    (value_is_empty(c->value) &&
		!(is_merged && c->value->first != NULL))) {
		if (c->verb != ADD || !is_multi)
			value_drop_name(c->holder, name);
		return OK;
	}
	if (is_multi)
		return put_elements(c);
	TRY(scim_coerce(c->cx, attr, c->value, &made));
	if (!is_merged) {
		value_put(c->holder, name, made);
		return OK;
	}
	merge(now, made);
	if (value_is_empty(now))
		value_drop(c->holder, now);
	return OK;
}

static enum err
put_elements(struct change *c)
{
	const struct scim_attr *attr = c->target.attr;
	struct value *list = value_get(c->holder, str_of(attr->name));
	const struct value *from = c->value;

	if (list == NULL || list->type != JS_ARRAY || c->verb == REPLACE)
		list = value_array(c->cx->arena);
	from = from->type == JS_ARRAY ? from->first : from;
	for (; from != NULL;
	     from = c->value->type == JS_ARRAY ? from->next : NULL) {
		struct value *made;

		if (value_is_empty(from))
			continue;
		TRY(scim_coerce(c->cx, attr, from, &made));
		made = add_element(list, made);
		if (c->verb == ADD && is_true(value_get(made, STR("primary"))))
			only_primary(c->cx->arena, list, made);
	}
	value_put(c->holder, str_of(attr->name), list);
	return check_primary(c, list);
}

/* Where MADE is then: the same value of the same type is the same element. */
static struct value *
add_element(struct value *list, struct value *made)
{
	struct str value = value_get_text(made, STR("value"));
	struct str type = value_get_text(made, STR("type"));

	for (struct value *v = list->first; v != NULL; v = v->next) {
		if (value_eq(v, made))
			return v;
		if (value.n > 0 &&
		    str_eq(value, value_get_text(v, STR("value"))) &&
		    str_eq_nocase(type, value_get_text(v, STR("type")))) {
			merge(v, made);
			return v;
		}
	}
	value_add(list, made);
	return made;
}

/* The members of FROM into TO; those that are null vanish there. */
static void
merge(struct value *to, struct value *from)
{
	struct value *next;

	if (to->type != JS_OBJECT || from->type != JS_OBJECT)
		return;
	for (struct value *v = from->first; v != NULL; v = next) {
		next = v->next;
		if (value_is_empty(v))
			value_drop_name(to, v->name);
		else
			value_put(to, v->name, v);
	}
}

/* What is removed by its value: an element with at least what was sent. */
static void
take_elements(struct change *c)
{
	struct str name = str_of(c->target.attr->name);
	struct value *list = value_get(c->holder, name), *next;
	bool is_list = c->value->type == JS_ARRAY;

	for (struct value *v = list != NULL ? list->first : NULL; v != NULL;
	     v = next) {
		const struct value *gone = is_list ? c->value->first : c->value;
		bool is_gone = false;

		next = v->next;
		for (; gone != NULL && !is_gone;
		     gone = is_list ? gone->next : NULL) {
			is_gone = value_eq(v, gone) || gone->first != NULL;
			for (const struct value *m = gone->first;
			     m != NULL && is_gone; m = m->next) {
				const struct value *w = value_get(v, m->name);

				is_gone = w != NULL && value_eq(w, m);
			}
		}
		if (is_gone)
			value_drop(list, v);
	}
	if (list != NULL && list->first == NULL)
		value_drop_name(c->holder, name);
}

/* --- a part of it ------------------------------------------------------------------ */

static enum err
apply_part(struct change *c)
{
	const struct scim_attr *attr = c->target.attr;
	struct str name = str_of(attr->name);
	struct value *v = value_get(c->holder, name);
	bool is_removed = c->verb == REMOVE || value_is_empty(c->value);

	if (v == NULL && is_removed)
		return OK;
	if (v == NULL && (attr->flags & SCIM_MULTI) != 0) {
		v = value_array(c->cx->arena);
		value_add(v, value_object(c->cx->arena));
		value_put(c->holder, name, v);
	} else if (v == NULL) {
		v = value_object(c->cx->arena);
		value_put(c->holder, name, v);
	}
	if (v->type != JS_ARRAY)
		TRY(set_part(c, NULL, v));
	for (struct value *e = v->first; v->type == JS_ARRAY && e != NULL;
	     e = e->next)
		TRY(set_part(c, v, e));
	if (value_is_empty(v))
		value_drop_name(c->holder, name);
	return OK;
}

/* To a sub-attribute of many values. */
static void
add_elements(struct value *list, struct value *made)
{
	struct value *next;

	for (struct value *e = made->first; e != NULL; e = next) {
		next = e->next;
		add_element(list, e);
	}
}

/* In ELEMENT of LIST; NULL: of none. */
static enum err
set_part(struct change *c, struct value *list, struct value *element)
{
	const struct scim_attr *sub = c->target.sub;
	struct value *made, *now;

	if (c->verb == REMOVE || value_is_empty(c->value)) {
		value_drop_name(element, str_of(sub->name));
		return OK;
	}
	TRY(scim_coerce_part(c->cx, sub, c->value, &made));
	now = value_get(element, str_of(sub->name));
	if (c->verb == ADD && now != NULL && now->type == JS_ARRAY)
		add_elements(now, made);
	else
		value_put(element, str_of(sub->name), made);
	if (list != NULL && is_true(made) &&
	    str_eq(str_of(sub->name), STR("primary")))
		only_primary(c->cx->arena, list, element);
	return OK;
}

/* --- chosen elements --------------------------------------------------------------- */

static enum err
apply_chosen(struct change *c)
{
	const struct scim_attr *attr = c->target.attr;
	struct str name = str_of(attr->name);
	struct value *list = value_get(c->holder, name), *next;
	size_t found = 0;

	if ((attr->flags & SCIM_MULTI) == 0)
		return refuse_path(c, MSG_SCIM_PATH_FILTER);
	TRY(scim_match_check(c->cx, attr, &c->at.filter));
	for (struct value *v = list != NULL ? list->first : NULL; v != NULL;
	     v = next) {
		next = v->next;
		if (!scim_matches(c->cx->arena, attr, &c->at.filter, v))
			continue;
		found++;
		TRY(change_chosen(c, list, v));
	}
	if (list != NULL && list->first == NULL)
		value_drop_name(c->holder, name);
	if (found > 0 || c->verb == REMOVE)
		return OK;
	if (!is_conjunction(&c->at.filter) ||
	    (c->verb == REPLACE && c->target.sub == NULL))
		return refuse_path(c, MSG_SCIM_NO_TARGET);
	if (value_is_empty(c->value))
		return OK;
	if (list == NULL || list->first == NULL) {
		list = value_array(c->cx->arena);
		value_put(c->holder, name, list);
	}
	return make_chosen(c, list);
}

static enum err
change_chosen(struct change *c, struct value *list, struct value *element)
{
	struct value *made;

	if (c->target.sub != NULL) {
		TRY(set_part(c, list, element));
		if (value_is_empty(element))
			value_drop(list, element);
		return OK;
	}
	if (c->verb == REMOVE || value_is_empty(c->value)) {
		value_drop(list, element);
		return OK;
	}
	TRY(scim_coerce(c->cx, c->target.attr, c->value, &made));
	if (is_true(value_get(made, STR("primary"))))
		only_primary(c->cx->arena, list, element);
	if (c->verb == REPLACE)
		element->first = element->last = NULL;
	if (made->type == JS_OBJECT)
		merge(element, made);
	else
		element->text = made->text;
	return OK;
}

/* An element for which the filter is so, with what was sent. */
static enum err
make_chosen(struct change *c, struct value *list)
{
	struct value *element = element_of(c), *made;

	if (!scim_matches(c->cx->arena, c->target.attr, &c->at.filter, element))
		return refuse_path(c, MSG_SCIM_NO_TARGET);
	if (c->target.sub != NULL) {
		TRY(set_part(c, NULL, element));
	} else {
		TRY(scim_coerce(c->cx, c->target.attr, c->value, &made));
		merge(element, made);
	}
	element = add_element(list, element);
	if (is_true(value_get(element, STR("primary"))))
		only_primary(c->cx->arena, list, element);
	return OK;
}

static bool
is_conjunction(const struct filter_tree *filter)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct tree_node *node = &filter->node[i];

		if (node->op != F_AND &&
		    (node->op != F_EQ || node->literal.kind == LIT_NULL ||
			node->literal.kind == LIT_NUMBER))
			return false;
	}
	return true;
}

static struct value *
element_of(struct change *c)
{
	const struct filter_tree *filter = &c->at.filter;
	struct value *element = value_object(c->cx->arena);

	for (size_t i = 0; i < filter->n; i++) {
		const struct tree_node *node = &filter->node[i];
		const struct scim_attr *sub =
		    scim_attr_find(c->target.attr->sub, node->name);
		bool is_yes = node->literal.kind == LIT_TRUE ||
		    str_eq_nocase(node->literal.text, STR("true"));

		if (node->op != F_EQ || sub == NULL)
			continue;
		value_put(element, str_of(sub->name),
		    sub->type == SCIM_BOOLEAN
			? value_bool(c->cx->arena, is_yes)
			: value_text(c->cx->arena, node->literal.text));
	}
	return element;
}

/* --- primary ------------------------------------------------------------------------ */

/* RFC 7644 section 3.5.2: a new primary value ends the one before. */
static void
only_primary(
    struct arena *arena, struct value *list, const struct value *element)
{
	for (struct value *v = list->first; v != NULL; v = v->next)
		if (v != element && is_true(value_get(v, STR("primary"))))
			value_put(v, STR("primary"), value_bool(arena, false));
}

static enum err
check_primary(struct change *c, const struct value *list)
{
	const char *name = c->target.attr->name;
	size_t n = 0;

	for (const struct value *v = list->first; v != NULL; v = v->next)
		n += is_true(value_get(v, STR("primary")));
	if (n > 1)
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_PRIMARY, name, name);
	return OK;
}

static bool
is_true(const struct value *v)
{
	return v != NULL && v->type == JS_BOOL && v->is_true;
}

static enum err
refuse_path(const struct change *c, enum msg msg)
{
	return fail(c->cx, ERR_BAD_INPUT, msg, "path",
	    str_z(c->cx->arena, str_sub(c->path, 0, FILTER_TEXT_MAX)));
}

static enum err
check_required(struct ctx *cx, const struct scim_resource *resource,
    const struct value *v, enum msg msg)
{
	for (const struct scim_attr *a = resource->schema->attr;
	     a->name != NULL; a++) {
		const struct value *now = value_get(v, str_of(a->name));

		if ((a->flags & SCIM_REQUIRED) != 0 &&
		    (now == NULL || value_is_empty(now)))
			return fail(cx, ERR_BAD_INPUT, msg, a->name, a->name);
	}
	return OK;
}

/* An extension of which nothing is left. */
static void
drop_empty(const struct scim_resource *r, struct value *v)
{
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str id = str_of(r->extension[i]->id);
		const struct value *holder = value_get(v, id);

		if (holder != NULL && value_is_empty(holder))
			value_drop_name(v, id);
	}
}

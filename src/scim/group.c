/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

#include "core/filter_tree.h"

#include "scim/match.h"

enum verb { ADD = 1, REPLACE, REMOVE };

static const struct {
	const char *name;
	enum verb   verb;
} verbs[] = {
	{ "add", ADD },
	{ "replace", REPLACE },
	{ "remove", REMOVE },
};

/* What a comparison of a filter is about. */
enum asked {
	ASKED_ELSE,
	ASKED_ID,
	ASKED_NAME,
	ASKED_REF,
	ASKED_TYPE,
	ASKED_MEMBER,
	ASKED_COUNT
};

/* The last word about a person is what counts. */
struct edit {
	int64_t person;
	size_t	place;
	bool	joins;
};

struct editing {
	struct ctx	   *cx;
	struct group_order *order;
	struct edit	   *edit;
	size_t		    n, cap;
};

static enum err check_schemas(struct ctx *, const struct value *, bool);
static enum err edit_operation(struct editing *, const struct value *);
static enum err edit_members(struct editing *, enum verb,
    const struct value *);
static enum err check_mutable(struct editing *, struct str path);
static enum err edit_one(struct editing *, enum verb, struct str path,
    const struct value *);
static bool is_passed_over(struct str);
static bool is_under(struct str, struct str urn);
static enum err edit_text(struct editing *, enum verb,
    const struct scim_attr *, const struct value *);
static enum err edit_persons(struct editing *, enum verb,
    const struct value *);
static enum err edit_chosen(struct editing *, enum verb,
    const struct filter_path *);
static enum err edit_person(struct editing *, enum verb,
    const struct value *);
static enum err add_edit(struct editing *, int64_t, bool joins);
static void end(struct editing *);
static int by_person(const void *, const void *);
static enum err ask_one(struct ctx *, const struct tree_node *,
    struct groups_in *);
static enum err ask_text(struct ctx *, struct str *, struct str);
static enum asked asked_of(const struct tree_node *);
static enum err refuse_filter(struct ctx *);

enum err
scim_group_decode(struct ctx *cx, const struct value *body, bool is_strict,
    struct group_order *o)
{
	struct editing e = { .cx = cx, .order = o };

	if (body->type != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "");
	TRY(check_schemas(cx, body, is_strict));
	if (value_get_text(body, STR("displayName")).n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_REQUIRED, "displayName",
		    "displayName");
	TRY(edit_members(&e, REPLACE, body));
	end(&e);
	return OK;
}

static enum err
check_schemas(struct ctx *cx, const struct value *body, bool is_strict)
{
	const struct value *list = value_get(body, STR("schemas"));
	bool is_group = false, is_known = true;

	for (const struct value *v =
		 list != NULL && list->type == JS_ARRAY ? list->first : NULL;
	     v != NULL; v = v->next) {
		const bool is = str_eq_nocase(v->text, STR(SCIM_GROUP));

		is_group |= is;
		is_known &= is || str_eq_nocase(v->text, STR(SCIM_USHER_GROUP));
	}
	if (is_group && (is_known || !is_strict))
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS, "schemas", SCIM_GROUP);
}

enum err
scim_group_patch(
    struct ctx *cx, const struct value *body, struct group_order *o)
{
	struct editing e = { .cx = cx, .order = o };
	const struct value *operations;

	TRY(scim_operations(cx, body, &operations));
	for (const struct value *v = operations->first; v != NULL; v = v->next)
		TRY(edit_operation(&e, v));
	end(&e);
	return OK;
}

static enum err
edit_operation(struct editing *e, const struct value *operation)
{
	const struct value *value = value_get(operation, STR("value"));
	const struct str name = value_get_text(operation, STR("op"));
	const struct str path = value_get_text(operation, STR("path"));
	enum verb verb = 0;

	for (size_t i = 0; i < COUNT(verbs); i++)
		if (str_eq_nocase(name, str_of(verbs[i].name)))
			verb = verbs[i].verb;
	if (verb == 0)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_OP, "op",
		    str_z(e->cx->arena, name));
	if (path.n == 0 && verb == REMOVE)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_NO_PATH, "path");
	if (verb != REMOVE &&
	    (value == NULL || (path.n == 0 && value->type != JS_OBJECT)))
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_NO_VALUE, "value");
	if (path.n == 0)
		return edit_members(e, verb, value);
	TRY(check_mutable(e, path));
	return edit_one(e, verb, path, value);
}

/* Who names it by a path wants it changed. */
static enum err
check_mutable(struct editing *e, struct str path)
{
	struct scim_target target;
	struct filter_path at;

	if (filter_path_parse(e->cx, path, &at) != OK ||
	    !scim_resolve(&scim_group_resource, at.name, &target) ||
	    target.attr == NULL || target.attr->mutability != SCIM_READ_ONLY)
		return OK;
	return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_READ_ONLY, "path",
	    str_z(e->cx->arena, path));
}

/* Each member of an object under its name. */
static enum err
edit_members(struct editing *e, enum verb verb, const struct value *object)
{
	for (const struct value *v = object->first; v != NULL; v = v->next)
		TRY(edit_one(e, verb, v->name, v));
	return OK;
}

static enum err
edit_one(struct editing *e, enum verb verb, struct str path,
    const struct value *value)
{
	struct scim_target target;
	struct filter_path at;

	if (filter_path_parse(e->cx, path, &at) != OK) {
		e->cx->fault.field = STR("path");
		return ERR_BAD_INPUT;
	}
	if (!scim_resolve(&scim_group_resource, at.name, &target)) {
		if (is_passed_over(at.name))
			return OK;
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_PATH, "path",
		    str_z(e->cx->arena, path));
	}
	/* What only the server sets may be sent as it is: Okta sends the id. */
	if (target.extension != NULL ||
	    (target.attr != NULL &&
		(target.attr->mutability == SCIM_READ_ONLY ||
		    strcmp(target.attr->name, "schemas") == 0)))
		return OK;
	if (strcmp(target.attr->name, "members") != 0)
		return edit_text(e, verb, target.attr, value);
	if (target.sub != NULL)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_PATH, "path",
		    str_z(e->cx->arena, path));
	return at.has_filter ? edit_chosen(e, verb, &at)
			     : edit_persons(e, verb, value);
}

/* Of a schema that is not known here. */
static bool
is_passed_over(struct str name)
{
	return str_eq_nocase(str_sub(name, 0, 4), STR("urn:")) &&
	    !is_under(name, STR(SCIM_GROUP)) &&
	    !is_under(name, STR(SCIM_USHER_GROUP));
}

static bool
is_under(struct str name, struct str urn)
{
	return str_eq_nocase(str_sub(name, 0, urn.n), urn) &&
	    (name.n == urn.n || name.p[urn.n] == ':');
}

/* displayName or externalId. */
static enum err
edit_text(struct editing *e, enum verb verb, const struct scim_attr *attr,
    const struct value *value)
{
	const bool is_name = strcmp(attr->name, "displayName") == 0;
	const bool is_gone = verb == REMOVE || value_is_empty(value);

	if (is_name && is_gone)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_TAKEN_AWAY,
		    attr->name, attr->name);
	if (!is_gone && value->type != JS_STRING)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_TYPE, attr->name,
		    attr->name, "string");
	if (is_name)
		e->order->name = value->text;
	else
		e->order->external_id = is_gone ? STR("") : value->text;
	return OK;
}

/* A remove with a value takes those it lists (Entra, Okta); without one, all. */
static enum err
edit_persons(struct editing *e, enum verb verb, const struct value *value)
{
	const bool is_none = value == NULL || value->type == JS_NULL;

	if (verb == REPLACE || (verb == REMOVE && is_none)) {
		e->order->replaces = e->order->kind == GROUP_CHANGE;
		e->n = 0;
	}
	if (is_none)
		return OK;
	if (value->type != JS_ARRAY)
		return edit_person(e, verb, value);
	for (const struct value *v = value->first; v != NULL; v = v->next)
		TRY(edit_person(e, verb, v));
	return OK;
}

/* `members[value eq "…"]`, or several with `or`. */
static enum err
edit_chosen(struct editing *e, enum verb verb, const struct filter_path *at)
{
	if (at->sub.n > 0)
		return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_IMMUTABLE, "path",
		    str_z(e->cx->arena, at->sub));
	for (size_t i = 0; i < at->filter.n; i++) {
		const struct tree_node *node = &at->filter.node[i];
		int64_t id;

		if (node->op == F_OR)
			continue;
		if (node->op != F_EQ || node->literal.kind != LIT_TEXT ||
		    !str_eq_nocase(node->name, STR("value")))
			return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_MEMBERS_PATH,
			    "path");
		if (verb != REMOVE)
			return fail(e->cx, ERR_BAD_INPUT, MSG_SCIM_NO_TARGET,
			    "path", str_z(e->cx->arena, node->literal.text));
		if (id_decode(node->literal.text, &id))
			TRY(add_edit(e, id, false));
	}
	return OK;
}

static enum err
edit_person(struct editing *e, enum verb verb, const struct value *v)
{
	const struct str value =
	    v->type == JS_STRING ? v->text : value_get_text(v, STR("value"));
	const struct str text = value.n > 0 ? value : scim_referred(v);
	const char *told = str_z(e->cx->arena, text);
	int64_t id;

	if (verb != REMOVE &&
	    (str_starts(text, STR(GROUP_ROLE_ID)) ||
		str_eq_nocase(value_get_text(v, STR("type")), STR("Group"))))
		return fail(
		    e->cx, ERR_BAD_INPUT, MSG_GROUP_NESTED, "members", told);
	if (id_decode(text, &id))
		return add_edit(e, id, verb != REMOVE);
	/* Nobody who could be in. */
	if (verb == REMOVE)
		return OK;
	return fail(e->cx, ERR_BAD_INPUT, MSG_GROUP_MEMBER, "members", told);
}

static enum err
add_edit(struct editing *e, int64_t person, bool joins)
{
	if (e->n == e->cap) {
		const size_t wider = e->cap == 0 ? 16 : e->cap * 2;
		struct edit *to = arena_array(e->cx->arena, wider, sizeof(*to));

		if (e->n > 0)
			memcpy(to, e->edit, e->n * sizeof(*to));
		e->edit = to;
		e->cap = wider;
	}
	e->edit[e->n] = (struct edit) { person, e->n, joins };
	e->n++;
	return OK;
}

static void
end(struct editing *e)
{
	int64_t *join = arena_array(e->cx->arena, e->n + 1, sizeof(*join));
	int64_t *part = arena_array(e->cx->arena, e->n + 1, sizeof(*part));
	struct group_order *o = e->order;

	if (e->n > 0)
		qsort(e->edit, e->n, sizeof(*e->edit), by_person);
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *edit = &e->edit[i];

		if (i + 1 < e->n && edit[1].person == edit->person)
			continue;
		if (edit->joins)
			join[o->njoin++] = edit->person;
		else if (!o->replaces)
			part[o->npart++] = edit->person;
	}
	o->join = join;
	o->part = part;
}

static int
by_person(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* --- filters ----------------------------------------------------------------- */

enum err
scim_group_filter(struct ctx *cx, struct str filter, struct groups_in *in)
{
	struct filter_tree tree;

	TRY(filter_tree_parse(cx, filter, FILTER_SCIM, &tree));
	for (size_t i = 0; i < tree.n; i++) {
		const struct tree_node *node = &tree.node[i];

		if (node->op == F_AND)
			continue;
		if (node->op == F_ELEMENT &&
		    str_eq_nocase(node->name, STR("members")))
			continue;
		if (node->op != F_EQ || node->literal.kind != LIT_TEXT)
			return refuse_filter(cx);
		TRY(ask_one(cx, node, in));
	}
	return OK;
}

static enum err
ask_one(struct ctx *cx, const struct tree_node *node, struct groups_in *in)
{
	const enum asked what = asked_of(node);
	const struct str text = node->literal.text;
	struct str *const to[ASKED_COUNT] = { [ASKED_NAME] = &in->name,
		[ASKED_REF] = &in->external_id,
		[ASKED_TYPE] = &in->type };
	int64_t *number = what == ASKED_ID ? &in->group : &in->member;
	int64_t id;

	if (what == ASKED_ELSE)
		return refuse_filter(cx);
	if (to[what] != NULL)
		return ask_text(cx, to[what], text);
	if (what == ASKED_ID && str_starts(text, STR(GROUP_ROLE_ID)))
		return ask_text(cx, &in->role, text);
	/* What is no id is nobody's. */
	if (!id_decode(text, &id))
		id = -1;
	if (*number != 0 && *number != id)
		return refuse_filter(cx);
	*number = id;
	return OK;
}

static enum err
ask_text(struct ctx *cx, struct str *to, struct str text)
{
	if (to->p != NULL && !str_eq(*to, text))
		return refuse_filter(cx);
	*to = text;
	return OK;
}

static enum asked
asked_of(const struct tree_node *node)
{
	static const struct {
		const char *name, *sub;
		enum asked what;
	} known[] = {
		{ "id", NULL, ASKED_ID },
		{ "externalId", NULL, ASKED_REF },
		{ "displayName", NULL, ASKED_NAME },
		{ "members", NULL, ASKED_MEMBER },
		{ "members", "value", ASKED_MEMBER },
		{ "type", NULL, ASKED_TYPE },
	};
	struct scim_target t;

	if (node->in_element)
		return str_eq_nocase(node->name, STR("value")) ? ASKED_MEMBER
							       : ASKED_ELSE;
	if (!scim_resolve(&scim_group_resource, node->name, &t) ||
	    t.attr == NULL)
		return ASKED_ELSE;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(t.attr->name, known[i].name) == 0 &&
		    (t.sub == NULL ? known[i].sub == NULL
				   : known[i].sub != NULL &&
				strcmp(t.sub->name, known[i].sub) == 0))
			return known[i].what;
	return ASKED_ELSE;
}

static enum err
refuse_filter(struct ctx *cx)
{
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_GROUP_FILTER, "filter");
}

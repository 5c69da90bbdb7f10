/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/coerce.h"

#include "scim/match.h"

static enum err coerce_members(struct ctx *, const struct scim_attr *,
    const struct value *, struct value **);
static enum err refuse_type(struct ctx *, const struct scim_attr *);

enum err
scim_coerce(struct ctx *cx, const struct scim_attr *attr,
    const struct value *from, struct value **out)
{
	struct arena *arena = cx->arena;

	if (from->type == JS_ARRAY && from->first != NULL &&
	    from->first->next == NULL)
		from = from->first;
	switch (attr->type) {
	case SCIM_COMPLEX:
		return coerce_members(cx, attr, from, out);
	case SCIM_BOOLEAN:
		if (from->type == JS_STRING &&
		    (str_eq_nocase(from->text, STR("true")) ||
			str_eq_nocase(from->text, STR("false")))) {
			*out = value_bool(
			    arena, str_eq_nocase(from->text, STR("true")));
			return OK;
		}
		if (from->type != JS_BOOL)
			return refuse_type(cx, attr);
		break;
	case SCIM_INTEGER:
		if (from->type != JS_INT)
			return refuse_type(cx, attr);
		break;
	case SCIM_DECIMAL:
		if (from->type != JS_INT && from->type != JS_REAL)
			return refuse_type(cx, attr);
		break;
	default:
		if (from->type == JS_INT) {
			*out = value_text(arena,
			    str_fmt(arena, "%lld", (long long)from->number));
			return OK;
		}
		if (from->type != JS_STRING)
			return refuse_type(cx, attr);
	}
	*out = value_copy(arena, from);
	return OK;
}

/* What is no part of ATTR is passed over; null stays, for it takes away. */
static enum err
coerce_members(struct ctx *cx, const struct scim_attr *attr,
    const struct value *from, struct value **out)
{
	struct value *made = value_object(cx->arena), *part;
	struct str ref;

	*out = made;
	if (from->type == JS_STRING &&
	    scim_attr_find(attr->sub, STR("value")) != NULL) {
		value_put(
		    made, STR("value"), value_text(cx->arena, from->text));
		return OK;
	}
	if (from->type != JS_OBJECT)
		return refuse_type(cx, attr);
	for (const struct value *v = from->first; v != NULL; v = v->next) {
		const struct scim_attr *sub =
		    scim_attr_find(attr->sub, v->name);

		if (sub == NULL || sub->mutability == SCIM_READ_ONLY)
			continue;
		if (value_is_empty(v))
			part = value_null(cx->arena);
		else
			TRY(scim_coerce_part(cx, sub, v, &part));
		value_put(made, str_of(sub->name), part);
	}
	ref = scim_referred(from);
	if (ref.n > 0 && scim_attr_find(attr->sub, STR("$ref")) != NULL)
		value_put(made, STR("value"), value_text(cx->arena, ref));
	return OK;
}

enum err
scim_coerce_part(struct ctx *cx, const struct scim_attr *sub,
    const struct value *from, struct value **out)
{
	const struct value *v = from->type == JS_ARRAY ? from->first : from;
	struct value *one;

	if ((sub->flags & SCIM_MULTI) == 0)
		return scim_coerce(cx, sub, from, out);
	*out = value_array(cx->arena);
	for (; v != NULL; v = from->type == JS_ARRAY ? v->next : NULL) {
		if (value_is_empty(v))
			continue;
		TRY(scim_coerce(cx, sub, v, &one));
		value_add(*out, one);
	}
	return OK;
}

static enum err
refuse_type(struct ctx *cx, const struct scim_attr *attr)
{
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_TYPE, attr->name, attr->name,
	    scim_type_name(attr->type));
}

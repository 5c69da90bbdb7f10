/* SPDX-License-Identifier: Apache-2.0 */
#include "base/value.h"

static struct value *make(struct arena *, enum js_type);
static void link_last(struct value *, struct value *);
static bool members_eq(const struct value *, const struct value *);
static bool elements_eq(const struct value *, const struct value *);

struct value *
value_object(struct arena *arena)
{
	return make(arena, JS_OBJECT);
}

struct value *
value_array(struct arena *arena)
{
	return make(arena, JS_ARRAY);
}

struct value *
value_text(struct arena *arena, struct str text)
{
	struct value *v = make(arena, JS_STRING);

	v->text = text;
	return v;
}

struct value *
value_bool(struct arena *arena, bool is_true)
{
	struct value *v = make(arena, JS_BOOL);

	v->is_true = is_true;
	return v;
}

struct value *
value_int(struct arena *arena, int64_t number)
{
	struct value *v = make(arena, JS_INT);

	v->number = number;
	return v;
}

struct value *
value_null(struct arena *arena)
{
	return make(arena, JS_NULL);
}

static struct value *
make(struct arena *arena, enum js_type type)
{
	struct value *v = arena_alloc(arena, sizeof(*v));

	v->type = type;
	return v;
}

/* At most JS_DEPTH_MAX deep, as js_parse() made it. */
struct value *
value_of(struct arena *arena, const struct js *js)
{
	struct value *v = make(arena, js_type(js));

	switch (v->type) {
	case JS_NULL:
		break;
	case JS_BOOL:
		v->is_true = js_bool(js);
		break;
	case JS_INT:
		v->number = js_int(js);
		break;
	case JS_REAL:
		v->real = js_real(js);
		break;
	case JS_STRING:
		v->text = js_str(js);
		break;
	case JS_ARRAY:
		for (size_t i = 0; i < js_count(js); i++)
			link_last(v, value_of(arena, js_at(js, i)));
		break;
	case JS_OBJECT:
		for (size_t i = 0; i < js_count(js); i++) {
			struct str name;
			const struct js *member = js_member(js, i, &name);
			struct value *child = value_of(arena, member);

			child->name = name;
			link_last(v, child);
		}
		break;
	}
	return v;
}

struct value *
value_copy(struct arena *arena, const struct value *from)
{
	struct value *v = arena_copy(arena, from, sizeof(*from));

	v->first = v->last = v->next = NULL;
	for (const struct value *c = from->first; c != NULL; c = c->next)
		link_last(v, value_copy(arena, c));
	return v;
}

static void
link_last(struct value *parent, struct value *child)
{
	child->next = NULL;
	if (parent->last == NULL)
		parent->first = child;
	else
		parent->last->next = child;
	parent->last = child;
}

struct value *
value_get(const struct value *object, struct str name)
{
	if (object == NULL || object->type != JS_OBJECT)
		return NULL;
	for (struct value *v = object->first; v != NULL; v = v->next)
		if (str_eq_nocase(v->name, name))
			return v;
	return NULL;
}

struct str
value_get_text(const struct value *object, struct str name)
{
	const struct value *v = value_get(object, name);

	return v != NULL && v->type == JS_STRING ? v->text
						 : (struct str) { NULL, 0 };
}

size_t
value_count(const struct value *parent)
{
	size_t n = 0;

	for (const struct value *v = parent->first; v != NULL; v = v->next)
		n++;
	return n;
}

void
value_put(struct value *object, struct str name, struct value *member)
{
	struct value *old = value_get(object, name), *before = NULL;

	must(object->type == JS_OBJECT);
	member->name = name;
	if (old == NULL) {
		link_last(object, member);
		return;
	}
	for (struct value *v = object->first; v != old; v = v->next)
		before = v;
	member->next = old->next;
	if (before == NULL)
		object->first = member;
	else
		before->next = member;
	if (object->last == old)
		object->last = member;
}

void
value_add(struct value *array, struct value *element)
{
	must(array->type == JS_ARRAY);
	element->name = (struct str) { NULL, 0 };
	link_last(array, element);
}

void
value_drop(struct value *parent, const struct value *child)
{
	struct value *before = NULL, *v = parent->first;

	while (v != NULL && v != child) {
		before = v;
		v = v->next;
	}
	if (v == NULL)
		return;
	if (before == NULL)
		parent->first = v->next;
	else
		before->next = v->next;
	if (parent->last == v)
		parent->last = before;
}

void
value_drop_name(struct value *object, struct str name)
{
	const struct value *v = value_get(object, name);

	if (v != NULL)
		value_drop(object, v);
}

bool
value_eq(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case JS_NULL:
		return true;
	case JS_BOOL:
		return a->is_true == b->is_true;
	case JS_INT:
		return a->number == b->number;
	case JS_REAL:
		return !(a->real < b->real) && !(a->real > b->real);
	case JS_STRING:
		return str_eq(a->text, b->text);
	case JS_ARRAY:
		return elements_eq(a, b);
	case JS_OBJECT:
		return members_eq(a, b);
	}
	bug("a value of no type");
}

static bool
elements_eq(const struct value *a, const struct value *b)
{
	const struct value *v = a->first, *w = b->first;

	while (v != NULL && w != NULL && value_eq(v, w)) {
		v = v->next;
		w = w->next;
	}
	return v == NULL && w == NULL;
}

static bool
members_eq(const struct value *a, const struct value *b)
{
	if (value_count(a) != value_count(b))
		return false;
	for (const struct value *v = a->first; v != NULL; v = v->next) {
		const struct value *w = value_get(b, v->name);

		if (w == NULL || !value_eq(v, w))
			return false;
	}
	return true;
}

bool
value_is_empty(const struct value *v)
{
	switch (v->type) {
	case JS_NULL:
		return true;
	case JS_STRING:
		return v->text.n == 0;
	case JS_ARRAY:
	case JS_OBJECT:
		for (const struct value *c = v->first; c != NULL; c = c->next)
			if (!value_is_empty(c))
				return false;
		return true;
	case JS_BOOL:
	case JS_INT:
	case JS_REAL:
		break;
	}
	return false;
}

void
value_write(struct js_out *js, const struct value *v)
{
	const struct value *c;

	switch (v->type) {
	case JS_NULL:
		js_put_null(js);
		break;
	case JS_BOOL:
		js_put_bool(js, v->is_true);
		break;
	case JS_INT:
		js_put_int(js, v->number);
		break;
	case JS_REAL:
		js_put_real(js, v->real);
		break;
	case JS_STRING:
		js_put_str(js, v->text);
		break;
	case JS_ARRAY:
		js_open_array(js);
		for (c = v->first; c != NULL; c = c->next)
			value_write(js, c);
		js_close_array(js);
		break;
	case JS_OBJECT:
		js_open_object(js);
		for (c = v->first; c != NULL; c = c->next) {
			js_key_str(js, c->name);
			value_write(js, c);
		}
		js_close_object(js);
		break;
	}
}

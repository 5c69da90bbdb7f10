/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attr.h"

#include <stdlib.h>

#include "core/doc_int.h"
#include "core/extension.h"

#define CANONICAL_MAX  (DOC_BYTES_MAX * 8)
#define RESTORE_MEMORY (64u << 20)

/* Every attribute by its path, so that members come out sorted. */
static const enum attribute by_path[A_COUNT] = {
	A_ACTIVE,
	A_ADDRESS_COUNTRY,
	A_ADDRESS_FORMATTED,
	A_ADDRESS_LOCALITY,
	A_ADDRESS_POSTAL,
	A_ADDRESS_REGION,
	A_ADDRESS_STREET,
	A_ADDRESS_TYPE,
	A_BIRTH_DATE,
	A_CERTIFICATION,
	A_COST_CENTER,
	A_COUNTRY,
	A_DEPARTMENT,
	A_DISPLAY_NAME,
	A_DIVISION,
	A_EMAIL_PRIMARY,
	A_EMAIL_TYPE,
	A_EMAIL_VALUE,
	A_EMPLOYEE_NUMBER,
	A_END,
	A_EXTENSIONS,
	A_EXTERNAL_ID,
	A_ID,
	A_LIFECYCLE,
	A_MANAGER,
	A_FAMILY_NAME,
	A_FORMATTED_NAME,
	A_GIVEN_NAME,
	A_HONORIFIC_PREFIX,
	A_HONORIFIC_SUFFIX,
	A_MIDDLE_NAME,
	A_NICK_NAME,
	A_ORGANIZATION,
	A_PHONE_PRIMARY,
	A_PHONE_TYPE,
	A_PHONE_VALUE,
	A_LANGUAGE,
	A_SITE,
	A_SOURCE,
	A_START,
	A_TITLE,
	A_USER_NAME,
	A_USER_TYPE,
};

/* Values being collected, in any order. */
struct collector {
	struct attr *attr;
	size_t	     n, cap;
};

struct decoder {
	struct ctx     *cx;
	struct collector personal, org;
};

static enum err decode_member(struct decoder *, struct str, const struct js *);
static enum attribute group_find(struct str);
static enum err decode_parts(struct decoder *, enum attribute, uint16_t,
    const struct js *);
static enum err decode_list(struct decoder *, enum attribute,
    const struct js *);
static enum err decode_element(struct decoder *, enum attribute, uint16_t *,
    const struct js *);
static enum err decode_value(struct decoder *, struct attr,
    const struct js *);
static bool is_sealed_form(const struct js *);
static void collect(struct arena *, struct collector *, struct attr);
static enum err finish(struct ctx *, struct collector *, struct doc *);
static enum err fail_at(struct ctx *, enum msg, struct str);
static int by_id_and_index(const void *, const void *);
static size_t group_end(size_t);
static void put_group(const struct doc *, size_t, size_t, struct js_out *);
static void put_list(const struct doc *, size_t, size_t, struct js_out *);
static bool has_any(const struct doc *, size_t, size_t, uint16_t);
static void put_values(const struct doc *, size_t, size_t, uint16_t,
    struct js_out *);

enum err
doc_decode(
    struct ctx *cx, const struct js *object, struct doc *out, struct doc *org)
{
	struct decoder d = { .cx = cx };
	struct str key;

	if (js_type(object) != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_OBJECT, "");
	for (size_t i = 0; i < js_count(object); i++) {
		const struct js *value = js_member(object, i, &key);

		TRY(decode_member(&d, key, value));
	}
	TRY(finish(cx, &d.personal, out));
	return finish(cx, &d.org, org);
}

static enum err
decode_member(struct decoder *d, struct str key, const struct js *value)
{
	const char *name = str_z(d->cx->arena, key);
	enum attribute a = attr_find(key);

	if (a != A_COUNT && attr_split(a).sub.n == 0)
		return decode_value(d, (struct attr) { .id = a }, value);
	a = group_find(key);
	if (a == A_COUNT)
		return fail(d->cx, ERR_BAD_INPUT, MSG_ATTR_UNKNOWN, name, name);
	if (js_type(value) == JS_NULL)
		return OK;
	if (attr_is_multi(a))
		return decode_list(d, a, value);
	return decode_parts(d, a, 0, value);
}

/* Any attribute under HEAD. */
static enum attribute
group_find(struct str head)
{
	for (int i = 0; i < A_COUNT; i++) {
		struct attr_path path = attr_split((enum attribute)i);

		if (path.sub.n > 0 && str_eq_nocase(path.head, head))
			return (enum attribute)i;
	}
	return A_COUNT;
}

static enum err
decode_list(struct decoder *d, enum attribute a, const struct js *list)
{
	uint16_t index = 0;

	if (js_type(list) != JS_ARRAY)
		return fail_at(d->cx, MSG_ATTR_NOT_LIST, attr_split(a).head);
	if (js_count(list) > DOC_ATTRS_MAX)
		return fail_at(d->cx, MSG_DOC_LARGE, attr_split(a).head);
	for (size_t i = 0; i < js_count(list); i++)
		TRY(decode_element(d, a, &index, js_at(list, i)));
	return OK;
}

/* An empty element takes no number; one without the value it is about is an error. */
static enum err
decode_element(struct decoder *d, enum attribute a, uint16_t *index,
    const struct js *element)
{
	enum attribute value = attr_sibling(a, STR("value"));
	size_t before = d->personal.n;
	bool has_value = value == A_COUNT;

	if (js_type(element) == JS_NULL)
		return OK;
	TRY(decode_parts(d, a, *index, element));
	for (size_t i = before; i < d->personal.n; i++)
		has_value |= d->personal.attr[i].id == value;
	if (d->personal.n == before)
		return OK;
	if (!has_value)
		return fail_at(d->cx, MSG_DOC_NO_VALUE,
		    attr_path_text(d->cx->arena, value, *index));
	++*index;
	return OK;
}

static enum err
decode_parts(struct decoder *d, enum attribute a, uint16_t index,
    const struct js *object)
{
	struct str head = attr_split(a).head, key;

	if (js_type(object) != JS_OBJECT)
		return fail_at(d->cx, MSG_ATTR_NOT_OBJECT, head);
	if (is_sealed_form(object))
		return fail_at(d->cx, MSG_ATTR_SEALED_FORM, head);
	for (size_t i = 0; i < js_count(object); i++) {
		const struct js *value = js_member(object, i, &key);
		enum attribute part = attr_sibling(a, key);
		struct attr attr = { .id = part, .index = index };

		if (part == A_COUNT) {
			struct str path = str_fmt(d->cx->arena, "%.*s.%.*s",
			    STR_ARG(head), STR_ARG(key));
			const char *name = str_z(d->cx->arena, path);

			return fail(
			    d->cx, ERR_BAD_INPUT, MSG_ATTR_UNKNOWN, name, name);
		}
		TRY(decode_value(d, attr, value));
	}
	return OK;
}

static enum err
decode_value(struct decoder *d, struct attr attr, const struct js *value)
{
	struct arena *arena = d->cx->arena;
	struct str path = attr_path_text(arena, attr.id, attr.index);
	const struct attr_info *info = attr_info(attr.id);
	bool is_bool = info->type == ATTR_BOOL;

	if (js_type(value) == JS_NULL)
		return OK;
	if (is_sealed_form(value))
		return fail_at(d->cx, MSG_ATTR_SEALED_FORM, path);
	if (info->type == ATTR_JSON) {
		TRY(extension_decode(d->cx, value, &attr.value));
		if (attr.value.n > 0)
			collect(arena, &d->personal, attr);
		return OK;
	}
	if (is_bool && js_type(value) != JS_BOOL)
		return fail_at(d->cx, MSG_ATTR_NOT_BOOL, path);
	if (!is_bool && js_type(value) != JS_STRING)
		return fail_at(d->cx, MSG_ATTR_NOT_TEXT, path);
	if (is_bool)
		attr.value = js_bool(value) ? STR("true") : STR("false");
	else
		TRY(attr_value(
		    d->cx, attr.id, path, js_str(value), &attr.value));
	/* Not being the primary one is the same as saying nothing about it. */
	if (attr.value.n == 0 ||
	    (is_bool && attr_is_multi(attr.id) && !js_bool(value)))
		return OK;
	collect(arena, info->class == ATTR_ORG ? &d->org : &d->personal, attr);
	return OK;
}

/* MODEL 8: values sealed by the client have a reserved form, which is not taken yet. */
static bool
is_sealed_form(const struct js *value)
{
	return js_type(value) == JS_OBJECT && js_get(value, "$sealed") != NULL;
}

static void
collect(struct arena *arena, struct collector *c, struct attr attr)
{
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 16 : c->cap * 2;
		struct attr *more = arena_array(arena, cap, sizeof(*more));

		for (size_t i = 0; i < c->n; i++)
			more[i] = c->attr[i];
		c->attr = more;
		c->cap = cap;
	}
	c->attr[c->n++] = attr;
}

/* Sorted; a member given twice in different case is refused. */
static enum err
finish(struct ctx *cx, struct collector *c, struct doc *out)
{
	if (c->n > 1)
		qsort(c->attr, c->n, sizeof(*c->attr), by_id_and_index);
	for (size_t i = 1; i < c->n; i++)
		if (attr_cmp(&c->attr[i - 1], &c->attr[i]) == 0)
			return fail_at(cx, MSG_ATTR_TWICE,
			    attr_path_text(
				cx->arena, c->attr[i].id, c->attr[i].index));
	*out = (struct doc) { .attr = c->attr, .n = c->n };
	return doc_check(cx, out);
}

static int
by_id_and_index(const void *a, const void *b)
{
	return attr_cmp(a, b);
}

static enum err
fail_at(struct ctx *cx, enum msg msg, struct str path)
{
	return fail(cx, ERR_BAD_INPUT, msg, str_z(cx->arena, path));
}

void
doc_encode(const struct doc *doc, struct js_out *out)
{
	for (size_t i = 0, end; i < A_COUNT; i = end) {
		end = group_end(i);
		if (attr_split(by_path[i]).sub.n == 0)
			put_values(doc, i, end, 0, out);
		else if (attr_is_multi(by_path[i]))
			put_list(doc, i, end, out);
		else
			put_group(doc, i, end, out);
	}
}

/* One past the last attribute under the same head. */
static size_t
group_end(size_t i)
{
	size_t end = i + 1;

	while (end < A_COUNT && attr_is_sibling(by_path[i], by_path[end]))
		end++;
	return end;
}

static void
put_group(const struct doc *doc, size_t from, size_t end, struct js_out *out)
{
	if (!has_any(doc, from, end, 0))
		return;
	js_key_str(out, attr_split(by_path[from]).head);
	js_open_object(out);
	put_values(doc, from, end, 0, out);
	js_close_object(out);
}

static void
put_list(const struct doc *doc, size_t from, size_t end, struct js_out *out)
{
	if (!has_any(doc, from, end, 0))
		return;
	js_key_str(out, attr_split(by_path[from]).head);
	js_open_array(out);
	for (uint16_t i = 0; has_any(doc, from, end, i); i++) {
		js_open_object(out);
		put_values(doc, from, end, i, out);
		js_close_object(out);
	}
	js_close_array(out);
}

static bool
has_any(const struct doc *doc, size_t from, size_t end, uint16_t index)
{
	for (size_t i = from; i < end; i++)
		if (doc_get(doc, by_path[i], index).n > 0)
			return true;
	return false;
}

static void
put_values(const struct doc *doc, size_t from, size_t end, uint16_t index,
    struct js_out *out)
{
	for (size_t i = from; i < end; i++) {
		struct attr_path path = attr_split(by_path[i]);
		struct str value = doc_get(doc, by_path[i], index);

		if (value.n == 0)
			continue;
		js_key_str(out, path.sub.n > 0 ? path.sub : path.head);
		if (attr_info(by_path[i])->type == ATTR_BOOL)
			js_put_bool(out, str_eq(value, STR("true")));
		else if (attr_info(by_path[i])->type == ATTR_JSON)
			js_put_raw(out, value);
		else
			js_put_str(out, value);
	}
}

struct str
doc_canonical(struct arena *arena, const struct doc *doc)
{
	struct buf b;
	struct js_out out;

	buf_init(&b, arena, CANONICAL_MAX);
	js_begin(&out, &b);
	js_open_object(&out);
	doc_encode(doc, &out);
	js_close_object(&out);
	must(!b.over);
	return buf_view(&b);
}

/* What it is read by takes many times its bytes, and a page has hundreds: of that nothing stays. */
void
doc_restore(struct ctx *cx, struct str canonical, struct doc *out)
{
	struct ctx own = *cx;
	const struct js *object;
	struct doc org;

	own.arena = arena_open(RESTORE_MEMORY);
	must(js_parse(&own, canonical, &object) == OK);
	must(doc_decode(&own, object, out, &org) == OK);
	must(org.n == 0);
	*out = doc_copy(cx->arena, out);
	arena_close(own.arena);
}

struct doc
doc_copy(struct arena *arena, const struct doc *doc)
{
	struct doc out = { .n = doc->n };

	if (doc->n == 0)
		return out;
	out.attr = arena_copy(arena, doc->attr, doc->n * sizeof(*doc->attr));
	for (size_t i = 0; i < out.n; i++)
		out.attr[i].value = str_copy(arena, out.attr[i].value);
	return out;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/extension.h"

#include <ctype.h>
#include <string.h>

#include "base/canon.h"
#include "base/clock.h"

#include "core/doc_int.h"

#define ROOT	    "extensions"
#define DEPTH_MAX   8
#define MEMBERS_MAX 256
#define SCRATCH_MEMORY (64u << 20) /* values take a hundred times their bytes: of that nothing stays */

static const struct scim_schema *schema_of(const struct catalogue *,
    const struct declared_type *, struct str urn);
static struct value *read_object(struct ctx *, struct str);
static struct value *object_at(struct arena *, struct value *, struct str);
static void sort_members(struct value *);
static void merge(struct arena *, struct value *, const struct value *);
static void drop_empty(struct value *);
static enum err settle(struct ctx *, const struct catalogue *,
    const struct declared_type *, const struct value *was, struct value *is);
static void keep_fault(struct ctx *, const struct fault *);
static enum err settle_schema(struct ctx *, const struct scim_schema *,
    const struct value *before, struct value *after);
static enum err settle_attr(struct ctx *, const struct scim_schema *,
    const struct scim_attr *, struct value *after);
static enum err check_kept(struct ctx *, const struct scim_schema *,
    const struct value *before, const struct value *after);
static enum err settle_values(struct ctx *, const struct scim_attr *,
    struct str path, struct value *);
static enum err settle_value(struct ctx *, const struct scim_attr *,
    struct str path, struct value *);
static enum err settle_text(struct ctx *, const struct scim_attr *,
    struct str path, struct value *);
static enum err settle_parts(struct ctx *, const struct scim_attr *,
    struct str path, struct value *);
static void read_word(const struct scim_attr *, struct value *);
static bool fits(const struct scim_attr *, const struct value *);
static bool is_uri(struct str);
static bool fits_one(const struct scim_attr *, const struct value *);
static struct value *shown_members(struct arena *, const struct scim_attr *,
    const struct value *);
static size_t add_keys(struct ctx *, const struct scim_schema *,
    const struct scim_attr *, const struct value *, struct extension_key *,
    size_t n, size_t max);
static size_t schema_keys(struct ctx *, const struct scim_schema *,
    const struct value *, struct extension_key *, size_t n, size_t max);
static enum err check_form(struct ctx *, const struct value *, size_t depth);
static enum err keep_rest(struct ctx *, const struct catalogue *,
    const struct declared_type *, const struct value *was, struct value *is);
static enum err check_keys(struct ctx *, const struct catalogue *,
    const struct declared_type *, const struct value *);
static void key_make(struct ctx *, const struct scim_schema *,
    const struct scim_attr *, struct str, struct extension_key *);
static struct str path_of(struct arena *, const struct scim_schema *,
    struct str);
static bool is_same(const struct value *, const struct value *);
static enum err refuse(struct ctx *, enum msg, struct str path,
    const struct scim_attr *);

/* --- text and back ------------------------------------------------------------- */

enum err
extension_decode(struct ctx *cx, const struct js *js, struct str *out)
{
	struct value *v = value_of(cx->arena, js);

	*out = (struct str) { NULL, 0 };
	if (v->type != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_OBJECT, ROOT);
	for (const struct value *s = v->first; s != NULL; s = s->next)
		if (s->type != JS_OBJECT && s->type != JS_NULL)
			return fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_OBJECT,
			    str_z(cx->arena, s->name));
	TRY(check_form(cx, v, 0));
	if (v->first != NULL)
		*out = extension_text(cx->arena, v);
	return out->n <= DOC_BYTES_MAX
	    ? OK
	    : fail(cx, ERR_BAD_INPUT, MSG_DOC_LARGE, ROOT);
}

/*
 * A name is one name in any case (RFC 7643 section 2.1); and nothing that could
 * be declared is nested further, or has so many members.
 */
static enum err
check_form(struct ctx *cx, const struct value *v, size_t depth)
{
	size_t n = 0;

	for (const struct value *c = v->first; c != NULL; c = c->next) {
		if (depth == DEPTH_MAX ||
		    (v->type == JS_OBJECT && ++n > MEMBERS_MAX))
			return refuse(cx, MSG_DOC_LARGE, STR(ROOT), NULL);
		if (v->type == JS_OBJECT && value_get(v, c->name) != c)
			return refuse(cx, MSG_ATTR_TWICE, c->name, NULL);
		TRY(check_form(cx, c, depth + 1));
	}
	return OK;
}

/* TEXT is ours, or empty. */
static struct value *
read_object(struct ctx *cx, struct str text)
{
	const struct js *js;

	if (text.n == 0)
		return value_object(cx->arena);
	must(js_parse(cx, text, &js) == OK && js_type(js) == JS_OBJECT);
	return value_of(cx->arena, js);
}

struct str
extension_text(struct arena *arena, struct value *v)
{
	struct js_out js;
	struct buf b;

	sort_members(v);
	buf_init(&b, arena, JS_TEXT_MAX);
	js_begin(&js, &b);
	value_write(&js, v);
	must(!b.over);
	return buf_view(&b);
}

/* By their names' bytes, all the way down; few at each place.  Lists stay. */
static void
sort_members(struct value *v)
{
	struct value *sorted = NULL, *next;

	for (struct value *c = v->first; c != NULL; c = c->next)
		sort_members(c);
	for (struct value *c = v->first; v->type == JS_OBJECT && c != NULL;
	     c = next) {
		struct value **at = &sorted;

		next = c->next;
		while (*at != NULL && str_cmp((*at)->name, c->name) < 0)
			at = &(*at)->next;
		c->next = *at;
		*at = c;
	}
	if (v->type != JS_OBJECT)
		return;
	v->first = v->last = sorted;
	while (v->last != NULL && v->last->next != NULL)
		v->last = v->last->next;
}

struct str
extension_merge(struct ctx *cx, struct str before, struct str patch)
{
	struct ctx own = *cx;
	struct value *all;
	struct str out;

	if (before.n == 0 || patch.n == 0)
		return patch.n == 0 ? before : patch;
	own.arena = arena_open(SCRATCH_MEMORY);
	all = read_object(&own, before);
	merge(own.arena, all, read_object(&own, patch));
	out = str_copy(cx->arena, extension_text(own.arena, all));
	arena_close(own.arena);
	return out;
}

/* RFC 7396, but that null stays: who comes later must see that it is gone. */
static void
merge(struct arena *arena, struct value *to, const struct value *from)
{
	for (const struct value *v = from->first; v != NULL; v = v->next) {
		struct value *now = value_get(to, v->name);

		if (now != NULL && now->type == JS_OBJECT &&
		    v->type == JS_OBJECT)
			merge(arena, now, v);
		else
			value_put(to, now != NULL ? now->name : v->name,
			    value_copy(arena, v));
	}
}

bool
extension_is_path(struct str path)
{
	return str_eq_nocase(str_sub(path, 0, 4), STR("urn:"));
}

struct str
extension_set(
    struct ctx *cx, struct str before, struct str path, struct str value)
{
	struct value *all = read_object(cx, before);

	extension_add(cx->arena, &all, path, value);
	return extension_text(cx->arena, all);
}

void
extension_add(
    struct arena *arena, struct value **all, struct str path, struct str value)
{
	struct value *of, *part, *v =
	    value.n > 0 ? value_text(arena, value) : value_null(arena);
	struct str sub, name, urn;
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != ':')
		n--;
	urn = str_sub(path, 0, n > 0 ? n - 1 : 0);
	sub = str_sub(path, n, path.n);
	name = str_cut(&sub, '.');
	if (*all == NULL)
		*all = value_object(arena);
	of = object_at(arena, *all, urn);
	part = sub.p != NULL ? object_at(arena, of, name) : of;
	value_put(part, sub.p != NULL ? sub : name, v);
}

/* Made, where there is none. */
static struct value *
object_at(struct arena *arena, struct value *in, struct str name)
{
	struct value *v = value_get(in, name);

	if (v != NULL && v->type == JS_OBJECT)
		return v;
	v = value_object(arena);
	value_put(in, name, v);
	return v;
}

/* --- settling ------------------------------------------------------------------- */

enum err
extension_settle(struct ctx *cx, const struct catalogue *c,
    const struct declared_type *of, struct str before, struct str after,
    struct str *out)
{
	struct ctx own = *cx;
	struct value *is;
	enum err err;

	*out = after;
	if (str_eq(before, after))
		return OK;
	own.arena = arena_open(SCRATCH_MEMORY);
	is = read_object(&own, after);
	err = settle(&own, c, of, read_object(&own, before), is);
	*out = (struct str) { NULL, 0 };
	if (err != OK)
		keep_fault(cx, &own.fault);
	else if (is->first != NULL)
		*out = str_copy(cx->arena, extension_text(own.arena, is));
	arena_close(own.arena);
	return err;
}

static enum err
settle(struct ctx *cx, const struct catalogue *c,
    const struct declared_type *of, const struct value *was,
    struct value *is)
{
	struct value *next;

	for (struct value *v = is->first; v != NULL; v = next) {
		const struct scim_schema *schema = schema_of(c, of, v->name);
		const struct value *old = value_get(was, v->name);

		next = v->next;
		if (schema == NULL) {
			drop_empty(v);
			if (!value_is_empty(v) && !is_same(old, v))
				return refuse(
				    cx, MSG_ATTR_UNKNOWN, v->name, NULL);
		} else {
			v->name = str_of(schema->id);
			TRY(settle_schema(cx, schema, old, v));
		}
		if (value_is_empty(v))
			value_drop(is, v);
	}
	TRY(keep_rest(cx, c, of, was, is));
	TRY(check_keys(cx, c, of, is));
	/* What catalogues left behind counts as well: what is stored must be read again. */
	return check_form(cx, is, 0);
}

/* Its texts stand in an arena that ends. */
static void
keep_fault(struct ctx *cx, const struct fault *fault)
{
	cx->fault = *fault;
	cx->fault.field = str_copy(cx->arena, fault->field);
	for (size_t i = 0; i < COUNT(fault->args); i++)
		cx->fault.args[i] = str_copy(cx->arena, fault->args[i]);
}

/*
 * What is not said any more: of a declared schema it goes, if it may; what is
 * not declared at present stays for when it is again.
 */
static enum err
keep_rest(struct ctx *cx, const struct catalogue *c,
    const struct declared_type *of, const struct value *was, struct value *is)
{
	const struct value *none = value_object(cx->arena);

	for (const struct value *v = was->first; v != NULL; v = v->next) {
		const struct scim_schema *schema = schema_of(c, of, v->name);

		if (value_get(is, v->name) != NULL)
			continue;
		if (schema == NULL)
			value_put(is, v->name, value_copy(cx->arena, v));
		else
			TRY(check_kept(cx, schema, v, none));
	}
	return OK;
}

static const struct scim_schema *
schema_of(
    const struct catalogue *c, const struct declared_type *of, struct str urn)
{
	for (size_t i = 0; of == NULL && i < c->nschema; i++)
		if (!c->schema[i].is_of_resources &&
		    str_eq_nocase(urn, str_of(c->schema[i].schema.id)))
			return &c->schema[i].schema;
	if (of == NULL)
		return NULL;
	if (str_eq_nocase(urn, str_of(of->resource.schema->id)))
		return of->resource.schema;
	for (size_t i = 0; of->resource.extension[i] != NULL; i++)
		if (str_eq_nocase(urn, str_of(of->resource.extension[i]->id)))
			return of->resource.extension[i];
	return NULL;
}

static bool
is_same(const struct value *old, const struct value *v)
{
	return old != NULL && v != NULL && value_eq(old, v);
}

/* Members that are null, or hold nothing. */
static void
drop_empty(struct value *v)
{
	struct value *next;

	for (struct value *c = v->first; c != NULL; c = next) {
		next = c->next;
		drop_empty(c);
		if (value_is_empty(c))
			value_drop(v, c);
	}
}

static enum err
settle_schema(struct ctx *cx, const struct scim_schema *schema,
    const struct value *before, struct value *after)
{
	struct value *next;

	if (is_same(before, after))
		return OK;
	drop_empty(after);
	for (struct value *v = after->first; v != NULL; v = next) {
		const struct scim_attr *attr =
		    scim_attr_find(schema->attr, v->name);

		next = v->next;
		if (is_same(value_get(before, v->name), v))
			continue;
		if (attr == NULL)
			return refuse(cx, MSG_ATTR_UNKNOWN,
			    path_of(cx->arena, schema, v->name), NULL);
		v->name = str_of(attr->name);
		TRY(settle_attr(cx, schema, attr, v));
		if (value_is_empty(v))
			value_drop(after, v);
	}
	return check_kept(cx, schema, before, after);
}

/* All schemas together have no more of what is indexed than is found again. */
static enum err
check_keys(struct ctx *cx, const struct catalogue *c,
    const struct declared_type *of, const struct value *all)
{
	struct extension_key key[EXTENSION_KEYS_MAX + 1];
	size_t n = 0;

	for (const struct value *v = all->first; v != NULL; v = v->next) {
		const struct scim_schema *schema = schema_of(c, of, v->name);

		if (schema != NULL)
			n = schema_keys(cx, schema, v, key, n, COUNT(key));
	}
	if (n <= EXTENSION_KEYS_MAX)
		return OK;
	return refuse(cx, MSG_DOC_LARGE, STR(ROOT), NULL);
}

/* Who has anything of a schema has what it requires; what is immutable stays as it was first. */
static enum err
check_kept(struct ctx *cx, const struct scim_schema *schema,
    const struct value *before, const struct value *after)
{
	for (const struct scim_attr *a = schema->attr; a->name != NULL; a++) {
		const struct value *was = value_get(before, str_of(a->name));
		const struct value *is = value_get(after, str_of(a->name));
		struct str path = path_of(cx->arena, schema, str_of(a->name));

		if ((a->flags & SCIM_REQUIRED) != 0 && is == NULL &&
		    after->first != NULL)
			return refuse(cx, MSG_SCIM_REQUIRED, path, a);
		if (a->mutability == SCIM_IMMUTABLE && was != NULL &&
		    fits(a, was) && !is_same(was, is))
			return refuse(cx, MSG_SCIM_IMMUTABLE, path, a);
	}
	return OK;
}

static enum err
settle_attr(struct ctx *cx, const struct scim_schema *schema,
    const struct scim_attr *attr, struct value *v)
{
	return settle_values(cx, attr,
	    path_of(cx->arena, schema, str_of(attr->name)), v);
}

/* One where many may be is a list of one. */
static enum err
settle_values(struct ctx *cx, const struct scim_attr *attr, struct str path,
    struct value *v)
{
	bool is_multi = (attr->flags & SCIM_MULTI) != 0;
	size_t n = 0;

	if (is_multi && v->type != JS_ARRAY) {
		struct value *one = value_copy(cx->arena, v);

		v->type = JS_ARRAY;
		v->first = v->last = NULL;
		value_add(v, one);
	}
	if (!is_multi)
		return settle_value(cx, attr, path, v);
	for (struct value *e = v->first; e != NULL; e = e->next, n++)
		TRY(settle_value(cx, attr, path, e));
	if (n > EXTENSION_VALUES_MAX)
		return refuse(cx, MSG_DOC_LARGE, path, attr);
	return OK;
}

static enum err
settle_value(struct ctx *cx, const struct scim_attr *attr, struct str path,
    struct value *v)
{
	if (attr->type == SCIM_COMPLEX)
		return settle_parts(cx, attr, path, v);
	if (v->type == JS_STRING)
		read_word(attr, v);
	if (v->type == JS_STRING)
		TRY(settle_text(cx, attr, path, v));
	/* A text that has become empty is an absent one. */
	if (!value_is_empty(v) && !fits_one(attr, v))
		return refuse(cx, MSG_SCIM_TYPE, path, attr);
	return OK;
}

/* Files, and some clients, have nothing but texts. */
static void
read_word(const struct scim_attr *attr, struct value *v)
{
	int64_t n;

	if (attr->type == SCIM_BOOLEAN &&
	    (str_eq_nocase(v->text, STR("true")) ||
		str_eq_nocase(v->text, STR("false")))) {
		v->is_true = str_eq_nocase(v->text, STR("true"));
		v->type = JS_BOOL;
	} else if ((attr->type == SCIM_INTEGER || attr->type == SCIM_DECIMAL) &&
	    str_int(v->text, &n)) {
		v->number = n;
		v->type = JS_INT;
	}
}

/* What is indexed is as short as a name: the index compares whole values. */
static enum err
settle_text(struct ctx *cx, const struct scim_attr *attr, struct str path,
    struct value *v)
{
	bool is_indexed = (attr->flags & (SCIM_UNIQUE | SCIM_SEARCH)) != 0;

	return attr_text(cx, path, v->text,
	    is_indexed ? NAME_MAX_CHARS : VALUE_CHARS_MAX, &v->text);
}

static enum err
settle_parts(struct ctx *cx, const struct scim_attr *attr, struct str path,
    struct value *v)
{
	if (v->type != JS_OBJECT)
		return refuse(cx, MSG_SCIM_TYPE, path, attr);
	for (struct value *part = v->first; part != NULL; part = part->next) {
		const struct scim_attr *sub =
		    scim_attr_find(attr->sub, part->name);
		struct str at = str_fmt(
		    cx->arena, "%.*s.%.*s", STR_ARG(path), STR_ARG(part->name));

		if (sub == NULL)
			return refuse(cx, MSG_ATTR_UNKNOWN, at, NULL);
		part->name = str_of(sub->name);
		TRY(settle_values(cx, sub, at, part));
	}
	for (const struct scim_attr *sub = attr->sub; sub->name != NULL; sub++)
		if ((sub->flags & SCIM_REQUIRED) != 0 &&
		    value_get(v, str_of(sub->name)) == NULL)
			return refuse(cx, MSG_SCIM_REQUIRED,
			    str_fmt(
				cx->arena, "%.*s.%s", STR_ARG(path), sub->name),
			    sub);
	return OK;
}

/* --- what is of the declared type -------------------------------------------------- */

static bool
fits(const struct scim_attr *attr, const struct value *v)
{
	if ((attr->flags & SCIM_MULTI) == 0)
		return fits_one(attr, v);
	for (const struct value *e = v->first; v->type == JS_ARRAY && e != NULL;
	     e = e->next)
		if (!fits_one(attr, e))
			return false;
	return v->type == JS_ARRAY;
}

static bool
fits_one(const struct scim_attr *attr, const struct value *v)
{
	int64_t ms;

	switch (attr->type) {
	case SCIM_BOOLEAN:
		return v->type == JS_BOOL;
	case SCIM_INTEGER:
		return v->type == JS_INT;
	case SCIM_DECIMAL:
		return v->type == JS_INT || v->type == JS_REAL;
	case SCIM_DATE_TIME:
		return v->type == JS_STRING && time_parse(v->text, &ms);
	case SCIM_STRING:
		return v->type == JS_STRING;
	case SCIM_REFERENCE:
		return v->type == JS_STRING && is_uri(v->text);
	case SCIM_COMPLEX:
		break;
	}
	for (const struct value *part = v->first;
	     v->type == JS_OBJECT && part != NULL; part = part->next) {
		const struct scim_attr *sub =
		    scim_attr_find(attr->sub, part->name);

		if (sub != NULL && !fits(sub, part))
			return false;
	}
	return v->type == JS_OBJECT;
}

/* Absolute or relative: nothing but what RFC 3986 section 2 lets stand in one. */
static bool
is_uri(struct str text)
{
	static const char marks[] = "-._~:/?#[]@!$&'()*+,;=";

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '%' && i + 2 < text.n &&
		    isxdigit((unsigned char)text.p[i + 1]) &&
		    isxdigit((unsigned char)text.p[i + 2]))
			i += 2;
		else if (!isalnum((unsigned char)text.p[i]) &&
		    (text.p[i] == '\0' || strchr(marks, text.p[i]) == NULL))
			return false;
	}
	return text.n > 0;
}

struct value *
extension_shown(struct ctx *cx, const struct catalogue *c, struct str text)
{
	struct value *all, *out = value_object(cx->arena);

	if (text.n == 0 || c->nschema == 0)
		return NULL;
	all = read_object(cx, text);
	for (const struct value *v = all->first; v != NULL; v = v->next) {
		const struct scim_schema *schema =
		    catalogue_schema_urn(c, v->name);
		struct value *of = schema != NULL
		    ? shown_members(cx->arena, schema->attr, v)
		    : NULL;

		if (of != NULL && of->first != NULL)
			value_put(out, str_of(schema->id), of);
	}
	return out->first != NULL ? out : NULL;
}

static struct value *
shown_members(struct arena *arena, const struct scim_attr *attrs,
    const struct value *from)
{
	struct value *out = value_object(arena);

	for (const struct value *v = from->first; v != NULL; v = v->next) {
		const struct scim_attr *a = scim_attr_find(attrs, v->name);
		struct value *made;

		if (a == NULL || !fits(a, v))
			continue;
		if (a->type != SCIM_COMPLEX)
			made = value_copy(arena, v);
		else if (v->type == JS_OBJECT)
			made = shown_members(arena, a->sub, v);
		else {
			made = value_array(arena);
			for (const struct value *e = v->first; e != NULL;
			     e = e->next)
				value_add(
				    made, shown_members(arena, a->sub, e));
		}
		value_put(out, str_of(a->name), made);
	}
	return out;
}

/* --- the index --------------------------------------------------------------------- */

size_t
extension_keys(struct ctx *cx, const struct catalogue *c, struct str text,
    struct extension_key *out)
{
	struct ctx own = *cx;
	struct value *all;
	size_t n = 0;

	if (text.n == 0 || c->nschema == 0)
		return 0;
	own.arena = arena_open(SCRATCH_MEMORY);
	all = read_object(&own, text);
	for (const struct value *v = all->first; v != NULL; v = v->next) {
		const struct scim_schema *schema =
		    catalogue_schema_urn(c, v->name);

		if (schema != NULL)
			n = schema_keys(
			    &own, schema, v, out, n, EXTENSION_KEYS_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		out[i].path = str_copy(cx->arena, out[i].path);
		out[i].text = str_copy(cx->arena, out[i].text);
	}
	arena_close(own.arena);
	return n;
}

bool
extension_has_key(
    struct ctx *cx, const struct catalogue *c, struct str text, struct str key)
{
	struct extension_key own[EXTENSION_KEYS_MAX];
	struct ctx scratch = *cx;
	bool has = false;
	size_t n;

	scratch.arena = arena_open(SCRATCH_MEMORY);
	n = extension_keys(&scratch, c, text, own);
	for (size_t i = 0; i < n; i++)
		has |= str_eq(own[i].text, key);
	arena_close(scratch.arena);
	return has;
}

static size_t
schema_keys(struct ctx *cx, const struct scim_schema *schema,
    const struct value *of, struct extension_key *key, size_t n, size_t max)
{
	for (const struct value *v = of->first; v != NULL; v = v->next) {
		const struct scim_attr *a =
		    scim_attr_find(schema->attr, v->name);

		if (a != NULL && fits(a, v))
			n = add_keys(cx, schema, a, v, key, n, max);
	}
	return n;
}

/* Behind the N that are there, up to MAX. */
static size_t
add_keys(struct ctx *cx, const struct scim_schema *schema,
    const struct scim_attr *attr, const struct value *v,
    struct extension_key *key, size_t n, size_t max)
{
	const struct value *e = v->type == JS_ARRAY ? v->first : v;

	if ((attr->flags & (SCIM_UNIQUE | SCIM_SEARCH)) == 0)
		return n;
	for (; e != NULL; e = v->type == JS_ARRAY ? e->next : NULL) {
		struct extension_key one;
		size_t i = 0;

		key_make(cx, schema, attr,
		    e->type == JS_INT
			? str_fmt(cx->arena, "%lld", (long long)e->number)
			: e->text,
		    &one);
		while (i < n && !str_eq(key[i].text, one.text))
			i++;
		if (i == n && n < max)
			key[n++] = one;
	}
	return n;
}

static void
key_make(struct ctx *cx, const struct scim_schema *schema,
    const struct scim_attr *attr, struct str value, struct extension_key *out)
{
	struct str path, key = value;

	out->path = path_of(cx->arena, schema, str_of(attr->name));
	if (!canon_key(cx->arena, out->path, &path))
		path = str_of(attr->name);
	if ((attr->flags & SCIM_EXACT) == 0 &&
	    !canon_key(cx->arena, value, &key))
		key = value;
	out->is_unique = (attr->flags & SCIM_UNIQUE) != 0;
	out->text =
	    str_fmt(cx->arena, "%.*s\n%.*s", STR_ARG(path), STR_ARG(key));
}

bool
extension_asked(struct ctx *cx, const struct catalogue *c, struct str path,
    struct str value, struct extension_key *out)
{
	const struct scim_schema *schema;
	const struct scim_attr *attr = catalogue_attribute(c, path, &schema);
	struct str stored;

	if (attr == NULL || (attr->flags & (SCIM_UNIQUE | SCIM_SEARCH)) == 0)
		return false;
	if (!canon_store(cx->arena, str_trim(value), NAME_MAX_CHARS, &stored))
		stored = value;
	key_make(cx, schema, attr, stored, out);
	return true;
}

static struct str
path_of(struct arena *arena, const struct scim_schema *schema, struct str name)
{
	return str_fmt(arena, "%s:%.*s", schema->id, STR_ARG(name));
}

static enum err
refuse(
    struct ctx *cx, enum msg msg, struct str path, const struct scim_attr *attr)
{
	const char *at = str_z(cx->arena, path);

	return fail(cx, ERR_BAD_INPUT, msg, at, at,
	    attr != NULL ? scim_type_name(attr->type) : "");
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/js.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/js_int.h"

/* Which of our messages says what jansson found. */
static const struct complaint {
	enum json_error_code code;
	enum msg	     msg;
} complaints[] = {
	{ json_error_premature_end_of_input, MSG_JSON_UNFINISHED },
	{ json_error_end_of_input_expected, MSG_JSON_TRAILING },
	{ json_error_duplicate_key, MSG_JSON_DUPLICATE_KEY },
	{ json_error_invalid_utf8, MSG_JSON_ENCODING },
	{ json_error_null_character, MSG_JSON_NUL },
	{ json_error_null_byte_in_key, MSG_JSON_NUL },
	{ json_error_numeric_overflow, MSG_JSON_NUMBER },
};

static size_t values_at_most(struct str);
static enum err complain(struct ctx *, struct str, const json_error_t *);
static enum err refuse(struct ctx *, enum msg, int, int);
static enum err too_deep(struct ctx *, struct str);
static bool convert(struct arena *, json_t *, unsigned, struct js *);
static bool convert_array(struct arena *, json_t *, unsigned, struct js *);
static bool convert_object(struct arena *, json_t *, unsigned, struct js *);
static void put_raw(struct js_out *, const char *, size_t);
static void open_with(struct js_out *, enum js_type, const char *);
static void close_with(struct js_out *, const char *);
static void put_quoted_raw(struct js_out *, const char *, size_t);
static void put_quoted(struct buf *, struct str);
static void put_escape(struct buf *, unsigned char);

enum err
js_parse(struct ctx *cx, struct str text, const struct js **out)
{
	struct js *top = arena_alloc(cx->arena, sizeof(*top));
	json_error_t error;
	json_t *root;
	bool is_shallow;

	if (text.n > JS_TEXT_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_JSON_TOO_LARGE, NULL);
	if (values_at_most(text) > JS_VALUES_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_JSON_TOO_MANY, NULL);
	root = json_loadb(text.n == 0 ? "" : text.p, text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (root == NULL)
		return complain(cx, text, &error);
	is_shallow = convert(cx->arena, root, 0, top);
	json_decref(root);
	if (!is_shallow)
		return too_deep(cx, text);
	*out = top;
	return OK;
}

/*
 * Looked at before anything is built: each value but the first follows one of
 * these.  What is not JSON counts until it stops being that.
 */
static size_t
values_at_most(struct str text)
{
	bool in_string = false;
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string)
			n += c == ',' || c == '[' || c == '{';
	}
	return n;
}

static enum err
complain(struct ctx *cx, struct str text, const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);
	enum msg msg = MSG_JSON_SYNTAX;

	if (code == json_error_out_of_memory)
		fatal("no memory to read JSON");
	if (code == json_error_stack_overflow)
		return too_deep(cx, text);
	for (size_t i = 0; i < COUNT(complaints); i++)
		if (complaints[i].code == code)
			msg = complaints[i].msg;
	return refuse(cx, msg, error->line, error->column);
}

static enum err
refuse(struct ctx *cx, enum msg msg, int line, int column)
{
	char at_line[16], at_column[16];

	snprintf(at_line, sizeof(at_line), "%d", line < 1 ? 1 : line);
	snprintf(at_column, sizeof(at_column), "%d", column < 1 ? 1 : column);
	return fail(cx, ERR_BAD_INPUT, msg, NULL, at_line, at_column);
}

/* Finds the bracket that is one too many; up to there TEXT is sound. */
static enum err
too_deep(struct ctx *cx, struct str text)
{
	int line = 1, column = 0, depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		column += (c & 0xc0) != 0x80;
		if (c == '\n') {
			line++;
			column = 0;
		} else if (in_string && c == '\\') {
			i++;
			column++;
		} else if (c == '"') {
			in_string = !in_string;
		} else if (!in_string && (c == '[' || c == '{')) {
			if (++depth > JS_DEPTH_MAX)
				break;
		} else if (!in_string && (c == ']' || c == '}')) {
			depth--;
		}
	}
	return refuse(cx, MSG_JSON_TOO_DEEP, line, column);
}

/* false: nested too deep. */
static bool
convert(struct arena *a, json_t *from, unsigned depth, struct js *to)
{
	switch (json_typeof(from)) {
	case JSON_OBJECT:
		return convert_object(a, from, depth + 1, to);
	case JSON_ARRAY:
		return convert_array(a, from, depth + 1, to);
	case JSON_STRING:
		to->type = JS_STRING;
		to->n = json_string_length(from);
		to->p = arena_copy(a, json_string_value(from), to->n);
		return true;
	case JSON_INTEGER:
		to->type = JS_INT;
		to->number = json_integer_value(from);
		return true;
	case JSON_REAL:
		to->type = JS_REAL;
		to->real = json_real_value(from);
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		to->type = JS_BOOL;
		to->is_true = json_is_true(from);
		return true;
	case JSON_NULL:
		break;
	}
	to->type = JS_NULL;
	return true;
}

static bool
convert_array(struct arena *a, json_t *from, unsigned depth, struct js *to)
{
	if (depth > JS_DEPTH_MAX)
		return false;
	to->type = JS_ARRAY;
	to->n = json_array_size(from);
	to->items = arena_array(a, to->n, sizeof(to->items[0]));
	for (size_t i = 0; i < to->n; i++)
		if (!convert(a, json_array_get(from, i), depth, &to->items[i]))
			return false;
	return true;
}

static bool
convert_object(struct arena *a, json_t *from, unsigned depth, struct js *to)
{
	size_t i = 0;

	if (depth > JS_DEPTH_MAX)
		return false;
	to->type = JS_OBJECT;
	to->n = json_object_size(from);
	to->items = arena_array(a, to->n, sizeof(to->items[0]));
	to->keys = arena_array(a, to->n, sizeof(to->keys[0]));
	for (void *at = json_object_iter(from); at != NULL;
	     at = json_object_iter_next(from, at)) {
		to->keys[i].n = json_object_iter_key_len(at);
		to->keys[i].p =
		    arena_copy(a, json_object_iter_key(at), to->keys[i].n);
		if (!convert(
			a, json_object_iter_value(at), depth, &to->items[i]))
			return false;
		i++;
	}
	return true;
}

enum js_type
js_type(const struct js *v)
{
	return v->type;
}

bool
js_bool(const struct js *v)
{
	must(v->type == JS_BOOL);
	return v->is_true;
}

int64_t
js_int(const struct js *v)
{
	must(v->type == JS_INT);
	return v->number;
}

double
js_real(const struct js *v)
{
	must(v->type == JS_INT || v->type == JS_REAL);
	return v->type == JS_INT ? (double)v->number : v->real;
}

struct str
js_str(const struct js *v)
{
	must(v->type == JS_STRING);
	return (struct str) { v->p, v->n };
}

size_t
js_count(const struct js *v)
{
	return v->type == JS_ARRAY || v->type == JS_OBJECT ? v->n : 0;
}

const struct js *
js_at(const struct js *array, size_t i)
{
	must(array->type == JS_ARRAY && i < array->n);
	return &array->items[i];
}

const struct js *
js_get(const struct js *object, const char *key)
{
	struct str want = str_of(key);

	if (object->type != JS_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->n; i++)
		if (str_eq(object->keys[i], want))
			return &object->items[i];
	return NULL;
}

const struct js *
js_member(const struct js *object, size_t i, struct str *key)
{
	must(object->type == JS_OBJECT && i < object->n);
	*key = object->keys[i];
	return &object->items[i];
}

const struct js *
js_without(struct arena *a, const struct js *object, const char *key)
{
	struct str unwanted = str_of(key);
	struct js *rest;

	if (object->type != JS_OBJECT)
		return object;
	rest = arena_copy(a, object, sizeof(*object));
	rest->items = arena_array(a, object->n, sizeof(rest->items[0]));
	rest->keys = arena_array(a, object->n, sizeof(rest->keys[0]));
	rest->n = 0;
	for (size_t i = 0; i < object->n; i++) {
		if (str_eq(object->keys[i], unwanted))
			continue;
		rest->keys[rest->n] = object->keys[i];
		rest->items[rest->n++] = object->items[i];
	}
	return rest;
}

void
js_begin(struct js_out *o, struct buf *b)
{
	*o = (struct js_out) { .b = b };
}

void
js_open_object(struct js_out *o)
{
	open_with(o, JS_OBJECT, "{");
}

void
js_close_object(struct js_out *o)
{
	close_with(o, "}");
}

void
js_open_array(struct js_out *o)
{
	open_with(o, JS_ARRAY, "[");
}

void
js_close_array(struct js_out *o)
{
	close_with(o, "]");
}

static void
open_with(struct js_out *o, enum js_type type, const char *bracket)
{
	if (o->tree != NULL) {
		tree_open(o->tree, type);
		return;
	}
	put_raw(o, bracket, 1);
	o->needs_comma = false;
}

static void
close_with(struct js_out *o, const char *bracket)
{
	if (o->tree != NULL) {
		tree_close(o->tree);
		return;
	}
	buf_bytes(o->b, bracket, 1);
	o->needs_comma = true;
}

/* One value, already JSON. */
static void
put_raw(struct js_out *o, const char *json, size_t n)
{
	must(o->tree == NULL);
	if (o->needs_comma)
		buf_bytes(o->b, ",", 1);
	buf_bytes(o->b, json, n);
	o->needs_comma = true;
}

void
js_key(struct js_out *o, const char *key)
{
	js_key_str(o, str_of(key));
}

void
js_key_str(struct js_out *o, struct str key)
{
	if (o->tree != NULL) {
		tree_key(o->tree, key);
		return;
	}
	js_put_str(o, key);
	buf_bytes(o->b, ":", 1);
	o->needs_comma = false;
}

void
js_put_str(struct js_out *o, struct str s)
{
	if (o->tree != NULL) {
		tree_put_text(o->tree, s);
		return;
	}
	put_raw(o, "\"", 1);
	put_quoted(o->b, s);
	buf_bytes(o->b, "\"", 1);
}

static void
put_quoted(struct buf *b, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_bytes(b, s.p + from, i - from);
		put_escape(b, c);
		from = i + 1;
	}
	if (from < s.n)
		buf_bytes(b, s.p + from, s.n - from);
}

static void
put_escape(struct buf *b, unsigned char c)
{
	static const char special[] = "\"\\\b\f\n\r\t", as[] = "\"\\bfnrt";
	const char *at = c == '\0' ? NULL : strchr(special, c);

	if (at == NULL) {
		buf_fmt(b, "\\u%04x", c);
		return;
	}
	buf_bytes(b, "\\", 1);
	buf_bytes(b, &as[at - special], 1);
}

void
js_put_z(struct js_out *o, const char *z)
{
	js_put_str(o, str_of(z));
}

void
js_put_int(struct js_out *o, int64_t v)
{
	char text[24], *p = text + sizeof(text);
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (o->tree != NULL) {
		tree_put(o->tree,
		    &(const struct js) { .type = JS_INT, .number = v });
		return;
	}
	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (v < 0)
		*--p = '-';
	put_raw(o, p, (size_t)(text + sizeof(text) - p));
}

/* So many digits that the same number is read again. */
void
js_put_real(struct js_out *o, double v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%.17g", v);

	if (o->tree != NULL)
		tree_put(
		    o->tree, &(const struct js) { .type = JS_REAL, .real = v });
	else
		put_raw(o, text, (size_t)n);
}

void
js_put_bool(struct js_out *o, bool v)
{
	if (o->tree != NULL)
		tree_put(o->tree,
		    &(const struct js) { .type = JS_BOOL, .is_true = v });
	else
		js_put_raw(o, v ? STR("true") : STR("false"));
}

void
js_put_null(struct js_out *o)
{
	if (o->tree != NULL)
		tree_put(o->tree, &(const struct js) { .type = JS_NULL });
	else
		js_put_raw(o, STR("null"));
}

void
js_put_id(struct js_out *o, int64_t id)
{
	char text[1 + ID_TEXT + 1] = { '"', [1 + ID_TEXT] = '"' };

	if (id == 0) {
		js_put_null(o);
		return;
	}
	id_encode(id, text + 1);
	put_quoted_raw(o, text, sizeof(text));
}

void
js_put_time(struct js_out *o, int64_t ms)
{
	char text[1 + TIME_TEXT + 1] = { '"', [1 + TIME_TEXT] = '"' };

	if (ms == 0) {
		js_put_null(o);
		return;
	}
	time_encode(ms, text + 1);
	put_quoted_raw(o, text, sizeof(text));
}

void
js_put_date(struct js_out *o, int32_t day)
{
	char text[1 + DATE_TEXT + 1] = { '"', [1 + DATE_TEXT] = '"' };

	date_encode(day, text + 1);
	put_quoted_raw(o, text, sizeof(text));
}

/* A text with its quotes, in which nothing is to be escaped. */
static void
put_quoted_raw(struct js_out *o, const char *quoted, size_t n)
{
	if (o->tree != NULL)
		tree_put_text(o->tree, (struct str) { quoted + 1, n - 2 });
	else
		put_raw(o, quoted, n);
}

void
js_put_raw(struct js_out *o, struct str json)
{
	put_raw(o, json.p, json.n);
}

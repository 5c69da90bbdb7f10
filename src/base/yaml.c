/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/js_int.h"

#define TEXT_MAX   (4u * 1024 * 1024)
#define NUMBER_MAX 64 /* bytes of the longest spelling of a number */

/* A text being read; one event is held at a time. */
struct reader {
	struct ctx   *cx;
	yaml_parser_t parser;
	yaml_event_t  event;
	bool	      has_event;
	unsigned      depth;
	size_t	      values;
};

/* A key and where it stands, to find one that comes twice. */
struct place {
	struct str  key;
	yaml_mark_t mark;
};

/* What has been read of a list or a mapping. */
struct members {
	struct js    *items;
	struct place *places;	/* of the keys of a mapping */
	size_t	      n, cap;
};

static enum err document(struct reader *, struct js *);
static enum err next(struct reader *);
static enum err value(struct reader *, struct js *);
static enum err sequence(struct reader *, struct js *);
static enum err mapping(struct reader *, struct js *);
static enum err enter(struct reader *);
static enum err keys_differ(struct reader *, struct members *);
static int place_order(const void *, const void *);
static struct js *add(struct arena *, struct members *, struct place);
static enum err scalar_text(struct reader *, struct str *);
static enum err scalar(struct reader *, struct js *);
static bool core_word(struct str, struct js *);
static bool core_int(struct str, struct js *, bool *);
static int digit(char);
static bool core_real(struct str, struct js *);
static size_t digits_at(struct str, size_t);
static enum err refuse(struct reader *, enum msg, yaml_mark_t);
static enum err plain_only(struct reader *);

enum err
yaml_parse(struct ctx *cx, struct str text, const struct js **out)
{
	struct reader r = { .cx = cx };
	struct js *top = arena_alloc(cx->arena, sizeof(*top));
	enum err err;

	if (text.n > TEXT_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_YAML_TOO_LARGE, NULL);
	if (!str_utf8(text))
		return fail(cx, ERR_BAD_INPUT, MSG_YAML_ENCODING, NULL);
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_sub(text, 3, text.n);
	if (!yaml_parser_initialize(&r.parser))
		fatal("no memory to read YAML");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser,
	    (const unsigned char *)(text.n == 0 ? "" : text.p), text.n);

	err = document(&r, top);
	if (r.has_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (err == OK)
		*out = top;
	return err;
}

int
js_line(const struct js *v)
{
	return (int)v->line;
}

/* A text without a document is null. */
static enum err
document(struct reader *r, struct js *top)
{
	TRY(next(r));
	TRY(next(r));
	top->type = JS_NULL;
	top->line = 1;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return OK;
	TRY(next(r));
	TRY(value(r, top));
	TRY(next(r));
	TRY(next(r));
	if (r->event.type != YAML_STREAM_END_EVENT)
		return refuse(r, MSG_YAML_DOCUMENTS, r->event.start_mark);
	return OK;
}

static enum err
next(struct reader *r)
{
	if (r->has_event)
		yaml_event_delete(&r->event);
	r->has_event = yaml_parser_parse(&r->parser, &r->event) != 0;
	if (r->has_event)
		return OK;
	if (r->parser.error == YAML_MEMORY_ERROR)
		fatal("no memory to read YAML");
	/* The text is UTF-8: only a forbidden character is left to find. */
	if (r->parser.error == YAML_READER_ERROR)
		return refuse(r, MSG_YAML_CHARACTER, r->parser.mark);
	return refuse(r, MSG_YAML_SYNTAX, r->parser.problem_mark);
}

static enum err
refuse(struct reader *r, enum msg msg, yaml_mark_t mark)
{
	char line[24], column[24];

	snprintf(line, sizeof(line), "%zu", mark.line + 1);
	snprintf(column, sizeof(column), "%zu", mark.column + 1);
	return fail(r->cx, ERR_BAD_INPUT, msg, NULL, line, column);
}

/* The value that the present event begins. */
static enum err
value(struct reader *r, struct js *to)
{
	TRY(plain_only(r));
	if (++r->values > JS_VALUES_MAX)
		return refuse(r, MSG_YAML_TOO_MANY, r->event.start_mark);
	to->line = (uint32_t)r->event.start_mark.line + 1;
	if (r->event.type == YAML_SEQUENCE_START_EVENT)
		return sequence(r, to);
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return mapping(r, to);
	return scalar(r, to);
}

/* No anchors, aliases or tags; "!" alone is a tag as well. */
static enum err
plain_only(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor != NULL || e->type == YAML_ALIAS_EVENT)
		return refuse(r, MSG_YAML_ANCHOR, e->start_mark);
	if (tag != NULL)
		return refuse(r, MSG_YAML_TAG, e->start_mark);
	return OK;
}

static enum err
sequence(struct reader *r, struct js *to)
{
	struct members m = { .n = 0 };

	TRY(enter(r));
	for (;;) {
		TRY(next(r));
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		TRY(value(r, add(r->cx->arena, &m, (struct place) { 0 })));
	}
	r->depth--;
	to->type = JS_ARRAY;
	to->n = m.n;
	to->items = m.items;
	return OK;
}

static enum err
enter(struct reader *r)
{
	if (++r->depth > JS_DEPTH_MAX)
		return refuse(r, MSG_YAML_TOO_DEEP, r->event.start_mark);
	return OK;
}

static enum err
mapping(struct reader *r, struct js *to)
{
	struct members m = { .n = 0 };

	TRY(enter(r));
	for (;;) {
		struct place at;
		struct js *item;

		TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		TRY(plain_only(r));
		at.mark = r->event.start_mark;
		if (r->event.type != YAML_SCALAR_EVENT)
			return refuse(r, MSG_YAML_KEY, at.mark);
		TRY(scalar_text(r, &at.key));
		at.key = str_copy(r->cx->arena, at.key);
		item = add(r->cx->arena, &m, at);
		TRY(next(r));
		TRY(value(r, item));
	}
	r->depth--;
	to->type = JS_OBJECT;
	to->n = m.n;
	to->items = m.items;
	to->keys = arena_array(r->cx->arena, m.n, sizeof(to->keys[0]));
	for (size_t i = 0; i < m.n; i++)
		to->keys[i] = m.places[i].key;
	return keys_differ(r, &m);
}

static struct js *
add(struct arena *a, struct members *m, struct place at)
{
	if (m->n == m->cap) {
		struct members old = *m;

		m->cap = old.cap == 0 ? 8 : 2 * old.cap;
		m->items = arena_array(a, m->cap, sizeof(m->items[0]));
		m->places = arena_array(a, m->cap, sizeof(m->places[0]));
		for (size_t i = 0; i < old.n; i++) {
			m->items[i] = old.items[i];
			m->places[i] = old.places[i];
		}
	}
	m->places[m->n] = at;
	return &m->items[m->n++];
}

/* Sorted rather than compared pairwise: a mapping may have 100,000 keys. */
static enum err
keys_differ(struct reader *r, struct members *m)
{
	if (m->n < 2)
		return OK;
	qsort(m->places, m->n, sizeof(m->places[0]), place_order);
	for (size_t i = 1; i < m->n; i++)
		if (str_eq(m->places[i].key, m->places[i - 1].key))
			return refuse(
			    r, MSG_YAML_DUPLICATE_KEY, m->places[i].mark);
	return OK;
}

static int
place_order(const void *a, const void *b)
{
	const struct place *one = a, *two = b;
	int order = str_cmp(one->key, two->key);

	if (order != 0)
		return order;
	return (one->mark.index > two->mark.index) -
	    (one->mark.index < two->mark.index);
}

/* An escape ("\0") brings back the NUL that the text itself must not have. */
static enum err
scalar_text(struct reader *r, struct str *text)
{
	*text = (struct str) { (const char *)r->event.data.scalar.value,
		r->event.data.scalar.length };
	if (str_find(*text, '\0') < text->n)
		return refuse(r, MSG_YAML_CHARACTER, r->event.start_mark);
	return OK;
}

static enum err
scalar(struct reader *r, struct js *to)
{
	bool is_plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	bool is_too_big = false;
	struct str text;

	TRY(scalar_text(r, &text));
	if (is_plain && core_word(text, to))
		return OK;
	if (is_plain && core_int(text, to, &is_too_big))
		return OK;
	if (is_too_big)
		return refuse(r, MSG_YAML_NUMBER, r->event.start_mark);
	if (is_plain && core_real(text, to))
		return OK;
	text = str_copy(r->cx->arena, text);
	to->type = JS_STRING;
	to->p = text.p;
	to->n = text.n;
	return OK;
}

/* YAML 1.2.2, 10.3.2: null and bool. */
static bool
core_word(struct str text, struct js *to)
{
	static const struct word {
		const char *text;
		enum js_type type;
		bool is_true;
	} words[] = {
		{ "", JS_NULL, false },
		{ "~", JS_NULL, false },
		{ "null", JS_NULL, false },
		{ "Null", JS_NULL, false },
		{ "NULL", JS_NULL, false },
		{ "true", JS_BOOL, true },
		{ "True", JS_BOOL, true },
		{ "TRUE", JS_BOOL, true },
		{ "false", JS_BOOL, false },
		{ "False", JS_BOOL, false },
		{ "FALSE", JS_BOOL, false },
	};

	if (text.n > 5)
		return false;
	for (size_t i = 0; i < COUNT(words); i++) {
		if (!str_eq(text, str_of(words[i].text)))
			continue;
		to->type = words[i].type;
		to->is_true = words[i].is_true;
		return true;
	}
	return false;
}

/* [-+]?[0-9]+ without leading zeros, 0o[0-7]+, 0x[0-9a-fA-F]+ */
static bool
core_int(struct str text, struct js *to, bool *is_too_big)
{
	bool is_signed = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');
	bool is_minus = is_signed && text.p[0] == '-';
	struct str digits = is_signed ? str_sub(text, 1, text.n) : text;
	int64_t base = 10, v = 0;

	if (!is_signed && str_starts(text, STR("0o")))
		base = 8;
	if (!is_signed && str_starts(text, STR("0x")))
		base = 16;
	if (base != 10)
		digits = str_sub(text, 2, text.n);
	if (digits.n == 0 || (base == 10 && digits.n > 1 && digits.p[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.n; i++)
		if (digit(digits.p[i]) >= base)
			return false;
	/* Counted downwards: the smallest number has no positive twin. */
	for (size_t i = 0; i < digits.n && !*is_too_big; i++)
		*is_too_big = __builtin_mul_overflow(v, base, &v) ||
		    __builtin_sub_overflow(v, digit(digits.p[i]), &v);
	*is_too_big = *is_too_big || (!is_minus && v == INT64_MIN);
	if (*is_too_big)
		return false;
	to->type = JS_INT;
	to->number = is_minus ? v : -v;
	return true;
}

/* Its value, or more than any base has. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 99;
}

/*
 * [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
 * What JSON could not say (.inf, .nan) stays text.
 */
static bool
core_real(struct str text, struct js *to)
{
	char z[NUMBER_MAX + 1];
	size_t i = 0, whole, part = 0;

	if (text.n == 0 || text.n > NUMBER_MAX)
		return false;
	if (text.p[0] == '-' || text.p[0] == '+')
		i++;
	whole = digits_at(text, i);
	if (whole > 1 && text.p[i] == '0')
		return false;
	i += whole;
	if (i < text.n && text.p[i] == '.') {
		part = digits_at(text, i + 1);
		i += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (i < text.n && (text.p[i] | 0x20) == 'e') {
		size_t sign = i + 1 < text.n &&
		    (text.p[i + 1] == '-' || text.p[i + 1] == '+');
		size_t power = digits_at(text, i + 1 + sign);

		if (power == 0)
			return false;
		i += 1 + sign + power;
	}
	if (i != text.n)
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	to->type = JS_REAL;
	to->real = strtod(z, NULL);
	return isfinite(to->real) != 0;
}

static size_t
digits_at(struct str text, size_t from)
{
	size_t n = 0;

	while (from + n < text.n && text.p[from + n] >= '0' &&
	    text.p[from + n] <= '9')
		n++;
	return n;
}

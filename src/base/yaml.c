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
};

/* What has been read of a list or a mapping. */
struct members {
	struct js  *items;
	struct str *keys;
	size_t	    n, cap;
};

/* A key and where it stands, to find those that come twice. */
struct place {
	struct str  key;
	yaml_mark_t mark;
};

static enum err document(struct reader *, struct js *);
static enum err next(struct reader *);
static enum err value(struct reader *, struct js *);
static enum err sequence(struct reader *, struct js *);
static enum err mapping(struct reader *, struct js *);
static enum err key_is_new(struct reader *, const struct members *);
static enum err enter(struct reader *);
static struct js *add(struct arena *, struct members *, struct str);
static enum err scalar(struct reader *, struct js *);
static bool core_word(struct str, struct js *);
static bool core_int(struct str, struct js *, bool *);
static bool core_real(struct str, struct js *);
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
	/* Only a character that YAML forbids is left for the reader to find: the text is UTF-8. */
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
		TRY(value(r, add(r->cx->arena, &m, STR(""))));
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
	struct js key;

	TRY(enter(r));
	for (;;) {
		struct js *item;

		TRY(next(r));
		if (r->event.type == YAML_MAPPING_END_EVENT)
			break;
		TRY(plain_only(r));
		if (r->event.type != YAML_SCALAR_EVENT)
			return refuse(r, MSG_YAML_KEY, r->event.start_mark);
		key.n = r->event.data.scalar.length;
		key.p = arena_copy(r->cx->arena, r->event.data.scalar.value,
		    key.n);
		item = add(r->cx->arena, &m, (struct str) { key.p, key.n });
		TRY(key_is_new(r, &m));
		TRY(next(r));
		TRY(value(r, item));
	}
	r->depth--;
	to->type = JS_OBJECT;
	to->n = m.n;
	to->items = m.items;
	to->keys = m.keys;
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/listing.h"

#include <inttypes.h>

#include <utf8proc.h>

#define GAP	  2
#define LINES_MAX (64u << 20)
#define REPLACED  STR("\xef\xbf\xbd") /* U+FFFD */

static const struct str nothing[4];

static const struct js *item_member(const struct js *, struct str path);
static const struct js *member_named(const struct js *, struct str name);
static void measure(struct listing *, size_t n, const struct str *cell);
static void write_row(
    const struct listing *, const struct str *cell, struct buf *);
static void pad(struct buf *, size_t n);
static size_t widest_path(struct str lines);
static void write_members(
    const struct ctx *, const struct js *, struct str path, struct buf *);
static void write_member(
    const struct ctx *, const struct js *, struct str path, struct buf *);
static void write_value(const struct ctx *, const struct js *, struct buf *);
static void write_safe(struct str, struct buf *);
static bool is_unsafe(utf8proc_int32_t);

void
listing_write(struct listing *l, const struct ctx *cx, const struct js *items,
    struct buf *out)
{
	size_t n = items == NULL ? 0 : js_count(items);
	struct str *cell =
	    arena_array(cx->arena, (n + 1) * l->n, sizeof(*cell));

	must(l->n <= LISTING_COLUMNS_MAX);
	for (size_t c = 0; c < l->n; c++) {
		cell[c] =
		    msg_text(cx->arena, l->column[c].title, cx->lang, nothing);
		for (size_t i = 0; i < n; i++)
			cell[(i + 1) * l->n + c] = listing_cell(cx,
			    item_member(
				js_at(items, i), str_of(l->column[c].member)));
	}
	measure(l, n + 1, cell);
	for (size_t i = l->has_head ? 1 : 0; i <= n; i++)
		write_row(l, &cell[i * l->n], out);
	l->has_head = true;
}

static const struct js *
item_member(const struct js *item, struct str path)
{
	while (item != NULL && path.p != NULL)
		item = member_named(item, str_cut(&path, '.'));
	return item;
}

static const struct js *
member_named(const struct js *object, struct str name)
{
	for (size_t i = 0; js_type(object) == JS_OBJECT && i < js_count(object);
	     i++) {
		struct str key;
		const struct js *value = js_member(object, i, &key);

		if (str_eq(key, name))
			return value;
	}
	return NULL;
}

static void
measure(struct listing *l, size_t n, const struct str *cell)
{
	for (size_t i = 0; i < n * l->n; i++) {
		size_t width = text_width(cell[i]);

		if (l->width[i % l->n] < width)
			l->width[i % l->n] = width;
	}
}

/* Nothing stands behind the last text of a line. */
static void
write_row(const struct listing *l, const struct str *cell, struct buf *out)
{
	for (size_t c = 0; c < l->n; c++) {
		size_t fill = l->width[c] - text_width(cell[c]);
		bool is_last = c + 1 == l->n;

		if (l->column[c].is_right)
			pad(out, fill);
		buf_str(out, cell[c]);
		if (!is_last)
			pad(out, GAP + (l->column[c].is_right ? 0 : fill));
	}
	buf_u8(out, '\n');
}

static void
pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_u8(out, ' ');
}

/* --- one object ------------------------------------------------------------- */

void
listing_object(const struct ctx *cx, const struct js *object, struct buf *out)
{
	struct buf lines;
	struct str left;
	size_t width;

	buf_init(&lines, cx->arena, LINES_MAX);
	write_members(cx, object, STR(""), &lines);
	left = buf_view(&lines);
	width = widest_path(left);
	while (left.n > 0) {
		struct str value = str_cut(&left, '\n');
		struct str path = str_cut(&value, '\t');

		buf_str(out, path);
		pad(out, width - text_width(path) + GAP);
		buf_str(out, value);
		buf_u8(out, '\n');
	}
}

static size_t
widest_path(struct str lines)
{
	size_t width = 0;

	while (lines.n > 0) {
		struct str line = str_cut(&lines, '\n');
		size_t n = text_width(str_cut(&line, '\t'));

		width = n > width ? n : width;
	}
	return width;
}

/* "path TAB value" lines: neither has a tab or a line break of its own. */
static void
write_members(const struct ctx *cx, const struct js *from, struct str path,
    struct buf *out)
{
	for (size_t i = 0; i < js_count(from); i++) {
		struct str key;

		if (js_type(from) == JS_ARRAY) {
			write_member(cx, js_at(from, i),
			    str_fmt(
				cx->arena, "%.*s[%zu]", STR_ARG(path), i + 1),
			    out);
			continue;
		}
		const struct js *value = js_member(from, i, &key);
		write_member(cx, value,
		    str_fmt(cx->arena, "%.*s%s%.*s", STR_ARG(path),
			path.n > 0 ? "." : "", STR_ARG(key)),
		    out);
	}
}

static void
write_member(const struct ctx *cx, const struct js *value, struct str path,
    struct buf *out)
{
	bool is_nested = js_count(value) > 0 &&
	    (js_type(value) == JS_OBJECT ||
		js_type(js_at(value, 0)) == JS_OBJECT);

	if (is_nested) {
		write_members(cx, value, path, out);
		return;
	}
	write_safe(path, out);
	buf_u8(out, '\t');
	buf_str(out, listing_cell(cx, value));
	buf_u8(out, '\n');
}

/* --- one value -------------------------------------------------------------- */

struct str
listing_cell(const struct ctx *cx, const struct js *value)
{
	struct buf b;

	buf_init(&b, cx->arena, LINES_MAX);
	if (value != NULL)
		write_value(cx, value, &b);
	return b.n > 0 ? buf_view(&b) : STR("-");
}

static void
write_value(const struct ctx *cx, const struct js *value, struct buf *out)
{
	switch (js_type(value)) {
	case JS_NULL:
		break;
	case JS_BOOL:
		buf_str(out,
		    msg_text(cx->arena,
			js_bool(value) ? MSG_SAY_YES : MSG_SAY_NO, cx->lang,
			nothing));
		break;
	case JS_INT:
		buf_fmt(out, "%" PRId64, js_int(value));
		break;
	case JS_REAL:
		buf_fmt(out, "%g", js_real(value));
		break;
	case JS_STRING:
		write_safe(js_str(value), out);
		break;
	case JS_ARRAY:
		for (size_t i = 0; i < js_count(value); i++) {
			buf_z(out, i > 0 ? ", " : "");
			write_value(cx, js_at(value, i), out);
		}
		break;
	case JS_OBJECT:
		for (size_t i = 0; i < js_count(value); i++) {
			struct str key;
			const struct js *member = js_member(value, i, &key);

			buf_z(out, i > 0 ? ", " : "");
			write_safe(key, out);
			buf_u8(out, ' ');
			write_value(cx, member, out);
		}
		break;
	}
}

/* What a terminal would act upon is replaced. */
static void
write_safe(struct str text, struct buf *out)
{
	while (text.n > 0) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const uint8_t *)text.p, (utf8proc_ssize_t)text.n, &c);

		if (n <= 0 || is_unsafe(c))
			buf_str(out, REPLACED);
		else
			buf_bytes(out, text.p, (size_t)n);
		text = str_sub(text, n > 0 ? (size_t)n : 1, text.n);
	}
}

static bool
is_unsafe(utf8proc_int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	    (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

size_t
text_width(struct str text)
{
	size_t width = 0;

	while (text.n > 0) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const uint8_t *)text.p, (utf8proc_ssize_t)text.n, &c);

		width += n > 0 ? (size_t)utf8proc_charwidth(c) : 1;
		text = str_sub(text, n > 0 ? (size_t)n : 1, text.n);
	}
	return width;
}

struct str
text_padded(struct arena *arena, struct str text, size_t width)
{
	size_t has = text_width(text);

	return str_fmt(arena, "%.*s%*s", STR_ARG(text),
	    has < width ? (int)(width - has) : 0, "");
}

void
text_wrap(struct buf *out, struct str text, size_t indent)
{
	size_t at = indent;

	while (text.p != NULL) {
		struct str word = str_cut(&text, ' ');
		size_t width = text_width(word);

		if (at > indent && at + 1 + width > TEXT_COLUMNS) {
			buf_u8(out, '\n');
			pad(out, indent);
			at = indent;
		} else if (at > indent) {
			buf_u8(out, ' ');
			at++;
		}
		buf_str(out, word);
		at += width;
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_field.c - the values that a declaration may have, and where the
 * fault is said to be: "pools.mail-ber.quota (line 12)".
 */
#include <stdio.h>

#include "base/canon.h"
#include "base/yaml.h"

#include "core/catalogue_int.h"

#define ZONE_MAX  64
#define SHOWN_MAX 100

static const struct js *member(const struct row_in *, const char *);
static enum err refuse_range(struct decoder *, const struct row_in *,
    const char *, struct range);
static struct str path_of(struct decoder *, const struct row_in *,
    const char *);
static struct str shown(struct str);
static bool is_country(struct str);
static bool is_zone(struct str);
static bool is_small(char);
static bool is_digit(char);

enum err
get_text(struct decoder *d, const struct row_in *row, const char *key,
    size_t max_chars, struct str *out)
{
	const struct js *js = member(row, key);
	char max[24];
	struct str text;

	if (js == NULL)
		return OK;
	(void)snprintf(max, sizeof(max), "%zu", max_chars);
	if (js_type(js) != JS_STRING ||
	    !canon_store(
		d->cx->arena, str_trim(js_str(js)), max_chars, &text) ||
	    text.n == 0)
		return refuse(d, row, key, MSG_CATALOGUE_TEXT, str_of(max));
	*out = text;
	return OK;
}

enum err
get_name(struct decoder *d, const struct row_in *row, struct str *out)
{
	struct str key;

	*out = row->slug;
	TRY(get_text(d, row, "name", NAME_MAX_CHARS, out));
	/* a name of invisible characters only would match anything */
	if (!canon_key(d->cx->arena, *out, &key) || key.n == 0)
		return refuse(d, row, "name", MSG_CATALOGUE_TEXT,
		    str_of(LIMIT_TEXT(NAME_MAX_CHARS)));
	return OK;
}

enum err
get_slug(struct decoder *d, const struct row_in *row, const char *key,
    struct str *out)
{
	struct str text = { 0 };

	if (member(row, key) == NULL)
		return OK;
	TRY(get_text(d, row, key, NAME_MAX_CHARS, &text));
	if (!is_slug(text))
		return refuse(d, row, key, MSG_CATALOGUE_SLUG, text);
	*out = text;
	return OK;
}

enum err
get_int(struct decoder *d, const struct row_in *row, const char *key,
    struct range range, int64_t *out)
{
	const struct js *js = member(row, key);

	if (js == NULL)
		return OK;
	if (js_type(js) == JS_BOOL && range.min == 0 && range.max == 1) {
		*out = js_bool(js);
		return OK;
	}
	if (js_type(js) != JS_INT || js_int(js) < range.min ||
	    js_int(js) > range.max)
		return refuse_range(d, row, key, range);
	*out = js_int(js);
	return OK;
}

enum err
get_bool(
    struct decoder *d, const struct row_in *row, const char *key, bool *out)
{
	const struct js *js = member(row, key);

	if (js == NULL)
		return OK;
	if (js_type(js) != JS_BOOL)
		return refuse(d, row, key, MSG_CATALOGUE_BOOL, STR(""));
	*out = js_bool(js);
	return OK;
}

enum err
get_filter(struct decoder *d, const struct row_in *row, const char *key,
    const struct filter **out)
{
	struct str text = { 0 };
	struct filter *filter;

	if (member(row, key) == NULL)
		return OK;
	TRY(get_text(d, row, key, FILTER_TEXT_MAX, &text));
	TRY(at_member(d, row, key,
	    filter_compile(d->cx, text, FILTER_RULE, false, &filter)));
	*out = filter;
	return OK;
}

enum err
get_country(struct decoder *d, const struct row_in *row, const char *key,
    struct str *out)
{
	TRY(get_text(d, row, key, NAME_MAX_CHARS, out));
	return is_country(*out)
	    ? OK
	    : refuse(d, row, key, MSG_CATALOGUE_COUNTRY, *out);
}

enum err
get_zone(struct decoder *d, const struct row_in *row, const char *key,
    struct str *out)
{
	TRY(get_text(d, row, key, NAME_MAX_CHARS, out));
	return is_zone(*out) ? OK
			     : refuse(d, row, key, MSG_CATALOGUE_ZONE, *out);
}

enum err
get_list(struct decoder *d, const struct row_in *in, const char *key,
    size_t max, const struct js **out)
{
	const struct js *list = member(in, key);
	bool is_right;

	*out = NULL;
	if (list == NULL)
		return OK;
	is_right = js_type(list) == JS_ARRAY && js_count(list) <= max;
	for (size_t i = 0; is_right && i < js_count(list); i++)
		is_right = js_type(js_at(list, i)) == JS_STRING;
	if (!is_right)
		return refuse(d, in, key, MSG_CATALOGUE_TEXTS,
		    str_fmt(d->cx->arena, "%zu", max));
	*out = list;
	return OK;
}

enum err
need_keys(struct decoder *d, const struct row_in *row, const char *const *key)
{
	for (; *key != NULL; key++)
		if (member(row, *key) == NULL)
			return refuse(
			    d, row, "", MSG_CATALOGUE_MISSING, str_of(*key));
	return OK;
}

enum err
refuse(struct decoder *d, const struct row_in *row, const char *key,
    enum msg msg, struct str arg)
{
	struct arena *arena = d->cx->arena;

	return fail(d->cx, ERR_BAD_INPUT, msg,
	    str_z(arena, path_of(d, row, key)), str_z(arena, shown(arg)));
}

enum err
refuse_unknown(struct decoder *d, const struct row_in *row, const char *key,
    struct str slug, const char *section)
{
	enum err err = refuse(d, row, key, MSG_CATALOGUE_UNKNOWN, slug);

	d->cx->fault.args[1] = str_of(section);
	return err;
}

/* As much of a foreign text as a message needs, cut between characters. */
static struct str
shown(struct str s)
{
	size_t n = s.n < SHOWN_MAX ? s.n : SHOWN_MAX;

	while (n < s.n && n > 0 && (s.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(s, 0, n);
}

static enum err
refuse_range(struct decoder *d, const struct row_in *row, const char *key,
    struct range range)
{
	char min[24], max[24];

	(void)snprintf(min, sizeof(min), "%lld", (long long)range.min);
	(void)snprintf(max, sizeof(max), "%lld", (long long)range.max);
	return fail(d->cx, ERR_BAD_INPUT, MSG_CATALOGUE_NUMBER,
	    str_z(d->cx->arena, path_of(d, row, key)), min, max);
}

enum err
at_member(
    struct decoder *d, const struct row_in *row, const char *key, enum err err)
{
	if (err != OK)
		d->cx->fault.field = path_of(d, row, key);
	return err;
}

static struct str
path_of(struct decoder *d, const struct row_in *row, const char *key)
{
	const struct js *js = member(row, key);
	struct buf b;

	buf_init(&b, d->cx->arena, 4096);
	if (row->section != NULL)
		buf_z(&b, row->section);
	if (row->slug.n > 0)
		buf_fmt(&b, ".%.*s", STR_ARG(row->slug));
	if (key[0] != '\0')
		buf_fmt(&b, "%s%s", b.n > 0 ? "." : "", key);
	if (js == NULL)
		js = row->js;
	if (js != NULL && js_line(js) > 0)
		buf_fmt(&b, " (line %d)", js_line(js));
	return buf_view(&b);
}

/* A member that is null is absent. */
static const struct js *
member(const struct row_in *row, const char *key)
{
	const struct js *js = NULL;

	if (row->js != NULL && js_type(row->js) == JS_OBJECT)
		js = js_get(row->js, key);
	return js != NULL && js_type(js) != JS_NULL ? js : NULL;
}

bool
is_slug(struct str s)
{
	if (s.n == 0 || s.n > SLUG_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_small(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

static bool
is_country(struct str s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' &&
	    s.p[1] <= 'Z';
}

/* The form of an IANA name: words of letters, digits, _ + - between slashes; so no path can leave its folder. */
static bool
is_zone(struct str s)
{
	char before = '/';

	if (s.n == 0 || s.n > ZONE_MAX)
		return false;
	for (size_t i = 0; i < s.n; before = s.p[i++])
		if (s.p[i] == '/' ? before == '/'
				  : !is_small((char)(s.p[i] | 0x20)) &&
			    !is_digit(s.p[i]) && s.p[i] != '_' &&
			    s.p[i] != '+' && s.p[i] != '-')
			return false;
	return before != '/';
}

static bool
is_small(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

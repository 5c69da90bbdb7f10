/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.c - bodies, queries and headers into typed fields; everything else is
 * refused, with its path.
 */
#include "api/api_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#define PAGE_DEFAULT	    100
#define IDEMPOTENCY_KEY_MAX 200
#define PATH_MAX_SHOWN	    200
#define TEXT_BYTES_MAX	    256	/* of one text in a list */

/* One member being read. */
struct place {
	struct ctx	    *cx;
	const struct member *m;
	const char	    *path;
	void		    *to;
};

/* The query parameters a route takes, and the first that it does not. */
struct known {
	struct ctx *cx;
	const char *names, *unknown;
};

static enum err member_decode(struct ctx *, const struct member_table *,
    struct str, const struct js *, void *);
static enum err check_required(struct ctx *, const struct member_table *,
    const struct js *);
static enum err value_decode(const struct place *, const struct js *);
static enum err text_decode(const struct place *, const struct js *);
static enum err int_decode(const struct place *, const struct js *);
static enum err bool_decode(const struct place *, const struct js *);
static enum err time_text_decode(const struct place *, const struct js *);
static enum err texts_decode(const struct place *, const struct js *);
static enum err any_decode(const struct place *, const struct js *);
static enum err check_text(const struct place *, const char *path,
    const struct js *, int64_t max);
static enum err refuse(const struct place *, enum msg);
static enum err refuse_range(const struct place *, enum msg);
static const char *path_of(struct ctx *, const char *prefix, struct str name);
static bool is_known(void *, struct str name, struct str value);

static enum err (*const decoders[])(const struct place *, const struct js *) = {
	[MEMBER_TEXT] = text_decode,
	[MEMBER_INT] = int_decode,
	[MEMBER_BOOL] = bool_decode,
	[MEMBER_TIME] = time_text_decode,
	[MEMBER_TEXTS] = texts_decode,
	[MEMBER_ANY] = any_decode,
};

/* --- bodies ------------------------------------------------------------------- */

enum err
body_decode(struct call *c, const struct member_table *table, void *out)
{
	const struct js *js;

	TRY(js_parse(c->cx, c->rq->body, &js));
	return members_decode(c->cx, js, table, out);
}

enum err
nothing_decode(struct call *c, void **in)
{
	const struct member_table none = { NULL, 0, "" };

	*in = NULL;
	if (c->rq->body.n == 0)
		return OK;
	return body_decode(c, &none, NULL);
}

enum err
members_decode(struct ctx *cx, const struct js *object,
    const struct member_table *table, void *out)
{
	struct str key;

	if (js_type(object) != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT,
		    str_z(cx->arena,
			str_sub(str_of(table->path), 0,
			    strlen(table->path) > 0 ? strlen(table->path) - 1
						    : 0)));
	for (size_t i = 0; i < js_count(object); i++) {
		const struct js *value = js_member(object, i, &key);

		TRY(member_decode(cx, table, key, value, out));
	}
	return check_required(cx, table, object);
}

static enum err
member_decode(struct ctx *cx, const struct member_table *table, struct str key,
    const struct js *value, void *out)
{
	const char *path = NULL;

	for (size_t i = 0; i < table->n; i++) {
		const struct member *m = &table->member[i];
		struct place at = { cx, m, m->name, NULL };

		if (!str_eq(key, str_of(m->name)))
			continue;
		if (js_type(value) == JS_NULL)
			return OK;
		if (table->path[0] != '\0')
			at.path = path_of(cx, table->path, key);
		at.to = (char *)out + m->offset;
		return value_decode(&at, value);
	}
	path = path_of(cx, table->path, key);
	return fail(cx, ERR_BAD_INPUT, MSG_API_UNKNOWN_MEMBER, path, path);
}

static enum err
check_required(
    struct ctx *cx, const struct member_table *table, const struct js *object)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct member *m = &table->member[i];
		const struct js *value;
		const char *path;

		if (!m->is_required)
			continue;
		value = js_get(object, m->name);
		if (value != NULL && js_type(value) != JS_NULL)
			continue;
		path = path_of(cx, table->path, str_of(m->name));
		return fail(cx, ERR_BAD_INPUT, MSG_API_MISSING, path, path);
	}
	return OK;
}

/* MODEL 8: {"$sealed": …} is reserved, and not taken yet. */
static enum err
value_decode(const struct place *at, const struct js *value)
{
	if (js_get(value, "$sealed") != NULL)
		return refuse(at, MSG_ATTR_SEALED_FORM);
	return decoders[at->m->type](at, value);
}

static enum err
text_decode(const struct place *at, const struct js *value)
{
	TRY(check_text(at, at->path, value, at->m->max));
	*(struct str *)at->to = js_str(value);
	return OK;
}

static enum err
check_text(const struct place *at, const char *path, const struct js *value,
    int64_t max)
{
	char least[24], most[24];

	if (js_type(value) != JS_STRING)
		return fail(at->cx, ERR_BAD_INPUT, MSG_API_NOT_TEXT, path);
	if (js_str(value).n >= (size_t)at->m->min &&
	    js_str(value).n <= (size_t)max)
		return OK;
	snprintf(least, sizeof(least), "%lld", (long long)at->m->min);
	snprintf(most, sizeof(most), "%lld", (long long)max);
	return fail(at->cx, ERR_BAD_INPUT, MSG_API_LENGTH, path, least, most);
}

static enum err
int_decode(const struct place *at, const struct js *value)
{
	if (js_type(value) != JS_INT)
		return refuse(at, MSG_API_NOT_INT);
	if (js_int(value) < at->m->min || js_int(value) > at->m->max)
		return refuse_range(at, MSG_API_RANGE);
	*(int64_t *)at->to = js_int(value);
	return OK;
}

static enum err
bool_decode(const struct place *at, const struct js *value)
{
	if (js_type(value) != JS_BOOL)
		return refuse(at, MSG_API_NOT_BOOL);
	*(bool *)at->to = js_bool(value);
	return OK;
}

static enum err
time_text_decode(const struct place *at, const struct js *value)
{
	if (js_type(value) != JS_STRING || !time_parse(js_str(value), at->to))
		return refuse(at, MSG_API_TIME);
	return OK;
}

static enum err
texts_decode(const struct place *at, const struct js *value)
{
	struct texts *texts = at->to;
	size_t n = js_count(value);
	struct str *v;

	if (js_type(value) != JS_ARRAY)
		return refuse(at, MSG_API_NOT_LIST);
	if (n < (size_t)at->m->min || n > (size_t)at->m->max)
		return refuse_range(at, MSG_API_COUNT);
	v = arena_array(at->cx->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const struct js *one = js_at(value, i);

		if (js_type(one) != JS_STRING || js_str(one).n == 0 ||
		    js_str(one).n > TEXT_BYTES_MAX)
			return fail(at->cx, ERR_BAD_INPUT, MSG_API_NOT_TEXT,
			    str_z(at->cx->arena,
				str_fmt(
				    at->cx->arena, "%s[%zu]", at->path, i)));
		v[i] = js_str(one);
	}
	*texts = (struct texts) { v, n };
	return OK;
}

/* An object or list that its own decoder reads; with limits, a list of so many. */
static enum err
any_decode(const struct place *at, const struct js *value)
{
	size_t n = js_count(value);

	if (at->m->max > 0 && js_type(value) != JS_ARRAY)
		return refuse(at, MSG_API_NOT_LIST);
	if (at->m->max > 0 &&
	    (n < (size_t)at->m->min || n > (size_t)at->m->max))
		return refuse_range(at, MSG_API_COUNT);
	*(const struct js **)at->to = value;
	return OK;
}

static enum err
refuse(const struct place *at, enum msg msg)
{
	return fail(at->cx, ERR_BAD_INPUT, msg, at->path);
}

static enum err
refuse_range(const struct place *at, enum msg msg)
{
	char least[24], most[24];

	snprintf(least, sizeof(least), "%lld", (long long)at->m->min);
	snprintf(most, sizeof(most), "%lld", (long long)at->m->max);
	return fail(at->cx, ERR_BAD_INPUT, msg, at->path, least, most);
}

/* For a fault: what somebody sent as a name is shown, but not at any length. */
static const char *
path_of(struct ctx *cx, const char *prefix, struct str name)
{
	return str_z(cx->arena,
	    str_fmt(cx->arena, "%s%.*s", prefix,
		STR_ARG(str_sub(name, 0, PATH_MAX_SHOWN))));
}

enum err
fault_under(struct ctx *cx, enum err err, const char *object)
{
	struct str *field = &cx->fault.field;

	if (err != OK && cx->fault.err == err)
		*field = field->n == 0
		    ? str_copy(cx->arena, str_of(object))
		    : str_fmt(cx->arena, "%s.%.*s", object, STR_ARG(*field));
	return err;
}

/* --- paths and queries ----------------------------------------------------------- */

enum err
param_id(
    struct call *c, size_t at, enum msg msg, const char *field, int64_t *out)
{
	if (!id_decode(c->rq->param[at], out))
		return fail(c->cx, ERR_NOT_FOUND, msg, field);
	return OK;
}

enum err
query_check(struct call *c, const char *known)
{
	struct known k = { c->cx, known, "" };

	if (c->rq->query.n == 0 || request_query_each(c->rq, is_known, &k))
		return OK;
	return fail(
	    c->cx, ERR_BAD_INPUT, MSG_API_QUERY_UNKNOWN, k.unknown, k.unknown);
}

static bool
is_known(void *arg, struct str name, struct str value)
{
	struct known *k = arg;
	struct str names = str_of(k->names);

	(void)value;
	while (names.n > 0) {
		struct str one = str_cut(&names, ' ');

		if (str_eq(one, name) || str_eq(one, STR("*")))
			return true;
	}
	k->unknown = path_of(k->cx, "", name);
	return false;
}

enum err
page_decode(struct call *c, struct page_in *page)
{
	struct str filter = request_query(c->rq, "filter");
	struct str cursor = request_query(c->rq, "cursor");
	int64_t limit = PAGE_DEFAULT;

	TRY(query_number(c, "limit", &limit));
	TRY(limit_check(c->cx, limit));
	page->limit = (size_t)limit;
	if (filter.p != NULL)
		page->filter = filter;
	if (cursor.p != NULL)
		return cursor_decode(c->cx, cursor, &page->after);
	return OK;
}

enum err
limit_check(struct ctx *cx, int64_t limit)
{
	if (limit < 1 || limit > PAGE_MAX)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_API_RANGE, "limit", "1", "500");
	return OK;
}

enum err
cursor_decode(struct ctx *cx, struct str text, int64_t *out)
{
	if (!id_decode(text, out))
		return fail(cx, ERR_BAD_INPUT, MSG_API_CURSOR, "cursor");
	return OK;
}

enum err
query_flag(struct call *c, const char *name, bool *out)
{
	struct str value = request_query(c->rq, name);

	*out = str_eq(value, STR("1"));
	if (value.p == NULL || *out || str_eq(value, STR("0")))
		return OK;
	return fail(c->cx, ERR_BAD_INPUT, MSG_API_FLAG, name);
}

enum err
query_number(struct call *c, const char *name, int64_t *out)
{
	struct str value = request_query(c->rq, name);

	if (value.p == NULL)
		return OK;
	if (!str_int(value, out) || *out < 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_NOT_NUMBER, name);
	return OK;
}

/* --- headers ------------------------------------------------------------------------ */

enum err
if_match(struct call *c, int64_t *version)
{
	struct str value = request_header(c->rq, "if-match");

	if (value.p == NULL)
		return fail(c->cx, ERR_NO_PRECONDITION, MSG_API_NO_PRECONDITION,
		    "If-Match");
	return etag_parse(c->cx, value, version);
}

/* One entity tag of RFC 9110 8.8.3 or *; W/ never matches here, and neither does what we did not make. */
enum err
etag_parse(struct ctx *cx, struct str value, int64_t *version)
{
	bool is_weak = str_starts(value, STR("W/"));
	struct str tag = is_weak ? str_sub(value, 2, value.n) : value;

	*version = -1;
	if (str_eq(value, STR("*")))
		return OK;
	if (tag.n < 2 || tag.p[0] != '"' || tag.p[tag.n - 1] != '"')
		return fail(cx, ERR_BAD_INPUT, MSG_API_IF_MATCH, "If-Match");
	tag = str_sub(tag, 1, tag.n - 2);
	if (str_find(tag, '"') != tag.n)
		return fail(cx, ERR_BAD_INPUT, MSG_API_IF_MATCH, "If-Match");
	if (is_weak || !str_int(tag, version) || *version < 0)
		return fail(cx, ERR_STALE, MSG_API_STALE, "If-Match");
	return OK;
}

bool
etag_in(struct str list, int64_t version)
{
	char mine[24];
	int n = snprintf(mine, sizeof(mine), "\"%lld\"", (long long)version);

	while (list.p != NULL) {
		struct str tag = str_trim(str_cut(&list, ','));

		if (str_eq(tag, STR("*")))
			return true;
		if (str_starts(tag, STR("W/")))
			tag = str_sub(tag, 2, tag.n);
		if (str_eq(tag, (struct str) { mine, (size_t)n }))
			return true;
	}
	return false;
}

bool
is_idempotency_key(struct str key)
{
	if (key.n == 0 || key.n > IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] < '!' || key.p[i] > '~')
			return false;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - what stands in a request: path, query, headers, its id.
 *
 * Everything is decoded here exactly once.
 */
#include "http/http_int.h"

#define QUERY_PARAMS_MAX 64

/* How an escape is read in the path and in the query. */
struct escape {
	bool plus_is_space;
	bool may_slash, may_control;
};

static const struct escape in_path = { false, false, false };
static const struct escape in_query = { true, true, true };

static enum err decode_path(struct request *, struct str);
static enum err check_query(struct request *);
static bool has_dot_segment(struct str);
static bool unescape(struct arena *, struct str, const struct escape *,
    struct str *);
static int escaped(struct str, const struct escape *);
static int hex(char);
static struct str params(const struct request *);
static bool next_param(struct str *, struct str *, struct str *);

struct str
request_header(const struct request *rq, const char *name)
{
	struct str want = str_of(name);

	for (size_t i = 0; i < rq->nheader; i++)
		if (str_eq_nocase(rq->header[i].name, want))
			return rq->header[i].value;
	return (struct str) { NULL, 0 };
}

struct str
request_query(struct request *rq, const char *name)
{
	struct str want = str_of(name), left = params(rq), key, value, out;

	while (next_param(&left, &key, &value))
		if (unescape(rq->cx.arena, key, &in_query, &key) &&
		    str_eq(key, want) &&
		    unescape(rq->cx.arena, value, &in_query, &out))
			return out;
	return (struct str) { NULL, 0 };
}

bool
request_query_each(struct request *rq,
    bool (*fn)(void *arg, struct str name, struct str value), void *arg)
{
	struct str left = params(rq), key, value;

	while (next_param(&left, &key, &value)) {
		if (!unescape(rq->cx.arena, key, &in_query, &key) ||
		    !unescape(rq->cx.arena, value, &in_query, &value))
			return false;
		if (!fn(arg, key, value))
			return false;
	}
	return true;
}

enum err
request_decode(struct request *rq, struct str target)
{
	struct str path = str_cut(&target, '?');

	rq->query = target;
	TRY(decode_path(rq, path));
	return check_query(rq);
}

void
request_place(struct request *rq, struct str target)
{
	(void)decode_path(rq, str_cut(&target, '?'));
}

void
request_name(struct request *rq)
{
	struct str given = { NULL, 0 };

	for (size_t i = 0; i < rq->nheader; i++) {
		if (!str_eq_nocase(rq->header[i].name, STR("traceparent")))
			continue;
		/* Two of them are none. */
		given = given.p == NULL ? rq->header[i].value : STR("");
	}
	trace_decode(given, &rq->trace);
	rq->cx.lang = lang_pick(request_header(rq, "accept-language"));
}

static enum err
decode_path(struct request *rq, struct str raw)
{
	struct ctx *cx = &rq->cx;
	struct str rest = raw;

	if (unescape(cx->arena, raw, &in_path, &rq->path) &&
	    !has_dot_segment(rq->path))
		return OK;
	/* As far as it is plain: in whose form it is refused follows from it. */
	rq->path = str_cut(&rest, '%');
	return fail(cx, ERR_BAD_INPUT, MSG_HTTP_PATH, "");
}

static bool
has_dot_segment(struct str path)
{
	while (path.p != NULL) {
		struct str segment = str_cut(&path, '/');

		if (str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
			return true;
	}
	return false;
}

/* Every parameter has a name, decodes, and stands once. */
static enum err
check_query(struct request *rq)
{
	struct str left = params(rq), key, value, name[QUERY_PARAMS_MAX];
	struct ctx *cx = &rq->cx;
	size_t n = 0;

	while (next_param(&left, &key, &value)) {
		if (n == QUERY_PARAMS_MAX || key.n == 0 ||
		    !unescape(cx->arena, key, &in_query, &name[n]) ||
		    !unescape(cx->arena, value, &in_query, &value))
			return fail(cx, ERR_BAD_INPUT, MSG_HTTP_QUERY, "");
		for (size_t i = 0; i < n; i++)
			if (str_eq(name[i], name[n]))
				return fail(cx, ERR_BAD_INPUT,
				    MSG_HTTP_QUERY_TWICE,
				    str_z(cx->arena, name[n]),
				    str_z(cx->arena, name[n]));
		n++;
	}
	return OK;
}

/* The query as next_param() wants it: none at all if it is empty. */
static struct str
params(const struct request *rq)
{
	return rq->query.n > 0 ? rq->query : (struct str) { NULL, 0 };
}

/* The next raw name and value; false at the end. */
static bool
next_param(struct str *left, struct str *key, struct str *value)
{
	if (left->p == NULL)
		return false;
	*value = str_cut(left, '&');
	*key = str_cut(value, '=');
	if (value->p == NULL)
		*value = STR("");
	return true;
}

/* Decodes into the arena if there is anything to decode; the result is UTF-8. */
static bool
unescape(
    struct arena *a, struct str s, const struct escape *how, struct str *out)
{
	char *to;
	size_t n = 0;
	int c;

	if (str_find(s, '%') == s.n &&
	    (!how->plus_is_space || str_find(s, '+') == s.n)) {
		*out = s;
		return true;
	}
	to = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c == '+' && how->plus_is_space)
			c = ' ';
		if (c == '%') {
			c = escaped(str_sub(s, i + 1, 2), how);
			i += 2;
		}
		if (c < 0)
			return false;
		to[n++] = (char)c;
	}
	*out = (struct str) { to, n };
	return str_utf8(*out);
}

/* The byte that two hex digits stand for; -1: not two, or not allowed there. */
static int
escaped(struct str digits, const struct escape *how)
{
	int c;

	if (digits.n < 2 || hex(digits.p[0]) < 0 || hex(digits.p[1]) < 0)
		return -1;
	c = hex(digits.p[0]) << 4 | hex(digits.p[1]);
	if ((c == '/' && !how->may_slash) ||
	    ((c < ' ' || c == 0x7f) && !how->may_control))
		return -1;
	return c;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

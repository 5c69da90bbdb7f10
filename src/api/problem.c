/* SPDX-License-Identifier: Apache-2.0 */
/*
 * problem.c - an error as application/problem+json (RFC 9457), in the
 * requester's language.
 */
#include "api/api_int.h"

#define PROBLEM_MAX (64 * 1024)

/* What is said when the place that failed said nothing of its own. */
static const enum msg general[ERR_COUNT] = {
	[ERR_BAD_INPUT] = MSG_API_BAD_INPUT,
	[ERR_UNAUTHENTICATED] = MSG_API_NO_TOKEN,
	[ERR_DENIED] = MSG_API_DENIED,
	[ERR_NOT_FOUND] = MSG_API_NOT_FOUND,
	[ERR_CONFLICT] = MSG_API_CONFLICT,
	[ERR_BUSY] = MSG_API_BUSY,
	[ERR_STALE] = MSG_API_STALE,
	[ERR_TOO_LARGE] = MSG_API_TOO_LARGE,
	[ERR_KEY_REUSED] = MSG_ORDER_KEY_REUSED,
	[ERR_NO_PRECONDITION] = MSG_API_NO_PRECONDITION,
	[ERR_LIMITED] = MSG_API_LIMITED,
	[ERR_TARGET] = MSG_API_TARGET,
	[ERR_SEALED] = MSG_API_SEALED,
	[ERR_UNKNOWN] = MSG_API_UNKNOWN,
	[ERR_AWAY] = MSG_STORE_AWAY,
	[ERR_ROLLED_BACK] = MSG_STORE_ROLLED_BACK,
	[ERR_FULL] = MSG_API_FULL,
};

/* Headers that belong to an error. */
static const struct {
	enum err    err;
	const char *name, *value;
} headers[] = {
	{ ERR_UNAUTHENTICATED, "WWW-Authenticate", "Bearer realm=\"usher\"" },
	{ ERR_LIMITED, "Retry-After", "1" },
	{ ERR_SEALED, "Retry-After", "5" },
	{ ERR_UNKNOWN, "Retry-After", "1" },
	{ ERR_AWAY, "Retry-After", "1" },
	{ ERR_ROLLED_BACK, "Retry-After", "60" },
};

enum msg
problem_msg(enum err err)
{
	return general[err];
}

const char *
problem_header(enum err err)
{
	for (size_t i = 0; i < COUNT(headers); i++)
		if (headers[i].err == err)
			return headers[i].name;
	return NULL;
}

void
problem_encode(struct js_out *js, struct ctx *cx, enum err err)
{
	const struct err_info *info = err_info(err);
	const struct fault f = problem_fault(cx, err);
	struct arena *a = cx->arena;
	size_t n = COUNT(f.args);

	problem_count(cx, err);
	js_key(js, "type");
	js_put_str(
	    js, str_fmt(a, "https://usher.invalid/errors/%s", info->code));
	js_key(js, "code");
	js_put_z(js, info->code);
	js_key(js, "status");
	js_put_int(js, info->http);
	js_key(js, "title");
	js_put_str(js, msg_text(a, f.msg, cx->lang, f.args));
	put_text(js, "field", f.field);
	js_key(js, "params");
	js_open_array(js);
	while (n > 0 && f.args[n - 1].n == 0)
		n--;
	for (size_t i = 0; i < n; i++)
		js_put_str(js, f.args[i]);
	js_close_array(js);
	js_key(js, "message");
	js_put_z(js, msg_name(f.msg));
	js_key(js, "remedy");
	js_put_str(js, msg_remedy(a, f.msg, cx->lang, f.args));
	js_key(js, "request");
	js_put_str(js, str_hex(a, cx->request_id));
}

struct fault
problem_fault(const struct ctx *cx, enum err err)
{
	if (cx->fault.err == err && cx->fault.msg != MSG_NONE)
		return cx->fault;
	return (struct fault) { .err = err, .msg = general[err] };
}

void
problem_reply(struct ctx *cx, enum err err, struct reply *reply)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, cx->arena, PROBLEM_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	problem_encode(&js, cx, err);
	js_close_object(&js);
	must(!b.over);
	reply->status = err_info(err)->http;
	reply->content_type = "application/problem+json";
	reply->body = buf_view(&b);
	problem_headers(cx, err, reply);
}

void
problem_headers(const struct ctx *cx, enum err err, struct reply *reply)
{
	for (size_t i = 0; i < COUNT(headers); i++)
		if (headers[i].err == err)
			reply->header[reply->nheader++] =
			    (struct header) { str_of(headers[i].name),
				    cx->fault.msg == MSG_LOGIN_WAIT
					? cx->fault.args[0]
					: str_of(headers[i].value) };
}

static const struct field problem_fields[] = {
	{ "type", "uri", "Names the kind of error; nothing is to be found there." },
	{ "code", "ErrorCode", "What the caller may do now." },
	{ "status", "int", "The HTTP status again." },
	{ "title", "text", "What went wrong, in the language asked for." },
	{ "field", "text-", "Which input is at fault; absent: the whole." },
	{ "params", "[text]", "What stands in the title's places, in order." },
	{ "message", "message", "The stable name of the text, for programs." },
	{ "remedy", "text", "What to do about it." },
	{ "request", "hex", "To find it in the server's log." },
	{ 0 }
};

const struct shape problem_shapes[] = {
	{ .name = "Problem", .text = "Why a request was refused (RFC 9457).", .field = problem_fields },
	{ 0 }
};

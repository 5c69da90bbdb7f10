/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.c - what several nouns write alike, and the tags of versions.
 */
#include "api/api_int.h"

#include "base/id.h"

static void put_one_told(struct js_out *, struct ctx *,
    const struct seat_told *);
static void put_members(struct js_out *, const struct js *);
static void put_elements(struct js_out *, const struct js *);

bool
call_etag(struct call *c, int64_t version)
{
	struct str known = request_header(c->rq, "if-none-match");

	call_header(
	    c, "ETag", str_fmt(c->cx->arena, "\"%lld\"", (long long)version));
	if (c->rq->method != GET || !etag_in(known, version))
		return false;
	c->reply.status = 304;
	return true;
}

void
call_created(struct call *c, const char *prefix, int64_t id)
{
	char text[ID_TEXT];

	id_encode(id, text);
	c->reply.status = 201;
	call_header(c, "Location",
	    str_fmt(c->cx->arena, "%s%.*s", prefix, ID_TEXT, text));
}

void
put_text(struct js_out *js, const char *name, struct str text)
{
	if (text.n == 0)
		return;
	js_key(js, name);
	js_put_str(js, text);
}

void
put_text_or_null(struct js_out *js, const char *name, struct str text)
{
	js_key(js, name);
	if (text.n > 0)
		js_put_str(js, text);
	else
		js_put_null(js);
}

void
put_told(struct js_out *js, struct ctx *cx, const char *name,
    const struct seat_told *told, size_t n)
{
	js_key(js, name);
	js_open_array(js);
	for (size_t i = 0; i < n; i++)
		put_one_told(js, cx, &told[i]);
	js_close_array(js);
}

static void
put_one_told(struct js_out *js, struct ctx *cx, const struct seat_told *told)
{
	const struct str args[4] = { told->reason_arg };
	const bool has_reason = told->reason != MSG_NONE;

	js_open_object(js);
	js_key(js, "product");
	js_put_str(js, told->product);
	js_key(js, "outcome");
	js_put_z(js, outcome_name(told->outcome));
	put_text_or_null(js, "pool", told->pool);
	js_key(js, "position");
	if (told->position > 0)
		js_put_int(js, told->position);
	else
		js_put_null(js);
	put_text_or_null(js, "reason",
	    has_reason ? msg_text(cx->arena, told->reason, cx->lang, args)
		       : STR(""));
	put_text_or_null(js, "remedy",
	    has_reason ? msg_remedy(cx->arena, told->reason, cx->lang, args)
		       : STR(""));
	put_text_or_null(js, "message",
	    has_reason ? str_of(msg_name(told->reason)) : STR(""));
	js_close_object(js);
}

void
put_rights(struct js_out *js, const char *name, uint64_t rights)
{
	js_key(js, name);
	js_open_array(js);
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if ((rights & RIGHT_BIT(r)) != 0)
			js_put_z(js, right_name((enum right)r));
	js_close_array(js);
}

void
put_next(struct js_out *js, int64_t next)
{
	js_key(js, "next");
	js_put_id(js, next);
}

/* At most JS_DEPTH_MAX deep, as js_parse() made it; no member takes a real number. */
void
put_js(struct js_out *js, const struct js *value)
{
	switch (js_type(value)) {
	case JS_NULL:
		js_put_null(js);
		break;
	case JS_BOOL:
		js_put_bool(js, js_bool(value));
		break;
	case JS_INT:
		js_put_int(js, js_int(value));
		break;
	case JS_REAL:
		bug("what was decoded has no such number");
		break;
	case JS_STRING:
		js_put_str(js, js_str(value));
		break;
	case JS_ARRAY:
		put_elements(js, value);
		break;
	case JS_OBJECT:
		put_members(js, value);
		break;
	}
}

static void
put_elements(struct js_out *js, const struct js *array)
{
	js_open_array(js);
	for (size_t i = 0; i < js_count(array); i++)
		put_js(js, js_at(array, i));
	js_close_array(js);
}

static void
put_members(struct js_out *js, const struct js *object)
{
	struct str key;

	js_open_object(js);
	for (size_t i = 0; i < js_count(object); i++) {
		const struct js *value = js_member(object, i, &key);

		js_key_str(js, key);
		put_js(js, value);
	}
	js_close_object(js);
}

static const struct field told_fields[] = {
	{ "product", "slug", "" },
	{ "outcome", "Outcome", "" },
	{ "pool", "slug?", "It came from, or the first it is awaited from." },
	{ "position", "count?", "In the waiting list, from 1." },
	{ "reason", "text?", "Why it is not assigned." },
	{ "remedy", "text?", "What to do about it." },
	{ "message", "message?", "The stable name of the reason." },
	{ 0 }
};

const struct shape encode_shapes[] = {
	{ .name = "SeatOutcome", .text = "What became of one product that was asked for.", .field = told_fields },
	{ 0 }
};

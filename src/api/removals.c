/* SPDX-License-Identifier: Apache-2.0 */
/*
 * removals.c - how many people of a source its clients may let go.
 */
#include "api/api_int.h"

#define NAME_BYTES   400
#define REASON_MAX   2000
#define REMOVALS_MAX 100000000

static const struct member members[] = {
	{ "source", MEMBER_TEXT, offsetof(struct removals_in, source), 1, NAME_BYTES, true },
	{ "allow", MEMBER_INT, offsetof(struct removals_in, allow), 0, REMOVALS_MAX, true },
	{ "reason", MEMBER_TEXT, offsetof(struct removals_in, reason), 1, REASON_MAX, true },
};
static const struct member_table table = { members, COUNT(members), "" };

static enum err
decode(struct call *c, void **in)
{
	struct removals_in *removals =
	    arena_alloc(c->cx->arena, sizeof(*removals));

	*in = removals;
	return body_decode(c, &table, removals);
}

static void
encode(struct call *c)
{
	const struct removals_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "allowed");
	js_put_int(js, out->allowed);
	js_key(js, "gone");
	js_put_int(js, out->gone);
	js_key(js, "until");
	js_put_time(js, out->until_ms);
	js_close_object(js);
}

static const struct field fields[] = {
	{ "allowed", "count", "So many may be removed or disabled within 24 hours." },
	{ "gone", "count", "So many were in the last 24 hours." },
	{ "until", "time", "After that the settings say it again." },
	{ 0 }
};

const struct shape removals_shapes[] = {
	{ .name = "Removals", .text = "How many people clients of a source may let go.", .field = fields },
	{ .name = "RemovalsAllowed", .text = "That more may go than the settings let pass, and why.",
	    .members = &table },
	{ 0 }
};

static const struct route_work allow = { .kind = WORK_USE_CASE, .use_case = &removals_allow, .decode = decode,
	.encode = encode, .body = "RemovalsAllowed", .reply = "Removals", .errors = ERR_BIT(NOT_FOUND) };

const struct route removals_routes[] = {
	{ POST, "/api/v1/removals", RIGHT_GUARD_OVERRIDE, SMALL_BODY_MAX, false, &allow,
	    "Let more people of a source go than its clients may" },
	{ 0 }
};

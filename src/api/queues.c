/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queues.c - the work queues of a tenant: how they stand, pausing, resuming;
 * and the bounds that the asker is under.
 */
#include "api/api_int.h"

#define THOUSAND 1000.0

static const char *const states[] = {
	[QUEUE_RUNNING] = "running",
	[QUEUE_PAUSED] = "paused",
	[QUEUE_RELEASED] = "running",
};

struct reason_in {
	struct str reason;
};

static const struct member reason_members[] = {
	{ "reason", MEMBER_TEXT, offsetof(struct reason_in, reason), 1, QUEUE_REASON_MAX, true },
};
static const struct member_table reason_table = { reason_members, COUNT(reason_members), "" };

static enum err set_decode(struct call *, enum queue_state, void **);
static void put_queue(struct call *, const struct queue_view *);
static void put_how(struct call *, const struct queue_view *);
static void put_number(struct js_out *, const char *, int64_t);
static void put_known(struct js_out *, const char *, int64_t);

/* --- pausing and resuming ------------------------------------------------------ */

static enum err
pause_decode(struct call *c, void **in)
{
	return set_decode(c, QUEUE_PAUSED, in);
}

static enum err
resume_decode(struct call *c, void **in)
{
	return set_decode(c, QUEUE_RELEASED, in);
}

static enum err
set_decode(struct call *c, enum queue_state state, void **in)
{
	struct queue_in *set = arena_alloc(c->cx->arena, sizeof(*set));
	struct str name = c->rq->param[0];
	struct reason_in body = { STR("") };

	set->state = state;
	set->queue = work_queue_parse(name);
	if (set->queue == WORK_QUEUE_NONE)
		return fail(c->cx, ERR_NOT_FOUND, MSG_QUEUE_UNKNOWN, "queue",
		    str_z(c->cx->arena, name));
	TRY(body_decode(c, &reason_table, &body));
	set->reason = body.reason;
	*in = set;
	return OK;
}

static enum err
show_decode(struct call *c, void **in)
{
	*in = c->out;
	return OK;
}

static void
queue_encode(struct call *c)
{
	put_queue(c, c->out);
}

/* --- how they stand -------------------------------------------------------------- */

static void
queues_encode(struct call *c)
{
	const struct queues_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++)
		put_queue(c, &out->queue[i]);
	js_close_array(js);
	js_key(js, "bounds");
	js_open_array(js);
	for (size_t i = 0; i < BOUNDS; i++) {
		js_open_object(js);
		js_key(js, "bound");
		js_put_z(js, out->bound[i].name);
		put_known(js, "value",
		    out->bound[i].value > 0 ? out->bound[i].value : -1);
		put_number(js, "load", out->bound[i].load);
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

static void
put_queue(struct call *c, const struct queue_view *v)
{
	const struct throttle_limits *l = &v->limits;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "queue");
	js_put_z(js, work_queue_name(v->queue));
	js_key(js, "state");
	js_put_z(js, states[v->state]);
	put_how(c, v);
	put_number(js, "depth", v->depth);
	put_number(js, "depth_pause", l->depth_pause);
	js_key(js, "rate");
	if (v->rate_milli < 0)
		js_put_null(js);
	else
		js_put_raw(js,
		    str_fmt(c->cx->arena, "%.1f",
			(double)v->rate_milli / THOUSAND));
	put_known(js, "forecast_s", v->forecast_s);
	js_key(js, "limits");
	js_open_object(js);
	put_known(js, "queue",
	    l->rate[THROTTLE_QUEUE] > 0 ? l->rate[THROTTLE_QUEUE] : -1);
	put_known(js, "tenant",
	    l->rate[THROTTLE_TENANT] > 0 ? l->rate[THROTTLE_TENANT] : -1);
	put_known(js, "global",
	    l->rate[THROTTLE_GLOBAL] > 0 ? l->rate[THROTTLE_GLOBAL] : -1);
	js_close_object(js);
	js_key(js, "window");
	js_open_object(js);
	put_number(js, "ms", l->window_ms);
	put_number(js, "came", v->last.came);
	put_number(js, "went", v->last.went);
	put_number(js, "failed", v->last.failed);
	put_number(js, "batch", v->batch);
	js_close_object(js);
	js_close_object(js);
}

/* Who paused or resumed it last, and why; the server's own reason is a message. */
static void
put_how(struct call *c, const struct queue_view *v)
{
	static const char *const depth_pause[] = {
		[WORK_QUEUE_DELIVERY] = "delivery.depth_pause",
		[WORK_QUEUE_REGISTRATION] = "registration.depth_pause",
		[WORK_QUEUE_IMPORT] = "import.depth_pause",
	};
	struct arena *a = c->cx->arena;
	struct str args[4] = {
		str_fmt(a, "%lld", (long long)v->paused_depth),
		str_fmt(a, "%lld", (long long)v->limits.depth_pause),
		str_of(depth_pause[v->queue]),
	};
	struct js_out *js = &c->js;

	js_key(js, "by");
	if (v->actor_kind == 0)
		js_put_null(js);
	else
		js_put_z(js, actor_kind_name(v->actor_kind));
	js_key(js, "actor");
	if (v->actor == 0)
		js_put_null(js);
	else
		js_put_id(js, v->actor);
	js_key(js, "since");
	js_put_time(js, v->since_ms);
	put_text_or_null(js, "reason",
	    v->paused_depth == 0
		? v->reason
		: msg_text(a, MSG_QUEUE_DEEP, c->cx->lang, args));
	put_text_or_null(js, "remedy",
	    v->paused_depth == 0
		? STR("")
		: msg_remedy(a, MSG_QUEUE_DEEP, c->cx->lang, args));
}

static void
put_number(struct js_out *js, const char *name, int64_t n)
{
	js_key(js, name);
	js_put_int(js, n);
}

static void
put_known(struct js_out *js, const char *name, int64_t n)
{
	js_key(js, name);
	if (n < 0)
		js_put_null(js);
	else
		js_put_int(js, n);
}

static const struct field window_fields[] = {
	{ "ms", "count", "How long a window is." },
	{ "came", "count", "In the last whole window." },
	{ "went", "count", "" },
	{ "failed", "count", "" },
	{ "batch", "count", "The size of the next batch." },
	{ 0 }
};

static const struct field rates_fields[] = {
	{ "queue", "count?", "Calls a second of this queue; null: it is not throttled." },
	{ "tenant", "count?", "Of all queues of the tenant." },
	{ "global", "count?", "Of all tenants." },
	{ 0 }
};

static const struct field queue_fields[] = {
	{ "queue", "QueueName", "" },
	{ "state", "QueueState", "" },
	{ "by", "ActorKind?", "Who paused or resumed it last; node: the server itself." },
	{ "actor", "id?", "" },
	{ "since", "time?", "" },
	{ "reason", "text?", "" },
	{ "remedy", "text?", "What to do, where the server paused it." },
	{ "depth", "count", "What waits." },
	{ "depth_pause", "count", "At this depth it is paused." },
	{ "rate", "number?", "Done a second, over the last ten; null: unknown." },
	{ "forecast_s", "count?", "Seconds until nothing waits; null: unknown." },
	{ "limits", "QueueRates", "" },
	{ "window", "QueueWindow", "" },
	{ 0 }
};

static const struct field bound_fields[] = {
	{ "bound", "text", "The setting that says it." },
	{ "value", "count?", "null: there is none." },
	{ "load", "count", "How much of it is taken; of a rate, what came in the last second." },
	{ 0 }
};

static const struct field queues_fields[] = {
	{ "items", "[Queue]", "" },
	{ "bounds", "[Bound]", "What the asker may have." },
	{ 0 }
};

static const char *const queue_names[] = {
#define X(id, name) name,
	WORK_QUEUES(X)
#undef X
};

static const char *const state_names[] = { "running", "paused" };

const struct shape queue_shapes[] = {
	{ .name = "Queues", .text = "The queues, and the bounds the asker is under.", .field = queues_fields },
	{ .name = "Queue", .text = "Work that waits.", .field = queue_fields },
	{ .name = "QueueRates", .text = "The least of them counts.", .field = rates_fields },
	{ .name = "QueueWindow", .text = "What came and went.", .field = window_fields },
	{ .name = "Bound", .text = "Who is at it is refused.", .field = bound_fields },
	{ .name = "QueueReason", .text = "Why it is paused or resumed.", .members = &reason_table },
	{ .name = "QueueName", .text = "Which queue.", WORDS(queue_names) },
	{ .name = "QueueState", .text = "Whether it works.", WORDS(state_names) },
	{ 0 }
};

static const struct route_work set_show = { .kind = WORK_QUERY, .run = queue_show, .decode = show_decode,
	.encode = queue_encode };
static const struct route_work queue_pause = { .kind = WORK_USE_CASE, .use_case = &queue_set, .decode = pause_decode,
	.next = &set_show, .body = "QueueReason", .reply = "Queue", .errors = ERR_BIT(NOT_FOUND) };
static const struct route_work queue_resume = { .kind = WORK_USE_CASE, .use_case = &queue_set, .decode = resume_decode,
	.next = &set_show, .body = "QueueReason", .reply = "Queue", .errors = ERR_BIT(NOT_FOUND) };

const struct route queue_routes[] = {
	{ GET, "/api/v1/queues", RIGHT_QUEUE_READ, 0, false, QUERY(queues_list, NULL, queues_encode, .reply = "Queues"),
	    "List the work queues, and the bounds the asker is under" },
	{ POST, "/api/v1/queues/{queue}/pause", RIGHT_QUEUE_MANAGE, SMALL_BODY_MAX, false, &queue_pause,
	    "Pause a queue" },
	{ POST, "/api/v1/queues/{queue}/resume", RIGHT_QUEUE_MANAGE, SMALL_BODY_MAX, false, &queue_resume,
	    "Let a queue go on" },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - the feed of what happened, by cursor; the cursor is the number in
 * the log.
 */
#include "api/api_int.h"

#define LIMIT_DEFAULT 100

/* Which numbers of a change are ids of something. */
static const struct {
	bool object_is_id, in_is_id;
} shapes[CHANGE_COUNT] = {
	[CHANGE_SEAT] = { true, true },
	[CHANGE_WAIT] = { true, false },
	[CHANGE_GRANT] = { true, false },
	[CHANGE_CONTRACT] = { true, true },
	[CHANGE_QUOTA] = { true, true },
	[CHANGE_ROLE] = { true, true },
	[CHANGE_SESSION] = { true, false },
	[CHANGE_MEMBER] = { true, false },
	[CHANGE_RESOURCE] = { true, true }, /* all of a digest is told as an id is */
};

static void put_event(struct js_out *, struct ctx *,
    const struct event_view *);
static void put_change(struct js_out *, const struct change *);
static void put_number(struct js_out *, const char *, int64_t, bool is_id);

/* After is where the page before said to go on. */
enum err
log_page_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));
	int64_t limit = LIMIT_DEFAULT;

	TRY(query_number(c, "after", &page->after));
	TRY(query_number(c, "limit", &limit));
	TRY(limit_check(c->cx, limit));
	page->limit = (size_t)limit;
	*in = page;
	return OK;
}

static void
events_encode(struct call *c)
{
	const struct events_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++)
		put_event(js, c->cx, &out->event[i]);
	js_close_array(js);
	js_key(js, "next");
	js_put_int(js, out->next);
	js_close_object(js);
}

static void
put_event(struct js_out *js, struct ctx *cx, const struct event_view *v)
{
	const struct entry *e = &v->entry;

	js_open_object(js);
	js_key(js, "seq");
	js_put_int(js, v->seq);
	js_key(js, "time");
	js_put_time(js, e->time_ms);
	js_key(js, "action");
	js_put_z(js, action_name(e->action));
	js_key(js, "actor");
	js_open_object(js);
	js_key(js, "kind");
	js_put_z(js, actor_kind_name((enum actor_kind)e->actor_kind));
	js_key(js, "id");
	js_put_id(js, e->actor);
	js_close_object(js);
	js_key(js, "subject");
	js_open_object(js);
	js_key(js, "kind");
	js_put_z(js, subject_kind_name(e->subject_kind));
	js_key(js, "id");
	js_put_id(js, e->subject);
	js_close_object(js);
	js_key(js, "changes");
	js_open_array(js);
	for (size_t i = 0; i < e->nchange; i++)
		put_change(js, &e->change[i]);
	js_close_array(js);
	js_key(js, "request");
	js_put_str(js, str_hex(cx->arena, e->request_id));
	js_close_object(js);
}

static void
put_change(struct js_out *js, const struct change *ch)
{
	js_open_object(js);
	js_key(js, "kind");
	js_put_z(js, change_kind_name(ch->kind));
	put_number(js, "object", ch->object, shapes[ch->kind].object_is_id);
	put_number(js, "in", ch->in, shapes[ch->kind].in_is_id);
	put_number(js, "before", ch->before, false);
	put_number(js, "after", ch->after, false);
	js_close_object(js);
}

static void
put_number(struct js_out *js, const char *name, int64_t n, bool is_id)
{
	js_key(js, name);
	if (is_id)
		js_put_id(js, n);
	else
		js_put_int(js, n);
}

static const struct field page_fields[] = {
	{ "items", "[Event]", "" },
	{ "next", "count", "What `after` of the next page is." },
	{ 0 }
};

static const struct field event_fields[] = {
	{ "seq", "count", "Its number in the log." },
	{ "time", "time", "" },
	{ "action", "Action", "" },
	{ "actor", "Actor", "Who did it." },
	{ "subject", "Subject", "To what it was done." },
	{ "changes", "[Change]", "" },
	{ "request", "hex", "Of the request that led to it; empty: none." },
	{ 0 }
};

static const struct field actor_fields[] = {
	{ "kind", "ActorKind", "" },
	{ "id", "id?", "" },
	{ 0 }
};

static const struct field subject_fields[] = {
	{ "kind", "SubjectKind", "" },
	{ "id", "id?", "" },
	{ 0 }
};

static const struct field change_fields[] = {
	{ "kind", "ChangeKind", "Says what the numbers are." },
	{ "object", "id or int", "" },
	{ "in", "id or int", "" },
	{ "before", "int", "" },
	{ "after", "int", "" },
	{ 0 }
};

const struct shape event_shapes[] = {
	{ .name = "EventPage", .text = "What happened, oldest first.", .field = page_fields },
	{ .name = "Event", .text = "One entry of the log, without what is sealed.", .field = event_fields },
	{ .name = "Actor", .text = "Who did something.", .field = actor_fields },
	{ .name = "Subject", .text = "What something was done to.", .field = subject_fields },
	{ .name = "Change", .text = "A number that is another now.", .field = change_fields },
	{ 0 }
};

const struct route event_routes[] = {
	{ GET, "/api/v1/events", RIGHT_EVENT_READ, 0, false,
	    LIST(events_list, log_page_decode, events_encode, "after limit", .reply = "EventPage"),
	    "What happened, in order" },
	{ 0 }
};

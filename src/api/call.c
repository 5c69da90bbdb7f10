/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - a call goes through the steps of its route, from thread to thread.
 */
#include "api/api_int.h"

#include "base/metric.h"

/* A change over a record that moves under it begins again so often. */
#define TRIES_MAX 3

static enum err start_item(struct call *);
static enum err start_query(struct call *);
static enum err start_long(struct call *);
static enum err start_login(struct call *);
static enum err start_local(struct call *);
static enum err start_many(struct call *);
static void item_done(struct item *);
static void query_done(struct query *);
static void step_ended(struct call *, enum err);
static bool ends_in_brief(const struct call *);
static enum err begin_again(struct call *);
static bool take_back(struct call *);
static void reply_to(struct call *, const struct reply *);

static enum err (*const starts[])(struct call *) = {
	[WORK_USE_CASE] = start_item,
	[WORK_QUERY] = start_query,
	[WORK_LONG] = start_long,
	[WORK_LOGIN] = start_login,
	[WORK_LOCAL] = start_local,
	[WORK_MANY] = start_many,
};

struct call *
call_open(struct request *rq, struct world *world)
{
	struct call *c = arena_alloc(rq->cx.arena, sizeof(*c));

	c->rq = rq;
	c->cx = &rq->cx;
	c->world = world;
	c->work = rq->route->work;
	c->tenant = rq->cx.actor != NULL ? rq->cx.actor->tenant : 0;
	c->reply.status = 200;
	rq->item = c;
	return c;
}

struct call *
call_open_inner(struct inner *in)
{
	struct call *c = call_open(&in->rq, in->outer->world);

	c->inner = in;
	return c;
}

enum err
call_step(struct call *c)
{
	c->in = NULL;
	if (c->work->decode != NULL)
		TRY(c->work->decode(c, &c->in));
	return starts[c->work->kind](c);
}

static enum err
start_item(struct call *c)
{
	c->item = (struct item) {
		.cx = c->cx,
		.use_case = c->work->use_case,
		.tenant = c->tenant,
		.in = c->in,
		.done = item_done,
		.owner = c,
	};
	return pipeline_submit(world_pipeline(c->world), &c->item,
	    c->inner != NULL ? ITEM_BULK : c->work->class);
}

static enum err
start_query(struct call *c)
{
	c->query = (struct query) {
		.cx = c->cx,
		.run = c->work->run,
		.in = c->in,
		.done = query_done,
		.owner = c,
	};
	return world_query(c->world, &c->query);
}

static enum err
start_long(struct call *c)
{
	c->query = (struct query) {
		.cx = c->cx,
		.run = c->work->run,
		.in = c->in,
		.done = query_done,
		.owner = c,
	};
	return world_long(c->world, &c->query);
}

static enum err
start_login(struct call *c)
{
	c->query = (struct query) {
		.cx = c->cx,
		.run = c->work->run,
		.in = c->in,
		.done = query_done,
		.owner = c,
	};
	return world_login(c->world, &c->query);
}

static enum err
start_local(struct call *c)
{
	call_answer(c);
	return OK;
}

static enum err
start_many(struct call *c)
{
	return c->work->start(c);
}

static void
item_done(struct item *it)
{
	struct call *c = it->owner;

	c->out = it->out;
	if (it->err != OK)
		refusal_count(it);
	step_ended(c, it->err);
}

static void
query_done(struct query *q)
{
	struct call *c = q->owner;

	c->out = q->out;
	step_ended(c, q->err);
}

static void
step_ended(struct call *c, enum err err)
{
	if (c->is_back) {
		c->cx->fault = c->fault;
		err = ERR_LIMITED;
	} else if (err == ERR_STALE && c->repeats) {
		err = begin_again(c);
		if (err == OK)
			return;
	} else if (err == OK && ends_in_brief(c)) {
		err = c->work->brief(c);
	} else if (err == OK && c->work->next != NULL) {
		c->work = c->work->next;
		err = call_step(c);
		if (err == OK)
			return;
	}
	if (err == ERR_LIMITED && take_back(c))
		return;
	if (err != OK)
		call_refuse(c, err);
	else
		call_answer(c);
}

static bool
ends_in_brief(const struct call *c)
{
	return c->inner != NULL && c->inner->is_brief && c->work->brief != NULL;
}

/* False: there is nothing to be taken back, or no room for that either. */
static bool
take_back(struct call *c)
{
	if (c->is_back || c->work->busy == NULL)
		return false;
	c->is_back = true;
	c->fault = c->cx->fault;
	c->work = c->work->busy;
	if (call_step(c) == OK)
		return true;
	c->cx->fault = c->fault;
	return false;
}

/* MODEL 3: what it was computed from is out of date; the caller did not name a version. */
static enum err
begin_again(struct call *c)
{
	metric_add(METRIC_CONTENTION, CONTENTION_STALE, 1);
	if (++c->tries == TRIES_MAX)
		return fail(c->cx, ERR_BUSY, MSG_API_BUSY, "");
	c->work = c->rq->route->work;
	return call_step(c);
}

void
call_answer(struct call *c)
{
	buf_init(&c->buf, c->cx->arena, REPLY_BODY_MAX);
	js_begin(&c->js, &c->buf);
	if (!ends_in_brief(c))
		c->work->encode(c);
	must(!c->buf.over);
	if (c->reply.body.p == NULL)
		c->reply.body = buf_view(&c->buf);
	reply_to(c, &c->reply);
}

/* To whoever asked; the call is gone afterwards. */
static void
reply_to(struct call *c, const struct reply *reply)
{
	if (c->inner == NULL) {
		http_reply(c->rq, reply);
		return;
	}
	api_ended(c->rq, reply->status, reply->body.n);
	c->inner->replied(c->inner, reply);
}

void
call_refuse(struct call *c, enum err err)
{
	const struct route_work *first = c->rq->route->work;
	struct reply reply = { 0 };

	if (first->refuse != NULL) {
		buf_init(&c->buf, c->cx->arena, REPLY_BODY_MAX);
		js_begin(&c->js, &c->buf);
		c->reply = reply;
		first->refuse(c, err);
		c->reply.body = buf_view(&c->buf);
		reply_to(c, &c->reply);
		return;
	}
	api_refuse(c->rq, err, &reply);
	reply_to(c, &reply);
}

void
call_header(struct call *c, const char *name, struct str value)
{
	must(c->reply.nheader < REPLY_HEADERS_MAX);
	c->reply.header[c->reply.nheader++] =
	    (struct header) { str_of(name), value };
}

const struct realm *
call_realm(struct call *c)
{
	const struct realm *realm;

	if (world_realm(c->world, c->cx, c->tenant, &realm) == OK)
		return realm;
	api_refuse(c->rq, ERR_NOT_FOUND, &c->reply);
	return NULL;
}

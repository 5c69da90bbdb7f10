/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.c - many operations in one request (RFC 7644 section 3.7): each is a
 * call of its own route, whose reply comes here instead of going out.
 *
 *	start -> reader: plan -> begin those that wait for nobody -> ...
 *	      -> one ended: begin those that waited for it -> ... -> all: reply
 *
 * What an operation gives up, one behind it may take (a userName): who meets a
 * conflict while such a one before it is not done tries once more afterwards,
 * so that it ends as if they had come one after the other.  The other way round
 * is not kept: what one behind it gives up may be free already (decision 0023).
 *
 * Beginning is decoding, so a reader thread does it, and one at a time.  An
 * operation has an arena of its own from its beginning to its end; what is told
 * of it is kept in the request's arena, under the lock.
 */
#include "scim/bulk_plan.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/queue.h"

#include "act/admission.h"
#include "scim/scim_int.h"

#define RESPONSE  "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
#define OP_MEMORY (512u << 20)	/* as a request has: one may be all of a Bulk */
#define TOLD_MAX  200	/* bytes of what was sent, in a message */

/* All Bulks of a server together have so many operations under way, but each may have some. */
#define WINDOW_ALL   1024
#define WINDOW_MOST  256
#define WINDOW_LEAST 1
#define WINDOW_FIRST 64	/* before the first have shown what they take; each that ends lets another one in more */
#define MEMORY_ALL   ((size_t)256 << 20) /* that they take from the heap: past it each Bulk goes on by one */

/* What became of an operation. */
struct end {
	int	   status;	/* 0: nothing yet */
	struct str id;		/* of what it made */
	struct str location, version;
	struct str error;	/* the body that says why */
	bool	   is_whole;	/* made, and with what it was made without */
};

struct bulk {
	struct call	*call;
	struct ctx	 cx;	/* of who begins operations: an arena of its own */
	struct query	 query;
	struct bulk_plan plan;
	struct lock	*mu;	/* guards what follows and, from the first operation on, the request's arena */
	struct end	*end;	/* of each operation */
	size_t		*ready;	/* steps to begin, in order; where errors are counted, those that wait too */
	size_t		 nready, next;
	size_t		 under_way, window, errors, ended;
	bool		*is_ended;	/* of each step */
	bool		*is_sure;	/* it began when all before it that may give something up were done */
	size_t		 first_giver;	/* of these steps the first that is not done; all of them: none */
	size_t		*again;		/* steps that try once more, to begin now */
	size_t		 nagain, next_again;
	bool		*waits_again;	/* of each step: for those before it */
	size_t		 waiting;	/* so many tries are to come */
	bool		 is_beginning;	/* somebody begins what may be begun, or will at once */
};

/* A step under way. */
struct part {
	struct inner inner;	/* first */
	struct bulk *bulk;
	size_t	     step;
};

/* In this process. */
static _Atomic size_t bulks, all_under_way, all_memory;

static enum err plan_it(struct reader *, struct ctx *, const void *, void **);
static enum err come_here(struct reader *, struct ctx *, const void *,
    void **);
static void planned(struct query *);
static void begin_all(struct query *);
static size_t window_of(const struct bulk *);
static bool next_step(struct bulk *, size_t *step, bool *is_last);
static bool may_begin(struct bulk *);
static bool rest_may_begin(struct bulk *);
static void begin(struct bulk *, size_t step);
static enum err prepare(struct part *);
static enum err body_of(struct part *, const struct bulk_op *);
static struct str id_of(void *, struct str);
static void go_on(struct bulk *);
static void op_ended(struct inner *, const struct reply *);
static bool tries_again(struct part *, const struct reply *);
static void find_giver(struct bulk *);
static void note(struct part *, const struct reply *);
static void release(struct bulk *, const struct bulk_step *);
static void answer(struct bulk *);

static enum err
bulk_start(struct call *c)
{
	struct bulk *b = arena_alloc(c->cx->arena, sizeof(*b));

	b->call = c;
	c->kept = b;
	b->query = (struct query) {
		.cx = c->cx,
		.run = plan_it,
		.in = b,
		.done = planned,
		.owner = b,
	};
	return world_query(c->world, &b->query);
}

static enum err
plan_it(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	struct bulk *b = ((const struct bulk *)in)->query.owner;
	const struct js *js;

	(void)r;
	*out = b;
	TRY(js_parse(cx, b->call->rq->body, &js));
	return bulk_plan(cx, js, &b->plan);
}

static void
planned(struct query *q)
{
	struct bulk *b = q->owner;
	struct arena *arena = q->cx->arena;
	const struct bulk_plan *plan = &b->plan;

	if (q->err != OK) {
		call_refuse(b->call, q->err);
		return;
	}
	b->end = arena_array(arena, plan->n, sizeof(*b->end));
	b->ready = arena_array(arena, plan->nstep, sizeof(*b->ready));
	b->again = arena_array(arena, plan->nstep, sizeof(*b->again));
	b->is_ended = arena_array(arena, plan->nstep, sizeof(*b->is_ended));
	b->is_sure = arena_array(arena, plan->nstep, sizeof(*b->is_sure));
	b->waits_again =
	    arena_array(arena, plan->nstep, sizeof(*b->waits_again));
	find_giver(b);
	for (size_t i = 0; i < plan->nstep; i++)
		if (plan->step[i].waits == 0 || plan->errors_max > 0)
			b->ready[b->nready++] = i;
	b->cx = *q->cx;
	b->cx.arena = arena_open(OP_MEMORY);
	b->mu = lock_open();
	b->is_beginning = true;
	atomic_fetch_add(&bulks, 1);
	begin_all(q);
}

/* --- beginning -------------------------------------------------------------------- */

static void
begin_all(struct query *q)
{
	struct bulk *b = q->owner;
	const size_t window = window_of(b);
	bool is_last;
	size_t step;

	lock_take(b->mu);
	b->window = window;
	lock_give(b->mu);
	while (next_step(b, &step, &is_last))
		begin(b, step);
	if (is_last)
		answer(b);
}

/* Nor more than may wait of this client: a Bulk that is alone is never refused by its own operations. */
static size_t
window_of(const struct bulk *b)
{
	const size_t places =
	    world_queue_max(b->call->world, b->call->tenant).client;
	size_t window = WINDOW_ALL / atomic_load(&bulks);

	if (window > WINDOW_MOST)
		window = WINDOW_MOST;
	if (window < WINDOW_LEAST)
		window = WINDOW_LEAST;
	return window < places ? window : places;
}

/* False: nothing may be begun now, whoever ends next goes on; IS_LAST: nobody will. */
static bool
next_step(struct bulk *b, size_t *step, bool *is_last)
{
	bool is_there;

	lock_take(b->mu);
	is_there = may_begin(b);
	if (is_there) {
		if (b->next_again < b->nagain) {
			*step = b->again[b->next_again++];
			b->waiting--;
		} else {
			*step = b->ready[b->next++];
		}
		b->is_sure[*step] = *step <= b->first_giver;
		b->under_way++;
		atomic_fetch_add(&all_under_way, 1);
	}
	b->is_beginning = is_there;
	*is_last = !is_there && b->under_way == 0;
	lock_give(b->mu);
	return is_there;
}

/*
 * Where errors are counted the steps are begun in their order, and no more at
 * once than may fail: so the same ones are begun as if they came one by one.
 */
static bool
may_begin(struct bulk *b)
{
	const size_t again = b->nagain - b->next_again;
	const size_t busy = b->under_way + b->errors + b->waiting;

	if ((b->next == b->nready && again == 0) ||
	    b->under_way >= b->window ||
	    b->under_way >= WINDOW_FIRST + b->ended)
		return false;
	/* The others have them, and give them back as their share becomes smaller. */
	if (b->under_way >= WINDOW_LEAST &&
	    (atomic_load(&all_under_way) >= WINDOW_ALL ||
		atomic_load(&all_memory) >= MEMORY_ALL))
		return false;
	if (b->plan.errors_max == 0 || again > 0)
		return true;
	if ((int64_t)b->errors >= b->plan.errors_max)
		return rest_may_begin(b);
	return (int64_t)busy < b->plan.errors_max &&
	    b->plan.step[b->ready[b->next]].waits == 0;
}

/* No operation begins any more; but one that was begun becomes what it shall be, if it can. */
static bool
rest_may_begin(struct bulk *b)
{
	for (; b->under_way == 0 && b->next < b->nready; b->next++) {
		const struct bulk_step *step = &b->plan.step[b->ready[b->next]];

		if (step->is_rest && step->waits == 0)
			return true;
	}
	return false;
}

static void
begin(struct bulk *b, size_t step)
{
	const struct ctx *cx = b->call->cx;
	const struct bulk_step *s = &b->plan.step[step];
	struct arena *arena = arena_open(OP_MEMORY);
	struct part *p;
	struct reply reply = { 0 };
	enum err err;

	arena_count(arena, &all_memory);
	p = arena_alloc(arena, sizeof(*p));
	p->bulk = b;
	p->step = step;
	p->inner.outer = b->call;
	p->inner.replied = op_ended;
	p->inner.is_brief = true;
	p->inner.rq.cx = (struct ctx) {
		.arena = arena,
		.actor = cx->actor,
		.now_ms = clock_now_ms(),
		.request_id = cx->request_id,
		.lang = cx->lang,
	};
	/* Of what was not made there is no rest. */
	if (s->is_rest && b->end[s->op].id.n == 0) {
		op_ended(&p->inner, &reply);
		return;
	}
	err = prepare(p);
	if (err == OK) {
		call_inner(&p->inner);
		return;
	}
	scim_refuse(&p->inner.rq.cx, err, &reply);
	op_ended(&p->inner, &reply);
}

static enum err
prepare(struct part *p)
{
	struct bulk *b = p->bulk;
	const struct bulk_step *step = &b->plan.step[p->step];
	const struct bulk_op *op = &b->plan.op[step->op];
	struct request *rq = &p->inner.rq;
	struct arena *arena = rq->cx.arena;
	struct str path = op->path, name, told = op->arg;
	struct header *header;

	if (told.n > TOLD_MAX)
		told = STR("…");
	if (op->err != OK)
		return fail(
		    &rq->cx, op->err, op->msg, op->field, str_z(arena, told));
	if (call_is_ending())
		return fail(&rq->cx, ERR_LIMITED, MSG_STORE_CLOSING, "");
	rq->method = step->is_rest ? PATCH : op->method;
	if (!bulk_text(arena, &path, id_of, b, &name))
		return fail(&rq->cx, ERR_CONFLICT, MSG_SCIM_BULK_FAILED, "path",
		    str_z(arena, name));
	rq->path = str_fmt(arena, SCIM_PATH "%.*s%s%.*s", STR_ARG(path),
	    step->is_rest ? "/" : "", STR_ARG(b->end[step->op].id));
	if (op->version.n > 0 && op->method != POST) {
		header = arena_alloc(arena, sizeof(*header));
		*header = (struct header) { STR("if-match"), op->version };
		rq->header = header;
		rq->nheader = 1;
	}
	return op->method == DELETE ? OK : body_of(p, op);
}

struct later {
	const struct bulk_plan *plan;
	size_t			op;
};

static bool
is_later(void *arg, struct str name)
{
	const struct later *l = arg;

	return bulk_is_later(l->plan, l->op, name);
}

static enum err
body_of(struct part *p, const struct bulk_op *op)
{
	const struct bulk_plan *plan = &p->bulk->plan;
	const struct bulk_step *step = &plan->step[p->step];
	struct ctx *cx = &p->inner.rq.cx;
	struct value *data = value_of(cx->arena, op->data);
	struct later later = { plan, step->op };
	struct value *rest;
	struct str name;
	struct js_out js;
	struct buf body;

	if (op->is_split) {
		rest = bulk_split(cx->arena, data, is_later, &later);
		if (step->is_rest)
			data = bulk_add(cx->arena, rest);
	}
	if (!bulk_texts(cx->arena, data, id_of, p->bulk, &name))
		return fail(cx, ERR_CONFLICT, MSG_SCIM_BULK_FAILED, "data",
		    str_z(cx->arena, name));
	buf_init(&body, cx->arena, JS_TEXT_MAX);
	js_begin(&js, &body);
	value_write(&js, data);
	if (body.over)
		return fail(cx, ERR_TOO_LARGE, MSG_API_TOO_LARGE, "");
	p->inner.rq.body = buf_view(&body);
	return OK;
}

/* Who waits for an operation begins after its end: what was made has its id then. */
static struct str
id_of(void *arg, struct str name)
{
	const struct bulk *b = arg;
	size_t op = bulk_named(&b->plan, name);

	return op != SIZE_MAX ? b->end[op].id : STR("");
}

/* --- ending -------------------------------------------------------------------------- */

static void
op_ended(struct inner *in, const struct reply *reply)
{
	struct part *p = (struct part *)in;
	struct bulk *b = p->bulk;
	struct arena *own = in->rq.cx.arena;
	bool goes_on, is_last;

	lock_take(b->mu);
	if (!tries_again(p, reply)) {
		note(p, reply);
		release(b, &b->plan.step[p->step]);
		b->is_ended[p->step] = true;
		find_giver(b);
	}
	b->under_way--;
	b->ended++;
	atomic_fetch_sub(&all_under_way, 1);
	goes_on = !b->is_beginning && may_begin(b);
	is_last = !b->is_beginning && !goes_on && b->under_way == 0;
	b->is_beginning |= goes_on;
	lock_give(b->mu);
	arena_close(own);
	if (goes_on)
		go_on(b);
	else if (is_last)
		answer(b);
}

/* What it conflicts with may be given up by who came before it. */
static bool
tries_again(struct part *p, const struct reply *reply)
{
	struct bulk *b = p->bulk;
	const struct fault f = p->inner.rq.cx.fault;

	if (reply->status != 409 || b->is_sure[p->step] ||
	    b->plan.step[p->step].is_rest ||
	    !str_eq(str_of(scim_type_of(&f)), STR("uniqueness")))
		return false;
	b->waiting++;
	/* They may have ended since. */
	if (p->step <= b->first_giver)
		b->again[b->nagain++] = p->step;
	else
		b->waits_again[p->step] = true;
	return true;
}

/* Whoever waits for those before it that are done now begins. */
static void
find_giver(struct bulk *b)
{
	const struct bulk_plan *plan = &b->plan;
	const struct bulk_step *step;
	size_t i = b->first_giver;

	for (; i < plan->nstep; i++) {
		step = &plan->step[i];
		if (b->waits_again[i]) {
			b->waits_again[i] = false;
			b->again[b->nagain++] = i;
		}
		if (!b->is_ended[i] && !step->is_rest &&
		    plan->op[step->op].method != POST)
			break;
	}
	b->first_giver = i;
}

static struct str
header_of(const struct reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->nheader; i++)
		if (str_eq_nocase(reply->header[i].name, str_of(name)))
			return reply->header[i].value;
	return STR("");
}

static struct str
last_segment(struct str path)
{
	struct str segment = path;

	while (path.p != NULL)
		segment = str_cut(&path, '/');
	return segment;
}

static void
note(struct part *p, const struct reply *reply)
{
	struct bulk *b = p->bulk;
	const struct bulk_step *step = &b->plan.step[p->step];
	const struct bulk_op *op = &b->plan.op[step->op];
	struct end *o = &b->end[step->op];
	struct arena *keep = b->call->cx->arena;
	struct str location = header_of(reply, "Location");

	if (reply->status == 0)
		return;
	o->status =
	    step->is_rest && reply->status < 300 ? o->status : reply->status;
	o->is_whole = step->is_rest || !op->is_split;
	if (reply->status >= 300) {
		o->error = str_copy(keep, reply->body);
		b->errors++;
	} else {
		o->version = str_copy(keep, header_of(reply, "ETag"));
	}
	if (step->is_rest)
		return;
	if (location.n > 0)
		o->location = str_copy(keep, location);
	else if (op->method != POST && p->inner.rq.path.n > 0)
		o->location = str_fmt(keep, "%.*s%.*s",
		    STR_ARG(world_issuer(b->call->world)),
		    STR_ARG(p->inner.rq.path));
	if (op->method == POST && o->error.n == 0)
		o->id = last_segment(o->location);
}

static void
release(struct bulk *b, const struct bulk_step *step)
{
	for (size_t i = 0; i < step->nnext; i++)
		if (--b->plan.step[step->next[i]].waits == 0 &&
		    b->plan.errors_max == 0)
			b->ready[b->nready++] = step->next[i];
}

/* On a reader thread, if there is room; else here. */
static void
go_on(struct bulk *b)
{
	arena_reset(b->cx.arena);
	b->query = (struct query) {
		.cx = &b->cx,
		.run = come_here,
		.done = begin_all,
		.owner = b,
	};
	if (world_query(b->call->world, &b->query) != OK)
		begin_all(&b->query);
}

static enum err
come_here(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	(void)r;
	(void)cx;
	(void)in;
	*out = NULL;
	return OK;
}

/* --- out ------------------------------------------------------------------------------- */

static void
answer(struct bulk *b)
{
	lock_close(b->mu);
	arena_close(b->cx.arena);
	atomic_fetch_sub(&bulks, 1);
	call_answer(b->call);
}

/* Made, but without what it refers to: that was not begun any more. */
static void
tell_rest(struct call *c, size_t op)
{
	struct bulk *b = c->kept;
	const struct bulk_plan *plan = &b->plan;
	struct reply reply = { 0 };
	struct str name = STR("");

	for (size_t i = plan->first_ref[op]; i < plan->first_ref[op + 1]; i++)
		if (plan->ref[i].is_later &&
		    b->end[plan->ref[i].target].id.n == 0)
			name = plan->op[plan->ref[i].target].bulk_id;
	scim_refuse(c->cx,
	    fail(c->cx, ERR_CONFLICT, MSG_SCIM_BULK_FAILED, "data",
		str_z(c->cx->arena, name)),
	    &reply);
	b->end[op].status = reply.status;
	b->end[op].error = reply.body;
}

static void
put_outcome(struct js_out *js, struct arena *arena, const struct bulk_op *op,
    const struct end *o)
{
	js_open_object(js);
	js_key(js, "method");
	js_put_str(
	    js, op->method != 0 ? str_of(method_name(op->method)) : op->sent);
	put_text(js, "bulkId", op->bulk_id);
	put_text(js, "version", o->error.n == 0 ? o->version : STR(""));
	put_text(js, "location", o->location);
	js_key(js, "status");
	js_put_str(js, str_fmt(arena, "%d", o->status));
	if (o->error.n > 0) {
		js_key(js, "response");
		js_put_raw(js, o->error);
	}
	js_close_object(js);
}

static void
bulk_encode(struct call *c)
{
	struct bulk *b = c->kept;
	struct js_out *js = &c->js;

	c->reply.content_type = SCIM_MEDIA;
	js_open_object(js);
	js_key(js, "schemas");
	js_open_array(js);
	js_put_z(js, RESPONSE);
	js_close_array(js);
	js_key(js, "Operations");
	js_open_array(js);
	for (size_t i = 0; i < b->plan.n; i++) {
		struct end *o = &b->end[i];

		if (o->status == 0)
			continue;
		if (!o->is_whole && o->error.n == 0)
			tell_rest(c, i);
		put_outcome(js, c->cx->arena, &b->plan.op[i], o);
	}
	js_close_array(js);
	js_close_object(js);
}

static const struct route_work bulk = { .kind = WORK_MANY, .start = bulk_start, .encode = bulk_encode, .query = "*" };

const struct route scim_bulk_routes[] = {
	{ POST, SCIM_PATH "/Bulk", RIGHT_SELF, BULK_BYTES_MAX, false, &bulk, "Many operations at once" },
	{ 0 }
};

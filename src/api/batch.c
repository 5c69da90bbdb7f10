/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - up to 1,000 onboardings in one request, each an item of its own
 * with its own outcome.
 *
 *	start -> reader: decode all -> submit each -> ... -> last one: reply
 *
 * While items are under way each has an arena of its own, for the sealer and
 * the writer may work on two of them at once.  What an item told is kept in
 * the request's arena, under the lock.
 */
#include "api/api_int.h"

#include "base/queue.h"

#define ITEM_ARENA_MAX	(64 * 1024 * 1024)
#define ITEM_REPLY_MAX	(1024 * 1024)

struct part {
	struct batch_call *batch;
	struct ctx	   cx;
	struct order	   order;
	struct item	   item;
	enum err	   err;		/* of decoding */
	struct str	   told;	/* its place in the reply */
};

struct batch_call {
	struct call *call;
	struct query query;
	struct lock *mu;	/* guards left, part[].told and, from the first item on, the request's arena */
	size_t	     left;	/* items under way, and one for who submits them */
	struct part *part;
	size_t	     n;
};

struct batch_in {
	const struct js *items;
};

static const struct member batch_members[] = {
	{ "items", MEMBER_ANY, offsetof(struct batch_in, items), 1, BATCH_ITEMS_MAX, true },
};
const struct member_table batch_table = { batch_members, COUNT(batch_members), "" };

static enum err decode_all(struct reader *, struct ctx *, const void *,
    void **);
static enum err decode_part(struct part *, struct world *, const struct js *);
static enum err take_key(struct part *, const struct js *);
static void decoded(struct query *);
static void submit(struct part *);
static void part_done(struct item *);
static void finish(struct part *, enum err);
static struct str tell(struct part *, enum err);
static void settle(struct batch_call *, struct part *, struct str told);

enum err
batch_start(struct call *c)
{
	struct batch_call *b = arena_alloc(c->cx->arena, sizeof(*b));

	b->call = c;
	c->kept = b;
	b->query = (struct query) {
		.cx = c->cx,
		.run = decode_all,
		.in = b,
		.done = decoded,
		.owner = b,
	};
	return world_query(c->world, &b->query);
}

/* --- decode ------------------------------------------------------------------- */

/* Eight megabytes of JSON are too much work for a loop: a reader thread does it. */
static enum err
decode_all(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	struct batch_call *b = ((const struct batch_call *)in)->query.owner;
	struct batch_in body = { NULL };
	const struct js *js;

	*out = b;
	TRY(js_parse(cx, b->call->rq->body, &js));
	TRY(members_decode(cx, js, &batch_table, &body));
	b->n = js_count(body.items);
	b->part = arena_array(cx->arena, b->n, sizeof(*b->part));
	for (size_t i = 0; i < b->n; i++) {
		struct part *p = &b->part[i];

		p->batch = b;
		p->cx = *cx;
		p->err = decode_part(p, r->world, js_at(body.items, i));
	}
	return OK;
}

static enum err
decode_part(struct part *p, struct world *w, const struct js *js)
{
	struct arena *a = p->cx.arena;
	struct js_out out;
	struct buf body;

	TRY(take_key(p, js));
	js = js_without(a, js, "key");
	TRY(onboarding_decode(&p->cx, w, js, &p->order));
	/* What the key stands for: the item, however the request was laid out. */
	buf_init(&body, a, PERSON_BODY_MAX);
	js_begin(&out, &body);
	put_js(&out, js);
	if (body.over)
		return fail(&p->cx, ERR_TOO_LARGE, MSG_API_TOO_LARGE, "");
	p->order.body = buf_view(&body);
	return OK;
}

static enum err
take_key(struct part *p, const struct js *js)
{
	const struct js *key = js_get(js, "key");

	if (js_type(js) != JS_OBJECT)
		return fail(&p->cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "");
	if (key == NULL || js_type(key) == JS_NULL)
		return fail(&p->cx, ERR_BAD_INPUT, MSG_API_NO_KEY, "key");
	if (js_type(key) != JS_STRING || !is_idempotency_key(js_str(key)))
		return fail(&p->cx, ERR_BAD_INPUT, MSG_API_KEY, "key");
	p->order.idempotency_key = js_str(key);
	return OK;
}

/* --- the items ------------------------------------------------------------------ */

static void
decoded(struct query *q)
{
	struct batch_call *b = q->owner;

	if (q->err != OK) {
		call_refuse(b->call, q->err);
		return;
	}
	b->mu = lock_open();
	b->left = b->n + 1;
	for (size_t i = 0; i < b->n; i++)
		submit(&b->part[i]);
	settle(b, NULL, STR(""));
}

static void
submit(struct part *p)
{
	struct world *w = p->batch->call->world;
	enum err err = p->err;

	p->cx.arena = arena_open(ITEM_ARENA_MAX);
	p->item = (struct item) {
		.cx = &p->cx,
		.use_case = &person_order,
		.tenant = p->batch->call->tenant,
		.in = &p->order,
		.done = part_done,
		.owner = p,
	};
	if (err == OK)
		err = pipeline_submit(world_pipeline(w), &p->item, ITEM_BULK);
	if (err != OK)
		finish(p, err);
}

static void
part_done(struct item *it)
{
	if (it->err != OK)
		refusal_count(it);
	finish(it->owner, it->err);
}

static void
finish(struct part *p, enum err err)
{
	struct str told = tell(p, err);
	struct arena *own = p->cx.arena;

	settle(p->batch, p, told);
	arena_close(own);
}

static struct str
tell(struct part *p, enum err err)
{
	const struct order_out *out = p->item.out;
	struct js_out js;
	struct buf b;

	buf_init(&b, p->cx.arena, ITEM_REPLY_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	js_key(&js, "status");
	if (err == OK) {
		js_put_int(&js, out->is_new ? 201 : 200);
		js_key(&js, "body");
		put_onboarding_told(&js, &p->cx, out);
	} else {
		js_put_int(&js, err_info(err)->http);
		js_key(&js, "error");
		js_open_object(&js);
		problem_encode(&js, &p->cx, err);
		js_close_object(&js);
	}
	js_close_object(&js);
	must(!b.over);
	return buf_view(&b);
}

/* PART NULL: everything is submitted.  Who brings LEFT to nothing answers. */
static void
settle(struct batch_call *b, struct part *p, struct str told)
{
	bool is_last;

	lock_take(b->mu);
	if (p != NULL)
		p->told = str_copy(b->call->cx->arena, told);
	is_last = --b->left == 0;
	lock_give(b->mu);
	if (!is_last)
		return;
	lock_close(b->mu);
	call_answer(b->call);
}

void
batch_encode(struct call *c)
{
	const struct batch_call *b = c->kept;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < b->n; i++)
		js_put_raw(&c->js, b->part[i].told);
	js_close_array(&c->js);
	js_close_object(&c->js);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "act/queues.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#include "act/world_int.h"

#define BUCKETS 256
#define ASK_MS   1000	/* how often a paused one asks whether its tenant still acts */
#define PLACE_MS 50	/* and one that goes on whether there is a place */

/* One queue of one tenant, from the first time something happened to it. */
struct queue_slot {
	uint32_t	   tenant;
	enum work_queue	   queue;
	enum queue_state   state;
	struct queue_row   how;		/* it was last paused or resumed; without its reason */
	char		  *reason;	/* opened */
	size_t		   reason_n;
	int64_t		   depth;
	struct meter	   meter;
	struct queue_slot *same_bucket;
};

struct queues {
	struct lock	  *mu;		/* guards what follows; woken when a state changes */
	struct queue_slot *bucket[BUCKETS];
	bool		   is_ending;
};

static struct queue_slot *slot_of(struct queues *, uint32_t, enum work_queue);
static struct throttle_limits limits_of(struct world *, uint32_t,
    enum work_queue);
static bool is_too_deep(struct world *, uint32_t, enum work_queue,
    int64_t *depth);
static enum err look(struct queues *, struct ctx *, uint32_t, enum work_queue,
    bool *is_paused);
static void rest(struct queues *, uint32_t, enum work_queue, bool is_paused);
static enum err pause_deep(struct world *, struct ctx *, uint32_t,
    enum work_queue, int64_t);
static void view(struct queue_slot *, struct arena *, struct queue_view *);
static void fill(struct reader *, struct ctx *, enum work_queue,
    struct queue_view *);

static const struct actor node_actor = { .kind = ACTOR_NODE,
	.factors = FACTOR_SOCKET };

struct queues *
queues_open(void)
{
	struct queues *q = heap_alloc(1, sizeof(*q));

	q->mu = lock_open();
	return q;
}

void
queues_close(struct queues *q)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct queue_slot *s;

		while ((s = q->bucket[i]) != NULL) {
			q->bucket[i] = s->same_bucket;
			heap_free(s->reason);
			heap_free(s);
		}
	}
	lock_close(q->mu);
	heap_free(q);
}

/* The lock is held. */
static struct queue_slot *
slot_of(struct queues *q, uint32_t tenant, enum work_queue queue)
{
	struct queue_slot **at =
	    &q->bucket[(tenant * WORK_QUEUE_END + queue) % BUCKETS];

	while (
	    *at != NULL && ((*at)->tenant != tenant || (*at)->queue != queue))
		at = &(*at)->same_bucket;
	if (*at == NULL) {
		*at = heap_alloc(1, sizeof(**at));
		(*at)->tenant = tenant;
		(*at)->queue = queue;
		(*at)->state = QUEUE_RUNNING;
	}
	return *at;
}

static struct throttle_limits
limits_of(struct world *w, uint32_t tenant, enum work_queue queue)
{
	int64_t setting[SETTING_COUNT];

	settings_of(w, tenant, setting);
	return throttle_limits(
	    setting, world_deployment(w, DEPLOYMENT_GLOBAL_CAP), queue);
}

/* --- for who works a queue ----------------------------------------------------------- */

void
queue_count(struct world *w, uint32_t tenant, enum work_queue queue,
    const struct window *what)
{
	const struct throttle_limits limits = limits_of(w, tenant, queue);
	struct queue_slot *s;

	lock_take(w->queues->mu);
	s = slot_of(w->queues, tenant, queue);
	s->depth += what->came - what->went - what->failed;
	must(s->depth >= 0);
	meter_add(&s->meter, &limits, clock_mono_ns() / 1000000, what);
	lock_give(w->queues->mu);
}

void
queue_forget(struct world *w, uint32_t tenant, enum work_queue queue, int64_t n)
{
	lock_take(w->queues->mu);
	slot_of(w->queues, tenant, queue)->depth -= n;
	lock_give(w->queues->mu);
}

size_t
queue_batch(struct world *w, uint32_t tenant, enum work_queue queue)
{
	const struct throttle_limits limits = limits_of(w, tenant, queue);
	int64_t n;

	lock_take(w->queues->mu);
	n = meter_batch(&slot_of(w->queues, tenant, queue)->meter, &limits);
	lock_give(w->queues->mu);
	return (size_t)n;
}

enum err
queue_pass(
    struct reader *r, struct ctx *cx, uint32_t tenant, enum work_queue queue)
{
	struct world *w = r->world;
	bool is_paused;
	int64_t depth;

	if (is_too_deep(w, tenant, queue, &depth))
		TRY(pause_deep(w, cx, tenant, queue, depth));
	for (;;) {
		TRY(look(w->queues, cx, tenant, queue, &is_paused));
		if (reader_is_ousted(r))
			return fail(cx, ERR_LIMITED, MSG_QUEUE_OUSTED, "",
			    work_queue_name(queue));
		if (!is_paused && reader_go_on(r, cx))
			return OK;
		if (is_paused)
			reader_pause(r);
		rest(w->queues, tenant, queue, is_paused);
		/* Who is suspended resumes nothing. */
		TRY(world_is_active(w, cx, tenant));
	}
}

static enum err
look(struct queues *q, struct ctx *cx, uint32_t tenant, enum work_queue queue,
    bool *is_paused)
{
	bool is_ending;

	lock_take(q->mu);
	is_ending = q->is_ending;
	*is_paused = slot_of(q, tenant, queue)->state == QUEUE_PAUSED;
	lock_give(q->mu);
	if (is_ending)
		return fail(
		    cx, ERR_BUSY, MSG_QUEUE_ENDING, "", work_queue_name(queue));
	return OK;
}

/* Until there may be a reason to look again: a state that changed, or a place that came free. */
static void
rest(struct queues *q, uint32_t tenant, enum work_queue queue, bool is_paused)
{
	lock_take(q->mu);
	if (!q->is_ending &&
	    is_paused == (slot_of(q, tenant, queue)->state == QUEUE_PAUSED))
		lock_wait(q->mu, is_paused ? ASK_MS : PLACE_MS);
	lock_give(q->mu);
}

/* Since just now; it is not paused yet. */
static bool
is_too_deep(
    struct world *w, uint32_t tenant, enum work_queue queue, int64_t *depth)
{
	const struct throttle_limits limits = limits_of(w, tenant, queue);
	struct queue_slot *s;
	enum queue_state next;
	bool pauses;

	lock_take(w->queues->mu);
	s = slot_of(w->queues, tenant, queue);
	next = queue_watch(s->state, s->depth, limits.depth_pause);
	*depth = s->depth;
	pauses = next == QUEUE_PAUSED && s->state != QUEUE_PAUSED;
	if (!pauses)
		s->state = next;
	lock_give(w->queues->mu);
	return pauses;
}

/* The server's own doing, for everybody to see. */
static enum err
pause_deep(struct world *w, struct ctx *cx, uint32_t tenant,
    enum work_queue queue, int64_t depth)
{
	struct queue_in in = { queue, QUEUE_PAUSED, STR(""), depth };
	struct ctx own = *cx;
	struct item it = { .cx = &own, .use_case = &queue_set,
		.tenant = tenant, .in = &in };
	enum err err;

	own.actor = &node_actor;
	err = pipeline_do(w->pipeline, &it, ITEM_INTERACTIVE);
	cx->fault = own.fault;
	return err;
}

void
queues_wake(struct world *w)
{
	lock_take(w->queues->mu);
	lock_wake(w->queues->mu);
	lock_give(w->queues->mu);
}

void
world_ending(struct world *w)
{
	lock_take(w->queues->mu);
	w->queues->is_ending = true;
	lock_wake(w->queues->mu);
	lock_give(w->queues->mu);
}

/* --- pausing and resuming -------------------------------------------------------------- */

struct queue_change {
	struct queue_row       row;
	const struct text_out *reason, *logged;
	bool		       is_changed;
	enum work_queue	       queue;
};

/* The reason is somebody's words: sealed, under the tenant's own key. */
static enum err
set_want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct queue_in *in = it->in;
		struct queue_change *c = arena_alloc(it->cx->arena, sizeof(*c));
		const struct realm *realm;

		it->state = c;
		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err != OK || in->reason.n == 0)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		c->reason =
		    vault_text_seal(call, PURPOSE_NAME, in->queue, in->reason);
		c->logged =
		    vault_text_seal(call, PURPOSE_AUDIT, in->queue, in->reason);
	}
	return OK;
}

static enum err
set_one(struct item *it, struct tx *tx, struct logbook *book)
{
	const struct queue_in *in = it->in;
	struct queue_change *c = it->state;
	struct queue_row key = { .tenant = it->tenant, .queue = in->queue };
	const bool pauses = in->state == QUEUE_PAUSED;
	struct entry e = entry_by(it->cx,
	    pauses ? ACTION_QUEUE_PAUSED : ACTION_QUEUE_RESUMED, SUBJECT_QUEUE,
	    in->queue);
	struct rows rows;
	bool is_paused;

	TRY(store_load(tx, &QUEUE_STATE, &key, 1, 2, 0, &rows));
	is_paused = rows.n == 1 &&
	    ((struct queue_row *)rows.row)->state == QUEUE_PAUSED;
	if (is_paused == pauses)
		return OK;
	if (c->reason != NULL) {
		TRY(c->reason->err);
		TRY(c->logged->err);
		e.sealed = c->logged->text;
	}
	c->is_changed = true;
	c->row = (struct queue_row) {
		.tenant = it->tenant,
		.queue = in->queue,
		.state = in->state,
		.actor_kind = (int64_t)it->cx->actor->kind,
		.actor = it->cx->actor->id,
		.depth = in->depth,
		.since_ms = it->cx->now_ms,
		.reason = c->reason != NULL ? c->reason->text : STR(""),
	};
	TRY(store_save(tx, &QUEUE_STATE, &c->row, 1, NULL));
	logbook_add(book, it->tenant, &e, NULL);
	return OK;
}

static enum err
set_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct queue_change *c = it->state;

		if (it->err != OK)
			continue;
		TRY(set_one(it, tx, &book));
		c->queue = ((const struct queue_in *)it->in)->queue;
		it->out = &c->queue;
	}
	return logbook_save(&book, tx);
}

void
queues_set(struct queues *q, const struct queue_row *row, struct str reason)
{
	struct queue_slot *s;

	lock_take(q->mu);
	s = slot_of(q, (uint32_t)row->tenant, (enum work_queue)row->queue);
	s->state = (enum queue_state)row->state;
	s->how = *row;
	s->how.reason = STR("");
	heap_free(s->reason);
	s->reason = heap_alloc(reason.n + 1, 1);
	memcpy(s->reason, reason.p, reason.n);
	s->reason_n = reason.n;
	lock_wake(q->mu);
	lock_give(q->mu);
}

static void
set_committed(struct batch *b)
{
	struct world *w = b->world;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct queue_in *in = it->in;
		const struct queue_change *c = it->state;

		if (it->err != OK || !c->is_changed)
			continue;
		queues_set(w->queues, &c->row, in->reason);
		log_event(in->depth > 0 ? LOG_WARN : LOG_INFO,
		    in->state == QUEUE_PAUSED ? "queue_paused"
					      : "queue_resumed",
		    LOG_WORD("queue", work_queue_name(in->queue)),
		    LOG_NUM("tenant", it->tenant), LOG_NUM("depth", in->depth));
	}
}

const struct use_case queue_set = { .name = "queue_set", .want = set_want,
	.save = set_save, .committed = set_committed };

/* --- looking ------------------------------------------------------------------------------ */

enum err
queues_list(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct queues_out *o = arena_alloc(cx->arena, sizeof(*o));

	(void)none;
	for (enum work_queue q = WORK_QUEUE_NONE + 1; q < WORK_QUEUE_END; q++)
		fill(r, cx, q, &o->queue[o->n++]);
	world_bounds(r->world, cx, o->bound);
	*out = o;
	return OK;
}

enum err
queue_show(struct reader *r, struct ctx *cx, const void *queue, void **out)
{
	struct queue_view *v = arena_alloc(cx->arena, sizeof(*v));

	fill(r, cx, *(const enum work_queue *)queue, v);
	*out = v;
	return OK;
}

static void
fill(struct reader *r, struct ctx *cx, enum work_queue queue,
    struct queue_view *v)
{
	struct queues *q = r->world->queues;

	v->limits = limits_of(r->world, cx->actor->tenant, queue);
	lock_take(q->mu);
	view(slot_of(q, cx->actor->tenant, queue), cx->arena, v);
	lock_give(q->mu);
}

static void
view(struct queue_slot *s, struct arena *arena, struct queue_view *v)
{
	int64_t now = clock_mono_ns() / 1000000;

	/* A window without work is one as well. */
	if (s->meter.first_ms != 0)
		meter_add(&s->meter, &v->limits, now, &(struct window) { 0 });
	v->queue = s->queue;
	v->state = s->state;
	v->actor_kind = (enum actor_kind)s->how.actor_kind;
	v->actor = s->how.actor;
	v->since_ms = s->how.since_ms;
	v->paused_depth = s->how.depth;
	v->reason = str_copy(arena, (struct str) { s->reason, s->reason_n });
	v->depth = s->depth;
	v->rate_milli = meter_rate_milli(&s->meter, now);
	v->forecast_s = s->state == QUEUE_PAUSED && s->depth > 0
	    ? -1
	    : queue_forecast_s(s->depth, v->rate_milli);
	v->batch = meter_batch(&s->meter, &v->limits);
	v->last = s->meter.last;
}

bool
queue_is_paused(struct world *w, struct arena *arena, uint32_t tenant,
    enum work_queue queue, struct str *why)
{
	struct queue_slot *s;
	bool is_paused;

	lock_take(w->queues->mu);
	s = slot_of(w->queues, tenant, queue);
	is_paused = s->state == QUEUE_PAUSED;
	*why = is_paused
	    ? str_copy(arena, (struct str) { s->reason, s->reason_n })
	    : STR("");
	lock_give(w->queues->mu);
	return is_paused;
}

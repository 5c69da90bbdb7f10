/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_test.c - fake use cases on their way through a real store: every
 * item writes one row, unless it is one that makes trouble.
 */
#include "place.h"

#include <string.h>

#include "base/clock.h"
#include "base/queue.h"

#include "store/pipeline.h"
#include "store/rows.h"

#define ITEMS_MAX 2000

/* What an item does beside writing its row. */
enum trouble {
	NONE,
	CULPRIT_SAVE,		/* violates a constraint */
	CULPRIT_LOAD,
	CULPRIT_PREPARE,
	CULPRIT_WANT,
	CULPRIT_KEEP,
	REFUSED_PREPARE,	/* says so itself */
	REFUSED_WANT,
	REFUSED_KEEP,
	REFUSED_DECIDE,
	AGAIN_ONCE,
	AGAIN_ALWAYS,
	TROUBLES
};

struct order {
	struct item  item;
	struct ctx   cx;
	int64_t	     id;
	enum trouble trouble;
	int	     done;		/* how often it was answered */
	unsigned     decided;		/* how often decide() saw it */
	struct order *next_done;
};

/* What a try leaves in item->state, stage by stage. */
struct state {
	const struct order *order;
	unsigned	    stages;
};

struct world {
	struct lock  *lock;		/* guards what follows */
	bool	      is_shut;		/* decide() waits */
	bool	      is_sealer_shut;	/* prepare() waits */
	unsigned      waiting;		/* stages that wait now */
	int64_t	      decided[ITEMS_MAX * 8]; /* ids in the order of decide() */
	const struct use_case *decided_by[ITEMS_MAX * 8];
	size_t	      ndecided, batches, committed, calls;
	enum err      call_err;
	struct db    *keys;		/* a reader of the writer's thread */
	bool	      keys_late;	/* a row was saved before its key */
};

struct fixture {
	struct place	 place;
	struct ctx	 cx;
	struct world	 world;
	struct store	*store;
	struct pipeline *pipeline;
	struct order	*order;
	size_t		 n;
};

/* --- the use cases ------------------------------------------------------------ */

static void
pass(struct world *w, const bool *is_shut)
{
	lock_take(w->lock);
	w->waiting++;
	lock_wake(w->lock);
	while (*is_shut)
		lock_wait(w->lock, -1);
	w->waiting--;
	lock_give(w->lock);
}

/* Every stage must find the state of the same try, and each stage before it done. */
static struct order *
order_at(struct item *item, unsigned stage)
{
	struct state *s = item->state;
	struct order *o = item->in;

	must(s != NULL && s->order == o && s->stages == stage);
	s->stages++;
	return o;
}

static enum err
prepare(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	struct world *w = b->world;
	enum err err = OK;

	must(call == NULL || call == (struct vault_call *)w);
	must(tx_ctx(data) == b->cx && tx_ctx(keys) == b->cx);
	pass(w, &w->is_sealer_shut);
	must(b->state == NULL && b->n > 0);
	b->state = w;
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = item->in;

		must(item->state == NULL && item->out == NULL &&
		    item->err == OK && !item->again);
		item->state = arena_alloc(b->cx->arena, sizeof(struct state));
		((struct state *)item->state)->order = o;
		if (o->trouble == CULPRIT_PREPARE)
			err = fail(b->cx, ERR_SEALED, MSG_STORE_CHECK,
			    "prepare", "culprit");
		if (o->trouble == REFUSED_PREPARE)
			item->err = fail(item->cx, ERR_DENIED, MSG_NONE, "x");
	}
	return err;
}

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	enum err err = OK;

	must(tx_ctx(data) == b->cx && b->state == b->world);
	must(call == NULL || call == b->world);
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = order_at(item, 0);

		if (o->trouble == CULPRIT_WANT)
			err = fail(b->cx, ERR_SEALED, MSG_STORE_CHECK, "want",
			    "culprit");
		if (o->trouble == REFUSED_WANT)
			item->err = fail(item->cx, ERR_DENIED, MSG_NONE, "x");
	}
	return err;
}

static enum err
keep(struct batch *b, struct tx *keys)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = order_at(item, 1);
		struct key_row key = { .tenant = item->tenant,
			.person = o->id, .version = 1, .state = KEY_ACTIVE };

		if (o->trouble == CULPRIT_KEEP)
			return fail(b->cx, ERR_SEALED, MSG_STORE_CHECK, "keep",
			    "culprit");
		if (o->trouble == REFUSED_KEEP)
			item->err = fail(item->cx, ERR_DENIED, MSG_NONE, "x");
		if (item->err == OK)
			TRY(store_save(keys, &PERSON_KEY, &key, 1, NULL));
	}
	return OK;
}

static enum err
load(struct batch *b, struct tx *tx)
{
	struct world *w = b->world;
	struct tx *keys = tx_begin(w->keys, b->cx);

	must(tx_ctx(tx) == b->cx);
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = order_at(item, 2);
		struct key_row key = { .tenant = item->tenant,
			.person = o->id, .version = 1 };
		int64_t n;

		must(item->err == OK);
		must(store_count(keys, &PERSON_KEY, &key, 3, &n) == OK);
		w->keys_late |= n != 1;
		if (o->trouble == CULPRIT_LOAD) {
			tx_end(keys);
			return fail(b->cx, ERR_CONFLICT, MSG_STORE_CHECK,
			    "load", "culprit");
		}
	}
	tx_end(keys);
	return OK;
}

static void
decide(struct batch *b)
{
	struct world *w = b->world;

	pass(w, &w->is_shut);
	lock_take(w->lock);
	w->batches++;
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = order_at(item, 3);

		o->decided++;
		w->decided_by[w->ndecided] = b->use_case;
		w->decided[w->ndecided++] = o->id;
		item->out = o;
		item->again = o->trouble == AGAIN_ALWAYS ||
		    (o->trouble == AGAIN_ONCE && item->tries == 1);
		if (o->trouble == REFUSED_DECIDE)
			item->err = fail(item->cx, ERR_DENIED, MSG_NONE, "x");
	}
	lock_give(w->lock);
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *item = b->item[i];
		struct order *o = order_at(item, 4);
		struct pool pool = { .tenant = item->tenant, .id = o->id };

		if (item->err != OK || item->again)
			continue;
		if (o->trouble == CULPRIT_SAVE)
			pool.held = 1;
		TRY(store_save(tx, &POOL, &pool, 1, NULL));
	}
	return OK;
}

static void
committed(struct batch *b)
{
	struct world *w = b->world;

	for (size_t i = 0; i < b->n; i++) {
		struct order *o = b->item[i]->in;

		must(o->done == 0);
		w->committed += b->item[i]->err == OK && !b->item[i]->again;
	}
}

static const struct use_case whole = { "whole", prepare, want, keep, load,
	decide, save, committed };
static const struct use_case other = { "other", prepare, want, keep, load,
	decide, save, committed };

/* Writes only; the sealer has nothing to do for it. */
static enum err
plain_save(struct batch *b, struct tx *tx)
{
	struct pool *row = arena_array(b->cx->arena, b->n, sizeof(*row));

	for (size_t i = 0; i < b->n; i++)
		row[i] = (struct pool) { .tenant = b->item[i]->tenant,
			.id = ((struct order *)b->item[i]->in)->id };
	return store_save(tx, &POOL, row, b->n, NULL);
}

static const struct use_case plain = { .name = "plain", .save = plain_save };

static void
call_init(void *world, struct vault_call **call, struct arena *arena)
{
	must(arena != NULL);
	*call = world;
}

static enum err
call_run(void *world, struct ctx *cx, struct vault_call *call)
{
	struct world *w = world;

	must((void *)call == world);
	w->calls++;
	if (w->call_err == OK)
		return OK;
	return fail(cx, w->call_err, MSG_STORE_BUSY, "", "vault");
}

/* --- the fixture ---------------------------------------------------------------- */

static void
open_pipeline(struct fixture *f, size_t tenant_max)
{
	struct pipeline_conf conf = { .store = f->store, .world = &f->world,
		.call_init = call_init, .call_run = call_run,
		.tenant_max = tenant_max };

	f->pipeline = pipeline_open(&conf);
}

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	place_open(&f->place);
	f->cx.arena = arena_open((size_t)1 << 28);
	f->order = heap_alloc(ITEMS_MAX, sizeof(*f->order));
	f->world.lock = lock_open();
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->world.keys = db_open_reader(f->store, DB_KEYS);
	open_pipeline(f, 4000);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	pipeline_close(f->pipeline);
	assert_false(f->world.keys_late);
	for (size_t i = 0; i < f->n; i++)
		arena_close(f->order[i].cx.arena);
	db_close(f->world.keys);
	store_close(f->store);
	lock_close(f->world.lock);
	place_close(&f->place);
	arena_close(f->cx.arena);
	heap_free(f->order);
	heap_free(f);
	return 0;
}

/* Doors wait for done(); here a queue of one lock does. */
static struct lock *done_lock;
static size_t done_count;

static void
done(struct item *item)
{
	struct order *o = item->in;

	lock_take(done_lock);
	o->done++;
	done_count++;
	lock_wake(done_lock);
	lock_give(done_lock);
}

static struct order *
new_order(struct fixture *f, enum trouble trouble)
{
	struct order *o = &f->order[f->n++];

	must(f->n <= ITEMS_MAX);
	o->id = (int64_t)f->n;
	o->trouble = trouble;
	o->cx.arena = arena_open(1 << 20);
	o->item = (struct item) { .cx = &o->cx, .use_case = &whole,
		.tenant = 1, .in = o, .done = done };
	return o;
}

static void
submit(struct fixture *f, struct order *o)
{
	assert_int_equal(pipeline_submit(f->pipeline, &o->item,
			     ITEM_INTERACTIVE), OK);
}

static void
wait_done(size_t n)
{
	lock_take(done_lock);
	while (done_count < n)
		lock_wait(done_lock, -1);
	lock_give(done_lock);
}

/* While SHUT is set its stage waits; until it does. */
static void
shut(struct world *w, bool *shut)
{
	lock_take(w->lock);
	*shut = true;
	lock_give(w->lock);
}

static void
wait_shut(struct world *w, unsigned n)
{
	lock_take(w->lock);
	while (w->waiting < n)
		lock_wait(w->lock, -1);
	lock_give(w->lock);
}

static void
open_again(struct world *w, bool *shut)
{
	lock_take(w->lock);
	*shut = false;
	lock_wake(w->lock);
	lock_give(w->lock);
}

static bool
is_stored(struct fixture *f, const struct order *o)
{
	struct db *reader = db_open_reader(f->store, DB_DATA);
	struct tx *tx = tx_begin(reader, &f->cx);
	struct pool key = { .tenant = o->item.tenant, .id = o->id };
	int64_t n;

	assert_int_equal(store_count(tx, &POOL, &key, 2, &n), OK);
	tx_end(tx);
	db_close(reader);
	return n == 1;
}

static struct pipeline_count
counts(struct fixture *f)
{
	struct pipeline_count c;

	pipeline_counts(f->pipeline, &c);
	return c;
}

/* N orders behind a shut writer: the first alone in it, the rest as they come. */
static void
submit_together(struct fixture *f, size_t from)
{
	shut(&f->world, &f->world.is_sealer_shut);
	submit(f, &f->order[from]);
	wait_shut(&f->world, 1);
	for (size_t i = from + 1; i < f->n; i++)
		submit(f, &f->order[i]);
	open_again(&f->world, &f->world.is_sealer_shut);
}

/* --- the tests ------------------------------------------------------------------ */

static void
an_item_passes_every_stage_and_is_answered_once(void **state)
{
	struct fixture *f = *state;
	struct order *o = new_order(f, NONE);
	struct pipeline_count c;

	submit(f, o);
	wait_done(1);
	assert_int_equal(o->item.err, OK);
	assert_ptr_equal(o->item.out, o);
	assert_int_equal(o->item.tries, 1);
	assert_true(is_stored(f, o));
	assert_int_equal(f->world.committed, 1);
	assert_int_equal(f->world.calls, 2);
	c = counts(f);
	assert_int_equal(c.commits, 1);
	assert_int_equal(c.keys_commits, 1);
	assert_int_equal(c.items, 1);
	assert_int_equal(c.batches_replayed, 0);
	assert_int_equal(c.depth, 0);
}

static void
whoever_waits_gets_the_items_own_error(void **state)
{
	struct fixture *f = *state;
	struct order *good = new_order(f, NONE);
	struct order *bad = new_order(f, REFUSED_DECIDE);

	assert_int_equal(pipeline_do(f->pipeline, &good->item,
			     ITEM_INTERACTIVE), OK);
	assert_int_equal(pipeline_do(f->pipeline, &bad->item, ITEM_BULK),
	    ERR_DENIED);
	assert_true(is_stored(f, good));
	assert_false(is_stored(f, bad));
}

/* What came while the sealer was busy is one batch for each use case, and one commit. */
static void
a_batch_forms_while_the_one_before_is_under_way(void **state)
{
	struct fixture *f = *state;
	const struct use_case *now = NULL;
	int64_t last[2] = { 0, 0 };
	size_t changes = 0;

	for (int i = 0; i < 101; i++)
		new_order(f, NONE)->item.use_case = i % 3 == 1 ? &other :
								  &whole;
	submit_together(f, 0);
	wait_done(101);
	assert_int_equal(f->world.ndecided, 101);
	assert_int_equal(f->world.batches, 3);
	assert_int_equal(counts(f).commits, 2);
	for (size_t i = 0; i < 101; i++) {
		const struct use_case *by = f->world.decided_by[i];

		changes += by != now;
		now = by;
		/* In the order of their arrival. */
		assert_true(f->world.decided[i] > last[by == &other]);
		last[by == &other] = f->world.decided[i];
	}
	assert_in_range(changes, 2, 3);
}

static void
a_batch_has_a_limit(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2 * BATCH_MAX + 1; i++)
		new_order(f, NONE);
	submit_together(f, 0);
	wait_done(f->n);
	assert_int_equal(counts(f).commits, 3);
}

/* By enum trouble: what becomes of it, and whether the others had to be tried alone. */
static const struct fate {
	enum err err;
	enum msg msg;
	bool	 is_replayed, is_stored, is_decided;
} fates[TROUBLES] = {
	[NONE] = { OK, MSG_NONE, false, true, true },
	[CULPRIT_SAVE] = { ERR_CONFLICT, MSG_STORE_CHECK, true, false, true },
	[CULPRIT_LOAD] = { ERR_CONFLICT, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_PREPARE] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_WANT] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[CULPRIT_KEEP] = { ERR_SEALED, MSG_STORE_CHECK, true, false, false },
	[REFUSED_PREPARE] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_WANT] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_KEEP] = { ERR_DENIED, MSG_NONE, false, false, false },
	[REFUSED_DECIDE] = { ERR_DENIED, MSG_NONE, false, false, true },
	[AGAIN_ONCE] = { OK, MSG_NONE, false, true, true },
	[AGAIN_ALWAYS] = { ERR_BUSY, MSG_STORE_BUSY, false, false, true },
};

static void
one_culprit_among_fifty_is_found_and_the_others_succeed(void **state)
{
	struct fixture *f = *state;
	size_t total = 0;

	for (enum trouble t = NONE; t < TROUBLES; t++) {
		const struct fate *fate = &fates[t];
		size_t first = f->n;
		uint64_t before = counts(f).batches_replayed;

		for (int i = 0; i < 51; i++) {
			struct order *o = new_order(f, i == 30 ? t : NONE);

			/* A neighbour of another kind is not harmed either. */
			if (i % 5 == 4)
				o->item.use_case = &other;
		}
		submit_together(f, first);
		wait_done(total += 51);
		assert_int_equal(counts(f).batches_replayed - before,
		    fate->is_replayed);
		for (size_t i = first; i < f->n; i++) {
			struct order *o = &f->order[i];
			const struct fate *own = i == first + 30 ? fate :
								   fates;

			assert_int_equal(o->done, 1);
			assert_int_equal(o->item.err, own->err);
			assert_int_equal(o->cx.fault.msg, own->msg);
			assert_int_equal(is_stored(f, o), own->is_stored);
			assert_int_equal(o->decided > 0, own->is_decided);
		}
	}
	assert_int_equal(f->world.committed, 50 * TROUBLES + 2);
}

static void
the_culprit_keeps_the_reason_after_the_batch_is_gone(void **state)
{
	struct fixture *f = *state;
	struct order *bad = new_order(f, CULPRIT_LOAD);

	assert_int_equal(pipeline_do(f->pipeline, &bad->item,
			     ITEM_INTERACTIVE), ERR_CONFLICT);
	for (int i = 0; i < 10; i++)
		assert_int_equal(pipeline_do(f->pipeline,
				     &new_order(f, NONE)->item,
				     ITEM_INTERACTIVE), OK);
	assert_true(str_eq(bad->cx.fault.field, STR("load")));
	assert_true(str_eq(bad->cx.fault.args[0], STR("culprit")));
}

static void
an_item_is_tried_three_times_at_most(void **state)
{
	struct fixture *f = *state;
	struct order *once = new_order(f, AGAIN_ONCE);
	struct order *always = new_order(f, AGAIN_ALWAYS);

	assert_int_equal(pipeline_do(f->pipeline, &once->item,
			     ITEM_INTERACTIVE), OK);
	assert_int_equal(once->decided, 2);
	assert_int_equal(once->item.tries, 2);
	assert_int_equal(pipeline_do(f->pipeline, &always->item,
			     ITEM_INTERACTIVE), ERR_BUSY);
	assert_int_equal(always->decided, 3);
	assert_int_equal(counts(f).again, 3);
	/* A second life begins anew. */
	assert_int_equal(pipeline_do(f->pipeline, &once->item,
			     ITEM_INTERACTIVE), OK);
	assert_int_equal(once->item.tries, 2);
}

static void
a_vault_without_keys_refuses_everybody(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 20; i++)
		new_order(f, NONE);
	f->world.call_err = ERR_SEALED;
	submit_together(f, 0);
	wait_done(20);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(f->order[i].item.err, ERR_SEALED);
		assert_int_equal(f->order[i].cx.fault.msg, MSG_STORE_BUSY);
		assert_int_equal(f->order[i].decided, 0);
	}
	assert_int_equal(counts(f).batches_replayed, 0);
	assert_int_equal(counts(f).commits, 0);
}

static void
a_full_disk_refuses_the_group_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct order *o[4];

	for (int i = 0; i < 4; i++) {
		o[i] = new_order(f, NONE);
		o[i]->item.use_case = i < 2 ? &plain : &whole;
	}
	disk_set_full(true);
	assert_int_equal(pipeline_do(f->pipeline, &o[0]->item,
			     ITEM_INTERACTIVE), ERR_FULL);
	/* This one does not get past its key. */
	assert_int_equal(pipeline_do(f->pipeline, &o[2]->item,
			     ITEM_INTERACTIVE), ERR_FULL);
	disk_set_full(false);
	assert_int_equal(o[0]->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(o[2]->cx.fault.msg, MSG_STORE_FULL);
	assert_int_equal(o[2]->decided, 0);
	assert_int_equal(pipeline_do(f->pipeline, &o[1]->item,
			     ITEM_INTERACTIVE), OK);
	assert_int_equal(pipeline_do(f->pipeline, &o[3]->item,
			     ITEM_INTERACTIVE), OK);
	for (int i = 0; i < 4; i++)
		assert_int_equal(is_stored(f, o[i]), i % 2);
}

struct doer {
	struct fixture *f;
	struct order   *order;
	enum err	err;
};

static void
run_do(void *arg)
{
	struct doer *d = arg;

	d->err = pipeline_do(d->f->pipeline, &d->order->item,
	    ITEM_INTERACTIVE);
}

static void
a_full_queue_refuses_at_once_and_lets_others_wait(void **state)
{
	struct fixture *f = *state;
	struct doer d = { .f = f };
	struct order *o;
	struct thread *thread;

	pipeline_close(f->pipeline);
	open_pipeline(f, 5);
	shut(&f->world, &f->world.is_sealer_shut);
	submit(f, new_order(f, NONE));
	wait_shut(&f->world, 1);
	for (int i = 0; i < 5; i++)
		submit(f, new_order(f, NONE));
	assert_int_equal(counts(f).depth, 5);
	o = new_order(f, NONE);
	assert_int_equal(pipeline_submit(f->pipeline, &o->item,
			     ITEM_INTERACTIVE), ERR_LIMITED);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_QUEUE);
	assert_int_equal(o->done, 0);
	o->item.tenant = 2;
	submit(f, o);
	d.order = new_order(f, NONE);
	thread = thread_start("do", run_do, &d);
	open_again(&f->world, &f->world.is_sealer_shut);
	thread_join(thread);
	assert_int_equal(d.err, OK);
	wait_done(7);
}

static void
closing_finishes_what_is_queued(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 900; i++)
		submit(f, new_order(f, i % 7 == 0 ? AGAIN_ONCE :
			i % 100 == 5		  ? CULPRIT_SAVE :
						    NONE));
	pipeline_close(f->pipeline);
	f->pipeline = NULL;
	assert_int_equal(done_count, 900);
	for (size_t i = 0; i < f->n; i++) {
		struct order *o = &f->order[i];

		assert_int_equal(o->done, 1);
		assert_int_equal(is_stored(f, o), o->item.err == OK);
	}
}

static void
run_close(void *arg)
{
	struct fixture *f = arg;

	pipeline_close(f->pipeline);
}

static void
a_closing_pipeline_takes_nothing_new(void **state)
{
	struct fixture *f = *state;
	size_t accepted = 1;
	struct thread *thread;
	struct order *o;

	shut(&f->world, &f->world.is_shut);
	submit(f, new_order(f, NONE));
	wait_shut(&f->world, 1);
	thread = thread_start("close", run_close, f);
	for (;;) {
		o = new_order(f, NONE);
		if (pipeline_submit(f->pipeline, &o->item, ITEM_BULK) != OK)
			break;
		accepted++;
		clock_sleep_ms(1);
	}
	assert_int_equal(o->cx.fault.err, ERR_LIMITED);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_CLOSING);
	assert_int_equal(pipeline_do(f->pipeline, &o->item, ITEM_BULK),
	    ERR_LIMITED);
	open_again(&f->world, &f->world.is_shut);
	thread_join(thread);
	f->pipeline = NULL;
	assert_int_equal(done_count, accepted);
}

/* --- many threads --------------------------------------------------------------- */

#define THREADS 8
#define EACH	2000

struct storm {
	struct fixture *f;
	uint32_t	tenant;
	size_t		ok, refused;
};

static void
answer_and_free(struct item *item)
{
	struct order *o = item->in;
	struct storm *s = item->owner;
	bool is_ok = item->err == OK;

	arena_close(o->cx.arena);
	heap_free(o);
	lock_take(done_lock);
	s->ok += is_ok;
	s->refused += !is_ok;
	done_count++;
	lock_wake(done_lock);
	lock_give(done_lock);
}

static void
run_storm(void *arg)
{
	struct storm *s = arg;

	for (size_t i = 0; i < EACH; i++) {
		struct order *o = heap_alloc(1, sizeof(*o));

		o->id = (int64_t)i + 1;
		o->cx.arena = arena_open(1 << 16);
		o->item = (struct item) { .cx = &o->cx, .use_case = &plain,
			.tenant = s->tenant, .in = o,
			.done = answer_and_free, .owner = s };
		if (i % 2 == 0)
			o->id = -o->id;
		/* A little of everything, and now and then somebody who waits. */
		if (i % 500 == 499) {
			must(pipeline_do(s->f->pipeline, &o->item,
				 ITEM_BULK) == OK);
			o->item.owner = s;
			answer_and_free(&o->item);
			continue;
		}
		while (pipeline_submit(s->f->pipeline, &o->item,
			   i % 3 == 0 ? ITEM_BULK : ITEM_INTERACTIVE) != OK)
			clock_sleep_ms(1);
	}
}

static void
eight_threads_are_answered_item_by_item(void **state)
{
	struct fixture *f = *state;
	struct storm storm[THREADS];
	struct thread *thread[THREADS];
	struct db *reader = db_open_reader(f->store, DB_DATA);
	struct tx *tx;

	for (size_t i = 0; i < THREADS; i++) {
		storm[i] = (struct storm) { f, 1 + (uint32_t)i, 0, 0 };
		thread[i] = thread_start("storm", run_storm, &storm[i]);
	}
	for (size_t i = 0; i < THREADS; i++)
		thread_join(thread[i]);
	wait_done(THREADS * EACH);
	tx = tx_begin(reader, &f->cx);
	for (size_t i = 0; i < THREADS; i++) {
		struct pool key = { .tenant = 1 + (int64_t)i };
		int64_t n;

		assert_int_equal(storm[i].ok, EACH);
		assert_int_equal(storm[i].refused, 0);
		assert_int_equal(store_count(tx, &POOL, &key, 1, &n), OK);
		assert_int_equal(n, EACH);
	}
	tx_end(tx);
	db_close(reader);
	assert_int_equal(counts(f).items, THREADS * EACH);
	assert_true(counts(f).commits >= THREADS * EACH / BATCH_MAX);
}

static int
begin(void **state)
{
	done_count = 0;
	return set_up(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_item_passes_every_stage_and_is_answered_once),
		CASE(whoever_waits_gets_the_items_own_error),
		CASE(a_batch_forms_while_the_one_before_is_under_way),
		CASE(a_batch_has_a_limit),
		CASE(one_culprit_among_fifty_is_found_and_the_others_succeed),
		CASE(the_culprit_keeps_the_reason_after_the_batch_is_gone),
		CASE(an_item_is_tried_three_times_at_most),
		CASE(a_vault_without_keys_refuses_everybody),
		CASE(a_full_disk_refuses_the_group_and_no_more),
		CASE(a_full_queue_refuses_at_once_and_lets_others_wait),
		CASE(closing_finishes_what_is_queued),
		CASE(a_closing_pipeline_takes_nothing_new),
		CASE(eight_threads_are_answered_item_by_item),
	};
	int failed;

	done_lock = lock_open();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	lock_close(done_lock);
	return failed;
}

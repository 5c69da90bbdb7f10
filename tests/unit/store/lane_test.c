/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane_test.c - several lanes: who is on which, that they do not wait for each
 * other, and what becomes of a transaction that is lost or whose end nobody
 * knows.
 */
#include "engine.h"

#include "base/queue.h"

#include "store/pipeline.h"
#include "store/rows.h"

#define LANES	   4
#define TENANTS	   13
#define ORDERS_MAX 2000

struct order {
	struct item item;
	struct ctx  cx;
	int64_t	    id;
	unsigned    refused;	/* so often, by what it reads */
	unsigned    prepared, decided, committed, done;
	unsigned    told;	/* which one was told of its commit, of all */
};

/* What one tenant's stages saw. */
struct seen {
	const void *sealer, *writer;	/* threads */
	int64_t	    last;		/* id that was decided */
	unsigned    read_anew, decided_since;
	bool	    is_writing, is_shut, is_held; /* before load, before prepare's end */
};

struct world {
	struct lock *lock;	/* guards what follows; woken when it changes */
	struct seen  seen[TENANTS];
	unsigned     prepared, waiting, told;
	size_t	     answered;
	enum err     anew_err;
};

struct fixture {
	struct engine_store *store;
	struct pipeline	    *pipeline;
	struct world	     world;
	struct order	    *order;
	size_t		     n;
};

/* Another for each thread. */
static _Thread_local char me;

/* --- the use case ------------------------------------------------------------- */

static void
same(const void **thread)
{
	must(*thread == NULL || *thread == &me);
	*thread = &me;
}

static uint32_t
tenant_of(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		must(b->item[i]->tenant == b->item[0]->tenant);
	must(b->item[0]->tenant < TENANTS);
	return b->item[0]->tenant;
}

static enum err
prepare(
    struct batch *b, struct tx *data, struct tx *keys, struct vault_call *call)
{
	struct world *w = b->world;
	struct tenant_row key = { .tenant = tenant_of(b) };
	struct key_row wrapped = { .tenant = key.tenant };
	struct rows rows;

	(void)call;
	lock_take(w->lock);
	same(&w->seen[key.tenant].sealer);
	for (size_t i = 0; i < b->n; i++)
		((struct order *)b->item[i]->in)->prepared++;
	w->prepared += (unsigned)b->n;
	lock_wake(w->lock);
	while (w->seen[key.tenant].is_held)
		lock_wait(w->lock, -1);
	lock_give(w->lock);
	TRY(store_load(data, &TENANT, &key, 1, 1, 0, &rows));
	return store_load(keys, &PERSON_KEY, &wrapped, 1, 1, 0, &rows);
}

static enum err
keep(struct batch *b, struct tx *keys)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct order *o = b->item[i]->in;
		const struct key_row row = { .tenant = b->item[i]->tenant,
			.person = -o->id };

		TRY(store_save(keys, &PERSON_KEY, &row, 1, NULL));
	}
	return OK;
}

static enum err
load(struct batch *b, struct tx *tx)
{
	struct tenant_row key = { .tenant = tenant_of(b) };
	struct world *w = b->world;
	struct rows rows;

	lock_take(w->lock);
	same(&w->seen[key.tenant].writer);
	w->seen[key.tenant].is_writing = true;
	w->waiting++;
	lock_wake(w->lock);
	while (w->seen[key.tenant].is_shut)
		lock_wait(w->lock, -1);
	w->waiting--;
	lock_give(w->lock);
	return store_load(tx, &TENANT, &key, 1, 1, 0, &rows);
}

static void
decide(struct batch *b)
{
	struct world *w = b->world;
	struct seen *seen = &w->seen[tenant_of(b)];

	lock_take(w->lock);
	for (size_t i = 0; i < b->n; i++) {
		struct order *o = b->item[i]->in;

		/* In their order, but for those that come back. */
		must(o->item.losses > 0 || o->id > seen->last);
		if (o->id > seen->last)
			seen->last = o->id;
		seen->decided_since++;
		if (o->decided++ < o->refused)
			o->item.err =
			    fail(&o->cx, ERR_CONFLICT, MSG_STORE_UNIQUE, "");
	}
	lock_give(w->lock);
}

static enum err
save(struct batch *b, struct tx *tx)
{
	struct world *w = b->world;

	lock_take(w->lock);
	w->seen[tenant_of(b)].is_writing = false;
	lock_give(w->lock);
	for (size_t i = 0; i < b->n; i++) {
		const struct order *o = b->item[i]->in;
		const struct pool row = { .tenant = b->item[i]->tenant,
			.id = o->id };

		if (o->item.err != OK)
			continue;
		TRY(store_save(tx, &POOL, &row, 1, NULL));
	}
	return OK;
}

static void
committed(struct batch *b)
{
	struct world *w = b->world;

	lock_take(w->lock);
	w->told++;
	for (size_t i = 0; i < b->n; i++) {
		struct order *o = b->item[i]->in;

		o->committed++;
		o->told = w->told;
	}
	lock_give(w->lock);
}

static const struct use_case work = { .name = "work",
	.prepare = prepare,
	.keep = keep,
	.load = load,
	.decide = decide,
	.save = save,
	.committed = committed };

static const struct use_case last_work = { .name = "last_work",
	.save = save,
	.committed = committed,
	.comes_last = true };

static void
done(struct item *item)
{
	struct order *o = item->in;
	struct world *w = item->owner;

	lock_take(w->lock);
	o->done++;
	w->answered++;
	lock_wake(w->lock);
	lock_give(w->lock);
}

static enum err
read_anew(void *world, size_t lane, struct ctx *cx, uint32_t tenant)
{
	struct world *w = world;
	enum err err;

	must(lane == tenant % LANES);
	lock_take(w->lock);
	must(!w->seen[tenant].is_writing);
	w->seen[tenant].read_anew++;
	w->seen[tenant].decided_since = 0;
	err = w->anew_err;
	w->anew_err = OK;
	lock_wake(w->lock);
	lock_give(w->lock);
	return err == OK ? OK : fail(cx, err, MSG_STORE_AWAY, "");
}

static struct queue_max
queue_max(void *world, uint32_t tenant)
{
	(void)world;
	(void)tenant;
	return (struct queue_max) { 1000, 1000, "t", "c" };
}

/* --- the fixture --------------------------------------------------------------- */

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));
	struct pipeline_conf conf = { .world = &f->world,
		.lanes = LANES,
		.read_anew = read_anew,
		.queue_max = queue_max };

	f->order = heap_alloc(ORDERS_MAX, sizeof(*f->order));
	f->world.lock = lock_open();
	f->store = engine_open(false);
	conf.store = &f->store->base;
	f->pipeline = pipeline_open(&conf);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	pipeline_close(f->pipeline);
	engine_close(f->store);
	lock_close(f->world.lock);
	for (size_t i = 0; i < f->n; i++)
		arena_close(f->order[i].cx.arena);
	heap_free(f->order);
	heap_free(f);
	return 0;
}

static struct order *
new_order(struct fixture *f, uint32_t tenant)
{
	struct order *o = &f->order[f->n++];

	must(f->n <= ORDERS_MAX);
	o->id = (int64_t)f->n;
	o->cx.arena = arena_open(1 << 20);
	o->item = (struct item) { .cx = &o->cx,
		.use_case = &work,
		.tenant = tenant,
		.in = o,
		.done = done,
		.owner = &f->world };
	return o;
}

static struct order *
submit(struct fixture *f, uint32_t tenant)
{
	struct order *o = new_order(f, tenant);

	assert_int_equal(
	    pipeline_submit(f->pipeline, &o->item, ITEM_INTERACTIVE), OK);
	return o;
}

static void
wait_answered(struct fixture *f, size_t n)
{
	lock_take(f->world.lock);
	while (f->world.answered < n)
		lock_wait(f->world.lock, -1);
	lock_give(f->world.lock);
}

static void
wait_for(struct fixture *f, const unsigned *count, unsigned n)
{
	lock_take(f->world.lock);
	while (*count < n)
		lock_wait(f->world.lock, -1);
	lock_give(f->world.lock);
}

static void
shut(struct fixture *f, uint32_t tenant, bool is_shut)
{
	lock_take(f->world.lock);
	f->world.seen[tenant].is_shut = is_shut;
	lock_wake(f->world.lock);
	lock_give(f->world.lock);
}

/* The sealer, at the batch that it has. */
static void
hold(struct fixture *f, uint32_t tenant, bool is_held)
{
	lock_take(f->world.lock);
	f->world.seen[tenant].is_held = is_held;
	lock_wake(f->world.lock);
	lock_give(f->world.lock);
}

static unsigned
read_anew_of(struct fixture *f, uint32_t tenant)
{
	unsigned n;

	lock_take(f->world.lock);
	n = f->world.seen[tenant].read_anew;
	lock_give(f->world.lock);
	return n;
}

static struct pipeline_count
counts(struct fixture *f)
{
	struct pipeline_count c;

	pipeline_counts(f->pipeline, &c);
	return c;
}

/* --- lanes ---------------------------------------------------------------------- */

struct sender {
	struct fixture *f;
	struct order  **order;
	size_t		n;
};

static void
run_sender(void *arg)
{
	const struct sender *s = arg;

	for (size_t i = 0; i < s->n; i++)
		must(pipeline_submit(s->f->pipeline, &s->order[i]->item,
			 ITEM_INTERACTIVE) == OK);
}

/* Its stages watch over the order and the threads. */
static void
a_tenant_is_always_on_one_lane_and_in_its_order(void **state)
{
	struct fixture *f = *state;
	struct sender sender[4];
	struct thread *thread[4];
	struct order *order[4][400];
	const void *sealer;

	for (uint32_t s = 0; s < 4; s++) {
		for (uint32_t i = 0; i < 400; i++)
			order[s][i] = new_order(f, 1 + s * 3 + i % 3);
		sender[s] =
		    (struct sender) { .f = f, .order = order[s], .n = 400 };
	}
	for (size_t s = 0; s < 4; s++)
		thread[s] = thread_start("send", run_sender, &sender[s]);
	for (size_t s = 0; s < 4; s++)
		thread_join(thread[s]);
	wait_answered(f, 1600);
	for (size_t i = 0; i < f->n; i++) {
		const struct order *o = &f->order[i];

		assert_int_equal(o->done, 1);
		assert_int_equal(o->item.err, OK);
		assert_int_equal(o->decided, 1);
		assert_int_equal(o->committed, 1);
	}
	assert_int_equal(f->store->nrow, 3200);
	for (size_t i = 0; i < f->store->nrow; i++)
		assert_int_equal(f->store->row[i].lane,
		    (size_t)f->store->row[i].tenant % LANES);
	/* Four sealers, and four writers that are none of them. */
	for (uint32_t t = 1; t < TENANTS; t++) {
		sealer = f->world.seen[t].sealer;
		assert_ptr_equal(
		    sealer, f->world.seen[t % LANES + LANES].sealer);
		for (uint32_t u = 1; u < t; u++) {
			if (u % LANES == t % LANES)
				continue;
			assert_ptr_not_equal(sealer, f->world.seen[u].sealer);
			assert_ptr_not_equal(
			    f->world.seen[t].writer, f->world.seen[u].writer);
		}
	}
}

static void
a_slow_lane_holds_up_no_other(void **state)
{
	struct fixture *f = *state;
	struct order *slow;

	shut(f, 1, true);
	slow = submit(f, 1);
	wait_for(f, &f->world.waiting, 1);
	for (uint32_t i = 0; i < 300; i++)
		submit(f, 2 + i % 3);
	wait_answered(f, 300);
	assert_int_equal(slow->done, 0);
	assert_int_equal(counts(f).items, 300);
	shut(f, 1, false);
	wait_answered(f, 301);
	assert_int_equal(slow->item.err, OK);
}

static void
closing_finishes_what_is_queued_on_all_lanes(void **state)
{
	struct fixture *f = *state;

	engine_fails(f->store, AT_COMMIT, IN_THE_WAY, 3);
	for (uint32_t i = 0; i < 500; i++)
		submit(f, i % TENANTS);
	pipeline_close(f->pipeline);
	f->pipeline = NULL;
	assert_int_equal(f->world.answered, 500);
	for (size_t i = 0; i < f->n; i++) {
		const struct order *o = &f->order[i];

		assert_int_equal(o->done, 1);
		assert_int_equal(o->item.err, OK);
		assert_int_equal(
		    engine_rows(f->store, o->item.tenant, o->id), 1);
	}
}

static void
many_are_asked_at_once(void **state)
{
	struct fixture *f = *state;
	struct item item[TENANTS];

	for (uint32_t t = 0; t < TENANTS; t++)
		item[t] = new_order(f, t)->item;
	pipeline_do_all(f->pipeline, item, TENANTS, ITEM_BULK);
	for (uint32_t t = 0; t < TENANTS; t++)
		assert_int_equal(item[t].err, OK);
	assert_int_equal(counts(f).items, TENANTS);
}

/* What a lane cannot write any more, is found out on it. */
static void
a_lane_is_asked_whether_it_can_write_again(void **state)
{
	struct fixture *f = *state;
	struct pipeline_health health;
	struct order *o = new_order(f, 2);

	f->store->lane = 2;
	engine_fails(f->store, AT_COMMIT, GONE, 100);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_BULK), ERR_AWAY);
	pipeline_health(f->pipeline, 1000, &health);
	assert_true(health.has_failed && health.has_failed_on[2]);
	assert_false(health.has_failed_on[1]);
	engine_fails(f->store, AT_NONE, GONE, 0);
	/* The deployment's item, of which lane 0 could tell nothing. */
	o = new_order(f, 0);
	o->item.use_case = &(struct use_case) { .name = "probe" };
	assert_int_equal(pipeline_do_on(f->pipeline, 2, &o->item), OK);
	pipeline_health(f->pipeline, 1000, &health);
	assert_false(health.has_failed);
}

/* What is written last is told last, wherever it stands in the group. */
static void
memory_is_told_in_the_order_of_writing(void **state)
{
	struct fixture *f = *state;
	struct order *last = new_order(f, 5), *other;

	last->item.use_case = &last_work;
	hold(f, 5, true);
	submit(f, 5);
	wait_for(f, &f->world.prepared, 1);
	assert_int_equal(
	    pipeline_submit(f->pipeline, &last->item, ITEM_INTERACTIVE), OK);
	other = submit(f, 5);
	hold(f, 5, false);
	wait_answered(f, 3);
	assert_int_equal(counts(f).commits, 2);
	assert_int_equal(other->told, 2);
	assert_int_equal(last->told, 3);
}

/* --- lost ------------------------------------------------------------------------- */

static void
what_was_lost_is_done_again_as_a_whole(void **state)
{
	struct fixture *f = *state;

	for (enum failure how = GONE; how <= IN_THE_WAY; how++)
		for (enum moment at = AT_NONE + 1; at < MOMENTS; at++) {
			struct order *o = new_order(f, 3);
			uint64_t before = counts(f).lost;

			engine_fails(f->store, at, how, 2);
			assert_int_equal(pipeline_do(f->pipeline, &o->item,
					     ITEM_INTERACTIVE),
			    OK);
			assert_int_equal(o->item.losses, 2);
			assert_int_equal(o->item.tries, 1);
			/* Without anything to read from nothing is prepared. */
			assert_int_equal(
			    o->prepared, at <= AT_READ_KEYS ? 1 : 3);
			assert_int_equal(o->committed, 1);
			assert_int_equal(engine_rows(f->store, 3, o->id), 1);
			assert_int_equal(counts(f).lost - before, 2);
			assert_int_equal(counts(f).batches_replayed, 0);
		}
}

/* By what was read in a transaction that came to nothing, nobody is refused. */
static void
a_refusal_that_was_lost_is_decided_again(void **state)
{
	struct fixture *f = *state;

	struct order *o = new_order(f, 3);

	o->refused = 1;
	engine_fails(f->store, AT_COMMIT, GONE, 1);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(o->decided, 2);
	assert_int_equal(engine_rows(f->store, 3, o->id), 1);
}

static void
what_is_lost_for_good_is_not_done_and_says_so(void **state)
{
	struct fixture *f = *state;

	f->store->lane = 1;
	for (enum failure how = GONE; how <= IN_THE_WAY; how++) {
		struct order *lost = new_order(f, 1), *other = new_order(f, 2);

		engine_fails(f->store, AT_COMMIT, how, 100);
		assert_int_equal(
		    pipeline_do(f->pipeline, &lost->item, ITEM_INTERACTIVE),
		    ERR_AWAY);
		assert_int_equal(lost->cx.fault.msg, MSG_STORE_AWAY);
		assert_int_equal(lost->prepared, 5);
		assert_int_equal(lost->committed, 0);
		assert_int_equal(engine_rows(f->store, 1, lost->id), 0);
		assert_int_equal(
		    pipeline_do(f->pipeline, &other->item, ITEM_INTERACTIVE),
		    OK);
	}
}

/* --- unknown ---------------------------------------------------------------------- */

static void
after_an_unknown_end_memory_is_read_anew_first(void **state)
{
	struct fixture *f = *state;

	for (enum failure how = UNKNOWN_DONE; how <= UNKNOWN_NOT_DONE; how++) {
		struct order *first = new_order(f, 5), *next = new_order(f, 5);
		unsigned before = read_anew_of(f, 5);

		/* Nobody knows at first; and the database is away once more. */
		f->store->doubt = 2;
		f->world.anew_err = ERR_AWAY;
		engine_fails(f->store, AT_COMMIT, how, 1);
		assert_int_equal(
		    pipeline_do(f->pipeline, &first->item, ITEM_INTERACTIVE),
		    ERR_UNKNOWN);
		assert_int_equal(first->cx.fault.msg, MSG_STORE_UNKNOWN);
		assert_int_equal(first->decided, 1);
		assert_int_equal(first->committed, 0);
		assert_int_equal(
		    pipeline_do(f->pipeline, &next->item, ITEM_INTERACTIVE),
		    OK);
		assert_int_equal(read_anew_of(f, 5), before + 2);
		assert_int_equal(f->world.seen[5].decided_since, 1);
		assert_int_equal(
		    engine_rows(f->store, 5, first->id), how == UNKNOWN_DONE);
	}
}

/* It comes to be known though nobody asks for that tenant any more. */
static void
doubt_ends_by_itself(void **state)
{
	struct fixture *f = *state;
	struct order *o = new_order(f, 6);

	engine_fails(f->store, AT_COMMIT, UNKNOWN_DONE, 1);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_INTERACTIVE), ERR_UNKNOWN);
	wait_for(f, &f->world.seen[6].read_anew, 1);
}

/* Sealed by a memory that was wrong: it is sealed again. */
static void
what_was_sealed_meanwhile_is_sealed_again(void **state)
{
	struct fixture *f = *state;
	struct order *first, *next;

	shut(f, 7, true);
	first = submit(f, 7);
	wait_for(f, &f->world.waiting, 1);
	next = submit(f, 7);
	wait_for(f, &f->world.prepared, 2);
	engine_fails(f->store, AT_COMMIT, UNKNOWN_DONE, 1);
	shut(f, 7, false);
	wait_answered(f, 2);
	assert_int_equal(first->item.err, ERR_UNKNOWN);
	assert_int_equal(next->item.err, OK);
	assert_int_equal(next->prepared, 2);
	assert_int_equal(next->decided, 1);
	assert_int_equal(read_anew_of(f, 7), 1);
	assert_int_equal(f->world.seen[7].decided_since, 1);
}

/* What stands in the database is in memory, though nobody may call it done. */
static void
a_warning_is_no_doubt_about_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct order *o = new_order(f, 8);

	engine_fails(f->store, AT_COMMIT, WARNED, 1);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_INTERACTIVE), ERR_UNKNOWN);
	assert_int_equal(o->committed, 1);
	o = new_order(f, 8);
	assert_int_equal(
	    pipeline_do(f->pipeline, &o->item, ITEM_INTERACTIVE), OK);
	assert_int_equal(read_anew_of(f, 8), 0);
}

/* --- how many --------------------------------------------------------------------- */

/* One on files; elsewhere as many as are wished, or as there are cores. */
static void
an_engine_says_how_many_lanes_it_takes(void **state)
{
	static const char *const url = "postgresql://u@/d";

	(void)state;
	assert_int_equal(store_lanes("/var/lib/usher", 0), 1);
	assert_int_equal(store_lanes("/var/lib/usher", 5), 1);
	assert_int_equal(store_lanes(url, 3), 3);
	assert_int_equal(store_lanes(url, 1), 1);
	assert_int_equal(store_lanes(url, 100), LANES_MAX);
	assert_in_range(store_lanes(url, 0), 2, LANES_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engine_says_how_many_lanes_it_takes),
		CASE(a_tenant_is_always_on_one_lane_and_in_its_order),
		CASE(a_slow_lane_holds_up_no_other),
		CASE(closing_finishes_what_is_queued_on_all_lanes),
		CASE(many_are_asked_at_once),
		CASE(memory_is_told_in_the_order_of_writing),
		CASE(a_lane_is_asked_whether_it_can_write_again),
		CASE(what_was_lost_is_done_again_as_a_whole),
		CASE(a_refusal_that_was_lost_is_decided_again),
		CASE(what_is_lost_for_good_is_not_done_and_says_so),
		CASE(after_an_unknown_end_memory_is_read_anew_first),
		CASE(doubt_ends_by_itself),
		CASE(what_was_sealed_meanwhile_is_sealed_again),
		CASE(a_warning_is_no_doubt_about_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_test.c - a pipeline over a database that others write to as well: what
 * was prepared by memory that is out of date is prepared again, who has lost
 * the clock's lease does nothing, and who found that something is missing
 * changes nothing.
 */
#include "engine.h"

#include "base/queue.h"

#include "store/pipeline.h"
#include "store/rows.h"

#define FENCE	7
#define OLD	6

struct world {
	unsigned stale;		/* so often memory turns out to be out of date */
	enum err admits;	/* whether anything may be written */
	unsigned awaited, admitted, left, left_committed;
};

struct order {
	struct item item;
	struct ctx  cx;
	unsigned    prepared, decided, committed;
};

struct fixture {
	struct engine_store *store;
	struct pipeline	    *pipeline;
	struct world	     world;
	struct order	     order[4];
	size_t		     n;
};

/* --- the use case ------------------------------------------------------------- */

static enum err
prepare(
    struct batch *b, struct tx *data, struct tx *keys, struct vault_call *call)
{
	(void)data;
	(void)keys;
	(void)call;
	for (size_t i = 0; i < b->n; i++)
		((struct order *)b->item[i]->in)->prepared++;
	return OK;
}

/* Without decide() there would be no state: as in order_committed(). */
static void
decide(struct batch *b)
{
	b->state = b;
	for (size_t i = 0; i < b->n; i++)
		((struct order *)b->item[i]->in)->decided++;
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct pool row = { .tenant = b->item[i]->tenant,
			.id = (int64_t)i + 1 };

		TRY(store_save(tx, &POOL, &row, 1, NULL));
	}
	return OK;
}

static void
committed(struct batch *b)
{
	must(b->state == b);
	for (size_t i = 0; i < b->n; i++)
		((struct order *)b->item[i]->in)->committed++;
}

static const struct use_case work = { .name = "work",
	.prepare = prepare,
	.decide = decide,
	.save = save,
	.committed = committed };

/* --- the world's -------------------------------------------------------------- */

static void
await(void *world, uint32_t tenant)
{
	struct world *w = world;

	must(tenant == 3);
	w->awaited++;
}

static enum err
admit(void *world, struct tx *tx, uint32_t tenant, bool *is_stale)
{
	struct world *w = world;

	must(tenant == 3);
	*is_stale = w->stale > 0;
	w->stale -= *is_stale;
	if (w->admits != OK)
		return fail(tx_ctx(tx), w->admits, MSG_STORE_ROLLED_BACK, "");
	w->admitted += !*is_stale;
	return OK;
}

static void
leave(void *world, const struct tx *tx, uint32_t tenant, bool is_committed)
{
	struct world *w = world;

	(void)tx;
	must(tenant == 3);
	w->left++;
	w->left_committed += is_committed;
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
		.lanes = 2,
		.await = await,
		.admit = admit,
		.leave = leave,
		.queue_max = queue_max };

	f->store = engine_open(false);
	f->store->answer = FENCE;
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
	for (size_t i = 0; i < f->n; i++)
		arena_close(f->order[i].cx.arena);
	heap_free(f);
	return 0;
}

static struct order *
asked(struct fixture *f, int64_t fence)
{
	struct order *o = &f->order[f->n++];
	enum err err;

	o->cx.arena = arena_open(1 << 20);
	o->item = (struct item) { .cx = &o->cx,
		.use_case = &work,
		.tenant = 3,
		.fence = fence,
		.in = o };
	err = pipeline_do(f->pipeline, &o->item, ITEM_INTERACTIVE);
	assert_int_equal(err, o->item.err);
	return o;
}

/* --- tests ----------------------------------------------------------------------- */

/* More often than an item may ask to be tried again: it is nobody's fault. */
static void
what_was_out_of_date_is_prepared_again(void **state)
{
	struct fixture *f = *state;
	const struct order *o;

	f->world.stale = 5;
	o = asked(f, 0);
	assert_int_equal(o->item.err, OK);
	assert_int_equal(o->prepared, 6);
	assert_int_equal(o->decided, 1);
	assert_int_equal(o->committed, 1);
	assert_int_equal(f->world.awaited, 6);
	assert_int_equal(f->world.admitted, 1);
	assert_int_equal(f->world.left, 1);
	assert_int_equal(f->world.left_committed, 1);
	assert_int_equal(engine_rows(f->store, 3, 1), 1);
}

static void
who_has_lost_the_lease_does_nothing(void **state)
{
	struct fixture *f = *state;
	const struct order *late = asked(f, OLD), *holder = asked(f, FENCE);

	assert_int_equal(late->item.err, ERR_CONFLICT);
	assert_int_equal(late->cx.fault.msg, MSG_STORE_FENCE);
	assert_int_equal(late->decided, 0);
	assert_int_equal(late->committed, 0);
	assert_int_equal(holder->item.err, OK);
	assert_int_equal(holder->committed, 1);
	assert_int_equal(engine_rows(f->store, 3, 1), 1);
	assert_int_equal(f->world.left, 2);
}

/* Whoever had nothing to do with the clock does not ask for its lease. */
static void
no_lease_is_asked_for_what_needs_none(void **state)
{
	struct fixture *f = *state;

	f->store->answer = OLD;
	assert_int_equal(asked(f, 0)->item.err, OK);
	assert_int_equal(asked(f, FENCE)->item.err, ERR_CONFLICT);
}

static void
nothing_is_written_to_a_database_that_lost_something(void **state)
{
	struct fixture *f = *state;
	const struct order *o;
	struct pipeline_health health;

	f->world.admits = ERR_ROLLED_BACK;
	o = asked(f, 0);
	assert_int_equal(o->item.err, ERR_ROLLED_BACK);
	assert_int_equal(o->cx.fault.msg, MSG_STORE_ROLLED_BACK);
	assert_int_equal(o->prepared, 1);
	assert_int_equal(o->decided, 0);
	assert_int_equal(f->world.left, 0);
	assert_int_equal(engine_rows(f->store, 3, 1), 0);
	/* It is no fault of the connection. */
	pipeline_health(f->pipeline, 1000, &health);
	assert_false(health.has_failed);
	f->world.admits = OK;
	assert_int_equal(asked(f, 0)->item.err, OK);
}

/* What becomes of a lost transaction, memory may not rely on. */
static void
what_is_lost_was_not_committed(void **state)
{
	struct fixture *f = *state;
	const struct order *o;

	engine_fails(f->store, AT_COMMIT, GONE, 1);
	o = asked(f, 0);
	assert_int_equal(o->item.err, OK);
	assert_int_equal(f->world.admitted, 2);
	assert_int_equal(f->world.left, 2);
	assert_int_equal(f->world.left_committed, 1);
	assert_int_equal(o->committed, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_out_of_date_is_prepared_again),
		CASE(who_has_lost_the_lease_does_nothing),
		CASE(no_lease_is_asked_for_what_needs_none),
		CASE(nothing_is_written_to_a_database_that_lost_something),
		CASE(what_is_lost_was_not_committed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

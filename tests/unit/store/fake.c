/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "base/queue.h"

static struct {
	struct lock *lock; /* guards what follows, and who is answered */
	size_t	     n;
} answered;

/* What a try leaves in item->state, stage by stage. */
struct state {
	const struct order *order;
	unsigned	    stages;
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
prepare(
    struct batch *b, struct tx *data, struct tx *keys, struct vault_call *call)
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
		struct pool pool[] = {
			{ .tenant = item->tenant, .id = o->id },
			{ .tenant = item->tenant, .id = -o->id, .held = 1 },
		};

		if (item->err != OK || item->again)
			continue;
		/* The culprit has written something good before. */
		TRY(store_save(
		    tx, &POOL, pool, o->trouble == CULPRIT_SAVE ? 2 : 1, NULL));
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

const struct use_case whole = { "whole", prepare, want, keep, load,
	decide, save, committed, false };
const struct use_case other = { "other", prepare, want, keep, load,
	decide, save, committed, false };

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

const struct use_case plain = { .name = "plain", .save = plain_save };

static void
call_init(void *world, struct vault_call **call, struct arena *arena)
{
	must(arena != NULL);
	*call = world;
}

static enum err
call_run(void *world, size_t lane, struct ctx *cx, struct vault_call *call)
{
	struct world *w = world;

	must((void *)call == world && lane == 0);
	w->calls++;
	if (w->call_err == OK)
		return OK;
	return fail(cx, w->call_err, MSG_STORE_BUSY, "", "vault");
}

static struct queue_max
queue_max(void *world, uint32_t tenant)
{
	struct world *w = world;

	(void)tenant;
	return (struct queue_max) { w->tenant_max, w->client_max, "t", "c" };
}

/* --- the fixture ---------------------------------------------------------------- */

void
fake_open(struct fixture *f, size_t tenant_max, size_t client_max)
{
	struct pipeline_conf conf = { .store = f->store, .world = &f->world,
		.call_init = call_init, .call_run = call_run,
		.queue_max = queue_max };

	f->world.tenant_max = tenant_max;
	f->world.client_max = client_max;
	f->pipeline = pipeline_open(&conf);
}

int
fake_set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	place_open(&f->place);
	f->cx.arena = arena_open((size_t)1 << 28);
	f->order = heap_alloc(ITEMS_MAX, sizeof(*f->order));
	f->world.lock = lock_open();
	answered.lock = lock_open();
	answered.n = 0;
	assert_int_equal(store_open(&f->cx, f->place.url, &f->store), OK);
	f->world.keys = db_open_reader(f->store, DB_KEYS);
	fake_open(f, 4000, 4000);
	*state = f;
	return 0;
}

int
fake_tear_down(void **state)
{
	struct fixture *f = *state;

	pipeline_close(f->pipeline);
	assert_false(f->world.keys_late);
	for (size_t i = 0; i < f->n; i++)
		arena_close(f->order[i].cx.arena);
	db_close(f->world.keys);
	store_close(f->store);
	lock_close(f->world.lock);
	lock_close(answered.lock);
	place_close(&f->place);
	arena_close(f->cx.arena);
	heap_free(f->order);
	heap_free(f);
	return 0;
}

void
fake_count_answer(size_t *counter)
{
	lock_take(answered.lock);
	(*counter)++;
	answered.n++;
	lock_wake(answered.lock);
	lock_give(answered.lock);
}

size_t
fake_answered(void)
{
	size_t n;

	lock_take(answered.lock);
	n = answered.n;
	lock_give(answered.lock);
	return n;
}

static void
done(struct item *item)
{
	fake_count_answer(&((struct order *)item->in)->done);
}

struct order *
new_order(struct fixture *f, enum trouble trouble)
{
	struct order *o = &f->order[f->n++];

	must(f->n <= ITEMS_MAX);
	o->id = (int64_t)f->n;
	o->trouble = trouble;
	o->cx.arena = arena_open(1 << 20);
	o->item = (struct item) { .cx = &o->cx,
		.use_case = &whole,
		.tenant = 1,
		.in = o,
		.done = done };
	return o;
}

void
submit(struct fixture *f, struct order *o)
{
	assert_int_equal(
	    pipeline_submit(f->pipeline, &o->item, ITEM_INTERACTIVE), OK);
}

void
fake_wait(size_t n)
{
	lock_take(answered.lock);
	while (answered.n < n)
		lock_wait(answered.lock, -1);
	lock_give(answered.lock);
}

void
shut(struct world *w, bool *shut)
{
	lock_take(w->lock);
	*shut = true;
	lock_give(w->lock);
}

void
shut_wait(struct world *w, unsigned n)
{
	lock_take(w->lock);
	while (w->waiting < n)
		lock_wait(w->lock, -1);
	lock_give(w->lock);
}

void
shut_open(struct world *w, bool *shut)
{
	lock_take(w->lock);
	*shut = false;
	lock_wake(w->lock);
	lock_give(w->lock);
}

bool
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

struct pipeline_count
counts(struct fixture *f)
{
	struct pipeline_count c;

	pipeline_counts(f->pipeline, &c);
	return c;
}

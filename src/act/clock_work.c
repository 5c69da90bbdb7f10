/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_work.c - what only time brings: due work (first days, last days, held
 * seats that expire), housekeeping once an hour, signing once a second.
 *
 * Orders of the clock may be repeated: a due row goes after its work is
 * durable, and doing it twice has no effect.
 */
#include "act/world_int.h"

#include "base/clock.h"
#include "base/log.h"

#define TICK_MS	    1000
#define HOUR_MS	    INT64_C(3600000)
#define DUE_MAX	    500
#define KEY_AGE_MS  (24 * HOUR_MS)
#define SLOTS_KEPT  25
#define KEYS_A_TIME 1000

static void clock_run(void *);
static void do_due(struct world *, struct db *);
static void do_orders(struct world *, struct ctx *, const struct due_row *,
    size_t);
static struct order *due_order(struct ctx *, const struct due_row *);
static void order_ended(struct item *);
static void keep_house(struct world *);
static void hold_lease(struct world *, struct ctx *);

static const struct actor clock_actor = { .kind = ACTOR_NODE,
	.factors = FACTOR_SOCKET };

void
clock_start(struct world *w)
{
	w->clock = thread_start("clock", clock_run, w);
}

void
clock_stop(struct world *w)
{
	lock_take(w->mu);
	w->is_ending = true;
	lock_wake(w->mu);
	lock_give(w->mu);
	thread_join(w->clock);
}

static void
clock_run(void *arg)
{
	struct world *w = arg;
	struct db *data = db_open_reader(w->store, DB_DATA);
	int64_t house_ms = 0;
	bool is_ending = false;

	while (!is_ending) {
		do_due(w, data);
		access_write(w);
		sign_logs(w, data);
		if (clock_now_ms() - house_ms >= HOUR_MS) {
			keep_house(w);
			house_ms = clock_now_ms();
		}
		lock_take(w->mu);
		if (!w->is_ending)
			lock_wait(w->mu, TICK_MS);
		is_ending = w->is_ending;
		lock_give(w->mu);
	}
	access_write(w);
	sign_logs(w, data);
	db_close(data);
}

/* --- due work ---------------------------------------------------------------------- */

static void
do_due(struct world *w, struct db *data)
{
	bool has_more = true;

	while (has_more) {
		struct arena *arena = arena_open(64 << 20);
		struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
		struct tx *tx = tx_begin(data, &cx);
		struct rows due;
		enum err err = due_list(tx, cx.now_ms, DUE_MAX, &due);

		tx_end(tx);
		if (err == OK && due.n > 0)
			do_orders(w, &cx, due.row, due.n);
		has_more = err == OK && due.n == DUE_MAX;
		arena_close(arena);
	}
}

/* Submits all, waits for all, then drops their due rows. */
static void
do_orders(struct world *w, struct ctx *cx, const struct due_row *due, size_t n)
{
	struct item *item = arena_array(cx->arena, n, sizeof(*item));
	struct queue *ended = queue_open(n);
	struct due_done_in done = { due, n };
	size_t waiting = 0;
	void *one;

	for (size_t i = 0; i < n; i++) {
		struct ctx *own = arena_alloc(cx->arena, sizeof(*own));

		own->arena = arena_open(16 << 20);
		own->now_ms = cx->now_ms;
		own->actor = &clock_actor;
		own->request_id = (struct str) {
			arena_alloc(own->arena, 16), 16 };
		item[i] = (struct item) { .cx = own,
			.use_case = &person_order,
			.tenant = (uint32_t)due[i].tenant,
			.in = due_order(own, &due[i]), .done = order_ended,
			.owner = ended };
		if (item[i].in != NULL && pipeline_submit(w->pipeline,
		    &item[i], ITEM_BULK) == OK)
			waiting++;
		else
			done.n = i < done.n ? i : done.n;
	}
	while (waiting > 0 && queue_take(ended, &one, 1, -1) == 1)
		waiting--;
	queue_close(ended);
	for (size_t i = 0; i < n; i++)
		arena_close(item[i].cx->arena);
	if (done.n > 0) {
		struct item drop = { .cx = cx, .use_case = &due_done,
			.tenant = (uint32_t)due[0].tenant, .in = &done };

		if (pipeline_do(w->pipeline, &drop, ITEM_BULK) != OK)
			log_event(LOG_WARN, "due work will be repeated",
			    LOG_WORD("code", err_info(drop.err)->code));
	}
	lock_take(w->mu);
	w->due_done += done.n;
	lock_give(w->mu);
}

static void
order_ended(struct item *it)
{
	must(queue_try_put(it->owner, it));
}

static struct order *
due_order(struct ctx *cx, const struct due_row *due)
{
	struct order *o = arena_alloc(cx->arena, sizeof(*o));

	o->person = due->subject;
	switch ((enum due_kind)due->kind) {
	case DUE_LIFECYCLE:
		o->kind = ORDER_CLOCK;
		return o;
	case DUE_ONBOARDING:
		o->kind = ORDER_EXPIRE;
		o->onboarding = due->object;
		return o;
	case DUE_SWEEP:
		break;
	}
	bug("a due row of an unknown kind");
}

static enum err
due_done_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct due_done_in *in = b->item[i]->in;

		TRY(store_drop(tx, &DUE, in->row, in->n, 3, NULL));
	}
	return OK;
}

const struct use_case due_done = { .name = "due_done",
	.save = due_done_save };

/* --- housekeeping ---------------------------------------------------------------- */

static void
keep_house(struct world *w)
{
	struct arena *arena = arena_open(64 << 20);
	struct ctx cx = { .arena = arena, .actor = &clock_actor };
	uint32_t *tenant;
	size_t n = world_tenants(w, arena, &tenant);

	hold_lease(w, &cx);
	for (size_t i = 0; i < n; i++) {
		struct housekeeping_in in = { clock_now_ms() };
		struct item it = { .cx = &cx, .use_case = &housekeeping,
			.tenant = tenant[i], .in = &in };

		if (realm_renew(w, &cx, tenant[i]) != OK)
			log_event(LOG_ERROR, "no capability for a tenant",
			    LOG_NUM("tenant", tenant[i]));
		if (pipeline_do(w->pipeline, &it, ITEM_BULK) != OK)
			log_event(LOG_WARN, "housekeeping failed",
			    LOG_NUM("tenant", tenant[i]));
	}
	arena_close(arena);
}

static void
hold_lease(struct world *w, struct ctx *cx)
{
	struct lease_in in = { LEASE_CLOCK, w->fence, clock_now_ms(),
		2 * HOUR_MS };
	struct item it = { .cx = cx, .use_case = &lease_take, .in = &in };
	const struct lease_out *out;

	if (pipeline_do(w->pipeline, &it, ITEM_BULK) != OK) {
		log_event(LOG_WARN, "lease not prolonged",
		    LOG_WORD("code", err_info(it.err)->code));
		return;
	}
	out = it.out;
	must(out->is_held);	/* the folder's lock lets in no other node */
	w->fence = out->fence;
}

/*
 * Wrapped keys that no person uses after 24 h: their onboarding was repeated
 * or refused.  Not in a log that was continued after a restore: then a later
 * backup may still bring their persons back.
 */
static enum err
find_orphans(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	const struct item *it = b->item[0];
	const struct housekeeping_in *in = it->in;
	struct tenant_row tenant = { .tenant = it->tenant };
	struct rows rows, persons;
	struct person *key;
	LIST(struct key_row) *orphans = arena_alloc(b->cx->arena,
	    sizeof(*orphans));
	size_t at = 0;

	(void)call;
	b->state = orphans;
	TRY(store_load(data, &TENANT, &tenant, 1, 1, 0, &rows));
	if (rows.n == 0 || ((struct tenant_row *)rows.row)->log_origin > 0)
		return OK;
	TRY(key_list(keys, it->tenant, 0, in->now_ms - KEY_AGE_MS,
	    KEYS_A_TIME, &rows));
	key = arena_array(b->cx->arena, rows.n + 1, sizeof(*key));
	for (size_t i = 0; i < rows.n; i++) {
		key[i].tenant = it->tenant;
		key[i].id = ((struct key_row *)rows.row)[i].person;
	}
	TRY(store_load(data, &PERSON, key, rows.n, 2, 0, &persons));
	for (size_t i = 0; i < rows.n; i++)
		if (at < persons.n && persons.key[at] == i)
			at++;
		else
			list_add(b->cx->arena, orphans,
			    ((struct key_row *)rows.row)[i]);
	return OK;
}

static enum err
drop_orphans(struct batch *b, struct tx *keys)
{
	LIST(struct key_row) *orphans = b->state;
	struct housekeeping_out *out =
	    arena_alloc(b->item[0]->cx->arena, sizeof(*out));

	b->item[0]->out = out;
	return store_drop(keys, &PERSON_KEY, orphans->v, orphans->n, 3,
	    &out->keys);
}

/* Idempotency slots are dropped whole, an hour at a time. */
static enum err
drop_slots(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct housekeeping_in *in = b->item[i]->in;
		struct idempotency_row from = { .tenant = b->item[i]->tenant };
		struct rows rows;

		for (;;) {
			int64_t oldest;

			TRY(store_page(tx, &IDEMPOTENCY, &from, 1, true, 1,
			    &rows));
			if (rows.n == 0)
				break;
			oldest = ((struct idempotency_row *)rows.row)->slot;
			if (oldest >= in->now_ms / HOUR_MS - SLOTS_KEPT)
				break;
			from.slot = oldest;
			TRY(store_drop(tx, &IDEMPOTENCY, &from, 1, 2, NULL));
		}
	}
	return OK;
}

const struct use_case housekeeping = {
	.name = "housekeeping",
	.prepare = find_orphans,
	.keep = drop_orphans,
	.save = drop_slots,
};

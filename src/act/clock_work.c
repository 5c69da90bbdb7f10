/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_work.c - what only time brings: due work (first days, last days, held
 * seats that expire), housekeeping once an hour, signing once a second.
 *
 * Orders of the clock may be repeated: a due row goes after its work is
 * durable, and doing it twice has no effect.
 */
#include "act/login.h"
#include "act/world_int.h"

#include "base/clock.h"
#include "base/log.h"

#define TICK_MS	    1000
#define USES_MS	    60000
#define HOUR_MS	    INT64_C(3600000)
#define DUE_MAX	    500
#define KEY_AGE_MS  (24 * HOUR_MS)
#define SLOTS_KEPT  25
#define KEYS_A_TIME 1000
/* Notices of a transaction, in pages, and for how long they are dropped each hour. */
#define NOTICE_PAGES 10
#define NOTICES_NS   INT64_C(60000000000)

struct orphans {		/* wrapped keys of nobody */
	struct key_row *v;
	size_t		n, cap;
};

static void clock_run(void *);
static void do_due(struct world *, struct db *);
static bool is_over(const struct item *);
static bool drop_due(struct world *, struct due_row *, size_t);
static struct order *due_order(struct ctx *, const struct due_row *);
static void order_ended(struct item *);
static void keep_house(struct world *);
static void keep_tenant(struct world *, uint32_t tenant);
static bool is_ending(struct world *);
static void hold_lease(struct world *, struct ctx *);
static bool is_ours(struct world *);
static enum err drop_page(struct tx *, const struct item *, bool *has_more);

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
	bool has_more;

	do {
		bool is_clock = is_ours(w);

		watch_beat(w);
		if (is_clock) {
			do_due(w, data);
			do_due_suspended(w, data);
		}
		access_write(w);
		login_fails_write(w);
		notes_tell(w, false);
		if (clock_mono_ns() / 1000000 - w->kept_ms >= USES_MS) {
			uses_write(w);
			if (w->node != NULL)
				uses_read(w, data);
		}
		if (is_clock)
			sign_logs(w, data);
		census_take(w, data);
		has_more = tenants_end(w, data);
		if (clock_now_ms() - house_ms >= HOUR_MS) {
			keep_house(w);
			house_ms = clock_now_ms();
		}
		lock_take(w->mu);
		if (!w->is_ending && !has_more)
			lock_wait(w->mu, TICK_MS);
		lock_give(w->mu);
	} while (!is_ending(w));
	access_write(w);
	login_fails_write(w);
	notes_tell(w, true);
	uses_write(w);
	if (is_ours(w))
		sign_logs(w, data);
	db_close(data);
}

/*
 * Of several servers one does the clock's work and signs; what the others
 * would do has no effect.  With a database of its own a server always does.
 */
static bool
is_ours(struct world *w)
{
	if (w->node == NULL)
		return true;
	w->fence = node_clock(w);
	if (w->fence != 0)
		return true;
	lock_take(w->mu);
	w->signed_ns = clock_mono_ns();
	lock_give(w->mu);
	return false;
}

int64_t
clock_fence(const struct world *w)
{
	return w->node != NULL ? w->fence : 0;
}

/* --- due work ---------------------------------------------------------------------- */

static void
do_due(struct world *w, struct db *data)
{
	bool has_more = true;

	while (has_more) {
		struct arena *arena = arena_open(64 << 20);
		struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
		struct tx *tx = tx_begin_all(data, &cx);
		struct rows due;
		enum err err = due_list(tx, cx.now_ms, DUE_MAX, &due);

		tx_end(tx);
		has_more = err == OK && due.n > 0
		    && due_orders(w, &cx, due.row, due.n)
		    && due.n == DUE_MAX;
		arena_close(arena);
	}
}

bool
due_orders(struct world *w, struct ctx *cx, const struct due_row *due, size_t n)
{
	struct item *item = arena_array(cx->arena, n, sizeof(*item));
	struct due_row *over = arena_array(cx->arena, n, sizeof(*over));
	struct queue *ended;
	size_t sent = 0, nover = 0;
	void *one;

	if (n == 0)
		return true;
	ended = queue_open(n);

	for (; sent < n; sent++) {
		struct ctx *own = arena_alloc(cx->arena, sizeof(*own));

		own->arena = arena_open(16 << 20);
		own->now_ms = cx->now_ms;
		own->actor = &clock_actor;
		own->request_id = (struct str) {
			arena_alloc(own->arena, 16), 16 };
		item[sent] = (struct item) { .cx = own,
			.use_case = &person_order,
			.tenant = (uint32_t)due[sent].tenant,
			.in = due_order(own, &due[sent]), .done = order_ended,
			.fence = clock_fence(w),
			.owner = ended };
		if (pipeline_submit(w->pipeline, &item[sent], ITEM_BULK)
		    == OK)
			continue;
		arena_close(own->arena);
		break;
	}
	for (size_t i = 0; i < sent; i++)
		must(queue_take(ended, &one, 1, -1) == 1);
	queue_close(ended);
	for (size_t i = 0; i < sent; i++) {
		if (is_over(&item[i]))
			over[nover++] = due[i];
		arena_close(item[i].cx->arena);
	}
	return drop_due(w, over, nover) && nover == n;
}

/* Done, or refused for good: the person is no more, the onboarding is decided. */
static bool
is_over(const struct item *it)
{
	return it->err == OK
	    || (!err_info(it->err)->may_retry && it->err != ERR_FULL);
}

static bool
drop_due(struct world *w, struct due_row *due, size_t n)
{
	size_t lost = shares_write(w, &due_done, NULL,
	    &(struct row_list) { due, n, sizeof(*due), clock_fence(w), NULL });

	if (lost > 0)
		log_event(LOG_WARN, "due work will be repeated",
		    LOG_NUM("rows", lost));
	lock_take(w->mu);
	w->due_done += n - lost;
	lock_give(w->mu);
	return lost == 0;
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
		const struct share *in = b->item[i]->in;

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

	if (w->node == NULL)
		hold_lease(w, &cx);
	else
		share_all(w);
	sessions_keep(w);
	if (token_keys_read(w, &cx) != OK)
		log_event(LOG_ERROR, "no keys of access tokens",
		    LOG_NUM("tenants", n));
	lock_take(w->mu);
	w->sweeps = true;
	lock_give(w->mu);
	for (size_t i = 0; i < n; i++) {
		if (realm_renew(w, &cx, tenant[i]) != OK)
			log_event(LOG_ERROR, "no capability for a tenant",
			    LOG_NUM("tenant", tenant[i]));
		if (w->node == NULL || w->fence != 0)
			keep_tenant(w, tenant[i]);
	}
	arena_close(arena);
}

/* A page of keys at a time: whoever onboards meanwhile goes in between. */
static void
keep_tenant(struct world *w, uint32_t tenant)
{
	struct housekeeping_in in = { clock_now_ms(), 0, false };
	int64_t until_ns = clock_mono_ns() + NOTICES_NS;

	do {
		struct arena *arena = arena_open(1 << 20);
		struct ctx cx = { .arena = arena, .actor = &clock_actor };
		struct item it = { .cx = &cx, .use_case = &housekeeping,
			.tenant = tenant, .in = &in,
			.fence = clock_fence(w) };

		if (pipeline_do(w->pipeline, &it, ITEM_BULK) == OK) {
			const struct housekeeping_out *out = it.out;

			in.after = out->next;
			in.is_notices = out->next == 0 && out->has_notices &&
			    clock_mono_ns() < until_ns;
		} else {
			log_event(LOG_WARN, "housekeeping failed",
			    LOG_NUM("tenant", tenant));
			in.after = 0;
			in.is_notices = false;
		}
		arena_close(arena);
	} while ((in.after != 0 || in.is_notices) && !is_ending(w));
}

static bool
is_ending(struct world *w)
{
	bool ending;

	lock_take(w->mu);
	ending = w->is_ending;
	lock_give(w->mu);
	return ending;
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
	struct item *it = b->item[0];
	const struct housekeeping_in *in = it->in;
	struct housekeeping_out *out =
	    arena_alloc(it->cx->arena, sizeof(*out));
	struct tenant_row tenant = { .tenant = it->tenant };
	struct rows rows, persons;
	struct orphans *orphans = arena_alloc(b->cx->arena, sizeof(*orphans));
	const struct key_row *row;
	struct person *key;
	size_t at = 0;

	(void)call;
	must(b->n == 1);	/* one after the other, by the clock */
	b->state = orphans;
	it->out = out;
	if (in->is_notices)
		return OK;
	TRY(store_load(data, &TENANT, &tenant, 1, 1, 0, &rows));
	if (rows.n == 0 || ((struct tenant_row *)rows.row)->log_origin > 0)
		return OK;
	TRY(key_list(keys, it->tenant, in->after, in->now_ms - KEY_AGE_MS,
	    KEYS_A_TIME, &rows));
	row = rows.row;
	key = arena_array(b->cx->arena, rows.n + 1, sizeof(*key));
	for (size_t i = 0; i < rows.n; i++) {
		key[i].tenant = it->tenant;
		key[i].id = row[i].person;
	}
	TRY(store_load(data, &PERSON, key, rows.n, 2, 0, &persons));
	for (size_t i = 0; i < rows.n; i++)
		if (at < persons.n && persons.key[at] == i)
			at++;
		else
			list_add(b->cx->arena, orphans, row[i]);
	if (rows.n >= KEYS_A_TIME)
		out->next = row[rows.n - 1].person;
	return OK;
}

static enum err
drop_orphans(struct batch *b, struct tx *keys)
{
	const struct orphans *orphans = b->state;
	struct housekeeping_out *out = b->item[0]->out;

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

/* A server that did not read them within the hour reads everything. */
static enum err
drop_notices(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct housekeeping_out *out = it->out;
		size_t pages = 0;

		do
			TRY(drop_page(tx, it, &out->has_notices));
		while (out->has_notices && ++pages < NOTICE_PAGES);
	}
	return OK;
}

static enum err
drop_page(struct tx *tx, const struct item *it, bool *has_more)
{
	const struct housekeeping_in *in = it->in;
	struct notice_row from = { .tenant = it->tenant };
	const struct notice_row *row;
	struct rows rows;
	size_t n = 0;

	TRY(store_page(tx, &NOTICE, &from, 1, true, KEYS_A_TIME, &rows));
	row = rows.row;
	while (n < rows.n && row[n].at_ms < in->now_ms - HOUR_MS)
		n++;
	*has_more = n == KEYS_A_TIME;
	return store_drop(tx, &NOTICE, row, n, 2, NULL);
}

static enum err
house_save(struct batch *b, struct tx *tx)
{
	TRY(drop_slots(b, tx));
	TRY(drop_notices(b, tx));
	for (size_t i = 0; i < b->n; i++) {
		const struct housekeeping_in *in = b->item[i]->in;

		if (in->after == 0 && !in->is_notices)
			TRY(login_keep(tx, b->item[i]->tenant, in->now_ms));
	}
	return OK;
}

const struct use_case housekeeping = {
	.name = "housekeeping",
	.prepare = find_orphans,
	.keep = drop_orphans,
	.save = house_save,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant_end.c - the end of a tenant, on the clock's thread, step by step, each
 * of which may be repeated after a crash:
 *
 *	the row says DELETING	nobody gets in, nothing is logged any more
 *	the log is signed	the last checkpoint is kept, and told
 *	the keys are destroyed	from here on nothing of it can be read
 *	the rows go		so many a commit, others go on in between
 *	the row says DELETED	the number stays taken
 *
 * A database that was brought back from before is the same work: the vault
 * knows that the keys were destroyed.
 */
#include "act/world_int.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"

#define TENANTS_MAX  100000
#define ROWS_A_TIME  1000
#define BATCHES	     20		/* of one tenant, before others are served */
#define WAIT_MS	     1000
#define WAITS_MAX    300

struct end_in {
	int64_t	    ms;
	struct str  note;	/* to be kept; empty: none */
	bool	    has_no_keys, purges, is_over;
};

struct end_out { int64_t rows; };

static enum err wait_for_end(struct reader *, struct ctx *, uint32_t tenant,
    struct tenant_delete_out *);
static enum err read_note(struct reader *, struct ctx *, uint32_t tenant,
    struct str *);
static void end_tenant(struct world *, struct db *, const struct tenant_row *,
    bool *more);
static enum err end_keys(struct world *, struct ctx *, struct db *,
    uint32_t tenant);
static enum err is_ours_to_end(struct world *, struct ctx *, struct db *,
    uint32_t tenant, bool *);
static bool is_quiet(struct world *, uint32_t tenant);
static enum err has_ended(struct ctx *, struct db *, uint32_t tenant, bool *);
static enum err last_note(struct ctx *, struct db *, uint32_t tenant,
    struct str *);
static enum err purge(struct world *, uint32_t tenant, bool is_over,
    bool *more);
static enum err step(struct world *, struct ctx *, uint32_t tenant,
    const struct end_in *, int64_t *rows);
static void end_point(const char *);
static const struct use_case tenant_step;

/* --- the operator's request ------------------------------------------------------------ */

enum err
tenant_delete(struct reader *r, struct ctx *cx, const void *arg, void **result)
{
	const struct tenant_delete_in *in = arg;
	struct tenant_delete_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct tenant_order_in order = { .action = ACTION_TENANT_DELETED,
		.reason = in->reason };
	struct item it = { .cx = cx, .use_case = &tenant_order,
		.in = &order };

	out->tenant = it.tenant = world_tenant_named(r->world, in->slug);
	if (out->tenant == 0)
		return fail(cx, ERR_NOT_FOUND, MSG_WORLD_NO_TENANT, "tenant");
	if (!str_eq(in->confirm, in->slug))
		return fail(cx, ERR_BAD_INPUT, MSG_TENANT_CONFIRM, "confirm",
		    str_z(cx->arena, in->slug));
	TRY(vault_log_key(r->vault, cx, out->tenant, &out->vkey, &out->origin));
	TRY(pipeline_do(world_pipeline(r->world), &it, ITEM_INTERACTIVE));
	*result = out;
	return wait_for_end(r, cx, out->tenant, out);
}

/* The clock takes it out of the world when the keys are destroyed. */
static enum err
wait_for_end(struct reader *r, struct ctx *cx, uint32_t tenant,
    struct tenant_delete_out *out)
{
	struct world *w = r->world;
	bool is_there = true;

	lock_take(w->mu);
	for (int i = 0; i < WAITS_MAX && is_there && !w->is_ending; i++) {
		is_there = realm_find(w, tenant) != NULL;
		if (is_there)
			lock_wait(w->mu, WAIT_MS);
	}
	is_there = realm_find(w, tenant) != NULL;
	lock_give(w->mu);
	if (is_there)
		return fail(cx, ERR_UNKNOWN, MSG_TENANT_ENDING, "tenant");
	return read_note(r, cx, tenant, &out->note);
}

/* What the clock wrote since this query began, so in a snapshot of its own. */
static enum err
read_note(struct reader *r, struct ctx *cx, uint32_t tenant, struct str *note)
{
	struct db *db = db_open_reader(world_store(r->world), DB_DATA);
	struct tx *tx = tx_begin(db, cx);
	struct gone_row key = { .tenant = tenant };
	struct rows rows;
	enum err err = store_load(tx, &TENANT_GONE, &key, 1, 1, 0, &rows);

	if (err == OK && rows.n == 1)
		*note = ((struct gone_row *)rows.row)->note;
	tx_end(tx);
	db_close(db);
	return err;
}

/* --- the clock's work -------------------------------------------------------------------- */

bool
tenants_end(struct world *w, struct db *data)
{
	struct arena *arena = arena_open(64 << 20);
	struct ctx cx = { .arena = arena };
	struct tenant_row from = { 0 };
	const struct tenant_row *row;
	struct rows rows = { 0 };
	bool has_work, sweeps, more = false;
	struct tx *tx;

	lock_take(w->mu);
	has_work = w->has_ends || w->sweeps;
	sweeps = w->sweeps;
	w->has_ends = w->sweeps = false;
	lock_give(w->mu);
	if (has_work) {
		tx = tx_begin_all(data, &cx);
		if (store_page(
			tx, &TENANT, &from, 0, true, TENANTS_MAX, &rows) != OK)
			rows.n = 0;
		tx_end(tx);
	}
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		struct realm_slot *slot;
		bool is_ending, is_there;

		lock_take(w->mu);
		slot = realm_find(w, (uint32_t)row[i].tenant);
		is_there = slot != NULL;
		is_ending = slot == NULL || slot->state >= TENANT_DELETING;
		lock_give(w->mu);
		/* Another server may have been through with it before we began. */
		if (is_ending && (sweeps || is_there
		    || row[i].state != TENANT_DELETED))
			end_tenant(w, data, &row[i], &more);
	}
	arena_close(arena);
	return more;
}

/*
 * Of several servers one signs, ends and purges; the others destroy the keys
 * that their vaults have after it has said so.
 */
static enum err
is_ours_to_end(struct world *w, struct ctx *cx, struct db *data,
    uint32_t tenant, bool *out)
{
	*out = w->fence != 0;
	return *out ? OK : has_ended(cx, data, tenant, out);
}

/* What cannot be done now is done at the next tick. */
static void
end_tenant(
    struct world *w, struct db *data, const struct tenant_row *row, bool *more)
{
	struct arena *arena = arena_open(16 << 20);
	struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
	uint32_t tenant = (uint32_t)row->tenant;
	enum tenant_has has;
	bool goes_on = true, is_ours = true;
	enum err err =
	    vault_tenant_keys(w->vault[CHANNEL_CLOCK], &cx, tenant, &has);

	if (err == OK && w->node != NULL)
		err = is_ours_to_end(w, &cx, data, tenant, &is_ours);
	if (err == OK && has == TENANT_HAS_KEYS && row->state < TENANT_DELETING)
		goes_on = false; /* it is being made */
	else if (err == OK && has == TENANT_HAS_KEYS && is_ours
	    && is_quiet(w, tenant))
		*more |= (err = end_keys(w, &cx, data, tenant)) == OK;
	else if (err == OK && has == TENANT_HAS_NOTHING && w->node != NULL)
		goes_on = false; /* another server made or ended it */
	else if (err == OK && has == TENANT_HAS_NOTHING)
		err = ERR_CONFLICT; /* another vault's: not ours to end */
	else if (err == OK && has == TENANT_HAD_KEYS) {
		world_tenant_drop(w, tenant);
		goes_on = false;
		if (w->node == NULL || w->fence != 0)
			err = purge(w, tenant, row->state == TENANT_DELETED,
			    &goes_on);
		*more |= err == OK && goes_on;
	}
	if (err != OK)
		log_event(LOG_WARN, "tenant not yet deleted",
		    LOG_NUM("tenant", tenant),
		    LOG_WORD("code", err_info(err)->code));
	lock_take(w->mu);
	w->has_ends |= goes_on || err != OK;
	lock_give(w->mu);
	arena_close(arena);
}

/* Requests under way and imports end by themselves, and no new ones come: the tenant is not active. */
static bool
is_quiet(struct world *w, uint32_t tenant)
{
	bool is_busy = admission_of(w->admission, tenant) > 0;

	lock_take(w->mu);
	for (size_t i = 0; i < PLACES; i++)
		is_busy |= w->long_state[i] != PLACE_FREE
		    && w->long_tenant[i] == tenant;
	if (!is_busy)
		is_busy = !runs_drop(w, tenant);
	lock_give(w->mu);
	return !is_busy;
}

static enum err
end_keys(struct world *w, struct ctx *cx, struct db *data, uint32_t tenant)
{
	struct end_in in = { .ms = clock_now_ms() };
	bool is_ended = false;

	if (w->node != NULL)
		TRY(has_ended(cx, data, tenant, &is_ended));
	if (is_ended) {
		TRY(vault_tenant_end(w->vault[CHANNEL_CLOCK], cx, tenant));
		world_tenant_drop(w, tenant);
		return OK;
	}
	/* Behind whatever of it was still queued. */
	TRY(step(w, cx, tenant, &in, NULL));
	TRY(sign_log(w, cx, data, tenant));
	TRY(last_note(cx, data, tenant, &in.note));
	TRY(step(w, cx, tenant, &in, NULL));
	end_point("before-keys-end");
	TRY(vault_tenant_end(w->vault[CHANNEL_CLOCK], cx, tenant));
	end_point("keys-ended");
	in = (struct end_in) { .ms = clock_now_ms(), .has_no_keys = true };
	TRY(step(w, cx, tenant, &in, NULL));
	world_tenant_drop(w, tenant);
	return OK;
}

/* Another server has destroyed them in its vault: what was last signed is kept. */
static enum err
has_ended(struct ctx *cx, struct db *data, uint32_t tenant, bool *out)
{
	struct tx *tx = tx_begin_all(data, cx);
	struct gone_row key = { .tenant = tenant };
	struct rows rows;
	enum err err = store_load(tx, &TENANT_GONE, &key, 1, 1, 0, &rows);

	tx_end(tx);
	TRY(err);
	*out = rows.n > 0 && ((struct gone_row *)rows.row)->keys_ms > 0;
	return OK;
}

static enum err
last_note(struct ctx *cx, struct db *data, uint32_t tenant, struct str *note)
{
	struct tx *tx = tx_begin_all(data, cx);
	struct tenant_row key = { .tenant = tenant };
	struct checkpoint_row at = { .tenant = tenant };
	struct rows rows, notes;
	enum err err = store_load(tx, &TENANT, &key, 1, 1, 0, &rows);

	if (err == OK) {
		const struct tenant_row *row = rows.row;

		must(rows.n == 1);
		at.seq = LOG_SEQ(row->log_origin, row->log_size);
		err = store_load(tx, &CHECKPOINT, &at, 1, 2, 0, &notes);
	}
	tx_end(tx);
	TRY(err);
	if (notes.n == 0)
		return fail(cx, ERR_BUSY, MSG_TENANT_ENDING, "tenant");
	*note = ((struct checkpoint_row *)notes.row)->note;
	return OK;
}

/* IS_OVER: it was deleted long ago, and only looked at again. */
static enum err
purge(struct world *w, uint32_t tenant, bool is_over, bool *more)
{
	struct end_in in = { .purges = true, .has_no_keys = true };
	int64_t rows = ROWS_A_TIME, all = 0;
	struct arena *last;
	enum err err;

	for (int i = 0; i < BATCHES && rows >= ROWS_A_TIME; i++) {
		struct arena *arena = arena_open(64 << 20);
		struct ctx cx = { .arena = arena };

		in.ms = clock_now_ms();
		err = step(w, &cx, tenant, &in, &rows);
		arena_close(arena);
		TRY(err);
		all += rows;
		end_point("rows-ended");
	}
	*more = rows >= ROWS_A_TIME;
	if (*more || (is_over && all == 0))
		return OK;
	last = arena_open(1 << 20);
	pipeline_wipe(w->pipeline);
	in.is_over = true;
	err = step(w, &(struct ctx) { .arena = last }, tenant, &in, &rows);
	arena_close(last);
	return err;
}

static enum err
step(struct world *w, struct ctx *cx, uint32_t tenant, const struct end_in *in,
    int64_t *rows)
{
	struct item it = { .cx = cx, .use_case = &tenant_step,
		.tenant = tenant, .in = (void *)in };

	TRY(pipeline_do(w->pipeline, &it, ITEM_BULK));
	if (rows != NULL)
		*rows = ((const struct end_out *)it.out)->rows;
	return OK;
}

/* Such a point is for USHER_FAULT=kill-NAME only. */
static void
end_point(const char *name)
{
	if (fault_here(name))
		fatal("%s, as USHER_FAULT asks", name);
}

/* --- in the transactions --------------------------------------------------------------- */

/* The wrapped keys go first: what they would open is no use without them. */
static enum err
step_keep(struct batch *b, struct tx *keys)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct end_in *in = it->in;
		struct end_out *out = arena_alloc(it->cx->arena, sizeof(*out));

		it->out = out;
		if (in->purges)
			TRY(tenant_purge(
			    keys, it->tenant, ROWS_A_TIME, &out->rows));
	}
	return OK;
}

static enum err
step_one(struct item *it, struct tx *tx)
{
	const struct end_in *in = it->in;
	struct end_out *out = it->out;
	struct tenant_row key = { .tenant = it->tenant };
	struct gone_row gone = { .tenant = it->tenant };
	struct tenant_row *row;
	struct rows rows, gones;
	int64_t n = 0;

	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	TRY(store_load(tx, &TENANT_GONE, &gone, 1, 1, 0, &gones));
	must(rows.n == 1);
	row = rows.row;
	if (gones.n == 1)
		gone = *(struct gone_row *)gones.row;
	if (in->purges)
		TRY(tenant_purge(tx, it->tenant, ROWS_A_TIME, &n));
	if (row->state == TENANT_DELETED && n + out->rows == 0)
		return OK;
	gone.rows += n + out->rows;
	if (in->note.n > 0)
		gone.note = in->note;
	if (in->has_no_keys && gone.keys_ms == 0)
		gone.keys_ms = in->ms;
	if (in->is_over && gone.ended_ms == 0)
		gone.ended_ms = in->ms;
	if (out->rows < n)
		out->rows = n;
	TRY(store_save(tx, &TENANT_GONE, &gone, 1, NULL));
	row->state = in->is_over ? TENANT_DELETED : TENANT_DELETING;
	if (in->has_no_keys) {
		row->name = row->name_key = STR("");
		row->catalogue_version = 0;
	}
	return store_save(tx, &TENANT, row, 1, NULL);
}

static enum err
step_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++)
		TRY(step_one(b->item[i], tx));
	return OK;
}

static const struct use_case tenant_step = { .name = "tenant_step",
	.keep = step_keep, .save = step_save };

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.c - checkpoints of the logs.  The vault is sent the entries that are
 * new since it last signed, extends its own tree with them, and signs only
 * what extends it (SECURITY.md 6.4): a log that was rolled back or changed
 * gets no signature, and an alarm.
 */
#include "act/login.h"
#include "act/world_int.h"

#include "base/clock.h"
#include "base/log.h"

/* A page of entries, each of 64 KiB at most (audit/log.h). */
#define PAGE_ENTRIES 200
#define PAGE_MEMORY  (20 << 20)

static enum err sign_tenant(struct world *, struct ctx *, struct db *,
    uint32_t tenant, struct checkpoint_row *);
static enum err find_new(struct world *, struct ctx *, struct tx *,
    struct log_extension *, const struct tenant_row **);
static enum err follow(struct ctx *, struct tx *, const struct tenant_row *,
    struct log_extension *);
static enum err is_kept(struct tx *, const struct tenant_row *, bool *);
static enum err send_page(struct world *, struct ctx *, struct db *,
    struct log_extension *, struct str *note);
static enum err read_page(struct tx *, struct log_extension *);
static enum err check_tenant(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, bool accept_rollback);

void
sign_logs(struct world *w, struct db *data)
{
	struct arena *list = arena_open(1 << 20);
	uint32_t *tenant;
	size_t n = world_tenants(w, list, &tenant), signed_now = 0;

	for (size_t i = 0; i < n; i++) {
		struct arena *arena = arena_open(1 << 20);
		struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
		enum err err = sign_log(w, &cx, data, tenant[i]);

		signed_now += err == OK;
		if (err != OK)
			log_event(LOG_ERROR, "log not signed",
			    LOG_NUM("tenant", tenant[i]),
			    LOG_WORD("code", err_info(err)->code));
		arena_close(arena);
	}
	lock_take(w->mu);
	if (signed_now == n)
		w->signed_ns = clock_mono_ns();
	lock_give(w->mu);
	arena_close(list);
}

enum err
sign_log(struct world *w, struct ctx *cx, struct db *data, uint32_t tenant)
{
	struct checkpoint_in in = { 0 };
	struct item keep = { .cx = cx, .tenant = tenant,
		.use_case = &checkpoint_keep, .in = &in,
		.fence = clock_fence(w) };
	enum err err = sign_tenant(w, cx, data, tenant, &in.row);
	/* That it does not extend what was signed; not that another signs now. */
	bool is_broken = err == ERR_CONFLICT;

	if (err == OK && in.row.note.n > 0)
		err = pipeline_do(w->pipeline, &keep, ITEM_BULK);
	lock_take(w->mu);
	w->log_alarm |= is_broken;
	w->checkpoints += err == OK && in.row.note.n > 0;
	lock_give(w->mu);
	return err;
}

/* Nothing new: an empty note.  However much is new, a page of it is in memory. */
static enum err
sign_tenant(struct world *w, struct ctx *cx, struct db *data, uint32_t tenant,
    struct checkpoint_row *out)
{
	struct log_extension ext = { .tenant = tenant };
	const struct tenant_row *row = NULL;
	struct frontier tree;
	struct hash root;
	struct tx *tx = tx_begin_all(data, cx);
	uint64_t size;
	enum err err = find_new(w, cx, tx, &ext, &row);

	tx_end(tx);
	if (err != OK || row == NULL)
		return err;
	must(frontier_decode(row->frontier, &tree));
	frontier_root(&tree, &root);
	__builtin_memcpy(ext.root, root.bytes, sizeof(ext.root));
	for (size = (uint64_t)row->log_size; out->note.n == 0;
	     ext.head.size += ext.n, ext.goes_on = true) {
		ext.n = size - ext.head.size;
		TRY(send_page(w, cx, data, &ext, &out->note));
	}
	out->tenant = tenant;
	out->seq = LOG_SEQ(row->log_origin, row->log_size);
	out->signed_ms = clock_now_ms();
	return OK;
}

/* ROW stays NULL: all is signed.  EXT begins where the vault stands. */
static enum err
find_new(struct world *w, struct ctx *cx, struct tx *tx,
    struct log_extension *ext, const struct tenant_row **out)
{
	struct tenant_row key = { .tenant = ext->tenant };
	const struct tenant_row *row;
	struct rows rows;
	bool is_whole;

	TRY(vault_log_head(
	    w->vault[CHANNEL_CLOCK], cx, ext->tenant, &ext->head));
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	if (rows.n == 0)
		return OK;
	row = rows.row;
	if (ext->head.origin == row->log_origin &&
	    ext->head.size == (uint64_t)row->log_size) {
		TRY(is_kept(tx, row, &is_whole));
		if (is_whole)
			return OK;
	}
	if (w->node != NULL)
		TRY(follow(cx, tx, row, ext));
	if (ext->head.origin != row->log_origin ||
	    ext->head.size > (uint64_t)row->log_size)
		return fail(cx, ERR_CONFLICT, MSG_WORLD_ROLLED_BACK, "log");
	*out = row;
	return OK;
}

/*
 * Other servers' vaults sign as well: what ours signs must extend their newest,
 * and where they began another origin ours follows.
 */
static enum err
follow(struct ctx *cx, struct tx *tx, const struct tenant_row *row,
    struct log_extension *ext)
{
	const struct checkpoint_row *last;
	struct rows rows;

	TRY(checkpoint_last(tx, row->tenant, &rows));
	last = rows.row;
	if (rows.n == 0 || last->seq < LOG_SEQ(row->log_origin, 0))
		return OK;
	ext->newest = str_copy(cx->arena, last->note);
	if (ext->head.origin < row->log_origin)
		ext->head =
		    (struct log_head) { .origin = (uint32_t)row->log_origin };
	return OK;
}

/*
 * Whether the checkpoint of the log as it stands is stored.  A front that was
 * killed after the vault signed has lost it: the vault signs that size again.
 */
static enum err
is_kept(struct tx *tx, const struct tenant_row *row, bool *out)
{
	struct checkpoint_row key = { .tenant = row->tenant,
		.seq = LOG_SEQ(row->log_origin, row->log_size) };
	struct rows rows;

	*out = true;
	if (row->log_size == 0)
		return OK;
	TRY(store_load(tx, &CHECKPOINT, &key, 1, 2, 0, &rows));
	*out = rows.n > 0;
	return OK;
}

/* EXT->n in: how many are left; out: how many went.  The last page gets the note. */
static enum err
send_page(struct world *w, struct ctx *cx, struct db *data,
    struct log_extension *ext, struct str *note)
{
	struct ctx page = { .arena = arena_open(PAGE_MEMORY) };
	struct tx *tx = tx_begin_all(data, &page);
	const bool is_last = ext->n <= PAGE_ENTRIES;
	struct str made = { 0 };
	enum err err;

	if (!is_last)
		ext->n = PAGE_ENTRIES;
	err = read_page(tx, ext);
	tx_end(tx);
	if (err == OK && is_last)
		err =
		    vault_log_sign(w->vault[CHANNEL_CLOCK], &page, ext, &made);
	else if (err == OK)
		err = vault_log_add(w->vault[CHANNEL_CLOCK], &page, ext);
	*note = str_copy(cx->arena, made);
	if (err != OK)
		fault_copy(cx, &page);
	arena_close(page.arena);
	return err;
}

/* Entry AT of the log was taken out: that is for an alarm, not for a signature. */
static enum err
lacks_entry(struct ctx *cx, const struct log_extension *ext, size_t at)
{
	return fail(cx, ERR_CONFLICT, MSG_VERIFY_LOG_GAP, "log",
	    str_z(cx->arena,
		str_fmt(cx->arena, "%u/%llu", ext->head.origin,
		    (unsigned long long)(ext->head.size + at))));
}

/* EXT->n entries from its head on, in order. */
static enum err
read_page(struct tx *tx, struct log_extension *ext)
{
	struct str *entry =
	    arena_array(tx_ctx(tx)->arena, ext->n + 1, sizeof(*entry));
	struct log_row from = { .tenant = ext->tenant,
		.seq = LOG_SEQ(ext->head.origin, ext->head.size) - 1 };
	const struct log_row *row;
	struct rows rows = { 0 };

	ext->entry = entry;
	if (ext->n == 0)
		return OK;
	TRY(store_page(tx, &LOG, &from, 1, false, ext->n, &rows));
	row = rows.row;
	for (size_t i = 0; i < ext->n; i++) {
		if (i >= rows.n ||
		    row[i].seq != LOG_SEQ(ext->head.origin, ext->head.size + i))
			return lacks_entry(tx_ctx(tx), ext, i);
		entry[i] = row[i].entry;
	}
	return OK;
}

static enum err
checkpoint_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct checkpoint_in *in = b->item[i]->in;

		TRY(store_save(tx, &CHECKPOINT, &in->row, 1, NULL));
	}
	return OK;
}

const struct use_case checkpoint_keep = { .name = "checkpoint",
	.save = checkpoint_save };

/* --- at start ---------------------------------------------------------------------- */

enum err
check_logs(struct world *w, struct ctx *cx, struct tx *tx, bool accept_rollback)
{
	struct tenant_row from = { 0 };
	struct rows tenants;

	TRY(store_page(tx, &TENANT, &from, 0, true, 100000, &tenants));
	for (size_t i = 0; i < tenants.n; i++)
		TRY(check_tenant(w, cx, tx,
		    &((struct tenant_row *)tenants.row)[i], accept_rollback));
	return OK;
}

/*
 * A log shorter than what was signed has lost entries: only the operator may
 * go on from there, in a new origin that begins with the last checkpoint.
 */
static enum err
check_tenant(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, bool accept_rollback)
{
	uint32_t tenant = (uint32_t)row->tenant;
	struct continued_in in = { .tenant = tenant };
	struct item it = { .cx = cx, .use_case = &log_continue,
		.tenant = tenant, .in = &in };
	struct log_head head;

	enum tenant_has has;

	(void)tx;
	TRY(vault_tenant_keys(w->vault[CHANNEL_CLOCK], cx, tenant, &has));
	if (has == TENANT_HAD_KEYS ||
	    (w->node != NULL && has == TENANT_HAS_NOTHING))
		return OK;
	TRY(vault_log_head(w->vault[CHANNEL_CLOCK], cx, tenant, &head));
	if (head.origin == row->log_origin &&
	    head.size <= (uint64_t)row->log_size)
		return OK;
	/* Another server's vault goes on there; ours follows. */
	if (w->node != NULL && head.origin < row->log_origin)
		return OK;
	if (w->node != NULL) {
		history_lose(node_history(w),
		    &(struct loss) { row->tenant, head.origin, row->log_size,
			(int64_t)head.size });
		return OK;
	}
	if (!accept_rollback)
		return fail(cx, ERR_CONFLICT, MSG_WORLD_ROLLED_BACK, "log");
	TRY(vault_log_accept_rollback(
	    w->vault[CHANNEL_CLOCK], cx, tenant, &head, &in.note));
	in.origin = head.origin;
	return pipeline_do(w->pipeline, &it, ITEM_INTERACTIVE);
}

/* The first leaf of the new origin is the old checkpoint itself. */
static enum err
continue_save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct continued_in *in = b->item[i]->in;
		struct tenant_row key = { .tenant = in->tenant };
		struct log_row leaf = { .tenant = in->tenant,
			.seq = LOG_SEQ(in->origin, 0), .entry = in->note };
		struct frontier tree = { 0 };
		uint8_t bytes[FRONTIER_BYTES_MAX];
		struct tenant_row *row;
		struct rows rows;
		struct hash hash;

		TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
		must(rows.n == 1);
		row = rows.row;
		/* Done by a try whose commit nobody knew of. */
		if (row->log_origin >= in->origin)
			continue;
		tree_leaf(in->note, &hash);
		frontier_append(&tree, &hash);
		row->log_origin = in->origin;
		row->log_size = 1;
		row->frontier = (struct str) { (char *)bytes,
			frontier_encode(&tree, bytes) };
		TRY(store_save(tx, &LOG, &leaf, 1, NULL));
		TRY(store_save(tx, &TENANT, row, 1, NULL));
		TRY(login_forget(tx, in->tenant));
	}
	return OK;
}

static void
continue_committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct continued_in *in = b->item[i]->in;

		if (b->item[i]->err == OK)
			sessions_forget(b->world, in->tenant);
	}
}

const struct use_case log_continue = { .name = "log_continue",
	.save = continue_save, .committed = continue_committed };

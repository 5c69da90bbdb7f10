/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.c - checkpoints of the logs.  The vault is sent the entries that are
 * new since it last signed, extends its own tree with them, and signs only
 * what extends it (SECURITY.md 6.4): a log that was rolled back or changed
 * gets no signature, and an alarm.
 */
#include "act/world_int.h"

#include "base/clock.h"
#include "base/log.h"

#define ENTRIES_MAX 50000

static enum err sign_tenant(struct world *, struct ctx *, struct tx *,
    uint32_t tenant, struct checkpoint_row *);
static enum err is_kept(struct tx *, const struct tenant_row *, bool *);
static enum err read_entries(struct tx *, const struct tenant_row *,
    uint64_t from, struct str **, size_t *);
static enum err check_tenant(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, bool accept_rollback);

void
sign_logs(struct world *w, struct db *data)
{
	struct arena *list = arena_open(1 << 20);
	uint32_t *tenant;
	size_t n = world_tenants(w, list, &tenant);

	for (size_t i = 0; i < n; i++) {
		struct arena *arena = arena_open(1 << 30);
		struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
		struct checkpoint_in in = { 0 };
		struct item keep = { .cx = &cx, .tenant = tenant[i],
			.use_case = &checkpoint_keep, .in = &in };
		struct tx *tx = tx_begin(data, &cx);
		enum err err = sign_tenant(w, &cx, tx, tenant[i], &in.row);

		tx_end(tx);
		if (err == OK && in.row.note.n > 0)
			err = pipeline_do(w->pipeline, &keep, ITEM_BULK);
		lock_take(w->mu);
		w->log_alarm |= err == ERR_CONFLICT;
		w->checkpoints += err == OK && in.row.note.n > 0;
		lock_give(w->mu);
		if (err != OK)
			log_event(LOG_ERROR, "log not signed",
			    LOG_NUM("tenant", tenant[i]),
			    LOG_WORD("code", err_info(err)->code));
		arena_close(arena);
	}
	arena_close(list);
}

/* Nothing new: an empty note. */
static enum err
sign_tenant(struct world *w, struct ctx *cx, struct tx *tx, uint32_t tenant,
    struct checkpoint_row *out)
{
	struct tenant_row key = { .tenant = tenant };
	struct log_extension ext = { .tenant = tenant };
	const struct tenant_row *row;
	struct frontier tree;
	struct rows rows;
	struct hash root;
	struct str *entry = NULL;
	bool is_whole;

	TRY(vault_log_head(w->vault[CHANNEL_CLOCK], cx, tenant, &ext.head));
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	if (rows.n == 0)
		return OK;
	row = rows.row;
	if (ext.head.origin == row->log_origin
	    && ext.head.size == (uint64_t)row->log_size) {
		TRY(is_kept(tx, row, &is_whole));
		if (is_whole)
			return OK;
	}
	if (ext.head.origin != row->log_origin
	    || ext.head.size > (uint64_t)row->log_size)
		return fail(cx, ERR_CONFLICT, MSG_WORLD_ROLLED_BACK, "log");
	TRY(read_entries(tx, row, ext.head.size, &entry, &ext.n));
	must(frontier_decode(row->frontier, &tree));
	frontier_root(&tree, &root);
	__builtin_memcpy(ext.root, root.bytes, sizeof(ext.root));
	ext.entry = entry;
	TRY(vault_log_sign(w->vault[CHANNEL_CLOCK], cx, &ext, &out->note));
	out->tenant = tenant;
	out->seq = LOG_SEQ(row->log_origin, row->log_size);
	out->signed_ms = clock_now_ms();
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

/* Somebody took it out: that is for an alarm, not for a signature. */
static enum err
lacks_entry(struct ctx *cx, const struct tenant_row *row, uint64_t index)
{
	return fail(cx, ERR_CONFLICT, MSG_VERIFY_LOG_GAP, "log",
	    str_z(cx->arena, str_fmt(cx->arena, "%lld/%llu",
	    (long long)row->log_origin, (unsigned long long)index)));
}

/* Entries FROM up to the end, in order. */
static enum err
read_entries(struct tx *tx, const struct tenant_row *row, uint64_t from,
    struct str **out, size_t *n)
{
	size_t wanted = (size_t)row->log_size - (size_t)from;
	struct str *entry = arena_array(tx_ctx(tx)->arena, wanted + 1,
	    sizeof(*entry));
	struct log_row at = { .tenant = row->tenant,
		.seq = LOG_SEQ(row->log_origin, from) - 1 };
	struct rows rows;

	*n = 0;
	do {
		TRY(store_page(tx, &LOG, &at, 1, false, ENTRIES_MAX, &rows));
		for (size_t i = 0; i < rows.n && *n < wanted; i++) {
			at = ((struct log_row *)rows.row)[i];
			if (at.seq != LOG_SEQ(row->log_origin, from + *n))
				return lacks_entry(tx_ctx(tx), row,
				    from + *n);
			entry[(*n)++] = at.entry;
		}
	} while (rows.n == ENTRIES_MAX && *n < wanted);
	if (*n < wanted)
		return lacks_entry(tx_ctx(tx), row, from + *n);
	*out = entry;
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
check_logs(struct world *w, struct ctx *cx, struct tx *tx,
    bool accept_rollback)
{
	struct tenant_row from = { 0 };
	struct rows tenants;

	TRY(store_page(tx, &TENANT, &from, 0, true, 100000, &tenants));
	for (size_t i = 0; i < tenants.n; i++)
		TRY(check_tenant(w, cx, tx,
		    &((struct tenant_row *)tenants.row)[i],
		    accept_rollback));
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

	(void)tx;
	TRY(vault_log_head(w->vault[CHANNEL_CLOCK], cx, tenant, &head));
	if (head.origin == row->log_origin
	    && head.size <= (uint64_t)row->log_size)
		return OK;
	if (!accept_rollback)
		return fail(cx, ERR_CONFLICT, MSG_WORLD_ROLLED_BACK, "log");
	TRY(vault_log_accept_rollback(w->vault[CHANNEL_CLOCK], cx, tenant,
	    &head, &in.note));
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
		tree_leaf(in->note, &hash);
		frontier_append(&tree, &hash);
		row->log_origin = in->origin;
		row->log_size = 1;
		row->frontier = (struct str) { (char *)bytes,
			frontier_encode(&tree, bytes) };
		TRY(store_save(tx, &LOG, &leaf, 1, NULL));
		TRY(store_save(tx, &TENANT, row, 1, NULL));
	}
	return OK;
}

const struct use_case log_continue = { .name = "log_continue",
	.save = continue_save };

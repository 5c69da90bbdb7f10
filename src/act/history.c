/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - what this server acknowledged must stay in the database
 * (SECURITY.md 6.7).  A database server that fails over, or is restored, may
 * have lost commits that were confirmed; neither it nor the vault, which signs
 * a second later and maybe elsewhere, would tell.
 *
 * Of each tenant's log the end as of our last commit is kept: how long it was,
 * its root, and the hash of the entry that was its last.  The same in a file of
 * the data folder, synced each second, for after a restart.
 *
 *	acknowledged: a line for each tenant: tenant origin size root leaf
 *
 * A log extends that end if it is of a later origin (an operator accepted the
 * loss), or at least as long, with the same root where it is as long and the
 * same last entry there where it is longer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"

#include "audit/tree.h"

#include "act/query.h"
#include "act/world_int.h"

#define FILE_NAME "acknowledged"
#define FILE_MAX  (4 << 20)
#define LINE_MAX  256

struct end {
	int64_t	    tenant, origin, size;
	struct hash root, leaf;
	int64_t	    from;		/* of what is lost: the first entry */
	bool	    is_lost, is_accepting;
};

/* What they were at a moment. */
struct ends {
	struct end *v;	/* by tenant */
	size_t	    n;
	uint64_t    accepted;
};

struct history {
	struct lock *mu;	/* guards what follows */
	struct end  *end;	/* by tenant */
	size_t	     n, cap;
	bool	     is_dirty;
	struct loss  loss;	/* of the first tenant that was found to have one */
	uint64_t     accepted;	/* losses; what was compared before is not so any more */
	char	    *path;
};

static bool read_file(struct history *);
static bool read_line(struct arena *, struct str line, struct end *);
static void put(struct history *, const struct end *);
static struct end *find(const struct history *, int64_t tenant);
static size_t place(const struct end *, size_t n, int64_t tenant);
static bool is_short(const struct end *, const struct mark *);
static enum err compare(struct tx *, const struct end *, const struct mark *,
    const struct tenant_row *, struct loss *);
static enum err end_of(struct tx *, const struct tenant_row *, struct end *);
static bool is_before(const struct end *, const struct end *);
static void lose(struct history *, const struct loss *);
static size_t lost_logs(struct history *, struct arena *, int64_t **);
static bool accept_one(struct history *, int64_t tenant);
static void accepted(struct history *, int64_t tenant, bool is_done);
static struct loss loss_of(const struct end *);
static enum err accept_all(struct reader *, struct ctx *, size_t *n);
static enum err continue_log(struct reader *, struct ctx *, uint32_t tenant);

struct history *
history_open(const char *dir)
{
	struct history *h = heap_alloc(1, sizeof(*h));
	size_t n = strlen(dir);

	h->mu = lock_open();
	h->path = heap_alloc(n + sizeof("/" FILE_NAME), 1);
	memcpy(h->path, dir, n);
	memcpy(h->path + n, "/" FILE_NAME, sizeof("/" FILE_NAME));
	if (!read_file(h))
		log_event(
		    LOG_WARN, "acknowledged_unread", LOG_NUM("tenants", h->n));
	h->is_dirty = false;
	return h;
}

void
history_close(struct history *h)
{
	if (h == NULL)
		return;
	history_write(h);
	lock_close(h->mu);
	heap_free(h->end);
	heap_free(h->path);
	heap_free(h);
}

/* --- the file ---------------------------------------------------------------- */

/* None: a server that acknowledged nothing yet. */
static bool
read_file(struct history *h)
{
	struct arena *arena = arena_open(2 * FILE_MAX);
	struct str text, line;
	struct end end;
	bool is_whole = true;

	if (file_read(arena, h->path, FILE_MAX, &text))
		while (text.n > 0) {
			line = str_cut(&text, '\n');
			is_whole = is_whole && read_line(arena, line, &end);
			if (is_whole)
				put(h, &end);
		}
	arena_close(arena);
	return is_whole;
}

static bool
read_hash(struct arena *arena, struct str text, struct hash *out)
{
	struct str bytes;

	if (!str_unhex(arena, text, &bytes) || bytes.n != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, bytes.p, sizeof(out->bytes));
	return true;
}

static bool
read_line(struct arena *arena, struct str line, struct end *end)
{
	int64_t *number[] = { &end->tenant, &end->origin, &end->size };
	struct hash *hash[] = { &end->root, &end->leaf };

	*end = (struct end) { 0 };
	for (size_t i = 0; i < COUNT(number); i++)
		if (!str_int(str_cut(&line, ' '), number[i]))
			return false;
	for (size_t i = 0; i < COUNT(hash); i++)
		if (!read_hash(arena, str_cut(&line, ' '), hash[i]))
			return false;
	return end->size > 0;
}

void
history_write(struct history *h)
{
	struct arena *arena = arena_open(2 * FILE_MAX);
	struct buf b;
	bool is_dirty;

	buf_init(&b, arena, FILE_MAX);
	lock_take(h->mu);
	is_dirty = h->is_dirty;
	h->is_dirty = false;
	for (size_t i = 0; i < h->n && is_dirty; i++) {
		const struct end *e = &h->end[i];
		const struct str root = { (const char *)e->root.bytes, 32 };
		const struct str leaf = { (const char *)e->leaf.bytes, 32 };

		buf_fmt(&b, "%lld %lld %lld %.*s %.*s\n", (long long)e->tenant,
		    (long long)e->origin, (long long)e->size,
		    STR_ARG(str_hex(arena, root)),
		    STR_ARG(str_hex(arena, leaf)));
	}
	lock_give(h->mu);
	if (is_dirty && (b.over || !file_replace(h->path, buf_view(&b), 0600)))
		log_event(LOG_ERROR, "acknowledged_unwritten",
		    LOG_NUM("tenants", h->n));
	arena_close(arena);
}

/* --- what was acknowledged --------------------------------------------------- */

void
history_note(struct history *h, const struct log_end *log, size_t n)
{
	struct frontier tree;
	struct end end;

	for (size_t i = 0; i < n; i++) {
		end = (struct end) { .tenant = log[i].tenant,
			.origin = log[i].origin,
			.size = log[i].size };
		if (log[i].entry.n == 0 ||
		    !frontier_decode(log[i].frontier, &tree))
			continue;
		frontier_root(&tree, &end.root);
		tree_leaf(log[i].entry, &end.leaf);
		lock_take(h->mu);
		put(h, &end);
		lock_give(h->mu);
	}
}

static void
put(struct history *h, const struct end *end)
{
	struct end *at = find(h, end->tenant);
	size_t i;

	if (at == NULL) {
		if (h->n == h->cap) {
			h->cap = h->cap == 0 ? 16 : h->cap * 2;
			h->end = heap_grow(h->end, h->cap, sizeof(*h->end));
		}
		i = place(h->end, h->n, end->tenant);
		at = &h->end[i];
		memmove(at + 1, at, (h->n++ - i) * sizeof(*at));
	} else if (!is_before(at, end)) {
		return;
	}
	*at = *end;
	h->is_dirty = true;
}

static bool
is_before(const struct end *a, const struct end *b)
{
	return a->origin != b->origin ? a->origin < b->origin
				      : a->size < b->size;
}

static struct end *
find(const struct history *h, int64_t tenant)
{
	size_t i = place(h->end, h->n, tenant);

	return i < h->n && h->end[i].tenant == tenant ? &h->end[i] : NULL;
}

/* Where it is, or would be. */
static size_t
place(const struct end *end, size_t n, int64_t tenant)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (end[mid].tenant < tenant)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

/* --- the comparison ---------------------------------------------------------- */

bool
history_is_short(struct history *h, const struct mark *mark)
{
	const struct end *end;
	bool is;

	lock_take(h->mu);
	end = find(h, mark->tenant);
	is = end != NULL && is_short(end, mark);
	lock_give(h->mu);
	return is;
}

static bool
is_short(const struct end *end, const struct mark *mark)
{
	const struct end now = { .origin = mark->log_origin,
		.size = mark->log_size };

	return !end->is_accepting && mark->state < TENANT_DELETING &&
	    is_before(&now, end);
}

const struct ends *
history_ends(struct history *h, struct arena *arena)
{
	struct ends *ends = arena_alloc(arena, sizeof(*ends));

	lock_take(h->mu);
	ends->accepted = h->accepted;
	ends->n = h->n;
	ends->v = arena_array(arena, h->n + 1, sizeof(*ends->v));
	if (h->n > 0)
		memcpy(ends->v, h->end, h->n * sizeof(*ends->v));
	lock_give(h->mu);
	return ends;
}

bool
ends_short(const struct ends *ends, const struct mark *mark)
{
	size_t i = place(ends->v, ends->n, mark->tenant);

	return i < ends->n && ends->v[i].tenant == mark->tenant &&
	    is_short(&ends->v[i], mark);
}

/* The ends are taken before the snapshot: what we commit meanwhile is not in it. */
enum err
history_check(struct history *h, struct db *db, struct ctx *cx)
{
	const struct ends *ends = history_ends(h, cx->arena);
	const struct end *end = ends->v;
	struct tx *tx;
	enum err err = OK;

	tx = tx_begin_all(db, cx);
	for (size_t i = 0; err == OK && i < ends->n; i++) {
		struct tenant_row key = { .tenant = end[i].tenant };
		struct mark gone = { .tenant = end[i].tenant };
		struct loss loss = { 0 };
		struct rows rows, marks;

		err = store_load(tx, &TENANT, &key, 1, 1, 0, &rows);
		if (err == OK)
			err = mark_list(tx, &end[i].tenant, 1, &marks);
		if (err == OK)
			err = compare(tx, &end[i],
			    marks.n > 0 ? marks.row : &gone,
			    rows.n > 0 ? rows.row : NULL, &loss);
		lock_take(h->mu);
		/* To be compared again: of what is lost something was accepted. */
		if (err == OK && h->accepted != ends->accepted)
			err = ERR_BUSY;
		if (err == OK && loss.tenant != 0)
			lose(h, &loss);
		lock_give(h->mu);
	}
	tx_end(tx);
	return err;
}

static enum err
compare(struct tx *tx, const struct end *end, const struct mark *mark,
    const struct tenant_row *row, struct loss *loss)
{
	const struct end is = { .origin = mark->log_origin,
		.size = mark->log_size };
	struct end then = { .tenant = end->tenant };
	bool is_same;

	if (mark->state >= TENANT_DELETING || is.origin > end->origin)
		return OK;
	if (row == NULL || is_before(&is, end)) {
		*loss = (struct loss) { end->tenant, end->origin,
			is.origin == end->origin ? is.size : 0, end->size };
		return OK;
	}
	then = *end;
	TRY(end_of(tx, row, &then));
	is_same = memcmp(&then.leaf, &end->leaf, sizeof(then.leaf)) == 0 &&
	    (is.size > end->size ||
		memcmp(&then.root, &end->root, sizeof(then.root)) == 0);
	/* Somebody wrote over it: at least the last is another. */
	if (!is_same)
		*loss = (struct loss) { end->tenant, end->origin, end->size - 1,
			end->size };
	return OK;
}

/* END in: where; out: what is there now.  The root is that of the whole log. */
static enum err
end_of(struct tx *tx, const struct tenant_row *row, struct end *end)
{
	struct log_row key = { .tenant = end->tenant,
		.seq = LOG_SEQ(end->origin, end->size - 1) };
	struct frontier tree;
	struct rows rows;

	memset(&end->leaf, 0, sizeof(end->leaf));
	TRY(store_load(tx, &LOG, &key, 1, 2, 0, &rows));
	if (rows.n == 1)
		tree_leaf(((struct log_row *)rows.row)->entry, &end->leaf);
	if (frontier_decode(row->frontier, &tree))
		frontier_root(&tree, &end->root);
	return OK;
}

void
history_lose(struct history *h, const struct loss *loss)
{
	lock_take(h->mu);
	lose(h, loss);
	lock_give(h->mu);
}

/* mu held. */
static void
lose(struct history *h, const struct loss *loss)
{
	struct end end = { .tenant = loss->tenant, .origin = loss->origin,
		.size = loss->to };
	struct end *at;

	put(h, &end);
	at = find(h, loss->tenant);
	at->is_lost = true;
	at->from = loss->from;
	if (h->loss.tenant != 0)
		return;
	h->loss = *loss;
	log_event(LOG_ERROR, "acknowledged_data_missing",
	    LOG_NUM("tenant", loss->tenant), LOG_NUM("origin", loss->origin),
	    LOG_NUM("from", loss->from), LOG_NUM("to", loss->to - 1));
}

bool
history_loss(struct history *h, struct loss *out)
{
	lock_take(h->mu);
	*out = h->loss;
	lock_give(h->mu);
	return out->tenant != 0;
}

bool
history_refuses(struct history *h, int64_t tenant)
{
	const struct end *end;
	bool refuses;

	lock_take(h->mu);
	end = find(h, tenant);
	refuses = h->loss.tenant != 0 && (end == NULL || !end->is_accepting);
	lock_give(h->mu);
	return refuses;
}

/* --- accepting it ------------------------------------------------------------ */

/*
 * Each log that lost something goes on in a new origin, which begins with the
 * last checkpoint: whoever holds proofs of before sees that it is another.
 * One after the other; what fails stays lost, to be accepted again.
 */
enum err
loss_accept(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct history *h = node_history(r->world);
	struct loss *loss = arena_alloc(cx->arena, sizeof(*loss));
	size_t n = 0;
	enum err err;

	(void)none;
	if (h == NULL || !history_loss(h, loss))
		return fail(cx, ERR_CONFLICT, MSG_LOSS_NONE, "");
	err = accept_all(r, cx, &n);
	history_write(h);
	*out = loss;
	if (n > 0)
		log_event(LOG_WARN, "loss_accepted", LOG_NUM("tenants", n),
		    LOG_NUM("tenant", loss->tenant),
		    LOG_NUM("from", loss->from), LOG_NUM("to", loss->to - 1));
	return err;
}

static enum err
accept_all(struct reader *r, struct ctx *cx, size_t *n)
{
	struct history *h = node_history(r->world);
	int64_t *tenant;
	size_t count = lost_logs(h, cx->arena, &tenant);

	for (size_t i = 0; i < count; i++) {
		enum err err;

		if (!accept_one(h, tenant[i]))
			continue;
		err = continue_log(r, cx, (uint32_t)tenant[i]);
		accepted(h, tenant[i], err == OK);
		TRY(err);
		++*n;
	}
	return OK;
}

static size_t
lost_logs(struct history *h, struct arena *arena, int64_t **tenant)
{
	size_t n = 0;

	lock_take(h->mu);
	*tenant = arena_array(arena, h->n + 1, sizeof(**tenant));
	for (size_t i = 0; i < h->n; i++)
		if (h->end[i].is_lost)
			(*tenant)[n++] = h->end[i].tenant;
	lock_give(h->mu);
	return n;
}

/* False: somebody else is at it, or was. */
static bool
accept_one(struct history *h, int64_t tenant)
{
	struct end *end;
	bool is_ours;

	lock_take(h->mu);
	end = find(h, tenant);
	is_ours = end != NULL && end->is_lost && !end->is_accepting;
	if (is_ours)
		end->is_accepting = true;
	lock_give(h->mu);
	return is_ours;
}

/* Done: from now on counts what is there.  Its commit may have noted a new end already. */
static void
accepted(struct history *h, int64_t tenant, bool is_done)
{
	struct end *end;
	size_t at;

	lock_take(h->mu);
	end = find(h, tenant);
	if (!is_done && end != NULL)
		end->is_accepting = false;
	if (is_done && end != NULL && end->is_lost) {
		at = (size_t)(end - h->end);
		memmove(end, end + 1, (--h->n - at) * sizeof(*end));
	}
	h->accepted += is_done;
	h->is_dirty = true;
	h->loss = (struct loss) { 0 };
	for (size_t i = 0; i < h->n; i++)
		if (h->loss.tenant == 0 && h->end[i].is_lost)
			h->loss = loss_of(&h->end[i]);
	lock_give(h->mu);
}

static struct loss
loss_of(const struct end *end)
{
	return (struct loss) { end->tenant, end->origin, end->from, end->size };
}

/* A log that was never signed just goes on. */
static enum err
continue_log(struct reader *r, struct ctx *cx, uint32_t tenant)
{
	struct continued_in in = { .tenant = tenant };
	struct item it = { .cx = cx, .use_case = &log_continue,
		.tenant = tenant, .in = &in };
	struct log_head head;

	TRY(vault_log_head(r->vault, cx, tenant, &head));
	if (head.origin == 0 && head.size == 0)
		return OK;
	TRY(vault_log_accept_rollback(r->vault, cx, tenant, &head, &in.note));
	in.origin = head.origin;
	return pipeline_do(world_pipeline(r->world), &it, ITEM_INTERACTIVE);
}

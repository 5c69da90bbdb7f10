/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_log.c - the log replayed: what its clear changes add up to, step by
 * step, must be what the tables hold; and the tree that stands on the tenant's
 * row must be the tree of the entries.
 */
#include "act/verify_int.h"

#include "base/id.h"

#define SLOTS_FIRST 1024
#define ORIGIN_OF(seq) ((seq) >> 40)
#define INDEX_OF(seq)  ((seq) & ((INT64_C(1) << 40) - 1))

static enum err fold_page(struct verifying *, struct ctx *,
    const struct rows *);
static struct str seq_text(struct arena *, int64_t);
static void fold_entry(struct verifying *, struct arena *, int64_t seq,
    const struct entry *);
static struct known known_of(const struct entry *, const struct change *);
static void check_tree(struct verifying *, const struct tenant_row *);
static void widen(struct knowns *);
static size_t place(const struct knowns *, const struct known *);

/* What is said where the log and a table disagree. */
static const enum msg differs[CHANGE_COUNT] = {
	[CHANGE_LIFECYCLE] = MSG_VERIFY_REPLAY_PERSON,
	[CHANGE_SEAT] = MSG_VERIFY_REPLAY_SEAT,
	[CHANGE_WAIT] = MSG_VERIFY_REPLAY_WAIT,
	[CHANGE_GRANT] = MSG_VERIFY_REPLAY_GRANT,
	[CHANGE_QUOTA] = MSG_VERIFY_REPLAY_QUOTA,
	[CHANGE_ROLE] = MSG_VERIFY_REPLAY_ROLE,
	[CHANGE_BLOCK] = MSG_VERIFY_REPLAY_BLOCK,
	[CHANGE_MEMBER] = MSG_VERIFY_REPLAY_MEMBER,
	[CHANGE_RESOURCE] = MSG_VERIFY_REPLAY_RESOURCE,
};

enum err
verify_log(struct verifying *v)
{
	struct tenant_row key = { .tenant = v->realm->tenant };
	const struct tenant_row *tenant;
	struct rows rows;

	TRY(store_load(v->r->data, &TENANT, &key, 1, 1, 0, &rows));
	must(rows.n == 1);
	tenant = rows.row;
	v->origin = tenant->log_origin;
	TRY(walk(v, &LOG, fold_page));
	check_tree(v, tenant);
	return OK;
}

/* --- the entries --------------------------------------------------------------------- */

static enum err
fold_page(struct verifying *v, struct ctx *cx, const struct rows *page)
{
	for (size_t i = 0; i < page->n; i++) {
		const struct log_row *row = &((struct log_row *)page->row)[i];
		bool is_first = INDEX_OF(row->seq) == 0;
		struct hash leaf;
		struct entry e;

		if (row->seq != v->next_seq && !(is_first
		    && row->seq > v->next_seq))
			found(v, MSG_VERIFY_LOG_GAP,
			    ARGS(seq_text(cx->arena, v->next_seq)));
		v->next_seq = row->seq + 1;
		if (ORIGIN_OF(row->seq) == v->origin) {
			tree_leaf(row->entry, &leaf);
			frontier_append(&v->tree, &leaf);
		}
		/* An origin begins with the last note of the one before. */
		if (is_first && ORIGIN_OF(row->seq) > 0)
			continue;
		v->out->entries++;
		if (entry_decode(cx->arena, row->entry, &e))
			fold_entry(v, cx->arena, row->seq, &e);
		else
			found(v, MSG_VERIFY_LOG_ENTRY,
			    ARGS(seq_text(cx->arena, row->seq)));
	}
	return OK;
}

static struct str
seq_text(struct arena *arena, int64_t seq)
{
	return str_fmt(arena, "%lld/%lld", (long long)ORIGIN_OF(seq),
	    (long long)INDEX_OF(seq));
}

/* Each change begins where the one before it ended. */
static void
fold_entry(struct verifying *v, struct arena *arena, int64_t seq,
    const struct entry *e)
{
	for (size_t i = 0; i < e->nchange; i++) {
		const struct change *c = &e->change[i];
		struct known key = known_of(e, c), *k;

		if (differs[c->kind] == MSG_NONE)
			continue;
		k = known_at(&v->log, &key);
		if (k->value != c->before)
			found(v, MSG_VERIFY_LOG_STEP,
			    ARGS(seq_text(arena, seq)));
		k->value = c->after;
		k->in = key.in;
	}
}

/* Where a change stands: `in` is of the key for grants, of the value for seats. */
static struct known
known_of(const struct entry *e, const struct change *c)
{
	struct known key = { .kind = (uint8_t)c->kind, .object = c->object,
		.subject = e->subject };

	if (c->kind == CHANGE_GRANT)
		key.reason = (uint8_t)c->in;
	if (c->kind == CHANGE_SEAT || c->kind == CHANGE_ROLE ||
	    c->kind == CHANGE_RESOURCE)
		key.in = c->in;
	if (c->kind == CHANGE_QUOTA)
		key.subject = 0;
	return key;
}

static void
check_tree(struct verifying *v, const struct tenant_row *tenant)
{
	uint8_t bytes[FRONTIER_BYTES_MAX];
	struct str tree = { (char *)bytes, frontier_encode(&v->tree, bytes) };

	if (v->tree.size != (uint64_t)tenant->log_size
	    || !str_eq(tree, tenant->frontier))
		found(v, MSG_VERIFY_TREE,
		    ARGS(number_text(v->cx->arena, tenant->log_size),
		    number_text(v->cx->arena, (int64_t)v->tree.size)));
}

/* --- against the tables ---------------------------------------------------------------- */

static struct str
block_text(struct arena *arena, int64_t kind)
{
	return kind >= BLOCK_NEW && kind < BLOCK_COUNT
	    ? str_of(block_kind_name((enum block_kind)kind))
	    : number_text(arena, kind);
}

static void
differ(struct verifying *v, struct arena *arena, const struct known *k)
{
	switch (k->kind) {
	case CHANGE_QUOTA:
		found(v, differs[k->kind],
		    ARGS(pool_slug(v, arena, k->object)));
		break;
	case CHANGE_LIFECYCLE:
	case CHANGE_ROLE:
	case CHANGE_RESOURCE:
		found(v, differs[k->kind], ARGS(id_text(arena, k->subject)));
		break;
	case CHANGE_BLOCK:
		found(v, differs[k->kind], ARGS(id_text(arena, k->subject),
		    block_text(arena, k->object)));
		break;
	case CHANGE_MEMBER:
		found(v, differs[k->kind], ARGS(id_text(arena, k->subject),
		    id_text(arena, k->object)));
		break;
	default:
		found(v, differs[k->kind], ARGS(id_text(arena, k->subject),
		    product_slug(v, arena, k->object)));
		break;
	}
}

void
compare(struct verifying *v, struct arena *arena, const struct known *row)
{
	struct known *k = known_at(&v->log, row);

	k->is_seen = true;
	if (k->value != row->value || k->in != row->in)
		differ(v, arena, row);
}

void
compare_rest(struct verifying *v)
{
	for (size_t i = 0; i < v->log.nslot; i++) {
		const struct known *k = &v->log.slot[i];

		if (k->is_used && !k->is_seen && k->value != 0)
			differ(v, v->cx->arena, k);
	}
}

/* --- the table -------------------------------------------------------------------------- */

struct known *
known_at(struct knowns *t, const struct known *key)
{
	struct known *k;

	if (t->nslot < 2 * (t->n + 1))
		widen(t);
	k = &t->slot[place(t, key)];
	if (k->is_used)
		return k;
	*k = (struct known) { .subject = key->subject, .object = key->object,
		.kind = key->kind, .reason = key->reason, .is_used = true };
	t->n++;
	return k;
}

static void
widen(struct knowns *t)
{
	struct knowns wider = { .nslot = t->nslot == 0 ? SLOTS_FIRST
	    : t->nslot * 2, .n = t->n };

	wider.slot = heap_alloc(wider.nslot, sizeof(*wider.slot));
	for (size_t i = 0; i < t->nslot; i++)
		if (t->slot[i].is_used)
			wider.slot[place(&wider, &t->slot[i])] = t->slot[i];
	heap_free(t->slot);
	*t = wider;
}

/* The slot of KEY, or the free one where it belongs; nslot is a power of two. */
static size_t
place(const struct knowns *t, const struct known *key)
{
	uint64_t h = (uint64_t)key->subject * UINT64_C(0x9e3779b97f4a7c15);
	size_t at;

	h = (h ^ (h >> 32) ^ (uint64_t)key->object)
	    * UINT64_C(0xd6e8feb86659fd93);
	h += (uint64_t)key->kind << 8 | key->reason;
	h ^= h >> 29;
	for (at = h & (t->nslot - 1); t->slot[at].is_used;
	    at = (at + 1) & (t->nslot - 1)) {
		const struct known *k = &t->slot[at];

		if (k->subject == key->subject && k->object == key->object
		    && k->kind == key->kind && k->reason == key->reason)
			break;
	}
	return at;
}

void
knowns_close(struct knowns *t)
{
	heap_free(t->slot);
}

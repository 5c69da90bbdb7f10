/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_log.c - reading the catalogue and the log: as events for those who
 * follow it, as raw entries with their checkpoint for those who verify it.
 */
#include "act/world_int.h"

#include "act/query.h"

#define NOTES_BACK   1024	/* how far back a checkpoint is looked for first … */
#define NOTES_FACTOR 16		/* … and how much farther each time */

#define ORIGIN_OF(seq) ((seq) >> 40)
#define INDEX_OF(seq)  ((seq) & ((INT64_C(1) << 40) - 1))
#define IS_NOTE(seq)   (ORIGIN_OF(seq) > 0 && INDEX_OF(seq) == 0)

static enum err entries_page(struct reader *, struct ctx *,
    const struct page_in *, struct rows *);
static enum err visible(struct reader *, struct ctx *,
    const struct event_view *, size_t n, bool *in);
static bool is_pool_seen(const struct sight *, int64_t);
static enum err newest_note(struct reader *, uint32_t tenant, int64_t next,
    struct str *);
static struct str origin_text(struct arena *, struct str present,
    int64_t origin);

enum err
catalogue_show(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct str *yaml = arena_alloc(cx->arena, sizeof(*yaml));
	const struct realm *realm;

	(void)none;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	*yaml = catalogue_export(cx->arena, realm->catalogue);
	*out = yaml;
	return OK;
}

/* --- events ------------------------------------------------------------------------- */

enum err
events_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct events_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct event_view *v;
	struct rows rows;
	size_t n = 0, kept = 0;
	bool *seen;

	TRY(entries_page(r, cx, page, &rows));
	v = arena_array(cx->arena, rows.n + 1, sizeof(*v));
	out->next = page->after;
	for (size_t i = 0; i < rows.n; i++) {
		const struct log_row *row = &((struct log_row *)rows.row)[i];

		out->next = row->seq + 1;
		v[n].seq = row->seq;
		if (IS_NOTE(row->seq))
			continue;
		if (!entry_decode(cx->arena, row->entry, &v[n].entry))
			return fail(cx, ERR_CONFLICT, MSG_VERIFY_LOG_ENTRY,
			    "log", str_z(cx->arena, str_fmt(cx->arena,
			    "%lld/%lld", (long long)ORIGIN_OF(row->seq),
			    (long long)INDEX_OF(row->seq))));
		n++;
	}
	seen = arena_array(cx->arena, n + 1, sizeof(*seen));
	TRY(visible(r, cx, v, n, seen));
	for (size_t i = 0; i < n; i++)
		if (seen[i])
			v[kept++] = v[i];
	out->event = v;
	out->n = kept;
	*result = out;
	return OK;
}

/* From the cursor on; never of two origins at once. */
static enum err
entries_page(struct reader *r, struct ctx *cx, const struct page_in *page,
    struct rows *rows)
{
	struct log_row from = { .tenant = cx->actor->tenant,
		.seq = page->after - 1 };
	const struct log_row *row;
	size_t n = 0;

	TRY(store_page(r->data, &LOG, &from, 1, false, page->limit, rows));
	row = rows->row;
	while (n < rows->n
	    && ORIGIN_OF(row[n].seq) == ORIGIN_OF(row[0].seq))
		n++;
	rows->n = n;
	return OK;
}

/*
 * What is about a person out of the actor's scope, or a pool that it does not
 * see, did not happen for it; nor what is about neither.
 */
static enum err
visible(struct reader *r, struct ctx *cx, const struct event_view *v,
    size_t n, bool *in)
{
	struct person_query q = { .tenant = cx->actor->tenant,
		.scope = cx->actor->scope };
	const struct realm *realm;
	int64_t *id = arena_array(cx->arena, n + 1, sizeof(*id));
	bool *is_mine = arena_array(cx->arena, n + 1, sizeof(*is_mine));
	struct sight sight;
	size_t nid = 0;

	for (size_t i = 0; i < n; i++)
		in[i] = q.scope == NULL;
	if (q.scope == NULL)
		return OK;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	sight_of(cx, realm, &sight);
	q.names = &realm->names;
	q.today = order_today(realm, 0, cx->now_ms);
	for (size_t i = 0; i < n; i++)
		if (v[i].entry.subject_kind == SUBJECT_PERSON)
			id[nid++] = v[i].entry.subject;
	TRY(person_in_scope(r->data, &q, id, nid, is_mine));
	nid = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].entry.subject_kind == SUBJECT_PERSON)
			in[i] = is_mine[nid++];
		else if (v[i].entry.subject_kind == SUBJECT_POOL)
			in[i] = is_pool_seen(&sight, v[i].entry.subject);
	return OK;
}

static bool
is_pool_seen(const struct sight *sight, int64_t id)
{
	const struct pool_info *pool = catalogue_pool(sight->catalogue, id);

	return pool != NULL && sees_pool(sight, pool);
}

/* --- raw entries ---------------------------------------------------------------------- */

enum err
log_page(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct log_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct tenant_row key = { .tenant = cx->actor->tenant };
	struct str *entry, origin;
	struct rows rows, tenants;

	TRY(store_load(r->data, &TENANT, &key, 1, 1, 0, &tenants));
	must(tenants.n == 1);
	TRY(entries_page(r, cx, page, &rows));
	entry = arena_array(cx->arena, rows.n + 1, sizeof(*entry));
	out->next = page->after;
	for (size_t i = 0; i < rows.n; i++) {
		const struct log_row *row = &((struct log_row *)rows.row)[i];

		entry[i] = row->entry;
		out->next = row->seq + 1;
	}
	out->entry = entry;
	out->n = rows.n;
	out->log_size = ((struct tenant_row *)tenants.row)->log_size;
	TRY(newest_note(r, cx->actor->tenant, out->next, &out->note));
	TRY(vault_log_key(r->vault, cx, cx->actor->tenant, &out->vkey,
	    &origin));
	out->origin = origin_text(cx->arena, origin, ORIGIN_OF(out->next));
	*result = out;
	return OK;
}

enum err
log_key(struct reader *r, struct ctx *cx, const void *none, void **result)
{
	struct log_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct tenant_row key = { .tenant = cx->actor->tenant };
	const struct tenant_row *row;
	struct rows tenants;
	struct str origin;

	(void)none;
	TRY(store_load(r->data, &TENANT, &key, 1, 1, 0, &tenants));
	must(tenants.n == 1);
	row = tenants.row;
	TRY(vault_log_key(r->vault, cx, cx->actor->tenant, &out->vkey,
	    &origin));
	out->origin = origin_text(cx->arena, origin, row->log_origin);
	out->log_size = row->log_size;
	*result = out;
	return OK;
}

/*
 * The newest checkpoint of the origin that NEXT is in, of at most the entries
 * before NEXT; none was signed: empty.  One is signed each second in which
 * something happened, so it is not far back.
 */
static enum err
newest_note(struct reader *r, uint32_t tenant, int64_t next, struct str *note)
{
	int64_t first = LOG_SEQ(ORIGIN_OF(next), 0);

	for (int64_t back = NOTES_BACK; note->n == 0; back *= NOTES_FACTOR) {
		bool is_all = next - first < back;
		struct checkpoint_row from = { .tenant = tenant,
			.seq = is_all ? first : next - back };
		struct rows rows;

		do {
			TRY(store_page(r->data, &CHECKPOINT, &from, 1, false,
			    PAGE_MAX, &rows));
			for (size_t i = 0; i < rows.n; i++) {
				from = ((struct checkpoint_row *)rows.row)[i];
				if (from.seq > next)
					return OK;
				*note = from.note;
			}
		} while (rows.n == PAGE_MAX);
		if (is_all)
			return OK;
	}
	return OK;
}

/* "<deployment>/audit/<tenant>/<origin number>": that of another origin. */
static struct str
origin_text(struct arena *arena, struct str present, int64_t origin)
{
	size_t n = present.n;

	while (n > 0 && present.p[n - 1] != '/')
		n--;
	return str_fmt(arena, "%.*s%lld", (int)n, present.p,
	    (long long)origin);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.c - several servers on one database: what one of them changes the
 * others have in memory.  Whatever is saved to a table that they keep is
 * written down beside it, in the same transaction, and the tenant's change_seq
 * grows; who finds it grown reads what is new.
 *
 * The texts here are for the one engine that is shared.
 */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#include "store/store_int.h"

/* The tables that servers keep, and which column says what changed. */
static const struct kept {
	const struct table *table;
	enum notice_kind kind;
	const char *subject;
} kept[] = {
	{ &DICTIONARY, NOTICE_WORD, "id" },
	{ &CATALOGUE, NOTICE_CATALOGUE, "version" },
	{ &TOKEN, NOTICE_TOKEN, "id" },
	{ &CLIENT, NOTICE_CLIENT, "id" },
	{ &SESSION, NOTICE_SESSION, "person" },
	{ &ROLE, NOTICE_ROLE, "person" },
	{ &QUEUE_STATE, NOTICE_QUEUE, "queue" },
	{ &DEPLOYMENT, NOTICE_LIMIT, "tenant" },
};

/* What a transaction told, by how many savepoints stood before it. */
struct notice {
	int64_t tenant, kind, subject;
	unsigned depth;
};

struct person_delta {
	int64_t tenant, n;
	unsigned depth;
};

struct told {
	struct notice *v;
	size_t n, cap;
	struct person_delta *delta;
	size_t ndelta, delta_cap;
	struct log_end *end;
	size_t nend, end_cap;
};

static void note(struct tx *, const struct notice *);
static void note_persons(struct tx *, int64_t tenant, int64_t n);
static void note_log(struct tx *, const struct table *, const void *, size_t);
static struct log_end *log_end(struct told *, struct arena *, int64_t tenant);
static struct told *told(struct tx *);
static const struct column *column_named(const struct table *, const char *);
static enum err tell_notices(struct tx *, const struct told *);
static enum err tell_persons(struct tx *, const struct told *);
static void *room(struct arena *, void *, const size_t n[2], size_t *cap);

static bool
is_watched(const struct tx *tx)
{
	return tx->db->kind == DB_DATA && !tx->is_quiet &&
	    store_is_shared(tx->db->store);
}

bool
notice_heeds(struct tx *tx, const struct table *t)
{
	return is_watched(tx) && t == &PERSON;
}

void
notice_saved(struct tx *tx, const struct table *t, const void *rows, size_t n,
    const bool *stale)
{
	const char *row = rows;

	if (!is_watched(tx))
		return;
	if (t == &TENANT || t == &LOG)
		note_log(tx, t, rows, n);
	for (size_t i = 0; t == &PERSON && i < n; i++, row += t->row_size)
		if (!stale[i] && ((const struct person *)row)->version == 0)
			note_persons(
			    tx, ((const struct person *)row)->tenant, 1);
	for (size_t k = 0; k < COUNT(kept); k++) {
		if (kept[k].table != t)
			continue;
		for (size_t i = 0; i < n; i++) {
			const char *at = (const char *)rows + i * t->row_size;

			note(tx,
			    &(struct notice) { row_int(&t->column[0], at),
				kept[k].kind,
				row_int(column_named(t, kept[k].subject), at),
				tx->depth });
		}
	}
}

/* A subject that is beyond the prefix is not known: 0, all of them. */
void
notice_dropped(struct tx *tx, const struct table *t, const void *keys, size_t n,
    size_t nprefix)
{
	const char *row = keys;

	if (!is_watched(tx))
		return;
	for (size_t k = 0; k < COUNT(kept); k++) {
		const struct column *c;

		if (kept[k].table != t)
			continue;
		c = column_named(t, kept[k].subject);
		for (size_t i = 0; i < n; i++, row += t->row_size)
			note(tx,
			    &(struct notice) { row_int(&t->column[0], row),
				kept[k].kind,
				c < t->column + nprefix ? row_int(c, row) : 0,
				tx->depth });
	}
}

static const struct column *
column_named(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncolumn; i++)
		if (strcmp(t->column[i].name, name) == 0)
			return &t->column[i];
	bug("a table without the column that says what changed");
}

/* The deployment's own rows are no tenant's: every server reads them each second. */
static void
note(struct tx *tx, const struct notice *notice)
{
	struct told *t = told(tx);

	if (notice->tenant == 0)
		return;
	t->v = room(
	    tx->cx->arena, t->v, (size_t[]) { t->n, sizeof(*t->v) }, &t->cap);
	t->v[t->n++] = *notice;
}

static void
note_persons(struct tx *tx, int64_t tenant, int64_t n)
{
	struct told *t = told(tx);

	t->delta = room(tx->cx->arena, t->delta,
	    (size_t[]) { t->ndelta, sizeof(*t->delta) }, &t->delta_cap);
	t->delta[t->ndelta++] = (struct person_delta) { tenant, n, tx->depth };
}

/* For one more than N[0] elements of N[1] bytes. */
static void *
room(struct arena *arena, void *list, const size_t n[2], size_t *cap)
{
	void *more;

	if (n[0] < *cap)
		return list;
	*cap = *cap == 0 ? 16 : *cap * 2;
	more = arena_array(arena, *cap, n[1]);
	if (n[0] > 0)
		memcpy(more, list, n[0] * n[1]);
	return more;
}

/* Entries are saved before the row that counts them. */
static void
note_log(struct tx *tx, const struct table *t, const void *rows, size_t n)
{
	struct arena *arena = tx->cx->arena;
	const struct log_row *entry = rows;
	const struct tenant_row *row = rows;

	for (size_t i = 0; t == &LOG && i < n; i++)
		log_end(told(tx), arena, entry[i].tenant)->entry =
		    entry[i].entry;
	for (size_t i = 0; t == &TENANT && i < n; i++) {
		struct log_end *end = log_end(told(tx), arena, row[i].tenant);

		note_persons(tx, row[i].tenant, 0);
		end->origin = row[i].log_origin;
		end->size = row[i].log_size;
		end->frontier = str_copy(arena, row[i].frontier);
	}
}

static struct log_end *
log_end(struct told *t, struct arena *arena, int64_t tenant)
{
	for (size_t i = 0; i < t->nend; i++)
		if (t->end[i].tenant == tenant)
			return &t->end[i];
	t->end = room(arena, t->end, (size_t[]) { t->nend, sizeof(*t->end) },
	    &t->end_cap);
	t->end[t->nend] = (struct log_end) { .tenant = tenant };
	return &t->end[t->nend++];
}

size_t
tx_log_ends(const struct tx *tx, const struct log_end **out)
{
	*out = tx->told != NULL ? tx->told->end : NULL;
	return tx->told != NULL ? tx->told->nend : 0;
}

/* What was told since the savepoint, which is in force no more; how long the logs are after that nobody here knows. */
void
notice_undone(struct tx *tx)
{
	struct told *t = tx->told;

	if (t == NULL)
		return;
	while (t->n > 0 && t->v[t->n - 1].depth > tx->depth)
		t->n--;
	while (t->ndelta > 0 && t->delta[t->ndelta - 1].depth > tx->depth)
		t->ndelta--;
	t->nend = 0;
}

void
notice_kept(struct tx *tx)
{
	struct told *t = tx->told;

	for (size_t i = t != NULL ? t->n : 0; i-- > 0;)
		if (t->v[i].depth > tx->depth)
			t->v[i].depth = tx->depth;
	for (size_t i = t != NULL ? t->ndelta : 0; i-- > 0;)
		if (t->delta[i].depth > tx->depth)
			t->delta[i].depth = tx->depth;
}

static struct told *
told(struct tx *tx)
{
	if (tx->told == NULL)
		tx->told = arena_alloc(tx->cx->arena, sizeof(*tx->told));
	return tx->told;
}

void
tx_quiet(struct tx *tx, bool is_quiet)
{
	tx->is_quiet = is_quiet;
}

bool
tx_has_told(const struct tx *tx, int64_t tenant)
{
	for (size_t i = 0; tx->told != NULL && i < tx->told->n; i++)
		if (tx->told->v[i].tenant == tenant)
			return true;
	return false;
}

enum err
notice_tell(struct tx *tx)
{
	if (tx->told == NULL)
		return OK;
	TRY(tell_notices(tx, tx->told));
	return tell_persons(tx, tx->told);
}

static enum err
tell_notices(struct tx *tx, const struct told *t)
{
	int64_t *list = arena_array(tx->cx->arena, t->n * 3 + 1, sizeof(*list));
	struct arg arg[] = {
		{ .kind = ARG_LIST, .list = list, .n = t->n },
		{ .kind = ARG_LIST, .list = list + t->n, .n = t->n },
		{ .kind = ARG_LIST, .list = list + 2 * t->n, .n = t->n },
		ARG_OF_INT(clock_now_ms()),
	};
	struct query q = { &NUMBER,
		"WITH moved AS (UPDATE tenant SET change_seq = change_seq + 1"
		" WHERE tenant = ANY ($1) RETURNING tenant, change_seq),"
		" told AS (INSERT INTO notice (tenant, seq, kind, subject, at_ms)"
		" SELECT DISTINCT m.tenant, m.change_seq, n.kind, n.subject,"
		" $4::bigint"
		" FROM moved m JOIN unnest($1::bigint[], $2::bigint[],"
		" $3::bigint[]) AS n (tenant, kind, subject) USING (tenant)"
		" RETURNING 1) SELECT count(*) FROM told",
		arg, COUNT(arg) };

	for (size_t i = 0; i < t->n; i++) {
		list[i] = t->v[i].tenant;
		list[t->n + i] = t->v[i].kind;
		list[2 * t->n + i] = t->v[i].subject;
	}
	return t->n == 0 ? OK : store_query(tx, &q, NULL);
}

/* Of each tenant once: who is added and undone again counts for nothing. */
static enum err
tell_persons(struct tx *tx, const struct told *t)
{
	struct person_delta *sum =
	    arena_array(tx->cx->arena, t->ndelta + 1, sizeof(*sum));
	size_t n = 0;

	for (size_t i = 0; i < t->ndelta; i++) {
		size_t at = 0;

		while (at < n && sum[at].tenant != t->delta[i].tenant)
			at++;
		if (at == n)
			sum[n++].tenant = t->delta[i].tenant;
		sum[at].n += t->delta[i].n;
	}
	for (size_t i = 0; i < n; i++) {
		struct arg arg[] = { ARG_OF_INT(sum[i].tenant),
			ARG_OF_INT(sum[i].n),
			ARG_OF_INT(id_at(id_latest_ms() + 1)) };
		struct query q = { &NUMBER,
			"UPDATE tenant SET persons = persons + $2,"
			" last_id = greatest(last_id, $3)"
			" WHERE tenant = $1",
			arg, COUNT(arg) };

		TRY(store_query(tx, &q, NULL));
	}
	return OK;
}

/* --- reading ----------------------------------------------------------------- */

#define C(field) \
	{ #field, false, offsetof(struct mark, field), sizeof(int64_t) }
static const struct column mark_column[] = { C(tenant), C(state),
	C(change_seq), C(persons), C(last_id), C(log_origin), C(log_size) };
#undef C
static const struct table MARK = { .name = "tenant",
	.column = mark_column,
	.ncolumn = COUNT(mark_column),
	.nkey = 1,
	.row_size = sizeof(struct mark) };

#define MARKS \
	"SELECT tenant, state, change_seq, persons, last_id, log_origin," \
	" log_size FROM tenant"

enum err
mark_list(struct tx *tx, const int64_t *tenant, size_t n, struct rows *marks)
{
	struct arg arg[] = { { .kind = ARG_LIST, .list = tenant, .n = n } };
	struct query some = { &MARK,
		MARKS " WHERE tenant = ANY ($1) ORDER BY tenant", arg, 1 };
	struct query all = { &MARK, MARKS " ORDER BY tenant", NULL, 0 };

	return store_query(tx, n > 0 ? &some : &all, marks);
}

enum err
mark_of(struct tx *tx, int64_t tenant, struct mark *out)
{
	struct rows rows;

	*out = (struct mark) { .tenant = tenant };
	TRY(mark_list(tx, &tenant, 1, &rows));
	if (rows.n > 0)
		*out = *(struct mark *)rows.row;
	return OK;
}

enum err
mark_count(struct tx *tx)
{
	struct query q = { &NUMBER,
		"WITH new AS (SELECT tenant FROM tenant WHERE change_seq = 0"
		" ORDER BY tenant FOR UPDATE), counted AS ("
		"UPDATE tenant t SET change_seq = 1, persons ="
		" (SELECT count(*) FROM person p WHERE p.tenant = t.tenant)"
		" FROM new WHERE t.tenant = new.tenant RETURNING 1)"
		" SELECT count(*) FROM counted",
		NULL, 0 };
	struct rows rows;

	return store_query(tx, &q, &rows);
}

enum err
checkpoint_last(struct tx *tx, int64_t tenant, struct rows *checkpoint)
{
	struct arg arg[] = { ARG_OF_INT(tenant) };
	struct query q = { &CHECKPOINT,
		"SELECT tenant, seq, note, signed_ms FROM checkpoint"
		" WHERE tenant = $1 ORDER BY seq DESC LIMIT 1",
		arg, COUNT(arg) };

	return store_query(tx, &q, checkpoint);
}

enum err
word_list(struct tx *tx, int64_t tenant, const int64_t *id, size_t n,
    struct rows *words)
{
	struct arg arg[] = { ARG_OF_INT(tenant),
		{ .kind = ARG_LIST, .list = id, .n = n } };
	struct query q = { &DICTIONARY,
		"SELECT tenant, key, id, sealed FROM dictionary"
		" WHERE tenant = $1 AND id = ANY ($2)",
		arg, COUNT(arg) };

	return store_query(tx, &q, words);
}

/* --- leases ------------------------------------------------------------------ */

/* Who stands still while it has the turn loses it long before another's lease is over for that. */
#define TURN \
	"SELECT 0::bigint FROM (SELECT" \
	" set_config('idle_in_transaction_session_timeout', '3s', true)," \
	" pg_advisory_xact_lock(5571386464)) AS turn"

enum err
lease_turn(struct tx *tx)
{
	struct query q = { &NUMBER, TURN, NULL, 0 };
	struct rows rows;

	return store_query(tx, &q, &rows);
}

enum err
lease_now(struct tx *tx, int64_t *ms)
{
	struct query q = { &NUMBER,
		"SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
		NULL, 0 };
	struct rows rows;

	TRY(store_query(tx, &q, &rows));
	*ms = ((struct number *)rows.row)->n;
	return OK;
}

enum err
lease_nodes(struct tx *tx, struct rows *leases)
{
	struct arg arg[] = { ARG_OF_INT(LEASE_NODE) };
	struct query q = { &LEASE,
		"SELECT tenant, name, holder, fence, until_ms FROM lease"
		" WHERE tenant = 0 AND name >= $1 ORDER BY name",
		arg, COUNT(arg) };

	return store_query(tx, &q, leases);
}

enum err
lease_lock(struct tx *tx, int64_t name)
{
	struct arg arg[] = { ARG_OF_INT(name) };
	struct query q = { &NUMBER,
		"SELECT fence FROM lease WHERE tenant = 0 AND name = $1"
		" FOR UPDATE",
		arg, COUNT(arg) };
	struct rows rows;

	return store_query(tx, &q, &rows);
}

/* A key-share lock: prolonging, which changes no key, need not wait for it. */
enum err
lease_hold(struct tx *tx, int64_t name, int64_t *fence)
{
	struct arg arg[] = { ARG_OF_INT(name) };
	struct query q = { &NUMBER,
		"SELECT fence FROM lease WHERE tenant = 0 AND name = $1"
		" FOR KEY SHARE",
		arg, COUNT(arg) };
	struct rows rows;

	TRY(store_query(tx, &q, &rows));
	*fence = rows.n == 0 ? 0 : ((struct number *)rows.row)->n;
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logbook.c - the log entries of one batch.  They are numbered and hashed in
 * the order they were added, under the tenant's row: the tree's frontier moves
 * in the transaction of the changes it describes.  No entry, no change.
 */
#include "act/act_int.h"

#include <string.h>

#include "base/id.h"

/* What is left of an entry beside its fields of fixed size, and a change in it. */
#define ENTRY_ROOM   (ENTRY_BYTES_MAX - 512)
#define CHANGE_BYTES 33

static size_t changes_beside(struct str sealed);
static struct tenant_row *find_tenant(struct tenant_row *, size_t, uint32_t);
static enum err take_tenants(struct logbook *, struct tx *, struct rows *);
static struct log_row append(struct arena *, struct tenant_row *,
    struct frontier *, const struct log_line *);

void
list_grow(struct arena *arena, void **v, size_t *cap, size_t size, size_t n)
{
	size_t wider = *cap == 0 ? 16 : *cap * 2;
	char *to = arena_array(arena, wider, size);

	if (n > 0)
		memcpy(to, *v, n * size);
	*v = to;
	*cap = wider;
}

struct entry
entry_by(const struct ctx *cx, enum action action, enum subject_kind kind,
    int64_t subject)
{
	struct entry e = {
		.time_ms = cx->now_ms,
		.node = (uint16_t)id_node(),
		.request_id = cx->request_id,
		.action = action,
		.subject_kind = kind,
		.subject = subject,
	};

	if (cx->actor != NULL) {
		e.actor_kind = (uint8_t)cx->actor->kind;
		e.actor = cx->actor->id;
		e.factors = (uint8_t)cx->actor->factors;
	}
	return e;
}

void
logbook_add(struct logbook *book, uint32_t tenant, const struct entry *e,
    int64_t *seq)
{
	struct log_line line = { tenant, *e, seq };
	size_t left = e->nchange, fits = changes_beside(e->sealed);

	for (; left > fits; left -= line.entry.nchange, fits = CHANGES_MAX) {
		line.entry.nchange = fits;
		list_add(book->arena, &book->line, line);
		line.entry.change += fits;
		line.entry.key_version = 0;
		line.entry.before = line.entry.after = line.entry.sealed =
		    STR("");
		line.seq = NULL;
	}
	line.entry.nchange = left;
	list_add(book->arena, &book->line, line);
}

/* How many changes an entry with this sealed text has room for. */
static size_t
changes_beside(struct str sealed)
{
	const size_t room = sealed.n < ENTRY_ROOM ? ENTRY_ROOM - sealed.n : 0;
	const size_t fits = room / CHANGE_BYTES;

	return fits < CHANGES_MAX ? fits : CHANGES_MAX;
}

void
log_served(const struct ctx *cx, struct logbook *book, struct pools *pools,
    const struct seat *seat, const struct wait *wait)
{
	struct change_list changes = { .arena = book->arena };
	struct entry e = entry_by(cx, ACTION_SEAT_TAKEN, SUBJECT_PERSON,
	    seat->person);

	pools_waiting(pools, wait, -1);
	change_add(&changes, CHANGE_WAIT, wait->product, 0,
	    1 + wait->priority, 0);
	change_add(&changes, CHANGE_SEAT, seat->product, seat->pool,
	    SEAT_NONE, (int64_t)seat->state);
	e.change = changes.change;
	e.nchange = changes.n;
	logbook_add(book, (uint32_t)seat->tenant, &e, NULL);
}

void
logbook_insert(struct logbook *book, size_t at, uint32_t tenant,
    const struct entry *e, int64_t *seq)
{
	const size_t had = book->line.n;
	struct log_line *line;
	size_t n;

	logbook_add(book, tenant, e, seq);
	n = book->line.n - had;
	line = arena_copy(book->arena, &book->line.v[had], n * sizeof(*line));
	memmove(&book->line.v[at + n], &book->line.v[at],
	    (had - at) * sizeof(*line));
	memcpy(&book->line.v[at], line, n * sizeof(*line));
}

enum err
logbook_save(struct logbook *book, struct tx *tx)
{
	struct rows tenants;
	struct frontier *tree;
	struct log_row *row;

	if (book->line.n == 0)
		return OK;
	if (book->nasked == 0)
		TRY(logbook_ask(book, tx));
	TRY(take_tenants(book, tx, &tenants));
	tree = arena_array(book->arena, tenants.n, sizeof(*tree));
	for (size_t i = 0; i < tenants.n; i++) {
		struct tenant_row *t = &((struct tenant_row *)tenants.row)[i];

		must(frontier_decode(t->frontier, &tree[i]));
		must(tree[i].size == (uint64_t)t->log_size);
	}
	row = arena_array(book->arena, book->line.n, sizeof(*row));
	for (size_t i = 0; i < book->line.n; i++) {
		struct log_line *line = &book->line.v[i];
		struct tenant_row *t =
		    find_tenant(tenants.row, tenants.n, line->tenant);
		size_t at;

		must(t != NULL);
		at = (size_t)(t - (struct tenant_row *)tenants.row);

		/* When it became so: requests may have waited unequally long. */
		line->entry.time_ms = tx_ctx(tx)->now_ms;
		row[i] = append(book->arena, t, &tree[at], line);
	}
	for (size_t i = 0; i < tenants.n; i++) {
		struct tenant_row *t = &((struct tenant_row *)tenants.row)[i];
		uint8_t *p = arena_alloc(book->arena, FRONTIER_BYTES_MAX);

		t->frontier = (struct str) { (char *)p,
			frontier_encode(&tree[i], p) };
	}
	TRY(store_save(tx, &LOG, row, book->line.n, NULL));
	return store_save(tx, &TENANT, tenants.row, tenants.n, NULL);
}

static struct log_row
append(struct arena *arena, struct tenant_row *t, struct frontier *tree,
    const struct log_line *line)
{
	struct str bytes = entry_encode(arena, &line->entry);
	int64_t seq = LOG_SEQ(t->log_origin, t->log_size);
	struct hash leaf;

	tree_leaf(bytes, &leaf);
	frontier_append(tree, &leaf);
	t->log_size++;
	if (line->seq != NULL)
		*line->seq = seq;
	return (struct log_row) { t->tenant, seq, bytes };
}

/* The rows of all tenants that the lines name, each once. */
enum err
logbook_ask(struct logbook *book, struct tx *tx)
{
	struct tenant_row *key =
	    arena_array(book->arena, book->line.n, sizeof(*key));
	size_t n = 0;

	for (size_t i = 0; i < book->line.n; i++)
		if (find_tenant(key, n, book->line.v[i].tenant) == NULL)
			key[n++].tenant = book->line.v[i].tenant;
	book->nasked = n;
	return store_load_later(tx, &TENANT, key, n, 1, 0, &book->tenants);
}

static enum err
take_tenants(struct logbook *book, struct tx *tx, struct rows *out)
{
	TRY(store_settle(tx));
	*out = book->tenants;
	must(out->n == book->nasked);
	/* After the entry that says so nothing happens in it any more. */
	for (size_t i = 0; i < out->n; i++)
		if (((struct tenant_row *)out->row)[i].state
		    >= TENANT_DELETING)
			return fail(tx_ctx(tx), ERR_CONFLICT,
			    MSG_TENANT_DELETING, "tenant");
	return OK;
}

static struct tenant_row *
find_tenant(struct tenant_row *row, size_t n, uint32_t tenant)
{
	for (size_t i = 0; i < n; i++)
		if (row[i].tenant == tenant)
			return &row[i];
	return NULL;
}

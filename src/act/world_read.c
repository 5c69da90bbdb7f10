/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_read.c - what a front reads at start.
 */
#include "act/world_int.h"

#include <string.h>

#include "base/id.h"

#define PAGE	  1000
#define WORDS_MEMORY (4 << 20)	/* of a page of the dictionary */
#define ID_AHEAD_MS 1000	/* what one order makes is no further apart */

static enum err admit(struct world *, struct ctx *,
    const struct tenant_row *, struct opener *, bool *is_there);
static enum err read_keys(struct world *, struct ctx *,
    const struct tenant_row *, struct vault *, enum tenant_has *);
static enum err read_all(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, const struct opener *);
static enum err count_persons(struct world *, struct tx *, uint32_t tenant);
static enum err raise_ids(struct ctx *, struct tx *,
    const struct tenant_row *);
static int64_t version_of(struct world *, uint32_t tenant);
static enum err read_dictionary(struct world *, struct ctx *,
    const struct opener *);
static enum err read_tokens(struct world *, struct tx *,
    const struct opener *, enum credential_kind);
static enum err open_text(struct ctx *, const struct opener *,
    enum vault_purpose, int64_t subject, struct str *text);
static enum err read_nets(struct tx *, const struct token_row *,
    struct net **, size_t *);
static enum err read_sessions(struct world *, struct tx *, uint32_t tenant);

enum err
world_read(struct world *w, struct ctx *cx)
{
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct tx *tx = tx_begin_all(db, cx);
	struct tenant_row from = { 0 };
	struct rows tenants;
	enum err err;

	err = deployment_read(w, tx, deployment_sets(w));
	if (err == OK)
		err = store_page(tx, &TENANT, &from, 0, true, 100000, &tenants);
	for (size_t i = 0; err == OK && i < tenants.n; i++)
		err = world_read_tenant(w, w->vault[CHANNEL_CLOCK], cx, tx,
		    &((struct tenant_row *)tenants.row)[i]);
	if (err == OK && w->node != NULL)
		err = node_read(w->node, tx);
	tx_end(tx);
	db_close(db);
	return err;
}

enum err
world_read_tenant(struct world *w, struct vault *vault, struct ctx *cx,
    struct tx *tx, const struct tenant_row *row)
{
	struct opener opener = { .vault = vault };
	bool is_there;

	TRY(raise_ids(cx, tx, row));
	TRY(admit(w, cx, row, &opener, &is_there));
	return is_there ? read_all(w, cx, tx, row, &opener) : OK;
}

enum err
world_read_anew(struct world *w, struct vault *vault, struct ctx *cx,
    struct tx *tx, const struct tenant_row *row)
{
	struct opener opener;
	enum tenant_has has;
	bool is_there;

	/* Its end went on while nobody knew: there is nothing to open any more. */
	TRY(vault_tenant_keys(vault, cx, (uint32_t)row->tenant, &has));
	if (has == TENANT_HAD_KEYS)
		world_tenant_drop(w, (uint32_t)row->tenant);
	is_there = world_opener(w, vault, (uint32_t)row->tenant, &opener);
	if (!is_there)
		TRY(admit(w, cx, row, &opener, &is_there));
	return is_there ? read_all(w, cx, tx, row, &opener) : OK;
}

bool
world_opener(struct world *w, struct vault *vault, uint32_t tenant,
    struct opener *out)
{
	const struct realm_slot *slot;

	*out = (struct opener) { .vault = vault, .tenant = tenant };
	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		out->capability = slot->capability;
	lock_give(w->mu);
	return slot != NULL;
}

/* A place in the world for a tenant that has none; false: it has no keys any more, and gets none. */
static enum err
admit(struct world *w, struct ctx *cx, const struct tenant_row *row,
    struct opener *opener, bool *is_there)
{
	struct grant_in in = { .tenant = (uint32_t)row->tenant,
		.open_per_minute = UINT32_MAX, .seal_per_minute = UINT32_MAX };
	struct str slug = row->name;
	enum tenant_has has;

	opener->tenant = in.tenant;
	*is_there = false;
	TRY(read_keys(w, cx, row, opener->vault, &has));
	/* Of a tenant that was deleted before this server came there are none. */
	if (has == TENANT_HAS_NOTHING && w->node != NULL
	    && row->state >= TENANT_DELETING)
		return OK;
	/* The clock goes on where a deletion ended, also in a database that was brought back from before it. */
	lock_take(w->mu);
	if (has == TENANT_HAD_KEYS || row->state >= TENANT_DELETING)
		w->has_ends = w->sweeps = true;
	lock_give(w->mu);
	*is_there = has != TENANT_HAD_KEYS;
	if (!*is_there)
		return OK;
	TRY(vault_grant(opener->vault, cx, &in, &opener->capability));
	TRY(open_text(cx, opener, PURPOSE_NAME, row->tenant, &slug));
	world_tenant_add(w, in.tenant, slug, &opener->capability);
	return OK;
}

/* Those that another server's vault made come from it. */
static enum err
read_keys(struct world *w, struct ctx *cx, const struct tenant_row *row,
    struct vault *vault, enum tenant_has *has)
{
	const uint32_t tenant = (uint32_t)row->tenant;
	bool is_there;

	TRY(vault_tenant_keys(vault, cx, tenant, has));
	if (w->node == NULL || *has == TENANT_HAD_KEYS
	    || (*has == TENANT_HAS_NOTHING && row->state >= TENANT_DELETING))
		return OK;
	return take_keys(w, vault, cx, tenant, &is_there);
}

static enum err
read_all(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, const struct opener *opener)
{
	const uint32_t tenant = (uint32_t)row->tenant;

	world_tenant_state(w, tenant, (enum tenant_state)row->state);
	TRY(world_read_limits(w, tx, tenant));
	TRY(count_persons(w, tx, tenant));
	TRY(read_dictionary(w, cx, opener));
	TRY(world_read_catalogue(w, cx, tx, row, opener));
	TRY(world_read_roles(w, cx, tx, tenant, opener));
	TRY(read_tokens(w, tx, opener, CREDENTIAL_TOKEN));
	TRY(read_tokens(w, tx, opener, CREDENTIAL_CLIENT));
	TRY(read_sessions(w, tx, tenant));
	return world_read_queues(w, cx, tx, opener);
}

enum err
world_read_limits(struct world *w, struct tx *tx, uint32_t tenant)
{
	struct deployment_row key = { .tenant = tenant };
	const struct deployment_row *limit;
	struct rows rows;
	int64_t most[LIMIT_COUNT] = { 0 };

	TRY(store_load(tx, &DEPLOYMENT, &key, 1, 1, 0, &rows));
	limit = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		most[limit_parse(limit[i].name)] = limit[i].value;
	for (size_t i = 0; i < COUNT(most); i++)
		world_tenant_limit(w, tenant, (enum tenant_limit)i, most[i]);
	return OK;
}

/* Where several servers make them the tenant's row has their number. */
static enum err
count_persons(struct world *w, struct tx *tx, uint32_t tenant)
{
	struct person of = { .tenant = tenant };
	struct mark mark;
	int64_t n;

	if (w->node != NULL) {
		TRY(mark_of(tx, tenant, &mark));
		n = mark.persons;
	} else {
		TRY(store_count(tx, &PERSON, &of, 1, &n));
	}
	world_persons_set(w, tenant, n);
	return OK;
}

/*
 * Ids go on above all that were given, though the clock was set back while
 * nothing ran.  Those that are no table's key (a place in a waiting list, work
 * that is due) were made in the same moment as one that is, or as a log entry.
 */
static enum err
raise_ids(struct ctx *cx, struct tx *tx, const struct tenant_row *row)
{
	struct log_row key = { .tenant = row->tenant,
		.seq = LOG_SEQ(row->log_origin, row->log_size - 1) };
	struct rows last;
	struct entry e;
	int64_t id;

	TRY(id_last(tx, row->tenant, &id));
	if (id > 0)
		id_raise(id_at(id_ms(id) + ID_AHEAD_MS));
	TRY(store_load(tx, &LOG, &key, 1, 2, 0, &last));
	/* The first leaf of a new origin is a checkpoint, no entry. */
	if (last.n > 0 && entry_decode(cx->arena,
	    ((struct log_row *)last.row)->entry, &e))
		id_raise(id_at(e.time_ms + ID_AHEAD_MS));
	return OK;
}

/* TEXT in: sealed; out: opened.  Keys that do not fit the database end the start. */
static enum err
open_text(struct ctx *cx, const struct opener *opener,
    enum vault_purpose purpose, int64_t subject, struct str *text)
{
	struct vault_call call;
	const struct text_out *out;

	vault_call_init(&call, cx->arena);
	call.tenant = opener->tenant;
	call.capability = &opener->capability;
	out = vault_text_open(&call, purpose, subject, *text);
	TRY(vault_run(opener->vault, cx, &call));
	if (out->err != OK)
		return fail(cx, ERR_SEALED, MSG_WORLD_KEYS, "vault");
	*text = out->text;
	return OK;
}

/* Of the catalogue in force; 0: the empty one. */
static int64_t
version_of(struct world *w, uint32_t tenant)
{
	const struct realm_slot *slot;
	int64_t version = 0;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL && slot->edition != NULL)
		version = slot->edition->catalogue->version;
	lock_give(w->mu);
	return version;
}

enum err
world_read_catalogue(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, const struct opener *opener)
{
	struct catalogue_row key = { .tenant = row->tenant,
		.version = row->catalogue_version };
	struct rows rows;
	struct str text;

	if (row->catalogue_version == version_of(w, (uint32_t)row->tenant))
		return OK;
	TRY(store_load(tx, &CATALOGUE, &key, 1, 2, 0, &rows));
	must(rows.n == 1);
	text = ((struct catalogue_row *)rows.row)->sealed;
	TRY(open_text(cx, opener, PURPOSE_CATALOGUE,
	    row->catalogue_version, &text));
	world_catalogue_set(w, (uint32_t)row->tenant, text,
	    row->catalogue_version);
	return OK;
}

/* A page at a time: the words stay, what they were sealed in does not. */
static enum err
read_dictionary(struct world *w, struct ctx *cx, const struct opener *opener)
{
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct arena *memory = arena_open(WORDS_MEMORY);
	struct dictionary_row from = { .tenant = opener->tenant };
	struct key256 key;
	enum err err = OK;
	size_t n = PAGE;

	while (err == OK && n == PAGE) {
		struct ctx page = { .arena = memory };
		struct tx *tx = tx_begin_all(db, &page);
		struct rows rows = { 0 };
		struct str last;

		err = store_page(tx, &DICTIONARY, &from, 1, from.key.n == 0,
		    PAGE, &rows);
		tx_end(tx);
		n = rows.n;
		if (err == OK && n > 0) {
			err = world_read_words(w, &page, &rows, opener);
			last = ((struct dictionary_row *)rows.row)[n - 1].key;
			must(last.n == sizeof(key));
			memcpy(&key, last.p, sizeof(key));
			from.key = (struct str) { (char *)&key, sizeof(key) };
		}
		if (err != OK)
			fault_copy(cx, &page);
		arena_reset(memory);
	}
	arena_close(memory);
	db_close(db);
	return err;
}

enum err
world_read_words(struct world *w, struct ctx *cx, const struct rows *rows,
    const struct opener *opener)
{
	const struct dictionary_row *word = rows->row;
	const struct text_out **out = arena_array(cx->arena, rows->n,
	    sizeof(const struct text_out *));
	const struct realm *realm;
	struct vault_call call;

	TRY(world_realm(w, cx, opener->tenant, &realm));
	vault_call_init(&call, cx->arena);
	call.tenant = opener->tenant;
	call.capability = &opener->capability;
	for (size_t i = 0; i < rows->n; i++)
		out[i] = vault_text_open(&call, PURPOSE_DICTIONARY,
		    word[i].id, word[i].sealed);
	TRY(vault_run(opener->vault, cx, &call));
	for (size_t i = 0; i < rows->n; i++) {
		if (out[i]->err != OK)
			return fail(cx, ERR_SEALED, MSG_WORLD_KEYS, "vault");
		dictionary_add(realm->dictionary, word[i].id, out[i]->text);
		id_raise(word[i].id);
	}
	return OK;
}

static enum err
read_tokens(struct world *w, struct tx *tx, const struct opener *opener,
    enum credential_kind kind)
{
	const struct table *table =
	    kind == CREDENTIAL_TOKEN ? &TOKEN : &CLIENT;
	struct token_row from = { .tenant = opener->tenant };
	struct rows rows;
	bool is_first = true;

	do {
		TRY(store_page(tx, table, &from, 1, is_first, PAGE, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct token_row *)rows.row)[i];
			TRY(world_read_token(w, tx, &from, opener, kind));
		}
		is_first = false;
	} while (rows.n == PAGE);
	return OK;
}

enum err
world_read_token(struct world *w, struct tx *tx, const struct token_row *row,
    const struct opener *opener, enum credential_kind kind)
{
	struct str scope = row->scope;
	struct net *net;
	size_t n;

	if (scope.n > 0)
		TRY(open_text(tx_ctx(tx), opener, PURPOSE_NAME, row->id,
		    &scope));
	TRY(read_nets(tx, row, &net, &n));
	world_token_set(w, kind, row, &(struct token_reach) { scope, net, n });
	return OK;
}

enum err
world_read_queues(struct world *w, struct ctx *cx, struct tx *tx,
    const struct opener *opener)
{
	struct queue_row key = { .tenant = opener->tenant };
	const struct queue_row *queue;
	struct rows rows;

	TRY(store_load(tx, &QUEUE_STATE, &key, 1, 1, 0, &rows));
	queue = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		struct str reason = queue[i].reason;

		if (reason.n > 0)
			TRY(open_text(cx, opener, PURPOSE_NAME,
			    queue[i].queue, &reason));
		queues_set(w->queues, &queue[i], reason);
	}
	return OK;
}

static enum err
read_nets(struct tx *tx, const struct token_row *row, struct net **net,
    size_t *n)
{
	struct net_row key = { .tenant = row->tenant, .holder = row->id };
	struct rows rows;

	TRY(store_load(tx, &NET, &key, 1, 2, 0, &rows));
	*net = arena_array(tx_ctx(tx)->arena, rows.n + 1, sizeof(**net));
	*n = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		must(net_unpack(((struct net_row *)rows.row)[i].net,
		    &(*net)[i]));
	return OK;
}

static enum err
read_sessions(struct world *w, struct tx *tx, uint32_t tenant)
{
	struct session_row from = { .tenant = tenant };
	struct rows rows;
	bool is_first = true;

	do {
		TRY(store_page(tx, &SESSION, &from, 1, is_first, PAGE, &rows));
		TRY(world_read_sessions(w, tx, &rows));
		if (rows.n > 0)
			from = ((struct session_row *)rows.row)[rows.n - 1];
		is_first = false;
	} while (rows.n == PAGE);
	return OK;
}

enum err
world_read_sessions(struct world *w, struct tx *tx, const struct rows *rows)
{
	const struct session_row *s = rows->row;
	bool *is_open;

	TRY(sessions_open(tx, s, rows->n, &is_open));
	for (size_t i = 0; i < rows->n; i++)
		if (is_open[i])
			world_session_set(w, &s[i]);
	return OK;
}

/* Who may not sign in any more has no session, whatever stands in the table. */
enum err
sessions_open(struct tx *tx, const struct session_row *s, size_t n, bool **out)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct person *key = arena_array(arena, n + 1, sizeof(*key));
	struct rows persons;

	*out = arena_array(arena, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		key[i].tenant = s[i].tenant;
		key[i].id = s[i].person;
	}
	TRY(store_load(tx, &PERSON, key, n, 2, 0, &persons));
	for (size_t i = 0; i < persons.n; i++)
		(*out)[persons.key[i]] =
		    person_may_login(&((struct person *)persons.row)[i]);
	return OK;
}

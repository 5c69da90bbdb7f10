/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_read.c - what a front reads at start, and the API tokens it keeps.
 *
 * A token is 256 random bits, looked up by its SHA-256: whoever reads the
 * memory or the table cannot use it, and no vault call is needed (MODEL.md 2).
 */
#include "act/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#define PAGE	  1000
#define WORDS_MEMORY (4 << 20)	/* of a page of the dictionary */
#define ID_AHEAD_MS 1000	/* what one order makes is no further apart */

static enum err read_tenant(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *);
static enum err raise_ids(struct ctx *, struct tx *,
    const struct tenant_row *);
static enum err read_catalogue(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, const struct capability *);
static enum err read_dictionary(struct world *, struct ctx *,
    const struct tenant_row *, const struct capability *);
static enum err open_words(struct world *, struct ctx *, const struct rows *,
    const struct capability *);
static enum err read_tokens(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, const struct capability *);
static enum err read_queues(struct world *, struct ctx *, struct tx *,
    const struct tenant_row *, const struct capability *);
static enum err open_text(struct world *, struct ctx *,
    const struct tenant_row *, const struct capability *,
    enum vault_purpose, int64_t subject, struct str *text);
static struct token_slot *find_token(struct world *, const uint8_t hash[32]);
static int by_hash(const void *, const void *);

enum err
world_read(struct world *w, struct ctx *cx)
{
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct tx *tx = tx_begin(db, cx);
	struct tenant_row from = { 0 };
	struct rows tenants;
	enum err err;

	err = deployment_read(w, tx);
	if (err == OK)
		err = store_page(tx, &TENANT, &from, 0, true, 100000, &tenants);
	for (size_t i = 0; err == OK && i < tenants.n; i++)
		err = read_tenant(w, cx, tx,
		    &((struct tenant_row *)tenants.row)[i]);
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
read_tenant(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row)
{
	struct grant_in in = { .tenant = (uint32_t)row->tenant,
		.open_per_minute = UINT32_MAX, .seal_per_minute = UINT32_MAX };
	struct capability capability;
	struct str slug = row->name;

	TRY(raise_ids(cx, tx, row));
	TRY(vault_grant(w->vault[CHANNEL_CLOCK], cx, &in, &capability));
	TRY(open_text(w, cx, row, &capability, PURPOSE_NAME, row->tenant,
	    &slug));
	world_tenant_add(w, (uint32_t)row->tenant, slug, &capability);
	lock_take(w->mu);
	realm_find(w, (uint32_t)row->tenant)->is_suspended =
	    row->state == TENANT_SUSPENDED;
	lock_give(w->mu);
	TRY(read_dictionary(w, cx, row, &capability));
	TRY(read_catalogue(w, cx, tx, row, &capability));
	TRY(world_read_roles(w, cx, tx, (uint32_t)row->tenant, &capability));
	TRY(read_tokens(w, cx, tx, row, &capability));
	return read_queues(w, cx, tx, row, &capability);
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
open_text(struct world *w, struct ctx *cx, const struct tenant_row *row,
    const struct capability *capability, enum vault_purpose purpose,
    int64_t subject, struct str *text)
{
	struct vault_call call;
	const struct text_out *out;

	vault_call_init(&call, cx->arena);
	call.tenant = (uint32_t)row->tenant;
	call.capability = capability;
	out = vault_text_open(&call, purpose, subject, *text);
	TRY(vault_run(w->vault[CHANNEL_CLOCK], cx, &call));
	if (out->err != OK)
		return fail(cx, ERR_SEALED, MSG_WORLD_KEYS, "vault");
	*text = out->text;
	return OK;
}

static enum err
read_catalogue(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, const struct capability *capability)
{
	struct catalogue_row key = { .tenant = row->tenant,
		.version = row->catalogue_version };
	struct rows rows;
	struct str text;

	if (row->catalogue_version == 0)
		return OK;
	TRY(store_load(tx, &CATALOGUE, &key, 1, 2, 0, &rows));
	must(rows.n == 1);
	text = ((struct catalogue_row *)rows.row)->sealed;
	TRY(open_text(w, cx, row, capability, PURPOSE_CATALOGUE,
	    row->catalogue_version, &text));
	world_catalogue_set(w, (uint32_t)row->tenant, text,
	    row->catalogue_version);
	return OK;
}

/* A page at a time: the words stay, what they were sealed in does not. */
static enum err
read_dictionary(struct world *w, struct ctx *cx, const struct tenant_row *row,
    const struct capability *capability)
{
	struct db *db = db_open_reader(w->store, DB_DATA);
	struct arena *memory = arena_open(WORDS_MEMORY);
	struct dictionary_row from = { .tenant = row->tenant };
	struct key256 key;
	enum err err = OK;
	size_t n = PAGE;

	while (err == OK && n == PAGE) {
		struct ctx page = { .arena = memory };
		struct tx *tx = tx_begin(db, &page);
		struct rows rows = { 0 };
		struct str last;

		err = store_page(tx, &DICTIONARY, &from, 1, from.key.n == 0,
		    PAGE, &rows);
		tx_end(tx);
		n = rows.n;
		if (err == OK && n > 0) {
			err = open_words(w, &page, &rows, capability);
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

static enum err
open_words(struct world *w, struct ctx *cx, const struct rows *rows,
    const struct capability *capability)
{
	const struct dictionary_row *word = rows->row;
	const struct text_out **out = arena_array(cx->arena, rows->n,
	    sizeof(const struct text_out *));
	uint32_t tenant = (uint32_t)word->tenant;
	struct dictionary *dictionary = realm_find(w, tenant)->dictionary;
	struct vault_call call;

	vault_call_init(&call, cx->arena);
	call.tenant = tenant;
	call.capability = capability;
	for (size_t i = 0; i < rows->n; i++)
		out[i] = vault_text_open(&call, PURPOSE_DICTIONARY,
		    word[i].id, word[i].sealed);
	TRY(vault_run(w->vault[CHANNEL_CLOCK], cx, &call));
	for (size_t i = 0; i < rows->n; i++) {
		if (out[i]->err != OK)
			return fail(cx, ERR_SEALED, MSG_WORLD_KEYS, "vault");
		dictionary_add(dictionary, word[i].id, out[i]->text);
		id_raise(word[i].id);
	}
	return OK;
}

static enum err
read_tokens(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, const struct capability *capability)
{
	struct token_row from = { .tenant = row->tenant };
	struct rows rows;
	bool is_first = true;

	do {
		TRY(store_page(tx, &TOKEN, &from, 1, is_first, PAGE, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct token_row *)rows.row)[i];
			struct str scope = from.scope;

			if (scope.n > 0)
				TRY(open_text(w, cx, row, capability,
				    PURPOSE_NAME, from.id, &scope));
			world_token_set(w, &from, scope);
		}
		is_first = false;
	} while (rows.n == PAGE);
	return OK;
}

static enum err
read_queues(struct world *w, struct ctx *cx, struct tx *tx,
    const struct tenant_row *row, const struct capability *capability)
{
	struct queue_row key = { .tenant = row->tenant };
	const struct queue_row *queue;
	struct rows rows;

	TRY(store_load(tx, &QUEUE_STATE, &key, 1, 1, 0, &rows));
	queue = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		struct str reason = queue[i].reason;

		if (reason.n > 0)
			TRY(open_text(w, cx, row, capability, PURPOSE_NAME,
			    queue[i].queue, &reason));
		queues_set(w->queues, &queue[i], reason);
	}
	return OK;
}

/* --- tokens ------------------------------------------------------------------------ */

void
world_token_set(struct world *w, const struct token_row *row, struct str scope)
{
	struct token_slot slot = {
		.arena = arena_open(1 << 20),
		.tenant = row->tenant,
		.id = row->id,
		.source = row->source,
		.expires_ms = row->expires_ms,
		.revoked_ms = row->revoked_ms,
		.rights = (uint64_t)row->rights,
	};
	struct ctx cx = { .arena = slot.arena };
	struct token_slot *at;

	must(row->hash.n == sizeof(slot.hash));
	memcpy(slot.hash, row->hash.p, sizeof(slot.hash));
	/* It was compiled before it was stored. */
	if (scope.n > 0)
		must(filter_compile(&cx, str_copy(cx.arena, scope),
		    FILTER_RULE, false, &slot.scope) == OK);
	lock_take(w->mu);
	at = find_token(w, slot.hash);
	if (at != NULL) {
		/* Actors under way still use the old scope: it is kept. */
		at->revoked_ms = slot.revoked_ms;
		at->expires_ms = slot.expires_ms;
	} else {
		w->token = heap_grow(w->token, w->ntoken + 1,
		    sizeof(*w->token));
		w->token[w->ntoken++] = slot;
		qsort(w->token, w->ntoken, sizeof(*w->token), by_hash);
	}
	lock_give(w->mu);
	if (at != NULL)
		arena_close(slot.arena);
}

static int
by_hash(const void *a, const void *b)
{
	const struct token_slot *x = a, *y = b;

	return memcmp(x->hash, y->hash, sizeof(x->hash));
}

static struct token_slot *
find_token(struct world *w, const uint8_t hash[32])
{
	struct token_slot key;

	if (w->ntoken == 0)
		return NULL;
	memcpy(key.hash, hash, sizeof(key.hash));
	return bsearch(&key, w->token, w->ntoken, sizeof(key), by_hash);
}

enum err
world_authenticate(struct world *w, struct ctx *cx, struct str token,
    struct actor *out)
{
	struct hash hash;
	const struct token_slot *slot;
	const struct realm_slot *realm;
	int64_t now = clock_now_ms();
	bool is_good = false;

	sha256(token, &hash);
	lock_take(w->mu);
	slot = find_token(w, hash.bytes);
	if (slot != NULL) {
		realm = realm_find(w, (uint32_t)slot->tenant);
		is_good = realm != NULL && !realm->is_suspended
		    && slot->revoked_ms == 0
		    && (slot->expires_ms == 0 || slot->expires_ms > now);
		out->kind = ACTOR_CLIENT;
		out->tenant = (uint32_t)slot->tenant;
		out->id = slot->id;
		out->rights = slot->rights | RIGHT_BIT(RIGHT_SELF);
		out->scope = slot->scope;
		out->factors = FACTOR_TOKEN;
	}
	lock_give(w->mu);
	if (!is_good)
		return fail(cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN,
		    "Authorization");
	return OK;
}

int64_t
world_token_source(struct world *w, uint32_t tenant, int64_t token)
{
	int64_t source = 0;

	lock_take(w->mu);
	for (size_t i = 0; i < w->ntoken; i++)
		if (w->token[i].id == token && w->token[i].tenant == tenant)
			source = w->token[i].source;
	lock_give(w->mu);
	return source;
}

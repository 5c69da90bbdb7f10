/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.c - blind-index keys: unique ones name their person, search ones name
 * everybody who has the word.  The only file that knows how they are stored.
 */
#include <string.h>

#include "base/canon.h"

#include "store/store_int.h"

/* Keys made from other canonical forms are other keys. */
#define EPOCH	     CANON_VERSION
#define SEARCH_BYTES 6
#define UNIQUE_BYTES 32
#define PACKED_MAX   65536

/* One of all keys of a batch. */
struct index_keys {
	struct index_row  *unique;
	struct search_row *search;
	size_t		   nunique, nsearch;
};

static void split(struct arena *, int64_t, const struct index_change *, size_t,
    struct index_keys *, bool);
static enum err put_unique(struct tx *, const struct index_keys *);

struct str
index_pack(struct arena *arena, const struct index_key *key, size_t n)
{
	struct buf b;

	buf_init(&b, arena, PACKED_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_u8(&b, key[i].kind);
		buf_bytes(&b, key[i].bytes,
		    key[i].kind == 0 ? SEARCH_BYTES : UNIQUE_BYTES);
	}
	must(!b.over);
	return buf_view(&b);
}

size_t
index_unpack(
    struct arena *arena, struct str packed, const struct index_key **out)
{
	size_t n = 0;
	struct index_key *key =
	    arena_array(arena, packed.n / (1 + SEARCH_BYTES) + 1, sizeof(*key));
	struct cursor c = { packed, false };

	while (c.left.n > 0) {
		struct index_key *k = &key[n++];
		struct str bytes;

		k->kind = get_u8(&c);
		bytes =
		    get_bytes(&c, k->kind == 0 ? SEARCH_BYTES : UNIQUE_BYTES);
		if (c.bad)
			fatal("the index keys of a person are damaged");
		memcpy(k->bytes, bytes.p, bytes.n);
	}
	*out = key;
	return n;
}

enum err
index_put(
    struct tx *tx, int64_t tenant, const struct index_change *change, size_t n)
{
	struct arena *arena = tx->cx->arena;
	struct index_keys drop, put;

	split(arena, tenant, change, n, &drop, true);
	split(arena, tenant, change, n, &put, false);
	/* All drops first: two persons may swap a name. */
	TRY(store_drop(tx, &IX_UNIQUE, drop.unique, drop.nunique, 4, NULL));
	TRY(store_drop(tx, &IX_SEARCH, drop.search, drop.nsearch, 4, NULL));
	TRY(put_unique(tx, &put));
	return store_save(tx, &IX_SEARCH, put.search, put.nsearch, NULL);
}

/* The rows of all changes: those to drop, or those to put. */
static void
split(struct arena *arena, int64_t tenant, const struct index_change *change,
    size_t n, struct index_keys *out, bool drops)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += drops ? change[i].ndrop : change[i].nput;
	*out = (struct index_keys) {
		.unique = arena_array(arena, total, sizeof(*out->unique)),
		.search = arena_array(arena, total, sizeof(*out->search)),
	};
	for (size_t i = 0; i < n; i++) {
		const struct index_change *c = &change[i];
		const struct index_key *key = drops ? c->drop : c->put;
		size_t nkey = drops ? c->ndrop : c->nput;

		for (size_t j = 0; j < nkey; j++) {
			const struct index_key *k = &key[j];

			if (k->kind == 0)
				out->search[out->nsearch++] =
				    (struct search_row) { tenant, EPOCH,
					    index_word(k), c->person };
			else
				out->unique[out->nunique++] =
				    (struct index_row) { tenant, k->kind, EPOCH,
					    { (const char *)k->bytes,
						UNIQUE_BYTES },
					    c->person };
		}
	}
}

int64_t
index_word(const struct index_key *k)
{
	int64_t key = 0;

	for (size_t i = 0; i < SEARCH_BYTES; i++)
		key = key << 8 | k->bytes[i];
	return key;
}

/* A key that its own person has already is no conflict. */
static enum err
put_unique(struct tx *tx, const struct index_keys *put)
{
	struct arena *arena = tx->cx->arena;
	bool *stayed = arena_array(arena, put->nunique, sizeof(*stayed));
	size_t n = 0;
	struct index_row *there =
	    arena_array(arena, put->nunique, sizeof(*there));
	struct rows rows;

	TRY(store_save(
	    tx, &IX_UNIQUE_STAYS, put->unique, put->nunique, stayed));
	for (size_t i = 0; i < put->nunique; i++)
		if (stayed[i])
			there[n++] = put->unique[i];
	TRY(store_load(tx, &IX_UNIQUE, there, n, 4, 0, &rows));
	must(rows.n == n);
	for (size_t i = 0; i < n; i++)
		if (((struct index_row *)rows.row)[i].person != there[i].person)
			return fail(tx->cx, ERR_CONFLICT, MSG_STORE_UNIQUE, "",
			    IX_UNIQUE.name);
	return OK;
}

enum err
index_find(struct tx *tx, int64_t tenant, const struct index_key *key, size_t n,
    int64_t *person)
{
	struct index_ask *ask = arena_array(tx->cx->arena, n + 1, sizeof(*ask));

	for (size_t i = 0; i < n; i++)
		ask[i] = (struct index_ask) { tenant, &key[i] };
	return index_find_all(tx, ask, n, person);
}

enum err
index_find_all(
    struct tx *tx, const struct index_ask *ask, size_t n, int64_t *person)
{
	struct index_row *row = arena_array(tx->cx->arena, n + 1, sizeof(*row));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		const struct index_key *key = ask[i].key;

		must(key->kind != 0);
		row[i] = (struct index_row) { ask[i].tenant, key->kind, EPOCH,
			{ (const char *)key->bytes, UNIQUE_BYTES }, 0 };
		person[i] = 0;
	}
	TRY(store_load(tx, &IX_UNIQUE, row, n, 4, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		person[rows.key[i]] = ((struct index_row *)rows.row)[i].person;
	return OK;
}

enum err
index_leads(struct tx *tx, int64_t tenant, const struct index_change *change,
    size_t n, bool *is_there)
{
	struct arena *arena = tx->cx->arena;
	size_t unique = 0, search = 0, at = 0;
	struct index_keys keys;
	struct rows rows;
	bool *by_unique, *by_search;

	split(arena, tenant, change, n, &keys, false);
	by_unique = arena_array(arena, keys.nunique, sizeof(*by_unique));
	by_search = arena_array(arena, keys.nsearch, sizeof(*by_search));
	TRY(store_load(tx, &IX_UNIQUE, keys.unique, keys.nunique, 4, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		by_unique[rows.key[i]] =
		    ((struct index_row *)rows.row)[i].person ==
		    keys.unique[rows.key[i]].person;
	TRY(store_load(tx, &IX_SEARCH, keys.search, keys.nsearch, 4, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		by_search[rows.key[i]] = true;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < change[i].nput; j++)
			is_there[at++] = change[i].put[j].kind == 0
			    ? by_search[search++]
			    : by_unique[unique++];
	return OK;
}

void
sql_has_word(struct buf *b, const char *id, size_t epoch, size_t word)
{
	buf_fmt(b,
	    " AND %s IN (SELECT a.person FROM ix_search a"
	    " WHERE a.tenant = $1 AND a.epoch = $%zu AND a.key = $%zu)",
	    id, epoch, word);
}

/* Walks the persons of the first key and asks for the others, person by person. */
enum err
index_search(struct tx *tx, int64_t tenant, const struct index_key *key,
    size_t n, int64_t after, size_t limit, struct rows *search_rows)
{
	struct arg arg[4 + SEARCH_KEYS_MAX];
	struct query q = { .into = &IX_SEARCH, .arg = arg };
	struct buf b;

	*search_rows = (struct rows) { 0 };
	if (n == 0)
		return OK;
	if (n > SEARCH_KEYS_MAX)
		return fail(tx->cx, ERR_BAD_INPUT, MSG_STORE_SEARCH, "");
	arg[0] = ARG_OF_INT(tenant);
	arg[1] = ARG_OF_INT(EPOCH);
	arg[2] = ARG_OF_INT(after);
	arg[3] = ARG_OF_INT((int64_t)limit);
	q.narg = 4;
	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT ");
	sql_columns(&b, &IX_SEARCH, "a.");
	buf_z(&b,
	    " FROM ix_search a WHERE a.tenant = $1 AND a.epoch = $2"
	    " AND a.person > $3");
	for (size_t i = 0; i < n; i++) {
		arg[q.narg++] = ARG_OF_INT(index_word(&key[i]));
		buf_fmt(&b,
		    i == 0 ? " AND a.key = $%zu"
			   : " AND EXISTS (SELECT 1 FROM ix_search b WHERE"
			     " b.tenant = $1 AND b.epoch = $2 AND b.key = $%zu"
			     " AND b.person = a.person)",
		    q.narg);
	}
	buf_z(&b, " ORDER BY a.person LIMIT $4");
	q.text = sql_end(&b);
	return store_query(tx, &q, search_rows);
}

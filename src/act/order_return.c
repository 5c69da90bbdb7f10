/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_return.c - whom a source let go comes back when it brings them again:
 * the same person, with the record, contracts and products that were sent now.
 *
 * That somebody returns shows in the transaction only.  The order is sent back
 * then with who it is, so that their record is opened and written anew, and
 * everything is looked at again.
 */
#include "act/order_int.h"

#include "base/id.h"

static int64_t candidate(const struct item *, int64_t taken_by);
static enum err check_same(struct scene *);

enum err
returns_find(struct batch *b, struct tx *tx, const int64_t *taken_by)
{
	struct person *key = arena_array(tx_ctx(tx)->arena, b->n, sizeof(*key));
	struct item **asker = arena_array(
	    tx_ctx(tx)->arena, b->n, sizeof(struct item *));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		int64_t id = candidate(it, taken_by[i]);

		if (id == 0)
			continue;
		asker[n] = it;
		key[n].tenant = it->tenant;
		key[n++].id = id;
	}
	TRY(store_load(tx, &PERSON, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct person *p = &((struct person *)rows.row)[i];
		struct item *it = asker[rows.key[i]];
		struct order *o = it->in;

		if (p->lifecycle != LIFE_LEFT || p->source != o->source)
			continue;
		o->person = p->id;
		it->again = true;
	}
	return OK;
}

/* By the reference; or by the user name, of whoever is seen by all means. */
static int64_t
candidate(const struct item *it, int64_t taken_by)
{
	const struct order_state *s = order_state(it);

	if (it->err != OK || !s->is_new || !s->in->may_return
	    || s->in->source == 0)
		return 0;
	if (s->ref != NULL)
		return s->ref->person;
	return it->cx->actor->scope == NULL ? taken_by : 0;
}

enum err
decide_return(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct person *row = &sc->sub->row;

	TRY(check_same(sc));
	if (s->old->record_version != row->record_version) {
		sc->it->again = true;
		return OK;
	}
	row->country = s->org.country;
	row->language = s->org.language;
	row->user_type = s->org.user_type;
	sc->sub->has_new_contracts |=
	    contracts_replace(sc->ob, sc->it, sc->sub, &sc->changes);
	TRY(contracts_check(
	    sc->it->cx, sc->sub->contract, sc->sub->ncontract));
	/* Without contracts nothing else says it, nor that the old ones are over. */
	row->lifecycle = LIFE_ACTIVE;
	if (sc->sub->ncontract == 0)
		person_take_primary(row, NULL, 0, 0);
	block_returns(sc);
	return OK;
}

/* Else another was quicker, or the reference became somebody else's. */
static enum err
check_same(struct scene *sc)
{
	const struct order_state *s = sc->s, *twin = NULL;
	bool is_same = sc->sub->row.lifecycle == LIFE_LEFT
	    && sc->sub->row.source == s->in->source;

	if (s->ref_at != SIZE_MAX)
		twin = keyset_find(sc->ob->seen, SEEN(sc->it, SEEN_REF),
		    order_key(s, s->ref_at)->bytes);
	is_same &= s->ref == NULL || s->ref->person == s->person;
	is_same &= twin == NULL;
	return is_same ? OK : fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_EXISTS,
	    "externalId");
}

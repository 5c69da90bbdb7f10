/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_ref.c - a person's reference is changed: the source that brought them
 * knows them by another key of its own from now on.
 *
 * The old one is nobody's afterwards, unless a file brought it: the next run
 * is to find its person by it.  The new one is never taken for a row of a
 * file that is gone, for no file had it.
 */
#include "act/order_int.h"

static bool is_anothers(const struct scene *);
static const struct order_state *twin_of(const struct scene *, size_t at);

struct source_ref
order_ref(const struct item *it, size_t at)
{
	const struct order_state *s = order_state(it);

	return (struct source_ref) {
		.tenant = it->tenant,
		.source = s->in->source,
		.key = { (const char *)order_key(s, at)->bytes, 32 },
	};
}

enum err
ref_check(struct scene *sc)
{
	const struct order_state *s = sc->s;

	if (s->ref_at == SIZE_MAX && s->old_ref_at == SIZE_MAX)
		return OK;
	if (sc->sub->row.source != s->in->source)
		return fail(
		    sc->it->cx, ERR_BAD_INPUT, MSG_API_REF_FIXED, "externalId");
	/* What this batch makes of the old one is seen when it is stored. */
	if (s->old_ref_at != SIZE_MAX && twin_of(sc, s->old_ref_at) != NULL) {
		sc->it->again = true;
		return OK;
	}
	if (s->ref_at == SIZE_MAX)
		return OK;
	return is_anothers(sc)
	    ? fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_EXISTS, "externalId")
	    : OK;
}

enum err
ref_stays(struct scene *sc)
{
	return sc->s->ref_at != SIZE_MAX && is_anothers(sc)
	    ? fail(sc->it->cx, ERR_BUSY, MSG_ORDER_RACE, "ref")
	    : OK;
}

/* In the store, or by what this batch does. */
static bool
is_anothers(const struct scene *sc)
{
	const struct order_state *s = sc->s, *twin = twin_of(sc, s->ref_at);

	return (s->ref != NULL && s->ref->person != s->person) ||
	    (twin != NULL && twin->person != s->person);
}

static const struct order_state *
twin_of(const struct scene *sc, size_t at)
{
	return keyset_find(
	    sc->ob->seen, SEEN(sc->it, SEEN_REF), order_key(sc->s, at)->bytes);
}

void
ref_note(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct source_ref ref;

	ref_end(sc);
	if (s->ref_at == SIZE_MAX)
		return;
	ref = order_ref(sc->it, s->ref_at);
	ref.person = s->person;
	ref.state = 2;
	/* It is theirs already where a file gave it to them. */
	if (s->ref == NULL)
		list_add(sc->ob->arena, &sc->ob->ref, ref);
	keyset_put(sc->ob->seen, SEEN(sc->it, SEEN_REF), ref.key.p, s);
}

/* What leads to somebody else is theirs. */
void
ref_end(struct scene *sc)
{
	const struct source_ref *old = sc->s->old_ref;

	if (old != NULL && old->person == sc->s->person && old->row.n == 0)
		list_add(sc->ob->arena, &sc->ob->ref_end, *old);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_reach.c - what an order may do to its person, decided on the person as
 * it is, as it becomes, and on what then is held over it:
 *
 *	as it is	out of the actor's scope it does not exist
 *	as it becomes	nobody makes or moves a person out of their own scope
 *	what is held	nobody moves a person to where they may do more to it
 *	attributes	each is written by its right, held over both
 *	products	are asked for and given back by rights held over both
 *	login		of whoever holds a role only by who holds as much
 */
#include "act/order_int.h"

/* A person as filters see it, on a day. */
struct seen_as {
	struct facts	      facts;
	struct filter_subject subject;
};

static void see(struct scene *, const struct person *,
    const struct contract *, size_t n, struct seen_as *);
static void see_moved(struct scene *, const struct person_move *,
    struct seen_as *);
static enum err check_gain(struct scene *, uint64_t before, uint64_t after);
static enum err check_fields(struct scene *, uint64_t held);
static enum err check_products(struct scene *, const struct person_move *,
    uint64_t held);
static enum err check_parts(struct scene *, const struct doc *, uint64_t held,
    bool *is_login);
static enum err check_holder(struct scene *);

enum err
order_enter(struct scene *sc)
{
	struct ctx *cx = sc->it->cx;
	struct seen_as now;

	if (cx->actor->scope == NULL)
		return OK;
	now.subject.today =
	    order_today(sc->s->realm, sc->before.site, cx->now_ms);
	see(sc, &sc->before, sc->kept.contract, sc->kept.ncontract, &now);
	if (filter_match(
		cx->actor->scope, &sc->pools->gate.names, &now.subject))
		return OK;
	return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, "person");
}

enum err
order_reach(struct scene *sc, const struct person_move *m, bool says_nothing)
{
	struct ctx *cx = sc->it->cx;
	const struct actor *actor = cx->actor;
	const struct filter_names *names = &sc->pools->gate.names;
	struct person before = sc->before;
	struct seen_as was, is;
	uint64_t held, over;

	if (actor->scope == NULL && actor->nheld == 0 && !sc->s->seals &&
	    sc->s->in->active == 0 && !sc->s->in->has_products)
		return OK;
	see_moved(sc, m, &is);
	if (actor->scope != NULL && !says_nothing &&
	    !filter_match(actor->scope, names, &is.subject))
		return fail(cx, ERR_DENIED, MSG_ORDER_SCOPE, "person");
	over = held = actor_rights_over(actor, names, &is.subject);
	if (!sc->is_new) {
		/* What the day alone made of the person is nobody's doing. */
		before.lifecycle = lifecycle_on(before.lifecycle,
		    sc->kept.contract, sc->kept.ncontract, m->today);
		was.subject.today = m->today;
		see(sc, &before, sc->kept.contract, sc->kept.ncontract, &was);
		over = actor_rights_over(actor, names, &was.subject);
		TRY(check_gain(sc, over, held));
	}
	held &= over;
	if (sc->s->in->active != 0 &&
	    (held & RIGHT_BIT(RIGHT_PERSON_BLOCK)) == 0)
		return fail(cx, ERR_DENIED, MSG_ORDER_FIELD, "active", "active",
		    right_name(RIGHT_PERSON_BLOCK));
	if (sc->s->in->has_products)
		TRY(check_products(sc, m, held));
	return check_fields(sc, held);
}

/* Who may do neither is not told that nothing would change. */
static enum err
check_products(
    struct scene *sc, const struct person_move *m, uint64_t held)
{
	const struct catalogue *c = sc->s->realm->catalogue;
	const bool may_ask = (held & RIGHT_BIT(RIGHT_ONBOARD)) != 0;
	const bool may_end = (held & RIGHT_BIT(RIGHT_SEAT_WRITE)) != 0;
	size_t nhad = 0, nkept = 0;
	enum right lacks;

	for (size_t i = 0; i < m->nholding; i++) {
		const struct holding *h = &m->holding[i];
		size_t j = 0;

		if ((h->grants & 1u << GRANT_REQUEST) == 0 ||
		    catalogue_product(c, h->product) == NULL)
			continue;
		while (j < m->nwant && m->want[j].product != h->product)
			j++;
		nhad++;
		nkept += j < m->nwant;
	}
	if (may_ask ? may_end || nkept == nhad
		    : may_end && nkept == m->nwant)
		return OK;
	lacks = may_ask ? RIGHT_SEAT_WRITE : RIGHT_ONBOARD;
	return fail(sc->it->cx, ERR_DENIED, MSG_ORDER_FIELD, "products",
	    "products", right_name(lacks));
}

static void
see(struct scene *sc, const struct person *p, const struct contract *c,
    size_t n, struct seen_as *out)
{
	struct facts *contract =
	    arena_array(sc->ob->arena, n + 1, sizeof(*contract));

	person_facts(p, &out->facts);
	for (size_t i = 0; i < n; i++)
		contract_facts(&c[i], &contract[i]);
	out->subject = (struct filter_subject) { &out->facts, contract, n,
		sc->it->cx->now_ms, out->subject.today };
}

static void
see_moved(struct scene *sc, const struct person_move *m, struct seen_as *out)
{
	struct person after = m->after;

	after.lifecycle =
	    lifecycle_on(after.lifecycle, m->contract, m->ncontract, m->today);
	if (m->ncontract > 0)
		person_take_primary(
		    &after, m->contract, m->ncontract, m->today);
	out->subject.today = m->today;
	see(sc, &after, m->contract, m->ncontract, out);
}

static enum err
check_gain(struct scene *sc, uint64_t before, uint64_t after)
{
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if ((after & ~before & RIGHT_BIT(r)) != 0)
			return fail(sc->it->cx, ERR_DENIED, MSG_ORDER_GAIN,
			    "person", right_name((enum right)r));
	return OK;
}

/* --- attributes ------------------------------------------------------------------- */

static enum err
check_fields(struct scene *sc, uint64_t held)
{
	struct order_state *s = sc->s;
	struct arena *arena = sc->it->cx->arena;
	struct doc gone, come;
	bool is_login = false;

	if (!s->seals)
		return OK;
	doc_differing(arena, &s->before, &s->after, &gone);
	doc_differing(arena, &s->after, &s->before, &come);
	TRY(check_parts(sc, &gone, held, &is_login));
	TRY(check_parts(sc, &come, held, &is_login));
	return is_login && !sc->is_new ? check_holder(sc) : OK;
}

/* The right that the call itself needs writes what has no right of its own. */
static enum err
check_parts(
    struct scene *sc, const struct doc *doc, uint64_t held, bool *is_login)
{
	struct ctx *cx = sc->it->cx;

	for (size_t i = 0; i < doc->n; i++) {
		enum attribute a = doc->attr[i].id;
		enum right right = attr_info(a)->write;
		const char *name;

		*is_login |= right == RIGHT_PERSON_LOGIN_WRITE;
		if (right == RIGHT_PERSON_WRITE ||
		    (held & RIGHT_BIT(right)) != 0 ||
		    (right == RIGHT_PERSON_LOGIN_WRITE && sc->is_new))
			continue;
		name = str_z(cx->arena, attr_head(a));
		return fail(cx, ERR_DENIED, MSG_ORDER_FIELD, name, name,
		    right_name(right));
	}
	return OK;
}

/* Who can change how somebody signs in can sign in as them. */
static enum err
check_holder(struct scene *sc)
{
	struct ctx *cx = sc->it->cx;
	struct role role;

	if (!order_is_beyond(sc, &role))
		return OK;
	return fail(cx, ERR_DENIED, MSG_ORDER_HOLDER, "person",
	    str_z(cx->arena, role.slug));
}

bool
order_is_beyond(struct scene *sc, struct role *role)
{
	struct ctx *cx = sc->it->cx;
	const struct subject *sub = sc->sub;

	for (size_t i = 0; i < sub->nrole; i++)
		if (cx->actor->person != sub->row.id &&
		    role_beyond(cx, sc->s->realm->catalogue, sub->row.id,
			&sub->role[i].held, 1, role))
			return true;
	return false;
}

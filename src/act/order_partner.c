/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_partner.c - orders about partners' people: what is filled in for them,
 * and what whoever brings them can see.
 */
#include "act/act_int.h"

static void fill(struct order_state *, struct order *, struct contract_in *);
static struct str *slot(struct order *, struct contract_in *, enum attribute);

void
sight_of(struct ctx *cx, const struct realm *realm, struct sight *out)
{
	sight_open(
	    out, cx->arena, realm->catalogue, &realm->names, cx->actor->scope);
}

/*
 * An import replaces a contract as a whole, so its defaults come again with
 * every row; values of the person itself are filled in once.
 */
void
order_defaults(struct item *it, struct order_state *s)
{
	const struct order *in = s->in;
	const struct organisation *only;
	struct arena *arena = it->cx->arena;
	struct contract_in *contract;
	struct sight sight;
	struct order *o;

	if ((!s->is_new && !order_returns(in) && in->kind != ORDER_IMPORT) ||
	    s->realm->catalogue->norganisation == 0)
		return;
	sight_of(it->cx, s->realm, &sight);
	only = sight_only(&sight);
	o = arena_copy(arena, in, sizeof(*o));
	if (in->ncontract == 0 && only != NULL)
		o->ncontract = 1;
	contract = arena_array(arena, o->ncontract + 1, sizeof(*contract));
	for (size_t i = 0; i < o->ncontract; i++) {
		if (i < in->ncontract)
			contract[i] = in->contract[i];
		if (contract[i].organization.n == 0 && only != NULL)
			contract[i].organization = only->slug;
		fill(s, o, &contract[i]);
	}
	o->contract = contract;
	o->has_contracts = o->ncontract > 0;
	s->in = o;
}

/* Never over what was given. */
static void
fill(struct order_state *s, struct order *o, struct contract_in *c)
{
	const struct organisation *of =
	    catalogue_organisation_slug(s->realm->catalogue, c->organization);

	for (size_t i = 0; of != NULL && i < of->ndef; i++) {
		struct str *at = slot(
		    s->is_new || order_returns(o) ? o : NULL, c, of->def[i].id);

		if (at != NULL && at->n == 0)
			*at = of->def[i].value;
	}
}

/* Where a value goes; O NULL: the person's own are not filled in. */
static struct str *
slot(struct order *o, struct contract_in *c, enum attribute a)
{
	switch ((int)a) {
	case A_SITE:
		return &c->site;
	case A_DEPARTMENT:
		return &c->department;
	case A_TITLE:
		return &c->title;
	case A_COST_CENTER:
		return &c->cost_center;
	case A_DIVISION:
		return &c->division;
	case A_COUNTRY:
		return o != NULL ? &o->country : NULL;
	case A_LANGUAGE:
		return o != NULL ? &o->language : NULL;
	case A_USER_TYPE:
		return o != NULL ? &o->user_type : NULL;
	default:
		bug("an organisation has a default that nothing has");
	}
}

const struct organisation *
order_organisation(
    struct item *it, const struct order_state *s, struct str slug)
{
	const struct organisation *o =
	    catalogue_organisation_slug(s->realm->catalogue, slug);
	struct sight sight;

	sight_of(it->cx, s->realm, &sight);
	return o != NULL && sees_organisation(&sight, o->id) ? o : NULL;
}

const struct product *
order_product(struct item *it, const struct order_state *s, struct str slug)
{
	const struct product *p =
	    catalogue_product_slug(s->realm->catalogue, slug);
	struct sight sight;

	sight_of(it->cx, s->realm, &sight);
	return p != NULL && sees_product(&sight, p) ? p : NULL;
}

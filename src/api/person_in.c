/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person_in.c - a person object as it came in: personal attributes into a
 * document, organisational ones into contracts, and both into an order.
 */
#include "api/api_int.h"

#include "base/clock.h"
#include "base/id.h"

#define CONTRACTS_MAX 50

/* Where an organisational attribute goes; what is in neither is the server's to say. */
static const struct place {
	enum attribute a;
	size_t	       offset;
} contract_places[] = {
	{ A_SITE, offsetof(struct contract_in, site) },
	{ A_DEPARTMENT, offsetof(struct contract_in, department) },
	{ A_TITLE, offsetof(struct contract_in, title) },
	{ A_COST_CENTER, offsetof(struct contract_in, cost_center) },
	{ A_DIVISION, offsetof(struct contract_in, division) },
	{ A_ORGANIZATION, offsetof(struct contract_in, organization) },
	{ A_MANAGER, offsetof(struct contract_in, manager) },
	{ A_START, offsetof(struct contract_in, start) },
	{ A_END, offsetof(struct contract_in, end) },
}, person_places[] = {
	{ A_COUNTRY, offsetof(struct person_in, country) },
	{ A_LANGUAGE, offsetof(struct person_in, language) },
	{ A_USER_TYPE, offsetof(struct person_in, user_type) },
};

static enum err take_contracts(struct ctx *, const struct js *,
    struct person_in *);
static enum err contract_decode(struct ctx *, const struct js *,
    struct contract_in *);
static void name_contracts(struct ctx *, struct person_in *);
static enum err take_org(struct ctx *, const struct doc *,
    struct person_in *);
static struct str *contract_slot(struct contract_in *, enum attribute);
static struct str *person_slot(struct person_in *, enum attribute);
static void take_removals(struct ctx *, const struct js *,
    struct person_in *);
static void take_removal(struct person_in *, enum attribute *,
    enum attribute);
static bool has_head(const struct doc *, struct str head);
static struct str head_of(enum attribute, struct str *sub);
static enum err change_contracts(struct ctx *, const struct realm *,
    const struct person_in *, const struct person_view *, struct order *);
static struct contract_in contract_text(struct ctx *, const struct realm *,
    const struct contract *);
static struct str day_text(struct ctx *, int64_t biased);

enum err
person_decode(struct ctx *cx, const struct js *js, struct person_in *out)
{
	const struct js *contracts = js_get(js, "contracts");
	struct doc org;

	*out = (struct person_in) { 0 };
	if (contracts != NULL) {
		js = js_without(cx->arena, js, "contracts");
		TRY(take_contracts(cx, contracts, out));
	}
	TRY(doc_decode(cx, js, &out->doc, &org));
	TRY(take_org(cx, &org, out));
	if (out->has_flat && out->has_contracts)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_API_TWO_CONTRACTS, "contracts");
	return OK;
}

static enum err
take_contracts(struct ctx *cx, const struct js *list, struct person_in *out)
{
	size_t n = js_count(list);

	if (js_type(list) == JS_NULL)
		return OK;
	if (js_type(list) != JS_ARRAY)
		return fail(cx, ERR_BAD_INPUT, MSG_API_NOT_LIST, "contracts");
	if (n > CONTRACTS_MAX)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_ORDER_CONTRACTS, "contracts");
	out->has_contracts = true;
	out->ncontract = n;
	out->contract = arena_array(cx->arena, n + 1, sizeof(*out->contract));
	for (size_t i = 0; i < n; i++) {
		enum err err =
		    contract_decode(cx, js_at(list, i), &out->contract[i]);

		if (err != OK)
			return fault_under(cx, err,
			    str_z(cx->arena,
				str_fmt(cx->arena, "contracts[%zu]", i)));
	}
	name_contracts(cx, out);
	return OK;
}

static enum err
contract_decode(struct ctx *cx, const struct js *js, struct contract_in *out)
{
	struct doc personal, org;

	TRY(doc_decode(cx, js, &personal, &org));
	if (personal.n > 0) {
		const char *path = attr_info(personal.attr[0].id)->path;

		return fail(
		    cx, ERR_BAD_INPUT, MSG_API_UNKNOWN_MEMBER, path, path);
	}
	for (size_t i = 0; i < org.n; i++) {
		struct str *slot = contract_slot(out, org.attr[i].id);
		const char *path = attr_info(org.attr[i].id)->path;

		if (slot == NULL)
			return fail(cx, ERR_BAD_INPUT, MSG_API_UNKNOWN_MEMBER,
			    path, path);
		*slot = org.attr[i].value;
	}
	return OK;
}

/*
 * A contract of several is known by its first day, so that the rest of it may
 * change; the only one needs no name, and is the one the flat members give.
 */
static void
name_contracts(struct ctx *cx, struct person_in *in)
{
	for (size_t i = 0; in->ncontract > 1 && i < in->ncontract; i++) {
		struct contract_in *c = &in->contract[i];
		size_t same = 0;

		for (size_t j = 0; j < i; j++)
			same += str_eq(in->contract[j].start, c->start);
		c->key =
		    str_fmt(cx->arena, "%.*s/%zu", STR_ARG(c->start), same);
	}
}

static enum err
take_org(struct ctx *cx, const struct doc *org, struct person_in *out)
{
	for (size_t i = 0; i < org->n; i++) {
		enum attribute a = org->attr[i].id;
		struct str *slot = contract_slot(&out->flat, a);

		out->has_flat |= slot != NULL;
		if (slot == NULL)
			slot = person_slot(out, a);
		if (slot == NULL)
			return fail(cx, ERR_BAD_INPUT, MSG_API_READ_ONLY,
			    attr_info(a)->path, attr_info(a)->path);
		*slot = org->attr[i].value;
	}
	return OK;
}

bool
is_of_contract(enum attribute a)
{
	return contract_slot(&(struct contract_in) { 0 }, a) != NULL;
}

bool
is_of_person(enum attribute a)
{
	return person_slot(&(struct person_in) { 0 }, a) != NULL;
}

static struct str *
contract_slot(struct contract_in *c, enum attribute a)
{
	for (size_t i = 0; i < COUNT(contract_places); i++)
		if (contract_places[i].a == a)
			return (struct str *)(void *)((char *)c +
			    contract_places[i].offset);
	return NULL;
}

static struct str *
person_slot(struct person_in *in, enum attribute a)
{
	for (size_t i = 0; i < COUNT(person_places); i++)
		if (person_places[i].a == a)
			return (struct str *)(void *)((char *)in +
			    person_places[i].offset);
	return NULL;
}

/* --- merge-patch --------------------------------------------------------------- */

enum err
person_patch_decode(struct ctx *cx, const struct js *js, struct person_in *out)
{
	TRY(person_decode(cx, js, out));
	take_removals(cx, js, out);
	return out->has_flat && out->has_contracts
	    ? fail(cx, ERR_BAD_INPUT, MSG_API_TWO_CONTRACTS, "contracts")
	    : OK;
}

/* A member that stands there and gave no value removes what it names. */
static void
take_removals(struct ctx *cx, const struct js *js, struct person_in *out)
{
	enum attribute *removed =
	    arena_array(cx->arena, A_COUNT, sizeof(*removed));
	struct str key, part, sub;

	out->removed = removed;
	if (js_get(js, "contracts") != NULL &&
	    js_type(js_get(js, "contracts")) == JS_NULL)
		out->has_contracts = true;
	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &key);
		bool is_partial = js_type(value) == JS_OBJECT;

		for (int a = 0; a < A_COUNT; a++) {
			struct str head = head_of((enum attribute)a, &sub);

			if (!str_eq_nocase(head, key))
				continue;
			if (!is_partial && !has_head(&out->doc, head))
				take_removal(out, removed, (enum attribute)a);
			for (size_t j = 0; is_partial && j < js_count(value);
			     j++) {
				js_member(value, j, &part);
				if (str_eq_nocase(part, sub) &&
				    doc_get(&out->doc, (enum attribute)a, 0)
					    .n == 0)
					take_removal(
					    out, removed, (enum attribute)a);
			}
		}
	}
}

/* Personal ones are listed; an organisational one that has no value becomes "given, and empty". */
static void
take_removal(struct person_in *in, enum attribute *removed, enum attribute a)
{
	struct str *slot = contract_slot(&in->flat, a);

	if (slot != NULL)
		in->has_flat = true;
	else
		slot = person_slot(in, a);
	if (slot != NULL && slot->p == NULL)
		*slot = STR("");
	/* One name may stand twice, in two spellings. */
	for (size_t i = 0; i < in->nremoved; i++)
		if (removed[i] == a)
			return;
	if (attr_info(a)->class == ATTR_PERSONAL)
		removed[in->nremoved++] = a;
}

static bool
has_head(const struct doc *doc, struct str head)
{
	struct str sub;

	for (size_t i = 0; i < doc->n; i++)
		if (str_eq_nocase(head_of(doc->attr[i].id, &sub), head))
			return true;
	return false;
}

static struct str
head_of(enum attribute a, struct str *sub)
{
	*sub = str_of(attr_info(a)->path);
	return str_cut(sub, '.');
}

/* --- orders -------------------------------------------------------------------------- */

void
person_order_fill(struct ctx *cx, struct world *w, const struct person_in *in,
    struct order *o)
{
	o->doc = in->doc;
	o->ref = doc_get(&in->doc, A_EXTERNAL_ID, 0);
	o->source = world_token_source(w, cx->actor->tenant, cx->actor->id);
	o->country = in->country;
	o->language = in->language;
	o->user_type = in->user_type;
	o->contract = in->contract;
	o->ncontract = in->ncontract;
	if (in->has_flat) {
		o->contract =
		    arena_copy(cx->arena, &in->flat, sizeof(in->flat));
		o->ncontract = 1;
	}
	o->has_contracts = o->ncontract > 0;
}

enum err
person_change_fill(struct ctx *cx, const struct realm *realm,
    const struct person_in *in, const struct person_view *before,
    struct order *o)
{
	struct str ref = doc_get(&in->doc, A_EXTERNAL_ID, 0);
	bool has_ref = ref.n > 0;

	for (size_t i = 0; i < in->nremoved; i++)
		has_ref |= in->removed[i] == A_EXTERNAL_ID;
	/* The writer looks again; this saves the sealing. */
	if (has_ref && before->row.source != o->source
	    && !str_eq(ref, doc_get(&before->doc, A_EXTERNAL_ID, 0)))
		return fail(cx, ERR_BAD_INPUT, MSG_API_REF_FIXED, "externalId");
	o->doc = in->doc;
	o->removed = in->removed;
	o->nremoved = in->nremoved;
	o->country = in->country;
	o->language = in->language;
	o->user_type = in->user_type;
	if (in->has_flat || in->has_contracts)
		return change_contracts(cx, realm, in, before, o);
	return OK;
}

/*
 * A source changes its own contracts only, and so do those who sign in: theirs
 * are of no source.  Flat members mean the only one.
 */
static enum err
change_contracts(struct ctx *cx, const struct realm *realm,
    const struct person_in *in, const struct person_view *before,
    struct order *o)
{
	struct contract_in *c = arena_alloc(cx->arena, sizeof(*c));
	size_t mine = 0;

	for (size_t i = 0; i < before->ncontract; i++)
		if (before->contract[i].source == o->source) {
			*c = contract_text(cx, realm, &before->contract[i]);
			mine++;
		}
	if (mine == 0 && before->ncontract > 0
	    && before->contract[0].source == 0)
		return fail(cx, ERR_CONFLICT, MSG_API_BY_HAND, "contracts");
	if (mine == 0 && before->ncontract > 0)
		return fail(cx, ERR_CONFLICT, MSG_API_OTHER_SOURCE, "contracts",
		    str_z(cx->arena,
			before->contract[0].source == before->row.source
			    ? before->source
			    : before->other_source));
	o->has_contracts = true;
	o->contract = in->contract;
	o->ncontract = in->ncontract;
	if (in->has_contracts)
		return OK;
	if (mine > 1)
		return fail(
		    cx, ERR_CONFLICT, MSG_API_SEVERAL_CONTRACTS, "contracts");
	for (size_t i = 0; i < COUNT(contract_places); i++) {
		enum attribute a = contract_places[i].a;
		struct contract_in flat = in->flat;
		const struct str *given = contract_slot(&flat, a);

		if (given->p != NULL)
			*contract_slot(c, a) = *given;
	}
	o->contract = c;
	o->ncontract = 1;
	return OK;
}

/* A stored contract as a door would have brought it. */
static struct contract_in
contract_text(
    struct ctx *cx, const struct realm *realm, const struct contract *row)
{
	const struct site *site = catalogue_site(realm->catalogue, row->site);
	const struct organisation *organisation =
	    catalogue_organisation(realm->catalogue, row->organization);
	struct dictionary *words = realm->dictionary;

	return (struct contract_in) {
		.site = site != NULL ? site->slug : STR(""),
		.organization =
		    organisation != NULL ? organisation->slug : STR(""),
		.department = dictionary_text(words, row->department),
		.title = dictionary_text(words, row->title),
		.cost_center = dictionary_text(words, row->cost_center),
		.division = dictionary_text(words, row->division),
		.manager = row->manager != 0 ? id_text(cx->arena, row->manager)
					     : STR(""),
		.start = day_text(cx, row->start_day),
		.end = day_text(cx, row->end_day),
	};
}

static struct str
day_text(struct ctx *cx, int64_t biased)
{
	if (biased == 0)
		return STR("");
	return date_text(cx->arena, (int32_t)(biased - DAY_BIAS));
}

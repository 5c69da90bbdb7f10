/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sight.h"

#include "base/buf.h"

#include "core/catalogue_int.h"

#define SCRATCH_MAX (8u << 20)	/* a filter's text and what it compiles to */

#define ANY	    SIZE_MAX
#define PAIRS_MAX   50000	/* a filter each, of some microseconds */
#define ROW_BYTES   (4u << 20)

/*
 * Kinds of people: of an organisation (the last: of none), or at a site;
 * whether the scope holds them all, a byte each, for many pools are for the
 * same people.  Both at once, as a pool at a site is for, have a row for the
 * site; of those there are only so many.
 */
struct kinds {
	struct arena   *arena;
	unsigned char  *organisation, *site, **row;
	size_t		pairs, bytes;	/* that are left */
};
enum { UNASKED, HELD, NOT_HELD };

static unsigned char *row_of(const struct sight *, int64_t site);
static bool holds_both(const struct sight *, size_t organisation, int64_t site);
static bool holds_site(const struct sight *, int64_t site);
static bool holds_at(const struct sight *, size_t organisation, int64_t site);
static bool may_ask(struct kinds *);
static bool is_at(const struct site *, int64_t site);
static bool holds(const struct sight *, size_t organisation, size_t site);
static bool ask(const struct sight *, size_t organisation, size_t site);

void
sight_open(struct sight *s, struct arena *arena, const struct catalogue *c,
    const struct filter_names *names, const struct filter *scope)
{
	const struct filter *bound;
	int64_t *id;

	*s = (struct sight) { .catalogue = c, .sees_all = scope == NULL };
	if (scope == NULL)
		return;
	s->kinds = arena_alloc(arena, sizeof(*s->kinds));
	*s->kinds = (struct kinds) {
		.arena = arena,
		.organisation = arena_alloc(arena, c->norganisation + 1),
		.site = arena_alloc(arena, c->nsite + 1),
		.pairs = PAIRS_MAX,
		.bytes = ROW_BYTES,
	};
	s->scope = scope;
	bound = filter_bind(arena, scope, names);
	s->sees_nobodys = filter_is_possible(bound, names, A_ORGANIZATION, 0);
	s->organisation = id =
	    arena_array(arena, c->norganisation + 1, sizeof(*id));
	for (size_t i = 0; i < c->norganisation; i++) {
		int64_t own = c->index->organisation_id[i].id;

		if (filter_is_possible(bound, names, A_ORGANIZATION, own))
			id[s->n++] = own;
	}
}

bool
sees_organisation(const struct sight *s, int64_t organisation)
{
	size_t from = 0, to = s->n;

	if (s->sees_all)
		return true;
	if (organisation == 0)
		return s->sees_nobodys;
	while (from < to) {
		size_t mid = (from + to) / 2;

		if (s->organisation[mid] == organisation)
			return true;
		if (organisation < s->organisation[mid])
			to = mid;
		else
			from = mid + 1;
	}
	return false;
}

bool
sees_pool(const struct sight *s, const struct pool_info *pool)
{
	if (pool->organisation != 0 || sees_organisation(s, 0))
		return sees_organisation(s, pool->organisation);
	for (size_t i = 0; i < s->n; i++)
		if (catalogue_pool_serves(
			s->catalogue, pool, s->organisation[i]))
			return true;
	return false;
}

bool
sees_product(const struct sight *s, const struct product *product)
{
	for (size_t i = 0; !s->sees_all && i < product->npool; i++)
		if (sees_pool(
			s, catalogue_pool(s->catalogue, product->pool[i])))
			return true;
	return s->sees_all;
}

const struct organisation *
sight_only(const struct sight *s)
{
	if (s->sees_all || s->sees_nobodys || s->n != 1)
		return NULL;
	return catalogue_organisation(s->catalogue, s->organisation[0]);
}

/* --- counts ------------------------------------------------------------------ */

bool
holds_pool(const struct sight *s, const struct pool_info *pool)
{
	const struct catalogue *c = s->catalogue;
	const struct organisation *of =
	    catalogue_organisation(c, pool->organisation);

	if (s->sees_all || holds_site(s, pool->site))
		return true;
	if (of != NULL)
		return holds_at(s, (size_t)(of - c->organisation), pool->site);
	/* Of none, and of those who may have what the others leave. */
	if (!holds_at(s, c->norganisation, pool->site))
		return false;
	for (size_t i = 0; i < c->norganisation; i++)
		if (catalogue_pool_serves(c, pool, c->organisation[i].id) &&
		    !holds_at(s, i, pool->site))
			return false;
	return true;
}

bool
holds_organisation(const struct sight *s, int64_t organisation)
{
	const struct catalogue *c = s->catalogue;
	const struct organisation *o = catalogue_organisation(c, organisation);

	return s->sees_all ||
	    holds(s,
		o != NULL ? (size_t)(o - c->organisation) : c->norganisation,
		ANY);
}

/* Everybody at the site, and at those that fail over to it; 0: anywhere. */
static bool
holds_site(const struct sight *s, int64_t site)
{
	const struct catalogue *c = s->catalogue;

	for (size_t i = 0; site != 0 && i < c->nsite; i++)
		if (is_at(&c->site[i], site) && !holds(s, ANY, i))
			return false;
	return site != 0;
}

/* And of those only whoever is of the organisation. */
static bool
holds_at(const struct sight *s, size_t organisation, int64_t site)
{
	unsigned char *kept;

	if (holds(s, organisation, ANY))
		return true;
	kept = site != 0 ? row_of(s, site) : NULL;
	if (kept == NULL)
		return false;
	kept += organisation;
	if (*kept == UNASKED)
		*kept = holds_both(s, organisation, site) ? HELD : NOT_HELD;
	return *kept == HELD;
}

static unsigned char *
row_of(const struct sight *s, int64_t site)
{
	const struct catalogue *c = s->catalogue;
	struct kinds *k = s->kinds;
	const struct site *at = catalogue_site(c, site);
	unsigned char **row;

	if (k->row == NULL)
		k->row = arena_array(k->arena, c->nsite + 1, sizeof(*k->row));
	row = &k->row[at - c->site];
	if (*row == NULL && k->bytes > c->norganisation) {
		*row = arena_alloc(k->arena, c->norganisation + 1);
		k->bytes -= c->norganisation + 1;
	}
	return *row;
}

static bool
may_ask(struct kinds *k)
{
	bool may = k->pairs > 0;

	k->pairs -= may;
	return may;
}

static bool
holds_both(const struct sight *s, size_t organisation, int64_t site)
{
	const struct catalogue *c = s->catalogue;

	for (size_t i = 0; i < c->nsite; i++)
		if (is_at(&c->site[i], site) && !holds(s, ANY, i) &&
		    (!may_ask(s->kinds) || !ask(s, organisation, i)))
			return false;
	return true;
}

static bool
is_at(const struct site *at, int64_t site)
{
	bool is = at->id == site;

	for (size_t i = 0; i < at->nfailover; i++)
		is |= at->failover[i] == site;
	return is;
}

/* Of an organisation, or at a site: the other is ANY. */
static bool
holds(const struct sight *s, size_t organisation, size_t site)
{
	unsigned char *kept = organisation != ANY
	    ? &s->kinds->organisation[organisation]
	    : &s->kinds->site[site];

	if (*kept == UNASKED)
		*kept = ask(s, organisation, site) ? HELD : NOT_HELD;
	return *kept == HELD;
}

static bool
ask(const struct sight *s, size_t organisation, size_t site)
{
	const struct catalogue *c = s->catalogue;
	struct ctx cx = { .arena = arena_open(SCRATCH_MAX) };
	struct filter *f;
	struct buf people;
	bool is;

	buf_init(&people, cx.arena, FILTER_TEXT_MAX);
	if (organisation == c->norganisation)
		buf_z(&people, "not (organization pr)");
	else if (organisation != ANY)
		buf_fmt(&people, "organization eq \"%.*s\"",
		    STR_ARG(c->organisation[organisation].slug));
	if (site != ANY)
		buf_fmt(&people, "%ssite eq \"%.*s\"",
		    organisation != ANY ? " and " : "",
		    STR_ARG(c->site[site].slug));
	is = filter_compile(&cx, buf_view(&people), FILTER_RULE, false, &f) ==
		OK &&
	    filter_implies(f, s->scope);
	arena_close(cx.arena);
	return is;
}

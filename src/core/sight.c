/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sight.h"

#include "base/buf.h"

#include "core/catalogue_int.h"

#define PEOPLE_MAX 65536

static void put_sites(struct buf *, const struct catalogue *, int64_t site);
static void put_organisations(struct buf *, const struct sight *,
    const struct pool_info *);
static bool holds(const struct sight *, struct buf *people);

void
sight_open(struct sight *s, struct arena *arena, const struct catalogue *c,
    const struct filter_names *names, const struct filter *scope)
{
	const struct filter *bound;
	int64_t *id;

	*s = (struct sight) { .catalogue = c, .sees_all = scope == NULL };
	if (scope == NULL)
		return;
	s->arena = arena;
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
	struct buf people;

	if (s->sees_all)
		return true;
	buf_init(&people, s->arena, PEOPLE_MAX);
	put_organisations(&people, s, pool);
	put_sites(&people, s->catalogue, pool->site);
	return holds(s, &people);
}

bool
holds_organisation(const struct sight *s, int64_t organisation)
{
	const struct organisation *o =
	    catalogue_organisation(s->catalogue, organisation);
	struct buf people;

	if (s->sees_all)
		return true;
	buf_init(&people, s->arena, PEOPLE_MAX);
	if (o == NULL)
		buf_z(&people, "not (organization pr)");
	else
		buf_fmt(&people, "organization eq \"%.*s\"", STR_ARG(o->slug));
	return holds(s, &people);
}

/* Of one, or of none and of those who may have what the others leave. */
static void
put_organisations(
    struct buf *b, const struct sight *s, const struct pool_info *pool)
{
	const struct catalogue *c = s->catalogue;
	const struct organisation *of =
	    catalogue_organisation(c, pool->organisation);

	if (of != NULL) {
		buf_fmt(b, "organization eq \"%.*s\"", STR_ARG(of->slug));
		return;
	}
	buf_z(b, "(not (organization pr)");
	for (size_t i = 0; i < c->norganisation; i++)
		if (catalogue_pool_serves(c, pool, c->organisation[i].id))
			buf_fmt(b, " or organization eq \"%.*s\"",
			    STR_ARG(c->organisation[i].slug));
	buf_z(b, ")");
}

/* At the pool's site, and at those that fail over to it; 0: anywhere. */
static void
put_sites(struct buf *b, const struct catalogue *c, int64_t site)
{
	const char *before = " and (";

	if (site == 0)
		return;
	for (size_t i = 0; i < c->nsite; i++) {
		const struct site *at = &c->site[i];
		bool is_for = at->id == site;

		for (size_t j = 0; j < at->nfailover; j++)
			is_for |= at->failover[j] == site;
		if (!is_for)
			continue;
		buf_fmt(b, "%ssite eq \"%.*s\"", before, STR_ARG(at->slug));
		before = " or ";
	}
	buf_z(b, ")");
}

static bool
holds(const struct sight *s, struct buf *people)
{
	struct ctx cx = { .arena = s->arena };
	struct filter *f;

	if (people->over ||
	    filter_compile(&cx, buf_view(people), FILTER_RULE, false, &f) != OK)
		return false;
	return filter_implies(s->arena, f, s->scope);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sight.h"

#include "base/buf.h"

#include "core/catalogue_int.h"

#define SCRATCH_MAX (8u << 20)	/* a filter's text and what it compiles to */

/* Said of some people before: many pools are for the same. */
struct said {
	struct said *next;
	struct str   people;
	bool	     is_held;
};

static void put_sites(struct buf *, const struct catalogue *, int64_t site);
static void put_organisations(struct buf *, const struct sight *,
    const struct pool_info *);
static bool holds(const struct sight *, struct arena *, struct str people);

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
	s->said = arena_alloc(arena, sizeof(*s->said));
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
	struct arena *scratch;
	struct buf people;
	bool is;

	if (s->sees_all)
		return true;
	scratch = arena_open(SCRATCH_MAX);
	buf_init(&people, scratch, FILTER_TEXT_MAX);
	put_organisations(&people, s, pool);
	put_sites(&people, s->catalogue, pool->site);
	is = !people.over && holds(s, scratch, buf_view(&people));
	arena_close(scratch);
	return is;
}

bool
holds_organisation(const struct sight *s, int64_t organisation)
{
	const struct organisation *o =
	    catalogue_organisation(s->catalogue, organisation);
	struct arena *scratch;
	struct buf people;
	bool is;

	if (s->sees_all)
		return true;
	scratch = arena_open(SCRATCH_MAX);
	buf_init(&people, scratch, FILTER_TEXT_MAX);
	if (o == NULL)
		buf_z(&people, "not (organization pr)");
	else
		buf_fmt(&people, "organization eq \"%.*s\"", STR_ARG(o->slug));
	is = !people.over && holds(s, scratch, buf_view(&people));
	arena_close(scratch);
	return is;
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

/* The sight's own arena keeps only the answer: a request may ask it for many. */
static bool
holds(const struct sight *s, struct arena *scratch, struct str people)
{
	struct ctx cx = { .arena = scratch };
	struct said *said = *s->said;
	struct filter *f;

	while (said != NULL && !str_eq(said->people, people))
		said = said->next;
	if (said != NULL)
		return said->is_held;
	said = arena_alloc(s->arena, sizeof(*said));
	*said = (struct said) { *s->said, str_copy(s->arena, people),
		filter_compile(&cx, people, FILTER_RULE, false, &f) == OK &&
		    filter_implies(f, s->scope) };
	*s->said = said;
	return said->is_held;
}

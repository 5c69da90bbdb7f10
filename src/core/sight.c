/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sight.h"

#include "core/catalogue_int.h"

void
sight_open(struct sight *s, struct arena *arena, const struct catalogue *c,
    const struct filter_names *names, const struct filter *scope)
{
	const struct filter *bound;
	int64_t *id;

	*s = (struct sight) { .catalogue = c, .sees_all = scope == NULL };
	if (scope == NULL)
		return;
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

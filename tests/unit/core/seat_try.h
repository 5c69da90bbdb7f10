/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat_try.h - what the tests of catalogue, gate and decision share: a
 * catalogue from YAML, names over it, and facts by their words.
 */
#ifndef TEST_CORE_SEAT_TRY_H
#define TEST_CORE_SEAT_TRY_H

#include "attr_try.h"

#include "base/yaml.h"

#include "core/seat.h"

static inline struct catalogue *
catalogue_after(const char *yaml, const struct catalogue *previous)
{
	struct catalogue *c = NULL;
	const struct js *js;

	if (yaml_parse(&cx, str_of(yaml), &js) != OK
	    || catalogue_decode(&cx, js, previous, false, &c) != OK)
		wrong("%s at %.*s", msg_name(cx.fault.msg),
		    STR_ARG(cx.fault.field));
	return c;
}

static inline struct catalogue *
catalogue_of(const char *yaml)
{
	return catalogue_after(yaml, NULL);
}

static inline int64_t
site_id(const struct catalogue *c, const char *slug)
{
	const struct site *s = catalogue_site_slug(c, str_of(slug));

	return s != NULL ? s->id : 0;
}

static inline int64_t
product_id(const struct catalogue *c, const char *slug)
{
	const struct product *p = catalogue_product_slug(c, str_of(slug));

	assert_non_null(p);
	return p->id;
}

static inline int64_t
pool_id(const struct catalogue *c, const char *slug)
{
	const struct pool_info *p = catalogue_pool_slug(c, str_of(slug));

	assert_non_null(p);
	return p->id;
}

/* "": no pool. */
static inline const char *
pool_slug(const struct catalogue *c, int64_t id)
{
	return id == 0 ? "" : str_z(cx.arena, catalogue_pool(c, id)->slug);
}

/* A gate over fresh pools with the quotas of the catalogue, and nobody waiting. */
static inline struct gate
gate_of(const struct catalogue *c, const struct names *names)
{
	struct gate g = {
		.arena = cx.arena,
		.catalogue = c,
		.names = names_of(names),
		.tenant = 1,
		.now_ms = INT64_C(1800000000000),
		.npool = c->npool,
	};

	g.pool = arena_array(cx.arena, c->npool, sizeof(*g.pool));
	g.is_touched = arena_array(cx.arena, c->npool, sizeof(bool));
	g.fx = arena_alloc(cx.arena, sizeof(*g.fx));
	g.fx->arena = cx.arena;
	for (size_t i = 0; i < c->npool; i++)
		g.pool[i] = (struct pool) { .tenant = 1, .id = c->pool[i].id,
			.product = c->pool[i].product,
			.quota = c->pool[i].quota };
	return g;
}

static inline struct pool *
gate_pool_of(struct gate *g, int64_t id)
{
	for (size_t i = 0; i < g->npool; i++)
		if (g->pool[i].id == id)
			return &g->pool[i];
	wrong("no pool %lld", (long long)id);
	return NULL;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate_try.h - a gate with its pools, and people who ask it: for the tests of
 * seats and of the gate.
 */
#ifndef TEST_CORE_GATE_TRY_H
#define TEST_CORE_GATE_TRY_H

#include "seat_try.h"

static const char yaml[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { country: DE, zone: Europe/Berlin, failover: [muc] }\n"
    "  muc: { country: DE, zone: Europe/Berlin }\n"
    "  vie: { country: AT, zone: Europe/Vienna }\n"
    "products: { mail: {}, cad: { cap: 50 }, sec: { role: auditor }, bare: {}, "
    "one: { cap: 100 } }\n"
    "pools:\n"
    "  design: { product: mail, site: ber, quota: 1, priority: 1, eligibility: "
    "'department eq \"design\"' }\n"
    "  ber: { product: mail, site: ber, quota: 20 }\n"
    "  muc: { product: mail, site: muc, quota: 9 }\n"
    "  global: { product: mail, quota: 10, priority: 9 }\n"
    "  spare: { product: mail, quota: 100, reserve: true }\n"
    "  cad: { product: cad, site: ber, quota: 4, eligibility: 'department eq "
    "\"design\"' }\n"
    "  sec: { product: sec, quota: 5 }\n"
    "  bare: { product: bare, quota: 9, reserve: true }\n"
    "  one-ber: { product: one, site: ber, quota: 1 }\n"
    "  one-global: { product: one, quota: 1 }\n";

enum { DESIGN = 71, SALES };

/* One gate, as a batch has it, and what it said. */
static struct world {
	const struct catalogue *c;
	struct dictionary      *dictionary;
	struct names		names;
	struct gate		g;
	struct change_list	changes;
	struct seat		served[64];
	struct wait		served_wait[64];
	size_t			nserved;
	int64_t			person;	/* the last one made */
} w;

static inline void
note_served(void *arg, const struct seat *seat, const struct wait *wait)
{
	must(arg == &w && w.nserved < COUNT(w.served));
	w.served[w.nserved] = *seat;
	w.served_wait[w.nserved++] = *wait;
}

static inline int
fresh(void **state)
{
	(void)open_ctx(state);
	w = (struct world) { .dictionary = dictionary_open() };
	(void)dictionary_add(w.dictionary, DESIGN, STR("design"));
	(void)dictionary_add(w.dictionary, SALES, STR("sales"));
	w.c = catalogue_of(yaml);
	w.names = (struct names) { w.c, w.dictionary };
	w.g = gate_of(w.c, &w.names);
	w.g.served = note_served;
	w.g.served_arg = &w;
	w.changes.arena = cx.arena;
	return 0;
}

static inline int
drop(void **state)
{
	dictionary_close(w.dictionary);
	return close_ctx(state);
}

/* A person who asks for one product. */
struct asker {
	struct facts	    facts;
	struct seat_request rq;
	struct holding	    h;
	struct outcome_row  out;
};

static inline struct asker *
asker(const char *product, const char *site, int priority)
{
	struct asker *a = arena_alloc(cx.arena, sizeof(*a));

	FACT(&a->facts, SITE) = site_id(w.c, site);
	FACT(&a->facts, DEPARTMENT) = SALES;
	a->rq = (struct seat_request) {
		.person = ++w.person,
		.product = product_id(w.c, product),
		.facts = &a->facts,
		.priority = priority,
		.hold_until_ms = w.g.now_ms + 5000,
	};
	a->h.product = a->rq.product;
	return a;
}

static inline enum outcome
take(struct asker *a)
{
	w.changes.n = 0;
	gate_take(&w.g, &a->rq, &a->h, &a->out, &w.changes);
	assert_int_equal(a->out.product, a->rq.product);
	return a->out.outcome;
}

static inline struct asker *
taken(const char *product, const char *site, int priority)
{
	struct asker *a = asker(product, site, priority);

	(void)take(a);
	return a;
}

static inline void
end(struct asker *a, enum seat_end why)
{
	w.changes.n = 0;
	gate_end(&w.g, &a->h, why, &w.changes);
}

static inline struct pool *
pool(const char *slug)
{
	return gate_pool_of(&w.g, pool_id(w.c, slug));
}

static inline bool
is_touched(const char *slug)
{
	return w.g.is_touched[pool(slug) - w.g.pool];
}

static inline void
assert_change(size_t i, struct change want)
{
	struct change *got = &w.changes.change[i];

	assert_true(i < w.changes.n);
	if (got->kind != want.kind || got->object != want.object
	    || got->in != want.in || got->before != want.before
	    || got->after != want.after)
		wrong("change %zu is %s of %lld in %lld: %lld to %lld", i,
		    change_kind_name(got->kind), (long long)got->object,
		    (long long)got->in, (long long)got->before,
		    (long long)got->after);
}

static inline void
assert_waits(const struct asker *a, size_t npools)
{
	assert_int_equal(a->out.outcome, OUTCOME_QUEUED);
	assert_int_equal(a->h.seat.state, SEAT_NONE);
	assert_true(a->h.wait.since != 0);
	assert_int_equal(a->h.wait.pools.n, npools * sizeof(int64_t));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, drop)

#endif

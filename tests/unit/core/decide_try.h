/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_try.h - people with contracts over several moves, for the tests of
 * what becomes of a person.
 */
#ifndef TEST_CORE_DECIDE_TRY_H
#define TEST_CORE_DECIDE_TRY_H

#include "seat_try.h"

#include "core/decide.h"

#define TODAY 20000
#define DAY(n) ((int64_t)(n) + TODAY + DAY_BIAS)

static const char yaml[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { country: DE, zone: Europe/Berlin }\n"
    "  muc: { country: DE, zone: Europe/Berlin }\n"
    "  vie: { country: AT, zone: Europe/Vienna }\n"
    "organisations:\n"
    "  acme: { products: [mail, wiki, cad] }\n"
    "  blue: { overflow: true, products: [wiki, tele] }\n"
    "products:\n"
    "  mail: { grant: 'active eq true' }\n"
    "  cad: { grant: 'department eq \"design\"' }\n"
    "  tele: { grant: 'any contract(department eq \"sales\")' }\n"
    "  sec: { grant: 'title eq \"officer\"', role: auditor }\n"
    "  wiki: {}\n"
    "pools:\n"
    "  mail: { product: mail, quota: 9 }\n"
    "  cad-ber: { product: cad, site: ber, quota: 1 }\n"
    "  cad-muc: { product: cad, site: muc, quota: 1 }\n"
    "  tele: { product: tele, quota: 9 }\n"
    "  sec: { product: sec, quota: 9 }\n"
    "  wiki: { product: wiki, quota: 2 }\n"
    "  wiki-acme: { product: wiki, organisation: acme, quota: 1 }\n"
    "  wiki-blue: { product: wiki, organisation: blue, quota: 1 }\n";

enum { DESIGN = 71, SALES, OFFICER };

static struct world {
	const struct catalogue *c;
	struct dictionary      *dictionary;
	struct names		names;
	struct gate		g;
	int64_t			served[16];
	size_t			nserved;
	int64_t			person;
} w;

static inline void
note_served(void *arg, const struct seat *seat, const struct wait *wait)
{
	must(arg == &w && w.nserved < COUNT(w.served)
	    && seat->person == wait->person);
	w.served[w.nserved++] = seat->person;
}

static inline int
fresh(void **state)
{
	(void)open_ctx(state);
	w = (struct world) { .dictionary = dictionary_open() };
	(void)dictionary_add(w.dictionary, DESIGN, STR("design"));
	(void)dictionary_add(w.dictionary, SALES, STR("sales"));
	(void)dictionary_add(w.dictionary, OFFICER, STR("officer"));
	w.c = catalogue_of(yaml);
	w.names = (struct names) { w.c, w.dictionary };
	w.g = gate_of(w.c, &w.names);
	w.g.served = note_served;
	w.g.served_arg = &w;
	return 0;
}

static inline int
drop(void **state)
{
	dictionary_close(w.dictionary);
	return close_ctx(state);
}

/* A person over several moves: what act/ keeps between them. */
struct life {
	struct person	   row, before;
	struct contract	   contract[4];
	size_t		   ncontract;
	struct person_move m;
	struct want	   want[4];
};

static inline struct life *
person(const char *site, int64_t department)
{
	struct life *p = arena_alloc(cx.arena, sizeof(*p));

	p->row = (struct person) { .tenant = 1, .id = ++w.person,
		.certification = CERT_CERTIFIED };
	p->contract[0] = (struct contract) { .id = 1, .site = site_id(w.c, site),
		.department = department, .start_day = DAY(-100) };
	p->ncontract = 1;
	p->m.rule_priority = 5;
	p->m.today = TODAY;
	p->m.onboarding = 900;
	return p;
}

static inline void
wants(struct life *p, size_t i, const char *product)
{
	p->want[i] = (struct want) { product_id(w.c, product), 5 };
	p->m.want = p->want;
	p->m.nwant = i + 1;
}

static inline enum err
move(struct life *p)
{
	enum err err;

	p->before = p->row;
	p->m.before = p->row.version != 0 ? &p->before : NULL;
	p->m.after = p->row;
	p->m.contract = p->contract;
	p->m.ncontract = p->ncontract;
	p->m.changes = (struct change_list) { 0 };
	p->m.outcome = NULL;
	p->m.noutcome = 99;
	err = person_decide(&cx, &w.g, &p->m);
	if (err == OK) {
		p->row = p->m.after;
		p->row.version++;
	}
	p->m.nwant = 0;
	return err;
}

static inline struct life *
joined(const char *site, int64_t department)
{
	struct life *p = person(site, department);

	assert_int_equal(move(p), OK);
	return p;
}

static inline struct holding *
of(struct life *p, const char *product)
{
	static struct holding none;

	for (size_t i = 0; i < p->m.nholding; i++)
		if (p->m.holding[i].product == product_id(w.c, product)) {
			gate_refresh(&w.g, p->row.id, &p->m.holding[i]);
			return &p->m.holding[i];
		}
	return &none;
}

/* Grants as letters, then what they give: "RU seat", "U wait". */
static const char *
holds(struct life *p, const char *product)
{
	const struct holding *h = of(p, product);
	static char text[16];

	(void)snprintf(text, sizeof(text), "%s%s%s%s",
	    h->grants & 1u << GRANT_REQUEST ? "Q" : "",
	    h->grants & 1u << GRANT_RULE ? "R" : "",
	    h->seat.state == SEAT_HELD ? " held"
		: h->seat.state == SEAT_ASSIGNED ? " seat" : "",
	    h->wait.since != 0 ? " wait" : "");
	return text;
}

static inline int
changes(const struct life *p, enum change_kind kind)
{
	int n = 0;

	for (size_t i = 0; i < p->m.changes.n; i++)
		n += p->m.changes.change[i].kind == kind;
	return n;
}

static inline void
assert_outcome(const struct life *p, size_t i, const char *product,
    enum outcome outcome, enum msg reason)
{
	const struct outcome_row *o = &p->m.outcome[i];

	assert_true(i < p->m.noutcome);
	assert_int_equal(o->product, product_id(w.c, product));
	if (o->outcome != outcome || o->reason != reason)
		wrong("%s: %s, %s", product, outcome_name(o->outcome),
		    msg_name(o->reason));
}

static inline int64_t
used(const char *pool)
{
	struct pool *p = gate_pool_of(&w.g, pool_id(w.c, pool));

	return p->held + p->assigned;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, drop)

#endif

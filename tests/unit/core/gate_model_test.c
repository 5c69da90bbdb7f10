/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate_model_test.c - the gate against a naive model: random orders of 200
 * persons on 10 pools, in small and large batches as act/ runs them.
 *
 * The model keeps only who holds and who awaits what, and recounts everything
 * from that at every step.  The tables change by effects alone, and every
 * batch starts from the tables, with copies of holdings that grow stale while
 * it runs.
 */
#include "seat_try.h"

#define PERSONS	 200
#define PRODUCTS 3
#define POOLS	 13
#define STEPS	 20000
#define SEED	 UINT64_C(20261123)

static const char yaml[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { country: DE, zone: Europe/Berlin, failover: [muc, vie] }\n"
    "  muc: { country: DE, zone: Europe/Berlin, failover: [ber] }\n"
    "  vie: { country: AT, zone: Europe/Vienna }\n"
    "products: { a: { cap: 80 }, b: {}, c: { cap: 50 } }\n"
    "organisations: { acme: { overflow: true, products: [a, b] }, blue: {} }\n"
    "pools:\n"
    "  a-ber: { product: a, site: ber, quota: 20 }\n"
    "  a-muc: { product: a, site: muc, quota: 12 }\n"
    "  a-vie: { product: a, site: vie, quota: 3 }\n"
    "  a-global: { product: a, quota: 15, priority: 9 }\n"
    "  b-ber: { product: b, site: ber, quota: 9, eligibility: 'department eq "
    "\"design\"' }\n"
    "  b-any: { product: b, quota: 30, priority: 2, eligibility: 'department "
    "eq \"design\" or department eq \"sales\"' }\n"
    "  b-spare: { product: b, quota: 50, reserve: true }\n"
    "  c-ber: { product: c, site: ber, quota: 6 }\n"
    "  c-muc: { product: c, site: muc, quota: 5, eligibility: 'department eq "
    "\"sales\"' }\n"
    "  c-global: { product: c, quota: 4 }\n"
    "  a-acme: { product: a, organisation: acme, quota: 12 }\n"
    "  b-blue: { product: b, organisation: blue, site: ber, quota: 3 }\n"
    "  c-blue: { product: c, organisation: blue, quota: 7, priority: 1 }\n";

enum { DESIGN = 71, SALES, NEITHER };

/* A person's place in one product, as the model knows it. */
struct place {
	enum seat_state state;
	int64_t		pool;
	bool		waits, must_hold;
	int64_t		priority, age;
	int64_t		list[POOLS];	/* pools it waits for */
	size_t		nlist;
};

struct someone {
	int64_t	     id, site, department, organisation;
	struct place place[PRODUCTS];
};

/* What is stored. */
struct tables {
	struct pool	 pool[POOLS];
	struct seat	 seat[PERSONS][PRODUCTS];
	struct wait	 wait[PERSONS][PRODUCTS];
	struct wait_pool line[PERSONS][POOLS];
	size_t		 past;
};

static struct {
	const struct catalogue *c;
	struct dictionary      *dictionary;
	struct names		names;
	struct someone		who[PERSONS];
	int64_t			quota[POOLS];	/* by place in the catalogue */
	int64_t			age;
	size_t			ends;
	struct tables		stored;
	struct arena	       *arena;	/* of what outlives a batch */

	/* the batch under way */
	struct gate		g;
	struct holding		holding[PERSONS][PRODUCTS];
	struct change_list	changes;
	int64_t			served[PERSONS * PRODUCTS]; /* by the gate */
	size_t			nserved;
	int64_t			model_served[PERSONS * PRODUCTS];
	size_t			nmodel_served;

	/* that the walk went everywhere */
	size_t			took, queued, refused, waited, full_quota,
	    changed;
	uint64_t		random;
} t;

static uint64_t
random_below(uint64_t n)
{
	t.random ^= t.random << 13;
	t.random ^= t.random >> 7;
	t.random ^= t.random << 17;
	return (t.random >> 11) % n;
}

/* --- the model --------------------------------------------------------------------- */

static int64_t organisation_at(uint64_t);

static int64_t
product_at(size_t p)
{
	return t.c->product[p].id;
}

static size_t
pool_at(int64_t id)
{
	size_t i = 0;

	while (t.c->pool[i].id != id)
		i++;
	return i;
}

static bool
model_eligible(const struct someone *who, const struct pool_info *pool)
{
	const char *slug = pool_slug(t.c, pool->id);

	if (strcmp(slug, "b-ber") == 0)
		return who->department == DESIGN;
	if (strcmp(slug, "b-any") == 0)
		return who->department != NEITHER;
	if (strcmp(slug, "c-muc") == 0)
		return who->department == SALES;
	return !pool->is_reserve;
}

static bool
is_of(const struct someone *who, const char *organisation)
{
	return who->organisation != 0 &&
	    str_eq(catalogue_organisation(t.c, who->organisation)->slug,
		str_of(organisation));
}

/* What the two partners of the catalogue may have. */
static bool
model_shared(const struct someone *who, const struct pool_info *pool)
{
	const char *slug = pool_slug(t.c, pool->id);

	if (is_of(who, "acme") && slug[0] == 'c')
		return false;
	if (str_ends(str_of(slug), STR("-acme")))
		return is_of(who, "acme");
	if (str_ends(str_of(slug), STR("-blue")))
		return is_of(who, "blue");
	return !is_of(who, "blue");
}

/* The pools of one tier, by priority and slug (the catalogue is sorted by slug). */
static size_t
model_tier(const struct someone *who, size_t p, const struct pool_info *at,
    int64_t *out)
{
	size_t n = 0;

	for (int priority = 1; priority <= 9; priority++)
		for (size_t i = 0; i < POOLS; i++) {
			const struct pool_info *pool = &t.c->pool[i];

			if (pool->product == product_at(p) &&
			    pool->site == at->site &&
			    pool->organisation == at->organisation &&
			    pool->priority == priority &&
			    model_shared(who, pool) &&
			    model_eligible(who, pool))
				out[n++] = pool->id;
		}
	return n;
}

static size_t
model_owned(const struct someone *who, size_t p, int64_t organisation,
    int64_t out[POOLS])
{
	const struct site *site = catalogue_site(t.c, who->site);
	struct pool_info at = { .organisation = organisation };
	size_t n = 0;

	if (site != NULL) {
		at.site = site->id;
		n += model_tier(who, p, &at, out);
		for (size_t i = 0; i < site->nfailover; i++) {
			at.site = site->failover[i];
			n += model_tier(who, p, &at, out + n);
		}
	}
	at.site = 0;
	return n + model_tier(who, p, &at, out + n);
}

static size_t
model_pools(const struct someone *who, size_t p, int64_t out[POOLS])
{
	size_t n = 0;

	if (who->organisation != 0)
		n = model_owned(who, p, who->organisation, out);
	return n + model_owned(who, p, 0, out + n);
}

static int64_t
model_count(int64_t pool, enum seat_state state)
{
	int64_t n = 0;

	for (size_t i = 0; i < PERSONS; i++)
		for (size_t p = 0; p < PRODUCTS; p++)
			n += t.who[i].place[p].state == state &&
			    t.who[i].place[p].pool == pool;
	return n;
}

static int64_t
model_free(int64_t pool, int64_t priority)
{
	size_t i = pool_at(pool);
	const struct product *product =
	    catalogue_product(t.c, t.c->pool[i].product);
	int64_t used =
	    model_count(pool, SEAT_HELD) + model_count(pool, SEAT_ASSIGNED);
	int64_t usable = t.quota[i];

	if (priority < 7)
		usable -= t.quota[i] * (100 - product->cap_percent) / 100;
	return usable - used;
}

static struct someone *
model_next(size_t p, int64_t pool)
{
	struct someone *best = NULL;

	for (size_t i = 0; i < PERSONS; i++) {
		struct place *at = &t.who[i].place[p];
		bool is_in_line = false;

		for (size_t k = 0; at->waits && k < at->nlist; k++)
			is_in_line |= at->list[k] == pool;
		if (!is_in_line || model_free(pool, at->priority) <= 0)
			continue;
		if (best == NULL || at->priority > best->place[p].priority ||
		    (at->priority == best->place[p].priority &&
			at->age < best->place[p].age))
			best = &t.who[i];
	}
	return best;
}

static void
model_serve(int64_t pool)
{
	size_t p = 0;
	struct someone *next;

	while (product_at(p) != t.c->pool[pool_at(pool)].product)
		p++;
	while ((next = model_next(p, pool)) != NULL) {
		struct place *at = &next->place[p];

		*at = (struct place) { .pool = pool,
			.state = at->must_hold ? SEAT_HELD : SEAT_ASSIGNED };
		t.model_served[t.nmodel_served++] = next->id;
		t.waited++;
	}
}

static enum outcome
model_take(struct someone *who, size_t p, const struct seat_request *rq)
{
	struct place *at = &who->place[p];
	int64_t pool[POOLS], priority = rq->priority;
	size_t n = model_pools(who, p, pool);
	bool must_hold = rq->must_hold || (at->waits && at->must_hold);

	if (at->state != SEAT_NONE)
		return at->state == SEAT_HELD ? OUTCOME_HELD : OUTCOME_ASSIGNED;
	if (at->waits && at->priority > priority)
		priority = at->priority;
	if (n == 0) {
		*at = (struct place) { 0 };
		return OUTCOME_REFUSED;
	}
	for (size_t i = 0; i < n; i++)
		if (model_free(pool[i], priority) > 0) {
			*at = (struct place) { .pool = pool[i],
				.state =
				    must_hold ? SEAT_HELD : SEAT_ASSIGNED };
			return must_hold ? OUTCOME_HELD : OUTCOME_ASSIGNED;
		}
	if (rq->must_not_wait)
		return OUTCOME_REFUSED;
	if (!at->waits)
		at->age = ++t.age;
	at->waits = true;
	at->must_hold = must_hold;
	at->priority = priority;
	at->nlist = n;
	memcpy(at->list, pool, sizeof(pool));
	return OUTCOME_QUEUED;
}

static void
model_end(struct someone *who, size_t p)
{
	struct place at = who->place[p];

	who->place[p] = (struct place) { 0 };
	if (at.state == SEAT_NONE)
		return;
	t.ends++;
	model_serve(at.pool);
}

/* --- tables and batches ------------------------------------------------------------- */

static size_t
person_at(int64_t id)
{
	assert_true(id > 1000 && id <= 1000 + PERSONS);
	return (size_t)id - 1001;
}

static size_t
product_of(int64_t id)
{
	size_t p = 0;

	while (product_at(p) != id)
		p++;
	return p;
}

static void
note_served(void *arg, const struct seat *seat, const struct wait *wait)
{
	must(arg == &t && seat->person == wait->person &&
	    seat->product == wait->product);
	t.served[t.nserved++] = seat->person;
}

static void
batch_start(void)
{
	t.g = (struct gate) { .arena = cx.arena,
		.catalogue = t.c,
		.names = names_of(&t.names),
		.tenant = 1,
		.now_ms = INT64_C(1800000000000) + (int64_t)t.ends,
		.npool = POOLS,
		.served = note_served,
		.served_arg = &t };

	t.g.pool = arena_copy(cx.arena, t.stored.pool, sizeof(t.stored.pool));
	t.g.is_touched = arena_array(cx.arena, POOLS, sizeof(bool));
	t.g.fx = arena_alloc(cx.arena, sizeof(*t.g.fx));
	t.g.fx->arena = cx.arena;
	t.g.waiter =
	    arena_array(cx.arena, PERSONS * PRODUCTS, sizeof(*t.g.waiter));
	t.g.capwaiter = PERSONS * PRODUCTS;
	for (size_t i = 0; i < PERSONS; i++)
		for (size_t p = 0; p < PRODUCTS; p++) {
			struct waiter *w = &t.g.waiter[t.g.nwaiter];

			t.holding[i][p] =
			    (struct holding) { .product = product_at(p),
				    .seat = t.stored.seat[i][p],
				    .wait = t.stored.wait[i][p] };
			if (t.stored.wait[i][p].since == 0)
				continue;
			w->wait = t.stored.wait[i][p];
			FACT(&w->facts, SITE) = t.who[i].site;
			FACT(&w->facts, DEPARTMENT) = t.who[i].department;
			FACT(&w->facts, ORGANIZATION) = t.who[i].organisation;
			t.g.nwaiter++;
		}
}

/* Ends first, then puts; nothing is put twice. */
static void
batch_save(void)
{
	const struct effects *fx = t.g.fx;
	struct tables *s = &t.stored;

	for (size_t i = 0; i < POOLS; i++)
		if (t.g.is_touched[i])
			s->pool[i] = t.g.pool[i];
	for (size_t i = 0; i < fx->nseat_end; i++)
		s->seat[person_at(fx->seat_end[i].person)][product_of(
		    fx->seat_end[i].product)] = (struct seat) { 0 };
	for (size_t i = 0; i < fx->nwait_end; i++)
		s->wait[person_at(fx->wait_end[i].person)][product_of(
		    fx->wait_end[i].product)] = (struct wait) { 0 };
	for (size_t i = 0; i < fx->nwait_pool_end; i++) {
		const struct wait_pool *e = &fx->wait_pool_end[i];
		struct wait_pool *row =
		    &s->line[person_at(e->person)][pool_at(e->pool)];

		if (row->rank == e->rank && row->since == e->since)
			*row = (struct wait_pool) { 0 };
	}
	for (size_t i = 0; i < fx->nseat_put; i++)
		s->seat[person_at(fx->seat_put[i].person)]
		       [product_of(fx->seat_put[i].product)] = fx->seat_put[i];
	for (size_t i = 0; i < fx->nwait_put; i++) {
		struct wait *row =
		    &s->wait[person_at(fx->wait_put[i].person)]
			    [product_of(fx->wait_put[i].product)];

		*row = fx->wait_put[i];
		row->pools = str_copy(t.arena, row->pools);
	}
	for (size_t i = 0; i < fx->nwait_pool_put; i++) {
		const struct wait_pool *e = &fx->wait_pool_put[i];
		struct wait_pool *row =
		    &s->line[person_at(e->person)][pool_at(e->pool)];

		assert_int_equal(row->since, 0);
		*row = *e;
	}
	s->past += fx->nseat_past;
}

/* The tables say what the model says, each row of every table. */
static void
check_tables(void)
{
	const struct tables *s = &t.stored;

	for (size_t i = 0; i < POOLS; i++) {
		int64_t id = s->pool[i].id;

		assert_int_equal(s->pool[i].quota, t.quota[pool_at(id)]);
		assert_int_equal(s->pool[i].held, model_count(id, SEAT_HELD));
		assert_int_equal(
		    s->pool[i].assigned, model_count(id, SEAT_ASSIGNED));
		assert_true(
		    s->pool[i].held + s->pool[i].assigned <= s->pool[i].quota);
	}
	assert_int_equal(s->past, t.ends);
	for (size_t i = 0; i < PERSONS; i++)
		for (size_t p = 0; p < PRODUCTS; p++) {
			const struct place *at = &t.who[i].place[p];
			const struct seat *seat = &s->seat[i][p];
			const struct wait *wait = &s->wait[i][p];
			int64_t pool[WAIT_POOLS_MAX];
			size_t n = 0;

			assert_int_equal(seat->state, at->state);
			assert_int_equal(seat->pool, at->pool);
			assert_int_equal(
			    seat->onboarding != 0, at->state == SEAT_HELD);
			assert_int_equal(wait->since != 0, at->waits);
			assert_false(at->waits && at->state != SEAT_NONE);
			for (size_t k = 0; k < POOLS; k++)
				n += t.c->pool[k].product == product_at(p) &&
				    s->line[i][k].since != 0;
			assert_int_equal(n, at->nlist);
			if (!at->waits)
				continue;
			assert_int_equal(wait->priority, at->priority);
			assert_int_equal(
			    wait->organisation, t.who[i].organisation);
			assert_int_equal(wait->onboarding != 0, at->must_hold);
			assert_int_equal(
			    wait_pools_unpack(wait, pool), at->nlist);
			for (size_t k = 0; k < at->nlist; k++) {
				const struct wait_pool *line =
				    &s->line[i][pool_at(at->list[k])];

				assert_int_equal(pool[k], at->list[k]);
				assert_int_equal(line->since, wait->since);
				assert_int_equal(line->rank, 9 - at->priority);
				assert_int_equal(line->product, product_at(p));
			}
		}
}

/* Nobody waits who could be served. */
static void
check_waiters(void)
{
	int64_t free[POOLS][2];

	for (size_t i = 0; i < POOLS; i++)
		for (int passes = 0; passes < 2; passes++)
			free[i][passes] =
			    model_free(t.c->pool[i].id, 9 * passes);
	for (size_t i = 0; i < PERSONS; i++)
		for (size_t p = 0; p < PRODUCTS; p++) {
			const struct place *at = &t.who[i].place[p];

			for (size_t k = 0; at->waits && k < at->nlist; k++)
				assert_true(free[pool_at(at->list[k])]
						[at->priority >= 7] <= 0);
		}
}

/* --- one step ------------------------------------------------------------------------ */

static void
step_take(struct someone *who, size_t p, const struct seat_request *how)
{
	struct holding *h = &t.holding[person_at(who->id)][p];
	struct seat_request rq = *how;
	struct facts facts = { 0 };
	struct outcome_row out;
	enum outcome want;
	enum msg refusal;

	FACT(&facts, SITE) = who->site;
	FACT(&facts, DEPARTMENT) = who->department;
	FACT(&facts, ORGANIZATION) = who->organisation;
	rq.person = who->id;
	rq.product = product_at(p);
	rq.facts = &facts;
	rq.onboarding = 33;
	refusal = gate_refusal(&t.g, &rq, h);
	gate_take(&t.g, &rq, h, &out, &t.changes);
	want = model_take(who, p, &rq);
	if (out.outcome != want)
		wrong("%s, not %s", outcome_name(out.outcome),
		    outcome_name(want));
	assert_int_equal(refusal == MSG_NONE,
	    want == OUTCOME_ASSIGNED || want == OUTCOME_HELD);
	if (want == OUTCOME_QUEUED)
		assert_int_equal(out.pool, who->place[p].list[0]);
	else
		assert_int_equal(
		    out.pool, want == OUTCOME_REFUSED ? 0 : who->place[p].pool);
	t.took += refusal == MSG_NONE;
	t.queued += want == OUTCOME_QUEUED;
	t.refused += want == OUTCOME_REFUSED;
}

static void
step_end(struct someone *who, size_t p)
{
	gate_end(&t.g, &t.holding[person_at(who->id)][p], SEAT_END_RELEASED,
	    &t.changes);
	model_end(who, p);
}

static void
step_confirm(struct someone *who, size_t p)
{
	struct place *at = &who->place[p];

	gate_confirm(&t.g, &t.holding[person_at(who->id)][p], &t.changes);
	at->must_hold = false;
	if (at->state == SEAT_HELD)
		at->state = SEAT_ASSIGNED;
}

static void
step_quota(size_t i)
{
	int64_t id = t.c->pool[i].id, quota = (int64_t)random_below(32);
	int64_t used =
	    model_count(id, SEAT_HELD) + model_count(id, SEAT_ASSIGNED);
	enum err err = gate_quota(&cx, &t.g, id, quota, &t.changes);

	assert_int_equal(err, quota < used ? ERR_CONFLICT : OK);
	if (err != OK) {
		t.full_quota++;
		return;
	}
	t.quota[i] = quota;
	model_serve(id);
}

/* Nobody sits in another's share. */
static void
check_shares(const struct someone *who)
{
	for (size_t p = 0; p < PRODUCTS; p++)
		assert_true(who->place[p].state == SEAT_NONE ||
		    model_shared(who, &t.c->pool[pool_at(who->place[p].pool)]));
}

/*
 * As person_decide() does it: a seat of another's share is given back and asked
 * for anew, and who waits is asked for again.
 */
static void
step_move(struct someone *who)
{
	static const int64_t departments[] = { DESIGN, SALES, NEITHER };
	uint64_t site = random_below(t.c->nsite + 1);

	who->site = site < t.c->nsite ? t.c->site[site].id : 0;
	who->department = departments[random_below(3)];
	who->organisation = organisation_at(random_below(4));
	for (size_t p = 0; p < PRODUCTS; p++) {
		const struct place *at = &who->place[p];
		struct seat_request rq = { .priority = 5,
			.must_hold = at->state == SEAT_HELD };

		if (at->state != SEAT_NONE &&
		    !model_shared(who, &t.c->pool[pool_at(at->pool)])) {
			step_end(who, p);
			step_take(who, p, &rq);
			t.changed++;
		} else if (at->waits) {
			rq.priority = (int)at->priority;
			step_take(who, p, &rq);
		}
	}
	check_shares(who);
}

/* Half of all are of none. */
static int64_t
organisation_at(uint64_t i)
{
	return i < t.c->norganisation ? t.c->organisation[i].id : 0;
}

static void
step(void)
{
	struct someone *who = &t.who[random_below(PERSONS)];
	size_t p = random_below(PRODUCTS);
	uint64_t what = random_below(100);
	struct seat_request how = {
		.priority = random_below(3) == 0 ? (int)random_below(10) : 5,
		.must_hold = random_below(4) == 0,
		.must_not_wait = random_below(10) == 0,
	};

	if (what < 55)
		step_take(who, p, &how);
	else if (what < 75)
		step_end(who, p);
	else if (what < 82)
		step_confirm(who, p);
	else if (what < 90)
		step_quota(random_below(POOLS));
	else if (what < 95)
		step_move(who);
	else
		for (size_t i = 0; i < PRODUCTS; i++)
			step_end(who, i);
	assert_int_equal(t.nserved, t.nmodel_served);
	for (size_t i = 0; i < t.nserved; i++)
		assert_int_equal(t.served[i], t.model_served[i]);
	t.nserved = t.nmodel_served = t.changes.n = 0;
}

static void
start(void)
{
	t.arena = cx.arena;
	t.c = catalogue_of(yaml);
	t.dictionary = dictionary_open();
	(void)dictionary_add(t.dictionary, DESIGN, STR("design"));
	(void)dictionary_add(t.dictionary, SALES, STR("sales"));
	t.names = (struct names) { t.c, t.dictionary };
	t.random = SEED;
	assert_int_equal(t.c->npool, POOLS);
	/* loaded in another order than that of the catalogue */
	for (size_t i = 0; i < POOLS; i++) {
		const struct pool_info *info = &t.c->pool[(i * 7 + 3) % POOLS];

		t.stored.pool[i] = (struct pool) { .tenant = 1,
			.id = info->id,
			.product = info->product,
			.quota = info->quota };
		t.quota[i] = t.c->pool[i].quota;
	}
	for (size_t i = 0; i < PERSONS; i++)
		t.who[i] = (struct someone) { .id = 1001 + (int64_t)i,
			.site = i % 4 == 3 ? 0 : t.c->site[i % 4].id,
			.department = DESIGN + (int64_t)(i / 4 % 3),
			.organisation = organisation_at(i / 12 % 4) };
}

static void
the_gate_does_what_a_naive_model_does(void **state)
{
	(void)state;
	start();
	for (size_t done = 0; done < STEPS;) {
		size_t n = 1 + random_below(random_below(8) == 0 ? 400 : 8);

		/* what a batch leaves behind is only what the tables say */
		cx.arena = arena_open(1 << 24);
		t.changes = (struct change_list) { .arena = cx.arena };
		batch_start();
		for (size_t i = 0; i < n; i++, done++) {
			step();
			check_waiters();
		}
		batch_save();
		check_tables();
		arena_close(cx.arena);
	}
	cx.arena = t.arena;
	/* the walk has been everywhere */
	assert_true(t.took > 1000 && t.queued > 1000 && t.refused > 500);
	assert_true(t.waited > 500 && t.full_quota > 100 && t.ends > 500);
	assert_true(t.changed > 200);
	dictionary_close(t.dictionary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gate_does_what_a_naive_model_does),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

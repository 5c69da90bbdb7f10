/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c - every seat invariant recomputed from the rows: pools, seats,
 * waits, grants.  Reads one snapshot, changes nothing, and goes on after a
 * fault to find the rest.
 */
#include "act/verify_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"

#include "act/import_int.h"

#define PAGE	 500
#define PAGE_MEM (256 << 20)
#define ROW_MAX	 512

/* Whose line, and how urgent, as one number. */
#define LINE_OF(organisation, rank) ((organisation) << 4 | (rank))

static enum err verify_tables(struct verifying *);
static enum err load_pools(struct verifying *);
static void check_pools(struct verifying *);
static enum err check_seats(struct verifying *, struct ctx *,
    const struct rows *);
static void check_seat(struct verifying *, struct arena *,
    const struct seat *);
static enum err check_shares(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_held(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_waits(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_places(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_unserved(struct verifying *, struct ctx *,
    const struct rows *);
static bool may_serve(struct verifying *, struct pool_seen *,
    const struct wait *, const struct person *);
static enum err check_strays(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_counts(struct verifying *, struct ctx *,
    const struct rows *);
static void check_uncounted(struct verifying *);
static enum err check_grants(struct verifying *, struct ctx *,
    const struct rows *);

enum err
seats_verify(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct verifying v = { .r = r, .cx = cx };
	enum err err;

	(void)none;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &v.realm));
	v.out = arena_alloc(cx->arena, sizeof(*v.out));
	v.out->is_whole = true;
	v.out->fault = v.fault =
	    arena_array(cx->arena, FAULTS_MAX, sizeof(*v.fault));
	err = verify_log(&v);
	if (err == OK)
		err = verify_tables(&v);
	knowns_close(&v.log);
	knowns_close(&v.waiting);
	knowns_close(&v.present);
	knowns_close(&v.resources);
	knowns_close(&v.members);
	*out = v.out;
	return err;
}

static enum err
verify_tables(struct verifying *v)
{
	TRY(load_pools(v));
	TRY(walk(v, &SEAT, check_seats));
	check_pools(v);
	TRY(walk(v, &WAIT, check_waits));
	TRY(walk(v, &WAIT_POOL, check_strays));
	TRY(walk(v, &WAIT_COUNT, check_counts));
	check_uncounted(v);
	TRY(walk(v, &GRANT, check_grants));
	TRY(verify_persons(v));
	TRY(verify_groups(v));
	compare_rest(v);
	return OK;
}

/* --- walking ------------------------------------------------------------------------- */

/* Two arenas take turns: the last row's strings are the next page's start. */
enum err
walk(struct verifying *v, const struct table *t, page_check check)
{
	struct arena *arena[2] = { arena_open(PAGE_MEM),
		arena_open(PAGE_MEM) };
	struct ctx page = *v->cx;
	int64_t from[ROW_MAX / sizeof(int64_t)] = { v->realm->tenant };
	struct rows rows;
	bool is_first = true, turn = false;
	enum err err;

	must(t->row_size <= sizeof(from));
	do {
		turn = !turn;
		page.arena = arena[turn];
		arena_reset(page.arena);
		tx_switch(v->r->data, &page);
		tx_switch(v->r->keys, &page);
		err = store_page(v->r->data, t, from, 1, is_first, PAGE,
		    &rows);
		if (err == OK && rows.n > 0) {
			memcpy(from, (char *)rows.row + (rows.n - 1)
			    * t->row_size, t->row_size);
			err = check(v, &page, &rows);
		}
		is_first = false;
	} while (err == OK && rows.n == PAGE);
	tx_switch(v->r->data, v->cx);
	tx_switch(v->r->keys, v->cx);
	if (err != OK)
		fault_copy(v->cx, &page);
	arena_close(arena[0]);
	arena_close(arena[1]);
	return err;
}

void
found(struct verifying *v, enum msg what, const struct str args[4])
{
	struct seat_fault *f;

	v->out->is_whole = false;
	if (v->out->nfault == FAULTS_MAX)
		return;
	f = &v->fault[v->out->nfault++];
	f->what = what;
	for (size_t i = 0; i < COUNT(f->args); i++)
		f->args[i] = str_copy(v->cx->arena, args[i]);
}

struct str
product_slug(const struct verifying *v, struct arena *arena, int64_t product)
{
	const struct product *p =
	    catalogue_product(v->realm->catalogue, product);

	return p != NULL ? p->slug : number_text(arena, product);
}

struct str
pool_slug(const struct verifying *v, struct arena *arena, int64_t pool)
{
	const struct pool_info *p = catalogue_pool(v->realm->catalogue, pool);

	return p != NULL ? p->slug : number_text(arena, pool);
}

struct str
number_text(struct arena *arena, int64_t number)
{
	return str_fmt(arena, "%lld", (long long)number);
}

/* Which of N keys have a row; only whether there is one counts. */
static bool *
which(struct arena *arena, const struct rows *rows, size_t n)
{
	bool *is_there = arena_array(arena, n + 1, sizeof(*is_there));

	for (size_t i = 0; i < rows->n; i++)
		is_there[rows->key[i]] = true;
	return is_there;
}

/* --- pools ----------------------------------------------------------------------------- */

static enum err
load_pools(struct verifying *v)
{
	struct pool key = { .tenant = v->realm->tenant };
	struct rows rows;

	TRY(store_load(v->r->data, &POOL, &key, 1, 1, 0, &rows));
	v->pool = arena_array(v->cx->arena, rows.n + 1, sizeof(*v->pool));
	v->npool = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		struct pool_seen *p = &v->pool[i];

		p->row = ((struct pool *)rows.row)[i];
		p->product = catalogue_product(v->realm->catalogue,
		    p->row.product);
		p->info = catalogue_pool(v->realm->catalogue, p->row.id);
	}
	return OK;
}

static int
by_pool_id(const void *id, const void *seen)
{
	int64_t a = *(const int64_t *)id;
	int64_t b = ((const struct pool_seen *)seen)->row.id;

	return (a > b) - (a < b);
}

static struct pool_seen *
find_pool(const struct verifying *v, int64_t id)
{
	return v->npool == 0 ? NULL : bsearch(&id, v->pool, v->npool,
	    sizeof(*v->pool), by_pool_id);
}

static void
check_pools(struct verifying *v)
{
	struct arena *arena = v->cx->arena;

	for (size_t i = 0; i < v->npool; i++) {
		const struct pool_seen *p = &v->pool[i];
		struct str slug = pool_slug(v, arena, p->row.id);

		if (p->held != p->row.held || p->assigned != p->row.assigned)
			found(v, MSG_VERIFY_POOL_COUNT, ARGS(slug,
			    str_fmt(arena, "%lld + %lld",
			    (long long)p->row.held,
			    (long long)p->row.assigned),
			    str_fmt(arena, "%lld + %lld", (long long)p->held,
			    (long long)p->assigned)));
		if (p->held + p->assigned > p->row.quota)
			found(v, MSG_VERIFY_POOL_FULL, ARGS(slug,
			    number_text(arena, p->held + p->assigned),
			    number_text(arena, p->row.quota)));
		compare(v, arena, &(struct known) { .kind = CHANGE_QUOTA,
		    .object = p->row.id, .value = p->row.quota });
	}
	v->out->pools = (int64_t)v->npool;
}

/* --- seats ------------------------------------------------------------------------------- */

static enum err
check_seats(struct verifying *v, struct ctx *cx, const struct rows *seats)
{
	const struct seat *seat = seats->row;
	struct grant *grant = arena_array(cx->arena, seats->n,
	    sizeof(*grant));
	struct wait *wait = arena_array(cx->arena, seats->n, sizeof(*wait));
	struct rows grants, waits;
	bool *has_grant, *has_wait;

	for (size_t i = 0; i < seats->n; i++) {
		grant[i] = (struct grant) { .tenant = seat[i].tenant,
			.person = seat[i].person, .product = seat[i].product };
		wait[i] = (struct wait) { .tenant = seat[i].tenant,
			.person = seat[i].person, .product = seat[i].product };
	}
	TRY(store_load(v->r->data, &GRANT, grant, seats->n, 3, 1, &grants));
	TRY(store_load(v->r->data, &WAIT, wait, seats->n, 3, 0, &waits));
	has_grant = which(cx->arena, &grants, seats->n);
	has_wait = which(cx->arena, &waits, seats->n);
	for (size_t i = 0; i < seats->n; i++) {
		struct str who = id_text(cx->arena, seat[i].person);
		struct str what = product_slug(v, cx->arena, seat[i].product);

		if (!has_grant[i])
			found(v, MSG_VERIFY_NO_GRANT, ARGS(who, what));
		if (has_wait[i])
			found(v, MSG_VERIFY_BOTH, ARGS(who, what));
		check_seat(v, cx->arena, &seat[i]);
	}
	v->out->seats += (int64_t)seats->n;
	TRY(check_shares(v, cx, seats));
	return check_held(v, cx, seats);
}

static void
check_seat(struct verifying *v, struct arena *arena, const struct seat *seat)
{
	struct pool_seen *p = find_pool(v, seat->pool);

	if (p == NULL || p->info == NULL || p->row.product != seat->product)
		found(v, MSG_VERIFY_SEAT_POOL,
		    ARGS(id_text(arena, seat->person),
		    product_slug(v, arena, seat->product),
		    pool_slug(v, arena, seat->pool)));
	if (p != NULL) {
		p->held += seat->state == SEAT_HELD;
		p->assigned += seat->state == SEAT_ASSIGNED;
	}
	compare(v, arena, &(struct known) { .kind = CHANGE_SEAT,
	    .subject = seat->person, .object = seat->product,
	    .in = seat->pool, .value = (int64_t)seat->state });
}

/* Nobody sits in another's share; who is blocked keeps the seat until that is over. */
static enum err
check_shares(struct verifying *v, struct ctx *cx, const struct rows *seats)
{
	const struct seat *seat = seats->row;
	struct person *key = arena_array(cx->arena, seats->n, sizeof(*key));
	struct rows rows;

	if (v->realm->catalogue->norganisation == 0)
		return OK;
	for (size_t i = 0; i < seats->n; i++) {
		key[i].tenant = seat[i].tenant;
		key[i].id = seat[i].person;
	}
	TRY(store_load(v->r->data, &PERSON, key, seats->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct person *who = &((struct person *)rows.row)[i];
		const struct pool_seen *p =
		    find_pool(v, seat[rows.key[i]].pool);

		if (who->blocks != 0 || p == NULL || p->info == NULL
		    || catalogue_pool_serves(v->realm->catalogue, p->info,
		    who->organization))
			continue;
		found(v, MSG_VERIFY_SEAT_SHARE, ARGS(id_text(cx->arena,
		    who->id), p->info->slug));
	}
	return OK;
}

/* A held seat waits for the checks of an onboarding that is open: else nothing would ever end it. */
static enum err
check_held(struct verifying *v, struct ctx *cx, const struct rows *seats)
{
	const struct seat *seat = seats->row;
	struct onboarding_row *key = arena_array(cx->arena, seats->n,
	    sizeof(*key));
	bool *is_open;
	struct rows rows;

	for (size_t i = 0; i < seats->n; i++) {
		key[i].tenant = seat[i].tenant;
		key[i].id = seat[i].onboarding;
	}
	TRY(store_load(v->r->data, &ONBOARDING, key, seats->n, 2, 0, &rows));
	is_open = arena_array(cx->arena, seats->n, sizeof(*is_open));
	for (size_t i = 0; i < rows.n; i++)
		is_open[rows.key[i]] =
		    ((struct onboarding_row *)rows.row)[i].state
		    == ONBOARDING_OPEN;
	for (size_t i = 0; i < seats->n; i++)
		if ((seat[i].state == SEAT_HELD) != is_open[i])
			found(v, MSG_VERIFY_HELD,
			    ARGS(id_text(cx->arena, seat[i].person),
			    product_slug(v, cx->arena, seat[i].product)));
	return OK;
}

/* --- waits -------------------------------------------------------------------------------- */

static enum err
check_waits(struct verifying *v, struct ctx *cx, const struct rows *waits)
{
	const struct wait *wait = waits->row;
	struct grant *grant = arena_array(cx->arena, waits->n,
	    sizeof(*grant));
	struct rows grants;
	bool *has_grant;

	for (size_t i = 0; i < waits->n; i++)
		grant[i] = (struct grant) { .tenant = wait[i].tenant,
			.person = wait[i].person, .product = wait[i].product };
	TRY(store_load(v->r->data, &GRANT, grant, waits->n, 3, 1, &grants));
	has_grant = which(cx->arena, &grants, waits->n);
	for (size_t i = 0; i < waits->n; i++) {
		if (!has_grant[i])
			found(v, MSG_VERIFY_NO_GRANT,
			    ARGS(id_text(cx->arena, wait[i].person),
			    product_slug(v, cx->arena, wait[i].product)));
		known_at(&v->waiting, &(struct known) {
		    .object = wait[i].product,
		    .subject = LINE_OF(wait[i].organisation,
		    9 - wait[i].priority) })->value++;
		compare(v, cx->arena, &(struct known) { .kind = CHANGE_WAIT,
		    .subject = wait[i].person, .object = wait[i].product,
		    .value = 1 + wait[i].priority });
	}
	v->out->waits += (int64_t)waits->n;
	TRY(check_places(v, cx, waits));
	return check_unserved(v, cx, waits);
}

/* In the list of every pool that the wait names, at its place; whether it may name none, check_unserved() asks. */
static enum err
check_places(struct verifying *v, struct ctx *cx, const struct rows *waits)
{
	const struct wait *wait = waits->row;
	int64_t pool[WAIT_POOLS_MAX];
	LIST(struct wait_pool) key = { 0 };
	LIST(size_t) of = { 0 };
	size_t *missing = arena_array(cx->arena, waits->n, sizeof(*missing));
	struct rows rows;
	bool *is_there;

	for (size_t i = 0; i < waits->n; i++) {
		size_t n = wait_pools_unpack(&wait[i], pool);

		for (size_t j = 0; j < n; j++) {
			struct wait_pool place = { wait[i].tenant, pool[j],
				9 - wait[i].priority, wait[i].since,
				wait[i].person, wait[i].product };

			list_add(cx->arena, &key, place);
			list_add(cx->arena, &of, i);
		}
	}
	TRY(store_load(v->r->data, &WAIT_POOL, key.v, key.n, 6, 0, &rows));
	is_there = which(cx->arena, &rows, key.n);
	for (size_t i = 0; i < key.n; i++)
		missing[of.v[i]] += !is_there[i];
	for (size_t i = 0; i < waits->n; i++)
		if (missing[i] > 0)
			found(v, MSG_VERIFY_WAIT_PLACE,
			    ARGS(id_text(cx->arena, wait[i].person),
			    product_slug(v, cx->arena, wait[i].product)));
	return OK;
}

static enum err
check_unserved(struct verifying *v, struct ctx *cx, const struct rows *waits)
{
	const struct wait *wait = waits->row;
	struct person *key = arena_array(cx->arena, waits->n, sizeof(*key));
	int64_t pool[WAIT_POOLS_MAX];
	struct rows rows;

	for (size_t i = 0; i < waits->n; i++) {
		key[i].tenant = wait[i].tenant;
		key[i].id = wait[i].person;
	}
	TRY(store_load(v->r->data, &PERSON, key, waits->n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct wait *w = &wait[rows.key[i]];
		const struct person *p = &((struct person *)rows.row)[i];
		size_t n = wait_pools_unpack(w, pool), at = 0;

		/* Who is barred stands in no line, all others do. */
		if ((n == 0) != person_is_barred(p, w->onboarding != 0))
			found(v, MSG_VERIFY_WAIT_PLACE,
			    ARGS(id_text(cx->arena, w->person),
			    product_slug(v, cx->arena, w->product)));
		while (at < n && !may_serve(v, find_pool(v, pool[at]), w, p))
			at++;
		if (at < n)
			found(v, MSG_VERIFY_UNSERVED,
			    ARGS(id_text(cx->arena, w->person),
			    product_slug(v, cx->arena, w->product),
			    pool_slug(v, cx->arena, pool[at])));
	}
	return OK;
}

/* As the gate asks when a seat comes free. */
static bool
may_serve(struct verifying *v, struct pool_seen *p, const struct wait *w,
    const struct person *who)
{
	struct gate gate = { .catalogue = v->realm->catalogue };
	struct facts facts;
	struct filter_subject subject = { &facts, &facts, 1, v->cx->now_ms,
		order_today(v->realm, who->site, v->cx->now_ms) };

	if (p == NULL || p->info == NULL || p->product == NULL
	    || pool_free(&gate, &p->row, (int)w->priority) == 0
	    || !catalogue_pool_serves(v->realm->catalogue, p->info,
	    who->organization))
		return false;
	if (p->info->eligibility == NULL)
		return true;
	if (p->eligibility == NULL)
		p->eligibility = filter_bind(v->cx->arena,
		    p->info->eligibility, &v->realm->names);
	person_facts(who, &facts);
	return filter_match(p->eligibility, &v->realm->names, &subject);
}

/* A place in a pool's list belongs to a wait that names the pool. */
static enum err
check_strays(struct verifying *v, struct ctx *cx, const struct rows *places)
{
	const struct wait_pool *place = places->row;
	struct wait *key = arena_array(cx->arena, places->n, sizeof(*key));
	bool *is_right = arena_array(cx->arena, places->n,
	    sizeof(*is_right));
	int64_t pool[WAIT_POOLS_MAX];
	struct rows rows;

	for (size_t i = 0; i < places->n; i++)
		key[i] = (struct wait) { .tenant = place[i].tenant,
			.product = place[i].product,
			.person = place[i].person };
	TRY(store_load(v->r->data, &WAIT, key, places->n, 3, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct wait *w = &((struct wait *)rows.row)[i];
		const struct wait_pool *at = &place[rows.key[i]];
		size_t n = wait_pools_unpack(w, pool);

		for (size_t j = 0; j < n; j++)
			is_right[rows.key[i]] |= pool[j] == at->pool
			    && at->rank == 9 - w->priority
			    && at->since == w->since;
	}
	for (size_t i = 0; i < places->n; i++)
		if (!is_right[i])
			found(v, MSG_VERIFY_WAIT_STRAY,
			    ARGS(id_text(cx->arena, place[i].person),
			    pool_slug(v, cx->arena, place[i].pool)));
	return OK;
}

static void
wrong_count(struct verifying *v, struct arena *arena,
    const struct wait_count *row, int64_t waiting)
{
	found(v, MSG_VERIFY_WAIT_COUNT,
	    ARGS(product_slug(v, arena, row->product),
	    number_text(arena, 9 - row->rank),
	    number_text(arena, row->waiting), number_text(arena, waiting)));
}

static enum err
check_counts(struct verifying *v, struct ctx *cx, const struct rows *counts)
{
	for (size_t i = 0; i < counts->n; i++) {
		const struct wait_count *c =
		    &((struct wait_count *)counts->row)[i];
		struct known *k = known_at(&v->waiting, &(struct known) {
		    .object = c->product,
		    .subject = LINE_OF(c->organisation, c->rank) });

		k->is_seen = true;
		if (k->value != c->waiting)
			wrong_count(v, cx->arena, c, k->value);
	}
	return OK;
}

static void
check_uncounted(struct verifying *v)
{
	for (size_t i = 0; i < v->waiting.nslot; i++) {
		const struct known *k = &v->waiting.slot[i];
		struct wait_count none = { .product = k->object,
			.rank = k->subject & 15 };

		if (k->is_used && !k->is_seen)
			wrong_count(v, v->cx->arena, &none, k->value);
	}
}

/* --- grants ------------------------------------------------------------------------------ */

static enum err
check_grants(struct verifying *v, struct ctx *cx, const struct rows *grants)
{
	const struct grant *grant = grants->row;
	struct seat *seat = arena_array(cx->arena, grants->n, sizeof(*seat));
	struct wait *wait = arena_array(cx->arena, grants->n, sizeof(*wait));
	struct rows seats, waits;
	bool *has_seat, *has_wait;

	for (size_t i = 0; i < grants->n; i++) {
		seat[i] = (struct seat) { .tenant = grant[i].tenant,
			.product = grant[i].product,
			.person = grant[i].person };
		wait[i] = (struct wait) { .tenant = grant[i].tenant,
			.product = grant[i].product,
			.person = grant[i].person };
	}
	TRY(store_load(v->r->data, &SEAT, seat, grants->n, 3, 0, &seats));
	TRY(store_load(v->r->data, &WAIT, wait, grants->n, 3, 0, &waits));
	has_seat = which(cx->arena, &seats, grants->n);
	has_wait = which(cx->arena, &waits, grants->n);
	for (size_t i = 0; i < grants->n; i++) {
		if (!has_seat[i] && !has_wait[i])
			found(v, MSG_VERIFY_BARE_GRANT,
			    ARGS(id_text(cx->arena, grant[i].person),
			    product_slug(v, cx->arena, grant[i].product)));
		compare(v, cx->arena, &(struct known) { .kind = CHANGE_GRANT,
		    .reason = (uint8_t)grant[i].reason,
		    .subject = grant[i].person, .object = grant[i].product,
		    .value = 1 });
	}
	return OK;
}

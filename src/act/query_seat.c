/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_seat.c - reading products, pools, seats, waiting lists, onboardings.
 */
#include "act/world_int.h"

#include <stdlib.h>

#include "act/query.h"

#define WALK 1000

/* How many of an organisation come before a page of waits. */
struct before { int64_t organisation, n; };
struct befores { LIST(struct before) of; };

static enum err pool_rows(struct reader *, const struct sight *,
    const struct pool_info *only, struct pool_view **, size_t *);
static enum err pool_view_fill(struct reader *, const struct sight *,
    struct pool_view *);
static const struct product *seen_product(struct ctx *,
    const struct sight *, struct str slug);
static enum err waiting(struct reader *, const struct sight *,
    struct product_view *);
static bool holds_waiters(const struct sight *);
static void choices(struct ctx *, const struct catalogue *,
    struct organisation_view *);
static enum err seats_of_person(struct reader *, struct ctx *,
    const struct realm *, int64_t person, struct seats_out *);
static enum err keep_seats(struct reader *, const struct rows *,
    struct seat_view *, size_t *n);
static enum err keep_waits(struct reader *, const struct rows *,
    struct befores *, struct wait_view *, size_t *n);
static size_t chunk_of(const struct ctx *, const struct page_in *);
static struct seat_view seat_view_of(const struct realm *,
    const struct seat *);
static void hide_pools(struct ctx *, const struct realm *,
    struct outcome_row *, size_t *n);
static enum err now_of(struct reader *, struct ctx *, const struct realm *,
    struct onboarding_view *, const struct outcome_row *);
static enum err waits_of_person(struct reader *, const struct realm *,
    int64_t person, struct rows *);
static enum err waits_of_product(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct rows *,
    struct befores *);
static int64_t *before_of(struct ctx *, struct befores *, int64_t);
static int by_turn(const void *, const void *);
static enum err granted_products(struct reader *, const struct realm *,
    int64_t person, struct rows *);

/* --- pools and products ------------------------------------------------------------- */

enum err
pools_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct pools_out *out = arena_alloc(cx->arena, sizeof(*out));
	const struct realm *realm;
	const struct product *product = NULL;
	struct sight sight;
	struct pool_view *v;
	size_t n, kept = 0;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	sight_of(cx, realm, &sight);
	if (page->of.n > 0) {
		product = seen_product(cx, &sight, page->of);
		if (product == NULL)
			return ERR_NOT_FOUND;
	}
	TRY(pool_rows(r, &sight, NULL, &v, &n));
	for (size_t i = 0; i < n; i++)
		if (product == NULL || v[i].product == product)
			v[kept++] = v[i];
	out->pool = v;
	out->n = kept;
	*result = out;
	return OK;
}

enum err
pool_show(struct reader *r, struct ctx *cx, const void *slug, void **out)
{
	const struct realm *realm;
	const struct pool_info *info;
	struct sight sight;
	struct pool_view *v;
	size_t n;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	sight_of(cx, realm, &sight);
	info = catalogue_pool_slug(realm->catalogue,
	    *(const struct str *)slug);
	if (info != NULL)
		TRY(pool_rows(r, &sight, info, &v, &n));
	if (info != NULL && n > 0) {
		*out = v;
		return OK;
	}
	return fail(cx, ERR_NOT_FOUND, MSG_POOL_UNKNOWN, "pool",
	    str_z(cx->arena, *(const struct str *)slug));
}

/* What is seen of all, or of the only one. */
static enum err
pool_rows(struct reader *r, const struct sight *sight,
    const struct pool_info *only, struct pool_view **out, size_t *n)
{
	struct ctx *cx = tx_ctx(r->data);
	struct pool key = { .tenant = cx->actor->tenant,
		.id = only != NULL ? only->id : 0 };
	struct pool_view *v;
	struct rows rows;

	TRY(store_load(
	    r->data, &POOL, &key, 1, only != NULL ? 2 : 1, 0, &rows));
	v = arena_array(cx->arena, rows.n + 1, sizeof(*v));
	*n = 0;
	for (size_t i = 0; i < rows.n; i++) {
		struct pool_view *p = &v[*n];

		p->row = ((struct pool *)rows.row)[i];
		p->info = catalogue_pool(sight->catalogue, p->row.id);
		if (p->info == NULL || !sees_pool(sight, p->info))
			continue;
		TRY(pool_view_fill(r, sight, p));
		(*n)++;
	}
	*out = v;
	return OK;
}

static enum err
pool_view_fill(struct reader *r, const struct sight *sight,
    struct pool_view *p)
{
	const struct catalogue *c = sight->catalogue;
	struct wait_pool from = { .tenant = p->row.tenant,
		.pool = p->row.id };
	const struct site *site = catalogue_site(c, p->info->site);
	const struct organisation *organisation =
	    catalogue_organisation(c, p->info->organisation);

	p->product = catalogue_product(c, p->row.product);
	p->site = site != NULL ? site->slug : STR("");
	p->organisation = organisation != NULL ? organisation->slug : STR("");
	p->is_counted = holds_pool(sight, p->info);
	if (!p->is_counted) {
		p->row.held = p->row.assigned = 0;
		return OK;
	}
	return store_count(r->data, &WAIT_POOL, &from, 2, &p->waiting);
}

static void
add_usage(struct product_view *p, const struct pool_view *pool, size_t n)
{
	p->is_counted = true;
	for (size_t i = 0; i < n; i++)
		if (pool[i].product == p->info) {
			p->is_counted &= pool[i].is_counted;
			p->quota += pool[i].row.quota;
			p->held += pool[i].row.held;
			p->assigned += pool[i].row.assigned;
			p->npool++;
		}
}

enum err
products_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	struct products_out *out = arena_alloc(cx->arena, sizeof(*out));
	const struct realm *realm;
	struct product_view *v;
	struct pool_view *pool;
	struct sight sight;
	bool holds_all;
	size_t n;

	(void)in;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	sight_of(cx, realm, &sight);
	TRY(pool_rows(r, &sight, NULL, &pool, &n));
	holds_all = holds_waiters(&sight);
	v = arena_array(cx->arena, realm->catalogue->nproduct + 1,
	    sizeof(*v));
	for (size_t i = 0; i < realm->catalogue->nproduct; i++) {
		struct product_view *p = &v[out->n];

		p->info = &realm->catalogue->product[i];
		if (!sees_product(&sight, p->info))
			continue;
		add_usage(p, pool, n);
		p->is_waiting_counted = holds_all;
		TRY(waiting(r, &sight, p));
		out->n++;
	}
	out->product = v;
	*result = out;
	return OK;
}

enum err
product_show(struct reader *r, struct ctx *cx, const void *slug, void **out)
{
	struct product_view *v = arena_alloc(cx->arena, sizeof(*v));
	const struct realm *realm;
	struct pool_view *pool;
	struct sight sight;
	size_t n;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	sight_of(cx, realm, &sight);
	v->info = seen_product(cx, &sight, *(const struct str *)slug);
	if (v->info == NULL)
		return ERR_NOT_FOUND;
	TRY(pool_rows(r, &sight, NULL, &pool, &n));
	add_usage(v, pool, n);
	v->is_waiting_counted = holds_waiters(&sight);
	*out = v;
	return waiting(r, &sight, v);
}

/* NULL: ERR_NOT_FOUND, and why is said. */
static const struct product *
seen_product(struct ctx *cx, const struct sight *sight, struct str slug)
{
	const struct product *p =
	    catalogue_product_slug(sight->catalogue, slug);

	if (p != NULL && sees_product(sight, p))
		return p;
	(void)fail(cx, ERR_NOT_FOUND, MSG_ORDER_PRODUCT, "product",
	    str_z(cx->arena, slug));
	return NULL;
}

static enum err
waiting(struct reader *r, const struct sight *sight, struct product_view *p)
{
	struct wait_count key = { .product = p->info->id,
		.tenant = tx_ctx(r->data)->actor->tenant };
	struct rows rows;

	if (!p->is_waiting_counted)
		return OK;
	TRY(store_load(r->data, &WAIT_COUNT, &key, 1, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct wait_count *c =
		    &((struct wait_count *)rows.row)[i];

		if (sees_organisation(sight, c->organisation))
			p->waiting += c->waiting;
	}
	return OK;
}

/* All people of every organisation that is seen. */
static bool
holds_waiters(const struct sight *s)
{
	if (s->sees_nobodys && !holds_organisation(s, 0))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!holds_organisation(s, s->organisation[i]))
			return false;
	return true;
}

/* --- organisations ---------------------------------------------------------------------- */

enum err
organisations_list(struct reader *r, struct ctx *cx, const void *none,
    void **result)
{
	struct organisations_out *out = arena_alloc(cx->arena, sizeof(*out));
	const struct realm *realm;
	const struct catalogue *c;
	struct organisation_view *v;
	struct pool_view *pool, *share;
	struct sight sight;
	size_t n, at = 0;

	(void)none;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	c = realm->catalogue;
	sight_of(cx, realm, &sight);
	TRY(pool_rows(r, &sight, NULL, &pool, &n));
	share = arena_array(cx->arena, n + 1, sizeof(*share));
	v = arena_array(cx->arena, c->norganisation + 1, sizeof(*v));
	for (size_t i = 0; i < c->norganisation; i++) {
		struct organisation_view *o = &v[out->n];

		o->info = &c->organisation[i];
		if (!sees_organisation(&sight, o->info->id))
			continue;
		choices(cx, c, o);
		o->share = &share[at];
		for (size_t j = 0; j < n; j++)
			if (pool[j].info->organisation == o->info->id)
				share[at++] = pool[j];
		o->nshare = (size_t)(&share[at] - o->share);
		out->n++;
	}
	out->organisation = v;
	*result = out;
	return OK;
}

/* What its people can be given. */
static void
choices(struct ctx *cx, const struct catalogue *c,
    struct organisation_view *o)
{
	const struct product **product = arena_array(cx->arena,
	    c->nproduct + 1, sizeof(*product));

	o->product = product;
	for (size_t i = 0; i < c->nproduct; i++)
		if (catalogue_product_serves(c, &c->product[i], o->info->id))
			product[o->nproduct++] = &c->product[i];
}

enum err
organisation_show(struct reader *r, struct ctx *cx, const void *slug,
    void **out)
{
	const struct organisations_out *all;
	void *list;

	TRY(organisations_list(r, cx, NULL, &list));
	all = list;
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->organisation[i].info->slug,
		    *(const struct str *)slug)) {
			*out = (void *)&all->organisation[i];
			return OK;
		}
	return fail(cx, ERR_NOT_FOUND, MSG_ORDER_ORGANISATION, "organisation",
	    str_z(cx->arena, *(const struct str *)slug));
}

/* --- seats ---------------------------------------------------------------------------- */

enum err
seats_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct seats_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct seat from = { .person = page->after };
	const size_t chunk = chunk_of(cx, page);
	const struct realm *realm;
	const struct product *product;
	struct seat_view *v;
	struct sight sight;
	struct rows rows;

	*result = out;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	if (page->person != 0)
		return seats_of_person(r, cx, realm, page->person, out);
	sight_of(cx, realm, &sight);
	product = seen_product(cx, &sight, page->of);
	if (product == NULL)
		return ERR_NOT_FOUND;
	from.tenant = realm->tenant;
	from.product = product->id;
	out->seat = v = arena_array(cx->arena, page->limit + chunk + 1,
	    sizeof(*v));
	do {
		TRY(store_page(r->data, &SEAT, &from, 2, from.person == 0,
		    chunk, &rows));
		TRY(keep_seats(r, &rows, v, &out->n));
		if (rows.n > 0)
			from = ((struct seat *)rows.row)[rows.n - 1];
	} while (rows.n == chunk && out->n <= page->limit);
	if (out->n > page->limit) {
		out->n = page->limit;
		out->next = v[out->n - 1].row.person;
	}
	return OK;
}

/*
 * How many rows are read at once.  What follows a page is told by one row more
 * than it has; whoever has a scope is told it of what lies in that.
 */
static size_t
chunk_of(const struct ctx *cx, const struct page_in *page)
{
	return cx->actor->scope != NULL ? WALK : page->limit + 1;
}

static enum err
keep_seats(struct reader *r, const struct rows *rows, struct seat_view *v,
    size_t *n)
{
	struct ctx *cx = tx_ctx(r->data);
	const struct seat *row = rows->row;
	int64_t *id = arena_array(cx->arena, rows->n + 1, sizeof(*id));
	bool *seen = arena_array(cx->arena, rows->n + 1, sizeof(*seen));
	const struct realm *realm;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	for (size_t i = 0; i < rows->n; i++)
		id[i] = row[i].person;
	TRY(persons_seen(r, cx, realm, id, rows->n, seen));
	for (size_t i = 0; i < rows->n; i++)
		if (seen[i])
			v[(*n)++] = seat_view_of(realm, &row[i]);
	return OK;
}

static struct seat_view
seat_view_of(const struct realm *realm, const struct seat *row)
{
	const struct product *product = catalogue_product(realm->catalogue,
	    row->product);
	const struct pool_info *pool = catalogue_pool(realm->catalogue,
	    row->pool);

	return (struct seat_view) { *row,
		product != NULL ? product->slug : STR(""),
		pool != NULL ? pool->slug : STR("") };
}

static enum err
seats_of_person(struct reader *r, struct ctx *cx, const struct realm *realm,
    int64_t person, struct seats_out *out)
{
	struct rows grants, seats;
	struct seat_view *v;
	struct seat *key;
	bool in = false;

	TRY(persons_seen(r, cx, realm, &person, 1, &in));
	if (!in)
		return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, "person");
	TRY(granted_products(r, realm, person, &grants));
	key = arena_array(cx->arena, grants.n + 1, sizeof(*key));
	for (size_t i = 0; i < grants.n; i++) {
		key[i].tenant = realm->tenant;
		key[i].product = ((struct grant *)grants.row)[i].product;
		key[i].person = person;
	}
	TRY(store_load(r->data, &SEAT, key, grants.n, 3, 0, &seats));
	out->seat = v = arena_array(cx->arena, seats.n + 1, sizeof(*v));
	for (size_t i = 0; i < seats.n; i++)
		v[out->n++] = seat_view_of(realm,
		    &((struct seat *)seats.row)[i]);
	return OK;
}

/* Grants of a person, each product once. */
static enum err
granted_products(struct reader *r, const struct realm *realm, int64_t person,
    struct rows *out)
{
	struct grant key = { .tenant = realm->tenant, .person = person };
	struct grant *g;
	size_t kept = 0;

	TRY(store_load(r->data, &GRANT, &key, 1, 2, 0, out));
	g = out->row;
	for (size_t i = 0; i < out->n; i++)
		if (kept == 0 || g[kept - 1].product != g[i].product)
			g[kept++] = g[i];
	out->n = kept;
	return OK;
}

enum err
persons_seen(struct reader *r, struct ctx *cx, const struct realm *realm,
    const int64_t *id, size_t n, bool *in)
{
	struct person_query q = { .tenant = realm->tenant,
		.scope = cx->actor->scope, .names = &realm->names };
	struct person *key;
	struct rows rows;

	q.today = order_today(realm, 0, cx->now_ms);
	if (q.scope != NULL)
		return person_in_scope(r->data, &q, id, n, in);
	key = arena_array(cx->arena, n + 1, sizeof(*key));
	for (size_t i = 0; i < n; i++) {
		key[i].tenant = realm->tenant;
		key[i].id = id[i];
	}
	TRY(store_load(r->data, &PERSON, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		in[rows.key[i]] = true;
	return OK;
}

/* --- waiting lists ------------------------------------------------------------------- */

static void
view_wait(const struct realm *realm, const struct wait *row, int64_t position,
    struct wait_view *v)
{
	const struct product *product = catalogue_product(realm->catalogue,
	    row->product);

	v->row = *row;
	v->product = product != NULL ? product->slug : STR("");
	v->position = position;
}

/*
 * The place in the product's list among the people of the same organisation:
 * 1 + those who come before, counted by walking it; rows are kept by person,
 * not by turn.
 */
static enum err
place_of(struct reader *r, const struct wait *row, int64_t *out)
{
	struct wait from = { .tenant = row->tenant, .product = row->product };
	struct rows rows;
	bool is_first = true;

	*out = 1;
	do {
		TRY(store_page(r->data, &WAIT, &from, 2, is_first, WALK,
		    &rows));
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct wait *)rows.row)[i];
			*out += from.organisation == row->organisation
			    && by_turn(&from, row) < 0;
		}
		is_first = false;
	} while (rows.n == WALK);
	return OK;
}

enum err
waits_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct page_in part = *page;
	struct waits_out *out = arena_alloc(cx->arena, sizeof(*out));
	const struct realm *realm;
	struct wait_view *v;
	struct rows rows;

	*result = out;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	part.limit = chunk_of(cx, page);
	out->wait = v = arena_array(cx->arena,
	    page->limit + part.limit + PRODUCTS_MAX, sizeof(*v));
	if (page->person != 0) {
		TRY(waits_of_person(r, realm, page->person, &rows));
		return keep_waits(r, &rows, NULL, v, &out->n);
	}
	do {
		struct befores before = { 0 };

		TRY(waits_of_product(r, cx, realm, &part, &rows, &before));
		TRY(keep_waits(r, &rows, &before, v, &out->n));
		if (rows.n > 0)
			part.after =
			    ((struct wait *)rows.row)[rows.n - 1].person;
	} while (rows.n == part.limit && out->n <= page->limit);
	if (out->n > page->limit) {
		out->n = page->limit;
		out->next = v[out->n - 1].row.person;
	}
	return OK;
}

/* BEFORE are those of the list that come before; NULL: they are of several lists. */
static enum err
keep_waits(struct reader *r, const struct rows *rows, struct befores *before,
    struct wait_view *v, size_t *n)
{
	struct ctx *cx = tx_ctx(r->data);
	const struct wait *row = rows->row;
	int64_t *id = arena_array(cx->arena, rows->n + 1, sizeof(*id));
	bool *seen = arena_array(cx->arena, rows->n + 1, sizeof(*seen));
	const struct realm *realm;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	for (size_t i = 0; i < rows->n; i++)
		id[i] = row[i].person;
	TRY(persons_seen(r, cx, realm, id, rows->n, seen));
	for (size_t i = 0; i < rows->n; i++) {
		int64_t place = 0;

		if (before != NULL)
			place = ++*before_of(cx, before, row[i].organisation);
		if (!seen[i])
			continue;
		if (before == NULL)
			TRY(place_of(r, &row[i], &place));
		view_wait(realm, &row[i], place, &v[(*n)++]);
	}
	return OK;
}

static enum err
waits_of_person(struct reader *r, const struct realm *realm, int64_t person,
    struct rows *rows)
{
	struct rows grants;
	struct wait *key;

	TRY(granted_products(r, realm, person, &grants));
	key = arena_array(tx_ctx(r->data)->arena, grants.n + 1, sizeof(*key));
	for (size_t i = 0; i < grants.n; i++)
		key[i] = (struct wait) { .tenant = realm->tenant,
			.product = ((struct grant *)grants.row)[i].product,
			.person = person };
	return store_load(r->data, &WAIT, key, grants.n, 3, 0, rows);
}

/*
 * One page of a product's list in the order in which it is served.  The rows
 * are kept by person, so all are walked and the next ones kept; the cursor is
 * the person seen last, BEFORE how many came before the page.
 */
static enum err
waits_of_product(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct rows *out, struct befores *before)
{
	const struct product *product;
	struct wait from = { .tenant = realm->tenant }, last = { 0 };
	struct wait *kept = arena_array(cx->arena, page->limit + WALK,
	    sizeof(*kept));
	struct sight sight;
	struct rows rows;

	sight_of(cx, realm, &sight);
	product = seen_product(cx, &sight, page->of);
	if (product == NULL)
		return ERR_NOT_FOUND;
	from.product = product->id;
	from.person = page->after;
	if (page->after != 0) {
		TRY(store_load(r->data, &WAIT, &from, 1, 3, 0, &rows));
		if (rows.n == 0)
			return fail(cx, ERR_CONFLICT, MSG_QUERY_CURSOR,
			    "cursor");
		last = *(struct wait *)rows.row;
	}
	from.person = 0;
	*out = (struct rows) { .row = kept };
	do {
		TRY(store_page(r->data, &WAIT, &from, 2, from.person == 0,
		    WALK, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct wait *)rows.row)[i];
			if (page->after == 0 || by_turn(&last, &from) < 0)
				kept[out->n++] = from;
			else
				++*before_of(cx, before, from.organisation);
		}
		qsort(kept, out->n, sizeof(*kept), by_turn);
		if (out->n > page->limit)
			out->n = page->limit;
	} while (rows.n == WALK);
	return OK;
}

/* How many of ORGANISATION were counted so far. */
static int64_t *
before_of(struct ctx *cx, struct befores *all, int64_t organisation)
{
	struct before none = { organisation, 0 };

	for (size_t i = 0; i < all->of.n; i++)
		if (all->of.v[i].organisation == organisation)
			return &all->of.v[i].n;
	list_add(cx->arena, &all->of, none);
	return &all->of.v[all->of.n - 1].n;
}

static int
by_turn(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	return (x->since > y->since) - (x->since < y->since);
}

/* --- onboardings ------------------------------------------------------------------------ */

enum err
onboarding_show(struct reader *r, struct ctx *cx, const void *id, void **out)
{
	struct onboarding_view *v = arena_alloc(cx->arena, sizeof(*v));
	struct onboarding_row key = { .tenant = cx->actor->tenant,
		.id = *(const int64_t *)id };
	struct check_row check = { .tenant = cx->actor->tenant,
		.onboarding = key.id };
	const struct realm *realm;
	struct outcome_row *told;
	struct rows rows;
	bool seen = false;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	TRY(store_load(r->data, &ONBOARDING, &key, 1, 2, 0, &rows));
	if (rows.n == 1) {
		v->row = *(struct onboarding_row *)rows.row;
		TRY(persons_seen(r, cx, realm, &v->row.person, 1, &seen));
	}
	if (!seen)
		return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_ONBOARDING,
		    "onboarding");
	TRY(store_load(r->data, &CHECK_ROW, &check, 1, 2, 0, &rows));
	v->check = rows.row;
	v->ncheck = rows.n;
	v->ntold = outcome_unpack(cx->arena, v->row.outcome, &told);
	hide_pools(cx, realm, told, &v->ntold);
	v->told = outcome_tell(cx->arena, realm->catalogue, told, v->ntold);
	*out = v;
	return now_of(r, cx, realm, v, told);
}

/* What was told of an organisation that the person has left stays there. */
static void
hide_pools(struct ctx *cx, const struct realm *realm,
    struct outcome_row *told, size_t *n)
{
	struct sight sight;
	size_t kept = 0;

	sight_of(cx, realm, &sight);
	for (size_t i = 0; i < *n; i++) {
		const struct product *product =
		    catalogue_product(realm->catalogue, told[i].product);
		const struct pool_info *pool =
		    catalogue_pool(realm->catalogue, told[i].pool);

		if (product != NULL && !sees_product(&sight, product))
			continue;
		if (pool != NULL && !sees_pool(&sight, pool))
			told[i].pool = 0;
		told[kept++] = told[i];
	}
	*n = kept;
}

/* How it stands: the seat or the wait that each product of it has now. */
static enum err
now_of(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct onboarding_view *v, const struct outcome_row *told)
{
	struct seat_told *now = arena_array(cx->arena, v->ntold + 1,
	    sizeof(*now));

	v->now = now;
	for (size_t i = 0; i < v->ntold; i++) {
		struct seat seat = { .tenant = realm->tenant,
			.product = told[i].product, .person = v->row.person };
		struct wait wait = { .tenant = realm->tenant,
			.product = told[i].product, .person = v->row.person };
		struct outcome_row row = { .product = told[i].product };
		struct rows seats, waits;

		TRY(store_load(r->data, &SEAT, &seat, 1, 3, 0, &seats));
		TRY(store_load(r->data, &WAIT, &wait, 1, 3, 0, &waits));
		if (seats.n == 1) {
			const struct seat *s = seats.row;

			row.pool = s->pool;
			row.outcome = s->state == SEAT_HELD ? OUTCOME_HELD
			    : OUTCOME_ASSIGNED;
		} else if (waits.n == 1) {
			row.outcome = OUTCOME_QUEUED;
			TRY(place_of(r, waits.row, &row.position));
			row.reason = MSG_SEAT_QUEUED;
		} else {
			continue;
		}
		now[v->nnow++] = *outcome_tell(cx->arena, realm->catalogue,
		    &row, 1);
	}
	return OK;
}

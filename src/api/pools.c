/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pools.c - pools with their usage, and changing how many seats one has.
 */
#include "api/api_int.h"

static void put_members(struct js_out *, const struct pool_view *);

static enum err
list_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));
	struct str product = request_query(c->rq, "product");

	page->limit = PAGE_MAX;
	if (product.p != NULL)
		page->of = product;
	*in = page;
	return OK;
}

static void
list_encode(struct call *c)
{
	const struct pools_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++)
		put_pool(js, &out->pool[i]);
	js_close_array(js);
	put_next(js, 0);
	js_close_object(js);
}

static void
pool_encode(struct call *c)
{
	const struct pool_view *v = c->out;

	if (call_etag(c, v->row.version))
		return;
	put_pool(&c->js, v);
}

void
put_pool(struct js_out *js, const struct pool_view *v)
{
	js_open_object(js);
	put_members(js, v);
	js_close_object(js);
}

/* A change has one more. */
static void
put_members(struct js_out *js, const struct pool_view *v)
{
	js_key(js, "id");
	js_put_id(js, v->row.id);
	js_key(js, "slug");
	js_put_str(js, v->info->slug);
	js_key(js, "product");
	js_put_str(js, v->product->slug);
	put_text_or_null(js, "site", v->site);
	put_text_or_null(js, "organisation", v->organisation);
	js_key(js, "priority");
	js_put_int(js, v->info->priority);
	js_key(js, "quota");
	js_put_int(js, v->row.quota);
	put_count_or_null(js, "held", v->row.held, v->is_counted);
	put_count_or_null(js, "assigned", v->row.assigned, v->is_counted);
	put_count_or_null(js, "free",
	    v->row.quota - v->row.held - v->row.assigned, v->is_counted);
	put_count_or_null(js, "waiting", v->waiting, v->is_counted);
	js_key(js, "reserve");
	js_put_bool(js, v->info->is_reserve);
	js_key(js, "version");
	js_put_int(js, v->row.version);
}

void
put_count_or_null(struct js_out *js, const char *name, int64_t n, bool is_told)
{
	js_key(js, name);
	if (is_told)
		js_put_int(js, n);
	else
		js_put_null(js);
}

/* --- the quota -------------------------------------------------------------------- */

static const struct member quota_members[] = {
	{ "quota", MEMBER_INT, offsetof(struct quota_in, quota), 0, QUOTA_MAX, true },
};
static const struct member_table quota_table = { quota_members, COUNT(quota_members), "" };

static enum err
quota_decode(struct call *c, void **in)
{
	struct quota_in *q = arena_alloc(c->cx->arena, sizeof(*q));

	q->pool = c->rq->param[0];
	TRY(if_match(c, &q->if_version));
	*in = q;
	return body_decode(c, &quota_table, q);
}

static enum err
changed_decode(struct call *c, void **in)
{
	c->kept = c->out;
	return slug_of_path(c, in);
}

static void
changed_encode(struct call *c)
{
	const struct quota_out *changed = c->kept;
	const struct pool_view *v = c->out;

	call_etag(c, v->row.version);
	js_open_object(&c->js);
	put_members(&c->js, v);
	js_key(&c->js, "served");
	js_put_int(&c->js, changed->served);
	js_close_object(&c->js);
}

static const struct route_work
    show_changed = { .kind = WORK_QUERY, .run = pool_show, .decode = changed_decode, .encode = changed_encode },
    change = { .kind = WORK_USE_CASE, .use_case = &pool_quota, .decode = quota_decode, .next = &show_changed,
	.body = "QuotaChange", .reply = "PoolChanged", .traits = TAGS | GUARDED };

#define POOL_FIELDS \
	{ "id", "id", "" }, \
	{ "slug", "slug", "" }, \
	{ "product", "slug", "" }, \
	{ "site", "slug?", "null: for every site." }, \
	{ "organisation", "slug?", "Whose share it is; null: nobody's." }, \
	{ "priority", "int", "The highest is taken from first." }, \
	{ "quota", "count", "How many seats it has." }, \
	{ "held", "count?", "null: it is for people out of scope too." }, \
	{ "assigned", "count?", "" }, \
	{ "free", "int?", "What is left of the quota." }, \
	{ "waiting", "count?", "" }, \
	{ "reserve", "bool", "Of a third party: never assigned from." }, \
	{ "version", "count", "" }

static const struct field pool_fields[] = { POOL_FIELDS, { 0 } };

static const struct field changed_fields[] = {
	POOL_FIELDS,
	{ "served", "count", "How many of those who waited got a seat." },
	{ 0 }
};

const struct shape pool_shapes[] = {
	{ .name = "Pool", .text = "Seats of a product that are given from one place.", .field = pool_fields },
	{ .name = "PoolChanged", .text = "The pool after a change.", .field = changed_fields },
	{ .name = "QuotaChange", .text = "How many seats the pool shall have.", .members = &quota_table },
	{ 0 }
};

const struct route pool_routes[] = {
	{ GET, "/api/v1/pools", RIGHT_POOL_READ, 0, false,
	    LIST(pools_list, list_decode, list_encode, "product", .reply = "[Pool]", .errors = ERR_BIT(NOT_FOUND)),
	    "List pools, of a product or all" },
	{ GET, "/api/v1/pools/{pool}", RIGHT_POOL_READ, 0, false,
	    QUERY(pool_show, slug_of_path, pool_encode, .reply = "Pool", .traits = TAGS),
	    "Show a pool" },
	{ PATCH, "/api/v1/pools/{pool}", RIGHT_POOL_WRITE, SMALL_BODY_MAX, false, &change, "Change a pool's quota" },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * products.c - products, and who holds and awaits them.
 */
#include "api/api_int.h"

#include "base/id.h"

static void put_product(struct js_out *, const struct product_view *);

enum err
slug_of_path(struct call *c, void **in)
{
	*in = &c->rq->param[0];
	return OK;
}

static void
products_encode(struct call *c)
{
	const struct products_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_product(&c->js, &out->product[i]);
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
product_encode(struct call *c)
{
	put_product(&c->js, c->out);
}

static void
put_product(struct js_out *js, const struct product_view *v)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->info->id);
	js_key(js, "slug");
	js_put_str(js, v->info->slug);
	js_key(js, "name");
	js_put_str(js, v->info->name);
	js_key(js, "cap");
	js_put_int(js, v->info->cap_percent);
	js_key(js, "quota");
	js_put_int(js, v->quota);
	put_count_or_null(js, "held", v->held, v->is_counted);
	put_count_or_null(js, "assigned", v->assigned, v->is_counted);
	put_count_or_null(js, "waiting", v->waiting, v->is_waiting_counted);
	js_key(js, "pools");
	js_put_int(js, (int64_t)v->npool);
	js_close_object(js);
}

/* --- seats and waits ------------------------------------------------------------ */

/* A page of what belongs to the product in the path. */
static enum err
page_of_product(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	page->of = c->rq->param[0];
	*in = page;
	return page_decode(c, page);
}

static void
seats_encode(struct call *c)
{
	const struct seats_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_seat(&c->js, &out->seat[i]);
	js_close_array(&c->js);
	put_next(&c->js, out->next);
	js_close_object(&c->js);
}

static void
waits_encode(struct call *c)
{
	const struct waits_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_wait(&c->js, &out->wait[i]);
	js_close_array(&c->js);
	put_next(&c->js, out->next);
	js_close_object(&c->js);
}

void
put_seat(struct js_out *js, const struct seat_view *v)
{
	js_open_object(js);
	js_key(js, "person");
	js_put_id(js, v->row.person);
	js_key(js, "product");
	js_put_str(js, v->product);
	js_key(js, "pool");
	js_put_str(js, v->pool);
	js_key(js, "state");
	js_put_z(js, seat_state_name(v->row.state));
	js_key(js, "since");
	js_put_time(js, v->row.since_ms);
	js_key(js, "expires");
	js_put_time(js, v->row.expires_ms);
	js_key(js, "onboarding");
	js_put_id(js, v->row.onboarding);
	js_close_object(js);
}

void
put_wait(struct js_out *js, const struct wait_view *v)
{
	js_open_object(js);
	js_key(js, "person");
	js_put_id(js, v->row.person);
	js_key(js, "product");
	js_put_str(js, v->product);
	js_key(js, "position");
	js_put_int(js, v->position);
	js_key(js, "priority");
	js_put_int(js, v->row.priority);
	js_key(js, "since");
	js_put_time(js, id_ms(v->row.since));
	js_key(js, "onboarding");
	js_put_id(js, v->row.onboarding);
	js_close_object(js);
}

/* --- every invariant, recomputed --------------------------------------------------- */

static void
verdict_encode(struct call *c)
{
	const struct seats_verdict *v = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "whole");
	js_put_bool(js, v->is_whole);
	js_key(js, "persons");
	js_put_int(js, v->persons);
	js_key(js, "seats");
	js_put_int(js, v->seats);
	js_key(js, "waits");
	js_put_int(js, v->waits);
	js_key(js, "pools");
	js_put_int(js, v->pools);
	js_key(js, "entries");
	js_put_int(js, v->entries);
	js_key(js, "faults");
	js_open_array(js);
	for (size_t i = 0; i < v->nfault; i++) {
		js_open_object(js);
		js_key(js, "message");
		js_put_z(js, msg_name(v->fault[i].what));
		js_key(js, "text");
		js_put_str(js,
		    msg_text(c->cx->arena, v->fault[i].what, c->cx->lang,
			v->fault[i].args));
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

static const struct field product_fields[] = {
	{ "id", "id", "" },
	{ "slug", "slug", "" },
	{ "name", "text", "" },
	{ "cap", "int", "Percent of a pool that anybody may have; the rest is for the urgent." },
	{ "quota", "count", "Of its pools together, as far as they are seen, as the numbers that follow." },
	{ "held", "count?", "null: it is for people out of scope too." },
	{ "assigned", "count?", "" },
	{ "waiting", "count?", "" },
	{ "pools", "count", "How many are seen." },
	{ 0 }
};

static const struct field seat_fields[] = {
	{ "person", "id", "" },
	{ "product", "slug", "" },
	{ "pool", "slug", "" },
	{ "state", "SeatState", "" },
	{ "since", "time", "" },
	{ "expires", "time?", "When a held seat comes free." },
	{ "onboarding", "id?", "Whose checks it waits for." },
	{ 0 }
};

static const struct field wait_fields[] = {
	{ "person", "id", "" },
	{ "product", "slug", "" },
	{ "position", "count", "Among the people of the same organisation; 1 is served next." },
	{ "priority", "int", "" },
	{ "since", "time", "" },
	{ "onboarding", "id?", "" },
	{ 0 }
};

static const struct field verdict_fields[] = {
	{ "whole", "bool", "No fault was found." },
	{ "persons", "count", "" },
	{ "seats", "count", "" },
	{ "waits", "count", "" },
	{ "pools", "count", "" },
	{ "entries", "count", "" },
	{ "faults", "[SeatFault]", "" },
	{ 0 }
};

static const struct field fault_fields[] = {
	{ "message", "message", "" },
	{ "text", "text", "" },
	{ 0 }
};

const struct shape product_shapes[] = {
	{ .name = "Product", .text = "What people have seats of.", .field = product_fields },
	{ .name = "Seat", .text = "A seat that somebody holds.", .field = seat_fields },
	{ .name = "Wait", .text = "A place in a waiting list.", .field = wait_fields },
	{ .name = "SeatsVerdict", .text = "What recomputing every invariant found.", .field = verdict_fields },
	{ .name = "SeatFault", .text = "An invariant that does not hold.", .field = fault_fields },
	{ .name = "Nothing", .text = "An object without members; the body may be left out." },
	{ 0 }
};

#define PAGE "cursor limit"

const struct route product_routes[] = {
	{ GET, "/api/v1/products", RIGHT_PRODUCT_READ, 0, false,
	    QUERY(products_list, NULL, products_encode, .reply = "[Product]"),
	    "List products with their usage" },
	{ GET, "/api/v1/products/{product}", RIGHT_PRODUCT_READ, 0, false,
	    QUERY(product_show, slug_of_path, product_encode, .reply = "Product"), "Show a product" },
	{ GET, "/api/v1/products/{product}/seats", RIGHT_SEAT_READ, 0, false,
	    LIST(seats_list, page_of_product, seats_encode, PAGE, .reply = "[Seat]"), "Who has a seat of a product" },
	{ GET, "/api/v1/products/{product}/waits", RIGHT_SEAT_READ, 0, false,
	    LIST(waits_list, page_of_product, waits_encode, PAGE, .reply = "[Wait]", .errors = ERR_BIT(CONFLICT)),
	    "Who waits for a product" },
	{ POST, "/api/v1/seats/verify", RIGHT_SEAT_VERIFY, SMALL_BODY_MAX, false,
	    LONG(seats_verify, nothing_decode, verdict_encode, .body = "Nothing", .reply = "SeatsVerdict"),
	    "Recompute every invariant of the seats" },
	{ 0 }
};

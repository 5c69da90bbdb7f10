/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks.c - the blocks of a person: show them, put one, lift one.
 *
 * A reason is somebody's words about somebody: it comes in the body, never in
 * the address, and stands sealed in the log.
 */
#include "api/api_int.h"

#include "base/id.h"

#define REASON_MAX 500

struct block_in {
	struct str reason;
};

static const struct member block_members[] = {
	{ "reason", MEMBER_TEXT, offsetof(struct block_in, reason), 1, REASON_MAX, true },
};
static const struct member_table block_table = { block_members, COUNT(block_members), "" };

static enum err
show_decode(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	*in = id;
	return param_id(c, 0, MSG_ORDER_NO_PERSON, "person", id);
}

/* Of a block that was put or lifted just now. */
static enum err
ordered_decode(struct call *c, void **in)
{
	const struct order_out *out = c->out;
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	*id = out->person;
	*in = id;
	return OK;
}

static enum err
order_decode(struct call *c, enum order_kind kind, void **in)
{
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	struct block_in body;

	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &o->person));
	o->block = block_parse(c->rq->param[1]);
	if (o->block == 0)
		return fail(c->cx, ERR_NOT_FOUND, MSG_BLOCK_KIND, "kind",
		    str_z(c->cx->arena, c->rq->param[1]));
	TRY(if_match(c, &o->if_version));
	TRY(body_decode(c, &block_table, &body));
	o->kind = kind;
	o->body = c->rq->body;
	*in = o;
	return OK;
}

static enum err
put_decode(struct call *c, void **in)
{
	return order_decode(c, ORDER_BLOCK, in);
}

static enum err
lift_decode(struct call *c, void **in)
{
	return order_decode(c, ORDER_UNBLOCK, in);
}

static void
blocks_encode(struct call *c)
{
	const struct blocks_out *out = c->out;
	struct js_out *js = &c->js;

	if (call_etag(c, out->version))
		return;
	js_open_object(js);
	js_key(js, "person");
	js_put_id(js, out->person);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++) {
		const struct block *b = &out->block[i];

		js_open_object(js);
		js_key(js, "kind");
		js_put_z(js, block_kind_name(b->kind));
		js_key(js, "reason");
		js_put_z(js, block_reason_name((enum block_reason)b->reason));
		js_key(js, "since");
		js_put_time(js, b->since_ms);
		js_key(js, "author");
		if (b->author != 0)
			js_put_id(js, b->author);
		else
			js_put_null(js);
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

static const struct route_work
    show_ordered = { .kind = WORK_QUERY, .run = blocks_show, .decode = ordered_decode, .encode = blocks_encode },
    put = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = put_decode, .next = &show_ordered,
	.body = "BlockOrder", .reply = "PersonBlocks", .traits = TAGS | GUARDED },
    lift = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = lift_decode, .next = &show_ordered,
	.body = "BlockOrder", .reply = "PersonBlocks", .traits = TAGS | GUARDED };

static const struct field order_fields[] = {
	{ "reason", "", "Why; it is sealed into the log." },
	{ 0 }
};

static const struct field blocks_fields[] = {
	{ "person", "id", "" },
	{ "items", "[Block]", "" },
	{ 0 }
};

static const struct field block_fields[] = {
	{ "kind", "BlockKind", "" },
	{ "reason", "BlockReason", "" },
	{ "since", "time", "" },
	{ "author", "id?", "Null: the clock." },
	{ 0 }
};

const struct shape block_shapes[] = {
	{ .name = "PersonBlocks", .text = "What a person is blocked by.", .field = blocks_fields },
	{ .name = "Block", .text = "While it is there, a person keeps what they hold and gains nothing.",
	    .field = block_fields },
	{ .name = "BlockOrder", .text = "Why a block is put or lifted.", .field = order_fields,
	    .members = &block_table },
	{ 0 }
};

const struct route block_routes[] = {
	{ GET, "/api/v1/persons/{person}/blocks", RIGHT_PERSON_READ, 0, false,
	    QUERY(blocks_show, show_decode, blocks_encode, .reply = "PersonBlocks", .traits = TAGS),
	    "What a person is blocked by" },
	{ PUT, "/api/v1/persons/{person}/blocks/{kind}", RIGHT_PERSON_BLOCK, SMALL_BODY_MAX, false, &put,
	    "Block a person" },
	{ DELETE, "/api/v1/persons/{person}/blocks/{kind}", RIGHT_PERSON_BLOCK, SMALL_BODY_MAX, false, &lift,
	    "Lift a block" },
	{ 0 }
};

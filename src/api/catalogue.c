/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue.c - the tenant's catalogue as text: read it, apply another.
 */
#include "api/api_int.h"

#define TEXT_MAX   (4 * 1024 * 1024)
#define REASON_MAX 500
#define LOSSES_MAX 100000000

static void put_sight(struct js_out *, const struct foresight *);

struct shown {
	int64_t	   version;
	struct str text;
};

/*
 * The version is read first: if the catalogue changes in between, the tag is
 * older than the text, which only costs the client one more read.
 */
static enum err
catalogue_read(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	struct shown *shown = arena_alloc(cx->arena, sizeof(*shown));
	const struct realm *realm;
	void *text;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	shown->version = realm->catalogue->version;
	TRY(catalogue_show(r, cx, in, &text));
	shown->text = *(const struct str *)text;
	*out = shown;
	return OK;
}

static void
catalogue_encode(struct call *c)
{
	const struct shown *shown = c->out;

	if (call_etag(c, shown->version))
		return;
	c->reply.content_type = "application/yaml";
	c->reply.body = shown->text;
}

static enum err
put_decode(struct call *c, void **in)
{
	struct catalogue_in *cat = arena_alloc(c->cx->arena, sizeof(*cat));
	struct str reason = request_query(c->rq, "reason");
	const struct realm *realm;
	int64_t version;

	cat->text = c->rq->body;
	TRY(query_flag(c, "dry", &cat->is_dry));
	TRY(query_flag(c, "allow_removals", &cat->allow_removals));
	TRY(query_number(c, "allow_losses", &cat->allow_losses));
	if (cat->allow_losses > LOSSES_MAX)
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_RANGE, "allow_losses",
		    "0", LIMIT_TEXT(LOSSES_MAX));
	if (reason.n > REASON_MAX)
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_API_LENGTH, "reason", "1", "500");
	if (reason.p != NULL)
		cat->reason = reason;
	*in = cat;
	/* A whole document replaces the one before: naming that one is wise, and optional. */
	if (request_header(c->rq, "if-match").p == NULL)
		return OK;
	TRY(if_match(c, &version));
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	if (version != -1 && version != realm->catalogue->version)
		return fail(c->cx, ERR_STALE, MSG_API_STALE, "If-Match");
	return OK;
}

static void
put_encode(struct call *c)
{
	const struct catalogue_out *out = c->out;
	struct js_out *js = &c->js;

	call_etag(c, out->version);
	js_open_object(js);
	js_key(js, "version");
	js_put_int(js, out->version);
	js_key(js, "digest");
	js_put_str(js, out->digest);
	js_key(js, "added");
	js_put_int(js, (int64_t)out->added);
	js_key(js, "changed");
	js_put_int(js, (int64_t)out->changed);
	js_key(js, "removed");
	js_put_int(js, (int64_t)out->removed);
	js_key(js, "changed_anything");
	js_put_bool(js, out->is_changed);
	js_key(js, "regranted");
	js_put_int(js, out->regranted);
	put_sight(js, &out->sight);
	js_close_object(js);
}

static void
put_sight(struct js_out *js, const struct foresight *sight)
{
	js_key(js, "will_gain");
	js_put_int(js, sight->will_gain);
	js_key(js, "will_lose");
	js_put_int(js, sight->will_lose);
	js_key(js, "losses_allowed");
	js_put_int(js, sight->losses_allowed);
	js_key(js, "stopped");
	js_put_bool(js, sight->is_stopped);
	js_key(js, "products");
	js_open_array(js);
	for (size_t i = 0; i < sight->nline; i++) {
		const struct foresight_line *l = &sight->line[i];

		js_open_object(js);
		js_key(js, "product");
		js_put_str(js, l->product);
		js_key(js, "seats");
		js_put_int(js, l->seats);
		js_key(js, "will_gain");
		js_put_int(js, l->grants_gained);
		js_key(js, "will_lose");
		js_put_int(js, l->grants_lost);
		js_key(js, "seats_gained");
		js_put_int(js, l->seats_gained);
		js_key(js, "seats_lost");
		js_put_int(js, l->seats_lost);
		js_close_object(js);
	}
	js_close_array(js);
}

static const struct route_work apply = { .kind = WORK_LONG, .run = catalogue_put, .decode = put_decode,
	.encode = put_encode, .query = "dry allow_removals allow_losses reason",
	.body = "Catalogue", .reply = "CatalogueApplied", .traits = TAGS | GUARDABLE };

static const struct field applied_fields[] = {
	{ "version", "count", "" },
	{ "digest", "hex", "Of the canonical form: the same catalogue has the same." },
	{ "added", "count", "" },
	{ "changed", "count", "" },
	{ "removed", "count", "" },
	{ "changed_anything", "bool", "" },
	{ "regranted", "count", "How many persons' seats were decided anew." },
	{ "will_gain", "count", "Persons who come to a grant by rule." },
	{ "will_lose", "count", "Persons who lose a seat." },
	{ "losses_allowed", "count", "So many may lose one before it is stopped." },
	{ "stopped", "bool", "A guard said no: applied, it would change nothing." },
	{ "products", "[ProductForesight]", "" },
	{ 0 }
};

static const struct field foresight_fields[] = {
	{ "product", "slug", "" },
	{ "seats", "count", "Held and assigned before." },
	{ "will_gain", "count", "Grants by rule." },
	{ "will_lose", "count", "Grants by rule." },
	{ "seats_gained", "count", "" },
	{ "seats_lost", "count", "" },
	{ 0 }
};

const struct shape catalogue_shapes[] = {
	{ .name = "Catalogue", .text = "A whole catalogue as text.", .media = "application/yaml" },
	{ .name = "ProductForesight", .text = "What a catalogue does to the seats of a product.",
	    .field = foresight_fields },
	{ .name = "CatalogueApplied", .text = "What came of applying a catalogue.", .field = applied_fields },
	{ 0 }
};

const struct route catalogue_routes[] = {
	{ GET, "/api/v1/catalogue", RIGHT_CATALOGUE_READ, 0, false,
	    QUERY(catalogue_read, NULL, catalogue_encode, .reply = "Catalogue", .traits = TAGS),
	    "Export the catalogue" },
	{ PUT, "/api/v1/catalogue", RIGHT_CATALOGUE_WRITE, TEXT_MAX, false, &apply, "Apply a catalogue" },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persons.c - persons: list, search, show, create, change, their seats.
 *
 * No personal data in URLs: filters on sealed attributes and search words are
 * taken in the body of POST .search only.
 */
#include "api/api_int.h"

#include "base/id.h"

#define PRODUCTS_MAX_ASKED 100
#define SEARCH_MAX	   256

static enum err check_sensitive(struct ctx *, struct str filter);

/* --- lists ------------------------------------------------------------------- */

static enum err
list_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	if (request_query(c->rq, "search").p != NULL)
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_SENSITIVE, "search",
		    "search");
	TRY(page_decode(c, page));
	TRY(check_sensitive(c->cx, page->filter));
	*in = page;
	return OK;
}

static enum err
check_sensitive(struct ctx *cx, struct str filter)
{
	struct filter *compiled;
	const struct filter_node *node;

	if (filter.n == 0)
		return OK;
	TRY(filter_compile(cx, filter, FILTER_SCIM, true, &compiled));
	node = filter_personal(compiled);
	if (node == NULL)
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_API_SENSITIVE, "filter",
	    attr_info(node->attribute)->path);
}

struct search_in {
	struct str filter, search, cursor;
	int64_t	   limit;
};

static const struct member search_members[] = {
	{ "filter", MEMBER_TEXT, offsetof(struct search_in, filter), 0, FILTER_TEXT_MAX, false },
	{ "search", MEMBER_TEXT, offsetof(struct search_in, search), 0, SEARCH_MAX, false },
	{ "cursor", MEMBER_TEXT, offsetof(struct search_in, cursor), 0, ID_TEXT, false },
	{ "limit", MEMBER_INT, offsetof(struct search_in, limit), 1, PAGE_MAX, false },
};
static const struct member_table search_table = { search_members, COUNT(search_members), "" };

static enum err
search_decode(struct call *c, void **in)
{
	struct search_in body = { .limit = 100 };
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	TRY(body_decode(c, &search_table, &body));
	if (body.search.n > 0 && body.filter.n > 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_API_ONE_OF, "search",
		    "search", "filter");
	page->filter = body.filter;
	page->of = body.search;
	page->limit = (size_t)body.limit;
	*in = page;
	if (body.cursor.n > 0)
		return cursor_decode(c->cx, body.cursor, &page->after);
	return OK;
}

static void
list_encode(struct call *c)
{
	const struct persons_out *out = c->out;
	const struct realm *realm = call_realm(c);
	struct js_out *js = &c->js;

	if (realm == NULL)
		return;
	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++)
		put_person(js, c->cx, realm, &out->person[i]);
	js_close_array(js);
	put_next(js, out->next);
	js_close_object(js);
}

/* --- one ----------------------------------------------------------------------- */

static enum err
person_id_decode(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	*in = id;
	return param_id(c, 0, MSG_ORDER_NO_PERSON, "person", id);
}

void
person_encode(struct call *c)
{
	const struct person_view *v = c->out;
	const struct realm *realm;

	if (call_etag(c, v->row.version))
		return;
	realm = call_realm(c);
	if (realm == NULL)
		return;
	put_person(&c->js, c->cx, realm, v);
}

static void
created_encode(struct call *c)
{
	const struct person_view *v = c->out;

	call_created(c, "/api/v1/persons/", v->row.id);
	person_encode(c);
}

/* The person of an order that was carried out. */
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
create_decode(struct call *c, void **in)
{
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	struct person_in person;
	const struct js *js;

	TRY(js_parse(c->cx, c->rq->body, &js));
	TRY(person_decode(c->cx, js, &person));
	person_order_fill(c->cx, c->world, &person, o);
	o->kind = ORDER_CREATE;
	o->body = c->rq->body;
	*in = o;
	return OK;
}

/* --- changing one ------------------------------------------------------------------ */

/* What a PATCH keeps while the present person is read. */
struct patch {
	struct person_in person;
	int64_t		 id, if_version;
};

static enum err
patch_decode(struct call *c, void **in)
{
	int64_t id;

	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &id));
	return patch_start(c, id, in);
}

/* The body is decoded first, so that a wrong one costs no read. */
enum err
patch_start(struct call *c, int64_t id, void **in)
{
	struct patch *p = c->kept;
	const struct js *js;

	*in = p != NULL ? &p->id : NULL;
	if (p != NULL)
		return OK;
	p = arena_alloc(c->cx->arena, sizeof(*p));
	p->id = id;
	TRY(if_match(c, &p->if_version));
	TRY(js_parse(c->cx, c->rq->body, &js));
	TRY(person_patch_decode(c->cx, js, &p->person));
	c->kept = p;
	c->repeats = p->if_version == -1;
	*in = &p->id;
	return OK;
}

enum err
patch_own(struct call *c)
{
	return person_check_own(c->cx, &((struct patch *)c->kept)->person);
}

/* What a person may not change of themselves is refused by name. */
enum err
person_check_own(struct ctx *cx, const struct person_in *in)
{
	const char *path = NULL;

	for (size_t i = 0; i < in->doc.n; i++)
		if ((attr_info(in->doc.attr[i].id)->flags & ATTR_OWN) == 0)
			path = attr_info(in->doc.attr[i].id)->path;
	for (size_t i = 0; i < in->nremoved; i++)
		if ((attr_info(in->removed[i])->flags & ATTR_OWN) == 0)
			path = attr_info(in->removed[i])->path;
	if (in->country.p != NULL)
		path = "country";
	if (in->user_type.p != NULL)
		path = "userType";
	if (in->has_flat || in->has_contracts)
		path = "contracts";
	if (path == NULL)
		return OK;
	return fail(cx, ERR_DENIED, MSG_ME_ATTRIBUTE, path, path);
}

/* Laid over the version that was read: the writer refuses if it moved. */
static enum err
change_decode(struct call *c, void **in)
{
	const struct patch *p = c->kept;
	const struct person_view *before = c->out;
	const struct realm *realm;
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	if (p->if_version != -1 && p->if_version != before->row.version)
		return fail(c->cx, ERR_STALE, MSG_ORDER_STALE, "If-Match");
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	o->kind = ORDER_CHANGE;
	o->person = p->id;
	o->source = world_token_source(c->world, c->tenant, c->cx->actor->id);
	o->if_version = before->row.version;
	o->body = c->rq->body;
	*in = o;
	return person_change_fill(c->cx, realm, &p->person, before, o);
}

/* --- seats of one --------------------------------------------------------------------- */

struct seats_of_person {
	const struct seats_out *seats;
	const struct waits_out *waits;
};

/* Both from one snapshot. */
static enum err
seats_show(struct reader *r, struct ctx *cx, const void *page, void **out)
{
	struct seats_of_person *both = arena_alloc(cx->arena, sizeof(*both));
	void *seats, *waits;

	TRY(seats_list(r, cx, page, &seats));
	TRY(waits_list(r, cx, page, &waits));
	*both = (struct seats_of_person) { seats, waits };
	*out = both;
	return OK;
}

static enum err
seats_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	page->limit = PAGE_MAX;
	*in = page;
	return param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &page->person);
}

static void
seats_encode(struct call *c)
{
	const struct seats_of_person *both = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < both->seats->n; i++)
		put_seat(js, &both->seats->seat[i]);
	js_close_array(js);
	js_key(js, "waits");
	js_open_array(js);
	for (size_t i = 0; i < both->waits->n; i++)
		put_wait(js, &both->waits->wait[i]);
	js_close_array(js);
	js_close_object(js);
}

struct take_in {
	struct texts products;
	int64_t	     priority;
	bool	     all_or_nothing;
};

static const struct member take_members[] = {
	{ "products", MEMBER_TEXTS, offsetof(struct take_in, products), 1, PRODUCTS_MAX_ASKED, true },
	{ "priority", MEMBER_INT, offsetof(struct take_in, priority), 0, 9, false },
	{ "all_or_nothing", MEMBER_BOOL, offsetof(struct take_in, all_or_nothing), 0, 0, false },
};
static const struct member_table take_table = { take_members, COUNT(take_members), "" };

static enum err
take_decode(struct call *c, void **in)
{
	struct take_in body = { .priority = 5 };
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &o->person));
	TRY(body_decode(c, &take_table, &body));
	o->kind = ORDER_TAKE;
	o->product = body.products.v;
	o->nproduct = body.products.n;
	o->priority = (int)body.priority;
	o->all_or_nothing = body.all_or_nothing;
	*in = o;
	return OK;
}

static void
take_encode(struct call *c)
{
	const struct order_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "person");
	js_put_id(&c->js, out->person);
	put_told(&c->js, c->cx, "seats", out->seat, out->nseat);
	js_close_object(&c->js);
}

static enum err
release_decode(struct call *c, void **in)
{
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &o->person));
	o->kind = ORDER_RELEASE;
	o->product = &c->rq->param[1];
	o->nproduct = 1;
	*in = o;
	return OK;
}

static void
release_encode(struct call *c)
{
	const struct order_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "released");
	js_put_bool(&c->js, true);
	js_key(&c->js, "person");
	js_put_id(&c->js, out->person);
	js_key(&c->js, "product");
	js_put_str(&c->js, c->rq->param[1]);
	js_close_object(&c->js);
}

/* --- routes ------------------------------------------------------------------------------ */

static const struct route_work
    show_created = { .kind = WORK_QUERY, .run = person_show, .decode = ordered_decode, .encode = created_encode },
    show_changed = { .kind = WORK_QUERY, .run = person_show, .decode = ordered_decode, .encode = person_encode },
    create = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = create_decode, .next = &show_created,
	.body = "NewPerson", .reply = "Person", .traits = CREATES | LOCATES | TAGS },
    patch = { .kind = WORK_QUERY, .run = person_show, .decode = patch_decode, .next = &person_change,
	.body = "NewPerson",
	.reply = "Person", .traits = TAGS | GUARDED };

const struct route_work person_change = {
	.kind = WORK_USE_CASE, .use_case = &person_order, .decode = change_decode, .next = &show_changed,
};

static const struct field search_fields[] = {
	{ "filter", "", "SCIM, over indexed attributes; not together with search." },
	{ "search", "", "A word of a name, or its first three letters." },
	{ "cursor", "", "The next of the page before." },
	{ "limit", "", "100 if absent." },
	{ 0 }
};

static const struct field both_fields[] = {
	{ "items", "[Seat]", "" },
	{ "waits", "[Wait]", "" },
	{ 0 }
};

static const struct field order_fields[] = {
	{ "products", "", "Slugs of what is wanted." },
	{ "priority", "", "9 is the most urgent; 5 if absent." },
	{ "all_or_nothing", "", "All are assigned or held, or nothing is." },
	{ 0 }
};

static const struct field taken_fields[] = {
	{ "person", "id", "" },
	{ "seats", "[SeatOutcome]", "" },
	{ 0 }
};

static const struct field released_fields[] = {
	{ "released", "bool", "" },
	{ "person", "id", "" },
	{ "product", "text", "As the path called it." },
	{ 0 }
};

/* What is sent: also a patch (RFC 7396), in which null removes. */
static const struct field new_fields[] = {
	{ "*", "personal?-", "" },
	{ "*", "own?-", "" },
	{ "*", "contract?-", "" },
	{ "contracts", "[NewContract]?-", "Instead of the members of the only one." },
	{ 0 }
};

static const struct field new_contract_fields[] = {
	{ "*", "contract?-", "" },
	{ 0 }
};

static const struct field person_fields[] = {
	{ "id", "id", "" },
	{ "version", "count", "" },
	{ "lifecycle", "Lifecycle", "" },
	{ "certification", "Certification", "" },
	{ "enabled", "bool", "Active, and nothing blocks." },
	{ "blocks", "[BlockKind]", "What blocks; empty: nothing does." },
	{ "source", "text-", "Where the person comes from." },
	{ "created", "time", "" },
	{ "changed", "time", "" },
	{ "*", "personal-", "" },
	{ "*", "own-", "" },
	{ "*", "contract-", "Of the primary contract." },
	{ "contracts", "[Contract]", "" },
	{ 0 }
};

static const struct field contract_fields[] = {
	{ "id", "id", "" },
	{ "*", "contract-", "" },
	{ "primary", "bool", "" },
	{ 0 }
};

const struct shape person_shapes[] = {
	{ .name = "Person", .text = "A person. Attributes without a value are left out.", .field = person_fields },
	{ .name = "Contract", .text = "Where and how long somebody works.", .field = contract_fields },
	{ .name = "NewPerson", .text = "A person as sent; in a change null removes.", .field = new_fields },
	{ .name = "NewContract", .text = "A contract as sent.", .field = new_contract_fields },
	{ .name = "Search", .text = "What to look for.", .field = search_fields, .members = &search_table },
	{ .name = "PersonSeats", .text = "What a person holds and awaits.", .field = both_fields },
	{ .name = "SeatOrder", .text = "Products for somebody.", .field = order_fields, .members = &take_table },
	{ .name = "SeatsTaken", .text = "What came of it.", .field = taken_fields },
	{ .name = "SeatReleased", .text = "The seat is free, or the waiting list left.", .field = released_fields },
	{ 0 }
};

#define LIST_QUERY "filter cursor limit search"

const struct route person_routes[] = {
	{ GET, "/api/v1/persons", RIGHT_PERSON_READ, 0, false,
	    LIST(persons_list, list_decode, list_encode, LIST_QUERY, .reply = "[Person]"),
	    "List persons by organisational attributes" },
	{ POST, "/api/v1/persons/.search", RIGHT_PERSON_READ, SMALL_BODY_MAX, false,
	    QUERY(persons_list, search_decode, list_encode, .body = "Search", .reply = "[Person]"),
	    "Find persons by name, user name or e-mail" },
	{ POST, "/api/v1/persons", RIGHT_PERSON_WRITE, PERSON_BODY_MAX, false, &create, "Create a person" },
	{ GET, "/api/v1/persons/{person}", RIGHT_PERSON_READ, 0, false,
	    QUERY(person_show, person_id_decode, person_encode, .reply = "Person", .traits = TAGS), "Show a person" },
	{ PATCH, "/api/v1/persons/{person}", RIGHT_PERSON_WRITE, PERSON_BODY_MAX, false, &patch, "Change a person" },
	{ GET, "/api/v1/persons/{person}/seats", RIGHT_PERSON_READ, 0, false,
	    QUERY(seats_show, seats_decode, seats_encode, .reply = "PersonSeats"),
	    "The seats a person has and waits for" },
	{ POST, "/api/v1/persons/{person}/seats", RIGHT_ONBOARD, SMALL_BODY_MAX, false,
	    WRITE(person_order, take_decode, take_encode, .body = "SeatOrder", .reply = "SeatsTaken"),
	    "Take seats for a person" },
	{ DELETE, "/api/v1/persons/{person}/seats/{product}", RIGHT_SEAT_WRITE, 0, false,
	    WRITE(person_order, release_decode, release_encode, .reply = "SeatReleased"),
	    "Release a seat, or leave its waiting list" },
	{ 0 }
};

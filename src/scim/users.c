/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users.c - Users: make, show, list, replace, change and remove them (RFC 7644
 * section 3).
 *
 * A credential that brings people for a source reaches those of that source
 * and nobody else.  Who has left is not there any more.  /Me is the user of who
 * asks, whoever brought them; of themselves people change what is their own.
 */
#include "scim/scim_int.h"

#include "base/id.h"

#include "scim/entitlement.h"
#include "scim/user.h"

#define USER_MEMORY (64u << 20)	/* a record of 32 KiB takes a few MiB on its way */

/* What a request keeps from step to step. */
struct user_call {
	struct projection  shown;
	struct person_of   in;
	int64_t		   if_version;
	const struct js	  *patch;	/* of PATCH */
	struct value	  *after;	/* of PUT */
	bool		   has_entitlements;	/* of PUT: these, be they none, are all */
	bool		   asks;	/* a change that is about products */
	const struct order_out *made;	/* what came of them, or of somebody new */

};

static struct user_call *user_call(struct call *);
static bool is_me(const struct call *);
static enum err check_me(struct call *, const struct person_in *,
    const struct order *);
static enum err new_decode(struct call *, const struct value **body,
    struct value **user);
static const struct js *native(struct call *, const struct value *change);
static void put_outcome(struct call *, struct value *user);

/* --- reading ----------------------------------------------------------------- */

/* Made by the first step; what is to be shown is parsed before anything is done. */
static struct user_call *
user_call(struct call *c)
{
	if (c->kept == NULL)
		c->kept = arena_alloc(c->cx->arena, sizeof(struct user_call));
	return c->kept;
}

static enum err
shown_decode(struct call *c)
{
	return project_parse(c->cx, request_query(c->rq, "attributes"),
	    request_query(c->rq, "excludedAttributes"), &user_call(c)->shown);
}

static bool
shows_groups(const struct user_call *u)
{
	return project_shows(&scim_user_resource, &u->shown, "groups", NULL);
}

/*
 * Who is served leaves the line without being changed, and products get other
 * names: no version of the person tells of it.
 */
static bool
shows_products(const struct user_call *u)
{
	return project_asks(
		   &scim_user_resource, &u->shown, STR(ENTITLEMENTS)) ||
	    project_asks(&scim_user_resource, &u->shown,
		STR(SCIM_USHER ":" LICENCES));
}

static enum err
user_id_decode(struct call *c)
{
	struct user_call *u = user_call(c);

	TRY(shown_decode(c));
	/* Once for all steps: a credential that ends meanwhile reaches nobody else. */
	if (!u->in.is_present) {
		TRY(scim_source(c, &u->in.source));
		u->in.is_present = true;
		u->in.has_groups = shows_groups(u);
		u->in.has_products = shows_products(u);
	}
	if (is_me(c)) {
		u->in.id = c->cx->actor->person;
		return u->in.id != 0
		    ? OK
		    : fail(c->cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
	}
	return param_id(c, 0, MSG_SCIM_NO_RESOURCE, "id", &u->in.id);
}

/* RFC 7644 section 3.11 */
static bool
is_me(const struct call *c)
{
	return str_eq(str_of(c->rq->route->path), STR(SCIM_PATH "/Me"));
}

static enum err
show_decode(struct call *c, void **in)
{
	TRY(user_id_decode(c));
	*in = &user_call(c)->in;
	return OK;
}

/* Natively, and then with its members in SCIM's places: all of it in ARENA. */
static struct value *
user_value(struct call *c, struct arena *arena, const struct realm *realm,
    const struct person_view *v)
{
	struct ctx cx = *c->cx;
	struct js_out out;
	struct value *user;

	cx.arena = arena;
	js_begin_tree(&out, arena);
	put_person(&out, &cx, realm, v);
	user = scim_user_of(arena, scim_users_of(arena, realm),
	    value_of(arena, js_end_tree(&out)), scim_base(c));
	scim_user_put_groups(arena, user, v, scim_base(c));
	entitlements_put(arena, user, v);
	return user;
}

/* RFC 7643 section 3.1: what meta.location says stands in the header, too. */
static struct str
user_address(struct call *c, int64_t id)
{
	return str_fmt(c->cx->arena, "%.*s/Users/%.*s", STR_ARG(scim_base(c)),
	    STR_ARG(id_text(c->cx->arena, id)));
}

static void
user_encode(struct call *c)
{
	const struct person_view *v = c->out;
	const struct realm *realm;
	struct value *user;

	c->reply.content_type = SCIM_MEDIA;
	if (is_me(c))
		call_header(c, "Location", user_address(c, v->row.id));
	call_header(c, "Content-Location", user_address(c, v->row.id));
	if (!shows_products(user_call(c)) && call_etag(c, v->row.version))
		return;
	realm = call_realm(c);
	if (realm == NULL)
		return;
	user = user_value(c, c->cx->arena, realm, v);
	put_outcome(c, user);
	project(c->cx->arena, scim_users_of(c->cx->arena, realm),
	    &user_call(c)->shown, user);
	value_write(&c->js, user);
}

/* RFC 7644 section 3.11: where one's own user is stands in errors, too. */
static void
user_refuse(struct call *c, enum err err)
{
	const struct actor *actor = c->cx->actor;

	scim_refuse(c->cx, err, &c->reply);
	js_put_raw(&c->js, c->reply.body);
	if (is_me(c) && actor != NULL && actor->person != 0)
		call_header(c, "Location", user_address(c, actor->person));
}

/* What came of the products that were asked for is told to whoever asked. */
static void
put_outcome(struct call *c, struct value *user)
{
	struct user_call *u = user_call(c);

	if (u->made == NULL || u->made->nseat == 0)
		return;
	licences_put_told(c->cx, user, u->made);
	project_add_sent(c->cx->arena, &u->shown, SCIM_USHER, LICENCES);
}

/* --- making one ------------------------------------------------------------------ */

static enum err
create_decode(struct call *c, void **in)
{
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	const struct value *none = value_object(c->cx->arena);
	const struct realm *realm;
	struct person_in person;
	const struct value *body;
	struct value *user;

	TRY(shown_decode(c));
	TRY(new_decode(c, &body, &user));
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	TRY(person_decode(c->cx,
	    native(c,
		scim_user_change(c->cx->arena,
		    scim_users_of(c->cx->arena, realm), none, user,
		    &o->active)),
	    &person));
	person_order_fill(c->cx, c->world, &person, o);
	o->kind = ORDER_ONBOARD;
	o->may_return = true;
	o->own_managers = true;
	o->body = c->rq->body;
	user_call(c)->shown.sent = user;
	*in = o;
	return entitlements_order(c->cx, NULL, user, o);
}

static enum err
new_decode(struct call *c, const struct value **body, struct value **user)
{
	const struct realm *realm;
	const struct js *js;

	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	TRY(js_parse(c->cx, c->rq->body, &js));
	*body = value_of(c->cx->arena, js);
	return scim_decode(c->cx, scim_users_of(c->cx->arena, realm), *body,
	    realm->catalogue->setting[SETTING_SCIM_STRICT] != 0, user);
}

static const struct js *
native(struct call *c, const struct value *change)
{
	struct js_out out;

	js_begin_tree(&out, c->cx->arena);
	value_write(&out, change);
	return js_end_tree(&out);
}

/* RFC 7644 section 3.3: who is there already is a conflict, whoever asks again. */
static enum err
created_decode(struct call *c, void **in)
{
	const struct order_out *out = c->out;
	struct user_call *u = user_call(c);

	if (out->was_repeated)
		return fail(
		    c->cx, ERR_CONFLICT, MSG_ORDER_EXISTS, "externalId");
	u->made = out;
	u->in = (struct person_of) { .id = out->person,
		.has_products = shows_products(u) ||
		    value_get(u->shown.sent, STR(ENTITLEMENTS)) != NULL };
	*in = &u->in;
	return OK;
}

static void
created_encode(struct call *c)
{
	c->reply.status = 201;
	call_header(c, "Location", user_address(c, user_call(c)->in.id));
	user_encode(c);
}

static enum err
created_brief(struct call *c)
{
	const struct order_out *out = c->out;
	void *in;

	TRY(created_decode(c, &in));
	c->reply.status = 201;
	call_header(c, "Location", user_address(c, out->person));
	call_etag(c, out->version);
	return OK;
}

/* --- changing one ------------------------------------------------------------------ */

/* If-Match is heeded, not required: without it a change that lost a race is tried again. */
static enum err
change_start(struct call *c, void **in)
{
	struct user_call *u = user_call(c);

	TRY(user_id_decode(c));
	u->if_version = -1;
	if (request_header(c->rq, "if-match").p != NULL)
		TRY(if_match(c, &u->if_version));
	c->repeats = u->if_version == -1;
	*in = &u->in;
	return OK;
}

static enum err
put_decode(struct call *c, void **in)
{
	struct user_call *u = user_call(c);
	const struct value *body;

	TRY(change_start(c, in));
	if (u->after != NULL)
		return OK;
	TRY(new_decode(c, &body, &u->after));
	u->has_entitlements = entitlements_are_sent(body);
	u->in.has_products |= u->has_entitlements;
	return OK;
}

static enum err
patch_decode(struct call *c, void **in)
{
	struct user_call *u = user_call(c);

	TRY(change_start(c, in));
	TRY(js_parse(c->cx, c->rq->body, &u->patch));
	u->in.has_products |=
	    entitlements_are_named(value_of(c->cx->arena, u->patch));
	return OK;
}

/*
 * What may be written is there as it is, also for those who may not see it:
 * else what they add would take the place of all that they do not know of.
 */
static uint64_t
rights_of_change(uint64_t rights)
{
	if ((rights & RIGHT_BIT(RIGHT_PERSON_WRITE)) != 0)
		rights |= RIGHT_BIT(RIGHT_PERSON_READ);
	if ((rights & RIGHT_BIT(RIGHT_PERSON_PRIVATE_WRITE)) != 0)
		rights |= RIGHT_BIT(RIGHT_PERSON_PRIVATE_READ);
	if ((rights & (RIGHT_BIT(RIGHT_ONBOARD) |
	    RIGHT_BIT(RIGHT_SEAT_WRITE))) != 0)
		rights |= RIGHT_BIT(RIGHT_SEAT_READ);
	return rights;
}

/* The order that makes the person who was read what was asked for. */
static enum err
change_decode(struct call *c, void **in)
{
	struct user_call *u = user_call(c);
	const struct person_view *v = c->out;
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	struct person_view whole;
	struct value *before, *after;
	struct person_in person;
	const struct scim_resource *users;
	const struct realm *realm;

	if (u->if_version != -1 && u->if_version != v->row.version)
		return fail(c->cx, ERR_STALE, MSG_ORDER_STALE, "If-Match");
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	users = scim_users_of(c->cx->arena, realm);
	whole = *v;
	whole.rights = rights_of_change(v->rights);
	before = user_value(c, c->cx->arena, realm, &whole);
	/* What a client sets is the block by hand; what else disables stays. */
	value_put(before, STR("active"),
	    value_bool(c->cx->arena, (v->row.blocks >> BLOCK_MANUAL & 1) == 0));
	if (u->patch != NULL) {
		TRY(scim_patch(c->cx, users, before, u->patch, &after));
	} else {
		/* What was sent stays: another try may begin from another person. */
		after = value_copy(c->cx->arena, u->after);
		scim_user_keep(c->cx->arena, users, before, after);
	}
	if (u->patch != NULL || u->has_entitlements)
		TRY(entitlements_change(c->cx, before, after, o));
	u->asks = o->has_products;
	u->shown.sent = u->patch != NULL ? after : u->after;
	u->shown.was = u->patch != NULL ? before : NULL;
	TRY(person_patch_decode(c->cx,
	    native(c,
		scim_user_change(
		    c->cx->arena, users, before, after, &o->active)),
	    &person));
	if (is_me(c))
		TRY(check_me(c, &person, o));
	o->kind = ORDER_CHANGE;
	o->person = u->in.id;
	o->source = u->in.source;
	o->if_version = v->row.version;
	o->own_managers = true;
	o->body = c->rq->body;
	*in = o;
	return person_change_fill(c->cx, realm, &person, v, o);
}

/* Nobody blocks or unblocks themselves either. */
static enum err
check_me(struct call *c, const struct person_in *person, const struct order *o)
{
	if (o->active != 0)
		return fail(
		    c->cx, ERR_DENIED, MSG_ME_ATTRIBUTE, "active", "active");
	if (o->has_products)
		return fail(c->cx, ERR_DENIED, MSG_ME_ATTRIBUTE, ENTITLEMENTS,
		    ENTITLEMENTS);
	return person_check_own(c->cx, person);
}

static enum err
changed_decode(struct call *c, void **in)
{
	struct user_call *u = user_call(c);

	if (u->asks)
		u->made = c->out;
	*in = &u->in;
	return OK;
}

static enum err
changed_brief(struct call *c)
{
	const struct order_out *out = c->out;

	if (is_me(c))
		call_header(c, "Location", user_address(c, out->person));
	return scim_changed_brief(c, out->version);
}

/* RFC 7644 section 3.5.2: who asks for attributes is shown them. */
static void
patched_encode(struct call *c)
{
	const struct person_view *v = c->out;
	const struct realm *realm = call_realm(c);

	if (realm == NULL)
		return;
	if (!scim_patched_empty(c, realm, v->row.version))
		user_encode(c);
	else if (is_me(c))
		call_header(c, "Location", user_address(c, v->row.id));
}

/* --- removing one -------------------------------------------------------------------- */

/* Else they would be there still, and the client told that they are not. */
static enum err
check_contracts(struct call *c, const struct person_view *v)
{
	const int64_t own = user_call(c)->in.source;

	for (size_t i = 0; i < v->ncontract; i++) {
		const int64_t source = v->contract[i].source;

		if (source == own)
			continue;
		if (source == 0)
			return fail(
			    c->cx, ERR_CONFLICT, MSG_API_BY_HAND, "contracts");
		return fail(c->cx, ERR_CONFLICT, MSG_API_OTHER_SOURCE,
		    "contracts",
		    str_z(c->cx->arena,
			source == v->row.source ? v->source
						: v->other_source));
	}
	return OK;
}

static enum err
remove_decode(struct call *c, void **in)
{
	struct user_call *u = user_call(c);
	const struct person_view *v = c->out;
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	if (u->if_version != -1 && u->if_version != v->row.version)
		return fail(c->cx, ERR_STALE, MSG_ORDER_STALE, "If-Match");
	TRY(check_contracts(c, v));
	o->kind = ORDER_REMOVE;
	o->person = u->in.id;
	o->source = u->in.source;
	o->if_version = v->row.version;
	*in = o;
	return OK;
}

/* --- lists ----------------------------------------------------------------------------- */

static enum err
list_decode(struct call *c, void **in)
{
	struct scim_page *page = arena_alloc(c->cx->arena, sizeof(*page));

	*in = page;
	TRY(shown_decode(c));
	page->in.has_groups = shows_groups(user_call(c));
	page->in.has_products = shows_products(user_call(c));
	return scim_page_of_query(c, page);
}

static enum err
search_decode(struct call *c, void **in)
{
	struct scim_page *page = arena_alloc(c->cx->arena, sizeof(*page));

	*in = page;
	TRY(scim_page_of_body(c, page, &user_call(c)->shown));
	page->in.has_groups = shows_groups(user_call(c));
	page->in.has_products = shows_products(user_call(c));
	return OK;
}

static void
list_encode(struct call *c)
{
	const struct persons_out *out = c->out;
	const struct scim_page *page = c->in;
	const size_t n = page->counts_only ? 0 : out->n;
	const struct realm *realm = call_realm(c);
	struct arena *arena;

	if (realm == NULL)
		return;
	arena = arena_open(USER_MEMORY);
	scim_list_begin(
	    c, page, out->total, n, page->counts_only ? 0 : out->next);
	for (size_t i = 0; i < n; i++) {
		struct value *user =
		    user_value(c, arena, realm, &out->person[i]);

		project(arena, scim_users_of(arena, realm),
		    &user_call(c)->shown, user);
		value_write(&c->js, user);
		arena_reset(arena);
	}
	arena_close(arena);
	scim_list_end(c);
}

/* --- routes ----------------------------------------------------------------------------- */

static const struct route_work
    show_created = { .kind = WORK_QUERY, .run = person_show_of, .decode = created_decode, .encode = created_encode },
    show_put = { .kind = WORK_QUERY, .run = person_show_of, .decode = changed_decode, .encode = user_encode },
    show_patched = { .kind = WORK_QUERY, .run = person_show_of, .decode = changed_decode, .encode = patched_encode },
    put_it = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = change_decode, .next = &show_put,
	.brief = changed_brief },
    patch_it = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = change_decode, .next = &show_patched,
	.brief = changed_brief },
    remove_it = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = remove_decode,
	.encode = scim_removed_encode },
    create = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = create_decode, .next = &show_created,
	.brief = created_brief, .query = "*" },
    put = { .kind = WORK_QUERY, .run = person_show_of, .decode = put_decode, .next = &put_it, .refuse = user_refuse,
	.query = "*" },
    patch = { .kind = WORK_QUERY, .run = person_show_of, .decode = patch_decode, .next = &patch_it,
	.refuse = user_refuse, .query = "*" },
    show_me = { .kind = WORK_QUERY, .run = person_show_of, .decode = show_decode, .encode = user_encode,
	.refuse = user_refuse, .query = "*" },
    removal = { .kind = WORK_QUERY, .run = person_show_of, .decode = change_start, .next = &remove_it, .query = "*" };

const struct route scim_user_routes[] = {
	{ POST, SCIM_PATH "/Users", RIGHT_ONBOARD, PERSON_BODY_MAX, false, &create, "Onboard a user" },
	{ GET, SCIM_PATH "/Users", RIGHT_PERSON_READ, 0, false,
	    LIST(persons_list, list_decode, list_encode, "*"), "List users" },
	{ POST, SCIM_PATH "/Users/.search", RIGHT_PERSON_READ, SMALL_BODY_MAX, false,
	    LIST(persons_list, search_decode, list_encode, "*"), "Search users" },
	{ GET, SCIM_PATH "/Users/{user}", RIGHT_PERSON_READ, 0, false,
	    LIST(person_show_of, show_decode, user_encode, "*"), "Show a user" },
	{ PUT, SCIM_PATH "/Users/{user}", RIGHT_PERSON_WRITE, PERSON_BODY_MAX, false, &put, "Replace a user" },
	{ PATCH, SCIM_PATH "/Users/{user}", RIGHT_PERSON_WRITE, PERSON_BODY_MAX, false, &patch, "Change a user" },
	{ DELETE, SCIM_PATH "/Users/{user}", RIGHT_PERSON_WRITE, 0, false, &removal, "Remove a user" },
	{ GET, SCIM_PATH "/Me", RIGHT_SELF, 0, false, &show_me, "Show your own user" },
	{ PUT, SCIM_PATH "/Me", RIGHT_SELF, PERSON_BODY_MAX, false, &put, "Replace what is your own of your user" },
	{ PATCH, SCIM_PATH "/Me", RIGHT_SELF, PERSON_BODY_MAX, false, &patch, "Change what is your own of your user" },
	{ 0 }
};

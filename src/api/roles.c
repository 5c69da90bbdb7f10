/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.c - rights, roles, and who holds them.
 */
#include "api/api_int.h"

#include "base/id.h"

#include "core/role.h"

#define REASON_MAX (ROLE_REASON_MAX * 4)

struct give_in {
	struct str role, scope, reason;
	int64_t	   since_ms, until_ms;
};

static const struct member give_members[] = {
	{ "role", MEMBER_TEXT, offsetof(struct give_in, role), 1, SLUG_MAX, true },
	{ "scope", MEMBER_TEXT, offsetof(struct give_in, scope), 0, FILTER_TEXT_MAX, false },
	{ "since", MEMBER_TIME, offsetof(struct give_in, since_ms), 0, 0, false },
	{ "until", MEMBER_TIME, offsetof(struct give_in, until_ms), 0, 0, false },
	{ "reason", MEMBER_TEXT, offsetof(struct give_in, reason), 1, REASON_MAX, true },
};
static const struct member_table give_table = { give_members, COUNT(give_members), "" };

struct end_in {
	struct str reason;
};

static const struct member end_members[] = {
	{ "reason", MEMBER_TEXT, offsetof(struct end_in, reason), 1, REASON_MAX, true },
};
static const struct member_table end_table = { end_members, COUNT(end_members), "" };

static const char *const states[] = {
	[ROLE_PENDING] = "pending",
	[ROLE_ACTIVE] = "active",
};

static void put_label(struct call *, const char *name, enum msg);
static void put_role(struct call *, const struct role *);
static void put_held(struct js_out *, const struct role_view *);
static enum err decode_grant(struct call *, struct order *);

/* --- what there is ------------------------------------------------------------------ */

static void
rights_encode(struct call *c)
{
	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++) {
		js_open_object(&c->js);
		js_key(&c->js, "right");
		js_put_z(&c->js, right_name((enum right)r));
		put_label(c, "text", right_msg((enum right)r));
		js_key(&c->js, "whole");
		js_put_bool(&c->js, right_is_whole((enum right)r));
		js_close_object(&c->js);
	}
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
put_label(struct call *c, const char *name, enum msg msg)
{
	static const struct str none[4];

	js_key(&c->js, name);
	js_put_str(&c->js, msg_text(c->cx->arena, msg, c->cx->lang, none));
}

static void
roles_encode(struct call *c)
{
	const struct realm *realm;
	struct role *role;
	size_t n;

	realm = call_realm(c);
	if (realm == NULL)
		return;
	n = role_list(c->cx->arena, realm->catalogue, &role);
	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < n; i++)
		put_role(c, &role[i]);
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
put_role(struct call *c, const struct role *role)
{
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "role");
	js_put_str(js, role->slug);
	if (role->id < 0) {
		put_label(c, "name", role_msg(role->id));
	} else {
		js_key(js, "name");
		js_put_str(js, role->name);
	}
	js_key(js, "built_in");
	js_put_bool(js, role->id < 0);
	put_rights(js, "rights", role->rights);
	put_text_or_null(js, "scope", str_of(role->own_scope));
	js_key(js, "excludes");
	js_open_array(js);
	for (size_t i = 0; i < role->nexcludes; i++)
		js_put_str(js, role->excludes[i]);
	js_close_array(js);
	js_key(js, "two_persons");
	js_put_bool(js, role->two_persons);
	js_close_object(js);
}

/* --- who holds them -------------------------------------------------------------------- */

static enum err
list_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	*in = page;
	return page_decode(c, page);
}

static enum err
person_decode_page(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	page->limit = PAGE_MAX;
	*in = page;
	return param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &page->person);
}

/* What an order about roles left, shown. */
static enum err
ordered_decode(struct call *c, void **in)
{
	const struct order_out *out = c->out;
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));

	page->limit = PAGE_MAX;
	page->person = out->person;
	*in = page;
	return OK;
}

static void
held_encode(struct call *c)
{
	const struct roles_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_held(&c->js, &out->role[i]);
	js_close_array(&c->js);
	put_next(&c->js, out->next);
	js_close_object(&c->js);
}

static void
given_encode(struct call *c)
{
	c->reply.status = 201;
	held_encode(c);
}

static void
put_held(struct js_out *js, const struct role_view *v)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->row.id);
	js_key(js, "person");
	js_put_id(js, v->row.person);
	js_key(js, "role");
	js_put_str(js, v->role);
	js_key(js, "state");
	js_put_z(js, states[v->row.state]);
	put_text_or_null(js, "scope", v->scope);
	js_key(js, "since");
	js_put_time(js, v->row.since_ms);
	js_key(js, "until");
	js_put_time(js, v->row.until_ms);
	js_key(js, "reason");
	js_put_str(js, v->reason);
	js_key(js, "author");
	js_put_id(js, v->row.author);
	js_key(js, "approver");
	if (v->row.approver != 0)
		js_put_id(js, v->row.approver);
	else
		js_put_null(js);
	js_close_object(js);
}

/* --- giving, approving, ending ------------------------------------------------------------ */

static enum err
give_decode(struct call *c, void **in)
{
	struct give_in body = { 0 };
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	*in = o;
	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &o->person));
	TRY(body_decode(c, &give_table, &body));
	o->kind = ORDER_ROLE_GIVE;
	o->role = body.role;
	o->scope = body.scope;
	o->since_ms = body.since_ms;
	o->until_ms = body.until_ms;
	o->reason = body.reason;
	o->body = c->rq->body;
	return OK;
}

static enum err
approve_decode(struct call *c, void **in)
{
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));
	void *none;

	*in = o;
	TRY(decode_grant(c, o));
	o->kind = ORDER_ROLE_APPROVE;
	return nothing_decode(c, &none);
}

static enum err
end_decode(struct call *c, void **in)
{
	struct end_in body = { 0 };
	struct order *o = arena_alloc(c->cx->arena, sizeof(*o));

	*in = o;
	TRY(decode_grant(c, o));
	TRY(body_decode(c, &end_table, &body));
	o->kind = ORDER_ROLE_END;
	o->reason = body.reason;
	return OK;
}

static enum err
decode_grant(struct call *c, struct order *o)
{
	TRY(param_id(c, 0, MSG_ORDER_NO_PERSON, "person", &o->person));
	TRY(param_id(c, 1, MSG_ACCESS_GRANT_UNKNOWN, "grant",
	    &o->role_grant));
	o->body = c->rq->body;
	return OK;
}

/* --- description ------------------------------------------------------------------------- */

static const struct field right_fields[] = {
	{ "right", "Right", "" },
	{ "text", "text", "What it allows, in the language that was asked for." },
	{ "whole", "bool", "About the whole tenant: under a scope it means nothing." },
	{ 0 }
};

static const struct field role_fields[] = {
	{ "role", "slug", "" },
	{ "name", "text", "" },
	{ "built_in", "bool", "" },
	{ "rights", "[Right]", "" },
	{ "scope", "text?", "Over whom it is granted where the grant says nothing." },
	{ "excludes", "[slug]", "Roles that nobody may hold beside it." },
	{ "two_persons", "bool", "One gives it, another approves." },
	{ 0 }
};

static const struct field held_fields[] = {
	{ "id", "id", "Of the grant." },
	{ "person", "id", "" },
	{ "role", "text", "Its slug; empty if the catalogue has lost the role." },
	{ "state", "RoleState", "" },
	{ "scope", "text?", "A filter of persons; null: all." },
	{ "since", "time", "" },
	{ "until", "time?", "" },
	{ "reason", "text", "" },
	{ "author", "id", "Who gave it." },
	{ "approver", "id?", "The second person." },
	{ 0 }
};

static const struct field give_fields[] = {
	{ "role", "", "" },
	{ "scope", "", "A filter of persons, inside of one's own." },
	{ "since", "", "Now, if absent." },
	{ "until", "", "Open, if absent." },
	{ "reason", "", "" },
	{ 0 }
};

static const struct field end_fields[] = {
	{ "reason", "", "" },
	{ 0 }
};

const struct shape role_shapes[] = {
	{ .name = "RightInfo", .text = "A right.", .field = right_fields },
	{ .name = "Role", .text = "A set of rights.", .field = role_fields },
	{ .name = "RoleState", .text = "Whether a role counts already.", WORDS(states) },
	{ .name = "RoleGrant", .text = "A role that a person holds.", .field = held_fields },
	{ .name = "RoleGrantOrder", .text = "A role to be given.", .field = give_fields, .members = &give_table },
	{ .name = "RoleEndOrder", .text = "Why a role ends.", .field = end_fields, .members = &end_table },
	{ 0 }
};

static const struct route_work
    show_given = { .kind = WORK_QUERY, .run = roles_held_list, .decode = ordered_decode, .encode = given_encode,
	.reply = "[RoleGrant]" },
    show_held = { .kind = WORK_QUERY, .run = roles_held_list, .decode = ordered_decode, .encode = held_encode,
	.reply = "[RoleGrant]" },
    give = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = give_decode, .next = &show_given,
	.body = "RoleGrantOrder", .reply = "[RoleGrant]", .traits = CREATES },
    approve = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = approve_decode, .next = &show_held,
	.body = "Nothing", .reply = "[RoleGrant]" },
    end = { .kind = WORK_USE_CASE, .use_case = &person_order, .decode = end_decode, .next = &show_held,
	.body = "RoleEndOrder", .reply = "[RoleGrant]" };

const struct route role_routes[] = {
	{ GET, "/api/v1/rights", RIGHT_SELF, 0, false, LOCAL(rights_encode, .reply = "[RightInfo]"),
	    "List the rights there are" },
	{ GET, "/api/v1/roles", RIGHT_ROLE_READ, 0, false, LOCAL(roles_encode, .reply = "[Role]"),
	    "List the roles there are" },
	{ GET, "/api/v1/role-grants", RIGHT_ROLE_READ, 0, false,
	    LIST(roles_held_list, list_decode, held_encode, "cursor limit", .reply = "[RoleGrant]"),
	    "List who holds which role" },
	{ GET, "/api/v1/persons/{person}/roles", RIGHT_ROLE_READ, 0, false,
	    QUERY(roles_held_list, person_decode_page, held_encode, .reply = "[RoleGrant]"),
	    "The roles of a person" },
	{ POST, "/api/v1/persons/{person}/roles", RIGHT_ROLE_GRANT, SMALL_BODY_MAX, false, &give,
	    "Give a person a role" },
	{ POST, "/api/v1/persons/{person}/roles/{grant}/approve", RIGHT_ROLE_GRANT, SMALL_BODY_MAX, false, &approve,
	    "Approve a role that waits for a second person" },
	{ POST, "/api/v1/persons/{person}/roles/{grant}/end", RIGHT_ROLE_GRANT, SMALL_BODY_MAX, false, &end,
	    "End a role of a person" },
	{ 0 }
};

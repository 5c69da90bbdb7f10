/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups.c - Groups: make, show, list, replace, change and remove them (RFC
 * 7644 section 3, decision 0021).
 *
 * A credential that brings people for a source has its groups, and reaches no
 * others.
 */
#include "scim/scim_int.h"

#include "base/id.h"

#include "scim/group.h"

#define GROUP_BODY_MAX (2 * 1024 * 1024)
#define GROUP_MEMORY   (128u << 20)	/* a group without its members, but with what each was given */

/* What a request keeps from step to step. */
struct group_call {
	struct projection  shown;
	struct groups_in   in;
	struct group_order order;
	struct scim_page   page;	/* of a list */
	const struct group_out *done;	/* of a change */
	bool		   is_ready;
};

static struct str group_address(const struct call *, struct str id);
static struct str view_id(struct arena *, const struct group_view *);
static enum err body_decode(struct call *, const struct value **);
static bool shows(struct call *, const char *part);
static void put_group(struct call *, const struct group_view *);
static struct value *group_value(
    struct call *, struct arena *, const struct group_view *);
static void put_meta(struct call *, struct js_out *,
    const struct group_view *);
static void put_licences(struct call *, struct js_out *);
static void put_members(struct call *, const struct group_view *);

static struct group_call *
group_call(struct call *c)
{
	if (c->kept == NULL)
		c->kept = arena_alloc(c->cx->arena, sizeof(struct group_call));
	return c->kept;
}

/* Once for all steps: a credential that ends meanwhile reaches nothing else. */
static enum err
start(struct call *c)
{
	struct group_call *g = group_call(c);

	if (g->is_ready)
		return OK;
	TRY(project_parse(c->cx, request_query(c->rq, "attributes"),
	    request_query(c->rq, "excludedAttributes"), &g->shown));
	TRY(scim_source(c, &g->in.source));
	g->order.source = g->in.source;
	g->order.if_version = -1;
	g->is_ready = true;
	return OK;
}

static enum err
one_decode(struct call *c)
{
	struct group_call *g = group_call(c);

	TRY(start(c));
	if (str_starts(c->rq->param[0], STR(GROUP_ROLE_ID))) {
		g->in.role = g->order.role = c->rq->param[0];
		return OK;
	}
	TRY(param_id(c, 0, MSG_SCIM_NO_RESOURCE, "id", &g->in.group));
	g->order.group = g->in.group;
	return OK;
}

/* --- reading ----------------------------------------------------------------- */

static enum err
show_decode(struct call *c, void **in)
{
	struct group_call *g = group_call(c);

	TRY(one_decode(c));
	g->in.has_members = shows(c, NULL);
	*in = &g->in;
	return OK;
}

static void
group_encode(struct call *c)
{
	const struct group_view *v = c->out;

	c->reply.content_type = SCIM_MEDIA;
	call_header(
	    c, "Content-Location", group_address(c, view_id(c->cx->arena, v)));
	if (!scim_etag(c, v->row.version))
		put_group(c, v);
}

static struct str
group_address(const struct call *c, struct str id)
{
	return str_fmt(c->cx->arena, "%.*s/Groups/%.*s", STR_ARG(scim_base(c)),
	    STR_ARG(id));
}

static struct str
view_id(struct arena *arena, const struct group_view *v)
{
	return v->role.p != NULL ? v->role : id_text(arena, v->row.id);
}

/* Whether members are shown, or that part of them. */
static bool
shows(struct call *c, const char *part)
{
	return project_shows(
	    &scim_group_resource, &group_call(c)->shown, "members", part);
}

/*
 * Members are written one by one, not made: there may be many.  Who may only
 * change groups is not told what is in them.
 */
static void
put_group(struct call *c, const struct group_view *v)
{
	const bool may_read = actor_may(c->cx->actor, RIGHT_PERSON_READ);
	struct arena *arena = arena_open(GROUP_MEMORY);
	struct value *group = group_value(c, arena, v);

	if (!may_read) {
		value_drop_name(group, STR("displayName"));
		value_drop_name(group, STR("externalId"));
	}
	js_open_object(&c->js);
	for (const struct value *m = group->first; m != NULL; m = m->next) {
		js_key_str(&c->js, m->name);
		value_write(&c->js, m);
	}
	if (may_read && group_call(c)->in.has_members)
		put_members(c, v);
	js_close_object(&c->js);
	arena_close(arena);
}

/* All but its members. */
static struct value *
group_value(struct call *c, struct arena *arena, const struct group_view *v)
{
	struct js_out js;
	struct value *group;

	js_begin_tree(&js, arena);
	js_open_object(&js);
	js_key(&js, "schemas");
	js_open_array(&js);
	js_put_z(&js, SCIM_GROUP);
	js_put_z(&js, SCIM_USHER_GROUP);
	js_close_array(&js);
	js_key(&js, "id");
	js_put_str(&js, view_id(arena, v));
	put_text(&js, "externalId", v->external_id);
	put_text(&js, "displayName", v->name);
	js_key(&js, SCIM_USHER_GROUP);
	js_open_object(&js);
	put_text(&js, "type", v->role.p != NULL ? STR("role") : STR("group"));
	put_licences(c, &js);
	js_close_object(&js);
	put_meta(c, &js, v);
	js_close_object(&js);
	group = value_of(arena, js_end_tree(&js));
	project(arena, &scim_group_resource, &group_call(c)->shown, group);
	return group;
}

/* A role is known by who has it, and nobody counts its changes. */
static void
put_meta(struct call *c, struct js_out *js, const struct group_view *v)
{
	struct arena *arena = c->cx->arena;

	js_key(js, "meta");
	js_open_object(js);
	put_text(js, "resourceType", STR("Group"));
	if (v->role.p == NULL) {
		js_key(js, "created");
		js_put_time(js, v->row.created_ms);
		js_key(js, "lastModified");
		js_put_time(js, v->row.changed_ms);
	}
	put_text(js, "location", group_address(c, view_id(arena, v)));
	if (v->role.p == NULL)
		put_text(js, "version",
		    str_fmt(arena, "\"%lld\"", (long long)v->row.version));
	js_close_object(js);
}

/* What became of what the group gives to who came. */
static void
put_licences(struct call *c, struct js_out *js)
{
	const struct group_out *done = group_call(c)->done;
	struct arena *arena = c->cx->arena;

	if (done == NULL || done->ntold == 0)
		return;
	js_key(js, "licences");
	js_open_array(js);
	for (size_t i = 0; i < done->ntold; i++) {
		const struct seat_told *t = &done->told[i].seat;
		const struct str args[4] = { t->reason_arg };

		js_open_object(js);
		put_text(js, "member", id_text(arena, done->told[i].person));
		put_text(js, "value", t->product);
		put_text(js, "outcome", str_of(outcome_name(t->outcome)));
		put_text(js, "pool", t->pool);
		if (t->position > 0) {
			js_key(js, "position");
			js_put_int(js, t->position);
		}
		if (t->reason != MSG_NONE)
			put_text(js, "reason",
			    msg_text(arena, t->reason, c->cx->lang, args));
		js_close_object(js);
	}
	js_close_array(js);
}

static void
put_members(struct call *c, const struct group_view *v)
{
	const bool has_value = shows(c, "value"), has_type = shows(c, "type");
	const bool has_ref = shows(c, "$ref");
	const struct str base = scim_base(c);
	struct arena *arena = arena_open(GROUP_MEMORY);
	struct js_out *js = &c->js;

	js_key(js, "members");
	js_open_array(js);
	for (size_t i = 0; i < v->nmember; i++) {
		const struct str id = id_text(arena, v->member[i]);

		js_open_object(js);
		if (has_value)
			put_text(js, "value", id);
		if (has_ref)
			put_text(js, "$ref",
			    str_fmt(arena, "%.*s/Users/%.*s", STR_ARG(base),
				STR_ARG(id)));
		if (has_type)
			put_text(js, "type", STR("User"));
		js_close_object(js);
		arena_reset(arena);
	}
	arena_close(arena);
	js_close_array(js);
}

/* --- making, changing, removing ------------------------------------------------ */

static enum err
body_decode(struct call *c, const struct value **body)
{
	const struct js *js;

	TRY(js_parse(c->cx, c->rq->body, &js));
	*body = value_of(c->cx->arena, js);
	return OK;
}

static enum err
whole_decode(struct call *c, enum group_kind kind, void **in)
{
	struct group_order *o = &group_call(c)->order;
	const struct realm *realm;
	const struct value *body;

	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	TRY(body_decode(c, &body));
	o->kind = kind;
	TRY(scim_group_decode(c->cx, body,
	    realm->catalogue->setting[SETTING_SCIM_STRICT] != 0, o));
	/* Who does not speak of a role's people never ends it for all of them. */
	if (realm->catalogue->setting[SETTING_SCIM_PUT_EMPTIES] != 0 &&
	    kind == GROUP_CHANGE && o->role.p == NULL)
		o->replaces = true;
	*in = o;
	return OK;
}

static enum err
create_decode(struct call *c, void **in)
{
	TRY(start(c));
	return whole_decode(c, GROUP_MAKE, in);
}

/* If-Match is heeded, not required. */
static enum err
change_start(struct call *c)
{
	TRY(one_decode(c));
	if (request_header(c->rq, "if-match").p == NULL)
		return OK;
	return if_match(c, &group_call(c)->order.if_version);
}

static enum err
put_decode(struct call *c, void **in)
{
	TRY(change_start(c));
	return whole_decode(c, GROUP_CHANGE, in);
}

static enum err
patch_decode(struct call *c, void **in)
{
	struct group_order *o = &group_call(c)->order;
	const struct value *body;

	TRY(change_start(c));
	TRY(body_decode(c, &body));
	o->kind = GROUP_CHANGE;
	*in = o;
	return scim_group_patch(c->cx, body, o);
}

static enum err
remove_decode(struct call *c, void **in)
{
	struct group_order *o = &group_call(c)->order;

	TRY(change_start(c));
	o->kind = GROUP_REMOVE;
	*in = o;
	return OK;
}

static enum err
changed_decode(struct call *c, void **in)
{
	struct group_call *g = group_call(c);
	const struct group_out *out = c->out;

	g->done = out;
	g->in.group = out->group;
	g->in.is_done = true;
	g->in.has_members = shows(c, NULL);
	*in = &g->in;
	return OK;
}

static void
created_encode(struct call *c)
{
	const struct group_view *v = c->out;

	c->reply.status = 201;
	call_header(c, "Location", group_address(c, view_id(c->cx->arena, v)));
	group_encode(c);
}

static enum err
created_brief(struct call *c)
{
	const struct group_out *out = c->out;

	c->reply.status = 201;
	call_header(
	    c, "Location", group_address(c, id_text(c->cx->arena, out->group)));
	call_etag(c, out->version);
	return OK;
}

static enum err
changed_brief(struct call *c)
{
	const struct group_out *out = c->out;

	return scim_changed_brief(c, out->version);
}

static void
patched_encode(struct call *c)
{
	const struct group_view *v = c->out;
	const struct realm *realm = call_realm(c);

	if (realm != NULL && !scim_patched_empty(c, realm, v->row.version))
		group_encode(c);
}

/* --- lists ------------------------------------------------------------------- */

static enum err
page_decode(struct call *c, void **in)
{
	struct group_call *g = group_call(c);
	const struct page_in *page = &g->page.in;

	if (page->filter.n > 0)
		TRY(scim_group_filter(c->cx, page->filter, &g->in));
	g->in.after = page->after;
	g->in.first = page->first;
	g->in.is_descending = page->is_descending;
	g->in.limit = page->limit;
	g->in.has_members = !g->page.counts_only && shows(c, NULL);
	*in = &g->in;
	return OK;
}

static enum err
list_decode(struct call *c, void **in)
{
	struct group_call *g = group_call(c);

	TRY(start(c));
	g->page.takes_filter = true;
	TRY(scim_page_of_query(c, &g->page));
	return page_decode(c, in);
}

static enum err
search_decode(struct call *c, void **in)
{
	struct group_call *g = group_call(c);

	TRY(start(c));
	g->page.takes_filter = true;
	TRY(scim_page_of_body(c, &g->page, &g->shown));
	return page_decode(c, in);
}

static void
list_encode(struct call *c)
{
	const struct groups_out *out = c->out;
	const struct scim_page *page = &group_call(c)->page;
	const size_t n = page->counts_only ? 0 : out->n;

	scim_list_begin(
	    c, page, out->total, n, page->counts_only ? 0 : out->next);
	for (size_t i = 0; i < n; i++)
		put_group(c, &out->group[i]);
	scim_list_end(c);
}

/* --- routes ------------------------------------------------------------------ */

static const struct route_work
    show_created = { .kind = WORK_QUERY, .run = group_show, .decode = changed_decode, .encode = created_encode },
    show_put = { .kind = WORK_QUERY, .run = group_show, .decode = changed_decode, .encode = group_encode },
    show_patched = { .kind = WORK_QUERY, .run = group_show, .decode = changed_decode, .encode = patched_encode },
    create = { .kind = WORK_USE_CASE, .use_case = &group_order, .decode = create_decode, .next = &show_created,
	.brief = created_brief, .query = "*" },
    put = { .kind = WORK_USE_CASE, .use_case = &group_order, .decode = put_decode, .next = &show_put,
	.brief = changed_brief, .query = "*" },
    patch = { .kind = WORK_USE_CASE, .use_case = &group_order, .decode = patch_decode, .next = &show_patched,
	.brief = changed_brief, .query = "*" },
    removal = { .kind = WORK_USE_CASE, .use_case = &group_order, .decode = remove_decode, .encode = scim_removed_encode,
	.query = "*" };

const struct route scim_group_routes[] = {
	{ POST, SCIM_PATH "/Groups", RIGHT_PERSON_WRITE, GROUP_BODY_MAX, false, &create, "Make a group" },
	{ GET, SCIM_PATH "/Groups", RIGHT_PERSON_READ, 0, false,
	    LIST(groups_list, list_decode, list_encode, "*"), "List groups" },
	{ POST, SCIM_PATH "/Groups/.search", RIGHT_PERSON_READ, SMALL_BODY_MAX, false,
	    LIST(groups_list, search_decode, list_encode, "*"), "Search groups" },
	{ GET, SCIM_PATH "/Groups/{group}", RIGHT_PERSON_READ, 0, false,
	    LIST(group_show, show_decode, group_encode, "*"), "Show a group" },
	{ PUT, SCIM_PATH "/Groups/{group}", RIGHT_PERSON_WRITE, GROUP_BODY_MAX, false, &put, "Replace a group" },
	{ PATCH, SCIM_PATH "/Groups/{group}", RIGHT_PERSON_WRITE, GROUP_BODY_MAX, false, &patch, "Change a group" },
	{ DELETE, SCIM_PATH "/Groups/{group}", RIGHT_PERSON_WRITE, 0, false, &removal, "Remove a group" },
	{ 0 }
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.c - resources of the types that a catalogue declares: made, shown,
 * listed, replaced, changed and removed (RFC 7644 section 3, decision 0022).
 *
 * The type is the first part of the path.  A credential that brings things for
 * a source has its resources, and reaches no others.
 */
#include "scim/scim_int.h"
#include "scim/user.h"

#include "base/id.h"

#include "core/extension.h"
#include "core/filter_tree.h"

#include "act/resource.h"

#define RESOURCE_MEMORY (64u << 20) /* one of a list takes a few MiB on its way */

/* What a request keeps from step to step. */
struct resource_call {
	struct projection   shown;
	struct resources_in in;
	const char	   *path;	/* of the type */
	int64_t		    if_version;
	const struct js	   *patch;	/* of PATCH */
	struct value	   *after;	/* of PUT */
	struct scim_page    page;	/* of a list */
	bool		    is_ready;
};

static enum err type_of(struct call *, const struct realm **,
    const struct declared_type **);
static struct value *resource_value(struct call *, struct arena *,
    const struct realm *, const struct declared_type *,
    const struct resource_view *);
static struct str resource_address(struct arena *, struct str base,
    const char *path, int64_t id);
static void add_meta(struct arena *, struct str base,
    const struct declared_type *, const struct resource_row *,
    struct value *);
static struct value *object_of(struct ctx *, struct str text);
static struct str values_of(struct ctx *, const struct declared_type *,
    struct str before, const struct value *after);
static void take_values(struct arena *, const struct scim_schema *,
    const struct value *from, struct value *all);
static enum err filter_decode(struct call *, bool in_url);
static enum err name_decode(struct call *, const struct declared_type *,
    const struct tree_node *);

static struct resource_call *
resource_call(struct call *c)
{
	if (c->kept == NULL)
		c->kept =
		    arena_alloc(c->cx->arena, sizeof(struct resource_call));
	return c->kept;
}

/* Once for all steps: a credential that ends meanwhile reaches nothing else. */
static enum err
start(struct call *c)
{
	struct resource_call *k = resource_call(c);
	const struct declared_type *type;
	const struct realm *realm;

	if (k->is_ready)
		return OK;
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	type = catalogue_type_at(realm->catalogue, c->rq->param[0]);
	if (type == NULL)
		return fail(
		    c->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	TRY(project_parse(c->cx, request_query(c->rq, "attributes"),
	    request_query(c->rq, "excludedAttributes"), &k->shown));
	TRY(scim_source(c, &k->in.source));
	k->in.type = type->id;
	k->path = str_z(c->cx->arena, str_of(type->resource.path));
	k->is_ready = true;
	return OK;
}

/* As the catalogue declares it now. */
static enum err
type_of(struct call *c, const struct realm **realm,
    const struct declared_type **type)
{
	TRY(world_realm(c->world, c->cx, c->tenant, realm));
	*type = catalogue_type((*realm)->catalogue, resource_call(c)->in.type);
	if (*type != NULL)
		return OK;
	return fail(c->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
}

static enum err
one_decode(struct call *c)
{
	TRY(start(c));
	return param_id(
	    c, 1, MSG_SCIM_NO_RESOURCE, "id", &resource_call(c)->in.id);
}

/* --- reading ----------------------------------------------------------------- */

static enum err
show_decode(struct call *c, void **in)
{
	TRY(one_decode(c));
	*in = &resource_call(c)->in;
	return OK;
}

static void
resource_encode(struct call *c)
{
	const struct resource_view *v = c->out;
	const struct declared_type *type;
	const struct realm *realm;
	struct value *shown;
	struct str address;
	enum err err = type_of(c, &realm, &type);

	if (err != OK) {
		scim_refuse(c->cx, err, &c->reply);
		return;
	}
	address = resource_address(
	    c->cx->arena, scim_base(c), type->resource.path, v->row.id);
	c->reply.content_type = SCIM_MEDIA;
	if (c->reply.status == 201)
		call_header(c, "Location", address);
	call_header(c, "Content-Location", address);
	if (call_etag(c, v->row.version))
		return;
	shown = resource_value(c, c->cx->arena, realm, type, v);
	project(c->cx->arena, &type->resource, &resource_call(c)->shown,
	    shown);
	value_write(&c->js, shown);
}

static struct value *
resource_value(struct call *c, struct arena *arena, const struct realm *realm,
    const struct declared_type *type, const struct resource_view *v)
{
	const struct scim_resource *r = &type->resource;
	struct ctx cx = *c->cx;
	const struct value *all, *own;
	struct value *out = value_object(arena), *urns = value_array(arena);

	cx.arena = arena;
	all = extension_shown(&cx, realm->catalogue, v->values);
	own = value_get(all, str_of(r->schema->id));
	value_put(out, STR("schemas"), urns);
	value_add(urns, value_text(arena, str_of(r->schema->id)));
	value_put(out, STR("id"), value_text(arena, id_text(arena, v->row.id)));
	if (v->external_id.n > 0)
		value_put(out, STR("externalId"),
		    value_text(arena, v->external_id));
	for (const struct value *m = own != NULL ? own->first : NULL; m != NULL;
	     m = m->next)
		value_put(out, m->name, value_copy(arena, m));
	for (size_t i = 0; r->extension[i] != NULL; i++) {
		struct str id = str_of(r->extension[i]->id);
		const struct value *of = value_get(all, id);

		if (of == NULL)
			continue;
		value_add(urns, value_text(arena, id));
		value_put(out, id, value_copy(arena, of));
	}
	add_meta(arena, scim_base(c), type, &v->row, out);
	return out;
}

static struct str
resource_address(
    struct arena *arena, struct str base, const char *path, int64_t id)
{
	return str_fmt(arena, "%.*s%s/%.*s", STR_ARG(base), path,
	    STR_ARG(id_text(arena, id)));
}

static void
add_meta(struct arena *arena, struct str base, const struct declared_type *type,
    const struct resource_row *row, struct value *out)
{
	struct js_out js;

	js_begin_tree(&js, arena);
	js_open_object(&js);
	put_text(&js, "resourceType", type->name);
	js_key(&js, "created");
	js_put_time(&js, row->created_ms);
	js_key(&js, "lastModified");
	js_put_time(&js, row->changed_ms);
	put_text(&js, "location",
	    resource_address(arena, base, type->resource.path, row->id));
	put_text(&js, "version",
	    str_fmt(arena, "\"%lld\"", (long long)row->version));
	js_close_object(&js);
	value_put(out, STR("meta"), value_of(arena, js_end_tree(&js)));
}

/* --- making, changing, removing ------------------------------------------------ */

static enum err
body_decode(struct call *c, struct value **out)
{
	const struct declared_type *type;
	const struct realm *realm;
	const struct js *js;

	TRY(type_of(c, &realm, &type));
	TRY(js_parse(c->cx, c->rq->body, &js));
	return scim_decode(c->cx, &type->resource, value_of(c->cx->arena, js),
	    realm->catalogue->setting[SETTING_SCIM_STRICT] != 0, out);
}

static enum err
create_decode(struct call *c, void **in)
{
	struct resource_order *o = arena_alloc(c->cx->arena, sizeof(*o));
	const struct declared_type *type;
	const struct realm *realm;
	struct value *made;

	TRY(start(c));
	TRY(body_decode(c, &made));
	TRY(type_of(c, &realm, &type));
	o->kind = RESOURCE_MAKE;
	o->type = type->id;
	o->source = resource_call(c)->in.source;
	o->external_id = value_get_text(made, STR("externalId"));
	resource_call(c)->shown.sent = made;
	o->values = values_of(c->cx, type, STR(""), made);
	o->body = c->rq->body;
	*in = o;
	return OK;
}

/* If-Match is heeded, not required: without it a change that lost a race is tried again. */
static enum err
change_start(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);

	TRY(one_decode(c));
	k->if_version = -1;
	if (request_header(c->rq, "if-match").p != NULL)
		TRY(if_match(c, &k->if_version));
	c->repeats = k->if_version == -1;
	*in = &k->in;
	return OK;
}

static enum err
put_decode(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);

	TRY(change_start(c, in));
	return k->after == NULL ? body_decode(c, &k->after) : OK;
}

static enum err
patch_decode(struct call *c, void **in)
{
	TRY(change_start(c, in));
	return js_parse(c->cx, c->rq->body, &resource_call(c)->patch);
}

/* The order that makes the resource that was read what was asked for. */
static enum err
change_decode(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);
	const struct resource_view *v = c->out;
	struct resource_order *o = arena_alloc(c->cx->arena, sizeof(*o));
	struct arena *arena = c->cx->arena;
	const struct declared_type *type;
	struct value *before, *after;
	const struct realm *realm;

	TRY(type_of(c, &realm, &type));
	if (k->if_version != -1 && k->if_version != v->row.version)
		return fail(c->cx, ERR_STALE, MSG_RESOURCE_STALE, "If-Match");
	before = resource_value(c, arena, realm, type, v);
	if (k->patch != NULL) {
		TRY(scim_patch(
		    c->cx, &type->resource, before, k->patch, &after));
	} else {
		/* What was sent stays: another try may begin from another resource. */
		after = value_copy(arena, k->after);
		scim_keep(arena, &type->resource, before, after);
	}
	k->shown.sent = k->patch != NULL ? after : k->after;
	k->shown.was = k->patch != NULL ? before : NULL;
	o->external_id = value_get_text(after, STR("externalId"));
	if (v->external_id.n > 0 && !str_eq(o->external_id, v->external_id))
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_API_REF_FIXED, "externalId");
	o->kind = RESOURCE_CHANGE;
	o->type = type->id;
	o->id = v->row.id;
	o->source = v->row.source;
	o->version = v->row.version;
	o->before = v->values;
	o->values = values_of(c->cx, type, v->values, after);
	o->has_new_ref = !str_eq(o->external_id, v->external_id);
	o->body = c->rq->body;
	*in = o;
	return OK;
}

static enum err
remove_decode(struct call *c, void **in)
{
	struct resource_order *o = arena_alloc(c->cx->arena, sizeof(*o));
	const struct resource_call *k;
	void *asked;

	TRY(change_start(c, &asked));
	c->repeats = false;
	k = resource_call(c);
	o->kind = RESOURCE_REMOVE;
	o->type = k->in.type;
	o->id = k->in.id;
	o->source = k->in.source;
	o->version = k->if_version;
	*in = o;
	return OK;
}

static struct value *
object_of(struct ctx *cx, struct str text)
{
	const struct js *js;

	if (text.n == 0)
		return value_object(cx->arena);
	must(js_parse(cx, text, &js) == OK);
	return value_of(cx->arena, js);
}

/* What of AFTER is the client's, in the place of what of BEFORE was. */
static struct str
values_of(struct ctx *cx, const struct declared_type *type, struct str before,
    const struct value *after)
{
	const struct scim_resource *r = &type->resource;
	struct value *all = object_of(cx, before);

	take_values(cx->arena, r->schema, after, all);
	for (size_t i = 0; r->extension[i] != NULL; i++)
		take_values(cx->arena, r->extension[i],
		    value_get(after, str_of(r->extension[i]->id)), all);
	return extension_text(cx->arena, all);
}

static void
take_values(struct arena *arena, const struct scim_schema *schema,
    const struct value *from, struct value *all)
{
	struct str id = str_of(schema->id);
	struct value *of = value_get(all, id);

	if (of == NULL) {
		of = value_object(arena);
		value_put(all, id, of);
	}
	for (const struct scim_attr *a = schema->attr; a->name != NULL; a++) {
		struct str name = str_of(a->name);
		const struct value *v = value_get(from, name);

		if (a->mutability == SCIM_READ_ONLY)
			continue;
		value_drop_name(of, name);
		if (v != NULL)
			value_put(of, name, value_copy(arena, v));
	}
}

static enum err
changed_decode(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);
	const struct resource_out *out = c->out;

	k->in.id = out->id;
	*in = &k->in;
	return OK;
}

static void
created_encode(struct call *c)
{
	c->reply.status = 201;
	resource_encode(c);
}

static enum err
created_brief(struct call *c)
{
	const struct resource_out *out = c->out;

	c->reply.status = 201;
	call_header(c, "Location",
	    resource_address(c->cx->arena, scim_base(c),
		resource_call(c)->path, out->id));
	call_etag(c, out->version);
	return OK;
}

static enum err
changed_brief(struct call *c)
{
	const struct resource_out *out = c->out;

	return scim_changed_brief(c, out->version);
}

static void
patched_encode(struct call *c)
{
	const struct resource_view *v = c->out;
	const struct realm *realm = call_realm(c);

	if (realm != NULL && !scim_patched_empty(c, realm, v->row.version))
		resource_encode(c);
}

/* --- lists ------------------------------------------------------------------- */

static enum err
list_decode(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);

	TRY(start(c));
	k->page.takes_filter = true;
	TRY(scim_page_of_query(c, &k->page));
	*in = &k->in;
	return filter_decode(c, true);
}

static enum err
search_decode(struct call *c, void **in)
{
	struct resource_call *k = resource_call(c);

	TRY(start(c));
	k->page.takes_filter = true;
	TRY(scim_page_of_body(c, &k->page, &k->shown));
	*in = &k->in;
	return filter_decode(c, false);
}

/* All of a resource is sealed: an index finds what is one value, and nothing else is asked. */
static enum err
filter_decode(struct call *c, bool in_url)
{
	struct resource_call *k = resource_call(c);
	const struct page_in *page = &k->page.in;
	const struct declared_type *type;
	const struct realm *realm;
	struct filter_tree tree;
	const char *name;

	k->in.after = page->after;
	k->in.first = page->first;
	k->in.limit = page->limit;
	k->in.is_descending = page->is_descending;
	if (page->filter.n == 0)
		return OK;
	TRY(type_of(c, &realm, &type));
	TRY(filter_tree_parse(c->cx, page->filter, FILTER_SCIM, &tree));
	name = str_z(c->cx->arena, tree.node[0].name);
	if (tree.n != 1 || tree.node[0].op != F_EQ ||
	    (tree.node[0].literal.kind != LIT_TEXT &&
		tree.node[0].literal.kind != LIT_NUMBER))
		return fail(c->cx, ERR_BAD_INPUT, MSG_RESOURCE_FILTER,
		    "filter", name);
	TRY(name_decode(c, type, &tree.node[0]));
	if (in_url && k->in.id == 0 &&
	    realm->catalogue->setting[SETTING_SCIM_FILTER_IN_URL] == 0)
		return fail(c->cx, ERR_DENIED, MSG_SCIM_SENSITIVE, "filter",
		    name);
	return OK;
}

static enum err
name_decode(struct call *c, const struct declared_type *type,
    const struct tree_node *node)
{
	struct resources_in *in = &resource_call(c)->in;
	const struct scim_resource *r = &type->resource;
	struct str text = node->literal.text;
	struct scim_target t;

	if (str_eq_nocase(node->name, STR("id"))) {
		/* What is no id is nobody's. */
		if (!id_decode(text, &in->id))
			in->id = -1;
		return OK;
	}
	if (str_eq_nocase(node->name, STR("externalId"))) {
		in->external_id = text;
		return OK;
	}
	if (!scim_resolve(r, node->name, &t) || t.attr == NULL ||
	    t.sub != NULL || scim_attr_find(scim_common, node->name) != NULL)
		return fail(c->cx, ERR_BAD_INPUT, MSG_RESOURCE_FILTER,
		    "filter", str_z(c->cx->arena, node->name));
	in->path = str_fmt(c->cx->arena, "%s:%s",
	    t.extension != NULL ? t.extension->id : r->schema->id,
	    t.attr->name);
	in->value = text;
	return OK;
}

static void
list_encode(struct call *c)
{
	struct resource_call *k = resource_call(c);
	const struct resources_out *out = c->out;
	const size_t n = k->page.counts_only ? 0 : out->n;
	const struct declared_type *type;
	const struct realm *realm;
	enum err err = type_of(c, &realm, &type);
	struct arena *arena;

	if (err != OK) {
		scim_refuse(c->cx, err, &c->reply);
		return;
	}
	arena = arena_open(RESOURCE_MEMORY);
	scim_list_begin(c, &k->page, out->total, n,
	    k->page.counts_only ? 0 : out->next);
	for (size_t i = 0; i < n; i++) {
		struct value *v = resource_value(
		    c, arena, realm, type, &out->resource[i]);

		project(arena, &type->resource, &k->shown, v);
		value_write(&c->js, v);
		arena_reset(arena);
	}
	arena_close(arena);
	scim_list_end(c);
}

/* --- routes ------------------------------------------------------------------ */

static const struct route_work
    show_created = { .kind = WORK_QUERY, .run = resource_show, .decode = changed_decode, .encode = created_encode },
    show_put = { .kind = WORK_QUERY, .run = resource_show, .decode = changed_decode, .encode = resource_encode },
    show_patched = { .kind = WORK_QUERY, .run = resource_show, .decode = changed_decode, .encode = patched_encode },
    put_it = { .kind = WORK_USE_CASE, .use_case = &resource_order, .decode = change_decode, .next = &show_put,
	.brief = changed_brief },
    patch_it = { .kind = WORK_USE_CASE, .use_case = &resource_order, .decode = change_decode, .next = &show_patched,
	.brief = changed_brief },
    create = { .kind = WORK_USE_CASE, .use_case = &resource_order, .decode = create_decode, .next = &show_created,
	.brief = created_brief, .query = "*" },
    put = { .kind = WORK_QUERY, .run = resource_show, .decode = put_decode, .next = &put_it, .query = "*" },
    patch = { .kind = WORK_QUERY, .run = resource_show, .decode = patch_decode, .next = &patch_it, .query = "*" },
    removal = { .kind = WORK_USE_CASE, .use_case = &resource_order, .decode = remove_decode,
	.encode = scim_removed_encode,
	.query = "*" };

#define OF_TYPE SCIM_PATH "/{type}"

const struct route scim_resource_routes[] = {
	{ POST, OF_TYPE, RIGHT_RESOURCE_WRITE, PERSON_BODY_MAX, false, &create, "Make a resource" },
	{ GET, OF_TYPE, RIGHT_RESOURCE_READ, 0, false,
	    LIST(resources_list, list_decode, list_encode, "*"), "List resources" },
	{ POST, OF_TYPE "/.search", RIGHT_RESOURCE_READ, SMALL_BODY_MAX, false,
	    LIST(resources_list, search_decode, list_encode, "*"), "Search resources" },
	{ GET, OF_TYPE "/{resource}", RIGHT_RESOURCE_READ, 0, false,
	    LIST(resource_show, show_decode, resource_encode, "*"), "Show a resource" },
	{ PUT, OF_TYPE "/{resource}", RIGHT_RESOURCE_WRITE, PERSON_BODY_MAX, false, &put, "Replace a resource" },
	{ PATCH, OF_TYPE "/{resource}", RIGHT_RESOURCE_WRITE, PERSON_BODY_MAX, false, &patch, "Change a resource" },
	{ DELETE, OF_TYPE "/{resource}", RIGHT_RESOURCE_WRITE, 0, false, &removal, "Remove a resource" },
	{ 0 }
};

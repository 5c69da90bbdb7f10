/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - which resources a list shows: filter, page and count (RFC 7644
 * section 3.4.2, RFC 9865), from the address or from a search request.
 */
#include "scim/scim_int.h"

#include "base/id.h"

#include "core/extension.h"
#include "core/filter.h"

#define SEARCH	     "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

static enum err sort_of(struct ctx *, struct str by, struct str order,
    bool *is_descending);
static enum err number_of(struct ctx *, enum msg, const char *, struct str,
    int64_t *);
static enum err page_fill(struct call *, struct scim_page *, int64_t start,
    int64_t count, struct str cursor);
static enum err check_filter(struct call *, struct str filter, bool in_url);
static const char *path_of(struct arena *, const struct filter_node *);
static bool has_index(struct ctx *, const struct catalogue *,
    const struct filter_node *);
static enum err text_of(struct ctx *, const struct value *body,
    const char *name, struct str *);
static struct str number_text(struct call *, const struct value *);

enum err
scim_page_of_query(struct call *c, struct scim_page *page)
{
	struct str filter = request_query(c->rq, "filter");
	int64_t start = 1, count = SCIM_COUNT_IF_NONE;

	TRY(number_of(c->cx, MSG_SCIM_NUMBER, "startIndex",
	    request_query(c->rq, "startIndex"), &start));
	TRY(number_of(c->cx, MSG_SCIM_COUNT, "count",
	    request_query(c->rq, "count"), &count));
	page->in.filter = filter;
	if (!page->takes_filter)
		TRY(check_filter(c, filter, true));
	TRY(sort_of(c->cx, request_query(c->rq, "sortBy"),
	    request_query(c->rq, "sortOrder"), &page->in.is_descending));
	return page_fill(c, page, start, count, request_query(c->rq, "cursor"));
}

enum err
scim_page_of_body(
    struct call *c, struct scim_page *page, struct projection *shown)
{
	int64_t start = 1, count = SCIM_COUNT_IF_NONE;
	const struct value *body, *schemas;
	struct str by, order, cursor;
	const struct js *js;
	bool is_search = false;

	TRY(js_parse(c->cx, c->rq->body, &js));
	body = value_of(c->cx->arena, js);
	schemas = value_get(body, STR("schemas"));
	for (const struct value *v = schemas != NULL ? schemas->first : NULL;
	     v != NULL; v = v->next)
		is_search |= str_eq_nocase(v->text, STR(SEARCH));
	if (!is_search)
		return fail(
		    c->cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS, "schemas", SEARCH);
	TRY(number_of(c->cx, MSG_SCIM_NUMBER, "startIndex",
	    number_text(c, value_get(body, STR("startIndex"))), &start));
	TRY(number_of(c->cx, MSG_SCIM_COUNT, "count",
	    number_text(c, value_get(body, STR("count"))), &count));
	TRY(project_lists(c->cx, value_get(body, STR("attributes")),
	    value_get(body, STR("excludedAttributes")), shown));
	TRY(text_of(c->cx, body, "filter", &page->in.filter));
	TRY(text_of(c->cx, body, "sortBy", &by));
	TRY(text_of(c->cx, body, "sortOrder", &order));
	TRY(text_of(c->cx, body, "cursor", &cursor));
	if (!page->takes_filter)
		TRY(check_filter(c, page->in.filter, false));
	TRY(sort_of(c->cx, by, order, &page->in.is_descending));
	return page_fill(c, page, start, count, cursor);
}

/* Whoever is not understood is not answered as if nothing had been asked. */
static enum err
text_of(struct ctx *cx, const struct value *body, const char *name,
    struct str *out)
{
	const struct value *v = value_get(body, str_of(name));

	*out = value_get_text(body, str_of(name));
	if (v == NULL || v->type == JS_STRING || v->type == JS_NULL)
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_TYPE, name, name, "string");
}

/*
 * Ids tell when something was made.  The texts of everything else are sealed,
 * and nobody opens all of them to sort a page.
 */
static enum err
sort_of(struct ctx *cx, struct str by, struct str order, bool *is_descending)
{
	if (by.n == 0)
		return OK;
	if (!str_eq_nocase(by, STR("id")) &&
	    !str_eq_nocase(by, STR("meta.created")))
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SORT, "sortBy",
		    str_z(cx->arena, by));
	*is_descending = str_eq_nocase(order, STR("descending"));
	if (order.n > 0 && !*is_descending &&
	    !str_eq_nocase(order, STR("ascending")))
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SORT_ORDER, "sortOrder",
		    str_z(cx->arena, order));
	return OK;
}

static struct str
number_text(struct call *c, const struct value *v)
{
	if (v == NULL || v->type == JS_NULL)
		return (struct str) { NULL, 0 };
	if (v->type != JS_INT)
		return v->type == JS_STRING ? v->text : STR("?");
	return str_fmt(c->cx->arena, "%lld", (long long)v->number);
}

static enum err
number_of(struct ctx *cx, enum msg msg, const char *name, struct str text,
    int64_t *out)
{
	if (text.p == NULL || str_int(text, out))
		return OK;
	return fail(cx, ERR_BAD_INPUT, msg, name, name);
}

/* What is below the least is the least, and what is above the most the most. */
static enum err
page_fill(struct call *c, struct scim_page *page, int64_t start, int64_t count,
    struct str cursor)
{
	page->counts_only = count <= 0;
	page->by_cursor = cursor.p != NULL;
	page->in.is_counted = true;
	page->in.is_present = true;
	page->in.limit = (size_t)(count < 1 ? 1
		: count > PAGE_MAX	    ? PAGE_MAX
					    : count);
	TRY(scim_source(c, &page->in.source));
	if (!page->by_cursor)
		page->in.first = start < 1 ? 1 : start;
	if (cursor.n > 0 && !id_decode(cursor, &page->in.after))
		return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_CURSOR, "cursor");
	return OK;
}

enum err
scim_source(struct call *c, int64_t *source)
{
	const struct actor *a = c->cx->actor;

	*source = world_token_source(c->world, c->tenant, a->id);
	if (*source != 0 || a->session != 0 || a->person != 0)
		return OK;
	return fail(c->cx, ERR_UNAUTHENTICATED, MSG_WORLD_TOKEN, "");
}

/*
 * Of what is sealed an index finds who has one value, or whose name begins like
 * one, and nothing else can be asked of it; what is clear may be asked beside.
 * RFC 7644 section 7.5.2: in an address it may be asked if the tenant says so.
 */
static enum err
check_filter(struct call *c, struct str filter, bool in_url)
{
	const struct realm *realm;
	const struct filter_node *node;
	const struct filter *rest;
	struct filter *compiled;
	const char *path;

	if (filter.n == 0)
		return OK;
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	TRY(filter_compile(c->cx, filter, FILTER_SCIM, true, &compiled));
	node = filter_personal(compiled);
	if (node == NULL)
		return OK;
	path = path_of(c->cx->arena, node);
	if (in_url &&
	    realm->catalogue->setting[SETTING_SCIM_FILTER_IN_URL] == 0)
		return fail(
		    c->cx, ERR_DENIED, MSG_SCIM_SENSITIVE, "filter", path);
	node = filter_anchor(c->cx->arena, compiled, &rest);
	if (node != NULL && has_index(c->cx, realm->catalogue, node))
		return OK;
	return fail(c->cx, ERR_BAD_INPUT, MSG_SCIM_FILTER, "filter", path);
}

/* A declared attribute stands before its value. */
static const char *
path_of(struct arena *arena, const struct filter_node *node)
{
	struct str name = node->text;

	return node->attribute == A_EXTENSIONS
	    ? str_z(arena, str_cut(&name, '\n'))
	    : attr_info(node->attribute)->path;
}

/* How short a beginning may be says whoever looks it up. */
static bool
has_index(struct ctx *cx, const struct catalogue *catalogue,
    const struct filter_node *node)
{
	enum attribute a = node->attribute;
	struct extension_key key;
	struct str value = node->text, name;

	if ((attr_info(a)->flags & ATTR_SEARCH) != 0)
		return node->op == F_SW || node->op == F_EQ;
	if (a != A_EXTENSIONS)
		return node->op == F_EQ &&
		    (a == A_EXTERNAL_ID || a == A_EMAIL_VALUE);
	name = str_cut(&value, '\n');
	return extension_asked(cx, catalogue, name, value, &key);
}

/* --- out ----------------------------------------------------------------------- */

void
scim_list_begin(struct call *c, const struct scim_page *page, int64_t total,
    size_t n, int64_t next)
{
	struct js_out *js = &c->js;

	c->reply.content_type = SCIM_MEDIA;
	js_open_object(js);
	js_key(js, "schemas");
	js_open_array(js);
	js_put_z(js, SCIM_LIST);
	js_close_array(js);
	js_key(js, "totalResults");
	js_put_int(js, total);
	if (!page->by_cursor) {
		js_key(js, "startIndex");
		js_put_int(js, page->in.first);
	} else if (next != 0) {
		js_key(js, "nextCursor");
		js_put_id(js, next);
	}
	js_key(js, "itemsPerPage");
	js_put_int(js, (int64_t)n);
	js_key(js, "Resources");
	js_open_array(js);
}

void
scim_list_end(struct call *c)
{
	js_close_array(&c->js);
	js_close_object(&c->js);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource_query.c - reading resources of declared types: one of them, those
 * that a key leads to, or all of a source, a page at a time.
 */
#include "act/resource_int.h"

#include <string.h>

#include "act/query_int.h"

/* What is asked for, and what was found. */
struct asking {
	struct reader		  *r;
	struct ctx		  *cx;
	const struct realm	  *realm;
	const struct resources_in *in;
	struct extension_key	   key;	/* of in->path */
	struct resource_row	  *row;
	size_t			   n;
};

static enum err ask(struct asking *);
static enum err find_some(struct asking *);
static enum err find_one(struct asking *, int64_t *id);
static enum err find_many(struct asking *);
static enum err load_one(struct asking *, int64_t id);
static enum err walk_all(struct asking *, struct resources_out *);
static enum err view(struct asking *, struct resource_view **);
static void cut(struct asking *, struct resource_view *,
    struct resources_out *);

enum err
resource_show(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	struct asking a = { .r = r, .cx = cx, .in = in };
	struct resource_view *v;

	TRY(ask(&a));
	TRY(find_some(&a));
	if (a.n == 0)
		return fail(cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	TRY(view(&a, &v));
	*out = v;
	return OK;
}

enum err
resources_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	struct asking a = { .r = r, .cx = cx, .in = in };
	struct resources_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct resource_view *v;
	bool is_found;

	TRY(ask(&a));
	is_found = a.in->id != 0 || a.in->external_id.p != NULL ||
	    a.in->path.p != NULL;
	if (is_found)
		TRY(find_some(&a));
	else
		TRY(walk_all(&a, out));
	TRY(view(&a, &v));
	out->resource = v;
	out->n = a.n;
	if (is_found)
		cut(&a, v, out);
	*result = out;
	return OK;
}

static enum err
ask(struct asking *a)
{
	const struct resources_in *in = a->in;

	TRY(world_realm(a->r->world, a->cx, a->cx->actor->tenant, &a->realm));
	if (in->path.p == NULL ||
	    extension_asked(
		a->cx, a->realm->catalogue, in->path, in->value, &a->key))
		return OK;
	return fail(a->cx, ERR_BAD_INPUT, MSG_RESOURCE_FILTER, "filter",
	    str_z(a->cx->arena, in->path));
}

/* --- which ------------------------------------------------------------------- */

static enum err
find_some(struct asking *a)
{
	const struct resources_in *in = a->in;
	const bool is_many =
	    in->id == 0 && in->path.p != NULL && !a->key.is_unique;
	int64_t id = in->id;

	if (is_many)
		return find_many(a);
	if (id == 0)
		TRY(find_one(a, &id));
	return id != 0 ? load_one(a, id) : OK;
}

/* By what only one can have. */
static enum err
find_one(struct asking *a, int64_t *id)
{
	const struct resources_in *in = a->in;
	struct arena *arena = a->cx->arena;
	struct index_key key = { 0 };

	TRY(index_of(a->r, a->cx, INDEX_ATTRIBUTE,
	    in->path.p == NULL
		? resource_ref(arena, in->type, in->source, in->external_id)
		: digest_of(arena, a->key.text),
	    &key));
	return index_find(a->r->data, a->realm->tenant, &key, 1, id);
}

/* Those of other sources, and what else the key leads to, are passed over where the rows lie. */
static enum err
find_many(struct asking *a)
{
	const struct resources_in *in = a->in;
	struct arena *arena = a->cx->arena;
	struct index_key key = { 0 };
	const struct resource_page page = { .tenant = a->realm->tenant,
		.type = in->type,
		.source = in->source,
		.limit = PAGE_MAX + 1,
		.is_descending = in->is_descending,
		.word = &key };
	struct rows rows;

	TRY(index_of(a->r, a->cx, INDEX_SEARCH,
	    digest_of(arena, a->key.text), &key));
	key.kind = 0;
	TRY(resource_page(a->r->data, &page, &rows));
	if (rows.n > PAGE_MAX)
		return fail(a->cx, ERR_BAD_INPUT, MSG_QUERY_TOO_MANY, "filter",
		    str_z(arena, in->path), LIMIT_TEXT(PAGE_MAX));
	a->row = rows.row;
	a->n = rows.n;
	return OK;
}

static enum err
load_one(struct asking *a, int64_t id)
{
	const struct resources_in *in = a->in;
	const struct resource_row key = { .tenant = a->realm->tenant,
		.type = in->type,
		.id = id };
	struct rows rows;

	TRY(store_load(a->r->data, &RESOURCE, &key, 1, 3, 0, &rows));
	a->row = rows.row;
	a->n = rows.n > 0 && (in->source == 0 || a->row->source == in->source);
	return OK;
}

static enum err
walk_all(struct asking *a, struct resources_out *out)
{
	const struct resources_in *in = a->in;
	const struct resource_page page = {
		.tenant = a->realm->tenant,
		.type = in->type,
		.source = in->source,
		.after = in->after,
		.skip = in->first > 1 ? in->first - 1 : 0,
		.limit = in->limit + 1, /* it tells whether there is a next page */
		.is_descending = in->is_descending,
	};
	struct rows rows;
	int64_t own, all;

	TRY(resource_counts(a->r->data, a->realm->tenant, in->type, in->source,
	    &own, &all));
	out->total = in->source == 0 ? all : own;
	TRY(resource_page(a->r->data, &page, &rows));
	a->row = rows.row;
	a->n = rows.n;
	if (rows.n > in->limit) {
		a->n = in->limit;
		out->next = a->row[a->n - 1].id;
	}
	return OK;
}

/* --- what they look like ------------------------------------------------------- */

static enum err
view(struct asking *a, struct resource_view **out)
{
	struct arena *arena = a->cx->arena;
	struct resource_view *v = arena_array(arena, a->n + 1, sizeof(*v));
	const struct text_out **record =
	    arena_array(arena, a->n + 1, sizeof(*record));
	struct capability capability;
	struct vault_call call;

	*out = v;
	if (a->n == 0)
		return OK;
	TRY(world_capability(
	    a->r->world, a->r->vault, a->cx, a->cx->actor, &capability));
	vault_call_init(&call, arena);
	call.tenant = a->realm->tenant;
	call.capability = &capability;
	for (size_t i = 0; i < a->n; i++) {
		v[i].row = a->row[i];
		record[i] = vault_text_open(
		    &call, PURPOSE_NAME, a->row[i].id, a->row[i].record);
	}
	TRY(vault_run(a->r->vault, a->cx, &call));
	for (size_t i = 0; i < a->n; i++) {
		if (record[i]->err != OK)
			return fail_sealed(a->cx, record[i]->err, "resource");
		resource_restore(a->cx, record[i]->text, &v[i]);
	}
	return OK;
}

/* All that a key leads to were found at once, of whom a page is shown. */
static void
cut(struct asking *a, struct resource_view *v, struct resources_out *out)
{
	const struct resources_in *in = a->in;
	size_t kept = 0, place = 0;

	for (size_t i = 0; i < a->n; i++) {
		/* The index of words is cut short: what it leads to is looked at. */
		if (in->path.p != NULL && !a->key.is_unique &&
		    !extension_has_key(a->cx, a->realm->catalogue, v[i].values,
			a->key.text))
			continue;
		out->total++;
		if ((in->is_descending
			? in->after != 0 && v[i].row.id >= in->after
			: v[i].row.id <= in->after) ||
		    (in->first > 1 && (int64_t)++place < in->first))
			continue;
		if (kept == in->limit)
			out->next = v[kept - 1].row.id;
		else
			v[kept++] = v[i];
	}
	out->n = kept;
}

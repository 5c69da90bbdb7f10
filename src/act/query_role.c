/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_role.c - who holds which roles, within the scope of who asks.
 */
#include "act/world_int.h"

#include "act/query.h"

static enum err drop_hidden(struct reader *, struct ctx *,
    const struct realm *, struct rows *);
static enum err open_reasons(struct reader *, struct ctx *,
    const struct role_row *, size_t n, struct role_view *);
static void add_names(struct reader *, struct ctx *, const struct realm *,
    const struct role_row *, struct role_view *);

/*
 * A page ends with all roles of its last person, so that the next one begins
 * after that person.
 */
enum err
roles_held_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct roles_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct role_row from = { .tenant = cx->actor->tenant,
		.person = page->person != 0 ? page->person : page->after,
		.id = page->person != 0 ? 0 : INT64_MAX };
	const struct realm *realm;
	struct role_view *v;
	struct role_row *row;
	struct rows rows;

	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	if (page->person != 0)
		TRY(store_load(r->data, &ROLE, &from, 1, 2, 0, &rows));
	else
		TRY(store_page(r->data, &ROLE, &from, 1, false,
		    page->limit + ROLES_A_PERSON, &rows));
	row = rows.row;
	if (page->person == 0 && rows.n > page->limit) {
		size_t n = page->limit;

		while (n < rows.n && row[n].person == row[n - 1].person)
			n++;
		if (n < rows.n)
			out->next = row[n - 1].person;
		rows.n = n;
	}
	TRY(drop_hidden(r, cx, realm, &rows));
	out->role = v = arena_array(cx->arena, rows.n + 1, sizeof(*v));
	out->n = rows.n;
	*result = out;
	for (size_t i = 0; i < rows.n; i++)
		add_names(r, cx, realm, &row[i], &v[i]);
	return rows.n == 0 ? OK : open_reasons(r, cx, row, rows.n, v);
}

static enum err
drop_hidden(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct rows *rows)
{
	struct person_query q = { .tenant = realm->tenant,
		.scope = cx->actor->scope, .names = &realm->names };
	struct role_row *row = rows->row;
	int64_t *id = arena_array(cx->arena, rows->n + 1, sizeof(*id));
	bool *in = arena_array(cx->arena, rows->n + 1, sizeof(*in));
	size_t kept = 0;

	if (q.scope == NULL || rows->n == 0)
		return OK;
	q.today = order_today(realm, 0, cx->now_ms);
	for (size_t i = 0; i < rows->n; i++)
		id[i] = row[i].person;
	TRY(person_in_scope(r->data, &q, id, rows->n, in));
	for (size_t i = 0; i < rows->n; i++)
		if (in[i])
			row[kept++] = row[i];
	rows->n = kept;
	return OK;
}

/* The scope's text is in memory; a grant that has just ended has none. */
static void
add_names(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct role_row *row, struct role_view *v)
{
	struct role_held *held;
	struct role role;
	size_t n = world_roles_of(r->world, cx->arena, realm->tenant,
	    row->person, &held);

	v->row = *row;
	if (role_of(realm->catalogue, row->role, &role))
		v->role = role.slug;
	for (size_t i = 0; i < n; i++)
		if (held[i].id == row->id && held[i].scope != NULL)
			v->scope = filter_text(held[i].scope);
}

static enum err
open_reasons(struct reader *r, struct ctx *cx, const struct role_row *row,
    size_t n, struct role_view *v)
{
	const struct text_out **reason = arena_array(cx->arena, n,
	    sizeof(const struct text_out *));
	struct capability capability;
	struct vault_call call;

	TRY(world_capability(r->world, r->vault, cx, cx->actor,
	    &capability));
	vault_call_init(&call, cx->arena);
	call.tenant = cx->actor->tenant;
	call.capability = &capability;
	for (size_t i = 0; i < n; i++)
		reason[i] = vault_text_open(&call, PURPOSE_NAME, row[i].id,
		    row[i].reason);
	TRY(vault_run(r->vault, cx, &call));
	for (size_t i = 0; i < n; i++) {
		if (reason[i]->err != OK)
			return fail(cx, reason[i]->err, MSG_ORDER_SEALED,
			    "reason");
		v[i].reason = reason[i]->text;
	}
	return OK;
}

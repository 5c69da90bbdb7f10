/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_role.c - who holds which roles, within the scope of who asks.
 */
#include "act/world_int.h"

#include "act/query.h"

#define WALK 1000	/* rows that are read at once */

static enum err roles_of_person(struct reader *, struct ctx *,
    const struct realm *, int64_t person, struct rows *);
static enum err roles_after(struct reader *, struct ctx *,
    const struct realm *, const struct page_in *, struct rows *,
    int64_t *next);
static size_t end_of_person(const struct role_row *, size_t n, size_t limit);
static enum err next_roles(struct reader *, struct role_row *from,
    struct rows *, bool *more);
static enum err drop_hidden(struct reader *, struct ctx *,
    const struct realm *, struct rows *);
static enum err open_reasons(struct reader *, struct ctx *,
    const struct role_row *, size_t n, struct role_view *);
static void add_names(struct reader *, struct ctx *, const struct realm *,
    const struct role_row *, struct role_view *);

enum err
roles_held_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct page_in *page = in;
	struct roles_out *out = arena_alloc(cx->arena, sizeof(*out));
	const struct realm *realm;
	struct role_view *v;
	const struct role_row *row;
	struct rows rows;

	*result = out;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	if (page->person != 0)
		TRY(roles_of_person(r, cx, realm, page->person, &rows));
	else
		TRY(roles_after(r, cx, realm, page, &rows, &out->next));
	row = rows.row;
	out->role = v = arena_array(cx->arena, rows.n + 1, sizeof(*v));
	out->n = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		add_names(r, cx, realm, &row[i], &v[i]);
	return rows.n == 0 ? OK : open_reasons(r, cx, row, rows.n, v);
}

static enum err
roles_of_person(struct reader *r, struct ctx *cx, const struct realm *realm,
    int64_t person, struct rows *rows)
{
	struct role_row key = { .tenant = realm->tenant, .person = person };
	bool seen = false;

	TRY(persons_seen(r, cx, realm, &person, 1, &seen));
	if (!seen)
		return fail(cx, ERR_NOT_FOUND, MSG_ORDER_NO_PERSON, "person");
	return store_load(r->data, &ROLE, &key, 1, 2, 0, rows);
}

/*
 * A page ends with all roles of its last person, so that the next one begins
 * after that person.  There is a next one if anything that is seen follows.
 */
static enum err
roles_after(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct rows *out, int64_t *next)
{
	struct role_row from = { .tenant = realm->tenant,
		.person = page->after, .id = INT64_MAX };
	struct role_row *kept = arena_array(cx->arena,
	    page->limit + WALK + 2 * ROLES_A_PERSON, sizeof(*kept));
	size_t n = 0;
	bool more;

	*out = (struct rows) { .row = kept };
	do {
		struct rows rows;

		TRY(next_roles(r, &from, &rows, &more));
		TRY(drop_hidden(r, cx, realm, &rows));
		for (size_t i = 0; i < rows.n; i++)
			kept[n++] = ((struct role_row *)rows.row)[i];
		out->n = end_of_person(kept, n, page->limit);
	} while (more && out->n == n);
	if (out->n < n)
		*next = kept[out->n - 1].person;
	return OK;
}

/* Of N roles by person, how many a page of LIMIT holds. */
static size_t
end_of_person(const struct role_row *row, size_t n, size_t limit)
{
	size_t end = n < limit ? n : limit;

	while (end > 0 && end < n && row[end].person == row[end - 1].person)
		end++;
	return end;
}

/* Those of the next persons, whole; FROM becomes the last one. */
static enum err
next_roles(struct reader *r, struct role_row *from, struct rows *rows,
    bool *more)
{
	const struct role_row *row;
	size_t end;

	TRY(store_page(r->data, &ROLE, from, 1, false, WALK + ROLES_A_PERSON,
	    rows));
	row = rows->row;
	end = end_of_person(row, rows->n, WALK);
	*more = end < rows->n;
	rows->n = end;
	if (end > 0) {
		from->person = row[end - 1].person;
		from->id = INT64_MAX;
	}
	return OK;
}

static enum err
drop_hidden(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct rows *rows)
{
	struct role_row *row = rows->row;
	int64_t *id = arena_array(cx->arena, rows->n + 1, sizeof(*id));
	bool *seen = arena_array(cx->arena, rows->n + 1, sizeof(*seen));
	size_t kept = 0;

	if (cx->actor->scope == NULL)
		return OK;
	for (size_t i = 0; i < rows->n; i++)
		id[i] = row[i].person;
	TRY(persons_seen(r, cx, realm, id, rows->n, seen));
	for (size_t i = 0; i < rows->n; i++)
		if (seen[i])
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

/* Of what a group gives the reason is the group. */
static enum err
open_reasons(struct reader *r, struct ctx *cx, const struct role_row *row,
    size_t n, struct role_view *v)
{
	const struct text_out **reason = arena_array(cx->arena, n,
	    sizeof(const struct text_out *));
	struct group_row *group = arena_array(cx->arena, n, sizeof(*group));
	struct capability capability;
	struct vault_call call;
	struct rows groups;

	TRY(world_capability(r->world, r->vault, cx, cx->actor,
	    &capability));
	vault_call_init(&call, cx->arena);
	call.tenant = cx->actor->tenant;
	call.capability = &capability;
	for (size_t i = 0; i < n; i++) {
		group[i].tenant = cx->actor->tenant;
		group[i].id = row[i].in_group;
		if (row[i].in_group == 0)
			reason[i] = vault_text_open(&call, PURPOSE_NAME,
			    row[i].id, row[i].reason);
	}
	TRY(store_load(r->data, &GROUP, group, n, 2, 0, &groups));
	for (size_t i = 0; i < groups.n; i++) {
		const struct group_row *g =
		    &((struct group_row *)groups.row)[i];

		reason[groups.key[i]] =
		    vault_text_open(&call, PURPOSE_NAME, g->id, g->name);
	}
	TRY(vault_run(r->vault, cx, &call));
	for (size_t i = 0; i < n; i++) {
		/* Its group is gone, and the role is about to go. */
		if (reason[i] == NULL)
			continue;
		if (reason[i]->err != OK)
			return fail(cx, reason[i]->err, MSG_ORDER_SEALED,
			    "reason");
		v[i].reason = reason[i]->text;
	}
	return OK;
}

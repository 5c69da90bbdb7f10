/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_query.c - reading groups: one of them, those that a key or a person
 * leads to, or all of a source, a page at a time; and roles behind them.
 *
 * A role has no row.  In a list its place among the roles, from 1, stands for
 * one: no group has so small an id.
 */
#include "act/group_int.h"
#include "act/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/canon.h"

#include "act/query_int.h"

#define GROUPS_A_PAGE  500
#define MEMBERS_A_PAGE 5000
#define ROLE_PLACES    (ROLE_COUNT + ROLES_MAX)

/* What is asked for, with what its texts lead to. */
struct asking {
	struct reader	       *r;
	struct ctx	       *cx;
	const struct realm     *realm;
	const struct groups_in *in;
	int64_t			named, known;	/* the group of that name, of that external id; 0: none */
	bool			sees_member;	/* the person asked for is one that the actor reaches */
	const int64_t	       *seen;	/* groups of whom the actor reaches, if that is not everybody */
	size_t			nseen;
	const struct role_group *role;	/* all of them; none, if the actor reads no roles or none is asked for */
	size_t			nrole;
	struct role_held       *held;	/* by the person asked for, if that may be known */
	size_t			nheld;
	const struct role_holder *holder;	/* of any role, by role and person; NULL: not asked yet */
	size_t			nholder;
	struct group_row       *found;
	size_t			n;
};

static enum err ask(struct asking *);
static enum err by_text(struct asking *, struct str text, int64_t *group);
static enum err ask_roles(struct asking *);
static bool is_role_asked(const struct asking *, const struct role_group *);
static bool is_held(const struct asking *, const struct role_group *);
static bool same_name(struct arena *, struct str, struct str);
static bool is_type(const struct groups_in *, struct str);
static enum err find_groups(struct asking *);
static enum err find_some(struct asking *);
static enum err ids_of_member(struct asking *, int64_t **id, size_t *n);
static enum err keep_asked(struct asking *, struct rows *);
static enum err find_seen(struct asking *, int64_t group);
static bool is_told(const struct asking *, const struct group_row *);
static enum err find_all(struct asking *);
static void offer_roles(struct asking *, struct groups_out *);
static void offer(struct asking *, struct groups_out *,
    const struct group_row *);
static bool is_in_page(const struct groups_in *, int64_t id, int64_t at);
static bool is_place(int64_t id);
static enum err view(struct asking *, struct group_view **);
static enum err open_texts(struct asking *, struct group_view *);
static enum err add_members(struct asking *, struct group_view *,
    size_t *shown);
static enum err add_holders(struct asking *, struct group_view *,
    size_t *shown);
static void find_holders(struct asking *);
static const struct role_holder *first_holder(const struct asking *,
    const struct role_holder *key);
static int by_role(const void *, const void *);
static enum err check_shown(struct asking *, size_t shown);
static enum err add_groups(struct reader *, struct ctx *,
    const struct page_in *, struct person_view *, size_t n);
static enum err keep_seen(struct asking *, int64_t *id, size_t *n);
static enum err load_distinct(struct asking *, const struct rows *);
static int by_id(const void *, const void *);
static int by_number(const void *, const void *);

enum err
group_show(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	const struct groups_in *asked = in;
	struct groups_in one = *asked;
	void *found;

	one.limit = 1;
	TRY(groups_list(r, cx, &one, &found));
	if (((struct groups_out *)found)->n == 0)
		return fail(cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	*out = (void *)((struct groups_out *)found)->group;
	return OK;
}

enum err
groups_list(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	struct asking a = { .r = r, .cx = cx, .in = in };
	struct groups_out *out = arena_alloc(cx->arena, sizeof(*out));
	const bool is_turned = a.in->is_descending;
	struct group_row *row;
	struct group_view *v;
	size_t n;

	TRY(ask(&a));
	TRY(ask_roles(&a));
	TRY(find_groups(&a));
	row = a.found;
	n = a.n;
	a.found = arena_array(cx->arena, a.in->limit + 1, sizeof(*a.found));
	a.n = 0;
	if (is_turned)
		offer_roles(&a, out);
	for (size_t i = 0; i < n; i++)
		offer(&a, out, &row[is_turned ? n - 1 - i : i]);
	if (!is_turned)
		offer_roles(&a, out);
	TRY(view(&a, &v));
	out->group = v;
	out->n = a.n;
	*result = out;
	return OK;
}

/* --- which ------------------------------------------------------------------- */

static enum err
ask(struct asking *a)
{
	const struct groups_in *in = a->in;
	struct arena *arena = a->cx->arena;
	int64_t id = in->member;
	size_t n = id != 0;

	TRY(world_realm(a->r->world, a->cx, a->cx->actor->tenant, &a->realm));
	if (in->name.p != NULL)
		TRY(by_text(a, group_name_text(arena, in->name), &a->named));
	if (in->external_id.p != NULL)
		TRY(by_text(a,
		    group_ref_text(arena, in->source, in->external_id),
		    &a->known));
	TRY(keep_seen(a, &id, &n));
	a->sees_member = n > 0;
	return OK;
}

static enum err
ask_roles(struct asking *a)
{
	const struct ctx *cx = a->cx;
	int64_t id = a->in->member;
	struct role_group *role;
	size_t n = 1;

	/* What is of groups of people only is asked for. */
	if (a->in->group != 0 || a->in->external_id.p != NULL ||
	    !is_type(a->in, STR("role")) ||
	    !actor_may(cx->actor, RIGHT_ROLE_READ))
		return OK;
	a->nrole = role_groups(cx->arena, a->realm->catalogue, &role);
	a->role = role;
	if (id == 0)
		return OK;
	TRY(role_members_seen(a->r, a->cx, a->realm, a->in->source, &id, &n));
	if (n > 0)
		a->nheld = world_roles_of(
		    a->r->world, cx->arena, a->realm->tenant, id, &a->held);
	return OK;
}

static bool
is_role_asked(const struct asking *a, const struct role_group *g)
{
	const struct groups_in *in = a->in;

	return (in->role.p == NULL || str_eq(in->role, g->id)) &&
	    (in->name.p == NULL ||
		same_name(a->cx->arena, in->name, g->name)) &&
	    (in->member == 0 || is_held(a, g));
}

static bool
is_type(const struct groups_in *in, struct str type)
{
	return in->type.p == NULL || str_eq_nocase(in->type, type);
}

static bool
same_name(struct arena *arena, struct str a, struct str b)
{
	struct str x, y;

	return canon_key(arena, a, &x) && canon_key(arena, b, &y) &&
	    str_eq(x, y);
}

static bool
is_held(const struct asking *a, const struct role_group *g)
{
	for (size_t i = 0; i < a->nheld; i++)
		if (a->held[i].role == g->role.id &&
		    role_is_plain(&a->held[i], a->cx->now_ms))
			return true;
	return false;
}

static enum err
find_groups(struct asking *a)
{
	const struct groups_in *in = a->in;

	if (in->role.p != NULL || !is_type(in, STR("group")))
		return OK;
	if (in->group != 0 || in->member != 0 || in->name.p != NULL ||
	    in->external_id.p != NULL)
		return find_some(a);
	TRY(find_seen(a, 0));
	return find_all(a);
}

static enum err
by_text(struct asking *a, struct str text, int64_t *group)
{
	struct group_name_row key = { .tenant = a->realm->tenant };
	struct index_key index;
	struct rows rows;

	TRY(index_of(a->r, a->cx, INDEX_SOURCE_REF, text, &index));
	key.name_key = (struct str) { (const char *)index.bytes, 32 };
	TRY(store_load(a->r->data, &GROUP_NAME, &key, 1, 2, 0, &rows));
	if (rows.n > 0)
		*group = ((struct group_name_row *)rows.row)->in_group;
	return OK;
}

/* By the first thing that leads to few; the rest is looked at in their rows. */
static enum err
find_some(struct asking *a)
{
	const struct groups_in *in = a->in;
	int64_t one = in->group != 0 ? in->group
	    : in->name.p != NULL     ? a->named
				     : a->known;
	int64_t *id = &one;
	size_t n = 1;
	struct group_row *key;
	struct rows rows;

	if (in->group == 0 && in->name.p == NULL && in->external_id.p == NULL)
		TRY(ids_of_member(a, &id, &n));
	else if (one != 0)
		TRY(find_seen(a, one));
	key = arena_array(a->cx->arena, n + 1, sizeof(*key));
	for (size_t i = 0; i < n; i++) {
		key[i].tenant = a->realm->tenant;
		key[i].id = id[i];
	}
	TRY(store_load(a->r->data, &GROUP, key, n, 2, 0, &rows));
	TRY(keep_asked(a, &rows));
	a->found = rows.row;
	a->n = rows.n;
	return OK;
}

static enum err
ids_of_member(struct asking *a, int64_t **id, size_t *n)
{
	struct member_of_row key = { a->realm->tenant, a->in->member, 0 };
	struct rows rows;

	TRY(store_load(a->r->data, &MEMBER_OF, &key, 1, 2, 0, &rows));
	*n = rows.n;
	*id = arena_array(a->cx->arena, rows.n + 1, sizeof(**id));
	for (size_t i = 0; i < rows.n; i++)
		(*id)[i] = ((struct member_of_row *)rows.row)[i].in_group;
	return OK;
}

static enum err
keep_asked(struct asking *a, struct rows *rows)
{
	const struct groups_in *in = a->in;
	struct group_row *g = rows->row;
	struct member_row *key =
	    arena_array(a->cx->arena, rows->n + 1, sizeof(*key));
	bool *has = arena_array(a->cx->arena, rows->n + 1, sizeof(*has));
	struct rows members;
	size_t kept = 0;

	for (size_t i = 0; i < rows->n; i++)
		key[i] = (struct member_row) { .tenant = g[i].tenant,
			.in_group = g[i].id,
			.person = in->member };
	if (in->member != 0) {
		TRY(store_load(
		    a->r->data, &MEMBER, key, rows->n, 3, 0, &members));
		for (size_t i = 0; i < members.n; i++)
			has[members.key[i]] = a->sees_member;
	}
	for (size_t i = 0; i < rows->n; i++)
		if ((in->source == 0 || g[i].source == in->source) &&
		    (in->name.p == NULL || g[i].id == a->named) &&
		    (in->external_id.p == NULL || g[i].id == a->known) &&
		    (in->member == 0 || has[i]) && is_told(a, &g[i]))
			g[kept++] = g[i];
	rows->n = kept;
	return OK;
}

/* GROUP, or all of them (0): what there is to tell of groups to whom does not reach everybody. */
static enum err
find_seen(struct asking *a, int64_t group)
{
	const struct person_query q = { .tenant = a->realm->tenant,
		.scope = a->cx->actor->scope,
		.names = &a->realm->names,
		.today = order_today(a->realm, 0, a->cx->now_ms) };
	struct rows rows;

	if (q.scope == NULL)
		return OK;
	TRY(groups_in_scope(a->r->data, &q, group, &rows));
	a->seen = rows.row;
	a->nseen = rows.n;
	return OK;
}

static bool
is_told(const struct asking *a, const struct group_row *g)
{
	const struct groups_in *in = a->in;

	if (a->cx->actor->scope == NULL || in->is_done || in->member != 0)
		return true;
	if (g->members == 0)
		return g->source == in->source;
	return a->nseen > 0 &&
	    bsearch(&g->id, a->seen, a->nseen, sizeof(*a->seen), by_number) !=
	    NULL;
}

/* There are few groups, and who counts them passes all of them. */
static enum err
find_all(struct asking *a)
{
	const struct groups_in *in = a->in;
	struct group_row from = { .tenant = a->realm->tenant };
	LIST(struct group_row) all = { 0 };
	struct rows rows;

	do {
		TRY(store_page(a->r->data, &GROUP, &from, 1, from.id == 0,
		    GROUPS_A_PAGE, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct group_row *)rows.row)[i];
			if ((in->source == 0 || from.source == in->source) &&
			    is_told(a, &from))
				list_add(a->cx->arena, &all, from);
		}
	} while (rows.n == GROUPS_A_PAGE);
	a->found = all.v;
	a->n = all.n;
	return OK;
}

/* --- the page ---------------------------------------------------------------- */

static void
offer_roles(struct asking *a, struct groups_out *out)
{
	for (size_t i = 0; i < a->nrole; i++) {
		const size_t at = a->in->is_descending ? a->nrole - 1 - i : i;
		const struct group_row row = { .tenant = a->realm->tenant,
			.id = (int64_t)at + 1,
			.version = -1 };

		if (is_role_asked(a, &a->role[at]))
			offer(a, out, &row);
	}
}

static void
offer(struct asking *a, struct groups_out *out, const struct group_row *row)
{
	out->total++;
	if (!is_in_page(a->in, row->id, out->total))
		return;
	if (a->n < a->in->limit)
		a->found[a->n++] = *row;
	else
		out->next = a->found[a->n - 1].id;
}

/* AT: among those that are counted, from 1. */
static bool
is_in_page(const struct groups_in *in, int64_t id, int64_t at)
{
	const bool is_later =
	    is_place(id) == is_place(in->after) ? id > in->after : is_place(id);

	if (in->first > 0)
		return at >= in->first;
	if (in->after == 0 || id == in->after)
		return in->after == 0;
	return is_later != in->is_descending;
}

static bool
is_place(int64_t id)
{
	return id <= ROLE_PLACES;
}

/* --- what they look like ------------------------------------------------------- */

static enum err
view(struct asking *a, struct group_view **out)
{
	struct group_view *v = arena_array(a->cx->arena, a->n + 1, sizeof(*v));
	size_t shown = 0;

	for (size_t i = 0; i < a->n; i++) {
		v[i].row = a->found[i];
		if (!is_place(v[i].row.id))
			continue;
		v[i].role = a->role[v[i].row.id - 1].id;
		v[i].name = a->role[v[i].row.id - 1].name;
	}
	*out = v;
	if (a->n == 0)
		return OK;
	TRY(open_texts(a, v));
	for (size_t i = 0; a->in->has_members && i < a->n; i++)
		TRY(is_place(v[i].row.id) ? add_holders(a, &v[i], &shown)
					  : add_members(a, &v[i], &shown));
	return OK;
}

static enum err
open_texts(struct asking *a, struct group_view *v)
{
	const struct text_out **text = arena_array(
	    a->cx->arena, 2 * a->n, sizeof(const struct text_out *));
	struct capability capability;
	struct vault_call call;

	TRY(world_capability(
	    a->r->world, a->r->vault, a->cx, a->cx->actor, &capability));
	vault_call_init(&call, a->cx->arena);
	call.tenant = a->realm->tenant;
	call.capability = &capability;
	for (size_t i = 0; i < a->n; i++) {
		if (is_place(v[i].row.id))
			continue;
		text[2 * i] = vault_text_open(
		    &call, PURPOSE_NAME, v[i].row.id, v[i].row.name);
		if (!a->in->names_only && v[i].row.external_id.n > 0)
			text[2 * i + 1] = vault_text_open(&call, PURPOSE_NAME,
			    v[i].row.id, v[i].row.external_id);
	}
	TRY(vault_run(a->r->vault, a->cx, &call));
	for (size_t i = 0; i < 2 * a->n; i++) {
		if (text[i] == NULL)
			continue;
		if (text[i]->err != OK)
			return fail_sealed(a->cx, text[i]->err, "group");
		if (i % 2 == 0)
			v[i / 2].name = text[i]->text;
		else
			v[i / 2].external_id = text[i]->text;
	}
	return OK;
}

static enum err
add_members(struct asking *a, struct group_view *v, size_t *shown)
{
	struct member_row from = { .tenant = a->realm->tenant,
		.in_group = v->row.id };
	int64_t *id;
	struct rows rows;

	*shown += (size_t)v->row.members;
	TRY(check_shown(a, *shown));
	id = arena_array(a->cx->arena, (size_t)v->row.members + 1, sizeof(*id));
	v->member = id;
	do {
		size_t n;

		TRY(store_page(a->r->data, &MEMBER, &from, 2, from.person == 0,
		    MEMBERS_A_PAGE, &rows));
		must(v->nmember + rows.n <= (size_t)v->row.members);
		for (size_t i = 0; i < rows.n; i++) {
			from = ((struct member_row *)rows.row)[i];
			id[v->nmember + i] = from.person;
		}
		n = rows.n;
		TRY(keep_seen(a, &id[v->nmember], &n));
		v->nmember += n;
	} while (rows.n == MEMBERS_A_PAGE);
	return OK;
}

/*
 * They are in memory, and looked through once however many roles are shown.
 * Those of whom nothing is told do not count, for their number would tell it.
 */
static enum err
add_holders(struct asking *a, struct group_view *v, size_t *shown)
{
	const struct role_holder key = { a->role[v->row.id - 1].role.id, 0 };
	const struct role_holder *holder;
	int64_t *id;
	size_t n = 0;

	if (a->holder == NULL)
		find_holders(a);
	holder = first_holder(a, &key);
	while (holder + n < a->holder + a->nholder &&
	    holder[n].role == key.role)
		n++;
	v->member = id = arena_array(a->cx->arena, n + 1, sizeof(*id));
	for (size_t i = 0; i < n; i++)
		id[i] = holder[i].person;
	TRY(role_members_seen(a->r, a->cx, a->realm, a->in->source, id, &n));
	v->nmember = n;
	*shown += n;
	return check_shown(a, *shown);
}

static void
find_holders(struct asking *a)
{
	struct role_holder *holder;

	a->nholder = world_role_holders(a->r->world, a->cx->arena,
	    a->realm->tenant, a->cx->now_ms, &holder);
	qsort(holder, a->nholder, sizeof(*holder), by_role);
	a->holder = holder;
}

/* That is not before KEY. */
static const struct role_holder *
first_holder(const struct asking *a, const struct role_holder *key)
{
	size_t from = 0, to = a->nholder;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;

		if (by_role(&a->holder[middle], key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return a->holder + from;
}

static int
by_role(const void *a, const void *b)
{
	const struct role_holder *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return (x->person > y->person) - (x->person < y->person);
}

static enum err
check_shown(struct asking *a, size_t shown)
{
	if (shown <= GROUP_SHOWN_MAX)
		return OK;
	return fail(a->cx, ERR_BAD_INPUT, MSG_GROUP_SHOWN, "members",
	    LIMIT_TEXT(GROUP_SHOWN_MAX));
}

/* Keeps the persons whom the actor reaches. */
static enum err
keep_seen(struct asking *a, int64_t *id, size_t *n)
{
	bool *in = arena_array(a->cx->arena, *n + 1, sizeof(*in));
	size_t kept = 0;

	if (a->cx->actor->scope == NULL || *n == 0)
		return OK;
	TRY(persons_seen(a->r, a->cx, a->realm, id, *n, in));
	for (size_t i = 0; i < *n; i++)
		if (in[i])
			id[kept++] = id[i];
	*n = kept;
	return OK;
}

/* --- of persons -------------------------------------------------------------- */

enum err
groups_add(struct reader *r, struct ctx *cx, const struct page_in *page,
    struct person_view *v, size_t n)
{
	const struct realm *realm;

	if (!page->has_groups)
		return OK;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &realm));
	TRY(add_groups(r, cx, page, v, n));
	roles_add(r, cx, realm, v, n);
	return OK;
}

static enum err
add_groups(struct reader *r, struct ctx *cx, const struct page_in *page,
    struct person_view *v, size_t n)
{
	struct groups_in in = { .source = page->source, .names_only = true };
	struct asking a = { .r = r, .cx = cx, .in = &in };
	struct member_of_row *key = arena_array(cx->arena, n + 1, sizeof(*key));
	struct group_view *found;
	struct persons_group *of;
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = v[i].row.tenant;
		key[i].person = v[i].row.id;
	}
	TRY(store_load(r->data, &MEMBER_OF, key, n, 2, 0, &rows));
	if (rows.n == 0)
		return OK;
	if (rows.n > GROUPS_SHOWN_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_GROUP_SHOWN_OF, "groups",
		    LIMIT_TEXT(GROUPS_SHOWN_MAX));
	TRY(ask(&a));
	TRY(load_distinct(&a, &rows));
	TRY(view(&a, &found));
	of = arena_array(cx->arena, rows.n, sizeof(*of));
	for (size_t i = 0; i < rows.n; i++) {
		struct person_view *p = &v[rows.key[i]];
		const struct group_row wanted = {
			.id = ((struct member_of_row *)rows.row)[i].in_group
		};
		/* A view begins with its row. */
		const struct group_view *g = a.n == 0
		    ? NULL
		    : bsearch(&wanted, found, a.n, sizeof(*found), by_id);

		if (g == NULL)
			continue;
		/* Those of one person stand together, one behind the other. */
		if (p->ngroup == 0)
			p->group = &of[i];
		((struct persons_group *)p->group)[p->ngroup++] =
		    (struct persons_group) { .id = g->row.id, .name = g->name };
	}
	return OK;
}

/* Each once, by id; those of the source. */
static enum err
load_distinct(struct asking *a, const struct rows *memberships)
{
	const struct member_of_row *of = memberships->row;
	struct group_row *key =
	    arena_array(a->cx->arena, memberships->n, sizeof(*key));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < memberships->n; i++) {
		key[i].tenant = a->realm->tenant;
		key[i].id = of[i].in_group;
	}
	qsort(key, memberships->n, sizeof(*key), by_id);
	for (size_t i = 0; i < memberships->n; i++)
		if (n == 0 || key[n - 1].id != key[i].id)
			key[n++] = key[i];
	TRY(store_load(a->r->data, &GROUP, key, n, 2, 0, &rows));
	a->found = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		if (a->in->source == 0 || a->found[i].source == a->in->source)
			a->found[a->n++] = a->found[i];
	return OK;
}

static int
by_id(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int
by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_role.c - roles as groups: what the catalogue says of them, and who has
 * them.  Nothing of that is stored a second time.
 *
 * A member is who has the role now, over everybody or over the role's own
 * scope; a grant over a scope of its own is more than being in a group can say.
 */
#include "act/group_int.h"
#include "act/world_int.h"

#include <stdlib.h>

#include "base/id.h"

static struct str id_of(struct arena *, const struct role *);
static int by_id(const void *, const void *);
static void add_role(struct ctx *, struct person_view *,
    const struct role_group *);
static const struct role_group *find(const struct role_group *, size_t n,
    const struct role_held *, int64_t now_ms);

size_t
role_groups(
    struct arena *arena, const struct catalogue *cat, struct role_group **out)
{
	struct role *role;
	const size_t n = role_list(arena, cat, &role);
	size_t kept = 0;

	*out = arena_array(arena, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		const struct role *r = &role[i];

		if (r->id == ROLE_ID(ROLE_OPERATOR) ||
		    r->id == ROLE_ID(ROLE_SELF))
			continue;
		(*out)[kept++] = (struct role_group) { *r, id_of(arena, r),
			r->name.n > 0 ? r->name : r->slug };
	}
	qsort(*out, kept, sizeof(**out), by_id);
	return kept;
}

/* A slug may be renamed; built-in ones stay as they are. */
static struct str
id_of(struct arena *arena, const struct role *role)
{
	return str_fmt(arena, GROUP_ROLE_ID "%.*s",
	    STR_ARG(role->id < 0 ? role->slug : id_text(arena, role->id)));
}

static int
by_id(const void *a, const void *b)
{
	const struct role_group *x = a, *y = b;

	return str_cmp(x->id, y->id);
}

/* --- who has them ------------------------------------------------------------ */

enum err
role_members_seen(struct reader *r, struct ctx *cx, const struct realm *realm,
    int64_t source, int64_t *person, size_t *n)
{
	struct person_query q = { .tenant = realm->tenant,
		.scope = cx->actor->scope,
		.names = &realm->names,
		.today = order_today(realm, 0, cx->now_ms) };
	bool *is = arena_array(cx->arena, *n + 1, sizeof(*is));
	bool *may = arena_array(cx->arena, *n + 1, sizeof(*may));
	size_t kept = 0;

	TRY(members_reached(r->data, &q, source, person, *n, is));
	if (!actor_scope(cx->arena, cx->actor, RIGHT_ROLE_READ, &q.scope))
		*n = 0;
	TRY(members_reached(r->data, &q, source, person, *n, may));
	for (size_t i = 0; i < *n; i++)
		if (is[i] && may[i])
			person[kept++] = person[i];
	*n = kept;
	return OK;
}

void
roles_add(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct person_view *v, size_t n)
{
	struct role_group *role = NULL;
	struct role_held *held;
	size_t nrole = 0, nheld;

	for (size_t i = 0; i < n; i++) {
		if ((v[i].rights & RIGHT_BIT(RIGHT_ROLE_READ)) == 0)
			continue;
		nheld = world_roles_of(
		    r->world, cx->arena, realm->tenant, v[i].row.id, &held);
		if (nheld == 0)
			continue;
		if (role == NULL)
			nrole = role_groups(cx->arena, realm->catalogue, &role);
		for (size_t j = 0; j < nheld; j++)
			add_role(
			    cx, &v[i], find(role, nrole, &held[j], cx->now_ms));
	}
}

/* Who has many roles is rare: each makes the list anew. */
static void
add_role(struct ctx *cx, struct person_view *p, const struct role_group *g)
{
	struct persons_group *of =
	    arena_array(cx->arena, p->ngroup + 1, sizeof(*of));

	if (g == NULL)
		return;
	for (size_t i = 0; i < p->ngroup; i++)
		of[i] = p->group[i];
	of[p->ngroup++] =
	    (struct persons_group) { .role = g->id, .name = g->name };
	p->group = of;
}

/* NULL: it does not make its holder a member. */
static const struct role_group *
find(const struct role_group *role, size_t n, const struct role_held *held,
    int64_t now_ms)
{
	if (!role_is_plain(held, now_ms))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (role[i].role.id == held->role)
			return &role[i];
	return NULL;
}

/* --- whoever reads or writes ---------------------------------------------------- */

enum err
members_reached(struct tx *tx, const struct person_query *q, int64_t source,
    const int64_t *id, size_t n, bool *is)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct person *key = arena_array(arena, n + 1, sizeof(*key));
	bool *in = arena_array(arena, n + 1, sizeof(*in));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = q->tenant;
		key[i].id = id[i];
	}
	TRY(store_load(tx, &PERSON, key, n, 2, 0, &rows));
	if (q->scope != NULL && n > 0)
		TRY(person_in_scope(tx, q, id, n, in));
	for (size_t i = 0; i < rows.n; i++) {
		const struct person *p = &((struct person *)rows.row)[i];

		is[rows.key[i]] = p->lifecycle < LIFE_LEFT &&
		    (source == 0 || p->source == source) &&
		    (q->scope == NULL || in[rows.key[i]]);
	}
	return OK;
}

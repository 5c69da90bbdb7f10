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

#define A_PAGE 5000	/* people who are looked at together */

static struct str id_of(struct arena *, const struct role *);
static int by_id(const void *, const void *);
static enum err keep_in(struct tx *, const struct person_query *,
    int64_t *person, size_t *n);
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

struct person_query
role_members_query(
    const struct ctx *cx, const struct realm *realm, int64_t source)
{
	return (struct person_query) { .tenant = realm->tenant,
		.scope = cx->actor->scope,
		.names = &realm->names,
		.today = order_today(realm, 0, cx->now_ms),
		.source = source,
		.is_present = true };
}

enum err
role_members_seen(struct reader *r, struct ctx *cx, const struct realm *realm,
    int64_t source, int64_t *person, size_t *n)
{
	struct person_query q = role_members_query(cx, realm, source);

	TRY(keep_in(r->data, &q, person, n));
	if (!actor_scope(cx->arena, cx->actor, RIGHT_ROLE_READ, &q.scope))
		*n = 0;
	return q.scope != NULL ? keep_in(r->data, &q, person, n) : OK;
}

static enum err
keep_in(struct tx *tx, const struct person_query *q, int64_t *person, size_t *n)
{
	bool *in = arena_array(tx_ctx(tx)->arena, A_PAGE, sizeof(*in));
	size_t kept = 0;

	for (size_t from = 0; from < *n; from += A_PAGE) {
		const size_t some = *n - from < A_PAGE ? *n - from : A_PAGE;

		TRY(person_in_scope(tx, q, &person[from], some, in));
		for (size_t i = 0; i < some; i++)
			if (in[i])
				person[kept++] = person[from + i];
	}
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

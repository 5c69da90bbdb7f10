/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_change.c - a catalogue that gives people more is a giving of roles: to
 * everybody who holds them, and whoever will.  It needs what that would need.
 *
 * A role that is new is nobody's yet, and what is taken away gives nothing.
 */
#include "core/role.h"

static enum err check_role(struct ctx *, const struct catalogue *before,
    const struct catalogue *next, const struct role *was);
static enum err check_pairs(struct ctx *, const struct catalogue *before,
    const struct catalogue *next, const struct role *was);
static enum err check_product(struct ctx *, const struct catalogue *before,
    const struct catalogue *next, const struct product *was);
static enum err check_group(struct ctx *, const struct catalogue *before,
    const struct catalogue *next, const struct group_info *now);
static bool has_excluded(const struct catalogue *, const struct role *,
    int64_t id);
static enum err need(struct ctx *, uint64_t rights, struct str where,
    const char *what);

enum err
roles_may_become(struct ctx *cx, const struct catalogue *before,
    const struct catalogue *next)
{
	struct role *was;
	size_t n = role_list(cx->arena, before, &was);

	for (size_t i = 0; i < n; i++)
		TRY(check_role(cx, before, next, &was[i]));
	for (size_t i = 0; i < before->nproduct; i++)
		TRY(check_product(cx, before, next, &before->product[i]));
	for (size_t i = 0; i < next->ngroup; i++)
		TRY(check_group(cx, before, next, &next->group[i]));
	return OK;
}

static enum err
check_role(struct ctx *cx, const struct catalogue *before,
    const struct catalogue *next, const struct role *was)
{
	struct role now;

	if (!role_of(next, was->id, &now))
		return OK;
	TRY(need(cx, now.rights & ~was->rights, now.slug, "rights"));
	if (was->two_persons && !now.two_persons)
		TRY(need(cx, now.rights | RIGHT_BIT(RIGHT_ROLE_GRANT), now.slug,
		    "two_persons"));
	return check_pairs(cx, before, next, was);
}

bool
role_grows(const struct catalogue *before, const struct catalogue *next,
    int64_t role)
{
	struct role was, now;

	return role_of(before, role, &was) && role_of(next, role, &now) &&
	    (now.rights & ~was.rights) != 0;
}

/* Who may hold both from now on holds what both give. */
static enum err
check_pairs(struct ctx *cx, const struct catalogue *before,
    const struct catalogue *next, const struct role *was)
{
	for (size_t i = 0; i < was->nexcludes; i++) {
		struct role other, now, other_now;

		if (!role_named(before, was->excludes[i], &other) ||
		    !role_of(next, was->id, &now) ||
		    !role_of(next, other.id, &other_now) ||
		    roles_exclude(next, &now, &other_now))
			continue;
		TRY(need(cx,
		    now.rights | other_now.rights | RIGHT_BIT(RIGHT_ROLE_GRANT),
		    now.slug, "excludes"));
	}
	return OK;
}

/* Either may name the other. */
bool
roles_exclude(
    const struct catalogue *c, const struct role *a, const struct role *b)
{
	return has_excluded(c, a, b->id) || has_excluded(c, b, a->id);
}

static bool
has_excluded(const struct catalogue *c, const struct role *role, int64_t id)
{
	struct role other;

	for (size_t i = 0; i < role->nexcludes; i++)
		if (role_named(c, role->excludes[i], &other) && other.id == id)
			return true;
	return false;
}

/* Whoever may hold it now might have got it by the role that it required. */
static enum err
check_product(struct ctx *cx, const struct catalogue *before,
    const struct catalogue *next, const struct product *was)
{
	const struct product *now = catalogue_product(next, was->id);
	struct role old = { 0 }, new = { 0 };

	if (now == NULL || was->role_required.n == 0 ||
	    !role_named(before, was->role_required, &old))
		return OK;
	if (now->role_required.n > 0 &&
	    role_named(next, now->role_required, &new) && new.id == old.id)
		return OK;
	return need(cx, old.rights | new.rights | RIGHT_BIT(RIGHT_ROLE_GRANT),
	    old.slug, "products");
}

/* Whoever is in a group of that name, or comes into one, holds its roles. */
static enum err
check_group(struct ctx *cx, const struct catalogue *before,
    const struct catalogue *next, const struct group_info *now)
{
	const struct group_info *was = catalogue_group(before, now->id);
	struct role role;

	for (size_t i = 0; i < now->nrole; i++) {
		bool had = false;

		for (size_t j = 0; was != NULL && j < was->nrole; j++)
			had |= was->role[j] == now->role[i];
		if ((had && str_eq(was->name, now->name)) ||
		    !role_of(next, now->role[i], &role))
			continue;
		TRY(need(cx, role.rights | RIGHT_BIT(RIGHT_ROLE_GRANT),
		    role.slug, "groups"));
	}
	return OK;
}

static enum err
need(struct ctx *cx, uint64_t rights, struct str where, const char *what)
{
	const struct held all = { rights, NULL };
	struct str field =
	    str_fmt(cx->arena, "roles.%.*s.%s", STR_ARG(where), what);

	if (actor_covers(cx->arena, cx->actor, &all))
		return OK;
	return fail(cx, ERR_DENIED, MSG_ACCESS_BEYOND, str_z(cx->arena, field));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/actor.h"

#include "core/filter.h"

static const struct right_info {
	const char *wire;
	enum msg    text;
} rights[RIGHT_COUNT] = {
	[RIGHT_NONE] = { "none", MSG_NONE },
	[RIGHT_PUBLIC] = { "public", MSG_NONE },
#define X(name, wire, over) [RIGHT_##name] = { wire, MSG_RIGHT_##name },
	RIGHTS(X)
#undef X
};

/* What is about all of the tenant at once. */
static const uint64_t whole = 0
#define PERSONS 0
#define WHOLE	1
#define X(name, wire, over) | ((uint64_t)(over) << RIGHT_##name)
    RIGHTS(X)
#undef X
#undef WHOLE
#undef PERSONS
    ;

_Static_assert(RIGHT_COUNT <= 64, "a right is a bit of a uint64_t");

static const char *const kinds[] = {
	[ACTOR_PERSON] = "person",
	[ACTOR_CLIENT] = "client",
	[ACTOR_NODE] = "node",
	[ACTOR_OPERATOR] = "operator",
};

/* What the operator's socket gives, and no credential of a tenant. */
static const uint64_t operator_only = RIGHT_BIT(RIGHT_TENANT_READ)
    | RIGHT_BIT(RIGHT_TENANT_WRITE) | RIGHT_BIT(RIGHT_OPERATE);

static size_t grants_of(const struct actor *, struct held *own,
    const struct held **);

const char *
right_name(enum right right)
{
	must(right < RIGHT_COUNT);
	return rights[right].wire;
}

enum msg
right_msg(enum right right)
{
	must(right < RIGHT_COUNT);
	return rights[right].text;
}

bool
right_is_whole(enum right right)
{
	must(right < RIGHT_COUNT);
	return (whole & RIGHT_BIT(right)) != 0;
}

enum right
right_parse(struct str wire)
{
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if (str_eq(wire, str_of(rights[r].wire)))
			return (enum right)r;
	return RIGHT_NONE;
}

uint64_t
rights_of_tenant(void)
{
	uint64_t all = 0;

	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		all |= RIGHT_BIT(r);
	return all & ~operator_only;
}

uint64_t
rights_of_operator(void)
{
	return operator_only | RIGHT_BIT(RIGHT_SELF);
}

const char *
actor_kind_name(enum actor_kind kind)
{
	must(kind >= ACTOR_PERSON && kind <= ACTOR_OPERATOR);
	return kinds[kind];
}

int64_t
actor_family(const struct actor *actor)
{
	return actor->family != 0 ? actor->family : actor->id;
}

bool
actor_may(const struct actor *actor, enum right right)
{
	if (right == RIGHT_PUBLIC)
		return true;
	if (actor == NULL || right == RIGHT_NONE || right >= RIGHT_COUNT)
		return false;
	return (actor_rights(actor) & RIGHT_BIT(right)) != 0;
}

uint64_t
actor_rights(const struct actor *actor)
{
	const struct held *held;
	struct held own;
	size_t n = grants_of(actor, &own, &held);
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all |= held_rights(&held[i]);
	return all & actor->rights;
}

uint64_t
held_rights(const struct held *held)
{
	return held->scope == NULL ? held->rights : held->rights & ~whole;
}

/* Whose rights all have one scope is granted them at once. */
static size_t
grants_of(const struct actor *actor, struct held *own, const struct held **out)
{
	*own = (struct held) { actor->rights, actor->scope };
	*out = actor->nheld > 0 ? actor->held : own;
	return actor->nheld > 0 ? actor->nheld : 1;
}

enum err
actor_enter(struct ctx *cx, struct actor *actor, enum right right)
{
	if (actor_scope(cx->arena, actor, right, &actor->scope))
		return OK;
	if ((actor->rights & whole & RIGHT_BIT(right)) != 0)
		return fail(
		    cx, ERR_DENIED, MSG_API_RIGHT_WHOLE, "", right_name(right));
	return fail(cx, ERR_DENIED, MSG_API_RIGHT, "", right_name(right));
}

bool
actor_scope(struct arena *arena, const struct actor *actor, enum right right,
    const struct filter **scope)
{
	const struct filter **part;
	size_t n = 0, nodes = 0;

	*scope = actor->scope;
	if (!actor_may(actor, right))
		return false;
	if (actor->nheld == 0)
		return true;
	part = arena_array(arena, actor->nheld, sizeof(*part));
	*scope = NULL;
	for (size_t i = 0; i < actor->nheld; i++) {
		if ((held_rights(&actor->held[i]) & RIGHT_BIT(right)) == 0)
			continue;
		if (actor->held[i].scope == NULL)
			return true;
		/* Granting keeps below it; more would be no filter any more. */
		nodes += filter_count(actor->held[i].scope) + 1;
		if (nodes <= FILTER_NODES_MAX)
			part[n++] = actor->held[i].scope;
	}
	*scope = filter_any(arena, part, n);
	return true;
}

uint64_t
actor_rights_over(const struct actor *actor, const struct filter_names *names,
    const struct filter_subject *subject)
{
	const struct held *held;
	struct held own;
	size_t n = grants_of(actor, &own, &held);
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		if ((held_rights(&held[i]) & ~all) != 0 &&
		    (held[i].scope == NULL ||
			filter_match(held[i].scope, names, subject)))
			all |= held_rights(&held[i]);
	return all & actor->rights;
}

uint64_t
actor_sees(const struct actor *actor, const struct filter_names *names,
    const struct filter_subject *subject)
{
	uint64_t all = actor_rights_over(actor, names, subject);

	if (actor->person != 0 && FACT(subject->facts, ID) == actor->person)
		all |= RIGHT_BIT(RIGHT_PERSON_READ) |
		    RIGHT_BIT(RIGHT_PERSON_PRIVATE_READ);
	return all;
}

bool
actor_covers(
    struct arena *arena, const struct actor *actor, const struct held *given)
{
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++) {
		const struct filter *own;

		if ((held_rights(given) & RIGHT_BIT(r)) == 0)
			continue;
		if (!actor_scope(arena, actor, (enum right)r, &own))
			return false;
		if (own != NULL &&
		    (given->scope == NULL ||
			!filter_implies(given->scope, own)))
			return false;
	}
	return true;
}

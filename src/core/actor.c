/* SPDX-License-Identifier: Apache-2.0 */
#include "core/actor.h"

static const struct right_info {
	const char *wire, *text;
} rights[RIGHT_COUNT] = {
	[RIGHT_NONE] = { "none", "nothing" },
	[RIGHT_PUBLIC] = { "public", "everybody may" },
#define X(name, wire, text) [RIGHT_##name] = { wire, text },
	RIGHTS(X)
#undef X
};

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

const char *
right_name(enum right right)
{
	must(right < RIGHT_COUNT);
	return rights[right].wire;
}

const char *
right_text(enum right right)
{
	must(right < RIGHT_COUNT);
	return rights[right].text;
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

bool
actor_may(const struct actor *actor, enum right right)
{
	if (right == RIGHT_PUBLIC)
		return true;
	if (actor == NULL || right == RIGHT_NONE || right >= RIGHT_COUNT)
		return false;
	return (actor->rights & RIGHT_BIT(right)) != 0;
}

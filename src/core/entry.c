/* SPDX-License-Identifier: Apache-2.0 */
/* entry.c - the names of what stands in a log entry. */
#include "core/entry.h"

static const char *const actions[ACTION_COUNT] = {
	[ACTION_NONE] = "none",
#define X(name, wire) [ACTION_##name] = wire,
	ACTIONS(X)
#undef X
};

static const char *const subject_kinds[SUBJECT_COUNT] = {
	[SUBJECT_TENANT] = "tenant",
	[SUBJECT_PERSON] = "person",
	[SUBJECT_POOL] = "pool",
	[SUBJECT_PRODUCT] = "product",
	[SUBJECT_TOKEN] = "token",
	[SUBJECT_IMPORT] = "import",
	[SUBJECT_CATALOGUE] = "catalogue",
	[SUBJECT_QUEUE] = "queue",
	[SUBJECT_CLIENT] = "client",
	[SUBJECT_GROUP] = "group",
	[SUBJECT_SOURCE] = "source",
	[SUBJECT_RESOURCE] = "resource",
};

static const char *const change_kinds[CHANGE_COUNT] = {
	[CHANGE_LIFECYCLE] = "lifecycle",
	[CHANGE_CERTIFICATION] = "certification",
	[CHANGE_SEAT] = "seat",
	[CHANGE_WAIT] = "wait",
	[CHANGE_GRANT] = "grant",
	[CHANGE_CONTRACT] = "contract",
	[CHANGE_QUOTA] = "quota",
	[CHANGE_BLOCK] = "block",
	[CHANGE_VERSION] = "version",
	[CHANGE_ROLE] = "role",
	[CHANGE_SESSION] = "session",
	[CHANGE_TRIES] = "tries",
	[CHANGE_LIMIT] = "limit",
	[CHANGE_MEMBER] = "member",
	[CHANGE_REMOVALS] = "removals",
	[CHANGE_RESOURCE] = "resource",
};

const char *
action_name(enum action action)
{
	must(action < ACTION_COUNT);
	return actions[action];
}

const char *
subject_kind_name(enum subject_kind kind)
{
	must(kind < SUBJECT_COUNT && subject_kinds[kind] != NULL);
	return subject_kinds[kind];
}

const char *
change_kind_name(enum change_kind kind)
{
	must(kind < CHANGE_COUNT && change_kinds[kind] != NULL);
	return change_kinds[kind];
}

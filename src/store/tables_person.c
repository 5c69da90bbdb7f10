/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_person.c - persons, their contracts and blocks, who brought them, and
 * what finds them.
 */
#include "store/table.h"

#define C(field) COLUMN(person, field)
/* The blobs come last: a scan of the clear columns need not step over them. */
static const struct column person[] = {
	C(tenant), C(id), C(version), C(lifecycle), C(certification),
	C(no_inheritance), C(blocks), C(source), C(created_ms), C(changed_ms),
	C(key_version), C(record_version), C(site), C(department), C(title),
	C(cost_center), C(division), C(organization), C(country), C(language),
	C(user_type), C(manager), C(start_day), C(end_day), C(sealed), C(keys)
};
#undef C
const struct table PERSON = TABLE("person", DB_DATA, person, 2, person, EXISTS_VERSIONED);

#define C(field) COLUMN(contract, field)
static const struct column contract[] = {
	C(tenant), C(person), C(id), C(version), C(source), C(site),
	C(department), C(title), C(cost_center), C(division),
	C(organization), C(manager), C(start_day), C(end_day), C(is_primary)
};
#undef C
const struct table CONTRACT = TABLE("contract", DB_DATA, contract, 3, contract, EXISTS_REPLACES);

#define C(field) COLUMN(contract_past, field)
static const struct column contract_past[] = {
	C(tenant), C(id), C(person), C(contract), C(site), C(start_day),
	C(end_day), C(until_ms)
};
#undef C
const struct table CONTRACT_PAST = TABLE("contract_past", DB_DATA, contract_past, 2, contract_past, EXISTS_FAILS);

#define C(field) COLUMN(block, field)
static const struct column block[] = {
	C(tenant), C(person), C(kind), C(reason), C(author), C(since_ms)
};
#undef C
const struct table BLOCK = TABLE("block", DB_DATA, block, 3, block, EXISTS_REPLACES);

#define C(field) COLUMN(block_past, field)
static const struct column block_past[] = {
	C(tenant), C(id), C(person), C(kind), C(author), C(since_ms),
	C(until_ms)
};
#undef C
const struct table BLOCK_PAST = TABLE("block_past", DB_DATA, block_past, 2, block_past, EXISTS_FAILS);

#define C(field) COLUMN(index_row, field)
static const struct column ix_unique[] = {
	C(tenant), C(kind), C(epoch), C(key), C(person)
};
#undef C
const struct table IX_UNIQUE = TABLE("ix_unique", DB_DATA, ix_unique, 4, index_row, EXISTS_FAILS);
/* The same, for a put that asks whose the key is instead of failing. */
const struct table IX_UNIQUE_STAYS = TABLE("ix_unique", DB_DATA, ix_unique, 4, index_row, EXISTS_STAYS);

#define C(field) COLUMN(search_row, field)
static const struct column ix_search[] = {
	C(tenant), C(epoch), C(key), C(person)
};
#undef C
const struct table IX_SEARCH = TABLE("ix_search", DB_DATA, ix_search, 4, search_row, EXISTS_STAYS);

#define C(field) COLUMN(source_row, field)
static const struct column source[] = {
	C(tenant), C(id), C(name), C(name_key), C(kind), C(created_ms)
};
#undef C
const struct table SOURCE = TABLE("source", DB_DATA, source, 2, source_row, EXISTS_REPLACES);

#define C(field) COLUMN(source_ref, field)
static const struct column source_ref[] = {
	C(tenant), C(source), C(key), C(person), C(row), C(state),
	C(onboarding)
};
#undef C
const struct table SOURCE_REF = TABLE("source_ref", DB_DATA, source_ref, 3, source_ref, EXISTS_REPLACES);

#define C(field) COLUMN(present_row, field)
static const struct column present[] = {
	C(tenant), C(source), C(persons)
};
#undef C
const struct table PRESENT = TABLE("present", DB_DATA, present, 2, present_row, EXISTS_REPLACES);

#define C(field) COLUMN(removed_row, field)
static const struct column removed[] = {
	C(tenant), C(person), C(source), C(hour), C(has_left)
};
#undef C
const struct table REMOVED = TABLE("removed", DB_DATA, removed, 2, removed_row, EXISTS_REPLACES);

#define C(field) COLUMN(removal_hour, field)
static const struct column removal_hour[] = {
	C(tenant), C(source), C(hour), C(persons), C(has_left)
};
#undef C
const struct table REMOVAL_HOUR = TABLE("removal_hour", DB_DATA, removal_hour, 3, removal_hour, EXISTS_REPLACES);

#define C(field) COLUMN(removal_guard, field)
static const struct column removal_guard[] = {
	C(tenant), C(source), C(allowed), C(until_ms), C(noted_ms)
};
#undef C
const struct table REMOVAL_GUARD = TABLE("removal_guard", DB_DATA, removal_guard, 2, removal_guard, EXISTS_REPLACES);

#define C(field) COLUMN(role_row, field)
static const struct column role[] = {
	C(tenant), C(person), C(id), C(role), C(state), C(since_ms),
	C(until_ms), C(created_ms), C(author), C(approver), C(scope), C(reason),
	C(in_group)
};
#undef C
const struct table ROLE = TABLE("role_now", DB_DATA, role, 3, role_row, EXISTS_REPLACES);

#define C(field) COLUMN(role_past, field)
static const struct column role_past[] = {
	C(tenant), C(id), C(person), C(role), C(since_ms), C(ended_ms),
	C(author), C(approver), C(ended_by), C(scope), C(reason)
};
#undef C
const struct table ROLE_PAST = TABLE("role_past", DB_DATA, role_past, 2, role_past, EXISTS_FAILS);

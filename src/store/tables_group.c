/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_group.c - groups of people: what they are called, and who is in them.
 */
#include "store/table.h"

#define C(field) COLUMN(group_row, field)
static const struct column group[] = {
	C(tenant), C(id), C(version), C(source), C(members), C(gives),
	C(author), C(created_ms), C(changed_ms), C(name), C(external_id)
};
#undef C
const struct table GROUP = TABLE("person_group", DB_DATA, group, 2, group_row, EXISTS_VERSIONED);

#define C(field) COLUMN(group_name_row, field)
static const struct column group_name[] = {
	C(tenant), C(name_key), C(in_group)
};
#undef C
const struct table GROUP_NAME = TABLE("group_name", DB_DATA, group_name, 2, group_name_row, EXISTS_FAILS);

#define C(field) COLUMN(member_row, field)
static const struct column member[] = {
	C(tenant), C(in_group), C(person), C(since_ms), C(author)
};
#undef C
const struct table MEMBER = TABLE("member", DB_DATA, member, 3, member_row, EXISTS_STAYS);

#define C(field) COLUMN(member_of_row, field)
static const struct column member_of[] = {
	C(tenant), C(person), C(in_group)
};
#undef C
const struct table MEMBER_OF = TABLE("member_of", DB_DATA, member_of, 3, member_of_row, EXISTS_STAYS);

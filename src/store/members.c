/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.c - who is in a group is written twice, by group and by person, and
 * here only.
 */
#include "store/store_int.h"

static struct member_of_row *turned(struct tx *, const struct member_row *,
    size_t n);

enum err
members_add(struct tx *tx, const struct member_row *row, size_t n, bool *was_in)
{
	TRY(store_save(tx, &MEMBER, row, n, was_in));
	return store_save(tx, &MEMBER_OF, turned(tx, row, n), n, NULL);
}

enum err
members_drop(
    struct tx *tx, const struct member_row *key, size_t n, int64_t *gone)
{
	TRY(store_drop(tx, &MEMBER_OF, turned(tx, key, n), n, 3, NULL));
	return store_drop(tx, &MEMBER, key, n, 3, gone);
}

enum err
members_drop_all(struct tx *tx, const struct member_row *all, size_t n)
{
	TRY(store_drop(tx, &MEMBER_OF, turned(tx, all, n), n, 3, NULL));
	return store_drop(tx, &MEMBER, all, n > 0, 2, NULL);
}

static struct member_of_row *
turned(struct tx *tx, const struct member_row *row, size_t n)
{
	struct member_of_row *of =
	    arena_array(tx_ctx(tx)->arena, n, sizeof(*of));

	for (size_t i = 0; i < n; i++)
		of[i] = (struct member_of_row) { row[i].tenant, row[i].person,
			row[i].in_group };
	return of;
}

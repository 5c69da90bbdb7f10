/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_match.c - which groups the entries of a catalogue stand behind: their
 * names lead to them, as they lead whoever asks for a group by name.
 */
#include "act/group_int.h"

#include <stdlib.h>

static int by_group(const void *, const void *);

const struct index_out *
groups_index(struct vault_call *call, const struct catalogue *c)
{
	struct index_value *value =
	    arena_array(call->arena, c->ngroup + 1, sizeof(*value));

	if (c->ngroup == 0)
		return NULL;
	for (size_t i = 0; i < c->ngroup; i++)
		value[i] = (struct index_value) { INDEX_SOURCE_REF,
			group_name_text(call->arena, c->group[i].name) };
	return vault_index(call, value, c->ngroup);
}

enum err
groups_match(struct tx *tx, uint32_t tenant, const struct catalogue *c,
    const struct index_out *index, struct group_entry **out, size_t *n)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct group_name_row *key =
	    arena_array(arena, c->ngroup + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < c->ngroup; i++) {
		key[i].tenant = tenant;
		key[i].name_key =
		    (struct str) { (const char *)index->key[i].bytes, 32 };
	}
	TRY(store_load(tx, &GROUP_NAME, key, c->ngroup, 2, 0, &rows));
	*out = arena_array(arena, rows.n + 1, sizeof(**out));
	*n = rows.n;
	for (size_t i = 0; i < rows.n; i++)
		(*out)[i] = (struct group_entry) {
			((struct group_name_row *)rows.row)[i].in_group,
			c->group[rows.key[i]].id
		};
	qsort(*out, *n, sizeof(**out), by_group);
	return OK;
}

int64_t
group_entry_of(const struct group_entry *entry, size_t n, int64_t group)
{
	const struct group_entry key = { group, 0 };
	const struct group_entry *found =
	    n == 0 ? NULL : bsearch(&key, entry, n, sizeof(*entry), by_group);

	return found != NULL ? found->entry : 0;
}

static int
by_group(const void *a, const void *b)
{
	const struct group_entry *x = a, *y = b;

	return (x->group > y->group) - (x->group < y->group);
}

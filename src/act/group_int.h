/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_int.h - an order about a group on its way: what was opened and sealed
 * for it (group.c), and what it changes (group_change.c).
 */
#ifndef ACT_GROUP_INT_H
#define ACT_GROUP_INT_H

#include "act/act_int.h"
#include "act/group.h"
#include "act/query.h"

/* Texts whose keyed hashes stand in GROUP_NAME: of the group as it was read, and as it shall be. */
enum group_key { KEY_NAME_WAS, KEY_REF_WAS, KEY_NAME, KEY_REF, GROUP_KEYS };

/* What the orders of one batch may take of memory, in rows of members: more come in the next. */
#define GROUP_BATCH_MAX (GROUP_MEMBERS_MAX + GROUP_MEMBERS_MAX / 2)

/* A role as a group. */
struct role_group { struct role role; struct str id, name; };

/* item->state of a group order. */
struct group_state {
	const struct group_order *in;
	const struct realm	 *realm;
	int64_t			  id;
	struct str		  name, external_id;	/* as they are stored */
	const int64_t		 *join, *part;		/* ascending, each once */
	size_t			  njoin, npart;

	/* sealer */
	const struct group_row *old;	/* as it was read; NULL: not needed */
	const struct text_out  *old_name, *old_ref;
	const struct text_out  *sealed_name, *sealed_ref, *inputs;
	const struct index_out *index;
	size_t			at[GROUP_KEYS];	/* in index; SIZE_MAX: none */

	/* writer */
	struct group_out       *out;
	struct batch	       *inner;	/* of the people of whom was decided; NULL: of nobody */

	/* of a role */
	const struct role_group *role;
	LIST(struct item *)	change;	/* an order for each grant that may begin or end */
};

/* What is hashed of a name, or of a key of SOURCE; they never meet. */
struct str group_name_text(struct arena *, struct str name);
struct str group_ref_text(struct arena *, int64_t source, struct str external_id);

/* The groups of the page's source that each of N persons is in, if the page has them. */
enum err groups_add(struct reader *, struct ctx *, const struct page_in *, struct person_view *, size_t n) USE_RESULT;

/* --- group_role.c: roles as groups --------------------------------------------- */

/* It counts, and makes its holder a member: over everybody, or over the role's own scope. */
static inline bool
role_is_plain(const struct role_held *held, int64_t now_ms)
{
	return role_counts(held, now_ms) && held->scope == NULL;
}
/* All that may be given to somebody, by their ids. */
size_t role_groups(struct arena *, const struct catalogue *, struct role_group **);
/* People of SOURCE (0: any) whom the actor reaches, and who have not left. */
struct person_query role_members_query(const struct ctx *, const struct realm *, int64_t source);
/* Of N people keeps those of SOURCE of whom the actor may know that they have a role. */
enum err role_members_seen(struct reader *, struct ctx *, const struct realm *, int64_t source, int64_t *person, size_t *n) USE_RESULT;
/* Adds the roles of each of N persons to their groups, where the actor may read them. */
void roles_add(struct reader *, struct ctx *, const struct realm *, struct person_view *, size_t n);

/*
 * group_role_change.c: the steps of an order about a role.  ERR_NOT_FOUND: who
 * asks reads no roles, or there is none.  In the caller's savepoint, as group_apply().
 */
enum err role_order_check(struct item *, struct group_state *) USE_RESULT;
enum err role_order_prepare(struct batch *, struct item *, struct group_state *, struct tx *data) USE_RESULT;
void role_order_seal(struct group_state *, struct vault_call *);
enum err role_order_apply(struct batch *, struct item *, struct group_state *, struct tx *) USE_RESULT;

/* --- group_match.c: which groups the entries of a catalogue stand behind ------- */

struct group_entry { int64_t group, entry; };	/* by group */
/* Keys of the names of C's entries; NULL: it has none. */
const struct index_out *groups_index(struct vault_call *, const struct catalogue *);
enum err groups_match(struct tx *, uint32_t tenant, const struct catalogue *, const struct index_out *, struct group_entry **out, size_t *n) USE_RESULT;
/* 0: none. */
int64_t group_entry_of(const struct group_entry *, size_t n, int64_t group);

/* Whether the batch has room for COST rows of members more; one order always fits. */
bool group_takes_room(struct batch *, int64_t cost);
/* Whether GROUP is one that who asks may know of: of the order's source, and of somebody whom the actor reaches. */
enum err group_is_told(struct tx *, const struct item *, const struct group_state *, int64_t group, bool *) USE_RESULT;
/* In the caller's savepoint: whatever is refused is undone there.  Sets item->again where what was opened is out of date, or the batch has no room. */
enum err group_apply(struct batch *, struct item *, struct group_state *, struct tx *) USE_RESULT;

#endif

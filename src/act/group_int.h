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
};

/* What is hashed of a name, or of a key of SOURCE; they never meet. */
struct str group_name_text(struct arena *, struct str name);
struct str group_ref_text(struct arena *, int64_t source, struct str external_id);

/* The groups of the page's source that each of N persons is in, if the page has them. */
enum err groups_add(struct reader *, struct ctx *, const struct page_in *, struct person_view *, size_t n) USE_RESULT;

/* --- group_match.c: which groups the entries of a catalogue stand behind ------- */

struct group_entry { int64_t group, entry; };	/* by group */
/* Keys of the names of C's entries; NULL: it has none. */
const struct index_out *groups_index(struct vault_call *, const struct catalogue *);
enum err groups_match(struct tx *, uint32_t tenant, const struct catalogue *, const struct index_out *, struct group_entry **out, size_t *n) USE_RESULT;
/* 0: none. */
int64_t group_entry_of(const struct group_entry *, size_t n, int64_t group);

/* In the caller's savepoint: whatever is refused is undone there.  Sets item->again where what was opened is out of date, or the batch has no room. */
enum err group_apply(struct batch *, struct item *, struct group_state *, struct tx *) USE_RESULT;

#endif

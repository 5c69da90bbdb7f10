/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_group.c - who is in which group: as the log says, as many as the
 * group's row says, and known from the person's side as well.
 */
#include "act/verify_int.h"

#include "base/id.h"

static enum err check_members(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_turned(struct verifying *, struct ctx *,
    const struct rows *);
static enum err check_counts(struct verifying *, struct ctx *,
    const struct rows *);

enum err
verify_groups(struct verifying *v)
{
	TRY(walk(v, &MEMBER, check_members));
	return walk(v, &GROUP, check_counts);
}

static enum err
check_members(struct verifying *v, struct ctx *cx, const struct rows *members)
{
	const struct member_row *m = members->row;

	for (size_t i = 0; i < members->n; i++) {
		compare(v, cx->arena,
		    &(struct known) { .kind = CHANGE_MEMBER,
			.subject = m[i].in_group,
			.object = m[i].person,
			.value = 1 });
		known_at(&v->members,
		    &(struct known) {
			.kind = CHANGE_MEMBER, .subject = m[i].in_group })
		    ->value++;
	}
	return check_turned(v, cx, members);
}

/* That it says less is all that can be wrong: it references what it is made of. */
static enum err
check_turned(struct verifying *v, struct ctx *cx, const struct rows *members)
{
	const struct member_row *m = members->row;
	struct member_of_row *key =
	    arena_array(cx->arena, members->n, sizeof(*key));
	bool *is_there = arena_array(cx->arena, members->n, sizeof(*is_there));
	struct rows rows;

	for (size_t i = 0; i < members->n; i++)
		key[i] = (struct member_of_row) { m[i].tenant, m[i].person,
			m[i].in_group };
	TRY(store_load(v->r->data, &MEMBER_OF, key, members->n, 3, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		is_there[rows.key[i]] = true;
	for (size_t i = 0; i < members->n; i++)
		if (!is_there[i])
			found(v, MSG_VERIFY_MEMBER_OF,
			    ARGS(id_text(cx->arena, m[i].in_group),
				id_text(cx->arena, m[i].person)));
	return OK;
}

static enum err
check_counts(struct verifying *v, struct ctx *cx, const struct rows *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct group_row *g =
		    &((struct group_row *)groups->row)[i];
		const struct known *k = known_at(&v->members,
		    &(struct known) {
			.kind = CHANGE_MEMBER, .subject = g->id });

		if (k->value != g->members)
			found(v, MSG_VERIFY_GROUP,
			    ARGS(id_text(cx->arena, g->id),
				number_text(cx->arena, k->value),
				number_text(cx->arena, g->members)));
	}
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - orders about groups, on the sealer's side: names are opened, sealed
 * and hashed before the transaction.  In it orders follow each other, each on
 * what the one before saved: a group is changed seldom, and by many at once.
 */
#include "act/group_int.h"

#include <stdlib.h>

#include "base/canon.h"
#include "base/id.h"

static enum err start(struct batch *, struct item *);
static enum err check_texts(struct item *, struct group_state *);
static enum err check_text(struct ctx *, const char *field, struct str,
    struct str *out);
static enum err check_members(struct item *, struct group_state *);
static bool changes_texts(const struct group_order *);
static enum err read_old(struct batch *, struct tx *, struct vault_call *);
static void seal(struct item *, struct group_state *, struct vault_call *);
static enum err refused(const struct group_state *);
static const int64_t *distinct(struct arena *, const int64_t *, size_t *n);

/* --- before the transaction -------------------------------------------------- */

static enum err
prepare(
    struct batch *b, struct tx *data, struct tx *keys, struct vault_call *call)
{
	(void)keys;
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			b->item[i]->err = start(b, b->item[i]);
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct group_state *s = it->state;

		if (it->err == OK && s->role != NULL)
			it->err = role_order_prepare(b, it, s, data);
	}
	return read_old(b, data, call);
}

static enum err
start(struct batch *b, struct item *it)
{
	struct group_state *s = arena_alloc(it->cx->arena, sizeof(*s));

	it->state = s;
	s->in = it->in;
	s->id = s->in->kind == GROUP_MAKE ? id_new() : s->in->group;
	for (size_t i = 0; i < GROUP_KEYS; i++)
		s->at[i] = SIZE_MAX;
	TRY(world_realm(b->world, it->cx, it->tenant, &s->realm));
	TRY(check_members(it, s));
	return s->in->role.p != NULL ? role_order_check(it, s)
				     : check_texts(it, s);
}

static enum err
check_texts(struct item *it, struct group_state *s)
{
	const struct group_order *in = s->in;

	if (in->name.p != NULL || in->kind == GROUP_MAKE)
		TRY(check_text(it->cx, "displayName", in->name, &s->name));
	if (in->external_id.n > 0)
		TRY(check_text(
		    it->cx, "externalId", in->external_id, &s->external_id));
	return OK;
}

static enum err
check_text(struct ctx *cx, const char *field, struct str text, struct str *out)
{
	struct str key;

	if (canon_key(cx->arena, text, &key) && key.n > 0 &&
	    canon_store(cx->arena, text, GROUP_TEXT_MAX, out))
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_GROUP_NAME, field, field);
}

static enum err
check_members(struct item *it, struct group_state *s)
{
	s->njoin = s->in->njoin;
	s->npart = s->in->npart;
	if (s->njoin + s->npart > GROUP_NAMED_MAX)
		return fail(it->cx, ERR_TOO_LARGE, MSG_GROUP_STEP, "members",
		    LIMIT_TEXT(GROUP_NAMED_MAX));
	s->join = distinct(it->cx->arena, s->in->join, &s->njoin);
	s->part = distinct(it->cx->arena, s->in->part, &s->npart);
	return OK;
}

static int
by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static const int64_t *
distinct(struct arena *arena, const int64_t *id, size_t *n)
{
	int64_t *out = arena_array(arena, *n + 1, sizeof(*out));
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		out[i] = id[i];
	qsort(out, *n, sizeof(*out), by_number);
	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || out[kept - 1] != out[i])
			out[kept++] = out[i];
	*n = kept;
	return out;
}

/* Its old keys are found by what they were made of. */
static bool
changes_texts(const struct group_order *in)
{
	return in->kind == GROUP_REMOVE ||
	    (in->kind == GROUP_CHANGE && in->role.p == NULL &&
		(in->name.p != NULL || in->external_id.p != NULL));
}

static enum err
read_old(struct batch *b, struct tx *data, struct vault_call *call)
{
	struct group_row *key = arena_array(b->cx->arena, b->n, sizeof(*key));
	struct item **asker =
	    arena_array(b->cx->arena, b->n, sizeof(struct item *));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];

		if (it->err != OK || !changes_texts(it->in))
			continue;
		asker[n] = it;
		key[n].tenant = it->tenant;
		key[n++].id = ((struct group_state *)it->state)->id;
	}
	TRY(store_load(data, &GROUP, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct group_row *row =
		    &((struct group_row *)rows.row)[i];
		struct group_state *s = asker[rows.key[i]]->state;

		s->old = row;
		call->tenant = (uint32_t)row->tenant;
		call->capability = &s->realm->capability;
		s->old_name =
		    vault_text_open(call, PURPOSE_NAME, row->id, row->name);
		if (row->external_id.n > 0)
			s->old_ref = vault_text_open(
			    call, PURPOSE_NAME, row->id, row->external_id);
	}
	for (size_t i = 0; i < n; i++)
		if (((struct group_state *)asker[i]->state)->old == NULL)
			asker[i]->err = fail(asker[i]->cx, ERR_NOT_FOUND,
			    MSG_SCIM_NO_RESOURCE, "id");
	return OK;
}

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct group_state *s = it->state;

		if (it->err != OK)
			continue;
		if (s->old_name != NULL)
			it->err = s->old_name->err;
		if (it->err == OK && s->old_ref != NULL)
			it->err = s->old_ref->err;
		if (it->err != OK) {
			it->err = fail_sealed(it->cx, it->err, "group");
			continue;
		}
		call->tenant = it->tenant;
		call->capability = &s->realm->capability;
		if (s->role != NULL)
			role_order_seal(s, call);
		else
			seal(it, s, call);
	}
	return OK;
}

static void
seal(struct item *it, struct group_state *s, struct vault_call *call)
{
	struct arena *arena = it->cx->arena;
	const int64_t source = s->old != NULL ? s->old->source : s->in->source;
	const struct str text[GROUP_KEYS] = {
		[KEY_NAME_WAS] = s->old_name != NULL
		    ? group_name_text(arena, s->old_name->text)
		    : STR(""),
		[KEY_REF_WAS] = s->old_ref != NULL
		    ? group_ref_text(arena, source, s->old_ref->text)
		    : STR(""),
		[KEY_NAME] =
		    s->name.n > 0 ? group_name_text(arena, s->name) : STR(""),
		[KEY_REF] = s->external_id.n > 0
		    ? group_ref_text(arena, source, s->external_id)
		    : STR(""),
	};
	struct index_value *value =
	    arena_array(arena, GROUP_KEYS, sizeof(*value));
	size_t n = 0;

	for (size_t i = 0; i < GROUP_KEYS; i++) {
		if (text[i].n == 0)
			continue;
		s->at[i] = n;
		value[n++] = (struct index_value) { INDEX_SOURCE_REF, text[i] };
	}
	if (n > 0)
		s->index = vault_index(call, value, n);
	if (s->name.n > 0)
		s->sealed_name =
		    vault_text_seal(call, PURPOSE_NAME, s->id, s->name);
	if (s->external_id.n > 0)
		s->sealed_ref =
		    vault_text_seal(call, PURPOSE_NAME, s->id, s->external_id);
	if (s->name.n + s->external_id.n > 0)
		s->inputs = vault_text_seal(call, PURPOSE_AUDIT, s->id,
		    str_fmt(arena, "%.*s\n%.*s", STR_ARG(s->name),
			STR_ARG(s->external_id)));
}

struct str
group_name_text(struct arena *arena, struct str name)
{
	struct str key;

	if (!canon_key(arena, name, &key))
		key = name;
	return str_fmt(arena, "group/%.*s", STR_ARG(key));
}

struct str
group_ref_text(struct arena *arena, int64_t source, struct str external_id)
{
	return str_fmt(arena, "group-ref/%lld/%.*s", (long long)source,
	    STR_ARG(external_id));
}

/* --- in it ------------------------------------------------------------------- */

static enum err
refused(const struct group_state *s)
{
	if (s->sealed_name != NULL)
		TRY(s->sealed_name->err);
	if (s->sealed_ref != NULL)
		TRY(s->sealed_ref->err);
	if (s->inputs != NULL)
		TRY(s->inputs->err);
	return s->index != NULL ? s->index->err : OK;
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct group_state *s = it->state;

		if (it->err != OK)
			continue;
		if (refused(s) != OK) {
			it->err = fail_sealed(it->cx, refused(s), "group");
			continue;
		}
		it->err = world_realm(b->world, it->cx, it->tenant, &s->realm);
		if (it->err != OK)
			continue;
		it->out = s->out = arena_alloc(it->cx->arena, sizeof(*s->out));
		TRY(tx_savepoint(tx));
		it->err = s->role != NULL ? role_order_apply(b, it, s, tx)
					  : group_apply(b, it, s, tx);
		if (it->err == OK && !it->again)
			it->err = tx_keep(tx);
		if (it->err != OK || it->again)
			tx_undo(tx);
		/* What the database says is told to the batch; whose fault it was is found when it is tried alone. */
		if (tx_is_lost(tx))
			return it->err;
	}
	return OK;
}

static void
committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct group_state *s = it->state;

		if (it->err == OK && !it->again && s->inner != NULL)
			order_committed(s->inner);
	}
}

const struct use_case group_order = {
	.name = "group_order",
	.prepare = prepare,
	.want = want,
	.save = save,
	.committed = committed,
};

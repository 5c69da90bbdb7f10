/* SPDX-License-Identifier: Apache-2.0 */
/*
 * removals.c - an administrator lets more people of a source go within a day
 * than its clients may (order_guard.c), for a reason that the log keeps.
 */
#include "act/act_int.h"

#define DAY_MS INT64_C(86400000)

struct allowing {
	const struct index_out *key;	/* of the source's name */
	int64_t			source;
	const struct text_out  *reason;
	struct removals_out	out;
};

static enum err check(struct item *);
static enum err find(struct item *, struct tx *);

static enum err
prepare(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	(void)data;
	(void)keys;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct removals_in *in = it->in;
		struct allowing *a = arena_alloc(it->cx->arena, sizeof(*a));
		const struct realm *realm;

		it->state = a;
		it->err = check(it);
		if (it->err == OK)
			it->err = world_realm(
			    b->world, it->cx, it->tenant, &realm);
		if (it->err != OK)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		a->key = vault_index(
		    call, source_name_value(it->cx->arena, in->source), 1);
	}
	return OK;
}

static enum err
check(struct item *it)
{
	const struct removals_in *in = it->in;

	if (in->reason.n == 0)
		return fail(it->cx, ERR_BAD_INPUT, MSG_IMPORT_REASON, "reason");
	return OK;
}

/* The reason is somebody's words: sealed, under the tenant's own key. */
static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct removals_in *in = it->in;
		struct allowing *a = it->state;
		const struct realm *realm;

		if (it->err == OK)
			it->err = find(it, data);
		if (it->err == OK)
			it->err = world_realm(
			    b->world, it->cx, it->tenant, &realm);
		if (it->err != OK)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		a->reason = vault_text_seal(
		    call, PURPOSE_AUDIT, a->source, in->reason);
	}
	return OK;
}

static enum err
find(struct item *it, struct tx *data)
{
	const struct removals_in *in = it->in;
	struct allowing *a = it->state;
	struct source_row row;
	bool found;

	if (a->key->err != OK)
		return fail_sealed(it->cx, a->key->err, "source");
	TRY(source_find(data, it->tenant,
	    (struct str) { (const char *)a->key->key->bytes, 32 }, &row,
	    &found));
	if (!found)
		return fail(it->cx, ERR_NOT_FOUND, MSG_SOURCE_UNKNOWN, "source",
		    str_z(it->cx->arena, in->source));
	a->source = row.id;
	return OK;
}

static enum err
save_one(struct item *it, struct tx *tx, struct logbook *book)
{
	const struct removals_in *in = it->in;
	struct allowing *a = it->state;
	struct change_list changes = { .arena = book->arena };
	struct removal_guard guard = { it->tenant, a->source, in->allow,
		it->cx->now_ms + DAY_MS, 0 };
	struct entry e = entry_by(it->cx, ACTION_GUARD_OVERRIDDEN,
	    SUBJECT_SOURCE, a->source);

	TRY(a->reason->err);
	TRY(store_save(tx, &REMOVAL_GUARD, &guard, 1, NULL));
	a->out = (struct removals_out) { in->allow, 0, guard.until_ms };
	TRY(removals_gone(tx, &guard, it->cx->now_ms, &a->out.gone));
	change_add(&changes, CHANGE_REMOVALS, 0, 0, a->out.gone, in->allow);
	e.change = changes.change;
	e.nchange = changes.n;
	e.sealed = a->reason->text;
	logbook_add(book, it->tenant, &e, NULL);
	it->out = &a->out;
	return OK;
}

static enum err
save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			TRY(save_one(b->item[i], tx, &book));
	return logbook_save(&book, tx);
}

const struct use_case removals_allow = { .name = "removals_allow",
	.prepare = prepare, .want = want, .save = save };

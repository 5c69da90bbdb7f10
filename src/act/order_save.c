/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_save.c - orders about persons: what the decisions of a batch change,
 * set-wise, with the log entries, in the same commit.
 */
#include "act/order_int.h"

#include "base/buf.h"
#include "base/metric.h"

/* Which persons' rows were not as they had been loaded. */
struct stales {
	const bool *is;
	size_t	    n;
};

static enum err save_persons(struct order_batch *, struct tx *,
    struct stales *);
static enum err save_contracts(struct order_batch *, struct tx *);
static enum err save_index(struct order_batch *, struct tx *);
static void count(const struct order *, const struct order_out *);
static bool is_back(const struct order_batch *, const struct contract *);

enum err
order_save(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = b->state;
	struct stales stale;

	TRY(logbook_ask(&ob->log, tx));
	TRY(store_save(tx, &DICTIONARY, ob->dictionary.v, ob->dictionary.n,
	    NULL));
	TRY(save_persons(ob, tx, &stale));
	TRY(present_save(ob, tx));
	TRY(guard_save(ob, tx));
	TRY(save_contracts(ob, tx));
	TRY(blocks_save(ob, tx));
	TRY(save_index(ob, tx));
	TRY(roles_save(ob, tx));
	TRY(groups_save(ob, tx));
	for (size_t i = 0; i < ob->pools.n; i++)
		TRY(pools_save(tx, ob->pools.v[i]));
	TRY(store_save(tx, &SOURCE_REF, ob->ref.v, ob->ref.n, NULL));
	TRY(store_drop(tx, &SOURCE_REF, ob->ref_end.v, ob->ref_end.n, 3,
	    NULL));
	TRY(store_save(tx, &ONBOARDING, ob->onboarding.v, ob->onboarding.n,
	    NULL));
	TRY(store_save(tx, &CHECK_ROW, ob->check.v, ob->check.n, NULL));
	TRY(store_save(tx, &OPEN_CHECKS, ob->open.v, ob->open.n, NULL));
	TRY(store_drop(tx, &OPEN_CHECKS, ob->open_end.v, ob->open_end.n, 2,
	    NULL));
	TRY(store_save(tx, &IDEMPOTENCY, ob->idempotency.v,
	    ob->idempotency.n, NULL));
	TRY(store_save(tx, &DUE, ob->due.v, ob->due.n, NULL));
	TRY(store_save(tx, &ACTIVATION, ob->activation.v, ob->activation.n,
	    NULL));
	TRY(store_drop(tx, &SESSION, ob->session_end.v, ob->session_end.n, 2,
	    NULL));
	TRY(logbook_save(&ob->log, tx));
	TRY(store_settle(tx));
	for (size_t i = 0; i < stale.n; i++)
		must(!stale.is[i]);	/* loaded in this transaction */
	return OK;
}

static enum err
save_persons(struct order_batch *ob, struct tx *tx, struct stales *out)
{
	struct person *row = arena_array(ob->arena, ob->subject.n + 1,
	    sizeof(*row));
	bool *stale = arena_array(ob->arena, ob->subject.n + 1,
	    sizeof(*stale));
	size_t n = 0;

	for (size_t i = 0; i < ob->subject.n; i++)
		if (ob->subject.v[i]->is_dirty)
			row[n++] = ob->subject.v[i]->row;
	*out = (struct stales) { stale, n };
	return store_save_later(tx, &PERSON, row, n, stale);
}

static enum err
save_contracts(struct order_batch *ob, struct tx *tx)
{
	LIST(struct contract) put = { 0 }, end = { 0 };

	for (size_t i = 0; i < ob->subject.n; i++) {
		const struct subject *sub = ob->subject.v[i];

		for (size_t j = 0; sub->is_dirty && j < sub->ncontract; j++)
			list_add(ob->arena, &put, sub->contract[j]);
	}
	for (size_t i = 0; i < ob->contract_end.n; i++)
		if (!is_back(ob, &ob->contract_end.v[i]))
			list_add(ob->arena, &end, ob->contract_end.v[i]);
	TRY(store_drop(tx, &CONTRACT, end.v, end.n, 3, NULL));
	TRY(store_save(tx, &CONTRACT, put.v, put.n, NULL));
	return store_save(tx, &CONTRACT_PAST, ob->contract_past.v,
	    ob->contract_past.n, NULL);
}

/* Ended and begun again within the batch. */
static bool
is_back(const struct order_batch *ob, const struct contract *c)
{
	for (size_t i = 0; i < ob->subject.n; i++) {
		const struct subject *sub = ob->subject.v[i];

		if (sub->row.id != c->person || sub->row.tenant != c->tenant)
			continue;
		for (size_t j = 0; j < sub->ncontract; j++)
			if (sub->contract[j].id == c->id)
				return true;
	}
	return false;
}

static enum err
save_index(struct order_batch *ob, struct tx *tx)
{
	struct index_change *change = arena_array(ob->arena, ob->index.n + 1,
	    sizeof(*change));

	for (size_t i = 0; i < ob->pools.n; i++) {
		uint32_t tenant = ob->pools.v[i]->realm->tenant;
		size_t n = 0;

		for (size_t j = 0; j < ob->index.n; j++)
			if (order_subject(ob, tenant,
			    ob->index.v[j].person) != NULL)
				change[n++] = ob->index.v[j];
		TRY(index_put(tx, tenant, change, n));
	}
	return OK;
}

/* New words are known to this process once they are durable; who may not sign in is out. */
void
order_committed(struct batch *b)
{
	struct order_batch *ob = b->state;

	for (size_t i = 0; i < ob->dictionary.n; i++) {
		const struct dictionary_row *row = &ob->dictionary.v[i];
		const struct pools *pools =
		    order_pools(ob, (uint32_t)row->tenant);

		dictionary_add(pools->realm->dictionary, row->id,
		    ob->word.v[i]);
	}
	for (size_t i = 0; i < ob->subject.n; i++)
		if (!ob->subject.v[i]->is_stored)
			world_persons_add(b->world,
			    (uint32_t)ob->subject.v[i]->row.tenant, 1);
	roles_committed(b->world, ob);
	guard_committed(ob);
	for (size_t i = 0; i < ob->session_end.n; i++)
		world_sessions_end(b->world,
		    (uint32_t)ob->session_end.v[i].tenant,
		    ob->session_end.v[i].person, 0, 0);
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK && !b->item[i]->again)
			count(b->item[i]->in, b->item[i]->out);
}

/* What was repeated was counted when it was new. */
static void
count(const struct order *order, const struct order_out *out)
{
	if (order->kind == ORDER_ONBOARD)
		metric_add(METRIC_ONBOARDINGS, out->was_repeated
			? ONBOARDED_REPEATED : ONBOARDED_NEW, 1);
	for (size_t i = 0; i < out->nseat && !out->was_repeated; i++)
		metric_add(METRIC_OUTCOMES,
		    (size_t)out->seat[i].outcome - OUTCOME_ASSIGNED, 1);
}

/* --- outcomes ------------------------------------------------------------------ */

/* Reasons as they are stored; the order is the format. */
static const enum msg reasons[] = {
	MSG_NONE, MSG_SEAT_HELD, MSG_SEAT_QUEUED, MSG_SEAT_FULL, MSG_SEAT_ROLE,
	MSG_SEAT_NO_POOL, MSG_SEAT_LEFT, MSG_SEAT_BLOCKED, MSG_SEAT_ORGANISATION,
};

#define OUTCOME_BYTES 26

struct str
outcome_pack(struct arena *arena, const struct outcome_row *row, size_t n)
{
	struct buf b;

	buf_init(&b, arena, n * OUTCOME_BYTES);
	for (size_t i = 0; i < n; i++) {
		uint8_t reason = 0;

		while (reason < COUNT(reasons) && reasons[reason]
		    != row[i].reason)
			reason++;
		must(reason < COUNT(reasons));
		buf_u64(&b, (uint64_t)row[i].product);
		buf_u64(&b, (uint64_t)row[i].pool);
		buf_u64(&b, (uint64_t)row[i].position);
		buf_u8(&b, (uint8_t)row[i].outcome);
		buf_u8(&b, reason);
	}
	must(!b.over);
	return buf_view(&b);
}

size_t
outcome_unpack(struct arena *arena, struct str packed,
    struct outcome_row **out)
{
	struct cursor c = { .left = packed };
	size_t n = packed.n / OUTCOME_BYTES;

	*out = arena_array(arena, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct outcome_row *row = &(*out)[i];
		uint8_t reason;

		row->product = (int64_t)get_u64(&c);
		row->pool = (int64_t)get_u64(&c);
		row->position = (int64_t)get_u64(&c);
		row->outcome = (enum outcome)get_u8(&c);
		reason = get_u8(&c);
		must(reason < COUNT(reasons));
		row->reason = reasons[reason];
	}
	must(get_end(&c));
	return n;
}

const struct seat_told *
outcome_tell(struct arena *arena, const struct catalogue *cat,
    const struct outcome_row *row, size_t n)
{
	struct seat_told *told = arena_array(arena, n + 1, sizeof(*told));

	for (size_t i = 0; i < n; i++) {
		const struct product *p =
		    catalogue_product(cat, row[i].product);
		const struct pool_info *pool =
		    catalogue_pool(cat, row[i].pool);

		told[i].product = p != NULL ? p->slug : STR("");
		told[i].pool = pool != NULL ? pool->slug : STR("");
		told[i].outcome = row[i].outcome;
		told[i].position = row[i].position;
		told[i].reason = row[i].reason;
	}
	return told;
}

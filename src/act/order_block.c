/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_block.c - orders about persons: blocks, put and lifted by hand or by
 * checks that ended badly.
 *
 * The bits of a person's row and the rows of its blocks say the same; why a
 * block was put or lifted by hand stands sealed in the entry of the order.
 */
#include "act/order_int.h"

#include "base/id.h"

/* By hand: a kind with a message may not, and is told who may. */
static const struct by_hand {
	enum msg put, lift;
} by_hand[BLOCK_COUNT] = {
	[BLOCK_NEW]	 = { MSG_BLOCK_NEW,	 MSG_BLOCK_NEW },
	[BLOCK_DENIED]	 = { MSG_BLOCK_DENIED,	 MSG_BLOCK_DENIED },
	[BLOCK_INCIDENT] = { MSG_BLOCK_INCIDENT, MSG_BLOCK_INCIDENT },
	[BLOCK_MANUAL]	 = { MSG_NONE,		 MSG_NONE },
	[BLOCK_RISK]	 = { MSG_BLOCK_RISK,	 MSG_NONE },
};

static enum err check_order(struct scene *, enum msg refusal);
static bool has_block(const struct subject *, enum block_kind);
static void block_lift(struct scene *, enum block_kind);

/* --- decisions -------------------------------------------------------------------- */

enum err
decide_block(struct scene *sc)
{
	enum block_kind kind = sc->s->in->block;

	TRY(check_order(sc, by_hand[kind].put));
	if (sc->it->again || has_block(sc->sub, kind))
		return OK;
	block_put(sc, kind, BLOCK_BY_HAND);
	return order_move(sc, NULL, 0);
}

/* The last block lifted: rules give at once what is due. */
enum err
decide_unblock(struct scene *sc)
{
	enum block_kind kind = sc->s->in->block;

	TRY(check_order(sc, by_hand[kind].lift));
	if (sc->it->again || !has_block(sc->sub, kind))
		return OK;
	block_lift(sc, kind);
	return order_move(sc, NULL, 0);
}

static enum err
check_order(struct scene *sc, enum msg refusal)
{
	if (refusal != MSG_NONE)
		return fail(sc->it->cx, ERR_DENIED, refusal, "kind");
	TRY(order_check_version(sc));
	/* The reason was sealed for this version of the record. */
	sc->it->again =
	    sc->s->old->record_version != sc->sub->row.record_version;
	return OK;
}

static bool
has_block(const struct subject *sub, enum block_kind kind)
{
	return (sub->row.blocks >> kind & 1) != 0;
}

void
block_put(struct scene *sc, enum block_kind kind, enum block_reason reason)
{
	struct subject *sub = sc->sub;

	if (has_block(sub, kind))
		return;
	sub->row.blocks |= 1u << kind;
	sub->block[kind] = (struct block) {
		.tenant = sub->row.tenant,
		.person = sub->row.id,
		.kind = kind,
		.reason = reason,
		.author = sc->it->cx->actor->id,
		.since_ms = sc->it->cx->now_ms,
	};
}

void
block_as_asked(struct scene *sc)
{
	const int active = sc->s->in->active;

	if (active < 0)
		block_put(sc, BLOCK_MANUAL, BLOCK_BY_HAND);
	else if (active > 0 && has_block(sc->sub, BLOCK_MANUAL))
		block_lift(sc, BLOCK_MANUAL);
}

void
block_returns(struct scene *sc)
{
	if (sc->s->in->active != 0)
		block_as_asked(sc);
	else if (has_block(sc->sub, BLOCK_MANUAL)
	    && actor_may(sc->it->cx->actor, RIGHT_PERSON_BLOCK))
		block_lift(sc, BLOCK_MANUAL);
}

static void
block_lift(struct scene *sc, enum block_kind kind)
{
	struct subject *sub = sc->sub;
	const struct block *b = &sub->block[kind];
	struct block_past past = {
		.tenant = sub->row.tenant,
		.id = id_new(),
		.person = sub->row.id,
		.kind = kind,
		.author = b->author,
		.since_ms = b->since_ms,
		.until_ms = sc->it->cx->now_ms,
	};

	sub->row.blocks &= ~(1u << kind);
	list_add(sc->ob->arena, &sc->ob->block_past, past);
}

/* --- rows --------------------------------------------------------------------------- */

enum err
blocks_load(struct order_batch *ob, struct tx *tx)
{
	struct block *key =
	    arena_array(ob->arena, ob->subject.n + 1, sizeof(*key));
	struct subject **of =
	    arena_array(ob->arena, ob->subject.n + 1, sizeof(struct subject *));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < ob->subject.n; i++) {
		struct subject *sub = ob->subject.v[i];

		sub->blocks_stored = sub->row.blocks;
		if (sub->row.blocks == 0)
			continue;
		of[n] = sub;
		key[n].tenant = sub->row.tenant;
		key[n++].person = sub->row.id;
	}
	TRY(store_load(tx, &BLOCK, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct block *b = &((struct block *)rows.row)[i];

		must(b->kind > 0 && b->kind < BLOCK_COUNT);
		of[rows.key[i]]->block[b->kind] = *b;
	}
	return OK;
}

/* Of who was blocked or is: what is gone, then what stands. */
enum err
blocks_save(struct order_batch *ob, struct tx *tx)
{
	LIST(struct block) put = { 0 }, end = { 0 };

	for (size_t i = 0; i < ob->subject.n; i++) {
		const struct subject *sub = ob->subject.v[i];

		for (int k = BLOCK_NEW; k < BLOCK_COUNT; k++) {
			bool was = (sub->blocks_stored >> k & 1) != 0;
			bool is = has_block(sub, (enum block_kind)k);
			struct block key = { .tenant = sub->row.tenant,
				.person = sub->row.id,
				.kind = (enum block_kind)k };

			if (sub->is_dirty && is)
				list_add(ob->arena, &put, sub->block[k]);
			if (sub->is_dirty && was && !is)
				list_add(ob->arena, &end, key);
		}
	}
	TRY(store_drop(tx, &BLOCK, end.v, end.n, 3, NULL));
	TRY(store_save(tx, &BLOCK, put.v, put.n, NULL));
	return store_save(
	    tx, &BLOCK_PAST, ob->block_past.v, ob->block_past.n, NULL);
}

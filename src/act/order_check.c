/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_check.c - orders about persons: giving a seat back, and the checks of
 * an onboarding that hold its seats until they are decided or expire.
 */
#include "act/order_int.h"

/* What a person is blocked by whose check ends badly; a role concerns its product only. */
static const enum block_kind blocked_by[] = {
	[CHECK_ROLE] = 0,
	[CHECK_RISK] = BLOCK_RISK,
	[CHECK_ATTESTATION] = BLOCK_DENIED,
	[CHECK_MANUAL] = BLOCK_MANUAL,
};

static struct holding *
find_holding(const struct subject *sub, int64_t product)
{
	for (size_t i = 0; i < sub->nholding; i++)
		if (sub->holding[i].product == product)
			return &sub->holding[i];
	return NULL;
}

static void
end_holding(struct scene *sc, struct holding *h, enum seat_end why)
{
	gate_refresh(&sc->pools->gate, sc->sub->row.id, h);
	order_count_waits(sc, h, 1, -1);
	holding_end(&sc->pools->gate, h, why, &sc->changes);
	sc->is_changed = true;
}

enum err
decide_release(struct scene *sc)
{
	const struct product *p = catalogue_product_slug(
	    sc->s->realm->catalogue, sc->s->in->product[0]);
	struct holding *h;

	h = p == NULL ? NULL : find_holding(sc->sub, p->id);
	if (h == NULL || h->grants == 0)
		return fail(sc->it->cx, ERR_NOT_FOUND, MSG_ORDER_NO_SEAT,
		    "product", str_z(sc->it->cx->arena,
		    sc->s->in->product[0]));
	gate_refresh(&sc->pools->gate, sc->sub->row.id, h);
	if (h->seat.state == SEAT_NONE)
		sc->action = ACTION_WAIT_ENDED;
	end_holding(sc, h, SEAT_END_RELEASED);
	return OK;
}

enum err
checks_load(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct order_state *s = order_state(b->item[i]);
		struct check_row key = { .tenant = b->item[i]->tenant };
		struct rows rows;

		if (b->item[i]->err != OK || s->in->onboarding == 0)
			continue;
		key.onboarding = s->in->onboarding;
		TRY(store_load(tx, &CHECK_ROW, &key, 1, 2, 0, &rows));
		s->check = rows.row;
		s->ncheck = rows.n;
	}
	return OK;
}

/* Only the answer to a check can end with an activation for somebody who was there before. */
enum err
begun_load(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = b->state;
	struct login_row *key = arena_array(ob->arena, ob->subject.n + 1,
	    sizeof(*key));
	bool is_needed = false;
	struct rows rows;

	for (size_t i = 0; i < b->n; i++)
		is_needed |= b->item[i]->err == OK
		    && (order_state(b->item[i])->in->kind == ORDER_CHECK
		    || order_returns(order_state(b->item[i])->in));
	if (!is_needed)
		return OK;
	for (size_t i = 0; i < ob->subject.n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &LOGIN, key, ob->subject.n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		ob->subject.v[rows.key[i]]->has_begun = true;
	return OK;
}

/* An onboarding as earlier items of this batch left it. */
static struct order_state *
newest_onboarding(struct scene *sc)
{
	for (size_t i = sc->ob->told.n; i-- > 0;)
		if (sc->ob->told.v[i]->onboarding->id == sc->onboarding)
			return sc->ob->told.v[i];
	return sc->s;
}

static void
end_onboarding(struct scene *sc, enum onboarding_state state,
    enum seat_end why)
{
	struct onboarding_row row = *sc->s->onboarding;

	for (size_t i = 0; i < sc->sub->nholding; i++) {
		struct holding *h = &sc->sub->holding[i];

		gate_refresh(&sc->pools->gate, sc->sub->row.id, h);
		if (h->seat.onboarding != row.id
		    && h->wait.onboarding != row.id)
			continue;
		if (state == ONBOARDING_DONE)
			gate_confirm(&sc->pools->gate, h, &sc->changes);
		else
			end_holding(sc, h, why);
	}
	list_add(sc->ob->arena, &sc->ob->open_end, sc->sub->open);
	sc->sub->open = (struct open_row) { 0 };
	row.state = state;
	row.done_ms = sc->it->cx->now_ms;
	*(struct onboarding_row *)sc->s->onboarding = row;
	list_add(sc->ob->arena, &sc->ob->onboarding, row);
	sc->is_changed = true;
}

static enum err
find_onboarding(struct scene *sc)
{
	struct order_state *newest;

	if (sc->s->onboarding == NULL)
		return fail(sc->it->cx, ERR_NOT_FOUND, MSG_ORDER_NO_ONBOARDING,
		    "onboarding");
	newest = newest_onboarding(sc);
	sc->s->onboarding = newest->onboarding;
	sc->s->check = newest->check;
	sc->s->ncheck = newest->ncheck;
	list_add(sc->ob->arena, &sc->ob->told, sc->s);
	if (sc->s->onboarding->state != ONBOARDING_OPEN)
		return fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_CHECK_OVER,
		    "onboarding");
	return OK;
}

/* Its seats are given back already; what rules would give anew is barred. */
static enum err
block(struct scene *sc, enum block_reason reason)
{
	for (size_t i = 0; i < sc->s->ncheck; i++) {
		const struct check_row *check = &sc->s->check[i];
		enum block_kind kind = blocked_by[check->kind];

		if (check->state == CHECK_FAILED && kind != 0)
			block_put(sc, kind, reason);
	}
	return order_move(sc, NULL, 0);
}

enum err
decide_check(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct check_row *check = NULL;
	bool is_open = false;

	TRY(find_onboarding(sc));
	for (size_t i = 0; i < s->ncheck; i++)
		if (s->check[i].kind == (int64_t)s->in->check)
			check = &s->check[i];
	if (check == NULL)
		return fail(sc->it->cx, ERR_NOT_FOUND, MSG_ORDER_NO_CHECK,
		    "check");
	if (check->state != CHECK_OPEN)
		return fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_CHECK_OVER,
		    "check");
	check->state = s->in->check_passed ? CHECK_PASSED : CHECK_FAILED;
	check->until_ms = sc->it->cx->now_ms;
	check->actor = sc->it->cx->actor->id;
	list_add(sc->ob->arena, &sc->ob->check, *check);
	for (size_t i = 0; i < s->ncheck; i++)
		is_open |= s->check[i].state == CHECK_OPEN;
	sc->is_changed = true;
	if (check->state == CHECK_FAILED) {
		end_onboarding(sc, ONBOARDING_FAILED, SEAT_END_CHECK);
		return block(sc, BLOCK_CHECK_FAILED);
	}
	if (!is_open)
		end_onboarding(sc, ONBOARDING_DONE, 0);
	return OK;
}

/* What is over already, or is not due yet, is no error: the clock may repeat itself. */
enum err
decide_expire(struct scene *sc)
{
	struct ctx *cx = sc->it->cx;

	if (find_onboarding(sc) != OK) {
		cx->fault = (struct fault) { 0 };
		return OK;
	}
	if (sc->s->onboarding->expires_ms > cx->now_ms)
		return OK;
	for (size_t i = 0; i < sc->s->ncheck; i++) {
		struct check_row *check = &sc->s->check[i];

		if (check->state != CHECK_OPEN)
			continue;
		check->state = CHECK_FAILED;
		check->until_ms = cx->now_ms;
		list_add(sc->ob->arena, &sc->ob->check, *check);
	}
	end_onboarding(sc, ONBOARDING_EXPIRED, SEAT_END_EXPIRED);
	return block(sc, BLOCK_CHECK_EXPIRED);
}

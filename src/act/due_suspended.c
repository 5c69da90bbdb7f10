/* SPDX-License-Identifier: Apache-2.0 */
/*
 * due_suspended.c - due work of tenants that are suspended.  Nobody comes in,
 * nothing is taken and no held seat is given up until the tenant is resumed;
 * but whoever's last day has passed is out on that day all the same.
 */
#include "act/world_int.h"

#include "base/clock.h"

#define DUE_MAX	   500
#define DUE_MEMORY (64 << 20)

static bool do_page(struct world *, struct db *, uint32_t tenant);
static enum err find_leavers(struct world *, struct ctx *, struct tx *,
    const struct rows *, struct due_row *, size_t *n);
static bool has_left(const struct realm *, const struct person *, int64_t);

void
do_due_suspended(struct world *w, struct db *data)
{
	struct arena *arena = arena_open(1 << 20);
	uint32_t *tenant;
	size_t n = world_tenants(w, arena, &tenant);

	for (size_t i = 0; i < n; i++) {
		bool is_suspended;

		lock_take(w->mu);
		is_suspended = realm_find(w, tenant[i]) != NULL &&
		    realm_find(w, tenant[i])->state == TENANT_SUSPENDED;
		lock_give(w->mu);
		while (is_suspended && do_page(w, data, tenant[i]))
			continue;
	}
	arena_close(arena);
}

/* One page from where the last one ended, which is remembered; false: there is no more now. */
static bool
do_page(struct world *w, struct db *data, uint32_t tenant)
{
	struct arena *arena = arena_open(DUE_MEMORY);
	struct ctx cx = { .arena = arena, .now_ms = clock_now_ms() };
	struct tx *tx = tx_begin_all(data, &cx);
	struct due_row leaver[DUE_MAX], from = { 0 };
	const struct due_row *row;
	struct realm_slot *slot;
	struct rows rows = { 0 };
	size_t n = 0;
	enum err err;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		from = slot->passed;
	lock_give(w->mu);
	from.tenant = tenant;
	err = store_page(tx, &DUE, &from, 1, false, DUE_MAX, &rows);
	row = rows.row;
	while (err == OK && rows.n > 0 && row[rows.n - 1].due_ms > cx.now_ms)
		rows.n--;
	if (err == OK)
		err = find_leavers(w, &cx, tx, &rows, leaver, &n);
	tx_end(tx);
	if (err == OK && rows.n > 0 && due_orders(w, &cx, leaver, n)) {
		lock_take(w->mu);
		slot = realm_find(w, tenant);
		if (slot != NULL && slot->state == TENANT_SUSPENDED)
			slot->passed = row[rows.n - 1];
		lock_give(w->mu);
	} else {
		rows.n = 0;
	}
	n = rows.n;
	arena_close(arena);
	return n == DUE_MAX;
}

static enum err
find_leavers(struct world *w, struct ctx *cx, struct tx *tx,
    const struct rows *due, struct due_row *out, size_t *n)
{
	const struct due_row *row = due->row;
	struct person *key = arena_array(cx->arena, due->n + 1, sizeof(*key));
	const struct realm *realm;
	struct rows persons;
	size_t asked = 0;

	if (due->n == 0)
		return OK;
	TRY(world_realm(w, cx, (uint32_t)row->tenant, &realm));
	for (size_t i = 0; i < due->n; i++) {
		key[asked].tenant = row[i].tenant;
		key[asked++].id =
		    row[i].kind == DUE_LIFECYCLE ? row[i].subject : 0;
	}
	TRY(store_load(tx, &PERSON, key, asked, 2, 0, &persons));
	for (size_t i = 0; i < persons.n; i++) {
		const struct person *p = &((struct person *)persons.row)[i];

		if (has_left(realm, p, cx->now_ms))
			out[(*n)++] = row[persons.key[i]];
	}
	return OK;
}

static bool
has_left(const struct realm *realm, const struct person *p, int64_t now_ms)
{
	int64_t today = (int64_t)order_today(realm, p->site, now_ms) + DAY_BIAS;

	return p->lifecycle != LIFE_LEFT && p->lifecycle != LIFE_DELETED &&
	    p->end_day != 0 && p->end_day < today;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_keep.c - what signing in leaves behind goes, once an hour: sessions and
 * activation tokens that are over, tries that are forgotten.
 */
#include <string.h>

#include "base/clock.h"

#include "act/login.h"
#include "act/world_int.h"

#define PAGE 1000

/* Whether a row is over at NOW; each is a row of the table it stands beside. */
static bool
session_is_over(const void *row, int64_t now_ms)
{
	return ((const struct session_row *)row)->expires_ms <= now_ms;
}

static bool
try_is_over(const void *row, int64_t now_ms)
{
	return now_ms - ((const struct throttle_row *)row)->last_ms
	    > TRIES_KEPT_MS;
}

static bool
activation_is_over(const void *row, int64_t now_ms)
{
	return ((const struct activation_row *)row)->expires_ms <= now_ms;
}

static enum err
drop_over(struct tx *tx, const struct table *table, uint32_t tenant,
    bool (*is_over)(const void *, int64_t now_ms), int64_t now_ms)
{
	const int64_t number = tenant;
	char *from = arena_alloc(tx_ctx(tx)->arena, table->row_size);
	struct rows rows = { .n = PAGE };
	bool is_first = true;

	/* Tenant stands first in every row. */
	memcpy(from, &number, sizeof(number));
	for (; rows.n == PAGE; is_first = false) {
		TRY(store_page(tx, table, from, 1, is_first, PAGE, &rows));
		for (size_t i = 0; i < rows.n; i++) {
			const char *row =
			    (const char *)rows.row + i * table->row_size;

			memcpy(from, row, table->row_size);
			if (is_over(row, now_ms))
				TRY(store_drop(tx, table, row, 1,
				    table->nkey, NULL));
		}
	}
	return OK;
}

enum err
login_keep(struct tx *tx, uint32_t tenant, int64_t now_ms)
{
	TRY(drop_over(tx, &SESSION, tenant, session_is_over, now_ms));
	TRY(drop_over(tx, &THROTTLE, tenant, try_is_over, now_ms));
	return drop_over(tx, &ACTIVATION, tenant, activation_is_over, now_ms);
}

void
sessions_keep(struct world *w)
{
	const int64_t now_ms = clock_now_ms();

	lock_take(w->mu);
	for (size_t i = w->keyring.n; i-- > 0;) {
		struct credential *c = w->keyring.by_id[i];

		if (c->kind == CREDENTIAL_SESSION && c->expires_ms <= now_ms)
			keyring_drop(&w->keyring, c);
	}
	lock_give(w->mu);
}

enum err
login_forget(struct tx *tx, uint32_t tenant)
{
	const struct session_row session = { .tenant = tenant };
	const struct activation_row activation = { .tenant = tenant };

	TRY(store_drop(tx, &SESSION, &session, 1, 1, NULL));
	return store_drop(tx, &ACTIVATION, &activation, 1, 1, NULL);
}

void
sessions_forget(struct world *w, uint32_t tenant)
{
	lock_take(w->mu);
	for (size_t i = w->keyring.n; i-- > 0;) {
		struct credential *c = w->keyring.by_id[i];

		if (c->kind == CREDENTIAL_SESSION && c->tenant == tenant)
			keyring_drop(&w->keyring, c);
	}
	lock_give(w->mu);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_share.c - the keys of tenants on their way from one server's vault to the
 * others', as opaque rows of the keys' database.  The first row of a tenant
 * stands: whoever made keys for the same number at once takes those.
 */
#include "act/world_int.h"

#include "base/clock.h"
#include "base/log.h"

static enum err
keep(struct batch *b, struct tx *keys)
{
	for (size_t i = 0; i < b->n; i++)
		TRY(store_save(keys, &TENANT_KEY, b->item[i]->in, 1, NULL));
	return OK;
}

static const struct use_case key_share = { .name = "key_share", .keep = keep };

enum err
share_keys(
    struct world *w, struct vault *vault, struct ctx *cx, uint32_t tenant)
{
	struct shared_key row = { tenant, clock_now_ms(), STR("") };
	struct item it = { .cx = cx, .use_case = &key_share,
		.tenant = tenant, .in = &row };
	bool is_there;

	TRY(vault_tenant_share(vault, cx, tenant, &row.sealed));
	TRY(pipeline_do(w->pipeline, &it, ITEM_INTERACTIVE));
	return take_keys(w, vault, cx, tenant, &is_there);
}

enum err
take_keys(struct world *w, struct vault *vault, struct ctx *cx, uint32_t tenant,
    bool *is_there)
{
	struct db *db = db_open_reader(w->store, DB_KEYS);
	struct tx *tx = tx_begin_all(db, cx);
	struct shared_key key = { .tenant = tenant };
	struct rows rows = { 0 };
	enum err err = store_load(tx, &TENANT_KEY, &key, 1, 1, 0, &rows);

	tx_end(tx);
	db_close(db);
	TRY(err);
	*is_there = rows.n > 0;
	if (rows.n == 0)
		return OK;
	return vault_tenant_take(
	    vault, cx, tenant, ((struct shared_key *)rows.row)->sealed);
}

/* Those of tenants that were made before there was anybody to share them with. */
void
share_all(struct world *w)
{
	struct arena *arena = arena_open(64 << 20);
	struct ctx cx = { .arena = arena };
	uint32_t *tenant;
	size_t n = world_tenants(w, arena, &tenant);

	for (size_t i = 0; i < n; i++) {
		bool is_there = true;
		enum err err = take_keys(
		    w, w->vault[CHANNEL_CLOCK], &cx, tenant[i], &is_there);

		if (err == OK && !is_there)
			err = share_keys(
			    w, w->vault[CHANNEL_CLOCK], &cx, tenant[i]);
		if (err != OK)
			log_event(LOG_ERROR, "keys_not_shared",
			    LOG_NUM("tenant", tenant[i]),
			    LOG_WORD("code", err_info(err)->code));
	}
	arena_close(arena);
}

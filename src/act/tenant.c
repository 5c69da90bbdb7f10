/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant.c - making a tenant: its keys in the vault, its row, the empty log
 * with its first entry.  The operator's alone.
 */
#include "act/world_int.h"

#include "base/clock.h"

#define SLUG_LEN_MAX 63
#define TENANTS_MAX  100000

struct tenant_make {
	uint32_t	  tenant;
	struct str	  slug;
	struct capability capability;
	struct str	  name, name_key;
	int64_t		  seq;
};

static bool is_slug(struct str);
static enum err make_named(struct reader *, struct ctx *,
    struct tenant_make *);
static enum err choose_number(struct reader *, struct ctx *, uint32_t *);
static enum err check_known(struct reader *, struct ctx *,
    const struct tenant_row *);
static enum err seal_name(struct reader *, struct ctx *,
    struct tenant_make *);
static enum err check_others(struct batch *, struct tx *);
static const struct use_case tenant_save_case;

enum err
tenant_make(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	const struct tenant_in *in = arg;
	struct tenant_make make = { .slug = in->slug };
	struct tenant_out *told = arena_alloc(cx->arena, sizeof(*told));
	enum err err;

	if (!is_slug(in->slug))
		return fail(cx, ERR_BAD_INPUT, MSG_TENANT_SLUG, "name",
		    str_utf8(in->slug) ? str_z(cx->arena, in->slug) : "");
	/* One after the other: names are sealed, so no key of the database keeps two apart. */
	lock_take(r->world->making);
	err = make_named(r, cx, &make);
	lock_give(r->world->making);
	told->tenant = make.tenant;
	*out = told;
	return err;
}

static enum err
make_named(struct reader *r, struct ctx *cx, struct tenant_make *make)
{
	struct grant_in grant = { .open_per_minute = UINT32_MAX,
		.seal_per_minute = UINT32_MAX };
	struct item it = { .cx = cx, .use_case = &tenant_save_case,
		.in = make };
	enum err err;

	if (world_tenant_named(r->world, make->slug) != 0)
		return fail(cx, ERR_CONFLICT, MSG_TENANT_EXISTS, "name",
		    str_z(cx->arena, make->slug));
	TRY(choose_number(r, cx, &make->tenant));
	if (r->world->node != NULL)
		TRY(share_keys(r->world, r->vault, cx, make->tenant));
	grant.tenant = it.tenant = make->tenant;
	TRY(vault_grant(r->vault, cx, &grant, &make->capability));
	TRY(seal_name(r, cx, make));
	err = pipeline_do(world_pipeline(r->world), &it, ITEM_INTERACTIVE);
	/* Another server was quicker: the log of that number has begun. */
	if (err == ERR_CONFLICT && cx->fault.msg == MSG_STORE_EXISTS)
		return fail(cx, ERR_BUSY, MSG_TENANT_RACE, "name");
	return err;
}

/*
 * The next after all that are or were.  A database that was brought back may
 * not know of tenants that came and went since: the vault does.
 */
static enum err
choose_number(struct reader *r, struct ctx *cx, uint32_t *out)
{
	struct tenant_row from = { 0 };
	const struct tenant_row *row;
	struct rows rows;
	enum err err;

	*out = 0;
	TRY(store_page(r->data, &TENANT, &from, 0, true, TENANTS_MAX, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		TRY(check_known(r, cx, &row[i]));
		if (row[i].tenant > *out)
			*out = (uint32_t)row[i].tenant;
	}
	do {
		++*out;
		cx->fault = (struct fault) { 0 };
		err = vault_tenant_new(r->vault, cx, *out);
	} while (err == ERR_CONFLICT && *out < TENANTS_MAX);
	return err;
}

/* One whose commit had no answer and that memory does not know yet may have this name. */
static enum err
check_known(struct reader *r, struct ctx *cx, const struct tenant_row *row)
{
	const uint32_t tenant = (uint32_t)row->tenant;
	enum tenant_has has;

	if (row->state >= TENANT_DELETING || world_tenant_has(r->world, tenant))
		return OK;
	TRY(vault_tenant_keys(r->vault, cx, tenant, &has));
	if (has == TENANT_HAD_KEYS)
		return OK;
	return fail(cx, ERR_BUSY, MSG_TENANT_RACE, "name");
}

static bool
is_slug(struct str s)
{
	if (s.n == 0 || s.n > SLUG_LEN_MAX || s.p[0] == '-' ||
	    s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-')
			return false;
	return true;
}

static enum err
seal_name(struct reader *r, struct ctx *cx, struct tenant_make *make)
{
	struct vault_call call;
	struct index_value value = { INDEX_DICTIONARY, make->slug };
	const struct text_out *name;
	const struct index_out *key;

	vault_call_init(&call, cx->arena);
	call.tenant = make->tenant;
	call.capability = &make->capability;
	name = vault_text_seal(&call, PURPOSE_NAME, make->tenant, make->slug);
	key = vault_index(&call, &value, 1);
	TRY(vault_run(r->vault, cx, &call));
	TRY(name->err);
	TRY(key->err);
	make->name = name->text;
	make->name_key = (struct str) { (const char *)key->key->bytes, 32 };
	return OK;
}

/* Two servers at once would choose the same number: the second is refused by the key. */
static enum err
save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	if (((struct world *)b->world)->node != NULL)
		TRY(check_others(b, tx));
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct tenant_make *make = it->in;
		struct frontier tree = { 0 };
		uint8_t *bytes = arena_alloc(book.arena, FRONTIER_BYTES_MAX);
		struct tenant_row row = {
			.tenant = make->tenant,
			.state = TENANT_ACTIVE,
			.name = make->name,
			.name_key = make->name_key,
			.created_ms = b->cx->now_ms,
		};
		struct tenant_row key = { .tenant = make->tenant };
		struct rows rows;
		struct entry e = entry_by(it->cx, ACTION_TENANT_CREATED,
		    SUBJECT_TENANT, make->tenant);

		if (it->err != OK)
			continue;
		TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
		if (rows.n > 0) {
			it->err =
			    fail(it->cx, ERR_BUSY, MSG_TENANT_RACE, "name");
			continue;
		}
		row.frontier = (struct str) { (char *)bytes,
			frontier_encode(&tree, bytes) };
		TRY(store_save(tx, &TENANT, &row, 1, NULL));
		logbook_add(&book, make->tenant, &e, &make->seq);
	}
	return logbook_save(&book, tx);
}

/*
 * Of all servers one makes a tenant at a time, and only when it knows all that
 * are: names are sealed, so no key of the database keeps two apart.
 */
static enum err
check_others(struct batch *b, struct tx *tx)
{
	bool knows_all = true;
	const struct mark *mark;
	struct rows rows;

	TRY(lease_turn(tx));
	TRY(mark_list(tx, NULL, 0, &rows));
	mark = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		knows_all &= mark[i].state >= TENANT_DELETING
		    || world_state_of(b->world, (uint32_t)mark[i].tenant) != 0;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct tenant_make *make = it->in;

		if (!knows_all)
			it->err = fail(it->cx, ERR_BUSY, MSG_TENANT_RACE,
			    "name");
		else if (world_tenant_named(b->world, make->slug) != 0)
			it->err = fail(it->cx, ERR_CONFLICT,
			    MSG_TENANT_EXISTS, "name",
			    str_z(it->cx->arena, make->slug));
	}
	return OK;
}

static void
committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct tenant_make *make = b->item[i]->in;

		if (b->item[i]->err == OK)
			world_tenant_add(b->world, make->tenant, make->slug,
			    &make->capability);
	}
}

static const struct use_case tenant_save_case = { .name = "tenant_create",
	.save = save, .committed = committed };

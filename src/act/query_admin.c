/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_admin.c - reading what administrators look after: tokens, tenants,
 * imports.
 */
#include "act/import_int.h"

#include <string.h>

#include "act/query.h"

#define TENANTS_MAX 100000

static enum err open_names(struct reader *, struct ctx *,
    const struct token_row *, size_t n, struct token_view *);
static enum err add_nets(struct reader *, struct ctx *, struct token_view *,
    size_t n);
static bool is_in_reach(struct reader *, struct ctx *, int64_t id);

static enum err gone_of(struct reader *, struct tenant_view *);

/* Those that may act on nobody but whom the reader may read tokens of. */
enum err
tokens_list(
    struct reader *r, struct ctx *cx, const void *is_client, void **result)
{
	struct tokens_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct token_row key = { .tenant = cx->actor->tenant };
	struct token_row *row;
	struct token_view *v;
	struct rows rows;

	TRY(store_load(r->data,
	    *(const bool *)is_client ? &CLIENT : &TOKEN, &key, 1, 1, 0,
	    &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		if (!is_in_reach(r, cx, row[i].id))
			continue;
		row[out->n] = row[i];
		row[out->n++].last_used_ms = world_token_used(
		    r->world, cx->actor->tenant, row[i].id);
	}
	out->token = v = arena_array(cx->arena, out->n + 1, sizeof(*v));
	*result = out;
	if (out->n == 0)
		return OK;
	TRY(open_names(r, cx, row, out->n, v));
	return add_nets(r, cx, v, out->n);
}

static bool
is_in_reach(struct reader *r, struct ctx *cx, int64_t id)
{
	struct held held;

	if (!world_token_held(r->world, cx->actor->tenant, id, &held))
		return false;
	held.rights = RIGHT_BIT(RIGHT_TOKEN_READ);
	return actor_covers(cx->arena, cx->actor, &held);
}

static enum err
add_nets(struct reader *r, struct ctx *cx, struct token_view *v, size_t n)
{
	struct net_row *key = arena_array(cx->arena, n, sizeof(*key));
	struct rows rows;
	struct net net;

	for (size_t i = 0; i < n; i++)
		key[i] = (struct net_row) { v[i].row.tenant, v[i].row.id,
			STR("") };
	TRY(store_load(r->data, &NET, key, n, 2, 0, &rows));
	for (size_t i = 0; i < n; i++)
		v[i].net = arena_array(
		    cx->arena, NETS_MAX + 1, sizeof(struct str));
	for (size_t i = 0; i < rows.n; i++) {
		struct token_view *at = &v[rows.key[i]];

		must(at->nnet < NETS_MAX);
		must(net_unpack(
		    ((struct net_row *)rows.row)[i].net, &net));
		at->net[at->nnet++] = net_text(cx->arena, &net);
	}
	return OK;
}

/* Labels and scopes are somebody's words: sealed. */
static enum err
open_names(struct reader *r, struct ctx *cx, const struct token_row *row,
    size_t n, struct token_view *v)
{
	const struct text_out **label = arena_array(cx->arena, n,
	    sizeof(const struct text_out *));
	const struct text_out **scope = arena_array(cx->arena, n,
	    sizeof(const struct text_out *));
	struct capability capability;
	struct vault_call call;

	TRY(world_capability(r->world, r->vault, cx, cx->actor,
	    &capability));
	vault_call_init(&call, cx->arena);
	call.tenant = cx->actor->tenant;
	call.capability = &capability;
	for (size_t i = 0; i < n; i++) {
		label[i] = vault_text_open(&call, PURPOSE_NAME, row[i].id,
		    row[i].label);
		if (row[i].scope.n > 0)
			scope[i] = vault_text_open(&call, PURPOSE_NAME,
			    row[i].id, row[i].scope);
	}
	TRY(vault_run(r->vault, cx, &call));
	for (size_t i = 0; i < n; i++) {
		if (label[i]->err != OK)
			return fail_sealed(cx, label[i]->err, "label");
		if (scope[i] != NULL && scope[i]->err != OK)
			return fail_sealed(cx, scope[i]->err, "scope");
		v[i].row = row[i];
		v[i].label = label[i]->text;
		v[i].scope = scope[i] != NULL ? scope[i]->text : STR("");
	}
	return OK;
}

/* Names from memory, where they stand opened; the rest from the rows. */
enum err
tenants_list(struct reader *r, struct ctx *cx, const void *none, void **result)
{
	struct tenants_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct tenant_row from = { 0 };
	struct tenant_view *v;
	struct rows rows;

	(void)none;
	TRY(store_page(r->data, &TENANT, &from, 0, true, TENANTS_MAX, &rows));
	out->tenant = v = arena_array(cx->arena, rows.n + 1, sizeof(*v));
	for (size_t i = 0; i < rows.n; i++) {
		const struct tenant_row *row =
		    &((struct tenant_row *)rows.row)[i];
		struct tenant_view *t = &v[out->n];
		const struct realm *realm;

		*t = (struct tenant_view) {
			.tenant = (uint32_t)row->tenant,
			.state = row->state,
			.created_ms = row->created_ms,
			.log_size = row->log_size,
		};
		if (world_realm(r->world, cx, t->tenant, &realm) == OK) {
			t->slug = realm->slug;
			t->persons = world_persons(r->world, t->tenant);
			memcpy(t->most, realm->most, sizeof(t->most));
		} else {
			cx->fault = (struct fault) { 0 };
			/* Committed, and about to be told to the memory. */
			if (row->state < TENANT_DELETING)
				continue;
		}
		TRY(gone_of(r, t));
		out->n++;
	}
	*result = out;
	return OK;
}

static enum err
gone_of(struct reader *r, struct tenant_view *t)
{
	struct gone_row key = { .tenant = t->tenant };
	struct rows rows;

	if (t->state < TENANT_DELETING)
		return OK;
	TRY(store_load(r->data, &TENANT_GONE, &key, 1, 1, 0, &rows));
	if (rows.n == 1)
		t->gone = *(struct gone_row *)rows.row;
	return OK;
}

/*
 * In memory as long as it may go on.  What is stored is read as of after that
 * was asked, for the last thing a run does is to be stored; one that is not
 * over was left, and goes on no more.
 */
enum err
import_show(struct reader *r, struct ctx *cx, const void *id, void **out)
{
	struct import_row_state key = { .tenant = cx->actor->tenant,
		.id = *(const int64_t *)id };
	struct import_view *v = arena_alloc(cx->arena, sizeof(*v));
	struct rows rows;

	*out = v;
	if (run_view(r->world, cx, key.id, v)) {
		if (v->row.state == IMPORT_APPLYING)
			v->is_paused = queue_is_paused(r->world, cx->arena,
			    cx->actor->tenant, WORK_QUEUE_IMPORT, &v->why);
		return OK;
	}
	r->data = tx_renew(r->data);
	TRY(store_load(r->data, &IMPORT, &key, 1, 2, 0, &rows));
	if (rows.n == 0 || !run_row_is_own(cx, rows.row))
		return fail(cx, ERR_NOT_FOUND, MSG_IMPORT_NONE, "import");
	v->row = *(const struct import_row_state *)rows.row;
	if (v->row.state == IMPORT_SCANNED)
		v->row.state = IMPORT_BROKEN;
	return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenants.c - how tenants stand, and what the operator does with one: suspend,
 * resume, limit, export, delete; by the local socket only.
 */
#include "api/api_int.h"

#include "base/id.h"

#define REASON_MAX     400
#define ROWS_A_PAGE    500
#define CURSOR_MAX     4096
#define PER_SECOND_MAX 1000000	/* as of admission.tenant_rate */

static const char *const states[] = {
	[TENANT_ACTIVE] = "active",
	[TENANT_SUSPENDED] = "suspended",
	[TENANT_DELETING] = "deleting",
	[TENANT_DELETED] = "deleted",
};

static void put_limits(struct js_out *, const int64_t most[LIMIT_COUNT]);
static void put_gone(struct js_out *, const struct gone_row *);
static enum err enter(struct call *);
static enum err order_decode(struct call *, enum action, void **in);
static void put_cell(struct call *, const struct cell *);
static void lines_end(struct call *, struct str next);

/* --- how they stand ---------------------------------------------------------------- */

static const char *
state_name(int64_t state)
{
	must(state > 0 && (size_t)state < COUNT(states));
	return states[state];
}

static void
list_encode(struct call *c)
{
	const struct tenants_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++) {
		const struct tenant_view *v = &out->tenant[i];

		js_open_object(js);
		js_key(js, "tenant");
		js_put_int(js, v->tenant);
		put_text_or_null(js, "name", v->slug);
		js_key(js, "state");
		js_put_z(js, state_name(v->state));
		js_key(js, "created");
		js_put_time(js, v->created_ms);
		js_key(js, "log_size");
		js_put_int(js, v->log_size);
		js_key(js, "persons");
		js_put_int(js, v->persons);
		put_limits(js, v->most);
		if (v->state >= TENANT_DELETING)
			put_gone(js, &v->gone);
		js_close_object(js);
	}
	js_close_array(js);
	put_next(js, 0);
	js_close_object(js);
}

/* null: no bound, or the deployment's. */
static void
put_limits(struct js_out *js, const int64_t most[LIMIT_COUNT])
{
	js_key(js, "limits");
	js_open_object(js);
	for (size_t i = 1; i < LIMIT_COUNT; i++) {
		js_key(js, limit_name((enum tenant_limit)i));
		if (most[i] > 0)
			js_put_int(js, most[i]);
		else
			js_put_null(js);
	}
	js_close_object(js);
}

static void
put_gone(struct js_out *js, const struct gone_row *gone)
{
	js_key(js, "deletion");
	js_open_object(js);
	js_key(js, "asked");
	js_put_time(js, gone->asked_ms);
	js_key(js, "keys_destroyed");
	js_put_time(js, gone->keys_ms);
	js_key(js, "ended");
	js_put_time(js, gone->ended_ms);
	js_key(js, "rows");
	js_put_int(js, gone->rows);
	put_text_or_null(js, "checkpoint", gone->note);
	js_close_object(js);
}

/* --- suspend, resume, limit ---------------------------------------------------------- */

/* From here on the call is inside the tenant that the path names. */
static enum err
enter(struct call *c)
{
	struct actor *actor =
	    arena_copy(c->cx->arena, c->cx->actor, sizeof(*actor));

	c->tenant = world_tenant_named(c->world, c->rq->param[0]);
	if (c->tenant == 0)
		return fail(c->cx, ERR_NOT_FOUND, MSG_WORLD_NO_TENANT, "tenant",
		    str_z(c->cx->arena, c->rq->param[0]));
	actor->tenant = c->tenant;
	c->cx->actor = actor;
	return OK;
}

/* What is handed over is whole: every attribute, whoever may read it inside. */
static enum err
enter_whole(struct call *c)
{
	struct actor *actor;

	TRY(enter(c));
	actor = arena_copy(c->cx->arena, c->cx->actor, sizeof(*actor));
	actor->rights |= rights_of_tenant();
	c->cx->actor = actor;
	return OK;
}

static const struct member order_members[] = {
	{ "reason", MEMBER_TEXT, offsetof(struct tenant_order_in, reason), 1, REASON_MAX, true },
};
static const struct member_table order_table = { order_members, COUNT(order_members), "" };

static enum err
order_decode(struct call *c, enum action action, void **in)
{
	struct tenant_order_in *order =
	    arena_alloc(c->cx->arena, sizeof(*order));

	order->action = action;
	*in = order;
	TRY(enter(c));
	return body_decode(c, &order_table, order);
}

static enum err
suspend_decode(struct call *c, void **in)
{
	return order_decode(c, ACTION_TENANT_SUSPENDED, in);
}

static enum err
resume_decode(struct call *c, void **in)
{
	return order_decode(c, ACTION_TENANT_RESUMED, in);
}

static enum err
export_decode(struct call *c, void **in)
{
	return order_decode(c, ACTION_TENANT_EXPORTED, in);
}

static const struct member limit_members[] = {
	{ "persons", MEMBER_INT, offsetof(struct tenant_order_in, most[LIMIT_PERSONS]), 0, INT64_MAX, false },
	{ "tokens", MEMBER_INT, offsetof(struct tenant_order_in, most[LIMIT_TOKENS]), 0, INT64_MAX, false },
	{ "catalogue_bytes", MEMBER_INT, offsetof(struct tenant_order_in, most[LIMIT_CATALOGUE]), 0, INT64_MAX, false },
	{ "rate", MEMBER_INT, offsetof(struct tenant_order_in, most[LIMIT_RATE]), 0, PER_SECOND_MAX, false },
	{ "burst", MEMBER_INT, offsetof(struct tenant_order_in, most[LIMIT_BURST]), 0, PER_SECOND_MAX, false },
};
static const struct member_table limit_table = { limit_members, COUNT(limit_members), "" };

static enum err
limits_decode(struct call *c, void **in)
{
	struct tenant_order_in *order =
	    arena_alloc(c->cx->arena, sizeof(*order));

	order->action = ACTION_TENANT_LIMITED;
	for (size_t i = 0; i < LIMIT_COUNT; i++)
		order->most[i] = -1;
	*in = order;
	TRY(enter(c));
	return body_decode(c, &limit_table, order);
}

static void
put_tenant(struct call *c)
{
	const struct tenant_order_out *out = c->out;
	struct js_out *js = &c->js;

	js_key(js, "tenant");
	js_put_int(js, c->tenant);
	js_key(js, "name");
	js_put_str(js, c->rq->param[0]);
	js_key(js, "state");
	js_put_z(js, state_name(out->state));
	js_key(js, "persons");
	js_put_int(js, out->persons);
	put_limits(js, out->most);
}

static void
tenant_encode(struct call *c)
{
	js_open_object(&c->js);
	put_tenant(c);
	js_close_object(&c->js);
}

/* --- delete ---------------------------------------------------------------------------- */

static const struct member delete_members[] = {
	{ "confirm", MEMBER_TEXT, offsetof(struct tenant_delete_in, confirm), 1, SLUG_MAX, true },
	{ "reason", MEMBER_TEXT, offsetof(struct tenant_delete_in, reason), 1, REASON_MAX, true },
};
static const struct member_table delete_table = { delete_members, COUNT(delete_members), "" };

static enum err
delete_decode(struct call *c, void **in)
{
	struct tenant_delete_in *delete =
	    arena_alloc(c->cx->arena, sizeof(*delete));

	delete->slug = c->rq->param[0];
	*in = delete;
	return body_decode(c, &delete_table, delete);
}

static void
delete_encode(struct call *c)
{
	const struct tenant_delete_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "tenant");
	js_put_int(js, out->tenant);
	js_key(js, "checkpoint");
	js_put_str(js, out->note);
	js_key(js, "vkey");
	js_put_str(js, out->vkey);
	js_key(js, "origin");
	js_put_str(js, out->origin);
	js_close_object(js);
}

/* --- export ------------------------------------------------------------------------------ */

static void
export_encode(struct call *c)
{
	struct js_out *js = &c->js;
	const char *name;

	js_open_object(js);
	put_tenant(c);
	js_key(js, "tables");
	js_open_array(js);
	for (size_t i = 0; (name = table_exported(i)) != NULL; i++)
		js_put_z(js, name);
	js_close_array(js);
	js_close_object(js);
}

static enum err
yaml_decode(struct call *c, void **in)
{
	*in = NULL;
	return enter(c);
}

static void
yaml_encode(struct call *c)
{
	c->reply.content_type = "application/yaml";
	c->reply.body = *(const struct str *)c->out;
}

/* A page holds no more than may be opened in a minute: else it could never be read. */
static enum err
persons_decode(struct call *c, void **in)
{
	struct page_in *page = arena_alloc(c->cx->arena, sizeof(*page));
	struct str cursor = request_query(c->rq, "cursor");
	const struct realm *realm;
	int64_t most;

	*in = page;
	TRY(enter_whole(c));
	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	most = realm->catalogue->setting[SETTING_OPEN_PER_MINUTE];
	page->limit = most < 100 ? (size_t)most : 100;
	return cursor.n > 0 ? cursor_decode(c->cx, cursor, &page->after) : OK;
}

static void
persons_encode(struct call *c)
{
	const struct persons_out *out = c->out;
	const struct realm *realm;

	realm = call_realm(c);
	if (realm == NULL)
		return;
	for (size_t i = 0; i < out->n; i++) {
		js_begin(&c->js, &c->buf);
		put_person(&c->js, c->cx, realm, &out->person[i]);
		buf_u8(&c->buf, '\n');
	}
	lines_end(
	    c, out->next != 0 ? id_text(c->cx->arena, out->next) : STR(""));
}

/* One JSON object a line; where the next page begins stands in a header. */
static void
lines_end(struct call *c, struct str next)
{
	c->reply.content_type = "application/jsonl";
	if (next.n > 0)
		call_header(c, "Usher-Next", next);
}

static enum err
table_decode(struct call *c, void **in)
{
	struct table_in *table = arena_alloc(c->cx->arena, sizeof(*table));

	table->table = c->rq->param[1];
	table->after = request_query(c->rq, "cursor");
	table->limit = ROWS_A_PAGE;
	*in = table;
	if (table->after.n > CURSOR_MAX)
		return fail(c->cx, ERR_BAD_INPUT, MSG_TENANT_TABLE, "cursor");
	return enter(c);
}

static void
table_encode(struct call *c)
{
	const struct table_out *out = c->out;

	for (size_t i = 0; i < out->n; i++) {
		js_begin(&c->js, &c->buf);
		js_open_object(&c->js);
		for (size_t j = 0; j < out->ncell; j++)
			put_cell(c, &out->cell[i * out->ncell + j]);
		js_close_object(&c->js);
		buf_u8(&c->buf, '\n');
	}
	lines_end(c, out->next);
}

static void
put_cell(struct call *c, const struct cell *cell)
{
	struct js_out *js = &c->js;

	if (cell->kind == CELL_TEXT) {
		put_text_or_null(js, cell->name, cell->text);
		return;
	}
	if (cell->kind == CELL_TOLD) {
		put_told(js, c->cx, cell->name, cell->told, cell->ntold);
		return;
	}
	js_key(js, cell->name);
	if (cell->kind == CELL_NUMBER)
		js_put_int(js, cell->number);
	else if (cell->kind == CELL_TIME)
		js_put_time(js, cell->number);
	else if (cell->kind == CELL_ID)
		js_put_id(js, cell->number);
	else if (cell->number == 0)
		js_put_null(js);
	else
		js_put_date(js, (int32_t)(cell->number - DAY_BIAS));
}

static enum err
log_decode(struct call *c, void **in)
{
	TRY(enter(c));
	return log_page_decode(c, in);
}

const struct route tenant_routes[] = {
	{ GET, "/operator/v1/tenants", RIGHT_TENANT_READ, 0, false, QUERY(tenants_list, NULL, list_encode),
	    "List tenants" },
	{ POST, "/operator/v1/tenants/{tenant}/suspend", RIGHT_TENANT_WRITE, SMALL_BODY_MAX, false,
	    WRITE(tenant_order, suspend_decode, tenant_encode), "Suspend a tenant" },
	{ POST, "/operator/v1/tenants/{tenant}/resume", RIGHT_TENANT_WRITE, SMALL_BODY_MAX, false,
	    WRITE(tenant_order, resume_decode, tenant_encode), "Resume a tenant" },
	{ POST, "/operator/v1/tenants/{tenant}/limits", RIGHT_TENANT_WRITE, SMALL_BODY_MAX, false,
	    WRITE(tenant_order, limits_decode, tenant_encode), "Limit a tenant" },
	{ POST, "/operator/v1/tenants/{tenant}/delete", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    LONG(tenant_delete, delete_decode, delete_encode), "Destroy a tenant" },
	{ POST, "/operator/v1/tenants/{tenant}/export", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    WRITE(tenant_order, export_decode, export_encode), "Begin an export of a tenant" },
	{ GET, "/operator/v1/tenants/{tenant}/export/catalogue", RIGHT_OPERATE, 0, false,
	    QUERY(catalogue_show, yaml_decode, yaml_encode), "Its catalogue" },
	{ GET, "/operator/v1/tenants/{tenant}/export/persons", RIGHT_OPERATE, 0, false,
	    LIST(persons_list, persons_decode, persons_encode, "cursor"), "Its persons, as lines of JSON" },
	{ GET, "/operator/v1/tenants/{tenant}/export/log", RIGHT_OPERATE, 0, false,
	    LIST(log_page, log_decode, log_entries_encode, "after limit"), "The entries of its log" },
	{ GET, "/operator/v1/tenants/{tenant}/export/tables/{table}", RIGHT_OPERATE, 0, false,
	    LIST(table_show, table_decode, table_encode, "cursor"), "Rows of one of its tables, as lines of JSON" },
	{ 0 }
};

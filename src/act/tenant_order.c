/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant_order.c - suspending, resuming, limiting, exporting and deleting a
 * tenant, as its row and its log see it: the operator's alone.
 */
#include "act/world_int.h"

#include <string.h>

struct order_plan {
	const struct text_out *reason;
	struct tenant_row      row;
	struct deployment_row  limit[LIMIT_COUNT];
	size_t		       nlimit;
	bool		       is_changed;
	struct tenant_order_out *out;
};

/* Every legal move; what is not here is a conflict. */
static const struct move {
	enum action	  action;
	enum tenant_state from, to;
} moves[] = {
	{ ACTION_TENANT_SUSPENDED, TENANT_ACTIVE,    TENANT_SUSPENDED },
	{ ACTION_TENANT_SUSPENDED, TENANT_SUSPENDED, TENANT_SUSPENDED },
	{ ACTION_TENANT_RESUMED,   TENANT_SUSPENDED, TENANT_ACTIVE    },
	{ ACTION_TENANT_RESUMED,   TENANT_ACTIVE,    TENANT_ACTIVE    },
	{ ACTION_TENANT_LIMITED,   TENANT_ACTIVE,    TENANT_ACTIVE    },
	{ ACTION_TENANT_LIMITED,   TENANT_SUSPENDED, TENANT_SUSPENDED },
	{ ACTION_TENANT_EXPORTED,  TENANT_ACTIVE,    TENANT_ACTIVE    },
	{ ACTION_TENANT_EXPORTED,  TENANT_SUSPENDED, TENANT_SUSPENDED },
	{ ACTION_TENANT_DELETED,   TENANT_SUSPENDED, TENANT_DELETING  },
};

static enum err save_one(struct item *, struct tx *);
static enum err find_move(struct item *, const struct tenant_row *,
    const struct move **);
static enum err plan_limits(struct item *, struct tx *, struct order_plan *,
    struct change_list *);
static enum err save_state(struct item *, struct tx *, struct order_plan *,
    enum tenant_state);
static enum err save_limits(struct tx *, const struct order_plan *);

/* The reason is somebody's words: sealed, under the tenant's own key. */
static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct tenant_order_in *in = it->in;
		struct order_plan *plan =
		    arena_alloc(it->cx->arena, sizeof(*plan));
		const struct realm *realm;

		it->state = plan;
		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err != OK)
			continue;
		plan->out = arena_alloc(it->cx->arena, sizeof(*plan->out));
		plan->out->state = realm->state;
		memcpy(plan->out->most, realm->most, sizeof(realm->most));
		plan->out->persons = world_persons(b->world, it->tenant);
		it->out = plan->out;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		if (in->reason.n > 0)
			plan->reason = vault_text_seal(
			    call, PURPOSE_AUDIT, it->tenant, in->reason);
	}
	return OK;
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			TRY(save_one(b->item[i], tx));
	return OK;
}

static enum err
save_one(struct item *it, struct tx *tx)
{
	const struct tenant_order_in *in = it->in;
	struct order_plan *plan = it->state;
	struct logbook book = { .arena = tx_ctx(tx)->arena };
	struct change_list changes = { .arena = book.arena };
	struct tenant_row key = { .tenant = it->tenant };
	const struct move *m = NULL;
	struct entry e;
	struct rows rows;

	if (plan->reason != NULL)
		TRY(plan->reason->err);
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	must(rows.n == 1);
	it->err = find_move(it, rows.row, &m);
	if (it->err != OK)
		return OK;
	TRY(plan_limits(it, tx, plan, &changes));
	plan->is_changed = m->from != m->to || changes.n > 0 ||
	    in->action == ACTION_TENANT_EXPORTED;
	plan->out->state = m->to;
	if (!plan->is_changed)
		return OK;
	e = entry_by(it->cx, in->action, SUBJECT_TENANT, it->tenant);
	e.change = changes.change;
	e.nchange = changes.n;
	if (plan->reason != NULL)
		e.sealed = plan->reason->text;
	logbook_add(&book, it->tenant, &e, NULL);
	TRY(logbook_save(&book, tx));
	TRY(save_limits(tx, plan));
	return m->from != m->to ? save_state(it, tx, plan, m->to) : OK;
}

static enum err
find_move(
    struct item *it, const struct tenant_row *row, const struct move **out)
{
	const struct tenant_order_in *in = it->in;

	for (size_t i = 0; i < COUNT(moves); i++)
		if (moves[i].action == in->action &&
		    (int64_t)moves[i].from == row->state) {
			*out = &moves[i];
			return OK;
		}
	return fail(it->cx, ERR_CONFLICT,
	    row->state >= TENANT_DELETING ? MSG_TENANT_DELETING
					  : MSG_TENANT_NOT_SUSPENDED,
	    "tenant");
}

static enum err
plan_limits(struct item *it, struct tx *tx, struct order_plan *plan,
    struct change_list *changes)
{
	const struct tenant_order_in *in = it->in;
	struct deployment_row key = { .tenant = it->tenant };
	int64_t now[LIMIT_COUNT] = { 0 };
	const struct deployment_row *row;
	struct rows rows;

	if (in->action != ACTION_TENANT_LIMITED)
		return OK;
	TRY(store_load(tx, &DEPLOYMENT, &key, 1, 1, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		now[limit_parse(row[i].name)] = row[i].value;
	for (int64_t k = 1; k < LIMIT_COUNT; k++) {
		if (in->most[k] >= 0 && in->most[k] != now[k]) {
			change_add(
			    changes, CHANGE_LIMIT, k, 0, now[k], in->most[k]);
			plan->limit[plan->nlimit++] =
			    (struct deployment_row) { it->tenant,
				    str_of(limit_name((enum tenant_limit)k)),
				    in->most[k] };
			now[k] = in->most[k];
		}
		plan->out->most[k] = now[k];
	}
	return OK;
}

static enum err
save_limits(struct tx *tx, const struct order_plan *plan)
{
	for (size_t i = 0; i < plan->nlimit; i++) {
		const struct deployment_row *l = &plan->limit[i];

		if (l->value > 0)
			TRY(store_save(tx, &DEPLOYMENT, l, 1, NULL));
		else
			TRY(store_drop(tx, &DEPLOYMENT, l, 1, 2, NULL));
	}
	return OK;
}

/* The entry stands in the log already: it has moved the row. */
static enum err
save_state(struct item *it, struct tx *tx, struct order_plan *plan,
    enum tenant_state to)
{
	struct tenant_row key = { .tenant = it->tenant };
	struct gone_row gone = { .tenant = it->tenant,
		.asked_ms = it->cx->now_ms };
	struct rows rows;

	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	must(rows.n == 1);
	plan->row = *(struct tenant_row *)rows.row;
	plan->row.state = to;
	TRY(store_save(tx, &TENANT, &plan->row, 1, NULL));
	return to == TENANT_DELETING
	    ? store_save(tx, &TENANT_GONE, &gone, 1, NULL)
	    : OK;
}

/* In force at the next request of every thread. */
static void
committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct order_plan *plan = it->state;

		if (it->err != OK || !plan->is_changed)
			continue;
		for (size_t j = 0; j < plan->nlimit; j++)
			world_tenant_limit(b->world, it->tenant,
			    limit_parse(plan->limit[j].name),
			    plan->limit[j].value);
		if (plan->row.tenant != 0)
			world_tenant_state(
			    b->world, it->tenant, plan->out->state);
	}
}

const struct use_case tenant_order = { .name = "tenant_order",
	.want = want, .save = save, .committed = committed };

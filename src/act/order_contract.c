/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_contract.c - laying the contracts of an order over those a person has.
 * A source owns its contracts: others' stay as they are.
 */
#include "act/order_int.h"

#include <string.h>

#include "base/id.h"

static int64_t plan_id(const struct order_state *,
    const struct contract_plan *);
static struct contract *find_contract(const struct subject *, int64_t id);
static bool is_others(const struct order *, const struct person *manager);
static enum err load_hidden(struct item *, struct tx *);
static bool is_given(const struct order_state *, const struct contract_plan *);
static bool stays_hidden(const struct order_state *, size_t,
    const struct contract *);
static bool is_hidden(const struct order_state *, int64_t person);
static bool is_planned(const struct order_state *, int64_t id);
static bool is_same(const struct contract *, const struct contract *);
static void end_contract(struct order_batch *, struct item *,
    const struct contract *, struct change_list *);

/*
 * The contracts of the order's source become what the order says.  True if any
 * row is new, other or gone.
 */
bool
contracts_replace(struct order_batch *ob, struct item *it, struct subject *sub,
    struct change_list *changes)
{
	struct order_state *s = order_state(it);
	struct contract *next = arena_array(ob->arena,
	    sub->ncontract + s->ncontract + 1, sizeof(*next));
	bool is_changed = false;
	size_t n = 0;

	for (size_t i = 0; i < sub->ncontract; i++) {
		const struct contract *c = &sub->contract[i];

		if (c->source != s->in->source) {
			next[n++] = *c;
		} else if (!is_planned(s, c->id)) {
			end_contract(ob, it, c, changes);
			is_changed = true;
		}
	}
	for (size_t i = 0; i < s->ncontract; i++) {
		struct contract row = s->contract[i].row;
		const struct contract *old;

		row.id = plan_id(s, &s->contract[i]);
		row.person = sub->row.id;
		old = find_contract(sub, row.id);
		if (old != NULL && row.manager == 0
		    && (s->lacks_manager || stays_hidden(s, i, old)))
			row.manager = old->manager;
		if (old == NULL || !is_same(old, &row)) {
			change_add(changes, CHANGE_CONTRACT, row.id, row.site,
			    old != NULL, 1);
			is_changed = true;
		}
		next[n++] = row;
	}
	sub->contract = next;
	sub->ncontract = n;
	return is_changed;
}

/* Gone from its source: what runs ended yesterday, what was to come is no more. */
bool
contracts_leave(struct order_batch *ob, struct item *it, struct subject *sub,
    int32_t today, struct change_list *changes)
{
	const struct order_state *s = order_state(it);
	int64_t yesterday = (int64_t)today - 1 + DAY_BIAS;
	bool is_changed = false;
	size_t n = 0;

	for (size_t i = 0; i < sub->ncontract; i++) {
		struct contract c = sub->contract[i];

		if (c.source != s->in->source
		    || (c.end_day != 0 && c.end_day <= yesterday)) {
			sub->contract[n++] = c;
			continue;
		}
		is_changed = true;
		if (c.start_day > yesterday) {
			end_contract(ob, it, &c, changes);
			continue;
		}
		c.end_day = yesterday;
		change_add(changes, CHANGE_CONTRACT, c.id, c.site, 1, 1);
		sub->contract[n++] = c;
	}
	sub->ncontract = n;
	return is_changed;
}

bool
contracts_manager(struct item *it, struct subject *sub,
    struct change_list *changes)
{
	const struct order_state *s = order_state(it);
	bool is_changed = false;

	for (size_t i = 0; i < s->ncontract; i++) {
		struct contract *c =
		    find_contract(sub, plan_id(s, &s->contract[i]));
		int64_t manager = s->contract[i].row.manager;

		if (c == NULL || manager == 0 || c->manager == manager)
			continue;
		c->manager = manager;
		change_add(changes, CHANGE_CONTRACT, c->id, c->site, 1, 1);
		is_changed = true;
	}
	return is_changed;
}

/* --- managers --------------------------------------------------------------- */

/*
 * Managers by ref.  One that is nobody yet is no error in an import: the run
 * asks again when all rows are in.
 */
enum err
managers_find(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		for (size_t j = 0; it->err == OK && j < s->ncontract; j++) {
			struct contract_plan *plan = &s->contract[j];
			struct source_ref key = { .tenant = it->tenant,
				.source = s->in->source };
			struct person who = { .tenant = it->tenant,
				.id = plan->manager };
			struct rows rows;

			if (plan->manager_at != SIZE_MAX) {
				key.key.p = (const char *)order_key(s,
				    plan->manager_at)->bytes;
				key.key.n = 32;
				TRY(store_load(tx, &SOURCE_REF, &key, 1, 3, 0,
				    &rows));
				if (rows.n == 1)
					plan->row.manager =
					    ((struct source_ref *)rows.row)
					    ->person;
			} else if (plan->manager != 0) {
				TRY(store_load(tx, &PERSON, &who, 1, 2, 0,
				    &rows));
				plan->row.manager = rows.n == 1 ? who.id : 0;
				plan->is_others = rows.n == 1
				    && is_others(s->in, rows.row);
			} else {
				continue;
			}
			if (plan->row.manager != 0)
				continue;
			if (s->in->kind == ORDER_IMPORT
			    || s->in->kind == ORDER_MANAGER)
				s->lacks_manager = true;
			else
				it->err = fail(it->cx, ERR_BAD_INPUT,
				    MSG_ORDER_MANAGER, "manager");
		}
	}
	return OK;
}

static bool
is_others(const struct order *in, const struct person *manager)
{
	return in->own_managers && in->source != 0
	    && (manager->source != in->source || !is_present(manager));
}

/* A file names them by the source's own refs; for those the run looks. */
enum err
managers_load(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		for (size_t j = 0; it->err == OK && j < s->ncontract; j++)
			if (s->contract[j].is_others
			    && is_given(s, &s->contract[j]))
				it->err = fail(it->cx, ERR_BAD_INPUT,
				    MSG_ORDER_MANAGER, "manager");
		if (it->err != OK || it->cx->actor->scope == NULL
		    || s->ncontract == 0 || s->in->kind == ORDER_IMPORT
		    || s->in->kind == ORDER_MANAGER)
			continue;
		TRY(load_hidden(it, tx));
		for (size_t j = 0; it->err == OK && j < s->ncontract; j++)
			if (is_hidden(s, s->contract[j].row.manager)
			    && is_given(s, &s->contract[j]))
				it->err = fail(it->cx, ERR_BAD_INPUT,
				    MSG_ORDER_MANAGER, "manager");
	}
	return OK;
}

bool
may_name_manager(const struct actor *actor, int64_t id)
{
	return id == actor->person || actor->scope == NULL
	    || filter_names_person(actor->scope, A_MANAGER, id);
}

static enum err
load_hidden(struct item *it, struct tx *tx)
{
	struct order_state *s = order_state(it);
	struct arena *arena = tx_ctx(tx)->arena;
	size_t had = s->subject != NULL ? s->subject->ncontract : 0;
	int64_t *id = arena_array(arena, had + s->ncontract, sizeof(*id));
	bool *in = arena_array(arena, had + s->ncontract, sizeof(*in));
	struct person_query q = { .tenant = it->tenant,
		.scope = it->cx->actor->scope, .names = &s->realm->names };
	size_t n = 0;

	q.today = order_today(s->realm, 0, it->cx->now_ms);
	for (size_t i = 0; i < s->ncontract; i++)
		id[n++] = s->contract[i].row.manager;
	for (size_t i = 0; i < had; i++)
		id[n++] = s->subject->contract[i].manager;
	TRY(person_in_scope(tx, &q, id, n, in));
	s->hidden = id;
	for (size_t i = 0; i < n; i++)
		if (id[i] != 0 && !in[i]
		    && !may_name_manager(it->cx->actor, id[i]))
			id[s->nhidden++] = id[i];
	return OK;
}

/* That somebody stays the manager gives nobody anything. */
static bool
is_given(const struct order_state *s, const struct contract_plan *plan)
{
	const struct contract *old = NULL;

	if (s->subject != NULL)
		old = find_contract(s->subject, plan_id(s, plan));
	return old == NULL || old->manager != plan->row.manager;
}

/* Nor does who is not seen go by being left out. */
static bool
stays_hidden(const struct order_state *s, size_t i, const struct contract *old)
{
	return s->in->contract[i].manager.p == NULL
	    && is_hidden(s, old->manager);
}

static bool
is_hidden(const struct order_state *s, int64_t person)
{
	for (size_t i = 0; i < s->nhidden; i++)
		if (s->hidden[i] == person)
			return true;
	return false;
}

/* A contract's id is the keyed hash of its source, person and key: found again without a table. */
static int64_t
plan_id(const struct order_state *s, const struct contract_plan *plan)
{
	uint64_t id;

	memcpy(&id, order_key(s, plan->key_at)->bytes, sizeof(id));
	return (int64_t)(id >> 1 | 1);
}

static struct contract *
find_contract(const struct subject *sub, int64_t id)
{
	for (size_t i = 0; i < sub->ncontract; i++)
		if (sub->contract[i].id == id)
			return &sub->contract[i];
	return NULL;
}

static bool
is_planned(const struct order_state *s, int64_t id)
{
	for (size_t i = 0; i < s->ncontract; i++)
		if (plan_id(s, &s->contract[i]) == id)
			return true;
	return false;
}

static bool
is_same(const struct contract *a, const struct contract *b)
{
	return a->site == b->site && a->department == b->department
	    && a->title == b->title && a->cost_center == b->cost_center
	    && a->division == b->division
	    && a->organization == b->organization
	    && a->manager == b->manager && a->start_day == b->start_day
	    && a->end_day == b->end_day;
}

static void
end_contract(struct order_batch *ob, struct item *it,
    const struct contract *c, struct change_list *changes)
{
	struct contract_past past = { c->tenant, id_new(), c->person, c->id,
		c->site, c->start_day, c->end_day, it->cx->now_ms };

	change_add(changes, CHANGE_CONTRACT, c->id, c->site, 1, 0);
	list_add(ob->arena, &ob->contract_end, *c);
	list_add(ob->arena, &ob->contract_past, past);
}

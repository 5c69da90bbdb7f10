/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_group.c - the groups that a person of a batch is in: what they give,
 * and that who leaves is out of all of them in the same transaction.
 */
#include "act/order_int.h"

#include <stdlib.h>

#include "base/id.h"

static int by_group(const void *, const void *);
static enum err load_groups(struct order_batch *, struct tx *,
    const struct rows *memberships);
static bool gives_role(struct order_batch *, const struct subject *,
    const struct catalogue *, const struct role_row *);
static bool fits_beside(const struct catalogue *, int64_t role,
    const struct role_line *, size_t n);
static struct role_line role_by(const struct subject *,
    const struct group_row *, int64_t role, const struct ctx *);
static struct group_line *line_of(struct order_batch *, int64_t tenant,
    int64_t id);

/* --- loading ----------------------------------------------------------------- */

enum err
groups_ask(struct order_batch *ob, struct tx *tx, struct rows *out)
{
	size_t n = ob->subject.n;
	struct member_of_row *key = arena_array(ob->arena, n + 1, sizeof(*key));

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	return store_load_later(tx, &MEMBER_OF, key, n, 2, 0, out);
}

enum err
groups_take(struct order_batch *ob, struct tx *tx, const struct rows *rows)
{
	const struct member_of_row *of = rows->row;
	int64_t *id = arena_array(ob->arena, rows->n + 1, sizeof(*id));

	if (rows->n == 0)
		return OK;
	for (size_t i = 0; i < rows->n; i++) {
		struct subject *sub = ob->subject.v[rows->key[i]];

		id[i] = of[i].in_group;
		if (sub->ngroup++ == 0)
			sub->group = &id[i];
	}
	return load_groups(ob, tx, rows);
}

/* Each once, by tenant and id. */
static enum err
load_groups(
    struct order_batch *ob, struct tx *tx, const struct rows *memberships)
{
	const struct member_of_row *of = memberships->row;
	const size_t n = memberships->n;
	struct group_row *key = arena_array(ob->arena, n, sizeof(*key));
	struct rows rows;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = of[i].tenant;
		key[i].id = of[i].in_group;
	}
	qsort(key, n, sizeof(*key), by_group);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || by_group(&key[kept - 1], &key[i]) != 0)
			key[kept++] = key[i];
	TRY(store_load(tx, &GROUP, key, kept, 2, 0, &rows));
	must(rows.n == kept); /* a member is one of a group */
	for (size_t i = 0; i < rows.n; i++) {
		struct group_line line = { ((struct group_row *)rows.row)[i],
			false };

		list_add(ob->arena, &ob->group, line);
	}
	return OK;
}

static int
by_group(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;

	if (x->tenant != y->tenant)
		return x->tenant < y->tenant ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static struct group_line *
line_of(struct order_batch *ob, int64_t tenant, int64_t id)
{
	struct group_line key = { .row = { .tenant = tenant, .id = id } };

	/* A line begins with its row. */
	return bsearch(&key, ob->group.v, ob->group.n, sizeof(key), by_group);
}

/* --- what they give ------------------------------------------------------------ */

size_t
groups_gifts(struct order_batch *ob, const struct subject *sub,
    const struct catalogue *cat, const struct gift **out)
{
	LIST(struct gift) list = { 0 };

	for (size_t i = 0; i < sub->ngroup; i++) {
		const struct group_row *row =
		    &line_of(ob, sub->row.tenant, sub->group[i])->row;
		const struct group_info *info =
		    catalogue_group(cat, row->gives);

		for (size_t j = 0; info != NULL && j < info->nproduct; j++) {
			struct gift gift = { info->product[j], row->id };

			list_add(ob->arena, &list, gift);
		}
	}
	*out = list.v;
	return list.n;
}

void
groups_roles(struct order_batch *ob, struct subject *sub,
    const struct catalogue *cat, const struct ctx *cx)
{
	LIST(struct role_line) line = { 0 };

	for (size_t i = 0; i < sub->nrole; i++)
		if (sub->role[i].row.in_group == 0 ||
		    gives_role(ob, sub, cat, &sub->role[i].row))
			list_add(ob->arena, &line, sub->role[i]);
	for (size_t i = 0; i < sub->ngroup; i++) {
		const struct group_row *row =
		    &line_of(ob, sub->row.tenant, sub->group[i])->row;
		const struct group_info *info =
		    catalogue_group(cat, row->gives);

		for (size_t j = 0; info != NULL && j < info->nrole; j++) {
			struct role_line new =
			    role_by(sub, row, info->role[j], cx);

			if (line.n < ROLES_A_PERSON &&
			    fits_beside(cat, info->role[j], line.v, line.n)) {
				new.row.id = new.held.id = id_new();
				list_add(ob->arena, &line, new);
			}
		}
	}
	sub->role = line.v;
	sub->nrole = line.n;
}

static bool
gives_role(struct order_batch *ob, const struct subject *sub,
    const struct catalogue *cat, const struct role_row *role)
{
	for (size_t i = 0; i < sub->ngroup; i++) {
		const struct group_info *info;

		if (sub->group[i] != role->in_group)
			continue;
		info = catalogue_group(cat,
		    line_of(ob, sub->row.tenant, sub->group[i])->row.gives);
		for (size_t j = 0; info != NULL && j < info->nrole; j++)
			if (info->role[j] == role->role)
				return true;
	}
	return false;
}

/* Not twice over everybody, and nothing that another excludes. */
static bool
fits_beside(const struct catalogue *cat, int64_t id,
    const struct role_line *line, size_t n)
{
	struct role role, other;

	if (!role_of(cat, id, &role))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((line[i].row.role == id && line[i].row.scope.n == 0) ||
		    (role_of(cat, line[i].row.role, &other) &&
			roles_exclude(cat, &role, &other)))
			return false;
	return true;
}

static struct role_line
role_by(const struct subject *sub, const struct group_row *group, int64_t role,
    const struct ctx *cx)
{
	const int64_t author = cx->actor != NULL ? cx->actor->id : 0;

	return (struct role_line) {
		.row = { .tenant = sub->row.tenant,
		    .person = sub->row.id,
		    .role = role,
		    .state = ROLE_ACTIVE,
		    .since_ms = cx->now_ms,
		    .created_ms = cx->now_ms,
		    .author = author,
		    .in_group = group->id },
		.held = { 0, role, ROLE_ACTIVE, NULL, cx->now_ms, 0, author },
	};
}

/* What concerns all is decided for all, whomever of them the actor reaches. */
enum err
groups_decide(struct batch *outer, struct item *it, struct tx *tx,
    const int64_t *person, size_t n, struct batch **out)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct batch *b = arena_alloc(arena, sizeof(*b));
	struct item *item = arena_array(arena, n, sizeof(*item));
	struct order *order = arena_array(arena, n, sizeof(*order));
	struct ctx *own = arena_copy(arena, it->cx, sizeof(*own));
	struct actor *actor = arena_copy(arena, own->actor, sizeof(*actor));

	actor->scope = NULL;
	actor->nheld = 0;
	own->actor = actor;
	*b = (struct batch) { .use_case = &person_order,
		.n = n,
		.cx = outer->cx,
		.world = outer->world };
	b->item = arena_array(arena, n, sizeof(struct item *));
	for (size_t i = 0; i < n; i++) {
		order[i].kind = ORDER_GROUP;
		order[i].person = person[i];
		item[i] = (struct item) { .cx = own,
			.use_case = &person_order,
			.tenant = it->tenant,
			.in = &order[i] };
		b->item[i] = &item[i];
		TRY(order_begin(b, &item[i]));
	}
	TRY(order_load(b, tx));
	order_decide(b);
	for (size_t i = 0; i < n; i++) {
		it->again |= item[i].again;
		/* Whose record is destroyed is nobody any more. */
		if (item[i].err == OK || item[i].err == ERR_NOT_FOUND)
			continue;
		it->cx->fault = own->fault;
		return item[i].err;
	}
	if (it->again)
		return OK;
	*out = b;
	return order_save(b, tx);
}

/* --- what follows from a decision ---------------------------------------------- */

void
note_groups(struct scene *sc)
{
	struct subject *sub = sc->sub;
	struct order_batch *ob = sc->ob;

	if (sub->row.lifecycle < LIFE_LEFT)
		return;
	for (size_t i = 0; i < sub->ngroup; i++) {
		struct group_line *line =
		    line_of(ob, sub->row.tenant, sub->group[i]);
		const struct member_row gone = { sub->row.tenant, line->row.id,
			sub->row.id, 0, 0 };
		struct change_list changes = { .arena = ob->arena };
		struct entry e = entry_by(sc->it->cx, ACTION_GROUP_CHANGED,
		    SUBJECT_GROUP, line->row.id);

		list_add(ob->arena, &ob->member_end, gone);
		line->row.members--;
		line->row.changed_ms = sc->it->cx->now_ms;
		line->is_dirty = true;
		change_add(&changes, CHANGE_MEMBER, sub->row.id, 0, 1, 0);
		e.change = changes.change;
		e.nchange = changes.n;
		logbook_add(&ob->log, sc->it->tenant, &e, NULL);
	}
	sub->ngroup = 0;
}

enum err
groups_save(struct order_batch *ob, struct tx *tx)
{
	struct group_row *row =
	    arena_array(ob->arena, ob->group.n + 1, sizeof(*row));
	bool *stale = arena_array(ob->arena, ob->group.n + 1, sizeof(*stale));
	size_t n = 0;

	for (size_t i = 0; i < ob->group.n; i++)
		if (ob->group.v[i].is_dirty)
			row[n++] = ob->group.v[i].row;
	if (n == 0)
		return OK;
	TRY(store_save(tx, &GROUP, row, n, stale));
	for (size_t i = 0; i < n; i++)
		must(!stale[i]); /* loaded in this transaction */
	return members_drop(tx, ob->member_end.v, ob->member_end.n, NULL);
}

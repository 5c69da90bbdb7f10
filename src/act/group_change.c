/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_change.c - what an order does to a group, in its own savepoint: its
 * row and keys, who comes and who goes, the log.
 *
 * A member who is not named costs nothing, but where all go.
 */
#include "act/group_int.h"

#include <stdlib.h>

#include "base/canon.h"
#include "base/id.h"

#include "core/role.h"

#define SCOPE_WALK 5000	/* members who are looked at together */
/* Of the room of a batch, a member's row being 1: */
#define COST_NAMED   20
#define COST_PERSON  16	/* who is decided about … */
#define COST_PRODUCT 12	/* … for each product that is given or taken */

/* One order while it is carried out. */
struct changing {
	struct batch	   *batch;
	struct item	   *it;
	struct group_state *s;
	struct tx	   *tx;
	struct arena	   *arena;	/* of the transaction */
	struct group_row    row, before;	/* before: of a new one nothing */
	LIST(struct member_row) join, part;
	bool		    is_changed;
};

static enum err load_row(struct changing *);
static enum err check_room(struct changing *);
static enum err change_texts(struct changing *);
static enum err check_role(struct changing *);
static enum err take_key(struct changing *, enum group_key, enum group_key was,
    enum msg taken);
static struct str key_at(const struct group_state *, enum group_key);
static enum err check_told(struct changing *);
static struct person_query scope_of(const struct changing *);
static enum err find_joining(struct changing *);
static enum err check_persons(struct changing *, const int64_t *, size_t n);
static enum err refuse_member(struct changing *, int64_t id);
static enum err find_parting(struct changing *);
static bool take_room(struct changing *);
static int64_t decide_cost(const struct changing *, size_t people);
static enum err check_scope(struct changing *);
static enum err check_groups(struct changing *);
static enum err keep_reached(struct changing *, struct rows *members);
static enum err which_reached(struct changing *, const int64_t *, size_t n,
    bool *is);
static enum err check_gives(struct changing *);
static enum err check_roles(struct changing *, const struct group_info *);
static enum err check_own(struct changing *);
static enum err save_row(struct changing *);
static enum err save_members(struct changing *);
static enum err remove_row(struct changing *);
static enum err note(struct changing *);
static enum err decide_again(struct changing *);
static enum err note_due_all(struct changing *, const int64_t *, size_t n);
static void tell(struct changing *);
static struct member_row *keys_of(struct changing *, const int64_t *, size_t n);
static int by_number(const void *, const void *);

enum err
group_apply(
    struct batch *b, struct item *it, struct group_state *s, struct tx *tx)
{
	struct changing c = { .batch = b, .it = it, .s = s, .tx = tx,
		.arena = tx_ctx(tx)->arena };

	TRY(load_row(&c));
	if (it->again)
		return OK;
	if (s->in->kind != GROUP_REMOVE)
		TRY(change_texts(&c));
	if (!take_room(&c)) {
		/* No try: nothing was in the way but those before it. */
		it->again = true;
		it->tries--;
		return OK;
	}
	TRY(check_scope(&c));
	TRY(find_joining(&c));
	TRY(find_parting(&c));
	c.is_changed |= c.join.n + c.part.n > 0;
	s->out->group = s->id;
	s->out->version = c.row.version;
	s->out->joined = c.join.n;
	s->out->parted = c.part.n;
	if (!c.is_changed)
		return OK;
	TRY(check_gives(&c));
	s->out->version++;
	if (s->in->kind == GROUP_REMOVE) {
		TRY(save_members(&c));
		TRY(remove_row(&c));
	} else {
		TRY(save_row(&c));
		TRY(save_members(&c));
	}
	TRY(note(&c));
	return decide_again(&c);
}

/* --- the row ----------------------------------------------------------------- */

static enum err
load_row(struct changing *c)
{
	const struct group_order *in = c->s->in;
	struct ctx *cx = c->it->cx;
	struct group_row key = { .tenant = c->it->tenant, .id = c->s->id };
	const struct group_row *old = c->s->old;
	struct rows rows;

	c->is_changed = in->kind != GROUP_CHANGE;
	if (in->kind == GROUP_MAKE) {
		c->row = key;
		c->row.source = in->source;
		c->row.author = cx->actor->id;
		c->row.created_ms = cx->now_ms;
		return check_room(c);
	}
	TRY(store_load(c->tx, &GROUP, &key, 1, 2, 0, &rows));
	if (rows.n == 0 ||
	    (in->source != 0 &&
		((struct group_row *)rows.row)->source != in->source))
		return fail(cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	c->row = c->before = *(struct group_row *)rows.row;
	TRY(check_told(c));
	if (c->it->again)
		return OK;
	if (in->if_version != -1 && in->if_version != c->row.version)
		return fail(cx, ERR_STALE, MSG_GROUP_STALE, "If-Match");
	c->it->again = old != NULL &&
	    (!str_eq(old->name, c->row.name) ||
		!str_eq(old->external_id, c->row.external_id));
	return OK;
}

/* A group that the actor is not told of (group.h) is not there for them. */
static enum err
check_told(struct changing *c)
{
	struct ctx *cx = c->it->cx;
	const struct person_query q = scope_of(c);
	const bool is_own =
	    c->row.members == 0 && c->row.source == c->s->in->source;
	struct rows seen;

	if (q.scope == NULL || is_own)
		return OK;
	/* Its members are gone through until one is seen; no try, as in group_apply(). */
	if (!group_takes_room(c->batch, c->row.members)) {
		c->it->again = true;
		c->it->tries--;
		return OK;
	}
	TRY(groups_in_scope(c->tx, &q, c->row.id, &seen));
	if (seen.n > 0)
		return OK;
	return fail(cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
}

static struct person_query
scope_of(const struct changing *c)
{
	const struct ctx *cx = c->it->cx;
	const struct realm *realm = c->s->realm;

	return (struct person_query) { .tenant = c->it->tenant,
		.scope = cx->actor->scope,
		.names = &realm->names,
		.today = order_today(realm, 0, cx->now_ms) };
}

static enum err
check_room(struct changing *c)
{
	int64_t n;

	TRY(store_count(c->tx, &GROUP, &c->row, 1, &n));
	if (n < GROUPS_MAX)
		return OK;
	return fail(c->it->cx, ERR_FULL, MSG_GROUP_MANY, "Groups",
	    LIMIT_TEXT(GROUPS_MAX));
}

/* What is said as it stands already is no change. */
static enum err
change_texts(struct changing *c)
{
	struct group_state *s = c->s;
	const struct group_order *in = s->in;
	const struct group_info *info;

	if (s->name.n > 0 &&
	    (s->old_name == NULL || !str_eq(s->name, s->old_name->text))) {
		TRY(check_role(c));
		TRY(take_key(c, KEY_NAME, KEY_NAME_WAS, MSG_GROUP_TAKEN));
		c->row.name = s->sealed_name->text;
		info = catalogue_group_named(
		    c->arena, s->realm->catalogue, s->name);
		c->row.gives = info != NULL ? info->id : 0;
		c->is_changed = true;
	}
	if (in->external_id.p == NULL ||
	    str_eq(s->external_id,
		s->old_ref != NULL ? s->old_ref->text : STR("")))
		return OK;
	if (s->external_id.n > 0)
		TRY(take_key(c, KEY_REF, KEY_REF_WAS, MSG_GROUP_REF_TAKEN));
	c->row.external_id =
	    s->external_id.n > 0 ? s->sealed_ref->text : STR("");
	c->is_changed = true;
	return OK;
}

/* Roles are shown among the groups: two of one name could not be told apart. */
static enum err
check_role(struct changing *c)
{
	struct role *role;
	const size_t n = role_list(c->arena, c->s->realm->catalogue, &role);
	struct str name, key;

	must(canon_key(c->arena, c->s->name, &name));
	for (size_t i = 0; i < n; i++)
		if (str_eq(role[i].slug, name) ||
		    (canon_key(c->arena, role[i].name, &key) && key.n > 0 &&
			str_eq(key, name)))
			return fail(c->it->cx, ERR_CONFLICT, MSG_GROUP_ROLE,
			    "displayName", str_z(c->it->cx->arena, c->s->name));
	return OK;
}

/* Another spelling of one's own name has the same key. */
static enum err
take_key(
    struct changing *c, enum group_key to, enum group_key was, enum msg taken)
{
	struct group_name_row key = { c->it->tenant, key_at(c->s, to), 0 };
	struct rows rows;

	if (c->s->at[was] != SIZE_MAX &&
	    str_eq(key.name_key, key_at(c->s, was)))
		return OK;
	TRY(store_load(c->tx, &GROUP_NAME, &key, 1, 2, 0, &rows));
	if (rows.n > 0)
		return fail(c->it->cx, ERR_CONFLICT, taken,
		    to == KEY_NAME ? "displayName" : "externalId");
	return OK;
}

static struct str
key_at(const struct group_state *s, enum group_key which)
{
	must(s->at[which] != SIZE_MAX);
	return (
	    struct str) { (const char *)s->index->key[s->at[which]].bytes, 32 };
}

/* --- members ----------------------------------------------------------------- */

static enum err
find_joining(struct changing *c)
{
	const struct group_state *s = c->s;
	const struct member_row *key = keys_of(c, s->join, s->njoin);
	bool *is_in = arena_array(c->arena, s->njoin + 1, sizeof(*is_in));
	struct rows rows;

	TRY(check_persons(c, s->join, s->njoin));
	TRY(store_load(c->tx, &MEMBER, key, s->njoin, 3, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		is_in[rows.key[i]] = true;
	for (size_t i = 0; i < s->njoin; i++)
		if (!is_in[i])
			list_add(c->arena, &c->join, key[i]);
	if (c->join.n > 0 &&
	    c->row.members + (int64_t)c->join.n > GROUP_MEMBERS_MAX)
		return fail(c->it->cx, ERR_FULL, MSG_GROUP_FULL, "members",
		    LIMIT_TEXT(GROUP_MEMBERS_MAX));
	return check_groups(c);
}

static enum err
check_persons(struct changing *c, const int64_t *id, size_t n)
{
	bool *is = arena_array(c->arena, n + 1, sizeof(*is));

	TRY(which_reached(c, id, n, is));
	for (size_t i = 0; i < n; i++)
		if (!is[i])
			return refuse_member(c, id[i]);
	return OK;
}

static enum err
refuse_member(struct changing *c, int64_t id)
{
	struct ctx *cx = c->it->cx;
	const char *text = str_z(cx->arena, id_text(cx->arena, id));
	bool is_group;

	TRY(group_is_told(c->tx, c->it, c->s, id, &is_group));
	return fail(cx, ERR_BAD_INPUT,
	    is_group ? MSG_GROUP_NESTED : MSG_GROUP_MEMBER, "members", text);
}

enum err
group_is_told(struct tx *tx, const struct item *it,
    const struct group_state *s, int64_t group, bool *is)
{
	struct group_row key = { .tenant = it->tenant, .id = group };
	const struct changing c = { .it = (struct item *)it,
		.s = (struct group_state *)s };
	const struct person_query q = scope_of(&c);
	const int64_t source = s->in->source;
	const struct group_row *row;
	struct rows rows;

	*is = false;
	TRY(store_load(tx, &GROUP, &key, 1, 2, 0, &rows));
	row = rows.row;
	if (rows.n == 0 || (source != 0 && row->source != source))
		return OK;
	*is = q.scope == NULL || (row->members == 0 && row->source == source);
	if (*is)
		return OK;
	TRY(groups_in_scope(tx, &q, group, &rows));
	*is = rows.n > 0;
	return OK;
}

/* Persons of the group's source, in the actor's scope, who have not left. */
static enum err
which_reached(struct changing *c, const int64_t *id, size_t n, bool *is)
{
	struct person *key = arena_array(c->arena, n + 1, sizeof(*key));
	const struct person_query q = scope_of(c);
	bool *in = arena_array(c->arena, n + 1, sizeof(*in));
	const int64_t source = c->row.source;
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = c->it->tenant;
		key[i].id = id[i];
	}
	TRY(store_load(c->tx, &PERSON, key, n, 2, 0, &rows));
	if (q.scope != NULL && n > 0)
		TRY(person_in_scope(c->tx, &q, id, n, in));
	for (size_t i = 0; i < rows.n; i++) {
		const struct person *p = &((struct person *)rows.row)[i];

		is[rows.key[i]] = p->lifecycle < LIFE_LEFT &&
		    (source == 0 || p->source == source) &&
		    (q.scope == NULL || in[rows.key[i]]);
	}
	return OK;
}

/* Those who are in, of those named or of all but who comes; whom the actor does not reach stays. */
static enum err
find_parting(struct changing *c)
{
	const struct group_state *s = c->s;
	struct member_row all = { .tenant = c->it->tenant, .in_group = s->id };
	const struct member_row *member;
	struct rows rows;

	if (s->in->kind == GROUP_MAKE)
		return OK;
	if (s->in->replaces || s->in->kind == GROUP_REMOVE)
		TRY(store_load(c->tx, &MEMBER, &all, 1, 2, 0, &rows));
	else
		TRY(store_load(c->tx, &MEMBER, keys_of(c, s->part, s->npart),
		    s->npart, 3, 0, &rows));
	if (s->in->kind != GROUP_REMOVE && c->it->cx->actor->scope != NULL)
		TRY(keep_reached(c, &rows));
	member = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		if (!s->in->replaces ||
		    bsearch(&member[i].person, s->join, s->njoin,
			sizeof(*s->join), by_number) == NULL)
			list_add(c->arena, &c->part, member[i]);
	return OK;
}

bool
group_takes_room(struct batch *b, int64_t cost)
{
	int64_t *taken = b->state;

	if (taken == NULL)
		b->state = taken = arena_alloc(b->cx->arena, sizeof(*taken));
	if (*taken > 0 && *taken + cost > GROUP_BATCH_MAX)
		return false;
	*taken += cost;
	return true;
}

/* What a batch may hold in memory is bounded. */
static bool
take_room(struct changing *c)
{
	const struct group_state *s = c->s;
	const int64_t named = (int64_t)(s->njoin + s->npart);
	const bool is_all = s->in->replaces || s->in->kind == GROUP_REMOVE ||
	    c->row.gives != c->before.gives || c->it->cx->actor->scope != NULL;
	int64_t people = named + (is_all ? c->row.members : 0);
	int64_t cost = named * COST_NAMED + (is_all ? c->row.members : 0);

	if (people > GROUP_NOW_MAX)
		people = GROUP_NOW_MAX;
	cost += decide_cost(c, (size_t)people);
	return group_takes_room(c->batch, cost);
}

/* Of deciding about so many people now. */
static int64_t
decide_cost(const struct changing *c, size_t people)
{
	const struct catalogue *cat = c->s->realm->catalogue;
	const int64_t id[2] = { c->before.gives,
		c->s->in->kind == GROUP_REMOVE ? 0 : c->row.gives };
	int64_t products = 0;

	if (id[0] == 0 && id[1] == 0)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		const struct group_info *info = catalogue_group(cat, id[i]);

		products += info != NULL ? (int64_t)info->nproduct : 0;
	}
	return (int64_t)people * (COST_PERSON + products * COST_PRODUCT);
}

/* What concerns all who are in is done by whom they all are within reach. */
static enum err
check_scope(struct changing *c)
{
	struct ctx *cx = c->it->cx;
	struct member_row all = { .tenant = c->it->tenant,
		.in_group = c->s->id };
	const struct person_query q = scope_of(c);
	const bool is_all = c->s->in->kind == GROUP_REMOVE ||
	    c->row.gives != c->before.gives || c->s->name.n > 0;
	int64_t *id = arena_array(c->arena, SCOPE_WALK, sizeof(*id));
	bool *in = arena_array(c->arena, SCOPE_WALK, sizeof(*in));
	struct rows rows;

	if (q.scope == NULL || c->s->in->kind == GROUP_MAKE || !is_all)
		return OK;
	TRY(store_load(c->tx, &MEMBER, &all, 1, 2, 0, &rows));
	for (size_t from = 0; from < rows.n; from += SCOPE_WALK) {
		size_t n =
		    rows.n - from < SCOPE_WALK ? rows.n - from : SCOPE_WALK;

		for (size_t i = 0; i < n; i++)
			id[i] =
			    ((struct member_row *)rows.row)[from + i].person;
		TRY(person_in_scope(c->tx, &q, id, n, in));
		for (size_t i = 0; i < n; i++)
			if (!in[i])
				return fail(cx, ERR_DENIED, MSG_ACCESS_BEYOND,
				    "members");
	}
	return OK;
}

/* Who is in many groups makes each reading of them dear. */
static enum err
check_groups(struct changing *c)
{
	struct member_of_row *key =
	    arena_array(c->arena, c->join.n + 1, sizeof(*key));
	size_t *count = arena_array(c->arena, c->join.n + 1, sizeof(*count));
	struct rows rows;

	for (size_t i = 0; i < c->join.n; i++)
		key[i] = (struct member_of_row) { c->it->tenant,
			c->join.v[i].person, 0 };
	TRY(store_load(
	    c->tx, &MEMBER_OF, key, c->join.n, 2, GROUPS_A_PERSON, &rows));
	for (size_t i = 0; i < rows.n; i++)
		if (++count[rows.key[i]] == GROUPS_A_PERSON)
			return fail(c->it->cx, ERR_FULL, MSG_GROUP_PERSON,
			    "members", LIMIT_TEXT(GROUPS_A_PERSON));
	return OK;
}

static enum err
keep_reached(struct changing *c, struct rows *members)
{
	struct member_row *m = members->row;
	int64_t *id = arena_array(c->arena, members->n + 1, sizeof(*id));
	bool *is = arena_array(c->arena, members->n + 1, sizeof(*is));
	size_t kept = 0;

	for (size_t i = 0; i < members->n; i++)
		id[i] = m[i].person;
	TRY(which_reached(c, id, members->n, is));
	for (size_t i = 0; i < members->n; i++)
		if (is[i])
			m[kept++] = m[i];
	members->n = kept;
	return OK;
}

static struct member_row *
keys_of(struct changing *c, const int64_t *id, size_t n)
{
	struct member_row *key = arena_array(c->arena, n + 1, sizeof(*key));

	for (size_t i = 0; i < n; i++)
		key[i] = (struct member_row) { c->it->tenant, c->s->id, id[i],
			c->it->cx->now_ms, c->it->cx->actor->id };
	return key;
}

static int
by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* --- what it gives ------------------------------------------------------------- */

/* Who adds somebody to a group gives what it gives; who calls it so, to all. */
static enum err
check_gives(struct changing *c)
{
	struct ctx *cx = c->it->cx;
	const struct realm *realm = c->s->realm;
	const struct group_info *info =
	    catalogue_group(realm->catalogue, c->row.gives);
	const bool is_new = c->row.gives != c->before.gives &&
	    c->row.members > (int64_t)c->part.n;
	const struct held needed = { RIGHT_BIT(RIGHT_ONBOARD),
		is_new ? NULL : cx->actor->scope };
	struct sight sight;

	if (c->s->in->kind == GROUP_REMOVE || info == NULL ||
	    (!is_new && c->join.n == 0))
		return OK;
	TRY(check_roles(c, info));
	if (info->nproduct == 0)
		return OK;
	if (!actor_covers(c->arena, cx->actor, &needed))
		return fail(cx, ERR_DENIED, MSG_GROUP_GIVES, "members",
		    right_name(RIGHT_ONBOARD));
	sight_of(cx, realm, &sight);
	for (size_t i = 0; i < info->nproduct; i++)
		if (!sees_product(&sight,
			catalogue_product(realm->catalogue, info->product[i])))
			return fail(
			    cx, ERR_DENIED, MSG_ACCESS_BEYOND, "members");
	return OK;
}

/* A role over everybody is given by who holds as much, and to nobody by themselves. */
static enum err
check_roles(struct changing *c, const struct group_info *info)
{
	struct ctx *cx = c->it->cx;

	for (size_t i = 0; i < info->nrole; i++) {
		struct held needed = { RIGHT_BIT(RIGHT_ROLE_GRANT), NULL };
		struct role role;

		if (!actor_covers(c->arena, cx->actor, &needed))
			return fail(cx, ERR_DENIED, MSG_GROUP_GIVES, "members",
			    right_name(RIGHT_ROLE_GRANT));
		if (!role_of(c->s->realm->catalogue, info->role[i], &role))
			continue;
		needed.rights |= role.rights;
		if (!actor_covers(c->arena, cx->actor, &needed))
			return fail(
			    cx, ERR_DENIED, MSG_ACCESS_BEYOND, "members");
	}
	return info->nrole > 0 ? check_own(c) : OK;
}

/* Oneself is among those who come, or in a group that is to give something else. */
static enum err
check_own(struct changing *c)
{
	struct ctx *cx = c->it->cx;
	const int64_t own = cx->actor->person;
	bool gets = false;
	struct rows rows;

	if (own == 0)
		return OK;
	if (c->row.gives != c->before.gives) {
		TRY(store_load(c->tx, &MEMBER, keys_of(c, &own, 1), 1, 3, 0,
		    &rows));
		gets = rows.n > 0;
	}
	for (size_t i = 0; i < c->part.n; i++)
		gets &= c->part.v[i].person != own;
	for (size_t i = 0; i < c->join.n; i++)
		gets |= c->join.v[i].person == own;
	return gets ? fail(cx, ERR_DENIED, MSG_ACCESS_OWN, "members") : OK;
}

/* Of who came and went; of all, if it gives something else. */
static enum err
decide_again(struct changing *c)
{
	const int64_t gave = c->before.gives;
	const int64_t gives = c->s->in->kind == GROUP_REMOVE ? 0 : c->row.gives;
	struct member_row all = { .tenant = c->it->tenant,
		.in_group = c->s->id };
	struct rows rows = { 0 };
	int64_t *person;
	size_t n = 0;

	if (gave == 0 && gives == 0)
		return OK;
	if (gave != gives)
		TRY(store_load(c->tx, &MEMBER, &all, 1, 2, 0, &rows));
	person = arena_array(
	    c->arena, rows.n + c->join.n + c->part.n + 1, sizeof(*person));
	for (size_t i = 0; i < rows.n; i++)
		person[n++] = ((struct member_row *)rows.row)[i].person;
	for (size_t i = 0; gave == gives && i < c->join.n; i++)
		person[n++] = c->join.v[i].person;
	for (size_t i = 0; i < c->part.n; i++)
		person[n++] = c->part.v[i].person;
	if (n == 0)
		return OK;
	if (n > GROUP_NOW_MAX || decide_cost(c, n) > GROUP_BATCH_MAX / 2)
		return note_due_all(c, person, n);
	TRY(groups_decide(c->batch, c->it, c->tx, person, n, &c->s->inner));
	if (!c->it->again)
		tell(c);
	return OK;
}

static enum err
note_due_all(struct changing *c, const int64_t *person, size_t n)
{
	struct due_row *due = arena_array(c->arena, n, sizeof(*due));

	for (size_t i = 0; i < n; i++)
		due[i] = (struct due_row) { .tenant = c->it->tenant,
			.due_ms = c->it->cx->now_ms,
			.id = person[i],
			.kind = DUE_LIFECYCLE,
			.subject = person[i] };
	return store_save(c->tx, &DUE, due, n, NULL);
}

static void
tell(struct changing *c)
{
	const struct batch *b = c->s->inner;
	LIST(struct group_told) told = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		const struct order_out *out = b->item[i]->out;

		for (size_t j = 0; out != NULL && j < out->nseat; j++) {
			struct group_told one = { out->person, out->seat[j] };

			list_add(c->it->cx->arena, &told, one);
		}
	}
	c->s->out->told = told.v;
	c->s->out->ntold = told.n;
}

/* --- saving ------------------------------------------------------------------ */

static enum err
save_row(struct changing *c)
{
	const struct group_state *s = c->s;
	struct group_name_row put[2], drop[2];
	size_t nput = 0, ndrop = 0;
	bool is_stale;

	c->row.members += (int64_t)c->join.n - (int64_t)c->part.n;
	c->row.changed_ms = c->it->cx->now_ms;
	TRY(store_save(c->tx, &GROUP, &c->row, 1, &is_stale));
	must(!is_stale); /* loaded in this transaction */
	for (int to = KEY_NAME; to <= KEY_REF; to++) {
		const enum group_key was =
		    to == KEY_NAME ? KEY_NAME_WAS : KEY_REF_WAS;
		const bool is_meant = to == KEY_NAME
		    ? s->name.n > 0
		    : s->in->external_id.p != NULL;
		const bool has = s->at[to] != SIZE_MAX;
		const bool had = s->at[was] != SIZE_MAX;

		if (!is_meant ||
		    (has && had &&
			str_eq(key_at(s, (enum group_key)to), key_at(s, was))))
			continue;
		if (had)
			drop[ndrop++] = (struct group_name_row) { c->it->tenant,
				key_at(s, was), s->id };
		if (has)
			put[nput++] = (struct group_name_row) { c->it->tenant,
				key_at(s, (enum group_key)to), s->id };
	}
	TRY(store_drop(c->tx, &GROUP_NAME, drop, ndrop, 2, NULL));
	return store_save(c->tx, &GROUP_NAME, put, nput, NULL);
}

static enum err
save_members(struct changing *c)
{
	if ((int64_t)c->part.n == c->before.members)
		TRY(members_drop_all(c->tx, c->part.v, c->part.n));
	else
		TRY(members_drop(c->tx, c->part.v, c->part.n, NULL));
	return members_add(c->tx, c->join.v, c->join.n, NULL);
}

static enum err
remove_row(struct changing *c)
{
	struct group_name_row key[2];
	size_t n = 0;

	for (int was = KEY_NAME_WAS; was <= KEY_REF_WAS; was++)
		if (c->s->at[was] != SIZE_MAX)
			key[n++] = (struct group_name_row) { c->it->tenant,
				key_at(c->s, (enum group_key)was), c->s->id };
	TRY(store_drop(c->tx, &GROUP_NAME, key, n, 2, NULL));
	return store_drop(c->tx, &GROUP, &c->row, 1, 2, NULL);
}

static enum err
note(struct changing *c)
{
	static const enum action actions[] = {
		[GROUP_MAKE] = ACTION_GROUP_MADE,
		[GROUP_CHANGE] = ACTION_GROUP_CHANGED,
		[GROUP_REMOVE] = ACTION_GROUP_REMOVED,
	};
	struct logbook book = { .arena = c->arena };
	struct change_list changes = { .arena = c->arena };
	struct entry e = entry_by(
	    c->it->cx, actions[c->s->in->kind], SUBJECT_GROUP, c->s->id);

	for (size_t i = 0; i < c->part.n; i++)
		change_add(
		    &changes, CHANGE_MEMBER, c->part.v[i].person, 0, 1, 0);
	for (size_t i = 0; i < c->join.n; i++)
		change_add(
		    &changes, CHANGE_MEMBER, c->join.v[i].person, 0, 0, 1);
	e.change = changes.change;
	e.nchange = changes.n;
	if (c->s->inputs != NULL)
		e.sealed = c->s->inputs->text;
	logbook_add(&book, c->it->tenant, &e, &c->s->out->log_seq);
	return logbook_save(&book, c->tx);
}

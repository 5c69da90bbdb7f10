/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_role_change.c - an order about a role as a group: who comes is given
 * the role over everybody, and whose it was loses it, by the orders that give
 * and end roles anywhere, in one savepoint.  Names and the role itself are the
 * catalogue's.
 *
 * Those orders are sealed before the transaction, on what was read then; in it
 * they are chosen by what stands.
 */
#include "act/group_int.h"
#include "act/world_int.h"

#include <stdlib.h>

#include "base/canon.h"
#include "base/id.h"

#define REASON	    "SCIM"	/* in any language; the grant says who gave it */
/* Of the room of a batch, a member's row being 1: */
#define COST_PERSON 60
#define COST_NAMED  4

struct role_rows { struct role_row *v; size_t n, cap; };

struct search {		/* for grants that make members */
	const struct item *it;
	int64_t		   now_ms;
	struct role_rows  *out;
	size_t		   nend;	/* of them are of who does not come */
};

static enum err find_role(struct item *, struct group_state *);
static enum err check_texts(struct item *, const struct group_state *);
static enum err find_plain(const struct batch *, const struct item *,
    struct tx *, struct role_rows *);
static enum err add_plain(void *, struct tx *, const struct rows *);
static enum err refuse_many(const struct item *);
static size_t place_of(const struct group_state *, int64_t person);
static int by_number(const void *, const void *);
static enum err keep_reached(const struct item *, const struct group_state *,
    struct tx *, struct role_rows *);
static enum err begin(struct batch *, struct item *, struct group_state *,
    struct order *);
static int64_t cost_of(const struct batch *, const struct item *);
static enum err choose(struct batch *, struct item *, struct tx *,
    struct batch *inner);
static enum err check_ended(struct item *, const struct batch *inner,
    struct tx *);
static enum err check_joining(struct item *, const struct group_state *,
    struct tx *);
static const bool *who_has(const struct item *, const struct role_rows *);
static enum err choose_one(struct item *, struct group_state *, int64_t person,
    int64_t grant, struct batch *);
static enum err check_kind(struct item *, const struct group_state *);
static enum err refuse_held(struct item *, const struct role_row *,
    struct tx *);

/* --- before the transaction -------------------------------------------------- */

enum err
role_order_check(struct item *it, struct group_state *s)
{
	struct ctx *cx = it->cx;

	TRY(find_role(it, s));
	if (s->in->kind == GROUP_REMOVE)
		return fail(cx, ERR_DENIED, MSG_GROUP_ROLE_STAYS, "id");
	if (!actor_may(cx->actor, RIGHT_ROLE_GRANT))
		return fail(cx, ERR_DENIED, MSG_GROUP_GIVES, "members",
		    right_name(RIGHT_ROLE_GRANT));
	/* It has no version that could be that one. */
	if (s->in->if_version != -1)
		return fail(cx, ERR_STALE, MSG_GROUP_STALE, "If-Match");
	return check_texts(it, s);
}

/* To whom reads no roles there is none. */
static enum err
find_role(struct item *it, struct group_state *s)
{
	struct ctx *cx = it->cx;
	struct role_group *role;
	const size_t n = role_groups(cx->arena, s->realm->catalogue, &role);

	for (size_t i = 0; actor_may(cx->actor, RIGHT_ROLE_READ) && i < n; i++)
		if (str_eq(role[i].id, s->in->role)) {
			s->role = &role[i];
			return OK;
		}
	return fail(cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
}

/* What is said as it stands already is no change. */
static enum err
check_texts(struct item *it, const struct group_state *s)
{
	struct ctx *cx = it->cx;
	struct str is, shall;

	if (s->in->external_id.n > 0)
		return fail(cx, ERR_BAD_INPUT, MSG_GROUP_ROLE_FIXED,
		    "externalId", "externalId");
	if (s->in->name.p == NULL)
		return OK;
	must(canon_key(cx->arena, s->role->name, &is));
	if (canon_key(cx->arena, s->in->name, &shall) && str_eq(is, shall))
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_GROUP_ROLE_FIXED, "displayName",
	    "displayName");
}

enum err
role_order_prepare(
    struct batch *b, struct item *it, struct group_state *s, struct tx *data)
{
	struct arena *arena = it->cx->arena;
	struct role_rows plain = { 0 };
	const struct str slug = s->role->role.slug;

	const bool *has;

	TRY(find_plain(b, it, data, &plain));
	has = who_has(it, &plain);
	for (size_t i = 0; i < s->njoin; i++) {
		struct order give = { .kind = ORDER_ROLE_GIVE,
			.person = s->join[i],
			.role = slug,
			.reason = STR(REASON),
			.body = str_fmt(arena,
			    "{\"role\":\"%.*s\",\"reason\":\"" REASON "\"}",
			    STR_ARG(slug)) };

		if (!has[i])
			TRY(begin(b, it, s, &give));
	}
	for (size_t i = 0; i < plain.n; i++) {
		struct order end = { .kind = ORDER_ROLE_END,
			.person = plain.v[i].person,
			.role_grant = plain.v[i].id,
			.reason = STR(REASON),
			.body = STR("{\"reason\":\"" REASON "\"}") };

		if (place_of(s, plain.v[i].person) == SIZE_MAX)
			TRY(begin(b, it, s, &end));
	}
	return OK;
}

static enum err
begin(struct batch *b, struct item *it, struct group_state *s,
    struct order *order)
{
	struct arena *arena = it->cx->arena;
	struct item *inner = arena_alloc(arena, sizeof(*inner));

	if (s->change.n == GROUP_NOW_MAX)
		return refuse_many(it);
	*inner = (struct item) { .cx = it->cx,
		.use_case = &person_order,
		.tenant = it->tenant,
		.in = arena_copy(arena, order, sizeof(*order)) };
	list_add(arena, &s->change, inner);
	return order_begin(b, inner);
}

void
role_order_seal(struct group_state *s, struct vault_call *call)
{
	for (size_t i = 0; i < s->change.n; i++)
		role_seal(s->change.v[i], s->change.v[i]->state, call);
}

/* --- who has it ---------------------------------------------------------------- */

/* The grants that make members, of those whom the order is about. */
static enum err
find_plain(const struct batch *b, const struct item *it, struct tx *tx,
    struct role_rows *out)
{
	const struct group_state *s = it->state;
	struct search f = { it, b->cx->now_ms, out, 0 };

	if (s->in->replaces)
		return roles_walk(tx, it->tenant, NULL, 0, add_plain, &f);
	TRY(roles_walk(tx, it->tenant, s->join, s->njoin, add_plain, &f));
	return roles_walk(tx, it->tenant, s->part, s->npart, add_plain, &f);
}

/* Of more than may change no more is read. */
static enum err
add_plain(void *arg, struct tx *tx, const struct rows *rows)
{
	struct search *f = arg;
	const struct group_state *s = f->it->state;
	const struct role_row *row = rows->row;
	struct role_rows found = { 0 };

	for (size_t i = 0; i < rows->n; i++) {
		const struct role_held held = { row[i].id, row[i].role,
			(enum role_state)row[i].state, NULL, row[i].since_ms,
			row[i].until_ms, row[i].author };
		struct role_row one = row[i];

		one.reason = (struct str) { 0 };
		if (one.role == s->role->role.id && one.scope.n == 0 &&
		    role_is_plain(&held, f->now_ms))
			list_add(tx_ctx(tx)->arena, &found, one);
	}
	TRY(keep_reached(f->it, s, tx, &found));
	for (size_t i = 0; i < found.n; i++) {
		f->nend += place_of(s, found.v[i].person) == SIZE_MAX;
		if (f->nend > GROUP_NOW_MAX)
			return refuse_many(f->it);
		list_add(f->it->cx->arena, f->out, found.v[i]);
	}
	return OK;
}

static enum err
refuse_many(const struct item *it)
{
	return fail(it->cx, ERR_TOO_LARGE, MSG_GROUP_ROLE_STEP, "members",
	    LIMIT_TEXT(GROUP_NOW_MAX));
}

/* Which of those who come have it. */
static const bool *
who_has(const struct item *it, const struct role_rows *plain)
{
	const struct group_state *s = it->state;
	bool *has = arena_array(it->cx->arena, s->njoin + 1, sizeof(*has));

	for (size_t i = 0; i < plain->n; i++) {
		const size_t at = place_of(s, plain->v[i].person);

		if (at != SIZE_MAX)
			has[at] = true;
	}
	return has;
}

/* Among those who come; SIZE_MAX: they do not. */
static size_t
place_of(const struct group_state *s, int64_t person)
{
	const int64_t *found = s->njoin == 0
	    ? NULL
	    : bsearch(&person, s->join, s->njoin, sizeof(person), by_number);

	return found != NULL ? (size_t)(found - s->join) : SIZE_MAX;
}

static int
by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/*
 * Whom the actor does not reach keeps what they have; and who is not shown to
 * have it does not lose it, for a client says who stays of those that it was
 * shown.
 */
static enum err
keep_reached(const struct item *it, const struct group_state *s, struct tx *tx,
    struct role_rows *list)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct person_query q =
	    role_members_query(it->cx, s->realm, s->in->source);
	int64_t *id = arena_array(arena, list->n + 1, sizeof(*id));
	bool *is = arena_array(arena, list->n + 1, sizeof(*is));
	bool *shown = arena_array(arena, list->n + 1, sizeof(*shown));
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		id[i] = list->v[i].person;
	TRY(person_in_scope(tx, &q, id, list->n, is));
	if (actor_scope(arena, it->cx->actor, RIGHT_ROLE_READ, &q.scope))
		TRY(person_in_scope(tx, &q, id, list->n, shown));
	for (size_t i = 0; i < list->n; i++)
		if (is[i] && (shown[i] || place_of(s, id[i]) != SIZE_MAX))
			list->v[kept++] = list->v[i];
	list->n = kept;
	return OK;
}

/* --- in it ------------------------------------------------------------------- */

enum err
role_order_apply(
    struct batch *b, struct item *it, struct group_state *s, struct tx *tx)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct batch *inner = arena_alloc(arena, sizeof(*inner));

	s->out->version = -1;
	TRY(find_role(it, s));
	if (!group_takes_room(b, cost_of(b, it))) {
		it->again = true;
		it->tries--;
		return OK;
	}
	*inner = (struct batch) {
		.use_case = &person_order, .cx = b->cx, .world = b->world
	};
	inner->item =
	    arena_array(arena, s->change.n + 1, sizeof(struct item *));
	TRY(choose(b, it, tx, inner));
	if (it->again || inner->n == 0)
		return OK;
	TRY(order_load(inner, tx));
	order_decide(inner);
	/* The fault is that of the last one. */
	for (size_t i = inner->n; i-- > 0;) {
		TRY(inner->item[i]->err);
		it->again |= inner->item[i]->again;
	}
	if (it->again)
		return OK;
	TRY(check_ended(it, inner, tx));
	s->inner = inner;
	return order_save(inner, tx);
}

/* A group gives at once what ends by hand, to who is in it. */
static enum err
check_ended(struct item *it, const struct batch *inner, struct tx *tx)
{
	const struct group_state *s = it->state;

	for (size_t i = 0; i < inner->n; i++) {
		const struct order_state *o = order_state(inner->item[i]);

		for (size_t j = 0; o->in->kind == ORDER_ROLE_END &&
		     j < o->subject->nrole;
		     j++) {
			const struct role_row *row = &o->subject->role[j].row;

			if (row->role == s->role->role.id && row->in_group != 0)
				return refuse_held(it, row, tx);
		}
	}
	return OK;
}

/* Where all roles of the tenant are walked, they count. */
static int64_t
cost_of(const struct batch *b, const struct item *it)
{
	const struct group_state *s = it->state;
	const bool is_walk = s->in->replaces ||
	    s->role->role.id == ROLE_ID(ROLE_TENANT_ADMINISTRATOR);

	return (int64_t)s->change.n * COST_PERSON +
	    (int64_t)(s->njoin + s->npart) * COST_NAMED +
	    (is_walk ? (int64_t)world_roles_count(b->world, it->tenant) : 0);
}

/* Who has it keeps it as it is. */
static enum err
choose(struct batch *b, struct item *it, struct tx *tx, struct batch *inner)
{
	struct group_state *s = it->state;
	struct role_rows plain = { 0 };
	const bool *has;

	TRY(find_plain(b, it, tx, &plain));
	TRY(check_joining(it, s, tx));
	has = who_has(it, &plain);
	for (size_t i = 0; i < s->njoin; i++) {
		if (has[i])
			continue;
		TRY(check_kind(it, s));
		TRY(choose_one(it, s, s->join[i], 0, inner));
	}
	for (size_t i = 0; i < plain.n; i++) {
		const struct role_row *row = &plain.v[i];

		if (place_of(s, row->person) != SIZE_MAX)
			continue;
		if (row->in_group != 0)
			return refuse_held(it, row, tx);
		TRY(choose_one(it, s, row->person, row->id, inner));
	}
	return OK;
}

static enum err
check_joining(struct item *it, const struct group_state *s, struct tx *tx)
{
	struct arena *arena = it->cx->arena;
	const struct person_query q =
	    role_members_query(it->cx, s->realm, s->in->source);
	bool *is = arena_array(arena, s->njoin + 1, sizeof(*is));

	TRY(person_in_scope(tx, &q, s->join, s->njoin, is));
	for (size_t i = 0; i < s->njoin; i++)
		if (!is[i])
			return fail(it->cx, ERR_BAD_INPUT, MSG_GROUP_MEMBER,
			    "members",
			    str_z(arena, id_text(arena, s->join[i])));
	return OK;
}

/* The order of PERSON that was sealed: to end GRANT, or (0) to give one. */
static enum err
choose_one(struct item *it, struct group_state *s, int64_t person,
    int64_t grant, struct batch *inner)
{
	for (size_t i = 0; i < s->change.n; i++) {
		struct item *one = s->change.v[i];
		const struct order *in = one->in;
		const enum err err = role_refused(one->state);

		if (in->person != person || in->role_grant != grant)
			continue;
		if (err != OK)
			return fail_sealed(it->cx, err, "role");
		/* Its slug may be another role's by now. */
		if (grant == 0 && !str_eq(in->role, s->role->role.slug))
			break;
		inner->item[inner->n++] = one;
		return OK;
	}
	/* Given, ended or renamed after all was read. */
	it->again = true;
	return OK;
}

/* As of what groups give: nobody can say over whom, nor approve it. */
static enum err
check_kind(struct item *it, const struct group_state *s)
{
	const struct role *role = &s->role->role;

	if (!role->needs_scope && !role->two_persons)
		return OK;
	return fail(it->cx, ERR_CONFLICT, MSG_GROUP_ROLE_APART, "members",
	    str_z(it->cx->arena, role->slug));
}

/* A group that the actor is not told of has no name. */
static enum err
refuse_held(struct item *it, const struct role_row *row, struct tx *tx)
{
	const struct group_state *s = it->state;
	struct arena *arena = it->cx->arena;
	bool is_told;

	TRY(group_is_told(tx, it, s, row->in_group, &is_told));
	if (!is_told)
		return fail(it->cx, ERR_CONFLICT, MSG_GROUP_HELD, "members");
	return fail(it->cx, ERR_CONFLICT, MSG_GROUP_HELD_BY, "members",
	    str_z(arena, id_text(arena, row->person)),
	    str_z(arena, id_text(arena, row->in_group)));
}

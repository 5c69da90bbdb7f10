/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_role.c - the roles of a person: an order gives, approves or ends one;
 * any order ends those whose time is over, and all of who has left.  Seats that
 * stand on a role follow in the same transaction.
 */
#include "act/order_int.h"

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

#include "act/world_int.h"

#define PAGE	 1000
#define PAGE_MEM (4u << 20)

#define SIGNED_IN (FACTOR_PASSWORD | FACTOR_PASSKEY)

static bool is_about_roles(enum order_kind);
static enum err count_administrators(struct batch *, struct tx *);
static bool ends_administrator(const struct item *);
static enum err add_administrators(void *, struct tx *, const struct rows *);
static enum err load_some(struct tx *, struct role_row *from,
    const int64_t *person, size_t n, struct rows *);
static struct administrators *administrators_of(struct order_batch *,
    int64_t tenant);
static struct role_line *line_of(struct scene *, int64_t id);
static enum err scene_of(struct scene *, const struct role_line *skip,
    struct role_scene *);
static void note_begun(struct scene *, const struct role_line *,
    int64_t before);
static void note_ended(struct scene *, const struct role_line *);
static void note_due_at(struct scene *, int64_t due_ms);
static const struct role_line *kept_line(const struct scene *, int64_t id);

/* --- before the transaction --------------------------------------------------------- */

static bool
is_about_roles(enum order_kind kind)
{
	return kind == ORDER_ROLE_GIVE || kind == ORDER_ROLE_APPROVE
	    || kind == ORDER_ROLE_END;
}

enum err
role_check(struct item *it, struct order_state *s)
{
	const struct order *in = s->in;
	struct str stored;
	struct filter *scope = NULL;
	enum err err;

	if (!is_about_roles(in->kind))
		return OK;
	s->role_grant = in->kind == ORDER_ROLE_GIVE ? id_new()
	    : in->role_grant;
	if (in->kind != ORDER_ROLE_APPROVE && (in->reason.n == 0
	    || !canon_store(it->cx->arena, in->reason, ROLE_REASON_MAX,
	    &stored)))
		return fail(it->cx, ERR_BAD_INPUT, MSG_ACCESS_GRANT_REASON,
		    "reason");
	if (in->until_ms != 0 && (in->until_ms <= it->cx->now_ms
	    || in->until_ms <= in->since_ms))
		return fail(it->cx, ERR_BAD_INPUT, MSG_ACCESS_GRANT_UNTIL,
		    "until");
	if (in->scope.n == 0)
		return OK;
	err = filter_compile(it->cx, in->scope, FILTER_RULE, false, &scope);
	if (err != OK)
		it->cx->fault.field = STR("scope");
	s->role_scope = scope;
	return err;
}

void
role_seal(struct item *it, struct order_state *s, struct vault_call *call)
{
	const struct order *in = s->in;

	(void)it;
	if (!is_about_roles(in->kind))
		return;
	if (in->scope.n > 0)
		s->role_sealed = vault_text_seal(call, PURPOSE_NAME,
		    s->role_grant, in->scope);
	s->role_reason = vault_text_seal(call, PURPOSE_NAME, s->role_grant,
	    in->reason);
	s->role_inputs = vault_text_seal(call, PURPOSE_AUDIT, s->person,
	    in->body);
}

enum err
role_refused(const struct order_state *s)
{
	if (s->role_sealed != NULL)
		TRY(s->role_sealed->err);
	if (s->role_reason != NULL)
		TRY(s->role_reason->err);
	return s->role_inputs != NULL ? s->role_inputs->err : OK;
}

/* --- in it -------------------------------------------------------------------------- */

enum err
roles_load(struct batch *b, struct tx *tx)
{
	bool is_needed = false, ends = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct order *in = order_state(it)->in;

		if (it->err != OK)
			continue;
		is_needed |= is_about_roles(in->kind)
		    || world_has_roles(b->world, it->tenant);
		ends |= in->kind == ORDER_ROLE_END;
	}
	if (is_needed)
		TRY(subjects_load_roles(b->state, b->world, tx));
	return ends ? count_administrators(b, tx) : OK;
}

enum err
subjects_load_roles(struct order_batch *ob, struct world *world, struct tx *tx)
{
	size_t n = ob->subject.n;
	struct role_row *key = arena_array(ob->arena, n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &ROLE, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct role_row *row = &((struct role_row *)rows.row)[i];
		struct subject *sub = ob->subject.v[rows.key[i]];
		struct role_line *line;

		if (sub->role == NULL)
			sub->role = arena_array(ob->arena, rows.n,
			    sizeof(*sub->role));
		line = &sub->role[sub->nrole++];
		line->row = *row;
		line->held = (struct role_held) { row->id, row->role,
			(enum role_state)row->state, NULL, row->since_ms,
			row->until_ms, row->author };
		if (row->scope.n > 0 && world != NULL) {
			line->held.scope = world_role_scope(world, ob->arena,
			    row);
			sub->lacks_scope |= line->held.scope == NULL;
		}
	}
	return OK;
}

/* So that the last one stays, whatever the batch ends. */
static enum err
count_administrators(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = b->state;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		struct administrators count = { .tenant = it->tenant,
			.now_ms = b->cx->now_ms };

		if (it->err != OK || !ends_administrator(it)
		    || administrators_of(ob, it->tenant) != NULL)
			continue;
		TRY(roles_walk(tx, it->tenant, NULL, 0, add_administrators,
		    &count));
		list_add(ob->arena, &ob->administrators, count);
	}
	return OK;
}

static bool
ends_administrator(const struct item *it)
{
	const struct order_state *s = order_state(it);
	const struct subject *sub = s->subject;

	if (s->in->kind != ORDER_ROLE_END || sub == NULL)
		return false;
	for (size_t i = 0; i < sub->nrole; i++)
		if (sub->role[i].row.id == s->role_grant)
			return sub->role[i].row.role
			    == ROLE_ID(ROLE_TENANT_ADMINISTRATOR);
	return false;
}

static enum err
add_administrators(void *arg, struct tx *tx, const struct rows *rows)
{
	struct administrators *count = arg;

	(void)tx;
	for (size_t i = 0; i < rows->n; i++) {
		const struct role_row *r = &((struct role_row *)rows->row)[i];

		count->n += r->scope.n == 0 && role_administrates(
		    &(struct role_held) { r->id, r->role,
		    (enum role_state)r->state, NULL, r->since_ms,
		    r->until_ms, r->author }, count->now_ms);
	}
	return OK;
}

enum err
roles_walk(struct tx *tx, uint32_t tenant, const int64_t *person, size_t n,
    enum err (*each)(void *, struct tx *, const struct rows *), void *arg)
{
	struct ctx *cx = tx_ctx(tx), page = *cx;
	struct role_row from = { .tenant = tenant };
	enum err err = OK;
	bool is_last = false;

	page.arena = arena_open(PAGE_MEM);
	tx_switch(tx, &page);
	for (size_t at = 0; err == OK && !is_last; at += PAGE) {
		const size_t some = n - at < PAGE ? n - at : PAGE;
		struct rows rows = { 0 };

		if (person != NULL && at >= n)
			break;
		arena_reset(page.arena);
		err = load_some(tx, &from, person != NULL ? &person[at] : NULL,
		    some, &rows);
		is_last = person == NULL && rows.n < PAGE;
		if (err == OK)
			err = each(arg, tx, &rows);
	}
	tx_switch(tx, cx);
	if (err != OK)
		fault_copy(cx, &page);
	arena_close(page.arena);
	return err;
}

/* Of N persons; NULL: a page of everybody's, behind FROM, which goes on. */
static enum err
load_some(struct tx *tx, struct role_row *from, const int64_t *person,
    size_t n, struct rows *out)
{
	struct arena *arena = tx_ctx(tx)->arena;
	const struct role_row *last;
	struct role_row *key;

	if (person == NULL) {
		TRY(store_page(tx, &ROLE, from, 1, from->id == 0, PAGE, out));
		if (out->n == 0)
			return OK;
		last = &((struct role_row *)out->row)[out->n - 1];
		from->person = last->person;
		from->id = last->id;
		return OK;
	}
	key = arena_array(arena, n + 1, sizeof(*key));
	for (size_t i = 0; i < n; i++) {
		key[i].tenant = from->tenant;
		key[i].person = person[i];
	}
	return store_load(tx, &ROLE, key, n, 2, 0, out);
}

static struct administrators *
administrators_of(struct order_batch *ob, int64_t tenant)
{
	for (size_t i = 0; i < ob->administrators.n; i++)
		if (ob->administrators.v[i].tenant == tenant)
			return &ob->administrators.v[i];
	return NULL;
}

/* --- decisions ------------------------------------------------------------------------ */

enum err
decide_role_give(struct scene *sc)
{
	const struct order *in = sc->s->in;
	struct ctx *cx = sc->it->cx;
	struct subject *sub = sc->sub;
	struct role_wish wish = { .scope = sc->s->role_scope,
		.since_ms = in->since_ms != 0 ? in->since_ms : cx->now_ms,
		.until_ms = in->until_ms };
	struct role_scene scene;
	struct role_line *role;
	enum role_state state;

	if (sub->row.lifecycle == LIFE_LEFT)
		return fail(cx, ERR_CONFLICT, MSG_SEAT_LEFT, "person");
	if (!role_named(sc->s->realm->catalogue, in->role, &wish.role))
		return fail(cx, ERR_BAD_INPUT, MSG_ACCESS_NO_ROLE, "role");
	TRY(scene_of(sc, NULL, &scene));
	TRY(role_give(cx, &scene, &wish, &state));
	role = arena_array(sc->ob->arena, sub->nrole + 1, sizeof(*role));
	for (size_t i = 0; i < sub->nrole; i++)
		role[i] = sub->role[i];
	role[sub->nrole] = (struct role_line) {
		.row = { .tenant = sub->row.tenant, .person = sub->row.id,
			.id = sc->s->role_grant, .role = wish.role.id,
			.state = state, .since_ms = wish.since_ms,
			.until_ms = wish.until_ms, .created_ms = cx->now_ms,
			.author = cx->actor->id,
			.reason = sc->s->role_reason->text },
		.held = { sc->s->role_grant, wish.role.id, state, wish.scope,
			wish.since_ms, wish.until_ms, cx->actor->id },
	};
	if (sc->s->role_sealed != NULL)
		role[sub->nrole].row.scope = sc->s->role_sealed->text;
	sub->role = role;
	sub->nrole++;
	sc->s->out->role_grant = sc->s->role_grant;
	return order_move(sc, NULL, 0);
}

enum err
decide_role_approve(struct scene *sc)
{
	struct role_line *line = line_of(sc, sc->s->role_grant);
	struct role_scene scene;

	if (line == NULL)
		return fail(sc->it->cx, ERR_NOT_FOUND, MSG_ACCESS_GRANT_UNKNOWN,
		    "grant");
	TRY(scene_of(sc, line, &scene));
	TRY(role_approve(sc->it->cx, &scene, &line->held));
	line->held.state = ROLE_ACTIVE;
	line->row.state = ROLE_ACTIVE;
	line->row.approver = sc->it->cx->actor->id;
	sc->s->out->role_grant = line->row.id;
	return order_move(sc, NULL, 0);
}

enum err
decide_role_end(struct scene *sc)
{
	struct role_line *line = line_of(sc, sc->s->role_grant);
	struct subject *sub = sc->sub;
	struct role_scene scene;
	size_t n = 0;

	if (line == NULL)
		return fail(sc->it->cx, ERR_NOT_FOUND, MSG_ACCESS_GRANT_UNKNOWN,
		    "grant");
	if (line->row.in_group != 0)
		return fail(sc->it->cx, ERR_CONFLICT, MSG_GROUP_HELD, "grant");
	TRY(scene_of(sc, line, &scene));
	TRY(role_end(sc->it->cx, &scene, &line->held));
	sc->s->out->role_grant = line->row.id;
	for (size_t i = 0; i < sub->nrole; i++)
		if (&sub->role[i] != line)
			sub->role[n++] = sub->role[i];
	sub->nrole = n;
	return order_move(sc, NULL, 0);
}

static struct role_line *
line_of(struct scene *sc, int64_t id)
{
	for (size_t i = 0; i < sc->sub->nrole; i++)
		if (sc->sub->role[i].row.id == id)
			return &sc->sub->role[i];
	return NULL;
}

/* What a decision is made on; SKIP: the role that it is about. */
static enum err
scene_of(struct scene *sc, const struct role_line *skip,
    struct role_scene *out)
{
	const struct subject *sub = sc->sub;
	struct arena *arena = sc->ob->arena;
	struct facts *facts = arena_array(arena, sub->ncontract + 1,
	    sizeof(*facts));
	struct filter_subject *who = arena_alloc(arena, sizeof(*who));
	struct role_held *has = arena_array(arena, sub->nrole + 1,
	    sizeof(*has));
	const struct administrators *count =
	    administrators_of(sc->ob, sub->row.tenant);

	person_facts(&sub->row, &facts[sub->ncontract]);
	for (size_t i = 0; i < sub->ncontract; i++)
		contract_facts(&sub->contract[i], &facts[i]);
	*who = (struct filter_subject) { &facts[sub->ncontract], facts,
		sub->ncontract, sc->it->cx->now_ms,
		order_today(sc->s->realm, sub->row.site, sc->it->cx->now_ms) };
	*out = (struct role_scene) {
		.catalogue = sc->s->realm->catalogue,
		.names = &sc->pools->gate.names,
		.person = who,
		.id = sub->row.id,
		.has = has,
		.administrators = count != NULL ? count->n : 0,
	};
	for (size_t i = 0; i < sub->nrole; i++)
		if (&sub->role[i] != skip)
			has[out->nhas++] = sub->role[i].held;
	if (skip != NULL && count != NULL && role_administrates(&skip->held,
	    sc->it->cx->now_ms))
		out->administrators--;
	return OK;
}

size_t
roles_now(struct arena *arena, const struct subject *sub, int64_t now_ms,
    int64_t **role)
{
	size_t n = 0;

	*role = arena_array(arena, sub->nrole + 1, sizeof(**role));
	for (size_t i = 0; i < sub->nrole; i++)
		if (role_counts(&sub->role[i].held, now_ms))
			(*role)[n++] = sub->role[i].row.role;
	return n;
}

/* --- what follows ---------------------------------------------------------------------- */

void
note_roles(struct scene *sc)
{
	struct subject *sub = sc->sub;
	bool has_left = sub->row.lifecycle == LIFE_LEFT
	    || sub->row.lifecycle == LIFE_DELETED;
	size_t n = 0;

	for (size_t i = 0; i < sub->nrole; i++) {
		const struct role_row *r = &sub->role[i].row;

		if (!has_left && (r->until_ms == 0
		    || r->until_ms > sc->it->cx->now_ms))
			sub->role[n++] = sub->role[i];
	}
	sub->nrole = n;
	for (size_t i = 0; sc->kept.realm != NULL && i < sc->kept.nrole; i++)
		if (line_of(sc, sc->kept.role[i].row.id) == NULL)
			note_ended(sc, &sc->kept.role[i]);
	for (size_t i = 0; i < sub->nrole; i++) {
		const struct role_line *old = kept_line(sc,
		    sub->role[i].row.id);

		if (old == NULL || old->row.state != sub->role[i].row.state)
			note_begun(sc, &sub->role[i],
			    old != NULL ? old->row.state : 0);
	}
}

static const struct role_line *
kept_line(const struct scene *sc, int64_t id)
{
	for (size_t i = 0; sc->kept.realm != NULL && i < sc->kept.nrole; i++)
		if (sc->kept.role[i].row.id == id)
			return &sc->kept.role[i];
	return NULL;
}

static void
note_begun(struct scene *sc, const struct role_line *line, int64_t before)
{
	struct order_batch *ob = sc->ob;
	struct administrators *count =
	    administrators_of(ob, line->row.tenant);
	size_t at = 0;

	change_add(&sc->changes, CHANGE_ROLE, line->row.id, line->row.role,
	    before, line->row.state);
	sc->is_changed = true;
	/* One that an item before made; a later one's stays. */
	for (size_t i = ob->activation.n; i-- > 0;)
		if (ob->activation.v[i].person == line->row.person
		    && ob->activation.v[i].tenant == line->row.tenant)
			ob->activation.v[i] =
			    ob->activation.v[--ob->activation.n];
	while (at < ob->role_put.n && ob->role_put.v[at].id != line->row.id)
		at++;
	if (at == ob->role_put.n) {
		list_add(ob->arena, &ob->role_put, line->row);
		list_add(ob->arena, &ob->role_scope, line->held.scope);
	} else {
		ob->role_put.v[at] = line->row;
	}
	if (count != NULL)
		count->n += role_administrates(&line->held,
		    sc->it->cx->now_ms);
	note_due_at(sc, line->row.since_ms);
	note_due_at(sc, line->row.until_ms);
}

static void
note_ended(struct scene *sc, const struct role_line *line)
{
	struct order_batch *ob = sc->ob;
	struct administrators *count =
	    administrators_of(ob, line->row.tenant);
	const struct role_row *r = &line->row;
	struct role_past past = { r->tenant, r->id, r->person, r->role,
		r->since_ms, sc->it->cx->now_ms, r->author, r->approver,
		sc->it->cx->actor->id, r->scope, r->reason };

	if (sc->s->in->kind == ORDER_ROLE_END && sc->s->role_reason != NULL)
		past.reason = sc->s->role_reason->text;
	change_add(&sc->changes, CHANGE_ROLE, r->id, r->role, r->state, 0);
	sc->is_changed = true;
	list_add(ob->arena, &ob->role_end, *r);
	list_add(ob->arena, &ob->role_past, past);
	if (count != NULL)
		count->n -= role_administrates(&line->held,
		    sc->it->cx->now_ms);
}

/* The clock comes back when a role begins or ends to count. */
static void
note_due_at(struct scene *sc, int64_t due_ms)
{
	struct due_row due = { .tenant = sc->it->tenant, .due_ms = due_ms,
		.id = sc->sub->row.id, .kind = DUE_LIFECYCLE,
		.subject = sc->sub->row.id };

	if (due_ms > sc->it->cx->now_ms)
		list_add(sc->ob->arena, &sc->ob->due, due);
}

/* --- saving ------------------------------------------------------------------------------ */

enum err
roles_save(struct order_batch *ob, struct tx *tx)
{
	/* What comes after this in the transaction finds them. */
	for (size_t i = 0; i < ob->role_put.n; i++)
		world_roles_come(ob->world,
		    (uint32_t)ob->role_put.v[i].tenant);
	TRY(beginnings_end(tx, ob->role_put.v, ob->role_put.n,
	    &ob->begun_end));
	TRY(store_save(tx, &ROLE, ob->role_put.v, ob->role_put.n, NULL));
	TRY(store_drop(tx, &ROLE, ob->role_end.v, ob->role_end.n, 3, NULL));
	return store_save(tx, &ROLE_PAST, ob->role_past.v, ob->role_past.n,
	    NULL);
}

enum err
beginnings_end(struct tx *tx, const struct role_row *held, size_t n,
    struct session_list *ended)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct activation_row *activation =
	    arena_array(arena, n + 1, sizeof(*activation));
	struct session_row *key = arena_array(arena, n + 1, sizeof(*key));
	const struct session_row *row;
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		activation[i].tenant = key[i].tenant = held[i].tenant;
		activation[i].person = key[i].person = held[i].person;
	}
	TRY(store_drop(tx, &ACTIVATION, activation, n, 2, NULL));
	TRY(store_load(tx, &SESSION, key, n, 2, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		if ((row[i].factors & SIGNED_IN) == 0)
			list_add(arena, ended, row[i]);
	return store_drop(tx, &SESSION, ended->v, ended->n, 3, NULL);
}

void
beginnings_ended(struct world *w, const struct session_list *ended)
{
	for (size_t i = 0; i < ended->n; i++)
		world_sessions_end(w, (uint32_t)ended->v[i].tenant,
		    ended->v[i].person, ended->v[i].id, 0);
}

void
roles_committed(struct world *w, const struct order_batch *ob)
{
	beginnings_ended(w, &ob->begun_end);
	for (size_t i = 0; i < ob->role_put.n; i++)
		world_role_set(w, &ob->role_put.v[i], ob->role_scope.v[i]);
	for (size_t i = 0; i < ob->role_end.n; i++)
		world_role_drop(w, &ob->role_end.v[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_decide.c - orders about persons: the decisions, one item after the
 * other, each on what its predecessors left.  Nothing is read or written here.
 */
#include "act/order_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"

static enum err decide_new(struct scene *);
static enum err decide_import(struct scene *);
static enum err decide_change(struct scene *);
static enum err decide_leave(struct scene *);
static enum err decide_remove(struct scene *);
static enum err leave(struct scene *);
static enum err decide_clock(struct scene *);
static enum err decide_manager(struct scene *);
static enum err decide_take(struct scene *);

/* What each kind of order does, and what the log calls it. */
static const struct kind {
	enum err  (*decide)(struct scene *);
	enum action action;
	bool	    says_nothing;	/* about the person: whoever sees them may */
} kinds[] = {
	[ORDER_ONBOARD] = { decide_new,	    ACTION_PERSON_ONBOARDED, false },
	[ORDER_CREATE]	= { decide_new,	    ACTION_PERSON_CREATED, false },
	[ORDER_CHANGE]	= { decide_change,  ACTION_PERSON_CHANGED, false },
	[ORDER_IMPORT]	= { decide_import,  ACTION_PERSON_CHANGED, false },
	[ORDER_LEAVE]	= { decide_leave,   ACTION_PERSON_CHANGED, false },
	[ORDER_CLOCK]	= { decide_clock,   ACTION_PERSON_CHANGED, false },
	[ORDER_MANAGER] = { decide_manager, ACTION_PERSON_CHANGED, false },
	[ORDER_TAKE]	= { decide_take,    ACTION_SEAT_TAKEN, false },
	[ORDER_RELEASE] = { decide_release, ACTION_SEAT_ENDED, false },
	[ORDER_CHECK]	= { decide_check,   ACTION_PERSON_CHANGED, true },
	[ORDER_EXPIRE]	= { decide_expire,  ACTION_SEAT_ENDED, true },
	[ORDER_ROLE_GIVE] = { decide_role_give, ACTION_ROLE_GIVEN, false },
	[ORDER_ROLE_APPROVE] = { decide_role_approve, ACTION_ROLE_APPROVED, false },
	[ORDER_ROLE_END] = { decide_role_end, ACTION_ROLE_ENDED, false },
	[ORDER_BLOCK]	= { decide_block,   ACTION_PERSON_BLOCKED, true },
	[ORDER_UNBLOCK] = { decide_unblock, ACTION_PERSON_UNBLOCKED, true },
	[ORDER_REMOVE]	= { decide_remove,  ACTION_PERSON_CHANGED, false },
	[ORDER_GROUP]	= { decide_clock,   ACTION_PERSON_CHANGED, false },
};

static void decide_item(struct batch *, struct item *);
static void remember(struct scene *);
static void undo(struct scene *);
static bool answer_repeat(struct scene *, enum err *);
static bool answer_known(struct scene *, enum err *);
static void tell_onboarding(struct scene *, const struct onboarding_row *);
static enum err check_unique(struct scene *);
static enum err refuse_taken(struct scene *, size_t at);
static enum err check_room(struct scene *);
static enum err start_person(struct scene *);
static enum err find_wants(struct scene *, struct want **, size_t *);
static int32_t day_of(const struct scene *);
static void find_managers(struct scene *);
static void served(void *, const struct seat *, const struct wait *);

void
order_decide(struct batch *b)
{
	struct order_batch *ob = b->state;

	ob->world = b->world;
	for (size_t i = 0; i < ob->pools.n; i++) {
		ob->pools.v[i]->gate.served = served;
		ob->pools.v[i]->gate.served_arg = ob;
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			decide_item(b, b->item[i]);
}

static void
decide_item(struct batch *b, struct item *it)
{
	struct order_state *s = order_state(it);
	const struct kind *kind = &kinds[s->in->kind];
	struct scene sc = {
		.ob = b->state,
		.it = it,
		.s = s,
		.sub = s->subject,
		.action = kind->action,
		.onboarding = s->in->onboarding,
	};

	sc.pools = order_pools(sc.ob, it->tenant);
	sc.changes.arena = sc.ob->arena;
	sc.log_at = sc.ob->log.line.n;
	sc.ob->under_way = it;
	s->out = arena_alloc(it->cx->arena, sizeof(*s->out));
	it->out = s->out;
	if (sc.sub != NULL)
		remember(&sc);
	it->err = sc.sub != NULL ? order_enter(&sc) : OK;
	it->again |= sc.sub != NULL && sc.sub->lacks_scope;
	if (it->err == OK && !it->again)
		it->err = kind->decide(&sc);
	if (it->err == OK && !it->again && !s->out->was_repeated)
		order_finish(&sc);
	else if (sc.kept.realm != NULL)
		undo(&sc);
}

/* A refused order leaves its person as it was, for the items after it. */
static void
remember(struct scene *sc)
{
	struct subject *sub = sc->sub;

	sc->before = sub->row;
	sc->kept = *sub;
	sub->contract = arena_copy(sc->ob->arena, sub->contract,
	    sub->ncontract * sizeof(*sub->contract));
	sub->role = arena_copy(sc->ob->arena, sub->role,
	    sub->nrole * sizeof(*sub->role));
	sc->nended = sc->ob->contract_end.n;
	sc->nlifted = sc->ob->block_past.n;
}

static void
undo(struct scene *sc)
{
	*sc->sub = sc->kept;
	sc->ob->contract_end.n = sc->ob->contract_past.n = sc->nended;
	sc->ob->block_past.n = sc->nlifted;
}

/* --- new persons --------------------------------------------------------------- */

static enum err
decide_new(struct scene *sc)
{
	const bool returns = order_returns(sc->s->in);
	enum err err = OK;
	struct want *want;
	size_t nwant;

	if (sc->it->again || answer_repeat(sc, &err)
	    || (!returns && answer_known(sc, &err)))
		return err;
	TRY(check_unique(sc));
	if (sc->it->again)
		return OK;
	TRY(find_wants(sc, &want, &nwant));
	if (sc->s->in->kind == ORDER_ONBOARD)
		sc->onboarding = id_new();
	if (returns)
		find_managers(sc);
	TRY(returns ? decide_return(sc) : start_person(sc));
	if (sc->it->again)
		return OK;
	if (!returns)
		block_as_asked(sc);
	TRY(order_move(sc, want, nwant));
	if (returns)
		ref_end(sc);
	else
		list_add(sc->ob->arena, &sc->ob->subject, sc->sub);
	note_ref(sc, 1);
	note_onboarding(sc);
	note_idempotency(sc);
	return OK;
}

/* The same idempotency key: the same answer, or 422 if it is for something else. */
static bool
answer_repeat(struct scene *sc, enum err *err)
{
	struct order_state *s = sc->s;
	const struct order_state *twin = NULL;
	const void *body;

	if (s->key_at == SIZE_MAX)
		return false;
	if (s->repeated == NULL)
		twin = keyset_find(sc->ob->seen, SEEN(sc->it, SEEN_KEY),
		    order_key(s, s->key_at)->bytes);
	if (s->repeated == NULL && twin == NULL)
		return false;
	body = s->repeated != NULL ? (const void *)s->repeated->body.p
	    : order_key(twin, twin->body_at)->bytes;
	if (memcmp(body, order_key(s, s->body_at)->bytes, 32) != 0) {
		*err = fail(sc->it->cx, ERR_KEY_REUSED, MSG_ORDER_KEY_REUSED,
		    "Idempotency-Key");
		return true;
	}
	s->onboarding = twin != NULL ? twin->onboarding : s->onboarding;
	must(s->onboarding != NULL);
	tell_onboarding(sc, s->onboarding);
	/* The first answer again, status included. */
	s->out->is_new = s->repeated == NULL || s->repeated->status == 201;
	return true;
}

/* The same source ref under another key: who it brought is there already. */
static bool
answer_known(struct scene *sc, enum err *err)
{
	struct order_state *s = sc->s;
	const struct order_state *twin;

	if (s->ref_at == SIZE_MAX)
		return false;
	twin = keyset_find(sc->ob->seen, SEEN(sc->it, SEEN_REF),
	    order_key(s, s->ref_at)->bytes);
	if (s->ref == NULL && twin == NULL)
		return false;
	if (s->in->kind != ORDER_ONBOARD) {
		*err = fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_EXISTS,
		    "externalId");
		return true;
	}
	/* Whom another brought just now may be out of scope: looked at when stored. */
	if (s->ref == NULL && sc->it->cx->actor->scope != NULL) {
		sc->it->again = true;
		return true;
	}
	if (twin != NULL && twin->onboarding != NULL)
		s->onboarding = twin->onboarding;
	s->out->person = twin != NULL ? twin->person : s->ref->person;
	s->out->was_repeated = true;
	if (s->onboarding != NULL)
		tell_onboarding(sc, s->onboarding);
	note_idempotency(sc);
	return true;
}

static void
tell_onboarding(struct scene *sc, const struct onboarding_row *row)
{
	struct order_out *out = sc->s->out;
	struct outcome_row *outcome;

	out->was_repeated = true;
	out->person = row->person;
	out->onboarding = row->id;
	out->state = (enum onboarding_state)row->state;
	out->nseat = outcome_unpack(sc->it->cx->arena, row->outcome,
	    &outcome);
	out->seat = outcome_tell(sc->it->cx->arena, sc->s->realm->catalogue,
	    outcome, out->nseat);
}

/*
 * Unique values are nobody else's, in this batch either.  A userName that was
 * chosen from candidates is chosen again; one that was given is a conflict.
 */
static enum err
check_unique(struct scene *sc)
{
	struct order_state *s = sc->s;

	if (s->taken_at != SIZE_MAX)
		return refuse_taken(sc, s->taken_at);
	for (size_t i = s->unique_at; i < s->unique_at + s->nunique; i++) {
		const struct order_state *other = keyset_find(sc->ob->seen,
		    SEEN(sc->it, SEEN_UNIQUE), order_key(s, i)->bytes);

		if (other != NULL && other->person != s->person)
			return refuse_taken(sc, i);
	}
	return OK;
}

static enum err
refuse_taken(struct scene *sc, size_t at)
{
	enum index_kind kind = sc->s->value.v[at].kind;
	bool is_name = kind == INDEX_USER_NAME;

	if (is_name && sc->s->candidate != NULL) {
		sc->it->again = true;
		return OK;
	}
	return fail(sc->it->cx, ERR_CONFLICT, MSG_ORDER_TAKEN,
	    is_name			? "userName"
		: kind == INDEX_ATTRIBUTE ? "extensions"
					  : "emails");
}

/* Those of this batch count too: only the writer makes persons. */
static enum err
check_room(struct scene *sc)
{
	const int64_t most = sc->s->realm->most[LIMIT_PERSONS];
	int64_t n;

	if (most == 0)
		return OK;
	n = world_persons(sc->ob->world, sc->it->tenant);
	for (size_t i = 0; i < sc->ob->subject.n; i++) {
		const struct subject *other = sc->ob->subject.v[i];

		n += !other->is_stored
		    && other->row.tenant == sc->it->tenant;
	}
	if (n < most)
		return OK;
	return fail(sc->it->cx, ERR_FULL, MSG_TENANT_PERSONS, "person",
	    str_z(sc->it->cx->arena, str_fmt(sc->it->cx->arena, "%lld",
	    (long long)most)));
}

static enum err
start_person(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct subject *sub = arena_alloc(sc->ob->arena, sizeof(*sub));

	TRY(check_room(sc));
	sub->realm = s->realm;
	sub->row = (struct person) {
		.tenant = sc->it->tenant,
		.id = s->person,
		.certification = CERT_CERTIFIED,
		.source = s->in->source,
		.created_ms = sc->it->cx->now_ms,
		.country = s->org.country,
		.language = s->org.language,
		.user_type = s->org.user_type,
	};
	sc->sub = sc->s->subject = sub;
	sc->is_new = sc->is_changed = true;
	find_managers(sc);
	contracts_replace(sc->ob, sc->it, sub, &sc->changes);
	sub->has_new_contracts = sub->ncontract > 0;
	return contracts_check(sc->it->cx, sub->contract, sub->ncontract);
}

static enum err
find_wants(struct scene *sc, struct want **want, size_t *n)
{
	const struct order *in = sc->s->in;
	struct want *w = arena_array(sc->ob->arena, in->nproduct + 1,
	    sizeof(*w));

	for (size_t i = 0; i < in->nproduct; i++) {
		const struct product *p =
		    order_product(sc->it, sc->s, in->product[i]);

		if (p == NULL)
			return fail(sc->it->cx, ERR_BAD_INPUT,
			    MSG_ORDER_PRODUCT, "products",
			    str_z(sc->it->cx->arena, in->product[i]));
		for (size_t j = 0; j < i; j++)
			if (w[j].product == p->id)
				return fail(sc->it->cx, ERR_BAD_INPUT,
				    MSG_ORDER_PRODUCT_TWICE, "products",
				    str_z(sc->it->cx->arena,
				    in->product[i]));
		w[i] = (struct want) { p->id, in->priority };
	}
	*want = w;
	*n = in->nproduct;
	return OK;
}

/* --- imports ---------------------------------------------------------------------- */

static enum err
decide_import(struct scene *sc)
{
	struct order_state *s = sc->s;

	if (s->is_new) {
		sc->action = ACTION_PERSON_CREATED;
		if (s->ref != NULL || keyset_find(sc->ob->seen,
		    SEEN(sc->it, SEEN_REF), order_key(s, s->ref_at)->bytes))
			return fail(sc->it->cx, ERR_BUSY, MSG_ORDER_RACE,
			    "ref");
		TRY(check_unique(sc));
		if (sc->it->again)
			return OK;
		TRY(start_person(sc));
	} else {
		if (s->old->record_version != sc->sub->row.record_version) {
			sc->it->again = true;
			return OK;
		}
		TRY(check_unique(sc));
		TRY(ref_stays(sc));
		if (s->in->country.p != NULL)
			sc->sub->row.country = s->org.country;
		if (s->in->language.p != NULL)
			sc->sub->row.language = s->org.language;
		if (s->in->user_type.p != NULL)
			sc->sub->row.user_type = s->org.user_type;
		find_managers(sc);
		sc->sub->has_new_contracts |= contracts_replace(sc->ob,
		    sc->it, sc->sub, &sc->changes);
		TRY(contracts_check(sc->it->cx, sc->sub->contract,
		    sc->sub->ncontract));
	}
	TRY(order_move(sc, NULL, 0));
	if (s->is_new)
		list_add(sc->ob->arena, &sc->ob->subject, sc->sub);
	note_ref(sc, 1);
	s->out->lacks_manager = s->lacks_manager;
	return OK;
}

/* Managers that came earlier in this batch; who is nobody yet is asked for again when all are in. */
static void
find_managers(struct scene *sc)
{
	struct order_state *s = sc->s;

	s->lacks_manager = false;
	for (size_t i = 0; i < s->ncontract; i++) {
		struct contract_plan *plan = &s->contract[i];
		const struct order_state *twin;

		if (plan->manager_at == SIZE_MAX || plan->row.manager != 0)
			continue;
		twin = keyset_find(sc->ob->seen, SEEN(sc->it, SEEN_REF),
		    order_key(s, plan->manager_at)->bytes);
		if (twin != NULL)
			plan->row.manager = twin->person;
		else
			s->lacks_manager = true;
	}
}

static enum err
decide_leave(struct scene *sc)
{
	TRY(leave(sc));
	note_ref(sc, 2);
	return OK;
}

static enum err
decide_remove(struct scene *sc)
{
	TRY(order_check_version(sc));
	return leave(sc);
}

static enum err
leave(struct scene *sc)
{
	int32_t today = order_today(sc->s->realm, sc->sub->row.site,
	    sc->it->cx->now_ms);

	sc->sub->has_new_contracts |= contracts_leave(sc->ob, sc->it, sc->sub,
	    today, &sc->changes);
	if (sc->sub->ncontract == 0)
		sc->sub->row.lifecycle = LIFE_LEFT;
	return order_move(sc, NULL, 0);
}

static enum err
decide_manager(struct scene *sc)
{
	sc->sub->has_new_contracts |=
	    contracts_manager(sc->it, sc->sub, &sc->changes);
	TRY(order_move(sc, NULL, 0));
	note_ref(sc, 1);
	return OK;
}

/* --- changes ----------------------------------------------------------------------- */

static enum err
decide_change(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct person *row = &sc->sub->row;
	struct want *want;
	size_t nwant;

	TRY(order_check_version(sc));
	if (s->old->record_version != row->record_version) {
		sc->it->again = true;
		return OK;
	}
	TRY(check_unique(sc));
	TRY(ref_check(sc));
	if (sc->it->again)
		return OK;
	TRY(find_wants(sc, &want, &nwant));
	if (s->in->country.p != NULL)
		row->country = s->org.country;
	if (s->in->language.p != NULL)
		row->language = s->org.language;
	if (s->in->user_type.p != NULL)
		row->user_type = s->org.user_type;
	if (s->in->has_contracts) {
		sc->sub->has_new_contracts |= contracts_replace(sc->ob,
		    sc->it, sc->sub, &sc->changes);
		TRY(contracts_check(sc->it->cx, sc->sub->contract,
		    sc->sub->ncontract));
	}
	block_as_asked(sc);
	TRY(order_move(sc, want, nwant));
	ref_note(sc);
	return OK;
}

/* Earlier items of the batch may have moved it on: it is stored once. */
enum err
order_check_version(struct scene *sc)
{
	int64_t version = sc->s->in->if_version;

	if (version != -1
	    && version != sc->sub->row.version + sc->sub->is_dirty)
		return fail(sc->it->cx, ERR_STALE, MSG_ORDER_STALE,
		    "If-Match");
	return OK;
}

static enum err
decide_clock(struct scene *sc)
{
	return order_move(sc, NULL, 0);
}

/* --- seats -------------------------------------------------------------------------- */

static enum err
decide_take(struct scene *sc)
{
	struct want *want;
	size_t nwant;

	TRY(find_wants(sc, &want, &nwant));
	return order_move(sc, want, nwant);
}

/* --- the shared step ------------------------------------------------------------------ */

enum err
order_move(struct scene *sc, const struct want *want, size_t nwant)
{
	struct subject *sub = sc->sub;
	const struct order *in = sc->s->in;
	struct person_move m = {
		.before = sc->is_new ? NULL : &sc->before,
		.contract = sub->contract,
		.ncontract = sub->ncontract,
		.holding = sub->holding,
		.nholding = sub->nholding,
		.want = want,
		.nwant = nwant,
		.wants_no_other = in->has_products,
		.all_or_nothing = in->all_or_nothing,
		.has_open_checks = in->manual_check
		    || sub->open.onboarding != 0,
		.onboarding = sub->open.onboarding != 0
		    ? sub->open.onboarding : sc->onboarding,
		.hold_until_ms = sub->open.expires_ms,
		.rule_priority = RULE_PRIORITY,
	};
	struct holding *held;
	int64_t *role;

	groups_roles(sc->ob, sub, sc->s->realm->catalogue, sc->it->cx);
	m.after = sub->row;
	m.nrole = roles_now(sc->ob->arena, sub, sc->it->cx->now_ms, &role);
	m.role = role;
	m.ngift = groups_gifts(
	    sc->ob, sub, sc->s->realm->catalogue, &m.gift);
	m.today = sc->today = day_of(sc);
	m.changes = sc->changes;
	TRY(order_reach(sc, &m, kinds[in->kind].says_nothing));
	TRY(guard_pass(sc, &m));
	for (size_t i = 0; i < sub->nholding; i++)
		gate_refresh(&sc->pools->gate, sub->row.id, &sub->holding[i]);
	held = arena_copy(sc->ob->arena, sub->holding,
	    sub->nholding * sizeof(*held));
	TRY(person_decide(sc->it->cx, &sc->pools->gate, &m));
	order_count_waits(sc, held, sub->nholding, -1);
	sub->row = m.after;
	note_record(sc);
	guard_note(sc);
	sub->contract = m.contract;
	sub->holding = m.holding;
	sub->nholding = m.nholding;
	order_count_waits(sc, sub->holding, sub->nholding, 1);
	sc->changes = m.changes;
	sc->is_changed |= m.is_changed || sc->changes.n > 0 || sc->s->seals;
	sc->outcome = m.outcome;
	sc->noutcome = m.noutcome;
	/* The clock's own order must leave the next one, whatever it changed. */
	if (sc->is_changed || in->kind == ORDER_CLOCK)
		note_due(sc);
	return OK;
}

/* The day where the contract that counts is; which one that is the day decides. */
static int32_t
day_of(const struct scene *sc)
{
	const struct subject *sub = sc->sub;
	const struct realm *realm = sc->s->realm;
	struct person p = sub->row;
	int64_t now_ms = sc->it->cx->now_ms;

	if (sub->ncontract == 0)
		return order_today(realm, p.site, now_ms);
	if (p.site == 0)
		p.site = sub->contract[0].site;
	person_take_primary(&p, sub->contract, sub->ncontract,
	    order_today(realm, p.site, now_ms));
	return order_today(realm, p.site, now_ms);
}

static void
served(void *arg, const struct seat *seat, const struct wait *wait)
{
	struct order_batch *ob = arg;
	struct pools *pools = order_pools(ob, (uint32_t)seat->tenant);

	log_served(ob->under_way->cx, &ob->log, pools, seat, wait);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c - what becomes of one person.
 *
 * Wants come before rules, so that a grant by rule that is lost while the same
 * product is asked for hands its seat over instead of giving it back.  A grant
 * stands only beside a seat or a wait.
 */
#include "core/decide.h"

#include <string.h>

#include "core/gate_int.h"
#include "core/role.h"

/* A product that the person has without asking, and why. */
struct given {
	const struct product *product;
	enum grant_reason     reason;
	int64_t		      origin;
};

/* One move on its way through the steps below. */
struct mover {
	struct gate		    *g;
	struct person_move	    *m;
	struct facts		     facts;	/* as if not blocked: blocks freeze */
	struct filter_subject	     subject;
	struct given		    *given;	/* what groups, then rules give this person */
	size_t			     ngiven;
	bool			     is_barred;
	bool			     must_not_wait;
};

static void states_decide(struct person_move *);
static void mover_init(struct ctx *, struct gate *, struct person_move *,
    struct mover *);
static void given_find(struct arena *, struct mover *);
static void gifts_find(struct mover *);
static bool may_be_given(const struct mover *, const struct product *);
static void holdings_make_room(struct mover *);
static enum err check_all(struct ctx *, struct mover *);
static void states_note(struct person_move *);
static void leave(struct mover *);
static void take_wants(struct mover *);
static void give_and_take(struct mover *);
static void lose_wants(struct mover *);
static bool is_lost(const struct mover *, const struct holding *);
static void lose_roles(struct mover *);
static bool has_role(const struct mover *, const struct product *);
static void move_seats(struct mover *);
static void give_back(struct mover *);
static bool gives_back(const struct mover *);
static bool is_out_of_place(const struct mover *, const struct holding *);
static void lose_given(struct mover *, enum grant_reason, enum seat_end);
static const struct given *given_of(const struct mover *, int64_t,
    enum grant_reason);
static void gain_given(struct mover *, enum grant_reason);
static void keep_origin(struct mover *, struct holding *,
    const struct given *);
static bool is_wanted(const struct mover *, int64_t);
static void move_waits(struct mover *);
static void end_bare_grants(struct mover *);
static struct outcome_row ask(struct mover *, struct holding *, int,
    enum grant_reason, int64_t origin);
static void note_grant(struct mover *, struct holding *, enum grant_reason,
    int64_t origin);
static struct seat_request request(const struct mover *, int64_t, int);
static enum msg refusal(struct mover *, const struct seat_request *,
    const struct holding *, enum grant_reason);
static struct holding *holding_of(struct mover *, int64_t);
static bool has_place(const struct holding *);
static bool has_left(const struct person_move *);
static bool is_same_row(const struct person *, const struct person *);

enum err
person_decide(struct ctx *cx, struct gate *g, struct person_move *m)
{
	struct mover mv;

	states_decide(m);
	mover_init(cx, g, m, &mv);
	if (m->all_or_nothing)
		TRY(check_all(cx, &mv));
	states_note(m);
	if (has_left(m)) {
		leave(&mv);
	} else {
		lose_roles(&mv);
		move_seats(&mv);
		give_back(&mv);
		take_wants(&mv);
		give_and_take(&mv);
		lose_wants(&mv);
		move_waits(&mv);
		end_bare_grants(&mv);
	}
	m->is_changed = m->before == NULL || m->changes.n > 0 ||
	    !is_same_row(m->before, &m->after);
	return OK;
}

void
rules_foresee(struct ctx *cx, struct gate *g, struct person_move *m)
{
	struct mover mv;

	mover_init(cx, g, m, &mv);
	mv.must_not_wait = true;
	if (has_left(m))
		return;
	lose_roles(&mv);
	move_seats(&mv);
	give_back(&mv);
	give_and_take(&mv);
}

/* What a group gives comes before what a rule takes away: the seat stays. */
static void
give_and_take(struct mover *mv)
{
	gain_given(mv, GRANT_GROUP);
	lose_given(mv, GRANT_RULE, SEAT_END_RULE);
	lose_given(mv, GRANT_GROUP, SEAT_END_GROUP);
	gain_given(mv, GRANT_RULE);
}

static void
lose_wants(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; m->wants_no_other && i < m->nholding; i++) {
		struct holding *h = &m->holding[i];

		if (!is_lost(mv, h))
			continue;
		grant_end(mv->g, h, GRANT_REQUEST, &m->changes);
		if (h->grants == 0)
			gate_end(mv->g, h, SEAT_END_RELEASED, &m->changes);
	}
}

/* What the catalogue has lost has no name by which it could be wanted. */
static bool
is_lost(const struct mover *mv, const struct holding *h)
{
	return has_grant(h, GRANT_REQUEST) && !is_wanted(mv, h->product) &&
	    catalogue_product(mv->g->catalogue, h->product) != NULL;
}

static void
states_decide(struct person_move *m)
{
	if (m->ncontract > 0) {
		(void)contract_primary(m->contract, m->ncontract, m->today);
		person_take_primary(
		    &m->after, m->contract, m->ncontract, m->today);
	}
	m->after.lifecycle = lifecycle_on(
	    m->after.lifecycle, m->contract, m->ncontract, m->today);
}

static void
mover_init(
    struct ctx *cx, struct gate *g, struct person_move *m, struct mover *mv)
{
	struct facts *contract =
	    arena_array(cx->arena, m->ncontract + 1, sizeof(*contract));
	struct person unblocked = m->after;

	*mv = (struct mover) { .g = g, .m = m };
	if (m->hold_until_ms == 0)
		m->hold_until_ms = g->now_ms +
		    g->catalogue->setting[SETTING_HOLD_MINUTES] * 60000;
	mv->is_barred = person_is_barred(&m->after, m->has_open_checks);
	unblocked.blocks = 0;
	person_facts(&unblocked, &mv->facts);
	for (size_t i = 0; i < m->ncontract; i++)
		contract_facts(&m->contract[i], &contract[i]);
	mv->subject = (struct filter_subject) { &mv->facts, contract,
		m->ncontract, g->now_ms, m->today };
	given_find(cx->arena, mv);
	holdings_make_room(mv);
	for (size_t i = 0; i < m->nholding; i++)
		gate_refresh(g, m->after.id, &m->holding[i]);

	m->outcome = arena_array(
	    cx->arena, m->nwant + mv->ngiven + 1, sizeof(*m->outcome));
	m->noutcome = 0;
	if (m->changes.arena == NULL)
		m->changes.arena = cx->arena;
}

static void
given_find(struct arena *arena, struct mover *mv)
{
	const struct catalogue *c = mv->g->catalogue;

	mv->given = arena_array(
	    arena, c->nproduct + mv->m->ngift + 1, sizeof(*mv->given));
	if (mv->m->after.lifecycle != LIFE_ACTIVE ||
	    mv->m->after.certification == CERT_DENIED)
		return;
	gifts_find(mv);
	for (size_t i = 0; i < c->nproduct; i++) {
		const struct filter *filter = gate_rule(mv->g, &c->product[i]);

		if (filter != NULL && may_be_given(mv, &c->product[i]) &&
		    filter_match(filter, &mv->g->names, &mv->subject))
			mv->given[mv->ngiven++] = (struct given) {
				&c->product[i], GRANT_RULE, c->version };
	}
}

static void
gifts_find(struct mover *mv)
{
	for (size_t i = 0; i < mv->m->ngift; i++) {
		const struct gift *gift = &mv->m->gift[i];
		const struct product *product =
		    catalogue_product(mv->g->catalogue, gift->product);

		if (product == NULL || !may_be_given(mv, product) ||
		    given_of(mv, product->id, GRANT_GROUP) != NULL)
			continue;
		mv->given[mv->ngiven++] = (struct given) { product,
			GRANT_GROUP, gift->group };
	}
}

/* A partner's people are not told of what no pool may ever give them. */
static bool
may_be_given(const struct mover *mv, const struct product *product)
{
	int64_t organisation = FACT(&mv->facts, ORGANIZATION);

	return organisation == 0 ||
	    catalogue_product_serves(mv->g->catalogue, product, organisation);
}

/* A holding for each product that may come, so that none moves later. */
static void
holdings_make_room(struct mover *mv)
{
	struct person_move *m = mv->m;
	struct holding *more;

	if (m->nwant + mv->ngiven == 0)
		return;
	more = arena_array(
	    mv->g->arena, m->nholding + m->nwant + mv->ngiven, sizeof(*more));
	if (m->nholding > 0)
		memcpy(more, m->holding, m->nholding * sizeof(*more));
	m->holding = more;
}

/* Wants do not touch each other (gate.c), so what each gets now it will get. */
static enum err
check_all(struct ctx *cx, struct mover *mv)
{
	const struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nwant; i++) {
		const struct want *want = &m->want[i];
		const struct product *product =
		    catalogue_product(mv->g->catalogue, want->product);
		struct holding none = { .product = want->product };
		const struct holding *h = &none;
		struct seat_request rq =
		    request(mv, want->product, want->priority);

		for (size_t j = 0; j < m->nholding; j++)
			if (m->holding[j].product == want->product &&
			    !is_out_of_place(mv, &m->holding[j]))
				h = &m->holding[j];
		if (!has_left(m) &&
		    refusal(mv, &rq, h, GRANT_REQUEST) == MSG_NONE)
			continue;
		return fail(cx, ERR_CONFLICT, MSG_ONBOARD_ALL_OR_NOTHING,
		    "products",
		    product != NULL ? str_z(cx->arena, product->slug) : "?");
	}
	return OK;
}

static void
states_note(struct person_move *m)
{
	static const struct person none;
	const struct person *a = m->before != NULL ? m->before : &none;
	const struct person *b = &m->after;

	if (a->lifecycle != b->lifecycle)
		change_add(&m->changes, CHANGE_LIFECYCLE, 0, 0, a->lifecycle,
		    b->lifecycle);
	if (a->certification != b->certification)
		change_add(&m->changes, CHANGE_CERTIFICATION, 0, 0,
		    a->certification, b->certification);
	for (int k = BLOCK_NEW; k < BLOCK_COUNT; k++) {
		bool had = a->blocks >> k & 1, has = b->blocks >> k & 1;

		if (had != has)
			change_add(&m->changes, CHANGE_BLOCK, k, 0, had, has);
	}
}

static void
leave(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nwant; i++)
		m->outcome[m->noutcome++] = (struct outcome_row) {
			.product = m->want[i].product,
			.outcome = OUTCOME_REFUSED,
			.reason = MSG_SEAT_LEFT,
		};
	for (size_t i = 0; i < m->nholding; i++)
		holding_end(mv->g, &m->holding[i], SEAT_END_LEFT, &m->changes);
}

static void
take_wants(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nwant; i++) {
		struct holding *h = holding_of(mv, m->want[i].product);
		int priority = m->want[i].priority;

		/* What stays asked for waits where it stood. */
		if (m->wants_no_other && has_grant(h, GRANT_REQUEST) &&
		    h->wait.since != 0)
			priority = (int)h->wait.priority;
		m->outcome[m->noutcome++] =
		    ask(mv, h, priority, GRANT_REQUEST, m->onboarding);
	}
}

/* Asks the gate, and unless it refuses notes why the person may hold it. */
static struct outcome_row
ask(struct mover *mv, struct holding *h, int priority,
    enum grant_reason reason, int64_t origin)
{
	struct person_move *m = mv->m;
	struct seat_request rq = request(mv, h->product, priority);
	struct outcome_row out = { .product = h->product,
		.outcome = OUTCOME_REFUSED, .reason = MSG_SEAT_BLOCKED };

	if (mv->is_barred && !has_grant(h, reason))
		return out;
	gate_take(mv->g, &rq, h, &out, &m->changes);
	if (out.outcome != OUTCOME_REFUSED && !has_grant(h, reason))
		note_grant(mv, h, reason, origin);
	return out;
}

static void
note_grant(struct mover *mv, struct holding *h, enum grant_reason reason,
    int64_t origin)
{
	grant_give(mv->g, h,
	    &(struct grant) {
		.tenant = mv->g->tenant,
		.person = mv->m->after.id,
		.product = h->product,
		.reason = reason,
		.origin = origin,
		.since_ms = mv->g->now_ms,
	    },
	    &mv->m->changes);
}

static struct seat_request
request(const struct mover *mv, int64_t product, int priority)
{
	const struct person_move *m = mv->m;

	return (struct seat_request) {
		.person = m->after.id,
		.product = product,
		.facts = &mv->facts,
		.today = m->today,
		.priority = priority,
		.has_role =
		    has_role(mv, catalogue_product(mv->g->catalogue, product)),
		.must_hold = m->has_open_checks,
		.must_not_wait = mv->must_not_wait,
		.is_barred = mv->is_barred,
		.onboarding = m->onboarding,
		.hold_until_ms = m->hold_until_ms,
	};
}

/* H2: what a product requires must be held, and not only when it was asked for. */
static void
lose_roles(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nholding; i++) {
		struct holding *h = &m->holding[i];

		if (!has_role(
			mv, catalogue_product(mv->g->catalogue, h->product)))
			holding_end(mv->g, h, SEAT_END_ROLE, &m->changes);
	}
}

static bool
has_role(const struct mover *mv, const struct product *product)
{
	struct role role;

	if (product == NULL || product->role_required.n == 0)
		return true;
	if (!role_named(mv->g->catalogue, product->role_required, &role))
		return false;
	for (size_t i = 0; i < mv->m->nrole; i++)
		if (mv->m->role[i] == role.id)
			return true;
	return false;
}

/* Why ask() would not give H's product now for REASON; MSG_NONE: it would. */
static enum msg
refusal(struct mover *mv, const struct seat_request *rq,
    const struct holding *h, enum grant_reason reason)
{
	if (mv->is_barred && !has_grant(h, reason))
		return MSG_SEAT_BLOCKED;
	return gate_refusal(mv->g, rq, h);
}

/*
 * Who changed organisation gives the seat back and takes one of the new share,
 * held as long as the old one was, or waits for it.  A site may change: seats
 * do not follow it.
 */
static void
move_seats(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nholding; i++) {
		struct holding *h = &m->holding[i];
		struct seat_request rq =
		    request(mv, h->product, m->rule_priority);
		struct outcome_row out;

		if (mv->is_barred || !is_out_of_place(mv, h))
			continue;
		rq.must_hold = h->seat.state == SEAT_HELD;
		rq.onboarding = h->seat.onboarding;
		rq.hold_until_ms = h->seat.expires_ms;
		gate_end(mv->g, h, SEAT_END_MOVED, &m->changes);
		gate_take(mv->g, &rq, h, &out, &m->changes);
	}
}

/*
 * Where the tenant wants it so, who is blocked by hand gives back what they
 * hold and waits aside: they have it still, but for the seat, and ask for that
 * again when the block ends.  Other blocks come and go by themselves.
 */
static void
give_back(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; gives_back(mv) && i < m->nholding; i++) {
		struct holding *h = &m->holding[i];
		struct seat_request rq =
		    request(mv, h->product, m->rule_priority);

		rq.must_hold = h->seat.state == SEAT_HELD;
		rq.onboarding = h->seat.onboarding;
		if (mv->must_not_wait)
			gate_end(mv->g, h, SEAT_END_BLOCKED, &m->changes);
		else
			gate_stand_aside(mv->g, &rq, h, &m->changes);
	}
}

static bool
gives_back(const struct mover *mv)
{
	return (mv->m->after.blocks >> BLOCK_MANUAL & 1) != 0 &&
	    mv->g->catalogue->setting[SETTING_SEAT_BLOCK_RETURNS] != 0;
}

/* A pool that the catalogue has lost is left to whoever empties it. */
static bool
is_out_of_place(const struct mover *mv, const struct holding *h)
{
	const struct pool_info *pool =
	    catalogue_pool(mv->g->catalogue, h->seat.pool);

	return h->seat.state != SEAT_NONE && pool != NULL &&
	    !catalogue_pool_serves(
		mv->g->catalogue, pool, FACT(&mv->facts, ORGANIZATION));
}

static void
lose_given(struct mover *mv, enum grant_reason reason, enum seat_end end)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nholding; i++) {
		struct holding *h = &m->holding[i];

		if (!has_grant(h, reason) ||
		    given_of(mv, h->product, reason) != NULL)
			continue;
		grant_end(mv->g, h, reason, &m->changes);
		if (h->grants == 0)
			gate_end(mv->g, h, end, &m->changes);
	}
}

static const struct given *
given_of(const struct mover *mv, int64_t product, enum grant_reason reason)
{
	for (size_t i = 0; i < mv->ngiven; i++)
		if (mv->given[i].product->id == product &&
		    mv->given[i].reason == reason)
			return &mv->given[i];
	return NULL;
}

/* What was given before is asked for again only where the seat was lost since. */
static void
gain_given(struct mover *mv, enum grant_reason reason)
{
	struct person_move *m = mv->m;

	if (mv->is_barred)
		return;
	for (size_t i = 0; i < mv->ngiven; i++) {
		const struct given *given = &mv->given[i];
		struct holding *h;
		struct outcome_row out;
		bool is_new;

		if (given->reason != reason)
			continue;
		h = holding_of(mv, given->product->id);
		is_new = !has_grant(h, reason);
		if (!is_new && has_place(h)) {
			keep_origin(mv, h, given);
			continue;
		}
		out = ask(mv, h, m->rule_priority, reason, given->origin);
		if (is_new && !is_wanted(mv, h->product))
			m->outcome[m->noutcome++] = out;
	}
}

/* Who leaves one group and has the product of another one still has it by that. */
static void
keep_origin(struct mover *mv, struct holding *h, const struct given *given)
{
	const int64_t had = h->grant[GRANT_GROUP].origin;

	if (given->reason != GRANT_GROUP || had == given->origin)
		return;
	for (size_t i = 0; i < mv->m->ngift; i++)
		if (mv->m->gift[i].product == h->product &&
		    mv->m->gift[i].group == had)
			return;
	grant_end(mv->g, h, GRANT_GROUP, &mv->m->changes);
	note_grant(mv, h, GRANT_GROUP, given->origin);
}

static bool
is_wanted(const struct mover *mv, int64_t product)
{
	size_t i = 0;

	while (i < mv->m->nwant && mv->m->want[i].product != product)
		i++;
	return i < mv->m->nwant;
}

/* Who waits and has moved waits for other pools now, or finds a seat there. */
static void
move_waits(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nholding; i++) {
		struct holding *h = &m->holding[i];
		struct outcome_row out;
		struct seat_request rq;

		if (h->wait.since == 0)
			continue;
		rq = request(mv, h->product, (int)h->wait.priority);
		rq.must_hold = false; /* the wait knows */
		gate_take(mv->g, &rq, h, &out, &m->changes);
	}
}

static void
end_bare_grants(struct mover *mv)
{
	struct person_move *m = mv->m;

	for (size_t i = 0; i < m->nholding; i++)
		if (m->holding[i].grants != 0 && !has_place(&m->holding[i]))
			holding_end(
			    mv->g, &m->holding[i], SEAT_END_RULE, &m->changes);
}

/* The holding of PRODUCT, made if new; there is room (holdings_make_room). */
static struct holding *
holding_of(struct mover *mv, int64_t product)
{
	struct person_move *m = mv->m;
	size_t i = 0;

	while (i < m->nholding && m->holding[i].product != product)
		i++;
	if (i == m->nholding)
		m->holding[m->nholding++] =
		    (struct holding) { .product = product };
	return &m->holding[i];
}

static bool
has_place(const struct holding *h)
{
	return h->seat.state != SEAT_NONE || h->wait.since != 0;
}

static bool
has_left(const struct person_move *m)
{
	return m->after.lifecycle == LIFE_LEFT ||
	    m->after.lifecycle == LIFE_DELETED;
}

static bool
is_same_row(const struct person *a, const struct person *b)
{
	return a->lifecycle == b->lifecycle &&
	    a->certification == b->certification &&
	    a->no_inheritance == b->no_inheritance && a->blocks == b->blocks &&
	    a->source == b->source && a->key_version == b->key_version &&
	    a->record_version == b->record_version &&
	    str_eq(a->sealed, b->sealed) && str_eq(a->keys, b->keys) &&
	    a->site == b->site && a->department == b->department &&
	    a->title == b->title && a->cost_center == b->cost_center &&
	    a->division == b->division && a->organization == b->organization &&
	    a->country == b->country && a->language == b->language &&
	    a->user_type == b->user_type && a->manager == b->manager &&
	    a->start_day == b->start_day && a->end_day == b->end_day;
}

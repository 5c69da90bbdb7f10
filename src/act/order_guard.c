/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_guard.c - a client that removes or disables too many of its people in
 * a day is stopped, as a file that lacks too many is (import_scan.c).
 *
 * Decided in the transaction, on what the orders before left, so that neither
 * requests at once nor several servers let more go.  Who was stopped is told
 * each time, the log once.  People who act by hand, and blocks that are put
 * with a reason each, are not counted.
 */
#include "act/order_int.h"

#include "base/log.h"
#include "base/metric.h"

#define HOUR_MS	   INT64_C(3600000)
#define HOURS	   24
#define SOON	  7	/* days: a contract that ends by then counts as ended */
#define WINDOW_MS  (HOURS * HOUR_MS)

static bool is_counted(const struct item *);
static struct removals *removals_at(struct order_batch *, int64_t tenant,
    int64_t source);
static enum err load_source(struct removals *, struct tx *);
static enum err load_removed(struct order_batch *, struct tx *);
static bool is_recent(int64_t now_ms, int64_t hour);
static bool went_lately(const struct scene *);
static int standing(const struct person *, const struct contract *, size_t n,
    int32_t today);
static int64_t gone_in(const struct scene *, const struct removals *,
    bool left_only);
static int64_t may_go(const struct scene *, const struct removals *);
static enum err stop(struct scene *, struct removals *, int64_t most);
static struct removal_hour *hour_at(struct order_batch *, struct removals *,
    int64_t hour);

/* --- what is stored --------------------------------------------------------------- */

enum err
guard_load(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = b->state;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		struct removals r = { .tenant = it->tenant };

		if (it->err != OK || !is_counted(it))
			continue;
		r.source = order_state(it)->in->source;
		if (removals_at(ob, r.tenant, r.source) == NULL)
			list_add(ob->arena, &ob->removals, r);
	}
	if (ob->removals.n == 0)
		return OK;
	for (size_t i = 0; i < ob->removals.n; i++)
		TRY(load_source(&ob->removals.v[i], tx));
	return load_removed(ob, tx);
}

/* Orders of a client by which somebody may go or come back. */
static bool
is_counted(const struct item *it)
{
	const struct order *in = order_state(it)->in;

	if (it->cx->actor->kind != ACTOR_CLIENT || in->source == 0)
		return false;
	return in->kind == ORDER_REMOVE || order_returns(in)
	    || (in->kind == ORDER_CHANGE
	    && (in->active != 0 || in->has_contracts));
}

static struct removals *
removals_at(struct order_batch *ob, int64_t tenant, int64_t source)
{
	for (size_t i = 0; i < ob->removals.n; i++)
		if (ob->removals.v[i].tenant == tenant
		    && ob->removals.v[i].source == source)
			return &ob->removals.v[i];
	return NULL;
}

static enum err
load_source(struct removals *r, struct tx *tx)
{
	const struct removal_hour hour = { .tenant = r->tenant,
		.source = r->source };
	const struct removal_guard guard = { .tenant = r->tenant,
		.source = r->source };
	const int64_t now_ms = tx_ctx(tx)->now_ms;
	struct rows hours, guards;

	TRY(store_load(tx, &REMOVAL_HOUR, &hour, 1, 2, 0, &hours));
	TRY(store_load(tx, &REMOVAL_GUARD, &guard, 1, 2, 0, &guards));
	for (size_t i = 0; i < hours.n; i++)
		list_add(tx_ctx(tx)->arena, &r->hour,
		    ((struct removal_hour *)hours.row)[i]);
	r->guard = guards.n == 1 ? *(struct removal_guard *)guards.row : guard;
	for (size_t i = 0; i < r->hour.n; i++)
		if (is_recent(now_ms, r->hour.v[i].hour))
			r->left += r->hour.v[i].has_left;
	return OK;
}

static enum err
load_removed(struct order_batch *ob, struct tx *tx)
{
	size_t n = ob->subject.n;
	struct removed_row *key = arena_array(ob->arena, n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &REMOVED, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		struct subject *sub = ob->subject.v[rows.key[i]];

		sub->removed = ((struct removed_row *)rows.row)[i];
		sub->was_removed = true;
	}
	return OK;
}

enum err
removals_gone(struct tx *tx, const struct removal_guard *guard, int64_t now_ms,
    int64_t *n)
{
	const struct removal_hour key = { .tenant = guard->tenant,
		.source = guard->source };
	const struct removal_hour *hour;
	struct rows rows;

	TRY(store_load(tx, &REMOVAL_HOUR, &key, 1, 2, 0, &rows));
	hour = rows.row;
	*n = 0;
	for (size_t i = 0; i < rows.n; i++)
		if (is_recent(now_ms, hour[i].hour))
			*n += hour[i].persons;
	return OK;
}

/* Hours that are over count no more and go. */
enum err
guard_save(struct order_batch *ob, struct tx *tx)
{
	LIST(struct removed_row) put = { 0 }, end = { 0 };

	for (size_t i = 0; i < ob->removals.n; i++) {
		const struct removals *r = &ob->removals.v[i];
		const int64_t now_ms = tx_ctx(tx)->now_ms;

		if (!r->is_dirty)
			continue;
		TRY(store_save(tx, &REMOVAL_GUARD, &r->guard, 1, NULL));
		TRY(store_save(tx, &REMOVAL_HOUR, r->hour.v, r->hour.n, NULL));
		for (size_t j = 0; j < r->hour.n; j++)
			if (!is_recent(now_ms, r->hour.v[j].hour))
				TRY(store_drop(tx, &REMOVAL_HOUR,
				    &r->hour.v[j], 1, 3, NULL));
	}
	for (size_t i = 0; i < ob->subject.n && ob->removals.n > 0; i++) {
		const struct subject *sub = ob->subject.v[i];
		struct removed_row key = { .tenant = sub->row.tenant,
			.person = sub->row.id };

		if (sub->is_dirty && sub->removed.source != 0)
			list_add(ob->arena, &put, sub->removed);
		else if (sub->is_dirty && sub->was_removed)
			list_add(ob->arena, &end, key);
	}
	TRY(store_drop(tx, &REMOVED, end.v, end.n, 2, NULL));
	return store_save(tx, &REMOVED, put.v, put.n, NULL);
}

void
guard_committed(const struct order_batch *ob)
{
	for (size_t i = 0; i < ob->removals.n; i++) {
		const struct removals *r = &ob->removals.v[i];

		if (!r->is_noted)
			continue;
		metric_add(METRIC_REMOVALS_STOPPED, 0, 1);
		log_event(LOG_WARN, "removals_stopped",
		    LOG_NUM("tenant", r->tenant), LOG_ID("source", r->source));
	}
}

/* --- decisions --------------------------------------------------------------------- */

enum err
guard_pass(struct scene *sc, const struct person_move *m)
{
	struct removals *r = is_counted(sc->it) ? removals_at(sc->ob,
	    sc->it->tenant, sc->s->in->source) : NULL;
	int64_t most;
	int was, is, later_was, later_is;

	sc->moves = 0;
	if (r == NULL || sc->is_new)
		return OK;
	was = standing(&sc->before, sc->kept.contract, sc->kept.ncontract,
	    m->today);
	is = standing(&m->after, m->contract, m->ncontract, m->today);
	/* Who is given an end that soon comes goes by whoever gave it. */
	later_was = standing(&sc->before, sc->kept.contract,
	    sc->kept.ncontract, m->today + SOON);
	later_is = standing(&m->after, m->contract, m->ncontract,
	    m->today + SOON);
	if (is > was && later_is >= later_was && went_lately(sc))
		sc->moves = 1;
	if (is >= was && later_is >= later_was)
		return OK;
	sc->moves = -1;
	most = may_go(sc, r);
	if (went_lately(sc) || gone_in(sc, r, false) < most)
		return OK;
	return stop(sc, r, most);
}

/* Disabled or left: 0; who begins later: 1; who is there: 2. */
static int
standing(const struct person *p, const struct contract *contract, size_t n,
    int32_t today)
{
	enum lifecycle life = lifecycle_on(p->lifecycle, contract, n, today);

	if ((p->blocks >> BLOCK_MANUAL & 1) != 0)
		return 0;
	return life == LIFE_ACTIVE ? 2 : life == LIFE_PENDING ? 1 : 0;
}

/* Of one hour more than whole ones, so that a day is never shorter. */
static bool
is_recent(int64_t now_ms, int64_t hour)
{
	return hour >= now_ms / HOUR_MS - HOURS;
}

/* Counted already: whoever is disabled and then removed is one. */
static bool
went_lately(const struct scene *sc)
{
	const struct removed_row *r = &sc->sub->removed;

	return r->source == sc->s->in->source
	    && is_recent(sc->it->cx->now_ms, r->hour);
}

static int64_t
gone_in(const struct scene *sc, const struct removals *r, bool left_only)
{
	int64_t n = 0;

	for (size_t i = 0; i < r->hour.n; i++)
		if (is_recent(sc->it->cx->now_ms, r->hour.v[i].hour))
			n += left_only ? r->hour.v[i].has_left
				       : r->hour.v[i].persons;
	return n;
}

/* Of those who are there, and who were before the first of them went. */
static int64_t
may_go(const struct scene *sc, const struct removals *r)
{
	const int64_t *setting = sc->s->realm->catalogue->setting;
	int64_t people = present_count(sc->ob, r->tenant, r->source) + r->left;
	int64_t most = people * setting[SETTING_CLIENT_REMOVALS_PERCENT] / 100;

	if (most < setting[SETTING_CLIENT_REMOVALS_LEAST])
		most = setting[SETTING_CLIENT_REMOVALS_LEAST];
	if (most < r->guard.allowed
	    && r->guard.until_ms > sc->it->cx->now_ms)
		most = r->guard.allowed;
	return most;
}

static enum err
stop(struct scene *sc, struct removals *r, int64_t most)
{
	struct ctx *cx = sc->it->cx;
	struct change_list changes = { .arena = sc->ob->arena };
	struct entry e = entry_by(cx, ACTION_REMOVALS_STOPPED, SUBJECT_SOURCE,
	    r->source);
	int64_t gone = gone_in(sc, r, false);

	if (cx->now_ms - r->guard.noted_ms >= WINDOW_MS) {
		change_add(&changes, CHANGE_REMOVALS, 0, 0, gone, most);
		e.change = changes.change;
		e.nchange = changes.n;
		logbook_add(&sc->ob->log, sc->it->tenant, &e, NULL);
		r->guard.noted_ms = cx->now_ms;
		r->is_noted = r->is_dirty = true;
	}
	return fail(cx, ERR_CONFLICT, MSG_GUARD_REMOVALS, "person",
	    str_z(cx->arena, str_fmt(cx->arena, "%lld", (long long)gone)),
	    str_z(cx->arena, str_fmt(cx->arena, "%lld", (long long)most)));
}

void
guard_note(struct scene *sc)
{
	struct subject *sub = sc->sub;
	struct removals *r;
	struct removal_hour *hour;
	bool has_left;

	if (sc->moves == 0)
		return;
	r = removals_at(sc->ob, sc->it->tenant, sc->s->in->source);
	has_left = sub->row.source == r->source && !is_present(&sub->row);
	r->is_dirty = true;
	if (went_lately(sc)) {
		hour = hour_at(sc->ob, r, sub->removed.hour);
		/* An hour that another server took for over counts nobody any more. */
		hour->persons -= hour->persons > 0;
		hour->has_left -= hour->has_left > 0 && sub->removed.has_left;
		has_left |= sub->removed.has_left;
	} else {
		sub->removed = (struct removed_row) { sc->it->tenant,
			sub->row.id, r->source,
			sc->it->cx->now_ms / HOUR_MS, false };
		hour = hour_at(sc->ob, r, sub->removed.hour);
	}
	if (sc->moves > 0) {
		sub->removed = (struct removed_row) { 0 };
		return;
	}
	sub->removed.has_left = has_left;
	hour->persons++;
	hour->has_left += has_left;
}

static struct removal_hour *
hour_at(struct order_batch *ob, struct removals *r, int64_t hour)
{
	struct removal_hour none = { r->tenant, r->source, hour, 0, 0 };

	for (size_t i = 0; i < r->hour.n; i++)
		if (r->hour.v[i].hour == hour)
			return &r->hour.v[i];
	list_add(ob->arena, &r->hour, none);
	return &r->hour.v[r->hour.n - 1];
}

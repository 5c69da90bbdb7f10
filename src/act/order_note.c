/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_note.c - orders about persons: what follows from a decision, noted for
 * the save: the record and its index keys, the reference, the onboarding, the
 * answer to repeat, the day to come back, and the log entry.
 */
#include "act/login.h"
#include "act/order_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#define LATER_MS INT64_C(3600000)

static enum action action_of(const struct scene *);
static void note_activation(struct scene *);

/* The sealed record and the index keys that go with it. */
void
note_record(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct person *row = &sc->sub->row;
	size_t n = s->nunique + s->nsearch;
	struct index_key *key;
	struct index_change change = { .person = row->id };

	if (!s->seals)
		return;
	for (size_t i = s->unique_at; i < s->unique_at + s->nunique; i++)
		keyset_put(sc->ob->seen, SEEN(sc->it, SEEN_UNIQUE),
		    order_key(s, i)->bytes, s);
	key = arena_array(sc->ob->arena, n + 1, sizeof(*key));
	for (size_t i = 0; i < n; i++) {
		const struct index_value *v = &s->value.v[s->unique_at + i];

		key[i].kind = v->kind == INDEX_SEARCH ? 0 : (uint8_t)v->kind;
		memcpy(key[i].bytes, order_key(s, s->unique_at + i)->bytes,
		    key[i].kind == 0 ? 6 : 32);
	}
	change.put = key;
	change.nput = n;
	change.ndrop = index_unpack(sc->ob->arena, row->keys, &change.drop);
	list_add(sc->ob->arena, &sc->ob->index, change);
	row->keys = index_pack(sc->ob->arena, key, n);
	row->record_version = s->seal.version;
	row->key_version = s->sealed->key_version;
	row->sealed = s->sealed->record;
}

/* A later day may change the lifecycle: the clock comes back then. */
void
note_due(struct scene *sc)
{
	struct subject *sub = sc->sub;
	const struct site *site =
	    catalogue_site(sc->s->realm->catalogue, sub->row.site);
	struct str zone = site != NULL ? site->zone : STR("UTC");
	int64_t now_ms = sc->it->cx->now_ms;
	int32_t next = lifecycle_next(sub->contract, sub->ncontract,
	    sc->today);
	struct due_row due = { .tenant = sc->it->tenant,
		.kind = DUE_LIFECYCLE, .subject = sub->row.id };

	if (next == INT32_MAX || !zone_midnight(zone, next, &due.due_ms))
		return;
	/* Decided by the day of another zone, where it is not yet so late. */
	if (due.due_ms <= now_ms)
		due.due_ms = now_ms + LATER_MS;
	due.id = sub->row.id;	/* the same day is noted once */
	list_add(sc->ob->arena, &sc->ob->due, due);
}

/* What the next import compares with: the complement says that a manager was not there yet. */
static struct str
row_kept(const struct scene *sc)
{
	struct key256 *row = arena_copy(sc->ob->arena, &sc->s->in->row_hash,
	    sizeof(*row));

	for (size_t i = 0; sc->s->lacks_manager && i < sizeof(*row); i++)
		row->bytes[i] = (uint8_t)~row->bytes[i];
	return (struct str) { (const char *)row->bytes, sizeof(*row) };
}

void
note_ref(struct scene *sc, int64_t state)
{
	struct order_state *s = sc->s;
	struct source_ref ref;

	if (s->ref_at == SIZE_MAX && s->in->kind != ORDER_LEAVE)
		return;
	ref = (struct source_ref) {
		.tenant = sc->it->tenant,
		.source = s->in->source,
		.key = { (const char *)(s->ref_at == SIZE_MAX
		    ? &s->in->ref_key : order_key(s, s->ref_at))->bytes, 32 },
		.person = s->person,
		.state = state,
		.onboarding = s->ref != NULL && !order_returns(s->in)
		    ? s->ref->onboarding
		    : sc->onboarding,
	};
	if (s->in->kind == ORDER_IMPORT || s->in->kind == ORDER_MANAGER)
		ref.row = row_kept(sc);
	list_add(sc->ob->arena, &sc->ob->ref, ref);
	keyset_put(sc->ob->seen, SEEN(sc->it, SEEN_REF), ref.key.p, s);
}

void
note_onboarding(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct ctx *cx = sc->it->cx;
	int64_t now_ms = sc->pools->gate.now_ms;
	int64_t hold_ms = s->realm->catalogue->setting[SETTING_HOLD_MINUTES]
	    * INT64_C(60000);
	struct onboarding_row *row;

	if (s->in->kind != ORDER_ONBOARD)
		return;
	row = arena_alloc(sc->ob->arena, sizeof(*row));
	*row = (struct onboarding_row) {
		.tenant = sc->it->tenant,
		.id = sc->onboarding,
		.person = s->person,
		.source = s->in->source,
		.client = cx->actor->id,
		.state = s->in->manual_check ? ONBOARDING_OPEN
		    : ONBOARDING_DONE,
		.priority = s->in->priority,
		.received_ms = cx->now_ms,
		.sealed_ms = s->sealed_ms,
		.decided_ms = now_ms,
		.done_ms = s->in->manual_check ? 0 : now_ms,
		.expires_ms = s->in->manual_check ? now_ms + hold_ms : 0,
	};
	s->onboarding = row;
	s->out->onboarding = row->id;
	s->out->state = (enum onboarding_state)row->state;
	if (!s->in->manual_check)
		return;
	sc->sub->open = (struct open_row) { row->tenant, row->person, row->id,
		row->expires_ms };
	list_add(sc->ob->arena, &sc->ob->open, sc->sub->open);
	s->check = arena_alloc(sc->ob->arena, sizeof(*s->check));
	*s->check = (struct check_row) { row->tenant, row->id, CHECK_MANUAL,
		CHECK_OPEN, cx->now_ms, 0, 0 };
	s->ncheck = 1;
	list_add(sc->ob->arena, &sc->ob->check, *s->check);
	list_add(sc->ob->arena, &sc->ob->due, ((struct due_row) {
	    row->tenant, row->expires_ms, id_new(), DUE_ONBOARDING,
	    row->person, row->id }));
}

void
note_idempotency(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct idempotency_row row;

	if (s->key_at == SIZE_MAX || s->onboarding == NULL)
		return;
	row = (struct idempotency_row) {
		.tenant = sc->it->tenant,
		.slot = sc->it->cx->now_ms / INT64_C(3600000),
		.client = sc->it->cx->actor->id,
		.key = { (const char *)order_key(s, s->key_at)->bytes, 32 },
		.body = { (const char *)order_key(s, s->body_at)->bytes, 32 },
		.onboarding = s->onboarding->id,
		.status = s->out->was_repeated ? 200 : 201,
	};
	list_add(sc->ob->arena, &sc->ob->idempotency, row);
	keyset_put(sc->ob->seen, SEEN(sc->it, SEEN_KEY), row.key.p, s);
}

/* --- what is told, and the log entry ------------------------------------------------- */

static int64_t
place_of(const struct scene *sc, int64_t product)
{
	for (size_t i = 0; i < sc->sub->nholding; i++)
		if (sc->sub->holding[i].product == product)
			return pools_position(sc->pools,
			    &sc->sub->holding[i].wait);
	bug("who was queued does not wait");
}

void
order_finish(struct scene *sc)
{
	struct order_state *s = sc->s;
	struct order_out *out = s->out;
	struct person *row = &sc->sub->row;
	struct entry e;

	note_roles(sc);
	for (size_t i = 0; i < sc->noutcome; i++)
		if (sc->outcome[i].outcome == OUTCOME_QUEUED)
			sc->outcome[i].position =
			    place_of(sc, sc->outcome[i].product);
	if (s->in->kind == ORDER_ONBOARD) {
		struct onboarding_row *told =
		    (struct onboarding_row *)s->onboarding;

		told->outcome = outcome_pack(sc->ob->arena, sc->outcome,
		    sc->noutcome);
		list_add(sc->ob->arena, &sc->ob->onboarding, *told);
		list_add(sc->ob->arena, &sc->ob->told, s);
	}
	out->person = row->id;
	out->is_new = sc->is_new;
	out->is_changed = sc->is_changed;
	out->lifecycle = row->lifecycle;
	out->lifecycle_before = sc->is_new ? 0 : sc->before.lifecycle;
	out->nseat = sc->noutcome;
	out->seat = outcome_tell(sc->it->cx->arena, s->realm->catalogue,
	    sc->outcome, sc->noutcome);
	out->version = row->version;
	if (!sc->is_changed)
		return;
	if (!sc->is_new && person_may_login(&sc->before)
	    && !person_may_login(row))
		list_add(sc->ob->arena, &sc->ob->session_end,
		    ((struct session_row) { .tenant = sc->it->tenant,
		    .person = row->id }));
	row->changed_ms = sc->it->cx->now_ms;
	sc->sub->is_dirty = true;
	out->version = row->version + 1;
	e = entry_by(sc->it->cx, action_of(sc), SUBJECT_PERSON, row->id);
	e.change = sc->changes.change;
	e.nchange = sc->changes.n;
	if (s->sealed != NULL) {
		e.key_version = s->sealed->key_version;
		e.sealed = s->sealed->audit;
	}
	if (s->seals) {
		if (!s->is_new)
			e.before = (struct str) {
				(char *)s->digest_before.bytes, 32 };
		e.after = (struct str) { (char *)s->digest_after.bytes, 32 };
	}
	if (s->role_inputs != NULL)
		e.sealed = s->role_inputs->text;
	logbook_insert(&sc->ob->log, sc->log_at, sc->it->tenant, &e,
	    &out->log_seq);
	note_groups(sc);
	note_activation(sc);
}

/* At the end of an onboarding, if it was asked for: what the person begins with (C6). */
static void
note_activation(struct scene *sc)
{
	struct order_state *s = sc->s;
	const int64_t *setting = s->realm->catalogue->setting;
	struct activation a;
	struct role role;
	struct entry e;

	if (s->in->kind != ORDER_ONBOARD && s->in->kind != ORDER_CHECK)
		return;
	if (s->onboarding->state != ONBOARDING_DONE
	    || (!s->in->activation && setting[SETTING_ONBOARDING_ACTIVATION]
	    == 0))
		return;
	/* Who signs in already is begun anew by the right to change that, not by the answer to a check. */
	if (sc->sub->has_begun)
		return;
	/* Given a role before the last check: by who holds as much. */
	if (order_is_beyond(sc, &role))
		return;
	activation_make(sc->it->cx->arena, s->realm, sc->sub->row.id,
	    sc->it->cx->now_ms, &a);
	s->out->activation = a.token;
	s->out->activation_ms = a.expires_ms;
	list_add(sc->ob->arena, &sc->ob->activation,
	    activation_row(sc->it->tenant,
	    arena_copy(sc->ob->arena, &a, sizeof(a)), sc->it->cx));
	e = entry_by(sc->it->cx, ACTION_ACTIVATION_MADE, SUBJECT_PERSON,
	    sc->sub->row.id);
	logbook_add(&sc->ob->log, sc->it->tenant, &e, NULL);
}

static enum action
action_of(const struct scene *sc)
{
	enum lifecycle now = sc->sub->row.lifecycle;

	if (sc->is_new || sc->before.lifecycle == now)
		return sc->action;
	if (now == LIFE_LEFT)
		return ACTION_PERSON_LEFT;
	return now == LIFE_ACTIVE ? ACTION_PERSON_ACTIVATED : sc->action;
}

void
order_count_waits(struct scene *sc, const struct holding *h, size_t n, int by)
{
	for (size_t i = 0; i < n; i++)
		if (h[i].wait.since != 0)
			pools_waiting(sc->pools, &h[i].wait, by);
}

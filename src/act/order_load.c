/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_load.c - orders about persons, in the transaction: everything that the
 * decisions of a batch need, set-wise.
 */
#include "act/order_int.h"

#include <string.h>

#include "base/canon.h"
#include "base/clock.h"

#define SLOT_MS		INT64_C(3600000)
#define SLOTS		24
#define WAITERS_SPARE	64

/* An order that wants the value at this place for its person. */
struct taking {
	struct order_state *s;
	size_t		    at;
};

/* Keys to look for: one for each hour that has answers, for each item that has a key. */
struct repeats {
	LIST(struct idempotency_row) key;
	LIST(struct order_state *) asker;	/* of key[i] */
	struct rows rows;
};

/* Hours of one tenant in which it stored answers. */
struct slots {
	uint32_t    tenant;
	struct rows rows;
};

/* What is asked for together, before the first answer is looked at. */
struct asked {
	LIST(struct slots *) slots;
	struct repeats repeats;
	const struct source_ref ***ref_to;	/* of refs.key[i]: where it goes */
	struct rows    refs;
	LIST(struct interned *) word;
	LIST(struct dictionary_row) word_key;
	struct rows    words;
	LIST(struct taking) taking;
	int64_t	      *owner;	/* of taking[i]'s value */
};

static size_t values_of(const struct batch *);
static void begin(struct batch *, struct tx *);
static enum err load_realms(struct batch *);
static enum err ask_slots(struct batch *, struct tx *, struct asked *);
static enum err ask_refs(struct batch *, struct tx *, struct asked *);
static enum err ask_words(struct batch *, struct tx *, struct asked *);
static enum err ask_repeats(struct batch *, struct tx *, struct asked *);
static const struct slots *slots_of(const struct asked *, uint32_t);
static enum err find_unique(struct batch *, struct tx *, struct asked *);
static void take_repeats(struct asked *);
static void take_refs(struct asked *);
static enum err load_known_onboardings(struct batch *, struct tx *);
static void take_unique(struct asked *);
static enum err find_returning(struct batch *, struct tx *,
    const struct asked *);
static void take_words(struct order_batch *, struct asked *);
static enum err load_subjects(struct batch *, struct tx *);
static enum err load_open(struct order_batch *, struct tx *);
static enum err load_contracts(struct order_batch *, struct tx *);
static enum err load_grants(struct order_batch *, struct tx *);
static enum err load_seats(struct order_batch *, struct tx *);
static enum err check_refs(struct batch *, struct tx *);
static enum err load_pools(struct batch *, struct tx *, uint32_t tenant);
static bool is_last_of_tenant(const struct batch *, size_t);
static struct filter_names batch_names(struct order_batch *,
    const struct realm *);
static int64_t find_now(const void *, enum attribute, struct str);
static struct str text_now(const void *, enum attribute, int64_t);

static struct order_batch *
state(const struct batch *b)
{
	return b->state;
}

enum err
order_load(struct batch *b, struct tx *tx)
{
	struct asked *ask =
	    arena_alloc(tx_ctx(tx)->arena, sizeof(*ask));

	begin(b, tx);
	TRY(load_realms(b));
	TRY(ask_slots(b, tx, ask));
	TRY(ask_refs(b, tx, ask));
	TRY(ask_words(b, tx, ask));
	TRY(store_settle(tx));
	TRY(ask_repeats(b, tx, ask));
	TRY(find_unique(b, tx, ask));
	TRY(store_settle(tx));
	take_repeats(ask);
	take_refs(ask);
	TRY(load_known_onboardings(b, tx));
	take_unique(ask);
	TRY(find_returning(b, tx, ask));
	take_words(state(b), ask);
	TRY(managers_find(b, tx));
	TRY(checks_load(b, tx));
	TRY(load_subjects(b, tx));
	TRY(present_load(b, tx));
	TRY(guard_load(b, tx));
	TRY(blocks_load(state(b), tx));
	TRY(subjects_load(state(b), tx));
	TRY(managers_load(b, tx));
	TRY(roles_load(b, tx));
	TRY(begun_load(b, tx));
	TRY(check_refs(b, tx));
	for (size_t i = 0; i < b->n; i++)
		if (is_last_of_tenant(b, i))
			TRY(load_pools(b, tx, b->item[i]->tenant));
	return OK;
}

static void
begin(struct batch *b, struct tx *tx)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct order_batch *ob = arena_alloc(arena, sizeof(*ob));

	ob->arena = ob->log.arena = arena;
	ob->seen = keyset_open(arena, values_of(b));
	b->state = ob;
}

/* A person may have hundreds of unique keys: no more than were indexed, and a known ref. */
static size_t
values_of(const struct batch *b)
{
	size_t n = b->n;

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			n += order_state(b->item[i])->value.n;
	return n;
}

/* The catalogue may have changed since the sealer looked: decide by the newest. */
static enum err
load_realms(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];

		if (it->err == OK)
			TRY(world_realm(b->world, it->cx, it->tenant,
			    &order_state(it)->realm));
	}
	return OK;
}

/* --- what was answered before -------------------------------------------------- */

/* Of the last day, and of tomorrow if a clock was put back. */
static enum err
ask_slots(struct batch *b, struct tx *tx, struct asked *ask)
{
	struct arena *arena = state(b)->arena;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		struct slots *slots;

		if (it->err != OK || order_state(it)->key_at == SIZE_MAX
		    || slots_of(ask, it->tenant) != NULL)
			continue;
		slots = arena_alloc(arena, sizeof(*slots));
		slots->tenant = it->tenant;
		TRY(idempotency_slots(tx, it->tenant,
		    b->cx->now_ms / SLOT_MS - SLOTS, SLOTS + 2,
		    &slots->rows));
		list_add(arena, &ask->slots, slots);
	}
	return OK;
}

static const struct slots *
slots_of(const struct asked *ask, uint32_t tenant)
{
	for (size_t i = 0; i < ask->slots.n; i++)
		if (ask->slots.v[i]->tenant == tenant)
			return ask->slots.v[i];
	return NULL;
}

static enum err
ask_repeats(struct batch *b, struct tx *tx, struct asked *ask)
{
	struct order_batch *ob = state(b);
	struct repeats *r = &ask->repeats;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		struct order_state *s = order_state(it);
		struct idempotency_row key = { .tenant = it->tenant };
		const struct slots *slots;

		if (it->err != OK || s->key_at == SIZE_MAX)
			continue;
		slots = slots_of(ask, it->tenant);
		key.client = it->cx->actor->id;
		key.key = (struct str) {
			(const char *)order_key(s, s->key_at)->bytes, 32 };
		for (size_t j = 0; j < slots->rows.n; j++) {
			key.slot = ((const int64_t *)slots->rows.row)[j];
			list_add(ob->arena, &r->key, key);
			list_add(ob->arena, &r->asker, s);
		}
	}
	return store_load_later(tx, &IDEMPOTENCY, r->key.v, r->key.n, 4, 0,
	    &r->rows);
}

static void
take_repeats(struct asked *ask)
{
	const struct rows *rows = &ask->repeats.rows;

	for (size_t i = 0; i < rows->n; i++)
		ask->repeats.asker.v[rows->key[i]]->repeated =
		    &((struct idempotency_row *)rows->row)[i];
}

static enum err
ask_refs(struct batch *b, struct tx *tx, struct asked *ask)
{
	const size_t most = 2 * b->n;
	struct source_ref *key =
	    arena_array(state(b)->arena, most, sizeof(*key));
	size_t n = 0;

	ask->ref_to = arena_array(state(b)->arena, most,
	    sizeof(*ask->ref_to));
	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		if (it->err == OK && s->ref_at != SIZE_MAX) {
			ask->ref_to[n] = &s->ref;
			key[n++] = order_ref(it, s->ref_at);
		}
		if (it->err == OK && s->old_ref_at != SIZE_MAX) {
			ask->ref_to[n] = &s->old_ref;
			key[n++] = order_ref(it, s->old_ref_at);
		}
	}
	return store_load_later(tx, &SOURCE_REF, key, n, 3, 0, &ask->refs);
}

static void
take_refs(struct asked *ask)
{
	for (size_t i = 0; i < ask->refs.n; i++)
		*ask->ref_to[ask->refs.key[i]] =
		    &((struct source_ref *)ask->refs.row)[i];
}

/* The onboardings that a repeated key or ref, a check or an expiry is about. */
static enum err
load_known_onboardings(struct batch *b, struct tx *tx)
{
	struct onboarding_row *key =
	    arena_array(state(b)->arena, b->n, sizeof(*key));
	struct order_state **asker = arena_array(state(b)->arena, b->n,
	    sizeof(struct order_state *));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct order_state *s = order_state(b->item[i]);
		int64_t id;

		if (b->item[i]->err != OK)
			continue;
		id = s->in->onboarding != 0 ? s->in->onboarding
		    : s->repeated != NULL ? s->repeated->onboarding
		    : s->ref != NULL ? s->ref->onboarding : 0;
		if (id == 0)
			continue;
		asker[n] = s;
		key[n].tenant = b->item[i]->tenant;
		key[n++].id = id;
	}
	TRY(store_load(tx, &ONBOARDING, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		struct order_state *s = asker[rows.key[i]];

		s->onboarding = &((struct onboarding_row *)rows.row)[i];
		if (s->in->onboarding != 0)
			s->person = s->onboarding->person;
	}
	return OK;
}

/* --- unique values, words -------------------------------------- */

static enum err
find_unique(struct batch *b, struct tx *tx, struct asked *asked)
{
	struct order_batch *ob = state(b);
	LIST(struct index_ask) ask = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		for (size_t j = 0; it->err == OK && j < s->nunique; j++) {
			struct taking t = { s, s->unique_at + j };
			struct index_key *key =
			    arena_alloc(ob->arena, sizeof(*key));

			key->kind = (uint8_t)s->value.v[t.at].kind;
			memcpy(key->bytes, order_key(s, t.at)->bytes, 32);
			list_add(ob->arena, &ask,
			    ((struct index_ask) { it->tenant, key }));
			list_add(ob->arena, &asked->taking, t);
		}
	}
	asked->owner =
	    arena_array(ob->arena, ask.n + 1, sizeof(*asked->owner));
	return index_find_all(tx, ask.v, ask.n, asked->owner);
}

static void
take_unique(struct asked *ask)
{
	for (size_t i = 0; i < ask->taking.n; i++) {
		const struct taking *t = &ask->taking.v[i];

		if (ask->owner[i] != 0 && ask->owner[i] != t->s->person)
			t->s->taken_at = t->at;
	}
}

static enum err
find_returning(struct batch *b, struct tx *tx, const struct asked *ask)
{
	int64_t *taken_by = arena_array(state(b)->arena, b->n,
	    sizeof(*taken_by));

	for (size_t i = 0, at = 0; i < b->n; i++)
		for (; at < ask->taking.n
		    && ask->taking.v[at].s == order_state(b->item[i]); at++)
			if (ask->taking.v[at].s->value.v[ask->taking.v[at].at]
			    .kind == INDEX_USER_NAME)
				taken_by[i] = ask->owner[at];
	return returns_find(b, tx, taken_by);
}

static enum err
ask_words(struct batch *b, struct tx *tx, struct asked *ask)
{
	struct order_batch *ob = state(b);

	for (size_t i = 0; i < b->n; i++) {
		struct order_state *s = order_state(b->item[i]);

		for (size_t j = 0; b->item[i]->err == OK && j < s->intern.n;
		    j++) {
			struct interned *w = &s->intern.v[j];
			struct dictionary_row row = {
				.tenant = b->item[i]->tenant,
				.key = { (const char *)w->key->key->bytes,
				    32 },
				.id = w->id,
				.sealed = w->sealed->text,
			};

			list_add(ob->arena, &ask->word, w);
			list_add(ob->arena, &ask->word_key, row);
		}
	}
	return store_load_later(tx, &DICTIONARY, ask->word_key.v,
	    ask->word_key.n, 2, 0, &ask->words);
}

/*
 * Gives every word on its way its integer: the stored one if another batch was
 * quicker, else the proposed one, which then is saved with this batch.
 */
static void
take_words(struct order_batch *ob, struct asked *ask)
{
	struct keyset *words = keyset_open(ob->arena, ask->word_key.n);

	for (size_t i = 0; i < ask->words.n; i++) {
		struct dictionary_row *row =
		    &((struct dictionary_row *)ask->words.row)[i];

		keyset_put(words, (unsigned)row->tenant, row->key.p, row);
	}
	for (size_t i = 0; i < ask->word_key.n; i++) {
		struct dictionary_row *key = &ask->word_key.v[i];
		struct dictionary_row *row = keyset_find(words,
		    (unsigned)key->tenant, key->key.p);

		if (row == NULL) {
			row = key;
			keyset_put(words, (unsigned)row->tenant, row->key.p,
			    row);
			list_add(ob->arena, &ob->dictionary, *row);
			list_add(ob->arena, &ob->word,
			    ask->word.v[i]->value);
		}
		*ask->word.v[i]->slot = row->id;
	}
}

/* --- persons that exist -------------------------------------------------------- */

static enum err
load_subjects(struct batch *b, struct tx *tx)
{
	struct order_batch *ob = state(b);
	struct person *key = arena_array(ob->arena, b->n, sizeof(*key));
	struct rows rows;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct order_state *s = order_state(it);

		if (it->err != OK || s->is_new)
			continue;
		key[n].tenant = it->tenant;
		key[n++].id = s->person;
	}
	TRY(store_load(tx, &PERSON, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct person *p = &((struct person *)rows.row)[i];
		struct subject *subject;

		if (order_subject(ob, (uint32_t)p->tenant, p->id) != NULL)
			continue;
		subject = arena_alloc(ob->arena, sizeof(*subject));
		subject->row = *p;
		subject->is_stored = true;
		subject->was_present = is_present(p);
		list_add(ob->arena, &ob->subject, subject);
	}
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		struct order_state *s = order_state(it);

		if (it->err != OK || s->is_new)
			continue;
		s->subject = order_subject(ob, it->tenant, s->person);
		if (s->subject == NULL
		    || s->subject->row.lifecycle == LIFE_DELETED)
			it->err = fail(it->cx, ERR_NOT_FOUND,
			    MSG_ORDER_NO_PERSON, "person");
		else
			s->subject->realm = s->realm;
	}
	return OK;
}

struct subject *
order_subject(struct order_batch *ob, uint32_t tenant, int64_t person)
{
	for (size_t i = 0; i < ob->subject.n; i++)
		if (ob->subject.v[i]->row.id == person
		    && ob->subject.v[i]->row.tenant == tenant)
			return ob->subject.v[i];
	return NULL;
}

enum err
subjects_load(struct order_batch *ob, struct tx *tx)
{
	struct rows *groups = arena_alloc(ob->arena, sizeof(*groups));

	TRY(groups_ask(ob, tx, groups));
	TRY(load_open(ob, tx));
	TRY(groups_take(ob, tx, groups));
	TRY(load_contracts(ob, tx));
	TRY(load_grants(ob, tx));
	return load_seats(ob, tx);
}

/* Whose checks are open: what is given meanwhile is held under the same onboarding. */
static enum err
load_open(struct order_batch *ob, struct tx *tx)
{
	size_t n = ob->subject.n;
	struct open_row *key = arena_array(ob->arena, n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &OPEN_CHECKS, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++)
		ob->subject.v[rows.key[i]]->open =
		    ((struct open_row *)rows.row)[i];
	return OK;
}

static enum err
load_contracts(struct order_batch *ob, struct tx *tx)
{
	size_t n = ob->subject.n;
	struct contract *key = arena_array(ob->arena, n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &CONTRACT, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		struct subject *subject = ob->subject.v[rows.key[i]];

		if (subject->ncontract++ == 0)
			subject->contract =
			    &((struct contract *)rows.row)[i];
	}
	return OK;
}

/* How many from AT on answer the same key. */
static size_t
rows_of_key(const struct rows *rows, size_t at)
{
	size_t n = 1;

	while (at + n < rows->n && rows->key[at + n] == rows->key[at])
		n++;
	return n;
}

/* Every product that a person was granted: a seat or a wait stands on a grant. */
static enum err
load_grants(struct order_batch *ob, struct tx *tx)
{
	size_t n = ob->subject.n;
	struct grant *key = arena_array(ob->arena, n + 1, sizeof(*key));
	struct rows rows;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = ob->subject.v[i]->row.tenant;
		key[i].person = ob->subject.v[i]->row.id;
	}
	TRY(store_load(tx, &GRANT, key, n, 2, 0, &rows));
	for (size_t i = 0; i < rows.n; i++) {
		const struct grant *g = &((struct grant *)rows.row)[i];
		struct subject *s = ob->subject.v[rows.key[i]];
		struct holding *h;

		if (s->holding == NULL)
			s->holding = arena_array(ob->arena,
			    rows_of_key(&rows, i), sizeof(*s->holding));
		h = s->nholding > 0 ? &s->holding[s->nholding - 1] : NULL;
		if (h == NULL || h->product != g->product) {
			h = &s->holding[s->nholding++];
			h->product = g->product;
		}
		h->grants |= 1U << g->reason;
		h->grant[g->reason] = *g;
	}
	return OK;
}

static enum err
load_seats(struct order_batch *ob, struct tx *tx)
{
	LIST(struct seat) seat = { 0 };
	LIST(struct wait) wait = { 0 };
	LIST(struct holding *) at = { 0 };
	struct rows seats, waits;

	for (size_t i = 0; i < ob->subject.n; i++) {
		struct subject *s = ob->subject.v[i];

		for (size_t j = 0; j < s->nholding; j++) {
			struct seat sk = { .tenant = s->row.tenant,
				.product = s->holding[j].product,
				.person = s->row.id };
			struct wait wk = { .tenant = s->row.tenant,
				.product = s->holding[j].product,
				.person = s->row.id };

			list_add(ob->arena, &at, &s->holding[j]);
			list_add(ob->arena, &seat, sk);
			list_add(ob->arena, &wait, wk);
		}
	}
	TRY(store_load(tx, &SEAT, seat.v, seat.n, 3, 0, &seats));
	TRY(store_load(tx, &WAIT, wait.v, wait.n, 3, 0, &waits));
	for (size_t i = 0; i < seats.n; i++)
		at.v[seats.key[i]]->seat = ((struct seat *)seats.row)[i];
	for (size_t i = 0; i < waits.n; i++)
		at.v[waits.key[i]]->wait = ((struct wait *)waits.row)[i];
	return OK;
}

/*
 * That its ref is taken is all that is told of a person out of the actor's
 * scope; who is named by id is looked at when it is decided.
 */
static enum err
check_refs(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct order_state *s = order_state(it);
		struct person_query q = { .tenant = it->tenant };
		bool in;

		if (it->err != OK || it->cx->actor->scope == NULL
		    || s->subject != NULL || s->ref == NULL)
			continue;
		q.scope = it->cx->actor->scope;
		q.names = &s->realm->names;
		q.today = order_today(s->realm, 0, b->cx->now_ms);
		TRY(person_in_scope(tx, &q, &s->ref->person, 1, &in));
		if (!in)
			it->err = fail(it->cx, ERR_CONFLICT, MSG_ORDER_EXISTS,
			    "externalId");
	}
	return OK;
}

/* --- pools ----------------------------------------------------------------------- */

static void
need_product(struct arena *arena, struct pools_need *need, size_t *cap,
    int64_t product)
{
	for (size_t i = 0; i < need->nproduct; i++)
		if (need->product[i] == product)
			return;
	if (need->nproduct == *cap)
		list_grow(arena, (void **)&need->product, cap,
		    sizeof(int64_t), need->nproduct);
	((int64_t *)need->product)[need->nproduct++] = product;
}

static void
need_freeing(struct arena *arena, struct pools_need *need, size_t *cap,
    int64_t pool)
{
	need->waiters++;
	for (size_t i = 0; i < need->nfreeing; i++)
		if (need->freeing[i] == pool)
			return;
	if (need->nfreeing == *cap)
		list_grow(arena, (void **)&need->freeing, cap,
		    sizeof(int64_t), need->nfreeing);
	((int64_t *)need->freeing)[need->nfreeing++] = pool;
}

static enum err
load_pools(struct batch *b, struct tx *tx, uint32_t tenant)
{
	struct order_batch *ob = state(b);
	struct pools_need need = { .waiters = WAITERS_SPARE };
	size_t cap = 0, capfree = 0;
	const struct realm *realm = NULL;
	struct pools *pools;

	for (size_t i = 0; i < b->n; i++) {
		const struct order_state *s = order_state(b->item[i]);

		if (b->item[i]->tenant != tenant)
			continue;
		/* Also of who is refused: its new words are kept by it. */
		realm = s->realm;
		for (size_t j = 0; b->item[i]->err == OK
		    && j < s->in->nproduct; j++) {
			const struct product *p = catalogue_product_slug(
			    realm->catalogue, s->in->product[j]);

			if (p != NULL)
				need_product(ob->arena, &need, &cap, p->id);
		}
	}
	must(realm != NULL);
	for (size_t i = 0; i < realm->catalogue->nproduct; i++)
		if (realm->catalogue->product[i].grant != NULL)
			need_product(ob->arena, &need, &cap,
			    realm->catalogue->product[i].id);
	for (size_t i = 0; i < realm->catalogue->ngroup; i++)
		for (size_t j = 0; j < realm->catalogue->group[i].nproduct; j++)
			need_product(ob->arena, &need, &cap,
			    realm->catalogue->group[i].product[j]);
	for (size_t i = 0; i < ob->subject.n; i++) {
		const struct subject *s = ob->subject.v[i];

		for (size_t j = 0; s->row.tenant == tenant
		    && j < s->nholding; j++) {
			const struct holding *h = &s->holding[j];

			need_product(ob->arena, &need, &cap, h->product);
			need.waiters += h->wait.since != 0;
			if (h->seat.state != SEAT_NONE)
				need_freeing(ob->arena, &need, &capfree,
				    h->seat.pool);
		}
	}
	pools = arena_alloc(ob->arena, sizeof(*pools));
	TRY(pools_load(tx, realm, &need, pools));
	pools->gate.names = batch_names(ob, realm);
	list_add(ob->arena, &ob->pools, pools);
	return OK;
}

/* --- names of a batch: the dictionary, and the words that are new in it ------------- */

struct names_now {
	const struct realm	 *realm;
	const struct order_batch *ob;
};

static struct filter_names
batch_names(struct order_batch *ob, const struct realm *realm)
{
	struct names_now *now = arena_alloc(ob->arena, sizeof(*now));

	*now = (struct names_now) { realm, ob };
	if (ob->dictionary.n == 0)
		return realm->names;
	return (struct filter_names) { find_now, text_now, now };
}

static int64_t
find_now(const void *arg, enum attribute attribute, struct str value)
{
	const struct names_now *now = arg;
	int64_t id = now->realm->names.find(now->realm->names.arg, attribute,
	    value);
	struct str key, word;

	if (id != 0 || attr_info(attribute)->type != ATTR_STRING
	    || !canon_key(now->ob->arena, value, &key))
		return id;
	for (size_t i = 0; i < now->ob->word.n; i++)
		if (now->ob->dictionary.v[i].tenant == now->realm->tenant
		    && canon_key(now->ob->arena, now->ob->word.v[i], &word)
		    && str_eq(key, word))
			return now->ob->dictionary.v[i].id;
	return 0;
}

static struct str
text_now(const void *arg, enum attribute attribute, int64_t id)
{
	const struct names_now *now = arg;

	for (size_t i = 0; i < now->ob->word.n; i++)
		if (now->ob->dictionary.v[i].id == id)
			return now->ob->word.v[i];
	return now->realm->names.text(now->realm->names.arg, attribute, id);
}

struct pools *
order_pools(struct order_batch *ob, uint32_t tenant)
{
	for (size_t i = 0; i < ob->pools.n; i++)
		if (ob->pools.v[i]->realm->tenant == tenant)
			return ob->pools.v[i];
	bug("pools of a tenant were not loaded");
}

/* So that each tenant is met once. */
static bool
is_last_of_tenant(const struct batch *b, size_t i)
{
	for (size_t j = i + 1; j < b->n; j++)
		if (b->item[j]->tenant == b->item[i]->tenant)
			return false;
	return true;
}

int32_t
order_today(const struct realm *realm, int64_t site, int64_t now_ms)
{
	const struct site *at = catalogue_site(realm->catalogue, site);
	int32_t day;

	if (at != NULL && zone_day(at->zone, now_ms, &day))
		return day;
	must(zone_day(STR("UTC"), now_ms, &day));
	return day;
}

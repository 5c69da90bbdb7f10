/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sched.h"

#include "base/clock.h"
#include "base/queue.h"

#include "core/actor.h"

#define RING_FIRST 16
#define CLASSES	   (ITEM_BULK + 1)
#define MS_NS	   INT64_C(1000000)
#define SECOND_NS  (1000 * MS_NS)

/* Items in order; grows up to a limit that its user keeps. */
struct ring {
	struct item **item;
	size_t	      head, n, cap;
};

struct sched {
	struct lock *lock;		/* guards what follows; woken when any of it changes */
	struct fair *fair[CLASSES];
	struct ring  again, alone;
	size_t	     retry_max;
	bool	     spans;
	size_t	     unanswered;	/* put, and neither refused nor answered */
	unsigned     slot, lead;	/* items taken; batches of one tenant begun */
	uint32_t     tenant;		/* whose item was put last */
	int64_t	     mixed_ns;		/* when that was another's than the one before; 0: never */
	int64_t	     rest_ns;		/* until then nothing is taken */
	bool	     is_called, is_ended;
};

static struct fair_key key_of(const struct item *);
static void note_tenant(struct sched *, uint32_t);
static size_t share_of(const struct sched *, size_t);
static bool is_mixed(const struct sched *);
static int64_t rest_ms(const struct sched *);
static void take_locked(struct sched *, struct item **, size_t,
    struct taken *);
static void take_ring(const struct sched *, struct ring *, struct item **,
    size_t, struct taken *);
static struct item *next_item(struct sched *, size_t, const struct item *);
static struct item *take_fair(struct sched *, enum item_class, size_t,
    const struct item *);
static void ring_put(struct ring *, struct item *);
static struct item *ring_take(struct ring *);

struct sched *
sched_open(size_t retry_max, bool spans)
{
	struct sched *s = heap_alloc(1, sizeof(*s));

	s->lock = lock_open();
	for (size_t c = 0; c < CLASSES; c++)
		s->fair[c] = fair_open();
	s->retry_max = retry_max;
	s->spans = spans;
	return s;
}

void
sched_close(struct sched *s)
{
	must(s->unanswered == 0);
	for (size_t c = 0; c < CLASSES; c++)
		fair_close(s->fair[c]);
	heap_free(s->again.item);
	heap_free(s->alone.item);
	lock_close(s->lock);
	heap_free(s);
}

enum sched_put
sched_put(struct sched *s, struct item *item, const struct sched_way *way,
    struct fair_load *load)
{
	static const enum sched_put results[] = {
		[FAIR_DONE] = PUT_DONE,
		[FAIR_CLIENT_FULL] = PUT_CLIENT_FULL,
		[FAIR_TENANT_FULL] = PUT_TENANT_FULL,
	};
	const struct fair_key key = key_of(item);
	struct fair *fair = s->fair[way->class];
	enum sched_put result = PUT_ENDED;

	lock_take(s->lock);
	while (!s->is_ended) {
		result = results[fair_put(fair, &key, way->max, item)];
		if (result == PUT_DONE || !way->waits)
			break;
		lock_wait(s->lock, -1);
		result = PUT_ENDED;
	}
	if (result == PUT_DONE) {
		note_tenant(s, item->tenant);
		s->unanswered++;
		lock_wake(s->lock);
	} else {
		*load = fair_load(fair, &key);
	}
	lock_give(s->lock);
	return result;
}

static struct fair_key
key_of(const struct item *item)
{
	const struct actor *a = item->cx->actor;

	return (struct fair_key) { item->tenant, a != NULL ? (int)a->kind : 0,
		a != NULL ? a->id : 0 };
}

static void
note_tenant(struct sched *s, uint32_t tenant)
{
	if (s->tenant != tenant && s->tenant != 0)
		s->mixed_ns = clock_mono_ns();
	s->tenant = tenant;
}

/* Of a batch of MAX, one tenant's. */
static size_t
share_of(const struct sched *s, size_t max)
{
	size_t share = s->spans ? SHARE_MIXED : SHARE_ALONE;

	return is_mixed(s) && max > share ? share : max;
}

static bool
is_mixed(const struct sched *s)
{
	return s->mixed_ns != 0 && clock_mono_ns() - s->mixed_ns < SECOND_NS;
}

bool
sched_is_mixed(struct sched *s)
{
	bool is;

	lock_take(s->lock);
	is = is_mixed(s);
	lock_give(s->lock);
	return is;
}

void
sched_end(struct sched *s)
{
	lock_take(s->lock);
	s->is_ended = true;
	lock_wake(s->lock);
	lock_give(s->lock);
}

struct taken
sched_take(struct sched *s, struct item **items, size_t max, int64_t wait_ms)
{
	struct taken taken = { 0 };
	bool in_time = true;

	lock_take(s->lock);
	for (;;) {
		int64_t rests_ms = rest_ms(s);

		if (rests_ms == 0)
			take_locked(s, items, max, &taken);
		taken.is_end = s->is_ended && s->unanswered == 0;
		if (taken.n > 0 || taken.is_end || !in_time || s->is_called)
			break;
		if (rests_ms > 0)
			(void)lock_wait(s->lock, rests_ms);
		else
			in_time = lock_wait(s->lock, wait_ms);
	}
	s->is_called = false;
	if (taken.n > 0)
		lock_wake(s->lock); /* there is room */
	lock_give(s->lock);
	return taken;
}

static int64_t
rest_ms(const struct sched *s)
{
	int64_t left = s->rest_ns == 0 ? 0 : s->rest_ns - clock_mono_ns();

	return left > 0 ? left / MS_NS + 1 : 0;
}

void
sched_rest(struct sched *s, int64_t ms)
{
	lock_take(s->lock);
	s->rest_ns = clock_mono_ns() + ms * MS_NS;
	lock_give(s->lock);
}

void
sched_call(struct sched *s)
{
	lock_take(s->lock);
	s->is_called = true;
	lock_wake(s->lock);
	lock_give(s->lock);
}

static void
take_locked(
    struct sched *s, struct item **items, size_t max, struct taken *taken)
{
	size_t share = share_of(s, max);
	struct item *item;

	taken->is_alone = s->alone.n > 0;
	take_ring(
	    s, taken->is_alone ? &s->alone : &s->again, items, max, taken);
	if (taken->is_alone)
		return;
	for (size_t c = 0; c < CLASSES; c++)
		fair_round(s->fair[c]);
	while (taken->n < max &&
	    (item = next_item(s, share,
		 s->spans || taken->n == 0 ? NULL : items[0])) != NULL)
		items[taken->n++] = item;
}

/* What may share a batch, up to the first that may not. */
static void
take_ring(const struct sched *s, struct ring *r, struct item **items,
    size_t max, struct taken *taken)
{
	while (taken->n < max && r->n > 0) {
		const struct item *next = r->item[r->head];

		if (!s->spans && taken->n > 0 &&
		    next->tenant != items[0]->tenant)
			return;
		items[taken->n++] = ring_take(r);
	}
}

/* Of WITH's tenant only, if it is given.  NULL: nothing waits, or what waits has had its share of this batch. */
static struct item *
next_item(struct sched *s, size_t share, const struct item *with)
{
	bool has_bulk = fair_depth(s->fair[ITEM_BULK]) > 0;
	bool has_other = fair_depth(s->fair[ITEM_INTERACTIVE]) > 0;
	enum item_class class = ITEM_INTERACTIVE;
	struct item *item;
	unsigned turn;

	/* Among batches of one tenant, those that begin with bulk's have the same part. */
	turn = !s->spans && with == NULL ? ++s->lead : ++s->slot;
	if (has_bulk && (!has_other || turn % BULK_EVERY == 0))
		class = ITEM_BULK;
	item = take_fair(s, class, share, with);
	if (item == NULL)
		item = take_fair(s, CLASSES - 1 - class, share, with);
	return item;
}

static struct item *
take_fair(struct sched *s, enum item_class class, size_t share,
    const struct item *with)
{
	if (with != NULL)
		return fair_take_of(s->fair[class], with->tenant, share);
	return fair_take(s->fair[class], share);
}

void
sched_retry(struct sched *s, struct item *const *items, size_t n, bool is_alone)
{
	struct ring *ring = is_alone ? &s->alone : &s->again;

	lock_take(s->lock);
	for (size_t i = 0; i < n; i++)
		ring_put(ring, items[i]);
	must(ring->n <= s->retry_max);
	lock_wake(s->lock);
	lock_give(s->lock);
}

void
sched_answered(struct sched *s, size_t n)
{
	lock_take(s->lock);
	must(n <= s->unanswered);
	s->unanswered -= n;
	if (s->is_ended)
		lock_wake(s->lock);
	lock_give(s->lock);
}

struct fair_load
sched_load(struct sched *s, const struct fair_key *key)
{
	struct fair_load most = { 0, 0 };

	lock_take(s->lock);
	for (size_t c = 0; c < CLASSES; c++) {
		struct fair_load one = fair_load(s->fair[c], key);

		if (one.tenant > most.tenant)
			most.tenant = one.tenant;
		if (one.client > most.client)
			most.client = one.client;
	}
	lock_give(s->lock);
	return most;
}

size_t
sched_depth(struct sched *s, enum item_class class)
{
	size_t n;

	lock_take(s->lock);
	n = fair_depth(s->fair[class]);
	lock_give(s->lock);
	return n;
}

static void
ring_put(struct ring *r, struct item *item)
{
	if (r->n == r->cap) {
		size_t cap = r->cap == 0 ? RING_FIRST : r->cap * 2;
		struct item **wider = heap_alloc(cap, sizeof(struct item *));

		for (size_t i = 0; i < r->n; i++)
			wider[i] = r->item[(r->head + i) % r->cap];
		heap_free(r->item);
		*r = (struct ring) { wider, 0, r->n, cap };
	}
	r->item[(r->head + r->n++) % r->cap] = item;
}

static struct item *
ring_take(struct ring *r)
{
	struct item *item = r->item[r->head];

	r->head = (r->head + 1) % r->cap;
	r->n--;
	return item;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sched.h"

#include "base/queue.h"

#define TENANT_BUCKETS 1024
#define RING_FIRST     16
#define CLASSES	       (ITEM_BULK + 1)

/* Items in order; grows up to a limit that its user keeps. */
struct ring {
	struct item **item;
	size_t	      head, n, cap;
};

struct tenant {
	uint32_t       tenant;
	struct tenant *same_bucket;
	struct ring    ring[CLASSES];
	struct tenant *next_turn[CLASSES];	/* while its ring is not empty */
};

/* Tenants with items, in the order of their turns. */
struct turns {
	struct tenant *first, *last;
};

struct sched {
	struct lock   *lock;		/* guards what follows; woken when any of it changes */
	size_t	       tenant_max;
	struct tenant *tenant[TENANT_BUCKETS];
	struct turns   turns[CLASSES];
	struct ring    again, alone;
	size_t	       retry_max;
	size_t	       queued;		/* in the tenants' rings */
	size_t	       queued_of[CLASSES];
	size_t	       unanswered;	/* put, and neither refused nor answered */
	unsigned       slot;
	bool	       is_ended;
};

static struct tenant *find_tenant(struct sched *, uint32_t);
static void take_locked(struct sched *, struct item **, size_t,
    struct taken *);
static struct item *next_item(struct sched *);
static void ring_put(struct ring *, struct item *);
static struct item *ring_take(struct ring *);
static void turn_add(struct turns *, struct tenant *, enum item_class);

struct sched *
sched_open(size_t tenant_max, size_t retry_max)
{
	struct sched *s = heap_alloc(1, sizeof(*s));

	must(tenant_max > 0);
	s->lock = lock_open();
	s->tenant_max = tenant_max;
	s->retry_max = retry_max;
	return s;
}

void
sched_close(struct sched *s)
{
	must(s->unanswered == 0);
	for (size_t i = 0; i < TENANT_BUCKETS; i++) {
		struct tenant *t;

		while ((t = s->tenant[i]) != NULL) {
			s->tenant[i] = t->same_bucket;
			for (size_t c = 0; c < CLASSES; c++)
				heap_free(t->ring[c].item);
			heap_free(t);
		}
	}
	heap_free(s->again.item);
	heap_free(s->alone.item);
	lock_close(s->lock);
	heap_free(s);
}

enum sched_put
sched_put(struct sched *s, struct item *item, enum item_class class, bool waits)
{
	enum sched_put result = PUT_DONE;
	struct tenant *t;

	lock_take(s->lock);
	t = find_tenant(s, item->tenant);
	while (waits && !s->is_ended && t->ring[class].n == s->tenant_max)
		lock_wait(s->lock, -1);
	if (s->is_ended) {
		result = PUT_ENDED;
	} else if (t->ring[class].n == s->tenant_max) {
		result = PUT_FULL;
	} else {
		if (t->ring[class].n == 0)
			turn_add(&s->turns[class], t, class);
		ring_put(&t->ring[class], item);
		s->queued++;
		s->queued_of[class]++;
		s->unanswered++;
		lock_wake(s->lock);
	}
	lock_give(s->lock);
	return result;
}

static struct tenant *
find_tenant(struct sched *s, uint32_t tenant)
{
	struct tenant **bucket = &s->tenant[tenant % TENANT_BUCKETS];
	struct tenant *t = *bucket;

	while (t != NULL && t->tenant != tenant)
		t = t->same_bucket;
	if (t == NULL) {
		t = heap_alloc(1, sizeof(*t));
		t->tenant = tenant;
		t->same_bucket = *bucket;
		*bucket = t;
	}
	return t;
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
		take_locked(s, items, max, &taken);
		taken.is_end = s->is_ended && s->unanswered == 0;
		if (taken.n > 0 || taken.is_end || !in_time)
			break;
		in_time = lock_wait(s->lock, wait_ms);
	}
	if (taken.n > 0)
		lock_wake(s->lock); /* there is room */
	lock_give(s->lock);
	return taken;
}

static void
take_locked(
    struct sched *s, struct item **items, size_t max, struct taken *taken)
{
	taken->is_alone = s->alone.n > 0;
	while (taken->n < max && s->alone.n > 0)
		items[taken->n++] = ring_take(&s->alone);
	if (taken->is_alone)
		return;
	while (taken->n < max && s->again.n > 0)
		items[taken->n++] = ring_take(&s->again);
	while (taken->n < max && s->queued > 0)
		items[taken->n++] = next_item(s);
}

static struct item *
next_item(struct sched *s)
{
	bool has_bulk = s->turns[ITEM_BULK].first != NULL;
	bool has_other = s->turns[ITEM_INTERACTIVE].first != NULL;
	enum item_class class = ITEM_INTERACTIVE;
	struct turns *turns;
	struct tenant *t;
	struct item *item;

	s->slot++;
	if (has_bulk && (!has_other || s->slot % BULK_EVERY == 0))
		class = ITEM_BULK;
	turns = &s->turns[class];
	t = turns->first;
	turns->first = t->next_turn[class];
	item = ring_take(&t->ring[class]);
	if (t->ring[class].n > 0)
		turn_add(turns, t, class);
	s->queued--;
	s->queued_of[class]--;
	return item;
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

size_t
sched_depth(struct sched *s, enum item_class class)
{
	size_t n;

	lock_take(s->lock);
	n = s->queued_of[class];
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

static void
turn_add(struct turns *turns, struct tenant *t, enum item_class class)
{
	t->next_turn[class] = NULL;
	if (turns->first == NULL)
		turns->first = t;
	else
		turns->last->next_turn[class] = t;
	turns->last = t;
}

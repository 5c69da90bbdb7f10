/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fair.h"

#include "base/arena.h"

#define BUCKETS	  1024
#define SPARE_MAX 4096	/* links kept for what comes next */

struct link {
	void	    *item;
	struct link *next;
};

/* A client with items: in its tenant's turns. */
struct line {
	struct fair_key key;
	struct link    *first, *last;
	size_t		n;
	struct line    *same_bucket, *next_turn;
};

/* A tenant with items: in the queue's turns. */
struct holder {
	uint32_t       tenant;
	struct line   *first, *last;
	size_t	       n, taken;
	uint64_t       round;	/* that `taken` counts in */
	struct holder *same_bucket, *next_turn, *turn_before;
};

struct fair {
	struct line   *line[BUCKETS];
	struct holder *holder[BUCKETS];
	struct holder *first, *last;
	struct link   *spare;
	size_t	       nspare, n, nholder;
	uint64_t       round;
};

static struct holder **find_holder(const struct fair *, uint32_t);
static struct line **find_line(const struct fair *, const struct fair_key *);
static struct holder *make_holder(struct fair *, uint32_t);
static struct line *make_line(struct fair *, struct holder *,
    const struct fair_key *);
static void append(struct fair *, struct line *, void *);
static struct holder *next_holder(struct fair *, size_t);
static bool has_share(const struct fair *, struct holder *, size_t);
static void *take_from(struct fair *, struct holder *);
static void *take_link(struct fair *, struct line *);
static void turn_line(struct holder *, struct line *);
static void turn_holder(struct fair *, struct holder *);
static void leave_turns(struct fair *, struct holder *);

struct fair *
fair_open(void)
{
	return heap_alloc(1, sizeof(struct fair));
}

void
fair_close(struct fair *f)
{
	if (f == NULL)
		return;
	must(f->n == 0);
	while (f->spare != NULL) {
		struct link *l = f->spare;

		f->spare = l->next;
		heap_free(l);
	}
	heap_free(f);
}

/* --- putting ------------------------------------------------------------------ */

enum fair_put
fair_put(struct fair *f, const struct fair_key *key, struct fair_load max,
    void *item)
{
	struct fair_load now = fair_load(f, key);
	struct holder *h;
	struct line *l;

	must(item != NULL);
	if (now.client >= max.client)
		return FAIR_CLIENT_FULL;
	if (now.tenant >= max.tenant)
		return FAIR_TENANT_FULL;
	h = *find_holder(f, key->tenant);
	if (h == NULL)
		h = make_holder(f, key->tenant);
	l = *find_line(f, key);
	if (l == NULL)
		l = make_line(f, h, key);
	append(f, l, item);
	h->n++;
	f->n++;
	return FAIR_DONE;
}

struct fair_load
fair_load(const struct fair *f, const struct fair_key *key)
{
	const struct holder *h = *find_holder(f, key->tenant);
	const struct line *l = *find_line(f, key);

	return (
	    struct fair_load) { h != NULL ? h->n : 0, l != NULL ? l->n : 0 };
}

size_t
fair_depth(const struct fair *f)
{
	return f->n;
}

/* Where it hangs, or where it would. */
static struct holder **
find_holder(const struct fair *f, uint32_t tenant)
{
	struct holder **at = (struct holder **)&f->holder[tenant % BUCKETS];

	while (*at != NULL && (*at)->tenant != tenant)
		at = &(*at)->same_bucket;
	return at;
}

static struct line **
find_line(const struct fair *f, const struct fair_key *key)
{
	uint64_t h = ((uint64_t)key->client * 31 + (uint64_t)key->kind) * 31 +
	    key->tenant;
	struct line **at = (struct line **)&f->line[(h ^ h >> 20) % BUCKETS];

	while (*at != NULL &&
	    ((*at)->key.client != key->client || (*at)->key.kind != key->kind ||
		(*at)->key.tenant != key->tenant))
		at = &(*at)->same_bucket;
	return at;
}

static struct holder *
make_holder(struct fair *f, uint32_t tenant)
{
	struct holder *h = heap_alloc(1, sizeof(*h));

	h->tenant = tenant;
	*find_holder(f, tenant) = h;
	f->nholder++;
	turn_holder(f, h);
	return h;
}

static struct line *
make_line(struct fair *f, struct holder *h, const struct fair_key *key)
{
	struct line *l = heap_alloc(1, sizeof(*l));

	l->key = *key;
	*find_line(f, key) = l;
	turn_line(h, l);
	return l;
}

static void
append(struct fair *f, struct line *l, void *item)
{
	struct link *k = f->spare;

	if (k != NULL) {
		f->spare = k->next;
		f->nspare--;
	} else {
		k = heap_alloc(1, sizeof(*k));
	}
	*k = (struct link) { item, NULL };
	if (l->first == NULL)
		l->first = k;
	else
		l->last->next = k;
	l->last = k;
	l->n++;
}

/* --- taking ------------------------------------------------------------------- */

void
fair_round(struct fair *f)
{
	f->round++;
}

void *
fair_take(struct fair *f, size_t share)
{
	struct holder *h = next_holder(f, share);

	if (h == NULL)
		return NULL;
	h->taken++;
	return take_from(f, h);
}

void *
fair_take_of(struct fair *f, uint32_t tenant, size_t share)
{
	struct holder *h = *find_holder(f, tenant);

	if (h == NULL || !has_share(f, h, share))
		return NULL;
	leave_turns(f, h);
	h->taken++;
	return take_from(f, h);
}

/* Out of its place in the turns.  Those that had their share go to the end. */
static struct holder *
next_holder(struct fair *f, size_t share)
{
	for (size_t i = f->nholder; i > 0; i--) {
		struct holder *h = f->first;

		leave_turns(f, h);
		if (has_share(f, h, share))
			return h;
		turn_holder(f, h);
	}
	return NULL;
}

/* It had less in this round. */
static bool
has_share(const struct fair *f, struct holder *h, size_t share)
{
	if (h->round != f->round) {
		h->round = f->round;
		h->taken = 0;
	}
	return h->taken < share;
}

static void *
take_from(struct fair *f, struct holder *h)
{
	struct line *l = h->first;
	void *item = take_link(f, l);

	h->first = l->next_turn;
	if (l->n > 0) {
		turn_line(h, l);
	} else {
		*find_line(f, &l->key) = l->same_bucket;
		heap_free(l);
	}
	f->n--;
	if (--h->n > 0) {
		turn_holder(f, h);
	} else {
		*find_holder(f, h->tenant) = h->same_bucket;
		f->nholder--;
		heap_free(h);
	}
	return item;
}

static void *
take_link(struct fair *f, struct line *l)
{
	struct link *k = l->first;
	void *item = k->item;

	l->first = k->next;
	l->n--;
	if (f->nspare == SPARE_MAX) {
		heap_free(k);
		return item;
	}
	k->next = f->spare;
	f->spare = k;
	f->nspare++;
	return item;
}

static void
turn_line(struct holder *h, struct line *l)
{
	l->next_turn = NULL;
	if (h->first == NULL)
		h->first = l;
	else
		h->last->next_turn = l;
	h->last = l;
}

static void
turn_holder(struct fair *f, struct holder *h)
{
	h->next_turn = NULL;
	h->turn_before = f->first == NULL ? NULL : f->last;
	if (f->first == NULL)
		f->first = h;
	else
		f->last->next_turn = h;
	f->last = h;
}

static void
leave_turns(struct fair *f, struct holder *h)
{
	if (h->turn_before == NULL)
		f->first = h->next_turn;
	else
		h->turn_before->next_turn = h->next_turn;
	if (h->next_turn == NULL)
		f->last = h->turn_before;
	else
		h->next_turn->turn_before = h->turn_before;
}

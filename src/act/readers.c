/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers.c - reads: a few threads with read-only connections for the quick
 * ones, and a thread of its own for each long one (imports, exports, verify).
 */
#include "act/world_int.h"

#include "base/clock.h"

#define QUERIES_MAX 4000

struct long_work {
	struct world *w;
	size_t	      at;	/* which of the LONGS_MAX places */
	struct query *query;
};

static void reader_run(void *);
static void long_run(void *);
static size_t free_place(const struct world *, const struct actor *);
static void ask(struct world *, struct query *, struct db *data,
    struct db *keys, struct vault *);

struct reader_place {
	struct world *w;
	size_t	      at;
};

void
readers_start(struct world *w)
{
	w->queries_queue = queue_open(QUERIES_MAX);
	for (size_t i = 0; i < READERS; i++) {
		struct reader_place *place = heap_alloc(1, sizeof(*place));

		*place = (struct reader_place) { w, i };
		w->reader[i] = thread_start("reader", reader_run, place);
	}
}

/* What waits is still answered. */
void
readers_stop(struct world *w)
{
	queue_end(w->queries_queue);
	for (size_t i = 0; i < READERS; i++)
		thread_join(w->reader[i]);
	for (size_t i = 0; i < LONGS_MAX; i++)
		if (w->long_thread[i] != NULL)
			thread_join(w->long_thread[i]);
	queue_close(w->queries_queue);
}

enum err
world_query(struct world *w, struct query *q)
{
	if (!queue_try_put(w->queries_queue, q))
		return fail(q->cx, ERR_LIMITED, MSG_WORLD_BUSY, "");
	return OK;
}

static void
reader_run(void *arg)
{
	struct reader_place place = *(struct reader_place *)arg;
	struct db *data = db_open_reader(place.w->store, DB_DATA);
	struct db *keys = db_open_reader(place.w->store, DB_KEYS);
	void *item;

	heap_free(arg);
	while (queue_take(place.w->queries_queue, &item, 1, -1) == 1) {
		struct query *q = item;

		ask(place.w, q, data, keys,
		    place.w->vault[CHANNEL_READER + place.at]);
		q->done(q);
	}
	db_close(data);
	db_close(keys);
}

/* Data first, keys after: a key is committed before what it seals. */
static void
ask(struct world *w, struct query *q, struct db *data, struct db *keys,
    struct vault *vault)
{
	struct reader r = { .world = w, .vault = vault };

	q->cx->now_ms = clock_now_ms();
	r.data = tx_begin(data, q->cx);
	r.keys = tx_begin(keys, q->cx);
	q->err = q->run(&r, q->cx, q->in, &q->out);
	tx_end(r.keys);
	tx_end(r.data);
	lock_take(w->mu);
	w->queries++;
	lock_give(w->mu);
}

/*
 * A tenant has some of the places and leaves one to the operator, so that
 * nobody's slow uploads keep the others out (S-T38).  LONGS_MAX: none now.
 */
static size_t
free_place(const struct world *w, const struct actor *actor)
{
	size_t at = LONGS_MAX, own = 0, busy = 0;

	for (size_t i = 0; i < LONGS_MAX; i++) {
		busy += w->long_busy[i];
		own += w->long_busy[i] && w->long_tenant[i] == actor->tenant;
		if (!w->long_busy[i] && at == LONGS_MAX)
			at = i;
	}
	if (actor->kind != ACTOR_OPERATOR
	    && (own >= LONGS_A_TENANT || busy >= LONGS_MAX - 1))
		return LONGS_MAX;
	return at;
}

enum err
world_long(struct world *w, struct query *q)
{
	struct long_work *work = heap_alloc(1, sizeof(*work));
	struct thread *ended = NULL;
	size_t at = 0;

	lock_take(w->mu);
	at = free_place(w, q->cx->actor);
	if (at < LONGS_MAX) {
		w->long_busy[at] = true;
		w->long_tenant[at] = q->cx->actor->tenant;
		ended = w->long_thread[at];
	}
	lock_give(w->mu);
	if (at == LONGS_MAX) {
		heap_free(work);
		return fail(q->cx, ERR_LIMITED, MSG_WORLD_LONG, "");
	}
	if (ended != NULL)
		thread_join(ended);	/* it has answered; only its end is awaited */
	*work = (struct long_work) { w, at, q };
	w->long_thread[at] = thread_start("long", long_run, work);
	return OK;
}

static void
long_run(void *arg)
{
	struct long_work work = *(struct long_work *)arg;
	struct world *w = work.w;
	struct db *data = db_open_reader(w->store, DB_DATA);
	struct db *keys = db_open_reader(w->store, DB_KEYS);

	heap_free(arg);
	ask(w, work.query, data, keys, w->vault[CHANNEL_LONG + work.at]);
	db_close(data);
	db_close(keys);
	/* Whoever is answered may come again at once: the place is free by then. */
	lock_take(w->mu);
	w->long_busy[work.at] = false;
	lock_give(w->mu);
	work.query->done(work.query);
}

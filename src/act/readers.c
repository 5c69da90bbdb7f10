/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers.c - reads: a few threads with read-only connections for the quick
 * ones, and a thread of its own for each long one (imports, exports, verify).
 */
#include "act/world_int.h"

#include "base/clock.h"

#define LOGINS_MAX 64	/* each takes some tens of milliseconds */

struct long_work {
	struct world *w;
	size_t	      at;	/* which of the PLACES */
	struct query *query;
};

/* How much long work runs, of a tenant and of all. */
struct long_load {
	size_t own, busy;
};

static void reader_run(void *);
static void login_run(void *);
static void long_run(void *);
static size_t free_place(const struct world *, const struct actor *,
    struct long_load *);
static enum err long_refuse(struct ctx *, const struct long_load *);
static struct long_load long_load(const struct world *, uint32_t tenant,
    bool waits_too);
static bool has_room(const struct long_load *, const struct actor *);
static void ask(struct reader *, struct query *, struct db *data,
    struct db *keys);

struct reader_place {
	struct world *w;
	size_t	      at;
};

void
readers_start(struct world *w)
{
	w->queries_mu = lock_open();
	w->query_fair = fair_open();
	w->logins = queue_open(LOGINS_MAX);
	w->login = thread_start("login", login_run, w);
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
	lock_take(w->queries_mu);
	w->queries_end = true;
	lock_wake(w->queries_mu);
	lock_give(w->queries_mu);
	queue_end(w->logins);
	thread_join(w->login);
	for (size_t i = 0; i < READERS; i++)
		thread_join(w->reader[i]);
	for (size_t i = 0; i < PLACES; i++)
		if (w->long_thread[i] != NULL)
			thread_join(w->long_thread[i]);
	fair_close(w->query_fair);
	lock_close(w->queries_mu);
	queue_close(w->logins);
}

enum err
world_query(struct world *w, struct query *q)
{
	const struct actor *a = q->cx->actor;
	const struct fair_key key = { a != NULL ? a->tenant : 0,
		a != NULL ? (int)a->kind : 0, a != NULL ? a->id : 0 };
	const struct queue_max max = world_queue_max(w, key.tenant);
	struct fair_load load;
	enum fair_put put = FAIR_TENANT_FULL;
	bool is_ended;

	lock_take(w->queries_mu);
	is_ended = w->queries_end;
	if (!is_ended)
		put = fair_put(w->query_fair, &key,
		    (struct fair_load) { max.tenant, max.client }, q);
	load = fair_load(w->query_fair, &key);
	if (put == FAIR_DONE)
		lock_wake(w->queries_mu);
	lock_give(w->queries_mu);
	if (is_ended)
		return fail(q->cx, ERR_LIMITED, MSG_STORE_CLOSING, "");
	return put == FAIR_DONE ? OK
				: queue_refuse(q->cx, MSG_WORLD_BUSY, &max,
				      &load, put == FAIR_CLIENT_FULL);
}

/* The next one in turn; NULL: the end. */
static struct query *
next_query(struct world *w)
{
	struct query *q;

	lock_take(w->queries_mu);
	while (
	    (q = fair_take(w->query_fair, SIZE_MAX)) == NULL && !w->queries_end)
		lock_wait(w->queries_mu, -1);
	lock_give(w->queries_mu);
	return q;
}

static void
reader_run(void *arg)
{
	struct reader_place place = *(struct reader_place *)arg;
	struct db *data = db_open_reader(place.w->store, DB_DATA);
	struct db *keys = db_open_reader(place.w->store, DB_KEYS);
	struct query *q;

	heap_free(arg);
	while ((q = next_query(place.w)) != NULL) {
		struct reader r = { .world = place.w };

		r.vault = place.w->vault[CHANNEL_READER + place.at];
		ask(&r, q, data, keys);
		q->done(q);
	}
	db_close(data);
	db_close(keys);
}

enum err
world_login(struct world *w, struct query *q)
{
	if (!queue_try_put(w->logins, q))
		return fail(q->cx, ERR_LIMITED, MSG_LOGIN_BUSY, "");
	return OK;
}

/* One after the other: each is as much work as the vault's thread does at once. */
static void
login_run(void *arg)
{
	struct world *w = arg;
	struct db *data = db_open_reader(w->store, DB_DATA);
	struct db *keys = db_open_reader(w->store, DB_KEYS);
	void *item;

	while (queue_take(w->logins, &item, 1, -1) == 1) {
		struct reader r = { .world = w };
		struct query *q = item;

		r.vault = w->vault[CHANNEL_LOGIN];
		ask(&r, q, data, keys);
		q->done(q);
	}
	db_close(data);
	db_close(keys);
}

/* Data first, keys after: a key is committed before what it seals. */
static void
ask(struct reader *r, struct query *q, struct db *data, struct db *keys)
{
	struct world *w = r->world;

	q->cx->now_ms = clock_now_ms();
	r->data = tx_begin(data, q->cx);
	r->keys = tx_begin(keys, q->cx);
	q->err = q->run(r, q->cx, q->in, &q->out);
	if (r->keys != NULL)
		tx_end(r->keys);
	if (r->data != NULL)
		tx_end(r->data);
	lock_take(w->mu);
	w->queries++;
	lock_give(w->mu);
}

void
reader_let_go(struct reader *r)
{
	tx_end(r->keys);
	tx_end(r->data);
	r->keys = r->data = NULL;
}

/*
 * A tenant has some of the places and leaves one to the operator, so that
 * nobody's slow uploads keep the others out (S-T38).  PLACES: none now.
 */
static size_t
free_place(
    const struct world *w, const struct actor *actor, struct long_load *load)
{
	size_t at = 0;

	*load = long_load(w, actor->tenant, true);
	if (!has_room(load, actor))
		return PLACES;
	while (at < PLACES && w->long_state[at] != PLACE_FREE)
		at++;
	return at;
}

/* WAITS_TOO: with those that go on as soon as they can, before anybody new. */
static struct long_load
long_load(const struct world *w, uint32_t tenant, bool waits_too)
{
	struct long_load load = { 0, 0 };

	for (size_t i = 0; i < PLACES; i++) {
		enum place_state state = w->long_state[i];

		if (state != PLACE_BUSY &&
		    !(state == PLACE_GOES_ON && waits_too))
			continue;
		load.busy++;
		load.own += w->long_tenant[i] == tenant;
	}
	return load;
}

static bool
has_room(const struct long_load *load, const struct actor *actor)
{
	if (actor->kind == ACTOR_OPERATOR)
		return load->busy < LONGS_MAX;
	return load->own < LONGS_A_TENANT && load->busy < LONGS_MAX - 1;
}

void
reader_pause(struct reader *r)
{
	struct world *w = r->world;

	if (r->place == 0)
		return;
	lock_take(w->mu);
	if (w->long_state[r->place - 1] != PLACE_OUSTED)
		w->long_state[r->place - 1] = PLACE_PAUSED;
	lock_give(w->mu);
}

bool
reader_is_ousted(const struct reader *r)
{
	struct world *w = r->world;
	bool is;

	if (r->place == 0)
		return false;
	lock_take(w->mu);
	is = w->long_state[r->place - 1] == PLACE_OUSTED;
	lock_give(w->mu);
	return is;
}

bool
reader_go_on(struct reader *r, const struct ctx *cx)
{
	struct world *w = r->world;
	enum place_state *state;
	struct long_load load;
	bool goes_on;

	if (r->place == 0)
		return true;
	lock_take(w->mu);
	state = &w->long_state[r->place - 1];
	load = long_load(w, w->long_tenant[r->place - 1], false);
	goes_on = *state == PLACE_BUSY ||
	    (*state != PLACE_OUSTED && has_room(&load, cx->actor));
	if (*state != PLACE_OUSTED)
		*state = goes_on ? PLACE_BUSY : PLACE_GOES_ON;
	lock_give(w->mu);
	return goes_on;
}

/* These bounds are no settings: they stand in world_int.h. */
static enum err
long_refuse(struct ctx *cx, const struct long_load *load)
{
	bool is_own = load->own >= LONGS_A_TENANT;

	return fail(cx, ERR_LIMITED, MSG_WORLD_LONG, "",
	    is_own ? "tenant" : "server",
	    is_own ? LIMIT_TEXT(LONGS_A_TENANT) : LIMIT_TEXT(LONGS_MAX),
	    str_z(cx->arena,
		str_fmt(cx->arena, "%zu", is_own ? load->own : load->busy)));
}

enum err
world_long(struct world *w, struct query *q)
{
	struct long_work *work = heap_alloc(1, sizeof(*work));
	struct thread *ended = NULL;
	struct long_load load;
	size_t at = 0;

	lock_take(w->mu);
	at = free_place(w, q->cx->actor, &load);
	if (at < PLACES) {
		w->long_state[at] = PLACE_BUSY;
		w->long_tenant[at] = q->cx->actor->tenant;
		ended = w->long_thread[at];
		w->long_thread[at] = NULL;
	}
	lock_give(w->mu);
	if (at == PLACES) {
		heap_free(work);
		return long_refuse(q->cx, &load);
	}
	if (ended != NULL)
		thread_join(
		    ended); /* it has answered; only its end is awaited */
	*work = (struct long_work) { w, at, q };
	/* It may end at once: whoever takes its place then must find it here. */
	lock_take(w->mu);
	w->long_thread[at] = thread_start("long", long_run, work);
	lock_give(w->mu);
	return OK;
}

static void
long_run(void *arg)
{
	struct long_work work = *(struct long_work *)arg;
	struct world *w = work.w;
	struct reader r = { .world = w, .place = work.at + 1 };
	struct db *data = db_open_reader(w->store, DB_DATA);
	struct db *keys = db_open_reader(w->store, DB_KEYS);

	heap_free(arg);
	r.vault = w->vault[CHANNEL_LONG + work.at];
	ask(&r, work.query, data, keys);
	db_close(data);
	db_close(keys);
	/* Whoever is answered may come again at once: the place is free by then. */
	lock_take(w->mu);
	w->long_state[work.at] = PLACE_FREE;
	lock_give(w->mu);
	work.query->done(work.query);
}

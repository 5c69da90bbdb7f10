/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - one server of several on one database.  None talks to another; what
 * they know of each other are rows:
 *
 *	lease	its number, which is part of every id it makes, and who does
 *		the clock's work.  The database's clock says when one is over.
 *	notice	what one of them changed of what all keep in memory
 *
 * A server that stood still finds its number lost when it goes on: it ends, and
 * its parent starts another.  Until then it makes no id of a time for which the
 * number may have become somebody else's (base/id.h), and its writes in the
 * clock's name have no effect (the fence).
 *
 * A tenant's writers and its reader take turns: what is in memory changes
 * either by our own commit or by what others committed, never by both.  Two
 * threads: one keeps the leases and waits for nobody here, one reads changes.
 */
#include "act/world_int.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/io.h"
#include "base/log.h"

#define LEASE_MS    12000
#define HOLDER_FILE "holder"
#define HOLDER_TEXT 20
#define MS_NS	    INT64_C(1000000)
#define RENEW_NS    INT64_C(3000000000)
#define AGAIN_NS    INT64_C(1000000000)	/* after a try that failed */
/* The clock's work stops this long after it was last prolonged: before others begin. */
#define HELD_NS	    INT64_C(9000000000)
#define POLL_MS	    1000
#define COMPARE_NS  INT64_C(30000000000)
#define AWAIT_MS    5000
#define CALL_MS	    20
#define NODES	    1024
#define NOTICES_MAX 10000

struct watched {
	uint32_t tenant;
	int64_t	 seen;		/* change_seq of what is in memory */
	unsigned writing;	/* transactions that were admitted */
	bool	 is_reading;	/* nobody is admitted */
	bool	 is_behind;	/* a writer found out */
};

struct node {
	struct db      *side, *data;
	struct thread  *thread, *lease_thread;
	int64_t		holder;		/* random: this server, over its starts */
	int64_t		number, fence;
	int64_t		tried_fence;	/* of the clock's lease; whether it was stored may be unknown */
	_Atomic int64_t clock_fence;	/* the clock's thread reads it */
	int64_t		renewed_ns;
	_Atomic int64_t clock_until_ns;
	struct history *history;
	_Atomic int64_t compared_ns;	/* when it was last; 0: it is to be */
	_Atomic uint64_t checked;	/* the connections (store.h) as of the last check of the history */
	struct lock    *mu;		/* guards what follows; woken when it changes */
	struct watched *watched;	/* by tenant */
	size_t		n, cap;
	bool		is_ending, is_called;
};

static enum err take_number(struct node *, struct ctx *);
static enum err choose(struct node *, struct tx *, int64_t now_ms);
static int64_t holder_of(const char *folder);
static enum err take_lease(struct tx *, struct lease_row *, int64_t now_ms);
static void give_back(struct node *);
static void run(void *);
static void keep_leases(void *);
static void renew(struct world *);
static enum err renew_leases(struct node *, struct ctx *, struct tx *);
static enum err renew_clock(struct node *, struct tx *, int64_t now_ms);
static void poll_changes(struct world *);
static enum err compare_history(struct world *, struct ctx *);
static enum err read_marks(struct world *, struct ctx *, struct rows *);
static void catch_up(struct world *, const struct mark *);
static enum err read_new(struct world *, struct ctx *, struct tx *,
    uint32_t tenant);
static enum err read_noticed(struct world *, struct ctx *, struct tx *,
    const struct mark *);
static int64_t seen_of(struct node *, uint32_t tenant);
static bool is_current(struct world *, uint32_t tenant);
static bool enter(struct world *, const struct mark *);
static size_t place(const struct node *, uint32_t tenant);
static struct watched *watched(struct node *, int64_t tenant);
static struct watched *watch(struct node *, int64_t tenant);

/* --- the number -------------------------------------------------------------- */

enum err
node_open(struct world *w, struct ctx *cx)
{
	struct node *n = heap_alloc(1, sizeof(*n));
	enum err err;

	n->mu = lock_open();
	n->history = history_open(w->data_dir);
	n->side = db_open_side(w->store);
	n->data = db_open_reader(w->store, DB_DATA);
	n->holder = holder_of(w->data_dir);
	w->node = n;
	err = take_number(n, cx);
	if (err == OK)
		log_event(LOG_INFO, "node", LOG_NUM("number", n->number));
	return err;
}

/* What the file of its data directory says; made at the first start. */
static int64_t
holder_of(const char *folder)
{
	struct arena *arena = arena_open(4096);
	const char *path =
	    str_z(arena, str_fmt(arena, "%s/" HOLDER_FILE, folder));
	struct str text;
	int64_t holder = 0;

	if (!file_read(arena, path, HOLDER_TEXT, &text) ||
	    !str_int(text, &holder) || holder <= 0) {
		random_bytes(&holder, sizeof(holder));
		holder = (holder & INT64_MAX) | 1;
		text = str_fmt(arena, "%lld", (long long)holder);
		if (!file_replace(path, text, 0600))
			log_event(LOG_ERROR, "holder_unwritten",
			    LOG_WORD("file", HOLDER_FILE));
	}
	arena_close(arena);
	return holder;
}

static enum err
take_number(struct node *n, struct ctx *cx)
{
	struct tx *tx = tx_begin_all(n->side, cx);
	int64_t begun_ns = clock_mono_ns(), now_ms = 0;
	enum err err = lease_turn(tx);

	if (err == OK)
		err = lease_now(tx, &now_ms);
	if (err == OK)
		err = choose(n, tx, now_ms);
	if (err == OK)
		err = renew_clock(n, tx, now_ms);
	if (err == OK)
		err = mark_count(tx);
	if (err != OK)
		tx_rollback(tx);
	else
		err = tx_commit(tx);
	n->renewed_ns = begun_ns;
	return err;
}

/* The lowest that is free.  Its last holder made no ids beyond its lease; we make none before. */
static enum err
choose(struct node *n, struct tx *tx, int64_t now_ms)
{
	struct lease_row lease = { .holder = n->holder };
	const struct lease_row *row;
	struct rows rows;
	size_t at = 0;

	TRY(lease_nodes(tx, &rows));
	row = rows.row;
	while (at < rows.n && row[at].name == LEASE_NODE + (int64_t)at &&
	    row[at].until_ms > now_ms)
		at++;
	if (at == NODES)
		return fail(tx_ctx(tx), ERR_CONFLICT, MSG_NODE_FULL, "store");
	lease.name = LEASE_NODE + (int64_t)at;
	if (at < rows.n && row[at].name == lease.name)
		lease = row[at];
	lease.holder = n->holder;
	lease.fence++;
	id_node_set((unsigned)at);
	id_raise(id_at(lease.until_ms));
	TRY(take_lease(tx, &lease, now_ms));
	n->number = (int64_t)at;
	n->fence = lease.fence;
	id_limit_set(lease.until_ms);
	return OK;
}

/* Beyond our own clock too, where that is ahead of the database's. */
static enum err
take_lease(struct tx *tx, struct lease_row *lease, int64_t now_ms)
{
	int64_t from_ms = now_ms;

	if (lease->name >= LEASE_NODE && clock_now_ms() > from_ms)
		from_ms = clock_now_ms();
	if (lease->name >= LEASE_NODE && id_latest_ms() > from_ms)
		from_ms = id_latest_ms();
	lease->until_ms = from_ms + LEASE_MS;
	return store_save(tx, &LEASE, lease, 1, NULL);
}

/* In order: the number is free again after the last id, the clock's work at once. */
static void
give_back(struct node *n)
{
	struct arena *arena = arena_open(1 << 20);
	struct ctx cx = { .arena = arena };
	struct tx *tx = tx_begin_all(n->side, &cx);
	struct lease_row lease[] = {
		{ 0, LEASE_NODE + n->number, n->holder, n->fence,
		    id_latest_ms() + 1 },
		{ 0, LEASE_CLOCK, n->holder, n->clock_fence, 0 },
	};
	size_t count = n->clock_fence != 0 ? 2 : 1;
	enum err err = lease_turn(tx);

	for (size_t i = 0; i < count && err == OK; i++) {
		struct rows rows;

		err = store_load(tx, &LEASE, &lease[i], 1, 2, 0, &rows);
		if (err == OK && rows.n == 1 &&
		    ((struct lease_row *)rows.row)->fence == lease[i].fence)
			err = store_save(tx, &LEASE, &lease[i], 1, NULL);
	}
	if (err != OK)
		tx_rollback(tx);
	else if (tx_commit(tx) != OK)
		log_event(LOG_WARN, "lease_not_given_back",
		    LOG_NUM("number", n->number));
	arena_close(arena);
}

enum err
node_read(struct node *n, struct tx *tx)
{
	const struct mark *mark;
	struct rows rows;

	TRY(mark_list(tx, NULL, 0, &rows));
	mark = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		watch(n, mark[i].tenant)->seen = mark[i].change_seq;
	return OK;
}

/* --- the thread -------------------------------------------------------------- */

void
node_start(struct world *w)
{
	w->node->lease_thread = thread_start("lease", keep_leases, w);
	w->node->thread = thread_start("node", run, w);
}

void
node_stop(struct world *w)
{
	struct node *n = w->node;

	if (n == NULL)
		return;
	lock_take(n->mu);
	n->is_ending = true;
	lock_wake(n->mu);
	lock_give(n->mu);
	thread_join(n->thread);
	thread_join(n->lease_thread);
	give_back(n);
	db_close(n->side);
	db_close(n->data);
	history_close(n->history);
	lock_close(n->mu);
	heap_free(n->watched);
	heap_free(n);
}

static void
run(void *arg)
{
	struct world *w = arg;
	struct node *n = w->node;
	bool is_ending;

	do {
		poll_changes(w);
		lock_take(n->mu);
		if (!n->is_ending && !n->is_called)
			lock_wait(n->mu, POLL_MS);
		n->is_called = false;
		is_ending = n->is_ending;
		lock_give(n->mu);
	} while (!is_ending);
}

/* --- leases ------------------------------------------------------------------ */

/* On a thread of its own: ids and the clock's work must not wait for what is read, which may wait for ids. */
static void
keep_leases(void *arg)
{
	struct world *w = arg;
	struct node *n = w->node;
	bool is_ending;

	do {
		int64_t begun_ns = clock_mono_ns(), next_ns, left_ms;

		renew(w);
		next_ns = begun_ns +
		    (n->renewed_ns >= begun_ns ? RENEW_NS : AGAIN_NS);
		lock_take(n->mu);
		while (!n->is_ending &&
		    (left_ms = (next_ns - clock_mono_ns()) / MS_NS) > 0)
			lock_wait(n->mu, left_ms);
		is_ending = n->is_ending;
		lock_give(n->mu);
	} while (!is_ending);
}

static void
renew(struct world *w)
{
	struct node *n = w->node;
	struct arena *arena = arena_open(1 << 20);
	struct ctx cx = { .arena = arena };
	struct tx *tx = tx_begin_all(n->side, &cx);
	int64_t begun_ns = clock_mono_ns();
	int64_t before = n->clock_fence;
	enum err err = renew_leases(n, &cx, tx);

	if (err != OK)
		tx_rollback(tx);
	else
		err = tx_commit(tx);
	if (err == OK) {
		n->renewed_ns = begun_ns;
		atomic_store(&n->clock_until_ns,
		    n->clock_fence != 0 ? begun_ns + HELD_NS : 0);
		id_limit_set((int64_t)cx.now_ms);
	} else {
		n->clock_fence = before;
	}
	arena_close(arena);
}

/* The end of the number's lease is CX's time: ids may go so far when it is durable. */
static enum err
renew_leases(struct node *n, struct ctx *cx, struct tx *tx)
{
	struct lease_row lease = { .name = LEASE_NODE + n->number };
	struct rows rows;
	int64_t now_ms;

	TRY(lease_turn(tx));
	TRY(lease_now(tx, &now_ms));
	TRY(store_load(tx, &LEASE, &lease, 1, 2, 0, &rows));
	if (rows.n == 1)
		lease = *(struct lease_row *)rows.row;
	if (lease.holder != n->holder || lease.fence != n->fence)
		fatal("the number of this server is another's now");
	TRY(take_lease(tx, &lease, now_ms));
	cx->now_ms = lease.until_ms;
	return renew_clock(n, tx, now_ms);
}

/*
 * Whoever has it keeps it; when it is over, whoever comes first.  What a server
 * had before it was killed it has again at once, under another fence.
 */
static enum err
renew_clock(struct node *n, struct tx *tx, int64_t now_ms)
{
	struct lease_row lease = { .name = LEASE_CLOCK };
	struct rows rows;

	TRY(store_load(tx, &LEASE, &lease, 1, 2, 0, &rows));
	if (rows.n == 1)
		lease = *(struct lease_row *)rows.row;
	if (rows.n == 1 && lease.holder == n->holder &&
	    (lease.fence == n->clock_fence || lease.fence == n->tried_fence)) {
		n->clock_fence = lease.fence;
		return take_lease(tx, &lease, now_ms);
	}
	n->clock_fence = 0;
	if (rows.n == 1 && lease.until_ms > now_ms &&
	    (lease.holder != n->holder || n->renewed_ns != 0))
		return OK;
	/* What is being written in the old one's name comes first. */
	TRY(lease_lock(tx, LEASE_CLOCK));
	lease.holder = n->holder;
	lease.fence++;
	n->clock_fence = n->tried_fence = lease.fence;
	return take_lease(tx, &lease, now_ms);
}

int64_t
node_clock(struct world *w)
{
	const struct node *n = w->node;

	if (atomic_load(&w->node->clock_until_ns) <= clock_mono_ns())
		return 0;
	return n->clock_fence;
}

/* --- changes ----------------------------------------------------------------- */

static void
poll_changes(struct world *w)
{
	struct node *n = w->node;
	struct arena *arena = arena_open(64 << 20);
	struct ctx cx = { .arena = arena };
	struct rows marks = { 0 };
	const struct ends *ends;
	const struct mark *mark;
	enum err err = compare_history(w, &cx);

	ends = history_ends(n->history, arena);
	if (err == OK)
		err = read_marks(w, &cx, &marks);
	history_write(n->history);
	mark = marks.row;
	for (size_t i = 0; err == OK && i < marks.n; i++) {
		if (ends_short(ends, &mark[i]))
			atomic_store(&n->compared_ns, 0);
		catch_up(w, &mark[i]);
	}
	arena_close(arena);
}

/* Row by row after each new connection, now and then, and where a length is too small, which is asked each second. */
static enum err
compare_history(struct world *w, struct ctx *cx)
{
	struct node *n = w->node;
	uint64_t connects = store_connects(w->store);
	int64_t now_ns = clock_mono_ns();
	int64_t compared_ns = atomic_load(&n->compared_ns);

	if (compared_ns != 0 && atomic_load(&n->checked) == connects &&
	    now_ns - compared_ns < COMPARE_NS)
		return OK;
	TRY(history_check(n->history, n->data, cx));
	atomic_store(&n->compared_ns, now_ns);
	atomic_store(&n->checked, connects);
	return OK;
}

static enum err
read_marks(struct world *w, struct ctx *cx, struct rows *marks)
{
	uint64_t sets = deployment_sets(w);
	struct tx *tx = tx_begin_all(w->node->data, cx);
	enum err err = deployment_read(w, tx, sets);

	if (err == OK)
		err = mark_list(tx, NULL, 0, marks);
	tx_end(tx);
	return err;
}

/* Reads what is new of a tenant, when none of our writers is at it. */
static void
catch_up(struct world *w, const struct mark *mark)
{
	struct node *n = w->node;
	uint32_t tenant = (uint32_t)mark->tenant;
	struct arena *arena;
	struct ctx cx = { 0 };
	struct tx *tx;
	bool is_new;
	enum err err;

	lock_take(n->mu);
	is_new = watch(n, tenant)->is_behind ||
	    mark->change_seq > watch(n, tenant)->seen;
	lock_give(n->mu);
	if (!is_new && mark->state == (int64_t)world_state_of(w, tenant))
		return;
	node_hold(n, tenant);
	arena = arena_open(256 << 20);
	cx.arena = arena;
	tx = tx_begin_all(n->data, &cx);
	err = read_new(w, &cx, tx, tenant);
	node_release(n, err == OK ? tx : NULL, tenant);
	tx_end(tx);
	if (err != OK)
		log_event(LOG_WARN, "changes_not_read",
		    LOG_NUM("tenant", tenant),
		    LOG_WORD("code", err_info(err)->code));
	arena_close(arena);
}

void
node_hold(struct node *n, uint32_t tenant)
{
	lock_take(n->mu);
	while (watch(n, tenant)->is_reading)
		lock_wait(n->mu, -1);
	watch(n, tenant)->is_reading = true;
	while (watch(n, tenant)->writing > 0)
		lock_wait(n->mu, -1);
	lock_give(n->mu);
}

void
node_release(struct node *n, struct tx *tx, uint32_t tenant)
{
	struct mark mark = { 0 };
	bool is_read = tx != NULL && mark_of(tx, tenant, &mark) == OK;
	struct watched *at;

	lock_take(n->mu);
	at = watch(n, tenant);
	if (is_read)
		at->seen = mark.change_seq;
	at->is_behind = at->is_behind && !is_read;
	at->is_reading = false;
	lock_wake(n->mu);
	lock_give(n->mu);
}

static enum err
read_new(struct world *w, struct ctx *cx, struct tx *tx, uint32_t tenant)
{
	struct tenant_row key = { .tenant = tenant };
	const bool is_there = world_state_of(w, tenant) != 0;
	struct mark mark;
	struct rows rows;

	TRY(mark_of(tx, tenant, &mark));
	/* What was told of one that ends may be gone with it. */
	if (mark.state >= TENANT_DELETING) {
		if (is_there)
			world_tenant_state(
			    w, tenant, (enum tenant_state)mark.state);
		return OK;
	}
	if (is_there)
		return read_noticed(w, cx, tx, &mark);
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	return rows.n == 0
	    ? OK
	    : world_read_tenant(w, w->vault[CHANNEL_NODE], cx, tx, rows.row);
}

static enum err
read_noticed(
    struct world *w, struct ctx *cx, struct tx *tx, const struct mark *mark)
{
	struct notice_row from = { .tenant = mark->tenant,
		.seq = seen_of(w->node, (uint32_t)mark->tenant),
		.kind = NOTICE_END };
	const struct notice_row *notice;
	struct rows notices;

	TRY(store_page(tx, &NOTICE, &from, 1, false, NOTICES_MAX, &notices));
	notice = notices.row;
	/* The first of a tenant that was there before it was counted is 2. */
	if (mark->change_seq > from.seq && mark->change_seq > 1 &&
	    (notices.n == 0 || notices.n == NOTICES_MAX ||
		notice[0].seq > (from.seq > 1 ? from.seq : 1) + 1))
		fatal("too much was changed to read it one by one");
	return world_anew_noticed(
	    w, cx, tx, mark, &(struct notice_list) { notice, notices.n });
}

static int64_t
seen_of(struct node *n, uint32_t tenant)
{
	int64_t seen;

	lock_take(n->mu);
	seen = watch(n, tenant)->seen;
	lock_give(n->mu);
	return seen;
}

/* --- the pipeline's --------------------------------------------------------- */

void
node_await(void *world, uint32_t tenant)
{
	struct world *w = world;
	struct node *node = w->node;
	int64_t until_ns = clock_mono_ns() + AWAIT_MS * INT64_C(1000000);

	lock_take(node->mu);
	while (!is_current(w, tenant) && !node->is_ending &&
	    clock_mono_ns() < until_ns) {
		node->is_called = true;
		lock_wake(node->mu);
		lock_wait(node->mu, CALL_MS);
	}
	lock_give(node->mu);
}

/* As far as is known; mu held. */
static bool
is_current(struct world *w, uint32_t tenant)
{
	struct node *node = w->node;
	const struct watched *at = watched(node, tenant);

	return atomic_load(&node->checked) == store_connects(w->store) &&
	    (at == NULL || !(at->is_behind || at->is_reading));
}

/* Stale: another connection, on which nobody has looked yet whether all is there. */
static enum err
check_history(struct world *w, struct tx *tx, uint32_t tenant, bool *is_stale)
{
	struct node *node = w->node;

	if (history_refuses(node->history, tenant))
		return fail(
		    tx_ctx(tx), ERR_ROLLED_BACK, MSG_STORE_ROLLED_BACK, "");
	*is_stale = atomic_load(&node->checked) != store_connects(w->store);
	return OK;
}

struct history *
node_history(struct world *w)
{
	return w->node != NULL ? w->node->history : NULL;
}

/* A tenant that is just being made is entered too: it comes into memory by its own commit only. */
enum err
node_admit(void *world, struct tx *tx, uint32_t tenant, bool *is_stale)
{
	struct world *w = world;
	struct node *node = w->node;
	struct mark mark;

	TRY(check_history(w, tx, tenant, is_stale));
	if (tenant == 0)
		return OK;
	TRY(mark_of(tx, tenant, &mark));
	if (history_is_short(node->history, &mark)) {
		atomic_store(&node->compared_ns, 0);
		*is_stale = true;
	}
	if (!*is_stale)
		*is_stale = !enter(w, &mark);
	if (*is_stale) {
		lock_take(node->mu);
		node->is_called = true;
		lock_wake(node->mu);
		lock_give(node->mu);
		return OK;
	}
	world_persons_set(w, tenant, mark.persons);
	/* Who waits longer than whom is told by ids. */
	id_raise(mark.last_id);
	return OK;
}

/* False: what is in memory is not what is stored.  Of a tenant that is not in memory nothing is. */
static bool
enter(struct world *w, const struct mark *mark)
{
	struct node *node = w->node;
	int64_t state = world_state_of(w, (uint32_t)mark->tenant);
	struct watched *at;
	bool is_current;

	lock_take(node->mu);
	at = watch(node, mark->tenant);
	if (state != 0 &&
	    (at->seen != mark->change_seq || state != mark->state))
		at->is_behind = true;
	is_current = !at->is_behind && !at->is_reading;
	if (is_current)
		at->writing++;
	lock_give(node->mu);
	return is_current;
}

void
node_leave(void *world, const struct tx *tx, uint32_t tenant, bool is_committed)
{
	struct node *node = ((struct world *)world)->node;
	const struct log_end *end;
	size_t nend = tx_log_ends(tx, &end);
	struct watched *at;

	if (is_committed)
		history_note(node->history, end, nend);
	lock_take(node->mu);
	at = watched(node, tenant);
	if (at != NULL && at->writing > 0) {
		at->writing--;
		if (is_committed && tx_has_told(tx, tenant))
			at->seen++;
	}
	lock_wake(node->mu);
	lock_give(node->mu);
}

/* NULL: nobody asked about it yet; mu held. */
static struct watched *
watched(struct node *n, int64_t tenant)
{
	size_t i = place(n, (uint32_t)tenant);

	return i < n->n && n->watched[i].tenant == (uint32_t)tenant
	    ? &n->watched[i]
	    : NULL;
}

/* Where it is, or would be. */
static size_t
place(const struct node *n, uint32_t tenant)
{
	size_t low = 0, high = n->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (n->watched[mid].tenant < tenant)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct watched *
watch(struct node *n, int64_t tenant)
{
	struct watched *at = watched(n, tenant);
	size_t i;

	if (at != NULL)
		return at;
	if (n->n == n->cap) {
		n->cap = n->cap == 0 ? 16 : n->cap * 2;
		n->watched = heap_grow(n->watched, n->cap, sizeof(*at));
	}
	i = place(n, (uint32_t)tenant);
	at = &n->watched[i];
	memmove(at + 1, at, (n->n++ - i) * sizeof(*at));
	*at = (struct watched) { .tenant = (uint32_t)tenant };
	return at;
}

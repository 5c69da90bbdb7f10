/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - the way of every change: queue, sealer, writer, one commit.
 *
 *	submit -> [fair shares, two classes] -> sealer thread: prepare, want, keep
 *	       -> writer thread: BEGIN, load, decide, save, COMMIT -> done
 *
 * A batch forms by itself while the one before commits; no timer; at most
 * BATCH_MAX items.  The sealer works on batch n + 1 while n commits.  Items of
 * several use cases share a commit: each use case sees its own items as one
 * batch, in the order of their arrival.
 *
 * All of this is a lane.  SQLite has one; PostgreSQL has several, which know
 * nothing of each other: a tenant's items are always on the same, and each of
 * their transactions is about one tenant (decision 0015).
 */
#ifndef STORE_PIPELINE_H
#define STORE_PIPELINE_H

#include "base/fair.h"

#include "store/store.h"

#define BATCH_MAX 200

struct use_case;
struct vault_call;	/* vault/vault.h; the pipeline only carries it */

/* One request on its way.  Made by a door, which waits for done(). */
struct item {
	struct ctx	      *cx;	/* the request's; the pipeline's until done() */
	const struct use_case *use_case;
	uint32_t	       tenant;
	void		      *in;	/* decoded request, the use case's type */
	void		      *out;	/* result, in the ctx's arena */
	enum err	       err;	/* OK, refused (fault says why), or ERR_UNKNOWN */
	void		      *state;	/* the use case's own, per item; cleared before each try */
	unsigned	       tries, losses;	/* losses: of a transaction, by no fault of its own */
	int64_t		       fence;	/* of the clock's lease, under which it is done; 0: of none */
	bool		       again;	/* set by decide(): what was sealed is out of date, try from prepare() */
	void		     (*done)(struct item *);	/* after the commit; any thread; may free the item */
	void		      *owner;	/* done()'s own */
};

struct batch {
	const struct use_case *use_case;
	struct item	     **item;
	size_t		       n;
	struct ctx	      *cx;	/* of the batch: arena until done, now_ms of the sealer's, then of the writer's begin */
	void		      *state;	/* the use case's own, per batch */
	void		      *world;	/* what pipeline_open() was given */
};

/*
 * One kind of work.  Every stage sees the whole batch; n >= 1; each may be
 * NULL.  A stage's error fails the whole batch: everything is rolled back and
 * each item tried alone, from prepare() on and with a new state, which does not
 * count as a try; then the culprit has the error and the others succeed.  An
 * item's own refusal goes to item->err, and later stages must pass it over:
 * until keep() it stays in the batch, then it is answered and leaves.  So what
 * is an item's stands in item->state, never under its place in the batch.
 */
struct use_case {
	const char *name;
	/* sealer: reads a snapshot (data and keys) and opens what a change starts from, or indexes candidates */
	enum err (*prepare)(struct batch *, struct tx *data, struct tx *keys, struct vault_call *);
	/* sealer, after prepare's calls were answered, same snapshot: what to seal and index */
	enum err (*want)(struct batch *, struct tx *data, struct vault_call *);
	/* sealer, after want's calls were answered: stores wrapped keys, committed before the data */
	enum err (*keep)(struct batch *, struct tx *keys);
	/* writer, in the transaction */
	enum err (*load)(struct batch *, struct tx *);
	void	 (*decide)(struct batch *);	/* pure; each item sees what its predecessors decided */
	enum err (*save)(struct batch *, struct tx *);
	/* writer, after the commit and before done(): caches */
	void	 (*committed)(struct batch *);
	/* Its commit changes what the others decide by: they come before it, in whatever order they arrived. */
	bool	   comes_last;
};

enum item_class { ITEM_INTERACTIVE, ITEM_BULK };

/* Bounds of what waits for the writer, with the names by which a refusal tells them. */
struct queue_max {
	size_t	    tenant, client;
	const char *tenant_name, *client_name;
};

struct pipeline_conf {
	struct store *store;
	void	     *world;		/* handed to every batch */
	size_t	      lanes;		/* 0: one */
	/* Makes a call ready (capability, tenant) and runs it on the vault channel of the lane's sealer; NULL: no vault. */
	void	    (*call_init)(void *world, struct vault_call **, struct arena *);
	enum err    (*call_run)(void *world, size_t lane, struct ctx *, struct vault_call *);
	/*
	 * Puts what is in memory of TENANT to what is stored, on the lane's
	 * sealer, while nothing of it is written; NULL: nothing is in memory.
	 */
	enum err    (*read_anew)(void *world, size_t lane, struct ctx *, uint32_t tenant);
	/*
	 * Of a shared database; NULL: nobody else writes.  await(): before
	 * anything is read, until what is in memory of TENANT is as far as is
	 * known up to date.  admit(): its row is locked; stale: memory is not,
	 * everything is to be tried again.  leave(): the end of what was
	 * admitted, after committed().
	 */
	void	    (*await)(void *world, uint32_t tenant);
	enum err    (*admit)(void *world, struct tx *, uint32_t tenant, bool *is_stale);
	void	    (*leave)(void *world, const struct tx *, uint32_t tenant, bool is_committed);
	/* How many items of one class may wait in TENANT; asked at every item, and fast. */
	struct queue_max (*queue_max)(void *world, uint32_t tenant);
};

struct pipeline;
struct pipeline *pipeline_open(const struct pipeline_conf *);
/* Refuses new items, finishes what is queued, joins the threads. */
void pipeline_close(struct pipeline *);

/* From the next commit on, empties the logs of both databases as soon as no reader is in the way: nothing that was deleted stays in them. */
void pipeline_wipe(struct pipeline *);

/*
 * ERR_LIMITED at once when what waits of the tenant or of the actor is at its
 * bound (MSG_STORE_QUEUE, MSG_STORE_QUEUE_CLIENT: name, bound, load).  Else
 * done() will be called, exactly once.
 */
enum err pipeline_submit(struct pipeline *, struct item *, enum item_class) USE_RESULT;
/* Submits and waits, for room too; the item's error.  For imports, the clock, tests.  Takes done and owner for itself. */
enum err pipeline_do(struct pipeline *, struct item *, enum item_class) USE_RESULT;

/* All of them at once; what became of each, its err tells. */
void pipeline_do_all(struct pipeline *, struct item *, size_t n, enum item_class);
/* One on a lane of one's choice: to find out whether it can write. */
enum err pipeline_do_on(struct pipeline *, size_t lane, struct item *) USE_RESULT;

/* MSG, with which of the bounds LOAD is at: ERR_LIMITED. */
enum err queue_refuse(struct ctx *, enum msg, const struct queue_max *, const struct fair_load *, bool is_clients) USE_RESULT;

/* What waits of a tenant and a client, in the class of which most does. */
struct fair_load pipeline_load(struct pipeline *, const struct fair_key *);

struct pipeline_count {
	uint64_t commits, items, batches_replayed, again, lost, keys_commits;
	uint64_t refused_tenant, refused_client;	/* by a full queue */
	size_t	 depth, depth_of[ITEM_BULK + 1];
};
void pipeline_counts(struct pipeline *, struct pipeline_count *);

/* The last commits were durable, and none has been under way for longer than LATE_MS. */
struct pipeline_health { bool has_failed, is_late, has_failed_on[LANES_MAX]; };
void pipeline_health(struct pipeline *, int64_t late_ms, struct pipeline_health *);

#endif

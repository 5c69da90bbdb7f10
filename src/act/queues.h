/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queues.h - the work queues of a tenant (core/throttle.h): how much is in
 * them, how fast it goes, and whether it may.
 *
 * Imports are in.  Deliveries to targets and registrations of the public have
 * nobody yet who puts something in: their rows are shown with depth 0.  Who
 * comes will call queue_count() for what comes and goes, queue_pass() between
 * batches, and throttle_take() before each call to the outside.
 *
 * A queue that was paused stays so over a restart: that is a stored row.  What
 * is in it is its producer's to store.
 */
#ifndef ACT_QUEUES_H
#define ACT_QUEUES_H

#include "act/admission.h"
#include "core/throttle.h"

/* --- for who works a queue -------------------------------------------------------- */

/* Counts what came (deeper), went and failed (less deep). */
void queue_count(struct world *, uint32_t tenant, enum work_queue, const struct window *);
/* N that came will not be done any more. */
void queue_forget(struct world *, uint32_t tenant, enum work_queue, int64_t n);
/* The size of the next batch. */
size_t queue_batch(struct world *, uint32_t tenant, enum work_queue);
/*
 * Between two batches: pauses the queue if it is too deep (logged, and an
 * alert), then waits while it is paused; a long task has no place meanwhile.
 * ERR_BUSY: the server ends meanwhile; ERR_LIMITED: it was ousted.  May block:
 * never on a loop, the sealer or the writer.
 */
enum err queue_pass(struct reader *, struct ctx *, uint32_t tenant, enum work_queue) USE_RESULT;
/* Who is ousted need not wait until it looks again by itself. */
void queues_wake(struct world *);

/* --- for who looks after it ---------------------------------------------------------- */

#define QUEUE_REASON_MAX 2000

struct queue_in {
	enum work_queue	 queue;
	enum queue_state state;		/* QUEUE_PAUSED or QUEUE_RELEASED */
	struct str	 reason;	/* why, for people; sealed in row and log */
	int64_t		 depth;		/* that it is paused for; 0: by hand */
};
/* Asking for what it is already changes nothing.  Out: the queue's number, const enum work_queue *. */
extern const struct use_case queue_set;

struct queue_view {
	enum work_queue	  queue;
	enum queue_state  state;
	enum actor_kind	  actor_kind;	/* who paused or resumed it last; 0: nobody ever */
	int64_t		  actor, since_ms;
	struct str	  reason;
	int64_t		  paused_depth;	/* 0: by hand */
	int64_t		  depth, rate_milli, forecast_s; /* -1: unknown */
	int64_t		  batch;
	struct window	  last;
	struct throttle_limits limits;
};
struct queues_out { struct queue_view queue[WORK_QUEUE_END - 1]; size_t n; struct bound_view bound[BOUNDS]; };
enum err queues_list(struct reader *, struct ctx *, const void *none, void **queues_out) USE_RESULT;
enum err queue_show(struct reader *, struct ctx *, const void *queue /* const enum work_queue * */, void **queue_view) USE_RESULT;

/* Whether it is paused now, and why (in ARENA). */
bool queue_is_paused(struct world *, struct arena *, uint32_t tenant, enum work_queue, struct str *why);

/* Nobody waits any more: before the doors close, for they wait for who waits. */
void world_ending(struct world *);

#endif

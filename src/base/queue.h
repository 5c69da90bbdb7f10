/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - where threads meet: bounded queues, and starting a thread.
 *
 * `pthread_` is named in base/ only.  A lock stands next to what it guards and
 * says so; never two at once, never across I/O.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/base.h"

struct queue;

/* A queue of at most MAX pointers. */
struct queue *queue_open(size_t max);
void queue_close(struct queue *);

/* false at once when full or ended. */
bool queue_try_put(struct queue *, void *item) USE_RESULT;
/* Waits for room; false once ended. */
bool queue_put(struct queue *, void *item) USE_RESULT;
/*
 * Waits up to WAIT_MS (-1: for ever) for one item, then takes what is there, up
 * to MAX.  0: timed out, or ended and empty.
 */
size_t queue_take(struct queue *, void **items, size_t max, int64_t wait_ms);
/* No more puts; takers drain what is left. */
void queue_end(struct queue *);
bool queue_ended(struct queue *);
size_t queue_depth(struct queue *);

struct thread;
struct thread *thread_start(const char *name, void (*run)(void *), void *arg);
void thread_join(struct thread *);

struct lock;
struct lock *lock_open(void);
void lock_close(struct lock *);
void lock_take(struct lock *);
void lock_give(struct lock *);
/* Waits on LOCK's condition until lock_wake() or WAIT_MS ms (-1: for ever); the lock is held again on return.  false: time is up. */
bool lock_wait(struct lock *, int64_t wait_ms);
void lock_wake(struct lock *);		/* wakes all */

#endif

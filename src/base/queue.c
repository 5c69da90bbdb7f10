/* SPDX-License-Identifier: Apache-2.0 */
#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/arena.h"

struct lock {
	pthread_mutex_t mu;
	pthread_cond_t	changed; /* waits on the monotonic clock */
};

struct queue {
	pthread_mutex_t mu; /* guards what follows */
	pthread_cond_t	not_empty, not_full;
	size_t		head, n, max;
	size_t		takers, putters; /* how many wait */
	bool		is_ended;
	void	       *ring[];
};

struct thread {
	pthread_t id;
	void (*run)(void *);
	void *arg;
	char  name[16]; /* what the kernel keeps of it */
};

static void check(int, const char *);
static void cond_init(pthread_cond_t *);
static bool wait_until(pthread_cond_t *, pthread_mutex_t *,
    const struct timespec *);
static struct timespec deadline(int64_t);
static void put_locked(struct queue *, void *);
static void *start(void *);

struct queue *
queue_open(size_t max)
{
	struct queue *q;

	must(max > 0 && max < SIZE_MAX / sizeof(void *) - 64);
	q = heap_alloc(1, sizeof(*q) + max * sizeof(q->ring[0]));
	q->max = max;
	check(pthread_mutex_init(&q->mu, NULL), "mutex");
	cond_init(&q->not_empty);
	cond_init(&q->not_full);
	return q;
}

void
queue_close(struct queue *q)
{
	if (q == NULL)
		return;
	must(q->takers == 0 && q->putters == 0);
	check(pthread_cond_destroy(&q->not_empty), "condition");
	check(pthread_cond_destroy(&q->not_full), "condition");
	check(pthread_mutex_destroy(&q->mu), "mutex");
	heap_free(q);
}

bool
queue_try_put(struct queue *q, void *item)
{
	bool fits;

	check(pthread_mutex_lock(&q->mu), "lock");
	fits = !q->is_ended && q->n < q->max;
	if (fits)
		put_locked(q, item);
	check(pthread_mutex_unlock(&q->mu), "unlock");
	return fits;
}

bool
queue_put(struct queue *q, void *item)
{
	bool fits;

	check(pthread_mutex_lock(&q->mu), "lock");
	q->putters++;
	while (!q->is_ended && q->n == q->max)
		wait_until(&q->not_full, &q->mu, NULL);
	q->putters--;
	fits = !q->is_ended;
	if (fits)
		put_locked(q, item);
	check(pthread_mutex_unlock(&q->mu), "unlock");
	return fits;
}

static void
put_locked(struct queue *q, void *item)
{
	q->ring[(q->head + q->n) % q->max] = item;
	q->n++;
	if (q->takers > 0)
		check(pthread_cond_signal(&q->not_empty), "signal");
}

size_t
queue_take(struct queue *q, void **items, size_t max, int64_t wait_ms)
{
	struct timespec until = deadline(wait_ms);
	bool in_time = wait_ms != 0;
	size_t taken = 0;

	check(pthread_mutex_lock(&q->mu), "lock");
	q->takers++;
	while (q->n == 0 && !q->is_ended && in_time)
		in_time = wait_until(
		    &q->not_empty, &q->mu, wait_ms < 0 ? NULL : &until);
	q->takers--;
	while (taken < max && q->n > 0) {
		items[taken++] = q->ring[q->head];
		q->head = (q->head + 1) % q->max;
		q->n--;
	}
	if (taken > 0 && q->putters > 0)
		check(pthread_cond_broadcast(&q->not_full), "broadcast");
	check(pthread_mutex_unlock(&q->mu), "unlock");
	return taken;
}

void
queue_end(struct queue *q)
{
	check(pthread_mutex_lock(&q->mu), "lock");
	q->is_ended = true;
	check(pthread_cond_broadcast(&q->not_empty), "broadcast");
	check(pthread_cond_broadcast(&q->not_full), "broadcast");
	check(pthread_mutex_unlock(&q->mu), "unlock");
}

bool
queue_ended(struct queue *q)
{
	bool is_ended;

	check(pthread_mutex_lock(&q->mu), "lock");
	is_ended = q->is_ended;
	check(pthread_mutex_unlock(&q->mu), "unlock");
	return is_ended;
}

size_t
queue_depth(struct queue *q)
{
	size_t n;

	check(pthread_mutex_lock(&q->mu), "lock");
	n = q->n;
	check(pthread_mutex_unlock(&q->mu), "unlock");
	return n;
}

struct thread *
thread_start(const char *name, void (*run)(void *), void *arg)
{
	struct thread *t = heap_alloc(1, sizeof(*t));

	t->run = run;
	t->arg = arg;
	snprintf(t->name, sizeof(t->name), "%s", name);
	errno = pthread_create(&t->id, NULL, start, t);
	if (errno != 0)
		fatal("no thread for %s", name);
	return t;
}

static void *
start(void *arg)
{
	struct thread *t = arg;

	check(pthread_setname_np(pthread_self(), t->name), "thread name");
	t->run(t->arg);
	return NULL;
}

void
thread_join(struct thread *t)
{
	check(pthread_join(t->id, NULL), "join");
	heap_free(t);
}

struct lock *
lock_open(void)
{
	struct lock *l = heap_alloc(1, sizeof(*l));

	check(pthread_mutex_init(&l->mu, NULL), "mutex");
	cond_init(&l->changed);
	return l;
}

void
lock_close(struct lock *l)
{
	if (l == NULL)
		return;
	check(pthread_cond_destroy(&l->changed), "condition");
	check(pthread_mutex_destroy(&l->mu), "mutex");
	heap_free(l);
}

void
lock_take(struct lock *l)
{
	check(pthread_mutex_lock(&l->mu), "lock");
}

void
lock_give(struct lock *l)
{
	check(pthread_mutex_unlock(&l->mu), "unlock");
}

bool
lock_wait(struct lock *l, int64_t wait_ms)
{
	struct timespec until = deadline(wait_ms);

	return wait_until(&l->changed, &l->mu, wait_ms < 0 ? NULL : &until);
}

void
lock_wake(struct lock *l)
{
	check(pthread_cond_broadcast(&l->changed), "broadcast");
}

static bool
wait_until(
    pthread_cond_t *cond, pthread_mutex_t *mu, const struct timespec *until)
{
	int error = until == NULL ? pthread_cond_wait(cond, mu)
				  : pthread_cond_timedwait(cond, mu, until);

	if (error == ETIMEDOUT)
		return false;
	check(error, "wait");
	return true;
}

static struct timespec
deadline(int64_t wait_ms)
{
	struct timespec t = { 0, 0 };

	if (wait_ms < 0)
		return t;
	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		fatal("no clock");
	t.tv_sec += wait_ms / 1000;
	t.tv_nsec += wait_ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

static void
cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	check(pthread_condattr_init(&attr), "condition");
	check(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC), "condition");
	check(pthread_cond_init(cond, &attr), "condition");
	check(pthread_condattr_destroy(&attr), "condition");
}

/* None of these calls can fail unless we misuse it or memory is out. */
static void
check(int error, const char *what)
{
	if (error == 0)
		return;
	errno = error;
	fatal("%s", what);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_lag.c - a thread that syncs a database into which a checkpoint has
 * copied pages, while the writer goes on.
 *
 * It syncs by a file descriptor of its own, for SQLite's belongs to the writer.
 * Whoever closes one descriptor of a file loses all its locks (POSIX), so this
 * one stays open longer than any connection.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/queue.h"

#include "store/sqlite_int.h"

struct lag {
	int	       fd;
	bool	       is_deferring; /* of the writer's thread */
	struct lock   *lock;	     /* guards what follows */
	struct thread *thread;	     /* NULL: nothing was ever put off */
	uint64_t       added, synced;
	bool	       is_ended;
};

static void run(void *);

struct lag *
lag_open(const char *path)
{
	struct lag *lag = heap_alloc(1, sizeof(*lag));

	lag->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (lag->fd < 0)
		fatal("cannot open %s a second time", path);
	lag->lock = lock_open();
	return lag;
}

void
lag_close(struct lag *lag)
{
	if (lag == NULL)
		return;
	lock_take(lag->lock);
	lag->is_ended = true;
	lock_wake(lag->lock);
	lock_give(lag->lock);
	if (lag->thread != NULL)
		thread_join(lag->thread);
	close(lag->fd);
	lock_close(lag->lock);
	heap_free(lag);
}

void
lag_defer(struct lag *lag, bool is_on)
{
	lag->is_deferring = is_on;
}

bool
lag_add(struct lag *lag)
{
	if (!lag->is_deferring)
		return false;
	lock_take(lag->lock);
	lag->added++;
	lock_wake(lag->lock);
	lock_give(lag->lock);
	if (lag->thread == NULL)
		lag->thread = thread_start("syncer", run, lag);
	return true;
}

bool
lag_is_none(struct lag *lag)
{
	bool is_none;

	lock_take(lag->lock);
	is_none = lag->synced == lag->added;
	lock_give(lag->lock);
	return is_none;
}

void
lag_settle(struct lag *lag)
{
	lock_take(lag->lock);
	while (lag->synced != lag->added)
		lock_wait(lag->lock, -1);
	lock_give(lag->lock);
}

/* What is added while it syncs may be in that sync or not: it is synced again. */
static void
run(void *arg)
{
	struct lag *lag = arg;
	uint64_t added;

	lock_take(lag->lock);
	for (;;) {
		while (lag->synced == lag->added && !lag->is_ended)
			lock_wait(lag->lock, -1);
		if (lag->synced == lag->added)
			break;
		added = lag->added;
		lock_give(lag->lock);
		if (fdatasync(lag->fd) != 0)
			fatal("cannot sync a database");
		lock_take(lag->lock);
		lag->synced = added;
		lock_wake(lag->lock);
	}
	lock_give(lag->lock);
}

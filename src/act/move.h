/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.h - a move is all rows of one store brought into another, of any
 * engine, while no server works on either.
 *
 *	(empty) --begin--> UNDER_WAY --compared, verified--> DONE
 *
 * Rows go table by table in key order, a batch a transaction, and how far they
 * are is stored in the same transaction: whatever ends a run, the next one goes
 * on there, and no row is doubled or lost.  A store into which a move is under
 * way is served by nobody.  The other one is only read.
 */
#ifndef ACT_MOVE_H
#define ACT_MOVE_H

#include "act/world.h"
#include "audit/tree.h"

enum move_phase { MOVE_COPYING, MOVE_COMPARING };

struct move_conf {
	struct store *from, *to;
	const char   *data_dir;		/* where the vault of both is */
	const int    *vault_fd;		/* its channels, which stay the caller's */
	size_t	      nvault;
	/* May be NULL.  DONE of TOTAL rows are. */
	void	    (*step)(void *arg, enum move_phase, int64_t done, int64_t total);
	void	     *step_arg;
};

struct move_table {
	const char *name;
	int64_t	    rows;
	struct hash digest;	/* over all rows in key order */
};

struct move_out {
	const struct move_table *table;
	size_t	ntable;
	int64_t rows, had;	/* in the store now; of them, from runs before this one */
	int64_t copy_ms;
	int64_t tenants, persons, seats, waits, entries, checkpoints;	/* verified */
};

/*
 * Begins or goes on, copies, compares every table of both stores, verifies the
 * seats and the logs of what came, and only then marks it as done.
 * ERR_CONFLICT: the target holds anything but an unfinished move of the same
 * rows, or what came is not what was there.
 */
enum err move_run(struct ctx *, const struct move_conf *, struct move_out *) USE_RESULT;

/* ERR_CONFLICT (MSG_MOVE_UNFINISHED): a move into this store is under way. */
enum err move_whole(struct ctx *, struct store *) USE_RESULT;

#endif

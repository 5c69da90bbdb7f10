/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_int.h - a group is what shares one commit: its items, cut into one
 * batch for each use case.  It goes round in its lane: free -> sealer -> writer
 * -> free.
 */
#ifndef STORE_PIPELINE_INT_H
#define STORE_PIPELINE_INT_H

#include "store/pipeline.h"
#include "store/sched.h"
#include "store/store_int.h"

/* While the writer has one, the sealer fills the other. */
#define GROUPS		2
#define GROUP_BYTES_MAX ((size_t)512 << 20)
#define TRIES_MAX	3
#define LOSSES_MAX	5

/* One use case's share of a group. */
struct part {
	struct batch batch;
	struct ctx   cx;	/* the batch's; its fault says why the part failed */
	enum err     err;	/* of a stage: the part as a whole failed */
	bool	     may_repeat; /* the database failed, not the part: its items are tried again, some times */
	bool	     is_final;	/* each item would fail alike: no use in trying them one by one */
};

struct group {
	struct arena *arena;	/* of all its batches, until the next use */
	struct ctx    cx;	/* of its transactions */
	struct item  *item[BATCH_MAX];
	size_t	      n;
	uint64_t      memory;	/* of the lane, when it was sealed */
	uint32_t      tenant;	/* the first's; where a group spans no others, everybody's */
	bool	      is_alone;	/* each part is one item and has its own savepoint */
	bool	      is_admitted; /* of a shared database: memory of TENANT is what is stored … */
	bool	      is_stale;	/* … or is not */
	struct part  *part;
	size_t	      npart;
};

/* Of one database; written by its writer, read by who watches. */
struct commit_health {
	_Atomic int64_t since_ns;	/* when the present write began; 0: none is under way */
	_Atomic bool	has_failed;	/* the last one */
};

/* A sealer and a writer, their connections, and what waits for them. */
struct lane {
	struct pipeline	    *pipeline;
	size_t		     number;
	struct sched	    *sched;
	struct queue	    *free, *ready;	/* of groups */
	struct group	     group[GROUPS];
	struct db	    *reader[2], *writer[2];	/* by enum db_kind; the sealer's, but for the data's writer */
	struct thread	    *sealer, *committer;
	struct commit_health health[2];
	_Atomic bool	     wipe[2];	/* by enum db_kind: its log is to be emptied */
	int64_t		     wipe_next_ns[2]; /* not before; of the thread that has this writer */
	_Atomic int64_t	     doubt;	/* the tenant of a commit whose end nobody knows; -1: none */
	enum err	     doubt_stays;	/* why; the sealer's */
	_Atomic uint64_t     memory;	/* how often it was read anew */
	_Atomic uint64_t     commits, items, replayed, again, lost, keys_commits;
	_Atomic uint64_t     refused_tenant, refused_client;
};

struct pipeline {
	struct pipeline_conf conf;
	struct lane	    *lane;
	size_t		     nlane;
};

/* --- group.c --- */

/* Cuts what was taken into parts, and makes every item as new. */
void group_form(struct group *, void *world);
/* The parts that have not failed fail with what the group's ctx says. */
void group_fail(struct group *, enum err);
/* Its parts are to be tried again: there is no database to try them on. */
void group_away(struct group *);
/*
 * Answers items whose part failed or who were refused, or sends them back to be
 * tried alone; the others stay.  False: nobody stayed.
 */
bool group_settle(struct lane *, struct group *);
/* After the commit: answers everybody, but for those who asked to try again. */
void group_answer(struct lane *, struct group *);
/* All come back: what they were prepared with is out of date. */
void group_again(struct lane *, struct group *);
/* Of those who act under the clock's lease, whoever has another fence than FENCE is refused. */
void group_fence(struct lane *, struct group *, int64_t fence);
/* All come back, each to be tried alone. */
void group_replay(struct lane *, struct group *);

/* --- lane.c --- */

void lane_open(struct lane *, struct pipeline *, size_t number);
/* It takes no more; ends when everybody is answered. */
void lane_end(struct lane *);
void lane_close(struct lane *);
/* A commit about TENANT has no known end: memory of it is read anew before anything else is written.  The committer's. */
void lane_doubt(struct lane *, uint32_t tenant);


/* After a commit or in an idle moment, on the thread of that writer; false: there is more to do. */
bool lane_checkpoint(struct lane *, enum db_kind, bool is_idle);

/* --- stages.c --- */

/* prepare, want, keep. */
void group_seal(struct lane *, struct group *);
/* load, decide, save, commit, committed; then answers. */
void group_write(struct lane *, struct group *);

#endif

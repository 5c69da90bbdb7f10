/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_int.h - a group is what shares one commit: its items, cut into one
 * batch for each use case.  It goes round: free -> sealer -> writer -> free.
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
	bool	      is_alone;	/* each part is one item and has its own savepoint */
	struct part  *part;
	size_t	      npart;
};

/* Of one database; written by its writer, read by who watches. */
struct commit_health {
	_Atomic int64_t since_ns;	/* when the present write began; 0: none is under way */
	_Atomic bool	has_failed;	/* the last one */
};

struct pipeline {
	struct pipeline_conf conf;
	struct sched	    *sched;
	struct queue	    *free, *ready;	/* of groups */
	struct group	     group[GROUPS];
	struct db	    *reader[2], *writer[2];	/* by enum db_kind; the sealer's, but for the data's writer */
	struct thread	    *sealer, *committer;
	struct commit_health health[2];
	_Atomic bool	     wipe[2];	/* by enum db_kind: its log is to be emptied */
	int64_t		     wipe_next_ns[2]; /* not before; of the thread that has this writer */
	_Atomic uint64_t     commits, items, replayed, again, keys_commits;
	_Atomic uint64_t     refused_tenant, refused_client;
};

/* --- group.c --- */

/* Cuts what was taken into parts, and makes every item as new. */
void group_form(struct group *, void *world);
/* The parts that have not failed fail with what the group's ctx says. */
void group_fail(struct group *, enum err);
/*
 * Answers items whose part failed or who were refused, or sends them back to be
 * tried alone; the others stay.  False: nobody stayed.
 */
bool group_settle(struct pipeline *, struct group *);
/* After the commit: answers everybody, but for those who asked to try again. */
void group_answer(struct pipeline *, struct group *);
/* All come back, each to be tried alone. */
void group_replay(struct pipeline *, struct group *);

/* --- pipeline.c --- */

/* After a commit or in an idle moment, on the thread of that writer; false: there is more to do. */
bool pipeline_checkpoint(struct pipeline *, enum db_kind, bool is_idle);

/* --- stages.c --- */

/* prepare, want, keep. */
void group_seal(struct pipeline *, struct group *);
/* load, decide, save, commit, committed; then answers. */
void group_write(struct pipeline *, struct group *);

#endif

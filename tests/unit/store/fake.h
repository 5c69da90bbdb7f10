/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - use cases that only pretend, over a real store: every item writes
 * one row, unless it is one that makes trouble.
 */
#ifndef TEST_STORE_FAKE_H
#define TEST_STORE_FAKE_H

#include "place.h"

#include "store/pipeline.h"
#include "store/rows.h"

#define ITEMS_MAX 2000

/* What an item does beside writing its row. */
enum trouble {
	NONE,
	CULPRIT_SAVE,		/* violates a constraint */
	CULPRIT_LOAD,
	CULPRIT_PREPARE,
	CULPRIT_WANT,
	CULPRIT_KEEP,
	REFUSED_PREPARE,	/* says so itself */
	REFUSED_WANT,
	REFUSED_KEEP,
	REFUSED_DECIDE,
	AGAIN_ONCE,
	AGAIN_ALWAYS,
	TROUBLES
};

struct order {
	struct item  item;
	struct ctx   cx;
	int64_t	     id;
	enum trouble trouble;
	size_t	     done;		/* how often it was answered */
	unsigned     decided;		/* how often decide() saw it */
};

struct world {
	size_t	     tenant_max, client_max;	/* queued items */
	struct lock  *lock;		/* guards what follows */
	bool	      is_shut;		/* decide() waits */
	bool	      is_sealer_shut;	/* prepare() waits */
	unsigned      waiting;		/* stages that wait now */
	int64_t	      decided[ITEMS_MAX * 8]; /* ids in the order of decide() */
	const struct use_case *decided_by[ITEMS_MAX * 8];
	size_t	      ndecided, batches, committed, calls;
	enum err      call_err;
	struct db    *keys;		/* a reader of the writer's thread */
	bool	      keys_late;	/* a row was saved before its key */
};

struct fixture {
	struct place	 place;
	struct ctx	 cx;
	struct world	 world;
	struct store	*store;
	struct pipeline *pipeline;
	struct order	*order;
	size_t		 n;
};

/* Two that pass every stage; one that only saves. */
extern const struct use_case whole, other, plain;

int fake_set_up(void **state);
int fake_tear_down(void **state);
void fake_open(struct fixture *, size_t tenant_max, size_t client_max);

/* How many items were answered, of this test. */
size_t fake_answered(void);
void fake_wait(size_t n);
/* For a done() of one's own. */
void fake_count_answer(size_t *counter);

struct order *new_order(struct fixture *, enum trouble);
void submit(struct fixture *, struct order *);

/* While the bool is set its stage waits. */
void shut(struct world *, bool *);
void shut_wait(struct world *, unsigned n);
void shut_open(struct world *, bool *);

bool is_stored(struct fixture *, const struct order *);
struct pipeline_count counts(struct fixture *);

#endif

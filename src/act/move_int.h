/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_int.h - the steps of a move, in their order.
 */
#ifndef ACT_MOVE_INT_H
#define ACT_MOVE_INT_H

#include "act/move.h"
#include "act/world_int.h"

#define MOVE_TABLES 64

struct move {
	const struct move_conf *conf;
	struct ctx	*cx;
	struct move_out *out;
	struct hash	 source;	/* tells the source and how it stands */
	struct move_row	 state[2];	/* by enum db_kind; as the target has it */
	struct db	*writer[2];	/* of the target */
	const struct table *table[MOVE_TABLES];	/* first those of the data, then of the keys */
	size_t		 ntable;
	int64_t		 total, done;	/* rows */
};

/* --- move.c ------------------------------------------------------------------ */

/* Opens the target's writers; finds what is there, and whether this move may go on with it. */
enum err move_begin(struct move *) USE_RESULT;
/* Marks it as done. */
enum err move_finish(struct move *) USE_RESULT;
void move_end(struct move *);
/* Where the note of it stands. */
const struct table *move_table(enum db_kind);
void move_step(const struct move *, enum move_phase, int64_t done, int64_t total);

/* --- move_copy.c --------------------------------------------------------------- */

enum err move_copy(struct move *) USE_RESULT;

/* --- move_check.c ---------------------------------------------------------------- */

/* N tables of STORE into OUT; MOVE, if not NULL, is told of every page. */
struct move_side {
	struct store	  *store;
	const struct table *const *table;
	size_t		   n;
	struct move_table *out;
	struct move	  *move;
	struct ctx	  *cx;
	enum err	   err;
};
void move_digest(struct move_side *);
/* Every table of both stores. */
enum err move_compare(struct move *) USE_RESULT;

/* --- move_verify.c ------------------------------------------------------------- */

/* The keys of the vault open STORE, and its logs extend what was signed; with IS_ALL seats and logs are verified. */
enum err move_verify(struct move *, struct store *, bool is_all) USE_RESULT;

/* --- move_pages.c ---------------------------------------------------------------- */

/*
 * The rows of a table in key order, as many at a time as are some megabytes;
 * those of the page before are still there.  Uses the transaction with ctx's of
 * its own.
 */
struct pages {
	struct tx	   *tx;
	const struct table *table;
	struct ctx	   *cx, page;	/* the caller's, and that of this page */
	struct arena	   *arena[2];
	size_t		    nprefix, limit;
	void		   *from;
	struct rows	    rows;
	bool		    turn, is_first, is_last;
};
/* FROM, a row: the first NPREFIX columns count, and with IS_AFTER the whole key. */
void pages_open(struct pages *, struct tx *, const struct table *, const void *from, size_t nprefix, bool is_after);
/* No rows: the end. */
enum err pages_next(struct pages *) USE_RESULT;
void pages_close(struct pages *);

/* All or the first N columns of ROW, the same for every engine. */
void row_encode(struct buf *, const struct table *, const void *row, size_t n);
/* false: it is not of N columns of this table.  Strings are views of BYTES. */
bool row_decode(struct str bytes, const struct table *, void *row, size_t n) USE_RESULT;

#endif

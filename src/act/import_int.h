/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_int.h - a run of an import: what pass 1 found, kept in memory for
 * pass 2.  No row is kept and nothing readable is spooled: a person in the
 * file or in the source is 88 bytes here and 32 more in pass 1, a row 44.
 */
#ifndef ACT_IMPORT_INT_H
#define ACT_IMPORT_INT_H

#include "act/query.h"
#include "act/world_int.h"

enum found { FOUND_NEW, FOUND_CHANGED, FOUND_UNCHANGED };

struct found_person {
	struct key256 ref;		/* keyed hash */
	struct key256 rows_hash;	/* sum of its rows' keyed hashes: their order does not matter */
	int64_t	      person;		/* 0: new */
	uint32_t      rows, seen;	/* in pass 1, 0: not in the file; in pass 2 so far */
	uint8_t	      found;		/* enum found */
	bool	      is_rejected, stays; /* stays: a contract runs or is to come */
	bool	      lacks;	/* a manager's rows were rejected */
	bool	      was_active;
	bool	      is_hidden;	/* out of the scope of who imports: the report is silent on it */
	bool	      is_settled;	/* pass 2: its order was answered */
};

struct found_row {
	uint32_t person;		/* index of its person */
	uint32_t line;
	uint8_t	 manager[16], contract[16]; /* of the keyed hashes; zero: none */
	bool	 is_rejected;
};

struct import_run {
	struct world	    *world;
	int64_t		     id;
	uint32_t	     tenant;
	enum actor_kind	     owner_kind;	/* who began it … */
	int64_t		     owner;	/* … by actor_family(): nobody else sees or continues it */
	int64_t		     source;
	int32_t		     today;	/* UTC */
	struct import_open_in in;
	struct arena	    *arena;	/* of the map and the report's texts */
	struct import_map   *map;
	struct str	     map_key;	/* goes before each row into its hash */
	struct found_person *person;	/* those that were present first; then the file's */
	size_t		     nperson, capperson;
	struct key256	    *stored;	/* pass 1: what is stored of the rows of person[0] … */
	size_t		     npresent;	/* … to person[npresent - 1]: refs of the source before the run */
	size_t		     nhidden;	/* of them */
	uint32_t	    *slot;	/* hash table over person, index + 1 */
	size_t		     nslot;
	struct found_row    *row;
	size_t		     nrow, caprow;
	int64_t		    *gone;	/* persons to remove … */
	struct key256	    *gone_ref;	/* … and their refs */
	size_t		     ngone, capgone;
	struct import_report report;
	struct reject	    *reject;
	size_t		     nreject, capreject;
	int64_t		     total, done; /* orders of pass 2, in all and so far */
	enum import_state    state;	/* 0: opened */
	bool		     is_busy;	/* a pass is under way … */
	size_t		     place;	/* … as this long task, from 1 */
	int64_t		     touched_ms;
	struct import_row_state shown; /* as of the last pass that ended; guarded by the world's lock */
};

/* --- import_run.c: the runs of this process ----------------------------------- */

/* Takes the run for one pass; ERR_NOT_FOUND (also of another's), ERR_BUSY, ERR_CONFLICT (not in WANTED state). */
enum err run_take(struct reader *, struct ctx *, int64_t id, enum import_state wanted, struct import_run **) USE_RESULT;
/* What is shown of it is then as it stands, of pass 2 when that has ended. */
void run_state(struct import_run *, enum import_state);
void run_give(struct import_run *);
void run_end(struct import_run *);	/* given and gone */
/* How a run of the actor stands; false: it is not in memory. */
bool run_view(struct world *, struct ctx *, int64_t id, struct import_view *);
/* Whether a stored one is the actor's. */
bool run_row_is_own(const struct ctx *, const struct import_row_state *);
/* The same file twice changes and writes nothing. */
bool run_has_work(const struct import_run *);
/* Stores the run's state and counts, with a log entry. */
enum err run_note(struct reader *, struct ctx *, struct import_run *, enum action) USE_RESULT;

/* --- import_table.c ------------------------------------------------------------- */

struct found_person *found_find(const struct import_run *, const struct key256 *ref);
/* By the first 16 bytes, which is what rows keep of a manager. */
struct found_person *found_prefix(const struct import_run *, const uint8_t prefix[16]);
struct found_person *found_add(struct import_run *, const struct key256 *ref);
void found_row_add(struct import_run *, const struct found_row *);
void key_sum(struct key256 *sum, const struct key256 *term);

void run_reject(struct import_run *, int64_t line, struct str column, const struct fault *);
void run_gone(struct import_run *, const struct found_person *);
struct import_report *run_report(struct ctx *, const struct import_run *);

/* --- import_aside.c: rows of pass 2 that wait for a manager ------------------------ */

struct aside {
	struct aside *next;
	uint32_t      person, manager;	/* of the run */
	int64_t	      line;
	struct str    raw;
};
struct aside_list;

struct aside_list *aside_open(void);
void aside_close(struct aside_list *);
/* Keeps a copy; false: there is no room. */
bool aside_put(struct aside_list *, const struct aside *);
void aside_release(struct aside_list *, uint32_t manager);
void aside_release_all(struct aside_list *);
/* One that was released, the oldest first; NULL: none.  heap_free() it. */
struct aside *aside_take(struct aside_list *);

/* --- import_rows.c: the file as mapped rows with their keys ----------------------- */

/* Pass 2 asks only whose row it is, and whether it is the row that pass 1 saw. */
struct keyed_row {
	struct import_row row;		/* in pass 2 its ref alone; of a known row no personal attributes */
	enum err	  err;		/* why it cannot go in; then fault says it */
	struct fault	  fault;
	int64_t		  line;
	struct str	  raw, manager_ref;
	struct key256	  ref, hash, contract, manager; /* zero: it has none */
	bool		  has_ref, has_manager;
	bool		  is_known;	/* it alone is what went in before, as this map maps it */
};

/* Reads the whole file and calls each() with up to ROWS_A_TIME rows, in order; their arena is emptied afterwards. */
#define ROWS_A_TIME 1000
struct rows_reader {
	struct reader	  *r;
	bool		   keys_only;	/* pass 2 */
	struct import_run *run;
	const struct import_in *in;
	enum err (*each)(void *arg, struct ctx *, struct keyed_row *, size_t n);
	void *arg;
	char separator;		/* of the file, known before the first row */
};
enum err rows_read(struct rows_reader *, struct ctx *) USE_RESULT;

#endif

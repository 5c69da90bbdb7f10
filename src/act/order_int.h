/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_int.h - one item while it is decided, shared by the files that decide
 * (order_decide.c), that speak of seats and checks (order_check.c) and of blocks
 * (order_block.c), and that write down what follows (order_note.c).
 */
#ifndef ACT_ORDER_INT_H
#define ACT_ORDER_INT_H

#include "act/act_int.h"

/* What a batch has seen, by keyed hash. */
enum seen { SEEN_KEY, SEEN_REF, SEEN_UNIQUE, SEEN_KINDS };
#define SEEN(it, what) ((it)->tenant * SEEN_KINDS + (what))

#define RULE_PRIORITY 5

struct scene {		/* one item while it is decided */
	struct order_batch *ob;
	struct item	   *it;
	struct order_state *s;
	struct pools	   *pools;
	struct subject	   *sub;
	struct person	    before;
	struct subject	    kept;	/* the person before the order; realm NULL: a new one */
	size_t		    nended, nlifted;
	size_t		    log_at;	/* where its log entry goes: before those it causes */
	bool		    is_new;
	enum action	    action;
	struct change_list  changes;
	bool		    is_changed;
	int64_t		    onboarding;
	int32_t		    today;	/* that it was decided by */
	struct outcome_row *outcome;
	size_t		    noutcome;
	int		    moves;	/* by a client: -1: goes, 1: comes back */
};

/* Waits of the holdings began (BY 1) or ended (-1). */
void order_count_waits(struct scene *, const struct holding *, size_t n, int by);

enum err decide_release(struct scene *) USE_RESULT;
enum err decide_check(struct scene *) USE_RESULT;
enum err decide_expire(struct scene *) USE_RESULT;
enum err decide_role_give(struct scene *) USE_RESULT;
enum err decide_role_approve(struct scene *) USE_RESULT;
enum err decide_role_end(struct scene *) USE_RESULT;
/* order_reach.c: ERR_NOT_FOUND: the person is out of the actor's scope, as the items before left it. */
enum err order_enter(struct scene *) USE_RESULT;
/* ERR_DENIED: the actor may not move the person so, or write what is written of it. */
enum err order_reach(struct scene *, const struct person_move *, bool says_nothing) USE_RESULT;
/* Whether the person, who is somebody else, holds more than the actor: *ROLE. */
bool order_is_beyond(struct scene *, struct role *);
/* The roles that count now, by id; for a move. */
size_t roles_now(struct arena *, const struct subject *, int64_t now_ms, int64_t **role);
enum err decide_block(struct scene *) USE_RESULT;
enum err decide_unblock(struct scene *) USE_RESULT;

/* The shared step: lifecycle, rules, seats (core/decide.h), and what it did to the waiting lists. */
enum err order_move(struct scene *, const struct want *, size_t nwant) USE_RESULT;
/* ERR_STALE: if_version is not the version that stands, earlier items of the batch included. */
enum err order_check_version(struct scene *) USE_RESULT;

/* A block that is there already stays as it is; the caller moves the person on. */
void block_put(struct scene *, enum block_kind, enum block_reason);
/* What the order's `active` says, by hand; the caller moves the person on. */
void block_as_asked(struct scene *);
/* Of who returns: as asked; else who may lift a block by hand does by bringing them. */
void block_returns(struct scene *);
enum err blocks_load(struct order_batch *, struct tx *) USE_RESULT;
enum err checks_load(struct batch *, struct tx *) USE_RESULT;
/* Who has something to sign in with, where that matters. */
enum err begun_load(struct batch *, struct tx *) USE_RESULT;
enum err blocks_save(struct order_batch *, struct tx *) USE_RESULT;

/* order_present.c: how many of each source's people have not left. */
static inline bool
is_present(const struct person *p)
{
	return p->lifecycle < LIFE_LEFT;
}
enum err present_load(struct batch *, struct tx *) USE_RESULT;
enum err present_save(struct order_batch *, struct tx *) USE_RESULT;
/* As it was before the batch. */
int64_t present_count(const struct order_batch *, int64_t tenant, int64_t source);

/*
 * order_return.c: finds who returns and sends their orders back.  TAKEN_BY:
 * who has the user name that each item wants; 0: nobody else.
 */
enum err returns_find(struct batch *, struct tx *, const int64_t *taken_by) USE_RESULT;
/* The person as they were sent now; the caller moves them on.  ERR_CONFLICT: they are there. */
enum err decide_return(struct scene *) USE_RESULT;

/* order_guard.c: ERR_CONFLICT: a client may let nobody more go today.  What is decided is noted afterwards. */
enum err guard_load(struct batch *, struct tx *) USE_RESULT;
enum err guard_pass(struct scene *, const struct person_move *) USE_RESULT;
void guard_note(struct scene *);
enum err guard_save(struct order_batch *, struct tx *) USE_RESULT;
void guard_committed(const struct order_batch *);

/* The key of the reference that is the order's value AT. */
struct source_ref order_ref(const struct item *, size_t at);
/*
 * order_ref.c: ERR_CONFLICT: the new reference is another person's;
 * ERR_BAD_INPUT: it is not for this source to give.  Or the order comes again.
 */
enum err ref_check(struct scene *) USE_RESULT;
void ref_note(struct scene *);
/* What the one before had is nobody's, but a file's. */
void ref_end(struct scene *);
/* ERR_BUSY: the reference by which a run found its person is another's by now. */
enum err ref_stays(struct scene *) USE_RESULT;

/* What follows from a decision, noted for the save. */
void note_record(struct scene *);
void note_due(struct scene *);
void note_ref(struct scene *, int64_t state);
void note_onboarding(struct scene *);
void note_idempotency(struct scene *);
/* Ends what is over; then what came, changed and went is noted and becomes changes of the entry. */
void note_roles(struct scene *);
/* Who has left is in no group any more; an entry of each. */
void note_groups(struct scene *);
/* What is told, and the log entry. */
void order_finish(struct scene *);

#endif

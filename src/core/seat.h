/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.h - the seat gate: who gets a seat of which pool, who waits, and who is
 * served when one comes free.  Pure; the rows are loaded and saved by act/.
 *
 *	seat:  (none) --take--> HELD --checks passed--> ASSIGNED --end--> (none, past)
 *		  '------------take without checks--------^   HELD --failed, expired--> (none, past)
 *
 * Invariants (also constraints of the database): one row per (tenant, product,
 * person); held + assigned <= quota in every pool; a seat or a wait, never both.
 */
#ifndef CORE_SEAT_H
#define CORE_SEAT_H

#include "core/catalogue.h"
#include "core/entry.h"
#include "core/person.h"

enum seat_state { SEAT_NONE, SEAT_HELD, SEAT_ASSIGNED };
enum grant_reason { GRANT_REQUEST = 1, GRANT_RULE, GRANT_DIRECT, GRANT_GROUP, GRANT_REASON_COUNT };
enum seat_end { SEAT_END_RELEASED = 1, SEAT_END_LEFT, SEAT_END_RULE, SEAT_END_EXPIRED, SEAT_END_CHECK, SEAT_END_ROLE, SEAT_END_MOVED,
	SEAT_END_BLOCKED, SEAT_END_GROUP };
enum outcome { OUTCOME_ASSIGNED = 1, OUTCOME_HELD, OUTCOME_QUEUED, OUTCOME_REFUSED };

const char *seat_state_name(enum seat_state);
const char *grant_reason_name(enum grant_reason);
const char *seat_end_name(enum seat_end);
const char *outcome_name(enum outcome);

/* --- rows ----------------------------------------------------------------- */

struct pool {			/* the counted state of a pool */
	int64_t tenant, id, product;
	int64_t quota, held, assigned;
	int64_t version;
};

struct seat {
	int64_t		tenant, product, person;
	int64_t		pool;
	enum seat_state state;
	int64_t		since_ms, expires_ms;	/* expires_ms: of a held one; 0: never */
	int64_t		onboarding;		/* whose checks it waits for; 0: none */
};

struct seat_past {
	int64_t	      tenant, id;		/* id_new() */
	int64_t	      product, person, pool, since_ms, until_ms;
	enum seat_end reason;
};

struct wait {
	int64_t tenant, product, person;
	int64_t priority, since;		/* since: id_new() of joining, so that age is a total order */
	int64_t onboarding;			/* whose checks are open: served as HELD; 0: none */
	int64_t organisation;			/* among whose people it is counted; 0: those of none */
	struct str pools;			/* ids of its pools, best first, 8 bytes each: what its wait_pool rows say; none while the person is barred */
};

#define WAIT_POOLS_MAX 64
struct str wait_pools_pack(struct arena *, const int64_t *pool, size_t n);
size_t wait_pools_unpack(const struct wait *, int64_t pool[WAIT_POOLS_MAX]);

struct wait_pool {		/* one row for each pool the wait may be served from */
	int64_t tenant, pool, rank;		/* rank = 9 - priority: ascending is first */
	int64_t since, person, product;
};

struct grant {
	int64_t		  tenant, person, product;
	enum grant_reason reason;
	int64_t		  origin;		/* onboarding id, catalogue version of the rule, or the group */
	int64_t		  since_ms, until_ms;	/* until_ms 0: open */
};

struct grant_past {
	int64_t		  tenant, id;
	int64_t		  person, product;
	enum grant_reason reason;
	int64_t		  origin, since_ms, until_ms;
};

/* --- what a decision adds ----------------------------------------------------- */

/*
 * Row changes of one batch; act/ saves them set-wise: the ends first, then the
 * puts.  A key stands among the puts at most once, as it is to be stored, and
 * not at all if it ended later; the end of a row that was never stored is
 * nothing.  Arrays grow in the arena.
 */
#define EFFECT_ROWS(X) \
	X(seat_put, struct seat) X(seat_end, struct seat) X(seat_past, struct seat_past) \
	X(wait_put, struct wait) X(wait_end, struct wait) \
	X(wait_pool_put, struct wait_pool) X(wait_pool_end, struct wait_pool) \
	X(grant_put, struct grant) X(grant_end, struct grant) X(grant_past, struct grant_past)

struct effects {
	struct arena *arena;
#define X(name, type) type *name; size_t n##name, cap##name;
	EFFECT_ROWS(X)
#undef X
	struct effect_index *index;	/* private: where a key stands among the puts */
};

#define X(name, type) void effect_##name(struct effects *, const type *);
EFFECT_ROWS(X)
#undef X

/* The clear changes of one subject, for its log entry. */
struct change_list {
	struct arena  *arena;
	struct change *change;
	size_t	       n, cap;
};
void change_add(struct change_list *, enum change_kind, int64_t object, int64_t in, int64_t before, int64_t after);

/* --- the gate ----------------------------------------------------------------- */

/* A waiter as loaded: its wait, what it may be served from, and who it is. */
struct waiter {
	struct wait  wait;
	struct facts facts;
	int32_t	     today;
	bool	     is_over;	/* private: it waits no more */
	struct seat  seat;	/* private: what it holds since */
};

/*
 * One tenant's pools and waiters in memory during one batch.  Each decision
 * sees what its predecessors decided.
 *
 * All pools of a product that is asked for, and the pool of a seat that may
 * end, must be loaded.  Of a pool that may get seats free, the first waiters:
 * at least as many as seats may come free in the whole batch, and as waiters
 * may leave its list otherwise.
 */
struct gate {
	struct arena		  *arena;
	const struct catalogue	  *catalogue;
	struct filter_names	   names;
	int64_t			   tenant, now_ms;
	struct pool		  *pool;	/* loaded; changed in place */
	size_t			   npool;
	bool			  *is_touched;	/* pool[i] must be saved */
	struct waiter		  *waiter;	/* those that may be served in this batch; quickest by (rank, since); grows */
	size_t			   nwaiter, capwaiter;
	struct gate_index	  *index;	/* private: NULL until the first decision */
	struct effects		  *fx;
	/* Called when a waiter is served, so that the caller writes its log entry. */
	void (*served)(void *arg, const struct seat *, const struct wait *);
	void *served_arg;
};

/* What one person holds and awaits of one product; as loaded, and as it stands after each decision. */
struct holding {
	int64_t		product;
	unsigned	grants;		/* bit of each enum grant_reason held */
	struct grant	grant[GRANT_REASON_COUNT];
	struct seat	seat;		/* state SEAT_NONE: none */
	struct wait	wait;		/* since 0: does not wait */
};

struct outcome_row {
	int64_t	     product;
	enum outcome outcome;
	int64_t	     pool;		/* the pool it got, or the first it waits for; 0: none */
	int64_t	     position;		/* in the waiting list, from 1, filled by the caller; 0: none */
	enum msg     reason;		/* MSG_NONE when assigned */
};

struct seat_request {
	int64_t		  person, product;
	const struct facts *facts;
	int32_t		  today;
	int		  priority;	/* 0 … 9 */
	bool		  has_role;	/* the one that the product requires, if it does */
	bool		  must_hold;	/* a check of `onboarding` is open */
	bool		  must_not_wait; /* all_or_nothing */
	bool		  is_barred;	/* blocked: keeps what it has, gains nothing */
	int64_t		  onboarding;
	int64_t		  hold_until_ms;
};

/*
 * Brings HOLDING of PERSON up to date with what earlier decisions of the batch
 * did to it: a waiter may have been served.  The calls below do so themselves.
 */
void gate_refresh(struct gate *, int64_t person, struct holding *);

/*
 * Takes a seat for REQUEST into HOLDING, or puts it into the waiting list.
 * Asking again for what it has is the same outcome and no effect; who waits
 * keeps the higher priority and the age, and what may serve it is found anew.
 * Refused: MSG_SEAT_ROLE (role required), MSG_SEAT_ORGANISATION (not on the list
 * of the person's organisation; a wait ends), MSG_SEAT_NO_POOL (no pool of this
 * product may serve this person; a wait ends), MSG_SEAT_FULL with must_not_wait,
 * MSG_SEAT_BLOCKED for who is barred and has nothing.  The wait of who is barred
 * keeps age and priority and stands in no pool's line, so that nothing serves
 * it; asking again when the bar is gone puts it back.
 */
void gate_take(struct gate *, const struct seat_request *, struct holding *, struct outcome_row *out, struct change_list *);

/* Why gate_take() would not give REQUEST a seat now; MSG_NONE: it would. */
enum msg gate_refusal(struct gate *, const struct seat_request *, const struct holding *);

/* Ends the seat or the wait in HOLDING; a freed seat goes to the first eligible waiter at once.  Nothing held: no effect. */
void gate_end(struct gate *, struct holding *, enum seat_end, struct change_list *);

/*
 * Gives the seat in HOLDING back and waits instead, of no pool's line: asking
 * again is what brings it back.  No seat: no effect.
 */
void gate_stand_aside(struct gate *, const struct seat_request *, struct holding *, struct change_list *);

/* As gate_end(), and all grants of the product with it: a grant stands only beside a seat or a wait. */
void holding_end(struct gate *, struct holding *, enum seat_end, struct change_list *);

/* The checks are passed: HELD becomes ASSIGNED; who waits will be served as ASSIGNED. */
void gate_confirm(struct gate *, struct holding *, struct change_list *);

/*
 * ERR_CONFLICT (MSG_POOL_BELOW_USAGE, with how many seats are in the way),
 * ERR_BAD_INPUT (MSG_POOL_QUOTA) out of 0 … QUOTA_MAX.  Up: waiters are served
 * at once.  POOL must be loaded.
 */
enum err gate_quota(struct ctx *, struct gate *, int64_t pool, int64_t quota, struct change_list *) USE_RESULT;

/*
 * Seats that a request of PRIORITY may take now (none of a third party's
 * reserve); cap: reserve = floor(quota * (1 - cap)), pools under 10 have none at 90 %.
 */
int64_t pool_free(const struct gate *, const struct pool *, int priority);

#endif

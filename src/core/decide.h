/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - what becomes of one person: the pure step that every door shares
 * (onboarding, import, change, the clock).
 */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "core/seat.h"

/* A product asked for by name. */
struct want {
	int64_t product;
	int	priority;
};

/* A product that a group of the person gives to who is in it. */
struct gift {
	int64_t product, group;
};

struct person_move {
	/* in */
	const struct person *before;	/* NULL: new */
	struct person	     after;	/* as it shall be; contract values (if any contract) and lifecycle are decided here */
	struct contract	    *contract;	/* all, after the move */
	size_t		     ncontract;
	int32_t		     today;	/* in the zone of the primary site */
	struct holding	    *holding;	/* what it has, any order; grows in the gate's arena */
	size_t		     nholding;
	const struct want   *want;
	size_t		     nwant;
	bool		     wants_no_other; /* what else was asked for before is given back */
	bool		     all_or_nothing;
	const int64_t	    *role;		/* that count now, by id */
	size_t		     nrole;
	const struct gift   *gift;		/* of all their groups; a product of several counts once, the first */
	size_t		     ngift;
	bool		     has_open_checks;
	int64_t		     onboarding;	/* the origin of requested grants; with open checks whose they are */
	int64_t		     hold_until_ms;	/* with open checks; 0: as long as the setting says */
	int		     rule_priority;	/* of seats by rule: 5 */
	/* out */
	struct outcome_row  *outcome;	/* one for each want, in order, then one for each other product that a group or a rule gives now */
	size_t		     noutcome;
	struct change_list   changes;	/* states, blocks, grants, seats, waits; contracts are the caller's to add */
	bool		     is_changed;	/* the person's row or any of these */
};

/*
 * Decides lifecycle from the contracts, grants by group and by rule for an ACTIVE
 * person that is not denied (and their loss), seats for wants and grants, the return
 * of everything when it LEFT.  A seat of a pool that does not serve the person's
 * organisation any more is given back, and asked for anew.  A seat ends when its last grant ends, or the
 * role that its product requires is not held any more; a refused product
 * leaves no grant.  What is not wanted any more goes last, so that what a group
 * or a rule gives from now on keeps its seat.  Who is barred by a block keeps what they hold (blocked by
 * hand, if seat.block_returns says so, they wait for it instead) and gains
 * nothing, neither by rule nor by request; rules see them as if they were not
 * blocked.  While checks are open whatever is given is held.
 * With all_or_nothing: if any want is not assigned or held, nothing
 * is changed and ERR_CONFLICT (MSG_ONBOARD_ALL_OR_NOTHING) names the product.
 */
enum err person_decide(struct ctx *, struct gate *, struct person_move *) USE_RESULT;

/*
 * The part of the rules and groups (and of the roles that products require, and of the
 * organisations that pools serve) alone, to
 * foresee what a catalogue does to somebody who is there: what they would
 * take, and give as far as seats are free; who would have to wait is refused
 * with MSG_SEAT_FULL and nothing is added to the waiting lists.  The gate's
 * pools count on, so that persons may follow each other.  Fills outcome and
 * changes.
 */
void rules_foresee(struct ctx *, struct gate *, struct person_move *);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * act_int.h - what the use cases share among themselves: the log of a batch,
 * the pools of a batch, and the stages of an order about a person.
 */
#ifndef ACT_ACT_INT_H
#define ACT_ACT_INT_H

#include "act/act.h"
#include "audit/log.h"
#include "core/decide.h"
#include "core/extension.h"
#include "core/role.h"
#include "core/sight.h"

/* A growing array in an arena. */
#define LIST(type) struct { type *v; size_t n, cap; }
#define list_add(arena, list, item) \
	do { \
		if ((list)->n == (list)->cap) \
			list_grow(arena, (void **)&(list)->v, &(list)->cap, sizeof(*(list)->v), (list)->n); \
		(list)->v[(list)->n++] = (item); \
	} while (0)
void list_grow(struct arena *, void **v, size_t *cap, size_t size, size_t n);
struct session_list { struct session_row *v; size_t n, cap; };

/* --- logbook.c: the entries of one batch, appended under the tenants' locks ---- */

/*
 * An entry has at most 64 KiB (audit/log.h): this much text before it is sealed,
 * and this many changes of 33 bytes, or what the text leaves room for; more
 * stand in entries of their own.
 */
#define AUDIT_MAX   61440
#define CHANGES_MAX 400

struct log_line {
	uint32_t     tenant;
	struct entry entry;
	int64_t	    *seq;	/* where its place in the log is told; may be NULL */
};

struct logbook {
	struct arena *arena;
	LIST(struct log_line) line;
	struct rows tenants;	/* that logbook_ask() asked for */
	size_t	    nasked;
};

/* An entry by the actor of CX, now. */
struct entry entry_by(const struct ctx *, enum action, enum subject_kind, int64_t subject);
void logbook_add(struct logbook *, uint32_t tenant, const struct entry *, int64_t *seq);
/* The same before line AT: a cause stands before what it caused. */
void logbook_insert(struct logbook *, size_t at, uint32_t tenant, const struct entry *, int64_t *seq);
/* Asks for what logbook_save() needs of the lines so far, to be waited for with what else was asked; may be left out. */
enum err logbook_ask(struct logbook *, struct tx *) USE_RESULT;
/* Extends each tenant's tree and log in the transaction of the changes. */
enum err logbook_save(struct logbook *, struct tx *) USE_RESULT;

/* --- pools.c: one tenant's pools and waiting lists in one batch ------------------ */

struct pools {
	const struct realm *realm;
	struct gate	    gate;
	struct effects	    fx;
	LIST(struct wait_count) count;	/* loaded: every rank of the products concerned */
};

/*
 * Loads the pools of PRODUCTS and, for each pool of FREEING, its first waiters:
 * as many as may be served, with who they are.
 */
struct pools_need {
	const int64_t *product;
	size_t	       nproduct;
	const int64_t *freeing;
	size_t	       nfreeing;
	size_t	       waiters;		/* for each pool */
};
enum err pools_load(struct tx *, const struct realm *, const struct pools_need *, struct pools *out) USE_RESULT;
enum err pools_save(struct tx *, struct pools *) USE_RESULT;
/* A wait began (+1) or ended (-1). */
void pools_waiting(struct pools *, const struct wait *, int64_t by);
/* A waiter got a seat that came free: an entry of its own, by whoever freed it. */
void log_served(const struct ctx *, struct logbook *, struct pools *, const struct seat *, const struct wait *);
/* The place of the newest waiter of this priority among the people of its organisation, from 1. */
int64_t pools_position(const struct pools *, const struct wait *);

/* quota.c: in the caller's transaction; whatever is refused has saved nothing.  OUT may be NULL. */
enum err quota_set(struct ctx *, struct tx *, const struct realm *, const struct quota_in *, struct logbook *, struct quota_out *out) USE_RESULT;

/* catalogue_foresee.c: OUT is zeroed.  ERR_BUSY: REALM's catalogue is not in force any more. */
struct sight_in { const struct catalogue *next; int64_t allow_losses; };
enum err catalogue_foresee(struct reader *, struct ctx *, const struct realm *, const struct sight_in *, struct foresight *out) USE_RESULT;

/* --- keyset.c: small hash set of 256-bit keys, for what one batch has seen -------- */

struct keyset;
struct keyset *keyset_open(struct arena *, size_t max);
/* The value kept under (KIND, KEY), or NULL. */
void *keyset_find(const struct keyset *, unsigned kind, const void *key32);
/* A text of any length as a key of the same length, to be indexed. */
struct str digest_of(struct arena *, struct str text);
void keyset_put(struct keyset *, unsigned kind, const void *key32, void *value);

/* token.c: the source of this name; and by what it is found. */
enum err source_find(struct tx *, uint32_t tenant, struct str name_key, struct source_row *out, bool *found) USE_RESULT;
const struct index_value *source_name_value(struct arena *, struct str name);
/* order_guard.c: how many people of GUARD's source its clients let go within the day. */
enum err removals_gone(struct tx *, const struct removal_guard *, int64_t now_ms, int64_t *n) USE_RESULT;

/* --- order: one person, four files --------------------------------------------- */

#define CONTRACTS_MAX 50
#define WORDS_MAX     64

/* An organisational string on its way to an integer. */
struct interned {
	int64_t		     *slot;		/* where the id goes */
	struct str	      value;
	int64_t		      id;		/* known already, or the one proposed */
	const struct text_out *sealed;		/* NULL: known already */
	const struct index_out *key;
};

/* A contract that was asked for, on its way to a row. */
struct contract_plan {
	struct contract row;
	size_t		key_at;		/* its place among the index values; SIZE_MAX: none */
	size_t		manager_at;
	int64_t		manager;	/* given by id */
	bool		is_others;	/* they are not the source's own, or have left */
};

/* item->state of a person order. */
struct order_state {
	const struct order *in;
	const struct realm *realm;
	struct order_out   *out;
	int64_t		    person;	/* given, or the new one's id */
	bool		    is_new;	/* sealed as a new person */

	/* sealer */
	const struct person *old;	/* as prepare() read it */
	struct str	     old_key;
	const struct open_out *opened;
	struct str	     user_name[8]; /* candidates; none if the name was given */
	size_t		     nuser_name;
	const struct index_out *candidate; /* their keys */
	struct doc	     before, after;
	bool		     seals;	/* a record is written */
	struct seal_in	     seal;
	const struct seal_out *sealed;
	const struct index_out *indexed; /* instead, where nothing is sealed */
	LIST(struct index_value) value;
	size_t		     old_ref_at; /* of CHANGE: the reference that it takes away */
	size_t		     ref_at, key_at, body_at, unique_at, nunique, search_at, nsearch;
	struct contract_plan *contract;
	size_t		     ncontract;
	struct person	     org;	/* country, language, user_type filled by interning */
	LIST(struct interned) intern;
	struct hash	     digest_before, digest_after;
	int64_t		     sealed_ms;
	int64_t		     role_grant;
	const struct filter *role_scope;
	const struct text_out *role_sealed, *role_reason, *role_inputs;

	/* writer */
	const struct idempotency_row *repeated;
	const struct source_ref *ref, *old_ref;
	const struct onboarding_row *onboarding;
	struct check_row    *check;
	size_t		     ncheck;
	struct subject	    *subject;
	bool		     lacks_manager;
	const int64_t	    *hidden;	/* managers that are out of the actor's scope */
	size_t		     nhidden;
	size_t		     taken_at;	/* the unique value that is somebody else's; SIZE_MAX: none */
};

/* A role that a person holds: its row, and what decisions look at. */
struct role_line {
	struct role_row	 row;
	struct role_held held;
};

/* One person in this batch, as it stands after each decision. */
struct subject {
	const struct realm *realm;
	struct person	    row;
	struct contract	   *contract;
	size_t		    ncontract;
	struct holding	   *holding;
	size_t		    nholding;
	struct role_line   *role;
	size_t		    nrole;
	bool		    lacks_scope; /* of a role that this transaction wrote: decided about after the commit */
	const int64_t	   *group;	/* ids of those that they are in */
	size_t		    ngroup;
	bool		    is_stored, is_dirty, has_new_contracts;
	bool		    was_present;	/* as loaded: had not left */
	struct removed_row  removed;	/* source 0: no client did; known where one may */
	bool		    was_removed;	/* that row is stored */
	bool		    has_begun;	/* there is something to sign in with; known where a check is answered */
	struct block	    block[BLOCK_COUNT];	/* that row.blocks has a bit of */
	unsigned	    blocks_stored;	/* bits as loaded */
	struct open_row	    open;		/* whose checks are open; onboarding 0: none */
};

/* A group that somebody of the batch is in. */
struct group_line {
	struct group_row row;
	bool		 is_dirty;
};

/* Whom the clients of a source removed or disabled. */
struct removals {
	int64_t		     tenant, source;
	LIST(struct removal_hour) hour;
	int64_t		     left;	/* before the batch, within the day */
	struct removal_guard guard;
	bool		     is_dirty, is_noted;
};

struct administrators { int64_t tenant; size_t n; int64_t now_ms; };

/* batch->state of person orders. */
struct order_batch {
	struct arena  *arena;
	struct logbook log;
	LIST(struct subject *) subject;
	LIST(struct pools *) pools;	/* one for each tenant */
	struct keyset *seen;		/* idempotency keys, refs, unique keys of this batch */
	LIST(struct index_change) index;
	LIST(struct source_ref) ref, ref_end;
	LIST(struct onboarding_row) onboarding;
	LIST(struct check_row) check;
	LIST(struct open_row) open, open_end;
	LIST(struct idempotency_row) idempotency;
	LIST(struct due_row) due;
	LIST(struct activation_row) activation;
	LIST(struct session_row) session_end;	/* all sessions of who may not sign in any more */
	struct session_list begun_end;	/* of who was given a role */
	struct rows present;		/* of the sources whose people may come or go */
	LIST(struct removals) removals;	/* of the sources whose clients may let somebody go */
	LIST(struct dictionary_row) dictionary;	/* new words, saved with the batch */
	LIST(struct str) word;		/* their texts, for the memory after the commit */
	LIST(struct order_state *) told; /* onboardings of this batch */
	LIST(struct contract) contract_end;
	LIST(struct contract_past) contract_past;
	LIST(struct role_row) role_put, role_end;
	LIST(const struct filter *) role_scope;	/* of role_put */
	LIST(struct role_past) role_past;
	LIST(struct administrators) administrators;	/* of tenants in which a role is ended */
	LIST(struct block_past) block_past;
	LIST(struct group_line) group;		/* by tenant and id */
	LIST(struct member_row) member_end;
	struct item   *under_way;	/* whose decision is being made */
	struct world  *world;
};

/* What a stored onboarding's outcome looks like; msg ids are not stable, so reasons have a table. */
struct str outcome_pack(struct arena *, const struct outcome_row *, size_t n);
size_t outcome_unpack(struct arena *, struct str, struct outcome_row **out);
/* For people: slugs instead of ids. */
const struct seat_told *outcome_tell(struct arena *, const struct catalogue *, const struct outcome_row *, size_t n);

/* order_contract.c: laying the contracts of an order over those of the person. */
bool contracts_replace(struct order_batch *, struct item *, struct subject *, struct change_list *);
bool contracts_leave(struct order_batch *, struct item *, struct subject *, int32_t today, struct change_list *);
/* Whether it may be said that ID is somebody's manager, though they are out of the actor's scope: the actor, or who that names. */
bool may_name_manager(const struct actor *, int64_t id);
/* Puts to each contract planned the manager it names. */
enum err managers_find(struct batch *, struct tx *) USE_RESULT;
/* Finds the managers, of now and to be, that the actor does not see: nobody is given one of them. */
enum err managers_load(struct batch *, struct tx *) USE_RESULT;
bool contracts_manager(struct item *, struct subject *, struct change_list *);

/* order_role.c: the roles of persons. */
enum err role_check(struct item *, struct order_state *) USE_RESULT;
void role_seal(struct item *, struct order_state *, struct vault_call *);
enum err role_refused(const struct order_state *) USE_RESULT;
enum err roles_load(struct batch *, struct tx *) USE_RESULT;
enum err roles_save(struct order_batch *, struct tx *) USE_RESULT;
/*
 * Rows of roles, some at a time: those of N persons; NULL: of everybody in the
 * tenant.  They live until EACH returns, as all that it loads from its tx.
 */
enum err roles_walk(struct tx *, uint32_t tenant, const int64_t *person, size_t n,
    enum err (*each)(void *, struct tx *, const struct rows *), void *) USE_RESULT;
/*
 * Of each holder of HELD, who comes to more by it: whoever has an activation
 * token of theirs was given less.  It ends, and so do the sessions that one began
 * and that could choose a password; these are added to ENDED, for the memory
 * after the commit.
 */
enum err beginnings_end(struct tx *, const struct role_row *held, size_t n, struct session_list *ended) USE_RESULT;
void beginnings_ended(struct world *, const struct session_list *);
void roles_committed(struct world *, const struct order_batch *);

/* order_group.c: the groups of ob->subject; asked for, then taken when that is answered. */
enum err groups_ask(struct order_batch *, struct tx *, struct rows *) USE_RESULT;
enum err groups_take(struct order_batch *, struct tx *, const struct rows *) USE_RESULT;
enum err groups_save(struct order_batch *, struct tx *) USE_RESULT;
/* What they give, by what the catalogue says; in OUT. */
size_t groups_gifts(struct order_batch *, const struct subject *, const struct catalogue *, const struct gift **out);
/* Ends the roles of SUB that a group gave and does not give any more, and adds those that one gives; what excludes another is left out. */
void groups_roles(struct order_batch *, struct subject *, const struct catalogue *, const struct ctx *);
/*
 * An order about each of N persons, in the transaction of item IT, which a change
 * of groups is.  INNER: the batch they made, for order_committed().
 */
enum err groups_decide(struct batch *, struct item *it, struct tx *, const int64_t *person, size_t n, struct batch **inner) USE_RESULT;

/* order.c: the state of an order that needs nothing opened nor sealed. */
enum err order_begin(struct batch *, struct item *) USE_RESULT;

struct order_state *order_state(const struct item *);
/* Who left comes back (order_return.c): nobody new, but everything of them is. */
static inline bool
order_returns(const struct order *in)
{
	return in->kind == ORDER_ONBOARD && in->person != 0;
}
const struct key256 *order_key(const struct order_state *, size_t at);
struct pools *order_pools(struct order_batch *, uint32_t tenant);
struct subject *order_subject(struct order_batch *, uint32_t tenant, int64_t person);
/* Today where SITE is (UTC without one). */
int32_t order_today(const struct realm *, int64_t site, int64_t now_ms);
/* Contracts, holdings, groups and open checks of ob->subject, whose rows are there. */
enum err subjects_load(struct order_batch *, struct tx *) USE_RESULT;
/* And their roles (order_role.c). */
enum err subjects_load_roles(struct order_batch *, struct world *, struct tx *) USE_RESULT;

/*
 * order_partner.c: what partners' people need not be told again.  A new person
 * is of the only organisation that the actor may bring people of; what that
 * organisation has for all is filled in where nothing was given.
 */
void order_defaults(struct item *, struct order_state *);
/* NULL: there is none of this name that the actor can see. */
const struct organisation *order_organisation(struct item *, const struct order_state *, struct str slug);
const struct product *order_product(struct item *, const struct order_state *, struct str slug);

/* What the actor of CX can see of the realm's catalogue. */
void sight_of(struct ctx *, const struct realm *, struct sight *out);

/* order_name.c: candidates for the user name of a new person that brings none. */
enum err order_user_names(struct item *, struct order_state *) USE_RESULT;

enum err order_load(struct batch *, struct tx *);
void order_decide(struct batch *);
enum err order_save(struct batch *, struct tx *);
void order_committed(struct batch *);

#endif

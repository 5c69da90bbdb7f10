/* SPDX-License-Identifier: Apache-2.0 */
/*
 * act.h - the use cases: what may be done, called alike by every door.
 *
 * Each takes its input from item->in and leaves its result in item->out.  The
 * actor is cx->actor: its tenant is the item's, its scope bounds what is seen.
 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include <sys/types.h>

#include "act/world.h"
#include "core/decide.h"
#include "core/import.h"

/* Organisational values as a door received them, text; p == NULL: not given. */
struct contract_in {
	struct str key;		/* the door's own key of the contract; empty: the only one */
	struct str site, department, title, cost_center, division;
	struct str organization;
	struct str manager;	/* id text of a person, or a ref of the same source */
	struct str start, end;	/* ISO 8601; empty: open */
};

/*
 * One order about one person: the single way in which persons come, change and
 * go.  Which fields count is said at each kind.
 */
enum order_kind {
	ORDER_ONBOARD = 1,	/* a new person with wanted products; repeated source ref: the existing onboarding */
	ORDER_CREATE,		/* a new person, nothing wanted; repeated source ref: ERR_CONFLICT */
	ORDER_CHANGE,		/* if_version; doc laid over, removed, contracts (of the API's source) and products replaced if given */
	ORDER_IMPORT,		/* create or change by source ref; row_hash */
	ORDER_LEAVE,		/* ends every contract of the source today: gone from its file */
	ORDER_CLOCK,		/* a due day came: lifecycle again */
	ORDER_MANAGER,		/* after an import: sets the managers of contracts by ref */
	ORDER_TAKE,		/* products for an existing person */
	ORDER_RELEASE,		/* one product's seat or wait */
	ORDER_CHECK,		/* onboarding, check, passed or failed */
	ORDER_EXPIRE,		/* onboarding past its expiry: its open checks fail */
	ORDER_ROLE_GIVE,	/* a role over a scope, for a time, for a reason */
	ORDER_ROLE_APPROVE,	/* a role that waits for a second person */
	ORDER_ROLE_END,
	ORDER_BLOCK,		/* if_version; block, put by hand; body: why */
	ORDER_UNBLOCK,		/* if_version; block, lifted by hand; body: why */
	ORDER_REMOVE,		/* if_version; of its source: its contracts end, and who has none left leaves at once */
	ORDER_GROUP		/* they are in other groups, or one of theirs gives something else: decided again, in that order's transaction */
};

struct order {
	enum order_kind	   kind;
	int64_t		   person;	/* CHANGE … RELEASE, BLOCK, UNBLOCK; 0: by source ref; of ONBOARD the writer says who returns */
	bool		   may_return;	/* ONBOARD: whom the source let go comes back, by their ref or user name */
	int64_t		   source;
	bool		   own_managers; /* ONBOARD, CHANGE: who is named by id is of the source, and has not left */
	struct str	   ref;		/* of the source; empty: none */
	struct doc	   doc;
	const enum attribute *removed;
	size_t		   nremoved;
	struct str	   user_name[8]; /* candidates, if the source makes it by template */
	size_t		   nuser_name;
	struct str	   country, language, user_type;
	const struct contract_in *contract;
	size_t		   ncontract;
	bool		   has_contracts;
	struct key256	   row_hash;	/* IMPORT: keyed hash of the person's rows */
	struct key256	   ref_key;	/* LEAVE: keyed hash of the ref that is gone */
	const struct str  *product;	/* slugs wanted, or the one to release */
	size_t		   nproduct;
	bool		   has_products; /* CHANGE: these are all that the person shall have asked for */
	int		   priority;	/* of what is wanted: 0 … 9, default 5 */
	bool		   all_or_nothing;
	bool		   manual_check; /* ONBOARD: opens CHECK_MANUAL, seats are held */
	bool		   activation;	/* ONBOARD, CHECK: when it is done, the person may activate the account */
	struct str	   idempotency_key; /* ONBOARD; empty: none (batch items carry their own) */
	struct str	   body;	/* what the key stands for: the request's bytes */
	enum block_kind	   block;	/* BLOCK, UNBLOCK */
	int		   active;	/* ONBOARD, CREATE, CHANGE: -1: blocked by hand, 1: no more, 0: as it is */
	int64_t		   if_version;	/* CHANGE, BLOCK, UNBLOCK, REMOVE: 0 = ERR_NO_PRECONDITION was the door's to say; -1: any */
	int64_t		   onboarding;	/* CHECK, EXPIRE */
	enum check_kind	   check;
	bool		   check_passed;
	int64_t		   line;	/* of the file, for reports; 0: none */
	/* ROLE_GIVE … END */
	struct str	   role;	/* slug */
	struct str	   scope;	/* filter; empty: none */
	int64_t		   since_ms, until_ms; /* 0: now; 0: open */
	struct str	   reason;
	int64_t		   role_grant;	/* APPROVE, END */
};

struct seat_told {		/* one product's outcome, for the encoder */
	struct str   product, pool;	/* slugs */
	enum outcome outcome;
	int64_t	     position;
	enum msg     reason;
	struct str   reason_arg;
};

struct order_out {
	int64_t		       person, version, onboarding;
	int64_t		       log_seq;	/* of its entry; 0: nothing changed */
	bool		       is_new;	/* 201; else 200 */
	bool		       was_repeated; /* idempotent repeat, or an existing source ref */
	bool		       is_changed;
	bool		       lacks_manager;	/* IMPORT: the ref is not known yet; ask again with ORDER_MANAGER */
	enum lifecycle	       lifecycle, lifecycle_before;
	enum onboarding_state  state;
	const struct seat_told *seat;
	size_t		       nseat;
	int64_t		       role_grant;
	struct str	       activation; /* the token, shown once; empty: none was made */
	int64_t		       activation_ms; /* until when it is good */
};

extern const struct use_case person_order;	/* in: struct order, out: struct order_out */

/* --- pools ----------------------------------------------------------------- */

struct quota_in { struct str pool; int64_t quota, if_version; };
struct quota_out { struct pool pool; int64_t served; };
extern const struct use_case pool_quota;

/* --- catalogue ----------------------------------------------------------------- */

struct catalogue_in {
	struct str text;		/* YAML or JSON */
	bool	   allow_removals;
	int64_t	   allow_losses;	/* 0: the guard decides */
	struct str reason;		/* required with either */
	bool	   is_dry;
	/* catalogue_put()'s own */
	bool	   is_foreseen;		/* from this version, else ERR_BUSY */
	int64_t	   foreseen_from;
	bool	   overrides_guard;
};

/* What the rules of a catalogue would do to people who are there. */
struct foresight_line {
	struct str product;
	int64_t	   seats;			/* there now */
	int64_t	   grants_gained, grants_lost;	/* persons: held for a rule */
	int64_t	   seats_gained, seats_lost;	/* gained: as far as seats are free */
};
struct foresight {
	int64_t	persons, holders;	/* looked at; who hold a seat */
	int64_t	will_gain, will_lose;	/* who would gain a grant; who would lose a seat */
	int64_t	losses_allowed;		/* persons the guard lets pass; of a product the same share of its seats */
	int64_t	percent;		/* that share */
	bool	is_over, is_stopped;	/* more than these; and more than were allowed */
	const struct foresight_line *line; /* products that somebody gains or loses */
	size_t	nline;
};

struct catalogue_out {
	int64_t		 version;
	struct str	 digest;
	size_t		 added, changed, removed;
	bool		 is_changed;
	int64_t		 regranted;
	struct foresight sight;		/* of an unchanged one: nothing */
};
/*
 * Applies a whole catalogue: new pools are made, changed quotas are set (below
 * usage: refused with how many seats are in the way), waiters are served.
 * Pools are waited for anew and grants by rule re-decided afterwards, person by
 * person, in bulk orders of ORDER_CLOCK.
 */
extern const struct use_case catalogue_apply;
/*
 * A query for world_long(): foresees, stops if more would lose a seat than the
 * guard lets pass (ERR_CONFLICT, MSG_CATALOGUE_LOSSES; a dry run says so), applies,
 * then decides every person's grants by rule again; also if nothing changed, to
 * make good what broke off.
 */
enum err catalogue_put(struct reader *, struct ctx *, const void *catalogue_in, void **catalogue_out) USE_RESULT;

/* --- tokens, tenants (operator: bootstrap) ------------------------------------- */

#define NETS_MAX 50

/*
 * API tokens, and OAuth clients, which are the same but for their secret: that
 * goes with an id to POST /oauth/token.  Nobody gives what they do not hold, nor
 * over persons they do not hold it over; what is not within that is not there.
 */
struct token_in {
	bool		  is_client;
	struct str	  label;
	uint64_t	  rights;
	struct str	  role;		/* its rights, instead */
	struct str	  scope, source;
	int64_t		  expires_ms;
	const struct str *net;		/* addresses that it may come from; none: any */
	size_t		  nnet;
};
struct token_out { int64_t id; struct str token; int64_t expires_ms; };	/* shown once: usher_api_<tenant>_<43 characters>, or usher_secret_… */
extern const struct use_case token_create;
struct token_revoke_in { int64_t token; bool is_client; };
extern const struct use_case token_revoke;
/* A new token with what the old one has; that is good for so long still. */
struct token_rotate_in { int64_t token, overlap_ms; };
extern const struct use_case token_rotate;	/* out: struct token_out */

/* A session that proved itself not long ago, or a credential that is no session.  ERR_DENIED. */
#define FRESH_MS INT64_C(300000)
enum err check_fresh(struct ctx *) USE_RESULT;

struct tenant_in { struct str slug; };
struct tenant_out { uint32_t tenant; };
/* A query for world_long(): it asks the vault for keys first. */
enum err tenant_make(struct reader *, struct ctx *, const void *tenant_in, void **tenant_out) USE_RESULT;

/*
 * What the operator does with a tenant (the item's), for a reason that its log
 * keeps:
 *
 *	ACTIVE --suspend--> SUSPENDED --delete--> DELETING => DELETED
 *	       <--resume---
 *
 * Asking for the state it has is OK and changes nothing.  Exporting is noted,
 * no more.  ERR_CONFLICT: the state forbids it.
 */
struct tenant_order_in {
	enum action action;	/* TENANT_SUSPENDED, RESUMED, LIMITED, EXPORTED or DELETED */
	struct str  reason;
	int64_t	    most[LIMIT_COUNT];	/* LIMITED: 0: no bound; -1: stays as it is */
};
struct tenant_order_out { enum tenant_state state; int64_t most[LIMIT_COUNT], persons; };
extern const struct use_case tenant_order;

/*
 * A query for world_long(): the end of a tenant that is suspended.  Its log is
 * signed once more, then its keys are destroyed, which is when this answers;
 * its rows go after that, some at a time.  CONFIRM must be its slug.
 */
struct tenant_delete_in { struct str slug, confirm, reason; };
struct tenant_delete_out { uint32_t tenant; struct str note, vkey, origin; };
enum err tenant_delete(struct reader *, struct ctx *, const void *tenant_delete_in, void **tenant_delete_out) USE_RESULT;

/* --- sources -------------------------------------------------------------------- */

struct source_in { struct str name; int64_t kind; };
struct source_out { int64_t id; };
extern const struct use_case source_ensure;	/* finds by name or makes it */

/*
 * So many people may be removed or disabled by clients of a source within 24
 * hours, for the next 24 hours, whatever the settings say.
 */
struct removals_in {
	struct str source;		/* its name */
	int64_t	   allow;
	struct str reason;
};
struct removals_out { int64_t allowed, gone, until_ms; };
extern const struct use_case removals_allow;

/* --- imports (MODEL.md 6) ------------------------------------------------------- */

struct reject {
	int64_t	     line;
	struct str   column;	/* of the file, as its header calls it; empty: the whole row */
	struct fault fault;
};

#define IMPORT_REJECTS_MAX 10000

struct import_report {
	int64_t	   run;
	int64_t	   rows, persons, added, changed, unchanged, removed, rejected, disabled;
	int64_t	   seats_assigned, seats_queued;
	struct str digest;		/* of what pass 1 found, hex; pass 2 must give the same */
	bool	   is_stopped;		/* a guard said no: nothing was touched */
	int64_t	   removals_allowed;	/* how many the guard lets pass */
	const struct reject *reject;	/* at most IMPORT_REJECTS_MAX; `rejected` counts all rows */
	size_t	   nreject;
};

/*
 * A run: opened with a map, scanned (pass 1: keyed hashes, counts, guards;
 * nothing is touched), applied (pass 2: the same file again).  One a source at
 * a time; a run nobody continues ends after an hour.
 */
struct import_open_in {
	struct str map;			/* YAML */
	struct str source;		/* must be the map's */
	bool	   is_partial;		/* a part of the file (corrected rejects): nobody is removed */
	bool	   is_dry;
	int64_t	   allow_removals;	/* 0: the guard decides */
	struct str reason;		/* required with allow_removals */
};

struct import_in {
	int64_t	   run;
	struct str digest;		/* pass 2: what pass 1 said */
	/* Where the file comes from: bytes, 0 at the end, -1 if the sender is gone. */
	ssize_t	 (*read)(void *arg, void *p, size_t max);
	void	  *read_arg;
};

/* Queries for world_long(). */
enum err import_open(struct reader *, struct ctx *, const void *import_open_in, void **int64_run) USE_RESULT;
enum err import_scan(struct reader *, struct ctx *, const void *import_in, void **import_report) USE_RESULT;
enum err import_apply(struct reader *, struct ctx *, const void *import_in, void **import_report) USE_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world_int.h - the inside of a world, for the files that run its threads.
 */
#ifndef ACT_WORLD_INT_H
#define ACT_WORLD_INT_H

#include <stdatomic.h>

#include "act/act_int.h"
#include "act/queues.h"
#include "base/queue.h"

#include "core/pace.h"

#define READERS	  2
#define LONGS_MAX 4
#define LONGS_A_TENANT 2
#define RUNS_MAX  8
#define RUNS_A_TENANT 4
/* Long tasks that run, and those that stand still: runs of imports whose queue is paused. */
#define PLACES (LONGS_MAX + RUNS_MAX)
enum place_state { PLACE_FREE, PLACE_BUSY, PLACE_PAUSED, PLACE_GOES_ON /* it waits for one that is busy */,
	PLACE_OUSTED /* it stood still, and ends: another tenant has what it had */ };
/* Channels to the vault: clock and signer, readers, long work, passwords, the other servers' changes; then the sealer of each lane. */
enum channel { CHANNEL_CLOCK, CHANNEL_READER, CHANNEL_LONG = CHANNEL_READER + READERS,
	CHANNEL_LOGIN = CHANNEL_LONG + PLACES, CHANNEL_NODE, CHANNEL_SEALER };
_Static_assert(CHANNEL_SEALER == WORLD_CHANNELS, "a channel for each thread");

/* A tenant's words; freed when neither the tenant nor an edition of it is held any more. */
struct words {
	struct dictionary *dictionary;
	unsigned	   refs;	/* atomic */
};

/* One version of a tenant's catalogue; freed when nobody holds it any more. */
struct edition {
	struct arena	       *arena;
	const struct catalogue *catalogue;
	struct words	       *words;
	unsigned		refs;	/* atomic: who holds it may outlive the world's lock */
};

struct import_run;

struct realm_slot {
	uint32_t	   tenant;
	char		   slug[64];
	size_t		   slug_n;
	enum tenant_state  state;
	bool		   has_roles;	/* a transaction wrote one, whatever became of it */
	int64_t		   most[LIMIT_COUNT], persons;
	struct pace	   pace;	/* of its requests */
	struct due_row	   passed;	/* suspended: due work up to here was looked at */
	struct edition	  *edition;
	struct words	  *words;
	struct capability  capability;
};

/* A role of a person; sorted by tenant, person and id. */
struct role_slot {
	uint32_t	 tenant;
	int64_t		 person;
	struct role_held held;
	struct arena	*arena;		/* of its scope; NULL: none */
};

struct minted {
	uint32_t	  tenant;
	enum actor_kind	  kind;
	int64_t		  actor;
	int64_t		  until_ms;
	struct capability capability;
};

#define MINTED_MAX 256

/*
 * Reads of personal data, kept until the clock has written them; when too many
 * wait, they are counted into the last one of the same actor, or dropped.
 */
#define ACCESS_MAX 1024
struct access_noted {
	struct access_row row;
	uint8_t		  digest[32];
};

/* What is noted and could not be kept until it was written. */
enum { NOTE_ACCESS, NOTE_LOGIN, NOTE_KINDS };

struct login_fail {
	int64_t tenant, person, count;
};

struct world {
	struct store	  *store;
	struct pipeline	  *pipeline;
	struct vault	  *vault[WORLD_CHANNELS_MAX];
	size_t		   nvault;
	const char	  *data_dir;
	struct str	   issuer;
	struct lock	  *mu;		/* guards everything down to `counts` */
	struct realm_slot *realm;
	size_t		   nrealm;
	struct keyring	   keyring;
	struct token_key   token_key[TOKEN_KEYS];
	struct role_slot  *role;
	size_t		   nrole, caprole;
	struct minted	   minted[MINTED_MAX];
	size_t		   nminted;
	struct access_noted *access;	/* ACCESS_MAX of them */
	size_t		   naccess;
	struct login_fail *fail;	/* tries that failed, until the clock writes them */
	size_t		   nfail;
	uint64_t	   dropped[NOTE_KINDS], dropped_told[NOTE_KINDS];
	struct import_run *run[RUNS_MAX];
	enum place_state   long_state[PLACES];
	uint32_t	   long_tenant[PLACES];
	struct thread	  *long_thread[PLACES];
	bool		   is_ending, log_alarm, vault_is_open;
	struct vault_state vault_state;	/* as of the last beat */
	int64_t		   signed_ns;	/* when every log was */
	bool		   has_ends;	/* a tenant is being deleted */
	bool		   sweeps;	/* and those that were are looked at again */
	uint64_t	   queries, checkpoints, due_done;
	struct node	  *node;	/* one server of several; NULL: the database is ours alone */
	int64_t		   fence;	/* of the clock's lease; of the clock's thread */
	struct admission  *admission;
	struct queues	  *queues;
	_Atomic int64_t	   deployment[DEPLOYMENT_COUNT];
	uint64_t	   deployment_sets;	/* own changes, by mu */
	struct lock	  *queries_mu;	/* guards the next two; woken when they change */
	struct fair	  *query_fair;
	bool		   queries_end;
	struct thread	  *reader[READERS];
	struct queue	  *logins;	/* waiting for the thread of passwords */
	struct thread	  *login;
	int64_t		   kept_ms;	/* when last uses were last stored; the clock's */
	struct thread	  *clock;
	struct lock	  *census_lock;	/* guards census */
	struct lock	  *making;	/* held while a tenant is made */
	struct census	  *census;	/* NULL: none yet */
	struct census	  *census_spare;	/* the clock's own, as the next */
	int64_t		   census_due_ns;
};

struct realm_slot *realm_find(struct world *, uint32_t tenant);	/* mu held */
void realm_release(const struct realm_slot *);	/* that is no longer in the world */
/* The fault of another ctx, whose arena may end. */
void fault_copy(struct ctx *to, const struct ctx *from);
/* A new capability for the server's own work: the vault lets each live a day. */
enum err realm_renew(struct world *, struct ctx *, uint32_t tenant) USE_RESULT;
/* What a tenant's texts are opened with. */
struct opener { struct vault *vault; uint32_t tenant; struct capability capability; };
/* Puts all tenants, catalogues, dictionaries and tokens into memory. */
enum err world_read(struct world *, struct ctx *) USE_RESULT;
/* A tenant that is not in memory, over VAULT. */
enum err world_read_tenant(struct world *, struct vault *, struct ctx *, struct tx *, const struct tenant_row *) USE_RESULT;
/* Puts what is stored of a tenant over what is in memory of it; what is stored no more is still there then. */
enum err world_read_anew(struct world *, struct vault *, struct ctx *, struct tx *, const struct tenant_row *) USE_RESULT;

/* Parts of a tenant that is in memory. */
bool world_opener(struct world *, struct vault *, uint32_t tenant, struct opener *out);	/* false: it is not */
enum err world_read_limits(struct world *, struct tx *, uint32_t tenant) USE_RESULT;
enum err world_read_words(struct world *, struct ctx *, const struct rows *, const struct opener *) USE_RESULT;
enum err world_read_catalogue(struct world *, struct ctx *, struct tx *, const struct tenant_row *, const struct opener *) USE_RESULT;
enum err world_read_queues(struct world *, struct ctx *, struct tx *, const struct opener *) USE_RESULT;
enum err world_read_token(struct world *, struct tx *, const struct token_row *, const struct opener *, enum credential_kind) USE_RESULT;
enum err world_read_sessions(struct world *, struct tx *, const struct rows *) USE_RESULT;
/* Which of N sessions are of somebody who may sign in. */
enum err sessions_open(struct tx *, const struct session_row *, size_t n, bool **out) USE_RESULT;

/*
 * world_anew.c: memory of TENANT as it is stored.  All of it, after a commit
 * whose end nobody knew, on the sealer of LANE; and what notices name.
 */
enum err world_anew(void *world, size_t lane, struct ctx *, uint32_t tenant) USE_RESULT;
struct notice_list { const struct notice_row *row; size_t n; };
enum err world_anew_noticed(struct world *, struct ctx *, struct tx *, const struct mark *, const struct notice_list *) USE_RESULT;

/* world_role.c: roles in memory.  Copies are in the caller's arena. */
void world_role_set(struct world *, const struct role_row *, const struct filter *scope);
void world_role_drop(struct world *, const struct role_row *);
/* Or a transaction wrote some: told before its commit. */
bool world_has_roles(struct world *, uint32_t tenant);
/* How many are in memory. */
size_t world_roles_count(struct world *, uint32_t tenant);
void world_roles_come(struct world *, uint32_t tenant);
/* NULL: the transaction wrote it, and memory is told after the commit only. */
const struct filter *world_role_scope(struct world *, struct arena *, const struct role_row *);
size_t world_roles_of(struct world *, struct arena *, uint32_t tenant, int64_t person, struct role_held **);
/* Who has which role now, over everybody (or the role's own scope); by person. */
struct role_holder { int64_t role, person; };
size_t world_role_holders(struct world *, struct arena *, uint32_t tenant, int64_t now_ms, struct role_holder **);
enum err world_read_roles(struct world *, struct ctx *, struct tx *, uint32_t tenant, const struct opener *) USE_RESULT;
enum err world_put_roles(struct world *, struct ctx *, const struct rows *, const struct opener *) USE_RESULT;

/* world_tenant.c */
void world_persons_set(struct world *, uint32_t tenant, int64_t n);
/* The state in memory; 0: the tenant is not. */
enum tenant_state world_state_of(struct world *, uint32_t tenant);

/* --- admission.c, queues.c */

struct admission *admission_open(void);
void admission_close(struct admission *);
/* Requests of TENANT that are under way. */
size_t admission_of(struct admission *, uint32_t tenant);
void admission_counts(struct admission *, struct admission_count *);
/* Of TENANT's catalogue in force; of a tenant that is being made, the default. */
int64_t setting_of(struct world *, uint32_t tenant, enum setting);
/* How often a setting was changed here; asked before the snapshot of what is read. */
uint64_t deployment_sets(struct world *);
/* Nothing, if one was changed here since: it may not be in the snapshot. */
enum err deployment_read(struct world *, struct tx *, uint64_t sets) USE_RESULT;
/* All of them; those of a tenant that is not there (any more) are the defaults. */
void settings_of(struct world *, uint32_t tenant, int64_t out[SETTING_COUNT]);
struct queues *queues_open(void);
void queues_close(struct queues *);
/* How a queue stands, from its row; REASON is opened. */
void queues_set(struct queues *, const struct queue_row *, struct str reason);

/*
 * node.c: one server of several on a shared database.  Opened before anything
 * is read: from then on ids are of its own number.
 */
enum err node_open(struct world *, struct ctx *) USE_RESULT;
/* As of the snapshot of TX, what is in memory is up to date. */
enum err node_read(struct node *, struct tx *) USE_RESULT;
/* Reads what the others changed, each second, and prolongs what was leased. */
void node_start(struct world *);
void node_stop(struct world *);
/* The fence of the clock's work, if it is ours to do; 0: it is another's. */
int64_t node_clock(struct world *);
/* What the clock's work carries (pipeline.h); the clock's thread's. */
int64_t clock_fence(const struct world *);
/* The pipeline's (pipeline.h). */
void node_await(void *world, uint32_t tenant);
enum err node_admit(void *world, struct tx *, uint32_t tenant, bool *is_stale) USE_RESULT;
void node_leave(void *world, const struct tx *, uint32_t tenant, bool is_committed);
/* Nobody of ours writes of TENANT, nor reads it anew, until it is released: then memory is as of the snapshot of TX; NULL: it is as it was. */
void node_hold(struct node *, uint32_t tenant);
void node_release(struct node *, struct tx *, uint32_t tenant);

/* history.c: what this server acknowledged must stay in the database. */
struct history *history_open(const char *dir);
void history_close(struct history *);
/* After a commit. */
void history_note(struct history *, const struct log_end *, size_t n);
/* Makes what was noted durable. */
void history_write(struct history *);
/* What is stored is less than what was acknowledged. */
bool history_is_short(struct history *, const struct mark *);
/* The same for marks of a snapshot: as of a moment before it, for we may commit more meanwhile. */
const struct ends *history_ends(struct history *, struct arena *);
bool ends_short(const struct ends *, const struct mark *);
/* Whether the database still has all; what is missing, and an alarm, stay until it is accepted. */
enum err history_check(struct history *, struct db *, struct ctx *) USE_RESULT;
bool history_loss(struct history *, struct loss *out);
/* Nothing is written of TENANT: something is lost, of it or of another, and it is not being accepted. */
bool history_refuses(struct history *, int64_t tenant);
/* Found by somebody else. */
void history_lose(struct history *, const struct loss *);
/* NULL: the database is ours alone. */
struct history *node_history(struct world *);

/* key_share.c: gives TENANT's keys to the other servers' vaults; and takes what one of them gave. */
enum err share_keys(struct world *, struct vault *, struct ctx *, uint32_t tenant) USE_RESULT;
enum err take_keys(struct world *, struct vault *, struct ctx *, uint32_t tenant, bool *is_there) USE_RESULT;
/* The clock's: what nobody has given yet. */
void share_all(struct world *);

void readers_start(struct world *);
void readers_stop(struct world *);

/* The clock's thread: due work, housekeeping, and signing the logs once a second. */
void clock_start(struct world *);
void clock_stop(struct world *);
/* Brings each tenant's checkpoints up to date, if the vault agrees. */
void sign_logs(struct world *, struct db *data);
/* Once a second: how the vault is, and whether a store that could not write can again. */
void watch_beat(struct world *);
/* Counts the seats anew, if it is time. */
void census_take(struct world *, struct db *data);
void census_close(struct world *);
enum err sign_log(struct world *, struct ctx *, struct db *data, uint32_t tenant) USE_RESULT;

/* tenant_end.c: goes on with tenants that are being deleted; true: there is more to do at once. */
bool tenants_end(struct world *, struct db *data);
/* Takes a tenant out of memory, whoever works for it still holds what it has. */
void world_tenant_drop(struct world *, uint32_t tenant);
/* Frees the runs of its imports; false: one is under way. */
bool runs_drop(struct world *, uint32_t tenant);	/* mu held */

/* due_suspended.c: what must not wait until the tenant is resumed. */
void do_due_suspended(struct world *, struct db *data);
/* Submits all, waits for all, then drops the due rows of those that are over; false: some are not. */
bool due_orders(struct world *, struct ctx *, const struct due_row *, size_t n);
/* At start: every tenant's log must extend what the vault signed. */
enum err check_logs(struct world *, struct ctx *, struct tx *, bool accept_rollback) USE_RESULT;

/*
 * shares.c: rows of many tenants, each with its tenant first, an int64_t; they
 * are sorted.  Written by an item for each tenant, whose IN is a struct share;
 * how many rows came to nothing.
 */
struct row_list {
	void   *row;
	size_t	n, size;
	int64_t fence;	/* of the clock's lease (pipeline.h); 0: of none */
	/* Told each row that came to nothing; NULL: nobody. */
	void  (*lost)(struct world *, const void *row);
};
struct share { uint32_t tenant; const void *row; size_t n; };
size_t shares_write(struct world *, const struct use_case *, const struct actor *, const struct row_list *);

/* Drops due rows that were worked off, and what only time makes superfluous. */
extern const struct use_case due_done;
struct housekeeping_in {
	int64_t now_ms, after;	/* after: the last person of the page before */
	bool	is_notices;	/* all else is done */
};
struct housekeeping_out {
	int64_t keys, next;	/* keys dropped; where to go on, 0: done */
	bool	has_notices;	/* there are more that are old */
};
extern const struct use_case housekeeping;
struct checkpoint_in { struct checkpoint_row row; };
extern const struct use_case checkpoint_keep;
struct continued_in { uint32_t tenant; int64_t origin; struct str note; };
extern const struct use_case log_continue;

/* Takes or prolongs a lease of the deployment; FENCE 0: as a new holder. */
struct lease_in { enum lease_name name; int64_t fence, now_ms, for_ms; };
struct lease_out { bool is_held; int64_t fence; };
extern const struct use_case lease_take;

/* Frees the runs of imports that nobody continued. */
void runs_close(struct world *);

/* Fetches the public keys of access tokens. */
enum err token_keys_read(struct world *, struct ctx *) USE_RESULT;
/* Stores when credentials were last used, and the failed logins, of which the log has one entry a person and turn. */
void uses_write(struct world *);
/* When other servers last saw the sessions that this one did not see. */
void uses_read(struct world *, struct db *data);
void login_fails_write(struct world *);
/* Says in the log what was dropped since it was last asked; ENDS: and what is waiting still. */
void notes_tell(struct world *, bool ends);

void access_note(struct world *, const struct access_row *, const uint8_t digest[32]);
void access_write(struct world *);

/* --- query_seat.c --------------------------------------------------------------- */

/* Which of these persons are there and in the actor's scope. */
enum err persons_seen(struct reader *, struct ctx *, const struct realm *,
    const int64_t *id, size_t n, bool *in) USE_RESULT;

#endif

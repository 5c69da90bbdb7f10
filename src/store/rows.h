/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - every table, its row struct, and the few reads that are more than a
 * key prefix.  Column order here is key order; a row that exists is replaced
 * where nothing else is said.  Only the checks and references named here are
 * constraints of the database; a referenced row must be saved first.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "core/actor.h"
#include "core/person.h"
#include "core/seat.h"
#include "store/store.h"

/* Rows of core/ structs. */
extern const struct table PERSON;	/* tenant id | EXISTS_VERSIONED */
extern const struct table CONTRACT;	/* tenant person id; references person */
extern const struct table BLOCK;	/* tenant person kind; references person */
extern const struct table POOL;		/* tenant id; CHECK (held >= 0 AND assigned >= 0 AND held + assigned <= quota) */
extern const struct table SEAT;		/* tenant product person; references pool and person */
extern const struct table SEAT_PAST;	/* tenant id | EXISTS_FAILS */
extern const struct table WAIT;		/* tenant product person; references person */
extern const struct table WAIT_POOL;	/* tenant pool rank since person product | EXISTS_STAYS */
extern const struct table GRANT;	/* tenant person product reason; references person */
extern const struct table GRANT_PAST;	/* tenant id | EXISTS_FAILS */

struct tenant_row {		/* TENANT: tenant (one row); the lock of a batch, and the log's end */
	int64_t	   tenant;
	int64_t	   state;	/* enum tenant_state */
	struct str name;	/* sealed, PURPOSE_NAME */
	struct str name_key;	/* 32 bytes: SHA-256 of the slug, for the operator's look-up */
	int64_t	   log_origin, log_size;
	struct str frontier;	/* audit/tree.h, of the present origin */
	int64_t	   catalogue_version;
	int64_t	   created_ms;
};
/* DELETING: its keys are about to be destroyed or are; DELETED: its other rows are gone too.  The number is never given again. */
enum tenant_state { TENANT_ACTIVE = 1, TENANT_SUSPENDED, TENANT_DELETING, TENANT_DELETED };
extern const struct table TENANT;

struct gone_row {		/* TENANT_GONE: tenant; of a tenant that is being deleted, or was */
	int64_t	   tenant;
	int64_t	   asked_ms, keys_ms, ended_ms;	/* when it was asked for, when the keys were destroyed, when the last row went */
	int64_t	   rows;	/* that went */
	struct str note;	/* the last checkpoint of its log */
};
extern const struct table TENANT_GONE;

struct contract_past { int64_t tenant, id, person, contract, site, start_day, end_day, until_ms; };
extern const struct table CONTRACT_PAST;	/* tenant id | EXISTS_FAILS */
struct block_past { int64_t tenant, id, person, kind, author, since_ms, until_ms; };
extern const struct table BLOCK_PAST;		/* tenant id | EXISTS_FAILS */

/* A role that a person holds; what it gives is core/role.h's. */
struct role_row {		/* ROLE: tenant person id; references person */
	int64_t	   tenant, person, id;
	int64_t	   role, state;		/* enum role_state */
	int64_t	   since_ms, until_ms, created_ms;
	int64_t	   author, approver;	/* actors; 0: none */
	struct str scope, reason;	/* sealed, PURPOSE_NAME; scope empty: everybody */
	int64_t	   in_group;		/* that gives it, and is its reason; 0: somebody did */
};
extern const struct table ROLE;
struct role_past { int64_t tenant, id, person, role, since_ms, ended_ms, author, approver, ended_by; struct str scope, reason; };
extern const struct table ROLE_PAST;		/* tenant id | EXISTS_FAILS */

/* How many people of an organisation (0: of none) wait: what others have is nobody's business. */
struct wait_count { int64_t tenant, product, organisation, rank, waiting; };	/* CHECK waiting >= 0 */
extern const struct table WAIT_COUNT;		/* tenant product organisation rank */

struct index_row {		/* IX_UNIQUE: tenant kind epoch key */
	int64_t	   tenant, kind, epoch;
	struct str key;		/* 32 bytes */
	int64_t	   person;
};
extern const struct table IX_UNIQUE;		/* | EXISTS_FAILS */

struct resource_row {		/* RESOURCE: tenant type id; of a type that the catalogue declares */
	int64_t	   tenant, type, id, version;
	int64_t	   source;	/* who made it, and changes it; 0: the tenant */
	int64_t	   author, created_ms, changed_ms;
	struct str record;	/* sealed, PURPOSE_NAME of the id */
	struct str keys;	/* those of the index, packed */
};
extern const struct table RESOURCE;	/* | EXISTS_VERSIONED */
struct resource_count_row { int64_t tenant, type, source, resources; };
extern const struct table RESOURCE_COUNT;	/* tenant type source */
/* Those of a type and SOURCE (0: any) to which the search key WORD leads (NULL: all), ascending, after the id AFTER, without the first SKIP. */
struct resource_page { int64_t tenant, type, source, after, skip; size_t limit; bool is_descending; const struct index_key *word; };
enum err resource_page(struct tx *, const struct resource_page *, struct rows *out) USE_RESULT;

struct search_row { int64_t tenant, epoch, key, person; };	/* IX_SEARCH: all four are the key; key: 48 bits */
extern const struct table IX_SEARCH;		/* EXISTS_STAYS */

struct source_row {		/* SOURCE: who brings persons (a file, a client) */
	int64_t	   tenant, id;
	struct str name;	/* sealed */
	struct str name_key;	/* 32 bytes, blind index of the name */
	int64_t	   kind;	/* 1 file, 2 client */
	int64_t	   created_ms;
};
extern const struct table SOURCE;		/* tenant id */

struct source_ref {		/* SOURCE_REF: tenant source key */
	int64_t	   tenant, source;
	struct str key;		/* 32 bytes, keyed hash of the ref */
	int64_t	   person;
	struct str row;		/* 32 bytes, keyed hash of its rows, or its complement while a manager is missing; empty: not from a file */
	int64_t	   state;	/* 1 present, 2 no run misses it: removed, or given to who was there */
	int64_t	   onboarding;	/* that brought it; 0: import */
};
extern const struct table SOURCE_REF;

struct present_row { int64_t tenant, source, persons; };	/* who were brought by SOURCE and have not left */
extern const struct table PRESENT;		/* tenant source */
struct group_row {		/* GROUP: tenant id; people under one name, that the catalogue may give something */
	int64_t	   tenant, id, version;
	int64_t	   source;	/* who made it, and changes it; 0: the tenant */
	int64_t	   members;	/* how many MEMBER has of it */
	int64_t	   gives;	/* the catalogue's entry of its name; 0: it gives nothing */
	int64_t	   author, created_ms, changed_ms;
	struct str name;	/* sealed, PURPOSE_NAME of the id */
	struct str external_id;	/* likewise; empty: none */
};
extern const struct table GROUP;		/* | EXISTS_VERSIONED */

/* NAME_KEY: keyed hash of the canonical name, or of the source's own key of the group. */
struct group_name_row { int64_t tenant; struct str name_key; int64_t in_group; };
extern const struct table GROUP_NAME;		/* tenant name_key | EXISTS_FAILS */

struct member_row { int64_t tenant, in_group, person, since_ms, author; };
extern const struct table MEMBER;		/* tenant in_group person | EXISTS_STAYS */
struct member_of_row { int64_t tenant, person, in_group; };	/* the same from the person's side */
extern const struct table MEMBER_OF;		/* tenant person in_group | EXISTS_STAYS */
/* Both tables.  WAS_IN gets a flag for each row: they were in already, since then and by that author. */
enum err members_add(struct tx *, const struct member_row *, size_t n, bool *was_in) USE_RESULT;
/* *GONE: how many of them were in. */
enum err members_drop(struct tx *, const struct member_row *keys, size_t n, int64_t *gone) USE_RESULT;
/* ALL are those of one group: one statement, for what SQLite does at the end of each grows with what the transaction did before. */
enum err members_drop_all(struct tx *, const struct member_row *all, size_t n) USE_RESULT;

/* Whom clients removed or disabled, so that not too many go at once (act/order_guard.c). */
struct removed_row { int64_t tenant, person, source, hour; bool has_left; };	/* when a client of SOURCE last did it; not disabled only */
extern const struct table REMOVED;		/* tenant person */
struct removal_hour { int64_t tenant, source, hour, persons, has_left; };	/* so many in this hour, and of these have left; CHECK >= 0 */
extern const struct table REMOVAL_HOUR;		/* tenant source hour */
struct removal_guard {		/* REMOVAL_GUARD: tenant source */
	int64_t tenant, source;
	int64_t allowed, until_ms;	/* so many may go, whatever the settings say, until then */
	int64_t noted_ms;		/* that the guard stopped somebody; 0: not since more were allowed */
};
extern const struct table REMOVAL_GUARD;

struct onboarding_row {
	int64_t	   tenant, id, person, source, client;
	int64_t	   state;	/* enum onboarding_state */
	int64_t	   priority;
	int64_t	   received_ms, sealed_ms, decided_ms, done_ms, expires_ms;
	struct str outcome;	/* packed struct outcome_row array, as first told */
};
enum onboarding_state { ONBOARDING_OPEN = 1, ONBOARDING_DONE, ONBOARDING_FAILED, ONBOARDING_EXPIRED };
extern const struct table ONBOARDING;		/* tenant id */

enum check_kind { CHECK_ROLE = 1, CHECK_RISK, CHECK_ATTESTATION, CHECK_MANUAL };
enum check_state { CHECK_OPEN = 1, CHECK_PASSED, CHECK_FAILED };
struct check_row { int64_t tenant, onboarding, kind, state, since_ms, until_ms, actor; };
extern const struct table CHECK_ROW;		/* tenant onboarding kind */

/* OPEN_CHECKS: tenant person; of each onboarding that is open, so that it is found by its person */
struct open_row { int64_t tenant, person, onboarding, expires_ms; };
extern const struct table OPEN_CHECKS;

struct idempotency_row {	/* tenant slot client key; slot = hour number, dropped whole after 24 h */
	int64_t	   tenant, slot, client;
	struct str key;		/* 32 bytes keyed hash of the client's key */
	struct str body;	/* 32 bytes keyed hash of the body */
	int64_t	   onboarding, status;
};
extern const struct table IDEMPOTENCY;		/* EXISTS_FAILS */

struct dictionary_row {		/* tenant key */
	int64_t	   tenant;
	struct str key;		/* 32 bytes blind index */
	int64_t	   id;
	struct str sealed;
};
extern const struct table DICTIONARY;		/* EXISTS_STAYS */

struct catalogue_row {
	int64_t	   tenant, version;
	struct str sealed, digest;
	int64_t	   author, created_ms;
};
extern const struct table CATALOGUE;		/* tenant version | EXISTS_FAILS */

struct token_row {
	int64_t	   tenant, id;
	struct str hash;	/* SHA-256 of the token, 32 bytes */
	int64_t	   rights;
	struct str label, scope; /* sealed; scope empty: all */
	int64_t	   source;	/* the source this client brings persons as */
	int64_t	   created_ms, expires_ms, revoked_ms, last_used_ms, author;
	int64_t	   family;	/* the first of the tokens that it took the place of, by rotation; 0: none */
};
extern const struct table TOKEN;		/* tenant id */

/* What OAuth clients are: as tokens, but the hash is of a secret that goes with the id. */
extern const struct table CLIENT;		/* token_row: tenant id */

struct net_row { int64_t tenant, holder; struct str net; };	/* where a token or client may come from (core/net.h); none: anywhere */
extern const struct table NET;			/* tenant holder net | EXISTS_STAYS */

struct session_row {		/* a person who is signed in; dropped when it ends */
	int64_t	   tenant, person, id;
	struct str hash;	/* SHA-256 of the cookie's value, 32 bytes */
	int64_t	   factors;	/* enum factor bits */
	int64_t	   created_ms, factor_ms, seen_ms, expires_ms;	/* factor_ms: of the last proof */
};
extern const struct table SESSION;		/* tenant person id */

struct login_row {		/* what a person signs in with */
	int64_t	   tenant, person;
	struct str verifier;	/* sealed, PURPOSE_PASSWORD; empty: no password */
	int64_t	   password_ms;
	struct str totp, totp_next;	/* sealed seeds, PURPOSE_TOTP; next: not confirmed yet */
	int64_t	   totp_ms;
	int64_t	   last_step;	/* one-time codes up to this step are used up */
};
extern const struct table LOGIN;		/* tenant person */

struct recovery_row { int64_t tenant, person; struct str hash; };	/* of a recovery code that is not used */
extern const struct table RECOVERY;		/* tenant person hash | EXISTS_STAYS */

struct throttle_row {		/* tries of signing in, by keyed hash of the user name or the address */
	int64_t	   tenant;
	struct str key;
	int64_t	   tries, until_ms, last_ms;
};
extern const struct table THROTTLE;		/* tenant key */

struct activation_row { int64_t tenant, person; struct str hash; int64_t created_ms, expires_ms, author; };
extern const struct table ACTIVATION;		/* tenant person */

struct log_row {		/* tenant seq; seq = origin << 40 | index: also the event cursor */
	int64_t	   tenant, seq;
	struct str entry;
};
#define LOG_SEQ(origin, index) (((int64_t)(origin) << 40) | (int64_t)(index))
extern const struct table LOG;			/* tenant seq | EXISTS_FAILS */

struct checkpoint_row { int64_t tenant, seq; struct str note; int64_t signed_ms; };	/* seq of the last entry it covers + 1 */
extern const struct table CHECKPOINT;

struct due_row {		/* tenant due_ms id: timed work */
	int64_t tenant, due_ms, id;
	int64_t kind;		/* enum due_kind */
	int64_t subject, object;
};
enum due_kind { DUE_LIFECYCLE = 1, DUE_ONBOARDING, DUE_SWEEP };
extern const struct table DUE;

/*
 * Who does what only one may do.  The fence grows with each new holder.  Times
 * are the database's own; a server's number is nobody else's before UNTIL_MS.
 */
struct lease_row { int64_t tenant, name, holder, fence, until_ms; };	/* name: enum lease_name */
enum lease_name { LEASE_NONE, LEASE_CLOCK, LEASE_PROBE, LEASE_NODE = 1000 };	/* LEASE_NODE + the number of a server (base/id.h) */
extern const struct table LEASE;
/* Waits until nobody else takes or prolongs leases, for the rest of the transaction.  Shared databases only; so are the next. */
enum err lease_turn(struct tx *) USE_RESULT;
/* The database's own clock. */
enum err lease_now(struct tx *, int64_t *ms) USE_RESULT;
/* Those of servers' numbers, in order. */
enum err lease_nodes(struct tx *, struct rows *leases) USE_RESULT;
/* Waits for whoever writes under the lease, and lets nobody else begin to. */
enum err lease_lock(struct tx *, int64_t name) USE_RESULT;
/* The fence of a lease, which has no other holder before the transaction ends; 0: there was none yet. */
enum err lease_hold(struct tx *, int64_t name, int64_t *fence) USE_RESULT;

/*
 * What the servers of a shared database keep in memory of a tenant was changed
 * by one of them.  Written with the change, in its transaction, by the store
 * itself: no use case can forget it.
 */
enum notice_kind { NOTICE_WORD = 1, NOTICE_CATALOGUE, NOTICE_TOKEN, NOTICE_CLIENT, NOTICE_SESSION, NOTICE_ROLE,
	NOTICE_QUEUE, NOTICE_LIMIT, NOTICE_END };
struct notice_row {
	int64_t tenant, seq, kind;
	int64_t subject;	/* the id of what it is about; of a session and a role the person's */
	int64_t at_ms;
};
extern const struct table NOTICE;		/* tenant seq kind subject | EXISTS_STAYS */

/* A tenant's row as far as what is in memory of it depends on it. */
struct mark { int64_t tenant, state, change_seq, persons, last_id, log_origin, log_size; };
/* Of N tenants, in the order of their numbers; none: of all.  Shared databases only. */
enum err mark_list(struct tx *, const int64_t *tenant, size_t n, struct rows *marks) USE_RESULT;
/* All zero: there is no such tenant. */
enum err mark_of(struct tx *, int64_t tenant, struct mark *) USE_RESULT;
/* Counts the persons of the tenants that nobody has counted yet (and locks their rows). */
enum err mark_count(struct tx *) USE_RESULT;
/* The newest checkpoint of a tenant's log, if there is one. */
enum err checkpoint_last(struct tx *, int64_t tenant, struct rows *checkpoint) USE_RESULT;
/* These words of a tenant. */
enum err word_list(struct tx *, int64_t tenant, const int64_t *id, size_t n, struct rows *words) USE_RESULT;

struct import_row_state {	/* IMPORT: tenant id */
	int64_t	   tenant, id, source;
	int64_t	   state;	/* enum import_state */
	int64_t	   rows, persons, added, changed, unchanged, removed, rejected;
	struct str digest;
	int64_t	   started_ms, ended_ms;
	int64_t	   actor;	/* actor_family() of who began it: ids are one sequence for all kinds */
};
enum import_state { IMPORT_SCANNED = 1, IMPORT_STOPPED, IMPORT_APPLYING, IMPORT_DONE, IMPORT_BROKEN };
extern const struct table IMPORT;

struct job_row { int64_t tenant, id, kind, subject, state, attempts, due_ms, fence; struct str payload; };
extern const struct table JOB;			/* tenant id; targets come later */

struct queue_row {		/* QUEUE_STATE: tenant queue; how a queue was last paused or resumed */
	int64_t	   tenant, queue;	/* enum work_queue */
	int64_t	   state;		/* enum queue_state */
	int64_t	   actor_kind, actor;
	int64_t	   depth;		/* that it was paused for; 0: by hand */
	int64_t	   since_ms;
	struct str reason;		/* sealed, PURPOSE_NAME of the queue's number; empty: none */
};
extern const struct table QUEUE_STATE;

struct deployment_row { int64_t tenant; struct str name; int64_t value; };	/* tenant 0: settings; else limits of a tenant (core/deployment.h) */
extern const struct table DEPLOYMENT;		/* tenant name */

/* How far the rows of another store came into this one (act/move.h); no row: none ever did. */
struct move_row {		/* MOVE, and MOVE_KEYS of the other database: tenant, which is 0 */
	int64_t	   tenant;
	int64_t	   state;	/* enum move_state */
	struct str source;	/* 32 bytes: what tells the other store, as it was then */
	struct str place, last;	/* the table under way, and the key of its last row that is here */
	int64_t	   rows;	/* that came, of all tables */
	int64_t	   started_ms, ended_ms;
};
enum move_state { MOVE_UNDER_WAY = 1, MOVE_DONE };
extern const struct table MOVE, MOVE_KEYS;

struct access_row { int64_t tenant, id, actor, actor_kind, count, at_ms; struct str query; };	/* reads of personal data */
extern const struct table ACCESS_LOG;		/* tenant id | EXISTS_FAILS */

/* --- keys.db ------------------------------------------------------------------- */

enum key_state { KEY_ACTIVE = 1, KEY_RETIRED, KEY_DESTROYED };
struct key_row {
	int64_t	   tenant, person, version;
	int64_t	   state, kek_epoch, created_ms;
	struct str wrapped;
};
extern const struct table PERSON_KEY;		/* tenant person version */

struct shared_key {		/* TENANT_KEY: tenant; of a shared database: its keys, sealed for the other servers' vaults */
	int64_t	   tenant, created_ms;
	struct str sealed;
};
extern const struct table TENANT_KEY;		/* | EXISTS_STAYS */

/* --- all of a tenant ------------------------------------------------------------- */

/* Every table of both databases, ended by NULL; each has the tenant first in its key. */
const struct table *const *store_tables(void);
/* Integer column I of ROW, sign kept; and back.  A number that does not fit its field is a damaged database. */
int64_t row_int(const struct column *, const void *row);
void row_set_int(const struct column *, void *row, int64_t);
struct str row_bytes(const struct column *, const void *row);
/* Of a tenant that is deleted the rows of this table stay: its number, and that it is gone; or they are of no tenant. */
bool table_stays(const struct table *);
/*
 * Drops at most LIMIT rows of TENANT from the database of the transaction,
 * overwritten with zeros, whatever references others first; *GONE: how many.
 * Less than LIMIT: none is left but those that stay.
 */
enum err tenant_purge(struct tx *, int64_t tenant, size_t limit, int64_t *gone) USE_RESULT;

/* --- index keys, all behind two calls (PERFORMANCE.md: may be deferred one day) --- */

/* One blind-index key of a person; packed into person.keys.  Keys of another CANON_VERSION are other keys. */
struct index_key {
	uint8_t	kind;		/* enum index_kind (vault/vault.h); 0 = search */
	uint8_t	bytes[32];	/* search: the first 6 count */
};
struct str index_pack(struct arena *, const struct index_key *, size_t n);
size_t index_unpack(struct arena *, struct str packed, const struct index_key **out);

struct index_change {
	int64_t		       person;
	const struct index_key *put, *drop;
	size_t			nput, ndrop;
};
/* All drops, then all puts; putting what is there is fine.  ERR_CONFLICT when a unique key belongs to somebody else (MSG_STORE_UNIQUE). */
enum err index_put(struct tx *, int64_t tenant, const struct index_change *, size_t n) USE_RESULT;
/* person[i] = the owner of the unique key, 0 if none. */
enum err index_find(struct tx *, int64_t tenant, const struct index_key *, size_t n, int64_t *person) USE_RESULT;
/* The same of several tenants. */
struct index_ask { int64_t tenant; const struct index_key *key; };
enum err index_find_all(struct tx *, const struct index_ask *, size_t n, int64_t *person) USE_RESULT;
/* Does each of the keys to put of N persons lead to its person?  One flag a key, in order. */
enum err index_leads(struct tx *, int64_t tenant, const struct index_change *, size_t n, bool *is_there) USE_RESULT;
#define SEARCH_KEYS_MAX 16
/* Persons that have every one of the search keys, ascending, after AFTER; fastest with the rarest key first.  No keys: nobody. */
enum err index_search(struct tx *, int64_t tenant, const struct index_key *, size_t n, int64_t after, size_t limit, struct rows *search_rows) USE_RESULT;

/* --- lists ------------------------------------------------------------------- */

struct person_query {
	int64_t			   tenant;
	const struct filter	  *filter;	/* NULL: all */
	const struct filter	  *scope;	/* the actor's; NULL: all */
	const struct filter_names *names;
	int32_t			   today;
	int64_t			   after;	/* id of the last row seen; 0: from the start */
	size_t			   limit;
	int64_t			   skip;	/* so many rows first */
	int64_t			   source;	/* 0: of any */
	bool			   is_present;	/* only who has not left */
	bool			   is_descending; /* the largest id first; AFTER: those below it */
	const struct index_key	  *word;	/* only whom this search key leads to; NULL: all */
};
/*
 * By id.  Both filters become SQL over the person's columns (any/all contract as
 * EXISTS) and give what filter_match() gives; a sealed attribute is ERR_BAD_INPUT
 * (MSG_STORE_FILTER).  co, sw, ew, gt … on names ask NAMES for every text of the tenant.
 */
enum err person_list(struct tx *, const struct person_query *, struct rows *persons) USE_RESULT;
/* How many there are, whatever AFTER, SKIP and LIMIT say. */
enum err person_count(struct tx *, const struct person_query *, int64_t *n) USE_RESULT;
/* Of these ids, those in scope (only tenant, scope, names, today, source and is_present count); for single objects. */
enum err person_in_scope(struct tx *, const struct person_query *, const int64_t *ids, size_t n, bool *in) USE_RESULT;
/* Groups with somebody in scope in them (by tenant, scope, names and today), ascending, rows of an int64_t: GROUP, if it is one, or all (0). */
enum err groups_in_scope(struct tx *, const struct person_query *, int64_t group, struct rows *) USE_RESULT;

/* How many wait before (rank, since) in a pool. */
enum err wait_position(struct tx *, const struct wait_pool *keys, size_t n, int64_t *before) USE_RESULT;

/* The hours from FROM on in which TENANT stored answers, at most LIMIT: rows of an int64_t, there after store_settle(). */
enum err idempotency_slots(struct tx *, int64_t tenant, int64_t from, size_t limit, struct rows *) USE_RESULT;
/* Work due at NOW over all tenants that are active, at most LIMIT, by time. */
enum err due_list(struct tx *, int64_t now_ms, size_t limit, struct rows *due) USE_RESULT;
/* The earliest due instant of all; INT64_MAX: none. */
enum err due_next(struct tx *, int64_t *ms) USE_RESULT;

/* Refs of a source that are present, after key AFTER (empty: from the start), in key order. */
struct source_ref_page { int64_t tenant, source; struct str after; size_t limit; };
enum err source_ref_page(struct tx *, const struct source_ref_page *, struct rows *refs) USE_RESULT;

/* Keys older than BEFORE_MS, by person; at least LIMIT while there are, and all of the last person's, so that the next page begins after it. */
enum err key_list(struct tx *keys, int64_t tenant, int64_t after_person, int64_t before_ms, size_t limit, struct rows *out) USE_RESULT;

/* The largest id that a row of the tenant has as its key, a step into each tree; 0: none. */
enum err id_last(struct tx *, int64_t tenant, int64_t *id) USE_RESULT;

/* Persons enabled and brought by SOURCE: for the guards' share. */
enum err person_count_source(struct tx *, int64_t tenant, int64_t source, int64_t *active) USE_RESULT;

#endif

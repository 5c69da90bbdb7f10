/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.h - what all use cases of one front share: the store, the pipeline,
 * the vault channels, and each tenant's immutable snapshot.
 *
 * A realm is one tenant as it stands: its catalogue (replaced as a whole when
 * a version is applied), its dictionary (append-only), its API tokens.  Who
 * takes a realm holds that version until the ctx's arena closes.
 */
#ifndef ACT_WORLD_H
#define ACT_WORLD_H

#include "act/keyring.h"
#include "core/actor.h"
#include "core/catalogue.h"
#include "core/deployment.h"
#include "store/pipeline.h"
#include "store/rows.h"
#include "vault/vault.h"

struct world;

/* And one more for each lane of the pipeline. */
#define WORLD_CHANNELS	   17
#define WORLD_CHANNELS_MAX (WORLD_CHANNELS + LANES_MAX)

struct realm {
	uint32_t		tenant;
	struct str		slug;
	enum tenant_state	state;
	int64_t			most[LIMIT_COUNT];	/* by enum tenant_limit; 0: no bound */
	const struct catalogue *catalogue;
	struct names		names_arg;
	struct filter_names	names;	/* over catalogue and dictionary */
	struct dictionary      *dictionary;
	struct capability	capability; /* the server's own, for this tenant */
};

struct world_conf {
	struct store *store;
	const int    *vault_fd;		/* one channel each: WORLD_CHANNELS, then the lanes' */
	size_t	      nvault;		/* so there are nvault - WORLD_CHANNELS lanes */
	const char   *data_dir;		/* where backups go */
	void	    (*vault_silent)(void *arg);	/* it does not answer any more: end in order; NULL: at once */
	void	     *vault_silent_arg;
	struct str    issuer;		/* where we are reached, for access tokens; stays the caller's */
	bool	      accept_rollback;	/* a restored database may have lost log entries (usher restore) */
	bool	      is_still;		/* only what is read is there; nothing writes, and it may be a move's (act/move.h) */
};

/*
 * Opens: reads tenants, catalogues, dictionaries and tokens, starts the
 * pipeline, the readers, the signer and the clock.  ERR_SEALED: the vault has
 * no keys, or they do not fit this database.  ERR_CONFLICT: a log lost what was
 * signed, or a move into the store is under way.
 */
enum err world_open(struct ctx *, const struct world_conf *, struct world **out) USE_RESULT;
void world_close(struct world *);

struct pipeline *world_pipeline(struct world *);
struct store *world_store(struct world *);

/* The tenant's realm, held until CX's arena ends.  ERR_NOT_FOUND. */
enum err world_realm(struct world *, struct ctx *, uint32_t tenant, const struct realm **out) USE_RESULT;
/* All tenants' numbers, ascending; not of those that are being deleted. */
size_t world_tenants(struct world *, struct arena *, uint32_t **out);
/* 0: no such slug.  For the operator only. */
uint32_t world_tenant_named(struct world *, struct str slug);
bool world_tenant_has(struct world *, uint32_t tenant);

/* Puts a new catalogue version in force / adds a tenant; called by use cases after their commit. */
void world_catalogue_set(struct world *, uint32_t tenant, struct str canonical, int64_t version);
void world_tenant_add(struct world *, uint32_t tenant, struct str slug, const struct capability *);
void world_tenant_state(struct world *, uint32_t tenant, enum tenant_state);
void world_tenant_limit(struct world *, uint32_t tenant, enum tenant_limit, int64_t most);
/* Persons that are stored of a tenant; N more are now. */
int64_t world_persons(struct world *, uint32_t tenant);
void world_persons_add(struct world *, uint32_t tenant, int64_t n);
/* ERR_CONFLICT (MSG_TENANT_SUSPENDED) unless the tenant is active: for work that lasts, between its steps. */
enum err world_is_active(struct world *, struct ctx *, uint32_t tenant) USE_RESULT;

/* --- credentials (SECURITY.md T1, MODEL.md 2) -------------------------------- */

/* Whom a token or client may act on, and from where; no net: from anywhere. */
struct token_reach { struct str scope; const struct net *net; size_t nnet; };
void world_token_set(struct world *, enum credential_kind, const struct token_row *, const struct token_reach *);
void world_session_set(struct world *, const struct session_row *);
/* Ends SESSION of PERSON; 0: all of them, but not EXCEPT. */
void world_sessions_end(struct world *, uint32_t tenant, int64_t person, int64_t session, int64_t except);
/* When it was last used, as it is known here; it is stored once a minute. */
int64_t world_token_used(struct world *, uint32_t tenant, int64_t id);
/* What a token or client may, at most as long as the world is open.  False: there is none in this tenant. */
bool world_token_held(struct world *, uint32_t tenant, int64_t id, struct held *out);

/*
 * The actor behind what a request was sent with: an API token, or a signed
 * access token.  OUT has the address already.  No vault call.
 * ERR_UNAUTHENTICATED: unknown, expired, revoked, from another address, tenant
 * suspended (all the same answer).
 */
enum err world_authenticate(struct world *, struct ctx *, struct str token, struct actor *out) USE_RESULT;
/* The same by a session's cookie. */
enum err world_session(struct world *, struct ctx *, struct str secret, struct actor *out) USE_RESULT;
/* What a page of the session sends with what changes something: it follows from the secret, which no script can read. */
struct str session_csrf(struct arena *, struct str secret);
/* A client by its id and secret; its rights and scope. */
enum err world_client(struct world *, struct ctx *, struct str id, struct str secret, struct actor *out) USE_RESULT;
/* The source that a client brings persons as. */
int64_t world_token_source(struct world *, uint32_t tenant, int64_t token);
/* What PERSON may: an actor of kind person.  In a tenant that is suspended nobody may: ERR_UNAUTHENTICATED. */
enum err world_person_actor(struct world *, struct ctx *, uint32_t tenant, int64_t person, struct actor *out) USE_RESULT;

/* Where we are reached: the issuer of access tokens. */
struct str world_issuer(const struct world *);
void world_token_keys(struct world *, struct token_key out[TOKEN_KEYS]);

/* Says what the vault's refusal of one record or text means to whoever asked for it. */
enum err fail_sealed(struct ctx *, enum err, const char *field) USE_RESULT;
/* A capability for this actor, minted once and kept. */
enum err world_capability(struct world *, struct vault *, struct ctx *, const struct actor *, struct capability *out) USE_RESULT;

/* --- readers ----------------------------------------------------------------- */

/* What a query runs with, on a reader thread: its own snapshots and channel. */
struct reader {
	struct world *world;
	struct tx    *data, *keys;	/* NULL: ended before, by reader_let_go() */
	struct vault *vault;
	size_t	      place;	/* of a long task, from 1; 0: it is none */
};

/*
 * A long task that stands still leaves its place to others, and waits for one
 * when it goes on: false, not yet.
 */
void reader_pause(struct reader *);
bool reader_go_on(struct reader *, const struct ctx *);
/* It stood still, and another took what it kept: it must end. */
bool reader_is_ousted(const struct reader *);

/*
 * Ends the snapshots of a long task that reads no more: behind them the logs of
 * both databases could not begin anew, and would grow with everybody's writes.
 */
void reader_let_go(struct reader *);

/* A read that a door waits for.  run() fills out; done() answers. */
struct query {
	struct ctx *cx;
	enum err  (*run)(struct reader *, struct ctx *, const void *in, void **out);
	const void *in;
	void	   *out;
	enum err    err;
	void	  (*done)(struct query *);
	void	   *owner;
};

/* ERR_LIMITED at once when too many wait. */
enum err world_query(struct world *, struct query *) USE_RESULT;
/* Passwords and codes are checked on a thread of their own, so that nobody else waits for them. */
enum err world_login(struct world *, struct query *) USE_RESULT;
/* Long reads and imports run on a thread of their own (at most 4; else ERR_LIMITED), with a reader each. */
enum err world_long(struct world *, struct query *) USE_RESULT;

/* Requests under way, and how many were refused by a bound of their tenant or client. */
struct admission_count { size_t under_way; uint64_t refused_tenant, refused_client; };

/* Entries from … to - 1 of a tenant's log were acknowledged and are missing. */
struct loss { int64_t tenant, origin, from, to; };

struct world_count {
	struct pipeline_count pipeline;
	struct admission_count admission;
	uint64_t queries, query_depth, checkpoints, due_done;
	bool	 log_alarm;	/* the vault refused to sign */
	uint64_t dropped[2];	/* reads of personal data, failed logins: not noted in the database */
	int64_t	 lost;		/* entries that were acknowledged and are missing (of the tenant that was found first) */
};
void world_counts(struct world *, struct world_count *);

/* --- for whoever watches; none of these waits for the store or the vault ------- */

/* The checks of /readyz. */
enum readiness {
	READY_STORE,	/* the last commits were durable, and none hangs */
	READY_VAULT,	/* it has its keys, and answers */
	READY_LOG,	/* every log was signed lately */
	READY_COUNT
};
const char *readiness_name(enum readiness);
void world_readiness(struct world *, bool is_ready[READY_COUNT]);

/* What the vault last said of itself. */
void world_vault_state(struct world *, struct vault_state *);

/*
 * The seats, some seconds old: a row for each pool and, without a pool, for
 * each product that is waited for.  Too many: a row for each tenant, without
 * product; still too many: one row, of tenant 0.
 */
struct census_row {
	uint32_t   tenant;
	int64_t	   product_id, pool_id;	/* 0: summed */
	struct str product, pool;	/* slugs; empty: summed, or gone */
	int64_t	   quota, held, assigned, waiting;
};
size_t world_census(struct world *, struct arena *, struct census_row **out, size_t *pools);

#endif

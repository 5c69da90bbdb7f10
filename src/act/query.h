/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - the reads: each is a query's run() for world_query().  The actor's
 * scope bounds every one of them.
 */
#ifndef ACT_QUERY_H
#define ACT_QUERY_H

#include "act/act.h"
#include "audit/log.h"

#define PAGE_MAX 500

struct page_in {
	struct str filter;	/* empty: all */
	int64_t	   after;	/* cursor: the last id seen, 0: from the start; of the log the last seq seen, -1: from the start */
	size_t	   limit;	/* 1 … PAGE_MAX; default 100 */
	struct str of;		/* product or pool slug, where the list is one's */
	int64_t	   person;	/* where the list is a person's */
	/* Of persons: */
	int64_t	   first;	/* 1: from the first row on; 0: by cursor */
	int64_t	   source;	/* only of this source; 0: of any */
	bool	   is_present;	/* only who has not left */
	bool	   is_counted;
	bool	   is_descending;	/* the newest first */
	bool	   has_groups;	/* their groups are shown: those of the source */
	bool	   has_products; /* and what they hold and await */
};

/* A person's group, or a role that stands among them: then ROLE is its id. */
struct persons_group { int64_t id; struct str role, name; };

/* What a person holds or awaits: how it stands, without the place in the waiting list. */
struct persons_product {
	const struct product *product;
	struct str	      pool;	/* slug; empty: it waits */
	enum outcome	      outcome;
	bool		      is_asked;	/* somebody asked for it by name */
};

struct person_view {
	struct person	 row;
	uint64_t	 rights;	/* of who asks, over this person: what they do not read is not shown */
	struct doc	 doc;		/* opened */
	const struct contract *contract;
	size_t		 ncontract;
	const int64_t	*hidden;	/* managers of the page who are out of the actor's scope: not named */
	size_t		 nhidden;
	struct str	 source;
	struct str	 other_source;	/* of the first contract that SOURCE did not bring; empty: there is none, or somebody made it by hand */
	const struct persons_group *group;	/* if they were asked for */
	size_t		 ngroup;
	const struct persons_product *product;	/* the same */
	size_t		 nproduct;
	/* organisational values as text */
	struct str	 site, department, title, cost_center, division, organization, country, language, user_type;
};

struct persons_out { const struct person_view *person; size_t n; int64_t next, total; };	/* next: cursor, 0 at the end; total: if is_counted */
/* ID, if the person is of SOURCE (0: of any) and, where that is asked, has not left. */
struct person_of { int64_t id, source; bool is_present, has_groups, has_products; };
enum err person_show_of(struct reader *, struct ctx *, const void *person_of, void **person_view) USE_RESULT;
enum err person_show(struct reader *, struct ctx *, const void *id /* const int64_t * */, void **person_view) USE_RESULT;
/* Filters on sealed attributes are served by index where eq; a search word by page_in.of. */
enum err persons_list(struct reader *, struct ctx *, const void *page_in, void **persons_out) USE_RESULT;

struct blocks_out { int64_t person, version; const struct block *block; size_t n; };
enum err blocks_show(struct reader *, struct ctx *, const void *id /* const int64_t * */, void **blocks_out) USE_RESULT;

struct onboarding_view {
	struct onboarding_row row;
	const struct seat_told *told;	/* as first answered */
	size_t		 ntold;
	const struct seat_told *now;	/* as it stands */
	size_t		 nnow;
	const struct check_row *check;
	size_t		 ncheck;
};
enum err onboarding_show(struct reader *, struct ctx *, const void *id, void **onboarding_view) USE_RESULT;

/* What the actor does not see (core/sight.h) is in none of these, nor counted. */
struct pool_view {
	struct pool		row;
	const struct pool_info *info;
	const struct product   *product;
	struct str		site, organisation;
	bool			is_counted;	/* else who holds and awaits it is not told: 0 */
	int64_t			waiting;
};
struct pools_out { const struct pool_view *pool; size_t n; };
enum err pools_list(struct reader *, struct ctx *, const void *page_in, void **pools_out) USE_RESULT;	/* of: a product, or empty */
enum err pool_show(struct reader *, struct ctx *, const void *slug /* const struct str * */, void **pool_view) USE_RESULT;

/* Counts as of pools; of a product, of all its pools that are seen, and of all organisations. */
struct product_view { const struct product *info; int64_t quota, held, assigned, waiting; size_t npool; bool is_counted, is_waiting_counted; };
struct products_out { const struct product_view *product; size_t n; };
enum err products_list(struct reader *, struct ctx *, const void *page_in, void **products_out) USE_RESULT;
enum err product_show(struct reader *, struct ctx *, const void *slug, void **product_view) USE_RESULT;

/* Products: that its people can get; shares: its own pools. */
struct organisation_view {
	const struct organisation    *info;
	const struct product *const  *product;
	size_t			      nproduct;
	const struct pool_view	     *share;
	size_t			      nshare;
};
struct organisations_out { const struct organisation_view *organisation; size_t n; };
enum err organisations_list(struct reader *, struct ctx *, const void *none, void **organisations_out) USE_RESULT;
enum err organisation_show(struct reader *, struct ctx *, const void *slug, void **organisation_view) USE_RESULT;

struct seat_view { struct seat row; struct str product, pool; };
struct seats_out { const struct seat_view *seat; size_t n; int64_t next; };
enum err seats_list(struct reader *, struct ctx *, const void *page_in, void **seats_out) USE_RESULT;	/* of a product or a person */

/* position: among the people of the same organisation. */
struct wait_view { struct wait row; struct str product; int64_t position; };
struct waits_out { const struct wait_view *wait; size_t n; int64_t next; };
enum err waits_list(struct reader *, struct ctx *, const void *page_in, void **waits_out) USE_RESULT;	/* of a product, in order; or of a person */

/* Recomputes every seat invariant from the rows and replays the log against the tables. */
struct seat_fault { enum msg what; struct str args[4]; };
struct seats_verdict { int64_t persons, seats, waits, pools, entries; const struct seat_fault *fault; size_t nfault; bool is_whole; };
enum err seats_verify(struct reader *, struct ctx *, const void *none, void **seats_verdict) USE_RESULT;

enum err catalogue_show(struct reader *, struct ctx *, const void *none, void **str_yaml) USE_RESULT;	/* struct str */

/*
 * The log: page_in.after is the `next` of the page before (0: from the start),
 * which always says where to go on; a page holds entries of one origin only.
 * What is about a person out of the actor's scope, or about anything else that
 * it does not see (core/sight.h), is passed over.
 */
struct event_view { int64_t seq; struct entry entry; };
struct events_out { const struct event_view *event; size_t n; int64_t next; };
enum err events_list(struct reader *, struct ctx *, const void *page_in, void **events_out) USE_RESULT;

/*
 * Raw entries for export, with the newest checkpoint of at most the entries
 * before `next` (empty: none yet) and the origin line of their origin.
 */
struct log_out { const struct str *entry; size_t n; int64_t next; struct str note, vkey, origin; int64_t log_size; };
enum err log_page(struct reader *, struct ctx *, const void *page_in, void **log_out) USE_RESULT;
/* The key and the origin line of the origin that grows now; no entries. */
enum err log_key(struct reader *, struct ctx *, const void *none, void **log_out) USE_RESULT;

/* Roles that persons in the actor's scope hold: of one (page_in.person), or of all by person. */
struct role_view { struct role_row row; struct str role, scope, reason; };	/* role empty: the catalogue has lost it */
struct roles_out { const struct role_view *role; size_t n; int64_t next; };
enum err roles_held_list(struct reader *, struct ctx *, const void *page_in, void **roles_out) USE_RESULT;

struct token_view { struct token_row row; struct str label, scope; struct str *net; size_t nnet; };
struct tokens_out { const struct token_view *token; size_t n; };
/* API tokens, or (is_client) OAuth clients. */
enum err tokens_list(struct reader *, struct ctx *, const void *is_client /* const bool * */, void **tokens_out) USE_RESULT;

/* RFC 6749 4.4: a client's access token, with at most the rights asked for (0: all it has). */
struct client_grant { struct str client, secret; uint64_t rights; };
struct access_out { struct str token; uint64_t rights; int64_t seconds; };
enum err client_access(struct reader *, struct ctx *, const void *client_grant, void **access_out) USE_RESULT;

struct tenant_view {
	uint32_t   tenant;
	struct str slug;	/* empty: its keys are gone, and its name with them */
	int64_t	   state, created_ms, log_size;
	int64_t	   persons, most[LIMIT_COUNT];
	struct gone_row gone;	/* of one that is being deleted, or was */
};
struct tenants_out { const struct tenant_view *tenant; size_t n; };
enum err tenants_list(struct reader *, struct ctx *, const void *none, void **tenants_out) USE_RESULT;	/* operator */

/*
 * Rows of one table of the actor's tenant as a stranger can read them: sealed
 * texts opened, words and slugs instead of numbers, without what is a secret
 * or of no use elsewhere.  ERR_NOT_FOUND: that table is not exported.
 */
struct table_in { struct str table, after; size_t limit; };	/* after: `next` of the page before */
enum cell_kind { CELL_NUMBER, CELL_ID, CELL_TIME, CELL_DAY, CELL_TEXT, CELL_TOLD };
struct cell {
	const char	       *name;
	enum cell_kind		kind;
	int64_t			number;	/* id, ms or biased day; 0 of these: none */
	struct str		text;
	const struct seat_told *told;
	size_t			ntold;
};
struct table_out { const struct cell *cell; size_t n, ncell; struct str next; };	/* n rows of ncell each; next empty: the end */
enum err table_show(struct reader *, struct ctx *, const void *table_in, void **table_out) USE_RESULT;
/* The name of the table AT that table_show() has; NULL: there are no more. */
const char *table_exported(size_t at);
/* Whether it is known what a column is made of; what is not, is not shown. */
bool column_is_known(const struct table *, const struct column *);

/* How many of all orders of pass 2 are done, while it is under way; PAUSED: it waits, and WHY (may be empty) is what was said of that. */
struct import_view { struct import_row_state row; int64_t total, done; bool is_paused; struct str why; };
enum err import_show(struct reader *, struct ctx *, const void *id, void **import_view) USE_RESULT;

/* Operator: copies data first, keys after, into two files in the server's backup folder. */
struct backup_out { struct str data_path, keys_path; int64_t data_bytes, keys_bytes; };
enum err backup_make(struct reader *, struct ctx *, const void *none, void **backup_out) USE_RESULT;
enum err key_export(struct reader *, struct ctx *, const void *passphrase /* const struct str * */, void **str_archive) USE_RESULT;

struct doctor_row { const char *what; bool is_ok; struct str found, remedy; };
/* Of the server of a database, "data" or "keys", where there is one. */
struct doctor_setting { const char *database; struct db_setting is; };
struct doctor_out { const struct doctor_row *row; size_t n; const struct doctor_setting *setting; size_t nsetting; };
/* Goes on with a database that lost what this server acknowledged; ERR_CONFLICT: it did not.  OUT: the struct loss that was found first. */
enum err loss_accept(struct reader *, struct ctx *, const void *none, void **loss) USE_RESULT;
enum err doctor_run(struct reader *, struct ctx *, const void *none, void **doctor_out) USE_RESULT;

#endif

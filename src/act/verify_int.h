/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_int.h - one verification of a tenant on its way over the tables: what
 * the log says, what was counted, and what was found wrong.
 *
 * Rows are walked a page at a time.  What is kept besides is a pool's line and
 * 48 bytes for each seat, wait, grant, person and resource that the log ever named.
 */
#ifndef ACT_VERIFY_INT_H
#define ACT_VERIFY_INT_H

#include "act/query.h"
#include "act/world_int.h"

#define FAULTS_MAX 100

/* The last word about something: of the log (kind is a change's), or a count. */
struct known {
	int64_t	subject, object;
	int64_t	in, value;	/* value 0: it is no more */
	uint8_t	kind, reason;	/* reason: of a grant */
	bool	is_used;
	bool	is_seen;	/* a row was compared with it */
};

struct knowns {			/* a hash table; key: subject, object, kind, reason */
	struct known *slot;
	size_t	      nslot, n;
};

/* The entry of KEY, made if there is none. */
struct known *known_at(struct knowns *, const struct known *key);
void knowns_close(struct knowns *);

struct pool_seen {
	struct pool	      row;
	const struct product *product;
	const struct pool_info *info;	/* NULL: not in the catalogue */
	const struct filter  *eligibility; /* bound when first asked for */
	int64_t		      held, assigned;	/* counted */
};

struct verifying {
	struct reader	     *r;
	struct ctx	     *cx;
	const struct realm   *realm;
	struct seats_verdict *out;
	struct seat_fault    *fault;	/* FAULTS_MAX */
	struct pool_seen     *pool;	/* by id */
	size_t		      npool;
	struct knowns	      log;	/* what the log says in the end */
	struct knowns	      members;	/* subject: a group, value: how many are in it */
	struct knowns	      waiting;	/* object: product, subject: whose line and rank, value: how many */
	struct knowns	      resources; /* subject: type, object: source, value: how many there are */
	struct knowns	      present;	/* object: source, value: how many have not left */
	int64_t		      unique, search; /* index entries that stand with a person */
	struct frontier	      tree;	/* of the present origin's entries so far */
	int64_t		      origin, next_seq;
};

/*
 * Calls check() with every row of the tenant, a page at a time; CX and the rows
 * are the page's.  The first key column is the tenant.
 */
typedef enum err (*page_check)(struct verifying *, struct ctx *, const struct rows *);
enum err walk(struct verifying *, const struct table *, page_check) USE_RESULT;

#define ARGS(...) ((const struct str[4]) { __VA_ARGS__ })
void found(struct verifying *, enum msg, const struct str args[4]);
/* Slugs; ids where the catalogue does not know them. */
struct str product_slug(const struct verifying *, struct arena *, int64_t product);
struct str pool_slug(const struct verifying *, struct arena *, int64_t pool);
struct str number_text(struct arena *, int64_t);

/* --- verify_log.c: replay -------------------------------------------------------- */

/* Folds the clear changes of every entry, in order; and the tree over the present origin. */
enum err verify_log(struct verifying *) USE_RESULT;
/* A row says this: the log must, too. */
void compare(struct verifying *, struct arena *, const struct known *row);
/* What the log says is there, and no row was compared with. */
void compare_rest(struct verifying *);

/* --- verify_person.c ---------------------------------------------------------------- */

enum err verify_persons(struct verifying *) USE_RESULT;

/* --- verify_group.c ----------------------------------------------------------------- */

/* Who is in which group: the members against the log, their number, and the same from the person's side. */
enum err verify_groups(struct verifying *) USE_RESULT;

#endif

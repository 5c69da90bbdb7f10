/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person.h - a person and their contracts: states, the rows that are stored,
 * and the pure rules over them.
 *
 *	lifecycle, from the contracts and the day:
 *	  PENDING --first start reached--> ACTIVE --last end passed--> LEFT --retention--> DELETED
 *	     '----------- every contract ended before it began -------^   LEFT --new contract--> PENDING | ACTIVE
 *	certification: NEW --approved--> CERTIFIED, NEW --denied--> DENIED
 *	enabled = ACTIVE and no block; who is blocked keeps what they hold and gains nothing.
 */
#ifndef CORE_PERSON_H
#define CORE_PERSON_H

#include "core/attr.h"

enum lifecycle { LIFE_PENDING = 1, LIFE_ACTIVE, LIFE_LEFT, LIFE_DELETED };
enum certification { CERT_CERTIFIED = 1, CERT_NEW, CERT_DENIED };
enum block_kind { BLOCK_NEW = 1, BLOCK_DENIED, BLOCK_INCIDENT, BLOCK_MANUAL, BLOCK_RISK, BLOCK_COUNT };
/* What put a block there; the numbers are stored.  By hand: the words are sealed in the log. */
enum block_reason { BLOCK_BY_HAND = 1, BLOCK_CHECK_FAILED, BLOCK_CHECK_EXPIRED, BLOCK_REASON_COUNT };

const char *lifecycle_name(enum lifecycle);
const char *certification_name(enum certification);
const char *block_kind_name(enum block_kind);
enum block_kind block_parse(struct str);	/* 0: unknown */
const char *block_reason_name(enum block_reason);

/*
 * The stored row.  The organisational values are those of the primary contract
 * (a copy, so that lists, scopes and rules need no join); personal data is in
 * `sealed` only.
 */
struct person {
	int64_t		   tenant, id, version;	/* version 0: never stored */
	enum lifecycle	   lifecycle;
	enum certification certification;
	bool		   no_inheritance;
	unsigned	   blocks;		/* bit of each enum block_kind that has a row */
	int64_t		   source;		/* owner; a source's id (catalogue-like, sealed name) */
	int64_t		   created_ms, changed_ms;
	int64_t		   key_version;		/* of the person's data key */
	int64_t		   record_version;	/* of `sealed`; bound into it */
	struct str	   sealed;		/* the document, UE1 */
	struct str	   keys;		/* its blind-index keys (store/rows.h), so that they can be removed without opening it */
	int64_t		   site, department, title, cost_center, division;
	int64_t		   organization, country, language, user_type, manager;
	int64_t		   start_day, end_day;	/* biased (DAY_BIAS); 0: open */
};

struct contract {
	int64_t tenant, person, id, version;
	int64_t source;
	int64_t site, department, title, cost_center, division;
	int64_t organization, manager;
	int64_t start_day, end_day;	/* biased; 0: open */
	bool	is_primary;
};

struct block {
	int64_t		tenant, person;
	enum block_kind kind;
	int64_t		reason;		/* enum block_reason */
	int64_t		author;		/* actor id; 0: the clock */
	int64_t		since_ms;
};

/* Facts as filters see them; `active` is what SCIM says: enabled. */
void person_facts(const struct person *, struct facts *out);
void contract_facts(const struct contract *, struct facts *out);

/*
 * The lifecycle that CONTRACTS give on TODAY (day numbers in each contract's
 * own zone are the caller's; TODAY is that of the primary site).  A person
 * without contracts is ACTIVE until told otherwise (BEFORE stays LEFT/DELETED).
 * The contract's last day is worked: LEFT begins the day after.  A contract
 * that ends before it starts was called off and never runs.  DELETED stays.
 */
enum lifecycle lifecycle_on(enum lifecycle before, const struct contract *, size_t n, int32_t today);
/* The next day on which lifecycle_on() may answer otherwise; INT32_MAX: none. */
int32_t lifecycle_next(const struct contract *, size_t n, int32_t today);

/*
 * Chooses the primary: running before future before ended; among equals the
 * latest start, then the smallest id.  Returns its index; marks it and unmarks the rest.
 */
size_t contract_primary(struct contract *, size_t n, int32_t today);
/* Copies the primary's organisational values (or clears them, n == 0) onto the person. */
void person_take_primary(struct person *, const struct contract *, size_t n, int32_t today);

/* ERR_BAD_INPUT: end before start, more than 50 contracts, the same key twice. */
enum err contracts_check(struct ctx *, const struct contract *, size_t n) USE_RESULT;

bool person_is_enabled(const struct person *);
/* The one rule of who signs in and stays so: enabled, and not denied. */
bool person_may_login(const struct person *);
/*
 * Gains no seat and is served none.  NEW alone does not bar while checks are
 * open: what is due then is held until they end.
 */
bool person_is_barred(const struct person *, bool has_open_checks);

#endif

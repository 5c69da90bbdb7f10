/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - the one language of conditions: the SCIM filter grammar (RFC 7644
 * section 3.4.2.2), parsed once, compiled to a flat program over facts.
 *
 * Two dialects: FILTER_SCIM is strict, for the wire; FILTER_RULE adds date
 * arithmetic (`now`, `now+5d`, `now-2w`), any/all contract(...), and `me`, the
 * person who acts (`manager eq me`), which is nobody until filter_for().
 * Used for list filters, product grants, pool eligibility, actors' scopes.
 */
#ifndef CORE_FILTER_H
#define CORE_FILTER_H

#include "core/attr.h"

enum filter_dialect { FILTER_SCIM, FILTER_RULE };

#define FILTER_TEXT_MAX	 4096
#define FILTER_DEPTH_MAX 16
#define FILTER_NODES_MAX 100

/*
 * How names become numbers: dictionary and catalogue ids of organisational
 * values.  find: id of VALUE (compared by canon_key) for ATTRIBUTE, 0 if nobody has it.
 * text: the value of an id, for co, sw, ew, gt …; empty if unknown.
 */
struct filter_names {
	int64_t	   (*find)(const void *arg, enum attribute, struct str value);
	struct str (*text)(const void *arg, enum attribute, int64_t id);
	const void *arg;
};
/* Never asked for: lifecycle and certification (built in), id and manager (a person's id, in its wire form; or `me`). */

struct filter;	/* compiled; immutable; lives in the arena it was compiled in */

/* The parsed tree, for encoders to SQL and for tests. */
enum filter_op { F_EQ, F_NE, F_CO, F_SW, F_EW, F_GT, F_GE, F_LT, F_LE, F_PR, F_AND, F_OR, F_NOT, F_ANY_CONTRACT, F_ALL_CONTRACT,
	F_ELEMENT	/* of trees only (filter_tree.h) */
};

/*
 * ERR_BAD_INPUT (MSG_FILTER_*) names what is wrong and at which character.
 * Personal attributes: only `eq` on unique ones, and `eq` and `sw` on names, are allowed, and only
 * where the caller says so (ALLOW_PERSONAL), of an address also what its element says beside it in brackets;
 * anything else on sealed attributes is refused with the reason.
 */
enum err filter_compile(struct ctx *, struct str text, enum filter_dialect, bool allow_personal, struct filter **out) USE_RESULT;

/* A person as a filter sees it: facts of the primary contract, and of all contracts for any/all. */
struct filter_subject {
	const struct facts *facts;
	const struct facts *contract;
	size_t		    ncontract;
	int64_t		    now_ms;
	int32_t		    today;	/* in the zone of the person's site */
};

/*
 * A copy in ARENA that knows the ids of its eq and ne literals, so that matching
 * is integer comparisons; whoever adds names binds again.  A name that nobody has
 * becomes -1.  Nodes of a bound filter have type ATTR_INT there.
 */
struct filter *filter_bind(struct arena *, const struct filter *, const struct filter_names *);

/*
 * Pure and total.  Personal comparisons are false here (they are for the store).
 * An absent value is ne to everything, and neither before nor after anything; active is never absent;
 * all contract(...) of nobody's contracts is true.  NAMES may be NULL: then no name is known.
 */
bool filter_match(const struct filter *, const struct filter_names *, const struct filter_subject *);

/* Walking the program in postfix order: for store/'s SQL. */
#define FILTER_ME INT64_MIN	/* the number that `me` stands as: nobody's id */
struct filter_element {
	struct str type;	/* empty: any */
	bool	   is_primary;	/* false: whether or not */
};
struct filter_node {
	enum filter_op	op;
	enum attribute	attribute;	/* of a comparison */
	enum attr_type	type;		/* of the literal; ATTR_INT: an enum, a person's id, or bound */
	struct str	text;		/* string literal; of a declared attribute (A_EXTENSIONS) its name, "\n" and the literal */
	int64_t		number;		/* bool, int, day (biased) literal; biased days relative to today if is_relative */
	bool		is_relative;
	uint32_t	nodes;		/* of any/all: how many nodes before this one are its operand */
	const struct filter_element *element;	/* of an address; NULL: what else it is does not matter */
};
const struct filter_node *filter_nodes(const struct filter *, size_t *n);
/* --- reasoning (filter_logic.c) ------------------------------------------------- */

/* A copy in ARENA in which `me` is PERSON (0: still nobody). */
struct filter *filter_for(struct arena *, const struct filter *, int64_t person);
/* A copy in ARENA in which whoever ATTRIBUTE is compared with, if they are one of the N, is nobody. */
struct filter *filter_without(struct arena *, const struct filter *, enum attribute, const int64_t *person, size_t n);
/* The first comparison of a personal attribute; NULL: there is none. */
const struct filter_node *filter_personal(const struct filter *);
/*
 * The one personal comparison of FILTER, if whatever else stands in it must hold
 * beside that and is about no personal attribute: *REST, NULL for nothing.
 * NULL: it is not of this form.
 */
const struct filter_node *filter_anchor(struct arena *, const struct filter *, const struct filter **rest);
/* Whether `me` stands in it. */
bool filter_has_me(const struct filter *);
/* What matches where one of N (at least one) does, as a new filter; its text is theirs joined with "or". */
const struct filter *filter_any(struct arena *, const struct filter *const *, size_t n);
size_t filter_count(const struct filter *);	/* nodes */

/*
 * True: whoever A matches, B matches too, whatever ids names have or will have.
 * False: that is not so, or it could not be shown.
 */
bool filter_implies(const struct filter *a, const struct filter *b);

/* False: nobody whose ATTRIBUTE is ID (0: absent) can match. */
bool filter_is_possible(const struct filter *, const struct filter_names *, enum attribute, int64_t id);

/* Whether it compares ATTRIBUTE with the person ID. */
bool filter_names_person(const struct filter *, enum attribute, int64_t id);

/* The first attribute it asks for that RIGHTS do not read; A_COUNT: none. */
enum attribute filter_hidden(const struct filter *, uint64_t rights);

/* As it was written. */
struct str filter_text(const struct filter *);

#endif

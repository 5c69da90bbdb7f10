/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - a role is a set of rights that is granted to a person: over a scope,
 * for a time, for a reason.  Built-in roles are a table here; a tenant's own
 * stand in its catalogue, where the built-in ones may also be told to exclude
 * others or to need two persons.
 *
 *	(none) --give--> ACTIVE --end, validity over--> (past)
 *	   '--give, two persons--> PENDING --approved by another--> ACTIVE
 *
 * Pure: who may give, approve and end which, decided on what is held.
 */
#ifndef CORE_ROLE_H
#define CORE_ROLE_H

#include "core/actor.h"
#include "core/catalogue.h"

/* Ids of built-in roles are negative; the catalogue's are positive. */
#define ROLE_ID(role) (-(int64_t)(role))

/* Stored by their place: new ones come last.  Their names are MSG_ROLE_<name>; their rights stand in role.c. */
/*  name                    slug */
#define ROLES(X) \
	X(OPERATOR,		"operator") \
	X(TENANT_ADMINISTRATOR,	"tenant-administrator") \
	X(PERSON_ADMINISTRATOR,	"person-administrator") \
	X(LICENCE_ADMINISTRATOR, "licence-administrator") \
	X(REVIEWER,		"reviewer") \
	X(AUDITOR,		"auditor") \
	X(HR,			"hr") \
	X(MANAGER,		"manager") \
	X(PARTNER_ADMINISTRATOR, "partner-administrator") \
	X(API_CLIENT,		"api-client") \
	X(SELF,			"self")

enum built_in {
	ROLE_NONE,
#define X(name, slug) ROLE_##name,
	ROLES(X)
#undef X
	ROLE_COUNT
};

#define ROLES_MAX	 500	/* a tenant's own */
#define ROLE_EXCLUDES_MAX 20
#define ROLES_A_PERSON	 50
#define ROLE_REASON_MAX	 500	/* bytes */

struct role {
	int64_t		  id;
	struct str	  slug, name;	/* name: empty for built-in ones, whose texts are in four languages */
	uint64_t	  rights;
	const struct str *excludes;	/* slugs of roles that nobody may hold beside it */
	size_t		  nexcludes;
	bool		  two_persons;	/* who gives it and who approves it */
	const char	 *own_scope;	/* without a scope it is granted over these; NULL: over everybody */
	bool		  needs_scope;
};

/* Of a built-in role, what the catalogue adds is in it.  False: there is none. */
bool role_of(const struct catalogue *, int64_t id, struct role *out);
bool role_named(const struct catalogue *, struct str slug, struct role *out);
/* All roles, built-in ones first; those that are granted to nobody (operator, self) too. */
size_t role_list(struct arena *, const struct catalogue *, struct role **out);
enum msg role_msg(int64_t id);	/* a built-in role's name; MSG_NONE for others */
enum built_in role_built_in(struct str slug);	/* ROLE_NONE: it is not one */

enum role_state { ROLE_PENDING = 1, ROLE_ACTIVE };

/* A role as a person holds it. */
struct role_held {
	int64_t		     id;	/* of the grant */
	int64_t		     role;
	enum role_state	     state;
	const struct filter *scope;	/* with `me` still open; NULL: everybody */
	int64_t		     since_ms, until_ms;	/* until_ms 0: open */
	int64_t		     author;
};

bool role_counts(const struct role_held *, int64_t now_ms);
/* Administrates the whole tenant, now and without end: of these the last one stays. */
bool role_administrates(const struct role_held *, int64_t now_ms);

/*
 * What PERSON may: the rights of the roles that count now, and what everybody
 * may of themselves.  Sets rights and held of ACTOR.
 */
void actor_of_roles(struct arena *, const struct catalogue *, int64_t person, const struct role_held *, size_t n, int64_t now_ms, struct actor *);

/*
 * Whether any of what PERSON has, now or later, gives more than the actor
 * holds: that role is in *OUT.  Who could sign in as PERSON would come to it.
 */
bool role_beyond(struct ctx *, const struct catalogue *, int64_t person, const struct role_held *has, size_t n, struct role *out);

/*
 * role_change.c: whether the actor may make the catalogue BEFORE become NEXT, as
 * far as roles go.  Adding rights to a role needs these over everybody; letting
 * one person give what took two, lifting a separation of duties, or changing
 * which role a product requires, or having a group give a role, needs role.grant
 * and the roles' rights over everybody.  ERR_DENIED (MSG_ACCESS_BEYOND) names the role.
 */
enum err roles_may_become(struct ctx *, const struct catalogue *before, const struct catalogue *next) USE_RESULT;
/* Nobody may hold both; either may name the other. */
bool roles_exclude(const struct catalogue *, const struct role *, const struct role *);
/* Whether whoever holds ROLE comes to rights by it. */
bool role_grows(const struct catalogue *before, const struct catalogue *next, int64_t role);

/* What a decision about somebody's roles is made on. */
struct role_scene {
	const struct catalogue	    *catalogue;
	const struct filter_names   *names;
	const struct filter_subject *person;	/* whose roles they are */
	int64_t			     id;
	const struct role_held	    *has;
	size_t			     nhas;
	size_t			     administrators;	/* other grants that role_administrates() is true of */
};

struct role_wish {
	struct role	     role;
	const struct filter *scope;
	int64_t		     since_ms, until_ms;
};

/*
 * Giving: within what the actor holds, to somebody in their scope and never to
 * themselves (ERR_DENIED); not twice, not beside an excluded role, no more than
 * ROLES_A_PERSON nor scopes beyond one filter's size (ERR_CONFLICT).
 */
enum err role_give(struct ctx *, const struct role_scene *, const struct role_wish *, enum role_state *) USE_RESULT;
/* Approving: as giving, and by nobody who gave it or gets it. */
enum err role_approve(struct ctx *, const struct role_scene *, const struct role_held *) USE_RESULT;
/* Ending: within what the actor holds, never one's own but when it is pending, and never the last administrator (ERR_CONFLICT). */
enum err role_end(struct ctx *, const struct role_scene *, const struct role_held *) USE_RESULT;

#endif

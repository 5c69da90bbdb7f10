/* SPDX-License-Identifier: Apache-2.0 */
/*
 * actor.h - who asks, and the closed list of what may be asked.
 *
 * The actor is an argument of every use case and every query; its tenant comes
 * from the credential, never from the request, and its scope enters the SQL of
 * every list.
 */
#ifndef CORE_ACTOR_H
#define CORE_ACTOR_H

#include "base/err.h"

/*
 * Stored as bits by their place: new ones come last.  What each allows is MSG_RIGHT_<name>.
 *
 * PERSONS: what it allows is about persons, or seen by whoever may do something
 * for some of them; a scope bounds it.  WHOLE: it is about all of the tenant at
 * once; held under a scope it means nothing, and is not held.
 */
/*  name                  wire name: noun.verb    over */
#define RIGHTS(X) \
	X(PERSON_READ,          "person.read",          PERSONS) \
	X(PERSON_WRITE,         "person.write",         PERSONS) \
	X(PERSON_PRIVATE_READ,  "person.private.read",  PERSONS) \
	X(PERSON_PRIVATE_WRITE, "person.private.write", PERSONS) \
	X(PERSON_LOGIN_WRITE,   "person.login.write",   PERSONS) \
	X(ONBOARD,              "onboarding.write",     PERSONS) \
	X(ONBOARDING_READ,      "onboarding.read",      PERSONS) \
	X(ONBOARDING_CHECK,     "onboarding.check",     PERSONS) \
	X(PRODUCT_READ,         "product.read",         PERSONS) \
	X(POOL_READ,            "pool.read",            PERSONS) \
	X(POOL_WRITE,           "pool.write",           PERSONS) \
	X(SEAT_READ,            "seat.read",            PERSONS) \
	X(SEAT_WRITE,           "seat.write",           PERSONS) \
	X(SEAT_VERIFY,          "seat.verify",          WHOLE) \
	X(CATALOGUE_READ,       "catalogue.read",       WHOLE) \
	X(CATALOGUE_WRITE,      "catalogue.write",      WHOLE) \
	X(IMPORT_RUN,           "import.run",           PERSONS) \
	X(GUARD_OVERRIDE,       "guard.override",       WHOLE) \
	X(EVENT_READ,           "event.read",           PERSONS) \
	X(AUDIT_READ,           "audit.read",           WHOLE) \
	X(ROLE_READ,            "role.read",            PERSONS) \
	X(ROLE_GRANT,           "role.grant",           PERSONS) \
	X(TOKEN_READ,           "token.read",           PERSONS) \
	X(TOKEN_WRITE,          "token.write",          PERSONS) \
	X(SELF,                 "self",                 PERSONS) \
	X(TENANT_READ,          "tenant.read",          WHOLE) \
	X(TENANT_WRITE,         "tenant.write",         WHOLE) \
	X(OPERATE,              "operate",              WHOLE) \
	X(QUEUE_READ,           "queue.read",           WHOLE) \
	X(QUEUE_MANAGE,         "queue.manage",         WHOLE) \
	X(PERSON_BLOCK,         "person.block",         PERSONS) \
	X(RESOURCE_READ,        "resource.read",        WHOLE) \
	X(RESOURCE_WRITE,       "resource.write",       WHOLE)

enum right {
	RIGHT_NONE,		/* a route with it does not start */
	RIGHT_PUBLIC,		/* asked for explicitly: no credential needed */
#define X(name, wire, over) RIGHT_##name,
	RIGHTS(X)
#undef X
	RIGHT_COUNT
};

const char *right_name(enum right);		/* "person.read" */
bool right_is_whole(enum right);
enum msg right_msg(enum right);			/* what it allows */
enum right right_parse(struct str wire);	/* RIGHT_NONE if unknown */

#define RIGHT_BIT(r) (UINT64_C(1) << (r))
/* Everything inside a tenant, and what only the operator's socket gives. */
uint64_t rights_of_tenant(void);
uint64_t rights_of_operator(void);

enum actor_kind { ACTOR_PERSON = 1, ACTOR_CLIENT, ACTOR_NODE, ACTOR_OPERATOR };

const char *actor_kind_name(enum actor_kind);

enum factor { FACTOR_TOKEN = 1, FACTOR_SOCKET = 2, FACTOR_PASSWORD = 4, FACTOR_TOTP = 8, FACTOR_PASSKEY = 16 };

struct filter;
struct filter_names;
struct filter_subject;

/* Rights, and the persons they may be used on. */
struct held {
	uint64_t	     rights;	/* RIGHT_BITs */
	const struct filter *scope;	/* NULL: everybody in the tenant */
};

struct actor {
	enum actor_kind	     kind;
	uint32_t	     tenant;	/* 0: the deployment's operator outside any tenant */
	int64_t		     id;	/* token, client, person; 0 for node and operator */
	int64_t		     family;	/* of a token: the first that it took the place of; 0: none */
	int64_t		     person;	/* who it is; 0: no person */
	const struct held   *held;	/* what was granted, and over whom */
	size_t		     nheld;	/* 0: `rights` hold over `scope` */
	uint64_t	     rights;	/* granted over anybody */
	const struct filter *scope;	/* whom the right of this call may be used on; NULL: everybody */
	unsigned	     factors;
	int64_t		     session;	/* that it signed in with; 0: none */
	int64_t		     factor_ms;	/* of a session: when it last proved who it is */
	struct str	     address, agent;
};

/* The id by which what an actor began is still its own when its token was replaced. */
int64_t actor_family(const struct actor *);

/* Held over somebody at least; a right over the WHOLE only over everybody. */
bool actor_may(const struct actor *, enum right);
/* Those that actor_may(). */
uint64_t actor_rights(const struct actor *);
/* Of HELD, what its scope leaves of it. */
uint64_t held_rights(const struct held *);

/*
 * Prepares ACTOR for a call that needs RIGHT: the scope becomes that of this
 * right, over everything that was granted.  ERR_DENIED (MSG_API_RIGHT; of a right
 * that is about the whole tenant and is held over some persons only,
 * MSG_API_RIGHT_WHOLE).
 */
enum err actor_enter(struct ctx *, struct actor *, enum right) USE_RESULT;

/* The persons RIGHT may be used on: *SCOPE, NULL for everybody.  False: it is not held. */
bool actor_scope(struct arena *, const struct actor *, enum right, const struct filter **scope);

/* The rights that ACTOR has over one person. */
uint64_t actor_rights_over(const struct actor *, const struct filter_names *, const struct filter_subject *);
/* The same, and what everybody may see of themselves: by these attributes are shown. */
uint64_t actor_sees(const struct actor *, const struct filter_names *, const struct filter_subject *);

/*
 * Whether everything in GIVEN is within what ACTOR holds: nobody grants, widens
 * or takes away what they do not hold (SECURITY T5).  Sound: a scope that cannot
 * be shown to lie within the actor's own is refused.  What GIVEN's own scope
 * makes meaningless is not asked for.
 */
bool actor_covers(struct arena *, const struct actor *, const struct held *given);

#endif

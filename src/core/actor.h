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

/* Stored as bits by their place: new ones come last.  What each allows is MSG_RIGHT_<name>. */
/*  name                wire name: noun.verb */
#define RIGHTS(X) \
	X(PERSON_READ,		"person.read") \
	X(PERSON_WRITE,		"person.write") \
	X(PERSON_PRIVATE_READ,	"person.private.read") \
	X(PERSON_PRIVATE_WRITE,	"person.private.write") \
	X(PERSON_LOGIN_WRITE,	"person.login.write") \
	X(ONBOARD,		"onboarding.write") \
	X(ONBOARDING_READ,	"onboarding.read") \
	X(ONBOARDING_CHECK,	"onboarding.check") \
	X(PRODUCT_READ,		"product.read") \
	X(POOL_READ,		"pool.read") \
	X(POOL_WRITE,		"pool.write") \
	X(SEAT_READ,		"seat.read") \
	X(SEAT_WRITE,		"seat.write") \
	X(SEAT_VERIFY,		"seat.verify") \
	X(CATALOGUE_READ,	"catalogue.read") \
	X(CATALOGUE_WRITE,	"catalogue.write") \
	X(IMPORT_RUN,		"import.run") \
	X(GUARD_OVERRIDE,	"guard.override") \
	X(EVENT_READ,		"event.read") \
	X(AUDIT_READ,		"audit.read") \
	X(ROLE_READ,		"role.read") \
	X(ROLE_GRANT,		"role.grant") \
	X(TOKEN_READ,		"token.read") \
	X(TOKEN_WRITE,		"token.write") \
	X(SELF,			"self") \
	X(TENANT_READ,		"tenant.read") \
	X(TENANT_WRITE,		"tenant.write") \
	X(OPERATE,		"operate") \
	X(QUEUE_READ,		"queue.read") \
	X(QUEUE_MANAGE,		"queue.manage") \
	X(PERSON_BLOCK,		"person.block")

enum right {
	RIGHT_NONE,		/* a route with it does not start */
	RIGHT_PUBLIC,		/* asked for explicitly: no credential needed */
#define X(name, wire) RIGHT_##name,
	RIGHTS(X)
#undef X
	RIGHT_COUNT
};

const char *right_name(enum right);		/* "person.read" */
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
	int64_t		     person;	/* who it is; 0: no person */
	const struct held   *held;	/* what was granted, and over whom */
	size_t		     nheld;	/* 0: `rights` hold over `scope` */
	uint64_t	     rights;	/* held anywhere */
	const struct filter *scope;	/* whom the right of this call may be used on; NULL: everybody */
	unsigned	     factors;
	int64_t		     session;	/* that it signed in with; 0: none */
	int64_t		     factor_ms;	/* of a session: when it last proved who it is */
	struct str	     address, agent;
};

/* Held over somebody at least. */
bool actor_may(const struct actor *, enum right);

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

/*
 * Whether everything in GIVEN is within what ACTOR holds: nobody grants, widens
 * or takes away what they do not hold (SECURITY T5).  Sound: a scope that cannot
 * be shown to lie within the actor's own is refused.
 */
bool actor_covers(struct arena *, const struct actor *, const struct held *given);

#endif

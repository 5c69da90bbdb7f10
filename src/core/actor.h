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

/*  name              wire name          what it allows */
#define RIGHTS(X) \
	X(PERSON_READ,	   "person.read",     "see persons and their contracts") \
	X(PERSON_WRITE,	   "person.write",    "create and change persons") \
	X(ONBOARD,	   "onboarding.write","onboard persons") \
	X(ONBOARDING_READ, "onboarding.read", "see onboardings") \
	X(PRODUCT_READ,	   "product.read",    "see products") \
	X(POOL_READ,	   "pool.read",	      "see pools") \
	X(POOL_WRITE,	   "pool.write",      "change quotas") \
	X(SEAT_READ,	   "seat.read",	      "see seats and waiting lists") \
	X(SEAT_WRITE,	   "seat.write",      "release seats") \
	X(SEAT_VERIFY,	   "seat.verify",     "recompute every seat invariant") \
	X(CATALOGUE_READ,  "catalogue.read",  "export the catalogue") \
	X(CATALOGUE_WRITE, "catalogue.write", "apply a catalogue") \
	X(IMPORT_RUN,	   "import.run",      "import from a source") \
	X(GUARD_OVERRIDE,  "guard.override",  "let a guarded run pass once") \
	X(EVENT_READ,	   "event.read",      "follow the event feed") \
	X(AUDIT_READ,	   "audit.read",      "read and export the log") \
	X(TOKEN_READ,	   "token.read",      "list API tokens") \
	X(TOKEN_WRITE,	   "token.write",     "create and revoke API tokens") \
	X(SELF,		   "self",	      "see one's own rights; every credential has it") \
	X(TENANT_READ,	   "tenant.read",     "list tenants (operator)") \
	X(TENANT_WRITE,	   "tenant.write",    "create tenants (operator)") \
	X(OPERATE,	   "operate",	      "backup, key export, bootstrap, doctor (operator)")

enum right {
	RIGHT_NONE,		/* a route with it does not start */
	RIGHT_PUBLIC,		/* asked for explicitly: no credential needed */
#define X(name, wire, text) RIGHT_##name,
	RIGHTS(X)
#undef X
	RIGHT_COUNT
};

const char *right_name(enum right);
const char *right_text(enum right);
enum right right_parse(struct str wire);	/* RIGHT_NONE if unknown */

#define RIGHT_BIT(r) (UINT64_C(1) << (r))
/* Everything inside a tenant, and what only the operator's socket gives. */
uint64_t rights_of_tenant(void);
uint64_t rights_of_operator(void);

enum actor_kind { ACTOR_PERSON = 1, ACTOR_CLIENT, ACTOR_NODE, ACTOR_OPERATOR };

const char *actor_kind_name(enum actor_kind);

enum factor { FACTOR_TOKEN = 1, FACTOR_SOCKET = 2, FACTOR_PASSWORD = 4, FACTOR_TOTP = 8, FACTOR_PASSKEY = 16 };

struct filter;

struct actor {
	enum actor_kind	     kind;
	uint32_t	     tenant;	/* 0: the deployment's operator outside any tenant */
	int64_t		     id;	/* token, person; 0 for node and operator */
	uint64_t	     rights;	/* RIGHT_BITs */
	const struct filter *scope;	/* the persons it may see and touch; NULL: all of the tenant */
	unsigned	     factors;
	struct str	     address, agent;
};

bool actor_may(const struct actor *, enum right);

#endif

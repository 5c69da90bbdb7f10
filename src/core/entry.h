/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h - a log entry: exactly one subject, what was done to it, by whom,
 * and the clear changes from which the tables can be replayed.
 *
 * Exact inputs and attributes before and after stand in `sealed`, under the
 * subject's audit key; the clear part has only ids, states and counters.
 * Encoding and hashing are audit/'s.
 */
#ifndef CORE_ENTRY_H
#define CORE_ENTRY_H

#include "base/str.h"

/* The numbers of actions, subjects and changes stand in every log: new ones go to the end. */
/*  name                  wire */
#define ACTIONS(X) \
	X(TENANT_CREATED,      "tenant.created") \
	X(CATALOGUE_APPLIED,   "catalogue.applied") \
	X(TOKEN_CREATED,       "token.created") \
	X(TOKEN_REVOKED,       "token.revoked") \
	X(PERSON_ONBOARDED,    "person.onboarded") \
	X(PERSON_CREATED,      "person.created") \
	X(PERSON_CHANGED,      "person.changed") \
	X(PERSON_ACTIVATED,    "person.activated") \
	X(PERSON_LEFT,         "person.left") \
	X(SEAT_TAKEN,          "seat.taken") \
	X(SEAT_ENDED,          "seat.ended") \
	X(WAIT_ENDED,          "wait.ended") \
	X(POOL_CHANGED,        "pool.changed") \
	X(IMPORT_STARTED,      "import.started") \
	X(IMPORT_ENDED,        "import.ended") \
	X(GUARD_OVERRIDDEN,    "guard.overridden") \
	X(LOG_CONTINUED,       "log.continued") \
	X(BACKUP_MADE,         "backup.made") \
	X(KEYS_EXPORTED,       "keys.exported") \
	X(ROLE_GIVEN,          "role.given") \
	X(ROLE_APPROVED,       "role.approved") \
	X(ROLE_ENDED,          "role.ended") \
	X(QUEUE_PAUSED,        "queue.paused") \
	X(QUEUE_RESUMED,       "queue.resumed") \
	X(PERSON_BLOCKED,      "person.blocked") \
	X(PERSON_UNBLOCKED,    "person.unblocked") \
	X(TOKEN_ROTATED,       "token.rotated") \
	X(CLIENT_CREATED,      "client.created") \
	X(CLIENT_REVOKED,      "client.revoked") \
	X(ACTIVATION_MADE,     "activation.made") \
	X(ACTIVATION_USED,     "activation.used") \
	X(LOGIN_DONE,          "login.done") \
	X(LOGIN_FAILED,        "login.failed") \
	X(LOGIN_STEPPED_UP,    "login.stepped_up") \
	X(PASSWORD_CHANGED,    "login.password_changed") \
	X(TOTP_SET,            "login.totp_set") \
	X(RECOVERY_USED,       "login.recovery_used") \
	X(SESSION_ENDED,       "session.ended") \
	X(TENANT_SUSPENDED,    "tenant.suspended") \
	X(TENANT_RESUMED,      "tenant.resumed") \
	X(TENANT_LIMITED,      "tenant.limited") \
	X(TENANT_EXPORTED,     "tenant.exported") \
	X(TENANT_DELETED,      "tenant.deleted") \
	X(TOTP_RESET,          "totp.reset") \
	X(GROUP_MADE,          "group.made") \
	X(GROUP_CHANGED,       "group.changed") \
	X(GROUP_REMOVED,       "group.removed") \
	X(REMOVALS_STOPPED,    "removals.stopped") \
	X(RESOURCE_MADE,       "resource.made") \
	X(RESOURCE_CHANGED,    "resource.changed") \
	X(RESOURCE_REMOVED,    "resource.removed")

enum action {
	ACTION_NONE,
#define X(name, wire) ACTION_##name,
	ACTIONS(X)
#undef X
	ACTION_COUNT
};

const char *action_name(enum action);

enum subject_kind {
	SUBJECT_TENANT = 1,
	SUBJECT_PERSON,
	SUBJECT_POOL,
	SUBJECT_PRODUCT,
	SUBJECT_TOKEN,
	SUBJECT_IMPORT,
	SUBJECT_CATALOGUE,
	SUBJECT_QUEUE,		/* enum work_queue */
	SUBJECT_CLIENT,
	SUBJECT_GROUP,
	SUBJECT_SOURCE,
	SUBJECT_RESOURCE,
	SUBJECT_COUNT
};

const char *subject_kind_name(enum subject_kind);

/*
 * One clear change of the subject; replaying them in order gives the tables.
 *	kind		    object    in		before/after
 *	CHANGE_LIFECYCLE    -         -			enum lifecycle
 *	CHANGE_CERTIFICATION -        -			enum certification
 *	CHANGE_SEAT	    product   pool		enum seat_state (0 = no row)
 *	CHANGE_WAIT	    product   -			0 / 1 + priority
 *	CHANGE_GRANT	    product   enum grant_reason	0 / 1
 *	CHANGE_CONTRACT	    contract  site		0 / 1
 *	CHANGE_QUOTA	    pool      product		seats
 *	CHANGE_BLOCK	    enum block_kind -		0 / 1
 *	CHANGE_VERSION	    -         -			row or catalogue version
 *	CHANGE_ROLE	    grant     role		enum role_state (0 = no row)
 *	CHANGE_SESSION	    session   -			0 / 1
 *	CHANGE_TRIES	    -         -			0 / failed tries since the last entry
 *	CHANGE_LIMIT	    enum tenant_limit -		at most so many (0 = no bound)
 *	CHANGE_MEMBER	    person    -			0 / 1
 *	CHANGE_REMOVALS	    -         -			so many went / at most so many may
 *	CHANGE_RESOURCE	    type      its digest	version (0 = no row)
 */
enum change_kind {
	CHANGE_LIFECYCLE = 1,
	CHANGE_CERTIFICATION,
	CHANGE_SEAT,
	CHANGE_WAIT,
	CHANGE_GRANT,
	CHANGE_CONTRACT,
	CHANGE_QUOTA,
	CHANGE_BLOCK,
	CHANGE_VERSION,
	CHANGE_ROLE,
	CHANGE_SESSION,
	CHANGE_TRIES,
	CHANGE_LIMIT,
	CHANGE_MEMBER,
	CHANGE_REMOVALS,
	CHANGE_RESOURCE,
	CHANGE_COUNT
};

const char *change_kind_name(enum change_kind);

struct change {
	enum change_kind kind;
	int64_t		 object, in, before, after;
};

struct entry {
	int64_t		     time_ms;
	uint16_t	     node;
	struct str	     request_id;	/* 16 bytes, or empty: no request */
	uint8_t		     actor_kind;	/* enum actor_kind */
	int64_t		     actor;
	uint8_t		     factors;		/* enum factor bits of the actor */
	enum action	     action;
	enum subject_kind    subject_kind;
	int64_t		     subject;
	int64_t		     key_version;	/* of the subject's audit key; 0: nothing sealed */
	struct str	     before, after;	/* 32-byte salted digests of the record, or empty */
	const struct change *change;
	size_t		     nchange;
	struct str	     sealed;		/* UE1, purpose AUDIT; may be empty */
};

#endif

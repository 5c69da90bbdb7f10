/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - persons who sign in: with what, how often, and until when.
 *
 *	login_try -> login_check -> session_open
 *	 counts       vault, on      uses the code up, stores the session
 *	 the try      the thread
 *	 first        of passwords
 *	                 '--busy--> login_back
 *
 * A try is counted before it is looked at, so that a thousand at once are no
 * more tries than a thousand in turn.  Whoever is nobody is treated as somebody
 * with a wrong password, down to the work that it takes and to what their tries
 * are counted by: the name that was given, in the form that names are found by.
 */
#ifndef ACT_LOGIN_H
#define ACT_LOGIN_H

#include "act/act.h"
#include "audit/tree.h"

struct jwt;

/* Signs JWT, whose issuer, id and instant are set here. */
enum err access_sign(struct reader *, struct ctx *, struct jwt *, struct str *out) USE_RESULT;

/* --- signing in, and proving it again --------------------------------------------- */

struct login_in {
	struct str user_name;		/* signing in: who says to be whom */
	struct str password, totp, recovery;	/* what was given; empty: not */
	bool	   wants_token;		/* an access token too */
};

/* What goes from step to step; each fills its own. */
struct login {
	const struct login_in *in;
	uint32_t   tenant;		/* 0: there is no such tenant; then some other's, to cost the same */
	struct str tenant_name;		/* as it was written: by it tries at no tenant are counted */
	bool	   is_nowhere;
	int64_t	   person;		/* 0: there is no such person */
	bool	   is_step_up;
	struct key256 account, address;	/* what tries are counted by; set by login_try */
	/* found right by login_check() or activation_check() */
	int64_t	   step;		/* of the one-time code, to be used up; 0: none */
	struct hash recovery;		/* the same; if used_recovery */
	bool	   used_recovery;
	struct hash activation;		/* the same; if is_activation */
	bool	   is_activation;
	unsigned   factors;
	struct str verifier;		/* of a new password, sealed; empty: none */
	struct str was, was_totp;	/* what login_check() held the tries against */
	/* of the session that begins */
	int64_t	   session;
	struct str secret;		/* the cookie's value */
	struct str token;		/* access token; empty: none */
	int64_t	   seconds;		/* how long that is good */
	int64_t	   expires_ms;
};

/* In and out: struct login.  ERR_LIMITED (MSG_LOGIN_WAIT): too many tries before. */
extern const struct use_case login_try;
/* In: struct login.  The try was not looked at, for whoever should was busy: it is not counted any more. */
extern const struct use_case login_back;
/* On the thread of passwords.  ERR_UNAUTHENTICATED (MSG_LOGIN_WRONG), whatever it was. */
enum err login_check(struct reader *, struct ctx *, const void *login, void **out_login) USE_RESULT;
extern const struct use_case session_open;

/* --- sessions ---------------------------------------------------------------------- */

struct session_view { int64_t id, created_ms, factor_ms, seen_ms, expires_ms; unsigned factors; bool is_own; };
/* The actor's, from memory. */
size_t world_sessions(struct world *, struct arena *, const struct actor *, struct session_view **out);
struct session_end_in { int64_t session; bool all; };
/* One of the actor's sessions (ERR_NOT_FOUND), or all of them. */
extern const struct use_case session_end;

/* --- activation (C6) ---------------------------------------------------------------- */

struct activation { int64_t person; struct hash hash; struct str token; int64_t expires_ms; };
/* usher_act_<tenant>_<person>_<22 characters>: 128 random bits, for one person and this. */
void activation_make(struct arena *, const struct realm *, int64_t person, int64_t now_ms, struct activation *);
struct activation_row activation_row(uint32_t tenant, const struct activation *, const struct ctx *);
/* A new one for a person in scope; the one before ends.  In: const int64_t * (the person), out: struct activation. */
extern const struct use_case activation_renew;

struct activate_in { struct str token, password; };
/* On the thread of passwords; in: struct activate_in, out: struct login for session_open. */
enum err activation_check(struct reader *, struct ctx *, const void *activate_in, void **login) USE_RESULT;

/* --- what a person signs in with ----------------------------------------------------- */

#define RECOVERY_CODES 10

struct login_change {
	struct str  verifier;		/* a new password, sealed */
	struct str  totp_next;		/* a new seed, sealed, to be confirmed */
	int64_t	    confirmed_step;	/* the seed that was made is good: a code of it was right */
	struct str  confirmed;		/* which seed that was, sealed */
	struct str  secret, uri;	/* to be shown once */
	struct str  code[RECOVERY_CODES];
	struct hash code_hash[RECOVERY_CODES];
};

/* Queries on the thread of passwords; out: struct login_change for login_set. */
enum err password_new(struct reader *, struct ctx *, const void *password /* const struct str * */, void **login_change) USE_RESULT;
enum err totp_new(struct reader *, struct ctx *, const void *none, void **login_change) USE_RESULT;
enum err totp_confirm(struct reader *, struct ctx *, const void *code /* const struct str * */, void **login_change) USE_RESULT;
/*
 * A new password ends the actor's other sessions and an activation token that is
 * open.  ERR_UNAUTHENTICATED: the session has ended meanwhile.
 */
extern const struct use_case login_set;
/*
 * Codes are replaced by who has shown one: neither by a session that came from
 * an activation token nor by one from before there were any.  ERR_DENIED
 * (MSG_LOGIN_STEP_UP).
 */
enum err check_codes(struct ctx *, const struct login_row *, unsigned factors) USE_RESULT;

/*
 * For who lost device and recovery codes: drops both, and with them all that
 * was begun with them: every session of the person, and an open activation.  The
 * password stays.  One's own need what replacing them needs.  ERR_NOT_FOUND:
 * there is no such person in scope, or they have none; ERR_DENIED: they hold
 * more than the actor.
 */
struct totp_reset { int64_t person; size_t sessions; };	/* so many ended */
/* In: const int64_t * (the person), out: struct totp_reset. */
extern const struct use_case totp_reset;

/* --- for the clock --------------------------------------------------------------------- */

void login_fail_note(struct world *, uint32_t tenant, int64_t person);
/* Drops what is over, stored and in memory. */
#define TRIES_KEPT_MS INT64_C(86400000)
enum err login_keep(struct tx *, uint32_t tenant, int64_t now_ms) USE_RESULT;
void sessions_keep(struct world *);
/* After a restore that lost entries: what ended or was used since might be there again. */
enum err login_forget(struct tx *, uint32_t tenant) USE_RESULT;
void sessions_forget(struct world *, uint32_t tenant);

#endif

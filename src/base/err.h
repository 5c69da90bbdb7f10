/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - what a caller may do now, and why it failed, told once.
 *
 * The place that discovers a failure says why with fail(); everyone between
 * passes it up with TRY(); the door that handles it replies or logs.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/arena.h"
#include "base/str.h"

/*  name            http  cli  retry  code */
#define ERRORS(X) \
	X(BAD_INPUT,	    400,  2, false, "bad_input") \
	X(UNAUTHENTICATED,  401,  8, false, "unauthenticated") \
	X(DENIED,	    403,  3, false, "denied") \
	X(NOT_FOUND,	    404,  4, false, "not_found") \
	X(CONFLICT,	    409,  5, false, "conflict") \
	X(BUSY,		    409,  9, true,  "busy") \
	X(STALE,	    412,  6, false, "stale") \
	X(TOO_LARGE,	    413, 10, false, "too_large") \
	X(KEY_REUSED,	    422, 11, false, "key_reused") \
	X(NO_PRECONDITION,  428, 12, false, "no_precondition") \
	X(LIMITED,	    429, 13, true,  "limited") \
	X(TARGET,	    502,  7, true,  "target") \
	X(SEALED,	    503, 14, true,  "sealed") \
	X(UNKNOWN,	    503, 15, true,  "unknown") \
	X(AWAY,		    503, 18, true,  "away") \
	X(ROLLED_BACK,	    503, 19, true,  "rolled_back") \
	X(FULL,		    507, 16, false, "full")

enum err {
	OK = 0,
#define X(name, http, cli, retry, code) ERR_##name,
	ERRORS(X)
#undef X
	ERR_COUNT
};

struct err_info {
	const char *code;	/* on the wire and in --json */
	int	    http, cli;	/* status and exit code */
	bool	    may_retry;
};

/* OK's row is { "ok", 200, 0, false }. */
const struct err_info *err_info(enum err);

/* The language of a text for people. */
enum lang { LANG_EN, LANG_DE, LANG_FR, LANG_NL, LANG_COUNT };

/* The best of our languages for an Accept-Language header (RFC 9110 12.5.4) or a locale such as "de_DE.UTF-8"; LANG_EN if none fits. */
enum lang lang_pick(struct str accept_language);
/* The tag that such a header likes best, as it is written there; empty: it names none. */
struct str lang_tag(struct str accept_language);
const char *lang_code(enum lang);

/*
 * Message ids.  Each room keeps its rows in base/messages/ROOM.def:
 *	M(ID, EN("text with {0} {1}", "remedy"), DE(…), FR(…), NL(…))
 *	T(ID, "text", "text", "texte", "tekst")		is no fault: it has no remedy
 */
enum msg {
	MSG_NONE,
#define M(id, en, de, fr, nl) MSG_##id,
#include "base/messages/all.def"
#undef M
	MSG_COUNT
};

/*
 * Texts of MSG in LANG with {0}…{3} replaced by ARGS (each may be ""), and
 * {0|one|many} by what goes with that number.
 */
struct str msg_text(struct arena *, enum msg, enum lang, const struct str args[4]);
struct str msg_remedy(struct arena *, enum msg, enum lang, const struct str args[4]);
/* "POOL_BELOW_USAGE": the stable name of a message, for programs. */
const char *msg_name(enum msg);

/* Why it failed: set by fail(), read by the door. */
struct fault {
	enum err   err;
	enum msg   msg;
	struct str field;	/* which input is at fault; empty = the whole */
	struct str args[4];
};

struct actor;

/*
 * The context of one unit of work.  Only one thread touches it at a time:
 * whoever hands it over waits.
 */
struct ctx {
	struct arena	   *arena;
	const struct actor *actor;	/* who asks (core/actor.h) */
	int64_t		    now_ms;	/* ms UTC when the work began */
	struct str	    request_id; /* 16 bytes */
	enum lang	    lang;
	struct fault	    fault;
};

#undef fail	/* cmocka has another */
/* Records why and returns ERR.  FIELD and up to four args are C strings, copied. */
#define fail(cx, err, msg, ...) fail_args(cx, err, msg, __VA_ARGS__, (const char *)NULL)
enum err fail_args(struct ctx *, enum err, enum msg, const char *field, ...);

/* The one macro that returns. */
#define TRY(call) \
	do { \
		enum err try_err_ = (call); \
		if (try_err_ != OK) \
			return try_err_; \
	} while (0)

#endif

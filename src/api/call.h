/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - a call is one request on its way through the steps of its route:
 * what every room that answers requests is made of (decision 0020).
 *
 *	serve -> [decode -> queue -> use case or query] ... -> encode -> reply
 *
 * decode() runs on the loop (or, from the second step on, on the thread that
 * ended the step before); encode() on the thread that ended the last one.  The
 * call and its ctx belong to whoever works on it: after a step was handed
 * over nobody here touches them until its done().
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "act/query.h"
#include "base/js.h"
#include "http/http.h"

/* --- a route's work ---------------------------------------------------------- */

enum work_kind {
	WORK_USE_CASE = 1,	/* an item for the writer */
	WORK_QUERY,		/* a reader thread */
	WORK_LONG,		/* a thread of its own */
	WORK_LOGIN,		/* the thread of passwords */
	WORK_LOCAL,		/* encoded at once: needs nobody */
	WORK_MANY		/* many items of one request: start() takes the call over, and ends in call_answer() */
};

struct call;

struct route_work {
	enum work_kind	 kind;
	const struct use_case *use_case;
	enum item_class	 class;
	enum err       (*run)(struct reader *, struct ctx *, const void *in, void **out);
	enum err       (*start)(struct call *);
	enum err       (*decode)(struct call *, void **in);	/* NULL: it takes nothing */
	void	       (*encode)(struct call *);		/* of the last step */
	void	       (*refuse)(struct call *, enum err);	/* of the first step: writes the body of an error; NULL: a problem */
	const char	*query;		/* the parameters it takes, separated by spaces; NULL: none; *: any other is passed over */
	const struct route_work *next;	/* one step more; its decode() sees this one's out */
	/*
	 * Where nobody reads what is shown (inner.is_brief): says of this step's out,
	 * by status and headers, what the steps after it would end with.  NULL: they are taken.
	 */
	enum err       (*brief)(struct call *);
	/*
	 * When this step finds no room (ERR_LIMITED): takes back what the steps before
	 * did.  What is told is this step's refusal, however that goes.
	 */
	const struct route_work *busy;
	/* Of the first step, for the API description: */
	const char	*body, *reply;	/* names of shapes; a reply "[X]" is a page of X */
	const char	*refusal; /* where refuse() writes it: the shape of an error */
	unsigned	 traits;
	uint32_t	 errors;	/* ERR_BITs beside those that follow from the row, see errors_of() in openapi.c */
};

#define CREATES	  1u	/* answers 201 */
#define FINDS	  2u	/* with CREATES: or 200, when it was there */
#define LOCATES	  4u	/* with Location */
#define TAGS	  8u	/* with ETag; a GET may answer 304 */
#define KEYED	  16u	/* Idempotency-Key is required */
#define GUARDED	  32u	/* If-Match is required */
#define GUARDABLE 64u	/* If-Match is heeded */
#define FAILS	  128u	/* of LOCAL: or 503 with the same shape, when it is not so */

#define ERR_BIT(name) (UINT32_C(1) << ERR_##name)

/* After the encoder (of LIST: the query) follows what describes the route: .body = "…", .reply = "…". */
#define WORK(...) (&(const struct route_work) { __VA_ARGS__ })
#define WRITE(use, decode_, ...) \
	WORK(.kind = WORK_USE_CASE, .use_case = &(use), .decode = (decode_), .encode = __VA_ARGS__)
#define QUERY(run_, decode_, ...) \
	WORK(.kind = WORK_QUERY, .run = (run_), .decode = (decode_), .encode = __VA_ARGS__)
#define LIST(run_, decode_, encode_, ...) \
	WORK(.kind = WORK_QUERY, .run = (run_), .decode = (decode_), .encode = (encode_), .query = __VA_ARGS__)
#define LONG(run_, decode_, ...) \
	WORK(.kind = WORK_LONG, .run = (run_), .decode = (decode_), .encode = __VA_ARGS__)
#define LOCAL(...) WORK(.kind = WORK_LOCAL, .encode = __VA_ARGS__)

/* --- a call --------------------------------------------------------------------- */

struct call {
	struct request		*rq;
	struct ctx		*cx;	/* the request's */
	struct world		*world;
	const struct route_work *work;	/* the step under way */
	uint32_t		 tenant; /* of the items; the actor's */
	void			*in;
	void			*out;	/* of the step that ended */
	void			*kept;	/* a route's own, from step to step */
	struct inner		*inner;	/* it is this, of another call; NULL: it came by http/ */
	bool			 is_counted; /* among those under way */
	bool			 repeats; /* a stale step begins again from the first */
	unsigned		 tries;
	bool			 is_back; /* it is being taken back, and refused as FAULT says */
	struct fault		 fault;
	struct reply		 reply;
	struct buf		 buf;	/* the body, written through js */
	struct js_out		 js;
	union {
		struct item  item;
		struct query query;
	};
};

/* Encodes and replies. */
void call_answer(struct call *);
/* Replies with a problem, or in the form of the wing (api.h) that the path belongs to. */
void call_refuse(struct call *, enum err);
void call_header(struct call *, const char *name, struct str value);
/* The realm of the call's tenant, for an encoder; NULL: it is gone since, which is the answer then. */
const struct realm *call_realm(struct call *);

/* --- a call within a call --------------------------------------------------------- */

/*
 * A request that a call makes of a route, as if it had come by itself: with the
 * same credential, which is asked for anew, the right and the limit of the row,
 * its own lines in the logs.  It waits with what is done in bulk, and counts as
 * part of the request it is within.
 */
struct inner {
	struct request rq;	/* first.  Its maker sets cx.arena, method, path, body, and headers of its own */
	struct call   *outer;
	bool	       is_brief;	/* of what succeeds the body is not wanted */
	void	     (*replied)(struct inner *, const struct reply *);	/* exactly once, on any thread; may end the arena */
	void	      *owner;	/* replied()'s own */
};

void call_inner(struct inner *);
/* The server ends: what can be begun later should be. */
bool call_is_ending(void);

/* --- a wing ---------------------------------------------------------------------- */

/*
 * The routes of another room behind the same door: all under PREFIX, and what
 * is refused there in a form of its own.
 */
struct api_wing {
	const char	   *prefix;	/* "/scim" */
	const char	   *media;	/* the types that a body may have, separated by spaces */
	const struct route *const *routes; /* tables, each ends with method 0; ends with NULL */
	void		  (*refuse)(struct ctx *, enum err, struct reply *);
	/* What is wrong with a path under PREFIX that no route has; OK: nothing but that. */
	enum err	  (*missing)(struct ctx *, struct str path);
};

/* --- decode ---------------------------------------------------------------------- */

/* The {…} of the path at AT as an id; what is no id is nobody's: ERR_NOT_FOUND with MSG. */
enum err param_id(struct call *, size_t at, enum msg, const char *field, int64_t *out) USE_RESULT;
/* If-Match (RFC 9110 13.1.1): the version, -1 for *.  Missing: ERR_NO_PRECONDITION; no tag of ours: ERR_STALE. */
enum err if_match(struct call *, int64_t *version) USE_RESULT;
enum err etag_parse(struct ctx *, struct str value, int64_t *version) USE_RESULT;

/* --- encode ---------------------------------------------------------------------- */

/* Sets the ETag; true: the client has it already (304), nothing more is to be written. */
bool call_etag(struct call *, int64_t version);
void put_text(struct js_out *, const char *name, struct str);	/* left out when empty */
void put_text_or_null(struct js_out *, const char *name, struct str);
void put_told(struct js_out *, struct ctx *, const char *name, const struct seat_told *, size_t n);
/* Any value as it was read, members in input order. */
void put_js(struct js_out *, const struct js *);

/* --- refusals --------------------------------------------------------------------- */

/* Why it failed with ERR: CX's fault, if it is this one's, else what is said in general. */
struct fault problem_fault(const struct ctx *, enum err);
/* The headers that belong to ERR. */
void problem_headers(const struct ctx *, enum err, struct reply *);
/* Counts a problem that is told. */
void problem_count(const struct ctx *, enum err);

/* --- persons ---------------------------------------------------------------------- */

/* A person object as it came in; of organisational texts p == NULL: not given, n == 0: given as null. */
struct person_in {
	struct doc	     doc;
	struct contract_in   flat;	/* the nine members beside the personal ones */
	bool		     has_flat;
	struct contract_in  *contract;	/* of "contracts" */
	size_t		     ncontract;
	bool		     has_contracts;
	struct str	     country, language, user_type;
	const enum attribute *removed;	/* PATCH only */
	size_t		     nremoved;
};

enum err person_decode(struct ctx *, const struct js *, struct person_in *) USE_RESULT;
/* The same of a merge-patch (RFC 7396): what is null is removed. */
enum err person_patch_decode(struct ctx *, const struct js *, struct person_in *) USE_RESULT;
/* Whether that is all a person's own to change; ERR_DENIED names what is not. */
enum err person_check_own(struct ctx *, const struct person_in *) USE_RESULT;
/* As the native API shows a person: what the actor may not read is left out. */
void put_person(struct js_out *, struct ctx *, const struct realm *, const struct person_view *);
/* A new person's order: document, ref, source, contracts. */
void person_order_fill(struct ctx *, struct world *, const struct person_in *, struct order *);
/* A change's order: IN laid over BEFORE, whose contract of SOURCE the flat members change. */
enum err person_change_fill(struct ctx *, const struct realm *, const struct person_in *, const struct person_view *, struct order *) USE_RESULT;

#define PERSON_BODY_MAX (24 * 1024)	/* with the record it changes it must fit into one sealed audit part */
#define SMALL_BODY_MAX	(16 * 1024)
#define REPLY_BODY_MAX	(256 * 1024 * 1024)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_int.h - the inside of api/: what its own nouns share beside the call.
 */
#ifndef API_API_INT_H
#define API_API_INT_H

#include "api/api.h"
#include "api/call.h"

/* --- calls --------------------------------------------------------------------- */

struct call *call_open(struct request *, struct world *);
/* The same, behind the same door, for a call of another. */
struct call *call_open_inner(struct inner *);
/* Runs the step CALL->work; an error is the caller's to answer. */
enum err call_step(struct call *) USE_RESULT;
/* What is the operator's door only. */
bool is_operators_path(struct str path);
/* Who sent the request, by what it came with; ACTOR has the address already. */
struct str bearer_of(struct str authorization);
bool cookie_of(struct str header, struct str *out);
bool is_own_origin(struct request *);
#define SESSION_COOKIE "__Host-usher"
enum err credential_check(struct request *, struct world *, struct actor *) USE_RESULT;

/* Finds the row for a request; ERR_NOT_FOUND, or ERR_BAD_INPUT with *ALLOW. */
enum err route_find(struct request *, const struct router *, struct str *allow) USE_RESULT;

/* Counts an onboarding that was refused. */
void refusal_count(const struct item *);

/* The http_door's, apart so that tests can ask them. */
enum err api_route(struct request *, struct str *allow) USE_RESULT;
enum err api_admit(struct request *) USE_RESULT;
void api_serve(struct request *);
void api_refuse(struct request *, enum err, struct reply *);
void api_ended(const struct request *, int status, size_t bytes);
/* What api_admit() counted of its body is in memory no more. */
void api_over(const struct request *);
/* api_description(), made once: it does not change while the door is open. */
struct str door_description(void);

/* --- decode ---------------------------------------------------------------------- */

enum member_type { MEMBER_TEXT, MEMBER_INT, MEMBER_BOOL, MEMBER_TIME, MEMBER_TEXTS, MEMBER_ANY };

struct texts {
	const struct str *v;
	size_t		  n;
};

/*
 * One member of an object; a table of them is a body.  The target's field is,
 * by type: struct str, int64_t, bool, int64_t (ms), struct texts,
 * const struct js *.  null is absent; an absent one leaves the field.
 */
struct member {
	const char	*name;
	enum member_type type;
	size_t		 offset;
	int64_t		 min, max;	/* an int's value, a text's bytes, how many texts or elements of a list; MEMBER_ANY: max 0 takes any value */
	bool		 is_required;
};

struct member_table {
	const struct member *member;
	size_t		     n;
	const char	    *path;	/* of the object in the body, ending in a dot; "" for the whole */
};

/* Strict: every member is in the table, of its type and within its limits; the fault names its path. */
enum err members_decode(struct ctx *, const struct js *object, const struct member_table *, void *out) USE_RESULT;
/* The body as JSON, and then by the table. */
enum err body_decode(struct call *, const struct member_table *, void *out) USE_RESULT;
/* A body that may be left out or be {}. */
enum err nothing_decode(struct call *, void **in) USE_RESULT;
/* The first {…} of the path as it stands; a page of the log. */
enum err slug_of_path(struct call *, void **in) USE_RESULT;
enum err log_page_decode(struct call *, void **in) USE_RESULT;
/* What a fault inside an object says is at OBJECT.FIELD of the body. */
enum err fault_under(struct ctx *, enum err, const char *object);

/* The query's limit, cursor and filter into a page_in. */
enum err page_decode(struct call *, struct page_in *) USE_RESULT;
enum err limit_check(struct ctx *, int64_t limit) USE_RESULT;
enum err cursor_decode(struct ctx *, struct str, int64_t *out) USE_RESULT;
/* A parameter of the query that is 0 or 1; absent: false. */
enum err query_flag(struct call *, const char *name, bool *out) USE_RESULT;
/* A parameter that is a whole number of at least 0; absent: leaves OUT. */
enum err query_number(struct call *, const char *name, int64_t *out) USE_RESULT;
/* ERR_BAD_INPUT for a parameter that is not in KNOWN. */
enum err query_check(struct call *, const char *known) USE_RESULT;

/*
 * One field of a form (application/x-www-form-urlencoded, the whole body),
 * decoded; p == NULL if absent.  False: the body is no such form, or names it
 * twice.
 */
bool form_field(struct arena *, struct str body, const char *name, struct str *out) USE_RESULT;

/* If-None-Match: a tag in the list, compared weakly, is VERSION's. */
bool etag_in(struct str list, int64_t version);
/* 1 … 200 visible ASCII characters. */
bool is_idempotency_key(struct str);

/* --- description -------------------------------------------------------------------- */

/*
 * A member of an object as it stands on the wire.
 *	name	"*": the attributes of a person that TYPE names: personal, contract, own
 *	type	a word of types[] in openapi_schema.c or a shape's name; in [ ] a list of it;
 *		then ? if it may be null, and - if it may be left out.  Empty: as the
 *		decoder's table says
 *	text	what the name does not say
 */
struct field {
	const char *name, *type, *text;
};

/*
 * What is sent or answered.  Encoders stay code; that they write this and
 * nothing else is what the flow tests hold every reply against.
 */
struct shape {
	const char		  *name, *text;
	const struct field	  *field;	/* ends with name NULL */
	const struct member_table *members;	/* of a body: what its decoder takes */
	const char *const	  *word;	/* a text that is one of these; NULL among them: none */
	size_t			   nword;
	const char		  *media;	/* no JSON but this */
};

#define WORDS(table) .word = (table), .nword = COUNT(table)

/* The attributes that a contract, and the person beside it, take from outside. */
bool is_of_contract(enum attribute);
bool is_of_person(enum attribute);

/* --- encode ---------------------------------------------------------------------- */

/* 201 with Location PREFIX ID. */
void call_created(struct call *, const char *prefix, int64_t id);
void token_made_encode(struct call *);
void log_entries_encode(struct call *);
void put_pool(struct js_out *, const struct pool_view *);
/* N, or null where it is not told. */
void put_count_or_null(struct js_out *, const char *name, int64_t n, bool is_told);
void put_seat(struct js_out *, const struct seat_view *);
void put_wait(struct js_out *, const struct wait_view *);
void put_rights(struct js_out *, const char *name, uint64_t rights);
void put_next(struct js_out *, int64_t next);

/* What is said of ERR in general, and the header that comes with it; NULL: none. */
enum msg problem_msg(enum err);
const char *problem_header(enum err);
/* The members of problem+json for ERR, from CX's fault if it is this one's. */
void problem_encode(struct js_out *, struct ctx *, enum err);
void problem_reply(struct ctx *, enum err, struct reply *);

/* --- persons ---------------------------------------------------------------------- */

/* As a merge-patch (RFC 7396): null removes. */

/* Changing one, from the person's id on: patch_start() decodes the body, person_change is the step after person_show(). */
enum err patch_start(struct call *, int64_t id, void **in) USE_RESULT;
/* After it: only what is a person's own to change. */
enum err patch_own(struct call *) USE_RESULT;
extern const struct route_work person_change;
void person_encode(struct call *);

/* --- onboardings ------------------------------------------------------------------- */

/* An onboarding's object (of the body, or of a batch's item) into an order; IDEMPOTENCY_KEY and BODY are the caller's. */
enum err onboarding_decode(struct ctx *, struct world *, const struct js *, struct order *) USE_RESULT;
void put_onboarding_told(struct js_out *, struct ctx *, const struct order_out *);
extern const struct member_table batch_table;
enum err batch_start(struct call *) USE_RESULT;
void batch_encode(struct call *);

#define BATCH_BODY_MAX	(8 * 1024 * 1024)
#define BATCH_ITEMS_MAX 1000

/* --- the tables ---------------------------------------------------------------------- */

extern const struct route audit_routes[], block_routes[], catalogue_routes[], event_routes[], import_routes[],
    login_routes[], me_routes[], oauth_routes[], onboarding_routes[], operator_routes[], organisation_routes[], person_routes[],
    pool_routes[], product_routes[], queue_routes[], removals_routes[], role_routes[], self_routes[], setting_routes[],
    tenant_routes[], token_routes[];

/* What their bodies and replies look like; each ends with name NULL. */
extern const struct shape audit_shapes[], block_shapes[], catalogue_shapes[], encode_shapes[], event_shapes[],
    import_shapes[], login_shapes[], me_shapes[], oauth_shapes[], onboarding_shapes[], organisation_shapes[], person_shapes[],
    pool_shapes[], problem_shapes[], product_shapes[], queue_shapes[], removals_shapes[], role_shapes[], self_shapes[], token_shapes[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk_plan.h - what a Bulk asks for and in which order it can be had: pure,
 * nothing is carried out here (RFC 7644 section 3.7).
 *
 *	operations -> steps, each with those that wait for it
 *
 * An operation waits for those whose bulkId it refers to, and for those before
 * it on the same resource; where a resource is removed, those that name it stay
 * before or behind that.  For the rest it is its own.  Where operations refer
 * to each other in a circle, one of them makes its resource without what leads
 * around, and a step of its own sets that afterwards.
 */
#ifndef SCIM_BULK_PLAN_H
#define SCIM_BULK_PLAN_H

#include "http/http.h"
#include "base/value.h"

#define BULK_REQUEST	    "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
#define BULK_OPERATIONS_MAX 1000
#define BULK_PATH_MAX	    1024

struct bulk_op {
	enum method	 method;	/* 0: none that an operation may have */
	struct str	 sent;		/* the method as it was sent */
	struct str	 path, bulk_id, version;
	const struct js *data;		/* an object; NULL: none */
	enum err	 err;		/* why it is refused before it begins; OK: it is not */
	enum msg	 msg;
	const char	*field;
	struct str	 arg;
	bool		 is_split;	/* made without what leads around a circle */
};

struct bulk_step {
	size_t	  op;
	bool	  is_rest;	/* sets what its operation was made without */
	size_t	  waits;	/* for so many of the steps before it */
	uint32_t *next;		/* the steps behind it that wait for it */
	size_t	  nnext;
};

/* That what operation OP sends refers to what TARGET makes. */
struct bulk_ref {
	size_t op, target;
	bool   is_in_path;
	bool   is_later;	/* set by the rest of OP */
};

/* What is made, by its bulkId. */
struct bulk_name {
	struct str name;
	size_t	   op;
};

struct bulk_plan {
	struct bulk_op	  *op;
	size_t		   n;
	int64_t		   errors_max;	/* so many end it; 0: none do */
	struct bulk_step  *step;	/* whoever does them one by one waits for nobody */
	size_t		   nstep;
	struct bulk_ref	  *ref;		/* by operation, then by target */
	size_t		   nref;
	size_t		  *first_ref;	/* of each operation; one more at the end */
	struct bulk_name  *name;	/* sorted */
	size_t		   nname;
};

/*
 * BODY as a BulkRequest, and its plan.  ERR_BAD_INPUT, ERR_TOO_LARGE: it is none
 * at all; what is wrong with one operation stands there.
 */
enum err bulk_plan(struct ctx *, const struct js *body, struct bulk_plan *) USE_RESULT;

/* The POST whose bulkId that is; SIZE_MAX: there is none. */
size_t bulk_named(const struct bulk_plan *, struct str name);
/* Whether what OP sends is made without what refers to NAME, and that is set afterwards. */
bool bulk_is_later(const struct bulk_plan *, size_t op, struct str name);

/* The id of what was made by the bulkId NAME; n == 0: nothing was. */
typedef struct str bulk_id_of(void *arg, struct str name);

/*
 * TEXT with ids in place of the references, if there are any: "bulkId:NAME" as a
 * whole, as a segment of a path, or in quotes.  False: there is no id for NAME.
 */
bool bulk_text(struct arena *, struct str *text, bulk_id_of *, void *arg, struct str *name) USE_RESULT;
/* The same of all texts in a value. */
bool bulk_texts(struct arena *, struct value *, bulk_id_of *, void *arg, struct str *name) USE_RESULT;

/*
 * Takes out of DATA what refers to a bulkId that IS_LATER: elements of lists, else
 * whole attributes; what it was is returned as an object of the same form.
 */
struct value *bulk_split(struct arena *, struct value *data, bool (*is_later)(void *arg, struct str name), void *arg);

/* A PatchOp that adds VALUE's members; takes VALUE over. */
struct value *bulk_add(struct arena *, struct value *);

#endif

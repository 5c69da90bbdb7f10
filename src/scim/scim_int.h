/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_int.h - the inside of scim/: what its routes share.
 */
#ifndef SCIM_SCIM_INT_H
#define SCIM_SCIM_INT_H

#include "scim/project.h"
#include "scim/schema.h"
#include "scim/scim.h"

#include "api/call.h"

#define SCIM_ROOT  "/scim"
#define SCIM_PATH  SCIM_ROOT "/v2"
#define SCIM_COUNT_IF_NONE 100	/* of a page whose request says none */
#define SCIM_MEDIA "application/scim+json"
#define SCIM_LIST  "urn:ietf:params:scim:api:messages:2.0:ListResponse"

#define BULK_BYTES_MAX (10 * 1024 * 1024)

/* The scimType of RFC 7644 table 9 for a fault; NULL: none fits. */
const char *scim_type_of(const struct fault *);
/* The answer to a request that failed with ERR (RFC 7644 section 3.12). */
void scim_refuse(struct ctx *, enum err, struct reply *);
/* ERR_BAD_INPUT: PATH, which no route has, asks for a version of SCIM that is not there. */
enum err scim_missing(struct ctx *, struct str path);

/* What persons look like here: with the extensions that the realm's catalogue declares. */
const struct scim_resource *scim_users_of(struct arena *, const struct realm *);
/* What /Schemas and /ResourceTypes of the realm show; NULL after the last. */
const struct scim_schema *scim_schema_of(const struct realm *, size_t i);
const struct scim_resource *scim_resource_of(struct arena *, const struct realm *, size_t i);

/* What addresses of resources begin with. */
struct str scim_base(const struct call *);

/*
 * Whose people the actor reaches: those of its source, whoever signs in (0) of
 * any.  ERR_UNAUTHENTICATED: the credential ended meanwhile.
 */
enum err scim_source(struct call *, int64_t *source) USE_RESULT;

/* --- answers without a resource (answer.c) ----------------------------------- */

/* RFC 7644 section 3.5.2: true: a PATCH is answered by 204, for the tenant wants it so and nobody asks for attributes. */
bool scim_patched_empty(struct call *, const struct realm *, int64_t version) USE_RESULT;
/* A change within a Bulk, where nobody is shown what it made. */
enum err scim_changed_brief(struct call *, int64_t version) USE_RESULT;
void scim_removed_encode(struct call *);
/* As call_etag(); VERSION -1: it has none. */
bool scim_etag(struct call *, int64_t version);

/* --- lists (list.c) ---------------------------------------------------------- */

struct scim_page {
	struct page_in in;	/* the query's */
	bool	       counts_only, by_cursor;
	bool	       takes_filter;	/* said before: whoever lists reads it; else it is one about users */
};

/* The page of the actor's own source, of those who have not left. */
enum err scim_page_of_query(struct call *, struct scim_page *) USE_RESULT;
enum err scim_page_of_body(struct call *, struct scim_page *, struct projection *) USE_RESULT;
/* Resources are written between the two.  NEXT: where the next page begins; 0: there is none. */
void scim_list_begin(struct call *, const struct scim_page *, int64_t total, size_t n, int64_t next);
void scim_list_end(struct call *);

extern const struct route scim_routes[], scim_bulk_routes[], scim_user_routes[], scim_group_routes[], scim_resource_routes[];

#endif

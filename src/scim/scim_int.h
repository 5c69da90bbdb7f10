/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_int.h - the inside of scim/: what its routes share.
 */
#ifndef SCIM_SCIM_INT_H
#define SCIM_SCIM_INT_H

#include "scim/schema.h"
#include "scim/scim.h"

#include "api/call.h"

#define SCIM_PATH  "/scim/v2"
#define SCIM_MEDIA "application/scim+json"
#define SCIM_LIST  "urn:ietf:params:scim:api:messages:2.0:ListResponse"

/* The scimType of RFC 7644 table 9 for a fault; NULL: none fits. */
const char *scim_type_of(const struct fault *);
/* The answer to a request that failed with ERR (RFC 7644 section 3.12). */
void scim_refuse(struct ctx *, enum err, struct reply *);

extern const struct route scim_routes[];

#endif

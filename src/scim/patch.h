/* SPDX-License-Identifier: Apache-2.0 */
/*
 * patch.h - PATCH as a pure function over a resource (RFC 7644 section 3.5.2):
 * what came in, and what it makes of what was there.  No I/O; what the result
 * means for a person is decoded from it as if it had come by PUT.
 *
 * Beyond the RFC, because clients are so: op without case; true and false as
 * texts; an object where one value is wanted may be its value alone; members
 * of a value without path may be paths; `name[type eq "x"].sub` makes the
 * element that is not there; a server's attribute may be sent as it is.
 * An attribute of a schema that is not known here is passed over.
 */
#ifndef SCIM_PATCH_H
#define SCIM_PATCH_H

#include "scim/schema.h"
#include "base/value.h"

#define SCIM_PATCH_OP	"urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define SCIM_OPERATIONS_MAX 1000

/*
 * BODY, a PatchOp, over BEFORE, which stays as it is.  All operations or none:
 * an error leaves OUT alone.
 */
enum err scim_patch(struct ctx *, const struct scim_resource *, const struct value *before, const struct js *body, struct value **out) USE_RESULT;

/* The operations of BODY, a PatchOp. */
enum err scim_operations(struct ctx *, const struct value *body, const struct value **operations) USE_RESULT;

/*
 * A whole resource as POST and PUT bring it, in the form in which it is kept:
 * what only the server sets is passed over, and so is what nobody here has.
 * IS_STRICT: unknown schemas are refused.
 */
enum err scim_decode(struct ctx *, const struct scim_resource *, const struct value *body, bool is_strict, struct value **out) USE_RESULT;

#endif

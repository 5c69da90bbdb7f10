/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coerce.h - a value as an attribute takes it, from what clients send: true as
 * a text, one element in a list where one value is wanted, a number for a text.
 */
#ifndef SCIM_COERCE_H
#define SCIM_COERCE_H

#include "base/value.h"

#include "core/schema.h"

/* A copy of FROM as the attribute, or one element of it, takes it.  ERR_BAD_INPUT names it. */
enum err scim_coerce(struct ctx *, const struct scim_attr *,
    const struct value *from, struct value **out) USE_RESULT;
/* The same of a sub-attribute, which may have many values: then OUT is a list. */
enum err scim_coerce_part(struct ctx *, const struct scim_attr *,
    const struct value *from, struct value **out) USE_RESULT;

#endif

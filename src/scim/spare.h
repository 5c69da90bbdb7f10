/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spare.h - what RFC 7643 has and nobody here: clients send it all the same, so
 * it is passed over and never refused.
 */
#ifndef SCIM_SPARE_H
#define SCIM_SPARE_H

#include "scim/schema.h"

/* Whether NAME, which leads nowhere, is one of these, or of a schema that is not known here. */
bool spare_name(const struct scim_resource *, struct str name) USE_RESULT;

/* Whether SUB, which the attribute has not, is a part that the RFC gives it. */
bool spare_part(const struct scim_target *, struct str sub) USE_RESULT;

#endif

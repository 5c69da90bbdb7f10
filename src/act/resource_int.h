/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource_int.h - between resource.c, which writes, and resource_query.c,
 * which reads: what is sealed, and what is looked up.
 */
#ifndef ACT_RESOURCE_INT_H
#define ACT_RESOURCE_INT_H

#include "act/act_int.h"
#include "act/resource.h"
#include "act/world_int.h"

/* What was sealed, as it is kept; what was opened and does not read is a bug. */
void resource_restore(struct ctx *, struct str record, struct resource_view *);

/* What the index of unique values has for the key that a source gave. */
struct str resource_ref(struct arena *, int64_t type, int64_t source, struct str external_id);

/* How many of TYPE there are of SOURCE, and how many of all (which may be the same number). */
enum err resource_counts(struct tx *, uint32_t tenant, int64_t type, int64_t source, int64_t *own, int64_t *all) USE_RESULT;

/* Of all columns of a row, for the log: nobody can put another row, or an older one, in its place unnoticed. */
int64_t resource_digest(const struct resource_row *);

#endif

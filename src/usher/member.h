/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member.h - members of an answer that may be missing or of another type than
 * expected: then they read as nothing, for the server may be newer than we.
 */
#ifndef USHER_MEMBER_H
#define USHER_MEMBER_H

#include "base/js.h"

struct str member_text(const struct js *object, const char *name);	/* "" */
int64_t member_int(const struct js *object, const char *name);		/* 0 */
bool member_bool(const struct js *object, const char *name);		/* false */
const struct js *member_of(const struct js *object, const char *name);	/* NULL: absent or null */
/* How many items the list has; 0: none, or no list. */
size_t member_items(const struct js *object, const char *name, const struct js **list);

#endif

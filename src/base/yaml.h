/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - a YAML text as the same tree of js values that JSON gives, plus the
 * line each value stands on, so that decoders are written once.
 *
 * The safe subset: one document, no anchors, no aliases, no tags, no key
 * twice; plain scalars are bool, int, real or null only in their YAML 1.2 core
 * spelling.  A number with leading zeros ("00123") is text: it is a code.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/js.h"

/*
 * ERR_BAD_INPUT with line and column.  At most 4 MiB, depth JS_DEPTH_MAX and
 * JS_VALUES_MAX values; takes less than 300 bytes of the arena for each of TEXT.
 */
enum err yaml_parse(struct ctx *, struct str text, const struct js **out) USE_RESULT;

/* The line a value stands on; 0 for one that came from JSON. */
int js_line(const struct js *);

#endif

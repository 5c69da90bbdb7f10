/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc_int.h - what attr.c, doc.c and doc_json.c share: the shape of attributes and
 * the one place where a value is checked.
 */
#ifndef CORE_DOC_INT_H
#define CORE_DOC_INT_H

#include "base/value.h"

#include "core/attr.h"

/* What stands before the dot of a path, and after it; sub is empty for a simple attribute. */
struct attr_path {
	struct str head, sub;
};

struct attr_path attr_split(enum attribute);
/* Both stand under one head, as name.givenName and name.familyName do. */
bool attr_is_sibling(enum attribute, enum attribute);
bool attr_is_multi(enum attribute);
/* The attribute "HEAD.SUB" of A's head; A_COUNT if there is none. */
enum attribute attr_sibling(enum attribute a, struct str sub);
/* "emails[1].value", for people. */
struct str attr_path_text(struct arena *, enum attribute, uint16_t index);

/* TEXT with line breaks and tabs as spaces: addresses are written in lines, and kept in one. */
struct str attr_one_line(struct arena *, struct str text);

/*
 * TEXT as it is stored for A: trimmed, in one line, in canon_store() form, and checked
 * against type and meaning.  Empty stays empty.  ERR_BAD_INPUT names FIELD.
 */
enum err attr_value(struct ctx *, enum attribute a, struct str field,
    struct str text, struct str *out) USE_RESULT;

/* TEXT trimmed, in one line and in canon_store() form, of at most MOST characters.  ERR_BAD_INPUT names FIELD. */
enum err attr_text(struct ctx *, struct str field, struct str text,
    size_t most, struct str *out) USE_RESULT;

/* Where doc_set() puts a value: PATH is for people. */
struct doc_place {
	enum attribute a;
	struct str     selector, path;
};

enum err doc_set_at(struct ctx *, struct doc *, const struct doc_place *,
    struct str value) USE_RESULT;

/* The same of a declared attribute, into *ALL (extension_add). */
enum err doc_declare(struct ctx *, struct value **all,
    const struct doc_place *, struct str value) USE_RESULT;

/* Orders by (id, index). */
int attr_cmp(const struct attr *, const struct attr *);
/* Refuses a document that is too large, or has two primaries. */
enum err doc_check(struct ctx *, const struct doc *) USE_RESULT;

#endif

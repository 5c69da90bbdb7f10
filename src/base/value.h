/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - a value is JSON that may be changed: what a resource is while a
 * request works on it.
 *
 * What was parsed (base/js.h) is for reading only; PATCH needs a resource that
 * it can write into, and encoders one that they can leave members out of.  A
 * value belongs to one arena and to one place: it is copied, never shared.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/js.h"

struct value {
	enum js_type  type;
	struct str    name;	/* as a member of an object */
	struct str    text;
	bool	      is_true;
	int64_t	      number;
	double	      real;
	struct value *first, *last;	/* of an array or object */
	struct value *next;
};

struct value *value_object(struct arena *);
struct value *value_array(struct arena *);
struct value *value_text(struct arena *, struct str);
struct value *value_bool(struct arena *, bool);
struct value *value_int(struct arena *, int64_t);
struct value *value_null(struct arena *);

/* A copy of what was parsed; its texts are views of it. */
struct value *value_of(struct arena *, const struct js *);
struct value *value_copy(struct arena *, const struct value *);

/* The member NAME, without case (RFC 7643 section 2.1); NULL if absent, or if it is no object. */
struct value *value_get(const struct value *object, struct str name);
/* The text of a member; empty if it has none. */
struct str value_get_text(const struct value *object, struct str name);
size_t value_count(const struct value *);

/* In the place of the member NAME, or behind the last one; takes MEMBER over. */
void value_put(struct value *object, struct str name, struct value *member);
/* Behind the last element; takes it over. */
void value_add(struct value *array, struct value *element);
/* Takes CHILD out of what holds it. */
void value_drop(struct value *parent, const struct value *child);
void value_drop_name(struct value *object, struct str name);

/* Members in any order; names without case, texts with it. */
bool value_eq(const struct value *, const struct value *);
/* null, an empty text, an object or array in which nothing is (RFC 7643 section 2.5: that is being absent). */
bool value_is_empty(const struct value *);

void value_write(struct js_out *, const struct value *);

#endif

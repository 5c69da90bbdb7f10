/* SPDX-License-Identifier: Apache-2.0 */
/*
 * js.h - JSON in and out.  jansson reads (duplicate keys refused, depth and
 * size limited); the writer here gives the canonical form: members in the
 * order written, no white space, so callers write keys sorted where a digest
 * depends on it.
 */
#ifndef BASE_JS_H
#define BASE_JS_H

#include "base/buf.h"
#include "base/err.h"

struct js;	/* a parsed value; lives as long as the arena */

enum js_type { JS_NULL, JS_BOOL, JS_INT, JS_REAL, JS_STRING, JS_ARRAY, JS_OBJECT };

#define JS_DEPTH_MAX  32
#define JS_TEXT_MAX   (16u * 1024 * 1024)
#define JS_VALUES_MAX 200000	/* each takes up to a hundred times the bytes that it has as text (S-T15) */

/*
 * Any JSON value.  ERR_BAD_INPUT with line, column and reason; ERR_TOO_LARGE
 * past JS_TEXT_MAX or JS_VALUES_MAX.  Text with NUL or bad UTF-8 is refused.
 */
enum err js_parse(struct ctx *, struct str text, const struct js **out) USE_RESULT;

enum js_type js_type(const struct js *);
bool js_bool(const struct js *);
int64_t js_int(const struct js *);		/* JS_INT only */
double js_real(const struct js *);		/* JS_INT or JS_REAL */
struct str js_str(const struct js *);		/* JS_STRING only: a view */
size_t js_count(const struct js *);		/* of an array or object; 0 of anything else */
const struct js *js_at(const struct js *array, size_t i);
const struct js *js_get(const struct js *object, const char *key);	/* NULL if absent, or if it is no object */
/* The I-th member of an object in input order. */
const struct js *js_member(const struct js *object, size_t i, struct str *key);
/* OBJECT without member KEY; its values are shared.  What is no object stays as it is. */
const struct js *js_without(struct arena *, const struct js *object, const char *key);

/*
 * Writing.  js_key before each value of an object; commas place themselves.
 * What is written becomes text, or at once what parsing that text would give.
 */
struct js_out {
	struct buf     *b;	/* NULL: there is a tree */
	bool		needs_comma;
	struct js_tree *tree;
};

void js_begin(struct js_out *, struct buf *);
/* Of one value; texts and keys are copied.  Nothing raw may be put. */
void js_begin_tree(struct js_out *, struct arena *);
const struct js *js_end_tree(struct js_out *);
void js_open_object(struct js_out *);
void js_close_object(struct js_out *);
void js_open_array(struct js_out *);
void js_close_array(struct js_out *);
void js_key(struct js_out *, const char *);
void js_key_str(struct js_out *, struct str);
void js_put_str(struct js_out *, struct str);
void js_put_z(struct js_out *, const char *);
void js_put_int(struct js_out *, int64_t);
void js_put_real(struct js_out *, double);	/* finite: JSON has no other */
void js_put_bool(struct js_out *, bool);
void js_put_null(struct js_out *);
void js_put_id(struct js_out *, int64_t id);	/* wire form of an id; 0 gives null */
void js_put_time(struct js_out *, int64_t ms);	/* RFC 3339; 0 gives null */
void js_put_date(struct js_out *, int32_t day);
void js_put_raw(struct js_out *, struct str json);	/* already JSON */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str.h - a str is a view of bytes, never their owner.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct arena;

struct str {
	const char *p;
	size_t	    n;
};

#define STR(literal) ((struct str) { (literal), sizeof(literal) - 1 })

/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, ((s).p != NULL ? (s).p : "")

struct str str_of(const char *z);			/* view of a C string; NULL gives "" */
bool str_eq(struct str, struct str);
bool str_eq_nocase(struct str, struct str);		/* ASCII only */
int str_cmp(struct str, struct str);			/* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Offset of C, or s.n. */
size_t str_find(struct str s, char c);
struct str str_sub(struct str s, size_t from, size_t n); /* clamped to S */
struct str str_trim(struct str s);			/* ASCII white space off both ends */
/* Cuts S at the first C: returns what stands before it, S becomes what stands after it (empty, p NULL, if none). */
struct str str_cut(struct str *s, char c);

struct str str_copy(struct arena *, struct str);
char *str_z(struct arena *, struct str);		/* NUL-terminated copy; a NUL inside is a bug */
struct str str_fmt(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A decimal number with nothing left over; false on overflow or junk. */
bool str_int(struct str, int64_t *out) USE_RESULT;

/* Well-formed UTF-8 without NUL, surrogates or overlong forms. */
bool str_utf8(struct str);

/* Lower-case hex, RFC 4648 base64url without padding, standard base64 with padding. */
struct str str_hex(struct arena *, struct str bytes);
struct str str_base64url(struct arena *, struct str bytes);
struct str str_base64(struct arena *, struct str bytes);
bool str_unhex(struct arena *, struct str text, struct str *out) USE_RESULT;
bool str_unbase64url(struct arena *, struct str text, struct str *out) USE_RESULT;
bool str_unbase64(struct arena *, struct str text, struct str *out) USE_RESULT;

/* Equal length and content, in time that does not depend on the content. */
bool str_eq_secret(struct str, struct str);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - the head of an HTTP/1.1 response, read strictly (RFC 9112).
 */
#ifndef USHER_ANSWER_H
#define USHER_ANSWER_H

#include "http/http.h"

#define ANSWER_HEAD_MAX	   32768
#define ANSWER_HEADERS_MAX 64
#define ANSWER_BODY_MAX	   (64u << 20)

struct answer {
	int		     status;	/* 200 … 599 */
	const struct header *header;
	size_t		     nheader;
	struct str	     body;
	size_t		     length;	/* of the body; 0 for 204 and 304 */
	bool		     ends;	/* Connection: close */
};

/* How many bytes the head at the start of BYTES has, its empty line included; 0: more are needed. */
size_t answer_head_length(struct str bytes);

/*
 * Reads a whole HEAD; views of it.  false: WHY names what is wrong.  Refused
 * are other versions, interim answers (nothing here asks for them), transfer
 * codings, folded lines, bare CR or LF, a length missing or named twice.
 */
bool answer_head(struct arena *, struct str head, struct answer *out, enum msg *why) USE_RESULT;

/* The value of a header (names without case); p == NULL if absent. */
struct str answer_header(const struct answer *, const char *name);

#endif

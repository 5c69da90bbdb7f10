/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.h - requests of the two doors: load.c has the native API's, load_scim.c
 * SCIM's.  Both ask the same things of the same persons.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "drive.h"

#define LINE_MAX_  256
#define BULK_COUNT 1000		/* persons in one request */

/* Of the command line: a product, how many are on a page, or a file's lines. */
extern const char *argument;
extern char **line;
extern size_t nline;

/* What persons are made of: NUMBER tells them apart, and is all that is theirs. */
struct made {
	size_t number, given, family;	/* names, as most companies make user names and addresses of */
	const char *site;
	size_t department;
};
struct made made_of(size_t number);

/* Of a file: hops, so that neighbours in it are not neighbours in time. */
const char *line_of(size_t number);

/* A request with a body, or with none (NULL); MORE are header lines.  Its length. */
size_t request(char *out, const char *method, const char *path, const char *more, const char *body);

/* Any answer of 2xx is good. */
enum reply_state judge(struct connection *);
/* A page: keeps the cursor that follows KEY in c->place, for the next one. */
enum reply_state judge_page(struct connection *, const char *key);
/* A body with many outcomes, each of which must be 201: no other STATUS stands in it. */
enum reply_state judge_many(struct connection *, const char *status);

size_t scim_post(struct connection *, size_t number, char *out);
size_t scim_read(struct connection *, size_t number, char *out);
size_t scim_patch(struct connection *, size_t number, char *out);
size_t scim_list(struct connection *, size_t number, char *out);
size_t scim_bulk(struct connection *, size_t number, char *out);
enum reply_state judge_scim_page(struct connection *);
enum reply_state judge_scim_bulk(struct connection *);

#endif

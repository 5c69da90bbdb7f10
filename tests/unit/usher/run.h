/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - a command line run as its own process, and a server that says what
 * the test wants, for what a command sends and how it takes the answer.
 */
#ifndef TEST_USHER_RUN_H
#define TEST_USHER_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "usher/cli.h"

#define RUN_TEXT 65536

struct ran {
	int  code;	/* exit status, 128 + N for signal N */
	char out[RUN_TEXT], err[RUN_TEXT];
};

/* Runs `usher WORDS…` (the last is NULL) without USHER_ variables but USHER_SERVER and USHER_TOKEN_FILE, if set by run_server(). */
void run_usher(struct ran *, const char *const *words);
/* The same with standard output into the file OUT, which is not read. */
int run_usher_to(struct ran *, const char *out, const char *const *words);
#define RUN(ran, ...) run_usher((ran), (const char *const[]) { __VA_ARGS__, NULL })

#define HAS(text, part) assert_non_null(strstr((text), (part)))
#define HAS_NOT(text, part) assert_null(strstr((text), (part)))

/* A folder of the test's own, made anew and removed with all that is in it. */
const char *run_folder(void);
void run_folder_remove(void);
/* "FOLDER/NAME" in a buffer of its own; and the same with TEXT in it and this mode. */
const char *run_path(const char *name);
const char *run_file(const char *name, const char *text, unsigned mode);
void run_read(const char *path, char text[RUN_TEXT]);

/*
 * A server on a free port that answers each request with the next of REPLIES
 * (NULL ends them; then it closes what comes) and keeps what it was sent in
 * the file "requests" of the folder.  "{…}" is sent as JSON with the ETag "7",
 * "412{…}" with this status, anything else as it is.  After a reply that begins with "!" (which
 * is not sent) it closes; one with "/" is sent as soon as the head is there; ""
 * is no answer but the end.
 */
const char *run_server(const char *const *replies);
void run_server_end(void);

#endif

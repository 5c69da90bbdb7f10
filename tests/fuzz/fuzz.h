/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what every fuzz target shares.  A target takes bytes as a stranger
 * would send them, decodes them, and checks with must() what has to hold for
 * whatever was accepted.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include "base/err.h"

#define FUZZ_ARENA_MAX ((size_t)256 << 20)

/* libFuzzer calls it for each input; it answers 0. */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A context as a door makes it; fuzz_close() frees what hangs on it. */
static inline struct ctx
fuzz_open(void)
{
	return (struct ctx) { .arena = arena_open(FUZZ_ARENA_MAX) };
}

static inline void
fuzz_close(struct ctx *cx)
{
	arena_close(cx->arena);
}

/* An error has told why, in words that every language has. */
static inline void
fuzz_refused(struct ctx *cx)
{
	const struct fault *f = &cx->fault;

	must(f->err != OK && f->msg != MSG_NONE);
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		must(msg_text(cx->arena, f->msg, (enum lang)lang, f->args).n > 0);
		must(msg_remedy(cx->arena, f->msg, (enum lang)lang, f->args).n > 0);
	}
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h - the words every file uses: attributes, must(), fatal(), counting.
 *
 * Three kinds of trouble, never mixed (STYLE.md 6): an expected failure is an
 * enum err (err.h); a machine that is out of something is fatal(); a bug is
 * must().
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USE_RESULT	    __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a)   __attribute__((format(printf, f, a), nonnull(f)))
#define NO_RETURN	    __attribute__((noreturn))
/* Built with a sanitizer, whose own calls a confinement would deny. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#define COUNT(array)	    (sizeof(array) / sizeof((array)[0]))

/*
 * A bug if X is false: logs file, line and the expression, then aborts.  On in
 * release builds too.  Never on foreign input.
 */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))

/* A place that is never reached: must() without a condition. */
#define bug(what) must_failed(what, __FILE__, __LINE__)

void must_failed(const char *expr, const char *file, int line) NO_RETURN;

/*
 * The machine is out of something (memory, disk, descriptors): logs WHAT with
 * errno's text and exits with status 70; the supervisor restarts us and the
 * database is whole.
 */
void fatal(const char *what, ...) PRINTF_LIKE(1, 2) NO_RETURN;

#endif

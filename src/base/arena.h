/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - an arena is the memory of one unit of work.
 *
 * Made at the door (request, batch, command, test), freed at the door; nothing
 * is freed in between, so an early return is always right.  One thread touches
 * an arena at a time.  Secrets never live in one.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"

struct arena;

/* A new arena that holds at most MAX bytes; past that, fatal(). */
struct arena *arena_open(size_t max);

/* Runs what was deferred, last first, then frees all.  NULL is allowed. */
void arena_close(struct arena *);

/* Empties the arena for the next unit of work, keeping its first block. */
void arena_reset(struct arena *);

/* SIZE zeroed bytes, aligned for any type; never NULL. */
void *arena_alloc(struct arena *, size_t size);

/* N zeroed objects of SIZE bytes; an overflowing product is fatal(). */
void *arena_array(struct arena *, size_t n, size_t size);

/* A copy of N bytes at P. */
void *arena_copy(struct arena *, const void *p, size_t n);

/* Calls FREE_FN(OBJECT) when the arena closes or is reset. */
void arena_defer(struct arena *, void (*free_fn)(void *), void *object);

/*
 * From now on what the arena takes from the heap, but for its first block, is
 * added to *TOTAL as long as it has it: of several, that is what they all have.
 */
void arena_count(struct arena *, _Atomic size_t *total);

/* Bytes handed out so far. */
size_t arena_used(const struct arena *);

/*
 * Memory that outlives every unit of work: the only way to the heap outside
 * base/.  Zeroed; never NULL (fatal() when there is none).
 */
void *heap_alloc(size_t n, size_t size);
void *heap_grow(void *p, size_t n, size_t size);
void heap_free(void *p);

#endif

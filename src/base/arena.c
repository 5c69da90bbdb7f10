/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_ASAN)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define RED_ZONE       16
#else
#define POISON(p, n)   ((void)(p))
#define UNPOISON(p, n) ((void)(p))
#define RED_ZONE       0
#endif

#define ALIGN	    sizeof(max_align_t)
#define FIRST_BLOCK (16 * 1024)
#define BLOCK_MAX   (1024 * 1024)

struct block {
	struct block *next;
	size_t	      size;
	max_align_t   bytes[];
};

struct deferred {
	struct deferred *next;
	void (*free_fn)(void *);
	void *object;
};

struct arena {
	char		*at, *end; /* what is left of the newest block */
	struct block	*more;	   /* after the first, newest first */
	struct deferred *deferred;
	_Atomic size_t	*total;	/* NULL: nobody counts */
	size_t		 max, used; /* bytes handed out, rounded up */
	size_t		 next_block;
	max_align_t	 first[FIRST_BLOCK / sizeof(max_align_t)];
};

/* In front of every piece of heap: heap_grow() zeroes what it adds. */
union heap_head {
	size_t	    size;
	max_align_t align;
};

static char *take(struct arena *, size_t);
static void add_block(struct arena *, size_t);
static void run_deferred(struct arena *);
static void free_blocks(struct arena *);
static void start_first(struct arena *);
static size_t product(size_t, size_t);

struct arena *
arena_open(size_t max)
{
	struct arena *a = malloc(sizeof(*a));

	if (a == NULL)
		fatal("no memory for an arena");
	a->more = NULL;
	a->deferred = NULL;
	a->total = NULL;
	a->max = max;
	start_first(a);
	return a;
}

void
arena_close(struct arena *a)
{
	if (a == NULL)
		return;
	run_deferred(a);
	free_blocks(a);
	UNPOISON(a->first, sizeof(a->first));
	free(a);
}

void
arena_reset(struct arena *a)
{
	run_deferred(a);
	free_blocks(a);
	start_first(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return memset(take(a, size), 0, size);
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	return arena_alloc(a, product(n, size));
}

void *
arena_copy(struct arena *a, const void *p, size_t n)
{
	char *copy = take(a, n);

	return n == 0 ? copy : memcpy(copy, p, n);
}

void
arena_defer(struct arena *a, void (*free_fn)(void *), void *object)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	*d = (struct deferred) { a->deferred, free_fn, object };
	a->deferred = d;
}

void
arena_count(struct arena *a, _Atomic size_t *total)
{
	must(a->more == NULL && a->total == NULL);
	a->total = total;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

/* SIZE bytes that may hold anything. */
static char *
take(struct arena *a, size_t size)
{
	size_t whole = (size + ALIGN - 1) / ALIGN * ALIGN;
	char *p;

	if (size > a->max || whole > a->max - a->used)
		fatal("a unit of work needs more than its %zu bytes", a->max);
	if (whole + RED_ZONE > (size_t)(a->end - a->at))
		add_block(a, whole + RED_ZONE);
	p = a->at;
	a->at += whole + RED_ZONE;
	a->used += whole;
	UNPOISON(p, size);
	return p;
}

static void
add_block(struct arena *a, size_t least)
{
	size_t size = least > a->next_block ? least : a->next_block;
	struct block *b = malloc(sizeof(*b) + size);

	if (b == NULL)
		fatal("no memory for a block of %zu bytes", size);
	b->next = a->more;
	b->size = size;
	a->more = b;
	if (a->total != NULL)
		atomic_fetch_add(a->total, size);
	a->at = (char *)b->bytes;
	a->end = a->at + size;
	if (a->next_block < BLOCK_MAX)
		a->next_block *= 2;
	POISON(b->bytes, size);
}

static void
run_deferred(struct arena *a)
{
	struct deferred *d;

	while ((d = a->deferred) != NULL) {
		a->deferred = d->next;
		d->free_fn(d->object);
	}
}

static void
free_blocks(struct arena *a)
{
	struct block *b;

	while ((b = a->more) != NULL) {
		a->more = b->next;
		if (a->total != NULL)
			atomic_fetch_sub(a->total, b->size);
		UNPOISON(b->bytes, b->size);
		free(b);
	}
}

static void
start_first(struct arena *a)
{
	a->at = (char *)a->first;
	a->end = a->at + sizeof(a->first);
	a->used = 0;
	a->next_block = 2 * FIRST_BLOCK;
	POISON(a->first, sizeof(a->first));
}

void *
heap_alloc(size_t n, size_t size)
{
	return heap_grow(NULL, n, size);
}

void *
heap_grow(void *p, size_t n, size_t size)
{
	size_t want = product(n, size), had = 0;
	union heap_head *head = NULL;

	if (p != NULL) {
		head = (union heap_head *)p - 1;
		had = head->size;
	}
	if (want > SIZE_MAX - sizeof(*head) - 1)
		fatal("%zu bytes of heap are too many", want);
	/* One more, so that what we return points inside if it is empty. */
	head = realloc(head, sizeof(*head) + want + 1);
	if (head == NULL)
		fatal("no memory for %zu bytes of heap", want);
	head->size = want;
	if (want > had)
		memset((char *)(head + 1) + had, 0, want - had);
	return head + 1;
}

void
heap_free(void *p)
{
	if (p != NULL)
		free((union heap_head *)p - 1);
}

static size_t
product(size_t n, size_t size)
{
	size_t whole;

	if (__builtin_mul_overflow(n, size, &whole))
		fatal("%zu objects of %zu bytes are too many", n, size);
	return whole;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_aside.c - rows put aside until the manager they name is in.
 *
 * Whoever goes in before the manager needs a second order afterwards, with a
 * log entry of its own.  The memory for it is bounded: past that, and where
 * two are each other's managers, the second order is what remains.
 */
#include "act/import_int.h"

#include <string.h>

#define SLOTS	  65536
#define BYTES_MAX ((size_t)64 << 20)

struct aside_list {
	struct aside *by_manager[SLOTS];	/* chains */
	struct aside *first, **last;		/* whose manager is in */
	size_t	      bytes;
};

static void release(struct aside_list *, struct aside **, uint32_t manager,
    bool all);
static void append(struct aside_list *, struct aside *);

struct aside_list *
aside_open(void)
{
	struct aside_list *list = heap_alloc(1, sizeof(*list));

	list->last = &list->first;
	return list;
}

void
aside_close(struct aside_list *list)
{
	struct aside *a;

	aside_release_all(list);
	while ((a = aside_take(list)) != NULL)
		heap_free(a);
	heap_free(list);
}

bool
aside_put(struct aside_list *list, const struct aside *row)
{
	const size_t size = sizeof(*row) + row->raw.n;
	struct aside **chain = &list->by_manager[row->manager % SLOTS];
	struct aside *a;

	if (size > BYTES_MAX - list->bytes)
		return false;
	list->bytes += size;
	a = heap_alloc(1, size);
	*a = *row;
	a->raw.p = memcpy(a + 1, row->raw.p, row->raw.n);
	a->next = *chain;
	*chain = a;
	return true;
}

void
aside_release(struct aside_list *list, uint32_t manager)
{
	release(list, &list->by_manager[manager % SLOTS], manager, false);
}

void
aside_release_all(struct aside_list *list)
{
	for (size_t i = 0; i < SLOTS; i++)
		release(list, &list->by_manager[i], 0, true);
}

/* The newest stands first in a chain; seats go to who came first. */
static void
release(struct aside_list *list, struct aside **at, uint32_t manager, bool all)
{
	struct aside *a, *oldest = NULL;

	while ((a = *at) != NULL) {
		if (!all && a->manager != manager) {
			at = &a->next;
			continue;
		}
		*at = a->next;
		a->next = oldest;
		oldest = a;
	}
	while ((a = oldest) != NULL) {
		oldest = a->next;
		append(list, a);
	}
}

static void
append(struct aside_list *list, struct aside *a)
{
	a->next = NULL;
	*list->last = a;
	list->last = &a->next;
}

struct aside *
aside_take(struct aside_list *list)
{
	struct aside *a = list->first;

	if (a == NULL)
		return NULL;
	list->first = a->next;
	if (list->first == NULL)
		list->last = &list->first;
	list->bytes -= sizeof(*a) + a->raw.n;
	return a;
}

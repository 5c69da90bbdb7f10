/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares.c - what the clock writes for many tenants: an item for each of them,
 * for it goes the way of its tenant, whose rows nobody else writes (S-F2).
 */
#include "act/world_int.h"

#include <stdlib.h>

#include "base/clock.h"

#define SHARE_MEMORY (16 << 20)

static size_t came_to_nothing(struct world *, const struct row_list *,
    const struct share *);
static int by_tenant(const void *, const void *);
static size_t cut(const struct row_list *, struct share *);
static int64_t tenant_of(const struct row_list *, size_t);

size_t
shares_write(struct world *w, const struct use_case *use_case,
    const struct actor *actor, const struct row_list *list)
{
	static const char no_request[16];
	struct arena *arena = arena_open(SHARE_MEMORY);
	struct share *share = arena_array(arena, list->n + 1, sizeof(*share));
	size_t n = cut(list, share), lost = 0;
	struct item *item = arena_array(arena, n + 1, sizeof(*item));
	struct ctx *cx = arena_array(arena, n + 1, sizeof(*cx));

	for (size_t i = 0; i < n; i++) {
		cx[i] = (struct ctx) { .arena = arena_open(SHARE_MEMORY),
			.actor = actor,
			.now_ms = clock_now_ms(),
			.request_id = { no_request, sizeof(no_request) } };
		item[i] = (struct item) { .cx = &cx[i],
			.use_case = use_case,
			.tenant = share[i].tenant,
			.fence = list->fence,
			.in = &share[i] };
	}
	pipeline_do_all(w->pipeline, item, n, ITEM_BULK);
	for (size_t i = 0; i < n; i++) {
		if (item[i].err != OK)
			lost += came_to_nothing(w, list, &share[i]);
		arena_close(cx[i].arena);
	}
	arena_close(arena);
	return lost;
}

static size_t
came_to_nothing(
    struct world *w, const struct row_list *list, const struct share *s)
{
	const char *row = s->row;

	for (size_t i = 0; list->lost != NULL && i < s->n; i++)
		list->lost(w, row + i * list->size);
	return s->n;
}

static size_t
cut(const struct row_list *list, struct share *out)
{
	size_t n = 0;

	if (list->n > 0)
		qsort(list->row, list->n, list->size, by_tenant);
	for (size_t i = 0; i < list->n; i++) {
		uint32_t tenant = (uint32_t)tenant_of(list, i);

		if (n == 0 || out[n - 1].tenant != tenant)
			out[n++] = (struct share) { tenant,
				(char *)list->row + i * list->size, 0 };
		out[n - 1].n++;
	}
	return n;
}

static int64_t
tenant_of(const struct row_list *list, size_t i)
{
	return *(const int64_t *)(const void *)((const char *)list->row +
	    i * list->size);
}

static int
by_tenant(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

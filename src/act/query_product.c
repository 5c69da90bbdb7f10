/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_product.c - what the persons of a page hold and await: a product for
 * each that they have a grant of, with how it stands.
 */
#include "act/query_int.h"

#define PRODUCTS_SHOWN_MAX 20000	/* of all people of an answer */
#define AT_ONCE		   50	/* people whose grants are loaded, so that the bound is seen in time */

/* One for each grant's product, in the order of the grants. */
struct having {
	struct persons_product *of;
	size_t		       *owner;	/* whose, in the page */
	struct seat	       *seat;	/* the key that it would have */
	size_t			n;
};

static enum err add_some(struct reader *, struct ctx *, const struct realm *,
    struct person_view *, size_t n, size_t *shown);
static void take_grants(struct ctx *, const struct realm *,
    const struct rows *, struct having *);
static enum err take_seats(struct reader *, const struct realm *,
    struct having *);

enum err
products_add(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct page_in *page, struct person_view *v, size_t n)
{
	size_t shown = 0;

	for (size_t i = 0; page->has_products && i < n; i += AT_ONCE) {
		const size_t some = n - i < AT_ONCE ? n - i : AT_ONCE;

		TRY(add_some(r, cx, realm, &v[i], some, &shown));
	}
	return OK;
}

static enum err
add_some(struct reader *r, struct ctx *cx, const struct realm *realm,
    struct person_view *v, size_t n, size_t *shown)
{
	struct grant *key = arena_array(cx->arena, n + 1, sizeof(*key));
	struct having has = { 0 };
	struct rows grants;

	for (size_t i = 0; i < n; i++) {
		key[i].tenant = v[i].row.tenant;
		key[i].person = v[i].row.id;
	}
	TRY(store_load(r->data, &GRANT, key, n, 2, 0, &grants));
	*shown += grants.n;
	if (*shown > PRODUCTS_SHOWN_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_QUERY_PRODUCTS, "attributes",
		    LIMIT_TEXT(PRODUCTS_SHOWN_MAX));
	take_grants(cx, realm, &grants, &has);
	TRY(take_seats(r, realm, &has));
	for (size_t i = 0; i < has.n; i++) {
		struct person_view *p = &v[has.owner[i]];

		/* Those of one person stand together. */
		if (p->nproduct++ == 0)
			p->product = &has.of[i];
	}
	return OK;
}

/* A product that is had for several reasons is one; what the catalogue has lost has no name. */
static void
take_grants(struct ctx *cx, const struct realm *realm,
    const struct rows *grants, struct having *has)
{
	const struct grant *g = grants->row;

	has->of = arena_array(cx->arena, grants->n + 1, sizeof(*has->of));
	has->owner = arena_array(cx->arena, grants->n + 1, sizeof(size_t));
	has->seat = arena_array(cx->arena, grants->n + 1, sizeof(*has->seat));
	for (size_t i = 0; i < grants->n; i++) {
		const struct product *product =
		    catalogue_product(realm->catalogue, g[i].product);
		struct persons_product *last =
		    has->n > 0 ? &has->of[has->n - 1] : NULL;

		if (product == NULL)
			continue;
		if (last == NULL || last->product != product ||
		    has->owner[has->n - 1] != grants->key[i]) {
			last = &has->of[has->n];
			last->product = product;
			last->outcome = OUTCOME_QUEUED;
			has->owner[has->n] = grants->key[i];
			has->seat[has->n++] = (struct seat) {
				.tenant = g[i].tenant,
				.product = g[i].product,
				.person = g[i].person,
			};
		}
		last->is_asked |= g[i].reason == GRANT_REQUEST;
	}
}

static enum err
take_seats(
    struct reader *r, const struct realm *realm, struct having *has)
{
	struct rows seats;

	TRY(store_load(r->data, &SEAT, has->seat, has->n, 3, 0, &seats));
	for (size_t i = 0; i < seats.n; i++) {
		const struct seat *seat = &((struct seat *)seats.row)[i];
		const struct pool_info *pool =
		    catalogue_pool(realm->catalogue, seat->pool);
		struct persons_product *of = &has->of[seats.key[i]];

		of->outcome = seat->state == SEAT_HELD ? OUTCOME_HELD
						       : OUTCOME_ASSIGNED;
		if (pool != NULL)
			of->pool = pool->slug;
	}
	return OK;
}

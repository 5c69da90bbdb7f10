/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_compare.c - what a new version of the catalogue changes.  Rows are
 * the same by id, so a renamed row is a changed one.
 */
#include "base/buf.h"

#include "core/catalogue_int.h"

#define TOLD	 4	/* of what is removed */
#define TOLD_MAX ((SLUG_MAX + 20) * TOLD)

/* A row in both versions; one side is NULL when it came or went. */
struct match {
	const void *before, *after;
};

struct matches {
	struct match *match;
	size_t	      n;
};

/* One section of a version, by id. */
struct ids {
	const struct by_id *row;
	size_t		    n;
};

static struct matches match(struct arena *, struct ids, struct ids);
static void count(const struct matches *,
    bool (*)(const void *, const void *), struct catalogue_diff *);
static struct str removed_text(struct arena *, const struct matches *section);
static void tell_gone(struct buf *, const char *, const struct matches *,
    size_t *told);
static size_t gone(struct arena *, const struct matches *, const int64_t **);
static void pools_changed(struct arena *, const struct matches *,
    struct catalogue_diff *);
static size_t settings_changed(const struct catalogue *,
    const struct catalogue *);
static bool same_site(const void *, const void *);
static bool same_named(const void *, const void *);
static bool same_product(const void *, const void *);
static bool same_pool(const void *, const void *);
static bool same_filter(const struct filter *, const struct filter *);

enum section {
	SITES,
	DEPARTMENTS,
	ORGANISATIONS,
	PRODUCTS,
	POOLS,
	OWN_ROLES,
	GROUPS,
	SCHEMAS,
	TYPES,
	SECTIONS
};

/* Under which name a section stands in the document. */
static const struct {
	const char *name;
	bool	  (*is_same)(const void *, const void *);
} sections[SECTIONS] = {
	[SITES]		= { "sites",	     same_site },
	[DEPARTMENTS]	= { "departments",   same_named },
	[ORGANISATIONS] = { "organisations", catalogue_same_organisation },
	[PRODUCTS]	= { "products",	     same_product },
	[POOLS]		= { "pools",	     same_pool },
	[OWN_ROLES]	= { "roles",	     catalogue_same_role },
	[GROUPS]	= { "groups",	     catalogue_same_group },
	[SCHEMAS]	= { "schemas",	     catalogue_same_schema },
	[TYPES]		= { "resource_types", catalogue_same_type },
};

#define IDS(c, by, count) ((struct ids) { (c)->index->by, (c)->count })

void
catalogue_compare(struct arena *arena, const struct catalogue *a,
    const struct catalogue *b, struct catalogue_diff *out)
{
	const struct matches section[] = {
		[SITES] = match(
		    arena, IDS(a, site_id, nsite), IDS(b, site_id, nsite)),
		[DEPARTMENTS] = match(arena, IDS(a, department_id, ndepartment),
		    IDS(b, department_id, ndepartment)),
		[ORGANISATIONS] =
		    match(arena, IDS(a, organisation_id, norganisation),
			IDS(b, organisation_id, norganisation)),
		[PRODUCTS] = match(arena, IDS(a, product_id, nproduct),
		    IDS(b, product_id, nproduct)),
		[POOLS] = match(
		    arena, IDS(a, pool_id, npool), IDS(b, pool_id, npool)),
		[OWN_ROLES] = match(
		    arena, IDS(a, role_id, nrole), IDS(b, role_id, nrole)),
		[GROUPS] = match(
		    arena, IDS(a, group_id, ngroup), IDS(b, group_id, ngroup)),
		[SCHEMAS] = match(arena, IDS(a, schema_id, nschema),
		    IDS(b, schema_id, nschema)),
		[TYPES] = match(
		    arena, IDS(a, type_id, ntype), IDS(b, type_id, ntype)),
	};

	*out = (struct catalogue_diff) { 0 };
	for (size_t i = 0; i < SECTIONS; i++)
		count(&section[i], sections[i].is_same, out);
	out->changed += settings_changed(a, b);
	out->nsite_gone = gone(arena, &section[SITES], &out->site_gone);
	out->nproduct_gone =
	    gone(arena, &section[PRODUCTS], &out->product_gone);
	out->ntype_gone = gone(arena, &section[TYPES], &out->type_gone);
	out->npool_gone = gone(arena, &section[POOLS], &out->pool_gone);
	pools_changed(arena, &section[POOLS], out);
	out->removed_text = removed_text(arena, section);
}

/* A number alone would leave whoever forgot a line to search for it. */
static struct str
removed_text(struct arena *arena, const struct matches *section)
{
	struct buf b;
	size_t told = 0;

	buf_init(&b, arena, TOLD_MAX);
	for (size_t i = 0; i < SECTIONS; i++)
		tell_gone(&b, sections[i].name, &section[i], &told);
	return buf_view(&b);
}

static void
tell_gone(struct buf *b, const char *section, const struct matches *all,
    size_t *told)
{
	for (size_t i = 0; i < all->n && *told <= TOLD; i++) {
		const struct row_head *row = all->match[i].before;

		if (all->match[i].after != NULL)
			continue;
		buf_z(b, *told > 0 ? ", " : "");
		if (++*told > TOLD)
			buf_z(b, "…");
		else
			buf_fmt(b, "%s.%.*s", section, STR_ARG(row->slug));
	}
}

/* Merges two arrays that are sorted by id. */
static struct matches
match(struct arena *arena, struct ids a, struct ids b)
{
	struct matches all = { arena_array(arena, a.n + b.n + 1,
	    sizeof(*all.match)), 0 };

	for (size_t i = 0, j = 0; i < a.n || j < b.n;) {
		int64_t x = i < a.n ? a.row[i].id : INT64_MAX;
		int64_t y = j < b.n ? b.row[j].id : INT64_MAX;
		struct match *m = &all.match[all.n++];

		if (x <= y)
			m->before = a.row[i++].row;
		if (y <= x)
			m->after = b.row[j++].row;
	}
	return all;
}

static void
count(const struct matches *all, bool (*is_same)(const void *, const void *),
    struct catalogue_diff *out)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct match *m = &all->match[i];

		if (m->before == NULL)
			out->added++;
		else if (m->after == NULL)
			out->removed++;
		else if (!is_same(m->before, m->after))
			out->changed++;
	}
}

static size_t
gone(struct arena *arena, const struct matches *all, const int64_t **out)
{
	int64_t *id = arena_array(arena, all->n + 1, sizeof(*id));
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->match[i].after == NULL)
			id[n++] =
			    ((const struct row_head *)all->match[i].before)->id;
	*out = id;
	return n;
}

static void
pools_changed(
    struct arena *arena, const struct matches *all, struct catalogue_diff *out)
{
	const struct pool_info **fresh =
	    arena_array(arena, all->n + 1, sizeof(*fresh));
	const struct pool_info **quota =
	    arena_array(arena, all->n + 1, sizeof(*quota));

	for (size_t i = 0; i < all->n; i++) {
		const struct pool_info *a = all->match[i].before;
		const struct pool_info *b = all->match[i].after;

		if (a == NULL)
			fresh[out->npool_new++] = b;
		else if (b != NULL && a->quota != b->quota)
			quota[out->npool_quota++] = b;
	}
	out->pool_new = fresh;
	out->pool_quota = quota;
}

static size_t
settings_changed(const struct catalogue *a, const struct catalogue *b)
{
	size_t n = !str_eq(a->user_name_template, b->user_name_template);

	for (int s = 0; s < SETTING_COUNT; s++)
		n += a->setting[s] != b->setting[s];
	return n;
}

static bool
same_site(const void *before, const void *after)
{
	const struct site *a = before, *b = after;

	if (a->nfailover != b->nfailover)
		return false;
	for (size_t i = 0; i < a->nfailover; i++)
		if (a->failover[i] != b->failover[i])
			return false;
	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name) &&
	    str_eq(a->country, b->country) && str_eq(a->zone, b->zone);
}

static bool
same_named(const void *before, const void *after)
{
	const struct named *a = before, *b = after;

	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name);
}

static bool
same_product(const void *before, const void *after)
{
	const struct product *a = before, *b = after;

	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name) &&
	    same_filter(a->grant, b->grant) &&
	    a->cap_percent == b->cap_percent &&
	    str_eq(a->role_required, b->role_required);
}

static bool
same_pool(const void *before, const void *after)
{
	const struct pool_info *a = before, *b = after;

	return str_eq(a->slug, b->slug) && a->product == b->product &&
	    a->site == b->site && a->organisation == b->organisation &&
	    a->priority == b->priority &&
	    a->quota == b->quota && a->is_reserve == b->is_reserve &&
	    same_filter(a->eligibility, b->eligibility);
}

static bool
same_filter(const struct filter *a, const struct filter *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return str_eq(filter_text(a), filter_text(b));
}

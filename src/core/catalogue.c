/* SPDX-License-Identifier: Apache-2.0 */
#include "core/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/canon.h"

#include "core/catalogue_int.h"
#include "core/role.h"

/* For one name that is looked up. */
#define NAME_SCRATCH ((size_t)64 << 10)

static const struct setting_info settings[SETTING_COUNT + 1] = {
#define X(id, name, fallback, min, max, help) \
	[SETTING_##id] = { name, false, NULL, fallback, min, max, help },
	SETTINGS(X)
#undef X
	[SETTING_USER_NAME] = { "person.user_name", true, USER_NAME_TEMPLATE, 0, 0, 0,
	    "template of user names where the source has none" },
};

static void index_products(struct arena *, struct catalogue *);
static struct by_id *ids_make(struct arena *, const void *, size_t, size_t);
static struct by_name *names_make(struct arena *, const void *, size_t,
    size_t);
static const void *find_id(const struct by_id *, size_t, int64_t);
static const void *find_name(const struct by_name *, size_t, struct str);
static size_t add_pools(const struct catalogue *, const struct pool_info *,
    int64_t *, size_t);
static size_t place_first(const struct catalogue_index *,
    const struct pool_info *);
static int cmp_id(const void *, const void *);
static int cmp_name(const void *, const void *);
static int cmp_place(const void *, const void *);
static int cmp_tier(const struct pool_info *, const struct pool_info *);
static int cmp_priority(const void *, const void *);

const struct setting_info *
setting_info(enum setting s)
{
	must(s <= SETTING_USER_NAME);
	return &settings[s];
}

int
user_name_attribute(const void *arg, struct str name)
{
	static const char prefix[] = "name.";
	char path[sizeof(prefix) + SLUG_MAX];
	enum attribute a = attr_find(name);

	must(arg == NULL);
	if (a == A_COUNT && name.n <= SLUG_MAX) {
		memcpy(path, prefix, sizeof(prefix) - 1);
		memcpy(path + sizeof(prefix) - 1, name.p, name.n);
		a = attr_find(
		    (struct str) { path, sizeof(prefix) - 1 + name.n });
	}
	return a == A_COUNT ? -1 : (int)a;
}

/* --- the index ---------------------------------------------------------------- */

void
catalogue_index_make(struct arena *arena, struct catalogue *c)
{
	struct catalogue_index *x = arena_alloc(arena, sizeof(*x));

	c->index = x;
	x->site_id = ids_make(arena, c->site, c->nsite, sizeof(*c->site));
	x->department_id = ids_make(
	    arena, c->department, c->ndepartment, sizeof(*c->department));
	x->organisation_id = ids_make(
	    arena, c->organisation, c->norganisation, sizeof(*c->organisation));
	x->product_id =
	    ids_make(arena, c->product, c->nproduct, sizeof(*c->product));
	x->pool_id = ids_make(arena, c->pool, c->npool, sizeof(*c->pool));
	x->role_id = ids_make(arena, c->role, c->nrole, sizeof(*c->role));
	x->group_id = ids_make(arena, c->group, c->ngroup, sizeof(*c->group));
	x->schema_id =
	    ids_make(arena, c->schema, c->nschema, sizeof(*c->schema));
	x->type_id = ids_make(arena, c->type, c->ntype, sizeof(*c->type));
	x->site_name = names_make(arena, c->site, c->nsite, sizeof(*c->site));
	x->department_name = names_make(
	    arena, c->department, c->ndepartment, sizeof(*c->department));
	x->place = arena_array(arena, c->npool + 1, sizeof(struct pool_info *));
	for (size_t i = 0; i < c->npool; i++)
		if (!c->pool[i].is_reserve)
			x->place[x->nplace++] = &c->pool[i];
	qsort(x->place, x->nplace, sizeof(struct pool_info *), cmp_place);
	index_products(arena, c);
}

/* Each product's pools, reserves included, by priority and slug. */
static void
index_products(struct arena *arena, struct catalogue *c)
{
	struct product *product =
	    arena_copy(arena, c->product, c->nproduct * sizeof(*product));
	const struct pool_info **all =
	    arena_array(arena, c->npool + 1, sizeof(*all));
	int64_t *id = arena_array(arena, c->npool + 1, sizeof(*id));

	for (size_t i = 0; i < c->npool; i++)
		all[i] = &c->pool[i];
	qsort(all, c->npool, sizeof(*all), cmp_priority);
	for (size_t i = 0; i < c->npool; i++)
		id[i] = all[i]->id;
	for (size_t p = 0, i = 0; p < c->nproduct; p++) {
		const struct by_id *x = &c->index->product_id[p];
		size_t at =
		    (size_t)((const struct product *)x->row - c->product);

		product[at].pool = &id[i];
		while (i < c->npool && all[i]->product == x->id)
			i++;
		product[at].npool = (size_t)(&id[i] - product[at].pool);
		c->index->product_id[p].row = &product[at];
	}
	c->product = product;
}

static struct by_id *
ids_make(struct arena *arena, const void *rows, size_t n, size_t size)
{
	struct by_id *ids = arena_array(arena, n + 1, sizeof(*ids));

	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * size;

		ids[i] = (struct by_id) { *(const int64_t *)row, row };
	}
	qsort(ids, n, sizeof(*ids), cmp_id);
	return ids;
}

static struct by_name *
names_make(struct arena *arena, const void *rows, size_t n, size_t size)
{
	struct by_name *names = arena_array(arena, n + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * size;

		names[i].row = row;
		must(canon_key(
		    arena, ((const struct named *)row)->name, &names[i].key));
	}
	qsort(names, n, sizeof(*names), cmp_name);
	return names;
}

/* --- looking up ----------------------------------------------------------------- */

const struct site *
catalogue_site(const struct catalogue *c, int64_t id)
{
	return find_id(c->index->site_id, c->nsite, id);
}

const struct site *
catalogue_site_slug(const struct catalogue *c, struct str text)
{
	const struct site *s =
	    catalogue_row(c->site, c->nsite, sizeof(*c->site), text);

	return s != NULL ? s : find_name(c->index->site_name, c->nsite, text);
}

const struct named *
catalogue_department_slug(const struct catalogue *c, struct str text)
{
	const struct named *d = catalogue_row(
	    c->department, c->ndepartment, sizeof(*c->department), text);

	return d != NULL
	    ? d
	    : find_name(c->index->department_name, c->ndepartment, text);
}

const struct organisation *
catalogue_organisation(const struct catalogue *c, int64_t id)
{
	return find_id(c->index->organisation_id, c->norganisation, id);
}

const struct organisation *
catalogue_organisation_slug(const struct catalogue *c, struct str slug)
{
	return catalogue_row(
	    c->organisation, c->norganisation, sizeof(*c->organisation), slug);
}

const struct product *
catalogue_product(const struct catalogue *c, int64_t id)
{
	return find_id(c->index->product_id, c->nproduct, id);
}

const struct product *
catalogue_product_slug(const struct catalogue *c, struct str slug)
{
	return catalogue_row(
	    c->product, c->nproduct, sizeof(*c->product), slug);
}

const struct pool_info *
catalogue_pool(const struct catalogue *c, int64_t id)
{
	return find_id(c->index->pool_id, c->npool, id);
}

const struct pool_info *
catalogue_pool_slug(const struct catalogue *c, struct str slug)
{
	return catalogue_row(c->pool, c->npool, sizeof(*c->pool), slug);
}

static const void *
find_id(const struct by_id *ids, size_t n, int64_t id)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (ids[mid].id == id)
			return ids[mid].row;
		if (id < ids[mid].id)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

const void *
catalogue_row(const void *rows, size_t n, size_t size, struct str slug)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = (from + to) / 2;
		const char *row = (const char *)rows + mid * size;
		int cmp = str_cmp(slug, ((const struct row_head *)row)->slug);

		if (cmp == 0)
			return row;
		if (cmp < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return NULL;
}

static const void *
find_name(const struct by_name *names, size_t n, struct str name)
{
	struct arena *scratch = arena_open(NAME_SCRATCH);
	struct by_name want = { 0 };
	const struct by_name *found = NULL;

	if (canon_key(scratch, name, &want.key))
		found = bsearch(&want, names, n, sizeof(*names), cmp_name);
	arena_close(scratch);
	return found != NULL ? found->row : NULL;
}

/* --- whose pools -------------------------------------------------------------------- */

size_t
catalogue_pools_for(const struct catalogue *c, int64_t product,
    const struct facts *facts, int64_t *pool, size_t max)
{
	const struct organisation *own =
	    catalogue_organisation(c, FACT(facts, ORGANIZATION));
	struct pool_info at = { .product = product,
		.site = FACT(facts, SITE) };
	size_t n = 0;

	if (own != NULL) {
		at.organisation = own->id;
		n = add_pools(c, &at, pool, max);
	}
	at.organisation = 0;
	if (own != NULL ? own->overflow : FACT(facts, ORGANIZATION) == 0)
		n += add_pools(c, &at, pool + n, max - n);
	return n;
}

/* Those of AT's product and organisation that serve its site. */
static size_t
add_pools(const struct catalogue *c, const struct pool_info *at, int64_t *pool,
    size_t max)
{
	const struct catalogue_index *x = c->index;
	const struct site *s = catalogue_site(c, at->site);
	struct pool_info tier[FAILOVER_MAX + 2];
	size_t ntier = 0, n = 0;

	for (size_t i = 0; s != NULL && i <= s->nfailover; i++) {
		tier[ntier] = *at;
		tier[ntier++].site = i == 0 ? s->id : s->failover[i - 1];
	}
	tier[ntier] = *at;
	tier[ntier++].site = 0;
	for (size_t t = 0; t < ntier; t++)
		for (size_t i = place_first(x, &tier[t]); n < max &&
		     i < x->nplace && x->place[i]->product == at->product &&
		     x->place[i]->organisation == at->organisation &&
		     x->place[i]->site == tier[t].site;
		     i++)
			pool[n++] = x->place[i]->id;
	return n;
}

/* The first place that is not before AT's product, organisation and site. */
static size_t
place_first(const struct catalogue_index *x, const struct pool_info *at)
{
	size_t from = 0, to = x->nplace;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (cmp_tier(x->place[mid], at) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

bool
catalogue_may_have(
    const struct catalogue *c, int64_t organisation, int64_t product)
{
	const struct organisation *o = catalogue_organisation(c, organisation);

	if (o == NULL || !o->lists_products)
		return true;
	for (size_t i = 0; i < o->nproduct; i++)
		if (o->product[i] == product)
			return true;
	return false;
}

bool
catalogue_pool_serves(const struct catalogue *c, const struct pool_info *pool,
    int64_t organisation)
{
	const struct organisation *o;

	if (!catalogue_may_have(c, organisation, pool->product))
		return false;
	if (pool->organisation != 0 || organisation == 0)
		return pool->organisation == organisation;
	o = catalogue_organisation(c, organisation);
	return o != NULL && o->overflow;
}

bool
catalogue_product_serves(const struct catalogue *c,
    const struct product *product, int64_t organisation)
{
	for (size_t i = 0; i < product->npool; i++) {
		const struct pool_info *pool =
		    catalogue_pool(c, product->pool[i]);

		if (!pool->is_reserve &&
		    catalogue_pool_serves(c, pool, organisation))
			return true;
	}
	return false;
}

static int
cmp_id(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int
cmp_name(const void *a, const void *b)
{
	const struct by_name *x = a, *y = b;

	return str_cmp(x->key, y->key);
}

static int
cmp_place(const void *a, const void *b)
{
	const struct pool_info *x = *(const struct pool_info *const *)a;
	const struct pool_info *y = *(const struct pool_info *const *)b;

	int tier = cmp_tier(x, y);

	return tier != 0 ? tier : cmp_priority(a, b);
}

static int
cmp_tier(const struct pool_info *x, const struct pool_info *y)
{
	if (x->product != y->product)
		return x->product < y->product ? -1 : 1;
	if (x->organisation != y->organisation)
		return x->organisation < y->organisation ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

static int
cmp_priority(const void *a, const void *b)
{
	const struct pool_info *x = *(const struct pool_info *const *)a;
	const struct pool_info *y = *(const struct pool_info *const *)b;

	if (x->product != y->product)
		return x->product < y->product ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return str_cmp(x->slug, y->slug);
}

/* --- names for filters ------------------------------------------------------------ */

static int64_t
names_find(const void *arg, enum attribute a, struct str value)
{
	const struct names *names = arg;
	const struct site *site;
	const struct organisation *organisation;
	const struct named *named;

	switch ((int)a) {
	case A_SITE:
		site = catalogue_site_slug(names->catalogue, value);
		return site != NULL ? site->id : 0;
	case A_ORGANIZATION:
		organisation =
		    catalogue_organisation_slug(names->catalogue, value);
		return organisation != NULL ? organisation->id : 0;
	case A_DEPARTMENT:
		named = catalogue_department_slug(names->catalogue, value);
		return dictionary_find(
		    names->dictionary, named != NULL ? named->slug : value);
	default:
		return dictionary_find(names->dictionary, value);
	}
}

static struct str
names_text(const void *arg, enum attribute a, int64_t id)
{
	const struct names *names = arg;
	const struct site *site;
	const struct organisation *organisation;

	switch ((int)a) {
	case A_SITE:
		site = catalogue_site(names->catalogue, id);
		return site != NULL ? site->slug : (struct str) { 0 };
	case A_ORGANIZATION:
		organisation = catalogue_organisation(names->catalogue, id);
		return organisation != NULL ? organisation->slug
					    : (struct str) { 0 };
	default:
		return dictionary_text(names->dictionary, id);
	}
}

struct filter_names
names_of(const struct names *names)
{
	return (struct filter_names) { names_find, names_text, names };
}

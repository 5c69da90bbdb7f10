/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_decode.c - from a parsed document to a compiled catalogue.  In
 * each section all rows get their ids first and are filled then, so that they
 * may name each other; sections stand in the order of their references.
 */
#include <stdlib.h>

#include "base/yaml.h"

#include "core/catalogue_int.h"
#include "core/role.h"
#include "core/template.h"

#define NAMED_MAX	 10000
#define CAP_DEFAULT	 90
#define PRIORITY_DEFAULT 5

struct section {
	const char	  *name;
	const char *const *key;		/* that its rows may have */
	const char	  *too_many;	/* the limit as text */
	size_t		   max, row_size;
	size_t		   rows_at, count_at; /* in struct catalogue */
	enum err (*fill)(struct decoder *, const struct row_in *, void *);
};

static enum err document_check(struct decoder *, const struct js *);
static bool is_one_of(struct str, const char *const *);
static enum err section_decode(struct decoder *, const struct section *,
    const struct js *);
static enum err rows_read(struct decoder *, const struct section *,
    const struct js *, struct row_in *);
static enum err give_id(struct decoder *, const struct section *,
    const struct row_in *, struct row_in *);
static enum err renamed_id(struct decoder *, const struct section *,
    const struct row_in *, struct row_in *);
static const struct row_head *row_before(const struct decoder *,
    const struct section *, struct str);
static enum err check_ids(struct decoder *, const struct row_in *, size_t);
static enum err fill_site(struct decoder *, const struct row_in *, void *);
static enum err fill_failover(struct decoder *, const struct row_in *,
    struct site *);
static enum err failover_add(struct decoder *, const struct row_in *,
    const struct js *, struct site *);
static enum err fill_named(struct decoder *, const struct row_in *, void *);
static enum err fill_product(struct decoder *, const struct row_in *, void *);
static enum err fill_pool(struct decoder *, const struct row_in *, void *);
static enum err pool_product(struct decoder *, const struct row_in *,
    struct pool_info *);
static enum err pool_place(struct decoder *, const struct row_in *,
    struct pool_info *);
static enum err settings_decode(struct decoder *, const struct js *);
static enum setting setting_find(struct str);
static enum err user_name_decode(struct decoder *, const struct row_in *);
static enum err check_names(struct decoder *, const char *,
    const struct js *, const struct by_name *, size_t);
static int cmp_slug(const void *, const void *);
static int cmp_id(const void *, const void *);

static const char *const document_keys[] = { "catalogue", "sites",
	"departments", "organisations", "roles", "products", "pools",
	"groups", "resource_types", "schemas", "settings", NULL };
static const char *const site_keys[] = { "name", "country", "zone",
	"failover", NULL };
static const char *const named_keys[] = { "name", NULL };
static const char *const partner_keys[] = { "name", "overflow",
	"defaults", "products", NULL };
static const char *const role_keys[] = { "name", "rights", "excludes",
	"two_persons", NULL };
static const char *const group_keys[] = { "name", "products", "roles",
	NULL };
static const char *const schema_keys[] = { "urn", "name", "text", "of",
	"attributes", NULL };
static const char *const type_keys[] = { "name", "text", "endpoint",
	"schema", "extensions", NULL };
static const char *const product_keys[] = { "name", "grant", "cap", "role",
	NULL };
static const char *const pool_keys[] = { "product", "site", "organisation",
	"quota", "priority", "eligibility", "reserve", NULL };

static const struct section sections[] = {
#define S(name, keys, max, row, rows, count, fill) \
	{ name, keys, LIMIT_TEXT(max), max, sizeof(struct row), \
	    offsetof(struct catalogue, rows), \
	    offsetof(struct catalogue, count), fill },
	S("sites",	   site_keys,	 SITES_MAX,    site,	  site,		nsite,		fill_site)
	S("departments",   named_keys,	 NAMED_MAX,    named,	  department,	ndepartment,	fill_named)
	S("roles",	   role_keys,	 ROLES_MAX,    role,	  role,		nrole,		catalogue_fill_role)
	S("products",	   product_keys, PRODUCTS_MAX, product,	  product,	nproduct,	fill_product)
	S("organisations", partner_keys, NAMED_MAX,  organisation, organisation, norganisation, catalogue_fill_partner)
	S("schemas",	   schema_keys,	 SCHEMAS_MAX, declared_schema, schema, nschema, catalogue_fill_schema)
	S("resource_types", type_keys,	 TYPES_MAX, declared_type, type, ntype, catalogue_fill_type)
	S("pools",	   pool_keys,	 POOLS_MAX,    pool_info, pool,		npool,		fill_pool)
	S("groups",	   group_keys,	 GROUP_INFOS_MAX, group_info, group,	ngroup,		catalogue_fill_group)
#undef S
};

enum err
catalogue_decode(struct ctx *cx, const struct js *js,
    const struct catalogue *previous, bool is_stored, struct catalogue **out)
{
	struct catalogue *c = arena_alloc(cx->arena, sizeof(*c));
	struct decoder d = { cx, previous, is_stored, c };

	c->version = is_stored ? 0 : 1;
	c->next_id = 1;
	if (previous != NULL && !is_stored) {
		c->version = previous->version + 1;
		c->next_id = previous->next_id;
	}
	TRY(document_check(&d, js));
	for (size_t i = 0; i < COUNT(sections); i++)
		TRY(section_decode(
		    &d, &sections[i], js_get(js, sections[i].name)));
	TRY(settings_decode(&d, js_get(js, "settings")));
	catalogue_index_make(cx->arena, c);
	TRY(check_names(&d, "sites", js, c->index->site_name, c->nsite));
	TRY(check_names(
	    &d, "departments", js, c->index->department_name, c->ndepartment));
	c->canonical = catalogue_canonical(cx->arena, c);
	*out = c;
	return OK;
}

static enum err
document_check(struct decoder *d, const struct js *js)
{
	static const struct range ids = { 1, INT64_MAX };
	struct row_in top = { .js = js };
	const struct js *format;

	if (js_type(js) != JS_OBJECT)
		return refuse(d, &top, "", MSG_CATALOGUE_FORMAT, STR(""));
	format = js_get(js, "catalogue");
	if (format == NULL || js_type(format) != JS_INT || js_int(format) != 1)
		return refuse(
		    d, &top, "catalogue", MSG_CATALOGUE_FORMAT, STR(""));
	TRY(only_keys(d, &top, document_keys));
	return get_int(d, &top, "next_id", ids, &d->out->next_id);
}

/* Stored documents have ids, those of people renamings. */
enum err
only_keys(
    struct decoder *d, const struct row_in *row, const char *const *known)
{
	static const char *const stored[] = { "id", "next_id", NULL };
	static const char *const written[] = { "was", NULL };
	struct row_in at = *row;

	for (size_t i = 0; i < js_count(row->js); i++) {
		struct str key;

		at.js = js_member(row->js, i, &key);
		if (is_one_of(key, known) ||
		    is_one_of(key, d->is_stored ? stored : written))
			continue;
		return refuse(d, &at, "", MSG_CATALOGUE_KEY, key);
	}
	return OK;
}

static bool
is_one_of(struct str key, const char *const *known)
{
	while (*known != NULL && !str_eq(key, str_of(*known)))
		known++;
	return *known != NULL;
}

/* --- a section --------------------------------------------------------------------- */

static enum err
section_decode(struct decoder *d, const struct section *s, const struct js *js)
{
	struct row_in top = { .section = s->name, .js = js };
	bool is_empty = js == NULL || js_type(js) == JS_NULL;
	struct row_in *in;
	size_t n;
	char *rows;

	if (!is_empty && js_type(js) != JS_OBJECT)
		return refuse(d, &top, "", MSG_CATALOGUE_OBJECT, STR(""));
	n = is_empty ? 0 : js_count(js);
	if (n > s->max)
		return refuse(
		    d, &top, "", MSG_CATALOGUE_MANY, str_of(s->too_many));
	in = arena_array(d->cx->arena, n + 1, sizeof(*in));
	TRY(rows_read(d, s, is_empty ? NULL : js, in));
	for (size_t i = 0; i < n; i++)
		TRY(give_id(d, s, &top, &in[i]));
	TRY(check_ids(d, in, n));

	rows = arena_array(d->cx->arena, n + 1, s->row_size);
	for (size_t i = 0; i < n; i++)
		*(struct row_head *)(rows + i * s->row_size) =
		    (struct row_head) { in[i].id, in[i].slug };
	*(char **)((char *)d->out + s->rows_at) = rows;
	*(size_t *)((char *)d->out + s->count_at) = n;
	for (size_t i = 0; i < n; i++)
		TRY(s->fill(d, &in[i], rows + i * s->row_size));
	return OK;
}

/* The rows of a section, sorted by slug, with nothing in them that is not known. */
static enum err
rows_read(struct decoder *d, const struct section *s, const struct js *js,
    struct row_in *in)
{
	size_t n = js != NULL ? js_count(js) : 0;

	for (size_t i = 0; i < n; i++) {
		struct row_in top = { .section = s->name };

		in[i].section = s->name;
		in[i].js = top.js = js_member(js, i, &in[i].slug);
		if (!is_slug(in[i].slug))
			return refuse(
			    d, &top, "", MSG_CATALOGUE_SLUG, in[i].slug);
		if (js_type(in[i].js) != JS_OBJECT)
			return refuse(
			    d, &in[i], "", MSG_CATALOGUE_OBJECT, STR(""));
		TRY(only_keys(d, &in[i], s->key));
	}
	qsort(in, n, sizeof(*in), cmp_slug);
	return OK;
}

static enum err
give_id(struct decoder *d, const struct section *s, const struct row_in *top,
    struct row_in *row)
{
	const struct row_head *before = row_before(d, s, row->slug);

	if (d->is_stored) {
		TRY(get_int(d, row, "id",
		    (struct range) { 1, d->out->next_id - 1 }, &row->id));
		return row->id != 0
		    ? OK
		    : refuse(d, row, "id", MSG_CATALOGUE_DAMAGED, STR(""));
	}
	if (before != NULL) {
		row->id = before->id;
		return OK;
	}
	if (js_get(row->js, "was") != NULL)
		TRY(renamed_id(d, s, top, row));
	if (row->id == 0)
		row->id = d->out->next_id++;
	return OK;
}

static enum err
renamed_id(struct decoder *d, const struct section *s, const struct row_in *top,
    struct row_in *row)
{
	const struct row_head *before;
	struct str was = { 0 };

	TRY(get_slug(d, row, "was", &was));
	before = row_before(d, s, was);
	/* a new tenant has nothing to rename: the row is new there */
	if (before == NULL)
		return d->previous == NULL || d->previous->version == 0
		    ? OK
		    : refuse(d, row, "was", MSG_CATALOGUE_WAS, was);
	if (js_get(top->js, str_z(d->cx->arena, was)) != NULL)
		return refuse(d, row, "was", MSG_CATALOGUE_WAS_STANDS, was);
	row->id = before->id;
	row->is_renamed = true;
	return OK;
}

static const struct row_head *
row_before(const struct decoder *d, const struct section *s, struct str slug)
{
	const char *c = (const char *)d->previous;

	if (c == NULL)
		return NULL;
	return catalogue_row(*(const void *const *)(c + s->rows_at),
	    *(const size_t *)(c + s->count_at), s->row_size, slug);
}

/* No id twice: two rows were renamed from one, or a stored document is damaged. */
static enum err
check_ids(struct decoder *d, const struct row_in *in, size_t n)
{
	struct by_id *ids = arena_array(d->cx->arena, n + 1, sizeof(*ids));
	const struct row_in *row;
	struct str was = { 0 };

	for (size_t i = 0; i < n; i++)
		ids[i] = (struct by_id) { in[i].id, &in[i] };
	qsort(ids, n, sizeof(*ids), cmp_id);
	for (size_t i = 1; i < n; i++) {
		if (ids[i].id != ids[i - 1].id)
			continue;
		row = ids[i].row;
		if (!row->is_renamed)
			return refuse(
			    d, row, "id", MSG_CATALOGUE_DAMAGED, STR(""));
		TRY(get_slug(d, row, "was", &was));
		return refuse(d, row, "was", MSG_CATALOGUE_WAS_STANDS, was);
	}
	return OK;
}

/* --- the rows of each section -------------------------------------------------------- */

static enum err
fill_site(struct decoder *d, const struct row_in *in, void *row)
{
	static const char *const needed[] = { "country", "zone", NULL };
	struct site *site = row;

	TRY(need_keys(d, in, needed));
	TRY(get_name(d, in, &site->name));
	TRY(get_country(d, in, "country", &site->country));
	TRY(get_zone(d, in, "zone", &site->zone));
	return fill_failover(d, in, site);
}

static enum err
fill_failover(struct decoder *d, const struct row_in *in, struct site *site)
{
	const struct js *list = js_get(in->js, "failover");

	if (list == NULL || js_type(list) == JS_NULL)
		return OK;
	if (js_type(list) != JS_ARRAY || js_count(list) > FAILOVER_MAX)
		return refuse(d, in, "failover", MSG_CATALOGUE_LIST,
		    str_of(LIMIT_TEXT(FAILOVER_MAX)));
	for (size_t i = 0; i < js_count(list); i++)
		TRY(failover_add(d, in, js_at(list, i), site));
	return OK;
}

static enum err
failover_add(struct decoder *d, const struct row_in *in, const struct js *js,
    struct site *site)
{
	const struct site *other;

	if (js_type(js) != JS_STRING)
		return refuse(d, in, "failover", MSG_CATALOGUE_LIST,
		    str_of(LIMIT_TEXT(FAILOVER_MAX)));
	other = catalogue_row(
	    d->out->site, d->out->nsite, sizeof(*other), js_str(js));
	if (other == NULL)
		return refuse_unknown(d, in, "failover", js_str(js), "sites");
	for (size_t i = 0; i < site->nfailover; i++)
		if (site->failover[i] == other->id)
			return refuse(d, in, "failover", MSG_CATALOGUE_FAILOVER,
			    other->slug);
	if (other == site)
		return refuse(
		    d, in, "failover", MSG_CATALOGUE_FAILOVER, other->slug);
	site->failover[site->nfailover++] = other->id;
	return OK;
}

static enum err
fill_named(struct decoder *d, const struct row_in *in, void *row)
{
	return get_name(d, in, &((struct named *)row)->name);
}

static enum err
fill_product(struct decoder *d, const struct row_in *in, void *row)
{
	static const struct range percent = { 1, 100 };
	struct product *product = row;
	int64_t cap = CAP_DEFAULT;

	TRY(get_name(d, in, &product->name));
	TRY(get_filter(d, in, "grant", &product->grant));
	TRY(get_int(d, in, "cap", percent, &cap));
	product->cap_percent = (int)cap;
	TRY(get_slug(d, in, "role", &product->role_required));
	if (product->role_required.n > 0
	    && role_built_in(product->role_required) == ROLE_NONE
	    && catalogue_role_slug(d->out, product->role_required) == NULL)
		return refuse_unknown(
		    d, in, "role", product->role_required, "roles");
	return OK;
}

static enum err
fill_pool(struct decoder *d, const struct row_in *in, void *row)
{
	static const char *const needed[] = { "product", "quota", NULL };
	static const struct range quotas = { 0, QUOTA_MAX };
	static const struct range priorities = { 1, 9 };
	struct pool_info *pool = row;
	int64_t priority = PRIORITY_DEFAULT;

	TRY(need_keys(d, in, needed));
	TRY(pool_product(d, in, pool));
	TRY(pool_place(d, in, pool));
	TRY(get_int(d, in, "quota", quotas, &pool->quota));
	TRY(get_int(d, in, "priority", priorities, &priority));
	pool->priority = (int)priority;
	TRY(get_filter(d, in, "eligibility", &pool->eligibility));
	return get_bool(d, in, "reserve", &pool->is_reserve);
}

/* The seats of a pool are of one product: it never changes. */
static enum err
pool_product(struct decoder *d, const struct row_in *in, struct pool_info *pool)
{
	const struct product *product;
	const struct pool_info *before = NULL;
	struct str slug = { 0 };

	TRY(get_slug(d, in, "product", &slug));
	product = catalogue_row(
	    d->out->product, d->out->nproduct, sizeof(*product), slug);
	if (product == NULL)
		return refuse_unknown(d, in, "product", slug, "products");
	if (d->previous != NULL && !d->is_stored)
		before = catalogue_pool(d->previous, pool->id);
	if (before != NULL && before->product != product->id)
		return refuse(d, in, "product", MSG_CATALOGUE_POOL_PRODUCT,
		    catalogue_product(d->previous, before->product)->slug);
	pool->product = product->id;
	return OK;
}

/* Where its seats are, and whose. */
static enum err
pool_place(struct decoder *d, const struct row_in *in, struct pool_info *pool)
{
	const struct site *site;
	const struct organisation *organisation;
	struct str slug = { 0 };

	TRY(get_slug(d, in, "site", &slug));
	if (slug.n > 0) {
		site = catalogue_row(
		    d->out->site, d->out->nsite, sizeof(*site), slug);
		if (site == NULL)
			return refuse_unknown(d, in, "site", slug, "sites");
		pool->site = site->id;
	}
	slug = (struct str) { 0 };
	TRY(get_slug(d, in, "organisation", &slug));
	if (slug.n == 0)
		return OK;
	organisation = catalogue_organisation_slug(d->out, slug);
	if (organisation == NULL)
		return refuse_unknown(
		    d, in, "organisation", slug, "organisations");
	pool->organisation = organisation->id;
	return OK;
}

/* --- settings ---------------------------------------------------------------------- */

static enum err
settings_decode(struct decoder *d, const struct js *js)
{
	struct row_in row = { .section = "settings", .js = js };
	size_t n = 0;

	for (int s = 0; s < SETTING_COUNT; s++)
		d->out->setting[s] = setting_info((enum setting)s)->fallback;
	d->out->user_name_template = STR(USER_NAME_TEMPLATE);
	if (js != NULL && js_type(js) != JS_NULL) {
		if (js_type(js) != JS_OBJECT)
			return refuse(
			    d, &row, "", MSG_CATALOGUE_OBJECT, STR(""));
		n = js_count(js);
	}
	for (size_t i = 0; i < n; i++) {
		struct row_in at = { .section = "settings" };
		struct str name;
		enum setting s;
		const struct setting_info *info;

		at.js = js_member(js, i, &name);
		s = setting_find(name);
		if ((int)s > SETTING_USER_NAME)
			return refuse(d, &at, "", MSG_CATALOGUE_KEY, name);
		info = setting_info(s);
		if (info->is_text)
			TRY(user_name_decode(d, &row));
		else
			TRY(get_int(d, &row, info->name,
			    (struct range) { info->min, info->max },
			    &d->out->setting[s]));
	}
	return OK;
}

/* Past SETTING_USER_NAME: unknown. */
static enum setting
setting_find(struct str name)
{
	int s = 0;

	while (s <= SETTING_USER_NAME &&
	    !str_eq(name, str_of(setting_info((enum setting)s)->name)))
		s++;
	return (enum setting)s;
}

static enum err
user_name_decode(struct decoder *d, const struct row_in *row)
{
	const char *key = setting_info(SETTING_USER_NAME)->name;
	struct str *text = &d->out->user_name_template;
	struct template *template;

	TRY(get_text(d, row, key, TEMPLATE_TEXT_MAX, text));
	TRY(at_member(d, row, key,
	    template_compile(
		d->cx, *text, user_name_attribute, NULL, &template)));
	if (!template_has_number(template))
		return refuse(
		    d, row, key, MSG_CATALOGUE_TEMPLATE_NUMBER, STR(""));
	return OK;
}

/* --- checks ------------------------------------------------------------------------- */

/* Sources name sites and departments: two of one name could not be told apart. */
static enum err
check_names(struct decoder *d, const char *section, const struct js *document,
    const struct by_name *names, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct named *a = names[i - 1].row, *b = names[i].row;
		struct row_in at = { .section = section, .slug = b->slug };

		if (!str_eq(names[i - 1].key, names[i].key))
			continue;
		at.js = js_get(
		    js_get(document, section), str_z(d->cx->arena, b->slug));
		return refuse(
		    d, &at, "name", MSG_CATALOGUE_NAME_TWICE, a->slug);
	}
	return OK;
}

static int
cmp_slug(const void *a, const void *b)
{
	return str_cmp(
	    ((const struct row_in *)a)->slug, ((const struct row_in *)b)->slug);
}

static int
cmp_id(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

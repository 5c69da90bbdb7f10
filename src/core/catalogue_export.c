/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_export.c - a compiled catalogue as text: the canonical JSON that
 * is sealed and digested, and the YAML that people edit.  What has its default
 * is left out where that reads the same, so that equal catalogues are equal
 * texts.
 */
#include "base/js.h"

#include "core/catalogue_int.h"

static void json_sites(const struct catalogue *, struct js_out *);
static void json_failover(const struct catalogue *, const struct site *,
    struct js_out *);
static void json_named(const struct named *, size_t, struct js_out *);
static void json_products(const struct catalogue *, struct js_out *);
static void json_pools(const struct catalogue *, struct js_out *);
static void json_settings(const struct catalogue *, struct js_out *);
static void json_text(struct js_out *, const char *, struct str);
static void json_int(struct js_out *, const char *, int64_t);
static void yaml_sites(const struct catalogue *, struct buf *);
static void yaml_named(const char *, const struct named *, size_t,
    struct buf *);
static void yaml_products(const struct catalogue *, struct buf *);
static void yaml_pools(const struct catalogue *, struct buf *);
static void yaml_settings(const struct catalogue *, struct buf *);
static void yaml_section(struct buf *, const char *, size_t);
static void yaml_text(struct buf *, struct str);
static void yaml_filter(struct buf *, const char *, const struct filter *);
static bool has_own_template(const struct catalogue *);
static bool has_settings(const struct catalogue *);

/* --- canonical JSON: members in the order of their names --------------------------- */

struct str
catalogue_canonical(struct arena *arena, const struct catalogue *c)
{
	struct buf b;
	struct js_out o;

	buf_init(&b, arena, CATALOGUE_TEXT_MAX);
	js_begin(&o, &b);
	js_open_object(&o);
	json_int(&o, "catalogue", 1);
	js_key(&o, "departments");
	json_named(c->department, c->ndepartment, &o);
	catalogue_json_groups(c, &o);
	json_int(&o, "next_id", c->next_id);
	catalogue_json_organisations(c, &o);
	json_pools(c, &o);
	json_products(c, &o);
	catalogue_json_types(c, &o);
	catalogue_json_roles(c, &o);
	catalogue_json_schemas(c, &o);
	json_settings(c, &o);
	json_sites(c, &o);
	js_close_object(&o);
	must(!b.over);
	return buf_view(&b);
}

static void
json_named(const struct named *row, size_t n, struct js_out *o)
{
	js_open_object(o);
	for (size_t i = 0; i < n; i++) {
		js_key_str(o, row[i].slug);
		js_open_object(o);
		json_int(o, "id", row[i].id);
		json_text(o, "name", row[i].name);
		js_close_object(o);
	}
	js_close_object(o);
}

static void
json_pools(const struct catalogue *c, struct js_out *o)
{
	js_key(o, "pools");
	js_open_object(o);
	for (size_t i = 0; i < c->npool; i++) {
		const struct pool_info *p = &c->pool[i];

		js_key_str(o, p->slug);
		js_open_object(o);
		if (p->eligibility != NULL)
			json_text(
			    o, "eligibility", filter_text(p->eligibility));
		json_int(o, "id", p->id);
		if (p->organisation != 0)
			json_text(o, "organisation",
			    catalogue_organisation(c, p->organisation)->slug);
		json_int(o, "priority", p->priority);
		json_text(o, "product", catalogue_product(c, p->product)->slug);
		json_int(o, "quota", p->quota);
		if (p->is_reserve) {
			js_key(o, "reserve");
			js_put_bool(o, true);
		}
		if (p->site != 0)
			json_text(o, "site", catalogue_site(c, p->site)->slug);
		js_close_object(o);
	}
	js_close_object(o);
}

static void
json_products(const struct catalogue *c, struct js_out *o)
{
	js_key(o, "products");
	js_open_object(o);
	for (size_t i = 0; i < c->nproduct; i++) {
		const struct product *p = &c->product[i];

		js_key_str(o, p->slug);
		js_open_object(o);
		json_int(o, "cap", p->cap_percent);
		if (p->grant != NULL)
			json_text(o, "grant", filter_text(p->grant));
		json_int(o, "id", p->id);
		json_text(o, "name", p->name);
		if (p->role_required.n > 0)
			json_text(o, "role", p->role_required);
		js_close_object(o);
	}
	js_close_object(o);
}

/* The one text setting among the numbers, where its name sorts. */
static void
json_settings(const struct catalogue *c, struct js_out *o)
{
	const char *text = setting_info(SETTING_USER_NAME)->name;
	bool is_due = has_own_template(c);

	js_key(o, "settings");
	js_open_object(o);
	for (int s = 0; s < SETTING_COUNT; s++) {
		const struct setting_info *info = setting_info((enum setting)s);

		if (is_due && str_cmp(str_of(info->name), str_of(text)) > 0) {
			json_text(o, text, c->user_name_template);
			is_due = false;
		}
		if (c->setting[s] != info->fallback)
			json_int(o, info->name, c->setting[s]);
	}
	js_close_object(o);
}

static void
json_sites(const struct catalogue *c, struct js_out *o)
{
	js_key(o, "sites");
	js_open_object(o);
	for (size_t i = 0; i < c->nsite; i++) {
		const struct site *s = &c->site[i];

		js_key_str(o, s->slug);
		js_open_object(o);
		json_text(o, "country", s->country);
		json_failover(c, s, o);
		json_int(o, "id", s->id);
		json_text(o, "name", s->name);
		json_text(o, "zone", s->zone);
		js_close_object(o);
	}
	js_close_object(o);
}

static void
json_failover(const struct catalogue *c, const struct site *s, struct js_out *o)
{
	if (s->nfailover == 0)
		return;
	js_key(o, "failover");
	js_open_array(o);
	for (size_t i = 0; i < s->nfailover; i++)
		js_put_str(o, catalogue_site(c, s->failover[i])->slug);
	js_close_array(o);
}

static void
json_text(struct js_out *o, const char *key, struct str value)
{
	js_key(o, key);
	js_put_str(o, value);
}

static void
json_int(struct js_out *o, const char *key, int64_t value)
{
	js_key(o, key);
	js_put_int(o, value);
}

/* --- YAML for people ----------------------------------------------------------------- */

struct str
catalogue_export(struct arena *arena, const struct catalogue *c)
{
	struct buf b;

	buf_init(&b, arena, CATALOGUE_TEXT_MAX);
	buf_z(&b, "catalogue: 1\n");
	yaml_sites(c, &b);
	yaml_named("departments", c->department, c->ndepartment, &b);
	catalogue_yaml_organisations(c, &b);
	catalogue_yaml_roles(c, &b);
	yaml_products(c, &b);
	yaml_pools(c, &b);
	catalogue_yaml_groups(c, &b);
	catalogue_yaml_schemas(c, &b);
	catalogue_yaml_types(c, &b);
	yaml_settings(c, &b);
	must(!b.over);
	return buf_view(&b);
}

static void
yaml_sites(const struct catalogue *c, struct buf *b)
{
	yaml_section(b, "sites", c->nsite);
	for (size_t i = 0; i < c->nsite; i++) {
		const struct site *s = &c->site[i];

		buf_fmt(b, "  \"%.*s\": { name: ", STR_ARG(s->slug));
		yaml_text(b, s->name);
		buf_fmt(b, ", country: \"%.*s\", zone: \"%.*s\", failover: [",
		    STR_ARG(s->country), STR_ARG(s->zone));
		for (size_t j = 0; j < s->nfailover; j++) {
			buf_z(b, j > 0 ? ", " : "");
			yaml_text(b, catalogue_site(c, s->failover[j])->slug);
		}
		buf_z(b, "] }\n");
	}
}

static void
yaml_named(
    const char *section, const struct named *row, size_t n, struct buf *b)
{
	yaml_section(b, section, n);
	for (size_t i = 0; i < n; i++) {
		buf_fmt(b, "  \"%.*s\": { name: ", STR_ARG(row[i].slug));
		yaml_text(b, row[i].name);
		buf_z(b, " }\n");
	}
}

static void
yaml_products(const struct catalogue *c, struct buf *b)
{
	yaml_section(b, "products", c->nproduct);
	for (size_t i = 0; i < c->nproduct; i++) {
		const struct product *p = &c->product[i];

		buf_fmt(b, "  \"%.*s\":\n    name: ", STR_ARG(p->slug));
		yaml_text(b, p->name);
		buf_z(b, "\n");
		if (p->grant != NULL) {
			yaml_filter(b, "    grant: ", p->grant);
			buf_z(b, "\n");
		}
		if (p->role_required.n > 0)
			buf_fmt(b, "    role: \"%.*s\"\n",
			    STR_ARG(p->role_required));
		buf_fmt(b, "    cap: %d\n", p->cap_percent);
	}
}

static void
yaml_pools(const struct catalogue *c, struct buf *b)
{
	yaml_section(b, "pools", c->npool);
	for (size_t i = 0; i < c->npool; i++) {
		const struct pool_info *p = &c->pool[i];

		buf_fmt(b, "  \"%.*s\": { product: \"%.*s\"", STR_ARG(p->slug),
		    STR_ARG(catalogue_product(c, p->product)->slug));
		if (p->site != 0)
			buf_fmt(b, ", site: \"%.*s\"",
			    STR_ARG(catalogue_site(c, p->site)->slug));
		if (p->organisation != 0)
			buf_fmt(b, ", organisation: \"%.*s\"",
			    STR_ARG(catalogue_organisation(c, p->organisation)
					->slug));
		buf_fmt(b, ", quota: %lld, priority: %d", (long long)p->quota,
		    p->priority);
		if (p->eligibility != NULL)
			yaml_filter(b, ", eligibility: ", p->eligibility);
		buf_z(b, p->is_reserve ? ", reserve: true }\n" : " }\n");
	}
}

static void
yaml_settings(const struct catalogue *c, struct buf *b)
{
	yaml_section(b, "settings", has_settings(c));
	for (int s = 0; s < SETTING_COUNT; s++) {
		const struct setting_info *info = setting_info((enum setting)s);

		if (c->setting[s] != info->fallback)
			buf_fmt(b, "  %s: %lld\n", info->name,
			    (long long)c->setting[s]);
	}
	if (has_own_template(c)) {
		buf_fmt(b, "  %s: ", setting_info(SETTING_USER_NAME)->name);
		yaml_text(b, c->user_name_template);
		buf_z(b, "\n");
	}
}

static void
yaml_section(struct buf *b, const char *name, size_t n)
{
	buf_fmt(b, n > 0 ? "\n%s:\n" : "\n%s: {}\n", name);
}

/* Double quotes: YAML reads JSON's escapes. */
static void
yaml_text(struct buf *b, struct str text)
{
	struct js_out o;

	js_begin(&o, b);
	js_put_str(&o, text);
}

/* Single quotes where they can hold it, so that the names in it stay readable. */
static void
yaml_filter(struct buf *b, const char *key, const struct filter *filter)
{
	struct str text = filter_text(filter);

	buf_z(b, key);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\'' || (unsigned char)text.p[i] < 0x20) {
			yaml_text(b, text);
			return;
		}
	buf_fmt(b, "'%.*s'", STR_ARG(text));
}

static bool
has_settings(const struct catalogue *c)
{
	for (int s = 0; s < SETTING_COUNT; s++)
		if (c->setting[s] != setting_info((enum setting)s)->fallback)
			return true;
	return has_own_template(c);
}

static bool
has_own_template(const struct catalogue *c)
{
	return !str_eq(c->user_name_template, STR(USER_NAME_TEMPLATE));
}

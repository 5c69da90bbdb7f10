/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person_out.c - a person as it is shown.
 */
#include "api/api_int.h"

/* The organisational values that the person's row and a contract both have. */
struct placement {
	int64_t site, department, title, cost_center, division;
	int64_t organization, manager, start_day, end_day;
};

static void put_placement(struct js_out *, const struct realm *,
    const struct placement *);
static void put_word(struct js_out *, const struct realm *, const char *,
    int64_t);
static void put_day(struct js_out *, const char *, int64_t biased);
static void put_contract(struct js_out *, const struct realm *,
    const struct contract *);

void
put_person(
    struct js_out *js, const struct realm *realm, const struct person_view *v)
{
	const struct person *p = &v->row;
	const struct placement place = { p->site, p->department, p->title,
		p->cost_center, p->division, p->organization, p->manager,
		p->start_day, p->end_day };

	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, p->id);
	js_key(js, "version");
	js_put_int(js, p->version);
	js_key(js, "lifecycle");
	js_put_z(js, lifecycle_name(p->lifecycle));
	js_key(js, "certification");
	js_put_z(js, certification_name(p->certification));
	js_key(js, "enabled");
	js_put_bool(js, person_is_enabled(p));
	js_key(js, "blocks");
	js_open_array(js);
	for (int k = BLOCK_NEW; k < BLOCK_COUNT; k++)
		if ((p->blocks >> k & 1) != 0)
			js_put_z(js, block_kind_name((enum block_kind)k));
	js_close_array(js);
	put_text(js, "source", v->source);
	js_key(js, "created");
	js_put_time(js, p->created_ms);
	js_key(js, "changed");
	js_put_time(js, p->changed_ms);
	doc_encode(&v->doc, js);
	put_word(js, realm, "country", p->country);
	put_word(js, realm, "preferredLanguage", p->language);
	put_word(js, realm, "userType", p->user_type);
	put_placement(js, realm, &place);
	js_key(js, "contracts");
	js_open_array(js);
	for (size_t i = 0; i < v->ncontract; i++)
		put_contract(js, realm, &v->contract[i]);
	js_close_array(js);
	js_close_object(js);
}

static void
put_contract(
    struct js_out *js, const struct realm *realm, const struct contract *c)
{
	const struct placement place = { c->site, c->department, c->title,
		c->cost_center, c->division, c->organization, c->manager,
		c->start_day, c->end_day };

	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, c->id);
	put_placement(js, realm, &place);
	js_key(js, "primary");
	js_put_bool(js, c->is_primary);
	js_close_object(js);
}

static void
put_placement(
    struct js_out *js, const struct realm *realm, const struct placement *p)
{
	const struct site *site = catalogue_site(realm->catalogue, p->site);
	const struct organisation *organisation =
	    catalogue_organisation(realm->catalogue, p->organization);

	if (site != NULL)
		put_text(js, "site", site->slug);
	put_word(js, realm, "department", p->department);
	put_word(js, realm, "title", p->title);
	put_word(js, realm, "costCenter", p->cost_center);
	put_word(js, realm, "division", p->division);
	if (organisation != NULL)
		put_text(js, "organization", organisation->slug);
	if (p->manager != 0) {
		js_key(js, "manager");
		js_put_id(js, p->manager);
	}
	put_day(js, "start", p->start_day);
	put_day(js, "end", p->end_day);
}

static void
put_word(
    struct js_out *js, const struct realm *realm, const char *name, int64_t id)
{
	if (id != 0)
		put_text(js, name, dictionary_text(realm->dictionary, id));
}

static void
put_day(struct js_out *js, const char *name, int64_t biased)
{
	if (biased == 0)
		return;
	js_key(js, name);
	js_put_date(js, (int32_t)(biased - DAY_BIAS));
}

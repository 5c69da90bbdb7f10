/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person_out.c - a person as it is shown: attributes to whom their right to
 * be read is held over this person; id, version and states to whoever may do
 * anything with it.
 */
#include "api/api_int.h"

#include "core/extension.h"

#define EXTENSION_MEMORY (64u << 20) /* of one person's; many are shown in one answer */

/* Where it is written, and what may be. */
struct page {
	struct js_out	   *js;
	const struct realm *realm;
	uint64_t	    rights;
	const struct person_view *view;
};

/* The organisational values that the person's row and a contract both have. */
struct placement {
	int64_t site, department, title, cost_center, division;
	int64_t organization, manager, start_day, end_day;
};

static void put_extensions(const struct page *, struct ctx *, struct doc *);
static void put_states(struct js_out *, const struct person *);
static void put_placement(const struct page *, const struct placement *);
static void put_contract(const struct page *, const struct contract *);
static void put_value(const struct page *, enum attribute, struct str);
static void put_word(const struct page *, enum attribute, int64_t);
static void put_day(const struct page *, enum attribute, int64_t biased);
static bool is_shown(const struct page *, enum attribute);
static bool names_manager(const struct page *, int64_t manager);

void
put_person(struct js_out *js, struct ctx *cx, const struct realm *realm,
    const struct person_view *v)
{
	const struct person *p = &v->row;
	const struct page page = { js, realm, v->rights, v };
	const struct placement place = { p->site, p->department, p->title,
		p->cost_center, p->division, p->organization, p->manager,
		p->start_day, p->end_day };
	struct doc shown;

	js_open_object(js);
	put_states(js, p);
	put_value(&page, A_SOURCE, v->source);
	js_key(js, "created");
	js_put_time(js, p->created_ms);
	js_key(js, "changed");
	js_put_time(js, p->changed_ms);
	doc_readable(cx->arena, &v->doc, v->rights, &shown);
	put_extensions(&page, cx, &shown);
	doc_encode(&shown, js);
	put_word(&page, A_COUNTRY, p->country);
	put_word(&page, A_LANGUAGE, p->language);
	put_word(&page, A_USER_TYPE, p->user_type);
	put_placement(&page, &place);
	js_key(js, "contracts");
	js_open_array(js);
	for (size_t i = 0; i < v->ncontract; i++)
		put_contract(&page, &v->contract[i]);
	js_close_array(js);
	js_close_object(js);
}

/* Those that the catalogue declares now; they are taken out of DOC. */
static void
put_extensions(const struct page *page, struct ctx *cx, struct doc *doc)
{
	const struct str text = doc_get(doc, A_EXTENSIONS, 0);
	struct ctx own = *cx;
	const struct value *v;

	if (text.n == 0)
		return;
	own.arena = arena_open(EXTENSION_MEMORY);
	v = extension_shown(&own, page->realm->catalogue, text);
	doc_set_extensions(cx->arena, doc, (struct str) { NULL, 0 });
	if (v != NULL) {
		js_key(page->js, attr_info(A_EXTENSIONS)->path);
		value_write(page->js, v);
	}
	arena_close(own.arena);
}

static void
put_states(struct js_out *js, const struct person *p)
{
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
}

static void
put_contract(const struct page *page, const struct contract *c)
{
	const struct placement place = { c->site, c->department, c->title,
		c->cost_center, c->division, c->organization, c->manager,
		c->start_day, c->end_day };
	struct js_out *js = page->js;

	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, c->id);
	put_placement(page, &place);
	js_key(js, "primary");
	js_put_bool(js, c->is_primary);
	js_close_object(js);
}

static void
put_placement(const struct page *page, const struct placement *p)
{
	const struct catalogue *c = page->realm->catalogue;
	const struct site *site = catalogue_site(c, p->site);
	const struct organisation *organisation =
	    catalogue_organisation(c, p->organization);

	if (site != NULL)
		put_value(page, A_SITE, site->slug);
	put_word(page, A_DEPARTMENT, p->department);
	put_word(page, A_TITLE, p->title);
	put_word(page, A_COST_CENTER, p->cost_center);
	put_word(page, A_DIVISION, p->division);
	if (organisation != NULL)
		put_value(page, A_ORGANIZATION, organisation->slug);
	if (names_manager(page, p->manager)) {
		js_key(page->js, attr_info(A_MANAGER)->path);
		js_put_id(page->js, p->manager);
	}
	put_day(page, A_START, p->start_day);
	put_day(page, A_END, p->end_day);
}

/* Who is not seen is not named. */
static bool
names_manager(const struct page *page, int64_t manager)
{
	for (size_t i = 0; i < page->view->nhidden; i++)
		if (page->view->hidden[i] == manager)
			return false;
	return manager != 0 && is_shown(page, A_MANAGER);
}

static void
put_value(const struct page *page, enum attribute a, struct str value)
{
	if (is_shown(page, a))
		put_text(page->js, attr_info(a)->path, value);
}

static void
put_word(const struct page *page, enum attribute a, int64_t id)
{
	if (id != 0)
		put_value(
		    page, a, dictionary_text(page->realm->dictionary, id));
}

static void
put_day(const struct page *page, enum attribute a, int64_t biased)
{
	if (biased == 0 || !is_shown(page, a))
		return;
	js_key(page->js, attr_info(a)->path);
	js_put_date(page->js, (int32_t)(biased - DAY_BIAS));
}

static bool
is_shown(const struct page *page, enum attribute a)
{
	return (page->rights & RIGHT_BIT(attr_info(a)->read)) != 0;
}

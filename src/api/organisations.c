/* SPDX-License-Identifier: Apache-2.0 */
/*
 * organisations.c - partners as a portal needs them: what their people have
 * already, what they may choose, and what is left of the share.
 */
#include "api/api_int.h"

static void put_organisation(struct js_out *,
    const struct organisation_view *);
static void put_defaults(struct js_out *, const struct organisation *);

/* By what an API's person calls it. */
static const enum attribute defaults[] = { A_SITE, A_DEPARTMENT, A_TITLE,
	A_DIVISION, A_COST_CENTER, A_COUNTRY, A_LANGUAGE, A_USER_TYPE };

static void
organisations_encode(struct call *c)
{
	const struct organisations_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < out->n; i++)
		put_organisation(&c->js, &out->organisation[i]);
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
organisation_encode(struct call *c)
{
	put_organisation(&c->js, c->out);
}

static void
put_organisation(struct js_out *js, const struct organisation_view *v)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->info->id);
	js_key(js, "slug");
	js_put_str(js, v->info->slug);
	js_key(js, "name");
	js_put_str(js, v->info->name);
	js_key(js, "overflow");
	js_put_bool(js, v->info->overflow);
	put_defaults(js, v->info);
	js_key(js, "products");
	js_open_array(js);
	for (size_t i = 0; i < v->nproduct; i++)
		js_put_str(js, v->product[i]->slug);
	js_close_array(js);
	js_key(js, "shares");
	js_open_array(js);
	for (size_t i = 0; i < v->nshare; i++)
		put_pool(js, &v->share[i]);
	js_close_array(js);
	js_close_object(js);
}

static void
put_defaults(struct js_out *js, const struct organisation *o)
{
	js_key(js, "defaults");
	js_open_object(js);
	for (size_t i = 0; i < COUNT(defaults); i++) {
		struct str value = STR("");

		for (size_t j = 0; j < o->ndef; j++)
			if (o->def[j].id == defaults[i])
				value = o->def[j].value;
		put_text_or_null(js, attr_info(defaults[i])->path, value);
	}
	js_close_object(js);
}

static const struct field organisation_fields[] = {
	{ "id", "id", "" },
	{ "slug", "slug", "" },
	{ "name", "text", "" },
	{ "overflow", "bool", "When its own pools are full, its people take seats of those that are nobody's." },
	{ "defaults", "OrganisationDefaults", "What its people have where nothing is given." },
	{ "products", "[slug]", "What its people can be given." },
	{ "shares", "[Pool]", "Its own pools." },
	{ 0 }
};

static const struct field default_fields[] = {
	{ "site", "slug?", "" },
	{ "department", "text?", "" },
	{ "title", "text?", "" },
	{ "division", "text?", "" },
	{ "costCenter", "text?", "" },
	{ "country", "text?", "" },
	{ "preferredLanguage", "text?", "" },
	{ "userType", "text?", "" },
	{ 0 }
};

const struct shape organisation_shapes[] = {
	{ .name = "Organisation", .text = "A partner company whose people are kept too.",
	    .field = organisation_fields },
	{ .name = "OrganisationDefaults", .text = "Filled in for new people of an organisation.",
	    .field = default_fields },
	{ 0 }
};

const struct route organisation_routes[] = {
	{ GET, "/api/v1/organisations", RIGHT_PRODUCT_READ, 0, false,
	    QUERY(organisations_list, NULL, organisations_encode, .reply = "[Organisation]"),
	    "List organisations, what their people may choose, and their shares" },
	{ GET, "/api/v1/organisations/{organisation}", RIGHT_PRODUCT_READ, 0, false,
	    QUERY(organisation_show, slug_of_path, organisation_encode, .reply = "Organisation"),
	    "Show an organisation" },
	{ 0 }
};

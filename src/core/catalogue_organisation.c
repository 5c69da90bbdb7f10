/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_organisation.c - the catalogue's section "organisations": partners,
 * what their people have where nothing is given, and what they may have.
 */
#include "base/js.h"

#include "core/catalogue_int.h"

/* What may be given for everybody of an organisation, by path: as it is written. */
static const enum attribute defaults[] = { A_COST_CENTER, A_COUNTRY,
	A_DEPARTMENT, A_DIVISION, A_LANGUAGE, A_SITE, A_TITLE, A_USER_TYPE };

static enum err fill_defaults(struct decoder *, const struct row_in *,
    struct organisation *);
static enum err check_default(struct decoder *, const struct row_in *,
    const struct attr *);
static enum err fill_products(struct decoder *, const struct row_in *,
    struct organisation *);
static void put_organisation(const struct catalogue *,
    const struct organisation *, int64_t id, struct js_out *);
static void put_text(struct js_out *, const char *, struct str);

enum err
catalogue_fill_partner(struct decoder *d, const struct row_in *in, void *row)
{
	struct organisation *o = row;

	TRY(get_name(d, in, &o->name));
	TRY(get_bool(d, in, "overflow", &o->overflow));
	TRY(fill_defaults(d, in, o));
	return fill_products(d, in, o);
}

/* Read as an API's person is, by the one attribute table. */
static enum err
fill_defaults(
    struct decoder *d, const struct row_in *in, struct organisation *o)
{
	const struct js *js = js_get(in->js, "defaults");
	struct attr *def =
	    arena_array(d->cx->arena, COUNT(defaults), sizeof(*def));
	struct doc personal, org;

	if (js == NULL || js_type(js) == JS_NULL)
		return OK;
	if (js_type(js) != JS_OBJECT)
		return refuse(d, in, "defaults", MSG_CATALOGUE_OBJECT, STR(""));
	TRY(at_member(
	    d, in, "defaults", doc_decode(d->cx, js, &personal, &org)));
	if (personal.n > 0)
		return refuse(d, in, "defaults", MSG_CATALOGUE_DEFAULT,
		    str_of(attr_info(personal.attr[0].id)->path));
	for (size_t i = 0; i < org.n; i++)
		TRY(check_default(d, in, &org.attr[i]));
	o->def = def;
	for (size_t i = 0; i < COUNT(defaults); i++)
		for (size_t j = 0; j < org.n; j++)
			if (org.attr[j].id == defaults[i])
				def[o->ndef++] = org.attr[j];
	return OK;
}

static enum err
check_default(
    struct decoder *d, const struct row_in *in, const struct attr *attr)
{
	size_t i = 0;

	while (i < COUNT(defaults) && defaults[i] != attr->id)
		i++;
	if (i == COUNT(defaults))
		return refuse(d, in, "defaults", MSG_CATALOGUE_DEFAULT,
		    str_of(attr_info(attr->id)->path));
	if (attr->id == A_SITE &&
	    catalogue_row(d->out->site, d->out->nsite, sizeof(struct site),
		attr->value) == NULL)
		return refuse_unknown(d, in, "defaults", attr->value, "sites");
	return OK;
}

static enum err
fill_products(
    struct decoder *d, const struct row_in *in, struct organisation *o)
{
	const struct js *list;
	int64_t *id;

	TRY(get_list(d, in, "products", PRODUCTS_MAX, &list));
	o->lists_products = list != NULL;
	if (list == NULL)
		return OK;
	o->product = id =
	    arena_array(d->cx->arena, js_count(list) + 1, sizeof(*id));
	for (size_t i = 0; i < js_count(list); i++) {
		struct str slug = js_str(js_at(list, i));
		const struct product *product = catalogue_row(
		    d->out->product, d->out->nproduct, sizeof(*product), slug);

		if (product == NULL)
			return refuse_unknown(
			    d, in, "products", slug, "products");
		id[o->nproduct++] = product->id;
	}
	return OK;
}

/* --- out ---------------------------------------------------------------------------- */

void
catalogue_json_organisations(const struct catalogue *c, struct js_out *o)
{
	js_key(o, "organisations");
	js_open_object(o);
	for (size_t i = 0; i < c->norganisation; i++) {
		const struct organisation *row = &c->organisation[i];

		js_key_str(o, row->slug);
		put_organisation(c, row, row->id, o);
	}
	js_close_object(o);
}

/* YAML reads JSON, and an organisation is one line of it. */
void
catalogue_yaml_organisations(const struct catalogue *c, struct buf *b)
{
	buf_z(b,
	    c->norganisation > 0 ? "\norganisations:\n"
				 : "\norganisations: {}\n");
	for (size_t i = 0; i < c->norganisation; i++) {
		const struct organisation *row = &c->organisation[i];
		struct js_out o;

		buf_fmt(b, "  \"%.*s\": ", STR_ARG(row->slug));
		js_begin(&o, b);
		put_organisation(c, row, 0, &o);
		buf_z(b, "\n");
	}
}

/* Members in the order of their names; ID 0: for people. */
static void
put_organisation(const struct catalogue *c, const struct organisation *row,
    int64_t id, struct js_out *o)
{
	js_open_object(o);
	if (row->ndef > 0) {
		js_key(o, "defaults");
		js_open_object(o);
		for (size_t i = 0; i < row->ndef; i++)
			put_text(o, attr_info(row->def[i].id)->path,
			    row->def[i].value);
		js_close_object(o);
	}
	if (id != 0) {
		js_key(o, "id");
		js_put_int(o, id);
	}
	put_text(o, "name", row->name);
	if (row->overflow) {
		js_key(o, "overflow");
		js_put_bool(o, true);
	}
	if (row->lists_products) {
		js_key(o, "products");
		js_open_array(o);
		for (size_t i = 0; i < row->nproduct; i++)
			js_put_str(
			    o, catalogue_product(c, row->product[i])->slug);
		js_close_array(o);
	}
	js_close_object(o);
}

static void
put_text(struct js_out *o, const char *key, struct str value)
{
	js_key(o, key);
	js_put_str(o, value);
}

bool
catalogue_same_organisation(const void *before, const void *after)
{
	const struct organisation *a = before, *b = after;

	if (a->ndef != b->ndef || a->nproduct != b->nproduct)
		return false;
	for (size_t i = 0; i < a->ndef; i++)
		if (a->def[i].id != b->def[i].id ||
		    !str_eq(a->def[i].value, b->def[i].value))
			return false;
	for (size_t i = 0; i < a->nproduct; i++)
		if (a->product[i] != b->product[i])
			return false;
	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name) &&
	    a->overflow == b->overflow &&
	    a->lists_products == b->lists_products;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_group.c - the catalogue's section "groups": what the people of a
 * group have as long as they are in it.  An entry stands behind the group that
 * is called what it says, whoever makes that group and whenever.
 */
#include "base/canon.h"
#include "base/js.h"

#include "core/catalogue_int.h"
#include "core/role.h"

static enum err check_name(struct decoder *, const struct row_in *,
    const struct group_info *);
static enum err fill_products(struct decoder *, const struct row_in *,
    struct group_info *);
static enum err fill_roles(struct decoder *, const struct row_in *,
    struct group_info *);
static bool may_give(const struct role *);
static bool same_ids(const int64_t *, const int64_t *, size_t n);
static void put_group(const struct catalogue *, const struct group_info *,
    int64_t id, struct js_out *);

enum err
catalogue_fill_group(struct decoder *d, const struct row_in *in, void *row)
{
	struct group_info *g = row;

	TRY(get_name(d, in, &g->name));
	TRY(check_name(d, in, g));
	TRY(fill_products(d, in, g));
	return fill_roles(d, in, g);
}

/* Rows are filled in the order of their slugs: those before have their names. */
static enum err
check_name(
    struct decoder *d, const struct row_in *in, const struct group_info *g)
{
	struct str own, other;

	must(canon_key(d->cx->arena, g->name, &own));
	for (const struct group_info *o = d->out->group; o < g; o++) {
		must(canon_key(d->cx->arena, o->name, &other));
		if (str_eq(own, other))
			return refuse(
			    d, in, "name", MSG_CATALOGUE_NAME_TWICE, o->slug);
	}
	return OK;
}

static enum err
fill_products(struct decoder *d, const struct row_in *in, struct group_info *g)
{
	const struct js *list;
	int64_t *id;

	TRY(get_list(d, in, "products", PRODUCTS_MAX, &list));
	if (list == NULL)
		return OK;
	g->product = id =
	    arena_array(d->cx->arena, js_count(list) + 1, sizeof(*id));
	for (size_t i = 0; i < js_count(list); i++) {
		struct str slug = js_str(js_at(list, i));
		const struct product *product = catalogue_row(
		    d->out->product, d->out->nproduct, sizeof(*product), slug);

		if (product == NULL)
			return refuse_unknown(
			    d, in, "products", slug, "products");
		id[g->nproduct++] = product->id;
	}
	return OK;
}

static enum err
fill_roles(struct decoder *d, const struct row_in *in, struct group_info *g)
{
	const struct js *list;
	int64_t *id;

	TRY(get_list(d, in, "roles", ROLES_A_PERSON, &list));
	if (list == NULL)
		return OK;
	g->role = id =
	    arena_array(d->cx->arena, js_count(list) + 1, sizeof(*id));
	for (size_t i = 0; i < js_count(list); i++) {
		struct str slug = js_str(js_at(list, i));
		struct role role;

		if (!role_named(d->out, slug, &role))
			return refuse_unknown(d, in, "roles", slug, "roles");
		if (!may_give(&role))
			return refuse(
			    d, in, "roles", MSG_CATALOGUE_GROUP_ROLE, slug);
		id[g->nrole++] = role.id;
	}
	return OK;
}

/* Over everybody, by one person; and the last administrator of a tenant must not go with a group. */
static bool
may_give(const struct role *role)
{
	return !role->needs_scope && role->own_scope == NULL &&
	    !role->two_persons && role->id != ROLE_ID(ROLE_OPERATOR) &&
	    role->id != ROLE_ID(ROLE_SELF) &&
	    role->id != ROLE_ID(ROLE_TENANT_ADMINISTRATOR);
}

const struct group_info *
catalogue_group(const struct catalogue *c, int64_t id)
{
	for (size_t i = 0; id != 0 && i < c->ngroup; i++)
		if (c->group[i].id == id)
			return &c->group[i];
	return NULL;
}

const struct group_info *
catalogue_group_named(
    struct arena *arena, const struct catalogue *c, struct str name)
{
	struct str key, own;

	if (!canon_key(arena, name, &key))
		return NULL;
	for (size_t i = 0; i < c->ngroup; i++)
		if (canon_key(arena, c->group[i].name, &own) &&
		    str_eq(key, own))
			return &c->group[i];
	return NULL;
}

/* --- out ---------------------------------------------------------------------- */

/* Who has none has the document of before there were any. */
void
catalogue_json_groups(const struct catalogue *c, struct js_out *o)
{
	if (c->ngroup == 0)
		return;
	js_key(o, "groups");
	js_open_object(o);
	for (size_t i = 0; i < c->ngroup; i++) {
		js_key_str(o, c->group[i].slug);
		put_group(c, &c->group[i], c->group[i].id, o);
	}
	js_close_object(o);
}

/* YAML reads JSON, and a group is one line of it. */
void
catalogue_yaml_groups(const struct catalogue *c, struct buf *b)
{
	if (c->ngroup == 0)
		return;
	buf_z(b, "\ngroups:\n");
	for (size_t i = 0; i < c->ngroup; i++) {
		struct js_out o;

		buf_fmt(b, "  \"%.*s\": ", STR_ARG(c->group[i].slug));
		js_begin(&o, b);
		put_group(c, &c->group[i], 0, &o);
		buf_z(b, "\n");
	}
}

/* Members in the order of their names; ID 0: for people. */
static void
put_group(const struct catalogue *c, const struct group_info *g, int64_t id,
    struct js_out *o)
{
	js_open_object(o);
	if (id != 0) {
		js_key(o, "id");
		js_put_int(o, id);
	}
	js_key(o, "name");
	js_put_str(o, g->name);
	if (g->nproduct > 0) {
		js_key(o, "products");
		js_open_array(o);
		for (size_t i = 0; i < g->nproduct; i++)
			js_put_str(
			    o, catalogue_product(c, g->product[i])->slug);
		js_close_array(o);
	}
	if (g->nrole > 0) {
		js_key(o, "roles");
		js_open_array(o);
		for (size_t i = 0; i < g->nrole; i++) {
			struct role role;

			must(role_of(c, g->role[i], &role));
			js_put_str(o, role.slug);
		}
		js_close_array(o);
	}
	js_close_object(o);
}

bool
catalogue_same_group(const void *before, const void *after)
{
	const struct group_info *a = before, *b = after;

	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name) &&
	    a->nproduct == b->nproduct && a->nrole == b->nrole &&
	    same_ids(a->product, b->product, a->nproduct) &&
	    same_ids(a->role, b->role, a->nrole);
}

static bool
same_ids(const int64_t *a, const int64_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return false;
	return true;
}

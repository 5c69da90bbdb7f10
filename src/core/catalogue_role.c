/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_role.c - the catalogue's section "roles": a tenant's own ones, and
 * what is added to built-in ones (which keep their rights).
 */
#include "base/js.h"

#include "core/catalogue_int.h"
#include "core/role.h"

static enum err fill_rights(struct decoder *, const struct row_in *,
    struct role *);
static enum err fill_excludes(struct decoder *, const struct row_in *,
    struct role *);
static void put_rights(const struct role *, struct js_out *);
static void put_excludes(const struct role *, struct js_out *);

enum err
catalogue_fill_role(struct decoder *d, const struct row_in *in, void *row)
{
	struct role *role = row;

	TRY(get_name(d, in, &role->name));
	TRY(fill_rights(d, in, role));
	TRY(fill_excludes(d, in, role));
	return get_bool(d, in, "two_persons", &role->two_persons);
}

static enum err
fill_rights(struct decoder *d, const struct row_in *in, struct role *role)
{
	const struct js *list;

	TRY(get_list(d, in, "rights", RIGHT_COUNT, &list));
	if (list != NULL && role_built_in(role->slug) != ROLE_NONE)
		return refuse(d, in, "rights", MSG_CATALOGUE_BUILT_IN,
		    role->slug);
	for (size_t i = 0; list != NULL && i < js_count(list); i++) {
		struct str wire = js_str(js_at(list, i));
		enum right right = right_parse(wire);

		if (right == RIGHT_NONE
		    || (RIGHT_BIT(right) & ~rights_of_tenant()) != 0)
			return refuse(d, in, "rights", MSG_CATALOGUE_RIGHT,
			    wire);
		role->rights |= RIGHT_BIT(right);
	}
	return OK;
}

static enum err
fill_excludes(struct decoder *d, const struct row_in *in, struct role *role)
{
	const struct js *list;
	struct str *slug;

	TRY(get_list(d, in, "excludes", ROLE_EXCLUDES_MAX, &list));
	if (list == NULL)
		return OK;
	slug = arena_array(d->cx->arena, js_count(list) + 1, sizeof(*slug));
	role->excludes = slug;
	for (size_t i = 0; i < js_count(list); i++) {
		struct str other = js_str(js_at(list, i));

		if (str_eq(other, role->slug)
		    || (role_built_in(other) == ROLE_NONE
		    && catalogue_row(d->out->role, d->out->nrole,
		    sizeof(*role), other) == NULL))
			return refuse(d, in, "excludes",
			    MSG_CATALOGUE_EXCLUDES, other);
		slug[role->nexcludes++] = other;
	}
	return OK;
}

const struct role *
catalogue_role(const struct catalogue *c, int64_t id)
{
	for (size_t i = 0; i < c->nrole; i++)
		if (c->role[i].id == id)
			return &c->role[i];
	return NULL;
}

const struct role *
catalogue_role_slug(const struct catalogue *c, struct str slug)
{
	return catalogue_row(c->role, c->nrole, sizeof(*c->role), slug);
}

/* --- out ---------------------------------------------------------------------------- */

void
catalogue_json_roles(const struct catalogue *c, struct js_out *o)
{
	js_key(o, "roles");
	js_open_object(o);
	for (size_t i = 0; i < c->nrole; i++) {
		const struct role *role = &c->role[i];

		js_key_str(o, role->slug);
		js_open_object(o);
		if (role->nexcludes > 0)
			put_excludes(role, o);
		js_key(o, "id");
		js_put_int(o, role->id);
		js_key(o, "name");
		js_put_str(o, role->name);
		if (role->rights != 0)
			put_rights(role, o);
		if (role->two_persons) {
			js_key(o, "two_persons");
			js_put_bool(o, true);
		}
		js_close_object(o);
	}
	js_close_object(o);
}

static void
put_excludes(const struct role *role, struct js_out *o)
{
	js_key(o, "excludes");
	js_open_array(o);
	for (size_t i = 0; i < role->nexcludes; i++)
		js_put_str(o, role->excludes[i]);
	js_close_array(o);
}

static void
put_rights(const struct role *role, struct js_out *o)
{
	js_key(o, "rights");
	js_open_array(o);
	for (int r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if ((role->rights & RIGHT_BIT(r)) != 0)
			js_put_z(o, right_name((enum right)r));
	js_close_array(o);
}

/* YAML reads JSON, and a role is one line of it. */
void
catalogue_yaml_roles(const struct catalogue *c, struct buf *b)
{
	if (c->nrole == 0)
		return;
	buf_z(b, "\nroles:\n");
	for (size_t i = 0; i < c->nrole; i++) {
		const struct role *role = &c->role[i];
		struct js_out o;

		buf_fmt(b, "  \"%.*s\": ", STR_ARG(role->slug));
		js_begin(&o, b);
		js_open_object(&o);
		js_key(&o, "name");
		js_put_str(&o, role->name);
		if (role->rights != 0)
			put_rights(role, &o);
		if (role->nexcludes > 0)
			put_excludes(role, &o);
		if (role->two_persons) {
			js_key(&o, "two_persons");
			js_put_bool(&o, true);
		}
		js_close_object(&o);
		buf_z(b, "\n");
	}
}

bool
catalogue_same_role(const void *before, const void *after)
{
	const struct role *a = before, *b = after;

	if (a->nexcludes != b->nexcludes)
		return false;
	for (size_t i = 0; i < a->nexcludes; i++)
		if (!str_eq(a->excludes[i], b->excludes[i]))
			return false;
	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name)
	    && a->rights == b->rights && a->two_persons == b->two_persons;
}

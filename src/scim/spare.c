/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/spare.h"

#include <string.h>

/* Of users: RFC 7643 section 4.1. */
static const char *const attrs[] = { "profileUrl", "locale", "timezone",
	"password", "ims", "photos", "roles", "x509Certificates" };

/* RFC 7643 sections 2.4, 4.2, 4.3 and 8.7.1 */
static const struct {
	const char *attr, *sub;
} parts[] = {
	{ "emails", "display" },
	{ "phoneNumbers", "display" },
	{ "addresses", "display" },
	{ "addresses", "primary" },
	{ "entitlements", "type" },
	{ "entitlements", "primary" },
	{ "members", "display" },
	{ "manager", "displayName" },
};

static bool is_part(const struct scim_resource *, struct str);
static bool is_under(const struct scim_schema *, struct str);

bool
spare_name(const struct scim_resource *r, struct str name)
{
	const bool is_ours = is_under(r->schema, name);
	const size_t n = strlen(r->schema->id);
	struct str sub = is_ours ? str_sub(name, n + 1, name.n) : name;
	const struct str head = str_cut(&sub, '.');

	for (size_t i = 0; r->schema == &scim_user && i < COUNT(attrs); i++)
		if (str_eq_nocase(head, str_of(attrs[i])))
			return true;
	if (is_part(r, name))
		return true;
	if (!str_eq_nocase(str_sub(name, 0, 4), STR("urn:")) || is_ours)
		return false;
	for (size_t i = 0; r->extension[i] != NULL; i++)
		if (is_under(r->extension[i], name))
			return false;
	return true;
}

/* `emails.display`, with or without a URN, which may have dots of its own. */
static bool
is_part(const struct scim_resource *r, struct str name)
{
	struct scim_target t;
	size_t dot = name.n;

	while (dot > 0 && name.p[dot - 1] != '.')
		dot--;
	return dot > 0 && scim_resolve(r, str_sub(name, 0, dot - 1), &t) &&
	    t.attr != NULL && t.sub == NULL &&
	    spare_part(&t, str_sub(name, dot, name.n));
}

bool
spare_part(const struct scim_target *t, struct str sub)
{
	if (t->extension != NULL && scim_is_declared(t->extension))
		return false;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (str_eq_nocase(
			str_of(t->attr->name), str_of(parts[i].attr)) &&
		    str_eq_nocase(sub, str_of(parts[i].sub)))
			return true;
	return false;
}

/* NAME begins with the schema's URN. */
static bool
is_under(const struct scim_schema *schema, struct str name)
{
	struct str id = str_of(schema->id);

	return str_eq_nocase(str_sub(name, 0, id.n), id) &&
	    (name.n == id.n || name.p[id.n] == ':');
}

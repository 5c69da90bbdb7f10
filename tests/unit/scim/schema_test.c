/* SPDX-License-Identifier: Apache-2.0 */
/* schema_test.c - SCIM's tables agree with the one attribute table, and a path means one thing. */
#include "../core/attr_try.h"

#include "scim/schema.h"

/* What the attribute table knows of a path of a schema; manager is a person's id. */
static enum attribute
attribute_of(const struct scim_attr *a, const struct scim_attr *sub)
{
	if (sub == NULL)
		return attr_find(str_of(a->name));
	if (strcmp(a->name, "manager") == 0)
		return A_COUNT;
	return attr_find(str_fmt(cx.arena, "%s.%s", a->name, sub->name));
}

static void
assert_agree(const struct scim_attr *a, const struct scim_attr *sub)
{
	enum attribute which = attribute_of(a, sub);
	const struct scim_attr *leaf = sub != NULL ? sub : a;
	const struct attr_info *info;

	assert_true(leaf->text != NULL && strlen(leaf->text) > 5);
	assert_true(sub == NULL || sub->type != SCIM_COMPLEX);
	if (which == A_COUNT)
		return;
	info = attr_info(which);
	if (((info->flags & ATTR_MULTI) != 0) != ((a->flags & SCIM_MULTI) != 0))
		wrong("%s: one or several", info->path);
	if (leaf->type != SCIM_COMPLEX &&
	    (info->type == ATTR_BOOL) != (leaf->type == SCIM_BOOLEAN))
		wrong("%s: another type", info->path);
}

static void
assert_schema(const struct scim_attr *attr)
{
	for (const struct scim_attr *a = attr; a->name != NULL; a++) {
		assert_int_equal(a->type == SCIM_COMPLEX, a->sub != NULL);
		assert_ptr_equal(scim_attr_find(attr, str_of(a->name)), a);
		assert_agree(a, NULL);
		for (const struct scim_attr *s = a->sub;
		     s != NULL && s->name != NULL; s++) {
			assert_ptr_equal(
			    scim_attr_find(a->sub, str_of(s->name)), s);
			assert_agree(a, s);
		}
	}
}

static void
schemas_say_what_the_attribute_table_says(void **state)
{
	const struct scim_schema *s;
	size_t n = 0;

	(void)state;
	for (; (s = scim_schema_at(n)) != NULL; n++)
		assert_schema(s->attr);
	assert_int_equal(n, 5);
	assert_schema(scim_common);
}

/* What is a person's and in no schema has its reason. */
static void
every_attribute_is_in_a_schema(void **state)
{
	static const struct {
		enum attribute a;
		const char *why;
	} elsewhere[] = {
		{ A_BIRTH_DATE, "not for every system that a person is in" },
		{ A_EXTENSIONS, "schemas of their own, by URN" },
		{ A_MANAGER, "complex: manager.value" },
	};

	(void)state;
	for (int a = 0; a < A_COUNT; a++) {
		struct str path = str_of(attr_info((enum attribute)a)->path);
		struct scim_target t;
		bool is_found = scim_resolve(&scim_user_resource, path, &t);

		for (size_t i = 0; i < COUNT(elsewhere); i++)
			is_found |= elsewhere[i].a == (enum attribute)a;
		for (size_t i = 0; scim_user_resource.extension[i] != NULL; i++)
			is_found |= scim_resolve(&scim_user_resource,
			    str_fmt(cx.arena, "%s:%.*s",
				scim_user_resource.extension[i]->id,
				STR_ARG(path)),
			    &t);
		if (!is_found)
			wrong("%.*s is in no schema", STR_ARG(path));
	}
}

static const struct {
	const char *name, *extension, *attr, *sub;
} names[] = {
	{ "userName", NULL, "userName", NULL },
	{ "USERNAME", NULL, "userName", NULL },
	{ "id", NULL, "id", NULL },
	{ "meta.lastModified", NULL, "meta", "lastModified" },
	{ "name.familyName", NULL, "name", "familyName" },
	{ SCIM_USER ":emails.value", NULL, "emails", "value" },
	{ "URN:ietf:params:scim:schemas:core:2.0:user:active", NULL, "active",
	    NULL },
	{ SCIM_ENTERPRISE, SCIM_ENTERPRISE, NULL, NULL },
	{ SCIM_ENTERPRISE ":manager", SCIM_ENTERPRISE, "manager", NULL },
	{ SCIM_ENTERPRISE ":manager.value", SCIM_ENTERPRISE, "manager",
	    "value" },
	{ SCIM_USHER ":licences.outcome", SCIM_USHER, "licences", "outcome" },
};

static void
a_name_means_one_attribute(void **state)
{
	static const char *const unknown[] = { "", "user", "name.", ".name",
		"name.x", "userName.value", "name.familyName.x", SCIM_USER,
		SCIM_USER ":", SCIM_USER ":x", SCIM_USER "userName",
		SCIM_ENTERPRISE ":", SCIM_ENTERPRISE ":userName",
		SCIM_ENTERPRISE "department", "department", "manager.value",
		"urn:x:userName" };
	struct scim_target t;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (!scim_resolve(
			&scim_user_resource, str_of(names[i].name), &t))
			wrong("unknown: %s", names[i].name);
		assert_str(str_of(t.extension != NULL ? t.extension->id : NULL),
		    names[i].extension != NULL ? names[i].extension : "");
		assert_str(str_of(t.attr != NULL ? t.attr->name : NULL),
		    names[i].attr != NULL ? names[i].attr : "");
		assert_str(str_of(t.sub != NULL ? t.sub->name : NULL),
		    names[i].sub != NULL ? names[i].sub : "");
	}
	for (size_t i = 0; i < COUNT(unknown); i++)
		if (scim_resolve(&scim_user_resource, str_of(unknown[i]), &t))
			wrong("known: %s", unknown[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(schemas_say_what_the_attribute_table_says),
		cmocka_unit_test(every_attribute_is_in_a_schema),
		cmocka_unit_test(a_name_means_one_attribute),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

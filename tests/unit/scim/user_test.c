/* SPDX-License-Identifier: Apache-2.0 */
/* user_test.c - where a person stands in SCIM, what a change of them is natively, and what is returned. */
#include "../core/attr_try.h"

#include "scim/project.h"
#include "scim/user.h"

#define ENTERPRISE "\"" SCIM_ENTERPRISE "\""
#define USHER	   "\"" SCIM_USHER "\""
#define BASE	   "https://x/scim/v2"

static const char ana[] =
    "{\"id\":\"1\",\"version\":3,\"lifecycle\":\"active\","
    "\"certification\":\"certified\",\"enabled\":true,\"blocks\":[],"
    "\"source\":\"s\",\"created\":\"c\",\"changed\":\"d\","
    "\"externalId\":\"e\",\"userName\":\"ana\",\"birthDate\":\"b\","
    "\"name\":{\"givenName\":\"Ana\",\"familyName\":\"B\"},"
    "\"emails\":[{\"value\":\"a@w\",\"type\":\"work\"},"
    "{\"value\":\"a@h\",\"type\":\"home\"}],\"title\":\"t\","
    "\"department\":\"it\",\"manager\":\"2\",\"site\":\"ber\","
    "\"contracts\":[{\"id\":\"9\"}]}";

static struct value *
read_value(const char *text)
{
	const struct js *js;

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("no JSON: %s", text);
	return value_of(cx.arena, js);
}

static const char *
written(const struct value *v)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, cx.arena, 65536);
	js_begin(&js, &b);
	value_write(&js, v);
	return str_z(cx.arena, buf_view(&b));
}

static struct value *
user(void)
{
	return scim_user_of(
	    cx.arena, &scim_user_resource, read_value(ana), STR(BASE));
}

static void
a_person_is_shown_by_schemas(void **state)
{
	(void)state;
	assert_true(value_eq(user(),
	    read_value(
		"{\"schemas\":[\"" SCIM_USER "\"," ENTERPRISE "," USHER
		"],\"id\":\"1\",\"externalId\":\"e\",\"userName\":\"ana\","
		"\"name\":{\"givenName\":\"Ana\",\"familyName\":\"B\"},"
		"\"title\":\"t\",\"active\":true,"
		"\"emails\":[{\"value\":\"a@w\",\"type\":\"work\"},{\"value\":"
		"\"a@h\",\"type\":\"home\"}]," ENTERPRISE
		":{\"department\":\"it\",\"manager\":{\"value\":\"2\",\"$ref\":"
		"\"" BASE "/Users/2\"}}," USHER
		":{\"site\":\"ber\",\"source\":\"s\",\"lifecycle\":\"active\","
		"\"certification\":\"certified\"},"
		"\"meta\":{\"resourceType\":\"User\",\"created\":\"c\","
		"\"lastModified\":\"d\","
		"\"location\":\"" BASE
		"/Users/1\",\"version\":\"\\\"3\\\"\"}}")));
}

/* What a member of the user becomes; "": it goes. */
static const struct {
	const char *schema, *name, *value, *change;
	int	    active;
} changes[] = {
	{ "", "title", "\"t\"", "{}", 0 },
	{ "", "title", "\"u\"", "{\"title\":\"u\"}", 0 },
	{ "", "title", "", "{\"title\":null}", 0 },
	{ "", "active", "true", "{}", 0 },
	{ "", "active", "false", "{}", -1 },
	{ "", "id", "\"2\"", "{}", 0 },
	{ "", "name", "{\"familyName\":\"B\"}", "{\"name\":{\"givenName\":null}}", 0 },
	{ "", "name", "{\"givenName\":\"Ana\",\"familyName\":\"C\"}", "{\"name\":{\"familyName\":\"C\"}}", 0 },
	{ "", "name", "", "{\"name\":null}", 0 },
	{ "", "preferredLanguage", "\"fr;q=0.5, de-CH\"", "{\"preferredLanguage\":\"de-CH\"}", 0 },
	{ "", "emails", "[]", "{\"emails\":[]}", 0 },
	{ "", "externalId", "\"f\"", "{\"externalId\":\"f\"}", 0 },
	{ SCIM_ENTERPRISE, "manager", "{\"value\":\"3\"}", "{\"manager\":\"3\"}", 0 },
	{ SCIM_ENTERPRISE, "manager", "", "{\"manager\":null}", 0 },
	{ SCIM_ENTERPRISE, "division", "\"d\"", "{\"division\":\"d\"}", 0 },
	{ SCIM_USHER, "site", "\"lyo\"", "{\"site\":\"lyo\"}", 0 },
	{ SCIM_USHER, "lifecycle", "\"left\"", "{}", 0 },
	{ SCIM_USHER, "source", "\"mine\"", "{}", 0 },
};

static void
a_change_is_a_merge_patch_of_the_person(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct value *before = user(), *after = user(), *to = after;
		const struct value *change;
		struct str name = str_of(changes[i].name);
		int active;

		if (*changes[i].schema != '\0')
			to = value_get(after, str_of(changes[i].schema));
		if (*changes[i].value == '\0')
			value_drop_name(to, name);
		else
			value_put(to, name, read_value(changes[i].value));
		change = scim_user_change(cx.arena, &scim_user_resource,
		    before, after, &active);
		if (!value_eq(change, read_value(changes[i].change)) ||
		    active != changes[i].active)
			wrong("%s %s: %s, %d", changes[i].name,
			    changes[i].value, written(change), active);
	}
}

static void
what_a_put_may_not_know_of_stays(void **state)
{
	struct value *before = user();
	struct value *after = read_value(
	    "{\"userName\":\"bo\"," ENTERPRISE ":{\"department\":\"hr\"}}");
	int active;

	(void)state;
	scim_user_keep(cx.arena, &scim_user_resource, before, after);
	assert_true(value_eq(
	    scim_user_change(
		cx.arena, &scim_user_resource, before, after, &active),
	    read_value(
		"{\"userName\":\"bo\",\"name\":null,\"title\":null,"
		"\"emails\":null,\"department\":\"hr\",\"manager\":null}")));
	assert_int_equal(active, 0);
}

static const struct {
	const char *attributes, *excluded, *left;
} projections[] = {
	{ "title", NULL, "{\"id\":\"1\",\"title\":\"t\"}" },
	{ "TITLE, nothing,userName", NULL, "{\"id\":\"1\",\"title\":\"t\",\"userName\":\"ana\"}" },
	{ SCIM_USER ":title", NULL, "{\"id\":\"1\",\"title\":\"t\"}" },
	{ "emails.value,name.givenName", NULL,
	    "{\"id\":\"1\",\"emails\":[{\"value\":\"a@w\"},{\"value\":\"a@h\"}],\"name\":{\"givenName\":\"Ana\"}}" },
	{ "emails.value,emails.type", NULL,
	    "{\"id\":\"1\",\"emails\":[{\"value\":\"a@w\",\"type\":\"work\"},{\"value\":\"a@h\",\"type\":\"home\"}]}" },
	{ SCIM_ENTERPRISE ":department", NULL, "{\"id\":\"1\"," ENTERPRISE ":{\"department\":\"it\"}}" },
	{ SCIM_ENTERPRISE, NULL,
	    "{\"id\":\"1\"," ENTERPRISE ":{\"department\":\"it\",\"manager\":{\"value\":\"2\",\"$ref\":\"" BASE
	    "/Users/2\"}}}" },
	{ NULL, SCIM_USER ":id," SCIM_USER ":userName,name,title,emails,active,externalId,meta," SCIM_ENTERPRISE
	    "," SCIM_USHER,
	    "{\"id\":\"1\"}" },
	{ "title,TITLE,title", NULL, "{\"id\":\"1\",\"title\":\"t\"}" },
	{ NULL, "id,schemas,externalId,meta,active,title,emails.type,name.familyName," SCIM_ENTERPRISE "," SCIM_USHER,
	    "{\"id\":\"1\",\"userName\":\"ana\",\"name\":{\"givenName\":\"Ana\"},"
	    "\"emails\":[{\"value\":\"a@w\"},{\"value\":\"a@h\"}]}" },
};

static void
what_was_asked_for_is_returned(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(projections); i++) {
		const char *in = projections[i].attributes;
		const char *out = projections[i].excluded;
		struct value *v = user();
		struct projection p;

		assert_int_equal(
		    project_parse(&cx,
			in != NULL ? str_of(in) : (struct str) { NULL, 0 },
			out != NULL ? str_of(out) : (struct str) { NULL, 0 },
			&p),
		    OK);
		project(cx.arena, &scim_user_resource, &p, v);
		assert_non_null(value_get(v, STR("schemas")));
		value_drop_name(v, STR("schemas"));
		if (!value_eq(v, read_value(projections[i].left)))
			wrong("%s %s: %s", in != NULL ? in : "",
			    out != NULL ? out : "", written(v));
	}
}

static void
both_lists_are_refused(void **state)
{
	struct projection p;

	(void)state;
	assert_refused(project_parse(&cx, STR("title"), STR("name"), &p),
	    API_ONE_OF, "attributes");
	assert_int_equal(
	    project_parse(&cx, STR(" , "), (struct str) { NULL, 0 }, &p), OK);
	assert_int_equal(p.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_person_is_shown_by_schemas, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    a_change_is_a_merge_patch_of_the_person, open_ctx,
		    close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_a_put_may_not_know_of_stays, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_was_asked_for_is_returned, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    both_lists_are_refused, open_ctx, close_ctx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

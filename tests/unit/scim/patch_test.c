/* SPDX-License-Identifier: Apache-2.0 */
/* patch_test.c - what each operation makes of a resource, and what is refused. */
#include "../core/attr_try.h"

#include "scim/patch.h"

#define ENTERPRISE "\"" SCIM_ENTERPRISE "\""
#define ANA "\"id\":\"1\",\"userName\":\"ana\""
#define HEAD "{\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":["
#define WORK "{\"value\":\"a@w\",\"type\":\"work\",\"primary\":true}"
#define HOME "{\"value\":\"a@h\",\"type\":\"home\"}"

static struct value *
resource(const char *members)
{
	const struct js *js;
	const char *text = str_z(cx.arena,
	    str_fmt(cx.arena, "{" ANA "%s%s}", *members != '\0' ? "," : "",
		members));

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("no JSON: %s", text);
	return value_of(cx.arena, js);
}

static enum err
patched(const char *members, const char *operations, struct value **out)
{
	const struct js *js;
	const char *text =
	    str_z(cx.arena, str_fmt(cx.arena, HEAD "%s]}", operations));

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("no JSON: %s", text);
	return scim_patch(&cx, &scim_user_resource, resource(members), js, out);
}

static struct str
written(const struct value *v)
{
	struct buf b;
	struct js_out js;

	buf_init(&b, cx.arena, 65536);
	js_begin(&js, &b);
	value_write(&js, v);
	return buf_view(&b);
}

/* Beside id and userName. */
static const struct {
	const char *before, *operations, *after;
} good[] = {
	/* Nothing to do. */
	{ "", "", "" },
	/* Single values, and op in any case. */
	{ "", "{\"op\":\"add\",\"path\":\"title\",\"value\":\"x\"}", "\"title\":\"x\"" },
	{ "\"title\":\"x\"", "{\"op\":\"Replace\",\"path\":\"TITLE\",\"value\":\"y\"}", "\"title\":\"y\"" },
	{ "\"title\":\"x\"", "{\"OP\":\"REMOVE\",\"Path\":\"title\"}", "" },
	{ "", "{\"op\":\"remove\",\"path\":\"title\"}", "" },
	{ "\"title\":\"x\"", "{\"op\":\"replace\",\"path\":\"title\",\"value\":null}", "" },
	{ "\"title\":\"x\"", "{\"op\":\"replace\",\"path\":\"title\",\"value\":\"\"}", "" },
	/* What is absent takes the place of the single value that was there. */
	{ "\"title\":\"x\"", "{\"op\":\"add\",\"path\":\"title\",\"value\":null}", "" },
	{ "\"emails\":[" HOME "]", "{\"op\":\"add\",\"path\":\"emails\",\"value\":[]}", "\"emails\":[" HOME "]" },
	{ "\"emails\":[" HOME "]",
	    "{\"op\":\"add\",\"path\":\"emails[type eq \\\"other\\\"]\",\"value\":" HOME "}",
	    "\"emails\":[" HOME "]" },
	{ "\"active\":true", "{\"op\":\"Replace\",\"path\":\"active\",\"value\":\"False\"}", "\"active\":false" },
	{ "\"active\":false", "{\"op\":\"Replace\",\"value\":{\"active\":\"True\"}}", "\"active\":true" },
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_USER ":title\",\"value\":\"x\"}", "\"title\":\"x\"" },
	/* Complex ones are merged. */
	{ "\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"}",
	    "{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"familyName\":\"C\"}}",
	    "\"name\":{\"givenName\":\"A\",\"familyName\":\"C\"}" },
	{ "\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"}",
	    "{\"op\":\"add\",\"path\":\"name\",\"value\":{\"familyName\":null,\"x\":1}}",
	    "\"name\":{\"givenName\":\"A\"}" },
	{ "\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"}",
	    "{\"op\":\"replace\",\"value\":{\"name\":{\"givenName\":\"\"}}}",
	    "\"name\":{\"familyName\":\"B\"}" },
	{ "\"name\":{\"givenName\":\"A\"}",
	    "{\"op\":\"replace\",\"value\":{\"name\":{\"givenName\":\"\"}}}", "" },
	{ "", "{\"op\":\"add\",\"path\":\"name.givenName\",\"value\":\"A\"}", "\"name\":{\"givenName\":\"A\"}" },
	{ "\"name\":{\"givenName\":\"A\"}", "{\"op\":\"remove\",\"path\":\"name.givenName\"}", "" },
	/* Without path; dotted and chosen members, as Entra sends them. */
	{ "", "{\"op\":\"add\",\"value\":{\"title\":\"x\",\"name.givenName\":\"A\",\"schemas\":[]}}",
	    "\"title\":\"x\",\"name\":{\"givenName\":\"A\"}" },
	{ "", "{\"op\":\"add\",\"value\":{\"emails[type eq \\\"work\\\"].value\":\"a@w\"}}",
	    "\"emails\":[{\"type\":\"work\",\"value\":\"a@w\"}]" },
	/* Extensions: by path, by object, by dotted member. */
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":department\",\"value\":\"it\"}",
	    ENTERPRISE ":{\"department\":\"it\"}" },
	{ ENTERPRISE ":{\"department\":\"it\"}",
	    "{\"op\":\"replace\",\"value\":{" ENTERPRISE ":{\"division\":\"d\"}}}",
	    ENTERPRISE ":{\"department\":\"it\",\"division\":\"d\"}" },
	{ "", "{\"op\":\"add\",\"value\":{\"" SCIM_ENTERPRISE ":division\":\"d\"}}",
	    ENTERPRISE ":{\"division\":\"d\"}" },
	{ ENTERPRISE ":{\"department\":\"it\"}", "{\"op\":\"remove\",\"path\":" ENTERPRISE "}", "" },
	{ ENTERPRISE ":{\"department\":\"it\"}",
	    "{\"op\":\"remove\",\"path\":\"" SCIM_ENTERPRISE ":department\"}", "" },
	/* The manager as a text, an object, and gone. */
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":manager\",\"value\":\"7\"}",
	    ENTERPRISE ":{\"manager\":{\"value\":\"7\"}}" },
	{ ENTERPRISE ":{\"manager\":{\"value\":\"7\"}}",
	    "{\"op\":\"replace\",\"path\":\"" SCIM_ENTERPRISE ":manager\","
	    "\"value\":[{\"value\":\"8\",\"$ref\":\"x\"}]}",
	    ENTERPRISE ":{\"manager\":{\"value\":\"8\"}}" },
	{ ENTERPRISE ":{\"manager\":{\"value\":\"7\"}}",
	    "{\"op\":\"replace\",\"path\":\"" SCIM_ENTERPRISE ":manager\",\"value\":\"\"}", "" },
	/* Several values: added once, replaced as a whole, removed by value. */
	{ "", "{\"op\":\"Add\",\"path\":\"emails\",\"value\":[" WORK "]}", "\"emails\":[" WORK "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"add\",\"path\":\"emails\",\"value\":" HOME "}",
	    "\"emails\":[" WORK "," HOME "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"add\",\"path\":\"emails\",\"value\":[" WORK "]}",
	    "\"emails\":[" WORK "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"replace\",\"path\":\"emails\",\"value\":[" HOME "]}",
	    "\"emails\":[" HOME "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"replace\",\"path\":\"emails\",\"value\":[]}", "" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"add\",\"path\":\"emails\",\"value\":[]}", "\"emails\":[" WORK "]" },
	{ "\"emails\":[" WORK "," HOME "]", "{\"op\":\"remove\",\"path\":\"emails\",\"value\":[{\"value\":\"a@w\"}]}",
	    "\"emails\":[" HOME "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"remove\",\"path\":\"emails\"}", "" },
	/* A new primary ends the one before. */
	{ "\"emails\":[" WORK "]",
	    "{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"b\",\"primary\":true}]}",
	    "\"emails\":[{\"value\":\"a@w\",\"type\":\"work\",\"primary\":false},{\"value\":\"b\",\"primary\":true}]" },
	{ "\"emails\":[" WORK "," HOME "]",
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"home\\\"].primary\",\"value\":\"true\"}",
	    "\"emails\":[{\"value\":\"a@w\",\"type\":\"work\",\"primary\":false},"
	    "{\"value\":\"a@h\",\"type\":\"home\",\"primary\":true}]" },
	{ "\"emails\":[" WORK ",{\"value\":\"a@h\",\"type\":\"home\",\"primary\":false}]",
	    "{\"op\":\"add\",\"path\":\"emails\",\"value\":{\"value\":\"a@h\",\"type\":\"home\",\"primary\":true}}",
	    "\"emails\":[{\"value\":\"a@w\",\"type\":\"work\",\"primary\":false},"
	    "{\"value\":\"a@h\",\"type\":\"home\",\"primary\":true}]" },
	/* Chosen elements. */
	{ "\"emails\":[" WORK "," HOME "]",
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"HOME\\\"].value\",\"value\":\"n@h\"}",
	    "\"emails\":[" WORK ",{\"value\":\"n@h\",\"type\":\"home\"}]" },
	{ "\"emails\":[" WORK "," HOME "]", "{\"op\":\"remove\",\"path\":\"emails[value sw \\\"a@\\\"]\"}", "" },
	{ "\"emails\":[" WORK "," HOME "]", "{\"op\":\"remove\",\"path\":\"emails[not (primary eq true)]\"}",
	    "\"emails\":[" WORK "]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"remove\",\"path\":\"emails[primary eq \\\"True\\\"].type\"}",
	    "\"emails\":[{\"value\":\"a@w\",\"primary\":true}]" },
	{ "\"emails\":[" WORK "]", "{\"op\":\"remove\",\"path\":\"emails[type eq \\\"home\\\"]\"}",
	    "\"emails\":[" WORK "]" },
	{ "\"emails\":[" WORK "]",
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"]\","
	    "\"value\":{\"value\":\"b\",\"type\":\"other\"}}",
	    "\"emails\":[{\"value\":\"b\",\"type\":\"other\"}]" },
	{ "\"emails\":[" WORK "]",
	    "{\"op\":\"add\",\"path\":\"emails[type eq \\\"work\\\"]\",\"value\":{\"value\":\"b\"}}",
	    "\"emails\":[{\"value\":\"b\",\"type\":\"work\",\"primary\":true}]" },
	/* An element that is not there is made as it was asked for. */
	{ "", "{\"op\":\"Add\",\"path\":\"emails[type eq \\\"work\\\" and primary eq true].value\",\"value\":\"a@w\"}",
	    "\"emails\":[{\"type\":\"work\",\"primary\":true,\"value\":\"a@w\"}]" },
	{ "\"emails\":[" HOME "]",
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"b\"}",
	    "\"emails\":[" HOME ",{\"type\":\"work\",\"value\":\"b\"}]" },
	{ "", "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"\"}", "" },
	{ "\"emails\":[" WORK "," HOME "]", "{\"op\":\"replace\",\"path\":\"emails.type\",\"value\":\"other\"}",
	    "\"emails\":[{\"value\":\"a@w\",\"type\":\"other\",\"primary\":true},"
	    "{\"value\":\"a@h\",\"type\":\"other\"}]" },
	/* What the server sets may be sent as it is; what nobody has is passed over. */
	{ "", "{\"op\":\"replace\",\"value\":{\"id\":\"1\",\"title\":\"x\"}}", "\"title\":\"x\"" },
	{ "", "{\"op\":\"add\",\"path\":\"externalId\",\"value\":\"e\"}", "\"externalId\":\"e\"" },
	{ "\"externalId\":\"e\"", "{\"op\":\"replace\",\"path\":\"externalId\",\"value\":\"f\"}",
	    "\"externalId\":\"f\"" },
	{ "\"externalId\":\"e\"", "{\"op\":\"remove\",\"path\":\"externalId\"}", "" },
	{ "\"emails\":[" WORK "]",
	    "{\"op\":\"add\",\"path\":\"emails[type eq \\\"work\\\"].display\",\"value\":\"A\"}",
	    "\"emails\":[" WORK "]" },
	{ "", "{\"op\":\"Add\",\"path\":\"addresses[type eq \\\"other\\\"].Formatted\",\"value\":\"Room 7\"},"
	    "{\"op\":\"add\",\"path\":\"title\",\"value\":\"x\"}",
	    "\"title\":\"x\",\"addresses\":[{\"type\":\"other\",\"formatted\":\"Room 7\"}]" },
	{ "", "{\"op\":\"replace\",\"path\":\"addresses.primary\",\"value\":true}", "" },
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":manager.displayName\",\"value\":\"Bo\"}", "" },
	{ "", "{\"op\":\"replace\",\"path\":\"" SCIM_ENTERPRISE "\",\"value\":{\"schemas\":[\"" SCIM_ENTERPRISE
	    "\"],\"employeeNumber\":\"17\"}}", ENTERPRISE ":{\"employeeNumber\":\"17\"}" },
	{ "", "{\"op\":\"add\",\"path\":\"timezone\",\"value\":\"Europe/Berlin\"}", "" },
	{ "", "{\"op\":\"add\",\"path\":\"urn:x:2.0:User:badge\",\"value\":\"1\"}", "" },
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":employeeNumber\",\"value\":17}",
	    ENTERPRISE ":{\"employeeNumber\":\"17\"}" },
	/* One after the other. */
	{ "", "{\"op\":\"add\",\"path\":\"title\",\"value\":\"x\"},{\"op\":\"remove\",\"path\":\"title\"},"
	    "{\"op\":\"add\",\"path\":\"nickName\",\"value\":\"n\"}", "\"nickName\":\"n\"" },
};

static void
operations_change_what_they_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct value *want = resource(good[i].after), *got;

		if (patched(good[i].before, good[i].operations, &got) != OK)
			wrong("%s: %s", good[i].operations,
			    msg_name(cx.fault.msg));
		if (!value_eq(got, want))
			wrong("%s\ngave %.*s\nnot  %.*s", good[i].operations,
			    STR_ARG(written(got)), STR_ARG(written(want)));
	}
}

static const struct {
	const char *before, *operations;
	enum msg    why;
} bad[] = {
	{ "", "1", MSG_SCIM_OP },
	{ "", "{}", MSG_SCIM_OP },
	{ "", "{\"op\":\"move\",\"path\":\"title\"}", MSG_SCIM_OP },
	{ "", "{\"op\":1,\"path\":\"title\"}", MSG_SCIM_OP },
	{ "", "{\"op\":\"add\",\"path\":\"title\"}", MSG_SCIM_NO_VALUE },
	{ "", "{\"op\":\"add\",\"value\":\"x\"}", MSG_SCIM_NO_VALUE },
	{ "", "{\"op\":\"remove\"}", MSG_SCIM_NO_PATH },
	{ "", "{\"op\":\"add\",\"path\":1,\"value\":\"x\"}", MSG_SCIM_TYPE },
	{ "", "{\"op\":\"add\",\"path\":\"title[\",\"value\":\"x\"}", MSG_FILTER_ATTRIBUTE },
	{ "", "{\"op\":\"add\",\"path\":\"salary\",\"value\":1}", MSG_SCIM_PATH },
	{ "", "{\"op\":\"add\",\"value\":{\"salary\":1}}", MSG_SCIM_PATH },
	{ "", "{\"op\":\"add\",\"path\":\"name.x\",\"value\":\"x\"}", MSG_SCIM_PATH },
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_ENTERPRISE ":salary\",\"value\":1}", MSG_SCIM_PATH },
	{ "", "{\"op\":\"add\",\"path\":" ENTERPRISE ",\"value\":1}", MSG_SCIM_NO_VALUE },
	{ "", "{\"op\":\"add\",\"path\":\"title[value eq \\\"x\\\"]\",\"value\":\"x\"}", MSG_SCIM_PATH_FILTER },
	{ "\"emails\":[" WORK "]", "{\"op\":\"remove\",\"path\":\"emails[salary pr]\"}", MSG_SCIM_PATH },
	{ "\"emails\":[" WORK "]", "{\"op\":\"remove\",\"path\":\"emails[value pr].salary\"}", MSG_SCIM_PATH },
	{ "\"emails\":[" WORK "]",
	    "{\"op\":\"replace\",\"path\":\"emails[type eq \\\"home\\\"]\",\"value\":" HOME "}", MSG_SCIM_NO_TARGET },
	{ "", "{\"op\":\"add\",\"path\":\"emails[type ne \\\"home\\\"].value\",\"value\":\"x\"}", MSG_SCIM_NO_TARGET },
	{ "", "{\"op\":\"replace\",\"path\":\"id\",\"value\":\"2\"}", MSG_SCIM_READ_ONLY },
	{ "", "{\"op\":\"remove\",\"path\":\"id\"}", MSG_SCIM_READ_ONLY },
	{ "", "{\"op\":\"add\",\"path\":\"meta.version\",\"value\":\"2\"}", MSG_SCIM_READ_ONLY },
	{ "", "{\"op\":\"add\",\"path\":\"" SCIM_USHER ":lifecycle\",\"value\":\"left\"}", MSG_SCIM_READ_ONLY },
	{ "", "{\"op\":\"remove\",\"path\":\"userName\"}", MSG_SCIM_TAKEN_AWAY },
	{ "", "{\"op\":\"replace\",\"value\":{\"userName\":\"\"}}", MSG_SCIM_TAKEN_AWAY },
	{ "", "{\"op\":\"add\",\"path\":\"active\",\"value\":\"maybe\"}", MSG_SCIM_TYPE },
	{ "", "{\"op\":\"add\",\"path\":\"title\",\"value\":{\"a\":1}}", MSG_SCIM_TYPE },
	{ "", "{\"op\":\"add\",\"path\":\"title\",\"value\":[\"a\",\"b\"]}", MSG_SCIM_TYPE },
	{ "", "{\"op\":\"add\",\"path\":\"name\",\"value\":\"Ana\"}", MSG_SCIM_TYPE },
	{ "", "{\"op\":\"replace\",\"path\":\"emails\",\"value\":[" WORK ",{\"value\":\"b\",\"primary\":true}]}",
	    MSG_SCIM_PRIMARY },
};

static void
what_cannot_be_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *operations = str_z(cx.arena,
		    str_fmt(cx.arena,
			"{\"op\":\"add\",\"path\":\"title\",\"value\":\"t\"},%"
			"s",
			bad[i].operations));
		struct value *got = NULL;

		if (patched(bad[i].before, operations, &got) == OK)
			wrong("taken: %s", bad[i].operations);
		if (cx.fault.msg != bad[i].why)
			wrong("%s: %s", bad[i].operations,
			    msg_name(cx.fault.msg));
		assert_null(got);
	}
}

static void
the_body_is_a_patch_op(void **state)
{
	static const struct {
		const char *body;
		enum msg why;
	} bodies[] = {
		{ "[]", MSG_API_NOT_OBJECT },
		{ "{}", MSG_SCIM_SCHEMAS },
		{ "{\"schemas\":[\"x\"],\"Operations\":[]}", MSG_SCIM_SCHEMAS },
		{ "{\"schemas\":[\"" SCIM_PATCH_OP "\"]}",
		    MSG_SCIM_OPERATIONS },
		{ "{\"schemas\":[\"" SCIM_PATCH_OP "\"],\"Operations\":{}}",
		    MSG_SCIM_OPERATIONS },
	};
	struct value *got;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		const struct js *js;

		assert_int_equal(
		    js_parse(&cx, str_of(bodies[i].body), &js), OK);
		assert_int_equal(scim_patch(&cx, &scim_user_resource,
				     resource(""), js, &got),
		    ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, bodies[i].why);
	}
}

static void
what_was_there_stays_as_it_is(void **state)
{
	struct value *before = resource("\"emails\":[" WORK "]"), *got;
	struct str text = written(before);
	const struct js *js;

	(void)state;
	assert_int_equal(
	    js_parse(&cx,
		STR(HEAD
		    "{\"op\":\"remove\",\"path\":\"emails[type pr].type\"},"
		    "{\"op\":\"replace\",\"path\":\"userName\",\"value\":\"b\"}"
		    "]}"),
		&js),
	    OK);
	assert_int_equal(
	    scim_patch(&cx, &scim_user_resource, before, js, &got), OK);
	assert_true(str_eq(written(before), text));
	assert_false(value_eq(before, got));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operations_change_what_they_name),
		cmocka_unit_test(what_cannot_be_is_refused_and_changes_nothing),
		cmocka_unit_test(the_body_is_a_patch_op),
		cmocka_unit_test(what_was_there_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

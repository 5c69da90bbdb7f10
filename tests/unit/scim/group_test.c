/* SPDX-License-Identifier: Apache-2.0 */
/* group_test.c - bodies and filters about groups, as orders and questions. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"

#include "scim/group.h"

static struct arena *arena;
static struct ctx cx;

static int
setup(void **state)
{
	(void)state;
	arena = arena_open(16 << 20);
	cx = (struct ctx) { .arena = arena };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_close(arena);
	return 0;
}

/* OPERATIONS with A, B and C for the ids 1, 2 and 3. */
static struct str
with_ids(const char *text)
{
	struct buf b;

	buf_init(&b, arena, 65536);
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'C')
			buf_str(&b, id_text(arena, *text - 'A' + 1));
		else
			buf_str(&b, (struct str) { text, 1 });
	return buf_view(&b);
}

static enum err
patch(const char *operations, struct group_order *o)
{
	const struct str body = str_fmt(arena,
	    "{\"schemas\": [\"" SCIM_PATCH_OP "\"], \"Operations\": [%.*s]}",
	    STR_ARG(with_ids(operations)));
	const struct js *js;

	cx.fault = (struct fault) { 0 };
	*o = (struct group_order) { .kind = GROUP_CHANGE };
	assert_int_equal(js_parse(&cx, body, &js), OK);
	return scim_group_patch(&cx, value_of(arena, js), o);
}

static const struct {
	const char *operations;
	const char *join, *part;	/* letters */
	bool	    replaces;
} patches[] = {
	{ "{'op':'add','path':'members','value':[{'value':'A'},{'value':'B'}]}",
	    "AB", "", false },
	{ "{'op':'add','path':'members','value':{'value':'A'}}", "A", "",
	    false },
	{ "{'op':'add','path':'members','value':['A']}", "A", "", false },
	{ "{'op':'add','value':{'members':[{'value':'A'}]}}", "A", "", false },
	{ "{'op':'add','path':'urn:ietf:params:scim:schemas:core:2.0:group:"
	  "members','value':[{'value':'A'}]}",
	    "A", "", false },
	{ "{'op':'remove','path':'members[value eq ~A~]'}", "", "A", false },
	{ "{'op':'remove','path':'members[value eq ~A~ or value eq ~B~]'}", "",
	    "AB", false },
	{ "{'op':'remove','path':'members','value':[{'value':'A'}]}", "", "A",
	    false },
	{ "{'op':'remove','path':'members'}", "", "", true },
	{ "{'op':'replace','path':'members','value':[{'value':'B'}]}", "B", "",
	    true },
	{ "{'op':'replace','path':'members','value':[]}", "", "", true },
	/* The last word about somebody counts. */
	{ "{'op':'add','path':'members','value':['A','B']},"
	  "{'op':'remove','path':'members[value eq ~A~]'}",
	    "B", "A", false },
	{ "{'op':'remove','path':'members','value':['A']},"
	  "{'op':'add','path':'members','value':['A']}",
	    "A", "", false },
	{ "{'op':'add','path':'members','value':['A']},"
	  "{'op':'replace','path':'members','value':['B','C']},"
	  "{'op':'remove','path':'members','value':['C']}",
	    "B", "", true },
	{ "{'op':'remove','path':'members[value eq ~nobody~]'}", "", "",
	    false },
	{ "", "", "", false },
};

/* ' is ", and ~ is \". */
static const char *
quoted(const char *text)
{
	struct buf b;

	buf_init(&b, arena, 65536);
	for (; *text != '\0'; text++)
		buf_z(&b,
		    *text == '\'' ? "\""
			: *text == '~'
			? "\\\""
			: str_z(arena, (struct str) { text, 1 }));
	return str_z(arena, buf_view(&b));
}

static void
assert_persons(const int64_t *id, size_t n, const char *letters)
{
	assert_int_equal(n, strlen(letters));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(id[i], letters[i] - 'A' + 1);
}

/* Letters of names that are no ids: only those of one test. */
static void
an_operation_says_who_comes_and_goes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patches); i++) {
		struct group_order o;

		print_message("%s\n", patches[i].operations);
		assert_int_equal(patch(quoted(patches[i].operations), &o), OK);
		assert_persons(o.join, o.njoin, patches[i].join);
		assert_persons(o.part, o.npart, patches[i].part);
		assert_int_equal(o.replaces, patches[i].replaces);
		assert_null(o.name.p);
		assert_null(o.external_id.p);
	}
}

static const struct {
	const char *operations;
	enum msg    msg;
} refusals[] = {
	{ "{'op':'move','path':'members'}", MSG_SCIM_OP },
	{ "{'op':'remove'}", MSG_SCIM_NO_PATH },
	{ "{'op':'add','path':'members'}", MSG_SCIM_NO_VALUE },
	{ "{'op':'add','value':'x'}", MSG_SCIM_NO_VALUE },
	{ "{'op':'remove','path':'displayname'}", MSG_SCIM_TAKEN_AWAY },
	{ "{'op':'replace','path':'displayname','value':''}",
	    MSG_SCIM_TAKEN_AWAY },
	{ "{'op':'replace','path':'id','value':'A'}", MSG_SCIM_READ_ONLY },
	{ "{'op':'remove','path':'meta'}", MSG_SCIM_READ_ONLY },
	{ "{'op':'replace','path':'members[value eq ~A~].value','value':'B'}",
	    MSG_SCIM_IMMUTABLE },
	{ "{'op':'remove','path':'members[value eq ~A~].type'}",
	    MSG_SCIM_IMMUTABLE },
	{ "{'op':'replace','path':'displayname','value':['x']}",
	    MSG_SCIM_TYPE },
	{ "{'op':'add','path':'members','value':['x']}", MSG_GROUP_MEMBER },
	{ "{'op':'add','path':'members','value':[{'value':'A','type':'group'}]}",
	    MSG_GROUP_NESTED },
	{ "{'op':'add','path':'members[value eq ~A~]','value':{}}",
	    MSG_SCIM_NO_TARGET },
	{ "{'op':'remove','path':'members[type eq ~x~]'}",
	    MSG_SCIM_MEMBERS_PATH },
	{ "{'op':'remove','path':'members.value'}", MSG_SCIM_PATH },
	{ "{'op':'add','path':'owner','value':'x'}", MSG_SCIM_PATH },
};

static void
what_is_not_meant_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct group_order o;

		print_message("%s\n", refusals[i].operations);
		assert_int_equal(
		    patch(quoted(refusals[i].operations), &o), ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, refusals[i].msg);
	}
}

static void
texts_and_what_only_the_server_sets(void **state)
{
	struct group_order o;

	(void)state;
	assert_int_equal(patch(quoted("{'op':'replace','value':{'id':'x',"
				      "'displayname':'one','externalid':'two','"
				      "urn:x:owner':'y'}}"),
			     &o),
	    OK);
	assert_true(str_eq(o.name, STR("one")));
	assert_true(str_eq(o.external_id, STR("two")));
	/* A URN is one in any case (RFC 8141). */
	assert_int_equal(
	    patch(quoted("{'op':'add','path':'URN:x:owner','value':'y'}"), &o),
	    OK);
	assert_int_equal(
	    patch(quoted("{'op':'add','path':'URN:ietf:params:scim:schemas:"
			 "core:2.0:GROUP:shoes','value':'y'}"),
		&o),
	    ERR_BAD_INPUT);
	assert_int_equal(
	    patch(quoted("{'op':'remove','path':'externalid'}"), &o), OK);
	assert_non_null(o.external_id.p);
	assert_int_equal(o.external_id.n, 0);
}

static enum err
ask(const char *filter, struct groups_in *in)
{
	cx.fault = (struct fault) { 0 };
	*in = (struct groups_in) { 0 };
	return scim_group_filter(&cx, with_ids(filter), in);
}

static void
a_filter_is_what_is_equal(void **state)
{
	static const char *const same[] = { "members[value eq \"B\"]",
		"members.value eq \"B\"", "members eq \"B\"" };
	static const char *const refused[] = { "displayname sw \"x\"",
		"displayname eq \"x\" or displayname eq \"y\"",
		"displayname eq \"x\" and displayname eq \"y\"",
		"not (displayname eq \"x\")", "meta.created eq \"x\"",
		"members.type eq \"x\"", "username eq \"x\"",
		"members.value eq \"A\" and members.value eq \"B\"",
		"displayname pr", "members[type eq \"x\"]" };
	struct groups_in in;

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(ask(same[i], &in), OK);
		assert_int_equal(in.member, 2);
	}
	assert_int_equal(
	    ask("id eq \"A\" and members[value eq \"B\"]", &in), OK);
	assert_int_equal(in.group, 1);
	assert_int_equal(in.member, 2);
	assert_int_equal(ask("id eq \"what\"", &in), OK);
	assert_int_equal(in.group, -1);
	assert_int_equal(
	    ask("id eq \"role-hr\" and " SCIM_USHER_GROUP ":type eq \"role\"",
		&in),
	    OK);
	assert_int_equal(in.group, 0);
	assert_true(str_eq(in.role, STR("role-hr")));
	assert_true(str_eq(in.type, STR("role")));
	assert_int_equal(
	    ask("displayname eq \"x\" and externalid eq \"y\"", &in), OK);
	assert_true(str_eq(in.name, STR("x")));
	assert_true(str_eq(in.external_id, STR("y")));
	for (size_t i = 0; i < COUNT(refused); i++) {
		print_message("%s\n", refused[i]);
		assert_int_equal(ask(refused[i], &in), ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, MSG_SCIM_GROUP_FILTER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(an_operation_says_who_comes_and_goes),
		T(what_is_not_meant_is_refused),
		T(texts_and_what_only_the_server_sets),
		T(a_filter_is_what_is_equal),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

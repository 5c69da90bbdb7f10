/* SPDX-License-Identifier: Apache-2.0 */
/* bulk_plan_test.c - who waits for whom, how circles are opened, and what is no operation. */
#include "../core/attr_try.h"

#include "scim/bulk_plan.h"

#define HEAD "{\"schemas\":[\"" BULK_REQUEST "\"],\"Operations\":["
#define POST_OF(id, data) \
	"{\"method\":\"POST\",\"path\":\"/Things\",\"bulkId\":\"" id "\"," \
	"\"data\":{" data "}}"
#define REF(name) "\"bulkId:" name "\""

static const struct js *
parsed(const char *text)
{
	const struct js *js;

	if (js_parse(&cx, str_of(text), &js) != OK)
		wrong("no JSON: %s", text);
	return js;
}

static struct bulk_plan
plan_of(const char *operations)
{
	struct bulk_plan plan;
	const char *text =
	    str_z(cx.arena, str_fmt(cx.arena, HEAD "%s]}", operations));

	if (bulk_plan(&cx, parsed(text), &plan) != OK)
		wrong("%s", msg_name(cx.fault.msg));
	return plan;
}

/* "1 0 2 0'": the operations in the order of their steps; ' for a rest. */
static void
assert_steps(const struct bulk_plan *plan, const char *want)
{
	struct buf b;

	buf_init(&b, cx.arena, 1 << 16);
	for (size_t i = 0; i < plan->nstep; i++)
		buf_fmt(&b, "%s%zu%s", i == 0 ? "" : " ", plan->step[i].op,
		    plan->step[i].is_rest ? "'" : "");
	if (!str_eq(buf_view(&b), str_of(want)))
		wrong("steps %.*s, not %s", STR_ARG(buf_view(&b)), want);
}

/* "0>1": the second of these steps waits for the first. */
static bool
waits(const struct bulk_plan *plan, size_t first, size_t then)
{
	for (size_t i = 0; i < plan->step[first].nnext; i++)
		if (plan->step[first].next[i] == then)
			return true;
	return false;
}

static void
what_refers_waits_wherever_it_stands(void **state)
{
	struct bulk_plan plan = plan_of(
	    POST_OF("a", "\"x\":[{\"value\":" REF("b") "}]") "," POST_OF(
		"b", "") "," POST_OF("c", "\"y\":" REF("b")) "," POST_OF("d",
		"\"$ref\":\"../Things/bulkId:b\"") "," POST_OF("e",
		"\"z\":\"bulk:b and bulkId\"") "," POST_OF("f",
		"\"w\":"
		"\"x eq \\\"bulkId:e\\\" or \\\"bulkId:b\\\"\""));

	(void)state;
	assert_steps(&plan, "1 0 2 3 4 5");
	assert_int_equal(plan.step[0].waits, 0);
	assert_int_equal(plan.step[0].nnext, 4);
	assert_int_equal(plan.step[5].waits, 2);
	assert_int_equal(plan.step[1].waits, 1);
	assert_true(waits(&plan, 0, 1) && waits(&plan, 0, 2));
	assert_true(waits(&plan, 0, 3) && !waits(&plan, 0, 4));
	assert_int_equal(plan.step[4].waits, 0);
	assert_int_equal(plan.nref, 5);
	assert_false(plan.op[0].is_split);
}

static void
one_resource_keeps_its_order(void **state)
{
	struct bulk_plan plan = plan_of(
	    "{\"method\":\"put\",\"path\":\"/Things/1a\",\"data\":{}},"
	    "{\"method\":\"PATCH\",\"path\":\"/Things/2\",\"data\":{}},"
	    "{\"method\":\"Patch\",\"path\":\"/Things/1A\",\"data\":{}},"
	    "{\"method\":\"DELETE\",\"path\":\"/Things/1a\"},"
	    "{\"method\":\"PATCH\",\"path\":\"/Things/"
	    "bulkId:n\",\"data\":{}}," POST_OF("n", ""));

	(void)state;
	assert_steps(&plan, "0 1 2 3 5 4");
	assert_true(waits(&plan, 0, 2) && waits(&plan, 2, 3));
	assert_int_equal(plan.step[1].waits, 0);
	assert_int_equal(plan.step[3].waits, 1);
	assert_true(waits(&plan, 4, 5));
}

static void
what_is_removed_is_named_before_or_after(void **state)
{
	struct bulk_plan plan = plan_of(
	    "{\"method\":\"PATCH\",\"path\":\"/Groups/9\","
	    "\"data\":{\"value\":[{\"value\":\"1a\"}]}},"
	    "{\"method\":\"DELETE\",\"path\":\"/Things/1A\"},"
	    POST_OF("a", "\"$ref\":\"../Things/1a\"") "," POST_OF("b",
		"\"x\":\"1a and 1A\"") "," POST_OF("c",
		"\"x\":{\"y\":[\"m[v eq \\\"1a\\\"]\"]}") ","
	    "{\"method\":\"DELETE\",\"path\":\"/Things/2\"},"
	    "{\"method\":\"DELETE\",\"path\":\"/Things/bulkId:a\"},"
	    POST_OF("d", "\"x\":" REF("a")));

	(void)state;
	assert_steps(&plan, "0 1 2 3 4 5 6 7");
	assert_true(waits(&plan, 0, 1) && waits(&plan, 1, 2));
	assert_true(waits(&plan, 1, 4) && !waits(&plan, 1, 3));
	assert_int_equal(plan.step[3].waits, 0);
	assert_int_equal(plan.step[5].waits, 0);
	assert_true(waits(&plan, 2, 6) && waits(&plan, 6, 7));
	/* Whoever is referred to comes first, and waits for nobody behind it. */
	plan = plan_of(POST_OF("a", "\"x\":" REF("b")) ","
	    "{\"method\":\"DELETE\",\"path\":\"/Things/3\"},"
	    POST_OF("b", "\"x\":\"3\""));
	assert_steps(&plan, "2 0 1");
	assert_int_equal(plan.step[0].waits, 0);
	assert_int_equal(plan.step[2].waits, 0);
}

static void
a_circle_is_opened_where_it_closes(void **state)
{
	struct bulk_plan plan = plan_of(POST_OF(
	    "a", "\"m\":" REF("b")) "," POST_OF("b",
	    "\"m\":" REF("a")) ",{\"method\":\"DELETE\",\"path\":\"/Things/"
			       "bulkId:b\"}," POST_OF("d", "\"m\":" REF("b")));

	(void)state;
	/* b without a, a with b, and then b gets its a. */
	assert_steps(&plan, "1 0 1' 2 3");
	assert_true(plan.op[1].is_split && !plan.op[0].is_split);
	assert_int_equal(plan.step[2].waits, 2);
	assert_true(waits(&plan, 0, 2) && waits(&plan, 1, 2));
	/* Whoever only needs its id does not wait for that, others do. */
	assert_true(waits(&plan, 2, 3) && !waits(&plan, 0, 3));
	assert_true(waits(&plan, 0, 4) && !waits(&plan, 2, 4));
	assert_true(bulk_is_later(&plan, 1, STR("a")));
	assert_false(bulk_is_later(&plan, 0, STR("b")));
	assert_false(bulk_is_later(&plan, 0, STR("nobody")));
}

static void
larger_circles_and_oneself(void **state)
{
	struct bulk_plan plan = plan_of(POST_OF("a", "\"m\":" REF("a")));

	(void)state;
	assert_steps(&plan, "0 0'");
	assert_int_equal(plan.step[1].waits, 2);
	plan = plan_of(POST_OF("a", "\"m\":" REF("b")) "," POST_OF(
	    "b", "\"m\":" REF("c")) "," POST_OF("c",
	    "\"m\":[" REF("a") "," REF("b") "," REF("d") "]") "," POST_OF("d",
	    ""));
	assert_steps(&plan, "3 2 1 0 2'");
	assert_true(plan.op[2].is_split);
	assert_true(bulk_is_later(&plan, 2, STR("a")));
	assert_true(bulk_is_later(&plan, 2, STR("b")));
	assert_false(bulk_is_later(&plan, 2, STR("d")));
}

static const struct bad {
	const char *operation;
	enum msg    msg;
	const char *field;
} bads[] = {
	{ "{}", MSG_SCIM_BULK_METHOD, "method" },
	{ "{\"method\":\"GET\",\"path\":\"/Things/1\"}", MSG_SCIM_BULK_METHOD, "method" },
	{ "{\"method\":7,\"path\":\"/Things/1\"}", MSG_SCIM_BULK_METHOD, "method" },
	{ "{\"method\":\"DELETE\"}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"DELETE\",\"path\":\"Things/1\"}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"DELETE\",\"path\":\"/Things/1?x=y\"}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"DELETE\",\"path\":\"/Things/1#x\"}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"DELETE\",\"path\":\"/Things/../1\"}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"POST\",\"path\":\"/.search\",\"bulkId\":\"1\",\"data\":{}}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"POST\",\"path\":\"/bulk\",\"bulkId\":\"1\",\"data\":{}}", MSG_SCIM_BULK_PATH, "path" },
	{ "{\"method\":\"POST\",\"path\":\"/Things\",\"data\":{}}", MSG_SCIM_BULK_ID, "bulkId" },
	{ "{\"method\":\"POST\",\"path\":\"/Things\",\"bulkId\":\"\",\"data\":{}}", MSG_SCIM_BULK_ID, "bulkId" },
	{ "{\"method\":\"POST\",\"path\":\"/Things\",\"bulkId\":\"1\"}", MSG_SCIM_BULK_DATA, "data" },
	{ "{\"method\":\"PUT\",\"path\":\"/Things/1\",\"data\":[]}", MSG_SCIM_BULK_DATA, "data" },
	{ "{\"method\":\"PATCH\",\"path\":\"/Things/1\",\"data\":null}", MSG_SCIM_BULK_DATA, "data" },
	{ POST_OF("1", "\"x\":" REF("2")), MSG_SCIM_BULK_UNKNOWN, "data" },
	{ POST_OF("1", "\"x\":" REF("")), MSG_SCIM_BULK_UNKNOWN, "data" },
	{ "{\"method\":\"DELETE\",\"path\":\"/Things/bulkId:2\"}", MSG_SCIM_BULK_UNKNOWN, "path" },
	/* What a bulkId names must be made by a POST. */
	{ "{\"method\":\"PUT\",\"path\":\"/Things/1\",\"bulkId\":\"1\",\"data\":{\"x\":" REF("1") "}}",
	    MSG_SCIM_BULK_UNKNOWN, "data" },
	{ "{\"method\":\"POST\",\"path\":\"/Things/bulkId:1\",\"bulkId\":\"1\",\"data\":{}}", MSG_SCIM_BULK_CIRCULAR,
	    "path" },
};

static void
what_is_wrong_stands_at_the_operation(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bads); i++) {
		struct bulk_plan plan = plan_of(bads[i].operation);

		if (plan.op[0].msg != bads[i].msg)
			wrong("%s: %s", bads[i].operation,
			    msg_name(plan.op[0].msg));
		assert_string_equal(plan.op[0].field, bads[i].field);
		assert_int_equal(plan.op[0].err,
		    bads[i].msg == MSG_SCIM_BULK_CIRCULAR ? ERR_CONFLICT
							  : ERR_BAD_INPUT);
		assert_int_equal(plan.nstep, 1);
		assert_int_equal(plan.step[0].waits, 0);
	}
}

static void
a_bulk_id_of_two_is_nobodys(void **state)
{
	struct bulk_plan plan = plan_of(POST_OF("a", "") "," POST_OF(
	    "b", "") "," POST_OF("a", "") "," POST_OF("c", "\"x\":" REF("a")));

	(void)state;
	assert_int_equal(plan.op[0].msg, MSG_SCIM_BULK_ID_TWICE);
	assert_int_equal(plan.op[1].err, OK);
	assert_int_equal(plan.op[2].msg, MSG_SCIM_BULK_ID_TWICE);
	/* It waits, and is refused because that one is. */
	assert_int_equal(plan.op[3].err, OK);
	assert_true(waits(&plan, 0, 3));
}

static const struct refusal {
	const char *body;
	enum err    err;
	enum msg    msg;
} refusals[] = {
	{ "[]", ERR_BAD_INPUT, MSG_SCIM_SCHEMAS },
	{ "{\"Operations\":[]}", ERR_BAD_INPUT, MSG_SCIM_SCHEMAS },
	{ "{\"schemas\":\"" BULK_REQUEST "\",\"Operations\":[]}", ERR_BAD_INPUT, MSG_SCIM_SCHEMAS },
	{ "{\"schemas\":[\"" BULK_REQUEST "\"]}", ERR_BAD_INPUT, MSG_SCIM_BULK_OPERATIONS },
	{ "{\"schemas\":[\"" BULK_REQUEST "\"],\"Operations\":{}}", ERR_BAD_INPUT, MSG_SCIM_BULK_OPERATIONS },
	{ HEAD "7]}", ERR_BAD_INPUT, MSG_SCIM_BULK_OPERATIONS },
	{ HEAD "],\"failOnErrors\":0}", ERR_BAD_INPUT, MSG_SCIM_BULK_ERRORS },
	{ HEAD "],\"failOnErrors\":\"1\"}", ERR_BAD_INPUT, MSG_SCIM_BULK_ERRORS },
};

static void
what_is_no_bulk_is_refused_whole(void **state)
{
	struct bulk_plan plan;

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		assert_int_equal(
		    bulk_plan(&cx, parsed(refusals[i].body), &plan),
		    refusals[i].err);
		assert_int_equal(cx.fault.msg, refusals[i].msg);
	}
	/* Names without case; null is absent. */
	assert_int_equal(bulk_plan(&cx,
			     parsed("{\"SCHEMAS\":[\"" BULK_REQUEST "\"],"
				    "\"operations\":[],\"FailOnErrors\":null}"),
			     &plan),
	    OK);
	assert_int_equal(plan.errors_max, 0);
	assert_int_equal(
	    bulk_plan(&cx, parsed(HEAD "],\"failOnErrors\":3}"), &plan), OK);
	assert_int_equal(plan.errors_max, 3);
}

static void
a_thousand_in_one_circle(void **state)
{
	struct bulk_plan plan;
	struct buf b;

	(void)state;
	buf_init(&b, cx.arena, 1 << 20);
	for (size_t i = 0; i < BULK_OPERATIONS_MAX; i++)
		buf_fmt(&b, "%s" POST_OF("%zu", "\"m\":\"bulkId:%zu\""),
		    i == 0 ? "" : ",", i, (i + 1) % BULK_OPERATIONS_MAX);
	plan = plan_of(str_z(cx.arena, buf_view(&b)));
	assert_int_equal(plan.nstep, BULK_OPERATIONS_MAX + 1);
	assert_int_equal(plan.step[0].op, BULK_OPERATIONS_MAX - 1);
	assert_true(plan.op[BULK_OPERATIONS_MAX - 1].is_split);
	assert_true(plan.step[plan.nstep - 1].is_rest);
	buf_fmt(&b, "," POST_OF("x", ""));
	assert_int_equal(
	    bulk_plan(&cx,
		parsed(str_z(cx.arena,
		    str_fmt(cx.arena, HEAD "%.*s]}", STR_ARG(buf_view(&b))))),
		&plan),
	    ERR_TOO_LARGE);
	assert_int_equal(cx.fault.msg, MSG_SCIM_BULK_MANY);
	assert_true(str_eq(cx.fault.args[0], STR("1000")));
}

/* --- what they become ---------------------------------------------------------------- */

static struct str
id_of(void *arg, struct str name)
{
	(void)arg;
	return str_eq(name, STR("a")) ? STR("1A") : STR("");
}

static const struct text {
	const char *text, *want;	/* NULL: there is no id */
} texts[] = {
	{ "bulkId:a", "1A" },
	{ "/Users/bulkId:a", "/Users/1A" },
	{ "/Users/bulkId:a/x", "/Users/1A/x" },
	{ "bulkId:a/x", NULL },
	{ "bulkId:b", NULL },
	{ "/Users/bulkId:", NULL },
	{ "members[value eq \"bulkId:a\"]", "members[value eq \"1A\"]" },
	{ "x[v eq \"bulkId:a\" or v eq \"bulkId:a\"]", "x[v eq \"1A\" or v eq \"1A\"]" },
	{ "x[v eq \"bulkId:a\" or v eq \"bulkId:b\"]", NULL },
	{ "/bulkId:a/bulkId:a", "/1A/1A" },
	{ "\"/Users/bulkId:a\"", "\"/Users/1A\"" },
	{ "see bulkId:a", "see bulkId:a" },
	{ "bulkid:a", "bulkid:a" },
	{ "", "" },
};

static void
a_reference_becomes_the_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct str text = str_of(texts[i].text), name;
		bool is = bulk_text(cx.arena, &text, id_of, NULL, &name);

		if (is != (texts[i].want != NULL) ||
		    (is && !str_eq(text, str_of(texts[i].want))))
			wrong("%s: %.*s", texts[i].text, STR_ARG(text));
	}
}

static bool
is_later(void *arg, struct str name)
{
	(void)arg;
	return str_eq(name, STR("b"));
}

static struct str
written(const struct value *v)
{
	struct js_out js;
	struct buf b;

	buf_init(&b, cx.arena, 1 << 16);
	js_begin(&js, &b);
	value_write(&js, v);
	return buf_view(&b);
}

static const char around[] =
    "{\"userName\":\"u\","
    "\"members\":[{\"value\":\"bulkId:a\"},{\"value\":\"bulkId:b\"}],"
    "\"only\":[{\"value\":\"bulkId:b\"}],"
    "\"urn:x:1\":{\"manager\":{\"value\":\"bulkId:b\","
    "\"displayName\":\"B\"},\"dept\":\"it\"},"
    "\"boss\":{\"value\":\"bulkId:b\",\"n\":1}}";

static void
what_leads_around_is_taken_out(void **state)
{
	struct value *data = value_of(cx.arena, parsed(around));
	struct value *later = bulk_split(cx.arena, data, is_later, NULL);
	struct str name;

	(void)state;
	assert_string_equal(str_z(cx.arena, written(data)),
	    "{\"userName\":\"u\",\"members\":[{\"value\":\"bulkId:a\"}],"
	    "\"urn:x:1\":{\"dept\":\"it\"}}");
	assert_string_equal(str_z(cx.arena, written(later)),
	    "{\"members\":[{\"value\":\"bulkId:b\"}],"
	    "\"only\":[{\"value\":\"bulkId:b\"}],"
	    "\"urn:x:1\":{\"manager\":{\"value\":\"bulkId:b\","
	    "\"displayName\":\"B\"}},"
	    "\"boss\":{\"value\":\"bulkId:b\",\"n\":1}}");
	assert_true(bulk_texts(cx.arena, data, id_of, NULL, &name));
	assert_false(bulk_texts(cx.arena, later, id_of, NULL, &name));
	assert_true(str_eq(name, STR("b")));
	assert_string_equal(
	    str_z(
		cx.arena, written(bulk_add(cx.arena, value_object(cx.arena)))),
	    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],"
	    "\"Operations\":[{\"op\":\"add\",\"value\":{}}]}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_refers_waits_wherever_it_stands, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    one_resource_keeps_its_order, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_is_removed_is_named_before_or_after, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    a_circle_is_opened_where_it_closes, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    larger_circles_and_oneself, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_is_wrong_stands_at_the_operation, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    a_bulk_id_of_two_is_nobodys, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_is_no_bulk_is_refused_whole, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    a_thousand_in_one_circle, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    a_reference_becomes_the_id, open_ctx, close_ctx),
		cmocka_unit_test_setup_teardown(
		    what_leads_around_is_taken_out, open_ctx, close_ctx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

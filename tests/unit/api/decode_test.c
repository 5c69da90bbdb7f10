/* SPDX-License-Identifier: Apache-2.0 */
/* decode_test.c - members, tags, cursors: what is taken, and how the rest is refused. */
#include "fake.h"

struct thing {
	struct str	 text;
	int64_t		 number, at_ms;
	bool		 flag;
	struct texts	 words;
	const struct js *any, *list;
};

static const struct member members[] = {
	{ "text", MEMBER_TEXT, offsetof(struct thing, text), 2, 5, true },
	{ "number", MEMBER_INT, offsetof(struct thing, number), -1, 9, false },
	{ "at", MEMBER_TIME, offsetof(struct thing, at_ms), 0, 0, false },
	{ "flag", MEMBER_BOOL, offsetof(struct thing, flag), 0, 0, false },
	{ "words", MEMBER_TEXTS, offsetof(struct thing, words), 1, 3, false },
	{ "any", MEMBER_ANY, offsetof(struct thing, any), 0, 0, false },
	{ "list", MEMBER_ANY, offsetof(struct thing, list), 1, 2, false },
};
static const struct member_table whole = { members, COUNT(members), "" };
static const struct member_table inner = { members, COUNT(members), "a.b." };

static void
what_fits_is_taken(void **state)
{
	struct thing t = { .number = 4 };
	const struct js *js = fake_json(
	    "{\"text\":\"abc\",\"number\":-1,"
	    "\"at\":\"1970-01-01T00:00:01Z\",\"flag\":true,"
	    "\"words\":[\"x\",\"y\"],\"any\":{\"z\":1},\"list\":[1]}");

	assert_int_equal(members_decode(fake_ctx(), js, &whole, &t), OK);
	assert_text(t.text, "abc");
	assert_int_equal(t.number, -1);
	assert_int_equal(t.at_ms, 1000);
	assert_true(t.flag);
	assert_int_equal(t.words.n, 2);
	assert_text(t.words.v[1], "y");
	assert_int_equal(js_type(t.any), JS_OBJECT);
	assert_int_equal(js_count(t.list), 1);
}

static void
null_and_absent_leave_the_default(void **state)
{
	struct thing t = { .number = 4, .at_ms = 7 };
	const struct js *js = fake_json("{\"text\":\"ab\",\"number\":null}");

	assert_int_equal(members_decode(fake_ctx(), js, &whole, &t), OK);
	assert_int_equal(t.number, 4);
	assert_int_equal(t.at_ms, 7);
	assert_null(t.any);
}

static const struct refusal {
	const char *body;
	enum msg    msg;
	const char *field;
} refusals[] = {
	{ "[]", MSG_API_NOT_OBJECT, "" },
	{ "7", MSG_API_NOT_OBJECT, "" },
	{ "{}", MSG_API_MISSING, "text" },
	{ "{\"text\":null}", MSG_API_MISSING, "text" },
	{ "{\"text\":\"abc\",\"colour\":1}", MSG_API_UNKNOWN_MEMBER, "colour" },
	{ "{\"Text\":\"abc\"}", MSG_API_UNKNOWN_MEMBER, "Text" },
	{ "{\"text\":7}", MSG_API_NOT_TEXT, "text" },
	{ "{\"text\":\"a\"}", MSG_API_LENGTH, "text" },
	{ "{\"text\":\"abcdef\"}", MSG_API_LENGTH, "text" },
	{ "{\"text\":{\"$sealed\":\"x\"}}", MSG_ATTR_SEALED_FORM, "text" },
	{ "{\"number\":\"1\"}", MSG_API_NOT_INT, "number" },
	{ "{\"number\":1.0}", MSG_API_NOT_INT, "number" },
	{ "{\"number\":10}", MSG_API_RANGE, "number" },
	{ "{\"number\":-2}", MSG_API_RANGE, "number" },
	{ "{\"at\":1}", MSG_API_TIME, "at" },
	{ "{\"at\":\"yesterday\"}", MSG_API_TIME, "at" },
	{ "{\"flag\":1}", MSG_API_NOT_BOOL, "flag" },
	{ "{\"words\":\"x\"}", MSG_API_NOT_LIST, "words" },
	{ "{\"words\":[]}", MSG_API_COUNT, "words" },
	{ "{\"words\":[\"a\",\"b\",\"c\",\"d\"]}", MSG_API_COUNT, "words" },
	{ "{\"words\":[\"a\",1]}", MSG_API_NOT_TEXT, "words[1]" },
	{ "{\"words\":[\"\"]}", MSG_API_NOT_TEXT, "words[0]" },
	{ "{\"list\":{}}", MSG_API_NOT_LIST, "list" },
	{ "{\"list\":[]}", MSG_API_COUNT, "list" },
	{ "{\"list\":[1,2,3]}", MSG_API_COUNT, "list" },
};

static void
what_does_not_fit_is_refused_by_its_name(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct ctx *cx = fake_ctx();
		struct thing t = { 0 };
		enum err err =
		    members_decode(cx, fake_json(r->body), &whole, &t);

		if (err != ERR_BAD_INPUT || cx->fault.msg != r->msg ||
		    !str_eq(cx->fault.field, str_of(r->field)))
			wrong("%s: %s at \"%.*s\"\n", r->body,
			    msg_name(cx->fault.msg), STR_ARG(cx->fault.field));
	}
}

static void
the_path_leads_to_an_inner_object(void **state)
{
	struct ctx *cx = fake_ctx();
	struct thing t = { 0 };

	assert_int_equal(
	    members_decode(cx, fake_json("{\"text\":1}"), &inner, &t),
	    ERR_BAD_INPUT);
	assert_text(cx->fault.field, "a.b.text");
	assert_int_equal(members_decode(cx, fake_json("{\"c\":1}"), &inner, &t),
	    ERR_BAD_INPUT);
	assert_text(cx->fault.field, "a.b.c");
	assert_text(cx->fault.args[0], "a.b.c");
	assert_int_equal(
	    members_decode(cx, fake_json("{}"), &inner, &t), ERR_BAD_INPUT);
	assert_text(cx->fault.field, "a.b.text");
	assert_int_equal(
	    members_decode(cx, fake_json("[]"), &inner, &t), ERR_BAD_INPUT);
	assert_text(cx->fault.field, "a.b");
}

static void
a_fault_is_put_under_the_object_it_is_in(void **state)
{
	struct ctx *cx = fake_ctx();
	enum err err = fail(cx, ERR_BAD_INPUT, MSG_API_MISSING, "x", "x");

	assert_int_equal(fault_under(cx, err, "person"), ERR_BAD_INPUT);
	assert_text(cx->fault.field, "person.x");
	err = fail(cx, ERR_BAD_INPUT, MSG_API_NOT_OBJECT, "");
	assert_int_equal(fault_under(cx, err, "person"), ERR_BAD_INPUT);
	assert_text(cx->fault.field, "person");
	assert_int_equal(fault_under(cx, OK, "person"), OK);
	assert_text(cx->fault.field, "person");
}

static void
an_unknown_name_of_any_length_is_shown_cut(void **state)
{
	struct ctx *cx = fake_ctx();
	char body[4000] = "{\"";

	memset(body + 2, 'k', sizeof(body) - 10);
	memcpy(body + sizeof(body) - 8, "\":1}", 5);
	assert_int_equal(
	    members_decode(cx, fake_json(body), &whole, NULL), ERR_BAD_INPUT);
	assert_int_equal(cx->fault.field.n, 200);
}

/* --- tags --------------------------------------------------------------------------- */

static const struct tag {
	const char *value;
	enum err    err;
	int64_t	    version;
} tags[] = {
	{ "*", OK, -1 },
	{ "\"17\"", OK, 17 },
	{ "\"0\"", OK, 0 },
	{ "\"9223372036854775807\"", OK, INT64_MAX },
	{ "\"9223372036854775808\"", ERR_STALE, 0 },
	{ "\"-1\"", ERR_STALE, 0 },
	{ "\"abc\"", ERR_STALE, 0 },
	{ "\"\"", ERR_STALE, 0 },
	{ "W/\"17\"", ERR_STALE, 0 },
	{ "17", ERR_BAD_INPUT, 0 },
	{ "\"17", ERR_BAD_INPUT, 0 },
	{ "17\"", ERR_BAD_INPUT, 0 },
	{ "\"", ERR_BAD_INPUT, 0 },
	{ "", ERR_BAD_INPUT, 0 },
	{ "\"1\", \"2\"", ERR_BAD_INPUT, 0 },
	{ "w/\"17\"", ERR_BAD_INPUT, 0 },
};

static void
if_match_is_one_tag_of_ours_or_any(void **state)
{
	for (size_t i = 0; i < COUNT(tags); i++) {
		struct ctx *cx = fake_ctx();
		int64_t version;
		enum err err = etag_parse(cx, str_of(tags[i].value), &version);

		if (err != tags[i].err ||
		    (err == OK && version != tags[i].version))
			wrong("%s: %d, %lld\n", tags[i].value, (int)err,
			    (long long)version);
	}
}

static const struct none_match {
	const char *list;
	bool	    is_in;
} none_matches[] = {
	{ "\"17\"", true },
	{ "W/\"17\"", true },
	{ "*", true },
	{ "\"16\" , W/\"17\"", true },
	{ "\"16\",\"17\"", true },
	{ "\"16\"", false },
	{ "\"170\"", false },
	{ "17", false },
	{ "", false },
	{ "\"017\"", false },
};

static void
if_none_match_is_a_list_compared_weakly(void **state)
{
	for (size_t i = 0; i < COUNT(none_matches); i++)
		if (etag_in(str_of(none_matches[i].list), 17) !=
		    none_matches[i].is_in)
			wrong("%s\n", none_matches[i].list);
	assert_false(etag_in((struct str) { NULL, 0 }, 17));
}

static void
an_idempotency_key_is_visible_ascii(void **state)
{
	char text[201];

	memset(text, 'k', sizeof(text));
	assert_true(is_idempotency_key(STR("!~a-0")));
	assert_true(is_idempotency_key((struct str) { text, 200 }));
	assert_false(is_idempotency_key((struct str) { text, 201 }));
	assert_false(is_idempotency_key(STR("")));
	assert_false(is_idempotency_key(STR("a b")));
	assert_false(is_idempotency_key(STR("a\tb")));
	assert_false(is_idempotency_key(STR("a\x7f")));
	assert_false(is_idempotency_key(STR("ä")));
}

/* --- queries ---------------------------------------------------------------------------- */

static const struct query_case {
	const char *target;
	int	    status;
	const char *message, *field;
} query_cases[] = {
	{ "/api/v1/persons?limit=0", 400, "API_RANGE", "limit" },
	{ "/api/v1/persons?limit=501", 400, "API_RANGE", "limit" },
	{ "/api/v1/persons?limit=ten", 400, "API_NOT_NUMBER", "limit" },
	{ "/api/v1/persons?limit=-1", 400, "API_NOT_NUMBER", "limit" },
	{ "/api/v1/persons?limit=", 400, "API_NOT_NUMBER", "limit" },
	{ "/api/v1/persons?cursor=abc", 400, "API_CURSOR", "cursor" },
	{ "/api/v1/persons?cursor=", 400, "API_CURSOR", "cursor" },
	{ "/api/v1/persons?search=ana", 400, "API_SENSITIVE", "search" },
	{ "/api/v1/persons?filter=userName%20eq%20%22ana%22", 400, "API_SENSITIVE", "filter" },
	{ "/api/v1/persons?filter=site+pr+and+emails.value+eq+%22a%40b.de%22", 400, "API_SENSITIVE", "filter" },
	{ "/api/v1/persons?filter=site+eq", 400, "FILTER_VALUE", "filter" },
	{ "/api/v1/persons?Limit=5", 400, "API_QUERY_UNKNOWN", "Limit" },
	{ "/api/v1/persons?limit=5&x=1", 400, "API_QUERY_UNKNOWN", "x" },
	{ "/api/v1/catalogue?limit=5", 400, "API_QUERY_UNKNOWN", "limit" },
	{ "/api/v1/events?after=x", 400, "API_NOT_NUMBER", "after" },
	{ "/api/v1/events?after=-1", 400, "API_NOT_NUMBER", "after" },
	{ "/api/v1/events?limit=501", 400, "API_RANGE", "limit" },
	{ "/api/v1/products/mail/seats?filter=x", 400, "API_QUERY_UNKNOWN", "filter" },
};

static void
queries_are_strict(void **state)
{
	for (size_t i = 0; i < COUNT(query_cases); i++) {
		const struct query_case *q = &query_cases[i];

		fake_send(GET, q->target, "");
		if (fake.status != q->status ||
		    !str_eq(fake_at("message"), str_of(q->message)) ||
		    !str_eq(fake_at("field"), str_of(q->field)))
			wrong("%s: %.*s\n", q->target, STR_ARG(fake.body));
		assert_int_equal(fake.nquery, 0);
	}
}

static void
a_page_is_what_was_asked_for(void **state)
{
	static struct persons_out none;
	const struct page_in *page;

	fake.query_out = &none;
	fake_send(GET, "/api/v1/persons", "");
	page = fake.query_in;
	assert_int_equal(fake.status, 200);
	assert_int_equal(page->limit, 100);
	assert_int_equal(page->after, 0);
	assert_int_equal(page->filter.n, 0);
	fake_send(GET,
	    "/api/v1/persons?limit=500&cursor=000000000000z"
	    "&filter=site+eq+%22ber%22",
	    "");
	page = fake.query_in;
	assert_int_equal(fake.status, 200);
	assert_int_equal(page->limit, 500);
	assert_int_equal(page->after, 31);
	assert_text(page->filter, "site eq \"ber\"");
	assert_text(fake_at("next"), "null");
}

static void
a_search_in_the_body_may_be_personal(void **state)
{
	static struct persons_out none;
	const struct page_in *page;

	fake.query_out = &none;
	fake_send(POST, "/api/v1/persons/.search",
	    "{\"search\":\"ana\","
	    "\"limit\":5,\"cursor\":\"0000000000002\"}");
	page = fake.query_in;
	assert_int_equal(fake.status, 200);
	assert_text(page->of, "ana");
	assert_int_equal(page->limit, 5);
	assert_int_equal(page->after, 2);
	fake_send(POST, "/api/v1/persons/.search",
	    "{\"filter\":\"userName eq \\\"ana\\\"\"}");
	page = fake.query_in;
	assert_text(page->filter, "userName eq \"ana\"");
	assert_int_equal(page->limit, 100);
	fake_send(POST, "/api/v1/persons/.search",
	    "{\"filter\":\"x\",\"search\":\"ana\"}");
	assert_text(fake_at("message"), "API_ONE_OF");
	fake_send(POST, "/api/v1/persons/.search", "{\"cursor\":\"?\"}");
	assert_text(fake_at("message"), "API_CURSOR");
	fake_send(POST, "/api/v1/persons/.search", "{\"limit\":501}");
	assert_text(fake_at("message"), "API_RANGE");
	fake_send(POST, "/api/v1/persons/.search", "");
	assert_text(fake_at("message"), "JSON_UNFINISHED");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(what_fits_is_taken),
		A_TEST(null_and_absent_leave_the_default),
		A_TEST(what_does_not_fit_is_refused_by_its_name),
		A_TEST(the_path_leads_to_an_inner_object),
		A_TEST(a_fault_is_put_under_the_object_it_is_in),
		A_TEST(an_unknown_name_of_any_length_is_shown_cut),
		A_TEST(if_match_is_one_tag_of_ours_or_any),
		A_TEST(if_none_match_is_a_list_compared_weakly),
		A_TEST(an_idempotency_key_is_visible_ascii),
		A_TEST(queries_are_strict),
		A_TEST(a_page_is_what_was_asked_for),
		A_TEST(a_search_in_the_body_may_be_personal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

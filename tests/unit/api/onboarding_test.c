/* SPDX-License-Identifier: Apache-2.0 */
/* onboarding_test.c - the body of an onboarding, and how it is answered. */
#include "fake.h"

#include "base/id.h"

#define PATH "/api/v1/onboardings"

static const struct refusal {
	const char *key, *body;
	const char *message, *field;
} refusals[] = {
	{ NULL, "{\"person\":{}}", "API_NO_KEY", "Idempotency-Key" },
	{ "", "{\"person\":{}}", "API_KEY", "Idempotency-Key" },
	{ "a b", "{\"person\":{}}", "API_KEY", "Idempotency-Key" },
	{ "k", "", "JSON_UNFINISHED", "absent" },
	{ "k", "{", "JSON_UNFINISHED", "absent" },
	{ "k", "[]", "API_NOT_OBJECT", "absent" },
	{ "k", "{\"person\":{},\"person\":{}}", "JSON_DUPLICATE_KEY", "absent" },
	{ "k", "{}", "API_MISSING", "person" },
	{ "k", "{\"person\":{},\"prio\":1}", "API_UNKNOWN_MEMBER", "prio" },
	{ "k", "{\"person\":{},\"key\":\"x\"}", "API_UNKNOWN_MEMBER", "key" },
	{ "k", "{\"person\":\"ana\"}", "ATTR_NOT_OBJECT", "person" },
	{ "k", "{\"person\":{\"colour\":1}}", "ATTR_UNKNOWN", "person.colour" },
	{ "k", "{\"person\":{\"contracts\":[{\"end\":\"x\"}]}}", "ATTR_NOT_DATE", "person.contracts[0].end" },
	{ "k", "{\"person\":{\"lifecycle\":\"left\"}}", "API_READ_ONLY", "person.lifecycle" },
	{ "k", "{\"person\":{\"$sealed\":\"x\"}}", "ATTR_SEALED_FORM", "person" },
	{ "k", "{\"person\":{},\"products\":\"mail\"}", "API_NOT_LIST", "products" },
	{ "k", "{\"person\":{},\"products\":[1]}", "API_NOT_TEXT", "products[0]" },
	{ "k", "{\"person\":{},\"priority\":10}", "API_RANGE", "priority" },
	{ "k", "{\"person\":{},\"priority\":-1}", "API_RANGE", "priority" },
	{ "k", "{\"person\":{},\"priority\":\"5\"}", "API_NOT_INT", "priority" },
	{ "k", "{\"person\":{},\"all_or_nothing\":\"yes\"}", "API_NOT_BOOL", "all_or_nothing" },
	{ "k", "{\"person\":{},\"check\":1}", "API_NOT_BOOL", "check" },
};

static void
send_onboarding(const char *key, const char *body)
{
	struct request *rq = fake_request(POST, PATH, TOKEN_ALL, body);

	if (key != NULL)
		fake_header(rq, "idempotency-key", key);
	fake_call(rq);
}

static void
what_is_no_onboarding_is_refused_with_its_path(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];

		send_onboarding(r->key, r->body);
		if (fake.status != 400 ||
		    !str_eq(fake_at("message"), str_of(r->message)) ||
		    !str_eq(fake_at("field"), str_of(r->field)))
			wrong("%s: %.*s\n", r->body, STR_ARG(fake.body));
		assert_int_equal(fake.nitem, 0);
	}
}

static void
the_order_says_what_was_sent(void **state)
{
	static const char body[] =
	    "{ \"person\": {\"userName\":\"ana\","
	    "\"externalId\":\"e1\",\"site\":\"ber\"},\"products\":[\"mail\","
	    "\"chat\"],\"priority\":7,\"all_or_nothing\":true,"
	    "\"check\":true}";
	const struct order *o;

	send_onboarding("key-1", body);
	assert_int_equal(fake.nitem, 1);
	assert_int_equal(fake.tenant, 1);
	assert_ptr_equal(fake.item[0]->use_case, &person_order);
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_ONBOARD);
	assert_int_equal(o->source, FAKE_SOURCE);
	assert_text(o->ref, "e1");
	assert_text(o->idempotency_key, "key-1");
	assert_text(o->body, body);
	assert_int_equal(o->nproduct, 2);
	assert_text(o->product[1], "chat");
	assert_int_equal(o->priority, 7);
	assert_true(o->all_or_nothing && o->manual_check);
	assert_int_equal(o->ncontract, 1);
	send_onboarding("key-2", "{\"person\":{\"userName\":\"ana\"}}");
	o = fake.item_in[0];
	assert_int_equal(o->priority, 5);
	assert_int_equal(o->nproduct, 0);
	assert_false(o->all_or_nothing || o->manual_check);
}

static void
the_outcome_is_told_product_by_product(void **state)
{
	const struct seat_told told[] = {
		{ STR("mail"), STR("mail-all"), OUTCOME_ASSIGNED, 0, MSG_NONE,
		    STR("") },
		{ STR("chat"), STR("chat-all"), OUTCOME_QUEUED, 4,
		    MSG_SEAT_QUEUED, STR("") },
		{ STR("crm"), STR(""), OUTCOME_REFUSED, 0, MSG_SEAT_NO_POOL,
		    STR("") },
	};
	struct order_out out = { .person = 2, .onboarding = 1, .is_new = true,
		.state = ONBOARDING_OPEN, .seat = told, .nseat = 3 };

	fake.item_out = &out;
	send_onboarding("k", "{\"person\":{\"userName\":\"ana\"}}");
	assert_int_equal(fake.status, 201);
	assert_text(fake_replied("Location"), PATH "/0000000000001");
	assert_text(fake_at("id"), "0000000000001");
	assert_text(fake_at("person"), "0000000000002");
	assert_text(fake_at("state"), "open");
	assert_text(fake_at("repeated"), "false");
	assert_text(fake_at("seats.0.product"), "mail");
	assert_text(fake_at("seats.0.outcome"), "assigned");
	assert_text(fake_at("seats.0.pool"), "mail-all");
	assert_text(fake_at("seats.0.position"), "null");
	assert_text(fake_at("seats.0.reason"), "null");
	assert_text(fake_at("seats.1.outcome"), "queued");
	assert_text(fake_at("seats.1.position"), "4");
	assert_text(fake_at("seats.1.message"), "SEAT_QUEUED");
	assert_true(fake_at("seats.1.reason").n > 5);
	assert_text(fake_at("seats.2.outcome"), "refused");
	assert_text(fake_at("seats.2.pool"), "null");
	assert_true(fake_at("seats.2.remedy").n > 5);
}

static void
who_is_there_already_is_answered_with_200(void **state)
{
	struct order_out out = { .person = 2, .onboarding = 1,
		.was_repeated = true, .state = ONBOARDING_DONE };

	fake.item_out = &out;
	send_onboarding("k", "{\"person\":{\"userName\":\"ana\"}}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("repeated"), "true");
	assert_text(fake_at("state"), "done");
	/* Whom an import brought has no onboarding. */
	out.onboarding = 0;
	out.state = 0;
	send_onboarding("k", "{\"person\":{\"userName\":\"ana\"}}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("id"), "null");
	assert_text(fake_at("state"), "null");
	assert_int_equal(fake_replied("Location").n, 0);
}

static void
an_onboarding_is_shown_with_its_stages(void **state)
{
	const struct seat_told now = { STR("mail"), STR("mail-all"), OUTCOME_HELD, 0, MSG_NONE, STR("") };
	static const struct check_row check = { 1, 1, CHECK_MANUAL, CHECK_OPEN, 1000, 0, 0 };
	struct onboarding_view v = { .row = { .id = 1, .person = 2,
	    .state = ONBOARDING_OPEN, .received_ms = 1000, .sealed_ms = 2000,
	    .decided_ms = 3000, .expires_ms = 9000, .priority = 5 },
		.now = &now, .nnow = 1, .check = &check, .ncheck = 1 };

	fake.query_out = &v;
	fake_send(GET, PATH "/0000000000001", "");
	assert_int_equal(fake.status, 200);
	assert_int_equal(*(const int64_t *)fake.query_in, 1);
	assert_text(fake_at("stages.received"), "1970-01-01T00:00:01.000Z");
	assert_text(fake_at("stages.decided"), "1970-01-01T00:00:03.000Z");
	assert_text(fake_at("stages.done"), "null");
	assert_text(fake_at("expires"), "1970-01-01T00:00:09.000Z");
	assert_text(fake_at("checks.0.kind"), "manual");
	assert_text(fake_at("checks.0.state"), "open");
	assert_text(fake_at("checks.0.until"), "null");
	assert_text(fake_at("now.0.outcome"), "held");
	assert_text(fake_at("seats"), "[]");
	fake_send(GET, PATH "/nobody", "");
	assert_int_equal(fake.status, 404);
	assert_text(fake_at("message"), "ORDER_NO_ONBOARDING");
}

static const struct check_case {
	const char *path, *body;
	int	    status;
	const char *message;
} check_cases[] = {
	{ PATH "/0000000000001/checks/manual", "{\"result\":\"maybe\"}", 400, "API_RESULT" },
	{ PATH "/0000000000001/checks/manual", "{}", 400, "API_MISSING" },
	{ PATH "/0000000000001/checks/manual", "{\"result\":true}", 400, "API_NOT_TEXT" },
	{ PATH "/0000000000001/checks/other", "{\"result\":\"passed\"}", 404, "ORDER_NO_CHECK" },
	{ PATH "/1/checks/manual", "{\"result\":\"passed\"}", 404, "ORDER_NO_ONBOARDING" },
};

static void
a_check_ends_passed_or_failed(void **state)
{
	struct onboarding_view v = { .row = { .id = 1, .person = 2,
	    .state = ONBOARDING_DONE } };
	const struct order *o;

	for (size_t i = 0; i < COUNT(check_cases); i++) {
		fake_send(POST, check_cases[i].path, check_cases[i].body);
		assert_int_equal(fake.status, check_cases[i].status);
		assert_text(fake_at("message"), check_cases[i].message);
		assert_int_equal(fake.nitem, 0);
	}
	fake.query_out = &v;
	fake_send(POST, PATH "/0000000000001/checks/manual",
	    "{\"result\":\"passed\"}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("state"), "done");
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_CHECK);
	assert_int_equal(o->onboarding, 1);
	assert_int_equal(o->check, CHECK_MANUAL);
	assert_true(o->check_passed);
	fake_send(POST, PATH "/0000000000001/checks/attestation",
	    "{\"result\":\"failed\"}");
	o = fake.item_in[0];
	assert_int_equal(o->check, CHECK_ATTESTATION);
	assert_false(o->check_passed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(what_is_no_onboarding_is_refused_with_its_path),
		A_TEST(the_order_says_what_was_sent),
		A_TEST(the_outcome_is_told_product_by_product),
		A_TEST(who_is_there_already_is_answered_with_200),
		A_TEST(an_onboarding_is_shown_with_its_stages),
		A_TEST(a_check_ends_passed_or_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

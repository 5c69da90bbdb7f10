/* SPDX-License-Identifier: Apache-2.0 */
/* call_test.c - a call's way through its steps, and what stops it. */
#include "fake.h"

#define PERSON "/api/v1/persons/0000000000001"

static void
patch(const char *if_match, const char *body)
{
	struct request *rq = fake_request(PATCH, PERSON, TOKEN_ALL, body);

	if (if_match != NULL)
		fake_header(rq, "If-Match", if_match);
	fake_call(rq);
}

static void
a_created_person_is_shown_as_stored(void **state)
{
	const struct order *o;

	fake_send(POST, "/api/v1/persons", "{\"userName\":\"ana\"}");
	assert_int_equal(fake.status, 201);
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_replied("ETag"), "\"3\"");
	assert_true(
	    str_starts(fake_replied("Location"), STR("/api/v1/persons/")));
	assert_text(fake_at("department"), "Sales");
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_CREATE);
	assert_int_equal(o->idempotency_key.n, 0);
	fake_send(POST, "/api/v1/persons", "{\"colour\":1}");
	assert_int_equal(fake.status, 400);
	assert_int_equal(fake.nitem, 0);
}

static void
a_change_names_its_version(void **state)
{
	const struct order *o;

	patch(NULL, "{}");
	assert_int_equal(fake.status, 428);
	assert_text(fake_at("code"), "no_precondition");
	patch("17", "{}");
	assert_int_equal(fake.status, 400);
	patch("\"2\"", "{}");
	assert_int_equal(fake.status, 412);
	assert_int_equal(fake.nitem, 0);
	patch("\"3\"", "{\"nickName\":\"A\",\"displayName\":null}");
	assert_int_equal(fake.status, 200);
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_CHANGE);
	assert_int_equal(o->person, 1);
	assert_int_equal(o->if_version, 3);
	assert_int_equal(o->nremoved, 1);
	assert_int_equal(o->removed[0], A_DISPLAY_NAME);
	assert_false(o->has_contracts);
	assert_text(fake_replied("ETag"), "\"3\"");
}

static void
the_body_is_looked_at_before_anything_is_read(void **state)
{
	patch("*", "{\"colour\":1}");
	assert_int_equal(fake.status, 400);
	assert_int_equal(fake.nquery, 0);
	fake.query_err = ERR_NOT_FOUND;
	patch("*", "{}");
	assert_int_equal(fake.status, 404);
	assert_int_equal(fake.nquery, 1);
}

static void
who_lost_a_race_with_any_version_tries_again(void **state)
{
	const struct order *o;

	fake.moves = true;
	fake.item_err[0] = fake.item_err[1] = ERR_STALE;
	patch("*", "{\"title\":\"Boss\"}");
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.nitem, 3);
	assert_int_equal(fake.nreply, 1);
	o = fake.item_in[0];
	assert_int_equal(o->if_version, 3);
	o = fake.item_in[2];
	assert_int_equal(o->if_version, 5);
}

static void
but_not_for_ever(void **state)
{
	for (size_t i = 0; i < COUNT(fake.item_err); i++)
		fake.item_err[i] = ERR_STALE;
	patch("*", "{\"title\":\"Boss\"}");
	assert_int_equal(fake.nitem, 3);
	assert_int_equal(fake.status, 409);
	assert_text(fake_at("code"), "busy");
	assert_int_equal(fake.nreply, 1);
}

static void
who_named_a_version_is_told_that_it_moved(void **state)
{
	fake.item_err[0] = ERR_STALE;
	patch("\"3\"", "{\"title\":\"Boss\"}");
	assert_int_equal(fake.nitem, 1);
	assert_int_equal(fake.status, 412);
	assert_text(fake_at("message"), "ORDER_STALE");
}

static void
what_the_client_has_is_not_sent_again(void **state)
{
	struct request *rq = fake_request(GET, PERSON, TOKEN_ALL, "");

	fake_header(rq, "if-none-match", "\"3\"");
	fake_call(rq);
	assert_int_equal(fake.status, 304);
	assert_int_equal(fake.body.n, 0);
	assert_text(fake_replied("ETag"), "\"3\"");
	rq = fake_request(GET, PERSON, TOKEN_ALL, "");
	fake_header(rq, "if-none-match", "\"2\"");
	fake_call(rq);
	assert_int_equal(fake.status, 200);
}

static void
a_full_queue_says_when_to_come_back(void **state)
{
	fake.is_busy = true;
	fake_send(GET, PERSON, "");
	assert_int_equal(fake.status, 429);
	assert_text(fake_replied("Retry-After"), "1");
	fake_send(POST, "/api/v1/seats/verify", "");
	assert_int_equal(fake.status, 429);
	fake.is_busy = false;
	fake.is_full = true;
	fake_send(POST, "/api/v1/persons", "{\"userName\":\"ana\"}");
	assert_int_equal(fake.status, 429);
	assert_text(fake_at("message"), "STORE_QUEUE");
	/* The first step went well, the second found no room. */
	patch("*", "{}");
	assert_int_equal(fake.status, 429);
	assert_int_equal(fake.nreply, 1);
}

static void
a_refused_item_is_a_problem(void **state)
{
	for (int err = OK + 1; err < ERR_COUNT; err++) {
		fake.item_err[0] = (enum err)err;
		fake_send(DELETE, PERSON "/seats/mail", "");
		assert_int_equal(fake.status, err_info((enum err)err)->http);
		assert_int_equal(fake.nreply, 1);
	}
}

static void
seats_are_taken_and_released(void **state)
{
	const struct order *o;

	fake_send(POST, PERSON "/seats",
	    "{\"products\":[\"mail\"],"
	    "\"priority\":9,\"all_or_nothing\":true}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("seats"), "[]");
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_TAKE);
	assert_int_equal(o->person, 1);
	assert_int_equal(o->priority, 9);
	assert_true(o->all_or_nothing);
	assert_text(o->product[0], "mail");
	fake_send(POST, PERSON "/seats", "{}");
	assert_text(fake_at("field"), "products");
	fake_send(POST, "/api/v1/persons/x/seats", "{\"products\":[\"mail\"]}");
	assert_int_equal(fake.status, 404);
	fake_send(DELETE, PERSON "/seats/mail", "");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("released"), "true");
	assert_text(fake_at("product"), "mail");
	o = fake.item_in[0];
	assert_int_equal(o->kind, ORDER_RELEASE);
	assert_text(o->product[0], "mail");
	assert_int_equal(o->nproduct, 1);
}

static void
sign_in(const char *user_name)
{
	char body[200];

	fake.nitem = fake.nquery = fake.nreply = 0;
	snprintf(body, sizeof(body),
	    "{\"tenant\":\"acme\",\"userName\":"
	    "\"%s\",\"password\":\"x\"}",
	    user_name);
	fake_call(fake_request(POST, "/api/v1/login", NULL, body));
	assert_int_equal(fake.nreply, 1);
}

/* It was counted before, and is given back; what is told stays the first refusal. */
static void
a_try_that_finds_no_room_is_not_counted(void **state)
{
	struct login tried = { .tenant = 1 };

	fake.item_out = &tried;
	fake.is_busy = true;
	sign_in("ana");
	assert_int_equal(fake.status, 429);
	assert_text(fake_at("message"), "WORLD_BUSY");
	assert_int_equal(fake.nitem, 2);
	assert_ptr_equal(fake.item[1]->use_case, &login_back);
	assert_ptr_equal(fake.item_in[1], fake.item_in[0]);
	fake.item_err[1] = ERR_UNKNOWN;
	sign_in("bo");
	assert_int_equal(fake.status, 429);
	assert_text(fake_at("message"), "WORLD_BUSY");
	fake.item_err[1] = OK;
	fake.is_busy = false;
	fake.query_err = ERR_LIMITED;
	sign_in("cy");
	assert_int_equal(fake.status, 429);
	assert_int_equal(fake.nitem, 2);
	assert_ptr_equal(fake.item[1]->use_case, &login_back);
	/* What was looked at is counted; and what was not counted is not given back. */
	fake.query_err = ERR_UNAUTHENTICATED;
	sign_in("di");
	assert_int_equal(fake.status, 401);
	assert_int_equal(fake.nitem, 1);
	fake.item_err[0] = ERR_LIMITED;
	sign_in("ed");
	assert_int_equal(fake.status, 429);
	assert_int_equal(fake.nitem, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(a_created_person_is_shown_as_stored),
		A_TEST(a_change_names_its_version),
		A_TEST(the_body_is_looked_at_before_anything_is_read),
		A_TEST(who_lost_a_race_with_any_version_tries_again),
		A_TEST(but_not_for_ever),
		A_TEST(who_named_a_version_is_told_that_it_moved),
		A_TEST(what_the_client_has_is_not_sent_again),
		A_TEST(a_try_that_finds_no_room_is_not_counted),
		A_TEST(a_full_queue_says_when_to_come_back),
		A_TEST(a_refused_item_is_a_problem),
		A_TEST(seats_are_taken_and_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* batch_test.c - many onboardings in one request, an outcome each. */
#include "fake.h"

#include "base/id.h"

#define PATH "/api/v1/onboardings/batch"

static void
each_item_has_an_outcome_in_its_place(void **state)
{
	const struct order *o;

	fake.item_err[1] = ERR_STALE;
	fake_send(POST, PATH,
	    "{\"items\":["
	    "{\"key\":\"k0\",\"person\":{\"userName\":\"a\"}},"
	    "{\"key\":\"k1\",\"person\":{\"colour\":1}},"
	    "{\"key\":\"k2\",\"person\":{\"userName\":\"c\"}},"
	    "{\"person\":{\"userName\":\"d\"}},"
	    "{\"key\":\"a b\",\"person\":{}},7,"
	    "{\"key\":\"k6\",\"person\":{},\"x\":1},"
	    "{\"key\":\"k7\", \"priority\":1, \"person\":{\"userName\":"
	    "\"h\",\"emails\":[{\"value\":\"h@x.de\",\"primary\":true}],"
	    "\"nickName\":null}}]}");
	assert_int_equal(fake.nreply, 1);
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.nitem, 3);
	assert_text(fake_at("items.0.status"), "201");
	assert_text(fake_at("items.0.body.state"), "done");
	assert_text(fake_at("items.1.status"), "400");
	assert_text(fake_at("items.1.error.field"), "person.colour");
	assert_text(fake_at("items.2.status"), "412");
	assert_text(fake_at("items.2.error.message"), "ORDER_STALE");
	assert_text(fake_at("items.3.error.message"), "API_NO_KEY");
	assert_text(fake_at("items.4.error.message"), "API_KEY");
	assert_text(fake_at("items.5.error.message"), "API_NOT_OBJECT");
	assert_text(fake_at("items.6.error.field"), "x");
	assert_text(fake_at("items.7.status"), "201");
	assert_text(fake_at("items.8"), "absent");
	o = fake.item_in[2];
	assert_text(o->idempotency_key, "k7");
	/* The item as it stands, without its key and however it was laid out. */
	assert_text(o->body,
	    "{\"priority\":1,\"person\":{\"userName\":\"h\","
	    "\"emails\":[{\"value\":\"h@x.de\",\"primary\":true}],"
	    "\"nickName\":null}}");
	assert_int_equal(o->priority, 1);
}

static void
the_order_of_items_is_kept_whoever_ends_first(void **state)
{
	fake.waits = true;
	fake.item_err[0] = ERR_STALE;
	fake_send(POST, PATH,
	    "{\"items\":["
	    "{\"key\":\"k0\",\"person\":{\"userName\":\"a\"}},"
	    "{\"key\":\"k1\",\"person\":{\"userName\":\"b\"}}]}");
	assert_int_equal(fake.nreply, 0);
	fake_finish();
	assert_int_equal(fake.nreply, 1);
	assert_text(fake_at("items.0.status"), "412");
	assert_text(fake_at("items.1.status"), "201");
}

static void
a_full_queue_is_each_items_own_outcome(void **state)
{
	fake.is_full = true;
	fake_send(POST, PATH,
	    "{\"items\":["
	    "{\"key\":\"k0\",\"person\":{\"userName\":\"a\"}},"
	    "{\"key\":\"k1\",\"person\":{\"userName\":\"b\"}}]}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("items.0.status"), "429");
	assert_text(fake_at("items.1.error.message"), "STORE_QUEUE");
}

static const struct refusal {
	const char *body, *message, *field;
} refusals[] = {
	{ "[]", "API_NOT_OBJECT", "absent" },
	{ "{}", "API_MISSING", "items" },
	{ "{\"items\":{}}", "API_NOT_LIST", "items" },
	{ "{\"items\":[]}", "API_COUNT", "items" },
	{ "{\"items\":[],\"x\":1}", "API_COUNT", "items" },
	{ "{\"x\":1}", "API_UNKNOWN_MEMBER", "x" },
	{ "{", "JSON_UNFINISHED", "absent" },
};

static void
what_is_no_batch_is_refused_whole(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		fake_send(POST, PATH, refusals[i].body);
		assert_int_equal(fake.status, 400);
		assert_text(fake_at("message"), refusals[i].message);
		assert_text(fake_at("field"), refusals[i].field);
	}
	fake.is_busy = true;
	fake_send(POST, PATH, "{}");
	assert_int_equal(fake.status, 429);
	assert_text(fake_replied("Retry-After"), "1");
}

static void
send_many(size_t n)
{
	struct buf b;

	buf_init(&b, fake.arena, 1 << 20);
	buf_z(&b, "{\"items\":[");
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b,
		    "%s{\"key\":\"k%zu\",\"person\":{\"userName\":"
		    "\"u%zu\"}}",
		    i == 0 ? "" : ",", i, i);
	buf_z(&b, "]}");
	fake_send(POST, PATH, str_z(fake.arena, buf_view(&b)));
}

static void
a_thousand_go_in_and_one_more_does_not(void **state)
{
	send_many(1000);
	assert_int_equal(fake.status, 200);
	assert_int_equal(fake.nitem, 1000);
	assert_text(fake_at("items.999.status"), "201");
	send_many(1001);
	assert_int_equal(fake.status, 400);
	assert_text(fake_at("message"), "API_COUNT");
	assert_int_equal(fake.nitem, 0);
}

static void
items_may_end_on_another_thread_while_others_are_submitted(void **state)
{
	struct thread *worker;

	fake.queue = queue_open(2000);
	worker = thread_start("worker", fake_work, NULL);
	send_many(1000);
	queue_end(fake.queue);
	thread_join(worker);
	queue_close(fake.queue);
	assert_int_equal(fake.nreply, 1);
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("items.0.status"), "201");
	assert_text(fake_at("items.999.status"), "201");
	assert_text(fake_at("items.1000"), "absent");
}

static void
an_item_has_the_limit_of_a_single_onboarding(void **state)
{
	char *name = arena_alloc(fake.arena, 30000);
	struct str body;

	memset(name, ' ', 29999);
	body = str_fmt(fake.arena,
	    "{\"items\":[{\"key\":\"k\",\"person\":{"
	    "\"userName\":\"a%sb\"}},{\"key\":\"l\",\"person\":{\"userName\":"
	    "\"a\",\"nickName\":\"%s\"}}]}",
	    name, name);
	fake_send(POST, PATH, str_z(fake.arena, body));
	assert_text(fake_at("items.0.status"), "400");
	assert_text(fake_at("items.1.status"), "413");
	assert_text(fake_at("items.1.error.message"), "API_TOO_LARGE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(each_item_has_an_outcome_in_its_place),
		A_TEST(the_order_of_items_is_kept_whoever_ends_first),
		A_TEST(a_full_queue_is_each_items_own_outcome),
		A_TEST(what_is_no_batch_is_refused_whole),
		A_TEST(a_thousand_go_in_and_one_more_does_not),
		A_TEST(
		    items_may_end_on_another_thread_while_others_are_submitted),
		A_TEST(an_item_has_the_limit_of_a_single_onboarding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_test.c - queues as the API shows them, and who is not even let in.
 */
#include "fake.h"

static struct queue_view
import_view(void)
{
	return (struct queue_view) {
		.queue = WORK_QUEUE_IMPORT,
		.state = QUEUE_PAUSED,
		.actor_kind = ACTOR_CLIENT,
		.actor = 5,
		.since_ms = 1000,
		.reason = STR("night"),
		.depth = 40,
		.rate_milli = 12340,
		.forecast_s = 4,
		.batch = 75,
		.last = { 3, 2, 1 },
		.limits = { .window_ms = 100, .depth_pause = 30 },
	};
}

static void
queues_are_listed_with_their_load(void **state)
{
	struct queues_out out = { .n = 2 };

	(void)state;
	out.queue[0] = import_view();
	out.queue[1] = (struct queue_view) {
		.queue = WORK_QUEUE_DELIVERY,
		.state = QUEUE_RELEASED,
		.rate_milli = -1,
		.forecast_s = -1,
		.limits = { .rate = { 150, 50, 250 } },
	};
	out.bound[0] = (struct bound_view) { "admission.x", 8, 3 };
	for (size_t i = 1; i < BOUNDS; i++)
		out.bound[i].name = "y";
	fake.query_out = &out;
	fake_send(GET, "/api/v1/queues", "");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("items.0.queue"), "import");
	assert_text(fake_at("items.0.state"), "paused");
	assert_text(fake_at("items.0.by"), "client");
	assert_text(fake_at("items.0.reason"), "night");
	assert_text(fake_at("items.0.remedy"), "null");
	assert_text(fake_at("items.0.depth"), "40");
	assert_text(fake_at("items.0.depth_pause"), "30");
	assert_text(fake_at("items.0.forecast_s"), "4");
	assert_text(fake_at("items.0.limits.queue"), "null");
	assert_text(fake_at("items.0.window.batch"), "75");
	assert_text(fake_at("items.0.window.failed"), "1");
	assert_text(fake_at("items.1.state"), "running");
	assert_text(fake_at("items.1.by"), "null");
	assert_text(fake_at("items.1.rate"), "null");
	assert_text(fake_at("items.1.forecast_s"), "null");
	assert_text(fake_at("items.1.limits.tenant"), "50");
	assert_text(fake_at("items.1.limits.global"), "250");
	assert_text(fake_at("bounds.0.bound"), "admission.x");
	assert_text(fake_at("bounds.0.value"), "8");
	assert_text(fake_at("bounds.0.load"), "3");
	assert_text(fake_at("bounds.1.value"), "null");
}

/* What the server did by itself it says in the reader's language, with a remedy. */
static void
the_servers_own_reason_is_a_message(void **state)
{
	struct queues_out out = { .n = 1 };

	(void)state;
	out.queue[0] = import_view();
	out.queue[0].actor_kind = ACTOR_NODE;
	out.queue[0].actor = 0;
	out.queue[0].reason = STR("");
	out.queue[0].paused_depth = 41;
	for (size_t i = 0; i < BOUNDS; i++)
		out.bound[i].name = "y";
	fake.query_out = &out;
	fake_send(GET, "/api/v1/queues", "");
	assert_text(fake_at("items.0.by"), "node");
	assert_text(fake_at("items.0.actor"), "null");
	assert_text(fake_at("items.0.reason"),
	    "The server paused it. Waiting: 41; threshold: 30 "
	    "(import.depth_pause).");
	assert_true(fake_at("items.0.remedy").n > 10);
}

static void
pausing_needs_a_reason_and_a_queue(void **state)
{
	const struct queue_in *in;
	struct queue_view v = import_view();

	(void)state;
	fake_send(POST, "/api/v1/queues/import/pause", "{}");
	assert_int_equal(fake.status, 400);
	fake_send(POST, "/api/v1/queues/import/pause", "{\"reason\":\"\"}");
	assert_int_equal(fake.status, 400);
	fake_send(POST, "/api/v1/queues/imports/pause", "{\"reason\":\"x\"}");
	assert_int_equal(fake.status, 404);
	assert_text(fake_at("message"), "QUEUE_UNKNOWN");
	assert_int_equal(fake.nitem, 0);
	fake.query_out = &v;
	fake_send(POST, "/api/v1/queues/import/pause", "{\"reason\":\"x\"}");
	assert_int_equal(fake.status, 200);
	assert_text(fake_at("queue"), "import");
	in = fake.item_in[0];
	assert_int_equal(in->queue, WORK_QUEUE_IMPORT);
	assert_int_equal(in->state, QUEUE_PAUSED);
	assert_int_equal(in->depth, 0);
	assert_text(in->reason, "x");
	fake_send(POST, "/api/v1/queues/delivery/resume", "{\"reason\":\"y\"}");
	in = fake.item_in[0];
	assert_int_equal(in->queue, WORK_QUEUE_DELIVERY);
	assert_int_equal(in->state, QUEUE_RELEASED);
}

static void
who_has_too_much_under_way_is_told_which_bound_it_is(void **state)
{
	struct request *rq;

	(void)state;
	fake.is_crowded = true;
	rq = fake_send(POST, "/api/v1/persons", "{\"userName\":\"ana\"}");
	assert_int_equal(fake.status, 429);
	assert_text(fake_replied("Retry-After"), "1");
	assert_text(fake_at("code"), "limited");
	assert_text(fake_at("message"), "LIMIT_TENANT_UNDER_WAY");
	assert_text(fake_at("params.0"), "admission.tenant_under_way");
	assert_text(fake_at("params.1"), "8");
	assert_text(fake_at("params.2"), "9");
	/* It was never decoded, let alone queued. */
	assert_int_equal(fake.nitem, 0);
	api_ended(rq, 429, 0);
	assert_int_equal(fake.under_way, 0);
}

static void
who_sends_too_many_a_second_is_refused_by_the_head_alone(void **state)
{
	struct request *rq;

	(void)state;
	fake.is_fast = true;
	rq = fake_request(POST, "/api/v1/persons", TOKEN_ALL, "{}");
	fake_call(rq);
	assert_int_equal(fake.status, 429);
	assert_text(fake_replied("Retry-After"), "1");
	assert_text(fake_at("message"), "LIMIT_TENANT_RATE");
	assert_text(fake_at("params.0"), "admission.tenant_rate");
	assert_true(rq->item == NULL);
	/* Whose it was is known to the access log. */
	assert_true(rq->cx.actor != NULL && rq->cx.actor->tenant != 0);
	api_ended(rq, 429, 0);
	assert_int_equal(fake.under_way, 0);
	/* Who does not say who he is is told that first. */
	rq = fake_request(POST, "/api/v1/persons", NULL, "{}");
	fake_call(rq);
	assert_int_equal(fake.status, 401);
}

static void
bytes_of_large_bodies_are_counted_from_the_head_on(void **state)
{
	struct request *rq;

	(void)state;
	rq = fake_request(POST, "/api/v1/persons", TOKEN_ALL, "{}");
	rq->body_most = 64 * 1024;
	fake_call(rq);
	assert_int_equal(fake.bytes, 0);
	rq = fake_request(POST, "/api/v1/persons", TOKEN_ALL, "{}");
	rq->body_most = 64 * 1024 + 1;
	fake_call(rq);
	/* Now that it is whole it is small. */
	assert_int_equal(fake.bytes, 0);
	api_over(rq);
	rq = fake_request(POST, "/api/v1/persons", TOKEN_ALL,
	    str_z(fake.arena,
		str_fmt(fake.arena, "{\"nickName\":\"%*s\"}", 70000, "x")));
	rq->body_most = 1 << 20;
	fake_call(rq);
	assert_int_equal(fake.bytes, rq->body.n);
	api_over(rq);
	assert_int_equal(fake.bytes, 0);
	fake.is_heavy = true;
	rq = fake_request(POST, "/api/v1/persons", TOKEN_ALL, "{}");
	rq->body_most = 64 * 1024 + 1;
	fake_call(rq);
	assert_int_equal(fake.status, 429);
	assert_text(fake_replied("Retry-After"), "1");
	assert_text(fake_at("params.0"), "admission.tenant_body_bytes");
	api_over(rq);
	assert_int_equal(fake.bytes, 0);
	/* What streams is in no memory. */
	rq = fake_request(PUT, "/api/v1/imports/1/scan", TOKEN_ALL, "");
	rq->body_most = 1 << 30;
	fake_call(rq);
	assert_true(fake.status != 429);
}

/* Whatever becomes of it. */
static void
a_request_is_counted_until_its_reply_is_gone(void **state)
{
	struct request *rq;

	(void)state;
	rq = fake_send(POST, "/api/v1/persons", "{");
	assert_int_equal(fake.status, 400);
	assert_int_equal(fake.under_way, 1);
	api_ended(rq, 400, 0);
	assert_int_equal(fake.under_way, 0);
	fake.is_busy = true;
	rq = fake_send(GET, "/api/v1/queues", "");
	assert_int_equal(fake.status, 429);
	api_ended(rq, 429, 0);
	assert_int_equal(fake.under_way, 0);
	/* One that was refused by its head was never counted. */
	rq = fake_request(GET, "/api/v1/queues", NULL, "");
	fake_call(rq);
	assert_int_equal(fake.status, 401);
	api_ended(rq, 401, 0);
	assert_int_equal(fake.under_way, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(queues_are_listed_with_their_load),
		A_TEST(the_servers_own_reason_is_a_message),
		A_TEST(pausing_needs_a_reason_and_a_queue),
		A_TEST(who_has_too_much_under_way_is_told_which_bound_it_is),
		A_TEST(
		    who_sends_too_many_a_second_is_refused_by_the_head_alone),
		A_TEST(bytes_of_large_bodies_are_counted_from_the_head_on),
		A_TEST(a_request_is_counted_until_its_reply_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

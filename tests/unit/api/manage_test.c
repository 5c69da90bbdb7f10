/* SPDX-License-Identifier: Apache-2.0 */
/* manage_test.c - the management door: health, readiness, and what is counted. */
#include "fake.h"

#include "base/metric.h"

#include "../base/openmetrics.h"

static const struct http_door *door;
static struct samples samples;

/* Each test has both doors, as front does. */
static int
open_both(void **state)
{
	const struct api_manage_conf conf = { .http = (struct http *)&fake,
		.restarts = { 3, 1 } };

	fake_open(state);
	door = api_manage_door(&conf);
	return 0;
}

static int
close_both(void **state)
{
	api_manage_close();
	return fake_close(state);
}

/* Through the management door; NULL: any format. */
static int
ask(enum method method, const char *path, const char *accept)
{
	struct request *rq = fake_request(method, path, NULL, "");
	struct reply reply = { 0 };
	struct str allow;
	enum err err;

	if (accept != NULL)
		fake_header(rq, "Accept", accept);
	err = door->route(rq, &allow);
	if (err == OK)
		err = door->admit(rq);
	if (err == OK) {
		door->serve(rq);
		return fake.status;
	}
	door->refuse(rq, err, &reply);
	return reply.status;
}

static void
scrape(void)
{
	assert_int_equal(
	    ask(GET, "/metrics", "application/openmetrics-text"), 200);
	openmetrics_read(fake.body, &samples);
}

static double
value(const char *name, const char *labels)
{
	return openmetrics_value(&samples, name, labels);
}

static void
the_process_answers_whatever_fails(void **state)
{
	fake.unready = ~0u;
	assert_int_equal(ask(GET, "/healthz", NULL), 200);
	assert_text(fake.body, "{\"ok\":true}");
}

static void
readiness_says_which_check_fails(void **state)
{
	static const struct {
		unsigned unready;
		int status;
		const char *body;
	} rows[] = {
		{ 0, 200, "{\"ok\":true,\"failed\":[]}" },
		{ 1, 503, "{\"ok\":false,\"failed\":[\"store\"]}" },
		{ 2, 503, "{\"ok\":false,\"failed\":[\"vault\"]}" },
		{ 4, 503, "{\"ok\":false,\"failed\":[\"log\"]}" },
		{ 5, 503, "{\"ok\":false,\"failed\":[\"store\",\"log\"]}" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		fake.unready = rows[i].unready;
		assert_int_equal(ask(GET, "/readyz", NULL), rows[i].status);
		assert_text(fake.body, rows[i].body);
		/* The public door says the same. */
		fake_call(fake_request(GET, "/readyz", NULL, ""));
		assert_int_equal(fake.status, rows[i].status);
		assert_text(fake.body, rows[i].body);
	}
}

static void
there_is_nothing_else_and_no_way_to_change_anything(void **state)
{
	assert_int_equal(ask(GET, "/api/v1/self", NULL), 404);
	assert_int_equal(ask(GET, "/operator/v1/doctor", NULL), 404);
	assert_int_equal(ask(GET, "/", NULL), 404);
	assert_int_equal(ask(POST, "/metrics", NULL), 400);
	assert_int_equal(ask(GET, "/metrics?x=1", NULL), 400);
	assert_int_equal(ask(GET, "/healthz?x=1", NULL), 400);
}

static void
what_is_told_is_openmetrics(void **state)
{
	scrape();
	assert_int_equal(samples.families, METRIC_COUNT);
	assert_text(fake.type,
	    "application/openmetrics-text; version=1.0.0; charset=utf-8");
	assert_true(
	    value("usher_build_info", "version=\"" USHER_VERSION "\"") == 1);
	assert_true(value("usher_restarts_total", "process=\"front\"") == 3);
	assert_true(value("usher_restarts_total", "process=\"vault\"") == 1);
	assert_true(value("usher_http_connections", "") == 2);
	assert_true(value("usher_http_bytes_total", "direction=\"in\"") == 30);
	assert_true(value("usher_queue_depth", "class=\"bulk\"") == 4);
	assert_true(value("usher_queue_depth", "class=\"read\"") == 3);
	assert_true(value("usher_queries_total", "") == 12);
	assert_true(value("usher_tenants", "") == 2);
	assert_true(
	    value("usher_vault_operations_total", "kind=\"sealed\"") == 5);
	assert_true(value("usher_process_resident_memory_bytes",
			"process=\"vault\"") == 1 << 20);
	assert_true(value("usher_process_resident_memory_bytes",
			"process=\"front\"") > 0);
	/* Who may not be asked is not told of. */
	assert_null(memmem(
	    fake.body.p, fake.body.n, "descriptors{process=\"vault\"", 27));
	assert_int_equal(ask(GET, "/metrics", "text/plain"), 200);
	assert_text(fake.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_null(memmem(fake.body.p, fake.body.n, "# EOF", 5));
}

static void
seats_are_told_by_pool_or_summed(void **state)
{
	static struct census_row rows[] = {
		{ .tenant = 1,
		    .product_id = 5,
		    .pool_id = 7,
		    .product = { "mail", 4 },
		    .pool = { "mail-all", 8 },
		    .quota = 10,
		    .held = 1,
		    .assigned = 6 },
		{ .tenant = 1,
		    .product_id = 5,
		    .product = { "mail", 4 },
		    .waiting = 9 },
		{ .tenant = 2,
		    .quota = 50,
		    .held = 4,
		    .assigned = 40,
		    .waiting = 3 },
	};
	const char *pool =
	    "tenant=\"1\",product=\"mail\",pool=\"mail-all\",state=";
	char labels[100];

	fake.census = rows;
	fake.ncensus = COUNT(rows);
	scrape();
	snprintf(labels, sizeof(labels), "%s\"assigned\"", pool);
	assert_true(value("usher_seats", labels) == 6);
	snprintf(labels, sizeof(labels), "%s\"held\"", pool);
	assert_true(value("usher_seats", labels) == 1);
	assert_true(value("usher_seats",
			"tenant=\"1\",product=\"mail\",pool=\"\","
			"state=\"waiting\"") == 9);
	assert_true(value("usher_seats",
			"tenant=\"2\",product=\"\",pool=\"\","
			"state=\"assigned\"") == 40);
	assert_true(value("usher_seats",
			"tenant=\"2\",product=\"\",pool=\"\","
			"state=\"waiting\"") == 3);
	assert_true(value("usher_pool_quota",
			"tenant=\"2\",product=\"\",pool=\"\"") == 50);
}

/* --- what the public door counts --------------------------------------------------- */

static double
replies(const char *labels)
{
	for (size_t i = 0; i < samples.n; i++)
		if (str_eq(samples.v[i].name,
			STR("usher_http_request_duration_seconds_count")) &&
		    str_eq(samples.v[i].labels, str_of(labels)))
			return samples.v[i].value;
	return 0;
}

static void
a_request_is_counted_by_its_pattern_and_status(void **state)
{
	const char *person = "method=\"GET\",route=\"/api/v1/persons/{person}\""
			     ",status=\"4xx\"";
	const char *none = "method=\"none\",route=\"none\",status=\"4xx\"";
	struct request *rq =
	    fake_request(GET, "/api/v1/persons/0000000000001", TOKEN_ALL, "");
	double before[2];
	struct str allow;

	scrape();
	before[0] = replies(person);
	before[1] = replies(none);
	assert_int_equal(api_route(rq, &allow), OK);
	api_ended(rq, 404, 17);
	api_ended(rq, 412, 17);
	rq->route = NULL;
	api_ended(rq, 404, 17);
	scrape();
	assert_true(replies(person) == before[0] + 2);
	assert_true(replies(none) == before[1] + 1);
	assert_null(memmem(fake.body.p, fake.body.n, "0000000000001", 13));
}

static void
a_request_is_in_flight_until_it_ended(void **state)
{
	/* Others of this file never ended. */
	int64_t before = metric_read(METRIC_IN_FLIGHT, 0);
	struct request *rq;
	struct str allow;

	fake.waits = true;
	rq = fake_request(
	    POST, "/api/v1/persons", TOKEN_ALL, "{\"userName\":\"ana\"}");
	assert_int_equal(api_route(rq, &allow), OK);
	assert_int_equal(api_admit(rq), OK);
	api_serve(rq);
	assert_int_equal(metric_read(METRIC_IN_FLIGHT, 0), before + 1);
	api_ended(rq, 201, 1);
	assert_int_equal(metric_read(METRIC_IN_FLIGHT, 0), before);
	/* One that was refused before was never under way. */
	rq = fake_request(GET, "/nowhere", TOKEN_ALL, "");
	assert_int_equal(api_route(rq, &allow), ERR_NOT_FOUND);
	api_ended(rq, 404, 1);
	assert_int_equal(metric_read(METRIC_IN_FLIGHT, 0), before);
	fake_finish();
}

static void
each_limit_is_counted_as_itself(void **state)
{
	static const struct {
		enum msg msg;
		size_t limit;
	} rows[] = {
		{ MSG_STORE_QUEUE, LIMIT_QUEUE },
		{ MSG_STORE_CLOSING, LIMIT_CLOSING },
		{ MSG_WORLD_BUSY, LIMIT_READERS },
		{ MSG_WORLD_LONG, LIMIT_LONG },
		{ MSG_VAULT_LIMITED, LIMIT_BUDGET },
		{ MSG_STORE_QUEUE_CLIENT, LIMIT_QUEUE },
		{ MSG_LIMIT_TENANT_UNDER_WAY, LIMIT_UNDER_WAY },
		{ MSG_LIMIT_CLIENT_UNDER_WAY, LIMIT_UNDER_WAY },
		{ MSG_API_LIMITED, LIMIT_OTHER },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ctx *cx = fake_ctx();
		int64_t before = metric_read(METRIC_LIMITED, rows[i].limit);
		int64_t all = metric_read(METRIC_ERRORS, ERR_LIMITED);
		struct reply reply = { 0 };

		problem_reply(
		    cx, fail(cx, ERR_LIMITED, rows[i].msg, ""), &reply);
		assert_int_equal(reply.status, 429);
		assert_int_equal(
		    metric_read(METRIC_LIMITED, rows[i].limit), before + 1);
		assert_int_equal(
		    metric_read(METRIC_ERRORS, ERR_LIMITED), all + 1);
	}
}

static void
contention_is_counted_by_how_it_ended(void **state)
{
	struct request *rq = fake_request(PATCH,
	    "/api/v1/persons/0000000000001", TOKEN_ALL, "{\"title\":\"x\"}");
	int64_t stale = metric_read(METRIC_CONTENTION, CONTENTION_STALE);
	int64_t busy = metric_read(METRIC_CONTENTION, CONTENTION_BUSY);

	for (size_t i = 0; i < COUNT(fake.item_err); i++)
		fake.item_err[i] = ERR_STALE;
	fake_header(rq, "If-Match", "*");
	fake_call(rq);
	assert_int_equal(fake.status, 409);
	assert_int_equal(
	    metric_read(METRIC_CONTENTION, CONTENTION_STALE), stale + 3);
	assert_int_equal(
	    metric_read(METRIC_CONTENTION, CONTENTION_BUSY), busy + 1);
}

static void
an_onboarding_that_was_refused_is_counted(void **state)
{
	int64_t before = metric_read(METRIC_ONBOARDINGS, ONBOARDED_REFUSED);
	struct request *rq = fake_request(POST, "/api/v1/onboardings",
	    TOKEN_ALL, "{\"person\":{\"userName\":\"ana\"},\"products\":[]}");

	fake.item_err[0] = ERR_CONFLICT;
	fake_header(rq, "Idempotency-Key", "k");
	fake_call(rq);
	assert_int_equal(fake.status, 409);
	assert_int_equal(
	    metric_read(METRIC_ONBOARDINGS, ONBOARDED_REFUSED), before + 1);
}

/* Last: from then on this process is ending. */
static void
who_is_stopping_is_not_ready_but_alive(void **state)
{
	api_stopping();
	assert_int_equal(ask(GET, "/readyz", NULL), 503);
	assert_text(fake.body, "{\"ok\":false,\"failed\":[\"running\"]}");
	assert_int_equal(ask(GET, "/healthz", NULL), 200);
	/* The listener that was counted may be gone. */
	scrape();
	assert_true(value("usher_ready", "check=\"running\"") == 0);
	assert_true(value("usher_http_connections", "") == 0);
}

#define BOTH(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(the_process_answers_whatever_fails),
		BOTH(readiness_says_which_check_fails),
		BOTH(there_is_nothing_else_and_no_way_to_change_anything),
		BOTH(what_is_told_is_openmetrics),
		BOTH(seats_are_told_by_pool_or_summed),
		BOTH(a_request_is_counted_by_its_pattern_and_status),
		BOTH(a_request_is_in_flight_until_it_ended),
		BOTH(each_limit_is_counted_as_itself),
		BOTH(contention_is_counted_by_how_it_ended),
		BOTH(an_onboarding_that_was_refused_is_counted),
		BOTH(who_is_stopping_is_not_ready_but_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* request_test.c - what stands in a request, decoded once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "http/http_int.h"

#define TRACE "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"

struct seen {
	struct str name[8], value[8];
	size_t	   n, stop_after;
};

static int
set_up(void **state)
{
	struct request *rq = heap_alloc(1, sizeof(*rq));

	rq->cx.arena = arena_open(1024 * 1024);
	*state = rq;
	return 0;
}

static int
tear_down(void **state)
{
	struct request *rq = *state;

	arena_close(rq->cx.arena);
	heap_free(rq);
	return 0;
}

static const struct {
	const char *target, *path, *query;
} targets[] = {
	{ "/", "/", "" },
	{ "/a/b", "/a/b", "" },
	{ "/a?", "/a", "" },
	{ "/a?b=c", "/a", "b=c" },
	{ "/a?b=%3F?/&c=d", "/a", "b=%3F?/&c=d" },
	{ "/%61%20b", "/a b", "" },
	{ "/a+b", "/a+b", "" },
	/* Decoded once: what is left is not an escape any more. */
	{ "/%2561", "/%61", "" },
	{ "/%252e%252e/a", "/%2e%2e/a", "" },
	{ "/%C3%A9", "/\xc3\xa9", "" },
};

static void
a_target_is_split_and_its_path_decoded_once(void **state)
{
	struct request *rq = *state;

	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_int_equal(
		    request_decode(rq, str_of(targets[i].target)), OK);
		assert_true(str_eq(rq->path, str_of(targets[i].path)));
		assert_true(str_eq(rq->query, str_of(targets[i].query)));
	}
}

static void
a_query_parameter_is_found_and_decoded(void **state)
{
	struct request *rq = *state;

	rq->query = STR("a=1&b=x%20y+z&%63=d&e&f=&g=1=2&h=%26%3D&a%26=7");
	assert_true(str_eq(request_query(rq, "a"), STR("1")));
	assert_true(str_eq(request_query(rq, "b"), STR("x y z")));
	assert_true(str_eq(request_query(rq, "c"), STR("d")));
	assert_true(str_eq(request_query(rq, "g"), STR("1=2")));
	assert_true(str_eq(request_query(rq, "h"), STR("&=")));
	assert_true(str_eq(request_query(rq, "a&"), STR("7")));
	assert_int_equal(request_query(rq, "e").n, 0);
	assert_non_null(request_query(rq, "e").p);
	assert_non_null(request_query(rq, "f").p);
	assert_null(request_query(rq, "A").p);
	assert_null(request_query(rq, "x").p);
	rq->query = STR("");
	assert_null(request_query(rq, "").p);
}

static bool
see(void *arg, struct str name, struct str value)
{
	struct seen *s = arg;

	s->name[s->n] = name;
	s->value[s->n] = value;
	return ++s->n != s->stop_after;
}

static void
each_query_parameter_is_seen_in_order(void **state)
{
	struct request *rq = *state;
	struct seen s = { .n = 0 };

	rq->query = STR("b=%41&a=+&c");
	assert_true(request_query_each(rq, see, &s));
	assert_int_equal(s.n, 3);
	assert_true(str_eq(s.name[0], STR("b")));
	assert_true(str_eq(s.value[0], STR("A")));
	assert_true(str_eq(s.value[1], STR(" ")));
	assert_true(str_eq(s.name[2], STR("c")));
	assert_int_equal(s.value[2].n, 0);

	s = (struct seen) { .stop_after = 2 };
	assert_false(request_query_each(rq, see, &s));
	assert_int_equal(s.n, 2);

	rq->query = STR("a=%zz");
	s = (struct seen) { .n = 0 };
	assert_false(request_query_each(rq, see, &s));
	assert_int_equal(s.n, 0);
}

static void
a_query_has_at_most_64_parameters(void **state)
{
	struct request *rq = *state;
	char text[512] = "/?";
	size_t n = 2;

	for (int i = 0; i < 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sp%d=1",
		    i == 0 ? "" : "&", i);
	assert_int_equal(request_decode(rq, str_of(text)), OK);
	snprintf(text + n, sizeof(text) - n, "&q=1");
	assert_int_equal(request_decode(rq, str_of(text)), ERR_BAD_INPUT);
	assert_int_equal(rq->cx.fault.msg, MSG_HTTP_QUERY);
}

static void
a_doubled_parameter_is_named_in_the_fault(void **state)
{
	struct request *rq = *state;

	assert_int_equal(
	    request_decode(rq, STR("/?limit=1&limit=2")), ERR_BAD_INPUT);
	assert_int_equal(rq->cx.fault.msg, MSG_HTTP_QUERY_TWICE);
	assert_true(str_eq(rq->cx.fault.field, STR("limit")));
	assert_true(str_eq(rq->cx.fault.args[0], STR("limit")));
}

static void
a_header_is_found_without_case(void **state)
{
	static const struct header headers[] = {
		{ { "Accept", 6 }, { "x", 1 } },
		{ { "X-Empty", 7 }, { "", 0 } },
		{ { "accept", 6 }, { "y", 1 } },
	};
	struct request *rq = *state;

	rq->header = headers;
	rq->nheader = COUNT(headers);
	assert_true(str_eq(request_header(rq, "ACCEPT"), STR("x")));
	assert_non_null(request_header(rq, "x-empty").p);
	assert_int_equal(request_header(rq, "x-empty").n, 0);
	assert_null(request_header(rq, "Accep").p);
	assert_null(request_header(rq, "Accept-Language").p);
}

static void
a_trace_id_becomes_the_request_id_if_it_is_valid(void **state)
{
	static const uint8_t want[TRACE_ID] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67,
		0x89, 0xab, 0xcd, 0xef };
	static const struct header headers[] = {
		{ { "Traceparent", 11 }, { TRACE, sizeof(TRACE) - 1 } },
		{ { "traceparent", 11 }, { TRACE, sizeof(TRACE) - 1 } },
	};
	struct request *rq = *state;

	rq->header = headers;
	/* Sent twice, it is as if it had not been sent. */
	for (size_t n = COUNT(headers); n > 0; n--) {
		rq->trace = (struct trace) { .id = { 7 } };
		rq->nheader = n;
		request_name(rq);
		assert_int_equal(rq->trace.is_given, n == 1);
		assert_int_equal(rq->trace.id[0], n == 1 ? want[0] : 7);
	}
	assert_memory_equal(rq->trace.id, want, sizeof(want));
}

static void
the_language_comes_from_accept_language(void **state)
{
	struct request *rq = *state;
	struct header h = { STR("accept-language"), STR("xx, nl;q=0.5, de") };

	rq->header = &h;
	rq->nheader = 1;
	request_name(rq);
	assert_int_equal(rq->cx.lang, LANG_DE);
	rq->nheader = 0;
	request_name(rq);
	assert_int_equal(rq->cx.lang, LANG_EN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_target_is_split_and_its_path_decoded_once, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_query_parameter_is_found_and_decoded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    each_query_parameter_is_seen_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_query_has_at_most_64_parameters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_doubled_parameter_is_named_in_the_fault, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    a_header_is_found_without_case, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_trace_id_becomes_the_request_id_if_it_is_valid, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    the_language_comes_from_accept_language, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

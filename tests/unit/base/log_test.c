/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"

static void
say_all(void *arg)
{
	(void)arg;
	clock_set(1795414567123);
	log_open("front", LOG_INFO);
	log_event(LOG_DEBUG, "quiet", LOG_NUM("n", 1));
	log_event(LOG_INFO, "started", LOG_NUM("people", -5),
	    LOG_WORD("mode", "a\"b\\c\n"), LOG_ID("person", 1));
	log_event(LOG_ERROR, "stopped", LOG_NUM("n", INT64_MIN));
}

static void
one_event_is_one_json_line(void **state)
{
	(void)state;
	assert_string_equal(child(say_all, NULL).said,
	    "{\"time\":\"2026-11-23T06:16:07.123Z\",\"level\":\"info\","
	    "\"process\":\"front\",\"event\":\"started\",\"people\":-5,"
	    "\"mode\":\"a\\\"b\\\\c\\u000a\",\"person\":\"0000000000001\"}\n"
	    "{\"time\":\"2026-11-23T06:16:07.123Z\",\"level\":\"error\","
	    "\"process\":\"front\",\"event\":\"stopped\","
	    "\"n\":-9223372036854775808}\n");
}

static void
say_too_much(void *arg)
{
	clock_set(1);
	log_event(LOG_WARN, "big", LOG_NUM("before", 1), LOG_WORD("long", arg),
	    LOG_NUM("after", 2));
}

static void
a_field_that_does_not_fit_is_left_out(void **state)
{
	char word[3000];

	(void)state;
	/* Every length around the ceiling ends in a whole line. */
	for (size_t n = 1900; n < 2100; n++) {
		struct ending end;

		memset(word, 'w', n);
		word[n] = '\0';
		end = child(say_too_much, word);
		assert_true(end.n <= 2048);
		assert_non_null(strstr(end.said, "\"before\":1"));
		assert_string_equal(end.said + end.n - 2, "}\n");
		if (strstr(end.said, "\"long\"") == NULL)
			assert_non_null(strstr(end.said, ",\"after\":2}"));
	}
}

static void
say_to_nobody(void *arg)
{
	(void)arg;
	close(STDERR_FILENO);
	errno = 42;
	log_event(LOG_ERROR, "lost", LOG_NUM("n", 1));
	_exit(errno == 42 ? 0 : 1);
}

static void
errno_is_left_alone(void **state)
{
	struct ending end = child(say_to_nobody, NULL);

	(void)state;
	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_event_is_one_json_line),
		cmocka_unit_test(a_field_that_does_not_fit_is_left_out),
		cmocka_unit_test(errno_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

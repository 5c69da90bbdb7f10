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

/* --- the access log ------------------------------------------------------------- */

#define LINES_MOST 3000000	/* until somebody must have looked, a second later */

static char folder[] = "/tmp/usher-log-XXXXXX", path[64], moved[64];

static size_t
lines_of(const char *file)
{
	FILE *in = fopen(file, "r");
	size_t n = 0;
	int c;

	if (in == NULL)
		return 0;
	while ((c = fgetc(in)) != EOF)
		n += c == '\n';
	fclose(in);
	return n;
}

/* 0: every line is in one of both files, and the new one was begun. */
static void
log_while_it_is_moved(void *arg)
{
	size_t n = 1;

	(void)arg;
	log_open("front", LOG_WARN);
	if (!log_open_access(path))
		_exit(1);
	/* Told whatever the level of the others is. */
	log_access("request", LOG_WORD("route", "/x"), LOG_NUM("status", 200));
	if (lines_of(path) != 1 || rename(path, moved) != 0)
		_exit(2);
	while (access(path, F_OK) != 0 && n < LINES_MOST) {
		log_access("request", LOG_NUM("n", n));
		n++;
	}
	log_access("request", LOG_NUM("n", n));
	_exit(lines_of(path) > 0 && lines_of(path) + lines_of(moved) == n + 1
		? 0
		: 3);
}

static void
an_access_log_that_was_moved_is_begun_anew(void **state)
{
	struct ending end;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/access.log", folder);
	snprintf(moved, sizeof(moved), "%s/access.log.1", folder);
	end = child(log_while_it_is_moved, NULL);
	unlink(path);
	unlink(moved);
	rmdir(folder);
	assert_true(WIFEXITED(end.status));
	assert_int_equal(WEXITSTATUS(end.status), 0);
	/* Nothing of it is told to the others. */
	assert_int_equal(end.n, 0);
}

static void
log_to_the_usual_place(void *arg)
{
	(void)arg;
	if (!log_open_access(NULL) || log_open_access("/nowhere/at/all"))
		_exit(1);
}

static void
log_access_there(void *arg)
{
	(void)arg;
	clock_set(1);
	log_access("request", LOG_NUM("status", 200));
}

static void
without_a_file_it_stands_with_the_rest(void **state)
{
	(void)state;
	assert_int_equal(
	    WEXITSTATUS(child(log_to_the_usual_place, NULL).status), 0);
	assert_non_null(strstr(child(log_access_there, NULL).said,
	    "\"event\":\"request\",\"status\":200}\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_event_is_one_json_line),
		cmocka_unit_test(a_field_that_does_not_fit_is_left_out),
		cmocka_unit_test(errno_is_left_alone),
		cmocka_unit_test(an_access_log_that_was_moved_is_begun_anew),
		cmocka_unit_test(without_a_file_it_stands_with_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

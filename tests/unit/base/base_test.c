/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include <errno.h>

#include "base/base.h"

static void
break_a_promise(void *arg)
{
	must(*(int *)arg == 4711);
}

static void
run_out_of_disk(void *arg)
{
	errno = ENOSPC;
	fatal("no room for %s", (char *)arg);
}

static void
a_broken_promise_aborts_and_says_where(void **state)
{
	int wrong = 1, right = 4711;
	struct ending end;

	(void)state;
	assert_bug(child(break_a_promise, &wrong), "*(int *)arg == 4711");
	assert_bug(child(break_a_promise, &wrong), "base_test.c");
	end = child(break_a_promise, &right);
	assert_true(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0);
	assert_string_equal(end.said, "");
}

static void
fatal_says_what_and_why_and_exits_with_70(void **state)
{
	char what[] = "the \"log\"", longer[2000];
	struct ending end = child(run_out_of_disk, what);

	(void)state;
	assert_fatal(end, "no room for the \\\"log\\\"");
	assert_non_null(strstr(end.said, "No space left on device"));
	assert_int_equal(end.said[end.n - 1], '\n');

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_fatal(child(run_out_of_disk, longer), "No space left");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_promise_aborts_and_says_where),
		cmocka_unit_test(fatal_says_what_and_why_and_exits_with_70),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* process_test.c - memory and descriptors as the system tells them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/process.h"

#define MUCH (64 << 20)

static void
memory_that_is_used_is_told(void **state)
{
	int64_t before = process_memory(0);
	char *p = heap_alloc(1, MUCH);

	(void)state;
	assert_true(before > 0);
	memset(p, 1, MUCH);
	assert_true(process_memory(0) - before >= MUCH / 2);
	assert_true(process_memory(getpid()) >= MUCH / 2);
	assert_int_equal(p[MUCH - 1], 1);
	heap_free(p);
}

static void
descriptors_are_counted_and_the_look_is_not(void **state)
{
	int64_t before = process_descriptors(0);
	int fd[3];

	(void)state;
	assert_true(before > 0);
	assert_int_equal(process_own_descriptors(), before);
	assert_int_equal(process_descriptors(0), before);
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(process_descriptors(0), before + 3);
	assert_int_equal(process_own_descriptors(), before + 3);
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
}

static void
who_is_not_there_has_none(void **state)
{
	(void)state;
	assert_int_equal(process_memory(0x7fffffff), -1);
	assert_int_equal(process_descriptors(0x7fffffff), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_is_used_is_told),
		cmocka_unit_test(descriptors_are_counted_and_the_look_is_not),
		cmocka_unit_test(who_is_not_there_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

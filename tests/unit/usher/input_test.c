/* SPDX-License-Identifier: Apache-2.0 */
/* input_test.c - files line by line, files made once, folders of one's own. */
#include "run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usher/input.h"
#include "usher/tempdir.h"

static struct cli cli;

static int
set_up(void **state)
{
	(void)state;
	cli = (struct cli) { .cx = { .arena = arena_open(64u << 20) } };
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_close(cli.cx.arena);
	return 0;
}

static const struct {
	const char *text;
	const char *line[5];
} files[] = {
	{ "", { NULL } },
	{ "\n", { "", NULL } },
	{ "a", { "a", NULL } },
	{ "a\n", { "a", NULL } },
	{ "a\n\nbc\n", { "a", "", "bc", NULL } },
	{ "a\nb", { "a", "b", NULL } },
};

static void
lines_come_without_their_ends_and_with_their_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct input in;
		struct str line;

		assert_int_equal(
		    input_open(&cli, run_file("f", files[i].text, 0600), &in),
		    OK);
		for (size_t k = 0; files[i].line[k] != NULL; k++) {
			assert_int_equal(input_line(&cli, &in, &line), OK);
			assert_non_null(line.p);
			assert_true(str_eq(line, str_of(files[i].line[k])));
			assert_int_equal(in.line, k + 1);
		}
		assert_int_equal(input_line(&cli, &in, &line), OK);
		assert_null(line.p);
		input_close(&in);
	}
}

static void
a_line_has_an_end(void **state)
{
	char *text = malloc(INPUT_LINE_MAX + 100001);
	struct input in;
	struct str line;

	(void)state;
	memset(text, 'x', INPUT_LINE_MAX + 100000);
	text[INPUT_LINE_MAX + 100000] = '\0';
	assert_int_equal(input_open(&cli, run_file("f", text, 0600), &in), OK);
	assert_int_equal(input_line(&cli, &in, &line), ERR_BAD_INPUT);
	assert_int_equal(cli.cx.fault.msg, MSG_CLI_FILE);
	input_close(&in);
	free(text);
	assert_int_equal(
	    input_open(&cli, run_path("none"), &in), ERR_BAD_INPUT);
}

static void
a_whole_file_is_as_long_as_it_may_be(void **state)
{
	const char *path = run_file("f", "12345", 0600);
	struct str text;

	(void)state;
	assert_int_equal(input_whole(&cli, "map", path, 6, &text), OK);
	assert_true(str_eq(text, STR("12345")));
	assert_int_equal(
	    input_whole(&cli, "map", path, 4, &text), ERR_BAD_INPUT);
	assert_true(str_eq(cli.cx.fault.field, STR("map")));
	assert_int_equal(input_whole(&cli, "map", run_path("none"), 4, &text),
	    ERR_BAD_INPUT);
	assert_int_equal(
	    input_whole(&cli, "map", run_folder(), 4, &text), ERR_BAD_INPUT);
}

static void
a_new_file_is_ours_alone_and_takes_nobody_s_place(void **state)
{
	const char *path = run_path("made");
	char text[RUN_TEXT];
	struct stat st;

	(void)state;
	assert_int_equal(output_check(&cli, "out", path), OK);
	assert_int_equal(output_new(&cli, "out", path, STR("one")), OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(output_check(&cli, "out", path), ERR_CONFLICT);
	assert_int_equal(
	    output_new(&cli, "out", path, STR("two")), ERR_CONFLICT);
	run_read(path, text);
	assert_string_equal(text, "one");
	assert_int_equal(
	    output_new(&cli, "out", "/nowhere/x", STR("two")), ERR_FULL);
}

static void
a_temporary_folder_goes_with_all_that_is_in_it(void **state)
{
	char inside[256];
	const char *path;
	struct stat st;

	(void)state;
	setenv("TMPDIR", run_folder(), 1);
	assert_int_equal(tempdir_make(&cli, &path), OK);
	assert_int_equal(strncmp(path, run_folder(), strlen(run_folder())), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(inside, sizeof(inside), "%s/a", path);
	assert_int_equal(mkdir(inside, 0700), 0);
	snprintf(inside, sizeof(inside), "%s/a/link", path);
	assert_int_equal(symlink(run_folder(), inside), 0);
	run_file("stays", "x", 0600);
	tempdir_remove(path);
	assert_int_equal(stat(path, &st), -1);
	assert_int_equal(stat(run_path("stays"), &st), 0);
	setenv("TMPDIR", "/nowhere", 1);
	assert_int_equal(tempdir_make(&cli, &path), ERR_FULL);
	unsetenv("TMPDIR");
}

static int
clean(void **state)
{
	(void)state;
	run_folder_remove();
	return 0;
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(lines_come_without_their_ends_and_with_their_numbers),
		TEST(a_line_has_an_end),
		TEST(a_whole_file_is_as_long_as_it_may_be),
		TEST(a_new_file_is_ours_alone_and_takes_nobody_s_place),
		TEST(a_temporary_folder_goes_with_all_that_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}

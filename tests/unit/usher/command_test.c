/* SPDX-License-Identifier: Apache-2.0 */
/* command_test.c - every row of the command table says what it should. */
#include "run.h"

#include <stdio.h>
#include <string.h>

static void
every_command_explains_itself_with_an_example(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);
		char example[64];

		snprintf(example, sizeof(example), "  usher %s%s%s", c->noun,
		    c->verb != NULL ? " " : "", c->verb ? c->verb : "");
		assert_non_null(c->run);
		if (c->is_hidden)
			continue;
		HAS(c->example, example);
		assert_int_equal(c->example[strlen(c->example) - 1], '\n');
	}
}

static void
every_option_has_its_help_and_its_own_name(void **state)
{
	/* USHER_NAME in the environment gives an option; these have other uses there. */
	static const char *const taken[] = { "fault", "now", "build", "tier",
		"keep", "listen-fd" };

	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		for (size_t k = 0; k < c->noption; k++) {
			const struct option *o = &c->option[k];

			assert_int_not_equal(o->help, MSG_NONE);
			for (size_t g = 0; g < global_option_count; g++)
				assert_string_not_equal(
				    o->name, global_options[g].name);
			for (size_t t = 0; t < COUNT(taken); t++)
				assert_string_not_equal(o->name, taken[t]);
			for (size_t j = 0; j < k; j++)
				assert_string_not_equal(
				    o->name, c->option[j].name);
		}
	}
}

static void
words_doors_and_rights_fit_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);
		uint64_t bit = RIGHT_BIT(c->right);

		assert_true(c->least <= c->most);
		assert_int_equal(c->words[0] == '\0', c->most == 0);
		if (c->door == DOOR_API)
			assert_true((bit & rights_of_tenant()) != 0);
		else if (c->door == DOOR_OPERATOR)
			assert_true((bit & rights_of_operator()) != 0);
		else
			assert_int_equal(c->right, RIGHT_NONE);
	}
}

static void
each_command_is_found_by_its_own_words(void **state)
{
	size_t used;

	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		assert_ptr_equal(command_find(c->noun, c->verb, &used), c);
		assert_int_equal(used, c->verb == NULL ? 1 : 2);
		if (c->verb == NULL)
			assert_ptr_equal(
			    command_find(c->noun, "word", &used), c);
		else
			assert_null(command_find(c->noun, NULL, &used));
		/* The verbs of a noun stand together, or help would name it twice. */
		for (size_t k = i + 2; k < command_count(); k++)
			if (strcmp(command_at(k)->noun, c->noun) == 0)
				assert_string_equal(
				    command_at(k - 1)->noun, c->noun);
	}
	assert_null(command_find("nothing", "list", &used));
	assert_null(command_find("seat", "lis", &used));
}

static void
help_shows_every_option_of_every_command(void **state)
{
	static struct ran r;

	(void)state;
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		if (c->verb != NULL)
			RUN(&r, c->noun, c->verb, "--help");
		else
			RUN(&r, c->noun, "--help");
		assert_int_equal(r.code, 0);
		HAS(r.out, "usage: usher ");
		HAS(r.out, c->example);
		for (size_t k = 0; k < c->noption; k++)
			HAS(r.out, c->option[k].name);
		if (c->right != RIGHT_NONE)
			HAS(r.out, right_name(c->right));
	}
}

static void
the_overview_and_the_completion_name_what_is_not_hidden(void **state)
{
	static struct ran r, completion;
	struct arena *a = arena_open(1 << 20);

	(void)state;
	RUN(&r, "help");
	assert_int_equal(r.code, 0);
	RUN(&completion, "completion", "bash");
	assert_int_equal(completion.code, 0);
	for (size_t i = 0; i < command_count(); i++) {
		const struct command *c = command_at(i);

		if (c->is_hidden)
			continue;
		HAS(r.out, str_z(a, msg_text(a, c->help, LANG_EN, NO_ARGS)));
		HAS(completion.out, c->noun);
		for (size_t k = 0; k < c->noption; k++)
			HAS(completion.out, c->option[k].name);
	}
	HAS_NOT(completion.out, "front");
	HAS_NOT(r.out, "  front");
	arena_close(a);
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_explains_itself_with_an_example),
		cmocka_unit_test(every_option_has_its_help_and_its_own_name),
		cmocka_unit_test(words_doors_and_rights_fit_each_other),
		cmocka_unit_test(each_command_is_found_by_its_own_words),
		cmocka_unit_test(help_shows_every_option_of_every_command),
		cmocka_unit_test(
		    the_overview_and_the_completion_name_what_is_not_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}

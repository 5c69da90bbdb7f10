/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary_test.c - one integer for one word, however it is spelled. */
#include "attr_try.h"

#include "base/queue.h"

#include "core/catalogue.h"

#define WORDS 20000

static struct str
word(struct arena *arena, int i)
{
	return str_fmt(arena, "Abteilung %d", i);
}

static void
spellings_of_one_word_share_an_id(void **state)
{
	static const char *const spellings[] = { "Größe & Maß", "GRÖSSE & MASS",
		"  größe  &  maß ", "Gro\u0308ße & Maß" };
	struct dictionary *d = dictionary_open();

	(void)state;
	for (size_t i = 0; i < COUNT(spellings); i++)
		assert_int_equal(dictionary_find(d, str_of(spellings[i])), 0);
	assert_int_equal(dictionary_add(d, 7, str_of(spellings[0])), 7);
	for (size_t i = 0; i < COUNT(spellings); i++) {
		assert_int_equal(dictionary_find(d, str_of(spellings[i])), 7);
		assert_int_equal(dictionary_add(d, 8, str_of(spellings[i])), 7);
	}
	assert_str(dictionary_text(d, 7), spellings[0]);
	assert_str(dictionary_text(d, 8), "");
	assert_int_equal(dictionary_count(d), 1);
	dictionary_close(d);
}

static void
what_has_no_canonical_form_stands_for_itself(void **state)
{
	struct dictionary *d = dictionary_open();

	(void)state;
	assert_int_equal(dictionary_add(d, 1, STR("\xff\xfe")), 1);
	assert_int_equal(dictionary_find(d, STR("\xff\xfe")), 1);
	assert_int_equal(dictionary_find(d, STR("\xff\xfd")), 0);
	dictionary_close(d);
}

static void
texts_stay_where_they_are_while_it_grows(void **state)
{
	struct dictionary *d = dictionary_open();
	struct str first;

	(void)state;
	(void)dictionary_add(d, 1, word(cx.arena, 1));
	first = dictionary_text(d, 1);
	for (int i = 2; i <= WORDS; i++)
		assert_int_equal(dictionary_add(d, i, word(cx.arena, i)), i);
	assert_int_equal(dictionary_count(d), WORDS);
	assert_ptr_equal(dictionary_text(d, 1).p, first.p);
	for (int i = 1; i <= WORDS; i++) {
		struct str text = word(cx.arena, i);

		assert_int_equal(dictionary_find(d, text), i);
		assert_true(str_eq(dictionary_text(d, i), text));
	}
	dictionary_close(d);
}

static void
add_many(void *arg)
{
	struct arena *arena = arena_open(1 << 24);

	for (int i = 1; i <= 2000; i++)
		(void)dictionary_add(arg, i, word(arena, i));
	arena_close(arena);
}

static void
readers_meet_a_writer(void **state)
{
	struct dictionary *d = dictionary_open();
	struct thread *t = thread_start("writer", add_many, d);
	int found = 0;

	(void)state;
	for (int i = 1; i <= 2000; i++) {
		int64_t id = dictionary_find(d, word(cx.arena, i));

		assert_true(id == 0 || id == i);
		found += id != 0;
	}
	thread_join(t);
	assert_true(found <= 2000);
	for (int i = 1; i <= 2000; i++)
		assert_int_equal(dictionary_find(d, word(cx.arena, i)), i);
	dictionary_close(d);
}

static void
closing_nothing_is_allowed(void **state)
{
	(void)state;
	dictionary_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings_of_one_word_share_an_id),
		cmocka_unit_test(what_has_no_canonical_form_stands_for_itself),
		cmocka_unit_test(texts_stay_where_they_are_while_it_grows),
		cmocka_unit_test(readers_meet_a_writer),
		cmocka_unit_test(closing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}

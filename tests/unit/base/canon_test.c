/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/canon.h"

static struct arena *a;

static int
open_arena(void **state)
{
	(void)state;
	a = arena_open(1 << 24);
	return 0;
}

static int
close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static void
a_name_has_one_key_one_plain_and_one_german_form(void **state)
{
	static const struct {
		const char *text, *store, *key, *plain, *ascii;
	} cases[] = {
		{ "Ana", "Ana", "ana", "ana", "ana" },
		{ "", "", "", "", "" },
		{ "  Ana   Maria ", "  Ana   Maria ", "ana maria", "ana maria",
		    "ana maria" },
		{ "   ", "   ", "", "", "" },
		{ "M\xc3\xbcller", "Müller", "müller", "muller", "mueller" },
		{ "Mu\xcc\x88ller", "Müller", "müller", "muller", "mueller" },
		{ "ÄÖÜ", "ÄÖÜ", "äöü", "aou", "aeoeue" },
		{ "Groß", "Groß", "gross", "gross", "gross" },
		{ "GROẞ", "GROẞ", "gross", "gross", "gross" },
		{ "Ærø Øst", "Ærø Øst", "ærø øst", "aero ost", "aero ost" },
		{ "Łódź", "Łódź", "łódź", "lodz", "lodz" },
		{ "Guðrún Þór", "Guðrún Þór", "guðrún þór", "gudrun thor",
		    "gudrun thor" },
		{ "Cœur", "Cœur", "cœur", "coeur", "coeur" },
		{ "Đorđe", "Đorđe", "đorđe", "dorde", "dorde" },
		{ "Ångström", "Ångström", "ångström", "angstrom", "angstroem" },
		/* U+212B ANGSTROM SIGN is Å in NFC. */
		{ "\xe2\x84\xabse", "Åse", "åse", "ase", "ase" },
		{ "Özlem İnan Işık", "Özlem İnan Işık", "özlem i̇nan işık",
		    "ozlem inan isik", "oezlem inan isik" },
		{ "Σίσυφος", "Σίσυφος", "σίσυφοσ", "σισυφοσ", "σισυφοσ" },
		{ "Иван", "Иван", "иван", "иван", "иван" },
		{ "김철수", "김철수", "김철수", "김철수", "김철수" },
		{ "Nguyễn Thị", "Nguyễn Thị", "nguyễn thị", "nguyen thi",
		    "nguyen thi" },
		/* Spaces of other kinds are spaces: U+00A0, U+2003, U+3000. */
		{ "\xc2\xa0"
		  "a\xe2\x80\x83\xe3\x80\x80"
		  "b ",
		    "\xc2\xa0"
		    "a\xe2\x80\x83\xe3\x80\x80"
		    "b ",
		    "a b", "a b", "a b" },
		/* What cannot be seen makes no other name: ZWSP, SHY, ZWJ. */
		{ "An\xe2\x80\x8b"
		  "a",
		    "An\xe2\x80\x8b"
		    "a",
		    "ana", "ana", "ana" },
		{ "A\xc2\xad"
		  "na\xe2\x80\x8d",
		    "A\xc2\xad"
		    "na\xe2\x80\x8d",
		    "ana", "ana", "ana" },
		/* Two marks in either order are one name. */
		{ "a\xcc\xa3\xcc\x82", "ậ", "ậ", "a", "a" },
		{ "a\xcc\x82\xcc\xa3", "ậ", "ậ", "a", "a" },
	};
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text = str_of(cases[i].text);

		assert_true(canon_store(a, text, 256, &out));
		assert_str(out, cases[i].store);
		assert_true(canon_key(a, text, &out));
		assert_str(out, cases[i].key);
		assert_true(canon_plain(a, text, &out));
		assert_str(out, cases[i].plain);
		assert_true(canon_ascii(a, text, &out));
		assert_str(out, cases[i].ascii);
	}
}

/* A voiced mark is of its letter, and Hangul stays single letters. */
static void
full_and_half_width_are_the_usual_one(void **state)
{
	static const struct {
		const char *text, *key, *plain;
	} cases[] = {
		{ "Ｊｏｅ＠１", "joe@1", "joe@1" },
		{ "～［Ｚ", "~[z", "~[z" },
		{ "ｶﾞｰ､ﾜ", "ガー、ワ", "カー、ワ" },
		{ "ﾡﾾￂￇￊￏￒￗￚￜ", "ㄱㅎㅏㅔㅕㅚㅛㅠㅡㅣ",
		    "ㄱㅎㅏㅔㅕㅚㅛㅠㅡㅣ" },
		{ "￠￣￦￮", "¢¯₩○", "¢¯₩○" },
		{ "Ｍｕ\xcc\x88ｌｌｅｒ　Ａｎａ", "müller ana", "muller ana" },
	};
	struct str text, out;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text = str_of(cases[i].text);
		assert_true(canon_key(a, text, &out));
		assert_str(out, cases[i].key);
		assert_true(canon_plain(a, text, &out));
		assert_str(out, cases[i].plain);
	}
	/* It is stored as it came. */
	text = STR("Ｊｏｅ");
	assert_true(canon_store(a, text, 256, &out));
	assert_str(out, "Ｊｏｅ");
}

static void
the_canonical_form_is_its_own(void **state)
{
	bool (*const forms[])(struct arena *, struct str,
	    struct str *) = { canon_key, canon_plain, canon_ascii };

	(void)state;
	/* Every character of the planes that names are written in. */
	for (unsigned c = 0x20; c < 0x20000; c++) {
		char text[5] = { 'x' };
		struct str s = { text, 0 }, once, twice;

		if (c >= 0x80)
			text[s.n++] = 'x';
		if (c < 0x80) {
			text[s.n++] = (char)c;
		} else if (c < 0x800) {
			text[s.n++] = (char)(0xc0 | c >> 6);
		} else if (c < 0x10000) {
			text[s.n++] = (char)(0xe0 | c >> 12);
			text[s.n++] = (char)(0x80 | (c >> 6 & 63));
		} else {
			text[s.n++] = (char)(0xf0 | c >> 18);
			text[s.n++] = (char)(0x80 | (c >> 12 & 63));
			text[s.n++] = (char)(0x80 | (c >> 6 & 63));
		}
		if (c >= 0x80)
			text[s.n++] = (char)(0x80 | (c & 63));
		if (!canon_store(a, s, 256, &once))
			continue;
		assert_true(canon_store(a, once, 256, &twice));
		assert_true(str_eq(once, twice));
		for (size_t f = 0; f < COUNT(forms); f++) {
			assert_true(forms[f](a, s, &once));
			assert_true(forms[f](a, once, &twice));
			if (!str_eq(once, twice))
				print_error("U+%04X form %zu\n", c, f);
			assert_true(str_eq(once, twice));
		}
		arena_reset(a);
	}
}

static void
text_that_lies_is_refused_by_every_form(void **state)
{
	static const char *const bad[] = { "a\tb", "a\nb", "a\rb", "\x01",
		"\x7f", "\xc2\x80", "\xc2\x9f", "ü\x1f", "a\xd8\x9c",
		"a\xe2\x80\x8e", "a\xe2\x80\x8f", "a\xe2\x80\xaa",
		"a\xe2\x80\xab", "a\xe2\x80\xac", "a\xe2\x80\xad",
		"a\xe2\x80\xae", "a\xe2\x81\xa6", "a\xe2\x81\xa7",
		"a\xe2\x81\xa8", "a\xe2\x81\xa9", "\xff", "\xc3", "\xc0\x80",
		"\xed\xa0\x80" };
	struct str out;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct str text = str_of(bad[i]);

		assert_false(canon_store(a, text, 256, &out));
		assert_false(canon_key(a, text, &out));
		assert_false(canon_plain(a, text, &out));
		assert_false(canon_ascii(a, text, &out));
	}
	assert_false(canon_store(a, STR("a\0b"), 256, &out));
	assert_false(canon_key(a, STR("a\0b"), &out));
	assert_false(canon_key(a, STR("ü\0b"), &out));
}

static void
the_length_counts_characters_not_bytes(void **state)
{
	char text[4 * 1024];
	struct str out;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(canon_store(a, (struct str) { text, 256 }, 256, &out));
	assert_false(canon_store(a, (struct str) { text, 257 }, 256, &out));
	assert_true(canon_store(a, (struct str) { text, 1000 }, 1000, &out));
	assert_true(canon_key(a, (struct str) { text, 256 }, &out));
	assert_false(canon_key(a, (struct str) { text, 257 }, &out));
	assert_false(canon_store(a, STR("x"), 0, &out));

	/* 256 and 257 of a letter and a mark, which are one character each. */
	for (size_t i = 0; i < 257; i++)
		memcpy(text + 3 * i, "u\xcc\x88", 3);
	assert_true(canon_store(a, (struct str) { text, 768 }, 256, &out));
	assert_int_equal(out.n, 512);
	assert_false(canon_store(a, (struct str) { text, 771 }, 256, &out));
	assert_true(canon_key(a, (struct str) { text, 768 }, &out));
	assert_int_equal(out.n, 512);
	assert_false(canon_key(a, (struct str) { text, 771 }, &out));
	assert_true(canon_ascii(a, (struct str) { text, 768 }, &out));
	assert_int_equal(out.n, 512);
	assert_memory_equal(out.p, "ueue", 4);

	/* Marks without end are refused before they cost anything. */
	for (size_t i = 0; i < sizeof(text) / 2; i++)
		memcpy(text + 2 * i, "\xcc\x88", 2);
	assert_false(
	    canon_store(a, (struct str) { text, sizeof(text) }, 100, &out));
	assert_false(canon_key(a, (struct str) { text, sizeof(text) }, &out));
}

static void
the_stored_text_outlives_what_it_came_from(void **state)
{
	char text[] = "Ana";
	struct str out;

	(void)state;
	assert_true(canon_store(a, str_of(text), 256, &out));
	text[0] = 'x';
	assert_str(out, "Ana");
}

static void
words_are_letters_and_digits(void **state)
{
	static const struct {
		const char *text, *words[4];
		size_t n;
	} cases[] = {
		{ "", { NULL }, 0 },
		{ " - ", { NULL }, 0 },
		{ "ana", { "ana" }, 1 },
		{ "anne-marie o'neill", { "anne", "marie", "o", "neill" }, 4 },
		{ "b2b, x_y", { "b2b", "x", "y" }, 3 },
		{ "иван петров", { "иван", "петров" }, 2 },
		{ "müller–lüdenscheidt", { "müller", "lüdenscheidt" }, 2 },
		{ "김 철수.", { "김", "철수" }, 2 },
		{ "a b c d e", { "a", "b", "c", "d" }, 4 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str words[4];
		size_t n = canon_words(str_of(cases[i].text), words, 4);

		assert_int_equal(n, cases[i].n);
		for (size_t k = 0; k < n; k++)
			assert_str(words[k], cases[i].words[k]);
	}
	assert_int_equal(canon_words(STR("a b"), NULL, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_name_has_one_key_one_plain_and_one_german_form),
		cmocka_unit_test(full_and_half_width_are_the_usual_one),
		cmocka_unit_test(the_canonical_form_is_its_own),
		cmocka_unit_test(text_that_lies_is_refused_by_every_form),
		cmocka_unit_test(the_length_counts_characters_not_bytes),
		cmocka_unit_test(the_stored_text_outlives_what_it_came_from),
		cmocka_unit_test(words_are_letters_and_digits),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}

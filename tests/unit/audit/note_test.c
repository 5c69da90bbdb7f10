/* SPDX-License-Identifier: Apache-2.0 */
/* note_test.c - one checkpoint has one text, and everything else is refused. */
#include "audit/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#undef fail	/* the name is ours (base/err.h) */

#include "testlog.h"

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define SIGNATURE "\xe2\x80\x94 test/audit "

static const char text[] = "test/audit/7/0\n0\n" ROOT "\n";

static bool
accepts(struct testlog *t, struct str note)
{
	struct checkpoint c = { .size = 99 };
	const char *why = NULL;
	bool ok = note_check(t->arena, note, &t->key, STR(""), &c, &why);

	assert_non_null(why);
	assert_int_equal(why[0] == '\0', ok);
	assert_int_equal(c.size == 99, !ok);
	return ok;
}

static void
an_honest_note_is_read_back(void **state)
{
	struct testlog *t = testlog_open(0);
	struct str note = testlog_sign(t, str_of(text));
	struct checkpoint c;
	const char *why;

	(void)state;
	assert_true(str_eq(note, t->note));
	assert_true(
	    note_check(t->arena, note, &t->key, STR(TEST_ORIGIN), &c, &why));
	assert_int_equal(c.size, 0);
	assert_true(str_eq(c.origin, STR(TEST_ORIGIN)));
	assert_true(str_eq(checkpoint_text(t->arena, &c), str_of(text)));
	assert_false(note_check(
	    t->arena, note, &t->key, STR("test/audit/7/1"), &c, &why));
	assert_string_equal(why, "it is the checkpoint of another log");
	testlog_close(t);
}

/* Each is signed with the right key: only the form can refuse it. */
static void
a_text_in_any_other_form_is_refused_although_it_is_signed(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{ "test/audit/7/0\n0\n" ROOT "\n", true },
		{ "x\n1099511627775\n" ROOT "\n", true },
		{ "", false },
		{ "\n", false },
		{ "\n0\n" ROOT "\n", false },
		{ "test/audit/7/0\n0\n" ROOT, false },
		{ "test/audit/7/0\n0\n" ROOT "\n\n", false },
		{ "test/audit/7/0\n0\n" ROOT "\nextension\n", false },
		{ "test/audit/7/0\r\n0\r\n" ROOT "\r\n", false },
		{ " test/audit/7/0\n0\n" ROOT "\n", false },
		{ "test audit\n0\n" ROOT "\n", false },
		{ "test+audit\n0\n" ROOT "\n", false },
		{ "test\taudit\n0\n" ROOT "\n", false },
		{ "t\xc3\xa9st\n0\n" ROOT "\n", false },
		{ "t\x7fst\n0\n" ROOT "\n", false },
		{ "x\n\n" ROOT "\n", false },
		{ "x\n00\n" ROOT "\n", false },
		{ "x\n01\n" ROOT "\n", false },
		{ "x\n+1\n" ROOT "\n", false },
		{ "x\n-1\n" ROOT "\n", false },
		{ "x\n 1\n" ROOT "\n", false },
		{ "x\n1 \n" ROOT "\n", false },
		{ "x\n0x1\n" ROOT "\n", false },
		{ "x\n1.0\n" ROOT "\n", false },
		{ "x\n1099511627776\n" ROOT "\n", false },
		{ "x\n18446744073709551616\n" ROOT "\n", false },
		{ "x\n0\n\n", false },
		/* bits that base64 leaves free, no padding, url alphabet, short, long */
		{ "x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
		    false },
		{ "x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
		    false },
		{ "x\n0\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		    false },
		{ "x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==\n",
		    false },
		{ "x\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFVV\n",
		    false },
		{ "x\n0\n" ROOT " \n", false },
	};
	struct testlog *t = testlog_open(0);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    accepts(t, testlog_sign(t, str_of(cases[i].text))),
		    cases[i].ok);
	testlog_close(t);
}

/* What stands after an honest text and its empty line. */
static void
malformed_signature_lines_are_refused(void **state)
{
	struct testlog *t = testlog_open(0);
	struct str honest = t->note;
	struct str line = str_sub(honest, sizeof(text), honest.n);
	struct str base64 =
	    str_sub(line, strlen(SIGNATURE), line.n - strlen(SIGNATURE) - 1);
	const struct {
		const char *fmt; /* L: the honest line, B: its base64 */
		bool ok;
	} cases[] = {
		{ "L", true },
		{ "", false },
		{ "\n", false },
		{ "L\n", false },
		{ "LL", false },
		{ "L ", false },
		{ "L\xe2\x80\x94 w/1 AAAAAAA=\n", true },
		{ "\xe2\x80\x94 w/1 AAAAAAA=\nL", true },
		{ "L\xe2\x80\x94 w/1 AAAAAAA=", false },
		{ "L\xe2\x80\x94 w/1 AAAAAAA\n", false },
		{ "L\xe2\x80\x94 w/1 AAAAAAB=\n", false },
		{ "L\xe2\x80\x94 w/1 AAAAAA==\n", false },
		{ "L\xe2\x80\x94 w/1\n", false },
		{ "L\xe2\x80\x94  AAAAAAA=\n", false },
		{ "L\xe2\x80\x94 w+1 AAAAAAA=\n", false },
		{ "L- w/1 AAAAAAA=\n", false },
		{ "\xe2\x80\x94 w/1 AAAAAAA=\n", false },
		{ "\xe2\x80\x94 test/audit B\r\n", false },
		{ "\xe2\x80\x94 test/audit  B\n", false },
		{ "\xe2\x80\x94 test/audit B \n", false },
		{ "\xe2\x80\x94 test/audi B\n", false },
		{ "\xe2\x80\x94 TEST/audit B\n", false },
		{ "\xe2\x80\x93 test/audit B\n", false },
		{ "\xe2\x80\x94test/audit B\n", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str note = str_fmt(t->arena, "%s\n", text);

		for (const char *p = cases[i].fmt; *p != '\0'; p++) {
			struct str more = *p == 'L' ? line
			    : *p == 'B'		    ? base64
						    : (struct str) { p, 1 };

			note = str_fmt(
			    t->arena, "%.*s%.*s", STR_ARG(note), STR_ARG(more));
		}
		assert_int_equal(accepts(t, note), cases[i].ok);
	}
	testlog_close(t);
}

static void
more_than_sixteen_signatures_are_refused(void **state)
{
	struct testlog *t = testlog_open(0);
	struct str note = t->note;

	(void)state;
	for (int i = 1; i <= 16; i++) {
		note = str_fmt(t->arena, "%.*s\xe2\x80\x94 w/%d AAAAAAA=\n",
		    STR_ARG(note), i);
		assert_int_equal(accepts(t, note), i < 16);
	}
	testlog_close(t);
}

static void
names_have_256_characters_at_most_and_notes_64_kibibytes(void **state)
{
	struct testlog *t = testlog_open(0);
	char name[70000];

	(void)state;
	memset(name, 'x', sizeof(name));
	for (int n = 255; n <= 257; n++)
		assert_int_equal(
		    accepts(t,
			testlog_sign(t,
			    str_fmt(t->arena, "%.*s\n0\n" ROOT "\n", n, name))),
		    n <= 256);
	assert_false(accepts(t,
	    str_fmt(t->arena, "%.*s%.*s\n", STR_ARG(t->note), (int)sizeof(name),
		name)));
	testlog_close(t);
}

static void
every_flipped_bit_and_every_cut_of_a_note_is_refused(void **state)
{
	struct testlog *t = testlog_open(9);

	(void)state;
	assert_true(accepts(t, t->note));
	for (size_t bit = 0; bit < 8 * t->note.n; bit++)
		assert_false(accepts(t, flipped(t->arena, t->note, bit)));
	for (size_t n = 0; n < t->note.n; n++)
		assert_false(accepts(t, str_sub(t->note, 0, n)));
	testlog_close(t);
}

static void
a_note_of_another_key_is_refused(void **state)
{
	struct testlog *t = testlog_open(0);
	struct str honest = t->note, other;
	struct verifier key = t->key;

	(void)state;
	t->seed[0] ^= 1;
	other = testlog_sign(t, str_of(text));
	assert_false(accepts(t, other));
	/* The same name with its own key, of which we only know the hash. */
	t->key.public_key[5] ^= 1;
	assert_false(accepts(t, honest));
	t->key = key;
	assert_true(accepts(t, honest));
	testlog_close(t);
}

static void
a_signature_of_the_wrong_length_is_refused(void **state)
{
	struct testlog *t = testlog_open(0);
	char bytes[4 + 65] = { 0 };

	(void)state;
	memcpy(bytes, t->key.hash, 4);
	for (size_t n = 5; n <= sizeof(bytes); n++) {
		struct str base64 =
		    str_base64(t->arena, (struct str) { bytes, n });

		assert_false(accepts(t,
		    str_fmt(t->arena, "%s\n" SIGNATURE "%.*s\n", text,
			STR_ARG(base64))));
	}
	testlog_close(t);
}

static void
published_verifier_keys_are_read_and_written_back(void **state)
{
	static const char *const keys[] = {
		"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+"
		"s3Ux18htTTAD8OuAn8",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
	};
	struct arena *a = arena_open(1 << 20);
	struct verifier v;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		assert_true(verifier_parse(a, str_of(keys[i]), &v));
		assert_true(str_eq(verifier_text(a, &v), str_of(keys[i])));
	}
	arena_close(a);
}

static void
malformed_verifier_keys_are_refused(void **state)
{
	static const char *const keys[] = {
		"",
		"PeterNeumann",
		"PeterNeumann+c74f20a3",
		"PeterNeumann+c74f20a3+",
		"+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10T",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TWAA==",
		"PeterNeumann+c74f20a3+AhpcZQcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/"
		"LDE4izWy10TW\n",
		"Peter "
		"Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
	};
	struct arena *a = arena_open(1 << 20);
	struct verifier v;

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_false(verifier_parse(a, str_of(keys[i]), &v));
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_note_is_read_back),
		cmocka_unit_test(
		    a_text_in_any_other_form_is_refused_although_it_is_signed),
		cmocka_unit_test(malformed_signature_lines_are_refused),
		cmocka_unit_test(more_than_sixteen_signatures_are_refused),
		cmocka_unit_test(
		    names_have_256_characters_at_most_and_notes_64_kibibytes),
		cmocka_unit_test(
		    every_flipped_bit_and_every_cut_of_a_note_is_refused),
		cmocka_unit_test(a_note_of_another_key_is_refused),
		cmocka_unit_test(a_signature_of_the_wrong_length_is_refused),
		cmocka_unit_test(
		    published_verifier_keys_are_read_and_written_back),
		cmocka_unit_test(malformed_verifier_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* ue1_test.c - a blob opens under its key and context, whole, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/ue1.h"

#define TEXT "Zoë Ångström, +49 30 1234567"

static const uint8_t deployment[16] = { 1, 2, 3 }, elsewhere[16] = { 1, 2, 4 };
static const uint8_t key_bytes[KEY_BYTES] = { 42 };
static const struct ue1_key key = { key_bytes, 77 };

static const struct ue1_context context = {
	.purpose = "person", .field = "version", .deployment = deployment,
	.tenant = 7, .user = 1001, .number = 3, .key_version = 1,
};

static int
open_crypt(void **state)
{
	static struct crypt c;

	crypt_open(&c);
	*state = &c;
	return 0;
}

static int
close_crypt(void **state)
{
	crypt_close(*state);
	return 0;
}

/* Opens a copy of BLOB. */
static bool
opens(struct crypt *c, const struct ue1_key *k, const struct ue1_context *x,
    struct str blob, struct str *text)
{
	static uint8_t room[80000];
	struct ue1_blob b = { room, blob.n };

	must(blob.n <= sizeof(room));
	memcpy(room, blob.p, blob.n);
	if (!ue1_open(c, k, x, &b))
		return false;
	if (text != NULL)
		*text = (struct str) { (char *)b.p, b.n };
	return true;
}

static struct str
sealed(struct crypt *c, struct arena *a, struct str text)
{
	struct str blob = { arena_alloc(a, ue1_size(text.n)), ue1_size(text.n) };

	ue1_seal(c, &key, &context, text, (uint8_t *)blob.p);
	return blob;
}

static void
a_text_of_any_length_comes_back(void **state)
{
	static const size_t lengths[] = { 0, 1, 27, 28, 29, 60, 61, 1000, 2044,
		2045, 4092, 4093, 5116, 5117, 61440, 65000 };
	struct arena *a = arena_open(1 << 20);
	struct str text = { arena_alloc(a, 65000), 0 }, out;

	memset((char *)text.p, 'x', 65000);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		text.n = lengths[i];
		assert_true(opens(
		    *state, &key, &context, sealed(*state, a, text), &out));
		assert_true(str_eq(text, out));
	}
	arena_close(a);
}

static void
the_size_tells_only_a_class_of_lengths(void **state)
{
	static const struct {
		size_t length, padded;
	} cases[] = {
		{ 0, 32 },
		{ 28, 32 },
		{ 29, 64 },
		{ 60, 64 },
		{ 61, 128 },
		{ 124, 128 },
		{ 125, 256 },
		{ 2045, 4096 },
		{ 4092, 4096 },
		{ 4093, 5120 },
		{ 61440, 62464 },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
		    ue1_size(cases[i].length), UE1_OVERHEAD + cases[i].padded);
}

static void
every_flipped_bit_is_refused(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str blob = sealed(*state, a, STR(TEXT));

	assert_true(opens(*state, &key, &context, blob, NULL));
	for (size_t bit = 0; bit < blob.n * 8; bit++) {
		((char *)blob.p)[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(opens(*state, &key, &context, blob, NULL));
		((char *)blob.p)[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_true(opens(*state, &key, &context, blob, NULL));
	arena_close(a);
}

static void
every_cut_and_every_byte_more_is_refused(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str blob = sealed(*state, a, STR(TEXT));
	char longer[512] = { 0 };

	for (size_t n = 0; n < blob.n; n++)
		assert_false(
		    opens(*state, &key, &context, str_sub(blob, 0, n), NULL));
	memcpy(longer, blob.p, blob.n);
	assert_false(opens(
	    *state, &key, &context, (struct str) { longer, blob.n + 1 }, NULL));
	arena_close(a);
}

static void
another_context_is_refused(void **state)
{
	struct ue1_context wrong[] = { context, context, context, context,
		context, context, context };
	struct arena *a = arena_open(1 << 20);
	struct str blob = sealed(*state, a, STR(TEXT));

	wrong[0].purpose = "audit";
	wrong[1].field = "versio";
	wrong[2].deployment = elsewhere;
	wrong[3].tenant++;
	wrong[4].user++;
	wrong[5].number--;
	wrong[6].key_version++;
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(opens(*state, &key, &wrong[i], blob, NULL));
	arena_close(a);
}

static void
another_key_is_refused(void **state)
{
	static const uint8_t other_bytes[KEY_BYTES] = { 43 };
	static const struct ue1_key wrong[] = { { other_bytes, 77 },
		{ key_bytes, 78 } };
	struct arena *a = arena_open(1 << 20);
	struct str blob = sealed(*state, a, STR(TEXT));

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(opens(*state, &wrong[i], &context, blob, NULL));
	arena_close(a);
}

static void
the_same_text_twice_is_two_unrelated_blobs(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str one = sealed(*state, a, STR(TEXT));
	struct str two = sealed(*state, a, STR(TEXT));

	assert_int_equal(one.n, two.n);
	/* Beside suite and key id. */
	assert_memory_not_equal(one.p + 9, two.p + 9, 32);
	assert_memory_not_equal(one.p + 73, two.p + 73, one.n - 73);
	arena_close(a);
}

static void
the_key_can_be_found_by_the_id_in_the_blob(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct str blob = sealed(*state, a, STR(TEXT));
	uint64_t id;

	assert_true(ue1_key_id(blob, &id));
	assert_int_equal(id, 77);
	assert_false(ue1_key_id(str_sub(blob, 0, UE1_OVERHEAD), &id));
	((char *)blob.p)[0] = 2;
	assert_false(ue1_key_id(blob, &id));
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_of_any_length_comes_back),
		cmocka_unit_test(the_size_tells_only_a_class_of_lengths),
		cmocka_unit_test(every_flipped_bit_is_refused),
		cmocka_unit_test(every_cut_and_every_byte_more_is_refused),
		cmocka_unit_test(another_context_is_refused),
		cmocka_unit_test(another_key_is_refused),
		cmocka_unit_test(the_same_text_twice_is_two_unrelated_blobs),
		cmocka_unit_test(the_key_can_be_found_by_the_id_in_the_blob),
	};

	return cmocka_run_group_tests(tests, open_crypt, close_crypt);
}

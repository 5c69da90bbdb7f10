/* SPDX-License-Identifier: Apache-2.0 */
/* crypt_test.c - HMAC and HKDF against their published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/crypt.h"

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

static struct str
unhex(struct arena *a, const char *hex)
{
	struct str out;

	assert_true(str_unhex(a, str_of(hex), &out));
	return out;
}

/* RFC 4231, cases 1, 2, 3 and 4; longer keys are never used here. */
static void
hmac_gives_the_vectors_of_rfc_4231(void **state)
{
	static const struct {
		const char *key, *data, *want;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "4869205468657265",
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e"
		    "32cff7" },
		{ "4a656665",
		    "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964"
		    "ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		    "dddddd"
		    "dddddddddddddddddddddddddddddddddddd",
		    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ce"
		    "d565fe" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
		    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		    "cdcdcd"
		    "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		    "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff467"
		    "29665b" },
	};
	struct arena *a = arena_open(1 << 16);
	struct mac m;
	uint8_t out[32];

	mac_open(&m);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str data = unhex(a, cases[i].data);
		struct str half[2] = { str_sub(data, 0, 3), str_sub(data, 3, 99) };

		mac_key(*state, &m, unhex(a, cases[i].key));
		mac_make(*state, &m, &data, 1, out);
		assert_memory_equal(out, unhex(a, cases[i].want).p, 32);
		memset(out, 0, sizeof(out));
		mac_make(*state, &m, half, 2, out);
		assert_memory_equal(out, unhex(a, cases[i].want).p, 32);
	}
	mac_close(&m);
	arena_close(a);
}

/* RFC 5869, cases 1 and 3: what they give begins the 64 bytes we take. */
static void
hkdf_gives_the_vectors_of_rfc_5869(void **state)
{
	static const struct {
		const char *key, *salt, *info, *want;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ec"
		    "c4c5bf"
		    "34007208d5b887185865" },
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c"
		    "738d2d"
		    "9d201395faa4b61a96c8" },
	};
	struct arena *a = arena_open(1 << 16);
	uint8_t out[64];

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str want = unhex(a, cases[i].want);

		hkdf(*state, unhex(a, cases[i].key), unhex(a, cases[i].salt),
		    unhex(a, cases[i].info), out);
		assert_memory_equal(out, want.p, want.n);
	}
	arena_close(a);
}

static void
every_label_and_number_has_a_key_of_its_own(void **state)
{
	static const struct {
		const char *label;
		uint64_t number;
	} uses[] = { { "index", 1 }, { "index", 2 }, { "heads", 1 },
		{ "head", 1 } };
	const uint8_t root[KEY_BYTES] = { 1 };
	uint8_t key[COUNT(uses)][KEY_BYTES], again[KEY_BYTES];

	for (size_t i = 0; i < COUNT(uses); i++) {
		key_derive(*state, root, uses[i].label, uses[i].number, key[i]);
		key_derive(*state, root, uses[i].label, uses[i].number, again);
		assert_memory_equal(key[i], again, KEY_BYTES);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(key[i], key[k], KEY_BYTES);
	}
}

static void
chance_never_repeats_across_its_refills(void **state)
{
	uint8_t last[32] = { 0 }, next[32];

	for (size_t i = 0; i < 1000; i++) {
		chance(*state, next, sizeof(next));
		assert_memory_not_equal(last, next, sizeof(next));
		memcpy(last, next, sizeof(next));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_gives_the_vectors_of_rfc_4231),
		cmocka_unit_test(hkdf_gives_the_vectors_of_rfc_5869),
		cmocka_unit_test(every_label_and_number_has_a_key_of_its_own),
		cmocka_unit_test(chance_never_repeats_across_its_refills),
	};

	return cmocka_run_group_tests(tests, open_crypt, close_crypt);
}

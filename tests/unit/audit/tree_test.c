/* SPDX-License-Identifier: Apache-2.0 */
/* tree_test.c - the frontier gives the roots of RFC 6962, at every size. */
#include "audit/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/queue.h"

#define SIZES 600

/* The tests of Certificate Transparency: leaves, and roots of the first n. */
static const struct {
	const char *leaf, *root;
} known[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void
assert_hash(struct arena *a, const struct hash *hash, const char *hex)
{
	struct str got =
	    str_hex(a, (struct str) { (const char *)hash->bytes, 32 });

	assert_string_equal(str_z(a, got), hex);
}

static void
assert_same(const struct hash *a, const struct hash *b)
{
	assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
}

/* RFC 6962 2.1 word for word. */
static struct hash
naive(const struct hash *leaf, size_t n)
{
	struct hash left, right, out;
	size_t k = 1;

	if (n == 1)
		return leaf[0];
	while (2 * k < n)
		k *= 2;
	left = naive(leaf, k);
	right = naive(leaf + k, n - k);
	tree_node(&left, &right, &out);
	return out;
}

static void
make_leaf(size_t i, struct hash *out)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "leaf %zu", i);

	tree_leaf((struct str) { text, (size_t)n }, out);
}

static void
the_empty_tree_has_the_hash_of_nothing(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct frontier f = { 0 };
	struct hash root;

	(void)state;
	frontier_root(&f, &root);
	assert_hash(a, &root,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(STR("abc"), &root);
	assert_hash(a, &root,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	arena_close(a);
}

static void
the_published_vectors_hold(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct frontier f = { 0 };
	struct hash hash;
	struct str leaf;

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_true(str_unhex(a, str_of(known[i].leaf), &leaf));
		tree_leaf(leaf, &hash);
		frontier_append(&f, &hash);
		assert_int_equal(f.size, i + 1);
		frontier_root(&f, &hash);
		assert_hash(a, &hash, known[i].root);
	}
	arena_close(a);
}

static void
the_frontier_agrees_with_a_naive_tree_and_survives_storage(void **state)
{
	static struct hash leaf[SIZES];
	struct frontier f = { 0 }, back;
	uint8_t bytes[FRONTIER_BYTES_MAX];
	struct hash root, want;
	size_t n;

	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		make_leaf(i, &leaf[i]);
		frontier_append(&f, &leaf[i]);
		frontier_root(&f, &root);
		want = naive(leaf, i + 1);
		assert_same(&root, &want);

		n = frontier_encode(&f, bytes);
		assert_true(frontier_decode(
		    (struct str) { (const char *)bytes, n }, &back));
		assert_int_equal(back.size, f.size);
		frontier_root(&back, &root);
		assert_same(&root, &want);
		f = back;
	}
}

static void
a_malformed_frontier_is_refused(void **state)
{
	uint8_t bytes[FRONTIER_BYTES_MAX + 33] = { 0 };
	const struct {
		uint64_t size;
		size_t n;
		bool ok;
	} cases[] = {
		{ 0, 8, true },
		{ 0, 9, false },
		{ 0, 7, false },
		{ 0, 0, false },
		{ 0, 40, false },
		{ 1, 40, true },
		{ 1, 8, false },
		{ 1, 39, false },
		{ 1, 41, false },
		{ 1, 72, false },
		{ 7, 104, true },
		{ 7, 72, false },
		{ 8, 40, true },
		{ 8, 72, false },
		{ (UINT64_C(1) << 40) - 1, 8 + 40 * 32, true },
		{ UINT64_C(1) << 40, 40, false },
		{ UINT64_MAX, 8 + 40 * 32, false },
	};
	struct frontier f = { .size = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int b = 0; b < 8; b++)
			bytes[b] = (uint8_t)(cases[i].size >> (56 - 8 * b));
		f.size = 77;
		assert_int_equal(
		    frontier_decode(
			(struct str) { (const char *)bytes, cases[i].n }, &f),
		    cases[i].ok);
		assert_int_equal(f.size, cases[i].ok ? cases[i].size : 77);
	}
}

static void
a_leaf_is_never_taken_for_a_node(void **state)
{
	struct hash left, right, node, leaf;
	char both[64];

	(void)state;
	make_leaf(1, &left);
	make_leaf(2, &right);
	memcpy(both, left.bytes, 32);
	memcpy(both + 32, right.bytes, 32);
	tree_node(&left, &right, &node);
	tree_leaf((struct str) { both, sizeof(both) }, &leaf);
	assert_memory_not_equal(node.bytes, leaf.bytes, 32);
	tree_node(&right, &left, &leaf);
	assert_memory_not_equal(node.bytes, leaf.bytes, 32);
}

static void
hash_many(void *out)
{
	struct hash *h = out;

	for (int i = 0; i < 1000; i++)
		tree_node(h, h, h);
}

/* Each has its own context, and gives it back. */
static void
threads_may_hash_at_once(void **state)
{
	struct hash hash[9] = { 0 };
	struct thread *thread[8];

	(void)state;
	for (size_t i = 0; i < COUNT(thread); i++)
		thread[i] = thread_start("hash", hash_many, &hash[i]);
	hash_many(&hash[8]);
	for (size_t i = 0; i < COUNT(thread); i++) {
		thread_join(thread[i]);
		assert_same(&hash[i], &hash[8]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_tree_has_the_hash_of_nothing),
		cmocka_unit_test(the_published_vectors_hold),
		cmocka_unit_test(
		    the_frontier_agrees_with_a_naive_tree_and_survives_storage),
		cmocka_unit_test(a_malformed_frontier_is_refused),
		cmocka_unit_test(a_leaf_is_never_taken_for_a_node),
		cmocka_unit_test(threads_may_hash_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

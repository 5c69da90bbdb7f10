/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_test.c - tiles stand where c2sp.org/tlog-tiles says, and hold what the
 * tree says.
 */
#include "audit/log_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#undef fail	/* the name is ours (base/err.h) */

#include "base/arena.h"

static void
paths_are_those_of_the_specification(void **state)
{
	static const struct {
		struct tile tile;
		const char *path;
	} cases[] = {
		{ { 0, 0, 256 }, "tile/0/000" },
		{ { 0, 0, 1 }, "tile/0/000.p/1" },
		{ { 0, 999, 255 }, "tile/0/999.p/255" },
		{ { 1, 1000, 256 }, "tile/1/x001/000" },
		{ { 0, 1234067, 256 }, "tile/0/x001/x234/067" },
		{ { 4, 1234067, 8 }, "tile/4/x001/x234/067.p/8" },
		{ { TILE_ENTRIES, 0, 256 }, "tile/entries/000" },
		{ { TILE_ENTRIES, 1234067, 99 },
		    "tile/entries/x001/x234/067.p/99" },
		{ { TILE_ENTRIES, UINT32_MAX, 255 },
		    "tile/entries/x004/x294/x967/295.p/255" },
	};
	char path[TILE_PATH_MAX];
	struct tile t;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		tile_path(&cases[i].tile, path);
		assert_string_equal(path, cases[i].path);
		assert_true(tile_path_parse(str_of(path), &t));
		assert_int_equal(t.level, cases[i].tile.level);
		assert_int_equal(t.n, cases[i].tile.n);
		assert_int_equal(t.width, cases[i].tile.width);
	}
}

static void
other_spellings_of_a_path_are_refused(void **state)
{
	static const char *const paths[] = {
		"",
		"tile",
		"tile/",
		"tile/0",
		"tile/0/",
		"tile/0/0",
		"tile/0/00",
		"tile/0/0000",
		"tile/0/x000/000",
		"tile/0/x00/001",
		"tile/0/xabc/001",
		"tile/0/000.p/1 ",
		"tile/0/x001",
		"tile/0/x001/",
		"tile/0/001/x001",
		"tile/0/001/001",
		"tile/00/001",
		"tile/5/001",
		"tile/-1/001",
		"tile/entries",
		"tile/Entries/001",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/256",
		"tile/0/000.p/01",
		"tile/0/000.p/1/2",
		"tile/0/000.p/x",
		"tile/0/000.new",
		"tile/0/000/",
		"/tile/0/000",
		"Tile/0/000",
		"tile//000",
		"tile/0//000",
		"tile/0/00a",
		"tile/0/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/001",
	};
	struct tile t;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++)
		assert_false(tile_path_parse(str_of(paths[i]), &t));
}

static void
a_log_has_exactly_the_tiles_of_its_size(void **state)
{
	static const struct {
		struct tile tile;
		uint64_t size;
		bool belongs;
	} cases[] = {
		{ { 0, 0, 1 }, 0, false },
		{ { 0, 0, 256 }, 0, false },
		{ { 0, 0, 1 }, 1, true },
		{ { 0, 0, 2 }, 1, false },
		{ { 0, 0, 256 }, 1, false },
		{ { 1, 0, 1 }, 255, false },
		{ { 0, 0, 256 }, 256, true },
		{ { 0, 0, 255 }, 256, false },
		{ { 0, 1, 256 }, 256, false },
		{ { 1, 0, 1 }, 256, true },
		{ { 1, 0, 1 }, 511, true },
		{ { 1, 0, 2 }, 511, false },
		{ { 0, 1, 255 }, 511, true },
		{ { 1, 0, 256 }, 65536, true },
		{ { 2, 0, 1 }, 65536, true },
		{ { 2, 0, 1 }, 65535, false },
		{ { TILE_ENTRIES, 1, 255 }, 511, true },
		{ { TILE_ENTRIES, 1, 254 }, 511, false },
		{ { 4, 0, 255 }, (UINT64_C(1) << 40) - 1, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(tile_belongs(&cases[i].tile, cases[i].size),
		    cases[i].belongs);
}

/* What came out of a filling. */
struct seen {
	struct tile	last[TILE_LEVELS];
	struct hash	hash[TILE_LEVELS][TILE_WIDTH];
	size_t		n[TILE_LEVELS];
	enum err	answer;
};

static enum err
see(void *arg, const struct tile *t, const struct hash *hash)
{
	struct seen *seen = arg;

	seen->last[t->level] = *t;
	memcpy(seen->hash[t->level], hash, t->width * sizeof(*hash));
	seen->n[t->level]++;
	return seen->answer;
}

static void
each_hash_of_an_upper_tile_is_the_root_of_a_full_tile_below(void **state)
{
	struct arena *a = arena_open(1 << 24);
	struct tiles *tiles = arena_alloc(a, sizeof(*tiles));
	struct seen *seen = arena_alloc(a, sizeof(*seen));
	struct frontier whole = { 0 }, upper = { 0 };
	struct hash leaf, root;
	const size_t size = 256 * 256 + 256 * 3 + 7;

	(void)state;
	tiles->emit = see;
	tiles->arg = seen;
	for (uint32_t i = 0; i < size; i++) {
		tree_leaf((struct str) { (const char *)&i, sizeof(i) }, &leaf);
		frontier_append(&whole, &leaf);
		assert_int_equal(tiles_add(tiles, &leaf), OK);
		if (i == 256 * 256 - 1)
			frontier_root(&whole, &root);
	}
	assert_int_equal(tiles_end(tiles), OK);

	assert_int_equal(seen->n[0], 256 + 3 + 1);
	assert_int_equal(seen->last[0].n, 259);
	assert_int_equal(seen->last[0].width, 7);
	assert_int_equal(seen->n[1], 2);
	assert_int_equal(seen->last[1].n, 1);
	assert_int_equal(seen->last[1].width, 3);
	assert_int_equal(seen->n[2], 1);
	assert_int_equal(seen->last[2].width, 1);
	assert_int_equal(seen->n[3], 0);
	assert_memory_equal(&seen->hash[2][0], &root, sizeof(root));

	/* The roots of the last tiles of each level make the root of all. */
	for (size_t i = 0; i < 7; i++)
		frontier_append(&upper, &seen->hash[0][i]);
	frontier_root(&upper, &root);
	upper = (struct frontier) { 0 };
	for (size_t i = 0; i < 3; i++)
		frontier_append(&upper, &seen->hash[1][i]);
	tree_node(&upper.node[1], &root, &root);
	tree_node(&upper.node[0], &root, &root);
	tree_node(&seen->hash[2][0], &root, &root);
	frontier_root(&whole, &leaf);
	assert_memory_equal(&leaf, &root, sizeof(root));
	arena_close(a);
}

static void
a_tile_that_cannot_be_taken_stops_the_filling(void **state)
{
	struct arena *a = arena_open(1 << 24);
	struct tiles *tiles = arena_alloc(a, sizeof(*tiles));
	struct seen *seen = arena_alloc(a, sizeof(*seen));
	const struct hash leaf = { { 0 } };

	(void)state;
	tiles->emit = see;
	tiles->arg = seen;
	seen->answer = ERR_FULL;
	for (int i = 0; i < 255; i++)
		assert_int_equal(tiles_add(tiles, &leaf), OK);
	assert_int_equal(tiles_end(tiles), ERR_FULL);
	assert_int_equal(tiles_add(tiles, &leaf), ERR_FULL);
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_those_of_the_specification),
		cmocka_unit_test(other_spellings_of_a_path_are_refused),
		cmocka_unit_test(a_log_has_exactly_the_tiles_of_its_size),
		cmocka_unit_test(
		    each_hash_of_an_upper_tile_is_the_root_of_a_full_tile_below),
		cmocka_unit_test(a_tile_that_cannot_be_taken_stops_the_filling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* tile.c - the tiles of c2sp.org/tlog-tiles: their paths and their filling. */
#include "audit/log_int.h"

#include <inttypes.h>
#include <stdio.h>

static void root_of(const struct hash *, struct hash *root);
static bool digits(struct str, uint64_t *);
static uint64_t full_tiles(int level, uint64_t size, size_t *rest);

void
tile_path(const struct tile *t, char out[TILE_PATH_MAX])
{
	uint64_t group[TREE_LEVELS / 8 + 1];
	size_t ngroup = 0, n;
	uint64_t left = t->n;

	do
		group[ngroup++] = left % 1000;
	while ((left /= 1000) > 0);

	n = (size_t)(t->level == TILE_ENTRIES
		? snprintf(out, TILE_PATH_MAX, "tile/entries")
		: snprintf(out, TILE_PATH_MAX, "tile/%d", t->level));
	while (ngroup-- > 0)
		n += (size_t)snprintf(out + n, TILE_PATH_MAX - n,
		    ngroup > 0 ? "/x%03" PRIu64 : "/%03" PRIu64, group[ngroup]);
	if (t->width < TILE_WIDTH)
		n += (size_t)snprintf(
		    out + n, TILE_PATH_MAX - n, ".p/%zu", t->width);
	must(n < TILE_PATH_MAX);
}

/* Reads loosely and accepts what tile_path() would have written. */
bool
tile_path_parse(struct str path, struct tile *out)
{
	struct tile t = { .width = TILE_WIDTH };
	struct str left = path, part;
	char again[TILE_PATH_MAX];
	uint64_t v;

	if (path.n >= TILE_PATH_MAX ||
	    !str_eq(str_cut(&left, '/'), STR("tile")))
		return false;
	part = str_cut(&left, '/');
	if (str_eq(part, STR("entries")))
		t.level = TILE_ENTRIES;
	else if (digits(part, &v) && v < TILE_LEVELS)
		t.level = (int)v;
	else
		return false;
	while (str_starts(left, STR("x"))) {
		part = str_cut(&left, '/');
		if (!digits(str_sub(part, 1, part.n - 1), &v))
			return false;
		t.n = 1000 * t.n + v;
	}
	part = str_cut(&left, '/');
	if (str_ends(part, STR(".p"))) {
		part.n -= 2;
		if (!digits(left, &v))
			return false;
		t.width = (size_t)v;
	}
	if (!digits(part, &v) || t.width == 0 || t.n > UINT32_MAX)
		return false;
	t.n = 1000 * t.n + v;
	tile_path(&t, again);
	*out = t;
	return str_eq(str_of(again), path);
}

bool
tile_belongs(const struct tile *t, uint64_t size)
{
	size_t rest;
	uint64_t full = full_tiles(t->level, size, &rest);

	if (t->n < full)
		return t->width == TILE_WIDTH;
	return t->n == full && t->width == rest;
}

enum err
tiles_add(struct tiles *tiles, const struct hash *leaf)
{
	struct hash hash = *leaf;

	for (int i = 0; i < TILE_LEVELS; i++) {
		struct tile_level *level = &tiles->level[i];
		struct tile full = { i, level->n, TILE_WIDTH };

		level->hash[level->width++] = hash;
		if (level->width < TILE_WIDTH)
			return OK;
		TRY(tiles->emit(tiles->arg, &full, level->hash));
		root_of(level->hash, &hash);
		level->width = 0;
		level->n++;
	}
	return OK;
}

enum err
tiles_end(struct tiles *tiles)
{
	for (int i = 0; i < TILE_LEVELS; i++) {
		struct tile_level *level = &tiles->level[i];
		struct tile part = { i, level->n, level->width };

		if (level->width > 0)
			TRY(tiles->emit(tiles->arg, &part, level->hash));
	}
	return OK;
}

static void
root_of(const struct hash *leaf, struct hash *root)
{
	struct hash row[TILE_WIDTH / 2];

	for (size_t i = 0; i < TILE_WIDTH / 2; i++)
		tree_node(&leaf[2 * i], &leaf[2 * i + 1], &row[i]);
	for (size_t n = TILE_WIDTH / 4; n > 0; n /= 2)
		for (size_t i = 0; i < n; i++)
			tree_node(&row[2 * i], &row[2 * i + 1], &row[i]);
	*root = row[0];
}

/* One to three decimal digits. */
static bool
digits(struct str s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*v = 10 * *v + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0 && s.n <= 3;
}

/* The full tiles that a log of SIZE has on LEVEL; REST: width of the next. */
static uint64_t
full_tiles(int level, uint64_t size, size_t *rest)
{
	uint64_t hashes = size >> (level > 0 ? 8 * level : 0);

	*rest = (size_t)(hashes % TILE_WIDTH);
	return hashes / TILE_WIDTH;
}

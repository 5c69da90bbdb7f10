/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_int.h - what the files of audit/ share: the reason why bytes are no
 * entry, tiles with their paths, and the steps of a verification.
 */
#ifndef AUDIT_LOG_INT_H
#define AUDIT_LOG_INT_H

#include "audit/log.h"

/* NULL: BYTES are an entry in its one form, now in OUT; else why not, English. */
const char *entry_read(struct arena *, struct str bytes, struct entry *out);

#define TILE_WIDTH   256
#define TILE_LEVELS  5		/* 256 ^ 5 leaves are 2 ^ TREE_LEVELS */
#define TILE_ENTRIES (-1)	/* the "level" of bundles of entries */

#define TILE_PATH_MAX	64
#define BUNDLE_BYTES_MAX (TILE_WIDTH * (2 + ENTRY_BYTES_MAX))

/* One file of an export below tile/. */
struct tile {
	int	 level;		/* 0 … TILE_LEVELS - 1, or TILE_ENTRIES */
	uint64_t n;
	size_t	 width;		/* 1 … TILE_WIDTH */
};

/* "tile/0/x001/x234/067.p/12" */
void tile_path(const struct tile *, char out[TILE_PATH_MAX]);
/* false: no tile has this path. */
bool tile_path_parse(struct str path, struct tile *out) USE_RESULT;
/* It stands in the export of a log of SIZE entries. */
bool tile_belongs(const struct tile *, uint64_t size);

/*
 * Leaf hashes on their way into tiles: a tile that is full goes to EMIT, and
 * its root into the tile above.
 */
struct tiles {
	struct tile_level {
		uint64_t    n;		/* of the tile being filled */
		size_t	    width;	/* hashes in it so far */
		struct hash hash[TILE_WIDTH];
	} level[TILE_LEVELS];
	enum err (*emit)(void *arg, const struct tile *, const struct hash *);
	void	*arg;
};

enum err tiles_add(struct tiles *, const struct hash *leaf) USE_RESULT;
/* Emits what is left as partial tiles, lowest level first. */
enum err tiles_end(struct tiles *) USE_RESULT;

/* A verification on its way through the entries, in order. */
struct check {
	struct arena		*arena;		/* of the findings */
	const struct verifier	*key;
	struct checkpoint	 now;
	const struct checkpoint *older;		/* that it must extend; NULL: none, or not yet */
	struct frontier		 frontier;	/* of the entries hashed so far */
	int64_t			 latest_ms;	/* of the entries read so far */
	struct verdict		*out;
};

/* Checks NOTE and readies the check for entries; false: found wrong. */
bool check_begin(struct check *, struct str note, struct str origin) USE_RESULT;
/* Also that it extends the older one of NOTE, which is decoded into OLDER. */
bool check_begin_older(struct check *, struct str note, struct checkpoint *older) USE_RESULT;
/* Hashes the next entry into the frontier. */
void check_leaf(struct check *, struct str entry, struct hash *leaf);
/* Form and time of entry I; SCRATCH may be emptied afterwards. */
void check_form(struct check *, struct arena *scratch, uint64_t i, struct str entry);
/* All entries were hashed: size and root, and the verdict. */
void check_end(struct check *);
bool check_failed(const struct check *);
/* Records what is wrong, unless something was found before. */
void finding(struct check *, uint64_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

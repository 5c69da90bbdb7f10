/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the tamper-evident log: the bytes of an entry, an export as
 * c2sp.org/tlog-tiles, and the offline verifier.
 */
#ifndef AUDIT_LOG_H
#define AUDIT_LOG_H

#include "audit/note.h"
#include "audit/tree.h"
#include "base/err.h"
#include "core/entry.h"

#define ENTRY_BYTES_MAX 65535	/* tlog-tiles counts an entry's length in 16 bits */

/*
 * Fixed field order, length-prefixed (SECURITY.md 6.2; entry.c has the layout).
 * Never fails: a too large sealed part is refused when it is made.
 */
struct str entry_encode(struct arena *, const struct entry *);
/* false: malformed.  Views into BYTES; changes in the arena. */
bool entry_decode(struct arena *, struct str bytes, struct entry *out) USE_RESULT;

/*
 * Writes an export below folder DIR (new or empty), entry by entry in order:
 *	checkpoint, vkey, origin, tile/0/…, tile/1/…, tile/entries/…
 * Full tiles are 256 wide, partial ones end in .p/N (tlog-tiles).  A writer
 * lives in the arena of the ctx it was opened with.
 *
 * The first leaf of origin 1 and later (after an accepted rollback) is no
 * entry but the bytes of the last note of the origin before.
 */
struct tile_writer;
enum err tile_writer_open(struct ctx *, const char *dir, struct tile_writer **out) USE_RESULT;
enum err tile_writer_add(struct ctx *, struct tile_writer *, struct str entry) USE_RESULT;
/* Ends the export: partial tiles, vkey, origin, and the checkpoint last.  ERR_CONFLICT: NOTE does not fit the entries. */
enum err tile_writer_close(struct ctx *, struct tile_writer *, struct str note, struct str vkey) USE_RESULT;

#define ENTRY_UNKNOWN UINT64_MAX

/* What the offline verifier found. */
struct verdict {
	bool	 is_whole;
	uint64_t size, entries;		/* the checkpoint's size; entries whose bytes are there */
	struct hash root;
	struct str  why;		/* the first thing wrong, English; empty if whole */
	uint64_t at;			/* the entry at fault, or ENTRY_UNKNOWN */
};

/*
 * Checks an export in DIR against VKEY (the trusted key, from elsewhere; not
 * the one in DIR): signature, every leaf hash from the entries' bytes, every
 * tile, the root, strict entry form, time never running backwards by more than
 * 5 s, no file too many.  ORIGIN empty: any of this key.  What is wrong in the
 * export is no error but stands in the verdict; ERR_BAD_INPUT: VKEY is
 * malformed; ERR_NOT_FOUND: DIR cannot be read.
 */
enum err log_verify_dir(struct ctx *, const char *dir, struct str vkey, struct str origin, struct verdict *out) USE_RESULT;

/* The same over entries in memory against one note. */
void log_verify(struct arena *, const struct str *entry, size_t n, struct str note, const struct verifier *, struct verdict *out);

/* Also that the export extends an OLDER checkpoint that somebody kept: its root must be what the first entries give. */
enum err log_verify_extends(struct ctx *, const char *dir, struct str vkey, struct str older_note, struct verdict *out) USE_RESULT;

#endif

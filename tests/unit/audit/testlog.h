/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testlog.h - a small honest log with its own key, and folders to export it
 * to, for the tests that tamper with it.
 */
#ifndef TEST_TESTLOG_H
#define TEST_TESTLOG_H

#include "audit/log.h"

#define TEST_ORIGIN "test/audit/7/0"

struct testlog {
	struct arena   *arena;
	struct ctx	cx;
	uint8_t		seed[32];	/* of the Ed25519 key */
	struct verifier key;
	struct str	vkey;
	struct str     *entry;
	size_t		n;
	struct str	note;		/* of all N entries */
	struct str	folder;		/* for exports; removed at the end if OWN */
	bool		own;
	unsigned	nfolder;
};

/* N honest entries of varying shape. */
struct testlog *testlog_open(size_t n);
void testlog_close(struct testlog *);

/* From now on exports go below FOLDER, which is not ours to remove. */
void testlog_move(struct testlog *, const char *folder);
/* A fresh name below our folder. */
const char *testlog_folder(struct testlog *);
/* A note over any entries and origin, signed with the log's key. */
struct str testlog_note(struct testlog *, const char *origin, const struct str *entry, size_t n);
/* A note over any text, signed with the log's key. */
struct str testlog_sign(struct testlog *, struct str text);
/* Exports entries with NOTE into a fresh folder. */
const char *testlog_export(struct testlog *, const struct str *entry, size_t n, struct str note);

/* The files of an export, and changing them; folders above are made. */
struct str file_get(struct testlog *, const char *dir, const char *path);
void file_put(struct testlog *, const char *dir, const char *path, struct str bytes);
/* BYTES with bit BIT turned. */
struct str flipped(struct arena *, struct str bytes, size_t bit);

/* One change of an export. */
struct tamper {
	enum {
		FLIP,		/* bit N of PATH */
		CUT,		/* the last N bytes of PATH away */
		GROW,		/* a zero byte to the end of PATH */
		DROP,		/* PATH away */
		MOVE,		/* PATH to TO */
		COPY,		/* PATH to TO */
		FOLDER,		/* an empty one at PATH */
		LINK		/* PATH moved to the side, a symbolic link to it left */
	}	    how;
	const char *path, *to;
	size_t	    n;
};

void tamper(struct testlog *, const char *dir, const struct tamper *);

#endif

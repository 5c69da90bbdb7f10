/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heads.h - how far each tenant's log was signed, in a file that only grows.
 *
 * A record is a head with a MAC; the last whole record of a tenant wins, so a
 * torn tail costs what was signed in the second before a power cut.  The file
 * is synced once a second and when the vault ends in order, and written anew
 * when it has become large.
 */
#ifndef VAULT_HEADS_H
#define VAULT_HEADS_H

#include "audit/tree.h"

#include "vault/crypt.h"

#define HEAD_NOTE_MAX	1024
#define HEADS_SYNC_MS	1000
#define HEADS_FILE_MAX	(64u << 20)

struct head {
	uint32_t	tenant, origin;
	struct frontier frontier;	/* its size is the log's */
	size_t		note_n;
	char		note[HEAD_NOTE_MAX]; /* the last signed, maybe of an older origin */
};

struct heads {
	struct crypt *crypt;
	struct mac    mac;
	char	     *path;		/* NULL: in memory only */
	int	      fd;
	uint64_t      size, compact_at; /* of the file */
	int64_t	      dirty_since_ns;	/* 0: all is on disk */
	struct head **head;		/* by tenant number */
	size_t	      n;
};

/* In memory only. */
void heads_open(struct heads *, struct crypt *);
/* The key of the records' MAC: before heads_load() or heads_records(). */
void heads_key(struct heads *, const uint8_t key[KEY_BYTES]);
/* From now on in file PATH, whose records are taken in.  false: errno says why. */
bool heads_load(struct heads *, const char *path) USE_RESULT;
void heads_close(struct heads *);

/* NULL: nothing of this tenant was ever signed. */
const struct head *heads_find(const struct heads *, uint32_t tenant);

/* Keeps HEAD.  false: the disk takes no more, and nothing has changed. */
bool heads_put(struct heads *, const struct head *) USE_RESULT;

/* Makes all that was put durable. */
void heads_sync(struct heads *);
/* Milliseconds until that is due, 0: now, -1: nothing to do. */
int heads_due_ms(const struct heads *, int64_t now_ns);

/* What the file would hold: a record for each head. */
void heads_records(struct heads *, struct buf *);

/* All heads, one after the other, for the recovery archive; B may be over. */
void heads_encode(const struct heads *, struct buf *);
bool heads_decode(struct heads *, struct str) USE_RESULT;

#endif

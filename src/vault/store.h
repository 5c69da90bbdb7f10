/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the vault's folder, and the archive it can be laid from.
 *
 *	master.key	32 random bytes, mode 0600; opens the next
 *	kek.store	all other keys, one UE1 blob, replaced whole
 *	heads.log	how far each log was signed (heads.h)
 *
 * A folder with none of them is a new deployment.  A folder where one is
 * missing, altered, or readable by others is refused: new keys beside old data
 * would make the data unreadable for good.
 */
#ifndef VAULT_STORE_H
#define VAULT_STORE_H

#include "vault/heads.h"
#include "vault/keys.h"

/*
 * Fills KEYS and opens HEADS from DIR.  false: WHY is a word for the log, and
 * the vault stays sealed.
 */
bool store_load(struct keys *, struct heads *, const char *dir,
    const char **why) USE_RESULT;

/* Replaces kek.store.  false: the disk takes no more; the old one stands. */
bool store_save(const struct keys *) USE_RESULT;

/*
 * Drops the keys of TENANT and replaces kek.store, whose old bytes are then
 * overwritten.  false: the disk takes no more; the keys stay.
 */
bool store_forget(struct keys *, uint32_t tenant) USE_RESULT;

/* --- the recovery archive --------------------------------------------------
 *
 *	"usher-keys-1\n"  u32 passes  u32 memory in KiB  salt[16]  UE1 blob
 *
 * The blob holds keys and heads under Argon2id of the passphrase.
 */
#define ARCHIVE_MAX	 (32u << 20)
#define PASSPHRASE_MIN	 12
#define PASSPHRASE_MAX	 1024
#define ARCHIVE_SALT	 16

struct archive_cost {
	uint32_t passes, memory_kib;
};

extern const struct archive_cost archive_cost;

/* The slow part, by itself so that it can run on a thread of its own. */
bool archive_key(struct str passphrase, const uint8_t salt[ARCHIVE_SALT],
    const struct archive_cost *, uint8_t key[KEY_BYTES]) USE_RESULT;

/* Appends the archive to OUT, under a KEY made with SALT and archive_cost. */
void archive_make(const struct keys *, const struct heads *,
    const uint8_t key[KEY_BYTES], const uint8_t salt[ARCHIVE_SALT],
    struct buf *out);

/* Lays DIR from ARCHIVE.  false: WHY is a word for the log; DIR is untouched unless the disk failed. */
bool archive_restore(struct crypt *, const char *dir, struct str archive,
    struct str passphrase, const char **why) USE_RESULT;

#endif

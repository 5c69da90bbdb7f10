/* SPDX-License-Identifier: Apache-2.0 */
/* store_int.h - what the folder and the archive share. */
#ifndef VAULT_STORE_INT_H
#define VAULT_STORE_INT_H

#include "vault/store.h"
#include "vault/ue1.h"

#define MASTER_FILE "master.key"
#define STORE_FILE  "kek.store"
#define HEADS_FILE  "heads.log"

/* DIR/FILE, on the heap. */
char *store_path(const char *dir, const char *file);

/* Gives HEADS the MAC key that belongs to the master key. */
void store_heads_key(const struct keys *, struct heads *);

/* All three files, kek.store last. */
bool store_write(const struct keys *, const char *dir, struct str heads) USE_RESULT;

void store_seal(struct crypt *, const uint8_t key[KEY_BYTES],
    const struct ue1_context *, struct str text, struct buf *out);
/* Opens TEXT, unless it is false. */
bool store_unseal(struct crypt *, const uint8_t key[KEY_BYTES],
    const struct ue1_context *, struct str blob, struct secret *text) USE_RESULT;

#endif

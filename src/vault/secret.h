/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - memory for keys: guarded, kept out of swap and core dumps where
 * the machine allows it, wiped when it is given back.
 */
#ifndef VAULT_SECRET_H
#define VAULT_SECRET_H

#include "base/buf.h"

struct secret {
	uint8_t *p;
	size_t	 n;
};

/* N zeroed bytes; fatal() if there are none. */
void secret_open(struct secret *, size_t n);
void secret_close(struct secret *);	/* NULL inside is allowed */
void secret_wipe(void *, size_t n);

struct str secret_view(const struct secret *);
/* A buf that writes into the secret's own bytes and never anywhere else. */
struct buf secret_buf(const struct secret *);

/* Whether every secret so far was locked into memory. */
bool secret_is_locked(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c - libsodium's guarded memory, with an account of what it got. */
#include "vault/secret.h"

#include <string.h>

#include <sodium.h>

static bool was_refused;

void
secret_open(struct secret *s, size_t n)
{
	/* libsodium puts the end at a guard page, so this keeps it aligned. */
	size_t rounded = (n + 63) / 64 * 64;

	if (sodium_init() < 0)
		fatal("libsodium does not start");
	s->p = sodium_malloc(rounded);
	if (s->p == NULL)
		fatal("guarded memory");
	s->n = n;
	/* sodium_malloc() tries and does not tell; a second lock does. */
	if (sodium_mlock(s->p, rounded) != 0)
		was_refused = true;
	memset(s->p, 0, rounded);
}

void
secret_close(struct secret *s)
{
	sodium_free(s->p);
	*s = (struct secret) { 0 };
}

void
secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

struct str
secret_view(const struct secret *s)
{
	return (struct str) { (const char *)s->p, s->n };
}

struct buf
secret_buf(const struct secret *s)
{
	return (struct buf) { .p = (char *)s->p, .cap = s->n, .max = s->n };
}

bool
secret_is_locked(void)
{
	return !was_refused;
}

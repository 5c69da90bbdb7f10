/* SPDX-License-Identifier: Apache-2.0 */
/* totp.c - see totp.h. */
#include "vault/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base.h"

#define SHA1_BYTES 20

uint32_t
totp_code(const uint8_t seed[TOTP_SEED], int64_t step)
{
	uint8_t counter[8], mac[SHA1_BYTES];
	unsigned at;
	uint32_t cut;

	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	if (HMAC(EVP_sha1(), seed, TOTP_SEED, counter, sizeof(counter), mac,
		NULL) == NULL)
		fatal("libcrypto");
	/* RFC 4226 5.3 */
	at = mac[SHA1_BYTES - 1] & 15;
	cut = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
	    (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	return cut % TOTP_CODES;
}

void
totp_secret(const uint8_t seed[TOTP_SEED], char secret[TOTP_SECRET])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < TOTP_SECRET; i++) {
		const size_t bit = i * 5, at = bit / 8, off = bit % 8;
		unsigned two = (unsigned)seed[at] << 8;

		if (at + 1 < TOTP_SEED)
			two |= seed[at + 1];
		secret[i] = digits[two >> (11 - off) & 31];
	}
}

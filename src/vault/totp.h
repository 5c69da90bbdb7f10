/* SPDX-License-Identifier: Apache-2.0 */
/* totp.h - one-time codes by time (RFC 6238): SHA-1, 6 digits, 30 seconds. */
#ifndef VAULT_TOTP_H
#define VAULT_TOTP_H

#include <stddef.h>
#include <stdint.h>

#define TOTP_SEED   20
#define TOTP_SECRET 32		/* the seed in base32 */
#define TOTP_STEP_MS 30000
#define TOTP_CODES  1000000

uint32_t totp_code(const uint8_t seed[TOTP_SEED], int64_t step);
/* RFC 4648 base32, no NUL. */
void totp_secret(const uint8_t seed[TOTP_SEED], char secret[TOTP_SECRET]);

#endif

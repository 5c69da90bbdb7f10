/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps.h - capabilities: what the holder of a frame may ask for, and how much.
 *
 * A capability is its fields and a MAC under a key made at start, so the vault
 * keeps none of them, and none outlives the process.  Budgets are kept by
 * tenant and actor, and for each tenant as a whole, in a table of fixed size.
 *
 * Front names the budgets, but the vault has ceilings of its own, so that a
 * front in wrong hands reads no faster than this, however many capabilities it
 * asks for (SECURITY.md S-T20).  A minute of one actor, of one tenant:
 *
 *	records and audit inputs opened	 the ceiling	 twice the ceiling
 *	texts opened (names, dictionary) TEXT_CEILING	 no bound
 *	sealed, indexed (alarm only)	 SEAL_CEILING	 no bound
 *
 * The ceiling of opening is the deployment's, told by the parent at start.  A
 * text is no person's: whoever starts reads the whole dictionary at once.
 *
 *	u32 tenant  i64 actor  u32 open/min  u32 seal/min  u64 serial
 *	i64 expiry (monotonic ns)  28 bytes of HMAC-SHA256
 */
#ifndef VAULT_CAPS_H
#define VAULT_CAPS_H

#include "vault/crypt.h"
#include "vault/vault.h"

#define CAPABILITY_HOURS 24
#define BUDGETS_MAX	 4096
#define OPEN_CEILING	 240000u	/* where the deployment says nothing */
#define TEXT_CEILING	 10000000u
#define SEAL_CEILING	 20000000u	/* above what onboarding at full speed takes */

/* Work of one actor in the current minute. */
struct budget {
	uint32_t tenant;
	int64_t	 actor, minute;	/* minute 0: never used */
	uint64_t opened, texts, sealed;
};

struct caps {
	struct crypt *crypt;
	struct mac    mac;
	uint64_t      serial;
	uint32_t      open_ceiling;
	struct budget budget[BUDGETS_MAX];
};

void caps_open(struct caps *, struct crypt *);
void caps_close(struct caps *);

/* What it may is what was asked for, but no more than the ceilings. */
void caps_mint(struct caps *, const struct grant_in *, int64_t now_ns,
    struct capability *out);
/* All zero: the one that comes with the channel. */
bool caps_is_boot(const struct capability *);
/* false: not ours, altered, or past its 24 hours. */
bool caps_check(struct caps *, const struct capability *, int64_t now_ns,
    struct grant_in *out) USE_RESULT;

enum spending {
	SPEND_WITHIN,
	SPEND_FIRST_OVER,	/* the budget ends with this: raise an alarm */
	SPEND_OVER
};

/* Counts N more of one minute's opening (of persons), reading of texts, or sealing. */
enum spending caps_spend_open(struct caps *, const struct grant_in *,
    int64_t now_ns, uint64_t n) USE_RESULT;
enum spending caps_spend_text(struct caps *, const struct grant_in *,
    int64_t now_ns, uint64_t n) USE_RESULT;
enum spending caps_spend_seal(struct caps *, const struct grant_in *,
    int64_t now_ns, uint64_t n) USE_RESULT;

#endif

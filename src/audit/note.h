/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note.h - checkpoints (c2sp.org/tlog-checkpoint) as signed notes
 * (c2sp.org/signed-note), Ed25519.
 *
 *	origin line \n size \n base64 root \n \n — key name base64(hash4 || signature) \n
 *
 * Making the signature is the vault's; here stand the text, the parsing and
 * the check.
 */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include "audit/tree.h"
#include "base/arena.h"

struct checkpoint {
	struct str  origin;	/* "<deployment>/audit/<tenant>/<origin number>" */
	uint64_t    size;
	struct hash root;
};

/* A verifier key: name "+" hex key hash "+" base64(0x01 || public key). */
struct verifier {
	struct str name;
	uint8_t	   hash[4];
	uint8_t	   public_key[32];
};

struct str checkpoint_text(struct arena *, const struct checkpoint *);	/* what is signed */
/* The signature line for raw Ed25519 SIGNATURE (64 bytes) over the text. */
struct str note_sign(struct arena *, struct str text, const struct verifier *, const uint8_t signature[64]);

/* NAME is a view that must stay: printable ASCII without space and plus, at most 256 characters. */
void verifier_init(struct verifier *, struct str name, const uint8_t public_key[32]);
bool verifier_parse(struct arena *, struct str vkey, struct verifier *) USE_RESULT;
struct str verifier_text(struct arena *, const struct verifier *);

/*
 * Strict: parses NOTE, requires VERIFIER's signature once and, if not empty,
 * ORIGIN.  Signature lines of other keys (witnesses) must be well formed and
 * are not judged.  false with a reason (English, for logs and the verifier's
 * output).  OUT and WHY are views of NOTE and of constants.
 */
bool note_check(struct arena *, struct str note, const struct verifier *, struct str origin, struct checkpoint *out, const char **why) USE_RESULT;

/* Ed25519 over TEXT, by itself; also for access tokens. */
bool signature_check(const uint8_t public_key[32], struct str text, struct str signature) USE_RESULT;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.h - the one door to the process that holds the keys.
 *
 * A vault is one channel (stream socket) to it; one thread uses a channel at a
 * time, and each thread that needs the vault has its own.  Work goes in
 * batches: fill a vault_call with vault_seal(), vault_open() …, run it once;
 * the frames are pipelined and the answers stand in the structs those calls
 * returned.  All memory is the call's arena.
 *
 * Nothing here returns key bytes in clear.  Wrapped keys are opaque rows that
 * the caller stores (keys.db).
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "base/err.h"

struct vault;

/* Takes FD over (nonblocking after this).  The peer is usher-vault. */
struct vault *vault_connect(int fd);
void vault_close(struct vault *);

/*
 * From now on a vault that does not answer for ten seconds is no fatal(): what
 * was asked fails as ERR_SEALED, and so does all that is asked later, over
 * whichever channel.  SILENT is told, once, so that the process can end in order.
 */
void vault_watch(struct vault *, void (*silent)(void *arg), void *arg);

/*
 * What the holder may ask for: minted by the vault, opaque here.  Every frame
 * carries one.
 */
struct capability {
	uint8_t bytes[64];
};

enum vault_purpose {	/* why sealed text is touched; bound into its key */
	PURPOSE_PERSON = 1,	/* a person's record */
	PURPOSE_AUDIT,		/* exact inputs of a log entry */
	PURPOSE_DICTIONARY,	/* organisational strings */
	PURPOSE_CATALOGUE,
	PURPOSE_NAME,		/* names of tenants, tokens, sources */
	PURPOSE_PASSWORD,	/* a verifier: checked in the vault, never opened out of it */
	PURPOSE_TOTP,		/* the seed of one-time codes: the same */
	PURPOSE_COUNT
};

enum index_kind {	/* what a blind index is over; part of its key */
	INDEX_USER_NAME = 1,
	INDEX_EMAIL,
	INDEX_EXTERNAL_ID,
	INDEX_SOURCE_REF,
	INDEX_SOURCE_ROW,	/* the whole row of a source, to find what changed */
	INDEX_IDEMPOTENCY,	/* the client's key */
	INDEX_BODY,		/* the request body that came with it */
	INDEX_DICTIONARY,
	INDEX_SEARCH,		/* cut to 48 bits by the vault */
	INDEX_THROTTLE,		/* who tries to sign in, and from where */
	INDEX_ATTRIBUTE,	/* a unique attribute that the catalogue declares */
	INDEX_COUNT
};

struct key256 {
	uint8_t bytes[32];
};

/* One value to index.  VALUE is in canonical form already (base/canon.h). */
struct index_value {
	enum index_kind kind;
	struct str	value;
};

/* Everything the vault does for one person in one frame. */
struct seal_in {
	int64_t			  person;
	int64_t			  version;	/* of the record to be written; bound into record and audit */
	struct str		  wrapped_key;	/* empty: make the person's first key */
	int64_t			  key_version;	/* of wrapped_key; the first is 1 */
	struct str		  record;	/* empty: none to seal */
	struct str		  audit;	/* empty: none to seal */
	const struct index_value *index;
	size_t			  nindex;
};

struct seal_out {
	enum err       err;
	struct str     wrapped_key;	/* set when one was made */
	int64_t	       key_version, kek_epoch;
	struct str     record, audit;	/* sealed */
	struct key256 *key;		/* one for each index value */
};

struct open_in {
	int64_t		   person, version;
	struct str	   wrapped_key;
	int64_t		   key_version;
	enum vault_purpose purpose;	/* PERSON or AUDIT */
	struct str	   sealed;
};

struct open_out {
	enum err   err;		/* ERR_SEALED: wrong key, context or content (one code: no oracle); ERR_LIMITED: budget spent */
	struct str text;
};

struct text_out {
	enum err   err;
	struct str text;	/* sealed, or opened */
};

struct index_out {
	enum err       err;
	struct key256 *key;
};

/* Pipelined work for one tenant after another.  Zero-initialise with vault_call_init. */
struct vault_call {
	struct arena		*arena;
	const struct capability *capability;	/* for what is added next */
	uint32_t		 tenant;	/* for what is added next */
	struct vault_op		*first, **last; /* private */
	size_t			 n;
};

void vault_call_init(struct vault_call *, struct arena *);

/*
 * Adding work.  The bytes that inputs point at must stay until vault_run(); the
 * outputs are filled by it.  What cannot fit in a frame (one text, the audit of
 * a person whose key is there, record and audit together where it is to be
 * made: 60 KiB) has ERR_TOO_LARGE at once and is not sent; so is a person with
 * more than 512 index values.
 */
const struct seal_out *vault_seal(struct vault_call *, const struct seal_in *);
const struct open_out *vault_open(struct vault_call *, const struct open_in *);
const struct index_out *vault_index(struct vault_call *, const struct index_value *, size_t n);
/*
 * Text under the tenant's own key: dictionary values, catalogue, names, and
 * (AUDIT) inputs of log entries whose subject is no person.  SUBJECT, an id, is
 * bound into it.
 */
const struct text_out *vault_text_seal(struct vault_call *, enum vault_purpose, int64_t subject, struct str text);
const struct text_out *vault_text_open(struct vault_call *, enum vault_purpose, int64_t subject, struct str sealed);

/* --- signing in ----------------------------------------------------------- */

#define PASSWORD_BYTES_MAX 1024

/*
 * Passwords and seeds of one-time codes are made and checked in the vault and
 * never leave it in clear.  Passwords go through Argon2id, on a thread of the
 * vault's own with a few places: ERR_LIMITED when they are taken.  What is
 * sealed opens for this tenant, person and purpose only.
 */
const struct text_out *vault_password_make(struct vault_call *, int64_t person, struct str password);

struct check_out {
	enum err err;		/* ERR_SEALED: SEALED is not this person's */
	bool	 is_right;
	int64_t	 step;		/* of a one-time code that is right: the 30 seconds it is of */
};

/* SEALED empty: nobody's; takes as long and is wrong. */
const struct check_out *vault_password_check(struct vault_call *, int64_t person, struct str sealed, struct str password);

struct seed_out {
	enum err   err;
	struct str sealed;
	struct str secret;	/* base32, to be shown once */
};

/* RFC 6238: SHA-1, 6 digits, 30 seconds; the step before and after counts too. */
const struct seed_out *vault_totp_make(struct vault_call *, int64_t person);
const struct check_out *vault_totp_check(struct vault_call *, int64_t person, struct str sealed, uint32_t code);

/* CLAIMS, a JSON object, as a signed access token (RFC 9068): a compact JWS. */
const struct text_out *vault_token_sign(struct vault_call *, struct str claims);

/*
 * Sends everything, reads every answer.  Results of single operations stand in
 * their outputs; the return value speaks of the channel: ERR_SEALED when the
 * vault has no keys yet, or is silent.  A vault that is gone or answers
 * malformed is fatal().
 */
enum err vault_run(struct vault *, struct ctx *, struct vault_call *) USE_RESULT;
/* How long the call under way has been waiting for the vault; 0: there is none.  Any thread may ask. */
int64_t vault_silent_ms(const struct vault *);

/* --- single calls, rare ------------------------------------------------- */

/*
 * The boot capability comes with the channel and may only mint, make tenants,
 * sign and ask for the state.  A minted one is for one tenant and actor and
 * carries budgets: sealing and indexing above their rate raise an alarm (a log
 * event), opening stops.  Counted are each person or text sealed, each value
 * indexed, and each record or log inputs opened; names, catalogues and
 * dictionaries are not.  The vault grants no more than its own ceilings, and
 * all of a tenant's capabilities together open no more than twice what one may
 * (caps.h).  It ends after 24 hours or with the vault's process: ERR_DENIED
 * then means to ask for a new one.
 */
struct grant_in {
	uint32_t tenant;
	int64_t	 actor;			/* id of token, person or 0 for the server's own work */
	uint32_t open_per_minute;	/* hard; above the ceiling: the ceiling */
	uint32_t seal_per_minute;	/* alarm; the same */
};

enum err vault_grant(struct vault *, struct ctx *, const struct grant_in *, struct capability *out) USE_RESULT;

/* Makes keys for a tenant (idempotent).  ERR_CONFLICT: it had some, and they were destroyed. */
enum err vault_tenant_new(struct vault *, struct ctx *, uint32_t tenant) USE_RESULT;

/*
 * Destroys all keys of a tenant for good, in memory and on disk, and remembers
 * for ever that it had them: what was sealed can never be opened again, and the
 * number gets no new keys.  Its log stays as it was signed last.  Asked again:
 * OK.  ERR_FULL: the disk takes no more, and the keys are still there.
 */
enum err vault_tenant_end(struct vault *, struct ctx *, uint32_t tenant) USE_RESULT;

enum tenant_has {
	TENANT_HAS_NOTHING,	/* of this number the vault knows nothing */
	TENANT_HAS_KEYS,
	TENANT_HAD_KEYS		/* and they were destroyed */
};
enum err vault_tenant_keys(struct vault *, struct ctx *, uint32_t tenant, enum tenant_has *out) USE_RESULT;

/*
 * The keys of a tenant, sealed so that only the vaults of this deployment, laid
 * from one recovery archive, open them; and what another's vault gave so.
 * ERR_CONFLICT: the tenant has others, which were used, or had some that were
 * destroyed.  ERR_DENIED: it is not of this deployment and tenant.
 */
enum err vault_tenant_share(struct vault *, struct ctx *, uint32_t tenant, struct str *sealed) USE_RESULT;
enum err vault_tenant_take(struct vault *, struct ctx *, uint32_t tenant, struct str sealed) USE_RESULT;

struct vault_state {
	bool	 has_keys;		/* false: sealed, only this call is answered */
	uint8_t	 deployment[16];	/* random, made at first start */
	uint32_t tenants;
	uint64_t sealed, opened, indexed, signed_checkpoints, alarms;
	bool	 is_confined, is_undumpable, is_locked;	/* what confinement it got */
	int64_t	 memory, descriptors;	/* bytes in use and open files of its process; -1: not known */
};

enum err vault_status(struct vault *, struct ctx *, struct vault_state *out) USE_RESULT;

/* --- the log (SECURITY.md 6.4, MODEL.md 7) -------------------------------- */

/* Where the vault's own frontier of a tenant's log stands. */
struct log_head {
	uint32_t origin;	/* 0, 1, …: counts accepted rollbacks */
	uint64_t size;
};

enum err vault_log_head(struct vault *, struct ctx *, uint32_t tenant, struct log_head *out) USE_RESULT;

/*
 * Sends the bytes of entries FROM … FROM + N - 1 and asks for a checkpoint of
 * size FROM + N with root ROOT.  The vault hashes the bytes itself, extends its
 * own frontier, and signs only if it ends in ROOT.  NOTE is a C2SP signed note.
 * ERR_CONFLICT: the log does not extend what was signed before (rolled back, or
 * changed); nothing is signed and the vault raises an alarm.
 *
 * A long log goes in pages: vault_log_add() for each but the last, which
 * vault_log_sign() sends; all but the first go on from the one before, over the
 * same channel.
 *
 * Other vaults of the deployment sign as well.  What is signed must then extend
 * their newest checkpoint, too; and where that is of a later origin than the
 * vault's own, HEAD may be the beginning of it.
 */
struct log_extension {
	uint32_t	  tenant;
	struct log_head	  head;		/* from here … */
	const struct str *entry;	/* … these follow */
	size_t		  n;
	bool		  goes_on;	/* after a page that was added; else HEAD is the vault's own */
	uint8_t		  root[32];	/* for vault_log_sign() only */
	struct str	  newest;	/* the newest checkpoint that is stored, by whichever vault; empty: of no concern */
};

enum err vault_log_add(struct vault *, struct ctx *, const struct log_extension *) USE_RESULT;
enum err vault_log_sign(struct vault *, struct ctx *, const struct log_extension *, struct str *note) USE_RESULT;

/*
 * After a restore that lost entries: begins origin HEAD.origin + 1, whose first
 * leaf must be the last checkpoint that was signed.  Gives the new head and that
 * checkpoint (empty: none was ever signed).  An origin in which nothing was
 * signed yet is given again.
 */
enum err vault_log_accept_rollback(struct vault *, struct ctx *, uint32_t tenant, struct log_head *head, struct str *last_note) USE_RESULT;

/* The verifier key of the log in C2SP signed-note form: name+hash+base64, and the origin line for TENANT. */
enum err vault_log_key(struct vault *, struct ctx *, uint32_t tenant, struct str *vkey, struct str *origin_line) USE_RESULT;

/* --- access tokens --------------------------------------------------------- */

/*
 * The keys that access tokens are signed with follow from one root, one for
 * every 30 days: the one before still verifies, the next is published early.
 */
#define TOKEN_KEY_DAYS 30
#define TOKEN_KEYS     3
#define TOKEN_KID      16

struct token_key {
	char	kid[TOKEN_KID];		/* text, no NUL */
	uint8_t public[32];		/* Ed25519 */
};

enum err vault_token_keys(struct vault *, struct ctx *, struct token_key out[TOKEN_KEYS]) USE_RESULT;

/* --- recovery ------------------------------------------------------------- */

/*
 * All key-encryption keys and the signing key as one archive under PASSPHRASE
 * (Argon2id): what, with a backup of data and of keys, brings Usher back, by
 * `usher-vault --recover DIR ARCHIVE-FD PASSPHRASE-FD`.  Takes most of a second
 * on a thread of its own.  ERR_BAD_INPUT: a passphrase of less than 12 bytes.
 */
enum err vault_key_export(struct vault *, struct ctx *, struct str passphrase, struct str *archive) USE_RESULT;

#endif

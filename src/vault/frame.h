/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the wire between vault.h's calls and usher-vault.
 *
 * A request is a head of fixed size and a body of typed fields with nothing
 * left over; a frame is 64 KiB at most.  Integers are big-endian.
 *
 *	request: u32 length  u8 version  u8 op  u64 request  u32 tenant
 *		 capability[64]  u8 purpose  body
 *	answer:	 u32 length  u8 version  u8 op  u64 request  u8 status  body
 *
 * The length counts the whole frame.  An answer whose status is not OK has no
 * body.  A malformed frame ends the peer, in both directions.
 */
#ifndef VAULT_FRAME_H
#define VAULT_FRAME_H

#include "base/buf.h"

#include "vault/vault.h"

#define FRAME_MAX     65536
#define FRAME_VERSION 1
#define FRAME_HEAD    (4 + 1 + 1 + 8 + 4 + 64 + 1)
#define ANSWER_HEAD   (4 + 1 + 1 + 8 + 1)

/* Values in one frame, so that its answer is a frame too. */
#define FRAME_VALUES_MAX 512

enum frame_op {
	OP_NONE,
	OP_STATUS,
	OP_GRANT,
	OP_TENANT_NEW,
	OP_SEAL,	/* all that one person needs */
	OP_OPEN,
	OP_INDEX,
	OP_TEXT_SEAL,
	OP_TEXT_OPEN,
	OP_LOG_HEAD,
	OP_LOG_BEGIN,	/* the vault starts from its own frontier … */
	OP_LOG_ADD,	/* … takes pieces of entries … */
	OP_LOG_SIGN,	/* … and signs if it ends in the root that is asked for */
	OP_LOG_ROLLBACK,
	OP_LOG_KEY,
	OP_EXPORT,	/* makes the archive; the answer is its size */
	OP_EXPORT_READ, /* the archive from an offset on, as much as fits */
	OP_PASSWORD_MAKE,
	OP_PASSWORD_CHECK,
	OP_TOTP_MAKE,
	OP_TOTP_CHECK,
	OP_TOKEN_SIGN,
	OP_TOKEN_KEYS,
	OP_TENANT_KEYS,	/* whether it has keys, or had them */
	OP_TENANT_END,	/* destroys them */
	OP_TENANT_SHARE, /* its keys, sealed for the other vaults of the deployment */
	OP_TENANT_TAKE,	/* what another sealed so */
	OP_COUNT
};

/*  name        what the caller is told */
#define STATUSES(X) \
	X(OK,	     OK) \
	X(NO_KEYS,   ERR_SEALED)	/* of the whole vault, not of one text */ \
	X(SEALED,    ERR_SEALED) \
	X(DENIED,    ERR_DENIED) \
	X(LIMITED,   ERR_LIMITED) \
	X(CONFLICT,  ERR_CONFLICT) \
	X(NOT_FOUND, ERR_NOT_FOUND) \
	X(BUSY,	     ERR_BUSY) \
	X(TOO_LARGE, ERR_TOO_LARGE) \
	X(FULL,	     ERR_FULL) \
	X(BAD_INPUT, ERR_BAD_INPUT)

enum frame_status {
#define X(name, err) STATUS_##name,
	STATUSES(X)
#undef X
	STATUS_COUNT,
	STATUS_MALFORMED,	/* never sent: the peer ends */
	STATUS_LATER		/* never sent: the answer comes from another thread */
};

struct frame {
	enum frame_op	  op;
	uint64_t	  request;
	uint32_t	  tenant;
	struct capability capability;
	uint8_t		  purpose;
	struct str	  body;
};

struct answer {
	enum frame_op	  op;
	uint64_t	  request;
	enum frame_status status;
	struct str	  body;
};

enum frame_next { FRAME_MORE, FRAME_WHOLE, FRAME_BAD };

/* Takes one frame off the front of BYTES; MORE: it is not all there yet. */
enum frame_next frame_take(struct str *bytes, struct frame *out) USE_RESULT;
enum frame_next answer_take(struct str *bytes, struct answer *out) USE_RESULT;

/* Writes the head; frame_end() with what this returned sets the length. */
size_t frame_begin(struct buf *, const struct frame *);
size_t answer_begin(struct buf *, const struct frame *);
void frame_end(struct buf *, size_t begin);
/* As frame_end(), with STATUS; the body is dropped unless that is OK. */
void answer_end(struct buf *, size_t begin, enum frame_status);

#endif

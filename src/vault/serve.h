/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the vault's state, and what it answers to one frame.
 *
 * No descriptors but those of its files: the loop that moves bytes is peer.h,
 * so tests and the fuzzer call this directly.
 */
#ifndef VAULT_SERVE_H
#define VAULT_SERVE_H

#include "vault/caps.h"
#include "vault/frame.h"
#include "vault/heads.h"
#include "vault/keys.h"

/* A peer is served while its unsent answers leave room for one more. */
#define ANSWER_ROOM (2 * FRAME_MAX)
#define ANSWERS_MAX (8 * FRAME_MAX)

#define LOG_ENTRY_MAX 65535

/* Entries on their way to one checkpoint (MODEL.md 7). */
struct attempt {
	bool		is_open;
	uint32_t	tenant, origin;
	uint64_t	from;		/* the head it started from */
	bool		is_apart;	/* it did not come by what another vault signed */
	bool		follows;	/* … which is the beginning of an origin that another vault signs */
	uint64_t	pass_size;	/* of this size … */
	struct hash	pass_root;	/* … another vault signed this root; 0: none */
	struct frontier frontier;
	struct buf	entry;		/* the one that is coming in pieces */
};

/* One channel, as far as answering is concerned. */
struct peer {
	int	       fd;
	uint8_t	      *in;		/* FRAME_MAX bytes … */
	size_t	       in_n;		/* … of which so many came */
	struct buf     out;		/* answers not yet sent */
	struct attempt attempt;
	struct buf     archive;		/* made by OP_EXPORT, being read */
	bool	       is_waiting;	/* for the thread of the export */
};

void peer_open(struct peer *, int fd);
void peer_close(struct peer *);

/* The one export that runs at a time. */
struct export {
	int	       wake_fd;		/* an eventfd; -1: no exports here */
	struct thread *thread;		/* NULL: none runs */
	struct peer   *peer;		/* NULL: it has gone */
	struct frame   frame;		/* to be answered; its body is gone */
	struct secret  passphrase, key;
	uint8_t	       salt[16];
	bool	       is_made;
};

/* Passwords wait for the one thread that hashes them; more are refused. */
#define HASHES_MAX 8
#define VERIFIER_MAX 128	/* crypto_pwhash_STRBYTES */

struct hash_job {
	struct peer  *peer;		/* NULL: it has gone */
	struct frame  frame;		/* to be answered; its body is gone */
	int64_t	      person;
	bool	      is_taken, is_check;
	struct secret password;
	char	      verifier[VERIFIER_MAX]; /* to check against, "": nobody's; or made */
	bool	      is_right;
};

struct hasher {
	int	       wake_fd;		/* an eventfd; -1: no passwords here */
	struct thread *thread;		/* NULL: none was asked for yet */
	struct queue  *asked, *done;
	struct hash_job job[HASHES_MAX];
};

enum alarm {
	ALARM_CAPABILITY,
	ALARM_OPEN_BUDGET,
	ALARM_SEAL_RATE,
	ALARM_LOG_CONFLICT,
	ALARM_FRAME,
	ALARM_COUNT
};

struct server {
	struct crypt	   crypt;
	struct keys	   keys;
	struct heads	   heads;
	struct caps	   caps;
	struct export	   export;
	struct hasher	   hasher;
	struct secret	   person_key;	/* of the frame at hand */
	struct vault_state state;	/* counters and confinement */
	int64_t		   alarm_ns[ALARM_COUNT]; /* when one was last logged */
};

/* In memory only, without keys; keys_make() or server_load() gives them. */
void server_open(struct server *);
/* Keys and heads from folder DIR, or stays sealed and logs why. */
void server_load(struct server *, const char *dir);
void server_close(struct server *);

/* Takes whole frames off BYTES and answers them into the peer's out, while it has room.  false: malformed, end this peer. */
bool serve(struct server *, struct peer *, struct str *bytes) USE_RESULT;

/* The export's thread has ended: answers the peer that asked. */
void export_finish(struct server *);
/* Some passwords are hashed: answers the peers that asked. */
void hashes_finish(struct server *);
void hasher_close(struct server *);
/* PEER goes: nobody is to be answered. */
void hashes_forget(struct server *, const struct peer *);
void export_forget(struct server *, const struct peer *);

#endif

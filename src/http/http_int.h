/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_int.h - the inside of http/: loops, connections, exchanges, streams.
 *
 * A connection belongs to one loop and is touched by its thread only.  An
 * exchange (one request and its reply) belongs to that loop too, except from
 * door.serve() to http_reply(): then whoever holds the request may write
 * `request` and `out`, and both sides talk through the loop's mailbox and the
 * stream, each under its lock.
 *
 *	IDLE -> HEAD -> BODY -> SERVE -> IDLE		the usual round
 *	        HEAD, BODY -> DISCARD -> IDLE		refused; the rest is in hand
 *	any  -> LAST -> LINGER				closing: reply, then the peer's end
 */
#ifndef HTTP_HTTP_INT_H
#define HTTP_HTTP_INT_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/queue.h"

#include "http/http.h"
#include "http/reader.h"

#define REQUEST_IDS	 256	/* made by one getrandom */
#define STREAM_MAX	 (256 * 1024)
#define SCRATCH_MAX	 (64 * 1024)	/* one recv */
#define RECVS_MAX	 16	/* of one connection before others have their turn */
#define OUT_EXCHANGES_MAX 32	/* replies that may wait for the socket */
#define OUT_BYTES_MAX	 (256 * 1024)	/* likewise; a single reply may be larger */
#define REPLY_MAX	 (1u << 30)
#define ARENA_MAX	 (512 * 1024 * 1024)	/* decoders of large bodies work in it */
#define KEEP_MAX	 (64 * 1024)	/* a larger buffer is not kept for reuse */
#define SPARE_MAX	 1024	/* exchanges kept for reuse by a loop */
#define RATE_MIN	 1024	/* bytes a second, of a body or a reply, after a grace of body_ms */
#define LINGER_MS	 2000	/* for the peer to read a last reply */
#define ADDRESS_MIN	 64	/* connections every address may have */
#define ADDRESS_SLOTS	 16384
#define ACCEPT_MAX	 16	/* at once, so that other loops get some */
#define ACCEPT_PAUSE_MS	 100	/* when descriptors ran out */
#define ROUNDS_MAX	 32	/* of replies made on the loop before the sockets' turn */

#define TICK_NS		 INT64_C(33554432)	/* of the timer wheel: about 34 ms */
#define WHEEL_SLOTS	 512
#define MS_NS		 INT64_C(1000000)

/* What epoll reports on; the first member of everything that waits there. */
struct source {
	void (*ready)(struct source *, uint32_t events);
	int  fd;
};

/* The wheel's link; due_ns may move on while the timer stays where it is. */
struct timer {
	struct timer *next, **link;	/* link NULL: not on the wheel */
	int64_t	      due_ns;		/* 0: none */
	int64_t	      tick;
};

/* A body on its way to another thread. */
struct stream {
	struct lock *lock;	/* guards all below */
	char	    *ring;
	size_t	     at, n;
	bool	     is_ended, has_failed;
	bool	     is_full;	/* the loop waits for MAIL_ROOM */
};

enum { MAIL_ROOM = 1, MAIL_REPLY = 2 };

/* By chance: of a request, and of what is done for it. */
struct fresh_id {
	uint8_t trace[TRACE_ID], span[TRACE_SPAN];
};

/* What is wrong with a request; its {0} is the field or the limit. */
struct trouble {
	enum err    err;
	enum msg    msg;
	const char *field;
};

struct exchange {
	struct request	 request;	/* first: http_reply() is given this */
	struct loop	*loop;
	struct conn	*conn;		/* NULL: it is gone */
	struct exchange *next;		/* in out, done or spare */
	struct exchange *next_mail, *next_taken;
	unsigned	 mail, taken;	/* mail and next_mail: under the loop's lock */
	struct reader	 reader;
	struct header	 header[READER_FIELDS_MAX];
	struct buf	 head, body, out;
	size_t		 sent;
	int		 status;
	char		 address[INET6_ADDRSTRLEN];
	struct str	 allow;
	struct stream	*stream;	/* NULL: the body comes whole */
	struct trouble	 late;		/* found while another thread held it: replaces its reply */
	enum err	 err;		/* why it is refused; the rest stands in cx.fault */
	uint64_t	 received;	/* bytes of body */
	bool		 is_admitted;	/* the door let it in */
	bool		 is_held;	/* handed to the door and not yet replied */
	bool		 is_interim;	/* not a request: 100 Continue */
	bool		 is_answered;	/* replied on the loop's own thread, waits in done */
	bool		 closes;	/* the reply says Connection: close */
};

enum conn_state { CONN_IDLE, CONN_HEAD, CONN_BODY, CONN_SERVE, CONN_DISCARD, CONN_LAST, CONN_LINGER, CONN_STATES };

struct conn {
	struct source	 source;	/* first */
	struct timer	 timer;
	struct loop	*loop;
	struct conn	*next, **link;	/* of the loop's connections */
	struct conn	*next_again;
	enum conn_state	 state;
	struct exchange *ex;		/* being read or served */
	struct exchange *out, **out_end;	/* replied, not yet sent */
	size_t		 nout, out_bytes;
	struct buf	 left;		/* received, not yet wanted */
	int64_t		 since_ns;	/* when the present wait began */
	int64_t		 out_since_ns;	/* when the peer last took some of a reply; 0: none waits */
	int64_t		 out_by_ns;	/* when the first of them must be gone */
	int		 out_queued;	/* bytes the kernel held at the last deadline; -1: not asked */
	int64_t		 waited_ns;	/* for the bytes of the body */
	bool		 may_read, may_write;	/* the socket, as far as we know */
	bool		 saw_end, is_eof;	/* the peer's end is on its way; was read */
	bool		 is_fresh;	/* no request yet */
	bool		 is_paused;	/* the stream is full */
	bool		 is_again;	/* on the loop's again list */
	bool		 lingers;	/* the peer may still be sending */
	bool		 is_operator;
	unsigned	 address_slot;
	char		 address[INET6_ADDRSTRLEN];
};

/* A connection on its way from the loop that accepted it to its own. */
struct arrival {
	struct arrival *next;
	int		fd;
	bool		is_operator;
	unsigned	address_slot;
	char		address[INET6_ADDRSTRLEN];
};

struct loop {
	struct http	*http;
	struct thread	*thread;
	int		 epoll;
	struct source	 wake;		/* an eventfd; edge-triggered, so never read */
	struct listener	*listener;
	size_t		 nlistener;
	bool		 is_accepting, is_draining;
	int64_t		 accept_after_ns;	/* 0: the listeners are on epoll */
	int64_t		 drain_due_ns;
	int64_t		 now_ns, now_ms;
	char		*scratch;
	struct conn	*conns, *dead, *again;
	size_t		 nconns;
	size_t		 held;		/* exchanges that others hold */
	struct exchange *done, **done_end;
	struct exchange *spare;
	size_t		 nspare;
	struct timer	*wheel[WHEEL_SLOTS];
	int64_t		 tick, next_tick;	/* done up to; nothing before */
	struct fresh_id	 ids[REQUEST_IDS];
	size_t		 nids;

	struct lock	*lock;		/* guards mail and arrivals */
	struct exchange *mail, **mail_end;
	struct arrival	*arrivals;

	/* Written by this loop's thread, read by http_counts(). */
	_Atomic uint64_t requests, refused_heads, connections, slow_closed, bytes_in, bytes_out;
	_Atomic size_t	 load;		/* connections here or on their way */
};

struct listener {
	struct source source;	/* first */
	struct loop  *loop;
	bool	      is_operator;
};

struct http {
	struct http_conf conf;
	struct loop	*loop;		/* conf.loops of them */
	_Atomic bool	 is_closing;
	_Atomic size_t	 accepting;	/* loops that may still send arrivals */
	_Atomic size_t	 open;
	size_t		 address_max;
	uint64_t	 address_key;
	_Atomic uint32_t address[ADDRESS_SLOTS];
};

static inline struct exchange *
exchange_of(struct request *rq)
{
	return (struct exchange *)rq;
}

static inline void
count_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* loop.c */
bool loop_is_mine(const struct loop *);
void loop_wake(struct loop *);
void loop_mail(struct exchange *, unsigned mail);
void loop_done(struct exchange *);	/* replied on the loop's thread */
void loop_again(struct conn *);		/* run it again after the others */
void loop_arrive(struct loop *, struct arrival *);
bool loop_watch(struct loop *, struct source *, uint32_t events);

/* wheel.c */
void timer_set(struct loop *, struct timer *, int64_t due_ns);
void timer_clear(struct timer *);
void timers_run(struct loop *, void (*late)(struct timer *));
int64_t timers_wait_ms(const struct loop *);

/* accept.c */
void accept_init(struct loop *);
void accept_stop(struct loop *);
void accept_resume(struct loop *);
/*
 * Where the connections from PEER are counted (base/address.h).  Two may share a
 * slot and so a cap; which ones do is a secret of this process, and there are
 * far more slots than such pairs matter.
 */
unsigned address_slot(const struct http *, const struct sockaddr_storage *peer);
void address_leave(struct http *, unsigned slot);

/* conn.c */
void conn_open(struct loop *, struct arrival *);
void conn_close(struct conn *);		/* its memory stays until conn_free(): callers up the stack may still look */
void conn_free(struct conn *);
void conn_run(struct conn *);
void conn_room(struct exchange *);	/* its stream has room again */
void conn_reply(struct exchange *);	/* its reply is written */
void conn_put(struct conn *);		/* sends the reply; on to the next request, unless this was the last */
void conn_drain(struct conn *);		/* the server ends: no further request */
bool conn_wants(const struct conn *);	/* more input would be of use */

/* input.c */
void input_feed(struct conn *, struct str *in);	/* takes what it can; what is left is not wanted now */
void input_end(struct conn *);		/* the peer will send no more, but may still read */
void input_refuse(struct conn *);	/* answers with the exchange's err */
void input_spoil(struct conn *, enum err, enum msg, const char *field);	/* the request can never be whole */

/* output.c */
bool output_has_room(const struct conn *);
void output_add(struct conn *, struct exchange *);
void output_flush(struct conn *);
void output_linger(struct conn *);

/* deadline.c */
void deadline_set(struct conn *);	/* the timer, to whichever deadline comes first */
void deadline_out(struct conn *);	/* the peer has to take some of the replies soon, and all some time */
void deadline_passed(struct timer *);

/* exchange.c */
struct exchange *exchange_take(struct loop *, struct conn *);
void exchange_end(struct exchange *);	/* replied: tells the door, then drops it */
void exchange_drop(struct exchange *);	/* back to the spare ones */
void exchange_close(struct exchange *);
enum err exchange_fail(struct exchange *, const struct trouble *) USE_RESULT;

/* reply.c */
void reply_refuse(struct exchange *, enum err);

/* stream.c */
struct stream *stream_open(void);
void stream_close(struct stream *);
size_t stream_room(struct stream *);
void stream_put(struct stream *, struct str);
void stream_end(struct stream *, bool has_failed);
bool stream_is_whole(struct stream *);

/* request.c */
enum err request_decode(struct request *, struct str target) USE_RESULT;
void request_name(struct request *);
/* As far as it can be read, of a request whose head never was: in whose form it is refused follows from it. */
void request_place(struct request *, struct str target);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testserver.h - a real server on a loopback port, a worker thread behind it,
 * and a client that says exactly what it is told to.
 */
#ifndef TEST_HTTP_TESTSERVER_H
#define TEST_HTTP_TESTSERVER_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/queue.h"
#include "http/http.h"

#define H "Host: a\r\n"

/*
 * Paths:
 *	GET  /hello		answered on the loop
 *	GET  /later?id=		answered by the worker, with the id
 *	GET  /hold		answered by the worker once server_release() was called
 *	GET  /big?n=		that many bytes
 *	GET  /who		the peer's address, or "operator"
 *	GET  /evil		a header value with a line break
 *	GET  /empty		204
 *	POST /echo		the body back, on the loop; at most 64 KiB
 *	POST /count		streams 16 MiB; the worker counts after server_release()
 *	POST /small		streams 100 bytes
 *	POST /early		streams; the worker answers before it reads
 *	POST /eager		streams; answered on the loop at once
 *	GET, POST /secret	admit() refuses
 */
struct server {
	struct http	*http;
	struct router	*router;
	struct queue	*queue;
	struct thread	*worker;
	struct lock	*lock;		/* guards what follows */
	size_t		 released;	/* how many of /hold and /count may go on */
	size_t		 held;		/* how many have come so far */
	size_t		 ended;
	atomic_size_t	 let_in, let_go;	/* admitted, and given back; equal in the end */
	int		 last_status;
	size_t		 last_bytes;
	int		 fd[2], port, port6;	/* IPv4; IPv6, port 0 if there is none */
	int		 operator_fd;
	char		 operator_path[64];
};

/* Short deadlines where the test is about them; the rest are long enough never to matter. */
struct limits {
	int64_t head_ms, body_ms, idle_ms, drain_ms;
	size_t	connections_max, loops;
};

struct server *server_open(const struct limits *);
void server_close(struct server *);		/* asks http_close() too, if it still runs */
void server_release(struct server *, size_t n);
void server_wait_held(struct server *, size_t n);
void server_wait_ended(struct server *, size_t n);
void server_wait_open(struct server *, size_t n);	/* connections */
void server_wait_bytes(struct server *, size_t n);	/* read from clients */

struct client {
	int    fd;
	char  *in;
	size_t n;
};

struct answer {
	int    status;
	char   head[4096];
	char  *body;
	size_t n;
};

struct client client_open(const struct server *);
struct client client_open_from(const struct server *, const char *address);
struct client client_open6(const struct server *);
/* The same in two steps: a socket, and its connection. */
struct client client_new(void);
void client_connect(struct client *, const struct server *, const char *from);
void client_close(struct client *);
void client_send(struct client *, const char *text);
void client_send_n(struct client *, const void *, size_t);
/* The next whole answer; without a body if NO_BODY (to HEAD). */
void client_read(struct client *, struct answer *, bool no_body);
void answer_done(struct answer *);
/* Reads an answer and checks status and body (NULL: any). */
void client_expect(struct client *, int status, const char *body);
/* Nothing more comes but the end of the connection. */
void client_expect_end(struct client *);
/* The value of a header, or NULL; in a buffer that this thread's next call uses again. */
const char *answer_header(const struct answer *, const char *name);

#endif

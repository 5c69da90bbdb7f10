/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - the front door: strict HTTP/1.1 (RFC 9112), one epoll loop a core.
 *
 * A request belongs to the loop until it is handed to the door's callbacks,
 * then to whoever holds it, until http_reply() gives it back (from any thread,
 * exactly once).  A request is not a connection: nothing outside http/ knows
 * of connections.
 *
 * HEAD is served as GET; its reply goes without the body.  Every reply carries
 * Date, Request-Id, Content-Length, Cache-Control: no-store and
 * X-Content-Type-Options: nosniff; Traceresponse, if a traceparent was given.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <sys/types.h>

#include "base/err.h"

#include "http/trace.h"

enum method { GET = 1, POST, PUT, PATCH, DELETE, METHOD_COUNT };

const char *method_name(enum method);

#define ROUTE_PARAMS_MAX 4
#define REPLY_HEADERS_MAX 8

struct header {
	struct str name, value;
};

struct route;

struct request {
	struct ctx	    cx;		/* arena, request id, language; actor set by admit() */
	enum method	    method;
	struct str	    path;	/* percent-decoded once, no dot segments */
	struct str	    query;	/* raw, after the ? */
	const struct header *header;
	size_t		    nheader;
	struct str	    body;	/* whole, unless the route streams */
	const struct route *route;
	struct str	    param[ROUTE_PARAMS_MAX];	/* of {…} in the path, in order */
	bool		    is_operator;	/* came by the operator's socket from an allowed uid */
	struct trace	    trace;	/* its id is the request's */
	struct str	    address;	/* of the peer, text; empty on the socket */
	int64_t		    started_ns; /* clock_mono_ns() at the first byte */
	size_t		    body_most;	/* bytes of body that may come: as announced, or what the route takes */
	size_t		    counted;	/* the door's: so many of them count until over() */
	void		   *item;	/* the holder's own */
};

struct reply {
	int	      status;
	const char   *content_type;	/* NULL: application/json */
	struct str    body;		/* must live until http_reply() returns (it is copied) */
	struct header header[REPLY_HEADERS_MAX];
	size_t	      nheader;
};

/* The header's value (names without case); empty p == NULL if absent. */
struct str request_header(const struct request *, const char *name);
/* The value of a query parameter, decoded as a form's (+ is a space); p == NULL if absent.  Twice the same name: the request was refused before. */
struct str request_query(struct request *, const char *name);
/* Calls fn for each query parameter, decoded; for refusing unknown ones. */
bool request_query_each(struct request *, bool (*fn)(void *arg, struct str name, struct str value), void *arg);

/* Answers.  The request and its arena are gone afterwards. */
void http_reply(struct request *, const struct reply *);

/*
 * The body of a route that streams: waits for bytes and copies up to MAX of
 * them.  0: the end.  -1: the client is gone or too slow; reply all the same.
 * Called by the thread that holds the request, never by a loop.
 */
ssize_t http_body_read(struct request *, void *p, size_t max);

/*
 * What the door calls, on a loop thread; none of them may block.
 *	route	 finds the row for method and path and fills route and param; ERR_NOT_FOUND, or
 *		 ERR_BAD_INPUT with MSG_HTTP_METHOD and *allow set for 405
 *	admit	 after the head: authenticates, checks the right.  An error is answered by refuse().
 *	serve	 with the whole body (or, if the route streams, at once): takes the request over.
 *	refuse	 writes the problem body for an error into *reply.  Where a message needs another status than
 *		 its error (405, 408, 414, 415, 417, 431, 501, 505), http/ sets it afterwards.
 *		 Of a malformed request only cx is sure to be set; method and route may be 0 and NULL.
 *	ended	 after the last byte was sent, or the connection ended before: for the access log and counters
 *	over	 of what was admitted, when its memory is given back, answered or not; NULL: nothing was taken
 */
struct http_door {
	enum err (*route)(struct request *, struct str *allow);
	enum err (*admit)(struct request *);
	void	 (*serve)(struct request *);
	void	 (*refuse)(struct request *, enum err, struct reply *);
	void	 (*ended)(const struct request *, int status, size_t bytes);
	void	 (*over)(const struct request *);
};

/* What http/ needs of a route row; api's rows begin with it. */
struct route {
	enum method method;
	const char *path;	/* "/api/v1/persons/{person}" */
	int	    right;	/* enum right; checked by admit() */
	size_t	    body_max;	/* bytes; 0: no body allowed */
	bool	    streams;	/* body_max is then the whole stream's limit */
	const void *work;	/* the door's own: decode, use case or query, encode */
	const char *summary;
};

/* An exact-match router over a table that ends with method 0.  Literal segments win over {…}. */
struct router;
struct router *router_open(const struct route *const *tables, size_t ntables);
void router_close(struct router *);
const struct route *router_find(const struct router *, enum method, struct str path, struct str param[ROUTE_PARAMS_MAX], struct str *allow, struct arena *);

struct http_conf {
	const int *fd;		/* listening sockets: TCP, loopback only; all stay the caller's */
	size_t	   nfd;
	int	   operator_fd; /* Unix socket, -1: none */
	uid_t	   operator_uid; /* who may use it, beside root */
	size_t	   loops;
	size_t	   connections_max;	/* in all; 10,000.  One address: a quarter, but at least 64 */
	int64_t	   head_ms;	/* for a whole head; 10,000 */
	int64_t	   body_ms;	/* without a byte of body, and the grace before bodies and replies must move 1 KiB/s; 30,000 */
	int64_t	   idle_ms;	/* keep-alive; 60,000 */
	int64_t	   drain_ms;	/* graceful end; 10,000 */
	struct http_door door;
};

struct http;

/* Starts the loops. */
struct http *http_open(const struct http_conf *);
/*
 * Stops accepting, answers what is under way (until drain_ms), closes.
 * `Connection: close` from now on.  Threads that hold requests must still run:
 * it waits for their replies.
 */
void http_close(struct http *);

/* Opens a loopback TCP listener on "127.0.0.1:8420" or "[::1]:8420"; anything beyond loopback is refused: there is no TLS yet. */
enum err http_listen(struct ctx *, struct str address, int *fd) USE_RESULT;
/* A Unix stream listener, mode 0600 (or 0660). */
enum err http_listen_local(struct ctx *, const char *path, unsigned mode, int *fd) USE_RESULT;

/* The statuses that http/ has beside the error table's, for what breaks HTTP itself; 0 after the last. */
int http_own_status(size_t i);
/* The one that MSG gets in the end; OTHERWISE if it is the error table's. */
int http_status_of(enum msg, int otherwise);

struct http_count {	/* since the start; read at any time */
	uint64_t requests, refused_heads, connections, open, slow_closed, bytes_in, bytes_out;
};
void http_counts(const struct http *, struct http_count *);

#endif

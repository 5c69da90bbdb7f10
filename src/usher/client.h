/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - one kept-alive HTTP/1.1 connection to a server, by loopback TCP
 * or a Unix socket.
 *
 * Strict about what it reads: an answer that is not exactly what RFC 9112 says
 * ends the connection.  A GET is sent again once if the server went away;
 * anything else is ERR_UNKNOWN then, for it may have been done.
 */
#ifndef USHER_CLIENT_H
#define USHER_CLIENT_H

#include "usher/answer.h"
#include "usher/reason.h"

struct client;

struct client_conf {
	struct str address;	/* "http://127.0.0.1:8420", or the path of a Unix socket */
	struct str token;	/* empty: none */
	enum lang  lang;
	int64_t	   timeout_ms;	/* without a byte either way */
};

struct call {
	enum method   method;
	struct str    path;		/* with its query, encoded */
	struct str    body;
	const char   *content_type;	/* NULL: application/json */
	struct header header[4];
	size_t	      nheader;
	/* A body that is streamed instead: up to MAX bytes; 0 at the end; -1: it cannot be read, errno says why. */
	ssize_t	    (*read)(void *arg, void *p, size_t max);
	void	     *read_arg;
	int64_t	      timeout_ms;	/* 0: the client's */
	/* Asked each SILENT_MS in which nothing moves; true: the server has its reasons, wait on. */
	bool	    (*silent)(void *arg);
	void	     *silent_arg;
};

#define SILENT_MS 2000

/* Connects at the first call.  ERR_BAD_INPUT: not an address, or not of this machine. */
enum err client_open(struct ctx *, const struct client_conf *, struct client **out) USE_RESULT;
void client_close(struct client *);

/*
 * Sends CALL and reads the whole answer into CX's arena.  OK whatever its
 * status.  ERR_TARGET: nobody answers there; ERR_UNKNOWN: it went away or fell
 * silent in the middle; ERR_BAD_INPUT: the answer is malformed.
 */
enum err client_call(struct client *, struct ctx *, const struct call *, struct answer *) USE_RESULT;

/* Whether the last failure was that nobody answers. */
bool client_is_unreachable(const struct client *);

#endif

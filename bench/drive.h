/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive.h - so many requests over so many kept-open connections to a port of
 * this machine, one under way on each; prints one JSON line: rate, latencies,
 * how many were answered well, and how many with 429.
 *
 * Closed: the next request follows a reply.  Open (a rate is given): requests
 * are due at their times, whether or not a connection is free, and latency
 * counts from then on: whoever falls behind does not ask less.
 * SIGTERM ends either before its count.
 */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include <stddef.h>

#define REQUEST_MAX	(2 * 1024 * 1024)	/* a thousand persons */
#define REPLY_MAX	(2 * 1024 * 1024)	/* a page of a list, a thousand outcomes */
#define CONNECTIONS_MAX 1024

struct connection {
	int	fd;
	double	sent_ms;
	size_t	n;		/* of the reply so far */
	char	place[32];	/* the protocol's own */
	char	reply[REPLY_MAX];
};

enum reply_state { REPLY_PARTIAL, REPLY_GOOD, REPLY_BAD, REPLY_LIMITED };

/* What is said, and whether what came back is whole and good. */
struct protocol {
	size_t		 (*request)(struct connection *, size_t number, char out[REQUEST_MAX]);
	enum reply_state (*judge)(struct connection *);
	const char	*greeting;	/* sent once on each connection, and answered; NULL: none */
	size_t		 greeting_n;
};

struct drive {
	int    port;
	size_t connections, count, first;	/* requests are numbered from FIRST */
	size_t rate;	/* a second; 0: closed */
};

/* The exit status: 0 if every reply was good or limited. */
int drive(const struct protocol *, const struct drive *);
size_t number_of(const char *argument);
void die(const char *what) __attribute__((noreturn));

#endif

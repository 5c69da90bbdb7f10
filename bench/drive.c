/* SPDX-License-Identifier: Apache-2.0 */
#include "drive.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define READY_MAX   64

static struct connection connection[CONNECTIONS_MAX];
static double *latency_ms;
static volatile sig_atomic_t is_over;	/* SIGTERM: enough, report */
static size_t answered, bad, limited;
/* Free connections; who was free first is used first, so that none falls asleep. */
static struct connection *spare[CONNECTIONS_MAX];
static size_t spare_at, nspare;

static void end(int);
static void open_connection(struct connection *, const struct protocol *, int);
static void watch(int, struct connection *);
static void send_one(struct connection *, const struct protocol *, size_t);
static void give_back(struct connection *);
static size_t send_due(const struct protocol *, const struct drive *, size_t,
    double);
static double patience_ms(const struct drive *, size_t, double);
static int await(int, double, struct epoll_event[READY_MAX]);
static enum reply_state take(struct connection *, const struct protocol *);
static void report(double);
static double now_ms(void);
static int by_size(const void *, const void *);

int
drive(const struct protocol *p, const struct drive *d)
{
	size_t sent = 0;
	double begun_ms;
	int loop = epoll_create1(0);

	if (loop < 0 || d->connections == 0 ||
	    d->connections > CONNECTIONS_MAX || d->count == 0)
		die("connections or count");
	latency_ms = calloc(d->count, sizeof(*latency_ms));
	if (latency_ms == NULL)
		die("memory");
	for (size_t i = 0; i < d->connections; i++) {
		open_connection(&connection[i], p, d->port);
		watch(loop, &connection[i]);
	}
	signal(SIGTERM, end);
	begun_ms = now_ms();
	for (size_t i = 0; i < d->connections; i++)
		give_back(&connection[i]);
	while (answered < d->count && !is_over) {
		struct epoll_event ready[READY_MAX];
		int n;

		sent = send_due(p, d, sent, begun_ms);
		n = await(loop, patience_ms(d, sent, begun_ms), ready);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && patience_ms(d, sent, begun_ms) > 0))
			die("no answer");
		for (int i = 0; i < n; i++) {
			struct connection *c = ready[i].data.ptr;

			if (take(c, p) != REPLY_PARTIAL)
				give_back(c);
		}
	}
	report(now_ms() - begun_ms);
	return bad > 0;
}

static void
end(int signal_number)
{
	(void)signal_number;
	is_over = 1;
}

static void
give_back(struct connection *c)
{
	spare[(spare_at + nspare++) % CONNECTIONS_MAX] = c;
}

/* When request NUMBER is due. */
static double
due_ms(const struct drive *d, size_t number, double begun_ms)
{
	return begun_ms + (double)number * 1e3 / (double)d->rate;
}

/* Sends what is due, as far as connections are free; how many were sent in all. */
static size_t
send_due(const struct protocol *p, const struct drive *d, size_t sent,
    double begun_ms)
{
	double now = now_ms();

	while (sent < d->count && nspare > 0 &&
	    (d->rate == 0 || due_ms(d, sent, begun_ms) <= now)) {
		struct connection *c = spare[spare_at];

		spare_at = (spare_at + 1) % CONNECTIONS_MAX;
		nspare--;
		send_one(c, p, d->first + sent);
		if (d->rate > 0)
			c->sent_ms = due_ms(d, sent, begun_ms);
		sent++;
	}
	return sent;
}

/* Until the next one is due, or an answer must have come. */
static double
patience_ms(const struct drive *d, size_t sent, double begun_ms)
{
	double left;

	if (d->rate == 0 || sent == d->count || nspare == 0)
		return PATIENCE_MS;
	left = due_ms(d, sent, begun_ms) - now_ms();
	return left > 0 ? left : 0;
}

/* Not in whole milliseconds: those would be late, or spin for the rest. */
static int
await(int loop, double ms, struct epoll_event ready[READY_MAX])
{
	struct pollfd one = { loop, POLLIN, 0 };
	struct timespec t = { (time_t)(ms / 1e3),
		(long)(ms * 1e6) % 1000000000 };
	int n = ppoll(&one, 1, &t, NULL);

	return n <= 0 ? n : epoll_wait(loop, ready, READY_MAX, 0);
}

static void
open_connection(struct connection *c, const struct protocol *p, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		die("connect");
	if (setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0)
		die("TCP_NODELAY");
	if (p->greeting == NULL)
		return;
	if (write(c->fd, p->greeting, p->greeting_n) != (ssize_t)p->greeting_n)
		die("greeting");
	while (take(c, p) == REPLY_PARTIAL)
		continue;
	if (bad > 0)
		die("greeting");
	answered = 0;
}

static void
watch(int loop, struct connection *c)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event) != 0)
		die("epoll_ctl");
}

static void
send_one(struct connection *c, const struct protocol *p, size_t number)
{
	static char request[REQUEST_MAX];
	size_t n = p->request(c, number, request);

	c->sent_ms = now_ms();
	if (write(c->fd, request, n) != (ssize_t)n)
		die("write");
}

static enum reply_state
take(struct connection *c, const struct protocol *p)
{
	ssize_t n = read(c->fd, c->reply + c->n, REPLY_MAX - c->n);
	enum reply_state state;

	if (n <= 0)
		die("read");
	c->n += (size_t)n;
	state = p->judge(c);
	if (state == REPLY_PARTIAL)
		return state;
	latency_ms[answered++] = now_ms() - c->sent_ms;
	limited += state == REPLY_LIMITED;
	if (state == REPLY_BAD && bad++ == 0)
		fprintf(stderr, "%.*s\n", (int)c->n, c->reply);
	c->n = 0;
	return state;
}

static void
report(double took_ms)
{
	if (answered == 0)
		die("nothing was answered");
	qsort(latency_ms, answered, sizeof(*latency_ms), by_size);
	printf("{\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"good\": %zu, \"bad\": %zu, \"limited\": %zu}\n",
	    (double)answered / took_ms * 1e3, latency_ms[answered / 2],
	    latency_ms[answered * 99 / 100], answered - bad - limited, bad,
	    limited);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

size_t
number_of(const char *argument)
{
	char *end;
	size_t n = strtoul(argument, &end, 10);

	if (end == argument || *end != '\0')
		die(argument);
	return n;
}

void
die(const char *what)
{
	perror(what);
	exit(2);
}

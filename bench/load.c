/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - onboardings over HTTP on C keep-alive connections, one request under
 * way on each; prints one JSON line: rate, latencies, statuses.
 *
 *	load PORT TOKEN-FILE CONNECTIONS COUNT FIRST PRODUCT
 *
 * FIRST numbers the persons, so that runs against one server do not repeat.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define REPLY_MAX	65536

struct connection {
	int	fd;
	double	sent_ms;
	char	reply[REPLY_MAX];
	size_t	n;
};

static struct connection connection[CONNECTIONS_MAX];
static char token[256];
static const char *product;
static double *latency_ms;
static size_t created, repeated, failed, answered;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
send_one(struct connection *c, size_t number)
{
	static const char *const sites[] = { "ber", "muc", "lyo" };
	char body[1024], request[2048];
	int n, m;

	n = snprintf(body, sizeof(body),
	    "{\"person\":{\"externalId\":\"B%zu\",\"userName\":\"bench.%zu\","
	    "\"name\":{\"givenName\":\"Ana%zu\",\"familyName\":\"Kova%zu\"},"
	    "\"emails\":[{\"type\":\"work\",\"primary\":true,"
	    "\"value\":\"ana.%zu@bench.example\"}],"
	    "\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"+49 30 %zu\"}],"
	    "\"addresses\":[{\"type\":\"home\",\"streetAddress\":"
	    "\"Lange Strasse %zu\",\"locality\":\"Berlin\","
	    "\"postalCode\":\"10115\",\"country\":\"DE\"}],"
	    "\"site\":\"%s\",\"department\":\"department %zu\","
	    "\"title\":\"Engineer\",\"start\":\"2026-01-01\"},"
	    "\"products\":[\"%s\"]}",
	    number, number, number % 5000, number % 9973, number, number,
	    number % 300, sites[number % 3], number % 25, product);
	m = snprintf(request, sizeof(request),
	    "POST /api/v1/onboardings HTTP/1.1\r\nHost: bench\r\n"
	    "Authorization: Bearer %s\r\nIdempotency-Key: bench-%zu\r\n"
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	    token, number, n, body);
	if (write(c->fd, request, (size_t)m) != m)
		die("write");
	c->n = 0;
	c->sent_ms = now_ms();
}

/* The status once the reply is whole, 0 before. */
static int
whole(const struct connection *c)
{
	const char *end = memmem(c->reply, c->n, "\r\n\r\n", 4);
	const char *length;

	if (end == NULL)
		return 0;
	length = memmem(c->reply, (size_t)(end - c->reply),
	    "Content-Length: ", 16);
	if (length == NULL || (size_t)(end + 4 - c->reply)
	    + strtoul(length + 16, NULL, 10) > c->n)
		return 0;
	return (int)strtol(c->reply + 9, NULL, 10);
}

static int
take(struct connection *c)
{
	ssize_t n = read(c->fd, c->reply + c->n, REPLY_MAX - c->n);
	int status;

	if (n <= 0)
		die("read");
	c->n += (size_t)n;
	status = whole(c);
	if (status == 0)
		return 0;
	latency_ms[answered++] = now_ms() - c->sent_ms;
	created += status == 201;
	repeated += status == 200;
	failed += status != 200 && status != 201;
	if (status != 200 && status != 201 && failed == 1)
		fprintf(stderr, "%.*s\n", (int)c->n, c->reply);
	return status;
}

static void
open_connection(struct connection *c, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to,
	    sizeof(to)) != 0)
		die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	size_t connections, count, first, sent = 0;
	struct epoll_event event;
	double begun_ms, took_ms;
	FILE *f;
	int loop;

	if (argc != 7) {
		fprintf(stderr, "load PORT TOKEN-FILE CONNECTIONS COUNT FIRST "
		    "PRODUCT\n");
		return 2;
	}
	f = fopen(argv[2], "r");
	if (f == NULL || fscanf(f, "%255s", token) != 1)
		die(argv[2]);
	fclose(f);
	connections = strtoul(argv[3], NULL, 10);
	count = strtoul(argv[4], NULL, 10);
	first = strtoul(argv[5], NULL, 10);
	product = argv[6];
	if (connections == 0 || connections > CONNECTIONS_MAX)
		return 2;
	latency_ms = calloc(count, sizeof(*latency_ms));
	loop = epoll_create1(0);
	for (size_t i = 0; i < connections; i++) {
		open_connection(&connection[i], (int)strtol(argv[1], NULL,
		    10));
		event.events = EPOLLIN;
		event.data.ptr = &connection[i];
		epoll_ctl(loop, EPOLL_CTL_ADD, connection[i].fd, &event);
	}
	begun_ms = now_ms();
	for (size_t i = 0; i < connections && sent < count; i++)
		send_one(&connection[i], first + sent++);
	while (answered < count) {
		struct epoll_event ready[64];
		int n = epoll_wait(loop, ready, 64, 30000);

		if (n <= 0)
			die("no answer for 30 s");
		for (int i = 0; i < n; i++)
			if (take(ready[i].data.ptr) != 0 && sent < count)
				send_one(ready[i].data.ptr, first + sent++);
	}
	took_ms = now_ms() - begun_ms;
	qsort(latency_ms, count, sizeof(*latency_ms), by_size);
	printf("{\"rate\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	    "\"created\": %zu, \"repeated\": %zu, \"failed\": %zu}\n",
	    (double)count / took_ms * 1e3, latency_ms[count / 2],
	    latency_ms[count * 99 / 100], created, repeated, failed);
	return failed > 0;
}

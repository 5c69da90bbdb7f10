/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.c - who comes in: caps, the operator's socket, a loop for each.
 */
#include "http/http_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/address.h"

static void watch(struct loop *);
static void ready(struct source *, uint32_t);
static bool is_short(int);
static void pause_accepting(struct loop *);
static void welcome(struct listener *, int, const struct sockaddr_storage *);
static bool is_allowed(const struct http *, int);
static bool enter(struct http *, const struct sockaddr_storage *,
    struct arrival *);
static uint64_t mix(uint64_t);
static void turn_away(int);
static struct loop *least_loaded(struct loop *);

void
accept_init(struct loop *l)
{
	const struct http_conf *conf = &l->http->conf;

	l->nlistener = conf->nfd + (conf->operator_fd >= 0);
	l->listener = heap_alloc(l->nlistener + 1, sizeof(*l->listener));
	for (size_t i = 0; i < l->nlistener; i++) {
		bool is_operator = i == conf->nfd;

		l->listener[i] = (struct listener) {
			.source = { ready,
			    is_operator ? conf->operator_fd : conf->fd[i] },
			.loop = l,
			.is_operator = is_operator,
		};
	}
	l->is_accepting = true;
	watch(l);
}

static void
watch(struct loop *l)
{
	for (size_t i = 0; i < l->nlistener; i++)
		if (!loop_watch(
			l, &l->listener[i].source, EPOLLIN | EPOLLEXCLUSIVE))
			fatal("cannot watch a listening socket");
}

/* For good; the last loop to stop tells the others that nothing will come any more. */
void
accept_stop(struct loop *l)
{
	struct http *h = l->http;

	if (l->accept_after_ns == 0)
		pause_accepting(l);
	l->accept_after_ns = 0;
	l->is_accepting = false;
	if (atomic_fetch_sub(&h->accepting, 1) != 1)
		return;
	for (size_t i = 0; i < h->conf.loops; i++)
		loop_wake(&h->loop[i]);
}

void
accept_resume(struct loop *l)
{
	l->accept_after_ns = 0;
	watch(l);
}

static void
ready(struct source *s, uint32_t events)
{
	struct listener *from = (struct listener *)s;
	struct sockaddr_storage peer;
	socklen_t n;
	int fd;

	for (int i = 0; i < ACCEPT_MAX && (events & EPOLLIN) != 0; i++) {
		n = sizeof(peer);
		fd = accept4(s->fd, (struct sockaddr *)&peer, &n,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			welcome(from, fd, &peer);
		else if (errno == EAGAIN)
			return;
		else if (is_short(errno)) {
			pause_accepting(from->loop);
			return;
		}
	}
}

static bool
is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

/* Level-triggered, it would wake us for ever while descriptors are out. */
static void
pause_accepting(struct loop *l)
{
	for (size_t i = 0; i < l->nlistener; i++)
		epoll_ctl(
		    l->epoll, EPOLL_CTL_DEL, l->listener[i].source.fd, NULL);
	l->accept_after_ns = l->now_ns + ACCEPT_PAUSE_MS * MS_NS;
}

static void
welcome(struct listener *from, int fd, const struct sockaddr_storage *peer)
{
	struct loop *l = from->loop, *to;
	struct http *h = l->http;
	struct arrival a = { .fd = fd, .is_operator = from->is_operator };

	if (from->is_operator && !is_allowed(h, fd)) {
		close(fd);
		return;
	}
	if (!enter(h, peer, &a)) {
		turn_away(fd);
		return;
	}
	count_add(&l->connections, 1);
	to = least_loaded(l);
	atomic_fetch_add(&to->load, 1);
	if (to == l)
		conn_open(l, &a);
	else
		loop_arrive(to, &a);
}

/* Root, the one we run as, and the operator. */
static bool
is_allowed(const struct http *h, int fd)
{
	struct ucred peer;
	socklen_t n = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid() ||
	    peer.uid == h->conf.operator_uid;
}

/* Counts it in, unless there are too many; the operator always finds room. */
static bool
enter(struct http *h, const struct sockaddr_storage *peer, struct arrival *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	const void *address = peer->ss_family == AF_INET6
	    ? (const void *)&v6->sin6_addr
	    : (const void *)&v4->sin_addr;

	if (a->is_operator) {
		atomic_fetch_add(&h->open, 1);
		return true;
	}
	if (atomic_fetch_add(&h->open, 1) >= h->conf.connections_max) {
		atomic_fetch_sub(&h->open, 1);
		return false;
	}
	a->address_slot = address_slot(h, peer);
	if (atomic_fetch_add(&h->address[a->address_slot], 1) >=
	    h->address_max) {
		address_leave(h, a->address_slot);
		atomic_fetch_sub(&h->open, 1);
		return false;
	}
	must(inet_ntop(peer->ss_family, address, a->address,
		 sizeof(a->address)) != NULL);
	return true;
}

unsigned
address_slot(const struct http *h, const struct sockaddr_storage *peer)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	uint8_t bytes[ADDRESS_BYTES];
	uint64_t half[2];

	if (peer->ss_family == AF_INET6)
		memcpy(bytes, &v6->sin6_addr, sizeof(bytes));
	else
		address_of_v4((const uint8_t *)&v4->sin_addr, bytes);
	address_counted(bytes);
	memcpy(half, bytes, sizeof(half));
	return (unsigned)(mix(mix(half[0] ^ h->address_key) ^ half[1]) %
	    ADDRESS_SLOTS);
}

/* splitmix64's finisher: every bit of the input moves every bit of the output. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void
address_leave(struct http *h, unsigned slot)
{
	atomic_fetch_sub(&h->address[slot], 1);
}

/* Cheap: nothing of the request is read. */
static void
turn_away(int fd)
{
	static const char busy[] =
	    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
	    "Connection: close\r\nContent-Length: 0\r\n\r\n";

	/* Whether it arrives is the peer's affair. */
	if (send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
		shutdown(fd, SHUT_WR);
	close(fd);
}

/* This loop if no other has less to do. */
static struct loop *
least_loaded(struct loop *mine)
{
	struct http *h = mine->http;
	struct loop *best = mine;

	for (size_t i = 0; i < h->conf.loops; i++)
		if (atomic_load(&h->loop[i].load) < atomic_load(&best->load))
			best = &h->loop[i];
	return best;
}

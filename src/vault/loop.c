/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - see loop.h. */
#include "vault/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { AT_STOP, AT_EXPORT, AT_HASHER, AT_PEERS };

struct loop {
	struct server *s;
	struct peer   *peer[CHANNELS_MAX];
	struct pollfd  poll[AT_PEERS + CHANNELS_MAX];
	size_t	       n;
};

static void wait_for(struct loop *);
static bool turn(struct loop *, size_t i);
static bool take(struct peer *);
static bool serve_all(struct server *, struct peer *);
static bool send_out(struct peer *, size_t *sent);
static bool has_room(const struct peer *);
static void end(struct loop *, size_t i);

void
loop_run(struct server *s, const int *fd, size_t n, int stop_fd)
{
	struct loop *l = heap_alloc(1, sizeof(*l));

	must(n <= CHANNELS_MAX);
	l->s = s;
	l->n = n;
	l->poll[AT_STOP] = (struct pollfd) { .fd = stop_fd, .events = POLLIN };
	l->poll[AT_EXPORT] =
	    (struct pollfd) { .fd = s->export.wake_fd, .events = POLLIN };
	l->poll[AT_HASHER] =
	    (struct pollfd) { .fd = s->hasher.wake_fd, .events = POLLIN };
	for (size_t i = 0; i < n; i++) {
		l->peer[i] = heap_alloc(1, sizeof(struct peer));
		peer_open(l->peer[i], fd[i]);
	}
	for (;;) {
		for (size_t i = l->n; i-- > 0;)
			if (!turn(l, i))
				end(l, i);
		if (l->n == 0)
			break;
		wait_for(l);
		if (l->poll[AT_STOP].revents != 0)
			break;
		if (l->poll[AT_EXPORT].revents != 0)
			export_finish(s);
		if (l->poll[AT_HASHER].revents != 0)
			hashes_finish(s);
		if (heads_due_ms(&s->heads, clock_mono_ns()) == 0)
			heads_sync(&s->heads);
	}
	while (l->n > 0)
		end(l, l->n - 1);
	heap_free(l);
}

static void
wait_for(struct loop *l)
{
	const int due_ms = heads_due_ms(&l->s->heads, clock_mono_ns());

	for (size_t i = 0; i < l->n; i++) {
		const struct peer *p = l->peer[i];

		l->poll[AT_PEERS + i] = (struct pollfd) { .fd = p->fd,
			.events = (short)((has_room(p) ? POLLIN : 0) |
			    (p->out.n > 0 ? POLLOUT : 0)) };
	}
	if (poll(l->poll, AT_PEERS + l->n, due_ms) < 0) {
		if (errno != EINTR)
			fatal("poll");
		for (size_t i = 0; i < COUNT(l->poll); i++)
			l->poll[i].revents = 0;
	}
}

/* A frame of one more read could be taken and answered. */
static bool
has_room(const struct peer *p)
{
	return !p->is_waiting && p->in_n < FRAME_MAX &&
	    p->out.n + ANSWER_ROOM <= ANSWERS_MAX;
}

/* What poll() said of peer I, and what was left over.  false: it has ended. */
static bool
turn(struct loop *l, size_t i)
{
	const short revents = l->poll[AT_PEERS + i].revents;
	struct peer *p = l->peer[i];

	l->poll[AT_PEERS + i].revents = 0;
	/* Gone while we wait or owe it much: nobody reads the answers. */
	if ((revents & (POLLHUP | POLLERR)) != 0 && !has_room(p))
		return false;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take(p))
		return false;
	return serve_all(l->s, p);
}

/* One read a turn, so that no channel starves another. */
static bool
take(struct peer *p)
{
	ssize_t n = read(p->fd, p->in + p->in_n, FRAME_MAX - p->in_n);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	p->in_n += (size_t)n;
	return n > 0;
}

/* Serves and sends until the channel has no more to give or takes no more. */
static bool
serve_all(struct server *s, struct peer *p)
{
	size_t served, sent;

	do {
		struct str bytes = { (char *)p->in, p->in_n };

		if (!serve(s, p, &bytes))
			return false;
		served = p->in_n - bytes.n;
		/* What was served holds people's data in clear. */
		memmove(p->in, bytes.p, bytes.n);
		secret_wipe(p->in + bytes.n, served);
		p->in_n = bytes.n;
		if (!send_out(p, &sent))
			return false;
	} while (served > 0 || sent > 0);
	return true;
}

static bool
send_out(struct peer *p, size_t *sent)
{
	*sent = 0;
	while (*sent < p->out.n) {
		ssize_t n = send(
		    p->fd, p->out.p + *sent, p->out.n - *sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return false;
		*sent += (size_t)n;
	}
	buf_drop(&p->out, *sent);
	secret_wipe(p->out.p + p->out.n, *sent);
	return true;
}

static void
end(struct loop *l, size_t i)
{
	struct peer *p = l->peer[i];

	log_event(LOG_INFO, "channel_closed", LOG_NUM("left", l->n - 1));
	export_forget(l->s, p);
	hashes_forget(l->s, p);
	close(p->fd);
	peer_close(p);
	heap_free(p);
	l->n--;
	for (size_t k = i; k < l->n; k++)
		l->peer[k] = l->peer[k + 1];
}

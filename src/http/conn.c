/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.c - a connection: bytes in, one request at a time, bytes out.
 *
 * The socket is watched edge-triggered, once and for all events; may_read and
 * may_write remember what it last said.  conn_run() takes the connection as
 * far as it goes without waiting and is called whenever anything changed.
 */
#include "http/http_int.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void ready(struct source *, uint32_t);
static bool input(struct conn *, struct str *);
static void let_go(struct conn *);

void
conn_open(struct loop *l, struct arrival *a)
{
	struct conn *c = heap_alloc(1, sizeof(*c));

	c->source = (struct source) { ready, a->fd };
	c->loop = l;
	c->state = CONN_IDLE;
	c->out_end = &c->out;
	c->since_ns = l->now_ns;
	c->may_write = c->is_fresh = true;
	c->is_operator = a->is_operator;
	c->address_slot = a->address_slot;
	memcpy(c->address, a->address, sizeof(c->address));
	buf_init(&c->left, NULL, SCRATCH_MAX);
	c->next = l->conns;
	c->link = &l->conns;
	if (c->next != NULL)
		c->next->link = &c->next;
	l->conns = c;
	l->nconns++;
	if (!loop_watch(
		l, &c->source, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
		conn_close(c);
	else if (l->is_draining)
		conn_drain(c);
	else
		deadline_set(c);
}

static void
ready(struct source *s, uint32_t events)
{
	struct conn *c = (struct conn *)s;

	if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
		conn_close(c);
		return;
	}
	if ((events & (EPOLLIN | EPOLLRDHUP)) != 0)
		c->may_read = true;
	if ((events & EPOLLRDHUP) != 0)
		c->saw_end = true;
	if ((events & EPOLLOUT) != 0)
		c->may_write = true;
	conn_run(c);
}

void
conn_run(struct conn *c)
{
	struct str in;
	size_t had;
	bool from_left;

	if (c->state == CONN_LINGER) {
		output_linger(c);
		return;
	}
	for (int i = 0; i < RECVS_MAX && conn_wants(c) && input(c, &in); i++) {
		from_left = c->left.n > 0;
		had = in.n;
		input_feed(c, &in);
		if (from_left)
			buf_drop(&c->left, had - in.n);
		else if (in.n > 0)
			buf_str(&c->left, in);
	}
	if (c->left.n == 0)
		buf_fini(&c->left);
	if (c->source.fd >= 0 && c->left.n == 0) {
		if (c->state == CONN_DISCARD) {
			c->ex->closes = c->lingers = true;
			input_refuse(c);
		}
		if (c->is_eof)
			input_end(c);
	}
	output_flush(c);
	if (conn_wants(c) && (c->left.n > 0 || c->may_read))
		loop_again(c);
	deadline_set(c);
}

bool
conn_wants(const struct conn *c)
{
	if (c->source.fd < 0)
		return false;
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		return output_has_room(c);
	case CONN_BODY:
		return !c->is_paused && !c->ex->is_answered;
	case CONN_DISCARD:
		return c->left.n > 0;
	default:
		return false;
	}
}

/* What was left over, or what the socket has.  false: nothing now. */
static bool
input(struct conn *c, struct str *in)
{
	struct loop *l = c->loop;
	ssize_t n;

	if (c->left.n > 0) {
		*in = buf_view(&c->left);
		return true;
	}
	if (!c->may_read)
		return false;
	n = recv(c->source.fd, l->scratch, SCRATCH_MAX, 0);
	if (n > 0) {
		/* Less than asked for: it is empty, and new bytes are a new edge. */
		if (n < SCRATCH_MAX && !c->saw_end)
			c->may_read = false;
		count_add(&l->bytes_in, (uint64_t)n);
		*in = (struct str) { l->scratch, (size_t)n };
		return true;
	}
	c->may_read = n < 0 && errno == EINTR;
	if (n == 0)
		c->is_eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		conn_close(c);
	return false;
}

void
conn_reply(struct exchange *ex)
{
	struct conn *c = ex->conn;

	ex->loop->held--;
	ex->is_held = ex->is_answered = false;
	if (c == NULL) {
		exchange_end(ex);
		return;
	}
	if (ex->late.err != OK) {
		ex->closes = true;
		ex->err = exchange_fail(ex, &ex->late);
		reply_refuse(ex, ex->err);
	}
	/* Answered before its body's end: the rest is read and thrown away. */
	if (c->state == CONN_BODY)
		c->lingers = true;
	conn_put(c);
	conn_run(c);
}

void
conn_room(struct exchange *ex)
{
	struct conn *c = ex->conn;

	if (c == NULL)
		return;
	c->is_paused = false;
	c->since_ns = c->loop->now_ns;
	conn_run(c);
}

void
conn_put(struct conn *c)
{
	struct exchange *ex = c->ex;

	must(c->state != CONN_BODY || ex->closes);
	output_add(c, ex);
	c->ex = NULL;
	c->is_paused = false;
	c->since_ns = c->loop->now_ns;
	c->state = ex->closes || c->loop->is_draining ? CONN_LAST : CONN_IDLE;
}

void
conn_drain(struct conn *c)
{
	/* A request that has arrived but was not announced yet is still served. */
	c->may_read = true;
	conn_run(c);
	if (c->source.fd < 0 || c->state != CONN_IDLE)
		return;
	c->state = CONN_LAST;
	conn_run(c);
}

void
conn_close(struct conn *c)
{
	struct loop *l = c->loop;
	struct exchange *ex;

	if (c->source.fd < 0)
		return;
	/* Closing alone would do, were there never a forked child with a copy. */
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->source.fd, NULL);
	close(c->source.fd);
	c->source.fd = -1;
	timer_clear(&c->timer);
	while ((ex = c->out) != NULL) {
		c->out = ex->next;
		exchange_end(ex);
	}
	if (c->ex != NULL)
		let_go(c);
	buf_fini(&c->left);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	l->nconns--;
	if (!c->is_operator)
		address_leave(l->http, c->address_slot);
	atomic_fetch_sub(&l->http->open, 1);
	atomic_fetch_sub(&l->load, 1);
	c->next = l->dead;
	l->dead = c;
}

/* The connection ends before its exchange. */
static void
let_go(struct conn *c)
{
	struct exchange *ex = c->ex;

	c->ex = NULL;
	ex->conn = NULL;
	if (!ex->is_held) {
		exchange_drop(ex);
		return;
	}
	if (ex->stream != NULL && c->state == CONN_BODY)
		stream_end(ex->stream, true);
}

void
conn_free(struct conn *c)
{
	heap_free(c);
}

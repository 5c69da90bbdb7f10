/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.c - replies on their way out, and the last words of a connection.
 */
#include "http/http_int.h"

#include <errno.h>
#include <sys/uio.h>

static void sent(struct conn *, size_t);
static void finish(struct conn *);

/* A client that sends and never reads is not read from either. */
bool
output_has_room(const struct conn *c)
{
	return c->nout < OUT_EXCHANGES_MAX && c->out_bytes < OUT_BYTES_MAX;
}

void
output_add(struct conn *c, struct exchange *ex)
{
	*c->out_end = ex;
	c->out_end = &ex->next;
	c->nout++;
	c->out_bytes += ex->out.n;
}

/* Sends what waits, unless another reply for it will be ready in a moment. */
void
output_flush(struct conn *c)
{
	struct iovec iov[OUT_EXCHANGES_MAX + 1];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	if (c->ex != NULL && c->ex->is_answered && output_has_room(c))
		return;
	while (c->source.fd >= 0 && c->out != NULL && c->may_write) {
		msg.msg_iovlen = 0;
		for (struct exchange *ex = c->out;
		     ex != NULL && msg.msg_iovlen < COUNT(iov); ex = ex->next)
			iov[msg.msg_iovlen++] =
			    (struct iovec) { ex->out.p + ex->sent,
				    ex->out.n - ex->sent };
		n = sendmsg(c->source.fd, &msg, MSG_NOSIGNAL);
		if (n >= 0)
			sent(c, (size_t)n);
		else if (errno == EAGAIN)
			c->may_write = false;
		else if (errno != EINTR)
			conn_close(c);
	}
	if (c->out != NULL && c->out_since_ns == 0)
		deadline_out(c);
	if (c->source.fd >= 0 && c->out == NULL && c->state == CONN_LAST)
		finish(c);
}

static void
sent(struct conn *c, size_t n)
{
	struct exchange *ex;

	count_add(&c->loop->bytes_out, n);
	c->out_bytes -= n;
	c->out_since_ns = 0;
	while ((ex = c->out) != NULL && n >= ex->out.n - ex->sent) {
		n -= ex->out.n - ex->sent;
		ex->sent = ex->out.n;
		c->out = ex->next;
		c->nout--;
		c->out_by_ns = 0;
		exchange_end(ex);
	}
	if (c->out == NULL)
		c->out_end = &c->out;
	else
		c->out->sent += n;
}

/*
 * All is said.  If the peer may still be sending, closing now would reset the
 * connection and could destroy the reply before it is read (RFC 9112 9.6).
 */
static void
finish(struct conn *c)
{
	bool may_come = c->lingers || c->left.n > 0 || c->may_read;

	if (c->is_eof || !may_come || shutdown(c->source.fd, SHUT_WR) != 0) {
		conn_close(c);
		return;
	}
	c->state = CONN_LINGER;
	c->since_ns = c->loop->now_ns;
	buf_fini(&c->left);
	output_linger(c);
}

void
output_linger(struct conn *c)
{
	ssize_t n;

	for (int i = 0; i < RECVS_MAX && c->may_read; i++) {
		n = recv(c->source.fd, c->loop->scratch, SCRATCH_MAX, 0);
		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		c->may_read = false;
		if (n == 0 || errno != EAGAIN) {
			conn_close(c);
			return;
		}
	}
	if (c->may_read)
		loop_again(c);
	deadline_set(c);
}

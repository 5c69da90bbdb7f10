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
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

static void ready(struct source *, uint32_t);
static bool wants(const struct conn *);
static bool has_out_room(const struct conn *);
static bool input(struct conn *, struct str *);
static void feed(struct conn *, struct str *);
static void begin(struct conn *);
static bool part_of(struct conn *, struct str, struct str *);
static void on_head(struct conn *, struct str);
static void on_body(struct conn *, struct str);
static void on_whole(struct conn *, struct str);
static void on_refused(struct conn *, struct str);
static enum err admit(struct conn *);
static enum err check_size(struct exchange *);
static void interim(struct conn *);
static void serve(struct conn *);
static bool is_too_slow(struct conn *);
static void spoil(struct conn *, enum err, enum msg, const char *);
static void answer_refusal(struct conn *);
static void put(struct conn *);
static void append(struct conn *, struct exchange *);
static void at_eof(struct conn *);
static void flush(struct conn *);
static void sent(struct conn *, size_t);
static void out_waits(struct conn *);
static void finish(struct conn *);
static void linger(struct conn *);
static void arm(struct conn *);
static int64_t in_due_ns(const struct conn *);
static int64_t out_due_ns(const struct conn *);
static bool still_reads(struct conn *);
static void let_go(struct conn *);

static void (*const on_event[])(struct conn *, struct str) = {
	[READER_HEAD] = on_head,
	[READER_BODY] = on_body,
	[READER_WHOLE] = on_whole,
	[READER_REFUSED] = on_refused,
};

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
	if (!loop_watch(l, &c->source,
		EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
		conn_close(c);
	else if (l->is_draining)
		conn_drain(c);
	else
		arm(c);
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
		linger(c);
		return;
	}
	for (int i = 0; i < RECVS_MAX && wants(c) && input(c, &in); i++) {
		from_left = c->left.n > 0;
		had = in.n;
		feed(c, &in);
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
			answer_refusal(c);
		}
		if (c->is_eof)
			at_eof(c);
	}
	flush(c);
	if (wants(c) && (c->left.n > 0 || c->may_read))
		loop_again(c);
	arm(c);
}

/* More input would be of use. */
static bool
wants(const struct conn *c)
{
	if (c->source.fd < 0)
		return false;
	switch (c->state) {
	case CONN_IDLE:
	case CONN_HEAD:
		return has_out_room(c);
	case CONN_BODY:
		return !c->is_paused && !c->ex->is_answered;
	case CONN_DISCARD:
		return c->left.n > 0;
	default:
		return false;
	}
}

/* A client that sends and never reads is not read from either. */
static bool
has_out_room(const struct conn *c)
{
	return c->nout < OUT_EXCHANGES_MAX && c->out_bytes < OUT_BYTES_MAX;
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

/* Takes what it can of *IN; what is left over is not wanted now. */
static void
feed(struct conn *c, struct str *in)
{
	struct str part, piece;
	enum reader_event event;
	size_t had;

	while (wants(c) || c->state == CONN_DISCARD) {
		if (c->state == CONN_IDLE) {
			if (in->n == 0)
				return;
			begin(c);
		}
		if (!part_of(c, *in, &part))
			return;
		had = part.n;
		event = reader_feed(&c->ex->reader, &part, &piece);
		*in = str_sub(*in, had - part.n, SIZE_MAX);
		if (event != READER_MORE)
			on_event[event](c, piece);
		else if (in->n == 0)
			return;
	}
}

static void
begin(struct conn *c)
{
	struct exchange *ex = exchange_take(c->loop, c);

	ex->request.is_operator = c->is_operator;
	/* A copy: a request that others hold may outlive its connection. */
	memcpy(ex->address, c->address, sizeof(ex->address));
	ex->request.address = str_of(ex->address);
	c->ex = ex;
	c->state = CONN_HEAD;
	/* A new connection's first head has its time from the start on. */
	if (!c->is_fresh)
		c->since_ns = c->loop->now_ns;
}

/* As much of IN as a stream has room for; false: none, wait for mail. */
static bool
part_of(struct conn *c, struct str in, struct str *part)
{
	size_t room;

	*part = in;
	if (c->state != CONN_BODY || c->ex->stream == NULL)
		return true;
	room = stream_room(c->ex->stream);
	c->is_paused = room == 0;
	*part = str_sub(in, 0, room);
	return !c->is_paused;
}

static void
on_head(struct conn *c, struct str piece)
{
	struct exchange *ex = c->ex;
	struct reader *r = &ex->reader;

	must(piece.n == 0);
	ex->request.method = r->method;
	ex->request.nheader = reader_headers(r, ex->header);
	request_name(&ex->request, ex->id);
	ex->closes = r->closes;
	c->is_fresh = false;
	c->state = CONN_BODY;
	c->since_ns = c->loop->now_ns;
	c->waited_ns = 0;
	ex->err = request_decode(&ex->request, reader_target(r));
	if (ex->err != OK) {
		count_add(&c->loop->refused_heads, 1);
		ex->closes = c->lingers = true;
		answer_refusal(c);
		return;
	}
	ex->err = admit(c);
	if (ex->err != OK) {
		c->state = CONN_DISCARD;
		return;
	}
	if (r->expects_continue && (r->is_chunked || r->length > 0))
		interim(c);
	if (ex->request.route->streams) {
		ex->stream = stream_open();
		if (!r->is_chunked && r->length == 0) {
			stream_end(ex->stream, false);
			c->state = CONN_SERVE;
		}
		serve(c);
	}
}

static enum err
admit(struct conn *c)
{
	const struct http_door *door = &c->loop->http->conf.door;
	struct request *rq = &c->ex->request;

	TRY(door->route(rq, &c->ex->allow));
	must(rq->route != NULL);
	TRY(door->admit(rq));
	return check_size(c->ex);
}

static enum err
check_size(struct exchange *ex)
{
	const struct reader *r = &ex->reader;
	size_t max = ex->request.route->body_max;

	if (max == 0 && (r->is_chunked || r->length > 0))
		return fail(&ex->request.cx, ERR_BAD_INPUT, MSG_HTTP_NO_BODY,
		    "");
	if (r->length > max)
		return exchange_fail(ex, &(struct trouble) {
		    ERR_TOO_LARGE, MSG_HTTP_BODY_TOO_LARGE, "" });
	return OK;
}

/* Asks for the body, after the replies that are still on their way. */
static void
interim(struct conn *c)
{
	struct exchange *ex = exchange_take(c->loop, NULL);

	ex->is_interim = true;
	buf_str(&ex->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
	append(c, ex);
}

static void
on_body(struct conn *c, struct str piece)
{
	struct exchange *ex = c->ex;

	if (c->state == CONN_DISCARD)
		return;
	ex->received += piece.n;
	if (ex->received > ex->request.route->body_max)
		spoil(c, ERR_TOO_LARGE, MSG_HTTP_BODY_TOO_LARGE, "");
	else if (is_too_slow(c))
		spoil(c, ERR_BAD_INPUT, MSG_HTTP_SLOW, "");
	else if (ex->stream != NULL)
		stream_put(ex->stream, piece);
	else
		buf_str(&ex->body, piece);
}

/* Counts only the time spent waiting for the client, not for the stream's reader. */
static bool
is_too_slow(struct conn *c)
{
	struct loop *l = c->loop;
	int64_t allowed_ms = l->http->conf.body_ms;

	c->waited_ns += l->now_ns - c->since_ns;
	c->since_ns = l->now_ns;
	allowed_ms += (int64_t)(c->ex->received * 1000 / RATE_MIN);
	if (c->waited_ns <= allowed_ms * MS_NS)
		return false;
	count_add(&l->slow_closed, 1);
	return true;
}

static void
on_whole(struct conn *c, struct str piece)
{
	struct exchange *ex = c->ex;

	must(piece.n == 0);
	if (c->state == CONN_DISCARD) {
		answer_refusal(c);
		return;
	}
	c->state = CONN_SERVE;
	if (ex->stream != NULL) {
		stream_end(ex->stream, false);
		return;
	}
	ex->request.body = buf_view(&ex->body);
	serve(c);
}

static void
serve(struct conn *c)
{
	struct loop *l = c->loop;

	count_add(&l->requests, 1);
	c->ex->is_held = true;
	l->held++;
	l->http->conf.door.serve(&c->ex->request);
}

static void
on_refused(struct conn *c, struct str piece)
{
	struct exchange *ex = c->ex;
	const struct reader *r = &ex->reader;

	must(piece.n == 0);
	if (c->state == CONN_HEAD) {
		count_add(&c->loop->refused_heads, 1);
		ex->request.nheader = reader_headers(r, ex->header);
		request_name(&ex->request, ex->id);
	}
	spoil(c, r->err, r->msg, r->field);
}

/*
 * The request can never be whole.  Answers it; or, if another thread holds it,
 * ends its stream and keeps the reason for when the reply comes.
 */
static void
spoil(struct conn *c, enum err err, enum msg msg, const char *field)
{
	struct exchange *ex = c->ex;
	struct trouble t = { err, msg, field };

	c->lingers = true;
	if (ex->is_held) {
		ex->late = t;
		stream_end(ex->stream, true);
		c->state = CONN_SERVE;
		return;
	}
	ex->err = exchange_fail(ex, &t);
	ex->closes = true;
	answer_refusal(c);
}

static void
answer_refusal(struct conn *c)
{
	reply_refuse(c->ex, c->ex->err);
	put(c);
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
	put(c);
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

/* The exchange is answered: on to the next one, unless this was the last. */
static void
put(struct conn *c)
{
	struct exchange *ex = c->ex;

	must(c->state != CONN_BODY || ex->closes);
	append(c, ex);
	c->ex = NULL;
	c->is_paused = false;
	c->since_ns = c->loop->now_ns;
	c->state = ex->closes || c->loop->is_draining ? CONN_LAST : CONN_IDLE;
}

static void
append(struct conn *c, struct exchange *ex)
{
	*c->out_end = ex;
	c->out_end = &ex->next;
	c->nout++;
	c->out_bytes += ex->out.n;
}

/* The peer will send no more, but may still read. */
static void
at_eof(struct conn *c)
{
	if (c->state == CONN_IDLE)
		c->state = CONN_LAST;
	else if (c->state == CONN_HEAD || c->state == CONN_BODY)
		spoil(c, ERR_BAD_INPUT, MSG_HTTP_CUT_SHORT, "");
}

/* Sends what waits, unless another reply for it will be ready in a moment. */
static void
flush(struct conn *c)
{
	struct iovec iov[OUT_EXCHANGES_MAX + 1];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n;

	if (c->ex != NULL && c->ex->is_answered && has_out_room(c))
		return;
	while (c->source.fd >= 0 && c->out != NULL && c->may_write) {
		msg.msg_iovlen = 0;
		for (struct exchange *ex = c->out;
		     ex != NULL && msg.msg_iovlen < COUNT(iov); ex = ex->next)
			iov[msg.msg_iovlen++] = (struct iovec) {
				ex->out.p + ex->sent, ex->out.n - ex->sent
			};
		n = sendmsg(c->source.fd, &msg, MSG_NOSIGNAL);
		if (n >= 0)
			sent(c, (size_t)n);
		else if (errno == EAGAIN)
			c->may_write = false;
		else if (errno != EINTR)
			conn_close(c);
	}
	if (c->out != NULL && c->out_since_ns == 0)
		out_waits(c);
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

/* The peer has to take some of it soon, and all of it some time. */
static void
out_waits(struct conn *c)
{
	struct loop *l = c->loop;
	int64_t ms = l->http->conf.body_ms;

	c->out_since_ns = l->now_ns;
	c->out_queued = -1;
	ms += (int64_t)(c->out_bytes * 1000 / RATE_MIN);
	if (c->out_by_ns == 0)
		c->out_by_ns = l->now_ns + ms * MS_NS;
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
	linger(c);
}

static void
linger(struct conn *c)
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
	arm(c);
}

/* Sets the timer to whichever deadline comes first. */
static void
arm(struct conn *c)
{
	int64_t in = in_due_ns(c), out = out_due_ns(c);

	if (c->source.fd < 0)
		return;
	if (in == 0 || (out != 0 && out < in))
		in = out;
	timer_set(c->loop, &c->timer, in);
}

/* When the peer must have sent something; 0: we are not waiting for it. */
static int64_t
in_due_ns(const struct conn *c)
{
	const struct http_conf *conf = &c->loop->http->conf;
	const int64_t ms[CONN_STATES] = {
		[CONN_IDLE] = c->is_fresh ? conf->head_ms : conf->idle_ms,
		[CONN_HEAD] = conf->head_ms,
		[CONN_BODY] = c->is_paused ? 0 : conf->body_ms,
		[CONN_LINGER] = LINGER_MS,
	};

	return ms[c->state] == 0 ? 0 : c->since_ns + ms[c->state] * MS_NS;
}

/* When the peer must have taken something; 0: nothing waits. */
static int64_t
out_due_ns(const struct conn *c)
{
	int64_t due = c->out_since_ns + c->loop->http->conf.body_ms * MS_NS;

	if (c->out == NULL)
		return 0;
	return due < c->out_by_ns ? due : c->out_by_ns;
}

void
conn_late(struct timer *t)
{
	struct conn *c = (struct conn *)((char *)t -
	    offsetof(struct conn, timer));
	struct loop *l = c->loop;
	bool is_slow = c->state == CONN_HEAD || c->state == CONN_BODY;

	if (out_due_ns(c) != 0 && out_due_ns(c) <= l->now_ns) {
		if (still_reads(c)) {
			arm(c);
			return;
		}
		count_add(&l->slow_closed, 1);
		conn_close(c);
		return;
	}
	if (!is_slow) {
		conn_close(c);
		return;
	}
	count_add(&l->slow_closed, 1);
	spoil(c, ERR_BAD_INPUT, MSG_HTTP_SLOW, "");
	conn_run(c);
}

/*
 * The kernel asks for more only when a good part of its buffer is free; so a
 * slow peer may be reading although we could not send.
 */
static bool
still_reads(struct conn *c)
{
	int before = c->out_queued;

	if (c->out_by_ns <= c->loop->now_ns ||
	    ioctl(c->source.fd, SIOCOUTQ, &c->out_queued) != 0)
		return false;
	c->out_since_ns = c->loop->now_ns;
	return before < 0 || c->out_queued < before;
}

void
conn_drain(struct conn *c)
{
	conn_run(c);
	if (c->source.fd < 0 || c->state != CONN_IDLE)
		return;
	c->state = CONN_LAST;
	conn_run(c);
}

/* Its memory stays until conn_free(): callers up the stack may still look. */
void
conn_close(struct conn *c)
{
	struct loop *l = c->loop;
	struct exchange *ex;

	if (c->source.fd < 0)
		return;
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.c - what comes in on a connection, up to the door and to refusals.
 */
#include "http/http_int.h"

#include <string.h>

static void begin(struct conn *);
static bool part_of(struct conn *, struct str, struct str *);
static void on_head(struct conn *, struct str);
static enum err admit(struct conn *);
static enum err check_size(struct exchange *);
static void interim(struct conn *);
static void on_body(struct conn *, struct str);
static bool is_too_slow(struct conn *);
static void on_whole(struct conn *, struct str);
static void serve(struct conn *);
static void on_refused(struct conn *, struct str);

static void (*const on_event[])(struct conn *, struct str) = {
	[READER_HEAD] = on_head,
	[READER_BODY] = on_body,
	[READER_WHOLE] = on_whole,
	[READER_REFUSED] = on_refused,
};

/* Takes what it can of *IN; what is left over is not wanted now. */
void
input_feed(struct conn *c, struct str *in)
{
	struct str part, piece;
	enum reader_event event;
	size_t had;

	while (conn_wants(c) || c->state == CONN_DISCARD) {
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
	/* Nothing needs no room: a body that just fills it is whole. */
	if (c->state != CONN_BODY || c->ex->stream == NULL || in.n == 0)
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
	request_name(&ex->request);
	ex->closes = r->closes;
	c->is_fresh = false;
	c->state = CONN_BODY;
	c->since_ns = c->loop->now_ns;
	c->waited_ns = 0;
	ex->err = request_decode(&ex->request, reader_target(r));
	if (ex->err != OK) {
		count_add(&c->loop->refused_heads, 1);
		ex->closes = c->lingers = true;
		input_refuse(c);
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
	const struct reader *r = &c->ex->reader;
	struct request *rq = &c->ex->request;

	TRY(door->route(rq, &c->ex->allow));
	must(rq->route != NULL);
	rq->body_most = rq->route->body_max;
	/* What is too long is refused, and takes nothing. */
	if (!r->is_chunked)
		rq->body_most =
		    r->length <= rq->body_most ? (size_t)r->length : 0;
	TRY(door->admit(rq));
	c->ex->is_admitted = true;
	return check_size(c->ex);
}

static enum err
check_size(struct exchange *ex)
{
	const struct reader *r = &ex->reader;
	size_t max = ex->request.route->body_max;

	if (max == 0 && (r->is_chunked || r->length > 0))
		return fail(
		    &ex->request.cx, ERR_BAD_INPUT, MSG_HTTP_NO_BODY, "");
	if (r->length > max)
		return exchange_fail(ex,
		    &(struct trouble) {
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
	output_add(c, ex);
}

static void
on_body(struct conn *c, struct str piece)
{
	struct exchange *ex = c->ex;

	if (c->state == CONN_DISCARD)
		return;
	ex->received += piece.n;
	if (ex->received > ex->request.route->body_max)
		input_spoil(c, ERR_TOO_LARGE, MSG_HTTP_BODY_TOO_LARGE, "");
	else if (is_too_slow(c))
		input_spoil(c, ERR_BAD_INPUT, MSG_HTTP_SLOW, "");
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
		input_refuse(c);
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
	if (c->state == CONN_HEAD)
		count_add(&c->loop->refused_heads, 1);
	input_spoil(c, r->err, r->msg, r->field);
}

/*
 * The request can never be whole.  Answers it; or, if another thread holds it,
 * ends its stream and keeps the reason for when the reply comes.
 */
void
input_spoil(struct conn *c, enum err err, enum msg msg, const char *field)
{
	struct exchange *ex = c->ex;
	struct trouble t = { err, msg, field };

	c->lingers = true;
	if (c->state == CONN_HEAD) {
		ex->request.nheader = reader_headers(&ex->reader, ex->header);
		request_name(&ex->request);
		request_place(&ex->request, reader_target(&ex->reader));
	}
	if (ex->is_held) {
		ex->late = t;
		stream_end(ex->stream, true);
		c->state = CONN_SERVE;
		return;
	}
	ex->err = exchange_fail(ex, &t);
	ex->closes = true;
	input_refuse(c);
}

void
input_refuse(struct conn *c)
{
	reply_refuse(c->ex, c->ex->err);
	conn_put(c);
}

/* The peer will send no more, but may still read. */
void
input_end(struct conn *c)
{
	if (c->state == CONN_IDLE)
		c->state = CONN_LAST;
	else if (c->state == CONN_HEAD || c->state == CONN_BODY)
		input_spoil(c, ERR_BAD_INPUT, MSG_HTTP_CUT_SHORT, "");
}

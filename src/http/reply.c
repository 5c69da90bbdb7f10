/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c - a reply becomes bytes, on whatever thread gives it.
 */
#include "http/http_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static const struct {
	int	    status;
	const char *line;
} lines[] = {
	{ 200, "HTTP/1.1 200 OK\r\n" },
	{ 201, "HTTP/1.1 201 Created\r\n" },
	{ 202, "HTTP/1.1 202 Accepted\r\n" },
	{ 204, "HTTP/1.1 204 No Content\r\n" },
	{ 207, "HTTP/1.1 207 Multi-Status\r\n" },
	{ 304, "HTTP/1.1 304 Not Modified\r\n" },
	{ 400, "HTTP/1.1 400 Bad Request\r\n" },
	{ 401, "HTTP/1.1 401 Unauthorized\r\n" },
	{ 403, "HTTP/1.1 403 Forbidden\r\n" },
	{ 404, "HTTP/1.1 404 Not Found\r\n" },
	{ 405, "HTTP/1.1 405 Method Not Allowed\r\n" },
	{ 408, "HTTP/1.1 408 Request Timeout\r\n" },
	{ 409, "HTTP/1.1 409 Conflict\r\n" },
	{ 412, "HTTP/1.1 412 Precondition Failed\r\n" },
	{ 413, "HTTP/1.1 413 Content Too Large\r\n" },
	{ 414, "HTTP/1.1 414 URI Too Long\r\n" },
	{ 415, "HTTP/1.1 415 Unsupported Media Type\r\n" },
	{ 417, "HTTP/1.1 417 Expectation Failed\r\n" },
	{ 422, "HTTP/1.1 422 Unprocessable Content\r\n" },
	{ 428, "HTTP/1.1 428 Precondition Required\r\n" },
	{ 429, "HTTP/1.1 429 Too Many Requests\r\n" },
	{ 431, "HTTP/1.1 431 Request Header Fields Too Large\r\n" },
	{ 500, "HTTP/1.1 500 Internal Server Error\r\n" },
	{ 501, "HTTP/1.1 501 Not Implemented\r\n" },
	{ 502, "HTTP/1.1 502 Bad Gateway\r\n" },
	{ 503, "HTTP/1.1 503 Service Unavailable\r\n" },
	{ 505, "HTTP/1.1 505 HTTP Version Not Supported\r\n" },
	{ 507, "HTTP/1.1 507 Insufficient Storage\r\n" },
};

static void write_reply(struct exchange *, const struct reply *);
static bool must_close(struct exchange *);
static void put_status(struct buf *, int);
static void put_date(struct buf *);
static void put_id(struct buf *, const struct trace *);
static void put_header(struct buf *, struct str, struct str);

void
http_reply(struct request *rq, const struct reply *reply)
{
	struct exchange *ex = exchange_of(rq);

	must(ex->is_held && ex->status == 0);
	write_reply(ex, reply);
	if (loop_is_mine(ex->loop))
		loop_done(ex);
	else
		loop_mail(ex, MAIL_REPLY);
}

void
reply_refuse(struct exchange *ex, enum err err)
{
	struct request *rq = &ex->request;
	struct reply reply = { .status = err_info(err)->http };

	ex->loop->http->conf.door.refuse(rq, err, &reply);
	reply.status = http_status_of(rq->cx.fault.msg, reply.status);
	if (ex->allow.n > 0) {
		must(reply.nheader < REPLY_HEADERS_MAX);
		reply.header[reply.nheader++] =
		    (struct header) { STR("Allow"), ex->allow };
	}
	write_reply(ex, &reply);
}

static void
write_reply(struct exchange *ex, const struct reply *reply)
{
	struct buf *b = &ex->out;
	const char *type = reply->content_type;
	bool has_body = reply->status != 204 && reply->status != 304;

	must(reply->nheader <= REPLY_HEADERS_MAX);
	ex->status = reply->status;
	ex->closes = must_close(ex);
	buf_clear(b);
	put_status(b, reply->status);
	put_date(b);
	put_id(b, &ex->request.trace);
	buf_str(b,
	    STR("Cache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n"));
	if (has_body && reply->body.n > 0)
		put_header(b, STR("Content-Type"),
		    str_of(type != NULL ? type : "application/json"));
	if (ex->closes)
		buf_str(b, STR("Connection: close\r\n"));
	for (size_t i = 0; i < reply->nheader; i++)
		put_header(b, reply->header[i].name, reply->header[i].value);
	if (has_body)
		buf_fmt(b, "Content-Length: %zu\r\n", reply->body.n);
	buf_str(b, STR("\r\n"));
	if (has_body && !ex->reader.is_head)
		buf_str(b, reply->body);
	must(!b->over);
}

/* A body that is not read to its end leaves the connection without a known place in it. */
static bool
must_close(struct exchange *ex)
{
	if (ex->closes || atomic_load(&ex->loop->http->is_closing))
		return true;
	return ex->stream != NULL && !stream_is_whole(ex->stream);
}

static void
put_status(struct buf *b, int status)
{
	must(status >= 200 && status <= 599);
	for (size_t i = 0; i < COUNT(lines); i++) {
		if (lines[i].status == status) {
			buf_z(b, lines[i].line);
			return;
		}
	}
	buf_fmt(b, "HTTP/1.1 %d \r\n", status);
}

/* Made once a second on each thread. */
static void
put_date(struct buf *b)
{
	static _Thread_local char text[80];
	static _Thread_local time_t made = -1;
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm tm;

	if (now != made) {
		must(gmtime_r(&now, &tm) != NULL);
		/* Not strftime(): its names follow the locale. */
		snprintf(text, sizeof(text),
		    "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n",
		    &"SunMonTueWedThuFriSat"[3 * tm.tm_wday], tm.tm_mday,
		    &"JanFebMarAprMayJunJulAugSepOctNovDec"[3 * tm.tm_mon],
		    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
		made = now;
	}
	buf_z(b, text);
}

/* Who sent a traceparent is told which span was the answer's. */
static void
put_id(struct buf *b, const struct trace *t)
{
	char text[TRACE_TEXT];

	trace_hex(t->id, TRACE_ID, text);
	put_header(b, STR("Request-Id"), (struct str) { text, 2 * TRACE_ID });
	if (!t->is_given)
		return;
	trace_encode(t, text);
	put_header(b, STR("Traceresponse"), (struct str) { text, TRACE_TEXT });
}

/* A line break in a value would begin a header of its own (S-T9). */
static void
put_header(struct buf *b, struct str name, struct str value)
{
	char *p;

	buf_str(b, name);
	buf_str(b, STR(": "));
	p = buf_reserve(b, value.n);
	must(p != NULL);
	for (size_t i = 0; i < value.n; i++)
		p[i] =
		    value.p[i] >= ' ' && value.p[i] <= '~' ? value.p[i] : '?';
	b->n += value.n;
	buf_str(b, STR("\r\n"));
}

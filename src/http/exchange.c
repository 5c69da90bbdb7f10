/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - exchanges are reused with their arena and buffers, so that a
 * request allocates nothing in the usual case.
 */
#include "http/http_int.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static struct exchange *fresh(struct loop *);
static void new_id(struct loop *, struct exchange *);
static void shrink(struct buf *, size_t);

/* C NULL: for something that is no request. */
struct exchange *
exchange_take(struct loop *l, struct conn *c)
{
	struct exchange *ex = l->spare;

	if (ex != NULL) {
		l->spare = ex->next;
		l->nspare--;
	} else {
		ex = fresh(l);
	}
	ex->conn = c;
	ex->next = NULL;
	ex->sent = ex->received = 0;
	ex->status = 0;
	ex->allow = (struct str) { NULL, 0 };
	ex->stream = NULL;
	ex->late = (struct trouble) { 0 };
	ex->err = OK;
	ex->is_held = ex->is_interim = ex->is_answered = ex->closes = false;
	ex->request = (struct request) {
		.cx = { .arena = ex->request.cx.arena, .now_ms = l->now_ms },
		.header = ex->header,
		.started_ns = l->now_ns,
	};
	reader_init(&ex->reader, &ex->head);
	new_id(l, ex);
	return ex;
}

static struct exchange *
fresh(struct loop *l)
{
	struct exchange *ex = heap_alloc(1, sizeof(*ex));

	ex->loop = l;
	ex->request.cx.arena = arena_open(ARENA_MAX);
	buf_init(&ex->head, NULL, READER_HEAD_MAX);
	buf_init(&ex->body, NULL, SIZE_MAX / 2);
	buf_init(&ex->out, NULL, REPLY_MAX);
	return ex;
}

static void
new_id(struct loop *l, struct exchange *ex)
{
	struct trace *t = &ex->request.trace;
	const struct fresh_id *fresh;

	if (l->nids == 0) {
		random_bytes(l->ids, sizeof(l->ids));
		l->nids = REQUEST_IDS;
	}
	fresh = &l->ids[--l->nids];
	memcpy(t->id, fresh->trace, TRACE_ID);
	memcpy(t->span, fresh->span, TRACE_SPAN);
	ex->request.cx.request_id =
	    (struct str) { (const char *)t->id, TRACE_ID };
}

void
exchange_end(struct exchange *ex)
{
	if (!ex->is_interim)
		ex->loop->http->conf.door.ended(
		    &ex->request, ex->status, ex->sent);
	exchange_drop(ex);
}

void
exchange_drop(struct exchange *ex)
{
	struct loop *l = ex->loop;
	const struct http_door *door = &l->http->conf.door;

	stream_close(ex->stream);
	ex->stream = NULL;
	if (ex->is_admitted && door->over != NULL)
		door->over(&ex->request);
	ex->is_admitted = false;
	if (l->nspare == SPARE_MAX) {
		exchange_close(ex);
		return;
	}
	arena_reset(ex->request.cx.arena);
	shrink(&ex->body, SIZE_MAX / 2);
	shrink(&ex->out, REPLY_MAX);
	ex->next = l->spare;
	l->spare = ex;
	l->nspare++;
}

/* Empty again; a buffer that one large request blew up is given back. */
static void
shrink(struct buf *b, size_t max)
{
	b->max = max;
	if (b->cap > KEEP_MAX)
		buf_fini(b);
	buf_clear(b);
}

void
exchange_close(struct exchange *ex)
{
	arena_close(ex->request.cx.arena);
	buf_fini(&ex->head);
	buf_fini(&ex->body);
	buf_fini(&ex->out);
	heap_free(ex);
}

enum err
exchange_fail(struct exchange *ex, const struct trouble *t)
{
	char limit[24];
	const char *arg = t->field;

	if (t->msg == MSG_HTTP_BODY_TOO_LARGE) {
		snprintf(
		    limit, sizeof(limit), "%zu", ex->request.route->body_max);
		arg = limit;
	}
	ex->err = t->err;
	return fail(&ex->request.cx, t->err, t->msg, t->field, arg);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - a body handed piece by piece from a loop to another thread.
 *
 * The ring is the only memory a body of any size takes.  When it is full the
 * loop stops reading the socket; the reader mails it once half is free.
 */
#include "http/http_int.h"

#include <string.h>

static size_t take(struct stream *, char *, size_t);

struct stream *
stream_open(void)
{
	struct stream *s = heap_alloc(1, sizeof(*s));

	s->lock = lock_open();
	s->ring = heap_alloc(STREAM_MAX, 1);
	return s;
}

void
stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	lock_close(s->lock);
	heap_free(s->ring);
	heap_free(s);
}

/* Bytes that stream_put() may add; 0: mail will come when there is room. */
size_t
stream_room(struct stream *s)
{
	size_t room;

	lock_take(s->lock);
	room = STREAM_MAX - s->n;
	s->is_full = room == 0;
	lock_give(s->lock);
	return room;
}

void
stream_put(struct stream *s, struct str bytes)
{
	size_t end, first;

	lock_take(s->lock);
	must(bytes.n <= STREAM_MAX - s->n);
	end = (s->at + s->n) % STREAM_MAX;
	first = bytes.n < STREAM_MAX - end ? bytes.n : STREAM_MAX - end;
	memcpy(s->ring + end, bytes.p, first);
	memcpy(s->ring, bytes.p + first, bytes.n - first);
	if (s->n == 0)
		lock_wake(s->lock);
	s->n += bytes.n;
	lock_give(s->lock);
}

void
stream_end(struct stream *s, bool has_failed)
{
	lock_take(s->lock);
	s->is_ended = true;
	s->has_failed = has_failed;
	lock_wake(s->lock);
	lock_give(s->lock);
}

bool
stream_is_whole(struct stream *s)
{
	bool is_whole;

	lock_take(s->lock);
	is_whole = s->is_ended && !s->has_failed;
	lock_give(s->lock);
	return is_whole;
}

ssize_t
http_body_read(struct request *rq, void *p, size_t max)
{
	struct exchange *ex = exchange_of(rq);
	struct stream *s = ex->stream;
	bool has_room;
	ssize_t n;

	must(s != NULL && max > 0 && !loop_is_mine(ex->loop));
	lock_take(s->lock);
	while (s->n == 0 && !s->is_ended)
		lock_wait(s->lock, -1);
	n = s->has_failed ? -1 : (ssize_t)take(s, p, max);
	has_room = s->is_full && s->n <= STREAM_MAX / 2;
	if (has_room)
		s->is_full = false;
	lock_give(s->lock);
	if (has_room)
		loop_mail(ex, MAIL_ROOM);
	return n;
}

static size_t
take(struct stream *s, char *p, size_t max)
{
	size_t n = max < s->n ? max : s->n;
	size_t first = n < STREAM_MAX - s->at ? n : STREAM_MAX - s->at;

	memcpy(p, s->ring + s->at, first);
	memcpy(p + first, s->ring, n - first);
	s->at = (s->at + n) % STREAM_MAX;
	s->n -= n;
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadline.c - how long a connection waits for its peer, and what then.
 */
#include "http/http_int.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

static int64_t in_due_ns(const struct conn *);
static int64_t out_due_ns(const struct conn *);
static bool still_reads(struct conn *);

/* Sets the timer to whichever deadline comes first. */
void
deadline_set(struct conn *c)
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

/* The peer has to take some of it soon, and all of it some time. */
void
deadline_out(struct conn *c)
{
	struct loop *l = c->loop;
	int64_t ms = l->http->conf.body_ms;

	c->out_since_ns = l->now_ns;
	c->out_queued = -1;
	ms += (int64_t)(c->out_bytes * 1000 / RATE_MIN);
	if (c->out_by_ns == 0)
		c->out_by_ns = l->now_ns + ms * MS_NS;
}

void
deadline_passed(struct timer *t)
{
	struct conn *c =
	    (struct conn *)((char *)t - offsetof(struct conn, timer));
	struct loop *l = c->loop;
	bool is_slow = c->state == CONN_HEAD || c->state == CONN_BODY;

	if (out_due_ns(c) != 0 && out_due_ns(c) <= l->now_ns) {
		if (still_reads(c)) {
			deadline_set(c);
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
	input_spoil(c, ERR_BAD_INPUT, MSG_HTTP_SLOW, "");
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

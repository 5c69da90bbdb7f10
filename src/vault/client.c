/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - front's end of a channel: writes while it can, always reads.
 *
 * The vault stops reading a channel whose answers pile up; as this side reads
 * whatever it is waiting for, full buffers on both sides empty again.
 */
#include "vault/client_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/metric.h"

#define DEADLINE_MS 10000	/* without an answer */
#define OUT_MAX	    (4 * FRAME_MAX)

struct vault {
	int	   fd;
	struct buf out;
	char	   in[FRAME_MAX];
	size_t	   in_n;
	uint64_t   last_request;
	void	 (*silent)(void *);	/* NULL: silence is fatal */
	void	  *silent_arg;
	_Atomic int64_t since_ns;	/* when the run under way last heard something; 0: none is */
};

/* All channels lead to one vault: what one of them learns the others need not wait for. */
static _Atomic bool is_silent;

/* A run: what is still to be sent, and which answer comes next. */
struct run {
	struct vault_op *to_send, *to_come;
	bool		 has_no_keys;
};

static const enum err errors[STATUS_COUNT] = {
#define X(name, error) [STATUS_##name] = error,
	STATUSES(X)
#undef X
};

static void fill(struct vault *, struct run *);
static void send_some(struct vault *);
static bool wait_for(struct vault *, int64_t deadline_ns);
static enum err give_up(struct vault *, struct ctx *);
static bool receive(struct vault *);
static void take_answers(struct vault *, struct run *);
static void settle(struct run *, const struct answer *);

struct vault *
vault_connect(int fd)
{
	struct vault *v = heap_alloc(1, sizeof(*v));

	v->fd = fd;
	buf_init(&v->out, NULL, OUT_MAX);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		fatal("the vault's channel");
	return v;
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	close(v->fd);
	if (v->out.p != NULL)
		explicit_bzero(v->out.p, v->out.cap);
	buf_fini(&v->out);
	explicit_bzero(v->in, sizeof(v->in));
	heap_free(v);
}

void
vault_watch(struct vault *v, void (*silent)(void *arg), void *arg)
{
	v->silent = silent;
	v->silent_arg = arg;
}

enum err
vault_run(struct vault *v, struct ctx *cx, struct vault_call *call)
{
	struct run run = { .to_send = call->first, .to_come = call->first };
	const int64_t begun_ns = clock_mono_ns();
	int64_t deadline_ns = begun_ns + DEADLINE_MS * INT64_C(1000000);

	if (fault_here("vault"))
		return fail(cx, ERR_SEALED, MSG_VAULT_SEALED, "");
	call->first = NULL;
	call->last = &call->first;
	call->n = 0;
	atomic_store(&v->since_ns, begun_ns);
	while (run.to_come != NULL) {
		if (atomic_load(&is_silent))
			return give_up(v, cx);
		fill(v, &run);
		send_some(v);
		if (!wait_for(v, deadline_ns))
			return give_up(v, cx);
		if (!receive(v))
			continue;
		take_answers(v, &run);
		deadline_ns = clock_mono_ns() + DEADLINE_MS * INT64_C(1000000);
		atomic_store(&v->since_ns, clock_mono_ns());
	}
	atomic_store(&v->since_ns, 0);
	metric_observe(
	    METRIC_VAULT_SECONDS, 0, (uint64_t)(clock_mono_ns() - begun_ns));
	if (run.has_no_keys)
		return fail(cx, ERR_SEALED, MSG_VAULT_SEALED, "");
	return OK;
}

int64_t
vault_silent_ms(const struct vault *v)
{
	int64_t since = atomic_load(&v->since_ns);

	return since == 0 ? 0 : (clock_mono_ns() - since) / 1000000;
}

/* Encodes what comes next while there is room for a whole frame. */
static void
fill(struct vault *v, struct run *run)
{
	while (run->to_send != NULL && v->out.n + FRAME_MAX <= OUT_MAX) {
		struct vault_op *op = run->to_send;
		size_t begin;

		op->frame.request = ++v->last_request;
		begin = frame_begin(&v->out, &op->frame);
		if (op->shape->encode != NULL)
			op->shape->encode(&v->out, op);
		frame_end(&v->out, begin);
		run->to_send = op->next;
	}
}

static void
send_some(struct vault *v)
{
	size_t sent = 0;

	while (sent < v->out.n) {
		ssize_t n =
		    send(v->fd, v->out.p + sent, v->out.n - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			fatal("the vault has gone");
		sent += (size_t)n;
	}
	buf_drop(&v->out, sent);
}

/* What is under way on this channel will never be told from what comes later. */
static enum err
give_up(struct vault *v, struct ctx *cx)
{
	if (v->silent == NULL) {
		errno = ETIMEDOUT;
		fatal("the vault does not answer");
	}
	if (!atomic_exchange(&is_silent, true))
		v->silent(v->silent_arg);
	return fail(cx, ERR_SEALED, MSG_VAULT_SILENT, "");
}

/* false: it is too late. */
static bool
wait_for(struct vault *v, int64_t deadline_ns)
{
	const int64_t left_ms = (deadline_ns - clock_mono_ns()) / 1000000;
	struct pollfd p = { .fd = v->fd, .events = POLLIN };

	if (v->out.n > 0)
		p.events |= POLLOUT;
	return left_ms > 0 && poll(&p, 1, (int)left_ms) != 0;
}

/* false: nothing came. */
static bool
receive(struct vault *v)
{
	ssize_t n = read(v->fd, v->in + v->in_n, sizeof(v->in) - v->in_n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		fatal("the vault has gone");
	v->in_n += (size_t)n;
	return true;
}

static void
take_answers(struct vault *v, struct run *run)
{
	struct str bytes = { v->in, v->in_n };
	struct answer answer;
	enum frame_next next = FRAME_WHOLE;

	while (next == FRAME_WHOLE) {
		next = answer_take(&bytes, &answer);
		if (next == FRAME_WHOLE)
			settle(run, &answer);
	}
	if (next == FRAME_BAD) {
		errno = EPROTO;
		fatal("the vault answers with a malformed frame");
	}
	memmove(v->in, bytes.p, bytes.n);
	v->in_n = bytes.n;
}

/* An answer is that of the oldest operation without one. */
static void
settle(struct run *run, const struct answer *answer)
{
	struct vault_op *op = run->to_come;
	struct cursor body = { .left = answer->body };
	const enum err err = errors[answer->status];
	bool ok = op != run->to_send && answer->request == op->frame.request &&
	    answer->op == op->frame.op;

	if (ok && err == OK && op->shape->decode != NULL)
		ok = op->shape->decode(op, &body);
	ok = ok && get_end(&body);
	if (!ok) {
		errno = EPROTO;
		fatal("the vault answers something else than it was asked");
	}
	if (*op->err == OK)
		*op->err = err;
	if (answer->status == STATUS_NO_KEYS)
		run->has_no_keys = true;
	run->to_come = op->next;
}

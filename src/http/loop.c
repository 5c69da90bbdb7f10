/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c - the loops: threads that wait for sockets, mail and deadlines.
 *
 * Mail is how other threads give exchanges back.  The one who puts the first
 * letter into an empty box wakes the loop; those after it need not.
 */
#include "http/http_int.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define EVENTS_MAX 256

static _Thread_local struct loop *mine;

static void open_loop(struct http *, struct loop *);
static void run(void *);
static bool is_over(struct loop *);
static int wait_ms(const struct loop *);
static int64_t until_ms(const struct loop *, int64_t);
static void look_at_clock(struct loop *);
static void awake(struct source *, uint32_t);
static void take_mail(struct loop *);
static struct exchange *empty_box(struct loop *);
static void take_arrivals(struct loop *, struct arrival *);
static void run_again(struct loop *);
static void run_done(struct loop *);
static void drain(struct loop *);
static void end_all(struct loop *);
static void bury(struct loop *);
static void close_loop(struct loop *);

struct http *
http_open(const struct http_conf *conf)
{
	struct http *h = heap_alloc(1, sizeof(*h));

	must(conf->loops > 0 && conf->connections_max > 0);
	must(conf->head_ms > 0 && conf->body_ms > 0 && conf->idle_ms > 0);
	h->conf = *conf;
	h->address_max = conf->connections_max / 4;
	if (h->address_max < ADDRESS_MIN)
		h->address_max = ADDRESS_MIN;
	random_bytes(&h->address_key, sizeof(h->address_key));
	h->loop = heap_alloc(conf->loops, sizeof(*h->loop));
	atomic_store(&h->accepting, conf->loops);
	for (size_t i = 0; i < conf->loops; i++)
		open_loop(h, &h->loop[i]);
	for (size_t i = 0; i < conf->loops; i++)
		h->loop[i].thread = thread_start("http", run, &h->loop[i]);
	return h;
}

static void
open_loop(struct http *h, struct loop *l)
{
	l->http = h;
	l->scratch = heap_alloc(SCRATCH_MAX, 1);
	l->done_end = &l->done;
	l->mail_end = &l->mail;
	l->lock = lock_open();
	look_at_clock(l);
	l->tick = l->now_ns / TICK_NS;
	l->next_tick = INT64_MAX;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake =
	    (struct source) { awake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	if (l->epoll < 0 || l->wake.fd < 0 ||
	    !loop_watch(l, &l->wake, EPOLLIN | EPOLLET))
		fatal("cannot set up an event loop");
	accept_init(l);
}

void
http_close(struct http *h)
{
	atomic_store(&h->is_closing, true);
	for (size_t i = 0; i < h->conf.loops; i++)
		loop_wake(&h->loop[i]);
	for (size_t i = 0; i < h->conf.loops; i++)
		thread_join(h->loop[i].thread);
	for (size_t i = 0; i < h->conf.loops; i++)
		close_loop(&h->loop[i]);
	heap_free(h->loop);
	heap_free(h);
}

static void
run(void *arg)
{
	struct loop *l = mine = arg;
	struct epoll_event events[EVENTS_MAX];
	int n;

	while (!is_over(l)) {
		n = epoll_wait(l->epoll, events, EVENTS_MAX, wait_ms(l));
		if (n < 0 && errno != EINTR)
			fatal("cannot wait for sockets");
		look_at_clock(l);
		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;

			s->ready(s, events[i].events);
		}
		take_mail(l);
		run_again(l);
		run_done(l);
		timers_run(l, deadline_passed);
		drain(l);
		bury(l);
	}
}

/*
 * Nothing is left and nothing can come: nobody accepts, which is asked first,
 * and the box is empty.
 */
static bool
is_over(struct loop *l)
{
	bool is_empty;

	if (!l->is_draining || l->nconns > 0 || l->held > 0 ||
	    l->done != NULL || atomic_load(&l->http->accepting) > 0)
		return false;
	lock_take(l->lock);
	is_empty = l->mail == NULL && l->arrivals == NULL;
	lock_give(l->lock);
	return is_empty;
}

static int
wait_ms(const struct loop *l)
{
	int64_t ms = timers_wait_ms(l), other[2];

	if (l->again != NULL || l->done != NULL)
		return 0;
	other[0] = until_ms(l, l->accept_after_ns);
	other[1] = until_ms(l, l->nconns > 0 ? l->drain_due_ns : 0);
	for (size_t i = 0; i < COUNT(other); i++)
		if (other[i] >= 0 && (ms < 0 || other[i] < ms))
			ms = other[i];
	return (int)ms;
}

/* -1: there is no such deadline. */
static int64_t
until_ms(const struct loop *l, int64_t due_ns)
{
	if (due_ns == 0)
		return -1;
	if (due_ns <= l->now_ns)
		return 0;
	return (due_ns - l->now_ns) / MS_NS + 1;
}

static void
look_at_clock(struct loop *l)
{
	l->now_ns = clock_mono_ns();
	l->now_ms = clock_now_ms();
}

bool
loop_watch(struct loop *l, struct source *s, uint32_t events)
{
	struct epoll_event e = { .events = events, .data = { .ptr = s } };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, s->fd, &e) == 0;
}

bool
loop_is_mine(const struct loop *l)
{
	return l == mine;
}

/* Adding one to the counter cannot fail or wait before it has run for centuries. */
void
loop_wake(struct loop *l)
{
	const uint64_t one = 1;

	must(write(l->wake.fd, &one, sizeof(one)) == sizeof(one));
}

/* Being woken is all there is to it. */
static void
awake(struct source *s, uint32_t events)
{
	must(s->fd >= 0 && events != 0);
}

/*
 * The wake-up is under the lock: once the loop has taken the letter it may end
 * and close the descriptor.  It does not block.
 */
void
loop_mail(struct exchange *ex, unsigned mail)
{
	struct loop *l = ex->loop;

	lock_take(l->lock);
	if (ex->mail == 0) {
		if (l->mail == NULL)
			loop_wake(l);
		ex->next_mail = NULL;
		*l->mail_end = ex;
		l->mail_end = &ex->next_mail;
	}
	ex->mail |= mail;
	lock_give(l->lock);
}

void
loop_arrive(struct loop *l, struct arrival *a)
{
	struct arrival *copy = heap_alloc(1, sizeof(*copy));

	*copy = *a;
	lock_take(l->lock);
	copy->next = l->arrivals;
	l->arrivals = copy;
	loop_wake(l);
	lock_give(l->lock);
}

static void
take_mail(struct loop *l)
{
	struct exchange *ex, *next;

	for (ex = empty_box(l); ex != NULL; ex = next) {
		next = ex->next_taken;
		if ((ex->taken & MAIL_REPLY) != 0)
			conn_reply(ex);
		else
			conn_room(ex);
	}
}

/* Copied to the loop's own links, since a letter may be posted again at once. */
static struct exchange *
empty_box(struct loop *l)
{
	struct exchange *first = NULL, **end = &first;
	struct arrival *arrivals;

	lock_take(l->lock);
	for (struct exchange *ex = l->mail; ex != NULL; ex = ex->next_mail) {
		ex->taken = ex->mail;
		ex->mail = 0;
		ex->next_taken = NULL;
		*end = ex;
		end = &ex->next_taken;
	}
	l->mail = NULL;
	l->mail_end = &l->mail;
	arrivals = l->arrivals;
	l->arrivals = NULL;
	lock_give(l->lock);
	take_arrivals(l, arrivals);
	return first;
}

static void
take_arrivals(struct loop *l, struct arrival *a)
{
	struct arrival *next;

	for (; a != NULL; a = next) {
		next = a->next;
		conn_open(l, a);
		heap_free(a);
	}
}

void
loop_done(struct exchange *ex)
{
	struct loop *l = ex->loop;

	ex->is_answered = true;
	ex->next = NULL;
	*l->done_end = ex;
	l->done_end = &ex->next;
}

void
loop_again(struct conn *c)
{
	struct loop *l = c->loop;

	if (c->is_again)
		return;
	c->is_again = true;
	c->next_again = l->again;
	l->again = c;
}

static void
run_again(struct loop *l)
{
	struct conn *c, *next;

	c = l->again;
	l->again = NULL;
	for (; c != NULL; c = next) {
		next = c->next_again;
		c->is_again = false;
		if (c->source.fd >= 0)
			conn_run(c);
	}
}

/*
 * A reply given on this thread may lead to the next pipelined request, which
 * may be replied at once again: so many rounds, then the sockets have their
 * turn.
 */
static void
run_done(struct loop *l)
{
	struct exchange *ex, *next;

	for (int i = 0; i < ROUNDS_MAX && l->done != NULL; i++) {
		ex = l->done;
		l->done = NULL;
		l->done_end = &l->done;
		for (; ex != NULL; ex = next) {
			next = ex->next;
			ex->next = NULL;
			conn_reply(ex);
		}
	}
}

/* Graceful end: no new connections, idle ones closed, the others when replied. */
static void
drain(struct loop *l)
{
	struct http *h = l->http;

	if (l->accept_after_ns != 0 && l->accept_after_ns <= l->now_ns)
		accept_resume(l);
	if (l->is_draining) {
		if (l->drain_due_ns <= l->now_ns)
			end_all(l);
		return;
	}
	if (!atomic_load(&h->is_closing))
		return;
	l->is_draining = true;
	l->drain_due_ns = l->now_ns + h->conf.drain_ms * MS_NS;
	accept_stop(l);
	for (struct conn *c = l->conns, *next; c != NULL; c = next) {
		next = c->next;
		conn_drain(c);
	}
}

static void
end_all(struct loop *l)
{
	while (l->conns != NULL)
		conn_close(l->conns);
}

static void
bury(struct loop *l)
{
	struct conn *c, **at = &l->dead;

	while ((c = *at) != NULL) {
		if (c->is_again) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		conn_free(c);
	}
}

static void
close_loop(struct loop *l)
{
	struct exchange *ex;

	while ((ex = l->spare) != NULL) {
		l->spare = ex->next;
		exchange_close(ex);
	}
	close(l->epoll);
	close(l->wake.fd);
	lock_close(l->lock);
	heap_free(l->listener);
	heap_free(l->scratch);
}

void
http_counts(const struct http *h, struct http_count *out)
{
	*out = (struct http_count) { .open = atomic_load(&h->open) };
	for (size_t i = 0; i < h->conf.loops; i++) {
		const struct loop *l = &h->loop[i];

		out->requests += atomic_load(&l->requests);
		out->refused_heads += atomic_load(&l->refused_heads);
		out->connections += atomic_load(&l->connections);
		out->slow_closed += atomic_load(&l->slow_closed);
		out->bytes_in += atomic_load(&l->bytes_in);
		out->bytes_out += atomic_load(&l->bytes_out);
	}
}

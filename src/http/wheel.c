/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wheel.c - the deadlines of one loop, coarse and cheap.
 *
 * A deadline that moves on leaves its timer where it is: when the old place
 * comes up, the timer is put where it belongs by then.  So the usual request
 * only stores a number.
 */
#include "http/http_int.h"

#define NEVER INT64_MAX

static void place(struct loop *, struct timer *);
static int64_t tick_of(int64_t);
static void run_slot(struct loop *, int64_t, void (*)(struct timer *));
static int64_t first_tick(const struct loop *);

void
timer_set(struct loop *l, struct timer *t, int64_t due_ns)
{
	t->due_ns = due_ns;
	if (due_ns == 0 || (t->link != NULL && t->tick <= tick_of(due_ns)))
		return;
	timer_clear(t);
	place(l, t);
}

void
timer_clear(struct timer *t)
{
	if (t->link == NULL)
		return;
	*t->link = t->next;
	if (t->next != NULL)
		t->next->link = t->link;
	t->link = NULL;
}

/* Runs what is due; LATE may set or clear any timer. */
void
timers_run(struct loop *l, void (*late)(struct timer *))
{
	int64_t now = l->now_ns / TICK_NS;
	int64_t from = l->tick + 1;

	if (l->next_tick > now) {
		l->tick = now;
		return;
	}
	/* After a long stop: the slot of now + 1 waits for its turn. */
	if (from < now - WHEEL_SLOTS + 2)
		from = now - WHEEL_SLOTS + 2;
	l->tick = now;
	for (int64_t tick = from; tick <= now; tick++)
		run_slot(l, tick, late);
	l->next_tick = first_tick(l);
}

int64_t
timers_wait_ms(const struct loop *l)
{
	int64_t ns;

	if (l->next_tick == NEVER)
		return -1;
	ns = l->next_tick * TICK_NS - l->now_ns;
	return ns <= 0 ? 0 : (ns + MS_NS - 1) / MS_NS;
}

/* On the slot of its tick, or on the last one there is. */
static void
place(struct loop *l, struct timer *t)
{
	struct timer **slot;
	int64_t tick = tick_of(t->due_ns);

	if (tick <= l->tick)
		tick = l->tick + 1;
	if (tick > l->tick + WHEEL_SLOTS - 1)
		tick = l->tick + WHEEL_SLOTS - 1;
	slot = &l->wheel[tick % WHEEL_SLOTS];
	t->tick = tick;
	t->next = *slot;
	t->link = slot;
	if (*slot != NULL)
		(*slot)->link = &t->next;
	*slot = t;
	if (tick < l->next_tick)
		l->next_tick = tick;
}

/* The first tick at whose beginning the deadline has passed. */
static int64_t
tick_of(int64_t due_ns)
{
	return due_ns / TICK_NS + 1;
}

static void
run_slot(struct loop *l, int64_t tick, void (*late)(struct timer *))
{
	struct timer *t, *list = l->wheel[tick % WHEEL_SLOTS];

	/* Off the wheel, where some are put back; one by one, since late() may clear any of them. */
	l->wheel[tick % WHEEL_SLOTS] = NULL;
	if (list != NULL)
		list->link = &list;
	while ((t = list) != NULL) {
		timer_clear(t);
		if (t->due_ns == 0)
			continue;
		if (t->due_ns <= l->now_ns)
			late(t);
		else
			place(l, t);
	}
}

static int64_t
first_tick(const struct loop *l)
{
	for (int64_t i = 1; i < WHEEL_SLOTS; i++)
		if (l->wheel[(l->tick + i) % WHEEL_SLOTS] != NULL)
			return l->tick + i;
	return NEVER;
}

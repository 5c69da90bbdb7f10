/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - who is in a group, and what becomes of them.  An item leaves by
 * exactly one of: done(), or a further try.
 */
#include "store/pipeline_int.h"

#include "base/clock.h"
#include "base/metric.h"

#define BACK_OFF_MS 20

static void fresh(struct item *, bool);
static struct part *part_for(struct group *, const struct use_case *);
static void settle_part(struct lane *, struct part *);
static void repeat_part(struct lane *, struct part *);
static int64_t back_off_ms(unsigned losses);
static void refuse_lost(struct item *, const struct part *);
static void answer(struct lane *, struct item *);
static void answer_part(struct lane *, struct part *);
static void refuse(struct item *, enum err, const struct fault *);

void
group_form(struct group *g, void *world)
{
	int64_t now_ms = clock_now_ms();

	arena_reset(g->arena);
	g->cx = (struct ctx) { .arena = g->arena, .now_ms = now_ms };
	g->part = arena_array(g->arena, g->n, sizeof(*g->part));
	g->tenant = g->item[0]->tenant;
	g->npart = 0;
	for (size_t i = 0; i < g->n; i++) {
		fresh(g->item[i], g->is_alone);
		part_for(g, g->item[i]->use_case)->batch.n++;
	}
	for (size_t i = 0; i < g->npart; i++) {
		struct part *p = &g->part[i];

		p->cx = g->cx;
		p->batch.cx = &p->cx;
		p->batch.world = world;
		p->batch.item =
		    arena_array(g->arena, p->batch.n, sizeof(struct item *));
		p->batch.n = 0;
	}
	for (size_t i = 0; i < g->n; i++) {
		struct item *item = g->item[i];
		struct part *p =
		    g->is_alone ? &g->part[i] : part_for(g, item->use_case);

		p->batch.item[p->batch.n++] = item;
	}
}

static void
fresh(struct item *item, bool is_alone)
{
	item->out = NULL;
	item->err = OK;
	item->state = NULL;
	item->again = false;
	item->cx->fault = (struct fault) { 0 };
	/* Whoever is tried alone pays for another's failure. */
	if (!is_alone)
		item->tries++;
}

static struct part *
part_for(struct group *g, const struct use_case *use_case)
{
	struct part *p = g->part;

	while (p < g->part + g->npart &&
	    (g->is_alone || p->batch.use_case != use_case))
		p++;
	if (p == g->part + g->npart) {
		p->batch.use_case = use_case;
		g->npart++;
	}
	return p;
}

void
group_fail(struct group *g, enum err err)
{
	for (size_t i = 0; i < g->npart; i++) {
		struct part *p = &g->part[i];

		if (p->err != OK)
			continue;
		p->err = err;
		p->is_final = true;
		p->cx.fault = g->cx.fault;
	}
}

void
group_away(struct group *g)
{
	enum err err = fail(&g->cx, ERR_AWAY, MSG_STORE_AWAY, "");

	for (size_t i = 0; i < g->npart; i++)
		g->part[i].may_repeat |= g->part[i].err == OK;
	group_fail(g, err);
}

bool
group_settle(struct lane *l, struct group *g)
{
	bool stays = false;

	for (size_t i = 0; i < g->npart; i++) {
		settle_part(l, &g->part[i]);
		stays |= g->part[i].batch.n > 0;
	}
	return stays;
}

static void
settle_part(struct lane *l, struct part *part)
{
	struct batch *b = &part->batch;
	size_t n = b->n;

	if (part->err != OK && part->may_repeat) {
		repeat_part(l, part);
		return;
	}
	if (part->err != OK && !part->is_final && n > 1) {
		l->replayed++;
		metric_add(METRIC_REPLAYS, 0, 1);
		sched_retry(l->sched, b->item, n, true);
		b->n = 0;
		return;
	}
	b->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct item *item = b->item[i];

		if (part->err != OK)
			refuse(item, part->err, &part->cx.fault);
		if (item->err != OK)
			answer(l, item);
		else
			b->item[b->n++] = item;
	}
}

void
group_answer(struct lane *l, struct group *g)
{
	for (size_t i = 0; i < g->npart; i++)
		answer_part(l, &g->part[i]);
}

static void
answer_part(struct lane *l, struct part *part)
{
	if (part->err != OK && part->may_repeat)
		repeat_part(l, part);
	for (size_t i = 0; i < part->batch.n; i++) {
		struct item *item = part->batch.item[i];

		if (part->err != OK)
			refuse(item, part->err, &part->cx.fault);
		if (item->err == OK && item->again && item->tries < TRIES_MAX) {
			l->again++;
			metric_add(METRIC_CONTENTION, CONTENTION_AGAIN, 1);
			sched_retry(l->sched, &item, 1, false);
			continue;
		}
		if (item->err == OK && item->again)
			item->err =
			    fail(item->cx, ERR_BUSY, MSG_STORE_BUSY, "");
		answer(l, item);
	}
	part->batch.n = 0;
}

/* The database went away or another writer was in the way: nobody's fault, but not for ever. */
static void
repeat_part(struct lane *l, struct part *part)
{
	size_t n = part->batch.n;
	unsigned losses = 0;

	part->batch.n = 0;
	for (size_t i = 0; i < n; i++) {
		struct item *item = part->batch.item[i];

		/* Refused by what was read there: that never was, either. */
		if (++item->losses < LOSSES_MAX) {
			if (item->losses > losses)
				losses = item->losses;
			item->tries -= item->tries > 0;
			l->lost++;
			metric_add(METRIC_CONTENTION, CONTENTION_AGAIN, 1);
			sched_retry(l->sched, &item, 1, false);
			continue;
		}
		refuse_lost(item, part);
		answer(l, item);
	}
	if (losses > 0)
		sched_rest(l->sched, back_off_ms(losses));
}

/* Longer each time, and never the same for two that were in each other's way. */
static int64_t
back_off_ms(unsigned losses)
{
	int64_t most = (int64_t)BACK_OFF_MS << losses;
	uint16_t random;

	random_bytes(&random, sizeof(random));
	return most / 2 + random % (most / 2);
}

/* Not done, and worth asking again a little later, whatever was in the way. */
static void
refuse_lost(struct item *item, const struct part *part)
{
	if (part->err == ERR_BUSY) {
		item->err = fail(item->cx, ERR_AWAY, MSG_STORE_AWAY, "");
		return;
	}
	refuse(item, part->err, &part->cx.fault);
}

/* By nobody's fault: it is no try. */
void
group_again(struct lane *l, struct group *g)
{
	metric_add(METRIC_CONTENTION, CONTENTION_AGAIN, 1);
	l->again++;
	for (size_t i = 0; i < g->npart; i++) {
		struct batch *b = &g->part[i].batch;

		for (size_t j = 0; j < b->n && !g->is_alone; j++)
			b->item[j]->tries--;
		sched_retry(l->sched, b->item, b->n, g->is_alone);
		b->n = 0;
	}
}

void
group_fence(struct lane *l, struct group *g, int64_t fence)
{
	for (size_t i = 0; i < g->npart; i++) {
		struct batch *b = &g->part[i].batch;
		size_t n = b->n;

		b->n = 0;
		for (size_t j = 0; j < n; j++) {
			struct item *item = b->item[j];

			if (item->fence == 0 || item->fence == fence) {
				b->item[b->n++] = item;
				continue;
			}
			item->err =
			    fail(item->cx, ERR_CONFLICT, MSG_STORE_FENCE, "");
			answer(l, item);
		}
	}
}

void
group_replay(struct lane *l, struct group *g)
{
	l->replayed++;
	metric_add(METRIC_REPLAYS, 0, 1);
	for (size_t i = 0; i < g->npart; i++) {
		struct batch *b = &g->part[i].batch;

		sched_retry(l->sched, b->item, b->n, true);
		b->n = 0;
	}
}

/* done() may free the item. */
static void
answer(struct lane *l, struct item *item)
{
	l->items++;
	metric_add(METRIC_ITEMS, item->err == OK ? ITEM_DONE : ITEM_REFUSED, 1);
	item->done(item);
	sched_answered(l->sched, 1);
}

/* The batch's arena ends before the item's does. */
static void
refuse(struct item *item, enum err err, const struct fault *why)
{
	struct fault *f = &item->cx->fault;

	*f = (struct fault) { .err = err };
	if (why->err == err) {
		f->msg = why->msg;
		f->field = str_copy(item->cx->arena, why->field);
		for (size_t i = 0; i < COUNT(f->args); i++)
			f->args[i] = str_copy(item->cx->arena, why->args[i]);
	}
	item->err = err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - the door to the lanes.
 */
#include "store/pipeline_int.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/queue.h"

struct asker {
	struct lock *lock; /* guards what follows */
	size_t	     left; /* not yet answered */
};

static struct lane *lane_of(const struct pipeline *, uint32_t tenant);
static enum err put(struct pipeline *, struct lane *, struct item *,
    enum item_class, bool waits);
static void ask(struct pipeline *, struct lane *, struct item *,
    enum item_class, struct asker *);
static void await(struct asker *);
static void wake_asker(struct item *);

struct pipeline *
pipeline_open(const struct pipeline_conf *conf)
{
	struct pipeline *p = heap_alloc(1, sizeof(*p));

	p->conf = *conf;
	p->nlane = conf->lanes > 0 ? conf->lanes : 1;
	p->lane = heap_alloc(p->nlane, sizeof(*p->lane));
	for (size_t i = 0; i < p->nlane; i++)
		lane_open(&p->lane[i], p, i);
	return p;
}

void
pipeline_close(struct pipeline *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nlane; i++)
		lane_end(&p->lane[i]);
	for (size_t i = 0; i < p->nlane; i++)
		lane_close(&p->lane[i]);
	heap_free(p->lane);
	heap_free(p);
}

void
pipeline_wipe(struct pipeline *p)
{
	for (size_t i = 0; i < p->nlane; i++) {
		atomic_store(&p->lane[i].wipe[DB_DATA], true);
		atomic_store(&p->lane[i].wipe[DB_KEYS], true);
	}
}

/* Numbers are given one after the other, so their remainders are even; the deployment's own is 0. */
static struct lane *
lane_of(const struct pipeline *p, uint32_t tenant)
{
	return &p->lane[tenant % p->nlane];
}

/* --- the door --------------------------------------------------------------- */

enum err
pipeline_submit(struct pipeline *p, struct item *item, enum item_class class)
{
	return put(p, lane_of(p, item->tenant), item, class, false);
}

static enum err
put(struct pipeline *p, struct lane *l, struct item *item,
    enum item_class class, bool waits)
{
	const struct queue_max max =
	    p->conf.queue_max(p->conf.world, item->tenant);
	const struct sched_way way = { class, { max.tenant, max.client },
		waits };
	struct fair_load load;

	item->tries = item->losses = 0;
	/* Once it is put, the item is no longer ours. */
	switch (sched_put(l->sched, item, &way, &load)) {
	case PUT_DONE:
		return OK;
	case PUT_TENANT_FULL:
		l->refused_tenant++;
		return queue_refuse(
		    item->cx, MSG_STORE_QUEUE, &max, &load, false);
	case PUT_CLIENT_FULL:
		l->refused_client++;
		return queue_refuse(
		    item->cx, MSG_STORE_QUEUE_CLIENT, &max, &load, true);
	default:
		return fail(item->cx, ERR_LIMITED, MSG_STORE_CLOSING, "");
	}
}

enum err
queue_refuse(struct ctx *cx, enum msg msg, const struct queue_max *max,
    const struct fair_load *load, bool is_clients)
{
	size_t value = is_clients ? max->client : max->tenant;
	size_t n = is_clients ? load->client : load->tenant;

	return fail(cx, ERR_LIMITED, msg, "",
	    is_clients ? max->client_name : max->tenant_name,
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", value)),
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", n)));
}

struct fair_load
pipeline_load(struct pipeline *p, const struct fair_key *key)
{
	return sched_load(lane_of(p, key->tenant)->sched, key);
}

enum err
pipeline_do(struct pipeline *p, struct item *item, enum item_class class)
{
	pipeline_do_all(p, item, 1, class);
	return item->err;
}

void
pipeline_do_all(
    struct pipeline *p, struct item *item, size_t n, enum item_class class)
{
	struct asker a = { .lock = lock_open() };

	for (size_t i = 0; i < n; i++)
		ask(p, lane_of(p, item[i].tenant), &item[i], class, &a);
	await(&a);
}

enum err
pipeline_do_on(struct pipeline *p, size_t lane, struct item *item)
{
	struct asker a = { .lock = lock_open() };

	must(lane < p->nlane);
	ask(p, &p->lane[lane], item, ITEM_BULK, &a);
	await(&a);
	return item->err;
}

static void
ask(struct pipeline *p, struct lane *l, struct item *item,
    enum item_class class, struct asker *a)
{
	enum err err;

	item->done = wake_asker;
	item->owner = a;
	lock_take(a->lock);
	a->left++;
	lock_give(a->lock);
	err = put(p, l, item, class, true);
	if (err == OK)
		return;
	item->err = err;
	wake_asker(item);
}

static void
wake_asker(struct item *item)
{
	struct asker *a = item->owner;

	lock_take(a->lock);
	a->left--;
	lock_wake(a->lock);
	lock_give(a->lock);
}

static void
await(struct asker *a)
{
	lock_take(a->lock);
	while (a->left > 0)
		lock_wait(a->lock, -1);
	lock_give(a->lock);
	lock_close(a->lock);
}

void
pipeline_counts(struct pipeline *p, struct pipeline_count *out)
{
	*out = (struct pipeline_count) { 0 };
	for (size_t i = 0; i < p->nlane; i++) {
		struct lane *l = &p->lane[i];

		out->commits += atomic_load(&l->commits);
		out->items += atomic_load(&l->items);
		out->batches_replayed += atomic_load(&l->replayed);
		out->again += atomic_load(&l->again);
		out->lost += atomic_load(&l->lost);
		out->keys_commits += atomic_load(&l->keys_commits);
		out->refused_tenant += atomic_load(&l->refused_tenant);
		out->refused_client += atomic_load(&l->refused_client);
		for (size_t c = 0; c <= ITEM_BULK; c++) {
			size_t n = sched_depth(l->sched, (enum item_class)c);

			out->depth_of[c] += n;
			out->depth += n;
		}
	}
}

void
pipeline_health(
    struct pipeline *p, int64_t late_ms, struct pipeline_health *out)
{
	int64_t now = clock_mono_ns();

	*out = (struct pipeline_health) { 0 };
	for (size_t i = 0; i < p->nlane; i++)
		for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
			struct commit_health *h = &p->lane[i].health[k];
			int64_t since = atomic_load(&h->since_ns);

			out->has_failed_on[i] |= atomic_load(&h->has_failed);
			out->has_failed |= out->has_failed_on[i];
			out->is_late |= since != 0 &&
			    now - since > late_ms * INT64_C(1000000);
		}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "together.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/queue.h"

/* While the sealer stands still, what is submitted becomes one group. */
static struct stop {
	struct queue *in, *go;
} stop;

static enum err
stand_still(struct batch *b, struct tx *data, struct tx *keys,
    struct vault_call *call)
{
	void *one;

	(void)data;
	(void)keys;
	(void)call;
	assert_true(queue_put(stop.in, b));
	assert_int_equal(queue_take(stop.go, &one, 1, 60000), 1);
	return OK;
}

static const struct use_case stopper = { .name = "stopper",
	.prepare = stand_still };

static void
ended(struct item *it)
{
	assert_true(queue_try_put(it->owner, it));
}

static void
close_arena(void *arena)
{
	arena_close(arena);
}

struct item *
together_item(struct rig *r, const struct use_case *use_case, const void *in)
{
	struct item *it = arena_alloc(r->arena, sizeof(*it));
	struct ctx *cx = arena_alloc(r->arena, sizeof(*cx));

	cx->arena = arena_open(64 << 20);
	arena_defer(r->arena, close_arena, cx->arena);
	cx->actor = arena_copy(r->arena, &r->actor, sizeof(r->actor));
	cx->now_ms = clock_now_ms();
	cx->request_id = (struct str) { arena_alloc(cx->arena, 16), 16 };
	*it = (struct item) { .cx = cx, .use_case = use_case,
		.tenant = r->actor.tenant, .in = (void *)in, .done = ended };
	return it;
}

void
together_do(struct rig *r, struct item *const *item, size_t n)
{
	struct pipeline *p = world_pipeline(r->world);
	struct item *first = together_item(r, &stopper, NULL);
	struct queue *all = queue_open(TOGETHER_MAX + 1);
	void *one;

	stop = (struct stop) { queue_open(1), queue_open(1) };
	first->owner = all;
	assert_int_equal(pipeline_submit(p, first, ITEM_INTERACTIVE), OK);
	assert_int_equal(queue_take(stop.in, &one, 1, 60000), 1);
	for (size_t i = 0; i < n; i++) {
		item[i]->owner = all;
		assert_int_equal(pipeline_submit(p, item[i],
		    ITEM_INTERACTIVE), OK);
	}
	assert_true(queue_put(stop.go, first));
	for (size_t i = 0; i <= n; i++)
		assert_int_equal(queue_take(all, &one, 1, 60000), 1);
	queue_close(all);
	queue_close(stop.in);
	queue_close(stop.go);
}

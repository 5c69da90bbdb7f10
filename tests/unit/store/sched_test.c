/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sched_test.c - whose turn it is.
 */
#include "place.h"

#include "base/clock.h"
#include "base/queue.h"

#include "core/actor.h"

#include "store/sched.h"

#define ITEMS 1000

#define CLIENTS 4
#define ROOM	((struct fair_load) { 100, 100 })

struct fixture {
	struct sched *sched;
	struct actor  actor[CLIENTS];
	struct ctx    cx[CLIENTS];
	struct item   item[ITEMS], *taken[ITEMS];
	size_t	      n;
};

static int
set_up(void **state)
{
	struct fixture *f = heap_alloc(1, sizeof(*f));

	f->sched = sched_open(10, true);
	for (size_t i = 0; i < CLIENTS; i++) {
		f->actor[i].id = (int64_t)i;
		f->cx[i].actor = &f->actor[i];
	}
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;
	struct taken t;

	/* What was not taken is taken now; all of it is answered. */
	while ((t = sched_take(f->sched, f->taken, ITEMS, 0)).n > 0)
		continue;
	sched_answered(f->sched, f->n);
	sched_close(f->sched);
	heap_free(f);
	return 0;
}

static void
anew(struct fixture *f, bool spans)
{
	sched_close(f->sched);
	f->sched = sched_open(10, spans);
}

static enum sched_put
put_one(struct fixture *f, struct item *item, enum item_class class,
    struct fair_load max)
{
	const struct sched_way way = { class, max, false };
	struct fair_load load;

	return sched_put(f->sched, item, &way, &load);
}

static void
put_as(struct fixture *f, size_t client, uint32_t tenant, enum item_class class,
    size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct item *item = &f->item[f->n++];

		item->tenant = tenant;
		item->cx = &f->cx[client];
		item->owner = (void *)(uintptr_t) class;
		assert_int_equal(put_one(f, item, class, ROOM), PUT_DONE);
	}
}

static void
put(struct fixture *f, uint32_t tenant, enum item_class class, size_t n)
{
	put_as(f, 0, tenant, class, n);
}

static struct taken
take(struct fixture *f, size_t max)
{
	return sched_take(f->sched, f->taken, max, 0);
}

static void
items_of_one_tenant_keep_their_order(void **state)
{
	struct fixture *f = *state;

	put(f, 1, ITEM_INTERACTIVE, 100);
	for (size_t at = 0; at < 100; at += 25) {
		assert_int_equal(take(f, 25).n, 25);
		for (size_t i = 0; i < 25; i++)
			assert_ptr_equal(f->taken[i], &f->item[at + i]);
	}
	assert_int_equal(take(f, 25).n, 0);
	assert_int_equal(sched_depth(f->sched, ITEM_INTERACTIVE), 0);
}

/* One floods, two have a little: they are served as if he were not there. */
static void
tenants_take_turns_item_by_item(void **state)
{
	static const uint32_t want[] = { 1, 2, 3, 1, 2, 3, 1, 2, 1, 1 };
	struct fixture *f = *state;

	put(f, 1, ITEM_INTERACTIVE, 100);
	put(f, 2, ITEM_INTERACTIVE, 3);
	put(f, 3, ITEM_INTERACTIVE, 2);
	assert_int_equal(sched_depth(f->sched, ITEM_INTERACTIVE), 105);
	assert_int_equal(sched_depth(f->sched, ITEM_BULK), 0);
	assert_int_equal(take(f, 10).n, 10);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(f->taken[i]->tenant, want[i]);
}

/* In the tenant's turn its clients take turns. */
static void
clients_of_a_tenant_take_turns_too(void **state)
{
	static const struct {
		uint32_t tenant;
		int64_t client;
	} want[] = { { 1, 0 }, { 2, 1 }, { 1, 1 }, { 2, 1 }, { 1, 2 }, { 1, 0 },
		{ 1, 1 }, { 1, 0 }, { 1, 0 } };
	struct fixture *f = *state;

	put_as(f, 0, 1, ITEM_INTERACTIVE, 90);
	put_as(f, 1, 1, ITEM_INTERACTIVE, 2);
	put_as(f, 2, 1, ITEM_INTERACTIVE, 1);
	put_as(f, 1, 2, ITEM_INTERACTIVE, 2);
	assert_int_equal(take(f, COUNT(want)).n, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(f->taken[i]->tenant, want[i].tenant);
		assert_int_equal(f->taken[i]->cx->actor->id, want[i].client);
	}
}

/* Alone, a tenant has whole batches; while others come, a part of each. */
static void
a_batch_is_not_one_tenants_while_others_come(void **state)
{
	struct fixture *f = *state;
	size_t of_one = 0;
	struct taken t;

	put(f, 1, ITEM_INTERACTIVE, 100);
	assert_int_equal(take(f, 40).n, 40);
	put(f, 2, ITEM_INTERACTIVE, 1);
	put(f, 1, ITEM_INTERACTIVE, 1);
	t = take(f, 100);
	assert_int_equal(t.n, SHARE_MIXED + 1);
	for (size_t i = 0; i < t.n; i++)
		of_one += f->taken[i]->tenant == 1;
	assert_int_equal(of_one, SHARE_MIXED);
	/* What is left comes with the next batches. */
	assert_int_equal(take(f, 100).n, SHARE_MIXED);
	assert_int_equal(
	    sched_depth(f->sched, ITEM_INTERACTIVE), 61 - 2 * SHARE_MIXED);
}

/* Where a batch is of one tenant, they take turns batch by batch. */
static void
batches_of_one_tenant_take_turns(void **state)
{
	static const uint32_t want[] = { 1, 2, 3, 1, 1 };
	static const size_t n[] = { SHARE_ALONE, 3, 2, SHARE_ALONE, 10 };
	struct fixture *f = *state;

	anew(f, false);
	put(f, 1, ITEM_INTERACTIVE, 2 * SHARE_ALONE + 10);
	put(f, 2, ITEM_INTERACTIVE, 3);
	put(f, 3, ITEM_INTERACTIVE, 1);
	put(f, 3, ITEM_BULK, 1);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_int_equal(take(f, 200).n, n[i]);
		for (size_t j = 0; j < n[i]; j++)
			assert_int_equal(f->taken[j]->tenant, want[i]);
	}
	assert_int_equal(take(f, 200).n, 0);
}

/* Of another tenant, and behind one that fills every batch. */
static void
a_batch_in_eight_begins_with_bulk(void **state)
{
	struct fixture *f = *state;
	size_t bulk = 0;

	anew(f, false);
	put(f, 2, ITEM_BULK, 5);
	for (size_t i = 0; i < 16; i++) {
		put(f, 1, ITEM_INTERACTIVE, SHARE_ALONE);
		assert_true(take(f, 200).n > 0);
		bulk += f->taken[0]->tenant == 2;
	}
	assert_int_equal(bulk, 1);
	assert_int_equal(sched_depth(f->sched, ITEM_BULK), 0);
}

static void
those_who_come_back_keep_to_their_tenant(void **state)
{
	struct fixture *f = *state;
	struct item *back[3];

	anew(f, false);
	put(f, 1, ITEM_INTERACTIVE, 2);
	put(f, 2, ITEM_INTERACTIVE, 2);
	assert_int_equal(take(f, 200).n, 2);
	back[0] = f->taken[0];
	back[1] = f->taken[1];
	assert_int_equal(take(f, 1).n, 1);
	back[2] = f->taken[0];
	assert_int_equal(back[2]->tenant, 2);
	sched_retry(f->sched, back, 3, false);
	assert_int_equal(take(f, 200).n, 2);
	assert_ptr_equal(f->taken[0], back[0]);
	/* With what is new of the same. */
	assert_int_equal(take(f, 200).n, 2);
	assert_ptr_equal(f->taken[0], back[2]);
	sched_retry(f->sched, back, 3, true);
	assert_true(take(f, 200).is_alone);
	assert_true(take(f, 200).is_alone);
	assert_int_equal(take(f, 200).n, 0);
}

static void
while_it_rests_nothing_is_taken(void **state)
{
	struct fixture *f = *state;
	int64_t before = clock_mono_ns();

	put(f, 1, ITEM_INTERACTIVE, 3);
	sched_rest(f->sched, 30);
	assert_int_equal(take(f, 200).n, 3);
	assert_true(clock_mono_ns() - before >= 30 * 1000000);
}

static void
who_is_called_comes_back_with_nothing(void **state)
{
	struct fixture *f = *state;

	sched_call(f->sched);
	assert_int_equal(sched_take(f->sched, f->taken, 1, -1).n, 0);
	put(f, 1, ITEM_INTERACTIVE, 1);
	assert_int_equal(sched_take(f->sched, f->taken, 1, -1).n, 1);
}

/* Tenants that share a bucket are still two. */
static void
tenants_are_told_apart(void **state)
{
	struct fixture *f = *state;

	put(f, 5, ITEM_INTERACTIVE, 100);
	put(f, 5 + 1024, ITEM_INTERACTIVE, 100);
	assert_int_equal(take(f, 2).n, 2);
	assert_int_equal(f->taken[0]->tenant, 5);
	assert_int_equal(f->taken[1]->tenant, 5 + 1024);
}

static void
bulk_gets_one_slot_in_eight_and_what_nobody_wants(void **state)
{
	struct fixture *f = *state;
	size_t bulk = 0;

	put(f, 1, ITEM_BULK, 60);
	put(f, 1, ITEM_INTERACTIVE, 80);
	assert_int_equal(sched_depth(f->sched, ITEM_BULK), 60);
	assert_int_equal(sched_depth(f->sched, ITEM_INTERACTIVE), 80);
	for (size_t i = 0; i < 80; i++) {
		/* One by one: small batches must not starve it either. */
		assert_int_equal(take(f, 1).n, 1);
		bulk += f->taken[0]->owner == (void *)ITEM_BULK;
	}
	assert_int_equal(bulk, 10);
	assert_int_equal(sched_depth(f->sched, ITEM_BULK), 50);
	assert_int_equal(take(f, 100).n, 60);
	assert_int_equal(take(f, 100).n, 0);
}

static void
a_full_ring_refuses_its_tenant_and_class_only(void **state)
{
	struct fixture *f = *state;
	struct item one = { .tenant = 1, .cx = &f->cx[0] };

	put(f, 1, ITEM_INTERACTIVE, 100);
	assert_int_equal(
	    put_one(f, &one, ITEM_INTERACTIVE, ROOM), PUT_CLIENT_FULL);
	one.cx = &f->cx[1];
	assert_int_equal(
	    put_one(f, &one, ITEM_INTERACTIVE, ROOM), PUT_TENANT_FULL);
	put(f, 1, ITEM_BULK, 1);
	put(f, 2, ITEM_INTERACTIVE, 1);
	assert_int_equal(take(f, 1).n, 1);
	put(f, 1, ITEM_INTERACTIVE, 1);
}

static void
those_who_come_back_go_first(void **state)
{
	struct fixture *f = *state;
	struct taken t;

	put(f, 1, ITEM_INTERACTIVE, 8);
	assert_int_equal(take(f, 5).n, 5);
	sched_retry(f->sched, f->taken, 2, false);
	sched_retry(f->sched, f->taken + 2, 3, true);

	/* Alone means: not in one batch with others. */
	t = take(f, 100);
	assert_int_equal(t.n, 3);
	assert_true(t.is_alone);
	assert_ptr_equal(f->taken[0], &f->item[2]);
	t = take(f, 100);
	assert_int_equal(t.n, 5);
	assert_false(t.is_alone);
	assert_ptr_equal(f->taken[0], &f->item[0]);
	assert_ptr_equal(f->taken[1], &f->item[1]);
	assert_ptr_equal(f->taken[2], &f->item[5]);
}

static void
the_end_comes_when_everybody_was_answered(void **state)
{
	struct fixture *f = *state;
	struct item one = { .tenant = 1, .cx = &f->cx[0] };
	struct taken t;

	put(f, 1, ITEM_INTERACTIVE, 2);
	sched_end(f->sched);
	assert_int_equal(put_one(f, &one, ITEM_INTERACTIVE, ROOM), PUT_ENDED);
	t = take(f, 1);
	assert_int_equal(t.n, 1);
	sched_answered(f->sched, 1);
	t = take(f, 100);
	assert_int_equal(t.n, 1);
	assert_false(t.is_end);
	/* It may still come back. */
	assert_false(take(f, 1).is_end);
	sched_retry(f->sched, f->taken, 1, false);
	assert_int_equal(take(f, 1).n, 1);
	sched_answered(f->sched, 1);
	assert_true(take(f, 1).is_end);
	f->n = 0;
}

struct putter {
	struct sched  *sched;
	struct item    item;
	enum sched_put result;
};

static void
run_put(void *arg)
{
	struct putter *p = arg;
	const struct sched_way way = { ITEM_INTERACTIVE, ROOM, true };
	struct fair_load load;

	p->result = sched_put(p->sched, &p->item, &way, &load);
}

static void
who_waits_for_room_gets_it(void **state)
{
	struct fixture *f = *state;
	struct putter p = { .sched = f->sched, .item = { .tenant = 1, .cx = &f->cx[0] } };
	struct thread *thread;

	put(f, 1, ITEM_INTERACTIVE, 100);
	thread = thread_start("put", run_put, &p);
	assert_int_equal(take(f, 1).n, 1);
	thread_join(thread);
	assert_int_equal(p.result, PUT_DONE);
	f->n++;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(items_of_one_tenant_keep_their_order),
		CASE(tenants_take_turns_item_by_item),
		CASE(clients_of_a_tenant_take_turns_too),
		CASE(a_batch_is_not_one_tenants_while_others_come),
		CASE(batches_of_one_tenant_take_turns),
		CASE(a_batch_in_eight_begins_with_bulk),
		CASE(those_who_come_back_keep_to_their_tenant),
		CASE(while_it_rests_nothing_is_taken),
		CASE(who_is_called_comes_back_with_nothing),
		CASE(tenants_are_told_apart),
		CASE(bulk_gets_one_slot_in_eight_and_what_nobody_wants),
		CASE(a_full_ring_refuses_its_tenant_and_class_only),
		CASE(those_who_come_back_go_first),
		CASE(the_end_comes_when_everybody_was_answered),
		CASE(who_waits_for_room_gets_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
